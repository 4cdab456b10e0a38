//! VTEX's shapes into ours: lenient on the way in, exact to the cent and complete on the way out.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::Value;

use super::wire;
use crate::channel::unreadable::{self, Unreadable, postal_code};
use crate::http::lenient;
use crate::lang::keep;
use crate::model::{
    Address, Cents, ChannelName, ChannelSku, Customer, Delivery, Invoicing, Line, Marketplace, Order, OrderId, Package,
    PackageEvent, Payment, PaymentMethod, Readiness, Sku, Status, Transmission, WarehouseId,
};

/// Reads the body of an order detail.
///
/// # Errors
/// [`Unreadable`] with the precise place: no order id, no lines, an amount that is none …
pub fn order(channel: &ChannelName, body: &[u8]) -> Result<Order, Unreadable> {
    convert(channel, &unreadable::read::<wire::Order>(body)?)
}

fn convert(channel: &ChannelName, wire: &wire::Order) -> Result<Order, Unreadable> {
    let id = wire.order_id.as_deref().map(str::trim).ok_or_else(|| Unreadable::new("orderId", "there is none"))?;
    let total = Cents::new(wire.value.ok_or_else(|| Unreadable::new("value", "there is none"))?);
    let created_at = wire
        .creation_date
        .as_deref()
        .and_then(lenient::instant)
        .ok_or_else(|| Unreadable::new("creationDate", "there is none, or it is no date"))?;
    let raw_status = wire.status.clone().unwrap_or_else(|| "null".into());
    let (status, readiness) = match wire.is_completed {
        // Incomplete orders lack parts of themselves; only a cancellation may be believed.
        Some(false) if status(wire.status.as_deref()).0 != Status::Cancelled => {
            (Status::AwaitingPayment, Readiness::BeingBuilt)
        }
        _ => status(wire.status.as_deref()),
    };
    let amounts = amounts(wire, total)?;
    let payments = payments(wire, total);
    let delivery = delivery(wire);
    let packages = packages(&wire.package_attachment)?;
    let invoiced_at = wire.invoiced_date.as_deref().and_then(lenient::instant);
    Ok(Order {
        channel: channel.clone(),
        id: OrderId::new(id),
        sequence: wire.sequence.clone(),
        marketplace: marketplace(wire),
        fulfilled_by_marketplace: is_sent_by_another(wire)?,
        created_at,
        changed_at: wire.last_change.as_deref().and_then(lenient::instant),
        status,
        invoicing: invoicing(&raw_status, &packages, total, invoiced_at.is_some()),
        invoiced_at,
        packages,
        raw_status,
        readiness,
        paid_at: wire.authorized_date.as_deref().and_then(lenient::instant),
        total,
        freight: amounts.freight,
        discount: amounts.discount,
        tax: amounts.tax,
        lines: amounts.lines,
        customer: customer(&wire.client_profile_data, wire.shipping_data.address.as_ref()),
        delivery,
        payments,
        note: note(wire.open_text_field.as_ref()),
        cancel_reason: wire.cancel_reason.clone().or_else(|| cancellation(wire, "reason").map(str::to_owned)),
        cancelled_at: cancellation(wire, "cancellationDate").and_then(lenient::instant),
        fiscal_payment: fiscal_payment(&wire.custom_data),
        needs_xml: false,
        transmission: Transmission::NotTold,
    })
}

/// VTEX's workflow states in our words. Source: VTEX, "Order flow and status", and the filterable states of the feed's
/// description; the meaning of transient states as their guides tell it.
pub fn status(raw: Option<&str>) -> (Status, Readiness) {
    use Readiness::{BeingBuilt, NotYet, Ready, TakenOver};
    let Some(raw) = raw else { return (Status::AwaitingPayment, BeingBuilt) };
    match raw {
        "order-created"
        | "order-completed"
        | "on-order-completed"
        | "on-order-completed-ffm"
        | "order-accepted"
        | "order-create-error"
        | "order-creation-error"
        | "waiting-for-authorization"
        | "waiting-for-order-authorization"
        | "waiting-for-manual-authorization"
        | "waiting-ffmt-authorization"
        | "waiting-for-mkt-authorization"
        | "waiting-for-fulfillment"
        | "waiting-for-seller-confirmation"
        | "waiting-for-sellers-confirmation"
        | "window-to-change-payment"
        | "window-to-change-seller"
        | "null" => (Status::AwaitingPayment, BeingBuilt),
        "payment-pending" => (Status::AwaitingPayment, NotYet),
        "approve-payment" => (Status::PaymentUnderReview, NotYet),
        "payment-approved" | "authorize-fulfillment" | "window-to-cancel" => (Status::Paid, NotYet),
        "ready-for-handling" => (Status::Paid, Ready),
        "start-handling" | "handling" | "ready-for-invoicing" | "waiting-seller-handling" => (Status::Paid, TakenOver),
        "invoice" | "invoiced" | "invoice-after-cancellation-deny" => (Status::Invoiced, TakenOver),
        // The description's prose misspells the second; both are accepted.
        "request-cancel" | "cancellation-requested" | "cancelation-requested" | "waiting-for-seller-decision" => {
            (Status::CancellationRequested, NotYet)
        }
        "cancel" | "canceled" | "cancelled" | "replaced" => (Status::Cancelled, NotYet),
        other => (Status::Unknown(other.to_owned()), NotYet),
    }
}

