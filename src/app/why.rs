//! `why ORDER`: the whole story of one order, by any of its numbers: what was seen, decided, sent and answered, what is in its
//! way now, and who must act.

use serde_json::{Value, json};

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
pub(super) struct Story {
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
    pub(super) fn read(names: &Names<'_>, facts: OrderFacts) -> rusqlite::Result<Self> {
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

    /// The same story with what people wrote of it told by `told`: their notes and reasons, here and in the embedded ERP.
    pub(super) fn with_notes(mut self, told: impl Fn(&str) -> String) -> Self {
        let retell = |reason: &mut Reason| {
            if let Some(note) = reason.note_mut() {
                *note = told(note);
            }
        };
        for step in &mut self.history {
            let Some(mut reason) = timeline::reason_of(step) else { continue };
            retell(&mut reason);
            let before = step.detail.find('{').map_or("", |at| &step.detail[..at]);
            step.detail = format!("{before}{}", serde_json::to_string(&reason).unwrap_or_default());
        }
        self.facts.row.fate_why.iter_mut().for_each(retell);
        self.blocks.iter_mut().map(|block| &mut block.reason).for_each(retell);
        self.notes.iter_mut().for_each(|note| note.detail = told(&note.detail));
        if let Some(detail) = &mut self.erp {
            detail.history.iter_mut().for_each(|entry| entry.note = told(&entry.note));
        }
        self
    }

    /// What is known of the order.
    pub(super) fn facts(&self) -> &OrderFacts {
        &self.facts
    }

    /// What was sent to either side for it.
    pub(super) fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// What holds it.
    pub(super) fn blocks(&self) -> &[Block] {
        &self.blocks
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
        let (in_the_way, channel) = (self.in_the_way(now), &self.facts.row.channel);
        if in_the_way.is_empty() {
            reporter.line(&format!("  {}", timeline::NOTHING));
        }
        for one in in_the_way {
            reporter.line(&format!("  {}", one.text));
            if let Some(hint) = one.reason.as_ref().and_then(|reason| words::hint_on(channel, reason)) {
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
        reporter.json("why", self.head());
        self.steps().into_iter().for_each(|step| reporter.json("step", step));
        let in_the_way = self.obstacles(now);
        let count = in_the_way.len();
        in_the_way.into_iter().for_each(|one| reporter.json("in_the_way", one));
        reporter.counted(json!({ "order": self.facts.row.id, "in_the_way": count }));
    }

    /// The order at a glance, as a record.
    pub(super) fn head(&self) -> Value {
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
        fields
    }

    /// What happened, as records, the oldest first.
    pub(super) fn steps(&self) -> Vec<Value> {
        let order: &OrderId = &self.facts.row.id;
        let step = |Line { at, source, what, text, reason }| json!({ "order": order, "at": Instant::to_rfc3339(&at), "source": source, "what": what, "text": text, "reason": reason });
        self.lines().into_iter().map(step).collect()
    }

    /// What is in its way, as records.
    pub(super) fn obstacles(&self, now: Instant) -> Vec<Value> {
        let (order, channel): (&OrderId, _) = (&self.facts.row.id, &self.facts.row.channel);
        let obstacle = |one: &InTheWay| {
            json!({
                "order": order,
                "text": one.text,
                "reason": one.reason,
                "since": one.since.map(|at| at.to_rfc3339()),
                "hint": one.reason.as_ref().and_then(|reason| words::hint_on(channel, reason)),
                "who": one.reason.as_ref().and_then(Reason::actor).map(crate::reason::Actor::code),
                "command": one.command.split_once(": ").map(|(_, command)| command),
            })
        };
        self.in_the_way(now).iter().map(obstacle).collect()
    }
}
