//! The sandbox's own account of what callers really did to it.

use serde::Serialize;

/// A side effect that happened, whatever the caller was told. Money is in cents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    FeedConfigured,
    StartHandling {
        order: String,
    },
    Cancel {
        order: String,
        reason: String,
    },
    DenyCancellation {
        order: String,
        reason: String,
    },
    /// `kind` is `Output` for a sale, `Input` for a return.
    Invoice {
        order: String,
        number: String,
        kind: String,
        value: i64,
    },
    /// The same invoice once more, which changes nothing here and may make a second one elsewhere.
    InvoiceAgain {
        order: String,
        number: String,
    },
    Tracking {
        order: String,
        invoice: String,
        number: String,
    },
    TrackingEvents {
        order: String,
        invoice: String,
        events: usize,
        delivered: bool,
    },
    Stock {
        sku: String,
        warehouse: String,
        quantity: i64,
        unlimited: bool,
    },
    LeadTime {
        sku: String,
        warehouse: String,
        lead_time: String,
    },
}

impl Effect {
    /// The order it was done to.
    pub fn order(&self) -> Option<&str> {
        match self {
            Self::StartHandling { order }
            | Self::Cancel { order, .. }
            | Self::DenyCancellation { order, .. }
            | Self::Invoice { order, .. }
            | Self::InvoiceAgain { order, .. }
            | Self::Tracking { order, .. }
            | Self::TrackingEvents { order, .. } => Some(order),
            Self::FeedConfigured | Self::Stock { .. } | Self::LeadTime { .. } => None,
        }
    }
}