/// In which status VTEX takes an invoice. From `ready-for-handling` it takes one too, and then keeps the stock reserved; in
/// `payment-approved` an order is again after a part of it was invoiced. Sources: VTEX, "Order flow and status"; help article
/// "Product remains reserved after invoicing".
fn invoicing(raw_status: &str, packages: &[Package], total: Cents, is_invoiced: bool) -> Invoicing {
    let partly = || Cents::checked_sum(packages.iter().map(|one| one.value)).is_some_and(|sum| sum < total);
    match raw_status {
        "invoiced" => Invoicing::Done,
        _ if is_invoiced => Invoicing::Done,
        "handling" | "ready-for-invoicing" | "waiting-seller-handling" | "invoice-after-cancellation-deny" => {
            Invoicing::Open
        }
        // What is being verified may not show for seconds; then nobody can tell whether it is a part.
        "invoice" | "payment-approved" if partly() && !packages.is_empty() => Invoicing::Open,
        _ => Invoicing::NotYet,
    }
}

/// The sale's invoices; an invoice without a value would make every sum wrong.
fn packages(wire: &wire::Packages) -> Result<Vec<Package>, Unreadable> {
    let sales = wire.packages.iter().enumerate().filter(|(_, package)| package.kind.as_deref() != Some("Input"));
    sales
        .map(|(index, package)| {
            let value = package.invoice_value.ok_or_else(|| {
                Unreadable::new(format!("packageAttachment.packages[{index}].invoiceValue"), "there is none")
            })?;
            let status = &package.courier_status;
            Ok(Package {
                number: package.invoice_number.clone().unwrap_or_default(),
                key: package.invoice_key.clone(),
                value: Cents::new(value),
                counts: true,
                tracking_number: package.tracking_number.clone(),
                tracking_url: package.tracking_url.clone(),
                courier: package.courier.clone(),
                events: status.data.iter().map(package_event).collect(),
                delivered: status.finished == Some(true),
            })
        })
        .collect()
}

fn package_event(wire: &wire::CourierEvent) -> PackageEvent {
    // A date alone goes out; what comes back may have a time.
    let days = [&wire.last_change, &wire.create_date].into_iter().flatten();
    PackageEvent {
        description: wire.description.clone().unwrap_or_default(),
        days: days.map(|day| day.chars().take(10).collect()).collect(),
    }
}

/// Whether a payment-transaction status means that somebody or something is reviewing the payment.
///
/// VTEX publishes no list of these words; a word that speaks of analysis, risk, fraud or review errs to not being unpaid.
pub fn is_review(transaction_status: &str) -> bool {
    let word = transaction_status.to_ascii_lowercase();
    ["analy", "analis", "risk", "fraud", "review"].iter().any(|part| word.contains(part))
}

struct Amounts {
    lines: Vec<Line>,
    freight: Cents,
    discount: Cents,
    tax: Cents,
}

