//! Orders found: by key, by the shop's number, by date, by situation, by document (ECCOSYS 2.1).

use serde_json::Value;

use super::super::call::{Answer, Request};
use super::Eccosys;
use super::create::document_of;
use super::order::EccOrder;
use super::page::{Page, Window};
use super::report::refusal;

impl Eccosys {
    pub(super) fn read_order(&self, key: &str) -> Result<Answer, Answer> {
        Ok(self.one(self.shown(self.order(self.known(key)?))))
    }

    pub(super) fn read_items(&self, key: &str) -> Result<Answer, Answer> {
        Ok(Answer::json(&self.shown_items(self.order(self.known(key)?))))
    }

    /// The order a key names: an id or the ERP's number, both plain integers (ECCOSYS 2.1).
    pub(super) fn known(&self, key: &str) -> Result<i64, Answer> {
        let by_id = key.parse().ok().filter(|id| self.orders.contains_key(id));
        let by_number = || self.orders.values().find(|order| order.number == key).map(|order| order.id);
        let found = match self.settings.number_before_id {
            true => by_number().or(by_id),
            false => by_id.or_else(by_number),
        };
        found.ok_or_else(|| self.nothing())
    }

    /// The order of an id, where a number is not taken.
    pub(super) fn known_id(&self, id: &str) -> Result<i64, Answer> {
        id.parse().ok().filter(|id| self.orders.contains_key(id)).ok_or_else(|| self.nothing())
    }

    /// All orders of a sale: there may be more than one.
    pub(super) fn orders_of_sale(&self, wanted: &str, request: &Request) -> Result<Answer, Answer> {
        let is_encoded = !request.path.contains("/numeroOC=");
        if wanted.is_empty() || is_encoded && !self.settings.takes_encoded_equals {
            return Err(self.nothing());
        }
        let is_loose = self.settings.order_search_is_loose;
        let found = self.orders.values().filter(|order| match is_loose {
            true => order.store_number.starts_with(wanted),
            false => order.store_number == wanted,
        });
        let found: Vec<Value> = found.map(|order| self.shown(order)).collect();
        if found.is_empty() { Err(self.nothing()) } else { Ok(Answer::json(&Value::Array(found))) }
    }

    /// The orders a caller lists, of those that are wanted.
    pub(super) fn list_orders(
        &self,
        request: &Request,
        is_wanted: impl Fn(&EccOrder) -> bool,
    ) -> Result<Answer, Answer> {
        let (page, window) = (Page::read(request, self.settings.default_count)?, Window::read(request)?);
        let considered = match request.query("$dataConsiderada").as_deref() {
            None | Some("data") => "data",
            Some("dataFaturamento") => "dataFaturamento",
            Some(_) => return Err(refusal(400, "Parâmetro $dataConsiderada inválido.")),
        };
        let mut found: Vec<&EccOrder> =
            self.orders.values().filter(|order| is_wanted(order) && window.has(order.text(considered))).collect();
        match request.query("$orderBy").as_deref() {
            Some("data,ASC" | "data") => found.sort_by_key(|order| order.text("data")),
            Some("data,DESC") => {
                found.sort_by_key(|order| order.text("data"));
                found.reverse();
            }
            _ => {}
        }
        Ok(self.listed(page.of(found).map(|order| self.shown(order)).collect()))
    }

    pub(super) fn orders_in_situation(&self, code: &str, request: &Request) -> Result<Answer, Answer> {
        let code: i64 = code.parse().map_err(|_| self.nothing())?;
        self.list_orders(request, |order| order.situation == code)
    }

    pub(super) fn orders_of_document(&self, document: &str, request: &Request) -> Result<Answer, Answer> {
        self.list_orders(request, |order| {
            self.contacts.get(&order.contact).is_some_and(|contact| document_of(contact) == document)
        })
    }
}
