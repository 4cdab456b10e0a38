//! How far a channel's list has been swept.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, instant, millis, orders};
use crate::model::{ChannelName, Instant, calendar};

/// Orders created up to it were listed. A wide sweep sets it back first, so that a run that is cut short leaves the rest to the
/// next.
pub const LIST: &str = "list";

/// When the last wide sweep began; absent when one is due.
pub const LIST_WIDE: &str = "list-wide";

/// The cut-off date that the last sweep went by.
pub const LIST_CUTOFF: &str = "list-cutoff";

/// When the last sync-payments began that followed every order of the channel to its end.
pub const PAYMENTS_SYNCED: &str = "payments_synced";

/// Up to where the ERP's changes were heard; its value is the ERP's own count.
pub const ERP_HEARD: &str = "erp_changes";

/// What in the configuration the stock's numbers were last worked out by: no instant but a mark.
pub const STOCK_TERMS: &str = "stock-terms";

impl Store {
    /// The cursor, if it was ever set.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn cursor(&self, channel: &ChannelName, name: &str) -> rusqlite::Result<Option<Instant>> {
        self.connection
            .prepare_cached("SELECT at FROM cursors WHERE channel = ?1 AND name = ?2")?
            .query_row(params![channel.as_str(), name], |row| row.get(0).map(instant))
            .optional()
    }

    /// Sets the cursor. Called only after everything up to it is stored.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn set_cursor(&self, channel: &ChannelName, name: &str, at: Instant) -> rusqlite::Result<()> {
        self.write(|tx| set(tx, channel, name, at))
    }

    /// Forgets the cursor.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn clear_cursor(&self, channel: &ChannelName, name: &str) -> rusqlite::Result<()> {
        self.write(|tx| clear(tx, channel, name))
    }

    /// Sets the cut-off date back: the list is to be swept from there, and orders that were skipped because they are older than
    /// the cut-off was, and not older than it is, are visited again. Gives how many.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn reopen_since(&self, channel: &ChannelName, cutoff: Instant, now: Instant) -> rusqlite::Result<usize> {
        self.write(|tx| {
            let skipped: Vec<i64> = tx
                .prepare(
                    "SELECT id FROM orders WHERE channel = ?1 AND fate = 'skipped' AND created_at >= ?2
                         AND fate_why ->> 'code' = 'before_cutoff'",
                )?
                .query_map(params![channel.as_str(), millis(cutoff)], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let why = format!("the cut-off date is now {}", calendar::local_date(cutoff));
            for row in &skipped {
                orders::note(tx, *row, now, "reopened", &why)?;
                tx.prepare_cached("UPDATE orders SET open = 1, heard = heard + 1 WHERE id = ?1 AND sound")?
                    .execute([row])?;
            }
            clear(tx, channel, LIST)?;
            set(tx, channel, LIST_CUTOFF, cutoff)?;
            Ok(skipped.len())
        })
    }
}

fn clear(tx: &Connection, channel: &ChannelName, name: &str) -> rusqlite::Result<()> {
    tx.execute("DELETE FROM cursors WHERE channel = ?1 AND name = ?2", params![channel.as_str(), name]).map(|_| ())
}

/// As [`Store::set_cursor`], inside a transaction that also stores what the cursor stands for.
pub(super) fn set(tx: &Connection, channel: &ChannelName, name: &str, at: Instant) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO cursors (channel, name, at) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET at = excluded.at",
        params![channel.as_str(), name, millis(at)],
    )
    .map(|_| ())
}
