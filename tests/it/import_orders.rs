//! import-orders: every fate, every hold and its release, the policies, and what the channel does to make it hard.

use std::time::Duration;

use crate::sandbox::{Customer, Fault, HookAction, Kind, OrderSeed, Payment, Phase, RetryAfter};
use crate::shop::{ErpSees, Shop, paid};
use crate::side::Side;

fn boleto() -> Payment {
    Payment::boleto("2030-01-10".parse().unwrap())
}

#[test]
fn a_paid_order_is_in_the_erp_once_and_taken_over_once() {
    let shop = Shop::new();
    let id = shop.place(paid().freight(1_500).coupon("DEZ", 500));
    let ran = shop.import().exits(0);
    let record = ran.order(&id);
    assert_eq!(record["outcome"], "imported");
    assert_eq!(record["actions"], serde_json::json!(["create_order", "take_over"]));
    assert_eq!(shop.erp()[&id], [ErpSees { status: "paid".into(), total: 5_990, units: 1, reserved: 1 }]);
    assert_eq!(shop.take_overs(&id), 1);
    // Taking it over makes events of its own; the next run hears them.
    let _ = shop.import().exits(0);
    assert_eq!(shop.vtex(|v| v.feed.depth()), 0, "every event is acknowledged");
}

#[test]
fn a_second_run_does_nothing() {
    for side in Side::BOTH {
        let shop = side.shop("");
        (0..5).for_each(|_| drop(side.paid(&shop)));
        let _ = side.run(&shop, "import-orders").exits(0);
        let (truth, effects) = (shop.truth(), side.effects(&shop));
        let again = side.run(&shop, "import-orders").exits(0);
        assert_eq!((shop.truth(), side.effects(&shop)), (truth, effects));
        assert_eq!(again.summary()["imported"], 0);
        // The order is read once more, since only a reading proves a take-over; then it is left alone.
        let before = side.calls(&shop);
        let _ = side.run(&shop, "import-orders").exits(0);
        let calls = side.calls(&shop) - before;
        assert!(calls <= 4, "a pass without news makes a handful of calls, not {calls}");
    }
}

/// A channel's name is part of each of its orders: under another, all of them would come in again.
#[test]
fn a_channel_that_is_given_another_name_imports_nothing_again() {
    let shop = Shop::new();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    shop.rename_channel("loja", "site");
    for args in [&["import-orders"][..], &["import-orders", "--dry-run"], &["adopt", "--since", "2026-01-01"]] {
        let refused = shop.run(args).exits(4).summary();
        let message = refused["message"].as_str().unwrap();
        assert!(message.contains("`loja`") && message.contains("Give the channel its former name back"), "{message}");
    }
    assert_eq!(shop.erp()[&id].len(), 1);
    let _ = shop.run(&["orders"]).exits(0);
    let _ = shop.run(&["status"]).exits(0);
    shop.rename_channel("site", "loja");
    assert_eq!(shop.import().exits(0).summary()["imported"], 0);
    // A person says that it begins anew: after all of those orders.
    shop.rename_channel("loja", "site");
    let moved = ["adopt", "--moved", "--channel", "site", "--since", "2026-01-01"];
    for _ in 0..2 {
        let message = shop.run(&moved).exits(4).summary()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("imported a second time: the last of them") && message.contains("2020"), "{message}");
        let _ = shop.run(&["import-orders"]).exits(4);
    }
    let config = std::fs::read_to_string(shop.path("vaivem.toml")).unwrap();
    let tomorrow = (chrono::Utc::now() + chrono::TimeDelta::days(2)).format("%Y-%m-%d").to_string();
    std::fs::write(shop.path("vaivem.toml"), config.replace("2020-01-01", &tomorrow)).unwrap();
    let _ = shop.run(&moved).exits(0);
    assert_eq!(shop.run(&["import-orders"]).exits(0).summary()["imported"], 0);
    assert_eq!(shop.erp()[&id].len(), 1);
}

