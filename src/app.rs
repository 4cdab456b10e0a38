//! Where everything is put together: configuration, log, lock, state file, both sides, the verb, the summary, the exit code.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::ffi::OsString;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::TimeDelta;
use clap::FromArgMatches;

use crate::channel::Channel;
use crate::cli::{self, CancelArgs, Cli, Command, HoldsArgs, ImportArgs, PassArgs, StockArgs, SyncArgs, WhyArgs};
use crate::clock::Clock;
use crate::config::{ChannelConfig, Config, ErpConfig, Limits};
use crate::erp::ledger::Ledger;
use crate::erp::{Erp, ErpError};
use crate::exit::Exit;
use crate::http::Counts;
use crate::inbox::{self, InboxError};
use crate::lang::{self, Lang, say, word};
use crate::lock::{self, LockError};
use crate::logging;
use crate::model::{ChannelName, Instant, OrderId, Sku, calendar};
use crate::passes::intake::Backfill;
use crate::passes::{Pass, Plan, Trouble, Verb, push_stock};
use crate::plan::{Planned, Subject};
use crate::report::{Format, Paint, Reporter, Summary, Tally, Tone};
use crate::stop::{self, Stop};
use crate::store::budget::{Budget, Rate};
use crate::store::joint::Together;
use crate::store::{Store, sqlite};
use crate::words::help;
use crate::words::retold::retold;

use self::heartbeat::Hearts;
use self::naming::Names;

mod account;
mod accounts;
mod adopt;
mod apply;
mod back_office;
mod backup;
mod cancel_desk;
mod causes;
mod check;
mod explain;
mod front_office;
mod heartbeat;
mod holding;
mod init;
mod ledger_commands;
mod ledger_show;
mod ledger_stock;
mod letting_go;
mod lists;
mod locks;
mod manual;
mod metrics;
mod naming;
mod privacy;
mod reconcile;
mod report_page;
mod status;
mod support_bundle;
mod taken;
mod who;
mod why;
mod why_sku;
mod widths;

/// What ends a command before or beside its passes: the exit code, and a sentence for standard error.
pub(crate) struct Failure {
    exit: Exit,
    error: anyhow::Error,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, error: anyhow::Error::msg(message.into()) }
    }

    /// The sentence alone.
    fn message(&self) -> String {
        format!("{:#}", self.error).trim_end().to_owned()
    }
}

/// Runs the command line and gives the exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Exit {
    // Without it all is as it was, but for files that are too large.
    let _ = stop::let_writes_fail();
    let args: Vec<OsString> = args.into_iter().collect();
    let of_environment = || Lang::of_environment(|name| std::env::var(name).ok());
    lang::speak(cli::language_asked(&args).unwrap_or_else(of_environment));
    let parsed = help::command().try_get_matches_from(args).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let printed = print_usage(&error);
            return if error.use_stderr() || printed.is_err() { Exit::Usage } else { Exit::Done };
        }
    };
    if cli.output == Format::Jsonl {
        // A program reads it, which must not depend on where it runs.
        lang::speak(Lang::En);
    }
    let reporter = Reporter::new(cli.output, cli.quiet, cli.verbose > 0);
    let exit = match run(&cli, &reporter) {
        Ok(exit) => {
            reporter.end(exit, None);
            exit
        }
        Err(failure) => {
            let message = failure.message();
            tell_error(&message);
            reporter.end(failure.exit, Some(&message));
            failure.exit
        }
    };
    // What was done is done, and whoever rests on the result has not got all of it.
    let Some(error) = reporter.unwritten() else { return exit };
    tell_error(&say!(
        "standard output cannot be written, and lacks some of the result: {error}"
            | "a saída padrão não pode ser gravada, e falta nela parte do resultado: {error}"
    ));
    exit.worst(Exit::Failed)
}

/// Nobody may be listening; the exit code tells all the same.
fn tell_error(message: &str) {
    let error = Paint::of_stderr().word(Tone::Bad, word!("error:" | "erro:"));
    let _ = writeln!(std::io::stderr(), "{error} {message}");
}

/// Help, the version, or what is wrong with the command line.
fn print_usage(error: &clap::Error) -> std::io::Result<()> {
    if lang::lang() == Lang::En {
        return error.print();
    }
    let is_terminal =
        if error.use_stderr() { std::io::stderr().is_terminal() } else { std::io::stdout().is_terminal() };
    let is_plain = !is_terminal || std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
    let rendered = if is_plain { error.render().to_string() } else { error.render().ansi().to_string() };
    let told = help::in_portuguese(&rendered);
    if error.use_stderr() { write!(std::io::stderr(), "{told}") } else { write!(std::io::stdout(), "{told}") }
}

