//! Orders: created once per store order number, moved forward, cancelled.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::stock::Place;
use super::{Ledger, add_to_history, next_seq, note, products, refused, shipments, stock};
use crate::erp::{ErpError, ErpOrder, NewLine, NewOrder};
use crate::lang::{keep, say, word};
use crate::model::{CarrierName, Cents, ChannelName, ErpOrderId, Instant, OrderId, Status};
use crate::store::{instant, millis};

impl Ledger {
    /// The order with that store order number, if there is one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find_order(&self, channel: &ChannelName, number: &OrderId) -> Result<Option<ErpOrder>, ErpError> {
        Ok(find(&self.connection, channel, number)?)
    }

    /// The order with that internal id, if there is one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_order(&self, id: &ErpOrderId) -> Result<Option<ErpOrder>, ErpError> {
        row_of(id).map_or(Ok(None), |row| Ok(read(&self.connection, row)?))
    }

    /// The status an order had before the one it has.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn status_before(&self, id: &ErpOrderId) -> Result<Option<Status>, ErpError> {
        let Some(row) = row_of(id) else { return Ok(None) };
        let before = self
            .connection
            .prepare_cached(
                "SELECT h.status FROM order_history h JOIN orders o ON o.id = h.order_id
                 WHERE o.id = ?1 AND h.status <> o.status ORDER BY h.id DESC LIMIT 1",
            )?
            .query_row([row], |row| row.get::<_, String>(0))
            .optional()?;
        Ok(before.map(|code| Status::from_code(&code)))
    }

    /// Creates the order and reserves its units, or gives back the one that has its channel and store number, as that
    /// one is.
    ///
    /// Lines that name no warehouse are reserved in the [default one](super::DEFAULT_WAREHOUSE). More may be reserved
    /// than there is: the order was sold, and a negative balance is how that shows.
    ///
    /// # Errors
    /// Refused with `status` (it neither waits for payment nor is paid), `lines` (none, or one without units), `total`
    /// (lines + freight + tax − discount is another amount), `unknown_sku`, `unknown_warehouse`; or the file cannot be
    /// written.
    pub fn create_order(&self, new: &NewOrder, now: Instant) -> Result<ErpOrder, ErpError> {
        // Whatever may be refused is found out before anything is written: there is nothing to undo.
        self.connection.write(|tx| {
            let exists = tx
                .prepare_cached("SELECT 1 FROM orders WHERE channel = ?1 AND store_number = ?2")?
                .exists(params![new.channel.as_str(), new.store_number.as_str()])?;
            if exists && let Some(existing) = find(tx, &new.channel, &new.store_number)? {
                return Ok(Ok(existing));
            }
            match places(tx, new) {
                Ok(places) => insert(tx, new, &places, now).map(Ok),
                Err(ErpError::File(error)) => Err(error),
                Err(refusal) => Ok(Err(refusal)),
            }
        })?
    }

    /// Whether the order would be made.
    ///
    /// # Errors
    /// Refused as it would be; or the file cannot be read.
    pub fn check_order(&self, new: &NewOrder) -> Result<(), ErpError> {
        self.read(|tx| places(tx, new)).map(|_| ())
    }

    /// Moves the order to a status, with a note for its history. The same status again is no change;
    /// [`Status::Cancelled`] cancels the order, with the note as the reason.
    ///
    /// # Errors
    /// Refused with `not_found`, `transition` (see [`Status::may_become`]), and as [`Ledger::cancel_order`]; or the
    /// file cannot be written.
    pub fn set_status(&self, id: &ErpOrderId, status: &Status, note: &str, now: Instant) -> Result<ErpOrder, ErpError> {
        if *status == Status::Cancelled {
            return self.cancel_order(id, note, now);
        }
        self.write(|tx| set(tx, id, status, note, now))
    }

    /// As [`Ledger::set_status`], by a person: what they say of an order is true of its parcels, too, which is where channels hear of
    /// it from. What is said again dates nothing anew.
    ///
    /// # Errors
    /// As [`Ledger::set_status`].
    pub fn set_by_hand(
        &self,
        id: &ErpOrderId,
        status: &Status,
        note: &str,
        now: Instant,
    ) -> Result<ErpOrder, ErpError> {
        if *status == Status::Cancelled {
            return self.cancel_order(id, note, now);
        }
        self.write(|tx| {
            let before = existing(tx, id)?.status;
            let order = set(tx, id, status, note, now)?;
            if order.status != before {
                shipments::follow(tx, existing_row(tx, id)?, status, now)?;
            }
            Ok(order)
        })
    }

    /// Cancels the order and releases its reservations. Cancelling twice is no change, and the first reason stays.
    ///
    /// # Errors
    /// Refused with `not_found`, `invoice_exists` (an invoice that is not cancelled itself), `transition` (delivered or
    /// returned); or the file cannot be written.
    pub fn cancel_order(&self, id: &ErpOrderId, reason: &str, now: Instant) -> Result<ErpOrder, ErpError> {
        self.write(|tx| {
            let order = existing(tx, id)?;
            if order.status == Status::Cancelled {
                return Ok(order);
            }
            if order.invoiced {
                let number = &order.number;
                let message = say!(
                    "order {number} has an invoice; cancel the invoice first, or take the goods back"
                        | "o pedido {number} tem nota; cancele antes a nota, ou receba a mercadoria de volta"
                );
                return Err(refused("invoice_exists", message));
            }
            if !order.status.may_become(&Status::Cancelled) {
                return Err(transition(&order, &Status::Cancelled));
            }
            let row = existing_row(tx, id)?;
            tx.prepare_cached("UPDATE orders SET cancelled_at = ?2, cancel_reason = ?3 WHERE id = ?1 AND sound")?
                .execute(params![row, millis(now), reason])?;
            move_to(tx, row, &Status::Cancelled, reason, now)?;
            must_read(tx, row)
        })
    }
}

