//! import-orders: every order the channel has ends up with exactly one fate, and every one that belongs into the ERP is there
//! once, complete and exact to the cent.
//!
//! Hints come from the [intake](super::intake); the decision rests on a fresh reading of the order. The ERP is asked for the
//! order's number before and after it is created, so that neither a crash nor a lost answer makes a second one.

use std::collections::{BTreeMap, BTreeSet};

use super::intake::{self, Backfill};
use super::take_over::{self, TAKE_OVER};
use super::{Pass, Trouble, erp_code, finished};
use crate::channel::Reading;
use crate::config::{ChannelConfig, ImportRule};
use crate::erp::{ErpError, ErpOrder, NewLine, NewOrder};
use crate::model::{
    CarrierName, ChannelSku, Instant, Line, Order, PaymentMethod, Readiness, Sku, Status, TaxId, WarehouseId,
};
use crate::reason::{Reason, UnmappedSku};
use crate::report::Outcome;
use crate::store::journal::{Effect, State};
use crate::store::orders::{Decided, Fate, Link, OrderRow, Visit};

/// The action's name in journal and reports.
pub const CREATE: &str = "create_order";

/// What the configuration says about importing.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Orders created before are not imported.
    pub since: Instant,
    /// Which orders to import.
    pub import: ImportRule,
    /// Exceptions by payment method.
    pub by_method: BTreeMap<PaymentMethod, ImportRule>,
    /// The channel's carrier or service names with the ERP's carriers.
    pub carriers: BTreeMap<String, CarrierName>,
    /// The ERP's carrier for any other.
    pub default_carrier: Option<CarrierName>,
    /// The channel's product ids with the ERP's codes, before the channel's own references.
    pub skus: BTreeMap<String, Sku>,
    /// The channel's warehouses with the ERP's.
    pub warehouses: BTreeMap<WarehouseId, WarehouseId>,
}

impl Policy {
    /// The part of a channel's configuration that matters here.
    pub fn of(config: &ChannelConfig) -> Self {
        Self {
            since: config.since,
            import: config.import,
            by_method: config.import_by_method.clone(),
            carriers: config.carriers.clone(),
            default_carrier: config.default_carrier.clone(),
            skus: config.skus.clone(),
            warehouses: config.warehouses.clone(),
        }
    }

    /// Whether an unpaid order is imported: every one of its payments must allow it.
    fn imports_unpaid(&self, order: &Order) -> bool {
        let rule = |method| self.by_method.get(method).copied().unwrap_or(self.import);
        if order.payments.is_empty() {
            return self.import == ImportRule::All;
        }
        order.payments.iter().all(|payment| rule(&payment.method) == ImportRule::All)
    }

    /// The ERP code for a line, whether or not the ERP knows it.
    fn sku(&self, line: &Line) -> Option<Sku> {
        erp_code(&self.skus, line)
    }

    /// The ERP's carrier for an order.
    fn carrier(&self, order: &Order) -> Option<CarrierName> {
        let names = [order.delivery.carrier.as_ref(), order.delivery.service.as_ref()];
        names.into_iter().flatten().find_map(|name| self.carriers.get(name)).or(self.default_carrier.as_ref()).cloned()
    }
}

/// What was read about an order.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The order, read fresh.
    pub order: Order,
    /// A cancellation of it was announced.
    pub cancel_heard: bool,
    /// It is in the ERP already.
    pub linked: bool,
    /// Which of its products the ERP knows.
    pub known_skus: BTreeSet<Sku>,
}

/// A side effect on the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Create the order in the ERP, unless it has it.
    Create(Box<NewOrder>),
    /// Tell the channel that the ERP has it.
    TakeOver,
}

impl Action {
    /// Its name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create(_) => CREATE,
            Self::TakeOver => TAKE_OVER,
        }
    }
}

/// What is to be done about an order, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its fate, once the actions are done.
    pub fate: Fate,
    /// Why.
    pub reason: Reason,
    /// What to do, in this order.
    pub actions: Vec<Action>,
}

impl Decision {
    fn none(fate: Fate, reason: Reason) -> Self {
        Self { fate, reason, actions: Vec::new() }
    }
}

