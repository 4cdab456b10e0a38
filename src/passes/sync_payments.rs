//! sync-payments: what the channel says of an order's payment becomes true in the ERP: approved, in review, cancelled, asked to
//! be cancelled. Whatever the feed said or did not say.
//!
//! Both sides are read fresh right before anything is written. An order is only ever moved forward. A cancellation against an
//! invoice, and a payment against a cancellation, are conflicts for a person.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cancel_desk::DENY;
use super::permit::{Permit, both_sides, seal};
use super::pushing::PATIENCE;
use super::take_over::{self, TAKE_OVER};
use super::{Pass, Trouble, auto_cancel, erp_code, import_orders};
use crate::erp::{ErpError, ErpOrder, UNSURE, units_by_product};
use crate::exit::Exit;
use crate::lang::keep;
use crate::model::{Cents, ErpOrderId, Order, Readiness, Sku, Status, Transmission, calendar};
use crate::plan::{Planned, act};
use crate::reason::Reason;
use crate::report::Outcome;
use crate::store::Store;
use crate::store::cancels::CANCEL_ON_CHANNEL;
use crate::store::cursors::PAYMENTS_SYNCED;
use crate::store::journal::{Effect, State};
use crate::store::orders::{Decided, Fate, OrderRow};
use crate::store::visits::Visit;

/// What was read about an order on both sides.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The channel's side.
    pub order: Order,
    /// The ERP's side.
    pub erp: ErpOrder,
    /// Where it stood in the ERP before a customer's wish to cancel, if there is one now and the ERP tells.
    pub requested_at: Option<Status>,
    /// What a person cancels in the ERP is cancelled on the channel, by auto-cancel.
    pub channel_follows: bool,
    /// Of an order that was edited on its channel since it came into the ERP, the first product of which the ERP's has other units.
    pub other_product: Option<OtherProduct>,
}

/// A product of which channel and ERP have other units in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherProduct {
    /// The ERP's code.
    pub sku: Sku,
    /// Units on the channel.
    pub on_channel: i64,
    /// Units in the ERP.
    pub in_erp: i64,
}

/// A side effect on the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Move the ERP's order to a status.
    SetErpStatus(Status),
    /// Cancel the ERP's order ("baixa de cancelamento").
    CancelInErp {
        /// For the ERP's history.
        note: String,
    },
    /// Tell the channel that the ERP has the order.
    TakeOver,
}

impl Action {
    /// Its name in journal and reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SetErpStatus(Status::Paid) => "mark_paid",
            Self::SetErpStatus(Status::PaymentUnderReview) => "mark_under_review",
            Self::SetErpStatus(Status::CancellationRequested) => "mark_cancellation_requested",
            Self::SetErpStatus(_) => "resume_status",
            Self::CancelInErp { .. } => "cancel_order",
            Self::TakeOver => TAKE_OVER,
        }
    }

    /// As a plan tells it.
    fn told(&self, store: &Store) -> Value {
        let with = match self {
            Self::SetErpStatus(status) => json!({ "status": status.code() }),
            // The note has the channel's words for why, which may be a customer's.
            Self::CancelInErp { note } => json!({ "content": seal(store, note) }),
            Self::TakeOver => json!({}),
        };
        act(self.name(), with)
    }
}

/// What is to be done about an order, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Carry these out, in this order; with none, both sides are in step.
    Do {
        /// Why.
        reason: Reason,
        /// What.
        actions: Vec<Action>,
    },
    /// A person must decide.
    Hold(Reason),
}

