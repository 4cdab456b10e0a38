//! Documents as bytes in, facts out: NF-e, events, OCOREN, stock and shipment sheets. No I/O, no clock, and no panic on
//! any bytes.
//!
//! [`recognise`] tells by content what a file is; the modules read one kind each. Facts that identify people
//! ([`PrivateText`], [`TaxId`](crate::model::TaxId)) do not show in `{:?}`.

pub mod access_key;
pub mod error;
pub mod event;
pub mod moment;
pub mod nfe;
pub mod ocoren;
pub mod samples;
pub mod sheet;
mod states;
pub mod text;
mod xml;

use crate::lang::word;
pub use access_key::AccessKey;
pub use error::DocumentError;
pub use event::{Event, Situation};
pub use moment::Moment;
pub use nfe::Nfe;
pub use ocoren::Ocoren;
pub use sheet::{SheetOptions, ShipmentRow, ShipmentSheet, StockRow, StockSheet};
pub use text::PrivateText;

use xml::Element;

/// What a file turned out to be, with its facts; those of a stock sheet are still to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document<'a> {
    /// An invoice, with or without SEFAZ's protocol.
    Nfe(Box<Nfe>),
    /// SEFAZ's answer to one event or, for a batch, to several.
    Events(Vec<Event>),
    /// SEFAZ's answer about how an invoice stands.
    Situation(Box<Situation>),
    /// A carrier's delivery occurrences.
    Ocoren(Ocoren),
    /// Stock balances.
    StockSheet(StockSheet<'a>),
    /// Tracking codes and dates of shipments.
    ShipmentSheet(ShipmentSheet),
}

/// Reads a file by its content; its name does not count.
///
/// # Errors
/// [`DocumentError`] says what the file is instead, or what is wrong with it and where.
pub fn recognise(bytes: &[u8]) -> Result<Document<'_>, DocumentError> {
    recognise_with(bytes, SheetOptions::default())
}

/// As [`recognise`], with what was declared about sheets.
///
/// # Errors
/// As [`recognise`].
pub fn recognise_with(bytes: &[u8], options: SheetOptions) -> Result<Document<'_>, DocumentError> {
    let text = text::decode(bytes)?;
    match text.trim_start_matches(text::is_filler).chars().next() {
        Some('<') if is_web_page(&text) => Err(DocumentError::Html),
        Some('<') => recognise_xml(bytes),
        Some('{' | '[') => Err(DocumentError::Json),
        _ if ocoren::is_edi(&text) => Ocoren::from_text(&text).map(Document::Ocoren),
        _ => sheet::recognise(text, options),
    }
}

fn recognise_xml(bytes: &[u8]) -> Result<Document<'static>, DocumentError> {
    let text = text::decode_xml(bytes)?;
    let document = xml::parse(&text)?;
    match Element::root(&document) {
        Some(root) if matches!(root.name(), "nfeProc" | "NFe") => {
            Nfe::from_root(root).map(|nfe| Document::Nfe(Box::new(nfe)))
        }
        Some(root) if event::is_event_root(root.name()) => event::events(root).map(Document::Events),
        Some(root) if root.name() == "retConsSitNFe" => {
            event::situation(root).map(|situation| Document::Situation(Box::new(situation)))
        }
        _ => Err(other_xml(&document)),
    }
}

/// A page of the web stands at the beginning of its file, if only behind a comment.
fn is_web_page(text: &str) -> bool {
    let head: String = text.chars().take(1_000).map(|c| c.to_ascii_lowercase()).collect();
    ["<!doctype html", "<html"].iter().any(|mark| head.contains(mark))
}

/// Says what an XML is that is none of those read.
fn other_xml(document: &roxmltree::Document<'_>) -> DocumentError {
    let name = document.root_element().tag_name().name();
    let what = match name {
        "nfeProc" | "NFe" | "procEventoNFe" | "retEvento" | "retEnvEvento" | "retConsSitNFe" => {
            word!(
                "it lacks the namespace http://www.portalfiscal.inf.br/nfe, so it was rewritten; give the original"
                    | "falta o namespace http://www.portalfiscal.inf.br/nfe, então foi reescrito; use o original"
            )
        }
        "enviNFe" => word!(
            "a batch of invoices on its way to SEFAZ proves nothing; give each authorised invoice (nfeProc)"
                | "um lote de notas a caminho da SEFAZ nada comprova; use cada nota autorizada (nfeProc)"
        ),
        "retEnviNFe" | "retConsReciNFe" | "protNFe" => {
            word!(
                "SEFAZ's answer without the invoice; give the authorised invoice (nfeProc), which holds both"
                    | "a resposta da SEFAZ sem a nota; use a nota autorizada (nfeProc), que traz as duas"
            )
        }
        "evento" | "envEvento" => word!(
            "a request for an event proves nothing; give the answered event (procEventoNFe)"
                | "um pedido de evento nada comprova; use o evento respondido (procEventoNFe)"
        ),
        "consSitNFe" => word!(
            "a question to SEFAZ proves nothing; give its answer (retConsSitNFe)"
                | "uma consulta à SEFAZ nada comprova; use a resposta dela (retConsSitNFe)"
        ),
        "inutNFe" | "retInutNFe" | "procInutNFe" | "ProcInutNFe" => {
            word!(
                "a range of numbers that were made void, which is no invoice"
                    | "uma faixa de números inutilizados, que não é nota"
            )
        }
        "resNFe" | "resEvento" | "retDistDFeInt" => word!(
            "only a summary; give the authorised invoice (nfeProc)" | "só um resumo; use a nota autorizada (nfeProc)"
        ),
        "cteProc" | "CTe" | "procEventoCTe" | "cteOSProc" => word!(
            "a freight document (CT-e); give the invoice it carries"
                | "um conhecimento de transporte (CT-e); use a nota que ele transporta"
        ),
        "mdfeProc" | "MDFe" | "procEventoMDFe" => word!(
            "a manifest of transport (MDF-e); give the invoices it carries"
                | "um manifesto de transporte (MDF-e); use as notas que ele transporta"
        ),
        "CompNfse" | "Nfse" | "NFSe" | "ConsultarNfseResposta" => {
            word!(
                "an invoice of services (NFS-e), which sells no goods"
                    | "uma nota de serviços (NFS-e), que não vende mercadoria"
            )
        }
        "CFe" | "CFeCanc" => word!(
            "a receipt of a counter sale (CF-e SAT), which platforms do not take"
                | "um cupom de balcão (CF-e SAT), que as plataformas não aceitam"
        ),
        "Envelope" => word!(
            "a message of a web service (SOAP); give the document inside it"
                | "uma mensagem de serviço web (SOAP); use o documento dentro dela"
        ),
        _ => word!(
            "no document that is known; give an authorised invoice (nfeProc) or an answered event (procEventoNFe)"
                | "nenhum documento conhecido; use uma nota autorizada (nfeProc) ou um evento respondido \
                   (procEventoNFe)"
        ),
    };
    DocumentError::OtherXml { root: text::excerpt(name), what }
}

#[cfg(test)]
mod tests;
