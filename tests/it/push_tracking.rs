//! push-tracking: what is known of a parcel stands on the right invoice, once, and a delivery is one.

use chrono::Utc;
use serde_json::json;
use vaivem::erp::ledger::{DeliveryOutcome, Shipment};
use vaivem::model::calendar;

use crate::back_office::{Nfe, ago, parcel};
use crate::sandbox::{Fault, Kind};
use crate::shop::{Ran, Shop, paid};
use crate::side::Side;

/// A shop with one order of one shirt, invoiced on both sides.
pub fn invoiced(settings: &str) -> (Shop, String) {
    let shop = Shop::with(settings);
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    shop.issue(&id, &Nfe::new(1001, 4_990));
    let _ = shop.run(&["push-invoices"]).exits(0);
    (shop, id)
}

/// The same on either kind of channel.
pub fn invoiced_on(side: Side) -> (Shop, String) {
    let shop = side.shop("");
    let id = side.paid(&shop);
    let _ = side.run(&shop, "import-orders").exits(0);
    shop.issue(&id, &Nfe::new(1001, 4_990));
    let _ = side.run(&shop, "push-invoices").exits(0);
    (shop, id)
}

pub fn push(shop: &Shop) -> Ran {
    shop.run(&["push-tracking"])
}

#[track_caller]
pub fn is_at_rest(shop: &Shop) {
    for pass in ["push-tracking", "push-invoices"] {
        assert_eq!(shop.run(&[pass]).exits(0).summary()["calls"], 0, "{pass}");
    }
}

