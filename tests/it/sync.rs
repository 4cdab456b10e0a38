//! sync: all passes in the safe order as one command, with one summary.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::back_office::{Nfe, parcel};
use crate::day::turns;
use crate::sandbox::anymarket::Channel;
use crate::sandbox::{AnyOrderSeed, Fault, Kind, Sandbox};
use crate::shop::{Ran, Shop, paid, wait_until};

const PASSES: [&str; 6] =
    ["import-orders", "sync-payments", "auto-cancel", "push-invoices", "push-tracking", "push-stock"];

const STOCK: &str = "stock = { warehouse = \"1_1\", settle = \"0s\" }";

/// A shop whose one product VTEX knows.
fn shop() -> Shop {
    let shop = Shop::with(STOCK);
    shop.stock("codigo;quantidade\nCANECA;0\nBONE;0\n");
    shop.vtex(|v| {
        v.configure_needed_feed();
        [("1", "CAMISETA-P"), ("2", "CANECA"), ("3", "BONE")].iter().for_each(|(id, code)| v.add_sku(id, code));
    });
    shop
}

/// A second channel, on a platform of its own.
fn with_second_channel(shop: &Shop, url: &str) {
    let file = shop.path("vaivem.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let second = format!(
        "\n[channels.praia]\nkind = \"vtex\"\nbase_url = \"{url}\"\napp_key = {{ env = \"VTEX_APP_KEY\" }}\n\
         app_token = {{ env = \"VTEX_APP_TOKEN\" }}\nsince = \"2020-01-01\"\nrequests_per_minute = 0\nmax_wait = \"1s\"\n\
         timeout = \"1s\"\nstock = {{ enabled = false }}\n[channels.praia.carriers]\n\"Correios PAC\" = \"Correios\"\n"
    );
    std::fs::write(file, text + &second).unwrap();
}

fn sync(shop: &Shop) -> Ran {
    shop.run(&["sync"])
}

