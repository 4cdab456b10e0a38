//! What `--output jsonl` prints is what the README says. Every record that any test sees is held against its table.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

use crate::back_office::{Nfe, ago, parcel};
use crate::sandbox::papers;
use crate::shop::{Shop, paid};

/// A row of the table.
struct Row {
    kind: String,
    /// What prints it, in the README's words.
    of: String,
    always: BTreeSet<String>,
    sometimes: BTreeSet<String>,
    /// Further fields go by the code or by the command.
    open: bool,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let readme = include_str!("../../README.md");
    let section = readme.split("## For scripts").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `") && !line.starts_with("| `type`"));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [kind, of, fields] = cells[..] else { panic!("{line}") };
        let fields: Vec<String> = fields.split_whitespace().map(|field| field.replace('`', "")).collect();
        let (sometimes, always): (Vec<&String>, Vec<&String>) =
            fields.iter().filter(|field| *field != "…").partition(|field| field.ends_with('?'));
        Row {
            kind: kind.replace('`', ""),
            of: of.into(),
            always: always.into_iter().cloned().collect(),
            sometimes: sometimes.into_iter().map(|field| field.trim_end_matches('?').to_owned()).collect(),
            open: fields.iter().any(|field| field == "…"),
        }
    })
    .collect()
});

impl Row {
    /// Whether a record may be of this row: which of the several kinds of summaries it is, its pass tells.
    fn may_be_of(&self, record: &Value) -> bool {
        self.kind != "summary"
            || match record["pass"].as_str() {
                Some(pass @ ("adopt" | "check")) => self.of == format!("`{pass}`"),
                Some(_) => self.of.starts_with("passes"),
                None => self.open,
            }
    }

    /// What a record has that the row does not say, or the other way round.
    fn differs(&self, fields: &BTreeSet<&str>) -> Vec<String> {
        let lacks =
            self.always.iter().filter(|name| !fields.contains(name.as_str())).map(|name| format!("lacks {name}"));
        let is_new = |name: &&&str| !self.open && !self.always.contains(**name) && !self.sometimes.contains(**name);
        let has = fields.iter().filter(is_new).map(|name| format!("has {name}"));
        lacks.chain(has).collect()
    }
}

/// Fails when a line of `--output jsonl` is not as the README says.
#[track_caller]
pub fn hold_against_readme(line: &str) {
    let record: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert!(line.starts_with("{\"type\":\""), "`type` comes first: {line}");
    let kind = record["type"].as_str().unwrap();
    let fields: BTreeSet<&str> =
        record.as_object().unwrap().keys().map(String::as_str).filter(|name| *name != "type").collect();
    let rows: Vec<&Row> = TABLE.iter().filter(|row| row.kind == kind && row.may_be_of(&record)).collect();
    assert!(!rows.is_empty(), "the README knows no record of type `{kind}`: {line}");
    let differences: Vec<Vec<String>> = rows.iter().map(|row| row.differs(&fields)).collect();
    if !differences.iter().any(Vec::is_empty) {
        panic!("not as the README says of `{kind}`: {}: {line}", differences[0].join(", "));
    }
    for (name, value) in record.as_object().unwrap() {
        let is_right = match name {
            _ if value.is_null() => true,
            name if name.ends_with("_cents") || name.ends_with("_seconds") || name.ends_with("_ms") => value.is_i64(),
            name if name.ends_with("_at") => value.as_str().is_some_and(|text| {
                chrono::DateTime::parse_from_rfc3339(text).is_ok_and(|at| at.offset().local_minus_utc() == 0)
            }),
            _ => true,
        };
        assert!(is_right, "`{name}` does not count in what its name says: {line}");
    }
}

/// Fails when a run's last record is not a summary that tells how it ended.
#[track_caller]
pub fn ends_the_run(line: &str, code: i32) {
    let record: Value = serde_json::from_str(line).unwrap();
    assert_eq!(record["type"], "summary", "{line}");
    // That of a channel is its own; the run ends as the worst of them did, or of the documents it took first.
    assert!(record["channel"].is_string() || record["exit_code"] == code, "{code}: {line}");
}

/// Nothing in the table that is printed nowhere.
#[test]
fn every_type_is_printed() {
    let mut shop = Shop::new();
    shop.open_inboxes();
    shop.drop_into("in/estoque.csv", "codigo;nome;quantidade\nCANECA;Caneca;3\n");
    shop.set("import = \"all\"\nstock = { warehouse = \"1_1\", settle = \"0s\" }");
    shop.vtex(|v| v.add_sku("1", "CAMISETA-P"));
    // Before the list was read, so that all of them must be accounted for.
    let early = chrono::Utc::now() - chrono::TimeDelta::hours(1);
    let [invoiced, asked, gone, lost] = [(); 4].map(|()| shop.place(paid().created(early)));
    let held = shop.place(paid().carrier("Expresso Inédito", "exp", "Expresso"));
    let mut seen = BTreeSet::new();
    let mut run = |shop: &Shop, args: &[&str]| {
        let ran = shop.run(args);
        assert_ne!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.summary()["exit_code"].is_i64(), "{args:?}: {}", ran.stdout);
        seen.extend(ran.records().into_iter().map(|record| record["type"].as_str().unwrap().to_owned()));
    };
    run(&shop, &["sync"]);
    shop.issue(&invoiced, &Nfe::new(1001, 4_990));
    shop.vtex(|v| {
        v.cancel_by_customer(&invoiced);
        v.request_cancellation(&asked);
        v.orders.remove(&gone);
    });
    run(&shop, &["sync"]);
    let state = shop.database("vaivem.db");
    state.execute_batch(&format!("PRAGMA foreign_keys = OFF; DELETE FROM orders WHERE order_id = '{lost}'")).unwrap();
    let (backup, new) = (shop.path("copy").display().to_string(), shop.path("new").display().to_string());
    for args in [
        &["status"][..],
        &["orders"],
        &["holds"],
        &["holds", "retry", &held],
        &["why", &invoiced],
        &["why", "--sku", "CAMISETA-P"],
        &["account", "--since", "2020-01-01"],
        &["cancel", "list"],
        &["cancel", "deny", &asked, "--reason", "já saiu"],
        &["reconcile"],
        &["adopt", "--since", "2020-01-01"],
        &["forget", &gone, "--because", "é de outra loja"],
        &["check"],
        &["explain", "carrier_unmapped"],
        &["ledger", "orders"],
        &["ledger", "stock"],
        &["privacy", "export", "--document", "52998224725"],
        &["backup", &backup],
        &["init", "--path", &new],
    ] {
        run(&shop, args);
    }
    let mut shop = Shop::on_eccosys("");
    shop.open_inboxes();
    let id = shop.place(paid());
    run(&shop, &["sync"]);
    shop.issue(&id, &Nfe::new(501, 4_990));
    shop.ship(&id, &parcel("BR501"));
    run(&shop, &["sync"]);
    shop.drop_into("carriers/oco.txt", &papers::ocoren(&[(501, 1, ago(5))], ago(1)));
    run(&shop, &["push-tracking"]);
    run(&shop, &["status"]);
    let documented: BTreeSet<String> = TABLE.iter().map(|row| row.kind.clone()).collect();
    assert_eq!(documented.difference(&seen).cloned().collect::<Vec<_>>(), [""; 0]);
    assert!(TABLE.iter().all(|row| !row.of.is_empty()));
}
