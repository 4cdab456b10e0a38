//! An answer that was a success, and how it is read.

use std::fmt;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::error::{CallError, Failure, Origin};
use super::{excerpt, lenient};
use crate::model::Instant;
use crate::store::budget::{LONGEST_PAUSE, Rate};

/// The longest time from one call to the next that a quota may ask for.
const SLOWEST_PACE: Duration = Duration::from_secs(10);

/// A successful answer (status 2xx, no web page).
#[derive(Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body, decompressed.
    pub bytes: Vec<u8>,
    /// What the host calls it.
    pub content_type: Option<String>,
    /// The host's own clock when it answered.
    pub date: Option<Instant>,
    /// What the host tells of its rate limit.
    pub quota: Option<Quota>,
    pub(super) origin: Origin,
}

/// A rate limit as told in `RateLimit-*` or `X-RateLimit-*` headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Calls allowed in the present window.
    pub limit: Option<u64>,
    /// Calls left in it.
    pub remaining: Option<u64>,
    /// How long until it ends.
    pub reset: Option<Duration>,
}

impl Quota {
    /// The pace it allows: what is left of it, spread over the time until it is renewed, less a tenth, for others use the same
    /// credentials. Without that much, its limit is taken for one of a minute. Never slower than [`SLOWEST_PACE`]: where it
    /// runs out all the same, the host says so.
    pub fn pace(&self) -> Option<Rate> {
        let usable = |calls: u64| u32::try_from(calls - calls.div_ceil(10)).unwrap_or(u32::MAX).max(1);
        let every = match (self.remaining, self.reset, self.limit) {
            (Some(remaining @ 1..), Some(reset), _) => reset / usable(remaining),
            (_, _, Some(limit)) => Duration::from_secs(60) / usable(limit),
            _ => return None,
        };
        Some(Rate::every(every.min(SLOWEST_PACE)))
    }

    /// How long to leave the host alone, where nothing is left of it.
    pub fn pause(&self) -> Option<Duration> {
        self.renewal().filter(|_| self.remaining == Some(0))
    }

    /// How long until it is renewed, where that can be believed: more than an hour is a number of another kind.
    pub(super) fn renewal(&self) -> Option<Duration> {
        self.reset.filter(|reset| *reset <= LONGEST_PAUSE)
    }
}

/// What the headers of any answer tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub content_type: Option<String>,
    pub date: Option<Instant>,
    pub quota: Option<Quota>,
    pub retry_after: Option<Duration>,
}

impl Answer {
    /// The body as JSON of that form.
    ///
    /// # Errors
    /// When it is empty, no JSON, or of another form; the error says where.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        // Following the way to each value takes as long again, and only an error needs it.
        if let Ok(value) = lenient::from_body(self.body()) {
            return Ok(value);
        }
        let mut json = serde_json::Deserializer::from_slice(self.body());
        let error = match serde_path_to_error::deserialize(&mut json) {
            Ok(value) if json.end().is_ok() => return Ok(value),
            Ok(_) => return Err(self.unusable(Failure::NotJson)),
            Err(error) => error,
        };
        self.expect_json()?;
        let at = error.path().to_string();
        let problem = excerpt::without_values(&error.inner().to_string());
        Err(self.unusable(Failure::Unexpected { at, problem }))
    }

    /// The body, which is well-formed JSON.
    ///
    /// # Errors
    /// When it is not.
    pub fn expect_json(&self) -> Result<&[u8], CallError> {
        if self.is_empty() {
            return Err(self.unusable(Failure::Empty));
        }
        match serde_json::from_slice::<IgnoredAny>(self.body()) {
            Ok(_) => Ok(self.body()),
            Err(_) => Err(self.unusable(Failure::NotJson)),
        }
    }

    /// The body as text; bytes that are no UTF-8 become `�`.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Whether there is nothing in the body but blanks.
    pub fn is_empty(&self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }

    /// The bytes without the byte order mark that some servers put before JSON.
    pub fn body(&self) -> &[u8] {
        self.bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&self.bytes)
    }

    fn unusable(&self, failure: Failure) -> CallError {
        self.origin.answered(failure, self.status, &self.bytes, self.content_type.as_deref())
    }
}