/// What a person sees: exit code, standard output, standard error.
fn human(shop: &Shop, args: &[&str]) -> (Option<i32>, String, String) {
    let output = shop.command(args).env("VAIVEM_OUTPUT", "human").output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Orders that cannot be read are held by each pass that reads them; they are no sign that the host is down.
#[test]
fn the_same_orders_that_fail_in_several_passes_keep_no_pass_from_its_work() {
    let mut shop = shop();
    shop.set(&format!("reread_paid_after = \"0s\"\n{STOCK}"));
    shop.stock("codigo;quantidade\nCAMISETA-P;10\n");
    let ids = [(); 3].map(|()| shop.place(paid()));
    let _ = sync(&shop).exits(0);
    for (number, id) in (501..).zip(&ids) {
        shop.issue(id, &Nfe::new(number, 4_990));
        let path = format!("/api/oms/pvt/orders/{id}");
        shop.vtex(|v| v.faults.push(Fault::always(Kind::status(500)).on("GET", &path)));
    }
    for counted in [20, 30] {
        shop.stock(&format!("codigo;quantidade\nCAMISETA-P;{counted}\n"));
        let ran = sync(&shop).exits(3);
        assert_eq!(parts(&ran, "loja").len(), PASSES.len(), "{ran:?}");
        assert_eq!(shop.vtex(|v| v.stock("1", "1_1").quantity), counted);
    }
}

/// Five failures in a row are a host that is down, unless they are the same ones each time.
#[test]
fn orders_that_fail_on_every_run_keep_back_no_other() {
    for in_flight in ["in_flight = 1\n", ""] {
        let mut shop = shop();
        shop.set(&format!("{in_flight}max_wait = \"1s\"\n{STOCK}"));
        let broken: Vec<String> = (0..6).map(|n| shop.place(paid().id(&format!("broken-{n}")))).collect();
        shop.vtex(|v| {
            let fails = |id: &String| Fault::always(Kind::status(500)).on("GET", &format!("/orders/{id}"));
            v.faults.extend(broken.iter().map(fails));
        });
        // New ones tell nothing but that something is wrong.
        let _ = (sync(&shop).exits(5), sync(&shop), sync(&shop));
        let good: Vec<String> = (0..3).map(|n| shop.place(paid().id(&format!("good-{n}")))).collect();
        let ran = sync(&shop).exits(3);
        assert_eq!(parts(&ran, "loja").len(), PASSES.len(), "{ran:?}");
        let erp = shop.erp();
        assert!(good.iter().all(|id| erp.contains_key(id)), "{ran:?}");
        // Each is tried again, some in each run.
        let tried = |id: &String| shop.vtex(|v| v.calls_of("GET", &format!("/orders/{id}")).len());
        let before: Vec<usize> = broken.iter().map(tried).collect();
        let _ = (sync(&shop).exits(3), sync(&shop).exits(3));
        assert!(broken.iter().map(tried).zip(&before).all(|(now, before)| now > *before));
        shop.vtex(|v| v.faults.clear());
        let _ = sync(&shop).exits(0);
        let erp = shop.erp();
        assert!(broken.iter().all(|id| erp.contains_key(id)));
    }
}

/// The passes that were made for a channel, and how each ended.
fn parts(ran: &Ran, channel: &str) -> Vec<(String, String)> {
    let text = |record: &Value, key: &str| record[key].as_str().unwrap().to_owned();
    let records = ran.records();
    let parts = records.iter().filter(|record| record["type"] == "pass" && record["channel"] == channel);
    parts.map(|part| (text(part, "pass"), text(part, "exit"))).collect()
}

fn all(exit: &str) -> Vec<(String, String)> {
    PASSES.iter().map(|pass| ((*pass).to_owned(), exit.to_owned())).collect()
}

#[test]
fn all_passes_in_the_safe_order_with_one_summary() {
    let shop = shop();
    let id = shop.place(paid());
    let ran = sync(&shop).exits(0);
    assert_eq!(parts(&ran, "loja"), all("done"));
    let records = ran.records();
    let summaries: Vec<&Value> = records.iter().filter(|record| record["type"] == "summary").collect();
    assert_eq!((summaries.len(), records.last().unwrap()), (1, summaries[0]), "one, and last");
    let summary = summaries[0];
    assert_eq!(
        [&summary["pass"], &summary["exit"], &summary["exit_code"], &summary["message"]],
        [&json!("sync"), &json!("done"), &json!(0), &Value::Null]
    );
    assert!(summary.get("channel").is_none());
    for field in ["heard", "new", "imported", "updated", "unchanged", "held", "failed", "calls", "retries"] {
        let sum: i64 =
            records.iter().filter(|record| record["type"] == "pass").map(|part| part[field].as_i64().unwrap()).sum();
        assert_eq!(summary[field], sum, "{field}");
    }
    // The import comes before the stock, which knows of the order already.
    assert_eq!((summary["imported"].as_i64(), shop.take_overs(&id)), (Some(1), 1));
    assert_eq!(shop.vtex(|v| v.available("1")), 99);
    assert_eq!(shop.vtex(|v| v.calls_of("PATCH", "/skus/1/").len()), 1);
}

#[test]
fn people_see_one_summary_too() {
    let shop = shop();
    shop.place(paid());
    let held = shop.place(paid().carrier("Jadlog", "9", "Jadlog"));
    let (code, stdout, stderr) = human(&shop, &["sync"]);
    assert_eq!((code, stderr.as_str()), (Some(3), ""));
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines.iter().filter(|line| line.starts_with("sync:")).count(), 1, "{stdout}");
    assert!(lines.last().unwrap().starts_with("sync: 2 new, 1 imported, "), "{stdout}");
    assert!(lines.last().unwrap().contains("1 held (R$ 49,90)"), "{stdout}");
    assert!(stdout.contains(&held), "{stdout}");
}

#[test]
fn a_second_sync_does_nothing() {
    let shop = shop();
    let id = shop.place(paid());
    let _ = sync(&shop).exits(0);
    shop.issue(&id, &Nfe::new(1001, 4_990));
    let _ = sync(&shop).exits(0);
    assert_eq!((shop.channel_status(&id).as_str(), shop.invoices(&id).len()), ("invoiced", 1));
    // The next one hears what these themselves did.
    let _ = sync(&shop).exits(0);
    let (truth, effects) = (shop.truth(), shop.vtex(|v| v.effects.len()));
    let ran = sync(&shop).exits(0);
    let summary = ran.summary();
    for field in ["new", "imported", "updated", "cancelled", "waiting", "held", "skipped", "failed"] {
        assert_eq!(summary[field], 0, "{field} in {summary}");
    }
    assert_eq!(shop.vtex(|v| v.effects.len()), effects);
    shop.truth().is(&truth, "after a second sync");
    let (code, stdout, stderr) = human(&shop, &["sync"]);
    assert_eq!((code, stdout.lines().count(), stderr.as_str()), (Some(0), 1, ""), "{stdout}");
    assert!(stdout.starts_with("sync: nothing to do; "), "{stdout}");
}

