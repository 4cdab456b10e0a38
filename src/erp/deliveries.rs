//! What carriers say (OCOREN), tied to the ERP's invoices.

use chrono::TimeDelta;

use super::ErpError;
use super::ledger::documents::{Rules, TakeError, Taken, refuse};
use super::outgoing::{DeliveryEvent, DeliveryOutcome};
use crate::documents::ocoren::{DateSource, Layout, Occurrence, Outcome, Undated, Warning};
use crate::documents::{AccessKey, Ocoren};
use crate::lang::{say, word};
use crate::model::{ErpOrderId, Instant, calendar};

/// Carriers tell of an invoice for so long; numbers of older ones may be meant to be newer ones. Counted by the file's dates: this
/// machine's clock may be ahead.
const CANDIDATE_DAYS: i64 = 180;

/// An ERP's invoice, as far as a carrier's word needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownInvoice {
    /// Its order.
    pub order: ErpOrderId,
    /// Its access key.
    pub access_key: String,
    /// Its number.
    pub number: u32,
    /// When it was issued.
    pub issued_at: Instant,
    /// Whether it was cancelled.
    pub cancelled: bool,
}

/// Whether something is news.
pub use super::ledger::Posted;

/// What an ERP knows of invoices, and where what carriers say of them is kept.
pub trait Invoices {
    /// The invoices with that number, of any series and issuer.
    ///
    /// # Errors
    /// When they cannot be read.
    fn numbered(&self, number: u32) -> Result<Vec<KnownInvoice>, ErpError>;

    /// The tracking code of the parcel that carries an invoice, where one is known.
    ///
    /// # Errors
    /// When it cannot be read.
    fn tracking_code(&self, invoice: &KnownInvoice) -> Result<Option<String>, ErpError>;

    /// How to say that there is none: `the ledger has no`.
    fn no(&self) -> &'static str;

    /// What to do about an invoice that is not there.
    fn remedy(&self) -> &'static str;

    /// Keeps what a carrier said.
    ///
    /// # Errors
    /// When it cannot be written.
    fn hear(&self, order: &ErpOrderId, event: &DeliveryEvent, now: Instant) -> Result<Posted, ErpError>;
}

/// What was made of one occurrence.
enum Heard {
    /// An event of an order.
    Event { posted: Posted, remark: Option<String> },
    /// Of another company's invoice: carriers also tell of what is not ours.
    Foreign,
    /// Not sure about what, with the sentence.
    LeftOut(String),
    /// Of a day that is still to come.
    Ahead(Instant),
}

/// Takes a carrier's file. What is not sure stays out of it and is told.
///
/// # Errors
/// [`TakeError`], when nothing of it could be taken.
pub fn take(
    invoices: &impl Invoices,
    file: &Ocoren,
    source: &str,
    rules: &Rules,
    now: Instant,
) -> Result<Taken, TakeError> {
    let (mut new, mut again, mut foreign) = (0, 0, 0);
    let (mut remarks, mut left_out) = oddities(file);
    let (odd, mut ahead) = (left_out.len(), None);
    for occurrence in &file.occurrences {
        let line = |text: String| say!("line {}: {text}" | "linha {}: {text}", occurrence.line);
        match take_one(invoices, file, occurrence, source, rules, now)? {
            Heard::Event { posted, remark } => {
                match posted {
                    Posted::New => new += 1,
                    Posted::Again => again += 1,
                }
                remarks.extend(remark.map(line));
            }
            Heard::Foreign => foreign += 1,
            Heard::LeftOut(why) => left_out.push(line(why)),
            Heard::Ahead(at) => ahead = Some(at),
        }
    }
    if let Some(at) = ahead {
        return Err(TakeError::Ahead(at));
    }
    if new + again == 0 {
        let first = match left_out.get(odd).or(left_out.first()) {
            Some(why) => why.clone(),
            None => word!(
                "they are about the invoices of companies that are not configured as ours"
                    | "são de notas de empresas que não estão configuradas como nossas"
            )
            .to_owned(),
        };
        let message = say!(
            "none of its {} occurrences could be taken ({first})"
                | "nenhuma das {} ocorrências pôde ser aproveitada ({first})",
            file.occurrences.len()
        );
        return refuse("no_occurrence_taken", message);
    }
    Ok(Taken::Deliveries { new, again, foreign, remarks, left_out })
}

