//! The fiscal preflight: whether an invoice may go out for an order, by its access key and its file.
//!
//! A wrong invoice on an order tells one customer's data to another, so everything against it is a stop.

use super::Policy;
use crate::channel::outgoing::{Fiscal, XmlText};
use crate::documents::nfe::{Expectation, check};
use crate::documents::{AccessKey, Nfe, text};
use crate::erp::outgoing::Invoice;
use crate::lang::{say, word};
use crate::model::{Cents, Order};
use crate::reason::{Problem, Reason};

/// What goes out of an invoice's file, as far as there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filed {
    /// The file as text.
    pub xml: Option<XmlText>,
    /// The kind of operation (CFOP) of its first line, and the issuer's state registration or `ISENTO`.
    pub fiscal: Option<Fiscal>,
}

/// Judges an invoice of the order, and gives what goes out of its file.
pub fn preflight(invoice: &Invoice, xml: Option<&[u8]>, order: &Order, policy: &Policy) -> Result<Filed, Reason> {
    let mut problems = against_key(invoice, policy);
    let mut filed = Filed::default();
    if let Some(bytes) = xml {
        match Nfe::parse(bytes) {
            Ok(nfe) => {
                problems.extend(against_file(&nfe, invoice, order, policy));
                filed.fiscal = nfe.lines.first().map(|line| Fiscal {
                    cfop: line.cfop,
                    issuer_registration: nfe.issuer.state_registration.clone().unwrap_or_else(|| "ISENTO".into()),
                });
            }
            Err(error) => problems.push(problem("nfe_unreadable", error.to_string())),
        }
        filed.xml = embeddable(bytes);
    }
    // Key and file may say the same twice.
    let mut seen = std::collections::BTreeSet::new();
    problems.retain(|problem| seen.insert(problem.code.clone()));
    match problems.is_empty() {
        true => Ok(filed),
        false => Err(Reason::InvoiceUnfit { invoice: invoice.number.to_string(), problems }),
    }
}

fn problem(code: &str, text: impl Into<String>) -> Problem {
    Problem { code: code.to_owned(), text: text.into() }
}

fn against_key(invoice: &Invoice, policy: &Policy) -> Vec<Problem> {
    let key = match AccessKey::parse(&invoice.key) {
        Ok(key) => key,
        Err(error) => return vec![problem("nfe_key", error.to_string())],
    };
    let mut problems = Vec::new();
    if key.model() != 55 {
        problems.push(problem(
            "nfe_consumer_receipt",
            word!("its access key is not one of an NF-e (model 55)" | "a chave de acesso não é de NF-e (modelo 55)"),
        ));
    }
    if key.document_number() != invoice.number || Ok(key.series()) != invoice.series.trim().parse() {
        problems.push(problem(
            "nfe_number_differs",
            word!("its number or series and its access key differ" | "o número ou a série diverge da chave de acesso"),
        ));
    }
    let is_ours = |issuer| policy.issuers.contains(&issuer);
    if !policy.issuers.is_empty() && !key.issuer().is_some_and(is_ours) {
        problems.push(problem(
            "nfe_issuer",
            word!(
                "it was issued by a company that is not configured as one of ours"
                    | "foi emitida por uma empresa que não está configurada como nossa"
            ),
        ));
    }
    problems
}

