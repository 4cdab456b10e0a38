//! What monitoring counts: what all runs of a pass did together, and how many orders have each fate.
//!
//! Totals only grow, so that whoever watches them can tell how fast, whichever run counted. They are added to where a run's end is
//! noted, in the same transaction: a run is counted once or, killed, not at all.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::Store;
use crate::model::ChannelName;

/// Migration: what is counted.
pub(super) const V9: &str = "
CREATE TABLE totals (
    channel TEXT NOT NULL,
    pass TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Which part of it: an exit, an outcome, a side.
    part TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (channel, pass, name, part)
) STRICT, WITHOUT ROWID;

-- How many orders have each fate. By trigger, so that no pass can forget it; and to tell costs the same however many there are.
CREATE TABLE fates (
    channel TEXT NOT NULL,
    fate TEXT NOT NULL,
    orders INTEGER NOT NULL,
    PRIMARY KEY (channel, fate)
) STRICT, WITHOUT ROWID;
INSERT INTO fates SELECT channel, coalesce(fate, 'undecided'), count(*) FROM orders GROUP BY 1, 2;
CREATE TRIGGER orders_come AFTER INSERT ON orders
BEGIN
    INSERT INTO fates VALUES (new.channel, coalesce(new.fate, 'undecided'), 1)
        ON CONFLICT DO UPDATE SET orders = orders + 1;
END;
CREATE TRIGGER orders_go AFTER DELETE ON orders
BEGIN
    UPDATE fates SET orders = orders - 1 WHERE channel = old.channel AND fate = coalesce(old.fate, 'undecided');
END;
CREATE TRIGGER orders_change_fate AFTER UPDATE OF fate ON orders WHEN old.fate IS NOT new.fate
BEGIN
    UPDATE fates SET orders = orders - 1 WHERE channel = old.channel AND fate = coalesce(old.fate, 'undecided');
    INSERT INTO fates VALUES (new.channel, coalesce(new.fate, 'undecided'), 1)
        ON CONFLICT DO UPDATE SET orders = orders + 1;
END;
";

/// Migration: the triggers read the seals of what they count up, which takes less than a trigger of the table. All but the one of orders
/// that go went with [another migration](super::standing::V18).
pub(super) const V17: &str = "
DROP TRIGGER orders_come;
DROP TRIGGER orders_go;
DROP TRIGGER orders_change_fate;
CREATE TRIGGER orders_come AFTER INSERT ON orders
BEGIN
    UPDATE fates SET orders = orders + 1 WHERE channel = new.channel AND fate = coalesce(new.fate, 'undecided') AND sound;
    INSERT INTO fates SELECT new.channel, coalesce(new.fate, 'undecided'), 1 WHERE changes() = 0;
END;
CREATE TRIGGER orders_go AFTER DELETE ON orders
BEGIN
    UPDATE fates SET orders = orders - 1 WHERE channel = old.channel AND fate = coalesce(old.fate, 'undecided') AND sound;
END;
CREATE TRIGGER orders_change_fate AFTER UPDATE OF fate ON orders WHEN old.fate IS NOT new.fate
BEGIN
    UPDATE fates SET orders = orders - 1 WHERE channel = old.channel AND fate = coalesce(old.fate, 'undecided') AND sound;
    UPDATE fates SET orders = orders + 1 WHERE channel = new.channel AND fate = coalesce(new.fate, 'undecided') AND sound;
    INSERT INTO fates SELECT new.channel, coalesce(new.fate, 'undecided'), 1 WHERE changes() = 0;
END;
";

/// What is counted up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Total {
    /// Runs that ended, by exit.
    Runs,
    /// How long they took, in milliseconds.
    Millis,
    /// Visits of orders and products, by outcome.
    Items,
    /// Orders seen for the first time.
    New,
    /// Requests, by side.
    Calls,
    /// Those that were repetitions, by side.
    Retries,
    /// Those that were refused with 429, by side.
    Limited,
    /// Those that the host failed to answer, by side.
    Failed,
    /// Bytes of answers, by side.
    Bytes,
}

impl Total {
    fn name(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Millis => "millis",
            Self::Items => "items",
            Self::New => "new",
            Self::Calls => "calls",
            Self::Retries => "retries",
            Self::Limited => "limited",
            Self::Failed => "failed",
            Self::Bytes => "bytes",
        }
    }
}

/// What one run adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// To what.
    pub total: Total,
    /// To which part of it; empty where it has none.
    pub part: &'static str,
    /// How much.
    pub by: u64,
}

/// The totals of one pass of one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals(BTreeMap<(String, String), i64>);

impl Totals {
    /// A total, or a part of it; 0 when nothing was ever added.
    pub fn of(&self, total: Total, part: &str) -> i64 {
        self.0.get(&(total.name().to_owned(), part.to_owned())).copied().unwrap_or(0)
    }
}

/// Adds up, inside the transaction that notes what is counted.
pub(super) fn add(tx: &Connection, channel: &str, pass: &str, added: &[Added]) -> rusqlite::Result<()> {
    for Added { total, part, by } in added.iter().filter(|added| added.by > 0) {
        // A number that does not fit stays where it is rather than end the run.
        tx.prepare_cached(
            "INSERT INTO totals (channel, pass, name, part, value) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET value = min(value, 9223372036854775807 - excluded.value) + excluded.value",
        )?
        .execute(params![channel, pass, total.name(), part, i64::try_from(*by).unwrap_or(i64::MAX)])?;
    }
    Ok(())
}

