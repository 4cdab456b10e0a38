//! What documents mean for the ledger: counts, invoices, their cancellations, parcels, deliveries.
//!
//! A document is taken whole or refused with the reason; one that was taken before changes nothing. An invoice finds its
//! order by the ledger's own link, then by the numbers it names, and its recipient must be the order's customer.

use std::collections::BTreeMap;

use super::{
    DeliveryEvent, DeliveryOutcome, Invoice, InvoiceCancelled, InvoiceCandidate, InvoiceLine, Ledger, LedgerInvoice,
    MatchedBy, OrderSummary, Posted, Product, Shipment, StockCount, Warehouse,
};
use crate::documents::event::{Effect, EventKind, Standing};
use crate::documents::nfe::{Expectation, Notice, RecipientDocument, Refusal, check, named_orders};
use crate::documents::ocoren::{CodeTable, Occurrence, Outcome};
use crate::documents::{
    self, AccessKey, Document, DocumentError, Event, Nfe, Ocoren, ShipmentRow, ShipmentSheet, Situation, StockSheet,
};
use crate::erp::ErpError;
use crate::model::{Cents, ErpOrderId, Instant, Sku, TaxId};

/// What is configured about documents.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// CNPJs (or a CPF) under which the store issues; empty accepts any issuer.
    pub issuers: Vec<TaxId>,
    /// What the carriers' codes mean.
    pub codes: CodeTable,
}

/// What was taken from a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Balances were set.
    Stock {
        /// Products named.
        products: usize,
        /// Balances that changed; `None` when this very file was taken before.
        changed: Option<usize>,
        /// Columns that were not understood.
        ignored_columns: Vec<String>,
    },
    /// An invoice was posted, or was there already.
    Invoice {
        /// The ledger's order.
        order: ErpOrderId,
        /// The invoice's number.
        number: u32,
        /// Whether it is new.
        posted: Posted,
        /// What is worth telling.
        notices: Vec<Notice>,
    },
    /// SEFAZ's word on invoices.
    Events {
        /// Invoices cancelled by it now.
        cancelled: usize,
        /// Cancellations of invoices that the ledger does not have; their files will be refused.
        ahead: usize,
        /// What changes nothing: correction letters, repetitions.
        kept: usize,
    },
    /// A carrier's occurrences.
    Deliveries {
        /// News about orders of the ledger.
        new: usize,
        /// Occurrences known before.
        again: usize,
        /// Occurrences about nothing in the ledger, or not sure about what: a sentence for each.
        left_out: Vec<String>,
    },
    /// Parcels of orders.
    Shipments {
        /// Parcels with news.
        new: usize,
        /// Lines that told nothing new.
        again: usize,
    },
}

/// Why a document was not taken. Nothing of it was used.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// It cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The ledger refuses it, or its file cannot be written.
    #[error(transparent)]
    Ledger(#[from] ErpError),
    /// An invoice that is none for its order: every reason at once.
    #[error("{}", sentences(.0))]
    Invoice(Vec<Refusal>),
    /// Anything else, as a sentence with the remedy.
    #[error("{message}")]
    Refused {
        /// Stable code.
        code: &'static str,
        /// What is wrong and what to do.
        message: String,
    },
}

