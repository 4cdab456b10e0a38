//! A shop for a test: a sandbox, a folder with configuration, ledger and state file, and the real program.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use chrono::TimeDelta;
use serde_json::Value;
use vaivem::erp::ledger::Ledger;

use crate::contract;
use crate::office::{self, Office};
use crate::sandbox::{Anymarket, ECCOSYS_TOKEN, Eccosys, Effect, GUMGA_TOKEN, OrderSeed, Sandbox, Vtex};

/// A sandbox and a folder of its own.
pub struct Shop {
    pub sandbox: Sandbox,
    folder: tempfile::TempDir,
    settings: String,
    carriers: String,
    erp: String,
    office: Office,
    hub: Option<String>,
    /// How far the program's clock is ahead of the machine's, as that of the sandbox is.
    ahead: TimeDelta,
}

/// Where Debian's faketime keeps what makes a program's clock another.
pub const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// What a run of the program gave.
#[must_use]
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Asserts the exit code, showing everything when it differs.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The records of `--output jsonl`.
    #[track_caller]
    pub fn records(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    /// The record of an order.
    #[track_caller]
    pub fn order(&self, id: &str) -> Value {
        let found = self.records().into_iter().find(|record| record["type"] == "order" && record["order"] == id);
        found.unwrap_or_else(|| panic!("no record of order {id} in:\n{}", self.stdout))
    }

    /// The record of a product.
    #[track_caller]
    pub fn stock(&self, sku: &str) -> Value {
        let found = self.records().into_iter().find(|record| record["type"] == "stock" && record["sku"] == sku);
        found.unwrap_or_else(|| panic!("no record of product {sku} in:\n{}", self.stdout))
    }

    /// The summary.
    #[track_caller]
    pub fn summary(&self) -> Value {
        let found = self.records().into_iter().rfind(|record| record["type"] == "summary");
        found.unwrap_or_else(|| panic!("no summary in:\n{}\nstderr:\n{}", self.stdout, self.stderr))
    }
}

impl Shop {
    /// A shop with three products in the ledger and a mapped carrier.
    pub fn new() -> Self {
        let shop = Self {
            sandbox: Sandbox::start(),
            folder: folder(),
            settings: String::new(),
            carriers: "\"Correios PAC\" = \"Correios\"".into(),
            erp: String::new(),
            office: Office::of_this_test(),
            hub: None,
            ahead: TimeDelta::zero(),
        };
        shop.configure();
        shop.stock("codigo;nome;quantidade\nCAMISETA-P;Camiseta P;100\nCANECA;Caneca;100\nBONE;Boné;100\n");
        shop
    }

    /// The same with further keys in the channel's table.
    pub fn with(settings: &str) -> Self {
        let mut shop = Self::new();
        shop.set(settings);
        shop
    }

    /// Replaces the further keys of the channel's table.
    pub fn set(&mut self, settings: &str) {
        self.settings = settings.into();
        self.configure();
    }

    /// Replaces the carrier table.
    pub fn set_carriers(&mut self, carriers: &str) {
        self.carriers = carriers.into();
        self.configure();
    }

    /// Replaces the further keys of the ERP's table.
    pub fn set_erp(&mut self, erp: &str) {
        self.erp = format!("\n{erp}");
        self.configure();
    }

    /// A shop that sells through ANYMARKET too, with these further keys in that channel's table.
    pub fn with_hub(settings: &str) -> Self {
        let mut shop = Self::new();
        shop.set_hub(settings);
        shop
    }

    /// A shop on Eccosys with the same products, and these further keys in the channel's table.
    pub fn on_eccosys(settings: &str) -> Self {
        let mut shop = Self::with(settings);
        shop.move_to_eccosys();
        shop
    }

