//! Which SKU id a reference code has (VTEX 6.4).

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::Vtex;

/// The answer for a code nobody has, which is undocumented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownCode {
    #[default]
    NotFound,
    Null,
    EmptyText,
}

impl Vtex {
    /// The catalogue has a SKU with this reference code; lines of orders enter theirs by themselves.
    pub fn add_sku(&mut self, id: &str, ref_id: &str) {
        self.catalog.insert(id.to_owned(), ref_id.to_owned());
    }

    pub(super) fn sku_id(&self, ref_id: &str) -> Answer {
        match (self.id_of(ref_id), self.unknown_code) {
            (Some(id), _) => Answer::json(&json!(id)),
            (None, UnknownCode::NotFound) => Answer::empty(404),
            (None, UnknownCode::Null) => Answer::json(&Value::Null),
            (None, UnknownCode::EmptyText) => Answer::json(&json!("")),
        }
    }

    pub(super) fn sku_ids_of(&self, request: &Request) -> Result<Answer, Answer> {
        let body = request.json()?;
        let codes = body.as_array().ok_or_else(|| Answer::bad_request("a list of codes is expected"))?;
        let own = self.catalog.iter().rev().map(|(id, code)| (code.as_str(), id.as_str()));
        let more = self.more_codes.iter().map(|(code, id)| (code.as_str(), id.as_str()));
        let ids: HashMap<&str, &str> = own.chain(more).collect();
        let mut found = BTreeMap::new();
        for code in codes.iter().filter_map(Value::as_str) {
            // The same code twice is more than it can bear.
            if found.insert(code, ids.get(code)).is_some() {
                return Err(Answer::error(500, "001", "An error has occurred"));
            }
        }
        Ok(Answer::json(&json!(found)))
    }

    pub(super) fn sku(&self, request: &Request) -> Result<Answer, Answer> {
        let code = request.query("RefId").ok_or_else(|| Answer::bad_request("RefId is required"))?;
        let id = self.id_of(&code).ok_or_else(|| Answer::empty(404))?;
        Ok(Answer::json(&json!({
            "Id": number(id), "ProductId": 1, "IsActive": true, "Name": code, "RefId": code, "Ean": null,
            "PackagedWeightKg": 300.0,
        })))
    }

    pub(super) fn all_sku_ids(&self, request: &Request) -> Result<Answer, Answer> {
        let page = request.number("page")?.unwrap_or(1).max(1);
        let size = request.number("pagesize")?.unwrap_or(1_000).clamp(1, 1_000);
        let ids = self.catalog.keys().skip((page - 1) * size).take(size).map(|id| number(id));
        Ok(Answer::json(&Value::Array(ids.collect())))
    }

    fn id_of(&self, ref_id: &str) -> Option<&str> {
        self.catalog.iter().find(|(_, code)| *code == ref_id).map(|(id, _)| id.as_str())
    }
}

fn number(id: &str) -> Value {
    id.parse::<i64>().map_or_else(|_| json!(id), |id| json!(id))
}
