//! The order feed (VTEX 3): a queue of events with acknowledgement, redelivery, and an end if nobody feeds it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::{Effect, Vtex, delta, precise};

/// Every status a feed can be filtered by (VTEX 3.1).
pub const FEED_STATES: [&str; 30] = [
    "order-created",
    "on-order-completed",
    "on-order-completed-ffm",
    "payment-pending",
    "waiting-for-order-authorization",
    "approve-payment",
    "payment-approved",
    "request-cancel",
    "waiting-for-seller-decision",
    "waiting-ffmt-authorization",
    "waiting-for-authorization",
    "waiting-for-manual-authorization",
    "authorize-fulfillment",
    "order-create-error",
    "order-creation-error",
    "window-to-cancel",
    "window-to-change-seller",
    "waiting-for-mkt-authorization",
    "waiting-seller-handling",
    "ready-for-handling",
    "start-handling",
    "handling",
    "invoice-after-cancellation-deny",
    "order-accepted",
    "invoice",
    "invoiced",
    "replaced",
    "cancellation-requested",
    "cancel",
    "canceled",
];

/// Seconds (VTEX 3.2).
const RETENTION: std::ops::RangeInclusive<u64> = 345_600..=1_209_600;
const VISIBILITY: std::ops::RangeInclusive<u64> = 0..=43_200;
const LARGEST_LOT: usize = 10;
/// An event that was delivered so often in vain is dropped (VTEX 3.2).
const MOST_DELIVERIES: u32 = 100;

/// The queue, of which a key has at most one.
#[derive(Clone, Default)]
pub struct Feed {
    config: Option<Config>,
    ready: VecDeque<Message>,
    /// Read and not yet acknowledged: until when they stay out of sight.
    in_flight: BTreeMap<u64, (DateTime<Utc>, Message)>,
    last_event: Option<DateTime<Utc>>,
    emitted: u64,
}

/// How a feed misbehaves within its contract (VTEX 3.2).
#[derive(Clone, Debug, Default)]
pub struct FeedFaults {
    /// That an event is queued twice.
    pub duplicate_probability: f64,
    /// Events come in any order.
    pub shuffle: bool,
    /// That a read gives nothing although there is something.
    pub empty_read_probability: f64,
    /// Each new order also brings an event whose state nobody knows.
    pub unknown_states: bool,
    /// Each new order also brings an event without a state.
    pub null_state: bool,
}

#[derive(Clone)]
struct Config {
    /// As it was sent.
    filter: Value,
    /// `None` is all.
    states: Option<Vec<String>>,
    visibility: Duration,
    retention: Duration,
}

#[derive(Clone)]
struct Message {
    number: u64,
    event: u64,
    order: String,
    domain: &'static str,
    state: Option<String>,
    last_state: Option<String>,
    last_change: DateTime<Utc>,
    at: DateTime<Utc>,
    deliveries: u32,
}

impl Feed {
    /// Events that are not acknowledged, those out of sight included.
    pub fn depth(&self) -> usize {
        self.ready.len() + self.in_flight.len()
    }

    /// Events about an order that are not acknowledged.
    pub fn of(&self, order: &str) -> usize {
        let out_of_sight = self.in_flight.values().map(|(_, message)| message);
        self.ready.iter().chain(out_of_sight).filter(|message| message.order == order).count()
    }

    /// Loses every event.
    pub fn clear(&mut self) {
        self.ready.clear();
        self.in_flight.clear();
    }

    /// Whether the key has a feed.
    pub fn exists(&self) -> bool {
        self.config.is_some()
    }

    fn oldest(&self) -> Option<DateTime<Utc>> {
        let out_of_sight = self.in_flight.values().map(|(_, message)| message.at);
        self.ready.iter().map(|message| message.at).chain(out_of_sight).min()
    }

    /// Brings back what was not acknowledged in time, forgets what is too old, and removes a feed nothing was heard of
    /// (VTEX 3.2).
    fn settle(&mut self, now: DateTime<Utc>) {
        let Some(config) = &self.config else { return };
        let retention = delta(config.retention);
        if self.last_event.is_some_and(|last| now - last > retention) {
            self.clear();
            self.config = None;
            return;
        }
        let due: Vec<u64> = self.in_flight.iter().filter(|(_, (until, _))| *until <= now).map(|(n, _)| *n).collect();
        for number in due {
            if let Some((_, message)) = self.in_flight.remove(&number)
                && message.deliveries < MOST_DELIVERIES
            {
                self.ready.push_back(message);
            }
        }
        while self.ready.front().is_some_and(|message| now - message.at > retention) {
            self.ready.pop_front();
        }
    }
}

