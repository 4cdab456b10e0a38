//! push-invoices: every authorised invoice is on the channel once, under the right order, to the cent.

use std::time::Duration;

use serde_json::json;

use crate::back_office::{Nfe, parcel};
use crate::sandbox::{Fault, HookAction, Kind, OrderSeed, Phase, RetryAfter};
use crate::shop::{Ran, Shop, paid};
use crate::side::Side;

/// A shop with one order of one shirt (49.90) in the ledger and taken over.
pub fn imported(settings: &str) -> (Shop, String) {
    placed(settings, paid())
}

/// The same on either kind of channel, on a hub without the taking over.
pub fn imported_on(side: Side, settings: &str) -> (Shop, String) {
    let shop = side.shop(settings);
    let id = side.paid(&shop);
    let _ = side.run(&shop, "import-orders").exits(0);
    (shop, id)
}

/// Each of these on either kind of channel.
fn both<T: Clone>(each: &[T]) -> impl Iterator<Item = (Side, T)> {
    Side::BOTH.into_iter().flat_map(|side| each.iter().map(move |one| (side, one.clone())))
}

pub fn placed(settings: &str, seed: OrderSeed) -> (Shop, String) {
    let shop = Shop::with(settings);
    let id = shop.place(seed);
    let _ = shop.import().exits(0);
    (shop, id)
}

pub fn push(shop: &Shop) -> Ran {
    shop.run(&["push-invoices"])
}

/// How many times the invoice route was called.
pub fn posts(shop: &Shop) -> usize {
    shop.vtex(|v| v.calls_of("POST", "/invoice").len())
}

/// A second run of a pass that has nothing to do calls nobody.
#[track_caller]
pub fn is_at_rest(shop: &Shop) {
    assert_eq!(push(shop).exits(0).summary()["calls"], 0);
}

#[test]
fn a_dry_run_shows_it_and_sends_nothing() {
    for side in Side::BOTH {
        let (shop, id) = imported_on(side, "");
        shop.issue(&id, &Nfe::new(1001, 4_990));
        let dry = [&side.args("push-invoices")[..], &["--dry-run"]].concat();
        let record = shop.run(&dry).exits(0).order(&id);
        assert_eq!((&record["actions"], &record["dry_run"]), (&json!(["send_invoice"]), &json!(true)));
        assert_eq!(side.calls_of(&shop, side.invoice_call()), 0);
        assert_eq!(record["reason"]["invoices"][0], "1001");
        let _ = side.run(&shop, "push-invoices").exits(0);
        assert_eq!(side.told(&shop, &id).invoices, ["1001"], "the dry run left no trace");
    }
}

/// The write arrives, the answer does not: a timeout, a 500, a broken connection.
#[test]
fn an_answer_lost_after_the_write_makes_no_second_invoice() {
    for (side, kind) in both(&[Kind::TimeoutAfterWrite, Kind::Applied500, Kind::Truncated]) {
        let (shop, id) = imported_on(side, "");
        shop.issue(&id, &Nfe::new(1001, 4_990));
        let (method, path) = side.invoice_call();
        side.strike(&shop, vec![Fault::next(1, kind.clone()).on(method, path)]);
        let record = side.run(&shop, "push-invoices").exits(0).order(&id);
        assert_eq!(record["actions"], json!(["send_invoice"]), "{kind:?}: settled by reading");
        assert_eq!(side.told(&shop, &id).invoices, ["1001"], "{side:?} {kind:?}");
        assert_eq!(side.calls_of(&shop, side.invoice_call()), 1, "{side:?} {kind:?}");
        assert_eq!(side.run(&shop, "push-invoices").exits(0).summary()["calls"], 0);
        assert_eq!(shop.held(), [""; 0]);
    }
}

/// The write does not arrive, and nobody knows: it is not sent again while it might still show.
#[test]
fn an_unknown_outcome_is_settled_by_reading_and_by_time() {
    for side in Side::BOTH {
        let (mut shop, id) = imported_on(side, "invoices = { confirm_within = \"0s\" }");
        shop.issue(&id, &Nfe::new(1001, 4_990));
        let (method, path) = side.invoice_call();
        side.strike(&shop, vec![Fault::next(1, Kind::status(500)).on(method, path)]);
        for _ in 0..2 {
            let record = side.run(&shop, "push-invoices").exits(3).order(&id);
            assert_eq!(record["reason"]["code"], "outcome_unknown", "{side:?}");
        }
        let sent = |shop: &Shop| side.calls_of(shop, side.invoice_call());
        assert_eq!((sent(&shop), shop.held()), (1, vec!["outcome_unknown".to_owned()]));
        // Long enough after, it was not sent.
        side.configure(&mut shop, "invoices = { settle_after = \"0s\" }");
        let _ = side.run(&shop, "push-invoices").exits(0);
        assert_eq!((sent(&shop), side.told(&shop, &id).invoices.len()), (2, 1));
        assert_eq!(shop.held(), [""; 0]);
    }
}

