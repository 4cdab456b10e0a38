//! `[channels.NAME.stock]`: what push-stock may do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;

use super::Span;
use crate::lang::say;
use crate::model::{Sku, WarehouseId};

/// A channel's part about stock.
#[derive(Clone, Debug)]
pub struct StockConfig {
    /// Whether push-stock does anything for this channel.
    pub enabled: bool,
    /// The one channel warehouse to push to; without it, every one of the `warehouses` table.
    pub warehouse: Option<WarehouseId>,
    /// Products whose stock this channel is never told: kits that it works out by itself, what is sold elsewhere.
    pub exclude: BTreeSet<Sku>,
    /// Units of every product kept back from the channel.
    pub buffer: i64,
    /// Units kept back of single products, instead.
    pub buffers: BTreeMap<Sku, i64>,
    /// How much of what is left then the channel may sell, in percent, 1 to 100; units are rounded down.
    pub share: i64,
    /// How much of the catalogue may go to zero, or of all units may go, in one push without confirmation: percent.
    pub guard_percent: i64,
    /// Fewer products than this never need confirmation.
    pub guard_min: i64,
    /// What to do about products that the channel does not have.
    pub unknown_skus: UnknownSkus,
    /// How long after it is taken over an order's reservation may still count on the channel.
    pub settle: Duration,
    /// How long the channel keeps the units of an order that nobody pays.
    pub reserved_for: Duration,
    /// The channel is known to subtract the units of its own unpaid orders, so that they are added back to what it is told.
    pub channel_reserves: bool,
}

/// What to do about products of the ERP that the channel does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownSkus {
    /// Hold them: somebody forgot to create or to map them.
    #[default]
    Hold,
    /// Say nothing: not everything is sold on this channel.
    Ignore,
}

/// A percentage of the stock: some of it, up to all.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "i64")]
struct Share(i64);

impl Default for Share {
    fn default() -> Self {
        Self(100)
    }
}

impl TryFrom<i64> for Share {
    type Error = String;

    fn try_from(percent: i64) -> Result<Self, String> {
        match percent {
            1..=100 => Ok(Self(percent)),
            other => Err(say!(
                "a share is a percentage from 1 to 100, and {other} is none"
                    | "share é uma porcentagem de 1 a 100, e {other} não é"
            )),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawStock {
    enabled: Option<bool>,
    warehouse: Option<String>,
    exclude: BTreeSet<Sku>,
    buffer: u32,
    buffers: BTreeMap<String, u32>,
    share: Share,
    guard_percent: Option<u8>,
    guard_min: Option<u32>,
    unknown_skus: UnknownSkus,
    settle: Option<Span>,
    reserved_for: Option<Span>,
    channel_reserves: Option<bool>,
}

impl RawStock {
    /// `channel_reserves` and `settle` are what the kind of channel is known to do.
    pub fn or_default(self, channel_reserves: bool, settle: Duration) -> StockConfig {
        let raw = self;
        const DAY: u64 = 24 * 3600;
        StockConfig {
            enabled: raw.enabled.unwrap_or(true),
            warehouse: raw.warehouse.map(WarehouseId::new),
            exclude: raw.exclude,
            buffer: raw.buffer.into(),
            buffers: raw.buffers.into_iter().map(|(sku, units)| (Sku::new(sku), units.into())).collect(),
            share: raw.share.0,
            guard_percent: raw.guard_percent.unwrap_or(30).into(),
            guard_min: raw.guard_min.unwrap_or(10).into(),
            unknown_skus: raw.unknown_skus,
            settle: raw.settle.map_or(settle, |span| span.0),
            // The `lockTTL` that VTEX's order examples show.
            reserved_for: raw.reserved_for.map_or(Duration::from_secs(10 * DAY), |span| span.0),
            channel_reserves: raw.channel_reserves.unwrap_or(channel_reserves),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_percentage() {
        let share = |text: &str| {
            let raw: Result<RawStock, _> = toml::from_str(text);
            raw.map(|raw| raw.or_default(true, Duration::ZERO).share).map_err(|error| error.to_string())
        };
        assert_eq!((share(""), share("share = 1"), share("share = 100")), (Ok(100), Ok(1), Ok(100)));
        for wrong in ["share = 0", "share = 101", "share = -5"] {
            assert!(share(wrong).unwrap_err().contains("from 1 to 100"), "{wrong}");
        }
    }
}
