//! Stock at ANYMARKET: set in batches by the store's own code, with an outcome for each product.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Anymarket, said};
use crate::channel::{ChannelWarehouse, DEFAULT_WAREHOUSE, StockAnswer, StockShown, StockToSet};
use crate::http::{Answer, Call, CallError, Effect, lenient};
use crate::model::{ChannelSku, WarehouseId};

/// Most products of one call. Source: V2 description, `PUT /stocks/batch`.
pub(crate) const BATCH: usize = 200;

impl Anymarket {
    /// See [`crate::channel::Channel::set_stock`]. An answer may leave out a product, which then counts as taken when the call as a
    /// whole was. A batch that is refused as a whole, or for a product that is not named, is divided until the product that is to blame
    /// stands alone.
    pub async fn set_stock(&self, wanted: &[StockToSet]) -> Result<Vec<StockAnswer>, CallError> {
        let mut answers = Vec::with_capacity(wanted.len());
        let mut parts: Vec<&[StockToSet]> = wanted.chunks(BATCH).rev().collect();
        while let Some(part) = parts.pop() {
            let body = Value::Array(part.iter().map(item).collect());
            let call = Call::write("PUT", "set stock", "/stocks/batch", Effect::Repeatable).json(body);
            match self.door.call(call).await {
                Ok(answer) => {
                    // It is documented without a body; an empty one under another status is nobody's yes.
                    if answer.status != 204 {
                        answer.expect_json()?;
                    }
                    let outcome = Outcome::of(&answer, part);
                    if outcome.unnamed.is_some() && part.len() > 1 {
                        let (first, second) = part.split_at(part.len() / 2);
                        parts.extend([second, first]);
                        continue;
                    }
                    answers.extend(part.iter().map(|one| outcome.about(&one.sku)));
                }
                Err(error) if refuses(&error) && part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error) if refuses(&error) => answers.push(StockAnswer::Refused { message: said(&error) }),
                Err(error) => return Err(error),
            }
        }
        Ok(answers)
    }

    /// See [`crate::channel::Channel::read_stock`].
    pub async fn read_stock(&self, sku: &ChannelSku, warehouse: &WarehouseId) -> Result<StockShown, CallError> {
        let call =
            Call::read("read stock", "/stocks").query("sku", sku.as_str()).query("limit", "100").about(sku.as_str());
        let Some(answer) = self.door.call_optional(call).await? else {
            return Ok(StockShown::default());
        };
        let page: Page = answer.json()?;
        // The list is not trusted to have filtered.
        let rows =
            || page.content.iter().filter(|row| row.stock_keeping_unit.partner_id.as_deref() == Some(sku.as_str()));
        let is_here = |row: &&Row| match warehouse.as_str() {
            DEFAULT_WAREHOUSE => row.stock_local.default_local == Some(true),
            id => row.stock_local.id.as_deref() == Some(id),
        };
        let units = rows().find(is_here).and_then(|row| row.amount);
        Ok(StockShown { units, is_kit: rows().find_map(|row| row.is_kit) })
    }

    /// See [`crate::channel::Channel::warehouses`]: its stock locations.
    pub async fn warehouses(&self) -> Result<Vec<ChannelWarehouse>, CallError> {
        let told: Vec<Local> = self.door.call(Call::read("list stock locations", "/stocks/locals")).await?.json()?;
        let warehouse = |one: Local| {
            let name = one.name.unwrap_or_default();
            one.id.map(|id| ChannelWarehouse { id, name, is_default: one.default_local, is_active: None })
        };
        Ok(told.into_iter().filter_map(warehouse).collect())
    }
}

/// Whether it is what was sent that the hub does not take. A product or location that it does not know may be a 404.
fn refuses(error: &CallError) -> bool {
    error.is_not_found() || matches!(error.status(), Some(400 | 422))
}

