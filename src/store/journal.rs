//! One row per side effect on the outside: intended (committed), then the call, then its outcome (committed).

use rusqlite::{Connection, params};

use super::{Store, millis};
use crate::model::{ChannelName, Instant};

/// Migration: most effects are about the order alone, and most ERPs' ids are the numbers people see; of those there is no second entry.
/// Nor need a key name the channel, since an order's row is of one. And without `IN`, for which SQLite makes a table with every row
/// that is written.
pub(super) const V12: &str = "
DROP INDEX journal_unsettled;
CREATE INDEX journal_unsettled ON journal (channel, order_row) WHERE state = 'intended' OR state = 'unknown';
DROP INDEX orders_in_flight;
CREATE INDEX orders_in_flight ON orders (channel, id)
    WHERE erp_id IS NULL AND (fate IS NULL OR fate = 'waiting' OR fate = 'held');
DROP INDEX journal_by_object;
UPDATE journal SET key = action || ':' || substr(key, length(action) + length(channel) + 3) WHERE order_row IS NOT NULL;
CREATE INDEX journal_by_object ON journal (substr(key, length(action) + length(order_row) + 3))
    WHERE order_row IS NOT NULL AND substr(key, length(action) + length(order_row) + 3) <> '';
DROP INDEX orders_by_erp_number;
CREATE INDEX orders_by_erp_number ON orders (erp_number) WHERE erp_number IS NOT erp_id;
";

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
        format!("{}:{}:{}", self.action, self.order, self.of)
    }
}

/// Reads all that is kept of an order, so that it ends in an error where a row does not fit its [seal](super::seal); and whether an
/// effect was intended before. Each table by itself and without `IN`: for a sum over them together SQLite makes a table, each time.
const ALL_SOUND: &str = "SELECT EXISTS (SELECT 1 FROM journal WHERE key = ?2),
    (SELECT sound FROM orders WHERE id = ?1),
    (SELECT sum(sound) FROM order_lines WHERE order_row = ?1),
    (SELECT sum(sound) FROM journal WHERE order_row = ?1),
    (SELECT sound FROM outgoing WHERE pass = 'push-invoices' AND order_row = ?1),
    (SELECT sound FROM outgoing WHERE pass = 'push-tracking' AND order_row = ?1),
    (SELECT sum(sound) FROM cancellations WHERE order_row = ?1),
    (SELECT sum(sound) FROM holds WHERE order_row = ?1 AND released_at IS NULL)";

impl Store {
    /// Notes that the effect is about to be sent, on the disk when this returns. Nothing is done on the word of a damaged row: all
    /// that is known of the order must fit its seals.
    ///
    /// # Errors
    /// When the state file cannot be written, or is damaged; nothing may be sent then.
    pub async fn intend(&self, effect: &Effect<'_>, now: Instant) -> rusqlite::Result<()> {
        self.note_intention(effect, now)?;
        self.committed().await
    }

    /// The last intention and its outcome stand in the journal alone, and move to the history when others take their place.
    pub(super) fn note_intention(&self, effect: &Effect<'_>, now: Instant) -> rusqlite::Result<()> {
        self.write(|tx| {
            let key = effect.key();
            let again: bool = tx.prepare_cached(ALL_SOUND)?.query_row(params![effect.order, key], |row| row.get(0))?;
            if !again {
                return first_intended(tx, &key, effect.channel, Some(effect.order), effect.action, now);
            }
            tx.prepare_cached(
                "INSERT OR IGNORE INTO history (order_row, at, what, detail)
                 SELECT order_row, intended_at, 'intended', action FROM journal WHERE key = ?1 AND attempts > 0",
            )?
            .execute([&key])?;
            move_outcome(tx, &key)?;
            intended(tx, &key, effect.channel, Some(effect.order), effect.action, now)
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
pub(super) fn settle_found(tx: &Connection, order: i64, action: &str, now: Instant) -> rusqlite::Result<()> {
    const OPEN: &str = "channel = (SELECT channel FROM orders WHERE id = ?1) AND order_row = ?1 AND action = ?2
        AND (state = 'intended' OR state = 'unknown')";
    tx.prepare_cached(&format!("{OUTCOME} FROM journal WHERE {OPEN} AND settled_at IS NOT NULL"))?
        .execute(params![order, action])?;
    tx.prepare_cached(&format!(
        "UPDATE journal SET state = 'done', settled_at = ?3, answer = 'found done' WHERE {OPEN} AND sound"
    ))?
    .execute(params![order, action, millis(now)])
    .map(|_| ())
}

/// What became of an effect, into the history of its order.
const OUTCOME: &str = "INSERT OR IGNORE INTO history (order_row, at, what, detail)
    SELECT order_row, settled_at, state, action || ': ' || coalesce(answer, '')";

fn move_outcome(tx: &Connection, key: &str) -> rusqlite::Result<()> {
    tx.prepare_cached(&format!("{OUTCOME} FROM journal WHERE key = ?1 AND settled_at IS NOT NULL"))?
        .execute([key])
        .map(|_| ())
}

/// As [`Store::settle`], inside a transaction that also records what followed from it.
pub(super) fn settle(
    tx: &Connection,
    effect: &Effect<'_>,
    state: State,
    answer: &str,
    now: Instant,
) -> rusqlite::Result<()> {
    let key = effect.key();
    let of_the_last_try = tx
        .prepare_cached(
            "UPDATE journal SET state = ?2, settled_at = ?3, answer = ?4 WHERE key = ?1 AND settled_at IS NULL AND sound",
        )?
        .execute(params![key, state.code(), millis(now), answer])?;
    if of_the_last_try > 0 {
        return Ok(());
    }
    move_outcome(tx, &key)?;
    if settled(tx, &key, state, answer, now)? {
        return Ok(());
    }
    tx.prepare_cached(
        "INSERT INTO journal (key, channel, order_row, action, state, attempts, intended_at, settled_at, answer)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?6, ?7)",
    )?
    .execute(params![key, effect.channel.as_str(), effect.order, effect.action, state.code(), millis(now), answer])
    .map(|_| ())
}

/// Writes an intention into the journal, once more or for the first time.
pub(super) fn intended(
    tx: &Connection,
    key: &str,
    channel: &ChannelName,
    order: Option<i64>,
    action: &str,
    now: Instant,
) -> rusqlite::Result<()> {
    let again = tx
        .prepare_cached(
            "UPDATE journal SET state = 'intended', attempts = attempts + 1, intended_at = ?2, settled_at = NULL, answer = NULL
             WHERE key = ?1 AND sound",
        )?
        .execute(params![key, millis(now)])?;
    match again {
        0 => first_intended(tx, key, channel, order, action, now),
        _ => Ok(()),
    }
}

fn first_intended(
    tx: &Connection,
    key: &str,
    channel: &ChannelName,
    order: Option<i64>,
    action: &str,
    now: Instant,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO journal (key, channel, order_row, action, state, attempts, intended_at)
         VALUES (?1, ?2, ?3, ?4, 'intended', 1, ?5)",
    )?
    .execute(params![key, channel.as_str(), order, action, millis(now)])
    .map(|_| ())
}

/// Writes into the journal what became of an effect. Says whether it was there.
pub(super) fn settled(tx: &Connection, key: &str, state: State, answer: &str, now: Instant) -> rusqlite::Result<bool> {
    tx.prepare_cached("UPDATE journal SET state = ?2, settled_at = ?3, answer = ?4 WHERE key = ?1 AND sound")?
        .execute(params![key, state.code(), millis(now), answer])
        .map(|rows| rows > 0)
}
