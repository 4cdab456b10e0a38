//! Stock: balances set by counts and moved by invoices, reservations of orders, and what may be sold.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::products::{self, DEFAULT_WAREHOUSE_ROW, sku_list};
use super::{Ledger, last_seq, next_seq};
use crate::erp::ErpError;
use crate::model::{ErpOrderId, Instant, Sku, Status, WarehouseId};
use crate::store::{instant, millis};

/// Balances as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockReading {
    /// When they were read.
    pub read_at: Instant,
    /// When the last of them was read: what happened since is in none, what happened between the two may be.
    pub until: Instant,
    /// By code, then warehouse.
    pub levels: Vec<StockLevel>,
}

/// A part of the balances that changed, each product in all its warehouses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockPart {
    /// The balances.
    pub reading: StockReading,
    /// The last change of all there are: what to ask from the next time. A part is asked for before it is read, so that what changes
    /// meanwhile is told again.
    pub seq: i64,
    /// Where the next part begins; `None` when this is the last.
    pub next: Option<StockMark>,
    /// Products that the ERP left out when it told of everything, though it told of them before.
    pub missing: Vec<Sku>,
}

/// Where a part ends: a change, and the last product that was told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockMark {
    /// The change.
    pub seq: i64,
    /// The product.
    pub sku: Sku,
}

/// The stock of one product in one warehouse, in whole units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockLevel {
    /// The product.
    pub sku: Sku,
    /// Where.
    pub warehouse: WarehouseId,
    /// On the shelf, by the last count and the invoices since. Below zero when more was invoiced than was ever counted.
    pub physical: i64,
    /// Sold and not yet invoiced; never below zero.
    pub reserved: i64,
    /// Whether it was ever counted there. If not, `physical` is no statement about the shelf.
    pub counted: bool,
    /// When either number last changed.
    pub changed_at: Instant,
    /// The change that did it.
    pub changed_seq: i64,
}

impl StockLevel {
    /// What may be sold: physical − reserved. Below zero when more was sold than there is.
    pub fn available(&self) -> i64 {
        self.physical.saturating_sub(self.reserved)
    }
}

/// Units that orders of which a part is invoiced still have reserved, by order, product and warehouse.
pub type Rests = BTreeMap<(ErpOrderId, Sku, WarehouseId), i64>;

/// A physical balance as it was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockCount {
    /// The product.
    pub sku: Sku,
    /// Where; `None` for the [default warehouse](super::DEFAULT_WAREHOUSE).
    pub warehouse: Option<WarehouseId>,
    /// Units on the shelf. May be negative: back offices count what they oversold.
    pub quantity: i64,
}

/// Units of an order that are kept from sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The product.
    pub sku: Sku,
    /// Where.
    pub warehouse: WarehouseId,
    /// Units, at least 1.
    pub quantity: i64,
    /// Since when.
    pub made_at: Instant,
    /// Until when; `None` while they are reserved.
    pub released_at: Option<Instant>,
    /// What ended it: `cancelled`, `returned`, or the invoice that took the units.
    pub released_why: Option<String>,
}

/// One change of a physical balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// When.
    pub at: Instant,
    /// Where.
    pub warehouse: WarehouseId,
    /// Units added or, below zero, taken.
    pub change: i64,
    /// The balance afterwards.
    pub balance: i64,
    /// What moved it.
    pub kind: MovementKind,
    /// For people: the sheet's name, the invoice and its order.
    pub why: String,
}

/// What moves a physical balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovementKind {
    /// A count, which sets it.
    Count,
    /// An invoice, which takes from it.
    Invoice,
    /// An invoice's cancellation, which gives back.
    InvoiceCancelled,
}

impl MovementKind {
    /// Every kind with its stable code.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Count, "count"), (Self::Invoice, "invoice"), (Self::InvoiceCancelled, "invoice_cancelled")];

    /// Stable code.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, code)| code)
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == code).map(|(kind, _)| *kind)
    }
}

