//! Products, balances and the queue of changes (ECCOSYS 5, 6).

use super::*;

/// Physical and available, as `/estoques/CODE` tells them.
fn told(e: &mut Eccosys, code: &str) -> Value {
    let row = get(e, &format!("/estoques/{code}")).value()[0].clone();
    json!([row["estoqueReal"], row["estoqueDisponivel"]])
}

const QUEUE: &str = "/produtos/produtosComEstoqueAlterado";

/// The codes in the queue of changed stock.
fn queue(e: &mut Eccosys) -> Vec<String> {
    let rows = get(e, QUEUE).value();
    let rows = rows.as_array().into_iter().flatten();
    rows.map(|row| row["codigo"].as_str().unwrap_or_default().to_owned()).collect()
}

fn acknowledge(e: &mut Eccosys, code: &str) -> Answer {
    call(e, "PUT", QUEUE, &json!({"codigo": code, "opcEstoqueEcommerce": "N"}))
}

#[test]
fn every_living_order_reserves_until_its_stock_is_posted() {
    let mut e = erp();
    let mut unpaid = order("S-1");
    unpaid["situacao"] = json!(-1);
    call(&mut e, "POST", "/pedidos", &unpaid);
    assert_eq!(told(&mut e, "CAMISETA-P"), json!(["10.0000", 8.0]), "an unpaid one, too");
    post(&mut e, "S-2");
    e.cancel_order("S-1");
    assert_eq!(told(&mut e, "CAMISETA-P"), json!(["10.0000", 8.0]));
    e.release_to_picking("S-2");
    assert_eq!(told(&mut e, "CAMISETA-P"), json!(["10.0000", 8.0]));
    e.invoice("S-2", 8);
    assert_eq!(told(&mut e, "CAMISETA-P"), json!(["8.0000", 8.0]), "the units are out, and no longer reserved");
    e.settle_invoice("S-2", 6);
    assert_eq!(told(&mut e, "CAMISETA-P"), json!(["8.0000", 8.0]), "once");
    e.cancel_invoice("S-2");
    assert_eq!(told(&mut e, "CAMISETA-P"), json!(["10.0000", 8.0]));
    e.cancel_order("S-2");
    assert_eq!((e.physical("CAMISETA-P"), e.available("CAMISETA-P")), (10, 10));
}

#[test]
fn a_fulfilled_order_reserves_until_somebody_posts_its_stock() {
    let mut e = erp();
    let id = post(&mut e, "S-1");
    call(&mut e, "POST", &format!("/pedidos/{id}/situacao"), &json!({"situacao": 1, "historico": "Entregue"}));
    assert_eq!(told(&mut e, "CAMISETA-P"), json!(["10.0000", 8.0]));
}

#[test]
fn balances_come_in_any_type_and_below_zero() {
    let mut e = erp();
    e.count("CAMISETA-P", 1);
    post(&mut e, "S-1");
    assert_eq!(told(&mut e, "CAMISETA-P"), json!(["1.0000", -1.0]));
    e.settings.balances = Loose::Texts;
    assert_eq!(told(&mut e, "CAMISETA-P"), json!(["1.0000", "-1.0000"]));
    e.settings.balances = Loose::Numbers;
    assert_eq!(told(&mut e, "CAMISETA-P"), json!([1.0, -1.0]));
    assert_eq!(get(&mut e, "/estoques/NENHUM").status, 404);
}

#[test]
fn all_balances_come_page_by_page() {
    let mut e = erp();
    post(&mut e, "S-1");
    let page = get(&mut e, "/estoques?$offset=0&$count=1").value();
    assert_eq!((&page[0]["codigo"], &page[0]["estoqueDisponivel"]), (&json!("CAMISETA-P"), &json!(8.0)));
    assert_eq!(page.as_array().map(Vec::len), Some(1));
    assert_eq!(get(&mut e, "/estoques?$offset=1&$count=1").value()[0]["codigo"], "CANECA");
    assert_eq!(get(&mut e, "/estoques?$offset=2&$count=1").status, 404);
}

#[test]
fn stock_moves_in_out_and_to_a_balance() {
    let mut e = erp();
    e.products.get_mut("CANECA").expect("it is there").price = 2_990;
    let post = |e: &mut Eccosys, es: &str, quantity: Value, price: Value| {
        let body = json!({"codigo": "CANECA", "quantidade": quantity, "es": es, "obs": "x", "preco": price});
        error(&call(e, "POST", "/estoques/CANECA", &body))
    };
    assert_eq!((post(&mut e, "E", json!(3), json!(29.9)), e.physical("CANECA")), (String::new(), 8));
    assert_eq!((post(&mut e, "S", json!("2.00"), json!(29.9)), e.physical("CANECA")), (String::new(), 6));
    assert_eq!((post(&mut e, "B", json!(4), json!(29.9)), e.physical("CANECA")), (String::new(), 4));
    assert!(!post(&mut e, "X", json!(4), json!(29.9)).is_empty() && !post(&mut e, "E", json!(-4), json!(1)).is_empty());
    assert_eq!((e.products["CANECA"].price, e.effects.len()), (2_990, 3));
    e.settings.movement_clears_prices = false;
    post(&mut e, "E", json!(1), Value::Null);
    assert_eq!(e.products["CANECA"].price, 2_990);
    e.settings.movement_clears_prices = true;
    post(&mut e, "E", json!(1), Value::Null);
    assert_eq!(e.products["CANECA"].price, 0, "what is left out is lost");
    let unknown = json!({"codigo": "NENHUM", "quantidade": 1, "es": "E"});
    assert!(!error(&call(&mut e, "POST", "/estoques/NENHUM", &unknown)).is_empty());
}