/// The body holds customers' data, so it is not shown.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

impl Told {
    /// Reads the headers of an answer that came at `now`.
    pub fn new(headers: &HeaderMap, now: Instant) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let date = text(DATE.as_str()).and_then(http_date);
        let number = |names: [&str; 2]| {
            let value = names.into_iter().find_map(text)?;
            // Some add the window or a policy behind a comma or semicolon.
            value.split([',', ';']).next()?.trim().parse::<u64>().ok()
        };
        let quota = Quota {
            limit: number(["ratelimit-limit", "x-ratelimit-limit"]),
            remaining: number(["ratelimit-remaining", "x-ratelimit-remaining"]),
            // Mostly seconds from now; some hosts tell seconds since 1970, or milliseconds.
            reset: number(["ratelimit-reset", "x-ratelimit-reset"]).map(|reset| {
                let epoch = u64::try_from(now.timestamp()).unwrap_or_default();
                Duration::from_secs(match reset {
                    1_000_000_000_000.. => (reset / 1_000).saturating_sub(epoch),
                    1_000_000_000.. => reset.saturating_sub(epoch),
                    _ => reset,
                })
            }),
        };
        Self {
            content_type: text(CONTENT_TYPE.as_str()).map(str::to_owned),
            date,
            quota: (quota != Quota::default()).then_some(quota),
            // A date is by the host's clock, so it is counted from the host's own date.
            retry_after: text(RETRY_AFTER.as_str()).and_then(|value| retry_after(value, date.unwrap_or(now))),
        }
    }
}

