//! The sales platforms behind one face: [`Channel`] dispatches each verb to the kind that is configured.

pub mod anymarket;
pub mod outgoing;
mod unreadable;
pub mod vtex;

use std::time::Duration;

use crate::http::{CallError, Counts, Raw};
use crate::lang::word;
use crate::model::{ChannelName, ChannelSku, Instant, Order, OrderId, Sku, Status, WarehouseId};

pub use unreadable::Unreadable;

/// The name by which a configuration means a channel's only or default warehouse, where its id need not be known.
pub const DEFAULT_WAREHOUSE: &str = "default";

/// A cancellation that has not left by then is given up, and decided on anew: the customer may pay while it waits for a
/// host that asks for patience. Long enough to take turns with the other passes at the slowest pace in use, 30 calls a
/// minute.
const CANCEL_WITHIN: Duration = Duration::from_secs(15);

/// An order heard of, by feed or list. A hint only: decisions rest on a fresh reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Which order.
    pub id: OrderId,
    /// The channel's word for where it stands.
    pub state: String,
    /// The same in our words.
    pub status: Status,
    /// When it came there, if told (a feed tells, a list does not).
    pub at: Option<Instant>,
}

impl Heard {
    /// Whether the word announces a cancellation for good.
    pub fn is_cancellation(&self) -> bool {
        self.status == Status::Cancelled
    }

    /// Whether it asks for somebody, wherever the order stands: it is cancelled, or is to be.
    pub fn asks_for_somebody(&self) -> bool {
        matches!(self.status, Status::Cancelled | Status::CancellationRequested)
    }
}

/// What a fresh reading of an order gave.
#[derive(Debug)]
pub enum Reading {
    /// The order.
    Order(Box<Order>),
    /// The channel does not have it.
    Absent,
    /// The answer is no order we can use.
    Unreadable(Unreadable),
}

/// Whether the channel's feed of events can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Feed {
    /// It is as needed.
    Ready,
    /// It does not exist, and the configuration says to make it.
    Wanted,
    /// It does not exist, and the configuration says not to make one.
    Missing,
    /// It exists, but not as needed; it may be another program's.
    Foreign {
        /// What is different.
        problem: String,
    },
    /// Switched off in the configuration.
    Off,
}

/// Events read from the feed, not acknowledged yet.
#[derive(Debug, Default)]
pub struct Lot {
    /// What they tell, events about nothing left out.
    pub heard: Vec<Heard>,
    /// What to acknowledge them by.
    pub handles: Vec<String>,
}

/// A page of the list of a window's orders.
#[derive(Debug)]
pub struct Page {
    /// The orders on it.
    pub orders: Vec<Heard>,
    /// How many orders the window has by the channel's count, on all pages together.
    pub total: usize,
    /// Whether there may be orders on the next page.
    pub more: bool,
}

/// The answer to taking an order over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakeOver {
    /// Accepted; a reading shows when it took effect.
    Accepted,
    /// Refused in the order's present status; it may have been taken over already.
    Refused {
        /// The channel's words.
        message: String,
    },
}

/// A product's stock as a channel is to have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockToSet {
    /// The channel's id of the product.
    pub sku: ChannelSku,
    /// In which of the channel's warehouses.
    pub warehouse: WarehouseId,
    /// Units, open reservations of the channel included.
    pub quantity: i64,
    /// When the ERP's balance was read.
    pub balance_at: Instant,
}

/// What a channel shows of a product's stock in a warehouse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StockShown {
    /// Units; `None` when it says no number.
    pub units: Option<i64>,
    /// Whether it is made of other products, so that the channel works out its stock; `None` when it does not say.
    pub is_kit: Option<bool>,
}

/// A warehouse, or stock location, that a channel has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelWarehouse {
    /// Its id; its case counts.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whether the channel itself takes it where none is named; `None` when it does not say.
    pub is_default: Option<bool>,
    /// Whether it is in use; `None` when the channel does not say.
    pub is_active: Option<bool>,
}

/// What a channel answered about one product's stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StockAnswer {
    /// It took the number.
    Taken,
    /// It did not, in its words.
    Refused {
        /// The channel's words.
        message: String,
    },
}

