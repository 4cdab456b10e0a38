//! Everything that reads what comes from outside, under one roof, for those who try to break it: the tests below, which change good
//! input at random, and the fuzzers of `examples/fuzz`, which look for new paths.
//!
//! A target takes any bytes; it must neither panic nor hang, and its memory must be in proportion to what it was given.

use std::path::Path;

use crate::channel::{anymarket, vtex};
use crate::documents::{self, nfe, ocoren};
use crate::erp::eccosys;
use crate::{config, http, mask, plan};

/// A reader of what comes from outside.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// A folder of the project, and how the files in it begin that are good input to start from.
    pub samples: (&'static str, &'static str),
    /// Reads anything.
    pub read: fn(&[u8]),
}

const fn target(name: &'static str, samples: (&'static str, &'static str), read: fn(&[u8])) -> Target {
    Target { name, samples, read }
}

/// All of them.
pub const TARGETS: &[Target] = &[
    target("nfe", ("tests/fixtures/nfe", ""), document),
    target("ocoren", ("tests/fixtures/ocoren", ""), document),
    target("sheet", ("tests/fixtures/sheets", ""), document),
    target("vtex", ("tests/fixtures/wire", "vtex-"), vtex::read_anything),
    target("vtex_order", ("tests/fixtures/vtex", ""), vtex::read_anything),
    target("anymarket", ("tests/fixtures/wire", "anymarket-"), anymarket::read_anything),
    target("eccosys", ("tests/fixtures/wire", "eccosys-"), eccosys::read_anything),
    target("headers", ("tests/fixtures/hostile", "headers"), http::read_anything),
    target("config", ("examples/configurations", ""), configuration),
    target("plan", ("tests/fixtures/hostile", "plan"), a_plan),
    target("mask", ("tests/fixtures/wire", ""), masked),
];

/// A file that lies in an inbox, all the way to what is concluded from it.
fn document(bytes: &[u8]) {
    let Ok(document) = documents::recognise(bytes) else { return };
    match document {
        documents::Document::Nfe(nfe) => {
            let _ = nfe::best_candidate(&nfe::named_orders(&nfe)).is_some();
        }
        documents::Document::Ocoren(file) => {
            let _ = ocoren::conclude(&file.occurrences, &ocoren::CodeTable::default());
            let _ = file.is_suspicious();
        }
        documents::Document::StockSheet(sheet) => {
            let _ = sheet.each(|row| Ok::<_, documents::DocumentError>(Err(row.conflict(1, 1))));
        }
        _ => {}
    }
}

fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(error) = config::Config::parse(Path::new("vaivem.toml"), text) {
        let _ = (error.problem(), error.remedy().len());
    }
}

fn a_plan(bytes: &[u8]) {
    let _ = plan::read(bytes, "the state file's mark");
}

