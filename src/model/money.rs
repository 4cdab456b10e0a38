//! Money as integer cents of BRL. No float touches it.

use crate::lang::say;
use std::fmt;
use std::iter::Sum;

use serde::{Deserialize, Serialize};

/// An amount of BRL in integer cents; may be negative.
///
/// `Display` writes it for people the Brazilian way: `R$ 1.234,56`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cents(i64);

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a decimal number at all.
    #[error("{}", say!("`{_0}` is not an amount" | "`{_0}` não é um valor"))]
    NotAnAmount(String),
    /// One dot with exactly three digits after it: thousands or decimals, nobody can tell.
    #[error("{}", say!(
        "`{_0}` can be read as thousands or as decimals; write `{_0},00` or two decimals"
            | "`{_0}` pode ser lido como milhar ou como decimal; escreva `{_0},00` ou duas casas decimais"
    ))]
    Ambiguous(String),
    /// More than two decimals, which an amount of money cannot have.
    #[error("{}", say!("`{_0}` has fractions of a cent" | "`{_0}` tem frações de centavo"))]
    FractionOfCent(String),
    /// Too large for any real order.
    #[error("{}", say!("`{_0}` is too large" | "`{_0}` é grande demais"))]
    TooLarge(String),
}

/// How a field writes its decimals; formats are declared per field, never guessed from a locale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalMark {
    /// `1234.56`, as in NF-e and JSON.
    Dot,
    /// `1.234,56` or `1234,56`, as Brazilian people and spreadsheets write.
    Comma,
    /// Whichever of the two comes last; a single dot before three digits is refused as ambiguous.
    Either,
}

/// No amount may exceed this many cents (R$ 9 trillion): what a JSON number keeps exactly.
const LIMIT: i64 = 900_000_000_000_000;

impl Cents {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount from integer cents.
    pub const fn new(cents: i64) -> Self {
        Self(cents)
    }

    /// The amount as integer cents.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Sum, or `None` on overflow.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Difference, or `None` on overflow.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// Amount times a whole quantity, or `None` on overflow.
    #[must_use]
    pub fn checked_mul(self, quantity: i64) -> Option<Self> {
        self.0.checked_mul(quantity).map(Self)
    }

    /// Sum of amounts, or `None` on overflow.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// The amount times a decimal factor given in ten-thousandths, rounded half away from zero; `None` on overflow.
    ///
    /// Goods sold by weight carry a unit multiplier (`0.350`); prices stay exact integers until this one rounding.
    #[must_use]
    pub fn checked_scale(self, ten_thousandths: i64) -> Option<Self> {
        let product = i128::from(self.0) * i128::from(ten_thousandths);
        let half = if product < 0 { -5_000 } else { 5_000 };
        i64::try_from((product + half) / 10_000).ok().map(Self)
    }

    /// Distance from zero.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// Splits the amount over `weights` so that the parts add up to it exactly (largest remainder).
    ///
    /// Weights that are all zero or negative share equally; no weights give no parts.
    pub fn split(self, weights: &[i64]) -> Vec<Self> {
        if weights.is_empty() {
            return Vec::new();
        }
        let mut weights: Vec<i128> = weights.iter().map(|w| i128::from((*w).max(0))).collect();
        if weights.iter().all(|w| *w == 0) {
            weights.fill(1);
        }
        let whole: i128 = weights.iter().sum();
        let amount = i128::from(self.0);
        let mut parts: Vec<i128> = weights.iter().map(|w| amount * w / whole).collect();
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_by_key(|&i| (-((amount * weights[i] % whole).abs()), i));
        let mut rest = amount - parts.iter().sum::<i128>();
        for i in order {
            if rest == 0 {
                break;
            }
            parts[i] += rest.signum();
            rest -= rest.signum();
        }
        parts.into_iter().map(|part| Self(i64::try_from(part).unwrap_or(0))).collect()
    }

