//! What each pass did, for people and monitoring.

use rusqlite::params;

use super::{Store, millis};
use crate::model::{ChannelName, Instant};

impl Store {
    /// Notes that a pass begins; gives the run's row.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn begin_run(&self, pass: &str, channel: &ChannelName, now: Instant) -> rusqlite::Result<i64> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO runs (pass, channel, pid, started_at) VALUES (?1, ?2, ?3, ?4)",
                params![pass, channel.as_str(), std::process::id(), millis(now)],
            )?;
            Ok(tx.last_insert_rowid())
        })
    }

    /// Notes how it ended.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn end_run(&self, run: i64, exit: &str, counts: &str, now: Instant) -> rusqlite::Result<()> {
        self.write(|tx| {
            tx.execute(
                "UPDATE runs SET ended_at = ?2, exit = ?3, counts = ?4 WHERE id = ?1",
                params![run, millis(now), exit, counts],
            )
            .map(|_| ())
        })
    }
}
