//! How the runs went: whether they fit between one another, and whether they come to their end.

use chrono::TimeDelta;

use super::Finding;
use crate::exit::Exit;
use crate::lang::moment;
use crate::model::{ChannelName, Instant};
use crate::store::survey::EndedRun;

/// So many runs of a pass are looked at.
pub const LOOKED_AT: usize = 20;
/// How old a run may be to be looked at.
pub const WITHIN: TimeDelta = TimeDelta::days(7);
/// A channel needs a run that came to its end this often.
pub const COMPLETE_WITHIN: TimeDelta = TimeDelta::days(1);

/// A channel or an address of another configuration is told of for so long after it was last used: then it is given up.
pub const STRANGE_FOR: TimeDelta = TimeDelta::days(30);

/// The exits of a run that came to its end.
pub fn complete() -> [&'static str; 2] {
    [Exit::Done.name(), Exit::Held.name()]
}

/// Of fewer runs nothing is concluded.
const ENOUGH: usize = 5;
/// From this share on, in percent, the time between two starts is taken to be used up: no run may begin while another is active, so
/// the share never comes to more than 100.
const FULL: i64 = 80;
/// Runs shorter than this fit anywhere.
const SHORT: TimeDelta = TimeDelta::seconds(30);
/// So many of the runs ending early are too many.
const OFTEN: usize = 5;

/// A pass's last runs, the latest first.
pub fn pass(channel: &ChannelName, pass: &str, runs: &[EndedRun]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if runs.len() < ENOUGH {
        return findings;
    }
    let count = i32::try_from(runs.len()).unwrap_or(i32::MAX);
    let average = runs.iter().map(|run| run.ended_at - run.started_at).sum::<TimeDelta>() / count;
    let mut gaps: Vec<TimeDelta> = runs
        .windows(2)
        .map(|pair| pair[0].started_at - pair[1].started_at)
        .filter(|gap| *gap > TimeDelta::zero())
        .collect();
    gaps.sort();
    // The middle one: a pause at night and a run by hand say nothing of cron.
    let apart = gaps.get(gaps.len() / 2).copied().unwrap_or(TimeDelta::MAX);
    if average > SHORT && average.num_seconds() * 100 >= apart.num_seconds().saturating_mul(FULL) {
        findings.push(Finding::RunsTooLong {
            channel: channel.clone(),
            pass: pass.to_owned(),
            runs: runs.len(),
            seconds: average.num_seconds(),
            apart: apart.num_seconds(),
        });
    }
    for exit in [Exit::TimeBudget, Exit::Locked, Exit::Unavailable, Exit::Guard] {
        let often = runs.iter().filter(|run| run.exit == exit.name()).count();
        if often >= OFTEN {
            findings.push(Finding::RunsEndEarly {
                channel: channel.clone(),
                pass: pass.to_owned(),
                exit: exit.name().to_owned(),
                count: often,
                runs: runs.len(),
            });
        }
    }
    findings
}

/// Whether orders were brought in lately. `first` is when they were to be, the first time.
pub fn lately(channel: &ChannelName, last: Option<Instant>, first: Option<Instant>, now: Instant) -> Option<Finding> {
    let too_old = |at: Instant| now - at > COMPLETE_WITHIN;
    match (last, first) {
        (None, None) => Some(Finding::NoRunsYet { channel: channel.clone() }),
        (None, Some(first)) if too_old(first) => Some(Finding::NoCompleteRun { channel: channel.clone(), since: None }),
        (Some(last), _) if too_old(last) => {
            Some(Finding::NoCompleteRun { channel: channel.clone(), since: Some(moment(last)) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(minutes_apart: i64, seconds_long: i64, exits: &[&str]) -> Vec<EndedRun> {
        let begin: Instant = "2026-11-25T12:00:00Z".parse().unwrap();
        let run = |(n, exit): (usize, &&str)| {
            let started_at = begin - TimeDelta::minutes(minutes_apart * i64::try_from(n).unwrap());
            EndedRun { started_at, ended_at: started_at + TimeDelta::seconds(seconds_long), exit: (*exit).to_owned() }
        };
        exits.iter().enumerate().map(run).collect()
    }

    fn judge(runs: &[EndedRun]) -> Vec<Finding> {
        pass(&ChannelName::new("loja"), "push-stock", runs)
    }

    #[test]
    fn runs_that_fill_the_time_between_their_starts() {
        assert_eq!(judge(&runs(10, 240, &["done"; 20])), []);
        let found = judge(&runs(10, 590, &["done"; 20]));
        assert!(matches!(found[..], [Finding::RunsTooLong { seconds: 590, apart: 600, runs: 20, .. }]), "{found:?}");
        assert_eq!(judge(&runs(10, 590, &["done"; 4])), [], "four runs are no rule");
        let mut by_hand = runs(10, 60, &["done"; 20]);
        by_hand[0].started_at = by_hand[1].started_at + TimeDelta::seconds(61);
        assert_eq!(judge(&by_hand), [], "one run by hand is none either");
        assert_eq!(judge(&runs(0, 20, &["done"; 20])), []);
    }

    #[test]
    fn runs_that_often_end_early() {
        let mut exits = vec!["done"; 16];
        exits.extend(["time_budget"; 4]);
        assert_eq!(judge(&runs(10, 60, &exits)), []);
        exits[0] = "time_budget";
        let found = judge(&runs(10, 60, &exits));
        assert!(
            matches!(&found[..], [Finding::RunsEndEarly { exit, count: 5, runs: 20, .. }] if exit == "time_budget")
        );
    }

    #[test]
    fn a_channel_must_come_to_an_end_once_a_day() {
        let now: Instant = "2026-11-25T12:00:00Z".parse().unwrap();
        let ago = |hours| Some(now - TimeDelta::hours(hours));
        let judge = |last, first| lately(&ChannelName::new("loja"), last, first, now);
        assert!(matches!(judge(None, None), Some(Finding::NoRunsYet { .. })));
        assert_eq!(judge(ago(23), ago(99)), None);
        assert!(matches!(judge(ago(25), ago(99)), Some(Finding::NoCompleteRun { since: Some(_), .. })));
        assert!(matches!(judge(None, ago(25)), Some(Finding::NoCompleteRun { since: None, .. })));
        assert_eq!(judge(None, ago(1)), None);
    }
}
