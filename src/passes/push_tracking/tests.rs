use chrono::TimeDelta;

use super::*;
use crate::channel::vtex::convert;
use crate::erp::ErpOrder;
use crate::erp::outgoing::{DeliveryEvent, DeliveryOutcome};
use crate::model::order::sample;
use crate::model::{CarrierName, Cents, ErpOrderId, PackageEvent, Transmission};

const ISSUED: &str = "2026-11-20T12:00:00Z";
const LISTED: &str = "2026-11-20T15:00:00Z";
const SHIPPED: &str = "2026-11-21T13:00:00Z";
const DELIVERED: &str = "2026-11-24T01:30:00Z";
const NOW: &str = "2026-11-24T12:00:00Z";

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn policy() -> Policy {
    Policy {
        collection_order: CollectionOrder::Event,
        dispatch_on_collection_order: false,
        invoice_number_as_code: false,
        number_format: NumberFormat::Number,
        settle_after: Duration::from_secs(600),
        carrier: false,
        steps: true,
        forward_only: false,
    }
}

fn invoice(number: u32) -> Invoice {
    Invoice {
        key: format!("KEY{number}"),
        number,
        series: "1".into(),
        issued_at: at(ISSUED),
        value: Cents::new(11_000),
        url: None,
        lines: Vec::new(),
        cancelled_at: None,
    }
}

fn package(number: u32) -> Package {
    sample::package(&number.to_string(), &format!("KEY{number}"), 11_000)
}

/// A parcel with everything but its delivery.
fn parcel() -> Parcel {
    Parcel {
        invoice_key: Some("KEY1".into()),
        carrier: Some(CarrierName::new("Correios")),
        tracking_code: Some("BR1".into()),
        tracking_url: Some("https://rastro/BR1".into()),
        collection_order: Some("12".into()),
        collection_order_at: Some(at(LISTED)),
        shipped_at: Some(at(SHIPPED)),
        delivered_at: None,
    }
}

fn delivered() -> Parcel {
    Parcel { delivered_at: Some(at(DELIVERED)), ..parcel() }
}

fn facts(parcels: Vec<Parcel>, packages: Vec<Package>) -> Facts {
    let mut order = sample::order();
    (order.status, order.readiness) = convert::status(Some("invoiced"));
    order.raw_status = "invoiced".into();
    order.packages = packages;
    let erp = ErpOrder {
        id: ErpOrderId::new("7"),
        number: "7".into(),
        channel: None,
        store_number: order.id.clone(),
        status: Status::Shipped,
        total: order.total,
        units: Some(1),
        invoiced: true,
        cancelled_at: None,
        cancel_reason: None,
    };
    let outgoing =
        Outgoing { order: erp, invoices: vec![invoice(1)], parcels, events: Vec::new(), parcels_unread: None };
    Facts { order, outgoing, sent: BTreeMap::new(), xml_due: None }
}

fn event(code: &str, what: DeliveryOutcome, when: &str) -> DeliveryEvent {
    DeliveryEvent {
        code: code.into(),
        what,
        at: at(when),
        source: "ocoren".into(),
        access_key: None,
        tracking_code: None,
    }
}

/// What is sent, in words, and the code of how it ends.
fn decided(facts: &Facts, policy: &Policy) -> (Vec<String>, String) {
    let decision = plan(facts, policy, at(NOW));
    let said = decision.actions.iter().map(|action| format!("{} {}", action.invoice(), action.content()));
    let end = match &decision.end {
        End::Done(reason) => format!("done {}", reason.code()),
        End::Wait(reason) => format!("wait {}", reason.code()),
        End::Hold(reason) => format!("hold {}", reason.code()),
        End::Park(reason) => format!("park {}", reason.code()),
    };
    (said.map(|said| said.replace(" accepted", "")).collect(), end)
}

const TRACKING: &str = "1 BR1 Correios https://rastro/BR1";
const ON_ITS_WAY: &str =
    "1 2026-11-20 Coleta solicitada à transportadora, 2026-11-21 Em poder da transportadora; on its way";

