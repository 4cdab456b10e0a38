//! kill -9 between any two steps of every verb, then the next cron runs: the world must look as if nothing had happened.
//!
//! Two ways to choose the point: at every request the program makes, before the sandbox applies it and after it did but before the
//! answer; and, for the steps between requests (documents, journal, ledger, state file), at moments spread over the whole run. Only
//! what hit a living program counts. Reading changes nothing, so before and after are one point there, but for a feed, whose events
//! are hidden by it. `VAIVEM_TORTURE=long` tries both all the same, every request with an ERP that takes some, and 200 moments for each
//! verb and not just a few; `VAIVEM_CASES` so many as it says.

use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::day::{Turn, turns};
use crate::office::Office;
use crate::sandbox::{Call, Phase};
use crate::shop::{Shop, wait_until};
use crate::side::{Side, hook};
use crate::torture;

/// When the program is killed.
#[derive(Clone, Copy, Debug)]
enum Point {
    /// At a request to the channel or to the ERP.
    Request(At),
    /// After this share of the time until its first request, in thousandths.
    BeforeRequests(u32),
    /// After this share of the whole run, in thousandths.
    Moment(u32),
    /// When some documents of an inbox are taken and others are not.
    AmongDocuments(u32),
}

/// A request at which the program dies: which of those of its kind, from 1.
#[derive(Clone, Copy, Debug)]
pub struct At {
    pub kind: Kind,
    pub nth: u32,
    pub phase: Phase,
    pub in_erp: bool,
}

/// What a request may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Any,
    /// One that changes nothing.
    Reading,
    Writing,
}

impl Kind {
    /// Reading a feed hides what was read, for a while.
    fn is(self, call: &Call) -> bool {
        let is_reading = call.method == "GET" && !call.path.contains("/feed");
        match self {
            Self::Any => true,
            Self::Reading => is_reading,
            Self::Writing => !is_reading,
        }
    }
}

/// How long a verb takes when nobody kills it, and its requests.
struct Pace {
    to_first_request: Duration,
    whole: Duration,
    /// Readings and writings, to the channel and to the ERP.
    to_channel: [u32; 2],
    to_erp: [u32; 2],
}

/// A verb to kill, and where.
struct Case<'a> {
    turn: &'a Turn,
    pace: &'a Pace,
    point: Point,
}

impl std::fmt::Debug for Case<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} killed at {:?}", self.turn, self.point)
    }
}

#[test]
fn killed_at_any_point_of_any_verb() {
    let moments = torture::cases(3, 200);
    let paces: Vec<(&Turn, Pace)> = turns().map(|turn| (turn, pace(turn))).collect();
    let cases: Vec<Case<'_>> = paces
        .iter()
        .flat_map(|(turn, pace)| {
            let requests = [pace.to_channel, pace.to_erp].map(|of| of.iter().sum::<u32>());
            assert_eq!(requests, [turn.calls, turn.erp_calls], "{turn} makes the same requests each time");
            let points = points_of(turn, pace, share_of(turn, moments));
            println!("{turn}: killed at {} points", points.len());
            points.into_iter().map(move |point| Case { turn, pace, point })
        })
        .collect();
    assert!(cases.len() >= 400, "only {} kill points", cases.len());
    torture::each(&cases, kill_and_go_on);
    torture::held("effects", cases.len(), "kills at a request, before and after its effect, and at moments between");
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

/// At most so many requests of each kind to the ERP are tried in the short form: each run makes many.
const ERP_REQUESTS: u32 = 4;
/// And so many to the channel where the ERP takes requests, too: those to the channel are much the same with every ERP.
const BESIDE_ERP: u32 = 1;

fn points_of(turn: &Turn, pace: &Pace, moments: u32) -> Vec<Point> {
    let shares = |of: u32| (0..of).map(move |n| (2 * n + 1) * 500 / of);
    let at_channel = if turn.office == Office::Ledger { u32::MAX } else { BESIDE_ERP };
    let [at_channel, in_erp] = [at_channel, ERP_REQUESTS].map(|most| if torture::is_long() { u32::MAX } else { most });
    let requests = requests_of(pace.to_channel, at_channel, false).chain(requests_of(pace.to_erp, in_erp, true));
    let (early, among) = match turn.documents().len() {
        0 => (0, 0),
        1 | 2 => (moments / 2, 0),
        _ => (0, moments * 2 / 3),
    };
    requests
        .map(Point::Request)
        .chain(shares(early).map(Point::BeforeRequests))
        .chain((0..among).map(Point::AmongDocuments))
        .chain(shares(moments).map(Point::Moment))
        .collect()
}

/// At most so many of each kind, spread over the run: the last of each stretch of it.
fn requests_of([readings, writings]: [u32; 2], most: u32, in_erp: bool) -> impl Iterator<Item = At> {
    let of_kind = move |kind, count: u32, phases: &'static [Phase]| {
        let tried = count.min(most);
        let nth = move |n: u32| u32::try_from(u64::from(n + 1) * u64::from(count) / u64::from(tried)).unwrap();
        (0..tried).flat_map(move |n| phases.iter().map(move |phase| At { kind, nth: nth(n), phase: *phase, in_erp }))
    };
    const BOTH: &[Phase] = &[Phase::BeforeEffect, Phase::AfterEffect];
    let of_reading = if torture::is_long() { BOTH } else { &BOTH[1..] };
    of_kind(Kind::Reading, readings, of_reading).chain(of_kind(Kind::Writing, writings, BOTH))
}

