//! A request as it came, the answer to it, and the hook a test can place between the two.

use std::time::Duration;

use axum::extract::Query;
use axum::http::Uri;
use serde_json::{Value, json};

/// A call as the log keeps it; never with credentials.
#[derive(Clone, Debug)]
pub struct Call {
    /// Counts all calls of the sandbox, from 1.
    pub number: u64,
    pub method: String,
    /// Path and query, still percent-encoded.
    pub path: String,
    pub body: String,
}

/// A call with the credentials it carried.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    /// Path and query, still percent-encoded.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    /// A call without headers or body.
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.into(), path: path.into(), ..Self::default() }
    }

    /// One more header; the name is in lower case.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The path's segments, percent-decoded.
    pub fn segments(&self) -> Vec<String> {
        let path = self.path.split('?').next().unwrap_or_default();
        path.split('/').filter(|segment| !segment.is_empty()).map(percent_decoded).collect()
    }

    /// A parameter of the query, decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        let uri: Uri = self.path.parse().ok()?;
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&uri).ok()?;
        pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// A whole number of the query; refuses anything else in VTEX's words.
    pub fn number(&self, name: &str) -> Result<Option<usize>, Answer> {
        let Some(text) = self.query(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Answer::bad_request(&format!("{name} should be a number")))
    }

    /// The body as JSON, or VTEX's refusal.
    pub fn json(&self) -> Result<Value, Answer> {
        serde_json::from_str(&self.body).map_err(|error| Answer::bad_request(&format!("invalid body: {error}")))
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let encoded = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match encoded.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What goes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Answer {
    /// No body at all.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    pub fn json(body: &Value) -> Self {
        Self::typed(200, "application/json; charset=utf-8", body.to_string())
    }

    pub fn typed(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    /// VTEX's order system's own shape (VTEX 0, error shape 1).
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = json!({"error": {"code": code, "message": message, "exception": null}});
        Self { status, ..Self::json(&body) }
    }

    pub fn bad_request(message: &str) -> Self {
        Self::error(400, "001", message)
    }

    /// The body, for tests.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// What becomes of a call on the wire.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// `None` closes the connection without a word.
    pub answer: Option<Answer>,
    /// Before the answer, and after the effect.
    pub wait: Duration,
    /// What is sent of the body, where that is not all of it, or not its text.
    pub bytes: Option<Vec<u8>>,
    /// How long the body is said to be, where that is not how long it is. When less comes, the connection closes after it.
    pub said_length: Option<usize>,
}

impl Outcome {
    pub fn answered(answer: Answer) -> Self {
        Self { answer: Some(answer), ..Self::hung_up() }
    }

    pub fn hung_up() -> Self {
        Self { answer: None, wait: Duration::ZERO, bytes: None, said_length: None }
    }
}

/// When a hook is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    BeforeEffect,
    AfterEffect,
}

/// What a hook wants to happen on a platform `P`.
pub enum HookAction<P> {
    Go,
    /// Close the connection without an answer.
    Drop,
    /// Change the world first, as somebody else would at that moment, then go on.
    Meanwhile(Box<dyn FnOnce(&mut P) + Send>),
}
