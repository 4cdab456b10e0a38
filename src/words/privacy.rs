//! The words of `privacy`.

use std::path::Path;

use super::daily::{count, orders};

/// What was given is no document.
pub fn no_document(problem: &str) -> String {
    format!("--document is no CPF or CNPJ: {problem}")
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Orders that somebody must still deliver.
pub fn open_orders(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    format!(
        "nothing was erased: order(s) {} of the ledger are not delivered, cancelled or returned, and need the customer's address; run \
         this again when they are, or with --open-too when they are over in fact",
        numbers.join(", ")
    )
}

/// What was erased.
pub fn erased(in_ledger: usize, in_state: usize) -> String {
    format!(
        "erased: name, document, contact and address of {} in the ledger, the customer's hash of {} in the state file",
        orders(number(in_ledger)),
        orders(number(in_state))
    )
}

/// Invoices stay.
pub fn files_kept(files: usize) -> String {
    format!(
        "kept: {} of theirs, which the law has a store keep for years and which name the customer; --fiscal-too erases them here",
        count(number(files), "NF-e file", "NF-e files")
    )
}

/// A document in an inbox names the customer.
pub fn named_in(file: &Path) -> String {
    format!("kept: {} names the customer; it is yours to keep or delete", file.display())
}

/// The other back office.
pub const ECCOSYS: &str = "Eccosys keeps the customer itself: erase it there, too";

/// What no command here reaches.
pub const BACKUPS: &str = "copies made by vaivem backup still have it: let them run out";

/// Somebody reads the file.
pub const NOT_SCRUBBED: &str = "it was erased, but the files' logs could not be emptied, since another program reads them; end that \
                                program and run this again";