/// Decides on an order. Pure: the same facts give the same decision.
pub fn plan(facts: &Facts) -> Decision {
    let (order, erp) = (&facts.order, &facts.erp);
    let act = |reason, actions| Decision::Do { reason, actions };
    let in_step = || act(Reason::InStep { status: erp.status.clone() }, Vec::new());
    match &order.status {
        Status::Unknown(raw) => Decision::Hold(Reason::StatusUnknown { raw: raw.clone() }),
        Status::Cancelled if erp.status == Status::Cancelled => in_step(),
        Status::Cancelled
            if erp.invoiced || erp.status.rank() >= Status::Invoiced.rank() && erp.status.rank().is_some() =>
        {
            Decision::Hold(Reason::CancelledAfterInvoice)
        }
        Status::Cancelled if erp.status == Status::Returned => in_step(),
        // Nobody can tell what may be written there, nor whether the order is on its way.
        _ if let Some(unknown) = unknown_in_erp(order, erp) => Decision::Hold(unknown),
        Status::Cancelled => {
            let note = match &order.cancel_reason {
                Some(reason) => keep!("cancelled on {}: {reason}" | "cancelado em {}: {reason}", order.channel),
                None => keep!("cancelled on {}" | "cancelado em {}", order.channel),
            };
            act(Reason::CancelledOnChannel { raw: order.raw_status.clone() }, vec![Action::CancelInErp { note }])
        }
        _ if erp.status == Status::Cancelled => {
            paid_after_cancellation(order, erp, facts.channel_follows).map_or_else(in_step, Decision::Hold)
        }
        Status::CancellationRequested => match erp.status.may_become(&Status::CancellationRequested) {
            true => {
                act(Reason::CancellationRequestedOnChannel, vec![Action::SetErpStatus(Status::CancellationRequested)])
            }
            false => in_step(),
        },
        Status::PaymentUnderReview if erp.status.may_become(&Status::PaymentUnderReview) => {
            act(Reason::ReviewOnChannel, vec![Action::SetErpStatus(Status::PaymentUnderReview)])
        }
        status if status.is_paid_or_beyond() => {
            let mut actions = Vec::new();
            // A wish to cancel that came to nothing leaves the order where it was on its way.
            let paid = facts.requested_at.clone().filter(Status::is_paid_or_beyond).unwrap_or(Status::Paid);
            if !erp.status.is_paid_or_beyond() && erp.status.may_become(&paid) {
                actions.push(Action::SetErpStatus(paid));
            }
            let is_paid = erp.status.is_paid_or_beyond() || !actions.is_empty();
            if order.readiness == Readiness::Ready && is_paid {
                actions.push(Action::TakeOver);
            }
            match actions.first() {
                None => in_step(),
                Some(Action::TakeOver) => act(Reason::ReadyOnChannel, actions),
                Some(_) => act(Reason::PaidOnChannel, actions),
            }
        }
        _ => in_step(),
    }
}

/// What a person must see to whatever is done, as long as the order is on its way on both sides. Nothing here answers a customer who
/// asks to cancel; and what is edited on the channel until it is invoiced would be packed and invoiced as it came in. Totals may
/// differ by `tolerance`.
pub fn to_see_to(facts: &Facts, tolerance: Cents) -> Option<Reason> {
    let (order, erp) = (&facts.order, &facts.erp);
    let is_over = order.status.is_final_for_payment() || erp.status == Status::Cancelled;
    match &order.status {
        // Cancelled in the ERP is not granted yet, where nobody here tells the channel.
        Status::CancellationRequested if !facts.channel_follows => Some(Reason::CancellationRequestedOnChannel),
        _ if is_over => None,
        Status::CancellationRequested => Some(Reason::CancellationRequestedOnChannel),
        _ => {
            let product = facts.other_product.as_ref().map(|OtherProduct { sku, on_channel, in_erp }| {
                ("products", format!("{on_channel} {sku}"), format!("{in_erp} {sku}"))
            });
            let difference = import_orders::difference(order, erp, tolerance).or(product);
            difference.map(|(field, channel, in_erp)| Reason::ChangedSince {
                erp_number: erp.number.clone(),
                field: field.into(),
                channel,
                erp: in_erp,
            })
        }
    }
}

