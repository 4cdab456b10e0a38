//! How Eccosys answers: a list of one where an object is meant, or the object; nothing as 404, or as a bare sentence; and a success
//! that may hold errors.
//!
//! Each of these was seen in clients that run in production; none is documented.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::erp::ErpError;
use crate::http::Answer;
use crate::lang::{say, word};

/// The objects of an answer, whether it is a list of them or one alone. A bare sentence says that there are none, if it says that.
///
/// # Errors
/// Refused, with any other sentence or an object that is nothing but errors; or the answer, or one of its objects, cannot be read.
pub fn all<T: DeserializeOwned>(answer: &Answer) -> Result<Vec<T>, ErpError> {
    let told = answer.json::<Value>()?;
    if let Some(words) = only_errors(&told) {
        return Err(refused(words));
    }
    match told {
        Value::Array(list) if list.is_empty() => Ok(Vec::new()),
        Value::Array(_) => Ok(answer.json()?),
        Value::Null => Ok(Vec::new()),
        Value::String(text) if says_nothing(&text) => Ok(Vec::new()),
        Value::String(text) => {
            Err(refused(say!("it answered \"{}\"" | "respondeu \"{}\"", crate::http::excerpt::short(&text))))
        }
        _ => Ok(vec![answer.json()?]),
    }
}

/// The words of an answer that is told like one to a write that failed, where something was to be read.
fn only_errors(told: &Value) -> Option<String> {
    let one = match told {
        Value::Array(list) => list.first().filter(|_| list.len() == 1)?,
        one => one,
    };
    let errors = errors(within_result(one));
    (!errors.is_empty()).then(|| errors.join("; "))
}

/// The first object of an answer, if there is one.
///
/// # Errors
/// As for [`all`].
pub fn first<T: DeserializeOwned>(answer: &Answer) -> Result<Option<T>, ErpError> {
    Ok(all(answer)?.into_iter().next())
}

/// The rows of a list that can be read, and how many there are: one that cannot keeps out no other.
///
/// # Errors
/// As for [`all`], when the answer is no list.
pub fn readable<T: DeserializeOwned>(answer: &Answer, what: &str) -> Result<(Vec<T>, u32), ErpError> {
    let rows: Vec<Value> = all(answer)?;
    let told = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let read = rows.into_iter().filter_map(|row| match serde_json::from_value(row) {
        Ok(row) => Some(row),
        Err(problem) => {
            let problem = crate::http::excerpt::without_values(&problem.to_string());
            log::warn!("{what} in a list of Eccosys cannot be read and was left out: {problem}");
            None
        }
    });
    Ok((read.collect(), told))
}

/// A list that is read page by page.
pub struct Pages {
    /// How many rows the pages so far had: what the next one is asked for by.
    pub offset: u32,
    page: u32,
    last: Vec<u8>,
}

impl Pages {
    /// A list of pages of so many rows.
    pub fn of(page: u32) -> Self {
        Self { offset: 0, page, last: Vec::new() }
    }

    /// Takes note of a page and its number of rows. Gives whether there may be another.
    ///
    /// # Errors
    /// Refused, when it is the page before once more: such a list has no end, and shows nothing of what is further on in it.
    pub fn another(&mut self, answer: &Answer, told: u32) -> Result<bool, ErpError> {
        if told < self.page {
            return Ok(false);
        }
        if answer.bytes == self.last {
            return Err(refused(say!(
                "every page of its list is the same" | "todas as páginas da sua lista são iguais"
            )));
        }
        self.last.clone_from(&answer.bytes);
        self.offset = self.offset.saturating_add(told);
        Ok(true)
    }
}

/// Whether a sentence says that nothing was found.
fn says_nothing(text: &str) -> bool {
    let text = text.to_lowercase();
    text.trim().is_empty()
        || ["encontrad", "não existe", "nao existe", "nenhum", "not found"].iter().any(|w| text.contains(w))
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
        Err((true, message)) => Err(ErpError::Refused { code: UNSURE, message }),
        Err((false, message)) => Err(refused(message)),
    }
}

