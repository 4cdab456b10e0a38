//! Cancelling one order: both sides and the payment read right before, the channel first, confirmed by reading, then the ERP.
//!
//! A crash between the two leaves an order that is cancelled on the channel and open in the ERP; sync-payments carries that over, as
//! it does every cancellation of the channel.

use std::time::Duration;

use serde_json::json;

use super::{Decision, Facts, Policy, clock_is_right, leave, plan, read};
use crate::channel::{Cancel, Reading};
use crate::erp::ErpOrder;
use crate::lang::keep;
use crate::model::{Order, Status, Transmission};
use crate::passes::permit::{Permit, both_sides, seal};
use crate::passes::{Pass, Trouble, sync_payments};
use crate::plan::{Planned, act};
use crate::reason::Reason;
use crate::report::Outcome;
use crate::store::Store;
use crate::store::cancels::CANCEL_ON_CHANNEL;
use crate::store::journal::{Effect, State};
use crate::store::orders::{Decided, Fate, OrderRow};
use crate::words;

/// The journal's word for cancelling in the ERP, the same as sync-payments': it is the same effect.
const CANCEL_IN_ERP: &str = "cancel_order";

/// What cancelling an order does: nothing in the ERP where it is not, or is cancelled already.
pub(super) fn actions(facts: &Facts) -> Vec<&'static str> {
    match &facts.erp {
        Some(erp) if erp.status != Status::Cancelled => vec![CANCEL_ON_CHANNEL, CANCEL_IN_ERP],
        _ => vec![CANCEL_ON_CHANNEL],
    }
}

/// As a dry run tells it. The payment's own word is asked for right before an order is cancelled, and only then.
pub(super) fn planned(facts: &Facts, policy: &Policy, store: &Store) -> Planned {
    let mut rests_on = both_sides(store, &facts.order, facts.erp.as_ref());
    rests_on.insert("holds".into(), facts.holds.iter().map(Reason::code).collect::<Vec<_>>().into());
    // A person's words, which may name a customer.
    let content = seal(store, &told(facts, policy));
    let action = |name| act(name, if name == CANCEL_ON_CHANNEL { json!({ "content": content }) } else { json!({}) });
    Planned { actions: actions(facts).into_iter().map(action).collect(), facts: rests_on }
}

/// Waits before each try to see a cancellation that the channel accepted: it takes seconds.
const TRIES: [Duration; 4] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Decides anew on an order that the survey wants cancelled, and cancels it if that is still so.
pub(super) async fn visit(pass: &Pass<'_>, policy: &Policy, row: &OrderRow) -> Result<(), Trouble> {
    let notes = pass.store.cancel_notes(row.row)?;
    // Before the order, which is read last.
    let payment = pass.channel.read_payment(&row.id).await?;
    let facts = match read(pass, row, Some(payment)).await? {
        Ok(facts) => facts,
        Err(reason) => return Ok(pass.hold(row, &reason)?),
    };
    if !clock_is_right(pass) {
        return Ok(());
    }
    let reason = match plan(&facts, policy, pass.clock.now()) {
        Decision::Cancel(reason) => reason,
        other => return Ok(leave(pass, row, (&notes, policy), &other)?),
    };
    if let Permit::Refused(reason) = pass.permit(&row.id, || planned(&facts, policy, pass.store)) {
        return Ok(pass.refuse(row, reason)?);
    }
    let order = match on_channel(pass, row, &facts.order, &told(&facts, policy)).await {
        Ok(Ok(order)) => order,
        Ok(Err(reason)) => return Ok(pass.hold(row, &reason)?),
        // It is not held for that: the next run decides anew.
        Err(trouble) if is_too_late(&trouble) => {
            pass.failed(row, Reason::CallFailed { message: trouble.to_string() });
            return Ok(());
        }
        Err(trouble) => return Err(trouble),
    };
    let mut actions = vec![CANCEL_ON_CHANNEL];
    if let Some(erp) = facts.erp.as_ref().filter(|erp| erp.status != Status::Cancelled) {
        match in_erp(pass, row, erp, &reason).await? {
            Ok(erp) => pass.store.record_erp_status(row.row, &erp.status)?,
            Err(reason) => return Ok(pass.hold(row, &reason)?),
        }
        actions.push(CANCEL_IN_ERP);
    }
    let now = pass.clock.now();
    pass.store.record_reading(row.row, &order, now, now)?;
    Ok(conclude(pass, row, (&facts.order, &order), &reason, &actions)?)
}

fn is_too_late(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Channel(error) if error.is_too_late())
}

/// Why a cancellation of ours that the hub took is none at the marketplace behind it.
pub(in crate::passes) fn refused_by_marketplace(order: &Order) -> Option<Reason> {
    match &order.transmission {
        Transmission::Failed { message } => Some(Reason::TransmissionFailed { message: message.clone() }),
        _ => None,
    }
}

