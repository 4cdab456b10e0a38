//! Invoices (VTEX 5.3): what is refused, what counts twice, and when an order becomes `invoiced`.

use chrono::{DateTime, NaiveDateTime};
use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::order::Package;
use super::{Effect, Order, Vtex, precise};

/// Where a sale can be invoiced. From `ready-for-handling` it works too, and leaves the reservation stuck (VTEX 6.3).
const OPEN: [&str; 7] = [
    "payment-approved",
    "ready-for-handling",
    "handling",
    "invoice",
    "waiting-seller-handling",
    "invoice-after-cancellation-deny",
    "invoiced",
];

/// Where an invoice is taken and the order never moves again: the race with a cancellation.
const ASKED_TO_CANCEL: [&str; 3] = ["request-cancel", "cancellation-requested", "waiting-for-seller-decision"];

impl Vtex {
    pub(super) fn invoice(&mut self, id: &str, request: &Request) -> Result<Answer, Answer> {
        let order = self.orders.get(id).ok_or_else(|| Answer::empty(404))?;
        let package = read(&request.json()?)?;
        // The same number again: a new receipt, and nothing else.
        if order.packages.iter().any(|known| known.number == package.number) {
            self.effects.push(Effect::InvoiceAgain { order: id.to_owned(), number: package.number });
            return Ok(self.receipt(id));
        }
        self.check(order, &package)?;
        let (number, kind, value) = (package.number.clone(), package.kind.clone(), package.value);
        // With `#` in the number the order never becomes invoiced.
        let counts = kind == "Output" && !number.contains('#') && order.status != "invoiced";
        let is_stuck = ASKED_TO_CANCEL.contains(&order.status.as_str());
        self.order_mut(id).packages.push(package);
        self.effects.push(Effect::Invoice { order: id.to_owned(), number, kind, value });
        if counts && !is_stuck {
            if self.order(id).status != "invoice" {
                self.enter(id, "invoice");
            }
            if self.order(id).invoiced_value() == self.order(id).value() {
                self.later(self.invoice_delay, id, "invoiced");
            }
        }
        Ok(self.receipt(id))
    }

    fn check(&self, order: &Order, package: &Package) -> Result<(), Answer> {
        let status = order.status.as_str();
        if package.kind == "Input" {
            // A return refunds only what was invoiced in full.
            return match status {
                "invoiced" => Ok(()),
                _ => Err(Answer::bad_request("The order is not invoiced")),
            };
        }
        if !OPEN.contains(&status) && !ASKED_TO_CANCEL.contains(&status) {
            return Err(Answer::bad_request(&format!("An order in status {status} cannot be invoiced")));
        }
        // Undocumented, and so switchable.
        if status == "invoiced" {
            return match self.invoiced_takes_invoices {
                true => Ok(()),
                false => Err(Answer::bad_request("The order is already invoiced")),
            };
        }
        if order.invoiced_value() + package.value > order.value() {
            return Err(Answer::bad_request("The invoices exceed the order's value"));
        }
        Ok(())
    }

    /// What the order system answers to every notification.
    pub(super) fn receipt(&mut self, id: &str) -> Answer {
        let receipt = format!("{:032x}", self.random.u128(..));
        Answer::json(&json!({"date": precise(self.now()), "orderId": id, "receipt": receipt}))
    }
}

fn read(body: &Value) -> Result<Package, Answer> {
    let refuse = |field: &str| Answer::bad_request(&format!("{field} is missing or invalid"));
    let text = |field: &str| body[field].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let required = |field: &str| text(field).ok_or_else(|| refuse(field));
    let kind = required("type")?;
    if kind != "Output" && kind != "Input" {
        return Err(refuse("type"));
    }
    let issued = required("issuanceDate")?;
    if !has_time(&issued) {
        return Err(refuse("issuanceDate"));
    }
    // A string of cents by the specification; a number is taken live.
    let value = match &body["invoiceValue"] {
        Value::String(cents) => cents.parse().ok(),
        number => number.as_i64(),
    };
    let items = body["items"].as_array().ok_or_else(|| refuse("items"))?;
    Ok(Package {
        number: required("invoiceNumber")?,
        kind,
        value: value.filter(|cents| *cents > 0).ok_or_else(|| refuse("invoiceValue"))?,
        issued,
        key: text("invoiceKey"),
        url: text("invoiceUrl"),
        xml: text("embeddedInvoice"),
        courier: text("courier"),
        tracking_number: text("trackingNumber"),
        tracking_url: text("trackingUrl"),
        items: items.iter().map(|item| read_item(item).ok_or_else(|| refuse("items"))).collect::<Result<_, _>>()?,
        events: Vec::new(),
        delivered: None,
    })
}

fn read_item(item: &Value) -> Option<(String, i64, i64)> {
    let quantity = item["quantity"].as_i64().filter(|quantity| *quantity > 0)?;
    Some((item["id"].as_str()?.to_owned(), item["price"].as_i64()?, quantity))
}

fn has_time(text: &str) -> bool {
    DateTime::parse_from_rfc3339(text).is_ok() || text.parse::<NaiveDateTime>().is_ok()
}
