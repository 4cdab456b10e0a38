//! The words of `why`: what happened to an order, what is in its way, what a product's number is made of.

use super::daily::{age, command, count};
use super::on_one_line;
use crate::erp::ledger::StockLevel;
use crate::model::{ChannelName, Claimant, Instant, OrderId, Sku, Status, calendar};
use crate::reason::{Actor, Reason};
use crate::store::timeline::{Block, Step, Told, Wait, Write};

/// The reason that a step of the history carries, if it carries one.
pub fn reason_of(step: &Step) -> Option<Reason> {
    let json = step.detail.find('{').map(|at| &step.detail[at..])?;
    serde_json::from_str(json).ok()
}

/// One step of an order's history, as a clause.
pub fn step(step: &Step) -> String {
    let detail = step.detail.as_str();
    let reason = reason_of(step).map(|reason| super::reason(&reason));
    let before_colon = detail.split_once(": ").map_or(detail, |(word, _)| word);
    on_one_line(&match (step.what.as_str(), reason) {
        ("decided", Some(reason)) => format!("decided: {before_colon}, {reason}"),
        ("held", Some(reason)) => format!("held: {reason}"),
        ("announced", Some(reason)) => format!("to be cancelled by a later run: {reason}"),
        ("waits", Some(reason)) => format!("{before_colon} waits: {reason}"),
        ("read", _) => format!("the channel says `{detail}`"),
        ("heard", _) => format!("heard: {detail}"),
        ("released", _) => format!("no longer held: {detail}"),
        ("intended", _) => format!("sending {detail}"),
        ("done", _) => format!("done: {detail}"),
        ("failed", _) => format!("not done: {detail}"),
        ("unknown", _) => format!("no answer: {detail}"),
        ("reopened", _) => format!("to be decided on anew: {detail}"),
        ("retried", _) => format!("to be tried again: {detail}"),
        (what, _) => format!("{what}: {detail}"),
    })
}

/// What a person did to an order that the file then forgot.
pub fn note(what: &str, who: &str, detail: &str) -> String {
    on_one_line(&format!("{what} by {who}: {detail}"))
}

/// Who must act.
pub fn actor(actor: Actor) -> &'static str {
    match actor {
        Actor::NextRun => "nobody: the next run goes on by itself",
        Actor::Customer => "the customer",
        Actor::Channel => "the channel, or the marketplace behind it",
        Actor::BackOffice => "the back office, in the ERP",
        Actor::Sales => "whoever keeps the channel's panel",
        Actor::Integrator => "the integrator, in the configuration",
        Actor::Decision => "somebody must decide",
        Actor::WhoSaidSo => "the person who said so",
    }
}

/// The heads of the parts of `why`.
pub const HAPPENED: &str = "what happened";
/// See [`HAPPENED`].
pub const IN_THE_WAY: &str = "what is in its way";
/// Nothing is.
pub const NOTHING: &str = "nothing: nobody needs to do anything";

/// Something that holds an order or product.
pub fn block(block: &Block) -> String {
    let by = block.pass.as_ref().map(|pass| format!(" ({pass}, tried {})", count(block.tries, "time", "times")));
    format!(
        "held since {}{}: {}",
        calendar::local_text(block.since),
        by.unwrap_or_default(),
        super::reason(&block.reason)
    )
}

/// How a hold is ended or tried again at once.
pub fn ends_block(block: &Block, channel: &ChannelName, order: &OrderId) -> String {
    match &block.pass {
        Some(pass) => format!("tries it at once: {}", command(pass, channel, order)),
        None => format!("ends it: vaivem holds release {order} --channel {channel}"),
    }
}

/// What the fate of an order waits for.
pub fn waiting(reason: &Reason, since: Option<Instant>, channel: &ChannelName, order: &OrderId) -> [String; 2] {
    let looks = command("import-orders", channel, order);
    [fate("waiting", since, Some(reason)), format!("looks again at once: {looks}")]
}

/// An order's fate, since when, and why.
pub fn fate(fate: &str, since: Option<Instant>, why: Option<&Reason>) -> String {
    let since = since.map(|at| format!(" since {}", calendar::local_text(at))).unwrap_or_default();
    let why = why.map(|why| format!(": {}", super::reason(why))).unwrap_or_default();
    format!("{fate}{since}{why}")
}

