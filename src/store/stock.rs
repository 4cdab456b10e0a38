//! What each channel was last told of each product's stock, what it should be told, and which of the two differ.
//!
//! Finding what differs costs what differs, however large the catalogue: the index [`stock_dirty`](V2) holds nothing else, and
//! equal numbers write nothing.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::journal::{self, State};
use super::{Store, instant, millis};
use crate::model::{ChannelName, ChannelSku, Instant, Sku, StockParts, WarehouseId};

/// The tables of push-stock. No personal data: ids, units, instants.
pub(super) const V2: &str = "
-- When an order was last read on its channel and not handed over yet.
ALTER TABLE orders ADD COLUMN untaken_at INTEGER;
-- Sold, and not in the ERP yet.
CREATE INDEX orders_in_flight ON orders (channel, id) WHERE erp_id IS NULL AND (fate IS NULL OR fate IN ('waiting', 'held'));

-- What was bought, as of the last reading. `sku` is the ERP code the channel itself carries for it.
CREATE TABLE order_lines (
    order_row INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    channel_sku TEXT NOT NULL,
    sku TEXT,
    warehouse TEXT,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (order_row, position)
) STRICT, WITHOUT ROWID;

-- Orders whose part in the stock may have changed, in the order they did; each channel remembers how far it went. By trigger,
-- so that no pass can forget it.
CREATE TABLE stock_news (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    order_row INTEGER NOT NULL UNIQUE REFERENCES orders (id) ON DELETE CASCADE
) STRICT;
CREATE TRIGGER orders_move_stock AFTER UPDATE OF erp_id, erp_status, fate, status, taken_over_at ON orders
WHEN old.erp_id IS NOT new.erp_id OR old.erp_status IS NOT new.erp_status OR old.fate IS NOT new.fate
    OR old.status IS NOT new.status OR old.taken_over_at IS NOT new.taken_over_at
BEGIN
    INSERT OR REPLACE INTO stock_news (order_row) VALUES (new.id);
END;
CREATE TRIGGER order_lines_move_stock AFTER INSERT ON order_lines
BEGIN
    INSERT OR REPLACE INTO stock_news (order_row) VALUES (new.order_row);
END;

