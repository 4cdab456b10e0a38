//! How ANYMARKET says no, and how it reads what it is sent.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::super::faults::{Kind, RetryAfter};

/// `{"code", "message"}`, where the code is a text that repeats the status (ANYMARKET 7.2).
pub fn refuse(status: u16, message: &str) -> Answer {
    Answer { status, ..Answer::json(&json!({"code": status.to_string(), "message": message})) }
}

/// A refusal for reasons of business, which looks like a fault of the server (ANYMARKET 7.2).
pub fn business_refusal(message: &str) -> Kind {
    Kind::Status { code: 500, retry_after: RetryAfter::Absent, body: refuse(500, message).body }
}

/// What does not exist (ANYMARKET 7.2).
pub fn not_found(id: &str) -> Answer {
    refuse(404, &format!("Recurso com o id '{id}' não encontrado."))
}

/// The body as JSON.
pub fn body(request: &Request) -> Result<Value, Answer> {
    serde_json::from_str(&request.body).map_err(|_| refuse(400, "Não foi possível ler o corpo da requisição."))
}

/// A date, which always has an offset (ANYMARKET 1.1).
pub fn date(text: &str, field: &str) -> Result<DateTime<Utc>, Answer> {
    DateTime::parse_from_rfc3339(text).map(|date| date.to_utc()).map_err(|_| {
        let message = format!("Parâmetro {field} inválido: '{text}'. Informe a data com fuso horário.");
        refuse(422, &message)
    })
}

/// A text of a body that must be there.
pub fn required<'a>(body: &'a Value, field: &str) -> Result<&'a str, Answer> {
    text(body, field).ok_or_else(|| refuse(422, &format!("[O campo {field} é obrigatório]")))
}

/// A date of a body that must be there; as it was sent.
pub fn required_date<'a>(body: &'a Value, field: &str) -> Result<&'a str, Answer> {
    let text = required(body, field)?;
    date(text, field).map(|_| text)
}

/// A text of a body that may be there.
pub fn text<'a>(body: &'a Value, field: &str) -> Option<&'a str> {
    body[field].as_str().filter(|text| !text.trim().is_empty())
}
