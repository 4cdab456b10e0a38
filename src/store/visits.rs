//! Which orders a pass visits, and in which order.

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

const HELD: &str =
    "EXISTS (SELECT 1 FROM holds h WHERE h.order_row = orders.id AND h.pass = '' AND h.released_at IS NULL)";

impl Store {
    /// The rows of the orders to visit: first those with news or without a fate, then those read longest ago, so that runs that
    /// end early come round to all of them. Only numbers, so that even a large backlog is small.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn to_visit(&self, channel: &ChannelName, visit: Visit) -> rusqlite::Result<Vec<i64>> {
        let (condition, first, second) = match visit {
            Visit::ToImport { reread_before } => (
                format!(
                    "erp_id IS NULL AND (heard <> visited OR fate IS NULL OR fate = 'held' OR {HELD}
                         OR (fate = 'waiting' AND coalesce(read_at, 0) <= min(?2, ?3)))
                     OR erp_id IS NOT NULL AND taken_over_at IS NULL AND status = 'paid' AND fate = 'imported'"
                ),
                reread_before,
                reread_before,
            ),
            Visit::ToFollow { unpaid_before, paid_before } => (
                format!(
                    "erp_id IS NOT NULL AND (heard <> visited OR {HELD}
                         OR coalesce(read_at, 0) <= CASE
                             WHEN status = 'paid' AND erp_status NOT IN ('awaiting_payment', 'payment_under_review') THEN ?3
                             ELSE ?2 END)"
                ),
                unpaid_before,
                paid_before,
            ),
        };
        self.connection
            .prepare_cached(&format!(
                "SELECT id FROM orders INDEXED BY orders_open WHERE channel = ?1 AND open = 1 AND ({condition})
                 ORDER BY heard = visited AND fate IS NOT NULL, coalesce(read_at, 0), id"
            ))?
            .query_map(params![channel.as_str(), millis(first), millis(second)], |row| row.get(0))?
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
