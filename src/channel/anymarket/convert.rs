//! From ANYMARKET's JSON to our order: strict from here on, or refused with the place of the problem.

use serde_json::Value;

use super::wire;
use crate::channel::unreadable::{self, Unreadable, postal_code};
use crate::http::{excerpt, lenient};
use crate::lang::{keep, word};
use crate::model::{
    Address, Cents, ChannelName, ChannelSku, Customer, Delivery, Invoicing, Line, Marketplace, Order, OrderId, Package,
    Payment, PaymentMethod, Readiness, Sku, Status, TaxId, Transmission, calendar,
};

/// Reads the body of an order.
///
/// # Errors
/// [`Unreadable`] with the precise place: no id, no lines, an amount that is none …
pub fn order(channel: &ChannelName, body: &[u8]) -> Result<Order, Unreadable> {
    convert(channel, &unreadable::read::<wire::Order>(body)?)
}

fn convert(channel: &ChannelName, wire: &wire::Order) -> Result<Order, Unreadable> {
    let id = wire.id.as_deref().map(str::trim).ok_or_else(|| Unreadable::new("id", "there is none"))?;
    let total = wire.total.ok_or_else(|| Unreadable::new("total", "there is none"))?;
    let created_at = instant(wire.created_at.as_deref())
        .ok_or_else(|| Unreadable::new("createdAt", "there is none, or it is no date"))?;
    let raw_status = wire.status.clone().unwrap_or_else(|| "null".into());
    let (status, readiness) = status(&raw_status);
    let amounts = amounts(wire, total)?;
    let packages = package(wire, total, &status);
    let invoiced_at = instant(wire.invoice.date.as_deref());
    let is_cancelled = status == Status::Cancelled;
    Ok(Order {
        channel: channel.clone(),
        id: OrderId::new(id),
        sequence: None,
        marketplace: marketplace(wire),
        fulfilled_by_marketplace: wire.fulfillment == Some(true),
        created_at,
        changed_at: instant(wire.last_update.as_deref().or(wire.updated_at.as_deref())),
        invoicing: match &status {
            Status::Paid if is_in_packages(wire) => Invoicing::ByPackage,
            Status::Paid => Invoicing::Open,
            Status::Invoiced | Status::Shipped | Status::Delivered => Invoicing::Done,
            _ => Invoicing::NotYet,
        },
        status,
        raw_status,
        readiness,
        paid_at: instant(wire.payment_date.as_deref()),
        total,
        freight: amounts.freight,
        discount: amounts.discount,
        tax: amounts.tax,
        lines: amounts.lines,
        customer: customer(wire),
        delivery: delivery(wire),
        payments: payments(&wire.payments, total),
        note: wire.observation.clone(),
        cancel_reason: wire.cancel_details.clone().or_else(|| metadata(wire, "canceldetail_description")),
        cancelled_at: instant(wire.cancel_date.as_deref()).filter(|_| is_cancelled),
        fiscal_payment: fiscal_payment(wire),
        needs_xml: metadata(wire, "needInvoiceXML").is_some_and(|needed| needed.eq_ignore_ascii_case("true")),
        invoiced_at: invoiced_at.filter(|_| !packages.is_empty()),
        packages,
        transmission: transmission(wire),
    })
}

fn instant(text: Option<&str>) -> Option<crate::model::Instant> {
    text.and_then(lenient::instant)
}

/// ANYMARKET's statuses in our words. Nothing has to be taken over there: a paid order is the ERP's. Source: V2 back-office
/// description, order statuses; `DELIVERY_ISSUE` is named by its list filter and its callbacks only.
pub fn status(raw: &str) -> (Status, Readiness) {
    use Readiness::{NotYet, TakenOver};
    match raw {
        "PENDING" => (Status::AwaitingPayment, NotYet),
        "PAID_WAITING_SHIP" => (Status::Paid, TakenOver),
        "INVOICED" => (Status::Invoiced, TakenOver),
        "PAID_WAITING_DELIVERY" | "DELIVERY_ISSUE" => (Status::Shipped, TakenOver),
        "CONCLUDED" => (Status::Delivered, TakenOver),
        "CANCELED" => (Status::Cancelled, NotYet),
        other => (Status::Unknown(other.to_owned()), NotYet),
    }
}

struct Amounts {
    lines: Vec<Line>,
    freight: Cents,
    discount: Cents,
    tax: Cents,
}

