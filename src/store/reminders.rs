//! What a quiet run has told already: of the same thing it tells once, and then once a day, so that cron mails news and no echo.

use rusqlite::{Connection, params};

use super::{Store, millis};
use crate::model::{ChannelName, Instant, Sku};

/// How often the same thing is told again, in milliseconds.
const EVERY: i64 = 24 * 3_600 * 1_000;

/// Migration: when each thing was told.
pub(super) const V5: &str = "
ALTER TABLE holds ADD COLUMN told_at INTEGER;
CREATE TABLE told (
    what TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Each says whether to tell now, and counts it as told.
///
/// # Errors
/// When the state file cannot be written.
impl Store {
    /// Of a pass's open hold of an order.
    pub fn remind_of_hold(&self, order: i64, pass: &str, now: Instant) -> rusqlite::Result<bool> {
        self.write(|tx| {
            tx.prepare_cached(
                "UPDATE holds SET told_at = ?3 WHERE order_row = ?1 AND pass = ?2 AND released_at IS NULL
                     AND (told_at IS NULL OR told_at <= ?3 - ?4 OR told_at > ?3)",
            )?
            .execute(params![order, pass, millis(now), EVERY])
            .map(|told| told > 0)
        })
    }

    /// Of the open hold of a product.
    pub fn remind_of_sku_hold(&self, channel: &ChannelName, sku: &Sku, now: Instant) -> rusqlite::Result<bool> {
        self.write(|tx| {
            tx.prepare_cached(
                "UPDATE holds SET told_at = ?3 WHERE channel = ?1 AND sku = ?2 AND released_at IS NULL
                     AND (told_at IS NULL OR told_at <= ?3 - ?4 OR told_at > ?3)",
            )?
            .execute(params![channel.as_str(), sku.as_str(), millis(now), EVERY])
            .map(|told| told > 0)
        })
    }

    /// Of how a run ended. One that ends in another way begins anew.
    pub fn remind_of_end(&self, pass: &str, channel: &ChannelName, exit: &str, now: Instant) -> rusqlite::Result<bool> {
        let place = format!("end of {pass} {channel}: ");
        let what = format!("{place}{exit}");
        self.write(|tx| {
            tx.prepare_cached("DELETE FROM told WHERE substr(what, 1, length(?1)) = ?1 AND what <> ?2")?
                .execute([&place, &what])?;
            told(tx, &what, now)
        })
    }

    /// Of anything else, by its own words.
    pub fn remind(&self, what: &str, now: Instant) -> rusqlite::Result<bool> {
        self.write(|tx| {
            // What was told of single orders is of no use later.
            tx.prepare_cached("DELETE FROM told WHERE at <= ?1 - 7 * ?2")?.execute([millis(now), EVERY])?;
            told(tx, what, now)
        })
    }
}

fn told(tx: &Connection, what: &str, now: Instant) -> rusqlite::Result<bool> {
    tx.prepare_cached(
        "INSERT INTO told (what, at) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET at = excluded.at WHERE at <= excluded.at - ?3 OR at > excluded.at",
    )?
    .execute(params![what, millis(now), EVERY])
    .map(|told| told > 0)
}

#[cfg(test)]
mod tests {
    use super::super::holds;
    use super::*;
    use crate::model::OrderId;
    use crate::reason::Reason;

    fn at(hours: i64) -> Instant {
        Instant::from_timestamp_millis(1_790_000_000_000 + hours * 3_600_000).unwrap()
    }

    fn store() -> (tempfile::TempDir, Store, ChannelName) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("vaivem.db")).unwrap();
        (folder, store, ChannelName::new("loja"))
    }

    #[test]
    fn a_hold_is_told_once_and_then_once_a_day() {
        let (_folder, store, loja) = store();
        let row = store.order_or_new(&loja, &OrderId::new("1-01"), at(0)).unwrap().row;
        let hold = |pass| store.write(|tx| holds::hold_in(tx, row, pass, &Reason::NotOnChannel, at(0))).unwrap();
        hold("");
        hold("push-invoices");
        let due = |pass, hours| store.remind_of_hold(row, pass, at(hours)).unwrap();
        assert_eq!([due("", 0), due("", 1), due("", 23), due("", 24), due("", 25)], [true, false, false, true, false]);
        assert!(due("push-invoices", 1), "another pass's hold is another");
        // Released and held again: that is news.
        store.write(|tx| holds::release_in(tx, row, "", "gone", at(26))).unwrap();
        assert!(!due("", 26));
        hold("");
        assert!(due("", 27));
    }

    #[test]
    fn a_products_hold_is_told_like_an_orders() {
        let (_folder, store, loja) = store();
        let sku = Sku::new("CANECA");
        store.hold_sku(&loja, &sku, &Reason::SkuNotOnChannel, at(0)).unwrap();
        let due = |hours| store.remind_of_sku_hold(&loja, &sku, at(hours)).unwrap();
        assert_eq!([due(0), due(23), due(24)], [true, false, true]);
    }

    #[test]
    fn an_end_is_told_again_when_another_came_between() {
        let (_folder, store, loja) = store();
        let due = |exit, hours| store.remind_of_end("push-stock", &loja, exit, at(hours)).unwrap();
        assert_eq!([due("unavailable", 0), due("unavailable", 1), due("unavailable", 24)], [true, false, true]);
        assert!(due("done", 25) && due("unavailable", 26));
        assert!(store.remind_of_end("import-orders", &loja, "unavailable", at(26)).unwrap());
        // A clock that was ahead silences nothing.
        assert!(due("config", 99) && due("config", 50));
    }
}
