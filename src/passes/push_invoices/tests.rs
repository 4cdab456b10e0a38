use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::channel::vtex::convert;
use crate::erp::ErpOrder;
use crate::erp::outgoing::{InvoiceLine, Parcel};
use crate::model::order::sample;
use crate::model::{ErpOrderId, Marketplace};
use crate::passes::pushing::NOT_YET;

const NOW: &str = "2026-11-24T12:00:00Z";

fn now() -> Instant {
    NOW.parse().unwrap()
}

/// A key of the sample store: series 1, issued in October 2026.
fn key(number: u32) -> String {
    let head = format!("35261012345678000195550{:02}{number:09}148213977", 1);
    let sum: u32 = head.bytes().rev().zip((2..10).cycle()).map(|(b, weight)| u32::from(b - b'0') * weight).sum();
    let digit = match 11 - sum % 11 {
        10 | 11 => 0,
        digit => digit,
    };
    format!("{head}{digit}")
}

fn invoice(number: u32, value: i64, lines: &[(&str, i64)]) -> Invoice {
    Invoice {
        key: key(number),
        number,
        series: "1".into(),
        issued_at: "2026-10-20T12:00:00Z".parse().unwrap(),
        value: Cents::new(value),
        url: None,
        lines: lines.iter().map(|(sku, quantity)| InvoiceLine { sku: Sku::new(*sku), quantity: *quantity }).collect(),
        cancelled_at: None,
    }
}

/// The sample order (two shirts, 110.00) in a status, with these invoices in the ERP and these packages on the channel.
fn facts(raw: &str, invoices: Vec<Invoice>, packages: Vec<Package>) -> Facts {
    let mut order = sample::order();
    (order.status, order.readiness) = convert::status(Some(raw));
    order.raw_status = raw.into();
    order.invoicing = match raw {
        "handling" => Invoicing::Open,
        "invoice" if invoiced(&Order { packages: packages.clone(), ..order.clone() }) < order.total => Invoicing::Open,
        "invoiced" => Invoicing::Done,
        _ => Invoicing::NotYet,
    };
    order.packages = packages;
    let erp = ErpOrder {
        id: ErpOrderId::new("7"),
        number: "7".into(),
        channel: None,
        store_number: order.id.clone(),
        status: Status::Invoiced,
        total: order.total,
        units: Some(1),
        invoiced: true,
        cancelled_at: None,
        cancel_reason: None,
    };
    let outgoing = Outgoing { order: erp, invoices, parcels: Vec::new(), events: Vec::new(), parcels_unread: None };
    Facts { order, outgoing, files: BTreeMap::new(), sent: BTreeMap::new(), xml: BTreeMap::new(), taken_over: None }
}

fn whole(value: i64) -> Invoice {
    invoice(1, value, &[("CAMISETA-P", 2)])
}

fn halves(first: i64, second: i64) -> Vec<Invoice> {
    vec![invoice(1, first, &[("CAMISETA-P", 1)]), invoice(2, second, &[("CAMISETA-P", 1)])]
}

fn package(number: u32, value: i64) -> Package {
    sample::package(&number.to_string(), &key(number), value)
}

fn tolerant(cents: i64) -> Policy {
    Policy { value_tolerance: Cents::new(cents), ..Policy::default() }
}

/// What is sent (number and cents), and the code of how it ends.
fn decided(facts: &Facts, policy: &Policy) -> (Vec<(String, i64)>, String) {
    let decision = plan(facts, policy, now());
    let sends = decision.actions.iter().filter_map(|action| match action {
        Action::Send { invoice, .. } => Some((invoice.number.clone(), invoice.value.get())),
        Action::TakeOver | Action::SendXml { .. } => None,
    });
    let end = match &decision.end {
        End::Done(reason) => format!("done {}", reason.code()),
        End::Wait(reason) => format!("wait {}", reason.code()),
        End::Hold(reason) => format!("hold {}", reason.code()),
        End::Park(reason) => format!("park {}", reason.code()),
    };
    (sends.collect(), end)
}

