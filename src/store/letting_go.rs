//! Letting go: of one order, so that it is seen anew; and of what happened long ago to orders that are closed.

use rusqlite::{Connection, params};

use super::journal::{self, Effect, State};
use super::notes::{self, Note};
use super::{Store, claims, millis, mirror, orders, standing};
use crate::erp::UNSURE;
use crate::model::{ChannelName, Instant, OrderId};

/// The tables that know of orders, beside those that follow by themselves.
const TABLES: [&str; 5] = ["history", "journal", "holds", "outgoing", "cancellations"];

/// How many orders one transaction purges: runs that write meanwhile wait for no longer.
const CHUNK: u32 = 500;

/// Closed for good: nothing is expected of it, holds it, waits for it or is unsettled, and nothing happened since `?1`.
const CLOSED: &str = "open = 0 AND fate IN ('imported', 'skipped', 'cancelled') AND seen_at < ?1 AND coalesce(created_at, 0) < ?1
    AND coalesce(fate_at, 0) < ?1 AND coalesce(read_at, 0) < ?1
    AND EXISTS (SELECT 1 FROM history h WHERE h.order_row = orders.id)
    AND NOT EXISTS (SELECT 1 FROM history h WHERE h.order_row = orders.id AND h.at >= ?1)
    AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.order_row = orders.id AND coalesce(j.settled_at, j.intended_at) >= ?1)
    AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.order_row = orders.id AND h.released_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.order_row = orders.id AND (j.state = 'intended' OR j.state = 'unknown'))
    AND NOT EXISTS (SELECT 1 FROM outgoing g WHERE g.pass IN ('push-invoices', 'push-tracking') AND g.order_row = orders.id
        AND (g.open = 1 OR g.news <> g.visited))";

const OLD_RUNS: &str = "started_at < ?1 AND id NOT IN (SELECT max(id) FROM runs GROUP BY pass, channel, narrowed)";

/// What is said of an effect that outlives its order's row.
const FORGOTTEN: &str = "forgotten";

/// An effect on the outside that is not known to be carried out.
struct Begun {
    action: String,
    of: String,
    state: State,
}

/// What was begun for an order and never settled; and whether it was ever to be made in the ERP. Where the ERP took it without a word,
/// whoever forgets the order has looked, and it may be made once more; but it is asked for there first.
fn begun(tx: &Connection, order: i64) -> rusqlite::Result<Vec<Begun>> {
    tx.prepare_cached(
        "SELECT action, substr(key, length(action) + length(order_row) + 3), state, answer, sound FROM journal WHERE order_row = ?1
             AND (state = 'intended' OR state = 'unknown' OR state = 'failed' AND action = ?2)",
    )?
    .query_map(params![order, journal::CREATE], |row| {
        let state = State::from_code(row.get_ref(2)?.as_str()?);
        let has_looked = row.get::<_, Option<String>>(3)?.as_deref() == Some(UNSURE);
        let state = if state == State::Failed || has_looked { State::Failed } else { State::Unknown };
        Ok(Begun { action: row.get(0)?, of: row.get(1)?, state })
    })?
    .collect()
}

/// What was let go of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Orders whose history was.
    pub orders: usize,
    /// Runs of passes.
    pub runs: usize,
}

