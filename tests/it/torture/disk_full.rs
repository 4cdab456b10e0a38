//! A disk that is full: state file, ledger and inboxes on one that has only so much room, and then more of it.
//!
//! Whatever a run that ran out of room says must be true, nothing may be acknowledged or done without a record, and with room again
//! the next runs make of it what an undisturbed day makes.
//!
//! Needs leave to mount (root) and Linux' tmpfs; says so and passes where it has not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::day::{Turn, turns};
use crate::shop::copy_folder;
use crate::torture::good_day::GoodDay;
use crate::torture::{self, any};

const KIB: u64 = 1024;
/// The least and the most room beside what is there already.
const ROOM: [u64; 2] = [64 * KIB, 4096 * KIB];
/// An import fills the most; what any other verb needs is less by this.
const LESS: u64 = 8;

#[derive(Debug)]
struct Case {
    turn: usize,
    room: u64,
}

#[test]
fn a_disk_without_room_loses_nothing_and_with_room_again_the_runs_go_on() {
    let place = tempfile::tempdir().unwrap();
    if Mount::on(place.path(), ROOM[1]).is_none() {
        println!("skipped: disk_full needs leave to mount a tmpfs (root)");
        return;
    }
    let turns: Vec<(&Turn, OnceLock<GoodDay>)> = turns().map(|turn| (turn, OnceLock::new())).collect();
    let steps = torture::cases(6, 100);
    let cases: Vec<Case> = (0..steps).flat_map(|step| of_step(&turns, step.into(), steps.into())).collect();
    let full = AtomicUsize::new(0);
    torture::each(&cases, |case| {
        let (turn, good_day) = &turns[case.turn];
        let ran_out = run_out(good_day.get_or_init(|| GoodDay::of(turn)), case.room);
        full.fetch_add(usize::from(ran_out), Ordering::SeqCst);
    });
    let full = full.into_inner();
    assert!(full * 5 >= cases.len(), "only {full} of {} ran out of room", cases.len());
    let told = format!("disks with 64 KiB to 4 MiB of room, less of it for small verbs; {full} runs ran out of it");
    torture::held("disk_full", cases.len(), told);
}

/// An import with so much room, and another verb with less.
fn of_step(turns: &[(&'static Turn, OnceLock<GoodDay>)], step: u64, steps: u64) -> [Case; 2] {
    let room = ROOM[0] + (ROOM[1] - ROOM[0]) * step / (steps - 1).max(1);
    let any_turn = |is_import: bool, room| {
        let of_kind = (0..turns.len()).filter(|n| (turns[*n].0.verb == "import-orders") == is_import);
        let of_kind: Vec<usize> = of_kind.collect();
        let nth = usize::try_from(any(step)).unwrap_or(0) % of_kind.len();
        Case { turn: of_kind[nth], room }
    };
    [any_turn(true, room), any_turn(false, room / LESS)]
}

/// Runs the verb where there is so much room, twice if need be, as cron does, and then where there is enough. Gives whether it ran
/// out.
fn run_out(good_day: &GoodDay, room: u64) -> bool {
    let turn = good_day.turn;
    let told = format!("{turn} with {room} bytes of room");
    let shop = turn.begin();
    let kept = tempfile::tempdir().unwrap();
    copy_folder(&shop.path(""), kept.path());
    let disk = Mount::on(&shop.path(""), 64 * ROOM[1]).unwrap();
    copy_folder(kept.path(), &shop.path(""));
    disk.resize(disk.used() + room);
    let run = || good_day.is_like(&shop.command(&turn.side().args(turn.verb)).output().unwrap(), &told);
    let is_like = run();
    if !is_like {
        run();
    }
    disk.resize(64 * ROOM[1]);
    good_day.holds(&shop, is_like, &told);
    // The disk goes before the folder it is on.
    drop(disk);
    !is_like
}

/// A disk in memory.
struct Mount(PathBuf);

impl Mount {
    /// On that folder, whose files are hidden by it; `None` where nobody lets us.
    fn on(folder: &Path, size: u64) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "vaivem-disk-full"]).arg(folder);
        let is_mounted = mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        is_mounted.then(|| Self(folder.to_owned()))
    }

    fn resize(&self, size: u64) {
        let remount = ["-o", &format!("remount,size={size}")];
        assert!(Command::new("mount").args(remount).arg(&self.0).status().unwrap().success());
    }

    /// Bytes in use, in whole pages as they are counted.
    fn used(&self) -> u64 {
        let asked = Command::new("stat").args(["-f", "-c", "%b %f %S"]).arg(&self.0).output().unwrap();
        let text = String::from_utf8(asked.stdout).unwrap();
        let numbers: Vec<u64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
        (numbers[0] - numbers[1]) * numbers[2]
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Even while something still has a file open on it.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
