//! The words of `reconcile`: where the sides part, and what repairs it.

use super::daily::{command, count, orders};
use crate::lang::{say, word};
use crate::model::{Cents, ChannelName, OrderId, Sku};
use crate::passes::reconcile::{Difference, OfStock};

/// The stable code of a difference in stock.
pub const STOCK: &str = "stock";

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
            say!(
                "the ERP has it as {erp_number}, and the state file does not know that"
                    | "o ERP o tem como {erp_number}, e o arquivo de estado não sabe disso"
            )
        }
        Difference::NotInErp => word!("the ERP does not have it any more" | "o ERP não o tem mais").into(),
        Difference::NotImported => {
            word!("it belongs into the ERP, and is not there yet" | "deve estar no ERP, e ainda não está").into()
        }
        Difference::Status { channel, erp, .. } => say!(
            "`{channel}` on the channel, {} in the ERP" | "`{channel}` no canal, {} no ERP",
            super::terms::status(erp)
        ),
        Difference::Conflict(reason) | Difference::Unreadable(reason) => super::reason(reason),
        Difference::StateStatus { channel, state } => {
            say!(
                "`{channel}` on the channel, {} when it was last read" | "`{channel}` no canal, {} na última leitura",
                super::terms::status(state)
            )
        }
        Difference::Total { cents: [channel, erp, state] } => {
            let told = |cents: &Option<i64>| {
                cents.map_or_else(|| word!("nothing" | "nada").into(), |cents| Cents::new(cents).to_string())
            };
            say!(
                "worth {} on the channel, {} in the ERP, {} when it was last read"
                    | "{} no canal, {} no ERP, {} na última leitura",
                told(channel),
                told(erp),
                told(state)
            )
        }
        Difference::InvoiceMissing { invoice } => {
            say!("the channel does not have invoice {invoice}" | "o canal não tem a nota {invoice}")
        }
        Difference::InvoiceNotOurs { invoice } => {
            say!(
                "the channel has invoice {invoice}, which does not stand in the ERP"
                    | "o canal tem a nota {invoice}, que não consta no ERP"
            )
        }
        Difference::Tracking { invoice, channel: Some(channel), erp } => {
            say!(
                "the channel shows tracking code {channel} of invoice {invoice}, the ERP has {erp}"
                    | "o canal mostra o código de rastreio {channel} da nota {invoice}, o ERP tem {erp}"
            )
        }
        Difference::Tracking { invoice, channel: None, erp } => {
            say!(
                "the channel shows no tracking code of invoice {invoice}, the ERP has {erp}"
                    | "o canal não mostra código de rastreio da nota {invoice}, o ERP tem {erp}"
            )
        }
        Difference::Delivery { invoice } => {
            say!(
                "invoice {invoice} was delivered by the ERP, and not by the channel"
                    | "a nota {invoice} consta como entregue no ERP, e não no canal"
            )
        }
        Difference::Reserved { units, erp } => {
            say!(
                "{} still reserved in the ERP for an order that is {}" | "{} no ERP para um pedido que está {}",
                count(
                    *units,
                    word!("unit is" | "unidade segue reservada"),
                    word!("units are" | "unidades seguem reservadas")
                ),
                super::terms::status(erp)
            )
        }
    }
}

/// The command that repairs a difference, or shows what a person must decide.
pub fn repair(difference: &Difference, channel: &ChannelName, order: &OrderId, erp_number: Option<&str>) -> String {
    let why = || format!("vaivem why {order} --channel {channel}");
    match difference {
        Difference::NotLinked { .. } => {
            say!(
                "vaivem adopt --channel {channel} --since DAY (the day it was placed on)"
                    | "vaivem adopt --channel {channel} --since DIA (o dia em que foi feito)"
            )
        }
        Difference::NotInErp => {
            say!(
                "vaivem forget {order} --channel {channel}, then {}"
                    | "vaivem forget {order} --channel {channel}, depois {}",
                command("import-orders", channel, order)
            )
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
    let told = |units: Option<i64>| {
        units.map_or_else(|| word!("no number" | "nenhum número").into(), |units| units.to_string())
    };
    let (warehouse, pushed) = (&one.row.warehouse, one.row.pushed.map(|(units, _)| units));
    say!(
        "`{warehouse}` shows {}, was told {} last, and should be told {}"
            | "`{warehouse}` mostra {}, foi informado {} por último, e deveria ser {}",
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
    let stock = count(
        number(stock),
        word!("stock number" | "número de estoque"),
        word!("stock numbers" | "números de estoque"),
    );
    let differences =
        count(number(differences), word!("difference" | "diferença"), word!("differences" | "diferenças"));
    say!("{} and {stock} compared: {differences}" | "{} e {stock} comparados: {differences}", orders(number(compared)))
}
