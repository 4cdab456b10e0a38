//! SKUs, kits and the locations of stock (ANYMARKET 6.5, 6.6).

use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::Anymarket;
use super::amount::Amount;
use super::page::Page;
use super::refusal::not_found;
use super::seed_order::AnyOrderSeed;

/// A SKU, by the seller's code.
#[derive(Clone, Debug)]
pub struct AnySku {
    pub id: i64,
    pub title: String,
    pub ean: Option<String>,
    /// What it is made of, if it is a kit.
    pub components: Vec<(String, Amount)>,
}

/// Where stock is kept.
#[derive(Clone, Debug)]
pub struct Location {
    pub id: i64,
    pub name: String,
}

impl Location {
    pub fn new(id: i64, name: &str) -> Self {
        Self { id, name: name.into() }
    }
}

/// What the shop's people do in the panel.
impl Anymarket {
    /// A SKU with this code, if there is none; gives its id.
    pub fn add_sku(&mut self, code: &str) -> i64 {
        let id = 100_001 + i64::try_from(self.skus.len()).unwrap_or(0);
        let title = format!("Produto {code}");
        self.skus.entry(code.to_owned()).or_insert(AnySku { id, title, ean: None, components: Vec::new() }).id
    }

    /// A kit of so many units of each component.
    pub fn add_kit(&mut self, code: &str, components: &[(&str, i64)]) {
        for (component, _) in components {
            self.add_sku(component);
        }
        self.add_sku(code);
        if let Some(kit) = self.skus.get_mut(code) {
            kit.title = format!("Kit {code}");
            kit.components = components.iter().map(|(sku, units)| ((*sku).to_owned(), (*units).into())).collect();
        }
    }

    /// One more place for stock.
    pub fn add_location(&mut self, id: i64, name: &str) {
        self.locations.push(Location::new(id, name));
    }
}

impl Anymarket {
    /// The SKUs of an order that is placed exist.
    pub(super) fn enter_skus(&mut self, seed: &AnyOrderSeed) {
        for line in &seed.lines {
            self.add_sku(&line.sku);
            if let Some(sku) = self.skus.get_mut(&line.sku) {
                sku.title.clone_from(&line.title);
            }
            if let Some((kit, kits)) = line.kit.as_ref().filter(|(kit, _)| !self.skus.contains_key(kit)) {
                let parts = seed.lines.iter().filter(|part| part.kit.as_ref().is_some_and(|(one, _)| one == kit));
                let units = |part: &Amount| part.over(*kits);
                let parts: Vec<(&str, i64)> = parts.map(|part| (part.sku.as_str(), units(&part.amount))).collect();
                self.add_kit(kit, &parts);
            }
        }
    }

    pub(super) fn sku_id(&self, code: &str) -> i64 {
        self.skus.get(code).map_or(0, |sku| sku.id)
    }

    pub(super) fn title(&self, code: &str) -> String {
        self.skus.get(code).map_or_else(String::new, |sku| sku.title.clone())
    }

    pub(super) fn ean(&self, code: &str) -> Option<String> {
        self.skus.get(code).and_then(|sku| sku.ean.clone())
    }

    pub(super) fn location_name(&self, id: i64) -> &str {
        self.locations.iter().find(|one| one.id == id).map_or("", |one| &one.name)
    }

    /// A bare list.
    pub(super) fn list_locations(&self) -> Answer {
        Answer::json(&Value::Array(self.locations.iter().map(|one| self.shown_location(one)).collect()))
    }

    pub(super) fn read_location(&self, id: &str) -> Result<Answer, Answer> {
        let location = self.locations.iter().find(|one| one.id.to_string() == id).ok_or_else(|| not_found(id))?;
        Ok(Answer::json(&self.shown_location(location)))
    }

    fn shown_location(&self, location: &Location) -> Value {
        json!({
            "id": location.id,
            "name": location.name,
            "virtual": false,
            "distributor": null,
            "defaultLocal": self.locations.first().is_some_and(|first| first.id == location.id),
            "zipCode": "01310100",
        })
    }

    /// No filter is confirmed, and so there is none.
    pub(super) fn list_skus(&self, request: &Request) -> Result<Answer, Answer> {
        let page = Page::read(request)?;
        let shown: Vec<Value> =
            page.of(self.skus.iter()).map(|(code, sku)| self.shown_sku(code, sku, request)).collect();
        Ok(page.answer(request, &self.base_url, &shown, self.skus.len(), self.skus.len()))
    }

    pub(super) fn sku_by_code(&self, code: &str, request: &Request) -> Result<Answer, Answer> {
        let sku = self.skus.get(code).ok_or_else(|| not_found(code))?;
        Ok(Answer::json(&self.shown_sku(code, sku, request)))
    }

    pub(super) fn sku_by_id(&self, id: &str, request: &Request) -> Result<Answer, Answer> {
        let found = self.skus.iter().find(|(_, sku)| sku.id.to_string() == id);
        let (code, sku) = found.ok_or_else(|| not_found(id))?;
        Ok(Answer::json(&self.shown_sku(code, sku, request)))
    }

    fn shown_sku(&self, code: &str, sku: &AnySku, request: &Request) -> Value {
        let mut shown = json!({
            "id": sku.id,
            "partnerId": code,
            "title": sku.title,
            "ean": sku.ean,
            "amount": self.available_amount(code),
            "price": 0.0,
            "sellPrice": 0.0,
            "additionalTime": 0,
            "variations": [],
            "volumes": [],
        });
        if request.query("showProduct").as_deref() == Some("true") {
            shown["product"] = json!({"id": sku.id + 700_000, "title": sku.title});
        }
        shown
    }
}
