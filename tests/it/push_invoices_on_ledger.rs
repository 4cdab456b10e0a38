//! What of push-invoices only the ledger can tell: several invoices of one order, invoices without a file, files from elsewhere, and a ledger's own past.

use std::time::Duration;

use serde_json::json;

use crate::back_office::{Nfe, parcel};
use crate::push_invoices::{imported, imported_on, is_at_rest, placed, posts, push};
use crate::sandbox::{Fault, Kind, OrderSeed, papers};
use crate::shop::{Shop, paid};
use crate::side::Side;

#[test]
fn a_refusal_is_not_repeated_until_something_changes() {
    let (shop, id) = imported("");
    shop.issue(&id, &Nfe::new(1001, 4_990));
    shop.vtex(|v| v.faults.push(Fault::next(1, Kind::status(400)).on("POST", "/invoice")));
    assert_eq!(push(&shop).exits(3).order(&id)["reason"]["code"], "refused_by_channel");
    is_at_rest(&shop);
    assert_eq!((posts(&shop), shop.held()), (1, vec!["refused_by_channel".to_owned()]));
    let _ = shop.run(&["push-invoices", "--order", &id]).exits(0);
    assert_eq!((shop.invoices(&id).len(), shop.held()), (1, Vec::new()));
}

#[test]
fn an_invoice_cancelled_after_it_was_sent_is_told_once_and_stays_with_a_person() {
    let (shop, id) = imported("");
    let nfe = Nfe::new(1001, 4_990);
    shop.issue(&id, &nfe);
    let _ = push(&shop).exits(0);
    shop.cancel_invoice(&nfe);
    let _ = push(&shop).exits(3);
    is_at_rest(&shop);
    assert_eq!(shop.held(), ["invoice_cancelled_after_sending"]);
}

