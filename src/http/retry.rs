//! When a request is repeated, and after how long. Never sleeps itself: [`Retry`] is asked after each try, and says.

use std::time::Duration;

use super::call::Effect;
use super::error::Setback;
use super::options::RetryPolicy;

/// One call's tries so far.
#[derive(Debug)]
pub(super) struct Retry {
    policy: RetryPolicy,
    effect: Effect,
    /// Every try made.
    tries: u32,
    /// Those among them that were refused with 429, which are not counted against the policy's attempts.
    limited: u32,
    /// Time taken by tries and by pauses.
    spent: Duration,
}

/// What to do after a try that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Try again after this long.
    Again(Duration),
    /// It ends here.
    GiveUp,
}

impl Retry {
    pub fn new(policy: RetryPolicy, effect: Effect) -> Self {
        Self { policy, effect, tries: 0, limited: 0, spent: Duration::ZERO }
    }

    /// Tries made so far.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// For how long the host wants to be left alone by everybody, if the failed try told. `asked` is what its headers
    /// say.
    pub fn host_pause(&self, setback: Setback, asked: Option<Duration>) -> Option<Duration> {
        match setback {
            Setback::Limited => Some(asked.unwrap_or(self.policy.limited_wait)),
            Setback::NotDone | Setback::Unsure => asked,
            Setback::Final => None,
        }
    }

    /// What to do after a try that took so long and failed like that.
    pub fn after(&mut self, setback: Setback, asked: Option<Duration>, took: Duration) -> Next {
        self.tries += 1;
        self.spent = self.spent.saturating_add(took);
        let backoff = match setback {
            Setback::Final => return Next::GiveUp,
            // A try that may have been carried out is the last one of what must not be done twice.
            Setback::Unsure if self.effect == Effect::Once => return Next::GiveUp,
            Setback::Limited => {
                self.limited += 1;
                // Not down to nothing, so that a host that says "0 seconds" again and again is not asked without end.
                let bound = self.bound(self.limited);
                bound / 2 + jitter(bound / 2)
            }
            Setback::NotDone | Setback::Unsure => {
                let counted = self.tries - self.limited;
                if counted >= self.policy.attempts {
                    return Next::GiveUp;
                }
                jitter(self.bound(counted))
            }
        };
        let asked = self.host_pause(setback, asked).unwrap_or_default();
        let pause = asked.max(backoff);
        if self.may_spend(pause) { Next::Again(pause.saturating_add(spread(asked))) } else { Next::GiveUp }
    }

    /// How long to sleep until a pause of the host is over; `None` when it is longer than the call may wait.
    pub fn sit_out(&mut self, pause: Duration) -> Option<Duration> {
        self.may_spend(pause).then(|| pause.saturating_add(spread(pause)))
    }

    fn may_spend(&mut self, pause: Duration) -> bool {
        let total = self.spent.saturating_add(pause);
        let may = total <= self.policy.max_wait;
        if may {
            self.spent = total;
        }
        may
    }

    /// The bound of the nth pause, from 1: exponential.
    fn bound(&self, n: u32) -> Duration {
        let doubled = self.policy.first_pause.saturating_mul(2u32.saturating_pow(n.saturating_sub(1)));
        doubled.min(self.policy.longest_pause)
    }
}

/// Any time up to this: those who failed together must not come back together.
fn jitter(bound: Duration) -> Duration {
    Duration::from_micros(fastrand::u64(0..=u64::try_from(bound.as_micros()).unwrap_or(u64::MAX)))
}

/// A little more than the host asked for, since everybody else waits for the same instant. Comes on top of what is
/// counted.
fn spread(pause: Duration) -> Duration {
    jitter((pause / 10).min(Duration::from_secs(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Duration = Duration::ZERO;

    fn retry(effect: Effect) -> Retry {
        Retry::new(RetryPolicy::default(), effect)
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    /// How often a call is made that fails the same every time, and the pauses.
    fn pauses(mut retry: Retry, setback: Setback, asked: Option<Duration>, took: Duration) -> Vec<Duration> {
        let mut pauses = Vec::new();
        while let Next::Again(pause) = retry.after(setback, asked, took) {
            pauses.push(pause);
            assert!(pauses.len() < 1_000, "without end");
        }
        pauses
    }

    #[test]
    fn reads_are_repeated_with_growing_pauses() {
        for _ in 0..100 {
            let pauses = pauses(retry(Effect::Read), Setback::Unsure, None, NOTHING);
            assert_eq!(pauses.len(), 3);
            for (pause, bound) in pauses.iter().zip([500, 1_000, 2_000]) {
                assert!(*pause <= Duration::from_millis(bound), "{pause:?}");
            }
        }
    }

    #[test]
    fn what_must_not_be_done_twice_is_repeated_only_when_it_was_surely_not_done() {
        assert_eq!(pauses(retry(Effect::Once), Setback::Unsure, None, NOTHING).len(), 0);
        assert_eq!(pauses(retry(Effect::Once), Setback::Unsure, Some(NOTHING), NOTHING).len(), 0);
        assert_eq!(pauses(retry(Effect::Once), Setback::NotDone, None, NOTHING).len(), 3);
        assert_eq!(pauses(retry(Effect::Once), Setback::Limited, Some(seconds(40)), NOTHING).len(), 2);
        assert_eq!(pauses(retry(Effect::Repeatable), Setback::Unsure, None, NOTHING).len(), 3);
        assert_eq!(pauses(retry(Effect::Read), Setback::Final, Some(NOTHING), NOTHING).len(), 0);
    }

    #[test]
    fn the_host_is_not_asked_sooner_than_it_said() {
        for _ in 0..100 {
            let Next::Again(pause) = retry(Effect::Read).after(Setback::Limited, Some(seconds(7)), NOTHING) else {
                panic!("gave up")
            };
            assert!((seconds(7)..=Duration::from_millis(7_700)).contains(&pause), "{pause:?}");
        }
        let silent = retry(Effect::Read).after(Setback::Limited, None, NOTHING);
        assert!(matches!(silent, Next::Again(pause) if pause >= seconds(60)), "{silent:?}");
    }

    #[test]
    fn all_waits_of_a_call_are_bounded() {
        let total = |setback, asked, took| pauses(retry(Effect::Read), setback, asked, took).iter().sum::<Duration>();
        let long = seconds(3_600);
        assert_eq!(total(Setback::Limited, Some(long), NOTHING), NOTHING);
        assert_eq!(
            retry(Effect::Read).host_pause(Setback::Limited, Some(long)),
            Some(long),
            "but the others learn of it"
        );
        assert!(total(Setback::Limited, Some(NOTHING), NOTHING) <= seconds(91));
        assert_eq!(pauses(retry(Effect::Read), Setback::Unsure, None, seconds(30)).len(), 2, "tries take time as well");
        assert_eq!(retry(Effect::Read).sit_out(seconds(91)), None);
        assert!(retry(Effect::Read).sit_out(seconds(90)).is_some());
    }
}