/// A package that shows all of `parcel()`, and its delivery if it was one.
fn shown(is_delivered: bool) -> Package {
    let event = |description: &str, day: &str| PackageEvent { description: description.into(), days: vec![day.into()] };
    Package {
        tracking_number: Some("BR1".into()),
        tracking_url: Some("https://rastro/BR1".into()),
        courier: Some("Correios".into()),
        events: vec![
            event("Coleta solicitada à transportadora", "2026-11-20"),
            event("Em poder da transportadora", "2026-11-21"),
        ],
        delivered: is_delivered,
        ..package(1)
    }
}

#[test]
fn tracking_then_the_way_and_nothing_that_is_shown() {
    let fresh = facts(vec![parcel()], vec![package(1)]);
    assert_eq!(decided(&fresh, &policy()).0, [TRACKING, ON_ITS_WAY]);
    let same = facts(vec![parcel()], vec![shown(false)]);
    assert_eq!(decided(&same, &policy()), (Vec::new(), "done tracking_in_step".into()));
    let other_code = Parcel { tracking_code: Some(" br 2\n".into()), ..parcel() };
    assert_eq!(
        decided(&facts(vec![other_code], vec![shown(false)]), &policy()).0,
        ["1 br2 Correios https://rastro/BR1"]
    );
    let other_url = Parcel { tracking_url: Some("https://rastro/x".into()), ..parcel() };
    assert_eq!(decided(&facts(vec![other_url], vec![shown(false)]), &policy()).0.len(), 1);
    // What the ERP does not know is not taken from the channel, nor is what no customer can open sent to it.
    let bare = Parcel { tracking_url: Some("rastro BR1".into()), carrier: None, ..parcel() };
    assert_eq!(decided(&facts(vec![bare], vec![shown(false)]), &policy()).0, [""; 0]);
}

#[test]
fn a_delivery_has_the_carriers_own_time_and_comes_once() {
    let told = facts(vec![delivered()], vec![shown(false)]);
    let decision = plan(&told, &policy(), at(NOW));
    let [Action::SendWay { way, with_remarks: false, .. }] = decision.actions.as_slice() else {
        panic!("{decision:?}")
    };
    assert_eq!(way.delivered_at, Some(at(DELIVERED)));
    // All of the history, and the local day: 01:30 in UTC is the evening before.
    let days: Vec<String> = way.steps.iter().map(|step| step.day.to_string()).collect();
    assert_eq!(days, ["2026-11-20", "2026-11-21", "2026-11-23"]);
    assert_eq!(way.steps[2].place, Some(("São Paulo".into(), "SP".into())));
    assert_eq!(
        decided(&facts(vec![delivered()], vec![shown(true)]), &policy()),
        (Vec::new(), "done tracking_in_step".into())
    );
}

/// Delivered, delivered with remarks, refused, returned and the rest are different things, and the order of events counts.
#[test]
fn the_last_word_decides() {
    use DeliveryOutcome::{Delivered, DeliveredWithRemarks, Other, Refused, Returned};
    let (early, late) = ("2026-11-22T12:00:00Z", "2026-11-23T12:00:00Z");
    let table: [(&[(DeliveryOutcome, &str)], &str); 9] = [
        (&[(Delivered, early)], "delivered"),
        (&[(DeliveredWithRemarks, early)], "delivered with remarks"),
        (&[(Refused, early)], "hold delivery_refused"),
        (&[(Returned, early)], "hold delivery_returned"),
        (&[(Other, early)], "done tracking_in_step"),
        (&[(Refused, early), (Delivered, late)], "delivered"),
        (&[(Delivered, early), (Refused, late)], "hold delivery_refused"),
        (&[(Delivered, early), (Returned, early)], "hold delivery_returned"),
        (&[(Delivered, early), (Other, late)], "delivered"),
    ];
    for (words, expected) in table {
        let mut facts = facts(vec![parcel()], vec![shown(false)]);
        facts.outgoing.events = words.iter().map(|(what, when)| event("01", *what, when)).collect();
        let decision = plan(&facts, &policy(), at(NOW));
        let said = match decision.actions.as_slice() {
            [Action::SendWay { way, with_remarks, .. }] if way.delivered_at.is_some() => {
                if *with_remarks {
                    "delivered with remarks".into()
                } else {
                    "delivered".to_owned()
                }
            }
            _ => decided(&facts, &policy()).1,
        };
        assert_eq!(said, expected, "{words:?}");
    }
    // The channel was told before the bad news came.
    let mut told = facts(vec![delivered()], vec![shown(true)]);
    told.outgoing.events = vec![event("25", Returned, "2026-11-24T10:00:00Z")];
    assert_eq!(decided(&told, &policy()), (Vec::new(), "hold delivery_returned".into()));
}