    /// The back office's kind, with where it is. What another run compared is not gone by: tests run at once.
    fn back_office(&self) -> String {
        if self.office == Office::Ledger {
            return "kind = \"ledger\"".into();
        }
        // What no list shows is read again by age: at once, where a scenario is told on either back office.
        let details = if Office::of_this_test() == Office::Eccosys { "details_within = \"0s\"\n" } else { "" };
        format!(
            "{details}kind = \"eccosys\"\nbase_url = \"{}\"\ntoken = {{ env = \"ECCOSYS_TOKEN\" }}\nrequests_per_minute = 0\n\
             timeout = \"2s\"\nmax_wait = \"1s\"{}{}",
            self.sandbox.eccosys_url(),
            if self.erp.contains("fresh_for") { "" } else { "\nfresh_for = \"0s\"\nstock_fresh_for = \"0s\"" },
            // What was sent without an answer is settled by the next run, unless a test is about that.
            if self.erp.contains("settle_after") { "" } else { "\nsettle_after = \"0s\"" }
        )
    }

    /// What kind of back office it has.
    pub fn office(&self) -> Office {
        self.office
    }

    /// Changes to Eccosys, where the shop was on the ledger.
    pub fn move_to_eccosys(&mut self) {
        self.office = Office::Eccosys;
        self.configure();
        self.count_shelves(&[("CAMISETA-P", 100), ("CANECA", 100), ("BONE", 100)]);
    }

    /// A look at the simulated Eccosys, or a change to it.
    pub fn eccosys<R>(&self, work: impl FnOnce(&mut Eccosys) -> R) -> R {
        self.sandbox.eccosys(work)
    }