fn masked(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = mask::shape_of_text(&text);
    let _ = mask::address(&text, true);
    if let Ok(value) = serde_json::from_str(&text) {
        let _ = (mask::shape(&value), mask::Masker::default().payload(&value));
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::path::PathBuf;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use fastrand::Rng;

    use super::{TARGETS, Target};

    /// What stands for a value where another is expected.
    const ODD: &[&str] = &[
        "null",
        "true",
        "-1",
        "0",
        "1e308",
        "-1e400",
        "1.5",
        "9223372036854775808",
        "18446744073709551616",
        "\"\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "[]",
        "{}",
        "[[[[[[]]]]]]",
        "\"9999-99-99\"",
        "\"2026-02-30T25:61:61Z\"",
        "\"+292277026596-12-04\"",
        "NaN",
        "\"-0,00\"",
        "\"1.234.567,89\"",
        "\"\u{202e}\u{feff}\"",
        "<a>",
        "&#x0;",
        "&a;",
        ";;;;",
        "\r\n\r\n",
        "\u{0}",
        "99999999999999999999",
    ];

    fn samples(target: &Target) -> Vec<Vec<u8>> {
        let (folder, prefix) = target.samples;
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
        let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> =
            files.filter(|file| file.file_name().unwrap().to_str().unwrap().starts_with(prefix)).collect();
        files.sort();
        let read: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
        assert!(!read.is_empty(), "{} has nothing to start from", target.name);
        read
    }

    /// Changes good input here and there: bytes, pieces, values, and pieces of other input.
    fn damaged(rng: &mut Rng, samples: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = rng.choice(samples).unwrap().clone();
        for _ in 0..rng.u32(1..6) {
            if bytes.is_empty() {
                break;
            }
            let at = rng.usize(..bytes.len());
            let most = 1 << rng.u32(..12);
            let to = at + rng.usize(..=(bytes.len() - at).min(most));
            match rng.u8(..9) {
                0 => bytes[at] = rng.u8(..),
                1 => bytes[at] ^= 1 << rng.u8(..8),
                2 => drop(bytes.drain(at..to)),
                3 => bytes.truncate(at),
                4 => {
                    let piece = bytes[at..to].repeat(1 << rng.u32(..4));
                    drop(bytes.splice(at..at, piece));
                }
                5 => {
                    let other = rng.choice(samples).unwrap();
                    let from = rng.usize(..=other.len());
                    let piece: Vec<u8> = other[from..].iter().take(to - at).copied().collect();
                    drop(bytes.splice(at..to, piece));
                }
                _ => {
                    // A value is what stands between two marks.
                    let is_mark = |byte: &u8| b":,;<>\"=\n[]{} ".contains(byte);
                    let from = bytes[at..].iter().position(is_mark).map_or(at, |n| at + n + 1).min(bytes.len());
                    let end = bytes[from..].iter().position(is_mark).map_or(bytes.len(), |n| from + n);
                    drop(bytes.splice(from..end, rng.choice(ODD).unwrap().bytes()));
                }
            }
            bytes.truncate(1 << 20);
        }
        bytes
    }

    fn tried(target: &Target, time: Duration, seed: u64) -> usize {
        let samples = samples(target);
        let mut rng = Rng::with_seed(seed);
        let (begun, mut cases) = (Instant::now(), 0);
        // However slow the machine is, something is tried.
        while begun.elapsed() < time || cases < 50 {
            let bytes = damaged(&mut rng, &samples);
            let (since, name) = (Instant::now(), target.name);
            let outcome = catch_unwind(AssertUnwindSafe(|| (target.read)(&bytes)));
            let took = since.elapsed();
            // Others may have the processor meanwhile; what hangs takes longer.
            if outcome.is_err() || took > Duration::from_secs(10) {
                let file = std::env::temp_dir().join(format!("vaivem-hostile-{name}"));
                std::fs::write(&file, &bytes).unwrap();
                panic!("{name} broke after {took:?} on what lies in {}", file.display());
            }
            cases += 1;
        }
        cases
    }

    /// `VAIVEM_TORTURE=long` takes ten minutes for each, two at a time, and not a fifth of a second.
    #[test]
    fn nothing_from_outside_breaks_what_reads_it() {
        let is_long = std::env::var("VAIVEM_TORTURE").is_ok_and(|form| form == "long");
        let time = if is_long { Duration::from_secs(600) } else { Duration::from_millis(200) };
        let seed = std::env::var("VAIVEM_SEED").map_or(1, |text| text.parse().unwrap());
        let next = AtomicUsize::new(0);
        let all = Mutex::new((0, Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some(target) = TARGETS.get(next.fetch_add(1, Ordering::SeqCst)) {
                        let cases = tried(target, time, seed);
                        let mut all = all.lock().unwrap();
                        all.0 += cases;
                        all.1.push(format!("{} {cases}", target.name));
                    }
                });
            }
        });
        let (cases, each) = all.into_inner().unwrap();
        let (each, memory) = (each.join(", "), most_memory());
        println!("torture\thostile\t{cases}\tpieces of changed input: {each}; most memory {memory} MiB");
        assert!(memory < 512, "{memory} MiB were needed for pieces of a megabyte");
    }

    /// The most memory that this process had so far, in MiB; nothing where the kernel does not tell.
    fn most_memory() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
        peak.and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
    }
}
