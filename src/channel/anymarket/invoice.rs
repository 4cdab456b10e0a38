//! Sending an invoice to ANYMARKET: its XML, and the order as invoiced.

use serde_json::{Value, json};

use super::{Anymarket, is_refusal, order_path, refused, said};
use crate::channel::outgoing::{InvoiceToSend, Sent, XmlText};
use crate::http::{Call, CallError, Effect};
use crate::model::{OrderId, calendar};

impl Anymarket {
    /// See [`crate::channel::Channel::send_invoice`].
    pub async fn send_invoice(&self, id: &OrderId, invoice: &InvoiceToSend) -> Result<Sent, CallError> {
        match self.put_order("send invoice", id, body(invoice)).await {
            Err(error) if is_refusal(&error) => Ok(refused(&error)),
            answer => answer.map(|()| Sent::Accepted),
        }
    }

    /// See [`crate::channel::Channel::send_xml`]. The hub stores it and hands it on to the marketplace, whose refusals are its own.
    pub async fn send_xml(&self, id: &OrderId, xml: &XmlText) -> Result<Sent, CallError> {
        let call = Call::write("PUT", "send invoice XML", format!("{}/nfe", order_path(id)), Effect::Once)
            .about(id.as_str())
            .text("application/xml;charset=utf-8", xml.as_str());
        match self.door.call(call).await {
            Ok(_) => Ok(Sent::Accepted),
            Err(error) if !is_refusal(&error) => Err(error),
            Err(error) => Ok(match error.status() {
                Some(500) => refused_by_marketplace(said(&error)),
                _ => refused(&error),
            }),
        }
    }

    /// See [`crate::channel::Channel::has_xml`]. A marketplace may take so many of a sale and no more. Reading it back is deprecated; a
    /// hub that does not give it gets it again.
    pub async fn has_xml(&self, id: &OrderId, key: &str) -> Result<bool, CallError> {
        let call = Call::read("read invoice XML", format!("{}/nfe/type/sale", order_path(id))).about(id.as_str());
        match self.door.call(call).await {
            Ok(answer) => Ok(answer.text().contains(key)),
            Err(error) if matches!(error.status(), Some(400 | 404 | 405 | 410 | 422)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// What a marketplace's words against an XML come to. Mercado Livre takes so many invoices of a sale, of which one is this one; and
/// none while the shipment has certain statuses, such as "pending" with substatus "buffered". Anything else, such as a date of
/// emission it does not like, is for a person. Source: V2 description, fiscal document.
fn refused_by_marketplace(message: String) -> Sent {
    let words = message.to_lowercase();
    let has = |word: &str| words.contains(word);
    if (has("limit") || has("limite")) && has("invoice") {
        Sent::Enough
    } else if has("substatus") || has("shipment") && has("status") {
        Sent::NotYet { message }
    } else {
        Sent::Refused { message }
    }
}

/// Number and series are in the key, and are asked for all the same; the date is the NF-e's own, with its offset.
fn body(invoice: &InvoiceToSend) -> Value {
    let mut told = json!({
        "accessKey": invoice.key,
        "number": invoice.number,
        "series": series(&invoice.key),
        "date": calendar::local_stamp(invoice.issued_at),
    });
    let mut add = |name: &str, value: Option<String>| {
        if let (Some(told), Some(value)) = (told.as_object_mut(), value) {
            told.insert(name.into(), value.into());
        }
    };
    add("linkNfe", invoice.url.clone());
    add("cfop", invoice.fiscal.as_ref().map(|fiscal| fiscal.cfop.to_string()));
    add("companyStateTaxId", invoice.fiscal.as_ref().map(|fiscal| fiscal.issuer_registration.clone()));
    json!({ "status": "INVOICED", "invoice": told })
}

/// The series stands at places 23 to 25 of the access key.
fn series(key: &str) -> String {
    let digits = key.get(22..25).unwrap_or_default().trim_start_matches('0');
    if digits.is_empty() { "0".into() } else { digits.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::outgoing::Fiscal;
    use crate::model::Cents;

    #[test]
    fn what_a_marketplace_says_against_an_xml_is_told_apart() {
        let of = |words: &str| refused_by_marketplace(format!("error updating the fiscal document. Erro: {words}"));
        for later in
            ["invoice data not allowed for shipment status pending, substatus buffered", "Shipment Status: pending"]
        {
            assert!(matches!(of(later), Sent::NotYet { message } if message.contains(later)), "{later}");
        }
        assert_eq!(of("limit of invoices saved on the sale reached"), Sent::Enough);
        for never in ["invalid_invoice_emission_date", "status de nota desconhecido", ""] {
            assert!(matches!(of(never), Sent::Refused { .. }), "{never}");
        }
    }

    #[test]
    fn an_invoice_is_written_as_the_description_has_it() {
        let invoice = InvoiceToSend {
            number: "1001".into(),
            key: "35261012345678000195550010000010011482139770".into(),
            issued_at: "2026-10-16T01:40:10Z".parse().unwrap(),
            value: Cents::new(14_990),
            url: None,
            xml: None,
            fiscal: None,
            items: Vec::new(),
            tracking: None,
        };
        let told = json!({
            "accessKey": invoice.key, "number": "1001", "series": "1", "date": "2026-10-15T22:40:10-03:00",
        });
        assert_eq!(body(&invoice), json!({ "status": "INVOICED", "invoice": told }));
        let fiscal = Some(Fiscal { cfop: 6_108, issuer_registration: "ISENTO".into() });
        let more = InvoiceToSend { url: Some("https://nfe.example/1".into()), fiscal, ..invoice };
        let told = &body(&more)["invoice"];
        assert_eq!(told["linkNfe"], "https://nfe.example/1");
        assert_eq!((&told["cfop"], &told["companyStateTaxId"]), (&"6108".into(), &"ISENTO".into()));
        assert_eq!((series("x").as_str(), series("35261012345678000195550000000010011482139770").as_str()), ("0", "0"));
    }
}