-- How far a channel's numbers go: the ERP's changes and the news above are dealt with up to here.
CREATE TABLE stock_cursors (
    channel TEXT PRIMARY KEY,
    erp_seq INTEGER NOT NULL,
    news_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The channel's id for an ERP code; NULL when it has none. A cache: the configuration's own table comes first.
CREATE TABLE channel_skus (
    channel TEXT NOT NULL,
    sku TEXT NOT NULL,
    channel_sku TEXT,
    looked_up_at INTEGER NOT NULL,
    PRIMARY KEY (channel, sku)
) STRICT, WITHOUT ROWID;
CREATE INDEX channel_skus_missing ON channel_skus (channel, looked_up_at) WHERE channel_sku IS NULL;
CREATE INDEX channel_skus_by_id ON channel_skus (channel, channel_sku) WHERE channel_sku IS NOT NULL;

CREATE TABLE stock (
    channel TEXT NOT NULL,
    sku TEXT NOT NULL,
    -- The channel's warehouse.
    warehouse TEXT NOT NULL,
    channel_sku TEXT,
    want INTEGER NOT NULL,
    want_why TEXT NOT NULL,
    erp_read_at INTEGER NOT NULL,
    -- The last number the channel confirmed.
    pushed INTEGER,
    pushed_at INTEGER,
    -- 1 when the number must be sent even if it is the same.
    resend INTEGER NOT NULL DEFAULT 0,
    -- When time alone may change the number.
    recheck_at INTEGER,
    PRIMARY KEY (channel, sku, warehouse)
) STRICT, WITHOUT ROWID;
CREATE INDEX stock_dirty ON stock (channel, sku, warehouse)
    WHERE (pushed IS NOT want OR resend = 1) AND channel_sku IS NOT NULL;
CREATE INDEX stock_recheck ON stock (channel, recheck_at) WHERE recheck_at IS NOT NULL;
";

/// Migration: an order read for the first time has no part in the stock but by its lines, which tell of it themselves; a row is replaced
/// by two steps; and whether an order is there is asked when all is committed. The triggers went with
/// [another migration](super::standing::V18).
pub(super) const V16: &str = "
DROP TRIGGER orders_move_stock;
DROP TRIGGER order_lines_move_stock;
CREATE TABLE lines_anew (
    order_row INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    position INTEGER NOT NULL,
    channel_sku TEXT NOT NULL,
    sku TEXT,
    warehouse TEXT,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (order_row, position)
) STRICT, WITHOUT ROWID;
INSERT INTO lines_anew SELECT order_row, position, channel_sku, sku, warehouse, quantity FROM order_lines;
DROP TABLE order_lines;
ALTER TABLE lines_anew RENAME TO order_lines;
CREATE TABLE news_anew (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    order_row INTEGER NOT NULL UNIQUE REFERENCES orders (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
) STRICT;
INSERT INTO news_anew SELECT seq, order_row FROM stock_news;
-- A number that was given is not given again, though its row is gone.
DELETE FROM sqlite_sequence WHERE name = 'news_anew';
UPDATE sqlite_sequence SET name = 'news_anew' WHERE name = 'stock_news';
DROP TABLE stock_news;
ALTER TABLE news_anew RENAME TO stock_news;
CREATE TRIGGER orders_move_stock AFTER UPDATE OF erp_id, erp_status, fate, status, taken_over_at ON orders
WHEN old.erp_id IS NOT new.erp_id OR old.erp_status IS NOT new.erp_status OR old.fate IS NOT new.fate
    OR old.status IS NOT new.status AND old.status IS NOT NULL OR old.taken_over_at IS NOT new.taken_over_at
BEGIN
    DELETE FROM stock_news WHERE order_row = new.id;
    INSERT INTO stock_news (order_row) VALUES (new.id);
END;
CREATE TRIGGER order_lines_move_stock AFTER INSERT ON order_lines
BEGIN
    DELETE FROM stock_news WHERE order_row = new.order_row;
    INSERT INTO stock_news (order_row) VALUES (new.order_row);
END;
";

/// What the index `stock_dirty` holds, word for word.
pub(super) const DIRTY: &str = "(pushed IS NOT want OR resend = 1) AND channel_sku IS NOT NULL";

/// Whether the channel has yet to take a number of a product, in any of its warehouses.
pub(super) fn is_any_dirty(connection: &Connection, channel: &ChannelName, sku: &Sku) -> rusqlite::Result<bool> {
    let query = format!(
        "SELECT EXISTS (SELECT 1 FROM stock INDEXED BY stock_dirty WHERE channel = ?1 AND sku = ?2 AND {DIRTY})"
    );
    connection.prepare_cached(&query)?.query_row(params![channel.as_str(), sku.as_str()], |row| row.get(0))
}

/// How far a channel's numbers go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StockCursor {
    /// The ERP's changes up to this one.
    pub erp_seq: i64,
    /// The orders' changes up to this one.
    pub news_seq: i64,
}

/// A product in one of the channel's warehouses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockRow {
    /// The ERP's code.
    pub sku: Sku,
    /// The channel's warehouse.
    pub warehouse: WarehouseId,
    /// The channel's id; `None` when it does not have the product.
    pub channel_sku: Option<ChannelSku>,
    /// The number it should have.
    pub want: i64,
    /// What it last confirmed, and when.
    pub pushed: Option<(i64, Instant)>,
    /// The number must be sent even if it is the same.
    pub resend: bool,
    /// When time alone may change it.
    pub recheck_at: Option<Instant>,
}

impl StockRow {
    /// Whether the channel has to be told, and can be.
    pub fn is_dirty(&self) -> bool {
        (self.pushed.is_none_or(|(pushed, _)| pushed != self.want) || self.resend) && self.channel_sku.is_some()
    }

    /// Whether it says of the number what the other does, but for whether it must be sent.
    fn says(&self, want: &Want) -> bool {
        self.want == want.quantity && self.channel_sku == want.channel_sku && self.recheck_at == want.recheck_at
    }
}

/// A number for a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// The ERP's code.
    pub sku: Sku,
    /// The channel's warehouse.
    pub warehouse: WarehouseId,
    /// The channel's id, if it has the product.
    pub channel_sku: Option<ChannelSku>,
    /// The number.
    pub quantity: i64,
    /// What it is made of.
    pub parts: StockParts,
    /// Send it even if it is the same.
    pub resend: bool,
    /// When time alone may change it.
    pub recheck_at: Option<Instant>,
}

