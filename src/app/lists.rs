//! `orders` and `holds`: what the state file knows, for eyes and scripts.

use std::collections::BTreeSet;

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use super::causes::{Cause, Causes};
use super::widths::Widths;
use super::{Failure, unreadable_state};
use crate::cli::{HoldsListArgs, OrdersArgs};
use crate::exit::Exit;
use crate::lang::moment;
use crate::model::{Cents, ChannelName, Instant, Status, calendar};
use crate::report::Reporter;
use crate::store::Store;
use crate::store::causes::Counted;
use crate::store::facts::{OrderFacts, OrderFilter};
use crate::store::holds::Hold;
use crate::store::orders::{Fate, FateCount};
use crate::words::{self, daily};

/// How many orders are read and told at a time: of the others only the rows' numbers are in memory.
const PAGE: usize = 1_000;

/// Everything held, by cause: first the cause that holds up most money. Exit 3 when there is anything, so that a script can ask.
pub fn holds(
    args: &HoldsListArgs,
    store: &Store,
    channels: &BTreeSet<ChannelName>,
    reporter: &Reporter,
    now: Instant,
) -> Result<Exit, Failure> {
    let since = args.since.map(calendar::start_of_day);
    let before = args.until.and_then(|day| day.succ_opt()).map(calendar::start_of_day);
    let is_asked_for = |hold: &Hold| {
        channels.contains(&hold.channel)
            && (args.fate.is_none() || hold.fate == args.fate)
            && (args.status.is_none() || hold.status.contains(&args.status))
            && args.reason.as_ref().is_none_or(|code| hold.reason.code() == *code)
            && since.is_none_or(|since| hold.since >= since)
            && before.is_none_or(|before| hold.since < before)
    };
    let tell = || {
        let mut causes = Causes::new(words::reason)?;
        store.each_hold(|hold| if is_asked_for(&hold) { causes.add(&hold) } else { Ok(()) })?;
        if reporter.is_human() {
            // Whoever asks for one cause wants to see all of it.
            let limit = args.limit.unwrap_or(if args.reason.is_some() { 0 } else { 5 });
            show(&causes, store, reporter, if limit == 0 { usize::MAX } else { limit }, now)?;
            if causes.in_all().0 == 0 {
                let is_all = args.reason.is_none() && args.fate.is_none() && args.status.is_none();
                let is_ever = since.is_none() && before.is_none();
                let none = if is_all && is_ever { &daily::NOTHING_HELD } else { &daily::NOTHING_LIKE_IT_HELD };
                reporter.news(none);
            }
        } else {
            record(&causes, store, reporter, args.limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX))?;
        }
        Ok(causes.in_all().0)
    };
    let number = tell().map_err(|error| unreadable_state(&error))?;
    Ok(if number == 0 { Exit::Done } else { Exit::Held })
}

fn show(causes: &Causes, store: &Store, reporter: &Reporter, limit: usize, now: Instant) -> rusqlite::Result<()> {
    causes.each(|cause| show_cause(&cause, store, reporter, limit, now))?;
    let (number, worth) = causes.in_all();
    if number > 0 {
        reporter.line(&daily::held_in_all(number, worth));
    }
    Ok(())
}

fn record(causes: &Causes, store: &Store, reporter: &Reporter, limit: usize) -> rusqlite::Result<()> {
    causes.each(|cause| {
        let told = |hold: rusqlite::Result<Hold>| hold.map(|hold| reporter.json("hold", hold_json(&hold)));
        cause.holds(store, limit).try_for_each(told)
    })?;
    causes.each(|cause| {
        reporter.json("cause", cause_json(&cause, cause.first(store)?.as_ref()));
        Ok(())
    })?;
    let (number, worth) = causes.in_all();
    reporter.counted(json!({ "holds": number, "held_cents": worth.get() }));
    Ok(())
}

fn show_cause(
    cause: &Cause<'_>,
    store: &Store,
    reporter: &Reporter,
    limit: usize,
    now: Instant,
) -> rusqlite::Result<()> {
    let mut told = cause.holds(store, limit).peekable();
    let first = told.peek().and_then(|first| first.as_ref().ok());
    let (text, hint) = (first.and_then(|first| cause.text(first)), first.and_then(|first| cause.hint(first)));
    let Counted { code, holds, products, worth, promised_at, .. } = &cause.held;
    let number = (i64::try_from(*holds).unwrap_or(i64::MAX), products == holds);
    reporter.line(&daily::cause(code, text.as_deref(), number, *worth, *promised_at));
    if let Some(hint) = hint {
        reporter.line(&daily::what_to_do(&hint));
    }
    for hold in told {
        let hold = hold?;
        let own = text.is_none().then(|| words::reason(&hold.reason));
        reporter.line(&format!("    {}", daily::hold(&hold, own.as_deref(), now)));
    }
    if *holds > limit {
        reporter.line(&format!("    {}", daily::more_holds(holds - limit, code)));
    }
    Ok(())
}

fn cause_json(cause: &Cause<'_>, first: Option<&Hold>) -> Value {
    json!({
        "code": cause.held.code,
        "text": first.and_then(|first| cause.text(first)),
        "holds": cause.held.holds,
        "held_cents": cause.held.worth.get(),
        "since": first.map(|first| first.since.to_rfc3339()),
        "promised_at": cause.held.promised_at.map(|at| at.to_rfc3339()),
    })
}