/// Decides on an order. Pure: the same facts and policy give the same decision.
pub fn plan(facts: &Facts, policy: &Policy) -> Decision {
    let order = &facts.order;
    if facts.linked {
        let actions = if order.readiness == Readiness::Ready { vec![Action::TakeOver] } else { Vec::new() };
        return Decision { fate: Fate::Imported, reason: Reason::ReadyOnChannel, actions };
    }
    if let Some(decision) = stays_out(facts, policy) {
        return decision;
    }
    match new_order(facts, policy) {
        Err(reason) => Decision::none(Fate::Held, reason),
        Ok(new) => {
            let reason = if order.status == Status::Paid { Reason::PaidOnChannel } else { Reason::PolicyImportsUnpaid };
            let mut actions = vec![Action::Create(Box::new(new))];
            if order.readiness == Readiness::Ready {
                actions.push(Action::TakeOver);
            }
            Decision { fate: Fate::Imported, reason, actions }
        }
    }
}

/// The decision for an order that is not to be imported now, by its status and the policy alone.
pub fn stays_out(facts: &Facts, policy: &Policy) -> Option<Decision> {
    let order = &facts.order;
    let raw = order.raw_status.clone();
    let none = |fate, reason| Some(Decision::none(fate, reason));
    match &order.status {
        Status::Cancelled => return none(Fate::Cancelled, Reason::CancelledOnChannel { raw }),
        Status::Unknown(raw) => return none(Fate::Held, Reason::StatusUnknown { raw: raw.clone() }),
        _ if order.created_at < policy.since => {
            return none(Fate::Skipped, Reason::BeforeCutoff { cutoff: policy.since });
        }
        status if finished(status) => return none(Fate::Skipped, Reason::FinishedElsewhere { raw }),
        // The announcement may be older than the order's own word, or newer: nobody can tell, so nothing is created.
        _ if facts.cancel_heard => return none(Fate::Held, Reason::CancelAnnounced { raw }),
        Status::CancellationRequested => return none(Fate::Waiting, Reason::CancellationPending),
        _ => {}
    }
    if order.readiness == Readiness::BeingBuilt {
        return none(Fate::Waiting, Reason::BeingBuilt { raw });
    }
    if order.readiness == Readiness::NotYet && !policy.imports_unpaid(order) {
        let reason = match order.status {
            Status::PaymentUnderReview => Reason::UnderReview,
            Status::AwaitingPayment => Reason::AwaitingPayment {
                method: order.payments.first().map_or(PaymentMethod::Other, |payment| payment.method),
                due: order.due_date(),
            },
            _ => Reason::GracePeriod { raw },
        };
        return none(Fate::Waiting, reason);
    }
    None
}

/// The order as the ERP is to have it, or why it cannot.
fn new_order(facts: &Facts, policy: &Policy) -> Result<NewOrder, Reason> {
    let order = &facts.order;
    let lines = map_lines(facts, policy)?;
    let carrier = policy.carrier(order);
    if carrier.is_none() && !order.delivery.pickup {
        let name = order.delivery.carrier.as_ref().or(order.delivery.service.as_ref());
        return Err(Reason::CarrierUnmapped { carrier: name.cloned().unwrap_or_else(|| "(none named)".into()) });
    }
    let parts = order.sum_of_parts();
    if parts != Some(order.total) {
        return Err(Reason::TotalsDiffer { parts: parts.unwrap_or_default(), total: order.total });
    }
    if let Err(problem) = TaxId::parse(order.customer.document.as_deref().unwrap_or_default()) {
        return Err(Reason::TaxIdInvalid { problem: problem.to_string() });
    }
    let missing = missing_in_address(order);
    if !missing.is_empty() {
        return Err(Reason::AddressIncomplete { missing });
    }
    Ok(NewOrder {
        channel: order.channel.clone(),
        store_number: order.id.clone(),
        marketplace: order.marketplace.clone(),
        created_at: order.created_at,
        status: if order.status.is_unpaid() { order.status.clone() } else { Status::Paid },
        paid_at: order.paid_at,
        total: order.total,
        freight: order.freight,
        discount: order.discount,
        tax: order.tax,
        lines,
        customer: order.customer.clone(),
        address: order.delivery.address.clone(),
        carrier,
        service: order.delivery.service.clone(),
        promised_at: order.delivery.promised_at,
        payments: order.payments.clone(),
        note: order.note.clone(),
        fiscal_payment: order.fiscal_payment.clone(),
    })
}

fn map_lines(facts: &Facts, policy: &Policy) -> Result<Vec<NewLine>, Reason> {
    let mut unmapped: BTreeMap<ChannelSku, UnmappedSku> = BTreeMap::new();
    let mut lines = Vec::with_capacity(facts.order.lines.len());
    for line in &facts.order.lines {
        match policy.sku(line) {
            Some(sku) if facts.known_skus.contains(&sku) => lines.push(NewLine {
                sku,
                name: line.name.clone(),
                quantity: line.quantity,
                unit_price: line.unit_price,
                total: line.total,
                warehouse: line.warehouse.as_ref().and_then(|theirs| policy.warehouses.get(theirs)).cloned(),
            }),
            tried => {
                unmapped.entry(line.channel_sku.clone()).or_insert_with(|| UnmappedSku {
                    channel_sku: line.channel_sku.to_string(),
                    tried,
                    name: line.name.clone(),
                });
            }
        }
    }
    if unmapped.is_empty() { Ok(lines) } else { Err(Reason::SkusUnmapped { skus: unmapped.into_values().collect() }) }
}

