//! Dates and times as documents write them: local to São Paulo unless they carry an offset, and often without the hour.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, Utc};

use crate::model::{Instant, calendar};

/// An instant that a document tells, and whether it told the hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// The instant, in UTC. Without an hour it is the beginning of the day in São Paulo.
    pub at: Instant,
    /// Whether the document gave an hour.
    pub time_known: bool,
}

impl Moment {
    /// From local date and time of day; no time is the beginning of the day. `24:00` belongs to the caller.
    pub(super) fn local(date: NaiveDate, time: Option<NaiveTime>) -> Self {
        match time {
            Some(time) => Self { at: calendar::from_local(date.and_time(time)), time_known: true },
            None => Self { at: calendar::start_of_day(date), time_known: false },
        }
    }

    /// The local date in São Paulo.
    pub fn date(&self) -> NaiveDate {
        calendar::local_date(self.at)
    }

    /// Reads `24/11/2026`, `24/11/2026 16:05[:09]`, `2026-11-24`, `2026-11-24T16:05[:09[.5]]` and the last with `Z` or
    /// an offset.
    ///
    /// Two-digit years and bare numbers (a spreadsheet's day count) are refused: they cannot be told from other things.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(zoned) = DateTime::<FixedOffset>::parse_from_rfc3339(&text.replacen(' ', "T", 1)) {
            return is_sane(zoned.date_naive()).then(|| Self { at: zoned.with_timezone(&Utc), time_known: true });
        }
        let (date, time) = match text.split_once([' ', 'T']) {
            Some((date, time)) => (date, Some(parse_time(time.trim())?)),
            None => (text, None),
        };
        let date = parse_date(date)?;
        is_sane(date).then(|| Self::local(date, time))
    }
}

fn parse_date(text: &str) -> Option<NaiveDate> {
    let mark = text.chars().find(|c| matches!(c, '/' | '-' | '.'))?;
    let mut parts = text.split(mark);
    let (first, month, last) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (year, day) = match (first.len(), last.len()) {
        (4, 1 | 2) => (first, last),
        (1 | 2, 4) => (last, first),
        _ => return None,
    };
    NaiveDate::from_ymd_opt(digits(year)?.try_into().ok()?, digits(month)?, digits(day)?)
}

fn parse_time(text: &str) -> Option<NaiveTime> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let mut parts = whole.split(':');
    let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let second = match parts.next() {
        Some(second) => digits(second)?,
        None => 0,
    };
    if parts.next().is_some() {
        return None;
    }
    NaiveTime::from_hms_opt(hour, minute, second)
}

/// A short run of digits as a number; signs and blanks are no digits.
pub(super) fn digits(text: &str) -> Option<u32> {
    (text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// A date of this trade: electronic documents began in 2006, and a year beyond 2099 is a typing mistake.
pub(super) fn is_sane(date: NaiveDate) -> bool {
    (2000..2100).contains(&date.year())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn forms_that_are_read() {
        let known = |text| Moment { at: at(text), time_known: true };
        let day = Moment { at: at("2026-11-24T03:00:00Z"), time_known: false };
        for text in ["24/11/2026", "2026-11-24", "24-11-2026", "24.11.2026", " 24/11/2026 "] {
            assert_eq!(Moment::parse(text), Some(day), "{text}");
        }
        assert_eq!(Moment::parse("24/11/2026 16:05"), Some(known("2026-11-24T19:05:00Z")));
        assert_eq!(Moment::parse("2026-11-24T16:05:09.25"), Some(known("2026-11-24T19:05:09Z")));
        assert_eq!(Moment::parse("2026-11-24 22:05:00"), Some(known("2026-11-25T01:05:00Z")));
        assert_eq!(Moment::parse("2026-11-24T16:05:00-04:00"), Some(known("2026-11-24T20:05:00Z")));
        assert_eq!(Moment::parse("2026-11-24 16:05:00Z"), Some(known("2026-11-24T16:05:00Z")));
    }

    #[test]
    fn forms_that_are_refused() {
        for text in [
            "",
            "24/11/26",
            "45321",
            "31/02/2026",
            "0000-00-00",
            "sim",
            "2026-11-24 25:00",
            "24/11/20260",
            "+4/11/2026",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "([0-9]{1,5}|[-/.: TZ+]|\\PC){0,24}") {
            if let Some(moment) = Moment::parse(&text) {
                prop_assert!(is_sane(moment.date().pred_opt().unwrap()) || is_sane(moment.date()));
            }
        }

        #[test]
        fn a_day_is_read_back(days in 0u64..36_000) {
            let day = NaiveDate::from_ymd_opt(2000, 1, 2).unwrap() + chrono::Days::new(days);
            for form in ["%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y"] {
                let read = Moment::parse(&day.format(form).to_string()).unwrap();
                prop_assert_eq!((read.date(), read.time_known), (day, false));
            }
        }
    }
}