    /// Another word in its configuration, until it is configured anew. The state file knows of no address.
    pub fn reword(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path("vaivem.toml")).unwrap();
        assert!(text.contains(from), "no {from} in:\n{text}");
        std::fs::write(self.path("vaivem.toml"), text.replace(from, to)).unwrap();
        self.forget_addresses();
    }

    /// Another name for a channel, until it is configured anew.
    pub fn rename_channel(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path("vaivem.toml")).unwrap();
        let renamed = text.replace(&format!("[channels.{from}"), &format!("[channels.{to}"));
        std::fs::write(self.path("vaivem.toml"), renamed).unwrap();
    }

    /// Waits longer for an answer from here on: a machine that has other work is slow, and no fault of anybody's.
    pub fn be_patient(&self) {
        let text = std::fs::read_to_string(self.path("vaivem.toml")).unwrap();
        std::fs::write(self.path("vaivem.toml"), text.replace("timeout = \"2s\"", "timeout = \"60s\"")).unwrap();
    }

    /// Everything in its configuration is as it was.
    pub fn configure_anew(&self) {
        self.configure();
        self.forget_addresses();
    }

    fn configure(&self) {
        let mut text = format!(
            "[erp]\n{}{}\n\n[channels.loja]\nkind = \"vtex\"\nbase_url = \"{}\"\n\
             app_key = {{ env = \"VTEX_APP_KEY\" }}\napp_token = {{ env = \"VTEX_APP_TOKEN\" }}\nsince = \"2020-01-01\"\n\
             requests_per_minute = 0\n{}\n[channels.loja.carriers]\n{}\n",
            self.back_office(),
            self.erp,
            self.sandbox.url(),
            self.settings,
            self.carriers
        );
        if let Some(hub) = &self.hub {
            text += &format!(
                "\n[channels.hub]\nkind = \"anymarket\"\nbase_url = \"{}\"\ntoken = {{ env = \"ANYMARKET_TOKEN\" }}\n\
                 since = \"2020-01-01\"\nrequests_per_minute = 0\ndefault_carrier = \"Correios\"\n{hub}\n",
                self.sandbox.anymarket_url()
            );
        }
        std::fs::write(self.path("vaivem.toml"), text).unwrap();
    }

    /// Replaces the further keys of the hub's table.
    pub fn set_hub(&mut self, settings: &str) {
        self.hub = Some(settings.into());
        self.configure();
    }

    /// Whether its configuration allows to cancel at the hub.
    pub fn may_cancel_at_hub(&self) -> bool {
        self.hub.as_ref().is_some_and(|settings| settings.lines().any(|line| line == "cancel = true"))
    }

    /// A second shop in the same state, platforms and files.
    pub fn copy(&self) -> Self {
        let copy = Self {
            sandbox: Sandbox::start(),
            folder: folder(),
            settings: self.settings.clone(),
            carriers: self.carriers.clone(),
            erp: self.erp.clone(),
            office: self.office,
            hub: self.hub.clone(),
            ahead: self.ahead,
        };
        let state = self.vtex(|v| v.copy_at(&copy.sandbox.url()));
        copy.vtex(|v| *v = state);
        let address = copy.hub(|a| a.base_url.clone());
        let state = self.hub(|a| a.copy_at(&address));
        copy.hub(|a| *a = state);
        let address = copy.eccosys(|e| e.base_url.clone());
        let state = self.eccosys(|e| e.copy_at(&address));
        copy.eccosys(|e| *e = state);
        copy_folder(self.folder.path(), copy.folder.path());
        copy.configure();
        copy.forget_addresses();
        copy
    }

    /// The state file is used at other addresses from now on.
    fn forget_addresses(&self) {
        if self.path("vaivem.db").exists() {
            let state = self.database("vaivem.db");
            state.execute("DELETE FROM accounts", []).unwrap();
        }
    }

    /// Makes the folders for documents, and every pass empty them first.
    pub fn open_inboxes(&mut self) {
        for folder in ["in", "carriers"] {
            std::fs::create_dir(self.path(folder)).unwrap();
        }
        self.set_erp(match self.office {
            Office::Ledger => "inbox = \"in\"\n[carriers]\ninbox = \"carriers\"",
            Office::Eccosys => "write_deliveries = true\n[carriers]\ninbox = \"carriers\"",
        });
    }

    /// Puts a document into an inbox, as if a minute ago.
    pub fn drop_into(&self, file: &str, content: &str) {
        std::fs::write(self.path(file), content).unwrap();
        let file = std::fs::File::options().write(true).open(self.path(file)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
    }

    /// A file of the shop's folder.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// One of the program's databases, as it is to whoever changes it: rows are sealed anew, as by the program itself.
    pub fn database(&self, file: &str) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.path(file)).unwrap();
        vaivem::store::seal::register(&connection).unwrap();
        connection
    }

    /// Brings a stock sheet into the ledger.
    pub fn stock(&self, sheet: &str) {
        if self.office == Office::Eccosys {
            return self.count_shelves(&office::read_sheet(sheet));
        }
        let _ = self.run_with_input(&["ledger", "import", "-"], sheet).exits(0);
    }

    /// Places an order on the sandbox: paid and ready, one shirt, unless the seed says otherwise.
    pub fn place(&self, seed: OrderSeed) -> String {
        self.sandbox.vtex(|v| v.place(seed))
    }

    /// A look at the sandbox, or a change to it.
    pub fn vtex<R>(&self, work: impl FnOnce(&mut Vtex) -> R) -> R {
        self.sandbox.vtex(work)
    }

    /// A look at the simulated hub, or a change to it.
    pub fn hub<R>(&self, work: impl FnOnce(&mut Anymarket) -> R) -> R {
        self.sandbox.anymarket(work)
    }

    /// The program with the shop's configuration and keys, JSON Lines out.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vaivem"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("VAIVEM_CONFIG", self.path("vaivem.toml"))
            .env("VAIVEM_OUTPUT", "jsonl")
            .env("VTEX_APP_KEY", "vtexappkey-sandbox-KEY")
            .env("VTEX_APP_TOKEN", "SANDBOXTOKEN")
            .env("ANYMARKET_TOKEN", GUMGA_TOKEN)
            .env("ECCOSYS_TOKEN", ECCOSYS_TOKEN)
            .current_dir(self.folder.path())
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if !self.ahead.is_zero() {
            command
                .env("LD_PRELOAD", FAKETIME)
                .env("FAKETIME", format!("+{}", self.ahead.num_seconds()))
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        command
    }

    /// Runs the program to its end.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// Runs it with something on standard input.
    pub fn run_with_input(&self, args: &[&str], input: &str) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        ran(child.wait_with_output().unwrap())
    }

    /// `import-orders`.
    pub fn import(&self) -> Ran {
        self.run(&["import-orders"])
    }

    /// `sync-payments`.
    pub fn sync(&self) -> Ran {
        self.run(&["sync-payments"])
    }

    /// `push-stock`.
    pub fn push(&self) -> Ran {
        self.run(&["push-stock"])
    }

    /// Lets time pass on all platforms and for the program, which needs faketime for it.
    pub fn advance(&mut self, time: TimeDelta) {
        self.ahead += time;
        let time = time.to_std().unwrap();
        self.vtex(|v| v.advance(time));
        self.hub(|a| a.advance(time));
        self.eccosys(|e| e.advance(time));
    }

    /// How far the program's clock is ahead of the machine's.
    pub fn ahead(&self) -> TimeDelta {
        self.ahead
    }

    /// How many calls a fault struck, on all platforms.
    pub fn struck(&self) -> u64 {
        self.vtex(|v| v.struck) + self.hub(|a| a.struck) + self.eccosys(|e| e.struck)
    }

    /// Ends the pause a platform asked for: the next cron run comes after it.
    pub fn end_pauses(&self) {
        let state = self.database("vaivem.db");
        state.execute("UPDATE budget SET cooldown_until_ms = 0", []).unwrap();
    }

    /// How often an order was taken over, by the sandbox's own ledger of effects.
    pub fn take_overs(&self, id: &str) -> usize {
        self.vtex(|v| {
            let is_it = |effect: &&Effect| matches!(effect, Effect::StartHandling { .. }) && effect.order() == Some(id);
            v.effects.iter().filter(is_it).count()
        })
    }

    /// The ledger's orders by store number: status, total and reserved units, all of them, doubles included.
    pub fn erp(&self) -> BTreeMap<String, Vec<ErpSees>> {
        if self.office == Office::Eccosys {
            return self.eccosys(|e| office::orders(e));
        }
        ledger(&self.path("ledger.db"))
    }
}

