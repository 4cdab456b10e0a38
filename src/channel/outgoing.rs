//! What goes out to a sales platform: invoices and what a platform requires of them, tracking, deliveries.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::model::{Cents, ChannelSku, Instant};

/// Something a platform may want to know of an invoice before it counts the order as invoiced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The invoice's number.
    Number,
    /// Its series.
    Series,
    /// Its access key.
    Key,
    /// When it was issued.
    Date,
    /// What it is worth.
    Value,
    /// The XML file.
    Xml,
    /// Where the customer can see it.
    Link,
    /// The tracking code of its parcel.
    Tracking,
    /// Where the customer can follow the parcel.
    TrackingUrl,
    /// The carrier.
    Carrier,
}

impl Field {
    /// Stable code, as in the configuration.
    pub fn code(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Series => "series",
            Self::Key => "key",
            Self::Date => "date",
            Self::Value => "value",
            Self::Xml => "xml",
            Self::Link => "link",
            Self::Tracking => "tracking",
            Self::TrackingUrl => "tracking_url",
            Self::Carrier => "carrier",
        }
    }
}

/// What a kind of channel requires of what goes out, where the configuration says nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirements {
    /// Of the invoices of every order.
    pub always: &'static [Field],
    /// Beside that, of an order that came through a marketplace.
    pub through_marketplace: &'static [Field],
    /// One invoice for the whole of an order, and no more.
    pub one_invoice: bool,
    /// A carrier beside every tracking code.
    pub carrier: bool,
    /// Whether it hears of the steps of a parcel's way, and not only of its end.
    pub steps: bool,
    /// Whether an order that is delivered takes no tracking any more.
    pub forward_only: bool,
    /// An invoice's XML goes in a call of its own, and not with the invoice.
    pub xml_apart: bool,
}

/// When an invoice's XML is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum XmlRule {
    /// For orders that ask for it.
    #[default]
    Needed,
    /// For every order.
    Always,
    /// Never.
    Never,
}

/// VTEX refuses an invoice without number, date and value; several marketplaces behind it want the key, and external ones such
/// as Mercado Livre the XML. Source: VTEX, Orders API, order invoice notification.
pub const VTEX: Requirements = Requirements {
    always: &[Field::Number, Field::Date, Field::Value, Field::Key],
    through_marketplace: &[Field::Xml],
    one_invoice: false,
    carrier: false,
    steps: true,
    forward_only: false,
    xml_apart: false,
};

/// ANYMARKET counts an order as invoiced with the NF-e's key and date; number and series are asked for beside them. It keeps one
/// invoice and one parcel of an order, whose status never goes back. Source: V2 back-office description, and ANYMARKET's help centre.
pub const ANYMARKET: Requirements = Requirements {
    always: &[Field::Number, Field::Series, Field::Date, Field::Key],
    through_marketplace: &[],
    one_invoice: true,
    carrier: true,
    steps: false,
    forward_only: true,
    xml_apart: true,
};

/// An invoice of a sale as it is to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InvoiceToSend {
    /// Letters and digits only; its name in further calls.
    pub number: String,
    /// The access key.
    pub key: String,
    /// When it was issued.
    pub issued_at: Instant,
    /// What it pays of the order, above zero.
    pub value: Cents,
    /// Where the customer can see it.
    pub url: Option<String>,
    /// The XML file as text, where it goes with the invoice.
    pub xml: Option<XmlText>,
    /// What some carriers of marketplaces ask for beside it.
    pub fiscal: Option<Fiscal>,
    /// What it covers, each product once.
    pub items: Vec<Item>,
    /// Its parcel's tracking, for platforms that want it with the invoice.
    pub tracking: Option<Tracking>,
}

/// What stands in an NF-e and Mercado Envios Coleta asks for by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fiscal {
    /// The kind of operation (CFOP).
    pub cfop: u32,
    /// The issuer's state registration, or `ISENTO`.
    pub issuer_registration: String,
}

/// An invoice's XML: personal data, so `{:?}` does not show it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct XmlText(String);

impl XmlText {
    /// The text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for XmlText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "XmlText({} bytes)", self.0.len())
    }
}

/// Units of a product on an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// The order's own id of the product.
    pub id: ChannelSku,
    /// The price of one unit, where lines differ the rounded average.
    pub unit_price: Cents,
    /// Units, at least 1.
    pub quantity: i64,
}

/// A parcel's tracking.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tracking {
    /// The tracking code.
    pub code: String,
    /// Where the customer can follow it.
    pub url: Option<String>,
    /// The carrier.
    pub carrier: Option<String>,
    /// When the carrier had it.
    pub dispatched_at: Option<Instant>,
    /// When the customer is to have it.
    pub promised_at: Option<Instant>,
}

/// A parcel's way so far: all of it, since a platform may put what it gets in place of what it had.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Way {
    /// What happened, the oldest first.
    pub steps: Vec<Step>,
    /// When the customer had it.
    pub delivered_at: Option<Instant>,
    /// Its tracking, for platforms that keep both as one.
    pub tracking: Option<Tracking>,
}

/// One step of a parcel's way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// The day in São Paulo.
    pub day: NaiveDate,
    /// For the customer.
    pub description: &'static str,
    /// Where, as city and state, when it is known.
    pub place: Option<(String, String)>,
}

/// A platform's answer to what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Sent {
    /// It took it; a reading shows when it took effect.
    Accepted,
    /// It has as many of these as it takes, of which this counts as one.
    Enough,
    /// It does not take it for now, and will later.
    NotYet {
        /// The platform's words.
        message: String,
    },
    /// It did not: it split the order into packages, and wants to hear of each.
    InPackages {
        /// The platform's words.
        message: String,
    },
    /// It did not, and the same again would be refused again.
    Refused {
        /// The platform's words.
        message: String,
    },
}