#[test]
fn one_flag_a_product_serves_all_readers() {
    let mut e = erp();
    for code in ["CAMISETA-P", "CANECA"] {
        assert_eq!(acknowledge(&mut e, code).value()["result"]["success"][0]["codigo"], code);
    }
    assert_eq!(get(&mut e, QUEUE).status, 404, "nothing has changed");
    e.count("CANECA", 5);
    assert_eq!(get(&mut e, QUEUE).status, 404, "nor has it now");
    post(&mut e, "S-1");
    assert_eq!(queue(&mut e), ["CAMISETA-P"], "a reservation is a change");
    post(&mut e, "S-2");
    e.count("CANECA", 9);
    assert_eq!(queue(&mut e), ["CAMISETA-P", "CANECA"], "once each");
    acknowledge(&mut e, "CAMISETA-P");
    assert_eq!(queue(&mut e), ["CANECA"], "taken from everybody");
    e.cancel_order("S-1");
    assert_eq!(queue(&mut e), ["CAMISETA-P", "CANECA"]);
    let wrong = call(&mut e, "PUT", QUEUE, &json!({"codigo": "CANECA"})).value();
    assert_eq!(wrong["result"]["error"].as_array().map(Vec::len), Some(1));
    assert_eq!(e.effects.iter().filter(|effect| matches!(effect, EccEffect::Acknowledged { .. })).count(), 3);
}

#[test]
fn the_queue_of_changed_products_is_another() {
    let mut e = erp();
    let changed = "/produtos/produtosAlterados";
    assert_eq!(get(&mut e, changed).value().as_array().map(Vec::len), Some(2));
    call(&mut e, "PUT", changed, &json!([{"codigo": "CANECA", "produtoAlterado": "N"}]));
    assert_eq!(get(&mut e, changed).value()[0]["codigo"], "CAMISETA-P");
    assert_eq!(queue(&mut e).len(), 2, "which says nothing of stock");
}

#[test]
fn a_product_is_an_object_and_a_list_of_them_is_not() {
    let mut e = erp();
    let id = e.add_product("A/1 x", "Com barra", 3);
    e.products.get_mut("A/1 x").expect("it is there").gtin = "7891234567895".into();
    let by_code = get(&mut e, "/produtos/A%2F1%20x").value();
    assert_eq!((&by_code["id"], &by_code["_Estoque"]["estoqueDisponivel"]), (&json!(id.to_string()), &json!(3.0)));
    assert_eq!(get(&mut e, &format!("/produtos/{id}")).value(), by_code);
    assert_eq!(get(&mut e, "/produtos/gtin=7891234567895").value(), by_code);
    let several = get(&mut e, "/produtos/CANECA;A%2F1%20x;NENHUM").value();
    assert_eq!(several.as_array().map(Vec::len), Some(2));
    for none in ["/produtos/NENHUM", "/produtos/gtin=", "/produtos/A;B"] {
        assert_eq!(get(&mut e, none).status, 404, "{none}");
    }
    let twin = id.to_string();
    e.add_product(&twin, "Código como id", 1);
    assert_eq!(get(&mut e, &format!("/produtos/{id}")).value()["codigo"], "A/1 x", "an id comes first");
    e.settings.code_before_id = true;
    assert_eq!(get(&mut e, &format!("/produtos/{id}")).value()["codigo"], json!(twin));
}

#[test]
fn products_are_filtered_in_two_ways() {
    let mut e = erp();
    e.products.get_mut("CANECA").expect("it is there").is_active = false;
    let parent = e.products["CAMISETA-P"].id;
    e.add_product("CAMISETA-P-AZUL", "Variação", 1);
    let child = e.products.get_mut("CAMISETA-P-AZUL").expect("it is there");
    (child.parent, child.is_sold_online) = (parent, false);
    let codes = |e: &mut Eccosys, query: &str| -> Vec<String> {
        let list = get(e, &format!("/produtos{query}")).value();
        let rows = list.as_array().into_iter().flatten();
        rows.map(|row| row["codigo"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(codes(&mut e, "?$situacao=A&$opcEcommerce=S"), ["CAMISETA-P"]);
    assert_eq!(codes(&mut e, "?$filter=opcEcommerce%20eq%20S"), ["CAMISETA-P", "CANECA"]);
    assert_eq!(codes(&mut e, "?$filter=situacao=A"), ["CAMISETA-P", "CAMISETA-P-AZUL"]);
    assert_eq!(codes(&mut e, "/produtosPai"), ["CAMISETA-P", "CANECA"]);
    assert_eq!(get(&mut e, "/produtos?$offset=3").status, 404);
    e.add_product("BONE", "Boné", 1);
    assert_eq!(codes(&mut e, "?$count=2&$offset=2"), ["CAMISETA-P-AZUL", "BONE"], "the oldest first");
}
