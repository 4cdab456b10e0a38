use proptest::prelude::*;

use super::*;
use crate::model::calendar::local_date;
use crate::model::order::sample;
use crate::model::{Cents, ErpOrderId, Marketplace, OrderId, Payment};

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// Switched on, defaults otherwise.
fn on() -> Policy {
    Policy::of(&AutoCancel { enabled: true, from_erp: true, ..AutoCancel::default() }, false)
}

fn payment(method: PaymentMethod, due: Option<&str>) -> Payment {
    Payment { due_date: due.map(|date| date.parse().unwrap()), ..sample::payment(method, 11_000) }
}

/// An order that waits for this payment on both sides, announced and synced at `now`.
fn waiting(payment: Payment, created: &str, now: Instant) -> Facts {
    let mut order = sample::order();
    order.payments = vec![payment];
    order.created_at = at(created);
    (order.status, order.readiness) = (Status::AwaitingPayment, Readiness::NotYet);
    (order.raw_status, order.paid_at) = ("payment-pending".into(), None);
    let erp = ErpOrder {
        id: ErpOrderId::new("7"),
        number: "7".into(),
        channel: None,
        store_number: OrderId::new("1172452900788-01"),
        status: Status::AwaitingPayment,
        total: Cents::new(11_000),
        units: Some(1),
        invoiced: false,
        cancelled_at: None,
        cancel_reason: None,
    };
    Facts {
        order,
        erp: Some(erp),
        cancelled_from: None,
        payment: Some(PaymentWord::Waiting),
        holds: Vec::new(),
        synced_at: Some(now),
        announced_at: Some(now - TimeDelta::minutes(10)),
    }
}

const NOW: &str = "2026-11-24T18:00:00Z";

/// A boleto long overdue.
fn overdue() -> Facts {
    waiting(payment(PaymentMethod::Boleto, Some("2026-11-03")), "2026-11-01T12:00:00Z", at(NOW))
}

fn decided(facts: &Facts, policy: &Policy) -> String {
    match plan(facts, policy, at(NOW)) {
        Decision::Keep(reason) => format!("keep {}", reason.code()),
        Decision::Announce(reason) => format!("announce {}", reason.code()),
        Decision::Cancel(reason) => format!("cancel {}", reason.code()),
        Decision::Hold(reason) => {
            assert!(crate::words::hint(&reason).is_some(), "{} needs a hint", reason.code());
            format!("hold {}", reason.code())
        }
    }
}

/// Cancelled in the ERP by a person, from this status.
fn erp_cancelled(facts: &mut Facts, from: Status) {
    facts.cancelled_from = Some(from);
    let erp = facts.erp.as_mut().unwrap();
    (erp.status, erp.cancelled_at) = (Status::Cancelled, Some(at("2026-11-24T12:00:00Z")));
}

fn channel(facts: &mut Facts, raw: &str, paid_at: Option<&str>) {
    (facts.order.status, facts.order.readiness) = crate::channel::vtex::convert::status(Some(raw));
    (facts.order.raw_status, facts.order.paid_at) = (raw.into(), paid_at.map(at));
}

