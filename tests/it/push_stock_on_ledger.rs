//! What of push-stock only the ledger can tell: several warehouses, and a balance that changes from one moment to the next.

use crate::back_office::Nfe;
use crate::push_stock::{STOCK, boleto, can_be_bought, many, patches, shop};
use crate::sandbox::{Fault, Kind, Line, OrderSeed};
use crate::shop::{Shop, paid, wait_until};

#[test]
fn warehouses_are_kept_apart() {
    let mut shop = shop("");
    shop.vtex(|v| v.warehouses.push(("1_2".into(), "Loja".into())));
    shop.set("warehouses = { \"1_1\" = \"central\", \"1_2\" = \"loja\" }\nstock = { settle = \"0s\" }");
    shop.stock("codigo;quantidade;deposito\nCAMISETA-P;10;central\nCAMISETA-P;4;loja\n");
    shop.place(paid().pending(boleto()));
    let _ = shop.import().exits(0);
    let _ = shop.push().exits(0);
    let quantity = |warehouse: &str| shop.vtex(|v| v.stock("1", warehouse).quantity);
    assert_eq!([quantity("1_1"), quantity("1_2")], [10, 4]);
    assert_eq!(can_be_bought(&shop), 13);
}

/// VTEX promises a part of a line from each, and lets go of what it holds in each.
#[test]
fn a_line_that_two_warehouses_serve_is_taken_from_both() {
    let mut shop = shop("");
    shop.vtex(|v| v.warehouses.push(("1_2".into(), "Loja".into())));
    shop.set("warehouses = { \"1_1\" = \"central\", \"1_2\" = \"loja\" }\nstock = { settle = \"0s\" }");
    shop.stock("codigo;quantidade;deposito\nCAMISETA-P;2;central\nCAMISETA-P;1;loja\n");
    let _ = shop.push().exits(0);
    let line = Line::new("1", "CAMISETA-P", 4_990, 3).from(&[("1_1", 2), ("1_2", 1)]);
    let id = shop.place(OrderSeed::new().line(line));
    assert_eq!(can_be_bought(&shop), 0);
    // Before it is in the ledger, and after.
    for verb in ["push-stock", "import-orders", "push-stock", "push-stock"] {
        let _ = shop.run(&[verb]).exits(0);
        assert_eq!(can_be_bought(&shop), 0, "{verb}");
    }
    shop.issue(&id, &Nfe::new(1001, 14_970).lines(&[("CAMISETA-P", 3)]));
    for verb in ["push-invoices", "push-stock"] {
        let _ = shop.run(&[verb]).exits(0);
    }
    assert_eq!((shop.channel_status(&id).as_str(), can_be_bought(&shop)), ("invoiced", 0));
    assert_eq!(shop.run(&["holds"]).exits(0).summary()["holds"], 0);
}

/// The channel would go on selling what it was told from another warehouse, whatever is sold.
#[test]
fn a_warehouse_in_which_nothing_is_counted_is_told_of() {
    let mut shop = shop("");
    shop.vtex(|v| v.warehouses.push(("1_2".into(), "Loja".into())));
    let set = |shop: &mut Shop, second: &str| {
        shop.set(&format!(
            "warehouses = {{ \"1_1\" = \"central\", \"1_2\" = \"{second}\" }}\nstock = {{ settle = \"0s\" }}"
        ));
    };
    set(&mut shop, "loja");
    shop.stock("codigo;quantidade;deposito\nCAMISETA-P;10;central\nCAMISETA-P;4;loja\nBONE;7;nova\n");
    let _ = shop.push().exits(0);
    set(&mut shop, "nova");
    for args in [&[][..], &["--full"], &["--sku", "CAMISETA-P"]] {
        let ran = shop.run(&[&["push-stock"], args].concat()).exits(3);
        let held = ran.records().into_iter().find(|one| one["reason"]["code"] == "stock_not_in_erp").unwrap();
        assert_eq!((held["sku"].as_str(), held["reason"]["warehouse"].as_str()), (Some("CAMISETA-P"), Some("nova")));
        assert_eq!(shop.run(&["holds"]).exits(3).summary()["holds"], 1);
    }
    // What is taken for the other warehouse does not end it; a count does.
    shop.stock("codigo;quantidade;deposito\nCAMISETA-P;9;central\n");
    let _ = shop.push().exits(3);
    assert_eq!(shop.run(&["holds"]).exits(3).summary()["holds"], 1);
    shop.stock("codigo;quantidade;deposito\nCAMISETA-P;4;nova\n");
    let _ = shop.push().exits(0);
    let _ = shop.run(&["holds"]).exits(0);
    let quantity = |warehouse: &str| shop.vtex(|v| v.stock("1", warehouse).quantity);
    assert_eq!([quantity("1_1"), quantity("1_2")], [9, 4]);
}