/// The first product of which an edit on the channel left other units there than the ERP has; none where the ERP was mended, which is
/// noted then. Totals and units may be the same: one product was put in another's place.
async fn other_product(
    pass: &Pass<'_>,
    row: &OrderRow,
    order: &Order,
    erp: &ErpOrder,
) -> Result<Option<OtherProduct>, Trouble> {
    let is_over = order.status.is_final_for_payment() || erp.status == Status::Cancelled;
    if is_over || !pass.store.is_edited(row.row)? {
        return Ok(None);
    }
    let in_erp = pass.erp.products_of(&erp.id).await?;
    let on_channel = units_by_product(order.lines.iter().map(|line| {
        // What has no code cannot be in the ERP under one.
        let sku = erp_code(&pass.config.skus, line).unwrap_or_else(|| Sku::new(line.channel_sku.as_str()));
        (sku, line.quantity)
    }));
    let units = |of: &BTreeMap<Sku, i64>, sku: &Sku| of.get(sku).copied().unwrap_or(0);
    let found = on_channel.keys().chain(in_erp.keys()).find(|sku| units(&on_channel, sku) != units(&in_erp, sku));
    match found {
        Some(sku) => Ok(Some(OtherProduct {
            sku: sku.clone(),
            on_channel: units(&on_channel, sku),
            in_erp: units(&in_erp, sku),
        })),
        None => {
            pass.store.agree(row.row, pass.clock.now())?;
            Ok(None)
        }
    }
}

/// The hold of an order that the ERP cancelled and the channel says is paid: a person must decide which of the two counts. There is
/// none when the money came first and the channel is to follow the ERP, which is auto-cancel's work.
pub(super) fn paid_after_cancellation(order: &Order, erp: &ErpOrder, channel_follows: bool) -> Option<Reason> {
    if erp.status != Status::Cancelled || !order.status.is_paid_or_beyond() {
        return None;
    }
    let paid_before = order.paid_at.zip(erp.cancelled_at).is_some_and(|(paid, cancelled)| paid <= cancelled);
    let may_follow = channel_follows && paid_before && !order.status.is_final_for_payment();
    (!may_follow).then(|| Reason::paid_after_cancellation(order))
}

/// The hold of an order of which the ERP says what nobody has named. What the channel counts as invoiced needs nothing of the ERP's
/// order any more.
pub(super) fn unknown_in_erp(order: &Order, erp: &ErpOrder) -> Option<Reason> {
    let is_over = order.status.is_final_for_payment() && order.status != Status::Cancelled;
    match &erp.status {
        Status::Unknown(raw) if !is_over => Some(Reason::ErpStatusUnknown { raw: raw.clone() }),
        _ => None,
    }
}

/// Runs the pass.
pub async fn run(pass: &Pass<'_>) {
    let before = |age| pass.clock.now() - chrono::TimeDelta::from_std(age).unwrap_or_default();
    let visit_these = Visit::ToFollow {
        unpaid_before: before(pass.config.reread_after),
        paid_before: before(pass.config.reread_paid_after),
    };
    let begun = pass.clock.now();
    pass.visit_all(visit_these, async |row| visit(pass, row).await).await;
    if pass.orders.is_empty()
        && !pass.halted()
        && pass.shortfall.borrow().is_none()
        && let Err(error) = pass.store.set_cursor(pass.channel.name(), PAYMENTS_SYNCED, begun)
    {
        pass.end(Exit::Failed, Trouble::State(error).to_string());
    }
}

