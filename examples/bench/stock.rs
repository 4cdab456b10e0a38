//! What finding a change costs: `cargo run --release --example bench -- stock 1000000`.
//!
//! The same runs of `vaivem push-stock` on a catalogue of a thousand products and on one of that many, all of whose numbers the
//! channel has confirmed: with no change, and with one. Finding what changed must cost what changed, so the two take the same time. The
//! first run does look at everything, as one does after a change of the configuration.
//! The confirmations are written into the state file: a real first push of a million products would take an hour of calls.

use std::path::Path;
use std::time::Duration;

use chrono::Utc;
use vaivem::erp::ledger::{Ledger, Product, StockCount};
use vaivem::model::{ChannelName, ChannelSku, Sku, StockParts, WarehouseId};
use vaivem::store::Store;
use vaivem::store::stock::{StockCursor, Want};

use super::sandbox::Sandbox;
use super::{configure, run, size};

/// The catalogue that the large one is held against.
const SMALL: usize = 1_000;
/// Of so many runs the median counts.
const RUNS: usize = 9;
/// How many products are written in one transaction.
const CHUNK: usize = 10_000;
const PHYSICAL: i64 = 100;

/// Seconds of a run with no change and of one with one.
struct Took {
    nothing: f64,
    one: f64,
}

/// Gives whether the large catalogue took about as long as the small one.
pub fn bench(products: usize) -> bool {
    println!(
        "{:<18} {:>12} {:>9} {:>12} {:>12} {:>9}",
        "push-stock", "everything", "peak MB", "no change", "one change", "peak MB"
    );
    let (small, large) = (catalogue(SMALL), catalogue(products));
    println!(
        "{products} products take {:.2} times as long as {SMALL} with no change, {:.2} times with one",
        large.nothing / small.nothing,
        large.one / small.one
    );
    // Not a matter of a few milliseconds of noise, but of reading a catalogue.
    large.nothing < 2.0 * small.nothing + 0.005 && large.one < 2.0 * small.one + 0.005
}

fn catalogue(products: usize) -> Took {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start();
    configure(folder.path(), &sandbox, "since = \"2026-01-01\"\nstock = { warehouse = \"1_1\" }");
    fill(folder.path(), products);
    let everything = run(folder.path(), &["push-stock", "-q"]);
    let mut peak_kb = 0;
    let mut median = |expected: u64, before: &dyn Fn(usize)| {
        let mut walls: Vec<Duration> = (0..RUNS)
            .map(|n| {
                before(n);
                let calls = sandbox.vtex(|v| v.total_calls);
                let spent = run(folder.path(), &["push-stock", "-q"]);
                let calls = sandbox.vtex(|v| v.total_calls) - calls;
                assert_eq!(calls, expected, "calls of a run");
                peak_kb = peak_kb.max(spent.peak_kb);
                spent.wall
            })
            .collect();
        walls.sort();
        walls[RUNS / 2].as_secs_f64()
    };
    let nothing = median(0, &|_| {});
    let one = median(1, &|n| count(folder.path(), PHYSICAL - 1 - n as i64));
    println!(
        "{:<18} {:>10.1} s {:>9.1} {:>9.1} ms {:>9.1} ms {:>9.1}   (state file {}, ledger {})",
        format!("{products} products"),
        everything.wall.as_secs_f64(),
        everything.peak_kb as f64 / 1024.0,
        nothing * 1e3,
        one * 1e3,
        peak_kb as f64 / 1024.0,
        size(&folder.path().join("vaivem.db")),
        size(&folder.path().join("ledger.db")),
    );
    Took { nothing, one }
}

/// Counts one product of the middle anew.
fn count(folder: &Path, quantity: i64) {
    let ledger = Ledger::open(&folder.join("ledger.db")).expect("the ledger");
    let counted = StockCount { sku: sku(SMALL / 2), warehouse: None, quantity };
    assert_eq!(ledger.set_stocks(&[counted], Utc::now(), "bench").expect("a count"), 1);
}

fn sku(n: usize) -> Sku {
    Sku::new(format!("P{n:07}"))
}

/// A ledger with so many products, and a state file that says the channel has all of them.
fn fill(folder: &Path, products: usize) {
    let ledger = Ledger::open(&folder.join("ledger.db")).expect("the ledger");
    let state = folder.join("vaivem.db");
    let store = Store::open(&state).expect("the state file");
    let (channel, now) = (ChannelName::new("loja"), Utc::now());
    for from in (0..products).step_by(CHUNK) {
        let skus: Vec<Sku> = (from..products.min(from + CHUNK)).map(sku).collect();
        let new: Vec<Product> = skus.iter().map(|sku| Product { sku: sku.clone(), name: None }).collect();
        ledger.upsert_products(&new, now).expect("products");
        let counts: Vec<StockCount> =
            skus.iter().map(|sku| StockCount { sku: sku.clone(), warehouse: None, quantity: PHYSICAL }).collect();
        ledger.set_stocks(&counts, now, "bench").expect("counts");
        let ids = skus.iter().map(|sku| (sku.clone(), ChannelSku::new(sku.as_str()))).collect();
        store.note_channel_skus(&channel, &skus, &ids, now).expect("ids");
        let wants: Vec<Want> = skus
            .iter()
            .map(|sku| Want {
                sku: sku.clone(),
                warehouse: WarehouseId::new("1_1"),
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
            })
            .collect();
        store.want_stock(&channel, &wants, None).expect("numbers");
    }
    let erp_seq = ledger.stock_part(i64::MAX, None, 1, now).expect("the ledger").seq;
    store.want_stock(&channel, &[], Some(StockCursor { erp_seq, news_seq: 0 })).expect("the cursor");
    drop(store);
    let state = rusqlite::Connection::open(&state).expect("the state file");
    vaivem::store::seal::register(&state).expect("the seals");
    state.execute("UPDATE stock SET pushed = want, pushed_at = erp_read_at", []).expect("confirmations");
}
