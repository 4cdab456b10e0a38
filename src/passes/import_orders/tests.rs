//! The plan's table, and what no facts may ever lead to.

use proptest::prelude::*;

use super::*;
use crate::channel::vtex::convert;
use crate::model::order::sample;
use crate::model::{Cents, ErpOrderId, Payment};

fn policy() -> Policy {
    Policy {
        since: "2026-11-01T03:00:00Z".parse().unwrap(),
        import: ImportRule::Paid,
        by_method: BTreeMap::new(),
        fulfillment: None,
        carriers: BTreeMap::from([("Correios PAC".into(), CarrierName::new("Correios"))]),
        default_carrier: None,
        skus: BTreeMap::new(),
        warehouses: BTreeMap::new(),
        channel_follows: false,
    }
}

fn facts(order: Order) -> Facts {
    let known_skus = order.lines.iter().filter_map(|line| line.reference.clone()).collect();
    Facts { order, cancel_heard: false, erp: None, linked: false, known_skus, let_in: false }
}

fn with(change: impl FnOnce(&mut Order)) -> Facts {
    let mut order = sample::order();
    change(&mut order);
    facts(order)
}

fn at_status(raw: &str) -> Facts {
    with(|order| {
        (order.status, order.readiness) = convert::status(Some(raw));
        order.raw_status = raw.into();
    })
}

fn names(decision: &Decision) -> Vec<&'static str> {
    decision.names()
}

#[test]
fn a_paid_order_is_created_and_taken_over() {
    let decision = plan(&facts(sample::order()), &policy());
    assert_eq!((decision.fate, names(&decision)), (Fate::Imported, vec![CREATE, TAKE_OVER]));
    let Action::Create(new) = &decision.actions[0] else { panic!("{decision:?}") };
    assert_eq!(new.status, Status::Paid);
    assert_eq!(new.carrier, Some(CarrierName::new("Correios")));
    assert_eq!(new.lines[0].sku, Sku::new("CAMISETA-P"));
}

#[test]
fn a_cutoff_date_that_is_moved_ahead_keeps_out_what_is_new_alone() {
    let old = with(|order| order.created_at = policy().since - chrono::TimeDelta::hours(1));
    let cutoff = Reason::BeforeCutoff { cutoff: policy().since };
    assert_eq!(plan(&old, &policy()), Decision::none(Fate::Skipped, cutoff));
    let decision = plan(&Facts { let_in: true, ..old }, &policy());
    assert_eq!((decision.fate, names(&decision)), (Fate::Imported, vec![CREATE, TAKE_OVER]));
}

/// Money was taken: whoever could do something about it hears of it.
#[test]
fn what_should_have_ended_by_itself_is_for_a_person() {
    let fate = |raw: &str, days: i64| {
        let facts = at_status(raw);
        let now = facts.order.paid_at.unwrap_or(facts.order.created_at) + chrono::TimeDelta::days(days);
        let decision = overdue(plan(&facts, &policy()), &facts.order, now);
        assert_eq!(decision.hold.is_some(), decision.fate == Fate::Held);
        decision.fate
    };
    for raw in ["payment-approved", "window-to-cancel"] {
        assert_eq!((fate(raw, 2), fate(raw, 4)), (Fate::Waiting, Fate::Held), "{raw}");
    }
    // The customer's turn, the bank's, or an order that never was one.
    for raw in ["payment-pending", "approve-payment", "null", "waiting-ffmt-authorization"] {
        assert_eq!(fate(raw, 400), Fate::Waiting, "{raw}");
    }
    assert_eq!(fate("ready-for-handling", 400), Fate::Imported);
}

