//! A verb's turn that something disturbs, and what must have become of it once nothing does any more.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::day::{Turn, turns};
use crate::office::Office;
use crate::sandbox::Fault;
use crate::shop::{self, Ran, Shop};
use crate::torture;
use crate::truth::Truth;

/// The exit codes that the README tells of.
const EXITS: [i32; 11] = [0, 1, 2, 3, 4, 5, 6, 10, 11, 130, 143];

impl Turn {
    /// What goes wrong from here on, at the channel.
    pub fn strike_channel(&self, shop: &Shop, faults: Vec<Fault>) {
        self.side().strike(shop, faults);
    }

    /// What goes wrong from here on, at the ERP; the ledger has nothing to go wrong.
    pub fn strike_erp(&self, shop: &Shop, faults: Vec<Fault>) {
        if self.office == Office::Eccosys {
            shop.eccosys(|e| e.faults.extend(faults));
        }
    }

    /// Nothing goes wrong any more, on either side.
    pub fn is_well_again(&self, shop: &Shop) {
        self.side().calm(shop);
        shop.eccosys(|e| e.faults.clear());
    }

    /// The same, and every pause that was asked for is over by the time of the next cron run.
    pub fn calm(&self, shop: &Shop) {
        self.is_well_again(shop);
        shop.end_pauses();
        shop.be_patient();
    }

    /// How many writes the channel and the ERP have taken.
    pub fn effects(&self, shop: &Shop) -> usize {
        self.side().effects(shop) + shop.eccosys(|e| e.effects.len())
    }

    /// The run of the verb ended well, where the other side alone was in its way: done, with something held, or with that side down.
    /// It says that all is done only where the world looks so.
    #[track_caller]
    pub fn tells_the_truth(&self, shop: &Shop, ran: &Ran, told: &str) {
        let (now, mut should) = (shop.truth(), self.after.clone());
        // What a reading that failed withholds is promised by a later run.
        for (sku, stock) in &now.inventory {
            let promised = &should.inventory[sku];
            if stock.told <= promised.told && stock.can_be_bought <= promised.can_be_bought {
                should.inventory.insert(sku.clone(), stock.clone());
            }
        }
        self.tells_it_is(&now, &should, shop, ran, told);
    }

    /// The same of a run whose clock is wrong: less may be promised than there is, for what it dated; what is due later is done already
    /// where it is ahead, and nothing yet where it is behind; and a guard may stop it.
    #[track_caller]
    pub fn tells_the_truth_by_a_wrong_clock(&self, shop: &Shop, ran: &Ran, told: &str) {
        if ran.code == Some(6) {
            return self.tells_what_it_left(shop, ran, told);
        }
        let no_stock = |truth: &Truth| {
            let (inventory, shelf) = Default::default();
            Truth { inventory, shelf, ..truth.clone() }.without_the_way_to_deliveries()
        };
        let (now, mut after) = (no_stock(&shop.truth()), no_stock(&self.after));
        for then in [no_stock(&self.before().truth()), no_stock(&self.end)] {
            accept(&now.channel, &mut after.channel, &then.channel);
            accept(&now.erp, &mut after.erp, &then.erp);
            accept(&now.fates, &mut after.fates, &then.fates);
        }
        self.tells_it_is(&now, &after, shop, ran, told);
    }

    /// The run says that all is done only where the world is `now` as it should be.
    #[track_caller]
    fn tells_it_is(&self, now: &Truth, should: &Truth, shop: &Shop, ran: &Ran, told: &str) {
        self.tells_what_it_left(shop, ran, told);
        assert!(matches!(ran.code, Some(0 | 3 | 5)), "{told}: {ran:?}");
        if ran.code == Some(0) {
            assert_eq!(self.exit_of(), 0, "{told}: something is to be held: {ran:?}");
            now.is(should, &format!("{told}, which ended with 0: {ran:?}"));
        }
    }

    /// The run ended well, and does not gloss over what it left, whatever it was led to believe: all is done only where it held nothing
    /// and knows the outcome of all it did, and what ended it is named, or what of a carrier's it could not write.
    #[track_caller]
    pub fn tells_what_it_left(&self, shop: &Shop, ran: &Ran, told: &str) {
        ended_well(ran, told);
        let (before, now) = (self.before().truth(), shop.truth());
        match ran.code {
            Some(0) => {
                let held: Vec<_> = now.holds.iter().filter(|hold| !before.holds.contains(hold)).collect();
                assert!(held.is_empty() && now.unsettled.is_empty(), "{told}: {held:?}, {:?}: {ran:?}", now.unsettled);
            }
            Some(3) => {}
            Some(4..=6) => {
                let is_unwritten = |record: &Value| record["type"] == "delivery" && record["written"] == false;
                let is_named = ran.summary()["message"].is_string() || ran.records().iter().any(is_unwritten);
                assert!(is_named, "{told}: {ran:?}");
            }
            _ => panic!("{told}: {ran:?}"),
        }
    }

    /// Clean runs later the world looks as if nothing had happened; and a further run has no effect.
    #[track_caller]
    pub fn recovers(&self, shop: &Shop) {
        self.is_over(shop);
        self.rests_at(shop, &self.end);
    }

