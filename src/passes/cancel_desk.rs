//! What a person decides about a cancellation: a customer's wish is granted or refused, a cancellation of the channel is carried into
//! the ERP.
//!
//! The ERP comes first: whether an order may still be cancelled is its word, since it has the invoice. Both sides are read right before,
//! each write is journaled, and what stays unknown is settled by the next run.

use std::time::Duration;

use super::auto_cancel::{conclude, on_channel};
use super::{Pass, Trouble, import_orders, sync_payments};
use crate::channel::{Cancel, Reading};
use crate::erp::ErpOrder;
use crate::exit::Exit;
use crate::lang::keep;
use crate::model::{Order, Status};
use crate::reason::Reason;
use crate::store::cancels::CANCEL_ON_CHANNEL;
use crate::store::journal::{Effect, State};
use crate::store::notes::Note;
use crate::store::orders::OrderRow;

/// The journal's word for refusing a customer's wish to cancel.
pub const DENY: &str = "deny_cancellation";
const CANCEL_IN_ERP: &str = "cancel_order";

/// Waits before each try to see what the channel accepted.
const TRIES: [Duration; 4] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// What a person says.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    /// Why; the customer may read it.
    pub reason: &'a str,
    /// Who.
    pub by: &'a str,
}

/// What was read about an order on both sides.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The channel's side.
    pub order: Order,
    /// The ERP's side, if it has it.
    pub erp: Option<ErpOrder>,
    /// What a person cancels in the ERP is cancelled on the channel, by auto-cancel.
    pub channel_follows: bool,
}

/// A side effect on the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Cancel the ERP's order.
    InErp,
    /// Cancel the channel's, which grants the wish.
    OnChannel,
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The ERP has an invoice.
    Invoiced {
        /// The ERP's number.
        erp_number: String,
    },
    /// The channel has an invoice, and cancels no order that has one.
    InvoicedOnChannel {
        /// Its number there.
        invoice: String,
    },
    /// Nobody asked the channel to cancel it.
    NoRequest {
        /// The channel's word for where it stands.
        raw: String,
        /// Cancelled in the ERP, it would be cancelled on the channel, too.
        channel_follows: bool,
    },
    /// Both sides have it cancelled.
    Cancelled,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// This was done.
    Carried(Vec<&'static str>),
    /// It could not be done to its end.
    Held(Reason),
    /// Nothing was done.
    Refused(Refusal),
}

/// What granting takes. Pure.
///
/// # Errors
/// Why it cannot be granted.
pub fn plan(facts: &Facts) -> Result<Vec<Action>, Refusal> {
    let Facts { order, erp, channel_follows } = facts;
    if let Some(erp) = erp.as_ref().filter(|erp| erp.invoiced) {
        return Err(Refusal::Invoiced { erp_number: erp.number.clone() });
    }
    let in_erp = erp.as_ref().filter(|erp| erp.status != Status::Cancelled).map(|_| Action::InErp);
    match (&order.status, order.packages.first()) {
        (Status::Cancelled, _) if in_erp.is_none() => Err(Refusal::Cancelled),
        (Status::Cancelled, _) => Ok(in_erp.into_iter().collect()),
        (Status::CancellationRequested, Some(package)) => {
            Err(Refusal::InvoicedOnChannel { invoice: package.number.clone() })
        }
        (Status::CancellationRequested, None) => Ok(in_erp.into_iter().chain([Action::OnChannel]).collect()),
        _ => Err(Refusal::NoRequest {
            raw: order.raw_status.clone(),
            channel_follows: *channel_follows && erp.is_some(),
        }),
    }
}

/// Grants a customer's wish to cancel, or carries the channel's cancellation into the ERP.
///
/// # Errors
/// The exit code and a sentence when a side cannot be asked.
pub async fn accept(pass: &Pass<'_>, row: &OrderRow, word: Word<'_>) -> Result<Done, (Exit, String)> {
    try_accept(pass, row, word).await.map_err(|trouble| failure(pass, &trouble))
}

/// Refuses a customer's wish to cancel.
///
/// # Errors
/// The exit code and a sentence when the channel cannot be asked.
pub async fn deny(pass: &Pass<'_>, row: &OrderRow, word: Word<'_>) -> Result<Done, (Exit, String)> {
    try_deny(pass, row, word).await.map_err(|trouble| failure(pass, &trouble))
}

