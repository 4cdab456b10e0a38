//! `why ORDER`: the whole story of one order, by any of its numbers: what was seen, decided, sent and answered, what is in its
//! way now, and who must act.

use serde_json::json;

use super::lists::order_json;
use super::naming::Names;
use super::{Failure, unreadable_state};
use crate::erp::ledger::OrderDetail;
use crate::exit::Exit;
use crate::lang::say;
use crate::model::{Instant, OrderId};
use crate::reason::Reason;
use crate::report::Reporter;
use crate::store::facts::OrderFacts;
use crate::store::notes::Note;
use crate::store::orders::Fate;
use crate::store::timeline::{Block, Step, Wait, Write};
use crate::words::{self, timeline};

/// Everything about one order.
struct Story {
    facts: OrderFacts,
    history: Vec<Step>,
    writes: Vec<Write>,
    blocks: Vec<Block>,
    waits: Vec<Wait>,
    notes: Vec<Note>,
    /// As the embedded ERP has it.
    erp: Option<OrderDetail>,
}

/// One line of the story.
struct Line<'a> {
    at: Instant,
    source: &'static str,
    what: &'a str,
    text: String,
    reason: Option<Reason>,
}

/// What is in an order's way: a clause, who must act, what to do, and the command.
struct InTheWay {
    text: String,
    reason: Option<Reason>,
    since: Option<Instant>,
    command: String,
}

/// Tells the story of the order that a number means.
pub fn run(names: &Names<'_>, number: &str, reporter: &Reporter, now: Instant) -> Result<Exit, Failure> {
    let facts = names.the_order(number)?;
    let story = Story::read(names, facts).map_err(|error| unreadable_state(&error))?;
    if reporter.is_human() {
        story.show(reporter, now);
    } else {
        story.show_json(reporter, now);
    }
    Ok(Exit::Done)
}

impl Story {
    fn read(names: &Names<'_>, facts: OrderFacts) -> rusqlite::Result<Self> {
        let (store, row) = (names.store, facts.row.row);
        let erp = names.ledger.as_ref().zip(facts.row.erp_id.as_ref());
        Ok(Self {
            history: store.history(row)?,
            writes: store.writes(row)?,
            blocks: store.blocks(row, facts.row.erp_id.is_some())?,
            waits: store.waits(row)?,
            notes: store.notes_of(&facts.row.id)?,
            // The story is told without the ERP's part when its file cannot be read.
            erp: erp.and_then(|(ledger, id)| ledger.order_detail(id).ok().flatten()),
            facts,
        })
    }

