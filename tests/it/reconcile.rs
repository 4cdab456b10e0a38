//! Channel, ERP and state file side by side: nothing differs where all is in step, and each damage is named with what repairs it.

use chrono::Utc;
use serde_json::Value;

use crate::back_office::{Nfe, parcel};
use crate::sandbox::{Fault, Kind, RetryAfter};
use crate::shop::{Ran, Shop, paid};
use crate::side::Side;

/// A shop where one order is invoiced and on its way, another is paid, and stock was told.
fn in_step(side: Side) -> (Shop, String, String) {
    let shop = match side {
        Side::Vtex => side.shop("in_flight = 1\nstock = { warehouse = \"1_1\", settle = \"0s\" }"),
        Side::Hub => side.shop("stock = { warehouse = \"default\", settle = \"0s\" }"),
    };
    for (id, code) in [("1", "CAMISETA-P"), ("2", "CANECA"), ("3", "BONE")] {
        side.offer(&shop, id, code);
    }
    let (sent, open) = (side.paid(&shop), side.paid(&shop));
    let _ = side.run(&shop, "sync").exits(0);
    shop.issue(&sent, &Nfe::new(1001, 4_990));
    shop.ship(&sent, &parcel("BR1"));
    for _ in 0..2 {
        let _ = side.run(&shop, "sync").exits(0);
    }
    (shop, sent, open)
}

fn reconcile(side: Side, shop: &Shop) -> Ran {
    side.run(shop, "reconcile")
}

/// The codes of the differences, each with its command.
fn differences(ran: &Ran) -> Vec<(String, String)> {
    let text = |record: &Value, field: &str| record[field].as_str().unwrap().to_owned();
    let records = ran.records();
    let found = records.iter().filter(|record| record["type"] == "difference");
    found.map(|record| (text(record, "code"), text(record, "repair"))).collect()
}

fn codes(ran: &Ran) -> Vec<String> {
    differences(ran).into_iter().map(|(code, _)| code).collect()
}

fn sql(shop: &Shop, file: &str, text: &str) {
    shop.database(file).execute_batch(text).unwrap();
}

#[test]
fn what_is_in_step_differs_in_nothing() {
    for side in Side::BOTH {
        let (shop, ..) = in_step(side);
        let (calls, effects) = (side.calls(&shop), side.effects(&shop));
        let summary = reconcile(side, &shop).exits(0).summary();
        assert_eq!((&summary["orders"], &summary["differences"]), (&2.into(), &0.into()), "{side:?}");
        assert!(summary["stock"].as_i64() >= Some(1), "{side:?}: {summary}");
        assert!(side.calls(&shop) > calls && side.effects(&shop) == effects, "it reads and writes nothing");
    }
}

#[test]
fn each_damage_is_named_with_what_repairs_it() {
    let (shop, sent, open) = in_step(Side::Vtex);
    let found = |code: &str, repair: &str| {
        let found = differences(&reconcile(Side::Vtex, &shop).exits(3));
        assert!(found.iter().any(|(one, by)| one == code && by.contains(repair)), "{code}: {found:?}");
    };

    shop.vtex(|v| v.orders.get_mut(&sent).unwrap().packages[0].tracking_number = Some("BR2".into()));
    found("tracking", &format!("vaivem push-tracking --channel loja --order {sent}"));
    shop.vtex(|v| v.orders.get_mut(&sent).unwrap().packages[0].tracking_number = Some("BR1".into()));
    let _ = reconcile(Side::Vtex, &shop).exits(0);

    sql(&shop, "ledger.db", "UPDATE orders SET total = total + 1 WHERE id = 2");
    found("total", &format!("vaivem why {open}"));
    sql(&shop, "ledger.db", "UPDATE orders SET total = total - 1 WHERE id = 2");

    shop.vtex(|v| {
        v.cancel_by_customer(&open);
        v.feed.clear();
    });
    found("status", &format!("vaivem sync-payments --channel loja --order {open}"));
    let _ = shop.run(&["sync-payments", "--order", &open]).exits(0);
    let _ = shop.run(&["push-stock"]).exits(0);
    let _ = reconcile(Side::Vtex, &shop).exits(0);

    sql(
        &shop,
        "ledger.db",
        "INSERT INTO reservations (order_id, product, warehouse, quantity, made_at)
         SELECT order_id, product, warehouse, quantity, made_at FROM reservations WHERE order_id = 2",
    );
    found("reserved", "vaivem ledger show 2");
    sql(&shop, "ledger.db", "DELETE FROM reservations WHERE released_at IS NULL");

    sql(&shop, "vaivem.db", "UPDATE orders SET erp_id = NULL, erp_number = NULL, fate = 'skipped'");
    found("not_linked", "vaivem adopt --channel loja");
    let today = Utc::now().format("%Y-%m-%d").to_string();
    let yesterday = (Utc::now() - chrono::TimeDelta::days(1)).format("%Y-%m-%d").to_string();
    assert!(today > yesterday);
    let _ = shop.run(&["adopt", "--since", &yesterday]).exits(0);
    let _ = reconcile(Side::Vtex, &shop).exits(0);
}

#[test]
fn a_missing_invoice_and_a_strange_one() {
    let (shop, sent, open) = in_step(Side::Vtex);
    shop.vtex(|v| {
        let packages = std::mem::take(&mut v.orders.get_mut(&sent).unwrap().packages);
        v.orders.get_mut(&open).unwrap().packages = packages;
    });
    let found = codes(&reconcile(Side::Vtex, &shop).exits(3));
    assert!(found.contains(&"invoice_missing".to_owned()), "{found:?}");
    assert!(found.contains(&"invoice_not_ours".to_owned()), "{found:?}");
}

#[test]
fn stock_that_somebody_changed_on_the_channel() {
    let (shop, ..) = in_step(Side::Vtex);
    let _ = shop.place(paid());
    let ran = reconcile(Side::Vtex, &shop).exits(3);
    assert_eq!(codes(&ran), ["not_imported"], "{}", ran.stdout);
    let _ = shop.run(&["sync"]).exits(0);
    sql(&shop, "vaivem.db", "UPDATE stock SET pushed = pushed + 1, want = want + 1 WHERE sku = 'CANECA'");
    let found = differences(&reconcile(Side::Vtex, &shop).exits(3));
    assert_eq!(found, [("stock".to_owned(), "vaivem push-stock --channel loja --sku CANECA".to_owned())]);
    let _ = shop.run(&["push-stock", "--sku", "CANECA"]).exits(0);
    let _ = reconcile(Side::Vtex, &shop).exits(0);
}

#[test]
fn what_was_found_before_a_side_failed_is_told() {
    let (mut shop, ..) = in_step(Side::Vtex);
    let _ = shop.place(paid());
    shop.set("max_wait = \"1s\"\nstock = { warehouse = \"1_1\", settle = \"0s\" }");
    let down = Kind::Status { code: 503, retry_after: RetryAfter::Absent, body: String::new() };
    shop.vtex(|v| v.faults.push(Fault::always(down.clone()).on("GET", "/logistics/pvt/inventory/skus")));
    let ran = reconcile(Side::Vtex, &shop).exits(5);
    assert_eq!(codes(&ran), ["not_imported"], "{}", ran.stdout);
    assert_eq!((&ran.summary()["orders"], &ran.summary()["differences"]), (&3.into(), &1.into()));
    // A list that cannot be read whole is compared with nothing.
    shop.vtex(|v| v.faults = vec![Fault::always(down).on("GET", "/oms/pvt/orders")]);
    assert_eq!(codes(&reconcile(Side::Vtex, &shop).exits(5)), [""; 0]);
}
