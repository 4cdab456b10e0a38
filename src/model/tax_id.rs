//! CPF and CNPJ, the latter numeric or alphanumeric, with their check digits.

use crate::lang::say;
use std::fmt;

/// A checked CPF (11 digits) or CNPJ (12 letters or digits and 2 check digits), without punctuation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaxId(String);

/// Why a text is no CPF or CNPJ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaxIdError {
    /// Nothing there.
    #[error("{}", say!("there is no document" | "não há documento"))]
    Missing,
    /// Neither 11 nor 14 characters, or characters that do not belong.
    #[error("{}", say!(
        "it has neither the form of a CPF (11 digits) nor of a CNPJ (14 characters)"
            | "não tem a forma de um CPF (11 dígitos) nem de um CNPJ (14 caracteres)"
    ))]
    Form,
    /// The check digits are wrong.
    #[error("{}", say!("its check digits are wrong" | "os dígitos verificadores estão errados"))]
    CheckDigits,
}

impl TaxId {
    /// Reads a CPF or CNPJ with or without punctuation; letters of a CNPJ may be lower case.
    ///
    /// # Errors
    /// [`TaxIdError`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, TaxIdError> {
        let plain: String = text
            .chars()
            .filter(|c| !matches!(c, '.' | '/' | '-') && !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase())
            .collect();
        if plain.is_empty() {
            return Err(TaxIdError::Missing);
        }
        let bytes = plain.as_bytes();
        let well_formed = match bytes.len() {
            11 => bytes.iter().all(u8::is_ascii_digit),
            14 => {
                bytes[..12].iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
                    && bytes[12..].iter().all(u8::is_ascii_digit)
            }
            _ => false,
        };
        if !well_formed {
            return Err(TaxIdError::Form);
        }
        if bytes.iter().all(|b| *b == bytes[0]) || !check_digits_agree(bytes) {
            return Err(TaxIdError::CheckDigits);
        }
        Ok(Self(plain))
    }

    /// Without punctuation, upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A company's number (CNPJ), not a person's (CPF).
    pub fn is_company(&self) -> bool {
        self.0.len() == 14
    }

    /// For logs and messages: `***.982.247-**`.
    pub fn masked(&self) -> String {
        if self.is_company() {
            format!("**.{}.{}/****-**", &self.0[2..5], &self.0[5..8])
        } else {
            format!("***.{}.{}-**", &self.0[3..6], &self.0[6..9])
        }
    }
}

/// Modulo-11 digits over everything before them, weights from the right: 2.. without end for a CPF, 2..=9 repeating for a CNPJ.
fn check_digits_agree(bytes: &[u8]) -> bool {
    let cycle = if bytes.len() == 14 { 8 } else { 10 };
    (bytes.len() - 2..bytes.len()).all(|at| {
        let sum: usize =
            bytes[..at].iter().rev().enumerate().map(|(i, b)| usize::from(b - b'0') * (2 + i % cycle)).sum();
        let digit = match sum % 11 {
            0 | 1 => 0,
            rest => 11 - rest,
        };
        usize::from(bytes[at] - b'0') == digit
    })
}

impl fmt::Debug for TaxId {
    /// Masked: a document never reaches a log by way of `{:?}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_documents() {
        let valid = [
            "52998224725",
            "111.444.777-35",
            "76586507812",
            "12.345.678/0001-95",
            "34028316000103",
            "12ABC34501DE35",
            "12.abc.345/01de-35",
            "T6J3XFX0IVDD47",
            "W2MNK0KZ000190",
            "XT9CDVWJ000172",
            "12ABC34D000166",
        ];
        for text in valid {
            assert!(TaxId::parse(text).is_ok(), "{text}");
        }
        assert_eq!(TaxId::parse("12ABC34501DE36"), Err(TaxIdError::CheckDigits));
        assert_eq!(TaxId::parse("52998224724"), Err(TaxIdError::CheckDigits));
        assert_eq!(TaxId::parse("00000000000"), Err(TaxIdError::CheckDigits));
        assert_eq!(TaxId::parse("00000000000000"), Err(TaxIdError::CheckDigits));
        assert_eq!(TaxId::parse("1234567890"), Err(TaxIdError::Form));
        assert_eq!(TaxId::parse("5299822472X"), Err(TaxIdError::Form));
        assert_eq!(TaxId::parse(" . - "), Err(TaxIdError::Missing));
    }

    #[test]
    fn documents_are_masked_in_debug() {
        let cpf = TaxId::parse("52998224725").unwrap();
        assert_eq!(format!("{cpf:?}"), "***.982.247-**");
        let cnpj = TaxId::parse("12ABC34501DE35").unwrap();
        assert_eq!(format!("{cnpj:?}"), "**.ABC.345/****-**");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "\\PC{0,20}") {
            let _ = TaxId::parse(&text);
        }

        #[test]
        fn one_wrong_digit_is_noticed(at in 0usize..11, by in 1u8..10) {
            let mut digits = *b"52998224725";
            digits[at] = b'0' + (digits[at] - b'0' + by) % 10;
            let text = String::from_utf8(digits.to_vec()).unwrap();
            // A CPF's modulus is 11 and remainders 0 and 1 give one digit, so a few changes in front pass; a check digit never does.
            if at >= 9 {
                prop_assert_eq!(TaxId::parse(&text), Err(TaxIdError::CheckDigits));
            }
        }
    }
}
