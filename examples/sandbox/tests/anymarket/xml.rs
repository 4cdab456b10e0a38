//! The XML of an invoice.

use serde_json::json;

use super::{anymarket, get, invoiced, message, put, read, request, shirt};
use crate::sandbox::anymarket::*;
use crate::sandbox::papers::Nfe;
use crate::sandbox::{Answer, Request};

fn nfe(a: &Anymarket) -> Nfe {
    Nfe {
        number: 100,
        order: "LU-1".into(),
        recipient: "52998224725".into(),
        lines: vec![("CAMISETA-P".into(), 1, 4_990)],
        freight: 0,
        discount: 0,
        other: 0,
        issued_at: a.now(),
    }
}

fn send(a: &mut Anymarket, id: i64, kind: &str, xml: &str) -> Answer {
    let request = request("PUT", &format!("/v2/orders/{id}/nfe")).with("content-type", kind);
    a.take(&Request { body: xml.into(), ..request }).answer.expect("an answer")
}

fn upload(a: &mut Anymarket, id: i64) -> Answer {
    let xml = nfe(a).xml();
    send(a, id, "application/xml;charset=utf-8", &xml)
}

#[test]
fn only_an_authorised_file_is_taken() {
    let mut a = anymarket();
    let id = a.place(shirt());
    let (xml, key) = (nfe(&a).xml(), nfe(&a).key());
    assert_eq!(send(&mut a, id, "application/json", &xml).status, 400);
    let bare = xml.split_once("<protNFe").expect("a protocol").0.to_owned() + "</nfeProc>";
    for bad in ["", "<nfeProc/>", "{}", bare.as_str()] {
        assert_eq!(send(&mut a, id, "application/xml", bad).status, 422, "{bad:.40}");
    }
    let taken = send(&mut a, id, "application/xml;charset=utf-8", &xml);
    assert_eq!((taken.status, taken.body.as_str()), (200, ""));
    assert_eq!(a.effects, [AnyEffect::Xml { order: id, key }]);
    assert_eq!(get(&mut a, &format!("/v2/orders/{id}/nfe/type/sale")).body, xml);
    assert_eq!(a.order(id).status, "PAID_WAITING_SHIP");
    let pending = a.place(shirt().pending());
    assert_eq!((upload(&mut a, pending).status, upload(&mut a, 1).status), (422, 404));
}

#[test]
fn the_order_of_file_and_status_is_open() {
    let mut a = anymarket();
    let (early, late) = (a.place(shirt()), a.place(shirt().status("INVOICED")));
    (a.settings.xml_before_invoiced, a.settings.xml_after_invoiced) = (false, false);
    assert_eq!((upload(&mut a, early).status, upload(&mut a, late).status), (422, 422));
    (a.settings.xml_before_invoiced, a.settings.xml_after_invoiced) = (true, true);
    a.settings.xml_moves_to_invoiced = true;
    assert_eq!((upload(&mut a, early).status, upload(&mut a, late).status), (200, 200));
    assert_eq!(a.order(early).status, "INVOICED");
    (a.settings.xml_moves_to_invoiced, a.settings.xml_shows_invoice) = (false, true);
    let shown = a.place(shirt());
    assert_eq!(upload(&mut a, shown).status, 200);
    let order = read(&mut a, shown);
    assert_eq!((&order["status"], order["invoice"]["accessKey"].is_string()), (&"PAID_WAITING_SHIP".into(), true));
}

#[test]
fn a_channel_that_needs_the_file_waits_for_it() {
    let mut a = anymarket();
    let id = a.place(shirt().needs_xml());
    assert_eq!(put(&mut a, id, &invoiced()).status, 200);
    assert_eq!(read(&mut a, id)["transmissionStatus"], "ERROR");
    assert_eq!(upload(&mut a, id).status, 200);
    assert_eq!(read(&mut a, id)["transmissionStatus"], "OK");
    a.settings.invoice_waits_for_xml = false;
    let id = a.place(shirt().needs_xml());
    put(&mut a, id, &invoiced());
    assert_eq!(read(&mut a, id)["transmissionStatus"], "OK");
}

#[test]
fn a_marketplace_that_refuses_it_looks_like_a_broken_server() {
    let mut a = anymarket();
    let words = [
        (XmlRefusal::ShipmentStatus, "substatus"),
        (XmlRefusal::TooManyInvoices, "limit of invoices"),
        (XmlRefusal::EmissionDate, "invalid_invoice_emission_date"),
        (XmlRefusal::NotTaken, "não suporta"),
    ];
    for (why, word) in words {
        let id = a.place(shirt());
        a.refuse_xml(id, why, 1);
        let refused = upload(&mut a, id);
        assert_eq!((refused.status, message(&refused).contains(word), a.order(id).xml.is_some()), (500, true, false));
        assert_eq!(refused.value()["code"], json!("500"));
        assert_eq!(upload(&mut a, id).status, 200, "the next time it is taken");
    }
    assert_eq!(a.effects.len(), 4);
}
