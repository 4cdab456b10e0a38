//! The embedded ERP.

use std::collections::BTreeSet;

use super::{ErpError, ErpOrder, NewOrder};
use crate::model::{ChannelName, ErpOrderId, Instant, OrderId, Sku, Status};

/// The embedded ERP's file.
#[derive(Debug)]
pub struct Ledger {}

#[allow(unused_variables, clippy::unused_self, missing_docs)]
impl Ledger {
    pub fn find_order(&self, channel: &ChannelName, number: &OrderId) -> Result<Option<ErpOrder>, ErpError> {
        Ok(None)
    }
    pub fn read_order(&self, id: &ErpOrderId) -> Result<Option<ErpOrder>, ErpError> {
        Ok(None)
    }
    pub fn known_skus(&self, skus: &[Sku]) -> Result<BTreeSet<Sku>, ErpError> {
        Ok(BTreeSet::new())
    }
    pub fn create_order(&self, new: &NewOrder, now: Instant) -> Result<ErpOrder, ErpError> {
        Err(ErpError::Refused { code: "x", message: String::new() })
    }
    pub fn set_status(&self, id: &ErpOrderId, status: &Status, note: &str, now: Instant) -> Result<ErpOrder, ErpError> {
        Err(ErpError::Refused { code: "x", message: String::new() })
    }
    pub fn cancel_order(&self, id: &ErpOrderId, reason: &str, now: Instant) -> Result<ErpOrder, ErpError> {
        Err(ErpError::Refused { code: "x", message: String::new() })
    }
}
