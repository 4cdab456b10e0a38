//! What a person or a script sees of a run: one record per order, warnings, and a summary; as text or as JSON Lines.
//!
//! Standard output is the result, standard error is progress and log. A closed pipe never stops a pass.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, OnceLock};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde::{Deserialize, Serialize};

use crate::exit::Exit;
use crate::http::Counts;
use crate::lang::{self, say, word};
use crate::logging;
use crate::model::{Cents, ChannelName, ChannelSku, Instant, OrderId, Sku, WarehouseId};
use crate::plan::Entry;
use crate::reason::Reason;
use crate::relay::Relay;
use crate::store::spool::Spool;
use crate::store::totals::{Added, Total};
use crate::words;

mod check;
mod paint;
mod stock;
mod wrap;

pub use paint::{Paint, Tone};
pub use stock::StockItem;

/// The form of standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For eyes.
    #[default]
    Human,
    /// One JSON object a line, `type` first, ending with a summary.
    Jsonl,
}

/// What a visit came to, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Created in the ERP, or found there.
    Imported,
    /// Something was written to either side.
    Updated,
    /// Nothing to do.
    Unchanged,
    /// Waits.
    Waiting,
    /// Held.
    Held,
    /// Not to be imported.
    Skipped,
    /// Cancelled.
    Cancelled,
    /// Could not be done at all.
    Failed,
}

impl Outcome {
    /// Every outcome with its word.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Imported, "imported"),
        (Self::Updated, "updated"),
        (Self::Cancelled, "cancelled"),
        (Self::Waiting, "waiting"),
        (Self::Held, "held"),
        (Self::Skipped, "skipped"),
        (Self::Failed, "failed"),
        (Self::Unchanged, "unchanged"),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(outcome, _)| *outcome == self).map_or("", |(_, word)| word)
    }
}

/// One order's visit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Item {
    /// The channel.
    pub channel: ChannelName,
    /// The order.
    pub order: OrderId,
    /// What it came to.
    pub outcome: Outcome,
    /// Whether that is news, or needs a person.
    pub changed: bool,
    /// The ERP's number.
    pub erp_number: Option<String>,
    /// Why.
    pub reason: Reason,
    /// What was done, or in a dry run would be.
    pub actions: Vec<String>,
    /// Nothing was really done.
    pub dry_run: bool,
    /// What a dry run would do, and what that rests on.
    pub plan: Option<Entry>,
}

