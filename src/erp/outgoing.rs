//! What the ERP has to tell a sales platform about an order: its invoices, its parcels, and what became of them. The same for
//! every ERP; where a fact comes from stays behind [`Erp`](super::Erp).

use sha2::{Digest, Sha256};

use super::ErpOrder;
pub use super::ledger::{DeliveryEvent, DeliveryOutcome};
use crate::model::{CarrierName, Cents, Instant, Sku};

/// Everything that goes out for one order, read at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Outgoing {
    /// The order.
    pub order: ErpOrder,
    /// Its authorised invoices, cancelled ones included, in the order they were issued.
    pub invoices: Vec<Invoice>,
    /// Its parcels.
    pub parcels: Vec<Parcel>,
    /// What carriers said of its delivery, the oldest first.
    pub events: Vec<DeliveryEvent>,
    /// Why its parcels could not be read, if they could not: then none is told.
    pub parcels_unread: Option<String>,
}

/// An invoice (NF-e). Its XML is read with [`Erp::invoice_xml`](super::Erp::invoice_xml).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Invoice {
    /// The access key, 44 characters: what makes it one invoice.
    pub key: String,
    /// Its number (`nNF`).
    pub number: u32,
    /// Its series (`serie`), without leading zeros.
    pub series: String,
    /// When it was issued.
    pub issued_at: Instant,
    /// What it is worth (`vNF`).
    pub value: Cents,
    /// Where the customer can see it.
    pub url: Option<String>,
    /// What it covers; empty when the ERP does not tell.
    pub lines: Vec<InvoiceLine>,
    /// When it was cancelled, if it was.
    pub cancelled_at: Option<Instant>,
}

/// Units of a product on an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InvoiceLine {
    /// The ERP's product code.
    pub sku: Sku,
    /// Units, at least 1.
    pub quantity: i64,
}

/// A parcel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Parcel {
    /// The access key of the invoice it carries; `None` for the whole order.
    pub invoice_key: Option<String>,
    /// The carrier.
    pub carrier: Option<CarrierName>,
    /// The tracking code.
    pub tracking_code: Option<String>,
    /// Where the customer can follow it.
    pub tracking_url: Option<String>,
    /// The number under which the carrier was asked to fetch it.
    pub collection_order: Option<String>,
    /// When that was: listed for the carrier, which does not have it yet.
    pub collection_order_at: Option<Instant>,
    /// When the carrier had it.
    pub shipped_at: Option<Instant>,
    /// When the customer had it.
    pub delivered_at: Option<Instant>,
}

impl Outgoing {
    /// The invoices that stand.
    pub fn live_invoices(&self) -> impl Iterator<Item = &Invoice> {
        self.invoices.iter().filter(|invoice| invoice.cancelled_at.is_none())
    }

    /// A digest of the invoices: the same while nothing about them changes.
    pub fn digest_of_invoices(&self) -> String {
        digest(&format!("{:?}", self.invoices))
    }

    /// A digest of everything that [`Outgoing`] tells beside the order's own status.
    pub fn digest(&self) -> String {
        digest(&format!("{:?}", (&self.invoices, &self.parcels, &self.events)))
    }
}

/// Of the text that `Debug` makes: another version may give another digest, which costs one more reading.
fn digest(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
