//! A support bundle tells everything about one order and nothing of its customer or the store's keys, on either channel and back office.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::back_office::{Nfe, parcel};
use crate::sandbox::anymarket::{AnyAddress, AnyBuyer};
use crate::sandbox::{APP_KEY, APP_TOKEN, AnyOrderSeed, Customer, ECCOSYS_TOKEN, Fault, GUMGA_TOKEN, Kind};
use crate::shop::{Shop, paid};
use crate::side::Side;

/// What of the customer and of the keys must be nowhere in a bundle.
const PLANTED: [&str; 22] = [
    "Zuleica",
    "Quinhones",
    "11144477735",
    "111.444.777-35",
    "Ladeira",
    "Misericórdia",
    "Olinda",
    // Not its first five digits alone: a sandbox may listen on a port of that number.
    "53020-",
    "530200",
    "\"4711",
    "Portão azul",
    "zuleica@",
    "@ct.vtex.com.br",
    "@cliente.example",
    "1990001234",
    "999990000",
    "444433",
    "-46.65",
    APP_KEY,
    APP_TOKEN,
    GUMGA_TOKEN,
    ECCOSYS_TOKEN,
];

const CPF: &str = "11144477735";
const STREET: &str = "Ladeira da Misericórdia";
const SETTINGS: &str = "stock = { warehouse = \"1_1\", unknown_skus = \"ignore\" }";

/// A shop with the hub beside it, on one of the back offices.
fn shop(on_eccosys: bool) -> Shop {
    let mut shop = Shop::with(SETTINGS);
    shop.set_hub("stock = { warehouse = \"default\", unknown_skus = \"ignore\" }");
    if on_eccosys {
        shop.move_to_eccosys();
    }
    shop
}

/// An order of the planted customer.
fn place(side: Side, shop: &Shop) -> String {
    match side {
        Side::Vtex => {
            let address = json!({ "street": STREET, "number": "4711", "city": "Olinda", "postalCode": "53020-000" });
            let app =
                json!({ "customApps": [{ "id": "presente", "fields": { "para": "Zuleica", "value": "53020000" } }] });
            let patch = json!({
                "shippingData": { "address": address, "selectedAddresses": [address] }, "customData": app,
                // Under harmless keys, in their form.
                "orderGroup": "111.444.777-35", "sellerOrderId": APP_TOKEN,
                "novidade": { "quem": "Zuleica Quinhones", "fone": 11_990_001_234_i64 },
            });
            let customer = Customer::person("Zuleica", "Quinhones", CPF);
            shop.place(paid().customer(customer).note("Portão azul, zuleica@example.com").patch(patch))
        }
        Side::Hub => {
            let seed = AnyOrderSeed::new().sku("CAMISETA-P", 4_990, 1);
            let address = AnyAddress {
                street: STREET.into(),
                number: "4711".into(),
                city: "Olinda".into(),
                zip: "53020000".into(),
                comment: Some("Portão azul".into()),
                ..AnyAddress::default()
            };
            let seed = seed.buyer(AnyBuyer::person("Zuleica Quinhones", CPF)).address(address);
            let patch = json!({ "observation": "ligar para Zuleica", "metadata": { "para": "Zuleica" },
                "marketPlaceStatusComplement": CPF, "shippingOptionId": GUMGA_TOKEN });
            shop.hub(|a| a.place(seed.patch(patch))).to_string()
        }
    }
}

fn read(shop: &Shop, file: &str) -> (String, Value) {
    let text = std::fs::read_to_string(shop.path(file)).unwrap();
    let bundle = serde_json::from_str(&text).expect(&text);
    (text, bundle)
}

#[track_caller]
fn is_clean(text: &str) {
    for planted in PLANTED {
        let at = text.find(planted).map(|at| text[..at].lines().count());
        assert_eq!(at, None, "`{planted}` is in line {at:?} of\n{text}");
    }
}

