//! The words of the page that `report --html` writes. Plain text: the page escapes it, and shows what stands between backticks as code.

use std::path::Path;

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::daily;
use crate::model::{Cents, ChannelName, Instant, OrderId, calendar};
use crate::reason::{Actor, Reason};
use crate::store::mirror::MirrorAge;
use crate::store::orders::Fate;

/// The language of the page, as HTML names it.
pub const LANG: &str = "en";

/// A number with its thousands apart.
pub fn number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "−".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun.
fn count(of: i64, one: &str, several: &str) -> String {
    format!("{} {}", number(of), if of == 1 { one } else { several })
}

/// A number of orders.
pub fn orders(of: i64) -> String {
    count(of, "order", "orders")
}

/// A number of products.
pub fn products(of: i64) -> String {
    count(of, "product", "products")
}

/// A day for an axis or a table: `25 Nov`, which no line breaks.
pub fn day(date: NaiveDate) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = usize::try_from(date.month0()).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
    format!("{}\u{a0}{month}", date.day())
}

// The head.

/// The page's title.
pub fn title(channels: &[&ChannelName]) -> String {
    let names: Vec<&str> = channels.iter().map(|name| name.as_str()).collect();
    format!("vaivem: {}", names.join(", "))
}

/// Before the time at which the page was made.
pub const MADE_AT: &str = "As of";
/// Behind it.
pub const MADE_WHERE: &str = "in São Paulo";

/// How old the page may be, for whoever looks at it.
pub fn stale(next: Option<(TimeDelta, Instant)>) -> String {
    match next {
        Some((every, at)) => format!(
            "Made anew every {}; the next is due at {}. If it is later than that on your clock, this page is stale: see whether cron \
             still runs.",
            span(every),
            calendar::local_text(at)
        ),
        None => {
            "It does not change by itself: if this time is long past, the page is stale, and it says nothing of now."
                .into()
        }
    }
}

/// Over what needs a person.
pub fn needs_person(things: i64) -> String {
    if things == 1 { "1 thing needs a person".into() } else { format!("{} things need a person", number(things)) }
}

/// Nothing held needs one, and passes are late.
pub fn late_passes(passes: i64) -> String {
    if passes == 1 { "1 pass is late".into() } else { format!("{} passes are late", number(passes)) }
}

/// Over a shop that needs nobody.
pub const ALL_WELL: &str = "All is well";

/// Over a state file that nothing has used yet.
pub const NOTHING_YET: &str = "Nothing has run yet";
/// Below that.
pub const BEGIN: &str =
    "Run `vaivem check`, then `vaivem sync`, or let cron do so; the next page tells what came of it.";

/// What is held, below the headline.
pub fn held(orders_held: i64, skus: i64, worth: Cents, promised: Option<Instant>) -> String {
    let mut what = Vec::new();
    if orders_held > 0 {
        what.push(format!("{} worth {worth}", orders(orders_held)));
    }
    if skus > 0 {
        what.push(products(skus));
    }
    if what.is_empty() {
        return "Nothing is held.".into();
    }
    let promised = promised.map(|at| format!("; the first was promised for {}", day(calendar::local_date(at))));
    format!("Held: {}{}.", what.join(" and "), promised.unwrap_or_default())
}

/// Of what is held, what is tried again without anybody.
pub fn by_itself(holds: i64) -> String {
    let are = if holds == 1 { "is" } else { "are" };
    format!("{} of them {are} tried again by the next run without anybody.", number(holds))
}

/// A channel's passes that are late, below the headline: each with how long ago it came to its end, and how often it usually does.
pub fn late(channel: &ChannelName, passes: &[(&str, TimeDelta, Option<TimeDelta>)]) -> String {
    let told = passes.iter().map(|(pass, lag, rhythm)| match rhythm {
        Some(rhythm) => format!("{pass} {} (usually every {})", ago(*lag), span(*rhythm)),
        None => format!("{pass} {}", ago(*lag)),
    });
    format!("Late on {channel}, by when each last came to its end: {}.", told.collect::<Vec<_>>().join(", "))
}

/// A length of time.
pub fn span(span: TimeDelta) -> String {
    daily::age(span)
}

/// How long ago.
pub fn ago(lag: TimeDelta) -> String {
    format!("{} ago", span(lag))
}

// The tiles.

/// Money that held orders are worth.
pub const TILE_HELD: &str = "held";
/// Orders that wait.
pub const TILE_WAITING: &str = "waiting";
/// Orders that are not looked at yet.
pub const TILE_UNDECIDED: &str = "not looked at yet";
/// Orders placed today.
pub const TILE_TODAY: &str = "placed today";
/// Numbers that are not confirmed.
pub const TILE_STOCK: &str = "stock numbers to send";
/// Writes without an answer.
pub const TILE_UNSETTLED: &str = "writes without an answer";
/// Below those: nobody needs to do anything.
pub const SETTLED_BY_RUN: &str = "the next run settles them";

// Troubles.

/// Over the list of troubles.
pub fn troubles(listed: usize) -> String {
    match listed {
        0 | 1 => "What is held longest".into(),
        several => format!("The {several} oldest troubles"),
    }
}

