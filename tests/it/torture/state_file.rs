//! The state file damaged, cut off, lost, old, of another program, of a newer version, where nothing can be written: the program says
//! so and does nothing, or goes on and does nothing twice. So for the ledger, which is the ERP, as far as that can be said of it.
//!
//! Each case begins from a day cut before a verb, on either channel and with either back office. What came of it is what both sides
//! were really told: no order and no effect is there twice, none is there that the undisturbed day does not have, and once a person
//! did what the error says, the day ends as if nothing had happened.
//!
//! Read-only and full disks are mounts, which take the superuser: elsewhere those cases say "skipped".

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use fastrand::Rng;

use crate::adopt::{lose_state, set_conflict_aside, since};
use crate::crash::is_killed_after;
use crate::day::{Turn, turns};
use crate::office::Office;
use crate::shop::{Ran, Shop};
use crate::torture;
use crate::truth::Truth;

const STATE: &str = "vaivem.db";
const LEDGER: &str = "ledger.db";

/// How one case came out. Whatever is none of these has panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Refused when it was opened, with not a byte changed and not a call made.
    Refused,
    /// Seen in the middle of a run, when a damaged row was to be used: the run ended.
    Stopped,
    /// Not seen, and the day ended as if nothing had happened: what was hit means nothing, or is read anew.
    Harmless,
    /// Not seen by the run, which did nothing wrong; the next check as a whole sees it.
    Later,
}

/// Tries so many cases, each with a generator of its own and some verb's turn, and counts how they came out.
fn try_all(what: &str, number: u32, case: impl Fn(&Turn, &mut Rng) -> Outcome + Sync) -> BTreeMap<Outcome, usize> {
    try_on(what, number, |_| true, case)
}

fn try_on(
    what: &str,
    number: u32,
    is_for: impl Fn(&Turn) -> bool,
    case: impl Fn(&Turn, &mut Rng) -> Outcome + Sync,
) -> BTreeMap<Outcome, usize> {
    let turns: Vec<&Turn> = turns().filter(|turn| is_for(turn)).collect();
    let outcomes = Mutex::new(BTreeMap::new());
    let cases: Vec<(&str, u64)> = (0..u64::from(number)).map(|seed| (what, seed)).collect();
    torture::each(&cases, |(_, seed)| {
        let mut rng = Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // Far apart, so that few cases have some of every channel and back office.
        let turn = turns[usize::try_from(seed * 7).unwrap() % turns.len()];
        let outcome = case(turn, &mut rng);
        *outcomes.lock().unwrap().entry(outcome).or_insert(0) += 1;
    });
    outcomes.into_inner().unwrap()
}

/// Overwrites 64 bytes at a random place before `end` where something stands, with bytes that are as random. The files of a day are
/// young, and most of them is room.
pub fn overwrite(file: &Path, end: usize, rng: &mut Rng) {
    let mut bytes = std::fs::read(file).unwrap();
    let has_content = |at: usize| bytes[at..at + 64].iter().filter(|byte| **byte != 0).count() >= 16;
    let at = std::iter::repeat_with(|| rng.usize(0..=end.min(bytes.len()) - 64)).find(|at| has_content(*at)).unwrap();
    bytes[at..at + 64].iter_mut().for_each(|byte| *byte = rng.u8(..));
    std::fs::write(file, bytes).unwrap();
}

/// Runs the turn's verb. What is refused must be refused well: a file that is named, what to do, no call, no byte.
fn run(turn: &Turn, shop: &Shop, file: &str) -> Ran {
    let calls = turn.side().calls(shop) + shop.erp_calls();
    let before = std::fs::read(shop.path(file)).unwrap_or_default();
    let ran = shop.run(&turn.side().args(turn.verb));
    if refuses(&ran) {
        assert!(ran.stderr.contains(file), "{turn}: {ran:?}");
        assert_eq!(turn.side().calls(shop) + shop.erp_calls(), calls, "{turn}: {ran:?}");
        assert!(std::fs::read(shop.path(file)).unwrap() == before, "{turn}: the file changed: {ran:?}");
    }
    ran
}

