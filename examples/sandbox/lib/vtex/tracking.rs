//! Tracking number (VTEX 5.4) and tracking events with the delivery (VTEX 5.5) of an invoice.

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::order::{Order, Package, TrackingEvent};
use super::{Effect, Vtex};

impl Vtex {
    pub(super) fn track(&mut self, id: &str, invoice: &str, request: &Request) -> Result<Answer, Answer> {
        let body = request.json()?;
        // All four keys are required; all but the number may be null.
        for key in ["trackingNumber", "trackingUrl", "dispatchedDate", "courier"] {
            if body.get(key).is_none_or(|value| !value.is_string() && (key == "trackingNumber" || !value.is_null())) {
                return Err(Answer::bad_request(&format!("{key} is missing or invalid")));
            }
        }
        let text = |key: &str| body[key].as_str().map(str::to_owned);
        let package = self.package(id, invoice)?;
        package.tracking_number = text("trackingNumber");
        package.tracking_url = text("trackingUrl");
        package.courier = text("courier");
        let number = text("trackingNumber").unwrap_or_default();
        self.effects.push(Effect::Tracking { order: id.to_owned(), invoice: invoice.to_owned(), number });
        Ok(self.receipt(id))
    }

    pub(super) fn tracking_events(&mut self, id: &str, invoice: &str, request: &Request) -> Result<Answer, Answer> {
        let body = request.json()?;
        let refuse = |key: &str| Answer::bad_request(&format!("{key} is missing or invalid"));
        let is_delivered = body["isDelivered"].as_bool().ok_or_else(|| refuse("isDelivered"))?;
        let delivered = match body.get("deliveredDate") {
            Some(Value::String(date)) if NaiveDateTime::parse_from_str(date, "%Y-%m-%d %H:%M").is_ok() => {
                Some(date.clone())
            }
            Some(Value::Null) if !is_delivered => None,
            _ => return Err(refuse("deliveredDate")),
        };
        let events = body["events"].as_array().ok_or_else(|| refuse("events"))?;
        let events: Vec<TrackingEvent> =
            events.iter().map(|event| read_event(event).ok_or_else(|| refuse("events"))).collect::<Result<_, _>>()?;
        let appends = self.tracking_events_append;
        let count = events.len();
        self.package(id, invoice)?;
        let order = self.order_mut(id);
        let shows_delivery = order.packages.iter().any(|one| one.number == invoice && matches_order(order, one));
        let package = self.package(id, invoice)?;
        if package.tracking_number.is_none() {
            return Err(Answer::bad_request("The invoice has no tracking number"));
        }
        // Whether a list adds to the one before or replaces it is undocumented, and so switchable.
        if !appends {
            package.events.clear();
        }
        package.events.extend(events);
        if is_delivered && shows_delivery {
            package.delivered = delivered;
        }
        let (order, invoice) = (id.to_owned(), invoice.to_owned());
        self.effects.push(Effect::TrackingEvents { order, invoice, events: count, delivered: is_delivered });
        Ok(self.receipt(id))
    }

    fn package(&mut self, id: &str, invoice: &str) -> Result<&mut Package, Answer> {
        let order = self.orders.get_mut(id).ok_or_else(|| Answer::empty(404))?;
        let unknown = || Answer { status: 404, ..Answer::json(&json!({"message": "Invoice Not Found"})) };
        // Numbers with a slash or a space are taken with the invoice and never found again (VTEX 5.3).
        if invoice.contains(['/', ' ']) {
            return Err(unknown());
        }
        order.packages.iter_mut().find(|package| package.number == invoice).ok_or_else(unknown)
    }
}

/// With SKUs that were not ordered, or more than was, the delivery never shows (VTEX 5.3).
fn matches_order(order: &Order, package: &Package) -> bool {
    let ordered = |sku: &str| order.seed.lines.iter().filter(|l| l.id == sku).map(|l| l.quantity).sum::<i64>();
    package.items.iter().all(|(sku, _, quantity)| *quantity <= ordered(sku))
}

fn read_event(event: &Value) -> Option<TrackingEvent> {
    let text = |key: &str| event[key].as_str().map(str::to_owned);
    Some(TrackingEvent {
        city: text("city")?,
        state: text("state")?,
        description: text("description")?,
        date: text("date").filter(|date| date.parse::<NaiveDate>().is_ok())?,
    })
}