/// What tests do with the feed.
impl Vtex {
    /// A feed of these states.
    pub fn configure_feed(&mut self, states: &[&str]) {
        let now = self.now();
        let filter = json!({"type": "FromWorkflow", "status": states});
        self.feed.last_event = Some(now);
        self.feed.config = Some(Config {
            filter,
            states: Some(states.iter().map(ToString::to_string).collect()),
            visibility: Duration::from_secs(240),
            retention: Duration::from_secs(*RETENTION.end()),
        });
    }

    /// A feed of every state there is.
    pub fn configure_needed_feed(&mut self) {
        self.configure_feed(&FEED_STATES);
    }

    /// The feed vanishes with all its events.
    pub fn delete_feed(&mut self) {
        self.feed.clear();
        self.feed.config = None;
    }

    /// An event about an order, whatever the order itself says.
    pub fn emit_event(&mut self, id: &str, state: &str) {
        let last_state = self.orders.get(id).map(|order| order.status.clone());
        self.emit(id, Some(state), last_state);
    }

    pub(super) fn emit(&mut self, id: &str, state: Option<&str>, last_state: Option<String>) {
        let now = self.now();
        let Some(config) = &self.feed.config else { return };
        // The filter knows only states that exist; an unknown or missing one slips through (VTEX 3.2, 4).
        let known = state.is_some_and(|state| FEED_STATES.contains(&state));
        if known && config.states.as_ref().is_some_and(|states| !states.iter().any(|s| Some(s.as_str()) == state)) {
            return;
        }
        let order = self.orders.get(id);
        self.feed.last_event = Some(now);
        self.feed.emitted += 1;
        let mut message = Message {
            number: self.feed.emitted,
            event: self.feed.emitted,
            order: id.into(),
            domain: if order.is_some_and(super::Order::is_fulfillment) { "Fulfillment" } else { "Marketplace" },
            state: state.map(str::to_owned),
            last_state,
            last_change: order.map_or(now, |order| order.last_change),
            at: now,
            deliveries: 0,
        };
        if self.random.f64() < self.feed_faults.duplicate_probability {
            self.feed.ready.push_back(message.clone());
            self.feed.emitted += 1;
            message.number = self.feed.emitted;
        }
        self.feed.ready.push_back(message);
    }

    /// What a new order brings besides its own events.
    pub(super) fn emit_noise(&mut self, id: &str) {
        if self.feed_faults.unknown_states {
            self.emit(id, Some("waiting-for-the-moon"), None);
        }
        if self.feed_faults.null_state {
            self.emit(id, None, None);
        }
    }

    pub(super) fn settle_feed(&mut self, now: DateTime<Utc>) {
        self.feed.settle(now);
    }
}

/// The endpoints (VTEX 3.1).
impl Vtex {
    pub(super) fn feed_config(&self) -> Result<Answer, Answer> {
        let config = self.feed.config.as_ref().ok_or_else(no_feed)?;
        let age = self.feed.oldest().map_or(0, |at| (self.now() - at).num_seconds());
        Ok(Answer::json(&json!({
            "filter": config.filter,
            "queue": {
                "visibilityTimeoutInSeconds": config.visibility.as_secs(),
                "messageRetentionPeriodInSeconds": config.retention.as_secs(),
            },
            "quantity": self.feed.depth(),
            "approximateAgeOfOldestMessageInSeconds": age as f64,
        })))
    }

    pub(super) fn set_feed_config(&mut self, request: &Request) -> Result<Answer, Answer> {
        let body = request.json()?;
        let config = Config::read(&body)?;
        // A new feed knows only what comes after it; a changed one keeps its events (VTEX 3.2).
        if self.feed.config.replace(config).is_none() {
            self.feed.clear();
            self.feed.last_event = Some(self.now());
        }
        self.effects.push(Effect::FeedConfigured);
        Ok(Answer::empty(200))
    }

    pub(super) fn delete_feed_config(&mut self) -> Result<Answer, Answer> {
        self.feed.config.as_ref().ok_or_else(no_feed)?;
        self.delete_feed();
        self.effects.push(Effect::FeedConfigured);
        Ok(Answer::empty(200))
    }