/// A line that lets readings through and no invoice, in a shop that gives one no time to show.
#[test]
fn what_never_arrives_is_sent_once_in_each_run() {
    for side in Side::BOTH {
        let (shop, id) = imported_on(side, "invoices = { confirm_within = \"0s\", settle_after = \"0s\" }");
        shop.issue(&id, &Nfe::new(1001, 4_990));
        let (method, path) = side.invoice_call();
        // No more of them than a run that has no end takes to show it.
        side.strike(&shop, vec![Fault::next(20, Kind::DropBeforeWrite).on(method, path)]);
        for runs in 1..3 {
            let record = side.run(&shop, "push-invoices").exits(3).order(&id);
            assert_eq!(record["reason"]["code"], "outcome_unknown", "{side:?}");
            assert_eq!(side.calls_of(&shop, side.invoice_call()), runs, "{side:?}");
        }
        side.calm(&shop);
        let _ = side.run(&shop, "push-invoices").exits(0);
        assert_eq!((side.told(&shop, &id).invoices.len(), shop.held()), (1, Vec::new()), "{side:?}");
    }
}

/// Killed between the journal and the answer, with the invoice taken.
#[test]
fn a_killed_run_makes_no_second_invoice() {
    let (shop, id) = imported("");
    shop.issue(&id, &Nfe::new(1001, 4_990));
    let (sender, receiver) = std::sync::mpsc::channel();
    shop.vtex(|v| {
        v.on_call = Some(Box::new(move |call, phase| {
            if call.method == "POST" && phase == Phase::AfterEffect {
                sender.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(300));
                return HookAction::Drop;
            }
            HookAction::Go
        }));
    });
    let mut child = shop.command(&["push-invoices"]).spawn().unwrap();
    receiver.recv_timeout(Duration::from_secs(30)).expect("the invoice is sent");
    child.kill().unwrap();
    child.wait().unwrap();
    shop.vtex(|v| v.on_call = None);
    let _ = push(&shop).exits(0);
    assert_eq!((shop.invoices(&id).len(), posts(&shop)), (1, 1));
    is_at_rest(&shop);
}

#[test]
fn an_invoice_under_verification_waits_and_is_then_for_a_person() {
    let (mut shop, id) = imported("[channels.loja.invoices]\nconfirm_within = \"0s\"");
    shop.issue(&id, &Nfe::new(1001, 4_990));
    shop.vtex(|v| v.invoice_delay = Duration::from_secs(600));
    let _ = push(&shop).exits(0);
    assert_eq!(push(&shop).exits(0).order(&id)["reason"]["code"], "being_verified");
    shop.set("[channels.loja.invoices]\nsettle_after = \"0s\"");
    assert_eq!(push(&shop).exits(3).order(&id)["reason"]["code"], "not_verified");
    shop.vtex(|v| v.advance(Duration::from_secs(600)));
    let _ = push(&shop).exits(0);
    is_at_rest(&shop);
    assert_eq!((posts(&shop), shop.held()), (1, Vec::new()));
}

#[test]
fn an_order_that_is_ready_is_taken_over_first() {
    let shop = Shop::with("import = \"all\"");
    let id = shop.place(paid().status("window-to-cancel"));
    let _ = shop.import().exits(0);
    shop.issue(&id, &Nfe::new(1001, 4_990));
    assert_eq!(push(&shop).exits(0).order(&id)["reason"]["code"], "not_ready_for_invoice");
    shop.vtex(|v| v.set_status(&id, "ready-for-handling"));
    assert_eq!(push(&shop).exits(0).order(&id)["actions"], json!(["take_over", "send_invoice"]));
    assert_eq!((shop.take_overs(&id), shop.channel_status(&id).as_str()), (1, "invoiced"));
}