fn missing_in_address(order: &Order) -> Vec<String> {
    let Some(address) = &order.delivery.address else {
        return if order.delivery.pickup { Vec::new() } else { vec!["everything".into()] };
    };
    let postal_code = address.postal_code.len() == 8;
    let state = address.state.len() == 2;
    [
        (postal_code, "a CEP of 8 digits"),
        (state, "the state"),
        (!address.city.is_empty(), "the city"),
        (!address.street.is_empty(), "the street"),
    ]
    .into_iter()
    .filter(|(present, _)| !present)
    .map(|(_, what)| what.to_owned())
    .collect()
}

/// Runs the pass.
pub async fn run(pass: &Pass<'_>, backfill: Option<Backfill>) {
    if pass.orders.is_empty() {
        intake::run(pass, backfill).await;
    }
    let policy = Policy::of(pass.config);
    let reread_before = pass.clock.now() - chrono::TimeDelta::from_std(pass.config.reread_after).unwrap_or_default();
    pass.visit_all(Visit::ToImport { reread_before }, async |row| visit(pass, &policy, row).await).await;
}

/// Reads an order fresh, decides, carries out, records.
async fn visit(pass: &Pass<'_>, policy: &Policy, row: &OrderRow) -> Result<(), Trouble> {
    let order = match pass.channel.read_order(&row.id).await? {
        Reading::Order(order) => *order,
        Reading::Absent => return Ok(pass.not_on_channel(row)?),
        Reading::Unreadable(problem) => {
            return Ok(pass.hold(row, &Reason::Unreadable { at: problem.at, problem: problem.problem })?);
        }
    };
    pass.store.record_reading(row.row, &order, pass.clock.now())?;
    let linked = row.erp_id.is_some();
    let mut facts = Facts { order, cancel_heard: row.cancel_heard, linked, known_skus: BTreeSet::new() };
    if row.fate == Some(Fate::Cancelled) && !linked {
        // The tombstone: whatever the channel says of it now, it is not imported.
        facts.cancel_heard = true;
    }
    if !linked && stays_out(&facts, policy).is_none() {
        let skus: Vec<Sku> = facts.order.lines.iter().filter_map(|line| policy.sku(line)).collect();
        facts.known_skus = pass.erp.known_skus(&skus).await?;
    }
    let decision = plan(&facts, policy);
    if pass.dry_run {
        return Ok(conclude(pass, row, &facts, &decision, None)?);
    }
    let hold = apply(pass, row, &decision).await?;
    Ok(conclude(pass, row, &facts, &decision, hold.as_ref())?)
}

/// Carries out a decision. Gives the reason to hold the order, if one came up.
async fn apply(pass: &Pass<'_>, row: &OrderRow, decision: &Decision) -> Result<Option<Reason>, Trouble> {
    for action in &decision.actions {
        let hold = match action {
            Action::Create(new) => create(pass, row, new, &decision.reason).await?,
            Action::TakeOver => take_over::apply(pass, row).await?,
        };
        if hold.is_some() {
            return Ok(hold);
        }
    }
    Ok(None)
}

/// Creates the order in the ERP, or finds that it is there, and links the two.
async fn create(pass: &Pass<'_>, row: &OrderRow, new: &NewOrder, reason: &Reason) -> Result<Option<Reason>, Trouble> {
    let effect = Effect { channel: &row.channel, order: row.row, action: CREATE, of: "" };
    if let Some(found) = pass.erp.find_order(&row.channel, &row.id).await? {
        return link(pass, &effect, new, &found, Link { reason, answer: "found in the ERP" });
    }
    pass.store.intend(&effect, pass.clock.now())?;
    match pass.erp.create_order(new, pass.clock.now()).await {
        Ok(created) => {
            let read_back = pass.erp.read_order(&created.id).await?;
            link(pass, &effect, new, read_back.as_ref().unwrap_or(&created), Link { reason, answer: "created" })
        }
        Err(ErpError::Refused { code, message }) => {
            pass.store.settle(&effect, State::Failed, code, pass.clock.now())?;
            Ok(Some(Reason::ErpRefused { refusal: code.into(), message }))
        }
        Err(ErpError::Call(error)) if error.outcome_unknown() => {
            pass.store.settle(&effect, State::Unknown, "no answer", pass.clock.now())?;
            match pass.erp.find_order(&row.channel, &row.id).await? {
                Some(found) => {
                    link(pass, &effect, new, &found, Link { reason, answer: "created, found by asking again" })
                }
                None => Ok(Some(Reason::OutcomeUnknown { action: CREATE.into() })),
            }
        }
        Err(error) => {
            pass.store.settle(&effect, State::Failed, "not carried out", pass.clock.now())?;
            Err(error.into())
        }
    }
}

