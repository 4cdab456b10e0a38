//! Holds by cause: what one deed of a person would release. There may be more than memory holds, so they are counted as they come, and
//! only their rows' numbers are kept.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::model::{Cents, Instant};
use crate::reason::Reason;
use crate::store::Store;
use crate::store::holds::Hold;
use crate::words::{self, daily};

/// How many holds are read at a time.
const PAGE: usize = 1_000;

/// The causes of some holds.
pub(super) struct Causes {
    /// Why, in the words of whoever asks.
    say: fn(&Reason) -> String,
    /// By the reason's code and what is missing.
    causes: BTreeMap<(String, Option<String>), Counted>,
}

impl Causes {
    /// None yet. Whether the holds of a cause say the same is told by what `say` makes of their reasons.
    pub(super) fn new(say: fn(&Reason) -> String) -> Self {
        Self { say, causes: BTreeMap::new() }
    }

    /// Counts a hold with its cause. The oldest comes first.
    pub(super) fn add(&mut self, hold: &Hold) {
        let key = (hold.reason.code(), daily::shared_cause(&hold.reason));
        self.causes.entry(key).or_default().add(hold, self.say);
    }

    /// The cause that holds up most money first; of equals the one with the earliest promise.
    pub(super) fn sorted(&self) -> Vec<Cause<'_>> {
        let causes = self.causes.iter();
        let mut causes: Vec<_> =
            causes.map(|((code, missing), held)| Cause { code, missing: missing.as_deref(), held }).collect();
        causes.sort_by_key(|cause| {
            let promised = cause.held.promised_at;
            (Reverse(cause.held.sum.worth), promised.is_none(), promised)
        });
        causes
    }
}

/// The holds of a cause, counted.
#[derive(Default)]
pub(super) struct Counted {
    /// How much is held.
    pub(super) sum: Sum,
    /// The earliest date promised.
    pub(super) promised_at: Option<Instant>,
    channel: Alike,
    said: Alike,
    /// The rows of all of them, the oldest first.
    rows: Vec<i64>,
}

impl Counted {
    fn add(&mut self, hold: &Hold, say: fn(&Reason) -> String) {
        self.sum.add(hold);
        self.promised_at = self.promised_at.into_iter().chain(hold.promised_at).min();
        self.channel.heed(&hold.channel);
        self.said.heed(&say(&hold.reason));
        self.rows.push(hold.row);
    }
}

/// Holds that one deed of a person would release.
pub(super) struct Cause<'a> {
    /// The reason's code.
    pub(super) code: &'a str,
    /// What is missing, where that names the cause.
    missing: Option<&'a str>,
    /// The holds.
    pub(super) held: &'a Counted,
}

impl Cause<'_> {
    /// So many of them, the oldest first, as they are now. One that is let go meanwhile is not there any more.
    pub(super) fn holds(&self, store: &Store, limit: usize) -> impl Iterator<Item = rusqlite::Result<Hold>> {
        let rows = &self.held.rows[..limit.min(self.held.rows.len())];
        let pages = rows.chunks(PAGE).map(|page| store.holds_in(page));
        pages.flat_map(|page| page.map_or_else(|error| vec![Err(error)], |holds| holds.into_iter().map(Ok).collect()))
    }

    /// The first of them.
    pub(super) fn first(&self, store: &Store) -> rusqlite::Result<Option<Hold>> {
        self.holds(store, 1).next().transpose()
    }

    /// Whether all of them say the same.
    pub(super) fn is_said_by_all(&self) -> bool {
        self.held.said.are_all()
    }

    /// What is missing or, where nothing is, what all of them say as the first does; `None` where each has words of its own.
    pub(super) fn text(&self, first: &Hold) -> Option<String> {
        self.missing.map(str::to_owned).or_else(|| self.is_said_by_all().then(|| words::reason(&first.reason)))
    }

    /// What to do about it, as the first of them has it; with the channel's name in it where all are of one.
    pub(super) fn hint(&self, first: &Hold) -> Option<String> {
        if self.held.channel.are_all() {
            words::hint_on(&first.channel, &first.reason)
        } else {
            words::hint(&first.reason)
        }
    }
}

/// How much is held.
#[derive(Default)]
pub(super) struct Sum {
    /// How many holds there are.
    pub(super) holds: usize,
    /// How many orders they hold, each counted once.
    pub(super) orders: usize,
    /// How many products they hold.
    pub(super) products: usize,
    /// What the orders are worth. One that two passes hold is worth what it is worth once.
    pub(super) worth: Cents,
    /// The rows of the orders counted that may come again.
    may_come_again: BTreeSet<i64>,
}