#[test]
fn quiet_is_silent_until_something_needs_a_person() {
    let shop = shop();
    shop.place(paid());
    let nothing = || (Some(0), String::new(), String::new());
    for _ in 0..2 {
        assert_eq!(human(&shop, &["-q", "sync"]), nothing());
    }
    let held = shop.place(paid().carrier("Jadlog", "9", "Jadlog"));
    shop.place(paid());
    let (code, stdout, stderr) = human(&shop, &["sync", "-q"]);
    assert_eq!((code, stderr.as_str()), (Some(3), ""));
    let lines: Vec<&str> = stdout.lines().collect();
    let [order, hint, summary] = lines.as_slice() else { panic!("{stdout}") };
    assert!(order.starts_with("held") && order.contains(&held) && hint.contains("what to do"), "{stdout}");
    assert!(summary.starts_with("sync: "), "{stdout}");
}

#[test]
fn a_channel_that_is_down_is_given_up_and_the_others_go_on() {
    let mut shop = shop();
    let id = shop.place(paid());
    // A port nobody listens on.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    with_second_channel(&shop, &format!("http://127.0.0.1:{free}"));
    let ran = sync(&shop).exits(5);
    assert_eq!(parts(&ran, "loja"), all("done"));
    assert_eq!(parts(&ran, "praia"), [("import-orders".to_owned(), "unavailable".to_owned())]);
    let summary = ran.summary();
    assert_eq!((&summary["exit"], &summary["imported"]), (&json!("unavailable"), &json!(1)));
    let message = summary["message"].as_str().unwrap();
    assert!(message.starts_with("import-orders praia: "), "it says where: {message}");
    assert_eq!((shop.take_overs(&id), shop.vtex(|v| v.available("1"))), (1, 99));
    let (code, stdout, _) = human(&shop, &["-q", "sync"]);
    assert_eq!(code, Some(5));
    assert!(stdout.contains("praia") && stdout.contains("exit 5"), "even when quiet: {stdout}");
    // Up again, nothing is lost.
    let other = Sandbox::start();
    let theirs = other.vtex(|v| v.place(paid()));
    shop.set(STOCK);
    with_second_channel(&shop, &other.url());
    let ran = sync(&shop).exits(0);
    assert_eq!(parts(&ran, "praia"), all("done"));
    assert_eq!(other.vtex(|v| v.order(&theirs).status.clone()), "handling");
    assert_eq!(shop.vtex(|v| v.available("1")), 98, "one shelf, sold on two channels");
}

#[test]
fn the_worst_end_wins() {
    // A hold and a guard: the guard, and the other passes are made all the same.
    let shop = shop();
    let rows: String = (0..30).map(|n| format!("P{n};P{n};100\n")).collect();
    shop.stock(&format!("codigo;nome;quantidade\n{rows}"));
    shop.vtex(|v| (0..30).for_each(|n| v.add_sku(&format!("{}", 1000 + n), &format!("P{n}"))));
    let _ = sync(&shop).exits(0);
    let zeros: String = (0..30).map(|n| format!("P{n};0\n")).collect();
    shop.stock(&format!("codigo;quantidade\n{zeros}"));
    shop.place(paid().carrier("Jadlog", "9", "Jadlog"));
    let ran = sync(&shop).exits(6);
    let ends = parts(&ran, "loja");
    assert_eq!((ends.len(), ends[0].1.as_str(), ends[5].1.as_str()), (6, "held", "guard"));
    assert!(ran.summary()["message"].as_str().unwrap().starts_with("push-stock loja: "));
    // Wrong keys end the channel's run, and are worse than a host that is down.
    let other = Sandbox::start();
    with_second_channel(&shop, &other.url());
    other.vtex(|v| v.faults.push(Fault::always(Kind::status(503))));
    shop.vtex(|v| v.faults.push(Fault::always(Kind::status(403))));
    let ran = sync(&shop).exits(4);
    assert_eq!(parts(&ran, "loja"), [("import-orders".to_owned(), "config".to_owned())]);
    assert_eq!(parts(&ran, "praia")[0], ("import-orders".to_owned(), "unavailable".to_owned()));
    assert!(ran.summary()["message"].as_str().unwrap().starts_with("import-orders loja: "));
}

