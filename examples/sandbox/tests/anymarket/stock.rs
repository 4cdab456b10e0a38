//! Stock: written, read, held and sold.

use serde_json::{Value, json};

use super::{anymarket, call, get, invoiced, put, request, shipped, shirt};
use crate::sandbox::anymarket::*;

const BATCH: &str = "/v2/stocks/batch";

fn shop() -> Anymarket {
    let mut a = anymarket();
    a.set_stock("CAMISETA-P", 1, 10);
    a
}

fn row(sku: &str, quantity: i64) -> Value {
    json!({"partnerId": sku, "quantity": quantity, "stockLocalId": 1})
}

/// Amount, held, free, as ANYMARKET tells them.
fn told(a: &mut Anymarket, sku: &str) -> Value {
    let stock = get(a, &format!("/v2/stocks?limit=5&sku={sku}")).value()["content"][0].clone();
    json!([stock["amount"], stock["reservationAmount"], stock["availableAmount"]])
}

#[test]
fn a_batch_answers_for_each_sku() {
    let mut a = shop();
    a.add_sku("SOLTO");
    a.set_stock("FIO", 1, 0);
    a.add_kit("KIT", &[("CAMISETA-P", 2)]);
    a.set_stock("KIT", 1, 0);
    let mut fraction = row("FIO", 0);
    fraction["quantity"] = json!(2.5);
    let rows = json!([
        row("CAMISETA-P", 7), fraction, row("NENHUM", 1), row("SOLTO", 1), row("KIT", 1), row("CAMISETA-P", -1),
        {"quantity": 1}, {"partnerId": "FIO"}, {"partnerId": "FIO", "quantity": 1, "stockLocalId": 9},
    ]);
    let answer = call(&mut a, "PUT", BATCH, &rows);
    let body = answer.value();
    assert_eq!((answer.status, body["success"].as_array().map(Vec::len)), (200, Some(2)));
    let errors = body["errors"].as_array().expect("a list");
    let codes: Vec<&String> = errors.iter().filter_map(|error| error.as_object()?.keys().next()).collect();
    assert_eq!(codes, ["NENHUM", "SOLTO", "KIT", "CAMISETA-P", "", "FIO", "FIO"]);
    assert!(errors[0]["NENHUM"].as_str().is_some_and(|told| told.starts_with("Erro ao processar: ")));
    assert_eq!((told(&mut a, "CAMISETA-P"), told(&mut a, "FIO")), (json!([7.0, 0.0, 7.0]), json!([2.5, 0.0, 2.5])));
    let written = |sku: &str, quantity: Amount| AnyEffect::Stock {
        sku: sku.into(),
        location: 1,
        quantity,
        cost: None,
        additional_time: None,
    };
    assert_eq!(a.effects, [written("CAMISETA-P", 7.into()), written("FIO", Amount::thousandths(2_500))]);
}

#[test]
fn how_a_batch_answers_is_open() {
    let mut a = shop();
    let rows = json!([row("CAMISETA-P", 1), row("NENHUM", 1)]);
    a.settings.batch_answer = BatchAnswer::Objects(207);
    let answer = call(&mut a, "PUT", BATCH, &rows);
    assert_eq!((answer.status, answer.value()["success"]["CAMISETA-P"].is_string()), (207, true));
    assert!(answer.value()["errors"]["NENHUM"].is_string());
    a.settings.batch_answer = BatchAnswer::Nothing;
    let answer = call(&mut a, "PUT", BATCH, &rows);
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    let many = |count: usize| Value::Array(vec![row("CAMISETA-P", 1); count]);
    assert_eq!(call(&mut a, "PUT", BATCH, &many(200)).status, 204);
    assert_eq!(
        (call(&mut a, "PUT", BATCH, &many(201)).status, call(&mut a, "PUT", BATCH, &json!({})).status),
        (400, 400)
    );
    assert_eq!(call(&mut a, "PUT", "/v2/stocks", &many(201)).status, 422);
}

#[test]
fn an_update_without_outcomes_is_refused_whole() {
    let mut a = shop();
    let rows = json!([row("CAMISETA-P", 1), row("NENHUM", 1)]);
    assert_eq!(call(&mut a, "PUT", "/v2/stocks", &rows).status, 422);
    assert_eq!(told(&mut a, "CAMISETA-P"), json!([10.0, 0.0, 10.0]));
    a.settings.stocks_all_or_nothing = false;
    assert_eq!(call(&mut a, "PUT", "/v2/stocks", &rows).status, 422);
    assert_eq!(told(&mut a, "CAMISETA-P"), json!([1.0, 0.0, 1.0]));
    let mut priced = row("CAMISETA-P", 4);
    (priced["cost"], priced["additionalTime"]) = (json!(12.5), json!(3));
    assert_eq!(call(&mut a, "PUT", "/v2/stocks", &json!([priced])).status, 204);
    assert!(matches!(a.effects.last(), Some(AnyEffect::Stock { cost: Some(_), additional_time: Some(3), .. })));
    call(&mut a, "PUT", "/v2/stocks", &json!([row("CAMISETA-P", 5)]));
    assert_eq!(a.stock("CAMISETA-P", 1).additional_time, 3, "what is left out stays");
}

