//! push-stock: what the platform lets customers buy is held against what is truly sellable, at every step of an order's life.

use std::time::Duration;

use crate::back_office::Nfe;
use crate::sandbox::{Effect, Fault, HookAction, Kind, OrderSeed, Payment, Phase, RetryAfter, Sandbox, UnknownCode};
use crate::shop::{Ran, Shop, paid, ran, wait_until};
use crate::side::Side;
use crate::torture::disturbed::run_bounded;

/// Orders settle at once, so that tests need not wait.
pub const STOCK: &str = "stock = { warehouse = \"1_1\", settle = \"0s\" }";

pub fn boleto() -> Payment {
    Payment::boleto("2030-01-10".parse().unwrap())
}

/// A shop whose three products, 100 of each, VTEX knows.
pub fn shop(settings: &str) -> Shop {
    let shop = Shop::with(&format!("{STOCK}\n{settings}"));
    shop.vtex(|v| {
        v.add_sku("1", "CAMISETA-P");
        v.add_sku("2", "CANECA");
        v.add_sku("3", "BONE");
        v.configure_needed_feed();
    });
    shop
}

/// The same on either kind of channel.
fn on(side: Side) -> Shop {
    let shop = side.shop(&stock_of(side, ""));
    [("1", "CAMISETA-P"), ("2", "CANECA"), ("3", "BONE")].iter().for_each(|(id, code)| side.offer(&shop, id, code));
    shop
}

fn stock_of(side: Side, more: &str) -> String {
    format!("stock = {{ warehouse = \"{}\", settle = \"0s\"{more} }}", side.warehouse())
}

/// What customers can buy of a product there.
fn bought(side: Side, shop: &Shop, id: &str, code: &str) -> i64 {
    side.look(shop, |shelf| shelf.can_be_bought(side.sku(id, code)))
}

/// What customers can buy of the shirt.
pub fn can_be_bought(shop: &Shop) -> i64 {
    shop.vtex(|v| v.available("1"))
}

/// The shirts that are not sold, by the platform's own orders: 100 were counted, and none has left the shelf.
fn sellable(shop: &Shop) -> i64 {
    let sold: i64 = shop.vtex(|v| {
        let live = v.orders.values().filter(|order| order.status != "canceled");
        live.flat_map(|order| order.seed.lines.clone()).filter(|line| line.id == "1").map(|line| line.quantity).sum()
    });
    100 - sold
}

/// Stock updates the platform took, of any product.
fn updates(shop: &Shop) -> usize {
    shop.vtex(|v| v.effects.iter().filter(|effect| matches!(effect, Effect::Stock { .. })).count())
}

pub fn patches(shop: &Shop) -> usize {
    shop.vtex(|v| v.calls_of("PATCH", "/quantity").len())
}

/// Every pass, as cron runs them.
pub fn all_passes(shop: &Shop) {
    let _ = shop.import();
    let _ = shop.sync();
    let _ = shop.push();
}

#[test]
fn the_first_push_tells_everything_and_the_second_nothing() {
    let shop = shop("");
    let ran = shop.push().exits(0);
    assert_eq!(ran.summary()["updated"], 3);
    let record = ran.stock("CAMISETA-P");
    assert_eq!(
        (&record["channel_sku"], &record["warehouse"], &record["quantity"], &record["before"], &record["outcome"]),
        (&"1".into(), &"1_1".into(), &100.into(), &serde_json::Value::Null, &"updated".into())
    );
    assert_eq!((&record["parts"]["physical"], &record["parts"]["reserved"]), (&100.into(), &0.into()));
    assert_eq!(can_be_bought(&shop), 100);
    let body = shop.vtex(|v| v.calls_of("PATCH", "/skus/1/warehouses/1_1/quantity")[0].body.clone());
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["dateUtcOnBalanceSystem"].as_str().unwrap().len(), "2026-11-24T12:00:00.000000Z".len());
    assert_eq!(body["unlimitedQuantity"], false);

    let calls = shop.vtex(|v| v.total_calls);
    let again = shop.push().exits(0);
    assert_eq!(again.records().len(), 1, "{}", again.stdout);
    assert_eq!(shop.vtex(|v| v.total_calls), calls, "no change, no call");
}

#[test]
fn a_change_in_the_erp_is_sent_alone() {
    let shop = shop("");
    let _ = shop.push().exits(0);
    shop.stock("codigo;quantidade\nCANECA;98\n");
    let ran = shop.push().exits(0);
    assert_eq!((&ran.stock("CANECA")["quantity"], &ran.stock("CANECA")["before"]), (&98.into(), &100.into()));
    assert_eq!((patches(&shop), shop.vtex(|v| v.available("2"))), (4, 98));
}

/// The number stays the same by chance, and yet the channel must be told: until then it goes on subtracting what it had reserved for an
/// order that is in handling now.
#[test]
fn an_order_in_handling_is_let_go_of_though_the_number_is_the_same() {
    let shop = shop("import = \"all\"");
    let (pays, leaves) = (shop.place(paid().pending(boleto())), shop.place(paid()));
    let _ = shop.import().exits(0);
    let _ = shop.push().exits(0);
    let before = patches(&shop);
    shop.vtex(|v| {
        v.approve_payment(&pays);
        v.cancel_by_customer(&leaves);
    });
    for _ in 0..2 {
        let _ = shop.import().exits(0);
        let _ = shop.sync().exits(0);
    }
    let record = shop.push().exits(0);
    assert_eq!(record.stock("CAMISETA-P")["before"], record.stock("CAMISETA-P")["quantity"]);
    assert_eq!((patches(&shop), can_be_bought(&shop)), (before + 1, sellable(&shop)));
}

/// From the cart to the invoice or the cancellation, with a push after every step: customers can buy exactly what is not sold.
#[test]
fn an_orders_whole_life_leaves_exactly_what_is_sellable() {
    for date_counts in [true, false] {
        for settings in ["import = \"paid\"", "import = \"all\""] {
            for cancelled_at in 0..5 {
                let shop = shop(settings);
                shop.vtex(|v| v.balance_date_counts = date_counts);
                let _ = shop.push().exits(0);
                let id = shop.place(paid().pending(boleto()));
                let steps: [&dyn Fn(); 5] = [
                    &|| {},
                    &|| drop(shop.import().exits(0)),
                    &|| shop.vtex(|v| v.approve_payment(&id)),
                    &|| {
                        let _ = shop.sync().exits(0);
                        let _ = shop.import().exits(0);
                    },
                    &|| drop(shop.import().exits(0)),
                ];
                for (at, step) in steps.iter().enumerate() {
                    step();
                    let _ = shop.push().exits(0);
                    let told = format!("{settings}, step {at}, date counts: {date_counts}");
                    assert_eq!(can_be_bought(&shop), sellable(&shop), "{told}");
                    if at == cancelled_at {
                        shop.vtex(|v| v.cancel_by_customer(&id));
                        let _ = shop.push().exits(0);
                        assert!(can_be_bought(&shop) <= 100, "{told}");
                        all_passes(&shop);
                        all_passes(&shop);
                        assert_eq!((can_be_bought(&shop), sellable(&shop)), (100, 100), "cancelled after {told}");
                        break;
                    }
                }
                let calls = shop.vtex(|v| v.total_calls);
                let _ = shop.push().exits(0);
                assert_eq!(shop.vtex(|v| v.total_calls), calls, "quiet");
            }
        }
    }
}