fn payload<'a>(bundle: &'a Value, from: &str, what: &str) -> &'a Value {
    let payloads = bundle["payloads"].as_array().unwrap();
    let found = payloads.iter().find(|one| one["from"].as_str().unwrap().contains(from) && one["what"] == what);
    found.unwrap_or_else(|| panic!("no `{what}` of {from} in {payloads:?}"))
}

#[test]
fn everything_is_told_but_the_customer_and_the_keys() {
    for side in Side::BOTH {
        for on_eccosys in [false, true] {
            let shop = shop(on_eccosys);
            let id = place(side, &shop);
            let _ = side.run(&shop, "import-orders").exits(0);
            let note = "Zuleica ligou: CPF 111.444.777-35, zuleica@example.com";
            let _ = shop.run(&["holds", "add", &id, "--because", note]).exits(0);
            if !on_eccosys {
                let _ = shop.run(&["ledger", "set", &id, "picking", "--note", "falou com dona Zuleica"]).exits(0);
            }
            let (calls, effects) = (side.calls(&shop), side.effects(&shop));
            let summary = shop.run(&["support-bundle", &id]).exits(0).summary();
            assert!(side.calls(&shop) > calls && side.effects(&shop) == effects, "it reads and writes nothing");
            let (text, bundle) = read(&shop, &format!("vaivem-{id}.json"));
            is_clean(&text);
            assert_eq!((&summary["payloads_failed"], &summary["bytes"]), (&json!(0), &json!(text.len())));

            assert_eq!(bundle["versions"]["vaivem"], env!("CARGO_PKG_VERSION"));
            assert_eq!(bundle["versions"]["erp_kind"], if on_eccosys { "eccosys" } else { "ledger" });
            assert!(bundle["versions"]["state_file_schema"].is_number() && bundle["versions"]["sqlite"].is_string());
            assert_eq!((&bundle["order"]["order"], &bundle["order"]["total_cents"]), (&json!(id), &json!(4990)));
            assert_eq!(bundle["order"]["status"], "paid");
            let timeline = bundle["timeline"].to_string();
            assert!(timeline.contains("decided: imported") && timeline.contains("held: "), "{timeline}");
            assert_eq!(bundle["holds"][0]["reason"]["code"], "held_by_hand");
            assert!(bundle["in_the_way"][0]["command"].as_str().unwrap().contains("holds release"));
            assert!(bundle["sent"].to_string().contains("create_order"), "{}", bundle["sent"]);
            assert_eq!(
                (&bundle["stock"][0]["sku"], &bundle["stock"][0]["quantity"]),
                (&json!("CAMISETA-P"), &json!(1))
            );
            let run = &bundle["runs"][0];
            assert_eq!((&run["pass"], &run["exit"]), (&json!("import-orders"), &json!("done")));
            let settings = &bundle["configuration"]["settings"];
            assert_eq!(settings["channels"]["loja"]["app_key"], json!({ "env": "VTEX_APP_KEY" }));

            let hidden = &bundle["hidden_by_the_last_sweep"];
            assert!(hidden["documents"].as_i64() >= Some(1) && hidden["secrets"].as_i64() >= Some(1), "{hidden}");
            let of_channel = &payload(&bundle, side.channel(), "read order")["payload"];
            match side {
                Side::Vtex => {
                    assert_eq!(of_channel["value"], 4990);
                    assert_eq!(of_channel["items"][0]["refId"], "CAMISETA-P");
                    assert_eq!(of_channel["clientProfileData"]["document"], "••• digits, 11");
                    assert_eq!(payload(&bundle, "loja", "read payment")["payload"]["status"], "Approved");
                }
                Side::Hub => {
                    assert_eq!(of_channel["items"][0]["sku"]["partnerId"], "CAMISETA-P");
                    assert_eq!(of_channel["total"], 49.9);
                    assert_eq!(of_channel["buyer"]["name"], "••• text, 17 characters");
                }
            }
            if on_eccosys {
                let order = &payload(&bundle, "Eccosys", "read order")["payload"];
                assert_eq!(order.get(0).unwrap_or(order)["numeroDaOrdemDeCompra"], json!(id));
                assert!(payload(&bundle, "Eccosys", "read items").to_string().contains("CAMISETA-P"));
            } else {
                let rows = &payload(&bundle, "ledger", "read order")["payload"];
                assert_eq!(
                    (&rows["orders"][0]["total"], &rows["order_lines"][0]["sku"]),
                    (&json!(4990), &json!("CAMISETA-P"))
                );
                assert_eq!(rows["recipients"][0]["document"], "••• digits, 11");
            }
        }
    }
}