/// On VTEX a return refunds the customer at once: it is never sent as a sale, nor as a return.
#[test]
fn a_return_invoice_is_never_sent() {
    let (shop, id) = imported("");
    let back = Nfe::new(1002, 4_990).returning();
    assert_eq!(shop.run_with_input(&["ledger", "import", "-"], &back.xml()).code, Some(3));
    // An ERP that takes it for the order's invoice is wrong, too.
    shop.issue(&id, &back);
    let record = push(&shop).exits(3).order(&id);
    let codes: Vec<_> =
        record["reason"]["problems"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!((&record["reason"]["code"], codes), (&json!("invoice_unfit"), vec!["nfe_entry", "nfe_purpose"]));
    assert_eq!(posts(&shop), 0);
}

/// The file says "authorised" for ever; only the event tells that it was cancelled, whichever comes first and however often.
#[test]
fn an_authorised_file_of_a_cancelled_invoice_is_not_sent() {
    for cancellation_first in [true, false] {
        let (shop, id) = imported("");
        let nfe = papers::Nfe {
            number: 501,
            order: id.clone(),
            recipient: OrderSeed::new().customer.cpf,
            lines: vec![("CAMISETA-P".into(), 1, 4_990)],
            freight: 0,
            discount: 0,
            other: 0,
            issued_at: chrono::Utc::now() - chrono::TimeDelta::hours(1),
        };
        let (file, cancellation) = (nfe.xml(), nfe.cancellation(chrono::Utc::now()));
        let files = if cancellation_first { [&cancellation, &file] } else { [&file, &cancellation] };
        for document in files.into_iter().chain([&file]) {
            let _ = shop.run_with_input(&["ledger", "import", "-"], document);
        }
        let _ = push(&shop).exits(0);
        assert_eq!((posts(&shop), shop.channel_status(&id).as_str()), (0, "handling"), "{cancellation_first}");
        // Its successor goes out.
        let next = papers::Nfe { number: 502, ..nfe };
        let _ = shop.run_with_input(&["ledger", "import", "-"], &next.xml()).exits(0);
        let _ = push(&shop).exits(0);
        assert_eq!(shop.invoices(&id), [("502".to_owned(), 4_990)]);
    }
}

/// After a backup of the ERP was put back, its changes have numbers that were heard before.
#[test]
fn an_erp_that_was_put_back_is_heard_again() {
    for side in Side::BOTH {
        let (shop, id) = imported_on(side, "");
        let backup = std::fs::read(shop.path("ledger.db")).unwrap();
        for number in 0..9 {
            shop.ship(&id, &parcel(&format!("BR{number}")));
        }
        let _ = side.run(&shop, "push-invoices").exits(0);
        for file in ["ledger.db-wal", "ledger.db-shm"] {
            let _ = std::fs::remove_file(shop.path(file));
        }
        std::fs::write(shop.path("ledger.db"), &backup).unwrap();
        shop.issue(&id, &Nfe::new(1001, 4_990));
        let _ = side.run(&shop, "push-invoices").exits(0);
        assert_eq!(side.told(&shop, &id).invoices, ["1001"]);
        assert_eq!(side.run(&shop, "push-invoices").exits(0).summary()["calls"], 0);
    }
}

#[test]
fn cents_within_the_tolerance_are_evened_out_and_beyond_it_held() {
    for (cents, code) in [(4_988, 0), (4_992, 0), (4_987, 3), (4_993, 3)] {
        let (shop, id) = imported("[channels.loja.invoices]\nvalue_tolerance = 2");
        shop.issue(&id, &Nfe::new(1001, cents));
        let ran = push(&shop).exits(code);
        match code {
            0 => assert_eq!(shop.invoices(&id), [("1001".to_owned(), 4_990)]),
            _ => assert_eq!((&ran.order(&id)["reason"]["code"], posts(&shop)), (&json!("invoice_value"), 0)),
        }
    }
}

#[test]
fn one_full_invoice() {
    let (shop, id) = imported("");
    assert_eq!(push(&shop).exits(0).summary()["calls"], 0, "without an invoice nobody is asked");
    let nfe = Nfe::new(1001, 4_990);
    shop.issue(&id, &nfe);
    let record = push(&shop).exits(0).order(&id);
    assert_eq!((&record["outcome"], &record["actions"]), (&json!("updated"), &json!(["send_invoice"])));
    assert_eq!(shop.invoices(&id), [("1001".to_owned(), 4_990)]);
    assert_eq!(shop.channel_status(&id), "invoiced");
    let package = &shop.packages(&id)[0];
    assert_eq!(
        (package.key.as_deref(), package.items.as_slice()),
        (Some(nfe.key().as_str()), &[("1".into(), 4_990, 1)][..])
    );
    assert_eq!(package.xml.as_deref(), Some(nfe.xml().as_str()), "the XML's own text");
    assert!(package.issued.ends_with("-03:00") && package.tracking_number.is_none());
    is_at_rest(&shop);
    // The order leaves sync-payments, too.
    let _ = shop.import().exits(0);
    let _ = shop.sync().exits(0);
    assert_eq!(shop.sync().exits(0).summary()["calls"], 0);
}

#[test]
fn orders_of_a_marketplace_need_the_xml() {
    let (shop, id) = placed("", paid().marketplace("FRN", "Farinha", "1636850500005"));
    let nfe = Nfe::new(1001, 4_990);
    shop.issue(&id, &nfe.clone().without_xml());
    assert_eq!(push(&shop).exits(0).order(&id)["reason"]["fields"], json!(["xml"]));
    shop.cancel_invoice(&nfe);
    shop.issue(&id, &Nfe::new(1002, 4_990));
    let _ = push(&shop).exits(0);
    assert!(shop.packages(&id)[0].xml.is_some());
}

#[test]
fn the_missing_field_is_named_and_what_brings_it_releases_the_order() {
    let (mut shop, id) = imported("[channels.loja.invoices]\nrequire = [\"number\", \"key\", \"xml\"]");
    shop.issue(&id, &Nfe::new(1001, 4_990).without_xml());
    let record = push(&shop).exits(0).order(&id);
    assert_eq!((&record["outcome"], &record["reason"]["fields"]), (&json!("waiting"), &json!(["xml"])));
    assert_eq!(posts(&shop), 0);
    shop.set("[channels.loja.invoices]\nrequire = [\"number\", \"tracking\"]");
    assert_eq!(push(&shop).exits(0).order(&id)["reason"]["fields"], json!(["tracking"]));
    shop.ship(&id, &parcel("BR1"));
    let _ = push(&shop).exits(0);
    assert_eq!(shop.packages(&id)[0].tracking_number.as_deref(), Some("BR1"));
    is_at_rest(&shop);
}

#[test]
fn two_invoices_at_once_are_sent_in_one_visit() {
    let (shop, id) = placed("", OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 1).sku("2", "CANECA", 2_990, 1));
    shop.issue(&id, &Nfe::new(1, 4_990).lines(&[("CAMISETA-P", 1)]));
    shop.issue(&id, &Nfe::new(2, 2_990).lines(&[("CANECA", 1)]));
    let record = push(&shop).exits(0).order(&id);
    assert_eq!(record["actions"], json!(["send_invoice", "send_invoice"]));
    assert_eq!(shop.channel_status(&id), "invoiced");
    is_at_rest(&shop);
}