/// From the hand-over to the delivery: the units leave the shelf with the invoice, come back with its cancellation, and are sold all
/// the while. Also of an order that is invoiced in two parts.
#[test]
fn an_invoice_moves_units_from_the_reservation_off_the_shelf() {
    for date_counts in [true, false] {
        let shop = shop("");
        shop.vtex(|v| v.balance_date_counts = date_counts);
        let id = shop.place(OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 2));
        let _ = shop.import().exits(0);
        let part = |number| Nfe::new(number, 4_990).lines(&[("CAMISETA-P", 1)]);
        let steps: [(&str, &dyn Fn()); 7] = [
            ("handed over", &|| {}),
            ("invoiced", &|| shop.issue(&id, &part(1))),
            ("invoice cancelled", &|| shop.cancel_invoice(&part(1))),
            ("invoiced again", &|| shop.issue(&id, &part(2))),
            ("the rest invoiced", &|| shop.issue(&id, &part(3))),
            ("sent", &|| drop(shop.run(&["push-invoices"]).exits(0))),
            ("done with", &|| all_passes(&shop)),
        ];
        for (step, happens) in steps {
            happens();
            let _ = shop.push().exits(0);
            assert_eq!(can_be_bought(&shop), sellable(&shop), "{step}, date counts: {date_counts}");
        }
        assert_eq!(shop.vtex(|v| v.order(&id).status.clone()), "invoiced");
        assert_eq!(can_be_bought(&shop), 98);
        assert_eq!(shop.push().exits(0).summary()["calls"], 0);
    }
}

/// One order, one update of its SKU: not one for its sale, one for its payment, one for its handling.
#[test]
fn a_sale_costs_one_update() {
    let shop = shop("");
    let _ = shop.push().exits(0);
    let before = patches(&shop);
    let id = shop.place(paid().pending(Payment::pix()));
    all_passes(&shop);
    shop.vtex(|v| v.approve_payment(&id));
    for _ in 0..3 {
        all_passes(&shop);
    }
    assert_eq!((shop.take_overs(&id), can_be_bought(&shop)), (1, 99));
    assert_eq!(patches(&shop) - before, 1);
}

#[test]
fn a_held_order_is_subtracted_until_somebody_decides() {
    let shop = shop("");
    let _ = shop.push().exits(0);
    // Ready, but its carrier is not mapped: a person may start handling it any moment.
    let id = shop.place(paid().carrier("Jadlog", "9", "Jadlog"));
    let _ = shop.import().exits(3);
    let _ = shop.push().exits(0);
    assert_eq!(can_be_bought(&shop), 99);
    // Another change of the SKU must not count on the reservation: it is let go of if the order is in handling by then.
    shop.stock("codigo;quantidade\nCAMISETA-P;90\n");
    let other = id.clone();
    shop.vtex(|v| {
        v.balance_date_counts = false;
        v.on_call = Some(Box::new(move |call, phase| match phase {
            Phase::BeforeEffect if call.method == "PATCH" => {
                let id = other.clone();
                HookAction::Meanwhile(Box::new(move |v| v.set_status(&id, "handling")))
            }
            _ => HookAction::Go,
        }));
    });
    let _ = shop.push().exits(0);
    assert_eq!(can_be_bought(&shop), 89, "the person's order is sold");
}

/// The unpaid order that pays and is handled in the middle of a push is the reason why the balance's instant travels with it.
#[test]
fn what_happens_after_the_balance_was_taken_stays_reserved() {
    let shop = shop("import = \"all\"");
    let id = shop.place(paid().pending(boleto()));
    let _ = shop.import().exits(0);
    shop.vtex(|v| {
        v.on_call = Some(Box::new(move |call, phase| match phase {
            Phase::BeforeEffect if call.path.contains("/skus/1/") => {
                let id = id.clone();
                HookAction::Meanwhile(Box::new(move |v| {
                    v.approve_payment(&id);
                    v.set_status(&id, "handling");
                }))
            }
            _ => HookAction::Go,
        }));
    });
    let _ = shop.push().exits(0);
    assert_eq!(can_be_bought(&shop), 99);
}

/// Handed over between the reading of the ERP and the update, the order would be let go of and is not subtracted yet.
#[test]
fn no_order_is_handed_over_in_the_middle_of_a_push() {
    let shop = shop("import = \"all\"");
    shop.vtex(|v| v.balance_date_counts = false);
    let unpaid = shop.place(paid().pending(boleto()));
    let _ = shop.import().exits(0);
    let _ = shop.push().exits(0);
    shop.stock("codigo;quantidade\nCAMISETA-P;90\n");
    // The unpaid order's reading takes long, and meanwhile another order is imported.
    let reading = format!("/orders/{unpaid}");
    shop.vtex(|v| v.faults.push(Fault::next(1, Kind::SlowMs(1_500)).on("GET", &reading)));
    let reads = || shop.vtex(|v| v.calls_of("GET", &reading).len());
    let before = reads();
    let push = shop.command(&["push-stock"]).spawn().unwrap();
    wait_until("the reading", || reads() > before);
    let ready = shop.place(paid());
    let _ = shop.run(&["import-orders", "--order", &ready]).exits(0);
    assert!(push.wait_with_output().unwrap().status.success());
    assert_eq!((shop.take_overs(&ready), shop.erp()[&ready].len()), (1, 1));
    assert_eq!(can_be_bought(&shop), 88, "90 on the shelf, two sold");
    all_passes(&shop);
    assert_eq!(can_be_bought(&shop), 88);
}

/// A push of a whole catalogue takes long, and no order waits for its end.
#[test]
fn a_long_push_gives_way_to_an_order_that_waits() {
    let shop = many(400);
    shop.vtex(|v| v.faults.push(Fault::always(Kind::SlowMs(200)).on("PATCH", "/api/")));
    let push = shop.command(&["push-stock", "--max-duration", "8s"]).spawn().unwrap();
    wait_until("the push", || patches(&shop) > 0);
    let ready = shop.place(paid());
    let _ = shop.run(&["import-orders", "--order", &ready]).exits(0);
    assert_eq!(shop.take_overs(&ready), 1);
    assert!(patches(&shop) < 380, "it was not at its end");
    let before = patches(&shop);
    wait_until("the push goes on", || patches(&shop) > before);
    assert_eq!(push.wait_with_output().unwrap().status.code(), Some(10));
}

/// As behind a pager: whoever does not read what a push tells keeps no order waiting.
#[test]
fn a_push_that_nobody_reads_gives_way_too() {
    let shop = many(900);
    let push = shop.command(&["push-stock"]).spawn().unwrap();
    wait_until("it waits for its reader", || {
        let before = patches(&shop);
        std::thread::sleep(Duration::from_millis(700));
        before > 100 && patches(&shop) == before
    });
    assert!(patches(&shop) < 900, "it is in the midst of it");
    let ready = shop.place(paid());
    let _ = shop.run(&["import-orders", "--order", &ready, "--max-duration", "20s"]).exits(0);
    assert_eq!(shop.take_overs(&ready), 1);
    let ran = ran(push.wait_with_output().unwrap()).exits(0);
    assert!(ran.records().iter().filter(|record| record["type"] == "stock").count() >= 900);
}

