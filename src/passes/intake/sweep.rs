//! The sweep of the channel's order list: the oldest orders first, in windows small enough to be listed to their end. The cursor
//! moves after each of them, so a run that is cut short has not swept in vain.

use std::pin::pin;

use chrono::TimeDelta;
use futures_util::StreamExt;

use super::listing::{self, Gap, Listed};
use super::{Backfill, clock_ahead};
use crate::channel::{Heard, Window};
use crate::clock::TOLERANCE;
use crate::exit::Exit;
use crate::lang::{say, word};
use crate::model::{Instant, calendar};
use crate::passes::Pass;
use crate::report::Warning;
use crate::store::cursors::{LIST, LIST_CUTOFF, LIST_WIDE};

/// Once a day the sweep reaches back a week, for orders that an index showed late or not at all.
const WIDE_EVERY: TimeDelta = TimeDelta::days(1);
pub(super) const WIDE_REACH: TimeDelta = TimeDelta::days(7);

/// How far a sweep came.
enum Swept {
    /// To its end.
    Whole,
    /// Everything created up to then is stored; the time it may take is used up, or the run is to stop.
    UpTo(Instant),
}

/// Sweeps what was created since the cursor, less the overlap.
pub(super) async fn since_cursor(pass: &Pass<'_>) {
    match try_since_cursor(pass).await {
        Ok(Swept::Whole) => {}
        Ok(Swept::UpTo(at)) => {
            let at = calendar::local_text(at);
            let message = say!(
                "the order list was swept up to {at} in the time there is; the next run goes on there"
                    | "a lista de pedidos foi varrida até {at} no tempo disponível; a próxima execução continua \
                           dali"
            );
            pass.fall_short(Exit::TimeBudget, message);
        }
        Err(gap) => failed(pass, &gap),
    }
}

/// Sweeps the days that a person asked for, as far as they are not before the cut-off date.
pub(super) async fn backfill(pass: &Pass<'_>, range: Backfill) {
    let (cutoff, now, channel) = (pass.config.since, pass.clock.now(), pass.channel.name());
    let since = range.since.unwrap_or(cutoff);
    if since < cutoff || range.until.is_some_and(|until| until < cutoff) {
        pass.warn(&Warning::BackfillClipped { channel: channel.clone(), cutoff });
    }
    let from = since.max(cutoff);
    if from < now - pass.channel.list_reach() {
        pass.warn(&Warning::Expired { channel: channel.clone() });
    }
    match sweep(pass, Window::new(from, range.until.unwrap_or(now)), |_| Ok(())).await {
        Ok(Swept::Whole) => {}
        Ok(Swept::UpTo(at)) => {
            let date = calendar::local_date(at);
            let message = say!(
                "the time there is did not suffice for all of these days; go on with --since {date}"
                    | "o tempo disponível não bastou para todos esses dias; continue com --since {date}"
            );
            pass.fall_short(Exit::TimeBudget, message);
        }
        Err(gap) => failed(pass, &gap),
    }
}

/// A list that fails is no reason to leave the orders known already alone, unless every call would fail.
fn failed(pass: &Pass<'_>, gap: &Gap) {
    let problem = gap.to_string();
    if let Gap::Trouble(trouble) = gap
        && let Some(exit) = trouble.ends_run(pass.stop)
    {
        return pass.end(exit, problem);
    }
    pass.warn(&Warning::ListFailed { channel: pass.channel.name().clone(), problem: problem.clone() });
    pass.fall_short(Exit::Unavailable, problem);
}

async fn try_since_cursor(pass: &Pass<'_>) -> Result<Swept, Gap> {
    let ahead = clock_ahead(pass);
    let swept = sweep_from_cursor(pass).await?;
    // Where only the list's own answer told that this clock is ahead, the sweep began too late.
    if clock_ahead(pass) > ahead + TOLERANCE { sweep_from_cursor(pass).await } else { Ok(swept) }
}

async fn sweep_from_cursor(pass: &Pass<'_>) -> Result<Swept, Gap> {
    let (store, channel, ours, ahead) = (pass.store, pass.channel.name(), pass.clock.now(), clock_ahead(pass));
    // By the channel's clock if ours is ahead of it, or the orders in between would be passed over.
    let now = if ahead > TOLERANCE { ours - ahead } else { ours };
    // To the channel's own present, should this clock be behind it.
    let latest = now - pass.channel.clock_skew().unwrap_or_default().min(TimeDelta::zero());
    go_by_cutoff(pass, now)?;
    let begun_at = begin(pass, now, latest)?;
    let overlap = TimeDelta::from_std(pass.config.overlap).unwrap_or(WIDE_REACH);
    let oldest = pass.config.since.max(now - pass.channel.list_reach());
    let window = Window::of_changes((begun_at - overlap).max(oldest), latest);
    sweep(pass, window, |reached| {
        let ahead_now = clock_ahead(pass);
        let (reached, began_too_late) = (reached.min(ours - ahead_now), ahead_now > ahead + TOLERANCE);
        if reached > begun_at && !began_too_late { store.set_cursor(channel, LIST, reached) } else { Ok(()) }
    })
    .await
}

