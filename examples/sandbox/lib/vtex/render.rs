//! An order as `GET` shows it (VTEX 2), with the loose types of the real thing.

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::super::json::lay_over;
use super::order::Package;
use super::seed_order::Line;
use super::{Order, OrderSeed, payments, precise};

/// Never the customer's own: the alias of the conversation tracker (VTEX 2.4).
const EMAIL: &str = "0f1e2d3c@ct.vtex.com.br";

/// The whole document.
pub(super) fn order(order: &Order) -> Value {
    let mut fields = Map::new();
    for part in [header(order), contents(order), attachments(order)] {
        if let Value::Object(part) = part {
            fields.extend(part);
        }
    }
    let mut document = Value::Object(fields);
    if order.removed > 0 || order.added > 0 {
        tell_change(&mut document, order);
    }
    if order.seed.float_numbers {
        with_decimal_points(&mut document);
    }
    if let Some(patch) = &order.seed.patch {
        lay_over(&mut document, patch);
    }
    document
}

/// An edit is a row of its own in the totals and a list of what it changed; what it removed stays among the items (VTEX 2.8, and the
/// description's edited order).
fn tell_change(document: &mut Value, order: &Order) {
    let line = &order.seed.lines[0];
    document["items"][0]["quantity"] = json!(line.quantity + order.removed);
    let mut removed = vec![(line, order.removed)];
    if let (Some(before), Some(items)) = (&order.replaced, document["items"].as_array_mut()) {
        removed.push((before, before.quantity));
        let mut item = items[0].clone();
        (item["id"], item["refId"], item["sellerSku"], item["name"]) =
            (json!(before.id), json!(before.ref_id), json!(before.id), json!(before.name));
        items.push(item);
    }
    let worth = |lines: &[(&Line, i64)]| lines.iter().map(|(line, units)| line.price * units).sum::<i64>();
    let told = |lines: &[(&Line, i64)]| -> Vec<Value> {
        let some = lines.iter().filter(|(_, units)| *units > 0);
        some.map(|(line, units)| {
            json!({"id": line.id, "name": line.name, "quantity": units, "price": line.price, "unitMultiplier": null})
        })
        .collect()
    };
    let added = vec![(line, order.added)];
    let (off, on) = (worth(&removed), worth(&added));
    let items = document["totals"][0]["value"].as_i64().unwrap_or_default();
    document["totals"][0]["value"] = json!(items + off - on);
    if let Some(totals) = document["totals"].as_array_mut() {
        totals.push(json!({"id": "Change", "name": "Total das mudanças", "value": on - off}));
    }
    document["changesAttachment"] = json!({
        "id": "changeAttachment",
        "changesData": [{
            "reason": "pedido do cliente", "discountValue": off, "incrementValue": on,
            "itemsAdded": told(&added), "itemsRemoved": told(&removed),
        }],
    });
}

fn header(order: &Order) -> Value {
    let seed = &*order.seed;
    let marketplace = seed.marketplace.as_ref();
    json!({
        "orderId": order.id,
        "sequence": order.sequence.to_string(),
        "marketplaceOrderId": marketplace.map_or("", |marketplace| &marketplace.order),
        "marketplaceServicesEndpoint": "http://oms.vtexinternal.com.br/api/oms?an=loja",
        "sellerOrderId": format!("00-{}", order.id),
        "origin": if order.is_fulfillment() { "Fulfillment" } else { "Marketplace" },
        "affiliateId": marketplace.map_or("", |marketplace| &marketplace.affiliate),
        "salesChannel": seed.sales_channel,
        "merchantName": null,
        "status": if order.null_status { Value::Null } else { json!(order.status) },
        "workflowIsInError": false,
        "statusDescription": null,
        "value": order.value(),
        "creationDate": precise(order.created),
        "lastChange": precise(order.last_change),
        "orderGroup": group_of(&order.id),
        "followUpEmail": EMAIL,
        "lastMessage": null,
        "hostname": "loja",
        "isCompleted": seed.is_completed,
        "roundingError": 0,
        "orderFormId": format!("{:032x}", order.sequence),
        "allowCancellation": order.invoiced.is_none(),
        "allowEdition": false,
        "isCheckedIn": false,
        "authorizedDate": order.authorized.map(precise),
        "invoicedDate": order.invoiced.map(precise),
        "cancelReason": order.cancellation.as_ref().map(|end| &end.reason),
        "checkedInPickupPointId": null,
    })
}

