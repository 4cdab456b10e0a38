//! What a process used, as the kernel counts it (Linux; elsewhere memory and processor time stay zero).

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::AS_VAIVEM;
use super::sandbox::{APP_KEY, APP_TOKEN, GUMGA_TOKEN};

/// What a process used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    pub wall: Duration,
    pub cpu: Duration,
    pub peak_kb: u64,
}

impl Spent {
    /// The process's largest memory in MiB.
    pub fn peak(&self) -> f64 {
        self.peak_kb as f64 / 1024.0
    }

    /// Of several runs, the middle of each figure, and the largest memory.
    pub fn median(runs: &[Self]) -> Self {
        let middle = |of: fn(&Self) -> Duration| {
            let mut all: Vec<Duration> = runs.iter().map(of).collect();
            all.sort();
            all[all.len() / 2]
        };
        Self {
            wall: middle(|run| run.wall),
            cpu: middle(|run| run.cpu),
            peak_kb: runs.iter().map(|run| run.peak_kb).max().unwrap_or_default(),
        }
    }
}

/// Runs vaivem in a folder. It must end with one of these codes.
pub fn vaivem(folder: &Path, args: &[&str], codes: &[i32]) -> Spent {
    let mut command = Command::new(std::env::current_exe().expect("this program's own path"));
    command
        .arg(AS_VAIVEM)
        .args(args)
        .current_dir(folder)
        .env("VTEX_APP_KEY", APP_KEY)
        .env("VTEX_APP_TOKEN", APP_TOKEN)
        .env("ANYMARKET_TOKEN", GUMGA_TOKEN)
        .env("VAIVEM_LANG", "en")
        .env_remove("VAIVEM_CONFIG")
        .stdout(Stdio::null());
    let (spent, code) = spend(&mut command);
    assert!(code.is_some_and(|code| codes.contains(&code)), "{args:?} ended with {code:?}");
    spent
}

/// Runs a command to its end, and gives what it used, and its exit code.
pub fn spend(command: &mut Command) -> (Spent, Option<i32>) {
    let begun = Instant::now();
    let mut child = command.spawn().expect("a process");
    let mut spent = Spent::default();
    loop {
        let is_over = look(&child, &mut spent);
        if is_over {
            break;
        }
        // Often at first, for what is over soon; seldom later, since looking takes time from the others on this machine.
        let pause = if begun.elapsed() < Duration::from_millis(200) { 200 } else { 5_000 };
        std::thread::sleep(Duration::from_micros(pause));
    }
    spent.wall = begun.elapsed();
    let status = child.wait().expect("a process");
    (spent, status.code())
}

/// Reads what the process has used so far. Says whether it has ended; its clock can still be read then.
fn look(child: &Child, spent: &mut Spent) -> bool {
    let folder = format!("/proc/{}", child.id());
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).unwrap_or_default();
    let status = read("status");
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let peak = field("VmHWM:").and_then(|rest| rest.split_whitespace().next()).and_then(|kb| kb.parse().ok());
    spent.peak_kb = spent.peak_kb.max(peak.unwrap_or_default());
    let mut nanos = 0;
    for thread in std::fs::read_dir(format!("{folder}/task")).into_iter().flatten().flatten() {
        let told = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        nanos += told.split_whitespace().next().and_then(|nanos| nanos.parse::<u64>().ok()).unwrap_or_default();
    }
    spent.cpu = spent.cpu.max(Duration::from_nanos(nanos));
    field("State:").is_none_or(|state| state.starts_with('Z'))
}
