//! Invoices, tracking, cancelling, stock.

use std::time::Duration;

use serde_json::{Value, json};

use super::{call, get, shirt, vtex};
use crate::sandbox::{CancelledBy, Effect, OrderSeed, Payment, UnknownCode, Vtex};

fn invoice(v: &mut Vtex, id: &str, number: &str, cents: i64) -> u16 {
    let body = json!({
        "type": "Output",
        "issuanceDate": "2026-11-20T10:00:00-03:00",
        "invoiceNumber": number,
        "invoiceValue": cents.to_string(),
        "items": [{"id": "1", "price": 4_990, "quantity": 1}],
    });
    call(v, "POST", &format!("/api/oms/pvt/orders/{id}/invoice"), &body).status
}

fn in_handling(v: &mut Vtex, seed: OrderSeed) -> String {
    v.place(seed.status("handling"))
}

fn cancel(v: &mut Vtex, id: &str) -> u16 {
    call(v, "POST", &format!("/api/oms/pvt/orders/{id}/cancel"), &json!({"reason": "sem estoque"})).status
}

#[test]
fn an_order_is_invoiced_when_its_invoices_add_up() {
    let mut v = vtex();
    let id = in_handling(&mut v, shirt().freight(1_000));
    assert_eq!(invoice(&mut v, &id, "000000001", 4_990), 200);
    assert_eq!((v.order(&id).status.as_str(), v.order(&id).invoiced), ("invoice", None), "the freight is missing");
    assert_eq!(invoice(&mut v, &id, "000000001", 1_000), 200, "the same number: a receipt and nothing else");
    assert_eq!(v.order(&id).packages.len(), 1);
    assert_eq!(cancel(&mut v, &id), 400, "partly invoiced");
    assert_eq!(invoice(&mut v, &id, "000000002", 1_001), 400, "a cent too much");
    v.invoice_delay = Duration::from_secs(6);
    assert_eq!(invoice(&mut v, &id, "000000002", 1_000), 200);
    assert_eq!(v.order(&id).status, "invoice", "still being verified");
    v.advance(Duration::from_secs(7));
    let order = get(&mut v, &format!("/api/oms/pvt/orders/{id}")).value();
    assert_eq!((&order["status"], order["invoicedDate"].is_string()), (&json!("invoiced"), true));
    assert_eq!(order["packageAttachment"]["packages"][1]["invoiceValue"], 1_000);
    assert_eq!(invoice(&mut v, &id, "000000003", 1), 400, "already invoiced");
    let (order, kind) = (id.clone(), "Output".to_owned());
    let sent = |number: &str, value| Effect::Invoice {
        order: order.clone(),
        number: number.into(),
        kind: kind.clone(),
        value,
    };
    let again = Effect::InvoiceAgain { order: id.clone(), number: "000000001".into() };
    assert_eq!(v.effects_of(&id), [&sent("000000001", 4_990), &again, &sent("000000002", 1_000)]);
}

#[test]
fn invoices_that_are_refused_or_never_count() {
    let mut v = vtex();
    let good = json!({
        "type": "Output", "issuanceDate": "2026-11-20T10:00:00Z",
        "invoiceNumber": "1", "invoiceValue": "4990", "items": [],
    });
    let bad = [
        ("type", json!("output")),
        ("issuanceDate", json!("2026-11-20")),
        ("invoiceNumber", json!("")),
        ("invoiceValue", json!("49.90")),
        ("invoiceValue", json!(0)),
        ("items", Value::Null),
        ("items", json!([{"id": 1, "price": 1, "quantity": 1}])),
    ];
    for (key, value) in bad {
        let id = in_handling(&mut v, shirt());
        let mut body = good.clone();
        body[key] = value;
        assert_eq!(call(&mut v, "POST", &format!("/api/oms/pvt/orders/{id}/invoice"), &body).status, 400, "{body}");
    }
    let hash = in_handling(&mut v, shirt());
    assert_eq!((invoice(&mut v, &hash, "1#1", 4_990), v.order(&hash).status.as_str()), (200, "handling"));
    let pending = v.place(shirt().pending(Payment::pix()));
    assert_eq!(invoice(&mut v, &pending, "1", 4_990), 400);
    let race = in_handling(&mut v, shirt());
    v.request_cancellation(&race);
    assert_eq!((invoice(&mut v, &race, "1", 4_990), cancel(&mut v, &race)), (200, 400));
    assert_eq!(v.order(&race).status, "cancellation-requested", "stuck for good");
}