/// A run that did not begin: an error, and no record of anything, nor of a pass that ended. One that stumbles over damage once the file
/// is open says it in other words.
fn refuses(ran: &Ran) -> bool {
    ran.code == Some(1)
        && !ran.stderr.contains("the file is damaged: ")
        && ran.records().iter().all(|record| record["type"] == "summary" && record.get("pass").is_none())
}

/// Nothing is there that the undisturbed day does not have, and nothing twice.
fn did_nothing_wrong(turn: &Turn, shop: &Shop) {
    let mut truth = both_sides(shop);
    // An order shows its XML with its invoice. Whoever loses the file in between, which alone knows, puts the same file in its place.
    truth.channel.values_mut().filter_map(|order| order.effects.get_mut("XML")).for_each(|times| *times = 1);
    truth.has_no_doubles();
    for (id, order) in &truth.channel {
        let end = &turn.end.channel[id];
        assert!(order.cancelled.is_none() || end.cancelled.is_some(), "{turn}: {id} was cancelled");
        for effect in order.effects.keys() {
            // How many events of a parcel were known at the time is no matter of right and wrong.
            assert!(end.effects.contains_key(effect) || effect.contains(" events of "), "{turn}: {effect} of {id}");
        }
        assert!(order.packages.iter().all(|one| end.packages.iter().any(|other| one.number == other.number)), "{id}");
    }
    for (id, orders) in &truth.erp {
        let end = &turn.end.erp[id][0];
        assert_eq!((&orders[0].lines, orders[0].total), (&end.lines, end.total), "{turn}: {id} in the ERP");
    }
    turn.promises_nothing_twice(shop);
}

/// What the world looks like to whoever has no need of the state file, which may be damaged.
fn both_sides(shop: &Shop) -> Truth {
    let (files, aside) = ([STATE, "vaivem.db-wal", "vaivem.db-shm"], shop.path("aside"));
    std::fs::create_dir(&aside).unwrap();
    let there: Vec<&str> = files.into_iter().filter(|file| shop.path(file).exists()).collect();
    there.iter().for_each(|file| std::fs::rename(shop.path(file), aside.join(file)).unwrap());
    drop(vaivem::store::Store::open(&shop.path(STATE)).unwrap());
    let truth = shop.truth();
    lose_state(shop);
    there.iter().for_each(|file| std::fs::rename(aside.join(file), shop.path(file)).unwrap());
    std::fs::remove_dir(aside).unwrap();
    truth
}

/// What a person does about a state file that cannot be used: move it away, adopt, and let cron go on.
fn rebuild(turn: &Turn, shop: &Shop) {
    let effects = turn.side().effects(shop);
    lose_state(shop);
    let ran = shop.run(&["adopt", "--since", &since(), "--channel", turn.side().channel()]);
    assert!(matches!(ran.code, Some(0 | 3)), "{turn}: {ran:?}");
    assert_eq!(turn.side().effects(shop), effects, "{turn}: adopt writes to neither side");
    let done = shop.path("carriers/done");
    if turn.office == Office::Eccosys && done.exists() {
        let _ = turn.sync(shop);
        put_back(&done);
    }
    ends_well(turn, shop);
}

/// The person does with the carriers' files what adopt says.
fn put_back(done: &Path) {
    for file in std::fs::read_dir(done).unwrap().map(|entry| entry.unwrap().path()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        // Not what was written beside one.
        if !name.ends_with(".txt.txt") {
            std::fs::rename(&file, done.with_file_name(name)).unwrap();
        }
    }
}

