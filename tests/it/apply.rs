//! apply: a plan is carried out as it was made, and nothing of it once what it rests on has changed.

use serde_json::{Value, json};

use crate::auto_cancel::announced;
use crate::back_office::{Nfe, parcel};
use crate::shop::{Ran, Shop};
use crate::side::Side;

/// A shop on either kind of channel with a state file, three products there, and these further keys in the channel's table.
fn shop(side: Side, settings: &str) -> Shop {
    let stock = format!("stock = {{ warehouse = \"{}\", settle = \"0s\" }}", side.warehouse());
    let shop = side.shop(&format!("{stock}\n{settings}"));
    [("1", "CAMISETA-P"), ("2", "CANECA"), ("3", "BONE")].iter().for_each(|(id, code)| side.offer(&shop, id, code));
    let _ = side.run(&shop, "import-orders").exits(0);
    shop
}

/// What a pass would do.
fn plan(side: Side, shop: &Shop, verb: &str) -> String {
    let ran = shop.run(&[&side.args(verb)[..], &["--dry-run"]].concat()).exits(0);
    assert!(ran.records().iter().any(|record| !record["plan"].is_null()), "{verb} plans nothing:\n{}", ran.stdout);
    ran.stdout
}

fn apply(shop: &Shop, plan: &str) -> Ran {
    shop.run_with_input(&["apply", "-"], plan)
}

/// Carries out a plan, and sees that it cannot be carried out again.
#[track_caller]
fn carry_out(shop: &Shop, plan: &str) -> Value {
    let ran = apply(shop, plan).exits(0);
    let again = apply(shop, plan).exits(3);
    let codes: Vec<Value> = again
        .records()
        .iter()
        .filter(|one| one["outcome"] == "failed")
        .map(|one| one["reason"]["code"].clone())
        .collect();
    assert!(!codes.is_empty() && codes.iter().all(|code| code == "plan_stale" || code == "plan_over"), "{codes:?}");
    ran.summary()
}