    /// Reads an amount written with decimals.
    ///
    /// # Errors
    /// [`MoneyError`] says what is wrong with the text; fractions of a cent other than zeros are refused.
    pub fn parse(text: &str, mark: DecimalMark) -> Result<Self, MoneyError> {
        let not = || MoneyError::NotAnAmount(text.to_owned());
        let mut rest = text.trim();
        let mut negative = false;
        // The sign may stand before or after the currency: `-R$ 1,00`, `R$ -1,00`.
        for _ in 0..2 {
            if let Some(after) = rest.strip_prefix('-') {
                if negative {
                    return Err(not());
                }
                negative = true;
                rest = after.trim_start_matches(['\u{a0}', ' ']);
            }
            if let Some(after) = rest.strip_prefix("R$") {
                rest = after.trim_start_matches(['\u{a0}', ' ']);
            }
        }
        let (whole, fraction) = split_decimal(rest, mark).ok_or_else(|| match mark {
            DecimalMark::Either if is_ambiguous(rest) => MoneyError::Ambiguous(text.to_owned()),
            _ => not(),
        })?;
        if whole.is_empty() && fraction.is_empty() {
            return Err(not());
        }
        if fraction.len() > 2 && fraction[2..].bytes().any(|b| b != b'0') {
            return Err(MoneyError::FractionOfCent(text.to_owned()));
        }
        let fraction = format!("{:0<2}", &fraction[..fraction.len().min(2)]);
        let digits = format!("{whole}{fraction}");
        let cents: i64 = digits.parse().map_err(|_| MoneyError::TooLarge(text.to_owned()))?;
        if cents > LIMIT {
            return Err(MoneyError::TooLarge(text.to_owned()));
        }
        Ok(Self(if negative { -cents } else { cents }))
    }

