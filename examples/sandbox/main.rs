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
    sandbox.vtex(|v| {
        v.keep_call_log = false;
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
        sandbox.vtex(|v| write_papers(v, folder))?;
    }
    sandbox.anymarket(|a| {
        a.keep_call_log = false;
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

/// So many orders get papers.
const WITH_PAPERS: usize = 3;

/// What a shop, a tax office and a carrier would write about the first orders, as the embedded ERP takes it in.
fn write_papers(v: &sandbox::Vtex, folder: &std::path::Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let stock: String =
        sandbox::seed::PRODUCTS.iter().map(|product| format!("{};{};100\n", product.ref_id, product.name)).collect();
    std::fs::write(folder.join("estoque.csv"), format!("codigo;nome;quantidade\n{stock}"))?;
    let mut shipped = String::from("nota;rastreio;url;transportadora;despachado\n");
    let mut delivered = Vec::new();
    for (number, order) in (1001..).zip(v.orders.values().take(WITH_PAPERS)) {
        let seed = &order.seed;
        let lines = seed.lines.iter().zip(seed.line_totals());
        let nfe = sandbox::papers::Nfe {
            number,
            order: order.id.clone(),
            recipient: seed.customer.cpf.clone(),
            lines: lines.map(|(line, total)| (line.ref_id.clone(), line.quantity, total)).collect(),
            freight: seed.freight - seed.freight_discount,
            discount: 0,
            other: seed.tax,
            issued_at: v.now(),
        };
        std::fs::write(folder.join(format!("nota-{number}.xml")), nfe.xml())?;
        let day = sandbox::papers::local(v.now()).format("%d/%m/%Y");
        shipped += &format!("{number};BR{number};https://rastro.example/BR{number};Correios;{day}\n");
        delivered.push((number, 1, v.now()));
    }
    std::fs::write(folder.join("expedicao.csv"), shipped)?;
    std::fs::write(folder.join("OCOREN.txt"), sandbox::papers::ocoren(&delivered, v.now()))
}
