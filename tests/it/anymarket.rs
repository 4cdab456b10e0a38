//! Every verb through ANYMARKET, judged by the simulated hub's own account.

use std::time::Duration;

use serde_json::json;

use crate::back_office::{Nfe, ago, parcel};
use crate::sandbox::anymarket::{AnyCancelledBy, AnyEffect, AnyLine, Channel, XmlRefusal};
use crate::sandbox::{AnyOrderSeed, Anymarket, Fault, GUMGA_TOKEN, Kind, Request, RetryAfter};
use crate::shop::{Ran, Shop};
use crate::torture::disturbed::run_bounded;

fn hub<R>(shop: &Shop, work: impl FnOnce(&mut Anymarket) -> R) -> R {
    shop.sandbox.anymarket(work)
}

fn run(shop: &Shop, verb: &str) -> Ran {
    shop.run(&[verb, "--channel", "hub"])
}

/// Paid: one shirt for 49.90.
fn paid() -> AnyOrderSeed {
    AnyOrderSeed::new().sku("CAMISETA-P", 4_990, 1)
}

fn place(shop: &Shop, seed: AnyOrderSeed) -> String {
    hub(shop, |a| a.place(seed)).to_string()
}

fn proxys_404() -> Kind {
    Kind::Status { code: 404, retry_after: RetryAfter::Absent, body: "404 page not found".into() }
}

fn status(shop: &Shop, id: &str) -> String {
    hub(shop, |a| a.order(id.parse().unwrap()).status.clone())
}

fn erp_status(shop: &Shop, id: &str) -> String {
    let [one] = &shop.erp()[id][..] else { panic!("{:?}", shop.erp()) };
    one.status.clone()
}

fn effects(shop: &Shop, id: &str) -> Vec<AnyEffect> {
    hub(shop, |a| a.effects_of(id.parse().unwrap()).into_iter().cloned().collect())
}

#[test]
fn a_paid_order_is_in_the_erp_once_and_nothing_is_said_of_it() {
    let shop = Shop::with_hub("");
    let id = place(&shop, paid().freight(1_990).discount(300, 200));
    let ran = run(&shop, "import-orders").exits(0);
    assert_eq!(ran.order(&id)["actions"], json!(["create_order"]));
    let order = shop.run(&["ledger", "show", &id]).exits(0).records().remove(0);
    assert_eq!((&order["status"], &order["total_cents"]), (&json!("paid"), &json!(4_990 + 1_990 - 500)));
    assert_eq!(effects(&shop, &id), []);
    assert_eq!(hub(&shop, |a| a.feed.depth()), 0, "the feed is acknowledged");
    let again = run(&shop, "import-orders").exits(0);
    assert_eq!((&again.summary()["imported"], shop.erp()[&id].len()), (&json!(0), 1));
}

#[test]
fn what_the_feed_does_not_tell_the_list_finds() {
    let shop = Shop::with_hub("");
    hub(&shop, |a| a.ticked.clear());
    let ids = [place(&shop, paid()), place(&shop, paid())];
    let _ = run(&shop, "import-orders").exits(0);
    assert!(ids.iter().all(|id| shop.erp().contains_key(id)));
}

#[test]
fn a_list_that_shows_one_page_for_ever_is_an_error_and_hides_nothing() {
    let shop = Shop::with_hub("");
    let _ = run(&shop, "import-orders").exits(0);
    hub(&shop, |a| a.ticked.clear());
    let (shown, hidden) = (place(&shop, paid()), place(&shop, paid()));
    let row = json!({ "id": shown.parse::<u64>().unwrap(), "status": "PAID_WAITING_SHIP" });
    let page = json!({ "content": vec![row; 100], "page": { "totalElements": 150 } }).to_string();
    let page = Kind::Status { code: 200, retry_after: RetryAfter::Absent, body: page };
    hub(&shop, |a| a.faults.push(Fault::always(page).on("GET", "/orders?")));
    let ran = run_bounded(&shop, &["import-orders", "--channel", "hub"]).exits(5);
    let warning = ran.records().into_iter().find(|record| record["code"] == "list_failed").unwrap();
    assert!(warning["text"].as_str().unwrap().contains("page after page"), "{warning}");
    assert!(shop.erp().contains_key(&shown), "what was shown goes on");
    hub(&shop, |a| a.faults.clear());
    let _ = run(&shop, "import-orders").exits(0);
    assert!(shop.erp().contains_key(&hidden));
}

#[test]
fn a_feed_that_takes_no_batch_is_acknowledged_one_by_one() {
    let shop = Shop::with_hub("");
    let ids: Vec<String> = (0..3).map(|_| place(&shop, paid())).collect();
    hub(&shop, |a| a.faults.push(Fault::always(Kind::status(400)).on("PUT", "/orders/feeds/batch")));
    let _ = run(&shop, "import-orders").exits(0);
    assert_eq!((shop.erp().len(), hub(&shop, |a| a.feed.depth())), (ids.len(), 0));
}

#[test]
fn an_event_that_cannot_be_acknowledged_holds_nobody_up() {
    let shop = Shop::with_hub("");
    let id = place(&shop, paid());
    hub(&shop, |a| a.faults.push(Fault::always(Kind::status(400)).on("PUT", "/orders/feeds")));
    let ran = run(&shop, "import-orders").exits(0);
    assert_eq!(ran.order(&id)["outcome"], "imported");
    assert_eq!(hub(&shop, |a| a.calls_of("GET", "/orders/feeds").len()), 3, "two readings without news end it");
}

#[test]
fn payment_and_cancellation_reach_the_erp() {
    let shop = Shop::with_hub("import = \"all\"");
    let (pays, leaves) = (place(&shop, paid().pending()), place(&shop, paid()));
    let _ = run(&shop, "import-orders").exits(0);
    assert_eq!((erp_status(&shop, &pays).as_str(), erp_status(&shop, &leaves).as_str()), ("awaiting_payment", "paid"));
    hub(&shop, |a| {
        a.pay(pays.parse().unwrap());
        a.cancel(leaves.parse().unwrap(), AnyCancelledBy::Buyer);
    });
    let _ = run(&shop, "import-orders").exits(0);
    let _ = run(&shop, "sync-payments").exits(0);
    assert_eq!((erp_status(&shop, &pays).as_str(), erp_status(&shop, &leaves).as_str()), ("paid", "cancelled"));
}

