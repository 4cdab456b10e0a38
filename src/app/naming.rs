//! Which order a person means by a number.

use std::collections::BTreeSet;

use super::{Failure, unreadable_state};
use crate::erp::ledger::Ledger;
use crate::exit::Exit;
use crate::model::ChannelName;
use crate::store::Store;
use crate::store::facts::OrderFacts;
use crate::words::daily;

/// Where numbers are looked up.
pub struct Names<'a> {
    /// The state file.
    pub store: &'a Store,
    /// The embedded ERP, if it is the ERP and can be read: it has the numbers of invoices and parcels. Of another ERP the state file
    /// has them.
    pub ledger: Option<Ledger>,
    /// The channels asked for.
    pub channels: &'a BTreeSet<ChannelName>,
}

impl Names<'_> {
    /// The one order that a number means.
    pub fn the_order(&self, number: &str) -> Result<OrderFacts, Failure> {
        let number = number.trim();
        let mut found = self.store.orders_named(number, self.channels).map_err(|error| unreadable_state(&error))?;
        let mut erp_numbers = Vec::new();
        // The channel's own number is meant whatever else it may be; any other may as well stand on a paper of the ERP.
        let is_channels_own = found.iter().any(|order| order.row.id.as_str() == number);
        if let Some(ledger) = self.ledger.as_ref().filter(|_| !is_channels_own) {
            for order in ledger.orders_by_paper(number).unwrap_or_default() {
                let linked = self.store.orders_linked(&order.id, self.channels);
                found.extend(linked.map_err(|error| unreadable_state(&error))?);
                erp_numbers.push(order.order.number);
            }
        }
        if !is_channels_own {
            for order in self.store.mirror_orders_by_paper(number).map_err(|error| unreadable_state(&error))? {
                let linked = self.store.orders_linked(&order, self.channels);
                found.extend(linked.map_err(|error| unreadable_state(&error))?);
            }
        }
        let mut rows = BTreeSet::new();
        found.retain(|order| rows.insert(order.row.row));
        match (found.len(), erp_numbers.as_slice()) {
            (1, _) => Ok(found.remove(0)),
            (0, []) => Err(Failure::new(Exit::Usage, daily::never_seen(number, self.channels.len()))),
            (0, [of_erp, ..]) => Err(Failure::new(Exit::Usage, daily::only_in_erp(number, of_erp))),
            _ => {
                let orders: Vec<_> = found.iter().map(|order| (&order.row.channel, &order.row.id)).collect();
                Err(Failure::new(Exit::Usage, daily::several_orders(number, &orders)))
            }
        }
    }
}