/// The next cron runs come, and the day ends as it would have.
fn ends_well(turn: &Turn, shop: &Shop) {
    turn.to_the_end(shop);
    // What auto-cancel had announced is announced once more.
    let _ = turn.sync(shop).exits(3);
    let (mut truth, mut end) = (shop.truth(), turn.end.clone());
    truth.has_no_doubles();
    if turn.office == Office::Eccosys {
        set_conflict_aside(&mut truth, &mut end, turn.person());
        // What a carrier remarked stands in the state file alone, once its document is taken.
        let parcels = truth.channel.values_mut().chain(end.channel.values_mut()).flat_map(|order| &mut order.packages);
        let words = parcels.flat_map(|parcel| &mut parcel.way);
        words.filter(|word| *word == "Entregue com ressalvas").for_each(|word| *word = "Entregue".into());
    }
    truth.is(&end, &format!("after {turn}"));
}

/// A verb on a file that was overwritten in one place. Rebuilding it is the same wherever the place was, so it is done now and then.
fn damaged(turn: &Turn, shop: &Shop, rng: &mut Rng) -> Outcome {
    let ran = run(turn, shop, STATE);
    if refuses(&ran) {
        assert!(says_what(&ran), "{ran:?}");
        if rng.u8(..) < 16 {
            rebuild(turn, shop);
        }
        return Outcome::Refused;
    }
    did_nothing_wrong(turn, shop);
    if ran.code == Some(1) {
        assert!(ran.stdout.contains("damaged") || ran.stdout.contains("malformed"), "{ran:?}");
        rebuild(turn, shop);
        return Outcome::Stopped;
    }
    let is_seen = shop.run(&["check"]).stdout.contains("state_unusable");
    let end = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        turn.to_the_end(shop);
        shop.truth().is(&turn.end, "");
    }));
    match (end, is_seen) {
        (Ok(()), _) => Outcome::Harmless,
        (Err(_), true) => {
            did_nothing_wrong(turn, shop);
            // The world has gone on by some way, so the day cannot be told once more from here.
            lose_state(shop);
            let _ = shop.run(&["adopt", "--since", &since(), "--channel", turn.side().channel()]);
            for _ in 0..2 {
                let _ = turn.sync(shop).exits(3);
            }
            did_nothing_wrong(turn, shop);
            Outcome::Later
        }
        (Err(failure), false) => {
            let state = std::env::temp_dir().join("unseen-damage.db");
            let _ = std::fs::copy(shop.path(STATE), &state);
            eprintln!("no check sees what is wrong with {}", state.display());
            std::panic::resume_unwind(failure)
        }
    }
}

/// Refusals that are not about damage: the place of one bit says that the file is another's, or newer.
fn says_what(ran: &Ran) -> bool {
    ["set another path", "install the newer vaivem", "run any pass once", "restore a backup"]
        .iter()
        .any(|remedy| ran.stderr.contains(remedy))
}

#[test]
fn a_damaged_state_file_is_seen_before_anything_rests_on_it() {
    let small = try_all("overwritten", torture::cases(8, 400), |turn, rng| {
        let shop = turn.begin();
        overwrite(&shop.path(STATE), usize::MAX, rng);
        damaged(turn, &shop, rng)
    });
    // As in the middle of a day, when the file is not checked as a whole.
    let large = try_all("overwritten between two checks", torture::cases(8, 400), |turn, rng| {
        let shop = turn.begin();
        let end = grow(&shop);
        overwrite(&shop.path(STATE), end, rng);
        damaged(turn, &shop, rng)
    });
    println!("overwritten: {small:?}; between two checks: {large:?}");
    assert_eq!(small.get(&Outcome::Later), None, "a check as a whole sees it all");
    let cases = small.values().chain(large.values()).sum();
    torture::held("state file", cases, told("64 bytes overwritten", &small) + &told(", between two checks", &large));
}

fn told(what: &str, outcomes: &BTreeMap<Outcome, usize>) -> String {
    let of = |outcome| outcomes.get(&outcome).copied().unwrap_or(0);
    format!(
        "{what}: {} refused, {} ended when a damaged row was to be used, {} seen by the next check, {} harmless",
        of(Outcome::Refused),
        of(Outcome::Stopped),
        of(Outcome::Later),
        of(Outcome::Harmless)
    )
}

