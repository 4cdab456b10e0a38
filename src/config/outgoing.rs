//! `[channels.NAME.invoices]` and `[channels.NAME.tracking]`: how invoices and deliveries go out.

use serde::{Deserialize, Deserializer};

use super::Span;
use crate::channel::outgoing::Field;
use crate::model::{Cents, TaxId};

/// How invoices go out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InvoiceRules {
    /// What an invoice must have before it is sent, in place of what the kind of channel requires.
    pub require: Option<Vec<Field>>,
    /// What the invoice is called on the channel.
    pub number_format: NumberFormat,
    /// By how many cents invoices may differ from the order and still be sent with the order's value.
    #[serde(deserialize_with = "tolerance")]
    pub value_tolerance: Cents,
    /// CNPJs (or a CPF) under which the store issues for this channel; empty for any. Those of `[erp]` if absent.
    #[serde(deserialize_with = "tax_ids")]
    pub issuers: Option<Vec<TaxId>>,
    /// Accept invoices of the test environment, for trying things out.
    pub allow_test: bool,
    /// How long to look for an invoice just sent before the next run does.
    pub confirm_within: Span,
    /// How long an invoice whose sending had no answer must stay absent before it counts as not sent, and how long one that was
    /// accepted may be under verification before a person is asked.
    pub settle_after: Span,
    /// How long after a marketplace did not take an invoice's XML yet it is sent again.
    pub xml_again_after: Span,
}

impl Default for InvoiceRules {
    fn default() -> Self {
        Self {
            require: None,
            number_format: NumberFormat::default(),
            value_tolerance: Cents::ZERO,
            issuers: None,
            allow_test: false,
            confirm_within: Span::seconds(30),
            settle_after: Span::seconds(600),
            xml_again_after: Span::seconds(4 * 3600),
        }
    }
}

/// What an invoice is called on a channel. Letters and digits only: anything else breaks tracking on VTEX for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberFormat {
    /// `12345`.
    #[default]
    Number,
    /// `12345S1`: number 12345 of series 1.
    NumberSeries,
}

/// How deliveries go out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrackingRules {
    /// What becomes of a collection order.
    pub collection_order: CollectionOrder,
    /// Whether a collection order already counts as handed to the carrier.
    pub dispatch_on_collection_order: bool,
    /// Whether a parcel without tracking code goes by its invoice's number.
    pub invoice_number_as_code: bool,
}

/// What becomes of a collection order, which says that a parcel is listed for the carrier, not that the carrier has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectionOrder {
    /// A step of the parcel's way, with its date.
    #[default]
    Event,
    /// Nothing.
    None,
}

fn tolerance<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cents, D::Error> {
    u32::deserialize(deserializer).map(|cents| Cents::new(i64::from(cents)))
}

fn tax_ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<TaxId>>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let wrong = |text: &str, problem| serde::de::Error::custom(format!("`{text}`: {problem}"));
    texts
        .iter()
        .map(|text| TaxId::parse(text).map_err(|problem| wrong(text, problem)))
        .collect::<Result<_, _>>()
        .map(Some)
}
