//! Runs at the same time, as cron makes them when one takes longer than its slot: one does all, any other of the same verb says that
//! it is busy and makes no request, and verbs that differ get along.
//!
//! Judged by the calls the sandbox counted and by what both sides were told in the end.

use std::process::{Child, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::day::{Turn, turns};
use crate::office::Office;
use crate::sandbox::{Fault, Kind};
use crate::shop::{Shop, wait_until};
use crate::torture;

const VERBS: [&str; 6] =
    ["import-orders", "sync-payments", "auto-cancel", "push-invoices", "push-tracking", "push-stock"];

/// Tries so many cases, over the turns of all verbs.
fn try_all(number: u32, case: impl Fn(&Turn, usize) + Sync) {
    let turns: Vec<&Turn> = turns().collect();
    let numbers: Vec<usize> = (0..usize::try_from(number).unwrap()).collect();
    torture::each(&numbers, |at| case(turns[at * 7 % turns.len()], *at));
}

fn start(turn: &Turn, shop: &Shop, verb: &str) -> Child {
    shop.command(&turn.side().args(verb)).spawn().unwrap()
}

/// Calls that both sides counted.
fn calls(turn: &Turn, shop: &Shop) -> u64 {
    turn.side().calls(shop) + shop.erp_calls()
}

fn summary(output: &Output) -> serde_json::Value {
    let told = output.stdout.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty());
    let told = told.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_slice(told).unwrap()
}

fn calls_told(summary: &serde_json::Value) -> u64 {
    summary["calls"].as_u64().unwrap() + summary["erp_calls"].as_u64().unwrap()
}

/// Of two runs of one verb that were begun at once: one was busy, and between them they made the calls that one makes. On a machine with
/// much else to do one may be over before the other begins; then they never were at it together. Says whether they were.
fn one_did_it(turn: &Turn, shop: &Shop, ended: [Output; 2], calls: u64) -> bool {
    // One that took documents before, and had to leave one, says that instead: its pass was busy all the same.
    let is_busy = |output: &Output| summary(output)["exit_code"] == 11;
    let [first, second] = ended;
    let (did, busy) = if is_busy(&first) { (second, first) } else { (first, second) };
    assert!(matches!(did.status.code(), Some(0 | 3 | 5)), "{turn}: {did:?}");
    if !is_busy(&busy) {
        assert!(!ran_at_once(turn, shop), "{turn}: two runs at once, and none of them busy");
        return false;
    }
    let (told, one_makes) = (summary(&busy), u64::from(turn.calls + turn.erp_calls));
    assert_eq!(calls_told(&told), 0, "{turn}");
    assert!(calls <= one_makes, "{turn}: {calls} calls, one run makes {one_makes}");
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("is active (pid ") || message.contains("has not said who it is"), "{message}");
    true
}

/// Whether one of the verb's last two runs began before the other was over.
fn ran_at_once(turn: &Turn, shop: &Shop) -> bool {
    let sql = "SELECT coalesce(max(started_at) < min(ended_at), 1) FROM (
                   SELECT started_at, ended_at FROM runs WHERE pass = ?1 ORDER BY id DESC LIMIT 2)";
    shop.database("vaivem.db").query_row(sql, [turn.verb], |row| row.get(0)).unwrap()
}

/// Both sides take their time, so that one run is still at it when the other begins.
fn slow_down(turn: &Turn, shop: &Shop) {
    let slowly = || vec![Fault::always(Kind::SlowMs(15))];
    turn.side().strike(shop, slowly());
}

#[test]
fn of_two_runs_of_a_verb_one_does_all_and_the_other_makes_no_request() {
    let pairs = torture::cases(8, 500);
    let at_once = AtomicUsize::new(0);
    try_all(pairs, |turn, _| {
        let shop = turn.begin();
        slow_down(turn, &shop);
        let before = calls(turn, &shop);
        let both = [start(turn, &shop, turn.verb), start(turn, &shop, turn.verb)];
        let ended = both.map(|child| child.wait_with_output().unwrap());
        let were_at_once = one_did_it(turn, &shop, ended, calls(turn, &shop) - before);
        at_once.fetch_add(usize::from(were_at_once), Ordering::SeqCst);
        turn.side().calm(&shop);
        turn.to_the_end(&shop);
        // The one that is busy may have taken a carrier's document that the other did not see.
        let truth = shop.truth().without_the_way_to_deliveries();
        truth.is(&turn.end, &format!("two runs at once of {turn}"));
    });
    let at_once = at_once.into_inner();
    assert!(at_once * 2 > usize::try_from(pairs).unwrap(), "only {at_once} of {pairs} pairs were at it at once");
    torture::held("overlap", at_once, "pairs of one verb at once: one does all, the other makes no request");
}

