//! The command line: flags and help, no logic.

use std::ffi::OsString;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand};

use crate::config::Span;
use crate::lang::{Lang, word};
use crate::passes::Verb;
use crate::report::Format;
use crate::words::explain::reason_code;

/// Keeps an ERP and the sales platforms of a store in step.
///
/// Each command makes one pass and exits; cron does the rest. Exit codes: 0 done, 1 failed, 2 wrong command line, 3
/// some items held or failed, 4 wrong configuration or credentials, 5 the other side is down or limiting us, 6 a guard
/// stopped the pass, 10 time budget used up, 11 another run is active, 130 interrupted, 143 terminated. `vaivem explain
/// CODE` says what to do about one. Lengths of time are written 30s, 10m, 1h or 7d, days YYYY-MM-DD.
#[derive(Debug, Parser)]
#[command(name = "vaivem", version, max_term_width = 100)]
pub struct Cli {
    /// The configuration; without it, vaivem.toml here, then $XDG_CONFIG_HOME/vaivem/vaivem.toml
    #[arg(long, global = true, help_heading = "Global options", value_name = "FILE", env = "VAIVEM_CONFIG")]
    pub config: Option<PathBuf>,

    /// Print only what needs a person; nothing when all is well
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub quiet: bool,

    /// Print more: once also what did not change, twice also one line per call
    #[arg(short, long, global = true, help_heading = "Global options", action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// The form of standard output
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        value_enum,
        default_value = "human",
        env = "VAIVEM_OUTPUT"
    )]
    pub output: Format,

    /// Where each run of a pass leaves its metrics for Prometheus, in place of the configuration's metrics_file
    ///
    /// The text file that node_exporter's textfile collector reads: its name ends in .prom, and it is replaced as a whole. `status`
    /// leaves it, too, where this names it. Dry runs leave none.
    #[arg(long, global = true, help_heading = "Global options", value_name = "FILE", env = "VAIVEM_METRICS_FILE")]
    pub metrics_file: Option<PathBuf>,

    /// The language of what people read: en or pt-BR; without it VAIVEM_LANG says, or the locale. JSON is the same in both
    #[arg(long, global = true, help_heading = "Global options", value_name = "LANG", value_parser = language)]
    pub lang: Option<Lang>,

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

fn language(tag: &str) -> Result<Lang, String> {
    Lang::named(tag).ok_or_else(|| word!("there are en and pt-BR" | "há en e pt-BR").to_owned())
}

