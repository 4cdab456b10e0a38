//! What vaivem costs: seconds, processor time, calls, memory and disk, on simulated platforms in this process.
//!
//! `cargo run --release --example bench -- SUBJECT [--small] [--runs N] [--only ROW] [--peer FILE [--python FILE]]`, where a
//! subject is a file beside this one; without a subject all of them follow one another, which takes about half an hour. `--small` is a
//! tenth of the work, and `--only` takes of `import` and `push` the rows alone whose name has these words.
//!
//! | subject | what is measured |
//! |---|---|
//! | `import` | every order of a shop comes in: at no latency, and at 20 ms with 16 and 64 calls in flight |
//! | `push` | the stock of a catalogue goes out: one by one to VTEX, in batches to ANYMARKET |
//! | `quiet` | a `sync` with nothing to do, and a push of one change, with small files and with large ones |
//! | `limit` | a platform that takes 40 calls a second: how much of that is used, and how often it says 429 |
//! | `memory` | the peak memory of every command that reads many orders or products |
//! | `start` | `--version` and `status` |
//!
//! vaivem runs as a process of its own (this program, told to be it), so that what it uses is told apart from the platforms'. A figure
//! is the median of several runs. `--peer` names a script that does the same work as `import` and `push` (as `FILE aiohttp|requests
//! fetch|push ADDRESS COUNT DATABASE --connections N --header …`); it is then measured beside vaivem on the same platforms,
//! and the ratio of the two is told.
#![allow(clippy::print_stdout, clippy::expect_used, clippy::unwrap_used, clippy::float_arithmetic)]

mod catalogue;
mod import;
mod limit;
mod measure;
mod memory;
mod peer;
mod push;
mod quiet;
#[path = "../sandbox/lib/mod.rs"]
mod sandbox;
mod shop;
mod start;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The first argument that makes this program be `vaivem` itself.
const AS_VAIVEM: &str = "as-vaivem";

const USAGE: &str = "usage: bench [import|push|quiet|limit|memory|start]... [--small] [--runs N] [--only ROW] \
    [--peer FILE [--python FILE]]";

/// What was asked for.
pub struct Asked {
    /// How many runs a median is of.
    pub runs: usize,
    /// A tenth of the work.
    is_small: bool,
    /// What the name of a row must have.
    only: String,
    /// A script to be held against, and what runs it.
    pub peer: Option<(PathBuf, PathBuf)>,
}

impl Asked {
    /// So many of something, or a tenth of it.
    pub fn size(&self, of: usize) -> usize {
        if self.is_small { of / 10 } else { of }
    }

    /// Whether that row is to be measured.
    pub fn is_asked_for(&self, row: &str) -> bool {
        row.contains(&self.only)
    }
}

type Subject = (&'static str, fn(&Asked) -> bool);

/// Each tells whether what it holds against a bar is on the right side of it.
const SUBJECTS: [Subject; 6] = [
    ("start", start::bench),
    ("quiet", quiet::bench),
    ("import", import::bench),
    ("push", push::bench),
    ("limit", limit::bench),
    ("memory", memory::bench),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|first| first == AS_VAIVEM) {
        let command_line = std::iter::once("vaivem".to_owned()).chain(args.into_iter().skip(1)).map(Into::into);
        return ExitCode::from(vaivem::app::main(command_line).code());
    }
    let Some((subjects, asked)) = understood(args) else {
        println!("{USAGE}");
        return ExitCode::from(2);
    };
    let mut are_good = true;
    for (name, bench) in subjects {
        println!("\n{name}\n");
        are_good &= bench(&asked);
    }
    if are_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn understood(args: Vec<String>) -> Option<(Vec<Subject>, Asked)> {
    let mut asked = Asked { runs: 3, is_small: false, only: String::new(), peer: None };
    let (mut subjects, mut peer, mut python) = (Vec::new(), None, PathBuf::from("python3"));
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--small" => asked.is_small = true,
            "--runs" => asked.runs = args.next()?.parse().ok().filter(|runs| *runs > 0)?,
            "--only" => asked.only = args.next()?,
            "--peer" => peer = Some(PathBuf::from(args.next()?)),
            "--python" => python = PathBuf::from(args.next()?),
            name => subjects.push(*SUBJECTS.iter().find(|(known, _)| *known == name)?),
        }
    }
    if subjects.is_empty() {
        subjects = SUBJECTS.to_vec();
    }
    asked.peer = peer.map(|peer| (python, peer));
    Some((subjects, asked))
}
