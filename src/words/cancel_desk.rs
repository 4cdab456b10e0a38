//! The words of the cancel desk.

use super::daily::age;
use crate::model::{ChannelName, Instant, OrderId, calendar};
use crate::passes::cancel_desk::Refusal;
use crate::reason::Reason;

/// The list is empty.
pub const NOTHING: &str = "no cancellation waits for a decision";

/// A cancellation that waits for a decision.
pub fn open(reason: &Reason, since: Option<Instant>, now: Instant) -> String {
    let since = since.map(|since| format!(", for {}", age(now - since))).unwrap_or_default();
    format!("{}{since}", super::reason(reason))
}

/// How long an invoice may still be cancelled.
pub fn window(number: u32, issued: Instant, until: Instant, now: Instant) -> String {
    let issued = calendar::local_text(issued);
    if until <= now {
        return format!(
            "NF-e {number} of {issued}: the 24 hours to cancel it are over; a return invoice undoes it (ask the accountant for \
             your state's longer terms)"
        );
    }
    let left = until - now;
    let (hours, minutes) = (left.num_hours(), left.num_minutes() % 60);
    format!("NF-e {number} of {issued}: can be cancelled for {hours} h {minutes:02} min more")
}

/// What a person can do about it from here.
pub fn commands(reason: &Reason, channel: &ChannelName, order: &OrderId) -> Vec<String> {
    let decide = |word: &str| format!("vaivem cancel {word} {order} --channel {channel} --reason TEXT");
    match reason {
        Reason::CancellationRequestedOnChannel | Reason::CancellationAgainstInvoice { .. } => {
            vec![decide("accept"), decide("deny")]
        }
        Reason::CancelledAfterInvoice => vec![format!("once its NF-e is cancelled: {}", decide("accept"))],
        other => super::hint(other).into_iter().collect(),
    }
}

/// What was done.
pub fn carried(actions: &[&str]) -> String {
    let words = actions.iter().map(|action| match *action {
        "cancel_order" => "cancelled in the ERP",
        "cancel_on_channel" => "cancelled on the channel",
        "deny_cancellation" => "the request was denied; the next sync-payments lets the ERP's order go on",
        other => other,
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Why nothing was done.
pub fn refused(refusal: &Refusal, channel: &str) -> String {
    match refusal {
        Refusal::Invoiced { erp_number } => format!(
            "ERP order {erp_number} has an invoice: cancel the NF-e first, within 24 hours of its issue, and run this again; after that \
             only a return invoice undoes it"
        ),
        Refusal::InvoicedOnChannel { invoice } => format!(
            "{channel} has invoice {invoice} and cancels no order that has one: take the goods back and refund in its panel, or deny \
             the request"
        ),
        Refusal::NoRequest { raw } => format!(
            "no request to cancel is open on {channel} (`{raw}`); to cancel it from here, cancel it in the ERP, and auto-cancel tells \
             the channel"
        ),
        Refusal::Cancelled => "it is cancelled on both sides already".into(),
    }
}

/// The platform has no requests to cancel.
pub fn no_requests(channel: &ChannelName) -> String {
    format!(
        "channel {channel} is on ANYMARKET, which knows no requests to cancel: the customer asks the marketplace, and it decides; answer \
         in the marketplace's own panel"
    )
}

/// The order's channel was taken out of the configuration.
pub fn no_channel(channel: &ChannelName) -> String {
    format!(
        "channel {channel} does not stand in the configuration any more; put its table back to decide on its orders"
    )
}
