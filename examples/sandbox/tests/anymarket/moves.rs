//! Status moves: which are taken, what each needs, and whether they reach the marketplace.

use std::time::Duration;

use serde_json::{Value, json};

use super::{anymarket, call, invoiced, message, put, read, request, shipped, shirt};
use crate::sandbox::anymarket::*;

fn delivered() -> Value {
    json!({"status": "CONCLUDED", "tracking": {"deliveredDate": "2026-11-24T15:00:00-03:00"}})
}

fn canceled() -> Value {
    json!({"status": "CANCELED"})
}

/// A body without one of its fields.
fn without(mut body: Value, part: &str, field: &str) -> Value {
    body[part].as_object_mut().expect("an object").remove(field);
    body
}

#[test]
fn moves_lead_forward_and_everything_can_be_canceled() {
    let way = ["PENDING", "PAID_WAITING_SHIP", "INVOICED", "PAID_WAITING_DELIVERY", "CONCLUDED"];
    let mut a = anymarket();
    for (place, from) in way.iter().enumerate() {
        let bodies = [json!({"status": "PAID_WAITING_SHIP"}), invoiced(), shipped(), delivered()];
        for (target, body) in (1..).zip(bodies) {
            let id = a.place(shirt().status(from));
            let answer = put(&mut a, id, &body);
            let taken = target >= place;
            assert_eq!(answer.status, if taken { 200 } else { 422 }, "{from} to {}", way[target]);
            assert_eq!(a.order(id).status, if taken { way[target] } else { *from });
            assert_eq!(a.effects_of(id).len(), usize::from(taken));
        }
        let id = a.place(shirt().status(from));
        assert_eq!(put(&mut a, id, &canceled()).status, 200, "{from}");
        assert_eq!(put(&mut a, id, &canceled()).status, 200, "the same again");
        assert_eq!(put(&mut a, id, &invoiced()).status, 422, "nothing leaves it");
    }
    let id = a.place(shirt());
    for status in ["PENDING", "DELIVERY_ISSUE", "NONSENSE"] {
        assert_eq!(put(&mut a, id, &json!({"status": status})).status, 422, "{status} cannot be set");
    }
    assert_eq!(put(&mut a, 1, &invoiced()).status, 404);
    let back = a.place(shirt().status("INVOICED"));
    a.settings.enforces_moves = false;
    assert_eq!(put(&mut a, back, &json!({"status": "PAID_WAITING_SHIP"})).status, 200);
}

#[test]
fn payments_and_cancellations_of_others() {
    let mut a = anymarket();
    let id = a.place(shirt().pending());
    assert_eq!(
        (&read(&mut a, id)["paymentDate"], &read(&mut a, id)["payments"][0]["status"]),
        (&Value::Null, &json!("Pendente"))
    );
    a.pay(id);
    let order = read(&mut a, id);
    assert_eq!((&order["status"], order["paymentDate"].is_string()), (&json!("PAID_WAITING_SHIP"), true));
    let by = [
        (AnyCancelledBy::Buyer, "buyer"),
        (AnyCancelledBy::Marketplace, "marketplace"),
        (AnyCancelledBy::Seller, "seller"),
    ];
    for (by, name) in by {
        let id = a.place(shirt().status("INVOICED"));
        a.cancel(id, by);
        let order = read(&mut a, id);
        assert_eq!(
            (&order["status"], &order["metadata"]["canceldetail_requested_by"]),
            (&json!("CANCELED"), &json!(name))
        );
        assert!(order["cancelDate"].is_string());
    }
    assert!(a.effects.is_empty(), "no caller did it");
}

