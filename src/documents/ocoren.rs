//! OCOREN, the carriers' file of delivery occurrences: PROCEDA EDI 3.1 (records of 120 characters) and 5.0 (of 250).
//!
//! Neither version carries the invoice's key or the order's number: an occurrence names its invoice by issuer, series
//! and number ([`Occurrence::names`]). Good lines of a file with bad ones are used, and the file [is
//! suspicious](Ocoren::is_suspicious).

mod codes;
mod conclude;
mod read;
mod record;
#[cfg(test)]
mod tests;

pub use codes::{CodeTable, Outcome};
pub use conclude::{Conclusion, conclude};

use chrono::{Days, NaiveDate};

use super::DocumentError;
use super::moment::{Moment, digits};
use super::text::{self, PrivateText};
use crate::lang::{say, word};
use crate::model::{CarrierName, Instant, TaxId, calendar};

use read::{Read, read_31, read_50, written_at};
use record::Record;

/// An OCOREN file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ocoren {
    /// When the carrier wrote the file, by its header.
    pub written_at: Option<Moment>,
    /// The carrier's name for the exchange.
    pub exchange: Option<String>,
    /// The occurrences that could be read, in file order.
    pub occurrences: Vec<Occurrence>,
    /// What is odd, in file order; the first [`Ocoren::WARNINGS_KEPT`].
    pub warnings: Vec<Warning>,
    /// How many oddities there are in all, kept or not.
    pub warning_count: usize,
    /// Occurrence records that could not be read.
    pub bad_lines: usize,
    /// Records of kinds that are not known; later versions add some.
    pub unknown_records: usize,
}

/// The version of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// 3.1 of 15/05/2000.
    V31,
    /// 5.0.
    V50,
}

/// One occurrence (record 342 or 542).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Line in the file, from 1.
    pub line: u64,
    /// The record's version.
    pub layout: Layout,
    /// The carrier's CNPJ (record 341 or 541).
    pub carrier: Option<TaxId>,
    /// The carrier's name.
    pub carrier_name: Option<CarrierName>,
    /// The invoice it is about.
    pub invoice: InvoiceReference,
    /// What happened, as a number of the carriers' table; see [`Occurrence::outcome`].
    pub code: u16,
    /// What is said beside the code.
    pub observation: Option<Observation>,
    /// When it happened; São Paulo's time. `None` when the record leaves the date out.
    pub at: Option<Moment>,
    /// Free text, which often names who received the goods.
    pub text: Option<PrivateText>,
    /// Collection order, load list or other numbers of the shipment (5.0).
    pub shipments: Vec<String>,
    /// The invoice with which the goods come back (5.0).
    pub return_invoice: Option<InvoiceReference>,
}

/// An invoice as carriers name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceReference {
    /// Its issuer; `None` when the record leaves it out.
    pub issuer: Option<TaxId>,
    /// Its series, without leading zeros; `None` when blank.
    pub series: Option<String>,
    /// Its number. Layout 3.1 has room for the last 8 digits only.
    pub number: u32,
}

/// The observation code of an occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// 01: returned or refused as a whole.
    AllReturned,
    /// 02: returned or refused in part.
    PartReturned,
    /// 03: accepted by agreement.
    AcceptedByAgreement,
    /// 04 and 05: returned with an invoice of the customer's own.
    ReturnedWithInvoice,
    /// Another code.
    Other(u32),
}

/// Where the date of an occurrence comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateSource {
    /// The record.
    Record,
    /// The file's header, because the record has no date or an impossible one: to be flagged.
    File,
}

/// Why an occurrence has no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undated {
    /// Its date and the file's are missing or impossible.
    Impossible,
    /// The file says that it was written on a day that is still to come: by this machine's clock, which may be behind.
    Ahead(Moment),
}

/// What is odd about a file. None of it stops the good lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// An occurrence that could not be read.
    #[error("{}", say!(
        "line {line}: {problem}; the occurrence was left out"
            | "linha {line}: {problem}; a ocorrência foi deixada de lado"
    ))]
    BadLine {
        /// Line in the file.
        line: u64,
        /// What is wrong with it.
        problem: RecordProblem,
    },
    /// A 3.1 record whose code has three digits; the fields behind it were read one place further right.
    #[error("{}", say!(
        "line {line}: the code has three digits, so the rest was read one place further right"
            | "linha {line}: o código tem três dígitos, então o resto foi lido uma posição adiante"
    ))]
    Shifted {
        /// Line in the file.
        line: u64,
    },
    /// A time of day that is none; the occurrence counts with its day alone.
    #[error("{}", say!(
        "line {line}: the hour is none; only the day was taken"
            | "linha {line}: a hora é inválida; só o dia foi aproveitado"
    ))]
    OddTime {
        /// Line in the file.
        line: u64,
    },
    /// Record 549 counts otherwise.
    #[error(
        "{}", say!(
            "line {line}: the file says it has {told} occurrences and has {counted}; ask the carrier whether it is \
             complete"
                | "linha {line}: o arquivo diz ter {told} ocorrências e tem {counted}; pergunte à transportadora se \
                   está completo"
        ))]
    WrongTotal {
        /// Line in the file.
        line: u64,
        /// By record 549.
        told: u32,
        /// Records 542 since the last 540.
        counted: u32,
    },
    /// A 5.0 file without its last record.
    #[error("{}", say!(
        "the file ends without its total (549), so it may have been cut short; ask the carrier to send it again"
            | "o arquivo termina sem o total (549), então pode ter sido cortado; peça à transportadora para enviá-lo \
               de novo"
    ))]
    NoTotal,
}

