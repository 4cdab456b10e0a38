//! What people read is in their language; what programs read, and what is kept or sent, is English in every language.

use chrono::{TimeDelta, Utc};
use serde_json::Value;

use crate::back_office::Nfe;
use crate::sandbox::{Fault, Kind, OrderSeed, Payment, RetryAfter};
use crate::shop::{Ran, Shop, paid};

const QUESTIONS: [&[&str]; 13] = [
    &["holds"],
    &["orders"],
    &["status"],
    &["status", "--max-age", "1s"],
    &["account", "--since", "2026-01-01"],
    &["reconcile", "--since", "2026-01-01"],
    &["check"],
    &["cancel", "list"],
    &["ledger", "orders"],
    &["ledger", "stock"],
    &["explain"],
    &["sync", "--dry-run"],
    &["apply", "plan.jsonl"],
];

fn in_language(shop: &Shop, lang: &str, output: &str, args: &[&str]) -> Ran {
    let mut command = shop.command(&[&["--output", output], args].concat());
    let output = command.env("VAIVEM_LANG", lang).output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A shop with orders of every kind, whose passes a Brazilian runs: imported, waiting, held for several reasons, invoiced, refused.
fn day_in_portuguese() -> (Shop, Vec<String>) {
    let shop = Shop::with("stock = { warehouse = \"1_1\", unknown_skus = \"ignore\" }");
    let placed = |seed: OrderSeed| shop.place(seed.created(Utc::now() - TimeDelta::minutes(10)));
    let invoiced = placed(paid());
    let orders = vec![
        invoiced.clone(),
        placed(paid().mismatch(1)),
        placed(paid().pending(Payment::pix())),
        placed(OrderSeed::new().sku("77", "NOVIDADE", 1_000, 1)),
        placed(paid()),
    ];
    let kind = Kind::Status {
        code: 400,
        retry_after: RetryAfter::Absent,
        body: "{\"error\":{\"message\":\"not this one\"}}".into(),
    };
    shop.vtex(|v| v.faults.push(Fault::always(kind).on("GET", &format!("/api/oms/pvt/orders/{}", orders[4]))));
    for args in [&["import-orders"][..], &["sync-payments"], &["push-stock"], &["auto-cancel"]] {
        let _ = in_language(&shop, "pt-BR", "human", args);
    }
    shop.issue(&invoiced, &Nfe::new(1, 4_990));
    for args in [&["push-invoices"][..], &["push-tracking"], &["sync"]] {
        let _ = in_language(&shop, "pt-BR", "human", args);
    }
    // A plan of two, one of which is another order by the time it is carried out.
    let planned = [placed(paid()), placed(paid())];
    let plan = in_language(&shop, "pt-BR", "jsonl", &["import-orders", "--dry-run"]).stdout;
    std::fs::write(shop.path("plan.jsonl"), plan).unwrap();
    shop.vtex(|v| v.orders.get_mut(&planned[1]).unwrap().seed.customer.last_name = "Outro".into());
    let applied = in_language(&shop, "pt-BR", "human", &["apply", "plan.jsonl"]);
    assert!(applied.stdout.contains("desde que o plano foi feito, o pedido mudou no canal"), "{}", applied.stdout);
    (shop, orders)
}

/// What two runs cannot have in common: times, and what depends on them.
fn without_times(value: &mut Value) {
    // The state file's log comes and goes, other programs fill the disk.
    const TIMES: [&str; 9] =
        ["at", "since", "until", "duration_ms", "lag_seconds", "counts", "files", "free_mb", "percent"];
    match value {
        Value::Object(fields) => {
            let is_time = |name: &str| TIMES.contains(&name) || name.ends_with("_at");
            fields.retain(|name, _| !is_time(name));
            fields.values_mut().for_each(without_times);
        }
        Value::Array(values) => values.iter_mut().for_each(without_times),
        Value::String(text) => {
            let digits = |c: char| if c.is_ascii_digit() { '0' } else { c };
            *text = text.chars().map(digits).collect();
        }
        _ => {}
    }
}

fn told(ran: &Ran) -> Vec<Value> {
    let mut records: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    records.iter_mut().for_each(without_times);
    // Orders come as their answers did; whatever else there is stays in its place behind them.
    records.sort_by_key(|record| match record["type"] == "order" {
        true => (false, record.to_string()),
        false => (true, String::new()),
    });
    records
}

#[test]
fn what_programs_read_is_the_same_in_both_languages() {
    let (shop, orders) = day_in_portuguese();
    let why: Vec<Vec<&str>> = orders.iter().map(|order| vec!["why", order.as_str()]).collect();
    let questions = QUESTIONS.iter().copied().chain(why.iter().map(Vec::as_slice));
    for question in questions {
        let [english, portuguese] = ["en", "pt-BR"].map(|lang| in_language(&shop, lang, "jsonl", question));
        assert_eq!(english.code, portuguese.code, "{question:?}");
        assert_eq!(told(&english), told(&portuguese), "{question:?}");
        assert!(!english.stdout.is_empty() || question == ["cancel", "list"], "{question:?}: {}", english.stderr);
    }
    for order in &orders {
        let [english, portuguese] = ["en", "pt-BR"].map(|lang| {
            let ran = in_language(&shop, lang, "human", &["support-bundle", order, "--file", "-"]);
            let mut bundle: Value = serde_json::from_str(&ran.stdout).unwrap();
            without_times(&mut bundle);
            // The digits of an instant can be a CPF by chance.
            bundle.as_object_mut().unwrap().remove("hidden_by_the_last_sweep").unwrap();
            bundle
        });
        for (name, section) in english.as_object().unwrap() {
            assert_eq!(section, &portuguese[name], "{name}");
        }
    }
}

#[test]
fn what_is_kept_is_english_whoever_ran_it() {
    let (shop, orders) = day_in_portuguese();
    let holds = shop.run(&["holds"]).records();
    let failed = holds.iter().find(|hold| hold["order"] == orders[4].as_str()).unwrap();
    assert!(failed["text"].as_str().unwrap().starts_with("read order "), "{failed}");
    for file in ["vaivem.db", "vaivem.db-wal", "ledger.db", "ledger.db-wal"] {
        let Ok(bytes) = std::fs::read(shop.path(file)) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        for word in ["falha ao", " não ", " nota ", "respondeu", "execução", "estoque", " pedido "] {
            assert!(!text.contains(word), "`{word}` is in {file}");
        }
    }
}

#[test]
fn what_people_read_is_portuguese() {
    let (shop, orders) = day_in_portuguese();
    let why: Vec<Vec<&str>> = orders.iter().map(|order| vec!["why", order.as_str()]).collect();
    let show: Vec<Vec<&str>> = orders.iter().map(|order| vec!["ledger", "show", order.as_str()]).collect();
    let bundle: Vec<Vec<&str>> = orders.iter().map(|order| vec!["support-bundle", order.as_str()]).collect();
    let others: [&[&str]; 22] = [
        &["why", "--sku", "CAMISETA-P"],
        &["why", "404"],
        &["import-orders"],
        &["push-stock", "--full"],
        &["--help"],
        &["holds", "skip", "--help"],
        &["orders", "--fate", "lost"],
        &["--config", "nowhere.toml", "status"],
        &["holds", "add", "404", "--because", "x"],
        &["explain", "totals"],
        &["explain", "plan_stale"],
        &["apply", "--help"],
        &["apply", "nowhere.jsonl"],
        &["apply", "vaivem.toml"],
        &["adopt", "--help"],
        &["report", "--help"],
        &["report", "--html", "page.html"],
        &["support-bundle", "--help"],
        &["man", "--help"],
        &["man", "holds", "nowhere"],
        &["--metrics-file", "nowhere/vaivem.prom", "sync"],
        &["init", "--path", "elsewhere", "--channel", "loja"],
    ];
    let questions = QUESTIONS.iter().copied().chain(others);
    // The second bundle of an order finds the first.
    let questions = questions.chain(why.iter().chain(&show).chain(&bundle).chain(&bundle).map(Vec::as_slice));
    // Words of every English sentence that are none in Portuguese.
    let english = [
        "the", "is", "are", "was", "were", "and", "with", "cannot", "not", "of", "it", "its", "by", "there", "this",
        "that", "to", "from", "for", "order", "orders", "held", "channel", "run", "what", "nothing", "invoice",
    ];
    let mut told = 0;
    for question in questions {
        let ran = in_language(&shop, "pt-BR", "human", question);
        for line in ran.stdout.lines().chain(ran.stderr.lines()) {
            // What another system said, names of commands and codes are as they are.
            let line = line.replace("not this one", "").replace("Bad Request", "");
            let is_code = |c: char| !c.is_alphanumeric() && !['_', '-', '.', '`', '/', '<', '='].contains(&c);
            told += 1;
            for word in line.split(is_code).filter(|word| !word.contains('`')) {
                assert!(!english.contains(&word) || is_command(&line, word), "`{word}` of {question:?} in: {line}");
            }
        }
    }
    assert!(told > 250, "{told}");
}

/// A word that stands in a command, a list of codes or an example.
fn is_command(line: &str, word: &str) -> bool {
    let codes = ["held", "order", "invoice", "orders", "channel"];
    line.contains("vaivem ") && line.contains(&format!(" {word}"))
        || codes.contains(&word) && (line.contains('[') || line.contains('(') || line.trim_start().starts_with(word))
        || line.contains("valores possíveis")
}
