//! `PUT /orders/{id}` (ANYMARKET 4.2, 4.3): which moves are taken, what each needs, and what a body leaves alone.

use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::list::wants_new_pattern;
use super::order::{AnyCancelledBy, AnyOrder, Cancellation, leads};
use super::refusal::{body, date, refuse, required, required_date, text};
use super::{AnyEffect, Anymarket};

/// The codes of a cancellation at Mercado Livre.
const CANCELLATION_CODES: [&str; 25] = [
    "OUT_OF_STOCK",
    "BUYER_NOT_ENOUGH_MONEY",
    "BUYER_REGRETS",
    "SELLER_REGRETS",
    "BUYER_DID_NOT_ANSWER",
    "THEY_NOT_HONORING_POLICIES",
    "OTHER_MY_RESPONSIBILITY",
    "OTHER_THEIR_RESPONSIBILITY",
    "DUBIOUS_BUYER",
    "HIGH_ML_COMISSION",
    "HIGH_TAXES",
    "SELLER_HOLIDAY",
    "UNFRIENDLY_SHIPMENT_POLICY",
    "UNAVAILABLE_PRODUCT",
    "SELLER_ADDRESS_WITHDRAWAL",
    "WRONG_RECEIVER_ADDRESS",
    "HIGH_SHIPMENT_COST",
    "WRONG_SHIPMENT_COST",
    "UNPRINTED_LABEL",
    "UNWITHDRAWN_PRODUCT_BY_DELIVER_COMPANY",
    "DENIED_PACKAGE",
    "UNABLE_TO_READ_LABEL",
    "MANUFACTURING_PRODUCT_NOT_FINISHED",
    "SHIPMENT_PROBLEM_OTHER",
    "DELIVERY_COMPANY_PROBLEM_OTHER",
];

/// The parts of an order beside its invoice and tracking: what a body lacks of these is lost where it replaces.
const PARTS: [&str; 7] = ["shipping", "billingAddress", "anymarketAddress", "buyer", "payments", "items", "metadata"];

impl Anymarket {
    /// The answer is the order as it is now, with the change still on its way to the marketplace.
    pub(super) fn put_order(&mut self, id: &str, request: &Request) -> Result<Answer, Answer> {
        let id = self.known(id)?;
        let body = body(request)?;
        let target = required(&body, "status")?;
        let from = &self.order(id).status;
        if self.settings.enforces_moves && !leads(from, target) {
            let message = format!("Não é possível alterar o status do pedido de {from} para {target}.");
            return Err(refuse(422, &message));
        }
        if ["INVOICED", "PAID_WAITING_DELIVERY"].contains(&target) {
            self.names_package(id, request)?;
        }
        let mut changed = self.order(id).clone();
        let effect = self.change(&mut changed, target, &body)?;
        let unmet = self.unmet(&changed).filter(|_| self.settings.checks_channel_at_once);
        if let Some(message) = unmet {
            return Err(refuse(422, &message));
        }
        self.orders.insert(id, changed);
        self.effects.push(effect);
        self.enter(id, target);
        self.transmit(id);
        Ok(Answer::json(&self.shown(self.order(id), wants_new_pattern(request))))
    }

    /// Of an order in packages one must be named (ANYMARKET 4.4, 5.2). What becomes of each by itself is not played.
    fn names_package(&self, id: i64, request: &Request) -> Result<(), Answer> {
        let packages = &self.order(id).seed.packages;
        let named = request.query("packageId");
        match packages.is_empty() || named.is_some_and(|named| packages.contains(&named)) {
            true => Ok(()),
            false => Err(refuse(400, "[O parâmetro packageId é obrigatório para pedidos com pacotes]")),
        }
    }

