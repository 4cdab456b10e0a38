//! The life of thousands of orders over a quarter of a year: two channels sell from one shelf, customers pay or do not, regret and
//! ask to cancel, people pick, invoice, send and cancel, carriers deliver, and at every run something may break: calls fail, the
//! program is killed, two runs start at once, the feed is lost. Every two hours of it is one step, and one `sync`.
//!
//! Judged by what the platforms, the shelf and the back office know themselves. It needs faketime
//! (`apt-get install faketime`), as the program's clock must go along.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;

use super::{cases, held, is_long};
use crate::crash::{At, is_killed_after, killed_at_request};
use crate::office::Office;
use crate::sandbox::anymarket::{AnyCancelledBy, AnyPayment};
use crate::sandbox::papers::{self, Nfe};
use crate::sandbox::{AnyOrderSeed, Fault, Kind, OrderSeed, Payment, Phase};
use crate::shop::{Ran, Shop, ran};
use crate::side::Side;
use crate::torture;

/// VTEX's id, the store's code, the price in cents.
const PRODUCTS: [(&str, &str, i64); 6] = [
    ("1", "CAMISETA-P", 4_990),
    ("2", "CANECA", 2_990),
    ("3", "BONE", 3_990),
    ("11", "MEIA", 990),
    ("12", "TOALHA", 5_990),
    ("13", "GARRAFA", 7_990),
];

/// Of which so little comes in that both channels sell the last one between two runs.
const SCARCE: usize = PRODUCTS.len() - 1;

/// One step is two hours.
const STEPS_A_DAY: i64 = 12;

/// How long one life is.
#[derive(Clone, Copy)]
struct Length {
    days: i64,
    orders: usize,
}

/// An order, as those know it who see everything.
struct Sale {
    side: Side,
    id: String,
    lines: Vec<(usize, i64)>,
    /// Somebody at the platform must still pay it.
    to_be_paid: bool,
    /// The day after which nobody pays any more.
    given_up_after: i64,
    progress: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// On the shelf.
    Open,
    /// Its invoice is issued, and its goods are off the shelf, since that step.
    Invoiced(u32, i64),
    Sent(u32, i64),
    Delivered(u32),
    Cancelled,
}

#[derive(Debug, Default)]
struct Figures {
    orders: usize,
    runs: usize,
    disturbed: usize,
    killed: usize,
    cancelled: usize,
    delivered: usize,
    /// Steps at which more was sold than there is, each of them told.
    double_sales: usize,
}

struct Life {
    shop: Shop,
    rng: Rng,
    step: i64,
    sales: Vec<Sale>,
    /// Those that are not over, by their place in `sales`.
    alive: Vec<usize>,
    shelf: [i64; PRODUCTS.len()],
    /// The orders that people want cancelled, so that a paid one may be.
    wanted_cancelled: BTreeSet<String>,
    to_decide: Vec<String>,
    invoices: BTreeMap<u32, usize>,
    figures: Figures,
}

