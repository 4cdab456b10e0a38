//! What the page of `report` asks beyond what `status` and `holds` ask: every order's fate and age, and the runs of some days.

use rusqlite::{OptionalExtension, params};

use super::orders::Fate;
use super::runs::{COLUMNS, RunRow, from_row};
use super::{Store, instant, millis};
use crate::model::{Cents, ChannelName, Instant};

/// What the page counts of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderPoint {
    /// Its fate; `None` while nobody has decided.
    pub fate: Option<Fate>,
    /// When it was placed; one that was never read counts as placed when it was first seen.
    pub placed_at: Instant,
    /// What it is worth, as far as that is known.
    pub worth: Cents,
    /// Whether it has a counterpart in the ERP.
    pub in_erp: bool,
    /// Whether anything holds it.
    pub held: bool,
}

/// Each fails when the state file cannot be read.
impl Store {
    /// Answers several questions as of one moment, whatever passes write meanwhile.
    pub fn at_one_moment<T>(&self, body: impl FnOnce(&Self) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        if !self.connection.is_autocommit() {
            // In a transaction of ours nobody else writes.
            return body(self);
        }
        let snapshot = self.connection.unchecked_transaction()?;
        let answer = body(self)?;
        snapshot.finish()?;
        Ok(answer)
    }

    /// Tells of every order, in no order. One reading of the table: sums by fate and by day need every row.
    pub fn each_order(&self, mut tell: impl FnMut(&str, OrderPoint)) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare(
            "SELECT channel, fate, coalesce(created_at, seen_at), coalesce(total, 0), erp_id IS NOT NULL,
                 id IN (SELECT order_row FROM holds WHERE released_at IS NULL AND order_row IS NOT NULL)
             FROM orders",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let text = |at: usize| row.get_ref(at)?.as_str_or_null().map_err(rusqlite::Error::from);
            let point = OrderPoint {
                fate: text(1)?.and_then(Fate::from_code),
                placed_at: instant(row.get(2)?),
                worth: Cents::new(row.get(3)?),
                in_erp: row.get(4)?,
                held: row.get(5)?,
            };
            tell(text(0)?.unwrap_or_default(), point);
        }
        Ok(())
    }

    /// The runs of a pass that began since, the oldest first, however they ended; those that were narrowed, too.
    pub fn runs_since(&self, pass: &str, channel: &ChannelName, since: Instant) -> rusqlite::Result<Vec<RunRow>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM runs INDEXED BY runs_by_pass WHERE pass = ?1 AND channel = ?2 AND started_at >= ?3
                 ORDER BY started_at, id"
            ))?
            .query_map(params![pass, channel.as_str(), millis(since)], from_row)?
            .collect()
    }

    /// When the last run of a pass before an instant began that came to its end.
    pub fn complete_before(
        &self,
        pass: &str,
        channel: &ChannelName,
        before: Instant,
    ) -> rusqlite::Result<Option<Instant>> {
        self.connection
            .prepare_cached(
                "SELECT started_at FROM runs INDEXED BY runs_complete
                 WHERE pass = ?1 AND channel = ?2 AND exit IN ('done', 'held') AND started_at < ?3 AND narrowed = 0
                 ORDER BY started_at DESC LIMIT 1",
            )?
            .query_row(params![pass, channel.as_str(), millis(before)], |row| row.get(0).map(instant))
            .optional()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OrderId;
    use crate::reason::Reason;
    use crate::store::orders::Decided;

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp_millis(1_790_000_000_000 + seconds * 1_000).unwrap()
    }

    #[test]
    fn every_order_is_told_once_with_what_counts() {
        let store = Store::alone().unwrap();
        let loja = ChannelName::new("loja");
        for (id, fate) in [("1", Fate::Held), ("2", Fate::Imported)] {
            let row = store.order_or_new(&loja, &OrderId::new(id), at(0)).unwrap();
            let hold = (fate == Fate::Held).then_some(&Reason::NotOnChannel);
            store.decide(&row, &Decided { fate, reason: &Reason::NotOnChannel, hold, open: true }, at(1)).unwrap();
        }
        store.order_or_new(&loja, &OrderId::new("3"), at(7)).unwrap();
        let set = "UPDATE orders SET created_at = ?1, total = 500, erp_id = 'i2' WHERE order_id = '2'";
        store.connection.execute(set, [millis(at(5))]).unwrap();
        let mut told = Vec::new();
        store.each_order(|channel, point| told.push((channel.to_owned(), point))).unwrap();
        let point = |fate, placed, worth, in_erp, held| {
            ("loja".to_owned(), OrderPoint { fate, placed_at: at(placed), worth: Cents::new(worth), in_erp, held })
        };
        assert_eq!(
            told,
            [
                point(Some(Fate::Held), 0, 0, false, true),
                point(Some(Fate::Imported), 5, 500, true, false),
                point(None, 7, 0, false, false),
            ]
        );
    }

    #[test]
    fn runs_are_those_of_the_days_and_the_last_complete_one_before_is_told() {
        let store = Store::alone().unwrap();
        let (loja, pass) = (ChannelName::new("loja"), "push-stock");
        for (seconds, exit) in [(0, "done"), (10, "unavailable"), (20, "held"), (30, "")] {
            let run = store.begin_run(pass, &loja, at(seconds)).unwrap();
            if !exit.is_empty() {
                store.end_run(run, exit, "{}", &[], at(seconds + 1)).unwrap();
            }
        }
        let begun: Vec<_> = store.runs_since(pass, &loja, at(10)).unwrap().iter().map(|run| run.started_at).collect();
        assert_eq!(begun, [at(10), at(20), at(30)]);
        assert_eq!(store.complete_before(pass, &loja, at(20)).unwrap(), Some(at(0)));
        assert_eq!(store.complete_before(pass, &loja, at(0)).unwrap(), None);
        let elsewhere = store.runs_since(pass, &ChannelName::new("hub"), at(0)).unwrap();
        assert_eq!(elsewhere, []);
    }
}