/// The answer to cancelling an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// Accepted; only a reading shows when it took effect.
    Accepted,
    /// Refused in the order's present status; it may have been cancelled already.
    Refused {
        /// The channel's words.
        message: String,
    },
    /// The channel does not have the order.
    Absent,
}

/// What the channel's gateway says of an order's payment, which may run ahead of the order's own status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentWord {
    /// Nobody has paid. The only word on which an order may be cancelled.
    Waiting,
    /// Paid, under review, or a word nobody knows.
    Other {
        /// The gateway's word.
        raw: String,
        /// Whether it says that money came.
        paid: bool,
    },
    /// The channel tells nothing of the order's payment.
    Untold,
}

/// A configured sales platform.
#[derive(Debug)]
pub enum Channel {
    /// VTEX.
    Vtex(vtex::Vtex),
    /// ANYMARKET.
    Anymarket(anymarket::Anymarket),
}

impl Channel {
    /// Its configured name.
    pub fn name(&self) -> &ChannelName {
        match self {
            Self::Vtex(vtex) => vtex.name(),
            Self::Anymarket(hub) => hub.name(),
        }
    }

    /// Checks the feed. Changes nothing.
    pub async fn check_feed(&self) -> Result<Feed, CallError> {
        match self {
            Self::Vtex(vtex) => vtex.check_feed().await,
            Self::Anymarket(hub) => Ok(hub.check_feed()),
        }
    }

    /// Makes the feed; it tells only what happens from then on. Only where [`Channel::check_feed`] says that one is wanted, or
    /// somebody else's is overwritten.
    pub async fn create_feed(&self) -> Result<(), CallError> {
        match self {
            Self::Vtex(vtex) => vtex.create_feed().await,
            // It is always there.
            Self::Anymarket(_) => Ok(()),
        }
    }

    /// Reads events from the feed. An empty lot need not mean that there are none: ask again.
    pub async fn read_feed(&self) -> Result<Lot, CallError> {
        match self {
            Self::Vtex(vtex) => vtex.read_feed().await,
            Self::Anymarket(hub) => hub.read_feed().await,
        }
    }

    /// Acknowledges events. Only after what they tell is committed.
    pub async fn acknowledge(&self, handles: &[String]) -> Result<(), CallError> {
        match self {
            Self::Vtex(vtex) => vtex.acknowledge(handles).await,
            Self::Anymarket(hub) => hub.acknowledge(handles).await,
        }
    }

    /// A page, from 1, of the list of the orders of a window, the oldest first.
    pub async fn list(&self, window: Window, page: u32) -> Result<Page, CallError> {
        match self {
            Self::Vtex(vtex) => vtex.list(window, page).await,
            Self::Anymarket(hub) => hub.list(window, page).await,
        }
    }

    /// The most orders of one window that the list shows.
    pub fn list_limit(&self) -> usize {
        match self {
            Self::Vtex(_) => vtex::LIST_LIMIT,
            // Its pages go on as far as there are orders.
            Self::Anymarket(_) => usize::MAX,
        }
    }

    /// How far apart the ends of a list's window may be.
    pub fn list_span(&self) -> chrono::TimeDelta {
        match self {
            Self::Vtex(_) => chrono::TimeDelta::MAX,
            Self::Anymarket(_) => anymarket::LIST_SPAN,
        }
    }

    /// How finely it tells orders apart by their time: a window that is shorter shows no fewer.
    pub fn list_grain(&self) -> chrono::TimeDelta {
        match self {
            Self::Vtex(_) => chrono::TimeDelta::milliseconds(1),
            Self::Anymarket(_) => chrono::TimeDelta::seconds(1),
        }
    }

    /// How far back the list reaches.
    pub fn list_reach(&self) -> chrono::TimeDelta {
        match self {
            // "Only orders of the last two years": VTEX, Orders API description. A day of margin.
            Self::Vtex(_) => chrono::TimeDelta::days(2 * 365 - 1),
            Self::Anymarket(_) => anymarket::LIST_REACH,
        }
    }

    /// Reads an order fresh.
    pub async fn read_order(&self, id: &OrderId) -> Result<Reading, CallError> {
        match self {
            Self::Vtex(vtex) => vtex.read_order(id).await,
            Self::Anymarket(hub) => hub.read_order(id).await,
        }
    }

