//! auto-cancel: what nobody paid is cancelled once, on both sides; what is paid, unsure or held never is.

use chrono::{Datelike, TimeDelta, Utc};
use serde_json::json;
use vaivem::model::calendar::{BankCalendar, local_date, start_of_day};

use crate::office::Office;
use crate::sandbox::{CancelledBy, Effect, Fault, HookAction, Kind, OrderSeed, Payment, Phase};
use crate::shop::{Ran, Shop, paid};

/// An order of a month ago with a boleto that was due long since.
fn overdue() -> OrderSeed {
    let created = Utc::now() - TimeDelta::days(40);
    paid().created(created).pending(Payment::boleto((created + TimeDelta::days(3)).date_naive()))
}

const ON: &str = "import = \"all\"\nreread_paid_after = \"0s\"\nmax_wait = \"1s\"\ntimeout = \"2s\"\nauto_cancel = { enabled = true }";

/// A shop with auto-cancel on, and overdue orders that are in the ERP, synced and announced.
pub fn announced(orders: usize) -> (Shop, Vec<String>) {
    let (shop, ids) = imported(ON, orders);
    let ran = cancel(&shop).exits(0);
    for id in &ids {
        assert_eq!(
            (&ran.order(id)["outcome"], &ran.order(id)["reason"]["code"]),
            (&json!("waiting"), &json!("cancel_planned"))
        );
    }
    assert_eq!(cancels(&shop), 0, "announced, not cancelled");
    (shop, ids)
}

fn imported(settings: &str, orders: usize) -> (Shop, Vec<String>) {
    let shop = Shop::with(settings);
    let ids = (0..orders).map(|_| shop.place(overdue())).collect();
    let _ = shop.import().exits(0);
    let _ = shop.sync().exits(0);
    (shop, ids)
}

fn cancel(shop: &Shop) -> Ran {
    shop.run(&["auto-cancel"])
}

/// How many cancellations really reached the channel.
fn cancels(shop: &Shop) -> usize {
    shop.vtex(|v| v.effects.iter().filter(|effect| matches!(effect, Effect::Cancel { .. })).count())
}

fn channel_status(shop: &Shop, id: &str) -> String {
    shop.vtex(|v| v.order(id).status.clone())
}

fn erp_status(shop: &Shop, id: &str) -> String {
    shop.erp()[id][0].status.clone()
}

fn is_untouched(shop: &Shop, id: &str) {
    assert_eq!(cancels(shop), 0);
    assert_ne!(erp_status(shop, id), "cancelled");
}

/// A change of the state file, as time would make it.
fn state(shop: &Shop, sql: &str) {
    let state = shop.database("vaivem.db");
    assert!(state.execute(sql, []).unwrap() > 0, "{sql}");
}

/// Something else happens right before the program's next request whose path ends so.
fn meanwhile(shop: &Shop, end: &'static str, work: impl Fn(&mut crate::sandbox::Vtex) + Send + Sync + 'static) {
    let work = std::sync::Arc::new(work);
    let mut done = false;
    shop.vtex(|v| {
        v.on_call = Some(Box::new(move |call, phase| {
            if done || phase != Phase::BeforeEffect || !call.path.ends_with(end) {
                return HookAction::Go;
            }
            done = true;
            let work = std::sync::Arc::clone(&work);
            HookAction::Meanwhile(Box::new(move |v| work(v)))
        }));
    });
}

#[test]
fn an_unpaid_order_is_announced_and_then_cancelled_once_on_both_sides() {
    let (shop, ids) = announced(1);
    let id = &ids[0];
    assert_eq!(shop.erp()[id][0].reserved, 1);
    let ran = cancel(&shop).exits(0);
    let record = ran.order(id);
    assert_eq!((&record["outcome"], &record["reason"]["code"]), (&json!("cancelled"), &json!("deadline_passed")));
    assert_eq!(record["actions"], json!(["cancel_on_channel", "cancel_order"]));
    assert_eq!((channel_status(&shop, id).as_str(), erp_status(&shop, id).as_str()), ("canceled", "cancelled"));
    assert_eq!((cancels(&shop), shop.erp()[id][0].reserved), (1, 0));
    let why = shop.vtex(|v| v.order(id).cancellation.clone().unwrap());
    assert_eq!((why.by, why.reason.as_str()), (CancelledBy::Seller, "Pagamento não identificado até o prazo"));
    assert_eq!(shop.run(&["orders"]).exits(0).records()[0]["fate"], "cancelled");
    // For good: nothing is left to do for any pass.
    assert_eq!(cancel(&shop).exits(0).summary()["calls"], 0);
    assert_eq!(shop.sync().exits(0).summary()["calls"], 0);
    assert_eq!(cancels(&shop), 1);
}

