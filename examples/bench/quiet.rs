//! A run with nothing to do: `cargo run --release --example bench -- quiet`.
//!
//! `sync` with no change, and `push-stock` with none and with one, on small files and on large ones. What is the same costs
//! nothing: the two take the same time. Finding what changed costs what changed.

use std::time::Duration;

use super::measure::{Spent, vaivem};
use super::shop::{Shop, Side};
use super::table::{Row, bar, head};
use super::{Asked, catalogue};

/// Of so many runs the median counts.
const RUNS: usize = 15;

pub fn bench(asked: &Asked) -> bool {
    head();
    [Side::Vtex, Side::Anymarket].into_iter().fold(true, |are_good, side| {
        let small = runs(side, asked.size(1_000), asked.size(10_000));
        let large = runs(side, asked.size(100_000), asked.size(1_000_000));
        let sync = large.sync.wall.as_secs_f64() * 1e3;
        are_good
            & bar("milliseconds of a sync with nothing to do", sync, sync <= 25.0, "at most 25")
            & bar("its calls", large.calls as f64, large.calls <= 8, "a handful")
            & bar("its peak MiB", large.sync.peak(), large.sync.peak() < 64.0, "under 64")
            & bar(
                "large files ÷ small ones, CPU of a sync",
                ratio(large.sync, small.sync),
                ratio(large.sync, small.sync) < 2.0,
                "under 2",
            )
            & bar(
                "and of a push of one change",
                ratio(large.one, small.one),
                ratio(large.one, small.one) < 2.0,
                "under 2",
            )
    })
}

fn ratio(large: Spent, small: Spent) -> f64 {
    large.cpu.as_secs_f64() / small.cpu.as_secs_f64()
}

struct Quiet {
    sync: Spent,
    one: Spent,
    calls: u64,
}

fn runs(side: Side, orders: usize, products: usize) -> Quiet {
    let shop = Shop::new(side);
    let warehouse = if side == Side::Vtex { "1_1" } else { "default" };
    shop.configure(&format!("requests_per_minute = 0\nin_flight = 16\nstock = {{ warehouse = \"{warehouse}\" }}"));
    catalogue::fill(shop.folder(), products);
    catalogue::confirm(shop.folder(), products, warehouse);
    shop.place(orders);
    // Until nothing is left to do: what the first brings about comes back by the feed.
    let mut first = Spent::default();
    for n in 0..6 {
        let spent = vaivem(shop.folder(), &["sync", "-q"], &[0, 3]);
        if n == 0 {
            first = spent;
        }
    }
    catalogue::age(shop.folder());
    vaivem(shop.folder(), &["sync", "-q"], &[0, 3]);
    let name = |what: &str| format!("{}, {orders} orders, {products} products: {what}", side.name());
    Row { what: &name("first sync"), spent: first, calls: 0, things: 0, folder: Some(shop.folder()) }.print();
    let median = |args: &[&str], before: &dyn Fn(usize)| {
        let (mut spent, mut calls) = (Vec::new(), 0);
        for n in 0..RUNS {
            before(n);
            let begun = shop.calls();
            spent.push(vaivem(shop.folder(), args, &[0, 3]));
            calls = shop.calls() - begun;
            std::thread::sleep(Duration::from_millis(5));
        }
        (Spent::median(&spent), calls)
    };
    let (sync, calls) = median(&["sync", "-q"], &|_| {});
    Row { what: &name("nothing to do"), spent: sync, calls, things: 0, folder: None }.print();
    let (none, told) = median(&["push-stock", "-q"], &|_| {});
    Row { what: &name("push-stock, nothing"), spent: none, calls: told, things: 0, folder: None }.print();
    let (one, told) = median(&["push-stock", "-q"], &|n| {
        catalogue::count(shop.folder(), products / 2, catalogue::PHYSICAL - 1 - n as i64);
    });
    Row { what: &name("push-stock, one change"), spent: one, calls: told, things: 1, folder: None }.print();
    Quiet { sync, one, calls }
}