    /// What the channel answers when it is asked for an order, as it comes; it holds the customer's data.
    pub async fn raw_order(&self, id: &OrderId) -> Vec<Raw> {
        match self {
            Self::Vtex(vtex) => vtex.raw_order(id).await,
            Self::Anymarket(hub) => hub.raw_order(id).await,
        }
    }

    /// Tells the channel that the ERP has the order (VTEX: start-handling).
    pub async fn take_over(&self, id: &OrderId) -> Result<TakeOver, CallError> {
        match self {
            Self::Vtex(vtex) => vtex.take_over(id).await,
            // Nothing has to be said: its readings never ask for it.
            Self::Anymarket(_) => Ok(TakeOver::Accepted),
        }
    }

    /// Cancels an order, as it was just read, for good, with a reason that the customer may read. It leaves within
    /// [`CANCEL_WITHIN`] or not at all.
    pub async fn cancel_order(&self, order: &Order, reason: &str) -> Result<Cancel, CallError> {
        match self {
            Self::Vtex(vtex) => vtex.cancel_order(&order.id, reason).await,
            Self::Anymarket(hub) => hub.cancel_order(order, reason).await,
        }
    }

    /// Whether its customers can ask the store to cancel, for the store to grant or refuse.
    pub fn takes_requests_to_cancel(&self) -> bool {
        match self {
            Self::Vtex(_) => true,
            // The customer asks the marketplace, which decides.
            Self::Anymarket(_) => false,
        }
    }

    /// Refuses a customer's open request to cancel an order, with a reason that the customer may read.
    pub async fn deny_cancellation(&self, id: &OrderId, reason: &str) -> Result<Cancel, CallError> {
        match self {
            Self::Vtex(vtex) => vtex.deny_cancellation(id, reason).await,
            Self::Anymarket(_) => Ok(Cancel::Refused {
                message: word!("the hub knows no requests to cancel" | "o hub não conhece pedidos de cancelamento")
                    .into(),
            }),
        }
    }

    /// Whether what was sold through a marketplace may be cancelled here, and is then cancelled there.
    pub fn cancels_of_marketplaces(&self) -> bool {
        match self {
            Self::Vtex(_) => false,
            Self::Anymarket(hub) => hub.cancels(),
        }
    }

    /// Asks after an order's payment itself.
    pub async fn read_payment(&self, id: &OrderId) -> Result<PaymentWord, CallError> {
        match self {
            Self::Vtex(vtex) => vtex.read_payment(id).await,
            // Beyond the order itself it tells nothing.
            Self::Anymarket(_) => Ok(PaymentWord::Untold),
        }
    }

    /// Another pass begins on the same channel. See [`crate::http::Door::begin_pass`].
    pub fn begin_pass(&self) {
        match self {
            Self::Vtex(vtex) => vtex.begin_pass(),
            Self::Anymarket(hub) => hub.begin_pass(),
        }
    }

    /// See [`crate::http::Door::has_answered`].
    pub fn has_answered(&self) -> bool {
        match self {
            Self::Vtex(vtex) => vtex.has_answered(),
            Self::Anymarket(hub) => hub.has_answered(),
        }
    }

    /// See [`crate::http::Door::count_failures_anew`].
    pub fn count_failures_anew(&self) {
        match self {
            Self::Vtex(vtex) => vtex.count_failures_anew(),
            Self::Anymarket(hub) => hub.count_failures_anew(),
        }
    }

    /// The largest difference between our clock and the channel's in this pass, positive when ours is ahead; `None` when the
    /// channel told no time.
    pub fn clock_skew(&self) -> Option<chrono::TimeDelta> {
        match self {
            Self::Vtex(vtex) => vtex.clock_skew(),
            Self::Anymarket(hub) => hub.clock_skew(),
        }
    }

    /// Of how many products the stock is set in one call.
    pub fn stock_batch(&self) -> usize {
        match self {
            Self::Vtex(_) => 1,
            Self::Anymarket(_) => anymarket::STOCK_BATCH,
        }
    }

