//! A parcel's way in steps, and the carriers' last word on whether the customer has it.

use crate::channel::outgoing::Step;
use crate::config::CollectionOrder;
use crate::erp::outgoing::{DeliveryEvent, DeliveryOutcome, Invoice, Parcel};
use crate::model::{Instant, Package, calendar};
use crate::reason::Reason;

/// The last word on a parcel that decides where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// When.
    pub at: Instant,
    /// What it says.
    what: DeliveryOutcome,
    /// The carrier's code; blank when the ERP itself says so.
    code: &'a str,
    /// Whether it was delivered with remarks of the carrier.
    pub with_remarks: bool,
}

impl Word<'_> {
    /// Whether the customer has it.
    pub fn is_delivery(self) -> bool {
        matches!(self.what, DeliveryOutcome::Delivered | DeliveryOutcome::DeliveredWithRemarks)
    }

    /// The same, with or without remarks.
    #[must_use]
    pub fn remarked(self, with_remarks: bool) -> Self {
        Self { with_remarks, ..self }
    }

    /// The same, at another time.
    #[must_use]
    pub fn dated(self, at: Instant) -> Self {
        Self { at, ..self }
    }

    /// Why a person must look at it, when the customer does not have it.
    pub fn complaint(self) -> Reason {
        let (occurrence, at) = (self.code.to_owned(), self.at);
        match self.what {
            DeliveryOutcome::Refused => Reason::DeliveryRefused { occurrence, at },
            _ => Reason::DeliveryReturned { occurrence, at },
        }
    }
}

/// The last word on a parcel that carries an invoice: the carriers' events, or the ERP's own date where it is later. A refusal and
/// then a delivery is a delivery; a delivery and then a refusal or return is not, and at the same time the bad news counts.
pub fn last_word<'a>(parcel: &Parcel, invoice: &Invoice, events: &'a [DeliveryEvent]) -> Option<Word<'a>> {
    let about_it = |event: &&DeliveryEvent| {
        (event.access_key.is_none() || event.access_key.as_ref() == Some(&invoice.key))
            && (event.tracking_code.is_none() || event.tracking_code == parcel.tracking_code)
    };
    let words = events.iter().filter(about_it).filter(|event| event.what != DeliveryOutcome::Other).map(|event| Word {
        at: event.at,
        what: event.what,
        code: &event.code,
        with_remarks: event.what == DeliveryOutcome::DeliveredWithRemarks,
    });
    let erp =
        parcel.delivered_at.map(|at| Word { at, what: DeliveryOutcome::Delivered, code: "", with_remarks: false });
    let rank = |word: &Word<'_>| (word.at, !word.is_delivery(), word.with_remarks);
    erp.into_iter().chain(words).max_by_key(rank)
}

/// What is known of a parcel's way, for the customer, the oldest first.
pub fn steps(
    parcel: &Parcel,
    delivered: Option<Word<'_>>,
    collection_order: CollectionOrder,
    destination: Option<(String, String)>,
) -> Vec<Step> {
    let listed = parcel.collection_order_at.filter(|_| collection_order == CollectionOrder::Event);
    let step = |at: Instant, description, place| (at, Step { day: calendar::local_date(at), description, place });
    let description = |word: Word<'_>| if word.with_remarks { "Entregue com ressalvas" } else { "Entregue" };
    let mut steps: Vec<(Instant, Step)> = [
        listed.map(|at| step(at, "Coleta solicitada à transportadora", None)),
        parcel.shipped_at.map(|at| step(at, "Em poder da transportadora", None)),
        delivered.map(|word| step(word.at, description(word), destination)),
    ]
    .into_iter()
    .flatten()
    .collect();
    steps.sort_by_key(|(at, _)| *at);
    steps.into_iter().map(|(_, step)| step).collect()
}

/// Whether the channel shows a step of a package's way.
pub fn shows(package: &Package, step: &Step) -> bool {
    let day = step.day.to_string();
    package.events.iter().any(|event| event.description == step.description && event.days.contains(&day))
}
