//! Heartbeats: who hears what and when, and that a watcher that hangs, refuses or is gone is no trouble of the passes'.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;

use crate::sandbox::{Fault, Kind};
use crate::shop::{Ran, Shop, paid, wait_until};

/// What a watcher does with a ping.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Hears,
    Hangs,
    Refuses,
    /// As healthchecks.io says of an address it does not know.
    DoesNotKnow,
}

/// A watcher on a port of its own: what it heard, as path and body.
struct Watcher {
    url: String,
    heard: Arc<Mutex<Vec<(String, String)>>>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

type Ears = (Mood, Arc<Mutex<Vec<(String, String)>>>);

async fn hear(State((mood, heard)): State<Ears>, request: Request) -> (StatusCode, &'static str) {
    let path = request.uri().path_and_query().unwrap().as_str().to_owned();
    assert_eq!(request.method(), "POST");
    let body = axum::body::to_bytes(request.into_body(), 1_000).await.unwrap();
    heard.lock().unwrap().push((path, String::from_utf8(body.to_vec()).unwrap()));
    match mood {
        Mood::Hears => (StatusCode::OK, "OK"),
        Mood::Refuses => (StatusCode::NOT_FOUND, "not found"),
        Mood::DoesNotKnow => (StatusCode::OK, "OK (not found)"),
        Mood::Hangs => std::future::pending().await,
    }
}

impl Watcher {
    fn start(mood: Mood) -> Self {
        let heard = Arc::default();
        let app = Router::new().fallback(hear).with_state((mood, Arc::clone(&heard)));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    served = axum::serve(listener, app) => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { url, heard, _stop: stop }
    }

    /// What was heard since the last time it was asked.
    fn heard(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }

    fn paths(&self) -> Vec<String> {
        self.heard().into_iter().map(|(path, _)| path).collect()
    }
}

/// Has the shop's runs tell these commands' addresses: each a name and where it stands.
fn watch(shop: &Shop, addresses: &str) {
    let file = shop.path("vaivem.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.split("\n[monitoring").next().unwrap();
    std::fs::write(file, format!("{text}\n[monitoring.heartbeat]\n{addresses}\n")).unwrap();
}

/// Runs with the address in the environment.
fn run(shop: &Shop, watcher: &str, args: &[&str]) -> Ran {
    let output = shop.command(args).env("HEARTBEAT", format!("{watcher}/SECRET-{{pass}}")).output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

const IMPORT: &str = "import-orders = { env = \"HEARTBEAT\" }\ntimeout = \"1s\"";

#[test]
fn a_run_is_told_when_it_begins_and_how_it_ended() {
    let (shop, watcher) = (Shop::with("timeout = \"1s\"\nmax_wait = \"1s\""), Watcher::start(Mood::Hears));
    watch(&shop, IMPORT);
    shop.place(paid());
    let _ = run(&shop, &watcher.url, &["import-orders"]).exits(0);
    let well = "import-orders: exit 0, done; nothing needs a person";
    let told = |path: &str, body: &str| (format!("/SECRET-import-orders{path}"), body.to_owned());
    assert_eq!(watcher.heard(), [told("/start", ""), told("", well)]);
    // Another pass has another address.
    let _ = run(&shop, &watcher.url, &["sync-payments"]).exits(0);
    assert_eq!(watcher.paths(), Vec::<String>::new());
    // Held orders are for a person, and no broken run.
    shop.place(paid().sku("9", "NAO-EXISTE", 1_000, 1));
    let _ = run(&shop, &watcher.url, &["import-orders"]).exits(3);
    let heard = watcher.heard();
    assert_eq!((heard.len(), heard[1].0.as_str()), (2, "/SECRET-import-orders"));
    assert!(heard[1].1.starts_with("import-orders: exit 3, "), "{}", heard[1].1);
    shop.vtex(|v| v.faults.push(Fault::always(Kind::status(502))));
    let _ = run(&shop, &watcher.url, &["import-orders"]).exits(5);
    let heard = watcher.heard();
    assert_eq!([heard[0].0.as_str(), &heard[1].0], ["/SECRET-import-orders/start", "/SECRET-import-orders/fail"]);
    assert!(heard[1].1.starts_with("import-orders: exit 5, "), "{}", heard[1].1);
}

#[test]
fn time_used_up_is_noted_and_no_alarm() {
    let (shop, watcher) = (Shop::with("in_flight = 1"), Watcher::start(Mood::Hears));
    watch(&shop, IMPORT);
    for _ in 0..20 {
        shop.place(paid());
    }
    shop.vtex(|v| v.faults.push(Fault::always(Kind::SlowMs(100))));
    let _ = run(&shop, &watcher.url, &["import-orders", "--max-duration", "1s"]).exits(10);
    assert_eq!(watcher.paths(), ["/SECRET-import-orders/start", "/SECRET-import-orders/log"]);
}

#[test]
fn what_ends_a_command_before_its_passes_is_a_failure() {
    let (shop, watcher) = (Shop::new(), Watcher::start(Mood::Hears));
    watch(&shop, IMPORT);
    std::fs::write(shop.path("ledger.db"), "no ledger").unwrap();
    let _ = run(&shop, &watcher.url, &["import-orders"]).exits(1);
    assert_eq!(watcher.paths(), ["/SECRET-import-orders/fail"]);
}

#[test]
fn what_a_person_does_in_between_is_not_told() {
    let (shop, watcher) = (Shop::new(), Watcher::start(Mood::Hears));
    watch(&shop, &format!("push-stock = {{ env = \"HEARTBEAT\" }}\n{IMPORT}"));
    let id = shop.place(paid());
    let _ = run(&shop, &watcher.url, &["import-orders", "--dry-run"]).exits(0);
    let _ = run(&shop, &watcher.url, &["import-orders", "--order", &id]).exits(0);
    let _ = run(&shop, &watcher.url, &["import-orders", "--since", "2026-01-01"]).exits(0);
    let _ = run(&shop, &watcher.url, &["push-stock", "--sku", "CANECA"]);
    // Another run is at it.
    shop.vtex(|v| v.faults.push(Fault::always(Kind::SlowMs(400))));
    let calls = shop.vtex(|v| v.total_calls);
    let first = shop.command(&["import-orders"]).env("HEARTBEAT", "http://127.0.0.1:9/gone").spawn().unwrap();
    wait_until("the first call", || shop.vtex(|v| v.total_calls) > calls);
    let _ = run(&shop, &watcher.url, &["import-orders"]).exits(11);
    assert_eq!(first.wait_with_output().unwrap().status.code(), Some(0));
    assert_eq!(watcher.paths(), Vec::<String>::new());
}

#[test]
fn sync_has_an_address_of_its_own_and_its_passes_theirs() {
    let mut shop = Shop::with("stock = { warehouse = \"1_1\", unknown_skus = \"ignore\" }");
    shop.set_hub("timeout = \"1s\"\nmax_wait = \"1s\"\nstock = { enabled = false }");
    let watcher = Watcher::start(Mood::Hears);
    let both = "sync = { env = \"HEARTBEAT\" }\npush-stock = { env = \"HEARTBEAT\" }\ntimeout = \"5s\"";
    watch(&shop, both);
    shop.vtex(|v| v.add_sku("1", "CAMISETA-P"));
    let _ = run(&shop, &watcher.url, &["sync"]).exits(0);
    let of = |heard: Vec<String>, command: &str| -> Vec<String> {
        heard.into_iter().filter(|path| path.starts_with(&format!("/SECRET-{command}"))).collect()
    };
    let heard = watcher.paths();
    assert_eq!(heard.len(), 4, "one beginning and one end each, over both channels: {heard:?}");
    assert_eq!(of(heard.clone(), "sync"), ["/SECRET-sync/start", "/SECRET-sync"]);
    assert_eq!(of(heard, "push-stock"), ["/SECRET-push-stock/start", "/SECRET-push-stock"]);
    // A channel whose key is refused has no further passes, and those fail, too: nobody made them.
    shop.hub(|a| a.faults.push(Fault::always(Kind::status(401))));
    let _ = run(&shop, &watcher.url, &["sync"]).exits(4);
    let heard = watcher.paths();
    assert_eq!(of(heard.clone(), "sync"), ["/SECRET-sync/start", "/SECRET-sync/fail"]);
    assert_eq!(of(heard, "push-stock"), ["/SECRET-push-stock/start", "/SECRET-push-stock/fail"]);
}

#[test]
fn an_address_that_names_the_channel_hears_of_each_by_itself() {
    let (shop, watcher) = (Shop::with_hub("timeout = \"1s\"\nmax_wait = \"1s\""), Watcher::start(Mood::Hears));
    watch(&shop, "import-orders = { file = \"heartbeat\" }");
    std::fs::write(shop.path("heartbeat"), format!("{}/key/{{channel}}-{{pass}}?create=1\n", watcher.url)).unwrap();
    std::fs::set_permissions(shop.path("heartbeat"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    shop.hub(|a| a.faults.push(Fault::always(Kind::status(502))));
    let _ = shop.run(&["import-orders"]).exits(5);
    let mut heard = watcher.paths();
    heard.sort();
    assert_eq!(
        heard,
        [
            "/key/hub-import-orders/fail?create=1",
            "/key/hub-import-orders/start?create=1",
            "/key/loja-import-orders/start?create=1",
            "/key/loja-import-orders?create=1",
        ]
    );
}

/// The same run without anybody to tell, and what a watcher in this mood changes of it.
#[test]
fn a_watcher_in_trouble_changes_nothing_and_is_complained_of_once_without_its_address() {
    let dead = "http://127.0.0.1:9".to_owned();
    let watchers = [Mood::Hangs, Mood::Refuses, Mood::DoesNotKnow].map(Watcher::start);
    let urls: Vec<String> = watchers.iter().map(|watcher| watcher.url.clone()).chain([dead]).collect();
    let shop = Shop::new();
    shop.place(paid().sku("9", "NAO-EXISTE", 1_000, 1));
    let _ = shop.import().exits(3);
    let shape = |ran: &Ran| -> Vec<serde_json::Value> {
        let mut records = ran.records();
        for record in records.iter_mut().filter_map(|record| record.as_object_mut()) {
            record.remove("duration_ms");
        }
        records
    };
    let alone = shape(&shop.import().exits(3));
    watch(&shop, IMPORT);
    for url in urls {
        let begun = Instant::now();
        let ran = run(&shop, &url, &["import-orders"]).exits(3);
        // A second at the end, whatever is owed; the rest is for a busy machine. One that hangs does so for good.
        assert!(begun.elapsed() < Duration::from_secs(1 + 14), "{:?}", begun.elapsed());
        assert_eq!(shape(&ran), alone);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("warn  the heartbeat of import-orders was not heard"), "{}", ran.stderr);
        let loud = run(&shop, &url, &["-vv", "import-orders"]).exits(3);
        for told in [&ran, &loud].into_iter().flat_map(|ran| [&ran.stdout, &ran.stderr]) {
            let host = url.trim_start_matches("http://");
            assert!(!told.contains("SECRET") && !told.contains(host), "{told}");
        }
        assert_eq!(run(&shop, &url, &["-q", "import-orders"]).exits(3).stderr, "");
    }
}

#[test]
fn an_address_that_is_none_or_not_there_is_complained_of_without_it() {
    let shop = Shop::new();
    watch(&shop, IMPORT);
    let ran = run(&shop, "http://example.com", &["import-orders"]).exits(0);
    assert!(ran.stderr.contains("environment variable HEARTBEAT") && ran.stderr.contains("https://"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("SECRET") && !ran.stderr.contains("example.com"), "{}", ran.stderr);
    let ran = shop.run(&["import-orders"]).exits(0);
    assert!(ran.stderr.contains("environment variable HEARTBEAT is not set"), "{}", ran.stderr);
    // What prints it may take too long.
    watch(&shop, "import-orders = { command = \"exec sleep 60\" }\ntimeout = \"1s\"");
    let begun = Instant::now();
    let ran = shop.run(&["import-orders"]).exits(0);
    assert!(ran.stderr.contains("heartbeat") && begun.elapsed() < Duration::from_secs(20), "{}", ran.stderr);
}
