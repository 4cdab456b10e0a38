//! The words of `reconcile`: where the sides part, and what repairs it.

use super::daily::{command, count, orders};
use crate::model::{Cents, ChannelName, OrderId, Sku};
use crate::passes::reconcile::{Difference, OfStock};

/// The stable code of a difference.
pub fn code(difference: &Difference) -> String {
    match difference {
        Difference::NotLinked { .. } => "not_linked".into(),
        Difference::NotInErp => "not_in_erp".into(),
        Difference::NotImported => "not_imported".into(),
        Difference::Status { .. } => "status".into(),
        Difference::Conflict(reason) | Difference::Unreadable(reason) => reason.code(),
        Difference::StateStatus { .. } => "state_status".into(),
        Difference::Total { .. } => "total".into(),
        Difference::InvoiceMissing { .. } => "invoice_missing".into(),
        Difference::InvoiceNotOurs { .. } => "invoice_not_ours".into(),
        Difference::Tracking { .. } => "tracking".into(),
        Difference::Delivery { .. } => "delivery".into(),
        Difference::Reserved { .. } => "reserved".into(),
    }
}

/// A difference, as a clause.
pub fn difference(difference: &Difference) -> String {
    match difference {
        Difference::NotLinked { erp_number } => {
            format!("the ERP has it as {erp_number}, and the state file does not know that")
        }
        Difference::NotInErp => "the ERP does not have it any more".into(),
        Difference::NotImported => "it belongs into the ERP, and is not there yet".into(),
        Difference::Status { channel, erp, .. } => format!("`{channel}` on the channel, {erp} in the ERP"),
        Difference::Conflict(reason) | Difference::Unreadable(reason) => super::reason(reason),
        Difference::StateStatus { channel, state } => {
            format!("`{channel}` on the channel, {state} when it was last read")
        }
        Difference::Total { cents: [channel, erp, state] } => {
            let told =
                |cents: &Option<i64>| cents.map_or_else(|| "nothing".into(), |cents| Cents::new(cents).to_string());
            format!(
                "worth {} on the channel, {} in the ERP, {} when it was last read",
                told(channel),
                told(erp),
                told(state)
            )
        }
        Difference::InvoiceMissing { invoice } => format!("the channel does not have invoice {invoice}"),
        Difference::InvoiceNotOurs { invoice } => {
            format!("the channel has invoice {invoice}, which does not stand in the ERP")
        }
        Difference::Tracking { invoice, channel: Some(channel), erp } => {
            format!("the channel shows tracking code {channel} of invoice {invoice}, the ERP has {erp}")
        }
        Difference::Tracking { invoice, channel: None, erp } => {
            format!("the channel shows no tracking code of invoice {invoice}, the ERP has {erp}")
        }
        Difference::Delivery { invoice } => {
            format!("invoice {invoice} was delivered by the ERP, and not by the channel")
        }
        Difference::Reserved { units, erp } => {
            format!("{} still reserved in the ERP for an order that is {erp}", count(*units, "unit is", "units are"))
        }
    }
}

/// The command that repairs a difference, or shows what a person must decide.
pub fn repair(difference: &Difference, channel: &ChannelName, order: &OrderId, erp_number: Option<&str>) -> String {
    let why = || format!("vaivem why {order} --channel {channel}");
    match difference {
        Difference::NotLinked { .. } => {
            format!("vaivem adopt --channel {channel} --since DAY (the day it was placed on)")
        }
        Difference::NotInErp => {
            format!("vaivem forget {order} --channel {channel}, then {}", command("import-orders", channel, order))
        }
        Difference::NotImported => command("import-orders", channel, order),
        Difference::Status { pass, .. } => command(pass, channel, order),
        Difference::StateStatus { .. } => command("sync-payments", channel, order),
        Difference::InvoiceMissing { .. } => command("push-invoices", channel, order),
        Difference::Tracking { .. } | Difference::Delivery { .. } => command("push-tracking", channel, order),
        Difference::Reserved { .. } => match erp_number {
            Some(number) => format!("vaivem ledger show {number}"),
            None => why(),
        },
        Difference::Conflict(_)
        | Difference::Unreadable(_)
        | Difference::Total { .. }
        | Difference::InvoiceNotOurs { .. } => why(),
    }
}

/// Where a product's numbers part.
pub fn stock(one: &OfStock) -> String {
    let told = |units: Option<i64>| units.map_or_else(|| "no number".into(), |units| units.to_string());
    let (warehouse, pushed) = (&one.row.warehouse, one.row.pushed.map(|(units, _)| units));
    format!(
        "`{warehouse}` shows {}, was told {} last, and should be told {}",
        told(one.shown),
        told(pushed),
        one.row.want
    )
}

/// What tells a product's number anew.
pub fn repair_stock(channel: &ChannelName, sku: &Sku) -> String {
    format!("vaivem push-stock --channel {channel} --sku {sku}")
}

/// The end.
pub fn compared(compared: usize, stock: usize, differences: usize) -> String {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let stock = count(number(stock), "stock number", "stock numbers");
    let differences = count(number(differences), "difference", "differences");
    format!("{} and {stock} compared: {differences}", orders(number(compared)))
}
