//! The balances of a stock sheet, set all at once, however many there are.

use rusqlite::{Connection, Row, params};

use super::{TakeError, Taken};
use crate::documents::StockSheet;
use crate::erp::ErpError;
use crate::erp::ledger::stock::{self, Counting};
use crate::erp::ledger::{DEFAULT_WAREHOUSE, Ledger, Product, StockCount, Warehouse, products};
use crate::model::{Instant, Sku, WarehouseId};
use crate::store::spool;

impl Ledger {
    pub(super) fn take_count(
        &self,
        sheet: &StockSheet<'_>,
        source: &str,
        once: Option<&str>,
        now: Instant,
    ) -> Result<Taken, TakeError> {
        let lines = Lines::of(sheet)?;
        let (products, changed) = self.write(|tx| {
            lines.each("SELECT DISTINCT warehouse FROM lines ORDER BY warehouse", |row| {
                let id = WarehouseId::new(row.get::<_, String>(0)?);
                products::upsert_warehouse(tx, &Warehouse { id, name: None }).map(drop)
            })?;
            // What is not under `min` comes from the line that has it: the first name counts.
            let products = lines.each("SELECT sku, name, min(line) FROM lines GROUP BY sku", |row| {
                let product = Product { sku: Sku::new(row.get::<_, String>(0)?), name: row.get(1)? };
                products::upsert_product(tx, &product, now).map(drop)
            })?;
            if let Some(file) = once
                && !stock::is_first_count(tx, file, now)?
            {
                return Ok((products, None));
            }
            let mut counting = Counting::new(tx, now, source);
            lines.each("SELECT sku, warehouse, quantity FROM lines", |row| {
                let warehouse = Some(WarehouseId::new(row.get::<_, String>(1)?));
                counting.set(&StockCount { sku: Sku::new(row.get::<_, String>(0)?), warehouse, quantity: row.get(2)? })
            })?;
            Ok((products, Some(counting.changed())))
        })?;
        Ok(Taken::Stock { products, changed, ignored_columns: sheet.ignored_columns() })
    }
}

/// The lines of a sheet in which nothing is wrong, by product and warehouse, those that repeat another left out. They are not in
/// memory, and nobody waits for the ledger while they are gathered.
struct Lines(Connection);

impl Lines {
    fn of(sheet: &StockSheet<'_>) -> Result<Self, TakeError> {
        let file = spool::temporary(
            "CREATE TABLE lines (
                 sku TEXT NOT NULL, warehouse TEXT NOT NULL, quantity INTEGER NOT NULL, name TEXT, line INTEGER NOT NULL,
                 PRIMARY KEY (sku, warehouse)
             ) STRICT, WITHOUT ROWID",
        )?;
        {
            let mut add = file.prepare("INSERT INTO lines VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING")?;
            let mut first = file.prepare("SELECT line, quantity FROM lines WHERE sku = ?1 AND warehouse = ?2")?;
            sheet.each(|row| {
                let sku = row.sku.as_str();
                let warehouse = row.warehouse.as_ref().map_or(DEFAULT_WAREHOUSE, WarehouseId::as_str);
                let line = i64::try_from(row.line).unwrap_or(i64::MAX);
                if add.execute(params![sku, warehouse, row.quantity, row.name, line])? > 0 {
                    return Ok::<_, TakeError>(Ok(()));
                }
                let (line, quantity): (i64, i64) =
                    first.query_row(params![sku, warehouse], |row| Ok((row.get(0)?, row.get(1)?)))?;
                let line = u64::try_from(line).unwrap_or_default();
                Ok(if quantity == row.quantity { Ok(()) } else { Err(row.conflict(line, quantity)) })
            })?;
        }
        Ok(Self(file))
    }

    /// Hands over each row of a question, and gives how many there were.
    fn each(&self, sql: &str, mut take: impl FnMut(&Row<'_>) -> Result<(), ErpError>) -> Result<usize, ErpError> {
        let mut question = self.0.prepare(sql)?;
        let (mut rows, mut number) = (question.query([])?, 0);
        while let Some(row) = rows.next()? {
            take(row)?;
            number += 1;
        }
        Ok(number)
    }
}
