//! Documents as bytes in, facts out: NF-e, events, OCOREN, stock and shipment sheets. No I/O, no clock, and no panic on any bytes.
//!
//! [`recognise`] tells by content what a file is; the modules read one kind each.

pub mod access_key;
pub mod error;
pub mod moment;
pub mod sheet;
mod states;
pub mod text;

pub use access_key::AccessKey;
pub use error::DocumentError;
pub use moment::Moment;
pub use sheet::{SheetOptions, ShipmentRow, ShipmentSheet, StockRow, StockSheet};

/// What a file turned out to be, with its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// Stock balances.
    StockSheet(StockSheet),
    /// Tracking codes and dates of shipments.
    ShipmentSheet(ShipmentSheet),
}

/// Reads a file by its content; its name does not count.
///
/// # Errors
/// [`DocumentError`] says what the file is instead, or what is wrong with it and where.
pub fn recognise(bytes: &[u8]) -> Result<Document, DocumentError> {
    recognise_with(bytes, SheetOptions::default())
}

/// As [`recognise`], with what was declared about sheets.
///
/// # Errors
/// As [`recognise`].
pub fn recognise_with(bytes: &[u8], options: SheetOptions) -> Result<Document, DocumentError> {
    let text = text::decode(bytes)?;
    sheet::recognise(&text, options)
}
