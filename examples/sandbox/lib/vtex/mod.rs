//! VTEX: its whole state, the clock it goes by, and the way a call takes through it.

mod batch;
mod cancel;
mod catalog;
mod control;
mod copy;
mod effect;
mod feed;
mod handling;
mod inventory;
mod invoice;
mod list;
mod order;
mod payments;
mod render;
mod routes;
mod seed_order;
mod tracking;
mod workflow;

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use chrono::{DateTime, Utc};

use self::batch::Batch;
pub use self::catalog::UnknownCode;
pub use self::effect::Effect;
pub use self::feed::{FEED_STATES, Feed, FeedFaults};
pub use self::inventory::{Inventory, Reservation, ReservationState, Stock};
pub use self::order::{CancelledBy, Order, Package};
pub use self::seed_order::{Customer, Line, OrderSeed, Payment};
use super::call::{Answer, Outcome, Request};
use super::faults::RetryAfter;
use super::wire::{self, Platform, Wire, delta};

/// The key that opens the sandbox.
pub const APP_KEY: &str = "vtexappkey-sandbox-KEY";
/// Its token.
pub const APP_TOKEN: &str = "SANDBOXTOKEN";

/// The platform. Everything in it may be looked at and changed between calls.
pub struct Vtex {
    /// The sandbox's own address.
    pub base_url: String,
    pub orders: BTreeMap<String, Order>,
    pub feed: Feed,
    pub feed_faults: FeedFaults,
    /// What callers really did.
    pub effects: Vec<Effect>,

    /// How far the order list is behind (VTEX 1: about four minutes).
    pub list_lag: Duration,
    /// Orders older than two years are neither listed nor read (VTEX 1, 2).
    pub two_year_window: bool,
    /// How long a paid order stays in `window-to-cancel` (VTEX 4: 30 minutes; zero here, so that tests need not wait).
    pub window_to_cancel: Duration,
    /// How long start-handling takes to show (VTEX 5.1: seconds).
    pub handling_delay: Duration,
    /// The code of OMS003: 409 by the specification, 400 live (VTEX 5.1).
    pub start_handling_conflict: u16,
    /// How long an order with all its invoices is still being verified (VTEX 5.3: about six seconds).
    pub invoice_delay: Duration,
    /// Whether an invoiced order takes further invoices (VTEX 5.3: undocumented).
    pub invoiced_takes_invoices: bool,
    /// How long cancelling takes (VTEX 5.2: asynchronous).
    pub cancel_delay: Duration,
    /// Whether tracking events add to those before or replace them (VTEX 5.5: undocumented).
    pub tracking_events_append: bool,

    /// Ids, which are case-sensitive, and names. Orders are served from the first.
    pub warehouses: Vec<(String, String)>,
    pub inventory: Inventory,
    /// How soon after an update of a stock the next one is refused with 423 (VTEX 6.1).
    pub stock_lock: Duration,
    /// How long an update of a stock takes to show (VTEX 6.1: about a second).
    pub stock_visibility: Duration,
    /// Whether an update lets go only of what was in handling when its balance was taken, or of all that is now (VTEX 6.3: not sure).
    pub balance_date_counts: bool,
    /// SKU ids and their reference codes.
    pub catalog: BTreeMap<String, String>,
    /// Further codes by which SKUs are found, and their ids. That a code leads to one SKU alone is documented nowhere.
    pub more_codes: BTreeMap<String, String>,
    pub unknown_code: UnknownCode,
    /// Early access, off by default (VTEX 6.2).
    pub batches_enabled: bool,
    batches: BTreeMap<String, Batch>,

