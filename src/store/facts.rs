//! What people are shown of orders: lists by filter, sums by fate, and one order found by any number a person has.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Row, named_params, params};

use super::orders::{COLUMNS, Fate, FateCount, OrderRow, from_row};
use super::{Store, instant, millis};
use crate::model::{Cents, ChannelName, ErpOrderId, Instant, OrderId, Status};

/// An order as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderFacts {
    /// What passes go by.
    pub row: OrderRow,
    /// When it was first heard of.
    pub seen_at: Instant,
    /// The channel's word for its status.
    pub raw_status: Option<String>,
    /// The short number the channel shows to people.
    pub sequence: Option<String>,
    /// The marketplace behind the channel.
    pub marketplace: Option<String>,
    /// Its number there.
    pub marketplace_order: Option<String>,
    /// How it is paid, by code.
    pub method: Option<String>,
    /// Until when it was to be paid.
    pub due_date: Option<String>,
    /// When the customer was promised it.
    pub promised_at: Option<Instant>,
    /// What the ERP last said.
    pub erp_status: Option<Status>,
    /// When it was linked with the ERP's.
    pub linked_at: Option<Instant>,
    /// Since when it has its fate.
    pub fate_at: Option<Instant>,
    /// When its history was let go of.
    pub purged_at: Option<Instant>,
}

/// Number of columns in [`COLUMNS`].
const WIDTH: usize = 15;

const MORE: &str = "seen_at, raw_status, sequence, marketplace, marketplace_order, method, due_date, promised_at, erp_status, \
                    linked_at, fate_at, purged_at";

fn facts(row: &Row<'_>) -> rusqlite::Result<OrderFacts> {
    let text = |at: usize| row.get::<_, Option<String>>(WIDTH + at);
    let time = |at: usize| row.get::<_, Option<i64>>(WIDTH + at).map(|at| at.map(instant));
    Ok(OrderFacts {
        row: from_row(row)?,
        seen_at: instant(row.get(WIDTH)?),
        raw_status: text(1)?,
        sequence: text(2)?,
        marketplace: text(3)?,
        marketplace_order: text(4)?,
        method: text(5)?,
        due_date: text(6)?,
        promised_at: time(7)?,
        erp_status: text(8)?.map(|code| Status::from_code(&code)),
        linked_at: time(9)?,
        fate_at: time(10)?,
        purged_at: time(11)?,
    })
}

/// Which orders. The default is all of every channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Of these channels.
    pub channels: BTreeSet<ChannelName>,
    /// With this fate, by code; `undecided` for none yet.
    pub fate: Option<String>,
    /// With this status on the channel: our code or the channel's word.
    pub status: Option<String>,
    /// Whose fate or open hold has this reason, by code.
    pub reason: Option<String>,
    /// Placed at this instant or later; one that was never read counts as placed when it was first seen.
    pub since: Option<Instant>,
    /// Placed before this instant.
    pub before: Option<Instant>,
}

const FILTER: &str = "channel IN (SELECT value FROM json_each(:channels))
    AND (:fate IS NULL OR coalesce(fate, 'undecided') = :fate)
    AND (:status IS NULL OR status = :status OR raw_status = :status)
    AND (:reason IS NULL OR fate_why ->> 'code' = :reason OR EXISTS (
        SELECT 1 FROM holds h WHERE h.order_row = orders.id AND h.released_at IS NULL AND h.code = :reason))
    AND (:since IS NULL OR coalesce(created_at, seen_at) >= :since)
    AND (:before IS NULL OR coalesce(created_at, seen_at) < :before)";

