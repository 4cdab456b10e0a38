//! kill -9 at the N-th call to the kernel, and once more in the run that recovers from it: the world must look as if nothing had
//! happened. Any call, whatever it is for: a page of a file, a lock, a request, an answer, a document on its way.
//!
//! Needs `strace`, see [`strace`](super::strace). A point past the end of the run does not count.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::day::{Turn, turns};
use crate::shop::Shop;
use crate::torture::{self, any, strace};

/// The call at whose beginning the program dies: its name and its number among those of that name, from 1.
type Point = (String, u32);

/// How often a run makes each call when nobody kills it.
type Calls = BTreeMap<String, u32>;

#[derive(Debug)]
struct Case {
    turn: usize,
    seed: u64,
}

#[test]
fn killed_at_any_call_to_the_kernel_and_again_while_it_recovers() {
    if !strace::can_trace("kills") {
        return;
    }
    let turns: Vec<(&Turn, OnceLock<Calls>)> = turns().map(|turn| (turn, OnceLock::new())).collect();
    let cases: Vec<Case> = (0..torture::cases(10, 1_000))
        .map(|n| Case { turn: n as usize * 3 % turns.len(), seed: u64::from(n) })
        .collect();
    let kills = AtomicUsize::new(0);
    torture::each(&cases, |case| {
        let (turn, calls) = &turns[case.turn];
        kills.fetch_add(kill_twice(turn, calls.get_or_init(|| calls_of(turn)), case.seed), Ordering::SeqCst);
    });
    let kills = kills.into_inner();
    torture::held("kills", cases.len(), format!("{kills} kills in all"));
}

fn calls_of(turn: &Turn) -> Calls {
    let calls = strace::observed(&turn.begin(), &turn.side().args(turn.verb));
    strace::counted(&calls).into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

/// Kills the verb, and the verb again, and lets the world go on. A try in which it once was faster than the kill is judged too, but
/// counts for nothing, and another is made.
fn kill_twice(turn: &Turn, calls: &Calls, seed: u64) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let mut kills = 0;
    for try_of in 0..30 {
        let shop = turn.begin();
        let seed = seed * 100 + try_of * 2;
        let points = [any_point(calls, seed, 1), any_point(calls, seed + 1, 2)];
        let args = turn.side().args(turn.verb);
        let dead: Vec<bool> = points.iter().map(|point| dies(&shop, &args, point, folder.path())).collect();
        turn.promises_nothing_twice(&shop);
        turn.to_the_end(&shop);
        shop.truth().is(&turn.end, &format!("{turn} killed at {points:?}, really: {dead:?}"));
        kills += dead.iter().filter(|dead| **dead).count();
        if dead == [true, true] {
            return kills;
        }
    }
    panic!("{turn} was never killed twice");
}

/// Each kind of call as often as any other, since the many are much alike. The run that recovers makes fewer.
fn any_point(calls: &Calls, seed: u64, share: u32) -> Point {
    let nth = |of: u32, seed| u32::try_from(any(seed) % u64::from(of.max(1))).unwrap();
    let kind = nth(u32::try_from(calls.len()).unwrap(), seed.wrapping_mul(3));
    let (name, count) = calls.iter().nth(kind as usize).unwrap();
    (name.clone(), 1 + nth(count.div_ceil(share), seed.wrapping_mul(3) + 1))
}

/// Runs the program and kills it at that point. Gives whether it came so far.
fn dies(shop: &Shop, args: &[&str], (name, nth): &Point, folder: &Path) -> bool {
    let (trace, inject) = (strace::trace(&[name]), format!("inject={name}:signal=SIGKILL:when={nth}"));
    let options = ["-e", &trace, "-e", &inject];
    let ran = strace::command(shop, args, &options, &folder.join("log")).output().unwrap();
    // strace dies as its program does: without an exit code.
    ran.status.code().is_none()
}
