//! What the people around the shop do, for whoever has the program and not the library: `/_sandbox/…`, without keys.

use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::Vtex;

impl Vtex {
    /// `None` when the path is not one of these.
    pub(super) fn obey(&mut self, request: &Request) -> Option<Answer> {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let answer = match (request.method.as_str(), path.as_slice()) {
            ("GET", ["_sandbox", "state"]) => Answer::json(&self.state()),
            ("POST", ["_sandbox", "orders", id, _]) if !self.orders.contains_key(*id) => Answer::empty(404),
            ("POST", ["_sandbox", "orders", id, what]) => {
                match *what {
                    "approve" => self.approve_payment(id),
                    "deny" => self.deny_payment(id),
                    "review" => self.review_payment(id),
                    "cancel" => self.cancel_by_customer(id),
                    "request-cancellation" => self.request_cancellation(id),
                    _ => return Some(Answer::empty(404)),
                }
                Answer::empty(204)
            }
            ("PUT", ["_upload", file]) => self.upload_batch(file, request),
            ("GET", ["_errors", file]) => self.download_errors(file),
            _ => return None,
        };
        Some(answer)
    }

    /// Everything, as it is.
    pub fn state(&self) -> Value {
        let orders = self.orders.values().map(|order| {
            let invoices: Vec<_> =
                order.packages.iter().map(|one| json!({"number": one.number, "value": one.value})).collect();
            let told = json!({"status": order.status, "value": order.value(), "invoices": invoices});
            (order.id.clone(), told)
        });
        json!({
            "orders": orders.collect::<serde_json::Map<_, _>>(),
            "effects": self.effects,
            "stock": self.stock_state(),
            "feed": {"exists": self.feed.exists(), "events": self.feed.depth()},
            "calls": self.total_calls,
        })
    }
}