impl Store {
    /// The rows of the orders that a filter lets through, the latest placed first, for whoever looks at [each](Self::facts) in turn:
    /// there may be more than memory holds.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn order_rows_by(&self, filter: &OrderFilter, limit: Option<usize>) -> rusqlite::Result<Vec<i64>> {
        self.connection
            .prepare(&format!(
                "SELECT id FROM orders WHERE {FILTER}
                 ORDER BY coalesce(created_at, seen_at) DESC, id DESC LIMIT :limit"
            ))?
            .query_map(
                named_params! {
                    ":channels": channels(&filter.channels), ":fate": filter.fate, ":status": filter.status,
                    ":reason": filter.reason, ":since": filter.since.map(millis), ":before": filter.before.map(millis),
                    ":limit": limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX)),
                },
                |row| row.get(0),
            )?
            .collect()
    }

    /// Tells of every order of a channel that was placed from one instant to another, the latest first. One that was never read is none.
    ///
    /// # Errors
    /// When the state file cannot be read, or `tell` fails.
    pub fn each_placed(
        &self,
        channel: &ChannelName,
        (from, to): (Instant, Instant),
        mut tell: impl FnMut(OrderId) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let mut placed = self.connection.prepare_cached(
            "SELECT order_id, sound FROM orders WHERE channel = ?1 AND created_at BETWEEN ?2 AND ?3
             ORDER BY created_at DESC, id DESC",
        )?;
        let mut rows = placed.query(params![channel.as_str(), millis(from), millis(to)])?;
        while let Some(row) = rows.next()? {
            tell(OrderId::new(row.get::<_, String>(0)?))?;
        }
        Ok(())
    }

    /// How many of the orders that a filter lets through have each fate, undecided ones under `None`.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn fates(&self, filter: &OrderFilter) -> rusqlite::Result<Vec<FateCount>> {
        self.connection
            .prepare(&format!(
                "SELECT channel, fate, count(*), coalesce(sum(total), 0) FROM orders WHERE {FILTER}
                 GROUP BY channel, fate ORDER BY channel, fate"
            ))?
            .query_map(
                named_params! {
                    ":channels": channels(&filter.channels), ":fate": filter.fate, ":status": filter.status,
                    ":reason": filter.reason, ":since": filter.since.map(millis), ":before": filter.before.map(millis),
                },
                |row| {
                    let fate: Option<String> = row.get(1)?;
                    Ok(FateCount {
                        channel: ChannelName::new(row.get::<_, String>(0)?),
                        fate: fate.as_deref().and_then(Fate::from_code),
                        orders: row.get(2)?,
                        worth: Cents::new(row.get(3)?),
                    })
                },
            )?
            .collect()
    }

    /// An order by its row.
    ///
    /// # Errors
    /// When the state file cannot be read, or there is no such row.
    pub fn facts(&self, row: i64) -> rusqlite::Result<OrderFacts> {
        self.connection
            .prepare_cached(&format!("SELECT {COLUMNS}, {MORE} FROM orders WHERE id = ?1"))?
            .query_row([row], facts)
    }

    /// An order by its row; none when it was let go of meanwhile.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn facts_if_there(&self, row: i64) -> rusqlite::Result<Option<OrderFacts>> {
        self.facts(row).optional()
    }

    /// The orders of these channels that a number may mean: the channel's, the short one the channel shows, the marketplace's, the
    /// ERP's, an invoice's access key or its number on the channel. Where an order has it as its number on the channel, only those.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn orders_named(&self, number: &str, of_channels: &BTreeSet<ChannelName>) -> rusqlite::Result<Vec<OrderFacts>> {
        const EXACT: &str =
            "SELECT id FROM orders WHERE order_id = ?1 AND channel IN (SELECT value FROM json_each(?2))";
        const OTHERS: &str = "SELECT id FROM orders WHERE sequence = ?1 AND sequence IS NOT NULL
             UNION SELECT id FROM orders WHERE marketplace_order = ?1 AND marketplace_order IS NOT NULL
             UNION SELECT id FROM orders WHERE erp_number = ?1 AND erp_number IS NOT erp_id
             UNION SELECT id FROM orders WHERE erp_id = ?1 AND erp_id IS NOT NULL
             UNION SELECT order_row FROM journal WHERE order_row IS NOT NULL AND ?1 <> ''
                 AND substr(key, length(action) + length(order_row) + 3) <> ''
                 AND substr(key, length(action) + length(order_row) + 3) = ?1";
        let channels = channels(of_channels);
        for found in [EXACT, OTHERS] {
            let orders: Vec<OrderFacts> = self
                .connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS}, {MORE} FROM orders WHERE id IN ({found})
                         AND channel IN (SELECT value FROM json_each(?2)) ORDER BY id"
                ))?
                .query_map(params![number, channels], facts)?
                .collect::<rusqlite::Result<_>>()?;
            if !orders.is_empty() {
                return Ok(orders);
            }
        }
        Ok(Vec::new())
    }

    /// The orders of these channels that are linked with one of the ERP's orders.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn orders_linked(
        &self,
        erp: &ErpOrderId,
        of_channels: &BTreeSet<ChannelName>,
    ) -> rusqlite::Result<Vec<OrderFacts>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS}, {MORE} FROM orders WHERE erp_id = ?1 AND erp_id IS NOT NULL
                     AND channel IN (SELECT value FROM json_each(?2)) ORDER BY id"
            ))?
            .query_map(params![erp.as_str(), channels(of_channels)], facts)?
            .collect()
    }
}

