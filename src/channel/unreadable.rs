//! Reading an answer as an order, or saying where it is none.

use serde::de::DeserializeOwned;

use crate::http::{excerpt, lenient};

/// Why an answer is no order we can use: where, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (at `{at}`)")]
pub struct Unreadable {
    /// Path in the answer, such as `items[3].price`.
    pub at: String,
    /// What is wrong.
    pub problem: String,
}

impl Unreadable {
    pub(super) fn new(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { at: at.into(), problem: problem.into() }
    }
}

/// Reads a body as a platform's own form of an order.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unreadable> {
    lenient::from_body(body).map_err(|error| {
        // Following the way to each value takes as long again, and only an error needs it.
        let mut json = serde_json::Deserializer::from_slice(body);
        let at = serde_path_to_error::deserialize::<_, T>(&mut json).err().map(|error| error.path().to_string());
        // What serde quotes may be a customer's name.
        Unreadable::new(at.unwrap_or_default(), excerpt::without_values(&error.to_string()))
    })
}

/// A CEP's digits; one that lost its leading zero to a number gets it back.
pub(super) fn postal_code(told: Option<&str>) -> String {
    let digits: String = told.unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
    if digits.len() == 7 { format!("0{digits}") } else { digits }
}