/// An order that was read before a push, and whose answer came only after it: by then it may be in handling, and let go of.
#[test]
fn an_answer_that_comes_late_tells_nothing_of_the_push_before_it() {
    let shop = shop("");
    let id = shop.place(paid().carrier("Jadlog", "9", "Jadlog"));
    let _ = shop.import().exits(3);
    let _ = shop.push().exits(0);
    assert_eq!(can_be_bought(&shop), 98, "as long as it may go into handling, its units are not added back");
    let order = format!("/orders/{id}");
    shop.vtex(|v| v.faults.push(Fault::next(1, Kind::SlowMs(2_500)).on("GET", &order)));
    let reads = || shop.vtex(|v| v.calls_of("GET", &order).len());
    let before = reads();
    let import = shop.command(&["import-orders"]).spawn().unwrap();
    while reads() == before {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(200));
    shop.vtex(|v| v.set_status(&id, "handling"));
    shop.stock("codigo;quantidade\nCAMISETA-P;95\n");
    let _ = shop.push().exits(0);
    assert_eq!(can_be_bought(&shop), 94, "pushed in the meantime, and let go of");
    let _ = import.wait_with_output().unwrap();
    shop.stock("codigo;quantidade\nCAMISETA-P;94\n");
    let _ = shop.push().exits(0);
    assert_eq!(can_be_bought(&shop), 93);
}

#[test]
fn orders_in_every_state_at_the_first_push() {
    for date_counts in [true, false] {
        let shop = shop("import_by_method = { boleto = \"all\" }");
        shop.vtex(|v| v.balance_date_counts = date_counts);
        shop.place(paid());
        shop.place(paid().pending(boleto()));
        shop.place(paid().pending(Payment::pix()));
        shop.place(paid().in_review());
        shop.place(paid().status("canceled"));
        shop.place(OrderSeed::new().sku("1", "CAMISETA-P", 100, 3).sku("1", "CAMISETA-P", 90, 2));
        let _ = shop.import().exits(0);
        let ran = shop.push().exits(0);
        let record = ran.stock("CAMISETA-P");
        assert_eq!(
            (&record["parts"]["added_back"], &record["parts"]["in_flight"], &record["parts"]["reserved"]),
            (&3.into(), &2.into(), &7.into()),
            "{record}"
        );
        assert_eq!((can_be_bought(&shop), sellable(&shop)), (91, 91));
        all_passes(&shop);
        assert_eq!(can_be_bought(&shop), 91);
    }
}

#[test]
fn without_an_import_first_the_orders_are_read() {
    let shop = shop("");
    let _ = shop.import().exits(0);
    let id = shop.place(paid().pending(Payment::pix()));
    // Heard of, and never read: the reading fails.
    shop.vtex(|v| v.faults.push(Fault::always(Kind::status(500)).on("GET", &format!("/orders/{id}"))));
    let _ = shop.import().exits(3);
    shop.vtex(|v| v.faults.clear());
    let _ = shop.push().exits(0);
    assert_eq!(can_be_bought(&shop), 99);
}

/// A first day, or a state file that was lost: what was shipped long ago is heard of again, and no import has come by yet.
#[test]
fn what_left_before_it_was_imported_is_not_sold_again() {
    let shop = shop("");
    for status in ["invoiced", "invoiced", "handling"] {
        let id = shop.place(paid());
        shop.vtex(|v| v.set_status(&id, status));
    }
    shop.vtex(|v| v.faults.push(Fault::always(Kind::status(500)).on("GET", "/api/oms/pvt/orders/")));
    let _ = shop.import();
    shop.vtex(|v| v.faults.clear());
    let record = shop.push().exits(0).stock("CAMISETA-P");
    assert_eq!((&record["quantity"], &record["parts"]["in_flight"]), (&99.into(), &1.into()), "{record}");
}

#[test]
fn the_buffer_and_its_exceptions() {
    let mut shop = shop("");
    shop.set("stock = { warehouse = \"1_1\", buffer = 5, buffers = { CANECA = 200, BONE = 0 } }");
    let _ = shop.push().exits(0);
    assert_eq!([1, 2, 3].map(|sku| shop.vtex(|v| v.available(&sku.to_string()))), [95, 0, 100]);
}

#[test]
fn a_share_of_what_is_left_is_rounded_down() {
    let mut shop = shop("");
    let _ = shop.push().exits(0);
    shop.set("stock = { warehouse = \"1_1\", buffer = 5, share = 50 }");
    let ran = shop.push().exits(0);
    assert_eq!((&ran.summary()["updated"], &ran.stock("CANECA")["parts"]["share"]), (&3.into(), &50.into()));
    assert_eq!(can_be_bought(&shop), 47);
}

/// A buffer or a mapping that is set later counts at once, and not product by product as each is sold.
#[test]
fn a_change_of_the_configuration_changes_the_numbers() {
    let mut shop = shop("");
    let _ = shop.push().exits(0);
    shop.set("stock = { warehouse = \"1_1\", settle = \"0s\", buffers = { CANECA = 5 } }");
    let ran = shop.push().exits(0);
    assert_eq!((&ran.summary()["updated"], &ran.stock("CANECA")["quantity"]), (&1.into(), &95.into()));
    assert_eq!(shop.push().exits(0).summary()["calls"], 0);
    // Another product of the channel for one of the ERP's.
    shop.set(&format!("{STOCK}\nskus = {{ \"77\" = \"CANECA\" }}"));
    let ran = shop.push().exits(0);
    assert_eq!((&ran.summary()["updated"], &ran.stock("CANECA")["channel_sku"]), (&1.into(), &"77".into()));
    assert_eq!(shop.vtex(|v| v.available("77")), 100);
}

/// Whoever sets the stock while it is not told does not tell us what: what was confirmed before says nothing afterwards.
#[test]
fn stock_that_was_left_alone_for_a_while_is_told_anew() {
    let mut shop = shop("");
    let _ = shop.push().exits(0);
    shop.set("stock = { warehouse = \"1_1\", settle = \"0s\", enabled = false }");
    for _ in 0..2 {
        assert_eq!(shop.push().exits(0).summary()["calls"], 0);
    }
    shop.vtex(|v| v.set_stock("1", "1_1", 3));
    shop.set(STOCK);
    assert_eq!(shop.push().exits(0).summary()["updated"], 3);
    assert_eq!(can_be_bought(&shop), 100);
    assert_eq!(shop.push().exits(0).summary()["calls"], 0);
}

