//! Answers as they came, for whoever is to be shown them.

use serde_json::Value;

use super::call::Call;
use super::door::Door;
use super::error::CallError;

/// What a call was answered, unread.
#[derive(Debug)]
pub struct Raw {
    /// What the call was for, in the imperative: `read order`.
    pub what: &'static str,
    /// The JSON; `None` when the API says that there is no such thing.
    pub answer: Result<Option<Value>, CallError>,
}

impl Door {
    /// As [`Door::call_optional`], with the answer's JSON as it came. It holds customers' data.
    pub async fn raw(&self, call: Call) -> Raw {
        let what = call.what;
        let answer = self.call_optional(call).await.and_then(|answer| answer.map(|answer| answer.json()).transpose());
        Raw { what, answer }
    }
}
