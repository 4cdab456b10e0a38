//! `cancel list|accept|deny`: cancellations that a person must decide on, and what that person decides.

use std::collections::BTreeSet;

use chrono::{SecondsFormat, TimeDelta};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::naming::Names;
use super::who::who;
use super::{
    Failure, accounts, back_office, front_office, heeding, locks, look_into_ledger, look_into_store, names, runtime,
    select, store_there,
};
use super::{unreadable_state, unwritable_state};
use crate::cli::{CancelCommand, CancelDecision};
use crate::clock::Clock;
use crate::config::{ChannelConfig, Config};
use crate::erp::ledger::Ledger;
use crate::exit::Exit;
use crate::lang;
use crate::model::{Cents, ChannelName, Instant, OrderId};
use crate::passes::cancel_desk::{self, Done, Word};
use crate::passes::{Pass, Plan, Verb};
use crate::reason::Reason;
use crate::report::{Reporter, Tone};
use crate::store::Store;
use crate::store::facts::{OrderFacts, OrderFilter};
use crate::store::orders::Fate;
use crate::store::spool::Spool;
use crate::words::cancel_desk as words;
use crate::words::retold::retold;

/// How long after its issue an NF-e may be cancelled, in most states.
const WINDOW: TimeDelta = TimeDelta::hours(24);

/// Lists, or decides.
pub fn run(command: &CancelCommand, config: &Config, reporter: &Reporter) -> Result<Exit, Failure> {
    match command {
        CancelCommand::List { channel } => list(channel, config, reporter),
        CancelCommand::Accept(decision) => decide(decision, true, config, reporter),
        CancelCommand::Deny(decision) => decide(decision, false, config, reporter),
    }
}

/// A cancellation to decide on.
#[derive(Serialize, Deserialize)]
struct Open {
    channel: ChannelName,
    order: OrderId,
    erp_number: Option<String>,
    /// `None` of an order that could never be read.
    amount: Option<Cents>,
    reason: Reason,
    since: Option<Instant>,
    /// Number and issue of the invoices that stand.
    invoices: Vec<(u32, Instant)>,
}

impl Open {
    /// What it is listed by: what has the least time left comes first, and of that the oldest.
    fn turn(&self, now: Instant) -> String {
        let until = self.invoices.iter().map(|(_, issued)| *issued + WINDOW).filter(|until| *until > now).min();
        // What has no time comes behind all times.
        let [until, since] =
            [until, self.since].map(|at| at.map_or("~".into(), |at| at.to_rfc3339_opts(SecondsFormat::Nanos, true)));
        [&until, &since, self.channel.as_str(), self.order.as_str()].join("\0")
    }
}

fn list(named: &[String], config: &Config, reporter: &Reporter) -> Result<Exit, Failure> {
    let channels = names(&select(config, named)?);
    let (store, now) = (look_into_store(config)?, Clock::system().now());
    let list = || {
        // There may be more than memory holds.
        let open = Spool::new()?;
        let keep = |one: Open| open.keep(&one.turn(now), &serde_json::to_string(&one).unwrap_or_default());
        let number = each(&store, look_into_ledger(config).as_ref(), channels, keep)?;
        open.each(|text| match serde_json::from_str(text) {
            Ok(one) => show(&one, reporter, now),
            Err(error) => log::error!("{error}"),
        })?;
        Ok(number)
    };
    let number = list().map_err(|error| unreadable_state(&error))?;
    match reporter.is_human() {
        true if number == 0 => reporter.news(&words::NOTHING),
        true => {}
        false => reporter.counted(json!({ "cancellations": number })),
    }
    Ok(if number == 0 { Exit::Done } else { Exit::Held })
}

