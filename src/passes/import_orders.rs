//! import-orders: every order the channel has ends up with exactly one fate, and every one that belongs into the ERP is there
//! once, complete and exact to the cent.
//!
//! Hints come from the [intake](super::intake); the decision rests on a fresh reading of the order. The ERP is asked for the
//! order's number before and after it is created, so that neither a crash nor a lost answer makes a second one. An order is taken
//! over on the channel only when the ERP says that it is paid; once it is in the ERP, all else is for
//! [sync-payments](super::sync_payments).

mod new_order;
mod taking_over;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::new_order::new_order;
use super::intake::{self, Backfill};
use super::permit::{Permit, both_sides, seal};
use super::pushing::PATIENCE;
use super::take_over::{self, TAKE_OVER};
use super::{Pass, Trouble, auto_cancel, erp_code, finished, sync_payments};
use crate::config::{ChannelConfig, FulfillmentRule, ImportRule};
use crate::erp::{ErpError, ErpOrder, NewOrder, UNSURE};
use crate::exit::Exit;
use crate::lang::say;
use crate::model::{CarrierName, Cents, Instant, Line, Order, PaymentMethod, Readiness, Sku, Status, WarehouseId};
use crate::plan::{Planned, act};
use crate::reason::Reason;
use crate::report::Outcome;
use crate::store::Store;
use crate::store::journal::{Effect, State};
use crate::store::orders::{Decided, Fate, Link, OrderRow};
use crate::store::visits::Visit;

/// An order that was just made is looked for once more after this pause.
const READ_AGAIN_AFTER: std::time::Duration = std::time::Duration::from_secs(2);

/// The name in journal and reports of creating an order in the ERP.
pub use crate::store::journal::CREATE;
/// The name in reports of linking an order with the one that the ERP has under its number.
pub const LINK: &str = "link_order";

/// What the configuration says about importing.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Orders created before are not imported.
    pub since: Instant,
    /// Which orders to import.
    pub import: ImportRule,
    /// Exceptions by payment method.
    pub by_method: BTreeMap<PaymentMethod, ImportRule>,
    /// What to do about orders that a marketplace sends from a warehouse of its own.
    pub fulfillment: Option<FulfillmentRule>,
    /// The channel's carrier or service names with the ERP's carriers.
    pub carriers: BTreeMap<String, CarrierName>,
    /// The ERP's carrier for any other.
    pub default_carrier: Option<CarrierName>,
    /// The channel's product ids with the ERP's codes, before the channel's own references.
    pub skus: BTreeMap<String, Sku>,
    /// The channel's warehouses with the ERP's.
    pub warehouses: BTreeMap<WarehouseId, WarehouseId>,
    /// What a person cancels in the ERP is cancelled on the channel, by auto-cancel.
    pub channel_follows: bool,
}

impl Policy {
    /// The part of a channel's configuration that matters here.
    pub fn of(config: &ChannelConfig) -> Self {
        Self {
            since: config.since,
            import: config.import,
            by_method: config.import_by_method.clone(),
            fulfillment: config.fulfillment,
            carriers: config.carriers.clone(),
            default_carrier: config.default_carrier.clone(),
            skus: config.skus.clone(),
            warehouses: config.warehouses.clone(),
            channel_follows: config.auto_cancel.from_erp,
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
    /// The order in the ERP: the one it is linked with, or the one found under its number.
    pub erp: Option<ErpOrder>,
    /// The two are linked already.
    pub linked: bool,
    /// Which of its products the ERP knows.
    pub known_skus: BTreeSet<Sku>,
    /// An earlier cut-off date [let it in](was_let_in).
    pub let_in: bool,
}

/// A side effect on the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Create the order in the ERP.
    Create(Box<NewOrder>),
    /// Link it with the one the ERP has.
    Link(Box<ErpOrder>),
    /// Tell the channel that the ERP has it.
    TakeOver,
}

impl Action {
    /// Its name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create(_) => CREATE,
            Self::Link(_) => LINK,
            Self::TakeOver => TAKE_OVER,
        }
    }

    /// As a plan tells it.
    fn told(&self, store: &Store) -> Value {
        let with = match self {
            Self::Create(new) => json!({
                "status": new.status.code(),
                "total_cents": new.total.get(),
                "carrier": new.carrier,
                "lines": new.lines.iter().map(|line| json!({ "sku": line.sku, "quantity": line.quantity })).collect::<Vec<_>>(),
                "content": seal(store, new),
            }),
            Self::Link(erp) => json!({ "erp_number": erp.number }),
            Self::TakeOver => json!({}),
        };
        act(self.name(), with)
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
    /// What a person must decide, once the actions are done.
    pub hold: Option<Reason>,
}