impl Ledger {
    /// Sets physical balances, all of them or none. Equal balances change nothing; reservations stay. Gives how many
    /// changed.
    ///
    /// # Errors
    /// Refused with `unknown_sku` or `unknown_warehouse`; or the file cannot be written.
    pub fn set_stocks(&self, counts: &[StockCount], at: Instant, why: &str) -> Result<usize, ErpError> {
        self.write(|tx| {
            let mut counting = Counting::new(tx, at, why);
            counts.iter().try_for_each(|count| counting.set(count))?;
            Ok(counting.changed())
        })
    }

    /// The balances of these products. A product that was never counted nor reserved has none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn stock_levels(&self, skus: &[Sku], now: Instant) -> Result<StockReading, ErpError> {
        let skus = sku_list(skus)?;
        self.read(|tx| {
            let levels = tx
                .prepare_cached(
                    "SELECT p.sku, w.code, s.physical, s.counted, s.changed_at, s.changed_seq,
                         (SELECT coalesce(sum(r.quantity * r.sound), 0) FROM reservations r
                          WHERE r.product = s.product AND r.warehouse = s.warehouse AND r.released_at IS NULL),
                         s.sound, p.sound
                     FROM stock s JOIN products p ON p.id = s.product JOIN warehouses w ON w.id = s.warehouse
                     WHERE p.sku IN (SELECT value FROM json_each(?1))
                     ORDER BY p.sku, w.code",
                )?
                .query_map([skus], level_from_row)?
                .collect::<rusqlite::Result<_>>()?;
            Ok(StockReading { read_at: now, until: now, levels })
        })
    }

    /// The balances that changed after `since`, 0 for all of them: of at most `limit` products, those after `mark`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn stock_part(
        &self,
        since: i64,
        mark: Option<&StockMark>,
        limit: usize,
        now: Instant,
    ) -> Result<StockPart, ErpError> {
        let (seq, changed) = self.read(|tx| {
            let after = match mark {
                None => (since, i64::MAX),
                Some(mark) => (mark.seq, products::row_of(tx, &mark.sku)?.unwrap_or(0)),
            };
            let changed: Vec<(i64, Sku)> = tx
                .prepare_cached(
                    "SELECT s.changed_seq, p.sku FROM stock s INDEXED BY stock_by_change JOIN products p ON p.id = s.product
                     WHERE (s.changed_seq, s.product) > (?1, ?2) GROUP BY s.changed_seq, s.product
                     ORDER BY s.changed_seq, s.product LIMIT ?3",
                )?
                .query_map(params![after.0, after.1, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                    Ok((row.get(0)?, Sku::new(row.get::<_, String>(1)?)))
                })?
                .collect::<rusqlite::Result<_>>()?;
            Ok((last_seq(tx)?, changed))
        })?;
        let next = changed.last().filter(|_| changed.len() == limit);
        let next = next.map(|(seq, sku)| StockMark { seq: *seq, sku: sku.clone() });
        let skus: Vec<Sku> = changed.into_iter().map(|(_, sku)| sku).collect();
        Ok(StockPart { reading: self.stock_levels(&skus, now)?, seq, next, missing: Vec::new() })
    }

    /// What orders of which a part is invoiced still have reserved of these products.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rests(&self, skus: &[Sku]) -> Result<Rests, ErpError> {
        let mut rests = Rests::new();
        for sku in skus {
            let mut open = self.connection.prepare_cached(
                "SELECT r.order_id, w.code, r.quantity, o.status, r.sound, o.sound
                 FROM reservations r JOIN orders o ON o.id = r.order_id JOIN warehouses w ON w.id = r.warehouse
                 WHERE r.product = (SELECT id FROM products WHERE sku = ?1) AND r.released_at IS NULL",
            )?;
            let mut rows = open.query([sku.as_str()])?;
            while let Some(row) = rows.next()? {
                if Status::from_code(&row.get::<_, String>(3)?).is_final_for_payment() {
                    let order = ErpOrderId::new(row.get::<_, i64>(0)?.to_string());
                    let warehouse = WarehouseId::new(row.get::<_, String>(1)?);
                    *rests.entry((order, sku.clone(), warehouse)).or_default() += row.get::<_, i64>(2)?;
                }
            }
        }
        Ok(rests)
    }

    /// The latest changes of a product's physical balances, the newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn stock_movements(&self, sku: &Sku, limit: usize) -> Result<Vec<Movement>, ErpError> {
        let movements = self
            .connection
            .prepare_cached(
                "SELECT m.at, w.code, m.change, m.balance, m.kind, m.why
                 FROM stock_movements m JOIN warehouses w ON w.id = m.warehouse
                 WHERE m.product = (SELECT id FROM products WHERE sku = ?1) ORDER BY m.id DESC LIMIT ?2",
            )?
            .query_map(params![sku.as_str(), i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                Ok(Movement {
                    at: instant(row.get(0)?),
                    warehouse: WarehouseId::new(row.get::<_, String>(1)?),
                    change: row.get(2)?,
                    balance: row.get(3)?,
                    kind: MovementKind::from_code(&row.get::<_, String>(4)?).unwrap_or(MovementKind::Count),
                    why: row.get(5)?,
                })
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(movements)
    }
}

