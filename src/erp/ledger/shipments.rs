//! Shipments: parcels with their collection orders and tracking codes, and what carriers say of their delivery.
//!
//! Facts move the order forward as far as [`Status::may_become`] lets them: a collection order, a dispatch, the
//! delivery of all parcels. A delivery is final: a later word of refusal or return is kept and does not undo it.

use rusqlite::{Connection, params};

use super::orders::{self, existing_row, must_read};
use super::{Ledger, Posted, note, stock};
use crate::erp::ErpError;
use crate::lang::keep;
use crate::model::{CarrierName, ErpOrderId, Instant, Status};
use crate::store::{instant, millis};

/// What is known of a parcel. In what is told to the ledger, `None` leaves what it knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shipment {
    /// The access key of the invoice it carries; `None` for the whole order.
    pub access_key: Option<String>,
    /// The number under which the carrier was asked to fetch it.
    pub collection_order: Option<String>,
    /// When the collection order was made: listed for the carrier, which does not have it yet.
    pub collection_order_at: Option<Instant>,
    /// The carrier.
    pub carrier: Option<CarrierName>,
    /// The tracking code: what tells the parcels of an order apart.
    pub tracking_code: Option<String>,
    /// Where the customer can follow it.
    pub tracking_url: Option<String>,
    /// When the carrier had it.
    pub shipped_at: Option<Instant>,
    /// When the customer had it.
    pub delivered_at: Option<Instant>,
}

/// What a carrier said about a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeliveryEvent {
    /// The carrier's own code, such as `01` in OCOREN or `BDE/01` at Correios.
    pub code: String,
    /// What it means.
    pub what: DeliveryOutcome,
    /// When it happened.
    pub at: Instant,
    /// Where it was read: a file's name, a service.
    pub source: String,
    /// The access key of the invoice it is about; `None` for the whole order.
    pub access_key: Option<String>,
    /// Which parcel; `None` for all of the order's, or of the invoice's.
    pub tracking_code: Option<String>,
}

/// How an attempt at delivery went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryOutcome {
    /// In the customer's hands.
    Delivered,
    /// In the customer's hands, with damage or something missing.
    DeliveredWithRemarks,
    /// Refused by the customer; on its way back.
    Refused,
    /// Back at the sender.
    Returned,
    /// Anything else; kept, and nothing follows from it.
    Other,
}

impl DeliveryOutcome {
    /// Every outcome with its stable code.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Delivered, "delivered"),
        (Self::DeliveredWithRemarks, "delivered_with_remarks"),
        (Self::Refused, "refused"),
        (Self::Returned, "returned"),
        (Self::Other, "other"),
    ];

    /// Stable code.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(outcome, _)| *outcome == self).map_or("other", |(_, code)| code)
    }

    /// Reads a stable code.
    pub fn from_code(code: &str) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == code).map_or(Self::Other, |(outcome, _)| *outcome)
    }
}

impl Ledger {
    /// Notes what is known of an order's shipment.
    ///
    /// A tracking code names a parcel, of each invoice that is in it: the one that has it, else one that has none yet, else a new one.
    /// Without a code, what is told holds for every parcel: of the invoice, if it names one, and where there is no other invoice those
    /// that name none, too. [`Posted::Again`] when the ledger knew it all.
    ///
    /// # Errors
    /// Refused with `not_found`; or the file cannot be written.
    pub fn set_shipment(&self, id: &ErpOrderId, told: &Shipment, now: Instant) -> Result<Posted, ErpError> {
        self.write(|tx| note_shipment(tx, existing_row(tx, id)?, told, now))
    }