fn failure(pass: &Pass<'_>, trouble: &Trouble) -> (Exit, String) {
    (trouble.ends_run(pass.stop).unwrap_or(Exit::Unavailable), trouble.to_string())
}

async fn try_accept(pass: &Pass<'_>, row: &OrderRow, word: Word<'_>) -> Result<Done, Trouble> {
    let order = match pass.read_channel(row).await? {
        Ok(order) => order,
        Err(reason) => return Ok(Done::Held(reason)),
    };
    let erp = match &row.erp_id {
        Some(id) => {
            let linked = match pass.read_erp(row, id).await? {
                Ok(erp) => sync_payments::the_living(pass, row, &order, erp).await?,
                Err(reason) => Err(reason),
            };
            match linked {
                Ok(erp) => Some(erp),
                Err(reason) => return Ok(Done::Held(reason)),
            }
        }
        None => pass.erp.find_order(&row.channel, &row.id).await?,
    };
    // Once it is closed nobody would look for it again, and an ERP may show late what it has.
    if erp.is_none()
        && let Some(reason) = import_orders::may_be_there(pass, row)?
    {
        pass.hold(row, &reason)?;
        return Ok(Done::Held(reason));
    }
    let facts = Facts { channel_follows: channel_follows(pass, &order), order, erp };
    let actions = match plan(&facts) {
        Ok(actions) => actions,
        Err(refusal) => return Ok(Done::Refused(refusal)),
    };
    keep(pass, row, "cancel accepted", word)?;
    let mut done = Vec::new();
    let mut order = facts.order.clone();
    for action in actions {
        match action {
            Action::InErp => {
                let Some(erp) = &facts.erp else { continue };
                match in_erp(pass, row, erp, word).await? {
                    Ok(erp) => pass.store.record_erp_status(row.row, &erp.status)?,
                    Err(Reason::CancelledAfterInvoice) => {
                        return Ok(Done::Refused(Refusal::Invoiced { erp_number: erp.number.clone() }));
                    }
                    Err(reason) => return Ok(Done::Held(reason)),
                }
                done.push(CANCEL_IN_ERP);
            }
            Action::OnChannel => {
                order = match on_channel(pass, row, &facts.order, word.reason).await? {
                    Ok(order) => order,
                    Err(reason) => {
                        pass.hold(row, &reason)?;
                        return Ok(Done::Held(reason));
                    }
                };
                done.push(CANCEL_ON_CHANNEL);
            }
        }
    }
    let now = pass.clock.now();
    pass.store.record_reading(row.row, &order, now, now)?;
    let reason = Reason::CancelledOnChannel { raw: order.raw_status.clone() };
    conclude(pass, row, (&facts.order, &order), &reason, &done)?;
    Ok(Done::Carried(done))
}

/// Whether auto-cancel would take to the channel that the order was cancelled in the ERP.
fn channel_follows(pass: &Pass<'_>, order: &Order) -> bool {
    let may_cancel = order.marketplace.is_none() || pass.channel.cancels_of_marketplaces();
    pass.config.auto_cancel.from_erp && may_cancel
}

async fn in_erp(
    pass: &Pass<'_>,
    row: &OrderRow,
    erp: &ErpOrder,
    word: Word<'_>,
) -> Result<Result<ErpOrder, Reason>, Trouble> {
    let effect = Effect { channel: &row.channel, order: row.row, action: CANCEL_IN_ERP, of: "" };
    pass.store.intend(&effect, pass.clock.now()).await?;
    let note = keep!("cancellation accepted by {}: {}" | "cancelamento aceito por {}: {}", word.by, word.reason);
    let answer = pass.erp.cancel_order(&erp.id, &note, pass.clock.now()).await;
    sync_payments::settle(pass, &effect, answer)
}

