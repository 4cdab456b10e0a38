//! How orders come to be and how their status moves (VTEX 4).

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::order::{Cancellation, CancellationRequest, CancelledBy, Order, Package};
use super::{OrderSeed, ReservationState, Vtex, delta};

/// The way of a sale in the store's own account. `approve-payment` is only passed when somebody has to look.
const OWN_SALE: [&str; 12] = [
    "order-created",
    "on-order-completed",
    "payment-pending",
    "approve-payment",
    "payment-approved",
    "authorize-fulfillment",
    "window-to-cancel",
    "ready-for-handling",
    "start-handling",
    "handling",
    "invoice",
    "invoiced",
];

/// The way of a marketplace's sale in the seller's account.
const MARKETPLACE_SALE: [&str; 10] = [
    "order-accepted",
    "on-order-completed-ffm",
    "waiting-ffmt-authorization",
    "authorize-fulfillment",
    "window-to-cancel",
    "ready-for-handling",
    "start-handling",
    "handling",
    "invoice",
    "invoiced",
];

/// Statuses after which the payment is settled.
const PAID: [&str; 12] = [
    "payment-approved",
    "authorize-fulfillment",
    "window-to-cancel",
    "ready-for-handling",
    "start-handling",
    "handling",
    "invoice",
    "invoiced",
    "request-cancel",
    "cancellation-requested",
    "waiting-for-seller-decision",
    "waiting-seller-handling",
];

/// What the shop's customers, its bank and its own people do.
impl Vtex {
    /// Places an order and gives its id. Its events are those of the whole way to its status.
    pub fn place(&mut self, seed: OrderSeed) -> String {
        let now = self.now();
        let created = seed.created.unwrap_or(now);
        let id = self.insert(Arc::new(seed), created);
        let order = self.order(&id);
        let way = way_to(&order.status, order.is_fulfillment());
        let mut last = None;
        for state in way {
            self.emit(&id, Some(&state), last.replace(state.clone()));
        }
        self.emit_noise(&id);
        id
    }

    /// Places `count` orders that share one seed, created `step` apart from `first` on, each with the event of its
    /// present status alone: quick, and less than a kilobyte an order.
    pub fn place_many(&mut self, count: usize, seed: OrderSeed, first: DateTime<Utc>, step: TimeDelta) {
        let seed = Arc::new(OrderSeed { id: None, ..seed });
        let mut created = first;
        for _ in 0..count {
            let id = self.insert(Arc::clone(&seed), created);
            self.emit(&id, Some(&seed.status), None);
            created += step;
        }
    }

    fn insert(&mut self, seed: Arc<OrderSeed>, created: DateTime<Utc>) -> String {
        let now = self.now();
        self.last_sequence += 1;
        let sequence = self.last_sequence;
        let id = seed.id.clone().unwrap_or_else(|| match &seed.marketplace {
            Some(marketplace) => format!("{}-{}-01", marketplace.affiliate, marketplace.order),
            None => format!("{}-01", 1_172_452_000_000 + sequence),
        });
        let is_paid = PAID.contains(&seed.status.as_str());
        let mut order = Order {
            id: id.clone(),
            sequence,
            status: seed.status.clone(),
            null_status: seed.null_status,
            created,
            placed_at: now,
            last_change: created,
            authorized: is_paid.then_some(created),
            invoiced: None,
            packages: Vec::new(),
            cancellation: None,
            cancellation_requests: Vec::new(),
            removed: 0,
            added: 0,
            replaced: None,
            history: Vec::new(),
            seed: seed.into(),
        };
        match order.status.as_str() {
            "invoiced" => {
                order.invoiced = Some(created);
                order.packages.push(Package::whole(&order));
            }
            "canceled" => order.cancellation = Some(Cancellation::new("Desistência", CancelledBy::Customer, created)),
            "cancellation-requested" => order.ask_to_cancel(created, "ready-for-handling"),
            _ => {}
        }
        self.by_creation.insert((created, sequence), id.clone());
        self.enter_skus(&order);
        let hold = match order.status.as_str() {
            "canceled" | "cancel" => None,
            "handling" | "invoice" | "invoiced" => Some(ReservationState::Acknowledged),
            _ if is_paid => Some(ReservationState::Confirmed),
            _ => Some(ReservationState::Authorized),
        };
        assert!(self.orders.insert(id.clone(), order).is_none(), "the sandbox has an order {id} already");
        if let Some(state) = hold {
            self.reserve(&id, state);
        }
        id
    }

    fn enter_skus(&mut self, order: &Order) {
        for line in &order.seed.lines {
            if !self.catalog.contains_key(&line.id) {
                self.add_sku(&line.id, &line.ref_id);
            }
        }
    }

    /// The payment is approved; the order goes on to `ready-for-handling`, through the customer's time to think.
    pub fn approve_payment(&mut self, id: &str) {
        let order = self.order(id);
        if !order.is_fulfillment() {
            self.enter(id, "payment-approved");
        }
        self.enter(id, "authorize-fulfillment");
        self.enter(id, "window-to-cancel");
        self.later(self.window_to_cancel, id, "ready-for-handling");
    }

    /// The payment is denied, which ends the order.
    pub fn deny_payment(&mut self, id: &str) {
        self.end(id, "Pagamento negado", CancelledBy::Payment);
    }

    /// The customer pays at the bank's counter although the order is cancelled: the gateway has the money, the order stays.
    pub fn pay_late(&mut self, id: &str) {
        let now = self.now();
        self.order_mut(id).authorized = Some(now);
    }

