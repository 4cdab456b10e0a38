//! `account`: the channel's own list against the fates in the state file.

use serde_json::json;

use super::{Failure, accounts, front_office, heeding, look_into_store, runtime, select, unreadable_state};
use crate::channel::Window;
use crate::cli::AccountArgs;
use crate::clock::Clock;
use crate::config::{ChannelConfig, Config};
use crate::exit::Exit;
use crate::lang::say;
use crate::model::{Instant, calendar};
use crate::passes::account::{self, Account};
use crate::report::Reporter;
use crate::stop::Stop;
use crate::store::Store;
use crate::store::cursors::LIST;
use crate::store::orders::Fate;
use crate::words::daily;

/// Accounts for the orders of every channel asked for. Trouble with one does not keep the others from theirs.
pub fn run(args: &AccountArgs, config: &Config, reporter: &Reporter) -> Result<Exit, Failure> {
    let channels = select(config, &args.channel)?;
    let store = look_into_store(config)?;
    let since = calendar::start_of_day(args.since);
    let last = |day: chrono::NaiveDate| {
        day.succ_opt().map(|next| calendar::start_of_day(next) - chrono::TimeDelta::milliseconds(1))
    };
    let until = args.until.and_then(last).unwrap_or(Instant::MAX_UTC);
    if since > until {
        return Err(Failure::new(Exit::Usage, daily::SINCE_AFTER_UNTIL));
    }
    runtime()?.block_on(async {
        let clock = Clock::system();
        let stop = heeding(&clock, args.max_duration.map(|span| span.0))?;
        let desk = Desk { config, store: &store, clock: &clock, stop: &stop, reporter };
        let (mut exit, mut listed, mut unaccounted) = (Exit::Done, 0, 0);
        for channel in channels {
            match desk.one(channel, (since, until)).await {
                Ok((its, without_fate)) => {
                    listed += its;
                    unaccounted += without_fate;
                }
                Err(failure) => {
                    log::error!("{}", say!("channel {}: {}" | "canal {}: {}", channel.name, failure.message()));
                    exit = exit.worst(failure.exit);
                }
            }
        }
        if unaccounted > 0 {
            exit = exit.worst(Exit::Held);
        }
        if !reporter.is_human() {
            reporter.counted(json!({ "listed": listed, "unaccounted": unaccounted }));
        } else if unaccounted > 0 {
            reporter.line(&daily::accounted(listed, unaccounted));
        } else if exit == Exit::Done {
            reporter.news(&daily::accounted(listed, 0));
        }
        Ok(exit)
    })
}

struct Desk<'a> {
    config: &'a Config,
    store: &'a Store,
    clock: &'a Clock,
    stop: &'a Stop,
    reporter: &'a Reporter,
}

impl Desk<'_> {
    /// Gives how many orders the channel's list has, and how many of them have no fate.
    async fn one(&self, config: &ChannelConfig, range: (Instant, Instant)) -> Result<(usize, usize), Failure> {
        let Some(swept) = self.store.cursor(&config.name, LIST).map_err(|error| unreadable_state(&error))? else {
            return Err(Failure::new(Exit::Failed, daily::NEVER_SWEPT));
        };
        let Some(window) = account::part(range, config.since, swept) else {
            return Err(Failure::new(Exit::Usage, daily::outside(config.since, swept)));
        };
        accounts::look_at_channel(self.store, config)?;
        let channel = front_office::open(self.config, config, false, self.clock, self.stop)?;
        let account = account::account(&channel, self.store, window, config.limits.in_flight, self.stop)
            .await
            .map_err(|error| Failure::new(error.exit(self.stop), error.to_string()))?;
        match self.reporter.is_human() {
            true => self.show(config, window, &account),
            false => self.show_json(config, window, &account),
        }
        .map_err(|error| unreadable_state(&error))?;
        Ok((account.listed, account.unaccounted))
    }

    fn show(&self, config: &ChannelConfig, window: Window, account: &Account) -> rusqlite::Result<()> {
        self.reporter.news(&daily::account_of(&config.name, window.from, window.to, account.listed));
        for (fate, (orders, worth)) in &account.fates {
            self.reporter.news(&format!("  {:<11} {orders:>7}  {worth:>16}", crate::words::terms::fate(fate.code())));
        }
        account.each_unaccounted(|one| {
            self.reporter.line(&format!("  {}", daily::unaccounted(&config.name, &one.order, &one.state, one.seen)));
        })?;
        if account.not_listed > 0 {
            let mut named = Vec::new();
            account.each_not_listed(|order| {
                if named.len() < daily::NAMED {
                    named.push(order);
                }
            })?;
            self.reporter.news(&format!("  {}", daily::not_listed(account.not_listed, &named)));
        }
        Ok(())
    }

    fn show_json(&self, config: &ChannelConfig, window: Window, account: &Account) -> rusqlite::Result<()> {
        for (fate, (orders, worth)) in &account.fates {
            let fields =
                json!({ "channel": config.name, "fate": Fate::code(*fate), "orders": orders, "cents": worth.get() });
            self.reporter.json("fate", fields);
        }
        account.each_unaccounted(|one| {
            let fields = json!({ "channel": config.name, "order": one.order, "state": one.state, "seen": one.seen });
            self.reporter.json("unaccounted", fields);
        })?;
        account.each_not_listed(|order| {
            self.reporter.json("not_listed", json!({ "channel": config.name, "order": order }));
        })?;
        self.reporter.json(
            "account",
            json!({
                "channel": config.name,
                "since": window.from.to_rfc3339(),
                "until": window.to.to_rfc3339(),
                "listed": account.listed,
                "unaccounted": account.unaccounted,
                "not_listed": account.not_listed,
            }),
        );
        Ok(())
    }
}
