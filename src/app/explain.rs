//! `explain`: what a stable code means.

use serde_json::json;

use super::Failure;
use crate::exit::Exit;
use crate::report::Reporter;
use crate::words::explain::{self, Entry, Kind};

/// Explains a code, or lists all.
pub fn run(asked: Option<&str>, reporter: &Reporter) -> Result<Exit, Failure> {
    let all = explain::all();
    let Some(asked) = asked else {
        list(&all, reporter);
        return Ok(Exit::Done);
    };
    let found = explain::of(&all, asked);
    if found.is_empty() {
        let message = explain::unknown(asked, &explain::nearest(&all, asked));
        return Err(Failure::new(Exit::Usage, message));
    }
    for entry in found {
        if reporter.is_human() {
            explain::lines(entry).iter().for_each(|line| reporter.line(line));
        } else {
            tell(entry, reporter);
        }
    }
    Ok(Exit::Done)
}

fn list(all: &[Entry], reporter: &Reporter) {
    if !reporter.is_human() {
        return all.iter().for_each(|entry| tell(entry, reporter));
    }
    for kind in Kind::ALL {
        reporter.line(explain::head(kind));
        for entry in all.iter().filter(|entry| entry.kind == kind) {
            reporter.line(&explain::in_a_list(entry));
        }
    }
}

fn tell(entry: &Entry, reporter: &Reporter) {
    let who = entry.who.map(crate::reason::Actor::code);
    reporter.json(
        "explanation",
        json!({
            "code": entry.code,
            "kind": entry.kind.code(),
            "text": entry.means,
            "hint": entry.to_do,
            "who": who,
            "exit": entry.exit.name(),
            "exit_code": entry.exit.code(),
        }),
    );
}
