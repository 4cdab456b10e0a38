//! The language people read. Every message stands in both languages side by side, where it is written: [`say!`] and [`word!`].
//!
//! A program speaks one language, chosen once at its start: that of its [reader](speak). What is stored, sent to either side or
//! written as JSON is English whatever that language is: a pass runs [for the record](for_the_record), and what it reports on the way
//! is rendered [for the reader](for_the_reader). A run with `--output jsonl` has a program for its reader, and is English all through.
//! The log (`-v`) is for whoever reads the code, and stays English.

use std::cell::Cell;
use std::fmt;
use std::ops::Deref;

use chrono::NaiveDate;

use crate::model::{Instant, calendar};

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Portuguese as in Brazil.
    PtBr,
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::En, Self::PtBr];

    /// The language a tag names: `pt-BR`, `pt_BR.UTF-8`, `PT`, `en`, whatever else says Portuguese or English.
    pub fn named(tag: &str) -> Option<Self> {
        let language = tag.trim().split(['-', '_', '.', '@']).next().unwrap_or_default().to_ascii_lowercase();
        match language.as_str() {
            "pt" => Some(Self::PtBr),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The language of an environment: `VAIVEM_LANG`, else the locale, else English. An empty or foreign value counts as none.
    pub fn of_environment(value: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| value(name).filter(|value| !value.trim().is_empty());
        if let Some(lang) = set("VAIVEM_LANG").as_deref().and_then(Self::named) {
            return lang;
        }
        // POSIX: the first that is set is the locale of messages, also where it says C.
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set);
        locale.as_deref().and_then(Self::named).unwrap_or_default()
    }
}

thread_local! {
    /// The language of the moment, and the reader's. A run has one thread; tests have many, each with its own.
    static SPOKEN: Cell<(Lang, Lang)> = const { Cell::new((Lang::En, Lang::En)) };
}

/// The language to write in now.
pub fn lang() -> Lang {
    SPOKEN.get().0
}

/// Sets the reader's language.
pub fn speak(reader: Lang) {
    SPOKEN.set((reader, reader));
}

/// English until it is dropped: what is written may be stored, sent, or compared.
pub fn for_the_record() -> Spell {
    Spell::of(Lang::En)
}

/// The reader's language until it is dropped.
pub fn for_the_reader() -> Spell {
    Spell::of(SPOKEN.get().1)
}

/// What is written within, in a language.
pub fn within<T>(lang: Lang, write: impl FnOnce() -> T) -> T {
    let _spell = Spell::of(lang);
    write()
}

/// A time in which one language is spoken.
#[must_use = "it ends when it is dropped"]
#[derive(Debug)]
pub struct Spell(Lang);

impl Spell {
    fn of(lang: Lang) -> Self {
        let (before, reader) = SPOKEN.get();
        SPOKEN.set((lang, reader));
        Self(before)
    }
}

impl Drop for Spell {
    fn drop(&mut self) {
        SPOKEN.set((self.0, SPOKEN.get().1));
    }
}

/// Words that never change, in both languages: reads as a `str` in the language of the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Both(pub &'static str, pub &'static str);

impl Both {
    /// What is the same in both: a setting, a name.
    pub const fn only(words: &'static str) -> Self {
        Self(words, words)
    }

    /// In the language of the moment.
    pub fn get(self) -> &'static str {
        match lang() {
            Lang::En => self.0,
            Lang::PtBr => self.1,
        }
    }
}

impl Deref for Both {
    type Target = str;

    fn deref(&self) -> &str {
        self.get()
    }
}

impl fmt::Display for Both {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.get())
    }
}

impl From<Both> for String {
    fn from(both: Both) -> Self {
        both.get().to_owned()
    }
}

/// A moment for people, in São Paulo: `2026-11-24 16:05`, `24/11/2026 às 16h05`.
pub fn moment(at: Instant) -> String {
    match lang() {
        Lang::En => calendar::local_text(at),
        Lang::PtBr => at.with_timezone(&chrono_tz::America::Sao_Paulo).format("%d/%m/%Y às %Hh%M").to_string(),
    }
}

