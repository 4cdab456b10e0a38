//! `ledger stock`: balances, however many there are: a page of products is read, told, and forgotten before the next.

use std::iter;

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use super::Failure;
use super::ledger_commands::unreadable;
use super::widths::Widths;
use crate::erp::ErpError;
use crate::erp::ledger::{Ledger, StockLevel};
use crate::exit::Exit;
use crate::lang::{say, word};
use crate::model::{Instant, Sku};
use crate::report::Reporter;

/// How many products a page has.
const PAGE: usize = 1_000;

/// Tells the balances of these products or, where none is named, of all.
pub(super) fn run(ledger: &Ledger, sku: &[String], reporter: &Reporter, now: Instant) -> Result<Exit, Failure> {
    let mut missing: Vec<Sku> = sku.iter().map(Sku::new).collect();
    let named = missing.clone();
    let pages = || {
        let skus: Box<dyn Iterator<Item = Result<Vec<Sku>, ErpError>>> =
            if named.is_empty() { Box::new(ledger.sku_pages(PAGE)) } else { Box::new(iter::once(Ok(named.clone()))) };
        skus.map(|skus| Ok(ledger.stock_levels(&skus?, now)?.levels))
            .map(|levels| levels.map_err(|error: ErpError| unreadable(&error)))
    };
    let mut widths = Widths::default();
    if reporter.is_human() {
        pages().try_for_each(|levels| levels.map(|levels| widths.make_room_for(&table(&levels, true))))?;
    }
    let mut told = 0;
    for levels in pages() {
        let levels = levels?;
        missing.retain(|sku| !levels.iter().any(|level| level.sku == *sku));
        if !reporter.is_human() {
            levels.iter().for_each(|level| reporter.json("stock", fields(level)));
        } else if !levels.is_empty() {
            reporter.verbatim(&widths.applied_to(table(&levels, told == 0)).trim_fmt());
        }
        told += levels.len();
    }
    if reporter.is_human() && told == 0 {
        reporter.verbatim(&table(&[], true).trim_fmt());
    }
    if !reporter.is_human() {
        reporter.counted(json!({ "levels": told, "read_at": now.to_rfc3339() }));
    }
    if missing.is_empty() {
        return Ok(Exit::Done);
    }
    let missing: Vec<&str> = missing.iter().map(Sku::as_str).collect();
    Err(Failure::new(
        Exit::Usage,
        say!("the ledger has no stock of {}" | "o ERP embutido não tem estoque de {}", missing.join(", ")),
    ))
}

fn fields(level: &StockLevel) -> Value {
    json!({
        "sku": level.sku,
        "warehouse": level.warehouse,
        "physical": level.physical,
        "reserved": level.reserved,
        "available": level.available(),
        "counted": level.counted,
    })
}

fn table(levels: &[StockLevel], has_heads: bool) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if has_heads {
        table.set_header([
            word!("product" | "produto"),
            word!("warehouse" | "depósito"),
            word!("physical" | "físico"),
            word!("reserved" | "reservado"),
            word!("available" | "disponível"),
        ]);
    }
    for level in levels {
        table.add_row([
            level.sku.to_string(),
            level.warehouse.to_string(),
            level.physical.to_string(),
            level.reserved.to_string(),
            level.available().to_string(),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WarehouseId;

    fn level(sku: &str, warehouse: &str, physical: i64) -> StockLevel {
        StockLevel {
            sku: Sku::new(sku),
            warehouse: WarehouseId::new(warehouse),
            physical,
            reserved: 1,
            counted: true,
            changed_at: Instant::default(),
            changed_seq: 1,
        }
    }

    #[test]
    fn a_table_told_in_pages_reads_like_one_told_at_once() {
        let levels = [
            level("A", "default", 1),
            level("CAMISETA-AÇÃO-P", "1", -1_000_000_000_000),
            level("日本", "depósito", 22),
            level("Z", "1_1", 0),
            level("ZZ", "default", 100),
        ];
        for size in 1..=levels.len() {
            let pages: Vec<&[StockLevel]> = levels.chunks(size).collect();
            let mut widths = Widths::default();
            pages.iter().for_each(|page| widths.make_room_for(&table(page, true)));
            let told: Vec<String> =
                pages.iter().enumerate().map(|(n, page)| widths.applied_to(table(page, n == 0)).trim_fmt()).collect();
            assert_eq!(told.join("\n"), table(&levels, true).trim_fmt(), "{size} a page");
        }
    }
}
