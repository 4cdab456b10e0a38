//! A VTEX, an ANYMARKET and an Eccosys on your own machine: `cargo run --example sandbox -- --seed shop`.
//!
//! Their customers, banks and warehouses are at your command. At VTEX's address: `POST /_sandbox/orders/ID/approve`, or
//! `deny`, `review`, `cancel`, `request-cancellation`. At ANYMARKET's (without `/v2`): `pay`, `cancel`,
//! `cancel-by-marketplace`, `cancel-by-seller`, `delivery-issue`, `refuse-xml`. At Eccosys' (without `/api`), where ID is
//! the shop's number: `pay`, `release`, `pick`, `invoice`, `cancel-invoice`, `track`, `collect`, `dispatch`, `deliver`,
//! `cancel`. `GET /_sandbox/state` shows everything at each, with the account of what callers really did.
#![allow(clippy::print_stdout)]

#[path = "lib/mod.rs"]
mod sandbox;
#[cfg(test)]
mod tests;

use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Serves a simulated VTEX, a simulated ANYMARKET and a simulated Eccosys on 127.0.0.1 until it is interrupted
#[derive(Parser)]
struct Arguments {
    /// Port for VTEX; 0 is any free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Port for ANYMARKET; 0 is any free one
    #[arg(long, default_value_t = 0)]
    anymarket_port: u16,
    /// Port for Eccosys; 0 is any free one
    #[arg(long, default_value_t = 0)]
    eccosys_port: u16,
    /// Orders to begin with, on both platforms, and the products in the ERP
    #[arg(long, value_enum)]
    seed: Option<Seed>,
    /// Plain paid orders to add on VTEX, one a minute up to now
    #[arg(long, default_value_t = 0)]
    orders: u32,
    /// How long VTEX and ANYMARKET take to answer, in milliseconds
    #[arg(long, default_value_t = 0, value_name = "MS")]
    latency: u64,
    /// A folder to make, for the shop's papers: a stock sheet, and of its first orders NF-e, shipment sheet, a carrier's OCOREN
    #[arg(long, value_name = "FOLDER", requires = "seed")]
    papers: Option<std::path::PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Seed {
    /// Orders of every kind: about thirty on VTEX, about twenty on ANYMARKET
    Shop,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let sandbox = sandbox::Sandbox::start_at(arguments.port, arguments.anymarket_port, arguments.eccosys_port)?;
    let latency = Duration::from_millis(arguments.latency);
    sandbox.vtex(|v| {
        v.keep_call_log = false;
        v.latency = latency;
        if let Some(Seed::Shop) = arguments.seed {
            sandbox::seed::shop(v);
            sandbox::seed::PRODUCTS.iter().for_each(|product| v.add_sku(product.id, product.ref_id));
        }
        let product = sandbox::seed::PRODUCTS[0];
        let seed = sandbox::OrderSeed::new().sku(product.id, product.ref_id, product.price, 1);
        let first = v.now() - chrono::TimeDelta::minutes(arguments.orders.into());
        v.place_many(arguments.orders as usize, seed, first, chrono::TimeDelta::minutes(1));
    });
    if let Some(folder) = &arguments.papers {
        sandbox.vtex(|v| sandbox::papers::write(v, folder))?;
    }
    sandbox.anymarket(|a| {
        a.keep_call_log = false;
        a.latency = latency;
        if let Some(Seed::Shop) = arguments.seed {
            sandbox::anymarket::marketplaces(a);
        }
    });
    sandbox.eccosys(|e| {
        e.keep_call_log = false;
        if let Some(Seed::Shop) = arguments.seed {
            sandbox::eccosys::back_office(e);
        }
    });
    println!("VTEX:");
    println!("base_url       = \"{}\"", sandbox.url());
    println!("VTEX_APP_KEY   = {}", sandbox::APP_KEY);
    println!("VTEX_APP_TOKEN = {}", sandbox::APP_TOKEN);
    println!("\nANYMARKET:");
    println!("base_url       = \"{}\"", sandbox.anymarket_url());
    println!("token          = {}", sandbox::GUMGA_TOKEN);
    println!("\nEccosys:");
    println!("base_url       = \"{}\"", sandbox.eccosys_url());
    println!("token          = {}", sandbox::ECCOSYS_TOKEN);
    println!("api_key        = {}", sandbox::ECCOSYS_KEY);
    println!("api_secret     = {}", sandbox::ECCOSYS_SECRET);
    println!("user_token     = {}", sandbox::ECCOSYS_USER_TOKEN);
    tokio::signal::ctrl_c().await
}
