//! How far a pass was behind: at any moment, how long ago the last run that came to its end had begun.

use chrono::TimeDelta;

use crate::model::Instant;

/// How a pass kept up over some days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// How often it usually comes to its end: the middle one of the times between two such runs.
    pub rhythm: Option<TimeDelta>,
    /// The lag now.
    pub now: Option<TimeDelta>,
    /// The worst of it.
    pub worst: Option<TimeDelta>,
    /// The worst of each stretch of time, the oldest first; `None` before the first run.
    pub stretches: Vec<Option<TimeDelta>>,
}

/// How late a lag is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Late {
    /// As usual.
    No,
    /// Over three times as long as usual, and half an hour.
    Late,
    /// Over twelve times, and two hours.
    VeryLate,
}

/// Times between two runs below which no rhythm can be told from chance.
const FEWEST: usize = 4;

impl Lag {
    /// From the beginnings of the complete runs in a range, the oldest first, and of the one before it.
    pub fn over(before: Option<Instant>, runs: &[Instant], from: Instant, now: Instant, stretch: TimeDelta) -> Self {
        let mut lag = Self { rhythm: rhythm(before, runs), ..Self::default() };
        let mut last = before;
        let mut coming = runs.iter().copied().peekable();
        let mut begins = from;
        while begins < now && stretch > TimeDelta::zero() {
            let ends = (begins + stretch).min(now);
            let mut worst = None;
            while let Some(run) = coming.next_if(|run| *run < ends) {
                worst = worst.max(last.map(|last| run - last));
                last = Some(run);
            }
            worst = worst.max(last.map(|last| ends - last));
            lag.stretches.push(worst);
            begins = ends;
        }
        // A run may have begun in the very moment of asking.
        last = coming.last().or(last);
        lag.now = last.map(|last| (now - last).max(TimeDelta::zero()));
        lag.worst = lag.stretches.iter().copied().max().flatten();
        lag
    }

    /// How late a lag is, by the pass's own rhythm. One that shows none, since it has just begun or has long stopped, is taken to run
    /// once a day.
    pub fn judge(&self, lag: TimeDelta) -> Late {
        let rhythm = self.rhythm.unwrap_or(TimeDelta::days(1));
        if lag > (rhythm * 12).max(TimeDelta::hours(2)) {
            Late::VeryLate
        } else if lag > (rhythm * 3).max(TimeDelta::minutes(30)) {
            Late::Late
        } else {
            Late::No
        }
    }

    /// How late it is now.
    pub fn late_now(&self) -> Late {
        self.now.map_or(Late::No, |now| self.judge(now))
    }

    /// How high a lag stands: four for each doubling over the rhythm, one at the rhythm.
    pub fn level(&self, lag: TimeDelta) -> i64 {
        let usual = self.rhythm.unwrap_or(TimeDelta::minutes(10)).num_seconds().max(60);
        let times = u128::try_from(lag.num_seconds().max(0) * 16 / usual).unwrap_or(0).min(1 << 20);
        // The fourth power has four steps for each doubling; 16 to the fourth is 2 to the sixteenth.
        let fourth = times.pow(4).max(1);
        i64::from(fourth.ilog2()) - 16 + 1
    }
}

fn rhythm(before: Option<Instant>, runs: &[Instant]) -> Option<TimeDelta> {
    let all: Vec<Instant> = before.into_iter().chain(runs.iter().copied()).collect();
    let mut gaps: Vec<TimeDelta> = all.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_unstable();
    (gaps.len() >= FEWEST).then(|| gaps[gaps.len() / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Instant {
        Instant::from_timestamp_millis(1_790_000_000_000).unwrap() + TimeDelta::minutes(minutes)
    }

    fn over(before: Option<i64>, runs: &[i64], now: i64) -> Lag {
        let runs: Vec<Instant> = runs.iter().map(|run| at(*run)).collect();
        Lag::over(before.map(at), &runs, at(0), at(now), TimeDelta::hours(1))
    }

    fn minutes(lag: &Lag) -> Vec<Option<i64>> {
        lag.stretches.iter().map(|lag| lag.map(|lag| lag.num_minutes())).collect()
    }

    #[test]
    fn a_gap_shows_in_every_stretch_it_goes_through() {
        let lag = over(Some(-10), &[0, 10, 20, 30, 40, 50, 200, 210], 215);
        assert_eq!(minutes(&lag), [Some(10), Some(70), Some(130), Some(150)]);
        assert_eq!((lag.now, lag.worst), (Some(TimeDelta::minutes(5)), Some(TimeDelta::minutes(150))));
        assert_eq!(lag.rhythm, Some(TimeDelta::minutes(10)));
        assert_eq!(lag.late_now(), Late::No);
        let judged = [30, 31, 120, 121].map(|lag_of| lag.judge(TimeDelta::minutes(lag_of)));
        assert_eq!(judged, [Late::No, Late::Late, Late::Late, Late::VeryLate]);
    }

    #[test]
    fn before_the_first_run_nothing_is_known() {
        let lag = over(None, &[90], 130);
        assert_eq!(minutes(&lag), [None, Some(30), Some(40)]);
        assert_eq!((lag.rhythm, lag.late_now()), (None, Late::No));
        assert_eq!(over(None, &[], 130), Lag { stretches: vec![None; 3], ..Lag::default() });
        assert_eq!(over(Some(-4_319), &[], 1).late_now(), Late::No);
        assert_eq!(over(Some(-4_320), &[], 1).late_now(), Late::Late, "no rhythm, and three days");
        assert_eq!(over(None, &[130], 130).now, Some(TimeDelta::zero()), "it begins as the page is made");
    }

    #[test]
    fn a_lag_stands_four_steps_higher_for_each_doubling() {
        let lag = Lag { rhythm: Some(TimeDelta::minutes(10)), ..Lag::default() };
        let levels = [5, 10, 20, 40, 1_280].map(|minutes| lag.level(TimeDelta::minutes(minutes)));
        assert_eq!(levels, [-3, 1, 5, 9, 29]);
        assert!(lag.level(TimeDelta::MAX) > 32);
    }
}
