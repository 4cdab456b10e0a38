//! The access key of an electronic fiscal document (*chave de acesso*): 44 characters that name one document in all of
//! Brazil.
//!
//! Since July 2026 (IN RFB 2.229/2024, joint technical note 2025.001) the issuer's CNPJ inside it may hold letters, so
//! a key is text, never a number.

use std::fmt;

use super::moment::digits;
use super::states;
use crate::lang::say;
use crate::model::TaxId;

/// A checked access key, without punctuation, upper case. It holds the seller's CNPJ, never the buyer's: it may be
/// logged.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccessKey(String);

/// Why a text is no access key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessKeyError {
    /// Nothing there.
    #[error("{}", say!("there is no access key" | "não há chave de acesso"))]
    Missing,
    /// Not 44 characters, or characters that do not belong.
    #[error("{}", say!(
        "it is not an access key: 6 digits, 12 digits or letters, 26 digits"
            | "não é uma chave de acesso: 6 algarismos, 12 algarismos ou letras, 26 algarismos"
    ))]
    Form,
    /// The first two digits are no state's code.
    #[error("{}", say!(
        "its first two digits are no code of a Brazilian state"
            | "os dois primeiros algarismos não são código de um estado brasileiro"
    ))]
    State,
    /// Digits 5 and 6 are no month.
    #[error("{}", say!("its digits 5 and 6 are no month" | "os algarismos 5 e 6 não são um mês"))]
    Month,
    /// The last digit is wrong: a digit was mistyped or changed.
    #[error("{}", say!("its check digit is wrong" | "o dígito verificador está errado"))]
    CheckDigit,
}

impl AccessKeyError {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "access_key_missing",
            Self::Form => "access_key_form",
            Self::State => "access_key_state",
            Self::Month => "access_key_month",
            Self::CheckDigit => "access_key_check_digit",
        }
    }
}

/// Characters in a key.
const LENGTH: usize = 44;

impl AccessKey {
    /// Reads a key as files, people and spreadsheets write it: with `NFe` before it, in groups, in lower case.
    ///
    /// # Errors
    /// [`AccessKeyError`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, AccessKeyError> {
        let text = text.trim();
        let text = match text.get(..3) {
            Some(prefix) if prefix.eq_ignore_ascii_case("nfe") => &text[3..],
            _ => text,
        };
        let mut key = String::with_capacity(LENGTH);
        for c in text.chars().filter(|c| !matches!(c, '.' | '-' | '/') && !c.is_whitespace()) {
            if key.len() >= LENGTH || !c.is_ascii_alphanumeric() {
                return Err(AccessKeyError::Form);
            }
            key.push(c.to_ascii_uppercase());
        }
        let bytes = key.as_bytes();
        if bytes.is_empty() {
            return Err(AccessKeyError::Missing);
        }
        let well_formed = bytes.len() == LENGTH
            && bytes.iter().enumerate().all(|(at, b)| b.is_ascii_digit() || (6..18).contains(&at));
        if !well_formed {
            return Err(AccessKeyError::Form);
        }
        if check_digit(&bytes[..LENGTH - 1]) != bytes[LENGTH - 1] {
            return Err(AccessKeyError::CheckDigit);
        }
        let key = Self(key);
        if states::letters(key.state_code()).is_none() {
            return Err(AccessKeyError::State);
        }
        if !(1..=12).contains(&key.month()) {
            return Err(AccessKeyError::Month);
        }
        Ok(key)
    }

    /// The 44 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For people: groups of four.
    pub fn grouped(&self) -> String {
        let mut text = String::with_capacity(LENGTH + LENGTH / 4);
        for (at, c) in self.0.chars().enumerate() {
            if at > 0 && at % 4 == 0 {
                text.push(' ');
            }
            text.push(c);
        }
        text
    }

    /// The IBGE code of the issuer's state (`cUF`), such as 35 for São Paulo.
    pub fn state_code(&self) -> u32 {
        self.number(0, 2)
    }

    /// Year and month of issue in the issuer's local time, as `AAMM`: `2610` is October 2026.
    pub fn year_month(&self) -> &str {
        &self.0[2..6]
    }

    /// The issuer's 14 characters as they stand: a CNPJ, or `000` and a CPF.
    pub fn issuer_text(&self) -> &str {
        &self.0[6..20]
    }

    /// The issuer's CNPJ, or CPF in the series kept for people (910 to 969). `None` when its own check digits are
    /// wrong.
    pub fn issuer(&self) -> Option<TaxId> {
        let text = self.issuer_text();
        let is_person = text.starts_with("000") && (910..970).contains(&self.series());
        TaxId::parse(if is_person { &text[3..] } else { text }).ok()
    }

    /// The kind of document: 55 is an NF-e, 65 an NFC-e, 57 a CT-e.
    pub fn model(&self) -> u32 {
        self.number(20, 22)
    }

    /// The series, 0 to 999.
    pub fn series(&self) -> u32 {
        self.number(22, 25)
    }

    /// The document's number.
    pub fn document_number(&self) -> u32 {
        self.number(25, 34)
    }

    /// How it was issued (`tpEmis`): 1 is the normal way, the others are for contingencies.
    pub fn emission_type(&self) -> u32 {
        self.number(34, 35)
    }

    /// The random code (`cNF`), 8 digits.
    pub fn random_code(&self) -> &str {
        &self.0[35..43]
    }

    /// The check digit (`cDV`).
    pub fn check_digit(&self) -> u32 {
        self.number(43, 44)
    }

    fn month(&self) -> u32 {
        self.number(4, 6)
    }

    /// Digits of the key; the form was checked, so they are a number.
    fn number(&self, from: usize, to: usize) -> u32 {
        digits(&self.0[from..to]).unwrap_or_default()
    }
}

