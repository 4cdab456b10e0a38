//! The campaign: everything that may happen to the program, its machine, its network and its files, and what must hold whatever does.
//!
//! The judge is the sandbox's own ledger of effects, never our state file. Each test here runs in a short form with all others;
//! `VAIVEM_TORTURE=long` makes it as long as trust needs. `cargo run --example torture` runs the long forms and prints one table,
//! and takes away one guard of the program after another to see that the campaign turns red.

mod overlap;
mod secrets;
mod state_file;

use std::fmt::Display;

/// How many cases to try: the first number, and the second with `VAIVEM_TORTURE=long`. `VAIVEM_CASES` overrides both.
pub fn cases(short: u32, long: u32) -> u32 {
    crate::day::cases(if is_long() { long } else { short })
}

/// Whether the long form was asked for.
pub fn is_long() -> bool {
    std::env::var("VAIVEM_TORTURE").is_ok_and(|form| form == "long")
}

/// Says what a test tried, once all of it held: a line that `examples/torture` makes a row of its table of.
pub fn held(test: &str, cases: usize, what_happened: impl Display) {
    println!("torture\t{test}\t{cases}\t{what_happened}");
}
