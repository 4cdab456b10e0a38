//! Civil time in São Paulo and the bank calendar of Brazil. Pure: `now` is always an argument.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeZone, Utc, Weekday};
use chrono_tz::America::Sao_Paulo;

use super::Instant;

/// The local date in São Paulo at an instant: what "orders of today" and every deadline go by.
pub fn local_date(at: Instant) -> NaiveDate {
    at.with_timezone(&Sao_Paulo).date_naive()
}

/// For people: `2026-11-24 16:05` in São Paulo.
pub fn local_text(at: Instant) -> String {
    at.with_timezone(&Sao_Paulo).format("%Y-%m-%d %H:%M").to_string()
}

/// For documents: `2026-11-24T16:05:30-03:00`, São Paulo's time with its offset.
pub fn local_stamp(at: Instant) -> String {
    at.with_timezone(&Sao_Paulo).to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}

/// The instant of a local time in São Paulo. A time that a clock change skipped is the first valid one after it; one that
/// happened twice is the earlier.
pub fn from_local(local: NaiveDateTime) -> Instant {
    let mut candidate = local;
    // Clock changes in São Paulo skipped one hour; four half-hour steps cover any zone's gap.
    for _ in 0..4 {
        if let Some(found) = Sao_Paulo.from_local_datetime(&candidate).earliest() {
            return found.with_timezone(&Utc);
        }
        candidate += chrono::TimeDelta::minutes(30);
    }
    DateTime::from_naive_utc_and_offset(local + chrono::TimeDelta::hours(3), Utc)
}

/// The first instant of a local day in São Paulo.
pub fn start_of_day(date: NaiveDate) -> Instant {
    from_local(date.and_time(chrono::NaiveTime::MIN))
}

/// Days on which Brazilian banks settle nothing: weekends, national and bank holidays, 31 December, and the configured extra ones.
///
/// Carnival Monday and Tuesday and Corpus Christi are no public holidays but bank ones (CMN Res. 4.880/2020); 20 November is
/// national since 2024 (Lei 14.759/2023); 31 December has no public service, so decisions count it as closed, which errs to waiting.
#[derive(Clone, Debug, Default)]
pub struct BankCalendar {
    extra: std::collections::BTreeSet<NaiveDate>,
}

impl BankCalendar {
    /// A calendar with further closed days, such as a local holiday of the bank's city.
    pub fn with_extra(extra: impl IntoIterator<Item = NaiveDate>) -> Self {
        Self { extra: extra.into_iter().collect() }
    }

    /// Whether banks settle on that day.
    pub fn is_business_day(&self, date: NaiveDate) -> bool {
        !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) && !is_bank_holiday(date) && !self.extra.contains(&date)
    }

    /// The date itself when it is a business day, else the next one.
    pub fn roll_forward(&self, date: NaiveDate) -> NaiveDate {
        let mut day = date;
        while !self.is_business_day(day) {
            match day.checked_add_days(Days::new(1)) {
                Some(next) => day = next,
                None => break,
            }
        }
        day
    }

    /// The n-th business day after `date` (not counting it); with 0, the date rolled forward.
    pub fn add_business_days(&self, date: NaiveDate, n: u32) -> NaiveDate {
        let mut day = self.roll_forward(date);
        for _ in 0..n {
            match day.checked_add_days(Days::new(1)) {
                Some(next) => day = self.roll_forward(next),
                None => break,
            }
        }
        day
    }
}

fn is_bank_holiday(date: NaiveDate) -> bool {
    let fixed = match (date.month(), date.day()) {
        (1, 1) | (4, 21) | (5, 1) | (9, 7) | (10, 12) | (11, 2 | 15) | (12, 25 | 31) => true,
        (11, 20) => date.year() >= 2024,
        _ => false,
    };
    fixed || matches!(date.signed_duration_since(easter(date.year())).num_days(), -48 | -47 | -2 | 60)
}

/// Easter Sunday of a Gregorian year (Meeus, Jones, Butcher).
fn easter(year: i32) -> NaiveDate {
    let a = year.rem_euclid(19);
    let (b, c) = (year.div_euclid(100), year.rem_euclid(100));
    let (d, e) = (b / 4, b % 4);
    let f = (b + 8) / 25;
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    let (month, day) = (sum / 31, sum % 31 + 1);
    NaiveDate::from_ymd_opt(year, u32::try_from(month).unwrap_or(4), u32::try_from(day).unwrap_or(1))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn movable_days_of_seven_years() {
        // Easter, Carnival Tuesday, Good Friday, Corpus Christi.
        let table = [
            ("2024-03-31", "2024-02-13", "2024-03-29", "2024-05-30"),
            ("2025-04-20", "2025-03-04", "2025-04-18", "2025-06-19"),
            ("2026-04-05", "2026-02-17", "2026-04-03", "2026-06-04"),
            ("2027-03-28", "2027-02-09", "2027-03-26", "2027-05-27"),
            ("2028-04-16", "2028-02-29", "2028-04-14", "2028-06-15"),
            ("2029-04-01", "2029-02-13", "2029-03-30", "2029-05-31"),
            ("2030-04-21", "2030-03-05", "2030-04-19", "2030-06-20"),
        ];
        let banks = BankCalendar::default();
        for (sunday, carnival, friday, corpus) in table {
            assert_eq!(easter(date(sunday).year()), date(sunday));
            for closed in [carnival, friday, corpus] {
                assert!(!banks.is_business_day(date(closed)), "{closed}");
            }
            assert!(!banks.is_business_day(date(carnival).pred_opt().unwrap()), "Carnival Monday");
            assert!(banks.is_business_day(date(carnival).succ_opt().unwrap()), "Ash Wednesday");
        }
    }

    #[test]
    fn fixed_days() {
        let banks = BankCalendar::with_extra([date("2026-11-25")]);
        for closed in ["2026-11-20", "2026-12-25", "2026-12-31", "2027-01-01", "2026-09-07", "2026-11-25", "2026-11-28"]
        {
            assert!(!banks.is_business_day(date(closed)), "{closed}");
        }
        assert!(banks.is_business_day(date("2023-11-20")), "not national before 2024");
        assert!(banks.is_business_day(date("2026-12-24")));
    }

    #[test]
    fn a_boleto_due_on_a_saturday_before_a_holiday_rolls_over_both() {
        let banks = BankCalendar::default();
        // Saturday 2025-11-15 (itself a holiday), Monday 17th is open; Thursday 20th is closed.
        assert_eq!(banks.roll_forward(date("2025-11-15")), date("2025-11-17"));
        assert_eq!(banks.add_business_days(date("2025-11-15"), 3), date("2025-11-21"));
        assert_eq!(banks.add_business_days(date("2025-11-17"), 0), date("2025-11-17"));
    }

    #[test]
    fn late_evening_is_still_today() {
        let at: Instant = "2026-11-25T01:30:00Z".parse().unwrap();
        assert_eq!(local_date(at), date("2026-11-24"));
    }

    #[test]
    fn a_midnight_that_never_was_starts_at_one() {
        // Daylight saving began at 00:00 on 2018-11-04.
        assert_eq!(start_of_day(date("2018-11-04")), "2018-11-04T03:00:00Z".parse::<Instant>().unwrap());
        assert_eq!(start_of_day(date("2026-11-24")), "2026-11-24T03:00:00Z".parse::<Instant>().unwrap());
        assert_eq!(start_of_day(date("2019-01-10")), "2019-01-10T02:00:00Z".parse::<Instant>().unwrap());
    }
}
