//! `holds add` and `holds release`: an order is held by hand.

use std::collections::BTreeSet;

use serde_json::json;

use super::Failure;
use crate::cli::HoldsCommand;
use crate::exit::Exit;
use crate::model::{ChannelName, Instant, OrderId};
use crate::report::Reporter;
use crate::store::Store;
use crate::store::orders::OrderRow;

/// Holds an order, or releases it.
pub fn run(
    command: &HoldsCommand,
    store: &Store,
    channels: &BTreeSet<ChannelName>,
    reporter: &Reporter,
    now: Instant,
) -> Result<Exit, Failure> {
    let unusable =
        |error: rusqlite::Error| Failure::new(Exit::Failed, format!("the state file cannot be used: {error}"));
    let (HoldsCommand::Add { order, .. } | HoldsCommand::Release { order, .. }) = command;
    let row = find(store, channels, order).map_err(unusable)??;
    let done = match command {
        HoldsCommand::Add { because, .. } => {
            let note = because.trim();
            if note.is_empty() {
                return Err(Failure::new(
                    Exit::Usage,
                    "--because says nothing; whoever looks at the order later must know why",
                ));
            }
            store.hold_by_hand(row.row, note, now).map_err(unusable)?;
            "held"
        }
        HoldsCommand::Release { .. } => {
            if !store.release_by_hand(row.row, now).map_err(unusable)? {
                let message = format!("order {order} of channel {} is not held by hand", row.channel);
                return Err(Failure::new(Exit::Usage, message));
            }
            "released"
        }
    };
    if reporter.is_human() {
        reporter.news(&format!("{done:<9} {} {order}", row.channel));
    } else {
        reporter.json("hold", json!({ "channel": row.channel, "order": row.id, "done": done }));
    }
    Ok(Exit::Done)
}

/// The one order with this number.
fn find(store: &Store, channels: &BTreeSet<ChannelName>, order: &str) -> rusqlite::Result<Result<OrderRow, Failure>> {
    let id = OrderId::new(order);
    let mut found = Vec::new();
    for channel in channels {
        found.extend(store.order(channel, &id)?);
    }
    Ok(match (found.pop(), found.is_empty()) {
        (Some(row), true) => Ok(row),
        (Some(_), false) => {
            Err(Failure::new(Exit::Usage, format!("several channels have an order {order}; say which with --channel")))
        }
        (None, _) => {
            let message = format!("no order {order} was ever seen; vaivem import-orders --order {order} looks for it");
            Err(Failure::new(Exit::Usage, message))
        }
    })
}
