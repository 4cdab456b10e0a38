//! Intake: what the list and the feed get wrong, sweeps that take several runs, a cut-off date that moves, clocks and full disks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::sandbox::{Call, Effect, Fault, HookAction, Kind, OrderSeed, Payment, Phase};
use crate::shop::{Ran, Shop, paid};

const LIST: &str = "/api/oms/pvt/orders?";

fn answer(code: u16, body: &str) -> Kind {
    Kind::Status { code, retry_after: crate::sandbox::RetryAfter::Absent, body: body.into() }
}

fn listing(orders: &[&str], total: usize) -> Kind {
    let list: Vec<Value> = orders.iter().map(|id| json!({"orderId": id, "status": "ready-for-handling"})).collect();
    answer(200, &json!({"list": list, "paging": {"total": total}}).to_string())
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The text of a warning, if the run gave it.
fn warning(ran: &Ran, code: &str) -> Option<String> {
    let found = ran.records().into_iter().find(|record| record["type"] == "warning" && record["code"] == code);
    found.map(|record| record["text"].as_str().unwrap().to_owned())
}

fn cursor(shop: &Shop, name: &str) -> Option<DateTime<Utc>> {
    let state = shop.database("vaivem.db");
    let at = state.query_row("SELECT at FROM cursors WHERE name = ?1", [name], |row| row.get::<_, i64>(0)).ok();
    at.map(|at| DateTime::from_timestamp_millis(at).unwrap())
}

/// Replaces a text in the configuration.
fn edit(shop: &Shop, old: &str, new: &str) {
    let text = std::fs::read_to_string(shop.path("vaivem.toml")).unwrap();
    assert!(text.contains(old), "{text}");
    std::fs::write(shop.path("vaivem.toml"), text.replace(old, new)).unwrap();
}

/// Where each listing began, in the order of the calls.
fn listed_from(shop: &Shop) -> Vec<DateTime<Utc>> {
    shop.vtex(|v| {
        let starts = v.calls_of("GET", LIST).into_iter().map(|call| {
            let (_, range) = call.path.split_once("creationDate%3A%5B").unwrap();
            at(&range[..range.find("Z").unwrap() + 1].replace("%3A", ":"))
        });
        starts.collect()
    })
}

/// Kills a run at the first call that is the one meant.
fn killed_at(shop: &Shop, meant: impl Fn(&Call, Phase) -> bool + Send + 'static) {
    let victim = Arc::new(Mutex::new(None::<std::process::Child>));
    let struck = Arc::clone(&victim);
    shop.vtex(|v| {
        v.on_call = Some(Box::new(move |call, phase| {
            if !meant(call, phase) {
                return HookAction::Go;
            }
            // The call may come before the test has the child in its hands.
            loop {
                if let Some(child) = struck.lock().unwrap().as_mut() {
                    child.kill().unwrap();
                    return HookAction::Drop;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }));
    });
    let child = shop.command(&["import-orders"]).spawn().unwrap();
    *victim.lock().unwrap() = Some(child);
    let status = loop {
        let ended = victim.lock().unwrap().as_mut().unwrap().try_wait().unwrap();
        if let Some(status) = ended {
            break status;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert_eq!(status.code(), None, "it lived");
    shop.vtex(|v| v.on_call = None);
}

#[test]
fn a_list_answer_that_lacks_something_is_never_taken_for_no_orders() {
    let shop = Shop::with("feed = \"off\"");
    let _ = shop.import().exits(0);
    let before = cursor(&shop, "list");
    let id = shop.place(paid());
    for (body, missing) in [
        ("{}", "`list`"),
        (r#"{"list": null, "paging": {"total": 0}}"#, "`list`"),
        (r#"{"list": {}, "paging": {"total": 0}}"#, "`list`"),
        (r#"{"list": []}"#, "`paging`"),
        (r#"{"list": [], "paging": null}"#, "`paging`"),
        (r#"{"list": [], "paging": {"pages": 0}}"#, "`total`"),
        (r#"{"list": [], "paging": {"total": null}}"#, "`paging.total`"),
        (r#"{"list": [{"status": "handling"}], "paging": {"total": 1}}"#, "`orderId`"),
        (r#"{"list": [{"orderId": " "}], "paging": {"total": 1}}"#, "`list[0].orderId`"),
        ("[]", "list orders failed"),
    ] {
        shop.vtex(|v| v.faults.push(Fault::next(1, answer(200, body)).on("GET", LIST)));
        let ran = shop.import().exits(5);
        let text = warning(&ran, "list_failed").unwrap_or_else(|| panic!("{body}: {ran:?}"));
        assert!(text.contains(missing), "{body}: {text}");
        assert_eq!(cursor(&shop, "list"), before, "{body}");
    }
    let _ = shop.import().exits(0);
    assert_eq!(shop.erp()[&id].len(), 1);
}

#[test]
fn pages_that_show_fewer_orders_than_the_list_counts_are_an_error() {
    let shop = Shop::with("feed = \"off\"");
    let _ = shop.import().exits(0);
    let before = cursor(&shop, "list");
    let (shown, hidden) = (shop.place(paid()), shop.place(paid()));
    // The same order twice is one. It is listed three times before that is believed.
    shop.vtex(|v| v.faults.push(Fault::next(3, listing(&[&shown, &shown], 2)).on("GET", LIST)));
    let ran = shop.import().exits(5);
    let text = warning(&ran, "list_failed").unwrap();
    assert!(text.contains("2 orders") && text.contains("show 1"), "{text}");
    assert_eq!(cursor(&shop, "list"), before);
    assert_eq!(shop.erp().keys().collect::<Vec<_>>(), [&shown], "what was shown goes on");
    let _ = shop.import().exits(0);
    assert!(shop.erp().contains_key(&hidden));
}

#[test]
fn an_order_that_slips_between_the_pages_is_found_by_listing_again() {
    let shop = Shop::with("feed = \"off\"");
    let (shown, slipped) = (shop.place(paid()), shop.place(paid()));
    shop.vtex(|v| v.faults.push(Fault::next(2, listing(&[&shown], 2)).on("GET", LIST)));
    let ran = shop.import().exits(0);
    assert_eq!(warning(&ran, "list_failed"), None);
    assert!(shop.erp().contains_key(&slipped));
}

/// More orders than are listed at once, cancelled ones of two years, so that the sweep divides them.
fn two_years(shop: &Shop, orders: u32) {
    shop.vtex(|v| {
        let start = v.now() - TimeDelta::days(700);
        for n in 0..orders {
            v.place(
                paid()
                    .status("canceled")
                    .created(start + TimeDelta::hours(i64::from(n) * 700 * 24 / i64::from(orders))),
            );
        }
    });
}

#[test]
fn one_bad_place_in_the_list_does_not_hide_the_orders_created_since() {
    let shop = Shop::with("feed = \"off\"\nin_flight = 16");
    two_years(&shop, 600);
    let id = shop.place(paid());
    // The first call finds too many, the second has the older part.
    shop.vtex(|v| v.faults.push(Fault::next(3, listing(&[], 300)).on("GET", LIST).after(1)));
    let ran = shop.import().exits(5);
    assert!(warning(&ran, "list_failed").is_some());
    assert_eq!(shop.erp()[&id].len(), 1);
    let again = shop.import().exits(0);
    assert!(again.summary()["new"].as_i64().unwrap() > 250, "the older half is swept again");
}

#[test]
fn orders_created_between_two_milliseconds_belong_to_a_window() {
    let shop = Shop::with("feed = \"off\"\nin_flight = 16");
    let first = Utc::now() - TimeDelta::hours(1);
    shop.vtex(|v| {
        for n in 0..600 {
            v.place(paid().status("canceled").created(first + TimeDelta::microseconds(n * 20)));
        }
    });
    assert_eq!(shop.import().exits(0).summary()["new"], 600);
}

#[test]
fn more_orders_in_an_instant_than_the_list_shows_are_an_error_that_says_so() {
    let shop = Shop::with("feed = \"off\"");
    shop.vtex(|v| v.faults.push(Fault::always(listing(&[], 3_001)).on("GET", LIST)));
    let ran = shop.import().exits(5);
    let text = warning(&ran, "list_failed").unwrap();
    assert!(text.contains("3001 orders") && text.contains("one millisecond") && text.contains("3000"), "{text}");
    assert!(ran.summary()["calls"].as_i64().unwrap() < 60, "a list that cannot be divided is given up");
}

#[test]
fn a_long_first_sweep_goes_on_where_it_was_cut_short() {
    let shop = Shop::with("feed = \"off\"\nin_flight = 16");
    two_years(&shop, 1_100);
    let paid_long_ago = shop.place(paid().created(Utc::now() - TimeDelta::days(699)));
    let paid_today = shop.place(paid());
    // Killed in the middle: the second window is under way.
    let third = std::sync::atomic::AtomicU32::new(0);
    killed_at(&shop, move |call, phase| {
        let is_it = phase == Phase::AfterEffect && call.path.contains(LIST) && call.path.contains("page=3");
        is_it && third.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 1
    });
    let reached = cursor(&shop, "list").unwrap();
    assert!(reached > Utc::now() - TimeDelta::days(690), "{reached}");
    // Short of time: half of it for the list, the rest for the orders.
    shop.vtex(|v| {
        v.calls.clear();
        v.faults.push(Fault::always(Kind::SlowMs(2_500)).on("GET", LIST));
    });
    let _ = shop.run(&["import-orders", "--max-duration", "9s"]).exits(10);
    assert!(listed_from(&shop)[0] >= reached - TimeDelta::minutes(31), "it does not begin again at the start");
    assert!(cursor(&shop, "list").unwrap() > reached);
    assert_eq!(shop.take_overs(&paid_long_ago), 1, "orders known already are visited in the same run");
    shop.vtex(|v| v.faults.clear());
    let _ = shop.import().exits(0);
    assert_eq!(shop.take_overs(&paid_today), 1);
    assert_eq!(shop.run(&["orders"]).exits(0).summary()["orders"], 1_102);
}

/// What waits there waits safely; the list and the orders that are known want their part of the time.
#[test]
fn a_feed_that_was_not_read_for_long_keeps_no_order_waiting() {
    let shop = Shop::with("in_flight = 1");
    let _ = shop.import().exits(0);
    let id = shop.place(paid().pending(Payment::pix()));
    let _ = shop.import().exits(0);
    shop.vtex(|v| {
        (0..400).for_each(|n| v.emit_event(&id, &format!("word-{n}")));
        v.approve_payment(&id);
        v.faults.push(Fault::always(Kind::SlowMs(150)).on("GET", "/feed"));
    });
    let _ = shop.run(&["import-orders", "--max-duration", "6s"]).exits(10);
    assert_eq!((shop.take_overs(&id), shop.erp()[&id].len()), (1, 1), "it is visited in the same run");
    shop.vtex(|v| v.faults.clear());
    let _ = shop.import().exits(0);
}

#[test]
fn a_list_that_fails_stops_neither_the_pass_nor_the_others() {
    let shop = Shop::with("feed = \"off\"\nmax_wait = \"1s\"\nstock = { warehouse = \"1_1\" }");
    let id = shop.place(paid().pending(Payment::pix()));
    let _ = shop.import().exits(0);
    for kind in [Kind::status(500), Kind::status(404), Kind::Truncated, answer(200, "no JSON")] {
        shop.vtex(|v| v.faults = vec![Fault::always(kind.clone()).on("GET", LIST)]);
        let ran = shop.import().exits(5);
        assert!(warning(&ran, "list_failed").is_some(), "{kind:?}: {ran:?}");
    }
    shop.vtex(|v| v.approve_payment(&id));
    let ran = shop.run(&["sync"]).exits(5);
    assert_eq!((shop.erp()[&id].len(), shop.take_overs(&id)), (1, 1), "known orders go on");
    let exits: Vec<(String, String)> = ran
        .records()
        .iter()
        .filter(|record| record["type"] == "pass")
        .map(|record| (record["pass"].as_str().unwrap().into(), record["exit"].as_str().unwrap().into()))
        .collect();
    assert_eq!(exits.len(), 6, "{exits:?}");
    assert_eq!(exits[0], ("import-orders".into(), "unavailable".into()));
    assert!(exits[1..].iter().all(|(_, exit)| exit != "unavailable"), "{exits:?}");
    // Refused keys and a host that is away concern every pass.
    for (kind, code) in [(Kind::status(403), 4), (Kind::too_many(60), 5)] {
        shop.vtex(|v| v.faults = vec![Fault::always(kind).on("GET", LIST)]);
        let ran = shop.run(&["sync"]).exits(code);
        assert_eq!(ran.records().iter().filter(|record| record["type"] == "pass").count(), 1, "{}", ran.stdout);
    }
}

#[test]
fn a_backfill_stops_at_the_cutoff_and_says_so() {
    let shop = Shop::new();
    edit(&shop, "since = \"2020-01-01\"", "since = \"2026-05-11\"");
    let before = shop.place(paid().created(at("2026-05-11T02:59:59Z")));
    let after = shop.place(paid().created(at("2026-05-11T03:00:00Z")));
    let ran = shop.run(&["import-orders", "--since", "2026-05-10", "--until", "2026-05-12"]).exits(0);
    assert!(warning(&ran, "backfill_clipped").unwrap().contains("2026-05-11"));
    assert!(listed_from(&shop).iter().all(|from| *from == at("2026-05-11T03:00:00Z")));
    assert!(shop.erp().contains_key(&after) && !shop.erp().contains_key(&before));
    let ran = shop.run(&["import-orders", "--since", "2026-05-11"]).exits(0);
    assert_eq!(warning(&ran, "backfill_clipped"), None);
    shop.vtex(|v| v.calls.clear());
    let ran = shop.run(&["import-orders", "--until", "2026-05-09", "--since", "2026-05-01"]).exits(0);
    assert!(warning(&ran, "backfill_clipped").is_some());
    let ran = shop.run(&["import-orders", "--until", "2026-05-09"]).exits(0);
    assert!(warning(&ran, "backfill_clipped").is_some());
    assert!(listed_from(&shop).is_empty());
}

#[test]
fn a_cutoff_that_is_set_ahead_lets_go_of_nothing_that_waits() {
    let shop = Shop::new();
    let created = |seed: OrderSeed| seed.created(at("2026-05-08T12:00:00Z"));
    let boleto = shop.place(created(paid()).pending(Payment::boleto("2030-01-10".parse().unwrap())));
    let held = shop.place(created(paid()).carrier("Jadlog", "9", "Jadlog"));
    let unread = shop.place(created(paid()));
    let fault = Fault::always(Kind::status(500)).on("GET", &format!("/api/oms/pvt/orders/{unread}"));
    shop.vtex(|v| v.faults.push(fault));
    let _ = shop.import().exits(3);
    edit(&shop, "since = \"2020-01-01\"", "since = \"2026-05-11\"");
    shop.vtex(|v| v.faults.clear());
    let ran = shop.import().exits(3);
    assert_eq!(ran.order(&held)["reason"]["code"], "carrier_unmapped");
    // Of one that was never read nobody knows whether it was to come in.
    assert_eq!(ran.order(&unread)["reason"]["code"], "before_cutoff");
    shop.vtex(|v| v.approve_payment(&boleto));
    edit(&shop, "\"Correios PAC\" = \"Correios\"", "\"Correios PAC\" = \"Correios\"\n\"Jadlog\" = \"Jadlog\"");
    let _ = shop.import().exits(0);
    assert_eq!(shop.erp().keys().collect::<std::collections::BTreeSet<_>>(), [&boleto, &held].into());
}

#[test]
fn a_cutoff_that_is_set_back_brings_in_what_it_kept_out() {
    let shop = Shop::new();
    edit(&shop, "since = \"2020-01-01\"", "since = \"2026-05-11\"");
    let _ = shop.import().exits(0);
    let unseen = shop.place(paid().created(at("2026-05-08T12:00:00Z")));
    shop.vtex(|v| v.feed.clear());
    let skipped = shop.place(paid().created(at("2026-05-09T12:00:00Z")));
    let older = shop.place(paid().created(at("2026-05-01T12:00:00Z")));
    let ran = shop.import().exits(0);
    assert_eq!(ran.order(&skipped)["reason"]["code"], "before_cutoff");
    assert!(shop.erp().is_empty());
    edit(&shop, "since = \"2026-05-11\"", "since = \"2026-05-08\"");
    let ran = shop.import().exits(0);
    let text = warning(&ran, "cutoff_moved").unwrap();
    assert!(text.contains("2026-05-08") && text.contains("1 order skipped"), "{text}");
    assert_eq!(shop.erp().keys().collect::<std::collections::BTreeSet<_>>(), [&unseen, &skipped].into());
    assert!(!shop.erp().contains_key(&older));
    let quiet = shop.import().exits(0);
    assert_eq!(warning(&quiet, "cutoff_moved"), None);
    // Forward and back again: what was skipped meanwhile comes in as well.
    edit(&shop, "since = \"2026-05-08\"", "since = \"2026-05-11\"");
    let meanwhile = shop.place(paid().created(at("2026-05-10T12:00:00Z")));
    let _ = shop.import().exits(0);
    assert!(!shop.erp().contains_key(&meanwhile));
    edit(&shop, "since = \"2026-05-11\"", "since = \"2026-05-08\"");
    let _ = shop.import().exits(0);
    assert!(shop.erp().contains_key(&meanwhile));
}

#[test]
fn a_feed_is_not_overwritten_because_a_proxy_says_404() {
    let config = "/api/orders/feed/config";
    let once = Fault::next(1, Kind::status(404)).on("GET", config);
    let in_prose = Fault::always(answer(404, "404 page not found")).on("GET", config);
    for (fault, code) in [(once, "feed_foreign"), (in_prose, "feed_failed")] {
        let shop = Shop::new();
        shop.vtex(|v| {
            v.configure_feed(&["invoiced"]);
            v.faults.push(fault);
        });
        let id = shop.place(paid());
        let ran = shop.import().exits(0);
        assert!(warning(&ran, code).is_some(), "{ran:?}");
        assert!(shop.vtex(|v| v.effects.iter().all(|effect| !matches!(effect, Effect::FeedConfigured))));
        assert_eq!(shop.erp()[&id].len(), 1, "found by the list");
    }
}

#[test]
fn a_feed_that_cannot_be_read_is_told_and_not_taken_for_an_empty_one() {
    let shop = Shop::new();
    let _ = shop.import().exits(0);
    shop.vtex(|v| v.faults.push(Fault::next(1, Kind::status(404)).on("GET", "/api/orders/feed?")));
    let ran = shop.import().exits(0);
    assert!(warning(&ran, "feed_failed").is_some(), "{ran:?}");
}

#[test]
fn a_crash_when_the_feed_is_made_again_leaves_the_wide_sweep_due() {
    for phase in [Phase::BeforeEffect, Phase::AfterEffect] {
        let shop = Shop::new();
        let _ = shop.import().exits(0);
        shop.vtex(crate::sandbox::Vtex::delete_feed);
        let id = shop.place(paid().created(Utc::now() - TimeDelta::days(3)));
        killed_at(&shop, move |call, at| at == phase && call.method == "POST" && call.path.ends_with("/feed/config"));
        let _ = shop.import().exits(0);
        assert_eq!(shop.erp()[&id].len(), 1, "{phase:?}");
    }
}

#[test]
fn a_clock_that_is_ahead_makes_no_order_be_passed_over() {
    let shop = Shop::with("feed = \"off\"");
    let _ = shop.import().exits(0);
    // By the channel's clock it is two hours earlier than here.
    shop.vtex(|v| v.date_error = -TimeDelta::hours(2));
    let _ = shop.import();
    let state = shop.database("vaivem.db");
    state.execute("DELETE FROM cursors", []).unwrap();
    drop(state);
    let ran = shop.import().exits(0);
    assert!(warning(&ran, "clock_ahead").unwrap().contains("120 min ahead"), "{ran:?}");
    let channel_now = Utc::now() - TimeDelta::hours(2);
    assert!((cursor(&shop, "list").unwrap() - channel_now).abs() < TimeDelta::minutes(1));
    // An hour later by the channel's clock, an order comes; then our clock is set right.
    let id = shop.place(paid().created(channel_now + TimeDelta::hours(1)));
    shop.vtex(|v| v.date_error = TimeDelta::zero());
    let ran = shop.import().exits(0);
    assert_eq!(warning(&ran, "clock_ahead"), None);
    assert_eq!(shop.erp()[&id].len(), 1);
}

#[test]
fn a_cursor_in_the_future_hides_no_order() {
    let shop = Shop::with("feed = \"off\"");
    let _ = shop.import().exits(0);
    let state = shop.database("vaivem.db");
    let later = (Utc::now() + TimeDelta::days(2)).timestamp_millis();
    state.execute("UPDATE cursors SET at = ?1 WHERE name = 'list'", [later]).unwrap();
    drop(state);
    let id = shop.place(paid().created(Utc::now() - TimeDelta::days(30)));
    let ran = shop.import().exits(0);
    assert!(warning(&ran, "cursor_reset").is_some());
    assert_eq!(shop.erp()[&id].len(), 1);
    assert!(cursor(&shop, "list").unwrap() <= Utc::now());
    assert_eq!(warning(&shop.import().exits(0), "cursor_reset"), None);
}

/// A file system of its own with little room, unmounted when dropped.
#[cfg(target_os = "linux")]
struct SmallDisk(tempfile::TempDir);

#[cfg(target_os = "linux")]
impl SmallDisk {
    /// `None` where this user may mount nothing.
    fn mount(kib: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={kib}k,mode=700");
        let mount = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "vaivem-test"])
            .arg(folder.path())
            .output();
        mount.is_ok_and(|mount| mount.status.success()).then(|| Self(folder))
    }

    /// Fills it but for so much.
    fn fill(&self, but_kib: usize) {
        use std::io::Write;
        let mut filler = std::fs::File::create(self.0.path().join("filler")).unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
        let length = filler.metadata().unwrap().len();
        filler.set_len(length.saturating_sub(but_kib as u64 * 1024)).unwrap();
    }

    fn free(&self) {
        std::fs::remove_file(self.0.path().join("filler")).unwrap();
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(self.0.path()).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_stops_the_run_before_anything_is_acknowledged() {
    let (mut stopped, mut rooms) = (0, 0);
    for room_kib in [0, 4, 16, 40, 64, 100, 160, 240] {
        let Some(disk) = SmallDisk::mount(16_384) else {
            println!("skipped: this user may not mount a small file system");
            return;
        };
        let shop = Shop::new();
        let state = disk.0.path().join("vaivem.db");
        edit(&shop, "[erp]", &format!("state = {:?}\n\n[erp]", state.display().to_string()));
        edit(&shop, "requests_per_minute = 0", "requests_per_minute = 60000");
        let _ = shop.import().exits(0);
        // Only the feed can tell of them: what is acknowledged and not stored is lost.
        shop.vtex(|v| v.list_lag = Duration::from_secs(30 * 24 * 3_600));
        let ids: Vec<String> = (0..60).map(|_| shop.place(paid())).collect();
        disk.fill(room_kib);
        let ran = shop.import();
        if ran.code != Some(0) {
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(said.contains("vaivem.db") || said.contains("the state file"), "{room_kib}: {ran:?}");
            assert!(said.contains("free space"), "{room_kib}: {ran:?}");
            assert_eq!(ran.code, Some(1), "{room_kib}: {ran:?}");
            stopped += 1;
        }
        rooms += 1;
        disk.free();
        // What was read and not acknowledged comes back.
        shop.vtex(|v| v.advance(Duration::from_secs(300)));
        let _ = shop.import().exits(0);
        let erp = shop.erp();
        for id in &ids {
            assert_eq!((erp[id].len(), shop.take_overs(id)), (1, 1), "{room_kib}: {id}");
        }
    }
    println!("{stopped} of {rooms} runs stopped by a full disk");
    assert!(stopped >= 3, "only {stopped}");
}