/// The parts of the total. A line's total is its gross less its discount, and that is checked. How the order's own discount and
/// interest stand to the total is documented nowhere, so the ways that make sense are tried in turn, and the one that adds up to the
/// cent is taken. When none does, the first is given as it is: the plan holds the order and shows both sums.
fn amounts(wire: &wire::Order, total: Cents) -> Result<Amounts, Unreadable> {
    let lines = lines(wire)?;
    let or_zero = |amount: Option<Cents>| amount.unwrap_or(Cents::ZERO);
    let (discount, freight, interest) = (or_zero(wire.discount), or_zero(wire.freight), or_zero(wire.interest_value));
    let of_lines = Cents::checked_sum(lines.iter().map(|line| line.total));
    let line_discounts = Cents::checked_sum(wire.items.iter().filter_map(|item| item.discount)).unwrap_or(Cents::ZERO);
    // The order's discount may be told beside the lines' own, or with them in it.
    let order_discounts = [Some(discount), discount.checked_sub(line_discounts), Some(Cents::ZERO)];
    let ways =
        order_discounts.into_iter().flatten().flat_map(|discount| [(discount, interest), (discount, Cents::ZERO)]);
    let adds_up = |(discount, tax): &(Cents, Cents)| {
        let sum = of_lines?.checked_add(freight)?.checked_add(*tax)?.checked_sub(*discount)?;
        (sum == total && *discount >= Cents::ZERO).then_some(())
    };
    let told = (discount, interest);
    let (discount, tax) = ways.into_iter().find(|way| adds_up(way).is_some()).unwrap_or(told);
    Ok(Amounts { lines, freight, discount, tax })
}

fn lines(wire: &wire::Order) -> Result<Vec<Line>, Unreadable> {
    if wire.items.is_empty() {
        return Err(Unreadable::new("items", "there are none"));
    }
    let lines = wire.items.iter().enumerate().map(|(index, item)| Ok(by_warehouse(line(index, item)?, &item.stocks)));
    lines.collect::<Result<Vec<_>, _>>().map(|lines| lines.into_iter().flatten().collect())
}

/// A line for each location that serves some of it; what does not add up is left to the ERP.
fn by_warehouse(line: Line, shares: &[wire::StockShare]) -> Vec<Line> {
    let shares: Vec<_> = shares.iter().map(|share| (share.stock_local_id.as_deref(), share.amount)).collect();
    line.by_warehouse(&shares)
}

/// A kit comes as its components, each a line of its own.
fn line(index: usize, item: &wire::Item) -> Result<Line, Unreadable> {
    let at = |field: &str| format!("items[{index}].{field}");
    // The store's own code, by which stock is set, too; without one the hub's number.
    let code = item.sku.partner_id.as_deref().map(str::trim);
    let id = code.or(item.sku.id.as_deref()).ok_or_else(|| Unreadable::new(at("sku.partnerId"), "there is none"))?;
    let quantity = item.amount.ok_or_else(|| Unreadable::new(at("amount"), "there is none"))?;
    if quantity < 1 {
        return Err(Unreadable::new(
            at("amount"),
            keep!("{quantity} is no quantity" | "{quantity} não é uma quantidade"),
        ));
    }
    let unit_price = item.unit.ok_or_else(|| Unreadable::new(at("unit"), "there is none"))?;
    let gross = match item.gross {
        Some(gross) => gross,
        None => unit_price.checked_mul(quantity).ok_or_else(|| Unreadable::new(at("unit"), "too large"))?,
    };
    let net = gross
        .checked_sub(item.discount.unwrap_or(Cents::ZERO))
        .ok_or_else(|| Unreadable::new(at("discount"), "too large"))?;
    let total = item.total.unwrap_or(net);
    // Each of them is rounded by itself. What they come to together is held against the order's own total.
    if total.checked_sub(net).is_none_or(|off| off.abs() > Cents::new(1)) {
        return Err(Unreadable::new(
            at("total"),
            keep!(
                "it is {total}, but gross less discount is {net}" | "é {total}, mas o bruto menos o desconto dá {net}"
            ),
        ));
    }
    if total < Cents::ZERO || unit_price < Cents::ZERO {
        return Err(Unreadable::new(at("total"), "it is negative"));
    }
    let names = [item.sku.title.as_deref(), item.product.title.as_deref(), Some(id)];
    Ok(Line {
        channel_sku: ChannelSku::new(id),
        reference: code.map(Sku::new),
        name: names.into_iter().flatten().next().unwrap_or(id).to_owned(),
        quantity,
        added: 0,
        unit_price,
        total,
        warehouse: None,
        kit: item.sku_kit.partner_id.as_deref().map(str::trim).filter(|kit| !kit.is_empty()).map(ChannelSku::new),
    })
}

fn is_in_packages(wire: &wire::Order) -> bool {
    wire.packages.as_ref().and_then(Value::as_array).is_some_and(|packages| !packages.is_empty())
}

