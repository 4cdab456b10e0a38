//! Which orders a pass visits, and in which order.
//!
//! Most open orders are at rest: in the ERP, handed over, paid on both sides; nothing is due of them for hours, until somebody sends,
//! returns or cancels them. The index [`orders_open`](V13) keeps them apart from the others, in the order in which they were last
//! read, so that finding what is due costs what is due, however many orders are open.

use rusqlite::{OptionalExtension, params};

use super::orders::{COLUMNS, OrderRow, from_row};
use super::{Store, millis};
use crate::model::{ChannelName, Instant};

/// Which of a channel's orders a pass visits.
#[derive(Clone, Copy, Debug)]
pub enum Visit {
    /// Those not in the ERP of which something was heard, that are held, that wait and were not read since `reread_before`; and
    /// those imported but not yet taken over.
    ToImport {
        /// Waiting orders last read before this are read again.
        reread_before: Instant,
    },
    /// Those in the ERP whose payment is still open: those unpaid on either side not read since `unpaid_before`, those paid on
    /// both not read since `paid_before`, and those of which something was heard or that are held.
    ToFollow {
        /// Unpaid orders last read before this are read again.
        unpaid_before: Instant,
        /// Paid orders last read before this are read again.
        paid_before: Instant,
    },
}

/// Migration: open orders by whether they are at rest, and by when they were last read.
pub(super) const V13: &str = "
DROP INDEX orders_open;
CREATE INDEX orders_open ON orders (channel,
    (erp_id IS NOT NULL AND taken_over_at IS NOT NULL AND status = 'paid' AND erp_status <> 'awaiting_payment'
        AND erp_status <> 'payment_under_review' AND erp_status <> 'cancelled') IS TRUE,
    read_at) WHERE open = 1;
";

/// Whether an order is at rest, word for word as in the index `orders_open`.
pub(super) const AT_REST: &str =
    "(erp_id IS NOT NULL AND taken_over_at IS NOT NULL AND status = 'paid' AND erp_status <> 'awaiting_payment'
        AND erp_status <> 'payment_under_review' AND erp_status <> 'cancelled') IS TRUE";

const HELD: &str =
    "EXISTS (SELECT 1 FROM holds h WHERE h.order_row = orders.id AND h.pass = '' AND h.released_at IS NULL)";

impl Store {
    /// The rows of the orders to visit: first those with news or without a fate, then those read longest ago, so that runs that
    /// end early come round to all of them. One whose reading is dated after `now` was read by a clock that was ahead, nobody knows
    /// when. Only numbers, so that even a large backlog is small.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn to_visit(&self, channel: &ChannelName, visit: Visit, now: Instant) -> rusqlite::Result<Vec<i64>> {
        let (first, second) = match visit {
            Visit::ToImport { reread_before } => (reread_before, reread_before),
            Visit::ToFollow { unpaid_before, paid_before } => (unpaid_before, paid_before),
        };
        self.connection
            .prepare_cached(&visiting(visit))?
            .query_map(params![channel.as_str(), millis(first), millis(second), millis(now)], |row| row.get(0))?
            .collect()
    }

    /// These orders as they are now, in this order. One that is gone is left out.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn orders_at(&self, rows: &[i64]) -> rusqlite::Result<Vec<OrderRow>> {
        let mut by_row = self.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM orders WHERE id = ?1"))?;
        rows.iter().filter_map(|row| by_row.query_row([row], from_row).optional().transpose()).collect()
    }
}