impl Warning {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadLine { .. } => "ocoren_bad_line",
            Self::Shifted { .. } => "ocoren_shifted",
            Self::OddTime { .. } => "ocoren_odd_time",
            Self::WrongTotal { .. } => "ocoren_wrong_total",
            Self::NoTotal => "ocoren_no_total",
        }
    }
}

/// What is wrong with an occurrence record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordProblem {
    /// It ends before its fields do.
    #[error("{}", say!("the line was cut short" | "a linha foi cortada"))]
    Cut,
    /// Neither zeros nor a CNPJ or CPF.
    #[error("{}", say!("the issuer is no CNPJ or CPF" | "o emitente não é CNPJ nem CPF"))]
    Issuer,
    /// No number.
    #[error("{}", say!("there is no invoice number" | "não há número de nota"))]
    Number,
    /// No code.
    #[error("{}", say!("there is no occurrence code" | "não há código de ocorrência"))]
    Code,
    /// Neither zeros nor a date.
    #[error("{}", say!("the date is none" | "a data é inválida"))]
    Date,
    /// Neither blank nor a number: the fields do not stand where they belong.
    #[error("{}", say!("the observation is no number" | "a observação não é um número"))]
    Observation,
}

impl Occurrence {
    /// Whether it is about that invoice. An issuer or a series that the record leaves out agrees with every one, and
    /// 3.1 tells 8 digits of the number only, so several invoices may be named: then none must be touched.
    pub fn names(&self, issuer: &TaxId, series: u32, number: u32) -> bool {
        let told = match self.layout {
            Layout::V31 => number % 100_000_000,
            Layout::V50 => number,
        };
        self.invoice.number == told
            && self.invoice.issuer.as_ref().is_none_or(|named| named == issuer)
            && self.invoice.series.as_ref().is_none_or(|named| *named == series.to_string())
    }

    /// What it means. An observation of a return turns a delivery into one that a person must look at.
    pub fn outcome(&self, table: &CodeTable) -> Outcome {
        match (table.outcome(self.code, self.carrier.as_ref()), self.observation) {
            (Outcome::Delivered, Some(Observation::AcceptedByAgreement)) => Outcome::DeliveredWithRemarks,
            (delivered, None | Some(Observation::AcceptedByAgreement)) => delivered,
            (delivered, Some(_)) if delivered.is_delivery() => Outcome::DeliveryDisputed,
            (other, _) => other,
        }
    }

    /// The same for every copy of an occurrence, since carriers send whole days again: invoice, code, date and hour.
    pub fn identity(&self) -> String {
        let invoice = &self.invoice;
        format!(
            "{}/{}/{}/{}/{}",
            invoice.issuer.as_ref().map_or("", TaxId::as_str),
            invoice.series.as_deref().unwrap_or_default(),
            invoice.number,
            self.code,
            self.at.map(|moment| moment.at.format("%Y%m%d%H%M").to_string()).unwrap_or_default()
        )
    }

    /// When it happened: the record's date, unless it lies before the day the invoice was issued or more than a day in
    /// the future; then the day the file was written.
    ///
    /// # Errors
    /// [`Undated`] when that is impossible, too.
    pub fn date(&self, file: &Ocoren, issued_at: Instant, now: Instant) -> Result<(Moment, DateSource), Undated> {
        let earliest = calendar::local_date(issued_at);
        let latest = calendar::local_date(now).checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        let possible = |moment: &Moment| (earliest..=latest).contains(&moment.date());
        let from_record = self.at.filter(possible).map(|moment| (moment, DateSource::Record));
        let from_file = || file.written_at.filter(possible).map(|moment| (moment, DateSource::File));
        from_record.or_else(from_file).ok_or(match file.written_at {
            Some(written) if written.date() > latest => Undated::Ahead(written),
            _ => Undated::Impossible,
        })
    }
}

impl Ocoren {
    /// Warnings that are kept; all are counted.
    pub const WARNINGS_KEPT: usize = 100;

    /// Reads an OCOREN file of either version.
    ///
    /// # Errors
    /// No text, another kind of file, or no occurrence in it that can be read.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let text = text::decode(bytes)?;
        if is_edi(&text) { Self::from_text(&text) } else { Err(DocumentError::Unrecognised) }
    }

    pub(super) fn from_text(text: &str) -> Result<Self, DocumentError> {
        if let Some(what) = Record::all(text).take(2).find_map(|record| other_kind(record.kind())) {
            return Err(DocumentError::OtherEdi { what });
        }
        let mut reader = Reader::default();
        Record::all(text).for_each(|record| reader.take(&record));
        reader.finish()
    }

    /// Whether something may be missing or wrong in it: to be told to a person, and not to be filed away in silence.
    pub fn is_suspicious(&self) -> bool {
        self.warning_count > self.warnings.len()
            || self.warnings.iter().any(|warning| !matches!(warning, Warning::Shifted { .. }))
    }

    fn warn(&mut self, warning: Warning) {
        self.warning_count += 1;
        if self.warnings.len() < Self::WARNINGS_KEPT {
            self.warnings.push(warning);
        }
    }
}

