//! The command line: flags and help, no logic.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand};

use crate::config::Span;
use crate::report::Format;

/// Keeps an ERP and the sales platforms of a store in step.
///
/// Each command makes one pass and exits; cron does the rest. Exit codes: 0 done, 1 failed, 2 wrong command line, 3 some items held
/// or failed, 4 wrong configuration or credentials, 5 the other side is down or limiting us, 6 a guard stopped the pass, 10 time
/// budget used up, 11 another run is active, 130 interrupted, 143 terminated.
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

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring new orders into the ERP
    ///
    /// Reads the channel's feed and list, stores what it hears, then decides on each order that is not in the ERP yet: imported,
    /// waiting, held with a reason, skipped by policy, or cancelled. Held orders are tried again on every run.
    ImportOrders(ImportArgs),

    /// Tell the ERP which orders were paid, put under review, or cancelled
    ///
    /// Reads every order in the ERP whose payment is still open on both sides, whatever the feed said, and moves the ERP's order
    /// forward. Orders imported unpaid are taken over on the channel once they are paid and ready.
    SyncPayments(PassArgs),

    /// Cancel orders that nobody paid by their deadline, and on the channel what was cancelled in the ERP
    ///
    /// Off until the configuration switches it on ([channels.NAME.auto_cancel]); until then it says what it would cancel. Both sides
    /// are read right before each cancellation, and anything but a clear "unpaid" on both leaves the order alone; that moment between
    /// reading and cancelling cannot be closed from here, so cancelled orders are watched for a late payment for 30 days.
    AutoCancel(CancelArgs),

    /// Send the ERP's invoices to the channels
    ///
    /// Looks at the orders the ERP changed since the last run and those still waiting. Each invoice is checked first (authorised,
    /// a sale, of one of our companies, for this order's customer), what the channel requires must be there, and the values must
    /// add up to the order's. One that may still be on its way is never sent again.
    PushInvoices(PassArgs),

    /// Send tracking codes and deliveries to the channels
    ///
    /// Looks at the orders the ERP changed since the last run and those still waiting, and sends what the channel does not show
    /// yet. Refused and returned parcels are held for a person and never told as delivered.
    PushTracking(PassArgs),

    /// Tell the channels how much of each product they may sell
    ///
    /// Sends only what changed since the channel last confirmed it: physical − reserved − what is sold and not in the ERP yet − a
    /// buffer, plus what the channel subtracts itself. Refuses, with exit code 6, to empty a large part of the catalogue.
    PushStock(StockArgs),

    /// All passes in the safe order, as one command
    ///
    /// import-orders, sync-payments, auto-cancel, push-invoices, push-tracking, push-stock. A channel that is down has no further
    /// passes in this run; the others go on. One summary tells what all of them did.
    Sync(SyncArgs),

    /// List what is held, why, and what to do about it; or hold an order by hand
    Holds(HoldsArgs),

    /// Count the orders seen, by channel and fate
    Orders(ListArgs),

    /// Look into the embedded ERP, or feed it
    #[command(subcommand)]
    Ledger(LedgerCommand),

    /// Check the set-up: configuration, files, keys, feed, warehouses, mappings, clocks; each line says what to do
    ///
    /// `ok`, `warning` and `problem` tell how it is; `verify` names what vaivem assumes of your accounts without being able to see
    /// it, with the setting that governs it and how to find out. Reads only, except with --fix. Exit codes: 0 all is well, 3 a
    /// warning or a problem needs a person, 4 the configuration, a key or a file is wrong, 5 a side cannot be reached.
    Check(CheckArgs),

    /// Write a commented configuration to start from, and the folders it names
    ///
    /// Asks nothing and overwrites nothing. Secrets do not stand in the file: it names the environment variables they are in.
    Init(InitArgs),

    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },

    /// Print the manual page
    Man,
}

/// What every pass takes.
#[derive(Debug, Args)]
pub struct PassArgs {
    /// Only this channel (can be repeated); all of them without it
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,

    /// Only this order (can be repeated); `-` reads numbers from standard input, one a line
    #[arg(long, value_name = "ID")]
    pub order: Vec<String>,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Begin nothing further after this long (such as 90s or 8m); the rest is for the next run
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

    /// Begin nothing further after this long (such as 90s or 8m); the rest is for the next run
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

    /// Begin nothing further after this long (such as 90s or 8m); the rest is for the next run
    #[arg(long, value_name = "TIME")]
    pub max_duration: Option<Span>,
}

/// What lists take.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only this channel (can be repeated); all of them without it
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,
}

/// What `holds` takes.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HoldsArgs {
    /// What to list.
    #[command(flatten)]
    pub list: ListArgs,
    /// What to do instead.
    #[command(subcommand)]
    pub command: Option<HoldsCommand>,
}

/// What a person does about holds.
#[derive(Debug, Subcommand)]
pub enum HoldsCommand {
    /// Keep an order from being cancelled by auto-cancel, until it is released
    ///
    /// The other passes go on with it.
    Add {
        /// Its number on the channel
        order: String,
        /// Why, for whoever looks at it later; it is kept in the state file, so without the customer's name
        #[arg(long, value_name = "TEXT")]
        because: String,
        /// The channel, where several have such an order
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
    },
    /// Release an order that was held by hand
    Release {
        /// Its number on the channel
        order: String,
        /// The channel, where several have such an order
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
    },
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
    /// Each is recognised by its content, and taken whole or refused with the reason; invoices go before what refers to them,
    /// whatever their order here. A stock sheet has a header with at least a code and a quantity (codigo;quantidade,
    /// sku,quantity …). An NF-e finds its order by the number in xPed or infCpl, and its recipient must be the order's customer.
    /// Exit code 3 when one was refused.
    Import {
        /// The files; `-` reads standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// List its orders, the latest first
    Orders {
        /// Only those in this status, such as paid or cancelled
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Show one order
    Show {
        /// The ledger's number, or the store order number
        #[arg(value_name = "ORDER")]
        order: String,
    },
    /// Move an order to a status by hand, such as picking or shipped
    ///
    /// Only forward: the ledger refuses a step that no order takes.
    Set {
        /// The ledger's number, or the store order number
        #[arg(value_name = "ORDER")]
        order: String,
        /// The status: paid, picking, in_production, collection_order_created, shipped, delivered, returned …
        #[arg(value_name = "STATUS")]
        status: String,
        /// Why, for the order's history
        #[arg(long, value_name = "TEXT", default_value = "set by hand")]
        note: String,
    },
    /// Cancel an order and release its stock
    ///
    /// Refused when there is an invoice: that must be cancelled first.
    Cancel {
        /// The ledger's number, or the store order number
        #[arg(value_name = "ORDER")]
        order: String,
        /// Why, for the order's history and for the channel
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// List its stock: physical, reserved, available
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
