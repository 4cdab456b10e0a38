//! What the state file keeps of a person, a keyed hash on their orders, and letting go of it.

use rusqlite::{Connection, params};

use super::Store;
use super::notes::{self, Note};
use super::orders::{COLUMNS, OrderRow, from_row};
use crate::model::TaxId;

/// Columns with text that people or the other sides wrote.
const FREE_TEXT: [(&str, &str); 7] = [
    ("history", "detail"),
    ("journal", "answer"),
    ("holds", "reason"),
    ("holds", "released_why"),
    ("orders", "fate_why"),
    ("notes", "detail"),
    ("told", "what"),
];

/// Whether any order has a customer's hash.
pub(super) fn has_hashes(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM orders WHERE customer IS NOT NULL)", [], |row| row.get(0))
}

impl Store {
    /// The orders on which the hash of that document stands, on every channel.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn orders_of_customer(&self, document: &TaxId) -> rusqlite::Result<Vec<OrderRow>> {
        self.connection
            .prepare(&format!("SELECT {COLUMNS} FROM orders WHERE customer = ?1 ORDER BY id"))?
            .query_map([self.customer_key().hash(document)], from_row)?
            .collect()
    }

    /// Takes the hash of that document from every order, and these words from what people and the other sides wrote, and keeps that
    /// it was done. Gives on how many orders it stood.
    ///
    /// # Errors
    /// When the state file cannot be written; then nothing was erased.
    pub fn erase_customer(&self, document: &TaxId, words: &[String], note: &Note) -> rusqlite::Result<usize> {
        self.connection.pragma_update(None, "secure_delete", true)?;
        let hash = self.customer_key().hash(document);
        self.write(|tx| {
            for word in words {
                for (table, column) in FREE_TEXT {
                    let update = format!(
                        "UPDATE OR REPLACE {table} SET {column} = replace({column}, ?1, ?2) WHERE instr({column}, ?1) > 0 AND sound"
                    );
                    tx.execute(&update, params![word, crate::erp::ledger::ERASED])?;
                }
            }
            notes::keep(tx, note)?;
            tx.execute("UPDATE orders SET customer = NULL WHERE customer = ?1 AND sound", [hash])
        })
    }

    /// Leaves no trace of what was erased in the file or its log. Says whether that was possible: not while somebody reads the file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn scrub(&self) -> rusqlite::Result<bool> {
        super::sqlite::scrub(&self.connection)
    }
}