#[test]
fn two_invoices_of_one_order_come_to_its_value() {
    let (shop, id) = placed(
        "[channels.loja.invoices]\nvalue_tolerance = 2",
        OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 3).freight(1_000),
    );
    shop.issue(&id, &Nfe::new(1, 5_500).lines(&[("CAMISETA-P", 1)]));
    let first = push(&shop).exits(0).order(&id);
    assert_eq!(first["reason"]["code"], "invoices_sent");
    assert_eq!(shop.channel_status(&id), "invoice");
    is_at_rest(&shop);
    // 5500 + 10468 is two cents short of 15970.
    shop.issue(&id, &Nfe::new(2, 10_468).lines(&[("CAMISETA-P", 2)]));
    let second = push(&shop).exits(0).order(&id);
    assert_eq!(
        (&second["reason"]["sent"], &second["reason"]["worth"]),
        (&json!(10_470), &json!(10_468)),
        "it is reported"
    );
    assert_eq!(shop.invoices(&id), [("1".to_owned(), 5_500), ("2".to_owned(), 10_470)]);
    assert_eq!(shop.channel_status(&id), "invoiced");
    assert_eq!(shop.packages(&id)[1].items, [("1".to_owned(), 4_990, 2)]);
    is_at_rest(&shop);
}

/// Those that wait take all of a run's time: what is new comes before them, and they come round one after another.
#[test]
fn out_of_time_what_is_new_comes_first_and_the_others_in_turn() {
    let shop = Shop::with("in_flight = 1");
    let ids: Vec<String> = (0..24).map(|n| shop.place(paid().id(&format!("turn-{n:02}")))).collect();
    let _ = shop.import().exits(0);
    let (last, waiting) = ids.split_last().unwrap();
    for (n, id) in waiting.iter().enumerate() {
        shop.issue(id, &Nfe::new(1001 + u32::try_from(n).unwrap(), 4_990));
        shop.vtex(|v| v.set_status(id, "payment-pending"));
    }
    let _ = push(&shop).exits(0);
    shop.issue(last, &Nfe::new(2001, 4_990));
    shop.vtex(|v| {
        v.latency = Duration::from_millis(100);
        v.calls.clear();
    });
    let mut runs = 0;
    let readings = |id: &String| shop.vtex(|v| v.calls.iter().filter(|call| call.path.ends_with(id.as_str())).count());
    while waiting.iter().any(|id| readings(id) == 0) {
        let _ = shop.run(&["push-invoices", "--max-duration", "1s"]).exits(10);
        assert_eq!(shop.channel_status(last), "invoiced", "in the first run");
        runs += 1;
        assert!(runs < 12, "{:?}", waiting.iter().map(readings).collect::<Vec<_>>());
    }
    let most = waiting.iter().map(readings).max().unwrap();
    assert!(runs > 2 && most <= 2, "each is read about as often as any other: {most} times in {runs} runs");
}
