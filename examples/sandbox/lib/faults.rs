//! Misbehaviour on request: which calls it strikes, and what it does to them.

use std::time::Duration;

use chrono::{TimeDelta, Utc};

use super::call::{Answer, Call, Outcome, Request};
use super::mangle::Mangle;

/// What goes wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Another answer instead; nothing happens.
    Status { code: u16, retry_after: RetryAfter, body: String },
    /// The effect happens, the answer takes this many milliseconds.
    SlowMs(u64),
    /// To a login page; nothing happens (VTEX 0, error shape 4).
    Redirect,
    /// The effect happens, the connection breaks in the middle of the answer.
    Truncated,
    /// 200 without a body; nothing happens (VTEX 5.1: success without effect has been seen).
    Empty200,
    /// 200 with a login page; nothing happens (VTEX 0, error shape 4).
    Html200,
    /// The effect happens, the answer is 500 (VTEX 6.1).
    Applied500,
    /// The connection closes before anything happens.
    DropBeforeWrite,
    /// The effect happens, the connection closes without an answer.
    TimeoutAfterWrite,
    /// The effect happens, the answer is not what it was.
    Mangled(Mangle),
}

/// The header of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    Absent,
    Seconds(u64),
    /// As a date this many seconds from now.
    HttpDate(i64),
    /// Whatever this is.
    Word(&'static str),
}

const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Login</title></head><body>Login</body></html>";

impl Kind {
    /// A status alone.
    pub fn status(code: u16) -> Self {
        Self::Status { code, retry_after: RetryAfter::Absent, body: String::new() }
    }

    /// 429 with a pause in seconds.
    pub fn too_many(seconds: u64) -> Self {
        Self::Status { code: 429, retry_after: RetryAfter::Seconds(seconds), body: String::new() }
    }

    /// What the call becomes when it does not even reach the platform; `None` when it does.
    pub fn before_effect(&self) -> Option<Outcome> {
        let answer = match self {
            Self::Status { code, retry_after, body } => {
                let mut answer = match body.is_empty() {
                    true => Answer::empty(*code),
                    false if body.starts_with('<') => Answer::typed(*code, "text/html", body.clone()),
                    false => Answer::typed(*code, "application/json", body.clone()),
                };
                answer.headers.extend(retry_after.header());
                answer
            }
            Self::Redirect => {
                let to = "/_v/segment/admin-login/v1/login?returnUrl=%2F".to_owned();
                Answer { headers: vec![("location", to)], ..Answer::empty(302) }
            }
            Self::Empty200 => Answer::empty(200),
            Self::Html200 => Answer::typed(200, "text/html; charset=utf-8", LOGIN_PAGE),
            Self::DropBeforeWrite => return Some(Outcome::hung_up()),
            Self::SlowMs(_) | Self::Truncated | Self::Applied500 | Self::TimeoutAfterWrite | Self::Mangled(_) => {
                return None;
            }
        };
        Some(Outcome::answered(answer))
    }

    /// The call as the platform takes it, where that is another.
    pub fn request(&self, request: &Request) -> Option<Request> {
        match self {
            Self::Mangled(mangle) => mangle.request(request),
            _ => None,
        }
    }

    /// What becomes of the true answer on its way back.
    pub fn after_effect(&self, answer: Answer, request: &Request, breakdown: fn() -> Answer) -> Outcome {
        match self {
            Self::SlowMs(ms) => Outcome { wait: Duration::from_millis(*ms), ..Outcome::answered(answer) },
            Self::Truncated => Mangle::Cut(500).answer(answer, request),
            Self::Mangled(mangle) => mangle.answer(answer, request),
            Self::Applied500 => Outcome::answered(breakdown()),
            Self::TimeoutAfterWrite => Outcome::hung_up(),
            _ => Outcome::answered(answer),
        }
    }
}

impl RetryAfter {
    /// The header, or none.
    pub fn header(self) -> Option<(&'static str, String)> {
        let value = match self {
            Self::Absent => return None,
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Word(word) => word.to_owned(),
            Self::HttpDate(seconds) => {
                (Utc::now() + TimeDelta::seconds(seconds)).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
            }
        };
        Some(("retry-after", value))
    }
}

/// A fault and the calls it strikes.
#[derive(Clone, Debug)]
pub struct Fault {
    kind: Kind,
    method: String,
    path: String,
    skip: u32,
    /// `None` is always.
    left: Option<u32>,
    /// Only so many percent of them.
    share: Option<(u8, fastrand::Rng)>,
}

impl Fault {
    /// Strikes the next `count` calls.
    pub fn next(count: u32, kind: Kind) -> Self {
        Self { left: Some(count), ..Self::always(kind) }
    }

    /// Strikes every call.
    pub fn always(kind: Kind) -> Self {
        Self { kind, method: String::new(), path: String::new(), skip: 0, left: None, share: None }
    }

    /// Strikes so many percent of the calls, drawn from the seed.
    pub fn share(percent: u8, seed: u64, kind: Kind) -> Self {
        Self { share: Some((percent, fastrand::Rng::with_seed(seed))), ..Self::always(kind) }
    }

    /// Only calls of this method (any, if empty) whose raw path and query contain `path`.
    #[must_use]
    pub fn on(mut self, method: &str, path: &str) -> Self {
        (self.method, self.path) = (method.into(), path.into());
        self
    }

    /// Spares the first `count` calls it would strike.
    #[must_use]
    pub fn after(mut self, count: u32) -> Self {
        self.skip = count;
        self
    }

    /// What goes wrong.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    fn strikes(&mut self, call: &Call) -> bool {
        if !matches(call, &self.method, &self.path) || self.left == Some(0) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if let Some((percent, random)) = &mut self.share
            && random.u8(..100) >= *percent
        {
            return false;
        }
        self.left = self.left.map(|left| left - 1);
        true
    }
}

/// The first fault that strikes the call.
pub fn strike(faults: &mut [Fault], call: &Call) -> Option<Kind> {
    faults.iter_mut().find_map(|fault| fault.strikes(call).then(|| fault.kind.clone()))
}

/// Whether a call is of this method (any, if empty) and its raw path and query contain `path`.
pub fn matches(call: &Call, method: &str, path: &str) -> bool {
    (method.is_empty() || call.method == method) && call.path.contains(path)
}