/// Moves the order to a status that is not the end of it, if it is not there already.
fn set(tx: &Connection, id: &ErpOrderId, status: &Status, note: &str, now: Instant) -> Result<ErpOrder, ErpError> {
    let order = existing(tx, id)?;
    if order.status == *status {
        return Ok(order);
    }
    if !order.status.may_become(status) {
        return Err(transition(&order, status));
    }
    let row = existing_row(tx, id)?;
    move_to(tx, row, status, note, now)?;
    must_read(tx, row)
}

/// Sets an order's status and notes it; an order that ends releases what it holds. Whether the move is allowed is the
/// caller's question.
pub(super) fn move_to(tx: &Connection, order: i64, status: &Status, why: &str, now: Instant) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE orders SET status = ?2 WHERE id = ?1 AND sound")?
        .execute(params![order, status.code()])?;
    if matches!(status, Status::Cancelled | Status::Returned) {
        stock::release_all(tx, order, &status.code(), now)?;
    }
    note(tx, order, now, why)
}

/// Moves an order to where a fact (an invoice, a shipment) puts it, or only notes the fact when the order is there or
/// further.
pub(super) fn advance(tx: &Connection, order: i64, status: &Status, why: &str, now: Instant) -> Result<(), ErpError> {
    let here = must_read(tx, order)?.status;
    match here.may_become(status) {
        true => Ok(move_to(tx, order, status, why, now)?),
        false => Ok(note(tx, order, now, why)?),
    }
}

/// Units that a line is believed to have; the bound keeps every sum of them from overflowing.
const QUANTITIES: std::ops::RangeInclusive<i64> = 1..=1_000_000_000;

fn check(new: &NewOrder) -> Result<(), ErpError> {
    let number = &new.store_number;
    if !matches!(new.status, Status::AwaitingPayment | Status::PaymentUnderReview | Status::Paid) {
        return Err(refused(
            "status",
            say!(
                "order {number} cannot be created as {}" | "o pedido {number} não pode ser criado como {}",
                new.status
            ),
        ));
    }
    if new.lines.is_empty() {
        return Err(refused("lines", say!("order {number} has no lines" | "o pedido {number} não tem itens")));
    }
    if let Some(line) = new.lines.iter().find(|line| !QUANTITIES.contains(&line.quantity)) {
        return Err(refused(
            "lines",
            say!(
                "order {number} cannot have {} units of {}" | "o pedido {number} não pode ter {} unidades de {}",
                line.quantity,
                line.sku
            ),
        ));
    }
    let sum = Cents::checked_sum(new.lines.iter().map(|line| line.total))
        .and_then(|sum| sum.checked_add(new.freight))
        .and_then(|sum| sum.checked_add(new.tax))
        .and_then(|sum| sum.checked_sub(new.discount));
    if sum != Some(new.total) {
        let parts = sum.map_or(word!("more than fits" | "mais do que cabe").to_owned(), |sum| sum.to_string());
        let message = say!(
            "order {number} is worth {}, but its lines, freight and tax less discounts make {parts}"
                | "o pedido {number} vale {}, mas itens, frete e impostos menos descontos dão {parts}",
            new.total
        );
        return Err(refused("total", message));
    }
    Ok(())
}

