//! A week of cron at ten minutes, one `sync` after another, while thousands of orders come in on two channels, one call in a hundred
//! fails in each way that calls fail, and runs are killed.
//!
//! Two things must hold. All of it comes out right, judged by what the platforms and the ledger know themselves. And nothing grows
//! with the time that the program has been at work: the last quarter takes no more memory and open files than the second, the
//! write-ahead logs stay small, and the state file has so many bytes for each order and no more. It needs faketime
//! (`apt-get install faketime`), as the program's clock must go along.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;

use super::watched::{Pace, Watched};
use super::{cases, held, is_long};
use crate::sandbox::anymarket::AnyPayment;
use crate::sandbox::papers::{self, Nfe};
use crate::sandbox::{AnyEffect, AnyOrderSeed, Effect, Fault, Kind, OrderSeed, Payment};
use crate::shop::Shop;
use crate::side::{Side, Told};

/// A week of passes, its orders and the products there are.
const WEEK: Size = Size { passes: 1_008, orders: 20_000, products: 50_000 };
/// The same checks within seconds.
const SHORT: Size = Size { passes: 12, orders: 60, products: 200 };

#[derive(Clone, Copy, Debug)]
struct Size {
    passes: usize,
    orders: usize,
    products: usize,
}

impl Size {
    /// `VAIVEM_CASES` makes the week shorter, with as many orders a day, and as many fewer products.
    fn asked() -> Self {
        let whole = if is_long() { WEEK } else { SHORT };
        let passes = cases(SHORT.passes as u32, WEEK.passes as u32) as usize;
        let share = |of: usize| of * passes / whole.passes;
        Self { passes, orders: share(whole.orders), products: share(whole.products) }
    }

    /// How many passes each stage of an order's way takes at most, so that orders come to their end as fast as others come in from the
    /// second quarter on.
    fn stage(self) -> usize {
        (self.passes / 16).max(1)
    }
}

/// What every shop of a test has on its shelf, by VTEX's id and the store's code. Nobody buys it here.
const OF_ANY_SHOP: [(&str, &str); 3] = [("1", "CAMISETA-P"), ("2", "CANECA"), ("3", "BONE")];

const CRON: TimeDelta = TimeDelta::minutes(10);
/// Units of each product on the shelf to begin with: nothing is ever sold out.
const UNITS: i64 = 500;
/// Every fourth line is of one of so many products, which both channels sell all the time.
const BESTSELLERS: usize = 40;
/// Of so many passes the last is calm: nothing goes wrong in it. Another of them is killed.
const ROUND: usize = 10;
const KILLED: usize = 7;

/// What the last quarter's peak may be more than the second's, in percent.
const MARGIN: u64 = 10;
/// And so many open files more: connections that broke are open beside those that took their place.
const FILES: u64 = 8;
/// What a write-ahead log may have, in bytes: SQLite empties it into its file at 4,096 pages, but not within a transaction.
const LOG: u64 = 24 << 20;
/// Bytes of the state file for each order, for each product on each channel, for each pass of six verbs on two channels, and for
/// pages that are not full.
const PER_ORDER: u64 = 3 << 10;
const PER_PRODUCT: u64 = 600;
const PER_PASS: u64 = 6 << 10;
const PAGES: u64 = 192 << 10;