impl Store {
    /// Forgets an order: what stays is a note, and that it is to be looked at as if it had just been heard of. One that is in the
    /// ERP is left as an order that may be there, so that it is looked for there whatever the channel says of it by now; and what was
    /// sent and never answered stays unsettled, for it may show late.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn forget(&self, order: i64, why: &str, by: &str, now: Instant) -> rusqlite::Result<()> {
        self.write(|tx| {
            let (channel, id, was, in_erp): (String, String, String, bool) = tx
                .prepare_cached(
                    "SELECT channel, order_id, coalesce(fate, 'undecided') || coalesce(', in the ERP as ' || erp_number, ''),
                         erp_id IS NOT NULL
                     FROM orders WHERE id = ?1",
                )?
                .query_row([order], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
            let channel = ChannelName::new(channel);
            let detail = if why.is_empty() { format!("it was {was}") } else { format!("{why}; it was {was}") };
            let note = Note {
                at: now,
                who: by.to_owned(),
                what: "forgotten".into(),
                channel: Some(channel.clone()),
                order: Some(OrderId::new(id.as_str())),
                detail,
            };
            notes::keep(tx, &note)?;
            let begun = begun(tx, order)?;
            let lines = claims::lines_gone(tx, order)?;
            mirror::forget(tx, &format!("[{order}]"))?;
            for table in TABLES {
                tx.execute(&format!("DELETE FROM {table} WHERE order_row = ?1"), [order])?;
            }
            tx.execute("DELETE FROM orders WHERE id = ?1", [order])?;
            let insert = "INSERT INTO orders (channel, order_id, seen_at) VALUES (?1, ?2, ?3)";
            tx.execute(insert, params![channel.as_str(), id, millis(now)])?;
            let order = tx.last_insert_rowid();
            standing::come(tx, channel.as_str(), 1)?;
            claims::write_lines(tx, order, &lines)?;
            orders::note(tx, order, now, "heard", orders::FORGOTTEN)?;
            for Begun { action, of, state } in &begun {
                let effect = Effect { channel: &channel, order, action, of };
                journal::settle(tx, &effect, *state, FORGOTTEN, now)?;
            }
            if in_erp {
                let create = Effect { channel: &channel, order, action: journal::CREATE, of: "" };
                journal::settle(tx, &create, State::Unknown, FORGOTTEN, now)?;
            }
            Ok(())
        })
    }

