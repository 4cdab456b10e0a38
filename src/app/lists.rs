//! `holds` and `orders`: what the state file knows, for eyes and scripts.

use std::collections::BTreeSet;

use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

use super::{Failure, age};
use crate::clock::Clock;
use crate::exit::Exit;
use crate::model::{Cents, ChannelName, calendar};
use crate::report::Reporter;
use crate::store::Store;
use crate::store::orders::{Fate, FateCount};
use crate::words;

/// Everything held, the oldest first. Exit 3 when there is anything, so that a script can ask.
pub fn holds(store: &Store, channels: &BTreeSet<ChannelName>, reporter: &Reporter) -> Result<Exit, Failure> {
    let now = Clock::system().now();
    let holds =
        store.holds().map_err(|error| Failure::new(Exit::Failed, format!("the state file cannot be read: {error}")))?;
    let holds: Vec<_> = holds.into_iter().filter(|hold| channels.contains(&hold.channel)).collect();
    // An order that two passes hold is worth what it is worth once.
    let mut counted = BTreeSet::new();
    let worth: Cents = holds
        .iter()
        .filter(|hold| hold.order.is_none() || counted.insert((&hold.channel, &hold.order)))
        .map(|hold| hold.amount)
        .sum();
    for hold in &holds {
        let what = hold.order.as_ref().map(ToString::to_string).or_else(|| hold.sku.clone()).unwrap_or_default();
        if reporter.is_human() {
            let promised =
                hold.promised_at.map(|at| format!(", promised for {}", calendar::local_date(at))).unwrap_or_default();
            reporter.line(&format!(
                "{} {what}: {} ({}, {} ago, tried {} time{}{promised})",
                hold.channel,
                words::reason(&hold.reason),
                hold.amount,
                age(now - hold.since),
                hold.tries,
                if hold.tries == 1 { "" } else { "s" },
            ));
            if let Some(hint) = words::hint(&hold.reason) {
                reporter.line(&format!("  what to do: {hint}"));
            }
        } else {
            reporter.json(
                "hold",
                json!({
                    "channel": hold.channel,
                    "order": hold.order,
                    "sku": hold.sku,
                    "erp_number": hold.erp_number,
                    "reason": hold.reason,
                    "text": words::reason(&hold.reason),
                    "hint": words::hint(&hold.reason),
                    "since": hold.since.to_rfc3339(),
                    "tried_at": hold.tried_at.to_rfc3339(),
                    "tries": hold.tries,
                    "amount_cents": hold.amount.get(),
                    "promised_at": hold.promised_at.map(|at| at.to_rfc3339()),
                }),
            );
        }
    }
    if reporter.is_human() {
        match holds.len() {
            0 => reporter.news("nothing is held"),
            n => reporter.line(&format!("{n} held, worth {worth}")),
        }
    } else {
        reporter.json("summary", json!({ "holds": holds.len(), "held_cents": worth.get() }));
    }
    Ok(if holds.is_empty() { Exit::Done } else { Exit::Held })
}

/// How many orders have each fate, and what they are worth.
pub fn fates(store: &Store, channels: &BTreeSet<ChannelName>, reporter: &Reporter) -> Result<Exit, Failure> {
    let fates =
        store.fates().map_err(|error| Failure::new(Exit::Failed, format!("the state file cannot be read: {error}")))?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["channel", "fate", "orders", "worth"]);
    let mut total = 0;
    for FateCount { channel, fate, orders, worth } in fates.iter().filter(|count| channels.contains(&count.channel)) {
        let fate = fate.map_or("undecided", Fate::code);
        total += orders;
        if reporter.is_human() {
            table.add_row([channel.to_string(), fate.to_owned(), orders.to_string(), worth.to_string()]);
        } else {
            reporter.json("fate", json!({ "channel": channel, "fate": fate, "orders": orders, "cents": worth.get() }));
        }
    }
    if reporter.is_human() {
        for column in [2, 3] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        if total > 0 {
            reporter.line(&table.trim_fmt());
        }
        reporter.line(&format!("{total} order{} seen", if total == 1 { "" } else { "s" }));
    } else {
        reporter.json("summary", json!({ "orders": total }));
    }
    Ok(Exit::Done)
}
