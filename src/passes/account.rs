//! account: every order that the channel's own list has in a range is accounted for by exactly one fate, or named.
//!
//! Reads only: nothing of what the list tells is recorded, so that a loss is found and not covered up. It rests on the list being
//! whole: one that counts more orders than it shows, or fails, accounts for nothing.

use std::collections::BTreeMap;
use std::pin::pin;

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Trouble;
use super::intake::listing::{self, Gap, Listed as Part};
use crate::channel::{Channel, Heard, Window};
use crate::exit::Exit;
use crate::lang::say;
use crate::model::{Cents, ChannelName, Instant, OrderId};
use crate::stop::Stop;
use crate::store::Store;
use crate::store::listed::Listed;
use crate::store::orders::Fate;
use crate::store::spool::Spool;

/// An order without a fate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unaccounted {
    /// Which.
    pub order: OrderId,
    /// Where the channel's list says that it stands.
    pub state: String,
    /// It was seen, and not decided on; else it was never seen at all.
    pub seen: bool,
}

/// What became of the orders of a range. However many have no fate, or are not listed, they are not in memory.
#[derive(Debug)]
pub struct Account {
    /// How many orders the list has.
    pub listed: usize,
    /// How many of them have each fate, and what they are worth.
    pub fates: BTreeMap<Fate, (usize, Cents)>,
    /// How many of them have none.
    pub unaccounted: usize,
    /// How many orders the state file has in the range, and the list does not.
    pub not_listed: usize,
    those_unaccounted: Spool,
    those_not_listed: Spool,
}

impl Account {
    fn of(list: &Listed, store: &Store, channel: &ChannelName, range: Window) -> rusqlite::Result<Self> {
        let mut account = Self {
            listed: list.count()?,
            fates: BTreeMap::new(),
            unaccounted: 0,
            not_listed: 0,
            those_unaccounted: Spool::new()?,
            those_not_listed: Spool::new()?,
        };
        for heard in list.orders() {
            let Heard { id, state, .. } = heard?;
            let row = store.order(channel, &id)?;
            if let Some((row, fate)) = row.as_ref().and_then(|row| Some((row, row.fate?))) {
                let (orders, worth) = account.fates.entry(fate).or_default();
                *orders += 1;
                *worth = [*worth, row.total.unwrap_or_default()].into_iter().sum();
            } else {
                let one = json!(Unaccounted { order: id, state, seen: row.is_some() });
                account.those_unaccounted.keep("", &one.to_string())?;
                account.unaccounted += 1;
            }
        }
        store.each_placed(channel, (range.from, range.to), |order| {
            if !list.has(&order)? {
                account.those_not_listed.keep("", order.as_str())?;
                account.not_listed += 1;
            }
            Ok(())
        })?;
        Ok(account)
    }

    /// Tells of the listed orders that have no fate.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn each_unaccounted(&self, mut tell: impl FnMut(Unaccounted)) -> rusqlite::Result<()> {
        self.those_unaccounted.each(|text| serde_json::from_str(text).into_iter().for_each(&mut tell))
    }

    /// Tells of the orders that are not listed, the latest first.
    ///
    /// # Errors
    /// As [`Account::each_unaccounted`].
    pub fn each_not_listed(&self, mut tell: impl FnMut(OrderId)) -> rusqlite::Result<()> {
        self.those_not_listed.each(|text| tell(OrderId::new(text)))
    }
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum NoAccount {
    /// The list could not be read.
    #[error("{}", say!("the order list cannot be read: {_0}" | "a lista de pedidos não pode ser lida: {_0}"))]
    List(Trouble),
    /// It does not show what it counts.
    #[error("{}", say!(
        "{_0}; what it does not show cannot be accounted for" | "{_0}; o que ela não mostra não pode ser conferido"
    ))]
    Gap(String),
    /// The state file cannot be read.
    #[error("{}", say!(
        "the state file cannot be read: {}" | "o arquivo de estado não pode ser lido: {}",
        crate::store::sqlite::said(_0)
    ))]
    State(#[from] rusqlite::Error),
    /// The run was told to stop.
    #[error("{}", say!("stopped before the list was read to its end" | "parou antes de a lista ser lida até o fim"))]
    Stopped(Exit),
}

impl NoAccount {
    /// How the command ends.
    pub fn exit(&self, stop: &Stop) -> Exit {
        match self {
            Self::List(trouble) => trouble.ends_run(stop).unwrap_or(Exit::Unavailable),
            Self::Gap(_) => Exit::Unavailable,
            Self::State(_) => Exit::Failed,
            Self::Stopped(exit) => *exit,
        }
    }
}

/// Holds the orders that the channel's list has from one instant to another, read so many windows at a time, against the state file as
/// it is at one moment.
///
/// # Errors
/// [`NoAccount`] when either cannot be read whole.
pub async fn account(
    channel: &Channel,
    store: &Store,
    range: Window,
    at_once: usize,
    stop: &Stop,
) -> Result<Account, NoAccount> {
    let list = listed(channel, range, at_once, stop).await?;
    Ok(store.at_one_moment(|store| Account::of(&list, store, channel.name(), range))?)
}

/// The orders of a range by the channel's list, so many windows of it read at a time.
pub(super) async fn listed(channel: &Channel, range: Window, at_once: usize, stop: &Stop) -> Result<Listed, NoAccount> {
    let list = Listed::new()?;
    let hear = |orders: &[Heard]| Ok(list.keep(orders)?);
    let is_over = || stop.reason().is_some();
    {
        let mut parts = pin!(listing::walk(channel, range, at_once, &is_over, &hear));
        while let Some((_, part)) = parts.next().await {
            match part.map_err(NoAccount::List)? {
                Part::Partly(Gap::Trouble(trouble)) => return Err(NoAccount::List(trouble)),
                Part::Partly(gap) => return Err(NoAccount::Gap(gap.to_string())),
                _ => {}
            }
        }
    }
    if let Some(reason) = stop.reason() {
        return Err(NoAccount::Stopped(super::exit_of(Some(reason))));
    }
    Ok(list)
}

/// The part of a range that can be accounted for: not before the cut-off date, since those orders are none of ours, and not after
/// what was swept, since nobody can have seen those.
pub fn part(range: (Instant, Instant), cutoff: Instant, swept: Instant) -> Option<Window> {
    let window = Window::new(range.0.max(cutoff), range.1.min(swept));
    (window.from <= window.to).then_some(window)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_swept_and_is_ours_is_accounted_for() {
        let at = |ms| Instant::from_timestamp_millis(ms).unwrap();
        let part = |from, to| part((at(from), at(to)), at(10), at(20)).map(|window| (window.from, window.to));
        assert_eq!(part(0, 100), Some((at(10), at(20))));
        assert_eq!(part(12, 15), Some((at(12), at(15))));
        assert_eq!((part(0, 9), part(21, 30)), (None, None));
    }
}
