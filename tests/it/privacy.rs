//! A customer is erased: no byte of them is left in any file, and the shop goes on.

use serde_json::json;

use crate::back_office::{Nfe, parcel};
use crate::shop::{Ran, Shop, paid};

const CPF: &str = "52998224725";
/// Somebody else.
const OTHER: &str = "11144477735";

/// The files of the shop's folder in which these bytes stand.
fn files_with(shop: &Shop, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![shop.path("")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = std::fs::read(entry.path()).unwrap();
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// A shop that delivered an order of a customer, with their name in free text, and sold another to somebody else.
fn delivered() -> (Shop, String, String) {
    let shop = Shop::new();
    let mut seed = paid();
    (seed.customer.first_name, seed.customer.last_name) = ("Zuleica".into(), "Quinhones".into());
    let theirs = shop.place(seed);
    let mut other = paid();
    other.customer.cpf = OTHER.into();
    let others = shop.place(other);
    let _ = shop.import().exits(0);
    shop.issue(&theirs, &Nfe::new(1001, 4_990));
    shop.ship(&theirs, &parcel("BR1"));
    let _ = shop.run(&["sync"]);
    let note = format!("ligou Zuleica Quinhones, CPF {CPF}");
    let _ = shop.run(&["ledger", "set", &theirs, "delivered", "--note", &note]).exits(0);
    let _ = shop.run(&["holds", "add", &theirs, "--reason", &format!("cliente 529.982.247-25, {note}")]).exits(0);
    let _ = shop.run(&["holds", "release", &theirs]).exits(0);
    (shop, theirs, others)
}

fn erase(shop: &Shop, further: &[&str]) -> Ran {
    shop.run(&[&["privacy", "erase", "--document", "529.982.247-25"], further].concat())
}

fn export(shop: &Shop, document: &str) -> serde_json::Value {
    let ran = shop.run(&["privacy", "export", "--document", document]).exits(0);
    ran.records()[0].clone()
}

#[test]
fn what_is_kept_is_told() {
    let (shop, theirs, _) = delivered();
    let told = export(&shop, CPF);
    assert_eq!((&told["type"], &told["document"]), (&json!("personal_data"), &json!(CPF)));
    assert_eq!(told["state_file"]["orders"][0]["order"], json!(theirs));
    assert_eq!(told["ledger"]["orders"].as_array().unwrap().len(), 1);
    assert_eq!(told["ledger"]["orders"][0]["invoice_files"], json!([Nfe::new(1001, 4_990).key()]));
    assert_eq!(told["ledger"]["customer"]["tax_id"], json!(CPF));
    assert!(told["ledger"]["orders"][0]["address"]["street"].is_string(), "{told}");
    let _ = shop.run(&["privacy", "export", "--document", "52998224726"]).exits(2);
}

#[test]
fn no_byte_of_a_customer_is_left() {
    let (shop, theirs, others) = delivered();
    let before = shop.erp();
    // Somebody who has the files open keeps what is written in their logs.
    let _ledger = shop.database("ledger.db");
    let _state = shop.database("vaivem.db");
    assert!(!files_with(&shop, CPF).is_empty() && !files_with(&shop, "Zuleica").is_empty());
    let summary = erase(&shop, &["--fiscal-too"]).exits(0).summary();
    assert_eq!((&summary["ledger_orders"], &summary["state_orders"]), (&json!(1), &json!(1)));
    for text in [CPF, "529.982.247-25", "Zuleica", "Quinhones", &Nfe::new(1001, 4_990).xml()[200..260]] {
        assert_eq!(files_with(&shop, text), [""; 0], "{text}");
    }
    assert_eq!(shop.erp(), before, "the sales stay");
    let told = export(&shop, CPF);
    assert_eq!((&told["state_file"]["orders"], &told["ledger"]["orders"]), (&json!([]), &json!([])));
    assert_eq!(export(&shop, OTHER)["ledger"]["orders"][0]["store_number"], json!(others));
    // The shop goes on, and nothing of it comes back.
    for _ in 0..2 {
        let _ = shop.run(&["sync"]);
    }
    assert_eq!(files_with(&shop, CPF), [""; 0]);
    let why = shop.run(&["why", &theirs]).exits(0);
    assert!(why.stdout.contains("(erased)") && !why.stdout.contains(CPF), "{}", why.stdout);
    let _ = shop.run(&["ledger", "show", &theirs]).exits(0);
}

#[test]
fn invoices_stay_unless_somebody_says_otherwise() {
    let (shop, theirs, _) = delivered();
    let summary = erase(&shop, &[]).exits(0).summary();
    assert_eq!(summary["invoice_files_kept"], 1);
    assert_eq!(files_with(&shop, CPF), ["ledger.db"]);
    let ledger = shop.database("ledger.db");
    let left = "SELECT count(*) FROM recipients WHERE document = '52998224725'";
    assert_eq!(ledger.query_row(left, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    let xml = "SELECT count(*) FROM invoice_documents";
    assert_eq!(ledger.query_row(xml, [], |row| row.get::<_, i64>(0)).unwrap(), 1, "order {theirs}");
}

/// What is kept of a customer who was erased is told, and can be erased: the file alone names them by then.
#[test]
fn an_invoice_that_stayed_is_told_and_erased_later() {
    let (shop, ..) = delivered();
    let kept = |document: &str| export(&shop, document)["ledger"]["invoice_files"].clone();
    assert_eq!(kept(CPF), json!([]), "it stands with its order");
    let _ = erase(&shop, &[]).exits(0);
    assert_eq!(kept(CPF), json!([Nfe::new(1001, 4_990).key()]));
    // The issuer stands in it, too.
    assert_eq!(kept("12345678000195"), json!([]));
    assert_eq!(erase(&shop, &[]).exits(0).summary()["invoice_files_kept"], 1);
    assert_eq!(erase(&shop, &["--fiscal-too"]).exits(0).summary()["invoice_files_kept"], 0);
    assert_eq!((kept(CPF), files_with(&shop, CPF)), (json!([]), vec![]));
}

/// What free text is searched for is known from the ledger: it must be there still when an erasure that was cut off is repeated.
#[test]
fn an_erasure_that_was_cut_off_is_done_again_in_whole() {
    let (shop, ..) = delivered();
    let state = shop.database("vaivem.db");
    state.execute_batch("CREATE TRIGGER cut BEFORE INSERT ON notes BEGIN SELECT raise(ABORT, 'cut off'); END").unwrap();
    let _ = erase(&shop, &["--fiscal-too"]).exits(1);
    state.execute_batch("DROP TRIGGER cut").unwrap();
    let _ = erase(&shop, &["--fiscal-too"]).exits(0);
    for text in [CPF, "529.982.247-25", "Zuleica", "Quinhones"] {
        assert_eq!(files_with(&shop, text), [""; 0], "{text}");
    }
}

/// "We keep nothing of this customer" would be said of all orders of before.
#[test]
fn a_key_that_is_lost_is_told_of() {
    let (shop, _, _) = delivered();
    std::fs::remove_file(shop.path("vaivem.db.key")).unwrap();
    for is_told in [true, false] {
        let ran = shop.run(&["import-orders"]).exits(0);
        assert_eq!(ran.stderr.contains("vaivem.db.key was gone"), is_told, "{}", ran.stderr);
    }
}

#[test]
fn an_order_on_its_way_needs_its_address() {
    let shop = Shop::new();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let refused = erase(&shop, &[]).exits(3);
    assert!(refused.stderr.contains("--open-too"), "{}", refused.stderr);
    assert_eq!(export(&shop, CPF)["ledger"]["orders"][0]["store_number"], json!(id));
    let _ = erase(&shop, &["--open-too"]).exits(0);
    assert_eq!(files_with(&shop, CPF), [""; 0]);
}

/// "We keep nothing" is no answer when the ledger cannot be read, or lies somewhere else.
#[test]
fn a_ledger_that_is_not_there_is_not_told_to_be_empty() {
    let (shop, ..) = delivered();
    let ledger = shop.path("ledger.db");
    let whole = std::fs::read(&ledger).unwrap();
    let refused = || {
        for args in [&["privacy", "export"][..], &["privacy", "erase", "--fiscal-too"]] {
            let ran = shop.run(&[args, &["--document", CPF]].concat());
            assert!(ran.code.is_some_and(|code| code != 0), "{ran:?}");
        }
    };
    std::fs::write(&ledger, "garbage").unwrap();
    refused();
    std::fs::remove_file(&ledger).unwrap();
    refused();
    std::fs::write(&ledger, whole).unwrap();
    assert!(export(&shop, CPF)["ledger"]["orders"].is_array());
}