/// Never with a cost: it would change prices where these follow from it.
fn item(wanted: &StockToSet) -> Value {
    let mut told = json!({ "partnerId": wanted.sku, "quantity": wanted.quantity });
    if let (Some(told), false) = (told.as_object_mut(), wanted.warehouse.as_str() == DEFAULT_WAREHOUSE) {
        let id = wanted.warehouse.as_str();
        told.insert("stockLocalId".into(), id.parse::<i64>().map_or_else(|_| id.into(), Into::into));
    }
    told
}

/// What the answer says of each product of the batch. It is documented under a status that has no body, and in two shapes; a hub that
/// says it in yet another names a product by its code all the same, or it cannot be told which ones it refuses.
#[derive(Debug, Default)]
struct Outcome<'a> {
    taken: BTreeSet<&'a ChannelSku>,
    refused: BTreeMap<&'a ChannelSku, String>,
    /// What it says against products that it does not name: any that it does not name as taken.
    unnamed: Option<String>,
}

impl<'a> Outcome<'a> {
    fn of(answer: &Answer, batch: &'a [StockToSet]) -> Self {
        let told: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
        let mut outcome = Self::default();
        outcome.taken.extend(entries(&told["success"], batch).into_iter().filter_map(|(sku, _)| sku));
        for (sku, message) in entries(&told["errors"], batch) {
            match sku {
                Some(sku) => drop(outcome.refused.insert(sku, message)),
                None => outcome.unnamed = Some(message),
            }
        }
        outcome
    }

    fn about(&self, sku: &ChannelSku) -> StockAnswer {
        let unnamed = self.unnamed.as_ref().filter(|_| !self.taken.contains(sku));
        match self.refused.get(sku).or(unnamed) {
            Some(message) => StockAnswer::Refused { message: message.clone() },
            None => StockAnswer::Taken,
        }
    }
}

