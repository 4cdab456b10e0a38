//! The one integration binary: the real program against the sandbox, judged by the sandbox's own truth.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

#[path = "../../examples/sandbox/lib/mod.rs"]
mod sandbox;

mod adopt;
mod any_day;
mod anymarket;
mod apply;
mod auto_cancel;
mod back_office;
mod cancel_desk;
mod check;
mod config;
mod contract;
mod crash;
mod day;
mod deployment;
mod eccosys;
mod faults;
mod heartbeat;
mod holding;
mod import_orders;
mod import_orders_on_ledger;
mod inbox;
mod init;
mod intake;
mod language;
mod metrics;
mod mistakes;
mod office;
mod on_eccosys;
mod operate;
mod output;
mod privacy;
mod push_invoices;
mod push_invoices_on_ledger;
mod push_stock;
mod push_stock_on_ledger;
mod push_tracking;
mod push_tracking_on_ledger;
mod quickstart;
mod readme;
mod real_input;
mod reconcile;
mod report;
mod runs;
mod shell;
mod shop;
mod side;
mod snapshots;
mod support_bundle;
mod sync;
mod sync_payments;
mod sync_payments_on_ledger;
mod truth;
mod two_channels;
