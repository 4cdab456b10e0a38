//! The sandbox's own account of what callers really did to it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::anymarket::Amount;

/// A write that was accepted, whatever the caller was told; the same one again is another. Orders are by the shop's number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum EccEffect {
    Created {
        id: i64,
        order: String,
        situation: i64,
        total: i64,
    },
    Situation {
        id: i64,
        order: String,
        from: i64,
        to: i64,
        history: String,
    },
    /// Fields of an order, as they were sent and are now kept.
    Changed {
        id: i64,
        order: String,
        fields: BTreeMap<String, String>,
    },
    SentToWarehouse {
        id: i64,
        order: String,
    },
    ConfirmedByWarehouse {
        id: i64,
        order: String,
    },
    /// A movement of stock: `E` in, `S` out, `B` the balance itself.
    Stock {
        code: String,
        movement: String,
        quantity: Amount,
    },
    /// A product was taken off a queue of changes.
    Acknowledged {
        queue: &'static str,
        code: String,
    },
    CollectionCreated {
        collection: i64,
        invoices: Vec<i64>,
    },
    CollectionChanged {
        collection: i64,
        invoices: Vec<i64>,
    },
    Collected {
        collection: i64,
    },
}

impl EccEffect {
    /// The shop's number of the order it was done to.
    pub fn order(&self) -> Option<&str> {
        match self {
            Self::Created { order, .. }
            | Self::Situation { order, .. }
            | Self::Changed { order, .. }
            | Self::SentToWarehouse { order, .. }
            | Self::ConfirmedByWarehouse { order, .. } => Some(order),
            Self::Stock { .. }
            | Self::Acknowledged { .. }
            | Self::CollectionCreated { .. }
            | Self::CollectionChanged { .. }
            | Self::Collected { .. } => None,
        }
    }
}