#[test]
fn deadlines_of_the_calendar() {
    use PaymentMethod::{Boleto, CreditCard, Pix};
    // Method, due, created, first instant of cancelling.
    let table = [
        // Thursday + 3 business days is Tuesday; from noon of Wednesday, São Paulo.
        (Boleto, Some("2026-11-05"), "2026-11-02T12:00:00Z", "2026-11-11T15:00:00Z"),
        // Saturday 2025-11-15 is a holiday itself: payable Monday 17th; 18, 19, (20 Nov closed) 21; Saturday noon.
        (Boleto, Some("2025-11-15"), "2025-11-12T12:00:00Z", "2025-11-22T15:00:00Z"),
        // The same weekday in 2023, when 20 November was open: Saturday 18th, Monday 20th, 21, 22, 23; Friday noon.
        (Boleto, Some("2023-11-18"), "2023-11-15T12:00:00Z", "2023-11-24T15:00:00Z"),
        // 30 Dec: 31 and 1 Jan are closed, then the weekend; Monday 4, 5, 6 Jan; Thursday noon.
        (Boleto, Some("2026-12-30"), "2026-12-28T12:00:00Z", "2027-01-07T15:00:00Z"),
        // Due on 31 Dec: payable on Monday 4 Jan; 5, 6, 7; Friday noon.
        (Boleto, Some("2026-12-31"), "2026-12-28T12:00:00Z", "2027-01-08T15:00:00Z"),
        // The Friday before Carnival: Monday and Tuesday are closed, Ash Wednesday is open; 18, 19, 20 Feb; Saturday noon.
        (Boleto, Some("2026-02-13"), "2026-02-10T12:00:00Z", "2026-02-21T15:00:00Z"),
        // Without a due date: 22:30 on the 2nd in São Paulo, + 5 days is Saturday 7th, Monday 9th; 10, 11, 12; Friday noon.
        (Boleto, None, "2026-11-03T01:30:00Z", "2026-11-13T15:00:00Z"),
        // Cards, where configured, go by the same days.
        (CreditCard, Some("2026-11-05"), "2026-11-02T12:00:00Z", "2026-11-11T15:00:00Z"),
        // Pix at 23:30 in São Paulo, already the next day in UTC: the local 2nd, + 5 days, Saturday the 7th, whose end is 03:00 UTC.
        (Pix, None, "2026-11-03T02:30:00Z", "2026-11-08T05:00:00Z"),
        // Just after midnight in São Paulo it is a day later.
        (Pix, None, "2026-11-03T03:00:00Z", "2026-11-09T05:00:00Z"),
        (Pix, Some("2026-11-05"), "2026-11-02T12:00:00Z", "2026-11-06T05:00:00Z"),
        // A charge with a due date on a Saturday is payable on Monday.
        (Pix, Some("2026-11-07"), "2026-11-02T12:00:00Z", "2026-11-10T05:00:00Z"),
    ];
    let mut policy = on();
    policy.methods.insert(CreditCard);
    for (method, due, created, from) in table {
        let decision = |now| plan(&waiting(payment(method, due), created, now), &policy, now);
        let from = at(from);
        let early = decision(from - TimeDelta::seconds(1));
        assert_eq!(early, Decision::Keep(Reason::DeadlineAhead { cancel_from: from }), "{method:?} {due:?} {created}");
        let said = due.map_or(local_date(at(created)) + chrono::Days::new(5), |date| date.parse().unwrap());
        assert_eq!(
            decision(from),
            Decision::Cancel(Reason::DeadlinePassed { method, due: said }),
            "{method:?} {due:?}"
        );
    }
}

#[test]
fn configured_days_count() {
    let now = at("2026-11-11T15:00:00Z");
    let facts = waiting(payment(PaymentMethod::Boleto, Some("2026-11-05")), "2026-11-02T12:00:00Z", now);
    let closed =
        AutoCancel { enabled: true, extra_holidays: vec!["2026-11-09".parse().unwrap()], ..AutoCancel::default() };
    let later = AutoCancel { enabled: true, boleto_business_days: 4, ..AutoCancel::default() };
    for config in [closed, later] {
        let decision = plan(&facts, &Policy::of(&config, false), now);
        assert_eq!(decision, Decision::Keep(Reason::DeadlineAhead { cancel_from: at("2026-11-12T15:00:00Z") }));
    }
}

#[test]
fn each_sign_of_life_keeps_an_order() {
    type Change = fn(&mut Facts);
    assert_eq!(decided(&overdue(), &on()), "cancel deadline_passed");
    let table: [(&str, Change); 27] = [
        ("keep under_review", |f| channel(f, "approve-payment", None)),
        ("keep not_unpaid", |f| channel(f, "payment-approved", Some("2026-11-24T17:59:00Z"))),
        ("keep not_unpaid", |f| channel(f, "window-to-cancel", None)),
        ("keep not_unpaid", |f| channel(f, "invoiced", None)),
        ("keep not_unpaid", |f| channel(f, "quarantined", None)),
        ("keep not_unpaid", |f| channel(f, "cancellation-requested", None)),
        ("keep being_built", |f| channel(f, "waiting-for-manual-authorization", None)),
        ("keep cancelled_on_channel", |f| channel(f, "canceled", None)),
        ("keep not_unpaid", |f| f.order.paid_at = Some(at("2026-11-24T17:59:00Z"))),
        ("keep under_review", |f| f.erp.as_mut().unwrap().status = Status::PaymentUnderReview),
        ("keep not_unpaid", |f| f.erp.as_mut().unwrap().status = Status::Paid),
        ("keep not_unpaid", |f| f.erp.as_mut().unwrap().status = Status::Picking),
        ("keep not_unpaid", |f| f.erp.as_mut().unwrap().status = Status::Unknown("x".into())),
        ("keep not_unpaid", |f| f.erp.as_mut().unwrap().invoiced = true),
        ("keep not_imported", |f| f.erp = None),
        ("keep marketplace_decides", |f| f.order.marketplace = Some(marketplace())),
        ("keep payment_unsure", |f| f.payment = Some(PaymentWord::Untold)),
        ("keep payment_unsure", |f| f.payment = Some(PaymentWord::Other { raw: "Approved".into(), paid: true })),
        ("keep several_payments", |f| f.order.payments.push(payment(PaymentMethod::Pix, None))),
        ("keep several_payments", |f| f.order.payments.clear()),
        ("keep method_not_cancelled", |f| f.order.payments = vec![payment(PaymentMethod::CreditCard, None)]),
        ("keep method_not_cancelled", |f| f.order.payments = vec![payment(PaymentMethod::Other, None)]),
        ("keep on_hold", |f| f.holds = vec![Reason::CancelledAfterInvoice]),
        ("keep payments_not_synced", |f| f.synced_at = None),
        ("keep payments_not_synced", |f| f.synced_at = Some(at("2026-11-24T15:59:59Z"))),
        // A clock that was set back.
        ("keep payments_not_synced", |f| f.synced_at = Some(at("2026-11-24T18:00:01Z"))),
        ("announce deadline_passed", |f| f.announced_at = None),
    ];
    for (expected, change) in table {
        let mut facts = overdue();
        change(&mut facts);
        assert_eq!(decided(&facts, &on()), expected, "{facts:#?}");
    }
}