/// Reads an order fresh on both sides, decides, carries out, records.
async fn visit(pass: &Pass<'_>, row: &OrderRow) -> Result<(), Trouble> {
    let Some(erp_id) = &row.erp_id else { return Ok(pass.not_imported(row)?) };
    let order = match pass.read_channel(row).await? {
        Ok(order) => order,
        Err(reason) => return Ok(pass.hold(row, &reason)?),
    };
    if !matches!(order.status, Status::CancellationRequested | Status::Cancelled | Status::Unknown(_)) {
        settle_denial(pass, row)?;
    }
    let erp = match pass.recall_erp(row, erp_id).await? {
        Ok(erp) => erp,
        Err(_) if order.status == Status::Cancelled && is_gone_for_good(pass, row, erp_id).await? => {
            let why = Reason::CancelledOnChannel { raw: order.raw_status.clone() };
            let decided = Decided { fate: Fate::Cancelled, reason: &why, hold: None, open: false };
            return Ok(pass.conclude(row, decided, Outcome::Cancelled, &why, &[])?);
        }
        Err(reason) => return Ok(pass.hold(row, &reason)?),
    };
    let erp = match the_living(pass, row, &order, erp).await? {
        Ok(erp) => erp,
        Err(reason) => return Ok(pass.hold(row, &reason)?),
    };
    let erp_id = &erp.id.clone();
    if let Some(action) = shown_by(&erp.status) {
        pass.store.settle_found(row.row, action, pass.clock.now())?;
    }
    let requested_at = match erp.status {
        Status::CancellationRequested => pass.erp.status_before(erp_id).await?,
        _ => None,
    };
    let other_product = other_product(pass, row, &order, &erp).await?;
    let doubled = doubled(pass, row, erp_id).await?;
    let channel_follows = pass.config.auto_cancel.from_erp;
    let mut facts = Facts { order, erp, requested_at, channel_follows, other_product };
    let takes_over = |decision: &Decision| matches!(decision, Decision::Do { actions, .. } if actions.first() == Some(&Action::TakeOver));
    if takes_over(&plan(&facts)) {
        // Nothing in the ERP is written, so nobody else looks again whether it has the order still.
        match pass.read_erp(row, erp_id).await? {
            Ok(erp) => facts.erp = erp,
            Err(reason) => return Ok(pass.hold(row, &reason)?),
        }
    }
    let (reason, actions) = match plan(&facts) {
        Decision::Hold(reason) => return Ok(pass.hold(row, &reason)?),
        Decision::Do { reason, actions } => (reason, actions),
    };
    let planned = || {
        let mut rests_on = both_sides(pass.store, &facts.order, Some(&facts.erp));
        rests_on.insert("requested_at".into(), facts.requested_at.as_ref().map(Status::code).into());
        Planned { actions: actions.iter().map(|action| action.told(pass.store)).collect(), facts: rests_on }
    };
    let permit = pass.permit(&row.id, planned);
    if let Permit::Refused(reason) = permit {
        return Ok(pass.refuse(row, reason)?);
    }
    let mut status = facts.erp.status.clone();
    if permit == Permit::Given {
        for action in &actions {
            match apply(pass, row, &facts, action).await? {
                Applied::Held(reason) => return Ok(pass.hold(row, &reason)?),
                Applied::Erp(erp) => {
                    status = erp.status;
                    pass.store.record_erp_status(row.row, &status)?;
                }
                Applied::Channel => {}
            }
        }
    }
    let names: Vec<&'static str> = actions.iter().map(Action::name).collect();
    let would_cancel = actions.iter().any(|action| matches!(action, Action::CancelInErp { .. }));
    let cancelled = facts.order.status == Status::Cancelled && (status == Status::Cancelled || would_cancel);
    if cancelled {
        pass.store.tell_pushes_of_end(row.row)?;
    }
    // The hub takes it at once, and the marketplace behind it hours later, or not: it goes on there, then.
    let ours = Effect { channel: &row.channel, order: row.row, action: CANCEL_ON_CHANNEL, of: "" };
    let ours = if cancelled { pass.store.effect(&ours)?.filter(|sent| sent.state != State::Failed) } else { None };
    let is_on_its_way = ours.as_ref().is_some_and(|sent| {
        facts.order.transmission == Transmission::Pending && pass.clock.now() - sent.intended_at < PATIENCE
    });
    let refused = ours.and_then(|_| auto_cancel::refused_by_marketplace(&facts.order));
    let fate = if cancelled { Fate::Cancelled } else { Fate::Imported };
    let why = if cancelled { &reason } else { row.fate_why.as_ref().unwrap_or(&reason) };
    let open = is_on_its_way
        || refused.is_some()
        || doubled.is_some()
        || !(cancelled || facts.order.status.is_final_for_payment() && status.is_final_for_payment());
    let to_see_to = doubled.or(to_see_to(&facts, pass.config.invoices.value_tolerance)).or(refused);
    let outcome = match (fate, names.is_empty()) {
        _ if to_see_to.is_some() => Outcome::Held,
        (_, true) => Outcome::Unchanged,
        (Fate::Cancelled, false) => Outcome::Cancelled,
        (_, false) => Outcome::Updated,
    };
    if let Some(hold) = &to_see_to {
        let decided = Decided { fate, reason: why, hold: Some(hold), open };
        return Ok(pass.conclude(row, decided, outcome, hold, &names)?);
    }
    // What auto-cancel holds is not over because payments are in step, as long as it would still come to it.
    let mut hold = match outcome {
        Outcome::Unchanged if open => pass.store.open_holds(row.row)?.into_iter().find(auto_cancel::holds_for),
        _ => None,
    };
    if hold.is_some() {
        let is_unsettled = pass.store.cancel_notes(row.row)?.unsettled;
        hold = hold.filter(|_| auto_cancel::is_due(&facts.order.status, &status, is_unsettled));
    }
    // It would hold that no more.
    if matches!(hold, Some(Reason::PaidAfterCancellation { .. }))
        && channel_follows
        && auto_cancel::was_known_paid(pass.erp.status_before(&facts.erp.id).await?.as_ref())
    {
        hold = None;
    }
    Ok(pass.conclude(row, Decided { fate, reason: why, hold: hold.as_ref(), open }, outcome, &reason, &names)?)
}

