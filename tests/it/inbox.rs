//! Documents dropped into folders, through the real program.

use crate::sandbox::papers::{self, Nfe};
use crate::sandbox::{Fault, Kind};
use crate::shop::{Shop, paid};

/// The invoice of an order of one shirt.
fn invoice(order: &str, number: u32) -> Nfe {
    Nfe {
        number,
        order: order.into(),
        recipient: crate::sandbox::OrderSeed::new().customer.cpf,
        lines: vec![("CAMISETA-P".into(), 1, 4_990)],
        freight: 0,
        discount: 0,
        other: 0,
        issued_at: chrono::Utc::now() - chrono::TimeDelta::hours(1),
    }
}

fn with_inboxes() -> Shop {
    let mut shop = Shop::new();
    shop.open_inboxes();
    shop
}

#[test]
fn every_pass_empties_the_inboxes_first() {
    let shop = with_inboxes();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let nfe = invoice(&id, 501);
    shop.drop_into("in/nfe.xml", &nfe.xml());
    let day = chrono::Utc::now() - chrono::TimeDelta::minutes(30);
    shop.drop_into("carriers/oco.txt", &papers::ocoren(&[(501, 1, day)], day));
    // A dry run tells, and moves nothing.
    let dry = shop.run(&["sync-payments", "--dry-run"]).exits(0);
    assert!(dry.records().iter().any(|record| record["type"] == "document" && record["kind"] == "invoice"));
    assert!(shop.path("in/nfe.xml").exists());
    assert_eq!(shop.erp()[&id][0].status, "paid");
    let _ = shop.sync().exits(0);
    let sees = shop.erp()[&id][0].clone();
    assert_eq!((sees.status.as_str(), sees.reserved), ("delivered", 0));
    assert!(shop.path("in/done/nfe.xml").exists() && shop.path("carriers/done/oco.txt").exists());
}

#[test]
fn a_refused_document_lies_beside_its_reason_and_ends_with_3() {
    let shop = with_inboxes();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let stranger = Nfe { recipient: crate::sandbox::cpf(999), ..invoice(&id, 502) };
    shop.drop_into("in/nfe.xml", &stranger.xml());
    let _ = shop.sync().exits(3);
    let reason = std::fs::read_to_string(shop.path("in/rejected/nfe.xml.txt")).unwrap();
    assert!(reason.contains("recipient"), "{reason}");
    assert_eq!(shop.erp()[&id][0].status, "paid");
    let _ = shop.sync().exits(0);
}

/// What waits in its folders makes yesterday's ledger count further than the state file heard: it is an older one all the same.
#[test]
fn an_older_ledger_is_known_before_its_inboxes_are_taken() {
    let mut shop = crate::push_stock::shop("");
    shop.open_inboxes();
    let early = shop.place(paid());
    let _ = shop.import().exits(0);
    let _ = shop.run(&["push-stock"]).exits(0);
    let _ = shop.run(&["push-invoices"]).exits(0);
    let copy = std::fs::read(shop.path("ledger.db")).unwrap();
    assert!(std::fs::metadata(shop.path("ledger.db-wal")).map_or(0, |wal| wal.len()) == 0);
    for _ in 0..2 {
        shop.place(paid());
        let _ = shop.import().exits(0);
    }
    let _ = shop.run(&["push-stock"]).exits(0);
    let _ = shop.run(&["push-invoices"]).exits(0);
    for file in ["ledger.db-wal", "ledger.db-shm"] {
        let _ = std::fs::remove_file(shop.path(file));
    }
    std::fs::write(shop.path("ledger.db"), copy).unwrap();
    shop.drop_into("in/nfe.xml", &invoice(&early, 511).xml());
    for units in 90..99 {
        shop.drop_into(&format!("in/caneca-{units}.csv"), &format!("codigo;quantidade\nCANECA;{units}\n"));
    }
    // Its invoice is sent, whatever its number; and no stock is told.
    let _ = shop.run(&["push-invoices"]).exits(0);
    assert_eq!(shop.truth().channel[&early].effects.keys().filter(|effect| effect.contains("invoice")).count(), 1);
    let _ = shop.run(&["push-stock"]).exits(6);
}

#[test]
fn a_cancelled_invoice_is_undone_whatever_lies_first_in_the_folder() {
    let shop = with_inboxes();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let nfe = invoice(&id, 503);
    shop.drop_into("in/b-nfe.xml", &nfe.xml());
    shop.drop_into("in/a-cancelled.xml", &nfe.cancellation(chrono::Utc::now()));
    let _ = shop.sync().exits(0);
    assert_eq!(shop.erp()[&id][0].reserved, 1, "its unit is on the shelf again, and still promised");
}