    /// Orders by creation, for the list.
    by_creation: BTreeMap<(DateTime<Utc>, u64), String>,
    /// Moves that will happen by themselves: when, which order, to which status.
    scheduled: Vec<(DateTime<Utc>, String, &'static str)>,
    last_sequence: u64,
    random: fastrand::Rng,
    wire: Wire<Self>,
}

impl Vtex {
    /// An empty shop at this address.
    pub fn new(base_url: &str) -> Self {
        Self {
            base_url: base_url.into(),
            orders: BTreeMap::new(),
            feed: Feed::default(),
            feed_faults: FeedFaults::default(),
            effects: Vec::new(),
            list_lag: Duration::ZERO,
            two_year_window: false,
            window_to_cancel: Duration::ZERO,
            handling_delay: Duration::ZERO,
            start_handling_conflict: 409,
            invoice_delay: Duration::ZERO,
            invoiced_takes_invoices: false,
            cancel_delay: Duration::ZERO,
            tracking_events_append: false,
            warehouses: vec![("1_1".into(), "Estoque principal".into())],
            inventory: Inventory::default(),
            stock_lock: Duration::from_millis(5),
            stock_visibility: Duration::ZERO,
            balance_date_counts: true,
            catalog: BTreeMap::new(),
            more_codes: BTreeMap::new(),
            unknown_code: UnknownCode::default(),
            batches_enabled: false,
            batches: BTreeMap::new(),
            by_creation: BTreeMap::new(),
            scheduled: Vec::new(),
            last_sequence: 500_000,
            random: fastrand::Rng::with_seed(7),
            wire: Wire::new(),
        }
    }

    /// Lets time pass.
    pub fn advance(&mut self, time: Duration) {
        wire::advance(self, time);
    }

    /// An order; panics if there is none.
    pub fn order(&self, id: &str) -> &Order {
        self.orders.get(id).unwrap_or_else(|| panic!("the sandbox has no order {id}"))
    }

    /// An order, to change it; panics if there is none.
    pub fn order_mut(&mut self, id: &str) -> &mut Order {
        self.orders.get_mut(id).unwrap_or_else(|| panic!("the sandbox has no order {id}"))
    }

    /// What callers did to an order.
    pub fn effects_of(&self, id: &str) -> Vec<&Effect> {
        self.effects.iter().filter(|effect| effect.order() == Some(id)).collect()
    }

    /// Takes a call.
    pub fn take(&mut self, request: &Request) -> Outcome {
        wire::take(self, request)
    }
}

impl Platform for Vtex {
    fn at(base_url: &str) -> Self {
        Self::new(base_url)
    }

    fn settle(&mut self) {
        self.settle_all();
    }

    fn control(&mut self, request: &Request) -> Option<Answer> {
        self.obey(request)
    }

    /// Limits, credentials, then the route.
    fn answer(&mut self, request: &Request) -> Answer {
        let now = self.now();
        if let Some(quota) = self.rate_limit.as_mut().map(|limit| limit.count(now)).filter(|quota| quota.is_exceeded) {
            let mut answer = Answer::empty(429);
            answer.headers.extend(RetryAfter::Seconds(quota.reset).header());
            return answer;
        }
        let keys = (request.header("x-vtex-api-appkey"), request.header("x-vtex-api-apptoken"));
        if keys != (Some(APP_KEY), Some(APP_TOKEN)) {
            return Answer::error(401, "1", "Unauthorized access");
        }
        self.route(request).unwrap_or_else(|refusal| refusal)
    }

    fn breakdown() -> Answer {
        Answer::error(500, "001", "An error has occurred")
    }
}

impl Deref for Vtex {
    type Target = Wire<Self>;

    fn deref(&self) -> &Wire<Self> {
        &self.wire
    }
}

impl DerefMut for Vtex {
    fn deref_mut(&mut self) -> &mut Wire<Self> {
        &mut self.wire
    }
}

/// Seven fraction digits and the offset, as in an order (VTEX 0).
fn precise(time: DateTime<Utc>) -> String {
    format!("{}{:07}+00:00", time.format("%Y-%m-%dT%H:%M:%S."), time.timestamp_subsec_nanos() / 100)
}
