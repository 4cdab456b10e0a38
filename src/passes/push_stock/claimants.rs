//! Whose orders claim units of a product: who is to be asked where more was sold than there is.

use std::collections::{BTreeMap, BTreeSet};

use super::places::Terms;
use crate::erp::Rests;
use crate::model::{Claimant, Instant, Sku, Status, StockParts, WarehouseId};
use crate::store::claims::Claim;

/// The latest orders that claim units of some products, the first few of each in each of the ERP's warehouses.
#[derive(Debug)]
pub struct Claimants {
    products: BTreeSet<Sku>,
    /// What those that left in part still wait for.
    rests: Rests,
    by_product: BTreeMap<(Sku, WarehouseId), ByAge>,
}

/// By when an order was placed, and its row.
type ByAge = BTreeMap<(Option<Instant>, i64), Claimant>;

impl Claimants {
    /// Of these products; of nobody yet.
    pub fn of(products: impl IntoIterator<Item = Sku>, rests: Rests) -> Self {
        Self { products: products.into_iter().collect(), rests, by_product: BTreeMap::new() }
    }

    /// Adds what an order claims: of one that is invoiced, what no invoice has taken from the shelf.
    pub fn add(&mut self, claim: &Claim, terms: &Terms<'_>) {
        let has_left = claim.erp_status.as_ref().is_some_and(Status::is_final_for_payment);
        for line in claim.lines.iter().filter(|line| line.quantity > 0) {
            let Some(sku) = terms.sku(&claim.channel, line).filter(|sku| self.products.contains(sku)) else { continue };
            let warehouse = terms.warehouse(&claim.channel, line);
            let quantity = if has_left { self.rest(claim, &sku, &warehouse, line.quantity) } else { line.quantity };
            if quantity <= 0 {
                continue;
            }
            let latest = self.by_product.entry((sku, warehouse)).or_default();
            let claimant = latest.entry((claim.created_at, claim.row)).or_insert_with(|| Claimant {
                channel: claim.channel.clone(),
                order: claim.id.clone(),
                units: 0,
            });
            claimant.units = claimant.units.saturating_add(quantity);
            if latest.len() > StockParts::SHOWN {
                latest.pop_first();
            }
        }
    }

    /// How many units of a line have not left; the same product may stand on several.
    fn rest(&mut self, claim: &Claim, sku: &Sku, warehouse: &WarehouseId, quantity: i64) -> i64 {
        let place = claim.erp_id.clone().map(|id| (id, sku.clone(), warehouse.clone()));
        let Some(rest) = place.and_then(|place| self.rests.get_mut(&place)) else { return 0 };
        let waiting = quantity.min(*rest);
        *rest -= waiting;
        waiting
    }

    /// Those of a product in a warehouse, the latest first.
    pub fn take(&mut self, sku: &Sku, warehouse: &WarehouseId) -> Vec<Claimant> {
        let latest = self.by_product.remove(&(sku.clone(), warehouse.clone()));
        latest.into_iter().flat_map(|latest| latest.into_values().rev()).collect()
    }
}
