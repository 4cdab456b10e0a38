//! VTEX: its whole state, the clock it goes by, and the way a call takes through it.

mod batch;
mod cancel;
mod catalog;
mod control;
mod copy;
mod effect;
mod feed;
mod handling;
mod inventory;
mod invoice;
mod list;
mod order;
mod payments;
mod render;
mod routes;
mod seed_order;
mod tracking;
mod workflow;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use self::batch::Batch;
pub use self::catalog::UnknownCode;
pub use self::effect::Effect;
pub use self::feed::{FEED_STATES, Feed, FeedFaults};
pub use self::inventory::{Inventory, Reservation, ReservationState, Stock};
pub use self::order::{CancelledBy, Order, Package};
pub use self::seed_order::{Customer, Line, OrderSeed, Payment};
use super::call::{Answer, Call, HookAction, Outcome, Phase, Request};
use super::faults::{self, Fault, RetryAfter};

/// The key that opens the sandbox.
pub const APP_KEY: &str = "vtexappkey-sandbox-KEY";
/// Its token.
pub const APP_TOKEN: &str = "SANDBOXTOKEN";

type Hook = Box<dyn FnMut(&Call, Phase) -> HookAction + Send>;

/// The platform. Everything in it may be looked at and changed between calls.
pub struct Vtex {
    /// The sandbox's own address.
    pub base_url: String,
    pub orders: BTreeMap<String, Order>,
    pub feed: Feed,
    pub feed_faults: FeedFaults,
    /// What callers really did.
    pub effects: Vec<Effect>,

    /// How far the order list is behind (VTEX 1: about four minutes).
    pub list_lag: Duration,
    /// Orders older than two years are neither listed nor read (VTEX 1, 2).
    pub two_year_window: bool,
    /// How long a paid order stays in `window-to-cancel` (VTEX 4: 30 minutes; zero here, so that tests need not wait).
    pub window_to_cancel: Duration,
    /// How long start-handling takes to show (VTEX 5.1: seconds).
    pub handling_delay: Duration,
    /// The code of OMS003: 409 by the specification, 400 live (VTEX 5.1).
    pub start_handling_conflict: u16,
    /// How long an order with all its invoices is still being verified (VTEX 5.3: about six seconds).
    pub invoice_delay: Duration,
    /// Whether an invoiced order takes further invoices (VTEX 5.3: undocumented).
    pub invoiced_takes_invoices: bool,
    /// How long cancelling takes (VTEX 5.2: asynchronous).
    pub cancel_delay: Duration,
    /// Whether tracking events add to those before or replace them (VTEX 5.5: undocumented).
    pub tracking_events_append: bool,

    /// Ids, which are case-sensitive, and names. Orders are served from the first.
    pub warehouses: Vec<(String, String)>,
    pub inventory: Inventory,
    /// How soon after an update of a stock the next one is refused with 423 (VTEX 6.1).
    pub stock_lock: Duration,
    /// How long an update of a stock takes to show (VTEX 6.1: about a second).
    pub stock_visibility: Duration,
    /// Whether an update lets go only of what was in handling when its balance was taken, or of all that is now (VTEX 6.3: not sure).
    pub balance_date_counts: bool,
    /// SKU ids and their reference codes.
    pub catalog: BTreeMap<String, String>,
    pub unknown_code: UnknownCode,
    /// Early access, off by default (VTEX 6.2).
    pub batches_enabled: bool,
    batches: BTreeMap<String, Batch>,

    /// Added to every answer.
    pub latency: Duration,
    pub rate_limit: Option<RateLimit>,
    pub faults: Vec<Fault>,
    /// Asked before and after the effect of every call.
    pub on_call: Option<Hook>,
    pub total_calls: u64,
    /// Off for long runs, where the log would be all of the memory.
    pub keep_call_log: bool,
    pub calls: Vec<Call>,

    /// Orders by creation, for the list.
    by_creation: BTreeMap<(DateTime<Utc>, u64), String>,
    /// Moves that will happen by themselves: when, which order, to which status.
    scheduled: Vec<(DateTime<Utc>, String, &'static str)>,
    last_sequence: u64,
    /// How far the `Date` of its answers is off its clock.
    pub date_error: TimeDelta,
    /// How far this clock is ahead of the machine's.
    ahead: TimeDelta,
    random: fastrand::Rng,
}

/// So many calls in so much time; more get 429 (VTEX 7).
#[derive(Clone, Debug)]
pub struct RateLimit {
    calls: u32,
    per: Duration,
    window: Option<(DateTime<Utc>, u32)>,
}

impl RateLimit {
    pub fn new(calls: u32, per: Duration) -> Self {
        Self { calls, per, window: None }
    }