#[test]
fn off_by_default_it_says_what_it_would_do_and_does_nothing() {
    let (shop, ids) = imported("import = \"all\"", 2);
    shop.cancel_in_office(&ids[1], "a pedido");
    for _ in 0..3 {
        let ran = cancel(&shop).exits(0);
        for (id, why) in [(&ids[0], "deadline_passed"), (&ids[1], "cancelled_in_erp")] {
            let record = ran.order(id);
            assert_eq!((&record["outcome"], &record["reason"]["code"]), (&json!("waiting"), &json!("auto_cancel_off")));
            assert_eq!(record["reason"]["why"]["code"], why);
        }
    }
    is_untouched(&shop, &ids[0]);
    let (shop, ids) = announced(1);
    let ran = shop.run(&["auto-cancel", "--dry-run"]).exits(0);
    assert_eq!((&ran.order(&ids[0])["outcome"], &ran.order(&ids[0])["dry_run"]), (&json!("cancelled"), &json!(true)));
    is_untouched(&shop, &ids[0]);
}

#[test]
fn switched_off_it_holds_a_paid_order_that_the_erp_cancelled() {
    let shop = Shop::new();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    shop.cancel_in_office(&id, "sem estoque");
    for verb in ["auto-cancel", "sync-payments", "auto-cancel"] {
        let ran = shop.run(&[verb]);
        let holds = shop.run(&["holds"]).exits(3).records();
        let codes: Vec<_> =
            holds.iter().filter(|one| one["type"] == "hold").map(|one| &one["reason"]["code"]).collect();
        assert_eq!(codes, ["paid_after_cancellation"], "after {verb}: {ran:?}");
    }
    assert_eq!(shop.channel_status(&id), "handling");
}

/// What was held while it was off is carried out once it is on.
#[test]
fn a_paid_order_that_the_erp_cancelled_is_cancelled_once_that_is_switched_on() {
    let mut shop = Shop::with("reread_paid_after = \"0s\"");
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    shop.cancel_in_office(&id, "sem estoque");
    let _ = shop.run(&["auto-cancel"]).exits(3);
    shop.set(ON);
    for _ in 0..3 {
        let _ = shop.sync();
        let _ = cancel(&shop);
    }
    assert_eq!(shop.channel_status(&id), "canceled");
}

#[test]
fn switching_on_announces_first_whatever_was_said_before() {
    let (mut shop, ids) = announced(1);
    shop.set("import = \"all\"");
    let _ = cancel(&shop).exits(0);
    shop.set(ON);
    assert_eq!(cancel(&shop).exits(0).order(&ids[0])["reason"]["code"], "cancel_planned");
    is_untouched(&shop, &ids[0]);
}

#[test]
fn an_order_that_is_not_due_is_not_even_read() {
    let shop = Shop::with(ON);
    let tomorrow = (Utc::now() + TimeDelta::days(1)).date_naive();
    let id = shop.place(paid().pending(Payment::boleto(tomorrow)));
    let card = shop.place(overdue().pending(Payment::card(1).value(1_000)));
    let _ = shop.import().exits(0);
    let _ = shop.sync().exits(0);
    for _ in 0..2 {
        let ran = cancel(&shop).exits(0);
        assert_eq!(ran.order(&id)["reason"]["code"], "deadline_ahead");
        assert_eq!(ran.order(&card)["reason"]["code"], "several_payments");
        assert_eq!(ran.summary()["calls"], 2, "the two of the second order");
    }
    is_untouched(&shop, &id);
}

/// Due on a Saturday, it is payable on the next day with banks; where that one is a holiday, everything is a business day later.
#[test]
fn a_boleto_due_on_a_saturday_before_a_holiday() {
    let (now, calendar) = (Utc::now(), BankCalendar::default());
    let today = local_date(now);
    // One to two weeks ago.
    let saturday = today - TimeDelta::days(i64::from(today.weekday().num_days_from_sunday()) + 8);
    let is_due = |days: &u32| {
        let noon = start_of_day(calendar.add_business_days(saturday, *days)) + TimeDelta::hours(36);
        noon <= now
    };
    // The longest time to clear after which it is due today, and with one business day more it is not.
    let days = (0..).take_while(is_due).last().unwrap();
    let monday = calendar.roll_forward(saturday);
    for (holidays, outcome) in [(format!("\"{monday}\""), "waiting"), (String::new(), "cancelled")] {
        let policy = format!("enabled = true, boleto_business_days = {days}, extra_holidays = [{holidays}]");
        let shop = Shop::with(&ON.replace("enabled = true", &policy));
        let created = start_of_day(saturday) - TimeDelta::days(3);
        let id = shop.place(paid().created(created).pending(Payment::boleto(saturday)));
        let _ = shop.import().exits(0);
        let _ = shop.sync().exits(0);
        let _ = cancel(&shop).exits(0);
        let record = cancel(&shop).exits(0).order(&id);
        assert_eq!(record["outcome"], outcome, "{record}");
        assert_eq!(cancels(&shop), usize::from(outcome == "cancelled"));
    }
}

