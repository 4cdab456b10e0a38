//! What a channel may sell of a product, and what that number is made of.

use serde::{Deserialize, Serialize};

use super::{ChannelName, Instant, OrderId, WarehouseId};

/// The parts of a number for a channel, in whole units: what a person is shown who asks why. Every field but the order
/// lists takes part in `(physical − reserved − in_flight − buffer) × share + added_back`, floored at zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockParts {
    /// The ERP's warehouse it was read from.
    pub erp_warehouse: WarehouseId,
    /// On the shelf, by the ERP.
    pub physical: i64,
    /// Reserved in the ERP.
    pub reserved: i64,
    /// Sold on any channel and not in the ERP yet.
    pub in_flight: i64,
    /// Kept back by the configuration.
    pub buffer: i64,
    /// How much of the rest the channel may sell, in percent.
    #[serde(default = "whole")]
    pub share: i64,
    /// Subtracted above, and by the channel itself once more: unpaid orders of its own.
    pub added_back: i64,
    /// Units of the channel's own paid orders on their way into handling, which it subtracts itself for now. They take no part in
    /// the number; they are why one that was sent before may stand.
    pub moving: i64,
    /// When the ERP was read.
    pub erp_read_at: Instant,
    /// Whose units are in flight; the first [`StockParts::SHOWN`].
    pub in_flight_orders: Vec<OrderId>,
    /// Whose units are added back; the first [`StockParts::SHOWN`].
    pub added_back_orders: Vec<OrderId>,
}

/// An order that claims units of a product: sold, and not out of the house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimant {
    /// The channel it was placed on.
    pub channel: ChannelName,
    /// Its number there.
    pub order: OrderId,
    /// How many units.
    pub units: i64,
}

impl StockParts {
    /// How many orders are named for each part.
    pub const SHOWN: usize = 20;

    /// How many units more were sold than there are, if any: what is kept back counts as there.
    pub fn oversold(&self) -> Option<i64> {
        let left = self.physical.saturating_sub(self.reserved).saturating_sub(self.in_flight);
        (left < 0).then(|| left.saturating_neg())
    }

    /// What the parts come to. Below zero when more was sold than there is, of which a channel has no share.
    pub fn balance(&self) -> i64 {
        let left =
            self.physical.saturating_sub(self.reserved).saturating_sub(self.in_flight).saturating_sub(self.buffer);
        let of_it = if left > 0 { left.saturating_mul(self.share) / 100 } else { left };
        of_it.saturating_add(self.added_back)
    }
}

fn whole() -> i64 {
    100
}