#[test]
fn every_vtex_status_has_its_fate() {
    let table = [
        ("order-created", Fate::Waiting, Fate::Waiting),
        ("waiting-ffmt-authorization", Fate::Waiting, Fate::Waiting),
        ("payment-pending", Fate::Waiting, Fate::Imported),
        ("approve-payment", Fate::Waiting, Fate::Imported),
        ("payment-approved", Fate::Waiting, Fate::Imported),
        ("window-to-cancel", Fate::Waiting, Fate::Imported),
        ("ready-for-handling", Fate::Imported, Fate::Imported),
        ("handling", Fate::Imported, Fate::Imported),
        ("request-cancel", Fate::Held, Fate::Held),
        ("invoice", Fate::Skipped, Fate::Skipped),
        ("invoiced", Fate::Skipped, Fate::Skipped),
        ("cancel", Fate::Cancelled, Fate::Cancelled),
        ("canceled", Fate::Cancelled, Fate::Cancelled),
        ("replaced", Fate::Cancelled, Fate::Cancelled),
        ("quarantined", Fate::Held, Fate::Held),
    ];
    let all = Policy { import: ImportRule::All, ..policy() };
    for (raw, when_paid, when_all) in table {
        assert_eq!(plan(&at_status(raw), &policy()).fate, when_paid, "{raw} with import = paid");
        assert_eq!(plan(&at_status(raw), &all).fate, when_all, "{raw} with import = all");
    }
}

#[test]
fn an_unpaid_order_is_imported_unpaid_and_not_taken_over() {
    let all = Policy { import: ImportRule::All, ..policy() };
    let decision = plan(&at_status("payment-pending"), &all);
    assert_eq!(names(&decision), [CREATE]);
    let Action::Create(new) = &decision.actions[0] else { panic!("{decision:?}") };
    assert_eq!(new.status, Status::AwaitingPayment);
}

#[test]
fn what_the_marketplace_sends_itself_is_for_the_configuration_to_decide() {
    let order = || with(|order| order.fulfilled_by_marketplace = true);
    let decided = |fulfillment| plan(&order(), &Policy { fulfillment, ..policy() });
    let held = decided(None);
    assert_eq!((held.fate, held.hold), (Fate::Held, Some(Reason::FulfillmentUndecided)));
    assert_eq!(decided(Some(FulfillmentRule::Skip)).fate, Fate::Skipped);
    assert_eq!(names(&decided(Some(FulfillmentRule::Import)))[0], CREATE);
}

#[test]
fn the_policy_goes_by_method_and_every_payment_must_agree() {
    let boleto_early = Policy { by_method: BTreeMap::from([(PaymentMethod::Boleto, ImportRule::All)]), ..policy() };
    let paying = |payments: Vec<Payment>| {
        let mut facts = at_status("payment-pending");
        facts.order.payments = payments;
        plan(&facts, &boleto_early).fate
    };
    let boleto = || sample::payment(PaymentMethod::Boleto, 5_500);
    assert_eq!(paying(vec![boleto()]), Fate::Imported);
    assert_eq!(paying(vec![sample::payment(PaymentMethod::Pix, 11_000)]), Fate::Waiting);
    assert_eq!(paying(vec![boleto(), sample::payment(PaymentMethod::CreditCard, 5_500)]), Fate::Waiting);
    assert_eq!(paying(Vec::new()), Fate::Waiting);
}

#[test]
fn what_is_wrong_holds_the_order_with_its_reason() {
    let cases: Vec<(&str, Facts)> = vec![
        ("totals_differ", with(|order| order.total = Cents::new(11_001))),
        ("carrier_unmapped", with(|order| order.delivery.carrier = Some("Jadlog".into()))),
        ("tax_id_invalid", with(|order| order.customer.document = None)),
        ("tax_id_invalid", with(|order| order.customer.document = Some("529.982.247-24".into()))),
        ("address_incomplete", with(|order| order.delivery.address = None)),
        ("skus_unmapped", {
            let mut facts = facts(sample::order());
            facts.known_skus.clear();
            facts
        }),
        ("skus_unmapped", with(|order| order.lines[0].reference = None)),
        ("cancel_announced", Facts { cancel_heard: true, ..facts(sample::order()) }),
        ("status_unknown", at_status("quarantined")),
    ];
    for (code, facts) in cases {
        let decision = plan(&facts, &policy());
        assert_eq!((decision.fate, decision.reason.code().as_str()), (Fate::Held, code));
        assert!(decision.actions.is_empty(), "{code}");
        assert!(crate::words::hint(&decision.reason).is_some(), "{code} needs a hint");
    }
}

#[test]
fn older_orders_are_skipped_but_their_cancellation_is_believed() {
    let before = with(|order| order.created_at = "2026-11-01T02:59:59Z".parse().unwrap());
    assert_eq!(plan(&before, &policy()).fate, Fate::Skipped);
    let on_the_day = with(|order| order.created_at = "2026-11-01T03:00:00Z".parse().unwrap());
    assert_eq!(plan(&on_the_day, &policy()).fate, Fate::Imported);
}

