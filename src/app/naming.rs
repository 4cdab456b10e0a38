//! Which order a person means by a number.

use std::collections::BTreeSet;

use super::{Failure, unreadable_state};
use crate::exit::Exit;
use crate::model::ChannelName;
use crate::store::Store;
use crate::store::facts::OrderFacts;
use crate::words::daily;

/// The one order that a number means.
pub fn the_order(store: &Store, number: &str, channels: &BTreeSet<ChannelName>) -> Result<OrderFacts, Failure> {
    let mut found = store.orders_named(number.trim(), channels).map_err(unreadable_state)?;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Failure::new(Exit::Usage, daily::never_seen(number))),
        _ => {
            let orders: Vec<_> = found.iter().map(|order| (&order.row.channel, &order.row.id)).collect();
            Err(Failure::new(Exit::Usage, daily::several_orders(number, &orders)))
        }
    }
}
