//! A platform that takes 40 calls a second: `cargo run --release --example bench -- limit`.
//!
//! It counts by its own seconds and refuses what is over with 429. The configuration says 2,400 a minute.

use std::time::Duration;

use super::measure::{Spent, vaivem};
use super::sandbox::RateLimit;
use super::shop::{Shop, Side};
use super::table::{Row, bar, head};
use super::{Asked, catalogue};

const A_SECOND: u32 = 40;

pub fn bench(asked: &Asked) -> bool {
    head();
    let levels = asked.size(2_000).max(1_000);
    let (mut spent, mut shares, mut refused, mut calls) = (Vec::new(), Vec::new(), 0, 0);
    for _ in 0..asked.runs {
        let shop = Shop::new(Side::Vtex);
        let minute = A_SECOND * 60;
        shop.configure(&format!(
            "requests_per_minute = {minute}\nin_flight = 16\nfeed = \"off\"\nstock = {{ warehouse = \"1_1\" }}"
        ));
        catalogue::fill(shop.folder(), levels);
        shop.answer_after(Duration::from_millis(20));
        shop.sandbox.vtex(|v| v.rate_limit = Some(RateLimit::new(A_SECOND, Duration::from_secs(1))));
        let one = vaivem(shop.folder(), &["push-stock", "-q"], &[0]);
        calls = shop.calls();
        refused = refused.max(calls - levels as u64);
        shares.push(levels as f64 / one.wall.as_secs_f64() / f64::from(A_SECOND));
        spent.push(one);
    }
    let what = format!("{levels} levels to VTEX at {A_SECOND} a second");
    Row { what: &what, spent: Spent::median(&spent), calls, things: levels, folder: None }.print();
    shares.sort_by(f64::total_cmp);
    let share = shares[shares.len() / 2];
    bar("share of the limit used", share, share >= 0.95, "at least 0.95")
        & bar("calls refused in a run, at most", refused as f64, refused <= 1, "one")
}
