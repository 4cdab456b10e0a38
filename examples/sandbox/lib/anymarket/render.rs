//! An order as `GET` shows it (ANYMARKET 2.3).

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::super::json::lay_over;
use super::amount::money;
use super::order::{AnyCancelledBy, AnyOrder, Transmission};
use super::seed_order::AnyOrderSeed;
use super::seed_parts::Discount;
use super::{Anymarket, render_items};

impl Anymarket {
    /// The whole document; `is_new` is for who asked for the new pattern (ANYMARKET 1).
    pub(super) fn shown(&self, order: &AnyOrder, is_new: bool) -> Value {
        let mut document = self.header(order);
        lay_over(&mut document, &self.sums(order, is_new));
        lay_over(&mut document, &people(order));
        lay_over(&mut document, &papers(order));
        document["items"] = render_items::items(self, order);
        document["metadata"] = metadata(order);
        if let Some(patch) = &order.seed.patch {
            lay_over(&mut document, patch);
        }
        if let Some(document) = document.as_object_mut() {
            document.retain(|field, _| !order.lost.contains(&field.as_str()));
        }
        document
    }

    fn header(&self, order: &AnyOrder) -> Value {
        let seed = &*order.seed;
        let date = |at: DateTime<Utc>| date(at, seed);
        let (internal, public) = order.numbers();
        let is_in_trouble = order.delivery_issue && self.settings.delivery_issue_in_status;
        let mut header = json!({
            "id": order.id,
            "idAccount": seed.account.0,
            "accountName": seed.account.1,
            "marketPlace": seed.marketplace,
            "marketPlaceId": internal,
            "marketPlaceNumber": public,
            "partnerId": order.partner_id,
            "subChannel": seed.sub_channel,
            "subChannelNormalized": seed.sub_channel.as_ref().map(|name| name.to_uppercase()),
            "createdAt": date(order.created),
            "paymentDate": order.paid.map(date),
            "cancelDate": order.cancellation.as_ref().map(|end| date(end.at)),
            "status": if is_in_trouble { "DELIVERY_ISSUE" } else { &order.status },
            "marketPlaceStatus": order.status.to_lowercase(),
            "marketPlaceStatusComplement": null,
            "transmissionStatus": match order.transmission {
                Transmission::Ok => "OK",
                Transmission::Waiting => "WAITING",
                Transmission::Error(_) => "ERROR",
            },
            "marketPlaceShipmentStatus": "UNKNOWN",
            "deliveryStatus": delivery_status(order),
            "fulfillment": seed.fulfillment,
            "marketPlaceUrl": null,
            "shippingOptionId": null,
            "shippingId": seed.shipping_id,
        });
        header[update_key(seed)] = json!(date(order.last_update()));
        if let Transmission::Error(message) = &order.transmission {
            header["orderMessage"] = json!({"message": message, "key": null, "parameters": []});
        }
        if let Some(end) = &order.cancellation {
            (header["cancelDetails"], header["cancellationCode"]) = (json!(end.details), json!(end.code));
        }
        header
    }

    fn sums(&self, order: &AnyOrder, is_new: bool) -> Value {
        let seed = &*order.seed;
        let net = seed.gross() - seed.line_discounts();
        let gross = if self.settings.gross_before_discounts { seed.gross() } else { net };
        let payments = seed.payments_with_values();
        let mut sums = json!({
            "discount": money(seed.discount.sum()),
            "freight": money(seed.freight),
            "sellerFreight": money(seed.seller_freight),
            "interestValue": money(seed.interest),
            "gross": money(gross),
            "total": money(seed.total()),
            "payments": payments.iter().map(|(payment, value)| json!({
                "method": payment.method,
                "paymentMethodNormalized": payment.normalized,
                "paymentDetailNormalized": payment.detail,
                "status": if order.paid.is_some() { "Pago" } else { "Pendente" },
                "value": money(*value),
                "installments": payment.installments,
                // A constant in some channels.
                "marketplaceId": "1",
                "gatewayFee": 0.0,
                "marketplaceFee": 0.0,
                "documentPaymentInstitution": payment.institution,
                "cardOperator": payment.card.as_ref().map(|(brand, _)| brand),
                "orderAuthorizationCardCode": payment.card.as_ref().map(|(_, code)| code),
            })).collect::<Vec<_>>(),
        });
        if is_new {
            (sums["productGross"], sums["productNet"]) = (money(seed.gross()), money(net));
        }
        if let Some(told) = who_pays(seed.discount, "discountOrderSeller", "discountOrderMarketplace") {
            sums["discountMetadata"] = json!([{"type": ["COUPON"], "discountDetails": [told]}]);
        }
        sums
    }
}