fn sends(pairs: &[(&str, i64)]) -> Vec<(String, i64)> {
    pairs.iter().map(|(number, value)| ((*number).to_owned(), *value)).collect()
}

#[test]
fn values_add_up_to_the_order_or_nothing_is_sent() {
    /// Invoices, tolerance, what is sent, and what is decided.
    type Case<'a> = (Vec<Invoice>, i64, &'a [(&'a str, i64)], &'a str);
    let table: [Case<'_>; 15] = [
        // A single full invoice: the order's value, within the tolerance.
        (vec![whole(11_000)], 0, &[("1", 11_000)], "done invoiced_on_channel"),
        (vec![whole(10_997)], 3, &[("1", 11_000)], "done invoiced_on_channel"),
        (vec![whole(11_003)], 3, &[("1", 11_000)], "done invoiced_on_channel"),
        (vec![whole(10_996)], 3, &[], "hold invoice_value"),
        (vec![whole(11_004)], 3, &[], "hold invoice_value"),
        (vec![whole(0)], 11_000, &[], "wait missing_field"),
        // Several: their own values, the last the remainder.
        (halves(5_000, 6_000), 0, &[("1", 5_000), ("2", 6_000)], "done invoiced_on_channel"),
        (halves(5_000, 5_999), 1, &[("1", 5_000), ("2", 6_000)], "done invoiced_on_channel"),
        (halves(5_000, 6_002), 2, &[("1", 5_000), ("2", 6_000)], "done invoiced_on_channel"),
        (halves(5_000, 6_003), 2, &[], "hold invoice_value"),
        (halves(5_000, 5_997), 2, &[], "hold invoice_value"),
        (halves(11_000, 100), 0, &[], "hold invoice_value"),
        (halves(11_000, 11_000), 0, &[], "hold invoice_value"),
        // A part, and the rest is to come.
        (vec![invoice(1, 4_000, &[("CAMISETA-P", 1)])], 0, &[("1", 4_000)], "done partly_invoiced"),
        (vec![invoice(1, 11_000, &[("CAMISETA-P", 1)])], 0, &[], "hold invoice_value"),
    ];
    for (invoices, tolerance, expected, end) in table {
        let values: Vec<i64> = invoices.iter().map(|invoice| invoice.value.get()).collect();
        let (sent, ends) = decided(&facts("handling", invoices, Vec::new()), &tolerant(tolerance));
        assert_eq!((sent, ends.as_str()), (sends(expected), end), "{values:?} within {tolerance}");
    }
}

#[test]
fn what_the_channel_has_is_counted_and_not_sent_again() {
    let second = facts("invoice", halves(5_000, 5_990), vec![package(1, 5_000)]);
    assert_eq!(decided(&second, &tolerant(10)).0, sends(&[("2", 6_000)]));
    let both = facts("invoiced", halves(5_000, 6_000), vec![package(1, 5_000), package(2, 6_000)]);
    assert_eq!(decided(&both, &Policy::default()), (Vec::new(), "done invoiced_on_channel".into()));
    // Sent by somebody else without its key, it is known by its number.
    let mut keyless = package(1, 11_000);
    keyless.key = None;
    let by_number = facts("invoiced", vec![whole(11_000)], vec![keyless]);
    assert_eq!(decided(&by_number, &Policy::default()).1, "done invoiced_on_channel");
    // Under another name, it is known by its key.
    let renamed = sample::package("000000001", &key(1), 11_000);
    let by_key = facts("invoiced", vec![whole(11_000)], vec![renamed]);
    assert_eq!(decided(&by_key, &Policy::default()).1, "done invoiced_on_channel");
}

#[test]
fn the_channels_status_decides_whether_it_is_sent() {
    let table = [
        ("ready-for-handling", 1, "done invoiced_on_channel"),
        ("handling", 1, "done invoiced_on_channel"),
        ("start-handling", 0, "wait hand_over_pending"),
        ("payment-pending", 0, "wait not_ready_for_invoice"),
        ("window-to-cancel", 0, "wait not_ready_for_invoice"),
        ("invoiced", 0, "hold invoiced_without_ours"),
        ("request-cancel", 0, "hold cancellation_against_invoice"),
        ("cancellation-requested", 0, "hold cancellation_against_invoice"),
        ("cancel", 0, "hold cancelled_after_invoice"),
        ("canceled", 0, "hold cancelled_after_invoice"),
        ("replaced", 0, "hold cancelled_after_invoice"),
        ("quarantined", 0, "hold status_unknown"),
    ];
    for (raw, sent, end) in table {
        let decided = decided(&facts(raw, vec![whole(11_000)], Vec::new()), &Policy::default());
        assert_eq!((decided.0.len(), decided.1.as_str()), (sent, end), "{raw}");
    }
    let ready = plan(&facts("ready-for-handling", vec![whole(11_000)], Vec::new()), &Policy::default(), now());
    let names: Vec<&str> = ready.actions.iter().map(Action::name).collect();
    assert_eq!(names, [TAKE_OVER, SEND_INVOICE]);
}

#[test]
fn the_missing_field_is_named() {
    let missing = |facts: &Facts, policy: &Policy| match plan(facts, policy, now()).end {
        End::Wait(Reason::MissingField { of, fields }) => {
            assert_eq!(of, "invoice 1");
            fields
        }
        other => panic!("{other:?}"),
    };
    let with = |fields: &[Field]| Policy { require: fields.iter().copied().collect(), ..Policy::default() };
    let own = facts("handling", vec![whole(11_000)], Vec::new());
    assert_eq!(missing(&own, &with(&[Field::Xml, Field::Link])), ["xml", "link"]);
    assert_eq!(
        missing(&own, &with(&[Field::Tracking, Field::TrackingUrl, Field::Carrier])),
        ["tracking", "tracking_url", "carrier"]
    );
    let mut sold_elsewhere = own.clone();
    sold_elsewhere.order.marketplace = Some(Marketplace {
        name: "FRN".into(),
        account: None,
        order_id: None,
        internal_id: None,
        intermediary_tax_id: None,
    });
    assert_eq!(missing(&sold_elsewhere, &Policy::default()), ["xml"]);
    // What is configured takes the place of the whole table.
    let decision =
        plan(&sold_elsewhere, &Policy { require_of_marketplace: BTreeSet::new(), ..Policy::default() }, now());
    assert_eq!(decision.actions.len(), 1);
}

#[test]
fn tracking_goes_with_the_invoice_only_where_it_is_required() {
    let mut facts = facts("handling", vec![whole(11_000)], Vec::new());
    facts.outgoing.parcels = vec![Parcel { tracking_code: Some("BR1".into()), ..Parcel::default() }];
    let tracking = |policy: &Policy| match &plan(&facts, policy, now()).actions[0] {
        Action::Send { invoice, .. } => invoice.tracking.as_ref().map(|tracking| tracking.code.clone()),
        other => panic!("{other:?} is not needed"),
    };
    assert_eq!(tracking(&Policy::default()), None);
    let require = BTreeSet::from([Field::Tracking]);
    assert_eq!(tracking(&Policy { require, ..Policy::default() }), Some("BR1".into()));
}

#[test]
fn one_that_waits_does_not_keep_back_another() {
    let mut invoices = halves(5_000, 6_000);
    invoices[1].url = Some("https://nfe/2".into());
    let policy = Policy { require: BTreeSet::from([Field::Link]), ..Policy::default() };
    let decided = decided(&facts("handling", invoices, Vec::new()), &policy);
    // The second goes with its own value: the first will complete the order.
    assert_eq!(decided, (sends(&[("2", 6_000)]), "wait missing_field".into()));
}

#[test]
fn a_cancelled_invoice_is_not_sent_and_one_that_was_is_held() {
    let cancelled = Invoice { cancelled_at: Some(now()), ..whole(11_000) };
    let never = facts("handling", vec![cancelled.clone()], Vec::new());
    assert_eq!(decided(&never, &Policy::default()), (Vec::new(), "done nothing_to_send".into()));
    let replaced = facts("handling", vec![cancelled.clone(), invoice(2, 11_000, &[("CAMISETA-P", 2)])], Vec::new());
    assert_eq!(decided(&replaced, &Policy::default()).0, sends(&[("2", 11_000)]));
    let after = facts("invoiced", vec![cancelled, invoice(2, 11_000, &[])], vec![package(1, 11_000)]);
    assert_eq!(decided(&after, &Policy::default()), (Vec::new(), "park invoice_cancelled_after_sending".into()));
}

/// There is an end to it: nothing to do about an order that is cancelled everywhere, nor about an invoice that another replaced.
#[test]
fn a_cancelled_invoice_ends_with_its_order_or_where_another_took_its_place() {
    let cancelled = || Invoice { cancelled_at: Some(now()), ..whole(11_000) };
    for packages in [vec![package(1, 11_000)], vec![]] {
        let mut over = facts("canceled", vec![cancelled()], packages);
        over.sent.insert(key(1), record(State::Done, TimeDelta::hours(1)));
        assert_ne!(decided(&over, &Policy::default()).1, "done cancelled_on_channel", "the ERP has it yet");
        over.outgoing.order.status = Status::Cancelled;
        assert_eq!(decided(&over, &Policy::default()), (Vec::new(), "done cancelled_on_channel".into()));
    }
    let reissued = |raw: &str, packages| {
        let second = invoice(2, 11_000, &[("CAMISETA-P", 2)]);
        let mut facts = facts(raw, vec![cancelled(), second], packages);
        facts.sent.insert(key(1), record(State::Done, TimeDelta::hours(1)));
        decided(&facts, &Policy::default())
    };
    assert_eq!(reissued("invoiced", vec![package(2, 11_000)]), (Vec::new(), "done invoiced_on_channel".into()));
    assert_eq!(reissued("handling", vec![]), (Vec::new(), "hold not_verified".into()), "the first may still show");
}

/// Of the invoices that the channel has already nothing more is told.
#[test]
fn what_the_erp_cancelled_gets_no_invoice() {
    for (raw, packages, end) in [
        ("handling", vec![], "hold cancelled_in_erp_only"),
        ("ready-for-handling", vec![], "hold cancelled_in_erp_only"),
        ("canceled", vec![], "hold cancelled_after_invoice"),
        ("invoiced", vec![package(1, 11_000)], "done invoiced_on_channel"),
    ] {
        let mut facts = facts(raw, vec![whole(11_000)], packages);
        facts.outgoing.order.status = Status::Cancelled;
        assert_eq!(decided(&facts, &Policy::default()), (Vec::new(), end.into()), "{raw}");
    }
}

#[test]
fn numbers_are_letters_and_digits_and_tell_invoices_apart() {
    let mut invoice = whole(11_000);
    invoice.series = "1 / A".into();
    assert_eq!(number(&invoice, NumberFormat::NumberSeries), "1S1A");
    let mut twins = halves(5_000, 6_000);
    twins[1].number = 1;
    assert_eq!(decided(&facts("handling", twins, Vec::new()), &Policy::default()).1, "hold invoice_number_taken");
    // Another invoice has our number on the channel.
    let other = sample::package("1", &key(99), 1_000);
    let taken = facts("invoice", vec![whole(11_000)], vec![other]);
    assert_eq!(decided(&taken, &Policy::default()).1, "hold invoice_number_taken");
    let foreign = facts("invoice", vec![whole(11_000)], vec![package(99, 1_000)]);
    assert_eq!(decided(&foreign, &Policy::default()).1, "hold invoice_not_ours");
}

#[test]
fn goods_the_order_does_not_have_are_held() {
    for lines in [&[("CANECA", 1)][..], &[("CAMISETA-P", 3)]] {
        let decided = decided(&facts("handling", vec![invoice(1, 11_000, lines)], Vec::new()), &Policy::default());
        assert_eq!(decided, (Vec::new(), "hold invoice_units".into()));
    }
}

/// A package that somebody entered without its key is one invoice, not every one of that number.
#[test]
fn one_package_is_not_two_invoices() {
    let mut twins = halves(5_000, 6_000);
    (twins[1].number, twins[1].series) = (1, "2".into());
    let mut keyless = package(1, 5_000);
    keyless.key = None;
    let facts = facts("invoice", twins, vec![keyless]);
    assert_eq!(decided(&facts, &Policy::default()), (Vec::new(), "hold invoice_number_taken".into()));
}

/// VTEX says `invoice` once it has one, and may not show it for seconds; without a journal that alone tells of it.
#[test]
fn what_the_channel_verifies_without_showing_it_is_not_sent() {
    let order = facts("handling", Vec::new(), Vec::new()).order;
    let body = serde_json::json!({
        "orderId": order.id.as_str(), "status": "invoice", "value": order.total.get(), "creationDate": "2026-11-24T12:00:00Z",
        "items": [{"id": "1", "quantity": 2, "price": 5_500}], "packageAttachment": {"packages": []},
    });
    let read = convert::order(&order.channel, body.to_string().as_bytes()).unwrap();
    let mut facts = facts("invoice", vec![whole(11_000)], Vec::new());
    facts.order.invoicing = read.invoicing;
    assert_eq!(decided(&facts, &Policy::default()), (Vec::new(), "wait being_verified".into()));
}

/// Where tracking goes with the invoice, it is its own parcel's, and as clean as when it goes alone.
#[test]
fn the_tracking_that_goes_with_an_invoice_is_its_own() {
    let policy = Policy { require: BTreeSet::from([Field::Tracking]), ..Policy::default() };
    let parcel = |key: Option<&str>, code: Option<&str>| Parcel {
        invoice_key: key.map(str::to_owned),
        tracking_code: code.map(str::to_owned),
        tracking_url: Some(" https://rastro/1 ".into()),
        ..Parcel::default()
    };
    let with = |parcels: Vec<Parcel>| {
        let mut facts = facts("handling", halves(5_000, 6_000), Vec::new());
        facts.outgoing.parcels = parcels;
        let decision = plan(&facts, &policy, now());
        let sends = decision.actions.into_iter().filter_map(|action| match action {
            Action::Send { invoice, .. } => {
                let InvoiceToSend { number, tracking, .. } = *invoice;
                tracking.map(|tracking| (number, tracking.code, tracking.url))
            }
            Action::TakeOver | Action::SendXml { .. } => None,
        });
        sends.collect::<Vec<_>>()
    };
    let (one, two) = (key(1), key(2));
    let told = |number: &str, code: &str| (number.to_owned(), code.to_owned(), Some("https://rastro/1".to_owned()));
    let own = vec![
        parcel(None, Some("BR0")),
        parcel(Some(&two), None),
        parcel(Some(&two), Some("BR 2\n")),
        parcel(Some(&one), Some("BR1")),
    ];
    assert_eq!(with(own), [told("1", "BR1"), told("2", "BR2")]);
    // One parcel carries both; two that name none cannot be told apart.
    assert_eq!(with(vec![parcel(None, Some("BR0"))]), [told("1", "BR0"), told("2", "BR0")]);
    assert_eq!(with(vec![parcel(None, Some("BR0")), parcel(None, Some("BR9"))]), []);
    assert_eq!(with(vec![parcel(None, Some(" \n"))]), []);
}

fn record(state: State, ago: TimeDelta) -> Record {
    Record { state, intended_at: now() - ago, answer: None }
}

/// The heart of it: what was sent and does not show is not sent again while it may still be on its way, and what was accepted never.
#[test]
fn an_invoice_on_its_way_is_not_sent_again() {
    let (lately, long_ago) = (TimeDelta::minutes(9), TimeDelta::minutes(10));
    let table = [
        (State::Intended, lately, 0, "hold outcome_unknown"),
        (State::Unknown, lately, 0, "hold outcome_unknown"),
        (State::Done, lately, 0, "wait being_verified"),
        (State::Done, long_ago, 0, "hold not_verified"),
        (State::Done, TimeDelta::days(90), 0, "hold not_verified"),
        (State::Intended, long_ago, 1, "done invoiced_on_channel"),
        (State::Unknown, long_ago, 1, "done invoiced_on_channel"),
        (State::Failed, TimeDelta::zero(), 1, "done invoiced_on_channel"),
        // The clock was set back.
        (State::Unknown, TimeDelta::days(-1), 0, "hold outcome_unknown"),
    ];
    for (state, ago, sent, end) in table {
        let mut facts = facts("handling", vec![whole(11_000)], Vec::new());
        facts.sent.insert(key(1), record(state, ago));
        let decided = decided(&facts, &Policy::default());
        assert_eq!((decided.0.len(), decided.1.as_str()), (sent, end), "{state:?} {ago}");
    }
    // While one is on its way nothing else is sent either, and the channel may be verifying what it does not show.
    let mut second = facts("handling", halves(5_000, 6_000), Vec::new());
    second.sent.insert(key(1), record(State::Unknown, lately));
    assert_eq!(decided(&second, &Policy::default()).0, []);
    let mut verifying = facts("invoice", vec![whole(11_000)], Vec::new());
    verifying.sent.insert(key(1), record(State::Unknown, long_ago));
    assert_eq!(decided(&verifying, &Policy::default()), (Vec::new(), "hold not_verified".into()));
}

#[test]
fn verification_that_takes_too_long_is_for_a_person() {
    for (ago, end) in [(TimeDelta::minutes(9), "wait being_verified"), (TimeDelta::minutes(10), "hold not_verified")] {
        let mut facts = facts("invoice", vec![whole(11_000)], vec![package(1, 11_000)]);
        facts.sent.insert(key(1), record(State::Done, ago));
        assert_eq!(decided(&facts, &Policy::default()), (Vec::new(), end.into()));
    }
    let short = facts("invoice", vec![whole(11_000)], vec![package(1, 10_990)]);
    assert_eq!(decided(&short, &Policy::default()).1, "hold invoice_value");
}

proptest! {
    /// Whatever the invoices are worth and cover, and whatever is there or on its way: no key is sent twice, no SKU repeated, no
    /// unit too many, and what is invoiced never exceeds the order; when all of it is covered, it is exactly the order.
    #[test]
    fn never_twice_and_always_to_the_cent(
        parts in proptest::collection::vec((1i64..4, 0i64..9_000, 0u8..4), 1..4),
        tolerance in 0i64..5,
        off in -6i64..7,
        steps in 1usize..6,
    ) {
        let units: i64 = parts.iter().map(|(units, ..)| units).sum();
        let invoices: Vec<Invoice> = parts.iter().zip(1u32..)
            .map(|((units, value, _), n)| invoice(n, *value, &[("CAMISETA-P", *units)])).collect();
        let total: i64 = parts.iter().map(|(_, value, _)| value).sum::<i64>() + off;
        let mut facts = facts("handling", invoices, Vec::new());
        facts.order.lines = vec![sample::line("1", "CAMISETA-P", 1, 700), sample::line("1", "CAMISETA-P", units, 650)];
        facts.order.lines[1].quantity = units - 1;
        facts.order.total = Cents::new(total);
        for ((.., state), n) in parts.iter().zip(1u32..) {
            if let Some(state) = [None, Some(State::Unknown), Some(State::Intended), Some(State::Done)][usize::from(*state)] {
                facts.sent.insert(key(n), record(state, TimeDelta::minutes(i64::from(n) * 9)));
            }
        }
        let policy = tolerant(tolerance);
        let mut ever = BTreeSet::new();
        for _ in 0..steps {
            let decision = plan(&facts, &policy, now());
            prop_assert_eq!(&decision, &plan(&facts.clone(), &policy, now()));
            let Some(Action::Send { invoice, .. }) = decision.actions.first() else { break };
            let state = facts.sent.get(&invoice.key).map(|sent| sent.state);
            prop_assert!(state != Some(State::Done), "what was accepted is sent again");
            prop_assert!(ever.insert(invoice.key.clone()), "the same invoice is sent twice");
            prop_assert_eq!(invoice.items.len(), 1);
            prop_assert!(invoice.value > Cents::ZERO && invoice.number.chars().all(|c| c.is_ascii_alphanumeric()));
            facts.order.packages.push(sample::package(&invoice.number, &invoice.key, invoice.value.get()));
            facts.sent.insert(invoice.key.clone(), record(State::Done, TimeDelta::zero()));
            let sum = invoiced(&facts.order).get();
            prop_assert!(sum <= total);
            if facts.order.packages.len() == parts.len() {
                prop_assert_eq!(sum, total);
            }
        }
    }
}

/// An XML that goes apart, once its invoice is there. Without a file, what would be sent lacks the XML.
#[test]
fn an_xml_that_is_due_is_sent_again_after_hours_and_is_for_a_person_after_days() {
    let policy = Policy { xml_apart: true, ..Policy::default() };
    let noted = |state, answer: Option<&str>, hours| Record {
        answer: answer.map(str::to_owned),
        ..record(state, TimeDelta::hours(hours))
    };
    let not_yet = |hours| Some(noted(State::Failed, Some(NOT_YET), hours));
    let invoiced_on_channel = "done invoiced_on_channel";
    let table = [
        (None, 1, invoiced_on_channel),
        (Some(noted(State::Done, None, 1)), 1, invoiced_on_channel),
        (not_yet(3), 71, "wait xml_due"),
        (not_yet(3), 73, "hold xml_due"),
        (not_yet(4), 5, "wait missing_field"),
        (not_yet(4), 99, "wait missing_field"),
        (Some(noted(State::Unknown, None, 0)), 1, "wait missing_field"),
        (Some(noted(State::Intended, None, 0)), 1, "wait missing_field"),
        // Refused for good, and the order is looked at again: by news of the ERP, or because a person named it.
        (Some(noted(State::Failed, Some("refused"), 0)), 1, "wait missing_field"),
    ];
    for (xml, invoiced_ago, end) in table {
        let mut facts = facts("invoiced", vec![whole(11_000)], vec![package(1, 11_000)]);
        // What the marketplace says without the XML is not what holds it.
        facts.order.transmission = match end == invoiced_on_channel {
            true => crate::model::Transmission::Done,
            false => crate::model::Transmission::Failed { message: "XML?".into() },
        };
        facts.sent.insert(key(1), record(State::Done, TimeDelta::hours(invoiced_ago)));
        facts.xml.extend(xml.clone().map(|xml| (key(1), xml)));
        assert_eq!(decided(&facts, &policy), (Vec::new(), end.into()), "{xml:?}");
        facts.order.status = Status::Cancelled;
        assert_eq!(decided(&facts, &policy).1, "hold cancelled_after_invoice");
    }
}

/// VTEX's transient status is known to get stuck.
#[test]
fn a_hand_over_that_takes_too_long_is_for_a_person() {
    for (state, minutes, end) in [
        (State::Done, 9, "wait hand_over_pending"),
        (State::Done, 10, "hold take_over_not_shown"),
        (State::Unknown, 10, "hold take_over_not_shown"),
        // Refused then; somebody else took it over since.
        (State::Failed, 10, "wait hand_over_pending"),
    ] {
        let mut facts = facts("start-handling", vec![whole(11_000)], Vec::new());
        facts.taken_over = Some(record(state, TimeDelta::minutes(minutes)));
        assert_eq!(decided(&facts, &Policy::default()), (Vec::new(), end.into()));
    }
}
