//! NF-e (model 55) and NFC-e (model 65), layouts 3.10 and 4.00: what an invoice says of itself, without judging it.
//!
//! [`Nfe::parse`] reads; [`check()`] tells whether it may be sent to a sales platform; [`named_orders`] tells which
//! order it names.

mod check;
mod decimal;
mod orders;
mod read;
#[cfg(test)]
mod tests;

pub use check::{Expectation, Notice, Refusal, check};
pub use decimal::Decimal;
pub use orders::{Agreement, Candidate, Source, best_candidate, named_orders};

use chrono::{DateTime, FixedOffset};

use super::access_key::AccessKey;
use super::text::{self, PrivateText};
use super::xml::Element;
use super::{DocumentError, xml};
use crate::model::{Cents, Instant, TaxId};

/// An invoice as its XML tells it. The recipient's name and address are not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nfe {
    /// The layout's version (`infNFe/@versao`), such as `4.00`; nothing before 3.10 is read.
    pub layout: String,
    /// The key in `infNFe/@Id`. Whether the protocol and the fields agree with it is for [`check()`].
    pub key: AccessKey,
    /// IBGE code of the issuer's state (`cUF`).
    pub state_code: u32,
    /// The 8 random digits of the key (`cNF`).
    pub random_code: String,
    /// The key's check digit as the fields tell it (`cDV`).
    pub check_digit: u32,
    /// What the issuer calls the operation (`natOp`): for display, nothing is decided by it.
    pub operation: String,
    /// 55 for an NF-e, 65 for an NFC-e (`mod`).
    pub model: u32,
    /// 0 to 999 (`serie`).
    pub series: u32,
    /// 1 to 999999999 (`nNF`).
    pub number: u32,
    /// When it was issued (`dhEmi`), with the offset of the issuer's state.
    pub issued_at: DateTime<FixedOffset>,
    /// Into the store or out of it (`tpNF`).
    pub direction: Direction,
    /// What it is for (`finNFe`).
    pub purpose: Purpose,
    /// How it was issued (`tpEmis`); 1 is the normal way.
    pub emission_type: u32,
    /// Production, or a test without fiscal value (`tpAmb`).
    pub environment: Environment,
    /// Keys of the invoices it refers to (`NFref/refNFe`): a return names the sale.
    pub references: Vec<AccessKey>,
    /// Who issued it (`emit`).
    pub issuer: Issuer,
    /// For whom (`dest`). An NFC-e may have none.
    pub recipient: Option<Recipient>,
    /// What was sold (`det`).
    pub lines: Vec<NfeLine>,
    /// Its amounts (`total/ICMSTot`).
    pub totals: Totals,
    /// How it is transported (`transp`).
    pub transport: Transport,
    /// How it is paid (`pag/detPag`).
    pub payments: Vec<NfePayment>,
    /// The marketplace it was sold through (`infIntermed`).
    pub intermediary: Option<Intermediary>,
    /// The buyer's order number (`compra/xPed`).
    pub purchase_order: Option<String>,
    /// Free text for the customer (`infAdic/infCpl`).
    pub notes: Option<PrivateText>,
    /// Free text for the tax office (`infAdic/infAdFisco`).
    pub fiscal_notes: Option<PrivateText>,
    /// The issuer's own fields (`infAdic/obsCont`): name and text.
    pub observations: Vec<(String, PrivateText)>,
    /// The digest that was signed, when there is a signature (base64 of SHA-1). Signatures themselves are not verified.
    pub signed_digest: Option<String>,
    /// SEFAZ's answer. Without it the file proves nothing.
    pub protocol: Option<Protocol>,
}

/// `tpNF`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Goods come in: a purchase, or a customer's return.
    Entry,
    /// Goods go out.
    Exit,
}

/// `finNFe`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An ordinary operation: what a sale has.
    Normal,
    /// Completes another invoice.
    Complementary,
    /// Adjusts the books.
    Adjustment,
    /// A return of goods.
    Return,
    /// A credit note.
    Credit,
    /// A debit note.
    Debit,
    /// A code that is not known.
    Other(u32),
}

/// `tpAmb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// With fiscal value.
    Production,
    /// `homologação`: a test without fiscal value.
    Test,
}

/// Who issued an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// CNPJ, or the CPF of a person.
    pub document: TaxId,
    /// State registration (`IE`); `ISENTO` is `None`.
    pub state_registration: Option<String>,
    /// Two letters (`enderEmit/UF`).
    pub state: Option<String>,
}

/// For whom an invoice is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// CPF, CNPJ, or a foreigner's document.
    pub document: RecipientDocument,
    /// Two letters (`enderDest/UF`); `EX` abroad.
    pub state: Option<String>,
}

/// A recipient's document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecipientDocument {
    /// CPF or CNPJ.
    TaxId(TaxId),
    /// `idEstrangeiro`, which may be empty.
    Foreign(PrivateText),
}

