//! Whether an invoice may be sent to a sales platform for an order: a pure judgement, and every reason against it at
//! once.

use std::fmt;

use super::{Direction, Environment, Nfe, Purpose, RecipientDocument};
use crate::documents::AccessKey;
use crate::documents::event::{Effect, Event, Situation, Standing};
use crate::documents::states;
use crate::lang::say;
use crate::model::{Cents, TaxId};

/// What must be true of the invoice of an order.
#[derive(Clone, Copy)]
pub struct Expectation<'a> {
    /// CNPJs (or a CPF) under which the store issues.
    pub issuers: &'a [TaxId],
    /// Whether a document is the order's customer's; the state file keeps only a hash to compare with.
    pub is_customer: &'a dyn Fn(&TaxId) -> bool,
    /// Every event known of this or any invoice.
    pub events: &'a [Event],
    /// SEFAZ's last word on the invoice, where it was asked.
    pub situation: Option<&'a Situation>,
    /// Accept invoices without fiscal value. For tests.
    pub allow_test: bool,
    /// Accept the consumer's receipt, model 65.
    pub allow_nfce: bool,
    /// What the customer pays for the order, to compare with; `None` compares nothing.
    pub order_total: Option<Cents>,
    /// The difference that goes without saying.
    pub tolerance: Cents,
}

impl fmt::Debug for Expectation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expectation").field("issuers", &self.issuers).finish_non_exhaustive()
    }
}

/// Why an invoice must not be sent. Each is a stop: a wrong invoice on an order tells one customer's data to another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The file is an `NFe` without `protNFe`.
    #[error("{}", say!(
        "the file has no protocol of SEFAZ, so it proves nothing; export the authorised XML (nfeProc)"
            | "o arquivo não tem protocolo da SEFAZ, então nada comprova; exporte o XML autorizado (nfeProc)"
    ))]
    NoProtocol,
    /// `cStat` is neither 100 nor 150.
    #[error("{}", say!(
        "SEFAZ did not authorise it: {status} {reason}" | "a SEFAZ não a autorizou: {status} {reason}"
    ))]
    NotAuthorised {
        /// `cStat`.
        status: u32,
        /// `xMotivo`.
        reason: String,
    },
    /// `tpAmb` 2, in the invoice or in the protocol.
    #[error("{}", say!(
        "it was issued in the test environment and has no fiscal value"
            | "foi emitida no ambiente de homologação e não tem valor fiscal"
    ))]
    TestEnvironment,
    /// The protocol is about another invoice.
    #[error("{}", say!(
        "its protocol is about another invoice, {protocol}" | "o protocolo é de outra nota, {protocol}"
    ))]
    ProtocolOfAnother {
        /// The key in the protocol.
        protocol: AccessKey,
    },
    /// A field and its part of the key differ.
    #[error("{}", say!(
        "its field `{field}` and its access key differ; the file was changed or put together wrongly"
            | "o campo `{field}` diverge da chave de acesso; o arquivo foi alterado ou mal montado"
    ))]
    KeyDiffers {
        /// The field's name in the layout.
        field: &'static str,
    },
    /// The digest that was signed is not the one SEFAZ saw.
    #[error("{}", say!(
        "SEFAZ authorised other content than this: the digests differ"
            | "a SEFAZ autorizou outro conteúdo: os digests divergem"
    ))]
    DigestDiffers,
    /// Not model 55.
    #[error("{}", say!(
        "it is a consumer's receipt (NFC-e, model 65), which platforms do not take"
            | "é uma nota de consumidor (NFC-e, modelo 65), que as plataformas não aceitam"
    ))]
    ConsumerReceipt,
    /// `tpNF` 0.
    #[error("{}", say!("it is an invoice of entry, so not a sale" | "é uma nota de entrada, portanto não é venda"))]
    Entry,
    /// `finNFe` is not 1.
    #[error("{}", say!("its purpose is {_0:?}, so it is not a sale" | "a finalidade é {_0:?}, portanto não é venda"))]
    Purpose(Purpose),
    /// A CFOP that is no exit.
    #[error("{}", say!(
        "the operation {cfop} on line {item} is no exit of goods"
            | "a operação {cfop} no item {item} não é saída de mercadoria"
    ))]
    Operation {
        /// `nItem`.
        item: u32,
        /// `CFOP`.
        cfop: u32,
    },
    /// None of our documents.
    #[error("{}", say!(
        "it was issued by a company that is not configured as one of ours"
            | "foi emitida por uma empresa que não está configurada como nossa"
    ))]
    Issuer,
    /// No `dest`, or a foreigner's document: nothing to compare with the customer's.
    #[error("{}", say!(
        "it tells no CPF or CNPJ of its recipient, so it cannot be tied to the order's customer"
            | "não informa CPF nem CNPJ do destinatário, então não pode ser ligada ao cliente do pedido"
    ))]
    NoRecipient,
    /// Somebody else's invoice.
    #[error("{}", say!(
        "its recipient's CPF or CNPJ is not the one of the order's customer"
            | "o CPF ou CNPJ do destinatário não é o do cliente do pedido"
    ))]
    Recipient,
    /// Cancelled by an event or by SEFAZ's answer.
    #[error("{}", say!("it was cancelled" | "foi cancelada"))]
    Cancelled,
    /// SEFAZ's answer to a query says neither authorised nor cancelled.
    #[error("{}", say!(
        "asked for it, SEFAZ answered {status}: it is not authorised"
            | "consultada, a SEFAZ respondeu {status}: não está autorizada"
    ))]
    Situation {
        /// `cStat` of the answer.
        status: u32,
    },
}

