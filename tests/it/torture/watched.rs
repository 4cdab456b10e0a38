//! A run, and what it takes of the machine: as the kernel and the files tell it while the run lives (Linux).

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::shop::{self, Ran, Shop};

/// How often the run is looked at.
const EVERY: Duration = Duration::from_millis(2);

/// How fast time passes for the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    Real,
    /// So many times faster: what it mostly does is wait, for answers that do not come and between one try and the next. Only where its
    /// clock is not the machine's.
    Fast,
}

const FAST: u32 = 16;

/// What a run gave, and the most it took at any time.
pub struct Watched {
    pub ran: Ran,
    pub took: Duration,
    /// The most memory it had, in KiB.
    pub memory: u64,
    /// The most files and connections it had open.
    pub open_files: u64,
    /// The largest write-ahead log of the state file and of the ledger, in bytes.
    pub log: u64,
}

impl Shop {
    /// Runs the program to its end, or kills it after that time. A run that was killed has no exit code.
    pub fn run_watched(&self, args: &[&str], pace: Pace, killed_after: Option<Duration>) -> Watched {
        let [stdout, stderr] = ["stdout", "stderr"].map(|name| self.path(name));
        let begun = Instant::now();
        let mut command = self.command(args);
        let ahead = self.ahead().num_seconds();
        if ahead > 0 && pace == Pace::Fast {
            command.env("FAKETIME", format!("+{ahead} x{FAST}")).env_remove("FAKETIME_DONT_FAKE_MONOTONIC");
        }
        // Into files: nobody empties a pipe meanwhile.
        command.stdout(File::create(&stdout).unwrap()).stderr(File::create(&stderr).unwrap());
        let mut child = command.spawn().unwrap();
        let process = Path::new("/proc").join(child.id().to_string());
        let (mut memory, mut open_files, mut log) = (0, 0, 0);
        let status = loop {
            memory = peak(&process).unwrap_or(memory);
            open_files = open_files.max(files(&process).unwrap_or(0));
            log = log.max(self.log());
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if killed_after.is_some_and(|after| begun.elapsed() >= after) {
                child.kill().unwrap();
            }
            std::thread::sleep(EVERY);
        };
        let took = begun.elapsed();
        let [stdout, stderr] = [stdout, stderr].map(|file| fs::read(file).unwrap());
        let ran = match status.code() {
            Some(_) => shop::ran(std::process::Output { status, stdout, stderr }),
            None => Ran { code: None, stdout: String::new(), stderr: String::new() },
        };
        Watched { ran, took, memory, open_files, log }
    }

    /// The larger of the two write-ahead logs, in bytes.
    pub fn log(&self) -> u64 {
        ["vaivem.db-wal", "ledger.db-wal"].map(|file| self.size(file)).into_iter().max().unwrap()
    }

    /// A file's bytes; none where it is not.
    pub fn size(&self, file: &str) -> u64 {
        fs::metadata(self.path(file)).map_or(0, |file| file.len())
    }
}

/// The most memory that the process has had, in KiB; `None` once it is over.
fn peak(process: &Path) -> Option<u64> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// How many files and connections the process has open; `None` as long as it has those of the test, which it began as, or once it is over.
fn files(process: &Path) -> Option<u64> {
    // Named once the program has taken the test's place, and the test's files are closed.
    let name = fs::read_to_string(process.join("comm")).ok()?;
    (name.trim() == "vaivem").then(|| fs::read_dir(process.join("fd")).map_or(0, |files| files.count() as u64))
}
