//! What auto-cancel remembers: which orders it announced, which were cancelled in the ERP, which are watched for a late payment.

use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, params};

use super::orders::{COLUMNS, OrderRow, from_row, note};
use super::visits::AT_REST;
use super::{Store, instant, millis, standing};
use crate::model::{ChannelName, ErpOrderId, Instant, PaymentMethod};
use crate::reason::Reason;

/// The journal's word for cancelling an order on its channel.
pub const CANCEL_ON_CHANNEL: &str = "cancel_on_channel";

/// Migration: the notes of auto-cancel, and an index to find cancelled orders by.
pub(super) const V4: &str = "
-- Orders that auto-cancel has something to remember of.
CREATE TABLE cancellations (
    order_row INTEGER PRIMARY KEY REFERENCES orders (id),
    -- When a run first said that a later one would cancel the order; NULL again when that is no longer so.
    announced_at INTEGER,
    -- When the cancelled order was last looked at for a late payment.
    watched_at INTEGER
) STRICT;
CREATE INDEX orders_cancelled ON orders (channel, fate_at) WHERE fate = 'cancelled';
";

/// Migration: whatever is paid for an order that was read unpaid right before we cancelled it comes too late, whichever of the two the
/// channel dates first; and what a person was told of need not be told again.
pub(super) const V21: &str = "
-- When a fresh reading showed it unpaid, right before its cancellation was sent.
ALTER TABLE cancellations ADD COLUMN unpaid_at INTEGER;
-- Of which late payment a person was told, by its date; 0 where the channel does not date it.
ALTER TABLE cancellations ADD COLUMN told_paid_at INTEGER;
";

/// What the state file knows of an order that may have to be cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelNotes {
    /// How it is to be paid, as of the last reading: the first of its payments.
    pub method: Option<PaymentMethod>,
    /// Until when, as of the last reading.
    pub due: Option<NaiveDate>,
    /// The ERP says that it is cancelled there.
    pub cancelled_in_erp: bool,
    /// When an earlier run announced that it would be cancelled.
    pub announced_at: Option<Instant>,
    /// What holds it: each pass that holds orders for itself may do so beside the others.
    pub holds: Vec<Reason>,
    /// A cancellation was sent to the channel, and what became of it is not known.
    pub unsettled: bool,
    /// Since when it has the fate it has.
    pub fate_at: Option<Instant>,
    /// It was read unpaid right before we cancelled it on the channel.
    pub cancelled_unpaid: bool,
    /// The date of the late payment that a person was told of; 1970 where the channel does not date it.
    pub told_paid_at: Option<Instant>,
}