impl Decision {
    fn none(fate: Fate, reason: Reason) -> Self {
        Self { fate, reason, actions: Vec::new(), hold: None }
    }

    fn held(reason: Reason) -> Self {
        Self { hold: Some(reason.clone()), ..Self::none(Fate::Held, reason) }
    }

    fn names(&self) -> Vec<&'static str> {
        self.actions.iter().map(Action::name).collect()
    }

    /// As a dry run tells it.
    fn planned(&self, facts: &Facts, store: &Store) -> Planned {
        let mut rests_on = both_sides(store, &facts.order, facts.erp.as_ref());
        rests_on.insert("cancel_heard".into(), facts.cancel_heard.into());
        Planned { actions: self.actions.iter().map(|action| action.told(store)).collect(), facts: rests_on }
    }
}

/// Decides on an order. Pure: the same facts and policy give the same decision.
pub fn plan(facts: &Facts, policy: &Policy) -> Decision {
    let order = &facts.order;
    if let Some(erp) = &facts.erp {
        return in_erp(facts, erp, policy);
    }
    if let Some(decision) = stays_out(facts, policy) {
        return decision;
    }
    match new_order(facts, policy) {
        Err(reason) => Decision::held(reason),
        Ok(new) => {
            let mut actions = vec![Action::Create(Box::new(new))];
            if order.readiness == Readiness::Ready {
                actions.push(Action::TakeOver);
            }
            Decision { fate: Fate::Imported, reason: why_imported(order), actions, hold: None }
        }
    }
}

/// The decision for an order that the ERP has: the two are linked, and it is taken over when both sides say that it is paid.
fn in_erp(facts: &Facts, erp: &ErpOrder, policy: &Policy) -> Decision {
    let order = &facts.order;
    let mut actions = Vec::new();
    if !facts.linked {
        if order.status == Status::Cancelled && erp.status == Status::Cancelled {
            // Whatever they differ in, nothing is left to do about it.
            return Decision::none(Fate::Cancelled, Reason::CancelledOnChannel { raw: order.raw_status.clone() });
        }
        if let Some(reason) = differs(order, erp) {
            return Decision::held(reason);
        }
        actions.push(Action::Link(Box::new(erp.clone())));
    }
    if order.readiness == Readiness::Ready && erp.status.is_paid_or_beyond() {
        actions.push(Action::TakeOver);
    }
    let reason = match actions.first() {
        None => Reason::InStep { status: erp.status.clone() },
        Some(Action::TakeOver) => Reason::ReadyOnChannel,
        Some(_) => why_imported(order),
    };
    let hold = sync_payments::paid_after_cancellation(order, erp, policy.channel_follows)
        .or_else(|| sync_payments::unknown_in_erp(order, erp));
    Decision { fate: Fate::Imported, reason, actions, hold }
}

/// The channel ends its grace period by itself, within hours. Where it has not for days somebody must look: money was taken, and a
/// customer waits.
fn overdue(decision: Decision, order: &Order, now: Instant) -> Decision {
    let is_late = now.signed_duration_since(order.paid_at.unwrap_or(order.created_at)) > PATIENCE;
    match &decision.reason {
        Reason::GracePeriod { .. } if is_late => Decision::held(decision.reason),
        _ => decision,
    }
}

fn why_imported(order: &Order) -> Reason {
    if order.status.is_paid_or_beyond() { Reason::PaidOnChannel } else { Reason::PolicyImportsUnpaid }
}

