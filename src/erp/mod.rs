//! The back office behind one face: [`Erp`] dispatches each verb to the kind that is configured.

pub mod deliveries;
pub mod eccosys;
pub mod ledger;
pub mod outgoing;

use std::collections::BTreeMap;

use crate::http::Triage;
use crate::lang::say;
use crate::model::{
    Address, CarrierName, Cents, ChannelName, Customer, ErpOrderId, Instant, Marketplace, OrderId, Payment, Sku,
    Status, WarehouseId,
};

pub use eccosys::UNSURE;
pub use ledger::{DEFAULT_WAREHOUSE, Posted, Rests, StockLevel, StockMark, StockPart, StockReading};
pub use outgoing::{DeliveryEvent, DeliveryOutcome};

/// An order as it is to be created in the ERP: every SKU and the carrier are the ERP's own by now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewOrder {
    /// The channel it came from.
    pub channel: ChannelName,
    /// The order's number on the channel: the ERP's "store order number", unique together with the channel.
    pub store_number: OrderId,
    /// The marketplace behind the channel, if any.
    pub marketplace: Option<Marketplace>,
    /// When the customer placed it.
    pub created_at: Instant,
    /// `AwaitingPayment`, `PaymentUnderReview` or `Paid`.
    pub status: Status,
    /// When the payment was approved, if it was.
    pub paid_at: Option<Instant>,
    /// What the customer pays in all; equals lines + freight + tax − discount.
    pub total: Cents,
    /// Freight charged.
    pub freight: Cents,
    /// Discounts, positive.
    pub discount: Cents,
    /// Taxes on top.
    pub tax: Cents,
    /// What was bought.
    pub lines: Vec<NewLine>,
    /// Who buys.
    pub customer: Customer,
    /// Where it goes.
    pub address: Option<Address>,
    /// The ERP's carrier; `None` for pickups.
    pub carrier: Option<CarrierName>,
    /// The shipping service the customer chose.
    pub service: Option<String>,
    /// The date promised to the customer.
    pub promised_at: Option<Instant>,
    /// How it is paid.
    pub payments: Vec<Payment>,
    /// The customer's note.
    pub note: Option<String>,
    /// Fiscal payment data for the NF-e, as key and value.
    pub fiscal_payment: Vec<(String, String)>,
}

/// One line of an order to be created.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewLine {
    /// The ERP's product code.
    pub sku: Sku,
    /// Name as sold.
    pub name: String,
    /// Units, at least 1.
    pub quantity: i64,
    /// Price of one unit before discounts.
    pub unit_price: Cents,
    /// Exact total of the line.
    pub total: Cents,
    /// The warehouse it is promised from; `None` lets the ERP choose its default.
    pub warehouse: Option<WarehouseId>,
}

/// An order as the ERP tells it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ErpOrder {
    /// Internal id: what further calls use.
    pub id: ErpOrderId,
    /// The number people see.
    pub number: String,
    /// The channel it was created for, when the ERP keeps it.
    pub channel: Option<ChannelName>,
    /// The channel's order number.
    pub store_number: OrderId,
    /// Where it stands, in our words.
    pub status: Status,
    /// What the customer pays in all.
    pub total: Cents,
    /// How many units it has on all its lines; `None` when they were not read.
    pub units: Option<i64>,
    /// Whether an invoice (NF-e) exists for it, cancelled ones aside.
    pub invoiced: bool,
    /// When it was cancelled in the ERP, if it was.
    pub cancelled_at: Option<Instant>,
    /// Why it was cancelled, as it was told.
    pub cancel_reason: Option<String>,
}

/// Orders that changed in the ERP, in the order they changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErpChanges {
    /// The orders as they are now; one that changed twice is there once.
    pub orders: Vec<ErpOrder>,
    /// Where to go on from: give it back to hear of what changes later.
    pub seq: i64,
}

/// An order as a look around the ERP shows it, whoever made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Internal id.
    pub id: ErpOrderId,
    /// The number people see.
    pub number: String,
    /// The store order number it carries.
    pub store_number: String,
    /// The channel it says it came from.
    pub origin: String,
    /// Whether it is cancelled.
    pub cancelled: bool,
}