fn run(cli: &Cli, reporter: &Reporter) -> Result<Exit, Failure> {
    match &cli.command {
        Command::Completions { shell } => return manual::completions(*shell, reporter),
        Command::Man(args) => return manual::run(args, reporter),
        Command::Explain { code } => return explain::run(code.as_deref(), reporter),
        Command::Init(args) => return init::run(args, reporter),
        Command::Check(args) => {
            // What would be warned of is among what is found.
            logging::start(cli.verbose, cli.verbose == 0, reporter.bar());
            return check::run(args, &config_file(cli.config.as_deref()), cli.metrics_file.as_deref(), reporter);
        }
        _ => {}
    }
    logging::start(cli.verbose, cli.quiet, reporter.bar());
    let mut config = read_config(cli.config.as_deref())?;
    config.monitoring.metrics_file = cli.metrics_file.clone().or(config.monitoring.metrics_file);
    let config = config;
    match &cli.command {
        Command::ImportOrders(ImportArgs { pass, since, until }) => {
            let after = |date: chrono::NaiveDate| date.succ_opt().map(calendar::start_of_day);
            let range = Backfill {
                since: since.map(calendar::start_of_day),
                until: until.and_then(after).map(|next_day| next_day - TimeDelta::milliseconds(1)),
            };
            if range.since.zip(range.until).is_some_and(|(since, until)| since > until) {
                return Err(Failure::new(
                    Exit::Usage,
                    word!("--since is after --until" | "--since é depois de --until"),
                ));
            }
            let backfill = (range != Backfill::default()).then_some(range);
            passes(&[Verb::ImportOrders(backfill)], pass, &config, reporter)
        }
        Command::SyncPayments(pass) => passes(&[Verb::SyncPayments], pass, &config, reporter),
        Command::AutoCancel(CancelArgs { pass, confirm }) => {
            passes(&[Verb::AutoCancel { confirm: *confirm }], pass, &config, reporter)
        }
        Command::PushStock(StockArgs { channel, sku, full, confirm, dry_run, max_duration }) => {
            let skus: Vec<Sku> = asked_for(sku)?.into_iter().map(Sku::new).collect();
            if !sku.is_empty() && skus.is_empty() {
                return Ok(Exit::Done);
            }
            let args = PassArgs {
                channel: channel.clone(),
                order: Vec::new(),
                dry_run: *dry_run,
                max_duration: *max_duration,
            };
            let request =
                push_stock::Request { channels: &config.channels, full: *full, confirm: *confirm, skus: &skus };
            passes(&[Verb::PushStock(request)], &args, &config, reporter)
        }
        Command::Sync(SyncArgs { channel, dry_run, max_duration }) => {
            let args = PassArgs {
                channel: channel.clone(),
                order: Vec::new(),
                dry_run: *dry_run,
                max_duration: *max_duration,
            };
            let stock = push_stock::Request { channels: &config.channels, full: false, confirm: false, skus: &[] };
            // The safe order: what came in is known before anything is cancelled, and stock is told last.
            let verbs = [
                Verb::ImportOrders(None),
                Verb::SyncPayments,
                Verb::AutoCancel { confirm: false },
                Verb::PushInvoices,
                Verb::PushTracking,
                Verb::PushStock(stock),
            ];
            passes(&verbs, &args, &config, reporter)
        }
        Command::PushInvoices(pass) => passes(&[Verb::PushInvoices], pass, &config, reporter),
        Command::PushTracking(pass) => passes(&[Verb::PushTracking], pass, &config, reporter),
        Command::Status(args) => {
            let channels = select(&config, &args.channel)?;
            let (store, clock) = (look_into_store(&config)?, Clock::system());
            if cli.metrics_file.is_some() {
                runtime()?.block_on(leave_metrics(&config, &store, &clock, reporter));
            }
            status::run(args, &store, &names(&channels), reporter, clock.now())
        }
        Command::Report(args) => {
            let channels = names(&select(&config, &args.channel)?);
            report_page::run(args, &look_into_store(&config)?, &channels, reporter, Clock::system().now())
        }
        Command::Holds(HoldsArgs { list, command: None }) => {
            let channels = select(&config, &list.channel)?;
            lists::holds(list, &look_into_store(&config)?, &names(&channels), reporter, Clock::system().now())
        }
        Command::Holds(HoldsArgs { command: Some(command), .. }) => {
            let channels = names(&select(&config, command.channel().cloned().as_slice())?);
            let store = store_there(&config)?;
            let desk = holding::Desk {
                names: Names { store: &store, ledger: look_into_ledger(&config), channels: &channels },
                state: &config.state,
                reporter,
                now: Clock::system().now(),
            };
            desk.run(command)
        }
        Command::Why(WhyArgs { order, sku, channel }) => {
            let channels = names(&select(&config, channel)?);
            let store = look_into_store(&config)?;
            let names = Names { store: &store, ledger: look_into_ledger(&config), channels: &channels };
            let now = Clock::system().now();
            match (order, sku) {
                (Some(number), _) => why::run(&names, number, reporter, now),
                (None, Some(sku)) => why_sku::run(&names, &Sku::new(sku.trim()), &config.channels, reporter, now),
                (None, None) => Ok(Exit::Done),
            }
        }
        Command::SupportBundle(args) => support_bundle::run(args, &config, reporter),
        Command::Forget(args) => {
            let channels = names(&select(&config, args.channel.as_slice())?);
            let store = store_there(&config)?;
            let names = Names { store: &store, ledger: look_into_ledger(&config), channels: &channels };
            letting_go::forget(args, &names, &config.state, reporter, Clock::system().now())
        }
        Command::Backup { folder } => backup::run(folder, &config, reporter),
        Command::Purge(args) => {
            let store = if args.dry_run { look_into_store(&config)? } else { store_there(&config)? };
            letting_go::purge(args, &store, reporter, Clock::system().now())
        }
        Command::Apply(args) => apply::run(args, &config, reporter),
        Command::Account(args) => account::run(args, &config, reporter),
        Command::Cancel(command) => cancel_desk::run(command, &config, reporter),
        Command::Privacy(command) => privacy::run(command, &config, reporter),
        Command::Reconcile(args) => reconcile::run(args, &config, reporter),
        Command::Adopt(args) => adopt::run(args, &config, reporter),
        Command::Orders(args) => {
            let channels = select(&config, &args.channel)?;
            lists::orders(args, &look_into_store(&config)?, names(&channels), reporter)
        }
        Command::Ledger(command) => {
            let ErpConfig::Ledger { file, rules, .. } = &config.erp else {
                let message = word!(
                    "the ERP of this configuration is Eccosys, which keeps orders, invoices and stock itself; \
                     `vaivem ledger` is for the embedded one"
                        | "o ERP desta configuração é o Eccosys, que guarda ele mesmo pedidos, notas e estoque; \
                           `vaivem ledger` é para o ERP embutido"
                );
                return Err(Failure::new(Exit::Usage, message));
            };
            // One that is gone is not made anew by what somebody brings in: its orders are missing, and nothing would tell any more.
            if !file.exists() && config.state.exists() {
                accounts::look_at_erp(&look_into_store(&config)?, &config)?;
            }
            ledger_commands::run(command, file, rules, reporter, Clock::system().now())
        }
        Command::Completions { .. }
        | Command::Man(_)
        | Command::Init(_)
        | Command::Check(_)
        | Command::Explain { .. } => Ok(Exit::Done),
    }
}