#[test]
fn what_a_marketplace_sends_itself_goes_by_the_configuration() {
    for (settings, exit, fate) in
        [("", 3, "held"), ("fulfillment = \"skip\"", 0, "skipped"), ("fulfillment = \"import\"", 0, "imported")]
    {
        let shop = Shop::with_hub(settings);
        let id = place(&shop, paid().fulfillment());
        assert_eq!(run(&shop, "import-orders").exits(exit).order(&id)["outcome"], fate, "{settings}");
    }
}

/// An order may change long after the days in which it was placed.
#[test]
fn days_that_a_person_asks_for_are_those_of_the_orders_creation() {
    let shop = Shop::with_hub("");
    let day = |days| chrono::Utc::now() - chrono::TimeDelta::days(days);
    let id = place(&shop, paid().created(day(30)));
    hub(&shop, |a| a.set_status(id.parse().unwrap(), "PAID_WAITING_SHIP"));
    let date = |days| day(days).format("%Y-%m-%d").to_string();
    let (since, until) = (date(32), date(28));
    let of_days = ["--channel", "hub", "--since", &since, "--until", &until];
    let run = |verb: &str| shop.run(&[&[verb][..], &of_days].concat());
    assert_eq!(run("import-orders").exits(0).order(&id)["outcome"], "imported");
    let _ = shop.run(&["import-orders", "--channel", "hub"]).exits(0);
    let account = run("account").exits(0);
    let told = account.records();
    let of_hub = told.iter().find(|record| record["channel"] == "hub" && record["listed"].is_number()).unwrap();
    assert_eq!((&of_hub["listed"], &of_hub["not_listed"]), (&1.into(), &0.into()), "{told:?}");
}

#[test]
fn an_order_is_never_cancelled_through_the_hub_by_itself() {
    let shop = Shop::with_hub("auto_cancel = { enabled = true }");
    let id = place(&shop, paid());
    let _ = run(&shop, "import-orders").exits(0);
    let _ = shop.run(&["ledger", "cancel", &id, "--reason", "sem estoque"]).exits(0);
    let _ = run(&shop, "sync-payments");
    let ran = run(&shop, "auto-cancel").exits(3);
    assert_eq!(ran.order(&id)["reason"]["code"], "marketplace_must_cancel");
    assert_eq!((status(&shop, &id).as_str(), effects(&shop, &id).len()), ("PAID_WAITING_SHIP", 0));
}

#[test]
fn an_order_is_cancelled_through_the_hub_where_the_configuration_allows_it() {
    let shop = Shop::with_hub("cancel = true\ncancel_code = \"OUT_OF_STOCK\"\nauto_cancel = { enabled = true }");
    let id = place(&shop, paid());
    let _ = run(&shop, "import-orders").exits(0);
    let _ = shop.run(&["ledger", "cancel", &id, "--reason", "sem estoque"]).exits(0);
    let announced = run(&shop, "auto-cancel").exits(0);
    assert_eq!(announced.order(&id)["reason"]["code"], "cancel_planned");
    let ran = run(&shop, "auto-cancel").exits(0);
    assert_eq!(ran.order(&id)["outcome"], "cancelled");
    let [AnyEffect::Canceled { code, details, .. }] = &effects(&shop, &id)[..] else { panic!() };
    assert_eq!((code.as_deref(), details.as_deref()), (Some("OUT_OF_STOCK"), Some("sem estoque")));
    let _ = run(&shop, "auto-cancel").exits(0);
    assert_eq!(effects(&shop, &id).len(), 1);
}

/// The hub says "cancelled" at once. Where the marketplace will not have it the sale goes on there.
#[test]
fn a_cancellation_that_the_marketplace_refuses_is_for_a_person() {
    for delay in [0, 3_600] {
        let shop = Shop::with_hub("cancel = true\nreread_after = \"0s\"\nauto_cancel = { enabled = true }");
        let blocked = Channel::Refuses("pedido bloqueado".into());
        let (id, taken) = (place(&shop, paid().channel(blocked)), place(&shop, paid()));
        let _ = run(&shop, "import-orders").exits(0);
        for id in [&id, &taken] {
            let _ = shop.run(&["ledger", "cancel", id, "--reason", "sem estoque"]).exits(0);
        }
        hub(&shop, |a| a.transmission_delay = Duration::from_secs(delay));
        let _ = run(&shop, "auto-cancel").exits(0);
        let _ = run(&shop, "auto-cancel").exits(if delay == 0 { 3 } else { 0 });
        assert_eq!((status(&shop, &id).as_str(), status(&shop, &taken).as_str()), ("CANCELED", "CANCELED"));
        let _ = run(&shop, "sync-payments").exits(if delay == 0 { 3 } else { 0 });
        hub(&shop, |a| a.advance(Duration::from_secs(delay + 1)));
        for _ in 0..2 {
            let ran = run(&shop, "sync-payments").exits(3);
            assert_eq!(ran.order(&id)["reason"]["code"], "transmission_failed");
            let holds = shop.run(&["holds"]).exits(3).records();
            assert_eq!(holds.iter().filter(|record| record["type"] == "hold").count(), 1, "{holds:?}");
        }
        let calls = run(&shop, "sync-payments").exits(3).summary()["calls"].as_i64();
        assert_eq!(calls, Some(1), "what the marketplace took is not looked at again");
    }
}

#[test]
fn an_invoice_is_sent_once_with_its_xml_where_that_is_wanted() {
    for needs_xml in [false, true] {
        let shop = Shop::with_hub("");
        let seed = paid();
        let id = place(&shop, if needs_xml { seed.needs_xml() } else { seed });
        let _ = run(&shop, "import-orders").exits(0);
        let nfe = Nfe::new(1001, 4_990);
        shop.issue(&id, &nfe);
        let ran = run(&shop, "push-invoices").exits(0);
        let actions = if needs_xml { json!(["send_xml", "send_invoice"]) } else { json!(["send_invoice"]) };
        assert_eq!(ran.order(&id)["actions"], actions);
        assert_eq!(status(&shop, &id), "INVOICED");
        let told = effects(&shop, &id);
        let is_xml = |effect: &AnyEffect| matches!(effect, AnyEffect::Xml { .. });
        assert_eq!(told.iter().any(is_xml), needs_xml);
        if needs_xml {
            assert!(is_xml(&told[0]), "the XML goes first: {told:?}");
        }
        let [AnyEffect::Invoiced { number, series, key, .. }] =
            told.iter().filter(|effect| !is_xml(effect)).collect::<Vec<_>>()[..]
        else {
            panic!("{told:?}")
        };
        assert_eq!((number.as_str(), series.as_str(), key.as_str()), ("1001", "1", nfe.key().as_str()));
        let _ = run(&shop, "push-invoices").exits(0);
        assert_eq!(effects(&shop, &id).len(), told.len(), "and nothing more");
    }
}

