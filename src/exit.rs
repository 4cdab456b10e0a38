//! How a run ended, as a contract with cron and scripts.

/// The exit codes. A code that is not in this table must be treated as a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; nothing needs a person.
    Done,
    /// Failed unexpectedly.
    Failed,
    /// The command line is wrong.
    Usage,
    /// Done, but some items are held or failed.
    Held,
    /// Configuration or credentials are wrong.
    Config,
    /// The other side is down or limiting us; nothing is lost, the next run goes on.
    Unavailable,
    /// A guard stopped the pass; a person must confirm.
    Guard,
    /// The time budget is used up; the rest is for the next run.
    TimeBudget,
    /// Another run of this pass is active; nothing was done.
    Locked,
    /// Interrupted (SIGINT), cleanly.
    Interrupted,
    /// Terminated (SIGTERM), cleanly.
    Terminated,
}

/// Every outcome with its code, its name in JSON, and its meaning; the worst first, which is how several channels' outcomes
/// become one.
const TABLE: [(Exit, u8, &str, &str); 11] = [
    (Exit::Interrupted, 130, "interrupted", "interrupted, cleanly"),
    (Exit::Terminated, 143, "terminated", "terminated, cleanly"),
    (Exit::Failed, 1, "failed", "failed unexpectedly"),
    (Exit::Usage, 2, "usage", "the command line is wrong"),
    (Exit::Config, 4, "config", "configuration or credentials are wrong"),
    (Exit::Guard, 6, "guard", "a guard stopped the pass; a person must confirm"),
    (
        Exit::Unavailable,
        5,
        "unavailable",
        "the other side is down or limiting us; nothing is lost, the next run goes on",
    ),
    (Exit::TimeBudget, 10, "time_budget", "the time budget is used up; the rest is for the next run"),
    (Exit::Held, 3, "held", "done, but some items are held or failed: look at `vaivem holds`"),
    (Exit::Locked, 11, "locked", "another run of this pass is active; nothing was done"),
    (Exit::Done, 0, "done", "done; nothing needs a person"),
];

impl Exit {
    fn row(self) -> (usize, &'static (Self, u8, &'static str, &'static str)) {
        let found = TABLE.iter().enumerate().find(|(_, (exit, ..))| *exit == self);
        found.unwrap_or((TABLE.len() - 1, &TABLE[TABLE.len() - 1]))
    }

    /// Every outcome, the worst first.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(exit, ..)| *exit)
    }

    /// The outcome of that name.
    pub fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|(_, _, known, _)| *known == name).map(|(exit, ..)| *exit)
    }

    /// The process's exit code.
    pub fn code(self) -> u8 {
        self.row().1.1
    }

    /// Stable name, as in the summary's `exit` field.
    pub fn name(self) -> &'static str {
        self.row().1.2
    }

    /// What it means, in a few words.
    pub fn meaning(self) -> &'static str {
        self.row().1.3
    }

    /// What the outcome of that [name](Self::name) means; `None` where there is none of it.
    pub fn meaning_of(name: &str) -> Option<&'static str> {
        TABLE.iter().find(|(_, _, known, _)| *known == name).map(|(.., meaning)| *meaning)
    }

    /// Of two outcomes, the one a person must know of.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        if other.row().0 < self.row().0 { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_documented_ones() {
        let documented = [0, 1, 2, 3, 4, 5, 6, 10, 11, 130, 143];
        let mut codes: Vec<u8> = TABLE.iter().map(|(exit, ..)| exit.code()).collect();
        codes.sort_unstable();
        assert_eq!(codes, documented);
    }

    #[test]
    fn the_worst_of_two_is_what_a_person_must_know() {
        assert_eq!(Exit::Done.worst(Exit::Held), Exit::Held);
        assert_eq!(Exit::Held.worst(Exit::Config), Exit::Config);
        assert_eq!(Exit::Config.worst(Exit::Unavailable), Exit::Config);
        assert_eq!(Exit::Locked.worst(Exit::Done), Exit::Locked);
    }
}
