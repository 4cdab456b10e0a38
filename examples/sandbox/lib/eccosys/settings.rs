//! What the reference calls open, or knows from one source only: each as a switch, set to its likelier side. The numbers
//! are sections of the Eccosys reference.

/// The switches. Where the reference leans to neither side, the side that shows a client's mistake sooner is the default.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `Authorization: Bearer TOKEN` opens it (13 a).
    pub accepts_bearer: bool,
    /// `Authorization: TOKEN` opens it (13 a).
    pub accepts_raw: bool,
    /// `apikey` and the day's `signature` open it (1.2).
    pub accepts_signature: bool,
    /// Collection orders are written by named users alone, with `x-access-token` (13 g).
    pub collections_need_user: bool,
    /// A refusal for too many calls says how long to wait (13 f: not known).
    pub rate_retry_after: bool,

    /// Nothing found is 404; in older versions it is 200 with a bare text (1.4).
    pub nothing_is_404: bool,
    /// Past its end a list is "nothing found"; otherwise it is empty (1.3).
    pub list_end_is_nothing: bool,
    /// One order, customer or invoice comes in an array of one (13 b).
    pub one_in_array: bool,
    /// One collection order comes in an array of one (9.3: not known).
    pub collection_in_array: bool,
    /// A refused write is 200 with the error inside, and not 400 (1.4: both were seen).
    pub refuses_with_200: bool,
    /// What came of new orders stands under `result` (1.4).
    pub creates_under_result: bool,
    /// What came of changed orders stands under `result` (2.1: often).
    pub updates_under_result: bool,
    /// A changed situation is reported as a plain text (1.4).
    pub situation_in_words: bool,
    /// Ids in what came of a write are numbers, unlike in what is read (1.4).
    pub written_ids_are_numbers: bool,
    /// Ids and situations are numbers in what is read, too (1.4).
    pub read_ids_are_numbers: bool,
    /// How balances are told (1.4).
    pub balances: Loose,
    /// How many rows a list gives to who does not say.
    pub default_count: usize,

    /// A key is looked for among the orders' numbers first, and then among their ids (13 j).
    pub number_before_id: bool,
    /// A key is looked for among the products' codes first, and then among their ids.
    pub code_before_id: bool,
    /// `numeroOC=` finds also what only begins with it (2.1: "filter client-side for exact equality").
    pub order_search_is_loose: bool,
    /// `numeroOC=` may have its equals sign encoded (13 c).
    pub takes_encoded_equals: bool,
    /// A product nobody knows refuses the order (2.3: one client looks before it posts).
    pub refuses_unknown_skus: bool,
    /// `dataPagamento` can be changed (13 i).
    pub takes_payment_date: bool,
    /// An invoiced order can be cancelled before its invoice is (2.6).
    pub cancels_invoiced: bool,
    /// A cancelled order can come back.
    pub reopens_cancelled: bool,
    /// A delivery carries its time of day, and not the day alone.
    pub delivery_has_time: bool,
    /// A collected collection order marks its orders as sent (9.3: not in one tenant).
    pub collected_marks_orders: bool,
    /// A movement of stock without prices clears them (6).
    pub movement_clears_prices: bool,
    /// An order is served when its invoice is authorised, and not when it is made: nobody says which (8). Where it is not, nothing
    /// about the order changes by the authorisation.
    pub authorising_moves_orders: bool,
    /// What an authorised invoice is: 6 or 7 (8).
    pub authorised: i64,
}

/// How a number is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loose {
    Texts,
    Numbers,
    /// The physical balance as a text, the available one as a number.
    Mixed,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            accepts_bearer: true,
            accepts_raw: true,
            accepts_signature: true,
            collections_need_user: true,
            rate_retry_after: false,
            nothing_is_404: true,
            list_end_is_nothing: true,
            one_in_array: true,
            collection_in_array: false,
            refuses_with_200: true,
            creates_under_result: false,
            updates_under_result: true,
            situation_in_words: true,
            written_ids_are_numbers: true,
            read_ids_are_numbers: false,
            balances: Loose::Mixed,
            default_count: 100,
            number_before_id: false,
            code_before_id: false,
            order_search_is_loose: false,
            takes_encoded_equals: false,
            refuses_unknown_skus: true,
            takes_payment_date: true,
            cancels_invoiced: false,
            reopens_cancelled: false,
            delivery_has_time: true,
            collected_marks_orders: false,
            movement_clears_prices: true,
            authorising_moves_orders: true,
            authorised: 7,
        }
    }
}
