//! ANYMARKET, the hub in front of many marketplaces: order feed, order list, orders, invoices, tracking, stock. Facts and their
//! sources stand beside the code they shape.

pub mod convert;
mod invoice;
mod stock;
mod tracking;
mod wire;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::outgoing::{Sent, XmlRule};
use super::{By, CANCEL_WITHIN, Cancel, Feed, Heard, Lot, Page, Reading, Unreadable, Window};
use crate::clock::Clock;
use crate::http::{Call, CallError, Counts, Door, Effect, Raw, segment};
use crate::lang::{keep, say, word};
use crate::model::{ChannelName, Instant, Order, OrderId, calendar};

/// Entries of one read of the feed, and of one page of the list. Source: V2 description, maximum of both; its own defaults differ
/// from page to page, so it is always asked for.
const LIMIT: u32 = 100;
/// How far apart the ends of a list window may be: seven days, less what [widening](Anymarket::list) it to whole seconds adds. Source:
/// V2 description, `updatedAfter` and `updatedBefore`.
pub(super) const LIST_SPAN: chrono::TimeDelta = chrono::TimeDelta::seconds(7 * 86_400 - 1);
/// How far back the list reaches: without dates of creation it shows the orders of the last 120 days. A day of margin. Source: V2
/// description, `createdAfter`.
pub(super) const LIST_REACH: chrono::TimeDelta = chrono::TimeDelta::days(119);

pub(super) use stock::BATCH as STOCK_BATCH;

/// What the configuration says about an account.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether the feed is read beside the list.
    pub feed: bool,
    /// Whether an order may be cancelled through the hub.
    pub cancel: bool,
    /// The `cancellationCode` that Mercado Livre asks for.
    pub cancel_code: Option<String>,
    /// When an invoice's XML is sent.
    pub xml: XmlRule,
    /// What is sent of an order to change it.
    pub put: PutRule,
}

/// What is sent of an order to change it. ANYMARKET's own clients send a part, and its description says both that what is left out
/// stays and that the body replaces everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PutRule {
    /// What changes.
    #[default]
    Part,
    /// The order as it is read right before, with what changes laid over it.
    Whole,
}

/// One ANYMARKET account, which sells through any number of marketplaces.
#[derive(Debug)]
pub struct Anymarket {
    name: ChannelName,
    door: Door,
    clock: Clock,
    options: Options,
}

