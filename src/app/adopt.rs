//! `adopt`: what both sides have of a range of orders is linked again in the state file.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Failure, accounts, back_office, front_office, heeding, locks, open_store, runtime, select};
use crate::channel::Window;
use crate::cli::AdoptArgs;
use crate::clock::Clock;
use crate::config::{ChannelConfig, Config, ErpConfig};
use crate::erp::Erp;
use crate::exit::Exit;
use crate::lang::{self, say};
use crate::model::{Instant, calendar};
use crate::passes::adopt::{self, Adopted};
use crate::passes::{Pass, Plan, Verb};
use crate::report::{Outcome, Reporter, Tally};
use crate::stop::Stop;
use crate::store::Store;
use crate::words::daily;
use crate::words::retold::retold;

/// Adopts the orders of every channel asked for. Trouble with one does not keep the others from theirs.
pub fn run(args: &AdoptArgs, config: &Config, reporter: &Reporter) -> Result<Exit, Failure> {
    let channels = select(config, &args.channel)?;
    let since = calendar::start_of_day(args.since);
    let last = |day: chrono::NaiveDate| {
        day.succ_opt().map(|next| calendar::start_of_day(next) - chrono::TimeDelta::milliseconds(1))
    };
    let until = args.until.and_then(last);
    if until.is_some_and(|until| since > until) {
        return Err(Failure::new(Exit::Usage, daily::SINCE_AFTER_UNTIL));
    }
    runtime()?.block_on(async {
        let clock = Clock::system();
        let stop = heeding(&clock, args.max_duration.map(|span| span.0))?;
        let store = open_store(config, args.dry_run)?;
        match args.moved {
            true => accounts::note_erp(&store, config, clock.now())?,
            false => accounts::keep_erp(&store, config, clock.now())?,
        }
        let erp = back_office::open(config, args.dry_run, &clock, &stop)?;
        let desk = Desk { config, store: &store, erp: &erp, clock: &clock, stop: &stop, reporter, args };
        let now = clock.now();
        let window = Window::new(since, until.unwrap_or(now).min(now));
        if window.from > window.to {
            return Err(Failure::new(Exit::Usage, daily::SINCE_AHEAD));
        }
        let mut exit = Exit::Done;
        for channel in channels {
            match desk.one(channel, window).await {
                Ok(ended) => exit = exit.worst(ended),
                Err(failure) => {
                    log::error!("{}", say!("channel {}: {}" | "canal {}: {}", channel.name, failure.message()));
                    desk.tell_why_not(channel, &failure);
                    exit = exit.worst(failure.exit);
                }
            }
        }
        if matches!(config.erp, ErpConfig::Eccosys { .. }) && !args.dry_run && reporter.is_human() {
            let done = config.erp.inboxes().iter().map(|inbox| inbox.join("done"));
            done.filter(|done| done.is_dir()).for_each(|done| reporter.news(&daily::put_back(&done)));
        }
        reporter.finish();
        Ok(exit)
    })
}

struct Desk<'a> {
    config: &'a Config,
    store: &'a Store,
    erp: &'a Erp,
    clock: &'a Clock,
    stop: &'a Stop,
    reporter: &'a Reporter,
    args: &'a AdoptArgs,
}

impl Desk<'_> {
    async fn one(&self, config: &ChannelConfig, window: Window) -> Result<Exit, Failure> {
        self.reporter.begin("adopt", &config.name);
        // A run that has an order in hand would decide on it beside this one.
        let _locks = match self.args.dry_run {
            true => Vec::new(),
            false => locks::of(&self.config.state, &Verb::NAMES, &BTreeSet::from([&config.name]), self.clock.now())?,
        };
        match self.args.moved {
            true => accounts::move_channel(self.store, self.config, config, self.clock.now())?,
            false => accounts::keep_channel(self.store, self.config, config, self.clock.now())?,
        }
        let channel = front_office::open(self.config, config, self.args.dry_run, self.clock, self.stop)?;
        let pass = Pass {
            verb: "adopt",
            channel: &channel,
            config,
            erp: self.erp,
            store: self.store,
            clock: self.clock,
            stop: self.stop,
            report: self.reporter,
            dry_run: self.args.dry_run,
            orders: &[],
            plan: Plan::default(),
            tally: Default::default(),
            halt: Default::default(),
            shortfall: Default::default(),
            handover: Default::default(),
        };
        let adopted = {
            let _record = lang::for_the_record();
            adopt::run(&pass, window).await
        };
        let tally = pass.tally.take();
        let (exit, message) = match pass.halt.take() {
            Some((exit, message)) => (exit, Some(message)),
            None if tally.needs_person() => (Exit::Held, None),
            None => (Exit::Done, None),
        };
        if let Some(message) = &message {
            let message = retold(message);
            log::error!("{}", say!("channel {}: {message}" | "canal {}: {message}", config.name));
        }
        self.tell(config, (window.from, window.to), &adopted, &tally, exit);
        Ok(exit)
    }

    /// The summary of a channel that could not begin.
    fn tell_why_not(&self, config: &ChannelConfig, failure: &Failure) {
        if !self.reporter.is_human() {
            self.reporter.json(
                "summary",
                json!({
                    "pass": "adopt",
                    "channel": config.name,
                    "dry_run": self.args.dry_run,
                    "exit": failure.exit.name(),
                    "exit_code": failure.exit.code(),
                    "message": failure.message(),
                }),
            );
        }
    }

    fn tell(
        &self,
        config: &ChannelConfig,
        (from, to): (Instant, Instant),
        adopted: &Adopted,
        tally: &Tally,
        exit: Exit,
    ) {
        if self.reporter.is_human() {
            return self.reporter.news(&daily::adopted(&config.name, (from, to), adopted, tally, self.args.dry_run));
        }
        self.reporter.json(
            "summary",
            json!({
                "pass": "adopt",
                "channel": config.name,
                "since": from.to_rfc3339(),
                "until": to.to_rfc3339(),
                "listed": adopted.listed,
                "linked": adopted.linked.get(),
                "known": adopted.known.get(),
                "left": adopted.left.get(),
                "skipped": tally.of(Outcome::Skipped),
                "cancelled": tally.of(Outcome::Cancelled),
                "held": tally.of(Outcome::Held),
                "failed": tally.of(Outcome::Failed),
                "invoices": adopted.invoices.get(),
                "parcels": adopted.parcels.get(),
                "dry_run": self.args.dry_run,
                "exit": exit.name(),
                "exit_code": exit.code(),
            }),
        );
    }
}
