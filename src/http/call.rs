//! A call to be made: what it is for, where it goes, and what repeating it would do.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::Value;

/// What repeating a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing changes on the other side.
    Read,
    /// A change that must not be made twice: it is never sent again once the other side may have carried it out.
    Once,
    /// A change that is the same however often it is made.
    Repeatable,
}

/// A call to be made.
#[derive(Clone)]
pub struct Call {
    pub(super) what: &'static str,
    pub(super) about: Option<String>,
    pub(super) method: Result<Method, String>,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) body: Option<(String, Vec<u8>)>,
    pub(super) effect: Effect,
}

impl Call {
    /// A GET. `what` names it for people in the imperative: `read order`. The path begins with a slash; parts of it
    /// that come from elsewhere go through [`segment`].
    pub fn read(what: &'static str, path: impl Into<String>) -> Self {
        Self {
            what,
            about: None,
            method: Ok(Method::GET),
            path: path.into(),
            query: String::new(),
            body: None,
            effect: Effect::Read,
        }
    }

    /// A change by POST, PUT, PATCH or DELETE. `what` and `path` are as for [`Call::read`].
    pub fn write(method: impl AsRef<str>, what: &'static str, path: impl Into<String>, effect: Effect) -> Self {
        let method = method.as_ref();
        Self {
            method: Method::from_bytes(method.as_bytes()).map_err(|_| method.to_owned()),
            effect,
            ..Self::read(what, path)
        }
    }

    /// Names the order or SKU in logs and errors.
    #[must_use]
    pub fn about(mut self, id: impl Into<String>) -> Self {
        self.about = Some(id.into());
        self
    }

    /// Adds a query parameter, encoded so that every server reads the same (a space is `%20`, not `+`).
    #[must_use]
    pub fn query(mut self, name: &str, value: impl AsRef<str>) -> Self {
        let separator = if self.query.is_empty() { '?' } else { '&' };
        self.query.push(separator);
        self.query.extend(utf8_percent_encode(name, RESERVED));
        self.query.push('=');
        self.query.extend(utf8_percent_encode(value.as_ref(), RESERVED));
        self
    }

    /// Sends JSON.
    #[must_use]
    // Callers build it with `json!` on the spot.
    #[allow(clippy::needless_pass_by_value)]
    pub fn json(self, value: Value) -> Self {
        self.text("application/json", value.to_string())
    }

    /// Sends a body as it is.
    #[must_use]
    pub fn text(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some((content_type.to_owned(), body.into()));
        self
    }
}

/// Bodies and queries hold customers' data, so they are not shown.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("what", &self.what).field("about", &self.about).finish_non_exhaustive()
    }
}

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An id as one segment of a path.
pub fn segment(id: &str) -> String {
    utf8_percent_encode(id, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_parameters_are_encoded() {
        assert_eq!(segment("v502556llux-01"), "v502556llux-01");
        assert_eq!(segment("a/b?c#d ção=1"), "a%2Fb%3Fc%23d%20%C3%A7%C3%A3o%3D1");
        let call = Call::read("list orders", "/orders")
            .query("$offset", "0")
            .query("f_creationDate", "creationDate:[a TO b+c]");
        assert_eq!(call.query, "?%24offset=0&f_creationDate=creationDate%3A%5Ba%20TO%20b%2Bc%5D");
    }

    #[test]
    fn a_call_shows_no_body_and_no_query() {
        let call = Call::write("POST", "create order", "/orders", Effect::Once)
            .query("cpf", "52998224725")
            .json(serde_json::json!({ "name": "Ana" }));
        let shown = format!("{call:?}");
        assert!(!shown.contains("Ana") && !shown.contains("52998224725"), "{shown}");
    }
}