#[test]
fn canceling_through_the_hub_needs_what_the_channel_demands() {
    let mut a = anymarket();
    let id = a.place(shirt().marketplace("MERCADO_LIVRE"));
    let bare = put(&mut a, id, &canceled());
    assert_eq!((bare.status, message(&bare).contains("cancelDetails")), (422, true));
    let mut body = json!({"status": "CANCELED", "cancelDetails": "sem estoque", "cancellationCode": "NO_IDEA"});
    assert_eq!(put(&mut a, id, &body).status, 422, "not one of the codes");
    body["cancellationCode"] = json!("OUT_OF_STOCK");
    assert_eq!(put(&mut a, id, &body).status, 200);
    let canceled_by_us =
        AnyEffect::Canceled { order: id, code: Some("OUT_OF_STOCK".into()), details: Some("sem estoque".into()) };
    assert_eq!(a.effects, [canceled_by_us]);
    let order = read(&mut a, id);
    assert_eq!((&order["cancelDetails"], &order["cancellationCode"]), (&json!("sem estoque"), &json!("OUT_OF_STOCK")));

    a.settings.cancel_needs_code = vec!["MERCADO_LIVRE".into()];
    let id = a.place(shirt().marketplace("MERCADO_LIVRE"));
    let detailed = json!({"status": "CANCELED", "cancelDetails": "x"});
    assert_eq!(put(&mut a, id, &detailed).status, 422);
    a.settings.checks_channel_at_once = false;
    assert_eq!(put(&mut a, id, &canceled()).status, 200);
    assert_eq!(read(&mut a, id)["transmissionStatus"], "ERROR", "the channel refuses it later");
    a.settings.cancel_needs_code.clear();
    assert_eq!(put(&mut a, id, &detailed).status, 200);
    assert_eq!(read(&mut a, id)["transmissionStatus"], "OK", "a second time adds what was missing");
}

#[test]
fn an_invoice_needs_its_key_and_a_date_with_offset() {
    let mut a = anymarket();
    let id = a.place(shirt());
    for field in ["accessKey", "date"] {
        let answer = put(&mut a, id, &without(invoiced(), "invoice", field));
        assert_eq!((answer.status, message(&answer).contains(field)), (422, true));
    }
    let mut body = invoiced();
    body["invoice"]["date"] = json!("2026-11-20T10:00:00");
    assert_eq!(put(&mut a, id, &body).status, 422, "no offset");
    body["invoice"]["date"] = json!("2026-11-20T10:00:00-03:00");
    body["metadata"] = json!({"number-of-packages": "2"});
    assert_eq!(put(&mut a, id, &body).status, 200);
    let order = read(&mut a, id);
    assert_eq!(
        (&order["invoice"]["number"], &order["invoice"]["series"]),
        (&json!("100"), &json!("1")),
        "from the key"
    );
    assert_eq!(order["metadata"]["number-of-packages"], "2");
    assert!(matches!(&a.effects[..], [AnyEffect::Invoiced { number, .. }] if number == "100"));
    a.settings.invoice_needs_key = false;
    let id = a.place(shirt());
    assert_eq!(put(&mut a, id, &without(invoiced(), "invoice", "accessKey")).status, 200);
}

#[test]
fn a_sale_that_is_collected_needs_more_of_its_invoice() {
    let mut a = anymarket();
    let id = a.place(shirt().collected());
    let mut body = invoiced();
    assert_eq!(put(&mut a, id, &body).status, 422);
    body["invoice"]["cfop"] = json!("5102");
    assert!(message(&put(&mut a, id, &body)).contains("companyStateTaxId"));
    body["invoice"]["companyStateTaxId"] = json!("ISENTO");
    assert_eq!(put(&mut a, id, &body).status, 200);
}

#[test]
fn a_shipment_needs_number_carrier_and_date_and_a_delivery_its_date() {
    let mut a = anymarket();
    let id = a.place(shirt());
    for field in ["number", "carrier", "shippedDate"] {
        assert_eq!(put(&mut a, id, &without(shipped(), "tracking", field)).status, 422, "{field}");
    }
    let mut odd = shipped();
    odd["tracking"]["estimateDate"] = json!("2026-12-01");
    assert_eq!(put(&mut a, id, &odd).status, 422, "a date without offset");
    assert_eq!(put(&mut a, id, &shipped()).status, 200);
    assert_eq!(put(&mut a, id, &without(delivered(), "tracking", "deliveredDate")).status, 422);
    assert_eq!(put(&mut a, id, &delivered()).status, 200);
    let told = [
        AnyEffect::Shipped { order: id, carrier: "Correios".into(), number: "BR1".into(), url: None },
        AnyEffect::Delivered { order: id, date: "2026-11-24T15:00:00-03:00".into() },
    ];
    assert_eq!(a.effects, told);
}

