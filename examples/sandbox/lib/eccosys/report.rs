//! How Eccosys answers: one thing, a list, nothing, what came of a write, and no (ECCOSYS 1.4).

use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::super::faults::{Kind, RetryAfter};
use super::Eccosys;

/// What came of a write, thing by thing.
#[derive(Default)]
pub struct Report {
    success: Vec<Value>,
    error: Vec<Value>,
}

impl Report {
    /// A thing that was written: its id, and the code or number people know it by.
    pub fn done(&mut self, id: &Value, code: &str, words: &str) {
        self.success.push(json!({"id": id, "codigo": code, "msg": words}));
    }

    /// The same, in words alone.
    pub fn done_in_words(&mut self, words: &str) {
        self.success.push(json!(words));
    }

    /// A thing that was not.
    pub fn failed(&mut self, code: &str, why: &str) {
        self.error.push(json!({"id": "", "codigo": code, "erro": why}));
    }
}

/// No, at once, with this status.
pub fn refusal(status: u16, why: &str) -> Answer {
    let body = json!({"success": [], "error": [{"id": "", "codigo": "", "erro": why}]});
    Answer { status, ..Answer::json(&body) }
}

/// The gateway in front of Eccosys has trouble, which comes as HTML (ECCOSYS 1.4).
pub fn gateway_trouble(code: u16) -> Kind {
    let words = if code == 502 { "Bad Gateway" } else { "Service Temporarily Unavailable" };
    let body = format!("<html><head><title>{code} {words}</title></head><body><h1>{code} {words}</h1></body></html>");
    Kind::Status { code, retry_after: RetryAfter::Absent, body }
}

impl Eccosys {
    /// What came of a write, under `result` or not.
    pub(super) fn reported(&self, report: Report, under_result: bool) -> Answer {
        let Report { success, error } = report;
        let is_refused = success.is_empty() && !error.is_empty() && !self.settings.refuses_with_200;
        let body = json!({"success": success, "error": error});
        let body = if under_result { json!({"result": body}) } else { body };
        Answer { status: if is_refused { 400 } else { 200 }, ..Answer::json(&body) }
    }

    /// A write that was refused whole.
    pub(super) fn refused(&self, why: &str) -> Answer {
        refusal(if self.settings.refuses_with_200 { 200 } else { 400 }, why)
    }

    /// There is no such thing.
    pub(super) fn nothing(&self) -> Answer {
        let status = if self.settings.nothing_is_404 { 404 } else { 200 };
        Answer { status, ..Answer::json(&json!("Nenhum registro encontrado")) }
    }

    /// One order, customer or invoice.
    pub(super) fn one(&self, thing: Value) -> Answer {
        Answer::json(&if self.settings.one_in_array { json!([thing]) } else { thing })
    }

    /// The rows of a list.
    pub(super) fn listed(&self, rows: Vec<Value>) -> Answer {
        match rows.is_empty() && self.settings.list_end_is_nothing {
            true => self.nothing(),
            false => Answer::json(&Value::Array(rows)),
        }
    }

    /// An id as it is told to who wrote.
    pub(super) fn written_id(&self, id: i64) -> Value {
        if self.settings.written_ids_are_numbers { json!(id) } else { json!(id.to_string()) }
    }

    /// An id, or a situation, as it is told to who reads.
    pub(super) fn read_id(&self, id: i64) -> Value {
        if self.settings.read_ids_are_numbers { json!(id) } else { json!(id.to_string()) }
    }
}

/// The documents of a body, which may be one or an array of them (ECCOSYS 1.4).
pub fn documents(request: &Request) -> Result<Vec<Value>, Answer> {
    match body(request)? {
        Value::Array(all) => Ok(all),
        one @ Value::Object(_) => Ok(vec![one]),
        _ => Err(refusal(400, "Corpo da requisição inválido.")),
    }
}

/// The body as JSON.
pub fn body(request: &Request) -> Result<Value, Answer> {
    serde_json::from_str(&request.body).map_err(|_| refusal(400, "Corpo da requisição inválido."))
}
