//! What the reference calls open, or knows from one source only: each as a switch, set to its likelier side. The numbers
//! are sections of the ANYMARKET reference.

/// The switches. Where the reference leans to neither side, the side that shows a client's mistake sooner is the default.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Every call is refused as from a token that ran out (7.2: seen on the panel's host).
    pub token_expired: bool,
    /// A call without `platform` is refused (10 j).
    pub needs_platform: bool,
    /// Answers say where the caller stands within the limit (7.1).
    pub rate_headers: bool,
    /// A refusal for too many calls says how long to wait (7.1: "if present").
    pub rate_retry_after: bool,

    /// An account parameter: orders are imported before they are paid (4.1).
    pub imports_pending: bool,
    /// `DELIVERY_ISSUE` shows as an order's status, and not in the list's filter alone (10 l).
    pub delivery_issue_in_status: bool,
    /// `gross` is before the lines' discounts (10 h).
    pub gross_before_discounts: bool,
    /// A line of a kit names the component and its kit (2.3); otherwise the kit alone.
    pub kits_exploded: bool,
    /// Our code for an order can be written (10 k).
    pub takes_partner_id: bool,

    /// Orders older than 120 days are not found by their last change either (10 g).
    pub updated_within_creation_limit: bool,
    /// Filters of the list that are taken and do nothing (8: seen on another list).
    pub ignored_filters: Vec<String>,
    /// Up to how many `totalElements` is exact, without filters (1.2).
    pub exact_orders: usize,
    pub exact_stocks: usize,
    /// An empty page has `content` (1.2).
    pub empty_content: bool,

    /// How many entries the feed gives to who does not say (3.1: 5, 10 and 100 are all stated).
    pub feed_default: usize,
    /// All entries of an order have one token (10 a).
    pub feed_token_per_order: bool,
    /// Entries name their status and type (10 a).
    pub feed_tells_status: bool,
    /// Acknowledging what is not there, or no more, is 404 (10 a).
    pub stale_token_is_404: bool,
    /// One bad entry refuses a whole batch of acknowledgements (3.1: not stated).
    pub ack_all_or_nothing: bool,
    /// The most acknowledgements in a batch (3.1: not stated).
    pub largest_ack: usize,
    /// What a working callback took is not in the feed (10 i).
    pub callback_empties_feed: bool,

    /// Moves that are not in the SDK's table are refused (4.2: enforcement was not seen).
    pub enforces_moves: bool,
    /// What a body leaves out stays; otherwise the body replaces the order (10 b).
    pub put_keeps_the_rest: bool,
    /// An invoice needs its access key: the help centre says so, the schema does not (4.3).
    pub invoice_needs_key: bool,
    /// What a channel demands is asked for at once; otherwise the channel refuses it later (4.3).
    pub checks_channel_at_once: bool,
    /// Where a cancellation needs `cancelDetails` (4.3).
    pub cancel_needs_details: Vec<String>,
    /// Where it needs `cancellationCode` as well (4.3 lists the codes and does not say).
    pub cancel_needs_code: Vec<String>,

    /// The XML is taken before the order is `INVOICED` (10 d).
    pub xml_before_invoiced: bool,
    /// The XML is taken after it (5.1).
    pub xml_after_invoiced: bool,
    /// The XML alone makes an order `INVOICED` (10 d).
    pub xml_moves_to_invoiced: bool,
    /// The XML alone makes an order show its invoice (10 d).
    pub xml_shows_invoice: bool,
    /// An order that needs the XML does not reach its channel without it (5.1: so by the e-mail route).
    pub invoice_waits_for_xml: bool,

    /// The statuses whose orders hold units (6.4: "open orders"; which these are is not stated).
    pub reserving: Vec<&'static str>,
    /// An account parameter: an order that goes out takes its units off the stock (6.4).
    pub moves_stock_itself: bool,
    /// One bad row refuses all of `PUT /stocks` (6.1).
    pub stocks_all_or_nothing: bool,
    /// One bad row refuses all of `PUT /stocks/batch`, with this status (6.2: 400 on a bad request, and no more is stated).
    pub batch_all_or_nothing: Option<u16>,
    /// How `PUT /stocks/batch` answers (10 e).
    pub batch_answer: BatchAnswer,
    /// A row without `stockLocalId` is for the default location (10 e).
    pub default_location: bool,
    /// A SKU and location that were never put together are put together (10 e, 6.3).
    pub creates_missing_pairs: bool,
    /// A kit's own stock can be written (6.4).
    pub takes_kit_stock: bool,
    /// A row may name its SKU by `id` alone, as older clients do (6.1).
    pub stock_by_id: bool,
}

/// The answer of `PUT /stocks/batch` (6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchAnswer {
    /// With this status and lists of objects, as in the first example.
    Lists(u16),
    /// With this status and objects, as in the second example.
    Objects(u16),
    /// 204 without a body, as documented.
    Nothing,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token_expired: false,
            needs_platform: false,
            rate_headers: true,
            rate_retry_after: true,
            imports_pending: true,
            delivery_issue_in_status: false,
            gross_before_discounts: true,
            kits_exploded: true,
            takes_partner_id: true,
            updated_within_creation_limit: true,
            ignored_filters: Vec::new(),
            exact_orders: 30_000,
            exact_stocks: 50_000,
            empty_content: true,
            feed_default: 5,
            feed_token_per_order: false,
            feed_tells_status: false,
            stale_token_is_404: true,
            ack_all_or_nothing: true,
            largest_ack: 100,
            callback_empties_feed: true,
            enforces_moves: true,
            put_keeps_the_rest: true,
            invoice_needs_key: true,
            checks_channel_at_once: true,
            cancel_needs_details: vec!["MERCADO_LIVRE".into(), "DAFITI".into()],
            cancel_needs_code: Vec::new(),
            xml_before_invoiced: true,
            xml_after_invoiced: true,
            xml_moves_to_invoiced: false,
            xml_shows_invoice: false,
            invoice_waits_for_xml: true,
            reserving: vec!["PENDING", "PAID_WAITING_SHIP"],
            moves_stock_itself: false,
            stocks_all_or_nothing: true,
            batch_all_or_nothing: None,
            batch_answer: BatchAnswer::Lists(200),
            default_location: true,
            creates_missing_pairs: false,
            takes_kit_stock: false,
            stock_by_id: false,
        }
    }
}
