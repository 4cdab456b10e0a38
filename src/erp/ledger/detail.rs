//! Everything about one order, read at one moment.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::orders::{self, COLUMNS, WIDTH};
use super::products::customer_from_row;
use super::{DeliveryEvent, Invoice, Ledger, Reservation, Shipment, invoices, shipments};
use crate::erp::{ErpError, ErpOrder, NewLine, NewOrder, units_by_product};
use crate::model::{
    CarrierName, Cents, ChannelName, ErpOrderId, Instant, OrderId, Payment, PaymentMethod, Sku, Status, WarehouseId,
};
use crate::store::instant;

/// Everything about one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderDetail {
    /// Where it stands.
    pub order: ErpOrder,
    /// What was ordered, as it was imported; its status is the one of then.
    pub content: NewOrder,
    /// When the ledger took it in.
    pub imported_at: Instant,
    /// When anything of it last changed.
    pub changed_at: Instant,
    /// What happened to it, the oldest first.
    pub history: Vec<HistoryEntry>,
    /// What was reserved for it and released again.
    pub reservations: Vec<Reservation>,
    /// Its invoices, cancelled ones included, in the order they were posted.
    pub invoices: Vec<Invoice>,
    /// Its parcels.
    pub shipments: Vec<Shipment>,
    /// What was heard of its delivery, the oldest first.
    pub events: Vec<DeliveryEvent>,
}

impl OrderDetail {
    /// The parcel of an order that goes in one: the first.
    pub fn shipment(&self) -> Option<&Shipment> {
        self.shipments.first()
    }
}

/// One line of an order's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When.
    pub at: Instant,
    /// The order's status from then on.
    pub status: Status,
    /// What happened.
    pub note: String,
}

impl Ledger {
    /// Everything about the order with that internal id, if there is one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn order_detail(&self, id: &ErpOrderId) -> Result<Option<OrderDetail>, ErpError> {
        let Some(row) = orders::row_of(id) else { return Ok(None) };
        self.read(|tx| {
            let Some(head) = head(tx, row)? else { return Ok(None) };
            let history = history(tx, row)?;
            let mut content = head.content;
            if let Some(first) = history.first() {
                content.status = first.status.clone();
            }
            content.lines = lines(tx, row)?;
            content.payments = payments(tx, row)?;
            Ok(Some(OrderDetail {
                order: head.order,
                content,
                imported_at: head.imported_at,
                changed_at: head.changed_at,
                history,
                reservations: reservations(tx, row)?,
                invoices: invoices::of_order(tx, row)?,
                shipments: shipments::of_order(tx, row)?,
                events: shipments::events(tx, row)?,
            }))
        })
    }
}

/// What stands in the order's own row, and who it goes to.
struct Head {
    order: ErpOrder,
    content: NewOrder,
    imported_at: Instant,
    changed_at: Instant,
}

fn head(tx: &Connection, order: i64) -> rusqlite::Result<Option<Head>> {
    tx.prepare_cached(&format!(
        "SELECT {COLUMNS}, o.marketplace, o.placed_at, o.paid_at, o.freight, o.discount, o.tax, o.carrier, o.service,
             o.promised_at, o.fiscal_payment, o.imported_at, o.changed_at, c.address, c.note, c.sound
         FROM orders o JOIN recipients c ON c.order_id = o.id WHERE o.id = ?1"
    ))?
    .query_row([order], |row| head_from_row(tx, row))
    .optional()
}

fn head_from_row(tx: &Connection, row: &Row<'_>) -> rusqlite::Result<Head> {
    let order = orders::from_row(row)?;
    let at = |column: usize| row.get::<_, i64>(WIDTH + column).map(instant);
    let at_or_none = |column: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(WIDTH + column)?.map(instant));
    let customer = tx
        .prepare_cached(
            "SELECT name, document, trade_name, state_registration, email, phone FROM recipients WHERE order_id = ?1",
        )?
        .query_row([row.get::<_, i64>(0)?], customer_from_row)?;
    let content = NewOrder {
        channel: ChannelName::new(row.get::<_, String>(1)?),
        store_number: OrderId::new(row.get::<_, String>(2)?),
        marketplace: from_json(row, WIDTH)?,
        created_at: at(1)?,
        status: order.status.clone(),
        paid_at: at_or_none(2)?,
        total: order.total,
        freight: Cents::new(row.get(WIDTH + 3)?),
        discount: Cents::new(row.get(WIDTH + 4)?),
        tax: Cents::new(row.get(WIDTH + 5)?),
        lines: Vec::new(),
        customer,
        address: from_json(row, WIDTH + 12)?,
        carrier: row.get::<_, Option<String>>(WIDTH + 6)?.map(CarrierName::new),
        service: row.get(WIDTH + 7)?,
        promised_at: at_or_none(8)?,
        payments: Vec::new(),
        note: row.get(WIDTH + 13)?,
        fiscal_payment: from_json(row, WIDTH + 9)?.unwrap_or_default(),
    };
    Ok(Head { order, content, imported_at: at(10)?, changed_at: at(11)? })
}

