//! What carriers say (OCOREN), tied to the ledger's invoices.

use chrono::TimeDelta;

use super::{Rules, TakeError, Taken, refuse};
use crate::documents::ocoren::{DateSource, Layout, Occurrence, Outcome, Warning};
use crate::documents::{AccessKey, Ocoren};
use crate::erp::ErpError;
use crate::erp::ledger::{DeliveryEvent, DeliveryOutcome, Invoice, Ledger, Posted};
use crate::model::{ErpOrderId, Instant, calendar};

/// Carriers tell of an invoice for so long; numbers of older ones may be meant to be newer ones.
const CANDIDATE_DAYS: i64 = 180;

/// What was made of one occurrence.
enum Heard {
    /// An event of an order.
    Event { posted: Posted, remark: Option<String> },
    /// Of another company's invoice: carriers also tell of what is not ours.
    Foreign,
    /// Not sure about what, with the sentence.
    LeftOut(String),
}

impl Ledger {
    pub(super) fn take_occurrences(
        &self,
        file: &Ocoren,
        source: &str,
        rules: &Rules,
        now: Instant,
    ) -> Result<Taken, TakeError> {
        let (mut new, mut again, mut foreign) = (0, 0, 0);
        let (mut remarks, mut left_out) = oddities(file);
        let odd = left_out.len();
        for occurrence in &file.occurrences {
            let line = |text: String| format!("line {}: {text}", occurrence.line);
            match self.take_occurrence(file, occurrence, source, rules, now)? {
                Heard::Event { posted, remark } => {
                    match posted {
                        Posted::New => new += 1,
                        Posted::Again => again += 1,
                    }
                    remarks.extend(remark.map(line));
                }
                Heard::Foreign => foreign += 1,
                Heard::LeftOut(why) => left_out.push(line(why)),
            }
        }
        if new + again == 0 {
            let first = match left_out.get(odd).or(left_out.first()) {
                Some(why) => why.clone(),
                None => "they are about the invoices of companies that are not configured as ours".to_owned(),
            };
            let message = format!("none of its {} occurrences could be taken ({first})", file.occurrences.len());
            return refuse("no_occurrence_taken", message);
        }
        Ok(Taken::Deliveries { new, again, foreign, remarks, left_out })
    }

    fn take_occurrence(
        &self,
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
        let mut found = self.invoices_meant(occurrence, now)?;
        let (order, invoice) = match found.len() {
            0 => {
                return Ok(Heard::LeftOut(format!(
                    "the ledger has no invoice {number} of that issuer and series from the last {CANDIDATE_DAYS} days; import \
                     the invoice first"
                )));
            }
            1 => found.remove(0),
            n => {
                return Ok(Heard::LeftOut(format!(
                    "{n} invoices have the number {number}, and it does not tell which"
                )));
            }
        };
        let Some((moment, date)) = occurrence.date(file, invoice.issued_at, now) else {
            return Ok(Heard::LeftOut(format!("invoice {number}: its date is missing or impossible")));
        };
        let tracking_code = match self.parcel_meant(&order, &invoice)? {
            Ok(code) => code,
            Err(why) => return Ok(Heard::LeftOut(why)),
        };
        let event = DeliveryEvent {
            code: format!("{:02}", occurrence.code),
            what: delivery(occurrence.outcome(&rules.codes)),
            at: moment.at,
            source: source.to_owned(),
            access_key: Some(invoice.access_key.clone()),
            tracking_code,
        };
        let remark = (date == DateSource::File).then(|| {
            let day = calendar::local_text(moment.at);
            format!("invoice {number}: its date is missing or impossible, so the file's own was taken: {day}")
        });
        Ok(Heard::Event { posted: self.add_delivery_event(&order, &event, now)?, remark })
    }

    /// The invoices that an occurrence may be about.
    fn invoices_meant(&self, occurrence: &Occurrence, now: Instant) -> Result<Vec<(ErpOrderId, Invoice)>, ErpError> {
        let told = occurrence.invoice.number;
        let heads = match occurrence.layout {
            // Eight digits are told, and a number may have nine.
            Layout::V31 => 0..=9,
            Layout::V50 => 0..=0,
        };
        let oldest = now - TimeDelta::days(CANDIDATE_DAYS);
        let mut found = Vec::new();
        for head in heads {
            found.extend(self.invoices_numbered(told.saturating_add(head * 100_000_000))?);
        }
        found.retain(|(_, invoice)| invoice.issued_at >= oldest && names(occurrence, invoice));
        Ok(found)
    }

    /// The tracking code of the parcel that carries an invoice, where one is known; or why it cannot be told what was
    /// delivered. Without one the invoice itself tells which parcel it is.
    pub(super) fn parcel_meant(
        &self,
        order: &ErpOrderId,
        invoice: &Invoice,
    ) -> Result<Result<Option<String>, String>, ErpError> {
        let number = invoice.number;
        if invoice.cancelled_at.is_some() {
            return Ok(Err(format!(
                "invoice {number} was cancelled, so it is not known what was delivered; ask the carrier"
            )));
        }
        let Some(detail) = self.order_detail(order)? else { return Ok(Ok(None)) };
        let code = (detail.shipments.iter())
            .filter(|parcel| parcel.access_key.as_deref() == Some(invoice.access_key.as_str()))
            .find_map(|parcel| parcel.tracking_code.clone());
        Ok(Ok(code))
    }
}

/// What is odd about the file itself: what is only worth telling, and what may be missing because of it.
fn oddities(file: &Ocoren) -> (Vec<String>, Vec<String>) {
    let (shifted, suspicious): (Vec<&Warning>, Vec<&Warning>) =
        file.warnings.iter().partition(|warning| matches!(warning, Warning::Shifted { .. }));
    let mut left_out: Vec<String> = suspicious.into_iter().map(ToString::to_string).collect();
    let more = file.warning_count.saturating_sub(file.warnings.len());
    if more > 0 {
        left_out.push(format!("{more} more lines are odd; ask the carrier to send the file again"));
    }
    (shifted.into_iter().map(ToString::to_string).collect(), left_out)
}

/// Whether an occurrence is about that invoice, whose issuer stands in its access key.
fn names(occurrence: &Occurrence, invoice: &Invoice) -> bool {
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