/// The hold of an order of which another lives under its number: somebody would pack and invoice that as well.
async fn doubled(pass: &Pass<'_>, row: &OrderRow, erp_id: &ErpOrderId) -> Result<Option<Reason>, Trouble> {
    let is_double = |hold: &Reason| matches!(hold, Reason::ErpRefused { refusal, .. } if refusal == "duplicate_order");
    let is_known = pass.store.open_holds(row.row)?.iter().any(is_double);
    match pass.erp.doubled(erp_id, is_known).await? {
        Some(ErpError::Refused { code, message }) => Ok(Some(Reason::ErpRefused { refusal: code.to_owned(), message })),
        _ => Ok(None),
    }
}

/// A request to cancel that is gone was denied, should a lost answer or a killed run have left that open.
fn settle_denial(pass: &Pass<'_>, row: &OrderRow) -> rusqlite::Result<()> {
    let effect = Effect { channel: &row.channel, order: row.row, action: DENY, of: "" };
    match pass.store.effect(&effect)?.is_some_and(|record| matches!(record.state, State::Intended | State::Unknown)) {
        true => pass.store.settle_found(row.row, DENY, pass.clock.now()),
        false => Ok(()),
    }
}

/// Whether the ERP has no order under the number any more, neither the linked one nor another, and had none for as long as one may
/// take to show. For a moment an ERP may show nothing at all.
async fn is_gone_for_good(pass: &Pass<'_>, row: &OrderRow, erp_id: &ErpOrderId) -> Result<bool, Trouble> {
    let late = pass.erp.may_show_late();
    let is_long_absent = || match pass.store.held_as_absent_since(row.row)? {
        Some(since) => Ok(since + late <= pass.clock.now()),
        None => Ok(late.is_zero()),
    };
    Ok(is_long_absent().map_err(Trouble::State)?
        && pass.erp.read_order(erp_id).await?.is_none()
        && pass.erp.find_order(&row.channel, &row.id).await?.is_none())
}

/// The order that is meant where the linked one is cancelled in the ERP: the one entered anew, which is linked then. Or the reason why
/// it cannot be told.
pub(super) async fn the_living(
    pass: &Pass<'_>,
    row: &OrderRow,
    order: &Order,
    erp: ErpOrder,
) -> Result<Result<ErpOrder, Reason>, Trouble> {
    match entered_anew(pass, row, &erp).await? {
        Some(anew) => Ok(take_up(pass, row, order, (&erp, anew))?),
        None => Ok(Ok(erp)),
    }
}

