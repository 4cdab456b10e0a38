//! A week in a shop whose state file is lost at a random moment, in the middle of a run as likely as between two, and rebuilt by
//! `adopt`: judged by what both sides were really told, the week ends as if nothing had happened.
//!
//! A week is fourteen half-days. In each, orders come in, others are paid, cancelled, picked, invoiced, fetched and delivered, shelves
//! are counted, and then all passes run. `VAIVEM_CASES=50` loses the file at so many moments, spread over both channels and both
//! back offices, and not just at two.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;

use super::{lose_state, since};
use crate::crash::{At, Kind, is_killed_after, killed_at_request};
use crate::day::cases;
use crate::office::Office;
use crate::sandbox::anymarket::AnyPayment;
use crate::sandbox::papers::{self, Nfe};
use crate::sandbox::{AnyOrderSeed, OrderSeed, Payment, Phase, Vtex};
use crate::shop::{Ran, Shop};
use crate::side::Side;
use crate::truth::Truth;

/// What becomes of an order, half-day by half-day from the one in which it is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// Paid, invoiced, fetched, delivered.
    Plain,
    /// Paid, picked, invoiced, fetched.
    Picked,
    /// Its boleto is paid; then as the plain one.
    Boleto,
    /// Its boleto is never paid, and not overdue yet.
    Waiting,
    /// The bank or the marketplace gives it up.
    GivenUp,
    /// Its boleto is long overdue.
    Late,
    /// Long overdue, and paid between the announcement of its cancellation and the cancellation.
    PaidLate,
    /// The customer cancels before it is invoiced.
    Regret,
    /// The customer cancels before any run has seen it.
    Gone,
    /// A person in the back office cancels.
    Person,
    /// Its product is not in the ERP.
    NewSku,
    /// The customer asks to cancel, where customers can.
    Asked,
}

use Life::{Asked, Boleto, GivenUp, Gone, Late, NewSku, PaidLate, Person, Picked, Plain, Regret, Waiting};

