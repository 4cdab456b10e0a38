//! Pages and windows of days (ECCOSYS 1.3).

use chrono::NaiveDate;

use super::super::call::{Answer, Request};
use super::report::refusal;

/// The part of a list a caller asks for.
pub struct Page {
    offset: usize,
    count: usize,
}

impl Page {
    pub fn read(request: &Request, usual: usize) -> Result<Self, Answer> {
        let number = |name: &str, usual: usize| match request.query(name) {
            None => Ok(usual),
            Some(text) => text.parse().map_err(|_| refusal(400, &format!("Parâmetro {name} inválido."))),
        };
        Ok(Self { offset: number("$offset", 0)?, count: number("$count", usual)? })
    }

    /// The part of `all`.
    pub fn of<T>(&self, all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        all.into_iter().skip(self.offset).take(self.count)
    }
}

/// Days, both included; a day has no time.
pub struct Window {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

impl Window {
    pub fn read(request: &Request) -> Result<Self, Answer> {
        let day = |name: &str| match request.query(name) {
            None => Ok(None),
            Some(text) => {
                text.parse().map(Some).map_err(|_| refusal(400, &format!("Parâmetro {name} inválido: use AAAA-MM-DD.")))
            }
        };
        Ok(Self { from: day("$fromDate")?, to: day("$toDate")? })
    }

    /// Whether the day of this date is in it; a null date is in none, but in that of who does not ask.
    pub fn has(&self, date: &str) -> bool {
        let day: Option<NaiveDate> = date.get(..10).and_then(|day| day.parse().ok());
        match day {
            None => self.from.is_none() && self.to.is_none(),
            Some(day) => self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to),
        }
    }
}
