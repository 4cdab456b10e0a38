//! What an ERP without changes of its own to ask for last told: its orders, its stock, the products it knows. Compared with what it
//! tells next, this is what makes changes, in an order that can be asked after.
//!
//! Facts are kept as the ERP's own module writes them; here they are text that is the same or not. They hold no personal data.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Store, instant, millis};
use crate::model::{ChannelName, ErpOrderId, Instant, OrderId, Sku};

pub(super) const V7: &str = "
-- Counts changes of the mirror: orders and stock each have a counter, and remember when they were last compared as a whole.
CREATE TABLE mirror (
    name TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    compared_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE mirror_orders (
    id TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    store_number TEXT NOT NULL,
    -- What a list tells of it, and what it told before that.
    facts TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    moved_at INTEGER NOT NULL,
    -- Invoices, parcels and deliveries as of their last reading.
    details TEXT,
    details_at INTEGER,
    -- When they were last to be read again only because of their age.
    woken_at INTEGER,
    -- 1 while something may still be expected of it.
    live INTEGER NOT NULL,
    -- 1 when the ERP has it no more.
    lost INTEGER NOT NULL DEFAULT 0,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mirror_orders_by_seq ON mirror_orders (seq);
CREATE INDEX mirror_orders_live ON mirror_orders (details_at) WHERE live = 1;

-- Invoices by what documents name them by.
CREATE TABLE mirror_invoices (
    access_key TEXT PRIMARY KEY,
    order_id TEXT NOT NULL,
    -- The ERP's own id of the invoice.
    invoice_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    cancelled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mirror_invoices_by_number ON mirror_invoices (number);

-- What carriers said of an invoice's delivery, and whether the ERP was told.
CREATE TABLE mirror_deliveries (
    access_key TEXT NOT NULL,
    code TEXT NOT NULL,
    what TEXT NOT NULL,
    at INTEGER NOT NULL,
    source TEXT NOT NULL,
    written_at INTEGER,
    PRIMARY KEY (access_key, code, what, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX mirror_deliveries_unwritten ON mirror_deliveries (access_key) WHERE written_at IS NULL;

CREATE TABLE mirror_stock (
    sku TEXT PRIMARY KEY,
    physical INTEGER NOT NULL,
    reserved INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- 1 while the ERP leaves it out of what it tells.
    gone INTEGER NOT NULL DEFAULT 0,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mirror_stock_gone ON mirror_stock (sku) WHERE gone = 1;
CREATE INDEX mirror_stock_by_seq ON mirror_stock (seq);

-- The ERP's own ids of its products.
CREATE TABLE mirror_products (
    sku TEXT PRIMARY KEY,
    product_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX orders_by_linked_at ON orders (linked_at) WHERE linked_at IS NOT NULL;
";

/// An order of the mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorOrder {
    /// The ERP's id.
    pub id: ErpOrderId,
    /// The channel it belongs to.
    pub channel: ChannelName,
    /// Its number there.
    pub store_number: OrderId,
    /// What the ERP's lists tell of it.
    pub facts: String,
    /// When that was last read.
    pub read_at: Instant,
    /// When it was last seen to be another than before.
    pub moved_at: Instant,
    /// Its invoices, parcels and deliveries, if they were read.
    pub details: Option<String>,
    /// When these were read.
    pub details_at: Option<Instant>,
    /// Whether the ERP has it no more.
    pub lost: bool,
}

/// An order's facts as they were just read.
#[derive(Clone, Copy, Debug)]
pub struct OrderFacts<'a> {
    /// The ERP's id.
    pub id: &'a ErpOrderId,
    /// The channel it belongs to.
    pub channel: &'a ChannelName,
    /// Its number there.
    pub store_number: &'a OrderId,
    /// What the ERP tells of it.
    pub facts: &'a str,
    /// Whether anything may still be expected of it.
    pub live: bool,
}

/// An invoice by what documents name it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorInvoice {
    /// Its access key.
    pub access_key: String,
    /// The ERP's order.
    pub order: ErpOrderId,
    /// The ERP's id of the invoice.
    pub invoice_id: String,
    /// Its number.
    pub number: u32,
    /// When it was issued.
    pub issued_at: Instant,
    /// Whether it was cancelled.
    pub cancelled: bool,
}

/// What a carrier said of an invoice's delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorDelivery {
    /// The invoice.
    pub access_key: String,
    /// The carrier's code.
    pub code: String,
    /// What it means, as a stable code.
    pub what: String,
    /// When it happened.
    pub at: Instant,
    /// Where it was read.
    pub source: String,
    /// When the ERP was told.
    pub written_at: Option<Instant>,
}

/// A product's balance as it was just read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorStock {
    /// The product.
    pub sku: Sku,
    /// Units on the shelf.
    pub physical: i64,
    /// Of these, sold.
    pub reserved: i64,
    /// When either last changed.
    pub changed_at: Instant,
    /// The change that did it.
    pub seq: i64,
}

/// How old the mirror is, all in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MirrorAge {
    /// Orders of which something may still be expected.
    pub live: i64,
    /// When the one of them that was read longest ago was last read in a list or by itself.
    pub oldest_read_at: Option<Instant>,
    /// When, of those whose invoice and parcel were read, the oldest such reading was.
    pub oldest_details_at: Option<Instant>,
    /// When the orders were last compared.
    pub orders_at: Option<Instant>,
    /// When the balances were last compared.
    pub stock_at: Option<Instant>,
}

/// The counters' names.
const ORDERS: &str = "orders";
const STOCK: &str = "stock";
/// Only for remembering when all of the stock was read.
const ALL_STOCK: &str = "all stock";
/// When these comparisons came to their end, and when all invoiced orders were last listed.
const ORDERS_END: &str = "orders, end";
const STOCK_END: &str = "stock, end";
const ALL_INVOICED: &str = "all invoiced";
/// While something may have changed that the ERP's queue of changed balances does not tell.
const QUEUE: &str = "stock, queue";

const ORDER_COLUMNS: &str = "id, channel, store_number, facts, read_at, moved_at, details, details_at, lost, sound";

impl Store {
    /// The order with that id in the ERP, if it is mirrored.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_order(&self, id: &ErpOrderId) -> rusqlite::Result<Option<MirrorOrder>> {
        self.connection
            .prepare_cached(&format!("SELECT {ORDER_COLUMNS} FROM mirror_orders WHERE id = ?1"))?
            .query_row([id.as_str()], order_from_row)
            .optional()
    }

    /// The orders of which something may still be expected.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_live(&self) -> rusqlite::Result<Vec<MirrorOrder>> {
        self.connection
            .prepare_cached(&format!("SELECT {ORDER_COLUMNS} FROM mirror_orders WHERE live = 1"))?
            .query_map([], order_from_row)?
            .collect()
    }

    /// Notes what was just read of orders: asked for at `read_at`, and noted `now`. Those that are another than before are changes.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn mirror_read(&self, orders: &[OrderFacts<'_>], read_at: Instant, now: Instant) -> rusqlite::Result<()> {
        self.write(|tx| {
            for order in orders {
                let before: Option<(i64, bool)> = tx
                    .prepare_cached(
                        "SELECT read_at, facts = ?2 AND channel = ?3 AND store_number = ?4 FROM mirror_orders WHERE id = ?1",
                    )?
                    .query_row(
                        params![order.id.as_str(), order.facts, order.channel.as_str(), order.store_number.as_str()],
                        |row| Ok((row.get(0)?, row.get(1)?)),
                    )
                    .optional()?;
                // Another process asked later than this answer was asked for. What is dated ahead was read by a clock that was ahead.
                if before.as_ref().is_some_and(|(at, _)| *at > millis(read_at) && *at <= millis(now)) {
                    continue;
                }
                if before.is_some_and(|(_, is_same)| is_same) {
                    tx.prepare_cached("UPDATE mirror_orders SET read_at = ?2, live = ?3, lost = 0 WHERE id = ?1")?
                        .execute(params![order.id.as_str(), millis(read_at), order.live])?;
                    continue;
                }
                let seq = next(tx, ORDERS)?;
                tx.prepare_cached(
                    "INSERT INTO mirror_orders (id, channel, store_number, facts, read_at, moved_at, live, seq)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?8, ?6, ?7)
                     ON CONFLICT DO UPDATE SET channel = ?2, store_number = ?3, facts = ?4, read_at = ?5, moved_at = ?8, live = ?6,
                         lost = 0, seq = ?7",
                )?
                .execute(params![
                    order.id.as_str(),
                    order.channel.as_str(),
                    order.store_number.as_str(),
                    order.facts,
                    millis(read_at),
                    order.live,
                    seq,
                    // Not when it was asked for: what was read meanwhile by what it was before is older than this.
                    millis(now)
                ])?;
            }
            Ok(())
        })
    }

    /// Notes that the ERP has an order no more, which is a change; it is not followed any further.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn mirror_lost(&self, id: &ErpOrderId, at: Instant) -> rusqlite::Result<()> {
        self.write(|tx| {
            wake(tx, id)?;
            tx.prepare_cached("UPDATE mirror_orders SET live = 0, lost = 1, read_at = ?2 WHERE id = ?1")?
                .execute(params![id.as_str(), millis(at)])?;
            Ok(())
        })
    }

    /// Notes what was just read of an order's invoices, parcels and deliveries: asked for at `at`, by what is given as known of the
    /// order, and noted `now`. What is another than before is a change, too; and what something is still expected for by it is live
    /// from now on. Where somebody asked later, nothing is noted; where the order has moved meanwhile, it is due to be read again.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn mirror_details(
        &self,
        order: &MirrorOrder,
        (details, live): (&str, bool),
        invoices: &[MirrorInvoice],
        (at, now): (Instant, Instant),
    ) -> rusqlite::Result<()> {
        let id = &order.id;
        self.write(|tx| {
            let Some((before, before_at, moved_at)) = tx
                .prepare_cached("SELECT details, details_at, moved_at, sound FROM mirror_orders WHERE id = ?1")?
                .query_row([id.as_str()], |row| {
                    Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, i64>(2)?))
                })
                .optional()?
            else {
                return Ok(());
            };
            if before_at.is_some_and(|before| before > millis(at) && before <= millis(now)) {
                return Ok(());
            }
            let at = if moved_at == millis(order.moved_at) { millis(at) } else { millis(at).min(moved_at - 1) };
            if before.as_deref().is_some_and(|before| before != details) {
                let seq = next(tx, ORDERS)?;
                tx.prepare_cached("UPDATE mirror_orders SET seq = ?2 WHERE id = ?1")?
                    .execute(params![id.as_str(), seq])?;
            }
            tx.prepare_cached(
                "UPDATE mirror_orders SET details = ?2, details_at = ?3, live = max(live, ?4) WHERE id = ?1",
            )?
            .execute(params![id.as_str(), details, at, live])?;
            for invoice in invoices {
                tx.prepare_cached(
                    "INSERT INTO mirror_invoices (access_key, order_id, invoice_id, number, issued_at, cancelled)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                     ON CONFLICT DO UPDATE SET order_id = ?2, invoice_id = ?3, issued_at = ?5, cancelled = ?6",
                )?
                .execute(params![
                    invoice.access_key,
                    invoice.order.as_str(),
                    invoice.invoice_id,
                    invoice.number,
                    millis(invoice.issued_at),
                    invoice.cancelled
                ])?;
            }
            Ok(())
        })
    }

    /// Makes a change of the live orders whose details were read before `before`, or before `pending_before` while they wait for their
    /// invoice to be authorised: those that were woken longest ago first, and at most `limit`, so that they are read again. Gives how
    /// many there are in all.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn mirror_wake(
        &self,
        before: Instant,
        pending_before: Instant,
        limit: usize,
        now: Instant,
    ) -> rusqlite::Result<usize> {
        // What is dated ahead was read by a clock that was ahead, nobody knows when.
        let due = "live = 1 AND (details_at < ?1 OR details_at > ?2 OR details_at < ?3 AND details ->> 'pending' = 1)";
        let all: i64 = self
            .connection
            .prepare_cached(&format!("SELECT count(*) FROM mirror_orders INDEXED BY mirror_orders_live WHERE {due}"))?
            .query_row([millis(before), millis(now), millis(pending_before)], |row| row.get(0))?;
        if all > 0 {
            self.write(|tx| {
                let ids: Vec<String> = tx
                    .prepare_cached(&format!(
                        "SELECT id FROM mirror_orders WHERE {due} ORDER BY coalesce(woken_at, 0), details_at LIMIT ?4"
                    ))?
                    .query_map(
                        params![
                            millis(before),
                            millis(now),
                            millis(pending_before),
                            i64::try_from(limit).unwrap_or(i64::MAX)
                        ],
                        |row| row.get(0),
                    )?
                    .collect::<rusqlite::Result<_>>()?;
                for id in ids {
                    let seq = next(tx, ORDERS)?;
                    tx.prepare_cached("UPDATE mirror_orders SET seq = ?2, woken_at = ?3 WHERE id = ?1")?
                        .execute(params![id, seq, millis(now)])?;
                }
                Ok(())
            })?;
        }
        Ok(usize::try_from(all).unwrap_or(usize::MAX))
    }

    /// The orders that changed after `seq`, in that order, and up to where that goes.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_changes(&self, seq: i64, limit: usize) -> rusqlite::Result<(Vec<MirrorOrder>, i64)> {
        let rows: Vec<(MirrorOrder, i64)> = self
            .connection
            .prepare_cached(&format!(
                "SELECT {ORDER_COLUMNS}, seq FROM mirror_orders WHERE seq > ?1 ORDER BY seq LIMIT ?2"
            ))?
            .query_map(params![seq, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                Ok((order_from_row(row)?, row.get("seq")?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let reached = match rows.last() {
            Some((_, last)) => *last,
            None => seq.min(self.counter(ORDERS)?),
        };
        Ok((rows.into_iter().map(|(order, _)| order).collect(), reached))
    }

    /// When the orders were last compared as a whole.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_orders_compared_at(&self) -> rusqlite::Result<Option<Instant>> {
        self.compared_at(ORDERS)
    }

    /// When the last comparison of the orders came to its end.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_orders_end(&self) -> rusqlite::Result<Option<Instant>> {
        self.compared_at(ORDERS_END)
    }

    /// When all invoiced orders were last listed, and not only those of the last days.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_all_invoiced_at(&self) -> rusqlite::Result<Option<Instant>> {
        self.compared_at(ALL_INVOICED)
    }

    /// Notes that the orders were compared, from when until when; with `whole`, all invoiced ones with them.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn mirror_orders_compared(&self, begun: Instant, ended: Instant, whole: bool) -> rusqlite::Result<()> {
        self.write(|tx| {
            note_compared(tx, ORDERS, begun)?;
            note_compared(tx, ORDERS_END, ended)?;
            if whole { note_compared(tx, ALL_INVOICED, begun) } else { Ok(()) }
        })
    }

    /// Notes what was just read of the stock. With `whole`, it is a page of all there is, and noted as told for
    /// [`Store::mirror_stock_not_told`]. What was asked for before a comparison that has come to its end, or before what is known of a
    /// product, is nothing new: another process asked later.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn mirror_stock_read(
        &self,
        levels: &[MirrorStock],
        products: &[(Sku, String)],
        read_at: Instant,
        whole: bool,
        now: Instant,
    ) -> rusqlite::Result<()> {
        // What changed may be compared alone, which says nothing of a product that is asked for.
        if self.is_stock_outdone(if whole { STOCK } else { ALL_STOCK }, read_at, now)? {
            return Ok(());
        }
        self.write(|tx| {
            for level in levels {
                if whole {
                    tx.prepare_cached("INSERT OR IGNORE INTO temp.told (sku) VALUES (?1)")?
                        .execute([level.sku.as_str()])?;
                }
                let before: Option<(bool, i64)> = tx
                    .prepare_cached(
                        "SELECT physical = ?2 AND reserved = ?3 AND gone = 0, changed_at FROM mirror_stock WHERE sku = ?1",
                    )?
                    .query_row(params![level.sku.as_str(), level.physical, level.reserved], |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })
                    .optional()?;
                let is_older = |at: i64| at > millis(read_at) && at <= millis(now);
                if before.is_some_and(|(is_same, changed_at)| is_same || is_older(changed_at)) {
                    continue;
                }
                let seq = next(tx, STOCK)?;
                tx.prepare_cached(
                    "INSERT INTO mirror_stock (sku, physical, reserved, changed_at, seq) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO UPDATE SET physical = ?2, reserved = ?3, changed_at = ?4, seq = ?5, gone = 0",
                )?
                .execute(params![
                    level.sku.as_str(),
                    level.physical,
                    level.reserved,
                    millis(read_at),
                    seq
                ])?;
            }
            note_products(tx, products)
        })
    }

    /// Whether a comparison that began later has come to its end meanwhile. One that is dated ahead began nobody knows when.
    fn is_stock_outdone(&self, of: &str, begun: Instant, now: Instant) -> rusqlite::Result<bool> {
        Ok(self.compared_at(of)?.is_some_and(|newest| newest > begun && newest <= now))
    }

    /// Begins to compare all of the stock: nothing was told yet.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn mirror_stock_begin(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch(
            "CREATE TEMP TABLE IF NOT EXISTS told (sku TEXT PRIMARY KEY) STRICT, WITHOUT ROWID; DELETE FROM temp.told;",
        )
    }

    /// The products of the mirror that were not told since the comparison began, if none that began later has come to its end.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_stock_not_told(&self, begun: Instant, now: Instant) -> rusqlite::Result<Vec<Sku>> {
        if self.is_stock_outdone(STOCK, begun, now)? {
            return Ok(Vec::new());
        }
        self.connection
            .prepare_cached("SELECT sku FROM mirror_stock WHERE gone = 0 AND sku NOT IN (SELECT sku FROM temp.told)")?
            .query_map([], |row| row.get::<_, String>(0).map(Sku::new))?
            .collect()
    }

    /// Notes that the ERP leaves these products out of what it tells.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn mirror_stock_gone(&self, skus: &[Sku]) -> rusqlite::Result<()> {
        self.write(|tx| {
            for sku in skus {
                tx.prepare_cached("UPDATE mirror_stock SET gone = 1 WHERE sku = ?1")?.execute([sku.as_str()])?;
            }
            Ok(())
        })
    }

    /// The products that the ERP leaves out of what it tells.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_stock_missing(&self) -> rusqlite::Result<Vec<Sku>> {
        self.connection
            .prepare_cached("SELECT sku FROM mirror_stock INDEXED BY mirror_stock_gone WHERE gone = 1 ORDER BY sku")?
            .query_map([], |row| row.get::<_, String>(0).map(Sku::new))?
            .collect()
    }

    /// The mirrored balances of these products; those that the ERP leaves out have none.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_stock_of(&self, skus: &[Sku]) -> rusqlite::Result<Vec<MirrorStock>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT sku, physical, reserved, changed_at, seq, sound FROM mirror_stock WHERE sku = ?1 AND gone = 0",
        )?;
        let found = skus.iter().map(|sku| statement.query_row([sku.as_str()], stock_from_row).optional());
        found.filter_map(Result::transpose).collect()
    }

    /// The mirrored balances that changed after `since`, 0 for all: at most `limit`, those after the change and product given. And up
    /// to where the changes go.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_stock_since(
        &self,
        since: i64,
        after: Option<(i64, &Sku)>,
        limit: usize,
    ) -> rusqlite::Result<(Vec<MirrorStock>, i64)> {
        // Before they are read: what changes meanwhile is told again.
        let seq = self.counter(STOCK)?;
        let (after, sku) = after.map_or((since.saturating_add(1), ""), |(seq, sku)| (seq, sku.as_str()));
        let levels = self
            .connection
            .prepare_cached(
                "SELECT sku, physical, reserved, changed_at, seq, sound FROM mirror_stock INDEXED BY mirror_stock_by_seq
                 WHERE (seq, sku) > (?1, ?2) AND gone = 0 ORDER BY seq, sku LIMIT ?3",
            )?
            .query_map(params![after, sku, i64::try_from(limit).unwrap_or(i64::MAX)], stock_from_row)?
            .collect::<rusqlite::Result<_>>()?;
        Ok((levels, seq))
    }

    /// How old the mirror is.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_age(&self) -> rusqlite::Result<MirrorAge> {
        let (live, read_at, details_at) = self
            .connection
            .prepare_cached("SELECT count(*), min(read_at), min(details_at) FROM mirror_orders WHERE live = 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, Option<i64>>(2)?)))?;
        Ok(MirrorAge {
            live,
            oldest_read_at: read_at.map(instant),
            oldest_details_at: details_at.map(instant),
            orders_at: self.compared_at(ORDERS)?,
            stock_at: self.compared_at(STOCK)?,
        })
    }

    /// As of when the mirrored stock is the ERP's.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_stock_compared_at(&self) -> rusqlite::Result<Option<Instant>> {
        self.compared_at(STOCK)
    }

    /// When all of the stock was last read.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_all_stock_compared_at(&self) -> rusqlite::Result<Option<Instant>> {
        self.compared_at(ALL_STOCK)
    }

    /// When the last comparison of the stock came to its end.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_stock_end(&self) -> rusqlite::Result<Option<Instant>> {
        self.compared_at(STOCK_END)
    }

    /// Notes that the mirrored stock is the ERP's as of `begun`, and when that was known; with `whole`, because all of it was read.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn mirror_stock_compared(&self, begun: Instant, ended: Instant, whole: bool) -> rusqlite::Result<()> {
        if self.is_stock_outdone(STOCK, begun, ended)? {
            return Ok(());
        }
        self.write(|tx| {
            if whole {
                note_compared(tx, ALL_STOCK, begun)?;
            }
            note_compared(tx, STOCK, begun)?;
            note_compared(tx, STOCK_END, ended)
        })
    }

    /// Notes, before the first product is taken off the ERP's queue of changed balances, that a run begun then does so, or that it
    /// could not read a balance: what it did not read to its end is told by no queue again.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn mirror_queue_begin(&self, begun: Instant) -> rusqlite::Result<()> {
        if self.mirror_queue()?.is_some_and(|mark| is_same(mark, begun)) {
            return Ok(());
        }
        self.write(|tx| note_compared(tx, QUEUE, begun))
    }

    /// Notes that all is read that was taken off the queue by the run that began then.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn mirror_queue_end(&self, begun: Instant) -> rusqlite::Result<()> {
        if !self.mirror_queue()?.is_some_and(|mark| is_same(mark, begun)) {
            return Ok(());
        }
        self.write(|tx| tx.execute("DELETE FROM mirror WHERE name = ?1", [QUEUE]).map(|_| ()))
    }

    /// When a run began that did not read all that the queue will not tell again.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_queue(&self) -> rusqlite::Result<Option<Instant>> {
        self.compared_at(QUEUE)
    }

    /// The ERP's own id of a product, where it is known.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_product(&self, sku: &Sku) -> rusqlite::Result<Option<String>> {
        self.connection
            .prepare_cached("SELECT product_id, sound FROM mirror_products WHERE sku = ?1")?
            .query_row([sku.as_str()], |row| row.get(0))
            .optional()
    }

    /// Notes the ERP's own ids of products.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn mirror_products_read(&self, products: &[(Sku, String)]) -> rusqlite::Result<()> {
        self.write(|tx| note_products(tx, products))
    }

    /// Forgets the ids of products that the ERP would not have.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn mirror_products_drop(&self, skus: &[Sku]) -> rusqlite::Result<()> {
        self.write(|tx| {
            for sku in skus {
                tx.prepare_cached("DELETE FROM mirror_products WHERE sku = ?1")?.execute([sku.as_str()])?;
            }
            Ok(())
        })
    }

    /// The mirrored invoices with that number.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_invoices_numbered(&self, number: u32) -> rusqlite::Result<Vec<MirrorInvoice>> {
        self.connection
            .prepare_cached(
                "SELECT access_key, order_id, invoice_id, number, issued_at, cancelled, sound FROM mirror_invoices WHERE number = ?1",
            )?
            .query_map([number], invoice_from_row)?
            .collect()
    }

    /// The mirrored invoices of an order.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_invoices_of(&self, order: &ErpOrderId) -> rusqlite::Result<Vec<MirrorInvoice>> {
        self.connection
            .prepare_cached(
                "SELECT access_key, order_id, invoice_id, number, issued_at, cancelled, sound FROM mirror_invoices
                 WHERE order_id = ?1 ORDER BY number",
            )?
            .query_map([order.as_str()], invoice_from_row)?
            .collect()
    }

    /// The mirrored invoice with that access key.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_invoice(&self, access_key: &str) -> rusqlite::Result<Option<MirrorInvoice>> {
        self.connection
            .prepare_cached(
                "SELECT access_key, order_id, invoice_id, number, issued_at, cancelled, sound FROM mirror_invoices WHERE access_key = ?1",
            )?
            .query_row([access_key], invoice_from_row)
            .optional()
    }

    /// The mirrored orders that a number on a paper means: of an invoice, its access key, or a tracking code.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_orders_by_paper(&self, number: &str) -> rusqlite::Result<Vec<ErpOrderId>> {
        self.connection
            .prepare_cached(
                "SELECT order_id FROM mirror_invoices WHERE access_key = ?1
                 UNION SELECT order_id FROM mirror_invoices WHERE number = CAST(?1 AS INTEGER) AND CAST(number AS TEXT) = ltrim(?1, '0')
                 UNION SELECT id FROM mirror_orders WHERE details ->> 'tracking_code' = ?1",
            )?
            .query_map([number], |row| Ok(ErpOrderId::new(row.get::<_, String>(0)?)))?
            .collect()
    }

    /// Notes what a carrier said, which is a change of the order. Gives whether it is new.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn mirror_delivery_heard(&self, order: &ErpOrderId, heard: &MirrorDelivery) -> rusqlite::Result<bool> {
        self.write(|tx| {
            let new = tx
                .prepare_cached(
                    "INSERT OR IGNORE INTO mirror_deliveries (access_key, code, what, at, source) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![heard.access_key, heard.code, heard.what, millis(heard.at), heard.source])?;
            if new > 0 {
                wake(tx, order)?;
            }
            Ok(new > 0)
        })
    }

    /// What carriers said of an invoice, the oldest first.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_deliveries(&self, access_key: &str) -> rusqlite::Result<Vec<MirrorDelivery>> {
        self.connection
            .prepare_cached(&format!("{DELIVERIES} WHERE access_key = ?1 ORDER BY at, code"))?
            .query_map([access_key], delivery_from_row)?
            .collect()
    }

    /// What carriers said and the ERP was not told yet.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn mirror_deliveries_unwritten(&self) -> rusqlite::Result<Vec<MirrorDelivery>> {
        self.connection
            .prepare_cached(&format!(
                "{DELIVERIES} INDEXED BY mirror_deliveries_unwritten WHERE written_at IS NULL ORDER BY access_key, at"
            ))?
            .query_map([], delivery_from_row)?
            .collect()
    }

    /// Notes that the ERP knows of it, which is a change of the order.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn mirror_delivery_written(
        &self,
        order: &ErpOrderId,
        heard: &MirrorDelivery,
        at: Instant,
    ) -> rusqlite::Result<()> {
        self.write(|tx| {
            tx.prepare_cached(
                "UPDATE mirror_deliveries SET written_at = ?5 WHERE access_key = ?1 AND code = ?2 AND what = ?3 AND at = ?4",
            )?
            .execute(params![heard.access_key, heard.code, heard.what, millis(heard.at), millis(at)])?;
            wake(tx, order)
        })
    }

    fn counter(&self, name: &str) -> rusqlite::Result<i64> {
        let found = self
            .connection
            .prepare_cached("SELECT seq FROM mirror WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        Ok(found.unwrap_or(0))
    }

    fn compared_at(&self, name: &str) -> rusqlite::Result<Option<Instant>> {
        let found: Option<Option<i64>> = self
            .connection
            .prepare_cached("SELECT compared_at FROM mirror WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        Ok(found.flatten().map(instant))
    }
}

const DELIVERIES: &str = "SELECT access_key, code, what, at, source, written_at, sound FROM mirror_deliveries";

/// Forgets what is mirrored of these orders, given as a JSON list of rows.
pub(super) fn forget(tx: &Connection, rows: &str) -> rusqlite::Result<()> {
    let ids = "SELECT erp_id FROM orders WHERE id IN (SELECT value FROM json_each(?1)) AND erp_id IS NOT NULL";
    let keys = format!("SELECT access_key FROM mirror_invoices WHERE order_id IN ({ids})");
    tx.execute(&format!("DELETE FROM mirror_deliveries WHERE access_key IN ({keys})"), [rows])?;
    tx.execute(&format!("DELETE FROM mirror_invoices WHERE order_id IN ({ids})"), [rows])?;
    tx.execute(&format!("DELETE FROM mirror_orders WHERE id IN ({ids})"), [rows])?;
    Ok(())
}

/// Whether two instants are the same one, of which the file keeps the milliseconds.
fn is_same(one: Instant, other: Instant) -> bool {
    millis(one) == millis(other)
}

/// The next change of a counter.
fn next(tx: &Connection, name: &str) -> rusqlite::Result<i64> {
    tx.prepare_cached(
        "INSERT INTO mirror (name, seq) VALUES (?1, 1) ON CONFLICT DO UPDATE SET seq = seq + 1 RETURNING seq",
    )?
    .query_row([name], |row| row.get(0))
}

/// Makes a change of an order whose details are to be put together anew.
fn wake(tx: &Connection, order: &ErpOrderId) -> rusqlite::Result<()> {
    let seq = next(tx, ORDERS)?;
    tx.prepare_cached("UPDATE mirror_orders SET seq = ?2 WHERE id = ?1")?.execute(params![order.as_str(), seq])?;
    Ok(())
}

fn note_compared(tx: &Connection, name: &str, at: Instant) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO mirror (name, seq, compared_at) VALUES (?1, 0, ?2) ON CONFLICT DO UPDATE SET compared_at = ?2",
    )?
    .execute(params![name, millis(at)])?;
    Ok(())
}