#[test]
fn a_date_that_cannot_be_right_is_not_told() {
    let with = |delivered_at: &str| {
        facts(vec![Parcel { delivered_at: Some(at(delivered_at)), ..parcel() }], vec![shown(false)])
    };
    for (delivered_at, end) in [
        ("2026-11-24T12:00:00Z", "done tracking_in_step"),
        ("2026-11-24T12:00:01Z", "wait delivery_ahead"),
        ("2026-11-25T12:00:00Z", "wait delivery_ahead"),
        ("2026-11-25T12:00:01Z", "hold delivery_date"),
        ("2026-11-21T12:59:59Z", "hold delivery_date"),
        ("2026-11-19T12:00:00Z", "hold delivery_date"),
    ] {
        let (actions, ends) = decided(&with(delivered_at), &policy());
        assert_eq!(ends, end, "{delivered_at}");
        assert_eq!(actions.is_empty(), end != "done tracking_in_step", "{delivered_at}");
    }
}

/// Some marketplaces refuse it the other way round.
#[test]
fn a_delivery_is_never_told_before_its_dispatch() {
    let told = |parcel: Parcel, policy: &Policy| {
        let (mut tracking, mut way) = (None, None);
        for action in plan(&facts(vec![parcel], vec![package(1)]), policy, at(NOW)).actions {
            match action {
                Action::SendTracking { tracking: told, .. } => tracking = Some(told),
                Action::SendWay { way: told, .. } => way = Some(told),
            }
        }
        (tracking.unwrap(), way.unwrap())
    };
    let (shipped, midnight) = (Some(at("2026-11-23T13:00:00Z")), Some(at("2026-11-23T03:00:00Z")));
    let same_day = Parcel { shipped_at: shipped, delivered_at: midnight, ..parcel() };
    let (tracking, way) = told(same_day, &policy());
    assert_eq!((tracking.dispatched_at, way.delivered_at), (shipped, shipped));
    let steps: Vec<_> = way.steps.iter().map(|step| step.description).collect();
    assert_eq!(steps[1..], ["Em poder da transportadora", "Entregue"]);
    // Nobody told when it was sent; a channel that hears of the end alone must be told.
    let unknown = Parcel { shipped_at: None, delivered_at: midnight, ..parcel() };
    assert_eq!(told(unknown.clone(), &policy()).0.dispatched_at, None);
    let of_the_end = Policy { steps: false, ..policy() };
    let (tracking, way) = told(unknown, &of_the_end);
    assert_eq!((tracking.dispatched_at, way.delivered_at), (Some(at("2026-11-23T02:59:00Z")), midnight));
    // Nor in the same minute, nor the parcel before its invoice of that day: dates without an hour are those of their day.
    let issue_day = Some(at("2026-11-20T03:00:00Z"));
    for (shipped_at, delivered_at, dispatched, delivered) in [
        (shipped, midnight, "2026-11-23T13:00:00Z", "2026-11-23T13:01:00Z"),
        (shipped, shipped, "2026-11-23T12:59:00Z", "2026-11-23T13:00:00Z"),
        (issue_day, midnight, ISSUED, "2026-11-23T03:00:00Z"),
        (issue_day, issue_day, ISSUED, "2026-11-20T12:01:00Z"),
        (None, issue_day, ISSUED, "2026-11-20T12:01:00Z"),
    ] {
        let (tracking, way) = told(Parcel { shipped_at, delivered_at, ..parcel() }, &of_the_end);
        assert_eq!((tracking.dispatched_at, way.delivered_at), (Some(at(dispatched)), Some(at(delivered))));
    }
}