/// The language that a command line asks for, before anything else of it is understood: help and errors are in it, too.
pub fn language_asked(args: &[OsString]) -> Option<Lang> {
    let mut args = args.iter().filter_map(|arg| arg.to_str()).take_while(|arg| *arg != "--");
    let mut asked = None;
    while let Some(arg) = args.next() {
        if arg == "--lang" {
            asked = args.next().and_then(Lang::named).or(asked);
        } else if let Some(tag) = arg.strip_prefix("--lang=") {
            asked = Lang::named(tag).or(asked);
        }
    }
    asked
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring new orders into the ERP
    ///
    /// Reads the channel's feed and list, stores what it hears, then decides on each order that is not in the ERP yet:
    /// imported, waiting, held with a reason, skipped by policy, or cancelled. Held orders are tried again on every
    /// run. On VTEX an imported order is taken over: its handling starts. Exit code 3 while an order is held:
    /// `vaivem holds` says what to do.
    #[command(
        after_help = "Examples:\n  vaivem import-orders --dry-run\n  vaivem import-orders --channel loja --order 1172452900788-01\n  vaivem import-orders --since 2026-11-10 --until 2026-11-12"
    )]
    ImportOrders(ImportArgs),

    /// Tell the ERP which orders were paid, put under review, or cancelled
    ///
    /// Reads every order in the ERP whose payment is still open on both sides, whatever the feed said, and moves the
    /// ERP's order forward. Orders imported unpaid are taken over on the channel once they are paid and ready. Nothing
    /// is ever moved back: a cancellation against an invoice, or money for a cancelled order, is held for a person
    /// (exit code 3).
    #[command(
        after_help = "Examples:\n  vaivem sync-payments\n  vaivem sync-payments --channel loja --order 1172452900788-01 --dry-run"
    )]
    SyncPayments(PassArgs),

    /// Cancel orders that nobody paid by their deadline, and on the channel what was cancelled in the ERP
    ///
    /// Off until the configuration switches it on ([channels.NAME.auto_cancel]); until then it says what it would
    /// cancel. Both sides are read right before each cancellation, and anything but a clear "unpaid" on both leaves the
    /// order alone; that moment between reading and cancelling cannot be closed from here, so cancelled orders are
    /// watched for a late payment for 30 days.
    ///
    /// An order is announced by one run and cancelled by a later one; `vaivem holds add` keeps it from that. The whole
    /// run cancels nothing and ends with exit code 6 when it would cancel too many (the brake), when payments were not
    /// synchronised lately, or when this machine's clock is off.
    #[command(after_help = "Examples:\n  vaivem auto-cancel --dry-run\n  vaivem auto-cancel --confirm")]
    AutoCancel(CancelArgs),

    /// Send the ERP's invoices to the channels
    ///
    /// Looks at the orders the ERP changed since the last run and those still waiting. Each invoice is checked first
    /// (authorised, a sale, of one of our companies, for this order's customer), what the channel requires must be
    /// there, and the values must add up to the order's. One that may still be on its way is never sent again. One that
    /// must not be sent holds its order: exit code 3.
    #[command(
        after_help = "Examples:\n  vaivem push-invoices\n  vaivem push-invoices --channel loja --order 1172452900788-01"
    )]
    PushInvoices(PassArgs),

    /// Send tracking codes and deliveries to the channels
    ///
    /// Looks at the orders the ERP changed since the last run and those still waiting, and sends what the channel does
    /// not show yet. Refused and returned parcels are held for a person and never told as delivered. A parcel waits
    /// until its invoice is on the channel.
    #[command(
        after_help = "Examples:\n  vaivem push-tracking\n  vaivem push-tracking --channel loja --order 1172452900788-01 --dry-run"
    )]
    PushTracking(PassArgs),

    /// Tell the channels how much of each product they may sell
    ///
    /// Sends only what changed since the channel last confirmed it: physical − reserved − what is sold and not in the
    /// ERP yet − a buffer, plus what the channel subtracts itself. Refuses, with exit code 6, to empty a large part of
    /// the catalogue.
    ///
    /// Which warehouse, buffers, shares and what is left out: [channels.NAME.stock].
    #[command(
        after_help = "Examples:\n  vaivem push-stock --dry-run\n  vaivem push-stock --sku CAMISETA-P\n  vaivem push-stock --full"
    )]
    PushStock(StockArgs),

    /// All passes in the safe order, as one command
    ///
    /// import-orders, sync-payments, auto-cancel, push-invoices, push-tracking, push-stock. A channel that is down has
    /// no further passes in this run; the others go on. One summary tells what all of them did. The exit code is that
    /// of the worst. What a brake or guard stopped (exit code 6) is looked at and then run by itself, with --confirm
    /// where the message names it.
    #[command(after_help = "Examples:\n  vaivem sync --dry-run\n  vaivem -q sync --max-duration 9m")]
    Sync(SyncArgs),

    /// Carry out what a dry run planned, and nothing else
    ///
    /// A dry run with --output jsonl is a plan: each order or product it would do something about has the exact actions, and the facts
    /// they rest on. This reads both sides again and carries out just these actions; what has changed since is left alone and named:
    /// exit code 3. Lines may be taken out of a plan or put together from several; what else a dry run prints is passed over. It holds
    /// no personal data: what might be is a digest under this store's key, so a plan is for the state file it was made with.
    ///
    /// What two passes would do about one order is seldom all in one plan: the second looks at what the first leaves behind.
    #[command(
        after_help = "Examples:\n  vaivem --output jsonl sync --dry-run > plan.jsonl; vaivem apply plan.jsonl\n  vaivem --output jsonl import-orders --dry-run | jq -c 'select(.order == \"1172452900788-01\")' | vaivem apply -"
    )]
    Apply(ApplyArgs),

    /// Tell how each pass of each channel goes, and what is held
    ///
    /// Per pass: the last run, how it ended, when one last came to its end, and what it did. Per channel: how far the order list
    /// was read, what is held and the money it holds up, and what waits.
    ///
    /// With --max-age it is a probe for monitoring: one line, exit code 0 when every pass came to its end within that time, 3 when
    /// one did not. Expected are import-orders and every pass that ever ran for a channel, or the passes named with --pass. The age
    /// is that of the beginning of the last complete run. Reads the state file only, and takes milliseconds.
    #[command(
        after_help = "Examples:\n  vaivem status\n  vaivem status --max-age 30m\n  vaivem -q status --max-age 2h --pass push-stock || mail -s 'stock is late' ops@example.com"
    )]
    Status(StatusArgs),

    /// Write one page that shows how the shop is: orders, money held and why, lag, what the passes did, the oldest troubles
    ///
    /// The page is one file: no script, nothing from elsewhere, fit for a folder that a web server shows, for a phone and for paper.
    /// It names orders and products, and no customer. It is written whole or not at all, and readable by everybody, so that the web
    /// server can. Only an earlier page is replaced, no other file. Reads the state file only, also while passes run.
    #[command(
        after_help = "Examples:\n  vaivem report --html /var/www/vaivem/index.html --every 10m\n  vaivem report --html - --days 30 > november.html"
    )]
    Report(ReportArgs),

    /// Tell where an order is and why: its story, what is in its way, who must act
    ///
    /// ORDER is any number a person has: the channel's, the short one the channel shows, the marketplace's, the ERP's, an invoice's
    /// number or access key, a tracking code. Tells what was heard, decided, sent and answered, in time, and what is in its way now
    /// with what to do, who must do it, and the command that tries it at once.
    ///
    /// With --sku it tells of a product's stock: what each channel was told and when, from which balance of the ERP, what the number
    /// is made of, and whose orders claim units.
    #[command(
        after_help = "Examples:\n  vaivem why 1172452900788-01\n  vaivem why 35261012345678000195550010000010011482139770\n  vaivem why --sku CAMISETA-P"
    )]
    Why(WhyArgs),

    /// Write one order's support bundle: all that is known of it, masked, to read through and send to somebody
    ///
    /// One JSON file with the versions, the configuration, what `why` tells, what was sent and answered, the stock of its products,
    /// the last runs, and the order as channel and ERP answer it at this moment. Names, documents, contacts, addresses, notes and
    /// whatever else is not known to be harmless is told by its kind and length only; secrets never are in it. Asks both sides and
    /// writes to neither. ORDER is any number a person has, as for `why`.
    ///
    /// What cannot be read is told in its place, and the rest is written all the same: exit code 5, or 4 for refused credentials.
    /// An existing file is left as it is: exit code 2.
    #[command(
        after_help = "Examples:\n  vaivem support-bundle 1172452900788-01\n  vaivem support-bundle 1172452900788-01 --file /tmp/order.json --offline\n  vaivem support-bundle 1172452900788-01 --file - | jq .in_the_way"
    )]
    SupportBundle(SupportBundleArgs),

    /// List what is held, why, and what to do about it; or retry, skip, hold and release orders
    ///
    /// By cause, the one that holds up most money first: how many orders, what they are worth, the earliest date promised to a
    /// customer, what to do. Exit code 3 when anything is held. `vaivem why NUMBER` tells the whole story of one.
    #[command(
        after_help = "Examples:\n  vaivem holds\n  vaivem holds --reason carrier_unmapped\n  vaivem holds skip 1172452900788-01 --reason 'test order of the agency'\n  vaivem --output jsonl holds | jq -r 'select(.reason.code == \"refused_by_channel\") | .order' | vaivem holds retry -"
    )]
    Holds(HoldsArgs),

    /// List the orders seen, the latest first, and count them by fate
    ///
    /// Every order seen has one fate: imported (it is in the ERP), waiting, held, skipped or cancelled; undecided only until the
    /// next import-orders has looked at it.
    #[command(
        after_help = "Examples:\n  vaivem orders --fate waiting\n  vaivem orders --since 2026-11-27 --until 2026-11-30 --limit 0\n  vaivem orders --status ready-for-handling --reason skus_unmapped"
    )]
    Orders(OrdersArgs),

    /// Account for every order that a channel's own list has: each must have exactly one fate
    ///
    /// Reads the channel's order list for the days asked for and holds it against the state file; records nothing, so that a loss
    /// is found and not covered up. Tells how many orders have each fate and what they are worth, and names every order that has
    /// none: exit code 3. A list that does not show all it counts, or fails, accounts for nothing: exit code 5.
    ///
    /// It goes from the cut-off date at the earliest to where the last import-orders has read the list, since nobody can have seen
    /// what came later.
    #[command(
        after_help = "Examples:\n  vaivem account --since 2026-11-01\n  vaivem account --since 2026-11-27 --until 2026-11-30 --channel loja\n  vaivem --output jsonl account --since 2026-11-01 | jq -r 'select(.type == \"unaccounted\") | .order'"
    )]
    Account(AccountArgs),

    /// Rebuild a lost or old state file: link again what both sides have of a range of orders
    ///
    /// Reads the channel's order list for the days asked for, each order of it fresh, and asks the ERP for it. What both sides have is
    /// linked; what the channel has of its invoices and tracking is noted; what is cancelled stays so. Writes to neither side. What
    /// the ERP has as another order is held with what differs: exit code 3. What it does not have is left to import-orders, which
    /// decides on it as on any other.
    ///
    /// The passes recover by themselves whatever is not over yet on the channel: they ask the ERP before they create an order, and
    /// read the channel before they send anything. This is for orders that are invoiced, finished or cancelled by now, which
    /// import-orders leaves alone when it sees them for the first time: with it, later cancellations, tracking codes and deliveries of
    /// theirs are followed, and so is an order that was cancelled on the channel while nobody listened. Run it before the next run of
    /// cron, and not within ten minutes of the last: an invoice sent then may not show yet. Then run push-stock --full once. Not while
    /// a pass of the channel runs: exit code 11.
    #[command(
        after_help = "Examples:\n  vaivem adopt --since 2026-10-01 --dry-run\n  vaivem adopt --since 2026-10-01; vaivem sync; vaivem push-stock --full"
    )]
    Adopt(AdoptArgs),

    /// Hold the channel, the ERP and the state file against each other: orders, invoices, tracking, stock
    ///
    /// For the orders of the days asked for, each read fresh on both sides: do they stand where they should, are they worth the same
    /// to the cent, does the channel have each invoice and tracking code, are units reserved in the embedded ERP for orders that take
    /// none any more. For every product: what the channel was last told, what it says now, and what it should be told. One line for
    /// each difference, with the command that repairs it or shows what a person must decide: exit code 3. Reads only. What a run is
    /// about to bring in step is a difference, too, until it has.
    #[command(
        after_help = "Examples:\n  vaivem reconcile\n  vaivem reconcile --since 2026-11-01 --channel loja\n  vaivem --output jsonl reconcile | jq -r 'select(.code == \"tracking\") | .repair'"
    )]
    Reconcile(ReconcileArgs),

    /// Decide on cancellations: list those that wait for a person, accept or deny a customer's request
    ///
    /// A decision is carried out at once, and kept with who made it, when and why.
    #[command(subcommand)]
    Cancel(CancelCommand),

    /// Forget orders, so that they are seen anew
    ///
    /// Removes what is known of an order: its fate, history, holds, and what was sent. It stays on the channel and in the ERP. The
    /// next that is heard of it is the first: it is decided on from both sides as they are. What is in the ERP is found there under
    /// its number and not created twice, and an invoice that the channel has is not sent twice. For an order whose record here is
    /// wrong; to have a held one tried again, `vaivem holds retry` is enough. Who did it and why is kept. Not while a pass of its
    /// channel runs: exit code 11.
    #[command(
        after_help = "Example:\n  vaivem forget 1172452900788-01 --reason 'was cancelled in the ERP by mistake and entered anew'"
    )]
    Forget(ForgetArgs),

    /// Copy the state file and the embedded ERP, checked, while passes run
    ///
    /// Makes the folder, with the state file, the key beside it and the ledger as they are at this moment, each checked. Nothing is
    /// ever overwritten, and what could not be finished is not left behind. The configuration is not copied.
    ///
    /// To restore, stop cron, put the files where the configuration says, and remove the files ending in -wal and -shm beside them.
    /// Where the ledger was put back, bring in what it lacks first, or what was sold since is sold again: the README tells how, under
    /// "Copies". Then run push-stock --full once, and let cron go on. The sweep of the list goes on from where it was then; what is in
    /// the ERP or on the channel by now is found there and not made twice.
    #[command(after_help = "Example:\n  vaivem backup /backup/vaivem-$(date +%F)")]
    Backup {
        /// The folder to make
        folder: PathBuf,
    },

    /// Clear away what happened to orders that were closed long ago
    ///
    /// Of each order that is imported and done with, skipped or cancelled, and of which nothing was heard since, the history, the
    /// journal, the lines and the customer's hash go. One row stays, with its numbers, fate and worth: it keeps the order from being
    /// imported again, whatever the channel says of it and wherever the cut-off date lies, and keeps `account` and `why` working.
    /// What is open, held, waiting or of unknown outcome is never touched. Runs as old go, too. The file does not shrink; its free
    /// space is used again.
    #[command(after_help = "Example:\n  vaivem purge --older-than 400d --dry-run")]
    Purge(PurgeArgs),

    /// Tell what is kept of a customer, or erase it
    #[command(subcommand)]
    Privacy(PrivacyCommand),

    /// Look into the embedded ERP, or feed it
    ///
    /// The ledger is the ERP where the configuration says kind = "ledger". Eccosys keeps orders, invoices and stock itself: exit
    /// code 2.
    #[command(subcommand)]
    Ledger(LedgerCommand),

    /// Check the set-up: configuration, files, keys, feed, warehouses, mappings, clocks; each line says what to do
    ///
    /// `ok`, `warning` and `problem` tell how it is; `verify` names what vaivem assumes of your accounts without being able to see
    /// it, with the setting that governs it and how to find out. Reads only, except with --fix. Exit codes: 0 all is well, 3 a
    /// warning or a problem needs a person, 4 the configuration, a key or a file is wrong, 5 a side cannot be reached.
    #[command(after_help = "Examples:\n  vaivem check\n  vaivem check --channel loja --fix")]
    Check(CheckArgs),

    /// Write a commented configuration to start from, and make the folders and files it names
    ///
    /// Asks nothing and overwrites nothing. Secrets do not stand in the file: it names the environment variables they
    /// are in. Edit what it wrote, set those variables, then `vaivem check` says what is still missing.
    #[command(
        after_help = "Examples:\n  vaivem init\n  vaivem init --channel loja=vtex --channel hub=anymarket --erp ledger"
    )]
    Init(InitArgs),

    /// Explain a code: what it means, what to do, which exit code goes with it
    ///
    /// CODE is a stable code, as lists, JSON and the files beside refused documents show it, or an exit code by its number or name.
    /// Without it all codes are listed. A code that does not exist is answered with those nearest to it: exit code 2.
    #[command(
        after_help = "Examples:\n  vaivem explain carrier_unmapped\n  vaivem explain 6\n  vaivem --lang pt-BR explain"
    )]
    Explain {
        /// The code; all of them without it
        code: Option<String>,
    },

    /// Print a completion script for a shell
    ///
    /// For bash, `source` what it prints from ~/.bashrc; for zsh, save it as _vaivem in a folder of $fpath; for fish, as
    /// ~/.config/fish/completions/vaivem.fish.
    #[command(after_help = "Example:\n  vaivem completions bash > vaivem.bash")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },

    /// Print the manual page of vaivem, or of one of its commands
    ///
    /// With --dir all of them are written, one file each, as `man` wants them.
    #[command(
        after_help = "Examples:\n  vaivem man | man -l -\n  vaivem man holds retry | man -l -\n  vaivem man --dir ~/.local/share/man/man1; man vaivem-holds-retry"
    )]
    Man(ManArgs),
}