/// The code of a refusal that may have made something all the same: only a reading tells.
pub const UNSURE: &str = "unsure";

/// A refusal in Eccosys' own words.
pub fn refused(message: impl Into<String>) -> ErpError {
    ErpError::Refused { code: "eccosys_refused", message: message.into() }
}

/// What the answer to a write says: what was made, or why nothing was, and whether something may have been all the same, since it says
/// both or neither.
fn outcome(told: &Value) -> Result<Made, (bool, String)> {
    let told = within_result(told);
    let errors = errors(told);
    if !errors.is_empty() {
        return Err((!list(told, "success").is_empty(), errors.join("; ")));
    }
    let Some(first) = list(told, "success").into_iter().next() else {
        let neither =
            word!("it says neither that it worked nor why it did not" | "não diz que deu certo nem por que não deu");
        return Err(words_of(told).map_or_else(|| (true, neither.to_owned()), |words| (false, words)));
    };
    let text = |field: &str| match first.get(field) {
        Some(Value::String(text)) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    Ok(Made { id: text("id"), number: text("codigo") })
}

/// What was told, where it is wrapped in `result`, or in a list of its own.
fn within_result(told: &Value) -> &Value {
    let told = match told.as_array().map(Vec::as_slice) {
        Some([one]) => one,
        _ => told,
    };
    told.get("result").filter(|inner| inner.is_object()).unwrap_or(told)
}

/// What stands in a field: a list, or one thing alone.
fn list<'a>(told: &'a Value, name: &str) -> Vec<&'a Value> {
    match told.get(name) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
    }
}

fn errors(told: &Value) -> Vec<String> {
    list(told, "error").into_iter().filter_map(sentence).collect()
}

/// The words of one error.
fn sentence(told: &Value) -> Option<String> {
    let unsaid = || word!("it gives no reason" | "não informa o motivo").to_owned();
    words_of(told).or_else(|| told.is_object().then(unsaid))
}

fn words_of(told: &Value) -> Option<String> {
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
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn made(id: &str, number: &str) -> Result<Made, (bool, String)> {
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
        assert_eq!(outcome(&json!([{ "success": [{ "id": 7, "codigo": 12 }], "error": [] }])), made("7", "12"));
        assert_eq!(outcome(&json!({ "success": ["Situação alterada"] })), Ok(Made::default()));
    }

    #[test]
    fn a_success_with_an_error_inside_is_none() {
        let told = json!({ "success": [], "error": [{ "id": "", "codigo": 3, "erro": "Produto não encontrado" }] });
        assert_eq!(outcome(&told), Err((false, "Produto não encontrado".into())));
        let told = json!({ "result": { "success": [{ "id": 1 }], "error": ["Pedido com nota"] } });
        assert_eq!(outcome(&told), Err((true, "Pedido com nota".into())));
        assert_eq!(outcome(&json!({ "msg": "Tente mais tarde" })), Err((false, "Tente mais tarde".into())));
        for told in [
            json!({ "success": [], "error": [{ "erro": "Tente mais tarde" }] }),
            json!({ "result": { "success": [], "error": [{ "erro": "Tente mais tarde" }] } }),
            json!([{ "error": "Tente mais tarde" }]),
        ] {
            assert_eq!(only_errors(&told).as_deref(), Some("Tente mais tarde"), "where something was to be read");
        }
        for told in [json!([]), json!("Pedido não encontrado"), json!([{ "id": "7" }]), json!({ "id": 7, "error": [] })]
        {
            assert_eq!(only_errors(&told), None, "{told}");
        }
        for neither in [json!({}), json!([]), json!({ "success": [], "error": [] })] {
            assert!(outcome(&neither).is_err_and(|(may_be_made, _)| may_be_made), "{neither}");
        }
    }
}