#[test]
fn a_paid_order_that_the_channel_keeps_back_for_days_is_held_until_it_moves_on() {
    let shop = Shop::new();
    let id = shop.place(paid().created(chrono::Utc::now() - chrono::TimeDelta::days(4)).status("window-to-cancel"));
    let new = shop.place(paid().status("window-to-cancel"));
    let ran = shop.import().exits(3);
    assert_eq!(ran.order(&id)["reason"]["code"], "grace_period");
    assert!(ran.order(&id)["hint"].as_str().unwrap().contains("does not move on"), "{ran:?}");
    assert_eq!(ran.order(&new)["outcome"], "waiting");
    shop.vtex(|v| v.set_status(&id, "ready-for-handling"));
    assert_eq!(shop.import().exits(0).order(&id)["outcome"], "imported");
    assert!(shop.run(&["holds"]).exits(0).records().iter().all(|record| record["order"] != id.as_str()));
}

#[test]
fn each_fate() {
    let shop =
        Shop::with("since = \"2020-01-01\"".replace("since", "import_by_method = { boleto = \"all\" }\n#").as_str());
    let old = "2019-06-01T12:00:00Z".parse().unwrap();
    let cases = [
        ("imported", shop.place(paid())),
        ("imported", shop.place(paid().pending(boleto()))),
        ("waiting", shop.place(paid().pending(Payment::pix()))),
        ("waiting", shop.place(paid().in_review())),
        ("waiting", shop.place(paid().status("window-to-cancel"))),
        ("waiting", shop.place(paid().status("order-created"))),
        ("waiting", shop.place(paid().null_status())),
        ("held", shop.place(paid().status("cancellation-requested"))),
        ("skipped", shop.place(paid().status("invoiced"))),
        ("cancelled", shop.place(paid().status("canceled"))),
        ("held", shop.place(paid().status("quarantined"))),
    ];
    shop.place(paid().created(old));
    let ran = shop.import().exits(3);
    for (fate, id) in &cases {
        assert_eq!(ran.order(id)["outcome"], *fate, "{id}");
        assert_eq!(shop.erp().contains_key(id), *fate == "imported", "{id}");
    }
    let counts = shop.run(&["orders"]).exits(0).records();
    let fate = |name: &str| {
        counts.iter().find(|record| record["fate"] == name).map_or(0, |record| record["orders"].as_i64().unwrap())
    };
    assert_eq!(
        ["imported", "waiting", "skipped", "cancelled", "held", "undecided"].map(fate),
        [2, 5, 1, 1, 2, 0],
        "the order before the cut-off date is not even listed"
    );
}

#[test]
fn an_order_before_the_cutoff_is_skipped_when_the_feed_tells_of_it() {
    let shop = Shop::new();
    let _ = shop.import().exits(0);
    let id = shop.place(paid().created("2019-12-31T12:00:00Z".parse().unwrap()));
    let ran = shop.import().exits(0);
    let record = ran.order(&id);
    assert_eq!((&record["outcome"], &record["reason"]["code"]), (&"skipped".into(), &"before_cutoff".into()));
}