/// What a person should know about a run, beyond single orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Warning {
    /// There is no feed, and the configuration says not to make one.
    FeedMissing {
        /// On which channel.
        channel: ChannelName,
    },
    /// There was no feed; it was made.
    FeedCreated {
        /// On which channel.
        channel: ChannelName,
        /// How far the sweep reaches back to cover the gap.
        days: i64,
    },
    /// The feed is not as needed and was left alone.
    FeedForeign {
        /// On which channel.
        channel: ChannelName,
        /// What is different.
        problem: String,
    },
    /// The feed could not be read.
    FeedFailed {
        /// On which channel.
        channel: ChannelName,
        /// Why.
        problem: String,
    },
    /// The list could not be swept to its end; orders known already were visited all the same.
    ListFailed {
        /// On which channel.
        channel: ChannelName,
        /// Why.
        problem: String,
    },
    /// A person asked for orders from before the cut-off date.
    BackfillClipped {
        /// On which channel.
        channel: ChannelName,
        /// The cut-off date.
        cutoff: Instant,
    },
    /// The cut-off date was set back, so the list is swept from there.
    CutoffMoved {
        /// On which channel.
        channel: ChannelName,
        /// The cut-off date.
        cutoff: Instant,
        /// How many orders that had been skipped are looked at again.
        orders: usize,
    },
    /// This machine's clock is ahead of the channel's.
    ClockAhead {
        /// On which channel.
        channel: ChannelName,
        /// By how much.
        seconds: i64,
    },
    /// The sweep's cursor was of no use.
    CursorReset {
        /// On which channel.
        channel: ChannelName,
        /// What it said.
        cursor: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Orders of another channel were seen and never read: what they claim is not subtracted.
    UnreadOrders {
        /// On which channel.
        channel: ChannelName,
        /// How many.
        orders: usize,
    },
    /// A warehouse of the channel that is not pushed to any more still has stock there.
    StockLeftBehind {
        /// On which channel.
        channel: ChannelName,
        /// Which warehouse.
        warehouse: WarehouseId,
        /// How many products.
        products: i64,
        /// How many units.
        units: i64,
    },
    /// A product of the channel whose code went to another goes on selling what it was told last.
    OldProductLeftBehind {
        /// On which channel.
        channel: ChannelName,
        /// Which code.
        sku: Sku,
        /// The channel's id that had it.
        channel_sku: ChannelSku,
        /// How many units.
        units: i64,
    },
    /// No issuer is configured, so an invoice of anybody would be sent.
    AnyIssuer {
        /// On which channel.
        channel: ChannelName,
    },
    /// An order reached its customer with damage or something missing.
    DeliveredWithRemarks {
        /// On which channel.
        channel: ChannelName,
        /// Which order.
        order: OrderId,
    },
    /// An invoice went out in several parcels, and the channel has room for one tracking code.
    MoreParcels {
        /// On which channel.
        channel: ChannelName,
        /// Which order.
        order: OrderId,
        /// Which invoice.
        invoice: String,
    },
    /// A marketplace takes no more invoices of a sale, so that an invoice's XML counts as sent.
    XmlLimit {
        /// On which channel.
        channel: ChannelName,
        /// Which order.
        order: OrderId,
        /// Which invoice.
        invoice: String,
    },
    /// The window reaches further back than the channel's list.
    Expired {
        /// On which channel.
        channel: ChannelName,
    },
}

impl Warning {
    /// Whether it only tells of something, and nobody needs to do anything.
    fn needs_nobody(&self) -> bool {
        matches!(self, Self::FeedCreated { .. } | Self::CutoffMoved { .. } | Self::Expired { .. })
    }
}

/// What a pass counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    heard: usize,
    new: usize,
    outcomes: BTreeMap<Outcome, usize>,
    /// The rows of the orders that are held, with what each is worth: of several passes each is one. They may be many.
    held: BTreeMap<i64, Cents>,
}

impl Tally {
    /// Events and listed orders, and how many of their orders were new.
    pub fn heard(&mut self, heard: usize, new: usize) {
        self.heard += heard;
        self.new += new;
    }

    /// One visit of the order in that row.
    pub fn order(&mut self, outcome: Outcome, row: i64, worth: Option<Cents>) {
        match outcome {
            Outcome::Held => drop(self.held.insert(row, worth.unwrap_or_default())),
            other => self.product(other),
        }
    }

    /// One visit of a product.
    pub fn product(&mut self, outcome: Outcome) {
        *self.outcomes.entry(outcome).or_default() += 1;
    }

    /// Whether a person must look at something.
    pub fn needs_person(&self) -> bool {
        self.of(Outcome::Held) + self.of(Outcome::Failed) > 0
    }

    /// The counts of another pass on top.
    pub fn add(&mut self, other: &Self) {
        self.heard += other.heard;
        self.new += other.new;
        for (outcome, count) in &other.outcomes {
            *self.outcomes.entry(*outcome).or_default() += count;
        }
        self.held.extend(&other.held);
    }

    /// Whether there is nothing to tell of.
    fn is_empty(&self) -> bool {
        let is_quiet = |(outcome, count): (&Outcome, &usize)| *outcome == Outcome::Unchanged || *count == 0;
        self.new == 0 && self.held.is_empty() && self.outcomes.iter().all(is_quiet)
    }

