//! One row per side effect on the outside: intended (committed), then the call, then its outcome (committed).

use rusqlite::params;

use super::{Store, millis};
use crate::model::{ChannelName, Instant};

/// Creating an order in the ERP, as the journal calls it.
pub const CREATE: &str = "create_order";

/// Taking an order over on its channel, as the journal calls it.
pub const TAKE_OVER: &str = "take_over";

/// Where a side effect stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// About to be sent, or the process died before it knew the outcome.
    Intended,
    /// Carried out.
    Done,
    /// Certainly not carried out.
    Failed,
    /// Sent; whether it was carried out is not known. Settled by reading the other side.
    Unknown,
}

impl State {
    const CODES: [(Self, &'static str); 4] =
        [(Self::Intended, "intended"), (Self::Done, "done"), (Self::Failed, "failed"), (Self::Unknown, "unknown")];

    fn code(self) -> &'static str {
        Self::CODES.iter().find(|(state, _)| *state == self).map_or("unknown", |(_, code)| code)
    }

    pub(super) fn from_code(code: &str) -> Self {
        Self::CODES.iter().find(|(_, known)| *known == code).map_or(Self::Unknown, |(state, _)| *state)
    }
}

/// A side effect about to happen.
#[derive(Clone, Debug)]
pub struct Effect<'a> {
    /// The channel on whose behalf.
    pub channel: &'a ChannelName,
    /// The order's row.
    pub order: i64,
    /// What is done, in a word: `create`, `take-over`, `pay`, `cancel` …; unique per order together with `of`.
    pub action: &'a str,
    /// What distinguishes several effects of one kind on one order; empty when there can be only one.
    pub of: &'a str,
}

impl Effect<'_> {
    pub(super) fn key(&self) -> String {
        format!("{}:{}:{}:{}", self.action, self.channel, self.order, self.of)
    }
}

/// Reads all that is kept of an order, so that it ends in an error where a row does not fit its [seal](super::seal).
const ALL_SOUND: &str = "SELECT sum(sound) FROM (
    SELECT sound FROM orders WHERE id = ?1
    UNION ALL SELECT sound FROM order_lines WHERE order_row = ?1
    UNION ALL SELECT sound FROM journal WHERE order_row = ?1
    UNION ALL SELECT sound FROM outgoing WHERE pass IN ('push-invoices', 'push-tracking') AND order_row = ?1
    UNION ALL SELECT sound FROM cancellations WHERE order_row = ?1
    UNION ALL SELECT sound FROM holds WHERE order_row = ?1 AND released_at IS NULL)";

impl Store {
    /// Notes that the effect is about to be sent. Nothing is done on the word of a damaged row: all that is known of the order
    /// must fit its seals.
    ///
    /// # Errors
    /// When the state file cannot be written, or is damaged; nothing may be sent then.
    pub fn intend(&self, effect: &Effect<'_>, now: Instant) -> rusqlite::Result<()> {
        self.write(|tx| {
            tx.prepare_cached(ALL_SOUND)?.query_row([effect.order], |_| Ok(()))?;
            tx.prepare_cached(
                "INSERT INTO journal (key, channel, order_row, action, state, attempts, intended_at)
                 VALUES (?1, ?2, ?3, ?4, 'intended', 1, ?5)
                 ON CONFLICT (key) DO UPDATE SET state = 'intended', attempts = attempts + 1, intended_at = excluded.intended_at,
                     settled_at = NULL, answer = NULL",
            )?
            .execute(params![effect.key(), effect.channel.as_str(), effect.order, effect.action, millis(now)])?;
            super::orders::note(tx, effect.order, now, "intended", effect.action)
        })
    }

    /// Notes what became of the effect. `answer` is for people: no secret, no personal data.
    ///
    /// # Errors
    /// When the state file cannot be written; the effect then stays `intended` and is settled by the next run.
    pub fn settle(&self, effect: &Effect<'_>, state: State, answer: &str, now: Instant) -> rusqlite::Result<()> {
        self.write(|tx| settle(tx, effect, state, answer, now))
    }

    /// As `settle_found` below, in a transaction of its own.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn settle_found(&self, order: i64, action: &str, now: Instant) -> rusqlite::Result<()> {
        self.write(|tx| settle_found(tx, order, action, now))
    }
}

/// Settles an order's effects of one kind that a killed run or a lost answer left open: a reading showed them done.
pub(super) fn settle_found(
    tx: &rusqlite::Transaction<'_>,
    order: i64,
    action: &str,
    now: Instant,
) -> rusqlite::Result<()> {
    let found = tx
        .prepare_cached(
            "UPDATE journal SET state = 'done', settled_at = ?3, answer = 'found done'
             WHERE channel = (SELECT channel FROM orders WHERE id = ?1) AND order_row = ?1 AND action = ?2
                 AND state IN ('intended', 'unknown')",
        )?
        .execute(params![order, action, millis(now)])?;
    match found {
        0 => Ok(()),
        _ => super::orders::note(tx, order, now, State::Done.code(), &format!("{action}: found done")),
    }
}

/// As [`Store::settle`], inside a transaction that also records what followed from it.
pub(super) fn settle(
    tx: &rusqlite::Transaction<'_>,
    effect: &Effect<'_>,
    state: State,
    answer: &str,
    now: Instant,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO journal (key, channel, order_row, action, state, attempts, intended_at, settled_at, answer)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?6, ?7)
         ON CONFLICT (key) DO UPDATE SET state = excluded.state, settled_at = excluded.settled_at, answer = excluded.answer",
    )?
    .execute(params![effect.key(), effect.channel.as_str(), effect.order, effect.action, state.code(), millis(now), answer])?;
    super::orders::note(tx, effect.order, now, state.code(), &format!("{}: {answer}", effect.action))
}
