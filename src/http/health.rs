//! Whether the host as a whole is in trouble, told from one item that is: by how many different calls fail in a row.

use std::cell::{Cell, RefCell};
use std::time::Duration;

/// So many different calls in a row, without one good answer between them, mean that the host is down.
const TOO_MANY: u32 = 5;

/// How long it is then left alone before a call tries again.
const REST: Duration = Duration::from_secs(30);

/// What is known of a host's health.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// Calls that failed since the last good answer, each counted once however often it was tried.
    failing: Cell<u32>,
    /// Counts good answers, so that a call knows whether it is among those counted.
    good_answers: Cell<u64>,
    /// When it was last found to be down, by the clock's elapsed time.
    down_since: Cell<Option<Duration>>,
    /// How the last try that failed did: who makes no try of its own tells that.
    last_problem: RefCell<String>,
}

/// One call's part in the count.
#[derive(Debug, Default)]
pub(super) struct Mark(Option<u64>);

impl Health {
    /// The host answered sensibly.
    pub fn answered(&self) {
        self.failing.set(0);
        self.good_answers.set(self.good_answers.get() + 1);
        self.down_since.set(None);
    }

    /// A try of a call failed, and the host is to blame.
    pub fn failed(&self, mark: &mut Mark, now: Duration, problem: String) {
        self.last_problem.replace(problem);
        let present = Some(self.good_answers.get());
        if mark.0 != present {
            mark.0 = present;
            self.failing.set(self.failing.get() + 1);
        }
        if self.failing.get() >= TOO_MANY {
            self.down_since.set(Some(now));
        }
    }

    /// Whether it gave any good answer to this process.
    pub fn has_answered(&self) -> bool {
        self.good_answers.get() > 0
    }

    /// Counts anew: what fails in one pass and again in the next is the same item. A host that is being left alone stays so.
    pub fn count_anew(&self) {
        self.failing.set(0);
    }

    /// Whether to leave it alone.
    pub fn is_down(&self, now: Duration) -> bool {
        self.down_since.get().is_some_and(|since| now.saturating_sub(since) < REST)
    }

    /// How the last try that failed did.
    pub fn last_problem(&self) -> String {
        self.last_problem.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_different_calls_in_a_row_are_too_many() {
        let (health, now) = (Health::default(), Duration::ZERO);
        let mut poison = Mark::default();
        for _ in 0..20 {
            health.failed(&mut poison, now, String::new());
        }
        assert!(!health.is_down(now), "one item that fails again and again is not the host");
        for _ in 0..3 {
            health.failed(&mut Mark::default(), now, String::new());
        }
        assert!(!health.is_down(now));
        health.answered();
        for calls in 1..=5 {
            assert!(!health.is_down(now));
            health.failed(&mut Mark::default(), now, format!("call {calls}"));
        }
        assert_eq!(health.last_problem(), "call 5");
        assert!(health.is_down(now));
        assert!(!health.is_down(REST), "after a rest it is tried again");
        health.failed(&mut Mark::default(), REST, String::new());
        assert!(health.is_down(REST));
        health.answered();
        assert!(!health.is_down(REST));
    }
}