    /// Sets how much of each product a warehouse has, at most [`Channel::stock_batch`] of them; gives an answer for each, in their
    /// order. The last setting counts, so it may be made again.
    pub async fn set_stock(&self, wanted: &[StockToSet]) -> Result<Vec<StockAnswer>, CallError> {
        match self {
            Self::Vtex(vtex) => vtex.set_stock(wanted).await,
            Self::Anymarket(hub) => hub.set_stock(wanted).await,
        }
    }

    /// What the channel says a warehouse has of a product.
    pub async fn read_stock(&self, sku: &ChannelSku, warehouse: &WarehouseId) -> Result<StockShown, CallError> {
        match self {
            Self::Vtex(vtex) => vtex.read_stock(sku, warehouse).await,
            Self::Anymarket(hub) => hub.read_stock(sku, warehouse).await,
        }
    }

    /// The warehouses it has.
    pub async fn warehouses(&self) -> Result<Vec<ChannelWarehouse>, CallError> {
        match self {
            Self::Vtex(vtex) => vtex.warehouses().await,
            Self::Anymarket(hub) => hub.warehouses().await,
        }
    }

    /// The channel's ids of these products, by the ERP's codes. Those it does not have are left out.
    pub async fn find_skus(&self, skus: &[Sku]) -> Result<std::collections::BTreeMap<Sku, ChannelSku>, CallError> {
        match self {
            Self::Vtex(vtex) => vtex.find_skus(skus).await,
            // It goes by the store's own codes, and says of each what it does not have.
            Self::Anymarket(_) => Ok(skus.iter().map(|sku| (sku.clone(), ChannelSku::new(sku.as_str()))).collect()),
        }
    }

    /// What the channel wants to know of an invoice.
    pub fn requirements(&self) -> outgoing::Requirements {
        match self {
            Self::Vtex(_) => outgoing::VTEX,
            Self::Anymarket(_) => outgoing::ANYMARKET,
        }
    }

    /// When it gets an invoice's XML.
    pub fn xml(&self) -> outgoing::XmlRule {
        match self {
            // It keeps it for whoever asks.
            Self::Vtex(_) => outgoing::XmlRule::Always,
            Self::Anymarket(hub) => hub.xml(),
        }
    }

    /// The statuses between payment and invoice that the channel wants to be told, in their order. VTEX has none beside being
    /// told that the order is [taken over](Self::take_over).
    pub fn status_steps(&self) -> &'static [Status] {
        match self {
            Self::Vtex(_) | Self::Anymarket(_) => &[],
        }
    }

    /// Sends an invoice of a sale. What is accepted shows in a reading within seconds.
    pub async fn send_invoice(
        &self,
        id: &OrderId,
        invoice: &outgoing::InvoiceToSend,
    ) -> Result<outgoing::Sent, CallError> {
        match self {
            Self::Vtex(vtex) => vtex.send_invoice(id, invoice).await,
            Self::Anymarket(hub) => hub.send_invoice(id, invoice).await,
        }
    }

    /// Sends the XML of an invoice by itself, where it [goes apart](outgoing::Requirements::xml_apart).
    pub async fn send_xml(&self, id: &OrderId, xml: &outgoing::XmlText) -> Result<outgoing::Sent, CallError> {
        match self {
            // It goes with the invoice.
            Self::Vtex(_) => Ok(outgoing::Sent::Accepted),
            Self::Anymarket(hub) => hub.send_xml(id, xml).await,
        }
    }

    /// Whether an invoice's XML, told by its access key, arrived, where it goes apart.
    pub async fn has_xml(&self, id: &OrderId, key: &str) -> Result<bool, CallError> {
        match self {
            Self::Vtex(_) => Ok(false),
            Self::Anymarket(hub) => hub.has_xml(id, key).await,
        }
    }

    /// Sets the tracking number, address and carrier of an invoice the channel has, in place of those it had.
    pub async fn send_tracking(
        &self,
        id: &OrderId,
        invoice: &str,
        tracking: &outgoing::Tracking,
    ) -> Result<outgoing::Sent, CallError> {
        match self {
            Self::Vtex(vtex) => vtex.send_tracking(id, invoice, tracking).await,
            // It has one invoice for each order.
            Self::Anymarket(hub) => hub.send_tracking(id, tracking).await,
        }
    }

    /// Tells the whole way of an invoice's parcel. Only after its tracking number.
    pub async fn send_tracking_events(
        &self,
        id: &OrderId,
        invoice: &str,
        way: &outgoing::Way,
    ) -> Result<outgoing::Sent, CallError> {
        match self {
            Self::Vtex(vtex) => vtex.send_tracking_events(id, invoice, way).await,
            Self::Anymarket(hub) => hub.send_delivery(id, way).await,
        }
    }

    /// Calls made so far in this run.
    pub fn counts(&self) -> Counts {
        match self {
            Self::Vtex(vtex) => vtex.counts(),
            Self::Anymarket(hub) => hub.counts(),
        }
    }
}