/// Modulo 11 over the characters from the right with weights 2 to 9, a character being worth its ASCII code less 48
/// (MOC 7.0, and joint technical note 2025.001 for letters).
fn check_digit(characters: &[u8]) -> u8 {
    let sum: u32 = characters.iter().rev().zip((2..=9).cycle()).map(|(c, weight)| u32::from(c - b'0') * weight).sum();
    match sum % 11 {
        0 | 1 => b'0',
        rest => b'0' + u8::try_from(11 - rest).unwrap_or_default(),
    }
}

impl fmt::Display for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALPHANUMERIC: &str = "35261012ABC34501DE35550010000010031556677120";

    #[test]
    fn known_keys() {
        for text in [
            "41170706117473000150550010000463202612756525",
            "35180834128745000152550010000476121675985748",
            "3526050X0J92JY000196570010000006041448679011",
            "432505AB123456789012550010000000011000000011",
            ALPHANUMERIC,
        ] {
            assert_eq!(AccessKey::parse(text).unwrap().as_str(), text);
        }
        for (text, error) in [
            ("3219110767081300082555001005906225113303793", AccessKeyError::Form),
            ("35261012345678000195550010000010011482139771", AccessKeyError::CheckDigit),
            ("32191107670813000825550010059062251133037938", AccessKeyError::CheckDigit),
            ("432505AB123456789012550010000000011000000012", AccessKeyError::CheckDigit),
            ("", AccessKeyError::Missing),
            ("NFe", AccessKeyError::Missing),
            ("3,52610E+43", AccessKeyError::Form),
            ("35261012345678000195550010000010011482139770 1", AccessKeyError::Form),
            ("3526101234567800019555001000001001148213977A", AccessKeyError::Form),
            ("３5261012345678000195550010000010011482139770", AccessKeyError::Form),
        ] {
            assert_eq!(AccessKey::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn states_and_months_are_checked() {
        let with_digit = |head: &str| format!("{head}{}", char::from(check_digit(head.as_bytes())));
        let state = with_digit("9926101234567800019555001000001001148213977");
        assert_eq!(AccessKey::parse(&state), Err(AccessKeyError::State));
        let month = with_digit("3526131234567800019555001000001001148213977");
        assert_eq!(AccessKey::parse(&month), Err(AccessKeyError::Month));
    }

    #[test]
    fn dirty_spellings() {
        for text in [
            "NFe35261012ABC34501DE35550010000010031556677120",
            " nfe35261012abc34501de35550010000010031556677120\n",
            "3526 1012 ABC3 4501 DE35 5500 1000 0010 0315 5667 7120",
            "35.2610.12.ABC.345/01DE-35.55.001.000.001.003.155.667.712-0",
        ] {
            assert_eq!(AccessKey::parse(text).unwrap().as_str(), ALPHANUMERIC, "{text}");
        }
    }

    #[test]
    fn parts() {
        let key = AccessKey::parse(ALPHANUMERIC).unwrap();
        assert_eq!((key.state_code(), key.year_month(), key.issuer_text()), (35, "2610", "12ABC34501DE35"));
        assert_eq!((key.model(), key.series(), key.document_number()), (55, 1, 1003));
        assert_eq!((key.emission_type(), key.random_code(), key.check_digit()), (1, "55667712", 0));
        assert_eq!(key.issuer(), TaxId::parse("12ABC34501DE35").ok());
        assert_eq!(key.grouped(), "3526 1012 ABC3 4501 DE35 5500 1000 0010 0315 5667 7120");
    }

    #[test]
    fn people_issue_in_series_of_their_own() {
        let person = AccessKey::parse("35261000052998224725559200000000121102938477").unwrap();
        assert_eq!(person.issuer(), TaxId::parse("52998224725").ok());
        // A bank whose CNPJ begins with zeros, and whose last eleven digits would pass as a CPF.
        let head = "3526100000000000019155001000000001100000001";
        let bank = AccessKey::parse(&format!("{head}{}", char::from(check_digit(head.as_bytes())))).unwrap();
        assert_eq!(bank.issuer(), TaxId::parse("00000000000191").ok());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
            let _ = AccessKey::parse(&text);
        }

        #[test]
        fn a_key_is_read_back_from_its_spellings(head in "35(26)(0[1-9]|1[0-2])[0-9A-Z]{12}[0-9]{25}") {
            let text = format!("{head}{}", char::from(check_digit(head.as_bytes())));
            let key = AccessKey::parse(&text).unwrap();
            prop_assert_eq!(key.as_str(), &text);
            prop_assert_eq!(&AccessKey::parse(&key.grouped()).unwrap(), &key);
            prop_assert_eq!(&AccessKey::parse(&format!("NFe{}", text.to_lowercase())).unwrap(), &key);
        }

        #[test]
        fn a_wrong_check_digit_is_always_noticed(head in "3526(0[1-9]|1[0-2])[0-9A-Z]{12}[0-9]{25}", by in 1u8..10) {
            let right = check_digit(head.as_bytes());
            let wrong = char::from(b'0' + (right - b'0' + by) % 10);
            prop_assert_eq!(AccessKey::parse(&format!("{head}{wrong}")), Err(AccessKeyError::CheckDigit));
        }

        #[test]
        fn a_wrong_digit_changes_the_remainder(head in "[0-9]{43}", at in 0usize..43, by in 1u8..10) {
            // Weights 2 to 9 and differences below 10 have no factor 11, so only the remainders 0 and 1 can be
            // confused.
            let mut other = head.clone().into_bytes();
            other[at] = b'0' + (other[at] - b'0' + by) % 10;
            let (a, b) = (check_digit(head.as_bytes()), check_digit(&other));
            prop_assert!(a != b || a == b'0');
        }
    }
}