/// What `man` takes.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command, such as `push-stock` or `holds retry`; the whole program without it
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    pub of: Vec<String>,

    /// Write the pages of all commands into this folder; it is made where needed
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// What every pass takes.
#[derive(Debug, Args)]
pub struct PassArgs {
    /// Only this channel (can be repeated); all of them without it
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,

    /// Only this order, by its number on the channel (can be repeated); `-` reads numbers from standard input, one a
    /// line. Needs --channel where several are configured
    #[arg(long, value_name = "ID")]
    pub order: Vec<String>,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Begin nothing further after this long (such as 90s, 8m or 1h); the rest is for the next run: exit code 10
    #[arg(long, value_name = "TIME")]
    pub max_duration: Option<Span>,
}

/// What apply takes.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// The plan, as a dry run printed it with --output jsonl; `-` reads standard input
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,

    /// Go on where the brake of auto-cancel or the guard of push-stock would stop: you have looked at it
    #[arg(long)]
    pub confirm: bool,

    /// Begin nothing further after this long (such as 90s or 8m)
    #[arg(long, value_name = "TIME")]
    pub max_duration: Option<Span>,
}

/// What import-orders takes.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What every pass takes
    #[command(flatten)]
    pub pass: PassArgs,

    /// Look again for orders created since this day (in São Paulo); the cut-off date still holds
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "order")]
    pub since: Option<NaiveDate>,

    /// Look again for orders created until this day, included
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "order")]
    pub until: Option<NaiveDate>,
}