#[test]
fn six_verbs_at_once_get_along() {
    let rounds = torture::cases(2, 50);
    try_all(rounds, |turn, at| {
        let shop = turn.begin();
        let runs: Vec<Child> =
            (0..VERBS.len()).map(|verb| start(turn, &shop, VERBS[(at + verb) % VERBS.len()])).collect();
        for run in runs {
            let ended = run.wait_with_output().unwrap();
            // Auto-cancel may find that payments were not synced yet, and says so.
            assert!(matches!(ended.status.code(), Some(0 | 3 | 5 | 6)), "{turn}: {ended:?}");
        }
        shop.truth().has_no_doubles();
        turn.promises_nothing_twice(&shop);
        turn.to_the_end(&shop);
        let _ = turn.sync(&shop).exits(3);
        let truth = shop.truth();
        truth.has_no_doubles();
        // Of a carrier's files one may have been read by then and the next not yet: a delivery is told in two steps then.
        let (truth, end) = (truth.without_the_way_to_deliveries(), turn.end.clone().without_the_way_to_deliveries());
        truth.is(&end, &format!("six verbs at once at {turn}"));
    });
    torture::held(
        "overlap",
        usize::try_from(rounds).unwrap(),
        "times six verbs at once: nothing twice, and the day goes on",
    );
}

#[test]
fn a_run_that_stands_still_keeps_its_verb_to_itself() {
    let rounds = torture::cases(4, 50);
    let still = Duration::from_millis(150);
    try_all(rounds, |turn, at| {
        let shop = turn.begin();
        slow_down(turn, &shop);
        let holder = start(turn, &shop, turn.verb);
        // It may have called before, to tell the ERP of deliveries.
        let (lock, pid) =
            (format!("vaivem.db.locks/{}.{}", turn.verb, turn.side().channel()), format!("pid {},", holder.id()));
        wait_until("its lock", || std::fs::read_to_string(shop.path(&lock)).is_ok_and(|told| told.starts_with(&pid)));
        // A long stop makes calls in flight time out, which is another matter; one in ten is of ten seconds all the same.
        let is_long = torture::is_long() && at % 10 == 0;
        let pid = Pid::from_raw(holder.id().cast_signed()).unwrap();
        kill_process(pid, Signal::STOP).unwrap();
        // What it had sent by then may still arrive.
        std::thread::sleep(if is_long { Duration::from_secs(10) } else { still });
        let in_between = calls(turn, &shop);
        let other = start(turn, &shop, turn.verb).wait_with_output().unwrap();
        assert_eq!(summary(&other)["exit_code"], 11, "{turn}: {other:?}");
        assert_eq!((calls(turn, &shop), calls_told(&summary(&other))), (in_between, 0), "{turn}");
        kill_process(pid, Signal::CONT).unwrap();
        let ended = holder.wait_with_output().unwrap();
        // What it waited for may have come too late for it; the next run goes on.
        assert!(matches!(ended.status.code(), Some(0 | 3 | 5)), "{turn}: {ended:?}");
        turn.side().calm(&shop);
        turn.to_the_end(&shop);
        shop.truth().is(&turn.end, &format!("a run stood still at {turn}"));
    });
    torture::held(
        "overlap",
        usize::try_from(rounds).unwrap(),
        "runs stopped with SIGSTOP, each still alone with its verb",
    );
}

/// Were every other guard to fail, and two runs to write the same thing at once, the file would not have it.
#[test]
fn the_files_themselves_refuse_a_double() {
    let doubles = [
        ("ledger.db", "orders", "id"),
        ("ledger.db", "invoices", "id"),
        ("vaivem.db", "orders", "id"),
        ("vaivem.db", "journal", "id"),
    ];
    let turn = turns().find(|turn| turn.verb == "push-tracking" && turn.office == Office::Ledger).unwrap();
    let shop = turn.begin();
    for (file, table, row) in doubles {
        let database = shop.database(file);
        let columns = "SELECT group_concat(name, ', ') FROM pragma_table_info(?1) WHERE name <> ?2";
        let columns: String = database.query_row(columns, (table, row), |found| found.get(0)).unwrap();
        let again =
            database.execute(&format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} LIMIT 1"), []);
        let error = again.expect_err(&format!("{file}: a second row of {table}"));
        assert_eq!(
            error.sqlite_error_code(),
            Some(rusqlite::ErrorCode::ConstraintViolation),
            "{file}, {table}: {error}"
        );
    }
    torture::held("overlap", doubles.len(), "keys of which the files have no second row");
}
