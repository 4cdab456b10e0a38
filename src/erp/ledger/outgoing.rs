//! What goes out for an order, as every ERP tells it.

use super::{Invoice, Ledger, OrderDetail, Shipment};
use crate::erp::{ErpError, outgoing};
use crate::model::ErpOrderId;

impl Ledger {
    /// Invoices, parcels and deliveries of the order with that internal id, if there is one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn outgoing(&self, id: &ErpOrderId) -> Result<Option<outgoing::Outgoing>, ErpError> {
        Ok(self.order_detail(id)?.map(|OrderDetail { order, content, invoices, shipments, events, .. }| {
            // What nobody gave to another goes with whom the order was to go.
            let parcel = |shipment: Shipment| {
                let carrier = shipment.carrier.clone().or_else(|| content.carrier.clone());
                parcel(Shipment { carrier, ..shipment })
            };
            outgoing::Outgoing {
                order,
                invoices: invoices.into_iter().map(invoice).collect(),
                parcels: shipments.into_iter().map(parcel).collect(),
                events,
                parcels_unread: None,
            }
        }))
    }
}

fn invoice(posted: Invoice) -> outgoing::Invoice {
    let lines = posted.lines.into_iter();
    outgoing::Invoice {
        key: posted.access_key,
        number: posted.number,
        series: posted.series,
        issued_at: posted.issued_at,
        value: posted.value,
        url: posted.url,
        lines: lines.map(|line| outgoing::InvoiceLine { sku: line.sku, quantity: line.quantity }).collect(),
        cancelled_at: posted.cancelled_at,
    }
}

fn parcel(shipment: Shipment) -> outgoing::Parcel {
    outgoing::Parcel {
        invoice_key: shipment.access_key,
        carrier: shipment.carrier,
        tracking_code: shipment.tracking_code,
        tracking_url: shipment.tracking_url,
        collection_order: shipment.collection_order,
        collection_order_at: shipment.collection_order_at,
        shipped_at: shipment.shipped_at,
        delivered_at: shipment.delivered_at,
    }
}