impl Anymarket {
    /// An account behind its door to the network.
    pub fn new(name: ChannelName, door: Door, clock: Clock, options: Options) -> Self {
        Self { name, door, clock, options }
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

    /// See [`super::Channel::cancels_of_marketplaces`].
    pub fn cancels(&self) -> bool {
        self.options.cancel
    }

    /// See [`super::Channel::xml`].
    pub fn xml(&self) -> XmlRule {
        self.options.xml
    }

    /// See [`super::Channel::check_feed`]. It is always there; which statuses it tells is ticked in the hub's panel, and nothing
    /// tells which.
    pub fn check_feed(&self) -> Feed {
        if self.options.feed { Feed::Ready } else { Feed::Off }
    }

    /// See [`super::Channel::read_feed`]. It comes in no order, and what is not acknowledged comes again.
    pub async fn read_feed(&self) -> Result<Lot, CallError> {
        let call = Call::read("read feed", "/orders/feeds").query("limit", LIMIT.to_string());
        let entries: Vec<wire::FeedEntry> = self.door.call(call).await?.json()?;
        let mut lot = Lot::default();
        for entry in entries {
            // Without a token it cannot be acknowledged, and without an id it tells nothing.
            let (Some(id), Some(token)) = (entry.id, entry.token) else { continue };
            lot.heard.push(heard(&id, entry.status.as_deref().unwrap_or("changed"), None));
            lot.handles.push(format!("{id} {token}"));
        }
        Ok(lot)
    }

    /// See [`super::Channel::acknowledge`]. Without a status every entry of the order counts as read; what changed in between the
    /// list finds. A lot that is refused is acknowledged one by one, so that a single bad entry does not keep the others.
    pub async fn acknowledge(&self, handles: &[String]) -> Result<(), CallError> {
        let entries: Vec<(&str, &str)> = handles.iter().filter_map(|handle| handle.split_once(' ')).collect();
        let lot = entries.iter().map(|(id, token)| json!({ "id": id_json(id), "token": token, "type": "ORDER" }));
        let call = Call::write("PUT", "acknowledge events", "/orders/feeds/batch", Effect::Repeatable);
        match self.door.call(call.json(Value::Array(lot.collect()))).await {
            Err(error) if matches!(error.status(), Some(400 | 404 | 422)) => {}
            answer => return answer.map(|_| ()),
        }
        for (id, token) in entries {
            let path = format!("/orders/feeds/{}", segment(id));
            let call = Call::write("PUT", "acknowledge event", path, Effect::Repeatable).about(id);
            match self.door.call(call.json(json!({ "token": token }))).await {
                // Gone is acknowledged.
                Err(error) if error.status() == Some(404) => {}
                Err(error) if matches!(error.status(), Some(400 | 422)) => {
                    log::warn!("the feed of {} takes no acknowledgement of order {id}: {error}", self.name);
                }
                answer => answer.map(|_| ())?,
            }
        }
        Ok(())
    }

    /// See [`super::Channel::list`].
    pub async fn list(&self, window: Window, page: u32) -> Result<Page, CallError> {
        let offset = page.saturating_sub(1).saturating_mul(LIMIT);
        // Whole seconds: the window is widened to them.
        let until = window.to + chrono::TimeDelta::milliseconds(999);
        let (after, before) = match window.by {
            By::Creation => ("createdAfter", "createdBefore"),
            By::Change => ("updatedAfter", "updatedBefore"),
        };
        let call = Call::read("list orders", "/orders")
            .query(after, calendar::local_stamp(window.from))
            .query(before, calendar::local_stamp(until))
            .query("sort", "createdAt")
            .query("sortDirection", "ASC")
            .query("offset", offset.to_string())
            .query("limit", LIMIT.to_string());
        let wire::ListPage { content, page: wire::Paging { total_elements: total } } =
            self.door.call(call).await?.json()?;
        let content = content.unwrap_or_default();
        let listed = usize::try_from(offset).unwrap_or(usize::MAX).saturating_add(content.len());
        let more = !content.is_empty() && (content.len() >= LIMIT as usize || listed < total);
        let orders = content.iter().map(|order| {
            let at = order.last_update.as_deref().or(order.updated_at.as_deref());
            let at = at.and_then(crate::http::lenient::instant);
            heard(&order.id, order.status.as_deref().unwrap_or("null"), at)
        });
        Ok(Page { orders: orders.collect(), total, more })
    }

    /// See [`super::Channel::read_order`].
    pub async fn read_order(&self, id: &OrderId) -> Result<Reading, CallError> {
        let Some(answer) = self.door.call_optional(order_call(id)).await? else { return Ok(Reading::Absent) };
        Ok(match convert::order(&self.name, answer.body()) {
            Ok(order) if order.id == *id => Reading::Order(Box::new(order)),
            Ok(other) => {
                let problem = say!(
                    "asked for {id}, ANYMARKET answered with {}"
                        | "pedido {id} consultado, o ANYMARKET respondeu com {}",
                    other.id
                );
                Reading::Unreadable(Unreadable { at: "id".into(), problem })
            }
            Err(problem) => {
                // An answer that is no JSON at all is the host's failure, not the order's.
                answer.expect_json()?;
                Reading::Unreadable(problem)
            }
        })
    }

    /// See [`super::Channel::raw_order`].
    pub async fn raw_order(&self, id: &OrderId) -> Vec<Raw> {
        vec![self.door.raw(order_call(id)).await]
    }

    /// See [`super::Channel::cancel_order`]. Off unless the configuration allows it: marketplaces count a seller's cancellations
    /// against it.
    pub async fn cancel_order(&self, order: &Order, reason: &str) -> Result<Cancel, CallError> {
        if !self.options.cancel {
            let message = word!(
                "cancelling through the hub is switched off in the configuration"
                    | "o cancelamento pelo hub está desligado na configuração"
            )
            .to_owned();
            return Ok(Cancel::Refused { message });
        }
        let mut body = json!({ "status": "CANCELED", "cancelDetails": reason });
        if let (Some(body), Some(code)) = (body.as_object_mut(), &self.options.cancel_code) {
            body.insert("cancellationCode".into(), code.as_str().into());
        }
        let cancel = async {
            let mut whole = self.to_be_changed(&order.id).await?;
            // As the plan saw it, or it is for the next run to decide.
            let status = whole["status"].as_str().filter(|status| *status != order.raw_status);
            if let Some(status) = status {
                return Ok(Cancel::Refused { message: keep!("it is `{status}` by now" | "agora está em `{status}`") });
            }
            lay_over(&mut whole, body);
            let call = change("cancel order", &order.id, whole).by(self.door.within(CANCEL_WITHIN));
            self.door.call(call).await.map(|_| Cancel::Accepted)
        };
        match cancel.await {
            Err(error) if error.is_not_found() => Ok(Cancel::Absent),
            Err(error) if is_refusal(&error) => Ok(Cancel::Refused { message: said(&error) }),
            answer => answer,
        }
    }

    /// Changes an order.
    async fn put_order(&self, what: &'static str, id: &OrderId, changes: Value) -> Result<(), CallError> {
        let mut whole = self.to_be_changed(id).await?;
        lay_over(&mut whole, changes);
        self.door.call(change(what, id, whole)).await.map(|_| ())
    }

    /// What changes of an order are laid over: the order as it is now, or nothing.
    async fn to_be_changed(&self, id: &OrderId) -> Result<Value, CallError> {
        Ok(Value::Object(match self.options.put {
            PutRule::Part => Map::new(),
            PutRule::Whole => self.door.call(order_call(id)).await?.json()?,
        }))
    }
}

/// Objects are merged, anything else is replaced.
fn lay_over(document: &mut Value, changes: Value) {
    match (document, changes) {
        (Value::Object(document), Value::Object(changes)) => {
            for (field, change) in changes {
                lay_over(document.entry(field).or_insert(Value::Null), change);
            }
        }
        (document, changes) => *document = changes,
    }
}

fn change(what: &'static str, id: &OrderId, body: Value) -> Call {
    Call::write("PUT", what, order_path(id), Effect::Once).about(id.as_str()).json(body)
}

fn order_path(id: &OrderId) -> String {
    format!("/orders/{}", segment(id.as_str()))
}

fn order_call(id: &OrderId) -> Call {
    Call::read("read order", order_path(id)).about(id.as_str())
}

/// Ids are numbers in bodies.
fn id_json(id: &str) -> Value {
    id.parse::<i64>().map_or_else(|_| id.into(), Into::into)
}

fn heard(order: &str, state: &str, at: Option<Instant>) -> Heard {
    Heard { id: OrderId::new(order.trim()), state: state.to_owned(), status: convert::status(state).0, at }
}

/// Whether an answer says "not like this" about what was sent. ANYMARKET gives refusals of a marketplace as 500, told from a fault of
/// its own, or of the way to the marketplace, by the words. Source: V2 description, fiscal document.
fn is_refusal(error: &CallError) -> bool {
    let is_words = |text: &str| {
        let text = text.to_lowercase();
        ["fiscal", "invoice", "nota", "status", "marketplace", "restrit", "restrict"]
            .iter()
            .any(|word| text.contains(word))
            && !["timeout", "timed out", "connection", "unavailable", "temporar", "indispon", "conexão"]
                .iter()
                .any(|word| text.contains(word))
    };
    match error.status() {
        Some(400 | 409 | 422) => !error.outcome_unknown(),
        // A proxy's page says that host or path are wrong, and nothing of the order.
        Some(404) => error.is_not_found() && !error.outcome_unknown(),
        Some(500) => error.api_message().is_some_and(is_words),
        _ => false,
    }
}

/// What a refusal comes to. Of an order that was split into packages each is invoiced and sent by its own `packageId`. Source: V2
/// description, packages and fiscal document.
fn refused(error: &CallError) -> Sent {
    let message = said(error);
    match message.to_lowercase().contains("packageid") {
        true => Sent::InPackages { message },
        false => Sent::Refused { message },
    }
}

/// The hub's own words.
fn said(error: &CallError) -> String {
    error.api_message().or(error.excerpt()).unwrap_or(word!("it gives no reason" | "não informa o motivo")).to_owned()
}

/// Reads anything as each form of answer there is.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_anything(bytes: &[u8]) {
    let answer = crate::http::Answer::saying(bytes);
    let _ = convert::order(&ChannelName::new("hub"), bytes);
    let _ = (answer.json::<wire::ListPage>(), answer.json::<Vec<wire::FeedEntry>>());
    stock::read_anything(&answer);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_laid_over_the_whole() {
        let mut whole = json!({
            "id": 7, "status": "PAID_WAITING_SHIP", "items": [{ "amount": 1.5 }], "invoice": null,
            "tracking": { "url": "https://r/1", "number": "BR0" },
        });
        lay_over(
            &mut whole,
            json!({ "status": "INVOICED", "invoice": { "number": "1" }, "tracking": { "number": "BR1" } }),
        );
        let wanted = json!({
            "id": 7, "status": "INVOICED", "items": [{ "amount": 1.5 }], "invoice": { "number": "1" },
            "tracking": { "url": "https://r/1", "number": "BR1" },
        });
        assert_eq!(whole, wanted);
    }
}
