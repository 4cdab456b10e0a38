//! The words of the trade as types that are valid by construction. No I/O, no clock, nothing of any platform.

pub mod calendar;
pub mod ids;
pub mod money;
pub mod order;
pub mod status;
pub mod stock;
pub mod tax_id;

pub use ids::{CarrierName, ChannelName, ChannelSku, ErpOrderId, OrderId, Sku, WarehouseId};
pub use money::Cents;
pub use order::{
    Address, Customer, Delivery, Invoicing, Line, Marketplace, Order, Package, PackageEvent, Payment, PaymentMethod,
    Readiness, Transmission,
};
pub use status::Status;
pub use stock::{Claimant, StockParts};
pub use tax_id::TaxId;

/// An instant in UTC. Local time (America/Sao_Paulo) exists only at the edges: see [`calendar`].
pub type Instant = chrono::DateTime<chrono::Utc>;