/// What auto-cancel takes.
#[derive(Debug, Args)]
pub struct CancelArgs {
    /// What every pass takes
    #[command(flatten)]
    pub pass: PassArgs,

    /// Cancel even more orders than the brake allows, this once
    #[arg(long)]
    pub confirm: bool,
}

/// What push-stock takes.
#[derive(Debug, Args)]
pub struct StockArgs {
    /// Only this channel (can be repeated); all of them without it
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,

    /// Only this product, by the ERP's code (can be repeated), and even if nothing changed; `-` reads codes from standard input
    #[arg(long, value_name = "CODE", conflicts_with = "full")]
    pub sku: Vec<String>,

    /// Send everything again, also what the channel has confirmed
    #[arg(long)]
    pub full: bool,

    /// Send even what the guard refuses: a person has looked at it
    #[arg(long)]
    pub confirm: bool,

    /// Show what would be sent, and send nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Begin nothing further after this long (such as 90s, 8m or 1h); the rest is for the next run: exit code 10
    #[arg(long, value_name = "TIME")]
    pub max_duration: Option<Span>,
}

/// What sync takes.
#[derive(Debug, Args)]
pub struct SyncArgs {
    /// Only this channel (can be repeated); all of them without it
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Begin nothing further after this long (such as 90s, 8m or 1h); the rest is for the next run: exit code 10
    #[arg(long, value_name = "TIME")]
    pub max_duration: Option<Span>,
}

