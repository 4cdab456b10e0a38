//! `check`: the likely mistakes of a set-up, each answered by a line that names the remedy; and that it changes nothing.

use std::os::unix::fs::PermissionsExt;

use chrono::{TimeDelta, Utc};
use serde_json::Value;

use crate::sandbox::{Fault, Kind, OrderSeed, RetryAfter, Vtex};
use crate::shop::{Ran, Shop, paid};

const ISSUERS: &str = "issuers = [\"12345678000195\"]";
const STOCK: &str = "stock = { warehouse = \"1_1\" }";

/// A shop in which nothing is wrong.
fn sound(settings: &str) -> Shop {
    let mut shop = Shop::with(settings);
    shop.set_erp(ISSUERS);
    shop.vtex(Vtex::configure_needed_feed);
    shop
}

/// The same on Eccosys.
fn on_eccosys() -> Shop {
    let mut shop = Shop::on_eccosys(STOCK);
    shop.set_erp(ISSUERS);
    shop.vtex(Vtex::configure_needed_feed);
    shop
}

fn check(shop: &Shop) -> Ran {
    shop.run(&["check"])
}

/// The one finding with this code.
#[track_caller]
fn found(ran: &Ran, code: &str) -> Value {
    let all = findings(ran);
    let found: Vec<&Value> = all.iter().filter(|one| one["code"] == code).collect();
    assert_eq!(found.len(), 1, "`{code}` in:\n{}", ran.stdout);
    found[0].clone()
}

fn findings(ran: &Ran) -> Vec<Value> {
    let found: Vec<Value> = ran.records().into_iter().filter(|record| record["type"] == "check").collect();
    for one in &found {
        // These say in their own sentence what to do.
        let says_itself =
            ["setting_wrong", "state_unusable", "ledger_unusable"].contains(&one["code"].as_str().unwrap());
        let is_well = one["level"] == "ok";
        assert_eq!(one["hint"].is_string(), !is_well && !says_itself, "{one}");
        assert!(!one["text"].as_str().unwrap().ends_with('.'), "{one}");
    }
    found
}

