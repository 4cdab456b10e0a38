//! The payment of an order as the gateway tells it.

use serde_json::{Value, json};

use super::super::call::Answer;
use super::order::CancelledBy;
use super::{Order, Vtex, precise};

impl Vtex {
    pub(super) fn payment_transaction(&self, id: &str) -> Result<Answer, Answer> {
        let order = self.orders.get(id).ok_or_else(|| Answer::empty(404))?;
        // The specification: not for fulfilment orders, whose payment another account has.
        if order.is_fulfillment() {
            return Err(Answer::empty(404));
        }
        let mut transaction = transaction(order);
        transaction["status"] = json!(state(order));
        Ok(Answer::json(&transaction))
    }
}

/// The gateway's word for where the payment stands; only "Finished" is documented.
fn state(order: &Order) -> &'static str {
    match order.status.as_str() {
        "approve-payment" => "Analyzing Risk",
        _ if order.invoiced.is_some() => "Finished",
        _ if order.cancellation.is_some() => "Cancelled",
        _ if order.authorized.is_some() => "Approved",
        _ => "Authorizing",
    }
}

/// The one active transaction (VTEX 2.6).
pub(super) fn transaction(order: &Order) -> Value {
    let payments = order.seed.payments_with_values();
    let payments = payments.iter().enumerate().map(|(index, (payment, value))| {
        let is_card = payment.group.ends_with("Card") && payment.group != "giftCard";
        let is_boleto = payment.group == "bankInvoice";
        let approved = order.authorized.is_some();
        let number = format!("{:011}{index:02}", order.sequence);
        json!({
            "id": format!("{:032X}", u128::from(order.sequence) * 100 + index as u128),
            "paymentSystem": payment.system,
            "paymentSystemName": payment.name,
            "value": value,
            "installments": payment.installments,
            "referenceValue": value,
            "cardHolder": null,
            "cardNumber": null,
            "firstDigits": is_card.then_some("444433"),
            "lastDigits": is_card.then_some("1111"),
            "cvv2": null,
            "expireMonth": null,
            "expireYear": null,
            "url": is_boleto.then(|| format!("https://boleto.example/{number}")),
            "giftCardId": (payment.group == "giftCard").then_some("770"),
            "giftCardName": null,
            "giftCardCaption": null,
            "redemptionCode": (payment.group == "giftCard").then_some("AAAA-BBBB-CCCC"),
            "group": payment.group,
            "tid": number,
            "dueDate": payment.due.map(|due| due.to_string()),
            // What is in here differs by provider (VTEX 2.6).
            "connectorResponses": match approved && is_card {
                true => json!({"Tid": number, "ReturnCode": "200", "authId": "170852", "nsu": "4321"}),
                false => json!({}),
            },
            "giftCardProvider": null,
            "giftCardAsDiscount": false,
            "koinUrl": null,
            "accountId": null,
            "parentAccountId": null,
            "bankIssuedInvoiceIdentificationNumber": is_boleto.then(|| format!("23797770100000019003099{number}")),
            "bankIssuedInvoiceBarCodeNumber": null,
            "billingAddress": null,
            "paymentOrigin": null,
        })
    });
    json!({
        "isActive": true,
        "transactionId": format!("{:032X}", u128::from(order.sequence) << 64),
        "merchantName": "LOJA",
        "payments": payments.collect::<Vec<_>>(),
    })
}

/// `cancellationData`, in the specification's capitals (VTEX 2.7).
pub(super) fn cancellation(order: &Order) -> Value {
    let Some(end) = &order.cancellation else { return Value::Null };
    json!({
        "RequestedByUser": end.by == CancelledBy::Customer,
        "RequestedBySystem": false,
        "RequestedBySellerNotification": end.by == CancelledBy::Seller,
        "RequestedByPaymentNotification": end.by == CancelledBy::Payment,
        "Reason": end.reason,
        "CancellationDate": precise(end.at),
    })
}
