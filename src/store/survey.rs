//! What `check` asks of the state file: whose it is, what it links, how the runs went.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};

use super::{Store, instant, millis, sqlite};
use crate::model::{ChannelName, ErpOrderId, Instant, OrderId};

/// An order of the state file under one of its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// The channel.
    pub channel: ChannelName,
    /// Its number there.
    pub order: OrderId,
    /// Its counterpart in the ERP, if it has one.
    pub linked: Option<ErpOrderId>,
    /// Whether something is being written for it, or was without an answer.
    pub unsettled: bool,
}

/// A run that came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedRun {
    /// When it began.
    pub started_at: Instant,
    /// When it ended.
    pub ended_at: Instant,
    /// How, by [`Exit::name`](crate::exit::Exit::name).
    pub exit: String,
}

/// Each fails when the state file cannot be read.
impl Store {
    /// What is damaged, if anything is. Reads the whole file.
    pub fn damage(&self) -> rusqlite::Result<Option<String>> {
        sqlite::damage(&self.connection)
    }

    /// The version of its schema.
    pub fn version(&self) -> rusqlite::Result<i32> {
        self.connection.pragma_query_value(None, "user_version", |row| row.get(0))
    }

    /// How many orders each channel has in it, and when the last of them came, or its last run began.
    pub fn channels_seen(&self) -> rusqlite::Result<BTreeMap<ChannelName, (i64, Instant)>> {
        self.connection
            .prepare(
                "SELECT channel, sum(orders), max(at) FROM (
                     SELECT channel, count(*) AS orders, max(seen_at) AS at FROM orders GROUP BY channel
                     UNION ALL SELECT channel, 0, max(started_at) FROM runs GROUP BY channel
                 ) GROUP BY channel",
            )?
            .query_map([], |row| Ok((ChannelName::new(row.get::<_, String>(0)?), (row.get(1)?, instant(row.get(2)?)))))?
            .collect()
    }

    /// The addresses that were called since.
    pub fn hosts_seen(&self, since: Instant) -> rusqlite::Result<Vec<String>> {
        self.connection
            .prepare("SELECT host FROM budget WHERE next_at_us >= ?1 ORDER BY host")?
            .query_map([since.timestamp_micros()], |row| row.get(0))?
            .collect()
    }

    /// The order that was linked last, with its counterpart in the ERP.
    pub fn last_linked(&self) -> rusqlite::Result<Option<(ChannelName, OrderId, ErpOrderId)>> {
        self.connection
            .query_row(
                "SELECT channel, order_id, erp_id FROM orders WHERE linked_at IS NOT NULL AND erp_id IS NOT NULL
                 ORDER BY linked_at DESC LIMIT 1",
                [],
                |row| {
                    let text = |at: usize| row.get::<_, String>(at);
                    Ok((ChannelName::new(text(0)?), OrderId::new(text(1)?), ErpOrderId::new(text(2)?)))
                },
            )
            .optional()
    }

    /// The orders that go by this number: on the channel, in the store, or in the marketplace behind it.
    pub fn orders_numbered(&self, number: &str) -> rusqlite::Result<Vec<Numbered>> {
        // One look-up in each index.
        self.connection
            .prepare_cached(
                "SELECT channel, order_id, erp_id,
                     EXISTS (SELECT 1 FROM journal j WHERE j.order_row = o.id AND (j.state = 'intended' OR j.state = 'unknown'))
                 FROM orders o WHERE id IN (
                     SELECT id FROM orders WHERE order_id = ?1
                     UNION SELECT id FROM orders WHERE sequence = ?1
                     UNION SELECT id FROM orders WHERE marketplace_order = ?1
                 )",
            )?
            .query_map([number], |row| {
                Ok(Numbered {
                    channel: ChannelName::new(row.get::<_, String>(0)?),
                    order: OrderId::new(row.get::<_, String>(1)?),
                    linked: row.get::<_, Option<String>>(2)?.map(ErpOrderId::new),
                    unsettled: row.get(3)?,
                })
            })?
            .collect()
    }

    /// The last runs of each pass of a channel that began in a span of time and came to an end, the latest first, at most so many.
    pub fn ended_runs(
        &self,
        channel: &ChannelName,
        (since, until): (Instant, Instant),
        most: usize,
    ) -> rusqlite::Result<BTreeMap<String, Vec<EndedRun>>> {
        let mut runs: BTreeMap<String, Vec<EndedRun>> = BTreeMap::new();
        let mut statement = self.connection.prepare(
            "SELECT pass, started_at, ended_at, coalesce(exit, '') FROM runs
             WHERE channel = ?1 AND started_at BETWEEN ?2 AND ?3 AND ended_at IS NOT NULL AND narrowed = 0
             ORDER BY started_at DESC, id DESC",
        )?;
        let mut rows = statement.query(params![channel.as_str(), millis(since), millis(until)])?;
        while let Some(row) = rows.next()? {
            let of_pass = runs.entry(row.get(0)?).or_default();
            if of_pass.len() < most {
                let (started_at, ended_at) = (instant(row.get(1)?), instant(row.get(2)?));
                of_pass.push(EndedRun { started_at, ended_at, exit: row.get(3)? });
            }
        }
        Ok(runs)
    }

    /// When the last run of a pass until now began that came to its end in one of these ways; and the first run there is of it.
    pub fn last_complete(
        &self,
        pass: &str,
        channel: &ChannelName,
        exits: &[&str],
        now: Instant,
    ) -> rusqlite::Result<(Option<Instant>, Option<Instant>)> {
        let exits = serde_json::to_string(exits).unwrap_or_default();
        self.connection.query_row(
            "SELECT max(started_at) FILTER (WHERE exit IN (SELECT value FROM json_each(?3))), min(started_at)
             FROM runs WHERE pass = ?1 AND channel = ?2 AND started_at <= ?4 AND narrowed = 0",
            params![pass, channel.as_str(), exits, millis(now)],
            |row| Ok((row.get::<_, Option<i64>>(0)?.map(instant), row.get::<_, Option<i64>>(1)?.map(instant))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Heard;
    use crate::model::Status;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn an_order_is_found_under_each_of_its_numbers() {
        let store = Store::alone().unwrap();
        let (loja, id) = (ChannelName::new("loja"), OrderId::new("1-01"));
        let heard = Heard { id: id.clone(), state: "handling".into(), status: Status::Paid, at: None };
        store.hear(&loja, &[heard], "feed", at("2026-11-25T12:00:00Z")).unwrap();
        store.connection.execute("UPDATE orders SET sequence = '500', marketplace_order = 'MLB-7'", []).unwrap();
        for number in ["1-01", "500", "MLB-7"] {
            let found = store.orders_numbered(number).unwrap();
            assert_eq!(found, [Numbered { channel: loja.clone(), order: id.clone(), linked: None, unsettled: false }]);
        }
        assert_eq!(store.orders_numbered("50").unwrap(), []);
        assert_eq!(store.channels_seen().unwrap()[&loja], (1, at("2026-11-25T12:00:00Z")));
    }

    #[test]
    fn runs_under_way_or_dated_ahead_are_not_counted_and_the_last_complete_is_told() {
        let store = Store::alone().unwrap();
        let hub = ChannelName::new("hub");
        for (begun, exit) in [("10:00:00", "done"), ("10:10:00", "unavailable"), ("10:20:00", "")] {
            let begun = at(&format!("2026-11-25T{begun}Z"));
            let run = store.begin_run("push-stock", &hub, begun).unwrap();
            if !exit.is_empty() {
                store.end_run(run, exit, "{}", &[], begun + chrono::TimeDelta::minutes(2)).unwrap();
            }
        }
        let ahead = store.begin_run("push-stock", &hub, at("2027-11-25T10:00:00Z")).unwrap();
        store.end_run(ahead, "done", "{}", &[], at("2027-11-25T10:00:00Z")).unwrap();
        let now = at("2026-11-25T11:00:00Z");
        let runs = store.ended_runs(&hub, (at("2026-11-25T00:00:00Z"), now), 20).unwrap();
        let exits: Vec<&str> = runs["push-stock"].iter().map(|run| run.exit.as_str()).collect();
        assert_eq!(exits, ["unavailable", "done"]);
        let ten = Some(at("2026-11-25T10:00:00Z"));
        assert_eq!(store.last_complete("push-stock", &hub, &["done", "held"], now).unwrap(), (ten, ten));
        assert_eq!(store.last_complete("import-orders", &hub, &["done"], now).unwrap(), (None, None));
    }
}
