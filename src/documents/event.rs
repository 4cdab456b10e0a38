//! Events of NF-e (cancellation, correction letter, proof of delivery …) and SEFAZ's answers about an invoice's
//! situation.
//!
//! Only the status inside `infEvento` says whether an event was registered. The status around it speaks of the batch.

use super::DocumentError;
use super::access_key::AccessKey;
use super::nfe::{Environment, Protocol, environment, instant, number};
use super::text::PrivateText;
use super::xml::{Element, bad};
use crate::lang::word;
use crate::model::Instant;

/// An event as SEFAZ answered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The invoice it is about.
    pub key: AccessKey,
    /// What it is.
    pub kind: EventKind,
    /// Which one of its kind (`nSeqEvento`), from 1.
    pub sequence: u32,
    /// Production or test.
    pub environment: Environment,
    /// When it happened, as its author says (`dhEvento`).
    pub happened_at: Option<Instant>,
    /// SEFAZ's answer (`cStat` inside `infEvento`).
    pub status: u32,
    /// The answer in words (`xMotivo`).
    pub reason: String,
    /// When SEFAZ registered it (`dhRegEvento`).
    pub registered_at: Option<Instant>,
    /// The event's own protocol number.
    pub protocol: Option<String>,
    /// When the goods were delivered, in a proof of delivery (`dhEntrega`).
    pub delivered_at: Option<Instant>,
    /// Why, in its author's words (`xJust`).
    pub justification: Option<PrivateText>,
}

/// `tpEvento` (NF-e schemas of events, `PL_010`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// 110111, and the cancellations before 2012.
    Cancellation,
    /// 110112: a receipt cancelled because another took its place.
    CancellationBySubstitution,
    /// 110110: the invoice stays valid.
    CorrectionLetter,
    /// 110130 by the issuer, 610130 by the carrier's CT-e.
    DeliveryProof,
    /// 110131 and 610131.
    DeliveryProofCancelled,
    /// 110192.
    DeliveryFailed,
    /// 110193.
    DeliveryFailedCancelled,
    /// Any other, by its code.
    Other(String),
}

impl EventKind {
    fn from_code(code: &str) -> Self {
        match code {
            "110111" => Self::Cancellation,
            "110112" => Self::CancellationBySubstitution,
            "110110" => Self::CorrectionLetter,
            "110130" | "610130" => Self::DeliveryProof,
            "110131" | "610131" => Self::DeliveryProofCancelled,
            "110192" => Self::DeliveryFailed,
            "110193" => Self::DeliveryFailedCancelled,
            other => Self::Other(super::text::excerpt(other)),
        }
    }
}

/// What an event does to its invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The invoice is cancelled.
    Cancels,
    /// Registered, and the invoice stays as it was.
    Keeps,
    /// Not registered, or in the test environment: nothing happened. A duplicate (573) belongs here, for it proves
    /// nothing by itself; it usually means that an earlier cancellation exists, so SEFAZ or the ERP should be asked.
    Nothing,
}

/// The answer to a duplicate event: rejected, because such an event was registered before.
const DUPLICATE: u32 = 573;

impl Event {
    /// Whether SEFAZ registered it: 135 linked to the invoice, 136 not linked (yet), and for cancellations 155 (out of
    /// the deadline) and the 101 and 151 of old files.
    pub fn is_registered(&self) -> bool {
        match self.status {
            135 | 136 => true,
            101 | 151 | 155 => self.cancels_by_kind(),
            _ => false,
        }
    }

    /// What it does to its invoice.
    pub fn effect(&self) -> Effect {
        if !self.is_registered() || self.environment == Environment::Test {
            Effect::Nothing
        } else if self.cancels_by_kind() {
            Effect::Cancels
        } else {
            Effect::Keeps
        }
    }

    /// A cancellation that was rejected because one was registered before: ask for the invoice's situation.
    pub fn hints_at_cancellation(&self) -> bool {
        self.status == DUPLICATE && self.cancels_by_kind() && self.environment == Environment::Production
    }

