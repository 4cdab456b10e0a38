//! Readers for what other people's APIs send: numbers as text, text as numbers, null for empty, blanks for nothing.
//!
//! They are lenient about the form and strict about the value: a cent is never lost to a rounding.

use std::fmt::Display;

use chrono::{DateTime, NaiveDateTime};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};

use crate::model::Instant;

/// A body as JSON. That it is UTF-8 is asked once of the whole, not of each text in it.
///
/// # Errors
/// When it is no JSON of that form.
pub fn from_body<'de, T: Deserialize<'de>>(body: &'de [u8]) -> serde_json::Result<T> {
    match str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(body),
    }
}

/// A list or struct that may be null: null is the default.
///
/// # Errors
/// When the value is neither null nor of the expected form.
pub fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Text that may come as a number; null and blanks are `None`.
///
/// # Errors
/// When it is a list, an object or a boolean.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Number(number)) => {
            Ok(Some(integral(&number).map_or_else(|| number.to_string(), |n| n.to_string())))
        }
        Some(other) => Err(D::Error::custom(format!("expected text, found {}", kind(&other)))),
    }
}

/// No amount, count or id from outside is larger than this: R$ 100 billion in cents. So sums of thousands of them fit.
const LARGEST: i64 = 10_000_000_000_000;

/// A whole number that may come as a float without fraction, or as text; null and blanks are `None`.
///
/// # Errors
/// When it has a fraction, is no number, or larger than any amount can be.
pub fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let none = |found: &dyn Display| D::Error::custom(format!("expected a whole number, found {found}"));
    let number = match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => scaled(text.trim(), 0).ok_or_else(|| none(&"other text"))?,
        Some(Value::Number(number)) => integral(&number).ok_or_else(|| none(&number))?,
        Some(other) => return Err(none(&kind(&other))),
    };
    match (-LARGEST..=LARGEST).contains(&number) {
        true => Ok(Some(number)),
        false => Err(D::Error::custom("expected a whole number, found one that no amount can be")),
    }
}

/// A decimal number with up to four places, as ten-thousandths; further places must be zeros. Null and blanks are `None`.
///
/// # Errors
/// When it is no number, or finer than a ten-thousandth.
pub fn ten_thousandths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let text = match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(other) => return Err(D::Error::custom(format!("expected a number, found {}", kind(&other)))),
    };
    scaled(&text, 4)
        .map(Some)
        .ok_or_else(|| D::Error::custom(format!("expected a number of at most 4 decimals, found {text}")))
}

/// An amount in reais as cents, to the nearest one: a sum that was computed in binary comes as `0.30000000000000004`. Null and
/// blanks are `None`.
///
/// # Errors
/// When it is no number, or larger than any amount can be.
pub fn reais<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let text = match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(other) => return Err(D::Error::custom(format!("expected an amount, found {}", kind(&other)))),
    };
    match rounded(&text, 2) {
        Some(cents) if (-LARGEST..=LARGEST).contains(&cents) => Ok(Some(cents)),
        _ => Err(D::Error::custom("expected an amount, found what is none")),
    }
}

/// A boolean that may come as text or 0/1; anything else is `None`.
///
/// # Errors
/// Never for well-formed JSON.
pub fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Option::<Value>::deserialize(deserializer)? {
        Some(Value::Bool(value)) => Some(value),
        Some(Value::String(text)) => match text.to_ascii_lowercase().as_str() {
            "true" | "s" | "1" => Some(true),
            "false" | "n" | "0" => Some(false),
            _ => None,
        },
        Some(Value::Number(number)) => number.as_i64().map(|n| n != 0),
        _ => None,
    })
}

/// A value of which only the expected form is of interest: anything else is `None` instead of an error.
///
/// # Errors
/// Never for well-formed JSON.
pub fn if_possible<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let value = Option::<Value>::deserialize(deserializer)?;
    Ok(value.filter(|value| !value.is_null()).and_then(|value| serde_json::from_value(value).ok()))
}

/// An instant in ISO 8601 with 0 to 9 digits of fraction and an offset or `Z`; without one it is UTC. `None` when it is none.
pub fn instant(text: &str) -> Option<Instant> {
    let text = text.trim();
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .or_else(|_| text.parse::<NaiveDateTime>().map(|local| local.and_utc()))
        .ok()
}

fn integral(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| scaled(&number.to_string(), 0))
}

/// The decimal text as an integer of `places` decimals; further decimals must be zeros. Small exponents are understood, since a
/// serializer may write `1e3`.
fn scaled(text: &str, places: usize) -> Option<i64> {
    let (negative, kept, dropped) = split_at_place(text, places)?;
    if dropped.bytes().any(|b| b != b'0') {
        return None;
    }
    whole(negative, &kept)
}

/// The same, rounded half away from zero: for sums that their sender computed in binary.
fn rounded(text: &str, places: usize) -> Option<i64> {
    let (negative, kept, dropped) = split_at_place(text, places)?;
    let up = i64::from(dropped.bytes().next().is_some_and(|b| b >= b'5'));
    whole(negative, &kept)?.checked_add(if negative { -up } else { up })
}

