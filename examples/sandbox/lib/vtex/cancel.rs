//! Cancelling, and refusing a customer's wish to cancel (VTEX 5.2).

use serde_json::Value;

use super::super::call::{Answer, Request};
use super::order::{Cancellation, CancelledBy};
use super::{Effect, Vtex};

/// VTEX moves these itself and lets nobody else (VTEX 4), or they are final.
const CLOSED: [&str; 7] = ["order-created", "start-handling", "invoice", "invoiced", "cancel", "canceled", "replaced"];

impl Vtex {
    pub(super) fn cancel(&mut self, id: &str, request: &Request) -> Result<Answer, Answer> {
        let order = self.orders.get(id).ok_or_else(|| Answer::empty(404))?;
        let body = if request.body.is_empty() { Value::Null } else { request.json()? };
        let reason = match body.get("reason") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(reason)) => reason.clone(),
            Some(_) => return Err(Answer::bad_request("reason should be a text")),
        };
        let is_invoiced = order.invoiced_value() > 0;
        if is_invoiced || !order.seed.is_completed || CLOSED.contains(&order.status.as_str()) {
            let message = format!("An order in status {} cannot be canceled", order.status);
            return Err(Answer::bad_request(&message));
        }
        let now = self.now();
        self.order_mut(id).cancellation = Some(Cancellation::new(&reason, CancelledBy::Seller, now));
        self.effects.push(Effect::Cancel { order: id.to_owned(), reason });
        self.enter(id, "cancel");
        self.later(self.cancel_delay, id, "canceled");
        Ok(self.receipt(id))
    }

    pub(super) fn deny_cancellation(&mut self, id: &str, request: &Request) -> Result<Answer, Answer> {
        let now = self.now();
        let order = self.orders.get_mut(id).ok_or_else(|| Answer::empty(404))?;
        let body = request.json()?;
        let reason = body["denyReason"].as_str().unwrap_or_default().to_owned();
        if !["cancellation-requested", "waiting-for-seller-decision"].contains(&order.status.as_str()) {
            return Err(Answer::bad_request("No cancellation is requested"));
        }
        let wanted = body["cancellationRequestId"].as_str().unwrap_or_default();
        let open = order.cancellation_requests.iter_mut().find(|one| one.id == wanted && one.denied.is_none());
        let wish = open.ok_or_else(|| Answer::bad_request("cancellationRequestId is not known"))?;
        wish.denied = Some((now, reason.clone()));
        let before = wish.status_before.clone();
        self.effects.push(Effect::DenyCancellation { order: id.to_owned(), reason });
        self.enter(id, &before);
        Ok(Answer::empty(200))
    }
}