fn read_config(named: Option<&Path>) -> Result<Config, Failure> {
    Config::read(&config_file(named)).map_err(|error| Failure::new(Exit::Config, error.to_string()))
}

/// The configuration named, else the one here, else the user's.
fn config_file(named: Option<&Path>) -> PathBuf {
    let here = PathBuf::from("vaivem.toml");
    let users = || {
        let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".config"));
        let folder = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).or(home)?;
        Some(folder.join("vaivem").join("vaivem.toml")).filter(|file| file.exists())
    };
    match named {
        Some(file) => file.to_owned(),
        None if here.exists() => here,
        None => users().unwrap_or(here),
    }
}

/// The channels named, or all of them.
fn select<'a>(config: &'a Config, named: &[String]) -> Result<Vec<&'a ChannelConfig>, Failure> {
    let known = || config.channels.iter().map(|channel| channel.name.as_str()).collect::<Vec<_>>().join(", ");
    if named.is_empty() {
        return Ok(config.channels.iter().collect());
    }
    let wanted: BTreeSet<&String> = named.iter().collect();
    wanted
        .into_iter()
        .map(|name| {
            config.channels.iter().find(|channel| channel.name.as_str() == name).ok_or_else(|| {
                let file = config.file.display();
                Failure::new(
                    Exit::Usage,
                    say!(
                        "there is no channel `{name}` in {file}; there are: {}"
                            | "não há canal `{name}` em {file}; há: {}",
                        known()
                    ),
                )
            })
        })
        .collect()
}

fn names(channels: &[&ChannelConfig]) -> BTreeSet<ChannelName> {
    channels.iter().map(|channel| channel.name.clone()).collect()
}

/// The state file for lists: it is not made by looking.
fn look_into_store(config: &Config) -> Result<Store, Failure> {
    Store::open_read_only(&config.state).map_err(|error| Failure::new(Exit::Failed, error.to_string()))
}

/// The embedded ERP for lists, if it is the ERP and can be read.
fn look_into_ledger(config: &Config) -> Option<Ledger> {
    match &config.erp {
        ErpConfig::Ledger { file, .. } => Ledger::open_read_only(file).ok(),
        ErpConfig::Eccosys { .. } => None,
    }
}

/// The state file for what a person changes in it: that makes none either.
fn store_there(config: &Config) -> Result<Store, Failure> {
    if config.state.exists() { open_store(config, false) } else { look_into_store(config) }
}

/// The state file was opened, and then could not be read.
fn unreadable_state(error: &rusqlite::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        say!("the state file cannot be read: {}" | "o arquivo de estado não pode ser lido: {}", sqlite::said(error)),
    )
}

