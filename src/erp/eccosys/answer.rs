//! How Eccosys answers: a list of one where an object is meant, or the object; nothing as 404, or as a bare sentence; and a success
//! that may hold errors.
//!
//! Each of these was seen in clients that run in production; none is documented.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::erp::ErpError;
use crate::http::{Answer, CallError};

/// The objects of an answer, whether it is a list of them or one alone. A bare sentence says that there are none.
pub fn all<T: DeserializeOwned>(answer: &Answer) -> Result<Vec<T>, CallError> {
    match answer.json::<Value>()? {
        Value::Array(list) if list.is_empty() => Ok(Vec::new()),
        Value::Array(_) => answer.json(),
        Value::String(_) | Value::Null => Ok(Vec::new()),
        _ => Ok(vec![answer.json()?]),
    }
}

/// The first object of an answer, if there is one.
pub fn first<T: DeserializeOwned>(answer: &Answer) -> Result<Option<T>, CallError> {
    Ok(all(answer)?.into_iter().next())
}

/// What a write says it made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The internal id.
    pub id: Option<String>,
    /// The number people see.
    pub number: Option<String>,
}

/// Reads the answer to a write. A status of success alone is none: `error` must be empty and `success` must not.
///
/// # Errors
/// Refused, with Eccosys' own words; or the answer cannot be read.
pub fn made(answer: &Answer) -> Result<Made, ErpError> {
    let told: Value = answer.json()?;
    match outcome(&told) {
        Ok(made) => Ok(made),
        Err(message) => Err(refused(message)),
    }
}

/// A refusal in Eccosys' own words.
pub fn refused(message: impl Into<String>) -> ErpError {
    ErpError::Refused { code: "eccosys_refused", message: message.into() }
}

/// What the answer to a write says: what was made, or why nothing was.
fn outcome(told: &Value) -> Result<Made, String> {
    let told = told.get("result").filter(|inner| inner.is_object()).unwrap_or(told);
    let list = |name: &str| match told.get(name) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
    };
    let errors: Vec<String> = list("error").into_iter().filter_map(sentence).collect();
    if !errors.is_empty() {
        return Err(errors.join("; "));
    }
    let Some(first) = list("success").into_iter().next() else {
        return Err(sentence(told).unwrap_or_else(|| "it says neither that it worked nor why it did not".to_owned()));
    };
    let text = |field: &str| match first.get(field) {
        Some(Value::String(text)) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    Ok(Made { id: text("id"), number: text("codigo") })
}

/// The words of one error.
fn sentence(told: &Value) -> Option<String> {
    let words = match told {
        Value::String(text) => text.trim().to_owned(),
        Value::Object(fields) => {
            let known = ["erro", "msg", "message", "mensagem"];
            let found = known.iter().find_map(|name| fields.get(*name)).and_then(Value::as_str);
            found.unwrap_or_default().trim().to_owned()
        }
        _ => String::new(),
    };
    let words = crate::http::excerpt::short(&words);
    (!words.is_empty()).then_some(words).or_else(|| told.is_object().then(|| "it gives no reason".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn made(id: &str, number: &str) -> Result<Made, String> {
        Ok(Made { id: Some(id.into()), number: Some(number.into()) })
    }

    #[test]
    fn success_in_every_form_it_was_seen_in() {
        assert_eq!(
            outcome(&json!({ "success": [{ "id": 7, "codigo": "12", "msg": "ok" }], "error": [] })),
            made("7", "12")
        );
        assert_eq!(
            outcome(&json!({ "result": { "success": [{ "id": "7", "codigo": 12 }], "error": [] } })),
            made("7", "12")
        );
        assert_eq!(outcome(&json!({ "success": ["Situação alterada"] })), Ok(Made::default()));
    }

    #[test]
    fn a_success_with_an_error_inside_is_none() {
        let told = json!({ "success": [], "error": [{ "id": "", "codigo": 3, "erro": "Produto não encontrado" }] });
        assert_eq!(outcome(&told), Err("Produto não encontrado".into()));
        let told = json!({ "result": { "success": [{ "id": 1 }], "error": ["Pedido com nota"] } });
        assert_eq!(outcome(&told), Err("Pedido com nota".into()));
        assert!(outcome(&json!({})).is_err());
        assert!(outcome(&json!({ "success": [], "error": [] })).is_err());
    }
}