#[test]
fn paid_between_the_survey_and_the_cancellation() {
    // Before the payment is asked after, and between that and the last reading of the order.
    for second_survey_call in ["payment", "order"] {
        let (shop, ids) = announced(1);
        let id = ids[0].clone();
        let mut readings = 0;
        let paid = id.clone();
        shop.vtex(|v| {
            v.on_call = Some(Box::new(move |call, phase| {
                let is_it = match second_survey_call {
                    "payment" => call.path.ends_with("/payment-transaction"),
                    _ => call.path.ends_with(&paid),
                };
                readings += u32::from(is_it && phase == Phase::BeforeEffect);
                let due = if second_survey_call == "payment" { 1 } else { 2 };
                if is_it && phase == Phase::BeforeEffect && readings == due {
                    let paid = paid.clone();
                    return HookAction::Meanwhile(Box::new(move |v| v.approve_payment(&paid)));
                }
                HookAction::Go
            }));
        });
        let ran = cancel(&shop).exits(0);
        assert_eq!(ran.order(&id)["reason"]["code"], "not_unpaid", "{second_survey_call}");
        is_untouched(&shop, &id);
        let _ = shop.sync().exits(0);
        assert_eq!(erp_status(&shop, &id), "paid");
    }
}

#[test]
fn a_cancellation_that_would_wait_is_decided_on_anew() {
    for is_paid_meanwhile in [true, false] {
        let (shop, ids) = imported(&ON.replace("max_wait = \"1s\"\n", ""), 1);
        let _ = cancel(&shop).exits(0);
        shop.vtex(|v| v.faults.push(Fault::next(1, Kind::too_many(60)).on("POST", &format!("{}/cancel", ids[0]))));
        let ran = cancel(&shop).exits(3);
        let record = ran.order(&ids[0]);
        assert_eq!((&record["outcome"], &record["reason"]["code"]), (&json!("failed"), &json!("call_failed")));
        assert!(record["text"].as_str().unwrap().contains("would have kept it for more than 15 s"), "{record}");
        is_untouched(&shop, &ids[0]);
        // The minute is over.
        state(&shop, "DELETE FROM budget");
        if is_paid_meanwhile {
            shop.vtex(|v| v.approve_payment(&ids[0]));
        }
        let ran = cancel(&shop).exits(0);
        assert_eq!(cancels(&shop), usize::from(!is_paid_meanwhile), "{ran:?}");
    }
}

#[test]
fn a_gateway_that_has_the_money_before_the_order_says_so() {
    let (shop, ids) = announced(1);
    shop.vtex(|v| v.order_mut(&ids[0]).authorized = Some(Utc::now()));
    // The order itself hides it.
    let seed = json!({"authorizedDate": null});
    shop.vtex(|v| v.order_mut(&ids[0]).seed.patch = Some(seed));
    let ran = cancel(&shop).exits(0);
    assert_eq!(
        (&ran.order(&ids[0])["reason"]["code"], &ran.order(&ids[0])["reason"]["raw"]),
        (&json!("payment_unsure"), &json!("Approved"))
    );
    is_untouched(&shop, &ids[0]);
}

#[test]
fn orders_under_review_paid_held_or_unknown_are_left_alone() {
    let (shop, ids) = announced(4);
    shop.vtex(|v| {
        v.review_payment(&ids[0]);
        v.approve_payment(&ids[1]);
        v.set_status(&ids[2], "quarantined");
        v.request_cancellation(&ids[3]);
    });
    let ran = cancel(&shop).exits(0);
    let codes = ids.iter().map(|id| ran.order(id)["reason"]["code"].clone()).collect::<Vec<_>>();
    assert_eq!(codes, ["under_review", "not_unpaid", "not_unpaid", "not_unpaid"]);
    let _ = shop.sync().exits(3);
    shop.vtex(|v| v.set_status(&ids[2], "payment-pending"));
    // Held by sync-payments, until that pass itself sees that the cause is gone.
    let ran = shop.run(&["auto-cancel", "--order", &ids[2]]).exits(0);
    assert_eq!(
        (&ran.order(&ids[2])["reason"]["code"], &ran.order(&ids[2])["reason"]["held"]),
        (&json!("on_hold"), &json!("status_unknown"))
    );
    assert_eq!(cancels(&shop), 0);
}

#[test]
fn an_order_held_by_hand_is_left_alone_until_it_is_released() {
    let (shop, ids) = announced(1);
    let id = ids[0].as_str();
    let _ = shop.run(&["holds", "add", "1-01", "--because", "x"]).exits(2);
    let _ = shop.run(&["holds", "add", id, "--because", " "]).exits(2);
    let _ = shop.run(&["holds", "release", id]).exits(2);
    // Even between the survey and the last reading.
    let add = shop.path("add");
    let command = std::sync::Mutex::new(shop.command(&["holds", "add", id, "--because", "vai pagar na sexta"]));
    meanwhile(&shop, "/payment-transaction", move |_| {
        std::fs::write(&add, format!("{}", command.lock().unwrap().status().unwrap().success())).unwrap();
    });
    let ran = cancel(&shop).exits(0);
    assert_eq!(std::fs::read_to_string(shop.path("add")).unwrap(), "true");
    for ran in [ran, cancel(&shop).exits(0)] {
        let reason = &ran.order(id)["reason"];
        assert_eq!((&reason["code"], &reason["held"]), (&json!("on_hold"), &json!("held_by_hand")));
    }
    is_untouched(&shop, id);
    let _ = shop.sync().exits(0);
    let hold = &shop.run(&["holds"]).exits(3).records()[0];
    assert_eq!((&hold["order"], &hold["reason"]["note"]), (&json!(id), &json!("vai pagar na sexta")));
    let _ = shop.run(&["holds", "release", id]).exits(0);
    let _ = shop.run(&["holds"]).exits(0);
    // It is announced anew before it is cancelled.
    let _ = cancel(&shop).exits(0);
    assert_eq!(cancels(&shop), 0);
    let _ = cancel(&shop).exits(0);
    assert_eq!(cancels(&shop), 1);
}