impl Refusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoProtocol => "nfe_no_protocol",
            Self::NotAuthorised { .. } => "nfe_not_authorised",
            Self::TestEnvironment => "nfe_test_environment",
            Self::ProtocolOfAnother { .. } => "nfe_protocol_of_another",
            Self::KeyDiffers { .. } => "nfe_key_differs",
            Self::DigestDiffers => "nfe_digest_differs",
            Self::ConsumerReceipt => "nfe_consumer_receipt",
            Self::Entry => "nfe_entry",
            Self::Purpose(_) => "nfe_purpose",
            Self::Operation { .. } => "nfe_operation",
            Self::Issuer => "nfe_issuer",
            Self::NoRecipient => "nfe_no_recipient",
            Self::Recipient => "nfe_recipient",
            Self::Cancelled => "nfe_cancelled",
            Self::Situation { .. } => "nfe_situation",
        }
    }
}

/// What is worth telling and stops nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Notice {
    /// A layout before 4.00.
    #[error("{}", say!("its layout {_0} is an old one" | "o leiaute {_0} é antigo"))]
    OldLayout(String),
    /// `modFrete` 9 for goods that are to be shipped.
    #[error("{}", say!("it says that nothing is transported" | "declara que nada é transportado"))]
    NoTransport,
    /// Its value differs from the order's; legal where an order is split or a marketplace deducts discounts.
    #[error("{}", say!("it is worth {invoice}, the order {order}" | "vale {invoice}, o pedido {order}"))]
    Total {
        /// `vNF`.
        invoice: Cents,
        /// The order's total.
        order: Cents,
    },
}

impl Notice {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OldLayout(_) => "nfe_old_layout",
            Self::NoTransport => "nfe_no_transport",
            Self::Total { .. } => "nfe_total_differs",
        }
    }
}

/// Judges whether an invoice may be sent as the one of an order.
///
/// A stored `nfeProc` keeps its authorisation for ever, so what is known of cancellations must come with the
/// expectation.
///
/// # Errors
/// Every reason against it.
pub fn check(nfe: &Nfe, expected: &Expectation<'_>) -> Result<Vec<Notice>, Vec<Refusal>> {
    let mut refusals = Vec::new();
    refuse_unauthorised(nfe, expected, &mut refusals);
    refusals.extend(
        fields_of_key(nfe).into_iter().filter(|(_, agree)| !agree).map(|(field, _)| Refusal::KeyDiffers { field }),
    );
    refuse_what_is_no_sale(nfe, expected, &mut refusals);
    refuse_strangers(nfe, expected, &mut refusals);
    refuse_cancelled(nfe, expected, &mut refusals);
    if refusals.is_empty() { Ok(notices(nfe, expected)) } else { Err(refusals) }
}

