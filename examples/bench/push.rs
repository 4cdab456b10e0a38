//! The stock of a catalogue goes out: `cargo run --release --example bench -- push`.
//!
//! VTEX is told of one product in a call; ANYMARKET takes two hundred.

use std::time::Duration;

use super::import::near_the_limit;
use super::measure::{Spent, vaivem};
use super::shop::{Shop, Side};
use super::table::{Row, bar, head};
use super::{Asked, catalogue, peer};

pub fn bench(asked: &Asked) -> bool {
    head();
    let levels = asked.size(50_000);
    let mut are_good = at(asked, Side::Vtex, levels, 16, 0);
    are_good &= at(asked, Side::Anymarket, levels, 16, 0);
    for in_flight in [16, 64] {
        are_good &= at(asked, Side::Vtex, levels, in_flight, 20);
        are_good &= at(asked, Side::Anymarket, levels, in_flight, 20);
    }
    are_good
}

fn at(asked: &Asked, side: Side, levels: usize, in_flight: usize, millis: u64) -> bool {
    let what = format!("{levels} levels to {}, {in_flight} in flight, {millis} ms", side.name());
    if !asked.is_asked_for(&what) {
        return true;
    }
    let ready = || {
        let shop = Shop::new(side);
        let warehouse = if side == Side::Vtex { "1_1" } else { "default" };
        shop.configure(&format!(
            "requests_per_minute = 0\nin_flight = {in_flight}\nfeed = \"off\"\nstock = {{ warehouse = \"{warehouse}\" }}"
        ));
        catalogue::fill(shop.folder(), levels);
        if side == Side::Anymarket {
            shop.sandbox.anymarket(|a| (1..=levels).for_each(|n| a.set_stock(&n.to_string(), 1, 0)));
        }
        shop.answer_after(Duration::from_millis(millis));
        shop
    };
    let (mut spent, mut calls, mut last) = (Vec::new(), 0, None);
    for _ in 0..if millis == 0 { asked.runs } else { 1 } {
        let shop = ready();
        let before = shop.calls();
        spent.push(vaivem(shop.folder(), &["push-stock", "-q"], &[0]));
        calls = shop.calls() - before;
        let told = |n: usize| match side {
            Side::Vtex => shop.sandbox.vtex(|v| v.stock(&n.to_string(), "1_1").quantity),
            Side::Anymarket => shop.sandbox.anymarket(|a| a.stock(&n.to_string(), 1).amount.whole()),
        };
        assert!((1..=levels).all(|n| told(n) == catalogue::PHYSICAL), "every level, by the platform's own records");
        last = Some(shop);
    }
    let Some(shop) = last else { return false };
    let row = Row { what: &what, spent: Spent::median(&spent), calls, things: levels, folder: Some(shop.folder()) };
    row.print();
    let mut are_good = true;
    if side == Side::Vtex && millis == 0 {
        peer::measure(asked, "requests", "push", levels, 1, ready);
        are_good &=
            peer::measure(asked, "aiohttp", "push", levels, in_flight, ready).is_none_or(|peer| peer.against(&row));
    }
    if side == Side::Vtex && millis > 0 {
        // What this machine lets anybody have of the connections.
        peer::measure(asked, "aiohttp", "push", levels, in_flight, ready);
        are_good &= near_the_limit(&row, &shop, in_flight);
    }
    let least = if side == Side::Vtex { levels } else { levels.div_ceil(200) };
    let over = calls as f64 / least as f64;
    are_good &= bar("calls, of the least there can be", over, over <= 1.0, "1");
    are_good & bar("peak MiB", row.spent.peak(), row.spent.peak() < 64.0, "under 64")
}
