//! A day in a shop where everything happens, cut before each verb: what kills and faults must not change. It is told for either
//! kind of channel; what is particular to one stands in its own [`Story`].
//!
//! The day is lived once; each verb then begins from a copy of the shop as it was at its turn, so that a try costs a few runs of the
//! program and not a whole day.

mod hub;
mod vtex;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use chrono::{DateTime, TimeDelta, Utc};

use crate::office::Office;
use crate::sandbox::papers::{self, Nfe};
use crate::shop::{Ran, Shop};
use crate::side::{Shelf, Side};
use crate::truth::Truth;

/// What is particular to the day on one kind of channel.
pub struct Story {
    pub side: Side,
    /// The shop with the channel and these products on it, by VTEX's id and the store's code.
    open: fn(&[(&str, &str)]) -> Shop,
    /// One order of every kind.
    place_orders: fn(&Shop),
    /// What customers and banks do after the first import.
    payments_move: fn(&Shop),
    /// The orders that a person in the back office picks, and cancels.
    picked: &'static str,
    person: &'static str,
    invoices: fn() -> Vec<Nfe>,
    /// What carriers say: invoice number, code, hours ago.
    delivered: &'static [(u32, u8, i64)],
    /// The order whose goods had left before the day.
    out_already: &'static str,
    /// How many runs of auto-cancel there is something to do for.
    auto_cancels: usize,
    /// What the channel calls a product, of VTEX's id and the store's code.
    sku: fn(&'static str, &'static str) -> &'static str,
    /// How it ends with the ledger as back office, and with Eccosys.
    on_ledger: Ending,
    on_eccosys: Ending,
}

/// How a day ends.
pub struct Ending {
    /// The verbs that end with something held.
    holding: &'static [&'static str],
    /// The units of the first product that can be bought in the evening.
    can_be_bought: i64,
    /// The documents that are done with by then.
    done: usize,
    /// How each order ends: on the channel, in the ERP, in the state file.
    fates: &'static [(&'static str, &'static str, &'static str, &'static str)],
    /// What is held then, and why.
    held: &'static [(&'static str, &'static str)],
}

const STORIES: [&Story; 2] = [&vtex::STORY, &hub::STORY];

/// Products by VTEX's id and the store's code, all counted in the morning: the shirt, the mug, and some that nobody orders.
const PRODUCTS: [(&str, &str); 8] = [
    ("1", "CAMISETA-P"),
    ("2", "CANECA"),
    ("3", "BONE"),
    ("11", "MEIA"),
    ("12", "TOALHA"),
    ("13", "GARRAFA"),
    ("14", "CADERNO"),
    ("15", "MOCHILA"),
];

/// The shop in the morning: counted, its stock on the channel, the orders placed.
fn morning(story: &Story, office: Office) -> Shop {
    let mut shop = (story.open)(&PRODUCTS);
    if office == Office::Eccosys {
        shop.move_to_eccosys();
    }
    shop.open_inboxes();
    shop.count_shelves(&PRODUCTS.map(|(_, code)| (code, 100)));
    let _ = shop.run(&story.side.args("push-stock")).exits(0);
    (story.place_orders)(&shop);
    shop
}

/// What the back office does before the orders that nobody pays are cancelled.
fn a_person_decides(story: &Story, shop: &Shop) {
    shop.pick(story.picked);
    shop.cancel_in_office(story.person, "sem estoque");
}

fn hours_ago(hours: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::hours(hours)
}

/// The invoices are issued. Where they come as files, somebody saves a web page among them.
fn invoices_come(story: &Story, shop: &Shop) {
    shop.issue_all(&(story.invoices)());
    if shop.office() == Office::Ledger {
        shop.drop_into("in/login.xml", "<html><body>login</body></html>");
    }
}