fn marketplace(wire: &wire::Order) -> Option<Marketplace> {
    Some(Marketplace {
        name: wire.market_place.clone()?,
        account: wire.account_name.clone(),
        order_id: wire.market_place_number.clone().or_else(|| wire.market_place_id.clone()),
        internal_id: wire.market_place_id.clone(),
        intermediary_tax_id: wire.document_intermediator.clone(),
    })
}

fn customer(wire: &wire::Order) -> Customer {
    let buyer = &wire.buyer;
    let exempt = |ie: &String| ie.trim().to_uppercase().starts_with("ISENT") || ie.trim() == "0";
    // Normalised it may be digits alone, and a CNPJ issued since July 2026 has letters.
    let as_told = buyer.document.as_deref().and_then(|document| TaxId::parse(document).ok());
    let document = as_told
        .map(|document| document.as_str().to_owned())
        .or_else(|| buyer.document_number_normalized.clone())
        .or_else(|| buyer.document.clone());
    Customer {
        name: buyer.name.clone().or_else(|| wire.shipping.receiver_name.clone()).unwrap_or_default(),
        document,
        trade_name: None,
        state_registration: buyer.company_state_tax_id.clone().filter(|ie| !exempt(ie)),
        email: buyer.email.clone(),
        phone: buyer.phone.clone().or_else(|| buyer.cell_phone.clone()),
    }
}

fn delivery(wire: &wire::Order) -> Delivery {
    // `UNKNOWN` is what ANYMARKET has not mapped.
    let known = |text: &Option<String>| text.clone().filter(|text| text != "UNKNOWN");
    let shipping = || wire.items.iter().flat_map(|item| item.shippings.iter());
    let pickup = wire.pickup.as_ref().is_some_and(|pickup| pickup.as_object().is_some_and(|object| !object.is_empty()));
    Delivery {
        address: Some(address(wire)).filter(|address| !address.city.is_empty() || !address.postal_code.is_empty()),
        carrier: shipping().find_map(|one| known(&one.shipping_carrier_normalized)),
        service: shipping()
            .find_map(|one| known(&one.shipping_type).or_else(|| known(&one.shipping_type_in_lower_case))),
        promised_at: instant(wire.shipping.promised_shipping_time.as_deref()),
        pickup,
    }
}

/// The parts come from the address as the marketplace wrote it; the state, which there may be any text, from the normalised one.
fn address(wire: &wire::Order) -> Address {
    let (told, normal) = (&wire.shipping, wire.anymarket_address.as_ref());
    let either = |of: fn(&wire::Address) -> &Option<String>| {
        of(told).clone().or_else(|| normal.and_then(|normal| of(normal).clone())).map(|text| text.trim().to_owned())
    };
    let is_acronym = |state: &String| state.len() == 2 && state.bytes().all(|b| b.is_ascii_alphabetic());
    let states = [
        normal.and_then(|normal| normal.state_acronym_normalized.clone()),
        told.state_acronym_normalized.clone(),
        told.state.clone(),
        normal.and_then(|normal| normal.state.clone()),
    ];
    Address {
        receiver: either(|one| &one.receiver_name),
        postal_code: postal_code(either(|one| &one.zip_code).as_deref()),
        state: states.into_iter().flatten().find(is_acronym).unwrap_or_default().to_uppercase(),
        city: either(|one| &one.city).unwrap_or_default(),
        district: either(|one| &one.neighborhood),
        street: either(|one| &one.street).or_else(|| either(|one| &one.address)).unwrap_or_default(),
        number: either(|one| &one.number).unwrap_or_else(|| "S/N".into()),
        complement: either(|one| &one.comment),
        reference: either(|one| &one.reference),
    }
}

/// What each payment carries of the order: told may be a card's sum with the interest that the customer pays a marketplace, or nothing.
/// What does not come to the total is shared out over it in proportion. Source: ANYMARKET, order fields: `payments[].value` may include
/// interest, as Mercado Livre's does.
fn payments(told: &[wire::Payment], total: Cents) -> Vec<Payment> {
    let values: Vec<i64> = told.iter().map(|payment| payment.value.unwrap_or(Cents::ZERO).get()).collect();
    told.iter().zip(total.split(&values)).map(|(payment, amount)| of_payment(payment, amount)).collect()
}

