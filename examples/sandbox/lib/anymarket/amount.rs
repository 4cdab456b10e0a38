//! Quantities, which ANYMARKET counts with fractions (ANYMARKET 2.3: `amount` is a number, and a double), and money.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

/// A quantity, exact to the thousandth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i64);

impl Amount {
    pub const ZERO: Self = Self(0);

    /// So many thousandths.
    pub fn thousandths(thousandths: i64) -> Self {
        Self(thousandths)
    }

    /// The whole units in it.
    pub fn whole(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// So many times another.
    pub fn times(self, other: Self) -> Self {
        Self(self.0 * other.0 / 1_000)
    }

    /// How often another is in it, whole.
    pub fn over(self, other: Self) -> i64 {
        self.0.div_euclid(other.0.max(1))
    }

    /// What it costs at `cents` a unit, to the cent.
    pub fn cost(self, cents: i64) -> i64 {
        (self.0 * cents + 500).div_euclid(1_000)
    }

    /// The price of a unit, if it all costs `cents`.
    pub fn unit_price(self, cents: i64) -> i64 {
        cents * 1_000 / self.0.max(1)
    }

    /// A number of a body; `None` if it is none, or finer than a thousandth.
    pub fn read(value: &Value) -> Option<Self> {
        let text = value.as_number()?.to_string();
        let (digits, is_negative) = text.strip_prefix('-').map_or((text.as_str(), false), |rest| (rest, true));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = if fraction.len() > 3 { return None } else { format!("{fraction:0<3}") };
        let thousandths = format!("{whole}{fraction}").parse::<i64>().ok()?;
        Some(Self(if is_negative { -thousandths } else { thousandths }))
    }

    /// As ANYMARKET says it: a double.
    pub fn value(self) -> Value {
        json!(self.to_string().parse::<f64>().ok())
    }
}

impl From<i64> for Amount {
    fn from(units: i64) -> Self {
        Self(units * 1_000)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:03}", self.0.abs() / 1_000, self.0.abs() % 1_000)
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Amount {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

/// Cents as ANYMARKET says them: a double of reais.
pub fn money(cents: i64) -> Value {
    let sign = if cents < 0 { "-" } else { "" };
    json!(format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100).parse::<f64>().ok())
}