/// `Retry-After` in either form. A date that has passed is no wait at all.
fn retry_after(value: &str, now: Instant) -> Option<Duration> {
    if value.bytes().all(|b| b.is_ascii_digit()) && !value.is_empty() {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    http_date(value).map(|date| date.signed_duration_since(now).to_std().unwrap_or_default())
}

fn http_date(value: &str) -> Option<Instant> {
    chrono::DateTime::parse_from_rfc2822(value).ok().map(|date| date.to_utc())
}

#[cfg(any(test, fuzzing))]
impl Answer {
    /// An answer with this body.
    pub(crate) fn saying(body: &[u8]) -> Self {
        let site = super::error::Site {
            host: "a.example.com".into(),
            secret_headers: vec![],
            identity: None,
            html_is_login_page: false,
        };
        let effect = super::Effect::Read;
        let origin = Origin { what: "list orders", about: None, effect, by: None, site: std::sync::Arc::new(site) };
        Self { status: 200, bytes: body.to_vec(), content_type: None, date: None, quota: None, origin }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Triage;

    fn answer(body: &str) -> Answer {
        Answer::saying(body.as_bytes())
    }

    fn told(headers: &[(&str, &str)]) -> Told {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Told::new(&headers, "1994-11-06T08:49:30Z".parse().unwrap())
    }

    #[test]
    fn json_that_does_not_fit_says_where() {
        #[derive(Debug, serde::Deserialize)]
        #[allow(dead_code)]
        struct Item {
            price: i64,
        }
        let error = answer(r#"[{"price":1},{"price":"Ana"}]"#).json::<Vec<Item>>().unwrap_err();
        let Failure::Unexpected { at, .. } = error.failure() else { panic!("{error}") };
        assert_eq!(at, "[1].price");
        assert!(!error.to_string().contains("Ana"), "{error}");
        assert_eq!(error.triage(), Triage::SkipItem);
        assert_eq!(answer("\u{feff}[{\"price\":1}]").json::<Vec<Item>>().unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_json_says_so() {
        let empty = answer(" \n").expect_json().unwrap_err();
        assert_eq!((empty.failure(), empty.triage()), (&Failure::Empty, Triage::RetryLater));
        assert!(empty.to_string().contains("an empty body where JSON was expected"), "{empty}");
        let cut = answer(r#"{"list":["#).json::<serde_json::Value>().unwrap_err();
        assert_eq!((cut.failure(), cut.triage()), (&Failure::NotJson, Triage::RetryLater));
        let more = answer(r#"{"a":1}{"a":2}"#).json::<serde_json::Value>().unwrap_err();
        assert_eq!(more.failure(), &Failure::NotJson);
    }

    #[test]
    fn retry_after_in_both_forms() {
        let wait = |headers: &[(&str, &str)]| told(headers).retry_after.map(|wait| wait.as_secs());
        assert_eq!(wait(&[("retry-after", "120")]), Some(120));
        assert_eq!(wait(&[("retry-after", "99999999999999999999999")]), Some(u64::MAX));
        assert_eq!(wait(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]), Some(7));
        let skewed = [("retry-after", "Sun, 06 Nov 1994 09:00:05 GMT"), ("date", "Sun, 06 Nov 1994 09:00:00 GMT")];
        assert_eq!(wait(&skewed), Some(5), "counted by the host's clock");
        assert_eq!(wait(&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")]), Some(0));
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        assert_eq!(wait(&[("retry-after", "")]), None);
        assert_eq!(wait(&[("retry-after", "-5")]), None);
    }

    #[test]
    fn the_pace_a_quota_allows() {
        let pace = |limit, remaining, reset: Option<u64>| {
            Quota { limit, remaining, reset: reset.map(Duration::from_secs) }.pace()
        };
        let every = |millis| Some(Rate::every(Duration::from_millis(millis)));
        assert_eq!(pace(Some(60), Some(60), Some(54)), every(1_000), "a tenth is left to others");
        assert_eq!(pace(Some(60), Some(10), Some(54)), every(6_000));
        assert_eq!(pace(Some(60), Some(1), Some(54)), every(10_000), "never slower");
        assert_eq!(pace(Some(5_000), Some(4_000), Some(36_000)), every(10_000));
        assert_eq!(pace(Some(60), Some(0), Some(9)), pace(Some(60), None, None));
        assert_eq!(pace(None, Some(0), Some(9)), None);
        assert_eq!(pace(Some(10), None, None), Some(Rate::every(Duration::from_secs(60) / 9)));
        assert_eq!(pace(None, Some(5), None), None);
    }

    #[test]
    fn the_pause_an_empty_quota_asks_for() {
        let pause = |remaining, reset: u64| {
            Quota { limit: Some(60), remaining: Some(remaining), reset: Some(Duration::from_secs(reset)) }.pause()
        };
        assert_eq!(pause(0, 9), Some(Duration::from_secs(9)), "the next call after it is renewed");
        assert_eq!((pause(1, 9), pause(0, 54_000)), (None, None));
    }

    #[test]
    fn quotas_under_any_name() {
        let quota = Quota { limit: Some(30), remaining: Some(0), reset: Some(Duration::from_secs(9)) };
        let plain = [("RateLimit-Limit", "30, 30;w=60"), ("RateLimit-Remaining", "0"), ("RateLimit-Reset", "9")];
        assert_eq!(told(&plain).quota, Some(quota));
        let epoch = [("X-RateLimit-Limit", "30"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "784111779")];
        // Below a thousand million it is taken for seconds from now.
        assert_eq!(told(&epoch).quota.and_then(|quota| quota.remaining), Some(0));
        assert_eq!(told(&[]).quota, None);
        let now: Instant = "2026-11-25T12:00:00Z".parse().unwrap();
        for reset in ["1795608054", "1795608054000"] {
            let headers = [("ratelimit-reset".parse().unwrap(), reset.parse().unwrap())].into_iter().collect();
            let quota = Told::new(&headers, now).quota.unwrap();
            assert_eq!(quota.reset, Some(Duration::from_secs(54)), "{reset}");
        }
    }
}
