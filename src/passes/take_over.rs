//! Taking an order over on its channel: telling it that the ERP has the order (VTEX: start-handling, which also turns the
//! channel's stock reservation over to us).
//!
//! Done by whichever pass first sees the order in the ERP, paid, and ready on the channel. The reading of the order that led here
//! is the proof that it was not done yet; what a call leaves unknown, the next run's reading settles.

use super::{Pass, Trouble};
use crate::channel::{Reading, TakeOver};
use crate::model::Readiness;
use crate::reason::Reason;
pub use crate::store::journal::TAKE_OVER;
use crate::store::journal::{Effect, State};
use crate::store::orders::OrderRow;

/// Sends the take-over. Gives the reason to hold the order, if there is one.
pub async fn apply(pass: &Pass<'_>, row: &OrderRow) -> Result<Option<Reason>, Trouble> {
    // Not while a stock number is worked out and sent: the channel lets go of the reservations of orders handed over, and units that
    // the number still counts for this one would be sold twice.
    let _handover = pass.handover()?.of_an_order(pass.stop).await?;
    let effect = Effect { channel: &row.channel, order: row.row, action: TAKE_OVER, of: "" };
    pass.store.intend(&effect, pass.clock.now()).await?;
    let answer = pass.channel.take_over(&row.id).await;
    let now = pass.clock.now();
    match answer {
        Ok(TakeOver::Accepted) => {
            // It takes effect within seconds, and once in a while not at all: only a reading counts, and the next run makes it.
            pass.store.settle(&effect, State::Done, "accepted", now)?;
            Ok(None)
        }
        Ok(TakeOver::Refused { message }) => {
            pass.store.settle(&effect, State::Failed, "refused in this status", now)?;
            match pass.channel.read_order(&row.id).await? {
                Reading::Order(order) if order.readiness == Readiness::TakenOver => {
                    pass.store.record_take_over(row.row, &effect, "found done", pass.clock.now())?;
                    Ok(None)
                }
                Reading::Order(order) => Ok(Some(Reason::TakeOverRefused { raw: order.raw_status, message })),
                Reading::Absent => Ok(Some(Reason::NotOnChannel)),
                Reading::Unreadable(problem) => {
                    Ok(Some(Reason::Unreadable { at: problem.at, problem: problem.problem }))
                }
            }
        }
        Err(error) if error.outcome_unknown() => {
            pass.store.settle(&effect, State::Unknown, "no answer", now)?;
            let trouble = Trouble::Channel(error);
            match trouble.ends_run(pass.stop) {
                Some(_) => Err(trouble),
                None => Ok(Some(Reason::OutcomeUnknown { action: TAKE_OVER.into() })),
            }
        }
        Err(error) => {
            pass.store.settle(&effect, State::Failed, "not carried out", now)?;
            Err(error.into())
        }
    }
}