/// Links the order with its counterpart, unless that is somebody else's.
fn link(
    pass: &Pass<'_>,
    effect: &Effect<'_>,
    new: &NewOrder,
    erp: &ErpOrder,
    link: Link<'_>,
) -> Result<Option<Reason>, Trouble> {
    let differs = |field: &str, channel: String, erp_says: String| {
        Some(Reason::ErpDiffers { erp_number: erp.number.clone(), field: field.into(), channel, erp: erp_says })
    };
    if erp.store_number != new.store_number {
        return Ok(differs("store number", new.store_number.to_string(), erp.store_number.to_string()));
    }
    if erp.total != new.total {
        return Ok(differs("total", new.total.to_string(), erp.total.to_string()));
    }
    if erp.lines != new.lines.len() {
        return Ok(differs("number of lines", new.lines.len().to_string(), erp.lines.to_string()));
    }
    let answer = format!("{} as {}", link.answer, erp.number);
    pass.store.link(effect, erp, Link { answer: &answer, ..link }, pass.clock.now())?;
    Ok(None)
}

fn conclude(
    pass: &Pass<'_>,
    row: &OrderRow,
    facts: &Facts,
    decision: &Decision,
    hold: Option<&Reason>,
) -> rusqlite::Result<()> {
    if let Some(reason) = hold.or((decision.fate == Fate::Held).then_some(&decision.reason)) {
        return pass.hold(row, reason);
    }
    let names: Vec<&'static str> = decision.actions.iter().map(Action::name).collect();
    let outcome = match decision.fate {
        Fate::Imported if names.contains(&CREATE) => Outcome::Imported,
        Fate::Imported if !names.is_empty() => Outcome::Updated,
        Fate::Imported => Outcome::Unchanged,
        Fate::Waiting => Outcome::Waiting,
        Fate::Skipped => Outcome::Skipped,
        Fate::Cancelled => Outcome::Cancelled,
        Fate::Held => Outcome::Held,
    };
    // A linked order keeps the reason it was imported for.
    let why = if facts.linked { row.fate_why.as_ref() } else { None }.unwrap_or(&decision.reason);
    let open = match decision.fate {
        Fate::Skipped | Fate::Cancelled => false,
        Fate::Imported | Fate::Waiting | Fate::Held => !facts.order.status.is_final_for_payment() || facts.linked,
    };
    // In a dry run the fate is what it would be; nothing of it is kept.
    pass.conclude(
        row,
        Decided { fate: decision.fate, reason: why, hold: None, open },
        outcome,
        &decision.reason,
        &names,
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::channel::vtex::convert;
    use crate::model::order::sample;
    use crate::model::{Cents, Payment};

    fn policy() -> Policy {
        Policy {
            since: "2026-11-01T03:00:00Z".parse().unwrap(),
            import: ImportRule::Paid,
            by_method: BTreeMap::new(),
            carriers: BTreeMap::from([("Correios PAC".into(), CarrierName::new("Correios"))]),
            default_carrier: None,
            skus: BTreeMap::new(),
            warehouses: BTreeMap::new(),
        }
    }

    fn facts(order: Order) -> Facts {
        let known_skus = order.lines.iter().filter_map(|line| line.reference.clone()).collect();
        Facts { order, cancel_heard: false, linked: false, known_skus }
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
        decision.actions.iter().map(Action::name).collect()
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
            ("request-cancel", Fate::Waiting, Fate::Waiting),
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

    #[test]
    fn an_imported_order_is_only_taken_over() {
        let linked = |raw: &str| Facts { linked: true, known_skus: BTreeSet::new(), ..at_status(raw) };
        assert_eq!(names(&plan(&linked("ready-for-handling"), &policy())), [TAKE_OVER]);
        assert!(plan(&linked("window-to-cancel"), &policy()).actions.is_empty());
        assert!(plan(&linked("handling"), &policy()).actions.is_empty());
        assert!(plan(&linked("canceled"), &policy()).actions.is_empty());
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
}
