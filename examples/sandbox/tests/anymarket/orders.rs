//! Reading orders: what is in them, and the list.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{anymarket, call, get, message, read, request, shirt};
use crate::sandbox::anymarket::*;

fn ids(answer: &crate::sandbox::Answer) -> Vec<i64> {
    let list = answer.value()["content"].clone();
    list.as_array().into_iter().flatten().filter_map(|order| order["id"].as_i64()).collect()
}

/// A moment as a query gives it.
fn at(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

#[test]
fn an_order_names_its_channel_account_and_both_numbers() {
    let mut a = anymarket();
    let one =
        a.place(shirt().marketplace("MERCADO_LIVRE").account(11, "Loja A").numbers("2000009", "#9").sub_channel("ml"));
    let other = a.place(shirt().marketplace("SHOPEE").account(12, "Loja B").fulfillment());
    let order = read(&mut a, one);
    assert_eq!(
        (&order["marketPlace"], &order["idAccount"], &order["accountName"]),
        (&json!("MERCADO_LIVRE"), &json!(11), &json!("Loja A"))
    );
    assert_eq!(
        (&order["marketPlaceId"], &order["marketPlaceNumber"], &order["fulfillment"]),
        (&json!("2000009"), &json!("#9"), &json!(false))
    );
    let order = read(&mut a, other);
    assert_eq!(
        (&order["marketPlace"], &order["idAccount"], &order["fulfillment"]),
        (&json!("SHOPEE"), &json!(12), &json!(true))
    );
    let same = get(&mut a, "/v2/orders/MERCADO_LIVRE/2000009").value();
    assert_eq!(same["id"], one);
    assert_eq!(get(&mut a, "/v2/orders/MERCADO_LIVRE/2000009/status").value(), "PAID_WAITING_SHIP");
    let none = get(&mut a, "/v2/orders/1");
    assert_eq!((none.status, message(&none).as_str()), (404, "Recurso com o id '1' não encontrado."));
}

#[test]
fn money_adds_up_and_says_who_pays_the_discounts() {
    let mut a = anymarket();
    let seed = AnyOrderSeed::new()
        .line(AnyLine::new("A", 4_990, 2).discount(300, 33))
        .line(AnyLine::new("FIO", 1_001, 0).thousandths(1_500))
        .discount(700, 0)
        .freight(1_990)
        .interest(55)
        .pay(AnyPayment::card(3).value(1_000))
        .pay(AnyPayment::unknown("account_money"));
    let id = a.place(seed);
    let order = read(&mut a, id);
    assert_eq!((&order["items"][1]["amount"], &order["items"][1]["gross"]), (&json!(1.5), &json!(15.02)));
    assert_eq!(
        (&order["gross"], &order["discount"], &order["items"][0]["discount"]),
        (&json!(114.82), &json!(7.0), &json!(3.33))
    );
    assert_eq!((&order["total"], &order["metadata"]["discountSummarized"]), (&json!(124.94), &json!(10.33)));
    let told = &order["discountMetadata"][0]["discountDetails"][0];
    assert_eq!(told, &json!({"type": "COUPON", "discountOrderSeller": 7.0}), "left out, not null");
    let told = &order["items"][0]["discountItemMetadata"][0];
    assert_eq!((&told["discountProductSeller"], &told["discountProductMarketplace"]), (&json!(3.0), &json!(0.33)));
    let payments = &order["payments"];
    assert_eq!((&payments[0]["value"], &payments[1]["value"]), (&json!(10.0), &json!(114.94)));
    assert_eq!(
        (&payments[1]["method"], &payments[1]["paymentMethodNormalized"]),
        (&json!("account_money"), &json!("UNKNOWN"))
    );
    a.settings.gross_before_discounts = false;
    assert_eq!(read(&mut a, id)["gross"], 111.49);
    let new = request("GET", &format!("/v2/orders/{id}")).with("ordernewpattern", "true");
    assert_eq!(a.take(&new).answer.expect("an answer").value()["productNet"], 111.49);
    let older = a.place(shirt().discount_of_nobody(100));
    let older = read(&mut a, older);
    assert_eq!((&older["discount"], older.get("discountMetadata")), (&json!(1.0), None));
}

#[test]
fn a_kit_comes_as_its_components_or_as_itself() {
    let mut a = anymarket();
    let id = a.place(
        AnyOrderSeed::new()
            .line(AnyLine::new("CAFETEIRA", 10_000, 2).of_kit("KIT", 2).discount(100, 0))
            .line(AnyLine::new("CANECA", 1_000, 4).of_kit("KIT", 2).discount(0, 50))
            .sku("BONE", 500, 1),
    );
    let items = read(&mut a, id)["items"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(3));
    assert_eq!((&items[1]["sku"]["partnerId"], &items[1]["amount"]), (&json!("CANECA"), &json!(4.0)));
    assert_eq!((&items[1]["skuKit"]["partnerId"], &items[1]["skuKit"]["amount"]), (&json!("KIT"), &json!(2.0)));
    a.settings.kits_exploded = false;
    let items = read(&mut a, id)["items"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(2));
    assert_eq!(
        (&items[0]["sku"]["partnerId"], &items[0]["amount"], items[0].get("skuKit")),
        (&json!("KIT"), &json!(2.0), None)
    );
    assert_eq!((&items[0]["unit"], &items[0]["total"]), (&json!(120.0), &json!(238.5)));
}

#[test]
fn what_channels_leave_out_or_write_as_they_like() {
    let mut a = anymarket();
    let seed = shirt()
        .address(AnyAddress::default().without_neighborhood().state("Distrito Federal", None))
        .buyer(AnyBuyer::foreign("Zoë", "DNI", "30.111.222"))
        .line(AnyLine::new("X", 100, 1).without_code());
    let id = a.place(seed);
    let order = read(&mut a, id);
    for address in ["shipping", "billingAddress", "anymarketAddress"] {
        assert_eq!(order[address].get("neighborhood"), None, "{address}");
    }
    assert_eq!(
        (&order["shipping"]["state"], &order["anymarketAddress"]["stateAcronymNormalized"]),
        (&json!("Distrito Federal"), &Value::Null)
    );
    assert_eq!(
        (&order["buyer"]["document"], &order["buyer"]["documentNumberNormalized"]),
        (&json!("30.111.222"), &Value::Null)
    );
    assert_eq!(order["items"][1]["sku"]["partnerId"], Value::Null);
    assert!(order["documentIntermediator"].as_str().is_some_and(|cnpj| cnpj.len() == 14));
    assert!(order["intermediateRegistrationId"].is_string() && order["documentPaymentInstitution"].is_string());
    let own = a.place(shirt().without_intermediary());
    assert_eq!(read(&mut a, own)["documentIntermediator"], Value::Null);

    let (strict, loose) = (a.place(shirt().needs_xml()), a.place(shirt().needs_xml().loose_types()));
    let (strict, loose) = (read(&mut a, strict), read(&mut a, loose));
    assert_eq!(
        (&strict["metadata"]["needInvoiceXML"], &loose["metadata"]["needInvoiceXML"]),
        (&json!("true"), &json!(true))
    );
    assert!(strict["items"][0]["orderItemId"].is_i64() && loose["items"][0]["orderItemId"].is_string());
    assert!(strict["createdAt"].as_str().is_some_and(|date| date.ends_with("-03:00") && !date.contains('.')));
    assert!(loose["updatedAt"].as_str().is_some_and(|date| date.ends_with('Z') && date.contains('.')));
    assert_eq!((loose.get("lastUpdate"), strict.get("updatedAt")), (None, None));
    let patched = a.place(shirt().patch(json!({"shipping": {"city": null}})));
    assert_eq!(read(&mut a, patched)["shipping"]["city"], Value::Null);
}

#[test]
fn the_list_comes_in_pages_of_five_to_a_hundred() {
    let mut a = anymarket();
    let first = a.now() - TimeDelta::days(1);
    a.place_many(12, shirt(), first, TimeDelta::minutes(1));
    let small = get(&mut a, "/v2/orders?limit=4");
    assert_eq!((small.status, message(&small).contains("5 recursos")), (400, true));
    assert_eq!(get(&mut a, "/v2/orders?limit=101").status, 400);
    assert_eq!(ids(&get(&mut a, "/v2/orders")).len(), 5);
    let sorted = "/v2/orders?limit=5&sort=createdAt&sortDirection=ASC";
    let page = get(&mut a, &format!("{sorted}&offset=10"));
    let all: Vec<i64> = a.orders.keys().copied().collect();
    assert_eq!(ids(&page), all[10..]);
    let page = page.value();
    assert_eq!((&page["page"]["totalElements"], &page["page"]["totalPages"]), (&json!(12), &json!(3)));
    assert_eq!((&page["links"][0]["rel"], page["links"].as_array().map(Vec::len)), (&json!("prev"), Some(1)));
    let next = get(&mut a, sorted).value()["links"][0]["href"].as_str().expect("a next page").to_owned();
    let next = next.trim_start_matches(a.base_url.as_str()).to_owned();
    assert_eq!(ids(&get(&mut a, &next)), all[5..10]);
    assert_eq!(get(&mut a, "/v2/orders?sort=id").status, 422);
    a.settings.exact_orders = 10;
    assert_eq!(get(&mut a, "/v2/orders").value()["page"]["totalElements"], 11, "only about right");
    assert_eq!(get(&mut a, "/v2/orders?status=PAID_WAITING_SHIP").value()["page"]["totalElements"], 12);
    let none = "/v2/orders?status=CANCELED";
    assert_eq!(get(&mut a, none).value()["content"], json!([]));
    a.settings.empty_content = false;
    assert_eq!(get(&mut a, none).value().get("content"), None);
}

#[test]
fn windows_by_creation_are_at_most_120_days() {
    let mut a = anymarket();
    let now = a.now();
    let days = |days: i64| now - TimeDelta::days(days);
    let (old, mid, new) = (a.place(shirt().created(days(130))), a.place(shirt().created(days(100))), a.place(shirt()));
    let list = |a: &mut Anymarket, query: String| get(a, &format!("/v2/orders?limit=100&{query}"));
    assert_eq!(ids(&list(&mut a, String::new())), [new, mid], "the last 120 days");
    let from = |days_ago: i64| format!("createdAfter={}", at(days(days_ago)));
    assert_eq!(ids(&list(&mut a, from(131))), [mid, old], "120 days from there on");
    assert_eq!(ids(&list(&mut a, format!("createdBefore={}", at(days(99))))), [mid, old]);
    assert_eq!(ids(&list(&mut a, format!("createdBefore={}", at(days(1))))), [mid], "120 days up to there");
    let window = |from_days: i64, to_days: i64| format!("{}&createdBefore={}", from(from_days), at(days(to_days)));
    assert_eq!(ids(&list(&mut a, window(131, 101))), [old]);
    let wide = list(&mut a, window(131, 10));
    assert_eq!((wide.status, message(&wide).contains("120 dias")), (422, true));
    for bad in ["createdAfter=2026-11-20", "createdAfter=2026-11-20T10:00:00", "updatedAfter=2026-11-20T10:00:00+03:00"]
    {
        let answer = list(&mut a, bad.into());
        assert_eq!((answer.status, message(&answer).contains(&bad[..12])), (422, true), "{bad}: the plus is a space");
    }
    a.settings.ignored_filters = vec!["createdAfter".into()];
    assert_eq!(ids(&list(&mut a, from(1))), [new, mid], "taken, and nothing comes of it");
}

#[test]
fn windows_by_change_are_at_most_7_days() {
    let mut a = anymarket();
    let now = a.now();
    let days = |days: i64| now - TimeDelta::days(days);
    let (ancient, old) = (a.place(shirt().created(days(130))), a.place(shirt().created(days(60))));
    let _still = a.place(shirt().created(days(60)));
    a.touch(ancient);
    a.set_status(old, "INVOICED");
    let list = |a: &mut Anymarket, from: i64, to: i64| {
        let window = format!("updatedAfter={}&updatedBefore={}", at(days(from)), at(days(to)));
        get(a, &format!("/v2/orders?limit=100&{window}"))
    };
    assert_eq!(ids(&list(&mut a, 6, -1)), [old], "older than 120 days: not found by its change");
    a.settings.updated_within_creation_limit = false;
    assert_eq!(ids(&list(&mut a, 6, -1)), [old, ancient]);
    assert_eq!(list(&mut a, 7, -1).status, 422);
    let alone = format!("/v2/orders?limit=100&updatedAfter={}", at(days(50)));
    assert_eq!(ids(&get(&mut a, &alone)), [old, ancient], "alone it has no limit");
}

#[test]
fn the_list_filters_by_what_an_order_says() {
    let mut a = anymarket();
    let one = a.place(shirt().marketplace("SHOPEE").numbers("S-1", "#1").shipping_id("44"));
    let two = a.place(shirt().status("CANCELED"));
    let three = a.place(shirt().status("PAID_WAITING_DELIVERY"));
    a.report_delivery_issue(three);
    call(&mut a, "PUT", &format!("/v2/orders/partnerid/{one}"), &json!({"partnerId": "E-1"}));
    let list = |a: &mut Anymarket, query: &str| ids(&get(a, &format!("/v2/orders?limit=100&{query}")));
    for query in
        ["marketplace=SHOPEE", "marketplaceId=S-1", "orderNumberInMarketPlace=%231", "partnerId=E-1", "shippingId=44"]
    {
        assert_eq!(list(&mut a, query), [one], "{query}");
    }
    assert_eq!(list(&mut a, "status=CANCELED"), [two]);
    assert_eq!(list(&mut a, "status=DELIVERY_ISSUE"), [three]);
    assert_eq!(get(&mut a, "/v2/orders?status=PENDING,CANCELED").status, 422, "one value");
    let order = read(&mut a, three);
    assert_eq!((&order["status"], &order["deliveryStatus"]), (&json!("PAID_WAITING_DELIVERY"), &json!("NOT_DELIVERY")));
    a.settings.delivery_issue_in_status = true;
    assert_eq!(read(&mut a, three)["status"], "DELIVERY_ISSUE");
}

#[test]
fn the_list_lags_and_unpaid_orders_may_be_invisible() {
    let mut a = anymarket();
    a.list_lag = Duration::from_secs(60);
    let id = a.place(shirt().pending());
    let list = |a: &mut Anymarket| get(a, "/v2/orders?limit=100").value()["content"].clone();
    assert_eq!(list(&mut a), json!([]));
    a.advance(Duration::from_secs(61));
    a.pay(id);
    assert_eq!((&list(&mut a)[0]["status"], a.order(id).status.as_str()), (&json!("PENDING"), "PAID_WAITING_SHIP"));
    a.list_lag = Duration::ZERO;
    assert_eq!(list(&mut a)[0]["status"], "PAID_WAITING_SHIP");

    a.settings.imports_pending = false;
    let hidden = a.place(shirt().pending());
    assert_eq!(
        (list(&mut a).as_array().map(Vec::len), get(&mut a, &format!("/v2/orders/{hidden}")).status),
        (Some(1), 404)
    );
    a.pay(hidden);
    assert!(read(&mut a, hidden)["paymentDate"].is_string());
}

#[test]
fn our_own_code_is_written_once() {
    let mut a = anymarket();
    let id = a.place(shirt());
    let put = |a: &mut Anymarket, code: &str| {
        call(a, "PUT", &format!("/v2/orders/partnerid/{id}"), &json!({"partnerId": code})).status
    };
    assert_eq!((put(&mut a, "E-1"), put(&mut a, "E-1"), put(&mut a, "E-2")), (200, 200, 422));
    assert_eq!(read(&mut a, id)["partnerId"], "E-1");
    a.settings.takes_partner_id = false;
    assert_eq!(put(&mut a, "E-1"), 404);
}