    pub(super) fn read_feed(&mut self, request: &Request) -> Result<Answer, Answer> {
        let visibility = delta(self.feed.config.as_ref().ok_or_else(no_feed)?.visibility);
        let lot = request.number("maxlot")?.ok_or_else(|| Answer::bad_request("maxlot is required"))?;
        if lot == 0 || lot > LARGEST_LOT {
            return Err(Answer::bad_request("maxlot should be between 1 and 10"));
        }
        if self.random.f64() < self.feed_faults.empty_read_probability {
            return Ok(Answer::json(&json!([])));
        }
        let until = self.now() + visibility;
        let mut read = Vec::new();
        while read.len() < lot && !self.feed.ready.is_empty() {
            if self.feed_faults.shuffle {
                let other = self.random.usize(..self.feed.ready.len());
                self.feed.ready.swap(0, other);
            }
            let Some(mut message) = self.feed.ready.pop_front() else { break };
            message.deliveries += 1;
            read.push(message.render());
            self.feed.in_flight.insert(message.number, (until, message));
        }
        Ok(Answer::json(&Value::Array(read)))
    }

    pub(super) fn acknowledge(&mut self, request: &Request) -> Result<Answer, Answer> {
        self.feed.config.as_ref().ok_or_else(no_feed)?;
        let body = request.json()?;
        let handles = body["handles"].as_array().ok_or_else(|| Answer::bad_request("handles is required"))?;
        for handle in handles.iter().filter_map(Value::as_str) {
            let Some((number, delivery)) = read_handle(handle) else { continue };
            // The handle of an earlier delivery deletes nothing: the event is out there a second time.
            if self.feed.in_flight.get(&number).is_some_and(|(_, message)| message.deliveries == delivery) {
                self.feed.in_flight.remove(&number);
            }
        }
        Ok(Answer::empty(200))
    }
}

fn no_feed() -> Answer {
    Answer::empty(404)
}

impl Config {
    fn read(body: &Value) -> Result<Self, Answer> {
        let (filter, queue) = (&body["filter"], &body["queue"]);
        let kind = filter["type"].as_str().ok_or_else(|| Answer::bad_request("filter.type is required"))?;
        let states = match kind {
            // The two types exclude each other's keys (VTEX 3.1). Words are not checked: a misspelt one never fires.
            "FromWorkflow" if filter.get("expression").is_some() || filter.get("disableSingleFire").is_some() => {
                return Err(Answer::bad_request("FromWorkflow takes no expression"));
            }
            "FromWorkflow" => filter["status"]
                .as_array()
                .filter(|states| !states.is_empty())
                .map(|states| states.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            // Expressions are not evaluated here: such a feed tells of every state.
            "FromOrders" if filter["expression"].is_string() => None,
            _ => return Err(Answer::bad_request("filter.type should be FromWorkflow or FromOrders")),
        };
        let seconds = |names: [&str; 2], allowed: std::ops::RangeInclusive<u64>| {
            let value = names.iter().find_map(|name| queue[*name].as_u64());
            value
                .filter(|seconds| allowed.contains(seconds))
                .map(Duration::from_secs)
                .ok_or_else(|| Answer::bad_request(&format!("queue.{} should be within {allowed:?}", names[0])))
        };
        Ok(Self {
            filter: filter.clone(),
            states,
            visibility: seconds(["visibilityTimeoutInSeconds"; 2], VISIBILITY)?,
            // Spelt in two ways by the specification itself (VTEX 2.9).
            retention: seconds(["MessageRetentionPeriodInSeconds", "messageRetentionPeriodInSeconds"], RETENTION)?,
        })
    }
}

impl Message {
    fn render(&self) -> Value {
        json!({
            "eventId": format!("{:032X}", u128::from(self.event) * 0x9E37_79B9_7F4A_7C15_F39C_C060),
            "handle": self.handle(),
            "domain": self.domain,
            "state": self.state,
            "lastState": self.last_state,
            "orderId": self.order,
            "lastChange": precise(self.last_change).replace("+00:00", "Z"),
            "currentChange": precise(self.at).replace("+00:00", "Z"),
        })
    }

    /// Long, as the real ones (VTEX 3.1).
    fn handle(&self) -> String {
        let name = format!("{}.{}.", self.number, self.deliveries);
        format!("{name}{}", "QVFFQjNua1ZHSno5eGE0ZGNiWmQ5MVVX".repeat(32))
    }
}

fn read_handle(handle: &str) -> Option<(u64, u32)> {
    let mut parts = handle.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
