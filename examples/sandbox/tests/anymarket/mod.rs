//! ANYMARKET's promises: what opens it, what it costs to call it, and what the wire does to a call.

mod feed;
mod moves;
mod orders;
mod stock;
mod xml;

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::anymarket::*;
use crate::sandbox::{Answer, Fault, HookAction, Kind, Phase, RateLimit, Request, Sandbox};

fn anymarket() -> Anymarket {
    Anymarket::new("http://127.0.0.1:0")
}

fn shirt() -> AnyOrderSeed {
    AnyOrderSeed::new().sku("CAMISETA-P", 4_990, 1)
}

fn request(method: &str, path: &str) -> Request {
    Request::new(method, path).with("gumgatoken", GUMGA_TOKEN)
}

fn call(a: &mut Anymarket, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    a.take(&Request { body, ..request(method, path) }).answer.expect("an answer")
}

fn get(a: &mut Anymarket, path: &str) -> Answer {
    call(a, "GET", path, &Value::Null)
}

fn read(a: &mut Anymarket, id: i64) -> Value {
    get(a, &format!("/v2/orders/{id}")).value()
}

fn put(a: &mut Anymarket, id: i64, body: &Value) -> Answer {
    call(a, "PUT", &format!("/v2/orders/{id}"), body)
}

fn invoiced() -> Value {
    let key = "35261112345678000195550010000001001123456780";
    json!({"status": "INVOICED", "invoice": {"accessKey": key, "date": "2026-11-20T10:00:00-03:00"}})
}

fn shipped() -> Value {
    let tracking = json!({"number": "BR1", "carrier": "Correios", "shippedDate": "2026-11-21T10:00:00-03:00"});
    json!({"status": "PAID_WAITING_DELIVERY", "tracking": tracking})
}

fn message(answer: &Answer) -> String {
    answer.value()["message"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn only_its_own_header_opens_it() {
    let mut a = anymarket();
    let list = "/v2/orders?limit=100";
    let keys = [
        Request::new("GET", list),
        Request::new("GET", list).with("gumgatoken", "another"),
        Request::new("GET", list).with("authorization", &format!("Bearer {GUMGA_TOKEN}")),
        Request::new("GET", &format!("{list}&gumgaToken={GUMGA_TOKEN}")),
    ];
    for key in keys {
        let answer = a.take(&key).answer.expect("an answer");
        assert_eq!((answer.status, answer.value()["code"].as_str()), (401, Some("401")), "{key:?}");
    }
    assert_eq!(get(&mut a, list).status, 200);
    a.settings.needs_platform = true;
    assert_eq!(get(&mut a, list).status, 401);
    let named = request("GET", list).with("platform", "VAIVEM");
    assert_eq!(a.take(&named).answer.expect("an answer").status, 200);
    a.settings.token_expired = true;
    let expired = get(&mut a, list);
    assert_eq!((expired.status, &expired.value()["response"]), (403, &json!("TOKEN_EXPIRED")));
}

#[test]
fn answers_tell_where_the_caller_stands() {
    let mut a = anymarket();
    a.rate_limit = Some(RateLimit::new(2, Duration::from_secs(60)));
    let header = |answer: &Answer, name: &str| {
        answer.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    };
    let answers: Vec<Answer> = (0..3).map(|_| get(&mut a, "/v2/stocks/locals")).collect();
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200, 200, 429]);
    let left: Vec<_> = answers.iter().map(|answer| header(answer, "ratelimit-remaining")).collect();
    assert_eq!(left, [Some("1".into()), Some("0".into()), Some("0".into())]);
    assert_eq!((header(&answers[0], "ratelimit-limit"), header(&answers[0], "retry-after")), (Some("2".into()), None));
    assert_eq!(
        (header(&answers[2], "ratelimit-reset"), header(&answers[2], "retry-after")),
        (Some("60".into()), Some("60".into()))
    );
    (a.settings.rate_headers, a.settings.rate_retry_after) = (false, false);
    let silent = get(&mut a, "/v2/stocks/locals");
    assert_eq!((silent.status, header(&silent, "ratelimit-reset"), header(&silent, "retry-after")), (429, None, None));
    a.advance(Duration::from_secs(61));
    assert_eq!(get(&mut a, "/v2/stocks/locals").status, 200);
}

