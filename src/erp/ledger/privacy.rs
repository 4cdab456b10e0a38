//! What the ledger keeps of a person, and letting go of it. An order stays as a sale: its numbers, products, amounts and dates. Invoices
//! stay as long as the law wants them kept, unless whoever is responsible says otherwise.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use serde::Serialize;
use serde_json::Value;

use super::Ledger;
use crate::documents::nfe::{Nfe, RecipientDocument};
use crate::erp::ErpError;
use crate::model::{Status, TaxId};
use crate::store::sqlite;

/// What stands in place of a name that was erased.
pub const ERASED: &str = "(erased)";

/// The document as it stands in a row, without punctuation, against `?1`.
const IS_THEIRS: &str =
    "replace(replace(replace(replace(upper(c.document), '.', ''), '-', ''), '/', ''), ' ', '') = ?1";

/// An order of a person, with the personal data kept of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PersonalOrder {
    /// The ledger's number.
    pub number: i64,
    /// The channel.
    pub channel: String,
    /// Its number there.
    pub store_number: String,
    /// Where it stands, by code.
    pub status: String,
    /// What it is worth.
    pub total_cents: i64,
    /// The name it goes to.
    pub name: String,
    /// The document as it was told.
    pub document: Option<String>,
    /// The trade name.
    pub trade_name: Option<String>,
    /// The state registration.
    pub state_registration: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The telephone.
    pub phone: Option<String>,
    /// Where it goes.
    pub address: Option<Value>,
    /// What the customer wrote.
    pub note: Option<String>,
    /// The access keys of the invoices whose files are kept; they name the customer.
    pub invoice_files: Vec<String>,
}

impl PersonalOrder {
    /// Whether the order is over, so that nobody needs to know where it goes.
    pub fn is_over(&self) -> bool {
        matches!(Status::from_code(&self.status), Status::Cancelled | Status::Returned | Status::Delivered)
    }

    /// What else of the person may stand in free text: name, e-mail, telephone, document as it was told.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let told = [&self.document, &self.trade_name, &self.email, &self.phone];
        told.into_iter().filter_map(Option::as_deref).chain([self.name.as_str()])
    }
}

/// What the ledger keeps of a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Personal {
    /// The customer's own row, as of the latest order.
    pub customer: Option<Value>,
    /// The orders, the oldest first.
    pub orders: Vec<PersonalOrder>,
    /// The access keys of the kept invoice files that are theirs, of orders that do not name them, or not any more.
    pub invoice_files: Vec<String>,
}

impl Personal {
    /// How many invoice files are kept of them.
    pub fn files(&self) -> usize {
        self.invoice_files.len() + self.orders.iter().map(|order| order.invoice_files.len()).sum::<usize>()
    }
}

impl Ledger {
    /// What is kept of the person with that document.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn personal(&self, document: &TaxId) -> Result<Personal, ErpError> {
        self.read(|tx| Ok(personal(tx, document)?))
    }

    /// Erases what is kept of the person: the customer's row; of each order name, document, contact, address and note; in free text
    /// whatever of `words` it has. The files of their invoices go only with `fiscal_too`. Gives how many of those went.
    ///
    /// # Errors
    /// When the file cannot be written; then nothing was erased.
    pub fn erase_personal(&self, document: &TaxId, words: &[String], fiscal_too: bool) -> Result<usize, ErpError> {
        // What is deleted or overwritten is zeroed, not merely forgotten.
        self.connection.pragma_update(None, "secure_delete", true)?;
        self.write(|tx| {
            let Personal { orders, invoice_files, .. } = personal(tx, document)?;
            let mut files = 0;
            for key in invoice_files.iter().filter(|_| fiscal_too) {
                files += tx.execute(
                    "DELETE FROM invoice_documents WHERE invoice IN (SELECT id FROM invoices WHERE access_key = ?1)",
                    [key],
                )?;
            }
            for order in orders {
                let number = order.number;
                tx.execute(
                    "UPDATE recipients SET name = ?2, document = NULL, trade_name = NULL, state_registration = NULL, email = NULL,
                         phone = NULL, address = NULL, note = NULL WHERE order_id = ?1",
                    params![number, ERASED],
                )?;
                tx.execute("UPDATE orders SET customer = NULL WHERE id = ?1 AND sound", [number])?;
                for word in words {
                    for update in [
                        "UPDATE order_history SET note = replace(note, ?2, ?3) WHERE order_id = ?1 AND instr(note, ?2) > 0",
                        "UPDATE orders SET cancel_reason = replace(cancel_reason, ?2, ?3)
                         WHERE id = ?1 AND instr(cancel_reason, ?2) > 0 AND sound",
                        "UPDATE invoices SET cancel_reason = replace(cancel_reason, ?2, ?3)
                         WHERE order_id = ?1 AND instr(cancel_reason, ?2) > 0",
                    ] {
                        tx.execute(update, params![number, word, ERASED])?;
                    }
                }
                if fiscal_too {
                    files += tx.execute(
                        "DELETE FROM invoice_documents WHERE invoice IN (SELECT id FROM invoices WHERE order_id = ?1)",
                        [number],
                    )?;
                }
            }
            let theirs = "SELECT id FROM customers WHERE tax_id = ?1";
            tx.execute(&format!("UPDATE orders SET customer = NULL WHERE customer IN ({theirs}) AND sound"), [document.as_str()])?;
            tx.execute("DELETE FROM customers WHERE tax_id = ?1", [document.as_str()])?;
            Ok(files)
        })
    }

    /// Leaves no trace of what was erased in the file or its log. Says whether that was possible: not while somebody reads the file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn scrub(&self) -> Result<bool, ErpError> {
        Ok(sqlite::scrub(&self.connection)?)
    }
}