/// What a channel has confirmed, all in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StockTotals {
    /// Products and warehouses with a confirmed number.
    pub known: i64,
    /// Those of them with stock.
    pub in_stock: i64,
    /// Units.
    pub units: i64,
}

/// A warehouse of the channel that is not pushed to any more, and what it was told of it last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The channel's warehouse.
    pub warehouse: WarehouseId,
    /// Products that have stock there.
    pub products: i64,
    /// Units.
    pub units: i64,
}

/// The channel's id for a product, as it was last looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookedUp {
    /// The id; `None` when the channel did not have the product.
    pub channel_sku: Option<ChannelSku>,
    /// When.
    pub at: Instant,
}

const COLUMNS: &str = "sku, warehouse, channel_sku, want, pushed, pushed_at, resend, recheck_at, sound";

fn from_row(row: &Row<'_>) -> rusqlite::Result<StockRow> {
    let pushed: Option<i64> = row.get(4)?;
    let pushed_at: Option<i64> = row.get(5)?;
    Ok(StockRow {
        sku: Sku::new(row.get::<_, String>(0)?),
        warehouse: WarehouseId::new(row.get::<_, String>(1)?),
        channel_sku: row.get::<_, Option<String>>(2)?.map(ChannelSku::new),
        want: row.get(3)?,
        pushed: pushed.zip(pushed_at).map(|(quantity, at)| (quantity, instant(at))),
        resend: row.get(6)?,
        recheck_at: row.get::<_, Option<i64>>(7)?.map(instant),
    })
}

fn sku_from_row(row: &Row<'_>) -> rusqlite::Result<Sku> {
    Ok(Sku::new(row.get::<_, String>(0)?))
}

/// A limit.
fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A list for `json_each`.
fn list(skus: &[Sku]) -> String {
    serde_json::to_string(skus).unwrap_or_else(|_| "[]".into())
}

/// What is in the state file of a channel's stock.
impl Store {
    /// How far the channel's numbers go; `None` before its first push.
    ///
    /// # Errors
    /// When the state file cannot be read; so are those of all methods here, or that it cannot be written.
    pub fn stock_cursor(&self, channel: &ChannelName) -> rusqlite::Result<Option<StockCursor>> {
        self.connection
            .prepare_cached("SELECT erp_seq, news_seq FROM stock_cursors WHERE channel = ?1")?
            .query_row([channel.as_str()], |row| Ok(StockCursor { erp_seq: row.get(0)?, news_seq: row.get(1)? }))
            .optional()
    }

