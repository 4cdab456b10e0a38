//! The cancel desk: what waits for a decision is listed, a wish is granted on both sides or denied, and never against an invoice.

use serde_json::{Value, json};
use vaivem::erp::ledger::{Ledger, LedgerInvoice};
use vaivem::model::Cents;

use crate::back_office::{Nfe, ago};
use crate::sandbox::{CancelledBy, Effect, Fault, Kind};
use crate::shop::{Ran, Shop, paid};
use crate::side::Side;

/// A shop with an order in handling that its customer asks to cancel.
fn asked() -> (Shop, String) {
    let shop = Shop::new();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    shop.vtex(|v| v.request_cancellation(&id));
    let _ = shop.run(&["import-orders"]);
    let _ = shop.sync();
    assert_eq!(shop.erp()[&id][0].status, "cancellation_requested");
    (shop, id)
}

fn list(shop: &Shop) -> Vec<Value> {
    let ran = shop.run(&["cancel", "list"]);
    let records = ran.records();
    let found: Vec<_> = records.into_iter().filter(|record| record["type"] == "cancellation").collect();
    assert_eq!(ran.code, Some(if found.is_empty() { 0 } else { 3 }));
    found
}

fn decide(shop: &Shop, word: &str, order: &str) -> Ran {
    shop.run(&["cancel", word, order, "--reason", "desistiu da compra"])
}

fn effects(shop: &Shop, order: &str) -> Vec<Effect> {
    shop.vtex(|v| v.effects_of(order).into_iter().cloned().collect())
}

