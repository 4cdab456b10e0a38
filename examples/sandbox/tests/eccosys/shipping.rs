//! Tracking, collection orders, deliveries (ECCOSYS 9).

use chrono::TimeDelta;

use super::*;

/// A call of a named user.
fn as_user(e: &mut Eccosys, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::new(method, &format!("/api{path}")).with("x-access-token", ECCOSYS_USER_TOKEN);
    e.take(&Request { body, ..request }).answer.expect("an answer")
}

/// Two invoiced orders, 1 and 2.
fn invoiced() -> Eccosys {
    let mut e = erp();
    for (sale, number) in [("S-1", 1), ("S-2", 2)] {
        post(&mut e, sale);
        e.invoice(sale, number);
    }
    e
}

#[test]
fn tracking_is_an_object_that_fills_up() {
    let mut e = invoiced();
    let path = format!("/pedidos/{}/rastreamento", e.id_of("S-1"));
    let empty = get(&mut e, &path).value();
    assert_eq!(
        (&empty["rastreio"], &empty["urlRastreio"], &empty["numeroColeta"]),
        (&json!(""), &json!(""), &json!(""))
    );
    e.track("S-1", "BR1", "https://rastreio.example/BR1", "Correios");
    let collection = e.collection_order(&["S-1"]);
    let whole = json!({
        "urlRastreio": "https://rastreio.example/BR1",
        "rastreio": "BR1",
        "transportador": "Correios",
        "numeroColeta": e.collections[&collection].number.to_string(),
        "numeroDaOrdemDeCompra": "S-1",
    });
    assert_eq!(get(&mut e, &path).value(), whole);
    assert_eq!(get(&mut e, "/pedidos/1/rastreamento").status, 404);
}

#[test]
fn a_carrier_is_a_contact() {
    let mut e = erp();
    let id = post(&mut e, "S-1");
    let carrier = get(&mut e, &format!("/pedidos/{id}/transportadora")).value();
    assert_eq!((&carrier["nome"], &carrier["cnpj"]), (&json!("Correios"), &json!("34028316000103")));
    assert_eq!(get(&mut e, "/transportadoras").value()[0]["_FormasDeEnvio"][0]["ativa"], "S");
    let mut own = order("S-2");
    (own["transportador"], own["_Transportadora"]) = (Value::Null, json!({"nome": "Própria", "cnpj": "1"}));
    call(&mut e, "POST", "/pedidos", &own);
    let id = e.id_of("S-2");
    assert_eq!(get(&mut e, &format!("/pedidos/{id}/transportadora")).value()["cnpj"], "1");
    e.order_mut(id).set("transportador", "Outra");
    assert_eq!(get(&mut e, &format!("/pedidos/{id}/transportadora")).status, 404);
}

#[test]
fn a_collection_order_is_written_by_a_named_user() {
    let mut e = invoiced();
    let new = json!({"transportador": "Correios", "_NotasFiscais": [1], "data": "2026-11-20"});
    assert_eq!(call(&mut e, "POST", "/ordem-de-coleta", &new).status, 401);
    let answer = as_user(&mut e, "POST", "/ordem-de-coleta", &new).value();
    let digits: String = answer.as_str().expect("a text").chars().filter(char::is_ascii_digit).collect();
    let read = get(&mut e, &format!("/ordem-de-coleta/{digits}")).value();
    assert_eq!((&read["situacao"], &read["data"]), (&json!("0"), &json!("2026-11-20")));
    assert_eq!(read["_NotasFiscais"][0]["numeroDaOrdemDeCompra"], "S-1");
    let number = read["numeroColeta"].as_str().expect("a text");
    assert_eq!(get(&mut e, &format!("/ordem-de-coleta/numero={number}")).value(), read);
    let invoices: Vec<i64> = e.invoices.keys().copied().collect();
    assert_eq!(as_user(&mut e, "PUT", &format!("/ordem-de-coleta/{digits}"), &json!(invoices)).status, 200);
    assert_eq!(e.collections.values().next().map(|one| one.invoices.len()), Some(2));
    e.settings.collections_need_user = false;
    assert_eq!(call(&mut e, "POST", &format!("/ordem-de-coleta/{digits}/coletada"), &Value::Null).status, 200);
    let id = digits.parse().expect("a number");
    assert_eq!(
        e.effects[2..],
        [
            EccEffect::CollectionCreated { collection: id, invoices: invoices[..1].to_vec() },
            EccEffect::CollectionChanged { collection: id, invoices },
            EccEffect::Collected { collection: id },
        ]
    );
    e.settings.collection_in_array = true;
    assert!(get(&mut e, &format!("/ordem-de-coleta/{digits}")).value().is_array());
}

