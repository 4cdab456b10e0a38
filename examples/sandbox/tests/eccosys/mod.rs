//! Eccosys' promises: what opens it, how it answers, and what the wire does to a call.

mod invoices;
mod lookup;
mod orders;
mod shipping;
mod stock;

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::eccosys::*;
use crate::sandbox::{Answer, Fault, HookAction, Kind, Phase, RateLimit, Request, Sandbox};

fn erp() -> Eccosys {
    let mut e = Eccosys::new("http://127.0.0.1:0");
    e.add_product("CAMISETA-P", "Camiseta básica P", 10);
    e.add_product("CANECA", "Caneca de cerâmica", 5);
    e.add_carrier("Correios", "34028316000103");
    e
}

fn bearer() -> String {
    format!("Bearer {ECCOSYS_TOKEN}")
}

fn request(method: &str, path: &str) -> Request {
    Request::new(method, &format!("/api{path}")).with("authorization", &bearer())
}

fn call(e: &mut Eccosys, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    e.take(&Request { body, ..request(method, path) }).answer.expect("an answer")
}

fn get(e: &mut Eccosys, path: &str) -> Answer {
    call(e, "GET", path, &Value::Null)
}

/// An order of two shirts, with freight and a discount: 99.80 + 14.90 - 10.00.
fn order(store_number: &str) -> Value {
    json!({
        "data": "2026-11-20",
        "situacao": 0,
        "desconto": "10,00",
        "frete": 14.9,
        "totalProdutos": 99.8,
        "totalVenda": 104.7,
        "numeroDaOrdemDeCompra": store_number,
        "transportador": "Correios",
        "_Cliente": {"nome": "Ana Souza", "tipo": "F", "cnpj": "529.982.247-25", "email": "ana@example.com"},
        "_Itens": [{
            "descricao": "Camiseta", "quantidade": 2, "valor": 49.9, "_Produto": {"codigo": "CAMISETA-P"},
        }],
    })
}

/// Posts an order and gives its id.
fn post(e: &mut Eccosys, store_number: &str) -> i64 {
    let answer = call(e, "POST", "/pedidos", &order(store_number));
    answer.value()["success"][0]["id"].as_i64().unwrap_or_else(|| panic!("{}", answer.body))
}

/// The one order at this key.
fn read(e: &mut Eccosys, key: &str) -> Value {
    get(e, &format!("/pedidos/{key}")).value()[0].clone()
}

fn error(answer: &Answer) -> String {
    answer.value()["error"][0]["erro"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn three_ways_open_it_and_no_other() {
    let mut e = erp();
    let products = || Request::new("GET", "/api/produtos");
    let status = |e: &mut Eccosys, request: &Request| e.take(request).answer.expect("an answer").status;
    let signature = e.signature();
    let doors = [
        products().with("authorization", &bearer()),
        products().with("authorization", ECCOSYS_TOKEN),
        products().with("apikey", ECCOSYS_KEY).with("signature", &signature),
        products().with("x-access-token", ECCOSYS_USER_TOKEN),
    ];
    for door in &doors {
        assert_eq!(status(&mut e, door), 200, "{door:?}");
    }
    let walls = [
        products(),
        products().with("authorization", "Bearer another"),
        products().with("authorization", &format!("Basic {ECCOSYS_TOKEN}")),
        products().with("apikey", ECCOSYS_KEY).with("signature", &signature.to_uppercase()),
        products().with("signature", &signature),
        products().with("x-access-token", ECCOSYS_TOKEN),
    ];
    for wall in &walls {
        assert_eq!(status(&mut e, wall), 401, "{wall:?}");
    }
    (e.settings.accepts_bearer, e.settings.accepts_signature) = (false, false);
    assert_eq!(doors.each_ref().map(|door| status(&mut e, door)), [401, 200, 401, 200]);
    (e.settings.accepts_bearer, e.settings.accepts_raw) = (true, false);
    assert_eq!(doors.each_ref().map(|door| status(&mut e, door)), [200, 401, 401, 200]);
}

#[test]
fn a_signature_lasts_a_day_in_sao_paulo() {
    let mut e = erp();
    let signed = Request::new("GET", "/api/produtos").with("apikey", ECCOSYS_KEY).with("signature", &e.signature());
    let fifth = "2026-11-05".parse().expect("a day");
    // Of `sandbox-eccosys-secret:05-11-2026`, by another program.
    assert_eq!(signature_on(fifth), "bb04d82d5168cd4bc752cef92c4f0653");
    e.advance(Duration::from_secs(86_400));
    assert_eq!(e.take(&signed).answer.expect("an answer").status, 401);
}

#[test]
fn nothing_is_404_or_a_bare_text() {
    let mut e = erp();
    assert_eq!(get(&mut e, "/pedidos/numeroOC=none").status, 404);
    e.settings.nothing_is_404 = false;
    let answer = get(&mut e, "/pedidos/numeroOC=none");
    assert_eq!((answer.status, answer.value().is_string()), (200, true));
    assert_eq!(get(&mut e, "/pedidos/1").value(), answer.value());
}

#[test]
fn too_many_calls_a_minute_are_told_without_a_time() {
    let mut e = erp();
    e.rate_limit = Some(RateLimit::new(2, Duration::from_secs(60)));
    let answers: Vec<Answer> = (0..3).map(|_| get(&mut e, "/produtos?$count=1")).collect();
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200, 200, 429]);
    let says_when = |answer: &Answer| answer.headers.iter().any(|(name, _)| *name == "retry-after");
    assert!(!says_when(&answers[2]));
    e.settings.rate_retry_after = true;
    assert!(says_when(&get(&mut e, "/produtos?$count=1")));
    e.advance(Duration::from_secs(61));
    assert_eq!(get(&mut e, "/produtos?$count=1").status, 200);
}

