//! Eccosys, over its REST API. There is no official reference: every path and field comes from public clients that run in
//! production, and what only one of them does, or none, stands behind a setting of [`Options`].
//!
//! It has no changes to ask for, tells dates by the day and takes about a call a second. So what it last told is kept in the state
//! file ([`mirror`](crate::store::mirror)) and its lists are compared with that; only what moved is read in full.

mod answer;
mod body;
mod deliveries;
mod facts;
mod orders;
mod outgoing;
mod probe;
mod raw;
mod refresh;
mod stock;
mod wire;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

pub use answer::UNSURE;
pub use deliveries::Written;
use facts::Present;
pub use facts::Situations;

use crate::clock::{Clock, TOLERANCE};
use crate::http::{Counts, Door};
use crate::model::{ChannelName, Instant, Sku};
use crate::store::Store;

/// What the configuration says about an account.
#[derive(Clone, Debug)]
pub struct Options {
    /// What its situation codes mean, beyond and before those that are known.
    pub situations: Situations,
    /// Rows of a page of orders.
    pub page: u32,
    /// Rows of a page of balances.
    pub stock_page: u32,
    /// How old another run's comparison of orders may be, before they are compared again.
    pub fresh_for: TimeDelta,
    /// How old another run's comparison of balances may be, before they are compared again.
    pub stock_fresh_for: TimeDelta,
    /// How old the reading of an order's invoice and parcel may be, before they are read again though nothing moved.
    pub details_within: TimeDelta,
    /// For how long after its invoice an order is followed.
    pub follow_for: TimeDelta,
    /// Whether collection orders are read.
    pub collection_orders: bool,
    /// Whether the date of a payment is written beside the situation.
    pub payment_date: bool,
    /// Whether deliveries that carriers tell are written.
    pub write_deliveries: bool,
    /// Whether the queue of changed balances is used, and emptied.
    pub stock_queue: bool,
    /// How long an order that was sent without an answer must stay absent, before it is made again.
    pub settle_after: TimeDelta,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            situations: Situations::new(),
            page: 100,
            stock_page: 1000,
            fresh_for: TimeDelta::minutes(2),
            stock_fresh_for: TimeDelta::minutes(5),
            details_within: TimeDelta::hours(6),
            follow_for: TimeDelta::days(60),
            collection_orders: true,
            payment_date: false,
            write_deliveries: false,
            stock_queue: false,
            settle_after: TimeDelta::minutes(10),
        }
    }
}

/// For how long a run goes by its own comparison of orders.
const ORDERS_GOOD_FOR: TimeDelta = TimeDelta::minutes(2);
/// For how long a run goes by its own comparison of balances.
const STOCK_GOOD_FOR: TimeDelta = TimeDelta::minutes(5);

/// A comparison that this run made, if it did.
#[derive(Debug)]
struct Compared {
    at: Cell<Option<Instant>>,
    good_for: TimeDelta,
}

impl Compared {
    fn new(good_for: TimeDelta) -> Self {
        Self { at: Cell::default(), good_for }
    }

    fn now(&self, at: Instant) {
        self.at.set(Some(at));
    }

    /// Whether another is not needed: this run's own is recent, or another run's is younger than `fresh_for`.
    fn suffices(&self, anybodys: Option<Instant>, fresh_for: TimeDelta, now: Instant) -> bool {
        let is_within = |at: Option<Instant>, span: TimeDelta| at.is_some_and(|at| at <= now && at > now - span);
        is_within(self.at.get(), self.good_for) || is_within(anybodys, fresh_for)
    }
}