/// What is not well, by code.
fn amiss(ran: &Ran) -> Vec<String> {
    let is_amiss = |one: &&Value| matches!(one["level"].as_str(), Some("warning" | "problem"));
    findings(ran).iter().filter(is_amiss).map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn says(finding: &Value, field: &str, words: &[&str]) {
    let text = finding[field].as_str().unwrap_or_else(|| panic!("no {field} in {finding}"));
    for word in words {
        assert!(text.contains(word), "`{word}` is not in {field}: {text}");
    }
}

/// Rewrites the configuration.
fn rewrite(shop: &Shop, from: &str, to: &str) {
    let text = std::fs::read_to_string(shop.path("vaivem.toml")).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    std::fs::write(shop.path("vaivem.toml"), text.replace(from, to)).unwrap();
}

/// The program with another value for a variable.
fn check_with(shop: &Shop, variable: &str, value: &str) -> Ran {
    let output = shop.command(&["check"]).env(variable, value).output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn where_nothing_is_wrong_it_ends_well_and_changes_nothing() {
    let shop = sound(STOCK);
    let ran = check(&shop).exits(0);
    assert_eq!(amiss(&ran), Vec::<String>::new());
    for code in
        ["config", "files_private", "state_missing", "ledger_ready", "reached", "feed_ready", "warehouses_there"]
    {
        found(&ran, code);
    }
    let summary = ran.summary();
    assert_eq!((&summary["pass"], &summary["exit"]), (&"check".into(), &"done".into()));
    assert!(summary["verify"].as_u64() > Some(0) && summary["problems"] == 0 && summary["calls"].as_u64() > Some(0));
    assert!(shop.vtex(|v| v.effects.is_empty()));
    assert!(!shop.path("vaivem.db").exists());
    assert_eq!(shop.run(&["check", "-q", "--output", "human"]).exits(0).stdout, "");
    let _ = shop.run(&["check", "--channel", "outra"]).exits(2);
}

#[test]
fn both_kinds_of_channel_and_eccosys_are_sound_after_a_day() {
    let mut shop = on_eccosys();
    shop.set_hub("stock = { warehouse = \"default\" }");
    shop.place(paid());
    let _ = shop.run(&["import-orders"]).exits(0);
    let _ = shop.run(&["sync-payments"]).exits(0);
    let ran = check(&shop).exits(0);
    assert_eq!(amiss(&ran), Vec::<String>::new());
    for code in ["lookup_empty_proven", "lookup_proven", "nobody_else", "state_ready"] {
        assert_eq!(found(&ran, code)["level"], "ok");
    }
    // What was proven need not be verified; what cannot be seen is.
    let assumed: Vec<Value> = findings(&ran).into_iter().filter(|one| one["code"] == "assumed").collect();
    let is_assumed = |code: &str| assumed.iter().any(|one| one["assumption"] == code);
    assert!(!is_assumed("number_oc") && !is_assumed("token_scheme") && !is_assumed("collection_orders"));
    assert!(is_assumed("reserved") && is_assumed("channel_reserves") && is_assumed("balance_date"));
    assert!(assumed.iter().all(|one| one["level"] == "verify" && one["hint"].is_string()));
}

#[test]
fn a_refused_key_is_named_with_where_it_comes_from() {
    let mut shop = sound("");
    shop.set_hub("");
    let ran = check_with(&shop, "VTEX_APP_TOKEN", "WRONG").exits(4);
    let refused = found(&ran, "key_refused");
    says(&refused, "text", &["channel loja", "401", "vtexappkey-sandbox-KEY"]);
    says(&refused, "hint", &["Application keys", "`channels.loja.app_token`", "VTEX_APP_TOKEN"]);
    assert!(!ran.stdout.contains("WRONG"));
    let refused = found(&check_with(&shop, "ANYMARKET_TOKEN", "WRONG").exits(4), "key_refused");
    says(&refused, "text", &["channel hub", "401"]);
    says(&refused, "hint", &["support", "`channels.hub.token`"]);
    let missing = found(&check_with(&shop, "VTEX_APP_TOKEN", "").exits(4), "key_missing");
    says(&missing, "text", &["channels.loja.app_token"]);
    says(&missing, "hint", &["crontab"]);
}

#[test]
fn eccosys_says_how_the_token_was_sent_and_how_it_would_be_taken() {
    let shop = on_eccosys();
    let refused = found(&check_with(&shop, "ECCOSYS_TOKEN", "WRONG").exits(4), "key_refused");
    says(&refused, "text", &["the ERP", "401", "Bearer"]);
    says(&refused, "hint", &["user_token", "`erp.token`", "ECCOSYS_TOKEN"]);
    shop.eccosys(|e| e.settings.accepts_bearer = false);
    let wrong = found(&check(&shop).exits(4), "scheme_wrong");
    says(&wrong, "hint", &["token_scheme = \"raw\" in [erp]"]);
    shop.eccosys(|e| {
        e.settings.accepts_bearer = true;
        e.faults = vec![Fault::always(Kind::status(401)).on("GET", "/ordem-de-coleta")];
    });
    let lacks = found(&check(&shop).exits(3), "right_missing");
    says(&lacks, "hint", &["user_token", "collection_orders = false"]);
}

#[test]
fn a_right_that_the_key_lacks_is_named() {
    let shop = sound(STOCK);
    shop.vtex(|v| v.faults = vec![Fault::always(Kind::status(403)).on("GET", "/warehouses")]);
    says(&found(&check(&shop).exits(4), "right_missing"), "hint", &["Logistics full access"]);
    shop.vtex(|v| v.faults = vec![Fault::always(Kind::status(403)).on("GET", "/feed/config")]);
    says(&found(&check(&shop).exits(4), "right_missing"), "hint", &["Feed v3"]);
}

#[test]
fn the_warehouse_that_was_meant_is_named() {
    let mut shop = sound("stock = { warehouse = \"loja_a\" }");
    shop.vtex(|v| v.warehouses.push(("loja_A".into(), "Loja A".into())));
    let missing = found(&check(&shop).exits(4), "warehouse_missing");
    says(&missing, "text", &["`loja_a`", "1_1 (Estoque principal)", "loja_A (Loja A)"]);
    says(&missing, "hint", &["write `loja_A`", "[channels.loja.stock]"]);
    shop.set("stock = { enabled = false }\nwarehouses = { \"1_1\" = \"Default\" }");
    let missing = found(&check(&shop).exits(4), "erp_warehouse_missing");
    says(&missing, "hint", &["write `default`"]);
    shop.set("");
    says(&found(&check(&shop).exits(4), "setting_wrong"), "text", &["`channels.loja.stock.warehouse` is missing"]);
    shop.set(STOCK);
    shop.set_hub("stock = { warehouse = \"Principal\" }");
    says(&found(&check(&shop).exits(4), "warehouse_missing"), "hint", &["write `1`"]);
}

#[test]
fn a_feed_that_is_gone_is_made_only_when_asked_and_anothers_never() {
    let mut shop = sound(STOCK);
    shop.vtex(Vtex::delete_feed);
    let missing = found(&check(&shop).exits(3), "feed_missing");
    says(&missing, "hint", &["--fix"]);
    assert!(!shop.vtex(|v| v.feed.exists()));
    found(&shop.run(&["check", "--fix"]).exits(0), "feed_created");
    assert!(shop.vtex(|v| v.feed.exists()));
    found(&check(&shop).exits(0), "feed_ready");
    shop.set(&format!("{STOCK}\nfeed = \"use\""));
    shop.vtex(Vtex::delete_feed);
    says(&found(&check(&shop).exits(3), "feed_missing"), "hint", &["feed = \"create\"", "--fix"]);
    found(&shop.run(&["check", "--fix"]).exits(0), "feed_created");
    shop.vtex(|v| v.configure_feed(&["invoiced"]));
    let foreign = found(&shop.run(&["check", "--fix"]).exits(3), "feed_foreign");
    says(&foreign, "hint", &["key of its own"]);
    found(&check(&shop).exits(3), "feed_foreign");
    assert_eq!(shop.vtex(|v| v.effects.len()), 2, "two feeds were made");
}

#[test]
fn what_orders_need_and_is_not_mapped_is_told_once() {
    let mut shop = sound(STOCK);
    for _ in 0..2 {
        shop.place(OrderSeed::new().sku("9", "NAO-EXISTE", 990, 1));
    }
    let _ = shop.import().exits(3);
    let product = found(&check(&shop).exits(3), "product_unmapped");
    assert_eq!(product["orders"], 2);
    says(&product, "text", &["2 orders wait", "`NAO-EXISTE`"]);
    says(&product, "hint", &["\"9\" = ", "[channels.loja.skus]"]);
    shop.set_carriers("\"Outra\" = \"Outra\"");
    shop.place(paid());
    let _ = shop.import().exits(3);
    says(&found(&check(&shop).exits(3), "carrier_unmapped"), "hint", &["\"Correios PAC\" = ", "default_carrier"]);
    shop.set(&format!("{STOCK}\nskus = {{ \"9\" = \"CAMISETA-GG\", \"8\" = \"CANECA\" }}"));
    let unknown = found(&check(&shop).exits(4), "mapping_unknown");
    says(&unknown, "text", &["product 9", "`CAMISETA-GG`"]);
    shop.set(&format!("{STOCK}\nskus = {{ \"8\" = \"CANECA\" }}"));
    assert_eq!(found(&check(&shop).exits(3), "mappings_known")["level"], "ok");
}

#[test]
fn a_cutoff_date_that_is_still_to_come_is_told() {
    let shop = sound(STOCK);
    rewrite(&shop, "since = \"2020-01-01\"", "since = \"2120-01-01\"");
    let ahead = found(&check(&shop).exits(3), "cutoff_ahead");
    says(&ahead, "text", &["2120-01-01", "no order is imported"]);
    says(&ahead, "hint", &["`since` in [channels.loja]"]);
}

#[test]
fn a_slip_in_what_is_kept_back_of_single_products_is_told() {
    let with =
        |lists: &str| sound(&format!("stock = {{ warehouse = \"1_1\", {lists} }}\nskus = {{ \"8\" = \"CANECA\" }}"));
    let shop = with("buffers = { \"CAMISETA-GG\" = 5, \"BONE\" = 2 }, exclude = [\"CANECA\"]");
    let ran = check(&shop).exits(3);
    let unknown = found(&ran, "stock_sku_unknown");
    says(&unknown, "text", &["`buffers`", "`CAMISETA-GG`"]);
    says(&unknown, "hint", &["[channels.loja.stock]"]);
    says(&found(&ran, "mappings_known"), "text", &["1"]);
    let ran = check(&with("buffers = { \"BONE\" = 2 }, exclude = [\"caneca\"]")).exits(3);
    says(&found(&ran, "stock_sku_unknown"), "text", &["`exclude`", "`caneca`"]);
    assert_eq!(amiss(&check(&with("buffers = { \"BONE\" = 2 }"))), [""; 0]);
}

#[test]
fn a_clock_that_is_off_is_told_with_what_it_stops() {
    let mut shop = on_eccosys();
    shop.vtex(|v| v.date_error = TimeDelta::minutes(-3));
    let ran = check(&shop).exits(3);
    let off = found(&ran, "clock_off");
    assert_eq!((&off["level"], &off["channel"]), (&"warning".into(), &"loja".into()));
    says(&off, "text", &["3 min ahead of that of channel loja"]);
    says(&off, "hint", &["NTP"]);
    shop.vtex(|v| v.date_error = TimeDelta::zero());
    shop.eccosys(|e| e.date_error = TimeDelta::minutes(10));
    let off = found(&check(&shop).exits(3), "clock_off");
    assert_eq!((&off["level"], &off["channel"]), (&"problem".into(), &Value::Null));
    says(&off, "text", &["10 min behind that of the ERP", "auto-cancel cancels nothing"]);
    shop.set_hub("stock = { enabled = false }");
    shop.eccosys(|e| e.date_error = TimeDelta::zero());
    shop.hub(|a| a.date_error = TimeDelta::minutes(-10));
    says(&found(&check(&shop).exits(3), "clock_off"), "text", &["ahead of that of channel hub"]);
}

#[test]
fn files_that_others_may_read_are_told_with_the_command() {
    let mut shop = sound(STOCK);
    shop.place(paid());
    let _ = shop.import().exits(0);
    let chmod = |file: &str, mode: u32| {
        std::fs::set_permissions(shop.path(file), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    chmod("vaivem.db", 0o644);
    says(&found(&check(&shop).exits(3), "file_open"), "hint", &["chmod 600", "vaivem.db"]);
    for file in ["vaivem.db", "vaivem.db-wal", "vaivem.db-shm"] {
        chmod(file, 0o600);
    }
    chmod("vaivem.toml", 0o666);
    says(&found(&check(&shop).exits(3), "file_open"), "hint", &["chmod 644", "vaivem.toml"]);
    chmod("vaivem.toml", 0o644);
    std::fs::write(shop.path("token"), "SANDBOXTOKEN\n").unwrap();
    chmod("token", 0o640);
    rewrite(&shop, "app_token = { env = \"VTEX_APP_TOKEN\" }", "app_token = { file = \"token\" }");
    let open = found(&check(&shop).exits(3), "file_open");
    says(&open, "text", &["the secret", "mode 640"]);
    std::fs::remove_file(shop.path("token")).unwrap();
    says(&found(&check(&shop).exits(4), "key_missing"), "text", &["token cannot be read"]);
    shop.set_erp("inbox = \"nowhere\"");
    let folder = found(&check(&shop).exits(4), "folder_unusable");
    says(&folder, "hint", &["`inbox`"]);
    // Where a run has put what it took, as somebody else.
    std::fs::create_dir(shop.path("nowhere")).unwrap();
    std::fs::write(shop.path("nowhere/done"), "").unwrap();
    says(&found(&check(&shop).exits(4), "folder_unusable"), "text", &["nowhere/done"]);
}

#[test]
fn two_configurations_on_one_state_file() {
    let shop = sound(STOCK);
    rewrite(&shop, "requests_per_minute = 0", "requests_per_minute = 60000");
    shop.place(paid());
    let _ = shop.import().exits(0);
    rewrite(&shop, "[channels.loja", "[channels.outra");
    let ran = check(&shop).exits(4);
    let stranger = found(&ran, "stranger_channel");
    says(&stranger, "text", &["1 order", "`loja`"]);
    says(&stranger, "hint", &["renamed", "`state`"]);
    says(&found(&ran, "state_unusable"), "text", &["`outra`", "imported a second time", "[channels.loja]"]);
    // The same name on another account.
    rewrite(&shop, "[channels.outra", "[channels.loja");
    let other = crate::sandbox::Sandbox::start();
    other.vtex(Vtex::configure_needed_feed);
    rewrite(&shop, &shop.sandbox.url(), &other.url());
    let ran = check(&shop).exits(4);
    says(&found(&ran, "stranger_host"), "text", &[&shop.sandbox.url()]);
    says(&found(&ran, "state_unusable"), "text", &["orders of `loja`", &shop.sandbox.url(), "adopt --moved"]);
}

#[test]
fn the_erps_own_connector_is_found_before_and_after_the_first_import() {
    let shop = on_eccosys();
    let native = shop.place(paid());
    shop.eccosys(|e| {
        e.native_connector_imports(&native, &[("CAMISETA-P", 4_990, 1)]);
        e.native_connector_imports("balcao-7", &[("CANECA", 1_990, 1)]);
    });
    let before = found(&check(&shop).exits(3), "made_elsewhere");
    assert_eq!((&before["orders"], &before["level"]), (&1.into(), &"problem".into()));
    says(&before, "text", &["1 order", &native]);
    says(&before, "hint", &["connector", "off"]);
    // It brings one that vaivem has imported already.
    let ours = shop.place(paid());
    let _ = shop.import();
    shop.eccosys(|e| e.native_connector_imports(&ours, &[("CAMISETA-P", 4_990, 1)]));
    let ran = check(&shop).exits(3);
    says(&found(&ran, "ordered_twice"), "text", &[&ours]);
    says(&found(&ran, "ordered_twice"), "hint", &["cancel all but one"]);
    found(&ran, "made_elsewhere");
}

#[test]
fn a_lookup_that_finds_nothing_or_too_much_is_a_problem() {
    let shop = on_eccosys();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let fault = |path: &str, kind| shop.eccosys(|e| e.faults = vec![Fault::always(kind).on("GET", path)]);
    let answer = |code, body: &str| Kind::Status { code, retry_after: RetryAfter::Absent, body: body.into() };
    fault(&format!("numeroOC={id}"), answer(404, "{\"error\":[]}"));
    let blind = found(&check(&shop).exits(3), "lookup_blind");
    says(&blind, "hint", &["numeroOC", "stop vaivem's import-orders"]);
    let rows = "[{\"id\":\"5\",\"numeroPedido\":\"6\",\"numeroDaOrdemDeCompra\":\"x\"}]";
    fault("numeroOC=vaivem-check", answer(200, rows));
    found(&check(&shop).exits(3), "lookup_loose");
    fault(&format!("numeroOC={id}"), answer(200, rows));
    found(&check(&shop).exits(3), "lookup_other");
}

#[test]
fn who_cannot_be_reached_is_told_and_the_others_are_looked_at() {
    let mut shop = sound(STOCK);
    shop.set_hub("stock = { enabled = false }");
    rewrite(&shop, &shop.sandbox.url(), "http://127.0.0.1:9");
    let ran = check(&shop).exits(5);
    let down = found(&ran, "unreachable");
    says(&down, "text", &["channel loja", "127.0.0.1:9"]);
    says(&down, "hint", &["network"]);
    assert!(findings(&ran).iter().any(|one| one["code"] == "reached" && one["channel"] == "hub"));
    // A page for people where the API should be.
    shop.set(STOCK);
    shop.vtex(|v| v.faults = vec![Fault::always(Kind::too_many(600))]);
    says(&found(&check(&shop).exits(5), "unreachable"), "hint", &["requests_per_minute"]);
}

#[test]
fn a_state_file_of_another_program_is_left_alone() {
    let shop = sound(STOCK);
    std::fs::write(shop.path("vaivem.db"), "nota;valor\n1;2\n").unwrap();
    let ran = check(&shop).exits(4);
    says(&found(&ran, "state_unusable"), "text", &["is not a SQLite file", "set another path"]);
    found(&ran, "reached");
    std::fs::remove_file(shop.path("vaivem.db")).unwrap();
    let other = shop.database("vaivem.db");
    other.execute_batch("CREATE TABLE clientes (nome TEXT); PRAGMA application_id = 7;").unwrap();
    drop(other);
    let before = std::fs::read(shop.path("vaivem.db")).unwrap();
    says(&found(&check(&shop).exits(4), "state_unusable"), "text", &["application id 7", "set another path"]);
    assert_eq!(std::fs::read(shop.path("vaivem.db")).unwrap(), before);
}

#[test]
fn runs_that_do_not_fit_or_never_end_are_told() {
    let shop = sound(STOCK);
    let _ = shop.import().exits(0);
    let state = shop.database("vaivem.db");
    let ago = |minutes: i64| (Utc::now() - TimeDelta::minutes(minutes)).timestamp_millis();
    let run = |pass: &str, minutes: i64, exit: &str| {
        let insert =
            "INSERT INTO runs (pass, channel, pid, started_at, ended_at, exit) VALUES (?1, 'loja', 1, ?2, ?3, ?4)";
        state.execute(insert, (pass, ago(minutes), ago(minutes) + 590_000, exit)).unwrap();
    };
    for n in 1..=20 {
        run("push-stock", n * 10, if n <= 5 { "time_budget" } else { "done" });
    }
    let ran = check(&shop).exits(3);
    let long = found(&ran, "runs_too_long");
    assert_eq!((&long["pass"], &long["seconds"], &long["apart"]), (&"push-stock".into(), &590.into(), &600.into()));
    says(&long, "hint", &["cron"]);
    says(&found(&ran, "runs_end_early"), "text", &["5 of the last 20 runs of push-stock"]);
    state.execute("DELETE FROM runs WHERE pass = 'import-orders'", []).unwrap();
    run("import-orders", 3_000, "done");
    run("import-orders", 5, "unavailable");
    says(&found(&check(&shop).exits(3), "no_complete_run"), "hint", &["crontab", "--channel loja"]);
}

#[test]
fn a_configuration_that_cannot_be_read_is_a_finding() {
    let shop = sound("importt = \"all\"");
    let wrong = found(&check(&shop).exits(4), "config_wrong");
    says(&wrong, "text", &["vaivem.toml:", "importt"]);
    says(&wrong, "hint", &["examples/vaivem.toml"]);
    let ran = shop.run(&["check", "--output", "human"]).exits(4);
    assert!(ran.stdout.starts_with("problem ") && ran.stdout.contains("what to do: "), "{}", ran.stdout);
}

#[test]
fn whether_anybody_watches() {
    let shop = sound(STOCK);
    let monitor = |settings: &str| {
        let text = std::fs::read_to_string(shop.path("vaivem.toml")).unwrap();
        let text = text.split("\n[monitoring]").next().unwrap();
        std::fs::write(shop.path("vaivem.toml"), format!("{text}\n[monitoring]\n{settings}\n")).unwrap();
    };
    let heard = |url: &str| {
        let output = shop.command(&["check"]).env("HEARTBEAT", url).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(!stdout.contains("SECRET"), "{stdout}");
        Ran { code: output.status.code(), stdout, stderr: String::new() }
    };
    monitor("metrics_file = \"vaivem.prom\"\n[monitoring.heartbeat]\nsync = { env = \"HEARTBEAT\" }");
    let ran = heard("https://hc-ping.com/SECRET");
    assert_eq!(amiss(&ran), Vec::<String>::new());
    assert_eq!(found(&ran, "heartbeats_ready")["commands"], serde_json::json!(["sync"]));
    assert!(found(&ran, "metrics_ready")["file"].as_str().unwrap().ends_with("vaivem.prom"));
    assert!(!shop.path("vaivem.prom").exists());
    let ran = heard("http://hc-ping.com/SECRET").exits(3);
    assert!(found(&ran, "heartbeat_unusable")["problem"].as_str().unwrap().contains("HEARTBEAT"));
    assert_eq!(amiss(&check(&shop).exits(3)), ["heartbeat_unusable"], "the variable is not set");
    monitor("metrics_file = \"missing/vaivem.prom\"");
    assert_eq!(found(&check(&shop).exits(3), "folder_unusable")["what"], "metrics");
    monitor("metrics_file = \"vaivem.txt\"");
    assert_eq!(amiss(&check(&shop).exits(3)), ["metrics_name"]);
    assert_eq!(amiss(&shop.run(&["check", "--metrics-file", "here.prom"])), Vec::<String>::new());
}