    /// Notes that the number of a product may have changed, and when the channel lets go of what it has reserved of it: the latest
    /// instant that was noted counts.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn touch(&self, sku: &Sku, settled_at: Option<Instant>) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO temp.touched (sku, settled_at) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET settled_at = excluded.settled_at
                     WHERE excluded.settled_at > coalesce(settled_at, excluded.settled_at - 1)",
            )?
            .execute(params![sku.as_str(), settled_at.map(millis)])
            .map(|_| ())
    }

    /// Notes the products whose number time alone may have changed by now.
    ///
    /// # Errors
    /// When there is no room for them.
    pub fn touch_due(&self, channel: &ChannelName, now: Instant) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT OR IGNORE INTO temp.touched (sku)
                 SELECT sku FROM stock INDEXED BY stock_recheck WHERE channel = ?1 AND recheck_at <= ?2",
            )?
            .execute(params![channel.as_str(), millis(now)])
            .map(|_| ())
    }

    /// The products whose number may have changed, as noted: at most `limit`, those after the one given.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn touched(&self, after: Option<&Sku>, limit: usize) -> rusqlite::Result<Vec<Sku>> {
        self.connection
            .prepare_cached("SELECT sku FROM temp.touched WHERE sku > ?1 ORDER BY sku LIMIT ?2")?
            .query_map(params![after.map_or("", Sku::as_str), rows(limit)], sku_from_row)?
            .collect()
    }

    /// When the channel lets go of what it has reserved of these products, as far as that was noted.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn settled(&self, skus: &[Sku]) -> rusqlite::Result<BTreeMap<Sku, Instant>> {
        self.connection
            .prepare_cached(
                "SELECT sku, settled_at FROM temp.touched
                 WHERE settled_at IS NOT NULL AND sku IN (SELECT value FROM json_each(?1))",
            )?
            .query_map([list(skus)], |row| Ok((sku_from_row(row)?, instant(row.get(1)?))))?
            .collect()
    }

    /// How many numbers the channel has not confirmed.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn stock_unconfirmed(&self, channel: &ChannelName) -> rusqlite::Result<i64> {
        self.connection
            .prepare_cached(&format!(
                "SELECT count(*) FROM stock INDEXED BY stock_dirty WHERE channel = ?1 AND {DIRTY}"
            ))?
            .query_row([channel.as_str()], |row| row.get(0))
    }

    /// The numbers that the channel has not confirmed, after the given one, at most `limit`.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn stock_dirty(
        &self,
        channel: &ChannelName,
        after: Option<&(Sku, WarehouseId)>,
        limit: usize,
    ) -> rusqlite::Result<Vec<StockRow>> {
        self.stock_page(channel, ("stock INDEXED BY stock_dirty", DIRTY), after, limit)
    }

    /// The numbers that the channel has confirmed, after the given one, at most `limit`.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn stock_confirmed(
        &self,
        channel: &ChannelName,
        after: Option<&(Sku, WarehouseId)>,
        limit: usize,
    ) -> rusqlite::Result<Vec<StockRow>> {
        self.stock_page(channel, ("stock", "pushed IS NOT NULL AND channel_sku IS NOT NULL"), after, limit)
    }

    /// The rows of a channel for which the condition holds, after the given one.
    fn stock_page(
        &self,
        channel: &ChannelName,
        (table, condition): (&str, &str),
        after: Option<&(Sku, WarehouseId)>,
        limit: usize,
    ) -> rusqlite::Result<Vec<StockRow>> {
        let (sku, warehouse) = after.map_or(("", ""), |(sku, warehouse)| (sku.as_str(), warehouse.as_str()));
        self.connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM {table} WHERE channel = ?1 AND (sku, warehouse) > (?2, ?3) AND {condition}
                 ORDER BY sku, warehouse LIMIT ?4"
            ))?
            .query_map(params![channel.as_str(), sku, warehouse, rows(limit)], from_row)?
            .collect()
    }

    /// What is known of these products.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn stock_rows(&self, channel: &ChannelName, skus: &[Sku]) -> rusqlite::Result<Vec<StockRow>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM stock WHERE channel = ?1 AND sku IN (SELECT value FROM json_each(?2))"
            ))?
            .query_map(params![channel.as_str(), list(skus)], from_row)?
            .collect()
    }

    /// Products the channel was ever told of, at most `limit`, those after the given one.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn stock_told(&self, channel: &ChannelName, after: Option<&Sku>, limit: usize) -> rusqlite::Result<Vec<Sku>> {
        self.connection
            .prepare_cached(
                "SELECT DISTINCT sku FROM stock WHERE channel = ?1 AND sku > ?2 AND pushed IS NOT NULL ORDER BY sku LIMIT ?3",
            )?
            .query_map(params![channel.as_str(), after.map_or("", Sku::as_str), rows(limit)], sku_from_row)?
            .collect()
    }

    /// Begins to work out numbers: none was yet, and no product was touched.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn begin_working_out(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch(
            "CREATE TEMP TABLE IF NOT EXISTS worked_out (sku TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
             CREATE TEMP TABLE IF NOT EXISTS touched (sku TEXT PRIMARY KEY, settled_at INTEGER) STRICT, WITHOUT ROWID;
             DELETE FROM temp.worked_out;
             DELETE FROM temp.touched;",
        )
    }

    /// Notes that the numbers of these products are worked out. Gives those for which they were not before: however many there are, it
    /// is not kept in memory.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn to_work_out(&self, skus: Vec<Sku>) -> rusqlite::Result<Vec<Sku>> {
        // Touches nothing that another process waits for.
        self.connection.read(|tx| {
            let mut new = Vec::with_capacity(skus.len());
            let mut insert = tx.prepare_cached("INSERT OR IGNORE INTO temp.worked_out (sku) VALUES (?1)")?;
            for sku in skus {
                if insert.execute([sku.as_str()])? > 0 {
                    new.push(sku);
                }
            }
            Ok(new)
        })
    }

    /// What the channel has confirmed, all in all.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn stock_totals(&self, channel: &ChannelName) -> rusqlite::Result<StockTotals> {
        self.connection
            .prepare_cached(
                "SELECT count(pushed), count(CASE WHEN pushed > 0 THEN 1 END), coalesce(sum(pushed), 0)
                 FROM stock WHERE channel = ?1",
            )?
            .query_row([channel.as_str()], |row| {
                Ok(StockTotals { known: row.get(0)?, in_stock: row.get(1)?, units: row.get(2)? })
            })
    }

    /// Forgets the channel's warehouses but these. Gives those of them that the channel was told stock of.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn leave_warehouses(&self, channel: &ChannelName, places: &[&WarehouseId]) -> rusqlite::Result<Vec<Left>> {
        let places = serde_json::to_string(places).unwrap_or_else(|_| "[]".into());
        let others = "channel = ?1 AND warehouse NOT IN (SELECT value FROM json_each(?2))";
        self.write(|tx| {
            let left = tx
                .prepare(&format!(
                    "SELECT warehouse, count(*), sum(pushed) FROM stock WHERE {others} AND pushed > 0 GROUP BY warehouse"
                ))?
                .query_map(params![channel.as_str(), places], |row| {
                    let warehouse = WarehouseId::new(row.get::<_, String>(0)?);
                    Ok(Left { warehouse, products: row.get(1)?, units: row.get(2)? })
                })?
                .collect::<rusqlite::Result<_>>()?;
            tx.execute(&format!("DELETE FROM stock WHERE {others}"), params![channel.as_str(), places])?;
            Ok(left)
        })
    }

    /// Leaves the channel's stock to others: what it was told is believed no more, and the first push afterwards looks at everything
    /// and sends it anew. Where that is so already it writes nothing.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn leave_stock(&self, channel: &ChannelName) -> rusqlite::Result<()> {
        if self.stock_cursor(channel)?.is_none() {
            return Ok(());
        }
        self.write(|tx| {
            tx.execute("DELETE FROM stock_cursors WHERE channel = ?1", [channel.as_str()])?;
            tx.execute("UPDATE stock SET resend = 1 WHERE channel = ?1 AND sound", [channel.as_str()]).map(|_| ())
        })
    }

    /// Stores the numbers a channel should have, and how far they go. What is equal writes nothing.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn want_stock(
        &self,
        channel: &ChannelName,
        wants: &[Want],
        cursor: Option<StockCursor>,
    ) -> rusqlite::Result<()> {
        self.write(|tx| {
            for want in wants {
                set_want(tx, channel, want)?;
            }
            if let Some(StockCursor { erp_seq, news_seq }) = cursor {
                tx.prepare_cached(
                    "INSERT INTO stock_cursors (channel, erp_seq, news_seq) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET erp_seq = excluded.erp_seq, news_seq = excluded.news_seq",
                )?
                .execute(params![channel.as_str(), erp_seq, news_seq])?;
            }
            Ok(())
        })
    }

    /// Notes that these numbers are about to be sent, on the disk when this returns. Until the channel confirms them it is not known
    /// what it has. Each comes with the row it was made of.
    ///
    /// # Errors
    /// When the state file cannot be written; nothing may be sent then.
    pub async fn intend_stock(
        &self,
        channel: &ChannelName,
        wants: &[(&StockRow, &Want)],
        now: Instant,
    ) -> rusqlite::Result<()> {
        self.write(|tx| {
            for (row, want) in wants {
                if row.says(want) {
                    tx.prepare_cached(
                        "UPDATE stock SET resend = 1 WHERE channel = ?1 AND sku = ?2 AND warehouse = ?3 AND sound",
                    )?
                    .execute(params![
                        channel.as_str(),
                        want.sku.as_str(),
                        want.warehouse.as_str()
                    ])?;
                } else {
                    set_want(tx, channel, &Want { resend: true, ..(*want).clone() })?;
                }
                journal::intended(tx, &journal_key(channel, want), channel, None, "push_stock", now)?;
            }
            Ok(())
        })?;
        self.committed().await
    }

    /// The channel has the number. `added_back` are the rows of the orders whose units are in it: they were not handed over.
    ///
    /// # Errors
    /// When the state file cannot be written; the number is then sent once more.
    pub fn confirm_stock(
        &self,
        channel: &ChannelName,
        want: &Want,
        added_back: &[i64],
        answer: &str,
        now: Instant,
    ) -> rusqlite::Result<()> {
        self.write(|tx| {
            tx.prepare_cached(
                "UPDATE stock SET pushed = ?4, pushed_at = ?5, resend = 0
                 WHERE channel = ?1 AND sku = ?2 AND warehouse = ?3 AND sound",
            )?
            .execute(params![
                channel.as_str(),
                want.sku.as_str(),
                want.warehouse.as_str(),
                want.quantity,
                millis(now)
            ])?;
            for order in added_back {
                tx.prepare_cached(
                    "UPDATE orders SET untaken_at = max(coalesce(untaken_at, 0), ?2) WHERE id = ?1 AND sound",
                )?
                .execute(params![order, millis(now)])?;
            }
            settle(tx, channel, want, State::Done, answer, now)?;
            super::holds::release_told_sku(tx, channel, &want.sku, now)
        })
    }

    /// What became of a number that was not confirmed: `failed`, or `unknown`. It is sent again by the next run.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn stock_not_confirmed(
        &self,
        channel: &ChannelName,
        want: &Want,
        unknown: bool,
        answer: &str,
        now: Instant,
    ) -> rusqlite::Result<()> {
        self.write(|tx| settle(tx, channel, want, if unknown { State::Unknown } else { State::Failed }, answer, now))
    }
}