/// Every hold: what makes it, its code, and what releases it without anybody touching the order here.
#[test]
fn each_hold_and_its_release() {
    type Release = fn(&mut Shop, &str);
    let cases: [(&str, OrderSeed, Release); 7] = [
        ("skus_unmapped", OrderSeed::new().sku("9", "NOVO", 1_000, 1), |shop, _| {
            shop.stock("codigo;nome;quantidade\nNOVO;Produto novo;5\n");
        }),
        (
            "skus_unmapped",
            OrderSeed::new()
                .sku("1", "CAMISETA-P", 4_990, 1)
                .null_ref_ids()
                .patch(serde_json::json!({"itemMetadata": null})),
            |shop, _| {
                shop.set("skus = { \"1\" = \"CAMISETA-P\" }");
            },
        ),
        ("carrier_unmapped", paid().carrier("Jadlog", "9", "Jadlog"), |shop, _| {
            shop.set_carriers("\"Jadlog\" = \"Jadlog\"");
        }),
        ("totals_differ", paid().mismatch(1), |shop, id| {
            shop.vtex(|v| v.order_mut(id).seed.mismatch = 0);
        }),
        ("tax_id_invalid", paid().customer(Customer::person("Ana", "Souza", "52998224724")), |shop, id| {
            shop.vtex(|v| v.order_mut(id).seed.customer = Customer::person("Ana", "Souza", "52998224725"));
        }),
        (
            "address_incomplete",
            paid().patch(serde_json::json!({"shippingData": {"address": {"city": ""}}})),
            |shop, id| {
                shop.vtex(|v| v.order_mut(id).seed.patch = None);
            },
        ),
        ("status_unknown", paid().status("quarantined"), |shop, id| {
            shop.vtex(|v| v.set_status(id, "ready-for-handling"));
        }),
    ];
    for (code, seed, release) in cases {
        let mut shop = Shop::new();
        let id = shop.place(seed);
        let ran = shop.import().exits(3);
        let record = ran.order(&id);
        assert_eq!((&record["outcome"], &record["reason"]["code"]), (&"held".into(), &code.into()));
        assert!(record["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{code}");
        assert!(!shop.erp().contains_key(&id), "{code}: nothing of a held order is in the ERP");
        let holds = shop.run(&["holds"]).exits(3);
        assert_eq!(holds.summary()["holds"], 1, "{code}");

        let _ = shop.import().exits(3);
        assert_eq!(shop.run(&["holds"]).exits(3).records()[0]["tries"], 2, "{code}: tried again on every run");

        release(&mut shop, &id);
        let _ = shop.import().exits(0);
        assert_eq!(shop.erp()[&id].len(), 1, "{code}");
        let _ = shop.run(&["holds"]).exits(0);
    }
}

#[test]
fn an_unreadable_order_is_held_and_the_others_go_on() {
    let shop = Shop::new();
    let bad = shop.place(paid().patch(serde_json::json!({"value": 19.99})));
    let good = shop.place(paid());
    let ran = shop.import().exits(3);
    let record = ran.order(&bad);
    assert_eq!((&record["reason"]["code"], &record["reason"]["at"]), (&"unreadable".into(), &"value".into()));
    assert!(shop.erp().contains_key(&good));
}

#[test]
fn the_policy_by_method() {
    let shop = Shop::with("import = \"all\"\nimport_by_method = { pix = \"paid\" }");
    let early = shop.place(paid().pending(boleto()));
    let review = shop.place(paid().in_review());
    let pix = shop.place(paid().pending(Payment::pix()));
    let both = shop.place(paid().pending(boleto().value(1_000)).pending(Payment::pix()));
    let _ = shop.import().exits(0);
    let erp = shop.erp();
    assert_eq!(erp[&early][0].status, "awaiting_payment");
    assert_eq!(erp[&early][0].reserved, 1, "an unpaid order reserves too");
    assert_eq!(erp[&review][0].status, "payment_under_review");
    assert!(!erp.contains_key(&pix) && !erp.contains_key(&both));
    assert_eq!(shop.take_overs(&early), 0);
    shop.vtex(|v| {
        v.approve_payment(&pix);
        v.approve_payment(&both);
    });
    let _ = shop.import().exits(0);
    assert_eq!((shop.erp()[&pix][0].status.as_str(), shop.take_overs(&pix)), ("paid", 1));
    assert_eq!(shop.erp()[&both].len(), 1);
}

#[test]
fn a_storm_of_429_loses_nothing() {
    for side in Side::BOTH {
        let shop = side.shop("");
        let ids: Vec<String> = (0..10).map(|_| side.paid(&shop)).collect();
        let date = Kind::Status { code: 429, retry_after: RetryAfter::HttpDate(1), body: String::new() };
        side.strike(&shop, vec![Fault::next(1, Kind::too_many(1)).after(3), Fault::next(1, date).after(6)]);
        let ran = side.run(&shop, "import-orders").exits(0);
        assert_eq!(ran.summary()["limited"], 2);
        assert_eq!(shop.erp().len(), ids.len());
    }
}

#[test]
fn a_long_cool_down_ends_the_run_and_the_next_goes_on() {
    let shop = Shop::with("max_wait = \"1s\"");
    let id = shop.place(paid());
    shop.vtex(|v| v.faults.push(Fault::next(1, Kind::too_many(3)).on("GET", &format!("/orders/{id}"))));
    let ran = shop.import().exits(5);
    assert!(ran.summary()["message"].as_str().unwrap().contains("127.0.0.1"), "{:?}", ran.summary());
    // The pause is known to every process of the state file.
    let calls = shop.vtex(|v| v.total_calls);
    let _ = shop.sync();
    let _ = shop.import().exits(5);
    assert_eq!(shop.vtex(|v| v.total_calls), calls, "no call while the platform asked for a pause");
    std::thread::sleep(Duration::from_secs(3));
    let _ = shop.import().exits(0);
    assert_eq!(shop.erp()[&id].len(), 1);
}

#[test]
fn a_start_handling_whose_answer_is_lost_is_done_once() {
    for kind in [Kind::TimeoutAfterWrite, Kind::Applied500] {
        let shop = Shop::new();
        let id = shop.place(paid());
        shop.vtex(|v| v.faults.push(Fault::next(1, kind.clone()).on("POST", "/start-handling")));
        let ran = shop.import().exits(3);
        assert_eq!(ran.order(&id)["reason"]["code"], "outcome_unknown", "{kind:?}");
        let _ = shop.import().exits(0);
        let _ = shop.import().exits(0);
        assert_eq!((shop.take_overs(&id), shop.erp()[&id].len()), (1, 1), "{kind:?}");
        let _ = shop.run(&["holds"]).exits(0);
    }
}

#[test]
fn a_start_handling_that_did_not_happen_is_sent_again() {
    let shop = Shop::new();
    let id = shop.place(paid());
    shop.vtex(|v| v.faults.push(Fault::next(1, Kind::DropBeforeWrite).on("POST", "/start-handling")));
    let _ = shop.import().exits(3);
    assert_eq!(shop.take_overs(&id), 0);
    let _ = shop.import().exits(0);
    assert_eq!(shop.take_overs(&id), 1);
}

#[test]
fn start_handling_refused_because_it_is_done_is_success() {
    for code in [409, 400] {
        let shop = Shop::new();
        let id = shop.place(paid());
        shop.vtex(|v| {
            v.start_handling_conflict = code;
            // Somebody in the panel is faster, between our reading and our call.
            let other = id.clone();
            v.on_call = Some(Box::new(move |call, phase| {
                if phase == Phase::AfterEffect || !call.path.ends_with("/start-handling") {
                    return HookAction::Go;
                }
                let id = other.clone();
                HookAction::Meanwhile(Box::new(move |v| v.set_status(&id, "handling")))
            }));
        });
        let _ = shop.import().exits(0);
        assert_eq!((shop.take_overs(&id), shop.erp()[&id].len()), (0, 1));
    }
}

#[test]
fn duplicate_reordered_and_unknown_events() {
    let shop = Shop::new();
    let _ = shop.import().exits(0);
    shop.vtex(|v| {
        v.feed_faults.duplicate_probability = 0.5;
        v.feed_faults.shuffle = true;
        v.feed_faults.empty_read_probability = 0.3;
        v.feed_faults.unknown_states = true;
        v.feed_faults.null_state = true;
    });
    let ids: Vec<String> = (0..20)
        .map(|n| {
            let id = shop.place(paid().pending(Payment::pix()));
            shop.vtex(|v| {
                if n % 2 == 0 {
                    v.approve_payment(&id);
                } else {
                    v.cancel_by_customer(&id);
                }
            });
            id
        })
        .collect();
    for _ in 0..3 {
        let _ = shop.import();
    }
    let erp = shop.erp();
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(erp.get(id).map_or(0, Vec::len), usize::from(n % 2 == 0), "{id}");
        assert_eq!(shop.take_overs(id), usize::from(n % 2 == 0), "{id}");
    }
}

