//! What was taken from documents, for eyes and scripts: by `ledger import` and by the inboxes.

use serde_json::{Value, json};

use crate::documents::nfe::Notice;
use crate::erp::ledger::{Posted, Taken};
use crate::report::Reporter;

/// Reports one document.
pub fn report(reporter: &Reporter, file: &str, result: &Result<Taken, String>) {
    match result {
        Ok(taken) if reporter.is_human() => reporter.news(&format!("{file}: {}", text(taken))),
        Ok(taken) => reporter.json("document", fields(file, taken)),
        Err(problem) if reporter.is_human() => {
            reporter.line(&format!("refused   {file}: nothing of it was taken: {problem}"));
        }
        Err(problem) => reporter.json("document", json!({ "file": file, "taken": false, "problem": problem })),
    }
}

fn text(taken: &Taken) -> String {
    match taken {
        Taken::Stock { products, changed, ignored_columns } => {
            let changed = match changed {
                Some(changed) => format!("{changed} balances changed"),
                None => "taken before".into(),
            };
            let ignored = match ignored_columns.as_slice() {
                [] => String::new(),
                columns => format!("; columns not read: {}", columns.join(", ")),
            };
            format!("stock sheet, {products} products, {changed}{ignored}")
        }
        Taken::Invoice { order, number, posted, notices } => {
            let again = if *posted == Posted::Again { ", known before" } else { "" };
            let notices: String = notices.iter().map(|notice| format!("; note: {notice}")).collect();
            format!("invoice {number} of order {order}{again}{notices}")
        }
        Taken::Events { cancelled, ahead, kept } => {
            let mut parts = Vec::new();
            if *cancelled > 0 {
                parts.push(format!("{cancelled} invoices cancelled"));
            }
            if *ahead > 0 {
                parts.push(format!("{ahead} cancellations of invoices the ledger does not have"));
            }
            if *kept > 0 {
                parts.push(format!("{kept} that change nothing"));
            }
            format!("SEFAZ's word on invoices: {}", parts.join(", "))
        }
        Taken::Deliveries { new, again, left_out } => {
            let mut text = format!("occurrences of a carrier: {new} new, {again} known before");
            if !left_out.is_empty() {
                text += &format!(", {} left out", left_out.len());
                for why in left_out.iter().take(5) {
                    text += &format!("\n  {why}");
                }
            }
            text
        }
        Taken::Shipments { new, again } => format!("shipment sheet: {new} parcels with news, {again} without"),
    }
}

fn fields(file: &str, taken: &Taken) -> Value {
    match taken {
        Taken::Stock { products, changed, ignored_columns } => json!({
            "file": file, "taken": true, "kind": "stock_sheet", "products": products, "balances": changed,
            "ignored_columns": ignored_columns,
        }),
        Taken::Invoice { order, number, posted, notices } => json!({
            "file": file, "taken": true, "kind": "invoice", "erp_number": order, "number": number,
            "new": *posted == Posted::New, "notices": notices.iter().map(Notice::code).collect::<Vec<_>>(),
        }),
        Taken::Events { cancelled, ahead, kept } => json!({
            "file": file, "taken": true, "kind": "events", "cancelled": cancelled, "ahead": ahead, "kept": kept,
        }),
        Taken::Deliveries { new, again, left_out } => json!({
            "file": file, "taken": true, "kind": "deliveries", "new": new, "again": again, "left_out": left_out,
        }),
        Taken::Shipments { new, again } => json!({
            "file": file, "taken": true, "kind": "shipment_sheet", "new": new, "again": again,
        }),
    }
}
