//! What may be handed on to others of what the platforms and the ERP tell.
//!
//! Two nets, because each has holes the other does not. A payload goes by an [allow-list](harmless): only what is known to be
//! harmless keeps its value, so that a field nobody has heard of tells its shape and no more. But harmless keys may carry what nobody
//! expects in them, and what people and platforms write in prose has no keys at all: so the whole is [swept](Sweep) in the end for
//! what can be told by its own form, wherever it stands: the configured secrets, documents by their check digits, e-mail addresses.

mod harmless;
mod sweep;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use self::harmless::{Kept, Surroundings};
use crate::http::excerpt;

pub use sweep::{Found, Sweep};

/// What begins every mask, and what stands where something was hidden.
pub const HIDDEN: &str = "•••";

/// A key is told as it is only if it can be a field's name; a longer one, or one with blanks, may be anybody's data.
const LONGEST_KEY: usize = 48;

/// Masks JSON that came from elsewhere. What is hidden of persons is remembered, for it may stand in prose, too.
#[derive(Debug, Default)]
pub struct Masker {
    phrases: BTreeSet<String>,
    words: BTreeSet<String>,
    /// What was told as it is: an order's number is no secret under one key because it is unknown under another.
    kept: BTreeSet<String>,
}

impl Masker {
    /// A payload without what is not known to be harmless. Objects and lists stay, and so do empty values: they tell nothing.
    pub fn payload(&mut self, value: &Value) -> Value {
        self.value(value, None, Kept::Nothing, Surroundings::Order)
    }

    /// Something that is told elsewhere, and so not to be hidden in prose.
    pub fn keep(&mut self, told: &Value) {
        match told {
            Value::String(text) => drop(self.kept.insert(text.trim().to_owned())),
            Value::Array(list) => list.iter().for_each(|one| self.keep(one)),
            Value::Object(object) => object.values().for_each(|one| self.keep(one)),
            _ => {}
        }
    }

    /// Prose without what was masked so far of persons, and without what looks like a document, e-mail or phone.
    pub fn prose(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let mut phrases: Vec<&String> = self.phrases.difference(&self.kept).collect();
        // The longest first: a name may be part of an address.
        phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
        for phrase in phrases {
            text = text.replace(phrase.as_str(), HIDDEN);
        }
        excerpt::mask(&self.without_words(&text))
    }

    /// As [`Masker::prose`], for every text in a document of ours that holds several words. Codes and numbers have no blanks.
    pub fn prose_in(&self, value: &mut Value) {
        match value {
            Value::String(text) if text.contains(char::is_whitespace) => *text = self.prose(text),
            Value::Array(list) => list.iter_mut().for_each(|one| self.prose_in(one)),
            Value::Object(object) => object.values_mut().for_each(|one| self.prose_in(one)),
            _ => {}
        }
    }

    fn without_words(&self, text: &str) -> String {
        let mut told = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(char::is_alphanumeric) {
            told.push_str(&rest[..start]);
            rest = &rest[start..];
            let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            let word = &rest[..end];
            told.push_str(if self.words.contains(&word.to_lowercase()) { HIDDEN } else { word });
            rest = &rest[end..];
        }
        told + rest
    }

    fn value(&mut self, value: &Value, parent: Option<&str>, kept: Kept, around: Surroundings) -> Value {
        match value {
            Value::Null => Value::Null,
            Value::Array(list) => list.iter().map(|one| self.value(one, parent, kept, around)).collect(),
            Value::Object(object) => Value::Object(self.object(object, parent, around)),
            scalar if around == Surroundings::Order && kept.lets_through(scalar) => {
                self.keep(scalar);
                kept.told(scalar)
            }
            scalar => {
                self.remember(scalar, around);
                shape(scalar)
            }
        }
    }

    fn object(
        &mut self,
        object: &Map<String, Value>,
        parent: Option<&str>,
        around: Surroundings,
    ) -> Map<String, Value> {
        let mut masked = Map::new();
        for (key, value) in object {
            let (kept, around) = (harmless::kept(parent, key), around.within(key));
            let value = self.value(value, Some(key), kept, around);
            insert(&mut masked, &if is_name(key) { key.clone() } else { shape_of_text(key) }, value);
        }
        masked
    }

