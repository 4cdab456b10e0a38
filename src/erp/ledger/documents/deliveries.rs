//! What carriers say, kept in the ledger.

use crate::documents::Ocoren;
use crate::erp::ErpError;
use crate::erp::deliveries::{self, Invoices, KnownInvoice};
use crate::erp::ledger::{DeliveryEvent, Invoice, Ledger, Posted};
use crate::lang::word;
use crate::model::{ErpOrderId, Instant};

use super::{Rules, TakeError, Taken};

impl Invoices for Ledger {
    fn numbered(&self, number: u32) -> Result<Vec<KnownInvoice>, ErpError> {
        let known = |(order, invoice): (ErpOrderId, Invoice)| KnownInvoice {
            order,
            access_key: invoice.access_key,
            number: invoice.number,
            issued_at: invoice.issued_at,
            cancelled: invoice.cancelled_at.is_some(),
        };
        Ok(self.invoices_numbered(number)?.into_iter().map(known).collect())
    }

    fn tracking_code(&self, invoice: &KnownInvoice) -> Result<Option<String>, ErpError> {
        self.code_of_parcel(&invoice.order, &invoice.access_key)
    }

    fn no(&self) -> &'static str {
        word!("the ledger has no" | "o ERP embutido não tem a")
    }

    fn remedy(&self) -> &'static str {
        word!("import the invoice first" | "importe antes a nota")
    }

    fn hear(&self, order: &ErpOrderId, event: &DeliveryEvent, now: Instant) -> Result<Posted, ErpError> {
        self.add_delivery_event(order, event, now)
    }
}

impl Ledger {
    pub(super) fn take_occurrences(
        &self,
        file: &Ocoren,
        source: &str,
        rules: &Rules,
        now: Instant,
    ) -> Result<Taken, TakeError> {
        deliveries::take(self, file, source, rules, now)
    }

    /// The tracking code of the parcel that carries an invoice, where just one is known; or why it cannot be told what was
    /// delivered. Without one the invoice itself tells which parcel it is.
    pub(super) fn parcel_meant(
        &self,
        order: &ErpOrderId,
        invoice: &Invoice,
    ) -> Result<Result<Option<String>, String>, ErpError> {
        if invoice.cancelled_at.is_some() {
            return Ok(Err(deliveries::cancelled(invoice.number)));
        }
        Ok(Ok(self.code_of_parcel(order, &invoice.access_key)?))
    }

    fn code_of_parcel(&self, order: &ErpOrderId, access_key: &str) -> Result<Option<String>, ErpError> {
        let Some(detail) = self.order_detail(order)? else { return Ok(None) };
        let of_invoice = detail.shipments.into_iter().filter(|parcel| parcel.access_key.as_deref() == Some(access_key));
        let mut codes = of_invoice.filter_map(|parcel| parcel.tracking_code);
        // An invoice in several parcels is delivered when all of them are.
        Ok(codes.next().filter(|_| codes.next().is_none()))
    }
}