/// The carrier fetches the parcels and delivers some.
fn carriers_come(story: &Story, shop: &Shop) {
    shop.fetch_parcels(&(story.invoices)(), hours_ago(60));
    let delivered: Vec<_> = story.delivered.iter().map(|(nfe, code, hours)| (*nfe, *code, hours_ago(*hours))).collect();
    shop.drop_into("carriers/ocoren.txt", &papers::ocoren(&delivered, hours_ago(10)));
}

/// The shelves are counted again in the evening.
const EVENING: [(&str, i64); 8] =
    [("1", 60), ("2", 90), ("3", 120), ("11", 80), ("12", 100), ("13", 101), ("14", 0), ("15", 99)];

fn shelves_are_counted(shop: &Shop) {
    let code = |id: &str| PRODUCTS.iter().find(|(one, _)| *one == id).unwrap().1;
    let counted = EVENING.map(|(id, units)| (code(id), units));
    match shop.office() {
        Office::Ledger => {
            let rows: String = counted.iter().map(|(code, units)| format!("{code};{units}\n")).collect();
            shop.drop_into("in/contagem.csv", &format!("codigo;quantidade\n{rows}"));
        }
        Office::Eccosys => shop.count_shelves(&counted),
    }
}

/// What happens around the shop once a verb is done.
type Meanwhile = fn(&Story, &Shop);

/// A verb's turn: the shop as it is then, and how the day ends from there if nothing comes between.
pub struct Turn {
    pub verb: &'static str,
    pub story: &'static Story,
    pub office: Office,
    shop: Shop,
    meanwhile: Option<Meanwhile>,
    sellable: Sellable,
    /// How many runs of all passes there are to the end: one to announce a cancellation, one to cancel.
    syncs: usize,
    /// How it looks once the verb has run, if nothing comes between.
    pub after: Truth,
    pub end: Truth,
    /// How many calls the verb makes to the channel, and to the ERP.
    pub calls: u32,
    pub erp_calls: u32,
}

impl Turn {
    fn new(
        story: &'static Story,
        verb: &'static str,
        shop: &Shop,
        meanwhile: Option<Meanwhile>,
        sellable: &Sellable,
    ) -> Self {
        let (before, undisturbed) = (shop.copy(), shop.copy());
        let (calls, erp_calls) = (story.side.calls(&undisturbed), undisturbed.erp_calls());
        let office = shop.office();
        let _ = undisturbed.run(&story.side.args(verb)).exits(story.ending(office).exit_of(verb));
        let calls = u32::try_from(story.side.calls(&undisturbed) - calls).unwrap();
        let erp_calls = u32::try_from(undisturbed.erp_calls() - erp_calls).unwrap();
        let (sellable, after) = (sellable.clone(), undisturbed.truth());
        let end = after.clone();
        let syncs = if meanwhile.is_some() || verb == "auto-cancel" { 2 } else { 1 };
        let mut turn =
            Self { verb, story, office, shop: before, meanwhile, sellable, syncs, after, end, calls, erp_calls };
        turn.to_the_end(&undisturbed);
        turn.end = undisturbed.truth();
        turn.end.has_no_doubles();
        let _ = turn.sync(&undisturbed).exits(3);
        undisturbed.truth().is(&turn.end, &format!("one more sync after {turn}"));
        assert_eq!(turn.end.unsettled, [""; 0], "{turn}");
        turn
    }

    pub fn side(&self) -> Side {
        self.story.side
    }