fn notes(shop: &Shop) -> Vec<(String, String)> {
    let state = shop.database("vaivem.db");
    let mut notes = state.prepare("SELECT what, detail FROM notes ORDER BY id").unwrap();
    notes.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

/// Cancelled in the ERP is not granted: nobody but a person tells the channel, where it does not follow by itself.
#[test]
fn a_wish_stands_until_the_channel_has_heard_of_it() {
    let (shop, id) = asked();
    shop.cancel_in_office(&id, "a pedido");
    for _ in 0..2 {
        let _ = shop.sync();
        let _ = shop.run(&["auto-cancel"]);
        assert_eq!(list(&shop)[0]["code"], "cancellation_requested_on_channel");
        let holds = shop.run(&["holds"]).exits(3);
        assert_eq!(holds.records().iter().filter(|record| record["type"] == "hold").count(), 1, "{holds:?}");
    }
    let _ = decide(&shop, "accept", &id).exits(0);
    let _ = shop.sync().exits(0);
    let _ = shop.run(&["holds"]).exits(0);
}

/// What a person left out stays out, whatever becomes of its customer's wish.
#[test]
fn a_wish_that_the_channel_refuses_brings_nothing_in_that_a_person_left_out() {
    let shop = Shop::new();
    let id = shop.place(paid());
    shop.vtex(|v| v.request_cancellation(&id));
    let _ = shop.import();
    let _ = shop.run(&["holds", "skip", &id, "--reason", "teste"]).exits(0);
    shop.vtex(|v| v.faults.push(Fault::next(1, Kind::status(400)).on("POST", "/cancel")));
    let _ = decide(&shop, "accept", &id);
    let _ = decide(&shop, "deny", &id);
    for _ in 0..2 {
        let _ = shop.import();
        assert!(shop.erp().is_empty());
        assert_eq!(shop.run(&["orders"]).exits(0).records()[0]["fate"], "skipped");
    }
}

#[test]
fn a_wish_is_granted_on_both_sides() {
    let (shop, id) = asked();
    let open = list(&shop);
    assert_eq!((open.len(), &open[0]["order"], &open[0]["cents"]), (1, &json!(id), &json!(4_990)));
    assert_eq!(open[0]["code"], "cancellation_requested_on_channel");
    let ran = decide(&shop, "accept", &id).exits(0);
    let decision = ran.records().into_iter().find(|record| record["type"] == "decision").unwrap();
    assert_eq!(decision["actions"], json!(["cancel_order", "cancel_on_channel"]));
    let erp = shop.erp();
    assert_eq!((erp[&id][0].status.as_str(), erp[&id][0].reserved), ("cancelled", 0));
    shop.vtex(|v| assert_eq!(v.order(&id).cancellation.as_ref().unwrap().by, CancelledBy::Seller));
    assert_eq!(notes(&shop), [("cancel accepted".into(), "desistiu da compra".into())]);
    assert!(list(&shop).is_empty());
    // Once is enough, whoever runs what afterwards.
    let again = decide(&shop, "accept", &id).exits(3);
    assert!(again.stdout.contains("cancelled on both sides"), "{}", again.stdout);
    for _ in 0..2 {
        let _ = shop.run(&["sync"]);
    }
    let cancels = effects(&shop, &id).iter().filter(|effect| matches!(effect, Effect::Cancel { .. })).count();
    assert_eq!(cancels, 1);
    let why = shop.run(&["why", &id]).exits(0);
    assert!(why.stdout.contains("desistiu da compra"), "{}", why.stdout);
}

#[test]
fn a_denied_wish_lets_the_order_go_on() {
    let (shop, id) = asked();
    let _ = decide(&shop, "deny", &id).exits(0);
    let denied = effects(&shop, &id).into_iter().find(|effect| matches!(effect, Effect::DenyCancellation { .. }));
    assert_eq!(denied, Some(Effect::DenyCancellation { order: id.clone(), reason: "desistiu da compra".into() }));
    assert_eq!(shop.channel_status(&id), "handling");
    let _ = shop.sync().exits(0);
    assert_eq!(shop.erp()[&id][0].status, "paid");
    assert!(list(&shop).is_empty());
    let again = decide(&shop, "deny", &id).exits(3);
    assert!(again.stdout.contains("no request to cancel is open"), "{}", again.stdout);
    assert_eq!(notes(&shop), [("cancel denied".into(), "desistiu da compra".into())]);
}

#[test]
fn an_answer_that_is_lost_is_settled_by_reading() {
    for is_asked_again in [true, false] {
        let (shop, id) = asked();
        shop.vtex(|v| v.faults.push(Fault::always(Kind::TimeoutAfterWrite).on("POST", "/deny-cancellation-request")));
        let _ = decide(&shop, "deny", &id);
        shop.vtex(|v| v.faults.clear());
        let _ = match is_asked_again {
            true => decide(&shop, "deny", &id),
            false => shop.run(&["sync-payments", "--order", &id]),
        };
        let is_denial = |effect: &&Effect| matches!(effect, Effect::DenyCancellation { .. });
        let denied = effects(&shop, &id).iter().filter(is_denial).count();
        assert_eq!((denied, shop.channel_status(&id).as_str()), (1, "handling"));
        assert_eq!(shop.truth().unsettled, [""; 0]);
    }
}

#[test]
fn an_invoice_stands_in_the_way_while_it_stands() {
    let (shop, id) = asked();
    let nfe = Nfe::new(1001, 4_990);
    let ledger = Ledger::open(&shop.path("ledger.db")).unwrap();
    let order = ledger.order_by_any(&id).unwrap()[0].id.clone();
    let issued_at = ago(20);
    let invoice = LedgerInvoice {
        number: 1001,
        series: "1".into(),
        access_key: nfe.key(),
        issued_at,
        value: Cents::new(4_990),
        url: None,
        xml: nfe.xml().into_bytes(),
        lines: None,
    };
    ledger.post_invoice(&order, &invoice, chrono::Utc::now()).unwrap();
    let _ = shop.run(&["push-invoices"]);
    let open = list(&shop);
    assert_eq!(open[0]["code"], "cancellation_against_invoice");
    let left = open[0]["invoices"][0]["seconds_left"].as_i64().unwrap();
    assert!((4 * 3_600 - 120..=4 * 3_600).contains(&left), "{left}");
    let human = shop.run(&["--output", "human", "cancel", "list"]).exits(3);
    assert!(human.stdout.contains("can be cancelled for 3 h 59 min more"), "{}", human.stdout);
    let before = effects(&shop, &id);
    let ran = decide(&shop, "accept", &id).exits(3);
    assert!(ran.stdout.contains("cancel the NF-e first"), "{}", ran.stdout);
    assert_eq!((effects(&shop, &id), shop.erp()[&id][0].status == "cancelled"), (before, false));
    shop.cancel_invoice(&nfe);
    let _ = decide(&shop, "accept", &id).exits(0);
    assert_eq!(shop.erp()[&id][0].status, "cancelled");
    let _ = shop.run(&["sync"]);
    assert!(list(&shop).is_empty());
}

#[test]
fn what_nobody_asked_for_is_not_cancelled() {
    for side in Side::BOTH {
        let shop = side.shop("");
        let id = side.paid(&shop);
        let _ = side.run(&shop, "import-orders").exits(0);
        let effects = side.effects(&shop);
        let ran = decide(&shop, "accept", &id).exits(3);
        assert!(ran.stdout.contains("no request to cancel is open"), "{}", ran.stdout);
        // Cancelled in the ERP, it would stay as it is on the channel.
        assert!(ran.stdout.contains("in that panel") && !ran.stdout.contains("auto-cancel"), "{}", ran.stdout);
        assert_eq!(side.effects(&shop), effects);
        let denied = decide(&shop, "deny", &id).exits(if side == Side::Hub { 2 } else { 3 });
        assert_eq!(denied.stderr.contains("ANYMARKET"), side == Side::Hub, "{denied:?}");
        let _ = shop.run(&["cancel", "accept", &id, "--reason", " "]).exits(2);
    }
    for (side, settings) in [
        (Side::Vtex, "auto_cancel = { from_erp = true }"),
        (Side::Hub, "cancel = true\nauto_cancel = { from_erp = true }"),
    ] {
        let shop = side.shop(settings);
        let id = side.paid(&shop);
        let _ = side.run(&shop, "import-orders").exits(0);
        let ran = decide(&shop, "accept", &id).exits(3);
        assert!(ran.stdout.contains("auto-cancel tells the channel"), "{}", ran.stdout);
    }
}