/// What status takes.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Only this channel (can be repeated); all of them without it
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,

    /// Only this pass (can be repeated)
    #[arg(long, value_name = "PASS", value_parser = clap::builder::PossibleValuesParser::new(Verb::NAMES))]
    pub pass: Vec<String>,

    /// Probe: exit code 3 and one line when a pass did not come to its end within this time (such as 30m or 2h)
    #[arg(long, value_name = "TIME")]
    pub max_age: Option<Span>,
}

/// What `report` takes.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The page to write; `-` writes it to standard output
    #[arg(long, value_name = "FILE")]
    pub html: PathBuf,

    /// Only this channel (can be repeated); all of them without it
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,

    /// Show what happened in so many days, today included
    #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=60))]
    pub days: u16,

    /// Say on the page that it is made anew this often (such as 10m), so that a stale one shows; an open one is loaded anew
    #[arg(long, value_name = "TIME")]
    pub every: Option<Span>,
}

/// What `why` takes.
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// Any number of the order: the channel's, the ERP's, the marketplace's, an invoice's number or key, a tracking code
    #[arg(value_name = "ORDER", required_unless_present = "sku", conflicts_with = "sku")]
    pub order: Option<String>,

    /// A product instead, by the ERP's code
    #[arg(long, value_name = "CODE")]
    pub sku: Option<String>,

    /// Only this channel (can be repeated); all of them without it
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,
}

/// What `support-bundle` takes.
#[derive(Debug, Args)]
pub struct SupportBundleArgs {
    /// Any number of the order: the channel's, the ERP's, the marketplace's, an invoice's number or key, a tracking code
    #[arg(value_name = "ORDER")]
    pub order: String,