/// What the channel was told of a warehouse stays there when another is pushed to: the same units are then sold twice.
#[test]
fn a_warehouse_that_is_not_pushed_to_any_more_is_told_of() {
    let mut shop = shop("");
    shop.vtex(|v| v.warehouses.push(("1_2".into(), "Loja".into())));
    let _ = shop.push().exits(0);
    shop.set("stock = { warehouse = \"1_2\", settle = \"0s\" }");
    let ran = shop.push().exits(0);
    assert_eq!(ran.summary()["updated"], 3);
    let warnings = |records: Vec<serde_json::Value>| -> Vec<_> {
        records.into_iter().filter(|record| record["code"] == "stock_left_behind").collect()
    };
    let told = warnings(ran.records());
    assert_eq!(
        (told.len(), &told[0]["warehouse"], &told[0]["products"], &told[0]["units"]),
        (1, &"1_1".into(), &3.into(), &300.into())
    );
    assert!(warnings(shop.run(&["push-stock", "--full"]).exits(0).records()).is_empty(), "once");
}

/// VTEX adjusts no inventory for an edit: what it puts into an order is subtracted there by nobody but us, nor has the ERP it.
#[test]
fn what_an_edit_puts_into_an_order_is_not_promised() {
    for is_imported in [false, true] {
        let shop = shop("reread_after = \"0s\"\nreread_paid_after = \"0s\"");
        let seed = OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 2);
        let id = shop.place(if is_imported { seed } else { seed.pending(Payment::pix()) });
        let _ = shop.import().exits(0);
        let _ = shop.push().exits(0);
        shop.vtex(|v| v.change_product(&id, "2", "CANECA"));
        let _ = shop.run(&[if is_imported { "sync-payments" } else { "import-orders" }]);
        let _ = shop.push().exits(0);
        assert_eq!(shop.vtex(|v| v.available("2")), 98, "imported: {is_imported}");
        assert!(can_be_bought(&shop) <= 100);
        shop.vtex(|v| v.change_units(&id, 5));
        let _ = shop.run(&[if is_imported { "sync-payments" } else { "import-orders" }]);
        let _ = shop.push().exits(0);
        assert_eq!(shop.vtex(|v| v.available("2")), 95, "imported: {is_imported}");
        // Once they are nobody's, nobody holds them back.
        shop.vtex(|v| v.set_status(&id, "canceled"));
        let _ = (shop.run(&["import-orders"]), shop.run(&["sync-payments"]));
        let _ = shop.push().exits(0);
        assert_eq!(shop.vtex(|v| [v.available("1"), v.available("2")]), [100, 100], "imported: {is_imported}");
    }
}

#[test]
fn a_product_the_channel_does_not_have_is_held_and_asked_after_again() {
    for unknown in [UnknownCode::NotFound, UnknownCode::Null, UnknownCode::EmptyText] {
        let shop = shop("");
        shop.vtex(|v| {
            v.unknown_code = unknown;
            v.catalog.remove("3");
        });
        let ran = shop.push().exits(3);
        let record = ran.stock("BONE");
        assert_eq!((&record["outcome"], &record["reason"]["code"]), (&"held".into(), &"sku_not_on_channel".into()));
        assert!(record["hint"].as_str().is_some_and(|hint| hint.contains("unknown_skus")));
        assert_eq!(ran.summary()["updated"], 2, "the others go on");
        let holds = shop.run(&["holds"]).exits(3).records();
        assert_eq!(holds[0]["sku"], "BONE");
        let calls = shop.vtex(|v| v.total_calls);
        let _ = shop.push().exits(0);
        assert_eq!(shop.vtex(|v| v.total_calls), calls, "not on every run");
        shop.vtex(|v| v.add_sku("3", "BONE"));
        let _ = shop.run(&["push-stock", "--sku", "BONE"]).exits(0);
        assert_eq!(shop.vtex(|v| v.available("3")), 100);
        let _ = shop.run(&["holds"]).exits(0);
    }
    let mut shop = shop("");
    shop.vtex(|v| drop(v.catalog.remove("3")));
    shop.set("stock = { warehouse = \"1_1\", unknown_skus = \"ignore\" }");
    assert_eq!(shop.push().exits(0).summary()["updated"], 2);
    let _ = shop.run(&["holds"]).exits(0);
    // One that is deleted there while more of it was sold than there is, which only a number could end.
    shop.place(paid());
    let _ = shop.import();
    shop.stock("codigo;quantidade\nCAMISETA-P;0\n");
    assert_eq!(shop.push().exits(3).stock("CAMISETA-P")["reason"]["code"], "oversold");
    shop.vtex(|v| drop(v.catalog.remove("1")));
    shop.stock("codigo;quantidade\nCAMISETA-P;5\n");
    for _ in 0..2 {
        let _ = shop.run(&["push-stock", "--sku", "CAMISETA-P"]);
    }
    let _ = shop.run(&["holds"]).exits(0);
}

/// The channel does not answer when it is asked for the ids: that is said, and the next run asks again and tells the stock.
#[test]
fn products_whose_look_up_failed_are_asked_for_by_the_next_run() {
    let shop = shop("");
    let fails = || shop.vtex(|v| v.faults.push(Fault::next(1, Kind::status(400)).on("POST", "idsbyrefids")));
    fails();
    let ran = shop.push().exits(3);
    assert_eq!((&ran.stock("BONE")["reason"]["code"], patches(&shop)), (&"call_failed".into(), 0), "{ran:?}");
    assert_eq!(shop.push().exits(0).summary()["updated"], 3);
    let _ = shop.run(&["holds"]).exits(0);
    // What is known is not forgotten for a look-up that failed, and stays confirmed.
    fails();
    shop.stock("codigo;quantidade\nCAMISETA-P;90\n");
    let record = shop.run(&["push-stock", "--sku", "CAMISETA-P"]).exits(0).stock("CAMISETA-P");
    assert_eq!((&record["before"], &record["quantity"]), (&100.into(), &90.into()), "{record}");
    shop.stock("codigo;quantidade\nCAMISETA-P;80\n");
    let _ = shop.push().exits(0);
    assert_eq!(can_be_bought(&shop), 80);
}

/// A code that moves to another product of the channel, as when one is made anew there: within a day its stock goes to that one.
#[test]
fn a_code_that_moved_to_another_product_is_followed() {
    let mut shop = shop("");
    let _ = shop.push().exits(0);
    shop.vtex(|v| {
        v.catalog.remove("1");
        v.add_sku("11", "CAMISETA-P");
        // What was another's before is asked for with it.
        v.catalog.remove("2");
        v.catalog.remove("3");
        v.add_sku("3", "CANECA");
        v.add_sku("13", "BONE");
    });
    shop.advance(chrono::TimeDelta::hours(25));
    shop.stock("codigo;quantidade\nCAMISETA-P;90\nCANECA;80\n");
    let ran = shop.push();
    assert_eq!(["11", "3", "13"].map(|sku| shop.vtex(|v| v.available(sku))), [90, 80, 100]);
    assert_eq!(left_behind(&ran), [("1".into(), 100), ("2".into(), 100)], "nobody tells these anything any more");
    assert_eq!(shop.push().exits(0).summary()["calls"], 0);
}

#[test]
fn a_product_that_the_configuration_puts_in_anothers_place_leaves_that_one_behind() {
    let mut shop = shop("");
    let _ = shop.push().exits(0);
    shop.vtex(|v| v.add_sku("11", "NOVA"));
    shop.set(&format!("{STOCK}\nskus = {{ \"11\" = \"CAMISETA-P\" }}"));
    let ran = shop.push().exits(0);
    assert_eq!((shop.vtex(|v| v.available("11")), left_behind(&ran)), (100, vec![("1".into(), 100)]));
    assert_eq!(left_behind(&shop.run(&["push-stock", "--full"]).exits(0)), [], "once");
}

