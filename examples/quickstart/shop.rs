//! The shop: a simulated platform, a folder with the shop's files, the command line, and the papers its people and carriers hand over.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use super::AS_VAIVEM;
use super::sandbox::anymarket::AnyBuyer;
use super::sandbox::papers::Nfe;
use super::sandbox::{APP_KEY, APP_TOKEN, AnyOrderSeed, GUMGA_TOKEN, Sandbox, cpf, seed};

/// The simulated platform, and the folder with the shop's files.
pub struct Shop {
    pub sandbox: Sandbox,
    pub folder: PathBuf,
}

impl Shop {
    /// Starts the platform and makes a fresh folder beside the build's own.
    pub fn open() -> Self {
        let program = std::env::current_exe().expect("this program's own path");
        let target = program.ancestors().nth(3).unwrap_or(Path::new("."));
        let folder = target.join("quickstart");
        // What an earlier quickstart left must not be mistaken for this one's.
        let _ = fs::remove_dir_all(&folder);
        for inbox in ["inbox", "transportadoras"] {
            fs::create_dir_all(folder.join(inbox)).expect("the folder for the quickstart's files cannot be made");
        }
        let sandbox = Sandbox::start();
        sandbox.vtex(|v| {
            seed::shop(v);
            for product in seed::PRODUCTS {
                v.add_sku(product.id, product.ref_id);
            }
        });
        let shop = Self { sandbox, folder };
        shop.write("vaivem.toml", &shop.configuration());
        shop.write("estoque.csv", &stock_sheet());
        shop
    }

