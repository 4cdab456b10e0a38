//! Intake: the channel's feed and a sweep of its list, stored and committed before anything is acknowledged.
//!
//! Promises that an order the channel names is never forgotten: an event is acknowledged only when it is on the disk, the cursor
//! moves only when everything up to it is, and what the feed loses the sweep finds.

mod feed;
pub(super) mod listing;
mod sweep;

use chrono::TimeDelta;

use super::Pass;
use crate::clock::TOLERANCE;
use crate::model::Instant;
use crate::report::Warning;

/// A range of creation dates a person asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backfill {
    /// First instant; the cut-off date if absent.
    pub since: Option<Instant>,
    /// Last instant; now if absent.
    pub until: Option<Instant>,
}

/// Hears what there is to hear. Trouble with the feed alone is a warning: the sweep finds the orders too. Trouble with the list
/// alone leaves the run short of it, and the orders known already are visited all the same. Gives whether the feed has more than there
/// was time for.
pub async fn run(pass: &Pass<'_>, backfill: Option<Backfill>) -> bool {
    let mut is_feed_cut = false;
    match backfill {
        Some(range) => sweep::backfill(pass, range).await,
        None => {
            // Reading the feed hides its events from the runs that follow for minutes, so a dry run goes by the list alone.
            if !pass.dry_run {
                is_feed_cut = feed::hear(pass).await;
            }
            if !pass.halted() {
                sweep::since_cursor(pass).await;
            }
        }
    }
    let ahead = clock_ahead(pass);
    if ahead > TOLERANCE {
        pass.report
            .warning(&Warning::ClockAhead { channel: pass.channel.name().clone(), seconds: ahead.num_seconds() });
    }
    is_feed_cut
}

/// Hears what the feed has beside what [`run`] took of it.
pub async fn hear_rest(pass: &Pass<'_>) {
    feed::hear_rest(pass).await;
}

/// How far this machine's clock is ahead of the channel's, as far as the channel has told the time in this run.
fn clock_ahead(pass: &Pass<'_>) -> TimeDelta {
    pass.channel.clock_skew().unwrap_or_default().max(TimeDelta::zero())
}