fn personal(tx: &Connection, document: &TaxId) -> rusqlite::Result<Personal> {
    let customer: Vec<String> = tx
        .prepare(
            "SELECT json_object('tax_id', tax_id, 'name', name, 'trade_name', trade_name, 'state_registration', state_registration,
                 'email', email, 'phone', phone) FROM customers WHERE tax_id = ?1",
        )?
        .query_map([document.as_str()], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut orders: Vec<PersonalOrder> = tx
        .prepare(&format!(
            "SELECT o.id, o.channel, o.store_number, o.status, o.total, c.name, c.document, c.trade_name, c.state_registration,
                 c.email, c.phone, c.address, c.note
             FROM orders o JOIN recipients c ON c.order_id = o.id WHERE {IS_THEIRS} ORDER BY o.id"
        ))?
        .query_map([document.as_str()], |row| {
            Ok(PersonalOrder {
                number: row.get(0)?,
                channel: row.get(1)?,
                store_number: row.get(2)?,
                status: row.get(3)?,
                total_cents: row.get(4)?,
                name: row.get(5)?,
                document: row.get(6)?,
                trade_name: row.get(7)?,
                state_registration: row.get(8)?,
                email: row.get(9)?,
                phone: row.get(10)?,
                address: row.get::<_, Option<String>>(11)?.and_then(|json| serde_json::from_str(&json).ok()),
                note: row.get(12)?,
                invoice_files: Vec::new(),
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    for order in &mut orders {
        order.invoice_files = tx
            .prepare_cached(
                "SELECT i.access_key FROM invoices i JOIN invoice_documents d ON d.invoice = i.id WHERE i.order_id = ?1 ORDER BY i.id",
            )?
            .query_map([order.number], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
    }
    let of_orders: BTreeSet<&String> = orders.iter().flat_map(|order| &order.invoice_files).collect();
    let mut invoice_files = invoices_to(tx, document)?;
    invoice_files.retain(|key| !of_orders.contains(key));
    Ok(Personal { customer: customer.first().and_then(|json| serde_json::from_str(json).ok()), orders, invoice_files })
}

/// The access keys of the invoices whose kept files name the person as their recipient. The file alone tells once an order was erased.
fn invoices_to(tx: &Connection, document: &TaxId) -> rusqlite::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut naming = tx.prepare(
        "SELECT i.access_key, d.xml, d.sound FROM invoice_documents d JOIN invoices i ON i.id = d.invoice
         WHERE instr(d.xml, ?1) > 0 ORDER BY i.id",
    )?;
    let mut rows = naming.query([document.as_str().as_bytes()])?;
    while let Some(row) = rows.next()? {
        let xml: Vec<u8> = row.get(1)?;
        // It may as well be the issuer's or a carrier's, or digits of something longer.
        let recipient = Nfe::parse(&xml).ok().and_then(|nfe| Some(nfe.recipient?.document));
        if matches!(recipient, Some(RecipientDocument::TaxId(theirs)) if theirs == *document) {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}