#[test]
fn marketplace_orders_are_the_marketplaces() {
    let shop = Shop::with(ON);
    let id = shop.place(overdue().marketplace("FRN", "Farinha", "1636850500005"));
    let _ = shop.import().exits(0);
    let _ = shop.sync().exits(0);
    for _ in 0..2 {
        assert_eq!(cancel(&shop).exits(0).order(&id)["reason"]["code"], "marketplace_decides");
    }
    shop.cancel_in_office(&id, "sem estoque");
    for _ in 0..2 {
        assert_eq!(cancel(&shop).exits(3).order(&id)["reason"]["code"], "marketplace_must_cancel");
        let _ = shop.sync().exits(0);
        assert_eq!(shop.run(&["holds"]).exits(3).records()[0]["reason"]["code"], "marketplace_must_cancel");
    }
    assert_eq!(cancels(&shop), 0);
}

#[test]
fn a_lost_answer_is_settled_by_reading_and_nothing_is_sent_twice() {
    for fault in [Kind::TimeoutAfterWrite, Kind::Applied500, Kind::Truncated, Kind::SlowMs(2_500)] {
        let (shop, ids) = announced(1);
        shop.vtex(|v| v.faults.push(Fault::always(fault.clone()).on("POST", "/cancel")));
        let ran = cancel(&shop).exits(0);
        assert_eq!(ran.order(&ids[0])["outcome"], "cancelled", "{fault:?}");
        assert_eq!((cancels(&shop), erp_status(&shop, &ids[0]).as_str()), (1, "cancelled"), "{fault:?}");
        assert_eq!(shop.vtex(|v| v.calls_of("POST", "/cancel").len()), 1, "{fault:?}");
    }
}

#[test]
fn a_cancellation_that_may_not_have_happened_is_held_and_settled_by_the_next_run() {
    let kinds = [Kind::status(500), Kind::DropBeforeWrite, Kind::Empty200];
    let (shop, ids) = announced(kinds.len());
    shop.vtex(|v| v.faults = kinds.map(|kind| Fault::next(1, kind).on("POST", "/cancel")).to_vec());
    let ran = cancel(&shop).exits(3);
    for id in &ids {
        assert_eq!(ran.order(id)["reason"]["code"], "outcome_unknown");
        is_untouched(&shop, id);
    }
    // What follows payments does not sweep the question aside.
    let _ = shop.sync().exits(0);
    let held = shop.run(&["holds"]).exits(3).records();
    let codes: Vec<_> = held.iter().filter(|one| one["type"] == "hold").map(|one| &one["reason"]["code"]).collect();
    assert_eq!(codes, ["outcome_unknown"; 3]);
    let ran = cancel(&shop).exits(0);
    for id in &ids {
        assert_eq!(ran.order(id)["outcome"], "cancelled");
        assert_eq!(erp_status(&shop, id), "cancelled");
    }
    assert_eq!(cancels(&shop), 3);
    let _ = shop.run(&["holds"]).exits(0);
}

#[test]
fn a_cancellation_that_takes_effect_late_is_waited_for() {
    let (shop, ids) = announced(1);
    // Until it shows, the order reads as before.
    let id = ids[0].clone();
    let mut readings = 0;
    shop.vtex(|v| {
        v.on_call = Some(Box::new(move |call, phase| {
            if phase != Phase::BeforeEffect || !call.path.ends_with(&id) {
                return HookAction::Go;
            }
            readings += 1;
            let id = id.clone();
            match readings {
                3 => HookAction::Meanwhile(Box::new(move |v| v.order_mut(&id).status = "payment-pending".into())),
                4 => HookAction::Meanwhile(Box::new(move |v| v.order_mut(&id).status = "canceled".into())),
                _ => HookAction::Go,
            }
        }));
    });
    let ran = cancel(&shop).exits(0);
    assert_eq!((&ran.order(&ids[0])["outcome"], cancels(&shop)), (&json!("cancelled"), 1));
}

#[test]
fn cancelled_by_the_customer_meanwhile() {
    let (shop, ids) = announced(1);
    let id = ids[0].clone();
    meanwhile(&shop, "/cancel", move |v| v.cancel_by_customer(&id));
    let ran = cancel(&shop).exits(0);
    assert_eq!(ran.order(&ids[0])["outcome"], "cancelled");
    assert_eq!((cancels(&shop), erp_status(&shop, &ids[0]).as_str()), (0, "cancelled"));
    assert_eq!(shop.vtex(|v| v.order(&ids[0]).cancellation.as_ref().unwrap().by), CancelledBy::Customer);
}

