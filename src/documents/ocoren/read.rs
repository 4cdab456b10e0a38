//! The fields of occurrence records, at the positions of the manuals.

use chrono::{NaiveDate, NaiveTime};

use super::record::Record;
use super::{InvoiceReference, Layout, Observation, Occurrence, RecordProblem};
use crate::documents::moment::{Moment, digits, is_sane};
use crate::documents::text::{PrivateText, series_text};
use crate::model::TaxId;

/// An occurrence without its carrier, and what was odd about its record.
pub(super) struct Read {
    pub(super) occurrence: Occurrence,
    pub(super) is_shifted: bool,
    pub(super) has_odd_time: bool,
}

/// Record 342. Some programs write the code with three digits, which moves all that follows by one place.
pub(super) fn read_31(record: &Record<'_>) -> Result<Read, RecordProblem> {
    let is_shifted = date(record.field(31, 38)).is_none()
        && date(record.field(32, 39)).is_some()
        && digits(record.field(29, 31)).is_some_and(|_| record.field(29, 31).len() == 3);
    let by = usize::from(is_shifted);
    if record.ends_before(44 + by) {
        return Err(RecordProblem::Cut);
    }
    let (at, has_odd_time) = moment(record.field(31 + by, 38 + by), record.field(39 + by, 42 + by))?;
    let occurrence = Occurrence {
        line: record.line,
        layout: Layout::V31,
        carrier: None,
        carrier_name: None,
        invoice: invoice(record, 4, 8)?,
        code: code(record.field(29, 30 + by))?,
        observation: observation(record.field(43 + by, 44 + by))?,
        at,
        text: record.text(45 + by, 114 + by).map(PrivateText::new),
        shipments: Vec::new(),
        return_invoice: None,
    };
    Ok(Read { occurrence, is_shifted, has_odd_time })
}

/// Record 542.
pub(super) fn read_50(record: &Record<'_>) -> Result<Read, RecordProblem> {
    if record.ends_before(46) {
        return Err(RecordProblem::Cut);
    }
    let (at, has_odd_time) = moment(record.field(33, 40), record.field(41, 44))?;
    let shipments = [(47, 66), (67, 86), (87, 106), (107, 126)];
    let occurrence = Occurrence {
        line: record.line,
        layout: Layout::V50,
        carrier: None,
        carrier_name: None,
        invoice: invoice(record, 4, 9)?,
        code: code(record.field(30, 32))?,
        observation: observation(record.field(45, 46))?,
        at,
        text: None,
        shipments: shipments.iter().filter_map(|(a, b)| record.text(*a, *b)).map(str::to_owned).collect(),
        return_invoice: invoice(record, 213, 9).ok(),
    };
    Ok(Read { occurrence, is_shifted: false, has_odd_time })
}

/// Issuer (14 characters), series (3) and number.
fn invoice(record: &Record<'_>, from: usize, number_length: usize) -> Result<InvoiceReference, RecordProblem> {
    let number = digits(record.field(from + 17, from + 16 + number_length).trim()).filter(|number| *number > 0);
    Ok(InvoiceReference {
        issuer: issuer(record.field(from, from + 13).trim())?,
        series: series_text(record.field(from + 14, from + 16)),
        number: number.ok_or(RecordProblem::Number)?,
    })
}

/// A CNPJ, or a CPF filled up with zeros. All zeros or blank means that it is left out.
fn issuer(text: &str) -> Result<Option<TaxId>, RecordProblem> {
    if text.bytes().all(|b| b == b'0') {
        return Ok(None);
    }
    let padded = format!("{text:0>14}");
    let person = padded.strip_prefix("000").and_then(|cpf| TaxId::parse(cpf).ok());
    TaxId::parse(&padded).ok().or(person).map(Some).ok_or(RecordProblem::Issuer)
}

fn code(text: &str) -> Result<u16, RecordProblem> {
    digits(text.trim()).and_then(|code| u16::try_from(code).ok()).ok_or(RecordProblem::Code)
}

fn observation(text: &str) -> Result<Option<Observation>, RecordProblem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    Ok(match digits(text).ok_or(RecordProblem::Observation)? {
        0 => None,
        1 => Some(Observation::AllReturned),
        2 => Some(Observation::PartReturned),
        3 => Some(Observation::AcceptedByAgreement),
        4 | 5 => Some(Observation::ReturnedWithInvoice),
        other => Some(Observation::Other(other)),
    })
}

/// Date (`DDMMYYYY`) and hour (`HHMM`) as a moment, and whether the hour was none. A blank or zero date is left out.
fn moment(day: &str, hour: &str) -> Result<(Option<Moment>, bool), RecordProblem> {
    if day.bytes().all(|b| matches!(b, b'0' | b' ')) {
        return Ok((None, false));
    }
    let day = date(day).ok_or(RecordProblem::Date)?;
    // Nobody delivers at midnight: 0000 is a field left empty, and 2400 a way to say "that day".
    if matches!(hour.trim(), "" | "0000" | "2400") {
        return Ok((Some(Moment::local(day, None)), false));
    }
    let time = time(hour);
    Ok((Some(Moment::local(day, time)), time.is_none()))
}

fn date(text: &str) -> Option<NaiveDate> {
    let (day, month, year) = (text.get(..2)?, text.get(2..4)?, text.get(4..8)?);
    let year = i32::try_from(digits(year)?).ok()?;
    NaiveDate::from_ymd_opt(year, digits(month)?, digits(day)?).filter(|date| is_sane(*date))
}

fn time(text: &str) -> Option<NaiveTime> {
    NaiveTime::from_hms_opt(digits(text.get(..2)?)?, digits(text.get(2..4)?)?, 0)
}

/// The header's date (`DDMMYY`) and hour.
pub(super) fn written_at(header: &Record<'_>) -> Option<Moment> {
    let text = header.field(74, 79);
    let day = date(&format!("{}20{}", text.get(..4)?, text.get(4..)?))?;
    Some(Moment::local(day, time(header.field(80, 83))))
}
