//! Colour for the words that tell how it stands: on a terminal alone, and not where somebody says `NO_COLOR` (<https://no-color.org>).
//! No word means anything by its colour alone.

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use super::Outcome;
use crate::check::Level;

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Done, in order.
    Good,
    /// Goes on by itself.
    Calm,
    /// A person must look.
    Trouble,
    /// It went wrong.
    Bad,
    /// Nothing to see.
    Faint,
}

impl From<Outcome> for Tone {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Imported | Outcome::Updated => Self::Good,
            Outcome::Waiting | Outcome::Cancelled => Self::Calm,
            Outcome::Held => Self::Trouble,
            Outcome::Failed => Self::Bad,
            Outcome::Unchanged | Outcome::Skipped => Self::Faint,
        }
    }
}

impl From<Level> for Tone {
    fn from(level: Level) -> Self {
        match level {
            Level::Ok => Self::Good,
            Level::Verify => Self::Calm,
            Level::Warning => Self::Trouble,
            Level::Problem => Self::Bad,
        }
    }
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Calm => AnsiColor::Cyan.on_default(),
            Self::Trouble => AnsiColor::Yellow.on_default().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Faint => Style::new().dimmed(),
        }
    }
}

/// Whether what is written somewhere has colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint(bool);

impl Paint {
    /// On standard output.
    pub fn of_stdout() -> Self {
        Self(AutoStream::choice(&std::io::stdout()) != ColorChoice::Never)
    }

    /// On standard error.
    pub fn of_stderr() -> Self {
        Self(AutoStream::choice(&std::io::stderr()) != ColorChoice::Never)
    }

    /// A word in its colour.
    pub fn word(self, tone: impl Into<Tone>, word: &str) -> String {
        let style = tone.into().style();
        if self.0 { format!("{style}{word}{style:#}") } else { word.to_owned() }
    }

    /// The word at the beginning of a line, as wide as the widest, in its colour.
    pub fn mark(self, tone: impl Into<Tone>, word: &str) -> String {
        self.word(tone, &format!("{word:<9}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_as_wide_with_colour_as_without() {
        assert_eq!(Paint(false).mark(Outcome::Held, "held"), "held     ");
        assert_eq!(Paint(true).mark(Outcome::Held, "held"), "\u{1b}[1m\u{1b}[33mheld     \u{1b}[0m");
        assert_eq!(Paint(true).word(Tone::Bad, "error:"), "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m");
    }
}