/// What a person said could not be noted.
fn unwritable_state(error: &rusqlite::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        say!(
            "the state file cannot be written: {}" | "o arquivo de estado não pode ser gravado: {}",
            sqlite::said(error)
        ),
    )
}

fn open_store(config: &Config, dry_run: bool) -> Result<Store, Failure> {
    let opened = if dry_run { Store::scratch(&config.state) } else { Store::open(&config.state) };
    opened.map_err(|error| Failure::new(Exit::Failed, error.to_string()))
}

/// Makes each pass for each channel, as asked for on the command line.
fn passes(verbs: &[Verb<'_>], args: &PassArgs, config: &Config, reporter: &Reporter) -> Result<Exit, Failure> {
    let channels = select(config, &args.channel)?;
    let orders: Vec<OrderId> = asked_for(&args.order)?.into_iter().map(OrderId::new).collect();
    if !args.order.is_empty() && channels.len() > 1 {
        let message = word!(
            "--order needs --channel NAME when several channels are configured"
                | "--order exige --channel NOME quando há vários canais configurados"
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    if !args.order.is_empty() && orders.is_empty() {
        return Ok(Exit::Done);
    }
    let of_all = |verb| channels.iter().map(move |channel| (verb, *channel));
    let tasks: Vec<Task<'_>> = verbs
        .iter()
        .flat_map(of_all)
        .map(|(verb, channel)| Task { verb: *verb, channel, orders: &orders, plan: None })
        .collect();
    let how = How {
        dry_run: args.dry_run,
        max_duration: args.max_duration.map(|span| span.0),
        takes_files: true,
        // Nobody waits for what a person does in between.
        is_regular: !args.dry_run && orders.is_empty() && !verbs.iter().any(Verb::is_narrowed),
        // Who names an order knows of something that just happened to it; who wants all told trusts nothing that was.
        reads_anew: !orders.is_empty() || verbs.iter().any(Verb::is_from_scratch),
        sum: (verbs.len() > 1).then_some("sync"),
    };
    carry_out(&tasks, &how, config, reporter)
}

/// A pass to make.
struct Task<'a> {
    verb: Verb<'a>,
    channel: &'a ChannelConfig,
    /// The orders it is narrowed to; empty for whatever is due.
    orders: &'a [OrderId],
    /// The plan it is narrowed to.
    plan: Option<&'a BTreeMap<Subject, Planned>>,
}

impl Task<'_> {
    /// Whether it is about some orders or products alone.
    fn is_narrowed(&self) -> bool {
        !self.orders.is_empty() || self.plan.is_some() || self.verb.is_narrowed()
    }
}

/// How passes are made.
struct How {
    dry_run: bool,
    max_duration: Option<Duration>,
    /// Whether what lies in the inboxes is taken first.
    takes_files: bool,
    /// Whether somebody waits for them, so that heartbeats are sent.
    is_regular: bool,
    /// Whether the ERP is read anew, though earlier runs were told enough.
    reads_anew: bool,
    /// What their sum is called, if one is told.
    sum: Option<&'static str>,
}

/// Makes passes one after the other, those of one verb side by side in the list.
fn carry_out(tasks: &[Task<'_>], how: &How, config: &Config, reporter: &Reporter) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let clock = Clock::system();
        let stop = heeding(&clock, how.max_duration)?;
        let commands = tasks.iter().map(|task| task.verb.name()).chain(how.sum);
        let mut hearts = Hearts::of(&config.monitoring.heartbeat, commands.filter(|_| how.is_regular));
        let round = Round { tasks, how, config, clock: &clock, stop: &stop };
        let ended = round.make(&mut hearts, reporter).await;
        if let Err(failure) = &ended {
            // What ends a command before its passes ends all of them.
            for task in tasks {
                hearts.ended(task.verb.name(), &task.channel.name, failure.exit);
            }
        }
        hearts.finish().await;
        ended
    });
    // A name that is still being looked up for a heartbeat keeps nobody waiting.
    runtime.shutdown_background();
    ended
}

/// All passes of one command.
struct Round<'a> {
    tasks: &'a [Task<'a>],
    how: &'a How,
    config: &'a Config,
    clock: &'a Clock,
    stop: &'a Stop,
}