#[test]
fn a_cancellation_against_an_invoice_is_for_a_person() {
    for (cancel, code) in [(true, "cancelled_after_invoice"), (false, "cancellation_against_invoice")] {
        let (shop, id) = imported("");
        shop.issue(&id, &Nfe::new(1001, 4_990));
        shop.vtex(|v| if cancel { v.cancel_by_customer(&id) } else { v.request_cancellation(&id) });
        assert_eq!(push(&shop).exits(3).order(&id)["reason"]["code"], code);
        assert_eq!((posts(&shop), shop.held()), (0, vec![code.to_owned()]));
    }
}

/// Cancelled between our reading and our sending.
#[test]
fn a_cancellation_in_the_very_moment_is_seen_in_the_refusal() {
    let (shop, id) = imported("");
    shop.issue(&id, &Nfe::new(1001, 4_990));
    let order = id.clone();
    shop.vtex(|v| {
        v.on_call = Some(Box::new(move |call, phase| {
            let order = order.clone();
            match call.method == "POST" && phase == Phase::BeforeEffect {
                true => HookAction::Meanwhile(Box::new(move |v| v.cancel_by_customer(&order))),
                false => HookAction::Go,
            }
        }));
    });
    assert_eq!(push(&shop).exits(3).order(&id)["reason"]["code"], "cancelled_after_invoice");
    assert_eq!(shop.invoices(&id), []);
}

#[test]
fn a_cancelled_invoice_is_not_sent() {
    let (shop, id) = imported("");
    let nfe = Nfe::new(1001, 4_990);
    shop.issue(&id, &nfe);
    shop.cancel_invoice(&nfe);
    let _ = push(&shop).exits(0);
    assert_eq!(posts(&shop), 0);
    // Another takes its place.
    shop.issue(&id, &Nfe::new(1002, 4_990));
    let _ = push(&shop).exits(0);
    assert_eq!(shop.invoices(&id), [("1002".to_owned(), 4_990)]);
}

#[test]
fn an_invoice_cancelled_after_it_was_sent_is_for_a_person() {
    let (shop, id) = imported("");
    let nfe = Nfe::new(1001, 4_990);
    shop.issue(&id, &nfe);
    let _ = push(&shop).exits(0);
    shop.cancel_invoice(&nfe);
    assert_eq!(push(&shop).exits(3).order(&id)["reason"]["code"], "invoice_cancelled_after_sending");
    shop.issue(&id, &Nfe::new(1002, 4_990));
    let _ = push(&shop).exits(3);
    assert_eq!(posts(&shop), 1);
}

#[test]
fn an_invoice_cancelled_on_all_sides_holds_nobody_up() {
    let (shop, id) = imported("");
    let nfe = Nfe::new(1001, 4_990);
    shop.issue(&id, &nfe);
    let _ = push(&shop).exits(0);
    shop.cancel_invoice(&nfe);
    let _ = push(&shop).exits(3);
    shop.vtex(|v| v.set_status(&id, "canceled"));
    shop.cancel_in_office(&id, "desistiu");
    let _ = push(&shop).exits(0);
    assert_eq!(shop.held(), [""; 0]);
    // The other way round, as its hint says: the ERP first, and then the panel.
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let nfe = Nfe::new(1002, 4_990);
    shop.issue(&id, &nfe);
    let _ = push(&shop).exits(0);
    shop.cancel_invoice(&nfe);
    shop.cancel_in_office(&id, "desistiu");
    let _ = push(&shop).exits(3);
    shop.vtex(|v| v.set_status(&id, "canceled"));
    let _ = shop.run(&["import-orders"]);
    let _ = shop.sync();
    let _ = push(&shop).exits(0);
    assert_eq!(shop.held(), [""; 0]);
}

#[test]
fn somebody_elses_invoice_is_never_sent() {
    let (shop, id) = imported("");
    let nfe = Nfe::new(1001, 4_990).to("11144477735");
    shop.issue(&id, &nfe);
    let record = push(&shop).exits(3).order(&id);
    assert_eq!(
        (&record["reason"]["code"], &record["reason"]["problems"][0]["code"]),
        (&json!("invoice_unfit"), &json!("nfe_recipient"))
    );
    assert!(!record.to_string().contains("11144477735"));
    assert_eq!(posts(&shop), 0);
    shop.cancel_invoice(&nfe);
    shop.issue(&id, &Nfe::new(1002, 4_990));
    let _ = push(&shop).exits(0);
    assert_eq!((shop.invoices(&id).len(), shop.held()), (1, Vec::new()));
}