/// One Eccosys account.
#[derive(Debug)]
pub struct Eccosys {
    door: Door,
    clock: Clock,
    store: Store,
    options: Options,
    /// The configured channels: an order of another is not ours, whatever its number.
    channels: BTreeSet<ChannelName>,
    /// One comparison at a time; the others wait for it and use it.
    comparing: tokio::sync::Mutex<()>,
    /// This run's own comparisons.
    orders_compared: Compared,
    stock_compared: Compared,
    /// The XML of invoices just read: whoever sends an invoice asks for it next.
    xml: RefCell<Vec<(String, Vec<u8>)>>,
    /// Nothing is to be changed there.
    dry_run: bool,
    /// What earlier runs told is not gone by.
    anew: bool,
    /// Collection orders cannot be read with these credentials.
    no_collections: Cell<bool>,
    /// Orders that did not answer when the lists were compared.
    unread: Cell<usize>,
    /// Why balances could not be read.
    unread_stock: RefCell<BTreeMap<Sku, String>>,
}

impl Eccosys {
    /// An account behind its door to the network; `store` is the state file, or a scratch copy of it in a dry run.
    pub fn new(
        door: Door,
        clock: Clock,
        store: Store,
        options: Options,
        channels: BTreeSet<ChannelName>,
        dry_run: bool,
    ) -> Self {
        Self {
            door,
            clock,
            store,
            options,
            channels,
            comparing: tokio::sync::Mutex::new(()),
            orders_compared: Compared::new(ORDERS_GOOD_FOR),
            stock_compared: Compared::new(STOCK_GOOD_FOR),
            xml: RefCell::default(),
            dry_run,
            anew: false,
            no_collections: Cell::default(),
            unread: Cell::default(),
            unread_stock: RefCell::default(),
        }
    }

    /// See [`Erp::take_unread`](crate::erp::Erp::take_unread).
    pub fn take_unread(&self) -> usize {
        self.unread.take()
    }

    /// See [`Erp::read_anew`](crate::erp::Erp::read_anew).
    pub fn read_anew(&mut self) {
        self.options.fresh_for = TimeDelta::zero();
        self.options.stock_fresh_for = TimeDelta::zero();
        self.anew = true;
    }

    /// Calls made so far.
    pub fn counts(&self) -> Counts {
        self.door.counts()
    }

    /// See [`Door::has_answered`].
    pub fn has_answered(&self) -> bool {
        self.door.has_answered()
    }

    /// See [`Door::count_failures_anew`].
    pub fn count_failures_anew(&self) {
        self.door.count_failures_anew();
    }

    /// The largest difference between our clock and the ERP's; `None` when it told no time.
    pub fn clock_skew(&self) -> Option<TimeDelta> {
        self.door.clock_skew()
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The present by both clocks. Nobody knows which of them is right, so what is decided for good is so by both.
    fn present(&self) -> Present {
        let now = self.now();
        let skew = self.clock_skew().filter(|skew| skew.abs() > TOLERANCE).unwrap_or_default();
        let theirs = now.checked_sub_signed(skew).unwrap_or(now);
        Present { earliest: now.min(theirs), latest: now.max(theirs) }
    }
}

/// Reads anything as each form of answer there is.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_anything(bytes: &[u8]) {
    let answer = crate::http::Answer::saying(bytes);
    let now = crate::model::Instant::default();
    for row in answer::readable::<wire::Order>(&answer, "an order").map(|(rows, _)| rows).unwrap_or_default() {
        let before = facts::Facts::of(&row, None, &facts::Situations::new(), now.into());
        let _ = facts::Facts::of(&row, Some((&before, now)), &facts::Situations::new(), now.into());
    }
    let _ = (answer::all::<wire::Item>(&answer), answer::all::<wire::Stock>(&answer));
    let _ = (answer::first::<wire::Product>(&answer), answer::first::<wire::Tracking>(&answer));
    let _ = (answer::first::<wire::CollectionOrder>(&answer), answer::first::<wire::Xmls>(&answer));
    for nfe in answer::all::<wire::Nfe>(&answer).unwrap_or_default() {
        let _ = (nfe.id(), nfe.key().map(str::len));
    }
    let _ = answer::made(&answer);
}