pub fn codes(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

#[test]
fn late_tracking_then_the_way_then_the_delivery() {
    let (shop, id) = invoiced("");
    assert_eq!(push(&shop).exits(0).summary()["calls"], 0, "without a parcel nobody is asked");
    shop.ship(&id, &parcel("BR1"));
    let record = push(&shop).exits(0).order(&id);
    assert_eq!((&record["outcome"], &record["actions"]), (&json!("updated"), &json!(["send_tracking"])));
    let package = &shop.packages(&id)[0];
    assert_eq!(
        (package.tracking_number.as_deref(), package.tracking_url.as_deref(), package.courier.as_deref()),
        (Some("BR1"), Some("https://rastro.example/BR1"), Some("Correios"))
    );
    is_at_rest(&shop);

    shop.ship(&id, &Shipment { collection_order_at: Some(ago(60)), ..Shipment::default() });
    let _ = push(&shop).exits(0);
    shop.ship(&id, &Shipment { shipped_at: Some(ago(50)), ..Shipment::default() });
    let _ = push(&shop).exits(0);
    let delivered = ago(3);
    shop.carrier_says(&id, DeliveryOutcome::Delivered, "01", delivered);
    let record = push(&shop).exits(0).order(&id);
    assert_eq!(
        (&record["actions"], &record["reason"]["code"]),
        (&json!(["send_tracking_events"]), &json!("delivery_told"))
    );
    let package = &shop.packages(&id)[0];
    assert_eq!(package.delivered, Some(calendar::local_text(delivered)));
    let way: Vec<&str> = package.events.iter().map(|event| event.description.as_str()).collect();
    assert_eq!(way, ["Coleta solicitada à transportadora", "Em poder da transportadora", "Entregue"]);
    assert_eq!(shop.tracked(&id), (codes(&["BR1"]), vec![false, false, true]));
    is_at_rest(&shop);
}

#[test]
fn everything_at_once_is_sent_in_its_order() {
    let (shop, id) = invoiced("");
    shop.ship(&id, &Shipment { shipped_at: Some(ago(50)), delivered_at: Some(ago(2)), ..parcel("BR1") });
    let record = push(&shop).exits(0).order(&id);
    assert_eq!(record["actions"], json!(["send_tracking", "send_tracking_events"]));
    is_at_rest(&shop);
}

#[test]
fn tracking_before_the_invoice_waits_for_it() {
    for side in Side::BOTH {
        let shop = side.shop("");
        let id = side.paid(&shop);
        let _ = side.run(&shop, "import-orders").exits(0);
        let push = || side.run(&shop, "push-tracking").exits(0);
        shop.ship(&id, &parcel("BR1"));
        assert_eq!(push().order(&id)["reason"]["fields"], json!(["invoice"]));
        shop.issue(&id, &Nfe::new(1001, 4_990));
        assert_eq!(push().order(&id)["reason"]["code"], "invoice_not_on_channel");
        let _ = side.run(&shop, "push-invoices").exits(0);
        let _ = push();
        assert_eq!(side.told(&shop, &id).codes, ["BR1"]);
    }
}

#[test]
fn a_delivery_before_its_tracking_waits_naming_it() {
    for side in Side::BOTH {
        let (shop, id) = invoiced_on(side);
        shop.carrier_says(&id, DeliveryOutcome::Delivered, "01", ago(3));
        let record = side.run(&shop, "push-tracking").exits(0).order(&id);
        assert_eq!((&record["outcome"], &record["reason"]["fields"]), (&json!("waiting"), &json!(["tracking_code"])));
        assert_eq!((side.told(&shop, &id).codes.len(), side.told(&shop, &id).deliveries), (0, 0));
        shop.ship(&id, &parcel("BR1"));
        let _ = side.run(&shop, "push-tracking").exits(0);
        assert_eq!((side.told(&shop, &id).codes, side.told(&shop, &id).deliveries), (codes(&["BR1"]), 1));
    }
}

#[test]
fn refused_and_returned_are_for_a_person_and_never_a_delivery() {
    for (what, code, held) in
        [(DeliveryOutcome::Refused, "03", "delivery_refused"), (DeliveryOutcome::Returned, "25", "delivery_returned")]
    {
        let (shop, id) = invoiced("");
        shop.ship(&id, &Shipment { shipped_at: Some(ago(50)), ..parcel("BR1") });
        shop.carrier_says(&id, what, code, ago(3));
        let record = push(&shop).exits(3).order(&id);
        assert_eq!((&record["reason"]["code"], &record["reason"]["occurrence"]), (&json!(held), &json!(code)));
        assert!(shop.packages(&id)[0].delivered.is_none() && shop.tracked(&id).1 == [false]);
        assert_eq!(shop.held(), [held]);
        // sync-payments does not lift what it does not hold.
        let _ = shop.sync().exits(0);
        assert_eq!(shop.held(), [held]);
    }
    // Accepted at the second attempt.
    let (shop, id) = invoiced("");
    shop.ship(&id, &parcel("BR1"));
    shop.carrier_says(&id, DeliveryOutcome::Refused, "03", ago(20));
    let _ = push(&shop).exits(3);
    shop.carrier_says(&id, DeliveryOutcome::Delivered, "01", ago(3));
    let _ = push(&shop).exits(0);
    assert_eq!((shop.held(), shop.packages(&id)[0].delivered.is_some()), (Vec::new(), true));
}

#[test]
fn a_delivery_with_remarks_is_told_and_warned_of() {
    let (shop, id) = invoiced("");
    shop.ship(&id, &parcel("BR1"));
    shop.carrier_says(&id, DeliveryOutcome::DeliveredWithRemarks, "31", ago(3));
    let ran = push(&shop).exits(0);
    assert!(ran.records().iter().any(|record| record["code"] == "delivered_with_remarks"));
    let package = &shop.packages(&id)[0];
    assert_eq!((package.delivered.is_some(), package.events[0].description.as_str()), (true, "Entregue com ressalvas"));
}

#[test]
fn a_code_that_changes_is_sent_again_and_a_code_set_by_hand_is_not() {
    let (shop, id) = invoiced("");
    shop.vtex(|v| {
        let package = &mut v.order_mut(&id).packages[0];
        package.tracking_number = Some("BR1".into());
        package.tracking_url = Some("https://rastro.example/BR1".into());
        package.courier = Some("Correios".into());
    });
    shop.ship(&id, &parcel("BR1"));
    let _ = push(&shop).exits(0);
    assert_eq!(shop.tracked(&id).0, [""; 0]);
    shop.ship(&id, &Shipment { tracking_url: Some("https://outro.example/BR1".into()), ..Shipment::default() });
    let _ = push(&shop).exits(0);
    assert_eq!(shop.packages(&id)[0].tracking_url.as_deref(), Some("https://outro.example/BR1"));
}

#[test]
fn an_answer_lost_after_the_write_repeats_nothing() {
    for path in ["/invoice/1001", "/tracking"] {
        let (shop, id) = invoiced("");
        shop.ship(&id, &Shipment { delivered_at: Some(ago(2)), ..parcel("BR1") });
        shop.vtex(|v| {
            let method = if path == "/tracking" { "PUT" } else { "PATCH" };
            v.faults.push(Fault::next(1, Kind::Applied500).on(method, path));
        });
        let _ = push(&shop).exits(0);
        assert_eq!(shop.tracked(&id), (codes(&["BR1"]), vec![true]), "{path}");
        is_at_rest(&shop);
    }
}

#[test]
fn a_platform_that_appends_is_told_everything_once() {
    let (shop, id) = invoiced("");
    shop.vtex(|v| v.tracking_events_append = true);
    shop.ship(&id, &Shipment { shipped_at: Some(ago(50)), ..parcel("BR1") });
    let _ = push(&shop).exits(0);
    shop.ship(&id, &Shipment { delivered_at: Some(ago(2)), ..Shipment::default() });
    let _ = push(&shop).exits(0);
    assert_eq!(shop.tracked(&id).1, [false, true]);
    is_at_rest(&shop);
}

#[test]
fn collection_orders_are_switched() {
    let (shop, id) = invoiced("[channels.loja.tracking]\ncollection_order = \"none\"\ninvoice_number_as_code = true");
    let listed = Shipment { collection_order_at: Some(Utc::now()), ..Shipment::default() };
    shop.ship(&id, &listed);
    assert_eq!(push(&shop).exits(0).order(&id)["actions"], json!(["send_tracking"]));
    assert_eq!((shop.tracked(&id).0, shop.packages(&id)[0].events.len()), (codes(&["1001"]), 0));
}

#[test]
fn a_dry_run_sends_nothing() {
    for side in Side::BOTH {
        let (shop, id) = invoiced_on(side);
        shop.ship(&id, &Shipment { delivered_at: Some(ago(2)), ..parcel("BR1") });
        let record = shop.run(&[&side.args("push-tracking")[..], &["--dry-run"]].concat()).exits(0).order(&id);
        assert_eq!(record["actions"], json!(["send_tracking", "send_tracking_events"]));
        assert_eq!((side.told(&shop, &id).codes.len(), side.told(&shop, &id).deliveries), (0, 0));
    }
}

/// The customer did not want it, or it came back; and then it is with the customer after all.
#[test]
fn what_is_no_delivery_is_told_by_no_channel() {
    for (side, what, code, held) in [
        (Side::Vtex, DeliveryOutcome::Refused, "03", "delivery_refused"),
        (Side::Hub, DeliveryOutcome::Refused, "03", "delivery_refused"),
        (Side::Hub, DeliveryOutcome::Returned, "25", "delivery_returned"),
    ] {
        let (shop, id) = invoiced_on(side);
        shop.ship(&id, &parcel("BR1"));
        shop.carrier_says(&id, what, code, ago(20));
        assert_eq!(side.run(&shop, "push-tracking").exits(3).order(&id)["reason"]["code"], held);
        assert_eq!((side.told(&shop, &id).deliveries, shop.held()), (0, vec![held.to_owned()]));
        shop.carrier_says(&id, DeliveryOutcome::Delivered, "01", ago(3));
        let _ = side.run(&shop, "push-tracking").exits(0);
        assert_eq!((side.told(&shop, &id).deliveries, shop.held()), (1, Vec::new()));
    }
}

/// Nobody registered a parcel, and the carrier says that the customer did not want it.
#[test]
fn a_refusal_is_heard_without_a_parcel() {
    let (shop, id) = invoiced("");
    shop.carrier_says(&id, DeliveryOutcome::Refused, "03", ago(3));
    assert_eq!(push(&shop).exits(3).order(&id)["reason"]["code"], "delivery_refused");
    assert_eq!((shop.held(), shop.tracked(&id)), (vec!["delivery_refused".to_owned()], (Vec::new(), Vec::new())));
}

#[test]
fn nothing_is_told_while_the_customer_asks_to_cancel() {
    let (shop, id) = invoiced("");
    shop.ship(&id, &parcel("BR1"));
    shop.vtex(|v| v.request_cancellation(&id));
    assert_eq!(push(&shop).exits(0).order(&id)["reason"]["code"], "cancellation_against_invoice");
    assert_eq!(shop.tracked(&id).0, [""; 0]);
    shop.vtex(|v| v.set_status(&id, "invoiced"));
    let _ = push(&shop).exits(0);
    assert_eq!(shop.tracked(&id).0, ["BR1"]);
}