const LOJA: &str = "import = \"all\"
timeout = \"2s\"
max_wait = \"1s\"
auto_cancel = { enabled = true }
stock = { warehouse = \"1_1\", settle = \"10m\" }
invoices = { issuers = [\"12345678000195\"] }";

const HUB: &str = "import = \"all\"
timeout = \"2s\"
max_wait = \"1s\"
auto_cancel = { enabled = true }
stock = { warehouse = \"default\", settle = \"10m\" }
invoices = { issuers = [\"12345678000195\"] }";

impl Life {
    fn begin(seed: u64, office: Office) -> Self {
        let mut shop = Shop::with_hub(HUB);
        shop.set(LOJA);
        if office == Office::Eccosys {
            shop.move_to_eccosys();
        }
        shop.open_inboxes();
        shop.vtex(|v| {
            v.keep_call_log = false;
            PRODUCTS.iter().for_each(|(id, code, _)| v.add_sku(id, code));
            v.configure_needed_feed();
        });
        shop.hub(|a| {
            a.keep_call_log = false;
            a.settings.reserving = vec!["PENDING", "PAID_WAITING_SHIP"];
            PRODUCTS.iter().for_each(|(_, code, _)| a.set_stock(code, 1, 0));
        });
        shop.eccosys(|e| e.keep_call_log = false);
        let mut life = Self {
            shop,
            rng: Rng::with_seed(seed),
            step: 0,
            sales: Vec::new(),
            alive: Vec::new(),
            shelf: [0; PRODUCTS.len()],
            wanted_cancelled: BTreeSet::new(),
            to_decide: Vec::new(),
            invoices: BTreeMap::new(),
            figures: Figures::default(),
        };
        let mut first = [40; PRODUCTS.len()];
        first[SCARCE] = 5;
        life.goods_come(first);
        let _ = life.run(&["sync"]).exits(0);
        life
    }

    fn live(mut self, length: Length) -> Figures {
        let steps = length.days * STEPS_A_DAY;
        for step in 1..=steps {
            self.time_passes();
            let to_come = length.orders - self.sales.len().min(length.orders);
            // In thousandths.
            let share = to_come * 1_000 / usize::try_from(steps - step + 1).unwrap();
            self.customers_buy(share);
            self.banks_and_customers_decide();
            match step % STEPS_A_DAY {
                4 => self.people_decide_and_invoice(),
                8 => self.carriers_come(),
                _ => {}
            }
            self.cron_runs();
            // Goods come in when nobody is at the papers: those of this step are all taken.
            if step % STEPS_A_DAY == 6 {
                let wanted = i64::try_from(share * 3 / 2 / PRODUCTS.len()).unwrap() * STEPS_A_DAY / 1_000 + 1;
                let mut more = std::array::from_fn(|_| self.rng.i64(0..=wanted * 2));
                more[SCARCE] /= 3;
                self.goods_come(more);
            }
        }
        self.grows_quiet();
        self.figures
    }

    fn now(&self) -> DateTime<Utc> {
        self.shop.vtex(|v| v.now())
    }

    fn day(&self) -> i64 {
        self.step / STEPS_A_DAY
    }

    fn time_passes(&mut self) {
        self.step += 1;
        self.shop.advance(TimeDelta::hours(24 / STEPS_A_DAY));
    }

    fn run(&mut self, args: &[&str]) -> Ran {
        self.figures.runs += 1;
        self.shop.run(args)
    }

    /// The shelf is counted, with what came.
    fn goods_come(&mut self, more: [i64; PRODUCTS.len()]) {
        for (units, more) in self.shelf.iter_mut().zip(more) {
            *units += more;
        }
        let counted: Vec<(&str, i64)> =
            PRODUCTS.iter().zip(self.shelf).map(|((_, code, _), units)| (*code, units)).collect();
        self.shop.count_shelves(&counted);
    }

    /// So many thousandths of a customer find something to buy, on average.
    fn customers_buy(&mut self, share: usize) {
        let mut customers = share / 1_000 + usize::from(self.rng.usize(..1_000) < share % 1_000);
        let mut tries = customers * 3;
        while customers > 0 && tries > 0 {
            tries -= 1;
            if self.customer_buys() {
                customers -= 1;
            }
        }
    }

    fn customer_buys(&mut self) -> bool {
        let side = self.rng.choice(Side::BOTH).unwrap();
        let mut lines = vec![(self.rng.usize(..PRODUCTS.len()), self.rng.i64(1..=2))];
        if self.rng.u8(..5) == 0 {
            lines.push(((lines[0].0 + 1) % PRODUCTS.len(), 1));
        }
        let to_be_paid = self.rng.u8(..10) < 4;
        let id = match side {
            Side::Vtex => {
                let seed = lines.iter().fold(OrderSeed::new(), |seed, (at, units)| {
                    let (id, code, price) = PRODUCTS[*at];
                    seed.sku(id, code, price, *units)
                });
                let due = (self.now() + TimeDelta::days(3)).date_naive();
                let payment = if self.rng.bool() { Payment::boleto(due) } else { Payment::pix() };
                self.shop.vtex(|v| v.sell(if to_be_paid { seed.pending(payment) } else { seed }))
            }
            Side::Hub => {
                let seed = lines.iter().fold(AnyOrderSeed::new(), |seed, (at, units)| {
                    let (_, code, price) = PRODUCTS[*at];
                    seed.sku(code, price, *units)
                });
                let seed = if to_be_paid { seed.pending().pay(AnyPayment::boleto()) } else { seed };
                self.shop.hub(|a| a.sell(seed)).map(|id| id.to_string())
            }
        };
        let Ok(id) = id else { return false };
        self.alive.push(self.sales.len());
        let given_up_after = self.day() + 12;
        self.sales.push(Sale { side, id, lines, to_be_paid, given_up_after, progress: Progress::Open });
        self.figures.orders += 1;
        true
    }

    fn status(&self, sale: &Sale) -> String {
        match sale.side {
            Side::Vtex => self.shop.vtex(|v| v.order(&sale.id).status.clone()),
            Side::Hub => self.shop.hub(|a| a.order(sale.id.parse().unwrap()).status.clone()),
        }
    }

    fn is_cancelled(&self, sale: &Sale) -> bool {
        ["canceled", "CANCELED"].contains(&&*self.status(sale))
    }

    /// Those that are cancelled by now, by whomever, are alive no more.
    fn bury(&mut self) {
        for at in std::mem::take(&mut self.alive) {
            let is_cancelled = self.sales[at].progress == Progress::Open && self.is_cancelled(&self.sales[at]);
            if is_cancelled {
                self.sales[at].progress = Progress::Cancelled;
                self.figures.cancelled += 1;
            } else if !matches!(self.sales[at].progress, Progress::Delivered(_)) {
                self.alive.push(at);
            }
        }
    }

    fn banks_and_customers_decide(&mut self) {
        for at in self.alive.clone() {
            let sale = &self.sales[at];
            if sale.progress != Progress::Open {
                continue;
            }
            let status = self.status(sale);
            let dice = self.rng.u32(..1_000);
            if sale.to_be_paid && ["payment-pending", "PENDING", "approve-payment"].contains(&&*status) {
                match dice {
                    _ if sale.given_up_after < self.day() => sale.side.give_up(&self.shop, &sale.id),
                    // Nobody pays one of five, and the program or the marketplace must give it up.
                    0..30 if !sale.id.ends_with(['3', '7']) => sale.side.pay(&self.shop, &sale.id),
                    30..34 if sale.side == Side::Vtex => self.shop.vtex(|v| v.review_payment(&sale.id)),
                    34..37 => sale.side.cancel(&self.shop, &sale.id),
                    _ => {}
                }
            } else if ["ready-for-handling", "handling", "PAID_WAITING_SHIP"].contains(&&*status) {
                match dice {
                    0..2 => sale.side.cancel(&self.shop, &sale.id),
                    2..5 if status == "ready-for-handling" => {
                        self.shop.vtex(|v| v.request_cancellation(&sale.id));
                        self.to_decide.push(sale.id.clone());
                    }
                    _ => {}
                }
            }
        }
        self.bury();
    }

    /// In the morning: wishes to cancel are decided, some orders are cancelled, the others invoiced a day or so after they came.
    fn people_decide_and_invoice(&mut self) {
        for id in std::mem::take(&mut self.to_decide) {
            if self.shop.vtex(|v| v.order(&id).status.clone()) != "cancellation-requested" {
                continue;
            }
            let wish = if self.rng.bool() { "accept" } else { "deny" };
            if wish == "accept" {
                self.wanted_cancelled.insert(id.clone());
            }
            let ran = self.run(&["cancel", wish, &id, "--reason", "pedido do cliente", "--channel", "loja"]);
            if ran.code != Some(0) {
                self.to_decide.push(id);
            }
        }
        let in_erp = self.in_erp();
        let mut papers = Vec::new();
        for at in self.alive.clone() {
            let sale = &self.sales[at];
            let status = self.status(sale);
            let is_ready = sale.progress == Progress::Open && ["handling", "PAID_WAITING_SHIP"].contains(&&*status);
            if !is_ready || in_erp.get(&sale.id).is_none_or(|status| status != "paid") {
                continue;
            }
            match self.rng.u32(..100) {
                0..1 => {
                    let id = sale.id.clone();
                    self.wanted_cancelled.insert(id.clone());
                    self.shop.cancel_in_office(&id, "sem estoque");
                }
                1..70 if sale.lines.iter().all(|(product, units)| self.shelf[*product] >= *units) => {
                    let number = 1_001 + u32::try_from(self.invoices.len()).unwrap();
                    self.invoices.insert(number, at);
                    papers.push(self.nfe(number, &self.sales[at]));
                    let sale = &mut self.sales[at];
                    sale.progress = Progress::Invoiced(number, self.step);
                    for (product, units) in &sale.lines {
                        self.shelf[*product] -= units;
                    }
                }
                _ => {}
            }
        }
        self.shop.issue_all(&papers);
    }

    fn nfe(&self, number: u32, sale: &Sale) -> Nfe {
        let recipient = match sale.side {
            Side::Vtex => OrderSeed::new().customer.cpf,
            Side::Hub => AnyOrderSeed::new().buyer.document.chars().filter(char::is_ascii_digit).collect(),
        };
        let line = |(at, units): &(usize, i64)| (PRODUCTS[*at].1.to_owned(), *units, PRODUCTS[*at].2 * units);
        let lines = sale.lines.iter().map(line).collect();
        let issued_at = self.now() - TimeDelta::minutes(30);
        Nfe { number, order: sale.id.clone(), recipient, lines, freight: 0, discount: 0, other: 0, issued_at }
    }

    /// The ERP's orders by store number, with their status; of doubles the first.
    fn in_erp(&self) -> BTreeMap<String, String> {
        if self.shop.office() == Office::Eccosys {
            return self.shop.erp().into_iter().map(|(id, orders)| (id, orders[0].status.clone())).collect();
        }
        let ledger = rusqlite::Connection::open(self.shop.path("ledger.db")).unwrap();
        let mut rows = ledger.prepare("SELECT store_number, status FROM orders").unwrap();
        rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    }

    /// In the afternoon parcels are fetched, and others delivered two days later.
    fn carriers_come(&mut self) {
        let (mut fetched, mut delivered) = (Vec::new(), Vec::new());
        let at = self.now() - TimeDelta::hours(1);
        for place in self.alive.clone() {
            match self.sales[place].progress {
                Progress::Invoiced(number, _) if self.rng.u8(..10) < 8 => {
                    fetched.push(self.nfe(number, &self.sales[place]));
                    self.sales[place].progress = Progress::Sent(number, self.step);
                }
                Progress::Sent(number, since) if since + 2 * STEPS_A_DAY <= self.step => {
                    delivered.push((number, 1, at));
                    self.sales[place].progress = Progress::Delivered(number);
                    self.figures.delivered += 1;
                }
                _ => {}
            }
        }
        if !fetched.is_empty() {
            self.shop.fetch_parcels(&fetched, at);
        }
        if !delivered.is_empty() {
            let file = format!("carriers/ocoren-{}.txt", self.step);
            self.shop.drop_into(&file, &papers::ocoren(&delivered, at));
        }
        self.bury();
    }

    /// A run of cron, and what comes in its way.
    fn cron_runs(&mut self) {
        let before = self.can_be_bought();
        let alive: Vec<usize> = self.alive.clone();
        let side = self.rng.choice(Side::BOTH).unwrap();
        // Whether what was seen and not read is told of, or nobody is left to tell.
        let mut may_lack_orders = true;
        let is_calm = match self.rng.u8(..100) {
            0..55 => true,
            55..80 => {
                self.strike();
                let ran = self.run(&["sync"]);
                assert!(matches!(ran.code, Some(0 | 3..=6)), "{}", brief(&ran));
                may_lack_orders = !matches!(ran.code, Some(0 | 3)) || ran.stdout.contains("unread_orders");
                false
            }
            80..86 => {
                let (at, phase) =
                    (self.rng.u32(1..30), self.rng.choice([Phase::BeforeEffect, Phase::AfterEffect]).unwrap());
                let was_killed = killed_at_request(
                    &self.shop,
                    (side, "sync"),
                    At { kind: crate::crash::Kind::Any, nth: at, phase, in_erp: false },
                );
                self.figures.killed += usize::from(was_killed);
                false
            }
            86..90 => {
                let after = std::time::Duration::from_millis(self.rng.u64(1..400));
                self.figures.killed += usize::from(is_killed_after(&self.shop, (side, "sync"), after));
                false
            }
            90..95 => {
                // Two at once: whichever comes first does it, and the other may find a channel free.
                let one = self.shop.command(&["sync"]).spawn().unwrap();
                let other = self.run(&["sync"]);
                let one = ran(one.wait_with_output().unwrap());
                for one in [one, other] {
                    assert!(matches!(one.code, Some(0 | 3 | 6 | 11)), "{}", brief(&one));
                }
                false
            }
            95..97 => {
                side.lose_feed(&self.shop);
                true
            }
            _ => {
                let mut verbs =
                    ["import-orders", "sync-payments", "auto-cancel", "push-invoices", "push-tracking", "push-stock"];
                self.rng.shuffle(&mut verbs);
                for verb in verbs {
                    let _ = self.run(&side.args(verb));
                }
                false
            }
        };
        self.calm();
        self.bury();
        if !is_calm {
            self.figures.disturbed += 1;
            self.promises_at_most(&before, &alive, may_lack_orders);
            if self.rng.bool() {
                return;
            }
            // The next run comes a little later.
            self.shop.advance(TimeDelta::minutes(10));
        }
        let ran = self.run(&["sync"]);
        assert!(matches!(ran.code, Some(0 | 3)), "{}", brief(&ran));
        self.bury();
        self.promises_nothing_sold();
    }

    fn strike(&mut self) {
        let kinds = [
            Kind::TimeoutAfterWrite,
            Kind::DropBeforeWrite,
            Kind::Applied500,
            Kind::Html200,
            Kind::Truncated,
            Kind::Redirect,
            Kind::status(500),
            Kind::status(503),
            Kind::too_many(0),
        ];
        for _ in 0..self.rng.u8(1..=4) {
            let kind = self.rng.choice(&kinds).unwrap().clone();
            let method = self.rng.choice(["", "", "GET", "POST", "PUT", "PATCH"]).unwrap();
            let fault = Fault::next(self.rng.u32(1..4), kind).on(method, "/").after(self.rng.u32(..12));
            match self.rng.u8(..3) {
                0 if self.shop.office() == Office::Eccosys => self.shop.eccosys(|e| e.faults.push(fault)),
                1 => Side::Vtex.strike(&self.shop, vec![fault]),
                _ => Side::Hub.strike(&self.shop, vec![fault]),
            }
        }
    }

    fn calm(&self) {
        Side::BOTH.iter().for_each(|side| side.calm(&self.shop));
        self.shop.eccosys(|e| e.faults.clear());
    }

    /// Units that can be bought on each channel, of each product.
    fn can_be_bought(&self) -> [[i64; PRODUCTS.len()]; 2] {
        Side::BOTH.map(|side| {
            PRODUCTS.map(|(id, code, _)| side.look(&self.shop, |shelf| shelf.can_be_bought(side.sku(id, code))))
        })
    }

    /// Units of a product that are on the shelf and wanted by nobody.
    fn free(&self, product: usize) -> i64 {
        self.shelf[product] - self.alive.iter().map(|at| self.units_waiting(*at, product)).sum::<i64>()
    }

    fn units_waiting(&self, at: usize, product: usize) -> i64 {
        let sale = &self.sales[at];
        let is_waiting = sale.progress == Progress::Open && !self.is_off_in_erp(sale);
        sale.lines.iter().filter(|(one, _)| is_waiting && *one == product).map(|(_, units)| units).sum()
    }

    /// A person cancelled it in the ERP, where its units are free at once.
    fn is_off_in_erp(&self, sale: &Sale) -> bool {
        self.wanted_cancelled.contains(&sale.id)
    }

    /// After a run that nothing disturbed no customer can buy what is sold; what is sold twice is told.
    fn promises_nothing_sold(&mut self) {
        let now = self.can_be_bought();
        let mut missing = BTreeSet::new();
        for product in 0..PRODUCTS.len() {
            let free = self.free(product);
            for (side, units) in Side::BOTH.iter().zip(now) {
                let units = units[product];
                let code = PRODUCTS[product].1;
                assert!(units <= free.max(0), "{units} of {code} can be bought on {side:?}, {free} are free");
            }
            if free < 0 {
                missing.insert(PRODUCTS[product].1);
            }
        }
        if !missing.is_empty() {
            self.figures.double_sales += 1;
            let holds = self.run(&["holds"]).records();
            let told: BTreeSet<&str> = holds
                .iter()
                .filter(|hold| hold["reason"]["code"] == "oversold")
                .filter_map(|hold| hold["sku"].as_str())
                .collect();
            assert!(missing.iter().all(|code| told.contains(code)), "sold twice: {missing:?}, told: {told:?}");
        }
    }

    /// A run that something came in the way of may leave what could be bought before; what was cancelled meanwhile comes back to it.
    /// And where the other channel's orders did not come in, which is told, goods that did are promised on this one without regard to
    /// them.
    fn promises_at_most(&self, before: &[[i64; PRODUCTS.len()]; 2], alive: &[usize], may_lack_orders: bool) {
        let (now, in_erp) = (self.can_be_bought(), self.in_erp());
        let unheard: Vec<usize> = self
            .alive
            .iter()
            .copied()
            .filter(|at| may_lack_orders && !in_erp.contains_key(&self.sales[*at].id))
            .collect();
        for product in 0..PRODUCTS.len() {
            for (place, side) in Side::BOTH.iter().enumerate() {
                let of_the_other = unheard.iter().filter(|at| self.sales[**at].side != *side);
                let unheard: i64 = of_the_other.map(|at| self.units_waiting(*at, product)).sum();
                let free = (self.free(product) + unheard).max(0);
                let given_back = alive.iter().filter(|at| {
                    let sale = &self.sales[**at];
                    sale.side == *side && (sale.progress == Progress::Cancelled || sale.progress != Progress::Open)
                });
                let units = |at: &usize| {
                    let lines = self.sales[*at].lines.iter().filter(|(one, _)| *one == product);
                    lines.map(|(_, units)| units).sum::<i64>()
                };
                let limit = before[place][product] + given_back.map(units).sum::<i64>();
                let (now, code) = (now[place][product], PRODUCTS[product].1);
                assert!(
                    now <= free.max(limit),
                    "{now} of {code} can be bought on {side:?}, {free} are free, {limit} were"
                );
            }
        }
    }

    /// Weeks later: enough goods come, everybody decides, everything that is paid goes out; and then all sides are equal.
    fn grows_quiet(&mut self) {
        self.goods_come([1_000; PRODUCTS.len()]);
        for _ in 0..40 {
            for _ in 0..STEPS_A_DAY / 4 {
                (0..4).for_each(|_| self.time_passes());
                self.banks_and_customers_decide();
                self.marketplaces_cancel();
                self.people_decide_and_invoice();
                let _ = self.run(&["sync"]);
                self.bury();
            }
            self.carriers_come();
            if self.alive.is_empty() {
                break;
            }
        }
        for _ in 0..4 {
            self.time_passes();
            let _ = self.run(&["sync"]);
        }
        self.everything_is_equal();
    }

    /// What a person cancelled in the ERP, a person cancels at the marketplace too.
    fn marketplaces_cancel(&mut self) {
        for at in self.alive.clone() {
            let sale = &self.sales[at];
            if sale.side == Side::Hub && sale.progress == Progress::Open && self.wanted_cancelled.contains(&sale.id) {
                self.shop.hub(|a| a.cancel(sale.id.parse().unwrap(), AnyCancelledBy::Marketplace));
            }
        }
        self.bury();
    }

    fn everything_is_equal(&mut self) {
        let left: Vec<_> = self.alive.iter().map(|at| (&self.sales[*at].id, self.status(&self.sales[*at]))).collect();
        assert!(left.is_empty(), "still alive: {left:?}\n{}", self.shop.run(&["holds"]).stdout);
        let erp = self.shop.erp();
        for sale in &self.sales {
            let (id, orders) = (&sale.id, erp.get(&sale.id).map_or(&[][..], Vec::as_slice));
            let told = sale.side.told(&self.shop, id);
            match sale.progress {
                Progress::Delivered(number) => {
                    let [order] = orders else { panic!("{id} stands {} times in the ERP", orders.len()) };
                    let total: i64 = sale.lines.iter().map(|(at, units)| PRODUCTS[*at].2 * units).sum();
                    assert_eq!(order.total, total, "{id}");
                    let expected = match self.shop.office() {
                        Office::Ledger => "delivered",
                        Office::Eccosys => "invoiced",
                    };
                    assert_eq!(order.status, expected, "{id}");
                    let numbers: Vec<u32> = told.invoices.iter().map(|text| text.parse().unwrap()).collect();
                    assert_eq!(numbers, [number], "{id}");
                    assert_eq!((told.codes, told.deliveries), (vec![format!("BR{number}")], 1), "{id}");
                }
                Progress::Cancelled => {
                    assert!(orders.len() <= 1, "{id} stands {} times in the ERP", orders.len());
                    assert!(orders.iter().all(|order| order.status == "cancelled"), "{id}: {orders:?}");
                    assert_eq!(told.invoices, [""; 0], "{id} is cancelled");
                }
                other => panic!("{id} is {other:?}"),
            }
        }
        torture::no_paid_order_was_cancelled(&self.shop, &self.wanted_cancelled);
        assert_eq!(erp.len(), erp.keys().filter(|id| self.sales.iter().any(|sale| sale.id == **id)).count());
        let shelves = Side::BOTH.map(|_| self.shelf);
        assert_eq!(self.can_be_bought(), shelves, "all is quiet\n{}", self.shop.run(&["holds"]).stdout);
        let effects = || Side::BOTH.map(|side| side.effects(&self.shop));
        let before = effects();
        let ran = self.shop.run(&["sync"]).exits(0);
        assert_eq!(effects(), before, "a further run has no effect: {}", ran.stdout);
        torture::files_are_sound(&self.shop);
    }
}

/// What a run said but for its orders and documents.
fn brief(ran: &Ran) -> String {
    let is_told =
        |line: &&str| ["\"warning\"", "\"error\"", "\"summary\"", "\"hold\""].iter().any(|kind| line.contains(kind));
    let told: Vec<&str> = ran.stdout.lines().filter(is_told).collect();
    format!("exit code {:?}\n{}\n{}", ran.code, told.join("\n"), ran.stderr)
}

#[test]
fn of_every_order_one_fate_and_everything_equal_when_quiet() {
    if !Path::new(crate::shop::FAKETIME).exists() {
        println!("skipped: there is no {}", crate::shop::FAKETIME);
        return;
    }
    let length = if is_long() { Length { days: 90, orders: 10_000 } } else { Length { days: 3, orders: 60 } };
    let first = std::env::var("VAIVEM_SEED").map_or(1, |text| text.parse().unwrap());
    let lives = cases(2, 20);
    let seeds: Vec<u64> = (first..first + u64::from(lives)).collect();
    let all = std::sync::Mutex::new(Figures::default());
    torture::each(&seeds, |seed| {
        let office = if seed % 2 == 0 { Office::Eccosys } else { Office::Ledger };
        let figures = Life::begin(*seed, office).live(length);
        println!("life {seed} on {office:?}: {figures:?}");
        let mut all = all.lock().unwrap();
        all.orders += figures.orders;
        all.runs += figures.runs;
        all.disturbed += figures.disturbed;
        all.killed += figures.killed;
        all.double_sales += figures.double_sales;
    });
    let all = all.into_inner().unwrap();
    assert!(!is_long() || all.double_sales > 0, "nothing was sold twice, so that nothing could be told");
    let told = format!(
        "orders over {lives} times {} days, {} runs, {} disturbed, {} killed, {} found something sold twice and told it",
        length.days, all.runs, all.disturbed, all.killed, all.double_sales
    );
    held("life", all.orders, told);
}
