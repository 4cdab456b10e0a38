//! `ledger …`: the embedded ERP for people: bring in stock sheets, look at orders and stock, cancel.

use std::io::Read;
use std::path::{Path, PathBuf};

use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

use super::Failure;
use crate::cli::LedgerCommand;
use crate::documents::{self, Document, StockSheet};
use crate::erp::ErpError;
use crate::erp::ledger::{Ledger, OrderDetail, OrderFilter, OrderSummary, Product, StockCount};
use crate::exit::Exit;
use crate::model::{Cents, Instant, Sku, Status, calendar};
use crate::report::Reporter;

/// How many balances go into one transaction.
const CHUNK: usize = 500;

/// Runs one of the ledger's commands on the ledger at `file`.
pub fn run(command: &LedgerCommand, file: &Path, reporter: &Reporter, now: Instant) -> Result<Exit, Failure> {
    let to_read = || Ledger::open_read_only(file).map_err(|error| Failure::new(Exit::Failed, error.to_string()));
    let to_write = || Ledger::open(file).map_err(|error| Failure::new(Exit::Failed, error.to_string()));
    match command {
        LedgerCommand::Import { files } => import(&to_write()?, files, reporter, now),
        LedgerCommand::Orders { status, limit } => orders(&to_read()?, status.as_deref(), *limit, reporter),
        LedgerCommand::Show { order } => show(&to_read()?, order, reporter),
        LedgerCommand::Cancel { order, reason } => cancel(&to_write()?, order, reason, reporter, now),
        LedgerCommand::Stock { sku } => stock(&to_read()?, sku, reporter, now),
    }
}

/// Takes each document whole, or refuses it whole; one that is refused does not keep out the others.
fn import(ledger: &Ledger, files: &[PathBuf], reporter: &Reporter, now: Instant) -> Result<Exit, Failure> {
    let mut refused = 0;
    for file in files {
        let name = if file.as_os_str() == "-" { "standard input".to_owned() } else { file.display().to_string() };
        match read(file).and_then(|bytes| take(ledger, &bytes, &name, now)) {
            Ok(taken) if reporter.is_human() => reporter.line(&format!("{name}: {}", taken.text())),
            Ok(taken) => reporter.json("document", taken.json(&name)),
            Err(problem) => {
                refused += 1;
                if reporter.is_human() {
                    log::error!("{name}: refused, nothing of it was taken: {problem}");
                } else {
                    reporter.json("document", json!({ "file": name, "taken": false, "problem": problem }));
                }
            }
        }
    }
    if !reporter.is_human() {
        reporter.json("summary", json!({ "taken": files.len() - refused, "refused": refused }));
    }
    Ok(if refused == 0 { Exit::Done } else { Exit::Held })
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map(|_| bytes).map_err(|error| error.to_string())
}

/// What was taken from a document.
struct Taken {
    products: usize,
    balances: usize,
    ignored_columns: Vec<String>,
}

impl Taken {
    fn text(&self) -> String {
        let ignored = match self.ignored_columns.as_slice() {
            [] => String::new(),
            columns => format!("; columns not read: {}", columns.join(", ")),
        };
        format!("stock sheet, {} products, {} balances set{ignored}", self.products, self.balances)
    }

    fn json(&self, file: &str) -> serde_json::Value {
        json!({
            "file": file,
            "taken": true,
            "kind": "stock_sheet",
            "products": self.products,
            "balances": self.balances,
            "ignored_columns": self.ignored_columns,
        })
    }
}

fn take(ledger: &Ledger, bytes: &[u8], source: &str, now: Instant) -> Result<Taken, String> {
    match documents::recognise(bytes).map_err(|error| error.to_string())? {
        Document::StockSheet(sheet) => take_stock(ledger, sheet, source, now).map_err(|error| error.to_string()),
        _ => Err("it is no stock sheet; only stock sheets can be taken".into()),
    }
}

fn take_stock(ledger: &Ledger, sheet: StockSheet, source: &str, now: Instant) -> Result<Taken, ErpError> {
    let products: std::collections::BTreeMap<&Sku, Product> =
        sheet.rows.iter().map(|row| (&row.sku, Product { sku: row.sku.clone(), name: row.name.clone() })).collect();
    let products: Vec<Product> = products.into_values().collect();
    let counts: Vec<StockCount> = sheet
        .rows
        .iter()
        .map(|row| StockCount { sku: row.sku.clone(), warehouse: row.warehouse.clone(), quantity: row.quantity })
        .collect();
    ledger.upsert_products(&products, now)?;
    for chunk in counts.chunks(CHUNK) {
        ledger.set_stocks(chunk, now, source)?;
    }
    Ok(Taken { products: products.len(), balances: counts.len(), ignored_columns: sheet.ignored_columns })
}