impl Store {
    /// Counts what is no run of its own, such as one that found another at work.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn add_to_totals(&self, pass: &str, channel: &ChannelName, added: &[Added]) -> rusqlite::Result<()> {
        self.write(|tx| add(tx, channel.as_str(), pass, added))
    }

    /// What all runs of a pass did together.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn totals(&self, pass: &str, channel: &ChannelName) -> rusqlite::Result<Totals> {
        self.connection
            .prepare_cached("SELECT name, part, value FROM totals WHERE channel = ?1 AND pass = ?2")?
            .query_map(params![channel.as_str(), pass], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?
            .collect::<rusqlite::Result<_>>()
            .map(Totals)
    }

    /// How many of a channel's orders have each fate, by its code; `undecided` until they have one.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn fate_counts(&self, channel: &ChannelName) -> rusqlite::Result<BTreeMap<String, i64>> {
        self.connection
            .prepare_cached("SELECT fate, orders FROM fates WHERE channel = ?1")?
            .query_map([channel.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Instant, OrderId};
    use crate::reason::Reason;
    use crate::store::orders::{Decided, Fate};

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp_millis(1_790_000_000_000 + seconds * 1_000).unwrap()
    }

    #[test]
    fn totals_grow_with_every_run_that_ends() {
        let (store, loja) = (Store::alone().unwrap(), ChannelName::new("loja"));
        let added = |exit, calls| {
            [Added { total: Total::Runs, part: exit, by: 1 }, Added { total: Total::Calls, part: "channel", by: calls }]
        };
        for (seconds, exit, calls) in [(0, "done", 3), (1, "held", 4), (2, "done", 0)] {
            let run = store.begin_run("push-stock", &loja, at(seconds)).unwrap();
            store.end_run(run, exit, "{}", &added(exit, calls), at(seconds)).unwrap();
        }
        store.begin_run("push-stock", &loja, at(9)).unwrap();
        let totals = store.totals("push-stock", &loja).unwrap();
        let of = |total, part| totals.of(total, part);
        assert_eq!((of(Total::Runs, "done"), of(Total::Runs, "held"), of(Total::Runs, "failed")), (2, 1, 0));
        assert_eq!((of(Total::Calls, "channel"), of(Total::Calls, "erp")), (7, 0));
        assert_eq!(store.totals("push-stock", &ChannelName::new("outra")).unwrap(), Totals::default());
        let most = [Added { total: Total::Bytes, part: "", by: u64::MAX }];
        store.add_to_totals("push-stock", &loja, &most).unwrap();
        store.add_to_totals("push-stock", &loja, &most).unwrap();
        assert_eq!(store.totals("push-stock", &loja).unwrap().of(Total::Bytes, ""), i64::MAX);
    }

    #[test]
    fn the_orders_of_an_older_file_are_counted_too() {
        use crate::store::schema::STATE;
        use crate::store::sqlite::{self, FileKind};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vaivem.db");
        let before = FileKind { migrations: &STATE.migrations[..8], ..STATE };
        let old = sqlite::open(&path, &before).unwrap();
        old.execute_batch(
            "INSERT INTO orders (channel, order_id, seen_at, fate) VALUES
                 ('loja', '1', 0, 'held'), ('loja', '2', 0, NULL), ('loja', '3', 0, 'held'), ('outra', '1', 0, 'held')",
        )
        .unwrap();
        drop(old);
        let counts = Store::open(&path).unwrap().fate_counts(&ChannelName::new("loja")).unwrap();
        assert_eq!(counts, BTreeMap::from([("held".to_owned(), 2), ("undecided".to_owned(), 1)]));
    }

    #[test]
    fn fates_are_counted_whatever_becomes_of_an_order() {
        let (store, loja) = (Store::alone().unwrap(), ChannelName::new("loja"));
        let counts = || -> Vec<(String, i64)> {
            let told: BTreeMap<String, i64> = store.fate_counts(&loja).unwrap();
            told.into_iter().filter(|(_, orders)| *orders != 0).collect()
        };
        let row = |id: &str| store.order_or_new(&loja, &OrderId::new(id), at(0)).unwrap();
        let decide = |id: &str, fate, seconds| {
            let decided = Decided { fate, reason: &Reason::NotOnChannel, hold: None, open: true };
            store.decide(&row(id), &decided, at(seconds)).unwrap();
        };
        row("1");
        row("2");
        row("2");
        store.order_or_new(&ChannelName::new("outra"), &OrderId::new("1"), at(0)).unwrap();
        assert_eq!(counts(), [("undecided".to_owned(), 2)]);
        decide("1", Fate::Waiting, 1);
        decide("1", Fate::Waiting, 2);
        decide("2", Fate::Waiting, 2);
        assert_eq!(counts(), [("waiting".to_owned(), 2)]);
        decide("1", Fate::Cancelled, 3);
        assert_eq!(counts(), [("cancelled".to_owned(), 1), ("waiting".to_owned(), 1)]);
        store.connection.execute("DELETE FROM history", []).unwrap();
        store.connection.execute("DELETE FROM orders WHERE order_id = '2' OR channel = 'outra'", []).unwrap();
        assert_eq!(counts(), [("cancelled".to_owned(), 1)]);
    }
}
