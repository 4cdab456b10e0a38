//! Runs as cron and people make them: at the same time, interrupted, out of time, into a closed pipe, on a bad disk.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::sandbox::{Fault, Kind};
use crate::shop::{Shop, paid, wait_until};

#[test]
fn a_second_run_of_the_same_pass_exits_at_once_and_says_who_is_at_it() {
    let shop = Shop::new();
    let id = shop.place(paid());
    shop.vtex(|v| v.faults.push(Fault::always(Kind::SlowMs(400))));
    let first = shop.command(&["import-orders"]).spawn().unwrap();
    let pid = first.id();
    // Until the first has its lock.
    wait_until("the first call", || shop.vtex(|v| v.total_calls) > 0);
    let calls = shop.vtex(|v| v.total_calls);
    let second = shop.import().exits(11);
    assert!(second.summary()["message"].as_str().unwrap().contains(&format!("pid {pid}")), "{}", second.stdout);
    assert!(shop.vtex(|v| v.total_calls) - calls <= 1, "the second run makes no call");
    let other_pass = shop.sync().exits(0);
    assert_eq!(other_pass.summary()["calls"], 0);
    assert_eq!(first.wait_with_output().unwrap().status.code(), Some(0));
    assert_eq!((shop.erp()[&id].len(), shop.take_overs(&id)), (1, 1));
}

#[test]
fn a_lock_dies_with_its_process() {
    let shop = Shop::new();
    shop.place(paid());
    shop.vtex(|v| v.faults.push(Fault::always(Kind::SlowMs(300))));
    let mut first = shop.command(&["import-orders"]).spawn().unwrap();
    wait_until("the first call", || shop.vtex(|v| v.total_calls) > 0);
    first.kill().unwrap();
    first.wait().unwrap();
    shop.vtex(|v| v.faults.clear());
    let _ = shop.import().exits(0);
}

#[test]
fn signals_end_a_run_cleanly_and_the_next_goes_on() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let shop = Shop::new();
        for _ in 0..20 {
            shop.place(paid());
        }
        shop.vtex(|v| v.faults.push(Fault::always(Kind::SlowMs(60))));
        let child = shop.command(&["import-orders"]).spawn().unwrap();
        wait_until("three effects", || shop.vtex(|v| v.effects.len()) >= 3);
        let pid = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let summary: serde_json::Value =
            serde_json::from_slice(output.stdout.split(|b| *b == b'\n').rfind(|line| !line.is_empty()).unwrap())
                .unwrap();
        assert_eq!((output.status.code(), &summary["exit_code"]), (Some(code), &code.into()));
        let told = if signal == "INT" { "the run was interrupted" } else { "the run was asked to terminate" };
        assert_eq!(summary["message"], format!("{told}; the rest is for the next run"));
        shop.vtex(|v| v.faults.clear());
        let _ = shop.import().exits(0);
        let _ = shop.import().exits(0);
        let erp = shop.erp();
        assert_eq!(erp.len(), 20);
        assert!(erp.keys().all(|id| erp[id].len() == 1 && shop.take_overs(id) == 1));
    }
}

