//! `reconcile`: channel, ERP and state file side by side; one line for each difference, with the command that repairs it.

use serde_json::json;

use super::{
    Failure, accounts, back_office, front_office, heeding, look_into_store, runtime, select, unreadable_state,
};
use crate::channel::Window;
use crate::cli::ReconcileArgs;
use crate::clock::Clock;
use crate::config::{ChannelConfig, Config};
use crate::erp::Erp;
use crate::exit::Exit;
use crate::lang::say;
use crate::model::{ChannelName, Instant, OrderId, calendar};
use crate::passes::reconcile::{Compared, Difference, OfStock, Sides};
use crate::report::Reporter;
use crate::stop::Stop;
use crate::store::Store;
use crate::store::spool::Spool;
use crate::words::reconcile as words;

/// How far back without `--since`.
const DAYS: chrono::TimeDelta = chrono::TimeDelta::days(7);

/// Compares the orders of every channel asked for. Trouble with one does not keep the others from theirs.
pub fn run(args: &ReconcileArgs, config: &Config, reporter: &Reporter) -> Result<Exit, Failure> {
    let channels = select(config, &args.channel)?;
    let store = look_into_store(config)?;
    accounts::look_at_erp(&store, config)?;
    runtime()?.block_on(async {
        let clock = Clock::system();
        let stop = heeding(&clock, args.max_duration.map(|span| span.0))?;
        let mut erp = back_office::open(config, true, &clock, &stop)?;
        // What is held against each other is what both say now.
        erp.read_anew();
        let now = clock.now();
        let since = args.since.map_or(now - DAYS, calendar::start_of_day);
        if since > now {
            return Err(Failure::new(Exit::Usage, crate::words::daily::SINCE_AHEAD));
        }
        let desk = Desk { config, store: &store, erp: &erp, clock: &clock, stop: &stop, reporter };
        let (mut exit, mut orders, mut stock, mut differences) = (Exit::Done, 0, 0, 0);
        for channel in channels {
            // What differs may be more than memory holds, and whoever reads it may take long: it is told once nobody is asked any more.
            let found = Spool::new().map_err(|error| unreadable_state(&error))?;
            let keep = |compared: Compared| match compared {
                Compared::Order((order, erp_number, all)) => {
                    orders += 1;
                    differences += all.len();
                    all.iter().try_for_each(|one| {
                        found.keep("", &desk.said(&channel.name, &order, erp_number.as_deref(), one))
                    })
                }
                Compared::Stock(of_stock) => {
                    stock += 1;
                    differences += usize::from(of_stock.is_some());
                    of_stock.iter().try_for_each(|one| found.keep("", &desk.said_of_stock(&channel.name, one)))
                }
            };
            if let Err(failure) = desk.one(channel, (since, now), keep).await {
                log::error!("{}", say!("channel {}: {}" | "canal {}: {}", channel.name, failure.message()));
                exit = exit.worst(failure.exit);
            }
            found.each(|text| desk.show(text)).map_err(|error| unreadable_state(&error))?;
        }
        if differences > 0 {
            exit = exit.worst(Exit::Held);
        }
        if reporter.is_human() {
            reporter.news(&words::compared(orders, stock, differences));
        } else {
            reporter.counted(json!({ "orders": orders, "stock": stock, "differences": differences }));
        }
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
}

impl Desk<'_> {
    async fn one(
        &self,
        config: &ChannelConfig,
        (from, to): (Instant, Instant),
        tell: impl FnMut(Compared) -> rusqlite::Result<()>,
    ) -> Result<(), Failure> {
        accounts::look_at_channel(self.store, config)?;
        let channel = front_office::open(self.config, config, true, self.clock, self.stop)?;
        let sides = Sides { channel: &channel, config, erp: self.erp, store: self.store, stop: self.stop };
        sides
            .reconcile(Window::new(from, to), tell)
            .await
            .map_err(|error| Failure::new(error.exit(self.stop), error.to_string()))
    }

    /// A difference as it is kept until it is told: for eyes a line, else the fields of a record.
    fn said(&self, name: &ChannelName, order: &OrderId, erp_number: Option<&str>, one: &Difference) -> String {
        let (text, repair) = (words::difference(one), words::repair(one, name, order, erp_number));
        if self.reporter.is_human() {
            return say!("{name} {order}: {text}; repair: {repair}" | "{name} {order}: {text}; conserto: {repair}");
        }
        json!({ "channel": name, "order": order, "code": words::code(one), "erp_number": erp_number, "text": text,
            "repair": repair })
        .to_string()
    }

    fn said_of_stock(&self, name: &ChannelName, one: &OfStock) -> String {
        let sku = &one.row.sku;
        let (text, repair) = (words::stock(one), words::repair_stock(name, sku));
        if self.reporter.is_human() {
            return say!("{name} {sku}: {text}; repair: {repair}" | "{name} {sku}: {text}; conserto: {repair}");
        }
        json!({ "channel": name, "sku": sku, "warehouse": one.row.warehouse, "code": words::STOCK,
            "shown": one.shown, "told": one.row.pushed.map(|(units, _)| units), "want": one.row.want,
            "text": text, "repair": repair })
        .to_string()
    }

    fn show(&self, said: &str) {
        if self.reporter.is_human() {
            self.reporter.line(said);
        } else if let Ok(fields) = serde_json::from_str(said) {
            self.reporter.json("difference", fields);
        }
    }
}