    /// How much there is to purge: orders closed before that instant, and runs.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn to_purge(&self, before: Instant) -> rusqlite::Result<Purged> {
        let count = |sql: &str| {
            self.connection
                .query_row(sql, [millis(before)], |row| row.get::<_, u32>(0))
                .map(|count| usize::try_from(count).unwrap_or(usize::MAX))
        };
        Ok(Purged {
            orders: count(&format!("SELECT count(*) FROM orders WHERE {CLOSED}"))?,
            runs: count(&format!("SELECT count(*) FROM runs WHERE {OLD_RUNS}"))?,
        })
    }

    /// Lets go of what happened to orders that were closed before that instant, and of runs. Of each order its row stays, without the
    /// customer's hash: with its fate and its counterpart in the ERP it is what keeps it from being imported once more, whatever the
    /// channel says of it and wherever the cut-off date lies.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn purge(&self, before: Instant, by: &str, now: Instant) -> rusqlite::Result<Purged> {
        let mut purged = Purged::default();
        loop {
            let chunk = self.write(|tx| {
                let rows: Vec<i64> = tx
                    .prepare_cached(&format!("SELECT id FROM orders WHERE {CLOSED} ORDER BY id LIMIT ?2"))?
                    .query_map(params![millis(before), CHUNK], |row| row.get(0))?
                    .collect::<rusqlite::Result<_>>()?;
                let list = serde_json::to_string(&rows).unwrap_or_else(|_| "[]".into());
                mirror::forget(tx, &list)?;
                for table in TABLES.iter().chain(&["order_lines", "stock_news"]) {
                    tx.execute(
                        &format!("DELETE FROM {table} WHERE order_row IN (SELECT value FROM json_each(?1))"),
                        [&list],
                    )?;
                }
                tx.execute(
                    "UPDATE orders SET customer = NULL, purged_at = ?2 WHERE id IN (SELECT value FROM json_each(?1)) AND sound",
                    params![list, millis(now)],
                )?;
                Ok(rows.len())
            })?;
            purged.orders += chunk;
            if chunk == 0 {
                break;
            }
        }
        purged.runs = self.write(|tx| {
            tx.execute("DELETE FROM holds WHERE sku IS NOT NULL AND released_at < ?1", [millis(before)])?;
            let runs = tx.execute(&format!("DELETE FROM runs WHERE {OLD_RUNS}"), [millis(before)])?;
            if purged.orders + runs > 0 {
                let note = Note {
                    at: now,
                    who: by.to_owned(),
                    what: "purged".into(),
                    channel: None,
                    order: None,
                    detail: format!("{} orders, {runs} runs, older than {}", purged.orders, before.to_rfc3339()),
                };
                notes::keep(tx, &note)?;
            }
            Ok(runs)
        })?;
        Ok(purged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Heard;
    use crate::model::Status;
    use crate::reason::Reason;
    use crate::store::orders::{Decided, Fate};
    use crate::store::visits::Visit;

    fn at(days: i64) -> Instant {
        Instant::from_timestamp_millis(1_790_000_000_000 + days * 86_400_000).unwrap()
    }

    fn store() -> (tempfile::TempDir, Store, ChannelName) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("vaivem.db")).unwrap();
        (folder, store, ChannelName::new("loja"))
    }

    fn heard(id: &str, state: &str, day: i64) -> Heard {
        let status = if state == "canceled" { Status::Cancelled } else { Status::Paid };
        Heard { id: OrderId::new(id), state: state.into(), status, at: Some(at(day)) }
    }

    /// An order with a journal row, closed or not.
    fn order(store: &Store, channel: &ChannelName, id: &str, fate: Fate, open: bool) -> i64 {
        store.hear(channel, &[heard(id, "ready-for-handling", 0)], "feed", at(0)).unwrap();
        let row = store.order(channel, &OrderId::new(id)).unwrap().unwrap();
        store.decide(&row, &Decided { fate, reason: &Reason::NotOnChannel, hold: None, open }, at(1)).unwrap();
        let effect = Effect { channel, order: row.row, action: "create_order", of: "" };
        store.settle(&effect, State::Done, "created", at(1)).unwrap();
        row.row
    }

    fn count(store: &Store, table: &str, row: i64) -> i64 {
        let sql = format!("SELECT count(*) FROM {table} WHERE order_row = ?1");
        store.connection.query_row(&sql, [row], |found| found.get(0)).unwrap()
    }

    #[test]
    fn a_forgotten_order_is_looked_at_as_if_just_heard_of_and_a_note_stays() {
        let (_folder, store, loja) = store();
        let row = order(&store, &loja, "1-01", Fate::Cancelled, false);
        store.hold_by_hand(row, "x", "ana", at(2)).unwrap();
        store.forget(row, "entered twice", "ana", at(3)).unwrap();
        let seen = store.order(&loja, &OrderId::new("1-01")).unwrap().unwrap();
        assert_eq!((seen.fate, seen.cancel_heard, store.open_holds(seen.row).unwrap()), (None, false, vec![]));
        assert_eq!(store.writes(seen.row).unwrap(), []);
        assert_eq!(store.to_visit(&loja, Visit::ToImport { reread_before: at(0) }, at(999)).unwrap(), [seen.row]);
        let notes = store.notes_of(&OrderId::new("1-01")).unwrap();
        let told: Vec<_> = notes.iter().map(|note| (note.who.as_str(), note.detail.as_str())).collect();
        assert_eq!(told, [("ana", "entered twice; it was cancelled")]);
    }

    #[test]
    fn what_was_in_the_erp_is_left_as_what_may_be_there() {
        let (_folder, store, loja) = store();
        let row = order(&store, &loja, "1-01", Fate::Imported, false);
        store.connection.execute("UPDATE orders SET erp_id = 'i7', erp_number = '7'", []).unwrap();
        store.forget(row, "", "ana", at(3)).unwrap();
        let seen = store.order(&loja, &OrderId::new("1-01")).unwrap().unwrap();
        let writes: Vec<_> = store.writes(seen.row).unwrap().into_iter().map(|one| (one.action, one.state)).collect();
        assert_eq!((seen.erp_id, writes), (None, vec![(journal::CREATE.to_owned(), "unknown".to_owned())]));
    }

    #[test]
    fn only_a_number_that_a_person_named_is_a_slip_of_the_hand() {
        let (_folder, store, loja) = store();
        let slip = store.order_or_new(&loja, &OrderId::new("slip"), at(0)).unwrap().row;
        assert!(store.forget_if_only_named(slip).unwrap());
        let row = order(&store, &loja, "forgotten", Fate::Skipped, false);
        store.forget(row, "", "ana", at(3)).unwrap();
        for (id, fate) in [("imported", Fate::Imported), ("skipped", Fate::Skipped)] {
            order(&store, &loja, id, fate, false);
        }
        store.purge(at(400), "ana", at(400)).unwrap();
        for id in ["forgotten", "imported", "skipped"] {
            let row = store.order_or_new(&loja, &OrderId::new(id), at(401)).unwrap();
            assert!(!store.forget_if_only_named(row.row).unwrap(), "{id}");
            assert_eq!(store.order(&loja, &row.id).unwrap(), Some(row), "{id}");
        }
    }

    #[test]
    fn only_what_is_closed_and_old_is_purged_and_its_row_stays() {
        let (_folder, store, loja) = store();
        let gone = [
            order(&store, &loja, "imported", Fate::Imported, false),
            order(&store, &loja, "cancelled", Fate::Cancelled, false),
            order(&store, &loja, "skipped", Fate::Skipped, false),
        ];
        let kept = [
            order(&store, &loja, "open", Fate::Imported, true),
            order(&store, &loja, "waiting", Fate::Waiting, false),
            order(&store, &loja, "held by hand", Fate::Imported, false),
            order(&store, &loja, "unsettled", Fate::Imported, false),
            order(&store, &loja, "news of the ERP", Fate::Imported, false),
            order(&store, &loja, "heard of lately", Fate::Imported, false),
        ];
        store.hold_by_hand(kept[2], "x", "ana", at(1)).unwrap();
        let effect = Effect { channel: &loja, order: kept[3], action: "send_invoice", of: "7" };
        store.settle(&effect, State::Unknown, "no answer", at(1)).unwrap();
        store.write(|tx| super::super::outgoing::mark(tx, kept[4])).unwrap();
        store.hear(&loja, &[heard("heard of lately", "invoiced", 500)], "feed", at(500)).unwrap();
        for (day, pass) in [(0, "push-stock"), (0, "import-orders"), (450, "import-orders")] {
            store.begin_run(pass, &loja, at(day)).unwrap();
        }
        assert_eq!(store.to_purge(at(1)).unwrap(), Purged { orders: 0, runs: 1 });
        let expected = Purged { orders: 3, runs: 1 };
        assert_eq!(store.to_purge(at(400)).unwrap(), expected);
        assert_eq!(store.purge(at(400), "ana", at(800)).unwrap(), expected);
        assert_eq!(store.purge(at(400), "ana", at(800)).unwrap(), Purged::default(), "once");
        store.begin_narrowed_run("import-orders", &loja, at(460)).unwrap();
        assert_eq!(store.to_purge(at(455)).unwrap().runs, 0, "the last one of the pass stays");
        for row in gone {
            assert_eq!((count(&store, "history", row), count(&store, "journal", row)), (0, 0));
            let facts = store.facts(row).unwrap();
            assert!(facts.row.fate.is_some() && facts.purged_at == Some(at(800)));
        }
        assert!(kept.iter().all(|row| count(&store, "history", *row) > 0 && count(&store, "journal", *row) > 0));
    }

    #[test]
    fn nothing_that_is_heard_of_a_purged_order_brings_it_back_but_a_cancellation_of_what_is_in_the_erp() {
        let (_folder, store, loja) = store();
        for (id, fate) in [("imported", Fate::Imported), ("cancelled", Fate::Cancelled), ("skipped", Fate::Skipped)] {
            order(&store, &loja, id, fate, false);
        }
        let link = "UPDATE orders SET erp_id = 'i7', taken_over_at = 1 WHERE order_id = 'imported'";
        store.connection.execute(link, []).unwrap();
        store.purge(at(400), "ana", at(400)).unwrap();
        let all = |state, day| ["imported", "cancelled", "skipped"].map(|id| heard(id, state, day));
        assert_eq!(store.hear(&loja, &all("ready-for-handling", 401), "list", at(401)).unwrap(), 0, "none is new");
        let to_import = || store.to_visit(&loja, Visit::ToImport { reread_before: at(999) }, at(999)).unwrap();
        let to_follow = || {
            store
                .to_visit(&loja, Visit::ToFollow { unpaid_before: at(999), paid_before: at(999) }, at(999))
                .unwrap()
                .len()
        };
        assert_eq!((to_import(), to_follow()), (vec![], 0));
        store.hear(&loja, &all("canceled", 402), "feed", at(402)).unwrap();
        assert_eq!((to_import(), to_follow()), (vec![], 1));
    }
}
