//! Invoices (NF-e) by access key: posted once, which takes their units from stock, and cancelled once, which gives them
//! back.
//!
//! Whether a file proves an authorised sale to this order's customer is for its reader to say; here the arithmetic is
//! kept: an invoice covers what remains of its order, and never more.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::orders::{advance, existing_row, must_read};
use super::products;
use super::stock::{self, MovementKind, Open, Place};
use super::{Ledger, next_seq, note, refused};
use crate::erp::ErpError;
use crate::lang::{keep, say, word};
use crate::model::{Cents, ErpOrderId, Instant, Sku, Status};
use crate::store::{instant, millis};

/// An invoice to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerInvoice {
    /// Its number (`nNF`).
    pub number: u32,
    /// Its series (`serie`), without leading zeros.
    pub series: String,
    /// Its access key, 44 characters: what makes it one invoice.
    pub access_key: String,
    /// When it was issued (`dhEmi`).
    pub issued_at: Instant,
    /// Its value (`vNF`).
    pub value: Cents,
    /// Where the customer can see it, if anywhere.
    pub url: Option<String>,
    /// The XML file, byte by byte.
    pub xml: Vec<u8>,
    /// What it covers, by the ledger's product codes; `None` for all that remains of the order.
    pub lines: Option<Vec<InvoiceLine>>,
}

/// Units of a product on an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceLine {
    /// The product.
    pub sku: Sku,
    /// Units, at least 1.
    pub quantity: i64,
}

/// An invoice as it was posted. The file is read with [`Ledger::invoice_xml`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// Its number.
    pub number: u32,
    /// Its series.
    pub series: String,
    /// Its access key.
    pub access_key: String,
    /// When it was issued.
    pub issued_at: Instant,
    /// Its value.
    pub value: Cents,
    /// Where the customer can see it.
    pub url: Option<String>,
    /// What it took from stock, by code.
    pub lines: Vec<InvoiceLine>,
    /// When the ledger posted it.
    pub posted_at: Instant,
    /// When it was cancelled, if it was.
    pub cancelled_at: Option<Instant>,
    /// Why.
    pub cancel_reason: Option<String>,
}

/// Whether the ledger learned something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It did.
    New,
    /// It had it before; nothing changed.
    Again,
}

/// What a cancellation met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvoiceCancelled {
    /// An invoice of this order, cancelled now.
    Now(ErpOrderId),
    /// An invoice of this order that was cancelled before.
    Again(ErpOrderId),
    /// No such invoice. The key is remembered, and its invoice will be refused.
    Ahead,
}