fn hold_json(hold: &Hold) -> Value {
    json!({
        "channel": hold.channel,
        "order": hold.order,
        "sku": hold.sku,
        "erp_number": hold.erp_number,
        "fate": hold.fate,
        "pass": hold.pass,
        "reason": hold.reason,
        "text": words::reason(&hold.reason),
        "hint": words::hint_on(&hold.channel, &hold.reason),
        "since": hold.since.to_rfc3339(),
        "tried_at": hold.tried_at.to_rfc3339(),
        "tries": hold.tries,
        "amount_cents": hold.amount.map(Cents::get),
        "promised_at": hold.promised_at.map(|at| at.to_rfc3339()),
    })
}

/// The orders seen, the latest first, and how many have each fate.
pub fn orders(
    args: &OrdersArgs,
    store: &Store,
    channels: BTreeSet<ChannelName>,
    reporter: &Reporter,
) -> Result<Exit, Failure> {
    let filter = OrderFilter {
        channels,
        fate: args.fate.clone(),
        status: args.status.clone(),
        reason: args.reason.clone(),
        since: args.since.map(calendar::start_of_day),
        before: args.until.and_then(|day| day.succ_opt()).map(calendar::start_of_day),
    };
    let limit = (args.limit > 0).then_some(args.limit);
    let rows = store.order_rows_by(&filter, limit).map_err(|error| unreadable_state(&error))?;
    let pages = || {
        let facts = |row: &i64| store.facts_if_there(*row).transpose();
        let read = move |page: &[i64]| page.iter().filter_map(facts).collect::<rusqlite::Result<Vec<_>>>();
        let pages = rows.chunks(PAGE).map(move |page| read(page).map_err(|error| unreadable_state(&error)));
        pages.filter(|page| page.as_ref().map_or(true, |page| !page.is_empty()))
    };
    let fates = store.fates(&filter).map_err(|error| unreadable_state(&error))?;
    let total: i64 = fates.iter().map(|count| count.orders).sum();
    if reporter.is_human() {
        let mut widths = Widths::default();
        pages().try_for_each(|page| page.map(|page| widths.make_room_for(&orders_table(&page, true))))?;
        for (number, page) in pages().enumerate() {
            reporter.verbatim(&widths.applied_to(orders_table(&page?, number == 0)).trim_fmt());
        }
        if !rows.is_empty() {
            reporter.line("");
            reporter.verbatim(&fates_table(&fates).trim_fmt());
        }
        reporter.line(&daily::orders_in_all(total, rows.len()));
    } else {
        for FateCount { channel, fate, orders, worth } in &fates {
            let fate = fate.map_or("undecided", Fate::code);
            reporter.json("fate", json!({ "channel": channel, "fate": fate, "orders": orders, "cents": worth.get() }));
        }
        for page in pages() {
            page?.iter().for_each(|order| reporter.json("listed", order_json(order)));
        }
        reporter.counted(json!({ "orders": total, "listed": rows.len() }));
    }
    Ok(Exit::Done)
}

fn orders_table(orders: &[OrderFacts], has_heads: bool) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if has_heads {
        table.set_header(daily::ORDER_HEADS);
    }
    for order in orders {
        let row = &order.row;
        table.add_row([
            row.channel.to_string(),
            row.id.to_string(),
            row.created_at.map(moment).unwrap_or_default(),
            row.total.map(|total| total.to_string()).unwrap_or_default(),
            order.raw_status.as_deref().map(words::on_one_line).unwrap_or_default(),
            row.erp_number.clone().unwrap_or_default(),
            words::terms::fate(row.fate.map_or("undecided", Fate::code)).to_owned(),
            row.fate_why.as_ref().map(daily::in_short).unwrap_or_default(),
        ]);
    }
    to_the_right(&mut table, &[3]);
    table
}

fn fates_table(fates: &[FateCount]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(daily::FATE_HEADS);
    for FateCount { channel, fate, orders, worth } in fates {
        let fate = words::terms::fate(fate.map_or("undecided", Fate::code));
        table.add_row([channel.to_string(), fate.to_owned(), orders.to_string(), worth.to_string()]);
    }
    to_the_right(&mut table, &[2, 3]);
    table
}

fn to_the_right(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// An order's facts as fields: ids, statuses, cents, dates.
pub(super) fn order_json(order: &OrderFacts) -> Value {
    let row = &order.row;
    let time = |at: Option<Instant>| at.map(|at| at.to_rfc3339());
    json!({
        "channel": row.channel,
        "order": row.id,
        "sequence": order.sequence,
        "marketplace": order.marketplace,
        "marketplace_order": order.marketplace_order,
        "placed_at": time(row.created_at),
        "promised_at": time(order.promised_at),
        "total_cents": row.total.map(Cents::get),
        "method": order.method,
        "status": row.status.as_ref().map(Status::code),
        "raw_status": order.raw_status,
        "read_at": time(row.read_at),
        "seen_at": order.seen_at.to_rfc3339(),
        "erp_id": row.erp_id,
        "erp_number": row.erp_number,
        "erp_status": order.erp_status.as_ref().map(Status::code),
        "fate": row.fate.map_or("undecided", Fate::code),
        "fate_at": time(order.fate_at),
        "reason": row.fate_why,
        "text": row.fate_why.as_ref().map(words::reason),
    })
}