/// Makes the file larger than what is checked as a whole each time, and as if checked just now. Gives where what was there before ends.
fn grow(shop: &Shop) -> usize {
    let state = shop.database(STATE);
    state.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let end = std::fs::metadata(shop.path(STATE)).unwrap().len();
    state
        .execute_batch(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
             INSERT INTO notes (at, who, what, detail) SELECT i, 'nobody', 'nothing', 'as many bytes as it takes to be large' FROM n;
             INSERT OR REPLACE INTO checked (only, at) VALUES (1, unixepoch() * 1000);
             PRAGMA wal_checkpoint(TRUNCATE);",
        )
        .unwrap();
    let size = std::fs::metadata(shop.path(STATE)).unwrap().len();
    assert!(size > 520 * 1024, "{size} bytes are checked as a whole each time");
    usize::try_from(end).unwrap()
}

#[test]
fn a_damaged_ledger_is_seen_before_anything_rests_on_it() {
    let outcomes = try_on(
        "ledger overwritten",
        torture::cases(12, 400),
        |turn| turn.office == Office::Ledger,
        |turn, rng| {
            let shop = turn.begin();
            let good = std::fs::read(shop.path(LEDGER)).unwrap();
            overwrite(&shop.path(LEDGER), usize::MAX, rng);
            let ran = run(turn, &shop, LEDGER);
            if refuses(&ran) {
                // Nothing was done, so a copy from before is as good as the file was.
                std::fs::write(shop.path(LEDGER), good).unwrap();
                if rng.u8(..) < 16 {
                    turn.to_the_end(&shop);
                    shop.truth().is(&turn.end, &format!("the ledger was restored before {turn}"));
                }
                return Outcome::Refused;
            }
            turn.to_the_end(&shop);
            shop.truth().is(&turn.end, &format!("the ledger was overwritten before {turn}"));
            Outcome::Harmless
        },
    );
    torture::held("ledger file", outcomes.values().sum(), told("64 bytes overwritten", &outcomes));
}

#[test]
fn a_file_that_is_cut_off_is_refused() {
    let cut = |turn: &Turn, rng: &mut Rng| {
        let shop = turn.begin();
        let file = if turn.office == Office::Ledger && rng.bool() { LEDGER } else { STATE };
        let bytes = std::fs::read(shop.path(file)).unwrap();
        // At a page's end as likely as anywhere.
        let length = match rng.bool() {
            true => rng.usize(1..bytes.len() / 4096) * 4096,
            false => rng.usize(1..bytes.len()),
        };
        std::fs::write(shop.path(file), &bytes[..length]).unwrap();
        let ran = run(turn, &shop, file);
        assert!(refuses(&ran), "cut off at {length} of {}: {ran:?}", bytes.len());
        if file == STATE && rng.u8(..) < 32 {
            rebuild(turn, &shop);
        }
        Outcome::Refused
    };
    let outcomes = try_all("cut off", torture::cases(8, 200), cut);
    torture::held("state file", outcomes.values().sum(), "lengths at which it was cut off, each refused");
}