const LIVES: [Life; 15] = [
    Plain, Picked, Boleto, Plain, Waiting, GivenUp, Late, PaidLate, Regret, Gone, Person, NewSku, Asked, Boleto, Picked,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happens {
    Paid,
    GivenUp,
    CancelledByCustomer,
    AskedFor,
    CancelledByPerson,
    Picked,
    Invoiced,
    Fetched,
    Delivered,
}

impl Life {
    fn starts_paid(self) -> bool {
        !matches!(self, Boleto | Waiting | GivenUp | Late | PaidLate)
    }

    /// Nobody wants it cancelled, and it is paid in the end.
    fn must_live(self) -> bool {
        matches!(self, Plain | Picked | Boleto | PaidLate)
    }

    /// What happens to it so many half-days after it was placed.
    fn happens(self, after: usize) -> Option<Happens> {
        use Happens::{CancelledByCustomer, Delivered, Fetched, Invoiced, Paid};
        match (self, after) {
            (Plain, 1) | (Picked | Boleto | PaidLate, 2) => Some(Invoiced),
            (Plain, 2) | (Picked | Boleto | PaidLate, 3) => Some(Fetched),
            (Plain, 3) | (Boleto, 4) => Some(Delivered),
            (Picked, 1) => Some(Happens::Picked),
            (Boleto | PaidLate, 1) => Some(Paid),
            (GivenUp, 1) => Some(Happens::GivenUp),
            (Regret, 1) | (Gone, 0) => Some(CancelledByCustomer),
            (Person, 1) => Some(Happens::CancelledByPerson),
            (Asked, 1) => Some(Happens::AskedFor),
            _ => None,
        }
    }
}

/// An order of the week.
#[derive(Clone, Copy, Debug)]
struct Sale {
    life: Life,
    /// The half-day in which it is placed.
    placed: usize,
    shirts: i64,
    mugs: i64,
}

const HALF_DAYS: usize = 14;
const ORDERS: usize = 24;
/// Orders come in until then, so that each has the time to come to its end.
const LAST_ORDERS: usize = 10;
/// Half-days in which goods came in and the shelves are counted.
const COUNTED: [usize; 3] = [3, 7, 11];
/// VTEX's id, the store's code, units at first, units that come in before each count.
const GOODS: [(&str, &str, i64, i64); 3] =
    [("1", "CAMISETA-P", 100, 12), ("2", "CANECA", 80, 0), ("3", "BONE", 100, 0)];
/// Runs that come after the week: one to announce a cancellation, one to cancel, one to see what that was.
const EVENING: usize = 3;

/// A week on one channel with one back office.
#[derive(Clone, Debug)]
struct Week {
    side: Side,
    office: Office,
    sales: Vec<Sale>,
}

impl Week {
    fn new(side: Side, office: Office, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut lives = Vec::new();
        while lives.len() < ORDERS {
            let mut more = LIVES.to_vec();
            rng.shuffle(&mut more);
            lives.extend(more.into_iter().filter(|life| *life != Asked || side == Side::Vtex));
        }
        lives.truncate(ORDERS);
        let sale = |(n, life): (usize, Life)| {
            // What is long overdue was there before the first run: no list tells of it anew.
            let placed = if matches!(life, Late | PaidLate) { 0 } else { n * LAST_ORDERS / ORDERS };
            Sale { life, placed, shirts: rng.i64(1..4), mugs: rng.i64(0..2) }
        };
        let mut sales: Vec<Sale> = lives.into_iter().enumerate().map(sale).collect();
        sales.sort_by_key(|sale| sale.placed);
        Self { side, office, sales }
    }

    fn open(&self) -> Shop {
        let settings = |warehouse: &str| {
            format!(
                "import_by_method = {{ boleto = \"all\" }}\ntimeout = \"2s\"\nmax_wait = \"1s\"\nauto_cancel = {{ enabled = true }}\n\
                 stock = {{ warehouse = \"{warehouse}\", settle = \"0s\" }}\n{{}}"
            )
        };
        let invoices = "confirm_within = \"0s\"\nsettle_after = \"0s\"\nissuers = [\"12345678000195\"]";
        let mut shop = match self.side {
            Side::Vtex => Shop::with(&settings("1_1").replace("{}", &format!("[channels.loja.invoices]\n{invoices}"))),
            Side::Hub => {
                Shop::with_hub(&settings("default").replace("{}", &format!("[channels.hub.invoices]\n{invoices}")))
            }
        };
        for (id, code, ..) in GOODS {
            self.side.offer(&shop, id, code);
        }
        match self.side {
            Side::Vtex => shop.vtex(Vtex::configure_needed_feed),
            // Of the others the list tells.
            Side::Hub => shop.hub(|a| a.ticked.retain(|status| status != "PENDING")),
        }
        if self.office == Office::Eccosys {
            shop.move_to_eccosys();
        }
        shop.open_inboxes();
        shop.count_shelves(&GOODS.map(|(_, code, units, _)| (code, units)));
        let _ = shop.run(&self.side.args("push-stock")).exits(0);
        shop
    }

    /// The id of an order on the channel.
    fn id(&self, n: usize) -> String {
        match self.side {
            Side::Vtex => format!("order-{n:02}-01"),
            Side::Hub => (7_000_001 + n).to_string(),
        }
    }

    fn orders(&self) -> impl Iterator<Item = (usize, &Sale)> {
        self.sales.iter().enumerate()
    }

    /// What happens around the shop in a half-day, before the passes run.
    fn happens(&self, shop: &Shop, half_day: usize) {
        if COUNTED.contains(&half_day) {
            // What goes on invoices now is on the shelves still.
            shop.count_shelves(&GOODS.map(|(_, code, ..)| (code, came(code, half_day) - self.left(code, half_day))));
        }
        for (n, sale) in self.orders().filter(|(_, sale)| sale.placed == half_day) {
            assert_eq!(self.place(shop, n, sale), self.id(n));
        }
        let mut now: BTreeMap<&str, Vec<Nfe>> = BTreeMap::new();
        for (n, sale) in self.orders().filter(|(_, sale)| sale.placed <= half_day) {
            let id = &self.id(n);
            match sale.life.happens(half_day - sale.placed) {
                None => {}
                Some(Happens::Paid) => self.side.pay(shop, id),
                Some(Happens::GivenUp) => self.side.give_up(shop, id),
                Some(Happens::CancelledByCustomer) => self.side.cancel(shop, id),
                Some(Happens::AskedFor) => shop.vtex(|v| v.request_cancellation(id)),
                Some(Happens::CancelledByPerson) => shop.cancel_in_office(id, "sem estoque"),
                Some(Happens::Picked) => shop.pick(id),
                Some(Happens::Invoiced) => now.entry("invoiced").or_default().push(self.invoice(n, sale)),
                Some(Happens::Fetched) => now.entry("fetched").or_default().push(self.invoice(n, sale)),
                Some(Happens::Delivered) => now.entry("delivered").or_default().push(self.invoice(n, sale)),
            }
        }
        for (what, invoices) in now {
            match what {
                "invoiced" => shop.issue_all(&invoices),
                "fetched" => shop.fetch_parcels(&invoices, hours_ago(60)),
                _ => {
                    let delivered: Vec<_> = invoices.iter().map(|nfe| (nfe.number, 1, hours_ago(20))).collect();
                    shop.drop_into(
                        &format!("carriers/ocoren-{half_day}.txt"),
                        &papers::ocoren(&delivered, hours_ago(10)),
                    );
                }
            }
        }
    }

    fn place(&self, shop: &Shop, n: usize, sale: &Sale) -> String {
        let long_ago = Utc::now() - TimeDelta::days(40);
        let is_late = matches!(sale.life, Late | PaidLate);
        match self.side {
            Side::Vtex => {
                let mut seed = match sale.life {
                    NewSku => OrderSeed::new().sku("9", "NOVO", 1_000, 1),
                    _ => OrderSeed::new().sku("1", "CAMISETA-P", 4_990, sale.shirts),
                };
                if sale.mugs > 0 {
                    seed = seed.sku("2", "CANECA", 2_990, sale.mugs);
                }
                if is_late {
                    seed = seed.created(long_ago);
                }
                if !sale.life.starts_paid() {
                    let due = if is_late { long_ago } else { Utc::now() } + TimeDelta::days(3);
                    seed = seed.pending(Payment::boleto(due.date_naive()));
                }
                shop.place(seed.id(&self.id(n)))
            }
            Side::Hub => {
                let mut seed = match sale.life {
                    NewSku => AnyOrderSeed::new().sku("NOVO", 1_000, 1),
                    _ => AnyOrderSeed::new().sku("CAMISETA-P", 4_990, sale.shirts),
                };
                if sale.mugs > 0 {
                    seed = seed.sku("CANECA", 2_990, sale.mugs);
                }
                if is_late {
                    seed = seed.created(long_ago);
                }
                if !sale.life.starts_paid() {
                    seed = seed.pending().pay(AnyPayment::boleto());
                }
                shop.hub(|a| a.place(seed)).to_string()
            }
        }
    }

    fn invoice(&self, n: usize, sale: &Sale) -> Nfe {
        let mut lines = vec![("CAMISETA-P".to_owned(), sale.shirts, 4_990 * sale.shirts)];
        lines.extend((sale.mugs > 0).then(|| ("CANECA".to_owned(), sale.mugs, 2_990 * sale.mugs)));
        let recipient = match self.side {
            Side::Vtex => OrderSeed::new().customer.cpf,
            Side::Hub => AnyOrderSeed::new().buyer.document.chars().filter(char::is_ascii_digit).collect(),
        };
        let number = 500 + u32::try_from(n).unwrap();
        let (freight, discount, other, issued_at) = (0, 0, 0, hours_ago(72));
        Nfe { number, order: self.id(n), recipient, lines, freight, discount, other, issued_at }
    }

    /// Units that went on invoices before that half-day.
    fn left(&self, code: &str, half_day: usize) -> i64 {
        let is_out = |sale: &Sale| {
            (sale.placed..half_day).any(|at| sale.life.happens(at - sale.placed) == Some(Happens::Invoiced))
        };
        let units = |sale: &Sale| match code {
            "CAMISETA-P" => sale.shirts,
            "CANECA" => sale.mugs,
            _ => 0,
        };
        self.sales.iter().filter(|sale| is_out(sale)).map(units).sum()
    }

    /// All passes run, and no stock is promised beyond what came in and is not sold.
    fn sync(&self, shop: &Shop, half_day: usize) -> Ran {
        let oversold = Arc::new(Mutex::new(Vec::new()));
        let (noted, limits, given_up) = (Arc::clone(&oversold), self.limits(half_day), self.given_up(half_day));
        self.side.on_stock(shop, move |shelf, sku| {
            let (now, limit) = (shelf.can_be_bought(sku), limits[sku] - shelf.sold(sku, &given_up));
            if now > limit {
                noted.lock().unwrap().push(format!("{now} of SKU {sku} can be bought, {limit} are there"));
            }
        });
        let ran = shop.run(&self.side.args("sync"));
        self.side.unwatched(shop);
        assert_eq!(*oversold.lock().unwrap(), [""; 0], "{:?} on {:?}, half-day {half_day}", self.side, self.office);
        ran
    }

    /// Orders that a person in the back office gave up, and whose goods are free by that.
    fn given_up(&self, half_day: usize) -> BTreeSet<String> {
        let is_given_up = |sale: &Sale| sale.life == Person && sale.placed < half_day;
        self.orders().filter(|(_, sale)| is_given_up(sale)).map(|(n, _)| self.id(n)).collect()
    }

    fn limits(&self, half_day: usize) -> BTreeMap<String, i64> {
        GOODS.iter().map(|(id, code, ..)| (self.side.sku(id, code).to_owned(), came(code, half_day))).collect()
    }

    /// The half-days from that one on, and the runs after the week.
    fn goes_on(&self, shop: &Shop, from: usize) -> Truth {
        for half_day in from..HALF_DAYS + EVENING {
            if half_day < HALF_DAYS {
                self.happens(shop, half_day);
            }
            let ran = self.sync(shop, half_day);
            assert!(matches!(ran.code, Some(0 | 3)), "in half-day {half_day}: {ran:?}");
        }
        shop.truth()
    }

    /// What must hold however the week went, by what the test knows of it.
    fn is_well(&self, truth: &Truth) {
        truth.has_no_doubles();
        for (n, sale) in self.orders().filter(|(_, sale)| sale.life.must_live()) {
            let (id, erp) = (self.id(n), &truth.erp[&self.id(n)]);
            assert_eq!(truth.channel[&id].cancelled, None, "{sale:?}, order {id}");
            assert!(erp.iter().all(|order| !matches!(&*order.status, "cancelled" | "2")), "{sale:?}: {erp:?}");
        }
    }

    /// Where an order stood before a person cancelled it, Eccosys does not tell: only the state file knew that the person saw it paid.
    /// The channel does not follow then, and a person must say which of the two counts.
    fn set_conflicts_aside(&self, truth: &mut Truth, end: &mut Truth) {
        for (n, _) in self.orders().filter(|(_, sale)| sale.life == Person) {
            let id = self.id(n);
            let conflict = (id.clone(), "paid_after_cancellation".to_owned());
            if self.office == Office::Eccosys && truth.holds.contains(&conflict) && !end.holds.contains(&conflict) {
                for truth in [&mut *truth, &mut *end] {
                    truth.holds.retain(|(held, _)| *held != id);
                    truth.channel.remove(&id);
                    truth.fates.remove(&id);
                }
            }
        }
    }
}

/// Units that came into the house by then.
fn came(code: &str, half_day: usize) -> i64 {
    let (.., at_first, each) = GOODS.into_iter().find(|(_, one, ..)| *one == code).unwrap();
    at_first + each * i64::try_from(COUNTED.iter().filter(|at| **at <= half_day).count()).unwrap()
}

/// A week lived without trouble.
struct Lived {
    week: Week,
    /// The shop right before the run of all passes, for half-days that are wanted; how many calls that run makes to the channel and
    /// to the ERP, and how long it takes.
    runs: BTreeMap<usize, (Shop, u64, u64, Duration)>,
    end: Truth,
}

fn live(week: Week, wanted: &[usize]) -> Lived {
    let shop = week.open();
    let mut runs = BTreeMap::new();
    for half_day in 0..HALF_DAYS {
        week.happens(&shop, half_day);
        let before = wanted.contains(&half_day).then(|| shop.copy());
        let (calls, erp_calls, begun) = (week.side.calls(&shop), shop.erp_calls(), Instant::now());
        let ran = week.sync(&shop, half_day);
        assert!(matches!(ran.code, Some(0 | 3)), "in half-day {half_day}: {ran:?}");
        let (time, calls, erp_calls) = (begun.elapsed(), week.side.calls(&shop) - calls, shop.erp_calls() - erp_calls);
        runs.extend(before.map(|shop| (half_day, (shop, calls, erp_calls, time))));
    }
    let end = week.goes_on(&shop, HALF_DAYS);
    week.is_well(&end);
    assert_eq!(end.unsettled, [""; 0], "{week:?}");
    Lived { week, runs, end }
}

/// When the file is lost.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// Before the run.
    Between,
    /// The run is killed at its request of this number to the channel, or to the ERP.
    Request(At),
    /// The run is killed after this time, if it takes so long.
    After(Duration),
}