/// Nothing is in anybody's way.
pub const NO_TROUBLE: &str = "Nothing is held: nobody needs to do anything.";
/// Below the list.
pub const WHOLE_STORY: &str = "The whole story of one: `vaivem why NUMBER`. All that is held: `vaivem holds`.";
/// Before what a person can do.
pub const WHAT_TO_DO: &str = "What to do";
/// Before who must act.
pub const WHO: &str = "Who";
/// Before the command.
pub const COMMAND: &str = "Command";

/// Since when something is held, and how often it was tried.
pub fn held_since(since: Instant, tries: i64, now: Instant) -> String {
    let tried = count(tries, "time", "times");
    format!("held since {} ({}), tried {tried}", calendar::local_text(since), span(now - since))
}

/// The date promised to the customer.
pub fn promised(at: Instant) -> String {
    format!("promised for {}", day(calendar::local_date(at)))
}

/// Who must act.
pub fn actor(actor: Actor) -> &'static str {
    super::timeline::actor(actor)
}

/// The command that tries an order again at once, or ends what a person said.
pub fn order_command(pass: Option<&str>, channel: &ChannelName, order: &OrderId) -> String {
    match pass {
        Some(pass) => daily::command(pass, channel, order),
        None => format!("vaivem holds release {order} --channel {channel}"),
    }
}

/// The command that tries a product again at once.
pub fn sku_command(channel: &ChannelName, sku: &str) -> String {
    format!("vaivem push-stock --channel {channel} --sku {sku}")
}

/// Why something is held, for a page that others may read. What the other side or a person wrote may name a customer, and no mask
/// finds a name: `why` tells it to whoever has the state file.
pub fn cause(reason: &Reason) -> String {
    match reason {
        Reason::CallFailed { .. } => "a call for it failed".into(),
        Reason::ErpRefused { .. } => "the ERP refused it".into(),
        Reason::CancelRefused { raw, .. } => format!("the channel does not cancel it (`{raw}`)"),
        Reason::TakeOverRefused { raw, .. } => format!("the channel does not hand it over (`{raw}`)"),
        Reason::StockRefused { .. } => "the channel does not take its stock".into(),
        Reason::TransmissionFailed { .. } => "the marketplace refused what the channel told it".into(),
        Reason::RefusedByChannel { action, .. } => format!("the channel refused `{action}`"),
        Reason::HeldByHand { .. } => "held by a person".into(),
        Reason::SkippedByHand { .. } => "skipped by a person".into(),
        Reason::Unreadable { at, .. } => format!("the channel's answer cannot be used (at `{at}`)"),
        Reason::OrderInPackages { .. } => super::reason(&Reason::OrderInPackages { said: None }),
        Reason::SkusUnmapped { .. } => daily::in_short(reason),
        // A hold of a newer version stands there as it was noted.
        Reason::StatusUnknown { raw } if raw.len() > 60 => "the channel says something vaivem does not know".into(),
        other => super::reason(other),
    }
}

// Sections of a channel.

/// Orders by fate.
pub const FATES: &str = "Orders by fate";
/// What a fate is called.
pub fn fate(fate: Option<Fate>) -> &'static str {
    match fate {
        Some(Fate::Imported) => "in the ERP",
        Some(Fate::Waiting) => "waiting",
        Some(Fate::Held) => "held",
        Some(Fate::Skipped) => "skipped",
        Some(Fate::Cancelled) => "cancelled",
        None => "not looked at yet",
    }
}
/// The heads of the table of fates.
pub const FATE_HEADS: [&str; 4] = ["fate", "placed today", "ever", "worth"];
/// No order yet.
pub const NO_ORDERS: &str = "No order was seen yet.";
/// Orders by the day they were placed.
pub fn placed(days: usize) -> String {
    format!("Placed per day, the last {days} days")
}

/// Open orders by age.
pub const AGES: &str = "Open orders by age";
/// What that counts.
pub const AGES_WHAT: &str = "Since they were placed: not in the ERP yet, or in it and held.";
/// The classes of age, each up to the next.
pub const AGE_CLASSES: [&str; 8] = ["<1 h", "1–6 h", "6–24 h", "1–2 d", "2–4 d", "4–7 d", "7–14 d", ">14 d"];
/// The kinds of open orders.
pub const OPEN_KINDS: [&str; 4] = ["not looked at yet", "waiting", "held, not in the ERP", "held, in the ERP"];
/// Nothing is open.
pub const NONE_OPEN: &str = "No order is open: each is in the ERP, skipped or cancelled, and none is held.";

