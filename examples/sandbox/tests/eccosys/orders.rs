//! Orders that come to be, change and end (ECCOSYS 2, 3).

use super::*;

#[test]
fn a_new_order_reads_back_in_loose_types() {
    let mut e = erp();
    let answer = call(&mut e, "POST", "/pedidos", &order("1172452900788-01")).value();
    assert_eq!(answer["error"], json!([]));
    let id = answer["success"][0]["id"].as_i64().expect("a number");
    let read = read(&mut e, &id.to_string());
    assert_eq!(read["id"], json!(id.to_string()), "a text, unlike where it was written");
    assert_eq!(read["numeroPedido"], answer["success"][0]["codigo"]);
    assert_eq!(
        (&read["situacao"], &read["totalVenda"], &read["frete"]),
        (&json!("0"), &json!("104.70"), &json!("14.90"))
    );
    assert_eq!(read["desconto"], "10,00", "as it is written in Brazil");
    assert_eq!((&read["data"], &read["dataFaturamento"]), (&json!("2026-11-20"), &json!("0000-00-00")));
    assert_eq!((&read["dataEntrega"], &read["idNotaFiscalRef"]), (&json!("0000-00-00 00:00:00"), &json!("0")));
    assert_eq!((&read["pickingRealizado"], &read["_Itens"]), (&json!("N"), &Value::Null));
    assert_eq!(e.effects, [EccEffect::Created { id, order: "1172452900788-01".into(), situation: 0, total: 10_470 }]);
    e.settings.read_ids_are_numbers = true;
    e.settings.one_in_array = false;
    let bare = get(&mut e, &format!("/pedidos/{id}")).value();
    assert_eq!((&bare["id"], &bare["situacao"]), (&json!(id), &json!(0)));
}

#[test]
fn lines_are_read_apart() {
    let mut e = erp();
    let id = post(&mut e, "S-1");
    let items = get(&mut e, &format!("/pedidos/{id}/items")).value();
    assert_eq!(items.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&items[0]["codigo"], &items[0]["quantidade"], &items[0]["valor"]),
        (&json!("CAMISETA-P"), &json!("2.0000"), &json!("49.90"))
    );
    assert_eq!(items[0]["idVenda"], json!(id.to_string()));
}

#[test]
fn nobody_stops_a_second_order_for_one_sale() {
    let mut e = erp();
    let first = post(&mut e, "S-1");
    let second = post(&mut e, "S-1");
    assert_ne!(first, second);
    assert_eq!(e.find("S-1").iter().map(|order| order.id).collect::<Vec<_>>(), [first, second]);
    assert_eq!(get(&mut e, "/pedidos/numeroOC=S-1").value().as_array().map(Vec::len), Some(2));
    assert_eq!((e.effects_of("S-1").len(), e.available("CAMISETA-P")), (2, 6), "and both hold their units");
}

#[test]
fn an_unknown_sku_is_refused_with_200_or_400() {
    let mut e = erp();
    let mut body = order("S-1");
    body["_Itens"][0]["_Produto"]["codigo"] = json!("NENHUM");
    let answer = call(&mut e, "POST", "/pedidos", &body);
    assert_eq!((answer.status, &answer.value()["success"]), (200, &json!([])));
    assert!(error(&answer).contains("NENHUM"), "{answer:?}");
    e.settings.refuses_with_200 = false;
    let answer = call(&mut e, "POST", "/pedidos", &body);
    assert_eq!(answer.status, 400);
    assert!(error(&answer).contains("NENHUM") && e.orders.is_empty() && e.effects.is_empty());
    e.settings.refuses_unknown_skus = false;
    assert_eq!(call(&mut e, "POST", "/pedidos", &body).status, 200);
    assert_eq!(e.sale("S-1").lines[0].product, 0);
}

