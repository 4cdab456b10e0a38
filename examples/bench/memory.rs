//! The peak memory of every command that reads many orders or products: `cargo run --release --example bench -- memory`.
//!
//! What is printed goes to nobody, as to a file. The bar is the same however many there are, so the large shop is large.

use std::fmt::Write as _;

use chrono::{Days, TimeDelta, Utc};

use super::measure::vaivem;
use super::sandbox::OrderSeed;
use super::shop::{Shop, Side};
use super::table::{Row, bar, head};
use super::{Asked, catalogue};

pub fn bench(asked: &Asked) -> bool {
    head();
    let (orders, products) = (asked.size(100_000), asked.size(1_000_000));
    let mut are_good = true;
    let shop = Shop::new(Side::Vtex);
    shop.configure("requests_per_minute = 0\nin_flight = 16\nstock = { warehouse = \"1_1\" }");
    let mut measured = |args: &[&str], codes: &[i32]| {
        let before = shop.calls();
        let spent = vaivem(shop.folder(), args, codes);
        let what = args.iter().filter(|arg| !arg.contains('/')).copied().collect::<Vec<_>>().join(" ");
        Row { what: &what, spent, calls: shop.calls() - before, things: 0, folder: Some(shop.folder()) }.print();
        are_good &= bar("peak MiB", spent.peak(), spent.peak() < 64.0, "under 64");
    };
    let mut sheet = String::from("codigo;quantidade\n");
    for n in 1..=products {
        let _ = writeln!(sheet, "{n};{}", catalogue::PHYSICAL);
    }
    let file = shop.folder().join("catalogo.csv");
    std::fs::write(&file, sheet).expect("a sheet");
    shop.place(orders);
    measured(&["ledger", "import", "catalogo.csv", "-q"], &[0]);
    catalogue::fill(shop.folder(), products);
    catalogue::confirm(shop.folder(), products, "1_1");
    measured(&["import-orders", "--dry-run"], &[0, 3]);
    measured(&["import-orders", "--dry-run", "--output", "jsonl"], &[0, 3]);
    measured(&["import-orders"], &[0, 3]);
    for verb in
        ["import-orders", "sync-payments", "auto-cancel", "push-invoices", "push-tracking", "push-stock", "sync"]
    {
        measured(&[verb, "-q"], &[0, 3]);
    }
    measured(&["push-stock", "--full", "--dry-run"], &[0, 3]);
    catalogue::hold(shop.folder());
    let page = shop.folder().join("page.html");
    let page = page.to_str().expect("a path");
    let since = (Utc::now().date_naive() - Days::new(90)).to_string();
    for args in [
        &["status"][..],
        &["report", "--html", page],
        &["orders"],
        &["holds"],
        &["holds", "--limit", "0"],
        &["holds", "--output", "jsonl"],
        &["cancel", "list"],
        &["account", "--since", &since],
        &["reconcile"],
        &["ledger", "orders"],
        &["ledger", "stock"],
        &["why", "--sku", "1"],
        &["support-bundle", "1172452500001-01"],
        &["backup", "copies"],
        &["check"],
        &["adopt", "--since", &since],
    ] {
        measured(args, &[0, 3, 5]);
    }
    println!("\nwhere each hold for a carrier has a cause of its own\n");
    catalogue::tell_apart(shop.folder());
    for args in [&["holds"][..], &["holds", "--output", "jsonl"], &["report", "--html", page]] {
        measured(args, &[0, 3]);
    }
    println!("\nwhere all orders are asked to be cancelled\n");
    catalogue::ask_to_cancel(shop.folder());
    measured(&["cancel", "list"], &[3]);
    println!("\nwhere as many orders more are held, of a product that the ERP does not know\n");
    let first = Utc::now() - TimeDelta::minutes(i64::try_from(orders).unwrap_or(0));
    let unknown = OrderSeed::new().sku("9999", "NOT-IN-ERP", 1_000, 1);
    shop.sandbox.vtex(|v| v.place_many(orders, unknown, first, TimeDelta::minutes(1)));
    measured(&["import-orders"], &[3]);
    are_good
}