/// The parts of the total. VTEX tells them twice, as `totals[]` before discounts and as exact line totals after them; whichever
/// adds up to the cent is taken, the former first, since it keeps prices and discount apart. When neither does, the former is
/// given as it is: the plan holds the order and shows both sums.
///
/// What an edited order changed is a row of its own in `totals[]`, told as one sum while `items[]` may still list the units that
/// were removed. It is no rebate on what is left: the changes themselves say what it is made of.
fn amounts(wire: &wire::Order, total: Cents) -> Result<Amounts, Unreadable> {
    let mut freight = 0;
    let mut discount = 0;
    let mut tax = 0;
    for part in &wire.totals {
        let value = part.value.unwrap_or(0);
        match part.id.as_deref() {
            Some("Items" | "Change") => {}
            Some("Discounts") => discount -= value,
            Some("Shipping") => freight += value,
            // Charges and rebates VTEX may add under other names keep the sum whole.
            _ if value < 0 => discount -= value,
            _ => tax += value,
        }
    }
    if !wire.totals.iter().any(|part| part.id.as_deref() == Some("Shipping")) {
        freight = wire.shipping_data.logistics_info.iter().filter_map(|info| info.selling_price).sum();
    }
    let (freight, discount, tax) = (Cents::new(freight), Cents::new(discount), Cents::new(tax));
    let build = |totals: LineTotals, removed: &BTreeMap<&str, i64>, discount: Cents| -> Result<Amounts, Unreadable> {
        Ok(Amounts { lines: lines(wire, totals, removed)?, freight, discount, tax })
    };
    let as_told = build(LineTotals::BeforeDiscounts, &BTreeMap::new(), discount)?;
    if adds_up(&as_told, total) {
        return Ok(as_told);
    }
    // A rounding error VTEX itself declares belongs to the discount.
    let rounding = Cents::new(wire.rounding_error.unwrap_or(0));
    for correction in [rounding, -rounding] {
        if let Some(corrected) = discount.checked_add(correction)
            && let Ok(candidate) = build(LineTotals::BeforeDiscounts, &BTreeMap::new(), corrected)
            && adds_up(&candidate, total)
        {
            return Ok(candidate);
        }
    }
    // Before the exact line totals, which may speak of units that were removed since.
    if let Some(edited) = after_changes(wire, &as_told)
        && adds_up(&edited, total)
        && !edited.lines.is_empty()
    {
        return Ok(edited);
    }
    let net = build(LineTotals::AfterDiscounts, &BTreeMap::new(), Cents::ZERO)?;
    if adds_up(&net, total) && net.lines.iter().all(is_about_its_price) {
        return Ok(net);
    }
    Ok(as_told)
}

fn adds_up(amounts: &Amounts, total: Cents) -> bool {
    let sum = Cents::checked_sum(amounts.lines.iter().map(|line| line.total))
        .and_then(|sum| sum.checked_add(amounts.freight))
        .and_then(|sum| sum.checked_add(amounts.tax))
        .and_then(|sum| sum.checked_sub(amounts.discount));
    sum == Some(total) && amounts.discount >= Cents::ZERO
}

/// Whether an exact line total is its price but for split cents: at most one per unit.
fn is_about_its_price(line: &Line) -> bool {
    let Some(product) = line.unit_price.checked_mul(line.quantity) else { return false };
    product.checked_sub(line.total).is_some_and(|off| off.abs() <= Cents::new(line.quantity))
}

/// An order edited after placement: `items[]` may still list removed units (VTEX known issue), which the changes name. What they
/// took off or put on beside units is discount or tax.
fn after_changes(wire: &wire::Order, as_told: &Amounts) -> Option<Amounts> {
    if wire.changes_attachment.changes_data.is_empty() {
        return None;
    }
    let worth = |items: &[wire::ChangedItem]| {
        items.iter().try_fold(0_i64, |sum, item| {
            sum.checked_add(item.price.unwrap_or(0).checked_mul(item.quantity.unwrap_or(0))?)
        })
    };
    let mut removed = BTreeMap::new();
    let mut other = 0_i64;
    for change in &wire.changes_attachment.changes_data {
        for item in &change.items_removed {
            let gone = removed.entry(item.id.as_deref()?).or_insert(0_i64);
            *gone = gone.checked_add(item.quantity.unwrap_or(0))?;
        }
        let off = change.discount_value.unwrap_or(0).checked_sub(worth(&change.items_removed)?)?;
        let on = change.increment_value.unwrap_or(0).checked_sub(worth(&change.items_added)?)?;
        other = other.checked_add(off)?.checked_sub(on)?;
    }
    Some(Amounts {
        lines: lines(wire, LineTotals::BeforeDiscounts, &removed).ok()?,
        freight: as_told.freight,
        discount: as_told.discount.checked_add(Cents::new(other.max(0)))?,
        tax: as_told.tax.checked_sub(Cents::new(other.min(0)))?,
    })
}