/// Nothing tells the channel of it from then on, whatever is sold; also where products that it does not have are ignored.
#[test]
fn a_product_that_is_none_on_the_channel_any_more_leaves_its_number_behind() {
    let mut shop = shop("");
    let ignoring = format!("{STOCK}\nunknown_skus = \"ignore\" }}").replace(" }\nunknown", ", unknown");
    shop.set(&format!("{ignoring}\nskus = {{ \"77\" = \"CAFE\" }}"));
    shop.vtex(|v| v.add_sku("77", "CAFE-NO-CANAL"));
    shop.stock("codigo;nome;quantidade\nCAFE;Café;10\n");
    let _ = shop.push().exits(0);
    assert_eq!(shop.vtex(|v| v.available("77")), 10);
    shop.set(&ignoring);
    shop.stock("codigo;quantidade\nCAFE;2\n");
    assert_eq!(left_behind(&shop.push().exits(0)), [("77".into(), 10)]);
    assert_eq!(left_behind(&shop.run(&["push-stock", "--full"]).exits(0)), [], "once");
    let named = shop.run(&["push-stock", "--sku", "CAFE"]).exits(3);
    assert_eq!(named.stock("CAFE")["reason"]["code"], "sku_not_on_channel");
    assert_eq!(shop.run(&["holds"]).exits(0).summary()["holds"], 0);
}

/// The products of the channel that go on selling what they were told as another's.
fn left_behind(ran: &Ran) -> Vec<(String, i64)> {
    let left = |record: serde_json::Value| {
        let is_it = record["code"] == "old_product_left_behind";
        is_it.then(|| (record["channel_sku"].as_str().unwrap().to_owned(), record["units"].as_i64().unwrap()))
    };
    ran.records().into_iter().filter_map(left).collect()
}

/// A whole catalogue that is asked for at once: fifty codes a call, several calls at a time.
#[test]
fn codes_of_one_product_are_told_nothing_though_each_is_asked_for_in_a_call_of_its_own() {
    let shop = shop("");
    let codes: Vec<String> = (100..220).map(|n| format!("P{n}")).collect();
    shop.vtex(|v| {
        codes.iter().for_each(|code| v.add_sku(&code[1..], code));
        // The first of them leads to the last one's product, and to none of its own.
        v.catalog.remove("100");
        v.more_codes.insert("P100".into(), "219".into());
    });
    let lines = codes.iter().map(|code| format!("{code};7\n"));
    shop.stock(&format!("codigo;quantidade\n{}", lines.collect::<String>()));
    let ran = shop.push().exits(3);
    for code in ["P100", "P219"] {
        assert_eq!(ran.stock(code)["reason"]["code"], "sku_ambiguous", "{code}: its units would be promised twice");
    }
    assert_eq!(shop.vtex(|v| (v.available("101"), v.available("218"), v.available("219"))), (7, 7, 0));
    assert_eq!(ran.summary()["updated"], 121);
}

/// Two codes renamed in the ERP, with balances under the old ones still: of the lot that has nothing but these the channel knows none.
#[test]
fn an_id_that_went_to_another_code_does_not_stay_with_the_first() {
    let mut shop = shop("");
    let codes: Vec<String> = (100..148).map(|n| format!("P{n}")).collect();
    shop.vtex(|v| {
        codes.iter().for_each(|code| v.add_sku(&code[1..], code));
        v.add_sku("501", "X1");
        v.add_sku("502", "X2");
    });
    let sheet = |more: &str, units: i64| {
        let lines = codes.iter().map(|code| format!("{code};{units}\n"));
        format!("codigo;quantidade\n{more}{}X1;{units}\nX2;{units}\n", lines.collect::<String>())
    };
    shop.stock(&sheet("", 7));
    let _ = shop.push().exits(0);
    shop.advance(chrono::TimeDelta::hours(25));
    shop.vtex(|v| {
        v.add_sku("501", "A1");
        v.add_sku("502", "A2");
    });
    shop.stock(&sheet("A1;5\nA2;4\n", 9));
    let ran = shop.push().exits(3);
    assert_eq!(["X1", "X2"].map(|code| ran.stock(code)["reason"]["code"].clone()), ["sku_not_on_channel"; 2]);
    assert_eq!(["501", "502", "147"].map(|sku| shop.vtex(|v| v.available(sku))), [5, 4, 9]);
}

/// What moved is asked for again while no other call is under way, however few there may be at a time.
#[test]
fn a_code_that_moved_among_many_keeps_no_run_waiting() {
    let mut shop = shop("in_flight = 2");
    let codes: Vec<String> = (100..580).map(|n| format!("P{n}")).collect();
    shop.vtex(|v| codes.iter().for_each(|code| v.add_sku(&code[1..], code)));
    let sheet = |units: i64| {
        let lines = codes.iter().map(|code| format!("{code};{units}\n"));
        format!("codigo;quantidade\n{}", lines.collect::<String>())
    };
    shop.stock(&sheet(7));
    let _ = shop.push().exits(0);
    shop.advance(chrono::TimeDelta::hours(25));
    shop.vtex(|v| {
        v.catalog.remove("100");
        v.add_sku("579", "P100");
        v.latency = Duration::from_millis(20);
    });
    shop.stock(&sheet(9));
    let ran = run_bounded(&shop, &["push-stock"]).exits(3);
    assert_eq!(ran.stock("P579")["reason"]["code"], "sku_not_on_channel");
    assert_eq!(["579", "578"].map(|sku| shop.vtex(|v| v.available(sku))), [9, 9]);
}

/// VTEX has been seen to know nothing of anything for a while: a product is not gone because all of them are.
#[test]
fn a_channel_that_knows_none_of_its_products_any_more_is_not_believed() {
    let mut shop = shop("");
    let _ = shop.push().exits(0);
    shop.advance(chrono::TimeDelta::hours(25));
    let nothing = Kind::Status { code: 200, retry_after: RetryAfter::Absent, body: "{}".into() };
    shop.vtex(|v| v.faults.push(Fault::next(1, nothing).on("POST", "idsbyrefids")));
    shop.stock("codigo;quantidade\nCAMISETA-P;90\nCANECA;80\n");
    assert_eq!(shop.push().exits(0).summary()["updated"], 2);
    assert_eq!((can_be_bought(&shop), shop.vtex(|v| v.available("2"))), (90, 80));
    let _ = shop.run(&["holds"]).exits(0);
    // One that is gone is: the others are there.
    shop.advance(chrono::TimeDelta::hours(25));
    shop.vtex(|v| drop(v.catalog.remove("2")));
    shop.stock("codigo;quantidade\nCAMISETA-P;70\nCANECA;60\n");
    assert_eq!(shop.push().exits(3).stock("CANECA")["reason"]["code"], "sku_not_on_channel");
    assert_eq!(can_be_bought(&shop), 70);
}

