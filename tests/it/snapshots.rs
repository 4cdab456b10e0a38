//! What every command that a person or a script reads prints, on a fixed small shop: `tests/it/snapshots/`, one file a command, for
//! eyes and as JSON Lines.
//!
//! `SNAPSHOTS=overwrite cargo test --test it snapshots` writes them anew; read the difference before you commit it.

use std::path::Path;

use chrono::{TimeDelta, Utc};
use regex::Regex;
use snapbox::{Assert, Data, Redactions};

use crate::sandbox::papers::{self, Nfe};
use crate::sandbox::{OrderSeed, Payment, Vtex};
use crate::shop::{Shop, paid};

/// A command of the day, in its order, and what happens around the shop right before it.
struct Step {
    /// The name of its file.
    name: &'static str,
    args: &'static [&'static str],
    before: fn(&Shop),
}

const fn step(name: &'static str, args: &'static [&'static str]) -> Step {
    Step { name, args, before: |_| () }
}

const fn after(before: fn(&Shop), name: &'static str, args: &'static [&'static str]) -> Step {
    Step { name, args, before }
}

/// Stands for a day two months ago in the arguments.
const SINCE: &str = "SINCE";

const DAY: &[Step] = &[
    step("init", &["init", "--erp", "ledger", "--channel", "loja=vtex", "--path", "new"]),
    step("check", &["check"]),
    step("status-before", &["status"]),
    step("import-orders-dry-run", &["import-orders", "--dry-run"]),
    step("import-orders", &["import-orders"]),
    step("import-orders-again", &["import-orders"]),
    after(|shop| shop.vtex(|v| v.request_cancellation("asked-01")), "sync-payments", &["sync-payments"]),
    step("auto-cancel", &["auto-cancel"]),
    after(issue, "ledger-import", &["ledger", "import", "nfe.xml"]),
    step("push-invoices", &["push-invoices"]),
    after(hand_over, "ledger-import-sheet", &["ledger", "import", "romaneio.csv"]),
    step("push-tracking", &["push-tracking"]),
    step("push-stock", &["push-stock"]),
    step("sync", &["sync"]),
    step("status", &["status"]),
    step("status-max-age", &["status", "--max-age", "30m"]),
    step("orders", &["orders"]),
    step("orders-held", &["orders", "--fate", "held"]),
    step("holds", &["holds"]),
    step("why", &["why", "plain-01"]),
    step("why-held", &["why", "new-sku-01"]),
    step("why-unknown", &["why", "v999999-01"]),
    step("why-sku", &["why", "--sku", "CAMISETA-P"]),
    step("account", &["account", "--since", SINCE]),
    step("reconcile", &["reconcile"]),
    step("cancel-list", &["cancel", "list"]),
    step("cancel-deny", &["cancel", "deny", "asked-01", "--reason", "já saiu"]),
    step("ledger-orders", &["ledger", "orders"]),
    step("ledger-show", &["ledger", "show", "plain-01"]),
    step("holds-skip", &["holds", "skip", "new-sku-01", "--reason", "pedido de teste"]),
    step("forget", &["forget", "new-sku-01"]),
    step("backup", &["backup", "copy"]),
    step("privacy-export", &["privacy", "export", "--document", "529.982.247-25"]),
    step("purge", &["purge", "--older-than", "400d", "--dry-run"]),
    step("adopt", &["adopt", "--since", SINCE]),
];

fn opened() -> Shop {
    let shop = Shop::with(
        "stock = { warehouse = \"1_1\", settle = \"0s\" }\nin_flight = 1\ninvoices = { issuers = [\"12345678000195\"] }",
    );
    shop.vtex(|v| {
        [("1", "CAMISETA-P"), ("2", "CANECA"), ("3", "BONE")].iter().for_each(|(id, code)| v.add_sku(id, code));
        Vtex::configure_needed_feed(v);
    });
    let an_hour_ago = Utc::now() - TimeDelta::hours(1);
    let place = |seed: OrderSeed, id: &str| drop(shop.place(seed.created(an_hour_ago).id(id)));
    place(paid(), "plain-01");
    place(OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 2).sku("2", "CANECA", 2_990, 1), "parts-01");
    place(paid(), "asked-01");
    place(paid().pending(Payment::boleto((Utc::now() + TimeDelta::days(3)).date_naive())), "waiting-01");
    place(OrderSeed::new().sku("9", "NOVO", 1_000, 1), "new-sku-01");
    place(paid().carrier("Jadlog", "9", "Jadlog"), "new-carrier-01");
    place(paid().status("canceled"), "gone-01");
    place(paid().status("invoiced"), "old-01");
    shop
}

fn invoice() -> Nfe {
    Nfe {
        number: 501,
        order: "plain-01".into(),
        recipient: OrderSeed::new().customer.cpf,
        lines: vec![("CAMISETA-P".into(), 1, 4_990)],
        freight: 0,
        discount: 0,
        other: 0,
        issued_at: Utc::now() - TimeDelta::hours(2),
    }
}

fn issue(shop: &Shop) {
    std::fs::write(shop.path("nfe.xml"), invoice().xml()).unwrap();
}

fn hand_over(shop: &Shop) {
    let day = papers::local(Utc::now()).format("%d/%m/%Y");
    let row = format!("501;BR501;https://rastro.example/BR501;Correios;{day}");
    std::fs::write(shop.path("romaneio.csv"), format!("nota;rastreio;url;transportadora;despachado\n{row}\n")).unwrap();
}

/// What differs from run to run, and from machine to machine.
fn redactions(shop: &Shop) -> Redactions {
    let mut redactions = Redactions::new();
    redactions.insert("[SHOP]", shop.path("").display().to_string().trim_end_matches('/').to_owned()).unwrap();
    for (name, pattern) in [
        ("[HOST]", r"127\.0\.0\.1:\d+"),
        (
            "[TIME]",
            r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?|\d{2}-\d{2} \d{2}:\d{2}",
        ),
        ("[KEY]", r"\d{44}"),
        ("[SPAN]", r"\d+\.\d s|\b\d+ (?:s|min|h)\b(?: \d+ (?:s|min)\b)?"),
        ("[MS]", r#""duration_ms":(?<redacted>\d+)"#),
        ("[SECONDS]", r#""(?:seconds|lag_seconds|age_seconds|lag|age)":(?<redacted>\d+)"#),
        ("[PID]", r#"(?:pid |"pid":)(?<redacted>\d+)"#),
        ("[MB]", r#""free_mb":(?<redacted>\d+)"#),
        ("[PERCENT]", r#""percent":(?<redacted>\d+)"#),
        // Under a key of each state file's own.
        ("[DIGEST]", r#""(?:content|channel_order|erp_order|outgoing|journal|state)":"(?<redacted>[0-9a-f]{16})""#),
        ("[ROOM]", r"\d+ [MG]B free \(\d+ %\)"),
        ("[BYTES]", r#"(?:"bytes":|, )(?<redacted>\d+)(?:,"|\}| kB)"#),
    ] {
        redactions.insert(name, Regex::new(&format!("(?-u){pattern}")).unwrap()).unwrap();
    }
    redactions
}

/// A story's steps by their text: two of the same millisecond come in either order.
fn in_one_order(told: &str) -> String {
    let mut lines: Vec<&str> = told.lines().collect();
    let is_step = |line: &str| line.starts_with("  [TIME]  ") || line.starts_with("{\"type\":\"step\"");
    lines.chunk_by_mut(|one, next| is_step(one) && is_step(next)).for_each(<[_]>::sort_unstable);
    lines.join("\n") + "\n"
}

/// A whole day in one way of output.
fn tell(output: &str, extension: &str) {
    let shop = opened();
    let since = (Utc::now() - TimeDelta::days(60)).format("%Y-%m-%d").to_string();
    let assert = Assert::new().action_env("SNAPSHOTS").redact_with(redactions(&shop));
    for Step { name, args, before } in DAY {
        before(&shop);
        let args: Vec<&str> = args.iter().map(|arg| if *arg == SINCE { since.as_str() } else { arg }).collect();
        let command = &mut shop.command(&args);
        let ran = command.env("VAIVEM_OUTPUT", output).env("COLUMNS", "100").env("USER", "ana").output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (code, out, err) = (ran.status.code().unwrap(), text(&ran.stdout), text(&ran.stderr));
        let err = if err.is_empty() { err } else { format!("--- standard error\n{err}") };
        let told = format!("$ vaivem {}\n{out}{err}--- exit {code}\n", args.join(" "));
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/snapshots/{name}.{extension}"));
        let told = in_one_order(&assert.redactions().redact(&told));
        assert.eq(told, Data::read_from(&file, Some(snapbox::data::DataFormat::Text)));
    }
}

#[test]
fn for_eyes() {
    tell("human", "txt");
}

#[test]
fn as_json_lines() {
    tell("jsonl", "jsonl");
}