fn set_want(tx: &Connection, channel: &ChannelName, want: &Want) -> rusqlite::Result<()> {
    let why = explained(want);
    // A product that is another one on the channel now was never told its stock.
    const CHANGE: &str = "UPDATE stock SET want = ?5, want_why = ?6, erp_read_at = ?7, resend = ?8, recheck_at = ?9,
             channel_sku = ?4, pushed = CASE WHEN channel_sku IS ?4 THEN pushed END
         WHERE channel = ?1 AND sku = ?2 AND warehouse = ?3 AND sound
             AND (want IS NOT ?5 OR resend = 1 OR ?8 = 1 OR recheck_at IS NOT ?9 OR channel_sku IS NOT ?4)";
    const ADD: &str =
        "INSERT INTO stock (channel, sku, warehouse, channel_sku, want, want_why, erp_read_at, resend, recheck_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (channel, sku, warehouse) DO NOTHING";
    for statement in [CHANGE, ADD] {
        let written = tx.prepare_cached(statement)?.execute(params![
            channel.as_str(),
            want.sku.as_str(),
            want.warehouse.as_str(),
            want.channel_sku.as_ref().map(ChannelSku::as_str),
            want.quantity,
            why,
            millis(want.parts.erp_read_at),
            want.resend,
            want.recheck_at.map(millis),
        ])?;
        if written > 0 {
            break;
        }
    }
    Ok(())
}

