//! The sandbox's own account of what callers really did to it. Reading the feed and acknowledging it are not in it.

use serde::Serialize;

use super::amount::Amount;

/// A write that was accepted, whatever the caller was told; the same one again is another. Dates are as they were sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum AnyEffect {
    Paid {
        order: i64,
    },
    Invoiced {
        order: i64,
        number: String,
        series: String,
        key: String,
        date: String,
    },
    Shipped {
        order: i64,
        carrier: String,
        number: String,
        url: Option<String>,
    },
    Delivered {
        order: i64,
        date: String,
    },
    Canceled {
        order: i64,
        code: Option<String>,
        details: Option<String>,
    },
    /// The XML of an invoice, by its access key.
    Xml {
        order: i64,
        key: String,
    },
    PartnerId {
        order: i64,
        partner_id: String,
    },
    /// `cost` is there when the caller sent one, which changes prices (ANYMARKET 6.1).
    Stock {
        sku: String,
        location: i64,
        quantity: Amount,
        cost: Option<Amount>,
        additional_time: Option<i64>,
    },
    /// An error shown in the seller's panel (ANYMARKET 7.3).
    Monitoring {
        partner_id: String,
        kind: String,
        message: String,
    },
}

impl AnyEffect {
    /// The order it was done to.
    pub fn order(&self) -> Option<i64> {
        match self {
            Self::Paid { order }
            | Self::Invoiced { order, .. }
            | Self::Shipped { order, .. }
            | Self::Delivered { order, .. }
            | Self::Canceled { order, .. }
            | Self::Xml { order, .. }
            | Self::PartnerId { order, .. } => Some(*order),
            Self::Stock { .. } | Self::Monitoring { .. } => None,
        }
    }
}