/// Cancelled and issued anew within one interval of cron: both files lie there.
#[test]
fn an_invoice_comes_in_the_place_of_the_one_that_is_cancelled_with_it() {
    for by_hand in [false, true] {
        let shop = with_inboxes();
        let id = shop.place(paid());
        let _ = shop.import().exits(0);
        let first = invoice(&id, 506);
        shop.drop_into("in/first.xml", &first.xml());
        let _ = shop.run(&["sync-payments"]).exits(0);
        let folder = if by_hand { "issued" } else { "in" };
        std::fs::create_dir_all(shop.path(folder)).unwrap();
        let [second, cancelled] = ["second.xml", "z-cancelled.xml"].map(|name| format!("{folder}/{name}"));
        shop.drop_into(&second, &invoice(&id, 507).xml());
        shop.drop_into(&cancelled, &first.cancellation(chrono::Utc::now()));
        if by_hand {
            let _ = shop.run(&["ledger", "import", &second, &cancelled]).exits(0);
        }
        let _ = shop.run(&["push-invoices"]).exits(0);
        let numbers: Vec<String> = shop.packages(&id).into_iter().map(|package| package.number).collect();
        assert_eq!(numbers, ["507"], "by hand: {by_hand}");
        assert!(!shop.path("in/rejected").exists(), "by hand: {by_hand}");
    }
}

#[test]
fn the_folder_is_named_when_it_is_not_there() {
    let shop = with_inboxes();
    std::fs::remove_dir(shop.path("in")).unwrap();
    let id = shop.place(paid());
    let ran = shop.import().exits(4);
    assert!(ran.stderr.contains("in cannot be used"), "{}", ran.stderr);
    assert_eq!(ran.order(&id)["outcome"], "imported", "orders go on coming in");
    // The sum of several passes says by what it ended.
    let sum = shop.run(&["sync"]).exits(4).summary();
    assert!(sum["message"].as_str().unwrap().contains("in cannot be used"), "{sum}");
}

#[test]
fn what_a_carriers_file_may_lack_is_told_even_when_quiet() {
    let shop = with_inboxes();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    shop.drop_into("in/nfe.xml", &invoice(&id, 504).xml());
    let day = chrono::Utc::now() - chrono::TimeDelta::minutes(30);
    // Invoice 505 is not there yet, and its delivery must not be forgotten with the file.
    let file = papers::ocoren(&[(504, 1, day), (505, 1, day)], day);
    shop.drop_into("carriers/oco.txt", &file);
    let told = shop.sync().exits(3);
    let record = told.records().into_iter().find(|record| record["kind"] == "deliveries").unwrap();
    assert_eq!((record["new"].as_u64(), record["left_out"].as_array().map(Vec::len)), (Some(1), Some(1)), "{record}");
    assert_eq!(shop.erp()[&id][0].status, "delivered");
    let beside = std::fs::read_to_string(shop.path("carriers/done/oco.txt.txt")).unwrap();
    assert!(beside.contains("no invoice 505") && beside.contains("put it back"), "{beside}");
    shop.drop_into("carriers/again.txt", &file);
    let quiet = shop.run(&["-q", "--output", "human", "sync-payments"]).exits(3);
    assert!(quiet.stdout.contains("no invoice 505"), "{}", quiet.stdout);
}

#[test]
fn an_invoice_that_came_before_its_order_waits_for_it_some_hours() {
    let shop = with_inboxes();
    let id = shop.place(paid());
    shop.drop_into("in/nfe.xml", &invoice(&id, 506).xml());
    let early = shop.import().exits(0);
    let record = early.records().into_iter().find(|record| record["type"] == "document").unwrap();
    assert_eq!((&record["code"], &record["waits"]), (&"invoice_without_order".into(), &true.into()), "{record}");
    assert_eq!(early.order(&id)["outcome"], "imported");
    let _ = shop.sync().exits(0);
    assert!(shop.erp()[&id][0].status == "invoiced" && shop.path("in/done/nfe.xml").exists());
}

/// The channel was down, or its key was wrong, for longer than that: its order comes with the run that tries the invoice once more.
#[test]
fn an_invoice_is_not_refused_before_the_orders_of_its_time_came_in() {
    let shop = with_inboxes();
    let id = shop.place(paid());
    shop.drop_into("in/nfe.xml", &invoice(&id, 506).xml());
    hours_ago(&shop, "in/nfe.xml", 4);
    shop.vtex(|v| v.faults.push(Fault::always(Kind::status(503))));
    let _ = shop.import();
    assert!(shop.path("in/nfe.xml").exists());
    shop.vtex(|v| v.faults.clear());
    let _ = shop.import().exits(0);
    let _ = shop.sync().exits(0);
    assert!(shop.erp()[&id][0].status == "invoiced" && shop.path("in/done/nfe.xml").exists());
}

/// The file was last changed so many hours ago.
fn hours_ago(shop: &Shop, name: &str, hours: u64) {
    let file = std::fs::File::options().write(true).open(shop.path(name)).unwrap();
    file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(hours * 60 * 60)).unwrap();
}

#[test]
fn an_invoice_whose_order_does_not_come_is_refused_put_back_and_taken() {
    let shop = with_inboxes();
    let _ = shop.import().exits(0);
    let id = shop.place(paid());
    shop.drop_into("in/nfe.xml", &invoice(&id, 506).xml());
    hours_ago(&shop, "in/nfe.xml", 4);
    let early = shop.import().exits(3);
    let record = early.records().into_iter().find(|record| record["type"] == "document").unwrap();
    assert_eq!(record["code"], "invoice_without_order", "{record}");
    let reason = std::fs::read_to_string(shop.path("in/rejected/nfe.xml.txt")).unwrap();
    assert!(reason.contains("import the order first") && reason.contains("put it back"), "{reason}");
    std::fs::rename(shop.path("in/rejected/nfe.xml"), shop.path("in/nfe.xml")).unwrap();
    let _ = shop.sync().exits(0);
    assert!(shop.erp()[&id][0].status == "invoiced" && shop.path("in/done/nfe.xml").exists());
}