fn contents(order: &Order) -> Value {
    let seed = &*order.seed;
    json!({
        "totals": totals(seed),
        "items": items(order),
        "itemMetadata": {"Items": metadata(seed)},
        "clientProfileData": client(seed),
        "shippingData": shipping(order),
        "paymentData": {"giftCards": [], "transactions": [payments::transaction(order)]},
        "sellers": [{"id": "1", "name": "Loja", "logo": null, "fulfillmentEndpoint": null}],
        "clientPreferencesData": {"locale": "pt-BR", "optinNewsLetter": false},
        "marketplace": {
            "baseURL": "http://oms.vtexinternal.com.br/api/oms?an=loja",
            "isCertified": null,
            "name": seed.marketplace.as_ref().map_or("loja", |marketplace| &marketplace.name),
        },
        "storePreferencesData": {
            "countryCode": "BRA", "currencyCode": "BRL", "currencyLocale": 1046, "currencySymbol": "R$",
            "timeZone": "E. South America Standard Time",
        },
    })
}

fn attachments(order: &Order) -> Value {
    let seed = &*order.seed;
    let packages: Vec<Value> = order.packages.iter().map(|one| package(order, one)).collect();
    let coupon =
        seed.coupon.as_ref().map(|(code, _)| json!({"id": "marketingData", "coupon": code, "marketingTags": []}));
    json!({
        "packageAttachment": {"packages": packages},
        "cancellationData": payments::cancellation(order),
        "cancellationRequests": cancellation_requests(order),
        "customData": custom_data(seed),
        "openTextField": seed.note.as_ref().map(|text| json!({"value": text})),
        "marketingData": coupon,
        "ratesAndBenefitsData": {"id": "ratesAndBenefitsData", "rateAndBenefitsIdentifiers": []},
        "invoiceData": null,
        "changesAttachment": null,
        "callCenterOperatorData": null,
        "commercialConditionData": null,
        "giftRegistryData": null,
        "subscriptionData": null,
        "taxData": null,
    })
}

/// The purchase an order belongs to.
pub(super) fn group_of(id: &str) -> &str {
    id.rsplit_once('-').map_or(id, |(group, _)| group)
}

fn totals(seed: &OrderSeed) -> Value {
    let items: i64 = seed.lines.iter().map(|line| line.price * line.quantity).sum();
    let discounts = seed.line_totals().iter().sum::<i64>() - items;
    json!([
        {"id": "Items", "name": "Total dos Itens", "value": items},
        {"id": "Discounts", "name": "Total dos Descontos", "value": discounts},
        {"id": "Shipping", "name": "Total do Frete", "value": seed.freight - seed.freight_discount},
        {"id": "Tax", "name": "Total da Taxa", "value": seed.tax},
    ])
}