    fn cancels_by_kind(&self) -> bool {
        matches!(self.kind, EventKind::Cancellation | EventKind::CancellationBySubstitution)
    }
}

/// SEFAZ's answer to the question how an invoice stands (`retConsSitNFe`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Situation {
    /// The invoice asked for.
    pub key: AccessKey,
    /// Production or test.
    pub environment: Environment,
    /// The answer (`cStat`).
    pub status: u32,
    /// The answer in words.
    pub reason: String,
    /// The invoice's protocol.
    pub protocol: Option<Protocol>,
    /// The events it lists.
    pub events: Vec<Event>,
}

/// How an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Authorised and not cancelled.
    Authorised,
    /// Cancelled.
    Cancelled,
    /// Use denied: 110, 205, 301, 302, 303.
    Denied,
    /// The answer tells nothing of the kind: not found, a failure, or the test environment.
    Unknown,
}

impl Situation {
    /// How the invoice stands. A cancellation among the events outweighs every other word.
    pub fn standing(&self) -> Standing {
        if self.environment == Environment::Test {
            return Standing::Unknown;
        }
        let is_cancelled = self.events.iter().any(|event| event.key == self.key && event.effect() == Effect::Cancels);
        match self.status {
            101 | 151 | 155 => Standing::Cancelled,
            _ if is_cancelled => Standing::Cancelled,
            110 | 205 | 301..=303 => Standing::Denied,
            100 | 150 => Standing::Authorised,
            _ => Standing::Unknown,
        }
    }
}

/// Roots that hold answers to events.
pub(super) fn is_event_root(name: &str) -> bool {
    matches!(name, "procEventoNFe" | "retEvento" | "retEnvEvento" | "procCancNFe" | "retCancNFe")
}

/// Reads one or, in an answer to a batch, several events.
pub(super) fn events(root: Element<'_>) -> Result<Vec<Event>, DocumentError> {
    match root.name() {
        "procEventoNFe" => Ok(vec![processed(root)?]),
        "retEvento" => Ok(vec![answered(root)?]),
        "retEnvEvento" => {
            let events = root.children("retEvento").map(answered).collect::<Result<Vec<_>, _>>()?;
            // A batch that was refused as a whole answers none of its events.
            if events.is_empty() { Err(DocumentError::MissingElement { element: "retEvento" }) } else { Ok(events) }
        }
        "procCancNFe" => Ok(vec![old_cancellation(root.need("procCancNFe/retCancNFe")?)?]),
        _ => Ok(vec![old_cancellation(root)?]),
    }
}

/// `procEventoNFe`: the request and its answer, which must speak of the same event.
fn processed(root: Element<'_>) -> Result<Event, DocumentError> {
    let asked = root.need("procEventoNFe/evento")?.need("evento/infEvento")?;
    let key = asked.need_read("infEvento/chNFe", AccessKey::parse)?;
    let code = asked.need_text("infEvento/tpEvento")?;
    let sequence = asked.need_read("infEvento/nSeqEvento", number)?;
    let asked_environment = environment(asked, "infEvento/tpAmb")?;
    let answer = root.need("procEventoNFe/retEvento")?.need("retEvento/infEvento")?;
    let differs = |element| {
        Err(bad(
            element,
            word!(
                "request and answer speak of different events" | "requisição e resposta tratam de eventos diferentes"
            ),
        ))
    };
    if answer.read("infEvento/chNFe", AccessKey::parse)?.is_some_and(|answered| answered != key) {
        return differs("retEvento/infEvento/chNFe");
    }
    if answer.text("infEvento/tpEvento")?.is_some_and(|answered| answered != code) {
        return differs("retEvento/infEvento/tpEvento");
    }
    if answer.read("infEvento/nSeqEvento", number)?.is_some_and(|answered| answered != sequence) {
        return differs("retEvento/infEvento/nSeqEvento");
    }
    let details = asked.child("infEvento/detEvento")?;
    let mut event = Event {
        happened_at: asked.read("infEvento/dhEvento", instant)?,
        delivered_at: details.map_or(Ok(None), |details| details.read("detEvento/dhEntrega", instant))?,
        justification: details.map_or(Ok(None), |details| details.text("detEvento/xJust"))?.map(PrivateText::new),
        ..answer_of(answer, key, &code, sequence)?
    };
    if asked_environment == Environment::Test {
        event.environment = Environment::Test;
    }
    Ok(event)
}