/// When something happened, to the second.
pub fn stamp(at: Instant) -> String {
    calendar::local_stamp(at).chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

/// Of what was noted in the same instant, what comes first.
pub fn place(what: &str) -> usize {
    let order = ["heard", "read", "intended", "done", "failed", "unknown", "released", "decided", "held"];
    order.iter().position(|known| *known == what).unwrap_or(order.len())
}

/// A step in the ERP.
pub fn erp_step(status: &Status, note: &str) -> String {
    let note = if note.is_empty() { String::new() } else { format!(", {note}") };
    on_one_line(&format!("{}{note}", status.code()))
}

/// An order that nobody has decided on.
pub fn undecided(channel: &ChannelName, order: &OrderId) -> [String; 2] {
    let looks = command("import-orders", channel, order);
    ["seen, and not looked at yet".into(), format!("looks at it at once: {looks}")]
}

/// An order that stays out, and how to have it in.
pub fn skipped(reason: &Reason, channel: &ChannelName, order: &OrderId) -> [String; 2] {
    let ends = match reason {
        Reason::SkippedByHand { .. } => format!("ends it: vaivem holds release {order} --channel {channel}"),
        Reason::BeforeCutoff { .. } => format!("ends it: setting `since` in [channels.{channel}] back"),
        Reason::FulfilledByMarketplace => format!(
            "ends it: fulfillment = \"import\" in [channels.{channel}], then {}",
            command("import-orders", channel, order)
        ),
        _ => "it stays out for good".into(),
    };
    [format!("not imported: {}", super::reason(reason)), ends]
}

/// What a pass that carries facts out waits for. `told` is the reason as it was noted, with its facts.
pub fn wait(wait: &Wait, told: Option<&Reason>, now: Instant) -> String {
    match (&wait.code, told) {
        (None, _) => format!("the ERP has news, which the next {} looks at", wait.pass),
        (Some(code), told) => {
            let since = wait.since.map(|since| format!(" for {}", age(now - since))).unwrap_or_default();
            let why = told.map_or_else(|| code.clone(), super::reason);
            format!("{} waits{since}: {why}", wait.pass)
        }
    }
}

/// A write of which nobody knows whether it went through.
pub fn unsettled(write: &Write) -> String {
    let of = if write.of.is_empty() { String::new() } else { format!(" {}", write.of) };
    let at = calendar::local_text(write.intended_at);
    format!("it is not known whether `{}{of}` of {at} went through; the next run reads before it sends", write.action)
}

/// A purged order.
pub fn purged(at: Instant) -> String {
    format!("what happened before {} was purged", calendar::local_text(at))
}

/// What a warehouse of a channel was told of a product.
pub fn told(told: &Told, channel: &ChannelName) -> String {
    let state = match (&told.pushed, &told.channel_sku) {
        (_, None) => format!("the channel does not have the product; it would be told {}", told.want),
        (None, _) => format!("never told; to be told {}", told.want),
        (Some((pushed, at)), _) if *pushed == told.want => format!("told {pushed} at {}", calendar::local_text(*at)),
        (Some((pushed, at)), _) => {
            format!("told {pushed} at {}, to be told {}", calendar::local_text(*at), told.want)
        }
    };
    format!("{channel}, warehouse {}: {state}", told.warehouse)
}

/// When the ERP was read for a number.
pub fn from_reading(at: Instant) -> String {
    format!("from the ERP's balance of {}", calendar::local_text(at))
}

/// A list of orders of a number's part.
pub fn whose(what: &str, orders: &[OrderId]) -> String {
    let orders: Vec<String> = orders.iter().map(ToString::to_string).collect();
    format!("{what}: {}", orders.join(", "))
}

/// The last number sent, where it did not simply go through.
pub fn sent(write: &Write) -> Option<String> {
    let at = calendar::local_text(write.intended_at);
    let answer = write.answer.as_deref().unwrap_or_default();
    match write.state.as_str() {
        "done" => None,
        "failed" => Some(on_one_line(&format!("sent at {at} and not taken: {answer}"))),
        _ => Some(format!("sent at {at}, and nobody knows whether it arrived; the next run sends it again")),
    }
}

/// A product nobody knows.
pub fn unknown_sku(sku: &str) -> String {
    format!(
        "no channel was ever told of a product {sku}, and no order claims it; the ERP's code counts, case and leading zeros too"
    )
}

/// A channel that was never told of a product.
pub const NEVER_WORKED_OUT: &str = "no number was ever worked out for it";

/// A balance of the ERP.
pub fn level(level: &StockLevel) -> String {
    let StockLevel { warehouse, physical, reserved, .. } = level;
    if level.counted {
        format!("warehouse {warehouse}: {physical} physical − {reserved} reserved = {} available", level.available())
    } else {
        format!("warehouse {warehouse}: never counted, {reserved} reserved")
    }
}

/// Who claims units.
pub fn claims(claimants: &[Claimant]) -> String {
    const NAMED: usize = 20;
    let named: Vec<String> =
        claimants.iter().take(NAMED).map(|one| format!("{} {} ({})", one.channel, one.order, one.units)).collect();
    let more = if claimants.len() > NAMED { format!(" and {} more", claimants.len() - NAMED) } else { String::new() };
    let units: i64 = claimants.iter().map(|one| one.units).sum();
    format!("{}, the latest first: {}{more}", count(units, "unit", "units"), named.join(", "))
}

/// How to have a product's number sent again.
pub fn sends_at_once(channel: &ChannelName, sku: &Sku) -> String {
    format!("sends it at once: vaivem push-stock --channel {channel} --sku {sku}")
}