impl Ledger {
    /// Posts an invoice: takes its units from the physical balances and from what the order has reserved, and moves the
    /// order to [`Status::Invoiced`] when it is not that far yet. An order may have several.
    ///
    /// The same access key again is no change, also after its cancellation: a stored file says "authorised" for ever.
    ///
    /// # Errors
    /// Refused with `not_found`, `invoice_of_other_order`, `invoice_cancelled` (its cancellation came first),
    /// `order_closed` (cancelled or returned), `unknown_sku`, `lines` (none, or one without units), `exceeds_order`
    /// (more than remains of the order: a second invoice for the same goods, or goods it does not have); or the file
    /// cannot be written.
    pub fn post_invoice(&self, id: &ErpOrderId, invoice: &LedgerInvoice, now: Instant) -> Result<Posted, ErpError> {
        self.write(|tx| {
            let order = existing_row(tx, id)?;
            match order_of(tx, &invoice.access_key)? {
                Some(known) if known == order => return Ok(Posted::Again),
                Some(other) => {
                    let message = say!(
                        "invoice {} belongs to order {other}, not to {id}"
                            | "a nota {} é do pedido {other}, não do {id}",
                        invoice.access_key
                    );
                    return Err(refused("invoice_of_other_order", message));
                }
                None => {}
            }
            refuse_cancelled(tx, &invoice.access_key)?;
            let status = must_read(tx, order)?.status;
            if matches!(status, Status::Cancelled | Status::Returned) {
                let message = say!(
                    "order {id} is {status} and cannot be invoiced; have invoice {} cancelled at SEFAZ and give that \
                     event"
                        | "o pedido {id} está {status} e não pode ser faturado; peça o cancelamento da nota {} na \
                           SEFAZ e use esse evento",
                    invoice.number
                );
                return Err(refused("order_closed", message));
            }
            let taken = cover(tx, id, order, invoice)?;
            let row = insert(tx, order, invoice, now)?;
            let why = format!("invoice {} of order {id}", invoice.number);
            let mut by_place: BTreeMap<Place, i64> = BTreeMap::new();
            for (reservation, quantity) in taken {
                stock::release(tx, reservation, quantity, &why, now)?;
                *by_place.entry(reservation.place).or_default() += quantity;
            }
            for (place, quantity) in by_place {
                stock::move_units(tx, place, -quantity, MovementKind::Invoice, &why, now)?;
                tx.prepare_cached(
                    "INSERT INTO invoice_lines (invoice, product, warehouse, quantity) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![row, place.product, place.warehouse, quantity])?;
            }
            let said = keep!(
                "invoice {} of series {}, {}" | "nota {} da série {}, {}",
                invoice.number,
                invoice.series,
                invoice.value
            );
            advance(tx, order, &Status::Invoiced, &said, now)?;
            Ok(Posted::New)
        })
    }

    /// Cancels an invoice: gives its units back to stock, and to the order's reservations unless the order has ended.
    ///
    /// The order's status stays. Nothing moves a status back by itself: what comes next, another invoice or the order's
    /// cancellation, is decided elsewhere, and both are possible from where it stands.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn cancel_invoice(&self, access_key: &str, at: Instant, reason: &str) -> Result<InvoiceCancelled, ErpError> {
        self.write(|tx| {
            let Some(order) = order_of(tx, access_key)? else {
                tx.prepare_cached(
                    "INSERT OR IGNORE INTO cancelled_ahead (access_key, at, reason) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![access_key, millis(at), reason])?;
                return Ok(InvoiceCancelled::Ahead);
            };
            let id = ErpOrderId::new(order.to_string());
            let cancelled: Option<(i64, u32)> = tx
                .prepare_cached(
                    "UPDATE invoices SET cancelled_at = ?2, cancel_reason = ?3
                     WHERE access_key = ?1 AND cancelled_at IS NULL RETURNING id, number",
                )?
                .query_row(params![access_key, millis(at), reason], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((invoice, number)) = cancelled else { return Ok(InvoiceCancelled::Again(id)) };
            let ended = matches!(must_read(tx, order)?.status, Status::Cancelled | Status::Returned);
            let why = format!("invoice {number} of order {id} cancelled");
            for (place, quantity) in units(tx, invoice)? {
                stock::move_units(tx, place, quantity, MovementKind::InvoiceCancelled, &why, at)?;
                if !ended {
                    stock::reserve(tx, order, (place, quantity), next_seq(tx)?, at)?;
                }
            }
            note(tx, order, at, &keep!("invoice {number} cancelled: {reason}" | "nota {number} cancelada: {reason}"))?;
            Ok(InvoiceCancelled::Now(id))
        })
    }

    /// The file of an invoice, byte by byte.
    ///
    /// # Errors
    /// When the ledger's file cannot be read.
    pub fn invoice_xml(&self, access_key: &str) -> Result<Option<Vec<u8>>, ErpError> {
        let xml = self
            .connection
            .prepare_cached(
                "SELECT d.xml, d.sound FROM invoice_documents d JOIN invoices i ON i.id = d.invoice WHERE i.access_key = ?1",
            )?
            .query_row([access_key], |row| row.get(0))
            .optional()?;
        Ok(xml)
    }

    /// The invoices with that number, with their orders: all that a carrier's file tells. Series and issuer (in the
    /// access key) are for the caller to compare.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn invoices_numbered(&self, number: u32) -> Result<Vec<(ErpOrderId, Invoice)>, ErpError> {
        self.read(|tx| {
            let found = select(tx, "number = ?1", i64::from(number))?;
            Ok(found.into_iter().map(|(order, invoice)| (ErpOrderId::new(order.to_string()), invoice)).collect())
        })
    }
}

/// The invoices of an order, in the order they were posted.
pub(super) fn of_order(tx: &Connection, order: i64) -> rusqlite::Result<Vec<Invoice>> {
    Ok(select(tx, "order_id = ?1", order)?.into_iter().map(|(_, invoice)| invoice).collect())
}

/// Which reservations an invoice takes, and how much of each.
fn cover(tx: &Connection, id: &ErpOrderId, order: i64, invoice: &LedgerInvoice) -> Result<Vec<(Open, i64)>, ErpError> {
    let open = stock::open(tx, order)?;
    let exceeds = |what: String| {
        refused(
            "exceeds_order",
            say!("invoice {} covers {what} of order {id}" | "a nota {} abrange {what} do pedido {id}", invoice.number),
        )
    };
    let Some(lines) = &invoice.lines else {
        return match open.is_empty() {
            true => Err(exceeds(word!("the rest, and nothing is left" | "o resto, e nada sobra").into())),
            false => Ok(open.into_iter().map(|each| (each, each.quantity)).collect()),
        };
    };
    if lines.is_empty() || lines.iter().any(|line| line.quantity < 1) {
        return Err(refused(
            "lines",
            say!(
                "invoice {} has no units, or a line without any"
                    | "a nota {} não tem unidades, ou tem um item sem nenhuma",
                invoice.number
            ),
        ));
    }
    let mut wanted: BTreeMap<i64, (i64, &Sku)> = BTreeMap::new();
    for line in lines {
        let (units, _) = wanted.entry(products::product(tx, &line.sku)?).or_insert((0, &line.sku));
        *units = units.saturating_add(line.quantity);
    }
    let mut taken = Vec::new();
    for reservation in open {
        let Some((units, _)) = wanted.get_mut(&reservation.place.product) else { continue };
        let take = reservation.quantity.min(*units);
        if take > 0 {
            *units -= take;
            taken.push((reservation, take));
        }
    }
    match wanted.into_values().find(|(units, _)| *units > 0) {
        Some((units, sku)) => {
            Err(exceeds(say!("{units} more of {sku} than remain" | "{units} a mais de {sku} do que restam")))
        }
        None => Ok(taken),
    }
}

fn refuse_cancelled(tx: &Connection, access_key: &str) -> Result<(), ErpError> {
    let reason: Option<String> = tx
        .prepare_cached("SELECT reason FROM cancelled_ahead WHERE access_key = ?1")?
        .query_row([access_key], |row| row.get(0))
        .optional()?;
    match reason {
        Some(reason) => {
            let message = say!(
                "invoice {access_key} was cancelled: {reason}; give the one that takes its place, if any"
                    | "a nota {access_key} foi cancelada: {reason}; use a que a substitui, se houver"
            );
            Err(refused("invoice_cancelled", message))
        }
        None => Ok(()),
    }
}

fn order_of(tx: &Connection, access_key: &str) -> rusqlite::Result<Option<i64>> {
    tx.prepare_cached("SELECT order_id FROM invoices WHERE access_key = ?1")?
        .query_row([access_key], |row| row.get(0))
        .optional()
}

fn insert(tx: &Connection, order: i64, invoice: &LedgerInvoice, now: Instant) -> rusqlite::Result<i64> {
    tx.prepare_cached(
        "INSERT INTO invoices (order_id, access_key, number, series, issued_at, value, url, posted_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        order,
        invoice.access_key,
        invoice.number,
        invoice.series,
        millis(invoice.issued_at),
        invoice.value.get(),
        invoice.url,
        millis(now)
    ])?;
    let row = tx.last_insert_rowid();
    tx.prepare_cached("INSERT INTO invoice_documents (invoice, xml) VALUES (?1, ?2)")?
        .execute(params![row, invoice.xml])?;
    Ok(row)
}

