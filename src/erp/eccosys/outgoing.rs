//! What goes out for an order: its invoice, its parcel, what carriers said. Read when the order moved or the last reading is old.

use serde::{Deserialize, Serialize};

use super::orders::facts_of;
use super::refresh::PENDING_WITHIN;
use super::{Eccosys, answer, wire};
use crate::documents::{AccessKey, Nfe};
use crate::erp::ErpError;
use crate::erp::outgoing::{DeliveryEvent, DeliveryOutcome, Invoice, InvoiceLine, Outgoing, Parcel};
use crate::http::{Call, segment};
use crate::lang::{say, word};
use crate::model::{CarrierName, Cents, ErpOrderId, Instant, Sku};
use crate::store::mirror::{MirrorInvoice, MirrorOrder};

/// How many invoices' XML is kept for whoever asks for it next.
const XML_KEPT: usize = 8;

/// An order's invoice and parcel as they were last read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Details {
    invoices: Vec<KnownInvoice>,
    carrier: Option<String>,
    tracking_code: Option<String>,
    tracking_url: Option<String>,
    collection_order: Option<String>,
    collection_order_at: Option<Instant>,
    shipped_at: Option<Instant>,
    /// The order has an invoice that is not authorised yet, or its parcel could not be read: it is looked at again soon.
    pending: bool,
    /// Why the parcel could not be read. What is known of it may lack what a channel takes only once, and is not told.
    parcel_unread: Option<String>,
}

/// An invoice, with the ERP's id of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KnownInvoice {
    id: String,
    key: String,
    number: u32,
    series: String,
    issued_at: Instant,
    value: Cents,
    url: Option<String>,
    lines: Vec<(Sku, i64)>,
    cancelled_at: Option<Instant>,
}

/// Where an invoice stands. Codes: a client that acts on them; the same as in ERPs of the same family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// 6 and 7: authorised, and authorised with its DANFE printed.
    Authorised,
    /// 3.
    Cancelled,
    /// Pending, sent, rejected, denied, or nobody knows: no invoice yet.
    Not,
}

impl Standing {
    fn of(nfe: &wire::Nfe) -> Self {
        match nfe.situacao.as_deref() {
            Some("6" | "7") => Self::Authorised,
            Some("3") => Self::Cancelled,
            _ => Self::Not,
        }
    }
}

/// What was last read of an order; what cannot be read is another version's.
fn details_of(order: &MirrorOrder) -> Option<Details> {
    order.details.as_deref().and_then(|text| serde_json::from_str(text).ok())
}

/// Whether the order had an invoice that was not authorised when it was last looked at.
pub(super) fn awaits_invoice(order: &MirrorOrder) -> bool {
    details_of(order).is_some_and(|details| details.pending)
}

impl Eccosys {
    /// See [`Erp::outgoing`](crate::erp::Erp::outgoing).
    pub async fn outgoing(&self, id: &ErpOrderId) -> Result<Option<Outgoing>, ErpError> {
        self.compare_orders().await?;
        let Some(order) = self.followed(id).await? else { return Ok(None) };
        let now = self.now();
        let known = details_of(&order);
        // An authorisation may change nothing about the order itself.
        let is_pending = known.as_ref().is_some_and(|known| known.pending);
        let oldest = now - if is_pending { PENDING_WITHIN } else { self.options.details_within };
        let is_current = order.details_at.is_some_and(|at| at >= order.moved_at && (oldest..=now).contains(&at));
        let details = match known {
            Some(details) if is_current && details.parcel_unread.is_none() && !self.anew => details,
            known => self.read_details(&order, known.unwrap_or_default()).await?,
        };
        Ok(Some(self.put_together(&order, details)?))
    }

    /// The mirrored order, read anew where it is not mirrored.
    async fn followed(&self, id: &ErpOrderId) -> Result<Option<MirrorOrder>, ErpError> {
        match self.store.mirror_order(id)? {
            // It may have been a bad minute of the ERP's.
            Some(order) if order.lost => {
                let found = self.read_order(id).await?.is_some_and(|found| found.store_number == order.store_number);
                Ok(if found { self.store.mirror_order(id)? } else { None })
            }
            Some(order) => Ok(Some(order)),
            None => {
                let Some(order) = self.read_order(id).await? else { return Ok(None) };
                if let Some(channel) = &order.channel {
                    self.find_order(channel, &order.store_number).await?;
                }
                Ok(self.store.mirror_order(id)?)
            }
        }
    }

