//! What each quirk of ANYMARKET's orders becomes.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::WarehouseId;

/// A paid order of Mercado Livre with two lines, as the reference shows one.
fn paid() -> Value {
    json!({
        "id": 81_234_567, "idAccount": 12, "accountName": "LOJA ML", "marketPlace": "MERCADO_LIVRE",
        "marketPlaceId": "2000009876543210", "marketPlaceNumber": "2000001122334455",
        "createdAt": "2026-11-20T09:15:00-03:00", "paymentDate": "2026-11-20T12:16:30.123Z",
        "lastUpdate": "2026-11-20T12:17:00Z", "status": "PAID_WAITING_SHIP", "transmissionStatus": "OK",
        "discount": 10.0, "freight": 19.9, "interestValue": 0, "gross": 249.7, "total": 259.6,
        "documentIntermediator": "03007331000141", "fulfillment": false,
        "shipping": {
            "address": "Avenida Paulista, 1000", "street": "Avenida Paulista", "number": "1000", "city": "São Paulo",
            "state": "São Paulo", "zipCode": "1310100", "receiverName": "Ana Souza",
            "promisedShippingTime": "2026-11-27T23:59:59-03:00",
        },
        "anymarketAddress": { "stateAcronymNormalized": "sp", "neighborhood": "Bela Vista" },
        "buyer": {
            "name": "Ana Souza", "email": "ana@mail.example", "document": "529.982.247-25", "documentType": "CPF",
            "documentNumberNormalized": "52998224725", "phone": "11999990000",
        },
        "payments": [{
            "method": "credit_card", "paymentMethodNormalized": "CREDIT_CARD", "value": 259.6, "installments": 3,
            "marketplaceId": "1", "cardOperator": "01",
        }],
        "items": [
            {
                "sku": { "id": 501, "partnerId": " CAMISETA-P ", "title": "Camiseta P" }, "product": { "title": "Camiseta" },
                "amount": 2.0, "unit": 99.9, "gross": 199.8, "discount": 0, "total": 199.8, "orderItemId": "77",
                "shippings": [{ "shippingtype": "Expressa", "shippingCarrierNormalized": "UNKNOWN" }],
                "stocks": [{ "stockLocalId": 9, "amount": 2.0 }],
            },
            {
                "sku": { "id": "502", "partnerId": "CANECA" }, "product": { "title": "Caneca" },
                "amount": "1", "unit": 49.9, "gross": 49.9, "total": 49.9,
                "shippings": [{ "shippingtype": "Expressa", "shippingCarrierNormalized": "Mercado Envios" }],
            },
        ],
    })
}

fn read(order: &Value) -> Result<Order, String> {
    super::order(&ChannelName::new("hub"), order.to_string().as_bytes()).map_err(|problem| problem.to_string())
}

/// The same with something changed.
fn with(change: impl FnOnce(&mut Value)) -> Result<Order, String> {
    let mut order = paid();
    change(&mut order);
    read(&order)
}

#[test]
fn a_paid_order_is_read_whole_and_exact() {
    let order = read(&paid()).unwrap();
    assert_eq!((order.id.as_str(), &order.status, order.readiness), ("81234567", &Status::Paid, Readiness::TakenOver));
    assert_eq!(order.created_at, "2026-11-20T12:15:00Z".parse::<crate::model::Instant>().unwrap());
    assert_eq!(order.paid_at, Some("2026-11-20T12:16:30.123Z".parse().unwrap()));
    let marketplace = order.marketplace.clone().unwrap();
    assert_eq!((marketplace.name.as_str(), marketplace.account.as_deref()), ("MERCADO_LIVRE", Some("LOJA ML")));
    assert_eq!(marketplace.order_id.as_deref(), Some("2000001122334455"), "what the buyer sees");
    assert_eq!(marketplace.internal_id.as_deref(), Some("2000009876543210"));
    assert_eq!(marketplace.intermediary_tax_id.as_deref(), Some("03007331000141"));
    assert_eq!(order.sum_of_parts(), Some(order.total));
    assert_eq!([order.total, order.freight, order.discount, order.tax].map(Cents::get), [25_960, 1_990, 1_000, 0]);
    let lines: Vec<_> =
        order.lines.iter().map(|line| (line.quantity, line.unit_price.get(), line.total.get())).collect();
    assert_eq!(lines, [(2, 9_990, 19_980), (1, 4_990, 4_990)]);
    assert_eq!(order.lines[0].reference, Some(Sku::new("CAMISETA-P")));
    assert_eq!(order.lines[0].channel_sku, ChannelSku::new("CAMISETA-P"));
    assert_eq!((order.lines[0].name.as_str(), order.lines[1].name.as_str()), ("Camiseta P", "Caneca"));
    assert_eq!((&order.lines[0].warehouse, &order.lines[1].warehouse), (&Some(WarehouseId::new("9")), &None));
    assert_eq!(
        (order.delivery.carrier.as_deref(), order.delivery.service.as_deref()),
        (Some("Mercado Envios"), Some("Expressa"))
    );
    let address = order.delivery.address.unwrap();
    assert_eq!((address.state.as_str(), address.postal_code.as_str()), ("SP", "01310100"));
    assert_eq!(address.district.as_deref(), Some("Bela Vista"));
    assert_eq!(order.payments[0].method, PaymentMethod::CreditCard);
    assert_eq!((order.payments[0].installments, order.payments[0].transaction.as_deref()), (3, None));
    assert_eq!(order.fiscal_payment, [("cardOperator".to_owned(), "01".to_owned())]);
    assert_eq!((order.invoicing, order.transmission, order.needs_xml), (Invoicing::Open, Transmission::Done, false));
}

