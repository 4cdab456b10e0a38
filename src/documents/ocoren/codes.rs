//! What the codes of occurrences mean.

use std::collections::BTreeMap;

use crate::model::TaxId;

/// What an occurrence means for a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The customer has the goods.
    Delivered,
    /// The customer has the goods, and something is to be looked at: damage with indemnity, or an agreement.
    DeliveredWithRemarks,
    /// Called delivered and returned in one record: a person must look at it, and nothing is to be told to the channel.
    DeliveryDisputed,
    /// On its way, also by way of a second carrier.
    InTransit,
    /// The customer fetches it at the carrier's.
    AwaitingPickup,
    /// An attempt failed; another follows, or the customer must be asked.
    AttemptFailed,
    /// Refused, or on its way back.
    Refused,
    /// Back at the sender's.
    Returned,
    /// Lost, stolen or damaged.
    Lost,
    /// Held by the tax office, or for documents.
    Held,
    /// Of interest to the carrier only.
    Internal,
    /// A code whose meaning is not known, or differs from carrier to carrier.
    Other(u16),
}

impl Outcome {
    /// Whether the customer has the goods.
    pub fn is_delivery(self) -> bool {
        matches!(self, Self::Delivered | Self::DeliveredWithRemarks)
    }

    /// Stable name, as in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::DeliveredWithRemarks => "delivered_with_remarks",
            Self::DeliveryDisputed => "delivery_disputed",
            Self::InTransit => "in_transit",
            Self::AwaitingPickup => "awaiting_pickup",
            Self::AttemptFailed => "attempt_failed",
            Self::Refused => "refused",
            Self::Returned => "returned",
            Self::Lost => "lost",
            Self::Held => "held",
            Self::Internal => "internal",
            Self::Other(_) => "other",
        }
    }

    /// The outcome of that name, for a carrier's own codes in the configuration.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = [
            Self::Delivered,
            Self::DeliveredWithRemarks,
            Self::DeliveryDisputed,
            Self::InTransit,
            Self::AwaitingPickup,
            Self::AttemptFailed,
            Self::Refused,
            Self::Returned,
            Self::Lost,
            Self::Held,
            Self::Internal,
        ];
        named.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// The carriers' common table with own codes over it: one carrier's before all carriers'. Codes from 106 up mean something
/// else at each carrier, so none of them is known without such an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeTable {
    own: BTreeMap<u16, Outcome>,
    of_carriers: BTreeMap<TaxId, BTreeMap<u16, Outcome>>,
}

impl CodeTable {
    /// The common table with other meanings for some codes.
    pub fn with(own: impl IntoIterator<Item = (u16, Outcome)>) -> Self {
        Self { own: own.into_iter().collect(), of_carriers: BTreeMap::new() }
    }

    /// The same with what codes mean at one carrier, whose CNPJ is in its files.
    #[must_use]
    pub fn at(mut self, carrier: TaxId, own: impl IntoIterator<Item = (u16, Outcome)>) -> Self {
        self.of_carriers.entry(carrier).or_default().extend(own);
        self
    }

    /// What a code means at a carrier.
    pub fn outcome(&self, code: u16, carrier: Option<&TaxId>) -> Outcome {
        let of_carrier = carrier.and_then(|carrier| self.of_carriers.get(carrier)).and_then(|own| own.get(&code));
        of_carrier.or_else(|| self.own.get(&code)).copied().unwrap_or_else(|| common(code))
    }
}

/// PROCEDA's table of 3.1, which 5.0 took over with a zero in front and codes from 100 on.
///
/// Some codes sound like a delivery and are none: 25 returned to the sender, 29 customer collects, 52 and 104 at a
/// second carrier's, 91 scheduled, 98 at the destination's branch, 99 other.
fn common(code: u16) -> Outcome {
    match code {
        1 | 2 | 24 | 105 => Outcome::Delivered,
        31 => Outcome::DeliveredWithRemarks,
        0 | 19 | 20 | 22 | 44 | 52..=54 | 58 | 75 | 76 | 91 | 95 | 98 | 104 => Outcome::InTransit,
        29 => Outcome::AwaitingPickup,
        5 | 6 | 10 | 21 | 34 | 43 | 46 | 47 | 50 | 60 | 63..=65 | 68 | 77 | 87 => Outcome::AttemptFailed,
        3 | 4 | 7..=9 | 11 | 16..=18 | 35 | 41 | 42 | 45 | 51 | 56 | 59 | 61 | 62 | 66 | 71..=74 | 88 | 90 | 94 => {
            Outcome::Refused
        }
        100..=103 => Outcome::Refused,
        25 => Outcome::Returned,
        14 | 15 | 23 | 27 | 32 | 33 | 36..=38 | 78..=81 => Outcome::Lost,
        26 | 28 | 30 | 69 | 83 | 85 | 89 | 92 | 93 => Outcome::Held,
        12 | 13 | 39 | 40 | 48 | 49 | 55 | 57 | 67 | 70 | 82 | 84 | 86 | 96 | 97 => Outcome::Internal,
        other => Outcome::Other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_these_codes_are_deliveries() {
        let delivered: Vec<u16> = (0..=999).filter(|code| common(*code).is_delivery()).collect();
        assert_eq!(delivered, [1, 2, 24, 31, 105]);
    }

    #[test]
    fn every_code_of_the_common_table_is_known() {
        let unknown: Vec<u16> = (0..=105).filter(|code| matches!(common(*code), Outcome::Other(_))).collect();
        assert_eq!(unknown, [99]);
        assert!((106..=999).all(|code| common(code) == Outcome::Other(code)));
    }

    #[test]
    fn what_sounds_like_a_delivery() {
        assert_eq!(common(25), Outcome::Returned);
        assert_eq!(common(29), Outcome::AwaitingPickup);
        assert_eq!(common(104), Outcome::InTransit);
    }

    #[test]
    fn a_carriers_own_codes_go_first() {
        let [one, other] = ["98765432000198", "34028316000103"].map(|cnpj| TaxId::parse(cnpj).unwrap());
        let table = CodeTable::with([(131, Outcome::Delivered), (1, Outcome::Internal)])
            .at(one.clone(), [(131, Outcome::InTransit), (203, Outcome::Lost)]);
        let told = |carrier| [131, 1, 2, 203].map(|code| table.outcome(code, carrier));
        let anybody = [Outcome::Delivered, Outcome::Internal, Outcome::Delivered, Outcome::Other(203)];
        assert_eq!((told(None), told(Some(&other))), (anybody, anybody));
        assert_eq!(told(Some(&one)), [Outcome::InTransit, Outcome::Internal, Outcome::Delivered, Outcome::Lost]);
        assert_eq!(CodeTable::default().outcome(131, None), Outcome::Other(131));
    }

    #[test]
    fn names_are_read_back() {
        for code in 0..=105 {
            let outcome = common(code);
            assert!(Outcome::from_name(outcome.name()).is_none_or(|read| read == outcome));
        }
        assert_eq!(Outcome::from_name("delivered"), Some(Outcome::Delivered));
        assert_eq!(Outcome::from_name("other"), None);
    }
}
