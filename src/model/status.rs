//! Where an order stands, in one vocabulary for every platform and every ERP.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An order's status. The first nine have a rank and are only ever moved forward by automation; the rest are side exits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Placed, not paid.
    AwaitingPayment,
    /// Being looked at by the gateway or anti-fraud; not unpaid, never cancelled automatically.
    PaymentUnderReview,
    /// Payment approved.
    Paid,
    /// In the warehouse's hands.
    Picking,
    /// Being made.
    InProduction,
    /// NF-e authorised.
    Invoiced,
    /// Listed for the carrier to fetch; the carrier does not have it yet.
    CollectionOrderCreated,
    /// With the carrier.
    Shipped,
    /// With the customer.
    Delivered,
    /// The customer asked to cancel; the seller has not answered.
    CancellationRequested,
    /// Cancelled, for good.
    Cancelled,
    /// Came back.
    Returned,
    /// What a platform says that is not known. Recorded and held; nothing is written because of it.
    Unknown(String),
}

use Status::{
    AwaitingPayment, CancellationRequested, Cancelled, CollectionOrderCreated, Delivered, InProduction, Invoiced, Paid,
    PaymentUnderReview, Picking, Returned, Shipped, Unknown,
};

/// Every known status with its stable code, ranked ones first and in rank order.
const CODES: [(Status, &str); 12] = [
    (AwaitingPayment, "awaiting_payment"),
    (PaymentUnderReview, "payment_under_review"),
    (Paid, "paid"),
    (Picking, "picking"),
    (InProduction, "in_production"),
    (Invoiced, "invoiced"),
    (CollectionOrderCreated, "collection_order_created"),
    (Shipped, "shipped"),
    (Delivered, "delivered"),
    (CancellationRequested, "cancellation_requested"),
    (Cancelled, "cancelled"),
    (Returned, "returned"),
];
const RANKED: usize = 9;

impl Status {
    /// Every known status, ranked ones first and in rank order.
    pub fn known() -> impl Iterator<Item = Self> {
        CODES.iter().map(|(status, _)| status.clone())
    }

    /// Position on the way from order to delivery, from 0; `None` for side exits and unknown words.
    pub fn rank(&self) -> Option<usize> {
        CODES[..RANKED].iter().position(|(status, _)| status == self)
    }

    /// Stable code, as in JSON and in the files; an unknown word is written `unknown(word)`.
    pub fn code(&self) -> String {
        match CODES.iter().find(|(status, _)| status == self) {
            Some((_, code)) => (*code).to_owned(),
            None => match self {
                Unknown(raw) => format!("unknown({raw})"),
                known => format!("{known:?}"),
            },
        }
    }

    /// Reads a code that [`Status::code`] wrote; anything else is an unknown word.
    pub fn from_code(code: &str) -> Self {
        match CODES.iter().find(|(_, known)| *known == code) {
            Some((status, _)) => status.clone(),
            None => {
                let raw = code.strip_prefix("unknown(").and_then(|c| c.strip_suffix(')')).unwrap_or(code);
                Unknown(raw.to_owned())
            }
        }
    }

    /// Whether automation may move an order from here to `next`.
    ///
    /// Forward along the rank, out through a side exit, never back. An order that is in the customer's hands or cancelled is not
    /// cancelled again; a returned one goes nowhere. A denied request to cancel resumes the way forward.
    pub fn may_become(&self, next: &Self) -> bool {
        match (self, next) {
            (Unknown(_), _) | (_, Unknown(_)) => false,
            (Cancelled | Returned, _) => false,
            (Delivered, Returned) | (Shipped, Returned) => true,
            (Delivered, _) => false,
            (CancellationRequested, Cancelled) => true,
            (CancellationRequested, CancellationRequested | Returned) => false,
            (CancellationRequested, forward) => {
                forward.rank().is_some_and(|rank| Paid.rank().is_some_and(|paid| rank >= paid))
            }
            (_, CancellationRequested | Cancelled) => true,
            (_, Returned) => false,
            (here, forward) => forward.rank() > here.rank(),
        }
    }

    /// Nothing further is expected of the payment: invoiced or beyond, cancelled, returned.
    pub fn is_final_for_payment(&self) -> bool {
        matches!(self, Cancelled | Returned) || self.rank() >= Invoiced.rank() && self.rank().is_some()
    }

    /// Paid or further on the way; side exits and unknown words are not.
    pub fn is_paid_or_beyond(&self) -> bool {
        self.rank().is_some_and(|rank| Some(rank) >= Paid.rank())
    }

    /// Waiting for money, reviews included.
    pub fn is_unpaid(&self) -> bool {
        matches!(self, AwaitingPayment | PaymentUnderReview)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.code())
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.code())
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|code| Self::from_code(&code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows: from; columns: to, both in the order of [`CODES`].
    const ALLOWED: [&str; 12] = [
        // awaiting review paid picking production invoiced collection shipped delivered requested cancelled returned
        ".+++++++ +++.", // awaiting_payment
        "..++++++ +++.", // payment_under_review
        "...+++++ +++.", // paid
        "....++++ +++.", // picking
        ".....+++ +++.", // in_production
        "......++ +++.", // invoiced
        ".......+ +++.", // collection_order_created
        "........ ++++", // shipped
        "........ ...+", // delivered
        "..++++++ +.+.", // cancellation_requested
        "........ ....", // cancelled
        "........ ....", // returned
    ];

    #[test]
    fn transitions_are_the_table() {
        for (from, row) in Status::known().zip(ALLOWED) {
            for (to, cell) in Status::known().zip(row.chars().filter(|c| *c != ' ')) {
                assert_eq!(from.may_become(&to), cell == '+', "{from} -> {to}");
            }
        }
    }

    #[test]
    fn unknown_words_go_nowhere() {
        let unknown = Status::from_code("quarentena");
        assert_eq!(unknown, Unknown("quarentena".into()));
        for status in Status::known() {
            assert!(!unknown.may_become(&status));
            assert!(!status.may_become(&unknown));
        }
    }

    #[test]
    fn codes_read_back() {
        for status in Status::known().chain([Unknown("x y".into())]) {
            assert_eq!(Status::from_code(&status.code()), status);
        }
    }
}
