//! `privacy export|erase`: what is kept of a customer, and letting go of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::who::who;
use super::{Failure, accounts, locks, look_into_store, store_there, unreadable_state, unwritable_state};
use crate::cli::PrivacyCommand;
use crate::clock::Clock;
use crate::config::{Config, ErpConfig};
use crate::erp::ledger::{Ledger, Personal, PersonalOrder};
use crate::exit::Exit;
use crate::model::{Cents, ChannelName, Status, TaxId};
use crate::passes::Verb;
use crate::report::Reporter;
use crate::store::notes::Note;
use crate::store::orders::Fate;
use crate::words::privacy as words;

/// No word shorter than this is looked for in free text: it would hit others.
const SHORTEST: usize = 6;

/// Exports or erases.
pub fn run(command: &PrivacyCommand, config: &Config, reporter: &Reporter) -> Result<Exit, Failure> {
    match command {
        PrivacyCommand::Export { document } => export(&parse(document)?, config, reporter),
        PrivacyCommand::Erase { document, fiscal_too, open_too } => {
            Eraser { config, reporter, fiscal_too: *fiscal_too, open_too: *open_too }.run(&parse(document)?)
        }
    }
}

fn parse(document: &str) -> Result<TaxId, Failure> {
    TaxId::parse(document).map_err(|error| Failure::new(Exit::Usage, words::no_document(&error.to_string())))
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, error.to_string())
}

fn export(document: &TaxId, config: &Config, reporter: &Reporter) -> Result<Exit, Failure> {
    let store = look_into_store(config)?;
    let orders = store.orders_of_customer(document).map_err(|error| unreadable_state(&error))?;
    // "We keep nothing" must not be said of a ledger that is somewhere else, or cannot be read.
    accounts::look_at_erp(&store, config)?;
    let ledger = match &config.erp {
        ErpConfig::Ledger { file, .. } if file.exists() => {
            Some(Ledger::open_read_only(file).map_err(failed)?.personal(document).map_err(failed)?)
        }
        _ => None,
    };
    let orders: Vec<_> = orders
        .iter()
        .map(|row| {
            json!({ "channel": row.channel, "order": row.id, "erp_number": row.erp_number,
                "status": row.status.as_ref().map(Status::code), "cents": row.total.map(Cents::get),
                "placed_at": row.created_at.map(|at| at.to_rfc3339()), "fate": row.fate.map(Fate::code) })
        })
        .collect();
    let fields = json!({ "document": document.as_str(), "state_file": { "orders": orders }, "ledger": ledger });
    if reporter.is_human() {
        reporter.verbatim(&serde_json::to_string_pretty(&fields).map_err(failed)?);
    } else {
        reporter.json("personal_data", fields);
    }
    Ok(Exit::Done)
}

struct Eraser<'a> {
    config: &'a Config,
    reporter: &'a Reporter,
    fiscal_too: bool,
    open_too: bool,
}

