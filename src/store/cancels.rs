//! What auto-cancel remembers: which orders it announced, which were cancelled in the ERP, which are watched for a late payment.

use chrono::NaiveDate;
use rusqlite::{OptionalExtension, params};

use super::orders::{COLUMNS, OrderRow, from_row, note};
use super::{Store, instant, millis};
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
    /// What holds it.
    pub hold: Option<Reason>,
    /// A cancellation was sent to the channel, and what became of it is not known.
    pub unsettled: bool,
    /// Since when it has the fate it has.
    pub fate_at: Option<Instant>,
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
                let marked: Option<i64> = tx
                    .prepare_cached(
                        "UPDATE orders SET erp_status = 'cancelled'
                         WHERE channel = ?1 AND erp_id = ?2 AND erp_status IS NOT 'cancelled' RETURNING id",
                    )?
                    .query_row(params![channel.as_str(), id.as_str()], |row| row.get(0))
                    .optional()?;
                if let Some(row) = marked {
                    note(tx, row, now, "heard", "cancelled (ERP)")?;
                }
            }
            super::cursors::set(tx, channel, cursor, instant(seq))
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
                     SELECT id FROM orders INDEXED BY orders_open WHERE channel = ?1 AND open = 1 AND id > ?2 AND (
                         erp_id IS NOT NULL AND status = 'awaiting_payment' AND erp_status = 'awaiting_payment'
                         OR erp_id IS NOT NULL AND erp_status = 'cancelled' AND status <> 'cancelled'
                         OR ?3 AND erp_id IS NULL AND fate = 'waiting' AND status = 'awaiting_payment')
                     UNION SELECT order_row FROM journal INDEXED BY journal_unsettled
                     WHERE channel = ?1 AND order_row > ?2 AND state IN ('intended', 'unknown') AND action = ?5)
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
                "SELECT o.method, o.due_date, o.erp_status IS 'cancelled', c.announced_at, h.reason,
                     EXISTS (SELECT 1 FROM journal j INDEXED BY journal_unsettled WHERE j.channel = o.channel
                         AND j.order_row = o.id AND j.action = ?2 AND j.state IN ('intended', 'unknown')),
                     o.fate_at
                 FROM orders o
                 LEFT JOIN cancellations c ON c.order_row = o.id
                 LEFT JOIN holds h ON h.order_row = o.id AND h.released_at IS NULL
                 WHERE o.id = ?1",
            )?
            .query_row(params![row, CANCEL_ON_CHANNEL], |found| {
                let text = |at: usize| found.get::<_, Option<String>>(at);
                Ok(CancelNotes {
                    method: text(0)?.map(|code| PaymentMethod::from_code(&code)),
                    due: text(1)?.and_then(|date| date.parse().ok()),
                    cancelled_in_erp: found.get(2)?,
                    announced_at: found.get::<_, Option<i64>>(3)?.map(instant),
                    // A hold that this version cannot read is a hold all the same.
                    hold: text(4)?.map(|json| {
                        serde_json::from_str(&json).unwrap_or_else(|_| Reason::StatusUnknown { raw: json })
                    }),
                    unsettled: found.get(5)?,
                    fate_at: found.get::<_, Option<i64>>(6)?.map(instant),
                })
            })
    }

    /// What holds an order, if anything does.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn open_hold(&self, row: i64) -> rusqlite::Result<Option<Reason>> {
        Ok(self.cancel_notes(row)?.hold)
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

    /// How many of a channel's orders are in the ERP and open: what the brake's share is a share of.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn open_orders(&self, channel: &ChannelName) -> rusqlite::Result<usize> {
        self.connection
            .prepare_cached(
                "SELECT count(*) FROM orders INDEXED BY orders_open WHERE channel = ?1 AND open = 1 AND erp_id IS NOT NULL",
            )?
            .query_row([channel.as_str()], |row| row.get::<_, u32>(0))
            .map(|count| usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// The next cancelled orders after row `after` to look at for a late payment, at most `limit`: cancelled since `since`, in the
    /// ERP or by us, and not looked at since `looked_before`.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn to_watch(
        &self,
        channel: &ChannelName,
        (since, looked_before): (Instant, Instant),
        after: i64,
        limit: usize,
    ) -> rusqlite::Result<Vec<OrderRow>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM orders INDEXED BY orders_cancelled
                 WHERE channel = ?1 AND fate = 'cancelled' AND fate_at >= ?2 AND id > ?4
                     AND coalesce((SELECT watched_at FROM cancellations c WHERE c.order_row = orders.id), fate_at) <= ?3
                     AND (erp_id IS NOT NULL OR EXISTS (SELECT 1 FROM cancellations c WHERE c.order_row = orders.id))
                 ORDER BY id LIMIT ?5"
            ))?
            .query_map(
                params![
                    channel.as_str(),
                    millis(since),
                    millis(looked_before),
                    after,
                    i64::try_from(limit).unwrap_or(i64::MAX)
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
}