#[test]
fn a_field_with_two_names_may_come_under_both() {
    let changed = |names: Value| {
        let told = with(|order| {
            let order = order.as_object_mut().unwrap();
            order.remove("lastUpdate");
            order.extend(names.as_object().unwrap().clone());
        });
        told.unwrap().changed_at.map(|at| at.to_rfc3339())
    };
    let (last, updated) = ("2026-11-20T12:20:00Z", "2026-11-20T12:10:00Z");
    let expected = |at: &str| Some(at.replace('Z', "+00:00"));
    assert_eq!(changed(json!({ "lastUpdate": last, "updatedAt": updated })), expected(last));
    assert_eq!(changed(json!({ "lastUpdate": null, "updatedAt": updated })), expected(updated));
    assert_eq!(changed(json!({ "updatedAt": updated })), expected(updated));
    let service = with(|order| order["items"][0]["shippings"][0]["shippingType"] = json!("Expressa")).unwrap();
    assert_eq!(service.delivery.service.as_deref(), Some("Expressa"));
}

#[test]
fn a_line_that_several_warehouses_serve_is_one_for_each() {
    let served = |shares: Value| {
        let order = with(|order| {
            let item = json!({ "amount": 3, "unit": 33.33, "gross": 99.99, "total": 99.99, "stocks": shares });
            order["items"][0].as_object_mut().unwrap().extend(item.as_object().unwrap().clone());
        });
        let lines = order.unwrap().lines;
        let own = lines.iter().filter(|line| line.channel_sku.as_str() == "CAMISETA-P");
        let told = |line: &Line| {
            let warehouse = line.warehouse.as_ref().map_or("-", WarehouseId::as_str);
            format!("{} of {warehouse} for {}", line.quantity, line.total.get())
        };
        own.map(told).collect::<Vec<_>>()
    };
    let share = |local: i64, amount: Value| json!({ "stockLocalId": local, "amount": amount });
    assert_eq!(served(json!([share(9, json!(1.0)), share(4, json!("2"))])), ["2 of 4 for 6666", "1 of 9 for 3333"]);
    let zero = json!([share(9, json!(1)), share(9, json!(2)), share(4, json!(0))]);
    assert_eq!(served(zero), ["3 of 9 for 9999"]);
    assert_eq!(served(json!([share(9, json!("n/d"))])), ["3 of 9 for 9999"], "one serves all of it");
    for untold in [
        json!([share(9, json!(1)), share(4, json!(1))]),
        json!([share(9, json!(3)), { "amount": 0 }]),
        json!([share(9, json!(-1)), share(4, json!(4))]),
        json!([share(9, Value::Null), share(4, json!(3))]),
        json!([share(9, json!(0.5)), share(4, json!(2.5))]),
        json!([share(9, json!("n/d")), share(4, json!([]))]),
        json!([]),
    ] {
        assert_eq!(served(untold), ["3 of - for 9999"], "it is left to the ERP");
    }
}

#[test]
fn a_line_names_the_kit_it_is_a_part_of() {
    let kit = |told: Value| with(|order| order["items"][0]["skuKit"] = told).unwrap().lines.swap_remove(0).kit;
    assert_eq!(kit(json!({ "id": 7, "partnerId": " KIT-1 ", "amount": 2 })), Some(ChannelSku::new("KIT-1")));
    assert_eq!([kit(json!({ "partnerId": "" })), kit(serde_json::json!({})), kit(Value::Null)], [None, None, None]);
}