#[test]
fn what_is_missing_is_named() {
    let no_code = Parcel { tracking_code: None, ..delivered() };
    let waits = facts(vec![no_code.clone()], vec![package(1)]);
    let Decision { actions, end: End::Wait(Reason::MissingField { of, fields }), .. } =
        plan(&waits, &policy(), at(NOW))
    else {
        panic!("{:?}", plan(&waits, &policy(), at(NOW)))
    };
    assert_eq!((actions.len(), of.as_str(), fields), (0, "the parcel of invoice 1", vec!["tracking_code".to_owned()]));
    // After days with the carrier it is not waited for in silence.
    let late = plan(&waits, &policy(), at(NOW) + PATIENCE);
    assert!(matches!(late.end, End::Hold(Reason::MissingField { .. })) && late.actions.is_empty(), "{late:?}");
    let at_home = Parcel { shipped_at: None, delivered_at: None, ..no_code.clone() };
    let late = plan(&facts(vec![at_home], vec![package(1)]), &policy(), at(NOW) + PATIENCE);
    assert!(matches!(late.end, End::Wait(Reason::MissingField { .. })), "it is not on its way: {late:?}");
    // A code that somebody else set serves; so does the invoice's number, if it is to.
    let set = Package { tracking_number: Some("X".into()), ..package(1) };
    assert_eq!(decided(&facts(vec![no_code.clone()], vec![set]), &policy()).0.len(), 1);
    let by_number = Policy { invoice_number_as_code: true, ..policy() };
    assert_eq!(decided(&waits, &by_number).0[0], "1 1 Correios https://rastro/BR1");
    assert_eq!(
        decided(&facts(vec![parcel()], Vec::new()), &policy()),
        (Vec::new(), "wait invoice_not_on_channel".into())
    );
    let mut none = facts(vec![parcel()], Vec::new());
    none.outgoing.invoices.clear();
    assert_eq!(decided(&none, &policy()), (Vec::new(), "wait missing_field".into()));
}

#[test]
fn each_parcel_goes_to_its_own_invoice() {
    let second = Parcel { invoice_key: Some("KEY2".into()), tracking_code: Some("BR2".into()), ..parcel() };
    let mut two = facts(vec![second, parcel()], vec![package(1), package(2)]);
    two.outgoing.invoices = vec![invoice(1), invoice(2)];
    let codes = |facts: &Facts| {
        let actions = plan(facts, &policy(), at(NOW)).actions.into_iter();
        let tracking = actions.filter_map(|action| match action {
            Action::SendTracking { invoice, tracking } => Some((invoice, tracking.code)),
            Action::SendWay { .. } => None,
        });
        tracking.collect::<Vec<_>>()
    };
    assert_eq!(codes(&two), [("1".to_owned(), "BR1".to_owned()), ("2".to_owned(), "BR2".to_owned())]);
    // One parcel carries both invoices; two that name none cannot be told apart.
    two.outgoing.parcels = vec![Parcel { invoice_key: None, ..parcel() }];
    assert_eq!(codes(&two), [("1".to_owned(), "BR1".to_owned()), ("2".to_owned(), "BR1".to_owned())]);
    let nameless = |code: &str| Parcel { invoice_key: None, tracking_code: Some(code.into()), ..parcel() };
    two.outgoing.parcels = vec![nameless("BR1"), nameless("BR2")];
    assert_eq!((codes(&two), decided(&two, &policy()).1.as_str()), (Vec::new(), "wait missing_field"));
    // What an invoice carried that was cancelled goes with the only one in its place.
    let cancelled = Invoice { cancelled_at: Some(at(NOW)), ..invoice(1) };
    (two.outgoing.invoices, two.outgoing.parcels) = (vec![cancelled, invoice(2)], vec![parcel()]);
    assert_eq!(codes(&two), [("2".to_owned(), "BR1".to_owned())]);
    two.outgoing.parcels.push(nameless("BR2"));
    assert_eq!(codes(&two), [("2".to_owned(), "BR2".to_owned())]);
    // Where there are several, somebody must say which.
    let again = Invoice { cancelled_at: Some(at(NOW)), ..invoice(1) };
    two.outgoing.invoices = vec![again, invoice(2), invoice(3)];
    let second = Parcel { invoice_key: Some("KEY2".into()), tracking_code: Some("BR2".into()), ..parcel() };
    two.outgoing.parcels = vec![parcel(), second];
    two.order.packages = vec![package(2), package(3)];
    assert_eq!(codes(&two), [("2".to_owned(), "BR2".to_owned())]);
    assert_eq!(decided(&two, &policy()).1, "wait missing_field");
    // Several parcels of one invoice: the first code, and delivered when all are.
    let both = |second: Parcel| facts(vec![parcel_delivered("BR1"), second], vec![package(1)]);
    let half = both(Parcel { tracking_code: Some("BR9".into()), ..parcel() });
    let decision = plan(&half, &policy(), at(NOW));
    assert_eq!((decision.more_parcels.as_slice(), codes(&half).len()), (&["1".to_owned()][..], 1));
    assert!(!format!("{:?}", decision.actions).contains("Entregue"));
    let whole = plan(&both(parcel_delivered("BR9")), &policy(), at(NOW));
    assert!(format!("{:?}", whole.actions).contains("Entregue"));
}