fn refuse_unauthorised(nfe: &Nfe, expected: &Expectation<'_>, refusals: &mut Vec<Refusal>) {
    let mut is_test = nfe.environment == Environment::Test;
    match &nfe.protocol {
        None => refusals.push(Refusal::NoProtocol),
        Some(protocol) => {
            is_test |= protocol.environment == Environment::Test;
            if !protocol.authorises() {
                let (status, reason) = (protocol.status, protocol.reason.clone());
                refusals.push(Refusal::NotAuthorised { status, reason });
            }
            if protocol.key != nfe.key {
                refusals.push(Refusal::ProtocolOfAnother { protocol: protocol.key.clone() });
            }
            if let (Some(signed), Some(seen)) = (&nfe.signed_digest, &protocol.digest)
                && signed != seen
            {
                refusals.push(Refusal::DigestDiffers);
            }
        }
    }
    if is_test && !expected.allow_test {
        refusals.push(Refusal::TestEnvironment);
    }
}

/// Each field that is a part of the key, and whether it agrees with it.
fn fields_of_key(nfe: &Nfe) -> [(&'static str, bool); 9] {
    let key = &nfe.key;
    let issuer = format!("{:0>14}", nfe.issuer.document.as_str());
    [
        ("cUF", nfe.state_code == key.state_code() && states::letters(nfe.state_code).is_some()),
        // In the issuer's own time: late on the last evening of a month it is the next month in UTC.
        ("dhEmi", nfe.issued_at.format("%y%m").to_string() == key.year_month()),
        ("emit", issuer == key.issuer_text()),
        ("mod", nfe.model == key.model()),
        ("serie", nfe.series == key.series()),
        ("nNF", nfe.number == key.document_number()),
        ("tpEmis", nfe.emission_type == key.emission_type()),
        ("cNF", nfe.random_code == key.random_code()),
        ("cDV", nfe.check_digit == key.check_digit()),
    ]
}

fn refuse_what_is_no_sale(nfe: &Nfe, expected: &Expectation<'_>, refusals: &mut Vec<Refusal>) {
    if nfe.model != 55 && !expected.allow_nfce {
        refusals.push(Refusal::ConsumerReceipt);
    }
    if nfe.direction == Direction::Entry {
        refusals.push(Refusal::Entry);
    }
    if nfe.purpose != Purpose::Normal {
        refusals.push(Refusal::Purpose(nfe.purpose));
    }
    if let Some(line) = nfe.lines.iter().find(|line| !(5_000..8_000).contains(&line.cfop)) {
        refusals.push(Refusal::Operation { item: line.item, cfop: line.cfop });
    }
}

fn refuse_strangers(nfe: &Nfe, expected: &Expectation<'_>, refusals: &mut Vec<Refusal>) {
    if !expected.issuers.contains(&nfe.issuer.document) {
        refusals.push(Refusal::Issuer);
    }
    match nfe.recipient.as_ref().map(|recipient| &recipient.document) {
        Some(RecipientDocument::TaxId(document)) if (expected.is_customer)(document) => {}
        Some(RecipientDocument::TaxId(_)) => refusals.push(Refusal::Recipient),
        Some(RecipientDocument::Foreign(_)) | None => refusals.push(Refusal::NoRecipient),
    }
}

fn refuse_cancelled(nfe: &Nfe, expected: &Expectation<'_>, refusals: &mut Vec<Refusal>) {
    let by_event = expected.events.iter().any(|event| event.key == nfe.key && event.effect() == Effect::Cancels);
    let situation = expected.situation.filter(|situation| situation.key == nfe.key);
    match situation.map(|situation| (situation.standing(), situation.status)) {
        _ if by_event => refusals.push(Refusal::Cancelled),
        Some((Standing::Cancelled, _)) => refusals.push(Refusal::Cancelled),
        Some((Standing::Authorised, _)) | None => {}
        Some((_, status)) => refusals.push(Refusal::Situation { status }),
    }
}

fn notices(nfe: &Nfe, expected: &Expectation<'_>) -> Vec<Notice> {
    let mut notices = Vec::new();
    if nfe.layout.starts_with("3.") {
        notices.push(Notice::OldLayout(nfe.layout.clone()));
    }
    if nfe.transport.freight_mode == Some(9) {
        notices.push(Notice::NoTransport);
    }
    let (invoice, order) = (nfe.totals.invoice, expected.order_total.unwrap_or(nfe.totals.invoice));
    if invoice.checked_sub(order).is_none_or(|difference| difference.abs() > expected.tolerance) {
        notices.push(Notice::Total { invoice, order });
    }
    notices
}