#[test]
fn what_an_order_cannot_do_without() {
    let mut e = erp();
    let broken = [
        ("_Itens", json!([])),
        ("_Cliente", Value::Null),
        ("situacao", json!("D")),
        ("situacao", json!(7)),
        ("totalVenda", json!("caro")),
        ("dataPrevista", json!("20/11/2026")),
        ("_Itens", json!([{"quantidade": 0, "valor": 1, "codigo": "CANECA"}])),
    ];
    for (field, value) in broken {
        let mut body = order("S-1");
        body[field] = value.clone();
        let answer = call(&mut e, "POST", "/pedidos", &body);
        assert!(!error(&answer).is_empty(), "{field} {value}: {answer:?}");
    }
    assert_eq!(call(&mut e, "POST", "/pedidos", &json!("x")).status, 400);
    assert!(e.orders.is_empty());
}

#[test]
fn an_array_of_orders_is_taken_one_by_one() {
    let mut e = erp();
    let mut unknown = order("S-2");
    unknown["_Itens"][0]["_Produto"]["codigo"] = json!("NENHUM");
    let answer = call(&mut e, "POST", "/pedidos", &json!([order("S-1"), unknown, order("S-3")])).value();
    assert_eq!(answer["success"].as_array().map(Vec::len), Some(2));
    assert_eq!((&answer["error"][0]["codigo"], e.orders.len()), (&json!("S-2"), 2));
    e.settings.refuses_with_200 = false;
    let mut unknown = order("S-2");
    unknown["_Itens"][0]["_Produto"]["codigo"] = json!("NENHUM");
    let mixed = call(&mut e, "POST", "/pedidos", &json!([unknown, order("S-6")]));
    assert_eq!((mixed.status, e.find("S-6").len()), (200, 1), "not refused whole");
    e.settings.creates_under_result = true;
    let answer = call(&mut e, "POST", "/pedidos", &order("S-4")).value();
    assert!(answer["success"].is_null() && answer["result"]["success"][0]["id"].is_number(), "{answer}");
    e.settings.written_ids_are_numbers = false;
    let answer = call(&mut e, "POST", "/pedidos", &order("S-5")).value();
    assert!(answer["result"]["success"][0]["id"].is_string());
}

#[test]
fn a_number_of_the_callers_own_is_cut() {
    let mut e = erp();
    let long = |number: &str| {
        let mut body = order(number);
        body["numeroPedido"] = json!(number);
        body
    };
    call(&mut e, "POST", "/pedidos", &long("1172452900788-01"));
    call(&mut e, "POST", "/pedidos", &long("1172452900788-02"));
    let numbers: Vec<&str> = e.orders.values().map(|order| order.number.as_str()).collect();
    assert_eq!(numbers, ["1172452900", "1172452900"], "they collide");
    assert_eq!(e.find("1172452900788-02").len(), 1, "the shop's number is whole");
}

#[test]
fn a_situation_is_changed_and_told() {
    let mut e = erp();
    let mut body = order("S-1");
    body["situacao"] = json!(-1);
    let id = call(&mut e, "POST", "/pedidos", &body).value()["success"][0]["id"].as_i64().expect("an id");
    let path = format!("/pedidos/{id}/situacao");
    let paid = json!({"situacao": 0, "historico": "Confirmacao de pagamento"});
    let answer = call(&mut e, "POST", &path, &paid);
    assert!(answer.value()["success"][0].is_string(), "a plain text: {answer:?}");
    let read = read(&mut e, &id.to_string());
    assert_eq!((&read["situacao"], &read["situacaoDescricao"]), (&json!("0"), &json!("Confirmacao de pagamento")));
    assert_eq!(read["_Ocorrencias"][1]["codigoSituacao"], "0");
    let told =
        EccEffect::Situation { id, order: "S-1".into(), from: -1, to: 0, history: "Confirmacao de pagamento".into() };
    assert_eq!(e.effects.last(), Some(&told));
    e.settings.situation_in_words = false;
    assert_eq!(call(&mut e, "POST", &path, &paid).value()["success"][0]["id"], json!(id));
    for unknown in [json!({"situacao": "D"}), json!({"situacao": 9}), json!({})] {
        assert!(!error(&call(&mut e, "POST", &path, &unknown)).is_empty(), "{unknown}");
    }
    assert_eq!(call(&mut e, "POST", "/pedidos/1/situacao", &paid).status, 404);
}

