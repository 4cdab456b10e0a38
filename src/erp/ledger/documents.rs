//! What documents mean for the ledger: counts, invoices, their cancellations, parcels, deliveries.
//!
//! A document is taken whole or refused with the reason; one that was taken before changes nothing. An invoice finds its
//! order by the ledger's own link, then by the numbers it names, and its recipient must be the order's customer.

mod count;
mod deliveries;
mod events;
mod invoice;
mod parcels;

use std::io;

use super::{Ledger, Posted};
use crate::documents::nfe::{Notice, Refusal};
use crate::documents::ocoren::CodeTable;
use crate::documents::{self, Document, DocumentError, SheetOptions};
use crate::erp::ErpError;
use crate::lang::say;
use crate::model::{ErpOrderId, Instant, TaxId, calendar};

/// What is configured about documents.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// CNPJs (or a CPF) under which the store issues; empty accepts any issuer.
    pub issuers: Vec<TaxId>,
    /// What the carriers' codes mean.
    pub codes: CodeTable,
    /// How sheets write quantities.
    pub sheets: SheetOptions,
}

/// What was taken from a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Balances were set.
    Stock {
        /// Products named.
        products: usize,
        /// Balances that changed; `None` when this very file was taken before.
        changed: Option<usize>,
        /// Columns that were not understood.
        ignored_columns: Vec<String>,
    },
    /// An invoice was posted, or was there already.
    Invoice {
        /// The ledger's order.
        order: ErpOrderId,
        /// The invoice's number.
        number: u32,
        /// Whether it is new.
        posted: Posted,
        /// What is worth telling.
        notices: Vec<Notice>,
    },
    /// SEFAZ's word on invoices.
    Events {
        /// Invoices cancelled by it now.
        cancelled: usize,
        /// Cancellations of invoices that the ledger does not have; their files will be refused.
        ahead: usize,
        /// What changes nothing: correction letters, repetitions.
        kept: usize,
        /// Events of the same batch from which nothing follows: a sentence for each.
        left_out: Vec<String>,
    },
    /// A carrier's occurrences.
    Deliveries {
        /// News about orders of the ledger.
        new: usize,
        /// Occurrences known before.
        again: usize,
        /// Occurrences about the invoices of other companies.
        foreign: usize,
        /// What is worth telling about what was taken.
        remarks: Vec<String>,
        /// Occurrences about nothing in the ledger, or not sure about what, and signs that some are missing: a sentence for
        /// each.
        left_out: Vec<String>,
    },
    /// Parcels of orders.
    Shipments {
        /// Parcels with news.
        new: usize,
        /// Lines that told nothing new.
        again: usize,
    },
}

impl Taken {
    /// What of the document was not taken, for a person to look at: a sentence for each.
    pub fn left_out(&self) -> &[String] {
        match self {
            Self::Events { left_out, .. } | Self::Deliveries { left_out, .. } => left_out,
            Self::Stock { .. } | Self::Invoice { .. } | Self::Shipments { .. } => &[],
        }
    }
}

/// Why a document was not taken. Nothing of it was used.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The file itself cannot be opened.
    #[error("{}", say!(
        "the file cannot be read: {_0}; check its name and that vaivem may read it"
            | "o arquivo não pode ser lido: {_0}; confira o nome e se o vaivem pode lê-lo"
    ))]
    Unreadable(#[from] io::Error),
    /// It cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The ledger refuses it, or its file cannot be written.
    #[error("{}", plain(.0))]
    Ledger(#[from] ErpError),
    /// It tells of what is still to come by this machine's clock, which may be behind. It is taken once that day has come; what else
    /// a file of many notices tells was taken.
    #[error("{}", say!(
        "it tells of {}, which is still to come by this machine's clock; set the clock (NTP) and it is taken by the next \
         run, or take it away and ask its sender for the right date"
            | "ele fala de {}, que ainda não chegou pelo relógio desta máquina; acerte o relógio (NTP) e ele entra na \
               próxima execução, ou retire-o e peça ao remetente a data certa",
        calendar::local_text(*.0)
    ))]
    Ahead(Instant),
    /// An invoice that is none for its order: every reason at once.
    #[error("{}", sentences(.0))]
    Invoice(Vec<Refusal>),
    /// Anything else, as a sentence with the remedy.
    #[error("{message}")]
    Refused {
        /// Stable code.
        code: &'static str,
        /// What is wrong and what to do.
        message: String,
    },
}

impl TakeError {
    /// Whether an invoice may be taken later as it is: its order may still come in, or the invoice in whose place it comes be cancelled.
    pub fn may_fit_later(&self) -> bool {
        matches!(self, Self::Refused { code: "invoice_without_order", .. }) || self.is_for_want_of_room()
    }

    /// Whether an invoice found no room in its order: what is taken after it may cancel the one in whose place it comes.
    pub fn is_for_want_of_room(&self) -> bool {
        matches!(self, Self::Ledger(ErpError::Refused { code: "exceeds_order", .. }))
    }
}

impl From<rusqlite::Error> for TakeError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Ledger(error.into())
    }
}

impl TakeError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "document_unreadable",
            Self::Document(error) => error.code(),
            Self::Ledger(ErpError::Refused { code, .. }) | Self::Refused { code, .. } => code,
            Self::Ledger(_) => "ledger",
            Self::Ahead(_) => "document_ahead",
            Self::Invoice(refusals) => refusals.first().map_or("nfe", Refusal::code),
        }
    }
}

/// A refusal is said of a document, so nobody needs to hear by whom.
fn plain(error: &ErpError) -> String {
    match error {
        ErpError::Refused { message, .. } => message.clone(),
        other => other.to_string(),
    }
}

fn sentences(refusals: &[Refusal]) -> String {
    refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

pub(in crate::erp) fn refuse<T>(code: &'static str, message: impl Into<String>) -> Result<T, TakeError> {
    Err(TakeError::Refused { code, message: message.into() })
}

impl Ledger {
    /// Takes a document, recognised by its content. `source` is its name for people; `once` tells two files of the same
    /// content apart (name, time and content in one) where the same count must not be taken twice.
    ///
    /// # Errors
    /// [`TakeError`] says why nothing of it was taken.
    pub fn take(
        &self,
        bytes: &[u8],
        source: &str,
        once: Option<&str>,
        rules: &Rules,
        now: Instant,
    ) -> Result<Taken, TakeError> {
        match documents::recognise_with(bytes, rules.sheets)? {
            Document::StockSheet(sheet) => self.take_count(&sheet, source, once, now),
            Document::Nfe(nfe) => self.take_invoice(&nfe, bytes, rules, now),
            Document::Events(events) => self.take_events(&events, now),
            Document::Situation(situation) => self.take_situation(&situation, now),
            Document::Ocoren(file) => self.take_occurrences(&file, source, rules, now),
            Document::ShipmentSheet(sheet) => self.take_shipments(&sheet, now),
        }
    }
}
