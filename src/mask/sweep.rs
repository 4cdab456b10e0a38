//! The last sweep: what no document may hold that leaves the house, told by its own form and not by where it stands.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::HIDDEN;
use crate::model::TaxId;

/// A shorter secret is no secret, and would be found in every word.
const SHORTEST_SECRET: usize = 4;

/// What to look for.
#[derive(Debug, Default)]
pub struct Sweep {
    secrets: Vec<SecretString>,
    /// Companies' numbers that are public business data: the store's own, and its carriers'.
    public: BTreeSet<String>,
}

/// What was found, and hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Secrets of the configuration.
    pub secrets: usize,
    /// CPFs and CNPJs.
    pub documents: usize,
    /// E-mail addresses.
    pub emails: usize,
}

impl Sweep {
    /// A sweep for these secrets, which leaves these companies' numbers; a person's is never left.
    pub fn new(secrets: Vec<SecretString>, public: impl IntoIterator<Item = TaxId>) -> Self {
        let secrets = secrets.into_iter().filter(|secret| secret.expose_secret().len() >= SHORTEST_SECRET).collect();
        let companies = public.into_iter().filter(TaxId::is_company);
        Self { secrets, public: companies.map(|id| id.as_str().to_owned()).collect() }
    }

    /// Hides whatever is found, in keys, texts and numbers.
    pub fn value(&self, value: &mut Value) -> Found {
        let mut found = Found::default();
        self.within(value, &mut found);
        found
    }

    /// Whether a text is free of the secrets, byte by byte: the last word before it is written.
    pub fn is_free_of_secrets(&self, text: &str) -> bool {
        !self.secrets.iter().any(|secret| text.contains(secret.expose_secret()))
    }