    /// The order that a person in the back office cancels.
    pub fn person(&self) -> &'static str {
        self.story.person
    }

    /// The exit code of the verb when nothing goes wrong.
    pub fn exit_of(&self) -> i32 {
        self.story.ending(self.office).exit_of(self.verb)
    }

    /// A shop where it is this verb's turn.
    pub fn begin(&self) -> Shop {
        self.shop.copy()
    }

    /// The shop as it was before this verb's turn; to look at only.
    pub fn before(&self) -> &Shop {
        &self.shop
    }

    /// Runs all passes.
    pub fn sync(&self, shop: &Shop) -> Ran {
        shop.run(&self.side().args("sync"))
    }

    /// The documents that wait in its inboxes.
    pub fn documents(&self) -> Vec<String> {
        let is_done = |file: &String| file.contains("/done/") || file.contains("/rejected/");
        self.shop.documents().into_iter().filter(|file| !is_done(file)).collect()
    }

    /// The next cron runs come, and the world goes on. Nothing is promised twice on the way.
    pub fn to_the_end(&self, shop: &Shop) {
        let oversold = self.watch(shop);
        if let Some(meanwhile) = self.meanwhile {
            let ran = shop.run(&self.side().args(self.verb));
            // A wish to cancel, which is held only later in the day, may be held by now; by the ledger's day by this verb alone.
            let is_verb = self.office == Office::Eccosys || self.verb == "sync-payments";
            let may_hold = is_verb && ran.code == Some(3);
            let _ = ran.exits(if may_hold { 3 } else { self.exit_of() });
            meanwhile(self.story, shop);
        }
        for _ in 0..self.syncs {
            let _ = self.sync(shop).exits(3);
        }
        self.side().unwatched(shop);
        assert_eq!(*oversold.lock().unwrap(), [""; 0], "after {self}");
    }

    /// The world goes on around the shop, if the orders that people in the back office deal with are there. Gives whether it did.
    pub fn goes_on(&self, shop: &Shop) -> bool {
        let erp = shop.erp();
        let is_there = [self.story.picked, self.story.person].iter().all(|order| erp.contains_key(*order));
        if let Some(meanwhile) = self.meanwhile.filter(|_| is_there) {
            meanwhile(self.story, shop);
        }
        is_there
    }

    /// Looks at every stock update as it is taken, and notes those that promise too much.
    fn watch(&self, shop: &Shop) -> Arc<Mutex<Vec<String>>> {
        let oversold = Arc::new(Mutex::new(Vec::new()));
        let (sellable, noted) = (self.sellable.clone(), Arc::clone(&oversold));
        self.side().on_stock(shop, move |shelf, sku| {
            let (now, limit) = (shelf.can_be_bought(sku), sellable.of(shelf, sku));
            if now > limit {
                noted.lock().unwrap().push(format!("{now} of SKU {sku} can be bought, {limit} are there"));
            }
        });
        oversold
    }

    /// No customer can buy more of what is sold than could before the verb's turn.
    #[track_caller]
    pub fn promises_nothing_twice(&self, shop: &Shop) {
        for sku in self.sellable.counted.keys() {
            let look = |shop| self.side().look(shop, |shelf| (shelf.can_be_bought(sku), self.sellable.of(shelf, sku)));
            let ((promised, sellable), (now, limit)) = (look(&self.shop), look(shop));
            // A cancelled order's unit can be bought again, whatever was promised too much before.
            let limit = limit + (promised - sellable).max(0);
            assert!(now <= limit, "{now} of SKU {sku} can be bought, {limit} may be");
        }
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} on {:?}", self.verb, self.side().channel(), self.office)
    }
}

impl Ending {
    /// The exit code of a verb at its turn.
    fn exit_of(&self, verb: &str) -> i32 {
        if self.holding.contains(&verb) { 3 } else { 0 }
    }
}

impl Story {
    fn ending(&self, office: Office) -> &Ending {
        match office {
            Office::Ledger => &self.on_ledger,
            Office::Eccosys => &self.on_eccosys,
        }
    }

    /// What was counted, by what the channel calls it.
    fn counted(&self, units: impl Fn(&str) -> i64) -> BTreeMap<&'static str, i64> {
        PRODUCTS.iter().map(|(id, code)| ((self.sku)(id, code), units(id))).collect()
    }
}

/// How many cases to try: so many, unless `VAIVEM_CASES` says.
pub fn cases(usual: u32) -> u32 {
    std::env::var("VAIVEM_CASES").map_or(usual, |text| text.parse().expect("VAIVEM_CASES is a number"))
}

