//! A sample of everything a document can be refused with or remarked on, for whoever looks a code up. `…` stands for what differs.

use super::access_key::AccessKey;
use super::error::{ColumnsError, DocumentError, LineErrors, LineProblem};
use super::nfe::{Notice, Purpose, Refusal};
use crate::lang::word;
use crate::model::Cents;

const SOMETHING: &str = "…";

/// Why a file or a line of a sheet is refused: code and sentence, in the language of the moment.
pub fn refusals() -> Vec<(&'static str, String)> {
    let text = || SOMETHING.to_owned();
    let documents = [
        DocumentError::Empty,
        DocumentError::TooLarge { what: SOMETHING, bytes: 20_000_000, limit: 10_000_000 },
        DocumentError::Workbook,
        DocumentError::Pdf,
        DocumentError::Compressed,
        DocumentError::Binary,
        DocumentError::Html,
        DocumentError::Json,
        DocumentError::Unrecognised,
        DocumentError::Doctype,
        DocumentError::BrokenXml { line: 1, column: 1, detail: text() },
        DocumentError::XmlShape { what: SOMETHING },
        DocumentError::SeveralDocuments,
        DocumentError::OtherXml { root: text(), what: SOMETHING },
        DocumentError::MissingElement { element: SOMETHING },
        DocumentError::BadElement { element: SOMETHING, reason: text() },
        DocumentError::OtherEdi { what: SOMETHING },
        DocumentError::NoOccurrences { bad_lines: 2 },
        DocumentError::Columns(ColumnsError::Twice { line: 1, first: text(), second: text() }),
    ];
    let lines = [
        LineProblem::Missing { column: SOMETHING },
        LineProblem::TooManyCells { cells: 3, columns: 2 },
        LineProblem::OpenQuote,
        LineProblem::Shortened { column: SOMETHING, text: text() },
        LineProblem::FormulaError { column: SOMETHING, text: text() },
        LineProblem::NotANumber { text: text() },
        LineProblem::Ambiguous { text: text() },
        LineProblem::Fraction { text: text() },
        LineProblem::Conflict { sku: text(), first: 2, first_quantity: 5, quantity: 7 },
        LineProblem::NotADate { column: SOMETHING, text: text() },
        LineProblem::NotAUrl { text: text() },
        LineProblem::NotAnInvoiceNumber { text: text() },
    ];
    let several = word!(
        "some lines of the sheet are wrong, and nothing of it was taken; each is named with what is wrong"
            | "algumas linhas da planilha estão erradas, e nada dela foi aproveitado; cada uma é citada com o erro"
    );
    let mut all: Vec<_> = documents.iter().map(|error| (error.code(), error.to_string())).collect();
    all.push((DocumentError::Lines(LineErrors::default()).code(), several.to_owned()));
    all.extend(lines.iter().map(|problem| (problem.code(), problem.to_string())));
    all
}

/// Why an invoice must not be sent.
pub fn invoice_refusals() -> Vec<(&'static str, String)> {
    let text = || SOMETHING.to_owned();
    let mut all = vec![
        Refusal::NoProtocol,
        Refusal::NotAuthorised { status: 302, reason: text() },
        Refusal::TestEnvironment,
        Refusal::KeyDiffers { field: SOMETHING },
        Refusal::DigestDiffers,
        Refusal::ConsumerReceipt,
        Refusal::Entry,
        Refusal::Purpose(Purpose::Return),
        Refusal::Operation { item: 1, cfop: 1_202 },
        Refusal::Issuer,
        Refusal::NoRecipient,
        Refusal::Recipient,
        Refusal::Cancelled,
        Refusal::Situation { status: 217 },
    ];
    let key = AccessKey::parse("35261112345678000195550010000010011204078645");
    all.extend(key.ok().map(|protocol| Refusal::ProtocolOfAnother { protocol }));
    all.iter().map(|refusal| (refusal.code(), refusal.to_string())).collect()
}

/// What is worth telling of an invoice and stops nothing.
pub fn invoice_notices() -> Vec<(&'static str, String)> {
    let all = [
        Notice::OldLayout("3.10".into()),
        Notice::NoTransport,
        Notice::Total { invoice: Cents::new(10_000), order: Cents::new(10_001) },
    ];
    all.iter().map(|notice| (notice.code(), notice.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes that a source gives out.
    fn written(source: &str) -> Vec<&str> {
        let mut codes: Vec<&str> = source
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Self::")?.split_once("=> \"")?.1.strip_suffix("\","))
            .collect();
        codes.sort_unstable();
        codes
    }

    #[test]
    fn every_code_has_a_sample() {
        let of = |all: Vec<(&'static str, String)>| {
            let mut codes: Vec<&str> = all.into_iter().map(|(code, _)| code).collect();
            codes.sort_unstable();
            codes
        };
        assert_eq!(of(refusals()), written(include_str!("error.rs")));
        let of_invoices = invoice_refusals().into_iter().chain(invoice_notices()).collect();
        assert_eq!(of(of_invoices), written(include_str!("nfe/check.rs")));
    }
}