/// The units that edits put into the order, by item. VTEX reserves none of them: it adjusts no inventory for an edit. Source: VTEX,
/// order changes.
fn added(wire: &wire::Order) -> BTreeMap<&str, i64> {
    let mut added = BTreeMap::new();
    for item in wire.changes_attachment.changes_data.iter().flat_map(|change| &change.items_added) {
        let Some(id) = item.id.as_deref() else { continue };
        let units: &mut i64 = added.entry(id).or_default();
        *units = units.saturating_add(item.quantity.unwrap_or(0).max(0));
    }
    added
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LineTotals {
    BeforeDiscounts,
    AfterDiscounts,
}

fn lines(wire: &wire::Order, totals: LineTotals, removed: &BTreeMap<&str, i64>) -> Result<Vec<Line>, Unreadable> {
    if wire.items.is_empty() {
        return Err(Unreadable::new("items", "there are none"));
    }
    let mut removed = removed.clone();
    let mut added = added(wire);
    let mut lines = Vec::with_capacity(wire.items.len());
    for (index, item) in wire.items.iter().enumerate() {
        let at = |field: &str| format!("items[{index}].{field}");
        let id = item.id.as_deref().ok_or_else(|| Unreadable::new(at("id"), "there is none"))?;
        let mut quantity = item.quantity.ok_or_else(|| Unreadable::new(at("quantity"), "there is none"))?;
        if quantity < 1 {
            return Err(Unreadable::new(
                at("quantity"),
                keep!("{quantity} is no quantity" | "{quantity} não é uma quantidade"),
            ));
        }
        if let Some(gone) = removed.get_mut(id) {
            let taken = quantity.min(*gone);
            quantity -= taken;
            *gone -= taken;
            if quantity == 0 {
                continue;
            }
        }
        let scale = |price: Cents| {
            price
                .checked_mul(quantity)
                .and_then(|all| all.checked_scale(item.unit_multiplier.filter(|m| *m > 0).unwrap_or(10_000)))
                .ok_or_else(|| Unreadable::new(at("price"), "too large"))
        };
        let price = item.price.or(item.selling_price).ok_or_else(|| Unreadable::new(at("price"), "there is none"))?;
        let selling = item.selling_price.unwrap_or(price);
        if price < 0 || selling < 0 {
            return Err(Unreadable::new(at("price"), "it is negative"));
        }
        let exact = item
            .price_definition
            .as_ref()
            .or(item.price_definitions.as_ref())
            .and_then(|definition| definition.total)
            .map(Cents::new);
        let (unit_price, total) = match totals {
            LineTotals::BeforeDiscounts => (Cents::new(price), scale(Cents::new(price))?),
            LineTotals::AfterDiscounts => (Cents::new(selling), exact.map_or_else(|| scale(Cents::new(selling)), Ok)?),
        };
        let logistics = wire
            .shipping_data
            .logistics_info
            .iter()
            .find(|info| info.item_index.and_then(|i| usize::try_from(i).ok()) == Some(index));
        let deliveries = logistics.map(|info| info.delivery_ids.as_slice()).unwrap_or_default();
        let shares: Vec<_> =
            deliveries.iter().map(|delivery| (delivery.warehouse_id.as_deref(), delivery.quantity)).collect();
        let line = Line {
            channel_sku: ChannelSku::new(id),
            reference: reference(wire, item, id),
            name: item.name.clone().unwrap_or_else(|| id.to_owned()),
            quantity,
            added: added.get_mut(id).map_or(0, |left| {
                let of_these = quantity.min(*left);
                *left -= of_these;
                of_these
            }),
            unit_price,
            total,
            // Where the deliveries do not add up, as after an edit.
            warehouse: deliveries.first().and_then(|delivery| delivery.warehouse_id.as_deref()).map(WarehouseId::new),
            // It comes whole, as a product like any other.
            kit: None,
        };
        lines.extend(line.by_warehouse(&shares));
    }
    Ok(lines)
}

/// The ERP code: the line's own reference, else the one the order's product data carries for the SKU.
fn reference(wire: &wire::Order, item: &wire::Item, id: &str) -> Option<Sku> {
    let metadata =
        || wire.item_metadata.all().find(|data| data.id.as_deref() == Some(id)).and_then(|data| data.ref_id.clone());
    item.ref_id.clone().or_else(metadata).map(|code| Sku::new(code.trim()))
}

fn customer(profile: &wire::ClientProfile, address: Option<&wire::Address>) -> Customer {
    let person = [profile.first_name.as_deref(), profile.last_name.as_deref()];
    let person = person.into_iter().flatten().map(str::trim).collect::<Vec<_>>().join(" ");
    let receiver = || address.and_then(|address| address.receiver_name.clone()).unwrap_or_default();
    let person = if person.is_empty() { receiver() } else { person };
    let company = profile.is_corporate == Some(true) && profile.corporate_document.is_some();
    let exempt = |ie: &String| {
        let ie = ie.trim().to_uppercase();
        ie.is_empty() || ie == "0" || ie.starts_with("ISENT")
    };
    Customer {
        name: if company { profile.corporate_name.clone().unwrap_or(person) } else { person },
        document: if company { profile.corporate_document.clone() } else { profile.document.clone() },
        trade_name: profile.trade_name.clone().filter(|_| company),
        state_registration: profile.state_inscription.clone().filter(|ie| company && !exempt(ie)),
        email: profile.email.clone(),
        phone: if company { profile.corporate_phone.clone().or(profile.phone.clone()) } else { profile.phone.clone() },
    }
}

fn delivery(wire: &wire::Order) -> Delivery {
    let infos = &wire.shipping_data.logistics_info;
    let first = infos.first();
    let channel = |info: &wire::LogisticsInfo| info.selected_delivery_channel.clone().or(info.delivery_channel.clone());
    let pickup = !infos.is_empty() && infos.iter().all(|info| channel(info).as_deref() == Some("pickup-in-point"));
    let courier = first.and_then(|info| {
        info.delivery_ids.first().and_then(|delivery| delivery.courier_name.clone()).or(info.delivery_company.clone())
    });
    Delivery {
        address: wire.shipping_data.address.as_ref().map(address),
        carrier: courier,
        service: first.and_then(|info| info.selected_sla.clone()),
        promised_at: infos
            .iter()
            .filter_map(|info| info.shipping_estimate_date.as_deref().and_then(lenient::instant))
            .max(),
        pickup,
    }
}

fn address(wire: &wire::Address) -> Address {
    Address {
        receiver: wire.receiver_name.clone(),
        postal_code: postal_code(wire.postal_code.as_deref()),
        state: wire.state.as_deref().unwrap_or_default().trim().to_uppercase(),
        city: wire.city.as_deref().unwrap_or_default().trim().to_owned(),
        district: wire.neighborhood.clone(),
        street: wire.street.as_deref().unwrap_or_default().trim().to_owned(),
        number: wire.number.clone().unwrap_or_else(|| "S/N".into()),
        complement: wire.complement.clone(),
        reference: wire.reference.clone(),
    }
}

/// What the order is paid with, which comes to its total.
fn payments(wire: &wire::Order, total: Cents) -> Vec<Payment> {
    let told: Vec<(&wire::Transaction, &wire::Payment)> = wire
        .payment_data
        .transactions
        .iter()
        .filter(|transaction| transaction.is_active != Some(false))
        .flat_map(|transaction| transaction.payments.iter().map(move |payment| (transaction, payment)))
        .collect();
    let amounts = shares(told.iter().map(|(_, payment)| *payment), total);
    let payments: Vec<Payment> = told
        .into_iter()
        .zip(amounts)
        .map(|((transaction, payment), amount)| Payment {
            method: method(payment),
            label: payment.payment_system_name.clone().unwrap_or_else(|| "?".into()),
            amount,
            installments: crate::model::order::installments(payment.installments),
            due_date: payment.due_date.as_deref().and_then(due_date),
            transaction: payment.tid.clone().or(transaction.transaction_id.clone()),
        })
        .collect();
    if payments.is_empty() && wire.origin.as_deref() == Some("Fulfillment") {
        // Sold by somebody else: the marketplace has the money, and says nothing of how.
        return vec![Payment {
            method: PaymentMethod::Marketplace,
            label: wire.affiliate_id.clone().or(wire.marketplace.name.clone()).unwrap_or_else(|| "marketplace".into()),
            amount: Cents::new(wire.value.unwrap_or(0)),
            installments: 1,
            due_date: None,
            transaction: None,
        }];
    }
    payments
}

/// What each payment carries of the order. Told may be the payment of a whole purchase, of which this order is one seller's part, or of
/// the order before it was edited, or a card's sum with the interest the customer pays the bank, which `referenceValue` is without:
/// what does not come to the total is shared out over it in proportion. Source: VTEX, the description's order of two sellers, and the
/// release note on `referenceValue`.
fn shares<'a>(payments: impl Iterator<Item = &'a wire::Payment> + Clone, total: Cents) -> Vec<Cents> {
    let values: Vec<i64> = payments.clone().map(|payment| payment.value.unwrap_or(0)).collect();
    let without_interest: Vec<i64> = payments.map(|payment| payment.reference_value.unwrap_or(0)).collect();
    let comes_to_it = |amounts: &&Vec<i64>| {
        Cents::checked_sum(amounts.iter().map(|amount| Cents::new(*amount))).is_some_and(|sum| sum == total)
    };
    match [&values, &without_interest].into_iter().find(comes_to_it) {
        Some(amounts) => amounts.iter().map(|amount| Cents::new(*amount)).collect(),
        None => total.split(&values),
    }
}