impl Lived {
    fn any_moment(&self, half_day: usize, rng: &mut Rng) -> Moment {
        let (_, calls, erp_calls, time) = self.runs[&half_day];
        let among = |calls: u64, rng: &mut Rng| rng.u32(1..=u32::try_from(calls).unwrap());
        let phase = if rng.bool() { Phase::BeforeEffect } else { Phase::AfterEffect };
        match rng.u8(0..5) {
            0 => Moment::Between,
            1 | 2 => {
                let in_erp = erp_calls > 0 && rng.bool();
                let nth = among(if in_erp { erp_calls } else { calls }, rng);
                Moment::Request(At { kind: Kind::Any, nth, phase, in_erp })
            }
            _ => Moment::After(time.mul_f64(rng.f64())),
        }
    }

    /// The week with the file lost at that moment. Tells whether a run was killed by then.
    fn with_loss(&self, half_day: usize, moment: Moment) -> bool {
        let (week, shop) = (&self.week, self.runs[&half_day].0.copy());
        let told = format!("{:?} on {:?}, half-day {half_day}, {moment:?}", week.side, week.office);
        let run = (week.side, "sync");
        let was_killed = match moment {
            Moment::Between => false,
            Moment::Request(at) => killed_at_request(&shop, run, at),
            Moment::After(time) => is_killed_after(&shop, run, time),
        };
        let writes = || week.side.effects(&shop) + shop.eccosys(|e| e.effects.len());
        let before = writes();
        lose_state(&shop);
        let ran = shop.run(&["adopt", "--since", &since(), "--channel", week.side.channel()]);
        assert!(matches!(ran.code, Some(0 | 3)), "{told}: {ran:?}");
        assert_eq!(writes(), before, "{told}: adopt writes to neither side");
        let ran = week.sync(&shop, half_day);
        assert!(matches!(ran.code, Some(0 | 3)), "{told}: {ran:?}");
        let (mut truth, mut end) = (week.goes_on(&shop, half_day + 1), self.end.clone());
        week.is_well(&truth);
        week.set_conflicts_aside(&mut truth, &mut end);
        truth.is(&end, &told);
        was_killed
    }
}

