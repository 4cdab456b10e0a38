//! What holds an order and what lets it go, by itself, on the next run; and what no hold may change: a fate, a tombstone, another
//! pass's hold.

use serde_json::json;

use crate::back_office::Nfe;
use crate::sandbox::{Fault, Kind, OrderSeed, Payment, RetryAfter};
use crate::shop::{Shop, paid};

/// A shop with an order that is in the ERP, paid, and not taken over: the call for that is lost before it arrives.
fn not_taken_over(settings: &str) -> (Shop, String) {
    let shop = Shop::with(settings);
    let id = shop.place(paid());
    shop.vtex(|v| v.faults.push(Fault::next(1, Kind::DropBeforeWrite).on("POST", "/start-handling")));
    let _ = shop.import().exits(3);
    assert_eq!((shop.held(), shop.take_overs(&id)), (vec!["outcome_unknown".into()], 0));
    (shop, id)
}

fn refuses(shop: &Shop, method: &str, path: &str, code: u16, body: &str) {
    let kind = Kind::Status { code, retry_after: RetryAfter::Absent, body: body.into() };
    shop.vtex(|v| v.faults.push(Fault::always(kind).on(method, path)));
}

fn cancel_in_erp(shop: &Shop, id: &str) {
    let _ = shop.run(&["ledger", "cancel", id, "--reason", "a pedido"]).exits(0);
}

/// The state file is lost; both sides are as they were.
fn lose_state(shop: &Shop) {
    for file in ["vaivem.db", "vaivem.db-wal", "vaivem.db-shm"] {
        let _ = std::fs::remove_file(shop.path(file));
    }
}

fn change_state(shop: &Shop, sql: &str) {
    let state = shop.database("vaivem.db");
    assert!(state.execute(sql, []).unwrap() > 0, "{sql}");
}

/// The fates there are, each with its number of orders.
fn fates(shop: &Shop) -> Vec<(String, i64)> {
    let records = shop.run(&["orders"]).exits(0).records();
    let fates = records.iter().filter(|record| record["type"] == "fate");
    fates.map(|fate| (fate["fate"].as_str().unwrap().to_owned(), fate["orders"].as_i64().unwrap())).collect()
}

fn one(fate: &str) -> Vec<(String, i64)> {
    vec![(fate.to_owned(), 1)]
}

#[test]
fn an_order_the_erp_cancelled_is_not_taken_over() {
    let (shop, id) = not_taken_over("");
    cancel_in_erp(&shop, &id);
    for _ in 0..2 {
        let record = shop.import().exits(3).order(&id);
        assert_eq!(record["reason"]["code"], "paid_after_cancellation");
        assert_eq!((shop.take_overs(&id), fates(&shop)), (0, one("imported")));
        // Both passes see it alike.
        assert_eq!(shop.sync().exits(3).order(&id)["reason"]["code"], "paid_after_cancellation");
    }
    assert_eq!(shop.take_overs(&id), 0);
    // The channel cancels it, too: the cause is gone.
    shop.vtex(|v| v.cancel_by_customer(&id));
    let _ = shop.sync().exits(0);
    assert_eq!((shop.held(), fates(&shop)), (vec![], one("cancelled")));
}

#[test]
fn where_the_channel_follows_the_erp_nothing_is_held_either() {
    let (shop, id) = not_taken_over("auto_cancel = { from_erp = true }");
    cancel_in_erp(&shop, &id);
    let _ = shop.import().exits(0);
    let _ = shop.sync().exits(0);
    assert_eq!((shop.held(), shop.take_overs(&id)), (vec![], 0));
    for _ in 0..2 {
        let _ = shop.run(&["auto-cancel"]).exits(0);
    }
    assert_eq!(shop.channel_status(&id), "canceled");
}

#[test]
fn an_order_found_in_the_erp_is_linked_and_taken_over_only_if_it_is_paid_there() {
    for cancelled in [true, false] {
        let (shop, id) = not_taken_over("");
        if cancelled {
            cancel_in_erp(&shop, &id);
        }
        lose_state(&shop);
        let record = shop.import().exits(if cancelled { 3 } else { 0 }).order(&id);
        if cancelled {
            assert_eq!(record["reason"]["code"], "paid_after_cancellation");
        } else {
            assert_eq!(
                (&record["outcome"], &record["actions"]),
                (&json!("imported"), &json!(["link_order", "take_over"]))
            );
        }
        assert_eq!((shop.take_overs(&id), shop.erp()[&id].len()), (usize::from(!cancelled), 1));
        assert_eq!(fates(&shop), one("imported"), "it is in the ERP, held or not");
    }
}