/// Money held by cause.
pub const CAUSES: &str = "Money held, by cause";
/// What a cause holds up.
pub fn cause_held(of_orders: i64, of_products: i64, worth: Cents, promised: Option<Instant>) -> String {
    let mut parts = Vec::new();
    if of_orders > 0 {
        parts.push(worth.to_string());
        parts.push(orders(of_orders));
    }
    if of_products > 0 {
        parts.push(products(of_products));
    }
    if let Some(at) = promised {
        parts.push(format!("first promised for {}", day(calendar::local_date(at))));
    }
    parts.join(" · ")
}
/// Where each hold of a cause has words of its own: one of them.
pub fn such_as(text: &str) -> String {
    format!("such as: {text}")
}
/// How to see all of a cause.
pub fn holds_command(code: &str) -> String {
    format!("vaivem holds --reason {code}")
}
/// Causes that are not listed.
pub fn more_causes(causes: usize) -> String {
    let causes = i64::try_from(causes).unwrap_or(i64::MAX);
    format!("And {} that hold up less: `vaivem holds`.", count(causes, "cause", "causes"))
}

/// Lag per pass.
pub const LAG: &str = "Lag per pass";
/// How to read it.
pub fn lag_what(days: usize, hours: i64) -> String {
    format!(
        "How long ago the last complete run began: the worst of each {hours} h, {days} days. High and hatched is late, \
         measured by how often the pass usually comes to its end; low is as usual; empty is before its first run."
    )
}
/// Beside a pass.
pub fn lag_now(now: Option<TimeDelta>, worst: Option<TimeDelta>) -> String {
    match (now, worst) {
        (Some(now), Some(worst)) => format!("now {} · worst {}", span(now), span(worst)),
        (Some(now), None) => format!("now {}", span(now)),
        (None, _) => "never came to its end".into(),
    }
}
/// A bar of the lag.
pub fn lag_bar(from: Instant, worst: TimeDelta) -> String {
    format!("{}: up to {}", calendar::local_text(from), span(worst))
}
/// The classes of lag.
pub const LAG_CLASSES: [&str; 3] = ["as usual", "late: over 3 times", "very late: over 12 times"];
/// The heads of its table.
pub const LAG_HEADS: [&str; 5] = ["pass", "last run", "usually every", "now", "worst"];
/// How the last run ended.
pub fn ending(exit: Option<&str>, under_way: bool) -> String {
    match exit {
        Some(exit) => exit.replace('_', " "),
        None if under_way => "under way".into(),
        None => "killed".into(),
    }
}

/// What the passes did.
pub const WORK: &str = "What the passes did";
/// Per day.
pub const WORK_WHAT: &str = "Orders and products written to either side, and those that failed, per day.";
/// The kinds of it.
pub const WORK_KINDS: [&str; 4] = ["imported", "updated", "cancelled", "failed"];
/// How runs ended.
pub const RUNS: &str = "How runs ended";
/// Per day.
pub const RUNS_WHAT: &str = "Runs of all passes, per day.";
/// The kinds of endings.
pub const RUN_KINDS: [&str; 3] = ["complete", "complete, some held or failed", "ended early"];
/// Pushes and failures, pass by pass.
pub fn passes(days: usize) -> String {
    format!("Pass by pass, the last {days} days")
}
/// The heads of the table of passes.
pub const PASS_HEADS: [&str; 7] = ["pass", "runs", "ended early", "written", "failed", "calls", "429s"];
/// The heads of the table per day.
pub const DAY_HEADS: [&str; 11] = [
    "day",
    "imported",
    "updated",
    "cancelled",
    "failed",
    "complete",
    "some held",
    "ended early",
    "calls",
    "to the ERP",
    "429s",
];
/// No run yet.
pub const NO_RUNS: &str = "No pass has run in these days.";
/// How the last run that was not complete ended.
pub fn last_failure(pass: &str, at: Instant, exit: &str, meaning: &str) -> String {
    format!("Last to end early: {pass} at {}, {exit}: {meaning}.", calendar::local_text(at))
}
/// A run that nobody ended.
pub const KILLED: &str = "killed";
/// What that means.
pub const KILLED_MEANS: &str = "it was ended from outside before it could note how it went";

/// The numbers of a chart as a table.
pub const NUMBERS: &str = "the numbers";
/// The day in a table.
pub const DAY: &str = "day";
/// The age in a table.
pub const AGE: &str = "age";
/// All kinds together.
pub const ALL: &str = "all";

/// How old is what is known of an ERP that is not asked for everything each time.
pub fn erp_age(age: &MirrorAge, now: Instant) -> String {
    let told = |at: Option<Instant>| at.map_or_else(|| daily::NEVER.to_string(), |at| ago(now - at));
    format!("ERP: orders compared {}, stock {}.", told(age.orders_at), told(age.stock_at))
}

/// At the foot.
pub fn foot(version: &str) -> String {
    format!(
        "Made by vaivem {version} from its state file. No names, documents or addresses of customers stand on this page."
    )
}

// The command.

/// The page was written.
pub fn written(file: &Path, headline: &str) -> String {
    format!("{}: {headline}", file.display())
}

/// It could not be.
pub fn not_written(file: &Path, error: &std::io::Error) -> String {
    format!(
        "the page {} cannot be written: {error}; its folder must be there, and vaivem must have the right to write in it",
        file.display()
    )
}

/// Something else is there.
pub fn not_ours(file: &Path) -> String {
    format!("{} is there and is no page of vaivem; it is left as it is", file.display())
}