    /// How many visits came to this; of what is held, how many orders and products.
    pub fn of(&self, outcome: Outcome) -> usize {
        let counted = self.outcomes.get(&outcome).copied().unwrap_or(0);
        if outcome == Outcome::Held { counted + self.held.len() } else { counted }
    }

    /// What the orders that are held are worth.
    fn worth_held(&self) -> Cents {
        self.held.values().copied().sum()
    }
}

/// Whose calls are counted, in the totals: those to the channel.
pub const CHANNEL: &str = "channel";
/// And those to the ERP.
pub const ERP: &str = "erp";

/// The last record of a pass.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    /// The verb.
    pub pass: &'a str,
    /// The channel; `None` for the sum of several passes.
    pub channel: Option<&'a ChannelName>,
    /// Whether it is one of several passes, whose sum follows.
    pub part: bool,
    /// What was counted.
    pub tally: &'a Tally,
    /// Calls to the channel.
    pub counts: Counts,
    /// Calls to the ERP.
    pub erp_counts: Counts,
    /// How long it took.
    pub elapsed: std::time::Duration,
    /// How it ended.
    pub exit: Exit,
    /// Why it ended early or lacks something, if so.
    pub message: Option<&'a str>,
    /// Nothing was really done.
    pub dry_run: bool,
    /// It ended like this before, and a quiet run has told so lately.
    pub echo: bool,
}

impl Summary<'_> {
    /// The counts as JSON fields, for the summary record and the run's row.
    pub fn counts_json(&self) -> serde_json::Value {
        let mut fields = serde_json::Map::new();
        fields.insert("heard".into(), self.tally.heard.into());
        fields.insert("new".into(), self.tally.new.into());
        for (outcome, word) in Outcome::ALL {
            fields.insert(word.into(), self.tally.of(outcome).into());
        }
        fields.insert("held_cents".into(), self.tally.worth_held().get().into());
        fields.insert("calls".into(), self.counts.calls.into());
        fields.insert("erp_calls".into(), self.erp_counts.calls.into());
        let both = [self.counts, self.erp_counts];
        fields.insert("retries".into(), both.map(|counts| counts.retries).iter().sum::<u64>().into());
        fields.insert("limited".into(), both.map(|counts| counts.limited).iter().sum::<u64>().into());
        fields.insert("duration_ms".into(), u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX).into());
        fields.into()
    }

    /// What the run adds to the totals of its pass.
    pub fn added(&self) -> Vec<Added> {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let mut added = vec![
            Added { total: Total::Runs, part: self.exit.name(), by: 1 },
            Added { total: Total::Millis, part: "", by: u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX) },
            Added { total: Total::New, part: "", by: count(self.tally.new) },
        ];
        let of = |(outcome, word): (Outcome, _)| Added {
            total: Total::Items,
            part: word,
            by: count(self.tally.of(outcome)),
        };
        added.extend(Outcome::ALL.map(of));
        for (side, counts) in [(CHANNEL, self.counts), (ERP, self.erp_counts)] {
            added.extend([
                Added { total: Total::Calls, part: side, by: counts.calls },
                Added { total: Total::Retries, part: side, by: counts.retries },
                Added { total: Total::Limited, part: side, by: counts.limited },
                Added { total: Total::Failed, part: side, by: counts.failed },
                Added { total: Total::Bytes, part: side, by: counts.bytes },
            ]);
        }
        added
    }

    fn text(&self) -> String {
        let mut parts: Vec<String> = Outcome::ALL
            .iter()
            .filter(|(outcome, _)| self.tally.of(*outcome) > 0)
            .map(|(outcome, word)| {
                let counted = words::terms::outcomes(self.tally.of(*outcome), word);
                match outcome {
                    Outcome::Held if self.tally.worth_held() != Cents::ZERO => {
                        format!("{counted} ({})", self.tally.worth_held())
                    }
                    _ => counted,
                }
            })
            .collect();
        if self.tally.new > 0 {
            parts.insert(0, words::terms::outcomes(self.tally.new, "new"));
        }
        let complete = matches!(self.exit, Exit::Done | Exit::Held);
        if parts.is_empty() {
            parts.push(
                if complete {
                    word!("nothing to do" | "nada a fazer")
                } else {
                    word!("nothing was done" | "nada foi feito")
                }
                .into(),
            );
        }
        let dry =
            if self.dry_run { word!(" (dry run: nothing was done)" | " (simulação: nada foi feito)") } else { "" };
        let seconds = self.elapsed.as_millis();
        let calls = match self.counts.calls {
            1 => word!("1 call" | "1 chamada").to_owned(),
            calls => say!("{calls} calls" | "{calls} chamadas"),
        };
        let mut text = say!(
            "{}{}{dry}: {}; {calls}{} in {}.{:01} s" | "{}{}{dry}: {}; {calls}{} em {},{:01} s",
            self.pass,
            self.channel.map(|channel| format!(" {channel}")).unwrap_or_default(),
            parts.join(", "),
            match self.erp_counts.calls {
                0 => String::new(),
                calls => say!(" and {calls} to the ERP" | " e {calls} ao ERP"),
            },
            seconds / 1000,
            seconds % 1000 / 100
        );
        if !complete {
            text += &say!(
                "\n  not complete, exit {}: {}" | "\n  incompleto, código de saída {}: {}",
                self.exit.code(),
                self.message.map_or_else(|| self.exit.meaning().to_owned(), words::retold::retold)
            );
        }
        text
    }
}