#[test]
fn ids_from_the_configuration_come_first() {
    let mut shop = shop("");
    shop.set(&format!("{STOCK}\nskus = {{ \"77\" = \"CANECA\", \"1\" = \"BONE\", \"8\" = \"DUO\", \"9\" = \"DUO\" }}"));
    shop.stock("codigo;nome;quantidade\nDUO;Duo;7\n");
    let ran = shop.push().exits(3);
    assert_eq!(ran.stock("DUO")["reason"]["code"], "sku_ambiguous", "its units would be promised twice");
    assert_eq!(ran.stock("CAMISETA-P")["reason"]["code"], "sku_not_on_channel", "its id is given to another");
    assert_eq!(["1", "77", "2"].map(|sku| shop.vtex(|v| v.available(sku))), [100, 100, 0]);
}

#[test]
fn a_locked_sku_is_tried_again() {
    let shop = shop("");
    shop.vtex(|v| v.faults.push(Fault::next(1, Kind::status(423)).on("PATCH", "/skus/1/")));
    let _ = shop.push().exits(0);
    assert_eq!(can_be_bought(&shop), 100);
    // Locked for longer than a call waits: nothing is lost, and it is not taken for told.
    let shop = self::shop("");
    shop.vtex(|v| v.faults.push(Fault::always(Kind::status(423)).on("PATCH", "/skus/1/")));
    let ran = shop.push().exits(3);
    assert_eq!(ran.stock("CAMISETA-P")["reason"]["code"], "call_failed");
    shop.vtex(|v| v.faults.clear());
    let ran = shop.push().exits(0);
    assert_eq!(ran.summary()["updated"], 1);
    assert_eq!(can_be_bought(&shop), 100);
    let _ = shop.run(&["holds"]).exits(0);
}

#[test]
fn an_update_whose_answer_is_lost_is_settled_by_reading() {
    for kind in [Kind::Applied500, Kind::TimeoutAfterWrite] {
        let shop = shop("");
        shop.vtex(|v| v.faults.push(Fault::next(1, kind.clone()).on("PATCH", "/skus/1/")));
        let ran = shop.push().exits(0);
        assert_eq!(ran.stock("CAMISETA-P")["outcome"], "updated", "{kind:?}");
        assert_eq!((patches(&shop), updates(&shop)), (3, 3), "{kind:?}: sent once");
        assert_eq!(shop.push().exits(0).summary()["calls"], 0);
    }
    for kind in [Kind::DropBeforeWrite, Kind::status(500)] {
        let shop = shop("");
        shop.vtex(|v| v.faults.push(Fault::next(1, kind.clone()).on("PATCH", "/skus/1/")));
        let ran = shop.push().exits(3);
        assert_eq!(ran.stock("CAMISETA-P")["reason"]["code"], "outcome_unknown", "{kind:?}");
        assert_eq!(can_be_bought(&shop), 0);
        let _ = shop.push().exits(0);
        assert_eq!(can_be_bought(&shop), 100);
        let _ = shop.run(&["holds"]).exits(0);
    }
}

/// The same number again, sent only so that VTEX lets go of an order in handling: a reading cannot tell whether it was taken.
#[test]
fn a_reading_of_the_same_number_proves_nothing() {
    let shop = shop("");
    let _ = shop.push().exits(0);
    shop.vtex(|v| v.faults.push(Fault::next(1, Kind::status(500)).on("PATCH", "/skus/1/")));
    let _ = shop.run(&["push-stock", "--sku", "CAMISETA-P"]).exits(3);
    assert_eq!(shop.push().exits(0).summary()["updated"], 1);
}

#[test]
fn the_guard_refuses_to_empty_the_shop() {
    for side in Side::BOTH {
        let shop = many_on(side, 30);
        let push = || side.run(&shop, "push-stock");
        let _ = push().exits(0);
        let zeros: String = (0..12).map(|n| format!("P{n};0\n")).collect();
        shop.stock(&format!("codigo;quantidade\n{zeros}"));
        for _ in 0..2 {
            let before = side.effects(&shop);
            let ran = push().exits(6);
            let message = ran.summary()["message"].as_str().unwrap().to_owned();
            assert!(message.contains("12 of 33 products in stock would go to zero (P0, P1"), "{message}");
            assert!(message.contains("--confirm"), "{message}");
            assert_eq!(side.effects(&shop), before, "nothing is sent");
        }
        let _ = shop.run(&[&side.args("push-stock")[..], &["--confirm"]].concat()).exits(0);
        assert_eq!(bought(side, &shop, "1000", "P0"), 0);
        let _ = push().exits(0);
        // Units that go, though no product goes to zero.
        let ones: String = (12..30).map(|n| format!("P{n};1\n")).collect();
        shop.stock(&format!("codigo;quantidade\n{ones}"));
        assert!(push().exits(6).summary()["message"].as_str().unwrap().contains("units would go"));
    }
}

/// The last unit sold twice between two runs: no number undoes it, so a person is told at once.
#[test]
fn a_double_sale_is_told_until_there_are_as_many_as_were_sold() {
    // In the ERP, or in flight because something holds it.
    for carrier in ["Correios PAC", "Jadlog"] {
        let shop = shop("");
        shop.stock("codigo;quantidade\nCAMISETA-P;1\n");
        let _ = shop.push().exits(0);
        shop.place(paid());
        shop.place(paid().carrier(carrier, "9", carrier));
        let _ = shop.import();
        let ran = shop.push().exits(3);
        let record = ran.stock("CAMISETA-P");
        assert_eq!((&record["outcome"], &record["reason"]["code"]), (&"held".into(), &"oversold".into()));
        assert_eq!((&record["reason"]["units"], &record["reason"]["warehouse"]), (&1.into(), &"default".into()));
        assert!(record["text"].as_str().unwrap().contains("1 unit more was sold than there is"), "{record}");
        assert!(record["hint"].as_str().is_some_and(|hint| hint.contains("ledger cancel")), "{record}");
        assert!(can_be_bought(&shop) <= 0, "nobody buys it a third time");
        let holds = |code| shop.run(&["holds"]).exits(code).records();
        let is_told = |hold: &serde_json::Value| hold["sku"] == "CAMISETA-P" && hold["reason"]["code"] == "oversold";
        assert!(holds(3).iter().any(is_told));
        assert_eq!(shop.push().exits(0).summary()["calls"], 0, "told once");
        // Neither an update that the channel takes nor one that fails is the end of it.
        let again = ["push-stock", "--sku", "CAMISETA-P"];
        assert_eq!(shop.run(&again).exits(3).summary()["updated"], 1);
        assert!(holds(3).iter().any(is_told));
        shop.vtex(|v| v.faults.push(Fault::always(Kind::status(400)).on("PATCH", "/skus/1/")));
        let _ = shop.run(&again).exits(3);
        shop.vtex(|v| v.faults.clear());
        assert!(holds(3).iter().any(is_told));
        shop.stock("codigo;quantidade\nCAMISETA-P;2\n");
        let _ = shop.push().exits(0);
        assert!(holds(if carrier == "Jadlog" { 3 } else { 0 }).iter().all(|hold| hold["sku"] != "CAMISETA-P"));
    }
}