impl Store {
    /// Marks these orders, in the ERP's ids, as cancelled there, and moves the cursor that tells up to where the ERP's changes were
    /// heard; both or neither.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn hear_cancelled_in_erp(
        &self,
        channel: &ChannelName,
        orders: &[ErpOrderId],
        (cursor, seq): (&str, i64),
        now: Instant,
    ) -> rusqlite::Result<()> {
        self.write(|tx| {
            for id in orders {
                let news: Vec<i64> = tx
                    .prepare_cached(
                        "SELECT id FROM orders WHERE channel = ?1 AND erp_id = ?2 AND erp_status IS NOT 'cancelled' AND sound",
                    )?
                    .query_map(params![channel.as_str(), id.as_str()], |row| row.get(0))?
                    .collect::<rusqlite::Result<_>>()?;
                for row in news {
                    standing::change(tx, row, |tx| {
                        tx.prepare_cached("UPDATE orders SET erp_status = 'cancelled' WHERE id = ?1 AND sound")?
                            .execute([row])
                    })?;
                    note(tx, row, now, "heard", "cancelled (ERP)")?;
                }
            }
            super::cursors::set(tx, channel, cursor, instant(seq))
        })
    }

    /// Has the order with that id in the ERP visited by the next run of whatever pass it is for.
    pub fn hear_of(&self, channel: &ChannelName, id: &ErpOrderId, what: &str, now: Instant) -> rusqlite::Result<()> {
        self.write(|tx| {
            let row: Option<i64> = tx
                .prepare_cached("SELECT id FROM orders WHERE channel = ?1 AND erp_id = ?2 AND sound")?
                .query_row(params![channel.as_str(), id.as_str()], |row| row.get(0))
                .optional()?;
            let Some(row) = row else { return Ok(()) };
            tx.prepare_cached("UPDATE orders SET heard = heard + 1 WHERE id = ?1 AND sound")?.execute([row])?;
            note(tx, row, now, "heard", what)
        })
    }

    /// The next orders after row `after` that may have to be cancelled, at most `limit`: those that wait for payment on both
    /// sides, those cancelled in the ERP alone, those whose cancellation was left unsettled; with `not_imported` also those that
    /// wait for payment and are not in the ERP.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn to_cancel(
        &self,
        channel: &ChannelName,
        not_imported: bool,
        after: i64,
        limit: usize,
    ) -> rusqlite::Result<Vec<OrderRow>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM orders WHERE id IN (
                     SELECT id FROM orders INDEXED BY orders_open
                     WHERE channel = ?1 AND open = 1 AND {AT_REST} = 0 AND id > ?2 AND (
                         erp_id IS NOT NULL AND status = 'awaiting_payment' AND erp_status = 'awaiting_payment'
                         OR erp_id IS NOT NULL AND erp_status = 'cancelled' AND status <> 'cancelled'
                         OR ?3 AND erp_id IS NULL AND fate = 'waiting' AND status = 'awaiting_payment')
                     UNION SELECT order_row FROM journal INDEXED BY journal_unsettled
                     WHERE channel = ?1 AND order_row > ?2 AND (state = 'intended' OR state = 'unknown') AND action = ?5)
                 ORDER BY id LIMIT ?4"
            ))?
            .query_map(
                params![
                    channel.as_str(),
                    after,
                    not_imported,
                    i64::try_from(limit).unwrap_or(i64::MAX),
                    CANCEL_ON_CHANNEL
                ],
                from_row,
            )?
            .collect()
    }

    /// What is known of one of them.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn cancel_notes(&self, row: i64) -> rusqlite::Result<CancelNotes> {
        self.connection
            .prepare_cached(
                "SELECT o.method, o.due_date, o.erp_status IS 'cancelled', c.announced_at,
                     EXISTS (SELECT 1 FROM journal j INDEXED BY journal_unsettled WHERE j.channel = o.channel
                         AND j.order_row = o.id AND j.action = ?2 AND (j.state = 'intended' OR j.state = 'unknown')),
                     o.fate_at,
                     c.unpaid_at IS NOT NULL AND EXISTS (SELECT 1 FROM journal j
                         WHERE j.order_row = o.id AND j.action = ?2 AND j.state <> 'failed'),
                     c.told_paid_at
                 FROM orders o
                 LEFT JOIN cancellations c ON c.order_row = o.id
                 WHERE o.id = ?1",
            )?
            .query_row(params![row, CANCEL_ON_CHANNEL], |found| {
                let text = |at: usize| found.get::<_, Option<String>>(at);
                Ok(CancelNotes {
                    method: text(0)?.map(|code| PaymentMethod::from_code(&code)),
                    due: text(1)?.and_then(|date| date.parse().ok()),
                    cancelled_in_erp: found.get(2)?,
                    announced_at: found.get::<_, Option<i64>>(3)?.map(instant),
                    holds: self.open_holds(row)?,
                    unsettled: found.get(4)?,
                    fate_at: found.get::<_, Option<i64>>(5)?.map(instant),
                    cancelled_unpaid: found.get(6)?,
                    told_paid_at: found.get::<_, Option<i64>>(7)?.map(instant),
                })
            })
    }

    /// Remembers that a run said it would cancel the order; the first time counts.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn announce_cancel(&self, row: i64, why: &Reason, now: Instant) -> rusqlite::Result<()> {
        let json = serde_json::to_string(why).unwrap_or_default();
        self.write(|tx| {
            let announced = tx
                .prepare_cached(
                    "INSERT INTO cancellations (order_row, announced_at) VALUES (?1, ?2)
                     ON CONFLICT DO UPDATE SET announced_at = excluded.announced_at WHERE announced_at IS NULL
                         OR announced_at > excluded.announced_at",
                )?
                .execute(params![row, millis(now)])?;
            if announced > 0 { note(tx, row, now, "announced", &json) } else { Ok(()) }
        })
    }

    /// Forgets the announcement: the order is not to be cancelled any more.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn withdraw_cancel(&self, row: i64) -> rusqlite::Result<()> {
        self.write(|tx| {
            tx.prepare_cached("UPDATE cancellations SET announced_at = NULL WHERE order_row = ?1")?
                .execute([row])
                .map(|_| ())
        })
    }

    /// How many of a channel's orders are open and in the ERP, with `not_imported` also those that wait: what the brake's share is a
    /// share of.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn open_orders(&self, channel: &ChannelName, not_imported: bool) -> rusqlite::Result<usize> {
        self.connection
            .prepare_cached(
                "SELECT count(*) FROM orders INDEXED BY orders_open
                 WHERE channel = ?1 AND open = 1 AND (erp_id IS NOT NULL OR ?2 AND fate = 'waiting')",
            )?
            .query_row(params![channel.as_str(), not_imported], |row| row.get::<_, u32>(0))
            .map(|count| usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// The next cancelled orders after row `after` to look at for a late payment, at most `limit`: cancelled since `since`, and not
    /// looked at since `looked_before`, or by a clock that was ahead of `now`. Those that were in the ERP, or that we cancelled, each
    /// time; those that the channel cancelled before they were imported only if a boleto or Pix may still be paid, and ever more
    /// rarely, for there may be many.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn to_watch(
        &self,
        channel: &ChannelName,
        (since, looked_before, now): (Instant, Instant, Instant),
        after: i64,
        limit: usize,
    ) -> rusqlite::Result<Vec<OrderRow>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM orders WHERE id IN (
                     SELECT o.id FROM orders o INDEXED BY orders_cancelled
                         LEFT JOIN cancellations c ON c.order_row = o.id
                     WHERE o.channel = ?1 AND o.fate = 'cancelled' AND o.fate_at >= ?2 AND o.id > ?4
                         AND (coalesce(c.watched_at, o.fate_at) <= ?3 OR coalesce(c.watched_at, o.fate_at) > ?6)
                         AND (o.erp_id IS NOT NULL OR c.announced_at IS NOT NULL
                             -- Not before it has been cancelled for twice as long as when it was last looked at.
                             OR o.method IN ('boleto', 'pix') AND (2 * coalesce(c.watched_at, o.fate_at) <= ?3 + o.fate_at
                                 OR coalesce(c.watched_at, o.fate_at) > ?6)))
                 ORDER BY id LIMIT ?5"
            ))?
            .query_map(
                params![
                    channel.as_str(),
                    millis(since),
                    millis(looked_before),
                    after,
                    i64::try_from(limit).unwrap_or(i64::MAX),
                    millis(now)
                ],
                from_row,
            )?
            .collect()
    }

    /// Notes that a cancelled order was looked at for a late payment.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn watched(&self, row: i64, now: Instant) -> rusqlite::Result<()> {
        self.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO cancellations (order_row, watched_at) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET watched_at = excluded.watched_at",
            )?
            .execute(params![row, millis(now)])
            .map(|_| ())
        })
    }

    /// Notes that a fresh reading shows an order unpaid whose cancellation is sent next.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn cancels_unpaid(&self, row: i64, now: Instant) -> rusqlite::Result<()> {
        self.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO cancellations (order_row, unpaid_at) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET unpaid_at = excluded.unpaid_at",
            )?
            .execute(params![row, millis(now)])
            .map(|_| ())
        })
    }

    /// Notes that the cancellation of an unpaid order was not sent after all.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn cancels_not(&self, row: i64) -> rusqlite::Result<()> {
        self.write(|tx| {
            tx.prepare_cached("UPDATE cancellations SET unpaid_at = NULL WHERE order_row = ?1")?
                .execute([row])
                .map(|_| ())
        })
    }

    /// Notes of which late payment a person is told, by its date.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn tell_late_payment(&self, row: i64, paid_at: Option<Instant>) -> rusqlite::Result<()> {
        self.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO cancellations (order_row, told_paid_at) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET told_paid_at = excluded.told_paid_at",
            )?
            .execute(params![row, paid_at.map_or(0, millis)])
            .map(|_| ())
        })
    }

    /// Notes that a look at it failed: its turn comes again once `looked_before` of [`Store::to_watch`] is `turn`, also where it would be
    /// looked at ever more rarely.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn not_watched(&self, row: i64, turn: Instant) -> rusqlite::Result<()> {
        self.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO cancellations (order_row, watched_at)
                 SELECT id, min(?2, (?2 + coalesce(fate_at, ?2)) / 2) FROM orders WHERE id = ?1
                 ON CONFLICT DO UPDATE SET watched_at = excluded.watched_at",
            )?
            .execute(params![row, millis(turn)])
            .map(|_| ())
        })
    }
}