    async fn read_details(&self, order: &MirrorOrder, before: Details) -> Result<Details, ErpError> {
        let facts = facts_of(order);
        let asked_at = self.now();
        let mut details = Details { invoices: before.invoices.clone(), ..Details::default() };
        let mut hint = facts.tracking_code.is_some() || facts.dispatched || facts.shipped_at.is_some();
        if let Some(invoice) = &facts.invoice {
            let nfe = self.read_nfe(invoice).await?;
            if let Some(nfe) = &nfe {
                hint |= wire::some(nfe.id_ordem_coleta.as_ref()).is_some() || nfe.codigo_rastreamento.is_some();
                details.tracking_code = nfe.codigo_rastreamento.clone();
                details.carrier = nfe.transportador.clone();
            }
            self.note_invoice(&mut details, order, invoice, nfe.as_ref(), asked_at)?;
        }
        // An invoice that the order names no more: only a reading tells what became of it.
        for known in details.invoices.iter_mut().filter(|known| facts.invoice.as_ref() != Some(&known.id)) {
            if known.cancelled_at.is_none()
                && self.read_nfe(&known.id).await?.is_some_and(|nfe| Standing::of(&nfe) == Standing::Cancelled)
            {
                known.cancelled_at = Some(asked_at);
            }
        }
        // Without any sign of a parcel it is asked for when the last reading of the invoice is old.
        if hint || !before.invoices.is_empty() {
            match self.read_parcel(order, &mut details, &before).await {
                // The invoice is not kept back for it.
                Err(error) if error.is_of_one_item() => {
                    log::warn!("the parcel of order {} cannot be read in Eccosys: {error}", order.store_number);
                    let invoices = details.invoices;
                    details = Details { invoices, pending: true, parcel_unread: Some(error.to_string()), ..before };
                    self.keep_details(order, &details, asked_at)?;
                    return Ok(details);
                }
                read => read?,
            }
        }
        details.carrier = details.carrier.or(facts.carrier);
        details.tracking_code = details.tracking_code.or(facts.tracking_code);
        // Collected, without a word when: since it was first seen.
        let first_seen = before.shipped_at.or(facts.dispatched.then_some(asked_at));
        details.shipped_at = facts.shipped_at.or(first_seen.filter(|_| facts.dispatched));
        self.keep_details(order, &details, asked_at)?;
        Ok(details)
    }

    async fn read_nfe(&self, id: &str) -> Result<Option<wire::Nfe>, ErpError> {
        let call = Call::read("read invoice", format!("/nfes/{}", segment(id))).about(id);
        let Some(answer) = self.door.call_optional(call).await? else { return Ok(None) };
        // An id and a number share one path.
        let nfe: Option<wire::Nfe> = answer::first(&answer)?;
        Ok(nfe.filter(|nfe| nfe.id().is_none_or(|told| told == id)))
    }

    /// Notes what an invoice says, if it counts as one or did.
    fn note_invoice(
        &self,
        details: &mut Details,
        order: &MirrorOrder,
        id: &str,
        nfe: Option<&wire::Nfe>,
        asked_at: Instant,
    ) -> Result<(), ErpError> {
        let position = details.invoices.iter().position(|known| known.id == id);
        let standing = nfe.map_or(Standing::Not, Standing::of);
        match (standing, nfe, position) {
            (Standing::Authorised, Some(nfe), position) => {
                let read = self.invoice(order, id, nfe)?;
                match position {
                    Some(at) => details.invoices[at] = read,
                    None => details.invoices.push(read),
                }
            }
            // What was authorised once is known; that it was cancelled is news.
            (Standing::Cancelled, _, Some(at)) => {
                let known = &mut details.invoices[at];
                known.cancelled_at = known.cancelled_at.or(Some(asked_at));
            }
            // Only a word of cancellation cancels: not its absence, nor another word on its way.
            (_, _, Some(_)) => {
                log::warn!("invoice {id} of order {} is not told as authorised just now", order.store_number);
            }
            // Cancelled before it was ever seen: nobody was told of it.
            (_, _, None) => details.pending = standing == Standing::Not,
        }
        Ok(())
    }

