//! `forget ORDER` and `purge`: what the state file lets go of, by a person's word.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::TimeDelta;
use serde_json::json;

use super::naming::Names;
use super::who::who;
use super::{Failure, asked_for, locks, unreadable_state, unwritable_state};
use crate::cli::{ForgetArgs, PurgeArgs};
use crate::exit::Exit;
use crate::model::Instant;
use crate::passes::Verb;
use crate::report::Reporter;
use crate::store::Store;
use crate::words::daily;

/// Nothing younger is purged: late payments of cancelled orders are watched for 30 days, returns come for longer.
const YOUNGEST: TimeDelta = TimeDelta::days(90);

/// Forgets the orders named. All are found first; one that cannot be found keeps all as they are.
pub fn forget(
    args: &ForgetArgs,
    names: &Names<'_>,
    state: &Path,
    reporter: &Reporter,
    now: Instant,
) -> Result<Exit, Failure> {
    let numbers = asked_for(&args.orders.orders)?;
    let orders = numbers.iter().map(|number| names.the_order(number)).collect::<Result<Vec<_>, _>>()?;
    // A run that has the order in hand would go on with a row that is gone.
    let channels: BTreeSet<_> = orders.iter().map(|order| &order.row.channel).collect();
    let _locks = locks::of(state, &Verb::NAMES, &channels, now)?;
    let by = who();
    for order in &orders {
        let row = &order.row;
        names.store.forget(row.row, args.because.trim(), &by, now).map_err(|error| unwritable_state(&error))?;
        if reporter.is_human() {
            reporter.news(&daily::forgotten(&row.channel, &row.id, row.erp_number.as_deref()));
        } else {
            let fields = json!({ "channel": row.channel, "order": row.id, "erp_number": row.erp_number, "by": by });
            reporter.json("forgotten", fields);
        }
    }
    Ok(Exit::Done)
}

/// Lets go of what happened to orders that were closed so long ago, or says what that would be.
pub fn purge(args: &PurgeArgs, store: &Store, reporter: &Reporter, now: Instant) -> Result<Exit, Failure> {
    let age = TimeDelta::from_std(args.older_than.0).unwrap_or(TimeDelta::MAX);
    if age < YOUNGEST {
        return Err(Failure::new(Exit::Usage, daily::too_young(YOUNGEST)));
    }
    let before = now - age;
    let purged = if args.dry_run {
        store.to_purge(before).map_err(|error| unreadable_state(&error))?
    } else {
        store.purge(before, &who(), now).map_err(|error| unwritable_state(&error))?
    };
    if reporter.is_human() {
        reporter.news(&daily::purged(&purged, before, args.dry_run));
    } else {
        let fields = json!({ "orders": purged.orders, "runs": purged.runs, "before": before.to_rfc3339(), "dry_run": args.dry_run });
        reporter.counted(fields);
    }
    Ok(Exit::Done)
}
