//! `ledger show`: everything about one order.

use serde_json::json;

use super::Failure;
use super::ledger_commands::{the_order, unreadable};
use crate::erp::ledger::{Invoice, Ledger, OrderDetail, Shipment};
use crate::exit::Exit;
use crate::lang::{moment, say, word};
use crate::model::{Cents, Instant};
use crate::report::Reporter;
use crate::words::retold::retold;
use crate::words::terms;

/// Shows the order with that number.
pub(super) fn run(ledger: &Ledger, number: &str, reporter: &Reporter) -> Result<Exit, Failure> {
    let id = the_order(ledger, number)?.order.id;
    let Some(detail) = ledger.order_detail(&id).map_err(|error| unreadable(&error))? else {
        return Err(Failure::new(
            Exit::Failed,
            say!(
                "order {number} vanished from the ledger while it was read"
                    | "o pedido {number} sumiu do ERP embutido durante a leitura"
            ),
        ));
    };
    if reporter.is_human() {
        show_human(&detail, reporter);
    } else {
        reporter.json("ledger_order", detail_json(&detail));
    }
    Ok(Exit::Done)
}

fn show_human(detail: &OrderDetail, reporter: &Reporter) {
    let OrderDetail { order, content, .. } = detail;
    let line = |label: &str, text: &str| reporter.line(&format!("{label:<10} {text}"));
    line(
        word!("order" | "pedido"),
        &say!(
            "{}, store number {} on {}" | "{}, número da loja {} em {}",
            order.number,
            order.store_number,
            content.channel
        ),
    );
    line(word!("status" | "situação"), &terms::status(&order.status));
    line(word!("customer" | "cliente"), &content.customer.name);
    if let Some(carrier) = &content.carrier {
        line(word!("carrier" | "transporte"), carrier.as_str());
    }
    for sold in &content.lines {
        line(
            word!("line" | "item"),
            &say!(
                "{} × {} ({}) at {} = {}" | "{} × {} ({}) a {} = {}",
                sold.quantity,
                sold.sku,
                sold.name,
                sold.unit_price,
                sold.total
            ),
        );
    }
    for (label, amount) in [
        (word!("freight" | "frete"), content.freight),
        (word!("tax" | "imposto"), content.tax),
        (word!("discount" | "desconto"), content.discount),
    ] {
        if amount != Cents::ZERO {
            line(label, &amount.to_string());
        }
    }
    line("total", &order.total.to_string());
    for reservation in &detail.reservations {
        let until = match reservation.released_at {
            Some(at) => say!("released {}" | "liberada em {}", moment(at)),
            None => word!("held" | "em vigor").into(),
        };
        line(
            word!("reserved" | "reserva"),
            &say!(
                "{} × {} in {}, {until}" | "{} × {} em {}, {until}",
                reservation.quantity,
                reservation.sku,
                reservation.warehouse
            ),
        );
    }
    for invoice in &detail.invoices {
        line(word!("invoice" | "nota"), &invoice_text(invoice));
    }
    for parcel in &detail.shipments {
        line(word!("parcel" | "volume"), &parcel_text(parcel));
    }
    for event in &detail.events {
        let told = say!(
            "{} (occurrence {}, {})" | "{} (ocorrência {}, {})",
            terms::delivery(event.what),
            event.code,
            event.source
        );
        line(word!("carrier" | "transporte"), &format!("{} {told}", moment(event.at)));
    }
    for step in &detail.history {
        line(
            word!("history" | "histórico"),
            &format!("{} {} {}", moment(step.at), terms::status(&step.status), retold(&step.note)),
        );
    }
}

fn invoice_text(invoice: &Invoice) -> String {
    let issued = moment(invoice.issued_at);
    let cancelled = match (invoice.cancelled_at, &invoice.cancel_reason) {
        (Some(at), Some(why)) => say!(", cancelled {}: {why}" | ", cancelada em {}: {why}", moment(at)),
        (Some(at), None) => say!(", cancelled {}" | ", cancelada em {}", moment(at)),
        (None, _) => String::new(),
    };
    let Invoice { number, series, value, access_key, .. } = invoice;
    say!(
        "{number} of series {series}, {value}, issued {issued}, key {access_key}{cancelled}"
            | "{number} da série {series}, {value}, emitida em {issued}, chave {access_key}{cancelled}"
    )
}

fn parcel_text(parcel: &Shipment) -> String {
    let on = |what: &str, at: Option<Instant>| at.map(|at| format!("{what} {}", moment(at)));
    let parts = [
        parcel.carrier.as_ref().map(ToString::to_string),
        parcel.tracking_code.clone(),
        parcel.tracking_url.clone(),
        parcel.collection_order.as_ref().map(|number| say!("collection order {number}" | "ordem de coleta {number}")),
        on(word!("sent" | "enviado em"), parcel.shipped_at),
        on(word!("delivered" | "entregue em"), parcel.delivered_at),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn detail_json(detail: &OrderDetail) -> serde_json::Value {
    let OrderDetail { order, content, .. } = detail;
    json!({
        "number": order.number,
        "channel": content.channel,
        "store_number": order.store_number,
        "status": order.status.code(),
        "placed_at": content.created_at.to_rfc3339(),
        "imported_at": detail.imported_at.to_rfc3339(),
        "total_cents": order.total.get(),
        "freight_cents": content.freight.get(),
        "discount_cents": content.discount.get(),
        "tax_cents": content.tax.get(),
        "carrier": content.carrier,
        "invoiced": order.invoiced,
        "lines": content.lines.iter().map(|line| json!({
            "sku": line.sku,
            "quantity": line.quantity,
            "unit_price_cents": line.unit_price.get(),
            "total_cents": line.total.get(),
            "warehouse": line.warehouse,
        })).collect::<Vec<_>>(),
        "reservations": detail.reservations.iter().map(|reservation| json!({
            "sku": reservation.sku,
            "warehouse": reservation.warehouse,
            "quantity": reservation.quantity,
            "made_at": reservation.made_at.to_rfc3339(),
            "released_at": reservation.released_at.map(|at| at.to_rfc3339()),
        })).collect::<Vec<_>>(),
        "invoices": detail.invoices.iter().map(|invoice| json!({
            "number": invoice.number,
            "series": invoice.series,
            "access_key": invoice.access_key,
            "value_cents": invoice.value.get(),
            "issued_at": invoice.issued_at.to_rfc3339(),
            "cancelled_at": invoice.cancelled_at.map(|at| at.to_rfc3339()),
        })).collect::<Vec<_>>(),
        "parcels": detail.shipments.iter().map(|parcel| json!({
            "access_key": parcel.access_key,
            "carrier": parcel.carrier,
            "tracking_code": parcel.tracking_code,
            "tracking_url": parcel.tracking_url,
            "collection_order": parcel.collection_order,
            "collection_order_at": parcel.collection_order_at.map(|at| at.to_rfc3339()),
            "shipped_at": parcel.shipped_at.map(|at| at.to_rfc3339()),
            "delivered_at": parcel.delivered_at.map(|at| at.to_rfc3339()),
        })).collect::<Vec<_>>(),
        "carrier_events": detail.events.iter().map(|event| json!({
            "at": event.at.to_rfc3339(),
            "what": event.what.code(),
            "code": event.code,
            "source": event.source,
            "tracking_code": event.tracking_code,
        })).collect::<Vec<_>>(),
        "history": detail.history.iter().map(|step| json!({
            "at": step.at.to_rfc3339(),
            "status": step.status.code(),
            "note": step.note,
        })).collect::<Vec<_>>(),
    })
}