/// Where the units of each line are, or the refusal of the order.
fn places(tx: &Connection, new: &NewOrder) -> Result<Vec<Place>, ErpError> {
    check(new)?;
    let place = |line: &NewLine| {
        let product = products::product(tx, &line.sku)?;
        let warehouse = line.warehouse.as_ref().map(|code| products::warehouse(tx, code)).transpose()?;
        Ok(Place { product, warehouse: warehouse.unwrap_or(products::DEFAULT_WAREHOUSE_ROW) })
    };
    new.lines.iter().map(place).collect()
}

/// Everything about a new order.
fn insert(tx: &Connection, new: &NewOrder, places: &[Place], now: Instant) -> rusqlite::Result<ErpOrder> {
    let customer = products::keep_customer(tx, &new.customer, now)?;
    let seq = next_seq(tx)?;
    let order = insert_order(tx, new, customer, seq, now)?;
    insert_recipient(tx, order, new)?;
    insert_payments(tx, order, new)?;
    for ((position, line), place) in new.lines.iter().enumerate().zip(places) {
        tx.prepare_cached(
            "INSERT INTO order_lines (order_id, position, product, name, quantity, unit_price, total, warehouse)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            order,
            ordinal(position),
            place.product,
            line.name,
            line.quantity,
            line.unit_price.get(),
            line.total.get(),
            line.warehouse.as_ref().map(|_| place.warehouse)
        ])?;
        stock::reserve(tx, order, (*place, line.quantity), seq, now)?;
    }
    add_to_history(tx, order, now, &keep!("imported from {}" | "importado de {}", new.channel))?;
    Ok(ErpOrder {
        id: ErpOrderId::new(order.to_string()),
        number: order.to_string(),
        channel: Some(new.channel.clone()),
        store_number: new.store_number.clone(),
        status: new.status.clone(),
        total: new.total,
        units: Some(new.lines.iter().map(|line| line.quantity).sum()),
        cancelled_at: None,
        cancel_reason: None,
        invoiced: false,
    })
}

fn insert_order(
    tx: &Connection,
    new: &NewOrder,
    customer: Option<i64>,
    seq: i64,
    now: Instant,
) -> rusqlite::Result<i64> {
    tx.prepare_cached(
        "INSERT INTO orders (channel, store_number, marketplace, marketplace_order, placed_at, status, paid_at, total,
             freight, discount, tax, line_count, customer, carrier, service, promised_at, fiscal_payment, imported_at,
             changed_at, changed_seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?18, ?19)",
    )?
    .execute(params![
        new.channel.as_str(),
        new.store_number.as_str(),
        new.marketplace.as_ref().map(json).transpose()?,
        new.marketplace.as_ref().and_then(|marketplace| marketplace.order_id.as_ref()),
        millis(new.created_at),
        new.status.code(),
        new.paid_at.map(millis),
        new.total.get(),
        new.freight.get(),
        new.discount.get(),
        new.tax.get(),
        ordinal(new.lines.len()),
        customer,
        new.carrier.as_ref().map(CarrierName::as_str),
        new.service,
        new.promised_at.map(millis),
        json(&new.fiscal_payment)?,
        millis(now),
        seq,
    ])?;
    Ok(tx.last_insert_rowid())
}

fn insert_recipient(tx: &Connection, order: i64, new: &NewOrder) -> rusqlite::Result<()> {
    let customer = &new.customer;
    tx.prepare_cached(
        "INSERT INTO recipients (order_id, name, document, trade_name, state_registration, email, phone, address, note)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        order,
        customer.name,
        customer.document,
        customer.trade_name,
        customer.state_registration,
        customer.email,
        customer.phone,
        new.address.as_ref().map(json).transpose()?,
        new.note,
    ])?;
    Ok(())
}