    /// The file to make, readable by you alone; vaivem-ORDER.json here without it, `-` for standard output
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Only this channel (can be repeated); all of them without it
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,

    /// Ask neither side: without the order as they have it now
    #[arg(long)]
    pub offline: bool,
}

/// What `orders` takes.
#[derive(Debug, Args)]
pub struct OrdersArgs {
    /// Only this channel (can be repeated); all of them without it
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,

    /// Only orders with this fate
    #[arg(long, value_name = "FATE", value_parser = ["imported", "waiting", "held", "skipped", "cancelled", "undecided"])]
    pub fate: Option<String>,

    /// Only orders in this status on the channel: its own word (such as handling), or vaivem's (such as paid)
    #[arg(long, value_name = "STATUS")]
    pub status: Option<String>,

    /// Only orders with this reason, by its code: that of their fate or of an open hold
    #[arg(long, value_name = "CODE", value_parser = reason_code)]
    pub reason: Option<String>,

    /// Only orders placed on this day (in São Paulo) or later
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub since: Option<NaiveDate>,

    /// Only orders placed on this day or earlier
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub until: Option<NaiveDate>,

    /// List at most so many; 0 for all. All are counted
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
}

/// What `account` takes.
#[derive(Debug, Args)]
pub struct AccountArgs {
    /// Only this channel (can be repeated); all of them without it
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,

    /// Orders created on this day (in São Paulo) or later
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub since: NaiveDate,

    /// Orders created on this day or earlier; up to where the list was read without it
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub until: Option<NaiveDate>,

    /// Give up after this long (such as 90s or 8m)
    #[arg(long, value_name = "TIME")]
    pub max_duration: Option<Span>,
}

/// What `adopt` takes.
#[derive(Debug, Args)]
pub struct AdoptArgs {
    /// Only this channel (can be repeated); all of them without it
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,

    /// Orders created on this day (in São Paulo) or later
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub since: NaiveDate,

    /// Orders created on this day or earlier; up to now without it
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub until: Option<NaiveDate>,

    /// The same accounts have new addresses: go on with the state file under these
    #[arg(long)]
    pub moved: bool,

    /// Show what would be linked, and keep nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Begin nothing further after this long (such as 90s or 8m); what is done stays done
    #[arg(long, value_name = "TIME")]
    pub max_duration: Option<Span>,
}

/// What `reconcile` takes.
#[derive(Debug, Args)]
pub struct ReconcileArgs {
    /// Only this channel (can be repeated); all of them without it
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,

    /// Orders created on this day (in São Paulo) or later; those of the last seven days without it
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub since: Option<NaiveDate>,

    /// Give up after this long (such as 90s or 8m)
    #[arg(long, value_name = "TIME")]
    pub max_duration: Option<Span>,
}

/// What a person does about cancellations.
#[derive(Debug, Subcommand)]
pub enum CancelCommand {
    /// List cancellations that wait for a decision, the one with the least time left first
    ///
    /// What the channel cancelled after the invoice, what a customer asks to cancel, and what was paid after it was cancelled. For each
    /// invoice that stands, how long it may still be cancelled: 24 hours from its issue, which some states extend. From the state file
    /// and the embedded ERP; exit code 3 when there is any.
    #[command(after_help = "Examples:\n  vaivem cancel list\n  vaivem -q cancel list --channel loja")]
    List {
        /// Only this channel (can be repeated); all of them without it
        #[arg(long, value_name = "NAME")]
        channel: Vec<String>,
    },
    /// Cancel an order in the ERP, and on the channel where a customer asked to
    ///
    /// Both sides are read first. Refused, with exit code 3, while there is an invoice: the NF-e must be cancelled first. Who said so,
    /// when and why is kept. Not while a pass of the channel runs: exit code 11.
    #[command(after_help = "Example:\n  vaivem cancel accept 1172452900788-01 --reason 'desistência do cliente'")]
    Accept(CancelDecision),
    /// Deny a customer's request to cancel: the order goes on where it was
    ///
    /// VTEX only; on marketplaces behind a hub the customer asks the marketplace, which decides.
    #[command(after_help = "Example:\n  vaivem cancel deny 1172452900788-01 --reason 'já despachado'")]
    Deny(CancelDecision),
}

/// A decision on a cancellation.
#[derive(Debug, Args)]
pub struct CancelDecision {
    /// Any number of the order: on the channel, in the ERP, at the marketplace
    #[arg(value_name = "ORDER")]
    pub order: String,

    /// Why; the channel shows it to the customer, and it is kept in the state file
    #[arg(long, value_name = "TEXT")]
    pub reason: String,

    /// The channel, where several have such an order
    #[arg(long, value_name = "NAME")]
    pub channel: Option<String>,
}