#[test]
fn an_order_made_in_the_erp_right_before_a_crash_is_found_although_the_channel_cancelled_it_since() {
    let (shop, id) = not_taken_over("");
    // As a process leaves it that dies between the ERP's answer and its noting.
    change_state(&shop, "UPDATE orders SET erp_id = NULL, erp_number = NULL, erp_status = NULL, fate = NULL");
    change_state(&shop, "UPDATE journal SET state = 'intended' WHERE action = 'create_order'");
    change_state(&shop, "UPDATE holds SET released_at = 0");
    shop.vtex(|v| v.cancel_by_customer(&id));
    let record = shop.import().exits(0).order(&id);
    assert_eq!(record["actions"], json!(["link_order"]));
    let _ = shop.sync().exits(0);
    assert_eq!((shop.erp()[&id][0].status.as_str(), shop.erp()[&id][0].reserved), ("cancelled", 0));
    assert_eq!(fates(&shop), one("cancelled"));
}

#[test]
fn cancelled_after_invoice_stays_held_until_the_invoice_is_gone() {
    let (shop, id) = not_taken_over("");
    let nfe = Nfe::new(1001, 4_990);
    shop.issue(&id, &nfe);
    shop.vtex(|v| v.cancel_by_customer(&id));
    let _ = shop.sync().exits(3);
    assert_eq!(shop.held(), ["cancelled_after_invoice"]);
    let since = || shop.run(&["holds"]).exits(3).records()[0]["since"].clone();
    let first = since();
    // Neither an import that hears of it, nor one that is told to look, nor one that cannot, takes that hold away.
    let _ = shop.import();
    let _ = shop.run(&["import-orders", "--order", &id]).exits(0);
    refuses(&shop, "GET", &format!("/orders/{id}"), 400, "");
    let record = shop.run(&["import-orders", "--order", &id]).exits(3).order(&id);
    assert_eq!(record["reason"]["code"], "call_failed");
    shop.vtex(|v| v.faults.clear());
    assert_eq!((shop.held(), since()), (vec!["cancelled_after_invoice".into()], first));
    assert_eq!((fates(&shop), shop.erp()[&id][0].status.as_str()), (one("imported"), "invoiced"));
    // The invoice cancelled and then the order, by a person.
    shop.cancel_invoice(&nfe);
    cancel_in_erp(&shop, &id);
    let _ = shop.sync().exits(0);
    assert_eq!(fates(&shop), one("cancelled"));
    assert_eq!(shop.held(), [""; 0]);
}

#[test]
fn a_cancellation_and_the_wish_for_one_are_heard_long_after_both_sides_were_done() {
    type Comes = fn(&mut crate::sandbox::Vtex, &str);
    let cases: [(Comes, &str); 2] = [
        (|v, id| v.cancel_by_customer(id), "cancelled_after_invoice"),
        (|v, id| v.request_cancellation(id), "cancellation_requested_on_channel"),
    ];
    for (comes, code) in cases {
        let shop = Shop::new();
        let id = shop.place(paid());
        let _ = shop.import().exits(0);
        shop.issue(&id, &Nfe::new(1001, 4_990));
        let _ = shop.run(&["push-invoices"]).exits(0);
        let _ = shop.import().exits(0);
        let _ = shop.sync().exits(0);
        assert_eq!(shop.sync().exits(0).summary()["calls"], 0, "nobody follows it any more");
        shop.vtex(|v| comes(v, &id));
        let _ = shop.import().exits(0);
        assert_eq!(shop.sync().exits(3).order(&id)["reason"]["code"], code);
    }
}