/// Whether a text is PROCEDA EDI, by the kinds of its first two records.
pub(super) fn is_edi(text: &str) -> bool {
    let mut records = Record::all(text);
    let Some(first) = records.next() else { return false };
    let known = |kind: &str| is_ocoren(kind) || other_kind(kind).is_some();
    // A sheet whose first cell happens to be such a number goes on with a separator.
    let is_sheet = matches!(first.field(4, 4), ";" | "," | "\t" | "|" | "");
    let second = records.next();
    !is_sheet && (is_ocoren(first.kind()) || first.kind() == "000") && second.is_some_and(|record| known(record.kind()))
}

fn is_ocoren(kind: &str) -> bool {
    matches!(kind, "340" | "341" | "342" | "343" | "540" | "541" | "542" | "543" | "544" | "545" | "549")
}

/// Other files of the same family, by the record behind their header.
fn other_kind(kind: &str) -> Option<&'static str> {
    match kind {
        "310" | "500" | "501" => Some(word!("NOTFIS, invoices to be carried" | "NOTFIS, notas a transportar")),
        "320" | "520" => Some(word!("CONEMB, freight documents" | "CONEMB, conhecimentos de transporte")),
        "350" | "550" => Some(word!("DOCCOB, invoices for freight" | "DOCCOB, faturas de frete")),
        _ => None,
    }
}

/// What is known while a file is read.
#[derive(Default)]
struct Reader {
    file: Ocoren,
    carrier: Option<TaxId>,
    carrier_name: Option<CarrierName>,
    /// Occurrence records, good or bad, since the last document header.
    counted: u32,
    /// A 5.0 document was opened and its total not yet seen.
    total_is_due: bool,
    /// The last record was an occurrence that was read, so that text behind it is its own.
    takes_text: bool,
}

impl Reader {
    fn take(&mut self, record: &Record<'_>) {
        let takes_text = std::mem::take(&mut self.takes_text);
        match record.kind() {
            "000" => {
                self.file.written_at = written_at(record);
                self.file.exchange = record.text(84, 95).map(str::to_owned);
            }
            kind @ ("340" | "540") => {
                self.end_document();
                self.total_is_due = kind == "540";
            }
            kind @ ("341" | "541") => {
                self.carrier = TaxId::parse(record.field(4, 17)).ok();
                self.carrier_name = record.text(18, if kind == "341" { 57 } else { 67 }).map(CarrierName::new);
            }
            "342" => self.occurrence(record, read_31),
            "542" => self.occurrence(record, read_50),
            "543" if takes_text => self.add_text(record),
            "549" => self.total(record),
            "343" | "543" | "544" | "545" => {}
            _ => self.file.unknown_records += 1,
        }
    }

    fn occurrence(&mut self, record: &Record<'_>, read: fn(&Record<'_>) -> Result<Read, RecordProblem>) {
        self.counted = self.counted.saturating_add(1);
        let line = record.line;
        match read(record) {
            Ok(Read { mut occurrence, is_shifted, has_odd_time }) => {
                occurrence.carrier = self.carrier.clone();
                occurrence.carrier_name = self.carrier_name.clone();
                if is_shifted {
                    self.file.warn(Warning::Shifted { line });
                }
                if has_odd_time {
                    self.file.warn(Warning::OddTime { line });
                }
                self.file.occurrences.push(occurrence);
                self.takes_text = true;
            }
            Err(problem) => {
                self.file.bad_lines += 1;
                self.file.warn(Warning::BadLine { line, problem });
            }
        }
    }

    fn add_text(&mut self, record: &Record<'_>) {
        let pieces: Vec<&str> =
            [(4, 73), (74, 143), (144, 213)].iter().filter_map(|(a, b)| record.text(*a, *b)).collect();
        if let (Some(occurrence), false) = (self.file.occurrences.last_mut(), pieces.is_empty()) {
            occurrence.text = Some(PrivateText::new(pieces.join(" ")));
        }
    }

    fn total(&mut self, record: &Record<'_>) {
        let (told, counted) = (digits(record.field(4, 7).trim()).unwrap_or_default(), self.counted);
        if told != counted {
            self.file.warn(Warning::WrongTotal { line: record.line, told, counted });
        }
        self.total_is_due = false;
        self.counted = 0;
    }

    fn end_document(&mut self) {
        if self.total_is_due {
            self.file.warn(Warning::NoTotal);
        }
        self.total_is_due = false;
        self.counted = 0;
    }

    fn finish(mut self) -> Result<Ocoren, DocumentError> {
        self.end_document();
        if self.file.occurrences.is_empty() {
            return Err(DocumentError::NoOccurrences { bad_lines: self.file.bad_lines });
        }
        Ok(self.file)
    }
}