#[test]
fn a_plan_does_what_its_lines_say_and_nothing_else() {
    for side in Side::BOTH {
        let shop = shop(side, "");
        let ids = [side.paid(&shop), side.paid(&shop)];
        let before = side.effects(&shop);
        let plan = plan(side, &shop, "import-orders");
        assert_eq!((shop.erp().len(), side.effects(&shop)), (0, before), "a plan does nothing");
        let line = plan.lines().find(|line| line.contains(&ids[0])).unwrap();
        let summary = carry_out(&shop, line);
        assert_eq!((&summary["pass"], &summary["imported"]), (&json!("apply"), &json!(1)));
        let erp = shop.erp();
        assert_eq!((erp.len(), erp[&ids[0]].len()), (1, 1), "once, and the other not at all");
        // The other is for the next run.
        let _ = side.run(&shop, "import-orders").exits(0);
        assert_eq!(shop.erp().values().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
    }
}

#[test]
fn the_same_facts_make_the_same_plan_line_by_line() {
    for side in Side::BOTH {
        let shop = shop(side, "");
        for _ in 0..5 {
            side.paid(&shop);
        }
        let told = |plan: String| -> Vec<String> {
            plan.lines().filter(|line| line.contains("\"type\":\"order\"")).map(str::to_owned).collect()
        };
        let first = told(plan(side, &shop, "import-orders"));
        assert_eq!((first.len(), &first), (5, &told(plan(side, &shop, "import-orders"))));
    }
}

#[test]
fn what_changed_since_is_left_alone_and_named() {
    for side in Side::BOTH {
        let shop = shop(side, "");
        let ids = [side.paid(&shop), side.paid(&shop)];
        let plan = plan(side, &shop, "import-orders");
        side.cancel(&shop, &ids[0]);
        let ran = apply(&shop, &plan).exits(3);
        assert_eq!(shop.erp().keys().collect::<Vec<_>>(), [&ids[1]], "{side:?}: the other is brought in all the same");
        let failed: Vec<Value> = ran.records().into_iter().filter(|one| one["outcome"] == "failed").collect();
        assert_eq!((failed.len(), &failed[0]["order"]), (1, &json!(ids[0])));
        assert_eq!(ran.summary()["failed"], 1);
    }
}

/// What keeps an entry from being decided on is told, and not that nothing of it is to be done any more: nobody knows that.
#[test]
fn what_cannot_be_looked_at_is_told_once() {
    let shop = shop(Side::Vtex, "import = \"all\"");
    let [id, gone] = [(); 2].map(|()| Side::Vtex.unpaid(&shop));
    let _ = Side::Vtex.run(&shop, "import-orders").exits(0);
    for id in [&id, &gone] {
        Side::Vtex.pay(&shop, id);
    }
    let plan = plan(Side::Vtex, &shop, "sync-payments");
    let _ = shop.run(&["forget", &id, "--because", "teste"]).exits(0);
    shop.vtex(|v| v.orders.remove(&gone));
    for flags in [&[][..], &["-q"]] {
        let ran = shop.run_with_input(&[flags, &["apply", "-"]].concat(), &plan).exits(3);
        let told = |id: &str| -> Vec<Value> {
            let of_it = ran.records().into_iter().filter(|one| one["order"] == id);
            of_it.map(|one| json!([one["outcome"], one["reason"]["code"]])).collect()
        };
        assert_eq!(told(&id), [json!(["failed", "not_imported"])]);
        assert_eq!(told(&gone), [json!(["held", "not_on_channel"])]);
        assert_eq!((&ran.summary()["failed"], &ran.summary()["held"]), (&json!(1), &json!(1)));
    }
}

#[test]
fn a_change_that_no_status_tells_counts_too() {
    let shop = shop(Side::Vtex, "");
    let id = Side::Vtex.paid(&shop);
    let plan = plan(Side::Vtex, &shop, "import-orders");
    shop.vtex(|v| v.orders.get_mut(&id).unwrap().seed.customer.last_name = "Outro".into());
    let reason = &apply(&shop, &plan).exits(3).order(&id)["reason"];
    assert_eq!((&reason["code"], &reason["changed"][0]["fact"]), (&json!("plan_stale"), &json!("channel_order")));
    assert_eq!(shop.erp().len(), 0);
}

#[test]
fn payments_invoices_tracking_and_stock_are_planned_and_carried_out_once() {
    for side in Side::BOTH {
        let shop = shop(side, "import = \"all\"");
        let id = side.unpaid(&shop);
        let _ = side.run(&shop, "import-orders").exits(0);
        side.pay(&shop, &id);
        carry_out(&shop, &plan(side, &shop, "sync-payments"));
        assert_eq!(shop.erp()[&id][0].status, "paid", "{side:?}");
        let _ = side.run(&shop, "sync-payments").exits(0);
        carry_out(&shop, &plan(side, &shop, "push-stock"));
        assert_eq!(side.calls_of(&shop, side.stock_call()), if side == Side::Vtex { 3 } else { 1 }, "{side:?}");
        shop.issue(&id, &Nfe::new(1001, 4_990));
        carry_out(&shop, &plan(side, &shop, "push-invoices"));
        assert_eq!(side.told(&shop, &id).invoices, ["1001"], "{side:?}");
        shop.ship(&id, &parcel("BR123"));
        carry_out(&shop, &plan(side, &shop, "push-tracking"));
        assert_eq!(side.told(&shop, &id).codes, ["BR123"], "{side:?}");
    }
}

#[test]
fn an_invoice_cancelled_meanwhile_is_not_sent() {
    for side in Side::BOTH {
        let shop = shop(side, "");
        let id = side.paid(&shop);
        let _ = side.run(&shop, "import-orders").exits(0);
        let nfe = Nfe::new(1001, 4_990);
        shop.issue(&id, &nfe);
        let plan = plan(side, &shop, "push-invoices");
        shop.cancel_invoice(&nfe);
        let _ = apply(&shop, &plan).exits(3);
        assert_eq!(side.told(&shop, &id).invoices, [""; 0], "{side:?}");
    }
}

#[test]
fn stock_that_moved_since_is_not_sent_by_the_plan() {
    for side in Side::BOTH {
        let shop = shop(side, "");
        let plan = plan(side, &shop, "push-stock");
        shop.stock("codigo;quantidade\nCANECA;40\n");
        let ran = apply(&shop, &plan).exits(3);
        let reason = &ran.stock("CANECA")["reason"];
        assert_eq!(reason["changed"], json!([{ "fact": "physical", "was": "100", "is": "40" }]), "{side:?}");
        let sold = |id, code| side.look(&shop, |shelf| shelf.can_be_bought(side.sku(id, code)));
        assert_eq!((sold("1", "CAMISETA-P"), sold("2", "CANECA")), (100, 0), "{side:?}");
    }
}

/// What one pass does moves units from "in flight" to "reserved", which is no change of what may be sold.
#[test]
fn a_whole_sync_is_a_plan() {
    for side in Side::BOTH {
        let shop = shop(side, "");
        let ids = [side.paid(&shop), side.paid(&shop)];
        let dry = shop.run(&["sync", "--channel", side.channel(), "--dry-run"]).exits(0);
        let ran = apply(&shop, &dry.stdout).exits(0);
        assert_eq!(ran.summary()["imported"], 2);
        assert!(ids.iter().all(|id| shop.erp()[id].len() == 1));
        let told = ran.stock("CAMISETA-P");
        assert_eq!(
            (&told["quantity"], &told["outcome"]),
            (&json!(98), &json!("updated")),
            "{side:?}: what is planned to come in counts"
        );
    }
}

#[test]
fn an_unpaid_order_is_cancelled_by_plan_unless_it_is_paid_meanwhile() {
    let (shop, ids) = announced(2);
    let plan = plan(Side::Vtex, &shop, "auto-cancel");
    shop.vtex(|v| v.approve_payment(&ids[0]));
    let _ = apply(&shop, &plan).exits(3);
    let status = |id: &str| shop.vtex(|v| v.order(id).status.clone());
    assert_ne!(status(&ids[0]), "canceled");
    assert_eq!((status(&ids[1]).as_str(), shop.erp()[&ids[1]][0].status.as_str()), ("canceled", "cancelled"));
}

#[test]
fn what_is_no_plan_of_this_shop_is_refused_before_anything_is_done() {
    let (mine, other) = (shop(Side::Vtex, ""), shop(Side::Vtex, ""));
    let id = Side::Vtex.paid(&mine);
    let plan = plan(Side::Vtex, &mine, "import-orders");
    let line = plan.lines().find(|line| line.contains(&id)).unwrap();
    for (shop, text, says) in [
        (&other, plan.clone(), "another state file"),
        (&mine, format!("{line}\n{}", &line[..line.len() - 20]), "line 2 is no record of a plan"),
        (&mine, line.replace("\"dry_run\":true", "\"dry_run\":false"), "it was no dry run"),
        (&mine, line.replace("import-orders", "import-ordres"), "a pass `import-ordres`"),
        (&mine, line.replace("\"channel\":\"loja\"", "\"channel\":\"feira\""), "no channel `feira`"),
        (&mine, "imported loja 1".into(), "--output jsonl"),
    ] {
        let ran = apply(shop, &text).exits(2);
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
    }
    assert_eq!((mine.erp().len(), mine.take_overs(&id)), (0, 0));
    let ran = mine.run(&["apply", "nowhere.jsonl"]).exits(2);
    assert!(ran.stderr.contains("nowhere.jsonl cannot be read"), "{}", ran.stderr);
    assert_eq!(apply(&mine, "").exits(0).summary()["calls"], 0, "a filter may leave nothing");
}

#[test]
fn a_plan_names_no_customer() {
    for side in Side::BOTH {
        let shop = shop(side, "");
        let id = side.paid(&shop);
        let _ = plan(side, &shop, "import-orders");
        let line = plan(side, &shop, "import-orders").lines().find(|line| line.contains(&id)).unwrap().to_owned();
        for planted in ["52998224725", "529.982.247-25", "Maria", "Silva", "Rua", "Paulista", "@"] {
            assert!(!line.contains(planted), "{side:?} {planted}: {line}");
        }
    }
}