fn method(payment: &wire::Payment) -> PaymentMethod {
    let group = payment.group.as_deref().unwrap_or_default();
    let name = payment.payment_system_name.as_deref().unwrap_or_default().to_lowercase();
    match group {
        "bankInvoice" | "bankInvoicePaymentGroup" => PaymentMethod::Boleto,
        "instantPayment" | "instantPaymentPaymentGroup" => PaymentMethod::Pix,
        "creditCard" | "creditCardPaymentGroup" => PaymentMethod::CreditCard,
        "debitCard" | "debitCardPaymentGroup" => PaymentMethod::DebitCard,
        "giftCard" | "giftCardPaymentGroup" => PaymentMethod::GiftCard,
        _ if name.contains("pix") => PaymentMethod::Pix,
        _ if name.contains("boleto") => PaymentMethod::Boleto,
        "promissory" | "promissoryPaymentGroup" => PaymentMethod::Promissory,
        _ => PaymentMethod::Other,
    }
}

/// A due date is a local day; with a time and offset, the day it is in São Paulo. `12/29` and the like are a card's expiry.
fn due_date(text: &str) -> Option<NaiveDate> {
    text.trim().parse().ok().or_else(|| lenient::instant(text).map(crate::model::calendar::local_date))
}

/// In an account that also sells what others send, such an order stands beside the store's own: it is packed, invoiced and sent from
/// the account of its seller, to which the stock belongs. The store itself is seller 1. Source: VTEX, "Order flow and status", and the
/// description's order of two sellers; a purchase is divided into one order for each seller.
fn is_sent_by_another(wire: &wire::Order) -> Result<bool, Unreadable> {
    if wire.origin.as_deref() != Some("Marketplace") {
        return Ok(false);
    }
    let is_others = |item: &&wire::Item| item.seller.as_deref().is_some_and(|seller| seller != "1");
    match wire.items.iter().filter(is_others).count() {
        0 => Ok(false),
        others if others == wire.items.len() => Ok(true),
        _ => Err(Unreadable::new("items[].seller", keep!("there are several" | "há vários"))),
    }
}

