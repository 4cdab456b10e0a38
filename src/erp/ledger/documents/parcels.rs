//! Lines of a shipment sheet, tied to their orders.
//!
//! A day to come in a sheet is a plan, as a rule, and is refused, so that no plan counts as done when its day is there. Where an order
//! was placed about then, by its channel's clock, this machine's clock is wrong and not the sheet: it waits.

use chrono::TimeDelta;

use super::{TakeError, Taken, refuse};
use crate::documents::{Moment, ShipmentRow, ShipmentSheet};
use crate::erp::ledger::{Ledger, Posted, Shipment};
use crate::lang::say;
use crate::model::{ErpOrderId, Instant};

/// What is wrong with a line.
struct Amiss {
    why: String,
    /// When it is right, where only its day is wrong.
    right_on: Option<Instant>,
}

impl From<String> for Amiss {
    fn from(why: String) -> Self {
        Self { why, right_on: None }
    }
}

/// Whether a day that is still to come by this machine's clock is over, or begun, by that of a channel on which an order was placed.
fn is_past(day: Instant, placed_at: Option<Instant>, now: Instant) -> bool {
    // Clocks differ by minutes; and a store that sells has an order of the last day.
    placed_at.is_some_and(|placed| placed - now > TimeDelta::hours(1) && day - placed <= TimeDelta::days(1))
}

impl Ledger {
    pub(super) fn take_shipments(&self, sheet: &ShipmentSheet, now: Instant) -> Result<Taken, TakeError> {
        // All lines are tied to their orders before any is taken.
        let mut parcels = Vec::with_capacity(sheet.rows.len());
        // Beside them the days that are all that is wrong with a line.
        let (mut wrong, mut days) = (Vec::new(), Vec::new());
        for row in &sheet.rows {
            match self.parcel(row, now)? {
                Ok(parcel) => parcels.push(parcel),
                Err(Amiss { why, right_on }) => {
                    wrong.push(say!("line {}: {why}" | "linha {}: {why}", row.line));
                    days.extend(right_on);
                }
            }
        }
        if let Some(last) = days.iter().max().filter(|_| days.len() == wrong.len())
            && is_past(*last, self.last_placed_at()?, now)
        {
            return Err(TakeError::Ahead(*last));
        }
        if !wrong.is_empty() {
            let more =
                if wrong.len() > 5 { say!("; and {} more" | "; e mais {}", wrong.len() - 5) } else { String::new() };
            wrong.truncate(5);
            return refuse("shipment_lines", format!("{}{more}", wrong.join("; ")));
        }
        let (mut new, mut again) = (0, 0);
        for (order, parcel) in parcels {
            match self.set_shipment(&order, &parcel, now)? {
                Posted::New => new += 1,
                Posted::Again => again += 1,
            }
        }
        Ok(Taken::Shipments { new, again })
    }

    /// The order and the parcel that a line of a sheet is about, or why it is refused.
    fn parcel(&self, row: &ShipmentRow, now: Instant) -> Result<Result<(ErpOrderId, Shipment), Amiss>, TakeError> {
        let mut invoices = match row.invoice {
            Some(number) => self.invoices_numbered(number)?,
            None => Vec::new(),
        };
        invoices.retain(|(_, invoice)| row.series.as_ref().is_none_or(|series| *series == invoice.series));
        let mut orders: Vec<ErpOrderId> = match &row.order {
            Some(number) => self.order_by_any(number)?.into_iter().map(|summary| summary.order.id).collect(),
            None => invoices.iter().map(|(order, _)| order.clone()).collect(),
        };
        if row.order.is_some() && row.invoice.is_some() {
            invoices.retain(|(order, _)| orders.contains(order));
        }
        orders.dedup();
        let named =
            row.order.clone().unwrap_or_else(|| say!("of invoice {}" | "da nota {}", row.invoice.unwrap_or_default()));
        let order = match orders.len() {
            0 => {
                return Ok(Err(
                    say!("the ledger has no order {named}" | "o ERP embutido não tem pedido {named}").into()
                ));
            }
            1 => orders.remove(0),
            _ => {
                return Ok(Err(say!(
                    "the order {named} may be any of several" | "o pedido {named} pode ser qualquer um de vários"
                )
                .into()));
            }
        };
        let invoice = match (row.invoice, invoices.as_slice()) {
            (None, _) => None,
            (Some(_), [(_, invoice)]) => Some(invoice.access_key.clone()),
            (Some(number), _) => {
                return Ok(Err(say!(
                    "order {named} has no invoice {number}, or several"
                        | "o pedido {named} não tem nota {number}, ou tem várias"
                )
                .into()));
            }
        };
        let ahead = |moment: Option<Moment>| moment.map(|moment| moment.at).filter(|at| *at > now);
        if let Some(day) = ahead(row.delivered_at) {
            let why = say!(
                "order {named} is delivered on a day that is still to come: a forecast is no delivery"
                    | "o pedido {named} é entregue em um dia que ainda não chegou: previsão não é entrega"
            );
            return Ok(Err(Amiss { why, right_on: Some(day) }));
        }
        // A collection that is planned is told of with its collection order.
        let planned = row.collected_at.filter(|_| row.collection_order.is_none());
        if let Some(day) = ahead(row.dispatched_at).max(ahead(planned)) {
            let why = say!(
                "order {named} is collected or sent on a day that is still to come: give the line again on that day"
                    | "o pedido {named} é coletado ou despachado em um dia que ainda não chegou: envie a linha de novo nesse \
                       dia"
            );
            return Ok(Err(Amiss { why, right_on: Some(day) }));
        }
        let collection_order_at = match (&row.collection_order, row.collected_at) {
            (None, _) => None,
            (Some(_), Some(moment)) => Some(moment.at),
            (Some(number), None) => Some(self.first_seen(&order, number, row, invoice.as_ref())?.unwrap_or(now)),
        };
        let parcel = Shipment {
            access_key: invoice,
            collection_order: row.collection_order.clone(),
            collection_order_at,
            carrier: row.carrier.clone(),
            tracking_code: row.tracking_code.clone(),
            tracking_url: row.tracking_url.clone(),
            // A collection that is planned is none yet.
            shipped_at: row
                .dispatched_at
                .or(row.collected_at.filter(|moment| moment.at <= now))
                .map(|moment| moment.at),
            delivered_at: row.delivered_at.map(|moment| moment.at),
        };
        Ok(Ok((order, parcel)))
    }

    /// The date that a collection order has in the ledger, for the line's own parcel above the order's others: one that no sheet dates is
    /// dated when it is first seen.
    fn first_seen(
        &self,
        order: &ErpOrderId,
        number: &str,
        row: &ShipmentRow,
        invoice: Option<&String>,
    ) -> Result<Option<Instant>, TakeError> {
        let parcels = self.order_detail(order)?.map(|detail| detail.shipments).unwrap_or_default();
        let is_own = |parcel: &&Shipment| {
            (parcel.tracking_code == row.tracking_code, invoice.is_none() || parcel.access_key.as_ref() == invoice)
        };
        let of_it = parcels.iter().filter(|parcel| parcel.collection_order.as_deref() == Some(number));
        Ok(of_it
            .filter(|parcel| parcel.collection_order_at.is_some())
            .max_by_key(is_own)
            .and_then(|parcel| parcel.collection_order_at))
    }
}