#[test]
fn an_invoice_whose_answer_was_lost_is_found_and_not_sent_again() {
    for kind in [Kind::TimeoutAfterWrite, Kind::Applied500] {
        let shop = Shop::with_hub("timeout = \"1s\"\nmax_wait = \"1s\"");
        let id = place(&shop, paid());
        let _ = run(&shop, "import-orders").exits(0);
        shop.issue(&id, &Nfe::new(1001, 4_990));
        hub(&shop, |a| a.faults.push(Fault::next(1, kind.clone()).on("PUT", "/orders/")));
        let _ = run(&shop, "push-invoices");
        let _ = run(&shop, "push-invoices").exits(0);
        assert_eq!((status(&shop, &id).as_str(), effects(&shop, &id).len()), ("INVOICED", 1), "{kind:?}");
    }
}

/// A proxy's page is not the hub's word: nothing was refused, and the next run sends it.
#[test]
fn a_proxys_404_is_no_refusal_of_an_order() {
    let shop = Shop::with_hub("");
    let id = place(&shop, paid());
    let _ = run(&shop, "import-orders").exits(0);
    shop.issue(&id, &Nfe::new(1001, 4_990));
    for verb in ["push-invoices", "push-tracking"] {
        hub(&shop, |a| a.faults.push(Fault::next(1, proxys_404()).on("PUT", "/orders/")));
        assert_eq!(run(&shop, verb).exits(3).order(&id)["reason"]["code"], "call_failed", "{verb}");
        let _ = run(&shop, verb).exits(0);
        shop.ship(&id, &parcel("BR1"));
    }
    assert_eq!((status(&shop, &id).as_str(), shop.held()), ("PAID_WAITING_DELIVERY", Vec::new()));
}

/// A shop with an order that wants the XML of its invoice, in the ERP with that invoice; its marketplace refuses the file so often.
fn xml_refused(settings: &str, why: XmlRefusal, times: u32) -> (Shop, String) {
    let shop = Shop::with_hub(settings);
    let id = place(&shop, paid().needs_xml());
    let _ = run(&shop, "import-orders").exits(0);
    hub(&shop, |a| a.refuse_xml(id.parse().unwrap(), why, times));
    shop.issue(&id, &Nfe::new(1001, 4_990));
    (shop, id)
}

/// How often the XML was sent, taken or not.
fn files_sent(shop: &Shop) -> usize {
    hub(shop, |a| a.calls_of("PUT", "/nfe").len())
}

#[test]
fn an_xml_that_is_not_taken_yet_follows_its_invoice_hours_later() {
    let (mut shop, id) = xml_refused("", XmlRefusal::ShipmentStatus, 3);
    let ran = run(&shop, "push-invoices").exits(0);
    assert_eq!((&ran.order(&id)["outcome"], &ran.order(&id)["actions"]), (&json!("updated"), &json!(["send_invoice"])));
    // The hub says that the marketplace wants the file, which is no news.
    let waits = run(&shop, "push-invoices").exits(0).order(&id);
    assert_eq!((&waits["outcome"], &waits["reason"]["code"]), (&json!("waiting"), &json!("xml_due")));
    assert!(waits["text"].as_str().unwrap().contains("XML of invoice 1001 is due"), "{waits}");
    assert_eq!((files_sent(&shop), shop.held()), (1, Vec::new()), "not on every run");
    // Hours later, as often as it takes.
    shop.set_hub("invoices = { xml_again_after = \"0s\" }");
    for tried in [2, 3] {
        assert_eq!(run(&shop, "push-invoices").exits(0).order(&id)["reason"]["code"], "xml_due");
        assert_eq!(files_sent(&shop), tried);
    }
    assert_eq!(run(&shop, "push-invoices").exits(0).order(&id)["actions"], json!(["send_xml"]));
    let _ = run(&shop, "push-invoices").exits(0);
    assert_eq!(run(&shop, "push-invoices").exits(0).summary()["calls"], 0);
    let told = effects(&shop, &id);
    assert!(matches!(&told[..], [AnyEffect::Invoiced { .. }, AnyEffect::Xml { .. }]), "{told:?}");
}

/// What the marketplace says of the parcel meanwhile is that it wants the XML first.
#[test]
fn a_parcel_of_an_order_whose_xml_is_due_is_told_and_waits_with_it() {
    let (mut shop, id) = xml_refused("", XmlRefusal::ShipmentStatus, 1);
    let _ = run(&shop, "push-invoices").exits(0);
    shop.ship(&id, &parcel("BR1"));
    assert_eq!(run(&shop, "push-tracking").exits(0).order(&id)["actions"], json!(["send_tracking"]));
    assert_eq!(run(&shop, "push-tracking").exits(0).order(&id)["reason"]["code"], "xml_due");
    shop.set_hub("invoices = { xml_again_after = \"0s\" }");
    for verb in ["push-invoices", "push-tracking", "push-invoices", "push-tracking"] {
        let _ = run(&shop, verb).exits(0);
    }
    assert_eq!(run(&shop, "push-tracking").exits(0).summary()["calls"], 0);
    let told = effects(&shop, &id);
    assert!(
        matches!(&told[..], [AnyEffect::Invoiced { .. }, AnyEffect::Shipped { .. }, AnyEffect::Xml { .. }]),
        "{told:?}"
    );
}

