//! A large catalogue and what is held, written into the files straight away: a real first look at it would take an hour of calls.

use std::path::Path;

use chrono::Utc;
use vaivem::erp::ledger::{Ledger, Product, StockCount};
use vaivem::model::{ChannelName, ChannelSku, Sku, StockParts, WarehouseId};
use vaivem::store::Store;
use vaivem::store::stock::{StockCursor, Want};

/// How many products are written in one transaction.
const CHUNK: usize = 10_000;

/// How many units of each there are.
pub const PHYSICAL: i64 = 100;

/// The product's code, which is its id on the channel, too.
pub fn sku(n: usize) -> Sku {
    Sku::new(n.to_string())
}

/// A ledger with so many products, and a state file that knows the channel's ids of them.
pub fn fill(folder: &Path, products: usize) {
    let ledger = Ledger::open(&folder.join("ledger.db")).expect("the ledger");
    let store = Store::open(&folder.join("vaivem.db")).expect("the state file");
    let (channel, now) = (ChannelName::new("loja"), Utc::now());
    for skus in chunks(products) {
        let new: Vec<Product> = skus.iter().map(|sku| Product { sku: sku.clone(), name: None }).collect();
        ledger.upsert_products(&new, now).expect("products");
        let counts: Vec<StockCount> =
            skus.iter().map(|sku| StockCount { sku: sku.clone(), warehouse: None, quantity: PHYSICAL }).collect();
        ledger.set_stocks(&counts, now, "bench").expect("counts");
        let ids = skus.iter().map(|sku| (sku.clone(), ChannelSku::new(sku.as_str()))).collect();
        store.note_channel_skus(&channel, &skus, &ids, now).expect("ids");
    }
}

/// As if the channel had been told of all of them, and had confirmed it.
pub fn confirm(folder: &Path, products: usize, warehouse: &str) {
    let ledger = Ledger::open(&folder.join("ledger.db")).expect("the ledger");
    let state = folder.join("vaivem.db");
    let store = Store::open(&state).expect("the state file");
    let (channel, now) = (ChannelName::new("loja"), Utc::now());
    for skus in chunks(products) {
        let want = |sku: &Sku| Want {
            sku: sku.clone(),
            warehouse: WarehouseId::new(warehouse),
            channel_sku: Some(ChannelSku::new(sku.as_str())),
            quantity: PHYSICAL,
            parts: StockParts {
                erp_warehouse: WarehouseId::new("default"),
                physical: PHYSICAL,
                reserved: 0,
                in_flight: 0,
                buffer: 0,
                share: 100,
                added_back: 0,
                moving: 0,
                erp_read_at: now,
                in_flight_orders: Vec::new(),
                added_back_orders: Vec::new(),
            },
            resend: false,
            recheck_at: None,
        };
        store.want_stock(&channel, &skus.iter().map(want).collect::<Vec<_>>(), None).expect("numbers");
    }
    let erp_seq = ledger.stock_part(i64::MAX, None, 1, now).expect("the ledger").seq;
    store.want_stock(&channel, &[], Some(StockCursor { erp_seq, news_seq: 0 })).expect("the cursor");
    drop(store);
    change(folder, "UPDATE stock SET pushed = want, pushed_at = erp_read_at");
}

/// Makes all orders have come in two days ago: a shop has many that are on their way, and few of this minute.
pub fn age(folder: &Path) {
    let days = 2 * 24 * 60 * 60 * 1000;
    change(
        folder,
        &format!("UPDATE orders SET linked_at = linked_at - {days}, taken_over_at = taken_over_at - {days}"),
    );
    change(folder, "DELETE FROM stock_news");
    change(folder, "INSERT INTO stock_news (order_row) SELECT id FROM orders");
}

/// Holds all orders, each by two passes, for a few causes.
pub fn hold(folder: &Path) {
    for (pass, code, reason) in [
        (
            "push-invoices",
            "carrier_unmapped",
            "json_object('code', 'carrier_unmapped', 'carrier', 'Carrier ' || (id % 5))",
        ),
        ("push-tracking", "not_on_channel", "json_object('code', 'not_on_channel')"),
    ] {
        change(
            folder,
            &format!(
                "INSERT INTO holds (channel, order_row, pass, code, reason, since, tried_at, amount, promised_at)
                 SELECT channel, id, '{pass}', '{code}', {reason}, seen_at, seen_at, coalesce(total, 0), promised_at
                 FROM orders"
            ),
        );
    }
}

/// Gives every hold for a carrier a cause of its own.
pub fn tell_apart(folder: &Path) {
    change(
        folder,
        "UPDATE holds SET reason = json_object('code', code, 'carrier', 'Carrier ' || id) WHERE code = 'carrier_unmapped'",
    );
}

/// The customers want all orders cancelled.
pub fn ask_to_cancel(folder: &Path) {
    change(folder, "UPDATE orders SET status = 'cancellation_requested'");
}

/// Changes the state file as vaivem itself would not.
fn change(folder: &Path, sql: &str) {
    let state = rusqlite::Connection::open(folder.join("vaivem.db")).expect("the state file");
    vaivem::store::seal::register(&state).expect("seals");
    state.execute(sql, []).expect("a change");
}

fn chunks(products: usize) -> impl Iterator<Item = Vec<Sku>> {
    (1..=products).step_by(CHUNK).map(move |from| (from..=products.min(from + CHUNK - 1)).map(sku).collect())
}

/// Counts one product anew.
pub fn count(folder: &Path, product: usize, quantity: i64) {
    let ledger = Ledger::open(&folder.join("ledger.db")).expect("the ledger");
    let counted = StockCount { sku: sku(product), warehouse: None, quantity };
    assert_eq!(ledger.set_stocks(&[counted], Utc::now(), "bench").expect("a count"), 1);
}