impl Round<'_> {
    async fn make(&self, hearts: &mut Hearts, reporter: &Reporter) -> Result<Exit, Failure> {
        let store = open_store(self.config, self.how.dry_run)?;
        let ended = self.passes(&store, hearts, reporter).await;
        if !self.how.dry_run {
            leave_metrics(self.config, &store, self.clock, reporter).await;
        }
        ended
    }

    /// Trouble with one channel does not keep the others from theirs; a channel that is down, or whose keys are wrong, has no further
    /// passes in this run.
    async fn passes(&self, store: &Store, hearts: &mut Hearts, reporter: &Reporter) -> Result<Exit, Failure> {
        let Self { tasks, how, config, clock, stop } = *self;
        accounts::keep_erp(store, config, clock.now())?;
        let mut erp = back_office::open(config, how.dry_run, clock, stop)?;
        let together = together(store, &erp);
        if how.reads_anew {
            erp.read_anew();
        }
        let begun = std::time::Instant::now();
        let (mut exit, mut message) = (Exit::Done, None);
        if let Some(seq) = erp.stands_at().map_err(|error| unusable_erp(config, &error))? {
            store.erp_stands_at(seq).map_err(|error| unwritable_state(&error))?;
        }
        if how.takes_files {
            (exit, message) = drain_inboxes((config, store), &erp, how.dry_run, clock, reporter)?;
            if !how.dry_run {
                exit = exit.worst(write_deliveries(config, &erp, clock, reporter).await?);
            }
        }
        let before = exit;
        let (mut tally, mut counts, mut erp_counts) = (Tally::default(), Counts::default(), Counts::default());
        let mut given_up: BTreeMap<&ChannelName, Exit> = BTreeMap::new();
        // Opened by the first of a channel's passes; the others go on with its connections.
        let mut offices: BTreeMap<&ChannelName, Channel> = BTreeMap::new();
        for of_verb in tasks.chunk_by(|one, next| one.verb.name() == next.verb.name()) {
            let mut ahead = BTreeMap::new();
            let is_on = |task: &&Task<'_>| !given_up.contains_key(&task.channel.name);
            // One alone does it in its pass.
            for task in of_verb.iter().filter(is_on).filter(|_| of_verb.len() > 1) {
                let one = Run { task, how, config, store, erp: &erp, together: &together, clock, stop };
                ahead.insert(&task.channel.name, one.ahead(&mut offices).await);
            }
            for task in of_verb {
                let (verb, channel) = (task.verb.name(), &task.channel.name);
                if let Some(exit) = given_up.get(channel) {
                    hearts.ended(verb, channel, *exit);
                    continue;
                }
                let one = Run { task, how, config, store, erp: &erp, together: &together, clock, stop };
                let ahead = ahead.remove(channel).unwrap_or_default();
                let ended = one.run(&mut offices, ahead, hearts, reporter).await;
                let told = if ended.exit == Exit::Locked { Exit::Locked } else { ended.exit.worst(before) };
                hearts.ended(verb, channel, told);
                if exit.worst(ended.exit) != exit {
                    exit = ended.exit;
                    message = ended.message.map(|why| format!("{verb} {channel}: {}", retold(&why)));
                }
                tally.add(&ended.tally);
                counts.add(ended.counts.0);
                erp_counts.add(ended.counts.1);
                if ended.early && !matches!(ended.exit, Exit::Guard | Exit::Locked) {
                    given_up.insert(channel, ended.exit);
                }
            }
            of_verb.iter().take(1).for_each(|task| hearts.over(task.verb.name()));
        }
        if let Some(pass) = how.sum {
            let summary = Summary {
                pass,
                channel: None,
                part: false,
                tally: &tally,
                counts,
                erp_counts,
                elapsed: begun.elapsed(),
                exit,
                message: message.as_deref(),
                dry_run: how.dry_run,
                // Told when one of its parts was.
                echo: true,
            };
            reporter.summary(&summary);
        }
        reporter.finish();
        Ok(exit)
    }
}

/// Leaves the metrics where the configuration or the command line says. That they cannot be left is no trouble of the passes'; a quiet
/// run says so once a day.
async fn leave_metrics(config: &Config, store: &Store, clock: &Clock, reporter: &Reporter) {
    let Some(file) = &config.monitoring.metrics_file else { return };
    if let Err(error) = metrics::write(file, config, store, clock).await {
        // Noted in the state file, so that it is the same whoever reads it.
        let text = lang::within(Lang::En, || error.to_string());
        if !reporter.is_quiet() || !matches!(store.remind(&text, clock.now()), Ok(false)) {
            log::error!("{}", retold(&text));
        }
    }
}

/// When the oldest of the channels' last import-orders began that came to its end: what was placed before has been decided on.
fn imported_at(config: &Config, store: &Store, now: Instant) -> rusqlite::Result<Option<Instant>> {
    let mut oldest = Some(now);
    for channel in &config.channels {
        let last = store.last_complete_run("import-orders", &channel.name, now)?.map(|run| run.started_at);
        oldest = oldest.zip(last).map(|(oldest, last)| oldest.min(last));
    }
    Ok(oldest)
}

