//! The metrics file: its format to the letter, that its numbers are those of everybody else, and how it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::sandbox::{AnyOrderSeed, Fault, Kind};
use crate::shop::{Ran, Shop, paid, wait_until};

/// The samples of a file: by name and labels, its number.
#[derive(Debug, Default)]
struct Metrics {
    kinds: BTreeMap<String, String>,
    samples: BTreeMap<(String, BTreeMap<String, String>), String>,
}

impl Metrics {
    #[track_caller]
    fn of(shop: &Shop) -> Self {
        Self::read(&shop.path("vaivem.prom"))
    }

    #[track_caller]
    fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap();
        parse(&text).unwrap_or_else(|problem| panic!("{problem}\n{text}"))
    }

    /// The number of the one sample with these labels.
    #[track_caller]
    fn get(&self, name: &str, labels: &[(&str, &str)]) -> i64 {
        let text = self.find(name, labels).unwrap_or_else(|| panic!("no {name} {labels:?}"));
        text.parse().unwrap_or_else(|_| panic!("{name} {labels:?} is {text}"))
    }

    fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<&String> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.samples.get(&(name.to_owned(), labels))
    }

    /// The sum of all samples with that name and label.
    fn sum(&self, name: &str, label: (&str, &str)) -> i64 {
        let with = |labels: &BTreeMap<String, String>| labels.get(label.0).is_some_and(|value| value == label.1);
        let found = self.samples.iter().filter(|((found, labels), _)| found == name && with(labels));
        found.map(|(_, number)| number.parse::<i64>().unwrap()).sum()
    }

    fn names(&self) -> BTreeSet<&str> {
        self.samples.keys().map(|(name, _)| name.as_str()).collect()
    }
}

/// Reads Prometheus' text format as strictly as its description reads, with what `promtool check metrics` asks for beyond it: every
/// family has HELP and TYPE before its samples, stands together, and counters, and nothing else, end in `_total`.
fn parse(text: &str) -> Result<Metrics, String> {
    let mut metrics = Metrics::default();
    let (mut helped, mut current, mut done) = (BTreeSet::new(), String::new(), BTreeSet::new());
    if !text.ends_with('\n') || text.contains('\r') {
        return Err("the last line does not end, or not with a line feed".into());
    }
    for line in text.lines() {
        let wrong = |problem: &str| format!("{problem}: {line}");
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').ok_or_else(|| wrong("no help"))?;
            if help.trim().is_empty() || help.replace("\\\\", "").replace("\\n", "").contains('\\') {
                return Err(wrong("no help, or a wrong escape in it"));
            }
            if !helped.insert(name.to_owned()) {
                return Err(wrong("a second HELP"));
            }
            if !current.is_empty() {
                done.insert(std::mem::take(&mut current));
            }
            continue;
        }
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or_else(|| wrong("no type"))?;
            if !matches!(kind, "counter" | "gauge") || !helped.contains(name) {
                return Err(wrong("an unknown type, or no HELP before it"));
            }
            if (kind == "counter") != name.ends_with("_total") {
                return Err(wrong("counters end in _total, and nothing else does"));
            }
            if metrics.kinds.insert(name.to_owned(), kind.to_owned()).is_some() {
                return Err(wrong("a second TYPE"));
            }
            name.clone_into(&mut current);
            continue;
        }
        let (name, labels, number) = sample(line).ok_or_else(|| wrong("no sample"))?;
        if name != current || done.contains(&name) {
            return Err(wrong("a sample away from its family"));
        }
        if metrics.samples.insert((name, labels), number).is_some() {
            return Err(wrong("a second sample"));
        }
    }
    match metrics.kinds.keys().find(|name| !metrics.names().contains(name.as_str())) {
        Some(empty) => Err(format!("{empty} has no sample")),
        None => Ok(metrics),
    }
}

