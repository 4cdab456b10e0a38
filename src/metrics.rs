//! What monitoring is told, in Prometheus' text format: pure, from facts of the state file to text.
//!
//! Every configured channel and every pass is told of, whichever ran, so that a series does not come and go. A label takes few values:
//! channels, passes and codes, never an order, a product or a message; so nothing of a customer can get in.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::exit::Exit;
use crate::model::{Cents, ChannelName, Instant};
use crate::report::{CHANNEL, ERP, Outcome};
use crate::store::orders::Fate;
use crate::store::runs::{RunRow, Standing};
use crate::store::totals::{Total, Totals};
use crate::words::metrics as words;

/// Whether a number only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It goes up and down.
    Gauge,
    /// It only grows.
    Counter,
}

/// Samples of one name.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Their name.
    pub name: &'static str,
    /// Whether it only grows.
    pub kind: Kind,
    /// What it is, in a line.
    pub help: &'static str,
}

/// All there is to tell.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Of each configured channel.
    pub channels: Vec<ChannelFacts>,
    /// Of an ERP that is asked over the network.
    pub erp: Option<ErpFacts>,
}

/// What there is to tell of a channel.
#[derive(Clone, Debug)]
pub struct ChannelFacts {
    /// Its name.
    pub channel: ChannelName,
    /// Each pass, in the safe order.
    pub passes: Vec<PassFacts>,
    /// How many orders have each fate, by code.
    pub fates: BTreeMap<String, i64>,
    /// What waits for somebody.
    pub standing: Standing,
    /// The open holds by the code of their cause: how many, and what they are worth.
    pub causes: Vec<(String, i64, Cents)>,
    /// Orders created up to then were listed.
    pub listed_up_to: Option<Instant>,
    /// When the last sync-payments began that followed every order.
    pub payments_followed_at: Option<Instant>,
    /// Stock numbers that the channel has not confirmed.
    pub stock_unconfirmed: i64,
}

/// What there is to tell of a pass of a channel.
#[derive(Clone, Debug)]
pub struct PassFacts {
    /// The pass.
    pub pass: &'static str,
    /// When the last run began, however it went.
    pub begun_at: Option<Instant>,
    /// The last run that ended.
    pub ended: Option<RunRow>,
    /// When the last run began that came to its end.
    pub complete_at: Option<Instant>,
    /// What all runs did together.
    pub totals: Totals,
}

/// What there is to tell of an ERP that is asked over the network.
#[derive(Clone, Debug, Default)]
pub struct ErpFacts {
    /// As of when its orders are known.
    pub orders_compared_at: Option<Instant>,
    /// As of when its stock is known.
    pub stock_compared_at: Option<Instant>,
}

/// A sample's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Whole(i64),
    /// So many milliseconds, told as seconds.
    Seconds(i64),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<Cents> for Value {
    fn from(amount: Cents) -> Self {
        Self::Whole(amount.get())
    }
}

impl From<Instant> for Value {
    fn from(at: Instant) -> Self {
        Self::Seconds(at.timestamp_millis())
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(number) => write!(f, "{number}"),
            Self::Seconds(millis) => {
                let sign = if *millis < 0 { "-" } else { "" };
                write!(f, "{sign}{}.{:03}", millis.unsigned_abs() / 1_000, millis.unsigned_abs() % 1_000)
            }
        }
    }
}

/// The text, with these labels on every sample.
pub fn text(snapshot: &Snapshot, labels: &BTreeMap<String, String>) -> String {
    let mut page = Page { labels, text: String::new() };
    page.family(&words::BUILD, [(vec![("version", env!("CARGO_PKG_VERSION"))], Value::Whole(1))]);
    page.runs(snapshot);
    page.totals(snapshot);
    page.channels(snapshot);
    if let Some(erp) = &snapshot.erp {
        page.family(&words::ERP_ORDERS_COMPARED, erp.orders_compared_at.map(|at| (vec![], at.into())));
        page.family(&words::ERP_STOCK_COMPARED, erp.stock_compared_at.map(|at| (vec![], at.into())));
    }
    page.text
}

type Labels<'a> = Vec<(&'static str, &'a str)>;

/// The text so far.
struct Page<'a> {
    labels: &'a BTreeMap<String, String>,
    text: String,
}