/// Takes what lies in the inboxes; where one cannot be used, with a sentence that says so. While another run is at it, this one goes
/// on with what the ERP has.
fn drain_inboxes(
    (config, store): (&Config, &Store),
    erp: &Erp,
    dry_run: bool,
    clock: &Clock,
    reporter: &Reporter,
) -> Result<(Exit, Option<String>), Failure> {
    let (inboxes, rules) = (config.erp.inboxes(), config.erp.rules());
    if inboxes.is_empty() {
        return Ok((Exit::Done, None));
    }
    let _lock = if dry_run {
        None
    } else {
        match lock::take(&config.state, "inbox", &ChannelName::new("erp"), clock.now()) {
            Ok(lock) => Some(lock),
            Err(LockError::Held { .. }) => return Ok((Exit::Done, None)),
            Err(error) => return Err(Failure::new(Exit::Failed, error.to_string())),
        }
    };
    let imported_at = imported_at(config, store, clock.now()).map_err(|error| unreadable_state(&error))?;
    let mut exit = Exit::Done;
    let mut unusable = Vec::new();
    for folder in inboxes {
        let drained = inbox::drain(folder, erp, rules, dry_run, (imported_at, clock.now()));
        let drained = match drained {
            Ok(drained) => drained,
            // Orders go on coming in while somebody mounts the folder again.
            Err(error @ InboxError::Folder { .. }) => {
                log::error!("{error}");
                unusable.push(error.to_string());
                exit = exit.worst(Exit::Config);
                continue;
            }
            Err(InboxError::Ledger(error)) => return Err(unusable_erp(config, &error)),
        };
        for file in drained {
            let path = file.file.strip_prefix(".").unwrap_or(&file.file).display().to_string();
            match &file.result {
                Err(problem) if file.waits => taken::report_waiting(reporter, &path, problem),
                result => exit = exit.worst(taken::report(reporter, &path, result)),
            }
            if let Some(error) = &file.stuck {
                let stuck = say!(
                    "{path} cannot be moved to done/ or rejected/ and lies in the inbox still: {error}; give vaivem \
                     the right to write there"
                        | "{path} não pode ser movido para done/ ou rejected/ e continua na pasta de entrada: {error}; \
                           dê ao vaivem o direito de gravar ali"
                );
                log::error!("{stuck}");
                unusable.push(stuck);
                exit = exit.worst(Exit::Config);
            }
        }
    }
    Ok((exit, unusable.into_iter().next()))
}

/// How a pass ended.
struct Ended {
    exit: Exit,
    /// Why it did not come to a good end.
    message: Option<String>,
    /// It did not come to its end. One that did and only lacks something, such as a list that fails, does not keep the channel
    /// from its further passes: they rest on orders known already.
    early: bool,
    tally: Tally,
    /// To the channel, and to the ERP.
    counts: (Counts, Counts),
}

/// One verb for one channel.
struct Run<'a> {
    task: &'a Task<'a>,
    how: &'a How,
    config: &'a Config,
    store: &'a Store,
    erp: &'a Erp,
    together: &'a Together,
    clock: &'a Clock,
    stop: &'a Stop,
}

impl<'a> Run<'a> {
    /// What has to be done before the verb's first pass, on whatever channel: what was bought anywhere is known before a channel is
    /// told what it may sell. Gives the calls made. The passes tell of what goes wrong here and still does when it is their turn.
    async fn ahead(&self, offices: &mut BTreeMap<&'a ChannelName, Channel>) -> Counts {
        let Verb::PushStock(_) = self.task.verb else { return Counts::default() };
        if !matches!(self.store.never_read(&self.task.channel.name), Ok(unread) if !unread.is_empty()) {
            return Counts::default();
        }
        let Ok(channel) = self.office(offices) else { return Counts::default() };
        let before = channel.counts();
        let _ = push_stock::unread::read(channel, self.store, self.clock, self.stop).await;
        channel.counts().since(before)
    }