#[test]
fn a_folder_that_cannot_be_written_stops_no_document_and_is_told() {
    let shop = with_inboxes();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    std::fs::write(shop.path("in/done"), "in the way").unwrap();
    shop.drop_into("in/a.csv", "sku;qtd\nCAMISETA-P;50\n");
    shop.drop_into("in/b.xml", &invoice(&id, 507).xml());
    let stuck = shop.run(&["sync-payments"]).exits(4);
    assert!(stuck.stderr.contains("b.xml cannot be moved"), "{}", stuck.stderr);
    assert_eq!(shop.erp()[&id][0].status, "invoiced");
    std::fs::remove_file(shop.path("in/done")).unwrap();
    let _ = shop.run(&["sync-payments"]).exits(0);
    assert_eq!(shop.erp()[&id][0].reserved, 0);
    assert!(shop.path("in/done/a.csv").exists() && shop.path("in/done/b.xml").exists());
}

#[test]
fn documents_on_the_command_line_are_taken_in_an_order_that_makes_sense() {
    let shop = with_inboxes();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let day = chrono::Utc::now() - chrono::TimeDelta::minutes(30);
    std::fs::write(shop.path("A-OCO.txt"), papers::ocoren(&[(508, 1, day)], day)).unwrap();
    std::fs::write(shop.path("b-nfe.xml"), invoice(&id, 508).xml()).unwrap();
    let path = |name: &str| shop.path(name).display().to_string();
    let _ = shop.run(&["ledger", "import", &path("A-OCO.txt"), &path("b-nfe.xml")]).exits(0);
    assert_eq!(shop.erp()[&id][0].status, "delivered");
    // Each is recognised, or refused with a code that stays.
    let missing = shop.run(&["ledger", "import", &path("nowhere.xml"), &path("in")]).exits(3);
    let codes: Vec<_> = missing.records().into_iter().filter(|record| record["type"] == "document").collect();
    assert!(codes.len() == 2 && codes.iter().all(|record| record["code"] == "document_unreadable"), "{codes:?}");
}

#[test]
fn what_the_ledger_refuses_is_a_matter_of_the_command_line() {
    let shop = with_inboxes();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let _ = shop.run(&["ledger", "cancel", &id, "--reason", "a pedido"]).exits(0);
    let late = shop.run(&["ledger", "set", &id, "shipped"]).exits(2);
    assert!(late.stderr.contains("cannot become shipped"), "{}", late.stderr);
    for output in ["human", "jsonl"] {
        let none = shop.run(&["--output", output, "ledger", "stock", "--sku", "NADA"]).exits(2);
        assert!(none.stderr.contains("no stock of NADA"), "{}", none.stderr);
    }
}

#[test]
fn an_invoice_that_was_cancelled_before_it_came_is_refused() {
    let shop = with_inboxes();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let nfe = invoice(&id, 509);
    shop.drop_into("in/cancelled.xml", &nfe.cancellation(chrono::Utc::now()));
    let told = shop.sync().exits(0);
    assert!(told.records().iter().any(|record| record["kind"] == "events" && record["ahead"] == 1));
    shop.drop_into("in/nfe.xml", &nfe.xml());
    let _ = shop.sync().exits(3);
    let reason = std::fs::read_to_string(shop.path("in/rejected/nfe.xml.txt")).unwrap();
    assert!(reason.contains("was cancelled"), "{reason}");
    assert_eq!((shop.erp()[&id][0].status.as_str(), shop.erp()[&id][0].reserved), ("paid", 1));
}

#[test]
fn a_return_is_no_sale_and_the_same_invoice_twice_is_one() {
    let shop = with_inboxes();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let nfe = invoice(&id, 510).xml();
    let returned = nfe.replace("<finNFe>1<", "<finNFe>4<").replace("<tpNF>1<", "<tpNF>0<");
    assert_ne!(returned, nfe);
    shop.drop_into("in/return.xml", &returned);
    let refused = shop.sync().exits(3);
    assert!(refused.records().iter().any(|record| record["code"] == "nfe_entry"), "{}", refused.stdout);
    assert_eq!(shop.erp()[&id][0].status, "paid");
    shop.drop_into("in/a.xml", &nfe);
    shop.drop_into("in/b.xml", &format!("\u{feff}{nfe}"));
    let twice = shop.sync().exits(0).records();
    let new: Vec<_> = twice.iter().filter(|record| record["kind"] == "invoice").map(|record| &record["new"]).collect();
    assert_eq!(new, [true, false]);
    assert_eq!((shop.erp()[&id][0].status.as_str(), shop.erp()[&id][0].reserved), ("invoiced", 0));
}
