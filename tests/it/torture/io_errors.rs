//! A disk that fails, or is full, at the N-th write, sync, opening or renaming; once, or from there on.
//!
//! What the run then says must be true: where it ends and tells as on a good day, all of it is done and on record; else its exit code
//! is not 0. Nothing is acknowledged or done that has no record. And once the disk is good again, the next runs make of it what an
//! undisturbed day makes.
//!
//! Needs `strace`, see [`strace`](super::strace). An error that struck no file of ours does not count.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::day::{Turn, turns};
use crate::shop::Shop;
use crate::torture::good_day::GoodDay;
use crate::torture::strace::{self, Call};
use crate::torture::{self, any};

/// What may fail.
const MAY_FAIL: [&str; 8] = ["pwrite64", "fsync", "ftruncate", "write", "openat", "rename", "unlink", "mkdir"];

/// What a run asks of the files of the shop: the name of each call, and its number among all of that name.
type Calls = BTreeMap<String, Vec<u32>>;

#[derive(Debug)]
struct Case {
    turn: usize,
    seed: u64,
}

#[test]
fn a_disk_that_fails_at_any_call_is_told_of_and_loses_nothing() {
    if !strace::can_trace("io_errors") {
        return;
    }
    let turns: Vec<(&Turn, OnceLock<(GoodDay, Calls)>)> = turns().map(|turn| (turn, OnceLock::new())).collect();
    let cases: Vec<Case> = (0..torture::cases(10, 520))
        .map(|n| Case { turn: (n as usize * 7 + 3) % turns.len(), seed: u64::from(n) })
        .collect();
    let ended = AtomicUsize::new(0);
    torture::each(&cases, |case| {
        let (turn, undisturbed) = &turns[case.turn];
        let (good_day, calls) = undisturbed.get_or_init(|| (GoodDay::of(turn), calls_of(turn)));
        ended.fetch_add(usize::from(fail_once(good_day, calls, case.seed)), Ordering::SeqCst);
    });
    let ended = ended.into_inner();
    assert!(ended * 2 >= cases.len(), "only {ended} of {} runs felt it", cases.len());
    torture::held(
        "io_errors",
        cases.len(),
        format!("EIO and ENOSPC, {ended} told of by the run they struck, the others of no effect"),
    );
}

fn calls_of(turn: &Turn) -> Calls {
    let shop = turn.begin();
    let (mut counts, mut ours) = (BTreeMap::<String, u32>::new(), Calls::new());
    for call in strace::observed(&shop, &turn.side().args(turn.verb)) {
        let count = counts.entry(call.name.clone()).or_default();
        *count += 1;
        if MAY_FAIL.contains(&call.name.as_str()) && is_ours(&shop, &call) {
            ours.entry(call.name).or_default().push(*count);
        }
    }
    ours
}

/// Whether it is about a file of the shop that is not a person's alone.
fn is_ours(shop: &Shop, call: &Call) -> bool {
    let folder = format!("{}/", shop.path("").display()).replace("//", "/");
    call.rest.contains(&folder) && !call.rest.contains("vaivem.toml")
}

/// Lets one call fail, judges what the run says, and goes on. Gives whether the run ended otherwise than on a good day.
fn fail_once(good_day: &GoodDay, calls: &Calls, seed: u64) -> bool {
    let turn = good_day.turn;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    for try_of in 0..30 {
        let shop = turn.begin();
        let pick = |n: u64, of: usize| usize::try_from(any(seed * 1_000 + try_of * 10 + n)).unwrap_or(0) % of;
        let (name, places) = calls.iter().nth(pick(0, calls.len())).unwrap();
        let (nth, error) = (places[pick(1, places.len())], ["EIO", "ENOSPC"][pick(2, 2)]);
        let from_there_on = ["", "+"][pick(3, 2)];
        let inject = format!("inject={name}:error={error}:when={nth}{from_there_on}");
        let options = ["-e", &strace::trace(&[name]), "-e", &inject];
        let ran = strace::command(&shop, &turn.side().args(turn.verb), &options, &log).output().unwrap();
        let struck: Vec<Call> = strace::read_log(&log).into_iter().filter(Call::is_injected).collect();
        let told = format!("{turn}, {inject}, at {:?}", struck.first().map(|call| &call.rest));
        let is_like = good_day.is_like(&ran, &told);
        good_day.holds(&shop, is_like, &told);
        if struck.iter().any(|call| is_ours(&shop, call)) {
            return !is_like;
        }
    }
    panic!("no error ever struck a file of {turn}");
}