    /// An authorised invoice. Its key must be one, and its number and series must be the key's.
    fn invoice(&self, order: &MirrorOrder, id: &str, nfe: &wire::Nfe) -> Result<KnownInvoice, ErpError> {
        let refuse = |problem: String| ErpError::Refused {
            code: "invoice_unreadable",
            message: say!(
                "invoice {id} of order {} {problem}; look at it in Eccosys"
                    | "a nota {id} do pedido {} {problem}; veja-a no Eccosys",
                order.store_number
            ),
        };
        let key = nfe.key().unwrap_or_default();
        let key = AccessKey::parse(key).map_err(|problem| {
            refuse(say!("has no usable access key: {problem}" | "não tem chave de acesso que sirva: {problem}"))
        })?;
        let agrees = |told: &Option<String>, of_key: u32| {
            told.as_deref().is_none_or(|told| told.trim().parse::<u32>().is_ok_and(|told| told == of_key))
        };
        if !agrees(&nfe.numero, key.document_number()) || !agrees(&nfe.serie, key.series()) {
            return Err(refuse(
                word!(
                    "has another number or series than its access key"
                        | "tem número ou série diferente da chave de acesso"
                )
                .into(),
            ));
        }
        let parsed = nfe.xml.as_deref().and_then(|xml| Nfe::parse(xml.as_bytes()).ok()).filter(|xml| xml.key == key);
        if let Some(xml) = &nfe.xml {
            self.keep_xml(key.as_str(), xml.clone().into_bytes());
        }
        let told_at = || {
            let (day, time) = (nfe.data_emissao.as_deref()?, nfe.hora_saida_entrada.as_deref());
            let time = time.map(|time| if time.len() == 5 { format!("{time}:00") } else { time.to_owned() });
            time.and_then(|time| wire::moment(&format!("{} {time}", day.get(..10)?))).or_else(|| wire::moment(day))
        };
        let issued_at = parsed.as_ref().map(|xml| xml.issued_at.to_utc()).or_else(told_at);
        let value = parsed.as_ref().map(|xml| xml.totals.invoice).or(nfe.valor_nota);
        let (Some(issued_at), Some(value)) = (issued_at, value) else {
            return Err(refuse(
                word!("tells no date of issue or no value" | "não traz data de emissão ou valor").into(),
            ));
        };
        let lines = parsed.into_iter().flat_map(|xml| xml.lines);
        let lines =
            lines.filter_map(|line| Some((Sku::new(line.code), line.quantity.whole().filter(|units| *units > 0)?)));
        Ok(KnownInvoice {
            id: id.to_owned(),
            number: key.document_number(),
            series: key.series().to_string(),
            key: key.as_str().to_owned(),
            issued_at,
            value,
            url: nfe.link.clone(),
            lines: lines.collect(),
            cancelled_at: None,
        })
    }

    /// Reads what is known of the parcel.
    async fn read_parcel(&self, order: &MirrorOrder, details: &mut Details, before: &Details) -> Result<(), ErpError> {
        let path = format!("/pedidos/{}/rastreamento", segment(order.id.as_str()));
        let call = Call::read("read tracking", path).about(order.store_number.as_str());
        let Some(answer) = self.door.call_optional(call).await? else { return Ok(()) };
        let Some(told) = answer::first::<wire::Tracking>(&answer)? else { return Ok(()) };
        let number = told.numero_da_ordem_de_compra.as_deref().map(str::trim);
        if number.is_some_and(|number| number != order.store_number.as_str()) {
            return Ok(());
        }
        details.carrier = told.transportador.or(details.carrier.take());
        details.tracking_code = told.rastreio.or(details.tracking_code.take());
        details.tracking_url = told.url_rastreio;
        let Some(collection) = wire::some(told.numero_coleta.as_ref()).filter(|_| self.options.collection_orders)
        else {
            return Ok(());
        };
        details.collection_order_at = match &before.collection_order {
            Some(known) if *known == collection => before.collection_order_at,
            _ => Some(self.collection_order_at(&collection).await?.unwrap_or_else(|| self.now())),
        };
        details.collection_order = Some(collection);
        Ok(())
    }

