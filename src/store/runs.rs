//! What each pass did, for people and monitoring.

use rusqlite::{OptionalExtension, Row, params};

use super::totals::{self, Added};
use super::{Store, instant, millis};
use crate::model::{Cents, ChannelName, Instant};

/// Migration: a run for single orders or products tells nothing of how the pass goes.
pub(super) const V19: &str = "
ALTER TABLE runs ADD COLUMN narrowed INTEGER NOT NULL DEFAULT 0;
";

/// One run of a pass for a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// When it began.
    pub started_at: Instant,
    /// When it ended; `None` while it is under way, and for good when it was killed.
    pub ended_at: Option<Instant>,
    /// How, by the [exit's name](crate::exit::Exit::name).
    pub exit: Option<String>,
    /// The process.
    pub pid: u32,
    /// What it counted, as in its summary record.
    pub counts: serde_json::Value,
    /// It was for what a person or a plan named, and for nothing else.
    pub narrowed: bool,
}

pub(super) const COLUMNS: &str = "started_at, ended_at, exit, pid, counts, narrowed";

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    let counts: Option<String> = row.get(4)?;
    Ok(RunRow {
        started_at: instant(row.get(0)?),
        ended_at: row.get::<_, Option<i64>>(1)?.map(instant),
        exit: row.get(2)?,
        pid: row.get(3)?,
        counts: counts.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
        narrowed: row.get(5)?,
    })
}

/// What of a channel waits for somebody or something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Orders that are held.
    pub held_orders: i64,
    /// Products that are held.
    pub held_skus: i64,
    /// What the held orders are worth.
    pub held: Cents,
    /// Since when the oldest hold is open.
    pub held_since: Option<Instant>,
    /// The earliest date promised to the customer of a held order.
    pub promised_at: Option<Instant>,
    /// Orders seen and not decided on yet.
    pub undecided: i64,
    /// Orders that wait and are not in the ERP.
    pub waiting: i64,
    /// What they are worth.
    pub waiting_worth: Cents,
    /// Writes to either side of which nobody knows whether they went through.
    pub unsettled: i64,
}