    /// Machine form with a dot and two decimals, as NF-e and most APIs write: `1234.56`.
    pub fn to_decimal(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = self.0.unsigned_abs();
        format!("{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

/// A single dot followed by exactly three digits, without a comma.
fn is_ambiguous(text: &str) -> bool {
    !text.contains(',') && text.matches('.').count() == 1 && text.split('.').nth(1).is_some_and(|f| f.len() == 3)
}

/// Whole digits without grouping, and fraction digits; `None` when the text is not a number in that form.
fn split_decimal(text: &str, mark: DecimalMark) -> Option<(String, String)> {
    let decimal = match mark {
        DecimalMark::Dot => '.',
        DecimalMark::Comma => ',',
        DecimalMark::Either if is_ambiguous(text) => return None,
        DecimalMark::Either => match (text.rfind('.'), text.rfind(',')) {
            (Some(dot), Some(comma)) if comma > dot => ',',
            (Some(_), Some(_)) => '.',
            (None, Some(_)) => ',',
            (Some(_), None) if text.matches('.').count() > 1 => ',',
            _ => '.',
        },
    };
    let (whole, fraction) = match text.split_once(decimal) {
        Some((whole, fraction)) => (whole, fraction),
        None => (text, ""),
    };
    let group = if decimal == ',' { '.' } else { ',' };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !digits(fraction) {
        return None;
    }
    let mut groups = whole.split(group);
    let first = groups.next()?;
    let grouped: Vec<&str> = groups.collect();
    if !digits(first) || (!grouped.is_empty() && (first.is_empty() || first.len() > 3 || mark == DecimalMark::Dot)) {
        return None;
    }
    if grouped.iter().any(|g| g.len() != 3 || !digits(g)) {
        return None;
    }
    Some((format!("{first}{}", grouped.concat()), fraction.to_owned()))
}

impl std::ops::Neg for Cents {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Sum for Cents {
    /// For display totals: saturates instead of wrapping. Business sums use [`Cents::checked_sum`].
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, |a, b| Self(a.0.saturating_add(b.0)))
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = self.0.unsigned_abs();
        let whole = (cents / 100).to_string();
        let mut grouped = String::with_capacity(whole.len() + whole.len() / 3);
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                grouped.push('.');
            }
            grouped.push(digit);
        }
        f.pad(&format!("{sign}R$ {grouped},{:02}", cents % 100))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_in_the_declared_form() {
        use DecimalMark::{Comma, Dot, Either};
        let cases = [
            ("1234.56", Dot, 123_456),
            ("1234", Dot, 123_400),
            ("1234.5", Dot, 123_450),
            ("1.000", Dot, 100),
            ("1.234,56", Comma, 123_456),
            ("1234,5", Comma, 123_450),
            ("1.234", Comma, 123_400),
            ("R$ 1.234,56", Either, 123_456),
            ("R$\u{a0}1.234,56", Either, 123_456),
            ("-R$ 1,00", Either, -100),
            ("R$ -1,00", Either, -100),
            ("1,234.56", Either, 123_456),
            ("1.234.567", Either, 123_456_700),
            ("0,1", Either, 10),
            ("12.3", Either, 1_230),
        ];
        for (text, mark, cents) in cases {
            assert_eq!(Cents::parse(text, mark), Ok(Cents::new(cents)), "{text} as {mark:?}");
        }
    }

    #[test]
    fn what_is_not_an_amount_is_refused_with_the_reason() {
        use DecimalMark::{Comma, Dot, Either};
        assert_eq!(Cents::parse("1.234", Either), Err(MoneyError::Ambiguous("1.234".into())));
        assert_eq!(Cents::parse("10.005", Dot), Err(MoneyError::FractionOfCent("10.005".into())));
        for (text, mark) in [("", Dot), ("abc", Dot), ("1,5", Dot), ("--1", Dot), ("1.2.3", Comma), ("12,34,5", Comma)]
        {
            assert_eq!(Cents::parse(text, mark), Err(MoneyError::NotAnAmount(text.into())), "{text} as {mark:?}");
        }
        assert!(matches!(Cents::parse("99999999999999999", Dot), Err(MoneyError::TooLarge(_))));
    }

    #[test]
    fn people_read_the_brazilian_form() {
        assert_eq!(Cents::new(123_456).to_string(), "R$ 1.234,56");
        assert_eq!(Cents::new(-5).to_string(), "-R$ 0,05");
        assert_eq!(Cents::new(100_000_000).to_string(), "R$ 1.000.000,00");
    }

    proptest! {
        #[test]
        fn both_written_forms_read_back(cents in -LIMIT..=LIMIT) {
            let amount = Cents::new(cents);
            prop_assert_eq!(Cents::parse(&amount.to_decimal(), DecimalMark::Dot), Ok(amount));
            prop_assert_eq!(Cents::parse(&amount.to_string(), DecimalMark::Comma), Ok(amount));
            prop_assert_eq!(Cents::parse(&amount.to_string(), DecimalMark::Either), Ok(amount));
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "\\PC{0,24}") {
            for mark in [DecimalMark::Dot, DecimalMark::Comma, DecimalMark::Either] {
                let _ = Cents::parse(&text, mark);
            }
        }

        #[test]
        fn parts_of_a_split_add_up(cents in -LIMIT..=LIMIT, weights in proptest::collection::vec(0i64..1_000_000, 1..20)) {
            let parts = Cents::new(cents).split(&weights);
            prop_assert_eq!(parts.len(), weights.len());
            prop_assert_eq!(Cents::checked_sum(parts), Some(Cents::new(cents)));
        }

        #[test]
        fn sums_do_not_depend_on_order(mut cents in proptest::collection::vec(-1_000_000_000i64..1_000_000_000, 0..20)) {
            let forward = Cents::checked_sum(cents.iter().map(|c| Cents::new(*c)));
            cents.reverse();
            prop_assert_eq!(forward, Cents::checked_sum(cents.iter().map(|c| Cents::new(*c))));
        }

        #[test]
        fn scaling_by_one_changes_nothing_and_rounds_by_at_most_half(cents in -1_000_000_000i64..1_000_000_000, factor in 0i64..100_000) {
            prop_assert_eq!(Cents::new(cents).checked_scale(10_000), Some(Cents::new(cents)));
            let scaled = Cents::new(cents).checked_scale(factor).map(Cents::get).unwrap_or_default();
            let exact = i128::from(cents) * i128::from(factor);
            prop_assert!((i128::from(scaled) * 10_000 - exact).abs() <= 5_000);
        }
    }
}