    /// Notes what a carrier said. A delivery sets the parcels' date of delivery where there is none, and the order's
    /// status once all of it is delivered; a return moves an order that is on its way to [`Status::Returned`] once all of it came
    /// back.
    ///
    /// The same event again (same code, meaning, time, invoice and parcel) is no change, wherever it was read: carriers send
    /// whole days anew.
    ///
    /// # Errors
    /// Refused with `not_found`; or the file cannot be written.
    pub fn add_delivery_event(&self, id: &ErpOrderId, event: &DeliveryEvent, now: Instant) -> Result<Posted, ErpError> {
        self.write(|tx| note_event(tx, existing_row(tx, id)?, event, now))
    }
}

/// Dates the parcels as a person says of their order; without any, it is one of its own.
pub(super) fn follow(tx: &Connection, order: i64, status: &Status, now: Instant) -> Result<(), ErpError> {
    match status {
        Status::Shipped => {
            let sent = Shipment { shipped_at: Some(now), ..Shipment::default() };
            note_shipment(tx, order, &sent, now).map(drop)
        }
        Status::Delivered => {
            let delivered = DeliveryEvent {
                code: "hand".into(),
                what: DeliveryOutcome::Delivered,
                at: now,
                source: "set by hand".into(),
                access_key: None,
                tracking_code: None,
            };
            note_event(tx, order, &delivered, now).map(drop)
        }
        _ => Ok(()),
    }
}

fn note_shipment(tx: &Connection, order: i64, told: &Shipment, now: Instant) -> Result<Posted, ErpError> {
    if !tell(tx, order, told, now)? {
        return Ok(Posted::Again);
    }
    settle(tx, order, &said(told), now)?;
    Ok(Posted::New)
}

fn note_event(tx: &Connection, order: i64, event: &DeliveryEvent, now: Instant) -> Result<Posted, ErpError> {
    let inserted = tx
        .prepare_cached(
            "INSERT OR IGNORE INTO delivery_events (order_id, code, what, at, source, access_key, tracking_code, heard_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            order,
            event.code,
            event.what.code(),
            millis(event.at),
            event.source,
            event.access_key,
            event.tracking_code,
            millis(now)
        ])?;
    if inserted == 0 {
        return Ok(Posted::Again);
    }
    let why = format!("{} ({}, {})", event.what.code(), event.code, event.source);
    match event.what {
        DeliveryOutcome::Delivered | DeliveryOutcome::DeliveredWithRemarks => {
            deliver(tx, order, event, now)?;
            settle(tx, order, &why, now)?;
        }
        DeliveryOutcome::Returned if must_read(tx, order)?.status == Status::Shipped && is_all_back(tx, order)? => {
            orders::move_to(tx, order, &Status::Returned, &why, now)?;
        }
        _ => note(tx, order, now, &why)?,
    }
    Ok(Posted::New)
}

/// The parcels of an order, in the order they became known.
pub(super) fn of_order(tx: &Connection, order: i64) -> rusqlite::Result<Vec<Shipment>> {
    Ok(parcels(tx, order)?.into_iter().map(|(_, parcel)| parcel).collect())
}

/// What was heard of an order's delivery, the oldest first.
pub(super) fn events(tx: &Connection, order: i64) -> rusqlite::Result<Vec<DeliveryEvent>> {
    tx.prepare_cached(
        "SELECT code, what, at, source, access_key, tracking_code, sound FROM delivery_events WHERE order_id = ?1 ORDER BY at, id",
    )?
    .query_map([order], |row| {
        Ok(DeliveryEvent {
            code: row.get(0)?,
            what: DeliveryOutcome::from_code(&row.get::<_, String>(1)?),
            at: instant(row.get(2)?),
            source: row.get(3)?,
            access_key: row.get(4)?,
            tracking_code: row.get(5)?,
        })
    })?
    .collect()
}