#[test]
fn tracking_needs_its_invoice_and_delivery_its_tracking() {
    let mut v = vtex();
    let id = in_handling(&mut v, shirt());
    assert_eq!(invoice(&mut v, &id, "000012345", 4_990), 200);
    let number = json!({"trackingNumber": "BR1", "trackingUrl": null, "dispatchedDate": null, "courier": "Correios"});
    let path = |number: &str| format!("/api/oms/pvt/orders/{id}/invoice/{number}");
    let event = json!({"city": "São Paulo", "state": "SP", "description": "Entregue", "date": "2026-11-24"});
    let delivered = json!({"isDelivered": true, "deliveredDate": "2026-11-24 14:30", "events": [event]});
    let tracking = format!("{}/tracking", path("000012345"));
    assert_eq!(call(&mut v, "PUT", &tracking, &delivered).status, 400, "no tracking number yet");
    assert_eq!(call(&mut v, "PATCH", &path("12345"), &number).value()["message"], "Invoice Not Found");
    let mut short = number.clone();
    short.as_object_mut().expect("an object").remove("courier");
    assert_eq!(call(&mut v, "PATCH", &path("000012345"), &short).status, 400);
    assert_eq!(call(&mut v, "PATCH", &path("000012345"), &number).status, 200);
    for _ in 0..2 {
        assert_eq!(call(&mut v, "PUT", &tracking, &delivered).status, 200);
    }
    let order = get(&mut v, &format!("/api/oms/pvt/orders/{id}")).value();
    let status = &order["packageAttachment"]["packages"][0]["courierStatus"];
    assert_eq!((&status["finished"], status["data"].as_array().map(Vec::len)), (&json!(true), Some(1)));
    assert_eq!(order["status"], "invoiced");
}

#[test]
fn a_slash_in_the_invoice_number_is_never_found_again() {
    let mut v = vtex();
    let id = in_handling(&mut v, shirt());
    assert_eq!(invoice(&mut v, &id, "12345/1", 4_990), 200);
    let number = json!({"trackingNumber": "BR1", "trackingUrl": null, "dispatchedDate": null, "courier": null});
    let path = format!("/api/oms/pvt/orders/{id}/invoice/12345%2F1");
    assert_eq!(call(&mut v, "PATCH", &path, &number).status, 404);
}

#[test]
fn cancelling_and_refusing_to() {
    let mut v = vtex();
    for (status, code) in [
        ("payment-pending", 200),
        ("ready-for-handling", 200),
        ("handling", 200),
        ("cancellation-requested", 200),
        ("invoiced", 400),
        ("canceled", 400),
        ("start-handling", 400),
    ] {
        let id = v.place(shirt().status(status));
        assert_eq!(cancel(&mut v, &id), code, "{status}");
        assert_eq!(v.effects_of(&id).len(), usize::from(code == 200), "{status}");
    }
    let incomplete = v.place(shirt().incomplete());
    assert_eq!(cancel(&mut v, &incomplete), 400);

    let id = in_handling(&mut v, shirt());
    v.request_cancellation(&id);
    let order = get(&mut v, &format!("/api/oms/pvt/orders/{id}")).value();
    let wish = json!({"cancellationRequestId": order["cancellationRequests"][0]["id"], "denyReason": "já embalado"});
    let path = format!("/api/orders/pvt/document/{id}/deny-cancellation-request");
    assert_eq!(call(&mut v, "POST", &path, &wish).status, 200);
    assert_eq!(v.order(&id).status, "handling");
    assert_eq!(call(&mut v, "POST", &path, &wish).status, 400);
    let by = v.orders.values().filter_map(|order| order.cancellation.as_ref()).map(|end| end.by);
    assert_eq!(by.filter(|by| *by == CancelledBy::Seller).count(), 4);
}

/// Total and reserved, as VTEX tells them.
fn balance(v: &mut Vtex) -> (i64, i64) {
    let balance = get(v, "/api/logistics/pvt/inventory/skus/1").value()["balance"][0].clone();
    (balance["totalQuantity"].as_i64().expect("a total"), balance["reservedQuantity"].as_i64().expect("a sum"))
}

const STOCK: &str = "/api/logistics/pvt/inventory/skus/1/warehouses/1_1";

fn push(v: &mut Vtex, quantity: i64) -> u16 {
    v.advance(Duration::from_secs(1));
    call(v, "PATCH", &format!("{STOCK}/quantity"), &json!({"quantity": quantity, "unlimitedQuantity": false})).status
}