fn units(tx: &Connection, invoice: i64) -> rusqlite::Result<Vec<(Place, i64)>> {
    tx.prepare_cached("SELECT product, warehouse, quantity, sound FROM invoice_lines WHERE invoice = ?1")?
        .query_map([invoice], |row| Ok((Place { product: row.get(0)?, warehouse: row.get(1)? }, row.get(2)?)))?
        .collect()
}

fn select(tx: &Connection, condition: &str, value: i64) -> rusqlite::Result<Vec<(i64, Invoice)>> {
    let found: Vec<(i64, i64, Invoice)> = tx
        .prepare_cached(&format!(
            "SELECT id, order_id, number, series, access_key, issued_at, value, url, posted_at, cancelled_at,
                 cancel_reason, sound
             FROM invoices WHERE {condition} ORDER BY id"
        ))?
        .query_map([value], |row| Ok((row.get(0)?, row.get(1)?, from_row(row)?)))?
        .collect::<rusqlite::Result<_>>()?;
    found.into_iter().map(|(row, order, invoice)| Ok((order, Invoice { lines: lines(tx, row)?, ..invoice }))).collect()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Invoice> {
    Ok(Invoice {
        number: row.get(2)?,
        series: row.get(3)?,
        access_key: row.get(4)?,
        issued_at: instant(row.get(5)?),
        value: Cents::new(row.get(6)?),
        url: row.get(7)?,
        lines: Vec::new(),
        posted_at: instant(row.get(8)?),
        cancelled_at: row.get::<_, Option<i64>>(9)?.map(instant),
        cancel_reason: row.get(10)?,
    })
}

fn lines(tx: &Connection, invoice: i64) -> rusqlite::Result<Vec<InvoiceLine>> {
    tx.prepare_cached(
        "SELECT p.sku, sum(l.quantity * l.sound) FROM invoice_lines l JOIN products p ON p.id = l.product
         WHERE l.invoice = ?1 GROUP BY p.sku ORDER BY p.sku",
    )?
    .query_map([invoice], |row| Ok(InvoiceLine { sku: Sku::new(row.get::<_, String>(0)?), quantity: row.get(1)? }))?
    .collect()
}