    /// The same, but that less may be promised than there is: what was dated by a wrong clock counts as in flight for longer. And a
    /// delivery may be told in two steps: a carrier's file that tells of days still to come waits, and the channel hears the rest.
    #[track_caller]
    pub fn recovers_promising_less(&self, shop: &Shop) {
        self.is_over(shop);
        let _ = self.sync(shop).exits(3);
        let promised = shop.truth().inventory;
        for (sku, now) in &promised {
            let there = self.end.inventory[sku].can_be_bought;
            assert!(now.can_be_bought <= there, "{} of SKU {sku} can be bought, {there} are there", now.can_be_bought);
        }
        let end = Truth { inventory: promised, ..self.end.clone() };
        self.rests_at_as(shop, &end, Truth::without_the_way_to_deliveries);
    }

    /// Nothing disturbs any more, and the world goes on.
    #[track_caller]
    fn is_over(&self, shop: &Shop) {
        self.promises_nothing_twice(shop);
        self.calm(shop);
        self.to_the_end(shop);
    }

    #[track_caller]
    fn rests_at(&self, shop: &Shop, end: &Truth) {
        self.rests_at_as(shop, end, |truth| truth);
    }

    /// The same, as far as `seen` shows.
    #[track_caller]
    fn rests_at_as(&self, shop: &Shop, end: &Truth, seen: impl Fn(Truth) -> Truth) {
        let end = &seen(end.clone());
        // What was sent anew is seen by the next reading, and only then counts; and what that tells may have to be sent once more.
        let _ = self.sync(shop).exits(3);
        if seen(shop.truth()) != *end {
            let _ = self.sync(shop).exits(3);
        }
        seen(shop.truth()).is(end, &self.to_string());
        let before = self.effects(shop);
        let ran = self.sync(shop).exits(3);
        assert_eq!(self.effects(shop), before, "a further run has no effect, {self}: {ran:?}");
        seen(shop.truth()).is(end, "a further run");
    }
}

/// One case of many: its number is the seed of all that is drawn for it.
pub struct Case {
    pub number: u32,
    pub random: fastrand::Rng,
}

impl Case {
    /// Any verb's turn.
    pub fn turn(&mut self) -> &'static Turn {
        let turns: Vec<&Turn> = turns().collect();
        turns[self.random.usize(..turns.len())]
    }

    /// The turn of one of the verbs: of either channel and either ERP.
    pub fn turn_of(&mut self, verb: &str) -> &'static Turn {
        let turns: Vec<&Turn> = turns().filter(|turn| turn.verb == verb).collect();
        turns[self.random.usize(..turns.len())]
    }

    /// Any of these.
    pub fn any<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.random.usize(..of.len())]
    }

    pub fn seed(&mut self) -> u64 {
        self.random.u64(..)
    }
}

/// Tries cases 1 to `count`, so many at the same time, and stops at the first that fails, which is told by its number.
/// `VAIVEM_CASE` tries one alone.
pub fn try_each(count: u32, at_once: usize, case: impl Fn(Case) + Sync) {
    let one = std::env::var("VAIVEM_CASE").ok().map(|text| text.parse::<u32>().expect("VAIVEM_CASE is a number"));
    let (first, last) = one.map_or((1, count), |one| (one, one));
    // The days are lived once, by one of them.
    let _ = turns().count();
    let numbers: Vec<Number> = (first..=last).map(Number).collect();
    torture::each_of(&numbers, at_once, |Number(number)| {
        case(Case { number: *number, random: fastrand::Rng::with_seed(u64::from(*number)) });
        if number.is_multiple_of(100) {
            println!("{number} of {last} tried");
        }
    });
}

/// A case by its number.
struct Number(u32);

impl std::fmt::Debug for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{0}; VAIVEM_CASE={0} tries it alone", self.0)
    }
}

/// What is now as it was or will be then is accepted, too.
fn accept<T: Clone + PartialEq>(
    now: &BTreeMap<String, T>,
    should: &mut BTreeMap<String, T>,
    then: &BTreeMap<String, T>,
) {
    for (id, one) in then.iter().filter(|(id, one)| now.get(*id) == Some(*one)) {
        should.insert(id.clone(), one.clone());
    }
}

/// A run that ended as runs may end: by itself, in time, with a code that the README tells of, and not in a panic.
#[track_caller]
pub fn ended_well(ran: &Ran, told: &str) {
    let is_known = ran.code.is_some_and(|code| EXITS.contains(&code));
    assert!(is_known && !ran.stderr.contains("panicked"), "{told}: {ran:?}");
}

/// Runs the program with at most so much memory, and kills it when it takes too long: both show in its exit code.
pub fn run_bounded(shop: &Shop, args: &[&str]) -> Ran {
    const LIMITS: &str = "ulimit -v 400000; exec timeout -s KILL 120 \"$0\" \"$@\"";
    let plain = shop.command(args);
    let mut bounded = Command::new("sh");
    bounded.args(["-c", LIMITS]).arg(plain.get_program()).args(plain.get_args());
    bounded.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    bounded.current_dir(plain.get_current_dir().unwrap()).stdin(Stdio::null());
    shop::ran(bounded.output().unwrap())
}
