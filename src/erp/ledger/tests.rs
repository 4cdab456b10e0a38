//! What the ledger promises, a file per subject.

mod any_story;
mod documents;
mod file;
mod invoices;
mod lists;
mod orders;
mod shipments;
mod stock;

use super::*;
use crate::erp::{NewLine, NewOrder};
use crate::model::{Cents, ChannelName, Customer, ErpOrderId, OrderId, Sku, Status};

/// A ledger in memory with the products A, B and C, ten of each on the shelf.
pub(super) fn ledger() -> Ledger {
    let ledger = Ledger::on(sqlite::open_in_memory(&schema::LEDGER).unwrap());
    stocked(&ledger);
    ledger
}

fn stocked(ledger: &Ledger) {
    let product = |sku: &str| Product { sku: Sku::new(sku), name: Some(sku.to_lowercase()) };
    ledger.upsert_products(&["A", "B", "C"].map(product), at(0)).unwrap();
    let counts = ["A", "B", "C"].map(|sku| StockCount { sku: Sku::new(sku), warehouse: None, quantity: 10 });
    ledger.set_stocks(&counts, at(0), "first count").unwrap();
}

/// So many seconds after the story begins.
pub(super) fn at(seconds: i64) -> Instant {
    Instant::from_timestamp_millis(1_790_000_000_000 + seconds * 1000).unwrap()
}

/// A paid order of these units, one real each.
pub(super) fn order(number: &str, lines: &[(&str, i64)]) -> NewOrder {
    let units: i64 = lines.iter().map(|(_, quantity)| quantity).sum();
    NewOrder {
        channel: ChannelName::new("loja"),
        store_number: OrderId::new(number),
        marketplace: None,
        created_at: at(-60),
        status: Status::Paid,
        paid_at: Some(at(-30)),
        total: Cents::new(units * 100 + 500),
        freight: Cents::new(700),
        discount: Cents::new(250),
        tax: Cents::new(50),
        lines: lines
            .iter()
            .map(|(sku, quantity)| NewLine {
                sku: Sku::new(*sku),
                name: sku.to_lowercase(),
                quantity: *quantity,
                unit_price: Cents::new(100),
                total: Cents::new(quantity * 100),
                warehouse: None,
            })
            .collect(),
        customer: Customer {
            name: "Ana Souza".into(),
            document: Some("529.982.247-25".into()),
            trade_name: None,
            state_registration: None,
            email: None,
            phone: None,
        },
        address: None,
        carrier: None,
        service: None,
        promised_at: None,
        payments: Vec::new(),
        note: None,
        fiscal_payment: Vec::new(),
    }
}

/// The code of a refusal.
#[track_caller]
pub(super) fn refusal<T: std::fmt::Debug>(result: Result<T, ErpError>) -> &'static str {
    match result {
        Err(ErpError::Refused { code, message }) => {
            assert!(!message.is_empty());
            code
        }
        other => panic!("not refused: {other:?}"),
    }
}

/// Creates an order and gives its id.
pub(super) fn created(ledger: &Ledger, number: &str, lines: &[(&str, i64)]) -> ErpOrderId {
    ledger.create_order(&order(number, lines), at(1)).unwrap().id
}

/// Every balance, by code.
pub(super) fn all_levels(ledger: &Ledger, now: Instant) -> Vec<StockLevel> {
    ledger.sku_pages(2).flat_map(|skus| ledger.stock_levels(&skus.unwrap(), now).unwrap().levels).collect()
}

/// Physical and reserved units of a product in the default warehouse.
pub(super) fn stock_of(ledger: &Ledger, sku: &str) -> (i64, i64) {
    let levels = ledger.stock_levels(&[Sku::new(sku)], at(9)).unwrap().levels;
    let level = levels.iter().find(|level| level.warehouse.as_str() == DEFAULT_WAREHOUSE).unwrap();
    (level.physical, level.reserved)
}

/// An invoice with a key of its own by its number, for the rest of the order or for these units.
pub(super) fn invoice(number: u32, lines: Option<&[(&str, i64)]>) -> LedgerInvoice {
    LedgerInvoice {
        number,
        series: "1".into(),
        access_key: key(number),
        issued_at: at(50),
        value: Cents::new(10_000),
        url: None,
        xml: format!("<nfeProc>{number}</nfeProc>").into_bytes(),
        lines: lines.map(|lines| {
            lines.iter().map(|(sku, quantity)| InvoiceLine { sku: Sku::new(*sku), quantity: *quantity }).collect()
        }),
    }
}

pub(super) fn key(number: u32) -> String {
    format!("352610123456780001955500100{number:07}1556677123")
}