/// Killed, or without an answer, when the XML is refused or just after: the invoice goes out once and its XML is not forgotten.
#[test]
fn an_xml_that_is_due_survives_a_lost_answer() {
    let settings = "timeout = \"1s\"\nmax_wait = \"1s\"\ninvoices = { confirm_within = \"0s\", settle_after = \"0s\", xml_again_after = \"0s\" }";
    for (path, kind) in
        [("/nfe", Kind::DropBeforeWrite), ("/orders/7", Kind::TimeoutAfterWrite), ("/orders/7", Kind::DropBeforeWrite)]
    {
        let (shop, id) = xml_refused(settings, XmlRefusal::ShipmentStatus, 1);
        let after = u32::from(path != "/nfe");
        hub(&shop, |a| a.faults.push(Fault::next(1, kind.clone()).on("PUT", path).after(after)));
        for _ in 0..4 {
            let _ = run(&shop, "push-invoices");
        }
        let told = effects(&shop, &id);
        assert!(matches!(&told[..], [AnyEffect::Invoiced { .. }, AnyEffect::Xml { .. }]), "{path} {kind:?}: {told:?}");
        assert_eq!(shop.held(), [""; 0]);
    }
}

#[test]
fn an_xml_with_a_wrong_date_is_for_a_person_and_its_invoice_waits() {
    let (shop, id) = xml_refused("", XmlRefusal::EmissionDate, 9);
    let held = run(&shop, "push-invoices").exits(3).order(&id);
    assert_eq!(
        (&held["reason"]["code"], &held["reason"]["action"]),
        (&json!("refused_by_channel"), &json!("send_xml"))
    );
    assert!(held["text"].as_str().unwrap().contains("invalid_invoice_emission_date"), "{held}");
    let _ = run(&shop, "push-invoices").exits(0);
    assert_eq!(
        (files_sent(&shop), effects(&shop, &id), shop.held()),
        (1, Vec::new(), vec!["refused_by_channel".into()])
    );
}

#[test]
fn a_sale_that_has_all_its_invoices_has_this_one() {
    let (shop, id) = xml_refused("invoices = { confirm_within = \"0s\" }", XmlRefusal::TooManyInvoices, 9);
    hub(&shop, |a| a.settings.invoice_waits_for_xml = false);
    let ran = run(&shop, "push-invoices").exits(0);
    assert_eq!(ran.order(&id)["actions"], json!(["send_xml", "send_invoice"]));
    let warning = ran.records().into_iter().find(|record| record["code"] == "xml_limit").unwrap();
    assert_eq!((&warning["order"], &warning["invoice"]), (&json!(id), &json!("1001")));
    assert!(!run(&shop, "push-invoices").exits(0).stdout.contains("xml_limit"));
    assert_eq!((status(&shop, &id).as_str(), files_sent(&shop), effects(&shop, &id).len()), ("INVOICED", 1, 1));
}

#[test]
fn an_order_in_packages_is_for_a_person() {
    // Told by the refusal, or by the order itself.
    for (is_told, seed) in [
        (false, paid().in_packages(2)),
        (true, paid().in_packages(2).patch(json!({ "packages": [{ "id": "1" }, { "id": "2" }] }))),
    ] {
        let shop = Shop::with_hub("");
        let id = place(&shop, seed);
        let _ = run(&shop, "import-orders").exits(0);
        shop.issue(&id, &Nfe::new(1001, 4_990));
        let held = run(&shop, "push-invoices").exits(3).order(&id);
        assert_eq!(held["reason"]["code"], "order_in_packages");
        assert!(held["hint"].as_str().unwrap().contains("channel's panel"), "{held}");
        assert_eq!(held["text"].as_str().unwrap().contains("packageId"), !is_told);
        let sent = || hub(&shop, |a| a.calls_of("PUT", &format!("/orders/{id}")).len());
        assert_eq!(sent(), usize::from(!is_told));
        let _ = run(&shop, "push-invoices");
        assert_eq!(
            (sent(), shop.held()),
            (usize::from(!is_told), vec!["order_in_packages".into()]),
            "not on every run"
        );
        assert_eq!(effects(&shop, &id), []);
    }
}

/// Whether the XML alone makes an order invoiced, or at least show its invoice, is not known.
#[test]
fn an_order_that_its_xml_changes_is_told_of_its_invoice_all_the_same() {
    for (moves, shows) in [(true, false), (false, true)] {
        let settings = "invoices = { confirm_within = \"0s\", settle_after = \"0s\" }";
        let shop = Shop::with_hub(&format!("timeout = \"1s\"\nmax_wait = \"1s\"\n{settings}"));
        hub(&shop, |a| {
            a.settings.xml_moves_to_invoiced = moves;
            a.settings.xml_shows_invoice = shows;
            // The invoice comes to nothing, so the order is read again once its XML is there.
            a.faults.push(Fault::next(1, Kind::DropBeforeWrite).on("PUT", "/orders/7").after(1));
        });
        let id = place(&shop, paid().needs_xml());
        let _ = run(&shop, "import-orders").exits(0);
        shop.issue(&id, &Nfe::new(1001, 4_990));
        let _ = run(&shop, "push-invoices");
        let _ = run(&shop, "push-invoices").exits(0);
        let told = effects(&shop, &id);
        assert!(matches!(&told[..], [AnyEffect::Xml { .. }, AnyEffect::Invoiced { .. }]), "{told:?}");
        assert_eq!(status(&shop, &id), "INVOICED");
    }
}

/// What the XML alone shows neither ends a visit that is refused, nor counts as an answer that was lost.
#[test]
fn an_invoice_that_is_only_shown_is_told_once_it_can_be() {
    let shop = Shop::with_hub("timeout = \"1s\"\nmax_wait = \"1s\"\ninvoices = { confirm_within = \"0s\" }");
    hub(&shop, |a| {
        a.settings.xml_shows_invoice = true;
        a.faults.push(Fault::always(Kind::status(422)).on("PUT", "/orders/7").after(1));
    });
    let id = place(&shop, paid().needs_xml());
    let _ = run(&shop, "import-orders").exits(0);
    shop.issue(&id, &Nfe::new(1001, 4_990));
    assert_eq!(run(&shop, "push-invoices").exits(3).order(&id)["reason"]["code"], "refused_by_channel");
    hub(&shop, |a| {
        a.faults.clear();
        a.faults.push(Fault::next(1, Kind::DropBeforeWrite).on("PUT", "/orders/7"));
    });
    let again = |exit| shop.run(&["push-invoices", "--channel", "hub", "--order", &id]).exits(exit);
    assert_eq!(again(3).order(&id)["reason"]["code"], "outcome_unknown");
    assert_eq!(again(3).order(&id)["reason"]["code"], "outcome_unknown", "it may still show");
    shop.database("vaivem.db")
        .execute("UPDATE journal SET intended_at = intended_at - 3600000 WHERE action = 'send_invoice'", [])
        .unwrap();
    let _ = again(0);
    let told = effects(&shop, &id);
    assert!(matches!(&told[..], [AnyEffect::Xml { .. }, AnyEffect::Invoiced { .. }]), "{told:?}");
    assert_eq!(status(&shop, &id), "INVOICED");
}