/// `name{label="value",…} number`.
fn sample(line: &str) -> Option<(String, BTreeMap<String, String>, String)> {
    let is_name = |text: &str, colon: bool| {
        let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_' || colon && c == ':';
        text.starts_with(is_letter) && text.chars().all(|c| is_letter(c) || c.is_ascii_digit())
    };
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        let mut left = inside;
        loop {
            let (label, after) = left.split_once("=\"")?;
            if !is_name(label, false) || label.starts_with("__") {
                return None;
            }
            let mut value = String::new();
            let mut chars = after.char_indices();
            let end = loop {
                match chars.next()? {
                    (_, '\\') => value.push(match chars.next()?.1 {
                        'n' => '\n',
                        c @ ('\\' | '"') => c,
                        _ => return None,
                    }),
                    (at, '"') => break at + 1,
                    (_, c) => value.push(c),
                }
            };
            if labels.insert(label.to_owned(), value).is_some() {
                return None;
            }
            left = &after[end..];
            if let Some(after) = left.strip_prefix('}') {
                rest = after;
                break;
            }
            left = left.strip_prefix(',')?;
        }
    }
    let number = rest.strip_prefix(' ')?;
    let is_number = number.parse::<f64>().is_ok() && number.chars().all(|c| c.is_ascii_digit() || ".-".contains(c));
    (is_name(name, true) && is_number).then(|| (name.to_owned(), labels, number.to_owned()))
}

/// A shop on both channels, which have its products, whose runs leave metrics.
fn shop() -> Shop {
    let mut shop = Shop::with("stock = { warehouse = \"1_1\" }");
    shop.set_hub("stock = { warehouse = \"default\" }");
    monitor(&shop, "metrics_file = \"vaivem.prom\"");
    for (id, code) in [("1", "CAMISETA-P"), ("2", "CANECA"), ("3", "BONE")] {
        shop.vtex(|v| v.add_sku(id, code));
        shop.hub(|a| a.set_stock(code, 1, 0));
    }
    shop
}

