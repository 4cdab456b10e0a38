//! Orders found and listed (ECCOSYS 1.3, 2.1).

use super::*;

/// The shop's numbers of the orders in an answer.
fn numbers(answer: &Answer) -> Vec<String> {
    let value = answer.value();
    let orders = value.as_array().into_iter().flatten();
    orders.map(|order| order["numeroDaOrdemDeCompra"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_sale_is_found_by_its_number() {
    let mut e = erp();
    post(&mut e, "v 1/9-01");
    assert_eq!(numbers(&get(&mut e, "/pedidos/numeroOC=v%201%2F9-01")), ["v 1/9-01"]);
    assert_eq!(get(&mut e, "/pedidos/numeroOC=v%201").status, 404);
    assert_eq!(get(&mut e, "/pedidos/numeroOC%3Dv%201%2F9-01").status, 404, "the equals sign stays");
    e.settings.takes_encoded_equals = true;
    assert_eq!(get(&mut e, "/pedidos/numeroOC%3Dv%201%2F9-01").status, 200);
    post(&mut e, "v 1/9-011");
    assert_eq!(numbers(&get(&mut e, "/pedidos/numeroOC=v%201%2F9-01")).len(), 1);
    e.settings.order_search_is_loose = true;
    assert_eq!(numbers(&get(&mut e, "/pedidos/numeroOC=v%201%2F9-01")).len(), 2);
}

#[test]
fn an_id_can_be_another_orders_number() {
    let mut e = erp();
    let first = post(&mut e, "S-1");
    e.number_next(first);
    let second = post(&mut e, "S-2");
    assert_eq!(e.order(second).number, first.to_string());
    let key = first.to_string();
    assert_eq!(read(&mut e, &key)["numeroDaOrdemDeCompra"], "S-1", "an id comes first");
    assert_eq!(get(&mut e, &format!("/pedidos/{key}/items")).value()[0]["idVenda"], json!(key));
    call(&mut e, "POST", &format!("/pedidos/{key}/situacao"), &json!({"situacao": 3, "historico": ""}));
    assert_eq!((e.sale("S-1").situation, e.sale("S-2").situation), (3, 0));
    call(&mut e, "PUT", "/pedidos", &json!({"numeroPedido": key, "observacoes": "x"}));
    assert_eq!(e.sale("S-2").text("observacoes"), "x", "a change names a number");
    e.settings.number_before_id = true;
    assert_eq!(read(&mut e, &key)["numeroDaOrdemDeCompra"], "S-2");
}

#[test]
fn numbers_become_ids_by_themselves() {
    let mut e = erp();
    let ids: Vec<i64> = ["S-1", "S-2", "S-3"].map(|number| post(&mut e, number)).to_vec();
    assert_eq!(e.order(ids[0]).number, ids[2].to_string());
    let number = e.order(ids[1]).number.clone();
    assert_eq!(read(&mut e, &number)["numeroDaOrdemDeCompra"], "S-2", "as long as no id is like it");
}

#[test]
fn a_list_ends_with_a_short_page_and_then_404() {
    let mut e = erp();
    for number in 1..=5 {
        post(&mut e, &format!("S-{number}"));
    }
    let page = |e: &mut Eccosys, offset: u32| get(e, &format!("/pedidos?%24offset={offset}&$count=2"));
    assert_eq!(numbers(&page(&mut e, 0)), ["S-1", "S-2"]);
    assert_eq!(numbers(&page(&mut e, 4)), ["S-5"]);
    assert_eq!(page(&mut e, 6).status, 404);
    e.settings.list_end_is_nothing = false;
    assert_eq!((page(&mut e, 6).status, page(&mut e, 6).value()), (200, json!([])));
    assert_eq!(get(&mut e, "/pedidos?$count=x").status, 400);
    e.settings.default_count = 3;
    assert_eq!(numbers(&get(&mut e, "/pedidos")).len(), 3);
}

#[test]
fn windows_are_of_whole_days() {
    let mut e = erp();
    for (number, day) in [("S-1", "2026-11-19"), ("S-2", "2026-11-20"), ("S-3", "2026-11-21")] {
        let mut body = order(number);
        body["data"] = json!(day);
        call(&mut e, "POST", "/pedidos", &body);
    }
    let window = "/pedidos?$fromDate=2026-11-19&$toDate=2026-11-20&$dataConsiderada=data";
    assert_eq!(numbers(&get(&mut e, window)), ["S-1", "S-2"], "both days");
    let by_day = |order: &str| format!("/pedidos?$fromDate=2026-11-20&$orderBy=data,{order}");
    assert_eq!(numbers(&get(&mut e, &by_day("DESC"))), ["S-3", "S-2"]);
    assert_eq!(numbers(&get(&mut e, &by_day("ASC"))), ["S-2", "S-3"]);
    assert_eq!(get(&mut e, "/pedidos?$fromDate=2026-11-20T10:00:00").status, 400, "no time of day");
    assert_eq!(get(&mut e, "/pedidos?$dataConsiderada=dataAlteracao").status, 400);
}

#[test]
fn invoiced_orders_are_listed_by_the_day_of_it() {
    let mut e = erp();
    post(&mut e, "S-1");
    post(&mut e, "S-2");
    e.invoice("S-2", 8);
    let today = (e.now() - chrono::TimeDelta::hours(3)).date_naive();
    let list = format!("/pedidos?$fromDate={today}&$toDate={today}&$dataConsiderada=dataFaturamento");
    assert_eq!(numbers(&get(&mut e, &list)), ["S-2"], "what is not invoiced has no such day");
}

#[test]
fn orders_are_listed_by_situation_and_by_document() {
    let mut e = erp();
    let mut unpaid = order("S-1");
    unpaid["situacao"] = json!("-1");
    unpaid["_Cliente"] = json!({"nome": "Bia", "cnpj": "11144477735"});
    call(&mut e, "POST", "/pedidos", &unpaid);
    post(&mut e, "S-2");
    assert_eq!(numbers(&get(&mut e, "/pedidos/situacao/-1?$count=10&$orderBy=data,ASC")), ["S-1"]);
    assert_eq!(numbers(&get(&mut e, "/pedidos/situacao/0")), ["S-2"]);
    assert_eq!(get(&mut e, "/pedidos/situacao/0?$toDate=2026-11-19").status, 404, "within the same window");
    assert_eq!(get(&mut e, "/pedidos/situacao/2").status, 404);
    assert_eq!(numbers(&get(&mut e, "/pedidos/documento/11144477735?$count=10&$offset=0")), ["S-1"]);
    assert_eq!(get(&mut e, "/pedidos/documento/999").status, 404);
}