/// Between its XML and the order's status nothing shows how far it came, and a marketplace may count the files.
#[test]
fn an_xml_that_arrived_is_not_sent_again_with_its_invoice() {
    let lost = Fault::next(1, Kind::TimeoutAfterWrite).on("PUT", "/nfe");
    let then_down = Fault::next(1, Kind::DropBeforeWrite).on("PUT", "/orders/7").after(1);
    for fault in [lost, then_down] {
        let settings = "invoices = { confirm_within = \"0s\", settle_after = \"0s\" }";
        let shop = Shop::with_hub(&format!("timeout = \"1s\"\nmax_wait = \"1s\"\n{settings}"));
        let id = place(&shop, paid().needs_xml());
        let _ = run(&shop, "import-orders").exits(0);
        shop.issue(&id, &Nfe::new(1001, 4_990));
        hub(&shop, |a| a.faults.push(fault.clone()));
        let _ = run(&shop, "push-invoices");
        let _ = run(&shop, "push-invoices").exits(0);
        let told = effects(&shop, &id);
        assert!(matches!(&told[..], [AnyEffect::Xml { .. }, AnyEffect::Invoiced { .. }]), "{fault:?}: {told:?}");
    }
}

/// That it cannot be looked for says nothing of whether it arrived.
#[test]
fn an_xml_that_arrived_is_not_sent_again_where_looking_for_it_fails() {
    let settings = "invoices = { confirm_within = \"0s\", settle_after = \"0s\" }";
    let shop = Shop::with_hub(&format!("timeout = \"1s\"\nmax_wait = \"1s\"\n{settings}"));
    let id = place(&shop, paid().needs_xml());
    let _ = run(&shop, "import-orders").exits(0);
    shop.issue(&id, &Nfe::new(1001, 4_990));
    hub(&shop, |a| {
        a.faults.push(Fault::next(1, Kind::Applied500).on("PUT", "/nfe"));
        a.faults.push(Fault::always(Kind::status(500)).on("GET", "/nfe/"));
    });
    for _ in 0..2 {
        let _ = run(&shop, "push-invoices").exits(3);
        let told = effects(&shop, &id);
        assert!(matches!(&told[..], [AnyEffect::Xml { .. }]), "{told:?}");
    }
    hub(&shop, |a| a.faults.clear());
    let _ = run(&shop, "push-invoices").exits(0);
    let told = effects(&shop, &id);
    assert!(matches!(&told[..], [AnyEffect::Xml { .. }, AnyEffect::Invoiced { .. }]), "{told:?}");
}

#[test]
fn what_has_not_reached_the_marketplace_is_waited_for_and_what_it_refused_is_held() {
    let shop = Shop::with_hub("invoices = { confirm_within = \"0s\" }");
    let (slow, refused) =
        (place(&shop, paid()), place(&shop, paid().channel(Channel::Refuses("nota de outro emitente".into()))));
    let _ = run(&shop, "import-orders").exits(0);
    shop.issue(&slow, &Nfe::new(1001, 4_990));
    shop.issue(&refused, &Nfe::new(1002, 4_990));
    hub(&shop, |a| a.transmission_delay = Duration::from_secs(600));
    let ran = run(&shop, "push-invoices").exits(0);
    assert_eq!(ran.summary()["updated"], 2);
    let waits = run(&shop, "push-invoices").exits(0);
    assert_eq!(waits.order(&slow)["reason"]["code"], "transmission_pending");
    hub(&shop, |a| a.advance(Duration::from_secs(601)));
    let told = run(&shop, "push-invoices").exits(3);
    assert_eq!(told.order(&refused)["reason"]["code"], "transmission_failed");
    assert!(told.order(&refused)["text"].as_str().unwrap().contains("nota de outro emitente"));
    let calls = run(&shop, "push-invoices").exits(3).summary()["calls"].as_i64();
    assert_eq!(calls, Some(1), "only the refused one is looked at again");
    assert_eq!((effects(&shop, &slow).len(), effects(&shop, &refused).len()), (1, 1));
}

#[test]
fn a_delivery_that_the_marketplace_refuses_later_is_for_a_person() {
    let shop = Shop::with_hub("invoices = { confirm_within = \"0s\" }");
    let (id, taken) = (place(&shop, paid()), place(&shop, paid()));
    let _ = run(&shop, "import-orders").exits(0);
    for (id, number) in [(&id, 1001), (&taken, 1002)] {
        shop.issue(id, &Nfe::new(number, 4_990));
    }
    let _ = run(&shop, "push-invoices").exits(0);
    let _ = run(&shop, "push-invoices").exits(0);
    hub(&shop, |a| {
        a.transmission_delay = Duration::from_secs(600);
        let seed = &mut a.order_mut(id.parse().unwrap()).seed;
        std::sync::Arc::make_mut(seed).channel = Channel::Refuses("data de entrega inválida".into());
    });
    for id in [&id, &taken] {
        shop.ship(id, &vaivem::erp::ledger::Shipment { delivered_at: Some(ago(2)), ..parcel(id) });
    }
    let ran = run(&shop, "push-tracking").exits(0);
    assert_eq!(ran.order(&id)["actions"], json!(["send_tracking", "send_tracking_events"]));
    let ran = run(&shop, "push-tracking").exits(0);
    assert_eq!(ran.order(&id)["reason"]["code"], "transmission_pending");
    hub(&shop, |a| a.advance(Duration::from_secs(601)));
    let ran = run(&shop, "push-tracking").exits(3);
    assert_eq!(ran.order(&id)["reason"]["code"], "transmission_failed");
    let calls = run(&shop, "push-tracking").exits(3).summary()["calls"].as_i64();
    assert_eq!(calls, Some(1), "what the marketplace took is not looked at again");
}

