//! Intake: the channel's feed and a sweep of its list, stored and committed before anything is acknowledged.
//!
//! Promises that an order the channel names is never forgotten: an event is acknowledged only when it is on the disk, the cursor
//! moves only when everything up to it is, and what the feed loses the sweep finds.

use chrono::TimeDelta;

use super::{Pass, Trouble};
use crate::channel::{Feed, Window};
use crate::exit::Exit;
use crate::model::Instant;
use crate::report::Warning;

/// The sweep's cursor: orders created up to it were listed.
const SWEPT: &str = "list";
/// When the wide sweep last ran.
const SWEPT_WIDE: &str = "list-wide";
/// Once a day the sweep reaches back a week, for orders that an index showed late or not at all.
const WIDE_EVERY: TimeDelta = TimeDelta::days(1);
const WIDE_REACH: TimeDelta = TimeDelta::days(7);
/// A feed may answer "nothing" while it has something: only so many empty reads in a row end it.
const EMPTY_READS: u32 = 2;

/// A range of creation dates a person asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backfill {
    /// First instant; the cut-off date if absent.
    pub since: Option<Instant>,
    /// Last instant; now if absent.
    pub until: Option<Instant>,
}

/// Hears what there is to hear. Trouble with the feed alone is a warning: the sweep finds the orders too.
pub async fn run(pass: &Pass<'_>, backfill: Option<Backfill>) {
    if let Some(range) = backfill {
        let now = pass.clock.now();
        let window = Window::new(range.since.unwrap_or(pass.config.since), range.until.unwrap_or(now));
        settle(pass, sweep(pass, window).await);
        return;
    }
    // Reading the feed hides its events from the runs that follow for minutes, so a dry run goes by the list alone.
    let gap = if pass.dry_run { None } else { feed(pass).await };
    if !pass.halted() {
        settle(pass, sweep_since_cursor(pass, gap).await);
    }
}

fn settle(pass: &Pass<'_>, result: Result<(), Trouble>) {
    if let Err(trouble) = result {
        let exit = trouble.ends_run(pass.stop).unwrap_or(Exit::Unavailable);
        pass.end(exit, trouble.to_string());
    }
}

/// Drains the feed. Gives how far the sweep must reach back to cover what a missing feed did not tell.
async fn feed(pass: &Pass<'_>) -> Option<TimeDelta> {
    let channel = pass.channel.name();
    let feed = match pass.channel.prepare_feed(true).await {
        Ok(feed) => feed,
        Err(error) => return feed_trouble(pass, &error.into()),
    };
    match feed {
        Feed::Ready => match drain(pass).await {
            Ok(()) => None,
            Err(trouble) => feed_trouble(pass, &trouble),
        },
        Feed::Created => {
            pass.report.warning(&Warning::FeedCreated { channel: channel.clone(), days: WIDE_REACH.num_days() });
            Some(WIDE_REACH)
        }
        Feed::Missing => {
            pass.report.warning(&Warning::FeedMissing { channel: channel.clone() });
            None
        }
        Feed::Foreign { problem } => {
            pass.report.warning(&Warning::FeedForeign { channel: channel.clone(), problem });
            None
        }
        Feed::Off => None,
    }
}

fn feed_trouble(pass: &Pass<'_>, trouble: &Trouble) -> Option<TimeDelta> {
    match trouble.ends_run(pass.stop) {
        Some(exit) => pass.end(exit, trouble.to_string()),
        None => {
            let problem = trouble.to_string();
            pass.report.warning(&Warning::FeedFailed { channel: pass.channel.name().clone(), problem });
        }
    }
    None
}

/// Read a lot, commit it, acknowledge it, until nothing more comes.
async fn drain(pass: &Pass<'_>) -> Result<(), Trouble> {
    let mut empty = 0;
    while empty < EMPTY_READS && !pass.halted() {
        let lot = pass.channel.read_feed().await?;
        if lot.handles.is_empty() && lot.heard.is_empty() {
            empty += 1;
            continue;
        }
        empty = 0;
        let new = pass.store.hear(pass.channel.name(), &lot.heard, "feed", pass.clock.now())?;
        pass.tally.borrow_mut().heard(lot.heard.len(), new);
        pass.channel.acknowledge(&lot.handles).await?;
    }
    Ok(())
}

/// Sweeps what was created since the cursor, less the overlap; everything since the cut-off date when there is no usable cursor.
async fn sweep_since_cursor(pass: &Pass<'_>, gap: Option<TimeDelta>) -> Result<(), Trouble> {
    let now = pass.clock.now();
    let channel = pass.channel.name();
    let cursor = pass.store.cursor(channel, SWEPT)?;
    let wide_at = pass.store.cursor(channel, SWEPT_WIDE)?;
    let cutoff = pass.config.since;
    let overlap = TimeDelta::from_std(pass.config.overlap).unwrap_or(WIDE_REACH);
    let wide_due = wide_at.is_none_or(|at| now - at >= WIDE_EVERY || at > now);
    let mut from = match cursor {
        None => cutoff,
        // A clock that was wrong once must not hide the orders in between.
        Some(cursor) if cursor > now + overlap => {
            pass.report.warning(&Warning::CursorReset {
                channel: channel.clone(),
                cursor: cursor.to_rfc3339(),
                problem: "lies in the future".into(),
            });
            cutoff
        }
        Some(cursor) => cursor - overlap,
    };
    for reach in gap.into_iter().chain(wide_due.then_some(WIDE_REACH)) {
        from = from.min(now - reach);
    }
    let oldest = now - pass.channel.list_reach();
    if cutoff < oldest && from < oldest && cursor.is_none() {
        pass.report.warning(&Warning::Expired { channel: channel.clone() });
    }
    sweep(pass, Window::new(from.max(cutoff).max(oldest), now)).await?;
    if !pass.halted() {
        pass.store.set_cursor(channel, SWEPT, now)?;
        if wide_due {
            pass.store.set_cursor(channel, SWEPT_WIDE, now)?;
        }
    }
    Ok(())
}

/// Lists every order created in the window and stores it.
async fn sweep(pass: &Pass<'_>, window: Window) -> Result<(), Trouble> {
    let mut windows = vec![window];
    while let Some(window) = windows.pop() {
        if pass.halted() {
            return Ok(());
        }
        let (heard, mut rest) = pass.channel.list(window).await?;
        let new = pass.store.hear(pass.channel.name(), &heard, "list", pass.clock.now())?;
        pass.tally.borrow_mut().heard(heard.len(), new);
        // Oldest first: the last window on the stack is the next one.
        rest.reverse();
        windows.extend(rest);
    }
    Ok(())
}
