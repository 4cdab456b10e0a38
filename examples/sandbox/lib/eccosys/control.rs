//! What the people inside the ERP do, for whoever has the program and not the library: `/_sandbox/…`, without a token.

use serde_json::{Map, Value, json};

use super::super::call::{Answer, Request};
use super::Eccosys;

impl Eccosys {
    /// `None` when the path is not one of these.
    pub(super) fn obey(&mut self, request: &Request) -> Option<Answer> {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["_sandbox", "state"]) => Some(Answer::json(&self.state())),
            ("POST", ["_sandbox", "orders", number, what]) => {
                let is_known = !self.find(number).is_empty();
                let done = is_known.then(|| self.happen(number, what)).flatten();
                Some(Answer::empty(if done.is_some() { 204 } else { 404 }))
            }
            _ => None,
        }
    }

    fn happen(&mut self, number: &str, what: &str) -> Option<()> {
        match what {
            "pay" => self.confirm_payment(number),
            "release" => self.release_to_picking(number),
            "pick" => self.pick(number),
            "invoice" => {
                let next = self.invoices.values().map(|invoice| invoice.paper.number).max().unwrap_or(0) + 1;
                self.invoice(number, next);
            }
            "cancel-invoice" => {
                self.sale(number).invoice?;
                self.cancel_invoice(number);
            }
            "track" => {
                let carrier = self.sale(number).text("transportador").to_owned();
                let carrier = if carrier.is_empty() { "Correios".to_owned() } else { carrier };
                self.track(number, "BR123456789BR", "https://rastreio.example/BR123456789BR", &carrier);
            }
            "collect" => {
                self.sale(number).invoice?;
                let collection = self.collection_order(&[number]);
                self.collect(collection);
            }
            "dispatch" => self.dispatch(number),
            "deliver" => self.deliver(number, self.now()),
            "cancel" => self.cancel_order(number),
            _ => return None,
        }
        Some(())
    }

    /// Everything, as it is. Orders are by id: a sale may have several.
    pub fn state(&self) -> Value {
        let orders = self.orders.values().map(|order| {
            let told = json!({
                "number": order.number,
                "store_number": order.store_number,
                "situation": order.situation,
                "total": order.total(),
                "picking": order.text("pickingRealizado"),
                "invoice": order.invoice.and_then(|id| self.invoices.get(&id)).map(|invoice| {
                    json!({"number": invoice.paper.number, "key": invoice.key(), "situation": invoice.situation})
                }),
                "tracking": order.text("codigoRastreamento"),
                "delivered": order.text("dataEntrega"),
                "reserves": order.reserves(),
                "native": order.is_native,
            });
            (order.id.to_string(), told)
        });
        let stock = self.products.values().map(|product| {
            let reserved = self.reserved(&product.code);
            json!({"code": product.code, "physical": product.physical, "reserved": reserved})
        });
        let collections = self.collections.values().map(|collection| {
            json!({"id": collection.id, "situation": collection.situation, "invoices": collection.invoices})
        });
        json!({
            "orders": orders.collect::<Map<_, _>>(),
            "stock": stock.collect::<Value>(),
            "collections": collections.collect::<Value>(),
            "effects": self.effects,
            "calls": self.total_calls,
        })
    }
}
