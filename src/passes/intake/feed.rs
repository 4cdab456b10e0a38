//! The channel's feed of events: checked, made where it is missing, and drained.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use crate::channel::Feed;
use crate::exit::Exit;
use crate::lang::say;
use crate::passes::{Pass, Trouble};
use crate::report::Warning;
use crate::store::cursors::LIST_WIDE;

use super::sweep::WIDE_REACH;

/// A feed may answer "nothing" while it has something: only so many empty reads in a row end it.
const EMPTY_READS: u32 = 2;

/// Stores what the feed tells.
pub(super) async fn hear(pass: &Pass<'_>) {
    let Err(trouble) = check_and_drain(pass).await else { return };
    match trouble.ends_run(pass.stop) {
        Some(exit) => pass.end(exit, trouble.to_string()),
        None => {
            let problem = trouble.to_string();
            pass.warn(&Warning::FeedFailed { channel: pass.channel.name().clone(), problem });
        }
    }
}

async fn check_and_drain(pass: &Pass<'_>) -> Result<(), Trouble> {
    let channel = pass.channel.name().clone();
    match pass.channel.check_feed().await? {
        Feed::Ready => return drain(pass).await,
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
    Ok(())
}

/// Read a lot, commit it, acknowledge it, until nothing more comes. Takes a quarter of the run's time at most: what waits in the feed
/// waits there safely, and the list and the orders want their part.
async fn drain(pass: &Pass<'_>) -> Result<(), Trouble> {
    let time = pass.stop.left().map(|left| pass.clock.elapsed() + left / 4);
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
        if time.is_some_and(|time| pass.clock.elapsed() >= time) {
            let message = say!(
                "the feed has more than could be heard in the time there is; the next run goes on with it"
                    | "o feed tem mais do que se pôde ouvir no tempo disponível; a próxima execução continua"
            );
            pass.fall_short(Exit::TimeBudget, message);
            break;
        }
    }
    Ok(())
}
