//! What a person or a monitor waits for: `cargo run --release --example bench -- start`.

use super::Asked;
use super::measure::{Spent, vaivem};
use super::shop::{Shop, Side};
use super::table::{Row, bar, head};

const RUNS: usize = 31;

pub fn bench(asked: &Asked) -> bool {
    head();
    let orders = asked.size(20_000);
    let shop = Shop::new(Side::Vtex);
    shop.configure("requests_per_minute = 0\nin_flight = 16\nfeed = \"off\"\nstock = { enabled = false }");
    shop.place(orders);
    vaivem(shop.folder(), &["sync", "-q"], &[0, 3]);
    let mut are_good = true;
    for args in [&["--version"][..], &["status"]] {
        let spent: Vec<Spent> = (0..RUNS).map(|_| vaivem(shop.folder(), args, &[0, 3])).collect();
        let spent = Spent::median(&spent);
        let what = format!("{} ({orders} orders)", args[0]);
        Row { what: &what, spent, calls: 0, things: 0, folder: None }.print();
        let millis = spent.wall.as_secs_f64() * 1e3;
        are_good &= bar("milliseconds", millis, millis < 10.0, "under 10");
    }
    are_good
}