    /// Anti-fraud wants a look at the payment.
    pub fn review_payment(&mut self, id: &str) {
        self.enter(id, "approve-payment");
    }

    /// The customer cancels, and nobody is asked.
    pub fn cancel_by_customer(&mut self, id: &str) {
        self.end(id, "Desistência", CancelledBy::Customer);
    }

    /// The customer asks to cancel; the seller must answer.
    pub fn request_cancellation(&mut self, id: &str) {
        let now = self.now();
        let before = self.order(id).status.clone();
        self.order_mut(id).ask_to_cancel(now, &before);
        self.enter(id, "cancellation-requested");
    }

    /// The order is changed before it goes out: so many units of its first line. No status moves, so no feed tells of it (VTEX 2.8), and
    /// no inventory is adjusted (6.3).
    pub fn change_units(&mut self, id: &str, units: i64) {
        let now = self.now();
        let order = self.order_mut(id);
        let placed = order.seed.lines[0].quantity - order.added + order.removed;
        order.seed.lines[0].quantity = units;
        (order.added, order.removed) = ((units - placed).max(0), (placed - units).max(0));
        order.last_change = now;
    }

    /// Its first line is put in the place of another: a product of the same price, of which as many come.
    pub fn change_product(&mut self, id: &str, sku: &str, ref_id: &str) {
        let now = self.now();
        let order = self.order_mut(id);
        let line = &mut order.seed.lines[0];
        let before = line.clone();
        (line.id, line.ref_id, line.name) = (sku.to_owned(), ref_id.to_owned(), ref_id.to_owned());
        order.added = line.quantity;
        order.replaced = Some(before);
        order.last_change = now;
    }

    /// Somebody moves the order in the panel.
    pub fn set_status(&mut self, id: &str, status: &str) {
        self.enter(id, status);
    }
}

/// The moves.
impl Vtex {
    /// Brings everything up to the present.
    pub(super) fn settle_all(&mut self) {
        let now = self.now();
        self.settle_feed(now);
        while let Some(index) = self.scheduled.iter().position(|(when, ..)| *when <= now) {
            let (_, id, status) = self.scheduled.remove(index);
            self.enter(&id, status);
        }
    }

    /// Moves an order by itself after a while; at once, if the while is nothing.
    pub(super) fn later(&mut self, wait: std::time::Duration, id: &str, status: &'static str) {
        if wait.is_zero() {
            self.enter(id, status);
        } else {
            let when = self.now() + delta(wait);
            self.scheduled.push((when, id.to_owned(), status));
        }
    }

    /// The order is now in this status: dates, event.
    pub(super) fn enter(&mut self, id: &str, status: &str) {
        let now = self.now();
        self.scheduled.retain(|(_, order, _)| order != id);
        let order = self.order_mut(id);
        order.null_status = false;
        let before = std::mem::replace(&mut order.status, status.to_owned());
        order.history.push((now, before.clone()));
        if PAID.contains(&status) {
            order.authorized.get_or_insert(now);
        }
        if status == "invoiced" {
            order.invoiced = Some(now);
        }
        match status {
            "payment-approved" | "authorize-fulfillment" => self.change_reservations(id, ReservationState::Confirmed),
            "handling" => self.change_reservations(id, ReservationState::Acknowledged),
            "canceled" => self.release_reservations(id),
            _ => {}
        }
        self.emit(id, Some(status), Some(before));
        self.order_mut(id).last_change = now;
    }

    pub(super) fn end(&mut self, id: &str, reason: &str, by: CancelledBy) {
        let now = self.now();
        self.order_mut(id).cancellation = Some(Cancellation::new(reason, by, now));
        self.enter(id, "cancel");
        self.enter(id, "canceled");
    }
}

fn way_to(status: &str, is_fulfillment: bool) -> Vec<String> {
    let way: &[&str] = if is_fulfillment { &MARKETPLACE_SALE } else { &OWN_SALE };
    let end = match status {
        "cancel" | "canceled" => 2,
        _ if PAID.contains(&status) => way.iter().position(|state| *state == "ready-for-handling").unwrap_or(0),
        _ => 1,
    };
    let (end, rest): (usize, &[&str]) = match way.iter().position(|state| *state == status) {
        Some(position) => (position, &[]),
        None if status == "canceled" => (end, &["cancel", "canceled"]),
        None => (end, &[status]),
    };
    let passed = way[..=end].iter().filter(|state| **state != "approve-payment" || status == "approve-payment");
    passed.chain(rest).map(|state| (*state).to_owned()).collect()
}

impl Order {
    fn ask_to_cancel(&mut self, at: DateTime<Utc>, status_before: &str) {
        self.cancellation_requests.push(CancellationRequest {
            id: format!("{}-{}", self.sequence, self.cancellation_requests.len() + 1),
            reason: "Comprei errado".into(),
            at,
            denied: None,
            status_before: status_before.into(),
        });
    }
}

impl Cancellation {
    pub(super) fn new(reason: &str, by: CancelledBy, at: DateTime<Utc>) -> Self {
        Self { reason: reason.into(), by, at }
    }
}

impl Package {
    /// One invoice over the whole order.
    fn whole(order: &Order) -> Self {
        let lines = order.seed.lines.iter();
        Self {
            number: format!("{:09}", order.sequence),
            kind: "Output".into(),
            value: order.value(),
            issued: super::precise(order.created),
            key: None,
            url: None,
            xml: None,
            courier: None,
            tracking_number: None,
            tracking_url: None,
            items: lines.map(|line| (line.id.clone(), line.price, line.quantity)).collect(),
            events: Vec::new(),
            delivered: None,
        }
    }
}