/// Every unit is sold, and a buffer kept back besides: that is no double sale.
#[test]
fn what_is_kept_back_is_not_oversold() {
    let shop = Shop::with("stock = { warehouse = \"1_1\", settle = \"0s\", buffer = 5 }");
    shop.vtex(|v| v.add_sku("1", "CAMISETA-P"));
    shop.stock("codigo;quantidade\nCAMISETA-P;1\n");
    shop.place(paid());
    let _ = shop.import().exits(0);
    let ran = shop.run(&["push-stock", "--sku", "CAMISETA-P"]).exits(0);
    assert_eq!(ran.stock("CAMISETA-P")["quantity"], 0);
}

#[test]
fn what_the_configuration_excludes_is_never_told() {
    for side in Side::BOTH {
        let mut shop = on(side);
        let push = side.args("push-stock");
        assert_eq!(shop.run(&push).exits(0).summary()["updated"], 3);
        shop.stock("codigo;quantidade\nCANECA;40\nBONE;40\n");
        side.configure(&mut shop, &stock_of(side, ", exclude = [\"CANECA\"]"));
        let ran = shop.run(&push).exits(0);
        assert_eq!(ran.stock("CANECA")["reason"]["code"], "stock_excluded", "it was told until now");
        assert_eq!((bought(side, &shop, "2", "CANECA"), bought(side, &shop, "3", "BONE")), (100, 40));
        assert!(!shop.run(&push).exits(0).stdout.contains("CANECA"), "once");
        let named = [&push[..], &["--sku", "CANECA", "--sku", "BONE"]].concat();
        let ran = shop.run(&named).exits(0);
        assert_eq!((&ran.stock("CANECA")["outcome"], &ran.summary()["updated"]), (&"skipped".into(), &1.into()));
        // Taken out of the list, it is told what it missed.
        side.configure(&mut shop, &stock_of(side, ""));
        let _ = shop.run(&push).exits(0);
        assert_eq!(bought(side, &shop, "2", "CANECA"), 40);
    }
}

#[test]
fn a_few_zeros_need_no_confirmation() {
    let shop = many(30);
    let _ = shop.push().exits(0);
    shop.stock("codigo;quantidade\nP0;0\nP1;0\nP2;0\n");
    assert_eq!(shop.push().exits(0).summary()["updated"], 3);
}

#[test]
fn an_erp_that_forgot_its_products_empties_nothing() {
    for side in Side::BOTH {
        let shop = many_on(side, 30);
        let _ = side.run(&shop, "push-stock").exits(0);
        let calls = side.calls(&shop);
        shop.office_forgets_its_products();
        for more in [&[][..], &["--full"]] {
            let ran = shop.run(&[&side.args("push-stock")[..], more].concat()).exits(6);
            assert!(ran.summary()["message"].as_str().unwrap().contains("of none for 33 of 33"), "{}", ran.stdout);
        }
        // A few products of many.
        shop.stock("codigo;nome;quantidade\nP0;P0;100\nP1;P1;100\n");
        let _ = side.run(&shop, "push-stock").exits(6);
        assert_eq!(side.calls(&shop), calls);
        assert_eq!(bought(side, &shop, "1000", "P0"), 100);
    }
}

/// The number that the channel has may stand, so that none is sent that could end the hold.
#[test]
fn a_product_that_is_back_in_the_erp_is_held_no_more() {
    let shop = shop("");
    let _ = shop.push().exits(0);
    shop.office_forgets_its_products();
    shop.stock("codigo;nome;quantidade\nCANECA;Caneca;100\nBONE;Boné;100\n");
    let ran = shop.run(&["push-stock", "--full"]).exits(3);
    assert_eq!(ran.stock("CAMISETA-P")["reason"]["code"], "stock_not_in_erp");
    shop.stock("codigo;nome;quantidade\nCAMISETA-P;Camiseta;100\n");
    assert_eq!(shop.push().exits(0).summary()["updated"], 0);
    let _ = shop.run(&["holds"]).exits(0);
}

/// What it claimed is free again, without anything else that happens to the product; unless the channel still has it.
#[test]
fn an_order_that_is_forgotten_claims_nothing_more() {
    let (shop, outlet) = with_an_outlet();
    shop.stock("codigo;quantidade\nCAMISETA-P;9\n");
    let (gone, there) = (shop.place(paid().mismatch(1)), shop.place(paid().mismatch(1)));
    let _ = shop.import().exits(3);
    let _ = shop.push().exits(0);
    let in_outlet = || outlet.vtex(|v| v.available("9"));
    assert_eq!(in_outlet(), 7);
    shop.vtex(|v| v.orders.remove(&gone));
    for (id, left) in [(&gone, 8), (&there, 8)] {
        let _ = shop.run(&["forget", id]).exits(0);
        let _ = shop.push();
        assert_eq!(in_outlet(), left, "{id}");
    }
}

/// A shop with so many products more, P0 … with VTEX ids from 1000.
pub fn many(products: usize) -> Shop {
    many_on(Side::Vtex, products)
}

fn many_on(side: Side, products: usize) -> Shop {
    let shop = on(side);
    let lines: String = (0..products).map(|n| format!("P{n};Produto {n};100\n")).collect();
    shop.stock(&format!("codigo;nome;quantidade\n{lines}"));
    (0..products).for_each(|n| side.offer(&shop, &(1000 + n).to_string(), &format!("P{n}")));
    shop
}

#[test]
fn a_thousand_products_without_a_change_cost_no_call() {
    let shop = many(1_000);
    let _ = shop.push().exits(0);
    let again = shop.push().exits(0);
    assert_eq!(again.summary()["calls"], 0);
    shop.stock("codigo;quantidade\nP7;99\n");
    assert_eq!(shop.push().exits(0).summary()["calls"], 1);
}

#[test]
fn full_and_named_products_are_sent_again() {
    let shop = shop("");
    let _ = shop.push().exits(0);
    // Somebody changes it in the panel.
    shop.vtex(|v| v.set_stock("1", "1_1", 3));
    let _ = shop.push().exits(0);
    assert_eq!(can_be_bought(&shop), 3, "it is not known");
    let ran = shop.run_with_input(&["push-stock", "--sku", "-"], "CAMISETA-P\n\nNADA\n").exits(3);
    assert_eq!((&ran.summary()["updated"], &ran.summary()["failed"]), (&1.into(), &1.into()));
    assert_eq!(ran.stock("NADA")["reason"]["code"], "stock_not_in_erp");
    assert_eq!(can_be_bought(&shop), 100);
    let ran = shop.run(&["push-stock", "--full"]).exits(0);
    assert_eq!(ran.summary()["updated"], 3);
    assert_eq!(shop.push().exits(0).summary()["calls"], 0);
}

#[test]
fn a_dry_run_sends_and_keeps_nothing() {
    let shop = shop("");
    let ran = shop.run(&["push-stock", "--dry-run"]).exits(0);
    assert_eq!((&ran.summary()["updated"], &ran.stock("BONE")["dry_run"]), (&3.into(), &true.into()));
    assert_eq!(patches(&shop), 0);
    assert_eq!(shop.push().exits(0).summary()["updated"], 3);
}