    /// Makes the pass. The calls that were made `ahead` count as its own.
    async fn run(
        &self,
        offices: &mut BTreeMap<&'a ChannelName, Channel>,
        ahead: Counts,
        hearts: &Hearts,
        reporter: &Reporter,
    ) -> Ended {
        // What goes wrong is noted, and some of what is said is sent.
        let _record = lang::for_the_record();
        let begun = std::time::Instant::now();
        let name = &self.task.channel.name;
        reporter.begin(self.task.verb.name(), name);
        // A dry run changes nothing, so it needs no lock and leaves no trace.
        let _lock = if self.how.dry_run {
            None
        } else {
            match lock::take(&self.config.state, self.task.verb.name(), name, self.clock.now()) {
                Ok(lock) => Some(lock),
                Err(error) => {
                    let exit = if matches!(error, LockError::Held { .. }) { Exit::Locked } else { Exit::Failed };
                    return self.summarize(reporter, Tally::default(), None, begun, (exit, Some(error.to_string())));
                }
            }
        };
        hearts.begun(self.task.verb.name(), name);
        let begin = if self.task.is_narrowed() { Store::begin_narrowed_run } else { Store::begin_run };
        let run = match begin(self.store, self.task.verb.name(), name, self.clock.now()) {
            Ok(run) => run,
            Err(error) => {
                let file = self.store.path().display();
                let message = say!(
                    "the state file {file} cannot be written: {}"
                        | "o arquivo de estado {file} não pode ser gravado: {}",
                    sqlite::said(&error)
                );
                return self.summarize(reporter, Tally::default(), None, begun, (Exit::Failed, Some(message)));
            }
        };
        let channel = match self.office(offices) {
            Ok(channel) => channel,
            Err(failure) => {
                let end = (failure.exit, Some(failure.message()));
                return self.summarize(reporter, Tally::default(), Some((run, Default::default())), begun, end);
            }
        };
        let pass = Pass {
            verb: self.task.verb.name(),
            channel,
            config: self.task.channel,
            erp: self.erp,
            store: self.store,
            clock: self.clock,
            stop: self.stop,
            report: reporter,
            dry_run: self.how.dry_run,
            orders: self.task.orders,
            plan: Plan::given(self.task.plan),
            tally: RefCell::default(),
            halt: RefCell::default(),
            shortfall: RefCell::default(),
            handover: OnceCell::default(),
        };
        let (calls, erp_calls) = (channel.counts(), self.erp.counts());
        // Whoever reads what is told may take long, as a pager does: not while others wait for the files.
        reporter.hold_back();
        // What was undone is not told: the next run does it again, and tells it then.
        let tell = |is_kept| if is_kept { reporter.let_out() } else { reporter.drop_held_back() };
        let ((), committed) = self.together.run(self.task.verb.run(&pass), tell).await;
        reporter.hold_back_no_more();
        if let Err(error) = committed {
            pass.end(Exit::Failed, Trouble::State(error).to_string());
        }
        let mut counts = (channel.counts().since(calls), self.erp.counts().since(erp_calls));
        counts.0.add(ahead);
        let tally = pass.tally.take();
        let (halt, shortfall) = (pass.halt.take(), pass.shortfall.take());
        let early = halt.is_some();
        let worse =
            |one: (Exit, String), other: (Exit, String)| if one.0.worst(other.0) == one.0 { one } else { other };
        let (exit, message) = match halt.into_iter().chain(shortfall).reduce(worse) {
            Some((exit, message)) => (exit, Some(message)),
            None if tally.needs_person() => (Exit::Held, None),
            None => (Exit::Done, None),
        };
        Ended { early, ..self.summarize(reporter, tally, Some((run, counts)), begun, (exit, message)) }
    }

    /// The channel, opened now or by an earlier pass.
    fn office<'o>(&self, offices: &'o mut BTreeMap<&'a ChannelName, Channel>) -> Result<&'o Channel, Failure> {
        let channel = self.task.channel;
        accounts::keep_channel(self.store, self.config, channel, self.clock.now())?;
        Ok(match offices.entry(&channel.name) {
            Entry::Occupied(office) => {
                office.get().begin_pass();
                office.into_mut()
            }
            Entry::Vacant(place) => place.insert(front_office::open_beside(
                self.together,
                self.config,
                channel,
                self.how.dry_run,
                self.clock,
                self.stop,
            )?),
        })
    }

    fn summarize(
        &self,
        reporter: &Reporter,
        tally: Tally,
        run: Option<(i64, (Counts, Counts))>,
        begun: std::time::Instant,
        (exit, message): (Exit, Option<String>),
    ) -> Ended {
        let counts = run.map(|(_, counts)| counts).unwrap_or_default();
        let unnoted: String;
        let is_due =
            || self.store.remind_of_end(self.task.verb.name(), &self.task.channel.name, exit.name(), self.clock.now());
        let mut summary = Summary {
            pass: self.task.verb.name(),
            channel: Some(&self.task.channel.name),
            part: self.how.sum.is_some(),
            tally: &tally,
            counts: counts.0,
            erp_counts: counts.1,
            elapsed: begun.elapsed(),
            exit,
            message: message.as_deref(),
            dry_run: self.how.dry_run,
            echo: reporter.is_quiet() && matches!(is_due(), Ok(false)),
        };
        let mut noted = summary.counts_json();
        if let (Some(noted), Some(message)) = (noted.as_object_mut(), &message) {
            noted.insert("message".into(), message.as_str().into());
        }
        let (added, now) = (summary.added(), self.clock.now());
        let counted = match run {
            Some((run, _)) => self.store.end_run(run, exit.name(), &noted.to_string(), &added, now),
            None if exit == Exit::Locked => {
                self.store.add_to_totals(self.task.verb.name(), &self.task.channel.name, &added)
            }
            None => Ok(()),
        };
        if let Err(error) = counted {
            let _reader = lang::for_the_reader();
            unnoted = say!(
                "how the run ended cannot be noted in the state file: {error}"
                    | "não foi possível anotar no arquivo de estado como a execução terminou: {error}"
            );
            log::error!("{unnoted}");
            // What else goes wrong is told by an exit code, so is this: the next run may be unable to write at all. One that did nothing,
            // since another was at it, has only not been counted.
            if exit != Exit::Locked {
                summary.exit = exit.worst(Exit::Failed);
                summary.message = summary.message.or(Some(&unnoted));
            }
        }
        reporter.summary(&summary);
        let (exit, message) = (summary.exit, summary.message.map(str::to_owned));
        Ended { exit, message, early: true, tally, counts }
    }
}

