//! The words of daily operation: what `status`, the lists, `why` and `account` tell.

use std::path::Path;

use chrono::TimeDelta;

use crate::exit::Exit;
use crate::model::{Cents, ChannelName, Instant, OrderId, calendar};
use crate::passes::adopt::Adopted;
use crate::reason::Reason;
use crate::report::{Outcome, Tally};
use crate::store::by_hand::NotSkipped;
use crate::store::holds::Hold;
use crate::store::letting_go::Purged;
use crate::store::mirror::MirrorAge;
use crate::store::runs::{RunRow, Standing};

/// A number with its noun.
pub fn count(number: i64, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

/// A number of orders.
pub fn orders(number: i64) -> String {
    count(number, "order", "orders")
}

/// A length of time for people: `3 min`, `2 h`, `5 d`.
pub fn age(span: TimeDelta) -> String {
    match span.num_seconds().max(0) {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// How old is what is known of the ERP.
pub fn erp_age(known: &MirrorAge, now: Instant) -> String {
    let ago = |at: Option<Instant>| at.map_or_else(|| NEVER.to_owned(), |at| format!("{} ago", age(now - at)));
    let mut text = format!("erp\n orders compared {}, stock {}", ago(known.orders_at), ago(known.stock_at));
    text += &format!("; {} followed", orders(known.live));
    if let Some(at) = known.oldest_read_at {
        text += &format!(", the oldest reading {} old", age(now - at));
    }
    if let Some(at) = known.oldest_details_at {
        text += &format!(", of an invoice and parcel {}", age(now - at));
    }
    text
}

/// The heads of the columns of `status`.
pub const STATUS_HEADS: [&str; 5] = ["pass", "last run", "how it ended", "complete", "what it did"];

/// A pass that has never run.
pub const NEVER: &str = "never";

/// How a run ended, as far as that is known.
pub fn ending(run: &RunRow, is_alive: bool) -> String {
    match (&run.exit, is_alive) {
        (Some(exit), _) => exit.replace('_', " "),
        (None, true) => format!("under way (pid {})", run.pid),
        (None, false) => "killed".into(),
    }
}

/// What a run counted, and the calls it made.
pub fn run_counts(counts: &serde_json::Value) -> String {
    let number = |key: &str| counts.get(key).and_then(serde_json::Value::as_i64).unwrap_or_default();
    let keys = ["new", "imported", "updated", "cancelled", "waiting", "held", "skipped", "failed"];
    let mut parts: Vec<String> =
        keys.iter().filter(|key| number(key) > 0).map(|key| format!("{} {key}", number(key))).collect();
    if parts.is_empty() {
        parts.push("nothing".into());
    }
    format!("{}; {}", parts.join(", "), count(number("calls"), "call", "calls"))
}

/// Why the last run of a pass did not come to its end, in its own words.
pub fn run_message(pass: &str, counts: &serde_json::Value) -> Option<String> {
    let message = counts.get("message")?.as_str()?;
    Some(super::on_one_line(&format!("{pass}: {message}")))
}

/// How far a channel's own cursors are.
pub fn cursors(listed: Option<Instant>, followed: Option<Instant>, now: Instant) -> String {
    let told = |at: Option<Instant>| match at {
        Some(at) => format!("{} ago", age(now - at)),
        None => "not yet".into(),
    };
    format!("orders listed up to {}, payments followed to the end {}", told(listed), told(followed))
}

/// What of a channel is held; `None` when nothing is.
pub fn held(standing: &Standing, now: Instant) -> Option<String> {
    let mut what = Vec::new();
    if standing.held_orders > 0 {
        what.push(format!("{} worth {}", orders(standing.held_orders), standing.held));
    }
    if standing.held_skus > 0 {
        what.push(count(standing.held_skus, "product", "products"));
    }
    let since = standing.held_since?;
    let promised =
        standing.promised_at.map(|at| format!(", first promised for {}", calendar::local_date(at))).unwrap_or_default();
    Some(format!("held: {}; the longest for {}{promised} (vaivem holds)", what.join(" and "), age(now - since)))
}

/// What of a channel waits for something that is nobody's fault; `None` when nothing does.
pub fn waits(standing: &Standing) -> Option<String> {
    let mut parts = Vec::new();
    if standing.waiting > 0 {
        parts.push(format!("waiting: {} worth {}", orders(standing.waiting), standing.waiting_worth));
    }
    if standing.undecided > 0 {
        parts.push(format!("{} not looked at yet", orders(standing.undecided)));
    }
    if standing.unsettled > 0 {
        let writes = count(standing.unsettled, "write", "writes");
        parts.push(format!("{writes} without a known outcome, which the next run settles by reading first"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// One pass of a probe: how long ago it last came to its end, and what has come of it since.
pub fn probed(channel: &ChannelName, pass: &str, complete: Option<TimeDelta>, last_exit: Option<&str>) -> String {
    let since = match last_exit {
        Some(exit) if exit != Exit::Done.name() && exit != Exit::Held.name() => {
            format!(" (last run: {})", exit.replace('_', " "))
        }
        _ => String::new(),
    };
    match complete {
        Some(span) => format!("{channel} {pass} {} ago{since}", age(span)),
        None => format!("{channel} {pass} never{since}"),
    }
}

/// The line of a probe.
pub fn probe(late: &[String], fine: usize, held: Cents, holds: i64) -> String {
    let holds = if holds > 0 { format!("; {holds} held, worth {held}") } else { String::new() };
    if late.is_empty() {
        format!("ok: {} in time{holds}", count(i64::try_from(fine).unwrap_or(i64::MAX), "pass", "passes"))
    } else {
        format!("late: {}{holds}", late.join(", "))
    }
}

/// The heads of the columns of the list of orders.
pub const ORDER_HEADS: [&str; 8] =
    ["channel", "order", "placed", "worth", "on the channel", "in the ERP", "fate", "why"];

/// The heads of the columns of the sums by fate.
pub const FATE_HEADS: [&str; 4] = ["channel", "fate", "orders", "worth"];

/// How many orders there are, and how many of them were listed.
pub fn orders_in_all(all: i64, listed: usize) -> String {
    let seen = format!("{} seen", orders(all));
    match i64::try_from(listed) {
        Ok(listed) if listed < all => format!("{seen}, the latest {listed} listed (--limit 0 lists all)"),
        _ => seen,
    }
}

/// Nothing is held.
pub const NOTHING_HELD: &str = "nothing is held";

/// How much is held, all in all.
pub fn held_in_all(holds: usize, worth: Cents) -> String {
    format!("{holds} held, worth {worth}")
}

/// What a person can do.
pub fn what_to_do(hint: &str) -> String {
    format!("  what to do: {hint}")
}

/// The head of a cause of holds.
pub fn cause(
    code: &str,
    text: Option<&str>,
    (number, of_products): (i64, bool),
    worth: Cents,
    promised: Option<Instant>,
) -> String {
    let what = if of_products { count(number, "product", "products") } else { orders(number) };
    let worth = if worth == Cents::ZERO { String::new() } else { format!(" worth {worth}") };
    let promised = promised.map(|at| format!(", first promised for {}", calendar::local_date(at))).unwrap_or_default();
    let text = text.map(|text| format!(": {text}")).unwrap_or_default();
    format!("{code}, {what}{worth}{promised}{text}")
}

/// What a cause says that is named by what is missing: a carrier, products. One deed releases all orders that lack it.
pub fn shared_cause(reason: &Reason) -> Option<String> {
    match reason {
        Reason::CarrierUnmapped { .. } => Some(super::reason(reason)),
        Reason::SkusUnmapped { skus } => {
            let codes = skus.iter().map(|sku| match &sku.tried {
                Some(code) => format!("`{code}`"),
                None => format!("the channel's SKU {}, which carries no reference code", sku.channel_sku),
            });
            Some(format!("the ERP does not know {}", codes.collect::<Vec<_>>().join(", ")))
        }
        _ => None,
    }
}

/// A reason for a column of a table.
pub fn in_short(reason: &Reason) -> String {
    shared_cause(reason).unwrap_or_else(|| super::reason(reason))
}

/// One hold below its cause; with its own words where they differ.
pub fn hold(hold: &Hold, own: Option<&str>, now: Instant) -> String {
    let what = hold.order.as_ref().map(ToString::to_string).or_else(|| hold.sku.clone()).unwrap_or_default();
    let worth = if hold.order.is_some() { format!(" {}", hold.amount) } else { String::new() };
    let promised =
        hold.promised_at.map(|at| format!(", promised for {}", calendar::local_date(at))).unwrap_or_default();
    let tried = count(hold.tries, "time", "times");
    let own = own.map(|text| format!(": {text}")).unwrap_or_default();
    format!("{} {what}{worth}, held for {}, tried {tried}{promised}{own}", hold.channel, age(now - hold.since))
}

/// Holds of a cause that are not listed.
pub fn more_holds(number: usize, code: &str) -> String {
    format!("and {number} more: vaivem holds --reason {code}")
}

/// No order has this number.
pub fn never_seen(number: &str) -> String {
    format!(
        "no order {number} was ever seen, by this or any other of its numbers; is it one of another store, whose configuration is \
         another? vaivem import-orders --order {number} looks for it on the channel"
    )
}

/// The ERP has the number, and the state file no order of it.
pub fn only_in_erp(number: &str, erp_number: &str) -> String {
    format!(
        "{number} belongs to order {erp_number} of the ERP, which no channel asked for was seen to have; \
         vaivem ledger show {erp_number} tells what the ERP knows"
    )
}

/// Several orders have this number.
pub fn several_orders(number: &str, orders: &[(&ChannelName, &OrderId)]) -> String {
    let orders: Vec<String> = orders.iter().map(|(channel, order)| format!("{channel} {order}")).collect();
    format!(
        "several orders have the number {number}: {}; say which with --channel NAME, or by its number on the channel",
        orders.join(", ")
    )
}

/// A reason that says nothing.
pub const SAYS_NOTHING: &str = "--because says nothing; whoever looks at the order later must know why";

/// Neither held nor skipped by a person.
pub const NOT_BY_HAND: &str = "it is neither held nor skipped by hand";

/// Nothing holds it that could be tried.
pub const NOT_HELD: &str = "nothing holds it that could be tried again";

/// A skipped order that was released.
pub const DECIDED_ANEW: &str = "the next import-orders decides on it anew";

/// Why an order cannot be skipped.
pub fn not_skipped(problem: &NotSkipped) -> String {
    match problem {
        NotSkipped::InErp(number) => {
            format!("it is in the ERP as {number}; what is not to be delivered is cancelled there, and `holds add` keeps it as it is")
        }
        NotSkipped::Cancelled => "it is cancelled, which is its fate for good".into(),
        NotSkipped::Unsettled => {
            "a run may have created it in the ERP; the next import-orders finds out, then skip it again or cancel it there".into()
        }
    }
}

/// Which runs try an order again.
pub fn next_run_tries(passes: &[String]) -> String {
    format!("the next {} tries it", passes.join(" and "))
}

/// How not to wait for the next run.
pub fn at_once(pass: &str, orders: &[(&ChannelName, &OrderId)]) -> String {
    let mut channels: Vec<&ChannelName> = orders.iter().map(|(channel, _)| *channel).collect();
    channels.dedup();
    match (orders, channels.as_slice()) {
        ([(_, order)], [channel]) => format!("          at once: {}", command(pass, channel, order)),
        (_, [channel]) => format!("          at once: vaivem {pass} --channel {channel}"),
        _ => format!("          at once: vaivem {pass}"),
    }
}

/// The command that has a pass visit one order.
pub fn command(pass: &str, channel: &ChannelName, order: &OrderId) -> String {
    format!("vaivem {pass} --channel {channel} --order {order}")
}

/// A range that is empty.
pub const SINCE_AFTER_UNTIL: &str = "--since is after --until";

/// There is nothing to hold the list against.
pub const NEVER_SWEPT: &str = "its order list was never read; run vaivem import-orders first";

/// A range of which nothing can be accounted for.
pub fn outside(cutoff: Instant, swept: Instant) -> String {
    format!(
        "these days lie outside what can be accounted for: from the cut-off date {} to {}, where the last import-orders has read \
         the list",
        calendar::local_date(cutoff),
        calendar::local_text(swept)
    )
}

/// The head of a channel's account.
pub fn account_of(channel: &ChannelName, from: Instant, to: Instant, listed: usize) -> String {
    let (from, to) = (calendar::local_text(from), calendar::local_text(to));
    format!("{channel}: {} listed from {from} to {to}", orders(i64::try_from(listed).unwrap_or(i64::MAX)))
}

/// An order without a fate.
pub fn unaccounted(channel: &ChannelName, order: &OrderId, state: &str, seen: bool) -> String {
    let what = if seen { "seen, and not decided on" } else { "never seen" };
    let state = super::on_one_line(state);
    format!("without a fate: {order} (`{state}`), {what}: {}", command("import-orders", channel, order))
}

/// Orders that the list does not have.
pub fn not_listed(ids: &[OrderId]) -> String {
    const NAMED: usize = 10;
    let named: Vec<String> = ids.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if ids.len() > NAMED { ", …" } else { "" };
    let number = orders(i64::try_from(ids.len()).unwrap_or(i64::MAX));
    format!("known here and not in the channel's list: {number}: {}{more}", named.join(", "))
}

/// The end of an account.
pub fn accounted(listed: usize, unaccounted: usize) -> String {
    let listed = orders(i64::try_from(listed).unwrap_or(i64::MAX));
    match unaccounted {
        0 => format!("{listed}, 0 unaccounted for"),
        n => format!("{listed}, {n} unaccounted for: the commands above have them looked at"),
    }
}

/// An order that was forgotten, and what comes of that.
pub fn forgotten(channel: &ChannelName, order: &OrderId, erp_number: Option<&str>) -> String {
    let in_erp = erp_number
        .map(|number| format!("; the ERP has it as {number}, where it is found and not created twice"))
        .unwrap_or_default();
    let at_once = command("import-orders", channel, order);
    format!("forgotten {channel} {order}: the next import-orders sees it anew{in_erp}\n          at once: {at_once}")
}

/// A span that is too short to purge by.
pub fn too_young(youngest: TimeDelta) -> String {
    format!("--older-than must be {}d or more: younger orders may still be returned, or paid late", youngest.num_days())
}

/// What was purged, or would be.
pub fn purged(purged: &Purged, before: Instant, dry_run: bool) -> String {
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    format!(
        "{} {} closed before {} of {} history, and {}",
        if dry_run { "would clear" } else { "cleared" },
        orders(number(purged.orders)),
        calendar::local_date(before),
        if purged.orders == 1 { "its" } else { "their" },
        count(number(purged.runs), "run", "runs"),
    )
}

/// A backup that would go over something.
pub fn backup_exists(folder: &Path) -> String {
    format!(
        "{} is there already; a backup never overwrites anything: name a folder that does not exist yet",
        folder.display()
    )
}

/// The operating system refused part of a backup.
pub fn backup_refused(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be written or read: {error}; there is no backup", path.display())
}

/// One file of a backup.
pub fn backed_up(from: &Path, to: &Path, bytes: u64) -> String {
    format!("{} → {}, {} kB, checked", from.display(), to.display(), bytes.div_ceil(1_000))
}

/// Days that have not come yet.
pub const SINCE_AHEAD: &str = "--since lies ahead; nothing was ordered yet on that day";

/// What adopting the orders of a channel came to.
pub fn adopted(
    channel: &ChannelName,
    (from, to): (Instant, Instant),
    adopted: &Adopted,
    tally: &Tally,
    dry_run: bool,
) -> String {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let mut text = format!(
        "{channel}, {} to {}: {} listed; {}{} linked, {} known before",
        calendar::local_text(from),
        calendar::local_text(to),
        orders(number(adopted.listed)),
        if dry_run { "would be: " } else { "" },
        adopted.linked.get(),
        adopted.known.get(),
    );
    for (count, what) in [
        (adopted.left.get(), "not in the ERP, for import-orders"),
        (tally.of(Outcome::Cancelled), "cancelled"),
        (tally.of(Outcome::Skipped), "skipped"),
        (tally.of(Outcome::Held), "held (vaivem holds)"),
        (tally.of(Outcome::Failed), "failed"),
    ] {
        if count > 0 {
            text += &format!(", {count} {what}");
        }
    }
    let invoices = count(number(adopted.invoices.get()), "invoice", "invoices");
    let parcels = count(number(adopted.parcels.get()), "tracking code", "tracking codes");
    text + &format!("; the channel has {invoices} and {parcels} of theirs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sku;
    use crate::reason::UnmappedSku;

    #[test]
    fn ages_are_rounded_down_to_what_people_say() {
        let told = |seconds| age(TimeDelta::seconds(seconds));
        assert_eq!(
            [-5, 59, 60, 3_599, 3_600, 172_799, 172_800].map(told),
            ["0 s", "59 s", "1 min", "59 min", "1 h", "47 h", "2 d"]
        );
    }

    #[test]
    fn a_probe_is_one_line() {
        let loja = ChannelName::new("loja");
        assert_eq!(probe(&[], 1, Cents::ZERO, 0), "ok: 1 pass in time");
        let late = [
            probed(&loja, "push-stock", Some(TimeDelta::hours(2)), Some("time_budget")),
            probed(&loja, "import-orders", None, Some("held")),
        ];
        let line = probe(&late, 3, Cents::new(1_000), 2);
        assert_eq!(
            line,
            "late: loja push-stock 2 h ago (last run: time budget), loja import-orders never; 2 held, worth R$ 10,00"
        );
    }

    #[test]
    fn a_missing_product_is_one_cause_on_whatever_channel() {
        let unmapped = |channel_sku: &str, tried: Option<&str>| Reason::SkusUnmapped {
            skus: vec![UnmappedSku {
                channel_sku: channel_sku.into(),
                tried: tried.map(Sku::new),
                name: "Boné".into(),
            }],
        };
        assert_eq!(shared_cause(&unmapped("5", Some("BONE"))), shared_cause(&unmapped("BONE", Some("BONE"))));
        assert_ne!(shared_cause(&unmapped("5", None)), shared_cause(&unmapped("6", None)));
        assert_eq!(shared_cause(&Reason::NotOnChannel), None);
    }

    #[test]
    fn what_a_run_did_leaves_out_what_it_did_not() {
        let counts =
            serde_json::json!({ "new": 2, "imported": 1, "held": 0, "calls": 1, "message": "the host\nis down" });
        assert_eq!(run_counts(&counts), "2 new, 1 imported; 1 call");
        assert_eq!(run_counts(&serde_json::Value::Null), "nothing; 0 calls");
        assert_eq!(run_message("push-stock", &counts).as_deref(), Some("push-stock: the host is down"));
    }
}