/// What never reaches the marketplace would be waited for in silence, for ever.
#[test]
fn what_has_not_reached_the_marketplace_for_days_is_for_a_person() {
    let shop = Shop::with_hub("invoices = { confirm_within = \"0s\" }");
    let id = place(&shop, paid());
    let _ = run(&shop, "import-orders").exits(0);
    shop.issue(&id, &Nfe::new(1001, 4_990));
    hub(&shop, |a| a.transmission_delay = Duration::from_secs(600));
    let _ = run(&shop, "push-invoices").exits(0);
    assert_eq!(run(&shop, "push-invoices").exits(0).order(&id)["reason"]["code"], "transmission_pending");
    shop.database("vaivem.db").execute("UPDATE outgoing SET waits_since = waits_since - 4 * 86400000", []).unwrap();
    for _ in 0..2 {
        let late = run(&shop, "push-invoices").exits(3).order(&id);
        assert_eq!((&late["outcome"], &late["reason"]["code"]), (&json!("held"), &json!("transmission_pending")));
        assert!(late["hint"].as_str().unwrap().contains("channel's panel"), "{late}");
    }
    let why = shop.run(&["why", &id]).records();
    let is_it = |record: &&serde_json::Value| {
        record["type"] == "in_the_way" && record["reason"]["code"] == "transmission_pending"
    };
    assert_eq!(why.iter().filter(is_it).count(), 1, "{why:?}");
    hub(&shop, |a| a.advance(Duration::from_secs(601)));
    assert_eq!(run(&shop, "push-invoices").exits(0).order(&id)["outcome"], "unchanged");
    assert_eq!(shop.held(), [""; 0]);
}

#[test]
fn a_part_of_an_order_is_not_invoiced_as_the_whole() {
    let shop = Shop::with_hub("");
    let id = place(&shop, AnyOrderSeed::new().sku("CAMISETA-P", 4_990, 2));
    let _ = run(&shop, "import-orders").exits(0);
    shop.issue(&id, &Nfe::new(1001, 4_990).lines(&[("CAMISETA-P", 1)]));
    let ran = run(&shop, "push-invoices").exits(3);
    assert_eq!(ran.order(&id)["reason"]["code"], "one_invoice_only");
    assert_eq!(effects(&shop, &id), []);
}

#[test]
fn tracking_and_delivery_go_out_once() {
    let shop = Shop::with_hub("invoices = { confirm_within = \"0s\", settle_after = \"0s\" }");
    let id = place(&shop, paid());
    let _ = run(&shop, "import-orders").exits(0);
    shop.issue(&id, &Nfe::new(1001, 4_990));
    let _ = run(&shop, "push-invoices").exits(0);
    shop.ship(&id, &parcel("BR1"));
    let ran = run(&shop, "push-tracking").exits(0);
    assert_eq!(ran.order(&id)["actions"], json!(["send_tracking"]));
    assert_eq!(status(&shop, &id), "PAID_WAITING_DELIVERY");
    let _ = run(&shop, "push-tracking").exits(0);
    let delivered = ago(2);
    shop.ship(&id, &vaivem::erp::ledger::Shipment { delivered_at: Some(delivered), ..parcel("BR1") });
    let ran = run(&shop, "push-tracking").exits(0);
    assert_eq!(ran.order(&id)["actions"], json!(["send_tracking_events"]));
    let told = effects(&shop, &id);
    let [
        AnyEffect::Invoiced { .. },
        AnyEffect::Shipped { number, carrier, url, .. },
        AnyEffect::Delivered { date, .. },
    ] = &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!(
        (number.as_str(), carrier.as_str(), url.as_deref()),
        ("BR1", "Correios", Some("https://rastro.example/BR1"))
    );
    assert_eq!(date.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp(), delivered.timestamp());
    let order = hub(&shop, |a| a.order(id.parse().unwrap()).clone());
    assert_eq!((order.status.as_str(), &order.tracking.unwrap()["number"]), ("CONCLUDED", &json!("BR1")));
    let _ = run(&shop, "push-tracking").exits(0);
    assert_eq!(effects(&shop, &id).len(), 3);
}

#[test]
fn an_order_whose_label_shows_its_tracking_is_told_as_sent() {
    let shop = Shop::with_hub("invoices = { confirm_within = \"0s\" }");
    let id = place(&shop, paid());
    let _ = run(&shop, "import-orders").exits(0);
    shop.issue(&id, &Nfe::new(1001, 4_990));
    let _ = run(&shop, "push-invoices").exits(0);
    hub(&shop, |a| a.print_label(id.parse().unwrap(), "BR1", "Correios", "https://rastro.example/BR1"));
    shop.ship(&id, &parcel("BR1"));
    let _ = run(&shop, "push-tracking").exits(0);
    assert_eq!(status(&shop, &id), "PAID_WAITING_DELIVERY");
    let _ = run(&shop, "push-tracking").exits(0);
    let told = effects(&shop, &id);
    assert!(matches!(&told[..], [AnyEffect::Invoiced { .. }, AnyEffect::Shipped { .. }]), "{told:?}");
}

const STOCK: &str = "stock = { warehouse = \"default\", settle = \"0s\" }";

#[test]
fn stock_goes_out_in_one_call_and_what_the_hub_lacks_is_held() {
    let shop = Shop::with_hub(STOCK);
    hub(&shop, |a| {
        a.settings.creates_missing_pairs = false;
        a.set_stock("CAMISETA-P", 1, 0);
        a.set_stock("CANECA", 1, 0);
    });
    let ran = run(&shop, "push-stock").exits(3);
    // One for them all, and one to see that what it refuses is no kit.
    assert_eq!((&ran.summary()["updated"], &ran.summary()["calls"]), (&json!(2), &json!(2)));
    assert_eq!(ran.stock("BONE")["reason"]["code"], "stock_refused");
    assert_eq!(hub(&shop, |a| (a.available("CAMISETA-P"), a.available("CANECA"))), (100, 100));
    let has_cost = |effect: &AnyEffect| matches!(effect, AnyEffect::Stock { cost: Some(_), .. });
    assert!(!hub(&shop, |a| a.effects.iter().any(has_cost)), "a cost would change prices");
    // It goes out once the hub has it.
    hub(&shop, |a| a.set_stock("BONE", 1, 0));
    let _ = run(&shop, "push-stock").exits(0);
    assert_eq!(hub(&shop, |a| a.available("BONE")), 100);
}