/// The day of a moment for people, in São Paulo.
pub fn date(at: Instant) -> String {
    day(calendar::local_date(at))
}

/// A day for people: `2026-11-24`, `24/11/2026`.
pub fn day(day: NaiveDate) -> String {
    match lang() {
        Lang::En => day.to_string(),
        Lang::PtBr => day.format("%d/%m/%Y").to_string(),
    }
}

/// A message, in both languages: `say!("order {order} was cancelled" | "o pedido {order} foi cancelado")`, with arguments as
/// [`format!`] takes them. A language that is missing, or a placeholder that is left over, does not compile.
macro_rules! say {
    ($en:literal | $pt:literal $(, $($args:tt)*)?) => {
        match $crate::lang::lang() {
            $crate::lang::Lang::En => ::std::format!($en $(, $($args)*)?),
            $crate::lang::Lang::PtBr => ::std::format!($pt $(, $($args)*)?),
        }
    };
}

/// A note for the record: English whoever the reader is, and in the catalogue for whoever reads it later.
macro_rules! keep {
    ($en:literal | $pt:literal $(, $($args:tt)*)?) => {
        match $crate::lang::Lang::En {
            $crate::lang::Lang::En => ::std::format!($en $(, $($args)*)?),
            $crate::lang::Lang::PtBr => ::std::format!($pt $(, $($args)*)?),
        }
    };
}

/// Words without placeholders, in both languages.
macro_rules! word {
    ($en:literal | $pt:literal $(,)?) => {
        $crate::lang::Both($en, $pt).get()
    };
}

pub(crate) use {keep, say, word};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_its_language_however_it_is_written() {
        for tag in ["pt-BR", "pt_BR.UTF-8", "PT", "pt", " pt-br ", "pt_PT"] {
            assert_eq!(Lang::named(tag), Some(Lang::PtBr), "{tag}");
        }
        assert_eq!(Lang::named("en_US.UTF-8"), Some(Lang::En));
        assert_eq!(["C", "", "POSIX", "de_DE"].map(Lang::named), [None; 4]);
    }

    #[test]
    fn our_own_variable_goes_before_the_locale_and_the_locale_by_its_rules() {
        let of = |set: &[(&str, &str)]| {
            Lang::of_environment(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(of(&[]), Lang::En);
        assert_eq!(of(&[("LANG", "pt_BR.UTF-8")]), Lang::PtBr);
        assert_eq!(of(&[("LANG", "pt_BR.UTF-8"), ("LC_ALL", "C")]), Lang::En);
        assert_eq!(of(&[("LANG", "en_US.UTF-8"), ("LC_MESSAGES", "pt_BR")]), Lang::PtBr);
        assert_eq!(of(&[("LANG", "pt_BR.UTF-8"), ("LC_ALL", "")]), Lang::PtBr);
        assert_eq!(of(&[("LANG", "en_US"), ("VAIVEM_LANG", "pt-BR")]), Lang::PtBr);
        assert_eq!(of(&[("LANG", "pt_BR"), ("VAIVEM_LANG", "en")]), Lang::En);
        // What is no language leaves the choice to the locale.
        assert_eq!(of(&[("LANG", "pt_BR"), ("VAIVEM_LANG", "klingon")]), Lang::PtBr);
    }

    #[test]
    fn the_record_is_english_and_the_reader_has_their_own() {
        speak(Lang::PtBr);
        let told = || say!("{} orders" | "{} pedidos", 2);
        assert_eq!(told(), "2 pedidos");
        {
            let _record = for_the_record();
            assert_eq!(told(), "2 orders");
            assert_eq!(
                {
                    let _reader = for_the_reader();
                    told()
                },
                "2 pedidos"
            );
            assert_eq!((told(), word!("held" | "retido")), ("2 orders".into(), "held"));
        }
        assert_eq!(word!("held" | "retido"), "retido");
    }
}
