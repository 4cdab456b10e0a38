//! `ledger …`: the embedded ERP for people: bring in documents, look at orders and stock, set a status, cancel.

use std::borrow::Cow;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

use super::{Failure, ledger_show, ledger_stock, taken};
use crate::cli::LedgerCommand;
use crate::documents::text::MAX_TEXT_BYTES;
use crate::erp::ledger::{Ledger, OrderFilter, OrderSummary, Rules, TakeError};
use crate::erp::{ErpError, ErpOrder};
use crate::exit::Exit;
use crate::inbox::{self, Turn};
use crate::lang::{date, say, word};
use crate::model::{Instant, Status};
use crate::report::Reporter;
use crate::words::{daily, terms};

/// Runs one of the ledger's commands on the ledger at `file`.
pub fn run(
    command: &LedgerCommand,
    file: &Path,
    rules: &Rules,
    reporter: &Reporter,
    now: Instant,
) -> Result<Exit, Failure> {
    let to_read = || Ledger::open_read_only(file).map_err(|error| Failure::new(Exit::Failed, error.to_string()));
    let to_write = || Ledger::open(file).map_err(|error| Failure::new(Exit::Failed, error.to_string()));
    // Without a ledger there is no order to change, and changing one makes none.
    let to_change = || if file.exists() { to_write() } else { to_read() };
    match command {
        LedgerCommand::Import { files } => import(&to_write()?, files, rules, reporter, now),
        LedgerCommand::Orders { status, limit } => orders(&to_read()?, status.as_deref(), *limit, reporter),
        LedgerCommand::Show { order } => ledger_show::run(&to_read()?, order, reporter),
        LedgerCommand::Set { order, status, note } => set(&to_change()?, order, status, note, reporter, now),
        LedgerCommand::Cancel { order, reason } => cancel(&to_change()?, order, reason, reporter, now),
        LedgerCommand::Stock { sku } => ledger_stock::run(&to_read()?, sku, reporter, now),
    }
}

/// Takes each document whole, or refuses it whole; one that is refused does not keep out the others.
fn import(
    ledger: &Ledger,
    files: &[PathBuf],
    rules: &Rules,
    reporter: &Reporter,
    now: Instant,
) -> Result<Exit, Failure> {
    let given: Vec<Given<'_>> = files.iter().map(|file| Given::look(file, rules)).collect();
    let (mut exit, mut refused) = (Exit::Done, 0);
    inbox::each_in_turn(
        given,
        |document| document.turn,
        |document, may_wait| {
            let name = document.name();
            let taken = document.bytes().map_err(TakeError::from);
            let result = match taken.and_then(|bytes| ledger.take(&bytes, &name, None, rules, now)) {
                Err(TakeError::Ledger(error @ ErpError::File(_))) => return Err(unreadable(&error)),
                Err(error) if may_wait && error.is_for_want_of_room() => return Ok(Turn::Waits),
                result => result,
            };
            refused += usize::from(result.is_err());
            exit = exit.worst(taken::report(reporter, &name, &result));
            Ok(Turn::Over)
        },
    )?;
    if !reporter.is_human() {
        reporter.counted(json!({ "taken": files.len() - refused, "refused": refused }));
    }
    Ok(exit)
}

/// A document on the command line. `*` gives them by name, and invoices go before what refers to them.
struct Given<'a> {
    file: &'a Path,
    turn: u8,
    /// What can be read once only: standard input, or a pipe.
    once: Option<io::Result<Vec<u8>>>,
}

impl<'a> Given<'a> {
    fn look(file: &'a Path, rules: &Rules) -> Self {
        let read = read(file);
        let turn = inbox::turn(read.as_deref().unwrap_or_default(), rules);
        let is_file = file.as_os_str() != "-" && std::fs::metadata(file).is_ok_and(|meta| meta.is_file());
        Self { file, turn, once: (!is_file).then_some(read) }
    }

    fn name(&self) -> String {
        if self.file.as_os_str() == "-" {
            word!("standard input" | "entrada padrão").to_owned()
        } else {
            self.file.display().to_string()
        }
    }

    fn bytes(&self) -> io::Result<Cow<'_, [u8]>> {
        match &self.once {
            Some(Ok(bytes)) => Ok(bytes.into()),
            Some(Err(error)) => Err(io::Error::new(error.kind(), error.to_string())),
            None => read(self.file).map(Cow::from),
        }
    }
}