fn against_file(nfe: &Nfe, invoice: &Invoice, order: &Order, policy: &Policy) -> Vec<Problem> {
    let mut problems = Vec::new();
    if nfe.key.as_str() != invoice.key {
        problems.push(problem(
            "nfe_file_of_another",
            word!("its file is the one of another invoice" | "o arquivo é de outra nota"),
        ));
    }
    if nfe.totals.invoice != invoice.value {
        let (file, erp) = (nfe.totals.invoice, invoice.value);
        problems.push(problem(
            "nfe_value_differs",
            say!("its file says {file}, the ERP {erp}" | "o arquivo diz {file}, o ERP {erp}"),
        ));
    }
    let customer = order.customer.tax_id();
    let anybody = [nfe.issuer.document.clone()];
    let expectation = Expectation {
        issuers: if policy.issuers.is_empty() { &anybody } else { &policy.issuers },
        is_customer: &|document| customer.as_ref() == Some(document),
        // What the ERP knows of a cancellation stands in the invoice itself.
        events: &[],
        situation: None,
        allow_test: policy.allow_test,
        allow_nfce: false,
        order_total: None,
        tolerance: Cents::ZERO,
    };
    if let Err(refusals) = check(nfe, &expectation) {
        problems.extend(refusals.into_iter().map(|refusal| problem(refusal.code(), refusal.to_string())));
    }
    problems
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

/// The file as text for a JSON string. What is text has no encoding any more, so the declaration says UTF-8: who stores it again
/// would otherwise read accents wrongly. The signature does not cover the declaration.
fn embeddable(bytes: &[u8]) -> Option<XmlText> {
    let decoded = text::decode_xml(bytes).ok()?;
    let body = match decoded.trim_start().strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").map_or(decoded.as_ref(), |(_, body)| body.trim_start()),
        None => decoded.trim_start(),
    };
    Some(XmlText::new(format!("{DECLARATION}{body}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::order::sample;

    fn file(name: &str) -> Vec<u8> {
        let folder = format!("{}/tests/fixtures/nfe", env!("CARGO_MANIFEST_DIR"));
        let found = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        std::fs::read(found.into_iter().find(|path| path.to_string_lossy().contains(name)).unwrap()).unwrap()
    }

    fn invoice_of(bytes: &[u8]) -> Invoice {
        let nfe = Nfe::parse(bytes).unwrap();
        Invoice {
            key: nfe.key.as_str().into(),
            number: nfe.number,
            series: nfe.series.to_string(),
            issued_at: nfe.issued_instant(),
            value: nfe.totals.invoice,
            url: None,
            lines: Vec::new(),
            cancelled_at: None,
        }
    }

    fn codes(result: Result<Filed, Reason>) -> Vec<String> {
        match result {
            Ok(_) => Vec::new(),
            Err(Reason::InvoiceUnfit { problems, .. }) => problems.into_iter().map(|problem| problem.code).collect(),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_right_invoice_passes_and_is_embedded_as_text() {
        let bytes = file("s01-");
        let text =
            preflight(&invoice_of(&bytes), Some(&bytes), &sample::order(), &Policy::default()).unwrap().xml.unwrap();
        assert!(text.as_str().starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?><nfeProc"));
        assert!(!format!("{text:?}").contains("CLIENTE"));
    }

    #[test]
    fn a_latin_1_file_is_embedded_with_its_accents_and_as_utf_8() {
        let text = embeddable(&file("s14-")).unwrap();
        assert!(text.as_str().starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?><"), "{}", text.as_str());
        assert!(!text.as_str().contains('\u{fffd}') && text.as_str().matches("<?xml").count() == 1);
    }

    #[test]
    fn everything_wrong_is_told() {
        let bytes = file("s01-");
        let good = invoice_of(&bytes);
        let order = sample::order();
        let judged =
            |invoice: &Invoice, order: &Order, policy: &Policy| codes(preflight(invoice, Some(&bytes), order, policy));
        assert_eq!(judged(&good, &order, &Policy::default()), [""; 0]);
        let mut stranger = order.clone();
        stranger.customer.document = Some("111.444.777-35".into());
        assert_eq!(judged(&good, &stranger, &Policy::default()), ["nfe_recipient"]);
        stranger.customer.document = None;
        assert_eq!(judged(&good, &stranger, &Policy::default()), ["nfe_recipient"]);
        let others = Policy { issuers: vec!["11444777000161".parse_tax_id()], ..Policy::default() };
        assert_eq!(judged(&good, &order, &others), ["nfe_issuer"]);
        let other_value = Invoice { value: Cents::new(1), ..good.clone() };
        assert_eq!(judged(&other_value, &order, &Policy::default()), ["nfe_value_differs"]);
        let other_number = Invoice { number: 2, ..good.clone() };
        assert_eq!(judged(&other_number, &order, &Policy::default()), ["nfe_number_differs"]);
        let bad_key = Invoice { key: good.key.replace("9770", "9771"), ..good };
        assert_eq!(judged(&bad_key, &order, &Policy::default()), ["nfe_key", "nfe_file_of_another"]);
    }

    #[test]
    fn files_that_prove_nothing_are_refused() {
        for (name, code) in [
            ("s09-", "nfe_no_protocol"),
            ("s10-", "nfe_not_authorised"),
            ("s11-", "nfe_protocol_of_another"),
            ("s07-", "nfe_entry"),
        ] {
            let bytes = file(name);
            let found = codes(preflight(&invoice_of(&bytes), Some(&bytes), &sample::order(), &Policy::default()));
            assert!(found.contains(&code.to_owned()), "{name}: {found:?}");
        }
        let good = invoice_of(&file("s01-"));
        for name in ["s12-", "s20-"] {
            let found = codes(preflight(&good, Some(&file(name)), &sample::order(), &Policy::default()));
            assert_eq!(found, ["nfe_unreadable"], "{name}");
        }
    }

    #[test]
    fn without_a_file_the_key_is_judged() {
        let good = invoice_of(&file("s01-"));
        assert_eq!(preflight(&good, None, &sample::order(), &Policy::default()), Ok(Filed::default()));
        let receipt = Invoice { key: good.key.replace("0195550", "0195650"), ..good };
        assert_eq!(codes(preflight(&receipt, None, &sample::order(), &Policy::default())), ["nfe_key"]);
    }

    trait ParseTaxId {
        fn parse_tax_id(&self) -> crate::model::TaxId;
    }

    impl ParseTaxId for str {
        fn parse_tax_id(&self) -> crate::model::TaxId {
            crate::model::TaxId::parse(self).unwrap()
        }
    }
}
