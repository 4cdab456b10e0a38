//! Products of a channel that are made of others there: it works out their stock by itself, and is never told any.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::{Store, holds};
use crate::model::{ChannelName, ChannelSku, Instant, Line, Sku};

pub(super) const V6: &str = "
-- What a channel names as a kit, by its own code: in a line of an order, or in a reading of its stock.
CREATE TABLE kits (
    channel TEXT NOT NULL,
    channel_sku TEXT NOT NULL,
    PRIMARY KEY (channel, channel_sku)
) STRICT, WITHOUT ROWID;
";

const INSERT: &str = "INSERT OR IGNORE INTO kits (channel, channel_sku) VALUES (?1, ?2)";

/// Notes the kits that an order's lines come from.
pub(super) fn record(tx: &Connection, channel: &ChannelName, lines: &[Line]) -> rusqlite::Result<()> {
    for kit in lines.iter().filter_map(|line| line.kit.as_ref()) {
        tx.prepare_cached(INSERT)?.execute(params![channel.as_str(), kit.as_str()])?;
    }
    Ok(())
}

impl Store {
    /// The channel's kits.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn kits(&self, channel: &ChannelName) -> rusqlite::Result<BTreeSet<ChannelSku>> {
        self.connection
            .prepare_cached("SELECT channel_sku FROM kits WHERE channel = ?1")?
            .query_map([channel.as_str()], |row| row.get(0).map(|sku: String| ChannelSku::new(sku)))?
            .collect()
    }

    /// Notes that a product of the channel is a kit.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn note_kit(&self, channel: &ChannelName, kit: &ChannelSku) -> rusqlite::Result<()> {
        self.write(|tx| tx.execute(INSERT, params![channel.as_str(), kit.as_str()]).map(|_| ()))
    }

    /// Notes that a product of the channel is no kit, or none any more.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn forget_kit(&self, channel: &ChannelName, kit: &ChannelSku) -> rusqlite::Result<()> {
        let forget = "DELETE FROM kits WHERE channel = ?1 AND channel_sku = ?2";
        self.write(|tx| tx.execute(forget, params![channel.as_str(), kit.as_str()]).map(|_| ()))
    }

    /// Forgets what the channel was told of these products, and is to be told, and releases their holds. Gives those of which it
    /// was told a number.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn leave_products<'a>(
        &self,
        channel: &ChannelName,
        skus: impl Iterator<Item = &'a Sku>,
        now: Instant,
    ) -> rusqlite::Result<BTreeSet<Sku>> {
        self.write(|tx| {
            let mut told = BTreeSet::new();
            for sku in skus {
                let left: Vec<Option<i64>> = tx
                    .prepare_cached("DELETE FROM stock WHERE channel = ?1 AND sku = ?2 RETURNING pushed")?
                    .query_map(params![channel.as_str(), sku.as_str()], |row| row.get(0))?
                    .collect::<rusqlite::Result<_>>()?;
                if left.iter().any(Option::is_some) {
                    told.insert(sku.clone());
                }
                holds::release_sku(tx, channel, sku, holds::UNTOLD, now)?;
            }
            Ok(told)
        })
    }
}