/// Something was heard of a cancelled order, which may be money: its turn to be looked at comes with the next run.
pub(super) fn watch_soon(tx: &Connection, row: i64) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO cancellations (order_row, watched_at) SELECT id, 0 FROM orders WHERE id = ?1 AND fate = 'cancelled' AND sound
         ON CONFLICT DO UPDATE SET watched_at = 0",
    )?
    .execute([row])
    .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::holds;
    use super::*;
    use crate::model::OrderId;
    use crate::store::journal::{Effect, State};

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp_millis(1_790_000_000_000 + seconds * 1_000).unwrap()
    }

    /// A state file with these orders: status on the channel, ERP id and status, fate, open.
    fn store(orders: &[(&str, Option<&str>, &str, &str, bool)]) -> (tempfile::TempDir, Store, ChannelName) {
        let folder = tempfile::tempdir().unwrap();
        let (store, loja) = (Store::open(&folder.path().join("vaivem.db")).unwrap(), ChannelName::new("loja"));
        for (n, (status, erp, erp_status, fate, open)) in orders.iter().enumerate() {
            let row = store.order_or_new(&loja, &OrderId::new(format!("{n}-01")), at(0)).unwrap().row;
            let set = "UPDATE orders SET status = ?2, erp_id = ?3, erp_status = ?4, fate = ?5, open = ?6, fate_at = ?7 WHERE id = ?1";
            store.connection.execute(set, params![row, status, erp, erp_status, fate, open, millis(at(0))]).unwrap();
        }
        (folder, store, loja)
    }

    fn numbers(rows: rusqlite::Result<Vec<OrderRow>>) -> Vec<i64> {
        rows.unwrap().iter().map(|row| row.row).collect()
    }

    #[test]
    fn only_what_may_have_to_be_cancelled_is_looked_at() {
        let (_folder, store, loja) = store(&[
            ("awaiting_payment", Some("1"), "awaiting_payment", "imported", true),
            ("awaiting_payment", Some("2"), "paid", "imported", true),
            ("paid", Some("3"), "awaiting_payment", "imported", true),
            ("paid", Some("4"), "cancelled", "imported", true),
            ("cancelled", Some("5"), "cancelled", "cancelled", false),
            ("awaiting_payment", None, "", "waiting", true),
            ("awaiting_payment", Some("7"), "awaiting_payment", "imported", false),
            ("cancelled", Some("8"), "cancelled", "cancelled", false),
        ]);
        assert_eq!(numbers(store.to_cancel(&loja, false, 0, 9)), [1, 4]);
        assert_eq!(numbers(store.to_cancel(&loja, true, 0, 9)), [1, 4, 6]);
        assert_eq!(numbers(store.to_cancel(&loja, true, 1, 1)), [4]);
        assert_eq!(numbers(store.to_cancel(&ChannelName::new("outra"), true, 0, 9)), Vec::<i64>::new());
        assert_eq!((store.open_orders(&loja, false).unwrap(), store.open_orders(&loja, true).unwrap()), (4, 5));
        // A cancellation of which nothing is known is looked at whatever became of the order; any other effect is not.
        let effect = |order, action| Effect { channel: &loja, order, action, of: "" };
        store.note_intention(&effect(8, CANCEL_ON_CHANNEL), at(1)).unwrap();
        store.note_intention(&effect(5, "cancel_order"), at(1)).unwrap();
        assert_eq!(numbers(store.to_cancel(&loja, false, 0, 9)), [1, 4, 8]);
        assert!(store.cancel_notes(8).unwrap().unsettled && !store.cancel_notes(5).unwrap().unsettled);
        store.settle(&effect(8, CANCEL_ON_CHANNEL), State::Done, "found done", at(2)).unwrap();
        assert_eq!(numbers(store.to_cancel(&loja, false, 0, 9)), [1, 4]);
    }

    #[test]
    fn every_open_hold_of_an_order_is_told() {
        let (_folder, store, _) = store(&[("awaiting_payment", Some("1"), "awaiting_payment", "imported", true)]);
        let hold = |pass, reason: &Reason| store.write(|tx| holds::hold_in(tx, 1, pass, reason, at(1))).unwrap();
        hold("", &Reason::NotOnChannel);
        hold("push-invoices", &Reason::CancelledAfterInvoice);
        hold("push-tracking", &Reason::StatusUnknown { raw: "?".into() });
        assert_eq!(store.cancel_notes(1).unwrap().holds.len(), 3);
        store.write(|tx| holds::release_in(tx, 1, "push-tracking", "gone", at(2))).unwrap();
        assert_eq!(store.cancel_notes(1).unwrap().holds, [Reason::NotOnChannel, Reason::CancelledAfterInvoice]);
    }

    #[test]
    fn what_is_heard_of_the_erp_and_how_far_is_one_transaction() {
        let (_folder, store, loja) =
            store(&[("paid", Some("1"), "paid", "imported", true), ("paid", Some("2"), "paid", "imported", true)]);
        let unknown = [ErpOrderId::new("2"), ErpOrderId::new("99")];
        for _ in 0..2 {
            store.hear_cancelled_in_erp(&loja, &unknown, ("erp", 41), at(1)).unwrap();
        }
        assert_eq!(numbers(store.to_cancel(&loja, false, 0, 9)), [2]);
        assert_eq!(store.cursor(&loja, "erp").unwrap().map(|at| at.timestamp_millis()), Some(41));
    }

    #[test]
    fn the_first_announcement_counts_until_it_is_withdrawn() {
        let (_folder, store, _) = store(&[("awaiting_payment", Some("1"), "awaiting_payment", "imported", true)]);
        let announced = || store.cancel_notes(1).unwrap().announced_at;
        assert_eq!(announced(), None);
        store.announce_cancel(1, &Reason::CancelledInErp, at(5)).unwrap();
        store.announce_cancel(1, &Reason::CancelledInErp, at(9)).unwrap();
        assert_eq!(announced(), Some(at(5)));
        // Set down by a clock that was ahead.
        store.announce_cancel(1, &Reason::CancelledInErp, at(4)).unwrap();
        assert_eq!(announced(), Some(at(4)));
        store.withdraw_cancel(1).unwrap();
        assert_eq!(announced(), None);
        store.announce_cancel(1, &Reason::CancelledInErp, at(9)).unwrap();
        assert_eq!(announced(), Some(at(9)));
    }

    #[test]
    fn cancelled_orders_are_watched_for_a_span_and_now_and_then() {
        let (_folder, store, loja) = store(&[
            ("cancelled", Some("1"), "cancelled", "cancelled", false),
            ("cancelled", None, "", "cancelled", false),
            ("paid", Some("3"), "paid", "imported", true),
            ("cancelled", None, "", "cancelled", false),
        ]);
        // Never in the ERP, but once announced by us.
        store.announce_cancel(4, &Reason::CancelledInErp, at(0)).unwrap();
        let watch = |since, before| numbers(store.to_watch(&loja, (at(since), at(before), at(99)), 0, 9));
        assert_eq!(watch(-9, 0), [1, 4]);
        assert_eq!(watch(-9, -1), Vec::<i64>::new(), "not yet");
        assert_eq!(watch(1, 9), Vec::<i64>::new(), "too long ago");
        store.watched(1, at(5)).unwrap();
        assert_eq!(watch(-9, 4), [4]);
        assert_eq!(watch(-9, 5), [1, 4]);
        store.watched(1, at(9_000)).unwrap();
        assert_eq!(watch(-9, 5), [1, 4], "looked at by a clock that was ahead");
    }
}