fn sentences(refusals: &[Refusal]) -> String {
    refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn refuse<T>(code: &'static str, message: impl Into<String>) -> Result<T, TakeError> {
    Err(TakeError::Refused { code, message: message.into() })
}

impl Ledger {
    /// Takes a document, recognised by its content. `source` is its name for people; `once` tells two files of the same
    /// content apart (name, time and content in one) where the same count must not be taken twice.
    ///
    /// # Errors
    /// [`TakeError`] says why nothing of it was taken.
    pub fn take(
        &self,
        bytes: &[u8],
        source: &str,
        once: Option<&str>,
        rules: &Rules,
        now: Instant,
    ) -> Result<Taken, TakeError> {
        match documents::recognise(bytes)? {
            Document::StockSheet(sheet) => self.take_count(sheet, source, once, now),
            Document::Nfe(nfe) => self.take_invoice(&nfe, bytes, rules, now),
            Document::Events(events) => self.take_events(&events, now),
            Document::Situation(situation) => self.take_situation(&situation, now),
            Document::Ocoren(file) => self.take_occurrences(&file, source, rules, now),
            Document::ShipmentSheet(sheet) => self.take_shipments(&sheet, now),
        }
    }

    fn take_count(
        &self,
        sheet: StockSheet,
        source: &str,
        once: Option<&str>,
        now: Instant,
    ) -> Result<Taken, TakeError> {
        let mut products: BTreeMap<Sku, Product> = BTreeMap::new();
        let mut warehouses: BTreeMap<&str, Warehouse> = BTreeMap::new();
        for row in &sheet.rows {
            let product = Product { sku: row.sku.clone(), name: row.name.clone() };
            products.entry(row.sku.clone()).or_insert(product);
            if let Some(id) = &row.warehouse {
                warehouses.entry(id.as_str()).or_insert_with(|| Warehouse { id: id.clone(), name: None });
            }
        }
        let warehouses: Vec<Warehouse> = warehouses.into_values().collect();
        let products: Vec<Product> = products.into_values().collect();
        let named = products.len();
        self.upsert_warehouses(&warehouses)?;
        self.upsert_products(&products, now)?;
        let count =
            |row: documents::StockRow| StockCount { sku: row.sku, warehouse: row.warehouse, quantity: row.quantity };
        let counts: Vec<StockCount> = sheet.rows.into_iter().map(count).collect();
        let changed = match once {
            Some(file) => self.set_stocks_once(file, &counts, now, source)?,
            None => Some(self.set_stocks(&counts, now, source)?),
        };
        Ok(Taken::Stock { products: named, changed, ignored_columns: sheet.ignored_columns })
    }

    fn take_invoice(&self, nfe: &Nfe, xml: &[u8], rules: &Rules, now: Instant) -> Result<Taken, TakeError> {
        let order = self.order_of_invoice(nfe)?;
        // Without configured issuers any is ours.
        let anybody = [nfe.issuer.document.clone()];
        let expected = Expectation {
            issuers: if rules.issuers.is_empty() { &anybody } else { &rules.issuers },
            is_customer: &|document| order.document.as_ref() == Some(document),
            events: &[],
            situation: None,
            allow_test: false,
            allow_nfce: false,
            order_total: Some(order.order.total),
            tolerance: Cents::ZERO,
        };
        let notices = check(nfe, &expected).map_err(TakeError::Invoice)?;
        let invoice = LedgerInvoice {
            number: nfe.number,
            series: nfe.series.to_string(),
            access_key: nfe.key.as_str().to_owned(),
            issued_at: nfe.issued_instant(),
            value: nfe.totals.invoice,
            url: None,
            xml: xml.to_vec(),
            lines: self.lines_of_invoice(nfe, &order.order)?,
        };
        let id = order.order.id.clone();
        let posted = self.post_invoice(&id, &invoice, now)?;
        Ok(Taken::Invoice { order: id, number: nfe.number, posted, notices })
    }

    /// The one order that the invoice belongs to: the one it was posted for, else the one it names.
    fn order_of_invoice(&self, nfe: &Nfe) -> Result<InvoiceCandidate, TakeError> {
        let named = named_orders(nfe);
        let mut numbers: Vec<String> = named.iter().map(|candidate| candidate.number.clone()).collect();
        if let Some((id, _)) = self.invoice(&nfe.key)? {
            numbers.insert(0, id.to_string());
            let own = self.orders_for_invoice(&[id.as_str()])?.into_iter().find(|found| found.order.id == id);
            if let Some(order) = own {
                return Ok(order);
            }
        }
        let recipient = match nfe.recipient.as_ref().map(|recipient| &recipient.document) {
            Some(RecipientDocument::TaxId(document)) => Some(document),
            _ => None,
        };
        let mut strangers = 0;
        let mut sources: Vec<_> = named.iter().map(|candidate| candidate.source).collect();
        sources.dedup();
        for source in sources {
            let numbers: Vec<&str> =
                named.iter().filter(|each| each.source == source).map(|each| each.number.as_str()).collect();
            let found = self.orders_for_invoice(&numbers)?;
            let before = found.len();
            let mut theirs: Vec<InvoiceCandidate> =
                found.into_iter().filter(|order| order.document.as_ref() == recipient).collect();
            strangers += before - theirs.len();
            // A whole number is worth more than one that the field cut short.
            if theirs.iter().any(|order| order.matched != MatchedBy::StoreNumberCut) {
                theirs.retain(|order| order.matched != MatchedBy::StoreNumberCut);
            }
            match theirs.len() {
                0 => {}
                1 => return Ok(theirs.remove(0)),
                _ => {
                    let orders = theirs.iter().map(|order| order.order.number.clone()).collect::<Vec<_>>().join(", ");
                    let message = format!(
                        "invoice {} may belong to the orders {orders}; name one alone in xPed, or enter it by hand",
                        nfe.number
                    );
                    return refuse("invoice_ambiguous", message);
                }
            }
        }
        if strangers > 0 {
            return Err(TakeError::Invoice(vec![Refusal::Recipient]));
        }
        let tried =
            if numbers.is_empty() { "it names none".to_owned() } else { format!("it names {}", numbers.join(", ")) };
        let message = format!(
            "invoice {} belongs to no order of the ledger ({tried}); import the order first, or have the issuer write its \
             number into xPed",
            nfe.number
        );
        refuse("invoice_without_order", message)
    }

    /// What the invoice covers, in the ledger's codes; `None` for all that remains, when the issuer uses other codes and the
    /// invoice is worth the whole order.
    fn lines_of_invoice(&self, nfe: &Nfe, order: &OrderSummary) -> Result<Option<Vec<InvoiceLine>>, TakeError> {
        let skus: Vec<Sku> = nfe.lines.iter().map(|line| Sku::new(line.code.as_str())).collect();
        let known = self.known_skus(&skus)?;
        let mut lines = Vec::new();
        for (line, sku) in nfe.lines.iter().zip(skus) {
            match line.quantity.whole().filter(|units| *units > 0) {
                Some(quantity) if known.contains(&sku) => lines.push(InvoiceLine { sku, quantity }),
                _ if nfe.totals.invoice == order.total => return Ok(None),
                _ => {
                    let message = format!(
                        "line {} of invoice {} is about {} of `{}`, which the ledger cannot post; add the product under that \
                         code to the stock sheet",
                        line.item, nfe.number, line.quantity, line.code
                    );
                    return refuse("invoice_lines", message);
                }
            }
        }
        Ok(Some(lines))
    }

    fn take_events(&self, events: &[Event], now: Instant) -> Result<Taken, TakeError> {
        let (mut cancelled, mut ahead, mut kept) = (0, 0, 0);
        for event in events {
            match event.effect() {
                Effect::Cancels => {
                    let at = event.registered_at.unwrap_or(now);
                    match self.cancel_invoice(event.key.as_str(), at, &event.reason)? {
                        InvoiceCancelled::Now(_) => cancelled += 1,
                        InvoiceCancelled::Again(_) => kept += 1,
                        InvoiceCancelled::Ahead => ahead += 1,
                    }
                }
                Effect::Keeps if event.kind == EventKind::DeliveryProof => {
                    self.take_proof(event, now)?;
                    kept += 1;
                }
                Effect::Keeps => kept += 1,
                Effect::Nothing if event.hints_at_cancellation() => {
                    let message = format!(
                        "SEFAZ rejected the cancellation of {} as a repetition ({}), so it is probably cancelled already; ask \
                         SEFAZ for its situation and give that answer",
                        event.key.as_str(),
                        event.status
                    );
                    return refuse("event_repeated", message);
                }
                Effect::Nothing => {
                    let message = format!("SEFAZ did not register this event: {} {}", event.status, event.reason);
                    return refuse("event_not_registered", message);
                }
            }
        }
        Ok(Taken::Events { cancelled, ahead, kept })
    }

    /// A proof of delivery, which carriers register at SEFAZ.
    fn take_proof(&self, event: &Event, now: Instant) -> Result<(), TakeError> {
        if let (Some((order, invoice)), Some(at)) = (self.invoice(&event.key)?, event.delivered_at)
            && at <= now
        {
            let tracking_code = self.parcel_of(&order, &invoice)?;
            let what = DeliveryOutcome::Delivered;
            let (code, source, access_key) = ("110130".into(), "SEFAZ".into(), Some(invoice.access_key));
            let event = DeliveryEvent { code, what, at, source, access_key, tracking_code };
            self.add_delivery_event(&order, &event, now)?;
        }
        Ok(())
    }

    fn take_situation(&self, situation: &Situation, now: Instant) -> Result<Taken, TakeError> {
        let told = |cancelled, ahead, kept| Ok(Taken::Events { cancelled, ahead, kept });
        match situation.standing() {
            Standing::Authorised => told(0, 0, 1),
            Standing::Cancelled | Standing::Denied => {
                match self.cancel_invoice(situation.key.as_str(), now, &situation.reason)? {
                    InvoiceCancelled::Now(_) => told(1, 0, 0),
                    InvoiceCancelled::Again(_) => told(0, 0, 1),
                    InvoiceCancelled::Ahead => told(0, 1, 0),
                }
            }
            Standing::Unknown => {
                let message = format!(
                    "SEFAZ's answer ({} {}) does not tell how the invoice stands; ask again",
                    situation.status, situation.reason
                );
                refuse("situation_unknown", message)
            }
        }
    }

    fn take_occurrences(&self, file: &Ocoren, source: &str, rules: &Rules, now: Instant) -> Result<Taken, TakeError> {
        let (mut new, mut again) = (0, 0);
        let mut left_out: Vec<String> = file.warnings.iter().map(ToString::to_string).collect();
        let odd = left_out.len();
        for occurrence in &file.occurrences {
            match self.take_occurrence(file, occurrence, source, rules, now)? {
                Ok(Posted::New) => new += 1,
                Ok(Posted::Again) => again += 1,
                Err(why) => left_out.push(format!("line {}: {why}", occurrence.line)),
            }
        }
        if new + again == 0 {
            let first = left_out.get(odd).or(left_out.first()).cloned().unwrap_or_default();
            let message = format!("none of its {} occurrences could be taken ({first})", file.occurrences.len());
            return refuse("no_occurrence_taken", message);
        }
        Ok(Taken::Deliveries { new, again, left_out })
    }

    /// Takes one occurrence, or says why it is left out: carriers also tell of what is not ours.
    fn take_occurrence(
        &self,
        file: &Ocoren,
        occurrence: &Occurrence,
        source: &str,
        rules: &Rules,
        now: Instant,
    ) -> Result<Result<Posted, String>, TakeError> {
        let number = occurrence.invoice.number;
        let mut found: Vec<(ErpOrderId, Invoice)> = self.invoices_numbered(number)?;
        found.retain(|(_, invoice)| names(occurrence, invoice));
        let (order, invoice) = match found.len() {
            0 => return Ok(Err(format!("the ledger has no invoice {number} of that issuer and series"))),
            1 => found.remove(0),
            n => return Ok(Err(format!("{n} invoices have the number {number}, and it does not tell which"))),
        };
        let Some((moment, _)) = occurrence.date(file, invoice.issued_at, now) else {
            return Ok(Err(format!("invoice {number}: its date is missing or impossible")));
        };
        let event = DeliveryEvent {
            code: format!("{:02}", occurrence.code),
            what: delivery(occurrence.outcome(&rules.codes)),
            at: moment.at,
            source: source.to_owned(),
            access_key: Some(invoice.access_key.clone()),
            tracking_code: self.parcel_of(&order, &invoice)?,
        };
        let live = self
            .order_detail(&order)?
            .map_or(0, |detail| detail.invoices.iter().filter(|invoice| invoice.cancelled_at.is_none()).count());
        if live > 1 && event.tracking_code.is_none() {
            let message = format!(
                "invoice {number} is one of {live} of its order and has no parcel with a tracking code, so it is not known what \
                 was delivered; give its tracking code first"
            );
            return Ok(Err(message));
        }
        Ok(Ok(self.add_delivery_event(&order, &event, now)?))
    }

    /// The tracking code of the parcel that carries an invoice, if it has one.
    fn parcel_of(&self, order: &ErpOrderId, invoice: &Invoice) -> Result<Option<String>, ErpError> {
        let detail = self.order_detail(order)?;
        let parcels = detail.into_iter().flat_map(|detail| detail.shipments);
        Ok(parcels
            .filter(|parcel| parcel.access_key.as_deref() == Some(invoice.access_key.as_str()))
            .find_map(|parcel| parcel.tracking_code))
    }

    fn take_shipments(&self, sheet: &ShipmentSheet, now: Instant) -> Result<Taken, TakeError> {
        // All lines are tied to their orders before any is taken.
        let mut parcels = Vec::with_capacity(sheet.rows.len());
        let mut wrong = Vec::new();
        for row in &sheet.rows {
            match self.parcel(row, now)? {
                Ok(parcel) => parcels.push(parcel),
                Err(why) => wrong.push(format!("line {}: {why}", row.line)),
            }
        }
        if !wrong.is_empty() {
            let more = if wrong.len() > 5 { format!("; and {} more", wrong.len() - 5) } else { String::new() };
            wrong.truncate(5);
            return refuse("shipment_lines", format!("{}{more}", wrong.join("; ")));
        }
        let (mut new, mut again) = (0, 0);
        for (order, parcel) in parcels {
            match self.set_shipment(&order, &parcel, now)? {
                Posted::New => new += 1,
                Posted::Again => again += 1,
            }
        }
        Ok(Taken::Shipments { new, again })
    }

    /// The order and the parcel that a line of a sheet is about, or why it is refused.
    fn parcel(&self, row: &ShipmentRow, now: Instant) -> Result<Result<(ErpOrderId, Shipment), String>, TakeError> {
        let mut invoices = match row.invoice {
            Some(number) => self.invoices_numbered(number)?,
            None => Vec::new(),
        };
        invoices.retain(|(_, invoice)| row.series.as_ref().is_none_or(|series| *series == invoice.series));
        let mut orders: Vec<ErpOrderId> = match &row.order {
            Some(number) => self.order_by_any(number)?.into_iter().map(|summary| summary.order.id).collect(),
            None => invoices.iter().map(|(order, _)| order.clone()).collect(),
        };
        if row.order.is_some() && row.invoice.is_some() {
            invoices.retain(|(order, _)| orders.contains(order));
        }
        orders.dedup();
        let named = row.order.clone().unwrap_or_else(|| format!("of invoice {}", row.invoice.unwrap_or_default()));
        let order = match orders.len() {
            0 => return Ok(Err(format!("the ledger has no order {named}"))),
            1 => orders.remove(0),
            _ => return Ok(Err(format!("the order {named} may be any of several"))),
        };
        let invoice = match (row.invoice, invoices.as_slice()) {
            (None, _) => None,
            (Some(_), [(_, invoice)]) => Some(invoice.access_key.clone()),
            (Some(number), _) => return Ok(Err(format!("order {named} has no invoice {number}, or several"))),
        };
        if row.delivered_at.is_some_and(|moment| moment.at > now) {
            return Ok(Err(format!(
                "order {named} is delivered on a day that is still to come: a forecast is no delivery"
            )));
        }
        let parcel = Shipment {
            access_key: invoice,
            collection_order: row.collection_order.clone(),
            collection_order_at: row
                .collection_order
                .is_some()
                .then_some(row.collected_at.map_or(now, |moment| moment.at)),
            carrier: row.carrier.clone(),
            tracking_code: row.tracking_code.clone(),
            tracking_url: row.tracking_url.clone(),
            shipped_at: row.dispatched_at.or(row.collected_at).map(|moment| moment.at),
            delivered_at: row.delivered_at.map(|moment| moment.at),
        };
        Ok(Ok((order, parcel)))
    }

    /// The invoice with that key, and its order.
    fn invoice(&self, key: &AccessKey) -> Result<Option<(ErpOrderId, Invoice)>, ErpError> {
        let found = self.invoices_numbered(key.document_number())?;
        Ok(found.into_iter().find(|(_, invoice)| invoice.access_key == key.as_str()))
    }
}

/// Whether an occurrence is about that invoice, whose issuer stands in its access key.
fn names(occurrence: &Occurrence, invoice: &Invoice) -> bool {
    AccessKey::parse(&invoice.access_key)
        .ok()
        .and_then(|key| Some((key.issuer()?, key.series())))
        .is_some_and(|(issuer, series)| occurrence.names(&issuer, series, invoice.number))
}

fn delivery(outcome: Outcome) -> DeliveryOutcome {
    match outcome {
        Outcome::Delivered => DeliveryOutcome::Delivered,
        Outcome::DeliveredWithRemarks => DeliveryOutcome::DeliveredWithRemarks,
        // Delivered and refused in one breath: a person must look, as at any refusal.
        Outcome::Refused | Outcome::DeliveryDisputed => DeliveryOutcome::Refused,
        Outcome::Returned => DeliveryOutcome::Returned,
        _ => DeliveryOutcome::Other,
    }
}