#[test]
fn a_state_file_that_is_lost_or_old_makes_nothing_twice() {
    let by_itself = |turn: &Turn, shop: &Shop| {
        // Whoever does not adopt loses sight of what is over, and does nothing wrong.
        let _ = shop.run(&turn.side().args(turn.verb));
        for _ in 0..2 {
            let _ = turn.sync(shop);
        }
        did_nothing_wrong(turn, shop);
        if shop.run(&["check"]).stdout.contains("state_unusable") { Outcome::Refused } else { Outcome::Harmless }
    };
    let deleted = try_all("deleted", torture::cases(4, 50), |turn, rng| {
        let shop = turn.begin();
        lose_state(&shop);
        if rng.bool() {
            std::fs::write(shop.path(STATE), "").unwrap();
        }
        if rng.bool() { by_itself(turn, &shop) } else { rebuild_lost(turn, &shop) }
    });
    let old = try_all("an older copy", torture::cases(4, 50), |turn, rng| {
        let shop = turn.begin();
        // Of an earlier time of the same day: the last turn, or any before.
        let earlier: Vec<&Turn> = turns()
            .filter(|one| one.side() == turn.side() && one.office == turn.office)
            .take_while(|one| !std::ptr::eq(*one, turn))
            .collect();
        let Some(then) = rng.choice(&earlier) else { return Outcome::Harmless };
        let copy = then.begin();
        lose_state(&shop);
        std::fs::copy(copy.path(STATE), shop.path(STATE)).unwrap();
        shop.database(STATE).execute("DELETE FROM accounts", []).unwrap();
        if rng.bool() { by_itself(turn, &shop) } else { adopt_older(turn, &shop) }
    });
    let no_log = try_all("its log is missing", torture::cases(4, 50), |turn, rng| {
        let shop = turn.begin();
        for delay in [40, 30, 20, 10, 5].map(|most| rng.u64(1..=most * 4)) {
            let is_killed = is_killed_after(&shop, (turn.side(), turn.verb), std::time::Duration::from_millis(delay));
            let log = shop.path("vaivem.db-wal");
            if is_killed && std::fs::metadata(&log).is_ok_and(|meta| meta.len() > 0) {
                std::fs::remove_file(log).unwrap();
                break;
            }
        }
        by_itself(turn, &shop)
    });
    let cases = [&deleted, &old, &no_log].map(|outcomes| outcomes.values().sum::<usize>());
    torture::held(
        "state file",
        cases.iter().sum(),
        format!(
            "{} times deleted or emptied, {} times an older copy, {} times without its log: nothing twice",
            cases[0], cases[1], cases[2]
        ),
    );
}

fn rebuild_lost(turn: &Turn, shop: &Shop) -> Outcome {
    rebuild(turn, shop);
    Outcome::Harmless
}

fn adopt_older(turn: &Turn, shop: &Shop) -> Outcome {
    let ran = shop.run(&["adopt", "--since", &since(), "--channel", turn.side().channel()]);
    assert!(matches!(ran.code, Some(0 | 3)), "{turn}: {ran:?}");
    let _ = shop.run(&["push-stock", "--full", "--channel", turn.side().channel()]);
    did_nothing_wrong(turn, shop);
    ends_well(turn, shop);
    Outcome::Harmless
}

/// Files that are not ours.
fn foreign(kind: usize, shop: &Shop, rng: &mut Rng) -> Vec<u8> {
    let ours = std::fs::read(shop.path(STATE)).unwrap();
    let with = |at: usize, number: u32| {
        let mut bytes = ours.clone();
        bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
        bytes
    };
    match kind % 6 {
        // The application id stands at 68, the version at 60.
        0 => with(68, rng.u32(..)),
        1 => with(60, rng.u32(12..1 << 31)),
        2 => (0..rng.usize(1..9_000)).map(|_| rng.u8(..)).collect(),
        3 => b"lista de compras: cafe, acucar, fita adesiva\n".repeat(rng.usize(1..400)),
        4 => std::fs::read(shop.path("vaivem.toml")).unwrap(),
        _ => {
            let other = shop.path("theirs.db");
            let theirs = rusqlite::Connection::open(&other).unwrap();
            theirs.execute_batch("CREATE TABLE orders (id, total); INSERT INTO orders VALUES (1, 2)").unwrap();
            theirs.pragma_update(None, "user_version", rng.u8(..)).unwrap();
            drop(theirs);
            std::fs::read(other).unwrap()
        }
    }
}