/// Links the order that was entered anew, or says why it is not known to be the one that is meant.
pub(super) fn take_up(
    pass: &Pass<'_>,
    row: &OrderRow,
    order: &Order,
    (linked, anew): (&ErpOrder, ErpOrder),
) -> rusqlite::Result<Result<ErpOrder, Reason>> {
    // What was entered under the number of a sale that is cancelled is not ours to cancel, and no late event lifts a tombstone.
    let is_over = order.status == Status::Cancelled || row.fate == Some(Fate::Cancelled);
    let held = is_over.then(|| another_number(linked, &anew));
    if let Some(reason) = held.or_else(|| import_orders::differs(order, &anew)) {
        return Ok(Err(reason));
    }
    let why = row.fate_why.clone().unwrap_or(Reason::PaidOnChannel);
    import_orders::link(pass, row, &anew, &why, "entered anew in the ERP")?;
    Ok(Ok(anew))
}

/// The hold of an order that has another number in the ERP than the one it is linked with.
fn another_number(linked: &ErpOrder, other: &ErpOrder) -> Reason {
    Reason::ErpDiffers {
        erp_number: other.number.clone(),
        field: "number".into(),
        channel: linked.number.clone(),
        erp: other.number.clone(),
    }
}

/// The order that lives in the ERP under the number of one that was cancelled there: people enter one anew, and then that is meant.
pub(super) async fn entered_anew(pass: &Pass<'_>, row: &OrderRow, erp: &ErpOrder) -> Result<Option<ErpOrder>, Trouble> {
    if erp.status != Status::Cancelled {
        return Ok(None);
    }
    let found = pass.erp.find_order(&row.channel, &row.id).await?;
    Ok(found.filter(|other| other.id != erp.id && other.status != Status::Cancelled))
}

/// The action that an ERP order in this status proves to be done, should a killed run have left that open.
fn shown_by(status: &Status) -> Option<&'static str> {
    match status {
        Status::Cancelled => Some(Action::CancelInErp { note: String::new() }.name()),
        Status::PaymentUnderReview | Status::CancellationRequested => Some(Action::SetErpStatus(status.clone()).name()),
        paid if paid.is_paid_or_beyond() => Some(Action::SetErpStatus(Status::Paid).name()),
        _ => None,
    }
}

enum Applied {
    Erp(ErpOrder),
    Channel,
    Held(Reason),
}

async fn apply(pass: &Pass<'_>, row: &OrderRow, facts: &Facts, action: &Action) -> Result<Applied, Trouble> {
    if *action == Action::TakeOver {
        return Ok(take_over::apply(pass, row).await?.map_or(Applied::Channel, Applied::Held));
    }
    let effect = Effect { channel: &row.channel, order: row.row, action: action.name(), of: "" };
    pass.store.intend(&effect, pass.clock.now()).await?;
    let now = pass.clock.now();
    let answer = match action {
        Action::SetErpStatus(status) => {
            let note = match (status, facts.order.paid_at) {
                (Status::Paid, Some(at)) => {
                    keep!("paid on {} at {}" | "pago em {} às {}", row.channel, calendar::local_text(at))
                }
                _ => format!("{} on {}", facts.order.raw_status, row.channel),
            };
            pass.erp.set_status(&facts.erp.id, status, &note, now).await
        }
        Action::CancelInErp { note } => pass.erp.cancel_order(&facts.erp.id, note, now).await,
        Action::TakeOver => return Ok(Applied::Channel),
    };
    Ok(match settle(pass, &effect, answer)? {
        Ok(erp) => Applied::Erp(erp),
        Err(reason) => Applied::Held(reason),
    })
}

