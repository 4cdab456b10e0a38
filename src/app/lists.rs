//! `orders` and `holds`: what the state file knows, for eyes and scripts.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::{CellAlignment, Table, presets};
use rusqlite::OptionalExtension;
use serde_json::{Value, json};

use super::widths::Widths;
use super::{Failure, unreadable_state};
use crate::cli::{HoldsListArgs, OrdersArgs};
use crate::exit::Exit;
use crate::lang::moment;
use crate::model::{Cents, ChannelName, Instant, Status, calendar};
use crate::report::Reporter;
use crate::store::Store;
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
    let mut holds = store.holds().map_err(|error| unreadable_state(&error))?;
    holds.retain(|hold| {
        channels.contains(&hold.channel)
            && (args.fate.is_none() || hold.fate == args.fate)
            && (args.status.is_none() || hold.status.contains(&args.status))
            && args.reason.as_ref().is_none_or(|code| hold.reason.code() == *code)
            && since.is_none_or(|since| hold.since >= since)
            && before.is_none_or(|before| hold.since < before)
    });
    let causes = causes(&holds);
    if reporter.is_human() {
        // Whoever asks for one cause wants to see all of it.
        let limit = args.limit.unwrap_or(if args.reason.is_some() { 0 } else { 5 });
        for cause in &causes {
            cause.show(reporter, if limit == 0 { usize::MAX } else { limit }, now);
        }
        match holds.len() {
            0 => reporter.news(&daily::NOTHING_HELD),
            n => reporter.line(&daily::held_in_all(n, worth(&holds))),
        }
    } else {
        let limit = args.limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX);
        for hold in causes.iter().flat_map(|cause| cause.holds.iter().take(limit)) {
            reporter.json("hold", hold_json(hold));
        }
        for cause in &causes {
            reporter.json("cause", cause.json());
        }
        reporter.counted(json!({ "holds": holds.len(), "held_cents": worth(&holds).get() }));
    }
    Ok(if holds.is_empty() { Exit::Done } else { Exit::Held })
}

/// What the orders are worth. One that two passes hold is worth what it is worth once.
fn worth<'a>(holds: impl IntoIterator<Item = &'a Hold>) -> Cents {
    let mut counted = BTreeSet::new();
    let holds = holds.into_iter();
    holds
        .filter(|hold| hold.order.is_none() || counted.insert((&hold.channel, &hold.order)))
        .map(|hold| hold.amount)
        .sum()
}

/// Holds that one deed of a person would release.
pub(super) struct Cause<'a> {
    /// The reason's code.
    pub(super) code: String,
    /// What all of them say; `None` where each has words of its own.
    text: Option<String>,
    /// All of them.
    pub(super) holds: Vec<&'a Hold>,
}

/// The holds by cause, the one that holds up most money first; of equals the one with the earliest promise.
pub(super) fn causes<'a>(holds: impl IntoIterator<Item = &'a Hold>) -> Vec<Cause<'a>> {
    let mut causes: BTreeMap<(String, Option<String>), Vec<&Hold>> = BTreeMap::new();
    for hold in holds {
        causes.entry((hold.reason.code(), daily::shared_cause(&hold.reason))).or_default().push(hold);
    }
    let mut causes: Vec<_> =
        causes.into_iter().map(|((code, text), holds)| Cause { code, text, holds }.with_common_text()).collect();
    causes.sort_by_key(|cause| {
        let promised = cause.promised_at();
        (std::cmp::Reverse(cause.worth()), promised.is_none(), promised)
    });
    causes
}

impl Cause<'_> {
    /// Takes what all of its holds say, if they say the same.
    fn with_common_text(mut self) -> Self {
        let mut texts = self.holds.iter().map(|hold| words::reason(&hold.reason));
        if self.text.is_none()
            && let Some(first) = texts.next()
            && texts.all(|text| text == first)
        {
            self.text = Some(first);
        }
        self
    }

    pub(super) fn worth(&self) -> Cents {
        worth(self.holds.iter().copied())
    }

    /// What to do about it; with the channel's name in it where all are of one.
    pub(super) fn hint(&self) -> Option<String> {
        let first = self.holds.first()?;
        let is_of_one = self.holds.iter().all(|hold| hold.channel == first.channel);
        if is_of_one { words::hint_on(&first.channel, &first.reason) } else { words::hint(&first.reason) }
    }

    pub(super) fn promised_at(&self) -> Option<Instant> {
        self.holds.iter().filter_map(|hold| hold.promised_at).min()
    }

    fn show(&self, reporter: &Reporter, limit: usize, now: Instant) {
        let of_products = self.holds.iter().all(|hold| hold.order.is_none());
        let number = (i64::try_from(self.holds.len()).unwrap_or(i64::MAX), of_products);
        let text = self.text.as_deref();
        reporter.line(&daily::cause(&self.code, text, number, self.worth(), self.promised_at()));
        if let Some(hint) = self.hint() {
            reporter.line(&daily::what_to_do(&hint));
        }
        for hold in self.holds.iter().take(limit) {
            let own = text.is_none().then(|| words::reason(&hold.reason));
            reporter.line(&format!("    {}", daily::hold(hold, own.as_deref(), now)));
        }
        if self.holds.len() > limit {
            reporter.line(&format!("    {}", daily::more_holds(self.holds.len() - limit, &self.code)));
        }
    }

    fn json(&self) -> Value {
        json!({
            "code": self.code,
            "text": self.text,
            "holds": self.holds.len(),
            "held_cents": self.worth().get(),
            "since": self.holds.iter().map(|hold| hold.since).min().map(|at| at.to_rfc3339()),
            "promised_at": self.promised_at().map(|at| at.to_rfc3339()),
        })
    }
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
        "amount_cents": hold.amount.get(),
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
        // One that is let go meanwhile is not there any more.
        let facts = |row: &i64| store.facts(*row).optional().transpose();
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
