//! Clocks that are wrong: this machine's by up to 400 days, by an hour in the middle of a run, a platform's by a day; the days on
//! which São Paulo's clocks were put forward and back; and orders of the same second. No order is lost, nothing is cancelled before
//! its time, and nothing at all while the clocks differ. What was dated by a wrong clock may leave less to be bought than there is, and
//! never more.
//!
//! Needs `faketime` (Debian's, `apt-get install faketime`), whose library shows the program another time; without it the tests say
//! that they are skipped.

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::America::Sao_Paulo;

use super::disturbed::{Case, ended_well, try_each};
use crate::sandbox::{AnyOrderSeed, Payment};
use crate::shop::{Ran, Shop, paid, ran};
use crate::side::Side;
use crate::torture;

/// The library that shows another time, where it is installed.
pub fn faketime() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    folders.map(|folder| folder.path().join("faketime/libfaketime.so.1")).find(|library| library.exists())
}

/// The program sees a time that is so far off; how long things take stays true, and so do the times of files.
fn off_by(shop: &Shop, args: &[&str], library: &Path, off: TimeDelta) -> Command {
    let mut command = shop.command(args);
    command.env("LD_PRELOAD", library).env("FAKETIME", format!("{:+}", off.num_seconds()));
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("NO_FAKE_STAT", "1");
    command
}

fn run_off_by(shop: &Shop, args: &[&str], library: &Path, off: TimeDelta) -> Ran {
    ran(off_by(shop, args, library, off).output().unwrap())
}

#[test]
fn a_wrong_clock_loses_no_order_and_cancels_none() {
    let Some(library) = faketime() else { return println!("skipped: there is no libfaketime here") };
    let cases = torture::cases(16, 300);
    try_each(cases, 4, |mut case| match case.number % 4 {
        0 => the_platforms_clock_is_wrong(&mut case),
        1 => it_jumps_in_the_middle(&mut case, &library),
        2 if case.number % 8 == 2 => what_comes_meanwhile_is_seen(&mut case, &library),
        _ => this_clock_is_wrong(&mut case, &library),
    });
    torture::held("clock", cases as usize, "runs by a wrong clock: off by up to 400 days, or by an hour of a sudden");
}

/// Days for the most part, minutes now and then, and where it is about to matter.
fn any_error(case: &mut Case) -> TimeDelta {
    match case.random.u8(..4) {
        0 => TimeDelta::minutes(case.random.i64(-180..180)),
        1 => *case.any(&[TimeDelta::days(400), TimeDelta::days(-400), TimeDelta::days(1), TimeDelta::days(-1)]),
        _ => TimeDelta::minutes(case.random.i64(-400 * 1_440..400 * 1_440)),
    }
}

/// More than this is too far off to cancel by; what is close to it may go either way.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

fn this_clock_is_wrong(case: &mut Case, library: &Path) {
    let off = any_error(case);
    // What must not happen by a wrong clock is tried the most.
    let turn = if case.random.bool() { case.turn_of("auto-cancel") } else { case.turn() };
    let told = format!("{turn}, off by {} min", off.num_minutes());
    let shop = turn.begin();
    let before = turn.effects(&shop);
    let ran = run_off_by(&shop, &turn.side().args(turn.verb), library, off);
    turn.tells_the_truth_by_a_wrong_clock(&shop, &ran, &told);
    if turn.verb == "auto-cancel" && off.abs() > TOLERANCE + TimeDelta::minutes(1) {
        assert_eq!(turn.effects(&shop), before, "{told}: {ran:?}");
    }
    if case.random.bool() {
        ended_well(&run_off_by(&shop, &turn.side().args("sync"), library, off), &told);
    }
    turn.recovers_promising_less(&shop);
}

fn the_platforms_clock_is_wrong(case: &mut Case) {
    let off = *case.any(&[TimeDelta::days(1), TimeDelta::days(-1), TimeDelta::hours(1), TimeDelta::minutes(-7)]);
    let turn = if case.random.bool() { case.turn_of("auto-cancel") } else { case.turn() };
    let told = format!("{turn}, the platform's clock is off by {} min", off.num_minutes());
    let shop = turn.begin();
    let set = |off| {
        shop.vtex(|v| v.date_error = off);
        shop.hub(|a| a.date_error = off);
        shop.eccosys(|e| e.date_error = off);
    };
    set(off);
    let before = turn.effects(&shop);
    let ran = shop.run(&turn.side().args(turn.verb));
    turn.tells_the_truth_by_a_wrong_clock(&shop, &ran, &told);
    if turn.verb == "auto-cancel" {
        assert_eq!((turn.effects(&shop), ran.code), (before, Some(6)), "{told}: {ran:?}");
    }
    set(TimeDelta::zero());
    turn.recovers(&shop);
}