#[test]
fn a_file_that_is_not_ours_is_left_alone() {
    let kind = AtomicUsize::new(0);
    let outcomes = try_all("not ours", torture::cases(8, 300), |turn, rng| {
        let shop = turn.begin();
        let file = if turn.office == Office::Ledger && rng.bool() { LEDGER } else { STATE };
        let content = foreign(kind.fetch_add(1, Ordering::SeqCst), &shop, rng);
        std::fs::write(shop.path(file), &content).unwrap();
        let ran = run(turn, &shop, file);
        assert!(refuses(&ran) && says_what(&ran), "{ran:?}");
        Outcome::Refused
    });
    torture::held(
        "state file",
        outcomes.values().sum(),
        "files of other programs, kinds and newer versions, each left alone",
    );
}

/// A state file as full as after some weeks, and no more than a file: nobody runs.
fn full_state_file(path: &Path) {
    drop(vaivem::store::Store::open(path).unwrap());
    let state = rusqlite::Connection::open(path).unwrap();
    vaivem::store::seal::register(&state).unwrap();
    state
        .execute_batch(
            "CREATE TEMP TABLE n (i INTEGER PRIMARY KEY);
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) INSERT INTO temp.n SELECT i FROM n;
             INSERT INTO orders (channel, order_id, seen_at, visited, read_at, status, raw_status, created_at, total, sequence, method,
                     promised_at, customer, erp_id, erp_number, erp_status, linked_at, taken_over_at, fate, fate_why, fate_at, open)
                 SELECT 'loja', (1172452500000 + i) || '-01', 1790000000000 + i, 1, 1790000000500 + i, 'paid', 'handling', 1789999990000 + i,
                     4990 + i, 500000 + i, 'pix', 1790900000000, randomblob(16), i, i, 'paid', 1790000001000, 1790000002000,
                     'imported', '{\"code\":\"paid_on_channel\"}', 1790000001000, 1 FROM temp.n;
             INSERT INTO history SELECT i, 1790000000000 + i * 7 + w.at, w.what, w.what || ' by the feed, as ready-for-handling'
                 FROM temp.n, (SELECT 1 AS at, 'heard' AS what UNION SELECT 2, 'intended' UNION SELECT 3, 'done') w;
             INSERT INTO journal (key, channel, order_row, action, state, attempts, intended_at, settled_at, answer)
                 SELECT a.action || ':loja:' || i || ':', 'loja', i, a.action, 'done', 1, 1790000001000, 1790000001500, 'accepted'
                 FROM temp.n, (SELECT 'create_order' AS action UNION SELECT 'take_over') a;
             INSERT INTO order_lines (order_row, position, channel_sku, sku, warehouse, quantity)
                 SELECT i, 0, i % 90, 'SKU-' || i % 90, '1_1', 1 + i % 3 FROM temp.n;
             INSERT INTO outgoing (pass, order_row, channel) SELECT 'push-invoices', i, 'loja' FROM temp.n;
             INSERT INTO stock (channel, sku, warehouse, channel_sku, want, want_why, erp_read_at, pushed, pushed_at)
                 SELECT 'loja', 'SKU-' || i, '1_1', i, i % 50, '{\"physical\":50,\"reserved\":1}', 1790000000000, i % 50, 1790000000000
                 FROM temp.n;
             PRAGMA journal_mode = DELETE; VACUUM;",
        )
        .unwrap();
}

/// What every table says, or that it cannot be read.
fn content(state: &rusqlite::Connection) -> rusqlite::Result<Vec<String>> {
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let tables: Vec<String> =
        state.prepare(names)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut rows = Vec::new();
    for table in tables {
        let columns = "SELECT group_concat(name, ', ') FROM pragma_table_info(?1)";
        let columns: String = state.query_row(columns, [&table], |row| row.get(0))?;
        let mut statement = state.prepare(&format!("SELECT {columns} FROM {table}"))?;
        let width = statement.column_count();
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let values: rusqlite::Result<Vec<_>> =
                (0..width).map(|at| row.get_ref(at).map(|one| format!("{one:?}"))).collect();
            rows.push(format!("{table} {:?}", values?));
        }
    }
    Ok(rows)
}

