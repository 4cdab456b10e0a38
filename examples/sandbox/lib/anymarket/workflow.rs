//! How orders come to be, how their status moves, and how a change reaches its marketplace (ANYMARKET 4).

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::super::wire::delta;
use super::amount::Amount;
use super::order::{AnyCancelledBy, AnyOrder, Cancellation, Transmission};
use super::seed_order::{AnyOrderSeed, Channel};
use super::{Anymarket, render};

/// Statuses in which the money is there.
const PAID: [&str; 4] = ["PAID_WAITING_SHIP", "INVOICED", "PAID_WAITING_DELIVERY", "CONCLUDED"];
/// Statuses of an order whose units have left the store's books.
const OUT: [&str; 3] = ["INVOICED", "PAID_WAITING_DELIVERY", "CONCLUDED"];

/// What buyers, marketplaces and the shop's own people do.
impl Anymarket {
    /// Places an order and gives its id; the feed offers it as it is.
    pub fn place(&mut self, seed: AnyOrderSeed) -> i64 {
        let created = seed.created.unwrap_or(self.now());
        let allocation = self.allocate(&seed);
        self.insert(Arc::new(seed), allocation, created)
    }

    /// Places `count` orders that share one seed, and the locations that serve it, created `step` apart from `first` on.
    pub fn place_many(&mut self, count: usize, seed: AnyOrderSeed, first: DateTime<Utc>, step: TimeDelta) {
        let allocation = self.allocate(&seed);
        let seed = Arc::new(seed);
        let mut created = first;
        for _ in 0..count {
            self.insert(Arc::clone(&seed), allocation.clone(), created);
            created += step;
        }
    }

    fn insert(&mut self, seed: Arc<AnyOrderSeed>, allocation: Vec<Vec<(i64, Amount)>>, created: DateTime<Utc>) -> i64 {
        self.last_order += 1;
        let id = self.last_order;
        let status = seed.status.clone();
        self.enter_skus(&seed);
        let buyer = Cancellation { by: AnyCancelledBy::Buyer, at: created, code: None, details: None };
        let order = AnyOrder {
            id,
            created,
            placed_at: self.now(),
            paid: PAID.contains(&status.as_str()).then_some(created),
            cancellation: (status == "CANCELED").then_some(buyer),
            partner_id: None,
            transmission: Transmission::Ok,
            invoice: OUT.contains(&status.as_str()).then(|| invoice(id, created, &seed)),
            tracking: OUT[1..].contains(&status.as_str()).then(|| tracking(id, created, &seed)),
            metadata: Map::new(),
            lost: Vec::new(),
            xml: None,
            xml_refusal: None,
            delivery_issue: false,
            allocation,
            // The stock a test sets is what is left after it.
            is_deducted: self.settings.moves_stock_itself && OUT.contains(&status.as_str()),
            history: vec![(created, status.clone())],
            status,
            seed,
        };
        self.by_creation.insert((created, id));
        self.by_change.insert((created, id));
        self.orders.insert(id, order);
        self.offer(id);
        id
    }

    /// The payment arrives.
    pub fn pay(&mut self, id: i64) {
        self.enter(id, "PAID_WAITING_SHIP");
    }

    /// The buyer, the marketplace, or the seller in the panel cancels, and nobody is asked.
    pub fn cancel(&mut self, id: i64, by: AnyCancelledBy) {
        let at = self.now();
        self.order_mut(id).cancellation = Some(Cancellation { by, at, code: None, details: None });
        self.enter(id, "CANCELED");
    }

    /// Somebody moves the order elsewhere: the marketplace its fulfilment order, the seller in the panel.
    pub fn set_status(&mut self, id: i64, status: &str) {
        self.enter(id, status);
    }

    /// The marketplace prints the label: the order shows its tracking, and is not sent yet.
    pub fn print_label(&mut self, id: i64, number: &str, carrier: &str, url: &str) {
        self.order_mut(id).tracking = Some(json!({"number": number, "carrier": carrier, "url": url}));
        self.touch(id);
    }

    /// The carrier has trouble.
    pub fn report_delivery_issue(&mut self, id: i64) {
        self.order_mut(id).delivery_issue = true;
        self.touch(id);
    }

    /// The order is changed before it goes out: so many units of its first line.
    pub fn change_units(&mut self, id: i64, units: i64) {
        let mut seed = AnyOrderSeed::clone(&self.order(id).seed);
        seed.lines[0].amount = units.into();
        let allocation = self.allocate(&seed);
        let order = self.order_mut(id);
        (order.seed, order.allocation) = (Arc::new(seed), allocation);
        self.touch(id);
    }

    /// Something of an order changes, and not its status.
    pub fn touch(&mut self, id: i64) {
        let status = self.order(id).status.clone();
        self.enter(id, &status);
    }
}

