//! VTEX: order feed, order list, order detail, start-handling, invoices and tracking. Facts and their sources stand beside the code
//! they shape.

mod cancel;
pub mod convert;
mod invoice;
mod stock;
mod tracking;
mod wire;

use serde_json::json;

use super::{Feed, Heard, Lot, Page, Reading, TakeOver, Unreadable, Window};
use crate::config::FeedRule;
use crate::http::{Call, CallError, Counts, Door, Effect, Raw, segment};
use crate::lang::say;
use crate::model::{ChannelName, Instant, OrderId, PaymentMethod, Status};

/// The workflow states vaivem wants to hear of. VTEX accepts any text here and a misspelt one never fires, so these are copied
/// from the list in its feed description.
const FEED_STATES: [&str; 14] = [
    "payment-pending",
    "approve-payment",
    "payment-approved",
    "window-to-cancel",
    "ready-for-handling",
    "handling",
    "waiting-for-seller-decision",
    "cancellation-requested",
    "request-cancel",
    "cancel",
    "canceled",
    "replaced",
    "invoice",
    "invoiced",
];

/// The most events one read may ask for. Source: VTEX, Feed v3.
const LOT: u32 = 10;
/// Page size and highest page of the order list. Source: VTEX, List orders.
const PER_PAGE: u16 = 100;
const LAST_PAGE: u16 = 30;
/// See [`super::Channel::list_limit`].
pub(super) const LIST_LIMIT: usize = PER_PAGE as usize * LAST_PAGE as usize;

/// One VTEX account.
#[derive(Debug)]
pub struct Vtex {
    name: ChannelName,
    door: Door,
    feed: FeedRule,
}

impl Vtex {
    /// An account behind its door to the network.
    pub fn new(name: ChannelName, door: Door, feed: FeedRule) -> Self {
        Self { name, door, feed }
    }

    /// The channel's configured name.
    pub fn name(&self) -> &ChannelName {
        &self.name
    }

    /// Calls made so far.
    pub fn counts(&self) -> Counts {
        self.door.counts()
    }

    /// See [`super::Channel::begin_pass`].
    pub fn begin_pass(&self) {
        self.door.begin_pass();
    }

    /// See [`super::Channel::has_answered`].
    pub fn has_answered(&self) -> bool {
        self.door.has_answered()
    }

    /// See [`super::Channel::count_failures_anew`].
    pub fn count_failures_anew(&self) {
        self.door.count_failures_anew();
    }

    /// See [`super::Channel::clock_skew`].
    pub fn clock_skew(&self) -> Option<chrono::TimeDelta> {
        self.door.clock_skew()
    }

    /// See [`super::Channel::check_feed`]. VTEX removes a feed when no event came within its retention time, so its absence is
    /// normal in a quiet shop. Making one overwrites the one that is there, so its absence is believed when it was told twice.
    pub async fn check_feed(&self) -> Result<Feed, CallError> {
        if self.feed == FeedRule::Off {
            return Ok(Feed::Off);
        }
        let mut config = self.feed_config().await?;
        if config.is_none() && self.feed == FeedRule::Create {
            config = self.feed_config().await?;
        }
        Ok(match config {
            None if self.feed == FeedRule::Create => Feed::Wanted,
            None => Feed::Missing,
            Some(config) => match feed_problem(&config.filter) {
                None => Feed::Ready,
                Some(problem) => Feed::Foreign { problem },
            },
        })
    }

    async fn feed_config(&self) -> Result<Option<wire::FeedConfig>, CallError> {
        let call = Call::read("read feed configuration", "/api/orders/feed/config");
        self.door.call_optional(call).await?.map(|answer| answer.json()).transpose()
    }