    fn configuration(&self) -> String {
        format!(
            r#"[erp]
kind = "ledger"
# The CNPJ under which the shop issues its invoices.
issuers = ["{issuer}"]
# NF-e files dropped here are taken by the next pass.
inbox = "inbox"

[carriers]
# And here what carriers send: tracking codes, OCOREN files.
inbox = "transportadoras"

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

[channels.loja.stock]
warehouse = "1_1"
# The simulated VTEX lets go of its reservation at once when an order is taken over; the real one takes up to a minute.
settle = "0s"

[channels.loja.auto_cancel]
enabled = true

[channels.loja.carriers]
"Correios PAC" = "Correios"
"#,
            url = self.sandbox.url(),
            since = self.sandbox.vtex(|v| v.now().date_naive() - chrono::Days::new(30)),
            issuer = super::papers::ISSUER,
        )
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.folder.join(file), text).expect("a file of the quickstart cannot be written");
    }

    fn append(&self, file: &str, text: &str) {
        let before = fs::read_to_string(self.folder.join(file)).expect("a file of the quickstart cannot be read");
        self.write(file, &(before + text));
    }

    /// Adds a line to the carrier table, which is the configuration's last.
    pub fn map_carrier(&self, theirs: &str, ours: &str) {
        self.append("vaivem.toml", &format!("\"{theirs}\" = \"{ours}\"\n"));
    }

    /// Adds a line to the stock sheet.
    pub fn add_product(&self, line: &str) {
        self.append("estoque.csv", line);
    }

    /// A file that somebody else wrote into a folder a while ago.
    pub fn drop_into(&self, inbox: &str, name: &str, content: &str) {
        let path = self.folder.join(inbox).join(name);
        fs::write(&path, content).expect("a document cannot be written");
        // One that was written just now may not be whole yet, and would be left for the next run.
        let earlier = SystemTime::now() - Duration::from_secs(60);
        let file = fs::File::options().write(true).open(&path).expect("the document");
        file.set_modified(earlier).expect("the document's time cannot be set");
    }

    /// Shows the text files of a folder.
    pub fn show_file(&self, folder: &str, extension: &str) {
        let files = fs::read_dir(self.folder.join(folder)).into_iter().flatten().flatten().map(|entry| entry.path());
        for path in files.filter(|path| path.extension().is_some_and(|found| found == extension)) {
            println!("\n$ cat {folder}/{}", path.file_name().unwrap_or_default().to_string_lossy());
            print!("{}", fs::read_to_string(path).unwrap_or_default());
        }
    }

    /// The order of the customer with this first name.
    pub fn order_of(&self, customer: &str) -> String {
        self.sandbox
            .vtex(|v| v.orders.values().find(|order| order.seed.customer.first_name == customer).map(|o| o.id.clone()))
            .expect(customer)
    }

    /// The invoice of a customer's order, as the shop's fiscal software issued it.
    pub fn nfe(&self, customer: &str, number: u32) -> Nfe {
        let order = self.order_of(customer);
        self.sandbox.vtex(|v| {
            let seed = &v.order(&order).seed;
            let lines = seed.lines.iter().zip(seed.line_totals());
            Nfe {
                number,
                order: order.clone(),
                recipient: seed.customer.company.as_ref().map_or(&seed.customer.cpf, |company| &company.cnpj).clone(),
                lines: lines.map(|(line, total)| (line.ref_id.clone(), line.quantity, total)).collect(),
                freight: seed.freight - seed.freight_discount,
                discount: 0,
                other: seed.tax,
                issued_at: Utc::now() - TimeDelta::hours(8),
            }
        })
    }

    /// Adds the hub to the configuration; it has every product, and no stock of any.
    pub fn open_hub(&self) {
        self.sandbox.anymarket(|a| seed::PRODUCTS.iter().for_each(|product| a.set_stock(product.ref_id, 1, 0)));
        self.sandbox.anymarket(|a| a.set_stock("NOVIDADE", 1, 0));
        let hub = format!(
            r#"
[channels.hub]
kind = "anymarket"
base_url = "{url}"
token = {{ env = "ANYMARKET_TOKEN" }}
since = "{since}"
# The simulated hub has no limit.
requests_per_minute = 0
# What a marketplace sends from a warehouse of its own is none of the shop's business.
fulfillment = "skip"
default_carrier = "Correios"
stock = {{ warehouse = "default" }}
"#,
            url = self.sandbox.anymarket_url(),
            since = self.sandbox.vtex(|v| v.now().date_naive() - chrono::Days::new(30)),
        );
        self.append("vaivem.toml", &hub);
    }

    /// Three orders on the hub. Gives the id of Mercado Livre's.
    pub fn hub_orders(&self) -> i64 {
        let of = |number: u64, name: &str| AnyBuyer::person(name, &cpf(200_000_000 + number));
        self.sandbox.anymarket(|a| {
            let order = AnyOrderSeed::new().sku("TOALHA", 6_480, 2).freight(1_490).marketplace("MERCADO_LIVRE");
            let id = a.place(order.buyer(of(1, "Fernanda Reis")).needs_xml());
            a.place(AnyOrderSeed::new().sku("CADERNO", 2_150, 3).buyer(of(2, "Gil Tavares")));
            a.place(AnyOrderSeed::new().sku("CANECA", 2_990, 5).buyer(of(3, "Helena Prado")).fulfillment());
            id
        })
    }

    /// The invoice of an order of the hub.
    pub fn hub_nfe(&self, order: i64, number: u32) -> Nfe {
        self.sandbox.anymarket(|a| {
            let seed = &a.order(order).seed;
            Nfe {
                number,
                order: order.to_string(),
                recipient: seed.buyer.document.clone(),
                lines: seed.lines.iter().map(|line| (line.sku.clone(), line.amount.whole(), line.gross())).collect(),
                freight: seed.freight,
                discount: 0,
                other: 0,
                issued_at: Utc::now() - TimeDelta::hours(1),
            }
        })
    }

    /// Runs the command line in the shop's folder and shows both.
    pub fn vaivem(&self, args: &[&str]) {
        let shown: Vec<String> =
            args.iter().map(|arg| if arg.contains(' ') { format!("\"{arg}\"") } else { (*arg).to_owned() }).collect();
        println!("\n$ vaivem {}", shown.join(" "));
        let status = Command::new(std::env::current_exe().expect("this program's own path"))
            .arg(AS_VAIVEM)
            .args(args)
            .current_dir(&self.folder)
            .env("VTEX_APP_KEY", APP_KEY)
            .env("VTEX_APP_TOKEN", APP_TOKEN)
            .env("ANYMARKET_TOKEN", GUMGA_TOKEN)
            .env_remove("VAIVEM_CONFIG")
            .env_remove("VAIVEM_OUTPUT")
            .status()
            .expect("vaivem cannot be run");
        match status.code() {
            Some(0) => {}
            Some(3) => println!("(exit code 3: some orders are held and need a person)"),
            code => println!("(exit code {})", code.unwrap_or(-1)),
        }
    }

    /// Says where the files are; with `serve` the platform runs until somebody ends it.
    pub fn farewell(&self, serve: bool) {
        let folder = self.folder.display();
        if serve {
            println!("\nBoth platforms keep running. In another terminal:\n");
            println!("  cd {folder}");
            println!("  export VTEX_APP_KEY={APP_KEY} VTEX_APP_TOKEN={APP_TOKEN} ANYMARKET_TOKEN={GUMGA_TOKEN}");
            println!("  vaivem import-orders        # cargo install --path . puts it on your PATH");
            println!("\nCtrl-C ends it.");
            loop {
                std::thread::park();
            }
        }
        println!("\nThe files stay in {folder}:");
        println!(
            "vaivem.toml, vaivem.db (state), ledger.db (the ERP), and the two folders with what was taken and refused."
        );
        println!("To go on with the platforms running: cargo run --release --example quickstart -- --serve");
    }
}

fn stock_sheet() -> String {
    let rows: String =
        seed::PRODUCTS.iter().map(|product| format!("{};{};100\n", product.ref_id, product.name)).collect();
    format!("codigo;nome;quantidade\n{rows}")
}

/// As a Brazilian sheet writes it: São Paulo has had no summer time since 2019.
pub fn local_text(at: DateTime<Utc>) -> String {
    let zone = FixedOffset::west_opt(3 * 3_600).expect("three hours");
    at.with_timezone(&zone).format("%d/%m/%Y %H:%M").to_string()
}

pub fn chapter(text: &str) {
    println!("\n\n== {text}");
}

pub fn say(text: &str) {
    println!("{text}");
}