/// Notes that a file's counts are taken: its name, time and content in one. `false` when they were taken before, for what was sold
/// since would be on the shelf again.
pub(super) fn is_first_count(tx: &Connection, file: &str, at: Instant) -> rusqlite::Result<bool> {
    tx.prepare_cached("INSERT OR IGNORE INTO counts_taken (file, at) VALUES (?1, ?2)")?
        .execute(params![file, millis(at)])
        .map(|new| new > 0)
}

/// Counts that are taken together, as one change.
pub(super) struct Counting<'a> {
    tx: &'a Connection,
    at: Instant,
    why: &'a str,
    seq: i64,
    changed: usize,
}

impl<'a> Counting<'a> {
    /// None so far.
    pub fn new(tx: &'a Connection, at: Instant, why: &'a str) -> Self {
        Self { tx, at, why, seq: 0, changed: 0 }
    }

    /// How many balances changed.
    pub fn changed(&self) -> usize {
        self.changed
    }

    /// Sets one physical balance; an equal one changes nothing.
    pub fn set(&mut self, count: &StockCount) -> Result<(), ErpError> {
        let Self { tx, at, why, .. } = *self;
        let warehouse = match &count.warehouse {
            Some(id) => products::warehouse(tx, id)?,
            None => DEFAULT_WAREHOUSE_ROW,
        };
        let place = Place { product: products::product(tx, &count.sku)?, warehouse };
        let before: Option<(i64, bool)> = tx
            .prepare_cached("SELECT physical, counted FROM stock WHERE product = ?1 AND warehouse = ?2")?
            .query_row(params![place.product, place.warehouse], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if before == Some((count.quantity, true)) {
            return Ok(());
        }
        if self.changed == 0 {
            self.seq = next_seq(tx)?;
        }
        self.changed += 1;
        tx.prepare_cached(
            "INSERT INTO stock (product, warehouse, physical, counted, changed_at, changed_seq)
             VALUES (?1, ?2, ?3, 1, ?4, ?5)
             ON CONFLICT DO UPDATE SET physical = excluded.physical, counted = 1,
                 changed_at = excluded.changed_at, changed_seq = excluded.changed_seq
             WHERE stock.sound",
        )?
        .execute(params![place.product, place.warehouse, count.quantity, millis(at), self.seq])?;
        let change = count.quantity.saturating_sub(before.map_or(0, |(physical, _)| physical));
        Ok(log(tx, place, change, count.quantity, MovementKind::Count, why, at)?)
    }
}

fn level_from_row(row: &Row<'_>) -> rusqlite::Result<StockLevel> {
    Ok(StockLevel {
        sku: Sku::new(row.get::<_, String>(0)?),
        warehouse: WarehouseId::new(row.get::<_, String>(1)?),
        physical: row.get(2)?,
        counted: row.get(3)?,
        changed_at: instant(row.get(4)?),
        changed_seq: row.get(5)?,
        reserved: row.get(6)?,
    })
}

/// A product in a warehouse, by their rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub product: i64,
    pub warehouse: i64,
}

