//! Invoices (ECCOSYS 8).

use super::*;

/// The invoice an order points to.
fn of_order(e: &mut Eccosys, store_number: &str) -> Value {
    let id = e.id_of(store_number);
    let invoice = read(e, &id.to_string())["idNotaFiscalRef"].as_str().expect("a text").to_owned();
    get(e, &format!("/nfes/{invoice}")).value()[0].clone()
}

#[test]
fn an_invoice_turns_the_order_and_is_read_by_id() {
    let mut e = erp();
    let id = post(&mut e, "S-1");
    e.release_to_picking("S-1");
    e.pick("S-1");
    assert_eq!(read(&mut e, &id.to_string())["pickingRealizado"], "A");
    let key = e.invoice("S-1", 8);
    let order = read(&mut e, &id.to_string());
    assert_eq!((&order["situacao"], &order["numeroNotaFiscal"]), (&json!("1"), &json!("000008")));
    assert_ne!(order["dataFaturamento"], "0000-00-00");
    let invoice = of_order(&mut e, "S-1");
    assert_eq!((&invoice["numero"], &invoice["serie"]), (&json!("000008"), &json!("1")));
    assert_eq!((&invoice["situacao"], &invoice["chave_acesso"]), (&json!("7"), &json!(key)));
    assert_eq!((&invoice["valorNota"], &invoice["desconto"]), (&json!("104.70"), &json!("10,00")));
    assert_eq!(invoice["idOrigem"], json!(id.to_string()));
    e.settings.authorised = 6;
    post(&mut e, "S-2");
    e.invoice("S-2", 9);
    assert_eq!(of_order(&mut e, "S-2")["situacao"], "6");
}

#[test]
fn its_file_is_whole_and_of_this_order() {
    let mut e = erp();
    post(&mut e, "S-1");
    let key = e.invoice("S-1", 8);
    let invoice = of_order(&mut e, "S-1");
    let xml = invoice["xml_nfe_completo"].as_str().expect("a text");
    let document = roxmltree::Document::parse(xml).expect("well formed");
    let text = |name: &str| {
        let node = document.descendants().find(|node| node.tag_name().name() == name);
        node.and_then(|node| node.text()).unwrap_or_default().to_owned()
    };
    assert_eq!(document.root_element().tag_name().name(), "nfeProc");
    assert_eq!((text("chNFe"), text("cStat"), text("nNF")), (key, "100".into(), "8".into()));
    assert_eq!((text("CPF"), text("vNF"), text("vDesc")), ("52998224725".into(), "104.70".into(), "10.00".into()));
    assert_eq!((text("cProd"), text("xPed")), ("CAMISETA-P".into(), "S-1".into()));
    let part = |field: &str| invoice[field].as_str().unwrap_or_default().to_owned();
    assert!(part("xml_nfe").starts_with("<NFe>") && part("xml_prot_nfe").starts_with("<protNFe"));
}

#[test]
fn a_total_that_does_not_add_up_is_still_the_orders() {
    let mut e = erp();
    for (number, total) in [("S-1", "120.00"), ("S-2", "90.00")] {
        let mut body = order(number);
        body["totalVenda"] = json!(total);
        call(&mut e, "POST", "/pedidos", &body);
        e.invoice(number, e.orders.len() as u32);
        assert_eq!(of_order(&mut e, number)["valorNota"], total);
    }
}

#[test]
fn only_an_authorised_one_counts() {
    let mut e = erp();
    let id = post(&mut e, "S-1");
    assert_eq!(e.invoice_in("S-1", 8, 1), "", "no key yet");
    assert_eq!(of_order(&mut e, "S-1")["chave_acesso"], "");
    for situation in [2, 4, 5, 8, 9, 10] {
        e.settle_invoice("S-1", situation);
        let invoice = of_order(&mut e, "S-1");
        assert_eq!((&invoice["situacao"], &invoice["xml_nfe_completo"]), (&json!(situation.to_string()), &json!("")));
        assert_eq!((e.sale("S-1").situation, e.sale("S-1").stock_posted), (0, false), "{situation}");
        assert_eq!(get(&mut e, "/xml-nfes/8?$tipo=S&$serie=1").status, 404);
    }
    e.settle_invoice("S-1", 6);
    assert_eq!((read(&mut e, &id.to_string())["situacao"].clone(), e.physical("CAMISETA-P")), (json!("1"), 8));
}

#[test]
fn a_number_finds_it_too_and_so_its_file() {
    let mut e = erp();
    post(&mut e, "S-1");
    e.invoice("S-1", 8);
    let by_number = get(&mut e, "/nfes/8?$serie=1&$tipoNota=S&$idUnidadeNegocio=0").value();
    assert_eq!(by_number[0], of_order(&mut e, "S-1"));
    for none in ["/nfes/8", "/nfes/8?$serie=2", "/nfes/8?$tipoNota=E", "/xml-nfes/9", "/xml-nfes/8?$serie=2"] {
        assert_eq!(get(&mut e, none).status, 404, "{none}");
    }
    let xmls = get(&mut e, "/xml-nfes/8?$tipo=S&$serie=1").value();
    assert_eq!(xmls["xmls"][0], by_number[0]["xml_nfe_completo"]);
}

#[test]
fn invoices_are_listed() {
    let mut e = erp();
    for number in 1..=3 {
        post(&mut e, &format!("S-{number}"));
        e.invoice_in(&format!("S-{number}"), number, if number == 2 { 5 } else { 7 });
    }
    let today = (e.now() - chrono::TimeDelta::hours(3)).date_naive();
    let count = |e: &mut Eccosys, query: &str| get(e, &format!("/nfes?{query}")).value().as_array().map(Vec::len);
    assert_eq!(count(&mut e, &format!("$fromDate={today}&$toDate={today}&$situacao=7&$tipoNota=S")), Some(2));
    assert_eq!(count(&mut e, "$offset=2&$count=2"), Some(1));
    assert_eq!(count(&mut e, "$toDate=2020-01-01"), None);
}

#[test]
fn a_cancelled_invoice_keeps_its_file_and_has_another() {
    let mut e = erp();
    post(&mut e, "S-1");
    let key = e.invoice("S-1", 8);
    e.cancel_invoice("S-1");
    let invoice = of_order(&mut e, "S-1");
    assert_eq!((&invoice["situacao"], &invoice["chave_acesso"]), (&json!("3"), &json!(key)));
    assert!(invoice["xml_nfe_completo"].as_str().is_some_and(|xml| xml.contains("<cStat>100</cStat>")));
    let cancellation = invoice["xml_cancelamento_completo"].as_str().expect("a text");
    assert!(cancellation.contains("procEventoNFe") && cancellation.contains(&key));
    assert_eq!(e.sale("S-1").situation, 1, "the order is another matter");
}