fn items(order: &Order) -> Vec<Value> {
    let seed = &order.seed;
    let totals = seed.line_totals();
    let lines = seed.lines.iter().zip(totals).enumerate();
    lines
        .map(|(index, (line, total))| {
            let (unit, rest) = (total / line.quantity, total % line.quantity);
            // Units that cost a cent more make up for rounding: the exact total is the definition's (VTEX 2.3).
            let mut prices = vec![json!({"value": unit, "quantity": line.quantity - rest})];
            if rest > 0 {
                prices.push(json!({"value": unit + 1, "quantity": rest}));
            }
            let off = total - line.price * line.quantity;
            let tag = json!({"name": "discount@price", "value": off, "rawValue": null});
            let tags = if off == 0 { vec![] } else { vec![tag] };
            json!({
                "uniqueId": format!("{:030X}{index:02X}", order.sequence),
                "id": line.id,
                "productId": format!("10{}", line.id),
                "ean": null,
                "lockId": format!("00-{}", order.id),
                "refId": if seed.null_ref_ids { Value::Null } else { json!(line.ref_id) },
                "sellerSku": line.id,
                "seller": "1",
                "name": line.name,
                "quantity": line.quantity,
                "price": line.price,
                "listPrice": line.price,
                "manualPrice": null,
                "sellingPrice": unit,
                "priceTags": tags,
                "tax": if index == 0 { seed.tax } else { 0 },
                "isGift": line.is_gift,
                "measurementUnit": "un",
                "unitMultiplier": 1.0,
                "shippingPrice": null,
                "rewardValue": 0,
                "commission": 0,
                "freightCommission": 0,
                "costPrice": null,
                "bundleItems": [],
                "components": [],
                "attachments": [],
                "parentItemIndex": null,
                "additionalInfo": {
                    "brandName": "Marca", "brandId": "2000000",
                    "categoriesIds": "/9/", "categories": [{"id": 9, "name": "Geral"}],
                    "dimension": {"cubicweight": 0.7, "height": 15.0, "length": 15.0, "weight": 300.0, "width": 15.0},
                },
                "priceDefinition": {
                    "sellingPrices": prices, "calculatedSellingPrice": unit, "total": total, "reason": null,
                },
            })
        })
        .collect()
}

/// In capitals, once for each SKU (VTEX 2.7).
fn metadata(seed: &OrderSeed) -> Vec<Value> {
    let mut known: Vec<&str> = Vec::new();
    let mut entries = Vec::new();
    for line in &seed.lines {
        if !known.contains(&line.id.as_str()) {
            known.push(&line.id);
            entries.push(json!({
                "Id": line.id, "Seller": "1", "Name": line.name, "SkuName": line.name,
                "ProductId": format!("10{}", line.id), "RefId": line.ref_id, "Ean": null,
                "ImageUrl": null, "DetailUrl": null, "AssemblyOptions": [],
            }));
        }
    }
    entries
}

fn client(seed: &OrderSeed) -> Value {
    let customer = &seed.customer;
    let company = customer.company.as_ref();
    json!({
        "id": "clientProfileData",
        "email": EMAIL,
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "documentType": "cpf",
        "document": customer.cpf,
        "phone": "+5511999990000",
        "isCorporate": company.is_some(),
        "corporateName": company.map(|company| &company.name),
        "tradeName": company.map(|company| &company.name),
        "corporateDocument": company.map(|company| &company.cnpj),
        "stateInscription": company.map(|company| &company.state_registration),
        "corporatePhone": company.map(|_| "+551133330000"),
        "userProfileId": "5660c55f-714d-4b14-88a7-b03e9bfbdd2f",
        "userProfileVersion": null,
        "customerClass": null,
        "customerCode": null,
    })
}

fn shipping(order: &Order) -> Value {
    let seed = &order.seed;
    let receiver = format!("{} {}", seed.customer.first_name, seed.customer.last_name);
    let address = json!({
        "addressType": "residential", "receiverName": receiver, "addressId": "3206601248910",
        "versionId": null, "entityId": null,
        "postalCode": "01310-100", "city": "São Paulo", "state": "SP", "country": "BRA", "street": "Avenida Paulista",
        "number": "1000", "neighborhood": "Bela Vista", "complement": null, "reference": null,
        "geoCoordinates": [-46.65, -23.56],
    });
    let count = i64::try_from(seed.lines.len()).unwrap_or(1);
    // Each line bears a share of the freight, the first what does not divide.
    let share = |cents: i64, index: usize| cents / count + if index == 0 { cents % count } else { 0 };
    let lines = seed.lines.iter().enumerate().map(|(index, line)| {
        let whole = [("1_1".to_owned(), line.quantity)];
        let served = if line.from.is_empty() { &whole } else { line.from.as_slice() };
        let deliveries = served.iter().map(|(warehouse, units)| {
            json!({
                "courierId": seed.carrier.courier_id, "courierName": seed.carrier.name, "dockId": "1",
                "quantity": units, "warehouseId": warehouse, "accountCarrierName": "loja", "kitItemDetails": [],
            })
        });
        json!({
            "itemIndex": index,
            "selectedSla": seed.carrier.sla,
            "lockTTL": "10d",
            "price": share(seed.freight, index),
            "listPrice": share(seed.freight, index),
            "sellingPrice": share(seed.freight - seed.freight_discount, index),
            "deliveryWindow": null,
            "deliveryCompany": seed.carrier.name,
            "shippingEstimate": "4bd",
            "shippingEstimateDate": precise(order.created + TimeDelta::days(6)),
            "slas": [],
            "shipsTo": ["BRA"],
            "deliveryIds": deliveries.collect::<Vec<_>>(),
            "deliveryChannels": [{"id": "delivery", "stockBalance": 0}],
            "deliveryChannel": "delivery",
            "pickupStoreInfo": {
                "additionalInfo": null, "address": null, "dockId": null, "friendlyName": null, "isPickupStore": false,
            },
            "addressId": "3206601248910",
            "polygonName": "",
            "pickupPointId": null,
            "transitTime": "3d",
        })
    });
    json!({
        "id": "shippingData",
        "address": address,
        "logisticsInfo": lines.collect::<Vec<_>>(),
        "trackingHints": null,
        "selectedAddresses": [address],
        "contactInformation": [],
    })
}