/// The sign, the digits up to that decimal place, and those after it.
fn split_at_place(text: &str, places: usize) -> Option<(bool, String, String)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent) + i64::try_from(places).ok()?;
    if !(-30..=30).contains(&point) {
        return None;
    }
    // Zeros before the first digit, or after the last, so that the point falls between two.
    let before = "0".repeat(usize::try_from(-point).unwrap_or(0));
    let point = usize::try_from(point).unwrap_or(0);
    let digits = format!("{before}{whole}{fraction}");
    let padded = format!("{digits:0<point$}");
    let (kept, dropped) = padded.split_at(point);
    Some((negative, kept.to_owned(), dropped.to_owned()))
}

fn whole(negative: bool, digits: &str) -> Option<i64> {
    let value: i64 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    Some(if negative { -value } else { value })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Deserialize)]
    struct Odd {
        #[serde(default, deserialize_with = "integer")]
        cents: Option<i64>,
        #[serde(default, deserialize_with = "text")]
        name: Option<String>,
        #[serde(default, deserialize_with = "ten_thousandths")]
        factor: Option<i64>,
        #[serde(default, deserialize_with = "or_default")]
        list: Vec<i64>,
        #[serde(default, deserialize_with = "reais")]
        amount: Option<i64>,
    }

    fn read(json: &str) -> Result<Odd, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn odd_forms_are_read() {
        let odd = read(r#"{"cents":1999.0,"name":502556,"factor":0.35,"list":null}"#).unwrap();
        assert_eq!((odd.cents, odd.name.as_deref(), odd.factor), (Some(1999), Some("502556"), Some(3_500)));
        assert!(odd.list.is_empty());
        let odd = read(r#"{"cents":" 1999 ","name":"  ","factor":"1"}"#).unwrap();
        assert_eq!((odd.cents, odd.name, odd.factor), (Some(1999), None, Some(10_000)));
        let odd = read(r#"{"cents":null,"factor":1e-1}"#).unwrap();
        assert_eq!((odd.cents, odd.factor), (None, Some(1_000)));
        assert_eq!(read(r#"{"cents":"-5.00"}"#).unwrap().cents, Some(-5));
    }

    #[test]
    fn what_no_amount_can_be_is_refused() {
        for text in ["10000000000001", "-9223372036854775808", "\"9223372036854775807\"", "1e300"] {
            assert!(read(&format!(r#"{{"cents":{text}}}"#)).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_are_rounded_to_the_nearest_cent() {
        for (json, cents) in [
            ("19.9", Some(1_990)),
            ("0.30000000000000004", Some(30)),
            ("1.005", Some(101)),
            ("1.0049999", Some(100)),
            ("-1.005", Some(-101)),
            ("1e-7", Some(0)),
            ("0.006", Some(1)),
            ("1e3", Some(100_000)),
            ("\"12.34\"", Some(1_234)),
            ("null", None),
            ("\" \"", None),
        ] {
            assert_eq!(read(&format!(r#"{{"amount":{json}}}"#)).unwrap().amount, cents, "{json}");
        }
        for json in ["\"1.234,56\"", "true", "1e300", "\"R$ 1\"", "100000000000.01"] {
            assert!(read(&format!(r#"{{"amount":{json}}}"#)).is_err(), "{json}");
        }
    }

    #[test]
    fn nothing_is_rounded_away() {
        assert!(read(r#"{"cents":19.99}"#).is_err_and(|error| error.contains("expected a whole number, found 19.99")));
        assert!(read(r#"{"cents":1e300}"#).is_err());
        assert!(read(r#"{"factor":0.00001}"#).is_err());
        assert!(read(r#"{"name":["x"]}"#).is_err_and(|error| error.contains("found a list")));
    }

    #[test]
    fn instants_with_any_fraction() {
        let expected: Instant = "2024-02-04T20:09:43.899958Z".parse().unwrap();
        assert_eq!(instant("2024-02-04T20:09:43.8999580+00:00"), Some(expected));
        assert_eq!(instant("2024-02-04T17:09:43.8999580-03:00"), Some(expected));
        assert_eq!(instant("2024-02-04T20:09:43.899958"), Some(expected));
        assert_eq!(instant("2024-02-04T20:09:43Z"), Some("2024-02-04T20:09:43Z".parse().unwrap()));
        assert_eq!(instant("0000-00-00"), None);
    }

    proptest! {
        #[test]
        fn whole_numbers_survive_every_form(n in -10_000_000_000_000i64..=10_000_000_000_000) {
            for json in [format!(r#"{{"cents":{n}}}"#), format!(r#"{{"cents":{n}.0}}"#), format!(r#"{{"cents":"{n}"}}"#)] {
                prop_assert_eq!(read(&json).unwrap().cents, Some(n));
            }
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "[-0-9.eE]{0,24}", places in 0usize..6) {
            // What needs no rounding is the same either way.
            if let Some(exact) = scaled(&text, places) {
                prop_assert_eq!(rounded(&text, places), Some(exact));
            }
        }
    }
}