/// Sweeps from the cut-off date again when it was set back since the last sweep, and looks again at what was skipped for it.
fn go_by_cutoff(pass: &Pass<'_>, now: Instant) -> rusqlite::Result<()> {
    let (store, channel, cutoff) = (pass.store, pass.channel.name(), pass.config.since);
    match store.cursor(channel, LIST_CUTOFF)? {
        Some(before) if before == cutoff => Ok(()),
        Some(before) if cutoff < before => {
            let orders = store.reopen_since(channel, cutoff, now)?;
            pass.warn(&Warning::CutoffMoved { channel: channel.clone(), cutoff, orders });
            Ok(())
        }
        _ => store.set_cursor(channel, LIST_CUTOFF, cutoff),
    }
}

/// Where the sweep begins: everything created before is listed. Without a usable cursor that is the cut-off date; when a wide
/// sweep is due, the cursor is set back for it, so that it is carried through by however many runs it takes. `latest` is the present
/// by whichever clock is ahead.
fn begin(pass: &Pass<'_>, now: Instant, latest: Instant) -> rusqlite::Result<Instant> {
    let (store, channel, cutoff) = (pass.store, pass.channel.name(), pass.config.since);
    let overlap = TimeDelta::from_std(pass.config.overlap).unwrap_or(WIDE_REACH);
    let begin = match store.cursor(channel, LIST)? {
        // A clock that was wrong once must not hide the orders in between.
        Some(cursor) if cursor > latest + overlap => {
            pass.warn(&Warning::CursorReset {
                channel: channel.clone(),
                cursor: cursor.to_rfc3339(),
                problem: word!(
                    "lies in the future, so a clock was ahead when it was set"
                        | "está no futuro, então um relógio estava adiantado quando foi gravado"
                )
                .into(),
            });
            cutoff
        }
        Some(cursor) => cursor,
        None => {
            if cutoff < now - pass.channel.list_reach() {
                pass.warn(&Warning::Expired { channel: channel.clone() });
            }
            cutoff
        }
    };
    let wide_at = store.cursor(channel, LIST_WIDE)?;
    if !wide_at.is_none_or(|at| now - at >= WIDE_EVERY || at > now) {
        return Ok(begin);
    }
    let begin = begin.min(now - WIDE_REACH);
    store.set_cursor(channel, LIST, begin)?;
    store.set_cursor(channel, LIST_WIDE, now)?;
    Ok(begin)
}

/// Lists every order created in the window and stores it, the oldest first. `reached` hears after each part how far everything is
/// stored. Takes half of the run's time at most, so that visits follow.
async fn sweep(
    pass: &Pass<'_>,
    window: Window,
    reached: impl Fn(Instant) -> rusqlite::Result<()>,
) -> Result<Swept, Gap> {
    let time = pass.stop.left().map(|left| pass.clock.elapsed() + left / 2);
    // One part is listed at least, or a run that is always short of time would never come further.
    let is_over = || time.is_some_and(|time| pass.clock.elapsed() >= time) || pass.halted();
    let hear = |orders: &[Heard]| {
        let new = pass.store.hear(pass.channel.name(), orders, "list", pass.clock.now())?;
        pass.tally.borrow_mut().heard(orders.len(), new);
        Ok(())
    };
    let mut listed = pin!(listing::walk(pass.channel, window, pass.config.limits.in_flight, &is_over, &hear));
    let (mut stored, mut first_gap) = (None, None);
    while let Some((part, listed)) = listed.next().await {
        match listed? {
            Listed::Partly(_) if first_gap.is_some() => break,
            // One bad place does not hide the orders created since; two are a list that cannot be trusted.
            Listed::Partly(gap) => first_gap = Some(gap),
            _ if first_gap.is_some() => {}
            _ => {
                reached(part.to)?;
                stored = Some(part.to);
            }
        }
    }
    match first_gap {
        Some(gap) => Err(gap),
        None if window.from > window.to || stored == Some(window.to) => Ok(Swept::Whole),
        None => Ok(Swept::UpTo(stored.unwrap_or(window.from))),
    }
}