fn orders(ledger: &Ledger, status: Option<&str>, limit: usize, reporter: &Reporter) -> Result<Exit, Failure> {
    let status = status.map(known_status).transpose()?;
    let filter = OrderFilter { status, limit: Some(limit), ..OrderFilter::default() };
    let found = ledger.orders(&filter).map_err(|error| unreadable(&error))?;
    if !reporter.is_human() {
        for summary in &found {
            reporter.json("ledger_order", summary_json(summary));
        }
        reporter.json("summary", json!({ "orders": found.len() }));
        return Ok(Exit::Done);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["number", "store number", "status", "placed", "lines", "total"]);
    for OrderSummary { order, placed_at, .. } in &found {
        table.add_row([
            order.number.clone(),
            order.store_number.to_string(),
            order.status.code(),
            calendar::local_date(*placed_at).to_string(),
            order.lines.to_string(),
            order.total.to_string(),
        ]);
    }
    print_table(&mut table, &[4, 5], reporter);
    let more = if found.len() == limit { "; --limit shows more" } else { "" };
    reporter.line(&format!("{} order{}{more}", found.len(), if found.len() == 1 { "" } else { "s" }));
    Ok(Exit::Done)
}

fn known_status(code: &str) -> Result<Status, Failure> {
    match Status::from_code(code) {
        Status::Unknown(_) => {
            let known: Vec<String> = Status::known().map(|status| status.code()).collect();
            Err(Failure::new(Exit::Usage, format!("`{code}` is no status; there are: {}", known.join(", "))))
        }
        status => Ok(status),
    }
}

fn summary_json(summary: &OrderSummary) -> serde_json::Value {
    let order = &summary.order;
    json!({
        "number": order.number,
        "channel": order.channel,
        "store_number": order.store_number,
        "status": order.status.code(),
        "placed_at": summary.placed_at.to_rfc3339(),
        "changed_at": summary.changed_at.to_rfc3339(),
        "lines": order.lines,
        "total_cents": order.total.get(),
        "invoiced": order.invoiced,
    })
}

/// The one order with that number, store number first: a person may have either.
fn the_order(ledger: &Ledger, number: &str) -> Result<OrderSummary, Failure> {
    let mut found = ledger.order_by_any(number).map_err(|error| unreadable(&error))?;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => {
            Err(Failure::new(Exit::Usage, format!("the ledger has no order with the number or store number {number}")))
        }
        _ => {
            let numbers: Vec<String> = found.iter().map(|summary| summary.order.number.clone()).collect();
            let numbers = numbers.join(", ");
            Err(Failure::new(
                Exit::Usage,
                format!("{number} may mean the ledger's orders {numbers}; name one of these"),
            ))
        }
    }
}

fn show(ledger: &Ledger, number: &str, reporter: &Reporter) -> Result<Exit, Failure> {
    let id = the_order(ledger, number)?.order.id;
    let Some(detail) = ledger.order_detail(&id).map_err(|error| unreadable(&error))? else {
        return Err(Failure::new(Exit::Failed, format!("order {number} vanished from the ledger while it was read")));
    };
    if reporter.is_human() {
        show_human(&detail, reporter);
    } else {
        reporter.json("ledger_order", detail_json(&detail));
    }
    Ok(Exit::Done)
}

fn show_human(detail: &OrderDetail, reporter: &Reporter) {
    let OrderDetail { order, content, .. } = detail;
    let line = |label: &str, text: &str| reporter.line(&format!("{label:<10} {text}"));
    line("order", &format!("{}, store number {} on {}", order.number, order.store_number, content.channel));
    line("status", &order.status.code());
    line("customer", &content.customer.name);
    if let Some(carrier) = &content.carrier {
        line("carrier", carrier.as_str());
    }
    for sold in &content.lines {
        line(
            "line",
            &format!("{} × {} ({}) at {} = {}", sold.quantity, sold.sku, sold.name, sold.unit_price, sold.total),
        );
    }
    for (label, amount) in [("freight", content.freight), ("tax", content.tax), ("discount", content.discount)] {
        if amount != Cents::ZERO {
            line(label, &amount.to_string());
        }
    }
    line("total", &order.total.to_string());
    for reservation in &detail.reservations {
        let until = match reservation.released_at {
            Some(at) => format!("released {}", calendar::local_text(at)),
            None => "held".into(),
        };
        line(
            "reserved",
            &format!("{} × {} in {}, {until}", reservation.quantity, reservation.sku, reservation.warehouse),
        );
    }
    for step in &detail.history {
        line("history", &format!("{} {} {}", calendar::local_text(step.at), step.status.code(), step.note));
    }
}

