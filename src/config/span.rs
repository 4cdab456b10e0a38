//! Lengths of time, as people write them.

use crate::lang::{say, word};
use std::time::Duration;

use serde::Deserialize;
use serde::de::Error as _;

/// The longest length of time there is: ten years, in seconds.
const LONGEST: u64 = 10 * 365 * 86_400;

/// A length of time such as `30s`, `10m`, `1h`, `7d`; at most ten years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl Span {
    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl std::str::FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            say!(
                "`{text}` is not a length of time; write 30s, 10m, 1h or 7d"
                    | "`{text}` não é uma duração; escreva 30s, 10m, 1h ou 7d"
            )
        };
        let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(split);
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let seconds = number
            .checked_mul(seconds)
            .filter(|seconds| *seconds <= LONGEST)
            .ok_or_else(|| say!("`{text}` is longer than ten years" | "`{text}` passa de dez anos"))?;
        Ok(Self(Duration::from_secs(seconds)))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A length of time to wait for an answer: at least a second, or nothing would ever come.
pub(super) struct Patience(pub(super) Duration);

impl<'de> Deserialize<'de> for Patience {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Span(span) = Span::deserialize(deserializer)?;
        if span.is_zero() {
            Err(D::Error::custom(word!(
                "no answer comes within 0s; write 1s or more" | "nenhuma resposta chega em 0s; escreva 1s ou mais"
            )))
        } else {
            Ok(Self(span))
        }
    }
}