/// What is done about the data of a customer.
#[derive(Debug, Subcommand)]
pub enum PrivacyCommand {
    /// Print what the state file and the embedded ERP know of a customer, as JSON
    ///
    /// Reads only. What channel, marketplace and Eccosys keep is not in it.
    #[command(after_help = "Example:\n  vaivem privacy export --document 529.982.247-25")]
    Export {
        /// The customer's CPF or CNPJ, with or without punctuation
        #[arg(long, value_name = "CPF/CNPJ")]
        document: String,
    },
    /// Erase a customer from the state file and the embedded ERP
    ///
    /// Name, document, contact, address and note of their orders, the customer's own row, and the hash in the state file; the orders
    /// stay as sales. Files of NF-e, which name the customer, stay unless --fiscal-too: the law has a store keep them for years. Then
    /// both files are rewritten and their logs emptied, so that no byte of it is left. Refused, with exit code 3, while an order of
    /// theirs is on its way; not while a pass runs: exit code 11. Copies made before are not reached, nor is the channel, nor Eccosys.
    #[command(after_help = "Example:\n  vaivem privacy erase --document 529.982.247-25")]
    Erase {
        /// The customer's CPF or CNPJ, with or without punctuation
        #[arg(long, value_name = "CPF/CNPJ")]
        document: String,
        /// Erase the files of their invoices, too
        #[arg(long)]
        fiscal_too: bool,
        /// Even where the ledger does not know that an order is over
        #[arg(long)]
        open_too: bool,
    },
}

/// What `forget` takes.
#[derive(Debug, Args)]
pub struct ForgetArgs {
    /// Which orders
    #[command(flatten)]
    pub orders: OrdersNamed,

    /// Why, for whoever looks at it later; it is kept in the state file, so without the customer's name
    #[arg(long = "reason", value_name = "TEXT", default_value = "", alias = "because", hide_default_value = true)]
    pub because: String,

    /// The channel, where several have such an order
    #[arg(long, value_name = "NAME")]
    pub channel: Option<String>,
}

/// What `purge` takes.
#[derive(Debug, Args)]
pub struct PurgeArgs {
    /// Orders of which nothing was heard for this long (such as 400d); 90d at least
    #[arg(long, value_name = "TIME")]
    pub older_than: Span,

    /// Say what would be cleared, and clear nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Which holds to list.
#[derive(Debug, Args)]
pub struct HoldsListArgs {
    /// Only this channel (can be repeated); all of them without it
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,

    /// Only orders with this fate: held ones are not in the ERP, imported ones are
    #[arg(long, value_name = "FATE", value_parser = ["imported", "waiting", "held", "cancelled"])]
    pub fate: Option<String>,

    /// Only orders in this status on the channel: its own word (such as handling), or vaivem's (such as paid)
    #[arg(long, value_name = "STATUS")]
    pub status: Option<String>,

    /// Only holds with this reason, by its code, and all of them
    #[arg(long, value_name = "CODE", value_parser = reason_code)]
    pub reason: Option<String>,

    /// Only what is held since this day (in São Paulo) or later
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub since: Option<NaiveDate>,

    /// Only what is held since this day or earlier
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub until: Option<NaiveDate>,

    /// List at most so many of each cause (5 without it); 0 for all
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// What `holds` takes.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HoldsArgs {
    /// What to list.
    #[command(flatten)]
    pub list: HoldsListArgs,
    /// What to do instead.
    #[command(subcommand)]
    pub command: Option<HoldsCommand>,
}

/// What a person does about holds.
#[derive(Debug, Subcommand)]
pub enum HoldsCommand {
    /// Keep orders from being cancelled by auto-cancel, until they are released
    ///
    /// The other passes go on with them. Who said so and when is kept and shown.
    #[command(
        visible_alias = "hold",
        after_help = "Example:\n  vaivem holds add 1172452900788-01 --reason 'the customer pays on Monday'"
    )]
    Add {
        /// Which orders
        #[command(flatten)]
        orders: OrdersNamed,
        /// Why, for whoever looks at it later; it is kept in the state file, so without the customer's name
        #[arg(long = "reason", value_name = "TEXT", alias = "because")]
        because: String,
        /// The channel, where several have such an order
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
    },
    /// Keep orders out of the ERP: they are skipped, and not looked at again until they are released
    ///
    /// For what is held or waiting and never to be imported, such as a test order. It stays accounted for, with the fate `skipped`,
    /// and its units are no longer kept back from sale. Refused for an order that is in the ERP, or may be: exit code 3.
    #[command(after_help = "Example:\n  vaivem holds skip 1172452900788-01 --reason 'test order of the agency'")]
    Skip {
        /// Which orders
        #[command(flatten)]
        orders: OrdersNamed,
        /// Why, for whoever looks at it later; it is kept in the state file, so without the customer's name
        #[arg(long = "reason", value_name = "TEXT", alias = "because")]
        because: String,
        /// The channel, where several have such an order
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
    },
    /// Take back what a person said: release orders held or skipped by hand
    ///
    /// What a pass holds it releases itself, once the cause is gone.
    #[command(
        after_help = "Example:\n  vaivem --output jsonl holds | jq -r 'select(.reason.code == \"held_by_hand\") | .order' | vaivem holds release -"
    )]
    Release {
        /// Which orders
        #[command(flatten)]
        orders: OrdersNamed,
        /// The channel, where several have such an order
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
    },
    /// Have held orders tried again by the next run
    ///
    /// Most holds are tried on every run anyway. This is for those that wait for news, such as what the channel refused.
    #[command(after_help = "Example:\n  vaivem holds retry --reason carrier_unmapped")]
    Retry {
        /// Any number of the order: on the channel, in the ERP, at the marketplace; `-` reads numbers from standard input
        #[arg(value_name = "ORDER", required_unless_present = "reason")]
        orders: Vec<String>,
        /// All orders held for this reason, by its code
        #[arg(long, value_name = "CODE", value_parser = reason_code)]
        reason: Option<String>,
        /// Only this channel
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
    },
}