/// Why the ERP's order cannot be the counterpart of the channel's, if it cannot.
pub(super) fn differs(order: &Order, erp: &ErpOrder) -> Option<Reason> {
    difference(order, erp, Cents::ZERO).map(|(field, channel, erp_says)| Reason::ErpDiffers {
        erp_number: erp.number.clone(),
        field: field.into(),
        channel,
        erp: erp_says,
    })
}

/// The first thing in which both sides differ, as the channel and the ERP say it; totals by more than the tolerance.
pub(super) fn difference(order: &Order, erp: &ErpOrder, tolerance: Cents) -> Option<(&'static str, String, String)> {
    let units = order.lines.iter().fold(0, |units: i64, line| units.saturating_add(line.quantity));
    let is_close = order.total.checked_sub(erp.total).is_some_and(|off| off.abs() <= tolerance);
    let total = if is_close { order.total } else { erp.total };
    [
        ("store number", order.id.to_string(), erp.store_number.to_string()),
        ("total", order.total.to_string(), total.to_string()),
        ("number of units", units.to_string(), erp.units.unwrap_or(units).to_string()),
    ]
    .into_iter()
    .find(|(_, channel, erp_says)| channel != erp_says)
}

/// The decision for an order that is not to be imported now, by its status and the policy alone.
pub fn stays_out(facts: &Facts, policy: &Policy) -> Option<Decision> {
    let order = &facts.order;
    let raw = order.raw_status.clone();
    let none = |fate, reason| Some(Decision::none(fate, reason));
    match &order.status {
        Status::Cancelled => return none(Fate::Cancelled, Reason::CancelledOnChannel { raw }),
        Status::Unknown(raw) => return Some(Decision::held(Reason::StatusUnknown { raw: raw.clone() })),
        // A date that is moved ahead must not let go of what somebody waits for.
        _ if order.created_at < policy.since && !facts.let_in => {
            return none(Fate::Skipped, Reason::BeforeCutoff { cutoff: policy.since });
        }
        status if finished(status) => return none(Fate::Skipped, Reason::FinishedElsewhere { raw }),
        // The announcement may be older than the order's own word, or newer: nobody can tell, so nothing is created.
        _ if facts.cancel_heard => return Some(Decision::held(Reason::CancelAnnounced { raw })),
        Status::CancellationRequested => return Some(Decision::held(Reason::CancellationRequestedOnChannel)),
        _ if order.fulfilled_by_marketplace => match policy.fulfillment {
            None => return Some(Decision::held(Reason::FulfillmentUndecided)),
            Some(FulfillmentRule::Skip) => return none(Fate::Skipped, Reason::FulfilledByMarketplace),
            Some(FulfillmentRule::Import) => {}
        },
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

/// Whether the cut-off date let an order in when it was last decided on: it waits since, or is held for what is looked at only then.
pub(super) fn was_let_in(row: &OrderRow) -> bool {
    match (row.fate, &row.fate_why) {
        (Some(Fate::Waiting), _) => true,
        (Some(Fate::Held), Some(why)) => matches!(
            why,
            Reason::GracePeriod { .. }
                | Reason::CancelAnnounced { .. }
                | Reason::CancellationRequestedOnChannel
                | Reason::FulfillmentUndecided
                | Reason::CarrierUnmapped { .. }
                | Reason::TotalsDiffer { .. }
                | Reason::TaxIdInvalid { .. }
                | Reason::AddressIncomplete { .. }
                | Reason::SkusUnmapped { .. }
                | Reason::ErpRefused { .. }
                | Reason::OutcomeUnknown { .. }
        ),
        _ => false,
    }
}

/// Runs the pass.
pub async fn run(pass: &Pass<'_>, backfill: Option<Backfill>) {
    let is_feed_cut = pass.orders.is_empty() && intake::run(pass, backfill).await;
    let policy = Policy::of(pass.config);
    let reread_before = pass.clock.now() - chrono::TimeDelta::from_std(pass.config.reread_after).unwrap_or_default();
    let visit_all = async || {
        pass.visit_all(Visit::ToImport { reread_before }, async |row| visit(pass, &policy, row).await).await;
    };
    visit_all().await;
    if is_feed_cut && !pass.halted() {
        intake::hear_rest(pass).await;
        if !pass.halted() {
            visit_all().await;
        }
    }
}

async fn visit(pass: &Pass<'_>, policy: &Policy, row: &OrderRow) -> Result<(), Trouble> {
    match (&row.erp_id, &row.fate_why) {
        (Some(erp_id), _) => taking_over::visit(pass, policy, row, erp_id).await,
        // Even one that is named stays out until a person releases it.
        (None, Some(why @ Reason::SkippedByHand { .. })) if row.fate == Some(Fate::Skipped) => {
            pass.tell(row, Outcome::Skipped, true, why, &[]);
            Ok(())
        }
        _ => bring_in(pass, policy, row).await,
    }
}

/// Reads an order that is not in the ERP, as far as is known, decides, carries out, records.
async fn bring_in(pass: &Pass<'_>, policy: &Policy, row: &OrderRow) -> Result<(), Trouble> {
    let order = match pass.read_channel(row).await? {
        Ok(order) => order,
        Err(reason) => return Ok(pass.hold(row, &reason)?),
    };
    let mut facts = Facts {
        order,
        cancel_heard: row.cancel_heard,
        erp: None,
        linked: false,
        known_skus: BTreeSet::new(),
        let_in: was_let_in(row),
    };
    let comes_in = stays_out(&facts, policy).is_none();
    if comes_in {
        let skus: Vec<Sku> = facts.order.lines.iter().filter_map(|line| policy.sku(line)).collect();
        facts.known_skus = pass.erp.known_skus(&skus).await?;
    }
    // What was begun and never settled may be in the ERP, whatever the channel says of the order by now; and what was another order
    // there must not be forgotten.
    let differed = matches!(row.fate_why, Some(Reason::ErpDiffers { .. }));
    if comes_in || differed || is_create_open(pass, row)? {
        facts.erp = pass.erp.find_order(&row.channel, &row.id).await?;
    }
    let decision = overdue(plan(&facts, policy), &facts.order, pass.clock.now());
    // Once it is closed nobody would look for it again, and an ERP may show late what it has.
    let is_over = matches!(decision.fate, Fate::Cancelled | Fate::Skipped);
    if is_over
        && facts.erp.is_none()
        && let Some(reason) = may_be_there(pass, row)?
    {
        return Ok(pass.hold(row, &reason)?);
    }
    if let Some(reason) = refused_by_rule(pass, &decision)? {
        return Ok(pass.hold(row, &reason)?);
    }
    let done = match pass.permit(&row.id, || decision.planned(&facts, pass.store)) {
        Permit::OnlyTold => Ok(decision.names()),
        Permit::Given => apply(pass, row, &facts, &decision).await?,
        Permit::Refused(reason) => return Ok(pass.refuse(row, reason)?),
    };
    match (&done, &decision.hold) {
        (Err(reason), _) | (Ok(_), Some(reason)) => Ok(pass.hold(row, reason)?),
        (Ok(actions), None) => Ok(conclude(pass, row, &facts.order, &decision, actions)?),
    }
}

/// In a dry run, which makes no order: why the ERP would make none of this one.
fn refused_by_rule(pass: &Pass<'_>, decision: &Decision) -> Result<Option<Reason>, Trouble> {
    let new = decision.actions.iter().find_map(|action| match action {
        Action::Create(new) => Some(new),
        _ => None,
    });
    let Some(new) = new.filter(|_| pass.dry_run) else { return Ok(None) };
    match pass.erp.objection(new)? {
        Some(ErpError::Refused { code, message }) => Ok(Some(Reason::ErpRefused { refusal: code.into(), message })),
        Some(error) => Err(error.into()),
        None => Ok(None),
    }
}

fn create_effect(row: &OrderRow) -> Effect<'_> {
    Effect { channel: &row.channel, order: row.row, action: CREATE, of: "" }
}

/// Whether the order was ever to be created, and is not known to be there: also what failed may have been made.
fn is_create_open(pass: &Pass<'_>, row: &OrderRow) -> rusqlite::Result<bool> {
    Ok(pass.store.effect(&create_effect(row))?.is_some_and(|record| record.state != State::Done))
}

/// Why the order is neither made nor closed, where an earlier try may have made it and it does not show.
pub(super) fn may_be_there(pass: &Pass<'_>, row: &OrderRow) -> rusqlite::Result<Option<Reason>> {
    let Some(record) = pass.store.effect(&create_effect(row))? else { return Ok(None) };
    // The ERP took it, and no time tells what became of it: it is found there, or a person has looked.
    if record.state == State::Unknown && record.answer.as_deref() == Some(UNSURE) {
        let message = say!(
            "it took order {} without saying which it made, and does not show it"
                | "aceitou o pedido {} sem dizer qual criou, e não o mostra",
            row.id
        );
        return Ok(Some(Reason::ErpRefused { refusal: UNSURE.into(), message }));
    }
    let is_unknown = matches!(record.state, State::Intended | State::Unknown);
    let may_still_show = is_unknown && record.may_still_show(pass.erp.may_show_late(), pass.clock.now());
    Ok(may_still_show.then(|| Reason::OutcomeUnknown { action: CREATE.into() }))
}

/// Carries out a decision. Gives what was done, or the reason to hold the order.
async fn apply(
    pass: &Pass<'_>,
    row: &OrderRow,
    facts: &Facts,
    decision: &Decision,
) -> Result<Result<Vec<&'static str>, Reason>, Trouble> {
    let mut done = Vec::new();
    for action in &decision.actions {
        match action {
            Action::Create(new) => match create(pass, row, &facts.order, new, &decision.reason).await? {
                Err(reason) => return Ok(Err(reason)),
                Ok(erp) if erp.status == new.status => done.push(CREATE),
                // Somebody else made it meanwhile, and moved it on: the next visit decides on what it is now.
                Ok(_) => return Ok(Ok(vec![CREATE])),
            },
            Action::Link(erp) => {
                link(pass, row, erp, &decision.reason, "found in the ERP")?;
                done.push(LINK);
            }
            Action::TakeOver => match take_over::apply(pass, row).await? {
                Some(reason) => return Ok(Err(reason)),
                None => done.push(TAKE_OVER),
            },
        }
    }
    Ok(Ok(done))
}

