//! An order as VTEX keeps it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::seed_order::{Line, OrderSeed};

/// An order. Times are UTC, money is in cents.
#[derive(Clone, Debug)]
pub struct Order {
    pub id: String,
    pub sequence: u64,
    pub status: String,
    pub null_status: bool,
    /// When the customer placed it; the list is sorted by it.
    pub created: DateTime<Utc>,
    /// When the sandbox came to know it; the list lags behind this.
    pub placed_at: DateTime<Utc>,
    pub last_change: DateTime<Utc>,
    pub authorized: Option<DateTime<Utc>>,
    pub invoiced: Option<DateTime<Utc>>,
    pub packages: Vec<Package>,
    pub cancellation: Option<Cancellation>,
    pub cancellation_requests: Vec<CancellationRequest>,
    /// Earlier statuses, each with the time until which it held.
    pub history: Vec<(DateTime<Utc>, String)>,
    /// Units of the first line that were removed since, and are listed all the same (VTEX 2.8).
    pub removed: i64,
    /// Units of the first line that were added since. None of them is reserved (VTEX 6.3).
    pub added: i64,
    /// The line that the first one was put in the place of, which is listed all the same, and reserved.
    pub replaced: Option<Line>,
    /// What was ordered, shared by orders that were seeded together.
    pub seed: Cow<OrderSeed>,
}

impl Order {
    /// What the customer pays.
    pub fn value(&self) -> i64 {
        self.seed.value()
    }

    /// The status as it was at `time`.
    pub fn status_at(&self, time: DateTime<Utc>) -> &str {
        self.history.iter().find(|(until, _)| *until > time).map_or(&self.status, |(_, status)| status)
    }

    /// Sold through a marketplace; this account only fulfils it (VTEX 2.1).
    pub fn is_fulfillment(&self) -> bool {
        self.seed.marketplace.is_some()
    }

    /// What the sale's invoices add up to.
    pub fn invoiced_value(&self) -> i64 {
        self.packages.iter().filter(|package| package.kind == "Output").map(|package| package.value).sum()
    }
}

/// An invoice with its parcel.
#[derive(Clone, Debug)]
pub struct Package {
    pub number: String,
    /// `Output` is a sale, `Input` a return.
    pub kind: String,
    pub value: i64,
    pub issued: String,
    pub key: Option<String>,
    pub url: Option<String>,
    pub xml: Option<String>,
    pub courier: Option<String>,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
    /// SKU id, unit price, quantity.
    pub items: Vec<(String, i64, i64)>,
    pub events: Vec<TrackingEvent>,
    pub delivered: Option<String>,
}

/// What happened to a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackingEvent {
    pub city: String,
    pub state: String,
    pub description: String,
    pub date: String,
}

/// How an order ended.
#[derive(Clone, Debug)]
pub struct Cancellation {
    pub reason: String,
    pub by: CancelledBy,
    pub at: DateTime<Utc>,
}

/// Who ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelledBy {
    Customer,
    Seller,
    Payment,
}

/// A customer's wish to cancel.
#[derive(Clone, Debug)]
pub struct CancellationRequest {
    pub id: String,
    pub reason: String,
    pub at: DateTime<Utc>,
    pub denied: Option<(DateTime<Utc>, String)>,
    /// Where the order goes on when the wish is denied.
    pub status_before: String,
}

/// Shared until it is changed.
#[derive(Clone, Debug)]
pub struct Cow<T>(Arc<T>);

impl<T> From<Arc<T>> for Cow<T> {
    fn from(shared: Arc<T>) -> Self {
        Self(shared)
    }
}

impl<T> Deref for Cow<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Cow<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}