/// The moves.
impl Anymarket {
    /// The order is now in this status: dates, stock, feed.
    pub(super) fn enter(&mut self, id: i64, status: &str) {
        let now = self.now();
        self.by_change.insert((now, id));
        let order = self.order_mut(id);
        order.status = status.to_owned();
        order.history.push((now, status.to_owned()));
        if PAID.contains(&status) {
            order.paid.get_or_insert(now);
        }
        self.move_stock(id);
        self.offer(id);
    }

    /// ANYMARKET moves the stock itself, if the account asks it to (ANYMARKET 6.4).
    fn move_stock(&mut self, id: i64) {
        let order = self.order(id);
        let is_out = OUT.contains(&order.status.as_str());
        let (goes_out, comes_back) = (is_out && !order.is_deducted, order.status == "CANCELED" && order.is_deducted);
        if !self.settings.moves_stock_itself || order.seed.fulfillment || !(goes_out || comes_back) {
            return;
        }
        let lines: Vec<(String, i64, Amount)> = order.units().collect();
        for (sku, location, amount) in lines {
            let stock = self.stocks.entry((sku, location)).or_default();
            if goes_out { stock.amount -= amount } else { stock.amount += amount }
        }
        self.order_mut(id).is_deducted = goes_out;
    }

    /// A change sets out for its marketplace.
    pub(super) fn transmit(&mut self, id: i64) {
        let when = self.now() + delta(self.transmission_delay);
        self.order_mut(id).transmission = Transmission::Waiting;
        self.transmissions.retain(|(_, order)| *order != id);
        self.transmissions.push((when, id));
    }

    /// The changes that are due arrive, or do not. That is no news for the feed: it has to be asked for (ANYMARKET 4.3).
    pub(super) fn settle_transmissions(&mut self) {
        let now = self.now();
        let (due, later) = std::mem::take(&mut self.transmissions).into_iter().partition(|(when, _)| *when <= now);
        self.transmissions = later;
        for (when, id) in Vec::from_iter::<Vec<_>>(due) {
            let arrived = self.arrival(self.order(id));
            if arrived != Transmission::Waiting {
                let order = self.order_mut(id);
                order.history.push((when, order.status.clone()));
                self.by_change.insert((when, id));
            }
            self.order_mut(id).transmission = arrived;
        }
    }

    fn arrival(&self, order: &AnyOrder) -> Transmission {
        let has_url = order.tracking.as_ref().is_some_and(|tracking| tracking["url"].is_string());
        let is_out = OUT.contains(&order.status.as_str());
        let lacks_xml = order.seed.needs_xml && order.xml.is_none() && self.settings.invoice_waits_for_xml;
        match &order.seed.channel {
            Channel::Refuses(message) => Transmission::Error(message.clone()),
            Channel::Silent => Transmission::Waiting,
            Channel::Takes if order.seed.needs_tracking_url && is_out && order.status != "INVOICED" && !has_url => {
                Transmission::Waiting
            }
            Channel::Takes if is_out && lacks_xml => Transmission::Error("XML da nota fiscal não encontrado.".into()),
            Channel::Takes => self.unmet(order).map_or(Transmission::Ok, Transmission::Error),
        }
    }

    /// What an order's channel demands and the order does not have (ANYMARKET 4.3).
    pub(super) fn unmet(&self, order: &AnyOrder) -> Option<String> {
        let has = |document: &Option<Value>, field: &str| {
            document.as_ref().is_some_and(|document| document[field].as_str().is_some_and(|text| !text.is_empty()))
        };
        if order.seed.collected && order.invoice.is_some() {
            let missing = ["cfop", "companyStateTaxId"].into_iter().find(|field| !has(&order.invoice, field));
            return missing.map(|field| format!("[O campo invoice.{field} é obrigatório para Mercado Envios Coleta]"));
        }
        let end = order.cancellation.as_ref().filter(|end| end.by == AnyCancelledBy::Seller)?;
        let wants = |channels: &[String]| channels.contains(&order.seed.marketplace);
        if wants(&self.settings.cancel_needs_details) && end.details.is_none() {
            return Some("[O campo cancelDetails é obrigatório]".into());
        }
        let lacks_code = wants(&self.settings.cancel_needs_code) && end.code.is_none();
        lacks_code.then(|| "[O campo cancellationCode é obrigatório]".into())
    }
}

impl AnyOrder {
    /// Its units by SKU code and location.
    pub(super) fn units(&self) -> impl Iterator<Item = (String, i64, Amount)> {
        let lines = self.seed.lines.iter().zip(&self.allocation);
        lines.flat_map(|(line, served)| served.iter().map(|(location, amount)| (line.sku.clone(), *location, *amount)))
    }
}

fn invoice(id: i64, at: DateTime<Utc>, seed: &AnyOrderSeed) -> Value {
    let number = id.to_string();
    json!({"accessKey": format!("{id:044}"), "series": "1", "number": number, "date": render::date(at, seed)})
}

fn tracking(id: i64, at: DateTime<Utc>, seed: &AnyOrderSeed) -> Value {
    json!({"number": format!("BR{id}"), "carrier": "Correios", "shippedDate": render::date(at, seed)})
}
