//! The campaign that the README's table of trust comes from: `cargo run --example torture`.
//!
//! Runs the long form of each test of `tests/it/torture/`, or of those that are named, and prints one table:
//!
//! ```text
//! cargo run --example torture -- kills power        these two alone
//! cargo run --example torture -- --short            all, as short as in `cargo test`
//! cargo run --example torture -- guards             takes away one guard of the program after another: each must turn its test red
//! cargo run --example torture -- guards lock        that one alone
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod guards;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// One test of the campaign.
struct Trial {
    name: &'static str,
    /// What the test binary calls it.
    test: &'static str,
    what: &'static str,
}

const fn trial(name: &'static str, test: &'static str, what: &'static str) -> Trial {
    Trial { name, test, what }
}

const CAMPAIGN: &[Trial] = &[
    trial("kills", "torture::kills::", "kill -9 at any call to the kernel, and again in the run that recovers"),
    trial("effects", "crash::", "killed between an effect and its record, at every request"),
    trial("hostile", "hostile::tests::nothing", "every reader of what comes from outside, given changed input"),
    trial(
        "life",
        "torture::life::",
        "the life of thousands of orders, two channels, one stock, everything that breaks",
    ),
    trial("soak", "torture::soak::", "a week of passes one after another, and whether anything grows"),
    trial("power", "torture::power::a_power_cut", "power cut at any operation on a file"),
    trial("io_errors", "torture::io_errors::", "a disk that fails at any call"),
    trial("disk_full", "torture::disk_full::", "a disk without room, and with room again"),
    trial("answers", "torture::answers", "answers cut, garbled, repeated, misshapen or with other values, at any call"),
    trial("half_done", "torture::half_done", "calls that take effect and do not look like it, at 1 to 50 % of all"),
    trial("storms", "torture::storms", "429 and 5xx, Retry-After in every form, and limits of 8 and 40 calls a second"),
    trial(
        "network",
        "torture::network",
        "late, narrow, cut, silent and refusing lines, unknown hosts and bad certificates",
    ),
    trial("clock", "torture::clock", "clocks that are wrong, jump, or change to daylight saving time"),
    trial("overlap", "torture::overlap", "runs at the same time: two of a verb, six verbs, one that stands still"),
    trial(
        "state",
        "torture::state_file",
        "files damaged, cut off, lost, old, not ours, on disks that are full or read-only",
    ),
    trial("secrets", "torture::secrets", "planted keys and customers searched in all that is said and kept"),
    trial("schedules", "two_channels::nobody", "random schedules of customers, banks, people, faults and passes"),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        return usage(ExitCode::SUCCESS);
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    match args.split_first() {
        Some((first, names)) if first == "guards" => guards::take_away(here, names),
        _ => run(here, &args),
    }
}

fn usage(code: ExitCode) -> ExitCode {
    println!("usage: torture [--short] [NAME...]\n       torture guards [NAME...]\n");
    for one in CAMPAIGN {
        println!("  {:<12} {}", one.name, one.what);
    }
    println!("\nguards:");
    guards::list();
    code
}

fn run(here: &Path, args: &[String]) -> ExitCode {
    let is_short = args.iter().any(|arg| arg == "--short");
    let names: Vec<&String> = args.iter().filter(|arg| *arg != "--short").collect();
    if let Some(unknown) = names.iter().find(|name| CAMPAIGN.iter().all(|one| one.name != **name)) {
        eprintln!("there is no test called {unknown}");
        return usage(ExitCode::from(2));
    }
    let chosen = CAMPAIGN.iter().filter(|one| names.is_empty() || names.iter().any(|name| *name == one.name));
    println!("| test | what | cases | violations | at most, with 95% confidence | time |");
    println!("|---|---|---|---|---|---|");
    let mut is_green = true;
    for one in chosen {
        let begun = Instant::now();
        let tried = tried(here, one.test, if is_short { Length::Short(None) } else { Length::Long });
        is_green &= tried.is_green;
        println!("{}", row(one, &tried, begun.elapsed()));
        if !tried.is_green {
            eprintln!("{}", tried.output);
        }
    }
    if is_green { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What a run of a test gave.
struct Tried {
    is_green: bool,
    output: String,
    /// What was tried and how often, as the test says it itself.
    held: Vec<(u64, String)>,
}

/// How long a test is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Length {
    /// As in `cargo test`, or of so many cases.
    Short(Option<u32>),
    /// As strict as the long form, and of so many cases.
    Strict(u32),
    Long,
}

/// Runs tests of the project in that folder.
fn tried(project: &Path, test: &str, length: Length) -> Tried {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // What reads input is tried from within, all else from without.
    let binary: &[&str] = if test.starts_with("hostile::") { &["--lib"] } else { &["--test", "it"] };
    command.current_dir(project).args(["test", "--quiet"]).args(binary);
    match length {
        Length::Long => drop(command.args(["--profile", "campaign"]).env("VAIVEM_TORTURE", "long")),
        Length::Short(Some(cases)) => drop(command.env("VAIVEM_CASES", cases.to_string())),
        Length::Strict(cases) => {
            command.env("VAIVEM_TORTURE", "long").env("VAIVEM_CASES", cases.to_string());
        }
        Length::Short(None) => {}
    }
    command.args(["--", test, "--nocapture"]);
    let (is_green, output) = match command.output() {
        Ok(ran) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (ran.status.success(), text(&ran.stdout) + &text(&ran.stderr))
        }
        Err(error) => (false, format!("cargo does not start: {error}")),
    };
    let held: Vec<(u64, String)> = output.lines().filter_map(read_held).collect();
    // A filter that finds no test, or a test that says nothing of itself, has shown nothing.
    Tried { is_green: is_green && !held.is_empty(), output, held }
}

fn read_held(line: &str) -> Option<(u64, String)> {
    // A test's dots may stand before it.
    let (_, told) = line.split_once("torture\t")?;
    let mut parts = told.splitn(3, '\t').skip(1);
    Some((parts.next()?.parse().ok()?, parts.next()?.to_owned()))
}

fn row(one: &Trial, tried: &Tried, time: Duration) -> String {
    let cases: u64 = tried.held.iter().map(|(cases, _)| cases).sum();
    let held: Vec<&str> = tried.held.iter().map(|(_, what)| what.as_str()).collect();
    let (violations, bound) = match tried.is_green {
        true => ("0", at_most(cases)),
        false => ("**found**", "-".to_owned()),
    };
    format!(
        "| {} | {}: {} | {cases} | {violations} | {bound} | {}:{:02} |",
        one.name,
        one.what,
        held.join("; "),
        time.as_secs() / 60,
        time.as_secs() % 60
    )
}

/// None in `n` trials means at most 3/n, with 95% confidence.
fn at_most(cases: u64) -> String {
    let hundredths = 30_000u64.div_ceil(cases.max(1)).min(10_000);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}