/// What a number is made of, as it stands in the file.
fn explained(want: &Want) -> String {
    serde_json::to_string(&want.parts).unwrap_or_default()
}

fn journal_key(channel: &ChannelName, want: &Want) -> String {
    format!("push_stock:{channel}:{}:{}", want.warehouse, want.sku)
}

fn settle(
    tx: &Connection,
    channel: &ChannelName,
    want: &Want,
    state: State,
    answer: &str,
    now: Instant,
) -> rusqlite::Result<()> {
    let answer = format!("{} units: {answer}", want.quantity);
    journal::settled(tx, &journal_key(channel, want), state, &answer, now).map(|_| ())
}

/// Which products the channel has, and under which ids.
impl Store {
    /// What was looked up of these products.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn channel_skus(&self, channel: &ChannelName, skus: &[Sku]) -> rusqlite::Result<BTreeMap<Sku, LookedUp>> {
        self.connection
            .prepare_cached(
                "SELECT sku, channel_sku, looked_up_at, sound FROM channel_skus
                 WHERE channel = ?1 AND sku IN (SELECT value FROM json_each(?2))",
            )?
            .query_map(params![channel.as_str(), list(skus)], |row| {
                let channel_sku = row.get::<_, Option<String>>(1)?.map(ChannelSku::new);
                Ok((sku_from_row(row)?, LookedUp { channel_sku, at: instant(row.get(2)?) }))
            })?
            .collect()
    }

    /// Products the channel did not have when last asked, before the given instant, or by a clock that was ahead: at most `limit`,
    /// those after the one given, each with when that was.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn channel_skus_missing(
        &self,
        channel: &ChannelName,
        (before, now): (Instant, Instant),
        after: Option<&(Instant, Sku)>,
        limit: usize,
    ) -> rusqlite::Result<Vec<(Instant, Sku)>> {
        let (at, sku) = after.map_or((i64::MIN, ""), |(at, sku)| (millis(*at), sku.as_str()));
        self.connection
            .prepare_cached(
                "SELECT sku, looked_up_at FROM channel_skus INDEXED BY channel_skus_missing
                 WHERE channel = ?1 AND (looked_up_at <= ?2 OR looked_up_at > ?6) AND (looked_up_at, sku) > (?3, ?4)
                     AND channel_sku IS NULL
                 ORDER BY looked_up_at, sku LIMIT ?5",
            )?
            .query_map(params![channel.as_str(), millis(before), at, sku, rows(limit), millis(now)], |row| {
                Ok((instant(row.get(1)?), sku_from_row(row)?))
            })?
            .collect()
    }

    /// The products beside these that had one of these ids when the channel was last asked for them.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn others_with_ids<'a>(
        &self,
        channel: &ChannelName,
        ids: impl Iterator<Item = &'a ChannelSku>,
        skus: &[Sku],
    ) -> rusqlite::Result<Vec<Sku>> {
        let ids = serde_json::to_string(&ids.collect::<Vec<_>>()).unwrap_or_else(|_| "[]".into());
        self.connection
            .prepare_cached(
                "SELECT sku, sound FROM channel_skus INDEXED BY channel_skus_by_id
                 WHERE channel = ?1 AND channel_sku IN (SELECT value FROM json_each(?2)) AND channel_sku IS NOT NULL
                     AND sku NOT IN (SELECT value FROM json_each(?3))",
            )?
            .query_map(params![channel.as_str(), ids, list(skus)], sku_from_row)?
            .collect()
    }

    /// Notes what the channel answered for these products. What was to be told of one under another id is told of it no more; gives
    /// those ids, with the units that they were told in each warehouse.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn note_channel_skus(
        &self,
        channel: &ChannelName,
        asked: &[Sku],
        found: &BTreeMap<Sku, ChannelSku>,
        now: Instant,
    ) -> rusqlite::Result<Vec<(Sku, ChannelSku, i64)>> {
        self.write(|tx| {
            let mut left = Vec::new();
            for sku in asked {
                let id = found.get(sku).map(ChannelSku::as_str);
                let told = tx
                    .prepare_cached(
                        "SELECT channel_sku, pushed, sound FROM stock
                         WHERE channel = ?1 AND sku = ?2 AND channel_sku IS NOT ?3 AND channel_sku IS NOT NULL AND pushed > 0",
                    )?
                    .query_map(params![channel.as_str(), sku.as_str(), id], |row| {
                        Ok((sku.clone(), ChannelSku::new(row.get::<_, String>(0)?), row.get(1)?))
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()?;
                left.extend(told);
                tx.prepare_cached(
                    "INSERT INTO channel_skus (channel, sku, channel_sku, looked_up_at) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO UPDATE SET channel_sku = excluded.channel_sku, looked_up_at = excluded.looked_up_at",
                )?
                .execute(params![channel.as_str(), sku.as_str(), id, millis(now)])?;
                tx.prepare_cached(
                    "UPDATE stock SET channel_sku = ?3, pushed = NULL
                     WHERE channel = ?1 AND sku = ?2 AND channel_sku IS NOT ?3 AND sound",
                )?
                .execute(params![channel.as_str(), sku.as_str(), id])?;
            }
            Ok(left)
        })
    }

    /// Notes that the channel is to be asked for these products, and did not answer: those of which nothing is known are
    /// [missing](Self::channel_skus_missing) ever since.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn ask_for_channel_skus(&self, channel: &ChannelName, skus: &[Sku]) -> rusqlite::Result<()> {
        self.write(|tx| {
            for sku in skus {
                tx.prepare_cached(
                    "INSERT INTO channel_skus (channel, sku, looked_up_at) VALUES (?1, ?2, 0) ON CONFLICT DO NOTHING",
                )?
                .execute(params![channel.as_str(), sku.as_str()])?;
            }
            Ok(())
        })
    }

    /// Forgets the channel's id of a product that it does not know any more: the next run asks again.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn forget_channel_sku(&self, channel: &ChannelName, sku: &Sku) -> rusqlite::Result<()> {
        self.write(|tx| {
            tx.prepare_cached("DELETE FROM channel_skus WHERE channel = ?1 AND sku = ?2")?
                .execute(params![channel.as_str(), sku.as_str()])
                .map(|_| ())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_that_was_missing_is_asked_for_again_in_time_and_by_whatever_clock_it_was_looked_up() {
        let folder = tempfile::tempdir().unwrap();
        let (store, loja) = (Store::open(&folder.path().join("vaivem.db")).unwrap(), ChannelName::new("loja"));
        let at = |seconds: i64| Instant::from_timestamp_millis(1_790_000_000_000 + seconds * 1_000).unwrap();
        for (sku, seconds) in [("LONG-AGO", 10), ("LATELY", 90), ("AHEAD", 9_000)] {
            store.note_channel_skus(&loja, &[Sku::new(sku)], &BTreeMap::new(), at(seconds)).unwrap();
        }
        let missing = store.channel_skus_missing(&loja, (at(40), at(100)), None, 9).unwrap();
        let skus: Vec<&str> = missing.iter().map(|(_, sku)| sku.as_str()).collect();
        assert_eq!(skus, ["LONG-AGO", "AHEAD"]);
    }

    #[test]
    fn touched_products_are_noted_each_once_with_when_the_last_of_their_orders_settles() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("vaivem.db")).unwrap();
        store.begin_working_out().unwrap();
        let at = |seconds: i64| Instant::from_timestamp_millis(1_790_000_000_000 + seconds * 1_000).unwrap();
        let skus = ["A", "B", "C"].map(Sku::new);
        let [a, b, c] = &skus;
        for (sku, settled) in [(c, None), (b, None), (b, Some(2)), (a, Some(9)), (b, Some(7)), (b, Some(5)), (a, None)]
        {
            store.touch(sku, settled.map(at)).unwrap();
        }
        let settled = store.settled(&skus).unwrap();
        assert_eq!(settled.into_iter().collect::<Vec<_>>(), [(a.clone(), at(9)), (b.clone(), at(7))]);
        assert_eq!(store.touched(None, 2).unwrap(), skus[..2]);
        assert_eq!(store.touched(Some(b), 2).unwrap(), skus[2..]);
        store.begin_working_out().unwrap();
        assert_eq!((store.touched(None, 9).unwrap(), store.settled(&skus).unwrap()), (vec![], BTreeMap::new()));
    }

    #[test]
    fn nothing_is_noted_on_the_word_of_a_damaged_row() {
        let loja = ChannelName::new("loja");
        let at = |seconds: i64| Instant::from_timestamp_millis(1_790_000_000_000 + seconds * 1_000).unwrap();
        let want = |quantity| Want {
            sku: Sku::new("CANECA"),
            warehouse: WarehouseId::new("1_1"),
            channel_sku: Some(ChannelSku::new("2")),
            quantity,
            parts: StockParts {
                erp_warehouse: WarehouseId::new("default"),
                physical: quantity,
                reserved: 0,
                in_flight: 0,
                buffer: 0,
                share: 100,
                added_back: 0,
                moving: 0,
                erp_read_at: at(0),
                in_flight_orders: Vec::new(),
                added_back_orders: Vec::new(),
            },
            resend: false,
            recheck_at: None,
        };
        for damage in ["UPDATE stock SET want = 99", "UPDATE journal SET attempts = 9"] {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&folder.path().join("vaivem.db")).unwrap();
            store.want_stock(&loja, &[want(5)], None).unwrap();
            journal::intended(&store.connection, &journal_key(&loja, &want(5)), &loja, None, "push_stock", at(1))
                .unwrap();
            crate::store::seal::damage(&store.connection, damage);
            let is_damage = |result: rusqlite::Result<()>| {
                let code = result.err().and_then(|error| error.sqlite_error_code());
                code == Some(rusqlite::ErrorCode::DatabaseCorrupt)
            };
            assert!(is_damage(store.confirm_stock(&loja, &want(5), &[], "accepted", at(2))), "{damage}");
            if damage.contains("stock") {
                assert!(is_damage(store.want_stock(&loja, &[want(6)], None)), "{damage}");
            } else {
                assert!(is_damage(store.stock_not_confirmed(&loja, &want(5), true, "no answer", at(2))), "{damage}");
            }
        }
    }
}