/// Creates the order in the ERP and links the two. Gives the order as the ERP has it, or the reason to hold it.
async fn create(
    pass: &Pass<'_>,
    row: &OrderRow,
    order: &Order,
    new: &NewOrder,
    why: &Reason,
) -> Result<Result<ErpOrder, Reason>, Trouble> {
    let effect = create_effect(row);
    let link_unless_other = |erp: ErpOrder, how| match differs(order, &erp) {
        Some(reason) => {
            pass.store.settle(&effect, State::Failed, "the ERP has another", pass.clock.now())?;
            Ok(Err(reason))
        }
        None => link_to(pass, row, &erp, why, how).map(|()| Ok(erp)),
    };
    const ASKED_AGAIN: (&str, bool) = ("created, found by asking again", false);
    if let Some(reason) = may_be_there(pass, row)? {
        return Ok(Err(reason));
    }
    pass.store.intend(&effect, pass.clock.now()).await?;
    match pass.erp.create_order(new, pass.clock.now()).await {
        Ok(created) => {
            let read_back = match read_back(pass, row).await {
                Ok(read_back) => read_back,
                // Its id is known, whatever the ERP finds by its number in the next run.
                Err(trouble) => {
                    return link_unless_other(created, ("created", false))?
                        .map_or_else(|r| Ok(Err(r)), |_| Err(trouble));
                }
            };
            if read_back.is_none() {
                // Without that nothing keeps a second one out: no further order is made by this run.
                let message = say!(
                    "the ERP made order {} and does not find it by its store number; look whether its number stands \
                     there, and run `vaivem check`"
                        | "o ERP criou o pedido {} e não o acha pelo número da loja; veja se o número está lá, e \
                           execute `vaivem check`",
                    row.id
                );
                pass.end(Exit::Guard, message);
            }
            let is_as_sent = read_back.as_ref().is_some_and(|found| found.id == created.id);
            Ok(link_unless_other(read_back.unwrap_or(created), ("created", is_as_sent))?)
        }
        Err(ErpError::Refused { code: UNSURE, message }) => {
            pass.store.settle(&effect, State::Unknown, UNSURE, pass.clock.now())?;
            if pass.stop.sleep(READ_AGAIN_AFTER).await.is_ok()
                && let Ok(Some(found)) = pass.erp.find_order(&row.channel, &row.id).await
            {
                return Ok(link_unless_other(found, ASKED_AGAIN)?);
            }
            // The next may be made and not be found either.
            let told = say!(
                "the ERP may have made order {}: {message}; look whether it stands there, and run `vaivem check`"
                    | "o ERP pode ter criado o pedido {}: {message}; veja se ele está lá, e execute `vaivem check`",
                row.id
            );
            pass.end(Exit::Guard, told);
            Ok(Err(Reason::ErpRefused { refusal: UNSURE.into(), message }))
        }
        Err(ErpError::Refused { code, message }) => {
            pass.store.settle(&effect, State::Failed, code, pass.clock.now())?;
            Ok(Err(Reason::ErpRefused { refusal: code.into(), message }))
        }
        Err(ErpError::Call(error)) if error.outcome_unknown() => {
            pass.store.settle(&effect, State::Unknown, "no answer", pass.clock.now())?;
            match pass.erp.find_order(&row.channel, &row.id).await? {
                Some(found) => Ok(link_unless_other(found, ASKED_AGAIN)?),
                None => Ok(Err(Reason::OutcomeUnknown { action: CREATE.into() })),
            }
        }
        Err(error) => {
            pass.store.settle(&effect, State::Failed, "not carried out", pass.clock.now())?;
            Err(error.into())
        }
    }
}