/// In answers that each belong to their product: what was not taken counts as taken nowhere.
/// The hub tells orders apart by the second.
#[test]
fn more_orders_of_one_second_than_a_window_has_are_listed_all_the_same() {
    let shop = Shop::with_hub("feed = \"off\"\nin_flight = 8");
    let at = ago(2);
    for _ in 0..600 {
        place(&shop, paid().created(at));
    }
    let ran = run(&shop, "import-orders").exits(0);
    assert_eq!(ran.summary()["imported"], 600);
    assert!(ran.summary()["calls"].as_i64().unwrap() < 700, "{:?}", ran.summary());
}

#[test]
fn a_batch_that_is_refused_for_one_product_is_divided() {
    for status in [400, 404, 422] {
        let shop = Shop::with_hub(STOCK);
        hub(&shop, |a| {
            a.settings.batch_all_or_nothing = Some(status);
            ["CAMISETA-P", "CANECA"].iter().for_each(|sku| a.set_stock(sku, 1, 0));
        });
        let ran = run(&shop, "push-stock").exits(3);
        assert_eq!(
            (&ran.stock("BONE")["reason"]["code"], &ran.summary()["updated"]),
            (&json!("stock_refused"), &json!(2))
        );
        assert_eq!(hub(&shop, |a| (a.available("CAMISETA-P"), a.available("CANECA"))), (100, 100), "{status}");
        assert_eq!(shop.held(), ["stock_refused"]);
    }
}

/// An error without a name may be about any product of the batch: it is sent in parts, until it is one product's alone.
#[test]
fn a_batch_with_an_error_that_names_no_product_is_divided() {
    let shop = Shop::with_hub(STOCK);
    let strikes = |times| {
        let body = r#"{"success": [], "errors": ["Falha ao atualizar"]}"#.into();
        let unnamed = Kind::Status { code: 200, retry_after: RetryAfter::Absent, body };
        hub(&shop, |a| a.faults.push(Fault::next(times, unnamed).on("PUT", "/stocks/batch")));
    };
    hub(&shop, |a| ["CAMISETA-P", "CANECA", "BONE"].iter().for_each(|sku| a.set_stock(sku, 1, 0)));
    strikes(1);
    let ran = run(&shop, "push-stock").exits(0);
    assert_eq!((&ran.summary()["updated"], &ran.summary()["calls"]), (&json!(3), &json!(3)));
    assert_eq!(["CAMISETA-P", "CANECA", "BONE"].map(|sku| hub(&shop, |a| a.available(sku))), [100; 3]);
    strikes(1);
    shop.stock("codigo;quantidade\nBONE;90\n");
    let refused = run(&shop, "push-stock").exits(3).stock("BONE");
    assert_eq!(refused["reason"], json!({"code": "stock_refused", "message": "Falha ao atualizar"}));
    let _ = run(&shop, "push-stock").exits(0);
    assert_eq!((hub(&shop, |a| a.available("BONE")), shop.held()), (90, Vec::new()));
}

#[test]
fn a_proxys_404_to_a_batch_refuses_no_product() {
    let shop = Shop::with_hub(STOCK);
    hub(&shop, |a| {
        ["CAMISETA-P", "CANECA", "BONE"].iter().for_each(|sku| a.set_stock(sku, 1, 0));
        a.faults.push(Fault::next(1, proxys_404()).on("PUT", "/stocks/batch"));
    });
    let ran = run(&shop, "push-stock").exits(3);
    for sku in ["CAMISETA-P", "CANECA", "BONE"] {
        assert_eq!(ran.stock(sku)["reason"]["code"], "call_failed");
    }
    let _ = run(&shop, "push-stock").exits(0);
    assert_eq!((hub(&shop, |a| a.available("CANECA")), shop.held()), (100, Vec::new()));
}

/// Whether the hub subtracts what its unpaid orders hold is not known: until somebody has made sure, it is not counted on.
#[test]
fn units_of_unpaid_orders_are_added_back_only_where_the_hub_is_known_to_hold_them() {
    for (reserves, can_be_bought) in [(false, 98), (true, 99)] {
        let shop =
            Shop::with_hub(&STOCK.replace(" }", &format!(", channel_reserves = {reserves} }}\nimport = \"all\"")));
        hub(&shop, |a| a.set_stock("CAMISETA-P", 1, 0));
        let _ = place(&shop, paid().pending());
        let _ = run(&shop, "import-orders").exits(0);
        let _ = run(&shop, "push-stock");
        assert_eq!(hub(&shop, |a| a.available("CAMISETA-P")), can_be_bought);
    }
}

/// An order as the hub shows it.
fn shown(shop: &Shop, id: &str) -> serde_json::Value {
    let read = Request::new("GET", &format!("/v2/orders/{id}")).with("gumgatoken", GUMGA_TOKEN);
    hub(shop, |a| a.take(&read)).answer.unwrap().value()
}

/// Whether the hub keeps what a body leaves out is not sure, and where it does not, the order would be lost there.
#[test]
fn a_hub_that_replaces_what_it_gets_is_sent_the_whole() {
    for (put, is_whole) in [("part", false), ("whole", true)] {
        let shop = Shop::with_hub(&format!("put = \"{put}\"\ninvoices = {{ confirm_within = \"0s\" }}"));
        hub(&shop, |a| a.settings.put_keeps_the_rest = false);
        let id = place(&shop, paid().freight(990).metadata("logistic_type", json!("drop_off")));
        let _ = run(&shop, "import-orders").exits(0);
        let before = shown(&shop, &id);
        shop.issue(&id, &Nfe::new(1001, 4_990 + 990));
        let _ = run(&shop, "push-invoices");
        let items = |order: &serde_json::Value| order.get("items").cloned();
        assert_eq!(items(&shown(&shop, &id)) == items(&before), is_whole, "{put}");
        if !is_whole {
            continue;
        }
        shop.ship(&id, &vaivem::erp::ledger::Shipment { delivered_at: Some(ago(2)), ..parcel("BR1") });
        let ran = run(&shop, "push-tracking").exits(0);
        assert_eq!(ran.order(&id)["actions"], json!(["send_tracking", "send_tracking_events"]));
        let mut after = shown(&shop, &id);
        assert!(after["invoice"]["accessKey"].is_string() && after["tracking"]["number"] == "BR1", "{after}");
        // What moves by itself, and what was told.
        for field in ["status", "marketPlaceStatus", "deliveryStatus", "lastUpdate", "invoice", "tracking"] {
            after[field] = before[field].clone();
        }
        assert_eq!(after, before);
    }
}