fn parcel_delivered(code: &str) -> Parcel {
    Parcel { tracking_code: Some(code.into()), ..delivered() }
}

#[test]
fn a_collection_order_is_no_dispatch_unless_it_is_to_be() {
    let listed = || facts(vec![Parcel { shipped_at: None, ..parcel() }], vec![package(1)]);
    let dispatched = |policy: &Policy| match &plan(&listed(), policy, at(NOW)).actions[0] {
        Action::SendTracking { tracking, .. } => tracking.dispatched_at,
        Action::SendWay { .. } => panic!("tracking comes first"),
    };
    assert_eq!(dispatched(&policy()), None);
    assert_eq!(dispatched(&Policy { dispatch_on_collection_order: true, ..policy() }), Some(at(LISTED)));
    assert_eq!(decided(&listed(), &policy()).0[1], "1 2026-11-20 Coleta solicitada à transportadora; on its way");
    let silent = Policy { collection_order: CollectionOrder::None, ..policy() };
    assert_eq!(decided(&listed(), &silent).0, [TRACKING]);
}

#[test]
fn what_was_accepted_is_not_repeated() {
    let record = |minutes, content: &str| Record {
        state: State::Done,
        intended_at: at(NOW) - TimeDelta::minutes(minutes),
        answer: Some(content.into()),
    };
    let content = "accepted BR1 Correios https://rastro/BR1";
    for (minutes, content, sent, end) in [
        (9, content, 0, "wait tracking_pending"),
        (10, content, 0, "hold tracking_not_taken"),
        (9, "accepted BR0 Correios -", 1, "done tracking_in_step"),
        (9, "found on the channel", 1, "done tracking_in_step"),
    ] {
        let mut facts =
            facts(vec![Parcel { collection_order_at: None, shipped_at: None, ..parcel() }], vec![package(1)]);
        facts.sent.insert((SEND_TRACKING, "1".into()), record(minutes, content));
        let (actions, ends) = decided(&facts, &policy());
        assert_eq!((actions.len(), ends.as_str()), (sent, end), "{content} {minutes} minutes ago");
    }
}

#[test]
fn a_cancelled_order_is_told_nothing() {
    let mut cancelled = facts(vec![delivered()], vec![package(1)]);
    cancelled.order.status = Status::Cancelled;
    assert_eq!(decided(&cancelled, &policy()), (Vec::new(), "done cancelled_on_channel".into()));
}

