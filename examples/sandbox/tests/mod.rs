//! The sandbox's own promises, without a network where none is needed.

mod anymarket;
mod eccosys;
mod writes;

use std::io::{Read, Write};
use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::*;

fn vtex() -> Vtex {
    let mut v = Vtex::new("http://127.0.0.1:0");
    v.configure_needed_feed();
    v
}

fn shirt() -> OrderSeed {
    OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 1)
}

fn call(v: &mut Vtex, method: &str, path: &str, body: &Value) -> Answer {
    let keyed = Request::new(method, path).with("x-vtex-api-appkey", APP_KEY).with("x-vtex-api-apptoken", APP_TOKEN);
    let request = Request { body: if body.is_null() { String::new() } else { body.to_string() }, ..keyed };
    v.take(&request).answer.expect("an answer")
}

fn get(v: &mut Vtex, path: &str) -> Answer {
    call(v, "GET", path, &Value::Null)
}

fn read_feed(v: &mut Vtex) -> Vec<Value> {
    get(v, "/api/orders/feed?maxlot=10").value().as_array().expect("a list").clone()
}

fn acknowledge(v: &mut Vtex, events: &[Value]) {
    let handles: Vec<&Value> = events.iter().map(|event| &event["handle"]).collect();
    assert_eq!(call(v, "POST", "/api/orders/feed", &json!({"handles": handles})).status, 200);
}

#[test]
fn documents_are_valid() {
    assert_eq!(cpf(529_982_247), "52998224725");
    assert_eq!(cnpj(11_222_333), "11222333000181");
}

#[test]
fn wrong_credentials_open_nothing() {
    let mut v = vtex();
    let request = Request::new("GET", "/api/oms/pvt/orders").with("x-vtex-api-appkey", APP_KEY);
    let answer = v.take(&request).answer.expect("an answer");
    assert_eq!((answer.status, &answer.value()["error"]["code"]), (401, &json!("1")));
}

#[test]
fn the_feed_redelivers_what_is_not_acknowledged() {
    let mut v = vtex();
    v.configure_feed(&["ready-for-handling"]);
    let id = v.place(shirt());
    let first = read_feed(&mut v);
    assert_eq!((first.len(), &first[0]["orderId"], &first[0]["state"]), (1, &json!(id), &json!("ready-for-handling")));
    assert!(read_feed(&mut v).is_empty(), "out of sight");
    v.advance(Duration::from_secs(241));
    let second = read_feed(&mut v);
    assert_eq!(second[0]["eventId"], first[0]["eventId"]);
    acknowledge(&mut v, &first);
    assert_eq!(v.feed.depth(), 1, "the handle of an earlier delivery deletes nothing");
    acknowledge(&mut v, &second);
    assert_eq!(v.feed.depth(), 0);
    v.advance(Duration::from_secs(241));
    assert!(read_feed(&mut v).is_empty());
}

#[test]
fn a_feed_nothing_was_heard_of_is_removed() {
    let mut v = vtex();
    v.place(shirt());
    v.advance(Duration::from_secs(15 * 86_400));
    assert_eq!(get(&mut v, "/api/orders/feed/config").status, 404);
    assert_eq!(get(&mut v, "/api/orders/feed?maxlot=10").status, 404);
    let config = json!({
        "filter": {"type": "FromWorkflow", "status": ["handling"]},
        "queue": {"visibilityTimeoutInSeconds": 240, "MessageRetentionPeriodInSeconds": 345_600},
    });
    assert_eq!(call(&mut v, "POST", "/api/orders/feed/config", &config).status, 200);
    assert_eq!(get(&mut v, "/api/orders/feed/config").value()["quantity"], 0);
    assert_eq!(get(&mut v, "/api/orders/feed?maxlot=11").status, 400);
}

#[test]
fn the_list_ends_at_page_thirty() {
    let mut v = vtex();
    let first = "2026-01-01T00:00:00Z".parse().expect("a date");
    v.place_many(3_100, shirt(), first, chrono::TimeDelta::seconds(1));
    let path = |page: u32| format!("/api/oms/pvt/orders?per_page=100&page={page}&orderBy=creationDate,asc");
    let last = get(&mut v, &path(30)).value();
    assert_eq!((last["list"].as_array().map(Vec::len), &last["paging"]["total"]), (Some(100), &json!(3_100)));
    assert_eq!(get(&mut v, &path(31)).status, 400);
    let window = "%5B2026-01-01T00:00:10.000Z%20TO%202026-01-01T00:00:19.000Z%5D";
    let window = get(&mut v, &format!("/api/oms/pvt/orders?f_creationDate=creationDate:{window}")).value();
    assert_eq!(window["paging"]["total"], 10, "both ends included");
}

#[test]
fn the_list_lags() {
    let mut v = vtex();
    v.list_lag = Duration::from_secs(240);
    let id = v.place(shirt().pending(Payment::pix()));
    let list = |v: &mut Vtex| get(v, "/api/oms/pvt/orders").value()["list"].clone();
    assert_eq!(list(&mut v), json!([]));
    v.advance(Duration::from_secs(241));
    v.approve_payment(&id);
    assert_eq!(list(&mut v)[0]["status"], "payment-pending");
    assert_eq!(v.order(&id).status, "ready-for-handling");
    v.advance(Duration::from_secs(241));
    assert_eq!(list(&mut v)[0]["status"], "ready-for-handling");
}