/// Somebody, or something, sets the clock while the program runs.
fn it_jumps_in_the_middle(case: &mut Case, library: &Path) {
    let turn = case.turn();
    let jump = *case.any(&["+3600", "-3600"]);
    let at = case.random.u32(1..turn.calls.max(2));
    let shop = turn.begin();
    let told = format!("{turn}, set by {jump} s at call {at}");
    let file = shop.path("clock");
    std::fs::write(&file, "+0").unwrap();
    let (hands, mut calls) = (file.clone(), 0);
    turn.side().on_call(&shop, move |_, _| {
        calls += 1;
        if calls == 2 * at {
            std::fs::write(&hands, jump).unwrap();
        }
        true
    });
    let mut command = off_by(&shop, &turn.side().args(turn.verb), library, TimeDelta::zero());
    command.env_remove("FAKETIME").env("FAKETIME_TIMESTAMP_FILE", &file).env("FAKETIME_NO_CACHE", "1");
    turn.tells_the_truth_by_a_wrong_clock(&shop, &ran(command.output().unwrap()), &told);
    turn.side().unwatched(&shop);
    std::fs::remove_file(&file).unwrap();
    turn.recovers_promising_less(&shop);
}

/// An order that comes after a run by a wrong clock, and of which the feed says nothing.
fn what_comes_meanwhile_is_seen(case: &mut Case, library: &Path) {
    let (side, off) = (*case.any(&Side::BOTH), any_error(case));
    let shop = side.shop("");
    let early = side.paid(&shop);
    ended_well(&run_off_by(&shop, &side.args("import-orders"), library, off), &format!("{side:?} {off}"));
    let late = side.paid(&shop);
    side.lose_feed(&shop);
    shop.end_pauses();
    let _ = side.run(&shop, "import-orders").exits(0);
    let erp = shop.erp();
    for id in [early, late] {
        assert_eq!(erp.get(&id).map(Vec::len), Some(1), "order {id} of {side:?}, off by {} min", off.num_minutes());
    }
}

#[test]
fn an_order_that_only_the_list_shows_is_not_passed_over_by_a_clock_that_was_ahead() {
    let Some(library) = faketime() else { return println!("skipped: there is no libfaketime here") };
    // So far ahead that what was placed just now is older than the list reaches; and no feed tells the time before the list does.
    for (side, days, set_up) in [(Side::Hub, 150, ""), (Side::Vtex, 900, ""), (Side::Vtex, 900, "feed = \"off\"")] {
        let shop = side.shop(set_up);
        // Older than what is swept once a day in any case.
        let id = placed_at(&shop, side, Utc::now() - TimeDelta::days(10));
        side.lose_feed(&shop);
        ended_well(&run_off_by(&shop, &side.args("import-orders"), &library, TimeDelta::days(days)), set_up);
        shop.end_pauses();
        let _ = side.run(&shop, "import-orders").exits(0);
        assert_eq!(shop.erp().get(&id).map(Vec::len), Some(1), "order {id} of {side:?} {set_up}");
    }
}

/// Each step in Eccosys is carried on by a right clock, whatever a wrong one saw before it, or of it.
#[test]
fn an_order_goes_all_the_way_in_eccosys_whatever_a_wrong_clock_saw() {
    let Some(library) = faketime() else { return println!("skipped: there is no libfaketime here") };
    for (days, sees_it) in [(400, false), (400, true), (-400, false), (-400, true)] {
        let shop = Shop::on_eccosys("auto_cancel = { enabled = true }");
        shop.vtex(|v| {
            v.configure_needed_feed();
        });
        let (id, gone) = (shop.place(paid()), shop.place(paid()));
        let _ = shop.run(&["import-orders"]).exits(0);
        let told = format!("{days} days off, sees it: {sees_it}");
        let step = |verb: &str, happens: &dyn Fn()| {
            let wrong = || ended_well(&run_off_by(&shop, &[verb], &library, TimeDelta::days(days)), &told);
            if sees_it {
                happens();
                wrong();
            } else {
                wrong();
                happens();
            }
            shop.end_pauses();
            shop.run(&[verb])
        };
        let ran = step("auto-cancel", &|| shop.cancel_in_office(&gone, "sem estoque"));
        // Announced by one run, cancelled by the next.
        let _ = shop.run(&["auto-cancel"]);
        // Last seen alive by a clock that was behind, it may have been paid after it was cancelled, which is for a person to judge.
        if days < 0 && !sees_it {
            assert_eq!(ran.order(&gone)["reason"]["code"], "paid_after_cancellation", "{told}");
        } else {
            assert_eq!(shop.vtex(|v| v.order(&gone).status.clone()), "canceled", "{told}");
        }
        let _ = step("push-invoices", &|| shop.eccosys(|e| drop(e.invoice(&id, 101))));
        assert_eq!(shop.vtex(|v| v.order(&id).status.clone()), "invoiced", "{told}");
        let _ = step("push-tracking", &|| {
            shop.eccosys(|e| e.track(&id, "BR101", "https://rastro.example/BR101", "Correios"));
        });
        assert_eq!(shop.tracked(&id).0, ["BR101"], "{told}");
        let _ = step("push-tracking", &|| shop.eccosys(|e| e.deliver(&id, Utc::now() - TimeDelta::minutes(1))));
        assert!(shop.packages(&id)[0].delivered.is_some(), "{told}");
    }
}