#[test]
fn a_collection_order_is_of_one_carrier_and_an_invoice_in_one() {
    let mut e = invoiced();
    let other = e.id_of("S-2");
    e.order_mut(other).set("transportador", "Outra");
    let create = |e: &mut Eccosys, numbers: Value| {
        let body = json!({"transportador": "Correios", "_NotasFiscais": numbers, "data": "2026-11-20"});
        error(&as_user(e, "POST", "/ordem-de-coleta", &body))
    };
    for wrong in [json!([1, 2]), json!([9]), json!([])] {
        assert!(!create(&mut e, wrong.clone()).is_empty(), "{wrong}");
    }
    assert_eq!(create(&mut e, json!(["1"])), "");
    assert!(!create(&mut e, json!([1])).is_empty(), "it has one");
    assert_eq!(e.collections.len(), 1);
}

#[test]
fn collected_moves_no_order_unless_it_does() {
    let mut e = invoiced();
    let first = e.collection_order(&["S-1"]);
    e.collect(first);
    let sent = |e: &mut Eccosys, sale: &str| {
        let id = e.id_of(sale).to_string();
        let order = read(e, &id);
        json!([order["situacaoSecundaria"], order["pedidoColetado"]])
    };
    assert_eq!(sent(&mut e, "S-1"), json!(["0", false]));
    e.settings.collected_marks_orders = true;
    let second = e.collection_order(&["S-2"]);
    e.collect(second);
    assert_eq!(sent(&mut e, "S-2"), json!(["8", true]));
    let count =
        |e: &mut Eccosys, query: &str| get(e, &format!("/ordem-de-coleta?{query}")).value().as_array().map(Vec::len);
    assert_eq!((count(&mut e, "situacao=1,2&$count=50"), count(&mut e, "situacao=0")), (Some(2), None));
    assert_eq!((count(&mut e, "q_transportadora=Corr"), count(&mut e, "q_transportadora=X")), (Some(2), None));
    let newest = get(&mut e, "/ordem-de-coleta?$order=DESC&$count=1").value();
    assert_eq!(newest[0]["id"], json!(second.to_string()));
}

#[test]
fn sent_and_delivered_are_dates() {
    let mut e = invoiced();
    let id = e.id_of("S-1").to_string();
    e.dispatch("S-1");
    let order = read(&mut e, &id);
    assert_eq!(order["situacaoSecundaria"], "8");
    assert_ne!(order["dataEnvioLogistica"], "0000-00-00 00:00:00");
    e.deliver("S-1", e.now() + TimeDelta::days(3));
    assert_eq!(read(&mut e, &id)["rastreamentoConcluido"], "N", "a forecast");
    let when = "2026-11-21T02:30:00Z".parse().expect("a date");
    e.deliver("S-1", when);
    assert_eq!(read(&mut e, &id)["dataEntrega"], "2026-11-20 23:30:00", "in São Paulo");
    assert_eq!(read(&mut e, &id)["rastreamentoConcluido"], if when <= e.now() { "S" } else { "N" });
    e.settings.delivery_has_time = false;
    assert_eq!(read(&mut e, &id)["dataEntrega"], "2026-11-20");
}

#[test]
fn callers_write_tracking_and_delivery_through_the_order() {
    let mut e = invoiced();
    let number = e.sale("S-1").number.clone();
    let track = json!({"numeroPedido": number, "codigoRastreamento": "BR1", "transportador": "Jadlog"});
    call(&mut e, "PUT", "/pedidos", &track);
    call(&mut e, "PUT", "/pedidos", &json!([{"numeroPedido": number, "dataEntrega": "2026-11-20"}]));
    let id = e.id_of("S-1").to_string();
    let order = read(&mut e, &id);
    assert_eq!((&order["codigoRastreamento"], &order["transportador"]), (&json!("BR1"), &json!("Jadlog")));
    assert_eq!(order["dataEntrega"], "2026-11-20 00:00:00");
    call(&mut e, "PUT", "/pedidos", &json!({"numeroPedido": number, "dataEntrega": "0000-00-00"}));
    assert_eq!(e.sale("S-1").text("dataEntrega"), "", "a null date takes it back");
}

#[test]
fn the_warehouse_confirms() {
    let mut e = erp();
    let id = post(&mut e, "S-1");
    assert_eq!(call(&mut e, "PUT", &format!("/pedidos/{id}/picking/envioLogistica"), &Value::Null).status, 200);
    let packed = json!({"pesoBruto": 1.25, "quantidadeDeVolumes": 2});
    call(&mut e, "PUT", &format!("/pedidos/{id}/picking/confirmacaoLogistica"), &packed);
    let order = read(&mut e, &id.to_string());
    assert_eq!((&order["syncLogistica"], &order["confirmacaoLogistica"]), (&json!("S"), &json!("S")));
    assert_eq!((&order["pesoBruto"], &order["qtdVolumes"], e.effects.len()), (&json!("1.25"), &json!("2"), 3));
}