#[test]
fn what_a_body_leaves_out_stays_or_does_not() {
    let mut a = anymarket();
    let id = a.place(shirt());
    put(&mut a, id, &invoiced());
    let order = put(&mut a, id, &shipped()).value();
    assert!(order["invoice"]["accessKey"].is_string() && order["tracking"]["number"].is_string());
    let order = put(&mut a, id, &delivered()).value();
    assert_eq!(order["tracking"].get("number"), None, "a part that is sent is sent whole");
    a.settings.put_keeps_the_rest = false;
    let order = put(&mut a, id, &delivered()).value();
    assert_eq!((&order["invoice"], order.get("items"), order.get("buyer")), (&Value::Null, None, None));
    let whole = a.place(shirt());
    let mut body = read(&mut a, whole);
    (body["status"], body["invoice"]) = (invoiced()["status"].clone(), invoiced()["invoice"].clone());
    let order = put(&mut a, whole, &body).value();
    assert_eq!((&order["items"], &order["buyer"]), (&body["items"], &body["buyer"]));
}

#[test]
fn an_order_in_packages_is_told_of_one_by_one() {
    let mut a = anymarket();
    let id = a.place(shirt().in_packages(2));
    let refused = put(&mut a, id, &invoiced());
    assert_eq!((refused.status, message(&refused).contains("packageId"), a.effects.len()), (400, true, 0));
    assert_eq!(put(&mut a, id, &shipped()).status, 400);
    let package = a.order(id).seed.packages[0].clone();
    let path = |package: &str| format!("/v2/orders/{id}?packageId={package}");
    assert_eq!(call(&mut a, "PUT", &path("another"), &invoiced()).status, 400);
    assert_eq!(call(&mut a, "PUT", &path(&package), &invoiced()).status, 200);
}

#[test]
fn a_change_reaches_its_marketplace_later_or_never() {
    let mut a = anymarket();
    a.transmission_delay = Duration::from_secs(60);
    let refused = Channel::Refuses("pedido bloqueado".into());
    let [taken, refused, silent] =
        [Channel::Takes, refused, Channel::Silent].map(|channel| a.place(shirt().channel(channel)));
    assert_eq!(read(&mut a, taken)["transmissionStatus"], "OK");
    for id in [taken, refused, silent] {
        assert_eq!(put(&mut a, id, &invoiced()).value()["transmissionStatus"], "WAITING");
        assert_eq!(read(&mut a, id)["transmissionStatus"], "WAITING");
    }
    let before = a.order(taken).last_update();
    let depth = a.feed.depth();
    a.advance(Duration::from_secs(61));
    assert_eq!(read(&mut a, taken)["transmissionStatus"], "OK");
    assert!(a.order(taken).last_update() > before, "a change of the order");
    assert_eq!(a.feed.depth(), depth, "and no news for the feed");
    let order = read(&mut a, refused);
    assert_eq!(
        (&order["transmissionStatus"], &order["orderMessage"]["message"]),
        (&json!("ERROR"), &json!("pedido bloqueado"))
    );
    assert_eq!(read(&mut a, silent)["transmissionStatus"], "WAITING");
    let list = super::get(&mut a, "/v2/orders?limit=100&transmissionStatus=ERROR").value()["content"].clone();
    assert_eq!(list[0]["id"], refused);
}

#[test]
fn some_channels_wait_for_a_tracking_url() {
    let mut a = anymarket();
    let id = a.place(shirt().needs_tracking_url());
    put(&mut a, id, &shipped());
    assert_eq!(read(&mut a, id)["transmissionStatus"], "WAITING");
    let mut body = shipped();
    body["tracking"]["url"] = json!("https://rastreio.example/BR1");
    put(&mut a, id, &body);
    assert_eq!(read(&mut a, id)["transmissionStatus"], "OK");
    assert_eq!(a.effects_of(id).len(), 2, "each accepted write is an effect");
}

#[test]
fn what_only_connectors_may_do_is_refused_as_a_fault() {
    let mut a = anymarket();
    let id = a.place(shirt());
    let refused = call(&mut a, "PUT", &format!("/v2/orders/{id}/transmissionStatus"), &json!({}));
    assert_eq!((refused.status, message(&refused).contains("restrito")), (500, true));
    assert_eq!(call(&mut a, "PUT", &format!("/v2/orders/{id}/markAsShipped"), &json!({})).status, 404);
    let refusal = business_refusal("Pedido em processamento");
    a.faults = vec![crate::sandbox::Fault::next(1, refusal).on("PUT", "/v2/orders/")];
    let refused = put(&mut a, id, &invoiced());
    assert_eq!((refused.status, message(&refused).as_str(), a.effects.len()), (500, "Pedido em processamento", 0));
    let broken = crate::sandbox::Request { body: "{".into(), ..request("PUT", &format!("/v2/orders/{id}")) };
    assert_eq!(a.take(&broken).answer.expect("an answer").status, 400);
}
