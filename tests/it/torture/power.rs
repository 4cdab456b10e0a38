//! Power loss: the files as a disk would have them that was cut off at any moment of a run, beside the world as it was then. The next
//! runs must make of both what an undisturbed day makes.
//!
//! A run is recorded: what it writes, syncs, renames and removes, by `strace`; what the platforms have become after each request, by
//! the sandbox. Then, for each operation, the disk is made anew as it may have been just before, in four ways: without anything that
//! was not synced, with all of it, with some of it, and with a torn write. The world is the one of that moment, or, since what was
//! sent arrives though the sender is gone, the one in which it has.
//!
//! Judged twice: at once, whether all that was acknowledged or done has its record on that disk; and after the next runs.

mod disk;
mod record;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use self::disk::Cut;
use self::record::Recording;
use crate::day::{Turn, turns};
use crate::office::Office;
use crate::side::Side;
use crate::torture::{self, any, records, strace};

/// A run whose power is cut.
struct Pass {
    side: Side,
    office: Office,
    verb: &'static str,
    /// At how many of its operations to live on after the cut, in the short form and in the long one.
    lives: [u32; 2],
    /// Whether it is the first of all, which makes the state file. Then it is cut until its first request.
    is_first: bool,
}

const fn pass(side: Side, office: Office, verb: &'static str, lives: [u32; 2]) -> Pass {
    Pass { side, office, verb, lives, is_first: false }
}

const PASSES: [Pass; 9] = [
    Pass { is_first: true, ..pass(Side::Vtex, Office::Ledger, "import-orders", [1, 20]) },
    pass(Side::Vtex, Office::Ledger, "import-orders", [3, 80]),
    pass(Side::Vtex, Office::Ledger, "push-invoices", [1, 40]),
    pass(Side::Vtex, Office::Ledger, "push-tracking", [0, 30]),
    pass(Side::Hub, Office::Ledger, "push-invoices", [0, 30]),
    pass(Side::Vtex, Office::Ledger, "auto-cancel", [0, 20]),
    pass(Side::Hub, Office::Eccosys, "import-orders", [0, 40]),
    pass(Side::Vtex, Office::Eccosys, "sync-payments", [0, 20]),
    pass(Side::Vtex, Office::Eccosys, "push-stock", [0, 20]),
];

/// At so many operations the power is cut in the short form; in the long one at each.
const CUTS: usize = 40;
/// After so many documents were moved away the runs go on in the short form; in the long one after each.
const MOVES: usize = 2;

#[test]
fn a_power_cut_at_any_operation_loses_nothing_that_was_acknowledged() {
    if !strace::can_trace("power") {
        return;
    }
    let tried = Tried::default();
    for pass in PASSES.iter().filter(|pass| pass.lives[0] > 0 || torture::is_long()) {
        // Where an order is cancelled and not only announced, if there are both.
        let of_it = |turn: &&Turn| (turn.side(), turn.office, turn.verb) == (pass.side, pass.office, pass.verb);
        let turn = turns().filter(of_it).last().unwrap();
        std::thread::scope(|scope| {
            for half in 0..2 {
                let tried = &tried;
                scope.spawn(move || cut_half_of(pass, turn, half, tried));
            }
        });
    }
    let [points, cuts, lives] = [tried.points, tried.cuts, tried.lives].map(AtomicUsize::into_inner);
    let told =
        format!("{cuts} different disks after a power cut before {points} operations, {lives} of them lived on with");
    torture::held("power", cuts, told);
}

/// What was tried.
#[derive(Default)]
struct Tried {
    points: AtomicUsize,
    cuts: AtomicUsize,
    lives: AtomicUsize,
    seen: Mutex<BTreeSet<u64>>,
}

/// Records the verb and cuts the power before every other of its operations, beginning with the first or the second.
fn cut_half_of(pass: &Pass, turn: &'static Turn, half: usize, tried: &Tried) {
    let recording = Recording::of(turn, pass.is_first);
    let (most, moves) = if torture::is_long() { (usize::MAX, usize::MAX) } else { (CUTS, MOVES) };
    let points = recording.points(most);
    let [short, long] = pass.lives;
    let step = points.len().div_ceil(torture::cases(short, long).max(1) as usize);
    let even = points.into_iter().enumerate().map(|(n, point)| (point, (n / 2).is_multiple_of(step)));
    let moves = recording.moves().into_iter().take(moves).map(|point| (point, true));
    for (point, live_on) in moves.chain(even).skip(half).step_by(2) {
        tried.points.fetch_add(1, Ordering::SeqCst);
        cut_at(&recording, point, live_on, tried);
    }
}

/// Cuts the power before that operation in all ways. A disk and a world that were seen already are not tried again.
fn cut_at(recording: &Recording, point: usize, live_on: bool, tried: &Tried) {
    let seed = any(point as u64);
    let other = any(seed);
    let cuts = [Cut::Nothing, Cut::Everything, Cut::Some(seed), Cut::Torn(seed), Cut::Some(other), Cut::Torn(other)];
    let cuts = &cuts[..if recording.is_first { 6 } else { 4 }];
    for (n, cut) in (0u64..).zip(cuts.iter().copied()) {
        let arrives = any(seed ^ n).is_multiple_of(2);
        let (files, world) = (recording.files(point, cut), recording.world(point, arrives));
        let mut hasher = DefaultHasher::new();
        (recording.number, &files, world).hash(&mut hasher);
        if !tried.seen.lock().unwrap().insert(hasher.finish()) {
            continue;
        }
        let told = format!("{} cut before {}, {cut:?}", recording.turn, recording.tell(point));
        tried.cuts.fetch_add(1, Ordering::SeqCst);
        recording.restore_world(world);
        let records = recording.records_in(&files).unwrap_or_else(|problem| panic!("{told}: {problem}"));
        let found = records::unrecorded(recording.turn.before(), &recording.shop, &records);
        assert_eq!(found, [""; 0], "{told}");
        if live_on {
            tried.lives.fetch_add(1, Ordering::SeqCst);
            recording.restore_files(&files);
            recording.turn.promises_nothing_twice(&recording.shop);
            recording.turn.to_the_end(&recording.shop);
            recording.shop.truth().is(&recording.turn.end, &told);
        }
    }
}