#[test]
fn a_feed_that_is_gone_is_made_again_and_the_gap_is_swept() {
    let shop = Shop::new();
    let first = shop.import().exits(0);
    assert!(first.records().iter().any(|record| record["code"] == "feed_created"));
    shop.vtex(crate::sandbox::Vtex::delete_feed);
    let id = shop.place(paid());
    let ran = shop.import().exits(0);
    assert!(ran.records().iter().any(|record| record["code"] == "feed_created"));
    assert_eq!(shop.erp()[&id].len(), 1);
    assert!(!shop.import().exits(0).stdout.contains("feed_"), "and then it is quiet");
}

#[test]
fn somebody_elses_feed_is_left_alone() {
    let shop = Shop::new();
    shop.vtex(|v| v.configure_feed(&["invoiced"]));
    let id = shop.place(paid());
    let ran = shop.import().exits(0);
    assert!(ran.records().iter().any(|record| record["code"] == "feed_foreign"));
    assert!(shop.vtex(|v| v.calls_of("GET", "/api/orders/feed").iter().all(|call| call.path.ends_with("/config"))));
    assert_eq!(shop.erp()[&id].len(), 1, "found by the list");
}

#[test]
fn without_a_feed_the_list_is_enough() {
    let shop = Shop::with("feed = \"off\"");
    let id = shop.place(paid().pending(Payment::pix()));
    let _ = shop.import().exits(0);
    shop.vtex(|v| v.approve_payment(&id));
    let _ = shop.import().exits(0);
    assert_eq!(shop.erp()[&id].len(), 1);
    assert!(shop.vtex(|v| v.calls_of("", "/feed").is_empty()));
}