fn monitor(shop: &Shop, settings: &str) {
    let file = shop.path("vaivem.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, format!("{text}\n[monitoring]\n{settings}\n")).unwrap();
}

/// Orders on both channels, some of which cannot be imported.
fn busy() -> Shop {
    let shop = shop();
    for _ in 0..3 {
        shop.place(paid());
    }
    shop.place(paid().carrier("Expresso Inédito", "9", "Normal"));
    shop.place(paid().sku("9", "NAO-EXISTE", 1_000, 1));
    shop.hub(|a| {
        a.place(AnyOrderSeed::new().sku("CAMISETA-P", 4_990, 1));
        a.place(AnyOrderSeed::new().sku("NADA", 2_000, 1));
    });
    shop
}

fn calls(shop: &Shop) -> [i64; 2] {
    [shop.vtex(|v| v.total_calls), shop.hub(|a| a.total_calls)].map(|calls| i64::try_from(calls).unwrap())
}

#[test]
fn the_file_is_well_formed_and_tells_of_every_channel_and_pass() {
    let shop = busy();
    let _ = shop.run(&["import-orders", "--channel", "loja"]).exits(3);
    let metrics = Metrics::of(&shop);
    for channel in ["loja", "hub"] {
        for pass in ["import-orders", "sync-payments", "auto-cancel", "push-invoices", "push-tracking", "push-stock"] {
            let of = [("channel", channel), ("pass", pass)];
            let ran = i64::from((channel, pass) == ("loja", "import-orders"));
            let with = |label| [of[0], of[1], label];
            assert_eq!(metrics.get("vaivem_runs_total", &with(("exit", "held"))), ran);
            assert_eq!(metrics.find("vaivem_last_complete_run_timestamp_seconds", &of).is_some(), ran == 1);
            assert_eq!(metrics.get("vaivem_call_errors_total", &with(("side", "channel"))), 0);
        }
    }
    let of = [("channel", "loja"), ("pass", "import-orders")];
    assert_eq!(metrics.get("vaivem_last_run_exit_code", &of), 3);
    assert_eq!(metrics.get("vaivem_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1);
    let _ = shop.run(&["sync"]).exits(3);
    Metrics::of(&shop);
}

#[test]
fn the_test_can_tell_what_is_malformed() {
    let good = "# HELP a_total What it is.\n# TYPE a_total counter\na_total{b=\"c\\\"\\\\\\n\"} 1\n";
    assert_eq!(parse(good).unwrap().get("a_total", &[("b", "c\"\\\n")]), 1);
    for (from, to) in [
        ("1\n", "1"),
        ("1\n", "1\r\n"),
        ("1\n", "one\n"),
        ("1\n", "1\na_total{b=\"c\\\"\\\\\\n\"} 2\n"),
        ("# HELP a_total What it is.\n", ""),
        ("# TYPE a_total counter\n", ""),
        ("a_total", "a"),
        ("counter", "gauge"),
        ("counter", "number"),
        ("{b", "{1b"),
        ("{b", "{__b"),
        ("\\n\"", "\\t\""),
        ("\"}", "}"),
        ("} 1", "}  1"),
        ("a_total{", "a-b_total{"),
        ("1\n", "1\n# HELP b What.\n# TYPE b gauge\n"),
        ("1\n", "1\n# HELP b What.\n# TYPE b gauge\nb 1\na_total 1\n"),
        ("What it is.", "What \\it is."),
    ] {
        let bad = good.replacen(from, to, if from == "a_total" { 9 } else { 1 });
        assert!(parse(&bad).is_err(), "{bad}");
    }
}

#[test]
fn counters_grow_from_run_to_run_and_count_what_the_platforms_count() {
    let shop = busy();
    let told =
        |metrics: &Metrics| ["loja", "hub"].map(|channel| metrics.sum("vaivem_calls_total", ("channel", channel)));
    let _ = shop.run(&["sync"]).exits(3);
    let first = Metrics::of(&shop);
    assert_eq!(told(&first), calls(&shop));
    shop.place(paid());
    let _ = shop.run(&["import-orders"]).exits(3);
    let _ = shop.run(&["sync"]).exits(3);
    let second = Metrics::of(&shop);
    assert_eq!(told(&second), calls(&shop));
    for (key, before) in &first.samples {
        if first.kinds[&key.0] == "counter" {
            let (before, after): (f64, f64) = (before.parse().unwrap(), second.samples[key].parse().unwrap());
            assert!(after >= before, "{key:?}: {after} after {before}");
        }
    }
    let loja = |metrics: &Metrics, name, label: (&str, &str)| {
        metrics.get(name, &[("channel", "loja"), ("pass", "import-orders"), label])
    };
    let imported = ("outcome", "imported");
    assert_eq!([&first, &second].map(|metrics| loja(metrics, "vaivem_items_total", imported)), [3, 4]);
    assert_eq!([&first, &second].map(|metrics| loja(metrics, "vaivem_runs_total", ("exit", "held"))), [1, 3]);
    assert_eq!([&first, &second].map(|metrics| metrics.get("vaivem_orders_new_total", &[("channel", "loja")])), [5, 6]);
}

#[test]
fn setbacks_of_the_other_side_are_counted() {
    let shop = shop();
    let path = format!("/orders/{}", shop.place(paid()));
    shop.vtex(|v| {
        v.faults.push(Fault::next(2, Kind::status(503)).on("GET", &path));
        v.faults.push(Fault::next(1, Kind::too_many(1)).on("GET", &path));
    });
    let _ = shop.run(&["import-orders", "--channel", "loja"]).exits(0);
    let of =
        |name| Metrics::of(&shop).get(name, &[("channel", "loja"), ("pass", "import-orders"), ("side", "channel")]);
    let told = ["vaivem_call_errors_total", "vaivem_calls_limited_total", "vaivem_call_retries_total"].map(of);
    assert_eq!(told, [2, 1, 3]);
    assert_eq!(of("vaivem_calls_total"), calls(&shop)[0]);
}

#[test]
fn a_channel_that_is_down_and_a_run_that_found_another_are_told() {
    let mut shop = shop();
    shop.set("timeout = \"1s\"\nmax_wait = \"1s\"");
    monitor(&shop, "metrics_file = \"vaivem.prom\"");
    shop.vtex(|v| v.faults.push(Fault::always(Kind::status(502))));
    let _ = shop.run(&["import-orders"]).exits(5);
    let metrics = Metrics::of(&shop);
    let of = |channel| [("channel", channel), ("pass", "import-orders")];
    assert_eq!([of("loja"), of("hub")].map(|of| metrics.get("vaivem_last_run_exit_code", &of)), [5, 0]);
    assert!(metrics.find("vaivem_last_complete_run_timestamp_seconds", &of("loja")).is_none());
    shop.vtex(|v| {
        v.faults.clear();
        v.faults.push(Fault::always(Kind::SlowMs(300)));
    });
    shop.end_pauses();
    let before = calls(&shop)[0];
    let first = shop.command(&["import-orders", "--channel", "loja"]).spawn().unwrap();
    wait_until("the first call", || calls(&shop)[0] > before);
    let _ = shop.run(&["import-orders", "--channel", "loja"]).exits(11);
    let metrics = Metrics::of(&shop);
    let runs = |metrics: &Metrics, exit| {
        metrics.get("vaivem_runs_total", &[("channel", "loja"), ("pass", "import-orders"), ("exit", exit)])
    };
    assert_eq!((runs(&metrics, "locked"), runs(&metrics, "done")), (1, 0));
    let time = |metrics: &Metrics, name| metrics.find(name, &of("loja")).unwrap().parse::<f64>().unwrap();
    let under_way = |metrics: &Metrics| {
        time(metrics, "vaivem_last_run_begin_timestamp_seconds")
            > time(metrics, "vaivem_last_run_end_timestamp_seconds")
    };
    assert!(under_way(&metrics));
    assert!(first.wait_with_output().unwrap().status.success());
    let metrics = Metrics::of(&shop);
    assert!(!under_way(&metrics) && runs(&metrics, "done") == 1);
}

/// What `status`, `orders` and `holds` tell is what the file tells.
#[test]
fn gauges_are_what_everybody_else_tells() {
    let shop = busy();
    let _ = shop.run(&["sync"]).exits(3);
    let metrics = Metrics::of(&shop);
    let records = |ran: &Ran, kind: &str| -> Vec<Value> {
        ran.records().into_iter().filter(|record| record["type"] == kind).collect()
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let seconds = |value: &Value| {
        let at: chrono::DateTime<chrono::Utc> = value.as_str().unwrap().parse().unwrap();
        format!("{}.{:03}", at.timestamp(), at.timestamp_subsec_millis())
    };
    let status = shop.run(&["status"]).exits(0);
    for record in records(&status, "channel") {
        let channel = text(&record["channel"]);
        let of = [("channel", channel.as_str())];
        for (name, field) in [
            ("vaivem_held_orders", "held_orders"),
            ("vaivem_held_products", "held_skus"),
            ("vaivem_held_cents", "held_cents"),
            ("vaivem_waiting_cents", "waiting_cents"),
            ("vaivem_unsettled_writes", "unsettled"),
        ] {
            assert_eq!(metrics.get(name, &of), record[field].as_i64().unwrap(), "{name} {channel}");
        }
        let told = metrics.find("vaivem_orders_listed_up_to_timestamp_seconds", &of).unwrap();
        assert_eq!(*told, seconds(&record["listed_up_to"]));
        assert!(metrics.get("vaivem_held_orders", &of) > 0);
    }
    for record in records(&status, "status") {
        let (channel, pass) = (text(&record["channel"]), text(&record["pass"]));
        let of = [("channel", channel.as_str()), ("pass", pass.as_str())];
        let told = |name| metrics.find(name, &of).unwrap().clone();
        assert_eq!(told("vaivem_last_run_begin_timestamp_seconds"), seconds(&record["started_at"]));
        assert_eq!(told("vaivem_last_run_end_timestamp_seconds"), seconds(&record["ended_at"]));
        assert_eq!(told("vaivem_last_complete_run_timestamp_seconds"), seconds(&record["complete_at"]));
    }
    let mut orders = 0;
    for record in records(&shop.run(&["orders"]).exits(0), "fate") {
        let (channel, fate) = (text(&record["channel"]), text(&record["fate"]));
        let told = metrics.get("vaivem_orders", &[("channel", &channel), ("fate", &fate)]);
        assert_eq!(told, record["orders"].as_i64().unwrap(), "{channel} {fate}");
        orders += told;
    }
    let all: i64 = ["loja", "hub"].map(|channel| metrics.sum("vaivem_orders", ("channel", channel))).iter().sum();
    assert_eq!((orders, all), (7, 7));
    let mut causes: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
    for record in records(&shop.run(&["holds"]).exits(3), "hold") {
        let cause = causes.entry((text(&record["channel"]), text(&record["reason"]["code"]))).or_default();
        *cause = (cause.0 + 1, cause.1 + record["amount_cents"].as_i64().unwrap());
    }
    assert!(causes.len() > 2, "{causes:?}");
    for ((channel, code), (holds, cents)) in &causes {
        let of = [("channel", channel.as_str()), ("cause", code.as_str())];
        assert_eq!((metrics.get("vaivem_holds", &of), metrics.get("vaivem_holds_cents", &of)), (*holds, *cents));
    }
    let told = metrics.samples.keys().filter(|(name, _)| name == "vaivem_holds").count();
    assert_eq!(told, causes.len());
}

#[test]
fn a_file_that_cannot_be_written_is_said_and_changes_nothing_else() {
    let shop = Shop::new();
    let id = shop.place(paid());
    let ran = shop.run(&["--metrics-file", "missing/vaivem.prom", "import-orders"]).exits(0);
    assert_eq!(ran.order(&id)["outcome"], "imported");
    assert!(ran.stderr.contains("the metrics file missing/vaivem.prom cannot be written"), "{}", ran.stderr);
    // A quiet run, as cron makes it, says so once a day.
    let quiet = |name| shop.run(&["-q", "--metrics-file", name, "import-orders"]).exits(0).stderr;
    assert!(quiet("missing/vaivem.prom").contains("cannot be written"));
    assert_eq!(quiet("missing/vaivem.prom"), "");
    let here: Vec<_> = std::fs::read_dir(shop.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(here.iter().all(|name| !name.to_string_lossy().contains(".prom")), "{here:?}");
}

#[test]
fn the_command_line_names_another_file_and_dry_runs_leave_none() {
    let shop = shop();
    shop.place(paid());
    let _ = shop.run(&["sync", "--dry-run"]).exits(0);
    assert!(!shop.path("vaivem.prom").exists());
    let _ = shop.run(&["import-orders", "--metrics-file", "other.prom"]).exits(0);
    assert!(!shop.path("vaivem.prom").exists());
    let first = Metrics::read(&shop.path("other.prom"));
    let output = shop.command(&["status"]).env("VAIVEM_METRICS_FILE", "third.prom").output().unwrap();
    assert!(output.status.success());
    assert_eq!(Metrics::read(&shop.path("third.prom")).samples, first.samples);
    let _ = shop.run(&["status"]).exits(0);
    assert!(!shop.path("vaivem.prom").exists(), "a look leaves it only where it is told to");
}

#[test]
fn stores_of_one_machine_are_told_apart_by_a_label() {
    let shop = Shop::new();
    monitor(&shop, "metrics_file = \"vaivem.prom\"\nlabels = { store = \"azul \\\"1\\\"\" }");
    let _ = shop.import().exits(0);
    let metrics = Metrics::of(&shop);
    assert!(metrics.samples.keys().all(|(_, labels)| labels["store"] == "azul \"1\""));
    assert_eq!(metrics.get("vaivem_held_orders", &[("store", "azul \"1\""), ("channel", "loja")]), 0);
}

/// A service's files are its own, and the collector is another user.
#[test]
fn everybody_may_read_it_whatever_this_users_files_are_like() {
    let shop = shop();
    let command = shop.command(&[]);
    let mut strict = Command::new("sh");
    strict.args(["-c", "umask 077; exec \"$0\" sync-payments"]).arg(command.get_program()).current_dir(shop.path(""));
    strict.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    assert!(strict.output().unwrap().status.success());
    let file = std::fs::metadata(shop.path("vaivem.prom")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o644);
}

/// Six passes of a minute write at once, again and again, while somebody reads: nobody sees half a file, and no counter goes back.
#[test]
fn who_reads_while_it_is_written_sees_a_whole_file_and_counters_that_grow() {
    let shop = shop();
    shop.place(paid());
    let _ = shop.run(&["sync"]).exits(0);
    let passes = ["import-orders", "sync-payments", "auto-cancel", "push-invoices", "push-tracking", "push-stock"];
    let mut last = 0;
    for _ in 0..12 {
        let mut children: Vec<_> = passes.iter().map(|pass| shop.command(&[pass]).spawn().unwrap()).collect();
        while children.iter_mut().any(|child| child.try_wait().unwrap().is_none()) {
            let metrics = Metrics::of(&shop);
            let runs = metrics.sum("vaivem_runs_total", ("channel", "loja"));
            assert!(runs >= last, "{runs} runs after {last}");
            last = runs;
        }
    }
    let metrics = Metrics::of(&shop);
    assert_eq!(metrics.sum("vaivem_runs_total", ("channel", "loja")), 6 * 13, "none is missing");
    let left = std::fs::read_dir(shop.path("."))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".tmp"));
    assert_eq!(left.count(), 0);
}

/// The README's table is what the file has: every family, with its labels.
#[test]
fn every_family_stands_in_the_readme_with_its_labels() {
    let shop = busy();
    let _ = shop.run(&["sync"]).exits(3);
    let metrics = Metrics::of(&shop);
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, labels) in metrics.samples.into_keys() {
        told.entry(name).or_default().extend(labels.into_keys());
    }
    let mut listed = BTreeMap::new();
    for row in include_str!("../../README.md").lines().filter(|line| line.starts_with("| `vaivem_")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let labels = cells[2].split(',').map(str::trim).filter(|label| !label.is_empty()).map(str::to_owned);
        listed.insert(cells[1].trim_matches('`').to_owned(), labels.collect::<BTreeSet<_>>());
        assert!(!cells[3].is_empty(), "{row}");
    }
    let all: BTreeSet<String> = vaivem::words::metrics::ALL.iter().map(|family| family.name.to_owned()).collect();
    assert_eq!(listed.keys().cloned().collect::<BTreeSet<_>>(), all);
    for (name, labels) in told {
        assert_eq!(listed[&name], labels, "{name}");
    }
}

#[test]
fn nothing_of_a_customer_is_in_it() {
    let shop = busy();
    let _ = shop.run(&["sync"]).exits(3);
    let text = std::fs::read_to_string(shop.path("vaivem.prom")).unwrap().to_lowercase();
    let ids: Vec<String> = shop.erp().into_keys().collect();
    let planted = ["ana", "souza", "529982247", "@", "rua ", "camiseta", "caneca", "inédito", "nao-existe"];
    for word in planted.iter().map(|word| (*word).to_owned()).chain(ids) {
        assert!(!text.contains(&word), "{word} is in\n{text}");
    }
}
