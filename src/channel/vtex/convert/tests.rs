//! Every quirk of VTEX's answers that we know of, one fixture each, named after the quirk.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(fixture: &str) -> Result<Order, Unreadable> {
    let file = format!("{}/tests/fixtures/vtex/{fixture}.json", env!("CARGO_MANIFEST_DIR"));
    order(&ChannelName::new("loja"), &std::fs::read(file).unwrap())
}

fn good(fixture: &str) -> Order {
    read(fixture).unwrap()
}

fn parts(order: &Order) -> [i64; 5] {
    let lines = order.lines.iter().map(|line| line.total).sum::<Cents>();
    [lines, order.freight, order.tax, order.discount, order.total].map(Cents::get)
}

#[test]
fn a_plain_order() {
    let order = good("plain");
    assert_eq!(order.id, OrderId::new("1172452900788-01"));
    assert_eq!((order.status.clone(), order.readiness), (Status::Paid, Readiness::Ready));
    assert_eq!(order.created_at, "2026-11-20T12:00:00.123456700Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    assert_eq!(parts(&order), [10_000, 1_500, 0, 500, 11_000]);
    assert_eq!(order.sum_of_parts(), Some(order.total));
    let line = &order.lines[0];
    assert_eq!((line.quantity, line.unit_price), (2, Cents::new(5_000)));
    assert_eq!(line.warehouse, Some(WarehouseId::new("1_1")));
    assert_eq!(order.customer.name, "Ana Souza");
    assert_eq!(order.customer.tax_id().unwrap().as_str(), "52998224725");
    assert_eq!(order.delivery.address.as_ref().unwrap().postal_code, "01310100");
    assert_eq!(order.delivery.carrier.as_deref(), Some("Correios PAC"));
    assert_eq!(order.payments[0].method, PaymentMethod::CreditCard);
    assert_eq!(order.payments[0].installments, 3);
    assert_eq!(order.marketplace, None);
}

/// Each is to be taken from where the channel promised it.
#[test]
fn a_line_that_several_warehouses_serve_is_one_for_each() {
    let served = |deliveries: serde_json::Value| {
        let file = format!("{}/tests/fixtures/vtex/plain.json", env!("CARGO_MANIFEST_DIR"));
        let mut told: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        told["shippingData"]["logisticsInfo"][0]["deliveryIds"] = deliveries;
        let order = order(&ChannelName::new("loja"), told.to_string().as_bytes()).unwrap();
        assert_eq!(order.sum_of_parts(), Some(order.total));
        let told = |line: &Line| {
            let warehouse = line.warehouse.as_ref().map_or("-", WarehouseId::as_str);
            format!("{} of {warehouse} for {}", line.quantity, line.total.get())
        };
        order.lines.iter().map(told).collect::<Vec<_>>()
    };
    let from = |warehouse: &str, units: i64| json!({ "warehouseId": warehouse, "quantity": units });
    assert_eq!(served(json!([from("1_1", 1), from("1_2", 1)])), ["1 of 1_1 for 5000", "1 of 1_2 for 5000"]);
    assert_eq!(served(json!([from("1_2", 2), from("1_1", 0)])), ["2 of 1_2 for 10000"]);
    // An edit changes the line and not its deliveries.
    assert_eq!(served(json!([from("1_2", 3), from("1_1", 1)])), ["2 of 1_2 for 10000"]);
    assert_eq!(served(json!([{ "warehouseId": "1_2" }])), ["2 of 1_2 for 10000"]);
    assert_eq!(served(json!([])), ["2 of - for 10000"]);
}

#[test]
fn other_spellings_of_the_same_order() {
    let plain = good("plain");
    for fixture in ["numbers-in-odd-forms", "schema-spellings", "card-expiry-as-due-date", "cep-as-number-without-zero"]
    {
        assert_eq!(good(fixture), plain, "{fixture}");
    }
    assert_eq!(good("attachments-as-objects-and-note").note.as_deref(), Some("Entregar à tarde"));
    assert_eq!(good("note-as-text").note.as_deref(), Some("Entregar à tarde"));
}

#[test]
fn the_reference_comes_from_the_line_or_the_product_data() {
    assert_eq!(good("reference-only-in-metadata").lines[0].reference, Some(Sku::new("CAMISETA-P")));
    assert_eq!(good("no-reference-at-all").lines[0].reference, None);
}

#[test]
fn amounts_add_up_to_the_cent() {
    let two = good("one-sku-on-two-lines");
    assert_eq!(two.lines.len(), 2);
    assert_eq!(parts(&two), [10_000, 1_500, 0, 500, 11_000]);
    assert_eq!(parts(&good("goods-by-weight")), [2_090, 1_500, 0, 0, 3_590]);
    assert_eq!(parts(&good("split-cents-in-line-total")), [10_000, 1_000, 0, 0, 11_000]);
    assert_eq!(parts(&good("declared-rounding-error")), [10_000, 1_500, 0, 501, 10_999]);
    let edited = good("edited-removed-unit-still-listed");
    assert_eq!((edited.lines[0].quantity, parts(&edited)), (2, [10_000, 1_500, 0, 500, 11_000]));
}

/// The plain order, of 2 for 50,00 each, edited.
fn edited(change: i64, changes: &serde_json::Value) -> Order {
    let row = serde_json::json!({ "id": "Change", "name": "Total das mudanças", "value": change });
    let edit = |told: &mut serde_json::Value| {
        told["value"] = (11_000 + change).into();
        told["totals"].as_array_mut().unwrap().push(row);
        told["changesAttachment"] = serde_json::json!({ "id": "changeAttachment", "changesData": [changes] });
    };
    plain_but(edit).unwrap()
}

#[test]
fn what_was_removed_from_an_order_is_no_rebate_on_the_rest() {
    let item = |quantity: i64| serde_json::json!([{ "id": "1", "quantity": quantity, "price": 5_000 }]);
    let one_less = edited(-5_000, &serde_json::json!({ "discountValue": 5_000, "itemsRemoved": item(1) }));
    assert_eq!((one_less.lines[0].quantity, parts(&one_less)), (1, [5_000, 1_500, 0, 500, 6_000]));
    let and_a_rebate = edited(-6_000, &serde_json::json!({ "discountValue": 6_000, "itemsRemoved": item(1) }));
    assert_eq!((and_a_rebate.lines[0].quantity, parts(&and_a_rebate)), (1, [5_000, 1_500, 0, 1_500, 5_000]));
    let rebate = edited(-1_000, &serde_json::json!({ "discountValue": 1_000 }));
    assert_eq!((rebate.lines[0].quantity, parts(&rebate)), (2, [10_000, 1_500, 0, 1_500, 10_000]));
    let charge = edited(1_000, &serde_json::json!({ "incrementValue": 1_000 }));
    assert_eq!((charge.lines[0].quantity, parts(&charge)), (2, [10_000, 1_500, 1_000, 500, 12_000]));
    // VTEX reserves none of what was added, and tells of it among the items.
    let more =
        serde_json::json!([{ "id": "1", "quantity": 1, "price": 5_000 }, { "id": "9", "quantity": 4, "price": 1 }]);
    let added = edited(0, &serde_json::json!({ "incrementValue": 5_004, "itemsAdded": more }));
    assert_eq!((added.lines[0].quantity, added.lines[0].added), (2, 1));
    let is_held = |order: &Order| order.sum_of_parts() != Some(order.total);
    // What was added and is not listed, the whole order gone, a change that nothing explains.
    let added = serde_json::json!([{ "id": "2", "quantity": 1, "price": 3_000 }]);
    assert!(is_held(&edited(3_000, &serde_json::json!({ "incrementValue": 3_000, "itemsAdded": added }))));
    assert!(is_held(&edited(-10_000, &serde_json::json!({ "discountValue": 10_000, "itemsRemoved": item(2) }))));
    assert!(is_held(&edited(-5_000, &serde_json::json!({}))));
}

/// The plain order, worth 110,00, with something of it otherwise.
fn plain_but(change: impl FnOnce(&mut serde_json::Value)) -> Result<Order, Unreadable> {
    let file = format!("{}/tests/fixtures/vtex/plain.json", env!("CARGO_MANIFEST_DIR"));
    let mut told: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    change(&mut told);
    order(&ChannelName::new("loja"), told.to_string().as_bytes())
}

#[test]
fn payments_come_to_what_the_order_is_worth() {
    let paid = |payments: serde_json::Value| {
        let order = plain_but(|told| told["paymentData"]["transactions"][0]["payments"] = payments).unwrap();
        order.payments.iter().map(|payment| payment.amount.get()).collect::<Vec<_>>()
    };
    assert_eq!(paid(serde_json::json!([{ "value": 4_000 }, { "value": 7_000 }])), [4_000, 7_000]);
    // Of a purchase of two sellers; with interest; both.
    assert_eq!(paid(serde_json::json!([{ "value": 22_745, "referenceValue": 22_745 }])), [11_000]);
    assert_eq!(paid(serde_json::json!([{ "value": 12_100, "referenceValue": 11_000 }])), [11_000]);
    assert_eq!(paid(serde_json::json!([{ "value": 10_000 }, { "value": 30_000 }])), [2_750, 8_250]);
    assert_eq!(paid(serde_json::json!([])), [0; 0]);
}

#[test]
fn what_another_seller_of_the_account_sends_is_not_the_stores_to_send() {
    let sent = |origin: &str, sellers: &[&str]| {
        plain_but(|told| {
            told["origin"] = origin.into();
            let item = told["items"][0].clone();
            let of = |seller: &&str| {
                let mut item = item.clone();
                item["seller"] = (*seller).into();
                item
            };
            told["items"] = sellers.iter().map(of).collect();
        })
        .map(|order| order.fulfilled_by_marketplace)
    };
    assert!(!sent("Marketplace", &["1"]).unwrap());
    assert!(sent("Marketplace", &["franquia", "franquia"]).unwrap());
    assert!(!sent("Fulfillment", &["franquia"]).unwrap(), "there the account is that seller");
    assert!(sent("Marketplace", &["1", "franquia"]).is_err());
}

#[test]
fn what_does_not_add_up_is_given_as_told() {
    let order = good("totals-differ");
    assert_eq!(order.sum_of_parts(), Some(Cents::new(11_000)));
    assert_eq!(order.total, Cents::new(12_000));
}

#[test]
fn companies() {
    let company = good("company-with-alphanumeric-cnpj").customer;
    assert_eq!(company.name, "Padaria São João Ltda");
    assert_eq!(company.tax_id().unwrap().as_str(), "12ABC34501DE35");
    assert_eq!(company.state_registration.as_deref(), Some("110042490114"));
    assert_eq!(good("company-exempt-of-state-registration").customer.state_registration, None);
}

#[test]
fn names_keep_their_letters() {
    let order = good("foreign-characters");
    assert_eq!(order.customer.name, "Zoë Ñandú O’Connor – 李");
    assert_eq!(order.delivery.address.unwrap().street, "Rua São Tomé & Príncipe");
}

#[test]
fn an_order_of_a_marketplace() {
    let order = good("marketplace-affiliate");
    let marketplace = order.marketplace.unwrap();
    assert_eq!((marketplace.name.as_str(), marketplace.order_id.as_deref()), ("FRN", Some("1636850500005")));
    assert_eq!(order.payments[0].method, PaymentMethod::Marketplace);
    assert_eq!(order.payments[0].amount, order.total);
    assert_eq!(order.fiscal_payment.len(), 2, "both spellings of marketplacePayment…, nothing else");
}

#[test]
fn payments() {
    let boleto = good("boleto-pending");
    assert_eq!(boleto.status, Status::AwaitingPayment);
    assert_eq!(boleto.payments[0].method, PaymentMethod::Boleto);
    assert_eq!(boleto.due_date(), Some("2026-11-28".parse().unwrap()));
    let pix = good("pix-due-late-evening");
    assert_eq!(pix.payments[0].method, PaymentMethod::Pix);
    assert_eq!(pix.due_date(), Some("2026-11-20".parse().unwrap()), "the day it is in São Paulo");
    let two = good("two-payments-and-an-inactive-transaction");
    let methods: Vec<_> = two.payments.iter().map(|payment| payment.method).collect();
    assert_eq!(methods, [PaymentMethod::CreditCard, PaymentMethod::GiftCard]);
}

#[test]
fn unfinished_and_unknown_orders() {
    assert_eq!(good("incomplete").readiness, Readiness::BeingBuilt);
    assert_eq!(good("status-null").readiness, Readiness::BeingBuilt);
    assert_eq!(good("status-unknown").status, Status::Unknown("quarantined".into()));
    assert!(good("pickup").delivery.pickup);
    assert_eq!(good("cancelled-camel-case-reason").cancel_reason.as_deref(), Some("Cliente desistiu"));
}

#[test]
fn what_cannot_be_used_is_refused_with_the_place() {
    let cases = [
        ("refused-no-value", "there is none (at `value`)"),
        ("refused-no-lines", "there are none (at `items`)"),
        ("refused-quantity-zero", "0 is no quantity (at `items[0].quantity`)"),
        ("refused-no-date", "there is none, or it is no date (at `creationDate`)"),
    ];
    for (fixture, message) in cases {
        assert_eq!(read(fixture).unwrap_err().to_string(), message, "{fixture}");
    }
    let fraction = read("refused-fraction-of-a-cent").unwrap_err();
    assert_eq!(fraction.at, "items[0].price");
    assert!(fraction.problem.contains("found 19.99"), "{fraction}");
}

#[test]
fn review_words() {
    for word in ["AnalyzingRisk", "EmAnalise", "FraudCheck", "UnderReview"] {
        assert!(is_review(word), "{word}");
    }
    for word in ["Authorizing", "Finished", "Started", "Cancelled", ""] {
        assert!(!is_review(word), "{word}");
    }
}

proptest! {
    /// Whatever is put where in an order, it is read or refused, never a panic; and what is read has whole lines.
    #[test]
    fn a_damaged_order_is_read_or_refused(at in 0usize..4_000, byte: u8, cut in 0usize..4_000) {
        let file = format!("{}/tests/fixtures/vtex/two-payments-and-an-inactive-transaction.json", env!("CARGO_MANIFEST_DIR"));
        let mut body = std::fs::read(file).unwrap();
        let len = body.len();
        body[at % len] = byte;
        for bytes in [&body[..], &body[..cut % len]] {
            if let Ok(order) = order(&ChannelName::new("loja"), bytes) {
                prop_assert!(order.lines.iter().all(|line| line.quantity >= 1));
            }
        }
    }
}