#[test]
fn a_list_that_lags_is_made_up_for_by_feed_and_overlap() {
    let shop = Shop::new();
    let _ = shop.import().exits(0);
    shop.vtex(|v| v.list_lag = Duration::from_secs(3600));
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    assert_eq!(shop.erp()[&id].len(), 1, "told by the feed");

    let shop = Shop::with("feed = \"off\"");
    let _ = shop.import().exits(0);
    shop.vtex(|v| v.list_lag = Duration::from_secs(2));
    let late = shop.place(paid());
    let _ = shop.import().exits(0);
    assert!(!shop.erp().contains_key(&late));
    std::thread::sleep(Duration::from_secs(3));
    let _ = shop.import().exits(0);
    assert_eq!(shop.erp()[&late].len(), 1, "the next sweep reaches back behind the cursor");
}

#[test]
fn more_orders_than_the_list_can_page_are_all_found() {
    let shop = Shop::with("feed = \"off\"\nin_flight = 16");
    shop.vtex(|v| {
        v.keep_call_log = false;
        let start: chrono::DateTime<chrono::Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        for n in 0..3_200 {
            v.place(paid().status("order-created").created(start + chrono::TimeDelta::seconds(n * 7)));
        }
    });
    let ran = shop.import().exits(0);
    assert_eq!((ran.summary()["new"].as_i64(), ran.summary()["waiting"].as_i64()), (Some(3_200), Some(3_200)));
}

#[test]
fn a_cancellation_heard_before_the_order_leaves_a_tombstone() {
    let shop = Shop::new();
    let _ = shop.import().exits(0);
    let id = shop.place(paid().pending(Payment::pix()));
    shop.vtex(|v| v.cancel_by_customer(&id));
    let _ = shop.import().exits(0);
    // A late event about an earlier state cannot revive it.
    shop.vtex(|v| v.emit_event(&id, "payment-approved"));
    let _ = shop.import().exits(0);
    assert!(!shop.erp().contains_key(&id));
    assert_eq!(shop.run(&["orders"]).exits(0).records()[0]["fate"], "cancelled");
    // Not even when the order itself says otherwise.
    shop.vtex(|v| v.set_status(&id, "ready-for-handling"));
    let _ = shop.run(&["import-orders", "--order", &id]).exits(3);
    assert!(!shop.erp().contains_key(&id));
}

