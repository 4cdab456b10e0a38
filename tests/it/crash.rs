//! kill -9 between any two steps of every verb, then the next cron runs: the world must look as if nothing had happened.
//!
//! Two ways to choose the point: at every request the program makes, before the sandbox applies it and after it did but before the
//! answer; and, for the steps between requests (documents, journal, ledger, state file), at moments spread over the whole run. Only
//! what hit a living program counts. `VAIVEM_TORTURE=long` tries 200 moments for each verb and not just a few, `VAIVEM_CASES`
//! so many as it says.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::day::{Turn, cases, turns};
use crate::office::Office;
use crate::sandbox::{Call, Phase};
use crate::shop::{Shop, wait_until};
use crate::side::{Side, hook};
use crate::torture;

/// When the program is killed.
#[derive(Clone, Copy, Debug)]
enum Point {
    /// At its request of this number to the channel, from 1.
    Request(u32, Phase),
    /// At its request of this number to the ERP.
    ErpRequest(u32, Phase),
    /// After this share of the time until its first request, in thousandths.
    BeforeRequests(u32),
    /// After this share of the whole run, in thousandths.
    Moment(u32),
    /// When some documents of an inbox are taken and others are not.
    AmongDocuments(u32),
}

/// How long a verb takes when nobody kills it.
struct Pace {
    to_first_request: Duration,
    whole: Duration,
}

#[test]
fn killed_at_any_point_of_any_verb() {
    let moments = torture::cases(14, 200);
    let work: Vec<(&Turn, Pace, Vec<Point>)> =
        turns().map(|turn| (turn, pace(turn), points_of(turn, share_of(turn, moments)))).collect();
    let points: Vec<(&Turn, &Pace, Point)> =
        work.iter().flat_map(|(turn, pace, points)| points.iter().map(move |point| (*turn, pace, *point))).collect();
    assert!(points.len() >= 700, "only {} kill points", points.len());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((turn, pace, point)) = points.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if let Err(failure) = catch_unwind(AssertUnwindSafe(|| kill_and_go_on(turn, pace, *point))) {
                        // One is enough; the others need not be tried.
                        next.store(points.len(), Ordering::SeqCst);
                        resume_unwind(failure);
                    }
                }
            });
        }
    });
    for (turn, _, points) in &work {
        println!("{turn}: killed at {} points", points.len());
    }
    torture::held("effects", points.len(), "kills at a request, before and after its effect, and at moments between");
}

/// Importing has the most steps between its requests. What is between them is the same on every channel, so one is tried the most;
/// with Eccosys there is little but requests.
fn share_of(turn: &Turn, moments: u32) -> u32 {
    match (turn.office, turn.side(), turn.verb) {
        (Office::Ledger, Side::Vtex, "import-orders") => 4 * moments,
        (Office::Ledger, Side::Vtex, _) => moments,
        (Office::Ledger, Side::Hub, _) => moments / 6,
        (Office::Eccosys, ..) => moments / 15,
    }
}

/// At most so many requests of a verb to the ERP are tried, unless `VAIVEM_CASES` asks for more: each run of it makes many.
const ERP_REQUESTS: u32 = 6;

fn points_of(turn: &Turn, moments: u32) -> Vec<Point> {
    let shares = |of: u32| (0..of).map(move |n| (2 * n + 1) * 500 / of);
    let phases = [Phase::BeforeEffect, Phase::AfterEffect];
    // What the channel is asked is the same with every ERP.
    let is_told = turn.office == Office::Ledger;
    let requests = (1..=turn.calls).filter(|_| is_told).flat_map(|n| phases.map(|phase| Point::Request(n, phase)));
    let step = usize::try_from(turn.erp_calls / cases(ERP_REQUESTS).max(1)).unwrap().max(1);
    let erp = (1..=turn.erp_calls).step_by(step).flat_map(|n| phases.map(|phase| Point::ErpRequest(n, phase)));
    let (early, among) = match turn.documents().len() {
        0 => (0, 0),
        1 | 2 => (moments / 2, 0),
        _ => (0, moments * 2 / 3),
    };
    requests
        .chain(erp)
        .chain(shares(early).map(Point::BeforeRequests))
        .chain((0..among).map(Point::AmongDocuments))
        .chain(shares(moments).map(Point::Moment))
        .collect()
}

