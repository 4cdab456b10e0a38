//! Sending an invoice to VTEX.

use serde::Serialize;

use super::Vtex;
use crate::channel::outgoing::{InvoiceToSend, Sent, XmlText};
use crate::http::{Answer, Call, CallError, Effect, segment};
use crate::model::{OrderId, calendar};

/// "Order invoice notification" as VTEX's Orders API describes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification<'a> {
    /// Always `Output`, a sale. `Input` is a return, for which VTEX makes a refund at once.
    #[serde(rename = "type")]
    kind: &'static str,
    issuance_date: String,
    invoice_number: &'a str,
    /// Cents, as text: the description's form, though live accounts take a number too.
    invoice_value: String,
    invoice_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_url: Option<&'a str>,
    /// The XML itself, neither encoded nor an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    embedded_invoice: Option<&'a str>,
    /// Blank when it comes later by a call of its own.
    courier: &'a str,
    tracking_number: &'a str,
    tracking_url: &'a str,
    items: Vec<NotifiedItem<'a>>,
}

#[derive(Serialize)]
struct NotifiedItem<'a> {
    id: &'a str,
    /// Cents of one unit; VTEX multiplies.
    price: i64,
    quantity: i64,
}

impl<'a> Notification<'a> {
    fn of(invoice: &'a InvoiceToSend) -> Self {
        let tracking = invoice.tracking.as_ref();
        Self {
            kind: "Output",
            issuance_date: calendar::local_stamp(invoice.issued_at),
            invoice_number: &invoice.number,
            invoice_value: invoice.value.get().to_string(),
            invoice_key: &invoice.key,
            invoice_url: invoice.url.as_deref(),
            embedded_invoice: invoice.xml.as_ref().map(XmlText::as_str),
            courier: tracking.and_then(|tracking| tracking.carrier.as_deref()).unwrap_or_default(),
            tracking_number: tracking.map(|tracking| tracking.code.as_str()).unwrap_or_default(),
            tracking_url: tracking.and_then(|tracking| tracking.url.as_deref()).unwrap_or_default(),
            items: invoice
                .items
                .iter()
                .map(|item| NotifiedItem {
                    id: item.id.as_str(),
                    price: item.unit_price.get(),
                    quantity: item.quantity,
                })
                .collect(),
        }
    }
}

impl Vtex {
    /// See [`crate::channel::Channel::send_invoice`]. Never sent again by itself, whatever the answer: only a reading of the
    /// order's packages tells whether it is there.
    pub async fn send_invoice(&self, id: &OrderId, invoice: &InvoiceToSend) -> Result<Sent, CallError> {
        let path = format!("/api/oms/pvt/orders/{}/invoice", segment(id.as_str()));
        let body = serde_json::to_value(Notification::of(invoice)).unwrap_or_default();
        sent(
            self.door.call(Call::write("POST", "send invoice", path, Effect::Once).about(id.as_str()).json(body)).await,
        )
    }
}

/// What an answer to something sent means. A success has a receipt; without a word nothing may have happened, as was seen, and a
/// reading must tell. VTEX documents no refusals; these statuses are its words for "not like this", unless
/// they come with a proxy's page.
pub(super) fn sent(answer: Result<Answer, CallError>) -> Result<Sent, CallError> {
    match answer.and_then(|answer| answer.expect_json().map(drop)) {
        Ok(_) => Ok(Sent::Accepted),
        Err(error) if refuses(&error) && !error.outcome_unknown() => {
            let said = error.api_message().or(error.excerpt()).unwrap_or("no reason given").to_owned();
            Ok(Sent::Refused { message: said })
        }
        Err(error) => Err(error),
    }
}

fn refuses(error: &CallError) -> bool {
    error.is_not_found() || matches!(error.status(), Some(400 | 409 | 422))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::outgoing::Item;
    use crate::model::{Cents, ChannelSku};

    #[test]
    fn an_invoice_is_written_as_vtex_describes_it() {
        let invoice = InvoiceToSend {
            number: "1001".into(),
            key: "35261012345678000195550010000010011482139770".into(),
            issued_at: "2026-10-16T01:40:10Z".parse().unwrap(),
            value: Cents::new(14_990),
            url: None,
            xml: Some(XmlText::new("<nfeProc/>")),
            fiscal: None,
            items: vec![Item { id: ChannelSku::new("1"), unit_price: Cents::new(6_495), quantity: 2 }],
            tracking: None,
        };
        assert_eq!(
            serde_json::to_value(Notification::of(&invoice)).unwrap(),
            serde_json::json!({
                "type": "Output",
                "issuanceDate": "2026-10-15T22:40:10-03:00",
                "invoiceNumber": "1001",
                "invoiceValue": "14990",
                "invoiceKey": "35261012345678000195550010000010011482139770",
                "embeddedInvoice": "<nfeProc/>",
                "courier": "", "trackingNumber": "", "trackingUrl": "",
                "items": [{"id": "1", "price": 6495, "quantity": 2}],
            })
        );
    }
}