fn parcels(tx: &Connection, order: i64) -> rusqlite::Result<Vec<(i64, Shipment)>> {
    tx.prepare_cached(
        "SELECT id, access_key, collection_order, collection_order_at, carrier, tracking_code, tracking_url, shipped_at,
             delivered_at, sound
         FROM shipments WHERE order_id = ?1 ORDER BY id",
    )?
    .query_map([order], |row| {
        let at = |column: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(instant));
        let parcel = Shipment {
            access_key: row.get(1)?,
            collection_order: row.get(2)?,
            collection_order_at: at(3)?,
            carrier: row.get::<_, Option<String>>(4)?.map(CarrierName::new),
            tracking_code: row.get(5)?,
            tracking_url: row.get(6)?,
            shipped_at: at(7)?,
            delivered_at: at(8)?,
        };
        Ok((row.get(0)?, parcel))
    })?
    .collect()
}

/// Writes what was told into the parcels it is about. Says whether anything was new.
fn tell(tx: &Connection, order: i64, told: &Shipment, now: Instant) -> rusqlite::Result<bool> {
    let parcels = parcels(tx, order)?;
    let live = live_keys(tx, order)?;
    let names_same = |parcel: &Shipment| told.access_key.is_none() || parcel.access_key == told.access_key;
    let has_code = |parcel: &Shipment| parcel.tracking_code == told.tracking_code;
    // Which of several invoices is meant is not for us to guess.
    let is_free = |parcel: &Shipment| {
        is_of_none(parcel, &live) || names_same(parcel) && (told.access_key.is_some() || live.len() < 2)
    };
    let those = |is_one: &dyn Fn(&Shipment) -> bool| -> Vec<&(i64, Shipment)> {
        parcels.iter().filter(|(_, parcel)| is_one(parcel)).collect()
    };
    let about = match &told.tracking_code {
        // One box may carry several invoices: its code then stands with each of them.
        Some(_) if parcels.iter().any(|(_, parcel)| has_code(parcel) && names_same(parcel)) => {
            those(&|parcel| has_code(parcel) && names_same(parcel))
        }
        Some(_) => parcels
            .iter()
            .find(|(_, parcel)| has_code(parcel) && is_free(parcel))
            .or_else(|| parcels.iter().find(|(_, parcel)| parcel.tracking_code.is_none() && is_free(parcel)))
            .into_iter()
            .collect(),
        None => match those(&names_same) {
            none if none.is_empty() && live.iter().eq(&told.access_key) => those(&|parcel| is_of_none(parcel, &live)),
            about => about,
        },
    };
    if about.is_empty() {
        insert(tx, order, told, now)?;
        return Ok(true);
    }
    let mut news = false;
    for (row, parcel) in about {
        let mut merged = merge(parcel, told);
        if told.tracking_code.is_none() {
            // Its goods may be packed anew: then another code comes, and this box is the cancelled invoice's for good.
            merged.access_key = parcel.access_key.clone().or(merged.access_key);
        }
        if merged != *parcel {
            news = true;
            update(tx, *row, &merged, now)?;
        }
    }
    Ok(news)
}

/// What is known, with what was told over it.
fn merge(known: &Shipment, told: &Shipment) -> Shipment {
    fn over<T: Clone>(told: Option<&T>, known: Option<&T>) -> Option<T> {
        told.or(known).cloned()
    }
    Shipment {
        access_key: over(told.access_key.as_ref(), known.access_key.as_ref()),
        collection_order: over(told.collection_order.as_ref(), known.collection_order.as_ref()),
        collection_order_at: over(told.collection_order_at.as_ref(), known.collection_order_at.as_ref()),
        carrier: over(told.carrier.as_ref(), known.carrier.as_ref()),
        tracking_code: over(told.tracking_code.as_ref(), known.tracking_code.as_ref()),
        tracking_url: over(told.tracking_url.as_ref(), known.tracking_url.as_ref()),
        shipped_at: over(told.shipped_at.as_ref(), known.shipped_at.as_ref()),
        delivered_at: over(told.delivered_at.as_ref(), known.delivered_at.as_ref()),
    }
}