fn insert_payments(tx: &Connection, order: i64, new: &NewOrder) -> rusqlite::Result<()> {
    for (position, payment) in new.payments.iter().enumerate() {
        tx.prepare_cached(
            "INSERT INTO order_payments (order_id, position, method, label, amount, installments, due_date, gateway_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            order,
            ordinal(position),
            payment.method.code(),
            payment.label,
            payment.amount.get(),
            payment.installments,
            payment.due_date.map(|date| date.to_string()),
            payment.transaction,
        ])?;
    }
    Ok(())
}

/// What [`from_row`] reads, from `orders o`.
pub(super) const COLUMNS: &str = "o.id, o.channel, o.store_number, o.status, o.total, \
     (SELECT coalesce(sum(l.quantity * l.sound), 0) FROM order_lines l WHERE l.order_id = o.id), o.cancelled_at, \
     o.cancel_reason, EXISTS (SELECT 1 FROM invoices i WHERE i.order_id = o.id AND i.cancelled_at IS NULL), o.sound";
/// How many columns those are.
pub(super) const WIDTH: usize = 10;

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<ErpOrder> {
    let id = row.get::<_, i64>(0)?.to_string();
    Ok(ErpOrder {
        id: ErpOrderId::new(id.clone()),
        number: id,
        channel: Some(ChannelName::new(row.get::<_, String>(1)?)),
        store_number: OrderId::new(row.get::<_, String>(2)?),
        status: Status::from_code(&row.get::<_, String>(3)?),
        total: Cents::new(row.get(4)?),
        units: Some(row.get(5)?),
        cancelled_at: row.get::<_, Option<i64>>(6)?.map(instant),
        cancel_reason: row.get(7)?,
        invoiced: row.get(8)?,
    })
}

fn find(
    connection: &rusqlite::Connection,
    channel: &ChannelName,
    number: &OrderId,
) -> rusqlite::Result<Option<ErpOrder>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM orders o WHERE o.channel = ?1 AND o.store_number = ?2"))?
        .query_row(params![channel.as_str(), number.as_str()], from_row)
        .optional()
}

fn read(connection: &rusqlite::Connection, row: i64) -> rusqlite::Result<Option<ErpOrder>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM orders o WHERE o.id = ?1"))?
        .query_row([row], from_row)
        .optional()
}

/// The order in a row that is known to exist.
pub(super) fn must_read(tx: &Connection, row: i64) -> Result<ErpOrder, ErpError> {
    read(tx, row)?.ok_or_else(|| not_found(&row.to_string()))
}

/// The order with that id, or the refusal `not_found`.
pub(super) fn existing(tx: &Connection, id: &ErpOrderId) -> Result<ErpOrder, ErpError> {
    must_read(tx, existing_row(tx, id)?)
}

/// The row of the order with that id, or the refusal `not_found`.
pub(super) fn existing_row(tx: &Connection, id: &ErpOrderId) -> Result<i64, ErpError> {
    let found = match row_of(id) {
        Some(row) => tx.prepare_cached("SELECT id FROM orders WHERE id = ?1")?.query_row([row], |row| row.get(0)),
        None => return Err(not_found(id.as_str())),
    };
    found.optional()?.ok_or_else(|| not_found(id.as_str()))
}

/// The row an id stands for. Ids are written one way only, so that `007` is not order 7.
pub(super) fn row_of(id: &ErpOrderId) -> Option<i64> {
    id.as_str().parse::<i64>().ok().filter(|row| row.to_string() == id.as_str())
}

fn not_found(id: &str) -> ErpError {
    refused("not_found", say!("the ledger has no order {id}" | "o ERP embutido não tem o pedido {id}"))
}

fn transition(order: &ErpOrder, to: &Status) -> ErpError {
    refused(
        "transition",
        say!(
            "order {} is {} and cannot become {to}" | "o pedido {} está {} e não pode passar a {to}",
            order.number,
            order.status
        ),
    )
}

/// A value as it stands in a text column.
fn json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn ordinal(position: usize) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}
