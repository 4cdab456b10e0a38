//! The day that the README has a stranger try by hand, line by line: what it says is typed, and must happen.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::sandbox::{Effect, Sandbox, papers, seed};
use crate::shop::folder;

/// The blocks of one kind, as they stand.
fn blocks(section: &str, kind: &str) -> Vec<String> {
    let fenced = section.split("```").skip(1).step_by(2);
    fenced.filter_map(|block| block.strip_prefix(kind)?.strip_prefix('\n')).map(str::to_owned).collect()
}

/// What a person does in an editor: each key of the block in its table, over the line that has it, commented out or not.
fn edit(file: &Path, block: &str) {
    let mut wanted: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut table = String::new();
    for line in block.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.starts_with('[') {
            true => table = line.to_owned(),
            false => wanted.entry(table.clone()).or_default().push(line),
        }
    }
    let key_of = |line: &str| line.trim_start_matches("#: ").split(" =").next().unwrap_or_default().to_owned();
    let mut text = String::new();
    let mut here: Vec<&str> = Vec::new();
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let is_replaced = here.iter().any(|new| key_of(new) == key_of(line)) || key_of(line) == "account";
        if !is_replaced {
            text += &format!("{line}\n");
        }
        if line.starts_with('[') {
            here = wanted.remove(line).unwrap_or_default();
            here.iter().for_each(|new| text += &format!("{new}\n"));
        }
    }
    assert!(wanted.is_empty(), "init writes no table {:?}", wanted.keys());
    std::fs::write(file, text).unwrap();
}

#[test]
fn the_day_of_the_readme_goes_as_it_says() {
    let readme = include_str!("../../README.md");
    let section =
        readme.split("## Try it by hand").nth(1).unwrap().split("For the hub and for Eccosys").next().unwrap();
    let sandbox = Sandbox::start();
    let (shop, folder) = (folder(), folder());
    let (day, papers) = (shop.path().to_owned(), folder.path().join("papers"));
    sandbox.vtex(|v| {
        seed::shop(v);
        seed::PRODUCTS.iter().for_each(|product| v.add_sku(product.id, product.ref_id));
        papers::write(v, &papers).unwrap();
    });
    let since = chrono::Utc::now().date_naive() - chrono::Days::new(30);
    let settings = blocks(section, "toml")[0]
        .replace("http://127.0.0.1:7801", &sandbox.url())
        .replace("2026-11-01", &since.to_string());
    let path = format!("{}:{}", Path::new(env!("CARGO_BIN_EXE_vaivem")).parent().unwrap().display(), env!("PATH"));
    let mut exports = String::new();
    let mut told: Vec<(String, String)> = Vec::new();
    for line in blocks(section, "sh").iter().flat_map(|block| block.lines()) {
        if line.starts_with("cargo ") {
            continue;
        }
        if line.starts_with("sleep ") {
            // The files are as old as that now.
            for inbox in ["inbox", "carriers"] {
                for entry in std::fs::read_dir(day.join(inbox)).unwrap() {
                    let file = std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap();
                    file.set_modified(SystemTime::now() - Duration::from_secs(6)).unwrap();
                }
            }
            continue;
        }
        if line.starts_with("export ") {
            exports = format!("{line}\n");
            continue;
        }
        let line = line.replace("/tmp/papers", &papers.display().to_string());
        let output = Command::new("sh")
            .args(["-c", &format!("{exports}{line}")])
            .env_clear()
            .env("PATH", &path)
            .current_dir(&day)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert!(matches!(output.status.code(), Some(0 | 3)), "{line}\n{said}");
        let named_codes = line.contains("exit code 3");
        assert!(!named_codes || output.status.code() == Some(3), "{line}\n{said}");
        if line.starts_with("vaivem init") {
            edit(&day.join("vaivem.toml"), &settings);
        }
        told.push((line, said));
    }
    let of = |command: &str| &told.iter().rfind(|(line, _)| line.starts_with(command)).expect(command).1;
    assert!(of("vaivem holds").contains("4 held"), "{}", of("vaivem holds"));
    assert!(of("vaivem why 1172452500027-01").contains("`Expresso Inédito` is not mapped"));
    assert!(of("vaivem why 1172452500001-01").contains("delivered"), "{}", of("vaivem why 1172452500001-01"));
    assert!(of("vaivem reconcile").contains("0 differences"), "{}", of("vaivem reconcile"));
    let delivered = |effect: &&Effect| matches!(effect, Effect::TrackingEvents { delivered: true, .. });
    assert_eq!(sandbox.vtex(|v| v.effects.iter().filter(delivered).count()), 3);
}