fn show(one: &Open, reporter: &Reporter, now: Instant) {
    let until = |issued: Instant| issued + WINDOW;
    if reporter.is_human() {
        let amount = one.amount.as_ref().map(ToString::to_string).unwrap_or_default();
        let head = format!("{:<10} {}  {amount:>14}", one.channel.as_str(), one.order);
        reporter.line(&format!("{head}  {}", words::open(&one.reason, one.since, now)));
        for (number, issued) in &one.invoices {
            reporter.line(&format!("  {}", words::window(*number, *issued, until(*issued), now)));
        }
        for command in words::commands(&one.reason, &one.channel, &one.order) {
            reporter.line(&format!("  {command}"));
        }
        return;
    }
    let invoices: Vec<_> = one
        .invoices
        .iter()
        .map(|(number, issued)| {
            json!({ "number": number, "issued_at": issued.to_rfc3339(), "cancel_until": until(*issued).to_rfc3339(),
                "seconds_left": (until(*issued) - now).num_seconds().max(0) })
        })
        .collect();
    reporter.json(
        "cancellation",
        json!({ "channel": one.channel, "order": one.order, "erp_number": one.erp_number, "cents": one.amount.map(Cents::get),
            "code": one.reason.code(), "since": one.since.map(|at| at.to_rfc3339()), "invoices": invoices }),
    );
}

/// Tells of every order with a cancellation to decide on, once, and gives how many there are.
fn each(
    store: &Store,
    ledger: Option<&Ledger>,
    channels: BTreeSet<ChannelName>,
    tell: impl Fn(Open) -> rusqlite::Result<()>,
) -> rusqlite::Result<usize> {
    let mut told = BTreeSet::new();
    store.each_hold(|hold| {
        let is_one = matches!(
            hold.reason,
            Reason::CancelledAfterInvoice
                | Reason::CancellationAgainstInvoice { .. }
                | Reason::PaidAfterCancellation { .. }
        );
        let held = hold.order.zip(hold.order_row).filter(|_| is_one && channels.contains(&hold.channel));
        let Some((order, row)) = held.filter(|(_, row)| told.insert(*row)) else { return Ok(()) };
        let invoices = invoices(store, ledger, &store.facts(row)?)?;
        tell(Open {
            channel: hold.channel,
            order,
            erp_number: hold.erp_number,
            amount: hold.amount,
            reason: hold.reason,
            since: Some(hold.since),
            invoices,
        })
    })?;
    let asked = OrderFilter { channels, status: Some("cancellation_requested".into()), ..OrderFilter::default() };
    for row in store.order_rows_by(&asked, None)? {
        let facts = store.facts_if_there(row)?;
        let is_open = |facts: &OrderFacts| !matches!(facts.row.fate, Some(Fate::Cancelled | Fate::Skipped));
        let Some(facts) = facts.filter(|facts| is_open(facts) && told.insert(row)) else { continue };
        let invoices = invoices(store, ledger, &facts)?;
        let row = facts.row;
        tell(Open {
            channel: row.channel,
            order: row.id,
            erp_number: row.erp_number,
            amount: row.total,
            reason: Reason::CancellationRequestedOnChannel,
            since: None,
            invoices,
        })?;
    }
    Ok(told.len())
}

/// Number and issue of the ERP's invoices that stand, where that is known.
fn invoices(store: &Store, ledger: Option<&Ledger>, facts: &OrderFacts) -> rusqlite::Result<Vec<(u32, Instant)>> {
    let Some(id) = &facts.row.erp_id else { return Ok(Vec::new()) };
    if let Some(ledger) = ledger {
        // The list is told without them when the ledger cannot be read.
        let invoices = ledger.order_detail(id).ok().flatten().map(|detail| detail.invoices).unwrap_or_default();
        let live = invoices.into_iter().filter(|invoice| invoice.cancelled_at.is_none());
        return Ok(live.map(|invoice| (invoice.number, invoice.issued_at)).collect());
    }
    let live = store.mirror_invoices_of(id)?.into_iter().filter(|invoice| !invoice.cancelled);
    Ok(live.map(|invoice| (invoice.number, invoice.issued_at)).collect())
}

fn decide(args: &CancelDecision, accept: bool, config: &Config, reporter: &Reporter) -> Result<Exit, Failure> {
    let reason = args.reason.trim();
    if reason.is_empty() {
        return Err(Failure::new(Exit::Usage, crate::words::daily::SAYS_NOTHING));
    }
    let channels = names(&select(config, args.channel.as_slice())?);
    let store = store_there(config)?;
    let names = Names { store: &store, ledger: look_into_ledger(config), channels: &channels };
    let order = names.the_order(&args.order)?;
    let channel = config.channels.iter().find(|channel| channel.name == order.row.channel);
    let Some(channel) = channel else {
        return Err(Failure::new(Exit::Config, words::no_channel(&order.row.channel)));
    };
    let now = Clock::system().now();
    // A run that has the order in hand would go by what it was a moment ago.
    let _locks = locks::of(&config.state, &Verb::NAMES, &BTreeSet::from([&channel.name]), now)?;
    // It may have been decided on while the locks were waited for.
    let order = store.facts(order.row.row).map_err(|error| unwritable_state(&error))?;
    runtime()?.block_on(async {
        let (done, by) = carry_out((&order, channel), (accept, reason), &store, config, reporter).await?;
        Ok(tell(&order, &done, &by, reporter))
    })
}

