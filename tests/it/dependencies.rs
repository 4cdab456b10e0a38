//! What is built on stands in the README with its reason; nothing comes from elsewhere than crates.io, and nothing twice unawares.

use std::collections::BTreeSet;
use std::path::Path;

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The names in the first cells of the README's table.
fn told(readme: &str) -> BTreeSet<String> {
    let (_, section) = readme.split_once("## What it is built on").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    cells.flat_map(|cell| cell.split(", ")).map(|name| name.trim_matches('`').to_owned()).collect()
}

fn used(table: &toml::Value, into: &mut BTreeSet<String>) {
    for (key, value) in table.as_table().into_iter().flatten() {
        match key.as_str() {
            "dependencies" | "dev-dependencies" | "build-dependencies" => {
                into.extend(value.as_table().unwrap().keys().cloned());
            }
            "target" => value.as_table().unwrap().values().for_each(|of| used(of, into)),
            _ => {}
        }
    }
}

#[test]
fn the_readme_says_why_each_direct_dependency_is_there() {
    let manifest: toml::Value = toml::from_str(&file("Cargo.toml")).unwrap();
    let mut direct = BTreeSet::new();
    used(&manifest, &mut direct);
    assert!(direct.len() > 30, "{direct:?}");
    assert_eq!(told(&file("README.md")), direct);
}

#[test]
fn nothing_comes_from_elsewhere_and_what_is_there_twice_is_known() {
    let lock: toml::Value = toml::from_str(&file("Cargo.lock")).unwrap();
    let (mut seen, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for package in lock["package"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        if !seen.insert(name) {
            twice.insert(name.to_owned());
        }
        let source = package.get("source").and_then(toml::Value::as_str);
        let is_ours = name == env!("CARGO_PKG_NAME");
        assert!(
            is_ours || source == Some("registry+https://github.com/rust-lang/crates.io-index"),
            "{name}: {source:?}"
        );
    }
    let rules: toml::Value = toml::from_str(&file(".ci/deny.toml")).unwrap();
    let skipped = rules["bans"]["skip"].as_array().unwrap();
    let known: BTreeSet<String> = skipped.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(twice, known);
}