/// Why the ERP did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ErpError {
    /// A rule of the ERP forbids it; asking again changes nothing. `code` is stable, `message` is for people.
    #[error("{}", say!("the ERP refused: {message}" | "o ERP recusou: {message}"))]
    Refused {
        /// Stable code: `invoice_exists`, `unknown_sku`, `not_found`, `transition` …
        code: &'static str,
        /// What is wrong, in a sentence.
        message: String,
    },
    /// The call failed; says itself whether to try again.
    #[error(transparent)]
    Call(#[from] crate::http::CallError),
    /// The ledger's file cannot be used; the run stops.
    #[error("{}", say!(
        "the file with the ERP's data cannot be used: {}" | "o arquivo com os dados do ERP não pode ser usado: {}",
        crate::store::sqlite::said(_0)
    ))]
    File(#[from] rusqlite::Error),
}

impl ErpError {
    /// Whether it says nothing of any other item: the host answers others, and the file can be used.
    pub fn is_of_one_item(&self) -> bool {
        match self {
            Self::Refused { .. } => true,
            Self::Call(error) => !matches!(error.triage(), Triage::StopRun(_)),
            Self::File(_) => false,
        }
    }
}

/// The configured back office.
#[derive(Debug)]
pub enum Erp {
    /// The embedded one.
    Ledger(ledger::Ledger),
    /// Eccosys.
    Eccosys(Box<eccosys::Eccosys>),
}

/// The units of each product on an order's lines: the same may stand on several.
pub fn units_by_product(lines: impl IntoIterator<Item = (Sku, i64)>) -> BTreeMap<Sku, i64> {
    let mut products = BTreeMap::new();
    for (sku, units) in lines {
        let all: &mut i64 = products.entry(sku).or_default();
        *all = all.saturating_add(units);
    }
    products
}

impl Erp {
    /// From here on nothing is told by what earlier runs were told, however lately: what a plan rests on must not have changed.
    pub fn read_anew(&mut self) {
        match self {
            Self::Ledger(_) => {}
            Self::Eccosys(eccosys) => eccosys.read_anew(),
        }
    }