impl Ledger {
    /// The products of an order, with their units; none of one that is not there.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn products_of(&self, id: &ErpOrderId) -> Result<BTreeMap<Sku, i64>, ErpError> {
        let Some(order) = orders::row_of(id) else { return Ok(BTreeMap::new()) };
        self.read(|tx| Ok(units_by_product(lines(tx, order)?.into_iter().map(|line| (line.sku, line.quantity)))))
    }
}

fn lines(tx: &Connection, order: i64) -> rusqlite::Result<Vec<NewLine>> {
    tx.prepare_cached(
        "SELECT p.sku, l.name, l.quantity, l.unit_price, l.total, w.code, l.sound
         FROM order_lines l JOIN products p ON p.id = l.product LEFT JOIN warehouses w ON w.id = l.warehouse
         WHERE l.order_id = ?1 ORDER BY l.position",
    )?
    .query_map([order], |row| {
        Ok(NewLine {
            sku: Sku::new(row.get::<_, String>(0)?),
            name: row.get(1)?,
            quantity: row.get(2)?,
            unit_price: Cents::new(row.get(3)?),
            total: Cents::new(row.get(4)?),
            warehouse: row.get::<_, Option<String>>(5)?.map(WarehouseId::new),
        })
    })?
    .collect()
}

fn payments(tx: &Connection, order: i64) -> rusqlite::Result<Vec<Payment>> {
    tx.prepare_cached(
        "SELECT method, label, amount, installments, due_date, gateway_id, sound FROM order_payments
         WHERE order_id = ?1 ORDER BY position",
    )?
    .query_map([order], |row| {
        Ok(Payment {
            method: PaymentMethod::from_code(&row.get::<_, String>(0)?),
            label: row.get(1)?,
            amount: Cents::new(row.get(2)?),
            installments: row.get(3)?,
            due_date: row.get::<_, Option<String>>(4)?.and_then(|text| text.parse().ok()),
            transaction: row.get(5)?,
        })
    })?
    .collect()
}

fn history(tx: &Connection, order: i64) -> rusqlite::Result<Vec<HistoryEntry>> {
    tx.prepare_cached("SELECT at, status, note FROM order_history WHERE order_id = ?1 ORDER BY id")?
        .query_map(params![order], |row| {
            Ok(HistoryEntry {
                at: instant(row.get(0)?),
                status: Status::from_code(&row.get::<_, String>(1)?),
                note: row.get(2)?,
            })
        })?
        .collect()
}

fn reservations(tx: &Connection, order: i64) -> rusqlite::Result<Vec<Reservation>> {
    tx.prepare_cached(
        "SELECT p.sku, w.code, r.quantity, r.made_at, r.released_at, r.released_why
         FROM reservations r JOIN products p ON p.id = r.product JOIN warehouses w ON w.id = r.warehouse
         WHERE r.order_id = ?1 ORDER BY r.id",
    )?
    .query_map([order], |row| {
        Ok(Reservation {
            sku: Sku::new(row.get::<_, String>(0)?),
            warehouse: WarehouseId::new(row.get::<_, String>(1)?),
            quantity: row.get(2)?,
            made_at: instant(row.get(3)?),
            released_at: row.get::<_, Option<i64>>(4)?.map(instant),
            released_why: row.get(5)?,
        })
    })?
    .collect()
}

/// A value of a text column that holds JSON.
fn from_json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let Some(text) = row.get::<_, Option<String>>(column)? else { return Ok(None) };
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into()))
}