    /// The day of a collection order; `None` when it cannot be read. Some accounts let only named users read them.
    async fn collection_order_at(&self, number: &str) -> Result<Option<Instant>, ErpError> {
        if self.no_collections.get() {
            return Ok(None);
        }
        let path = format!("/ordem-de-coleta/numero={}", segment(number));
        match self.door.call_optional(Call::read("read collection order", path).about(number)).await {
            Ok(answer) => {
                let told = answer.map(|answer| answer::first::<wire::CollectionOrder>(&answer)).transpose()?.flatten();
                let now = self.now();
                Ok(told.and_then(|told| wire::moment(told.data.as_deref()?)).filter(|at| *at <= now))
            }
            Err(error) if matches!(error.status(), Some(401 | 403)) => {
                self.no_collections.set(true);
                log::warn!(
                    "these credentials may not read collection orders in Eccosys, so the day they are seen counts; give [erp] a \
                     user_token in place of what it has, or set collection_orders = false: then they are not told to the channels"
                );
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn keep_details(&self, order: &MirrorOrder, details: &Details, at: Instant) -> Result<(), ErpError> {
        let text = serde_json::to_string(details).unwrap_or_default();
        let invoices: Vec<MirrorInvoice> = details
            .invoices
            .iter()
            .map(|invoice| MirrorInvoice {
                access_key: invoice.key.clone(),
                order: order.id.clone(),
                invoice_id: invoice.id.clone(),
                number: invoice.number,
                issued_at: invoice.issued_at,
                cancelled: invoice.cancelled_at.is_some(),
            })
            .collect();
        let live = facts_of(order).is_live(&self.options.situations, &self.follow_from(), details.pending);
        Ok(self.store.mirror_details(order, (&text, live), &invoices, (at, self.now()))?)
    }

    fn put_together(&self, order: &MirrorOrder, details: Details) -> Result<Outgoing, ErpError> {
        let facts = facts_of(order);
        let live = details.invoices.iter().filter(|invoice| invoice.cancelled_at.is_none());
        let invoice_key = live.map(|invoice| invoice.key.clone()).next_back();
        // What is only known since when it was seen may have been long before: it never comes after the delivery.
        let before_delivery = |at: &Instant| facts.delivered_at.is_none_or(|delivered| *at <= delivered);
        let mut parcel = Parcel {
            invoice_key,
            carrier: details.carrier.map(CarrierName::new),
            tracking_code: details.tracking_code,
            tracking_url: details.tracking_url,
            collection_order: details.collection_order,
            // Listed for the carrier before it had it, whenever that was seen.
            collection_order_at: details
                .collection_order_at
                .filter(before_delivery)
                .map(|at| facts.shipped_at.map_or(at, |shipped| at.min(shipped))),
            shipped_at: facts.shipped_at.or(details.shipped_at.filter(before_delivery)),
            delivered_at: facts.delivered_at,
        };
        let empty =
            Parcel { invoice_key: parcel.invoice_key.clone(), carrier: parcel.carrier.clone(), ..Parcel::default() };
        let mut events = Vec::new();
        for invoice in &details.invoices {
            for heard in self.store.mirror_deliveries(&invoice.key)? {
                // Carrier, then ERP, then channel.
                if self.options.write_deliveries && heard.written_at.is_none() {
                    // The date may be in the ERP already, which does not tell what else the carrier said.
                    parcel.delivered_at = None;
                    continue;
                }
                let what = DeliveryOutcome::from_code(&heard.what);
                if matches!(what, DeliveryOutcome::Delivered | DeliveryOutcome::DeliveredWithRemarks) {
                    parcel.delivered_at = parcel.delivered_at.or(Some(heard.at));
                }
                events.push(DeliveryEvent {
                    code: heard.code,
                    what,
                    at: heard.at,
                    source: heard.source,
                    access_key: Some(heard.access_key),
                    tracking_code: parcel.tracking_code.clone(),
                });
            }
        }
        let invoices = details.invoices.into_iter().map(|known| Invoice {
            key: known.key,
            number: known.number,
            series: known.series,
            issued_at: known.issued_at,
            value: known.value,
            url: known.url,
            lines: known.lines.into_iter().map(|(sku, quantity)| InvoiceLine { sku, quantity }).collect(),
            cancelled_at: known.cancelled_at,
        });
        Ok(Outgoing {
            order: self.told(order),
            invoices: invoices.collect(),
            parcels: if parcel == empty || details.parcel_unread.is_some() { Vec::new() } else { vec![parcel] },
            parcels_unread: details.parcel_unread,
            events,
        })
    }

    /// See [`Erp::invoice_xml`](crate::erp::Erp::invoice_xml).
    pub async fn invoice_xml(&self, key: &str) -> Result<Option<Vec<u8>>, ErpError> {
        let kept = self.xml.borrow().iter().find(|(kept, _)| kept == key).map(|(_, xml)| xml.clone());
        if kept.is_some() {
            return Ok(kept);
        }
        let Some(known) = self.store.mirror_invoice(key)? else { return Ok(None) };
        let Some(nfe) = self.read_nfe(&known.invoice_id).await? else { return Ok(None) };
        if Standing::of(&nfe) != Standing::Authorised {
            let message = say!(
                "its invoice {} is not authorised any more" | "a nota {} de lá não está mais autorizada",
                known.number
            );
            return Err(ErpError::Refused { code: "invoice_not_authorised", message });
        }
        if let Some(xml) = nfe.xml {
            self.keep_xml(key, xml.clone().into_bytes());
            return Ok(Some(xml.into_bytes()));
        }
        let call = Call::read("read XML", format!("/xml-nfes/{}", known.number))
            .query("$tipo", "S")
            .query("$serie", nfe.serie.as_deref().unwrap_or("1"))
            .about(key);
        let Some(answer) = self.door.call_optional(call).await? else { return Ok(None) };
        Ok(answer::first::<wire::Xmls>(&answer)?.and_then(|told| told.xmls.into_iter().next()).map(String::into_bytes))
    }

    fn keep_xml(&self, key: &str, xml: Vec<u8>) {
        let mut kept = self.xml.borrow_mut();
        kept.retain(|(of, _)| of != key);
        if kept.len() >= XML_KEPT {
            kept.remove(0);
        }
        kept.push((key.to_owned(), xml));
    }
}