/// Settles what the ERP answered to a change of an order: the order as it is now, or the reason to hold it.
pub(super) fn settle(
    pass: &Pass<'_>,
    effect: &Effect<'_>,
    answer: Result<ErpOrder, ErpError>,
) -> Result<Result<ErpOrder, Reason>, Trouble> {
    let now = pass.clock.now();
    match answer {
        Ok(erp) => {
            pass.store.settle(effect, State::Done, &erp.status.code(), now)?;
            Ok(Ok(erp))
        }
        Err(ErpError::Refused { code: "invoice_exists", .. }) => {
            pass.store.settle(effect, State::Failed, "invoice_exists", now)?;
            Ok(Err(Reason::CancelledAfterInvoice))
        }
        Err(ErpError::Refused { code: UNSURE, message }) => {
            pass.store.settle(effect, State::Unknown, &message, now)?;
            Ok(Err(Reason::OutcomeUnknown { action: effect.action.into() }))
        }
        Err(ErpError::Refused { code, message }) => {
            pass.store.settle(effect, State::Failed, code, now)?;
            Ok(Err(Reason::ErpRefused { refusal: code.into(), message }))
        }
        Err(ErpError::Call(error)) if error.outcome_unknown() => {
            pass.store.settle(effect, State::Unknown, "no answer", now)?;
            let trouble = Trouble::Erp(error.into());
            match trouble.ends_run(pass.stop) {
                Some(_) => Err(trouble),
                None => Ok(Err(Reason::OutcomeUnknown { action: effect.action.into() })),
            }
        }
        Err(error) => {
            pass.store.settle(effect, State::Failed, "not carried out", now)?;
            Err(error.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::vtex::convert;
    use crate::model::order::sample;
    use crate::model::{Cents, ErpOrderId, OrderId};

    fn facts(raw: &str, erp: Status, invoiced: bool) -> Facts {
        let mut order = sample::order();
        (order.status, order.readiness) = convert::status(Some(raw));
        order.raw_status = raw.into();
        let erp = ErpOrder {
            id: ErpOrderId::new("7"),
            number: "7".into(),
            channel: None,
            store_number: OrderId::new("1172452900788-01"),
            status: erp,
            total: Cents::new(11_000),
            units: None,
            invoiced,
            cancelled_at: None,
            cancel_reason: None,
        };
        Facts { order, erp, requested_at: None, channel_follows: false, other_product: None }
    }

    #[test]
    fn what_was_changed_since_and_a_wish_to_cancel_are_told_while_the_order_is_on_its_way() {
        let told = |raw: &str, erp: Status, change: fn(&mut Facts)| {
            let mut facts = facts(raw, erp, false);
            change(&mut facts);
            to_see_to(&facts, Cents::new(5)).map(|reason| reason.code())
        };
        let changed = Some("changed_since".to_owned());
        assert_eq!(told("handling", Status::Picking, |_| ()), None);
        assert_eq!(told("handling", Status::Picking, |facts| facts.order.total = Cents::new(10_995)), None);
        assert_eq!(told("handling", Status::Picking, |facts| facts.order.total = Cents::new(10_994)), changed);
        assert_eq!(told("handling", Status::Invoiced, |facts| facts.erp.total = Cents::new(16_000)), changed);
        assert_eq!(told("payment-pending", Status::AwaitingPayment, |facts| facts.erp.units = Some(3)), changed);
        let is_over = |raw, erp| told(raw, erp, |facts| facts.order.total = Cents::new(1)).is_none();
        assert!(is_over("invoiced", Status::Invoiced) && is_over("canceled", Status::Cancelled));
        assert!(is_over("handling", Status::Cancelled));
        let wish = Some("cancellation_requested_on_channel".to_owned());
        assert_eq!(told("cancellation-requested", Status::Picking, |_| ()), wish);
        // Cancelled in the ERP it is granted where auto-cancel tells the channel, and nobody has told it elsewhere.
        assert_eq!(told("cancellation-requested", Status::Cancelled, |facts| facts.channel_follows = true), None);
        assert_eq!(told("cancellation-requested", Status::Cancelled, |_| ()), wish);
    }

    /// What is done, or the code of the hold.
    fn decided(raw: &str, erp: Status) -> Vec<String> {
        match plan(&facts(raw, erp, false)) {
            Decision::Do { actions, .. } => actions.iter().map(|action| action.name().to_owned()).collect(),
            Decision::Hold(reason) => vec![format!("hold {}", reason.code())],
        }
    }

    #[test]
    fn the_channel_moves_the_erp_forward_and_never_back() {
        use Status::{
            AwaitingPayment, CancellationRequested, Cancelled, Delivered, Invoiced, Paid, PaymentUnderReview, Picking,
            Returned,
        };
        let unknown = Status::Unknown("5".into());
        let table: [(&str, Status, &[&str]); 33] = [
            ("payment-pending", AwaitingPayment, &[]),
            ("payment-pending", PaymentUnderReview, &[]),
            ("payment-pending", Paid, &[]),
            ("approve-payment", AwaitingPayment, &["mark_under_review"]),
            ("approve-payment", PaymentUnderReview, &[]),
            ("approve-payment", Paid, &[]),
            ("payment-approved", AwaitingPayment, &["mark_paid"]),
            ("payment-approved", PaymentUnderReview, &["mark_paid"]),
            ("window-to-cancel", Paid, &[]),
            ("ready-for-handling", AwaitingPayment, &["mark_paid", "take_over"]),
            ("ready-for-handling", Paid, &["take_over"]),
            ("ready-for-handling", Picking, &["take_over"]),
            ("handling", Paid, &[]),
            ("handling", Picking, &[]),
            ("handling", CancellationRequested, &["mark_paid"]),
            ("cancellation-requested", Paid, &["mark_cancellation_requested"]),
            ("cancellation-requested", CancellationRequested, &[]),
            ("cancellation-requested", Delivered, &[]),
            ("canceled", AwaitingPayment, &["cancel_order"]),
            ("canceled", Picking, &["cancel_order"]),
            ("canceled", CancellationRequested, &["cancel_order"]),
            ("canceled", Cancelled, &[]),
            ("canceled", Invoiced, &["hold cancelled_after_invoice"]),
            ("canceled", Returned, &[]),
            ("ready-for-handling", Cancelled, &["hold paid_after_cancellation"]),
            ("payment-pending", Cancelled, &[]),
            ("quarantined", Paid, &["hold status_unknown"]),
            ("quarantined", unknown.clone(), &["hold status_unknown"]),
            ("payment-pending", unknown.clone(), &["hold erp_status_unknown"]),
            ("ready-for-handling", unknown.clone(), &["hold erp_status_unknown"]),
            ("cancellation-requested", unknown.clone(), &["hold erp_status_unknown"]),
            ("canceled", unknown.clone(), &["hold erp_status_unknown"]),
            ("invoiced", unknown, &[]),
        ];
        for (raw, erp, expected) in table {
            assert_eq!(decided(raw, erp.clone()), expected, "{raw} against {erp}");
        }
    }

    #[test]
    fn a_wish_to_cancel_that_came_to_nothing_resumes_where_the_order_was() {
        for (before, resumed) in [
            (None, Status::Paid),
            (Some(Status::AwaitingPayment), Status::Paid),
            (Some(Status::Paid), Status::Paid),
            (Some(Status::Picking), Status::Picking),
            (Some(Status::InProduction), Status::InProduction),
        ] {
            let facts = Facts { requested_at: before, ..facts("handling", Status::CancellationRequested, false) };
            let Decision::Do { actions, .. } = plan(&facts) else { panic!("{facts:?}") };
            assert_eq!(actions, [Action::SetErpStatus(resumed)]);
        }
    }

    #[test]
    fn an_invoice_stops_a_cancellation_whatever_the_erp_status_says() {
        let decision = plan(&facts("canceled", Status::Picking, true));
        assert_eq!(decision, Decision::Hold(Reason::CancelledAfterInvoice));
    }

    #[test]
    fn whatever_is_written_is_an_allowed_move() {
        let words = [
            "payment-pending",
            "approve-payment",
            "payment-approved",
            "ready-for-handling",
            "handling",
            "invoiced",
            "cancellation-requested",
            "canceled",
            "quarantined",
        ];
        for raw in words {
            for erp in Status::known() {
                if let Decision::Do { actions, .. } = plan(&facts(raw, erp.clone(), false)) {
                    for action in actions {
                        match action {
                            Action::SetErpStatus(to) => assert!(erp.may_become(&to), "{raw}: {erp} -> {to}"),
                            Action::CancelInErp { .. } => assert!(erp.may_become(&Status::Cancelled), "{raw}: {erp}"),
                            Action::TakeOver => {}
                        }
                    }
                }
            }
        }
    }
}
