//! How far a channel's list has been swept.

use rusqlite::{OptionalExtension, Transaction, params};

use super::{Store, instant, millis};
use crate::model::{ChannelName, Instant};

/// When the last sync-payments began that followed every order of the channel to its end.
pub const PAYMENTS_SYNCED: &str = "payments_synced";

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
}

/// As [`Store::set_cursor`], inside a transaction that also stores what the cursor stands for.
pub(super) fn set(tx: &Transaction<'_>, channel: &ChannelName, name: &str, at: Instant) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO cursors (channel, name, at) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET at = excluded.at",
        params![channel.as_str(), name, millis(at)],
    )
    .map(|_| ())
}
