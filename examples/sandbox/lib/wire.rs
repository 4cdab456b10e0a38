//! What every platform's calls go through, whatever the platform is: log, hook, fault, effect, hook, and back; with the
//! clock it all goes by.

use std::ops::DerefMut;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::call::{Answer, Call, HookAction, Outcome, Phase, Request};
use super::faults::{self, Fault};

/// A platform at the end of a wire. It derefs to its wire, so that a test says `v.faults`.
pub trait Platform: DerefMut<Target = Wire<Self>> + Send + Sized + 'static {
    /// An empty one at this address.
    fn at(base_url: &str) -> Self;
    /// Brings everything up to the present.
    fn settle(&mut self);
    /// What the people around the shop do; `None` when the path is not one of theirs. Such calls are not counted, and
    /// no fault strikes them.
    fn control(&mut self, request: &Request) -> Option<Answer>;
    /// The true answer, with its effect.
    fn answer(&mut self, request: &Request) -> Answer;
    /// How it says that it broke down.
    fn breakdown() -> Answer;
}

type Hook<P> = Box<dyn FnMut(&Call, Phase) -> HookAction<P> + Send>;

/// The way to a platform.
pub struct Wire<P> {
    /// Added to every answer.
    pub latency: Duration,
    pub rate_limit: Option<RateLimit>,
    pub faults: Vec<Fault>,
    /// How many calls a fault struck.
    pub struck: u64,
    /// Asked before and after the effect of every call.
    pub on_call: Option<Hook<P>>,
    pub total_calls: u64,
    /// Off for long runs, where the log would be all of the memory.
    pub keep_call_log: bool,
    pub calls: Vec<Call>,
    /// How far the `Date` of its answers is off its clock.
    pub date_error: TimeDelta,
    /// How far its clock is ahead of the machine's.
    ahead: TimeDelta,
}

impl<P> Wire<P> {
    pub fn new() -> Self {
        Self {
            latency: Duration::ZERO,
            rate_limit: None,
            faults: Vec::new(),
            struck: 0,
            on_call: None,
            total_calls: 0,
            keep_call_log: true,
            calls: Vec::new(),
            date_error: TimeDelta::zero(),
            ahead: TimeDelta::zero(),
        }
    }

    /// The same for a copy of the platform: everything but the hook and the call log, which belong to whoever watches the first.
    pub(super) fn copy(&self) -> Self {
        Self {
            latency: self.latency,
            rate_limit: self.rate_limit.clone(),
            faults: self.faults.clone(),
            total_calls: self.total_calls,
            keep_call_log: self.keep_call_log,
            date_error: self.date_error,
            ahead: self.ahead,
            ..Self::new()
        }
    }

    /// The time here, which tests can move on.
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now() + self.ahead
    }

    /// The calls of a method (any, if empty) whose raw path and query contain `path`.
    pub fn calls_of(&self, method: &str, path: &str) -> Vec<&Call> {
        self.calls.iter().filter(|call| faults::matches(call, method, path)).collect()
    }

    fn log(&mut self, request: &Request) -> Call {
        self.total_calls += 1;
        let Request { method, path, body, .. } = request.clone();
        let call = Call { number: self.total_calls, method, path, body };
        if self.keep_call_log {
            self.calls.push(call.clone());
        }
        call
    }
}

/// Takes a call all the way.
pub fn take<P: Platform>(platform: &mut P, request: &Request) -> Outcome {
    platform.settle();
    if let Some(answer) = platform.control(request) {
        return Outcome::answered(answer);
    }
    let call = platform.log(request);
    let mut outcome = effect(platform, request, &call);
    outcome.wait += platform.latency;
    // The server says the machine's time by itself.
    let is_other = !platform.date_error.is_zero() || !platform.ahead.is_zero();
    if let Some(answer) = outcome.answer.as_mut().filter(|_| is_other) {
        let date = (platform.now() + platform.date_error).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        answer.headers.push(("date", date));
    }
    outcome
}

/// Lets time pass.
pub fn advance<P: Platform>(platform: &mut P, time: Duration) {
    platform.ahead += delta(time);
    platform.settle();
}

fn effect<P: Platform>(platform: &mut P, request: &Request, call: &Call) -> Outcome {
    if !hook_lets_go_on(platform, call, Phase::BeforeEffect) {
        return Outcome::hung_up();
    }
    let fault = faults::strike(&mut platform.faults, call);
    platform.struck += u64::from(fault.is_some());
    if let Some(outcome) = fault.as_ref().and_then(faults::Kind::before_effect) {
        return outcome;
    }
    let asked = fault.as_ref().and_then(|fault| fault.request(request));
    let answer = platform.answer(asked.as_ref().unwrap_or(request));
    if !hook_lets_go_on(platform, call, Phase::AfterEffect) {
        return Outcome::hung_up();
    }
    match fault {
        Some(fault) => fault.after_effect(answer, request, P::breakdown),
        None => Outcome::answered(answer),
    }
}

fn hook_lets_go_on<P: Platform>(platform: &mut P, call: &Call, phase: Phase) -> bool {
    let Some(mut hook) = platform.on_call.take() else { return true };
    let action = hook(call, phase);
    platform.on_call = Some(hook);
    match action {
        HookAction::Go => true,
        HookAction::Drop => false,
        HookAction::Meanwhile(work) => {
            work(platform);
            true
        }
    }
}

/// So many calls in so much time; more get 429.
#[derive(Clone, Debug)]
pub struct RateLimit {
    pub(super) calls: u32,
    per: Duration,
    window: Option<(DateTime<Utc>, u32)>,
    /// How many calls were refused for it.
    pub refused: u32,
}

/// Where a call stands within the limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quota {
    /// This call is one too many.
    pub is_exceeded: bool,
    pub remaining: u32,
    /// Whole seconds until the limit begins anew.
    pub reset: u64,
}

impl RateLimit {
    pub fn new(calls: u32, per: Duration) -> Self {
        Self { calls, per, window: None, refused: 0 }
    }

    /// Counts a call.
    pub(super) fn count(&mut self, now: DateTime<Utc>) -> Quota {
        let (began, used) = self.window.filter(|(began, _)| now - began < delta(self.per)).unwrap_or((now, 0));
        self.window = Some((began, used + 1));
        self.refused += u32::from(used >= self.calls);
        let left = (began + delta(self.per) - now).num_milliseconds();
        Quota {
            is_exceeded: used >= self.calls,
            remaining: self.calls.saturating_sub(used + 1),
            reset: u64::try_from(left).unwrap_or(0).div_ceil(1000),
        }
    }
}

pub(super) fn delta(time: Duration) -> TimeDelta {
    TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX)
}