#[test]
fn a_pass_that_is_running_already_is_left_to_that_run() {
    let shop = shop();
    shop.place(paid());
    shop.vtex(|v| v.faults.push(Fault::next(1, Kind::SlowMs(3_000)).on("GET", "/api/orders/feed")));
    let first = shop.command(&["import-orders"]).spawn().unwrap();
    wait_until("the first call", || shop.vtex(|v| v.total_calls) > 0);
    let ran = sync(&shop).exits(11);
    let mut expected = all("done");
    expected[0].1 = "locked".into();
    assert_eq!(parts(&ran, "loja"), expected);
    let message = ran.summary()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("import-orders loja: ") && message.contains("pid "), "{message}");
    let explained = shop.run(&["explain", "11"]).exits(0).stdout;
    assert!(explained.contains("left to that run") && !explained.contains("nothing was done"), "{explained}");
    assert_eq!(first.wait_with_output().unwrap().status.code(), Some(0));
    let _ = sync(&shop).exits(0);
}

#[test]
fn out_of_time_no_further_pass_begins() {
    let shop = shop();
    (0..8).for_each(|_| drop(shop.place(paid())));
    shop.vtex(|v| v.faults.push(Fault::always(Kind::SlowMs(400))));
    let ran = shop.run(&["sync", "--max-duration", "1s"]).exits(10);
    assert_eq!(parts(&ran, "loja"), [("import-orders".to_owned(), "time_budget".to_owned())]);
    shop.vtex(|v| v.faults.clear());
    let _ = sync(&shop).exits(0);
    assert_eq!(shop.erp().len(), 8);
}

/// Refused by its marketplace, it is held by the pass that sent the invoice and by the one that sent the parcel.
#[test]
fn an_order_that_two_passes_hold_is_one_in_the_sum() {
    let shop = Shop::with_hub("stock = { enabled = false }\ninvoices = { confirm_within = \"0s\" }");
    let seed = AnyOrderSeed::new().sku("CAMISETA-P", 4_990, 1).channel(Channel::Refuses("não".into()));
    let id = shop.hub(|a| a.place(seed)).to_string();
    let sync = ["sync", "--channel", "hub"];
    let _ = shop.run(&sync).exits(0);
    shop.issue(&id, &Nfe::new(1001, 4_990));
    shop.ship(&id, &parcel("BR1"));
    let _ = shop.run(&sync);
    let ran = shop.run(&sync).exits(3);
    let records = ran.records();
    let holding = records.iter().filter(|record| record["type"] == "pass" && record["held"] == 1);
    assert_eq!(holding.count(), 2, "{}", ran.stdout);
    assert_eq!((&ran.summary()["held"], &ran.summary()["held_cents"]), (&json!(1), &json!(4_990)));
}

/// Every file below a folder, with its content.
fn files(folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.insert(path.display().to_string(), std::fs::read(&path).unwrap());
        }
    }
}

/// At every verb's turn there is much to do, and documents lie in the inboxes.
#[test]
fn a_dry_run_changes_nothing_on_either_side() {
    for turn in turns() {
        let shop = turn.begin();
        let look = || {
            let mut found = BTreeMap::new();
            files(&shop.path(""), &mut found);
            found
        };
        let vtex = || shop.vtex(|v| (v.effects.clone(), v.feed.depth(), v.state()["stock"].clone()));
        let platforms = || (vtex(), shop.hub(|a| (a.effects.clone(), a.feed.depth())));
        let (before, world) = (look(), platforms());
        let args = [&turn.side().args("sync")[..], &["--dry-run"]].concat();
        let ran = shop.run(&args).exits(3);
        assert!(ran.records().iter().filter(|record| record["type"] == "order").all(|order| order["dry_run"] == true));
        assert_eq!(ran.summary()["dry_run"], true);
        let after = look();
        assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "{turn}");
        for (file, content) in &before {
            assert!(after[file] == *content, "{turn}: {file} is changed");
        }
        assert_eq!(platforms(), world, "{turn}");
    }
}