    /// Changes the order to what the body says; the body is one of five, by its status.
    fn change(&self, order: &mut AnyOrder, target: &str, body: &Value) -> Result<AnyEffect, Answer> {
        let id = order.id;
        let effect = match target {
            "PAID_WAITING_SHIP" => AnyEffect::Paid { order: id },
            "INVOICED" => self.invoiced(id, &body["invoice"])?,
            "PAID_WAITING_DELIVERY" => shipped(id, &body["tracking"])?,
            "CONCLUDED" => {
                let date = required_date(&body["tracking"], "deliveredDate")?.to_owned();
                AnyEffect::Delivered { order: id, date }
            }
            "CANCELED" => self.canceled(order, body)?,
            _ => return Err(refuse(422, &format!("Status inválido: {target}."))),
        };
        for (known, sent) in [(&mut order.invoice, &body["invoice"]), (&mut order.tracking, &body["tracking"])] {
            dates_have_offsets(sent)?;
            if sent.is_object() {
                *known = Some(sent.clone());
            } else if !self.settings.put_keeps_the_rest {
                *known = None;
            }
        }
        if !self.settings.put_keeps_the_rest {
            order.lost = PARTS.into_iter().filter(|part| body[*part].is_null()).collect();
        }
        if let AnyEffect::Invoiced { number, series, .. } = &effect {
            // What the key says need not be sent.
            if let Some(invoice) = &mut order.invoice {
                (invoice["number"], invoice["series"]) = (json!(number), json!(series));
            }
        }
        if let Some(metadata) = body["metadata"].as_object() {
            order.metadata.extend(metadata.clone());
        }
        Ok(effect)
    }

    fn invoiced(&self, order: i64, invoice: &Value) -> Result<AnyEffect, Answer> {
        let date = required_date(invoice, "date")?.to_owned();
        let key = match self.settings.invoice_needs_key {
            true => required(invoice, "accessKey")?,
            false => text(invoice, "accessKey").unwrap_or_default(),
        };
        // Model, series and number stand in the key (BRAZIL 1.6).
        let from_key = |range: std::ops::Range<usize>| {
            let digits = key.get(range).unwrap_or_default().trim_start_matches('0');
            digits.to_owned()
        };
        let said = |field: &str| text(invoice, field).map(str::to_owned);
        Ok(AnyEffect::Invoiced {
            order,
            number: said("number").unwrap_or_else(|| from_key(25..34)),
            series: said("series").unwrap_or_else(|| from_key(22..25)),
            key: key.to_owned(),
            date,
        })
    }

    fn canceled(&self, order: &mut AnyOrder, body: &Value) -> Result<AnyEffect, Answer> {
        let code = text(body, "cancellationCode").map(str::to_owned);
        if let Some(unknown) = code.as_ref().filter(|code| !CANCELLATION_CODES.contains(&code.as_str())) {
            return Err(refuse(422, &format!("cancellationCode inválido: {unknown}.")));
        }
        // Its shape is not stated: a text, or anything.
        let details = match &body["cancelDetails"] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
            other => Some(other.to_string()),
        };
        // Who canceled first has canceled; a second time only adds to it.
        let new = Cancellation { by: AnyCancelledBy::Seller, at: self.now(), code: None, details: None };
        let end = order.cancellation.get_or_insert(new);
        end.code = code.clone().or(end.code.take());
        end.details = details.clone().or(end.details.take());
        Ok(AnyEffect::Canceled { order: order.id, code, details })
    }
}

fn shipped(order: i64, tracking: &Value) -> Result<AnyEffect, Answer> {
    required_date(tracking, "shippedDate")?;
    Ok(AnyEffect::Shipped {
        order,
        carrier: required(tracking, "carrier")?.to_owned(),
        number: required(tracking, "number")?.to_owned(),
        url: text(tracking, "url").map(str::to_owned),
    })
}

/// Every date that is sent has an offset (ANYMARKET 1.1).
fn dates_have_offsets(document: &Value) -> Result<(), Answer> {
    let fields = document.as_object().into_iter().flatten();
    let dates = fields.filter(|(field, _)| field.ends_with("Date") || *field == "date");
    dates
        .filter_map(|(field, value)| Some((field, value.as_str()?)))
        .try_for_each(|(field, text)| date(text, field).map(|_| ()))
}