/// Writes records in the chosen form.
pub struct Reporter {
    format: Format,
    quiet: bool,
    verbose: bool,
    out: Out,
    paint: Paint,
    /// Of the terminal, where a person reads on one.
    width: Option<usize>,
    bar: ProgressBar,
    /// Whether the bar shows once there is something to show: a question has no progress.
    shows_bar: bool,
    /// What a dry run plans, until its end.
    planned: RefCell<Option<Spool>>,
    /// Digests of what to do, as far as it was said: once is enough, however many it helps.
    hinted: RefCell<BTreeSet<u64>>,
    /// Whether something was said of the pass under way, and in this run at all.
    said: Cell<(bool, bool)>,
    /// What a command counted, for its summary.
    counted: RefCell<serde_json::Value>,
    /// Whether the summary is out, or none is to come.
    ended: Cell<bool>,
    /// What is held back for now.
    held_back: RefCell<Option<HeldBack>>,
}

/// Standard output, with the bar that makes way where both are on one terminal.
#[derive(Clone)]
struct Out {
    bar: Option<ProgressBar>,
    /// Why some of what was told is not there, though somebody may be reading: a full disk, and no pipe that was closed.
    unwritten: Arc<OnceLock<io::Error>>,
}

/// What is held back for now, and the way out for what is not any more.
struct HeldBack {
    text: String,
    relay: Option<Relay>,
}

impl Out {
    fn write(&self, text: &str) {
        let write = || {
            let mut out = std::io::stdout().lock();
            match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    log::debug!("standard output is closed: {error}");
                }
                Err(error) => drop(self.unwritten.set(error)),
            }
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl std::fmt::Debug for Reporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reporter").field("format", &self.format).field("quiet", &self.quiet).finish_non_exhaustive()
    }
}