/// Reads no more than tells that it is too much.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(MAX_TEXT_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
    } else {
        let found = std::fs::metadata(file)?;
        if found.is_dir() {
            return Err(io::Error::other(word!(
                "it is a folder, and the files in it are to be named"
                    | "é uma pasta, e devem ser informados os arquivos dela"
            )));
        }
        // A buffer that must grow is there twice meanwhile.
        bytes.reserve(usize::try_from(found.len().min(limit)).unwrap_or_default());
        std::fs::File::open(file)?.take(limit).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn orders(ledger: &Ledger, status: Option<&str>, limit: usize, reporter: &Reporter) -> Result<Exit, Failure> {
    let status = status.map(known_status).transpose()?;
    let filter = OrderFilter { status, limit: Some(limit), ..OrderFilter::default() };
    let found = ledger.orders(&filter).map_err(|error| unreadable(&error))?;
    if !reporter.is_human() {
        for summary in &found {
            reporter.json("ledger_order", summary_json(summary));
        }
        reporter.counted(json!({ "orders": found.len() }));
        return Ok(Exit::Done);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        word!("number" | "número"),
        word!("store number" | "número da loja"),
        word!("status" | "situação"),
        word!("placed" | "feito em"),
        word!("lines" | "itens"),
        "total",
    ]);
    for OrderSummary { order, placed_at, .. } in &found {
        table.add_row([
            order.number.clone(),
            order.store_number.to_string(),
            terms::status(&order.status),
            date(*placed_at),
            order.units.unwrap_or_default().to_string(),
            order.total.to_string(),
        ]);
    }
    print_table(&mut table, &[4, 5], reporter);
    let more = if found.len() == limit { word!("; --limit shows more" | "; --limit mostra mais") } else { "" };
    let orders = daily::orders(i64::try_from(found.len()).unwrap_or(i64::MAX));
    reporter.line(&format!("{orders}{more}"));
    Ok(Exit::Done)
}

fn known_status(code: &str) -> Result<Status, Failure> {
    match Status::from_code(code) {
        Status::Unknown(_) => {
            let known: Vec<String> = Status::known().map(|status| status.code()).collect();
            Err(Failure::new(
                Exit::Usage,
                say!("`{code}` is no status; there are: {}" | "`{code}` não é uma situação; há: {}", known.join(", ")),
            ))
        }
        status => Ok(status),
    }
}

fn summary_json(summary: &OrderSummary) -> serde_json::Value {
    let order = &summary.order;
    json!({
        "number": order.number,
        "channel": order.channel,
        "store_number": order.store_number,
        "status": order.status.code(),
        "placed_at": summary.placed_at.to_rfc3339(),
        "changed_at": summary.changed_at.to_rfc3339(),
        "units": order.units,
        "total_cents": order.total.get(),
        "invoiced": order.invoiced,
    })
}

/// The one order with that number, store number first: a person may have either.
pub(super) fn the_order(ledger: &Ledger, number: &str) -> Result<OrderSummary, Failure> {
    let mut found = ledger.order_by_any(number).map_err(|error| unreadable(&error))?;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Failure::new(
            Exit::Usage,
            say!(
                "the ledger has no order with the number or store number {number}"
                    | "o ERP embutido não tem pedido com o número ou número da loja {number}"
            ),
        )),
        _ => {
            let numbers: Vec<String> = found.iter().map(|summary| summary.order.number.clone()).collect();
            let numbers = numbers.join(", ");
            Err(Failure::new(
                Exit::Usage,
                say!(
                    "{number} may mean the ledger's orders {numbers}; name one of these"
                        | "{number} pode ser qualquer dos pedidos {numbers} do ERP embutido; informe um deles"
                ),
            ))
        }
    }
}

fn set(
    ledger: &Ledger,
    number: &str,
    status: &str,
    note: &str,
    reporter: &Reporter,
    now: Instant,
) -> Result<Exit, Failure> {
    let status = known_status(status)?;
    let id = the_order(ledger, number)?.order.id;
    let order = ledger.set_by_hand(&id, &status, note, now).map_err(|error| unreadable(&error))?;
    told(reporter, &order);
    Ok(Exit::Done)
}

fn cancel(ledger: &Ledger, number: &str, reason: &str, reporter: &Reporter, now: Instant) -> Result<Exit, Failure> {
    let id = the_order(ledger, number)?.order.id;
    let order = ledger.cancel_order(&id, reason, now).map_err(|error| unreadable(&error))?;
    told(reporter, &order);
    Ok(Exit::Done)
}

/// Where an order stands after it was changed.
fn told(reporter: &Reporter, order: &ErpOrder) {
    if reporter.is_human() {
        reporter.line(&say!(
            "order {} (store number {}) is {}" | "o pedido {} (número da loja {}) está {}",
            order.number,
            order.store_number,
            terms::status(&order.status)
        ));
    } else {
        reporter.json(
            "ledger_order",
            json!({ "number": order.number, "store_number": order.store_number, "status": order.status.code() }),
        );
    }
}

fn print_table(table: &mut Table, right: &[usize], reporter: &Reporter) {
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    if table.row_count() > 0 {
        reporter.verbatim(&table.trim_fmt());
    }
}

/// A refusal is the ledger's answer to what was typed; anything else is its file.
pub(super) fn unreadable(error: &ErpError) -> Failure {
    match error {
        ErpError::Refused { message, .. } => {
            Failure::new(Exit::Usage, say!("the ledger refused: {message}" | "o ERP embutido recusou: {message}"))
        }
        _ => Failure::new(Exit::Failed, error.to_string()),
    }
}
