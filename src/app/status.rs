//! `status`: how each pass of each channel goes, for eyes, scripts and monitoring. Reads a handful of rows, however many orders
//! there are.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use comfy_table::{Table, presets};
use serde_json::{Value, json};

use super::{Failure, unreadable_state};
use crate::cli::StatusArgs;
use crate::exit::Exit;
use crate::lang::say;
use crate::model::{Cents, ChannelName, Instant};
use crate::passes::Verb;
use crate::report::Reporter;
use crate::store::Store;
use crate::store::cursors::{LIST, PAYMENTS_SYNCED};
use crate::store::runs::RunRow;
use crate::words::daily;

/// One pass of one channel.
struct Line {
    pass: &'static str,
    last: Option<RunRow>,
    complete: Option<RunRow>,
}

impl Line {
    fn read(store: &Store, pass: &'static str, channel: &ChannelName, now: Instant) -> rusqlite::Result<Self> {
        let last = store.last_run(pass, channel, now)?;
        Ok(Self { pass, last, complete: store.last_complete_run(pass, channel, now)? })
    }

    fn json(&self, channel: &ChannelName, now: Instant) -> Value {
        json!({
            "channel": channel,
            "pass": self.pass,
            "started_at": self.last.as_ref().map(|run| run.started_at.to_rfc3339()),
            "ended_at": self.last.as_ref().and_then(|run| run.ended_at).map(|at| at.to_rfc3339()),
            "exit": self.last.as_ref().and_then(|run| run.exit.clone()),
            "pid": self.last.as_ref().map(|run| run.pid),
            "counts": self.last.as_ref().map(|run| &run.counts),
            "complete_at": self.complete.as_ref().map(|run| run.started_at.to_rfc3339()),
            "lag_seconds": self.lag(now).map(|lag| lag.num_seconds()),
        })
    }

    /// How long ago the last complete run began: what was there then has been dealt with.
    fn lag(&self, now: Instant) -> Option<TimeDelta> {
        self.complete.as_ref().map(|run| now - run.started_at)
    }
}

/// How each pass of a channel goes, as records.
pub(super) fn passes_json(store: &Store, channel: &ChannelName, now: Instant) -> rusqlite::Result<Vec<Value>> {
    Verb::NAMES.into_iter().map(|pass| Ok(Line::read(store, pass, channel, now)?.json(channel, now))).collect()
}

/// Tells how it goes; with `--max-age`, whether that is good enough.
pub fn run(
    args: &StatusArgs,
    store: &Store,
    channels: &BTreeSet<ChannelName>,
    reporter: &Reporter,
    now: Instant,
) -> Result<Exit, Failure> {
    let report = Report { store, reporter, now, passes: &args.pass };
    match args.max_age {
        Some(span) => report.probe(channels, TimeDelta::from_std(span.0).unwrap_or(TimeDelta::MAX)),
        None => report.show(channels),
    }
    .map_err(|error| unreadable_state(&error))
}

struct Report<'a> {
    store: &'a Store,
    reporter: &'a Reporter,
    now: Instant,
    passes: &'a [String],
}

