//! The embedded ERP: orders with their history, customers, products, stock, invoices and shipments in one SQLite file.
//!
//! Every method that writes is one short transaction, taken at once (`IMMEDIATE`), so that several processes may use
//! the file and none decides on what another is just changing. Being a back office it keeps what an order needs, names
//! and addresses included.
//!
//! The rules of stock, from creation to invoice:
//! - creating an order reserves every unit of it, also while it is unpaid;
//! - posting an invoice takes its units from the physical balance and from the order's reservations, together;
//! - cancelling an invoice puts both back: the order still stands, and its units must not be sold to someone else;
//! - cancelling an order, or its return, releases what is still reserved; an order that has ended holds nothing;
//! - a count sets the physical balance and touches no reservation.
//!
//! So *available = physical − reserved* changes when a sale is made or undone, and not when it is invoiced. No other
//! change of status moves stock.

mod detail;
pub(in crate::erp) mod documents;
mod invoices;
mod lists;
mod orders;
mod outgoing;
mod privacy;
mod products;
mod rows;
mod schema;
mod shipments;
mod stock;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::rc::Rc;

use rusqlite::{Connection, params};

use super::ErpError;
use crate::model::Instant;
use crate::store::joint::Joint;
use crate::store::{OpenError, millis, sqlite};

pub use detail::{HistoryEntry, OrderDetail};
pub use documents::{Rules, TakeError, Taken};
pub use invoices::{Invoice, InvoiceCancelled, InvoiceLine, LedgerInvoice, Posted};
pub use lists::{InvoiceCandidate, MatchedBy, OrderChanges, OrderFilter, OrderSummary};
pub use privacy::{ERASED, Personal, PersonalOrder};
pub use products::{CustomerRecord, DEFAULT_WAREHOUSE, Product, Warehouse};
pub use shipments::{DeliveryEvent, DeliveryOutcome, Shipment};
pub use stock::{
    Movement, MovementKind, Reservation, Rests, StockCount, StockLevel, StockMark, StockPart, StockReading,
};

#[cfg(test)]
pub(crate) const KIND: sqlite::FileKind = schema::LEDGER;

/// The embedded ERP's file.
#[derive(Debug)]
pub struct Ledger {
    connection: Rc<Joint>,
}

impl Ledger {
    /// Opens the ledger, making it and its tables where needed.
    ///
    /// # Errors
    /// When it cannot be used: of another program, of a newer version, damaged, read-only … Nothing of it is touched
    /// then.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        sqlite::open(path, &schema::LEDGER).map(Self::on)
    }

    /// Opens the ledger for looking only: whatever writes fails.
    ///
    /// # Errors
    /// As [`Ledger::open`], and when it does not exist or is of an older version.
    pub fn open_read_only(path: &Path) -> Result<Self, OpenError> {
        sqlite::open_read_only(path, &schema::LEDGER).map(Self::on)
    }

    /// A private copy of the ledger for a dry run: everything written goes there and vanishes with it.
    ///
    /// # Errors
    /// As [`Ledger::open`]; a file that does not exist yet gives an empty copy and is not made.
    pub fn open_scratch(path: &Path) -> Result<Self, OpenError> {
        sqlite::scratch_copy(path, &schema::LEDGER).map(Self::on)
    }

    /// Copies the ledger, checked, to a path where there is nothing yet. Others may go on using it meanwhile.
    ///
    /// # Errors
    /// When either cannot be used.
    pub fn back_up(path: &Path, to: &Path) -> Result<(), OpenError> {
        sqlite::back_up(path, &schema::LEDGER, to)
    }

    /// What is damaged of it, if anything is. Reads the whole file.
    ///
    /// # Errors
    /// What else SQLite says.
    pub fn damage(&self) -> rusqlite::Result<Option<String>> {
        sqlite::damage(&self.connection)
    }

    fn on(connection: Connection) -> Self {
        Self { connection: Joint::new(connection) }
    }

    /// The file, to be committed together with others.
    pub fn file(&self) -> Rc<Joint> {
        Rc::clone(&self.connection)
    }

    /// One write, undone whole when `body` fails or refuses.
    fn write<T>(&self, body: impl FnOnce(&Connection) -> Result<T, ErpError>) -> Result<T, ErpError> {
        self.connection.try_write(body)
    }

    /// Several reads that see the file at one moment.
    fn read<T>(&self, body: impl FnOnce(&Connection) -> Result<T, ErpError>) -> Result<T, ErpError> {
        self.connection.read(body)
    }
}

fn refused(code: &'static str, message: String) -> ErpError {
    ErpError::Refused { code, message }
}

/// A number for a change, higher than every one before.
fn next_seq(tx: &Connection) -> rusqlite::Result<i64> {
    // Two statements, since SQLite makes a table for what RETURNING gives.
    tx.prepare_cached("UPDATE sequence SET seq = seq + 1 WHERE only = 1 AND sound")?.execute([])?;
    last_seq(tx)
}

impl Ledger {
    /// The number of its last change.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn stands_at(&self) -> Result<i64, ErpError> {
        Ok(last_seq(&self.connection)?)
    }
}

/// The number of the last change.
fn last_seq(tx: &Connection) -> rusqlite::Result<i64> {
    tx.prepare_cached("SELECT seq FROM sequence WHERE only = 1")?.query_row([], |row| row.get(0))
}

/// Adds a line to an order's history.
fn add_to_history(tx: &Connection, order: i64, at: Instant, note: &str) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO order_history (order_id, at, status, note) VALUES (?1, ?2, (SELECT status FROM orders WHERE id = ?1), ?3)",
    )?
    .execute(params![order, millis(at), note])
    .map(|_| ())
}

/// Adds a line to an order's history, and marks the order as changed.
fn note(tx: &Connection, order: i64, at: Instant, note: &str) -> rusqlite::Result<()> {
    add_to_history(tx, order, at, note)?;
    let seq = next_seq(tx)?;
    tx.prepare_cached("UPDATE orders SET changed_at = max(changed_at, ?2), changed_seq = ?3 WHERE id = ?1 AND sound")?
        .execute(params![order, millis(at), seq])
        .map(|_| ())
}