#[test]
fn an_announced_cancellation_keeps_the_order_out_until_both_agree() {
    let shop = Shop::new();
    let _ = shop.import().exits(0);
    let id = shop.place(paid());
    shop.vtex(|v| v.emit_event(&id, "canceled"));
    let ran = shop.import().exits(3);
    assert_eq!(ran.order(&id)["reason"]["code"], "cancel_announced");
    assert!(!shop.erp().contains_key(&id));
    shop.vtex(|v| v.cancel_by_customer(&id));
    let _ = shop.import().exits(0);
    assert_eq!(shop.run(&["orders"]).exits(0).records()[0]["fate"], "cancelled");
}

#[test]
fn an_order_of_another_store_is_named_and_not_kept() {
    let shop = Shop::new();
    let ran = shop.run(&["import-orders", "--order", "9999999999999-01"]).exits(3);
    assert_eq!(ran.order("9999999999999-01")["reason"]["code"], "not_on_channel");
    let _ = shop.run(&["holds"]).exits(0);
    assert_eq!(shop.run(&["orders"]).exits(0).summary()["orders"], 0);
}

#[test]
fn orders_are_taken_from_standard_input() {
    let shop = Shop::new();
    let (first, second, other) = (shop.place(paid()), shop.place(paid()), shop.place(paid()));
    let _ = shop.run_with_input(&["import-orders", "--order", "-"], &format!("{first}\n\n {second} \n")).exits(0);
    let erp = shop.erp();
    assert!(erp.contains_key(&first) && erp.contains_key(&second) && !erp.contains_key(&other));
}

#[test]
fn a_backfill_looks_again_at_its_days_only() {
    let shop = Shop::new();
    let at = |text: &str| text.parse().unwrap();
    let before = shop.place(paid().created(at("2026-05-10T02:59:59Z")));
    let first = shop.place(paid().created(at("2026-05-10T03:00:00Z")));
    let last = shop.place(paid().created(at("2026-05-13T02:59:59Z")));
    let after = shop.place(paid().created(at("2026-05-13T03:00:00Z")));
    let _ = shop.run(&["import-orders", "--since", "2026-05-10", "--until", "2026-05-12"]).exits(0);
    let erp = shop.erp();
    assert!(erp.contains_key(&first) && erp.contains_key(&last), "days are São Paulo's, both ends included");
    assert!(!erp.contains_key(&before) && !erp.contains_key(&after));
    let _ = shop.run(&["import-orders", "--since", "2026-05-12", "--until", "2026-05-10"]).exits(2);
}

#[test]
fn a_plan_reads_the_same_whichever_answer_comes_first() {
    let shop = Shop::with("in_flight = 8");
    let ids: Vec<String> = (0..12).map(|_| shop.place(paid())).collect();
    // The first order's answer is the last to come.
    let first = format!("/orders/{}", ids[0]);
    shop.vtex(|v| v.faults.push(Fault::next(1, Kind::SlowMs(300)).on("GET", &first)));
    let ran = shop.run(&["import-orders", "--dry-run"]).exits(0);
    let told: Vec<String> = ran
        .records()
        .iter()
        .filter(|record| record["type"] == "order")
        .map(|record| record["order"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, ids);
}

#[test]
fn a_dry_run_tells_all_and_does_nothing() {
    let shop = Shop::new();
    let id = shop.place(paid());
    let held = shop.place(OrderSeed::new().sku("9", "NOVO", 1_000, 1));
    let ran = shop.run(&["import-orders", "--dry-run"]).exits(3);
    let record = ran.order(&id);
    assert_eq!((&record["outcome"], &record["dry_run"]), (&"imported".into(), &true.into()));
    assert_eq!(ran.order(&held)["reason"]["code"], "skus_unmapped");
    assert!(shop.erp().is_empty());
    assert!(!shop.path("vaivem.db").exists(), "not even a state file");
    assert!(shop.vtex(|v| v.effects.is_empty()));
    let _ = shop.import().exits(3);
    let again = shop.run(&["import-orders", "--dry-run"]).exits(3);
    assert_eq!(again.summary()["imported"], 0);
    assert_eq!(shop.run(&["holds"]).exits(3).records()[0]["tries"], 1, "a dry run is not a try");
}