/// Whichever of the two is answered last.
#[test]
fn a_number_that_one_warehouse_takes_does_not_end_what_another_refuses() {
    let mut shop = shop("");
    shop.vtex(|v| v.warehouses.push(("1_2".into(), "Loja".into())));
    shop.set("warehouses = { \"1_1\" = \"central\", \"1_2\" = \"loja\" }\nstock = { settle = \"0s\" }");
    for refused in ["1_1", "1_2"] {
        shop.stock("codigo;quantidade;deposito\nCAMISETA-P;10;central\nCAMISETA-P;4;loja\n");
        shop.vtex(|v| v.faults.push(Fault::always(Kind::status(400)).on("PATCH", &format!("warehouses/{refused}"))));
        for tries in [1, 2] {
            let _ = shop.run(&["push-stock", "--full"]).exits(3);
            let held = &shop.run(&["holds"]).exits(3).records()[0];
            assert_eq!((held["sku"].as_str(), held["tries"].as_u64()), (Some("CAMISETA-P"), Some(tries)));
        }
        shop.vtex(|v| v.faults.clear());
        let _ = shop.push().exits(0);
        let _ = shop.run(&["holds"]).exits(0);
    }
}

/// What comes over the ERP while a push is under way was not weighed with it, and a long push takes it in.
#[test]
fn the_guard_sees_what_comes_in_the_middle_of_a_push() {
    let shop = many(400);
    let _ = shop.push().exits(0);
    shop.vtex(|v| v.faults.push(Fault::always(Kind::SlowMs(100)).on("PATCH", "/api/")));
    let (before, full) = (patches(&shop), ["push-stock", "--full"]);
    let push = shop.command(&full).spawn().unwrap();
    wait_until("the push", || patches(&shop) > before);
    // An hour's sales, and somebody's wrong sheet.
    let zeros: String = (0..400).map(|n| format!("P{n};0\n")).collect();
    shop.stock(&format!("codigo;quantidade\n{zeros}"));
    let out = push.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(6), "{said}");
    assert!(said.contains("would go to zero (P") && said.contains("when the push was worked out"), "{said}");
    let emptied = || (0..400).filter(|n| shop.vtex(|v| v.stock(&(1000 + n).to_string(), "1_1").quantity) == 0).count();
    assert_eq!(emptied(), 0);
    shop.vtex(|v| v.faults.clear());
    assert!(shop.push().exits(6).summary()["message"].as_str().unwrap().contains("--confirm"));
    assert_eq!(emptied(), 0);
    let _ = shop.run(&["push-stock", "--confirm"]).exits(0);
    assert_eq!(emptied(), 400);
}

/// The orders of a day are not in yesterday's copy of the ledger, whose balances promise their units once more.
#[test]
fn an_older_ledger_tells_no_stock_until_a_person_says_so() {
    let shop = shop("");
    let _ = shop.push().exits(0);
    let copy = std::fs::read(shop.path("ledger.db")).unwrap();
    let ids = [(); 3].map(|()| shop.place(paid()));
    let _ = shop.import().exits(0);
    let _ = shop.push().exits(0);
    assert_eq!(can_be_bought(&shop), 97);
    for file in ["ledger.db-wal", "ledger.db-shm"] {
        let _ = std::fs::remove_file(shop.path(file));
    }
    std::fs::write(shop.path("ledger.db"), copy).unwrap();
    let before = patches(&shop);
    let _ = shop.run(&["push-stock", "--dry-run"]).exits(6);
    let said = shop.push().exits(6).summary()["message"].clone();
    assert!(said.as_str().unwrap().contains("fresh stock sheet; then run `vaivem push-stock --full` once"), "{said}");
    // It counts on, and is an older one all the same.
    for units in 90..99 {
        shop.stock(&format!("codigo;quantidade\nCANECA;{units}\n"));
    }
    let _ = shop.push().exits(6);
    let _ = shop.run(&["push-stock", "--confirm"]).exits(6);
    let _ = shop.run(&["push-stock", "--sku", "CAMISETA-P"]).exits(6);
    assert_eq!((patches(&shop), can_be_bought(&shop)), (before, 97));
    for id in &ids {
        let _ = shop.run(&["forget", id]).exits(0);
    }
    let _ = shop.import().exits(0);
    let _ = shop.run(&["push-stock", "--full"]).exits(0);
    assert_eq!([can_be_bought(&shop), shop.vtex(|v| v.available("2"))], [97, 98]);
    shop.stock("codigo;quantidade\nCANECA;97\n");
    assert_eq!(shop.push().exits(0).summary()["updated"], 1);
}

/// Five failures in a row are a host that is down, unless they are the same ones each time.
#[test]
fn products_that_fail_on_every_run_keep_back_no_other() {
    let mut shop = many(40);
    shop.set(&format!("in_flight = 1\nmax_wait = \"1s\"\n{STOCK}"));
    let _ = shop.push().exits(0);
    let sheet = |units| (0..40).map(|n| format!("P{n};{units}\n")).collect::<String>();
    shop.stock(&format!("codigo;quantidade\n{}", sheet(99)));
    // The first of them by their codes.
    let broken = [1000, 1001, 1010, 1011, 1012, 1013];
    shop.vtex(|v| {
        v.faults.extend(broken.map(|sku| Fault::always(Kind::status(500)).on("PATCH", &format!("/skus/{sku}/"))));
    });
    let behind = || {
        let is_behind = |n: &usize| shop.vtex(|v| v.stock(&(1000 + n).to_string(), "1_1").quantity) != 98;
        (0..40).filter(is_behind).count()
    };
    let _ = shop.push();
    shop.stock(&format!("codigo;quantidade\n{}", sheet(98)));
    let _ = (shop.push(), shop.push().exits(3));
    assert_eq!(behind(), broken.len());
    // They are not forgotten, and one that is mended goes out.
    shop.vtex(|v| v.faults.clear());
    let _ = shop.push().exits(0);
    assert_eq!(behind(), 0);
}
