//! How a run ended, as a contract with cron and scripts.

use crate::lang::Both;

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
    /// A guard stopped the pass; a person must look.
    Guard,
    /// The time budget is used up; the rest is for the next run.
    TimeBudget,
    /// Another run of this pass is active, and it was left to that run; of several passes, the others were made.
    Locked,
    /// Interrupted (SIGINT), cleanly.
    Interrupted,
    /// Terminated (SIGTERM), cleanly.
    Terminated,
}

/// Every outcome with its code, its name in JSON, and its meaning; the worst first, which is how several channels' outcomes
/// become one.
const TABLE: [(Exit, u8, &str, Both); 11] = [
    (Exit::Interrupted, 130, "interrupted", Both("interrupted, cleanly", "interrompida, sem perdas")),
    (Exit::Terminated, 143, "terminated", Both("terminated, cleanly", "encerrada, sem perdas")),
    (Exit::Failed, 1, "failed", Both("failed unexpectedly", "falha inesperada")),
    (Exit::Usage, 2, "usage", Both("the command line is wrong", "a linha de comando está errada")),
    (
        Exit::Config,
        4,
        "config",
        Both("configuration or credentials are wrong", "a configuração ou as credenciais estão erradas"),
    ),
    (
        Exit::Guard,
        6,
        "guard",
        Both(
            "a guard stopped the pass; a person must look",
            "uma trava de segurança parou a rotina; uma pessoa precisa olhar",
        ),
    ),
    (
        Exit::Unavailable,
        5,
        "unavailable",
        Both(
            "the other side is down or limiting us; nothing is lost, the next run goes on",
            "o outro lado está fora do ar ou limitando as chamadas; nada se perde, a próxima execução continua",
        ),
    ),
    (
        Exit::TimeBudget,
        10,
        "time_budget",
        Both(
            "the time budget is used up; the rest is for the next run",
            "o tempo acabou; o resto fica para a próxima execução",
        ),
    ),
    (
        Exit::Held,
        3,
        "held",
        Both(
            "done, but some items are held or failed: look at `vaivem holds`",
            "concluída, mas há itens retidos ou com falha: veja `vaivem holds`",
        ),
    ),
    (
        Exit::Locked,
        11,
        "locked",
        Both(
            "another run of this pass is active, and it was left to that run",
            "outra execução desta rotina está ativa, e a rotina ficou para ela",
        ),
    ),
    (Exit::Done, 0, "done", Both("done; nothing needs a person", "concluída; nada precisa de uma pessoa")),
];

impl Exit {
    fn row(self) -> (usize, &'static (Self, u8, &'static str, Both)) {
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
        self.row().1.3.get()
    }

    /// What the outcome of that [name](Self::name) means; `None` where there is none of it.
    pub fn meaning_of(name: &str) -> Option<&'static str> {
        TABLE.iter().find(|(_, _, known, _)| *known == name).map(|(.., meaning)| meaning.get())
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
