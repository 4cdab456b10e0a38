//! From when on an unpaid order may be cancelled.
//!
//! Sources: a boleto due on a day without banks is payable on the next business day (Lei 7.089/1983), and so is a Pix charge with a
//! due date; a boleto clears one to three business days later; a Pix charge settles within seconds, on any day.

use chrono::{Days, NaiveDate, NaiveTime};

use super::Policy;
use crate::model::calendar::{from_local, local_date, start_of_day};
use crate::model::{Instant, PaymentMethod};

/// An order's deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deadline {
    /// The day on which its payment is due, in São Paulo: its own, or the one that stands in for it.
    pub due: NaiveDate,
    /// The end of the last day on which it can be paid as agreed.
    pub over_at: Instant,
    /// When every payment made by then must have been told of.
    pub cancel_from: Instant,
}

impl Deadline {
    /// The deadline of an order with one payment.
    pub fn of(method: PaymentMethod, due: Option<NaiveDate>, created_at: Instant, policy: &Policy) -> Self {
        let stand_in = || {
            let days = Days::new(policy.days_without_due_date.into());
            local_date(created_at).checked_add_days(days).unwrap_or(NaiveDate::MAX)
        };
        let is_pix = method == PaymentMethod::Pix;
        let last = match due {
            // A charge without a due date of its own is gone when its time is over, whatever the day.
            None if is_pix => stand_in(),
            due => policy.calendar.roll_forward(due.unwrap_or_else(stand_in)),
        };
        let over_at = start_of_day(next(last));
        let cancel_from = if is_pix {
            over_at.checked_add_signed(policy.pix_margin).unwrap_or(Instant::MAX_UTC)
        } else {
            let cleared = policy.calendar.add_business_days(last, policy.boleto_business_days);
            from_local(next(cleared).and_time(NaiveTime::MIN) + chrono::TimeDelta::hours(12))
        };
        Self { due: due.unwrap_or_else(stand_in), over_at, cancel_from }
    }
}

fn next(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(day)
}
