//! The rows of one order as they stand in the file, for whoever must see what the ledger has.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use serde_json::{Map, Value};

use super::{Ledger, orders};
use crate::erp::ErpError;
use crate::model::ErpOrderId;
use crate::store::{instant, seal};

/// Each table with how an order's rows are found in it; what stands for a product or warehouse is its code. The files of invoices
/// stay where they are.
const TABLES: [(&str, &str); 9] = [
    ("orders", "SELECT * FROM orders WHERE id = ?1"),
    ("recipients", "SELECT * FROM recipients WHERE order_id = ?1"),
    (
        "order_lines",
        "SELECT l.position, p.sku, l.name, l.quantity, l.unit_price, l.total, w.code AS warehouse
         FROM order_lines l JOIN products p ON p.id = l.product LEFT JOIN warehouses w ON w.id = l.warehouse
         WHERE l.order_id = ?1 ORDER BY l.position",
    ),
    ("order_payments", "SELECT * FROM order_payments WHERE order_id = ?1 ORDER BY position"),
    ("order_history", "SELECT at, status, note FROM order_history WHERE order_id = ?1 ORDER BY id"),
    (
        "reservations",
        "SELECT p.sku, w.code AS warehouse, r.quantity, r.made_at, r.released_at, r.released_why
         FROM reservations r JOIN products p ON p.id = r.product JOIN warehouses w ON w.id = r.warehouse
         WHERE r.order_id = ?1 ORDER BY r.id",
    ),
    ("invoices", "SELECT * FROM invoices WHERE order_id = ?1 ORDER BY id"),
    ("shipments", "SELECT * FROM shipments WHERE order_id = ?1 ORDER BY id"),
    ("delivery_events", "SELECT * FROM delivery_events WHERE order_id = ?1 ORDER BY id"),
];

impl Ledger {
    /// The order's rows by table, read at one moment; `None` where there is no such order. They hold the customer's data. Instants
    /// are texts in UTC.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rows_of(&self, id: &ErpOrderId) -> Result<Option<Value>, ErpError> {
        let Some(order) = orders::row_of(id) else { return Ok(None) };
        self.read(|tx| {
            let tables: Map<String, Value> = TABLES
                .into_iter()
                .map(|(table, select)| Ok((table.to_owned(), rows(tx, select, order)?)))
                .collect::<rusqlite::Result<_>>()?;
            let is_there = tables.get("orders").and_then(Value::as_array).is_some_and(|orders| !orders.is_empty());
            Ok(is_there.then_some(Value::Object(tables)))
        })
    }

    /// The version of the file's schema.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn schema_version(&self) -> Result<i32, ErpError> {
        Ok(self.connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
    }
}

fn rows(tx: &Connection, select: &str, order: i64) -> rusqlite::Result<Value> {
    let mut statement = tx.prepare(select)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map([order], |row| object(row, &names))?;
    rows.collect()
}

fn object(row: &Row<'_>, names: &[String]) -> rusqlite::Result<Value> {
    let mut object = Map::new();
    let is_content = |name: &str| !seal::COLUMNS.contains(&name);
    for (column, name) in names.iter().enumerate().filter(|(_, name)| is_content(name)) {
        let value = match row.get_ref(column)? {
            ValueRef::Integer(millis) if name == "at" || name.ends_with("_at") => instant(millis).to_rfc3339().into(),
            ValueRef::Integer(number) => number.into(),
            // An address and other things of several parts are JSON in one column.
            ValueRef::Text(text) if matches!(text.first(), Some(b'{' | b'[')) => {
                serde_json::from_slice(text).unwrap_or_else(|_| String::from_utf8_lossy(text).into())
            }
            ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
            ValueRef::Real(number) => number.into(),
            ValueRef::Null => Value::Null,
            ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()).into(),
        };
        object.insert(name.clone(), value);
    }
    Ok(Value::Object(object))
}