/// A shop whose hub has the shirt, the mug, the cap and a kit of the first two, which the store's sheet counts as a product, too.
fn with_kit(settings: &str) -> Shop {
    let shop = Shop::with_hub(settings);
    hub(&shop, |a| {
        a.add_kit("KIT", &[("CAMISETA-P", 1), ("CANECA", 2)]);
        ["CAMISETA-P", "CANECA", "BONE", "KIT"].iter().for_each(|sku| a.set_stock(sku, 1, 0));
    });
    shop.stock("codigo;nome;quantidade\nKIT;Kit;7\n");
    shop
}

/// How often the hub took a number for the kit.
fn told_of_kit(shop: &Shop) -> usize {
    let is_it = |effect: &&AnyEffect| matches!(effect, AnyEffect::Stock { sku, .. } if sku == "KIT");
    hub(shop, |a| a.effects.iter().filter(is_it).count())
}

#[test]
fn a_kit_that_an_order_names_is_never_told_its_stock() {
    let shop = with_kit(STOCK);
    // Before any order tells it is a product like any other, and this hub lets anybody overwrite what it works out.
    hub(&shop, |a| a.settings.takes_kit_stock = true);
    assert_eq!(run(&shop, "push-stock").exits(0).stock("KIT")["quantity"], 7);
    let parts = AnyOrderSeed::new()
        .line(AnyLine::new("CAMISETA-P", 4_990, 1).of_kit("KIT", 1))
        .line(AnyLine::new("CANECA", 2_990, 2).of_kit("KIT", 1));
    let _ = place(&shop, parts);
    let _ = run(&shop, "import-orders").exits(0);
    shop.stock("codigo;quantidade\nKIT;5\n");
    let ran = run(&shop, "push-stock").exits(0);
    assert_eq!(
        (&ran.stock("KIT")["outcome"], &ran.stock("KIT")["reason"]["code"]),
        (&json!("skipped"), &json!("sku_is_kit"))
    );
    assert_eq!((told_of_kit(&shop), hub(&shop, |a| a.available("CAMISETA-P"))), (1, 98), "its parts go on");
    // Said once, and when a person asks; everything anew does not mean the kit.
    assert_eq!(shop.run(&["push-stock", "--channel", "hub", "--full"]).exits(0).summary()["skipped"], 0);
    let named = ["push-stock", "--channel", "hub", "--sku", "KIT"];
    let record = shop.run(&named).exits(0).stock("KIT");
    assert_eq!((&record["outcome"], &record["reason"]["code"]), (&json!("skipped"), &json!("sku_is_kit")));
    assert!(record["text"].as_str().unwrap().contains("works out its stock from its parts"), "{record}");
    assert_eq!((told_of_kit(&shop), shop.held()), (1, Vec::new()));
    // Made a product of its own again, and named by the person who did it.
    hub(&shop, |a| a.skus.get_mut("KIT").unwrap().components.clear());
    assert_eq!(shop.run(&named).exits(0).stock("KIT")["quantity"], 5);
    assert_eq!(hub(&shop, |a| a.available("KIT")), 5);
}

#[test]
fn a_kit_that_the_hub_refuses_is_known_by_its_reading() {
    let shop = with_kit(STOCK);
    let ran = run(&shop, "push-stock").exits(0);
    assert_eq!((&ran.stock("KIT")["reason"]["code"], &ran.summary()["updated"]), (&json!("sku_is_kit"), &json!(3)));
    assert_eq!(ran.summary()["calls"], 2);
    shop.stock("codigo;quantidade\nKIT;5\n");
    assert_eq!(run(&shop, "push-stock").exits(0).summary()["calls"], 0, "nobody asks again");
    assert_eq!((told_of_kit(&shop), shop.held()), (0, Vec::new()));
    // What is refused and no kit is asked after once.
    hub(&shop, |a| drop(a.stocks.remove(&("BONE".into(), 1))));
    shop.stock("codigo;quantidade\nBONE;5\n");
    let calls = [3, 3].map(|exit| run(&shop, "push-stock").exits(exit).summary()["calls"].as_i64().unwrap());
    assert_eq!((calls, shop.held()), ([2, 1], vec!["stock_refused".to_owned()]));
}

#[test]
fn an_empty_answer_to_a_batch_is_no_yes() {
    let shop = Shop::with_hub(STOCK);
    hub(&shop, |a| {
        ["CAMISETA-P", "CANECA", "BONE"].iter().for_each(|sku| a.set_stock(sku, 1, 0));
        a.faults.push(Fault::next(1, Kind::Empty200).on("PUT", "/stocks/batch"));
    });
    let _ = run(&shop, "push-stock").exits(3);
    let _ = run(&shop, "push-stock").exits(0);
    assert_eq!(hub(&shop, |a| a.available("CANECA")), 100);
}

#[test]
fn two_channels_sell_one_stock_and_promise_no_unit_twice() {
    let shop = Shop::with_hub(STOCK);
    shop.vtex(|v| v.add_sku("1", "CAMISETA-P"));
    hub(&shop, |a| a.set_stock("CAMISETA-P", 1, 0));
    shop.stock("codigo;quantidade\nCAMISETA-P;1\n");
    let _ = run(&shop, "push-stock");
    assert_eq!(hub(&shop, |a| a.available("CAMISETA-P")), 1);
    let _ = place(&shop, paid());
    let _ = shop.run(&["sync"]);
    // What the hub itself holds for it may be subtracted a second time, never added.
    assert!(hub(&shop, |a| a.available("CAMISETA-P")) <= 0, "the last unit is sold");
}
