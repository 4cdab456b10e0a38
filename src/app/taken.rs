//! What was taken from documents, for eyes and scripts: by `ledger import` and by the inboxes.

use serde_json::{Value, json};

use crate::documents::nfe::Notice;
use crate::erp::ledger::{Posted, TakeError, Taken};
use crate::exit::Exit;
use crate::lang::{say, word};
use crate::report::Reporter;

/// Reports one document. What needs a person is told in any case, and ends with [`Exit::Held`].
pub fn report(reporter: &Reporter, file: &str, result: &Result<Taken, TakeError>) -> Exit {
    let needs_a_person = result.as_ref().map_or(true, |taken| !taken.left_out().is_empty());
    match result {
        Ok(taken) if !reporter.is_human() => reporter.json("document", fields(file, taken)),
        Ok(taken) if needs_a_person => reporter.line(&format!("{file}: {}", text(taken))),
        Ok(taken) => reporter.news(&format!("{file}: {}", text(taken))),
        Err(problem @ TakeError::Ahead(_)) if reporter.is_human() => {
            reporter.line(&say!("waiting   {file}: {problem}" | "esperando {file}: {problem}"));
        }
        Err(problem) if reporter.is_human() => {
            reporter.line(&say!(
                "refused   {file}: nothing of it was taken: {problem}"
                    | "recusado  {file}: nada dele foi aproveitado: {problem}"
            ));
        }
        Err(problem) => {
            let (code, problem) = (problem.code(), problem.to_string());
            reporter.json("document", json!({ "file": file, "taken": false, "code": code, "problem": problem }));
        }
    }
    if needs_a_person { Exit::Held } else { Exit::Done }
}

/// Reports a document that is tried again by the next run. Nobody need do anything yet.
pub fn report_waiting(reporter: &Reporter, file: &str, problem: &TakeError) {
    if reporter.is_human() {
        reporter.news(&say!("waiting   {file}: {problem}" | "esperando {file}: {problem}"));
    } else {
        let (code, problem) = (problem.code(), problem.to_string());
        reporter
            .json("document", json!({ "file": file, "taken": false, "waits": true, "code": code, "problem": problem }));
    }
}

/// How many of something there are.
fn count(number: usize, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

/// Sentences below the line of their document; the first ones.
fn below(sentences: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut text: String = sentences.iter().take(SHOWN).map(|sentence| format!("\n  {sentence}")).collect();
    if sentences.len() > SHOWN {
        text += &say!("\n  and {} more" | "\n  e mais {}", sentences.len() - SHOWN);
    }
    text
}

fn text(taken: &Taken) -> String {
    match taken {
        Taken::Stock { products, changed, ignored_columns } => {
            let changed = match changed {
                Some(changed) => match *changed {
                    1 => word!("1 balance changed" | "1 saldo alterado").into(),
                    changed => say!("{changed} balances changed" | "{changed} saldos alterados"),
                },
                None => word!("taken before, so nothing changed" | "já aproveitada antes, então nada mudou").into(),
            };
            let ignored = match ignored_columns.as_slice() {
                [] => String::new(),
                columns => say!("; columns not read: {}" | "; colunas não lidas: {}", columns.join(", ")),
            };
            say!(
                "stock sheet, {}, {changed}{ignored}" | "planilha de estoque, {}, {changed}{ignored}",
                count(*products, word!("product" | "produto"), word!("products" | "produtos"))
            )
        }
        Taken::Invoice { order, number, posted, notices } => {
            let again = if *posted == Posted::Again { word!(", known before" | ", já conhecida") } else { "" };
            let notices: String =
                notices.iter().map(|notice| say!("; note: {notice}" | "; observação: {notice}")).collect();
            say!(
                "invoice {number} of order {order}{again}{notices}" | "nota {number} do pedido {order}{again}{notices}"
            )
        }
        Taken::Events { cancelled, ahead, kept, left_out } => {
            let mut parts = Vec::new();
            if *cancelled > 0 {
                parts.push(match *cancelled {
                    1 => word!("1 invoice cancelled" | "1 nota cancelada").into(),
                    cancelled => say!("{cancelled} invoices cancelled" | "{cancelled} notas canceladas"),
                });
            }
            if *ahead > 0 {
                let ahead =
                    count(*ahead, word!("cancellation" | "cancelamento"), word!("cancellations" | "cancelamentos"));
                parts.push(say!(
                    "{ahead} of an invoice the ledger does not have, which will be refused"
                        | "{ahead} de nota que o ERP embutido não tem, a qual será recusada"
                ));
            }
            if *kept > 0 {
                parts.push(match *kept {
                    1 => word!("1 that changes nothing" | "1 que não muda nada").into(),
                    kept => say!("{kept} that change nothing" | "{kept} que não mudam nada"),
                });
            }
            if !left_out.is_empty() {
                parts.push(say!("{} left out" | "{} deixados de lado", left_out.len()));
            }
            say!(
                "SEFAZ's word on invoices: {}{}" | "situação de notas na SEFAZ: {}{}",
                parts.join(", "),
                below(left_out)
            )
        }
        Taken::Deliveries { new, again, foreign, remarks, left_out } => {
            let mut text = say!(
                "occurrences of a carrier: {new} new, {again} known before"
                    | "ocorrências de transportadora: {new} novas, {again} já conhecidas"
            );
            if *foreign > 0 {
                text += &say!(", {foreign} about other companies" | ", {foreign} de outras empresas");
            }
            text += &below(remarks);
            if !left_out.is_empty() {
                text += &say!(
                    "\n  not taken, or to be looked at:{}" | "\n  não aproveitadas, ou a verificar:{}",
                    below(left_out)
                );
            }
            text
        }
        Taken::Shipments { new, again } => {
            say!(
                "shipment sheet: {} with news, {again} without" | "planilha de envios: {} com novidades, {again} sem",
                count(*new, word!("parcel" | "volume"), word!("parcels" | "volumes"))
            )
        }
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
        Taken::Events { cancelled, ahead, kept, left_out } => json!({
            "file": file, "taken": true, "kind": "events", "cancelled": cancelled, "ahead": ahead, "kept": kept,
            "left_out": left_out,
        }),
        Taken::Deliveries { new, again, foreign, remarks, left_out } => json!({
            "file": file, "taken": true, "kind": "deliveries", "new": new, "again": again, "foreign": foreign,
            "remarks": remarks, "left_out": left_out,
        }),
        Taken::Shipments { new, again } => json!({
            "file": file, "taken": true, "kind": "shipment_sheet", "new": new, "again": again,
        }),
    }
}