impl HoldsCommand {
    /// The channel named, if one was.
    pub fn channel(&self) -> Option<&String> {
        match self {
            Self::Add { channel, .. }
            | Self::Skip { channel, .. }
            | Self::Release { channel, .. }
            | Self::Retry { channel, .. } => channel.as_ref(),
        }
    }
}

/// Orders by any of their numbers.
#[derive(Debug, Args)]
pub struct OrdersNamed {
    /// Any number of the order: on the channel, in the ERP, at the marketplace; `-` reads numbers from standard input
    #[arg(value_name = "ORDER", required = true)]
    pub orders: Vec<String>,
}

/// What `check` takes.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Only this channel (can be repeated); all of them without it. The ERP and the files are always looked at
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,

    /// Create VTEX's order feed where the key has none, and nothing else
    #[arg(long)]
    pub fix: bool,
}

/// What `init` takes.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// A channel and its kind, vtex or anymarket (can be repeated); loja=vtex without it
    #[arg(long, value_name = "NAME=KIND")]
    pub channel: Vec<String>,

    /// The back office: ledger, the embedded one, or eccosys
    #[arg(long, value_name = "KIND", default_value = "ledger")]
    pub erp: String,

    /// The folder; made where needed
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub path: PathBuf,
}

/// The embedded ERP's commands.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Take in documents: stock sheets, NF-e and their events, shipment sheets, OCOREN
    ///
    /// Each is recognised by its content, and taken whole or refused with the reason; invoices go before what refers to
    /// them, whatever their order here. Exit code 3 when one was refused. Folders that every pass empties by itself are
    /// set in [erp] inbox and [carriers] inbox.
    ///
    /// A sheet (CSV with ; , tab or |) names its columns in the first line. Of stock: codigo and quantidade, and
    /// perhaps nome and deposito; it sets the balance. Of shipments: nota or pedido, at least one of rastreio, url,
    /// ordem de coleta, coletado, despachado, entregue, and perhaps serie and transportadora; days as 26/11/2026.
    ///
    /// An NF-e finds its order by the channel's number of it (the marketplace's or the ledger's do as well) in xPed, or
    /// behind a word such as pedido in infCpl, and its recipient must be the order's customer.
    #[command(after_help = "Example:\n  vaivem ledger import estoque.csv nota-1001.xml OCOREN_2511.txt")]
    Import {
        /// The files; `-` reads standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// List its orders, the latest first
    #[command(after_help = "Example:\n  vaivem ledger orders --status paid --limit 200")]
    Orders {
        /// Only those in this status: awaiting_payment, payment_under_review, paid, picking, in_production, invoiced,
        /// collection_order_created, shipped, delivered, cancellation_requested, cancelled, returned
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Show one order
    #[command(after_help = "Example:\n  vaivem ledger show 1172452900788-01")]
    Show {
        /// The ledger's number, or the store order number
        #[arg(value_name = "ORDER")]
        order: String,
    },
    /// Move an order to a status by hand, such as picking or shipped
    ///
    /// Only forward: the ledger refuses a step that no order takes.
    #[command(after_help = "Example:\n  vaivem ledger set 1172452900788-01 picking")]
    Set {
        /// The ledger's number, or the store order number
        #[arg(value_name = "ORDER")]
        order: String,
        /// The status: paid, picking, in_production, invoiced, collection_order_created, shipped, delivered, returned.
        /// NF-e, shipment sheets and OCOREN files move an order by themselves
        #[arg(value_name = "STATUS")]
        status: String,
        /// Why, for the order's history
        #[arg(long, value_name = "TEXT", default_value = "set by hand")]
        note: String,
    },
    /// Cancel an order and release its stock
    ///
    /// Refused when there is an invoice: that must be cancelled first. The next auto-cancel tells the channel, where
    /// the configuration has it do so (from_erp). It cannot be undone, and the order is not made again.
    #[command(after_help = "Example:\n  vaivem ledger cancel 1172452900788-01 --reason 'out of stock'")]
    Cancel {
        /// The ledger's number, or the store order number
        #[arg(value_name = "ORDER")]
        order: String,
        /// Why, for the order's history and for the channel
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// List its stock: physical, reserved, available
    #[command(after_help = "Example:\n  vaivem ledger stock --sku CAMISETA-P")]
    Stock {
        /// Only this product (can be repeated)
        #[arg(long, value_name = "CODE")]
        sku: Vec<String>,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