#[test]
fn what_sqlite_does_not_see_the_seals_see() {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let path = folder.path().join(STATE);
    full_state_file(&path);
    let (good, number) = (std::fs::read(&path).unwrap(), torture::cases(25, 400));
    let open = || {
        let state = rusqlite::Connection::open(&path).unwrap();
        vaivem::store::seal::register(&state).unwrap();
        state
    };
    let before = content(&open()).unwrap();
    assert_eq!(vaivem::store::sqlite::damage(&open()).unwrap(), None);
    let mut told = Vec::new();
    // A block that a disk garbled, and a digit that flipped in memory on its way there.
    for size in [64, 1] {
        let (mut changed, mut by_sqlite, mut by_seals) = (0, 0, 0);
        for seed in 0..number {
            let (mut bytes, mut rng) = (good.clone(), Rng::with_seed(seed.into()));
            let at = rng.usize(0..=bytes.len() - size);
            bytes[at..at + size].iter_mut().for_each(|byte| *byte ^= rng.u8(1..));
            std::fs::write(&path, bytes).unwrap();
            let is_changed = content(&open()).map_or(true, |now| now != before);
            // To whoever knows of no seals, as any other program.
            let said = rusqlite::Connection::open(&path)
                .and_then(|state| state.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)));
            let is_seen = !matches!(vaivem::store::sqlite::damage(&open()), Ok(None));
            changed += u32::from(is_changed);
            by_sqlite += u32::from(is_changed && !said.is_ok_and(|said| said == "ok"));
            by_seals += u32::from(is_changed && is_seen);
            assert!(
                is_seen || !is_changed,
                "seed {seed}: {size} bytes at {at} change what is known, and nobody sees it"
            );
        }
        told.push(format!(
            "{number} places of {size} bytes overwritten, {changed} of which change what is known: SQLite's own check sees {by_sqlite}, \
             with the seals {by_seals} are seen"
        ));
    }
    torture::held("damage", 2 * usize::try_from(number).unwrap(), told.join("; "));
}

#[test]
fn a_damaged_row_is_never_sealed_anew() {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let path = folder.path().join(STATE);
    full_state_file(&path);
    let state = rusqlite::Connection::open(&path).unwrap();
    vaivem::store::seal::register(&state).unwrap();
    let hold = "INSERT INTO holds (channel, sku, code, reason, since, tried_at, amount) VALUES ('loja', 'HELD-1', 'oversold', '{}', 0, 0, 0)";
    state.execute(hold, []).unwrap();
    drop(state);
    let mut bytes = std::fs::read(&path).unwrap();
    let mut damaged = 0;
    // One order's worth, and one hold's, each in all its places: the row itself and its indexes.
    for (text, becomes) in [(b"1172452500700-01".as_slice(), b"1172452500709-01".as_slice()), (b"HELD-1", b"HELD-7")] {
        let places: Vec<usize> = (0..bytes.len() - text.len()).filter(|at| bytes[*at..].starts_with(text)).collect();
        places.iter().for_each(|at| bytes[*at..*at + text.len()].copy_from_slice(becomes));
        damaged += places.len();
    }
    std::fs::write(&path, bytes).unwrap();
    let state = rusqlite::Connection::open(&path).unwrap();
    vaivem::store::seal::register(&state).unwrap();
    let found: String = state
        .query_row("SELECT order_id FROM orders WHERE order_id = '1172452500709-01' AND id = 700", [], |row| row.get(0))
        .unwrap();
    assert_eq!(found, "1172452500709-01", "SQLite takes it for an order");
    // By a trigger, or as every statement of ours reads the seal with the row.
    for change in [
        "UPDATE holds SET tries = tries + 1",
        "UPDATE orders SET heard = heard + 1 WHERE id = 700 AND sound",
        "UPDATE orders SET fate = 'held' WHERE sound",
    ] {
        let error = state.execute(change, []).expect_err(change);
        assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseCorrupt), "{change}: {error}");
    }
    torture::held("damage", damaged, "places of a damaged row, which no change makes sound");
}

