//! Money that comes for an order that is cancelled already: a boleto paid at a bank's counter after all, or in the moment between the
//! last reading and the cancellation. Nothing is revived; a person must refund it, and is told. The channel's own cancellations are
//! watched, too: VTEX is known to cancel boletos at the weekend that can be paid on Monday.

use chrono::TimeDelta;

use crate::channel::{PaymentWord, Reading};
use crate::model::{Instant, Status};
use crate::passes::{CHUNK, Pass, Trouble};
use crate::reason::Reason;
use crate::report::Outcome;
use crate::store::orders::{Decided, Fate, OrderRow};

/// How long a cancelled order is watched.
const FOR: TimeDelta = TimeDelta::days(30);
/// How often it is looked at, at most.
const EVERY: TimeDelta = TimeDelta::days(1);
/// When one whose call failed is looked at again: others come first meanwhile, or so many in a row would end each run at the same place.
const AGAIN_AFTER: TimeDelta = TimeDelta::hours(1);

/// Looks at every cancelled order whose turn it is.
pub(super) async fn run(pass: &Pass<'_>) {
    let now = pass.clock.now();
    let span = (now - FOR, now - EVERY, now);
    pass.visit_each(
        |after| pass.store.to_watch(pass.channel.name(), span, after, CHUNK),
        async |row| look_at(pass, row).await,
    )
    .await;
}

async fn look_at(pass: &Pass<'_>, row: &OrderRow) -> Result<(), Trouble> {
    let why = row.fate_why.clone().unwrap_or(Reason::CancelledInErp);
    let late = match late_payment(pass, row).await {
        Ok(late) => late,
        // A cancelled order is not held for a call that failed: holding means that it may go on.
        Err(trouble) if trouble.ends_run(pass.stop).is_none() => {
            pass.store.not_watched(row.row, pass.clock.now() - EVERY + AGAIN_AFTER)?;
            pass.failed(row, Reason::CallFailed { message: trouble.to_string() });
            return Ok(());
        }
        Err(trouble) => return Err(trouble),
    };
    pass.store.watched(row.row, pass.clock.now())?;
    match late {
        None => pass.tell(row, Outcome::Unchanged, false, &why, &[]),
        Some(Late { paid_at, reason: late }) => {
            pass.store.tell_late_payment(row.row, paid_at)?;
            // It stays cancelled and closed: no other pass visits it, and none releases this.
            let decided = Decided { fate: Fate::Cancelled, reason: &why, hold: Some(&late), open: false };
            pass.conclude(row, decided, Outcome::Held, &late, &[])?;
        }
    }
    Ok(())
}

/// Money for an order that is cancelled.
struct Late {
    /// When it came, as far as the channel says.
    paid_at: Option<Instant>,
    /// What holds the order for it.
    reason: Reason,
}

/// The money that came after the cancellation, if any did that nobody has dealt with. That an order was paid before, and is refunded,
/// is nothing new.
async fn late_payment(pass: &Pass<'_>, row: &OrderRow) -> Result<Option<Late>, Trouble> {
    let Reading::Order(order) = pass.channel.read_order(&row.id).await? else { return Ok(None) };
    let notes = pass.store.cancel_notes(row.row)?;
    let paid_at = order.paid_at.map_or(0, |at| at.timestamp_millis());
    let is_told = notes.told_paid_at.is_some_and(|told| told.timestamp_millis() == paid_at);
    // A person dealt with it.
    if is_told && !notes.holds.iter().any(|hold| matches!(hold, Reason::PaidAfterCancellation { .. })) {
        return Ok(None);
    }
    let is_late = match order.paid_at {
        _ if order.status != Status::Cancelled => order.status.is_paid_or_beyond(),
        Some(paid) => {
            let cancelled = order.cancelled_at.or(notes.fate_at);
            notes.cancelled_unpaid || cancelled.is_some_and(|cancelled| paid > cancelled)
        }
        None => matches!(pass.channel.read_payment(&row.id).await?, PaymentWord::Other { paid: true, .. }),
    };
    Ok(is_late.then(|| Late { paid_at: order.paid_at, reason: Reason::paid_after_cancellation(&order) }))
}
