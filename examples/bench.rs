//! What one import costs: `cargo run --release --example bench -- 20000`; and what finding a change of stock costs, see
//! [`stock`]: `cargo run --release --example bench -- stock 1000000`.
//!
//! The first places that many paid orders on a simulated VTEX in this process, runs `vaivem import-orders` on them in a process of its own, and
//! then once more with nothing new. Prints seconds, calls, calls per order, processor time and peak memory of each run.
#![allow(clippy::print_stdout, clippy::expect_used, clippy::unwrap_used, clippy::float_arithmetic)]

#[path = "sandbox/lib/mod.rs"]
mod sandbox;
#[path = "bench/stock.rs"]
mod stock;

use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use sandbox::{OrderSeed, Sandbox, seed};

/// The first argument that makes this program be `vaivem` itself.
const AS_VAIVEM: &str = "as-vaivem";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    if args.get(1).is_some_and(|first| first == AS_VAIVEM) {
        let command_line = std::iter::once("vaivem".to_owned()).chain(args.into_iter().skip(2)).map(Into::into);
        return ExitCode::from(vaivem::app::main(command_line).code());
    }
    let number = |at: usize, default| args.get(at).map_or(Some(default), |text| text.parse::<usize>().ok());
    let is_good = match args.get(1).map(String::as_str) {
        Some("stock") => number(2, 1_000_000).map(stock::bench),
        _ => number(1, 20_000).zip(number(2, 16)).zip(number(3, 0)).map(import),
    };
    match is_good {
        Some(true) => ExitCode::SUCCESS,
        Some(false) => ExitCode::FAILURE,
        None => {
            println!("usage: bench [ORDERS] [CALLS_IN_FLIGHT] [LATENCY_MS]\n       bench stock [PRODUCTS]");
            ExitCode::from(2)
        }
    }
}

/// Gives whether every order was taken over.
fn import(((orders, in_flight), latency): ((usize, usize), usize)) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start();
    sandbox.vtex(|v| {
        v.keep_call_log = false;
        v.latency = Duration::from_millis(latency as u64);
        let product = seed::PRODUCTS[0];
        let paid = OrderSeed::new().sku(product.id, product.ref_id, product.price, 1);
        let minutes = i64::try_from(orders).unwrap_or(0);
        let first = v.now() - chrono::TimeDelta::minutes(minutes);
        v.place_many(orders, paid, first, chrono::TimeDelta::minutes(1));
    });
    let since = chrono::Utc::now().date_naive() - chrono::Days::new(orders as u64 / 1_440 + 2);
    let more = format!("since = \"{since}\"\nin_flight = {in_flight}\ndefault_carrier = \"Correios\"");
    configure(folder.path(), &sandbox, &more);
    let product = seed::PRODUCTS[0];
    let sheet = format!("sku;quantidade\n{};{orders}\n", product.ref_id);
    std::fs::write(folder.path().join("estoque.csv"), sheet).expect("the stock sheet");
    run(folder.path(), &["ledger", "import", "estoque.csv"]);

    println!("{orders} orders, {in_flight} calls in flight, {latency} ms latency");
    println!("{:<28} {:>8} {:>9} {:>12} {:>7} {:>10}", "run", "seconds", "calls", "calls/order", "CPU s", "peak MB");
    for name in ["import-orders, all new", "import-orders, settling", "import-orders, no change"] {
        let before = sandbox.vtex(|v| v.total_calls);
        let spent = run(folder.path(), &["import-orders", "-q"]);
        let calls = sandbox.vtex(|v| v.total_calls) - before;
        println!(
            "{name:<28} {:>8.2} {calls:>9} {:>12.3} {:>7.2} {:>10.1}",
            spent.wall.as_secs_f64(),
            calls as f64 / orders as f64,
            spent.cpu.as_secs_f64(),
            spent.peak_kb as f64 / 1024.0
        );
    }
    let handled = sandbox.vtex(|v| v.orders.values().filter(|order| order.status == "handling").count());
    println!("{handled} of {orders} orders were taken over, by the platform's own records");
    println!(
        "state file {}, ledger {}",
        size(&folder.path().join("vaivem.db")),
        size(&folder.path().join("ledger.db"))
    );
    handled == orders
}

/// Writes a configuration with one channel, with these keys further.
fn configure(folder: &Path, sandbox: &Sandbox, more: &str) {
    let configuration = format!(
        "[erp]\nkind = \"ledger\"\n[channels.loja]\nkind = \"vtex\"\nbase_url = \"{}\"\n\
         app_key = {{ env = \"VTEX_APP_KEY\" }}\napp_token = {{ env = \"VTEX_APP_TOKEN\" }}\n\
         requests_per_minute = 0\n{more}\n",
        sandbox.url()
    );
    std::fs::write(folder.join("vaivem.toml"), configuration).expect("the configuration");
}

struct Spent {
    wall: Duration,
    cpu: Duration,
    peak_kb: u64,
}

fn run(folder: &Path, args: &[&str]) -> Spent {
    let begun = Instant::now();
    let mut child = Command::new(std::env::current_exe().expect("this program's own path"))
        .arg(AS_VAIVEM)
        .args(args)
        .current_dir(folder)
        .env("VTEX_APP_KEY", sandbox::APP_KEY)
        .env("VTEX_APP_TOKEN", sandbox::APP_TOKEN)
        .env_remove("VAIVEM_CONFIG")
        .stdout(Stdio::null())
        .spawn()
        .expect("vaivem");
    let mut spent = Spent { wall: Duration::ZERO, cpu: Duration::ZERO, peak_kb: 0 };
    loop {
        look(&child, &mut spent);
        if let Some(status) = child.try_wait().expect("vaivem") {
            assert!(status.success(), "{args:?} ended with {status}");
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    spent.wall = begun.elapsed();
    spent
}

/// Reads from the kernel what the process has used so far (Linux; elsewhere the figures stay zero).
fn look(child: &Child, spent: &mut Spent) {
    let file = |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", child.id())).unwrap_or_default();
    let status = file("status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    if let Some(kb) = peak.and_then(|rest| rest.split_whitespace().next()).and_then(|kb| kb.parse().ok()) {
        spent.peak_kb = kb;
    }
    // Fields 14 and 15 count the processor's ticks, of which there are 100 a second.
    let stat = file("stat");
    let ticks: u64 = stat
        .rsplit(')')
        .next()
        .map(|rest| rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum())
        .unwrap_or(0);
    spent.cpu = spent.cpu.max(Duration::from_millis(ticks * 10));
}

fn size(file: &Path) -> String {
    let bytes = std::fs::metadata(file).map_or(0, |meta| meta.len());
    format!("{:.1} MB", bytes as f64 / 1_000_000.0)
}