const LOJA: &str = "import = \"all\"
timeout = \"4s\"
max_wait = \"4s\"
in_flight = 8
auto_cancel = { enabled = true, days_without_due_date = 0, brake_orders = 100000, brake_percent = 100 }
stock = { warehouse = \"1_1\", settle = \"10m\" }
invoices = { issuers = [\"12345678000195\"], confirm_within = \"0s\" }";

const HUB: &str = "import = \"all\"
timeout = \"4s\"
max_wait = \"4s\"
in_flight = 8
stock = { warehouse = \"default\", settle = \"10m\" }
invoices = { issuers = [\"12345678000195\"], confirm_within = \"0s\" }";

/// An order, as those know it who see everything.
struct Sale {
    side: Side,
    id: String,
    lines: Vec<(usize, i64)>,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    NotYet,
    /// A person cancelled it in the ledger, and the channel is to follow.
    CancelledInErp,
    Cancelled,
    Invoiced(u32),
    Delivered(u32),
}

/// What people do to an order next.
#[derive(Clone, Copy, Debug)]
enum Next {
    Pay,
    GiveUp,
    Regret,
    Invoice,
    Fetch(u32),
    Deliver(u32),
}

/// What each pass took.
#[derive(Default)]
struct Marks {
    memory: Vec<u64>,
    open_files: Vec<u64>,
    log: Vec<u64>,
    killed: usize,
    codes: BTreeMap<Option<i32>, usize>,
    /// The state file's bytes when there was nothing, and before the first order.
    empty: u64,
    with_products: u64,
}

struct Soak {
    size: Size,
    shop: Shop,
    rng: Rng,
    pass: usize,
    sales: Vec<Sale>,
    /// By pass: which sale, and what happens to it then.
    agenda: BTreeMap<usize, Vec<(usize, Next)>>,
    /// Sales that the program or a platform is to cancel.
    to_be_cancelled: Vec<usize>,
    shelf: Vec<i64>,
    /// Units of each product in orders that are open.
    wanted: Vec<i64>,
    wanted_cancelled: BTreeSet<String>,
    invoices: u32,
    last_took: Duration,
    /// Products that were sold since the last pass in which nothing went wrong.
    sold: BTreeSet<usize>,
    marks: Marks,
}

fn code(product: usize) -> String {
    format!("P{product:05}")
}

/// VTEX's id.
fn vtex_id(product: usize) -> String {
    (100_000 + product).to_string()
}

fn price(product: usize) -> i64 {
    990 + 10 * i64::try_from(product % 1_000).unwrap()
}

impl Soak {
    /// Everything is on both channels before the first order comes, and before anything goes wrong.
    fn begin(size: Size, seed: u64) -> Self {
        let mut shop = Shop::with_hub(HUB);
        shop.set(LOJA);
        shop.open_inboxes();
        shop.vtex(|v| {
            v.keep_call_log = false;
            OF_ANY_SHOP.iter().for_each(|(id, code)| v.add_sku(id, code));
            (0..size.products).for_each(|product| v.add_sku(&vtex_id(product), &code(product)));
            v.configure_needed_feed();
        });
        shop.hub(|a| {
            a.keep_call_log = false;
            OF_ANY_SHOP.iter().for_each(|(_, code)| a.set_stock(code, 1, 0));
            (0..size.products).for_each(|product| a.set_stock(&code(product), 1, 0));
        });
        let mut soak = Self {
            size,
            shop,
            rng: Rng::with_seed(seed),
            pass: 0,
            sales: Vec::new(),
            agenda: BTreeMap::new(),
            to_be_cancelled: Vec::new(),
            shelf: vec![0; size.products],
            wanted: vec![0; size.products],
            wanted_cancelled: BTreeSet::new(),
            invoices: 0,
            last_took: Duration::ZERO,
            sold: BTreeSet::new(),
            marks: Marks::default(),
        };
        let _ = soak.shop.run(&["sync"]);
        soak.marks.empty = soak.shop.size("vaivem.db");
        let all: Vec<(usize, i64)> = (0..size.products).map(|product| (product, UNITS)).collect();
        soak.shelves_are_counted(&all);
        let first = soak.shop.run_watched(&["-q", "sync"], Pace::Real, None);
        assert!(matches!(first.ran.code, Some(0 | 3)), "{}", first.ran.stderr);
        let Watched { memory, took, log, .. } = first;
        println!("{size:?}: the first pass took {took:?}, {memory} KiB of memory, a log of {} KiB", log >> 10);
        assert!(log <= LOG, "a log of {log} bytes for the first pass");
        soak.marks.with_products = soak.shop.size("vaivem.db");
        soak
    }

    /// One of a hundred calls goes wrong in each of these ways.
    fn strike(&mut self) {
        let kinds = [
            Kind::status(503),
            Kind::too_many(0),
            Kind::DropBeforeWrite,
            Kind::SlowMs(400),
            Kind::Applied500,
            Kind::TimeoutAfterWrite,
            Kind::Truncated,
        ];
        for side in Side::BOTH {
            let faults = kinds.clone().map(|kind| Fault::share(1, self.rng.u64(..), kind));
            side.strike(&self.shop, faults.to_vec());
        }
    }

    fn live(mut self) -> Self {
        for pass in 1..=self.size.passes {
            let due = self.size.orders * pass / self.size.passes;
            self.time_passes(due - self.sales.len());
            self.people_act();
            self.cron_runs();
            if pass.is_multiple_of(self.size.passes.div_ceil(12)) {
                println!("{}", self.told());
            }
        }
        self
    }

    /// Ten minutes, and so many orders.
    fn time_passes(&mut self, orders: usize) {
        self.pass += 1;
        self.shop.advance(CRON);
        (0..orders).for_each(|_| self.customer_buys());
    }

    fn now(&self) -> DateTime<Utc> {
        self.shop.vtex(|v| v.now())
    }

    fn customer_buys(&mut self) {
        let side = self.rng.choice(Side::BOTH).unwrap();
        let mut lines = vec![(self.any_product(), self.rng.i64(1..=2))];
        if self.rng.u8(..5) == 0 {
            lines.push(((lines[0].0 + 1) % self.size.products, 1));
        }
        let dice = self.rng.u8(..100);
        // Most pay at once, some later, some never, and some think again.
        let next = match dice {
            0..70 => Some(Next::Invoice),
            70..88 => Some(Next::Pay),
            88..92 => Some(Next::GiveUp),
            92..95 if side == Side::Vtex => None,
            92..95 => Some(Next::GiveUp),
            _ => Some(Next::Regret),
        };
        let is_paid = matches!(next, Some(Next::Invoice | Next::Regret));
        let id = self.place(side, &lines, is_paid);
        for (product, units) in &lines {
            self.wanted[*product] += units;
            self.sold.insert(*product);
        }
        let at = self.sales.len();
        self.sales.push(Sale { side, id, lines, end: End::NotYet });
        // Of those that nobody pays the program may be sooner than the bank.
        if side == Side::Vtex && matches!(next, None | Some(Next::GiveUp)) {
            self.to_be_cancelled.push(at);
        }
        if let Some(next) = next {
            self.plan(at, next);
        }
    }

    fn any_product(&mut self) -> usize {
        let of = if self.rng.u8(..4) == 0 { BESTSELLERS.min(self.size.products) } else { self.size.products };
        self.rng.usize(..of)
    }

    fn place(&self, side: Side, lines: &[(usize, i64)], is_paid: bool) -> String {
        match side {
            Side::Vtex => {
                let seed = lines.iter().fold(OrderSeed::new(), |seed, (product, units)| {
                    seed.sku(&vtex_id(*product), &code(*product), price(*product), *units)
                });
                self.shop.place(if is_paid { seed } else { seed.pending(Payment::pix()) })
            }
            Side::Hub => {
                let seed = lines.iter().fold(AnyOrderSeed::new(), |seed, (product, units)| {
                    seed.sku(&code(*product), price(*product), *units)
                });
                let seed = if is_paid { seed } else { seed.pending().pay(AnyPayment::boleto()) };
                self.shop.hub(|a| a.place(seed)).to_string()
            }
        }
    }

    /// It happens within a stage.
    fn plan(&mut self, at: usize, next: Next) {
        let most = match next {
            // Who pays, pays soon.
            Next::Pay => (self.size.stage() / 8).max(1),
            _ => self.size.stage(),
        };
        let pass = self.pass + self.rng.usize(1..=most);
        self.agenda.entry(pass).or_default().push((at, next));
    }

    /// Customers, banks, people at the store and carriers do what is due.
    fn people_act(&mut self) {
        let later = self.agenda.split_off(&(self.pass + 1));
        let due = std::mem::replace(&mut self.agenda, later);
        let (mut papers, mut fetched, mut delivered) = (Vec::new(), Vec::new(), Vec::new());
        let at = self.now() - TimeDelta::minutes(5);
        for (place, next) in due.into_values().flatten() {
            let (side, id) = (self.sales[place].side, self.sales[place].id.clone());
            match next {
                Next::Pay => {
                    side.pay(&self.shop, &id);
                    self.plan(place, Next::Invoice);
                }
                Next::GiveUp if self.sales[place].end == End::Cancelled => {}
                Next::GiveUp | Next::Regret => {
                    match next {
                        Next::GiveUp => side.give_up(&self.shop, &id),
                        _ => side.cancel(&self.shop, &id),
                    }
                    self.is_over(place, End::Cancelled);
                }
                Next::Invoice => papers.extend(self.person_invoices(place)),
                Next::Fetch(number) => {
                    fetched.push(self.nfe(number, place));
                    self.plan(place, Next::Deliver(number));
                }
                Next::Deliver(number) => {
                    delivered.push((number, 1, at));
                    self.sales[place].end = End::Delivered(number);
                }
            }
        }
        self.shop.issue_all(&papers);
        if !fetched.is_empty() {
            self.shop.fetch_parcels(&fetched, at);
        }
        if !delivered.is_empty() {
            self.shop.drop_into(&format!("carriers/ocoren-{}.txt", self.pass), &papers::ocoren(&delivered, at));
        }
    }

    /// An order that is in the ERP and taken over is invoiced, and a few are cancelled there; others have to wait.
    fn person_invoices(&mut self, place: usize) -> Option<Nfe> {
        let sale = &self.sales[place];
        let is_ready = ["handling", "PAID_WAITING_SHIP"].contains(&&*self.status(sale));
        if !is_ready || self.status_in_erp(sale).as_deref() != Some("paid") {
            self.agenda.entry(self.pass + 1).or_default().push((place, Next::Invoice));
            return None;
        }
        // No channel but VTEX takes a cancellation from the store.
        if sale.side == Side::Vtex && self.rng.u8(..100) == 0 {
            let id = sale.id.clone();
            self.shop.cancel_in_office(&id, "sem estoque");
            self.wanted_cancelled.insert(id);
            self.is_over(place, End::CancelledInErp);
            self.to_be_cancelled.push(place);
            return None;
        }
        self.invoices += 1;
        let number = 1_000 + self.invoices;
        let nfe = self.nfe(number, place);
        for (product, units) in self.sales[place].lines.clone() {
            self.shelf[product] -= units;
        }
        self.is_over(place, End::Invoiced(number));
        self.plan(place, Next::Fetch(number));
        Some(nfe)
    }

    /// Its units are on the shelf no more, or free again.
    fn is_over(&mut self, place: usize, end: End) {
        self.sales[place].end = end;
        for (product, units) in &self.sales[place].lines {
            self.wanted[*product] -= units;
        }
    }

    fn status(&self, sale: &Sale) -> String {
        match sale.side {
            Side::Vtex => self.shop.vtex(|v| v.order(&sale.id).status.clone()),
            Side::Hub => self.shop.hub(|a| a.order(sale.id.parse().unwrap()).status.clone()),
        }
    }

    fn status_in_erp(&self, sale: &Sale) -> Option<String> {
        let ledger = rusqlite::Connection::open(self.shop.path("ledger.db")).unwrap();
        let status = "SELECT status FROM orders WHERE store_number = ?1";
        ledger.query_row(status, [&sale.id], |row| row.get(0)).ok()
    }

    fn nfe(&self, number: u32, place: usize) -> Nfe {
        let sale = &self.sales[place];
        let recipient = match sale.side {
            Side::Vtex => OrderSeed::new().customer.cpf,
            Side::Hub => AnyOrderSeed::new().buyer.document.chars().filter(char::is_ascii_digit).collect(),
        };
        let lines =
            sale.lines.iter().map(|(product, units)| (code(*product), *units, price(*product) * units)).collect();
        let issued_at = self.now() - TimeDelta::minutes(30);
        Nfe { number, order: sale.id.clone(), recipient, lines, freight: 0, discount: 0, other: 0, issued_at }
    }

    /// Of a hundredth of the products some more are found, or some fewer. All papers are taken by then, or what they take off the shelf
    /// would be taken twice.
    fn some_shelves_are_counted(&mut self) {
        let some: BTreeSet<usize> = (0..self.size.products.div_ceil(100)).map(|_| self.any_product()).collect();
        let found: Vec<(usize, i64)> = some.into_iter().map(|product| (product, self.rng.i64(-5..=20))).collect();
        self.shelves_are_counted(&found);
    }

    /// Products that are on the shelf with so many units more.
    fn shelves_are_counted(&mut self, found: &[(usize, i64)]) {
        found.iter().for_each(|(product, more)| self.shelf[*product] += more);
        let codes: Vec<String> = found.iter().map(|(product, _)| code(*product)).collect();
        let counted: Vec<(&str, i64)> =
            codes.iter().zip(found).map(|(code, (product, _))| (code.as_str(), self.shelf[*product])).collect();
        self.shop.count_shelves(&counted);
    }

    /// One run of cron, and what it took.
    fn cron_runs(&mut self) {
        let is_calm = self.pass.is_multiple_of(ROUND);
        let is_killed = self.pass % ROUND == KILLED;
        let killed_after = is_killed.then(|| self.last_took.mul_f64(self.rng.f64()));
        // A fault costs a wait, and a machine that has other work is no fault.
        let pace = if is_calm { Pace::Real } else { Pace::Fast };
        if !is_calm {
            self.strike();
        }
        let Watched { ran, took, memory, open_files, log } = self.shop.run_watched(&["sync"], pace, killed_after);
        self.calm();
        self.bury();
        let (pass, code) = (self.pass, ran.code);
        match code {
            Some(0 | 3) if is_calm => {
                self.promises_nothing_sold();
                self.some_shelves_are_counted();
            }
            Some(0 | 3 | 5 | 6 | 10) if !is_calm => self.last_took = took,
            None if is_killed => self.marks.killed += 1,
            _ => panic!("pass {pass}: {ran:?}"),
        }
        assert!(code.is_none() || self.shop.log() == 0, "pass {pass}: a run that ends leaves no log behind");
        assert!(log <= LOG, "pass {pass}: a log of {log} bytes");
        let (state, bound) = (self.shop.size("vaivem.db"), self.bound());
        assert!(state <= bound, "pass {pass}: a state file of {state} bytes, {bound} are allowed: {}", self.told());
        self.marks.memory.push(memory);
        self.marks.open_files.push(open_files);
        self.marks.log.push(log);
        *self.marks.codes.entry(code).or_default() += 1;
    }

    fn calm(&self) {
        Side::BOTH.iter().for_each(|side| side.calm(&self.shop));
    }

    /// What the state file may have by now, in bytes.
    fn bound(&self) -> u64 {
        self.marks.with_products + PER_ORDER * self.sales.len() as u64 + PER_PASS * self.pass as u64 + PAGES
    }

    /// Those that the program cancelled by now are over.
    fn bury(&mut self) {
        for place in std::mem::take(&mut self.to_be_cancelled) {
            match (self.status(&self.sales[place]).as_str(), self.sales[place].end) {
                (_, End::Cancelled) => {}
                ("canceled", End::CancelledInErp) => self.sales[place].end = End::Cancelled,
                ("canceled", _) => self.is_over(place, End::Cancelled),
                _ => self.to_be_cancelled.push(place),
            }
        }
    }

    /// After a run in which nothing went wrong nobody can buy what is sold.
    fn promises_nothing_sold(&mut self) {
        for product in std::mem::take(&mut self.sold) {
            let free = self.shelf[product] - self.wanted[product];
            let (id, code) = (vtex_id(product), code(product));
            for side in Side::BOTH {
                let units = side.look(&self.shop, |shelf| shelf.can_be_bought(side.sku(&id, &code)));
                let told = || self.told_of_product(product);
                assert!(units <= free, "{units} of {code} can be bought on {side:?}, {free} are free: {}", told());
            }
        }
    }

    /// What there is to say about a product, for whoever has to find out.
    fn told_of_product(&self, product: usize) -> String {
        let code = code(product);
        let mut told = format!("pass {}\n{}", self.pass, self.shop.run(&["why", "--sku", &code]).stdout);
        for sale in self.sales.iter().filter(|sale| sale.lines.iter().any(|(one, _)| *one == product)) {
            let (there, erp) = (self.status(sale), self.status_in_erp(sale));
            let why = self.shop.run(&["why", &sale.id]).stdout;
            told += &format!("\n{} is {there} on {:?}, {erp:?} in the ERP, {:?}:\n{why}", sale.id, sale.side, sale.end);
        }
        told
    }

    /// Nothing goes wrong any more, every order comes to its end, and then all sides are equal.
    fn grows_quiet(&mut self) {
        self.shop.reword("timeout = \"4s\"", "timeout = \"60s\"");
        for _ in 0..40 {
            self.shop.advance(TimeDelta::hours(4));
            // What was planned for any later time happens now.
            let later: Vec<_> = std::mem::take(&mut self.agenda).into_values().flatten().collect();
            self.pass += 1;
            self.agenda.insert(self.pass, later);
            self.people_act();
            let ran = self.shop.run(&["sync"]);
            assert!(matches!(ran.code, Some(0 | 3 | 6)), "{ran:?}");
            self.bury();
            if self.agenda.is_empty() && self.to_be_cancelled.is_empty() {
                break;
            }
        }
        for _ in 0..3 {
            self.shop.advance(TimeDelta::hours(2));
            let _ = self.shop.run(&["sync"]);
        }
        let _ = self.shop.run(&["sync"]).exits(0);
    }

    fn told(&self) -> String {
        let Marks { memory, open_files, log, killed, codes, .. } = &self.marks;
        let lately = |of: &[u64]| of.iter().rev().take(self.size.passes.div_ceil(12)).max().copied().unwrap_or(0);
        format!(
            "pass {}: {} orders, {} calls failed, {killed} runs killed, exit codes {codes:?}; lately at most {} KiB of memory, {} open \
             files, a log of {} KiB; state file {} KiB, ledger {} KiB",
            self.pass,
            self.sales.len(),
            self.shop.struck(),
            lately(memory),
            lately(open_files),
            lately(log) >> 10,
            self.shop.size("vaivem.db") >> 10,
            self.shop.size("ledger.db") >> 10,
        )
    }
}

/// What became of all of it.
impl Soak {
    fn all_came_out_right(&self) {
        let erp = self.in_erp();
        let told = self.told_of_orders();
        assert_eq!(erp.values().map(Vec::len).sum::<usize>(), erp.len(), "an order stands twice in the ERP");
        for sale in &self.sales {
            let (id, orders) = (&sale.id, erp.get(&sale.id).map_or(&[][..], Vec::as_slice));
            let told = told.get(id).cloned().unwrap_or_default();
            match sale.end {
                End::Delivered(number) => {
                    let total: i64 = sale.lines.iter().map(|(product, units)| price(*product) * units).sum();
                    assert_eq!(orders, [("delivered".to_owned(), total)], "{id}");
                    assert_eq!(told.invoices, [number.to_string()], "{id}");
                    assert_eq!((told.codes, told.deliveries), (vec![format!("BR{number}")], 1), "{id}");
                }
                End::Cancelled => {
                    assert!(orders.iter().all(|(status, _)| status == "cancelled"), "{id}: {orders:?}");
                    assert_eq!(told.invoices, [""; 0], "{id} is cancelled");
                }
                other => panic!("{id} is {other:?}, {orders:?}\n{}", self.shop.run(&["holds"]).stdout),
            }
        }
        let known: BTreeSet<&String> = self.sales.iter().map(|sale| &sale.id).collect();
        assert!(erp.keys().all(|id| known.contains(id)), "an order of nobody's");
        super::no_paid_order_was_cancelled(&self.shop, &self.wanted_cancelled);
        self.stocks_are_equal();
        super::files_are_sound(&self.shop);
    }

    /// The ledger's orders by store number, with status and total.
    fn in_erp(&self) -> BTreeMap<String, Vec<(String, i64)>> {
        let ledger = rusqlite::Connection::open(self.shop.path("ledger.db")).unwrap();
        let mut rows = ledger.prepare("SELECT store_number, status, total FROM orders").unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).unwrap();
        let mut orders: BTreeMap<String, Vec<(String, i64)>> = BTreeMap::new();
        for (id, order) in rows.map(Result::unwrap) {
            let id: String = id;
            orders.entry(id).or_default().push(order);
        }
        orders
    }

    /// What the platforms were told of each order.
    fn told_of_orders(&self) -> BTreeMap<String, Told> {
        let mut all: BTreeMap<String, Told> = BTreeMap::new();
        self.shop.vtex(|v| {
            for effect in &v.effects {
                let Some(order) = effect.order() else { continue };
                let told = all.entry(order.to_owned()).or_default();
                match effect {
                    // The same once more may make a second one elsewhere.
                    Effect::Invoice { number, .. } | Effect::InvoiceAgain { number, .. } => {
                        told.invoices.push(number.clone());
                    }
                    Effect::Tracking { number, .. } => told.codes.push(number.clone()),
                    Effect::TrackingEvents { delivered, .. } => told.deliveries += usize::from(*delivered),
                    _ => {}
                }
            }
        });
        self.shop.hub(|a| {
            for effect in &a.effects {
                let Some(order) = effect.order() else { continue };
                let told = all.entry(order.to_string()).or_default();
                match effect {
                    AnyEffect::Invoiced { number, .. } => told.invoices.push(number.clone()),
                    AnyEffect::Shipped { number, .. } => told.codes.push(number.clone()),
                    AnyEffect::Delivered { .. } => told.deliveries += 1,
                    _ => {}
                }
            }
        });
        all
    }

    /// Both channels sell what is on the shelf.
    fn stocks_are_equal(&self) {
        let on_vtex = |product| self.shop.vtex(|v| v.available(&vtex_id(product)));
        // No order of the hub's is open any more, so none holds anything.
        let on_hub = |product| self.shop.hub(|a| a.stock(&code(product), 1).amount.whole());
        for (product, units) in self.shelf.iter().enumerate() {
            assert_eq!((on_vtex(product), on_hub(product)), (*units, *units), "{}", code(product));
        }
    }

    /// What grows with the orders does so within its bounds, and nothing grows with time.
    fn nothing_grew(&self) {
        let passes = self.size.passes;
        let quarter = passes / 4;
        let most = |part: &[u64]| part.iter().max().copied().unwrap();
        for (what, of, more) in
            [("KiB of memory", &self.marks.memory, 0), ("open files", &self.marks.open_files, FILES)]
        {
            let (second, last) = (most(&of[quarter..2 * quarter]), most(&of[passes - quarter..]));
            println!("at most {second} {what} in the second quarter, {last} in the last");
            let bound = second + second * MARGIN / 100 + more;
            assert!(last <= bound, "{last} {what} in the last quarter, {second} in the second");
        }
        let Marks { empty, with_products, .. } = self.marks;
        let of_products = (with_products - empty) / (2 * self.size.products as u64);
        println!("state file: {of_products} bytes for a product on a channel");
        assert!(of_products <= PER_PRODUCT, "{of_products} bytes of the state file for a product on a channel");
    }
}

#[test]
fn a_week_of_passes_takes_no_more_at_its_end() {
    if !Path::new(crate::shop::FAKETIME).exists() {
        println!("skipped: there is no {}", crate::shop::FAKETIME);
        return;
    }
    let size = Size::asked();
    let seed = std::env::var("VAIVEM_SEED").map_or(1, |text| text.parse().unwrap());
    let mut soak = Soak::begin(size, seed).live();
    soak.grows_quiet();
    soak.all_came_out_right();
    soak.nothing_grew();
    let most = |of: &[u64]| of.iter().max().copied().unwrap();
    let told = format!(
        "passes in ten-minute steps, {} orders, {} products on two channels, {} calls failed, {} runs killed; at most {} MiB of memory, \
         {} open files, a log of {} MiB; {} MiB of state file",
        size.orders,
        size.products,
        soak.shop.struck(),
        soak.marks.killed,
        most(&soak.marks.memory).div_ceil(1 << 10),
        most(&soak.marks.open_files),
        most(&soak.marks.log).div_ceil(1 << 20),
        soak.shop.size("vaivem.db").div_ceil(1 << 20),
    );
    held("soak", size.passes, told);
}