#[test]
fn a_refusal_is_held_and_not_repeated_while_the_order_stands_where_it_stood() {
    let (shop, ids) = announced(1);
    let refusal = r#"{"error":{"code":"001","message":"partially invoiced"}}"#;
    let fault = Kind::Status { code: 400, retry_after: crate::sandbox::RetryAfter::Absent, body: refusal.into() };
    shop.vtex(|v| v.faults.push(Fault::always(fault).on("POST", "/cancel")));
    for _ in 0..2 {
        let ran = cancel(&shop).exits(3);
        assert_eq!(ran.order(&ids[0])["reason"]["code"], "cancel_refused");
        assert!(ran.order(&ids[0])["hint"].as_str().unwrap().contains("invoice"));
        let _ = shop.sync().exits(0);
    }
    assert_eq!(shop.vtex(|v| v.calls_of("POST", "/cancel").len()), 1);
    is_untouched(&shop, &ids[0]);
    // Paid after all: the hold's cause is gone with the status.
    shop.vtex(|v| v.approve_payment(&ids[0]));
    let _ = shop.sync().exits(0);
    let _ = shop.run(&["holds"]).exits(0);
    assert_eq!(erp_status(&shop, &ids[0]), "paid");
}

#[test]
fn one_poison_order_does_not_stop_the_others() {
    let (shop, ids) = announced(2);
    shop.vtex(|v| v.faults.push(Fault::always(Kind::status(400)).on("GET", &format!("/orders/{}", ids[0]))));
    let ran = cancel(&shop).exits(3);
    assert_eq!(
        (&ran.order(&ids[0])["reason"]["code"], &ran.order(&ids[1])["outcome"]),
        (&json!("call_failed"), &json!("cancelled"))
    );
    assert_eq!(cancels(&shop), 1);
}

#[test]
fn a_host_that_is_down_ends_the_run_and_the_next_one_goes_on() {
    let (shop, ids) = announced(1);
    shop.vtex(|v| v.faults.push(Fault::always(Kind::too_many(60)).on("POST", "/cancel")));
    let _ = cancel(&shop).exits(5);
    is_untouched(&shop, &ids[0]);
    shop.vtex(|v| v.faults.clear());
    shop.end_pauses();
    let _ = cancel(&shop).exits(0);
    assert_eq!((cancels(&shop), erp_status(&shop, &ids[0]).as_str()), (1, "cancelled"));
}

#[test]
fn the_brake_stops_all_of_it_until_a_person_confirms() {
    for (settings, orders) in
        [(ON.to_owned(), 4), (ON.replace("enabled", "brake_orders = 2, brake_percent = 100, enabled"), 3)]
    {
        let (shop, ids) = imported(&settings, orders);
        let _ = cancel(&shop).exits(0);
        let ran = cancel(&shop).exits(6);
        assert!(ran.summary()["message"].as_str().unwrap().contains("--confirm"), "{}", ran.stdout);
        assert_eq!((cancels(&shop), &ran.order(&ids[0])["outcome"]), (0, &json!("waiting")));
        let ran = shop.run(&["auto-cancel", "--confirm"]).exits(0);
        assert_eq!((cancels(&shop), ran.summary()["cancelled"].as_u64()), (orders, Some(orders as u64)));
    }
}

#[test]
fn without_a_recent_sync_nothing_is_cancelled() {
    let (shop, ids) = announced(1);
    state(&shop, "UPDATE cursors SET at = at - 7201000 WHERE name = 'payments_synced'");
    let ran = cancel(&shop).exits(6);
    assert_eq!(ran.order(&ids[0])["reason"]["code"], "payments_not_synced");
    assert!(ran.summary()["message"].as_str().unwrap().contains("sync-payments"));
    // A sync of one order, and one that did not come to its end, are none.
    let _ = shop.run(&["sync-payments", "--order", &ids[0]]).exits(0);
    shop.vtex(|v| v.faults.push(Fault::always(Kind::status(403))));
    let _ = shop.sync().exits(4);
    shop.vtex(|v| v.faults.clear());
    let _ = cancel(&shop).exits(6);
    is_untouched(&shop, &ids[0]);
    let _ = shop.sync().exits(0);
    let _ = cancel(&shop).exits(0);
    assert_eq!(cancels(&shop), 1, "what was announced stays so");
}

#[test]
fn a_clock_that_is_off_cancels_nothing() {
    for minutes in [6, -6] {
        let (shop, ids) = announced(1);
        shop.vtex(|v| v.date_error = TimeDelta::minutes(minutes));
        let ran = cancel(&shop).exits(6);
        assert!(ran.summary()["message"].as_str().unwrap().contains("clock"), "{}", ran.stdout);
        is_untouched(&shop, &ids[0]);
        shop.vtex(|v| v.date_error = TimeDelta::minutes(minutes / 2));
        let _ = cancel(&shop).exits(0);
        assert_eq!(cancels(&shop), 1);
    }
}