    fn within(&self, value: &mut Value, found: &mut Found) {
        match value {
            // The digits of a second's parts are nobody's number.
            Value::String(text) if chrono::DateTime::parse_from_rfc3339(text).is_ok() => {}
            Value::String(text) => {
                if let Some(swept) = self.text(text, found) {
                    *text = swept;
                }
            }
            // Documents lose their quotes in some APIs.
            Value::Number(number) => {
                if self.text(&number.to_string(), found).is_some() {
                    *value = HIDDEN.into();
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|one| self.within(one, found)),
            Value::Object(object) => {
                for (key, mut one) in std::mem::take(object) {
                    self.within(&mut one, found);
                    self.keep(object, key, one, found);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn keep(&self, object: &mut Map<String, Value>, key: String, value: Value, found: &mut Found) {
        let key = self.text(&key, found).unwrap_or(key);
        super::insert(object, &key, value);
    }

    /// The text without what was found in it; `None` when there was nothing.
    fn text(&self, text: &str, found: &mut Found) -> Option<String> {
        let before = *found;
        let mut swept = text.to_owned();
        for secret in &self.secrets {
            let secret = secret.expose_secret();
            found.secrets += swept.matches(secret).count();
            swept = swept.replace(secret, HIDDEN);
        }
        swept = without_emails(&swept, &mut found.emails);
        swept = self.without_documents(&swept, &mut found.documents);
        (*found != before).then_some(swept)
    }

    fn without_documents(&self, text: &str, found: &mut usize) -> String {
        let mut told = String::with_capacity(text.len());
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            match document_at(text, at).filter(|(id, _)| !self.public.contains(id.as_str())) {
                Some((_, end)) => {
                    *found += 1;
                    told.push_str(HIDDEN);
                    at = end;
                }
                None => {
                    told.push(c);
                    at += c.len_utf8();
                }
            }
        }
        told
    }
}

/// The document that begins at a byte of a text, with where it ends. It is no part of a longer number, so the 44 digits of an access
/// key stay, though an issuer's CNPJ is in them: that one is public, and no customer's number is in a key.
fn document_at(text: &str, start: usize) -> Option<(TaxId, usize)> {
    let before = text[..start].chars().next_back();
    let first = text[start..].chars().next()?;
    let is_amid = |is: fn(&char) -> bool| is(&first) && !before.is_some_and(|before| is(&before));
    if is_amid(char::is_ascii_digit)
        && let Some(found) = numeric(text, start)
    {
        return Some(found);
    }
    if is_amid(char::is_ascii_alphanumeric) { with_letters(text, start) } else { None }
}

/// 11 or 14 digits, perhaps with the separators that people write. Padded with zeros to a CNPJ's length, a CPF is one all the same.
fn numeric(text: &str, start: usize) -> Option<(TaxId, usize)> {
    let mut plain = String::with_capacity(14);
    let mut was_digit = false;
    for (offset, c) in text[start..].char_indices() {
        let is_digit = c.is_ascii_digit();
        if plain.len() == 14 || !(is_digit || was_digit && matches!(c, '.' | '-' | '/' | ' ')) {
            break;
        }
        was_digit = is_digit;
        if !is_digit {
            continue;
        }
        plain.push(c);
        let end = start + offset + 1;
        if plain.len() < 11 || text[end..].starts_with(|next: char| next.is_ascii_digit()) {
            continue;
        }
        let (zeros, cpf) = plain.split_at(plain.len() - 11);
        let cpf = Some(cpf).filter(|_| zeros.bytes().all(|b| b == b'0'));
        if let Some(id) = TaxId::parse(&plain).ok().or_else(|| cpf.and_then(|cpf| TaxId::parse(cpf).ok())) {
            return Some((id, end));
        }
    }
    None
}

/// A CNPJ of letters and digits: a word of its own.
fn with_letters(text: &str, start: usize) -> Option<(TaxId, usize)> {
    let rest = &text[start..];
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '/')).unwrap_or(rest.len());
    let word = rest[..end].trim_end_matches(['.', '-', '/']);
    TaxId::parse(word).ok().map(|id| (id, start + word.len()))
}

/// A word with an `@` amid it, as it is or percent-encoded.
fn without_emails(text: &str, found: &mut usize) -> String {
    let ends = |c: char| {
        c.is_whitespace()
            || matches!(c, '"' | '\'' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | '|' | '`')
    };
    let is_email = |word: &str| {
        ["@", "%40"].iter().any(|sign| {
            let amid = |(before, after): (&str, &str)| !before.is_empty() && !after.is_empty();
            word.split_once(sign).is_some_and(amid)
        })
    };
    let mut told = String::with_capacity(text.len());
    for piece in text.split_inclusive(ends) {
        let word = piece.trim_end_matches(ends);
        if is_email(word) {
            *found += 1;
            told.push_str(HIDDEN);
            told.push_str(&piece[word.len()..]);
        } else {
            told.push_str(piece);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn sweep() -> Sweep {
        Sweep::new(vec!["s3cret-token".into(), "abc".into()], [TaxId::parse("12345678000195").unwrap()])
    }

    fn swept(text: &str) -> String {
        let mut value = json!(text);
        sweep().value(&mut value);
        value.as_str().unwrap().to_owned()
    }

    #[test]
    fn whatever_its_place_it_is_found() {
        for (text, told) in [
            ("sent with Bearer s3cret-token!", "sent with Bearer •••!"),
            ("529.982.247-25", "•••"),
            ("CPF52998224725x", "CPF•••x"),
            ("cliente 529 982 247 25, ligou", "cliente •••, ligou"),
            ("pedido 12-52998224725.", "pedido 12-•••."),
            ("00052998224725", "•••"),
            ("CNPJ 11.222.333/0001-81", "CNPJ •••"),
            ("12.ABC.345/01DE-35", "•••"),
            ("write to <ana.souza@example.com>, or not", "write to <•••>, or not"),
            ("/clientes/ana%40example.com", "•••"),
            // The store's own, and what only looks like one.
            ("issued by 12.345.678/0001-95", "issued by 12.345.678/0001-95"),
            ("35261012345678000195550010000010011482139770", "35261012345678000195550010000010011482139770"),
            (
                "3526 1012 3456 7800 0195 5500 1000 0010 0114 8213 9770",
                "3526 1012 3456 7800 0195 5500 1000 0010 0114 8213 9770",
            ),
            ("order 1172452900788-01 at 2026-11-25 18:16", "order 1172452900788-01 at 2026-11-25 18:16"),
            ("52998224724 and abc", "52998224724 and abc"),
            ("@ home", "@ home"),
        ] {
            assert_eq!(swept(text), told, "{text}");
        }
    }

    #[test]
    fn an_instant_keeps_its_digits() {
        // Seconds and their parts that would pass for a CPF.
        let told = (0..1_000).map(|n| format!("2026-11-26T02:05:05.{:09}+00:00", 120_000_000 + n * 7_919));
        assert!(told.into_iter().all(|at| swept(&at) == at));
        assert_ne!(swept("2026-11-26, of 529.982.247-25"), "2026-11-26, of 529.982.247-25");
    }

    #[test]
    fn keys_and_numbers_are_swept_too() {
        let mut value = json!({ "52998224725": [52_998_224_725_i64, 7], "s3cret-token": { "a@b.c": 1, "x@y.z": 2 } });
        let found = sweep().value(&mut value);
        assert_eq!(value, json!({ "•••": ["•••", 7], "••• (2)": { "•••": 1, "••• (2)": 2 } }));
        assert_eq!(found, Found { secrets: 1, documents: 2, emails: 2 });
        assert!(sweep().is_free_of_secrets(&value.to_string()) && !sweep().is_free_of_secrets("xs3cret-tokenx"));
    }

    proptest! {
        #[test]
        fn no_text_keeps_a_document(
            before in "(\\PC{0,9}[^0-9a-zA-Z])?",
            nine in 100_000_000u32..999_999_999,
            after in "([^0-9a-zA-Z./ -]\\PC{0,9})?",
        ) {
            let digits: Vec<u32> = nine.to_string().bytes().map(|b| u32::from(b - b'0')).collect();
            let check = |digits: &[u32]| {
                let sum: u32 = digits.iter().rev().zip(2..).map(|(digit, weight)| digit * weight).sum();
                match sum % 11 {
                    0 | 1 => 0,
                    rest => 11 - rest,
                }
            };
            let first = check(&digits);
            let second = check(&[digits.as_slice(), &[first]].concat());
            let cpf = format!("{nine}{first}{second}");
            prop_assume!(TaxId::parse(&cpf).is_ok());
            let written = format!("{}.{}.{}-{}", &cpf[..3], &cpf[3..6], &cpf[6..9], &cpf[9..]);
            for document in [cpf, written] {
                let text = format!("{before}{document}{after}");
                prop_assert!(!swept(&text).contains(&document), "{}", text);
            }
        }

        #[test]
        fn a_second_sweep_finds_nothing(text in "[0-9a-z@.\\-/ ]{0,60}") {
            let mut value = json!(text);
            sweep().value(&mut value);
            prop_assert_eq!(sweep().value(&mut value), Found::default());
        }
    }
}