/// Reserves units for an order. That is a part of the change `seq`.
pub(super) fn reserve(
    tx: &Connection,
    order: i64,
    (place, quantity): (Place, i64),
    seq: i64,
    now: Instant,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO reservations (order_id, product, warehouse, quantity, made_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![order, place.product, place.warehouse, quantity, millis(now)])?;
    touch(tx, place, seq, now)
}

/// An open reservation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    row: i64,
    pub place: Place,
    pub quantity: i64,
}

/// What an order still has reserved, in the order of its lines.
pub(super) fn open(tx: &Connection, order: i64) -> rusqlite::Result<Vec<Open>> {
    tx.prepare_cached(
        "SELECT id, product, warehouse, quantity, sound FROM reservations
         WHERE order_id = ?1 AND released_at IS NULL ORDER BY id",
    )?
    .query_map([order], |row| {
        let place = Place { product: row.get(1)?, warehouse: row.get(2)? };
        Ok(Open { row: row.get(0)?, place, quantity: row.get(3)? })
    })?
    .collect()
}

/// Releases units of a reservation; if they are not all of it, they become a row of their own.
pub(super) fn release(tx: &Connection, open: Open, quantity: i64, why: &str, now: Instant) -> rusqlite::Result<()> {
    let (at, rest) = (millis(now), open.quantity - quantity);
    if rest > 0 {
        tx.prepare_cached("UPDATE reservations SET quantity = ?2 WHERE id = ?1")?.execute(params![open.row, rest])?;
        tx.prepare_cached(
            "INSERT INTO reservations (order_id, product, warehouse, quantity, made_at, released_at, released_why)
             SELECT order_id, product, warehouse, ?2, made_at, ?3, ?4 FROM reservations WHERE id = ?1",
        )?
        .execute(params![open.row, quantity, at, why])?;
    } else {
        tx.prepare_cached("UPDATE reservations SET released_at = ?2, released_why = ?3 WHERE id = ?1")?
            .execute(params![open.row, at, why])?;
    }
    touch(tx, open.place, next_seq(tx)?, now)
}

/// Releases everything an order still has reserved.
pub(super) fn release_all(tx: &Connection, order: i64, why: &str, now: Instant) -> rusqlite::Result<()> {
    open(tx, order)?.into_iter().try_for_each(|each| release(tx, each, each.quantity, why, now))
}

/// Adds units to a physical balance, or takes them, and logs it.
pub(super) fn move_units(
    tx: &Connection,
    place: Place,
    change: i64,
    kind: MovementKind,
    why: &str,
    now: Instant,
) -> rusqlite::Result<()> {
    touch(tx, place, next_seq(tx)?, now)?;
    let balance = tx
        .prepare_cached(
            "UPDATE stock SET physical = physical + ?3 WHERE product = ?1 AND warehouse = ?2 AND sound RETURNING physical",
        )?
        .query_row(params![place.product, place.warehouse, change], |row| row.get(0))?;
    log(tx, place, change, balance, kind, why, now)
}

fn log(
    tx: &Connection,
    place: Place,
    change: i64,
    balance: i64,
    kind: MovementKind,
    why: &str,
    at: Instant,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO stock_movements (at, product, warehouse, change, balance, kind, why)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![millis(at), place.product, place.warehouse, change, balance, kind.code(), why])
    .map(|_| ())
}

/// Marks a balance as changed by the change `seq`, making its row where there is none.
fn touch(tx: &Connection, place: Place, seq: i64, now: Instant) -> rusqlite::Result<()> {
    const CHANGE: &str =
        "UPDATE stock SET changed_at = ?3, changed_seq = ?4 WHERE product = ?1 AND warehouse = ?2 AND sound";
    const ADD: &str = "INSERT INTO stock (product, warehouse, changed_at, changed_seq) VALUES (?1, ?2, ?3, ?4)";
    for statement in [CHANGE, ADD] {
        if tx.prepare_cached(statement)?.execute(params![place.product, place.warehouse, millis(now), seq])? > 0 {
            break;
        }
    }
    Ok(())
}
