//! Answers that are not what the platform meant: broken on the way, in the wrong shape, or with another content.
//!
//! The effect has happened by then. What is drawn, is drawn from a seed that stands in the value itself, so that a test
//! that prints its faults has told how to do it again.

use serde_json::Value;

use super::call::{Answer, Outcome, Request};

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mangle {
    /// So many thousandths of the body come, then the connection breaks.
    Cut(usize),
    /// `Content-Length` is less than what there is, so that the body ends before its end.
    SaysLess(usize),
    /// It is more, so that the body never ends.
    SaysMore(usize),
    /// A web page, with 200.
    WebPage,
    /// Nothing, with 200.
    Empty,
    /// A word, with 200.
    Word,
    /// A byte that is no UTF-8, so many thousandths into the body.
    NoText(usize),
    /// So many megabytes of blanks behind the answer.
    Padded(usize),
    /// Lists in lists in lists.
    Deep,
    /// A field nobody knows in every object.
    MoreFields,
    /// The first field of every object twice, with the same value.
    FieldsTwice,
    /// The rows of the outermost list from the last to the first.
    Reversed,
    /// Each of them twice.
    RowsTwice,
    /// One of them missing.
    RowMissing(u64),
    /// The first page again and again, and a count of pages that never ends.
    SamePage,
    /// One value missing, null, of another type, or there twice.
    Shape(u64),
    /// One value another of its type.
    Content(u64),
}

/// Stands for what JSON values cannot hold.
const PLACE: &str = "@@mangled@@";

const PAGE: &str = "<!DOCTYPE html><html><head><title>Manutenção</title></head><body>Voltamos já</body></html>";

impl Mangle {
    /// The call as the platform takes it.
    pub fn request(self, request: &Request) -> Option<Request> {
        let paging = ["page=", "offset=", "$offset=", "%24offset="];
        let (path, query) = request.path.split_once('?').filter(|_| self == Self::SamePage)?;
        let kept: Vec<&str> = query.split('&').filter(|one| paging.iter().all(|name| !one.starts_with(name))).collect();
        Some(Request { path: format!("{path}?{}", kept.join("&")), ..request.clone() })
    }

    /// What the answer becomes on its way back.
    pub fn answer(self, answer: Answer, request: &Request) -> Outcome {
        let length = answer.body.len();
        let part = |thousandths: usize| length * thousandths.min(999) / 1000;
        let bytes = |answer: Answer| answer.body.into_bytes();
        let cut = |answer: Answer, at: usize, said: usize| {
            let bytes = bytes(answer.clone())[..at].to_vec();
            Outcome { bytes: Some(bytes), said_length: Some(said), ..Outcome::answered(answer) }
        };
        match self {
            Self::Cut(at) => cut(answer, part(at), length),
            Self::SaysMore(by) => cut(answer, length, length + by),
            Self::SaysLess(at) => cut(answer, length, part(at)),
            Self::WebPage => Outcome::answered(Answer::typed(200, "text/html; charset=utf-8", PAGE)),
            Self::Empty => Outcome::answered(Answer { status: 200, body: String::new(), ..answer }),
            Self::Word => Outcome::answered(Answer { status: 200, body: "OK".into(), ..answer }),
            Self::NoText(at) => {
                let mut body = answer.body.clone().into_bytes();
                body.insert(part(at), 0xe7);
                Outcome { bytes: Some(body), ..Outcome::answered(answer) }
            }
            Self::Padded(megabytes) => {
                let body = answer.body + &" ".repeat(megabytes << 20);
                Outcome::answered(Answer { body, ..answer })
            }
            _ => {
                let body = self.body(&answer.body, request).unwrap_or_else(|| answer.body.clone());
                Outcome::answered(Answer { body, ..answer })
            }
        }
    }

    /// Another JSON, where it is one.
    fn body(self, body: &str, request: &Request) -> Option<String> {
        let mut json: Value = serde_json::from_str(body).ok()?;
        match self {
            Self::Deep => return Some("[".repeat(100_000)),
            Self::MoreFields => {
                each_object(&mut json, &mut |fields| {
                    fields.insert("novidade2027".into(), serde_json::json!({"a": [1, null, "x"]}));
                });
            }
            Self::FieldsTwice => return Some(fields_twice(&json)),
            Self::Reversed => rows(&mut json)?.reverse(),
            Self::RowsTwice => {
                let rows = rows(&mut json)?;
                *rows = rows.iter().flat_map(|row| [row.clone(), row.clone()]).collect();
            }
            Self::RowMissing(seed) => {
                let rows = rows(&mut json)?;
                if !rows.is_empty() {
                    rows.remove(fastrand::Rng::with_seed(seed).usize(..rows.len()));
                }
            }
            Self::SamePage => same_page(&mut json, request),
            Self::Shape(seed) => return shape(json, &mut fastrand::Rng::with_seed(seed)),
            Self::Content(seed) => return content(json, &mut fastrand::Rng::with_seed(seed)),
            _ => return None,
        }
        Some(json.to_string())
    }
}

/// The outermost list: the answer itself, or the first in it.
fn rows(json: &mut Value) -> Option<&mut Vec<Value>> {
    match json {
        Value::Array(rows) => Some(rows),
        Value::Object(fields) => fields.values_mut().find_map(Value::as_array_mut),
        _ => None,
    }
}

fn each_object(json: &mut Value, change: &mut impl FnMut(&mut serde_json::Map<String, Value>)) {
    match json {
        Value::Array(rows) => rows.iter_mut().for_each(|row| each_object(row, change)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|value| each_object(value, change));
            change(fields);
        }
        _ => {}
    }
}