/// One call over a real connection; all that comes back.
fn over_the_wire(sandbox: &Sandbox, method: &str, path: &str, body: &Value) -> String {
    use std::io::{Read, Write};
    let url = sandbox.anymarket_url();
    let address = url.trim_start_matches("http://").trim_end_matches("/v2");
    let mut stream = std::net::TcpStream::connect(address).expect("connected");
    let body = body.to_string();
    let head = format!("{method} /v2{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\ngumgaToken: {GUMGA_TOKEN}\r\n");
    stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).expect("sent");
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn faults_strike_it_as_they_strike_vtex() {
    let sandbox = Sandbox::start();
    let cases: [(Kind, &str, bool); 9] = [
        (Kind::too_many(7), "HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\n", false),
        (Kind::status(503), "HTTP/1.1 503 ", false),
        (Kind::Html200, "HTTP/1.1 200 OK\r\ncontent-type: text/html", false),
        (Kind::Empty200, "HTTP/1.1 200 OK\r\n", false),
        (Kind::DropBeforeWrite, "", false),
        (Kind::TimeoutAfterWrite, "", true),
        (Kind::Truncated, "HTTP/1.1 200 OK\r\n", true),
        (Kind::Applied500, "HTTP/1.1 500 Internal Server Error\r\n", true),
        (Kind::SlowMs(5), "HTTP/1.1 200 OK\r\n", true),
    ];
    for (kind, begins, applied) in cases {
        let id = sandbox.anymarket(|a| a.place(shirt()));
        let fault = Fault::next(1, kind.clone()).on("PUT", "/orders/").after(1);
        sandbox.anymarket(|a| a.faults = vec![fault]);
        over_the_wire(&sandbox, "PUT", "/orders/none", &Value::Null);
        let answer = over_the_wire(&sandbox, "PUT", &format!("/orders/{id}"), &invoiced());
        assert!(answer.starts_with(begins) && answer.is_empty() == begins.is_empty(), "{kind:?}: {answer}");
        assert_eq!(sandbox.anymarket(|a| a.effects_of(id).len() == 1), applied, "{kind:?}");
        if kind == Kind::Applied500 {
            assert!(answer.contains(r#""code":"500""#), "its own shape: {answer}");
        }
    }
    sandbox.vtex(|v| assert_eq!(v.total_calls, 0, "VTEX heard nothing of it"));
}

#[test]
fn a_hook_can_change_the_world_between_two_calls() {
    let mut a = anymarket();
    let id = a.place(shirt());
    a.on_call = Some(Box::new(move |call, phase| match phase {
        Phase::BeforeEffect if call.method == "PUT" => {
            HookAction::Meanwhile(Box::new(move |a| a.cancel(id, AnyCancelledBy::Buyer)))
        }
        _ => HookAction::Go,
    }));
    assert_eq!((put(&mut a, id, &invoiced()).status, a.effects.len()), (422, 0));
    assert_eq!(a.calls_of("PUT", "/orders/").len(), 1);
}

#[test]
fn the_people_around_the_shop_need_no_token() {
    let mut a = anymarket();
    let id = a.place(shirt().pending());
    let control =
        |a: &mut Anymarket, method: &str, path: &str| a.take(&Request::new(method, path)).answer.expect("an answer");
    assert_eq!(control(&mut a, "POST", &format!("/_sandbox/orders/{id}/pay")).status, 204);
    assert_eq!(control(&mut a, "POST", &format!("/_sandbox/orders/{id}/dance")).status, 404);
    assert_eq!(put(&mut a, id, &invoiced()).status, 200);
    let state = control(&mut a, "GET", "/_sandbox/state").value();
    assert_eq!(state["orders"][id.to_string()]["status"], "INVOICED");
    assert_eq!((&state["effects"][0]["effect"], &state["calls"]), (&json!("invoiced"), &json!(1)));
}

#[test]
fn errors_can_be_shown_to_the_seller() {
    let mut a = anymarket();
    let mut body = json!({
        "partnerId": "E-1", "origin": "VAIVEM", "message": "Sem estoque", "type": "ALERT", "status": "PENDING",
        "createdAt": "2026-11-20T10:00:00-03:00",
    });
    assert_eq!(call(&mut a, "POST", "/v2/monitorings", &body).status, 200);
    body["type"] = json!("NONSENSE");
    assert_eq!(call(&mut a, "POST", "/v2/monitorings", &body).status, 422);
    let told = AnyEffect::Monitoring { partner_id: "E-1".into(), kind: "ALERT".into(), message: "Sem estoque".into() };
    assert_eq!(a.effects, [told]);
}

#[test]
fn the_marketplaces_bring_one_of_each() {
    let mut a = anymarket();
    marketplaces(&mut a);
    assert_eq!(a.orders.len(), 24);
    let ids: Vec<i64> = a.orders.keys().copied().collect();
    for id in ids {
        assert_eq!(read(&mut a, id)["id"], id);
    }
}