fn note_products(tx: &Connection, products: &[(Sku, String)]) -> rusqlite::Result<()> {
    for (sku, id) in products {
        tx.prepare_cached(
            "INSERT INTO mirror_products (sku, product_id) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET product_id = ?2 WHERE product_id <> ?2",
        )?
        .execute(params![sku.as_str(), id])?;
    }
    Ok(())
}

fn order_from_row(row: &Row<'_>) -> rusqlite::Result<MirrorOrder> {
    Ok(MirrorOrder {
        id: ErpOrderId::new(row.get::<_, String>(0)?),
        channel: ChannelName::new(row.get::<_, String>(1)?),
        store_number: OrderId::new(row.get::<_, String>(2)?),
        facts: row.get(3)?,
        read_at: instant(row.get(4)?),
        moved_at: instant(row.get(5)?),
        details: row.get(6)?,
        details_at: row.get::<_, Option<i64>>(7)?.map(instant),
        lost: row.get(8)?,
    })
}

fn invoice_from_row(row: &Row<'_>) -> rusqlite::Result<MirrorInvoice> {
    Ok(MirrorInvoice {
        access_key: row.get(0)?,
        order: ErpOrderId::new(row.get::<_, String>(1)?),
        invoice_id: row.get(2)?,
        number: row.get(3)?,
        issued_at: instant(row.get(4)?),
        cancelled: row.get(5)?,
    })
}