/// Concludes a cancellation. Where the order was paid after it was read for the last time, a person must refund it.
pub(in crate::passes) fn conclude(
    pass: &Pass<'_>,
    row: &OrderRow,
    (before, after): (&Order, &Order),
    reason: &Reason,
    actions: &[&'static str],
) -> rusqlite::Result<()> {
    let late = after.paid_at.filter(|_| is_unpaid(before)).map(|paid_at| {
        let told = pass.store.tell_late_payment(row.row, Some(paid_at));
        told.map(|()| Reason::paid_after_cancellation(after))
    });
    let hold = late.transpose()?.or_else(|| refused_by_marketplace(after));
    // Sync-payments looks whether the marketplace takes it.
    let is_on_its_way =
        row.erp_id.is_some() && !matches!(after.transmission, Transmission::NotTold | Transmission::Done);
    let open = is_on_its_way || is_linked_by_now(pass, row)?;
    let decided = Decided { fate: Fate::Cancelled, reason, hold: hold.as_ref(), open };
    let outcome = if hold.is_some() { Outcome::Held } else { Outcome::Cancelled };
    pass.conclude(row, decided, outcome, hold.as_ref().unwrap_or(reason), actions)
}

fn is_unpaid(order: &Order) -> bool {
    order.paid_at.is_none() && !order.status.is_paid_or_beyond()
}

/// Whether an order that was not in the ERP when it was read has come there meanwhile, by an import that runs beside this pass. Then
/// sync-payments cancels it there.
pub(in crate::passes) fn is_linked_by_now(pass: &Pass<'_>, row: &OrderRow) -> rusqlite::Result<bool> {
    Ok(row.erp_id.is_none() && pass.store.orders_at(&[row.row])?.pop().is_some_and(|now| now.erp_id.is_some()))
}

/// What the channel is told: the reason a person gave in the ERP, else the configured one.
fn told(facts: &Facts, policy: &Policy) -> String {
    match &facts.erp {
        Some(erp) if erp.status == Status::Cancelled => {
            let given = erp.cancel_reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
            given.unwrap_or("Cancelado pela loja").to_owned()
        }
        _ => policy.reason.clone(),
    }
}

/// Sends the cancellation of an order as it was just read, and reads until it shows. Gives the cancelled order, or the reason to hold
/// it.
pub(in crate::passes) async fn on_channel(
    pass: &Pass<'_>,
    row: &OrderRow,
    before: &Order,
    why: &str,
) -> Result<Result<Order, Reason>, Trouble> {
    let effect = Effect { channel: &row.channel, order: row.row, action: CANCEL_ON_CHANNEL, of: "" };
    let settle = |state, answer| pass.store.settle(&effect, state, answer, pass.clock.now());
    if is_unpaid(before) {
        pass.store.cancels_unpaid(row.row, pass.clock.now())?;
    }
    pass.store.intend(&effect, pass.clock.now()).await?;
    match pass.channel.cancel_order(before, why).await {
        Ok(Cancel::Accepted) => settle(State::Unknown, "accepted")?,
        Ok(Cancel::Absent) => {
            settle(State::Failed, "not on the channel")?;
            return Ok(Err(Reason::NotOnChannel));
        }
        Ok(Cancel::Refused { message }) => {
            settle(State::Failed, "refused in this status")?;
            return match pass.channel.read_order(&row.id).await? {
                Reading::Order(order) if order.status == Status::Cancelled => {
                    settle(State::Done, "found done")?;
                    Ok(Ok(*order))
                }
                Reading::Order(order) => Ok(Err(Reason::CancelRefused { raw: order.raw_status, message })),
                Reading::Absent => Ok(Err(Reason::NotOnChannel)),
                Reading::Unreadable(problem) => {
                    Ok(Err(Reason::Unreadable { at: problem.at, problem: problem.problem }))
                }
            };
        }
        Err(error) if error.outcome_unknown() => {
            settle(State::Unknown, "no answer")?;
            let trouble = Trouble::Channel(error);
            if trouble.ends_run(pass.stop).is_some() {
                return Err(trouble);
            }
        }
        Err(error) => {
            settle(State::Failed, "not carried out")?;
            pass.store.cancels_not(row.row)?;
            return Err(error.into());
        }
    }
    for wait in TRIES {
        if pass.stop.sleep(wait).await.is_err() {
            break;
        }
        if let Reading::Order(order) = pass.channel.read_order(&row.id).await?
            && order.status == Status::Cancelled
        {
            settle(State::Done, "cancelled")?;
            return Ok(Ok(*order));
        }
    }
    Ok(Err(Reason::OutcomeUnknown { action: CANCEL_ON_CHANNEL.into() }))
}

/// Cancels the order in the ERP, which releases its stock.
async fn in_erp(
    pass: &Pass<'_>,
    row: &OrderRow,
    erp: &ErpOrder,
    reason: &Reason,
) -> Result<Result<ErpOrder, Reason>, Trouble> {
    let effect = Effect { channel: &row.channel, order: row.row, action: CANCEL_IN_ERP, of: "" };
    pass.store.intend(&effect, pass.clock.now()).await?;
    let note = keep!(
        "cancelled by auto-cancel, on {} too: {}" | "cancelado pelo auto-cancel, também em {}: {}",
        row.channel,
        words::reason(reason)
    );
    let answer = pass.erp.cancel_order(&erp.id, &note, pass.clock.now()).await;
    sync_payments::settle(pass, &effect, answer)
}