/// A disk of its own under a shop's folder, gone when dropped.
struct Disk(PathBuf);

impl Disk {
    /// Moves the shop's files onto a disk of that size in bytes.
    fn under(shop: &Shop, size: Option<u64>) -> Self {
        let folder = shop.path("");
        let kept = tempfile::tempdir().unwrap();
        copy(&folder, kept.path());
        let size = size.map_or_else(String::new, |size| format!("size={size}"));
        mount(&["-t", "tmpfs", "-o", if size.is_empty() { "size=64m" } else { &size }, "tmpfs"], &folder);
        copy(kept.path(), &folder);
        Self(folder)
    }

    fn remount(&self, options: &str) {
        mount(&["-o", &format!("remount,{options}")], &self.0);
    }

    fn used(&self) -> u64 {
        let told = rustix::fs::statvfs(&self.0).unwrap();
        (told.f_blocks - told.f_bfree) * told.f_frsize
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn copy(from: &Path, to: &Path) {
    let from = from.join(".");
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

fn mount(args: &[&str], at: &Path) {
    assert!(Command::new("mount").args(args).arg(at).status().unwrap().success(), "mount {args:?} {}", at.display());
}

fn may_mount() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("mount");
    command.args(["-t", "tmpfs", "tmpfs"]).arg(folder.path()).stderr(Stdio::null());
    let may = command.status().is_ok_and(|status| status.success());
    if may {
        drop(Disk(folder.path().to_owned()));
    } else {
        println!("skipped: a disk of its own takes the superuser");
    }
    may
}

#[test]
fn where_nothing_can_be_written_nothing_is_done() {
    if !may_mount() {
        return;
    }
    let read_only = try_all("read-only", torture::cases(2, 50), |turn, rng| {
        let shop = turn.begin();
        let disk = Disk::under(&shop, None);
        if rng.bool() {
            disk.remount("ro");
        } else {
            // The file alone.
            let file = shop.path(STATE);
            mount(&["--bind", file.to_str().unwrap()], &file);
            mount(&["-o", "remount,bind,ro"], &file);
        }
        let ran = run(turn, &shop, STATE);
        assert!(refuses(&ran) && ran.stderr.contains("permission"), "{ran:?}");
        let _ = Command::new("umount").arg(shop.path(STATE)).stderr(Stdio::null()).status();
        disk.remount("rw");
        turn.to_the_end(&shop);
        shop.truth().is(&turn.end, &format!("nothing could be written before {turn}"));
        Outcome::Refused
    });
    let full = try_all("full", torture::cases(2, 50), |turn, rng| {
        let shop = turn.begin();
        let disk = Disk::under(&shop, None);
        let used = disk.used();
        disk.remount(&format!("size={}", used + rng.u64(0..160) * 4096));
        let ran = shop.run(&turn.side().args(turn.verb));
        let is_full = ran.code == Some(1);
        assert!(!is_full || format!("{}{}", ran.stdout, ran.stderr).contains("full"), "{ran:?}");
        disk.remount("size=64m");
        did_nothing_wrong(turn, &shop);
        turn.to_the_end(&shop);
        shop.truth().is(&turn.end, &format!("the disk was full at {turn}"));
        if is_full { Outcome::Stopped } else { Outcome::Harmless }
    });
    torture::held(
        "state file",
        read_only.values().chain(full.values()).sum(),
        format!(
            "{} times read-only; {} disks of too few bytes, on {} of which the run ended early; then the day went on",
            read_only.values().sum::<usize>(),
            full.values().sum::<usize>(),
            full.get(&Outcome::Stopped).copied().unwrap_or(0)
        ),
    );
}