fn delivery_from_row(row: &Row<'_>) -> rusqlite::Result<MirrorDelivery> {
    Ok(MirrorDelivery {
        access_key: row.get(0)?,
        code: row.get(1)?,
        what: row.get(2)?,
        at: instant(row.get(3)?),
        source: row.get(4)?,
        written_at: row.get::<_, Option<i64>>(5)?.map(instant),
    })
}

fn stock_from_row(row: &Row<'_>) -> rusqlite::Result<MirrorStock> {
    Ok(MirrorStock {
        sku: Sku::new(row.get::<_, String>(0)?),
        physical: row.get(1)?,
        reserved: row.get(2)?,
        changed_at: instant(row.get(3)?),
        seq: row.get(4)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Instant {
        Instant::from_timestamp(second, 0).unwrap()
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        (folder, store)
    }

    fn read(store: &Store, id: &str, facts: &str, second: i64) {
        let (id, channel, number) = (ErpOrderId::new(id), ChannelName::new("loja"), OrderId::new(format!("n{id}")));
        let order = OrderFacts { id: &id, channel: &channel, store_number: &number, facts, live: true };
        store.mirror_read(&[order], at(second), at(second)).unwrap();
    }

    /// Notes details that were asked for by what is known of the order.
    fn read_details(store: &Store, id: &str, details: &str, second: i64) {
        let order = store.mirror_order(&ErpOrderId::new(id)).unwrap().unwrap();
        store.mirror_details(&order, (details, true), &[], (at(second), at(second))).unwrap();
    }

    fn changed(store: &Store, seq: i64) -> (Vec<String>, i64) {
        let (orders, seq) = store.mirror_changes(seq, 10).unwrap();
        (orders.into_iter().map(|order| order.id.to_string()).collect(), seq)
    }

    #[test]
    fn only_what_is_another_than_before_is_a_change() {
        let (_folder, store) = store();
        read(&store, "7", "a", 1);
        read(&store, "8", "a", 1);
        let (ids, seq) = changed(&store, 0);
        assert_eq!(ids, ["7", "8"]);
        read(&store, "7", "a", 2);
        assert_eq!(changed(&store, seq), (vec![], seq));
        read(&store, "7", "b", 3);
        let (ids, later) = changed(&store, seq);
        assert_eq!(ids, ["7"]);
        let order = store.mirror_order(&ErpOrderId::new("7")).unwrap().unwrap();
        assert_eq!((order.read_at, order.moved_at), (at(3), at(3)));
        read_details(&store, "7", "d1", 4);
        assert_eq!(changed(&store, later), (vec![], later), "the first details are no change");
        read_details(&store, "7", "d2", 5);
        assert_eq!(changed(&store, later).0, ["7"]);
    }

    #[test]
    fn another_number_of_the_store_is_a_change_and_stays() {
        let (_folder, store) = store();
        read(&store, "7", "a", 1);
        let (_, seq) = changed(&store, 0);
        let (id, channel, number) = (ErpOrderId::new("7"), ChannelName::new("outlet"), OrderId::new("other"));
        let order = OrderFacts { id: &id, channel: &channel, store_number: &number, facts: "a", live: true };
        store.mirror_read(&[order], at(2), at(2)).unwrap();
        let (ids, later) = changed(&store, seq);
        assert_eq!(ids, ["7"]);
        let kept = store.mirror_order(&id).unwrap().unwrap();
        assert_eq!((kept.channel, kept.store_number), (channel.clone(), number.clone()));
        store.mirror_read(&[order], at(3), at(3)).unwrap();
        assert_eq!(changed(&store, later).0, [""; 0]);
    }

    #[test]
    fn what_was_read_by_a_clock_that_was_ahead_is_read_over() {
        let (_folder, store) = store();
        read(&store, "7", "paid", 9_000);
        let (_, seq) = changed(&store, 0);
        read(&store, "7", "cancelled", 20);
        assert_eq!(changed(&store, seq).0, ["7"]);
        // Not so what another process read later.
        let (id, channel, number) = (ErpOrderId::new("7"), ChannelName::new("loja"), OrderId::new("n7"));
        let late = OrderFacts { id: &id, channel: &channel, store_number: &number, facts: "paid", live: true };
        store.mirror_read(&[late], at(19), at(21)).unwrap();
        assert_eq!(store.mirror_order(&id).unwrap().unwrap().facts, "cancelled");
        // Its details are due again, too.
        read_details(&store, "7", "d", 9_000);
        assert_eq!(store.mirror_wake(at(0), at(0), 9, at(30)).unwrap(), 1);
    }

    #[test]
    fn stock_that_was_compared_by_a_clock_that_was_ahead_is_compared_anew() {
        let (_folder, store) = store();
        let level =
            |sku: &str, physical| MirrorStock { sku: Sku::new(sku), physical, reserved: 1, changed_at: at(0), seq: 0 };
        store.mirror_stock_begin().unwrap();
        store.mirror_stock_read(&[level("A", 5), level("B", 5)], &[], at(9_000), true, at(9_000)).unwrap();
        store.mirror_stock_compared(at(9_000), at(9_001), true).unwrap();
        store.mirror_stock_begin().unwrap();
        store.mirror_stock_read(&[level("A", 4)], &[], at(20), true, at(21)).unwrap();
        assert_eq!(store.mirror_stock_not_told(at(20), at(22)).unwrap(), [Sku::new("B")]);
        store.mirror_stock_compared(at(20), at(23), true).unwrap();
        let (levels, _) = store.mirror_stock_since(0, None, 9).unwrap();
        assert!(levels.iter().any(|level| level.sku == Sku::new("A") && level.physical == 4), "{levels:?}");
        assert_eq!(store.mirror_stock_compared_at().unwrap(), Some(at(20)));
    }

    #[test]
    fn a_mirror_that_was_lost_counts_from_an_earlier_number() {
        let (_folder, store) = store();
        assert_eq!(changed(&store, 12), (vec![], 0));
    }

    #[test]
    fn old_details_are_woken_the_oldest_first() {
        let (_folder, store) = store();
        for (id, second) in [("7", 30), ("8", 10), ("9", 20)] {
            read(&store, id, "a", 1);
            read_details(&store, id, "d", second);
        }
        let (_, seq) = changed(&store, 0);
        assert_eq!(store.mirror_wake(at(25), at(0), 1, at(40)).unwrap(), 2);
        let (ids, seq) = changed(&store, seq);
        assert_eq!(ids, ["8"]);
        store.mirror_wake(at(25), at(0), 1, at(41)).unwrap();
        assert_eq!(changed(&store, seq).0, ["9"], "one that does not conclude keeps out no other");
    }

    #[test]
    fn details_are_as_old_as_what_they_were_read_by() {
        let (_folder, store) = store();
        let id = ErpOrderId::new("7");
        let order = || store.mirror_order(&id).unwrap().unwrap();
        read(&store, "7", "picking", 1);
        let before = order();
        // Asked for at 9, answered at 12; an invoice was asked for in between, by what was known until then.
        let (channel, number) = (ChannelName::new("loja"), OrderId::new("n7"));
        let facts = OrderFacts { id: &id, channel: &channel, store_number: &number, facts: "invoiced", live: true };
        store.mirror_read(&[facts], at(9), at(12)).unwrap();
        store.mirror_details(&before, ("none", true), &[], (at(10), at(13))).unwrap();
        assert!(order().details_at.unwrap() < order().moved_at, "they are due again");
        store.mirror_details(&order(), ("its invoice", true), &[], (at(20), at(21))).unwrap();
        store.mirror_details(&order(), ("none yet", true), &[], (at(19), at(22))).unwrap();
        assert_eq!((order().details.as_deref(), order().details_at), (Some("its invoice"), Some(at(20))));
    }

    #[test]
    fn a_queue_that_was_not_read_to_its_end_is_known() {
        let (_folder, store) = store();
        let begun = at(5) + chrono::TimeDelta::nanoseconds(123_456);
        store.mirror_queue_begin(begun).unwrap();
        store.mirror_queue_end(begun).unwrap();
        assert_eq!(store.mirror_queue().unwrap(), None);
        store.mirror_queue_begin(at(6)).unwrap();
        store.mirror_queue_begin(at(7)).unwrap();
        store.mirror_queue_end(at(6)).unwrap();
        assert_eq!(store.mirror_queue().unwrap(), Some(at(7)));
    }

    #[test]
    fn an_order_is_found_by_what_stands_on_its_papers() {
        let (_folder, store) = store();
        let id = ErpOrderId::new("7");
        read(&store, "7", "a", 1);
        let invoice = MirrorInvoice {
            access_key: "K".repeat(44),
            order: id.clone(),
            invoice_id: "600".into(),
            number: 101,
            issued_at: at(1),
            cancelled: false,
        };
        let order = store.mirror_order(&id).unwrap().unwrap();
        store.mirror_details(&order, (r#"{"tracking_code":"BR101"}"#, true), &[invoice], (at(2), at(2))).unwrap();
        for number in ["101", "000101", "BR101", &"K".repeat(44)] {
            assert_eq!(store.mirror_orders_by_paper(number).unwrap(), std::slice::from_ref(&id), "{number}");
        }
        assert_eq!(store.mirror_orders_by_paper("600").unwrap(), []);
    }

    #[test]
    fn stock_tells_what_changed_and_what_is_missing() {
        let (_folder, store) = store();
        let level =
            |sku: &str, physical| MirrorStock { sku: Sku::new(sku), physical, reserved: 1, changed_at: at(0), seq: 0 };
        store.mirror_stock_begin().unwrap();
        store.mirror_stock_read(&[level("A", 5)], &[], at(1), true, at(1)).unwrap();
        store.mirror_stock_read(&[level("B", 6)], &[], at(1), true, at(1)).unwrap();
        assert_eq!(store.mirror_stock_not_told(at(1), at(1)).unwrap(), []);
        let (levels, seq) = store.mirror_stock_since(0, None, 9).unwrap();
        assert_eq!(levels.len(), 2);
        // The same in two parts.
        let (first, _) = store.mirror_stock_since(0, None, 1).unwrap();
        let (second, _) = store.mirror_stock_since(0, Some((first[0].seq, &first[0].sku)), 1).unwrap();
        assert_eq!([first, second].concat(), levels);
        store.mirror_stock_begin().unwrap();
        store.mirror_stock_read(&[level("A", 5)], &[], at(2), true, at(2)).unwrap();
        assert_eq!(store.mirror_stock_not_told(at(2), at(2)).unwrap(), [Sku::new("B")]);
        assert_eq!(store.mirror_stock_since(seq, None, 9).unwrap(), (vec![], seq));
        store.mirror_stock_read(&[level("A", 4)], &[], at(3), false, at(3)).unwrap();
        let (levels, _) = store.mirror_stock_since(seq, None, 9).unwrap();
        assert_eq!((levels.len(), levels[0].physical, levels[0].changed_at), (1, 4, at(3)));
        assert_eq!(store.mirror_stock_compared_at().unwrap(), None);
        store.mirror_stock_compared(at(2), at(2), true).unwrap();
        store.mirror_stock_compared(at(4), at(5), false).unwrap();
        assert_eq!(store.mirror_stock_compared_at().unwrap(), Some(at(4)));
        assert_eq!(store.mirror_all_stock_compared_at().unwrap(), Some(at(2)));
    }

    /// Another process asked later, and was answered first.
    #[test]
    fn an_answer_that_was_asked_for_before_is_nothing_new() {
        let (_folder, store) = store();
        let level =
            |sku: &str, physical| MirrorStock { sku: Sku::new(sku), physical, reserved: 0, changed_at: at(0), seq: 0 };
        let known =
            || store.mirror_stock_of(&["A", "B"].map(Sku::new)).unwrap().iter().map(|l| l.physical).collect::<Vec<_>>();
        store.mirror_stock_read(&[level("A", 10), level("B", 10)], &[], at(1), false, at(1)).unwrap();
        store.mirror_stock_read(&[level("A", 9)], &[], at(20), false, at(20)).unwrap();
        store.mirror_stock_read(&[level("A", 8)], &[], at(10), false, at(21)).unwrap();
        assert_eq!(known(), [9, 10]);
        // A comparison of all that found the same dates no product anew, and is newer all the same; one of what changed is not.
        store.mirror_stock_compared(at(28), at(28), false).unwrap();
        store.mirror_stock_read(&[level("B", 12)], &[], at(26), false, at(29)).unwrap();
        assert_eq!(known(), [9, 12]);
        store.mirror_stock_compared(at(30), at(31), true).unwrap();
        store.mirror_stock_read(&[level("B", 11)], &[], at(27), false, at(32)).unwrap();
        assert_eq!(known(), [9, 12]);
        // What is dated ahead was read by a clock that was ahead.
        store.mirror_stock_read(&[level("A", 7)], &[], at(9_000), false, at(9_000)).unwrap();
        store.mirror_stock_read(&[level("A", 6)], &[], at(40), false, at(41)).unwrap();
        assert_eq!(known(), [6, 12]);
    }
}