    /// The order with that store order number, if the ERP has it. Asked before and after every create.
    pub async fn find_order(&self, channel: &ChannelName, number: &OrderId) -> Result<Option<ErpOrder>, ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.find_order(channel, number),
            Self::Eccosys(eccosys) => eccosys.find_order(channel, number).await,
        }
    }

    /// The order with that internal id.
    pub async fn read_order(&self, id: &ErpOrderId) -> Result<Option<ErpOrder>, ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.read_order(id),
            Self::Eccosys(eccosys) => eccosys.read_order(id).await,
        }
    }

    /// The products of an order, with their units: as the ERP has them now.
    ///
    /// # Errors
    /// When the ERP cannot be asked.
    pub async fn products_of(&self, id: &ErpOrderId) -> Result<BTreeMap<Sku, i64>, ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.products_of(id),
            Self::Eccosys(eccosys) => eccosys.products_of(id).await,
        }
    }

    /// The refusal of an order, if another lives under its store number: where the ERP's lists showed that, or it is known.
    pub async fn doubled(&self, id: &ErpOrderId, is_known: bool) -> Result<Option<ErpError>, ErpError> {
        match self {
            // It takes a number once.
            Self::Ledger(_) => Ok(None),
            Self::Eccosys(eccosys) => eccosys.doubled(id, is_known).await,
        }
    }

    /// The order with that internal id as it was told a moment ago: good for deciding that nothing is to be done. Whatever changes an
    /// order reads it anew by itself.
    pub async fn last_known(&self, id: &ErpOrderId) -> Result<Option<ErpOrder>, ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.read_order(id),
            Self::Eccosys(eccosys) => eccosys.last_known(id).await,
        }
    }

    /// The order with that internal id as it was at that instant or later, where `among` so many are asked for in a row.
    pub async fn known_since(&self, id: &ErpOrderId, at: Instant, among: usize) -> Result<Option<ErpOrder>, ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.read_order(id),
            Self::Eccosys(eccosys) => eccosys.known_since(id, at, among).await,
        }
    }

    /// The status an order had before the one it has; `None` when it had no other, or the ERP does not tell.
    pub async fn status_before(&self, id: &ErpOrderId) -> Result<Option<Status>, ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.status_before(id),
            Self::Eccosys(eccosys) => eccosys.status_before(id),
        }
    }

    /// The orders that changed after `seq`, at most `limit` of them; 0 begins with the first. What is given may be given again.
    pub async fn orders_changed_since(&self, seq: i64, limit: usize) -> Result<ErpChanges, ErpError> {
        match self {
            Self::Ledger(ledger) => {
                let changes = ledger.orders_changed_since(seq, limit)?;
                Ok(ErpChanges {
                    orders: changes.orders.into_iter().map(|summary| summary.order).collect(),
                    seq: changes.seq,
                })
            }
            Self::Eccosys(eccosys) => eccosys.orders_changed_since(seq, limit).await,
        }
    }

    /// Invoices, parcels and deliveries of the order with that internal id, read at one moment.
    pub async fn outgoing(&self, id: &ErpOrderId) -> Result<Option<outgoing::Outgoing>, ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.outgoing(id),
            Self::Eccosys(eccosys) => eccosys.outgoing(id).await,
        }
    }

    /// The XML file of the invoice with that access key, byte by byte, if the ERP has it.
    pub async fn invoice_xml(&self, key: &str) -> Result<Option<Vec<u8>>, ErpError> {
        match self {
            Self::Ledger(ledger) => Ok(ledger.invoice_xml(key)?.filter(|xml| !xml.is_empty())),
            Self::Eccosys(eccosys) => eccosys.invoice_xml(key).await,
        }
    }

    /// Which of these product codes the ERP knows.
    pub async fn known_skus(&self, skus: &[Sku]) -> Result<std::collections::BTreeSet<Sku>, ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.known_skus(skus),
            Self::Eccosys(eccosys) => eccosys.known_skus(skus).await,
        }
    }

    /// The refusal of a new order by rules that are known here; nothing is made, and nobody is asked.
    ///
    /// # Errors
    /// When the embedded ERP's file cannot be read.
    pub fn objection(&self, new: &NewOrder) -> Result<Option<ErpError>, ErpError> {
        let checked = match self {
            Self::Ledger(ledger) => ledger.check_order(new),
            Self::Eccosys(_) => eccosys::Eccosys::check_order(new),
        };
        match checked {
            Ok(()) => Ok(None),
            Err(refusal @ ErpError::Refused { .. }) => Ok(Some(refusal)),
            Err(error) => Err(error),
        }
    }

    /// Creates the order with all its lines and reserves its stock. Whoever calls has just asked for its store number: an ERP may
    /// give back the one that exists under it, or make a second one without a word.
    pub async fn create_order(&self, new: &NewOrder, now: Instant) -> Result<ErpOrder, ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.create_order(new, now),
            Self::Eccosys(eccosys) => eccosys.create_order(new).await,
        }
    }

    /// Moves the order to a status, with a note for its history. Refuses what [`Status::may_become`] forbids; the same status
    /// again is no change.
    pub async fn set_status(
        &self,
        id: &ErpOrderId,
        status: &Status,
        note: &str,
        now: Instant,
    ) -> Result<ErpOrder, ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.set_status(id, status, note, now),
            Self::Eccosys(eccosys) => eccosys.set_status(id, status, note).await,
        }
    }

    /// Cancels the order and releases its reservations. Refuses with `invoice_exists` when there is an invoice; cancelling twice
    /// is no change.
    pub async fn cancel_order(&self, id: &ErpOrderId, reason: &str, now: Instant) -> Result<ErpOrder, ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.cancel_order(id, reason, now),
            Self::Eccosys(eccosys) => eccosys.cancel_order(id, reason).await,
        }
    }

    /// The balances of these products. One that was never counted nor reserved has none.
    pub async fn stock_levels(&self, skus: &[Sku], now: Instant) -> Result<StockReading, ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.stock_levels(skus, now),
            Self::Eccosys(eccosys) => eccosys.stock_levels(skus).await,
        }
    }

    /// What orders that left in part still have reserved of these products.
    pub async fn rests(&self, skus: &[Sku]) -> Result<Rests, ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.rests(skus),
            // An order has one invoice there, which is of all of it.
            Self::Eccosys(_) => Ok(Rests::new()),
        }
    }

    /// The balances that changed after a part whose `seq` is given, 0 for all of them: of at most `limit` products, those after `mark`.
    /// A `seq` lower than the one given tells that this is another ERP than the one asked before.
    pub async fn stock_part(
        &self,
        since: i64,
        mark: Option<&StockMark>,
        limit: usize,
        now: Instant,
    ) -> Result<StockPart, ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.stock_part(since, mark, limit, now),
            Self::Eccosys(eccosys) => eccosys.stock_part(since, mark, limit).await,
        }
    }

    /// The number of its last change, where it counts them in a file of its own, of which an older copy may be put back.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn stands_at(&self) -> Result<Option<i64>, ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.stands_at().map(Some),
            Self::Eccosys(_) => Ok(None),
        }
    }

    /// How long an order that was created without an answer may stay unseen and be there all the same.
    pub fn may_show_late(&self) -> chrono::TimeDelta {
        match self {
            Self::Ledger(_) => chrono::TimeDelta::zero(),
            Self::Eccosys(eccosys) => eccosys.settle_after(),
        }
    }

    /// No balance that it gives is older: orders that were linked before are in it.
    pub fn oldest_balance(&self) -> chrono::TimeDelta {
        match self {
            // Read from its file when asked; the rest is for a machine that falls asleep in between.
            Self::Ledger(_) => chrono::TimeDelta::minutes(5),
            // As fresh as the configuration wants them, and an hour for the comparison: it counts from its end, a balance from its reading.
            Self::Eccosys(eccosys) => {
                (eccosys.stock_fresh_for() + chrono::TimeDelta::hours(1)).max(chrono::TimeDelta::hours(2))
            }
        }
    }

    /// A cheap reading that only who may call gets an answer to.
    pub async fn probe(&self) -> Result<(), ErpError> {
        match self {
            Self::Ledger(ledger) => ledger.warehouses().map(|_| ()),
            Self::Eccosys(eccosys) => eccosys.probe().await,
        }
    }

    /// Everything the ERP answers when it is asked for a store order number, as it comes.
    pub async fn answers_to(&self, number: &OrderId) -> Result<Vec<Placed>, ErpError> {
        match self {
            Self::Ledger(_) => Ok(Vec::new()),
            Self::Eccosys(eccosys) => eccosys.answers_to(number).await,
        }
    }

    /// The orders placed since a day, whoever made them, as far as they are looked at; and whether these are all. Nobody but vaivem
    /// writes into the ledger.
    pub async fn placed_since(&self, from: Instant) -> Result<(Vec<Placed>, bool), ErpError> {
        match self {
            Self::Ledger(_) => Ok((Vec::new(), true)),
            Self::Eccosys(eccosys) => eccosys.placed_since(from).await,
        }
    }

    /// The warehouses it keeps balances of; `None` when it keeps one balance for all.
    pub fn warehouses(&self) -> Result<Option<Vec<WarehouseId>>, ErpError> {
        match self {
            Self::Ledger(ledger) => Ok(Some(ledger.warehouses()?.into_iter().map(|one| one.id).collect())),
            Self::Eccosys(_) => Ok(None),
        }
    }

    /// The largest difference between our clock and the ERP's in this run, positive when ours is ahead; `None` when it told no time,
    /// or has none of its own.
    pub fn clock_skew(&self) -> Option<chrono::TimeDelta> {
        match self {
            Self::Ledger(_) => None,
            Self::Eccosys(eccosys) => eccosys.clock_skew(),
        }
    }

    /// Why it tells no balance of a product, where it may have one that could not be read in this run.
    pub fn why_untold(&self, sku: &Sku) -> Option<String> {
        match self {
            Self::Ledger(_) => None,
            Self::Eccosys(eccosys) => eccosys.why_untold(sku),
        }
    }

    /// How many orders did not answer when this run looked for changes, since this was asked last: what became of them is not known.
    pub fn take_unread(&self) -> usize {
        match self {
            Self::Ledger(_) => 0,
            Self::Eccosys(eccosys) => eccosys.take_unread(),
        }
    }

    /// The warehouse of orders that name none.
    pub fn default_warehouse(&self) -> WarehouseId {
        match self {
            Self::Ledger(_) | Self::Eccosys(_) => WarehouseId::new(DEFAULT_WAREHOUSE),
        }
    }

    /// See [`crate::http::Door::has_answered`]; the ledger always does.
    pub fn has_answered(&self) -> bool {
        match self {
            Self::Ledger(_) => true,
            Self::Eccosys(eccosys) => eccosys.has_answered(),
        }
    }

    /// See [`crate::http::Door::count_failures_anew`].
    pub fn count_failures_anew(&self) {
        match self {
            Self::Ledger(_) => {}
            Self::Eccosys(eccosys) => eccosys.count_failures_anew(),
        }
    }

    /// Calls made to it so far.
    pub fn counts(&self) -> crate::http::Counts {
        match self {
            Self::Ledger(_) => crate::http::Counts::default(),
            Self::Eccosys(eccosys) => eccosys.counts(),
        }
    }
}
