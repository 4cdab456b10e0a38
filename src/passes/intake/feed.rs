//! The channel's feed of events: checked, made where it is missing, and drained.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::channel::Feed;
use crate::passes::{Pass, Trouble};
use crate::report::Warning;
use crate::store::cursors::LIST_WIDE;

use super::sweep::WIDE_REACH;

/// A feed may answer "nothing" while it has something: only so many empty reads in a row end it.
const EMPTY_READS: u32 = 2;

/// Stores what the feed tells. Takes a quarter of the run's time at most: what waits in the feed waits there safely, and the list and
/// the orders want their part. Gives whether there may be more.
pub(super) async fn hear(pass: &Pass<'_>) -> bool {
    let time = pass.stop.left().map(|left| pass.clock.elapsed() + left / 4);
    match check_and_drain(pass, time).await {
        Ok(is_cut) => is_cut,
        Err(trouble) => {
            failed(pass, &trouble);
            false
        }
    }
}

/// Stores the rest.
pub(super) async fn hear_rest(pass: &Pass<'_>) {
    if let Err(trouble) = drain(pass, None).await {
        failed(pass, &trouble);
    }
}

fn failed(pass: &Pass<'_>, trouble: &Trouble) {
    match trouble.ends_run(pass.stop) {
        Some(exit) => pass.end(exit, trouble.to_string()),
        None => {
            let problem = trouble.to_string();
            pass.warn(&Warning::FeedFailed { channel: pass.channel.name().clone(), problem });
        }
    }
}

async fn check_and_drain(pass: &Pass<'_>, time: Option<Duration>) -> Result<bool, Trouble> {
    let channel = pass.channel.name().clone();
    match pass.channel.check_feed().await? {
        Feed::Ready => return drain(pass, time).await,
        Feed::Wanted => {
            // Before it is made: a new feed knows nothing of what it missed, and nobody could tell later that it is new.
            pass.store.clear_cursor(&channel, LIST_WIDE)?;
            pass.store.committed().await?;
            pass.channel.create_feed().await?;
            pass.warn(&Warning::FeedCreated { channel, days: WIDE_REACH.num_days() });
        }
        Feed::Missing => pass.warn(&Warning::FeedMissing { channel }),
        Feed::Foreign { problem } => pass.warn(&Warning::FeedForeign { channel, problem }),
        Feed::Off => {}
    }
    Ok(false)
}

/// Read a lot, commit it, acknowledge it, until nothing more comes or it is that late. Gives whether it was.
async fn drain(pass: &Pass<'_>, until: Option<Duration>) -> Result<bool, Trouble> {
    // Of each handle only a hash: a feed that nobody read for months has more of them than fit into memory.
    let (mut empty, mut seen, hasher) = (0, HashSet::new(), RandomState::new());
    while empty < EMPTY_READS && !pass.halted() {
        let lot = pass.channel.read_feed().await?;
        // What is not let go of when it is acknowledged comes again and again.
        let before = seen.len();
        seen.extend(lot.handles.iter().map(|handle| hasher.hash_one(handle)));
        let is_news = seen.len() > before;
        if !is_news && (lot.heard.is_empty() || !lot.handles.is_empty()) {
            empty += 1;
            continue;
        }
        empty = 0;
        let new = pass.store.hear(pass.channel.name(), &lot.heard, "feed", pass.clock.now())?;
        pass.store.committed().await?;
        pass.tally.borrow_mut().heard(lot.heard.len(), new);
        pass.channel.acknowledge(&lot.handles).await?;
        if until.is_some_and(|until| pass.clock.elapsed() >= until) {
            return Ok(true);
        }
    }
    Ok(false)
}