/// A refusal or return of a parcel that nobody registered is one all the same.
#[test]
fn bad_news_without_a_parcel_is_for_a_person() {
    for (what, end) in [
        (DeliveryOutcome::Refused, "hold delivery_refused"),
        (DeliveryOutcome::Returned, "hold delivery_returned"),
        (DeliveryOutcome::Other, "done tracking_in_step"),
    ] {
        let mut facts = facts(Vec::new(), vec![package(1)]);
        facts.outgoing.events = vec![event("03", what, "2026-11-22T12:00:00Z")];
        assert_eq!(decided(&facts, &policy()), (Vec::new(), end.into()));
    }
}

#[test]
fn nothing_is_written_while_a_cancellation_is_asked_for_or_the_status_is_unknown() {
    for (raw, end) in [
        ("cancellation-requested", "wait cancellation_against_invoice"),
        ("request-cancel", "wait cancellation_against_invoice"),
        ("quarantined", "hold status_unknown"),
    ] {
        let mut facts = facts(vec![delivered()], vec![package(1)]);
        (facts.order.status, facts.order.readiness) = convert::status(Some(raw));
        assert_eq!(decided(&facts, &policy()), (Vec::new(), end.into()), "{raw}");
    }
}

/// The call overwrites all it has, so what is not known here goes out as it stands there.
#[test]
fn what_the_erp_does_not_know_is_not_erased_on_the_channel() {
    let other_carrier = Package { courier: Some("Transportadora X".into()), ..shown(false) };
    let no_url = Parcel { tracking_url: None, ..parcel() };
    let told = decided(&facts(vec![no_url.clone()], vec![other_carrier.clone()]), &policy()).0;
    assert_eq!(told, ["1 BR1 Correios https://rastro/BR1"]);
    // Of another code it would be the wrong one.
    let other_code = Parcel { tracking_code: Some("BR2".into()), ..no_url };
    assert_eq!(decided(&facts(vec![other_code], vec![other_carrier]), &policy()).0, ["1 BR2 Correios -"]);
}

#[test]
fn a_delivery_without_an_hour_may_be_on_the_day_of_the_dispatch() {
    let on = |delivered_at: &str| {
        facts(vec![Parcel { delivered_at: Some(at(delivered_at)), ..parcel() }], vec![shown(false)])
    };
    // The beginning of the day in São Paulo: the carrier gave no hour.
    assert_eq!(decided(&on("2026-11-21T03:00:00Z"), &policy()).1, "done tracking_in_step");
    assert_eq!(decided(&on("2026-11-20T03:00:00Z"), &policy()).1, "hold delivery_date");
}

/// What a carrier says of one invoice says nothing of another, also where one parcel may carry both.
#[test]
fn a_carriers_word_is_about_its_invoice() {
    let of =
        |key: &str, what| DeliveryEvent { access_key: Some(key.into()), ..event("01", what, "2026-11-22T12:00:00Z") };
    for parcels in [
        vec![parcel(), Parcel { invoice_key: Some("KEY2".into()), tracking_code: Some("BR2".into()), ..parcel() }],
        vec![Parcel { invoice_key: None, ..parcel() }],
    ] {
        let mut two = facts(
            parcels,
            vec![shown(false), Package { number: "2".into(), key: Some("KEY2".into()), ..shown(false) }],
        );
        two.outgoing.invoices = vec![invoice(1), invoice(2)];
        two.outgoing.events = vec![of("KEY2", DeliveryOutcome::Delivered)];
        let decision = plan(&two, &policy(), at(NOW));
        let delivered = decision.actions.iter().filter_map(|action| match action {
            Action::SendWay { invoice, way, .. } if way.delivered_at.is_some() => Some(invoice.as_str()),
            _ => None,
        });
        assert_eq!(delivered.collect::<Vec<_>>(), ["2"]);
        two.outgoing.events.push(of("KEY1", DeliveryOutcome::Refused));
        assert_eq!(decided(&two, &policy()).1, "hold delivery_refused");
    }
}