#[test]
fn what_a_person_cancels_in_the_erp_is_cancelled_on_the_channel() {
    let shop = Shop::with(ON);
    let tomorrow = (Utc::now() + TimeDelta::days(1)).date_naive();
    let unpaid = shop.place(paid().pending(Payment::boleto(tomorrow)));
    let handled = shop.place(paid());
    let _ = shop.import().exits(0);
    let _ = shop.sync().exits(0);
    assert_eq!(channel_status(&shop, &handled), "handling");
    for id in [&unpaid, &handled] {
        shop.cancel_in_office(id, "sem estoque");
    }
    // sync-payments leaves it to auto-cancel.
    let _ = shop.sync().exits(0);
    let first = cancel(&shop).exits(0);
    // A paid one is announced first: somebody may enter it anew.
    assert_eq!(
        (&first.order(&handled)["outcome"], &first.order(&handled)["reason"]["code"]),
        (&json!("waiting"), &json!("cancel_planned"))
    );
    let _ = shop.sync().exits(0);
    let second = cancel(&shop).exits(0);
    for (id, ran) in [(&unpaid, first), (&handled, second)] {
        assert_eq!(
            (&ran.order(id)["outcome"], &ran.order(id)["reason"]["code"]),
            (&json!("cancelled"), &json!("cancelled_in_erp"))
        );
        assert_eq!(ran.order(id)["actions"], json!(["cancel_on_channel"]));
        let why = shop.vtex(|v| v.order(id).cancellation.clone().unwrap());
        // Eccosys does not tell why a person cancelled.
        let told = if shop.office() == Office::Ledger { "sem estoque" } else { "Cancelado pela loja" };
        assert_eq!((channel_status(&shop, id).as_str(), why.reason.as_str()), ("canceled", told));
    }
    assert_eq!(cancel(&shop).exits(0).summary()["calls"], 0);
    assert_eq!(cancels(&shop), 2);
}

#[test]
fn a_cancellation_in_the_erp_is_heard_of_even_when_nobody_looked_at_the_order() {
    let shop = Shop::with(&ON.replace("reread_paid_after = \"0s\"", "reread_paid_after = \"1h\""));
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let _ = cancel(&shop).exits(0);
    shop.cancel_in_office(&id, "avaria");
    for _ in 0..2 {
        let _ = cancel(&shop).exits(0);
    }
    assert_eq!(channel_status(&shop, &id), "canceled");
    // A ledger restored from a copy counts from an earlier point; what was cancelled since is heard all the same.
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    shop.cancel_in_office(&id, "avaria");
    state(&shop, "UPDATE cursors SET at = at + 1000 WHERE name = 'erp_changes'");
    for _ in 0..2 {
        let _ = cancel(&shop).exits(0);
    }
    assert_eq!(channel_status(&shop, &id), "canceled");
}

#[test]
fn money_that_the_erp_knew_nothing_of_holds_what_was_cancelled_there() {
    let (shop, ids) = imported(ON, 2);
    // Paid before, and paid after, without the ERP hearing of it.
    shop.vtex(|v| v.approve_payment(&ids[0]));
    for id in &ids {
        shop.cancel_in_office(id, "a pedido");
    }
    shop.vtex(|v| v.approve_payment(&ids[1]));
    let ran = cancel(&shop).exits(3);
    for id in &ids {
        let reason = &ran.order(id)["reason"];
        assert_eq!(
            (&reason["code"], &reason["amount"], &reason["method"]),
            (&json!("paid_after_cancellation"), &json!(4_990), &json!("boleto"))
        );
    }
    let ran = shop.run(&["holds"]).exits(3);
    assert_eq!(ran.records().iter().filter(|record| record["reason"]["code"] == "paid_after_cancellation").count(), 2);
    let _ = cancel(&shop).exits(0);
    assert_eq!(cancels(&shop), 0);
}

#[test]
fn a_cancelled_order_is_watched_for_a_late_payment() {
    let (shop, ids) = announced(1);
    let id = &ids[0];
    let _ = cancel(&shop).exits(0);
    shop.vtex(|v| v.pay_late(id));
    assert_eq!(cancel(&shop).exits(0).summary()["calls"], 0, "not on the first day");
    let a_day_goes_by = || {
        state(&shop, "UPDATE orders SET fate_at = fate_at - 86400000");
        state(&shop, "UPDATE cancellations SET watched_at = watched_at - 86400000");
    };
    a_day_goes_by();
    let ran = cancel(&shop).exits(3);
    let record = ran.order(id);
    assert_eq!(
        (&record["reason"]["code"], &record["reason"]["amount"]),
        (&json!("paid_after_cancellation"), &json!(4_990))
    );
    // It stays until a person decides, and the order stays cancelled.
    let _ = shop.sync().exits(0);
    let _ = shop.import().exits(0);
    let holds = shop.run(&["holds"]).exits(3);
    assert_eq!(holds.records()[0]["reason"]["code"], "paid_after_cancellation");
    assert_eq!(shop.run(&["orders"]).exits(0).records()[0]["fate"], "cancelled");
    assert_eq!((erp_status(&shop, id).as_str(), cancels(&shop)), ("cancelled", 1));
    assert_eq!(cancel(&shop).exits(0).summary()["calls"], 0, "once a day");
    a_day_goes_by();
    assert_eq!(cancel(&shop).exits(3).order(id)["outcome"], "held");
    // After a month nobody looks any more; the hold remains.
    state(&shop, "UPDATE orders SET fate_at = fate_at - 30 * 86400000");
    state(&shop, "UPDATE cancellations SET watched_at = watched_at - 86400000");
    assert_eq!(cancel(&shop).exits(0).summary()["calls"], 0);
    let _ = shop.run(&["holds"]).exits(3);
}