#[test]
fn another_order_under_the_number_is_held_and_left_alone() {
    let (shop, id) = not_taken_over("");
    lose_state(&shop);
    shop.vtex(|v| v.order_mut(&id).seed.freight = 1_000);
    for _ in 0..2 {
        let reason = &shop.import().exits(3).order(&id)["reason"];
        assert_eq!((&reason["code"], &reason["field"]), (&json!("erp_differs"), &json!("total")));
    }
    assert_eq!((shop.take_overs(&id), fates(&shop), shop.erp()[&id].len()), (0, one("held"), 1));
    shop.vtex(|v| v.order_mut(&id).seed.freight = 0);
    let _ = shop.import().exits(0);
    assert_eq!((shop.take_overs(&id), shop.held(), shop.erp()[&id].len()), (1, vec![], 1));
}

#[test]
fn what_the_erp_refuses_is_held_until_it_takes_it() {
    let mut shop = Shop::with("warehouses = { \"1_1\" = \"longe\" }");
    let id = shop.place(paid());
    for args in [["import-orders", "--dry-run"].as_slice(), &["import-orders"]] {
        let record = shop.run(args).exits(3).order(&id);
        assert_eq!(
            (&record["reason"]["code"], &record["reason"]["refusal"]),
            (&json!("erp_refused"), &json!("unknown_warehouse"))
        );
    }
    assert_eq!((shop.take_overs(&id), shop.erp().len(), fates(&shop)), (0, 0, one("held")));
    shop.set("");
    let _ = shop.import().exits(0);
    assert_eq!((shop.take_overs(&id), shop.held(), shop.erp()[&id].len()), (1, vec![], 1));
}

