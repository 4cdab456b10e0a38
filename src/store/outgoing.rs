//! What the passes that carry facts out have to do with each order: what changed in the ERP, and what is still open.

use chrono::TimeDelta;
use rusqlite::{Connection, OptionalExtension, params};

use super::cursors::ERP_HEARD;
use super::journal::{Effect, State};
use super::{Store, holds, instant, millis};
use crate::erp::ErpChanges;
use crate::model::{ChannelName, Instant};
use crate::reason::Reason;

/// The passes that hear of every change in the ERP.
const PASSES: [&str; 2] = ["push-invoices", "push-tracking"];

pub(super) const V3: &str = "
-- What a pass that carries facts out has to do with an order. `news` counts what the ERP changed, `visited` is the count as of the
-- pass's last visit, so that nothing that changed meanwhile is missed.
CREATE TABLE outgoing (
    pass TEXT NOT NULL,
    order_row INTEGER NOT NULL REFERENCES orders (id),
    channel TEXT NOT NULL,
    news INTEGER NOT NULL DEFAULT 0,
    visited INTEGER NOT NULL DEFAULT 0,
    -- 1 while the pass waits for something that is no news of the ERP.
    open INTEGER NOT NULL DEFAULT 0,
    -- What it waits for, and since when.
    waits_for TEXT,
    waits_since INTEGER,
    -- A digest of the facts the pass was last done with: news that do not change them need no visit of the channel.
    done_with TEXT,
    PRIMARY KEY (pass, order_row)
) STRICT, WITHOUT ROWID;
CREATE INDEX outgoing_due ON outgoing (channel, pass, order_row) WHERE open = 1 OR news <> visited;

-- How far the ERP's changes were heard.
CREATE TABLE erp_heard (
    channel TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Each pass that carries facts out holds an order for itself; the others share one hold, under the empty name.
ALTER TABLE holds ADD COLUMN pass TEXT NOT NULL DEFAULT '';
DROP INDEX holds_open_order;
CREATE UNIQUE INDEX holds_open_order ON holds (order_row, pass) WHERE released_at IS NULL AND order_row IS NOT NULL;
";

/// What is known of a pass's work on an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Count of the ERP's news when this was read; given back to [`Store::conclude_push`].
    pub news: i64,
    /// The code of what the pass waits for.
    pub waits_for: Option<String>,
    /// Since when it waits for that.
    pub waits_since: Option<Instant>,
    /// A digest of the facts it was last done with.
    pub done_with: Option<String>,
    /// Whether the pass holds the order.
    pub held: bool,
}

/// How a visit of such a pass ended.
#[derive(Clone, Copy, Debug)]
pub struct Pushed<'a> {
    /// What it waits for.
    pub waits_for: Option<&'a Reason>,
    /// What holds it; also what it waits for, once that takes too long.
    pub hold: Option<&'a Reason>,
    /// Whether to come again without news of the ERP.
    pub open: bool,
    /// A digest of the facts, when nothing is left to do about them.
    pub done_with: Option<&'a str>,
}

/// A side effect as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// Where it stands.
    pub state: State,
    /// When it was last about to be sent.
    pub intended_at: Instant,
    /// What was noted of its outcome.
    pub answer: Option<String>,
}

/// How far ahead the date of what was sent is believed.
const BELIEVED: TimeDelta = TimeDelta::days(1);

impl Record {
    /// Whether it may still show: so long after it was sent. A clock set back makes it wait, not be sent again; what is dated further
    /// ahead than a day was sent by a clock that was wrong, and nobody waits for that day.
    pub fn may_still_show(&self, patience: TimeDelta, now: Instant) -> bool {
        let since = now.signed_duration_since(self.intended_at);
        since < patience && since >= -BELIEVED
    }
}

/// Notes that the ERP changed something about an order.
pub(super) fn mark(tx: &Connection, order: i64) -> rusqlite::Result<()> {
    for pass in PASSES {
        tx.prepare_cached(
            "INSERT INTO outgoing (pass, order_row, channel, news)
             VALUES (?1, ?2, (SELECT channel FROM orders WHERE id = ?2), 1)
             ON CONFLICT DO UPDATE SET news = news + 1 WHERE sound",
        )?
        .execute(params![pass, order])?;
    }
    Ok(())
}

/// The orders with which a pass has something to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToPush {
    /// Those of which the ERP has told something new.
    pub news: Vec<i64>,
    /// Those that wait for something else, or are held, beginning where the last run ended that was out of time.
    pub waiting: Vec<i64>,
}

/// The cursor of where the next run begins.
fn turn_of(pass: &str) -> String {
    format!("{pass}-turn")
}