/// As `nohup` begins a program.
#[test]
fn a_run_that_is_to_ignore_the_hangup_goes_on() {
    let shop = Shop::new();
    (0..10).for_each(|_| drop(shop.place(paid())));
    shop.vtex(|v| v.faults.push(Fault::always(Kind::SlowMs(60))));
    let ours = shop.command(&["import-orders"]);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(ours.get_program()).args(ours.get_args());
    command.env_clear().envs(ours.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let child = command.current_dir(shop.path("")).stdout(Stdio::null()).spawn().unwrap();
    wait_until("an effect", || shop.vtex(|v| !v.effects.is_empty()));
    let hung_up = std::process::Command::new("kill").args(["-s", "HUP", &child.id().to_string()]).status().unwrap();
    assert!(hung_up.success());
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
    assert_eq!(shop.erp().len(), 10);
}

#[test]
fn the_time_budget_ends_a_run_and_the_next_goes_on() {
    let shop = Shop::with("in_flight = 1");
    for _ in 0..20 {
        shop.place(paid());
    }
    shop.vtex(|v| v.faults.push(Fault::always(Kind::SlowMs(100))));
    let ran = shop.run(&["import-orders", "--max-duration", "1s"]).exits(10);
    assert!(ran.summary()["imported"].as_i64().unwrap() < 20);
    assert_eq!(ran.summary()["message"], "the run's time budget is used up; the rest is for the next run");
    shop.vtex(|v| v.faults.clear());
    let _ = shop.import().exits(0);
    assert_eq!(shop.erp().len(), 20);
}

#[test]
fn runs_that_end_early_come_round_to_every_order_and_to_the_new_ones_first() {
    let shop = Shop::with("in_flight = 1");
    let held: Vec<String> = (0..12).map(|_| shop.place(paid().carrier("Jadlog", "9", "Jadlog"))).collect();
    let _ = shop.import().exits(3);
    let id = shop.place(paid());
    shop.vtex(|v| v.faults.push(Fault::always(Kind::SlowMs(150)).on("GET", "/pvt/orders/")));
    let ran = shop.run(&["import-orders", "--max-duration", "1s"]).exits(10);
    assert_eq!(ran.order(&id)["outcome"], "imported");
    let mut runs = 1;
    let tries = || -> Vec<i64> {
        shop.run(&["holds"]).exits(3).records().iter().filter_map(|hold| hold["tries"].as_i64()).collect()
    };
    while tries().iter().any(|tries| *tries < 2) {
        assert!(runs < 12, "{held:?} are not come round to: {:?}", tries());
        let _ = shop.run(&["import-orders", "--max-duration", "1s"]);
        runs += 1;
    }
    assert!(tries().iter().all(|tries| *tries < 4), "none is preferred: {:?}", tries());
}

#[test]
fn a_slow_order_keeps_no_other_waiting() {
    let shop = Shop::with("in_flight = 2");
    let slow = shop.place(paid());
    let others: Vec<String> = (0..8).map(|_| shop.place(paid())).collect();
    shop.vtex(|v| v.faults.push(Fault::next(1, Kind::SlowMs(8_000)).on("GET", &format!("/orders/{slow}"))));
    let begun = Instant::now();
    let child = shop.command(&["import-orders"]).spawn().unwrap();
    while others.iter().any(|id| shop.take_overs(id) == 0) {
        assert!(begun.elapsed() < Duration::from_secs(7), "they wait for the slow one");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(shop.take_overs(&slow), 0);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
    assert_eq!(shop.take_overs(&slow), 1);
}

#[test]
fn a_closed_pipe_does_not_stop_a_pass() {
    let shop = Shop::new();
    for _ in 0..10 {
        shop.place(paid());
    }
    let mut child = shop.command(&["import-orders"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(shop.erp().len(), 10);
}

#[test]
fn quiet_prints_nothing_when_all_is_well_and_what_needs_a_person_otherwise() {
    let shop = Shop::new();
    shop.place(paid());
    let human = |args: &[&str]| {
        let output = shop.command(args).env("VAIVEM_OUTPUT", "human").output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let _ = shop.import().exits(0);
    shop.place(paid());
    assert_eq!(human(&["-q", "import-orders"]), (Some(0), String::new(), String::new()));
    let held = shop.place(paid().carrier("Jadlog", "9", "Jadlog"));
    let (code, stdout, stderr) = human(&["import-orders", "-q"]);
    assert_eq!((code, stderr.as_str()), (Some(3), ""));
    assert!(stdout.contains(&held) && stdout.contains("Jadlog") && stdout.contains("what to do"), "{stdout}");
}

#[test]
fn quiet_tells_the_same_thing_once_a_day() {
    let shop = Shop::new();
    let quiet = |verb: &str| {
        let output = shop.command(&["-q", verb]).env("VAIVEM_OUTPUT", "human").output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let first = shop.place(paid().carrier("Jadlog", "9", "Jadlog"));
    assert!(quiet("import-orders").1.contains(&first));
    assert_eq!(quiet("import-orders"), (3, String::new()), "nothing new, so no mail");
    let second = shop.place(paid().carrier("Jadlog", "9", "Jadlog"));
    let (code, told) = quiet("import-orders");
    assert!(code == 3 && told.contains(&second) && !told.contains(&first), "{told}");

    // The same for a run that ends badly: until it ended in another way.
    shop.vtex(|v| v.faults.push(Fault::always(Kind::status(403))));
    assert!(quiet("import-orders").1.contains("exit 4"));
    assert_eq!(quiet("import-orders"), (4, String::new()));
    shop.vtex(|v| v.faults.clear());
    assert_eq!(quiet("import-orders"), (3, String::new()));
    shop.vtex(|v| v.faults.push(Fault::always(Kind::status(403))));
    assert!(quiet("import-orders").1.contains("exit 4"));
    shop.vtex(|v| v.faults.clear());

    let state = shop.database("vaivem.db");
    state.execute("UPDATE holds SET told_at = told_at - 86400000", []).unwrap();
    let (_, told) = quiet("import-orders");
    assert!(told.contains(&first) && told.contains(&second), "a day later: {told}");
}

#[test]
fn refused_keys_stop_the_channel_and_name_the_key() {
    let shop = Shop::new();
    shop.place(paid());
    let refused = |code: &str, output: std::process::Output| {
        assert_eq!(output.status.code(), Some(4), "{code}");
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(!stdout.contains("WRONGTOKEN") && !stdout.contains("SANDBOXTOKEN"), "{stdout}");
        stdout
    };
    let stdout = refused("401", shop.command(&["import-orders"]).env("VTEX_APP_TOKEN", "WRONGTOKEN").output().unwrap());
    assert!(stdout.contains("vtexappkey-sandbox-KEY"), "names the key, never the token: {stdout}");
    let missing = shop.command(&["import-orders"]).env_remove("VTEX_APP_TOKEN").output().unwrap();
    assert!(refused("missing", missing).contains("VTEX_APP_TOKEN is not set"));
    shop.vtex(|v| v.faults.push(Fault::always(Kind::status(403))));
    refused("403", shop.command(&["import-orders"]).output().unwrap());
    shop.vtex(|v| v.faults.clear());
    let _ = shop.import().exits(0);
}

#[test]
fn a_login_page_is_a_missing_permission() {
    for kind in [Kind::Redirect, Kind::Html200] {
        let shop = Shop::new();
        shop.place(paid());
        shop.vtex(|v| v.faults.push(Fault::always(kind.clone())));
        let _ = shop.import().exits(4);
        assert!(shop.erp().is_empty());
    }
}

#[test]
fn a_host_that_cannot_be_reached_ends_the_run_and_loses_nothing() {
    let mut shop = Shop::with("timeout = \"2s\"\nmax_wait = \"1s\"");
    let id = shop.place(paid());
    // A port nobody listens on.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = std::fs::read_to_string(shop.path("vaivem.toml")).unwrap();
    std::fs::write(shop.path("vaivem.toml"), text.replace(&shop.sandbox.url(), &format!("http://127.0.0.1:{free}")))
        .unwrap();
    let ran = shop.import().exits(5);
    assert!(ran.summary()["message"].as_str().unwrap().contains(&format!("127.0.0.1:{free}")), "{}", ran.stdout);
    shop.set("");
    let _ = shop.import().exits(0);
    assert_eq!(shop.erp()[&id].len(), 1);
}

#[test]
fn a_state_file_that_cannot_be_written_stops_the_run_before_anything_is_acknowledged() {
    let shop = Shop::new();
    let _ = shop.import().exits(0);
    shop.place(paid());
    let depth = shop.vtex(|v| v.feed.depth());
    assert!(depth > 0);
    // Full for the state file alone: SQLite's own page limit does not reach another process, so a directory takes its log's place.
    let wal = shop.path("vaivem.db-wal");
    let _ = std::fs::remove_file(&wal);
    std::fs::create_dir(&wal).unwrap();
    let ran = shop.import().exits(1);
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("vaivem.db"), "{ran:?}");
    assert_eq!(shop.vtex(|v| v.feed.depth()), depth, "nothing is acknowledged");
    std::fs::remove_dir(&wal).unwrap();
    let _ = shop.import().exits(0);
    assert_eq!(shop.erp().len(), 1);
}

#[test]
fn a_run_whose_end_cannot_be_noted_is_no_good_run() {
    let shop = Shop::new();
    let _ = shop.import().exits(0);
    let id = shop.place(paid());
    let state = rusqlite::Connection::open(shop.path("vaivem.db")).unwrap();
    // Full for the very last write alone.
    state
        .execute_batch("CREATE TRIGGER full BEFORE UPDATE OF ended_at ON runs BEGIN SELECT RAISE(ABORT, 'full'); END")
        .unwrap();
    let ran = shop.import().exits(1);
    assert_eq!(ran.order(&id)["outcome"], "imported");
    assert_eq!(ran.summary()["exit_code"], 1);
    assert_eq!(ran.summary()["message"], "how the run ended cannot be noted in the state file: full");
    state.execute_batch("DROP TRIGGER full").unwrap();
    let _ = shop.import().exits(0);
    assert_eq!((shop.erp()[&id].len(), shop.take_overs(&id)), (1, 1));
}

/// As behind a pager.
#[test]
fn whoever_does_not_read_what_a_run_tells_keeps_no_other_run_from_the_files() {
    // A pipe holds 64 KiB, and it has more to tell; in the log, too.
    for (args, out) in [(&["import-orders"][..], Stdio::piped()), (&["import-orders", "-vv"], Stdio::null())] {
        nobody_reads(args, out);
    }
}

fn nobody_reads(args: &[&str], out: Stdio) {
    let shop = Shop::with("in_flight = 16");
    (0..1_200).for_each(|_| drop(shop.place(paid())));
    let unread = shop.command(args).stdout(out).stderr(Stdio::piped()).spawn().unwrap();
    let calls = || shop.vtex(|v| v.total_calls);
    wait_until("it waits for its reader", || {
        let before = calls();
        std::thread::sleep(Duration::from_millis(700));
        before > 100 && calls() == before
    });
    assert!(shop.erp().len() < 1_200, "it is in the midst of it");
    let begun = Instant::now();
    let _ = shop.run(&["sync-payments"]).exits(0);
    assert!(begun.elapsed() < Duration::from_secs(8), "it waited for the files: {:?}", begun.elapsed());
    let output = unread.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let _ = shop.import().exits(0);
    assert_eq!(shop.erp().len(), 1_200);
}

#[test]
fn foreign_and_damaged_state_files_are_refused_and_not_touched() {
    let contents: [(&str, Vec<u8>); 3] = [
        ("text", b"this is somebody's shopping list".to_vec()),
        ("another program's", {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("x.db");
            let other = rusqlite::Connection::open(&file).unwrap();
            other.execute_batch("CREATE TABLE t (x); PRAGMA user_version = 3;").unwrap();
            drop(other);
            std::fs::read(file).unwrap()
        }),
        ("of a newer version", {
            let shop = Shop::new();
            let _ = shop.import().exits(0);
            let newer = shop.database("vaivem.db");
            newer.execute_batch("PRAGMA user_version = 999;").unwrap();
            newer.close().unwrap();
            std::fs::read(shop.path("vaivem.db")).unwrap()
        }),
    ];
    for (what, content) in contents {
        let shop = Shop::new();
        shop.place(paid());
        std::fs::write(shop.path("vaivem.db"), &content).unwrap();
        let ran = shop.import().exits(1);
        assert!(ran.stderr.contains("vaivem.db"), "{what}: {}", ran.stderr);
        assert_eq!(std::fs::read(shop.path("vaivem.db")).unwrap(), content, "{what}");
        assert_eq!(shop.vtex(|v| v.total_calls), 0, "{what}");
    }
}