#[test]
fn an_update_lets_go_of_what_is_in_handling_and_of_nothing_else() {
    let mut v = vtex();
    v.set_stock("1", "1_1", 10);
    let three = || OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 1).sku("1", "CAMISETA-P", 4_500, 2);
    let paid = v.sell(three()).expect("enough");
    let unpaid = v.sell(three().pending(Payment::pix())).expect("enough");
    assert_eq!(v.sell(three().sku("1", "CAMISETA-P", 4_990, 2)), Err("1".to_owned()), "4 are left");
    assert_eq!(balance(&mut v), (10, 6));
    assert_eq!(push(&mut v, 9), 204);
    assert_eq!(balance(&mut v), (9, 6), "authorized and confirmed stay");
    call(&mut v, "POST", &format!("/api/oms/pvt/orders/{paid}/start-handling"), &Value::Null);
    assert_eq!(balance(&mut v), (9, 6));
    assert_eq!(push(&mut v, 9), 204, "the same number, but there is something to let go of");
    assert_eq!(balance(&mut v), (9, 3));
    let effects = v.effects.len();
    assert_eq!((push(&mut v, 9), v.effects.len()), (204, effects), "nothing new");
    v.cancel_by_customer(&unpaid);
    assert_eq!((balance(&mut v), v.available("1")), ((9, 0), 9));
}

#[test]
fn a_balance_from_before_the_handling_lets_go_of_nothing() {
    let mut v = vtex();
    let read_at = v.now();
    v.advance(Duration::from_secs(60));
    let id = v.place(shirt());
    call(&mut v, "POST", &format!("/api/oms/pvt/orders/{id}/start-handling"), &Value::Null);
    let body = json!({"quantity": 5, "unlimitedQuantity": false, "dateUtcOnBalanceSystem": read_at.to_rfc3339()});
    assert_eq!(call(&mut v, "PATCH", &format!("{STOCK}/quantity"), &body).status, 204);
    assert_eq!(balance(&mut v), (5, 1));
}

#[test]
fn what_a_put_leaves_out_is_zero_and_two_at_once_are_one() {
    let mut v = vtex();
    v.stock_lock = Duration::from_secs(1);
    let body = json!({"quantity": 7, "unlimitedQuantity": false, "leadTime": "1.00:00:00"});
    let put = call(&mut v, "PUT", STOCK, &body);
    assert_eq!((put.status, put.body.as_str()), (200, "true"));
    let second = call(&mut v, "PUT", STOCK, &json!({"quantity": 8}));
    assert_eq!((second.status, second.body.starts_with("Unable to acquire lock")), (423, true));
    v.advance(Duration::from_secs(2));
    assert_eq!(call(&mut v, "PUT", STOCK, &json!({})).status, 200);
    assert_eq!((v.stock("1", "1_1").quantity, v.stock("1", "1_1").lead_time.as_str()), (0, "00:00:00"));
    assert_eq!(call(&mut v, "PUT", &STOCK.replace("1_1", "1_x"), &body).status, 400);
}

#[test]
fn stock_in_a_batch() {
    let mut v = vtex();
    let none = &Value::Null;
    assert_eq!(call(&mut v, "POST", "/availability/v1/inventory/batch", none).status, 403, "off");
    v.batches_enabled = true;
    let batch = call(&mut v, "POST", "/availability/v1/inventory/batch", none).value();
    let (id, url) = (batch["batchId"].as_str().expect("an id"), batch["upload"]["url"].as_str().expect("a url"));
    let sheet = "item_id,account_name,container_id,quantity,unlimited,lead_time\n\
                 1,loja,1_1,5,false,PT0H\n2,loja,1_1,-1,false,\n";
    let path = url.trim_start_matches(v.base_url.as_str()).to_owned();
    let upload = crate::sandbox::Request { method: "PUT".into(), path, body: sheet.into(), ..Default::default() };
    assert_eq!(v.take(&upload).answer.map(|answer| answer.status), Some(200));
    let path = format!("/availability/v1/inventory/batch/{id}");
    assert_eq!(call(&mut v, "POST", &format!("{path}/confirm"), none).status, 202);
    let status = get(&mut v, &format!("{path}/status")).value();
    assert_eq!((&status["status"], &status["errorCount"]), (&json!("COMPLETED_WITH_ERRORS"), &json!(1)));
    let stock = Effect::Stock { sku: "1".into(), warehouse: "1_1".into(), quantity: 5, unlimited: false };
    assert_eq!(v.effects, [stock]);
}

#[test]
fn reference_codes_lead_to_skus() {
    let mut v = vtex();
    v.add_sku("435", "A/1 x");
    let one =
        |v: &mut Vtex, code: &str| get(v, &format!("/api/catalog_system/pvt/sku/stockkeepingunitidbyrefid/{code}"));
    assert_eq!(one(&mut v, "A%2F1%20x").value(), json!("435"));
    assert_eq!(one(&mut v, "B").status, 404);
    v.unknown_code = UnknownCode::EmptyText;
    assert_eq!(one(&mut v, "B").value(), json!(""));
    let many = "/api/catalog_system/pub/sku/stockkeepingunitidsbyrefids";
    assert_eq!(call(&mut v, "POST", many, &json!(["A/1 x", "B"])).value(), json!({"A/1 x": "435", "B": null}));
    assert_eq!(call(&mut v, "POST", many, &json!(["B", "B"])).status, 500);
}