/// Names for `json_each`.
fn channels(names: &BTreeSet<ChannelName>) -> String {
    serde_json::to_string(names).unwrap_or_else(|_| "[]".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Reason;
    use crate::store::journal::{Effect, State};
    use crate::store::orders::Decided;

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp_millis(1_790_000_000_000 + seconds * 1_000).unwrap()
    }

    /// Three orders of two channels.
    fn store() -> (tempfile::TempDir, Store, BTreeSet<ChannelName>) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("vaivem.db")).unwrap();
        let names = ["loja", "hub"].map(ChannelName::new);
        for (channel, id, fate) in [(0, "1-01", Fate::Imported), (0, "2-01", Fate::Held), (1, "1-01", Fate::Waiting)] {
            let row = store.order_or_new(&names[channel], &OrderId::new(id), at(0)).unwrap();
            let hold = (fate == Fate::Held).then_some(&Reason::NotOnChannel);
            store.decide(&row, &Decided { fate, reason: &Reason::NotOnChannel, hold, open: true }, at(1)).unwrap();
        }
        let set = "UPDATE orders SET total = id * 100, created_at = ?1 + id, raw_status = 'handling', status = 'paid',
             sequence = '50' || id, marketplace_order = 'MKT-' || id, erp_id = 'i' || id, erp_number = '7'";
        store.connection.execute(set, [millis(at(0))]).unwrap();
        (folder, store, names.into_iter().collect())
    }

    fn rows(orders: &[OrderFacts]) -> Vec<i64> {
        orders.iter().map(|order| order.row.row).collect()
    }

    #[test]
    fn every_filter_leaves_out_what_does_not_fit() {
        let (_folder, store, channels) = store();
        let all = || OrderFilter { channels: channels.clone(), ..OrderFilter::default() };
        let some = |text: &str| Some(text.to_owned());
        let found = |filter: OrderFilter| store.order_rows_by(&filter, None).unwrap();
        assert_eq!(found(all()), [3, 2, 1], "the latest first");
        assert_eq!(store.order_rows_by(&all(), Some(1)).unwrap(), [3]);
        assert_eq!(found(OrderFilter { channels: [ChannelName::new("hub")].into(), ..OrderFilter::default() }), [3]);
        assert_eq!(found(OrderFilter { fate: some("held"), ..all() }), [2]);
        assert_eq!(found(OrderFilter { status: some("handling"), ..all() }), [3, 2, 1]);
        assert_eq!(found(OrderFilter { status: some("invoiced"), ..all() }), [0; 0]);
        assert_eq!(found(OrderFilter { reason: some("not_on_channel"), fate: some("waiting"), ..all() }), [3]);
        assert_eq!(found(OrderFilter { reason: some("skus_unmapped"), ..all() }), [0; 0]);
        let at = |millis: i64| Some(at(0) + chrono::TimeDelta::milliseconds(millis));
        assert_eq!(found(OrderFilter { since: at(2), before: at(3), ..all() }), [2]);
        let fates = store.fates(&OrderFilter { since: at(2), ..all() }).unwrap();
        let fates: Vec<_> = fates.iter().map(|one| (one.fate, one.orders, one.worth.get())).collect();
        assert_eq!(fates, [(Some(Fate::Waiting), 1, 300), (Some(Fate::Held), 1, 200)]);
    }

    #[test]
    fn what_was_placed_in_a_range_is_told_with_its_ends() {
        let (_folder, store, _) = store();
        let placed = |from: i64, to: i64| {
            let mut told = Vec::new();
            let range = (at(0) + chrono::TimeDelta::milliseconds(from), at(0) + chrono::TimeDelta::milliseconds(to));
            let tell = |order: OrderId| {
                told.push(order.to_string());
                Ok(())
            };
            store.each_placed(&ChannelName::new("loja"), range, tell).unwrap();
            told
        };
        assert_eq!(placed(1, 2), ["2-01", "1-01"], "the latest first");
        assert_eq!((placed(2, 9), placed(0, 1)), (vec!["2-01".to_owned()], vec!["1-01".to_owned()]));
        store.connection.execute("UPDATE orders SET created_at = NULL WHERE id = 1", []).unwrap();
        assert_eq!(placed(0, 9), ["2-01"], "nothing is known of the other's date");
    }

    #[test]
    fn any_number_finds_its_order_and_the_channels_own_comes_first() {
        let (_folder, store, channels) = store();
        let find = |number: &str| rows(&store.orders_named(number, &channels).unwrap());
        assert_eq!(find("2-01"), [2]);
        assert_eq!(find("1-01"), [1, 3], "two channels have it");
        assert_eq!((find("502"), find("MKT-3"), find("i1")), (vec![2], vec![3], vec![1]));
        assert_eq!(find("7"), [1, 2, 3]);
        assert_eq!((find("8"), find("")), (vec![], vec![]));
        let loja = ChannelName::new("loja");
        for of in ["35261012345678000195550010000010011482139770", "1001"] {
            let effect = Effect { channel: &loja, order: 2, action: "send_invoice", of };
            store.settle(&effect, State::Done, "accepted", at(1)).unwrap();
            assert_eq!(find(of), [2]);
        }
        let hub = [ChannelName::new("hub")].into();
        assert_eq!(rows(&store.orders_named("1001", &hub).unwrap()), [0; 0]);
        assert_eq!(rows(&store.orders_linked(&ErpOrderId::new("i2"), &channels).unwrap()), [2]);
    }
}
