//! `apply`: carries out what a dry run planned, and nothing else.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};

use super::{Failure, How, Task, carry_out, open_store, select};
use crate::cli::ApplyArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::lang::say;
use crate::model::{OrderId, Sku};
use crate::passes::{Verb, push_stock};
use crate::plan::{self, Given, Subject};
use crate::report::Reporter;

/// Reads the plan to its end before anything is done; one that is not whole is not begun.
pub fn run(args: &ApplyArgs, config: &Config, reporter: &Reporter) -> Result<Exit, Failure> {
    let mark = open_store(config, false)?.mark();
    let given = read(args, &mark)?;
    let mut work: Vec<Work<'_>> = given.iter().map(Work::of).collect();
    // In the order of a sync, whatever order the plan's lines are in.
    work.sort_by_key(|one| Verb::NAMES.iter().position(|name| *name == one.pass));
    let tasks: Vec<Task<'_>> = work.iter().map(|one| one.task(args, config)).collect::<Result<_, _>>()?;
    let how = How {
        dry_run: false,
        max_duration: args.max_duration.map(|span| span.0),
        takes_files: false,
        is_regular: false,
        reads_anew: true,
        sum: Some("apply"),
    };
    carry_out(&tasks, &how, config, reporter)
}

fn read(args: &ApplyArgs, mark: &str) -> Result<Given, Failure> {
    let shown = args.plan.display();
    let from = |text: &mut dyn BufRead| {
        plan::read(text, mark).map_err(|error| {
            let message = say!(
                "{error}; nothing was done. Such as: vaivem --output jsonl sync --dry-run > plan.jsonl"
                    | "{error}; nada foi feito. Por exemplo: vaivem --output jsonl sync --dry-run > plan.jsonl"
            );
            Failure::new(Exit::Usage, message)
        })
    };
    if args.plan.as_os_str() == "-" {
        return from(&mut std::io::stdin().lock());
    }
    let file = File::open(&args.plan).map_err(|error| {
        let message = say!("the plan {shown} cannot be read: {error}" | "o plano {shown} não pode ser lido: {error}");
        Failure::new(Exit::Usage, message)
    })?;
    from(&mut BufReader::new(file))
}

/// What a plan has for one pass of one channel.
struct Work<'a> {
    pass: &'a str,
    channel: &'a str,
    plan: &'a BTreeMap<Subject, plan::Planned>,
    orders: Vec<OrderId>,
    skus: Vec<Sku>,
}

impl<'a> Work<'a> {
    fn of(
        ((pass, channel), plan): (&'a (String, crate::model::ChannelName), &'a BTreeMap<Subject, plan::Planned>),
    ) -> Self {
        let (mut orders, mut skus) = (Vec::new(), Vec::new());
        for subject in plan.keys() {
            match subject {
                Subject::Order(id) => orders.push(id.clone()),
                // Of one product, the warehouses stand side by side.
                Subject::Stock(sku, _) if skus.last() != Some(sku) => skus.push(sku.clone()),
                Subject::Stock(..) => {}
            }
        }
        Self { pass, channel: channel.as_str(), plan, orders, skus }
    }

    /// The pass to make; an error for one that there is not.
    fn task<'t>(&'t self, args: &ApplyArgs, config: &'t Config) -> Result<Task<'t>, Failure> {
        let channel = select(config, &[self.channel.to_owned()])?;
        let stock =
            push_stock::Request { channels: &config.channels, full: false, confirm: args.confirm, skus: &self.skus };
        let verb = match self.pass {
            "import-orders" => Verb::ImportOrders(None),
            "sync-payments" => Verb::SyncPayments,
            "auto-cancel" => Verb::AutoCancel { confirm: args.confirm },
            "push-invoices" => Verb::PushInvoices,
            "push-tracking" => Verb::PushTracking,
            "push-stock" => Verb::PushStock(stock),
            other => {
                let message = say!(
                    "the plan has work for a pass `{other}`, and there is none; nothing was done"
                        | "o plano tem trabalho para uma rotina `{other}`, que não existe; nada foi feito"
                );
                return Err(Failure::new(Exit::Usage, message));
            }
        };
        let is_odd =
            self.orders.is_empty() == self.skus.is_empty() || (self.pass == "push-stock") == self.skus.is_empty();
        match channel.first() {
            Some(channel) if !is_odd => Ok(Task { verb, channel, orders: &self.orders, plan: Some(self.plan) }),
            _ => {
                let message = say!(
                    "the plan mixes orders and products in {}; nothing was done: make it again"
                        | "o plano mistura pedidos e produtos em {}; nada foi feito: refaça-o",
                    self.pass
                );
                Err(Failure::new(Exit::Usage, message))
            }
        }
    }
}