/// A line of an invoice (`det`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NfeLine {
    /// `nItem`, from 1.
    pub item: u32,
    /// The issuer's product code (`cProd`).
    pub code: String,
    /// The product's name (`xProd`).
    pub name: String,
    /// The trade number (`cEAN`); `SEM GTIN` is `None`.
    pub gtin: Option<String>,
    /// The kind of operation (`CFOP`), 4 digits; those of exits begin with 5, 6 or 7.
    pub cfop: u32,
    /// Unit of measure (`uCom`).
    pub unit: String,
    /// How much (`qCom`), up to 4 decimals.
    pub quantity: Decimal,
    /// Price of one unit (`vUnCom`) in BRL, up to 10 decimals.
    pub unit_price: Decimal,
    /// The line's total before discount (`vProd`).
    pub total: Cents,
    /// Freight on this line (`vFrete`).
    pub freight: Cents,
    /// Discount on this line (`vDesc`), positive.
    pub discount: Cents,
    /// Other charges on this line (`vOutro`).
    pub other: Cents,
    /// The buyer's order number (`xPed`), cut at 15 characters by its type.
    pub order: Option<String>,
    /// The line of that order (`nItemPed`).
    pub order_item: Option<u32>,
}

/// Amounts of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// What the invoice is worth (`vNF`).
    pub invoice: Cents,
    /// Goods before discount (`vProd`).
    pub goods: Cents,
    /// `vFrete`.
    pub freight: Cents,
    /// `vSeg`.
    pub insurance: Cents,
    /// `vDesc`, positive.
    pub discount: Cents,
    /// `vOutro`.
    pub other: Cents,
    /// With the taxes of the 2026 reform on top (`vNFTot`), when told.
    pub with_new_taxes: Option<Cents>,
}

/// How goods are transported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transport {
    /// Who pays (`modFrete`): 0 sender, 1 recipient, 2 third party, 3 and 4 own vehicles, 9 no transport.
    pub freight_mode: Option<u32>,
    /// The carrier's CNPJ or CPF.
    pub carrier_document: Option<TaxId>,
    /// The carrier's name.
    pub carrier_name: Option<String>,
    /// Packages.
    pub volumes: Vec<Volume>,
}

/// A group of packages (`transp/vol`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// How many (`qVol`).
    pub count: Option<u32>,
    /// Of what kind (`esp`).
    pub kind: Option<String>,
    /// In kg (`pesoL`).
    pub net_weight: Option<Decimal>,
    /// In kg (`pesoB`).
    pub gross_weight: Option<Decimal>,
}

/// A payment (`detPag`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NfePayment {
    /// Two digits (`tPag`): 03 credit card, 15 boleto, 17 and 20 Pix, 90 none, 99 other.
    pub method: String,
    /// How much (`vPag`).
    pub amount: Cents,
}

/// A marketplace that stood between (`infIntermed`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intermediary {
    /// Its CNPJ.
    pub document: Option<TaxId>,
    /// The seller's name there (`idCadIntTran`).
    pub seller_id: Option<String>,
}

/// SEFAZ's answer about one invoice (`protNFe/infProt`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// Production or test.
    pub environment: Environment,
    /// The key it is about.
    pub key: AccessKey,
    /// When SEFAZ received the invoice (`dhRecbto`).
    pub received_at: Option<Instant>,
    /// The protocol's number (`nProt`); none on a rejection.
    pub number: Option<String>,
    /// The digest that SEFAZ saw (`digVal`).
    pub digest: Option<String>,
    /// What SEFAZ decided (`cStat`): 100 and 150 authorise, nothing else does.
    pub status: u32,
    /// The same in words (`xMotivo`).
    pub reason: String,
}

impl Protocol {
    /// Whether it authorises the invoice: 100, or 150 out of the deadline. It stays so after a cancellation.
    pub fn authorises(&self) -> bool {
        matches!(self.status, 100 | 150)
    }
}

impl Nfe {
    /// Reads `nfeProc`, or an `NFe` without its protocol.
    ///
    /// # Errors
    /// What the file is instead, or which element is missing or wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let text = text::decode_xml(bytes)?;
        let document = xml::parse(&text)?;
        match Element::root(&document) {
            Some(root) if matches!(root.name(), "nfeProc" | "NFe") => Self::from_root(root),
            _ => Err(super::other_xml(&document)),
        }
    }

    pub(super) fn from_root(root: Element<'_>) -> Result<Self, DocumentError> {
        read::invoice(root)
    }

    /// When it was issued, in UTC.
    pub fn issued_instant(&self) -> Instant {
        self.issued_at.with_timezone(&chrono::Utc)
    }
}

impl Protocol {
    pub(super) fn from_element(protocol: Element<'_>) -> Result<Self, DocumentError> {
        read::protocol(protocol)
    }
}

pub(super) use read::{environment, instant, number};