fn marketplace() -> Marketplace {
    Marketplace { name: "Farinha".into(), account: None, order_id: None, internal_id: None, intermediary_tax_id: None }
}

#[test]
fn an_announcement_must_be_of_an_earlier_run_and_old_enough() {
    let day = Policy { announce: TimeDelta::days(1), ..on() };
    for (announced, policy, expected) in [
        ("2026-11-24T17:50:00Z", on(), "cancel deadline_passed"),
        ("2026-11-24T18:00:00Z", on(), "announce deadline_passed"),
        ("2026-11-24T18:10:00Z", on(), "announce deadline_passed"),
        ("2026-11-23T18:00:01Z", day.clone(), "announce deadline_passed"),
        ("2026-11-23T18:00:00Z", day, "cancel deadline_passed"),
    ] {
        let facts = Facts { announced_at: Some(at(announced)), ..overdue() };
        assert_eq!(decided(&facts, &policy), expected, "{announced}");
    }
}

#[test]
fn payments_must_have_been_asked_after_since_the_deadline() {
    // Pix, due on the 23rd: over at 03:00 UTC of the 24th. A wide window must not let an older sync count.
    let policy = Policy { synced_within: TimeDelta::days(9), ..on() };
    let mut facts = waiting(payment(PaymentMethod::Pix, Some("2026-11-23")), "2026-11-20T12:00:00Z", at(NOW));
    facts.synced_at = Some(at("2026-11-24T02:59:59Z"));
    assert_eq!(decided(&facts, &policy), "keep payments_not_synced");
    facts.synced_at = Some(at("2026-11-24T03:00:00Z"));
    assert_eq!(decided(&facts, &policy), "cancel deadline_passed");
}

#[test]
fn switched_off_it_says_what_it_would_cancel() {
    let off = Policy::of(&AutoCancel::default(), false);
    assert_eq!(decided(&overdue(), &off), "keep auto_cancel_off");
    let mut facts = overdue();
    erp_cancelled(&mut facts, Status::AwaitingPayment);
    assert_eq!(decided(&facts, &off), "keep auto_cancel_off");
}

#[test]
fn orders_that_were_never_imported_are_left_alone_unless_asked_for() {
    let facts = Facts { erp: None, ..overdue() };
    assert_eq!(decided(&facts, &on()), "keep not_imported");
    assert_eq!(decided(&facts, &Policy { not_imported: true, ..on() }), "cancel deadline_passed");
}