fn detail_json(detail: &OrderDetail) -> serde_json::Value {
    let OrderDetail { order, content, .. } = detail;
    json!({
        "number": order.number,
        "channel": content.channel,
        "store_number": order.store_number,
        "status": order.status.code(),
        "placed_at": content.created_at.to_rfc3339(),
        "imported_at": detail.imported_at.to_rfc3339(),
        "total_cents": order.total.get(),
        "freight_cents": content.freight.get(),
        "discount_cents": content.discount.get(),
        "tax_cents": content.tax.get(),
        "carrier": content.carrier,
        "invoiced": order.invoiced,
        "lines": content.lines.iter().map(|line| json!({
            "sku": line.sku,
            "quantity": line.quantity,
            "unit_price_cents": line.unit_price.get(),
            "total_cents": line.total.get(),
            "warehouse": line.warehouse,
        })).collect::<Vec<_>>(),
        "reservations": detail.reservations.iter().map(|reservation| json!({
            "sku": reservation.sku,
            "warehouse": reservation.warehouse,
            "quantity": reservation.quantity,
            "made_at": reservation.made_at.to_rfc3339(),
            "released_at": reservation.released_at.map(|at| at.to_rfc3339()),
        })).collect::<Vec<_>>(),
        "history": detail.history.iter().map(|step| json!({
            "at": step.at.to_rfc3339(),
            "status": step.status.code(),
            "note": step.note,
        })).collect::<Vec<_>>(),
    })
}

fn cancel(ledger: &Ledger, number: &str, reason: &str, reporter: &Reporter, now: Instant) -> Result<Exit, Failure> {
    let id = the_order(ledger, number)?.order.id;
    let order = ledger.cancel_order(&id, reason, now).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    if reporter.is_human() {
        reporter.line(&format!("order {} (store number {}) is cancelled", order.number, order.store_number));
    } else {
        reporter.json(
            "ledger_order",
            json!({ "number": order.number, "store_number": order.store_number, "status": order.status.code() }),
        );
    }
    Ok(Exit::Done)
}

fn stock(ledger: &Ledger, sku: &[String], reporter: &Reporter, now: Instant) -> Result<Exit, Failure> {
    let wanted: Vec<Sku> = sku.iter().map(Sku::new).collect();
    let reading =
        ledger.stock_levels((!wanted.is_empty()).then_some(&wanted), now).map_err(|error| unreadable(&error))?;
    if !reporter.is_human() {
        for level in &reading.levels {
            reporter.json(
                "stock",
                json!({
                    "sku": level.sku,
                    "warehouse": level.warehouse,
                    "physical": level.physical,
                    "reserved": level.reserved,
                    "available": level.available(),
                    "counted": level.counted,
                }),
            );
        }
        reporter.json("summary", json!({ "levels": reading.levels.len(), "read_at": reading.read_at.to_rfc3339() }));
        return Ok(Exit::Done);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["product", "warehouse", "physical", "reserved", "available"]);
    for level in &reading.levels {
        table.add_row([
            level.sku.to_string(),
            level.warehouse.to_string(),
            level.physical.to_string(),
            level.reserved.to_string(),
            level.available().to_string(),
        ]);
    }
    print_table(&mut table, &[2, 3, 4], reporter);
    let missing: Vec<&str> =
        wanted.iter().filter(|sku| !reading.levels.iter().any(|level| level.sku == **sku)).map(Sku::as_str).collect();
    if !missing.is_empty() {
        return Err(Failure::new(Exit::Usage, format!("the ledger has no stock of {}", missing.join(", "))));
    }
    Ok(Exit::Done)
}

fn print_table(table: &mut Table, right: &[usize], reporter: &Reporter) {
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    if table.row_count() > 0 {
        reporter.line(&table.trim_fmt());
    }
}

fn unreadable(error: &ErpError) -> Failure {
    Failure::new(Exit::Failed, error.to_string())
}