    /// See [`super::Channel::create_feed`].
    pub async fn create_feed(&self) -> Result<(), CallError> {
        let body = json!({
            "filter": { "type": "FromWorkflow", "status": FEED_STATES },
            // Invisible for 4 minutes while a run works on it, kept for 14 days: the longest VTEX allows.
            "queue": { "visibilityTimeoutInSeconds": 240, "MessageRetentionPeriodInSeconds": 1_209_600 },
        });
        let call = Call::write("POST", "create feed", "/api/orders/feed/config", Effect::Repeatable).json(body);
        self.door.call(call).await.map(|_| ())
    }

    /// See [`super::Channel::read_feed`].
    pub async fn read_feed(&self) -> Result<Lot, CallError> {
        let call = Call::read("read feed", "/api/orders/feed").query("maxlot", LOT.to_string());
        let answer = self.door.call(call).await?;
        let items: Vec<wire::FeedItem> = if answer.is_empty() { Vec::new() } else { answer.json()? };
        let mut lot = Lot::default();
        for item in items {
            // An event without an order or state tells nothing, but must be acknowledged all the same or it blocks the others.
            if let (Some(order), Some(state)) = (&item.order_id, &item.state) {
                lot.heard.push(heard(
                    order,
                    state,
                    item.current_change.as_deref().and_then(crate::http::lenient::instant),
                ));
            }
            lot.handles.extend(item.handle);
        }
        Ok(lot)
    }

    /// See [`super::Channel::acknowledge`].
    pub async fn acknowledge(&self, handles: &[String]) -> Result<(), CallError> {
        let call = Call::write("POST", "acknowledge events", "/api/orders/feed", Effect::Repeatable)
            .json(json!({ "handles": handles }));
        self.door.call(call).await.map(|_| ())
    }

    /// See [`super::Channel::list`].
    pub async fn list(&self, window: Window, page: u32) -> Result<Page, CallError> {
        let stamp = |at: Instant| at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        // To the end of a millisecond that is begun.
        let until = window.to + chrono::TimeDelta::microseconds(999);
        let call = Call::read("list orders", "/api/oms/pvt/orders")
            .query("page", page.to_string())
            .query("per_page", PER_PAGE.to_string())
            .query("orderBy", "creationDate,asc")
            .query("f_creationDate", format!("creationDate:[{} TO {}]", stamp(window.from), stamp(until)));
        let wire::ListPage { list, paging: wire::Paging { total } } = self.door.call(call).await?.json()?;
        // A full page may be followed by another whatever the count says.
        let listed = usize::try_from(page).unwrap_or(usize::MAX).saturating_mul(PER_PAGE.into());
        let may_follow = list.len() >= PER_PAGE.into() || listed < total;
        let more = may_follow && !list.is_empty() && page < LAST_PAGE.into();
        let orders = list.iter().map(|order| heard(&order.order_id, order.status.as_deref().unwrap_or("null"), None));
        Ok(Page { orders: orders.collect(), total, more })
    }

    /// See [`super::Channel::read_order`]. A card payment that is pending is asked after once more: only the transaction tells
    /// whether it is under review, and a payment under review is not an unpaid one.
    pub async fn read_order(&self, id: &OrderId) -> Result<Reading, CallError> {
        let Some(answer) = self.door.call_optional(order_call(id)).await? else { return Ok(Reading::Absent) };
        let mut order = match convert::order(&self.name, answer.body()) {
            Ok(order) if order.id == *id => order,
            Ok(other) => {
                let problem = say!(
                    "asked for {id}, VTEX answered with {}" | "pedido {id} consultado, a VTEX respondeu com {}",
                    other.id
                );
                return Ok(Reading::Unreadable(Unreadable { at: "orderId".into(), problem }));
            }
            Err(problem) => {
                // An answer that is no JSON at all is the host's failure, not the order's.
                answer.expect_json()?;
                return Ok(Reading::Unreadable(problem));
            }
        };
        let by_card = order.payments.iter().any(|payment| payment.method == PaymentMethod::CreditCard);
        if order.status == Status::AwaitingPayment
            && order.raw_status == "payment-pending"
            && by_card
            && let Some(answer) = self.door.call_optional(payment_call(id)).await?
        {
            let transaction: wire::Transaction = answer.json()?;
            if transaction.status.as_deref().is_some_and(convert::is_review) {
                order.status = Status::PaymentUnderReview;
            }
        }
        Ok(Reading::Order(Box::new(order)))
    }