#[test]
fn the_channel_follows_a_person_who_cancelled_in_the_erp() {
    use Status::{AwaitingPayment, CancellationRequested, Paid, Picking};
    let before = Some("2026-11-24T11:59:59Z");
    let after = Some("2026-11-24T12:00:01Z");
    let table = [
        ("payment-pending", None, AwaitingPayment, "cancel cancelled_in_erp"),
        ("window-to-cancel", before, Paid, "announce cancelled_in_erp"),
        ("handling", before, Picking, "announce cancelled_in_erp"),
        ("cancellation-requested", before, CancellationRequested, "cancel cancelled_in_erp"),
        // The ERP did not know of the payment, or could not.
        ("handling", before, AwaitingPayment, "hold paid_after_cancellation"),
        ("payment-approved", after, AwaitingPayment, "hold paid_after_cancellation"),
        ("payment-approved", after, Paid, "hold paid_after_cancellation"),
        ("payment-approved", None, AwaitingPayment, "hold paid_after_cancellation"),
        ("payment-pending", before, AwaitingPayment, "hold paid_after_cancellation"),
        ("approve-payment", None, AwaitingPayment, "keep under_review"),
        ("invoiced", before, Paid, "hold cancelled_in_erp_only"),
        ("invoice", before, Paid, "hold cancelled_in_erp_only"),
        ("quarantined", None, AwaitingPayment, "hold status_unknown"),
        ("order-created", None, AwaitingPayment, "keep being_built"),
        ("canceled", None, AwaitingPayment, "keep cancelled_on_channel"),
    ];
    for (raw, paid_at, from, expected) in table {
        let mut facts = overdue();
        channel(&mut facts, raw, paid_at);
        erp_cancelled(&mut facts, from.clone());
        facts.announced_at = Some(at("2026-11-24T11:59:59Z"));
        assert_eq!(decided(&facts, &on()), expected, "{raw} {paid_at:?}, in the ERP {from}");
        // No deadline and no sync is needed for it, nor an announcement of one that nobody paid or that its customer gives up.
        (facts.announced_at, facts.synced_at) = (None, None);
        assert_eq!(decided(&facts, &on()), expected, "{raw} {paid_at:?}, in the ERP {from}");
        // A paid one is cancelled once that was announced: after it was cancelled in the ERP, for long enough.
        facts.announced_at = Some(at("2026-11-24T12:00:00Z"));
        let announced = expected.replace("announce", "cancel");
        assert_eq!(decided(&facts, &on()), announced, "{raw} {paid_at:?}, in the ERP {from}");
        assert_eq!(decided(&facts, &Policy { announce: TimeDelta::days(2), ..on() }), expected);
    }
}

#[test]
fn a_person_in_the_erp_cannot_overrule_a_hold_a_marketplace_or_the_gateway() {
    type Change = fn(&mut Facts);
    let table: [(&str, Change); 5] = [
        ("keep on_hold", |f| f.holds = vec![Reason::TotalsDiffer { parts: Cents::new(1), total: Cents::new(2) }]),
        ("hold marketplace_must_cancel", |f| f.order.marketplace = Some(marketplace())),
        ("hold cancelled_in_erp_only", |f| f.payment = Some(PaymentWord::Other { raw: "Approved".into(), paid: true })),
        ("hold cancelled_in_erp_only", |f| f.erp.as_mut().unwrap().invoiced = true),
        ("hold paid_after_cancellation", |f| {
            f.cancelled_from = None;
            channel(f, "handling", Some("2026-11-24T11:00:00Z"));
        }),
    ];
    for (expected, change) in table {
        let mut facts = overdue();
        erp_cancelled(&mut facts, Status::AwaitingPayment);
        change(&mut facts);
        assert_eq!(decided(&facts, &on()), expected);
    }
}

#[test]
fn its_own_holds_are_tried_again_but_a_refusal_only_in_another_status() {
    let unknown = |action: &str| Reason::OutcomeUnknown { action: action.into() };
    let refused = |raw: &str| Reason::CancelRefused { raw: raw.into(), message: "no".into() };
    for (holds, expected) in [
        (vec![unknown(CANCEL_ON_CHANNEL)], "cancel deadline_passed"),
        (vec![unknown("create_order")], "keep on_hold"),
        (vec![unknown(CANCEL_ON_CHANNEL), Reason::CancelledAfterInvoice], "keep on_hold"),
        (vec![refused("start-handling")], "cancel deadline_passed"),
        (vec![refused("payment-pending")], "hold cancel_refused"),
    ] {
        assert_eq!(decided(&Facts { holds, ..overdue() }, &on()), expected);
    }
}

