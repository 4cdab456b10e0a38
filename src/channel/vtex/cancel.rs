//! Cancelling an order on VTEX, and what its gateway says of a payment.

use serde_json::json;

use super::{Vtex, convert, wire};
use crate::channel::{Cancel, PaymentWord};
use crate::http::{Call, CallError, Effect, segment};
use crate::model::OrderId;

impl Vtex {
    /// See [`crate::channel::Channel::cancel_order`]. Irreversible, and asynchronous: 200 says only that it was heard. 400 is the
    /// answer for orders that are invoiced (partly is enough), incomplete, or cancelled already. Source: VTEX, "Cancel order".
    pub async fn cancel_order(&self, id: &OrderId, reason: &str) -> Result<Cancel, CallError> {
        let path = format!("/api/oms/pvt/orders/{}/cancel", segment(id.as_str()));
        let call = Call::write("POST", "cancel order", path, Effect::Once).about(id.as_str());
        match self.door.call(call.json(json!({ "reason": reason }))).await {
            Ok(_) => Ok(Cancel::Accepted),
            Err(error) if error.is_not_found() => Ok(Cancel::Absent),
            Err(error) if matches!(error.status(), Some(400 | 409)) && !error.outcome_unknown() => {
                Ok(Cancel::Refused { message: error.api_message().unwrap_or("it gives no reason").to_owned() })
            }
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