#[test]
fn carriers_are_mapped_by_name_then_service_then_default() {
    let mut policy = policy();
    policy.carriers.insert("Expressa".into(), CarrierName::new("Jadlog"));
    let order = |carrier: Option<&str>, service: &str| {
        let mut order = sample::order();
        order.delivery.carrier = carrier.map(str::to_owned);
        order.delivery.service = Some(service.into());
        order
    };
    assert_eq!(policy.carrier(&order(Some("Correios PAC"), "Expressa")), Some(CarrierName::new("Correios")));
    assert_eq!(policy.carrier(&order(Some("?"), "Expressa")), Some(CarrierName::new("Jadlog")));
    assert_eq!(policy.carrier(&order(None, "?")), None);
    policy.default_carrier = Some(CarrierName::new("Padrão"));
    assert_eq!(policy.carrier(&order(None, "?")), Some(CarrierName::new("Padrão")));
}

#[test]
fn a_pickup_needs_neither_carrier_nor_address() {
    let pickup = with(|order| {
        order.delivery.pickup = true;
        order.delivery.carrier = None;
        order.delivery.service = None;
        order.delivery.address = None;
    });
    assert_eq!(plan(&pickup, &policy()).fate, Fate::Imported);
}

#[test]
fn the_configured_code_goes_before_the_channels_own() {
    let policy = Policy { skus: BTreeMap::from([("1".into(), Sku::new("OUTRO"))]), ..policy() };
    let mut facts = facts(sample::order());
    facts.known_skus = BTreeSet::from([Sku::new("OUTRO")]);
    let decision = plan(&facts, &policy);
    let Action::Create(new) = &decision.actions[0] else { panic!("{decision:?}") };
    assert_eq!(new.lines[0].sku, Sku::new("OUTRO"));
}

#[test]
fn only_a_mapped_warehouse_is_named_to_the_erp() {
    let policy =
        Policy { warehouses: BTreeMap::from([(WarehouseId::new("1_1"), WarehouseId::new("central"))]), ..policy() };
    for (theirs, ours) in [(Some("1_1"), Some("central")), (Some("2_2"), None), (None, None)] {
        let facts = with(|order| order.lines[0].warehouse = theirs.map(WarehouseId::new));
        let decision = plan(&facts, &policy);
        let Action::Create(new) = &decision.actions[0] else { panic!("{decision:?}") };
        assert_eq!(new.lines[0].warehouse, ours.map(WarehouseId::new));
    }
}

/// The order as the ERP has it after it was imported.
fn erp_order(status: Status) -> ErpOrder {
    let order = sample::order();
    ErpOrder {
        id: ErpOrderId::new("7"),
        number: "7".into(),
        channel: Some(order.channel),
        store_number: order.id,
        status,
        total: order.total,
        units: Some(order.lines.iter().map(|line| line.quantity).sum()),
        invoiced: false,
        cancelled_at: None,
        cancel_reason: None,
    }
}

fn in_erp_as(raw: &str, status: Status, linked: bool) -> Facts {
    Facts { erp: Some(erp_order(status)), linked, known_skus: BTreeSet::new(), ..at_status(raw) }
}

#[test]
fn what_is_in_the_erp_is_taken_over_when_both_sides_say_paid() {
    use Status::{AwaitingPayment, CancellationRequested, Cancelled, Delivered, Paid, Picking, Returned};
    let table = [
        ("ready-for-handling", Paid, true),
        ("ready-for-handling", Picking, true),
        ("ready-for-handling", Delivered, true),
        ("ready-for-handling", AwaitingPayment, false),
        ("ready-for-handling", CancellationRequested, false),
        ("ready-for-handling", Cancelled, false),
        ("ready-for-handling", Returned, false),
        ("ready-for-handling", Status::Unknown("?".into()), false),
        ("window-to-cancel", Paid, false),
        ("handling", Paid, false),
        ("canceled", Paid, false),
        ("quarantined", Paid, false),
    ];
    for (raw, status, taken_over) in table {
        let take_over: &[&str] = if taken_over { &[TAKE_OVER] } else { &[] };
        let decision = plan(&in_erp_as(raw, status.clone(), true), &policy());
        assert_eq!((decision.fate, names(&decision)), (Fate::Imported, take_over.to_vec()), "{raw} against {status}");
        let decision = plan(&in_erp_as(raw, status.clone(), false), &policy());
        assert_eq!(names(&decision), [&[LINK], take_over].concat(), "{raw} against {status}, found");
    }
}

