//! Callbacks of the account (ANYMARKET 3.2), and errors reported to the seller's panel (7.3).

use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::page::Page;
use super::refusal::{body, not_found, refuse, required, required_date};
use super::{AnyEffect, Anymarket};

/// An address that is told of changes.
#[derive(Clone, Debug)]
pub struct Callback {
    pub id: i64,
    pub url: String,
    /// It is told of orders.
    pub order_active: bool,
    /// Somebody answers there. The sandbox calls nobody: it only knows whether the call would be taken.
    pub is_working: bool,
}

impl Anymarket {
    /// Somebody registers a callback for orders in the panel, and answers it or not.
    pub fn add_callback(&mut self, url: &str, is_working: bool) {
        let id = self.callbacks.iter().map(|one| one.id).max().unwrap_or(0) + 1;
        self.callbacks.push(Callback { id, url: url.into(), order_active: true, is_working });
    }

    /// Whether somebody took the news of an order.
    pub(super) fn call_back(&self) -> bool {
        self.callbacks.iter().any(|one| one.order_active && one.is_working)
    }

    pub(super) fn route_callbacks(&mut self, path: &[&str], request: &Request) -> Result<Answer, Answer> {
        let wanted = path.first().and_then(|id| id.parse::<i64>().ok());
        let found = self.callbacks.iter().position(|one| Some(one.id) == wanted);
        match (request.method.as_str(), path, found) {
            ("GET", [], _) => {
                let page = Page::read(request)?;
                let shown: Vec<Value> = page.of(self.callbacks.iter()).map(Callback::shown).collect();
                let total = self.callbacks.len();
                Ok(page.answer(request, &self.base_url, &shown, total, total))
            }
            ("POST", [], _) => {
                let body = body(request)?;
                self.add_callback(required(&body, "url")?, true);
                let created = self.callbacks.last_mut().ok_or_else(|| refuse(500, "Erro interno do servidor."))?;
                created.order_active = body["orderActive"].as_bool().unwrap_or(false);
                Ok(Answer { status: 201, ..Answer::json(&created.shown()) })
            }
            ("GET", [_], Some(at)) => Ok(Answer::json(&self.callbacks[at].shown())),
            ("DELETE", [_], Some(at)) => {
                self.callbacks.remove(at);
                Ok(Answer::empty(204))
            }
            _ => Err(not_found(path.first().unwrap_or(&""))),
        }
    }

    pub(super) fn monitor(&mut self, request: &Request) -> Result<Answer, Answer> {
        let body = body(request)?;
        let (partner_id, message, kind) =
            (required(&body, "partnerId")?, required(&body, "message")?, required(&body, "type")?);
        required(&body, "origin")?;
        required_date(&body, "createdAt")?;
        let status = required(&body, "status")?;
        let is_valid = message.chars().count() <= 500
            && ["ALERT", "INTERNAL_ERROR", "CRITICAL_ERROR"].contains(&kind)
            && ["PENDING", "RETRYING", "CANCELLED", "CONCLUED"].contains(&status);
        if !is_valid {
            return Err(refuse(422, "Monitoramento inválido."));
        }
        let (partner_id, kind, message) = (partner_id.to_owned(), kind.to_owned(), message.to_owned());
        self.effects.push(AnyEffect::Monitoring { partner_id, kind, message });
        Ok(Answer::json(&body))
    }
}

impl Callback {
    /// One of the keys ends with a space (ANYMARKET 3.2).
    fn shown(&self) -> Value {
        json!({
            "id": self.id,
            "url": self.url,
            "token": null,
            "orderActive": self.order_active,
            "productActive": false,
            "transmissionActive": false,
            "questionActive ": false,
        })
    }
}