    /// Of a person, whatever may be found again in prose; of anything else only what has the look of it.
    fn remember(&mut self, scalar: &Value, around: Surroundings) {
        let Value::String(text) = scalar else { return };
        let text = text.trim();
        let letters = |word: &str| word.chars().count() >= 4 && word.chars().all(char::is_alphabetic);
        // Of an e-mail address the words may be anybody's; it is found as a whole.
        if around == Surroundings::Person && !text.contains('@') {
            self.words
                .extend(text.split(|c: char| !c.is_alphanumeric()).filter(|word| letters(word)).map(str::to_lowercase));
        }
        let digits = text.chars().filter(char::is_ascii_digit).count();
        if text.chars().count() >= 6 && (text.contains([' ', '@', '+']) || digits >= 8) {
            self.phrases.insert(text.to_owned());
        }
    }
}

/// What is told of a value that is not: its kind and its length.
pub fn shape(value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::String(String::new()),
        Value::String(text) => shape_of_text(text).into(),
        Value::Number(_) => format!("{HIDDEN} number").into(),
        Value::Bool(_) => format!("{HIDDEN} true or false").into(),
        other => other.clone(),
    }
}

/// As [`shape`], for a text.
pub fn shape_of_text(text: &str) -> String {
    let length = text.chars().count();
    match text.bytes().all(|b| b.is_ascii_digit()) {
        true => format!("{HIDDEN} digits, {length}"),
        false => format!("{HIDDEN} text, {length} characters"),
    }
}

/// An address without who calls and without its query, which may be signed; with its path where that is wanted.
pub fn address(url: &str, with_path: bool) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return shape_of_text(url) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let plain = path.split(['?', '#']).next().unwrap_or_default();
    let path = match path {
        "" | "/" => path.to_owned(),
        _ if with_path && plain == path => path.to_owned(),
        _ if with_path => format!("{plain}?{HIDDEN}"),
        _ => format!("/{HIDDEN}"),
    };
    format!("{scheme}://{host}{path}")
}

fn is_name(key: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$' | '.');
    let digits = key.bytes().filter(u8::is_ascii_digit).count();
    key.len() <= LONGEST_KEY && digits < 6 && key.chars().all(is_part)
}