/// What the feed tells of it is not left for tomorrow.
#[test]
fn a_cancelled_order_of_which_something_is_heard_is_looked_at_at_once() {
    let (shop, ids) = announced(1);
    shop.vtex(crate::sandbox::Vtex::configure_needed_feed);
    let _ = cancel(&shop).exits(0);
    let _ = shop.import().exits(0);
    assert_eq!(cancel(&shop).exits(0).summary()["calls"], 0, "its own cancellation is no news");
    shop.vtex(|v| v.approve_payment(&ids[0]));
    let _ = shop.import().exits(0);
    assert_eq!(cancel(&shop).exits(3).order(&ids[0])["reason"]["code"], "paid_after_cancellation");
    assert_eq!(cancel(&shop).exits(0).summary()["calls"], 0, "once");
    let _ = shop.run(&["holds"]).exits(3);
}

/// The one payment that no reading can keep out. The channel dates it before its cancellation, which says nothing of what we knew.
#[test]
fn a_payment_between_the_last_reading_and_the_cancellation_is_told_whatever_ends_the_run() {
    for is_cut_off in [false, true] {
        let (shop, ids) = announced(1);
        let id = &ids[0];
        let (order, mut is_sent) = (id.clone(), false);
        shop.vtex(|v| {
            v.on_call = Some(Box::new(move |call, phase| {
                let is_cancel = call.path.ends_with("/cancel");
                match phase {
                    Phase::BeforeEffect if is_cancel && !is_sent => {
                        let order = order.clone();
                        HookAction::Meanwhile(Box::new(move |v| v.pay_late(&order)))
                    }
                    _ if is_cancel || is_sent => {
                        is_sent = true;
                        if is_cut_off { HookAction::Drop } else { HookAction::Go }
                    }
                    _ => HookAction::Go,
                }
            }));
        });
        let ran = cancel(&shop);
        shop.vtex(|v| v.on_call = None);
        if is_cut_off {
            // All that is known is that the channel has cancelled it.
            let _ = shop.sync().exits(0);
            state(&shop, "UPDATE orders SET fate_at = fate_at - 86400000");
            let _ = cancel(&shop).exits(3);
        } else {
            assert_eq!(ran.exits(3).order(id)["reason"]["code"], "paid_after_cancellation");
        }
        let codes = || {
            shop.run(&["holds"])
                .records()
                .iter()
                .filter(|hold| hold["type"] == "hold")
                .map(|hold| hold["reason"]["code"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (codes(), cancels(&shop), erp_status(&shop, id).as_str()),
            (vec![json!("paid_after_cancellation")], 1, "cancelled")
        );
        // Who has refunded it says so, and hears no more of it.
        let _ = shop.run(&["holds", "retry", id]).exits(0);
        let _ = shop.sync().exits(0);
        state(&shop, "UPDATE orders SET fate_at = fate_at - 86400000");
        state(&shop, "UPDATE cancellations SET watched_at = watched_at - 86400000");
        let _ = cancel(&shop).exits(0);
        assert_eq!(codes(), [json!(null); 0]);
    }
}

#[test]
fn what_the_channel_cancelled_is_watched_too_and_a_refund_is_no_late_payment() {
    let shop = Shop::with(ON);
    let (unpaid, refunded) = (shop.place(overdue()), shop.place(paid()));
    let _ = shop.import().exits(0);
    shop.vtex(|v| {
        v.deny_payment(&unpaid);
        v.cancel_by_customer(&refunded);
    });
    let _ = shop.sync().exits(0);
    state(&shop, "UPDATE orders SET fate_at = fate_at - 86400000");
    let ran = cancel(&shop).exits(0);
    assert_eq!(
        (&ran.order(&unpaid)["outcome"], &ran.order(&refunded)["outcome"]),
        (&json!("unchanged"), &json!("unchanged"))
    );
    state(&shop, "UPDATE cancellations SET watched_at = watched_at - 86400000");
    shop.vtex(|v| {
        v.pay_late(&unpaid);
        v.faults.push(Fault::always(Kind::status(400)).on("GET", &refunded));
    });
    let ran = cancel(&shop).exits(3);
    assert_eq!((&ran.order(&unpaid)["outcome"], &ran.order(&refunded)["outcome"]), (&json!("held"), &json!("failed")));
    // A call that failed does not open a cancelled order again.
    let fates: Vec<_> =
        shop.run(&["orders"]).exits(0).records().iter().map(|r| (r["fate"].clone(), r["orders"].clone())).collect();
    assert_eq!(fates[0], (json!("cancelled"), json!(2)));
}

/// The platform may cancel a boleto that can still be paid at a bank. That the ERP never heard of the order makes the customer's money
/// no less late.
#[test]
fn an_order_that_was_never_imported_is_watched_for_a_late_boleto() {
    let shop = Shop::with("");
    let (id, card) = (shop.place(overdue()), shop.place(paid().pending(Payment::card(1))));
    let _ = shop.import().exits(0);
    shop.vtex(|v| {
        v.deny_payment(&id);
        v.deny_payment(&card);
    });
    let _ = shop.import().exits(0);
    let card_reads = || shop.vtex(|v| v.calls_of("GET", &format!("/orders/{card}")).len());
    let imported = card_reads();
    // And a minute, for the time between two runs.
    let a_day_goes_by = || {
        state(&shop, "UPDATE orders SET fate_at = fate_at - 86460000");
        let _ = shop.database("vaivem.db").execute("UPDATE cancellations SET watched_at = watched_at - 86460000", []);
    };
    // Ever more rarely: after one day, three, seven, fifteen.
    let mut looked = Vec::new();
    for day in 1..=31 {
        a_day_goes_by();
        if cancel(&shop).exits(0).summary()["calls"] != 0 {
            looked.push(day);
        }
    }
    assert_eq!(looked, [1, 3, 7, 15]);
    state(&shop, "UPDATE orders SET fate_at = fate_at + 30 * 86460000");
    state(&shop, "DELETE FROM cancellations");
    shop.vtex(|v| v.pay_late(&id));
    let ran = cancel(&shop).exits(3);
    assert_eq!(ran.order(&id)["reason"]["code"], "paid_after_cancellation");
    assert_eq!(card_reads(), imported, "a card that was denied pays nothing later");
    assert!(shop.erp().is_empty());
}

/// As many calls that fail in a row as count as a host that is down must not keep each run from those that come after.
#[test]
fn cancelled_orders_whose_reading_fails_keep_no_other_from_being_watched() {
    let (mut shop, ids) = announced(7);
    shop.set(&format!("{ON}\nin_flight = 1"));
    let _ = shop.run(&["auto-cancel", "--confirm"]).exits(0);
    state(&shop, "UPDATE orders SET fate_at = fate_at - 86460000");
    let (last, failing) = ids.split_last().unwrap();
    shop.vtex(|v| {
        v.pay_late(last);
        v.faults.extend(failing.iter().map(|id| Fault::always(Kind::status(503)).on("GET", id)));
    });
    let told: Vec<i32> = (0..3)
        .map_while(|_| {
            let ran = cancel(&shop);
            let is_told = shop.run(&["holds"]).code == Some(3);
            (!is_told).then_some(ran.code.unwrap())
        })
        .collect();
    assert!(told.len() < 3, "the one that was paid late is never looked at: {told:?}");
}

#[test]
fn orders_that_were_never_imported_are_cancelled_only_where_asked_for() {
    for (settings, expected) in
        [("auto_cancel = { enabled = true }", 0), ("auto_cancel = { enabled = true, not_imported = true }", 1)]
    {
        let shop = Shop::with(settings);
        let id = shop.place(overdue());
        let _ = shop.import().exits(0);
        let _ = shop.sync().exits(0);
        let _ = cancel(&shop).exits(0);
        let _ = cancel(&shop).exits(0);
        assert_eq!(cancels(&shop), expected);
        assert!(shop.erp().is_empty());
        let fate = if expected == 1 { "cancelled" } else { "waiting" };
        assert_eq!(shop.run(&["orders"]).exits(0).records()[0]["fate"], fate);
        if expected == 0 {
            let ran = shop.run(&["auto-cancel", "--order", &id]).exits(3);
            assert_eq!(ran.order(&id)["outcome"], "failed");
        }
    }
}

/// It waits in import-orders, too, which must not take the refusal for settled.
#[test]
fn what_was_refused_of_an_order_that_was_never_imported_is_not_asked_again() {
    let shop = Shop::with("auto_cancel = { enabled = true, not_imported = true }");
    let id = shop.place(overdue());
    let _ = shop.import().exits(0);
    let _ = shop.sync().exits(0);
    let _ = cancel(&shop).exits(0);
    shop.vtex(|v| v.faults.push(Fault::always(Kind::status(400)).on("POST", "/cancel")));
    for _ in 0..3 {
        assert_eq!(cancel(&shop).exits(3).order(&id)["reason"]["code"], "cancel_refused");
        let _ = shop.import();
        let holds = shop.run(&["holds"]).exits(3);
        assert_eq!(holds.records()[0]["reason"]["code"], "cancel_refused");
        assert_eq!(shop.run(&["orders"]).exits(0).records()[0]["fate"], "waiting");
    }
    assert_eq!(shop.vtex(|v| v.calls_of("POST", "/cancel").len()), 1);
    // Paid after all, it goes on.
    shop.vtex(|v| v.approve_payment(&id));
    assert_eq!(shop.import().exits(0).order(&id)["outcome"], "imported");
    let _ = shop.run(&["holds"]).exits(0);
}

#[test]
fn one_order_by_name() {
    let (shop, ids) = announced(2);
    let ran = shop.run(&["auto-cancel", "--order", &ids[1]]).exits(0);
    assert_eq!(ran.order(&ids[1])["outcome"], "cancelled");
    assert_eq!((cancels(&shop), erp_status(&shop, &ids[0]).as_str()), (1, "awaiting_payment"));
}