impl Reporter {
    /// A reporter to standard output. The progress bar shows on a terminal only, and not when quiet.
    pub fn new(format: Format, quiet: bool, verbose: bool) -> Self {
        let bar = ProgressBar::hidden();
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {rate} {eta}") {
            bar.set_style(style.with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = write!(out, "{:.1}/s", state.per_sec());
            }));
        }
        Self {
            format,
            quiet,
            verbose,
            out: Out { bar: io::stdout().is_terminal().then(|| bar.clone()), unwritten: Arc::default() },
            paint: Paint::of_stdout(),
            width: wrap::width().filter(|_| format == Format::Human),
            bar,
            shows_bar: std::io::stderr().is_terminal() && !quiet,
            planned: RefCell::default(),
            hinted: RefCell::default(),
            said: Cell::default(),
            counted: RefCell::default(),
            ended: Cell::default(),
            held_back: RefCell::default(),
        }
    }

    /// Holds back what is written from now on, until [`Reporter::let_out`]: who reads may take long, and must not be waited for at any
    /// moment.
    pub fn hold_back(&self) {
        logging::hold_back(self.bar());
        self.held_back.borrow_mut().get_or_insert_with(|| {
            let out = self.out.clone();
            HeldBack { text: String::new(), relay: Relay::start(move |text| out.write(text)).ok() }
        });
    }

    /// Lets out what was held back so far, without waiting for whoever reads it.
    pub fn let_out(&self) {
        let mut held_back = self.held_back.borrow_mut();
        let Some(HeldBack { text, relay }) = held_back.as_mut().filter(|held_back| !held_back.text.is_empty()) else {
            return;
        };
        let text = std::mem::take(text);
        match relay {
            Some(relay) => relay.send(text),
            None => self.out.write(&text),
        }
    }

    /// Drops what was held back and not let out: it did not come to pass.
    pub fn drop_held_back(&self) {
        if let Some(held_back) = self.held_back.borrow_mut().as_mut() {
            held_back.text.clear();
        }
    }

    /// Whether so much waits to be read that nothing should be begun that tells more.
    pub fn is_behind(&self) -> bool {
        let is_told = |one: &HeldBack| one.relay.as_ref().is_some_and(Relay::is_behind);
        self.held_back.borrow().as_ref().is_some_and(is_told) || logging::is_behind()
    }

    /// Lets out what was held back, waits until it is read, and holds nothing back any more.
    pub fn hold_back_no_more(&self) {
        self.let_out();
        if let Some(HeldBack { relay: Some(relay), .. }) = self.held_back.take() {
            relay.finish();
        }
        logging::hold_back_no_more();
    }

    /// The bar, for the log to make way.
    pub fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// Announces what is being worked on.
    pub fn begin(&self, pass: &str, channel: &ChannelName) {
        self.said.set((false, self.said.get().1));
        if self.shows_bar && self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_length(0);
        self.bar.set_position(0);
        self.bar.set_message(format!("{pass} {channel}"));
    }

    /// So many more orders to visit.
    pub fn expect(&self, more: usize) {
        self.bar.inc_length(u64::try_from(more).unwrap_or(0));
    }

    /// One order visited.
    pub fn advance(&self) {
        self.bar.inc(1);
    }

    /// Writes a line, for eyes broken at words where it is wider than the terminal.
    pub fn line(&self, text: &str) {
        debug_assert!(self.is_human(), "no record: {text}");
        match self.width {
            Some(columns) => self.verbatim(&wrap::wrapped(text, columns)),
            None => self.verbatim(text),
        }
    }

    /// Writes a line as it is, such as a table; a closed pipe or full disk at the other end does not stop the pass.
    pub fn verbatim(&self, text: &str) {
        self.said.set((true, true));
        if let Some(held_back) = self.held_back.borrow_mut().as_mut() {
            held_back.text.push_str(text);
            held_back.text.push('\n');
            return;
        }
        self.out.write(&format!("{text}\n"));
    }

    /// Writes a line that needs nobody: not when quiet.
    pub fn news(&self, text: &str) {
        if !self.quiet {
            self.line(text);
        }
    }

    /// Writes a record of any kind as JSON, `type` first.
    pub fn json(&self, kind: &str, fields: serde_json::Value) {
        self.ended.set(self.ended.get() || kind == "summary");
        let mut text = format!("{{\"type\":\"{kind}\"");
        if let serde_json::Value::Object(fields) = fields {
            for (key, value) in fields {
                text += &format!(",{}:{value}", serde_json::Value::String(key));
            }
        }
        self.verbatim(&(text + "}"));
    }

    /// What a command counted, for the summary at its end.
    pub fn counted(&self, fields: serde_json::Value) {
        self.counted.replace(fields);
    }

    /// Standard output is a document, and no record may stand behind it.
    pub fn has_no_summary(&self) {
        self.ended.set(true);
    }

    /// The end of the run, with the reason where it did not come to a good one: as a record, unless passes have summed up already.
    pub fn end(&self, exit: Exit, message: Option<&str>) {
        if self.is_human() || self.ended.get() {
            return;
        }
        let mut fields = serde_json::Map::from_iter([("exit".to_owned(), exit.name().into())]);
        fields.insert("exit_code".into(), exit.code().into());
        if let Some(message) = message {
            fields.insert("message".into(), message.into());
        }
        if let serde_json::Value::Object(counted) = self.counted.take() {
            fields.extend(counted);
        }
        self.json("summary", fields.into());
    }

    /// Whether only what needs a person is told.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether standard output is for eyes.
    pub fn is_human(&self) -> bool {
        self.format == Format::Human
    }

    /// One order's visit. What a dry run plans is kept for the end, and told in the order of the numbers: the same plan reads the
    /// same, whichever answer came first.
    pub fn item(&self, item: &Item) {
        if !item.dry_run || self.keep(item).is_err() {
            self.tell(item);
        }
    }

    /// Keeps it for the end, however many there are.
    fn keep(&self, item: &Item) -> anyhow::Result<()> {
        let mut planned = self.planned.borrow_mut();
        let spool = match &mut *planned {
            Some(spool) => spool,
            none => none.insert(Spool::new()?),
        };
        Ok(spool.keep(item.order.as_str(), &serde_json::to_string(item)?)?)
    }

    fn tell_planned(&self) {
        let Some(planned) = self.planned.take() else { return };
        let told = planned.each(|text| match serde_json::from_str(text) {
            Ok(item) => self.tell(&item),
            Err(error) => log::error!("{error}"),
        });
        if let Err(error) = told {
            log::error!("{error}");
        }
    }

    fn tell(&self, item: &Item) {
        let _reader = lang::for_the_reader();
        let needs_person = matches!(item.outcome, Outcome::Held | Outcome::Failed);
        if self.quiet && !needs_person {
            return;
        }
        match self.format {
            Format::Jsonl => {
                let mut fields = serde_json::Map::new();
                fields.insert("channel".into(), item.channel.as_str().into());
                fields.insert("order".into(), item.order.as_str().into());
                fields.insert("outcome".into(), item.outcome.word().into());
                fields.insert("erp_number".into(), item.erp_number.clone().into());
                fields.insert("actions".into(), item.actions.clone().into());
                fields.insert("dry_run".into(), item.dry_run.into());
                if let Some(plan) = &item.plan {
                    fields.insert("plan".into(), serde_json::to_value(plan).unwrap_or_default());
                }
                fields.insert("reason".into(), serde_json::to_value(&item.reason).unwrap_or_default());
                fields.insert("text".into(), words::reason(&item.reason).into());
                if needs_person {
                    fields.insert("hint".into(), words::hint_on(&item.channel, &item.reason).into());
                }
                self.json("order", fields.into());
            }
            Format::Human if item.changed || self.verbose => {
                let erp =
                    item.erp_number.as_ref().map(|number| say!(" as {number}" | " como {number}")).unwrap_or_default();
                let done = if item.dry_run && !item.actions.is_empty() {
                    let actions: Vec<&str> = item.actions.iter().map(|code| words::terms::action(code)).collect();
                    say!(" [would {}]" | " [faria: {}]", actions.join(", "))
                } else {
                    String::new()
                };
                let order = format!("{} {}", item.channel, item.order);
                self.line(&format!(
                    "{} {order}{erp}: {}{done}",
                    self.paint.mark(item.outcome, words::terms::outcome(item.outcome.word())),
                    words::reason(&item.reason)
                ));
                if needs_person && let Some(hint) = words::hint_on(&item.channel, &item.reason) {
                    self.hint(&hint);
                }
            }
            Format::Human => {}
        }
    }

    /// A warning.
    pub fn warning(&self, warning: &Warning) {
        let _reader = lang::for_the_reader();
        if self.quiet && warning.needs_nobody() {
            return;
        }
        match self.format {
            Format::Jsonl => {
                let mut fields = serde_json::to_value(warning).unwrap_or_default();
                if let Some(fields) = fields.as_object_mut() {
                    fields.insert("text".into(), words::warning(warning).into());
                }
                self.json("warning", fields);
            }
            Format::Human => {
                let mark = self.paint.mark(Tone::Trouble, word!("warning" | "atenção"));
                self.line(&format!("{mark} {}", words::warning(warning)));
            }
        }
    }

    /// How a pass ended.
    pub fn summary(&self, summary: &Summary<'_>) {
        let _reader = lang::for_the_reader();
        self.bar.set_length(0);
        self.bar.reset();
        self.tell_planned();
        match self.format {
            Format::Jsonl => {
                let mut fields = serde_json::Map::new();
                fields.insert("pass".into(), summary.pass.into());
                if let Some(channel) = summary.channel {
                    fields.insert("channel".into(), channel.as_str().into());
                }
                fields.insert("exit".into(), summary.exit.name().into());
                fields.insert("exit_code".into(), summary.exit.code().into());
                fields.insert("message".into(), summary.message.into());
                fields.insert("dry_run".into(), summary.dry_run.into());
                if let serde_json::Value::Object(counts) = summary.counts_json() {
                    fields.extend(counts);
                }
                self.json(if summary.part { "pass" } else { "summary" }, fields.into());
            }
            Format::Human if self.quiet && !self.must_tell(summary) => {}
            Format::Human if summary.part && summary.exit == Exit::Done && summary.tally.is_empty() => {}
            // The sum that follows says it, unless the part ended early and says why.
            Format::Human if summary.part && self.quiet && summary.exit == Exit::Held => {}
            Format::Human => self.line(&summary.text()),
        }
    }

    /// Whether a quiet run must tell how it ended: what was said before needs its context, and a bad end is told by itself.
    fn must_tell(&self, summary: &Summary<'_>) -> bool {
        let (of_pass, at_all) = self.said.get();
        let said = if summary.channel.is_some() { of_pass } else { at_all };
        said || !summary.echo && !matches!(summary.exit, Exit::Done | Exit::Held | Exit::Locked)
    }

    /// What to do about what was just told, unless this run has said so before.
    fn hint(&self, hint: &str) {
        let mut digest = DefaultHasher::new();
        hint.hash(&mut digest);
        if self.hinted.borrow_mut().insert(digest.finish()) {
            self.line(&say!("          what to do: {hint}" | "          o que fazer: {hint}"));
        }
    }

    /// The word at the beginning of a line, in the colour of how it stands.
    pub fn mark(&self, tone: impl Into<Tone>, word: &str) -> String {
        self.paint.mark(tone, word)
    }

    /// Why some of what was told could not be written, if so. Who reads no further, as `head`, has what they wanted.
    pub fn unwritten(&self) -> Option<&io::Error> {
        self.out.unwritten.get()
    }

    /// Clears the progress bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_two_passes_hold_is_one() {
        let held = |row: i64| {
            let mut tally = Tally::default();
            tally.order(Outcome::Held, row, Some(Cents::new(4_990)));
            tally.order(Outcome::Waiting, row, Some(Cents::new(4_990)));
            tally
        };
        let mut sum = Tally::default();
        [held(1), held(1), held(2)].iter().for_each(|tally| sum.add(tally));
        sum.product(Outcome::Held);
        assert_eq!((sum.of(Outcome::Held), sum.worth_held(), sum.of(Outcome::Waiting)), (3, Cents::new(9_980), 3));
    }
}