/// Every point is one where the program was alive, or this panics.
fn kill_and_go_on(Case { turn, pace, point }: &Case<'_>) {
    let shop = match *point {
        Point::Request(at) => {
            let shop = turn.begin();
            assert!(killed_at_request(&shop, (turn.side(), turn.verb), at), "{turn} made no such request: {at:?}");
            shop
        }
        Point::BeforeRequests(share) => killed_by_then(turn, pace.to_first_request * share / 1000),
        Point::Moment(share) => killed_by_then(turn, pace.whole * share / 1000),
        Point::AmongDocuments(n) => killed_among_documents(turn, n),
    };
    turn.promises_nothing_twice(&shop);
    turn.to_the_end(&shop);
    shop.truth().is(&turn.end, &format!("{turn} killed at {point:?}"));
}

/// A shop whose verb was killed when it had taken so many of the documents, or a few more, and not all.
fn killed_among_documents(turn: &Turn, n: u32) -> Shop {
    let waited = turn.documents();
    let taken = |shop: &Shop| {
        let now = shop.documents();
        waited.iter().filter(|file| !now.contains(file)).count()
    };
    let wanted = 1 + n as usize % (waited.len() - 1);
    for _ in 0..400 {
        let shop = turn.begin();
        let mut child = quietly(&shop, (turn.side(), turn.verb));
        // They are taken within a moment, so it is looked all the time.
        let begun = std::time::Instant::now();
        while taken(&shop) < wanted && child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(30), "{turn} takes no documents and does not end");
            std::thread::yield_now();
        }
        child.kill().unwrap();
        // Without an exit code it did not end by itself.
        if child.wait().unwrap().code().is_none() && (1..waited.len()).contains(&taken(&shop)) {
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

/// Runs the verb and kills it at that request. Gives whether it came so far, and died of it.
pub fn killed_at_request(shop: &Shop, run: (Side, &str), at: At) -> bool {
    let victim = Arc::new(Mutex::new(None::<Child>));
    let target = Arc::clone(&victim);
    let mut requests = 0;
    let goes_on = move |call: &Call, phase| {
        let is_one = phase == at.phase && at.kind.is(call);
        requests += u32::from(is_one);
        if !is_one || requests != at.nth {
            return true;
        }
        // The request may come before the test has the child in its hands.
        wait_until("the program's process", || target.lock().unwrap().is_some());
        target.lock().unwrap().as_mut().unwrap().kill().unwrap();
        false
    };
    match at.in_erp {
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
        let [to_channel, to_erp] = [(); 2].map(|()| Arc::new(Mutex::new((None::<Instant>, [0; 2]))));
        let note = |noted: &Arc<Mutex<(Option<Instant>, [u32; 2])>>| {
            let noted = Arc::clone(noted);
            move |call: &Call, phase| {
                let mut noted = noted.lock().unwrap();
                noted.0.get_or_insert_with(Instant::now);
                noted.1[usize::from(Kind::Writing.is(call))] += u32::from(phase == Phase::BeforeEffect);
                true
            }
        };
        turn.side().on_call(&shop, note(&to_channel));
        shop.eccosys(|e| hook(e, note(&to_erp)));
        let begun = Instant::now();
        quietly(&shop, (turn.side(), turn.verb)).wait().unwrap();
        let whole = begun.elapsed();
        let ((first, to_channel), (_, to_erp)) = (*to_channel.lock().unwrap(), *to_erp.lock().unwrap());
        Pace { to_first_request: first.map_or(whole, |at| at - begun), whole, to_channel, to_erp }
    };
    let paces = [measured(), measured(), measured()];
    paces.into_iter().min_by_key(|pace| pace.whole).unwrap()
}