async fn carry_out(
    (order, config): (&OrderFacts, &ChannelConfig),
    (accept, reason): (bool, &str),
    store: &Store,
    all: &Config,
    reporter: &Reporter,
) -> Result<(Done, String), Failure> {
    let clock = Clock::system();
    let stop = heeding(&clock, None)?;
    accounts::keep_erp(store, all, clock.now())?;
    accounts::keep_channel(store, all, config, clock.now())?;
    let erp = back_office::open(all, false, &clock, &stop)?;
    let channel = front_office::open(all, config, false, &clock, &stop)?;
    if !channel.takes_requests_to_cancel() && !accept {
        return Err(Failure::new(Exit::Usage, words::no_requests(&config.name)));
    }
    let pass = Pass {
        verb: "cancel",
        channel: &channel,
        config,
        erp: &erp,
        store,
        clock: &clock,
        stop: &stop,
        report: reporter,
        dry_run: false,
        orders: &[],
        plan: Plan::default(),
        tally: Default::default(),
        halt: Default::default(),
        shortfall: Default::default(),
        handover: Default::default(),
    };
    let by = who();
    let word = Word { reason, by: &by };
    let done = {
        let _record = lang::for_the_record();
        match accept {
            true => cancel_desk::accept(&pass, &order.row, word).await,
            false => cancel_desk::deny(&pass, &order.row, word).await,
        }
    };
    done.map(|done| (done, by)).map_err(|(exit, message)| Failure::new(exit, retold(&message)))
}

fn tell(order: &OrderFacts, done: &Done, by: &str, reporter: &Reporter) -> Exit {
    let row = &order.row;
    let (exit, word, actions, text) = match done {
        Done::Carried(actions) => (Exit::Done, "done", actions.as_slice(), words::carried(actions)),
        Done::Held(reason) => (Exit::Held, "held", &[][..], crate::words::reason(reason)),
        Done::Refused(refusal) => (Exit::Held, "refused", &[][..], words::refused(refusal, row.channel.as_str())),
    };
    if reporter.is_human() {
        let tone = if exit == Exit::Done { Tone::Good } else { Tone::Trouble };
        let mark = reporter.mark(tone, crate::words::terms::by_hand(word));
        let line = format!("{mark} {} {}: {text}", row.channel, row.id);
        if exit == Exit::Done { reporter.news(&line) } else { reporter.line(&line) }
    } else {
        reporter.json(
            "decision",
            json!({ "channel": row.channel, "order": row.id, "result": word, "actions": actions, "by": by, "text": text }),
        );
    }
    exit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_the_least_time_left_is_listed_first_and_then_the_oldest() {
        let now = Instant::from_timestamp(1_790_000_000, 0).unwrap();
        let at = |hours: i64| now + TimeDelta::hours(hours);
        let open = |channel: &str, order: &str, since: Option<i64>, issued: &[i64]| Open {
            channel: ChannelName::new(channel),
            order: OrderId::new(order),
            erp_number: None,
            amount: None,
            reason: Reason::CancellationRequestedOnChannel,
            since: since.map(at),
            invoices: issued.iter().map(|hours| (1, at(*hours))).collect(),
        };
        let listed = [
            open("b", "9", None, &[-30, -23]),
            open("b", "8", Some(-1), &[-1, -22]),
            open("b", "7", Some(-9), &[]),
            open("b", "6", Some(-8), &[-24]),
            open("a", "5", None, &[]),
            open("a", "50", None, &[]),
            open("ab", "4", None, &[]),
            open("b", "3", None, &[]),
        ];
        assert!(listed.is_sorted_by(|one, next| one.turn(now) < next.turn(now)));
    }
}