/// The query for the orders to visit: of a channel (1), read before two instants (2 and 3), at an instant (4).
fn visiting(visit: Visit) -> String {
    let open = |at_rest: u8| {
        format!(
            "SELECT id FROM orders INDEXED BY orders_open WHERE channel = ?1 AND open = 1 AND {AT_REST} = {at_rest} AND "
        )
    };
    let (moving, at_rest) = (open(0), open(1));
    let due = match visit {
        Visit::ToImport { .. } => format!(
            "{moving} (erp_id IS NULL AND (heard <> visited OR fate IS NULL OR fate = 'held' OR {HELD}
                     OR (fate = 'waiting' AND (coalesce(read_at, 0) <= min(?2, ?3) OR read_at > ?4)))
                 OR erp_id IS NOT NULL AND taken_over_at IS NULL AND status = 'paid' AND fate = 'imported')"
        ),
        Visit::ToFollow { .. } => format!(
            "{moving} erp_id IS NOT NULL AND (heard <> visited OR {HELD} OR read_at > ?4
                 OR coalesce(read_at, 0) <= CASE
                     WHEN status = 'paid' AND erp_status NOT IN ('awaiting_payment', 'payment_under_review') THEN ?3
                     ELSE ?2 END)
             UNION {at_rest} read_at IS NULL
             UNION {at_rest} read_at <= ?3
             UNION {at_rest} read_at > ?4
             UNION SELECT id FROM orders INDEXED BY orders_heard
             WHERE channel = ?1 AND heard <> visited AND open = 1 AND {AT_REST} = 1
             UNION SELECT o.id FROM holds h INDEXED BY holds_open CROSS JOIN orders o ON o.id = h.order_row
             WHERE h.channel = ?1 AND h.released_at IS NULL AND h.pass = '' AND o.open = 1 AND o.erp_id IS NOT NULL"
        ),
    };
    format!(
        "SELECT id FROM orders WHERE id IN ({due})
         ORDER BY heard = visited AND fate IS NOT NULL, coalesce(read_at, 0), id"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Heard;
    use crate::model::{OrderId, Status};
    use crate::reason::Reason;
    use crate::store::orders::{Decided, Fate};

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp_millis(1_790_000_000_000 + seconds * 1_000).unwrap()
    }

    fn heard(id: &str, state: &str, seconds: i64) -> Heard {
        let status = if state == "canceled" { Status::Cancelled } else { Status::Paid };
        Heard { id: OrderId::new(id), state: state.into(), status, at: Some(at(seconds)) }
    }

    /// A state file with orders of which nothing is new: name, fate, when they were read, id in the ERP.
    fn store(orders: &[(&str, Fate, Option<i64>, Option<&str>)]) -> (tempfile::TempDir, Store, ChannelName) {
        let folder = tempfile::tempdir().unwrap();
        let (store, loja) = (Store::open(&folder.path().join("vaivem.db")).unwrap(), ChannelName::new("loja"));
        for (id, fate, read, erp) in orders {
            store.hear(&loja, &[heard(id, "ready-for-handling", 0)], "feed", at(0)).unwrap();
            let row = store.order(&loja, &OrderId::new(*id)).unwrap().unwrap();
            let decided = Decided { fate: *fate, reason: &Reason::NotOnChannel, hold: None, open: true };
            store.decide(&row, &decided, at(1)).unwrap();
            let set = "UPDATE orders SET read_at = ?2, erp_id = ?3, status = 'paid', erp_status = 'paid' WHERE id = ?1";
            store.connection.execute(set, params![row.row, read.map(|seconds| millis(at(seconds))), erp]).unwrap();
        }
        (folder, store, loja)
    }

    fn names(store: &Store, rows: &[i64]) -> Vec<String> {
        store.orders_at(rows).unwrap().iter().map(|row| row.id.to_string()).collect()
    }

    #[test]
    fn news_come_first_and_then_what_was_read_longest_ago() {
        let (_folder, store, loja) = store(&[
            ("read last", Fate::Held, Some(30), None),
            ("not taken over", Fate::Imported, Some(20), Some("7")),
            ("read first", Fate::Waiting, Some(10), None),
            ("read lately", Fate::Waiting, Some(99), None),
            ("never read", Fate::Held, None, None),
            ("has news", Fate::Waiting, Some(98), None),
            ("skipped", Fate::Skipped, Some(5), None),
        ]);
        store
            .hear(&loja, &[heard("new", "ready-for-handling", 9), heard("has news", "handling", 9)], "feed", at(9))
            .unwrap();
        let rows = store.to_visit(&loja, Visit::ToImport { reread_before: at(40) }, at(100)).unwrap();
        let order = ["new", "has news", "never read", "read first", "not taken over", "read last"];
        assert_eq!(names(&store, &rows), order);
        let follow = Visit::ToFollow { unpaid_before: at(40), paid_before: at(40) };
        assert_eq!(names(&store, &store.to_visit(&loja, follow, at(100)).unwrap()), ["not taken over"]);
        assert_eq!(store.to_visit(&ChannelName::new("outra"), follow, at(100)).unwrap(), Vec::<i64>::new());
    }

    #[test]
    fn what_was_read_by_a_clock_that_was_ahead_is_read_again() {
        let (_folder, store, loja) =
            store(&[("waits", Fate::Waiting, Some(9_000), None), ("paid", Fate::Imported, Some(9_000), Some("7"))]);
        store.connection.execute("UPDATE orders SET taken_over_at = read_at", []).unwrap();
        let import = Visit::ToImport { reread_before: at(40) };
        let follow = Visit::ToFollow { unpaid_before: at(40), paid_before: at(40) };
        let visited = |visit, now| names(&store, &store.to_visit(&loja, visit, at(now)).unwrap());
        assert_eq!((visited(import, 100), visited(follow, 100)), (vec!["waits".into()], vec!["paid".into()]));
        assert_eq!((visited(import, 9_000), visited(follow, 9_000)), (vec![], vec![]), "it was just read");
    }

    #[test]
    fn orders_at_rest_are_visited_when_something_is_due_and_not_looked_through() {
        let names_of = ["at rest", "due", "never read", "read ahead", "heard of", "held", "not handed over", "unpaid"];
        let orders: Vec<_> = names_of.iter().map(|id| (*id, Fate::Imported, Some(99), Some("7"))).collect();
        let (_folder, store, loja) = store(&orders);
        let set = |what: &str, id: &str| {
            let set = format!("UPDATE orders SET {what} WHERE order_id = ?1");
            assert_eq!(store.connection.execute(&set, [id]).unwrap(), 1);
        };
        names_of.iter().for_each(|id| set("taken_over_at = 5", id));
        let read = |seconds| format!("read_at = {}", millis(at(seconds)));
        set(&read(30), "due");
        set("read_at = NULL", "never read");
        set(&read(500), "read ahead");
        store.hear(&loja, &[heard("heard of", "handling", 9)], "feed", at(9)).unwrap();
        let held = store.order(&loja, &OrderId::new("held")).unwrap().unwrap();
        store.hold_as_guest(held.row, Some(&Reason::NotOnChannel), |_| true, at(100)).unwrap();
        set("taken_over_at = NULL", "not handed over");
        set("erp_status = 'awaiting_payment'", "unpaid");
        let follow = Visit::ToFollow { unpaid_before: at(99), paid_before: at(40) };
        let mut visited = names(&store, &store.to_visit(&loja, follow, at(100)).unwrap());
        visited.sort();
        assert_eq!(visited, ["due", "heard of", "held", "never read", "read ahead", "unpaid"]);
        let mut imported =
            names(&store, &store.to_visit(&loja, Visit::ToImport { reread_before: at(40) }, at(100)).unwrap());
        imported.sort();
        assert_eq!(imported, ["not handed over"]);

        // However many are at rest, the others are found without them.
        let anything = Visit::ToImport { reread_before: at(0) };
        for sql in [visiting(follow), visiting(anything)] {
            let mut plan = store.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let steps: Vec<String> =
                plan.query_map([0; 4], |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
            let looks_through = |step: &&String| {
                step.contains("SCAN orders")
                    || step.contains("INDEX orders_open") && !step.contains("(channel=? AND <expr>=?")
            };
            assert_eq!(steps.iter().find(looks_through), None, "{steps:#?}");
            assert!(steps.iter().any(|step| step.contains("INDEX orders_open")), "{steps:#?}");
        }
    }

    #[test]
    fn a_hold_brings_back_whatever_the_fate_is() {
        let (_folder, store, loja) =
            store(&[("waits", Fate::Waiting, Some(99), None), ("cancelled", Fate::Cancelled, Some(99), None)]);
        let visit = || store.to_visit(&loja, Visit::ToImport { reread_before: at(40) }, at(100)).unwrap();
        assert_eq!(visit(), Vec::<i64>::new());
        for row in [1, 2] {
            store.hold_as_guest(row, Some(&Reason::NotOnChannel), |_| true, at(100)).unwrap();
        }
        assert_eq!(names(&store, &visit()), ["waits", "cancelled"]);
        store.hold_as_guest(1, None, |_| true, at(101)).unwrap();
        assert_eq!(names(&store, &visit()), ["cancelled"]);
    }

    #[test]
    fn a_cancellation_opens_what_is_in_the_erp_and_was_closed() {
        let (_folder, store, loja) = store(&[
            ("invoiced", Fate::Imported, Some(10), Some("7")),
            ("cancelled", Fate::Cancelled, Some(10), Some("8")),
            ("skipped", Fate::Skipped, Some(10), None),
        ]);
        store.connection.execute("UPDATE orders SET open = 0", []).unwrap();
        let open = || -> Vec<i64> {
            let mut open = store.connection.prepare("SELECT id FROM orders WHERE open = 1").unwrap();
            open.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        let all = |state, seconds| ["invoiced", "cancelled", "skipped"].map(|id| heard(id, state, seconds));
        store.hear(&loja, &all("invoiced", 20), "feed", at(20)).unwrap();
        assert_eq!(open(), Vec::<i64>::new(), "nothing else is of interest");
        store.hear(&loja, &all("canceled", 21), "feed", at(21)).unwrap();
        assert_eq!(open(), [1], "only where both sides are not known to be cancelled");
    }

    #[test]
    fn a_tombstone_outlives_every_later_fate() {
        let (_folder, store, loja) =
            store(&[("cancelled", Fate::Cancelled, Some(10), None), ("waits", Fate::Waiting, Some(10), None)]);
        let row = |id: &str| store.order(&loja, &OrderId::new(id)).unwrap().unwrap();
        let decided = Decided { fate: Fate::Waiting, reason: &Reason::NotOnChannel, hold: None, open: true };
        store.decide(&row("cancelled"), &decided, at(11)).unwrap();
        assert_eq!((row("cancelled").cancel_heard, row("waits").cancel_heard), (true, false));
    }

    /// The last visit waits for the ERP, and meanwhile the feed says that it is cancelled after all.
    #[test]
    fn what_is_heard_during_the_last_visit_of_an_order_has_it_visited_once_more() {
        let (_folder, store, loja) = store(&[("7", Fate::Imported, Some(1), Some("1"))]);
        let row = || store.order(&loja, &OrderId::new("7")).unwrap().unwrap();
        let over = Decided { fate: Fate::Imported, reason: &Reason::NotOnChannel, hold: None, open: false };
        let due =
            || store.to_visit(&loja, Visit::ToFollow { unpaid_before: at(0), paid_before: at(0) }, at(9)).unwrap();
        let visited = row();
        store.hear(&loja, &[heard("7", "canceled", 5)], "feed", at(5)).unwrap();
        store.decide(&visited, &over, at(6)).unwrap();
        assert_eq!(due(), [visited.row]);
        store.decide(&row(), &over, at(7)).unwrap();
        assert_eq!(due(), [0; 0]);
    }
}