fn fields_twice(json: &Value) -> String {
    match json {
        Value::Array(rows) => format!("[{}]", rows.iter().map(fields_twice).collect::<Vec<_>>().join(",")),
        Value::Object(fields) => {
            let field =
                |(name, value): (&String, &Value)| format!("{}:{}", Value::from(name.as_str()), fields_twice(value));
            let again = fields.iter().take(1).chain(fields).map(field);
            format!("{{{}}}", again.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// A page that looks as if there were always another one: full, and one of many.
fn same_page(json: &mut Value, request: &Request) {
    let counts = ["pages", "totalPages", "total", "totalElements"];
    each_object(json, &mut |fields| {
        for (_, count) in fields.iter_mut().filter(|(name, count)| counts.contains(&name.as_str()) && count.is_u64()) {
            *count = 1_000_000.into();
        }
    });
    let asked = ["$count", "limit", "per_page"].iter().find_map(|name| request.query(name)?.parse::<usize>().ok());
    if let (Value::Array(rows), Some(full)) = (json, asked)
        && !rows.is_empty()
    {
        *rows = rows.iter().cycle().take(full).cloned().collect();
    }
}

/// How many values there are, itself included.
fn size(json: &Value) -> usize {
    1 + match json {
        Value::Array(rows) => rows.iter().map(size).sum(),
        Value::Object(fields) => fields.values().map(size).sum(),
        _ => 0,
    }
}

/// Does something to the `n`-th value, which `change` gives back or takes away.
fn at_value(json: Value, n: &mut usize, change: &mut dyn FnMut(Value) -> Option<Value>) -> Option<Value> {
    if *n == 0 {
        *n = usize::MAX;
        return change(json);
    }
    *n -= 1;
    Some(match json {
        Value::Array(rows) => rows.into_iter().filter_map(|row| at_value(row, n, change)).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().filter_map(|(name, value)| Some((name, at_value(value, n, change)?)));
            Value::Object(fields.collect())
        }
        other => other,
    })
}

/// One value drawn and replaced by this text, or taken away.
fn replace(
    json: Value,
    random: &mut fastrand::Rng,
    drawn: impl Fn(&Value, &mut fastrand::Rng) -> Option<String>,
) -> Option<String> {
    let mut n = random.usize(..size(&json));
    let mut text = String::new();
    let changed = at_value(json, &mut n, &mut |value| {
        text = drawn(&value, random)?;
        Some(PLACE.into())
    });
    let changed = changed.map_or_else(String::new, |json| json.to_string());
    Some(changed.replacen(&format!("\"{PLACE}\""), &text, 1))
}

fn shape(json: Value, random: &mut fastrand::Rng) -> Option<String> {
    replace(json, random, |value, random| {
        let other = match random.u8(..12) {
            0 | 1 => return None,
            2 | 3 => "null".to_owned(),
            4 => "{}".to_owned(),
            5 => "[]".to_owned(),
            6 => "\"x\"".to_owned(),
            7 => "true".to_owned(),
            8 => "-0.5".to_owned(),
            9 => format!("[{value}]"),
            10 => format!("{{\"value\":{value}}}"),
            // A second field of this object; a second row of this list.
            _ => format!("{value},\"novo\":{value}"),
        };
        Some(other)
    })
}

const NUMBERS: [&str; 16] = [
    "0",
    "-1",
    "1",
    "2",
    "7",
    "100",
    "-0.01",
    "0.001",
    "1e308",
    "-1e308",
    "1e400",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1e19",
    "4294967296",
];

const TEXTS: [&str; 10] = [
    "\"\"",
    "\"0\"",
    "\"0000-00-00\"",
    "\"9999-12-31T23:59:59.9999999+00:00\"",
    "\"1970-01-01T00:00:00Z\"",
    "\"2026-02-30\"",
    "\"\\u0000\\ud83d\\ude00\\u202e\"",
    "\"../../..\"",
    "\"NaN\"",
    "\"\\ud800\"",
];

fn content(json: Value, random: &mut fastrand::Rng) -> Option<String> {
    let texts: Vec<String> = texts_of(&json);
    replace(json, random, |value, random| {
        let of = |list: &[&str], random: &mut fastrand::Rng| list[random.usize(..list.len())].to_owned();
        Some(match value {
            Value::Number(_) => of(&NUMBERS, random),
            Value::Bool(is) => (!is).to_string(),
            Value::String(text) => match random.u8(..4) {
                0 => of(&TEXTS, random),
                // Another of the same answer.
                1 => Value::from(texts[random.usize(..texts.len())].as_str()).to_string(),
                2 => Value::from("9".repeat(20_000)).to_string(),
                _ => {
                    let digit = |c: char| if c.is_ascii_digit() { '7' } else { c };
                    Value::from(text.chars().map(digit).collect::<String>()).to_string()
                }
            },
            Value::Array(rows) => match rows.split_first() {
                Some((first, _)) if random.bool() => Value::from(vec![first.clone(); rows.len() + 1]).to_string(),
                Some((_, rest)) => Value::from(rest).to_string(),
                None => "[{}]".to_owned(),
            },
            Value::Object(_) => "{}".to_owned(),
            Value::Null => of(&["0", "\"\"", "\"x\"", "{}", "false"], random),
        })
    })
}

fn texts_of(json: &Value) -> Vec<String> {
    match json {
        Value::String(text) => vec![text.clone()],
        Value::Array(rows) => rows.iter().flat_map(texts_of).collect(),
        Value::Object(fields) => fields.values().flat_map(texts_of).collect(),
        _ => Vec::new(),
    }
}