/// Sets the date of delivery of the parcels an event is about, where there is none, and ties them to its invoice: a parcel of an
/// invoice still to come is another one.
///
/// What carries no invoice's key may carry any of several; then the event alone tells what was delivered.
fn deliver(tx: &Connection, order: i64, event: &DeliveryEvent, now: Instant) -> rusqlite::Result<()> {
    let parcels = parcels(tx, order)?;
    let live = live_keys(tx, order)?;
    let is_in_place = is_in_place(parcels.iter().map(|(_, parcel)| parcel), &live);
    let is_of_invoice = |parcel: &Shipment| {
        event.access_key.is_none()
            || parcel.access_key == event.access_key
            || parcel.access_key.is_none() && live.len() < 2
            || is_in_place && is_of_none(parcel, &live)
    };
    let is_meant = |parcel: &Shipment| match &event.tracking_code {
        Some(_) => parcel.tracking_code == event.tracking_code,
        None => is_of_invoice(parcel),
    };
    let delivered_at = Some(event.at);
    if !parcels.iter().any(|(_, parcel)| is_meant(parcel)) {
        if event.access_key.is_some() && parcels.iter().any(|(_, parcel)| parcel.access_key.is_none()) {
            return Ok(());
        }
        let (access_key, tracking_code) = (event.access_key.clone(), event.tracking_code.clone());
        return insert(tx, order, &Shipment { access_key, tracking_code, delivered_at, ..Shipment::default() }, now);
    }
    for (row, parcel) in parcels.iter().filter(|(_, parcel)| is_meant(parcel) && parcel.delivered_at.is_none()) {
        let own = parcel.access_key.clone().filter(|_| !is_of_none(parcel, &live));
        let access_key = own.or(event.access_key.clone()).or(parcel.access_key.clone());
        update(tx, *row, &Shipment { access_key, delivered_at, ..parcel.clone() }, now)?;
    }
    Ok(())
}

/// Notes why, and moves the order to where its parcels are.
fn settle(tx: &Connection, order: i64, why: &str, now: Instant) -> Result<(), ErpError> {
    let parcels = of_order(tx, order)?;
    let any = |fact: fn(&Shipment) -> bool| parcels.iter().any(fact);
    let status = if is_all_delivered(tx, order, &parcels)? {
        Status::Delivered
    } else if any(|parcel| parcel.shipped_at.is_some() || parcel.delivered_at.is_some()) {
        Status::Shipped
    } else if any(|parcel| parcel.collection_order_at.is_some()) {
        Status::CollectionOrderCreated
    } else {
        return Ok(note(tx, order, now, why)?);
    };
    orders::advance(tx, order, &status, why, now)
}

/// Whether a parcel is bound to none of the invoices that stand: it names none, or what it carried was cancelled and goes with the
/// invoice that takes its place.
fn is_of_none(parcel: &Shipment, live: &[String]) -> bool {
    parcel.access_key.as_ref().is_none_or(|key| !live.contains(key))
}

/// Whether what a cancelled invoice carried is that of the one in its place: where no more than one stands, and it has nothing else.
fn is_in_place<'a>(mut parcels: impl Iterator<Item = &'a Shipment>, live: &[String]) -> bool {
    live.len() < 2 && parcels.all(|parcel| parcel.access_key.as_ref().is_some_and(|key| !live.contains(key)))
}

/// Whether every parcel is delivered, and nothing of the order is still to come: no invoice without a parcel, no unit
/// without an invoice where there are invoices at all. A parcel of a cancelled invoice counts where it is in the place of one.
fn is_all_delivered(tx: &Connection, order: i64, parcels: &[Shipment]) -> rusqlite::Result<bool> {
    let keys = live_keys(tx, order)?;
    let is_in_place = is_in_place(parcels.iter(), &keys);
    let counts = |parcel: &&Shipment| {
        is_in_place || keys.is_empty() || parcel.access_key.as_ref().is_none_or(|key| keys.contains(key))
    };
    let has_parcel = |key: &String| parcels.iter().any(|p| p.access_key.as_ref().is_none_or(|of| of == key));
    Ok(!parcels.is_empty()
        && parcels.iter().filter(counts).all(|parcel| parcel.delivered_at.is_some())
        && (is_in_place || keys.iter().all(has_parcel))
        && (keys.is_empty() || stock::open(tx, order)?.is_empty()))
}