/// What a list or an object says, each with the product it is about: `{"SKU": "words"}`, `{"partnerId": "SKU"}`, or its code alone.
fn entries<'a>(told: &Value, batch: &'a [StockToSet]) -> Vec<(Option<&'a ChannelSku>, String)> {
    let named = |code: &str| {
        let codes = || batch.iter().map(|wanted| &wanted.sku);
        let is_like = |sku: &&ChannelSku| sku.as_str().to_lowercase() == code.trim().to_lowercase();
        codes().find(|sku| sku.as_str() == code).or_else(|| codes().find(is_like))
    };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let entry = |one: &Value| match one {
        Value::Object(fields) if fields.keys().any(|key| named(key).is_some()) => {
            fields.iter().map(|(key, words)| (named(key), text(words))).collect()
        }
        Value::Object(fields) => {
            let words = ["message", "error", "description"].iter().find_map(|field| fields.get(*field));
            let code = ["partnerId", "sku"].iter().find_map(|field| named(&text(fields.get(*field)?)));
            vec![(code, text(words.unwrap_or(one)))]
        }
        other => vec![(named(&text(other)), text(other))],
    };
    match told {
        Value::Null => Vec::new(),
        nothing if [json!({}), json!(""), json!(0), json!(false)].contains(nothing) => Vec::new(),
        Value::Array(list) => list.iter().flat_map(entry).collect(),
        one => entry(one),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Page {
    #[serde(deserialize_with = "lenient::or_default")]
    content: Vec<Row>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Row {
    #[serde(deserialize_with = "lenient::or_default")]
    stock_keeping_unit: Unit,
    #[serde(deserialize_with = "lenient::or_default")]
    stock_local: Local,
    #[serde(deserialize_with = "lenient::integer")]
    amount: Option<i64>,
    #[serde(deserialize_with = "lenient::boolean")]
    is_kit: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Unit {
    #[serde(deserialize_with = "lenient::text")]
    partner_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Local {
    #[serde(deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(deserialize_with = "lenient::boolean")]
    default_local: Option<bool>,
}

/// Reads anything as each form of answer there is.
#[cfg(any(test, fuzzing))]
pub(super) fn read_anything(answer: &Answer) {
    let _ = (answer.json::<Page>(), answer.json::<Vec<Local>>());
    let caneca = StockToSet {
        sku: ChannelSku::new("CANECA"),
        warehouse: WarehouseId::new(DEFAULT_WAREHOUSE),
        quantity: 1,
        balance_at: crate::model::Instant::UNIX_EPOCH,
    };
    let _ = Outcome::of(answer, std::slice::from_ref(&caneca)).about(&caneca.sku);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_counts_as_taken_only_where_what_is_refused_is_told() {
        let wanted = |sku: &str| StockToSet {
            sku: ChannelSku::new(sku),
            warehouse: WarehouseId::new(DEFAULT_WAREHOUSE),
            quantity: 7,
            balance_at: "2026-11-25T12:00:00Z".parse().unwrap(),
        };
        let batch = ["CANECA", "BONE", "FIO"].map(wanted);
        // Each answer with the products that it refuses.
        let table: [(Value, &[&str]); 14] = [
            (Value::Null, &[]),
            (json!({ "success": [{ "CANECA": "ok" }], "errors": [] }), &[]),
            (json!({ "success": [], "errors": {} }), &[]),
            (json!({ "success": 3, "errors": 0 }), &[]),
            // The two that are documented.
            (json!({ "success": [{ "CANECA": "ok" }], "errors": [{ "BONE": "não" }] }), &["BONE"]),
            (json!({ "success": { "CANECA": "ok" }, "errors": { "BONE": "não", "FIO": "não" } }), &["BONE", "FIO"]),
            // Others that name the product.
            (json!({ "errors": [{ "bone": "não" }] }), &["BONE"]),
            (json!({ "errors": [{ "partnerId": "BONE", "message": "não" }] }), &["BONE"]),
            (json!({ "errors": { "sku": "BONE", "error": "não" } }), &["BONE"]),
            (json!({ "errors": ["BONE"] }), &["BONE"]),
            // Those that do not.
            (json!({ "success": [{ "CANECA": "ok" }], "errors": ["não"] }), &["BONE", "FIO"]),
            (json!({ "success": ["CANECA", "FIO"], "errors": [{ "BONE": "não" }, { "OUTRO": "não" }] }), &["BONE"]),
            (
                json!({ "success": [], "errors": [{ "partnerId": "OUTRO", "message": "não" }] }),
                &["CANECA", "BONE", "FIO"],
            ),
            (json!({ "errors": "não" }), &["CANECA", "BONE", "FIO"]),
        ];
        for (told, refused) in table {
            let answer = Answer::saying(told.to_string().as_bytes());
            let outcome = Outcome::of(&answer, &batch);
            let is_refused = |one: &&StockToSet| matches!(outcome.about(&one.sku), StockAnswer::Refused { .. });
            let found: Vec<&str> = batch.iter().filter(is_refused).map(|one| one.sku.as_str()).collect();
            assert_eq!(found, refused, "{told}");
        }
        let answer =
            Answer::saying(json!({ "errors": [{ "partnerId": "BONE", "message": "não" }] }).to_string().as_bytes());
        assert_eq!(Outcome::of(&answer, &batch).about(&batch[1].sku), StockAnswer::Refused { message: "não".into() });
    }

    #[test]
    fn a_product_is_named_by_the_stores_code_and_never_priced() {
        let wanted = |warehouse: &str| StockToSet {
            sku: ChannelSku::new("CANECA"),
            warehouse: WarehouseId::new(warehouse),
            quantity: 7,
            balance_at: "2026-11-25T12:00:00Z".parse().unwrap(),
        };
        assert_eq!(item(&wanted("9")), json!({ "partnerId": "CANECA", "quantity": 7, "stockLocalId": 9 }));
        assert_eq!(item(&wanted("default")), json!({ "partnerId": "CANECA", "quantity": 7 }));
    }
}