#[test]
fn an_invoice_and_a_parcel_are_told_by_their_numbers() {
    let shop = shop(false);
    let id = place(Side::Vtex, &shop);
    let _ = shop.import().exits(0);
    let nfe = Nfe::new(1001, 4_990).to(CPF);
    shop.issue(&id, &nfe);
    shop.ship(&id, &parcel("BR1"));
    let _ = shop.run(&["sync", "--channel", "loja"]);
    // By any number that somebody has, to standard output.
    let ran = shop.run(&["support-bundle", &nfe.key(), "--file", "-"]).exits(0);
    is_clean(&ran.stdout);
    let bundle: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(bundle["order"]["order"], json!(id));
    assert_eq!(bundle["order"]["invoices"][0]["access_key"], json!(nfe.key()));
    assert!(ran.stdout.contains("BR1"), "{}", ran.stdout);
    assert!(!shop.path(&format!("vaivem-{id}.json")).exists());
}

#[test]
fn a_file_is_whole_its_owners_and_in_nobodys_place() {
    let shop = shop(false);
    let id = place(Side::Vtex, &shop);
    let _ = shop.import().exits(0);
    let _ = shop.run(&["support-bundle", &id, "--file", "order.json"]).exits(0);
    let mode = std::fs::metadata(shop.path("order.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::write(shop.path("order.json"), "mine").unwrap();
    let (calls, before) = (Side::Vtex.calls(&shop), std::fs::read_dir(shop.path("")).unwrap().count());
    let again = shop.run(&["support-bundle", &id, "--file", "order.json"]).exits(2);
    assert!(again.stderr.contains("name another with --file"), "{}", again.stderr);
    assert_eq!(std::fs::read(shop.path("order.json")).unwrap(), b"mine");
    assert_eq!(Side::Vtex.calls(&shop), calls, "nobody is asked in vain");
    assert_eq!(std::fs::read_dir(shop.path("")).unwrap().count(), before, "no draft is left");
    let nowhere = shop.run(&["support-bundle", &id, "--file", "no/folder.json"]).exits(1);
    assert!(nowhere.stderr.contains("cannot be written"), "{}", nowhere.stderr);
}

#[test]
fn an_order_nobody_knows_or_of_another_store_is_said_to_be() {
    let shop = shop(false);
    let id = place(Side::Vtex, &shop);
    let _ = shop.import().exits(0);
    for args in [vec!["support-bundle", "1-01"], vec!["support-bundle", &id, "--channel", "hub"]] {
        let ran = shop.run(&args).exits(2);
        assert!(ran.stderr.starts_with("error: ") && ran.records() == [ran.summary()], "{}", ran.stderr);
    }
    assert!(!shop.path("vaivem-1-01.json").exists() && !shop.path(&format!("vaivem-{id}.json")).exists());
}

#[test]
fn a_side_that_does_not_answer_keeps_nothing_else_out() {
    for side in Side::BOTH {
        let mut shop = shop(true);
        let id = place(side, &shop);
        let _ = side.run(&shop, "import-orders").exits(0);
        match side {
            Side::Vtex => shop.set(&format!("{SETTINGS}\nmax_wait = \"1s\"\ntimeout = \"1s\"")),
            Side::Hub => shop.set_hub("max_wait = \"1s\"\ntimeout = \"1s\""),
        }
        side.strike(&shop, vec![Fault::always(Kind::status(503))]);
        let ran = shop.run(&["support-bundle", &id, "--file", "down.json"]).exits(5);
        assert!(ran.summary()["payloads_failed"].as_i64() >= Some(1));
        let mut for_eyes = shop.command(&["support-bundle", &id, "--file", "eyes.json"]);
        let told = String::from_utf8(for_eyes.env("VAIVEM_OUTPUT", "human").output().unwrap().stdout).unwrap();
        let (first, last) = (told.lines().next().unwrap(), told.lines().last().unwrap());
        assert!(first.starts_with(&format!("not in it: channel {}, read order: ", side.channel())), "{told}");
        assert!(last.starts_with("wrote eyes.json (") && last.ends_with("read it before you send it"), "{told}");
        let (text, bundle) = read(&shop, "down.json");
        is_clean(&text);
        let failed = payload(&bundle, side.channel(), "read order");
        assert!(failed["error"].as_str().unwrap().contains("503") && failed["payload"].is_null(), "{failed}");
        assert!(bundle["warnings"].to_string().contains("503"), "{}", bundle["warnings"]);
        assert!(
            payload(&bundle, "Eccosys", "read order")["payload"].is_object()
                || payload(&bundle, "Eccosys", "read order")["payload"].is_array()
        );
        assert_eq!(bundle["order"]["order"], json!(id));
    }
}

#[test]
fn keys_that_are_refused_or_missing_are_told_and_not_shown() {
    let shop = shop(false);
    let id = place(Side::Vtex, &shop);
    let _ = shop.import().exits(0);
    let mut command = shop.command(&["support-bundle", &id, "--file", "-"]);
    let output = command.env("VTEX_APP_TOKEN", "WRONG-TOKEN-4711").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(4), "{text}");
    is_clean(&text);
    assert!(!text.contains("WRONG-TOKEN-4711") && text.contains("check the credentials"), "{text}");
    let mut command = shop.command(&["support-bundle", &id, "--file", "-"]);
    let output = command.env_remove("VTEX_APP_TOKEN").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(text.contains("environment variable VTEX_APP_TOKEN is not set") && text.contains("\"timeline\""), "{text}");
}

#[test]
fn offline_nobody_is_asked() {
    let shop = shop(true);
    let id = place(Side::Vtex, &shop);
    let _ = shop.import().exits(0);
    // Nobody asked tells who the customer is.
    let _ = shop.run(&["holds", "add", &id, "--because", "dona Zuleica vem buscar"]).exits(0);
    let (calls, erp_calls) = (Side::Vtex.calls(&shop), shop.erp_calls());
    let _ = shop.run(&["support-bundle", &id, "--offline"]).exits(0);
    assert_eq!((Side::Vtex.calls(&shop), shop.erp_calls()), (calls, erp_calls));
    let (text, bundle) = read(&shop, &format!("vaivem-{id}.json"));
    is_clean(&text);
    assert_eq!(bundle["payloads"], json!([]));
    assert!(bundle["warnings"].to_string().contains("--offline"));
    assert!(!bundle["timeline"].as_array().unwrap().is_empty());
}

#[test]
fn what_a_platform_says_of_a_customer_is_told_without_the_customer() {
    for (offline, side) in [(false, Side::Vtex), (true, Side::Vtex), (false, Side::Hub)] {
        let shop = shop(false);
        let id = place(side, &shop);
        let _ = side.run(&shop, "import-orders").exits(0);
        let state = shop.database("vaivem.db");
        let said = "cliente Zuleica Quinhones, 111.444.777-35, de Olinda: SKU is locked";
        state.execute("UPDATE journal SET answer = ?1", [said]).unwrap();
        let args = ["support-bundle", &id, "--file", "-", "--offline"];
        let ran = shop.run(&args[..if offline { 5 } else { 4 }]).exits(0);
        is_clean(&ran.stdout);
        let bundle: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(bundle["sent"][0]["answer"], "cliente •••, •••, de •••: SKU is locked");
    }
}