impl Report<'_> {
    fn lines(&self, channel: &ChannelName) -> rusqlite::Result<Vec<Line>> {
        let asked = |pass: &&&str| self.passes.is_empty() || self.passes.iter().any(|named| named == **pass);
        Verb::NAMES.iter().filter(asked).map(|pass| Line::read(self.store, pass, channel, self.now)).collect()
    }

    fn show(&self, channels: &BTreeSet<ChannelName>) -> rusqlite::Result<Exit> {
        for channel in channels {
            if self.reporter.is_human() { self.show_human(channel)? } else { self.show_json(channel)? }
        }
        self.show_erp()?;
        Ok(Exit::Done)
    }

    /// How old is what is known of an ERP that is not asked for everything each time.
    fn show_erp(&self) -> rusqlite::Result<()> {
        let age = self.store.mirror_age()?;
        if age.orders_at.is_none() && age.stock_at.is_none() {
            return Ok(());
        }
        if self.reporter.is_human() {
            self.reporter.line(&daily::erp_age(&age, self.now));
        } else {
            let at = |at: Option<Instant>| at.map(|at| at.to_rfc3339());
            self.reporter.json(
                "erp",
                json!({
                    "followed": age.live,
                    "orders_compared_at": at(age.orders_at),
                    "stock_compared_at": at(age.stock_at),
                    "oldest_order_read_at": at(age.oldest_read_at),
                    "oldest_invoice_read_at": at(age.oldest_details_at),
                }),
            );
        }
        Ok(())
    }

    fn show_human(&self, channel: &ChannelName) -> rusqlite::Result<()> {
        let ago = |at: Instant| say!("{} ago" | "há {}", daily::age(self.now - at));
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(daily::STATUS_HEADS);
        let lines = self.lines(channel)?;
        for line in &lines {
            table.add_row(match &line.last {
                None => [line.pass.into(), daily::NEVER.into(), String::new(), String::new(), String::new()],
                Some(last) => [
                    line.pass.into(),
                    ago(last.started_at),
                    daily::ending(last, is_alive(last.pid)),
                    line.complete.as_ref().map_or_else(|| daily::NEVER.into(), |run| ago(run.started_at)),
                    if last.exit.is_some() { daily::run_counts(&last.counts) } else { String::new() },
                ],
            });
        }
        self.reporter.line(channel.as_str());
        self.reporter.verbatim(&table.trim_fmt());
        for line in &lines {
            if let Some(message) = line.last.as_ref().and_then(|run| daily::run_message(line.pass, &run.counts)) {
                self.reporter.line(&format!(" {message}"));
            }
        }
        let cursor = |name| self.store.cursor(channel, name);
        self.reporter.line(&format!(" {}", daily::cursors(cursor(LIST)?, cursor(PAYMENTS_SYNCED)?, self.now)));
        let standing = self.store.standing(channel)?;
        for text in [daily::held(&standing, self.now), daily::waits(&standing)].into_iter().flatten() {
            self.reporter.line(&format!(" {text}"));
        }
        Ok(())
    }

    fn show_json(&self, channel: &ChannelName) -> rusqlite::Result<()> {
        for line in self.lines(channel)? {
            self.reporter.json("status", line.json(channel, self.now));
        }
        let standing = self.store.standing(channel)?;
        let cursor = |name| self.store.cursor(channel, name).map(|at| at.map(|at| at.to_rfc3339()));
        self.reporter.json(
            "channel",
            json!({
                "channel": channel,
                "listed_up_to": cursor(LIST)?,
                "payments_followed_at": cursor(PAYMENTS_SYNCED)?,
                "held_orders": standing.held_orders,
                "held_skus": standing.held_skus,
                "held_cents": standing.held.get(),
                "held_since": standing.held_since.map(|at| at.to_rfc3339()),
                "promised_at": standing.promised_at.map(|at| at.to_rfc3339()),
                "waiting": standing.waiting,
                "waiting_cents": standing.waiting_worth.get(),
                "undecided": standing.undecided,
                "unsettled": standing.unsettled,
            }),
        );
        Ok(())
    }

    /// One line: whether every pass that is expected to run came to its end lately. Expected is what was named, else import-orders
    /// and whatever has run before.
    fn probe(&self, channels: &BTreeSet<ChannelName>, max_age: TimeDelta) -> rusqlite::Result<Exit> {
        let (mut late, mut fine) = (Vec::new(), 0);
        let (mut held, mut holds) = (Vec::new(), 0);
        for channel in channels {
            for line in self.lines(channel)? {
                let is_expected = !self.passes.is_empty() || line.last.is_some() || line.pass == Verb::NAMES[0];
                let lag = line.lag(self.now);
                if !is_expected {
                    continue;
                }
                if lag.is_some_and(|lag| lag <= max_age) {
                    fine += 1;
                } else {
                    let last = line.last.as_ref().and_then(|run| run.exit.as_deref());
                    late.push(daily::probed(channel, line.pass, lag, last));
                }
            }
            let standing = self.store.standing(channel)?;
            holds += standing.held_orders + standing.held_skus;
            held.push(standing.held);
        }
        let held: Cents = held.into_iter().sum();
        let text = daily::probe(&late, fine, held, holds);
        if !self.reporter.is_human() {
            let is_late = !late.is_empty();
            self.reporter.counted(
                json!({ "late": is_late, "passes_late": late, "passes_in_time": fine, "holds": holds, "held_cents": held.get(), "text": text }),
            );
        } else if late.is_empty() {
            self.reporter.news(&text);
        } else {
            self.reporter.line(&text);
        }
        Ok(if late.is_empty() { Exit::Done } else { Exit::Held })
    }
}

/// Whether a process is there; where nobody can tell, it is.
pub(super) fn is_alive(pid: u32) -> bool {
    let processes = std::path::Path::new("/proc");
    !processes.join("self").exists() || processes.join(pid.to_string()).exists()
}