#[test]
fn a_cancelled_order_stays_so() {
    let mut e = erp();
    let id = post(&mut e, "S-1");
    let go = |e: &mut Eccosys, code: i64| {
        error(&call(e, "POST", &format!("/pedidos/{id}/situacao"), &json!({"situacao": code, "historico": ""})))
    };
    assert_eq!(go(&mut e, 2), "");
    assert!(!go(&mut e, 2).is_empty() && !go(&mut e, 0).is_empty());
    assert_eq!((e.sale("S-1").situation, e.effects.len()), (2, 2));
    e.settings.refuses_with_200 = false;
    let again = call(&mut e, "POST", &format!("/pedidos/{id}/situacao"), &json!({"situacao": 2}));
    assert_eq!(again.status, 400);
    e.settings.reopens_cancelled = true;
    assert_eq!((go(&mut e, 0), e.available("CAMISETA-P")), (String::new(), 8));
}

#[test]
fn an_invoiced_order_is_not_cancelled_by_itself() {
    let mut e = erp();
    let id = post(&mut e, "S-1");
    e.invoice("S-1", 8);
    let cancel = |e: &mut Eccosys| {
        error(&call(e, "POST", &format!("/pedidos/{id}/situacao"), &json!({"situacao": 2, "historico": ""})))
    };
    assert!(!cancel(&mut e).is_empty());
    assert_eq!(e.sale("S-1").situation, 1);
    e.cancel_invoice("S-1");
    assert_eq!((cancel(&mut e), e.sale("S-1").situation), (String::new(), 2));
    post(&mut e, "S-2");
    e.invoice("S-2", 9);
    e.settings.cancels_invoiced = true;
    let answer = call(&mut e, "PUT", "/pedidos", &json!({"numeroDaOrdemDeCompra": "S-2", "situacao": 2}));
    assert_eq!((error(&answer), e.sale("S-2").situation), (String::new(), 2));
}

#[test]
fn only_given_fields_change() {
    let mut e = erp();
    let id = post(&mut e, "S-1");
    let number = e.order(id).number.clone();
    call(&mut e, "PUT", "/pedidos", &json!({"numeroPedido": number, "observacoes": "Portão azul"}));
    let change = json!({"numeroPedido": number, "observacoes": "Outro texto", "codigoRastreamento": "BR1", "magia": 1});
    let answer = call(&mut e, "PUT", "/pedidos", &change).value();
    assert_eq!(answer["result"]["success"][0]["codigo"], json!(number), "under `result`: {answer}");
    let now = read(&mut e, &id.to_string());
    assert_eq!((&now["observacoes"], &now["totalVenda"]), (&json!("Outro texto"), &json!("104.70")), "replaced");
    assert_ne!(now["dataCodigoRastreamento"], "0000-00-00 00:00:00");
    let Some(EccEffect::Changed { fields, .. }) = e.effects.last() else { panic!("{:?}", e.effects) };
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["codigoRastreamento", "observacoes"]);
    let by_store = json!([{"numeroDaOrdemDeCompra": "S-1", "pickingRealizado": "A"}, {"numeroPedido": "1"}]);
    let answer = call(&mut e, "PUT", "/pedidos", &by_store).value();
    assert_eq!(answer["result"]["success"].as_array().map(Vec::len), Some(1));
    assert_eq!(answer["result"]["error"].as_array().map(Vec::len), Some(1));
    assert_eq!(read(&mut e, &id.to_string())["pickingRealizado"], "A");
}

#[test]
fn whether_the_day_of_payment_can_be_written_is_open() {
    let mut e = erp();
    let id = post(&mut e, "S-1");
    let pay = json!({"numeroDaOrdemDeCompra": "S-1", "dataPagamento": "2026-11-21"});
    e.settings.takes_payment_date = false;
    call(&mut e, "PUT", "/pedidos", &pay);
    assert_eq!(read(&mut e, &id.to_string())["dataPagamento"], "0000-00-00");
    e.settings.takes_payment_date = true;
    call(&mut e, "PUT", "/pedidos", &pay);
    assert_eq!(read(&mut e, &id.to_string())["dataPagamento"], "2026-11-21");
}