    /// The story in time. What was sent and answered at once is one line.
    fn lines(&self) -> Vec<Line<'_>> {
        let settles = ["done", "failed", "unknown"];
        let is_answered = |step: &Step| {
            step.what == "intended"
                && self.history.iter().any(|later| {
                    settles.contains(&later.what.as_str())
                        && later.at >= step.at
                        && later.detail.split_once(": ").map_or(later.detail.as_str(), |(action, _)| action)
                            == step.detail
                })
        };
        // That it is held says why; that it was decided to hold it says the same.
        let is_said_twice = |step: &Step| {
            step.detail.strip_prefix("held: ").is_some_and(|why| {
                self.history.iter().any(|other| other.what == "held" && other.at == step.at && other.detail == why)
            })
        };
        let steps = self.history.iter().filter(|step| !is_answered(step) && !is_said_twice(step)).map(|step| Line {
            at: step.at,
            source: "vaivem",
            what: &step.what,
            text: timeline::step(step),
            reason: timeline::reason_of(step),
        });
        let notes = self.notes.iter().filter(|note| note.channel.as_ref() == Some(&self.facts.row.channel));
        let notes = notes.map(|note| Line {
            at: note.at,
            source: "vaivem",
            what: &note.what,
            text: timeline::note(&note.what, &note.who, &note.detail),
            reason: None,
        });
        let erp = self.erp.iter().flat_map(|detail| &detail.history).map(|entry| Line {
            at: entry.at,
            source: "erp",
            what: "status",
            text: timeline::erp_step(&entry.status, &entry.note),
            reason: None,
        });
        let carrier = self.erp.iter().flat_map(|detail| &detail.events).map(|event| Line {
            at: event.at,
            source: "carrier",
            what: "delivery",
            text: timeline::carrier_step(event.what, &event.code),
            reason: None,
        });
        let mut lines: Vec<_> = steps.chain(notes).chain(erp).chain(carrier).collect();
        lines.sort_by_key(|line| (line.at, timeline::place(line.what)));
        // An import is noted when it is made, and once more when the visit ends.
        let mut decided = None;
        lines.retain(|line| {
            let again = line.what == "decided" && decided.as_ref() == Some(&line.text);
            if line.what == "decided" {
                decided = Some(line.text.clone());
            }
            !again
        });
        lines
    }

    fn in_the_way(&self, now: Instant) -> Vec<InTheWay> {
        let row = &self.facts.row;
        let (channel, order) = (&row.channel, &row.id);
        let mut all: Vec<InTheWay> = Vec::new();
        let mut add = |text: String, reason: Option<&Reason>, since: Option<Instant>, command: String| {
            all.push(InTheWay { text, reason: reason.cloned(), since, command });
        };
        for block in &self.blocks {
            let ends = timeline::ends_block(block, channel, order);
            add(timeline::block(block), Some(&block.reason), Some(block.since), ends);
        }
        match (row.fate, &row.fate_why) {
            (None, _) => {
                let [text, command] = timeline::undecided(channel, order);
                add(text, Some(&Reason::NotImported), Some(self.facts.seen_at), command);
            }
            (Some(Fate::Waiting), Some(why)) if self.blocks.is_empty() => {
                let [text, command] = timeline::waiting(why, self.facts.fate_at, channel, order);
                add(text, Some(why), self.facts.fate_at, command);
            }
            (Some(Fate::Skipped), Some(why)) => {
                let [text, command] = timeline::skipped(why, channel, order);
                add(text, Some(why), self.facts.fate_at, command);
            }
            _ => {}
        }
        for wait in &self.waits {
            let told =
                self.history.iter().rev().filter(|step| step.what == "waits" && step.detail.starts_with(&wait.pass));
            let told = told.filter_map(timeline::reason_of).find(|reason| Some(reason.code()) == wait.code);
            let command = words::daily::command(&wait.pass, channel, order);
            add(
                timeline::wait(wait, told.as_ref(), now),
                told.as_ref(),
                wait.since,
                say!("looks at once: {command}" | "verifica já: {command}"),
            );
        }
        for write in self.writes.iter().filter(|write| matches!(write.state.as_str(), "intended" | "unknown")) {
            let reason = Reason::OutcomeUnknown { action: write.action.clone() };
            add(timeline::unsettled(write), Some(&reason), Some(write.intended_at), String::new());
        }
        all
    }

    fn show(&self, reporter: &Reporter, now: Instant) {
        for line in timeline::head(&self.facts, self.erp.as_ref()) {
            reporter.line(&line);
        }
        reporter.line("");
        reporter.line(&timeline::HAPPENED);
        if let Some(at) = self.facts.purged_at {
            reporter.line(&format!("  {}", timeline::purged(at)));
        }
        for line in self.lines() {
            reporter.line(&format!("  {}  {}{}", timeline::stamp(line.at), timeline::source(line.source), line.text));
        }
        reporter.line("");
        reporter.line(&timeline::IN_THE_WAY);
        let in_the_way = self.in_the_way(now);
        if in_the_way.is_empty() {
            reporter.line(&format!("  {}", timeline::NOTHING));
        }
        for one in in_the_way {
            reporter.line(&format!("  {}", one.text));
            if let Some(hint) = one.reason.as_ref().and_then(words::hint) {
                reporter.line(&timeline::what_to_do(&hint));
            }
            if let Some(actor) = one.reason.as_ref().and_then(Reason::actor) {
                reporter.line(&timeline::who(actor));
            }
            if !one.command.is_empty() {
                reporter.line(&format!("    {}", one.command));
            }
        }
    }

    fn show_json(&self, reporter: &Reporter, now: Instant) {
        let mut fields = order_json(&self.facts);
        if let Some(fields) = fields.as_object_mut() {
            let erp = self.erp.iter();
            fields.insert(
                "invoices".into(),
                erp.clone().flat_map(|detail| &detail.invoices)
                    .map(|invoice| json!({ "number": invoice.number, "series": invoice.series, "access_key": invoice.access_key,
                        "value_cents": invoice.value.get(), "cancelled_at": invoice.cancelled_at.map(|at| at.to_rfc3339()) }))
                    .collect(),
            );
            fields.insert(
                "parcels".into(),
                erp.flat_map(|detail| &detail.shipments)
                    .map(|parcel| {
                        json!({ "tracking_code": parcel.tracking_code, "carrier": parcel.carrier,
                        "shipped_at": parcel.shipped_at.map(|at| at.to_rfc3339()),
                        "delivered_at": parcel.delivered_at.map(|at| at.to_rfc3339()) })
                    })
                    .collect(),
            );
            fields.insert("purged_at".into(), self.facts.purged_at.map(|at| at.to_rfc3339()).into());
        }
        reporter.json("why", fields);
        let order: &OrderId = &self.facts.row.id;
        for line in self.lines() {
            let Line { at, source, what, text, reason } = line;
            reporter.json(
                "step",
                json!({ "order": order, "at": at.to_rfc3339(), "source": source, "what": what, "text": text, "reason": reason }),
            );
        }
        let in_the_way = self.in_the_way(now);
        for one in &in_the_way {
            reporter.json(
                "in_the_way",
                json!({
                    "order": order,
                    "text": one.text,
                    "reason": one.reason,
                    "since": one.since.map(|at| at.to_rfc3339()),
                    "hint": one.reason.as_ref().and_then(words::hint),
                    "who": one.reason.as_ref().and_then(Reason::actor).map(crate::reason::Actor::code),
                    "command": one.command.split_once(": ").map(|(_, command)| command),
                }),
            );
        }
        reporter.json("summary", json!({ "order": order, "in_the_way": in_the_way.len() }));
    }
}
