//! The clock, injected: what time it is for people and files, and how much time has passed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{TimeDelta, Utc};

use crate::model::Instant;

/// Clocks differ by seconds. One that is this far off is wrong.
pub(crate) const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Tells the time. Clones of it tell the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    hands: Hands,
    /// Where [`Clock::elapsed`] counts from.
    made: tokio::time::Instant,
}

#[derive(Clone, Debug)]
enum Hands {
    /// The operating system's clock, which a person may set.
    System,
    /// Started at an instant, going with the runtime's timer: a paused timer moves it as it moves every sleep.
    Started(Instant),
    /// Moved by hand; the number is how many microseconds so far.
    Moved(Instant, Arc<AtomicI64>),
}

impl Clock {
    /// The operating system's clock.
    pub fn system() -> Self {
        Self { hands: Hands::System, made: tokio::time::Instant::now() }
    }

    /// A clock that shows `at` now and goes with tokio's timer, so that a test on the paused timer sees sleeps move it.
    pub fn started(at: Instant) -> Self {
        Self { hands: Hands::Started(at), made: tokio::time::Instant::now() }
    }

    /// A clock that stands at `at` until [`Clock::advance`] moves it. Sleeps do not move it.
    pub fn fixed(at: Instant) -> Self {
        Self { hands: Hands::Moved(at, Arc::default()), made: tokio::time::Instant::now() }
    }

    /// Moves a fixed clock and its clones forward. Any other clock goes by itself and is left alone.
    pub fn advance(&self, by: Duration) {
        if let Hands::Moved(_, moved) = &self.hands {
            moved.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// The present instant, in UTC. The operating system's clock may be set back between two readings.
    pub fn now(&self) -> Instant {
        match &self.hands {
            Hands::System => Utc::now(),
            Hands::Started(at) | Hands::Moved(at, _) => later(*at, self.elapsed()),
        }
    }

    /// How long ago this clock was made. Unlike [`Clock::now`] it never goes back, so deadlines are measured by it.
    pub fn elapsed(&self) -> Duration {
        match &self.hands {
            Hands::System | Hands::Started(_) => self.made.elapsed(),
            Hands::Moved(_, moved) => {
                Duration::from_micros(u64::try_from(moved.load(Ordering::SeqCst)).unwrap_or_default())
            }
        }
    }
}

/// An instant so much later; the latest there is when that cannot be told.
pub(crate) fn later(at: Instant, by: Duration) -> Instant {
    TimeDelta::from_std(by).ok().and_then(|by| at.checked_add_signed(by)).unwrap_or(Instant::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Instant {
        "2026-11-25T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_fixed_clock_moves_with_its_clones_and_by_hand_only() {
        let clock = Clock::fixed(noon());
        let other = clock.clone();
        other.advance(Duration::from_millis(1_500));
        assert_eq!(clock.now(), noon() + TimeDelta::milliseconds(1_500));
        assert_eq!(clock.elapsed(), Duration::from_millis(1_500));
    }

    #[tokio::test(start_paused = true)]
    async fn a_started_clock_goes_with_the_timer() {
        let clock = Clock::started(noon());
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        assert_eq!(clock.now(), noon() + TimeDelta::hours(1));
    }

    #[test]
    fn the_far_future_is_the_end_of_time() {
        assert_eq!(later(noon(), Duration::MAX), Instant::MAX_UTC);
    }
}