/// Two keys may have one mask.
fn insert(object: &mut Map<String, Value>, key: &str, value: Value) {
    let mut free = key.to_owned();
    for number in 2.. {
        if !object.contains_key(&free) {
            break;
        }
        free = format!("{key} ({number})");
    }
    object.insert(free, value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn masked(value: &Value) -> Value {
        Masker::default().payload(value)
    }

    #[test]
    fn what_is_harmless_stays_and_anything_else_tells_its_shape() {
        let told = masked(&json!({
            "orderId": "1172452500001-01", "value": 4990, "creationDate": "2026-11-25T12:00:00.0000000+00:00",
            "items": [{ "refId": "CAMISETA-P", "quantity": 1, "name": "Camiseta da Ana" }],
            "clientProfileData": { "id": "clientProfileData", "firstName": "Ana", "document": "52998224725", "isCorporate": false },
            "novidade": "Ana Souza", "lat": -23.5, "isActive": true, "cancelReason": null, "followUpEmail": "",
        }));
        assert_eq!(
            told,
            json!({
                "orderId": "1172452500001-01", "value": 4990, "creationDate": "2026-11-25T12:00:00.0000000+00:00",
                "items": [{ "refId": "CAMISETA-P", "quantity": 1, "name": "••• text, 15 characters" }],
                "clientProfileData": {
                    "id": "••• text, 17 characters", "firstName": "••• text, 3 characters", "document": "••• digits, 11",
                    "isCorporate": "••• true or false",
                },
                "novidade": "••• text, 9 characters", "lat": "••• number", "isActive": true, "cancelReason": null,
                "followUpEmail": "",
            })
        );
    }

    #[test]
    fn a_harmless_key_keeps_only_what_has_its_form() {
        let told = masked(&json!({
            "id": "Ana Souza", "status": "ligou para 11 99999-8888", "value": "11999998888", "creationDate": "Ana, 1990",
            "quantity": 11_999_998_888_i64, "courierName": "ana@example.com", "trackingUrl": "https://u:p@r.example/BR1?sig=x",
            "invoice": { "number": "1001" }, "number": "1000", "shipping": { "number": "1000", "id": 7 },
        }));
        assert_eq!(
            told,
            json!({
                "id": "••• text, 9 characters", "status": "••• text, 24 characters", "value": "••• digits, 11",
                "creationDate": "••• text, 9 characters", "quantity": "••• number", "courierName": "••• text, 15 characters",
                "trackingUrl": "https://r.example/•••", "invoice": { "number": "1001" }, "number": "••• digits, 4",
                "shipping": { "number": "••• digits, 4", "id": "••• number" },
            })
        );
    }

    #[test]
    fn keys_may_be_anybodys_data() {
        let told =
            masked(&json!({ "ana@example.com": 1, "Ana Souza": { "id": 1 }, "52998224725": 2, "11144477735": 3 }));
        assert_eq!(
            told,
            json!({
                "••• text, 15 characters": "••• number", "••• text, 9 characters": { "id": 1 }, "••• digits, 11": "••• number",
                "••• digits, 11 (2)": "••• number",
            })
        );
    }

    #[test]
    fn what_was_masked_of_a_person_is_hidden_in_prose() {
        let mut masker = Masker::default();
        masker.payload(&json!({
            "buyer": { "name": "Zuleica Quinhones", "cellPhone": "11990001234", "city": "Olinda" },
            "status": "PAID", "observation": "Portão azul",
        }));
        for (text, told) in [
            ("Zuleica Quinhones said so", "••• said so"),
            ("dona ZULEICA, de Olinda: PAID", "dona •••, de •••: PAID"),
            ("note: Portão azul, 11990001234", "note: •••, •••"),
            ("order 1172452900788-01 is held", "order 1172452900788-01 is held"),
        ] {
            assert_eq!(masker.prose(text), told);
        }
    }

    #[test]
    fn addresses_lose_who_calls_and_what_is_signed() {
        assert_eq!(address("https://u:p@a.example:8/v2?token=x#y", true), "https://a.example:8/v2?•••");
        assert_eq!(address("https://a.example/v2", true), "https://a.example/v2");
        assert_eq!(address("https://a.example?sig=1", false), "https://a.example/•••");
        assert_eq!(address("https://a.example/", false), "https://a.example/");
        assert_eq!(address("a.example/x", false), "••• text, 11 characters");
    }

    /// JSON of any depth; every scalar under a key that is on no list is planted. Gives what was planted.
    fn plant(value: &mut Value, parent: Option<&str>, listed: bool, planted: &mut Vec<String>) {
        match value {
            Value::Array(list) => list.iter_mut().for_each(|one| plant(one, parent, listed, planted)),
            Value::Object(object) => {
                for (key, one) in object.iter_mut() {
                    let listed = !matches!(harmless::kept(parent, key), Kept::Nothing);
                    plant(one, Some(key.as_str()), listed, planted);
                }
            }
            _ if listed => {}
            scalar => {
                // In the forms that harmless keys let through, too.
                let number = planted.len();
                let secret = match number % 3 {
                    0 => format!("Planted{number:04}"),
                    1 => format!("2026-11-25 1{number:04}"),
                    _ => format!("Ana Souza {number:04}"),
                };
                planted.push(secret.clone());
                *scalar = secret.into();
            }
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![Just(Value::Null), any::<i32>().prop_map(Value::from), "[a-z0-9 ]{0,9}".prop_map(Value::from)];
        let key = prop_oneof![
            "[a-zA-Z_]{1,9}",
            "\\PC{1,12}",
            prop::sample::select(vec![
                "id", "items", "status", "value", "invoice", "number", "shipping", "buyer", "data", "name"
            ])
            .prop_map(str::to_owned),
        ];
        leaf.prop_recursive(5, 48, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(key.clone(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_under_a_key_that_is_not_listed_gets_through(mut value in any_json()) {
            let mut planted = Vec::new();
            plant(&mut value, None, false, &mut planted);
            let told = Masker::default().payload(&value).to_string();
            for secret in planted {
                prop_assert!(!told.contains(&secret), "{secret} in {told}");
            }
        }

        #[test]
        fn nothing_of_a_person_gets_through_whatever_its_key(mut value in any_json(), at in "(buyer|clientProfileData|Address)") {
            let mut planted = Vec::new();
            plant(&mut value, None, false, &mut planted);
            let told = Masker::default().payload(&json!({ at: { "id": "Planted", "status": [value] } })).to_string();
            prop_assert!(!told.contains("Planted"), "{told}");
            for secret in planted {
                prop_assert!(!told.contains(&secret), "{secret} in {told}");
            }
        }
    }
}