#[test]
fn a_refused_change_changes_nothing() {
    let mut e = erp();
    let id = post(&mut e, "S-1");
    for bad in [json!({"dataEntrega": "amanhã"}), json!({"frete": "x"}), json!({"situacao": "D"})] {
        let mut body = json!({"numeroDaOrdemDeCompra": "S-1", "observacoes": "x"});
        body.as_object_mut().expect("an object").extend(bad.as_object().expect("an object").clone());
        let answer = call(&mut e, "PUT", "/pedidos", &body).value();
        assert_eq!(answer["result"]["error"].as_array().map(Vec::len), Some(1), "{body}");
    }
    assert_eq!((read(&mut e, &id.to_string())["observacoes"].clone(), e.effects.len()), (json!(""), 1));
}

#[test]
fn a_customer_is_matched_by_document() {
    let mut e = erp();
    post(&mut e, "S-1");
    let mut again = order("S-2");
    again["_Cliente"] = json!({"nome": "Ana S.", "cnpj": "52998224725"});
    call(&mut e, "POST", "/pedidos", &again);
    let contact = e.sale("S-2").contact;
    assert_eq!(e.sale("S-1").contact, contact);
    let read = get(&mut e, &format!("/clientes/{contact}")).value();
    assert_eq!((&read[0]["nome"], &read[0]["cnpj"]), (&json!("Ana S."), &json!("52998224725")));
    assert_eq!(read[0]["email"], "ana@example.com", "what is not sent stays");
    assert_eq!(get(&mut e, "/clientes").value().as_array().map(Vec::len), Some(1));
}

#[test]
fn a_connector_of_the_erp_makes_a_double() {
    let mut e = erp();
    post(&mut e, "S-1");
    e.native_connector_imports("S-1", &[("CAMISETA-P", 4_990, 2)]);
    let natives: Vec<bool> = e.find("S-1").iter().map(|order| order.is_native).collect();
    assert_eq!((natives, e.effects.len()), (vec![false, true], 1), "nobody called for it");
    assert_eq!(e.find("S-1")[1].total(), 9_980);
}

#[test]
fn money_is_read_as_it_is_written() {
    let mut e = erp();
    let discounts = [
        (json!("1.234,56"), "1.234,56"),
        (json!("1234.56"), "1.234,56"),
        (json!(1_234_567.5), "1.234.567,50"),
        (json!(0), "0,00"),
        (json!("0,005"), "0,01"),
        (json!("-3,20"), "-3,20"),
    ];
    for (number, (sent, told)) in discounts.into_iter().enumerate() {
        let mut body = order(&format!("S-{number}"));
        body["desconto"] = sent.clone();
        let id = call(&mut e, "POST", "/pedidos", &body).value()["success"][0]["id"].to_string();
        assert_eq!(read(&mut e, &id)["desconto"], told, "{sent}");
    }
}

#[test]
fn parcels_carrier_and_address_come_back_as_they_were_sent() {
    let mut e = erp();
    let mut body = order("S-1");
    let parts = [
        ("_Parcelas", json!([{"valor": 104.7, "dataVencimento": "2026-11-30", "codigoFormaPagamento": 15}])),
        ("_Transportadora", json!({"nome": "Correios"})),
        ("_OutroEndereco", json!({"nome": "Bia", "endereco": "Rua A", "cep": "01310100"})),
    ];
    for (part, value) in &parts {
        body[*part] = value.clone();
    }
    body["opcEnderecoDiferente"] = json!("S");
    call(&mut e, "POST", "/pedidos", &body);
    let id = e.id_of("S-1").to_string();
    for (part, value) in &parts {
        assert_eq!(&read(&mut e, &id)[*part], value);
    }
    (body["opcEnderecoDiferente"], body["numeroDaOrdemDeCompra"]) = (json!("N"), json!("S-2"));
    call(&mut e, "POST", "/pedidos", &body);
    assert!(e.sale("S-2").delivery_address.is_none(), "only when it differs");
}
