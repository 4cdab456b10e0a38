//! What the people around the shop do, for whoever has the program and not the library: `/_sandbox/…`, without a token.

use serde_json::{Map, Value, json};

use super::super::call::{Answer, Request};
use super::order::{AnyCancelledBy, Transmission};
use super::{Anymarket, XmlRefusal};

impl Anymarket {
    /// `None` when the path is not one of these.
    pub(super) fn obey(&mut self, request: &Request) -> Option<Answer> {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["_sandbox", "state"]) => Some(Answer::json(&self.state())),
            ("POST", ["_sandbox", "orders", id, what]) => {
                let id = id.parse().ok().filter(|id| self.orders.contains_key(id));
                let done = id.and_then(|id| self.happen(id, what));
                Some(Answer::empty(if done.is_some() { 204 } else { 404 }))
            }
            _ => None,
        }
    }

    fn happen(&mut self, id: i64, what: &str) -> Option<()> {
        match what {
            "pay" => self.pay(id),
            "cancel" => self.cancel(id, AnyCancelledBy::Buyer),
            "cancel-by-marketplace" => self.cancel(id, AnyCancelledBy::Marketplace),
            "cancel-by-seller" => self.cancel(id, AnyCancelledBy::Seller),
            "delivery-issue" => self.report_delivery_issue(id),
            "refuse-xml" => self.refuse_xml(id, XmlRefusal::ShipmentStatus, 1),
            _ => return None,
        }
        Some(())
    }

    /// Everything, as it is.
    pub fn state(&self) -> Value {
        let orders = self.orders.values().map(|order| {
            let told = json!({
                "status": order.status,
                "marketplace": order.seed.marketplace,
                "total": order.seed.total(),
                "transmission": match &order.transmission {
                    Transmission::Ok => "OK",
                    Transmission::Waiting => "WAITING",
                    Transmission::Error(message) => message,
                },
                "invoice": order.invoice,
                "tracking": order.tracking,
                "xml": order.xml.is_some(),
            });
            (order.id.to_string(), told)
        });
        json!({
            "orders": orders.collect::<Map<_, _>>(),
            "effects": self.effects,
            "stock": self.stock_state(),
            "feed": self.feed.depth(),
            "calls": self.total_calls,
        })
    }
}