/// An order as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErpSees {
    pub status: String,
    pub total: i64,
    pub units: i64,
    pub reserved: i64,
}

fn ledger(path: &Path) -> BTreeMap<String, Vec<ErpSees>> {
    let ledger = Ledger::open_read_only(path).unwrap();
    let mut orders: BTreeMap<String, Vec<ErpSees>> = BTreeMap::new();
    for order in ledger.orders(&Default::default()).unwrap() {
        let detail = ledger.order_detail(&order.id).unwrap().unwrap();
        let reserved = detail.reservations.iter().filter(|r| r.released_at.is_none()).map(|r| r.quantity).sum();
        orders.entry(order.store_number.to_string()).or_default().push(ErpSees {
            status: order.status.code(),
            total: order.total.get(),
            units: order.units.unwrap(),
            reserved,
        });
    }
    orders
}

/// In memory where that is easy to have: a program that is killed loses nothing that the kernel has, and a disk that is made to keep
/// everything takes longer than all the rest.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Copies files with their times, which tell a document from another of the same name. No run has the originals open.
pub fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_folder(&entry.path(), &target);
        } else {
            let copied = entry.metadata().and_then(|original| {
                std::fs::copy(entry.path(), &target)?;
                std::fs::File::options().write(true).open(&target)?.set_modified(original.modified()?)
            });
            // Whoever reads the original meanwhile has SQLite's two beside it, which are gone when it is done. They hold nothing.
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_of_a_reader = name.ends_with("-wal") || name.ends_with("-shm");
            assert!(copied.is_ok() || is_of_a_reader, "{name}: {copied:?}");
        }
    }
}

/// Waits for something that must come soon.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited half a minute for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What a run gave, each of its records held against the README.
#[track_caller]
pub fn ran(output: std::process::Output) -> Ran {
    let stdout = String::from_utf8(output.stdout).unwrap();
    // Scripts and shells, pages and eyes read something else.
    let records: Vec<&str> = stdout.lines().filter(|line| line.starts_with("{\"type\"")).collect();
    records.iter().copied().for_each(contract::hold_against_readme);
    assert!(records.is_empty() || records.len() == stdout.lines().count(), "a line that is no record: {stdout}");
    if let (Some(last), Some(code)) = (records.last(), output.status.code()) {
        contract::ends_the_run(last, code);
    }
    Ran { code: output.status.code(), stdout, stderr: String::from_utf8(output.stderr).unwrap() }
}

/// An order of one shirt, paid and ready.
pub fn paid() -> OrderSeed {
    OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 1)
}