/// The order as the ERP finds it by its number right after it made it; some take a moment.
async fn read_back(pass: &Pass<'_>, row: &OrderRow) -> Result<Option<ErpOrder>, Trouble> {
    let found = pass.erp.find_order(&row.channel, &row.id).await?;
    if found.is_some() || pass.stop.sleep(READ_AGAIN_AFTER).await.is_err() {
        return Ok(found);
    }
    Ok(pass.erp.find_order(&row.channel, &row.id).await?)
}

/// Links the order with its counterpart in the ERP, which settles that it was created.
pub(super) fn link(
    pass: &Pass<'_>,
    row: &OrderRow,
    erp: &ErpOrder,
    reason: &Reason,
    answer: &str,
) -> rusqlite::Result<()> {
    link_to(pass, row, erp, reason, (answer, false))
}

/// Links it, and says how it came there: what is said of that, and whether it is the one that was sent just now.
fn link_to(
    pass: &Pass<'_>,
    row: &OrderRow,
    erp: &ErpOrder,
    reason: &Reason,
    (answer, is_as_sent): (&str, bool),
) -> rusqlite::Result<()> {
    let answer = format!("{answer} as {}", erp.number);
    pass.store.link(&create_effect(row), erp, Link { reason, answer: &answer, is_as_sent }, pass.clock.now())
}

