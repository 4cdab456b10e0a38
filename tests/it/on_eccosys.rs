//! The scenarios of the verbs once more, with Eccosys as the back office: a shop goes by the name of the test that opens it.

#![allow(clippy::duplicate_mod)]

#[path = "apply.rs"]
mod apply;
#[path = "auto_cancel.rs"]
mod auto_cancel;
#[path = "import_orders.rs"]
mod import_orders;
#[path = "push_invoices.rs"]
mod push_invoices;
#[path = "push_stock.rs"]
mod push_stock;
#[path = "push_tracking.rs"]
mod push_tracking;
#[path = "sync_payments.rs"]
mod sync_payments;
