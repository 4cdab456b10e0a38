//! Exact decimals: quantities with up to 4 places and unit prices with up to 10, which no float may touch.

use std::fmt;

use crate::lang::say;
use crate::model::Cents;

/// A decimal number of 0 or more, kept exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The number without its mark, and without zeros at the end of its places.
    digits: i128,
    /// Places after the mark.
    places: u32,
}

/// Why a text is no decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", say!("it is not a number such as 12.5000" | "não é um número como 12.5000"))]
pub struct DecimalError;

/// Digits in all: the largest type of the NF-e schema has 21.
const MAX_DIGITS: usize = 30;

impl Decimal {
    /// Reads `12`, `12.5`, `12.5000`.
    pub(in crate::documents) fn parse(text: &str) -> Result<Self, DecimalError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) || whole.len() + fraction.len() > MAX_DIGITS {
            return Err(DecimalError);
        }
        let fraction = fraction.trim_end_matches('0');
        let digits = format!("{whole}{fraction}").parse().map_err(|_| DecimalError)?;
        Ok(Self { digits, places: u32::try_from(fraction.len()).map_err(|_| DecimalError)? })
    }

    /// The number when it is whole; `None` when it has a fraction.
    pub fn whole(self) -> Option<i64> {
        if self.places == 0 { i64::try_from(self.digits).ok() } else { None }
    }

    /// As an amount of BRL, rounded half up to the cent; `None` when it is too large for one.
    pub fn to_cents(self) -> Option<Cents> {
        let cents = match self.places.checked_sub(2) {
            None => self.digits.checked_mul(10_i128.pow(2 - self.places))?,
            Some(0) => self.digits,
            Some(beyond) => {
                let unit = 10_i128.pow(beyond);
                self.digits.checked_add(unit / 2)? / unit
            }
        };
        i64::try_from(cents).ok().map(Cents::new)
    }
}

impl fmt::Display for Decimal {
    /// With a dot, and without zeros at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.places == 0 {
            return write!(f, "{}", self.digits);
        }
        let unit = 10_i128.pow(self.places);
        let width = usize::try_from(self.places).unwrap_or_default();
        write!(f, "{}.{:0width$}", self.digits / unit, self.digits % unit)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn numbers_of_the_schema() {
        assert_eq!(decimal("2.0000").whole(), Some(2));
        assert_eq!(decimal("2.0000"), decimal("2"));
        assert_eq!(decimal("0.3500").whole(), None);
        assert_eq!(decimal("0.3500").to_string(), "0.35");
        assert_eq!(decimal("64.9500000000").to_cents(), Some(Cents::new(6_495)));
        assert_eq!(decimal("0.0050000000").to_cents(), Some(Cents::new(1)));
        assert_eq!(decimal("0.0049999999").to_cents(), Some(Cents::ZERO));
        assert_eq!(decimal("33.3333333333").to_cents(), Some(Cents::new(3_333)));
        assert_eq!(decimal("7").to_cents(), Some(Cents::new(700)));
        assert_eq!(decimal("99999999999999999999999999999").to_cents(), None);
        for text in ["", ".", "1.", ".5", "-1", "1,5", "1e3", "1 ", "+1", "1.2.3", "1234567890123456789012345678901"] {
            assert_eq!(Decimal::parse(text), Err(DecimalError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "(0|[1-9][0-9]{0,14})(\\.[0-9]{0,9}[1-9])?") {
            prop_assert_eq!(decimal(&text).to_string(), text);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9.]{0,40}") {
            if let Ok(number) = Decimal::parse(&text) {
                let _ = (number.whole(), number.to_cents(), number.to_string());
            }
        }
    }
}
