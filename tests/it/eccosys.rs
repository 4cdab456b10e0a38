//! What only Eccosys does: no key keeps a second order out, an id and a number share one path, it has no changes to ask for, and it
//! takes about a call a second.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde_json::json;

use crate::adopt::{lose_state, since};
use crate::back_office::{Nfe, ago, parcel};
use crate::sandbox::{Fault, HookAction, Kind, Mangle, Payment, Phase, RetryAfter, papers};
use crate::shop::{Shop, paid};
use crate::side::{Side, hook};
use crate::torture::disturbed::run_bounded;

const SETTINGS: &str = "in_flight = 8
reread_paid_after = \"30d\"
stock = { warehouse = \"1_1\", unknown_skus = \"ignore\" }
invoices = { confirm_within = \"0s\", settle_after = \"0s\", issuers = [\"12345678000195\"] }";

fn shop() -> Shop {
    let shop = Shop::on_eccosys(SETTINGS);
    shop.vtex(|v| {
        v.add_sku("1", "CAMISETA-P");
        v.configure_needed_feed();
    });
    shop
}

fn place(shop: &Shop, count: usize) -> Vec<String> {
    (0..count).map(|n| shop.place(paid().id(&format!("many-{n:04}")))).collect()
}

/// The codes of what is held for one order.
fn held(shop: &Shop) -> Vec<(String, String)> {
    let records = shop.run(&["holds"]).records();
    let holds = records.into_iter().filter(|record| record["type"] == "hold");
    holds.map(|hold| (hold["order"].to_string(), hold["reason"]["code"].to_string())).collect()
}

#[test]
fn an_order_goes_all_the_way() {
    let shop = shop();
    let id = shop.place(paid().id("way-01"));
    let _ = shop.run(&["import-orders"]).exits(0);
    assert_eq!(shop.eccosys(|e| e.sale(&id).situation), 0);
    assert_eq!(shop.take_overs(&id), 1);
    shop.eccosys(|e| {
        e.release_to_picking(&id);
        e.invoice(&id, 101);
    });
    let _ = shop.run(&["push-invoices"]).exits(0);
    assert_eq!(shop.channel_status(&id), "invoiced");
    shop.eccosys(|e| {
        e.track(&id, "BR101", "https://rastro.example/BR101", "Correios");
        e.collection_order(&[&id]);
        e.dispatch(&id);
        e.deliver(&id, Utc::now());
    });
    let _ = shop.run(&["push-tracking"]).exits(0);
    assert_eq!(shop.tracked(&id).0, ["BR101"]);
    assert!(shop.packages(&id)[0].delivered.is_some());
    let status = shop.run(&["status"]).exits(0).records();
    let erp = status.iter().find(|record| record["type"] == "erp").unwrap();
    assert!(erp["orders_compared_at"].is_string() && erp["followed"].is_number(), "{erp}");
    let _ = shop.run(&["sync"]).exits(0);
    let (calls, effects) = (shop.erp_calls(), shop.eccosys(|e| e.effects.len()));
    let _ = shop.run(&["sync"]).exits(0);
    assert_eq!(shop.eccosys(|e| e.effects.len()), effects, "a second run does nothing");
    // The stock, and the order once more among those of its day.
    assert!(shop.erp_calls() - calls <= 2, "{} calls", shop.erp_calls() - calls);
}

/// One answer in three is lost after the order was made, and still there is one of each. 1,000 with `VAIVEM_CASES=1000`.
#[test]
fn lost_answers_make_no_second_order() {
    let count = usize::try_from(crate::day::cases(300)).unwrap();
    let shop = shop();
    let ids = place(&shop, count);
    let mut state: u32 = 7;
    shop.eccosys(|e| {
        hook(e, move |call, phase| {
            if phase != Phase::AfterEffect || call.method != "POST" || !call.path.ends_with("/pedidos") {
                return true;
            }
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let is_lost = state >> 16 & 0xff < 77;
            !is_lost
        });
    });
    let mut runs = 0;
    while ids.iter().any(|id| shop.take_overs(id) == 0) {
        let _ = shop.import();
        runs += 1;
        assert!(runs <= 20, "the orders do not come in");
    }
    let twice: Vec<&String> = ids.iter().filter(|id| shop.eccosys(|e| e.find(id).len()) != 1).collect();
    assert_eq!(twice, [&""; 0]);
}

/// The ERP may go on working on an order when the answer is long given up: until it can have shown, none is made again.
#[test]
fn an_order_that_may_show_late_is_not_made_again_at_once() {
    let mut shop = shop();
    shop.set_erp("settle_after = \"10m\"");
    let id = shop.place(paid().id("late-01"));
    shop.eccosys(|e| hook(e, |call, phase| phase != Phase::BeforeEffect || call.method != "POST"));
    let _ = shop.import();
    shop.eccosys(|e| e.on_call = None);
    let ran = shop.import().exits(3);
    assert_eq!(ran.order(&id)["reason"]["code"], "outcome_unknown");
    assert_eq!(shop.eccosys(|e| e.find(&id).len()), 0);
    shop.set_erp("settle_after = \"0s\"");
    let _ = shop.import().exits(0);
    assert_eq!(shop.eccosys(|e| e.find(&id).len()), 1);
}

#[test]
fn an_order_that_was_made_and_cannot_be_looked_for_is_not_made_again() {
    let shop = shop();
    let id = shop.place(paid().id("unseen-01"));
    // Asked for before it is made, and twice afterwards.
    let blind = Fault::always(Kind::status(503)).on("GET", "/pedidos").after(1);
    shop.eccosys(|e| e.faults.push(blind));
    let _ = shop.import();
    assert_eq!(shop.eccosys(|e| e.find(&id).len()), 1);
    // Its number was taken from it meanwhile.
    shop.eccosys(|e| {
        e.faults.clear();
        let made = e.id_of(&id);
        e.orders.get_mut(&made).unwrap().store_number = "another".into();
    });
    let _ = shop.import();
    assert_eq!(shop.eccosys(|e| (e.find(&id).len(), e.orders.len())), (0, 1), "no second one");
}

/// And until then it is not closed either: nobody would look for it again.
#[test]
fn an_order_that_may_show_late_is_found_though_the_channel_cancelled_it() {
    let mut shop = shop();
    shop.set_erp("settle_after = \"10m\"");
    let id = shop.place(paid().id("late-02"));
    shop.eccosys(|e| hook(e, |call, phase| phase != Phase::BeforeEffect || call.method != "POST"));
    let _ = shop.import();
    shop.eccosys(|e| e.on_call = None);
    shop.vtex(|v| v.cancel_by_customer(&id));
    shop.vtex(|v| v.set_status(&id, "canceled"));
    let ran = shop.import().exits(3);
    assert_eq!(ran.order(&id)["reason"]["code"], "outcome_unknown");
    // It shows, as paid as it was sent.
    shop.eccosys(|e| e.native_connector_imports(&id, &[("CAMISETA-P", 4_990, 1)]));
    let _ = shop.import();
    let _ = shop.run(&["sync-payments"]);
    assert_eq!(shop.eccosys(|e| e.sale(&id).situation), 2, "cancelled like on the channel");
    // One that never shows is over in the end.
    shop.set_erp("settle_after = \"0s\"");
    let _ = shop.import().exits(0);
    assert_eq!(held(&shop), []);
}

/// Nor does anybody else let go of it: a person who forgets it, one who accepts its cancellation, a state file that is rebuilt.
#[test]
fn whoever_lets_go_of_an_order_that_may_show_late_looks_for_it() {
    for way in ["forget", "accept", "adopt"] {
        let mut shop = shop();
        shop.set_erp("settle_after = \"10m\"");
        let id = shop.place(paid().id("late-03"));
        shop.eccosys(|e| hook(e, |call, phase| phase != Phase::BeforeEffect || call.method != "POST"));
        let _ = shop.import();
        shop.eccosys(|e| e.on_call = None);
        let (stands, held_for) = match way {
            "accept" => ("cancellation-requested", "cancellation_requested_on_channel"),
            _ => ("canceled", "outcome_unknown"),
        };
        shop.vtex(|v| v.set_status(&id, stands));
        let _ = match way {
            "forget" => shop.run(&["forget", &id]).exits(0),
            "accept" => shop.run(&["cancel", "accept", &id, "--reason", "desistiu"]).exits(3),
            _ => shop.run(&["adopt", "--since", &since()]).exits(3),
        };
        let _ = shop.import();
        assert_eq!((shop.channel_status(&id).as_str(), held(&shop).len()), (stands, 1), "{way}");
        assert!(held(&shop)[0].1.contains(held_for), "{way}: {:?}", held(&shop));
        shop.eccosys(|e| e.native_connector_imports(&id, &[("CAMISETA-P", 4_990, 1)]));
        shop.vtex(|v| v.set_status(&id, "canceled"));
        let _ = shop.import();
        let _ = shop.run(&["sync-payments"]);
        assert_eq!(shop.eccosys(|e| (e.find(&id).len(), e.sale(&id).situation)), (1, 2), "{way}");
    }
}

/// Success by its status and an error inside, or an order without its number: neither says that the order is not there.
#[test]
fn an_answer_that_tells_no_order_is_no_word_that_there_is_none() {
    for body in [
        r#"{"success":[],"error":[{"codigo":9,"erro":"Tente mais tarde"}]}"#,
        r#"{"result":{"success":[],"error":[{"codigo":9,"erro":"Tente mais tarde"}]}}"#,
        r#"[{"id":"7","situacao":"0"}]"#,
    ] {
        let shop = shop();
        shop.eccosys(|e| {
            e.native_connector_imports("told-01", &[("CAMISETA-P", 4_990, 1)]);
            let answer = Kind::Status { code: 200, retry_after: RetryAfter::Absent, body: body.into() };
            e.faults.push(Fault::always(answer).on("GET", "numeroOC="));
        });
        let id = shop.place(paid().id("told-01"));
        let ran = shop.import().exits(3);
        assert_eq!(ran.order(&id)["reason"]["code"], "erp_refused", "{body}");
        shop.eccosys(|e| e.faults.clear());
        let _ = shop.import().exits(0);
        assert_eq!((shop.eccosys(|e| e.find(&id).len()), shop.take_overs(&id)), (1, 1), "{body}");
    }
}

/// Taken without an id and not found by its number: whatever time goes by, only somebody who looked makes it be sent once more.
#[test]
fn an_order_that_was_taken_without_a_word_is_not_made_again() {
    let mut shop = shop();
    shop.set_erp("settle_after = \"0s\"");
    let ids = [shop.place(paid().id("word-01")), shop.place(paid().id("word-02"))];
    let posts = |shop: &Shop| shop.eccosys(|e| e.calls_of("POST", "/pedidos").len());
    for id in &ids {
        shop.eccosys(|e| {
            let body = r#"{"success":[{"msg":"Pedido recebido"}],"error":[]}"#.to_owned();
            let answer = Kind::Status { code: 200, retry_after: RetryAfter::Absent, body };
            e.faults.push(Fault::next(1, answer).on("POST", "/pedidos"));
        });
        let ran = shop.run(&["import-orders", "--order", id]).exits(6);
        assert!(ran.summary()["message"].as_str().unwrap().contains("may have made order"), "{ran:?}");
    }
    let made = posts(&shop);
    shop.advance(TimeDelta::days(2));
    let record = shop.import().exits(3).order(&ids[0]);
    assert_eq!(record["reason"]["refusal"], "unsure", "{record}");
    assert!(record["hint"].as_str().unwrap().contains("vaivem forget"), "{record}");
    assert_eq!(posts(&shop), made);
    // One shows, the other is not there.
    shop.eccosys(|e| e.native_connector_imports(&ids[0], &[("CAMISETA-P", 4_990, 1)]));
    let _ = shop.run(&["forget", &ids[1], "--reason", "não está no ERP"]).exits(0);
    let _ = shop.import().exits(0);
    assert_eq!(posts(&shop), made + 1);
    assert_eq!(ids.each_ref().map(|id| shop.eccosys(|e| e.find(id).len())), [1, 1]);
}

/// It was edited after another program brought it in, and before anybody here knew of it.
#[test]
fn an_order_found_in_the_erp_without_what_an_edit_put_in_is_told() {
    let shop = shop();
    let id = shop.place(paid().id("swap-01"));
    let _ = shop.eccosys(|e| e.native_connector_imports(&id, &[("CAMISETA-P", 4_990, 1)]));
    shop.vtex(|v| v.change_product(&id, "2", "CANECA"));
    let _ = shop.import().exits(0);
    let reason = shop.run(&["sync-payments", "--order", &id]).exits(3).order(&id)["reason"].clone();
    assert_eq!((&reason["code"], &reason["field"]), (&"changed_since".into(), &"products".into()));
    // One that comes in with it has it, and nobody asks.
    let edited = shop.place(paid().id("swap-02"));
    shop.vtex(|v| v.change_product(&edited, "2", "CANECA"));
    let _ = shop.import().exits(0);
    let items = || shop.eccosys(|e| e.calls_of("GET", &format!("/{}/items", e.id_of(&edited))).len());
    let asked = items();
    let _ = shop.run(&["sync-payments", "--order", &edited]).exits(0);
    assert_eq!(items(), asked);
}

/// People enter an order anew to change it, and cancel the first. Nobody wants the sale cancelled.
#[test]
fn an_order_that_was_entered_anew_is_the_one_that_is_meant() {
    let shop = Shop::on_eccosys(&format!("{SETTINGS}\nauto_cancel = {{ enabled = true }}"));
    let id = shop.place(paid().id("anew-01"));
    let _ = shop.run(&["import-orders"]).exits(0);
    shop.eccosys(|e| {
        e.cancel_order(&id);
        e.native_connector_imports(&id, &[("CAMISETA-P", 4_990, 1)]);
    });
    // Whichever pass comes first.
    for verb in ["auto-cancel", "sync-payments", "auto-cancel"] {
        let _ = shop.run(&[verb]).exits(0);
        assert_eq!((shop.channel_status(&id).as_str(), held(&shop)), ("handling", vec![]), "{verb}");
    }
    let why = shop.run(&["why", &id]).exits(0).stdout;
    assert!(why.contains("entered anew"), "{why}");
    // What becomes of it now is followed.
    shop.vtex(|v| v.set_status(&id, "canceled"));
    let _ = shop.run(&["sync-payments", "--order", &id]).exits(0);
    assert_eq!(shop.eccosys(|e| e.find(&id).iter().filter(|sale| sale.situation == 2).count()), 2);
}

/// What was announced of the entry before says nothing of the one that lives now: its own cancellation is announced, and then made.
#[test]
fn an_order_that_was_entered_anew_can_be_cancelled_for_good_later() {
    let shop = Shop::on_eccosys(&format!("{SETTINGS}\nauto_cancel = {{ enabled = true }}"));
    let id = shop.place(paid().id("anew-04"));
    let _ = shop.run(&["import-orders"]).exits(0);
    shop.eccosys(|e| e.cancel_order(&id));
    let _ = shop.run(&["auto-cancel"]).exits(0);
    shop.eccosys(|e| e.native_connector_imports(&id, &[("CAMISETA-P", 4_990, 1)]));
    for verb in ["auto-cancel", "sync-payments", "auto-cancel"] {
        let _ = shop.run(&[verb]).exits(0);
    }
    assert_eq!((shop.channel_status(&id).as_str(), held(&shop)), ("handling", vec![]));
    let living = shop.eccosys(|e| e.find(&id).iter().find(|sale| sale.situation != 2).unwrap().id);
    shop.eccosys(|e| e.cancel_entry(living));
    for status in ["handling", "canceled"] {
        let _ = shop.run(&["auto-cancel"]).exits(0);
        assert_eq!(shop.channel_status(&id), status);
    }
}

/// The customer's wish is granted for the sale as it lives in the ERP, not for the entry that was cancelled there.
#[test]
fn a_wish_is_granted_for_the_order_that_was_entered_anew() {
    let shop = Shop::on_eccosys(SETTINGS);
    let (same, other) = (shop.place(paid().id("anew-02")), shop.place(paid().id("anew-03")));
    let _ = shop.run(&["import-orders"]).exits(0);
    for (id, price) in [(&same, 4_990), (&other, 3_990)] {
        shop.eccosys(|e| {
            e.cancel_order(id);
            e.native_connector_imports(id, &[("CAMISETA-P", price, 1)]);
        });
        shop.vtex(|v| v.request_cancellation(id));
    }
    let living = |id: &str| shop.eccosys(|e| e.find(id).iter().filter(|sale| sale.situation != 2).count());
    let accept = |id: &str| shop.run(&["cancel", "accept", id, "--reason", "desistiu da compra"]);
    let _ = accept(&same).exits(0);
    assert_eq!((shop.channel_status(&same).as_str(), living(&same)), ("canceled", 0));
    // Whether that is the sale a person must say.
    let refused = accept(&other).exits(3);
    assert!(refused.stderr.contains("another") || refused.stdout.contains("another"), "{refused:?}");
    assert_eq!((shop.channel_status(&other).as_str(), living(&other)), ("cancellation-requested", 1));
}

/// What is gone from the ERP and cancelled on the channel is over.
#[test]
fn an_order_that_is_gone_from_eccosys_is_over_once_the_channel_cancels_it() {
    let mut shop = Shop::on_eccosys(SETTINGS);
    shop.set_erp("settle_after = \"2s\"");
    let id = shop.place(paid().id("gone-02"));
    let _ = shop.run(&["import-orders"]).exits(0);
    shop.eccosys(|e| e.delete_order(&id));
    let ran = shop.run(&["sync-payments", "--order", &id]).exits(3);
    assert_eq!(ran.order(&id)["reason"]["code"], "erp_refused");
    shop.vtex(|v| v.set_status(&id, "canceled"));
    let _ = shop.run(&["sync-payments", "--order", &id]).exits(3);
    std::thread::sleep(Duration::from_secs(2));
    let ran = shop.run(&["sync-payments", "--order", &id]).exits(0);
    assert_eq!(ran.order(&id)["outcome"], "cancelled");
    assert_eq!(held(&shop), []);
}

#[test]
fn an_order_that_eccosys_does_not_show_for_a_moment_is_cancelled_there_all_the_same() {
    let mut shop = Shop::on_eccosys(SETTINGS);
    shop.set_erp("settle_after = \"10m\"");
    let id = shop.place(paid().id("blink-02"));
    let _ = shop.run(&["import-orders"]).exits(0);
    shop.vtex(|v| v.set_status(&id, "canceled"));
    shop.eccosys(|e| e.faults.push(Fault::always(Kind::status(404)).on("GET", "/pedidos")));
    for _ in 0..2 {
        let ran = shop.run(&["sync-payments", "--order", &id]).exits(3);
        assert_eq!(ran.order(&id)["reason"]["code"], "erp_refused");
    }
    shop.eccosys(|e| e.faults.clear());
    let _ = shop.run(&["sync-payments"]).exits(0);
    assert_eq!((shop.eccosys(|e| e.sale(&id).situation), held(&shop)), (2, vec![]));
}

/// A shop where every run goes by what the one before was told of Eccosys.
fn shop_that_recalls() -> Shop {
    let mut shop = Shop::on_eccosys(&format!("import = \"all\"\n{SETTINGS}"));
    shop.set_erp("fresh_for = \"10m\"\nstock_fresh_for = \"10m\"");
    shop.vtex(|v| {
        v.add_sku("1", "CAMISETA-P");
        v.configure_needed_feed();
    });
    shop
}

/// What a pass would do, by what it was told before.
fn plan(shop: &Shop, args: &[&str]) -> String {
    let plan = shop.run(&[args, &["--dry-run"]].concat()).exits(0).stdout;
    assert!(plan.contains("\"plan\""), "{plan}");
    plan
}

/// What was told a moment ago is enough for a pass of its own, which asks the ERP again before it writes there. What a plan rests on
/// must not have changed at all.
#[test]
fn a_plan_is_held_against_the_order_itself() {
    let shop = shop_that_recalls();
    let id = Side::Vtex.unpaid(&shop);
    let _ = shop.import().exits(0);
    // Compares the orders.
    let _ = shop.run(&["push-invoices"]).exits(0);
    Side::Vtex.give_up(&shop, &id);
    let plan = plan(&shop, &["sync-payments", "--order", &id]);
    shop.eccosys(|e| e.confirm_payment(&id));
    let reason = shop.run_with_input(&["apply", "-"], &plan).exits(3).order(&id)["reason"].clone();
    assert_eq!((&reason["code"], shop.eccosys(|e| e.sale(&id).situation)), (&"plan_stale".into(), 0), "{reason}");
}

/// Another tracking address changes nothing of its order in Eccosys, so that nobody hears of it for hours.
#[test]
fn a_plan_is_held_against_the_parcel_itself() {
    let shop = shop_that_recalls();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    shop.eccosys(|e| {
        e.invoice(&id, 101);
        e.track(&id, "BR101", "https://rastro.example/BR101", "Correios");
    });
    // Reads invoice and parcel.
    let _ = shop.run(&["push-invoices", "--order", &id]).exits(0);
    let plan = plan(&shop, &["push-tracking", "--order", &id]);
    shop.eccosys(|e| e.track(&id, "BR101", "https://rastreio.example/BR101", "Correios"));
    let reason = shop.run_with_input(&["apply", "-"], &plan).exits(3).order(&id)["reason"].clone();
    assert_eq!(reason["changed"][0]["fact"], "outgoing", "{reason}");
}

/// Whoever names an order has just seen something happen to it.
#[test]
fn a_named_order_is_read_anew() {
    let shop = shop_that_recalls();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    // Compares the orders.
    let _ = shop.run(&["push-invoices"]).exits(0);
    shop.eccosys(|e| e.invoice(&id, 101));
    assert!(shop.run(&["push-invoices"]).exits(0).records().iter().all(|record| record["type"] != "order"));
    let ran = shop.run(&["push-invoices", "--order", &id]).exits(0);
    assert_eq!(ran.order(&id)["reason"]["code"], "invoices_sent", "{}", ran.stdout);
}

#[test]
fn a_plan_is_held_against_the_balance_itself() {
    let shop = shop_that_recalls();
    let _ = shop.push().exits(0);
    let plan = plan(&shop, &["push-stock", "--full"]);
    shop.eccosys(|e| e.count("CAMISETA-P", 42));
    let reason = shop.run_with_input(&["apply", "-"], &plan).exits(3).stock("CAMISETA-P")["reason"].clone();
    assert_eq!(reason["changed"][0]["is"], "42", "{reason}");
}

/// A shop with an unpaid order, told what is on the shelf; balances are read anew by each run, the orders' lists are not.
fn shop_with_an_unpaid_order() -> (Shop, String) {
    let mut shop = shop_that_recalls();
    shop.set_erp("fresh_for = \"10m\"\nstock_fresh_for = \"0s\"");
    shop.vtex(|v| v.add_sku("2", "CANECA"));
    shop.count_shelves(&[("CAMISETA-P", 3)]);
    let id = Side::Vtex.unpaid(&shop);
    let _ = shop.import().exits(0);
    let _ = shop.push().exits(0);
    assert_eq!(told(&shop), 3, "one is reserved, there and here");
    // Compares the orders.
    let _ = shop.run(&["push-invoices"]).exits(0);
    (shop, id)
}

fn told(shop: &Shop) -> i64 {
    shop.vtex(|v| v.stock("1", "1_1").quantity)
}

/// The lists were compared before a person cancelled the order, the balances are read after it.
#[test]
fn no_number_rests_on_what_was_told_of_an_order_before_its_balance_was() {
    for is_deleted in [false, true] {
        let (shop, id) = shop_with_an_unpaid_order();
        shop.eccosys(|e| {
            e.cancel_order(&id);
            if is_deleted {
                let id = e.id_of(&id);
                e.orders.remove(&id);
            }
        });
        shop.count_shelves(&[("CAMISETA-P", 2)]);
        let _ = shop.push().exits(0);
        assert_eq!(told(&shop), 2, "deleted: {is_deleted}");
    }
}

#[test]
fn an_order_that_cannot_be_read_keeps_back_its_own_units_alone() {
    let (shop, id) = shop_with_an_unpaid_order();
    let path = format!("/pedidos/{}", shop.eccosys(|e| e.id_of(&id)));
    shop.eccosys(|e| e.faults.push(Fault::always(Kind::Mangled(Mangle::Empty)).on("GET", &path)));
    shop.count_shelves(&[("CAMISETA-P", 5), ("CANECA", 7)]);
    let ran = shop.push().exits(5);
    assert!(ran.summary()["message"].as_str().unwrap().contains("could not be looked at"), "{ran:?}");
    let other = shop.vtex(|v| v.stock("2", "1_1").quantity);
    assert_eq!((told(&shop), other), (4, 7), "of five one is reserved");
    shop.eccosys(|e| e.faults.clear());
    let _ = shop.push().exits(0);
    assert_eq!(told(&shop), 5);
}

/// No list shows an order that is cancelled, so it is read by itself.
#[test]
fn a_run_that_could_not_look_at_an_order_does_not_say_that_all_is_done() {
    let shop = shop();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let path = format!("/pedidos/{}", shop.eccosys(|e| e.id_of(&id)));
    shop.eccosys(|e| {
        e.cancel_order(&id);
        e.faults.push(Fault::always(Kind::status(503)).on("GET", &path));
    });
    let ran = shop.run(&["push-invoices"]).exits(5);
    assert!(ran.summary()["message"].as_str().unwrap().contains("did not answer for 1"), "{ran:?}");
    shop.eccosys(|e| e.faults.clear());
    let _ = shop.run(&["push-invoices"]).exits(0);
}

#[test]
fn a_dry_run_leaves_the_queue_of_changed_stock_alone() {
    let mut shop = shop();
    shop.set_erp("stock_queue = true");
    let _ = shop.push().exits(0);
    shop.eccosys(|e| e.count("CAMISETA-P", 42));
    let _ = shop.run(&["push-stock", "--dry-run"]).exits(0);
    assert_eq!(shop.eccosys(|e| e.effects.len()), 0);
    let _ = shop.push().exits(0);
    assert_eq!(shop.vtex(|v| v.stock("1", "1_1").quantity), 42);
}

#[test]
fn an_invoice_that_cannot_be_read_just_now_is_not_cancelled() {
    let mut shop = shop();
    shop.set_erp("details_within = \"0s\"");
    let id = shop.place(paid().id("blink-01"));
    let _ = shop.import().exits(0);
    shop.eccosys(|e| e.invoice(&id, 5));
    let _ = shop.run(&["push-invoices"]).exits(0);
    shop.eccosys(|e| e.faults.push(Fault::next(2, Kind::status(404)).on("GET", "/nfes")));
    let _ = shop.run(&["push-invoices"]).exits(0);
    shop.eccosys(|e| e.faults.clear());
    let _ = shop.run(&["push-invoices"]).exits(0);
    assert!(held(&shop).is_empty(), "{:?}", held(&shop));
}

/// In Eccosys an order is cancelled by itself, and its invoice stands until somebody cancels that, too.
#[test]
fn an_order_that_was_cancelled_there_is_neither_invoiced_nor_sent() {
    let shop = shop();
    let id = shop.place(paid().id("regret-01"));
    let _ = shop.import().exits(0);
    shop.eccosys(|e| {
        e.invoice(&id, 101);
        e.track(&id, "BR101", "https://rastro.example/BR101", "Correios");
        e.cancel_order(&id);
    });
    let ran = shop.run(&["push-invoices"]).exits(3);
    assert_eq!(ran.order(&id)["reason"]["code"], "cancelled_in_erp_only");
    let _ = shop.run(&["push-tracking"]).exits(0);
    assert_eq!((shop.channel_status(&id).as_str(), shop.packages(&id).len()), ("handling", 0));
    assert_eq!(held(&shop).len(), 1);
    // Without its invoice it is no decision any more.
    shop.eccosys(|e| e.cancel_invoice(&id));
    let _ = shop.run(&["push-invoices", "--order", &id]).exits(0);
    assert_eq!(held(&shop), []);
}

/// What a run costs when little changed, in calls to the ERP. `--nocapture` prints the figures.
#[test]
fn a_run_costs_what_changed_and_not_what_is_open() {
    const OPEN: usize = 1_000;
    let mut shop = shop();
    // They were handed over long ago.
    shop.set(&SETTINGS.replace("stock = { ", "stock = { settle = \"0s\", "));
    shop.eccosys(|e| e.count("CAMISETA-P", 5_000));
    let ids = place(&shop, OPEN);
    let _ = shop.run(&["sync"]).exits(0);
    let cost = || {
        let before = shop.erp_calls();
        let _ = shop.run(&["sync"]).exits(0);
        shop.erp_calls() - before
    };
    let _ = cost();
    let nothing = cost();
    let invoice = |from: usize, to: usize| {
        shop.eccosys(|e| {
            for (n, id) in ids.iter().enumerate().take(to).skip(from) {
                e.invoice(id, 1 + u32::try_from(n).unwrap());
            }
        });
    };
    invoice(0, 10);
    let ten = cost();
    invoice(10, 110);
    let hundred = cost();
    let invoiced = ids.iter().filter(|id| shop.channel_status(id) == "invoiced").count();
    assert_eq!(invoiced, 110);
    println!("{OPEN} open orders: {nothing} calls without a change, {ten} with 10 invoices, {hundred} with 100");
    // Four lists of a hundred orders a page, that of the invoiced, and the stock; then one call for each invoice.
    assert!(nothing <= 16 && ten <= 16 + 11 && hundred <= 16 + 105, "{nothing}, {ten}, {hundred}");
}

/// The calls of the README's table, beside lists and balances: what five more changes cost.
#[test]
fn each_change_costs_its_own_calls_and_no_more() {
    let costs = |many: usize| {
        let mut shop = shop();
        shop.set(&format!("import = \"all\"\nauto_cancel = {{ enabled = true }}\n{SETTINGS}"));
        shop.eccosys(|e| e.count("CAMISETA-P", 5_000));
        let _ = shop.run(&["sync"]).exits(0);
        let ids = place(&shop, many);
        let open: Vec<String> = (0..many).map(|_| Side::Vtex.unpaid(&shop)).collect();
        let cost = |verb: &str| {
            let before = shop.erp_calls();
            let _ = shop.run(&[verb]).exits(0);
            i64::try_from(shop.erp_calls() - before).unwrap()
        };
        let import = cost("import-orders");
        open.iter().for_each(|id| Side::Vtex.pay(&shop, id));
        let paid = cost("sync-payments");
        open.iter().for_each(|id| Side::Vtex.give_up(&shop, id));
        let _ = shop.import().exits(0);
        let cancelled = cost("sync-payments");
        let number = |at: usize| 100 + u32::try_from(at).unwrap();
        shop.eccosys(|e| (0..).zip(&ids).for_each(|(at, id)| drop(e.invoice(id, number(at)))));
        let invoiced = cost("push-invoices");
        shop.eccosys(|e| {
            for id in &ids {
                e.track(id, &format!("BR-{id}"), "https://rastro.example", "Correios");
                e.dispatch(id);
            }
        });
        let sent = cost("push-tracking");
        shop.eccosys(|e| ids.iter().for_each(|id| e.deliver(id, Utc::now())));
        let delivered = cost("push-tracking");
        assert!(ids.iter().all(|id| shop.packages(id)[0].delivered.is_some()));
        [import, paid, cancelled, invoiced, sent, delivered]
    };
    let (few, more) = (costs(2), costs(7));
    let each: Vec<i64> = more.iter().zip(few).map(|(more, few)| more - few).collect();
    assert_eq!(each, [5 * 2 * 4, 5 * 2, 5 * 2, 5, 5 * 2, 5 * 2], "{few:?} for two, {more:?} for seven");
}

#[test]
fn a_forgotten_order_is_forgotten_in_the_mirror_too_and_found_again() {
    let shop = shop();
    let id = shop.place(paid().id("gone-01"));
    let _ = shop.import().exits(0);
    shop.eccosys(|e| e.invoice(&id, 8));
    let _ = shop.run(&["push-invoices"]).exits(0);
    let mirrored = || {
        let state = shop.database("vaivem.db");
        let count = "SELECT (SELECT count(*) FROM mirror_orders) + (SELECT count(*) FROM mirror_invoices)";
        state.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(mirrored(), 2);
    let _ = shop.run(&["forget", &id]).exits(0);
    assert_eq!(mirrored(), 0);
    let _ = shop.import();
    assert_eq!((mirrored(), shop.eccosys(|e| e.find(&id).len())), (1, 1));
}

#[test]
fn what_a_carrier_told_a_state_file_that_was_lost_comes_back_with_its_file() {
    let mut shop = shop();
    shop.open_inboxes();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    shop.issue(&id, &Nfe::new(501, 4_990));
    shop.ship(&id, &parcel("BR501"));
    let _ = shop.run(&["sync"]).exits(0);
    let path = format!("/pedidos/{}", shop.eccosys(|e| e.id_of(&id)));
    shop.eccosys(|e| e.faults.push(Fault::next(1_000, Kind::status(500)).on("GET", &path)));
    shop.drop_into("carriers/oco.txt", &papers::ocoren(&[(501, 1, ago(5))], ago(1)));
    let _ = shop.run(&["push-tracking"]);
    shop.eccosys(|e| e.faults.clear());
    lose_state(&shop);
    let adopt = ["--output", "human", "adopt", "--since", &since()];
    let (done, told) = (shop.path("carriers/done"), shop.run(&adopt).exits(0).stdout);
    assert!(told.contains(&format!("move those of the last days from {} back", done.display())), "{told}");
    let is_delivered = || shop.packages(&id)[0].delivered.is_some();
    let _ = shop.run(&["sync"]).exits(0);
    assert!(!is_delivered(), "nobody else knows");
    std::fs::rename(done.join("oco.txt"), done.with_file_name("oco.txt")).unwrap();
    let _ = shop.run(&["sync"]).exits(0);
    assert!(is_delivered());
}

#[test]
fn a_delivery_that_cannot_be_written_keeps_out_no_other() {
    let mut shop = shop();
    shop.open_inboxes();
    let (bad, good) = (shop.place(paid().id("bad-01")), shop.place(paid().id("good-01")));
    let _ = shop.import().exits(0);
    for (id, number) in [(&bad, 501), (&good, 502)] {
        shop.issue(id, &Nfe::new(number, 4_990));
        shop.ship(id, &parcel(&format!("BR{number}")));
    }
    let _ = shop.run(&["sync"]).exits(0);
    let path = format!("/pedidos/{}", shop.eccosys(|e| e.id_of(&bad)));
    shop.eccosys(|e| e.faults.push(Fault::next(1_000, Kind::status(500)).on("GET", &path)));
    shop.drop_into("carriers/oco.txt", &papers::ocoren(&[(501, 1, ago(5)), (502, 1, ago(5))], ago(1)));
    let told: Vec<(String, bool)> = shop
        .run(&["push-tracking"])
        .records()
        .iter()
        .filter(|record| record["type"] == "delivery")
        .map(|record| (record["order"].as_str().unwrap().to_owned(), record["written"] == true))
        .collect();
    assert_eq!(told, [(bad.clone(), false), (good.clone(), true)]);
    let is_written = |id: &str| {
        shop.eccosys(|e| {
            !e.sale(id).text("dataEntrega").starts_with("0000") && !e.sale(id).text("dataEntrega").is_empty()
        })
    };
    assert!(is_written(&good) && !is_written(&bad));
    shop.eccosys(|e| e.faults.clear());
    let _ = shop.run(&["push-tracking"]).exits(0);
    assert!(is_written(&bad));
    assert!(shop.packages(&bad)[0].delivered.is_some());
}

/// Success alone says nothing: the delivery is written once the order shows it, with its time or its day alone.
#[test]
fn a_delivery_that_does_not_show_is_written_again() {
    for delivery_has_time in [true, false] {
        let mut shop = shop();
        shop.open_inboxes();
        let id = shop.place(paid().id("shown-01"));
        let _ = shop.import().exits(0);
        shop.issue(&id, &Nfe::new(501, 4_990));
        shop.ship(&id, &parcel("BR501"));
        let _ = shop.run(&["sync"]).exits(0);
        shop.eccosys(|e| {
            e.settings.delivery_has_time = delivery_has_time;
            let body = r#"{"success":[{"msg":"Pedido alterado"}],"error":[]}"#.to_owned();
            let answer = Kind::Status { code: 200, retry_after: RetryAfter::Absent, body };
            e.faults.push(Fault::next(1, answer).on("PUT", "/pedidos"));
        });
        shop.drop_into("carriers/oco.txt", &papers::ocoren(&[(501, 1, ago(0))], ago(0)));
        let written = || {
            let records = shop.run(&["push-tracking"]).records();
            let told = records.iter().filter(|record| record["type"] == "delivery");
            told.map(|record| record["written"] == true).collect::<Vec<_>>()
        };
        assert_eq!([written(), written(), written()], [vec![false], vec![true], vec![]]);
        assert!(shop.packages(&id)[0].delivered.is_some(), "time: {delivery_has_time}");
    }
}

/// Unpaid orders of a product whose number moves are looked at anew: in the lists, where they are many.
#[test]
fn many_unpaid_orders_of_a_product_cost_no_call_each() {
    let mut shop = shop();
    shop.set(&SETTINGS.replace("in_flight = 8", "in_flight = 8\nimport = \"all\""));
    let boleto = || Payment::boleto((Utc::now() + TimeDelta::days(3)).date_naive());
    (0..40).for_each(|n| drop(shop.place(paid().id(&format!("open-{n:02}")).pending(boleto()))));
    let _ = shop.run(&["sync"]).exits(0);
    shop.eccosys(|e| e.count("CAMISETA-P", 90));
    let calls = shop.erp_calls();
    let ran = shop.push().exits(0);
    // What the channel subtracts itself is added back.
    assert_eq!(ran.stock("CAMISETA-P")["quantity"], 90);
    assert!(shop.erp_calls() - calls < 12, "{} calls", shop.erp_calls() - calls);
}

#[test]
fn an_id_is_not_taken_for_another_orders_number() {
    let shop = shop();
    let first = shop.place(paid().id("first-01"));
    let _ = shop.run(&["import-orders"]).exits(0);
    let id = shop.eccosys(|e| e.id_of(&first));
    // The next order's number is the first one's id, and numbers go before ids.
    shop.eccosys(|e| {
        e.settings.number_before_id = true;
        e.number_next(id);
    });
    let second = shop.place(paid().id("second-01"));
    let _ = shop.run(&["import-orders"]);
    let effects = shop.eccosys(|e| e.effects.len());
    shop.vtex(|v| v.cancel_by_customer(&first));
    let _ = shop.run(&["sync-payments"]);
    assert_eq!(shop.eccosys(|e| e.sale(&second).situation), 0, "the other order is left alone");
    assert_eq!(shop.eccosys(|e| e.effects.len()), effects);
    assert!(held(&shop).iter().any(|(order, code)| order.contains("first-01") && code.contains("erp_refused")));
}

#[test]
fn an_order_that_is_there_twice_is_held_and_named() {
    let shop = shop();
    shop.eccosys(|e| {
        e.native_connector_imports("twice-01", &[("CAMISETA-P", 4_990, 1)]);
        e.native_connector_imports("twice-01", &[("CAMISETA-P", 4_990, 1)]);
    });
    let id = shop.place(paid().id("twice-01"));
    let ran = shop.run(&["import-orders"]).exits(3);
    assert!(
        ran.order(&id)["reason"]["message"].as_str().unwrap().contains("has 2 orders with the store number twice-01")
    );
    assert_eq!(shop.eccosys(|e| e.find(&id).len()), 2);
    assert_eq!(shop.take_overs(&id), 0);
}

/// A dry run knows the rules that need no question.
#[test]
fn what_eccosys_has_no_field_for_is_held_and_a_dry_run_says_so() {
    let shop = shop();
    let id = shop.place(paid().id("tax-01").tax(500));
    for args in [["import-orders", "--dry-run"].as_slice(), &["import-orders"]] {
        let ran = shop.run(args).exits(3);
        let record = ran.order(&id);
        assert_eq!(
            (record["outcome"].as_str(), record["reason"]["refusal"].as_str()),
            (Some("held"), Some("tax_on_top"))
        );
    }
    assert_eq!(shop.eccosys(|e| e.find(&id).len()), 0);
}

/// The warehouse would pack and invoice both. The linked one goes its way meanwhile, and the hold ends with its cause.
#[test]
fn an_order_that_is_entered_a_second_time_is_told_of() {
    let shop = Shop::on_eccosys(SETTINGS);
    let (id, other) = (shop.place(paid().id("twice-02")), shop.place(paid().id("twice-03")));
    let _ = shop.import().exits(0);
    shop.eccosys(|e| {
        e.native_connector_imports(&id, &[("CAMISETA-P", 4_990, 1)]);
        e.invoice(&id, 101);
        // Cancelled, or another number that only begins so: neither is one.
        e.native_connector_imports(&other, &[("CAMISETA-P", 4_990, 1)]);
        let second = e.find(&other).iter().map(|sale| sale.id).max().unwrap();
        e.cancel_entry(second);
        e.native_connector_imports(&format!("{other}1"), &[("CAMISETA-P", 4_990, 1)]);
    });
    // Any pass that reads the lists.
    let _ = shop.run(&["auto-cancel"]).exits(0);
    for _ in 0..2 {
        let ran = shop.run(&["sync-payments"]).exits(3);
        let message = ran.order(&id)["reason"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("has 2 orders with the store number twice-02"), "{message}");
        assert_eq!(held(&shop).len(), 1);
    }
    let _ = shop.run(&["push-invoices"]);
    assert_eq!(shop.channel_status(&id), "invoiced");
    let second = shop.eccosys(|e| e.find(&id).iter().map(|sale| sale.id).max().unwrap());
    shop.eccosys(|e| e.cancel_entry(second));
    let _ = shop.run(&["sync-payments"]).exits(0);
    assert_eq!(held(&shop), vec![]);
    // Cancelled on the channel, the one that is linked is cancelled, and the other stays a person's.
    shop.eccosys(|e| e.native_connector_imports(&other, &[("CAMISETA-P", 4_990, 1)]));
    let _ = shop.run(&["auto-cancel"]).exits(0);
    let _ = shop.run(&["sync-payments"]).exits(3);
    shop.vtex(|v| v.set_status(&other, "canceled"));
    for _ in 0..3 {
        let _ = shop.run(&["sync-payments"]).exits(3);
        assert_eq!(held(&shop).len(), 1);
    }
    assert_eq!(shop.eccosys(|e| e.find(&other).iter().filter(|sale| sale.situation != 2).count()), 1);
}

/// Somebody else makes the same order in the same moment: what import-orders held for it is held until it is mended.
#[test]
fn an_order_that_two_made_at_once_stays_held() {
    let shop = shop();
    shop.eccosys(|e| {
        e.on_call = Some(Box::new(|call, phase| match (call.method.as_str(), phase) {
            ("POST", Phase::BeforeEffect) if call.path.ends_with("/pedidos") => HookAction::Meanwhile(Box::new(|e| {
                e.native_connector_imports("twice-04", &[("CAMISETA-P", 4_990, 1)]);
            })),
            _ => HookAction::Go,
        }));
    });
    let id = shop.place(paid().id("twice-04"));
    for verb in ["import-orders", "sync-payments", "sync-payments"] {
        let _ = shop.run(&[verb]).exits(3);
        assert_eq!(held(&shop).len(), 1, "{verb}");
    }
    assert_eq!(shop.eccosys(|e| e.find(&id).len()), 2);
    let second = shop.eccosys(|e| e.find(&id).iter().map(|sale| sale.id).max().unwrap());
    shop.eccosys(|e| e.cancel_entry(second));
    let _ = shop.run(&["sync-payments"]).exits(0);
    assert_eq!(held(&shop), vec![]);
}

/// What the account calls cancelled by a situation of its own is as little meant as what Eccosys does.
#[test]
fn a_double_in_a_cancelled_situation_of_the_accounts_own_is_not_meant() {
    let mut shop = shop();
    shop.set_erp("situations = { \"5\" = \"cancelled\" }");
    shop.eccosys(|e| {
        e.native_connector_imports("own-02", &[("CAMISETA-P", 4_990, 1)]);
        e.put_in("own-02", 5);
        e.native_connector_imports("own-02", &[("CAMISETA-P", 4_990, 1)]);
    });
    let id = shop.place(paid().id("own-02"));
    let _ = shop.run(&["import-orders"]).exits(0);
    assert_eq!((shop.eccosys(|e| e.find(&id).len()), shop.take_overs(&id)), (2, 1));
}

#[test]
fn a_forecast_is_no_delivery_even_when_its_day_has_come() {
    let shop = shop();
    let id = shop.place(paid().id("ahead-01"));
    let _ = shop.run(&["import-orders"]).exits(0);
    shop.eccosys(|e| {
        e.invoice(&id, 7);
        e.track(&id, "BR7", "https://rastro.example/BR7", "Correios");
        e.dispatch(&id);
        e.deliver(&id, Utc::now() + TimeDelta::days(4));
    });
    let _ = shop.run(&["sync"]).exits(0);
    assert_eq!(shop.tracked(&id).0, ["BR7"]);
    assert!(shop.packages(&id)[0].delivered.is_none());
}

#[test]
fn only_an_authorised_invoice_goes_out() {
    let shop = shop();
    let id = shop.place(paid().id("pending-01"));
    let _ = shop.run(&["import-orders"]).exits(0);
    for situation in [1, 4, 5, 9, 10] {
        shop.eccosys(|e| e.invoice_in(&id, 10 + u32::try_from(situation).unwrap(), situation));
        let _ = shop.run(&["push-invoices"]);
        assert_eq!(shop.channel_status(&id), "handling", "situation {situation}");
    }
    shop.eccosys(|e| e.settle_invoice(&id, 6));
    let _ = shop.run(&["push-invoices"]).exits(0);
    assert_eq!(shop.channel_status(&id), "invoiced");
}

/// The order is served, and even delivered, when its invoice is made; that it is authorised shows on the invoice alone.
#[test]
fn an_invoice_that_is_authorised_later_goes_out_within_minutes() {
    for is_delivered in [false, true] {
        let mut shop = shop();
        let id = shop.place(paid().id("later-01"));
        let _ = shop.run(&["import-orders"]).exits(0);
        shop.eccosys(|e| {
            e.settings.authorising_moves_orders = false;
            e.invoice_in(&id, 10, 4);
            if is_delivered {
                e.deliver(&id, Utc::now());
            }
        });
        for _ in 0..2 {
            let _ = shop.run(&["push-invoices"]);
            assert_eq!(shop.channel_status(&id), "handling");
            // Cron's next run, that begins a little earlier in its minute.
            shop.advance(TimeDelta::seconds(9 * 60 + 55));
        }
        shop.eccosys(|e| e.settle_invoice(&id, 6));
        let _ = shop.run(&["push-invoices"]).exits(0);
        assert_eq!(shop.channel_status(&id), "invoiced", "delivered: {is_delivered}");
    }
}

/// Until somebody says what it means nothing is known of the order, not even that it is on its way; and a paid order that nobody
/// sends is lost.
#[test]
fn an_order_in_a_situation_of_the_accounts_own_is_held_until_it_is_named() {
    let mut shop = Shop::on_eccosys(&format!("{SETTINGS}\nimport = \"all\""));
    let id = shop.place(paid().id("own-01").pending(crate::push_stock::boleto()));
    let _ = shop.run(&["import-orders"]).exits(0);
    shop.eccosys(|e| e.put_in(&id, 5));
    shop.vtex(|v| v.approve_payment(&id));
    shop.vtex(|v| v.set_status(&id, "ready-for-handling"));
    for verb in ["sync-payments", "import-orders", "sync-payments"] {
        let ran = shop.run(&[verb]).exits(3);
        let reason = &ran.order(&id)["reason"];
        assert_eq!((&reason["code"], &reason["raw"]), (&json!("erp_status_unknown"), &json!("5")), "{verb}");
        assert_eq!(held(&shop), [(json!(id).to_string(), json!("erp_status_unknown").to_string())]);
    }
    assert_eq!(shop.take_overs(&id), 0);
    shop.set_erp("situations = { \"5\" = \"in_production\" }");
    let _ = shop.run(&["sync-payments"]).exits(0);
    assert_eq!((held(&shop), shop.take_overs(&id)), (vec![], 1));
}

#[test]
fn an_order_that_is_not_cancelled_after_all_is_not_held_for_it() {
    let shop = Shop::on_eccosys(&format!("{SETTINGS}\nauto_cancel = {{ enabled = true }}"));
    let id = shop.place(paid().id("back-01").marketplace("FRN", "Farinha", "1636850500005"));
    let _ = shop.run(&["import-orders"]).exits(0);
    shop.eccosys(|e| e.cancel_order(&id));
    let _ = shop.run(&["sync-payments"]);
    let _ = shop.run(&["auto-cancel"]).exits(3);
    let by_mistake = [(json!(id).to_string(), json!("marketplace_must_cancel").to_string())];
    assert_eq!(held(&shop), by_mistake);
    shop.eccosys(|e| e.put_in(&id, 0));
    let _ = shop.run(&["sync-payments"]).exits(0);
    assert_eq!(held(&shop), []);
    shop.eccosys(|e| e.cancel_order(&id));
    let _ = shop.run(&["sync-payments"]);
    let _ = shop.run(&["auto-cancel"]).exits(3);
    assert_eq!(held(&shop), by_mistake);
}

#[test]
fn a_short_answer_about_the_stock_stops_the_push() {
    let shop = shop();
    shop.eccosys(|e| {
        for n in 0..40 {
            e.add_product(&format!("P{n:02}"), "p", 10);
        }
    });
    shop.vtex(|v| (0..40).for_each(|n| v.add_sku(&format!("{}", 100 + n), &format!("P{n:02}"))));
    let _ = shop.push();
    let told = shop.vtex(|v| v.stock("110", "1_1").quantity);
    assert_eq!(told, 10);
    shop.eccosys(|e| e.products.retain(|code, _| code.as_str() < "P05"));
    let ran = shop.push().exits(6);
    assert!(ran.summary()["message"].as_str().unwrap().contains("run it again with --confirm"), "{ran:?}");
    assert_eq!(shop.vtex(|v| v.stock("110", "1_1").quantity), 10, "nothing was sent");
    // A page that never was: empty from the start.
    shop.eccosys(|e| e.products.clear());
    let _ = shop.push().exits(6);
    assert_eq!(shop.vtex(|v| v.stock("110", "1_1").quantity), 10);
}

#[test]
fn the_queue_of_changed_stock_is_emptied_only_of_what_was_read() {
    let mut shop = shop();
    shop.set_erp("stock_queue = true");
    let _ = shop.push().exits(0);
    shop.eccosys(|e| e.count("CAMISETA-P", 42));
    let _ = shop.push().exits(0);
    assert_eq!(shop.vtex(|v| v.stock("1", "1_1").quantity), 42);
    let calls = shop.erp_calls();
    let list = Fault::always(Kind::status(500)).on("GET", "/estoques?");
    shop.eccosys(|e| e.faults.push(list));
    let _ = shop.push().exits(0);
    assert_eq!(shop.erp_calls() - calls, 1, "an empty queue costs one call, and nothing is listed");
}

#[test]
fn a_balance_that_cannot_be_read_keeps_out_no_other() {
    let mut shop = shop();
    shop.eccosys(|e| {
        e.add_product("P1", "p", 10);
        e.add_product("P2", "p", 10);
    });
    shop.vtex(|v| v.add_sku("7", "P1"));
    shop.vtex(|v| v.add_sku("8", "P2"));
    let _ = shop.push().exits(0);
    shop.eccosys(|e| {
        e.count("P1", 3);
        e.products.retain(|code, _| code != "P2");
        e.faults.push(Fault::always(Kind::status(400)).on("GET", "/estoques/P2"));
    });
    let ran = shop.push().exits(3);
    assert_eq!(shop.vtex(|v| v.stock("7", "1_1").quantity), 3);
    assert_eq!(ran.stock("P2")["reason"]["code"], "call_failed");
    let _ = shop.run(&["push-stock", "--sku", "P1", "--sku", "P2"]).exits(3);
    // Of the queue alone it would not be heard of again.
    shop.set_erp("stock_queue = true");
    shop.eccosys(|e| {
        e.faults.clear();
        e.add_product("P2", "p", 10);
        e.products.get_mut("P2").unwrap().stock_has_changed = false;
    });
    let _ = shop.push().exits(0);
    assert_eq!(shop.run(&["holds"]).exits(0).records().iter().filter(|one| one["type"] == "hold").count(), 0);
}

#[test]
fn a_product_is_taken_off_the_queue_only_once_its_balance_was_read() {
    let mut shop = shop();
    shop.set_erp("stock_queue = true");
    for n in 10..20 {
        shop.eccosys(|e| e.add_product(&format!("P{n}"), "p", 10));
        shop.vtex(|v| v.add_sku(&n.to_string(), &format!("P{n}")));
    }
    let _ = shop.push().exits(0);
    let told = || shop.vtex(|v| v.stock("1", "1_1").quantity);
    let fails_at = |nth: u32| {
        let fault = Fault::next(1, Kind::status(400)).on("GET", "/estoques/CAMISETA-P").after(nth);
        shop.eccosys(|e| e.faults.push(fault));
    };
    shop.eccosys(|e| e.count("CAMISETA-P", 42));
    fails_at(0);
    let _ = shop.push().exits(3);
    assert!(shop.eccosys(|e| e.products["CAMISETA-P"].stock_has_changed), "it stays in the queue");
    let _ = shop.push().exits(0);
    assert_eq!(told(), 42);
    // Taken off it, and not read again: it may have changed in between, which no queue tells.
    shop.eccosys(|e| e.count("CAMISETA-P", 41));
    fails_at(1);
    let _ = shop.push().exits(0);
    shop.eccosys(|e| {
        e.count("CAMISETA-P", 40);
        e.products.get_mut("CAMISETA-P").unwrap().stock_has_changed = false;
    });
    let _ = shop.push().exits(0);
    assert_eq!(told(), 40);
}

#[test]
fn whoever_wants_all_of_the_stock_told_has_all_of_it_compared() {
    let mut shop = shop();
    shop.set_erp("stock_queue = true");
    let _ = shop.push().exits(0);
    shop.eccosys(|e| {
        e.count("CAMISETA-P", 42);
        e.products.get_mut("CAMISETA-P").unwrap().stock_has_changed = false;
    });
    let _ = shop.push().exits(0);
    let _ = shop.run(&["push-stock", "--full"]).exits(0);
    assert_eq!(shop.vtex(|v| v.stock("1", "1_1").quantity), 42);
}

#[test]
fn a_situation_that_cannot_be_listed_keeps_no_other_order_back() {
    let shop = shop();
    let (odd, other) = (shop.place(paid().id("odd-01")), shop.place(paid().id("other-01")));
    let _ = shop.import().exits(0);
    shop.eccosys(|e| e.put_in(&odd, 77));
    // It is read by itself, and its situation is known then.
    let _ = shop.run(&["push-invoices"]);
    shop.eccosys(|e| {
        e.invoice(&other, 101);
        e.faults.push(Fault::always(Kind::status(400)).on("GET", "/situacao/77"));
    });
    let _ = shop.run(&["push-invoices"]);
    assert_eq!(shop.channel_status(&other), "invoiced");
    let _ = shop.run(&["auto-cancel"]).exits(0);
}

#[test]
fn a_parcel_that_cannot_be_read_keeps_no_invoice_back() {
    let shop = shop();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let path = format!("/pedidos/{}/rastreamento", shop.eccosys(|e| e.id_of(&id)));
    shop.eccosys(|e| {
        e.invoice(&id, 101);
        e.track(&id, "BR101", "https://rastro.example/BR101", "Correios");
        e.faults.push(Fault::always(Kind::status(500)).on("GET", &path));
    });
    let _ = shop.run(&["push-invoices"]).exits(0);
    assert_eq!(shop.channel_status(&id), "invoiced");
    // What stands in the order already is not told without the rest.
    for _ in 0..2 {
        let ran = shop.run(&["push-tracking"]).exits(3);
        assert_eq!(ran.order(&id)["reason"]["code"], "call_failed");
    }
    assert!(shop.tracked(&id).0.is_empty());
    shop.eccosys(|e| e.faults.clear());
    let _ = shop.run(&["push-tracking"]).exits(0);
    assert_eq!((shop.tracked(&id).0, held(&shop)), (vec!["BR101".to_owned()], vec![]));
}

/// Not what earlier runs were told.
#[test]
fn reconcile_asks_eccosys_itself() {
    let shop = Shop::on_eccosys(&format!("{SETTINGS}\nimport = \"all\""));
    let (id, doubled) = (shop.place(paid().id("audit-01")), shop.place(paid().id("audit-02")));
    let unpaid = shop.place(paid().id("audit-03").pending(crate::push_stock::boleto()));
    let _ = shop.import().exits(0);
    shop.eccosys(|e| e.invoice(&id, 101));
    let _ = shop.run(&["push-invoices"]).exits(0);
    let differs = |order: &str| {
        let records = shop.run(&["reconcile"]).records();
        let of_order = records.into_iter().filter(|record| record["type"] == "difference" && record["order"] == order);
        of_order.map(|record| record["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(shop.run(&["reconcile"]).exits(0).records().len(), 1, "nothing but the summary");
    shop.eccosys(|e| {
        e.cancel_invoice(&id);
        e.native_connector_imports(&doubled, &[("CAMISETA-P", 4_990, 1)]);
        e.confirm_payment(&unpaid);
    });
    assert_eq!(differs(&id), ["invoice_not_ours"]);
    assert_eq!(differs(&doubled), ["erp_refused"]);
    assert_eq!(differs(&unpaid), ["not_unpaid"]);
}

#[test]
fn each_way_to_say_who_calls() {
    let mut shop = shop();
    shop.eccosys(|e| e.settings.accepts_raw = false);
    let _ = shop.push().exits(0);
    shop.eccosys(|e| (e.settings.accepts_raw, e.settings.accepts_bearer) = (true, false));
    let ran = shop.push().exits(4);
    assert!(ran.summary()["message"].as_str().unwrap().contains("token_scheme"), "{ran:?}");
    shop.set_erp("token_scheme = \"raw\"");
    let _ = shop.push().exits(0);
}

#[test]
fn a_list_without_end_is_not_read_for_ever() {
    let shop = shop();
    place(&shop, 3);
    let _ = shop.run(&["sync"]).exits(0);
    for list in ["/estoques?", "/pedidos"] {
        shop.count_shelves(&[("CANECA", 50)]);
        shop.eccosys(|e| e.faults.push(Fault::always(Kind::Mangled(Mangle::SamePage)).on("GET", list)));
        for verb in ["push-invoices", "push-stock"] {
            // Killed, it would have no code of its own.
            let ran = run_bounded(&shop, &[verb]);
            assert!(matches!(ran.code, Some(0 | 3 | 5)), "{list}, {verb}: {ran:?}");
        }
        let calls = shop.eccosys(|e| e.calls_of("GET", list).len());
        assert!(calls < 60, "{calls} calls for {list}");
        shop.eccosys(|e| e.faults.clear());
        let _ = shop.run(&["sync"]).exits(0);
    }
}

#[test]
fn an_erp_that_breaks_down_at_the_first_call_is_unavailable_and_no_failure_of_ours() {
    let shop = shop();
    place(&shop, 1);
    let _ = shop.run(&["sync"]).exits(0);
    for verb in ["push-invoices", "push-tracking"] {
        shop.eccosys(|e| e.faults.push(Fault::always(Kind::status(500)).on("GET", "/pedidos")));
        let _ = shop.run(&[verb]).exits(5);
        shop.eccosys(|e| e.faults.clear());
        let _ = shop.run(&[verb]).exits(0);
    }
}

#[test]
fn a_list_that_comes_too_late_is_the_other_sides_trouble() {
    let shop = shop();
    place(&shop, 1);
    let _ = shop.import().exits(0);
    shop.eccosys(|e| e.faults.push(Fault::always(Kind::SlowMs(2_500))));
    for verb in ["push-invoices", "push-tracking"] {
        let summary = shop.run(&[verb]).exits(5).summary();
        assert!(summary["message"].as_str().unwrap().contains("within 2 s"), "{verb}: {summary}");
    }
}