/// Who bears a discount: what nobody bears is left out, not null.
pub(super) fn who_pays(discount: Discount, seller: &str, marketplace: &str) -> Option<Value> {
    if !discount.is_told {
        return None;
    }
    let mut told = json!({"type": "COUPON"});
    for (key, cents) in [(seller, discount.seller), (marketplace, discount.marketplace)] {
        if cents != 0 {
            told[key] = money(cents);
        }
    }
    Some(told)
}

fn people(order: &AnyOrder) -> Value {
    let seed = &*order.seed;
    let (buyer, address) = (&seed.buyer, &seed.address);
    let digits: String = buyer.document.chars().filter(char::is_ascii_digit).collect();
    let is_known = ["CPF", "CNPJ"].contains(&buyer.document_type.as_str());
    let promised = date(order.created + chrono::TimeDelta::days(10), seed);
    let mut shipping = json!({
        "address": address.line(),
        "street": address.street,
        "number": address.number,
        "comment": address.comment,
        "reference": null,
        "city": address.city,
        "state": address.state_acronym.as_ref().unwrap_or(&address.state),
        "stateNameNormalized": address.state,
        "country": "Brasil",
        "countryAcronymNormalized": "BR",
        "countryNameNormalized": "Brasil",
        "zipCode": address.zip,
        "receiverName": buyer.name,
        "promisedShippingTime": promised,
        "promisedDispatchTime": date(order.created + chrono::TimeDelta::days(2), seed),
    });
    let mut anymarket = json!({
        "state": address.state,
        "stateAcronymNormalized": address.state_acronym,
        "city": address.city,
        "zipCode": address.zip,
        "address": address.line(),
        "street": address.street,
        "number": address.number,
        "comment": address.comment,
        "reference": null,
        "receiverName": buyer.name,
        "promisedShippingTime": promised,
        "country": "Brasil",
    });
    // Not required, and so left out where the channel has none.
    if let Some(neighborhood) = &address.neighborhood {
        shipping["neighborhood"] = json!(neighborhood);
        anymarket["neighborhood"] = json!(neighborhood);
    }
    json!({
        "shipping": shipping,
        "billingAddress": shipping,
        "anymarketAddress": anymarket,
        "buyer": {
            "name": buyer.name,
            "email": "0f1e2d3c@cliente.example",
            "document": buyer.document,
            "documentType": buyer.document_type,
            "documentNumberNormalized": is_known.then_some(digits),
            "phone": "1130001234",
            "cellPhone": "11990001234",
            "companyStateTaxId": buyer.state_registration,
            "dateOfBirth": null,
            "marketPlaceId": format!("B{}", order.id),
        },
    })
}

/// Invoice, tracking, and what the NF-e wants to know of the intermediary.
fn papers(order: &AnyOrder) -> Value {
    let intermediary = order.seed.intermediary.as_ref();
    json!({
        "invoice": order.invoice,
        "tracking": order.tracking,
        "documentIntermediator": intermediary.map(|one| &one.document),
        "intermediateRegistrationId": intermediary.map(|one| &one.registration),
        "documentPaymentInstitution": intermediary.map(|one| &one.payment_institution),
    })
}

fn metadata(order: &AnyOrder) -> Value {
    let seed = &*order.seed;
    let mut metadata: Map<String, Value> = seed.metadata.clone();
    metadata.extend(order.metadata.clone());
    if seed.needs_xml {
        metadata.insert("needInvoiceXML".into(), if seed.loose_types { json!(true) } else { json!("true") });
    }
    let discounts = seed.discount.sum() + seed.line_discounts();
    if discounts > 0 {
        metadata.insert("discountSummarized".into(), money(discounts));
    }
    if let Some(end) = &order.cancellation {
        let by = match end.by {
            AnyCancelledBy::Buyer => "buyer",
            AnyCancelledBy::Marketplace => "marketplace",
            AnyCancelledBy::Seller => "seller",
        };
        metadata.insert("canceldetail_requested_by".into(), json!(by));
    }
    Value::Object(metadata)
}

fn delivery_status(order: &AnyOrder) -> &'static str {
    match order.status.as_str() {
        _ if order.delivery_issue => "NOT_DELIVERY",
        "PAID_WAITING_DELIVERY" => "IN_TRANSIT",
        "CONCLUDED" => "DELIVERED",
        _ => "UNKNOWN",
    }
}

/// Where the last change stands.
pub(super) fn update_key(seed: &AnyOrderSeed) -> &'static str {
    if seed.loose_types { "updatedAt" } else { "lastUpdate" }
}

/// With the offset of São Paulo to the second, or in UTC with milliseconds (ANYMARKET 1.1).
pub(super) fn date(at: DateTime<Utc>, seed: &AnyOrderSeed) -> String {
    match FixedOffset::west_opt(3 * 3_600).filter(|_| !seed.loose_types) {
        Some(zone) => at.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, false),
        None => at.to_rfc3339_opts(SecondsFormat::Millis, true),
    }
}