/// Every point is one where the program was alive, or this panics.
fn kill_and_go_on(turn: &Turn, pace: &Pace, point: Point) {
    let shop = match point {
        Point::Request(n, phase) => {
            let shop = turn.begin();
            assert!(
                killed_at_request(&shop, (turn.side(), turn.verb), (n, phase), false),
                "{turn} made no request {n}"
            );
            shop
        }
        Point::ErpRequest(n, phase) => {
            let shop = turn.begin();
            assert!(
                killed_at_request(&shop, (turn.side(), turn.verb), (n, phase), true),
                "{turn} made no request {n} to the ERP"
            );
            shop
        }
        Point::BeforeRequests(share) => killed_by_then(turn, pace.to_first_request * share / 1000),
        Point::Moment(share) => killed_by_then(turn, pace.whole * share / 1000),
        Point::AmongDocuments(n) => killed_among_documents(turn, pace, n),
    };
    turn.promises_nothing_twice(&shop);
    turn.to_the_end(&shop);
    shop.truth().is(&turn.end, &format!("{turn} killed at {point:?}"));
}

/// A shop whose verb was killed when it had taken some of the documents: times all over the first part of a run are tried until one
/// is right.
fn killed_among_documents(turn: &Turn, pace: &Pace, n: u32) -> Shop {
    let waited = turn.documents();
    for at in 0..200 {
        let shop = turn.begin();
        let is_hit =
            is_killed_after(&shop, (turn.side(), turn.verb), pace.to_first_request * ((n + at) * 37 % 100) / 100);
        let now = shop.documents();
        let left = waited.iter().filter(|file| now.contains(file)).count();
        if is_hit && left > 0 && left < waited.len() {
            return shop;
        }
    }
    panic!("{turn} was never killed among its documents");
}

/// Runs the verb and kills it after that time. Gives whether it died of it.
pub fn is_killed_after(shop: &Shop, run: (Side, &str), time: Duration) -> bool {
    let mut child = quietly(shop, run);
    std::thread::sleep(time);
    child.kill().unwrap();
    // Without an exit code it did not end by itself.
    child.wait().unwrap().code().is_none()
}

/// A shop whose verb was killed after that time; one that was faster is tried again, sooner.
fn killed_by_then(turn: &Turn, mut time: Duration) -> Shop {
    for _ in 0..40 {
        let shop = turn.begin();
        if is_killed_after(&shop, (turn.side(), turn.verb), time) {
            return shop;
        }
        time = time * 4 / 5;
    }
    panic!("{turn} was always faster than {time:?}");
}

/// Runs the verb and kills it at its `n`-th request, in the given phase. Gives whether it came so far, and died of it.
pub fn killed_at_request(shop: &Shop, run: (Side, &str), (n, phase): (u32, Phase), in_erp: bool) -> bool {
    let victim = Arc::new(Mutex::new(None::<Child>));
    let target = Arc::clone(&victim);
    let mut requests = 0;
    let goes_on = move |_: &Call, at| {
        requests += u32::from(at == phase);
        if at != phase || requests != n {
            return true;
        }
        // The request may come before the test has the child in its hands.
        wait_until("the program's process", || target.lock().unwrap().is_some());
        target.lock().unwrap().as_mut().unwrap().kill().unwrap();
        false
    };
    match in_erp {
        false => run.0.on_call(shop, goes_on),
        true => shop.eccosys(|e| hook(e, goes_on)),
    }
    *victim.lock().unwrap() = Some(quietly(shop, run));
    let mut ended = None;
    wait_until("the program's end", || {
        ended = victim.lock().unwrap().as_mut().unwrap().try_wait().unwrap();
        ended.is_some()
    });
    run.0.unwatched(shop);
    shop.eccosys(|e| e.on_call = None);
    // Without an exit code it did not end by itself.
    ended.is_some_and(|status| status.code().is_none())
}

fn quietly(shop: &Shop, (side, verb): (Side, &str)) -> Child {
    shop.command(&side.args(verb)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The fastest of three runs, since the machine may have other work.
fn pace(turn: &Turn) -> Pace {
    let measured = || {
        let shop = turn.begin();
        let first = Arc::new(Mutex::new(None::<Instant>));
        let noted = Arc::clone(&first);
        turn.side().on_call(&shop, move |_, _| {
            noted.lock().unwrap().get_or_insert_with(Instant::now);
            true
        });
        let begun = Instant::now();
        quietly(&shop, (turn.side(), turn.verb)).wait().unwrap();
        let whole = begun.elapsed();
        let to_first_request = first.lock().unwrap().map_or(whole, |at| at - begun);
        Pace { to_first_request, whole }
    };
    let paces = [measured(), measured(), measured()];
    paces.into_iter().min_by_key(|pace| pace.whole).unwrap()
}
