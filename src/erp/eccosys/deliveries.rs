//! Deliveries that carriers tell in their files, and writing them into Eccosys: carrier, then ERP, then channel.

use serde_json::json;

use super::answer::refused;
use super::{Eccosys, body, wire};
use crate::documents::{self, Document};
use crate::erp::deliveries::{self, Invoices, KnownInvoice};
use crate::erp::ledger::{Rules, TakeError, Taken};
use crate::erp::{DeliveryEvent, DeliveryOutcome, ErpError, Posted};
use crate::http::{Call, Effect, Triage, segment};
use crate::lang::{say, word};
use crate::model::{ErpOrderId, Instant, Status};
use crate::store::mirror::{MirrorDelivery, MirrorInvoice};

impl Invoices for Eccosys {
    fn numbered(&self, number: u32) -> Result<Vec<KnownInvoice>, ErpError> {
        let known = |invoice: MirrorInvoice| KnownInvoice {
            order: invoice.order,
            access_key: invoice.access_key,
            number: invoice.number,
            issued_at: invoice.issued_at,
            cancelled: invoice.cancelled,
        };
        Ok(self.store.mirror_invoices_numbered(number)?.into_iter().map(known).collect())
    }

    fn tracking_code(&self, _: &KnownInvoice) -> Result<Option<String>, ErpError> {
        // An invoice has one parcel.
        Ok(None)
    }

    fn no(&self) -> &'static str {
        word!(
            "of the orders that are followed in Eccosys none has" | "dos pedidos acompanhados no Eccosys nenhum tem a"
        )
    }

    fn remedy(&self) -> &'static str {
        word!(
            "once push-invoices has seen it, put the file back"
                | "depois que o push-invoices a vir, devolva o arquivo à pasta"
        )
    }

    fn hear(&self, order: &ErpOrderId, event: &DeliveryEvent, _: Instant) -> Result<Posted, ErpError> {
        let heard = MirrorDelivery {
            access_key: event.access_key.clone().unwrap_or_default(),
            code: event.code.clone(),
            what: event.what.code().to_owned(),
            at: event.at,
            source: event.source.clone(),
            written_at: None,
        };
        Ok(if self.store.mirror_delivery_heard(order, &heard)? { Posted::New } else { Posted::Again })
    }
}

/// What became of a delivery that was to be written into the ERP.
#[derive(Debug)]
pub struct Written {
    /// The store's number of the order.
    pub order: String,
    /// When it was delivered.
    pub at: Instant,
    /// Whether the ERP has it; it is tried again by the next run where not.
    pub result: Result<(), ErpError>,
}

impl Eccosys {
    /// Takes a carrier's file. Everything else Eccosys makes itself, so it is refused.
    ///
    /// # Errors
    /// [`TakeError`] says why nothing of it was taken.
    pub fn take(&self, bytes: &[u8], source: &str, rules: &Rules, now: Instant) -> Result<Taken, TakeError> {
        match documents::recognise_with(bytes, rules.sheets)? {
            Document::Ocoren(file) => deliveries::take(self, &file, source, rules, now),
            _ => Err(TakeError::Refused {
                code: "not_for_eccosys",
                message: word!(
                    "invoices, stock and parcels are Eccosys' own and are read from there; only carriers' OCOREN \
                     files belong into this folder"
                        | "notas, estoque e volumes são do próprio Eccosys e lidos de lá; nesta pasta só entram \
                           arquivos OCOREN de transportadoras"
                )
                .into(),
            }),
        }
    }

    /// Writes the deliveries that carriers told into the orders, where the configuration says so. What may be there already is read
    /// before it is written again.
    ///
    /// # Errors
    /// When the state file cannot be used.
    pub async fn write_deliveries(&self) -> Result<Vec<Written>, ErpError> {
        let mut written = Vec::new();
        if !self.options.write_deliveries {
            return Ok(written);
        }
        for heard in self.store.mirror_deliveries_unwritten()? {
            let Some(invoice) = self.store.mirror_invoice(&heard.access_key)? else { continue };
            let is_delivery = matches!(
                DeliveryOutcome::from_code(&heard.what),
                DeliveryOutcome::Delivered | DeliveryOutcome::DeliveredWithRemarks
            );
            if !is_delivery {
                // There is no field for what else carriers say.
                self.store.mirror_delivery_written(&invoice.order, &heard, self.now())?;
                continue;
            }
            let number = self.store.mirror_order(&invoice.order)?.map(|order| order.store_number.to_string());
            let result = self.write_delivery(&invoice.order, heard.at).await;
            if result.is_ok() {
                self.store.mirror_delivery_written(&invoice.order, &heard, self.now())?;
            }
            // One order that fails keeps out no other; trouble that is everybody's ends it.
            let is_over = match &result {
                Err(ErpError::Call(error)) => matches!(error.triage(), Triage::StopRun(_)),
                Err(ErpError::File(_)) => true,
                _ => false,
            };
            written.push(Written { order: number.unwrap_or_default(), at: heard.at, result });
            if is_over {
                break;
            }
        }
        Ok(written)
    }

    async fn write_delivery(&self, id: &ErpOrderId, at: Instant) -> Result<(), ErpError> {
        let order = self.existing(id).await?;
        if order.status == Status::Delivered {
            return Ok(());
        }
        if order.status.rank().is_none() || order.number.is_empty() {
            let message = say!(
                "its order {} is {}, so nothing is written about a delivery; put it right there, or take the file \
                 away"
                    | "o pedido {} de lá está {}, então nada é gravado sobre entrega; acerte por lá, ou retire o \
                       arquivo",
                order.number,
                order.status
            );
            return Err(ErpError::Refused { code: "transition", message });
        }
        let date = json!({ "numeroPedido": order.number, "dataEntrega": body::stamp(at) });
        let call = Call::write("PUT", "write delivery", "/pedidos", Effect::Once).about(id.as_str());
        self.written(call.json(date)).await?;
        if order.status.rank() < Status::Invoiced.rank() {
            let path = format!("/pedidos/{}/situacao", segment(id.as_str()));
            let call = Call::write("POST", "change situation", path, Effect::Once).about(id.as_str());
            self.written(call.json(json!({ "situacao": 1, "historico": "Entregue" }))).await?;
        }
        // Some accounts keep the day alone, which is no delivery to whoever reads it until it is over.
        let shows_day = |row: &wire::Order| {
            row.data_entrega.as_deref().and_then(wire::moment).is_some_and(|told| body::day(told) == body::day(at))
        };
        match self.read_row(id).await? {
            Some((row, order)) if order.status.rank() >= Status::Invoiced.rank() && shows_day(&row) => Ok(()),
            _ => Err(refused(say!(
                "it took the delivery of order {} and does not show it; the next run writes it again"
                    | "aceitou a entrega do pedido {} e não a mostra; a próxima execução a grava de novo",
                order.number
            ))),
        }
    }
}
