//! The only door to the network. [`Door::call`] is all there is to it: authentication, connection reuse, timeouts, a
//! cap on what is read, no redirects, retry of what is safe to repeat, the budget shared with other processes, and one
//! log line per request. Beside it there is only [`ping`], which tells a watcher that a run began or ended.
//!
//! Read [`door`] first, then [`retry`] for when a request is repeated, and [`error`] for what becomes of one that
//! failed.

mod answer;
mod call;
mod door;
mod error;
pub(crate) mod excerpt;
mod health;
pub mod lenient;
mod options;
mod ping;
mod raw;
mod retry;

pub use answer::{Answer, Quota};
pub use call::{Call, Deadline, Effect, segment};
pub use door::{Counts, Door};
pub use error::{CallError, Failure, StopCause, Triage};
pub use options::{DoorError, DoorOptions, RetryPolicy, Signer};
pub use ping::{Address, PingError, Signal};
pub use raw::Raw;

/// Reads anything as the headers of an answer, line by line, and as the body of one that is no success.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_anything(bytes: &[u8]) {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = parts.next().and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
        if let (Some(name), Some(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let told = answer::Told::new(&headers, crate::model::Instant::default());
    let _ = told.quota.and_then(|quota| quota.pace());
    for kind in [None, Some("application/json"), Some("text/html")] {
        let _ = (excerpt::said(bytes, kind), excerpt::is_web_page(bytes, kind));
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = (excerpt::short(&text), excerpt::mask(&text), lenient::instant(&text));
}

#[cfg(test)]
mod tests;
