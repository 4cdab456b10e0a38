//! VTEX's inventory: what a warehouse holds of a SKU, and which SKU a reference code is.
//!
//! VTEX never deducts stock itself. It subtracts its own reservations from the quantity it was last told: those of unpaid
//! (authorized) and paid (confirmed) orders stay, those of orders in handling (acknowledged) are let go of by any update of the
//! SKU. So what is sent must contain the units of the former and not those of the latter. Source: VTEX help, "How reservations
//! work", and the Logistics API description.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Vtex;
use crate::channel::{ChannelWarehouse, StockAnswer, StockShown, StockToSet};
use crate::http::{Call, CallError, Effect, lenient, segment};
use crate::model::{ChannelSku, Instant, Sku, WarehouseId};

/// How many codes one look-up asks for. VTEX documents no limit.
const CODES: usize = 50;

impl Vtex {
    /// See [`crate::channel::Channel::set_stock`]. `PATCH` on the quantity alone: `PUT` would set a lead time that is left out to
    /// nothing. A change of one SKU and warehouse at a time, or the later one is refused with 423.
    pub async fn set_stock(&self, wanted: &[StockToSet]) -> Result<Vec<StockAnswer>, CallError> {
        for StockToSet { sku, warehouse, quantity, balance_at } in wanted {
            self.set_one(sku, warehouse, *quantity, *balance_at).await?;
        }
        Ok(vec![StockAnswer::Taken; wanted.len()])
    }

    async fn set_one(
        &self,
        sku: &ChannelSku,
        warehouse: &WarehouseId,
        quantity: i64,
        balance_at: Instant,
    ) -> Result<(), CallError> {
        let path = format!(
            "/api/logistics/pvt/inventory/skus/{}/warehouses/{}/quantity",
            segment(sku.as_str()),
            segment(warehouse.as_str())
        );
        // A 500 may come back although the change was applied, so it is not repeated blindly: a reading tells.
        let call = Call::write("PATCH", "set stock", path, Effect::Once).about(sku.as_str()).json(json!({
            "quantity": quantity,
            "unlimitedQuantity": false,
            "dateUtcOnBalanceSystem": balance_at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        }));
        let answer = self.door.call(call).await?;
        // Taken is 204. VTEX was seen to say 200 without a word where nothing had happened, so there a reading tells, too.
        if answer.status != 204 {
            answer.expect_json()?;
        }
        Ok(())
    }

    /// See [`crate::channel::Channel::read_stock`].
    pub async fn read_stock(&self, sku: &ChannelSku, warehouse: &WarehouseId) -> Result<StockShown, CallError> {
        let path = format!("/api/logistics/pvt/inventory/skus/{}", segment(sku.as_str()));
        let Some(answer) = self.door.call_optional(Call::read("read stock", path).about(sku.as_str())).await? else {
            return Ok(StockShown::default());
        };
        let inventory: Inventory = answer.json()?;
        let found = inventory.balance.into_iter().find(|one| one.warehouse_id.as_deref() == Some(warehouse.as_str()));
        let units = found.filter(|one| one.has_unlimited_quantity != Some(true)).and_then(|one| one.total_quantity);
        Ok(StockShown { units, is_kit: None })
    }

    /// See [`crate::channel::Channel::warehouses`].
    pub async fn warehouses(&self) -> Result<Vec<ChannelWarehouse>, CallError> {
        let call = Call::read("list warehouses", "/api/logistics/pvt/configuration/warehouses");
        let told: Vec<Warehouse> = self.door.call(call).await?.json()?;
        let warehouse = |one: Warehouse| {
            let name = one.name.unwrap_or_default();
            one.id.map(|id| ChannelWarehouse { id, name, is_default: None, is_active: one.is_active })
        };
        Ok(told.into_iter().filter_map(warehouse).collect())
    }

    /// See [`crate::channel::Channel::find_skus`]. In bulk, by reference code; the same code twice in one body is answered with 500.
    pub async fn find_skus(&self, skus: &[Sku]) -> Result<BTreeMap<Sku, ChannelSku>, CallError> {
        let mut found = BTreeMap::new();
        let unique: std::collections::BTreeSet<&Sku> = skus.iter().collect();
        let unique: Vec<&Sku> = unique.into_iter().collect();
        for codes in unique.chunks(CODES) {
            // A POST that changes nothing.
            let path = "/api/catalog_system/pub/sku/stockkeepingunitidsbyrefids";
            let call = Call::write("POST", "look up SKUs", path, Effect::Repeatable).json(json!(codes));
            let Some(answer) = self.door.call_optional(call).await? else { continue };
            // What is not found is null, empty or absent: undocumented. `null` for all of them has been seen.
            let ids: Option<BTreeMap<String, Value>> = answer.json()?;
            for (code, id) in ids.unwrap_or_default() {
                if let Some(id) = sku_id(&id) {
                    found.insert(Sku::new(code), id);
                }
            }
        }
        Ok(found)
    }
}

/// A SKU id: text, or a bare number.
fn sku_id(id: &Value) -> Option<ChannelSku> {
    match id {
        Value::String(id) => Some(id.trim()).filter(|id| !id.is_empty() && *id != "0").map(ChannelSku::new),
        Value::Number(id) => id.as_u64().filter(|id| *id > 0).map(|id| ChannelSku::new(id.to_string())),
        _ => None,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Warehouse {
    #[serde(deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(deserialize_with = "lenient::boolean")]
    is_active: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Inventory {
    #[serde(deserialize_with = "lenient::or_default")]
    balance: Vec<Balance>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Balance {
    #[serde(deserialize_with = "lenient::text")]
    warehouse_id: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    total_quantity: Option<i64>,
    #[serde(deserialize_with = "lenient::boolean")]
    has_unlimited_quantity: Option<bool>,
}

/// Reads anything as each form of answer there is.
#[cfg(any(test, fuzzing))]
pub(super) fn read_anything(answer: &crate::http::Answer) {
    let _ = (answer.json::<Vec<Warehouse>>(), answer.json::<Inventory>());
    if let Ok(ids) = answer.json::<BTreeMap<String, Value>>() {
        let _ = ids.values().filter_map(sku_id).count();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_as_text_or_number_and_what_is_not_found_as_anything() {
        let id = |value: Value| sku_id(&value).map(|id| id.to_string());
        assert_eq!(id(json!("435")).as_deref(), Some("435"));
        assert_eq!(id(json!("0435")).as_deref(), Some("0435"), "a leading zero makes another SKU");
        assert_eq!(id(json!(435)).as_deref(), Some("435"));
        for nothing in [json!(null), json!(""), json!(" "), json!(0), json!("0"), json!([]), json!(-1)] {
            assert_eq!(id(nothing.clone()), None, "{nothing}");
        }
    }
}
