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
    #[arg(long, global = true, value_name = "FILE", env = "VAIVEM_CONFIG")]
    pub config: Option<PathBuf>,

    /// Print only what needs a person; nothing when all is well
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Print more: once also what did not change, twice also one line per call
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// The form of standard output
    #[arg(long, global = true, value_enum, default_value = "human", env = "VAIVEM_OUTPUT")]
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

    /// List what is held, why, and what to do about it
    Holds(ListArgs),

    /// Count the orders seen, by channel and fate
    Orders(ListArgs),

    /// Look into the embedded ERP, or feed it
    #[command(subcommand)]
    Ledger(LedgerCommand),

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

/// What lists take.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only this channel (can be repeated); all of them without it
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,
}

/// The embedded ERP's commands.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Take in documents: stock sheets as CSV
    ///
    /// A sheet has a header with at least a code and a quantity (codigo;quantidade, sku,quantity …), optionally name and warehouse.
    /// It is taken whole or, with every bad line named, not at all.
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