    /// See [`super::Channel::raw_order`].
    pub async fn raw_order(&self, id: &OrderId) -> Vec<Raw> {
        vec![self.door.raw(order_call(id)).await, self.door.raw(payment_call(id)).await]
    }

    /// See [`super::Channel::take_over`]: start-handling. Success is exactly 204; a wrong status is `OMS003`, as 409 by the
    /// description and as 400 on live accounts.
    pub async fn take_over(&self, id: &OrderId) -> Result<TakeOver, CallError> {
        let path = format!("/api/oms/pvt/orders/{}/start-handling", segment(id.as_str()));
        match self.door.call(Call::write("POST", "start handling", path, Effect::Once).about(id.as_str())).await {
            Ok(_) => Ok(TakeOver::Accepted),
            Err(error) if error.error_code() == Some("OMS003") => {
                Ok(TakeOver::Refused { message: error.api_message().unwrap_or_default().to_owned() })
            }
            Err(error) => Err(error),
        }
    }
}

fn order_call(id: &OrderId) -> Call {
    Call::read("read order", format!("/api/oms/pvt/orders/{}", segment(id.as_str()))).about(id.as_str())
}

fn payment_call(id: &OrderId) -> Call {
    let path = format!("/api/oms/pvt/orders/{}/payment-transaction", segment(id.as_str()));
    Call::read("read payment", path).about(id.as_str())
}

fn heard(order: &str, state: &str, at: Option<Instant>) -> Heard {
    Heard { id: OrderId::new(order.trim()), state: state.to_owned(), status: convert::status(Some(state)).0, at }
}

/// What keeps a feed from telling all that is needed.
fn feed_problem(filter: &wire::FeedFilter) -> Option<String> {
    match filter.kind.as_deref() {
        // Without a filter, or without states, every change is told.
        None => None,
        Some("FromWorkflow") if filter.status.is_empty() => None,
        Some("FromWorkflow") => {
            let missing: Vec<&str> =
                FEED_STATES.into_iter().filter(|state| !filter.status.iter().any(|told| told == state)).collect();
            (!missing.is_empty())
                .then(|| say!("its filter leaves out {}" | "o filtro dele deixa de fora {}", missing.join(", ")))
        }
        Some(other) => Some(say!(
            "its filter is of type {other} instead of FromWorkflow"
                | "o filtro dele é do tipo {other} em vez de FromWorkflow"
        )),
    }
}

/// Reads anything as each form of answer there is.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_anything(bytes: &[u8]) {
    let answer = crate::http::Answer::saying(bytes);
    let _ = convert::order(&ChannelName::new("loja"), bytes);
    let _ = (answer.json::<wire::ListPage>(), answer.json::<Vec<wire::FeedItem>>());
    let _ = (answer.json::<wire::FeedConfig>(), answer.json::<wire::Transaction>());
    stock::read_anything(&answer);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_must_tell_every_state() {
        let filter = |kind: Option<&str>, status: &[&str]| wire::FeedFilter {
            kind: kind.map(str::to_owned),
            status: status.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(feed_problem(&filter(None, &[])), None);
        assert_eq!(feed_problem(&filter(Some("FromWorkflow"), &FEED_STATES)), None);
        assert_eq!(
            feed_problem(&filter(Some("FromWorkflow"), &FEED_STATES[1..])),
            Some("its filter leaves out payment-pending".into())
        );
        assert!(feed_problem(&filter(Some("FromOrders"), &[])).is_some_and(|problem| problem.contains("FromOrders")));
    }
}
