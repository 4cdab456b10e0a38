//! Identifiers as types, so that an order number cannot be passed where a SKU is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is: the other side's spelling, case and leading zeros count.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as the other side writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

text_id! {
    /// The name of a configured channel: the `NAME` of `[channels.NAME]`.
    ChannelName
}
text_id! {
    /// An order's number on its channel, such as `1172452900788-01` on VTEX. Always text.
    OrderId
}
text_id! {
    /// An order's internal id in the ERP (not the number people see).
    ErpOrderId
}
text_id! {
    /// A product's code in the ERP.
    Sku
}
text_id! {
    /// A product's id on a channel; a leading zero makes another product.
    ChannelSku
}
text_id! {
    /// A warehouse's id; its case counts.
    WarehouseId
}
text_id! {
    /// A carrier as the ERP calls it.
    CarrierName
}