#[test]
fn out_of_time_and_the_next_run_goes_on() {
    let shop = many(100);
    shop.vtex(|v| v.latency = Duration::from_millis(120));
    let ran = shop.run(&["push-stock", "--max-duration", "1s"]).exits(10);
    let sent = ran.summary()["updated"].as_u64().unwrap();
    assert!((1..103).contains(&sent), "{sent}");
    shop.vtex(|v| v.latency = Duration::ZERO);
    let _ = shop.push().exits(0);
    assert_eq!(shop.vtex(|v| v.available("1099")), 100);
    assert!(patches(&shop) <= 103 + 4, "what was confirmed is not sent again");
}

#[test]
fn the_configuration_must_say_where_the_stock_goes() {
    let mut shop = shop("");
    shop.set("");
    let message = shop.push().exits(4).summary()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("channels.loja.stock.warehouse"), "{message}");
    let _ = shop.import().exits(0);
    shop.set("warehouses = { \"1_1\" = \"default\", \"1_2\" = \"default\" }");
    let message = shop.push().exits(4).summary()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("promised twice"), "{message}");
    shop.set("warehouses = { \"1_1\" = \"default\" }");
    assert_eq!(shop.push().exits(0).summary()["updated"], 3);
    shop.set("stock = { enabled = false }");
    let _ = shop.run(&["push-stock", "--full"]).exits(0);
    assert_eq!(patches(&shop), 3);
}

#[test]
fn a_killed_push_is_finished_by_the_next() {
    for side in Side::BOTH {
        let shop = on(side);
        let _ = side.run(&shop, "push-stock").exits(0);
        shop.stock("codigo;quantidade\nCAMISETA-P;50\n");
        let (method, path) = side.stock_call();
        side.strike(&shop, vec![Fault::next(1, Kind::SlowMs(5_000)).on(method, path)]);
        let mut child = shop.command(&side.args("push-stock")).spawn().unwrap();
        wait_until("the update", || bought(side, &shop, "1", "CAMISETA-P") == 50);
        child.kill().unwrap();
        child.wait().unwrap();
        // What the channel has is not known now; even the number from before is sent.
        shop.stock("codigo;quantidade\nCAMISETA-P;100\n");
        let _ = side.run(&shop, "push-stock").exits(0);
        assert_eq!(bought(side, &shop, "1", "CAMISETA-P"), 100);
    }
}

/// Two stores sell from one shelf: what one sold is not for sale in the other, before and after it is in the ERP; and what both sold in
/// the same moment is told by both.
#[test]
fn two_channels_sell_from_one_shelf() {
    let (shop, outlet) = with_an_outlet();
    let can_be_bought = || (shop.vtex(|v| v.available("1")), outlet.vtex(|v| v.available("9")));
    shop.stock("codigo;quantidade\nCAMISETA-P;3\n");
    let _ = shop.push().exits(0);
    assert_eq!(can_be_bought(), (3, 3));
    // In flight: seen, and kept from the ERP by its carrier.
    shop.place(paid().carrier("Jadlog", "9", "Jadlog"));
    let _ = shop.import().exits(3);
    let _ = shop.push().exits(0);
    assert_eq!(can_be_bought(), (2, 2));
    outlet.vtex(|v| v.place(OrderSeed::new().sku("9", "CAMISETA-P", 4_990, 1)));
    let _ = shop.import();
    let _ = shop.push().exits(0);
    // The held order may go into handling any moment, so what its own channel reserves for it is not added back there.
    assert_eq!(can_be_bought(), (0, 1));
    // The last one, twice between two runs.
    for _ in 0..2 {
        outlet.vtex(|v| v.place(OrderSeed::new().sku("9", "CAMISETA-P", 4_990, 1)));
    }
    let _ = shop.import();
    let ran = shop.push().exits(3);
    let told = ran.records().into_iter().filter(|record| record["reason"]["code"] == "oversold");
    let told: Vec<_> = told.map(|record| (record["channel"].clone(), record["reason"]["units"].clone())).collect();
    assert_eq!(told, [("loja".into(), 1.into()), ("outlet".into(), 1.into())]);
    let (loja, outlet) = can_be_bought();
    assert!(loja <= 0 && outlet <= 0, "{loja} {outlet}");
}

/// The store, and an outlet that sells the same shirts by another number.
fn with_an_outlet() -> (Shop, Sandbox) {
    let mut shop = shop("");
    let outlet = Sandbox::start();
    outlet.vtex(|v| {
        v.add_sku("9", "CAMISETA-P");
        v.configure_needed_feed();
    });
    shop.set_carriers(&format!(
        "\"Correios PAC\" = \"Correios\"\n[channels.outlet]\nkind = \"vtex\"\nbase_url = \"{}\"\n\
         app_key = {{ env = \"VTEX_APP_KEY\" }}\napp_token = {{ env = \"VTEX_APP_TOKEN\" }}\nsince = \"2020-01-01\"\n\
         requests_per_minute = 0\ndefault_carrier = \"Correios\"\nskus = {{ \"9\" = \"CAMISETA-P\" }}\n\
         stock = {{ warehouse = \"1_1\", settle = \"0s\", unknown_skus = \"ignore\" }}",
        outlet.url()
    ));
    (shop, outlet)
}

/// What an order wants that was heard of and could not be read is read before any channel is told its stock, and as long as that fails
/// a person is told.
#[test]
fn no_channel_is_told_its_stock_before_the_orders_of_all_are_read() {
    let (shop, outlet) = with_an_outlet();
    shop.stock("codigo;quantidade\nCAMISETA-P;3\n");
    let id = outlet.vtex(|v| v.place(OrderSeed::new().sku("9", "CAMISETA-P", 4_990, 1)).clone());
    outlet.vtex(|v| v.faults.push(Fault::always(Kind::status(500)).on("GET", &format!("/orders/{id}"))));
    let _ = shop.import().exits(3);
    let ran = shop.push().exits(0);
    let told = |ran: &Ran| ran.records().iter().any(|record| record["code"] == "unread_orders");
    assert!(told(&ran), "{ran:?}");
    assert_eq!(shop.vtex(|v| v.available("1")), 3);
    outlet.vtex(|v| v.faults.clear());
    let ran = shop.push().exits(0);
    assert!(!told(&ran), "{ran:?}");
    assert_eq!(shop.vtex(|v| v.available("1")), 2);
    let summary =
        ran.records().into_iter().find(|record| record["type"] == "summary" && record["channel"] == "outlet").unwrap();
    assert_eq!(summary["calls"], 1, "{summary}");
}

/// However many orders cannot be read, and every time: what is known is told.
#[test]
fn orders_that_always_fail_keep_no_stock_from_being_told() {
    let (shop, outlet) = with_an_outlet();
    shop.stock("codigo;quantidade\nCAMISETA-P;30\n");
    outlet.vtex(|v| {
        (0..6).for_each(|_| drop(v.place(OrderSeed::new().sku("9", "CAMISETA-P", 4_990, 1))));
        v.faults.push(Fault::always(Kind::status(500)).on("GET", "/api/oms/pvt/orders/"));
    });
    let _ = shop.import();
    let ran = shop.push().exits(0);
    let warning = ran.records().into_iter().find(|record| record["code"] == "unread_orders").unwrap();
    assert_eq!(warning["orders"], 6, "{warning}");
    assert_eq!((shop.vtex(|v| v.available("1")), outlet.vtex(|v| v.available("9"))), (30, 30 - 6));
}