/// Records and reports the fate of an order that this pass does not hold. In a dry run the fate is what it would be; nothing of it is kept.
fn conclude(
    pass: &Pass<'_>,
    row: &OrderRow,
    order: &Order,
    decision: &Decision,
    actions: &[&'static str],
) -> rusqlite::Result<()> {
    let outcome = match decision.fate {
        Fate::Imported => Outcome::Imported,
        Fate::Waiting => Outcome::Waiting,
        Fate::Skipped => Outcome::Skipped,
        Fate::Cancelled => Outcome::Cancelled,
        Fate::Held => Outcome::Held,
    };
    let open = !matches!(decision.fate, Fate::Skipped | Fate::Cancelled);
    // What auto-cancel could not cancel is not over because it goes on waiting: it would ask again each time.
    let is_auto_cancels = |hold: &Reason| match hold {
        Reason::CancelRefused { raw, .. } => *raw == order.raw_status,
        other => auto_cancel::is_ours(other),
    };
    let hold = match decision.fate {
        Fate::Waiting => pass.store.open_holds(row.row)?.into_iter().find(is_auto_cancels),
        _ => None,
    };
    let decided = Decided { fate: decision.fate, reason: &decision.reason, hold: hold.as_ref(), open };
    pass.conclude(row, decided, outcome, &decision.reason, actions)
}

#[cfg(test)]
mod tests;
