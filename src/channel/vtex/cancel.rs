//! Cancelling an order on VTEX, and what its gateway says of a payment.

use serde_json::{Value, json};

use super::{Vtex, convert, wire};
use crate::channel::{CANCEL_WITHIN, Cancel, PaymentWord};
use crate::http::{Call, CallError, Effect, segment};
use crate::lang::word;
use crate::model::OrderId;

impl Vtex {
    /// See [`crate::channel::Channel::cancel_order`]. Irreversible, and asynchronous: 200 says only that it was heard. 400 is the
    /// answer for orders that are invoiced (partly is enough), incomplete, or cancelled already. Source: VTEX, "Cancel order".
    pub async fn cancel_order(&self, id: &OrderId, reason: &str) -> Result<Cancel, CallError> {
        let path = format!("/api/oms/pvt/orders/{}/cancel", segment(id.as_str()));
        let call = Call::write("POST", "cancel order", path, Effect::Once).about(id.as_str());
        let call = call.by(self.door.within(CANCEL_WITHIN));
        match self.door.call(call.json(json!({ "reason": reason }))).await {
            Ok(_) => Ok(Cancel::Accepted),
            Err(error) if error.is_not_found() => Ok(Cancel::Absent),
            Err(error) if matches!(error.status(), Some(400 | 409)) && !error.outcome_unknown() => {
                Ok(Cancel::Refused {
                    message: error
                        .api_message()
                        .unwrap_or(word!("it gives no reason" | "não informa o motivo"))
                        .to_owned(),
                })
            }
            Err(error) => Err(error),
        }
    }

    /// See [`crate::channel::Channel::deny_cancellation`]. The request is named by its id, which stands in the order. Source: VTEX,
    /// "Managing cancellation requests"; it does not stand in the API's description.
    pub async fn deny_cancellation(&self, id: &OrderId, reason: &str) -> Result<Cancel, CallError> {
        let path = format!("/api/oms/pvt/orders/{}", segment(id.as_str()));
        let Some(answer) = self.door.call_optional(Call::read("read order", path).about(id.as_str())).await? else {
            return Ok(Cancel::Absent);
        };
        let order: Value = answer.json()?;
        let Some(request) = open_request(&order) else {
            return Ok(Cancel::Refused {
                message: word!(
                    "the order names no open request to cancel" | "o pedido não traz pedido de cancelamento aberto"
                )
                .into(),
            });
        };
        let path = format!("/api/orders/pvt/document/{}/deny-cancellation-request", segment(id.as_str()));
        let call = Call::write("POST", "deny cancellation", path, Effect::Once).about(id.as_str());
        let body = json!({ "cancellationRequestId": request, "denyReason": reason });
        match self.door.call(call.json(body)).await {
            Ok(_) => Ok(Cancel::Accepted),
            Err(error) if error.is_not_found() => Ok(Cancel::Absent),
            Err(error) if error.status() == Some(400) && !error.outcome_unknown() => Ok(Cancel::Refused {
                message: error.api_message().unwrap_or(word!("it gives no reason" | "não informa o motivo")).to_owned(),
            }),
            Err(error) => Err(error),
        }
    }

    /// See [`crate::channel::Channel::read_payment`].
    pub async fn read_payment(&self, id: &OrderId) -> Result<PaymentWord, CallError> {
        let path = format!("/api/oms/pvt/orders/{}/payment-transaction", segment(id.as_str()));
        let Some(answer) = self.door.call_optional(Call::read("read payment", path).about(id.as_str())).await? else {
            return Ok(PaymentWord::Untold);
        };
        let transaction: wire::Transaction = answer.json()?;
        Ok(transaction.status.as_deref().map_or(PaymentWord::Untold, payment_word))
    }
}

/// The id of the latest request to cancel that nobody denied; failing that, the one of the order's cancellation data, whose keys come in
/// either case.
fn open_request(order: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let is_denied =
        |request: &Value| request["deniedBySeller"] == true || text(&request["cancellationRequestDenyDate"]).is_some();
    let requests = order["cancellationRequests"].as_array().map(Vec::as_slice).unwrap_or_default();
    let open = requests.iter().rev().find(|request| !is_denied(request)).and_then(|request| text(&request["id"]));
    open.or_else(|| {
        let data = order["cancellationData"].as_object()?;
        data.iter().find(|(key, _)| key.eq_ignore_ascii_case("cancellationRequestId")).and_then(|(_, id)| text(id))
    })
}

/// A transaction's status. Sources: VTEX, "Transaction flow in Payments", which begins with "Authorizing", and its known issue on
/// transactions that stay in "Pending Authorization". A word that is not among these is no proof that nobody paid.
fn payment_word(status: &str) -> PaymentWord {
    let letters: String = status.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    match letters.as_str() {
        "started" | "authorizing" | "authorizationrequested" | "pendingauthorization" => PaymentWord::Waiting,
        other => {
            let says = |parts: &[&str]| parts.iter().any(|part| other.contains(part));
            // Those that undo a payment speak of it, too: "Refunding", "Cancelling" and the like say nothing of new money.
            let paid = says(&["authorized", "approved", "settl", "captur", "finished"]) && !convert::is_review(status);
            PaymentWord::Other { raw: status.to_owned(), paid }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_that_is_open_is_denied() {
        let asked = |id: &str, denied: bool| json!({ "id": id, "deniedBySeller": denied });
        let open = |requests: Value| open_request(&json!({ "cancellationRequests": requests }));
        assert_eq!(open(json!([asked("a", true), asked("b", false)])).as_deref(), Some("b"));
        assert_eq!(open(json!([asked("a", false), asked("b", true)])).as_deref(), Some("a"));
        assert_eq!(open(json!([asked("a", true)])), None);
        assert_eq!(open(Value::Null), None);
        let data = json!({ "cancellationData": { "CancellationRequestId": "c" } });
        assert_eq!(open_request(&data).as_deref(), Some("c"));
    }

    #[test]
    fn only_words_of_waiting_count_as_unpaid() {
        for status in ["Authorizing", "authorizing", "Started", "Pending Authorization"] {
            assert_eq!(payment_word(status), PaymentWord::Waiting, "{status}");
        }
        for (status, says_paid) in [
            ("Authorized", true),
            ("Approved", true),
            ("Risk Approved", false),
            ("Analyzing Risk", false),
            ("Settling", true),
            ("Finished", true),
            ("Cancelling", false),
            ("Cancelled", false),
            ("Refunding", false),
            ("Denied", false),
            ("Em análise", false),
            ("", false),
        ] {
            assert_eq!(payment_word(status), PaymentWord::Other { raw: status.into(), paid: says_paid }, "{status}");
        }
    }
}
