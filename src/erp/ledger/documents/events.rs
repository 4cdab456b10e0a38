//! SEFAZ's word on invoices: cancellations, proofs of delivery, answers to queries.

use super::{TakeError, Taken, refuse};
use crate::documents::event::{Effect, EventKind, Standing};
use crate::documents::{Event, PrivateText, Situation};
use crate::erp::ErpError;
use crate::erp::ledger::{DeliveryEvent, DeliveryOutcome, InvoiceCancelled, Ledger};
use crate::lang::say;
use crate::model::Instant;

/// What was taken from an event.
enum Heard {
    Cancelled(InvoiceCancelled),
    Kept,
}

/// Why nothing was: a stable code, and a sentence.
type Unheard = (&'static str, String);

impl Ledger {
    /// Events of one batch stand for themselves: one that SEFAZ rejected does not keep a cancellation beside it from
    /// taking effect.
    pub(super) fn take_events(&self, events: &[Event], now: Instant) -> Result<Taken, TakeError> {
        let (mut cancelled, mut ahead, mut kept) = (0, 0, 0);
        let (mut left_out, mut to_come): (Vec<Unheard>, _) = (Vec::new(), None);
        for event in events {
            let is_proof = event.kind == EventKind::DeliveryProof && event.effect() == Effect::Keeps;
            if let Some(at) = event.delivered_at.filter(|at| is_proof && *at > now) {
                to_come = Some(at);
                continue;
            }
            match self.take_event(event, now)? {
                Ok(Heard::Cancelled(InvoiceCancelled::Now(_))) => cancelled += 1,
                Ok(Heard::Cancelled(InvoiceCancelled::Ahead)) => ahead += 1,
                Ok(Heard::Cancelled(InvoiceCancelled::Again(_)) | Heard::Kept) => kept += 1,
                Err(why) => left_out.push(why),
            }
        }
        if let Some(at) = to_come {
            return Err(TakeError::Ahead(at));
        }
        match left_out.first() {
            Some((code, _)) if left_out.len() == events.len() => {
                let said: Vec<&str> = left_out.iter().map(|(_, why)| why.as_str()).collect();
                refuse(code, said.join("; "))
            }
            _ => {
                let left_out = left_out.into_iter().map(|(_, why)| why).collect();
                Ok(Taken::Events { cancelled, ahead, kept, left_out })
            }
        }
    }

    fn take_event(&self, event: &Event, now: Instant) -> Result<Result<Heard, Unheard>, ErpError> {
        let key = event.key.as_str();
        Ok(match event.effect() {
            Effect::Cancels => {
                let at = event.registered_at.unwrap_or(now);
                // What a person wrote says more than SEFAZ's formula.
                let why = event.justification.as_ref().map_or(event.reason.as_str(), PrivateText::as_str);
                Ok(Heard::Cancelled(self.cancel_invoice(key, at, why)?))
            }
            Effect::Keeps if event.kind == EventKind::DeliveryProof => {
                self.take_proof(event, now)?.map(|()| Heard::Kept).map_err(|why| ("delivery_proof", why))
            }
            Effect::Keeps if event.kind == EventKind::DeliveryProofCancelled => {
                let message = say!(
                    "the proof of delivery of invoice {key} was cancelled; what was told as delivered stays so, ask \
                     the carrier where the goods are"
                        | "o comprovante de entrega da nota {key} foi cancelado; o que foi informado como entregue \
                           fica assim, pergunte à transportadora onde está a mercadoria"
                );
                Err(("delivery_proof_cancelled", message))
            }
            Effect::Keeps => Ok(Heard::Kept),
            Effect::Nothing if event.hints_at_cancellation() => {
                let message = say!(
                    "SEFAZ rejected the cancellation of {key} as a repetition ({}), so it is probably cancelled \
                     already; ask SEFAZ for its situation and give that answer"
                        | "a SEFAZ rejeitou o cancelamento de {key} por repetição ({}), então provavelmente já está \
                           cancelada; consulte a situação na SEFAZ e use essa resposta",
                    event.status
                );
                Err(("event_repeated", message))
            }
            Effect::Nothing => {
                let message = say!(
                    "SEFAZ did not register this event of invoice {key}: {} {}; nothing follows from it"
                        | "a SEFAZ não registrou este evento da nota {key}: {} {}; nada decorre dele",
                    event.status,
                    event.reason
                );
                Err(("event_not_registered", message))
            }
        })
    }

    /// A proof of delivery, which issuers and carriers register at SEFAZ.
    fn take_proof(&self, event: &Event, now: Instant) -> Result<Result<(), String>, ErpError> {
        let number = event.key.document_number();
        let Some((order, invoice)) = self.invoice(&event.key)? else {
            return Ok(Err(say!(
                "the proof of delivery is of invoice {number}, which the ledger does not have; import the invoice \
                 first"
                    | "o comprovante de entrega é da nota {number}, que o ERP embutido não tem; importe antes a nota"
            )));
        };
        let Some(at) = event.delivered_at.filter(|at| *at >= invoice.issued_at) else {
            return Ok(Err(say!(
                "the proof of delivery of invoice {number} tells no moment after its issue; give the \
                 complete event (procEventoNFe)"
                    | "o comprovante de entrega da nota {number} não traz um momento depois da emissão; use o \
                       evento completo (procEventoNFe)"
            )));
        };
        let tracking_code = match self.parcel_meant(&order, &invoice)? {
            Ok(code) => code,
            Err(why) => return Ok(Err(why)),
        };
        let what = DeliveryOutcome::Delivered;
        let access_key = Some(invoice.access_key.clone());
        let told = DeliveryEvent { code: "110130".into(), what, at, source: "SEFAZ".into(), access_key, tracking_code };
        self.add_delivery_event(&order, &told, now)?;
        Ok(Ok(()))
    }

    pub(super) fn take_situation(&self, situation: &Situation, now: Instant) -> Result<Taken, TakeError> {
        let told = |cancelled, ahead, kept| Ok(Taken::Events { cancelled, ahead, kept, left_out: Vec::new() });
        match situation.standing() {
            Standing::Authorised => told(0, 0, 1),
            Standing::Cancelled | Standing::Denied => {
                match self.cancel_invoice(situation.key.as_str(), now, &situation.reason)? {
                    InvoiceCancelled::Now(_) => told(1, 0, 0),
                    InvoiceCancelled::Again(_) => told(0, 0, 1),
                    InvoiceCancelled::Ahead => told(0, 1, 0),
                }
            }
            Standing::Unknown => {
                let message = say!(
                    "SEFAZ's answer ({} {}) does not tell how the invoice stands; ask again"
                        | "a resposta da SEFAZ ({} {}) não diz a situação da nota; consulte de novo",
                    situation.status,
                    situation.reason
                );
                refuse("situation_unknown", message)
            }
        }
    }
}