/// Two invoices of one number in two series would take turns in overwriting each other's tracking.
#[test]
fn a_package_without_a_key_is_not_two_invoices() {
    let other = Parcel { invoice_key: Some("KEY2".into()), tracking_code: Some("BR2".into()), ..parcel() };
    let mut twins = facts(vec![parcel(), other], vec![Package { key: None, ..package(1) }]);
    twins.outgoing.invoices = vec![invoice(1), Invoice { key: "KEY2".into(), series: "2".into(), ..invoice(1) }];
    assert_eq!(decided(&twins, &policy()), (Vec::new(), "wait invoice_not_on_channel".into()));
    twins.order.packages = vec![package(1)];
    let told = decided(&twins, &policy()).0;
    assert_eq!((told.len(), told[0].as_str()), (2, TRACKING));
}

#[test]
fn where_an_order_never_goes_back_a_delivered_one_takes_no_tracking() {
    let mut facts = facts(vec![delivered()], vec![package(1)]);
    (facts.order.status, facts.order.raw_status) = (Status::Delivered, "CONCLUDED".into());
    let policy = Policy { carrier: true, steps: false, forward_only: true, ..policy() };
    let decision = plan(&facts, &policy, at(NOW));
    assert_eq!((decision.actions, decision.end), (Vec::new(), End::Done(Reason::TrackingInStep)));
}

/// Steps it was never told would never show, and be looked for as long as the configuration allows.
#[test]
fn where_only_the_end_is_heard_of_a_delivery_has_no_steps() {
    let facts = facts(vec![delivered()], vec![package(1)]);
    for (steps, told) in [(true, true), (false, false)] {
        let decision = plan(&facts, &Policy { steps, ..policy() }, at(NOW));
        let Some(Action::SendWay { way, .. }) = decision.actions.last() else { panic!("{decision:?}") };
        assert_eq!((way.delivered_at.is_some(), !way.steps.is_empty()), (true, told));
    }
}

/// Or the journal would call it unsettled for as long as the marketplace refuses it.
#[test]
fn what_the_channel_shows_is_settled_even_if_the_marketplace_refused_it() {
    let mut facts = facts(vec![parcel()], vec![shown(false)]);
    facts.order.transmission = Transmission::Failed { message: "bloqueado".into() };
    let policy = Policy { carrier: true, steps: false, ..policy() };
    let decision = plan(&facts, &policy, at(NOW));
    assert_eq!((decision.in_step, decision.actions), (true, Vec::new()));
    assert_eq!(decision.end, End::Hold(Reason::TransmissionFailed { message: "bloqueado".into() }));
    // It may be the XML that it wants first.
    let waiting = plan(&Facts { xml_due: Some("1".into()), ..facts.clone() }, &policy, at(NOW));
    assert_eq!((waiting.in_step, waiting.end), (true, End::Wait(Reason::XmlDue { invoice: "1".into() })));
    let unsent =
        plan(&Facts { order: Order { packages: vec![package(1)], ..facts.order.clone() }, ..facts }, &policy, at(NOW));
    assert!(!unsent.in_step);
}

/// On the hub a parcel that is told makes the order one that was sent, whoever entered its code before.
#[test]
fn tracking_that_is_shown_before_the_order_is_sent_is_told_all_the_same() {
    let policy = Policy { carrier: true, steps: false, forward_only: true, ..policy() };
    let told = |parcel: Parcel, status: Status| {
        let mut facts = facts(vec![parcel], vec![shown(false)]);
        facts.order.status = status;
        decided(&facts, &policy).0
    };
    let codeless = || Parcel { tracking_code: None, ..parcel() };
    assert_eq!(told(parcel(), Status::Invoiced), [TRACKING]);
    assert_eq!(told(codeless(), Status::Invoiced), [TRACKING]);
    assert_eq!(
        told(Parcel { shipped_at: None, ..codeless() }, Status::Invoiced),
        [""; 0],
        "only its label was printed"
    );
    for parcel in [parcel(), codeless()] {
        assert_eq!(told(parcel, Status::Shipped), [""; 0]);
    }
}