/// Whether everything of the order came back, by the last word on each invoice that stands, and no unit is still to be invoiced where
/// there are invoices at all. What names no invoice is about the only one.
fn is_all_back(tx: &Connection, order: i64) -> rusqlite::Result<bool> {
    let (keys, events) = (live_keys(tx, order)?, events(tx, order)?);
    let is_back = |key: &String| {
        let about_it = |event: &&DeliveryEvent| event.access_key.as_ref().map_or(keys.len() == 1, |of| of == key);
        let last = events.iter().filter(about_it).rfind(|event| event.what != DeliveryOutcome::Other);
        last.is_some_and(|event| event.what == DeliveryOutcome::Returned)
    };
    Ok(keys.iter().all(is_back) && (keys.is_empty() || stock::open(tx, order)?.is_empty()))
}

/// The access keys of the order's invoices that stand.
fn live_keys(tx: &Connection, order: i64) -> rusqlite::Result<Vec<String>> {
    tx.prepare_cached("SELECT access_key FROM invoices WHERE order_id = ?1 AND cancelled_at IS NULL")?
        .query_map([order], |row| row.get(0))?
        .collect()
}

/// What was told, for the order's history.
fn said(told: &Shipment) -> String {
    let told = [
        told.carrier.as_ref().map(|carrier| keep!("carrier {carrier}" | "transportadora {carrier}")),
        told.collection_order.as_ref().map(|number| keep!("collection order {number}" | "ordem de coleta {number}")),
        told.collection_order_at.map(|_| keep!("listed for collection" | "relacionado para coleta")),
        told.tracking_code.as_ref().map(|code| keep!("tracking code {code}" | "código de rastreio {code}")),
        told.tracking_url.as_ref().map(|_| keep!("tracking address" | "link de rastreio")),
        told.shipped_at.map(|_| keep!("shipped" | "despachado")),
        told.delivered_at.map(|_| keep!("delivered" | "entregue")),
    ];
    keep!("shipment: {}" | "remessa: {}", told.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn insert(tx: &Connection, order: i64, parcel: &Shipment, now: Instant) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT INTO shipments (order_id, changed_at) VALUES (?1, ?2)")?
        .execute(params![order, millis(now)])?;
    update(tx, tx.last_insert_rowid(), parcel, now)
}

/// Writes a parcel. A box stands once with each invoice that it carries: one that another row has stays with that row, and this one
/// keeps the invoice it had.
fn update(tx: &Connection, row: i64, parcel: &Shipment, now: Instant) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE shipments SET access_key = CASE WHEN ?6 IS NOT NULL AND EXISTS (
                 SELECT 1 FROM shipments other WHERE other.order_id = shipments.order_id AND other.id <> ?1
                     AND other.tracking_code = ?6 AND other.access_key IS ?2) THEN access_key ELSE ?2 END,
             collection_order = ?3, collection_order_at = ?4, carrier = ?5,
             tracking_code = ?6, tracking_url = ?7, shipped_at = ?8, delivered_at = ?9, changed_at = ?10
         WHERE id = ?1",
    )?
    .execute(params![
        row,
        parcel.access_key,
        parcel.collection_order,
        parcel.collection_order_at.map(millis),
        parcel.carrier.as_ref().map(CarrierName::as_str),
        parcel.tracking_code,
        parcel.tracking_url,
        parcel.shipped_at.map(millis),
        parcel.delivered_at.map(millis),
        millis(now),
    ])
    .map(|_| ())
}