#[test]
fn orders_add_up_and_move_by_themselves() {
    let mut v = vtex();
    v.window_to_cancel = Duration::from_secs(1_800);
    let seed = OrderSeed::new()
        .line(Line::new("1", "A", 4_990, 2).discount(333))
        .line(Line::new("2", "B", 2_990, 1).gift())
        .coupon("X", 777)
        .freight(1_990)
        .freight_discount(490)
        .tax(123);
    let id = v.place(seed.pending(Payment::card(3).value(1_000)).pending(Payment::gift_card()));
    let order = get(&mut v, &format!("/api/oms/pvt/orders/{id}")).value();
    let sum = |list: &Value, key: &str| {
        list.as_array().expect("a list").iter().map(|one| one[key].as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!(order["value"], 9_980 - 333 - 777 + 1_990 - 490 + 123);
    assert_eq!(order["value"], sum(&order["totals"], "value"));
    assert_eq!(order["value"], sum(&order["paymentData"]["transactions"][0]["payments"], "value"));
    v.approve_payment(&id);
    assert_eq!(v.order(&id).status, "window-to-cancel");
    v.advance(Duration::from_secs(1_801));
    assert_eq!(v.order(&id).status, "ready-for-handling");
}

#[test]
fn only_a_ready_order_is_handed_over() {
    let mut v = vtex();
    let (ready, waiting) = (v.place(shirt()), v.place(shirt().pending(Payment::pix())));
    let start =
        |v: &mut Vtex, id: &str| call(v, "POST", &format!("/api/oms/pvt/orders/{id}/start-handling"), &Value::Null);
    assert_eq!(start(&mut v, &ready).status, 204);
    assert_eq!(v.order(&ready).status, "handling");
    let again = start(&mut v, &ready);
    assert_eq!((again.status, &again.value()["error"]["code"]), (409, &json!("OMS003")));
    v.start_handling_conflict = 400;
    assert_eq!(start(&mut v, &waiting).status, 400);
    assert_eq!(start(&mut v, "none").status, 404);
    assert_eq!(v.effects, [Effect::StartHandling { order: ready }]);
}

#[test]
fn a_hook_sees_both_phases_and_can_change_the_world() {
    let mut v = vtex();
    let id = v.place(shirt());
    let other = id.clone();
    v.on_call = Some(Box::new(move |call, phase| match phase {
        Phase::BeforeEffect if call.path.ends_with("/start-handling") => {
            let id = other.clone();
            HookAction::Meanwhile(Box::new(move |v| v.set_status(&id, "handling")))
        }
        _ => HookAction::Go,
    }));
    let answer = call(&mut v, "POST", &format!("/api/oms/pvt/orders/{id}/start-handling"), &Value::Null);
    assert_eq!((answer.status, v.effects.len()), (409, 0));
}

#[test]
fn too_many_calls_are_told_to_wait() {
    let mut v = vtex();
    v.rate_limit = Some(RateLimit::new(2, Duration::from_secs(60)));
    let codes: Vec<u16> = (0..3).map(|_| get(&mut v, "/api/oms/pvt/orders").status).collect();
    assert_eq!(codes, [200, 200, 429]);
    v.advance(Duration::from_secs(61));
    assert_eq!(get(&mut v, "/api/oms/pvt/orders").status, 200);
}

/// One call over a real connection; all that comes back.
fn over_the_wire(sandbox: &Sandbox, method: &str, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(sandbox.url().trim_start_matches("http://")).expect("connected");
    let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n");
    let keys = format!("X-VTEX-API-AppKey: {APP_KEY}\r\nX-VTEX-API-AppToken: {APP_TOKEN}\r\n\r\n");
    stream.write_all((head + &keys).as_bytes()).expect("sent");
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn each_fault_on_the_wire() {
    let sandbox = Sandbox::start();
    let cases: [(Kind, &str, bool); 9] = [
        (Kind::too_many(7), "HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\n", false),
        (Kind::Redirect, "HTTP/1.1 302 Found\r\n", false),
        (Kind::Html200, "HTTP/1.1 200 OK\r\ncontent-type: text/html", false),
        (Kind::Empty200, "HTTP/1.1 200 OK\r\n", false),
        (Kind::DropBeforeWrite, "", false),
        (Kind::TimeoutAfterWrite, "", true),
        (Kind::Truncated, "", true),
        (Kind::Applied500, "HTTP/1.1 500 Internal Server Error\r\n", true),
        (Kind::SlowMs(5), "HTTP/1.1 204 No Content\r\n", true),
    ];
    for (kind, begins, applied) in cases {
        let id = sandbox.vtex(|v| v.place(shirt()));
        let fault = Fault::next(1, kind.clone()).on("POST", &id).after(1);
        sandbox.vtex(|v| v.faults = vec![fault]);
        over_the_wire(&sandbox, "POST", &format!("/nowhere/{id}"));
        let answer = over_the_wire(&sandbox, "POST", &format!("/api/oms/pvt/orders/{id}/start-handling"));
        assert!(answer.starts_with(begins) && answer.is_empty() == begins.is_empty(), "{kind:?}: {answer}");
        assert_eq!(sandbox.vtex(|v| v.effects_of(&id).len() == 1), applied, "{kind:?}");
    }
    let id = sandbox.vtex(|v| v.place(shirt()));
    sandbox.vtex(|v| v.faults = vec![Fault::always(Kind::Truncated)]);
    let answer = over_the_wire(&sandbox, "GET", &format!("/api/oms/pvt/orders/{id}"));
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.contains("content-length: "), "{head}");
    assert!(!body.is_empty() && serde_json::from_str::<Value>(body).is_err(), "{body}");
}

#[test]
fn the_shop_has_one_of_each() {
    let mut v = vtex();
    seed::shop(&mut v);
    assert_eq!(v.orders.len(), 31);
    let ids: Vec<String> = v.orders.keys().cloned().collect();
    for id in ids {
        let order = get(&mut v, &format!("/api/oms/pvt/orders/{id}")).value();
        assert_eq!(order["orderId"], id);
    }
}
