//! The order as the ERP is to have it: every product and the carrier mapped, the total exact, the customer and address complete.

use std::collections::BTreeMap;

use super::{Facts, Policy};
use crate::erp::{NewLine, NewOrder};
use crate::model::{ChannelSku, Order, Status, TaxId};
use crate::reason::{Reason, UnmappedSku};

/// The order as the ERP is to have it, or why it cannot.
pub(super) fn new_order(facts: &Facts, policy: &Policy) -> Result<NewOrder, Reason> {
    let order = &facts.order;
    let lines = map_lines(facts, policy)?;
    let carrier = policy.carrier(order);
    if carrier.is_none() && !order.delivery.pickup {
        let name = order.delivery.carrier.as_ref().or(order.delivery.service.as_ref());
        return Err(Reason::CarrierUnmapped { carrier: name.cloned().unwrap_or_else(|| "(none named)".into()) });
    }
    let parts = order.sum_of_parts();
    if parts != Some(order.total) {
        return Err(Reason::TotalsDiffer { parts: parts.unwrap_or_default(), total: order.total });
    }
    if let Err(problem) = TaxId::parse(order.customer.document.as_deref().unwrap_or_default()) {
        return Err(Reason::TaxIdInvalid { problem: problem.to_string() });
    }
    let missing = missing_in_address(order);
    if !missing.is_empty() {
        return Err(Reason::AddressIncomplete { missing });
    }
    Ok(NewOrder {
        channel: order.channel.clone(),
        store_number: order.id.clone(),
        marketplace: order.marketplace.clone(),
        created_at: order.created_at,
        status: if order.status.is_unpaid() { order.status.clone() } else { Status::Paid },
        paid_at: order.paid_at,
        total: order.total,
        freight: order.freight,
        discount: order.discount,
        tax: order.tax,
        lines,
        customer: order.customer.clone(),
        address: order.delivery.address.clone(),
        carrier,
        service: order.delivery.service.clone(),
        promised_at: order.delivery.promised_at,
        payments: order.payments.clone(),
        note: order.note.clone(),
        fiscal_payment: order.fiscal_payment.clone(),
    })
}

fn map_lines(facts: &Facts, policy: &Policy) -> Result<Vec<NewLine>, Reason> {
    let mut unmapped: BTreeMap<ChannelSku, UnmappedSku> = BTreeMap::new();
    let mut lines = Vec::with_capacity(facts.order.lines.len());
    for line in &facts.order.lines {
        match policy.sku(line) {
            Some(sku) if facts.known_skus.contains(&sku) => lines.push(NewLine {
                sku,
                name: line.name.clone(),
                quantity: line.quantity,
                unit_price: line.unit_price,
                total: line.total,
                warehouse: line.warehouse.as_ref().and_then(|theirs| policy.warehouses.get(theirs)).cloned(),
            }),
            tried => {
                unmapped.entry(line.channel_sku.clone()).or_insert_with(|| UnmappedSku {
                    channel_sku: line.channel_sku.to_string(),
                    tried,
                    name: line.name.clone(),
                });
            }
        }
    }
    if unmapped.is_empty() { Ok(lines) } else { Err(Reason::SkusUnmapped { skus: unmapped.into_values().collect() }) }
}

fn missing_in_address(order: &Order) -> Vec<String> {
    let Some(address) = &order.delivery.address else {
        return if order.delivery.pickup { Vec::new() } else { vec!["everything".into()] };
    };
    let postal_code = address.postal_code.len() == 8;
    let state = address.state.len() == 2;
    [
        (postal_code, "a CEP of 8 digits"),
        (state, "the state"),
        (!address.city.is_empty(), "the city"),
        (!address.street.is_empty(), "the street"),
    ]
    .into_iter()
    .filter(|(present, _)| !present)
    .map(|(_, what)| what.to_owned())
    .collect()
}