/// One call over a real connection; all that comes back.
fn over_the_wire(sandbox: &Sandbox, method: &str, path: &str, body: &Value) -> String {
    use std::io::{Read, Write};
    let url = sandbox.eccosys_url();
    let address = url.trim_start_matches("http://").trim_end_matches("/api");
    let mut stream = std::net::TcpStream::connect(address).expect("connected");
    let body = body.to_string();
    let head =
        format!("{method} /api{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {}\r\n", bearer());
    stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).expect("sent");
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn faults_strike_it_as_they_strike_the_platforms() {
    let sandbox = Sandbox::start();
    sandbox.eccosys(|e| e.add_product("CAMISETA-P", "Camiseta", 10));
    let cases: [(Kind, &str, bool); 10] = [
        (Kind::too_many(7), "HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\n", false),
        (gateway_trouble(503), "HTTP/1.1 503 ", false),
        (gateway_trouble(502), "HTTP/1.1 502 ", false),
        (Kind::Html200, "HTTP/1.1 200 OK\r\ncontent-type: text/html", false),
        (Kind::Empty200, "HTTP/1.1 200 OK\r\n", false),
        (Kind::DropBeforeWrite, "", false),
        (Kind::TimeoutAfterWrite, "", true),
        (Kind::Truncated, "HTTP/1.1 200 OK\r\n", true),
        (Kind::Applied500, "HTTP/1.1 500 Internal Server Error\r\n", true),
        (Kind::SlowMs(5), "HTTP/1.1 200 OK\r\n", true),
    ];
    for (number, (kind, begins, applied)) in cases.into_iter().enumerate() {
        let sale = format!("S-{number}");
        sandbox.eccosys(|e| e.faults = vec![Fault::next(1, kind.clone()).on("POST", "/pedidos")]);
        let answer = over_the_wire(&sandbox, "POST", "/pedidos", &order(&sale));
        assert!(answer.starts_with(begins) && answer.is_empty() == begins.is_empty(), "{kind:?}: {answer}");
        assert_eq!(sandbox.eccosys(|e| e.find(&sale).len() == 1), applied, "{kind:?}");
        assert_eq!(sandbox.eccosys(|e| e.effects_of(&sale).len() == 1), applied, "{kind:?}");
        if begins.contains(" 50") && !applied {
            assert!(answer.contains("text/html") && answer.contains("\r\n\r\n<html>"), "as a page: {answer}");
        }
    }
    sandbox.vtex(|v| assert_eq!(v.total_calls, 0, "VTEX heard nothing of it"));
}

#[test]
fn a_hook_can_change_the_world_between_two_calls() {
    let mut e = erp();
    let id = post(&mut e, "S-1");
    e.on_call = Some(Box::new(|call, phase| match phase {
        Phase::BeforeEffect if call.path.ends_with("/situacao") => {
            HookAction::Meanwhile(Box::new(|e: &mut Eccosys| e.cancel_order("S-1")))
        }
        _ => HookAction::Go,
    }));
    let answer = call(&mut e, "POST", &format!("/pedidos/{id}/situacao"), &json!({"situacao": 3, "historico": "x"}));
    assert!(!error(&answer).is_empty(), "{answer:?}");
    assert_eq!((e.sale("S-1").situation, e.effects.len()), (2, 1));
    assert_eq!(e.calls_of("POST", "/situacao").len(), 1);
}

#[test]
fn the_people_inside_need_no_token() {
    let mut e = erp();
    post(&mut e, "S-1");
    let control =
        |e: &mut Eccosys, method: &str, path: &str| e.take(&Request::new(method, path)).answer.expect("an answer");
    for what in ["pay", "release", "pick", "invoice", "track", "collect", "dispatch", "deliver"] {
        assert_eq!(control(&mut e, "POST", &format!("/_sandbox/orders/S-1/{what}")).status, 204, "{what}");
    }
    assert_eq!(control(&mut e, "POST", "/_sandbox/orders/S-1/dance").status, 404);
    assert_eq!(control(&mut e, "POST", "/_sandbox/orders/S-2/pay").status, 404);
    let state = control(&mut e, "GET", "/_sandbox/state").value();
    let id = e.id_of("S-1").to_string();
    assert_eq!(
        (&state["orders"][&id]["situation"], &state["orders"][&id]["invoice"]["situation"]),
        (&json!(1), &json!(7))
    );
    assert_eq!((&state["effects"][0]["effect"], &state["calls"]), (&json!("created"), &json!(1)));
    assert_eq!(state["stock"][0], json!({"code": "CAMISETA-P", "physical": 8.0, "reserved": 0.0}));
}

#[test]
fn a_copy_goes_its_own_way() {
    let mut e = erp();
    post(&mut e, "S-1");
    e.advance(Duration::from_secs(3_600));
    let mut copy = e.copy_at("http://127.0.0.1:1");
    copy.cancel_order("S-1");
    let id = post(&mut copy, "S-2");
    assert_eq!((e.sale("S-1").situation, copy.sale("S-1").situation), (0, 2));
    assert_eq!((post(&mut e, "S-2"), copy.calls.len()), (id, 1));
    assert!(copy.now() - chrono::Utc::now() > chrono::TimeDelta::minutes(59), "its clock is the same");
}