/// What is on the shelves and not sold, by the last count.
#[derive(Clone, Debug)]
struct Sellable {
    counted: BTreeMap<&'static str, i64>,
    /// Orders whose goods had left by then.
    left: BTreeSet<String>,
}

impl Sellable {
    fn of(&self, shelf: &dyn Shelf, sku: &str) -> i64 {
        self.counted[sku] - shelf.sold(sku, &self.left)
    }
}

/// The days, lived once: the turn of each verb on each channel. VTEX's auto-cancel has two, to announce and to cancel.
pub fn turns() -> impl Iterator<Item = &'static Turn> {
    static DAYS: OnceLock<[Vec<Turn>; 4]> = OnceLock::new();
    let days = [Office::Ledger, Office::Eccosys].map(|office| STORIES.map(|story| (story, office)));
    DAYS.get_or_init(|| days.as_flattened().try_into().map(|days: [_; 4]| days.map(live)).unwrap()).iter().flatten()
}

fn live((story, office): (&'static Story, Office)) -> Vec<Turn> {
    let counted = Sellable { counted: story.counted(|_| 100), left: [story.out_already.to_owned()].into() };
    let mut turns = Vec::new();
    let shop = morning(story, office);
    let mut turn = |verb, meanwhile: Option<Meanwhile>, counted| {
        turns.push(Turn::new(story, verb, &shop, meanwhile, counted));
        let _ = shop.run(&story.side.args(verb)).exits(story.ending(office).exit_of(verb));
        meanwhile.into_iter().for_each(|happens| happens(story, &shop));
    };
    turn("import-orders", Some(|story, shop| (story.payments_move)(shop)), &counted);
    turn("sync-payments", Some(a_person_decides), &counted);
    for _ in 0..story.auto_cancels {
        turn("auto-cancel", None, &counted);
    }
    // The hub lets go of an order's units when it is invoiced, so it must know by then that they are sold.
    let _ = shop.run(&story.side.args("push-stock")).exits(0);
    invoices_come(story, &shop);
    turn("push-invoices", None, &counted);
    carriers_come(story, &shop);
    turn("push-tracking", None, &counted);
    shelves_are_counted(&shop);
    let left = counted.left.iter().cloned().chain((story.invoices)().into_iter().map(|nfe| nfe.order)).collect();
    let evening: BTreeMap<_, _> = EVENING.into();
    turn("push-stock", None, &Sellable { counted: story.counted(|id| evening[id]), left });
    turns
}

/// That the days have in them what they are for.
#[test]
fn the_day_has_every_fate() {
    let last_of =
        |story: &Story, office| turns().filter(|turn| turn.side() == story.side && turn.office == office).last();
    let offices = [Office::Ledger, Office::Eccosys];
    for (story, office) in STORIES.into_iter().flat_map(|story| offices.map(|office| (story, office))) {
        let end = &last_of(story, office).unwrap().end;
        let expected = story.ending(office);
        let found: Vec<_> = expected
            .fates
            .iter()
            .map(|(id, ..)| {
                let in_erp = end.erp.get(*id).map_or("-", |orders| orders[0].status.as_str());
                (*id, end.channel[*id].status.as_str(), in_erp, end.fates[*id].as_str())
            })
            .collect();
        assert_eq!(found, expected.fates, "{office:?}");
        assert_eq!(end.channel.len(), expected.fates.len());
        let held: Vec<_> = end.holds.iter().map(|(what, code)| (what.as_str(), code.as_str())).collect();
        assert_eq!(held, expected.held, "{office:?}");
        assert_eq!(end.inventory[(story.sku)(PRODUCTS[0].0, PRODUCTS[0].1)].can_be_bought, expected.can_be_bought);
        let is_done = |file: &&String| file.contains("/done/");
        assert_eq!(end.documents.iter().filter(is_done).count(), expected.done, "{:?}", end.documents);
    }
}