fn placed_at(shop: &Shop, side: Side, at: DateTime<Utc>) -> String {
    match side {
        Side::Vtex => shop.place(paid().created(at)),
        Side::Hub => shop.hub(|a| a.place(AnyOrderSeed::new().sku("CAMISETA-P", 4_990, 1).created(at))).to_string(),
    }
}

#[test]
fn orders_of_the_same_second_are_all_seen_whenever_they_show() {
    for side in Side::BOTH {
        let shop = side.shop("");
        let second = Utc::now() - TimeDelta::seconds(2);
        let mut ids = Vec::new();
        // Each run sees some of them; the feed knows of none.
        for _ in 0..3 {
            ids.extend((0..4).map(|_| placed_at(&shop, side, second)));
            side.lose_feed(&shop);
            let _ = side.run(&shop, "import-orders").exits(0);
        }
        let erp = shop.erp();
        assert!(ids.iter().all(|id| erp.get(id).is_some_and(|found| found.len() == 1)), "{side:?}: {ids:?}, {erp:?}");
    }
}

/// Days on which São Paulo's clocks were put forward, when midnight did not come, or back, when it came twice; and the first spring in
/// which they were left alone.
const CHANGES: [&str; 5] = ["2017-10-15", "2018-02-18", "2018-11-04", "2019-02-17", "2019-11-03"];

#[test]
fn no_boleto_is_given_up_early_around_the_days_that_were_longer_or_shorter() {
    let Some(library) = faketime() else { return println!("skipped: there is no libfaketime here") };
    let cases = torture::cases(5, 50);
    try_each(cases, 2, |mut case| {
        let change: NaiveDate = CHANGES[case.number as usize % CHANGES.len()].parse().unwrap();
        // Due shortly before the change, on it, or shortly after.
        let due = change - Days::new(2) + Days::new(case.random.u64(..4));
        a_boleto_waits_for_its_day(&mut case, &library, due);
    });
    torture::held("clock", cases as usize, "boletos due around a change of daylight saving time");
}

fn a_boleto_waits_for_its_day(case: &mut Case, library: &Path, due: NaiveDate) {
    let shop = Shop::with("import = \"all\"\nreread_paid_after = \"0s\"\nauto_cancel = { enabled = true }");
    shop.reword("since = \"2020-01-01\"", "since = \"2017-01-01\"");
    let placed = midnight(due - Days::new(3));
    let id = shop.place(paid().created(placed + TimeDelta::hours(15)).pending(Payment::boleto(due)));
    let status = |shop: &Shop| shop.vtex(|v| v.order(&id).status.clone());
    let passes = |shop: &Shop, at: DateTime<Utc>| {
        let off = at - Utc::now();
        shop.vtex(|v| v.date_error = off);
        for verb in ["import-orders", "sync-payments", "auto-cancel", "auto-cancel"] {
            let ran = run_off_by(shop, &[verb], library, off);
            assert_eq!(ran.code, Some(0), "{verb} at {at}: {ran:?}");
        }
    };
    // The last minute of the day on which it is due, and any of the day after: a boleto takes a business day to be told of.
    passes(&shop, midnight(due + Days::new(1)) - TimeDelta::minutes(1));
    assert_eq!(status(&shop), "payment-pending", "due on {due}, at the end of it");
    let minutes = case.random.i64(0..24 * 60);
    passes(&shop, midnight(due + Days::new(1)) + TimeDelta::minutes(minutes));
    assert_eq!(status(&shop), "payment-pending", "due on {due}, {minutes} min into the next day");
    passes(&shop, midnight(due + Days::new(14)));
    assert_eq!(status(&shop), "canceled", "due on {due}, two weeks later");
}

/// When a day begins in São Paulo, or where its midnight would have been.
fn midnight(day: NaiveDate) -> DateTime<Utc> {
    let at = day.and_hms_opt(0, 0, 0).unwrap();
    let begins = at.and_local_timezone(Sao_Paulo).earliest();
    begins.map_or_else(|| at.and_utc() + TimeDelta::hours(3), |begins| begins.with_timezone(&Utc))
}
