//! What Eccosys answers when it is asked for an order, as it comes.

use serde_json::Value;

use super::Eccosys;
use crate::http::{Call, Raw, segment};
use crate::model::{ErpOrderId, OrderId};

impl Eccosys {
    /// The order by its internal id, or by the store's number while it has none; its items, tracking and invoice. They hold the
    /// customer's data. Nothing of it is kept.
    pub async fn raw_order(&self, id: Option<&ErpOrderId>, number: &OrderId) -> Vec<Raw> {
        let Some(id) = id else {
            let path = format!("/pedidos/numeroOC={}", segment(number.as_str()));
            return vec![self.door.raw(Call::read("find order", path).about(number.as_str())).await];
        };
        let path = format!("/pedidos/{}", segment(id.as_str()));
        let read = async |what, path: String| self.door.raw(Call::read(what, path).about(number.as_str())).await;
        let order = read("read order", path.clone()).await;
        let invoice = order.answer.as_ref().ok().and_then(Option::as_ref).and_then(invoice_of);
        let mut all = vec![order, read("read items", format!("{path}/items")).await];
        all.push(read("read tracking", format!("{path}/rastreamento")).await);
        if let Some(invoice) = invoice {
            all.push(read("read invoice", format!("/nfes/{}", segment(&invoice))).await);
        }
        all
    }
}

/// The id of the invoice that an order names. 0 is none.
fn invoice_of(order: &Value) -> Option<String> {
    let id = match order.get(0).unwrap_or(order).get("idNotaFiscalRef")? {
        Value::String(id) => id.trim().to_owned(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    super::wire::some(Some(&id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_invoice_is_asked_for_where_the_order_names_one() {
        let invoice = |value: Value| invoice_of(&value);
        assert_eq!(invoice(json!({ "idNotaFiscalRef": "17" })).as_deref(), Some("17"));
        assert_eq!(invoice(json!([{ "idNotaFiscalRef": 17 }])).as_deref(), Some("17"));
        assert_eq!(invoice(json!({ "idNotaFiscalRef": "0" })), None);
        assert_eq!((invoice(json!({})), invoice(json!([])), invoice(json!("nada"))), (None, None, None));
    }
}