#[test]
fn a_take_over_that_is_refused_is_held_and_tried_again() {
    let shop = Shop::new();
    let id = shop.place(paid());
    refuses(&shop, "POST", "/start-handling", 409, r#"{"error":{"code":"OMS003","message":"not now"}}"#);
    for tries in [1, 2] {
        let reason = &shop.import().exits(3).order(&id)["reason"];
        assert_eq!((&reason["code"], &reason["raw"]), (&json!("take_over_refused"), &json!("ready-for-handling")));
        assert_eq!(shop.run(&["holds"]).exits(3).records()[0]["tries"], tries);
    }
    assert_eq!(fates(&shop), one("imported"));
    shop.vtex(|v| v.faults.clear());
    let _ = shop.import().exits(0);
    assert_eq!((shop.take_overs(&id), shop.held()), (1, vec![]));
}

/// Each for an order that is not in the ERP yet, and for one that is.
#[test]
fn what_cannot_be_read_is_held_until_it_can() {
    type Change = fn(&Shop, &str);
    let cases: [(&str, Change, Change); 3] = [
        (
            "unreadable",
            |shop, id| shop.vtex(|v| v.order_mut(id).seed.patch = Some(json!({"value": 19.99}))),
            |shop, id| shop.vtex(|v| v.order_mut(id).seed.patch = None),
        ),
        (
            "not_on_channel",
            |shop, id| refuses(shop, "GET", &format!("/orders/{id}"), 404, ""),
            |shop, _| shop.vtex(|v| v.faults.clear()),
        ),
        (
            "call_failed",
            |shop, id| refuses(shop, "GET", &format!("/orders/{id}"), 400, ""),
            |shop, _| shop.vtex(|v| v.faults.clear()),
        ),
    ];
    for (code, break_it, mend_it) in cases {
        for is_in_erp in [false, true] {
            let (shop, id) = match is_in_erp {
                true => not_taken_over(""),
                false => {
                    let shop = Shop::new();
                    let id = shop.place(paid());
                    (shop, id)
                }
            };
            break_it(&shop, &id);
            let record = shop.import().exits(3).order(&id);
            assert_eq!((&record["outcome"], &record["reason"]["code"]), (&json!("held"), &json!(code)));
            // A call that failed tells nothing new of an order that is held already.
            let held = if is_in_erp && code == "call_failed" { "outcome_unknown" } else { code };
            assert_eq!(shop.held(), [held]);
            assert_eq!(fates(&shop), one(if is_in_erp { "imported" } else { "held" }), "{code}");
            mend_it(&shop, &id);
            let _ = shop.import().exits(0);
            assert_eq!(
                (shop.held(), shop.take_overs(&id), shop.erp()[&id].len()),
                (vec![], 1, 1),
                "{code}, {is_in_erp}"
            );
        }
    }
}

#[test]
fn an_order_that_waits_goes_on_waiting_when_a_call_fails() {
    let shop = Shop::with("reread_after = \"1h\"");
    let id = shop.place(paid().pending(Payment::pix()));
    let _ = shop.import().exits(0);
    shop.vtex(|v| v.emit_event(&id, "payment-approved"));
    refuses(&shop, "GET", &format!("/orders/{id}"), 400, "");
    for tries in [1, 2] {
        assert_eq!(shop.import().exits(3).order(&id)["reason"]["code"], "call_failed");
        assert_eq!((fates(&shop), shop.held()), (one("waiting"), vec!["call_failed".into()]));
        assert_eq!(shop.run(&["holds"]).exits(3).records()[0]["tries"], tries, "read again on the next run");
    }
    shop.vtex(|v| v.faults.clear());
    assert_eq!(shop.import().exits(0).order(&id)["outcome"], "waiting");
    assert_eq!(shop.held(), [""; 0]);
}

#[test]
fn nothing_revives_a_cancelled_order() {
    let shop = Shop::new();
    let id = shop.place(paid().status("canceled"));
    let _ = shop.import().exits(0);
    assert_eq!(fates(&shop), one("cancelled"));
    let named = || shop.run(&["import-orders", "--order", &id]).exits(3).order(&id)["reason"]["code"].clone();
    let path = format!("/orders/{id}");
    shop.vtex(|v| v.set_status(&id, "ready-for-handling"));
    refuses(&shop, "GET", &path, 400, "");
    assert_eq!((named(), fates(&shop)), (json!("call_failed"), one("cancelled")));
    shop.vtex(|v| v.faults.clear());
    shop.vtex(|v| v.order_mut(&id).seed.patch = Some(json!({"value": 19.99})));
    assert_eq!((named(), fates(&shop)), (json!("unreadable"), one("cancelled")));
    shop.vtex(|v| v.order_mut(&id).seed.patch = None);
    for _ in 0..2 {
        assert_eq!(
            shop.import().exits(3).order(&id)["reason"]["code"],
            "cancel_announced",
            "it is looked at while it is held"
        );
        assert_eq!((fates(&shop), shop.erp().len(), shop.take_overs(&id)), (one("cancelled"), 0, 0));
    }
    shop.vtex(|v| v.cancel_by_customer(&id));
    let _ = shop.import().exits(0);
    assert_eq!((fates(&shop), shop.held()), (one("cancelled"), vec![]));
}

#[test]
fn an_order_that_only_a_person_named_is_forgotten_when_it_cannot_be_read() {
    let cases: [(&str, i32, Kind); 3] =
        [("not_on_channel", 3, Kind::status(404)), ("call_failed", 3, Kind::status(400)), ("", 5, Kind::too_many(60))];
    let named = |shop: &Shop, id: &str| shop.run(&["import-orders", "--order", id, "--order", "1-01"]);
    for (code, exit, kind) in cases {
        let shop = Shop::with("max_wait = \"1s\"\nin_flight = 1");
        let id = shop.place(paid());
        shop.vtex(|v| v.faults.push(Fault::always(kind).on("GET", "/orders/")));
        let ran = named(&shop, &id).exits(exit);
        if exit == 3 {
            let record = ran.order(&id);
            assert_eq!((&record["outcome"], &record["reason"]["code"]), (&json!("failed"), &json!(code)));
        }
        assert_eq!((shop.held(), fates(&shop)), (vec![], vec![]), "{code}");
    }
    let shop = Shop::new();
    let id = shop.place(paid().patch(json!({"value": 19.99})));
    let record = named(&shop, &id).exits(3).order(&id);
    assert_eq!((&record["outcome"], &record["reason"]["code"]), (&json!("failed"), &json!("unreadable")));
    assert_eq!((shop.held(), fates(&shop)), (vec![], vec![]));
    // One that can be read is held for what is wrong with it, named or not.
    let id = shop.place(OrderSeed::new().sku("9", "NOVO", 1_000, 1));
    let _ = shop.run(&["import-orders", "--order", &id]).exits(3);
    assert_eq!((shop.held(), fates(&shop)), (vec!["skus_unmapped".into()], one("held")));
}
