//! Stock and who holds it (ANYMARKET 6.4): what can be bought is what there is, less what open orders hold.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Anymarket;
use super::amount::Amount;
use super::seed_order::AnyOrderSeed;

/// A SKU in a location.
#[derive(Clone, Debug, Default)]
pub struct AnyStock {
    pub amount: Amount,
    pub cost: Option<Amount>,
    /// Days.
    pub additional_time: i64,
    /// Where in the warehouse it lies.
    pub description: Option<String>,
    pub updated: Option<DateTime<Utc>>,
}

/// What tests do with the stock.
impl Anymarket {
    /// Sets a stock, as the panel does, and puts SKU and location together.
    pub fn set_stock(&mut self, sku: &str, location: i64, units: i64) {
        self.add_sku(sku);
        self.stocks.entry((sku.to_owned(), location)).or_default().amount = units.into();
    }

    /// The stock of a SKU in a location.
    pub fn stock(&self, sku: &str, location: i64) -> AnyStock {
        self.stocks.get(&(sku.to_owned(), location)).cloned().unwrap_or_default()
    }

    /// What open orders hold of a SKU in a location. Marketplaces' warehouses are another matter.
    pub fn reserved(&self, sku: &str, location: i64) -> Amount {
        let open = self
            .orders
            .values()
            .filter(|order| self.settings.reserving.contains(&order.status.as_str()) && !order.seed.fulfillment);
        let lines = open.flat_map(|order| order.seed.lines.iter().zip(&order.allocation));
        let served = lines.filter(|(line, _)| line.sku == sku).flat_map(|(_, served)| served);
        served.filter(|(one, _)| *one == location).map(|(_, amount)| *amount).sum()
    }

    /// The whole units a buyer can buy of a SKU, in all locations together; of a kit, what its components make.
    pub fn available(&self, sku: &str) -> i64 {
        self.available_amount(sku).whole()
    }

    /// A buyer buys, if there is enough of everything; gives the order's id, or the SKU there is not enough of.
    ///
    /// [`Anymarket::place`] does not ask: such an order is a sale beyond the stock.
    pub fn sell(&mut self, seed: AnyOrderSeed) -> Result<i64, String> {
        let short = seed.lines.iter().find(|line| self.available_amount(&line.sku) < seed.wanted(&line.sku));
        match short.filter(|_| !seed.fulfillment) {
            Some(line) => Err(line.sku.clone()),
            None => Ok(self.place(seed)),
        }
    }
}

impl Anymarket {
    pub(super) fn available_amount(&self, sku: &str) -> Amount {
        let components = self.skus.get(sku).map_or(&[][..], |sku| &sku.components);
        if components.is_empty() {
            return self.locations.iter().map(|location| self.free(sku, location.id)).sum();
        }
        let kits = components.iter().map(|(part, units)| self.available_amount(part).over(*units));
        kits.min().unwrap_or(0).into()
    }

    /// What is left in one location.
    pub(super) fn free(&self, sku: &str, location: i64) -> Amount {
        self.stock(sku, location).amount - self.reserved(sku, location)
    }

    /// Which locations serve each line: those that have it, in their order, and for what none has the default.
    pub(super) fn allocate(&self, seed: &AnyOrderSeed) -> Vec<Vec<(i64, Amount)>> {
        let mut taken: BTreeMap<(&str, i64), Amount> = BTreeMap::new();
        let lines = seed.lines.iter().map(|line| {
            if let Some(locations) = &line.locations {
                return locations.clone();
            }
            let mut served: Vec<(i64, Amount)> = Vec::new();
            let mut left = line.amount;
            for location in self.locations.iter().filter(|_| self.locations.len() > 1) {
                let used = taken.entry((&line.sku, location.id)).or_default();
                let part = left.min(self.free(&line.sku, location.id) - *used).max(Amount::ZERO);
                if part > Amount::ZERO {
                    served.push((location.id, part));
                    *used += part;
                    left -= part;
                }
            }
            let default = self.locations.first().map_or(0, |first| first.id);
            match served.iter_mut().find(|(location, _)| *location == default) {
                Some((_, amount)) => *amount += left,
                None if left > Amount::ZERO => served.push((default, left)),
                None => {}
            }
            served
        });
        lines.collect()
    }

    pub(super) fn stock_state(&self) -> Value {
        let stocks = self.stocks.iter().map(|((sku, location), stock)| {
            let reserved = self.reserved(sku, *location);
            json!({"sku": sku, "location": location, "amount": stock.amount, "reserved": reserved})
        });
        Value::Array(stocks.collect())
    }
}