#[test]
fn an_order_in_packages_is_not_invoiced_as_one() {
    let invoicing = |packages: Value| with(|order| order["packages"] = packages).unwrap().invoicing;
    assert_eq!(invoicing(json!([{ "id": "a" }])), Invoicing::ByPackage);
    assert_eq!([invoicing(json!([])), invoicing(Value::Null), invoicing(json!("x"))], [Invoicing::Open; 3]);
}

#[test]
fn every_status_in_our_words() {
    let table = [
        ("PENDING", Status::AwaitingPayment, Readiness::NotYet, Invoicing::NotYet),
        ("PAID_WAITING_SHIP", Status::Paid, Readiness::TakenOver, Invoicing::Open),
        ("INVOICED", Status::Invoiced, Readiness::TakenOver, Invoicing::Done),
        ("PAID_WAITING_DELIVERY", Status::Shipped, Readiness::TakenOver, Invoicing::Done),
        ("DELIVERY_ISSUE", Status::Shipped, Readiness::TakenOver, Invoicing::Done),
        ("CONCLUDED", Status::Delivered, Readiness::TakenOver, Invoicing::Done),
        ("CANCELED", Status::Cancelled, Readiness::NotYet, Invoicing::NotYet),
        ("UNDER_REVIEW", Status::Unknown("UNDER_REVIEW".into()), Readiness::NotYet, Invoicing::NotYet),
    ];
    for (raw, status, readiness, invoicing) in table {
        let order = with(|order| order["status"] = raw.into()).unwrap();
        assert_eq!((order.status, order.readiness, order.invoicing), (status, readiness, invoicing), "{raw}");
        assert_eq!(order.raw_status, raw);
    }
    assert_eq!(with(|order| order["status"] = Value::Null).unwrap().status, Status::Unknown("null".into()));
}

/// Nothing says whether the order's discount has the lines' own in it, and whether interest is part of the total.
#[test]
fn discounts_and_interest_stand_to_the_total_in_the_way_that_adds_up() {
    let line_discount = |order: &mut Value| {
        order["items"][0]["discount"] = json!(15.0);
        order["items"][0]["total"] = json!(184.8);
    };
    // Beside the order's own.
    let beside = with(|order| {
        line_discount(order);
        order["total"] = json!(244.6);
    });
    // With the lines' own in it.
    let within = with(|order| {
        line_discount(order);
        order["discount"] = json!(25.0);
        order["total"] = json!(244.6);
    });
    // Interest in the total, and told but not in it.
    let interest = with(|order| {
        order["interestValue"] = json!(5.4);
        order["total"] = json!(265.0);
    });
    let interest_apart = with(|order| order["interestValue"] = json!(5.4));
    for (order, parts) in [
        (beside, [24_460, 1_000, 0]),
        (within, [24_460, 1_000, 0]),
        (interest, [26_500, 1_000, 540]),
        (interest_apart, [25_960, 1_000, 0]),
    ] {
        let order = order.unwrap();
        assert_eq!([order.total, order.discount, order.tax].map(Cents::get), parts);
        assert_eq!(order.sum_of_parts(), Some(order.total));
    }
    let hopeless = with(|order| order["total"] = json!(300.0)).unwrap();
    assert_ne!(hopeless.sum_of_parts(), Some(hopeless.total), "left as it is, for the plan to hold");
}

/// Ten percent off R$ 49,95 are four and a half cents less each way.
#[test]
fn a_discount_that_rounds_two_ways_is_taken_as_the_total_says() {
    let order = with(|order| {
        let item = &mut order["items"][0];
        (item["gross"], item["discount"], item["total"]) = (json!(49.95), json!(4.995), json!(44.955));
    });
    assert_eq!(order.unwrap().lines[0].total, Cents::new(4_496));
}

