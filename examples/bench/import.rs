//! Every order of a shop comes in: `cargo run --release --example bench -- import`.
//!
//! All are paid, of one product. A run reads the list and each order, creates it in the ledger, and takes it over on the channel: a
//! page for a hundred orders, and two calls an order. The platform's own records tell whether it is done.

use std::time::Duration;

use super::measure::{Spent, vaivem};
use super::shop::{Shop, Side};
use super::table::{Row, bar, bytes, head};
use super::{Asked, peer};

/// What the protocol asks for at the least: to read the order, and to take it over; and the list by the hundred.
const LEAST: f64 = 2.01;

pub fn bench(asked: &Asked) -> bool {
    head();
    let (some, many) = (asked.size(20_000), asked.size(100_000));
    let mut are_good = at(asked, some, 16, 0);
    are_good &= at(asked, many, 16, 0);
    are_good &= at(asked, some, 16, 20);
    are_good & at(asked, some, 64, 20)
}

fn at(asked: &Asked, orders: usize, in_flight: usize, millis: u64) -> bool {
    let what = format!("{orders} orders, {in_flight} in flight, {millis} ms");
    if !asked.is_asked_for(&what) {
        return true;
    }
    let latency = Duration::from_millis(millis);
    let ready = || {
        let shop = Shop::new(Side::Vtex);
        shop.configure(&format!("requests_per_minute = 0\nin_flight = {in_flight}"));
        shop.place(orders);
        shop.answer_after(latency);
        shop
    };
    // What waits for the network all the time takes the same time again.
    let is_repeated = millis == 0 && orders == asked.size(20_000);
    let runs = if is_repeated { asked.runs } else { 1 };
    let (mut spent, mut calls, mut last) = (Vec::new(), 0, None);
    for _ in 0..runs {
        let shop = ready();
        let before = shop.calls();
        spent.push(vaivem(shop.folder(), &["import-orders", "-q"], &[0]));
        calls = shop.calls() - before;
        let handled = shop.sandbox.vtex(|v| v.orders.values().filter(|order| order.status == "handling").count());
        assert_eq!(handled, orders, "orders taken over, by the platform's own records");
        last = Some(shop);
    }
    let Some(shop) = last else { return false };
    let row = Row { what: &what, spent: Spent::median(&spent), calls, things: orders, folder: Some(shop.folder()) };
    row.print();
    let mut are_good = true;
    if is_repeated {
        peer::measure(asked, "requests", "fetch", orders, 1, ready);
        are_good &=
            peer::measure(asked, "aiohttp", "fetch", orders, in_flight, ready).is_none_or(|peer| peer.against(&row));
    }
    if millis > 0 {
        // What this machine lets anybody have of the connections.
        peer::measure(asked, "aiohttp", "fetch", orders, in_flight, ready);
        are_good &= near_the_limit(&row, &shop, in_flight);
    }
    let per_order = calls as f64 / orders as f64;
    are_good &= bar("calls an order", per_order, per_order <= LEAST * 1.01, "at the least 2.01");
    are_good &= bar("peak MiB", row.spent.peak(), row.spent.peak() < 64.0, "under 64");
    let size = bytes(&shop.folder().join("vaivem.db")) / orders as f64;
    are_good & bar("bytes of state file an order", size, size <= 1024.0, "at most 1024")
}

/// Holds the calls a second against what the connections can carry, each taking so long as one call alone.
pub fn near_the_limit(row: &Row<'_>, shop: &Shop, in_flight: usize) -> bool {
    let one = shop.latency().as_secs_f64();
    let share = row.rate() * one / in_flight as f64;
    bar(&format!("share of {in_flight} connections ÷ {:.1} ms", one * 1e3), share, share >= 0.95, "at least 0.95")
}