impl Store {
    /// Notes that a pass begins; gives the run's row.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn begin_run(&self, pass: &str, channel: &ChannelName, now: Instant) -> rusqlite::Result<i64> {
        self.begin(pass, channel, false, now)
    }

    /// The same of a run for single orders or products: by it nobody can tell how the pass goes.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn begin_narrowed_run(&self, pass: &str, channel: &ChannelName, now: Instant) -> rusqlite::Result<i64> {
        self.begin(pass, channel, true, now)
    }

    fn begin(&self, pass: &str, channel: &ChannelName, narrowed: bool, now: Instant) -> rusqlite::Result<i64> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO runs (pass, channel, pid, started_at, narrowed) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![pass, channel.as_str(), std::process::id(), millis(now), narrowed],
            )?;
            Ok(tx.last_insert_rowid())
        })
    }

    /// Notes how it ended, and counts it.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn end_run(&self, run: i64, exit: &str, counts: &str, added: &[Added], now: Instant) -> rusqlite::Result<()> {
        self.write(|tx| {
            let (channel, pass): (String, String) = tx.query_row(
                "UPDATE runs SET ended_at = ?2, exit = ?3, counts = ?4 WHERE id = ?1 RETURNING channel, pass",
                params![run, millis(now), exit, counts],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            totals::add(tx, &channel, &pass, added)
        })
    }

    /// The last run of a pass, however it went. One that a clock dated ahead of now would be the last until then, and hide that none
    /// has run since: it does not count, here and below. Nor does one that was narrowed: the pass may be at a stand beside it.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn last_run(&self, pass: &str, channel: &ChannelName, now: Instant) -> rusqlite::Result<Option<RunRow>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM runs INDEXED BY runs_by_pass WHERE pass = ?1 AND channel = ?2
                 AND started_at <= ?3 AND narrowed = 0 ORDER BY started_at DESC LIMIT 1"
            ))?
            .query_row(params![pass, channel.as_str(), millis(now)], from_row)
            .optional()
    }

    /// The last run of a pass that is neither under way nor was killed.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn last_ended_run(&self, pass: &str, channel: &ChannelName, now: Instant) -> rusqlite::Result<Option<RunRow>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM runs INDEXED BY runs_by_pass
                 WHERE pass = ?1 AND channel = ?2 AND started_at <= ?3 AND ended_at IS NOT NULL AND narrowed = 0
                 ORDER BY started_at DESC LIMIT 1"
            ))?
            .query_row(params![pass, channel.as_str(), millis(now)], from_row)
            .optional()
    }

    /// The last run of a pass that came to its end, with or without holds.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn last_complete_run(
        &self,
        pass: &str,
        channel: &ChannelName,
        now: Instant,
    ) -> rusqlite::Result<Option<RunRow>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM runs INDEXED BY runs_complete
                 WHERE pass = ?1 AND channel = ?2 AND started_at <= ?3 AND exit IN ('done', 'held') AND narrowed = 0
                 ORDER BY started_at DESC LIMIT 1"
            ))?
            .query_row(params![pass, channel.as_str(), millis(now)], from_row)
            .optional()
    }

    /// What of a channel waits. Costs what waits, however many orders there are.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn standing(&self, channel: &ChannelName) -> rusqlite::Result<Standing> {
        let mut standing = self
            .connection
            .prepare_cached(
                // An order that two passes hold is worth what it is worth once.
                "SELECT count(*) FILTER (WHERE is_order), coalesce(sum(skus), 0), coalesce(sum(amount), 0), min(since), min(promised)
                 FROM (
                     SELECT h.order_row IS NOT NULL AS is_order, count(h.sku) AS skus, max(h.amount) AS amount,
                         min(h.since) AS since, min(coalesce(o.promised_at, h.promised_at)) AS promised
                     FROM holds h INDEXED BY holds_open LEFT JOIN orders o ON o.id = h.order_row
                     WHERE h.channel = ?1 AND h.released_at IS NULL GROUP BY h.order_row)",
            )?
            .query_row([channel.as_str()], |row| {
                Ok(Standing {
                    held_orders: row.get(0)?,
                    held_skus: row.get(1)?,
                    held: Cents::new(row.get(2)?),
                    held_since: row.get::<_, Option<i64>>(3)?.map(instant),
                    promised_at: row.get::<_, Option<i64>>(4)?.map(instant),
                    ..Standing::default()
                })
            })?;
        (standing.undecided, standing.waiting, standing.waiting_worth) = self
            .connection
            .prepare_cached(
                "SELECT count(*) FILTER (WHERE fate IS NULL), count(*) FILTER (WHERE fate = 'waiting'),
                     coalesce(sum(total) FILTER (WHERE fate = 'waiting'), 0)
                 FROM orders INDEXED BY orders_in_flight
                 WHERE channel = ?1 AND erp_id IS NULL AND (fate IS NULL OR fate = 'waiting' OR fate = 'held')",
            )?
            .query_row([channel.as_str()], |row| Ok((row.get(0)?, row.get(1)?, Cents::new(row.get(2)?))))?;
        standing.unsettled = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM journal INDEXED BY journal_unsettled
                 WHERE channel = ?1 AND (state = 'intended' OR state = 'unknown')",
            )?
            .query_row([channel.as_str()], |row| row.get(0))?;
        Ok(standing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OrderId;
    use crate::reason::Reason;
    use crate::store::orders::{Decided, Fate};

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp_millis(1_790_000_000_000 + seconds * 1_000).unwrap()
    }

    #[test]
    fn the_last_run_and_the_last_that_came_to_its_end_are_two_things() {
        let folder = tempfile::tempdir().unwrap();
        let (store, loja) = (Store::open(&folder.path().join("vaivem.db")).unwrap(), ChannelName::new("loja"));
        assert_eq!(store.last_run("push-stock", &loja, at(0)).unwrap(), None);
        for (seconds, exit) in [(0, "held"), (10, "done"), (20, "unavailable")] {
            let run = store.begin_run("push-stock", &loja, at(seconds)).unwrap();
            store.end_run(run, exit, r#"{"calls":3}"#, &[], at(seconds + 1)).unwrap();
        }
        store.begin_run("push-stock", &loja, at(30)).unwrap();
        let ahead = store.begin_run("push-stock", &loja, at(31_536_000)).unwrap();
        store.end_run(ahead, "done", "{}", &[], at(31_536_001)).unwrap();
        let last = store.last_run("push-stock", &loja, at(40)).unwrap().unwrap();
        assert_eq!((last.started_at, last.ended_at, last.exit), (at(30), None, None));
        let ended = store.last_ended_run("push-stock", &loja, at(40)).unwrap().unwrap();
        assert_eq!((ended.started_at, ended.exit.as_deref()), (at(20), Some("unavailable")));
        let complete = store.last_complete_run("push-stock", &loja, at(40)).unwrap().unwrap();
        assert_eq!((complete.started_at, complete.counts["calls"].as_i64()), (at(10), Some(3)));
        assert_eq!(store.last_run("push-stock", &ChannelName::new("outra"), at(40)).unwrap(), None);
    }

    #[test]
    fn a_narrowed_run_tells_nothing_of_the_pass() {
        let (store, loja) = (Store::alone().unwrap(), ChannelName::new("loja"));
        let begin = store.begin_run("push-stock", &loja, at(0)).unwrap();
        store.end_run(begin, "guard", "{}", &[], at(1)).unwrap();
        let narrowed = store.begin_narrowed_run("push-stock", &loja, at(10)).unwrap();
        store.end_run(narrowed, "done", "{}", &[], at(11)).unwrap();
        let last = store.last_run("push-stock", &loja, at(40)).unwrap();
        assert_eq!(last.as_ref().and_then(|run| run.exit.as_deref()), Some("guard"));
        assert_eq!(store.last_ended_run("push-stock", &loja, at(40)).unwrap(), last);
        assert_eq!(store.last_complete_run("push-stock", &loja, at(40)).unwrap(), None);
        assert_eq!(store.complete_before("push-stock", &loja, at(40)).unwrap(), None);
        assert_eq!(store.last_complete("push-stock", &loja, &["done"], at(40)).unwrap(), (None, Some(at(0))));
        assert_eq!(store.ended_runs(&loja, (at(0), at(40)), 9).unwrap()["push-stock"].len(), 1);
        let runs = store.runs_since("push-stock", &loja, at(0)).unwrap();
        assert_eq!(runs.iter().map(|run| run.narrowed).collect::<Vec<_>>(), [false, true], "what it did is counted");
    }

    #[test]
    fn what_waits_is_counted_once() {
        let folder = tempfile::tempdir().unwrap();
        let (store, loja) = (Store::open(&folder.path().join("vaivem.db")).unwrap(), ChannelName::new("loja"));
        let row = |id: &str| store.order_or_new(&loja, &OrderId::new(id), at(0)).unwrap();
        let worth = "UPDATE orders SET total = 1000, promised_at = ?1";
        for (id, fate, hold) in
            [("1", Fate::Held, Some(&Reason::NotOnChannel)), ("2", Fate::Waiting, None), ("3", Fate::Skipped, None)]
        {
            let row = row(id);
            store.connection.execute(worth, [millis(at(99))]).unwrap();
            store.decide(&row, &Decided { fate, reason: &Reason::NotOnChannel, hold, open: true }, at(1)).unwrap();
        }
        row("4");
        store.hold_by_hand(1, "x", "ana", at(2)).unwrap();
        store.hold_sku(&loja, &crate::model::Sku::new("A"), &Reason::SkuNotOnChannel, at(3)).unwrap();
        store.hold_sku(&loja, &crate::model::Sku::new("B"), &Reason::SkuNotOnChannel, at(3)).unwrap();
        let standing = store.standing(&loja).unwrap();
        assert_eq!(
            standing,
            Standing {
                held_orders: 1,
                held_skus: 2,
                held: Cents::new(1_000),
                held_since: Some(at(1)),
                promised_at: Some(at(99)),
                undecided: 1,
                waiting: 1,
                waiting_worth: Cents::new(1_000),
                unsettled: 0,
            }
        );
        assert_eq!(store.standing(&ChannelName::new("outra")).unwrap(), Standing::default());
    }
}