fn take_one(
    invoices: &impl Invoices,
    file: &Ocoren,
    occurrence: &Occurrence,
    source: &str,
    rules: &Rules,
    now: Instant,
) -> Result<Heard, ErpError> {
    let is_foreign = |issuer| !rules.issuers.is_empty() && !rules.issuers.contains(issuer);
    if occurrence.invoice.issuer.as_ref().is_some_and(is_foreign) {
        return Ok(Heard::Foreign);
    }
    let number = occurrence.invoice.number;
    let mut found = meant(invoices, file, occurrence, now)?;
    let invoice = match found.len() {
        0 => {
            return Ok(Heard::LeftOut(say!(
                "{} invoice {number} of that issuer and series from the {CANDIDATE_DAYS} days before it; {}"
                    | "{} nota {number} desse emitente e série dos {CANDIDATE_DAYS} dias anteriores; {}",
                invoices.no(),
                invoices.remedy()
            )));
        }
        1 => found.remove(0),
        n => {
            return Ok(Heard::LeftOut(say!(
                "{n} invoices have the number {number}, and it does not tell which"
                    | "{n} notas têm o número {number}, e a ocorrência não diz qual"
            )));
        }
    };
    let (moment, date) = match occurrence.date(file, invoice.issued_at, now) {
        Ok(dated) => dated,
        Err(Undated::Ahead(written)) => return Ok(Heard::Ahead(written.at)),
        Err(Undated::Impossible) => {
            return Ok(Heard::LeftOut(say!(
                "invoice {number}: its date is missing or impossible" | "nota {number}: a data falta ou é impossível"
            )));
        }
    };
    if invoice.cancelled {
        return Ok(Heard::LeftOut(cancelled(invoice.number)));
    }
    let event = DeliveryEvent {
        code: format!("{:02}", occurrence.code),
        what: delivery(occurrence.outcome(&rules.codes)),
        at: moment.at,
        source: source.to_owned(),
        access_key: Some(invoice.access_key.clone()),
        tracking_code: invoices.tracking_code(&invoice)?,
    };
    let remark = (date == DateSource::File).then(|| {
        let day = calendar::local_text(moment.at);
        say!(
            "invoice {number}: its date is missing or impossible, so the file's own was taken: {day}"
                | "nota {number}: a data falta ou é impossível, então valeu a do arquivo: {day}"
        )
    });
    Ok(Heard::Event { posted: invoices.hear(&invoice.order, &event, now)?, remark })
}

/// Why a word about a cancelled invoice counts for nothing.
pub fn cancelled(number: u32) -> String {
    say!(
        "invoice {number} was cancelled, so it is not known what was delivered; ask the carrier"
            | "a nota {number} foi cancelada, então não se sabe o que foi entregue; pergunte à transportadora"
    )
}

/// The invoices that an occurrence may be about.
fn meant(
    invoices: &impl Invoices,
    file: &Ocoren,
    occurrence: &Occurrence,
    now: Instant,
) -> Result<Vec<KnownInvoice>, ErpError> {
    let told = occurrence.invoice.number;
    let heads = match occurrence.layout {
        // Eight digits are told, and a number may have nine.
        Layout::V31 => 0..=9,
        Layout::V50 => 0..=0,
    };
    let told_at = occurrence.at.max(file.written_at).map_or(now, |moment| moment.at.min(now));
    let oldest = told_at - TimeDelta::days(CANDIDATE_DAYS);
    let mut found = Vec::new();
    for head in heads {
        found.extend(invoices.numbered(told.saturating_add(head * 100_000_000))?);
    }
    found.retain(|invoice| invoice.issued_at >= oldest && names(occurrence, invoice));
    Ok(found)
}

/// What is odd about the file itself: what is only worth telling, and what may be missing because of it.
fn oddities(file: &Ocoren) -> (Vec<String>, Vec<String>) {
    let (shifted, suspicious): (Vec<&Warning>, Vec<&Warning>) =
        file.warnings.iter().partition(|warning| matches!(warning, Warning::Shifted { .. }));
    let mut left_out: Vec<String> = suspicious.into_iter().map(ToString::to_string).collect();
    let more = file.warning_count.saturating_sub(file.warnings.len());
    if more > 0 {
        left_out.push(say!(
            "{more} more lines are odd; ask the carrier to send the file again"
                | "há mais {more} linhas estranhas; peça à transportadora para enviar o arquivo de novo"
        ));
    }
    (shifted.into_iter().map(ToString::to_string).collect(), left_out)
}

/// Whether an occurrence is about that invoice, whose issuer stands in its access key.
fn names(occurrence: &Occurrence, invoice: &KnownInvoice) -> bool {
    AccessKey::parse(&invoice.access_key)
        .ok()
        .and_then(|key| Some((key.issuer()?, key.series())))
        .is_some_and(|(issuer, series)| occurrence.names(&issuer, series, invoice.number))
}

fn delivery(outcome: Outcome) -> DeliveryOutcome {
    match outcome {
        Outcome::Delivered => DeliveryOutcome::Delivered,
        Outcome::DeliveredWithRemarks => DeliveryOutcome::DeliveredWithRemarks,
        // Delivered and refused in one breath: a person must look, as at any refusal.
        Outcome::Refused | Outcome::DeliveryDisputed => DeliveryOutcome::Refused,
        Outcome::Returned => DeliveryOutcome::Returned,
        _ => DeliveryOutcome::Other,
    }
}
