//! The program under strace: what it asks of the kernel, and any one of that going wrong.
//!
//! Needs `strace` (Debian: `apt-get install strace`) and leave to trace, which some containers do not give; tests that cannot run say
//! so and pass.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::shop::Shop;

/// Everything that changes a file or goes over the network, as the program may do it on any machine: a name that this machine's
/// kernel does not have is passed over.
pub const CALLS: [&str; 22] = [
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "write",
    "writev",
    "sendto",
    "recvfrom",
    "recvmsg",
    "connect",
    "openat",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "flock",
    "lseek",
    "link",
    "linkat",
];

/// Whether there is a strace that may trace; says so where there is none.
pub fn can_trace(test: &str) -> bool {
    let traced = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    let can = traced.is_ok_and(|status| status.success());
    if !can {
        println!("skipped: {test} needs strace and leave to trace");
    }
    can
}

/// The shop's program under strace with these options, its log in that file. `-f`: what its threads do is its doing.
pub fn command(shop: &Shop, args: &[&str], options: &[&str], log: &Path) -> Command {
    let program = shop.command(args);
    let mut command = Command::new("strace");
    command
        .env_clear()
        .envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(shop.path(""))
        .args(["-f", "-qq", "-y", "-e", "signal=none"])
        .args(options)
        .arg("-o")
        .arg(log)
        .arg("--")
        .arg(program.get_program())
        .args(program.get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The option that traces these calls.
pub fn trace(calls: &[&str]) -> String {
    format!("trace={}", calls.iter().map(|call| format!("?{call}")).collect::<Vec<_>>().join(","))
}

/// A call to the kernel, as strace tells it.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: String,
    /// When it began, in microseconds since 1970; 0 where the log has no times.
    pub at: u64,
    /// Its arguments, and what came back.
    pub rest: String,
}

impl Call {
    /// Whether it was made to fail.
    pub fn is_injected(&self) -> bool {
        self.rest.ends_with("(INJECTED)")
    }

    /// What it gave; `None` if it did not return.
    pub fn returned(&self) -> Option<i64> {
        let (_, value) = self.rest.rsplit_once(") = ")?;
        value.split(|c: char| c != '-' && !c.is_ascii_digit()).next()?.parse().ok()
    }

    /// The strings among its arguments, of a log with `-xx`.
    pub fn strings(&self) -> Vec<Vec<u8>> {
        self.rest.split('"').skip(1).step_by(2).map(unhex).collect()
    }

    /// The first argument, where it is a descriptor.
    pub fn descriptor(&self) -> usize {
        self.rest.split('<').next().and_then(|number| number.parse().ok()).unwrap_or(usize::MAX)
    }

    /// What that descriptor stands for, of a log with `-xx`.
    pub fn path(&self) -> Option<PathBuf> {
        let (_, rest) = self.rest.split_once('<')?;
        Some(PathBuf::from(String::from_utf8_lossy(&unhex(rest.split('>').next()?)).into_owned()))
    }

    /// The numbers among its arguments, behind the last string or descriptor.
    pub fn numbers(&self) -> Vec<usize> {
        let arguments = self.rest.rsplit_once(") = ").map_or("", |(arguments, _)| arguments);
        let behind = arguments.rsplit(['"', '>']).next().unwrap_or_default();
        behind.split(", ").filter_map(|number| number.parse().ok()).collect()
    }
}

/// Every call of a log, in the order in which they ended; those that did not come last.
pub fn read_log(log: &Path) -> Vec<Call> {
    read_lines(&String::from_utf8_lossy(&std::fs::read(log).unwrap()))
}

/// A call in which another thread's line came between is told in two lines, the thread's number before each.
fn read_lines(text: &str) -> Vec<Call> {
    let (mut calls, mut begun) = (Vec::new(), BTreeMap::new());
    for (thread, told) in text.lines().filter_map(|line| line.split_once(' ')) {
        if let Some((_, rest)) = told.split_once(" resumed>").filter(|(before, _)| before.contains("<... ")) {
            let call: Option<Call> = begun.remove(thread);
            calls.extend(call.map(|call| Call { rest: call.rest + rest, ..call }));
        } else if let Some(told) = told.strip_suffix("<unfinished ...>") {
            begun.extend(read_call(told.trim_end()).map(|call| (thread, call)));
        } else {
            calls.extend(read_call(told));
        }
    }
    calls.extend(begun.into_values());
    calls
}

fn read_call(told: &str) -> Option<Call> {
    let (begun, rest) = told.trim_start().split_once('(')?;
    let (at, name) = begun.split_once(' ').unwrap_or(("0", begun));
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let at = at.replace('.', "").parse().ok()?;
    is_name.then(|| Call { name: name.to_owned(), at, rest: rest.to_owned() })
}

/// `\x2f` is a byte.
fn unhex(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).filter_map(|digits| u8::from_str_radix(digits.get(..2)?, 16).ok()).collect()
}

/// Runs the program to its end and gives what it asked of the kernel.
pub fn observed(shop: &Shop, args: &[&str]) -> Vec<Call> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let ran = command(shop, args, &["-e", &trace(&CALLS)], &log).output().unwrap();
    assert!(ran.status.code().is_some(), "{ran:?}");
    read_log(&log)
}

/// How often each call was made.
pub fn counted(calls: &[Call]) -> BTreeMap<&str, u32> {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry(call.name.as_str()).or_default() += 1;
    }
    counts
}

/// What another thread does meanwhile hides no sync: without it a disk would lack what was on it.
#[test]
fn a_call_told_in_two_lines_is_one() {
    let told = "7 1.000001 fsync(3<\\x2f> <unfinished ...>\n\
                9 1.000002 write(1<\\x2f>, \"\\x61\", 1 <unfinished ...>\n\
                7 1.000003 <... fsync resumed>) = 0\n\
                7 1.000004 fsync(4<\\x2f>) = 0\n\
                9 1.000005 <... write resumed>) = 1\n\
                7 1.000006 fsync(5<\\x2f> <unfinished ...>\n";
    let calls = read_lines(told);
    let told = |call: &Call| (call.name.clone(), call.at, call.descriptor(), call.returned());
    assert_eq!(
        calls.iter().map(told).collect::<Vec<_>>(),
        [
            ("fsync".to_owned(), 1_000_001, 3, Some(0)),
            ("fsync".to_owned(), 1_000_004, 4, Some(0)),
            ("write".to_owned(), 1_000_002, 1, Some(1)),
            ("fsync".to_owned(), 1_000_006, 5, None),
        ]
    );
    assert_eq!(calls[2].strings(), [b"a"]);
}
