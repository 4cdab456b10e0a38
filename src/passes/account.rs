//! account: every order that the channel's own list has in a range is accounted for by exactly one fate, or named.
//!
//! Reads only: nothing of what the list tells is recorded, so that a loss is found and not covered up. It rests on the list being
//! whole: one that counts more orders than it shows, or fails, accounts for nothing.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;

use futures_util::StreamExt;

use super::Trouble;
use super::intake::listing::{self, Gap, Listed};
use crate::channel::{Channel, Heard, Window};
use crate::exit::Exit;
use crate::lang::say;
use crate::model::{Cents, Instant, OrderId};
use crate::stop::Stop;
use crate::store::Store;
use crate::store::facts::OrderFilter;
use crate::store::orders::Fate;

/// An order without a fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unaccounted {
    /// Which.
    pub order: OrderId,
    /// Where the channel's list says that it stands.
    pub state: String,
    /// It was seen, and not decided on; else it was never seen at all.
    pub seen: bool,
}

/// What became of the orders of a range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// How many orders the list has.
    pub listed: usize,
    /// How many of them have each fate, and what they are worth.
    pub fates: BTreeMap<Fate, (i64, Cents)>,
    /// Those that have none.
    pub unaccounted: Vec<Unaccounted>,
    /// Orders that the state file has in the range, and the list does not.
    pub not_listed: Vec<OrderId>,
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

/// Holds the orders that the channel's list has from one instant to another, read so many windows at a time, against the state file.
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
    let listed = listed(channel, range, at_once, stop).await?;
    let mut account = Account { listed: listed.len(), ..Account::default() };
    for (order, heard) in &listed {
        let row = store.order(channel.name(), order)?;
        match row.as_ref().and_then(|row| row.fate) {
            Some(fate) => {
                let (orders, worth) = account.fates.entry(fate).or_default();
                *orders += 1;
                *worth = [*worth, row.and_then(|row| row.total).unwrap_or_default()].into_iter().sum();
            }
            None => {
                let (order, state) = (order.clone(), heard.state.clone());
                account.unaccounted.push(Unaccounted { order, state, seen: row.is_some() });
            }
        }
    }
    let of_range = OrderFilter {
        channels: BTreeSet::from([channel.name().clone()]),
        since: Some(range.from),
        before: Some(range.to + chrono::TimeDelta::milliseconds(1)),
        ..OrderFilter::default()
    };
    let read = store.orders_by(&of_range, None)?.into_iter().filter(|order| order.row.created_at.is_some());
    account.not_listed = read.map(|order| order.row.id).filter(|order| !listed.contains_key(order)).collect();
    Ok(account)
}

/// The orders of a range by the channel's list, so many windows of it read at a time, each with where it stands.
pub(super) async fn listed(
    channel: &Channel,
    range: Window,
    at_once: usize,
    stop: &Stop,
) -> Result<BTreeMap<OrderId, Heard>, NoAccount> {
    let found = RefCell::new(BTreeMap::new());
    let hear = |orders: &[Heard]| {
        found.borrow_mut().extend(orders.iter().map(|order| (order.id.clone(), order.clone())));
        Ok(())
    };
    let is_over = || stop.reason().is_some();
    let mut parts = pin!(listing::walk(channel, range, at_once, &is_over, &hear));
    while let Some((_, listed)) = parts.next().await {
        match listed.map_err(NoAccount::List)? {
            Listed::Partly(Gap::Trouble(trouble)) => return Err(NoAccount::List(trouble)),
            Listed::Partly(gap) => return Err(NoAccount::Gap(gap.to_string())),
            _ => {}
        }
    }
    if let Some(reason) = stop.reason() {
        return Err(NoAccount::Stopped(super::exit_of(Some(reason))));
    }
    Ok(found.take())
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
