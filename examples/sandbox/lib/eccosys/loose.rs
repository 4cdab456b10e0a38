//! How Eccosys says numbers, dates and flags, and how it reads them: loosely (ECCOSYS 1.4).

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::{Value, json};

use super::super::anymarket::Amount;
use super::super::papers;
use super::settings::Loose;

const NO_DAY: &str = "0000-00-00";
const NO_TIME: &str = "0000-00-00 00:00:00";

/// What a field of an order holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// A flag or a number, with what it is when nobody said.
    Code(&'static str),
    /// Dot-decimal.
    Money,
    /// As it is written in Brazil, `1.234,56`.
    Discount,
    Day,
    Time,
    /// A true boolean.
    Truth,
}

impl Kind {
    /// The text kept for a value, or `None` when it is no such thing.
    pub fn kept(self, value: &Value) -> Option<String> {
        let text = scalar(value)?;
        match self {
            _ if text.is_empty() => Some(text),
            Self::Text | Self::Code(_) => Some(text),
            Self::Money | Self::Discount => cents(value).map(money),
            Self::Day | Self::Time if text.starts_with(NO_DAY) => Some(String::new()),
            Self::Day => {
                let day: NaiveDate = text.get(..10)?.parse().ok()?;
                Some(day.to_string())
            }
            Self::Time => match NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S") {
                Ok(time) => Some(time.to_string()),
                Err(_) => text.parse::<NaiveDate>().ok().map(|day| format!("{day} 00:00:00")),
            },
            Self::Truth => Some(matches!(text.as_str(), "true" | "1" | "S").to_string()),
        }
    }

    /// What is told of what is kept.
    pub fn told(self, kept: &str) -> Value {
        match self {
            Self::Code(usual) if kept.is_empty() => json!(usual),
            Self::Money if kept.is_empty() => json!("0.00"),
            Self::Discount => json!(brazilian(cents(&json!(kept)).unwrap_or(0))),
            Self::Day if kept.is_empty() => json!(NO_DAY),
            Self::Time if kept.is_empty() => json!(NO_TIME),
            Self::Truth => json!(kept == "true"),
            _ => json!(kept),
        }
    }
}

/// The text of a text, number, flag or null; `None` for anything larger.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// A text of a body; empty when it is not there.
pub fn text(body: &Value, field: &str) -> String {
    scalar(&body[field]).unwrap_or_default()
}

/// A whole number, however it is written.
pub fn whole(value: &Value) -> Option<i64> {
    scalar(value)?.parse().ok()
}

/// Money to the cent: with a comma it is Brazilian, without it is dot-decimal.
pub fn cents(value: &Value) -> Option<i64> {
    let text = scalar(value)?;
    let text = if text.contains(',') { text.replace('.', "").replace(',', ".") } else { text };
    let (digits, is_negative) = text.strip_prefix('-').map_or((text.as_str(), false), |rest| (rest, true));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let thousandths: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let cents = whole.parse::<i64>().ok()? * 100 + (thousandths + 5) / 10;
    Some(if is_negative { -cents } else { cents })
}

/// A quantity, as a number or as a text.
pub fn quantity(value: &Value) -> Option<Amount> {
    match value {
        Value::String(text) => Amount::read(&serde_json::from_str(text.trim()).ok()?),
        value => Amount::read(value),
    }
}

/// `25.70`.
pub fn money(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// `1.234,56`.
pub fn brazilian(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let whole = (cents.abs() / 100).to_string();
    let grouped: Vec<&str> =
        whole.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    format!("{sign}{},{:02}", grouped.join("."), cents.abs() % 100)
}

/// A quantity as a text, `2.0000`.
pub fn units(amount: Amount) -> String {
    format!("{amount}0")
}

/// Physical and available, as they are told.
pub fn balances(physical: Amount, available: Amount, how: Loose) -> (Value, Value) {
    let texts = |amount: Amount| json!(units(amount));
    match how {
        Loose::Texts => (texts(physical), texts(available)),
        Loose::Numbers => (physical.value(), available.value()),
        Loose::Mixed => (texts(physical), available.value()),
    }
}

/// The day it is in São Paulo.
pub fn day(at: DateTime<Utc>) -> NaiveDate {
    papers::local(at).date_naive()
}

/// Date and time in São Paulo, to the second.
pub fn time(at: DateTime<Utc>) -> String {
    papers::local(at).format("%Y-%m-%d %H:%M:%S").to_string()
}