    /// The whole seconds to wait, if this call is one too many.
    fn exceeded(&mut self, now: DateTime<Utc>) -> Option<u64> {
        let (began, used) = self.window.filter(|(began, _)| now - began < delta(self.per)).unwrap_or((now, 0));
        self.window = Some((began, used + 1));
        let left = (began + delta(self.per) - now).num_milliseconds();
        (used >= self.calls).then(|| u64::try_from(left).unwrap_or(0).div_ceil(1000))
    }
}

impl Vtex {
    /// An empty shop at this address.
    pub fn new(base_url: &str) -> Self {
        Self {
            base_url: base_url.into(),
            orders: BTreeMap::new(),
            feed: Feed::default(),
            feed_faults: FeedFaults::default(),
            effects: Vec::new(),
            list_lag: Duration::ZERO,
            two_year_window: false,
            window_to_cancel: Duration::ZERO,
            handling_delay: Duration::ZERO,
            start_handling_conflict: 409,
            invoice_delay: Duration::ZERO,
            invoiced_takes_invoices: false,
            cancel_delay: Duration::ZERO,
            tracking_events_append: false,
            warehouses: vec![("1_1".into(), "Estoque principal".into())],
            inventory: Inventory::default(),
            stock_lock: Duration::from_millis(5),
            stock_visibility: Duration::ZERO,
            balance_date_counts: true,
            catalog: BTreeMap::new(),
            unknown_code: UnknownCode::default(),
            batches_enabled: false,
            batches: BTreeMap::new(),
            latency: Duration::ZERO,
            rate_limit: None,
            faults: Vec::new(),
            on_call: None,
            total_calls: 0,
            keep_call_log: true,
            calls: Vec::new(),
            by_creation: BTreeMap::new(),
            scheduled: Vec::new(),
            last_sequence: 500_000,
            date_error: TimeDelta::zero(),
            ahead: TimeDelta::zero(),
            random: fastrand::Rng::with_seed(7),
        }
    }

    /// The time here, which tests can move on.
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now() + self.ahead
    }

    /// Lets time pass.
    pub fn advance(&mut self, time: Duration) {
        self.ahead += delta(time);
        self.settle();
    }

    /// An order; panics if there is none.
    pub fn order(&self, id: &str) -> &Order {
        self.orders.get(id).unwrap_or_else(|| panic!("the sandbox has no order {id}"))
    }

    /// An order, to change it; panics if there is none.
    pub fn order_mut(&mut self, id: &str) -> &mut Order {
        self.orders.get_mut(id).unwrap_or_else(|| panic!("the sandbox has no order {id}"))
    }

    /// What callers did to an order.
    pub fn effects_of(&self, id: &str) -> Vec<&Effect> {
        self.effects.iter().filter(|effect| effect.order() == Some(id)).collect()
    }

    /// The calls of a method (any, if empty) whose raw path and query contain `path`.
    pub fn calls_of(&self, method: &str, path: &str) -> Vec<&Call> {
        self.calls.iter().filter(|call| faults::matches(call, method, path)).collect()
    }

    /// Takes a call: log, hook, fault, effect, hook, and back.
    pub fn take(&mut self, request: &Request) -> Outcome {
        self.settle();
        if let Some(answer) = self.control(request) {
            return Outcome::answered(answer);
        }
        self.total_calls += 1;
        let Request { method, path, body, .. } = request.clone();
        let call = Call { number: self.total_calls, method, path, body };
        if self.keep_call_log {
            self.calls.push(call.clone());
        }
        let mut outcome = self.effect(request, &call);
        outcome.wait += self.latency;
        if let Some(answer) = outcome.answer.as_mut().filter(|_| !self.date_error.is_zero()) {
            let date = (self.now() + self.date_error).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            answer.headers.push(("date", date));
        }
        outcome
    }

    fn effect(&mut self, request: &Request, call: &Call) -> Outcome {
        if !self.hook_lets_go_on(call, Phase::BeforeEffect) {
            return Outcome::hung_up();
        }
        let fault = faults::strike(&mut self.faults, call);
        if let Some(outcome) = fault.as_ref().and_then(faults::Kind::before_effect) {
            return outcome;
        }
        let answer = self.answer(request);
        if !self.hook_lets_go_on(call, Phase::AfterEffect) {
            return Outcome::hung_up();
        }
        match fault {
            Some(fault) => fault.after_effect(answer),
            None => Outcome::answered(answer),
        }
    }

    fn hook_lets_go_on(&mut self, call: &Call, phase: Phase) -> bool {
        let Some(mut hook) = self.on_call.take() else { return true };
        let action = hook(call, phase);
        self.on_call = Some(hook);
        match action {
            HookAction::Go => true,
            HookAction::Drop => false,
            HookAction::Meanwhile(work) => {
                work(self);
                true
            }
        }
    }

    /// The true answer, with its effect: limits, credentials, then the route.
    fn answer(&mut self, request: &Request) -> Answer {
        let now = self.now();
        if let Some(seconds) = self.rate_limit.as_mut().and_then(|limit| limit.exceeded(now)) {
            let mut answer = Answer::empty(429);
            answer.headers.extend(RetryAfter::Seconds(seconds).header());
            return answer;
        }
        if request.app_key.as_deref() != Some(APP_KEY) || request.app_token.as_deref() != Some(APP_TOKEN) {
            return Answer::error(401, "1", "Unauthorized access");
        }
        self.route(request).unwrap_or_else(|refusal| refusal)
    }
}

fn delta(time: Duration) -> TimeDelta {
    TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX)
}

/// Seven fraction digits and the offset, as in an order (VTEX 0).
fn precise(time: DateTime<Utc>) -> String {
    format!("{}{:07}+00:00", time.format("%Y-%m-%dT%H:%M:%S."), time.timestamp_subsec_nanos() / 100)
}
