//! An order as ANYMARKET keeps it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::amount::Amount;
use super::seed_order::AnyOrderSeed;

/// The way of a sale; moves lead forward, and from anywhere to `CANCELED` (ANYMARKET 4.2).
const WAY: [&str; 5] = ["PENDING", "PAID_WAITING_SHIP", "INVOICED", "PAID_WAITING_DELIVERY", "CONCLUDED"];

/// An order. Times are UTC, money is in cents.
#[derive(Clone, Debug)]
pub struct AnyOrder {
    pub id: i64,
    pub status: String,
    /// When the buyer placed it.
    pub created: DateTime<Utc>,
    /// When the sandbox came to know it; the list lags behind this.
    pub placed_at: DateTime<Utc>,
    pub paid: Option<DateTime<Utc>>,
    pub cancellation: Option<Cancellation>,
    /// Our code for it; once set it stays (ANYMARKET 2.3).
    pub partner_id: Option<String>,
    /// Did the last change reach the marketplace?
    pub transmission: Transmission,
    /// As they were sent.
    pub invoice: Option<Value>,
    pub tracking: Option<Value>,
    pub metadata: Map<String, Value>,
    /// What it had and the last body left out, where that replaces (10 b).
    pub lost: Vec<&'static str>,
    /// The XML of its invoice.
    pub xml: Option<String>,
    /// The marketplace refuses the XML: why, and how often yet.
    pub xml_refusal: Option<(XmlRefusal, u32)>,
    /// The carrier has trouble; the order goes on in its status (ANYMARKET 4.1).
    pub delivery_issue: bool,
    /// The locations that serve each line.
    pub allocation: Vec<Vec<(i64, Amount)>>,
    /// Its units were taken off the stock.
    pub is_deducted: bool,
    /// Every change, with the status it led to.
    pub history: Vec<(DateTime<Utc>, String)>,
    /// What was ordered, shared by orders that were seeded together.
    pub seed: Arc<AnyOrderSeed>,
}

/// Where a change is on its way to the marketplace (ANYMARKET 2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transmission {
    Ok,
    Waiting,
    Error(String),
}

/// How an order ended.
#[derive(Clone, Debug)]
pub struct Cancellation {
    pub by: AnyCancelledBy,
    pub at: DateTime<Utc>,
    pub code: Option<String>,
    pub details: Option<String>,
}

/// Who ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnyCancelledBy {
    Buyer,
    Marketplace,
    Seller,
}

/// Why a marketplace refuses the XML of an invoice (ANYMARKET 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XmlRefusal {
    /// Not in this status of the shipment; later perhaps.
    ShipmentStatus,
    /// The sale has all the invoices it can have.
    TooManyInvoices,
    EmissionDate,
    /// The channel takes no XML at all.
    NotTaken,
}

impl AnyOrder {
    /// The last change.
    pub fn last_update(&self) -> DateTime<Utc> {
        self.history.last().map_or(self.created, |(at, _)| *at)
    }

    /// Its status and last change as they were at `time`.
    pub fn as_of(&self, time: DateTime<Utc>) -> (&str, DateTime<Utc>) {
        let change = self.history.iter().rev().find(|(at, _)| *at <= time);
        change.map_or((&self.status, self.last_update()), |(at, status)| (status, *at))
    }

    /// Its id inside the marketplace, and the number its buyer sees.
    pub fn numbers(&self) -> (String, String) {
        let made_up = || (format!("{}", 2_000_000_000 + self.id), format!("LU-{}", self.id));
        self.seed.numbers.clone().unwrap_or_else(made_up)
    }
}

/// Whether the SDK's table leads from one status to the other (ANYMARKET 4.2).
pub fn leads(from: &str, to: &str) -> bool {
    let place = |status: &str| WAY.iter().position(|known| *known == status);
    match (place(from), place(to)) {
        _ if from == to => true,
        (Some(from), Some(to)) => from < to,
        (Some(_), None) => to == "CANCELED",
        _ => false,
    }
}