/// `retEvento` without its request: all that it must tell, it tells itself.
fn answered(root: Element<'_>) -> Result<Event, DocumentError> {
    let answer = root.need("retEvento/infEvento")?;
    let key = answer.need_read("infEvento/chNFe", AccessKey::parse)?;
    let code = answer.need_text("infEvento/tpEvento")?;
    let sequence = answer.read("infEvento/nSeqEvento", number)?.unwrap_or(1);
    answer_of(answer, key, &code, sequence)
}

fn answer_of(answer: Element<'_>, key: AccessKey, code: &str, sequence: u32) -> Result<Event, DocumentError> {
    Ok(Event {
        key,
        kind: EventKind::from_code(code),
        sequence,
        environment: environment(answer, "infEvento/tpAmb")?,
        happened_at: None,
        status: answer.need_read("infEvento/cStat", number)?,
        reason: answer.text("infEvento/xMotivo")?.unwrap_or_default(),
        registered_at: answer.read("infEvento/dhRegEvento", instant)?,
        protocol: answer.text("infEvento/nProt")?,
        delivered_at: None,
        justification: None,
    })
}

/// `retCancNFe`, the answer to cancellations before they became events.
fn old_cancellation(root: Element<'_>) -> Result<Event, DocumentError> {
    let answer = root.need("retCancNFe/infCanc")?;
    Ok(Event {
        key: answer.need_read("infCanc/chNFe", AccessKey::parse)?,
        kind: EventKind::Cancellation,
        sequence: 1,
        environment: environment(answer, "infCanc/tpAmb")?,
        happened_at: None,
        status: answer.need_read("infCanc/cStat", number)?,
        reason: answer.text("infCanc/xMotivo")?.unwrap_or_default(),
        registered_at: answer.read("infCanc/dhRecbto", instant).ok().flatten(),
        protocol: answer.text("infCanc/nProt")?,
        delivered_at: None,
        justification: None,
    })
}

/// Reads `retConsSitNFe`.
pub(super) fn situation(root: Element<'_>) -> Result<Situation, DocumentError> {
    let protocol = root.child("retConsSitNFe/protNFe")?.map(Protocol::from_element).transpose()?;
    let mut events = root.children("procEventoNFe").map(processed).collect::<Result<Vec<_>, _>>()?;
    if let Some(old) = root.child("retConsSitNFe/retCancNFe")? {
        events.push(old_cancellation(old)?);
    }
    let key = match (root.read("retConsSitNFe/chNFe", AccessKey::parse)?, &protocol) {
        (Some(key), _) => key,
        (None, Some(protocol)) => protocol.key.clone(),
        (None, None) => return Err(DocumentError::MissingElement { element: "retConsSitNFe/chNFe" }),
    };
    if protocol.as_ref().is_some_and(|protocol| protocol.key != key) {
        return Err(bad(
            "retConsSitNFe/protNFe",
            word!("it is about another invoice than the one asked for" | "é de outra nota que não a consultada"),
        ));
    }
    Ok(Situation {
        key,
        environment: environment(root, "retConsSitNFe/tpAmb")?,
        status: root.need_read("retConsSitNFe/cStat", number)?,
        reason: root.text("retConsSitNFe/xMotivo")?.unwrap_or_default(),
        protocol,
        events,
    })
}

#[cfg(test)]
mod tests;