/// The files that the orders of a pass are committed to together. Eccosys keeps what it was told in the state file by itself, and is
/// slow enough for a commit each.
fn together(store: &Store, erp: &Erp) -> Together {
    match erp {
        Erp::Ledger(ledger) => Together::of([ledger.file(), store.file()]),
        Erp::Eccosys(_) => Together::default(),
    }
}

/// Writes what carriers told into the back office. While another run is at it, this one goes on.
async fn write_deliveries(config: &Config, erp: &Erp, clock: &Clock, reporter: &Reporter) -> Result<Exit, Failure> {
    let Erp::Eccosys(eccosys) = erp else { return Ok(Exit::Done) };
    match lock::take(&config.state, "deliveries", &ChannelName::new("erp"), clock.now()) {
        Ok(_lock) => {
            let _record = lang::for_the_record();
            back_office::write_deliveries(eccosys, reporter).await.map_err(|error| unusable_erp(config, &error))
        }
        Err(LockError::Held { .. }) => Ok(Exit::Done),
        Err(error) => Err(Failure::new(Exit::Failed, error.to_string())),
    }
}

/// What the ERP, or what is known of it, is kept in cannot be used.
fn unusable_erp(config: &Config, error: &ErpError) -> Failure {
    let file = match &config.erp {
        ErpConfig::Ledger { file, .. } => file,
        ErpConfig::Eccosys { .. } => &config.state,
    };
    Failure::new(Exit::Failed, format!("{}: {error}", file.display()))
}

/// What waits for the network: one thread, on which calls overlap.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(
            Exit::Failed,
            say!("the runtime cannot be started: {error}" | "o ambiente de execução não pode ser iniciado: {error}"),
        )
    })
}

/// What ends a run early: its time is up, or somebody says so.
fn heeding(clock: &Clock, time: Option<Duration>) -> Result<Stop, Failure> {
    let stop = Stop::new(clock.clone(), time);
    stop.install_signals().map_err(|error| {
        Failure::new(
            Exit::Failed,
            say!("signals cannot be handled: {error}" | "os sinais não podem ser tratados: {error}"),
        )
    })?;
    Ok(stop)
}

/// The pace towards a host, shared through the state file. A VTEX account has its own host and is limited as a whole, so the address
/// is the key.
fn budget(
    config: &Config,
    base_url: &str,
    limits: &Limits,
    dry_run: bool,
    clock: &Clock,
    together: &Together,
) -> Result<Budget, Failure> {
    let rate = (limits.requests_per_minute > 0).then(|| Rate::per_minute(limits.requests_per_minute));
    if dry_run && !config.state.exists() {
        return Ok(Budget::alone(rate, clock.clone()));
    }
    match Budget::open(&config.state, base_url, rate, clock.clone()) {
        // What only looks says elsewhere what is wrong with the file.
        Err(_) if dry_run => return Ok(Budget::alone(rate, clock.clone())),
        opened => opened,
    }
    .map(|budget| budget.beside(together.clone()))
    .map_err(|error| {
        let (file, said) = (config.state.display(), sqlite::said(&error));
        Failure::new(
            Exit::Failed,
            say!(
                "the shared budget in the state file {file} cannot be used: {said}"
                    | "o orçamento compartilhado no arquivo de estado {file} não pode ser usado: {said}"
            ),
        )
    })
}

/// What `--order` or `--sku` names, the lines of standard input included; each once.
fn asked_for(named: &[String]) -> Result<Vec<String>, Failure> {
    let mut asked = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |text: &str| {
        let text = text.trim();
        if !text.is_empty() && seen.insert(text.to_owned()) {
            asked.push(text.to_owned());
        }
    };
    for name in named {
        if name.trim().is_empty() {
            let message = word!(
                "an empty number was given; is the variable that should hold it set?"
                    | "foi dado um número vazio; a variável que deveria contê-lo está definida?"
            );
            return Err(Failure::new(Exit::Usage, message));
        }
        if name == "-" {
            for line in std::io::stdin().lock().lines() {
                add(&line.map_err(|error| {
                    Failure::new(
                        Exit::Usage,
                        say!("standard input cannot be read: {error}" | "a entrada padrão não pode ser lida: {error}"),
                    )
                })?);
            }
        } else {
            add(name);
        }
    }
    Ok(asked)
}

/// Prints a document, which is all that standard output has then.
fn print_bytes(bytes: &[u8], reporter: &Reporter) -> Result<Exit, Failure> {
    reporter.has_no_summary();
    let mut out = std::io::stdout();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Failed, error.to_string()))
        }
        _ => Ok(Exit::Done),
    }
}