impl Eraser<'_> {
    fn run(&self, document: &TaxId) -> Result<Exit, Failure> {
        let now = Clock::system().now();
        let store = store_there(self.config)?;
        // No run may read or write meanwhile: it would keep the old bytes in the log, or bring them back.
        let channels: BTreeSet<_> = self.config.channels.iter().map(|channel| &channel.name).collect();
        let _locks = locks::of(&self.config.state, &Verb::NAMES, &channels, now)?;
        // Documents are taken before a pass has its lock.
        let erp = ChannelName::new("erp");
        let _documents = locks::of(&self.config.state, &["inbox", "deliveries"], &BTreeSet::from([&erp]), now)?;
        accounts::look_at_erp(&store, self.config)?;
        let ledger = match &self.config.erp {
            ErpConfig::Ledger { file, .. } if file.exists() => Some(Ledger::open(file).map_err(failed)?),
            _ => None,
        };
        let personal = match &ledger {
            Some(ledger) => ledger.personal(document).map_err(failed)?,
            None => Personal::default(),
        };
        let open: Vec<i64> =
            personal.orders.iter().filter(|order| !order.is_over()).map(|order| order.number).collect();
        if !open.is_empty() && !self.open_too {
            return Err(Failure::new(Exit::Held, words::open_orders(&open)));
        }
        let in_words = in_words(document, &personal);
        let gone = if self.fiscal_too { personal.files() } else { 0 };
        let note = Note {
            at: now,
            who: who(),
            what: "privacy erase".into(),
            channel: None,
            order: None,
            detail: format!("{} orders in the ledger, {gone} invoice files", personal.orders.len()),
        };
        // The state file first: what to look for in its text is known from the ledger, and would be gone if this ended in between.
        let in_state = store.erase_customer(document, &in_words, &note).map_err(|error| unwritable_state(&error))?;
        if let Some(ledger) = &ledger {
            ledger.erase_personal(document, &in_words, self.fiscal_too).map_err(failed)?;
        }
        let mut clean = store.scrub().map_err(|error| unwritable_state(&error))?;
        if let Some(ledger) = &ledger {
            clean &= ledger.scrub().map_err(failed)?;
        }
        let named_in = naming(self.config.erp.inboxes(), document);
        self.tell(personal.orders.len(), in_state, personal.files() - gone, &named_in);
        if clean { Ok(Exit::Done) } else { Err(Failure::new(Exit::Failed, words::NOT_SCRUBBED)) }
    }

    fn tell(&self, in_ledger: usize, in_state: usize, files_kept: usize, named_in: &[PathBuf]) {
        let elsewhere = matches!(self.config.erp, ErpConfig::Eccosys { .. });
        if !self.reporter.is_human() {
            let fields = json!({ "ledger_orders": in_ledger, "state_orders": in_state, "invoice_files_kept": files_kept,
                "documents_kept": named_in });
            return self.reporter.counted(fields);
        }
        self.reporter.line(&words::erased(in_ledger, in_state));
        if files_kept > 0 {
            self.reporter.line(&words::files_kept(files_kept));
        }
        for file in named_in {
            self.reporter.line(&words::named_in(file));
        }
        if elsewhere {
            self.reporter.line(&words::ECCOSYS);
        }
        self.reporter.line(&words::BACKUPS);
    }
}

/// What to look for in free text: the document in its spellings, and what the orders say of the person.
fn in_words(document: &TaxId, personal: &Personal) -> Vec<String> {
    let plain = document.as_str();
    let formatted = match plain.len() {
        11 => format!("{}.{}.{}-{}", &plain[..3], &plain[3..6], &plain[6..9], &plain[9..]),
        _ => format!("{}.{}.{}/{}-{}", &plain[..2], &plain[2..5], &plain[5..8], &plain[8..12], &plain[12..]),
    };
    let told = personal.orders.iter().flat_map(PersonalOrder::words).map(str::trim);
    // Some of the text is JSON: a full name, an e-mail or a telephone is never one of its codes or numbers, a single word may be.
    let is_plain =
        |word: &&str| word.chars().count() >= SHORTEST && word.contains([' ', '@', '+']) && !word.contains(['"', '\\']);
    let all: BTreeSet<String> = told.filter(is_plain).map(str::to_owned).chain([plain.to_owned(), formatted]).collect();
    // The longest first: a name may be part of an address.
    let mut all: Vec<String> = all.into_iter().filter(|word| word != crate::erp::ledger::ERASED).collect();
    all.sort_by_key(|word| std::cmp::Reverse(word.len()));
    all
}

/// The documents in the inboxes, and in where they are moved to, that name the person.
fn naming(inboxes: &[PathBuf], document: &TaxId) -> Vec<PathBuf> {
    let names = |path: &Path| {
        std::fs::read(path).is_ok_and(|bytes| {
            bytes.windows(document.as_str().len()).any(|window| window == document.as_str().as_bytes())
        })
    };
    let folders = inboxes.iter().flat_map(|inbox| [inbox.clone(), inbox.join("done"), inbox.join("rejected")]);
    let files = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut found: Vec<_> = files.map(|entry| entry.path()).filter(|path| path.is_file() && names(path)).collect();
    found.sort();
    found
}