fn marketplace(wire: &wire::Order) -> Option<Marketplace> {
    if wire.origin.as_deref() != Some("Fulfillment") && wire.affiliate_id.is_none() {
        return None;
    }
    let name = wire.affiliate_id.clone().or(wire.marketplace.name.clone())?;
    Some(Marketplace {
        name,
        account: None,
        order_id: wire.marketplace_order_id.clone(),
        internal_id: None,
        intermediary_tax_id: None,
    })
}

fn note(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text,
        object => object.get("value")?.as_str()?,
    };
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A text of `cancellationData`, whose keys come in either case.
fn cancellation<'a>(wire: &'a wire::Order, wanted: &str) -> Option<&'a str> {
    let object = wire.cancellation_data.as_ref()?.as_object()?;
    let text = object.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted))?.1.as_str()?.trim();
    Some(text).filter(|text| !text.is_empty())
}

/// NT 2025.001's payment data that marketplaces hand over; Dafiti writes the names in the singular.
fn fiscal_payment(custom: &wire::CustomData) -> Vec<(String, String)> {
    custom
        .custom_apps
        .iter()
        .filter(|app| app.id.as_deref().is_some_and(|id| id.starts_with("integration-marketplace-")))
        .flat_map(|app| app.fields.iter())
        .filter(|(key, _)| key.starts_with("marketplacePayment"))
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests;
