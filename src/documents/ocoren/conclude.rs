//! What all occurrences of one invoice say together.

use super::{CodeTable, Occurrence, Outcome};
use crate::documents::moment::Moment;

/// What all occurrences of one invoice say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// Delivered, the first time it was said. Later records of lesser things do not undo it.
    Delivered {
        /// When, if told.
        at: Option<Moment>,
        /// Something is to be looked at.
        with_remarks: bool,
    },
    /// Called delivered, and returned or refused with it or after it: a person must look.
    Contradicted,
    /// Not delivered; the latest that was told.
    Open(Outcome),
    /// Nothing was told.
    Nothing,
}

/// Weighs the occurrences of one invoice, in whatever order they came.
pub fn conclude<'a>(occurrences: impl IntoIterator<Item = &'a Occurrence>, table: &CodeTable) -> Conclusion {
    let mut told: Vec<(Option<Moment>, Outcome)> =
        occurrences.into_iter().map(|occurrence| (occurrence.at, occurrence.outcome(table))).collect();
    // Without a date there is no telling what came before it, so it counts as the last.
    told.sort_by_key(|(at, _)| (at.is_none(), *at));
    if told.iter().any(|(_, outcome)| *outcome == Outcome::DeliveryDisputed) {
        return Conclusion::Contradicted;
    }
    let Some(first) = told.iter().position(|(_, outcome)| outcome.is_delivery()) else {
        return told.last().map_or(Conclusion::Nothing, |(_, outcome)| Conclusion::Open(*outcome));
    };
    let (at, _) = told[first];
    let came_back = told[first..].iter().any(|(_, outcome)| matches!(outcome, Outcome::Refused | Outcome::Returned));
    if came_back {
        return Conclusion::Contradicted;
    }
    let with_remarks = told.iter().any(|(_, outcome)| *outcome == Outcome::DeliveredWithRemarks);
    Conclusion::Delivered { at, with_remarks }
}