#[test]
fn the_brake_goes_by_count_and_by_share() {
    let policy = on();
    for (cancel, open, stops) in [
        (0, 0, false),
        (1, 1, false),
        (3, 3, false),
        (4, 13, true),
        (4, 14, false),
        (20, 1_000, false),
        (21, 1_000, true),
    ] {
        assert_eq!(brake(cancel, open, &policy), stops, "{cancel} of {open}");
    }
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let raw = prop_oneof![
        4 => Just("payment-pending"),
        1 => proptest::sample::select(vec![
            "approve-payment", "payment-approved", "ready-for-handling", "handling", "invoiced", "canceled", "quarantined",
            "order-created", "cancellation-requested",
        ]),
    ];
    let erp = prop_oneof![
        4 => Just(Some(Status::AwaitingPayment)),
        1 => Just(None),
        2 => proptest::sample::select(Status::known().collect::<Vec<_>>()).prop_map(Some),
    ];
    let from = proptest::option::of(proptest::sample::select(Status::known().collect::<Vec<_>>()));
    let paid_at = proptest::option::weighted(0.2, -20_000i64..20_000);
    let word = prop_oneof![
        4 => Just(PaymentWord::Waiting),
        1 => Just(PaymentWord::Untold),
        1 => any::<bool>().prop_map(|paid| PaymentWord::Other { raw: "Other".into(), paid }),
    ];
    let method = proptest::sample::select(PaymentMethod::ALL.map(|(method, _)| method).to_vec());
    let payments =
        proptest::collection::vec((prop_oneof![4 => Just(PaymentMethod::Boleto), 1 => method], -40i64..20), 1..3);
    let odd = (proptest::bool::weighted(0.1), proptest::bool::weighted(0.1), proptest::bool::weighted(0.1));
    let announced = proptest::option::weighted(0.8, 0i64..100);
    (raw, erp, from, paid_at, word, payments, odd, announced).prop_map(
        |(raw, erp, from, paid_at, word, payments, (invoiced, marketplaced, held), announced)| {
            let mut facts = overdue();
            channel(&mut facts, raw, None);
            facts.order.paid_at = paid_at.map(|seconds| at(NOW) + TimeDelta::seconds(seconds));
            let today = local_date(at(NOW));
            facts.order.payments = payments
                .into_iter()
                .map(|(method, days)| Payment {
                    due_date: Some(today + TimeDelta::days(days)),
                    ..payment(method, None)
                })
                .collect();
            facts.order.marketplace = marketplaced.then(marketplace);
            facts.holds.extend(held.then_some(Reason::CancelledAfterInvoice));
            match erp {
                None => facts.erp = None,
                Some(Status::Cancelled) => erp_cancelled(&mut facts, from.unwrap_or(Status::AwaitingPayment)),
                Some(status) => facts.erp.as_mut().unwrap().status = status,
            }
            if let Some(erp) = &mut facts.erp {
                erp.invoiced = invoiced;
            }
            facts.payment = Some(word);
            facts.announced_at = announced.map(|minutes| at(NOW) - TimeDelta::minutes(minutes));
            facts
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_cancelled_is_clearly_unpaid_or_was_cancelled_by_a_person(facts in any_facts()) {
        let decision = plan(&facts, &on(), at(NOW));
        prop_assert_eq!(&decision, &plan(&facts, &on(), at(NOW)), "pure");
        let (order, erp) = (&facts.order, facts.erp.as_ref());
        match decision {
            Decision::Cancel(Reason::DeadlinePassed { .. }) | Decision::Announce(Reason::DeadlinePassed { .. }) => {
                prop_assert_eq!(&order.status, &Status::AwaitingPayment);
                prop_assert_eq!(erp.map(|erp| (&erp.status, erp.invoiced)), Some((&Status::AwaitingPayment, false)));
                prop_assert!(order.paid_at.is_none() && order.marketplace.is_none() && order.payments.len() == 1);
                prop_assert!(facts.holds.is_empty() && facts.payment == Some(PaymentWord::Waiting));
            }
            Decision::Cancel(reason) | Decision::Announce(reason) => {
                prop_assert_eq!(reason, Reason::CancelledInErp);
                prop_assert_eq!(erp.map(|erp| (&erp.status, erp.invoiced)), Some((&Status::Cancelled, false)));
                prop_assert!(order.marketplace.is_none() && facts.holds.is_empty());
                prop_assert!(!matches!(order.status, Status::PaymentUnderReview | Status::Unknown(_) | Status::Invoiced));
                let is_paid = order.paid_at.is_some() || order.status.is_paid_or_beyond();
                let from = facts.cancelled_from.clone().unwrap();
                prop_assert!(!is_paid || from.is_paid_or_beyond() || from == Status::CancellationRequested);
            }
            Decision::Keep(_) | Decision::Hold(_) => {}
        }
    }

    #[test]
    fn what_is_to_be_cancelled_stays_so_as_time_goes_on(facts in any_facts(), minutes in 0i64..100_000) {
        let is_due = |now| {
            let facts = Facts { synced_at: Some(now), ..facts.clone() };
            matches!(plan(&facts, &on(), now), Decision::Cancel(_) | Decision::Announce(_))
        };
        let now = at(NOW);
        prop_assert!(!is_due(now) || is_due(now + TimeDelta::minutes(minutes)));
    }
}