/// Where a marketplace tells how it was paid (VTEX 2.6).
fn custom_data(seed: &OrderSeed) -> Value {
    let Some(marketplace) = &seed.marketplace else { return Value::Null };
    json!({
        "customApps": [{
            "id": format!("integration-marketplace-{}", marketplace.name.to_lowercase()),
            "major": 1,
            "fields": {
                "marketplacePaymentMethods": "CreditCard",
                "marketplacePaymentCnpjAcquirers": "11.222.333/0001-81",
                "marketplacePaymentAuthorizationCodes": "XYZ",
                "marketplacePaymentCreditCardBrands": "Visa",
            },
        }],
        "customFields": [],
    })
}

/// As the cancellation guide has it, in small letters (VTEX 2.7).
fn cancellation_requests(order: &Order) -> Value {
    if order.cancellation_requests.is_empty() {
        return Value::Null;
    }
    let requests = order.cancellation_requests.iter().map(|request| {
        json!({
            "id": request.id,
            "reason": request.reason,
            "cancellationRequestDate": precise(request.at),
            "requestedByUser": true,
            "deniedBySeller": request.denied.is_some(),
            "deniedBySellerReason": request.denied.as_ref().map(|(_, reason)| reason),
            "cancellationRequestDenyDate": request.denied.as_ref().map(|(at, _)| precise(*at)),
        })
    });
    Value::Array(requests.collect())
}

/// An invoice with its parcel (VTEX 2.8).
fn package(order: &Order, package: &Package) -> Value {
    let lines = &order.seed.lines;
    let index = |sku: &str| lines.iter().position(|line| line.id == sku);
    let items = package.items.iter().map(|(sku, price, quantity)| {
        json!({
            "itemIndex": index(sku), "quantity": quantity, "price": price, "description": null, "unitMultiplier": 1.0,
        })
    });
    let events = package.events.iter().map(|event| {
        json!({
            "lastChange": event.date, "city": event.city, "state": event.state, "description": event.description,
            "createDate": event.date,
        })
    });
    let has_news = !package.events.is_empty() || package.delivered.is_some();
    json!({
        "items": items.collect::<Vec<_>>(),
        "courier": package.courier,
        "invoiceNumber": package.number,
        "invoiceValue": package.value,
        "invoiceUrl": package.url,
        "issuanceDate": package.issued,
        "trackingNumber": package.tracking_number,
        "invoiceKey": package.key,
        "trackingUrl": package.tracking_url,
        "embeddedInvoice": package.xml,
        "type": package.kind,
        "courierStatus": has_news.then(|| json!({
            "status": null,
            "finished": package.delivered.is_some(),
            "deliveredDate": package.delivered,
            "data": events.collect::<Vec<_>>(),
        })),
        "cfop": null,
        "restitutions": null,
        "volumes": 0,
        "EnableInferItems": null,
    })
}

fn with_decimal_points(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(whole) = number.as_i64() {
                *value = json!(whole as f64);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(with_decimal_points),
        Value::Object(object) => object.values_mut().for_each(with_decimal_points),
        _ => {}
    }
}