async fn try_deny(pass: &Pass<'_>, row: &OrderRow, word: Word<'_>) -> Result<Done, Trouble> {
    let order = match pass.read_channel(row).await? {
        Ok(order) => order,
        Err(reason) => return Ok(Done::Held(reason)),
    };
    let effect = Effect { channel: &row.channel, order: row.row, action: DENY, of: "" };
    if order.status != Status::CancellationRequested {
        let unsettled = |state| matches!(state, State::Intended | State::Unknown);
        if pass.store.effect(&effect)?.is_some_and(|record| unsettled(record.state)) {
            pass.store.settle_found(row.row, DENY, pass.clock.now())?;
            return Ok(Done::Carried(vec![DENY]));
        }
        let channel_follows = row.erp_id.is_some() && channel_follows(pass, &order);
        return Ok(Done::Refused(Refusal::NoRequest { raw: order.raw_status, channel_follows }));
    }
    keep(pass, row, "cancel denied", word)?;
    pass.store.intend(&effect, pass.clock.now()).await?;
    let settle = |state, answer| pass.store.settle(&effect, state, answer, pass.clock.now());
    match pass.channel.deny_cancellation(&row.id, word.reason).await {
        Ok(Cancel::Accepted) => settle(State::Unknown, "accepted")?,
        Ok(Cancel::Absent) => {
            settle(State::Failed, "not on the channel")?;
            return Ok(Done::Held(Reason::NotOnChannel));
        }
        Ok(Cancel::Refused { message }) => {
            settle(State::Failed, "refused")?;
            return Ok(Done::Held(Reason::RefusedByChannel { action: DENY.to_owned(), message }));
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
            return Err(error.into());
        }
    }
    for wait in TRIES {
        if pass.stop.sleep(wait).await.is_err() {
            break;
        }
        let asked_at = pass.clock.now();
        if let Reading::Order(order) = pass.channel.read_order(&row.id).await?
            && order.status != Status::CancellationRequested
        {
            settle(State::Done, "denied")?;
            pass.store.record_reading(row.row, &order, asked_at, pass.clock.now())?;
            if !row.is_left_out() {
                // The ERP's order goes on where it was: sync-payments.
                pass.store.have_visited(row.row)?;
            }
            return Ok(Done::Carried(vec![DENY]));
        }
    }
    Ok(Done::Held(Reason::OutcomeUnknown { action: DENY.to_owned() }))
}

fn keep(pass: &Pass<'_>, row: &OrderRow, what: &str, word: Word<'_>) -> rusqlite::Result<()> {
    pass.store.keep_note(&Note {
        at: pass.clock.now(),
        who: word.by.to_owned(),
        what: what.to_owned(),
        channel: Some(row.channel.clone()),
        order: Some(row.id.clone()),
        detail: word.reason.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::order::sample;
    use crate::model::{ErpOrderId, Package};

    fn facts(channel: Status, erp: Option<Status>, invoiced: bool) -> Facts {
        let order = Order { status: channel, ..sample::order() };
        let erp = erp.map(|status| ErpOrder {
            id: ErpOrderId::new("7"),
            number: "7".into(),
            channel: None,
            store_number: order.id.clone(),
            status,
            total: order.total,
            units: None,
            invoiced,
            cancelled_at: None,
            cancel_reason: None,
        });
        Facts { order, erp, channel_follows: true }
    }

    #[test]
    fn granting_takes_what_is_not_cancelled_yet_and_never_an_invoice() {
        use Action::{InErp, OnChannel};
        use Status::{CancellationRequested, Cancelled, Paid};
        let planned = |channel, erp| plan(&facts(channel, erp, false));
        assert_eq!(planned(CancellationRequested, Some(Paid)), Ok(vec![InErp, OnChannel]));
        assert_eq!(planned(CancellationRequested, Some(Cancelled)), Ok(vec![OnChannel]));
        assert_eq!(planned(CancellationRequested, None), Ok(vec![OnChannel]));
        assert_eq!(planned(Cancelled, Some(Paid)), Ok(vec![InErp]));
        assert_eq!(planned(Cancelled, Some(Cancelled)), Err(Refusal::Cancelled));
        assert!(matches!(planned(Paid, Some(Paid)), Err(Refusal::NoRequest { channel_follows: true, .. })));
        assert!(matches!(planned(Paid, None), Err(Refusal::NoRequest { channel_follows: false, .. })));
        for channel in [CancellationRequested, Cancelled] {
            let refused = plan(&facts(channel, Some(Paid), true));
            assert_eq!(refused, Err(Refusal::Invoiced { erp_number: "7".into() }));
        }
        let mut there = facts(CancellationRequested, Some(Paid), false);
        there.order.packages = vec![Package {
            number: "501".into(),
            key: None,
            value: there.order.total,
            counts: true,
            tracking_number: None,
            tracking_url: None,
            courier: None,
            events: Vec::new(),
            delivered: false,
        }];
        assert_eq!(plan(&there), Err(Refusal::InvoicedOnChannel { invoice: "501".into() }));
    }
}