impl Sum {
    /// Counts a hold.
    pub(super) fn add(&mut self, hold: &Hold) {
        self.holds += 1;
        match hold.order_row {
            Some(row) if hold.is_one_of_several && !self.may_come_again.insert(row) => return,
            Some(_) => self.orders += 1,
            None => self.products += 1,
        }
        self.worth = [self.worth, hold.amount].into_iter().sum();
    }
}

/// Whether something is the same of all: known by its digest, which takes less room.
#[derive(Default)]
enum Alike {
    #[default]
    NoneYet,
    All(u64),
    No,
}

impl Alike {
    fn heed(&mut self, one: &impl Hash) {
        let mut digest = DefaultHasher::new();
        one.hash(&mut digest);
        let digest = digest.finish();
        *self = match self {
            Self::NoneYet => Self::All(digest),
            Self::All(all) if *all == digest => return,
            Self::All(_) | Self::No => Self::No,
        };
    }

    fn are_all(&self) -> bool {
        matches!(self, Self::All(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChannelName, OrderId};

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    /// A hold of the order in that row, or of a product.
    fn hold(order: Option<i64>, cents: i64, reason: Reason) -> Hold {
        Hold {
            row: 1,
            channel: ChannelName::new("loja"),
            order: order.map(|row| OrderId::new(format!("{row}-01"))),
            order_row: order,
            is_one_of_several: false,
            erp_number: None,
            sku: order.is_none().then(|| "A".into()),
            fate: None,
            status: [None, None],
            pass: String::new(),
            reason,
            since: at(0),
            tried_at: at(0),
            tries: 1,
            amount: Cents::new(cents),
            promised_at: None,
        }
    }

    fn of_carrier(order: i64, cents: i64, carrier: &str) -> Hold {
        hold(Some(order), cents, Reason::CarrierUnmapped { carrier: carrier.into() })
    }

    fn counted(holds: &[Hold]) -> Causes {
        let mut causes = Causes::new(words::reason);
        holds.iter().for_each(|hold| causes.add(hold));
        causes
    }

    #[test]
    fn an_order_that_two_passes_hold_is_worth_what_it_is_worth_once() {
        let twice = |cents, reason| Hold { is_one_of_several: true, ..hold(Some(1), cents, reason) };
        let mut sum = Sum::default();
        for hold in [
            twice(500, Reason::NotOnChannel),
            hold(Some(2), 70, Reason::NotOnChannel),
            twice(900, Reason::CancelledAfterInvoice),
            hold(None, 0, Reason::SkuIsKit),
        ] {
            sum.add(&hold);
        }
        assert_eq!((sum.holds, sum.orders, sum.products, sum.worth), (4, 2, 1, Cents::new(570)));
    }

    #[test]
    fn the_cause_that_holds_up_most_money_comes_first_and_of_equals_the_earliest_promise() {
        let promised = |hold, seconds| Hold { promised_at: Some(at(seconds)), ..hold };
        let causes = counted(&[
            of_carrier(1, 300, "Never"),
            promised(of_carrier(2, 300, "Late"), 20),
            promised(of_carrier(3, 100, "Early"), 30),
            promised(of_carrier(4, 200, "Early"), 10),
            of_carrier(5, 301, "Dear"),
        ]);
        let causes = causes.sorted();
        let order: Vec<_> = causes.iter().map(|cause| (cause.held.sum.orders, cause.held.promised_at)).collect();
        assert_eq!(order, [(1, None), (2, Some(at(10))), (1, Some(at(20))), (1, None)]);
        assert!(causes[0].missing.unwrap().contains("Dear"), "{:?}", causes[0].missing);
    }

    #[test]
    fn a_cause_has_the_words_and_the_channel_that_all_of_its_holds_have() {
        let failed = |message: &str| hold(Some(1), 0, Reason::CallFailed { message: message.into() });
        let text = |holds: &[Hold]| counted(holds).sorted()[0].text(&holds[0]);
        assert!(text(&[failed("one"), failed("one")]).is_some_and(|text| text.contains("one")));
        assert_eq!(text(&[failed("one"), failed("other"), failed("other")]), None);

        let here = of_carrier(1, 0, "Sedex");
        let there = Hold { channel: ChannelName::new("hub"), ..here.clone() };
        let hint = |holds: &[Hold]| counted(holds).sorted()[0].hint(&holds[0]).unwrap();
        assert!(hint(&[here.clone(), here.clone()]).contains("[channels.loja"));
        assert!(hint(&[here.clone(), there, here]).contains("[channels.NAME"));
    }
}
