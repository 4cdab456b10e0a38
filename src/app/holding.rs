//! `holds add`, `skip`, `release`, `retry`: what a person says about orders.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::json;

use super::naming::Names;
use super::who::who;
use super::{Failure, asked_for, locks, unreadable_state, unwritable_state};
use crate::cli::HoldsCommand;
use crate::exit::Exit;
use crate::model::{ChannelName, Instant, OrderId};
use crate::report::{Reporter, Tone};
use crate::store::by_hand::Released;
use crate::store::facts::OrderFacts;
use crate::store::holds::Hold;
use crate::words::{daily, terms};

/// Where and for whom it is done.
pub struct Desk<'a> {
    /// The state file, and where numbers are looked up.
    pub names: Names<'a>,
    /// The state file's path, for the locks of the passes.
    pub state: &'a Path,
    /// Where the result goes.
    pub reporter: &'a Reporter,
    /// The present.
    pub now: Instant,
}

impl Desk<'_> {
    /// Does it for every order named. First all are found; one that cannot be found keeps all as they are.
    pub fn run(&self, command: &HoldsCommand) -> Result<Exit, Failure> {
        match command {
            HoldsCommand::Add { orders, because, .. } => self.hold(&self.find(&orders.orders)?, text(because)?),
            HoldsCommand::Skip { orders, because, .. } => self.skip(&self.find(&orders.orders)?, text(because)?),
            HoldsCommand::Release { orders, .. } => self.release(&self.find(&orders.orders)?),
            HoldsCommand::Retry { orders, reason, .. } => {
                let found = if orders.is_empty() { Vec::new() } else { self.find(orders)? };
                let mut rows: Vec<i64> = found.iter().map(|order| order.row.row).collect();
                if let Some(code) = reason {
                    rows.extend(self.held_for(code)?);
                }
                self.retry(&rows)
            }
        }
    }

    fn find(&self, numbers: &[String]) -> Result<Vec<OrderFacts>, Failure> {
        asked_for(numbers)?.iter().map(|number| self.names.the_order(number)).collect()
    }

    /// The rows of the orders: they may be more than memory holds.
    fn held_for(&self, code: &str) -> Result<Vec<i64>, Failure> {
        let mut rows = Vec::new();
        let find = |hold: Hold| {
            if self.names.channels.contains(&hold.channel) && hold.reason.code() == code {
                rows.extend(hold.order_row);
            }
            Ok(())
        };
        self.names.store.each_hold(find).map_err(|error| unreadable_state(&error))?;
        Ok(rows)
    }

    fn hold(&self, orders: &[OrderFacts], note: &str) -> Result<Exit, Failure> {
        let by = who();
        for order in orders {
            self.names
                .store
                .hold_by_hand(order.row.row, note, &by, self.now)
                .map_err(|error| unwritable_state(&error))?;
            self.tell(order, "held", &by, None);
        }
        Ok(Exit::Done)
    }

    fn skip(&self, orders: &[OrderFacts], why: &str) -> Result<Exit, Failure> {
        let by = who();
        // A run that is just deciding on one of them would write over it.
        let channels = orders.iter().map(|order| &order.row.channel).collect();
        let _locks = locks::of(self.state, &["import-orders", "auto-cancel"], &channels, self.now)?;
        let mut exit = Exit::Done;
        for order in orders {
            match self
                .names
                .store
                .skip_by_hand(order.row.row, why, &by, self.now)
                .map_err(|error| unwritable_state(&error))?
            {
                Ok(()) => self.tell(order, "skipped", &by, None),
                Err(problem) => {
                    exit = Exit::Held;
                    self.tell(order, "failed", &by, Some(&daily::not_skipped(&problem)));
                }
            }
        }
        Ok(exit)
    }

    fn release(&self, orders: &[OrderFacts]) -> Result<Exit, Failure> {
        let by = who();
        let mut exit = Exit::Done;
        for order in orders {
            match self
                .names
                .store
                .release_by_hand(order.row.row, &by, self.now)
                .map_err(|error| unwritable_state(&error))?
            {
                Released::Hold => self.tell(order, "released", &by, None),
                Released::Skip => self.tell(order, "released", &by, Some(daily::DECIDED_ANEW.get())),
                Released::Nothing => {
                    exit = Exit::Usage;
                    self.tell(order, "failed", &by, Some(daily::NOT_BY_HAND.get()));
                }
            }
        }
        Ok(exit)
    }

    fn retry(&self, rows: &[i64]) -> Result<Exit, Failure> {
        let by = who();
        let (mut exit, mut passes) = (Exit::Done, BTreeMap::<String, Tried>::new());
        for row in rows {
            let order = self.names.store.facts_if_there(*row).map_err(|error| unreadable_state(&error))?;
            let Some(order) = order else { continue };
            let of_order =
                self.names.store.retry_by_hand(*row, &by, self.now).map_err(|error| unwritable_state(&error))?;
            if of_order.is_empty() {
                exit = Exit::Usage;
                self.tell(&order, "failed", &by, Some(daily::NOT_HELD.get()));
                continue;
            }
            self.tell(&order, "retried", &by, Some(&daily::next_run_tries(&of_order)));
            for pass in of_order {
                passes.entry(pass).or_default().add(&order);
            }
        }
        if self.reporter.is_human() {
            for (pass, Tried { orders, first, channels }) in &passes {
                let only = first.as_ref().filter(|_| *orders == 1);
                self.reporter.news(&daily::at_once(pass, channels, only));
            }
        }
        Ok(exit)
    }

    fn tell(&self, order: &OrderFacts, done: &str, by: &str, remark: Option<&str>) {
        let row = &order.row;
        if !self.reporter.is_human() {
            let fields = json!({ "channel": row.channel, "order": row.id, "done": done, "by": by, "text": remark });
            return self.reporter.json("hold", fields);
        }
        let remark = remark.map(|remark| format!(": {remark}")).unwrap_or_default();
        let mark = self.reporter.mark(if done == "failed" { Tone::Bad } else { Tone::Good }, terms::by_hand(done));
        let line = format!("{mark} {} {}{remark}", row.channel, row.id);
        if done == "failed" { self.reporter.line(&line) } else { self.reporter.news(&line) }
    }
}

/// What a pass is to try again.
#[derive(Default)]
struct Tried {
    orders: usize,
    first: Option<OrderId>,
    channels: BTreeSet<ChannelName>,
}

impl Tried {
    fn add(&mut self, order: &OrderFacts) {
        self.orders += 1;
        self.first.get_or_insert_with(|| order.row.id.clone());
        self.channels.insert(order.row.channel.clone());
    }
}

fn text(because: &str) -> Result<&str, Failure> {
    match because.trim() {
        "" => Err(Failure::new(Exit::Usage, daily::SAYS_NOTHING)),
        text => Ok(text),
    }
}