#[test]
fn what_a_row_may_leave_out_is_open() {
    let mut a = shop();
    a.add_location(2, "Loja");
    let id = a.add_sku("CAMISETA-P");
    let push = |a: &mut Anymarket, row: Value| call(a, "PUT", "/v2/stocks", &json!([row])).status;
    let bare = json!({"partnerId": "CAMISETA-P", "quantity": 3});
    assert_eq!((push(&mut a, bare.clone()), a.stock("CAMISETA-P", 1).amount), (204, 3.into()), "the default location");
    let elsewhere = json!({"partnerId": "CAMISETA-P", "quantity": 4, "stockLocalId": 2});
    assert_eq!(push(&mut a, elsewhere.clone()), 422, "never put together");
    let create = json!([{"partnerId": "CAMISETA-P", "quantity": 4, "stockLocalId": 2, "cost": 1}]);
    assert_eq!(call(&mut a, "POST", "/v2/stocks", &json!([elsewhere])).status, 422, "no cost");
    assert_eq!((call(&mut a, "POST", "/v2/stocks", &create).status, a.available("CAMISETA-P")), (204, 7));
    let old = json!({"id": id, "quantity": 9});
    assert_eq!(push(&mut a, old.clone()), 422);
    a.settings.stock_by_id = true;
    assert_eq!(push(&mut a, old), 204);
    a.add_sku("NOVO");
    a.settings.creates_missing_pairs = true;
    assert_eq!(push(&mut a, row("NOVO", 1)), 204);
    a.settings.default_location = false;
    assert_eq!(push(&mut a, bare), 422);
    a.add_kit("KIT", &[("NOVO", 1)]);
    a.settings.takes_kit_stock = true;
    assert_eq!(push(&mut a, row("KIT", 1)), 204);
}

#[test]
fn open_orders_hold_their_units() {
    let mut a = shop();
    let paid = a.sell(shirt()).expect("enough");
    let unpaid = a.sell(AnyOrderSeed::new().sku("CAMISETA-P", 4_990, 2).pending()).expect("enough");
    a.place(shirt().fulfillment());
    assert_eq!(told(&mut a, "CAMISETA-P"), json!([10.0, 3.0, 7.0]), "the marketplace's warehouse is another matter");
    assert_eq!(a.sell(AnyOrderSeed::new().sku("CAMISETA-P", 1, 4).sku("CAMISETA-P", 1, 4)), Err("CAMISETA-P".into()));
    assert_eq!(call(&mut a, "PUT", BATCH, &json!([row("CAMISETA-P", 8)])).status, 200);
    assert_eq!(told(&mut a, "CAMISETA-P"), json!([8.0, 3.0, 5.0]), "an update leaves them alone");
    let held = |a: &mut Anymarket, has: bool| {
        let list = get(a, &format!("/v2/stocks?limit=5&hasReservation={has}")).value()["content"].clone();
        list.as_array().map(Vec::len)
    };
    assert_eq!((held(&mut a, true), held(&mut a, false)), (Some(1), Some(0)));
    a.cancel(unpaid, AnyCancelledBy::Buyer);
    put(&mut a, paid, &invoiced());
    assert_eq!(told(&mut a, "CAMISETA-P"), json!([8.0, 0.0, 8.0]), "what is invoiced is not open");
    a.settings.reserving.push("INVOICED");
    assert_eq!(a.available("CAMISETA-P"), 7);
}

#[test]
fn an_account_may_move_the_stock_itself() {
    let mut a = shop();
    a.settings.moves_stock_itself = true;
    let id = a.sell(shirt()).expect("enough");
    put(&mut a, id, &invoiced());
    put(&mut a, id, &shipped());
    assert_eq!(told(&mut a, "CAMISETA-P"), json!([9.0, 0.0, 9.0]), "once");
    a.cancel(id, AnyCancelledBy::Marketplace);
    assert_eq!(a.available("CAMISETA-P"), 10);
    let gone = a.place(shirt().status("INVOICED"));
    put(&mut a, gone, &shipped());
    assert_eq!(a.available("CAMISETA-P"), 10, "it was out already");
}