#[test]
fn issuers_are_checked_where_they_are_configured_and_warned_of_where_not() {
    let (mut shop, id) = imported("[channels.loja.invoices]\nissuers = [\"11.222.333/0001-81\"]");
    shop.issue(&id, &Nfe::new(1001, 4_990));
    assert_eq!(push(&shop).exits(3).order(&id)["reason"]["problems"][0]["code"], "nfe_issuer");
    let warned = |ran: &Ran| ran.records().iter().any(|record| record["code"] == "any_issuer");
    shop.set("[channels.loja.invoices]\nissuers = []");
    let ran = shop.run(&["push-invoices", "--dry-run"]).exits(0);
    assert!(warned(&ran));
    shop.set("[channels.loja.invoices]\nissuers = [\"12345678000195\"]");
    let ran = push(&shop).exits(0);
    assert!(!warned(&ran) && shop.invoices(&id).len() == 1);
}

#[test]
fn a_sku_on_several_lines_is_sent_once() {
    let (shop, id) = placed("", OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 1).sku("1", "CAMISETA-P", 4_500, 2));
    shop.issue(&id, &Nfe::new(1001, 13_990));
    let _ = push(&shop).exits(0);
    assert_eq!(shop.packages(&id)[0].items, [("1".to_owned(), 4_663, 3)]);
    assert_eq!(shop.channel_status(&id), "invoiced");
}

#[test]
fn number_and_series_tell_invoices_apart() {
    let (shop, id) = imported("[channels.loja.invoices]\nnumber_format = \"number_series\"");
    shop.issue(&id, &Nfe::new(1001, 4_990));
    let _ = push(&shop).exits(0);
    assert_eq!(shop.invoices(&id)[0].0, "1001S1");
}

#[test]
fn an_invoice_that_somebody_entered_there_is_respected() {
    let (shop, id) = imported("");
    shop.issue(&id, &Nfe::new(1001, 4_990));
    shop.vtex(|v| v.set_status(&id, "invoiced"));
    assert_eq!(push(&shop).exits(3).order(&id)["reason"]["code"], "invoiced_without_ours");
    assert_eq!(posts(&shop), 0);
}

/// A proxy's page is not VTEX's word: nothing was refused, and the next run sends it.
#[test]
fn a_proxys_404_is_no_refusal() {
    let (shop, id) = imported("");
    shop.issue(&id, &Nfe::new(1001, 4_990));
    let page = Kind::Status { code: 404, retry_after: RetryAfter::Absent, body: "404 page not found".into() };
    shop.vtex(|v| v.faults.push(Fault::next(1, page).on("POST", "/invoice")));
    assert_eq!(push(&shop).exits(3).order(&id)["reason"]["code"], "call_failed");
    let _ = push(&shop).exits(0);
    assert_eq!((shop.invoices(&id).len(), shop.held()), (1, Vec::new()));
}

#[test]
fn an_order_cancelled_while_its_invoice_waits_is_for_a_person() {
    let (shop, id) = imported("[channels.loja.invoices]\nrequire = [\"number\", \"tracking\"]");
    shop.issue(&id, &Nfe::new(1001, 4_990));
    assert_eq!(push(&shop).exits(0).order(&id)["reason"]["fields"], json!(["tracking"]));
    shop.vtex(|v| v.cancel_by_customer(&id));
    assert_eq!(push(&shop).exits(3).order(&id)["reason"]["code"], "cancelled_after_invoice");
    shop.ship(&id, &parcel("BR1"));
    let _ = push(&shop).exits(3);
    assert_eq!((posts(&shop), shop.held()), (0, vec!["cancelled_after_invoice".to_owned()]));
}

/// A success without a receipt is none: what did not arrive is sent once it stayed away for long enough.
#[test]
fn an_empty_200_is_settled_by_reading() {
    let (mut shop, id) = imported("[channels.loja.invoices]\nconfirm_within = \"0s\"");
    shop.issue(&id, &Nfe::new(1001, 4_990));
    shop.vtex(|v| v.faults.push(Fault::next(1, Kind::Empty200).on("POST", "/invoice")));
    assert_eq!(push(&shop).exits(3).order(&id)["reason"]["code"], "outcome_unknown");
    shop.set("[channels.loja.invoices]\nsettle_after = \"0s\"");
    let _ = push(&shop).exits(0);
    assert_eq!((shop.invoices(&id).len(), shop.held()), (1, Vec::new()));
}
