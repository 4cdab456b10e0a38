//! Holds by cause: what one deed of a person would release, in the words of whoever asks.

use crate::model::Cents;
use crate::reason::Reason;
use crate::store::Store;
use crate::store::causes::{ByCause, Counted};
use crate::store::holds::Hold;
use crate::words::{self, daily};

/// The causes of some holds.
pub(super) struct Causes {
    /// Why, in the words of whoever asks.
    say: fn(&Reason) -> String,
    counted: ByCause,
}

impl Causes {
    /// None yet. Whether the holds of a cause say the same is told by what `say` makes of their reasons.
    pub(super) fn new(say: fn(&Reason) -> String) -> rusqlite::Result<Self> {
        Ok(Self { say, counted: ByCause::new()? })
    }

    /// Counts a hold with its cause. The oldest comes first.
    pub(super) fn add(&mut self, hold: &Hold) -> rusqlite::Result<()> {
        let missing = daily::shared_cause(&hold.reason);
        self.counted.add(hold, missing.as_deref(), &(self.say)(&hold.reason))
    }

    /// How many holds there are, and what their orders are worth.
    pub(super) fn in_all(&self) -> (usize, Cents) {
        (self.counted.holds, self.counted.worth)
    }

    /// How many causes there are.
    pub(super) fn number(&self) -> rusqlite::Result<usize> {
        self.counted.number()
    }

    /// Tells of every cause: first of the one that holds up most money; of equals, of the one with the earliest promise.
    pub(super) fn each(&self, tell: impl FnMut(Cause<'_>) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
        self.first(usize::MAX, tell)
    }

    /// Tells of so many of them.
    pub(super) fn first(
        &self,
        number: usize,
        mut tell: impl FnMut(Cause<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        self.counted.each(number, |held| tell(Cause { among: &self.counted, held }))
    }
}

/// Holds that one deed of a person would release.
pub(super) struct Cause<'a> {
    among: &'a ByCause,
    /// What is counted of them.
    pub(super) held: Counted,
}

impl Cause<'_> {
    /// So many of them, the oldest first, as they are now. One that is let go meanwhile is not there any more.
    pub(super) fn holds(&self, store: &Store, limit: usize) -> impl Iterator<Item = rusqlite::Result<Hold>> {
        self.among.holds_of(&self.held, store, limit)
    }

    /// The first of them.
    pub(super) fn first(&self, store: &Store) -> rusqlite::Result<Option<Hold>> {
        self.holds(store, 1).next().transpose()
    }

    /// What is missing or, where nothing is, what all of them say as the first does; `None` where each has words of its own.
    pub(super) fn text(&self, first: &Hold) -> Option<String> {
        let missing = self.held.missing.clone();
        missing.or_else(|| self.held.is_said_by_all.then(|| words::reason(&first.reason)))
    }

    /// What to do about it, as the first of them has it; with the channel's name in it where all are of one.
    pub(super) fn hint(&self, first: &Hold) -> Option<String> {
        if self.held.is_of_one_channel {
            words::hint_on(&first.channel, &first.reason)
        } else {
            words::hint(&first.reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChannelName, Instant, OrderId};

    /// A hold of an order.
    fn hold(reason: Reason) -> Hold {
        Hold {
            row: 1,
            channel: ChannelName::new("loja"),
            order: Some(OrderId::new("1-01")),
            order_row: Some(1),
            is_one_of_several: false,
            erp_number: None,
            sku: None,
            fate: None,
            status: [None, None],
            pass: String::new(),
            reason,
            since: Instant::default(),
            tried_at: Instant::default(),
            tries: 1,
            amount: None,
            promised_at: None,
        }
    }

    /// Text and hint of the first cause of these holds, by the first of them.
    fn told(holds: &[Hold]) -> (Option<String>, Option<String>) {
        let mut causes = Causes::new(words::reason).unwrap();
        holds.iter().for_each(|hold| causes.add(hold).unwrap());
        let mut told = (None, None);
        causes
            .first(1, |cause| {
                told = (cause.text(&holds[0]), cause.hint(&holds[0]));
                Ok(())
            })
            .unwrap();
        told
    }

    #[test]
    fn a_cause_has_the_words_and_the_channel_that_all_of_its_holds_have() {
        let failed = |message: &str| hold(Reason::CallFailed { message: message.into() });
        let text = |holds: &[Hold]| told(holds).0;
        assert!(text(&[failed("one"), failed("one")]).is_some_and(|text| text.contains("one")));
        assert_eq!(text(&[failed("one"), failed("other"), failed("other")]), None);

        let here = hold(Reason::CarrierUnmapped { carrier: "Sedex".into() });
        assert!(text(std::slice::from_ref(&here)).is_some_and(|text| text.contains("Sedex")));
        let there = Hold { channel: ChannelName::new("hub"), ..here.clone() };
        let hint = |holds: &[Hold]| told(holds).1.unwrap();
        assert!(hint(&[here.clone(), here.clone()]).contains("[channels.loja"));
        assert!(hint(&[here.clone(), there, here]).contains("[channels.NAME"));
    }
}