/// Of the same moment throughout, so that two histories of a week differ in nothing.
fn hours_ago(hours: i64) -> DateTime<Utc> {
    static NOW: LazyLock<DateTime<Utc>> = LazyLock::new(Utc::now);
    *NOW - TimeDelta::hours(hours)
}

#[test]
fn adopt_rebuilds_the_state_file_at_any_moment_of_a_week() {
    use Office::{Eccosys, Ledger};
    let weeks = [(Side::Vtex, Ledger), (Side::Hub, Eccosys), (Side::Hub, Ledger), (Side::Vtex, Eccosys)];
    let moments = usize::try_from(cases(2)).unwrap();
    let (next, losses, kills) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let which = next.fetch_add(1, Ordering::SeqCst);
                    let Some((side, office)) = weeks.get(which) else { return };
                    let mut rng = Rng::with_seed(which.try_into().unwrap());
                    let wanted: Vec<_> =
                        (which..moments).step_by(weeks.len()).map(|_| rng.usize(0..HALF_DAYS)).collect();
                    if wanted.is_empty() {
                        continue;
                    }
                    let lived = live(Week::new(*side, *office, rng.u64(..)), &wanted);
                    for half_day in wanted {
                        let was_killed = lived.with_loss(half_day, lived.any_moment(half_day, &mut rng));
                        losses.fetch_add(1, Ordering::SeqCst);
                        kills.fetch_add(usize::from(was_killed), Ordering::SeqCst);
                    }
                }
            });
        }
    });
    let (losses, kills) = (losses.into_inner(), kills.into_inner());
    println!("the state file was lost at {losses} moments, {kills} of them in the middle of a run");
}