#[test]
fn several_locations_serve_a_line() {
    let mut a = shop();
    a.add_location(2, "Loja");
    a.set_stock("CAMISETA-P", 2, 5);
    let id = a.sell(AnyOrderSeed::new().sku("CAMISETA-P", 4_990, 12)).expect("enough together");
    let served = super::read(&mut a, id)["items"][0]["stocks"].clone();
    let part = |id: i64, name: &str, amount: f64| json!({"stockLocalId": id, "stockName": name, "amount": amount});
    assert_eq!(served, json!([part(1, "Principal", 10.0), part(2, "Loja", 2.0)]));
    let beyond = a.place(AnyOrderSeed::new().sku("CAMISETA-P", 4_990, 4));
    assert_eq!(
        super::read(&mut a, beyond)["items"][0]["stocks"],
        json!([part(2, "Loja", 3.0), part(1, "Principal", 1.0)])
    );
    assert_eq!(a.available("CAMISETA-P"), -1, "sold beyond the stock");
    let seed = AnyOrderSeed::new().line(AnyLine::new("CAMISETA-P", 1, 2).at_location(2, 2));
    let chosen = a.place(seed);
    assert_eq!(super::read(&mut a, chosen)["items"][0]["stocks"], json!([part(2, "Loja", 2.0)]));
    let mut b = shop();
    b.add_location(2, "Loja");
    b.set_stock("CAMISETA-P", 2, 5);
    let twice = AnyOrderSeed::new().sku("CAMISETA-P", 1, 8).sku("CAMISETA-P", 1, 4);
    let twice = b.sell(twice).expect("enough together");
    let second = super::read(&mut b, twice)["items"][1]["stocks"].clone();
    assert_eq!(second, json!([part(1, "Principal", 2.0), part(2, "Loja", 2.0)]), "a unit serves one line");
    let locals = get(&mut a, "/v2/stocks/locals").value();
    assert_eq!((&locals[0]["defaultLocal"], &locals[1]["name"]), (&json!(true), &json!("Loja")));
    assert_eq!((get(&mut a, "/v2/stocks/locals/2").status, get(&mut a, "/v2/stocks/locals/3").status), (200, 404));
    let second = get(&mut a, "/v2/stocks?limit=5&idStockLocal=2").value()["content"].clone();
    assert_eq!((second.as_array().map(Vec::len), &second[0]["amount"]), (Some(1), &json!(5.0)));
}

#[test]
fn a_kit_is_what_its_components_make() {
    let mut a = shop();
    a.set_stock("CANECA", 1, 3);
    a.add_kit("KIT", &[("CAMISETA-P", 2), ("CANECA", 1)]);
    a.set_stock("KIT", 1, 0);
    assert_eq!(a.available("KIT"), 3);
    let seed = AnyOrderSeed::new()
        .line(AnyLine::new("CAMISETA-P", 100, 4).of_kit("KIT", 2))
        .line(AnyLine::new("CANECA", 100, 2).of_kit("KIT", 2));
    a.sell(seed).expect("enough");
    assert_eq!((a.available("KIT"), a.available("CAMISETA-P")), (1, 6));
    assert_eq!(told(&mut a, "KIT"), json!([1.0, 0.0, 1.0]));
    assert_eq!(get(&mut a, "/v2/stocks?limit=5&sku=KIT").value()["content"][0]["isKit"], true);
}

#[test]
fn two_channels_can_sell_one_stock() {
    let sandbox = crate::sandbox::Sandbox::start();
    sandbox.vtex(|v| v.set_stock("1", "1_1", 1));
    sandbox.anymarket(|a| a.set_stock("CAMISETA-P", 1, 1));
    let vtex = sandbox.vtex(|v| v.sell(crate::sandbox::OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 1)).is_ok());
    let anymarket = sandbox.anymarket(|a| a.sell(shirt()).is_ok());
    assert_eq!((vtex, anymarket), (true, true), "neither knows of the other");
    assert_eq!((sandbox.vtex(|v| v.available("1")), sandbox.anymarket(|a| a.available("CAMISETA-P"))), (0, 0));
}

#[test]
fn codes_lead_to_skus() {
    let mut a = shop();
    let id = a.add_sku("A/1 x");
    let sku = get(&mut a, "/v2/skus/partnerId/A%2F1%20x?showProduct=true").value();
    assert_eq!((&sku["id"], sku["product"].is_object()), (&json!(id), true));
    assert_eq!(get(&mut a, &format!("/v2/skus/{id}")).value()["partnerId"], "A/1 x");
    assert_eq!(get(&mut a, "/v2/skus/partnerId/NENHUM").status, 404);
    let all = get(&mut a, "/v2/skus?limit=5&partnerId=NENHUM").value();
    assert_eq!(all["page"]["totalElements"], 2, "a filter nobody confirmed");
    let slow = request("GET", "/v2/skus").with("platform", "VAIVEM");
    assert_eq!(a.take(&slow).answer.expect("an answer").status, 200);
}