impl Page<'_> {
    /// One family, if it has a sample.
    fn family<'b>(&mut self, family: &Family, samples: impl IntoIterator<Item = (Labels<'b>, Value)>) {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return;
        }
        let Family { name, kind, help } = family;
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
        };
        // A string takes any text.
        let _ = writeln!(self.text, "# HELP {name} {}\n# TYPE {name} {kind}", help.replace('\\', "\\\\"));
        for (labels, value) in samples {
            let all = self.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(labels);
            let all: Vec<String> = all.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
            let labels = if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(",")) };
            let _ = writeln!(self.text, "{name}{labels} {value}");
        }
    }

    /// One sample for each pass of each channel that has one.
    fn of_passes<V: Into<Value>>(
        &mut self,
        family: &Family,
        snapshot: &Snapshot,
        value: impl Fn(&PassFacts) -> Option<V>,
    ) {
        let samples = snapshot.passes().filter_map(|(channel, pass)| {
            Some((vec![("channel", channel.channel.as_str()), ("pass", pass.pass)], value(pass)?.into()))
        });
        self.family(family, samples);
    }

    /// One sample for each part of a total, for each pass of each channel.
    fn of_parts(
        &mut self,
        family: &Family,
        snapshot: &Snapshot,
        (label, total): (&'static str, Total),
        parts: &[&'static str],
    ) {
        let samples = snapshot.passes().flat_map(|(channel, pass)| {
            parts.iter().map(move |part| {
                let labels = vec![("channel", channel.channel.as_str()), ("pass", pass.pass), (label, *part)];
                (labels, pass.totals.of(total, part).into())
            })
        });
        self.family(family, samples);
    }

    /// One sample for each channel that has one.
    fn of_channels<V: Into<Value>>(
        &mut self,
        family: &Family,
        snapshot: &Snapshot,
        value: impl Fn(&ChannelFacts) -> Option<V>,
    ) {
        let channels = snapshot.channels.iter();
        self.family(
            family,
            channels.filter_map(|channel| Some((vec![("channel", channel.channel.as_str())], value(channel)?.into()))),
        );
    }

    fn runs(&mut self, snapshot: &Snapshot) {
        let lasted = |run: &RunRow| run.ended_at.map(|ended| (ended - run.started_at).num_milliseconds().max(0));
        let code = |run: &RunRow| Some(i64::from(Exit::named(run.exit.as_deref()?)?.code()));
        self.of_passes(&words::LAST_BEGIN, snapshot, |pass| pass.begun_at);
        self.of_passes(&words::LAST_END, snapshot, |pass| pass.ended.as_ref()?.ended_at);
        self.of_passes(&words::LAST_EXIT, snapshot, |pass| code(pass.ended.as_ref()?));
        self.of_passes(&words::LAST_DURATION, snapshot, |pass| Some(Value::Seconds(lasted(pass.ended.as_ref()?)?)));
        self.of_passes(&words::LAST_COMPLETE, snapshot, |pass| pass.complete_at);
    }

    fn totals(&mut self, snapshot: &Snapshot) {
        // A wrong command line is no run.
        let exits: Vec<&str> = Exit::all().filter(|exit| *exit != Exit::Usage).map(Exit::name).collect();
        let outcomes = Outcome::ALL.map(|(_, word)| word);
        let sides: &[&str] = if snapshot.erp.is_some() { &[CHANNEL, ERP] } else { &[CHANNEL] };
        self.of_parts(&words::RUNS, snapshot, ("exit", Total::Runs), &exits);
        self.of_passes(&words::RUN_SECONDS, snapshot, |pass| Some(Value::Seconds(pass.totals.of(Total::Millis, ""))));
        self.of_parts(&words::ITEMS, snapshot, ("outcome", Total::Items), &outcomes);
        self.of_channels(&words::ORDERS_NEW, snapshot, |channel| {
            Some(channel.passes.iter().map(|pass| pass.totals.of(Total::New, "")).sum::<i64>())
        });
        self.of_parts(&words::CALLS, snapshot, ("side", Total::Calls), sides);
        self.of_parts(&words::RETRIES, snapshot, ("side", Total::Retries), sides);
        self.of_parts(&words::LIMITED, snapshot, ("side", Total::Limited), sides);
        self.of_parts(&words::ERRORS, snapshot, ("side", Total::Failed), sides);
        self.of_parts(&words::BYTES, snapshot, ("side", Total::Bytes), sides);
    }

    fn channels(&mut self, snapshot: &Snapshot) {
        let fates: Vec<&str> = Fate::ALL.iter().map(|(_, code)| *code).chain([Fate::UNDECIDED]).collect();
        let by_fate = snapshot.channels.iter().flat_map(|channel| {
            fates.iter().map(|fate| {
                let orders = channel.fates.get(*fate).copied().unwrap_or(0);
                (vec![("channel", channel.channel.as_str()), ("fate", *fate)], orders.into())
            })
        });
        self.family(&words::ORDERS, by_fate);
        self.of_channels(&words::LISTED_UP_TO, snapshot, |channel| channel.listed_up_to);
        self.of_channels(&words::PAYMENTS_FOLLOWED, snapshot, |channel| channel.payments_followed_at);
        self.of_channels(&words::HELD_ORDERS, snapshot, |channel| Some(channel.standing.held_orders));
        self.of_channels(&words::HELD_PRODUCTS, snapshot, |channel| Some(channel.standing.held_skus));
        self.of_channels(&words::HELD_CENTS, snapshot, |channel| Some(channel.standing.held));
        self.of_channels(&words::HELD_SINCE, snapshot, |channel| channel.standing.held_since);
        self.of_channels(&words::HELD_PROMISED, snapshot, |channel| channel.standing.promised_at);
        let causes = |value: fn(&(String, i64, Cents)) -> Value| {
            snapshot.channels.iter().flat_map(move |channel| {
                channel.causes.iter().map(move |cause| {
                    (vec![("channel", channel.channel.as_str()), ("cause", cause.0.as_str())], value(cause))
                })
            })
        };
        self.family(&words::HOLDS, causes(|(_, holds, _)| (*holds).into()));
        self.family(&words::HOLDS_CENTS, causes(|(.., worth)| (*worth).into()));
        self.of_channels(&words::WAITING_CENTS, snapshot, |channel| Some(channel.standing.waiting_worth));
        self.of_channels(&words::UNSETTLED, snapshot, |channel| Some(channel.standing.unsettled));
        self.of_channels(&words::STOCK_UNCONFIRMED, snapshot, |channel| Some(channel.stock_unconfirmed));
    }
}

impl Snapshot {
    fn passes(&self) -> impl Iterator<Item = (&ChannelFacts, &PassFacts)> {
        self.channels.iter().flat_map(|channel| channel.passes.iter().map(move |pass| (channel, pass)))
    }
}

/// A label's value as it may stand between quotation marks.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(channel: &str) -> ChannelFacts {
        let pass = |pass| PassFacts { pass, begun_at: None, ended: None, complete_at: None, totals: Totals::default() };
        ChannelFacts {
            channel: ChannelName::new(channel),
            passes: crate::passes::Verb::NAMES.map(pass).into(),
            fates: BTreeMap::new(),
            standing: Standing::default(),
            causes: Vec::new(),
            listed_up_to: None,
            payments_followed_at: None,
            stock_unconfirmed: 0,
        }
    }

    fn at(millis: i64) -> Instant {
        Instant::from_timestamp_millis(millis).unwrap()
    }

    #[test]
    fn numbers_are_exact() {
        assert_eq!(Value::from(at(1_790_000_000_042)).to_string(), "1790000000.042");
        assert_eq!(
            [Value::Seconds(999), Value::Seconds(0), Value::Seconds(-1_500)].map(|v| v.to_string()),
            ["0.999", "0.000", "-1.500"]
        );
        assert_eq!(Value::from(Cents::new(-5)).to_string(), "-5");
    }

    #[test]
    fn every_channel_and_pass_is_told_of_before_its_first_run() {
        let snapshot = Snapshot { channels: vec![facts("hub"), facts("loja")], erp: None };
        let text = text(&snapshot, &BTreeMap::new());
        for line in [
            "vaivem_orders{channel=\"hub\",fate=\"undecided\"} 0",
            "vaivem_runs_total{channel=\"loja\",pass=\"push-stock\",exit=\"unavailable\"} 0",
            "vaivem_calls_total{channel=\"loja\",pass=\"auto-cancel\",side=\"channel\"} 0",
            "vaivem_held_cents{channel=\"loja\"} 0",
            "# TYPE vaivem_run_seconds_total counter",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} is not in:\n{text}");
        }
        assert!(
            !text.contains("vaivem_last_run_begin") && !text.contains("exit=\"usage\"") && !text.contains("\"erp\"")
        );
    }

    #[test]
    fn what_a_run_did_is_told_in_seconds_codes_and_cents() {
        let mut loja = facts("loja");
        let ended = RunRow {
            started_at: at(1_790_000_000_000),
            ended_at: Some(at(1_790_000_001_234)),
            exit: Some("unavailable".into()),
            pid: 1,
            counts: serde_json::Value::Null,
            narrowed: false,
        };
        loja.passes[5] =
            PassFacts { begun_at: Some(at(1_790_000_060_000)), ended: Some(ended), ..loja.passes[5].clone() };
        loja.causes = vec![("a\"b\\c\nd".into(), 2, Cents::new(9_980))];
        let labels = BTreeMap::from([("store".to_owned(), "azul".to_owned())]);
        let text = text(&Snapshot { channels: vec![loja], erp: Some(ErpFacts::default()) }, &labels);
        for line in [
            "vaivem_last_run_begin_timestamp_seconds{store=\"azul\",channel=\"loja\",pass=\"push-stock\"} 1790000060.000",
            "vaivem_last_run_end_timestamp_seconds{store=\"azul\",channel=\"loja\",pass=\"push-stock\"} 1790000001.234",
            "vaivem_last_run_exit_code{store=\"azul\",channel=\"loja\",pass=\"push-stock\"} 5",
            "vaivem_last_run_duration_seconds{store=\"azul\",channel=\"loja\",pass=\"push-stock\"} 1.234",
            "vaivem_holds_cents{store=\"azul\",channel=\"loja\",cause=\"a\\\"b\\\\c\\nd\"} 9980",
            "vaivem_calls_total{store=\"azul\",channel=\"loja\",pass=\"push-stock\",side=\"erp\"} 0",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} is not in:\n{text}");
        }
    }
}