#[test]
fn what_is_no_order_is_refused_with_its_place() {
    type Case = (&'static str, fn(&mut Value));
    let cases: [Case; 9] = [
        ("there is none (at `id`)", |order| order["id"] = Value::Null),
        ("there is none (at `total`)", |order| order["total"] = " ".into()),
        ("(at `createdAt`)", |order| order["createdAt"] = "20/11/2026".into()),
        ("there are none (at `items`)", |order| order["items"] = Value::Null),
        ("there is none (at `items[1].sku.partnerId`)", |order| order["items"][1]["sku"] = json!({})),
        ("(at `items[0].amount`)", |order| order["items"][0]["amount"] = json!(0.5)),
        ("0 is no quantity (at `items[0].amount`)", |order| order["items"][0]["amount"] = json!(0)),
        ("gross less discount is R$ 199,80 (at `items[0].total`)", |order| order["items"][0]["total"] = json!(199.78)),
        ("(at `freight`)", |order| order["freight"] = "grátis".into()),
    ];
    for (problem, change) in cases {
        let refused = with(change).unwrap_err();
        assert!(refused.contains(problem), "{refused}");
    }
    assert!(!with(|order| order["buyer"] = "Ana Souza".into()).unwrap_err().contains("Ana"));
}

#[test]
fn what_may_be_missing_is_missing() {
    let order = with(|order| {
        for field in ["shipping", "anymarketAddress", "payments", "buyer", "marketPlaceNumber", "lastUpdate"] {
            order.as_object_mut().unwrap().remove(field);
        }
    })
    .unwrap();
    assert_eq!((order.delivery.address, order.customer.document, order.payments.len()), (None, None, 0));
    assert_eq!(order.marketplace.unwrap().order_id.as_deref(), Some("2000009876543210"), "better than none");
}

#[test]
fn who_buys_and_where_it_goes() {
    let company = with(|order| {
        order["buyer"] =
            json!({ "name": "Café Ltda", "document": "11.222.333/0001-81", "companyStateTaxId": "110042490114" });
        order["shipping"]["state"] = "RJ".into();
        order["anymarketAddress"] = json!({ "state": "Rio de Janeiro" });
    })
    .unwrap();
    assert!(company.customer.tax_id().is_some());
    assert_eq!(company.customer.state_registration.as_deref(), Some("110042490114"));
    assert_eq!(company.delivery.address.unwrap().state, "RJ");
    let document = |told: &str, normalized: &str| {
        let order = with(|order| {
            order["buyer"]["document"] = told.into();
            order["buyer"]["documentNumberNormalized"] = normalized.into();
        });
        order.unwrap().customer.document.unwrap()
    };
    assert_eq!(document("12.abc.345/01DE-35", "123450135"), "12ABC34501DE35", "a CNPJ may have letters");
    assert_eq!(document("529.982.247-2X", "52998224725"), "52998224725");
    let exempt = with(|order| order["buyer"]["companyStateTaxId"] = "Isento".into()).unwrap();
    assert_eq!(exempt.customer.state_registration, None);
    let pickup = with(|order| order["pickup"] = json!({ "id": 3, "description": "Loja Centro" })).unwrap();
    assert!(pickup.delivery.pickup);
    assert!(!with(|order| order["pickup"] = json!({})).unwrap().delivery.pickup);
}

#[test]
fn payment_methods_by_what_their_names_say() {
    for (name, method) in [
        ("PIX", PaymentMethod::Pix),
        ("BOLETO", PaymentMethod::Boleto),
        ("DEBIT_CARD", PaymentMethod::DebitCard),
        ("CREDIT_CARD", PaymentMethod::CreditCard),
        ("GIFT_CARD", PaymentMethod::GiftCard),
        ("UNKNOWN", PaymentMethod::Other),
    ] {
        let order = with(|order| {
            order["payments"][0]["method"] = "raw".into();
            order["payments"][0]["paymentMethodNormalized"] = name.into();
        });
        assert_eq!(order.unwrap().payments[0].method, method, "{name}");
    }
    // What was not mapped may still be told by the marketplace's own word.
    let raw = with(|order| {
        order["payments"][0] =
            json!({ "method": "pix_transfer", "paymentMethodNormalized": "UNKNOWN", "dueDate": "2026-11-23" });
    });
    let payment = raw.unwrap().payments.remove(0);
    assert_eq!((payment.method, payment.due_date), (PaymentMethod::Pix, "2026-11-23".parse().ok()));
}

/// A card's sum with the marketplace's interest, two cards, and a payment that does not say how much.
#[test]
fn payments_come_to_the_total() {
    for (told, amounts) in [
        (vec![json!(259.6)], vec![25_960]),
        (vec![json!(285.56)], vec![25_960]),
        (vec![json!(null)], vec![25_960]),
        (vec![json!(200.0), json!(59.6)], vec![20_000, 5_960]),
        (vec![json!(220.0), json!(65.56)], vec![20_000, 5_960]),
    ] {
        let order = with(|order| {
            order["payments"] = told.iter().map(|value| json!({ "method": "pix", "value": value })).collect();
        });
        let paid: Vec<i64> = order.unwrap().payments.iter().map(|payment| payment.amount.get()).collect();
        assert_eq!(paid, amounts, "{told:?}");
    }
}

#[test]
fn the_invoice_and_parcel_it_has() {
    let order = with(|order| {
        order["status"] = "CONCLUDED".into();
        order["invoice"] = json!({ "accessKey": "3526", "number": 1001, "series": "1", "date": "2026-11-21T10:00:00-03:00" });
        order["tracking"] = json!({
            "number": "BR1", "url": "https://r.example/BR1", "carrier": "Correios", "deliveredDate": "2026-11-25T15:00:00-03:00",
        });
    })
    .unwrap();
    let package = &order.packages[0];
    assert_eq!((package.number.as_str(), package.key.as_deref(), package.value), ("1001", Some("3526"), order.total));
    assert_eq!((package.tracking_number.as_deref(), package.delivered), (Some("BR1"), true));
    assert_eq!(order.invoiced_at, Some("2026-11-21T13:00:00Z".parse().unwrap()));
    assert!(with(|order| order["invoice"] = json!({ "date": null })).unwrap().packages.is_empty());
}

#[test]
fn whether_the_marketplace_heard() {
    let heard = |order: Value| read(&order).unwrap().transmission;
    let mut order = paid();
    order["transmissionStatus"] = "WAITING".into();
    assert_eq!(heard(order.clone()), Transmission::Pending);
    order["transmissionStatus"] = "ERROR".into();
    assert_eq!(heard(order.clone()), Transmission::Failed { message: "the hub gives no reason".into() });
    order["orderMessage"] = json!({ "message": "Nota recusada para 529.982.247-25", "key": "x" });
    let Transmission::Failed { message } = heard(order.clone()) else { panic!() };
    assert!(message.starts_with("Nota recusada") && !message.contains("982"), "{message}");
    order["transmissionStatus"] = Value::Null;
    assert_eq!(heard(order), Transmission::NotTold);
}

#[test]
fn what_only_some_orders_have() {
    let order = with(|order| {
        order["fulfillment"] = "true".into();
        order["metadata"] = json!({ "needInvoiceXML": true, "logistic_type": "xd_drop_off" });
        order["intermediateRegistrationId"] = "LOJA123".into();
        order["discountMetadata"] = json!([
            { "type": ["COUPON"], "discountDetails": [{ "discountOrderSeller": 4.0, "discountOrderMarketplace": 6.0 }] },
        ]);
        order["items"][0]["discountItemMetadata"] = json!([{ "discountProductMarketplace": 1.5 }]);
        order["cancelDetails"] = "OUT_OF_STOCK".into();
    })
    .unwrap();
    assert!(order.fulfilled_by_marketplace && order.needs_xml);
    for pair in [("intermediateRegistrationId", "LOJA123"), ("discountSeller", "4.00"), ("discountMarketplace", "7.50")]
    {
        assert!(order.fiscal_payment.contains(&(pair.0.to_owned(), pair.1.to_owned())), "{:?}", order.fiscal_payment);
    }
    assert!(with(|order| order["metadata"] = json!({ "needInvoiceXML": "true" })).unwrap().needs_xml);
    assert_eq!(order.cancel_reason.as_deref(), Some("OUT_OF_STOCK"));
}

proptest! {
    /// Whatever bytes come, they are an order or a refusal.
    #[test]
    fn any_change_of_any_byte_is_read_or_refused(at in 0usize..2_000, byte: u8) {
        let mut bytes = paid().to_string().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(order) = super::order(&ChannelName::new("hub"), &bytes) {
            prop_assert!(!order.lines.is_empty() && order.lines.iter().all(|line| line.quantity > 0));
        }
    }

    /// Sums computed in binary are the cents they stand for.
    #[test]
    #[allow(clippy::float_arithmetic)]
    fn amounts_in_binary_are_exact(cents in proptest::collection::vec(0i64..10_000_000, 1..6), freight in 0i64..100_000) {
        let reais = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100).parse::<f64>().unwrap();
        let items: Vec<Value> = cents.iter().map(|cents| json!({
            "sku": { "id": 1 }, "amount": 1, "unit": reais(*cents), "gross": reais(*cents), "total": reais(*cents),
        })).collect();
        let order = with(|order| {
            order["items"] = items.into();
            order["freight"] = json!(reais(freight));
            order["discount"] = Value::Null;
            order["total"] = json!(cents.iter().map(|cents| reais(*cents)).sum::<f64>() + reais(freight));
        }).unwrap();
        prop_assert_eq!(order.sum_of_parts(), Some(order.total));
        prop_assert_eq!(order.total.get(), cents.iter().sum::<i64>() + freight);
    }
}