/// Orders from `from` to `to`, both inclusive. Lists count in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First instant.
    pub from: Instant,
    /// Last instant.
    pub to: Instant,
    /// What happened to an order then.
    pub by: By,
}

/// By which instant a list finds orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Of its creation.
    Creation,
    /// Of its last change, where a channel lists by that; elsewhere of its creation.
    Change,
}

impl Window {
    /// Orders that were created then.
    pub fn new(from: Instant, to: Instant) -> Self {
        Self { from, to, by: By::Creation }
    }

    /// Orders that changed then, where the channel can tell.
    pub fn of_changes(from: Instant, to: Instant) -> Self {
        Self { from, to, by: By::Change }
    }

    /// How far apart its ends are.
    pub fn span(self) -> chrono::TimeDelta {
        self.to.signed_duration_since(self.from)
    }

    /// As many windows, about as long as each other, that cover it without overlap, each to the end of its last millisecond, in which
    /// orders may be created, too; fewer where a part would be shorter than `grain`, which is a millisecond or more.
    pub fn parts(self, count: usize, grain: chrono::TimeDelta) -> Vec<Self> {
        let span = self.span().num_milliseconds().max(0).saturating_add(1);
        let most = (span / grain.num_milliseconds().max(1)).max(1);
        let count = i64::try_from(count).unwrap_or(i64::MAX).clamp(1, most);
        let begin = |part: i64| {
            let offset = i128::from(span) * i128::from(part) / i128::from(count);
            self.from + chrono::TimeDelta::milliseconds(i64::try_from(offset).unwrap_or(span))
        };
        let end = |part| if part == count { self.to } else { begin(part) - chrono::TimeDelta::microseconds(1) };
        (0..count).map(|part| Self { from: begin(part), to: end(part + 1), by: self.by }).collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn parts_cover_the_window_without_overlap() {
        let at = |ms| Instant::from_timestamp_millis(ms).unwrap();
        let parts = |from, to, count| {
            let parts = Window::new(at(from), at(to)).parts(count, TimeDelta::milliseconds(1));
            parts.iter().map(|part| (part.from.timestamp_millis(), part.to.timestamp_millis())).collect::<Vec<_>>()
        };
        assert_eq!(parts(0, 1001, 2), [(0, 500), (501, 1001)]);
        assert_eq!(parts(0, 9, 3), [(0, 2), (3, 5), (6, 9)]);
        assert_eq!(parts(5, 6, 9), [(5, 5), (6, 6)]);
        assert_eq!(parts(5, 5, 2), [(5, 5)]);
        let part_of_a_millisecond = Window::new(at(5), at(5) + chrono::TimeDelta::microseconds(400));
        assert_eq!(part_of_a_millisecond.parts(2, TimeDelta::milliseconds(1)), [part_of_a_millisecond]);
        let three_seconds = Window::new(at(0), at(2_999));
        assert_eq!(three_seconds.parts(9, TimeDelta::seconds(1)).len(), 3);
        assert_eq!(Window::new(at(0), at(999)).parts(9, TimeDelta::seconds(1)).len(), 1);
        assert_eq!(parts(0, 9, 0), [(0, 9)]);
        for count in 1..40 {
            let parts = parts(7, 1_007, count);
            assert_eq!((parts.len(), parts[0].0, parts[count - 1].1), (count, 7, 1_007));
            assert!(parts.windows(2).all(|two| two[0].1 + 1 == two[1].0), "{parts:?}");
        }
    }
}