#[test]
fn money_against_a_cancellation_in_the_erp_is_held_unless_the_channel_follows() {
    let with = |raw: &str, minutes: i64, channel_follows: bool| {
        let mut facts = in_erp_as(raw, Status::Cancelled, true);
        let paid_at = facts.order.paid_at.unwrap();
        facts.erp.as_mut().unwrap().cancelled_at = Some(paid_at + chrono::TimeDelta::minutes(minutes));
        let decision = plan(&facts, &Policy { channel_follows, ..policy() });
        assert!(decision.actions.is_empty());
        decision.hold.map(|reason| reason.code())
    };
    let held = Some("paid_after_cancellation".to_owned());
    assert_eq!(with("ready-for-handling", 1, false), held);
    assert_eq!(with("ready-for-handling", 1, true), None, "auto-cancel cancels it on the channel");
    assert_eq!(with("ready-for-handling", -1, true), held, "the money came later");
    assert_eq!(with("invoiced", 1, true), held, "too late for the channel to follow");
    assert_eq!(with("payment-pending", 1, false), None);
}

#[test]
fn what_the_erp_has_under_the_number_is_linked_only_when_it_is_the_same() {
    type Change = fn(&mut ErpOrder);
    let differing: [(&str, Change); 3] = [
        ("store number", |erp| erp.store_number = crate::model::OrderId::new("1-01")),
        ("total", |erp| erp.total = Cents::new(10_999)),
        ("number of units", |erp| erp.units = Some(9)),
    ];
    for (what, change) in differing {
        let mut facts = in_erp_as("ready-for-handling", Status::Paid, false);
        change(facts.erp.as_mut().unwrap());
        let decision = plan(&facts, &policy());
        let Some(Reason::ErpDiffers { field, .. }) = &decision.hold else { panic!("{decision:?}") };
        assert_eq!((field.as_str(), names(&decision)), (what, vec![]));
    }
}

proptest! {
    /// Whatever the facts, a decision that creates has whole, exact, known lines; and the same facts decide the same.
    #[test]
    fn nothing_wrong_is_ever_created(
        lines in proptest::collection::vec((0u8..6, 1i64..5, 0i64..10_000), 1..6),
        known in proptest::collection::btree_set(0u8..6, 0..6),
        freight in 0i64..5_000,
        discount in 0i64..5_000,
        off_by in -1i64..=1,
        status in 0usize..15,
        cancel_heard: bool,
    ) {
        let raws = ["payment-pending", "ready-for-handling", "handling", "canceled", "window-to-cancel"];
        let mut facts = at_status(raws[status % raws.len()]);
        facts.cancel_heard = cancel_heard;
        facts.order.lines = lines.iter().map(|(sku, n, price)| sample::line(&sku.to_string(), &format!("S{sku}"), *n, *price)).collect();
        let sum: i64 = facts.order.lines.iter().map(|line| line.total.get()).sum();
        facts.order.freight = Cents::new(freight);
        facts.order.discount = Cents::new(discount);
        facts.order.total = Cents::new(sum + freight - discount + off_by);
        facts.known_skus = known.iter().map(|sku| Sku::new(format!("S{sku}"))).collect();
        let decision = plan(&facts, &policy());
        prop_assert_eq!(&decision, &plan(&facts.clone(), &policy()));
        for action in &decision.actions {
            if let Action::Create(new) = action {
                prop_assert_eq!(off_by, 0);
                prop_assert!(!cancel_heard);
                prop_assert_eq!(new.lines.len(), facts.order.lines.len());
                prop_assert!(new.lines.iter().all(|line| facts.known_skus.contains(&line.sku)));
            }
        }
        prop_assert_eq!(decision.fate == Fate::Imported, !decision.actions.is_empty());
    }
}
