//! The words of `why`: what happened to an order, what is in its way, what a product's number is made of.

use super::daily::{age, command, count};
use super::on_one_line;
use crate::erp::ledger::{DeliveryOutcome, OrderDetail, StockLevel};
use crate::model::{ChannelName, Claimant, Instant, OrderId, Sku, Status, StockParts, calendar};
use crate::reason::{Actor, Reason};
use crate::store::facts::OrderFacts;
use crate::store::orders::Fate;
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

/// The head of the story.
pub const HAPPENED: &str = "what happened";

/// The head of what blocks an order.
pub const IN_THE_WAY: &str = "what is in its way";

/// Nothing blocks it.
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

/// Who says what a line of the story tells, where it is not the state file.
pub fn source(source: &str) -> &'static str {
    match source {
        "erp" => "ERP: ",
        "carrier" => "carrier: ",
        _ => "",
    }
}

/// What a carrier said of a parcel.
pub fn carrier_step(what: DeliveryOutcome, code: &str) -> String {
    on_one_line(&format!("{} (occurrence {code})", what.code().replace('_', " ")))
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

/// Whose units are in a number's parts.
pub fn whose(parts: &StockParts) -> Vec<String> {
    let lists =
        [("in flight then", &parts.in_flight_orders), ("subtracted by the channel itself", &parts.added_back_orders)];
    let told = lists.into_iter().filter(|(_, orders)| !orders.is_empty());
    told.map(|(what, orders)| {
        let orders: Vec<&str> = orders.iter().map(OrderId::as_str).collect();
        format!("{what}: {}", orders.join(", "))
    })
    .collect()
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

/// The product that is told of.
pub fn product(sku: &Sku) -> String {
    on_one_line(&labelled("product", sku.as_str()))
}

/// A balance of the ERP.
pub fn level(level: &StockLevel) -> String {
    let StockLevel { warehouse, physical, reserved, .. } = level;
    let told = if level.counted {
        format!("warehouse {warehouse}: {physical} physical − {reserved} reserved = {} available", level.available())
    } else {
        format!("warehouse {warehouse}: never counted, {reserved} reserved")
    };
    labelled("ERP now", &told)
}

/// Who claims units, by the code of the kind of claim.
pub fn claims(kind: &str, claimants: &[Claimant]) -> String {
    const NAMED: usize = 20;
    let label = if kind == "in_flight" { "in flight" } else { "reserved" };
    let named: Vec<String> =
        claimants.iter().take(NAMED).map(|one| format!("{} {} ({})", one.channel, one.order, one.units)).collect();
    let more = if claimants.len() > NAMED { format!(" and {} more", claimants.len() - NAMED) } else { String::new() };
    let units: i64 = claimants.iter().map(|one| one.units).sum();
    labelled(label, &format!("{}, the latest first: {}{more}", count(units, "unit", "units"), named.join(", ")))
}

fn labelled(label: &str, text: &str) -> String {
    format!("{label:<11} {text}")
}

/// What is known of an order at a glance: its numbers, its worth, where it stands on both sides, its fate. `erp` is the order as the
/// embedded ERP has it.
pub fn head(facts: &OrderFacts, erp: Option<&OrderDetail>) -> Vec<String> {
    let row = &facts.row;
    let mut lines = Vec::new();
    let mut line = |label: &str, parts: Vec<Option<String>>| {
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if !parts.is_empty() {
            lines.push(on_one_line(&labelled(label, &parts.join(", "))));
        }
    };
    let at = |what: &str, at: Option<Instant>| at.map(|at| format!("{what}{}", calendar::local_text(at)));
    let sequence = facts.sequence.as_ref().map(|sequence| format!("short number {sequence}"));
    line("order", vec![Some(format!("{} of channel {}", row.id, row.channel)), sequence]);
    let number = facts.marketplace_order.as_ref().map(|number| format!("order {number}"));
    line("marketplace", vec![facts.marketplace.clone(), number]);
    let worth = row.total.map(|total| total.to_string());
    let promised = facts.promised_at.map(|at| format!("promised for {}", calendar::local_date(at)));
    line("placed", vec![at("", row.created_at), worth, facts.method.clone(), promised]);
    let status = facts.raw_status.as_ref().zip(row.status.as_ref());
    let status = status.map(|(raw, status)| format!("`{raw}` ({})", status.code()));
    line("channel", vec![status, at("read ", row.read_at)]);
    let erp_status = erp.map(|detail| &detail.order.status).or(facts.erp_status.as_ref()).map(Status::code);
    line("ERP", vec![row.erp_number.as_ref().map(|number| format!("order {number}")), erp_status]);
    for invoice in erp.iter().flat_map(|detail| &detail.invoices) {
        let number = format!("{} of series {}", invoice.number, invoice.series);
        let (value, key) = (invoice.value.to_string(), format!("key {}", invoice.access_key));
        line("invoice", vec![Some(number), Some(value), Some(key), at("cancelled ", invoice.cancelled_at)]);
    }
    for parcel in erp.iter().flat_map(|detail| &detail.shipments) {
        let carrier = parcel.carrier.as_ref().map(ToString::to_string);
        let (sent, delivered) = (at("sent ", parcel.shipped_at), at("delivered ", parcel.delivered_at));
        line("parcel", vec![parcel.tracking_code.clone(), carrier, sent, delivered]);
    }
    let code = row.fate.map_or("undecided", Fate::code);
    line("fate", vec![Some(fate(code, facts.fate_at, row.fate_why.as_ref()))]);
    lines
}

/// What a person can do, below what is in the way.
pub fn what_to_do(hint: &str) -> String {
    format!("    what to do: {hint}")
}

/// Who must act, below what is in the way.
pub fn who(who: Actor) -> String {
    format!("    who: {}", actor(who))
}

/// How to have a product's number sent again.
pub fn sends_at_once(channel: &ChannelName, sku: &Sku) -> String {
    format!("sends it at once: vaivem push-stock --channel {channel} --sku {sku}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(what: &str, detail: &str) -> String {
        let at = Instant::from_timestamp_millis(1_790_000_000_000).unwrap();
        step(&Step { at, what: what.into(), detail: detail.into() })
    }

    #[test]
    fn every_step_is_a_clause_with_its_reason_in_words() {
        let json = r#"{"code":"carrier_unmapped","carrier":"Jad\nlog"}"#;
        assert_eq!(told("decided", &format!("held: {json}")), "decided: held, carrier `Jad log` is not mapped");
        assert_eq!(told("held", json), "held: carrier `Jad log` is not mapped");
        assert_eq!(
            told("waits", r#"push-invoices: {"code":"transmission_pending"}"#),
            "push-invoices waits: told to the channel, which has not told the marketplace yet"
        );
        assert_eq!(told("read", "handling"), "the channel says `handling`");
        assert_eq!(told("unknown", "create_order: no answer"), "no answer: create_order: no answer");
        // What a newer version noted is told as it stands.
        assert_eq!(told("held", r#"{"code":"no_such_reason"}"#), r#"held: {"code":"no_such_reason"}"#);
        assert_eq!(told("blessed", "x\u{1b}[2J"), "blessed: x [2J");
    }

    #[test]
    fn of_one_instant_what_was_heard_comes_first_and_the_verdict_last() {
        let mut steps = ["held", "decided", "heard", "done", "status", "read"];
        steps.sort_by_key(|what| place(what));
        assert_eq!(steps, ["heard", "read", "done", "decided", "held", "status"]);
    }
}