impl Store {
    /// An order is over on both sides: what an invoice or parcel of it is held for is looked at once more.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn tell_pushes_of_end(&self, order: i64) -> rusqlite::Result<()> {
        self.write(|tx| {
            let is_held =
                "SELECT EXISTS (SELECT 1 FROM holds WHERE order_row = ?1 AND pass <> '' AND released_at IS NULL)";
            match tx.prepare_cached(is_held)?.query_row([order], |row| row.get(0))? {
                true => mark(tx, order),
                false => Ok(()),
            }
        })
    }

    /// How far the ERP's changes were heard for a channel; 0 before the first.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn erp_heard(&self, channel: &ChannelName) -> rusqlite::Result<i64> {
        let found = self
            .connection
            .prepare_cached("SELECT seq FROM erp_heard WHERE channel = ?1")?
            .query_row([channel.as_str()], |row| row.get(0))
            .optional()?;
        Ok(found.unwrap_or(0))
    }

    /// Marks the channel's orders that changed in the ERP and moves the cursor, together. Orders this file has not seen are
    /// marked when they are linked.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn hear_erp(&self, channel: &ChannelName, changes: &ErpChanges) -> rusqlite::Result<()> {
        self.write(|tx| {
            for order in &changes.orders {
                if order.channel.as_ref().is_some_and(|its| its != channel) {
                    continue;
                }
                let row: Option<i64> = tx
                    .prepare_cached("SELECT id FROM orders WHERE channel = ?1 AND order_id = ?2")?
                    .query_row(params![channel.as_str(), order.store_number.as_str()], |row| row.get(0))
                    .optional()?;
                if let Some(row) = row {
                    mark(tx, row)?;
                }
            }
            // Two passes may hear at the same time; the cursor never goes back.
            tx.prepare_cached(
                "INSERT INTO erp_heard (channel, seq) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
            )?
            .execute(params![channel.as_str(), changes.seq])
            .map(|_| ())
        })
    }

    /// Forgets how far the ERP's changes were heard, so that all of them are heard again.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn forget_erp_heard(&self, channel: &ChannelName) -> rusqlite::Result<()> {
        self.write(|tx| tx.execute("DELETE FROM erp_heard WHERE channel = ?1", [channel.as_str()]).map(|_| ()))
    }

    /// Hears where an ERP stands that counts its changes, before it takes anything in. One that stands before what was heard of it is an
    /// older copy, and what changes from here on has numbers that were heard before: all of it is heard again, and no stock is told by
    /// it until a person says so, however far it counts.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn erp_stands_at(&self, seq: i64) -> rusqlite::Result<()> {
        // A cursor of its stock that says so already is not news.
        let is_older: bool = self
            .connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM erp_heard WHERE seq > ?1)
                     OR EXISTS (SELECT 1 FROM stock_cursors WHERE erp_seq > ?1 AND erp_seq < ?2)
                     OR EXISTS (SELECT 1 FROM cursors WHERE name = ?3 AND at > ?1)",
            )?
            .query_row(params![seq, i64::MAX, ERP_HEARD], |row| row.get(0))?;
        if !is_older {
            return Ok(());
        }
        self.write(|tx| {
            tx.execute("DELETE FROM erp_heard WHERE seq > ?1", [seq])?;
            tx.execute("DELETE FROM cursors WHERE name = ?2 AND at > ?1", params![seq, ERP_HEARD])?;
            tx.execute("UPDATE stock_cursors SET erp_seq = ?2 WHERE erp_seq > ?1", [seq, i64::MAX]).map(|_| ())
        })
    }

    /// The rows of the orders in the ERP with which a pass has something to do. Only numbers, so that even a large backlog is small.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn to_push(&self, channel: &ChannelName, pass: &str) -> rusqlite::Result<ToPush> {
        let rows = |condition: &str| {
            self.connection
                .prepare_cached(&format!(
                    "SELECT g.order_row FROM outgoing g INDEXED BY outgoing_due CROSS JOIN orders o ON o.id = g.order_row
                     WHERE g.channel = ?1 AND g.pass = ?2 AND (g.open = 1 OR g.news <> g.visited) AND {condition}
                         AND o.erp_id IS NOT NULL
                     ORDER BY g.order_row"
                ))?
                .query_map(params![channel.as_str(), pass], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<i64>>>()
        };
        let news = rows("g.news <> g.visited")?;
        let mut waiting = rows("g.news = g.visited")?;
        let turn = self.cursor(channel, &turn_of(pass))?.map_or(0, millis);
        let begun = waiting.partition_point(|row| *row <= turn);
        waiting.rotate_left(begun);
        Ok(ToPush { news, waiting })
    }

    /// Notes the last of those that wait that a run came to before its time was over: the next begins after it. `None` when it came to
    /// all of them.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn note_turn(&self, channel: &ChannelName, pass: &str, last: Option<i64>) -> rusqlite::Result<()> {
        match last {
            Some(row) => self.set_cursor(channel, &turn_of(pass), instant(row)),
            None if self.cursor(channel, &turn_of(pass))?.is_some() => self.clear_cursor(channel, &turn_of(pass)),
            None => Ok(()),
        }
    }

    /// What is known of a pass's work on an order. Read before the ERP is.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn due(&self, pass: &str, order: i64) -> rusqlite::Result<Due> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT news, waits_for, done_with, EXISTS (
                     SELECT 1 FROM holds h WHERE h.order_row = o.order_row AND h.pass = o.pass AND h.released_at IS NULL),
                     waits_since, sound
                 FROM outgoing o WHERE pass = ?1 AND order_row = ?2",
            )?
            .query_row(params![pass, order], |row| {
                Ok(Due {
                    news: row.get(0)?,
                    waits_for: row.get(1)?,
                    waits_since: row.get::<_, Option<i64>>(4)?.map(instant),
                    done_with: row.get(2)?,
                    held: row.get(3)?,
                })
            })
            .optional()?;
        Ok(found.unwrap_or_default())
    }

    /// Concludes a visit: the pass's hold opened or released, what it waits for, and that the news up to `due` are dealt with.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn conclude_push(
        &self,
        pass: &str,
        order: i64,
        due: &Due,
        pushed: &Pushed<'_>,
        now: Instant,
    ) -> rusqlite::Result<()> {
        let waits_for = pushed.waits_for.map(Reason::code);
        self.write(|tx| {
            match pushed.hold {
                Some(reason) => holds::hold_in(tx, order, pass, reason, now)?,
                None => holds::release_in(tx, order, pass, "its cause is gone", now)?,
            }
            if let Some(reason) = pushed.waits_for.filter(|_| waits_for != due.waits_for) {
                let json = serde_json::to_string(reason).unwrap_or_default();
                super::orders::note(tx, order, now, "waits", &format!("{pass}: {json}"))?;
            }
            tx.prepare_cached(
                "INSERT INTO outgoing (pass, order_row, channel, news, visited, open, waits_for, waits_since, done_with)
                 SELECT ?1, id, channel, ?3, ?3, ?4, ?5, iif(?5 IS NULL, NULL, ?6), ?7 FROM orders WHERE id = ?2
                 ON CONFLICT DO UPDATE SET visited = max(visited, ?3), open = ?4, waits_for = ?5,
                     waits_since = CASE WHEN ?5 IS NULL THEN NULL WHEN waits_for IS ?5 THEN waits_since ELSE ?6 END,
                     done_with = ?7
                 WHERE sound",
            )?
            .execute(params![pass, order, due.news, pushed.open, waits_for, millis(now), pushed.done_with])
            .map(|_| ())
        })
    }

    /// A side effect as the journal has it, if it was ever intended.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn effect(&self, effect: &Effect<'_>) -> rusqlite::Result<Option<Record>> {
        self.connection
            .prepare_cached("SELECT state, intended_at, answer, sound FROM journal WHERE key = ?1")?
            .query_row([effect.key()], |row| {
                Ok(Record {
                    state: State::from_code(row.get_ref(0)?.as_str()?),
                    intended_at: instant(row.get(1)?),
                    answer: row.get(2)?,
                })
            })
            .optional()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::stock::StockCursor;

    /// Whichever of the passes heard it further.
    #[test]
    fn an_erp_that_stands_before_what_was_heard_is_heard_anew_and_tells_no_stock() {
        let (store, loja) = (Store::alone().unwrap(), ChannelName::new("loja"));
        let cursor = || store.cursor(&loja, ERP_HEARD).unwrap();
        store.set_cursor(&loja, ERP_HEARD, instant(5)).unwrap();
        store.erp_stands_at(5).unwrap();
        assert_eq!(cursor(), Some(instant(5)));
        store.erp_stands_at(4).unwrap();
        assert_eq!(cursor(), None);
        let stock = |erp_seq| Some(StockCursor { erp_seq, news_seq: 7 });
        store.want_stock(&loja, &[], stock(5)).unwrap();
        for (stands_at, then) in [(5, 5), (4, i64::MAX), (9, i64::MAX)] {
            store.erp_stands_at(stands_at).unwrap();
            assert_eq!(store.stock_cursor(&loja).unwrap(), stock(then), "{stands_at}");
        }
    }

    #[test]
    fn what_was_sent_may_show_for_a_while_and_not_until_a_date_far_ahead() {
        let now: Instant = "2026-11-25T15:00:00Z".parse().unwrap();
        for (minutes, may) in [(-9, true), (-10, false), (60, true), (1_441, false), (400 * 1_440, false)] {
            let record = Record { state: State::Unknown, intended_at: now + TimeDelta::minutes(minutes), answer: None };
            assert_eq!(record.may_still_show(TimeDelta::minutes(10), now), may, "{minutes}");
        }
    }
}
