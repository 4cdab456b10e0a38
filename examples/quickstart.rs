//! A day in the life of a shop: `cargo run --release --example quickstart`.
//!
//! Starts a simulated VTEX on a free port of this machine, places about thirty orders of every kind, and runs the real command
//! line on them, as cron would. At the end the simulated VTEX's own records are held against the ERP's.
#![allow(clippy::print_stdout, clippy::expect_used, clippy::unwrap_used)]

#[path = "sandbox/lib/mod.rs"]
mod sandbox;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use sandbox::{Sandbox, seed};
use vaivem::erp::ledger::Ledger;
use vaivem::model::OrderId;

/// The first argument that makes this program be `vaivem` itself: an example cannot count on the program being built.
const AS_VAIVEM: &str = "as-vaivem";

fn main() -> ExitCode {
    let mut args = std::env::args_os();
    let program = args.next().unwrap_or_else(|| "quickstart".into());
    let args: Vec<OsString> = args.collect();
    match args.first().map(|first| first.to_string_lossy().into_owned()).as_deref() {
        Some(AS_VAIVEM) => {
            let command_line = std::iter::once(OsString::from("vaivem")).chain(args.into_iter().skip(1));
            return ExitCode::from(vaivem::app::main(command_line).code());
        }
        None => {}
        Some("--serve") => {}
        Some(_) => {
            println!(
                "usage: quickstart [--serve]\n\n  --serve  keep the simulated VTEX running afterwards, to try commands"
            );
            return ExitCode::from(2);
        }
    }
    let shop = Shop::open(PathBuf::from(program));
    shop.day();
    let agrees = shop.compare();
    shop.farewell(!args.is_empty());
    if agrees { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The simulated platform, and the folder with the shop's files.
struct Shop {
    sandbox: Sandbox,
    folder: PathBuf,
}

impl Shop {
    /// Starts the platform and makes a fresh folder beside the build's own.
    fn open(program: PathBuf) -> Self {
        let program = std::env::current_exe().unwrap_or(program);
        let target = program.ancestors().nth(3).unwrap_or(Path::new("."));
        let folder = target.join("quickstart");
        // What an earlier quickstart left must not be mistaken for this one's.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the folder for the quickstart's files cannot be made");
        let sandbox = Sandbox::start();
        sandbox.vtex(seed::shop);
        let shop = Self { sandbox, folder };
        shop.write("vaivem.toml", &shop.configuration(""));
        shop.write("estoque.csv", &stock_sheet());
        shop
    }

    fn configuration(&self, more_carriers: &str) -> String {
        format!(
            r#"[erp]
kind = "ledger"

[channels.loja]
kind = "vtex"
base_url = "{url}"
app_key = {{ env = "VTEX_APP_KEY" }}
app_token = {{ env = "VTEX_APP_TOKEN" }}
since = "{since}"
# The simulated VTEX has no limit.
requests_per_minute = 0
# A boleto may take days to clear: such orders come in at once and reserve their stock. Others come in when they are paid.
import_by_method = {{ boleto = "all" }}

[channels.loja.carriers]
"Correios PAC" = "Correios"
{more_carriers}"#,
            url = self.sandbox.url(),
            since = self.sandbox.vtex(|v| v.now().date_naive() - chrono::Days::new(30)),
        )
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.join(file), text).expect("a file of the quickstart cannot be written");
    }

    /// Morning to evening.
    fn day(&self) {
        say(&format!("A simulated VTEX runs at {}, with 31 orders of every kind.", self.sandbox.url()));
        say(&format!("The shop's files are in {}.", self.folder.display()));

        chapter("The stock of the shop goes into the embedded ERP, the ledger.");
        self.vaivem(&["ledger", "import", "estoque.csv"]);

        chapter("cron runs the first pass: new orders come into the ERP.");
        say("Each order is decided on: imported, waiting, held with a reason, skipped, or cancelled.");
        self.vaivem(&["import-orders"]);

        chapter("What is held says why, and what to do.");
        self.vaivem(&["holds"]);

        chapter("A person does it: maps the carrier in vaivem.toml, adds the new product to the stock sheet.");
        self.write("vaivem.toml", &self.configuration("\"Expresso Inédito\" = \"Inédito\"\n"));
        self.write("estoque.csv", &(stock_sheet() + "NOVIDADE;Produto recém-criado;25\n"));
        self.vaivem(&["ledger", "import", "estoque.csv"]);
        say("The next run lets the two orders go on by itself.");
        self.vaivem(&["import-orders"]);

        chapter(
            "Meanwhile on VTEX: Sílvia's boleto is paid, Tiago's expires, Úrsula pays by Pix, Vitor's card passes the review.",
        );
        self.sandbox.vtex(|v| {
            let of = |v: &sandbox::Vtex, name: &str| {
                v.orders.values().find(|order| order.seed.customer.first_name == name).map(|order| order.id.clone())
            };
            for paid in ["Sílvia", "Úrsula", "Vitor"] {
                let id = of(v, paid).expect(paid);
                v.approve_payment(&id);
            }
            let expired = of(v, "Tiago").expect("Tiago");
            v.deny_payment(&expired);
        });
        say("A dry run shows what the next pass would do, and does nothing:");
        self.vaivem(&["sync-payments", "--dry-run"]);
        self.vaivem(&["sync-payments"]);
        self.vaivem(&["import-orders"]);

        chapter("Ten minutes later nothing has changed, so nothing is done.");
        self.vaivem(&["import-orders"]);
        self.vaivem(&["sync-payments"]);

        chapter("Every order seen has exactly one fate.");
        self.vaivem(&["orders"]);
        self.vaivem(&["ledger", "orders", "--limit", "5"]);
        self.vaivem(&["ledger", "stock", "--sku", "CAMISETA-P", "--sku", "CANECA"]);
    }

    /// Runs the command line in the shop's folder and shows both.
    fn vaivem(&self, args: &[&str]) {
        println!("\n$ vaivem {}", args.join(" "));
        let status = Command::new(std::env::current_exe().expect("this program's own path"))
            .arg(AS_VAIVEM)
            .args(args)
            .current_dir(&self.folder)
            .env("VTEX_APP_KEY", sandbox::APP_KEY)
            .env("VTEX_APP_TOKEN", sandbox::APP_TOKEN)
            .env_remove("VAIVEM_CONFIG")
            .env_remove("VAIVEM_OUTPUT")
            .status()
            .expect("vaivem cannot be run");
        if let Some(code) = status.code().filter(|code| *code != 0) {
            println!("(exit code {code})");
        }
    }

    /// Holds the platform's own records against the ledger's: says whether they agree.
    fn compare(&self) -> bool {
        chapter("Do both sides agree? The simulated VTEX's own records against the ledger's.");
        let ledger = Ledger::open_read_only(&self.folder.join("ledger.db")).expect("the ledger");
        let mut in_erp: BTreeMap<OrderId, Vec<(String, i64)>> = BTreeMap::new();
        for order in ledger.orders(&vaivem::erp::ledger::OrderFilter::default()).expect("the ledger's orders") {
            let seen = (order.status.code(), order.total.get());
            in_erp.entry(order.store_number.clone()).or_default().push(seen);
        }
        let differences: Vec<String> = self.sandbox.vtex(|v| {
            v.orders
                .values()
                .filter_map(|order| {
                    let found = in_erp.get(&OrderId::new(&order.id)).map_or(&[][..], Vec::as_slice);
                    let right = match (order.status.as_str(), found) {
                        (_, [_, _, ..]) => false,
                        ("handling", [(status, total)]) => status == "paid" && *total == order.value(),
                        ("handling", []) => false,
                        ("canceled", [(status, _)]) => status == "cancelled",
                        ("payment-pending", [(status, total)]) => {
                            status == "awaiting_payment" && *total == order.value()
                        }
                        (_, []) => true,
                        _ => false,
                    };
                    (!right).then(|| format!("order {} is `{}` on VTEX, {found:?} in the ERP", order.id, order.status))
                })
                .collect()
        });
        for difference in &differences {
            println!("{difference}");
        }
        if differences.is_empty() {
            let handled = self.sandbox.vtex(|v| v.orders.values().filter(|order| order.status == "handling").count());
            println!(
                "They do: {} orders in the ERP, none twice, each with the status and the total VTEX has;",
                in_erp.len()
            );
            println!("the {handled} orders that VTEX handed over are all there and paid, to the cent.");
        }
        differences.is_empty()
    }

    fn farewell(&self, serve: bool) {
        let folder = self.folder.display();
        if serve {
            println!("\nVTEX keeps running. In another terminal:\n");
            println!("  cd {folder}");
            println!("  export VTEX_APP_KEY={} VTEX_APP_TOKEN={}", sandbox::APP_KEY, sandbox::APP_TOKEN);
            println!("  vaivem import-orders        # cargo install --path . puts it on your PATH");
            println!("\nCtrl-C ends it.");
            loop {
                std::thread::park();
            }
        }
        println!("\nThe files stay in {folder}: vaivem.toml, vaivem.db (state), ledger.db (the ERP).");
        println!("To go on with VTEX running: cargo run --release --example quickstart -- --serve");
    }
}

fn stock_sheet() -> String {
    let rows: String =
        seed::PRODUCTS.iter().map(|product| format!("{};{};100\n", product.ref_id, product.name)).collect();
    format!("codigo;nome;quantidade\n{rows}")
}

fn chapter(text: &str) {
    println!("\n\n== {text}");
}

fn say(text: &str) {
    println!("{text}");
}