fn of_payment(wire: &wire::Payment, amount: Cents) -> Payment {
    let names = [&wire.payment_method_normalized, &wire.payment_detail_normalized, &wire.method];
    Payment {
        method: names
            .into_iter()
            .flatten()
            .map(|name| method(name))
            .find(|one| *one != PaymentMethod::Other)
            .unwrap_or(PaymentMethod::Other),
        label: wire.method.clone().or_else(|| wire.payment_method_normalized.clone()).unwrap_or_else(|| "?".into()),
        amount,
        installments: crate::model::order::installments(wire.installments),
        due_date: wire
            .due_date
            .as_deref()
            .and_then(|text| text.trim().parse().ok().or_else(|| lenient::instant(text).map(calendar::local_date))),
        transaction: wire.marketplace_id.clone().filter(|id| id != "1"),
    }
}

/// There is no published list of these words; `UNKNOWN` and all others are [`PaymentMethod::Other`].
fn method(name: &str) -> PaymentMethod {
    let name = name.to_uppercase();
    let is = |part: &str| name.contains(part);
    match () {
        () if is("PIX") => PaymentMethod::Pix,
        () if is("BOLETO") || is("BANK_SLIP") || is("BANKSLIP") => PaymentMethod::Boleto,
        () if is("DEBIT") => PaymentMethod::DebitCard,
        () if is("CREDIT") => PaymentMethod::CreditCard,
        () if is("GIFT") || is("VOUCHER") || is("VALE") => PaymentMethod::GiftCard,
        () if is("MARKETPLACE") || is("WALLET") => PaymentMethod::Marketplace,
        () => PaymentMethod::Other,
    }
}

/// The order's one invoice with its parcel, as far as ANYMARKET has them. It keeps no value of it: it is the order's.
/// Its invoice, which it may show as soon as its XML is there, or somebody wrote it down: only its status tells whether that is all.
fn package(wire: &wire::Order, total: Cents, status: &Status) -> Vec<Package> {
    let (invoice, tracking) = (&wire.invoice, &wire.tracking);
    if invoice.access_key.is_none() && invoice.number.is_none() {
        return Vec::new();
    }
    vec![Package {
        number: invoice.number.clone().unwrap_or_default(),
        key: invoice.access_key.clone(),
        value: total,
        counts: *status != Status::Paid && !status.is_unpaid(),
        tracking_number: tracking.number.clone(),
        tracking_url: tracking.url.clone(),
        courier: tracking.carrier.clone(),
        events: Vec::new(),
        delivered: tracking.delivered_date.is_some() && wire.status.as_deref() == Some("CONCLUDED"),
    }]
}

/// Whether the last change reached the marketplace.
fn transmission(wire: &wire::Order) -> Transmission {
    match wire.transmission_status.as_deref() {
        Some("OK") => Transmission::Done,
        Some("WAITING") => Transmission::Pending,
        Some("ERROR") => Transmission::Failed { message: message(wire.order_message.as_ref()) },
        _ => Transmission::NotTold,
    }
}

fn message(value: Option<&Value>) -> String {
    let text = match value {
        Some(Value::String(text)) => Some(text.as_str()),
        Some(object) => object.get("message").and_then(Value::as_str),
        None => None,
    };
    text.map_or_else(|| word!("the hub gives no reason" | "o hub não informa o motivo").to_owned(), excerpt::short)
}

/// A value of `metadata`, where a schema says text and an example writes a boolean.
fn metadata(wire: &wire::Order, key: &str) -> Option<String> {
    match wire.metadata.get(key)? {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

/// What the NF-e needs of payments and intermediary, and who bears the discounts; names as ANYMARKET writes them.
fn fiscal_payment(wire: &wire::Order) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            found.push((name.to_owned(), value));
        }
    };
    add("intermediateRegistrationId", wire.intermediate_registration_id.clone());
    add("documentPaymentInstitution", wire.document_payment_institution.clone());
    for payment in &wire.payments {
        add("documentPaymentInstitution", payment.document_payment_institution.clone());
        add("cardOperator", payment.card_operator.clone());
        add("orderAuthorizationCardCode", payment.order_authorization_card_code.clone());
    }
    let shares = || {
        let of_order = wire.discount_metadata.iter().flat_map(|share| share.discount_details.iter());
        of_order.chain(wire.items.iter().flat_map(|item| item.discount_item_metadata.iter()))
    };
    let borne = |by: fn(&wire::DiscountDetail) -> Option<Cents>| Cents::checked_sum(shares().filter_map(by));
    for (name, sum) in [
        ("discountSeller", borne(|share| share.discount_order_seller.or(share.discount_product_seller))),
        ("discountMarketplace", borne(|share| share.discount_order_marketplace.or(share.discount_product_marketplace))),
    ] {
        add(name, sum.filter(|sum| *sum != Cents::ZERO).map(Cents::to_decimal));
    }
    found
}

#[cfg(test)]
mod tests;
