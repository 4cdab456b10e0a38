//! Stock and reservations (VTEX 6.1, 6.3). VTEX never deducts: it subtracts what is reserved from what it was told.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::{Effect, OrderSeed, Vtex, delta, precise};

/// An unpaid order's hold on its units (the `lockTTL` of an order).
const UNPAID_HOLD: TimeDelta = TimeDelta::days(10);
/// What VTEX says of a stock without end.
const UNLIMITED: i64 = 1_000_000;
const NO_LEAD_TIME: &str = "00:00:00";

/// All stock, by SKU and warehouse.
#[derive(Clone, Default)]
pub struct Inventory {
    stocks: BTreeMap<(String, String), Stock>,
}

/// A SKU in a warehouse.
#[derive(Clone, Debug, Default)]
pub struct Stock {
    pub quantity: i64,
    pub unlimited: bool,
    pub lead_time: String,
    /// One for each order.
    pub reservations: BTreeMap<String, Reservation>,
    /// When the last update was taken.
    pub updated: Option<DateTime<Utc>>,
    /// What readers see until the update is visible.
    before: Option<(i64, bool)>,
}

/// An order's hold on units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    pub quantity: i64,
    pub state: ReservationState,
    pub since: DateTime<Utc>,
}

/// How firm the hold is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReservationState {
    /// The order is placed; ends by itself if nobody pays.
    Authorized,
    /// The order is paid.
    Confirmed,
    /// The order is in handling; the next update of the stock ends it.
    Acknowledged,
}

use ReservationState::{Acknowledged, Authorized, Confirmed};

impl Stock {
    /// What open reservations take away.
    pub fn reserved(&self, now: DateTime<Utc>) -> i64 {
        let holds = self.reservations.values().filter(|one| one.state != Authorized || now - one.since < UNPAID_HOLD);
        holds.map(|one| one.quantity).sum()
    }

    fn acknowledged(&self) -> i64 {
        self.reservations.values().filter(|one| one.state == Acknowledged).map(|one| one.quantity).sum()
    }

    fn total(&self) -> i64 {
        if self.unlimited { UNLIMITED } else { self.quantity }
    }
}

/// What tests do with the stock.
impl Vtex {
    /// The stock of a SKU in a warehouse.
    pub fn stock(&self, sku: &str, warehouse: &str) -> Stock {
        self.inventory.stocks.get(&(sku.to_owned(), warehouse.to_owned())).cloned().unwrap_or_default()
    }

    /// Sets a stock, as the panel does, and leaves its reservations alone.
    pub fn set_stock(&mut self, sku: &str, warehouse: &str, quantity: i64) {
        let stock = self.stock_mut(sku, warehouse);
        (stock.quantity, stock.before) = (quantity, None);
    }

    /// What a customer can buy of a SKU, in all warehouses together.
    pub fn available(&self, sku: &str) -> i64 {
        let now = self.now();
        let stocks = self.inventory.stocks.range((sku.to_owned(), String::new())..);
        let stocks = stocks.take_while(|((one, _), _)| one == sku);
        stocks.map(|(_, stock)| stock.total() - stock.reserved(now)).sum()
    }

    /// A customer buys, if there is enough of everything; gives the order's id, or the SKU there is not enough of.
    ///
    /// [`Vtex::place`] does not ask: such an order is a sale beyond the stock.
    pub fn sell(&mut self, seed: OrderSeed) -> Result<String, String> {
        let mut wanted: BTreeMap<&str, i64> = BTreeMap::new();
        for line in &seed.lines {
            *wanted.entry(&line.id).or_default() += line.quantity;
        }
        match wanted.iter().find(|(sku, quantity)| self.available(sku) < **quantity) {
            Some((sku, _)) => Err((*sku).to_owned()),
            None => Ok(self.place(seed)),
        }
    }

    pub(super) fn stock_state(&self) -> Value {
        let stocks = self.inventory.stocks.iter().map(|((sku, warehouse), stock)| {
            let (total, reserved) = (stock.total(), stock.reserved(self.now()));
            json!({"sku": sku, "warehouse": warehouse, "total": total, "reserved": reserved})
        });
        Value::Array(stocks.collect())
    }

    fn stock_mut(&mut self, sku: &str, warehouse: &str) -> &mut Stock {
        let stock = self.inventory.stocks.entry((sku.to_owned(), warehouse.to_owned())).or_default();
        if stock.lead_time.is_empty() {
            stock.lead_time = NO_LEAD_TIME.into();
        }
        stock
    }
}

/// The life of a reservation (VTEX 6.3).
impl Vtex {
    pub(super) fn reserve(&mut self, id: &str, state: ReservationState) {
        let since = self.now();
        let first = self.first_warehouse();
        let mut held = Vec::new();
        for line in &self.order(id).seed.lines {
            let whole = [(first.clone(), line.quantity)];
            let served = if line.from.is_empty() { &whole } else { line.from.as_slice() };
            held.extend(served.iter().map(|(warehouse, units)| (line.id.clone(), warehouse.clone(), *units)));
        }
        for (sku, warehouse, quantity) in held {
            let holds = &mut self.stock_mut(&sku, &warehouse).reservations;
            // Several lines of a SKU are one hold.
            holds.entry(id.to_owned()).or_insert(Reservation { quantity: 0, state, since }).quantity += quantity;
        }
    }

    pub(super) fn change_reservations(&mut self, id: &str, to: ReservationState) {
        let since = self.now();
        self.with_stocks_of(id, |stock| {
            if let Some(hold) = stock.reservations.get_mut(id) {
                (hold.state, hold.since) = (to, since);
            }
        });
    }

    pub(super) fn release_reservations(&mut self, id: &str) {
        self.with_stocks_of(id, |stock| {
            stock.reservations.remove(id);
        });
    }

    /// Every stock an order may hold units of.
    fn with_stocks_of(&mut self, id: &str, mut work: impl FnMut(&mut Stock)) {
        let Some(order) = self.orders.get(id) else { return };
        for line in order.seed.lines.iter().chain(&order.replaced) {
            for (warehouse, _) in &self.warehouses {
                if let Some(stock) = self.inventory.stocks.get_mut(&(line.id.clone(), warehouse.clone())) {
                    work(stock);
                }
            }
        }
    }

    fn first_warehouse(&self) -> String {
        self.warehouses.first().map_or_else(String::new, |(id, _)| id.clone())
    }
}

#[derive(Default)]
struct Seen {
    total: i64,
    unlimited: bool,
    reserved: i64,
    acknowledged: i64,
    /// Open reservations.
    holds: usize,
    lead_time: String,
}

/// What an update may say; each route takes a part of it.
struct Update {
    quantity: Option<i64>,
    unlimited: bool,
    lead_time: Option<String>,
    balance_at: DateTime<Utc>,
}

/// The endpoints (VTEX 6.1).
impl Vtex {
    pub(super) fn warehouse_list(&self) -> Answer {
        let list = self.warehouses.iter().map(|(id, name)| {
            json!({
                "id": id, "name": name, "warehouseDocks": [{"dockId": "1", "time": "00:00:00", "cost": 0.0}],
                "pickupPointIds": [], "priority": 0, "isActive": true,
            })
        });
        Answer::json(&Value::Array(list.collect()))
    }

    pub(super) fn balances(&self, sku: &str) -> Answer {
        let balance = self.warehouses.iter().map(|(id, name)| {
            let seen = self.seen(sku, id);
            json!({
                "warehouseId": id,
                "warehouseName": name,
                "totalQuantity": seen.total,
                "reservedQuantity": seen.reserved,
                "hasUnlimitedQuantity": seen.unlimited,
                "timeToRefill": null,
                "dateOfSupplyUtc": null,
                "leadTime": seen.lead_time,
            })
        });
        Answer::json(&json!({"skuId": sku, "balance": balance.collect::<Vec<_>>()}))
    }

    pub(super) fn balance(&self, sku: &str, warehouse: &str) -> Result<Answer, Answer> {
        self.known(warehouse)?;
        let seen = self.seen(sku, warehouse);
        Ok(Answer::json(&json!([{
            "skuId": sku,
            "warehouseId": warehouse,
            "dockId": "1",
            "totalQuantity": seen.total,
            "reservedQuantity": seen.reserved,
            "availableQuantity": seen.total - seen.reserved,
            "isUnlimited": seen.unlimited,
            "salesChannel": ["1"],
            "deliveryChannels": ["delivery"],
            "timeToRefill": null,
            "dateOfSupplyUtc": null,
            "supplyLotId": null,
            "keepSellingAfterExpiration": false,
            "transfer": null,
        }])))
    }

    pub(super) fn dispatched(&self, sku: &str, warehouse: &str) -> Result<Answer, Answer> {
        self.known(warehouse)?;
        let seen = self.seen(sku, warehouse);
        if seen.holds > 2_000 {
            return Err(Answer::bad_request("Too many active reservations"));
        }
        Ok(Answer::json(&json!([{
            "skuId": sku,
            "warehouseId": warehouse,
            "quantity": seen.total,
            "isUnlimitedQuantity": seen.unlimited,
            "totalReservedQuantity": seen.reserved,
            "dispatchedReservationsQuantity": seen.acknowledged,
            "availableQuantity": seen.total - seen.reserved,
        }])))
    }

    /// `PUT`: what is left out is zero, the lead time too.
    pub(super) fn put_stock(&mut self, sku: &str, warehouse: &str, request: &Request) -> Result<Answer, Answer> {
        let body = request.json()?;
        let update = Update {
            quantity: Some(whole(&body, "quantity")?.unwrap_or(0)),
            lead_time: Some(body["leadTime"].as_str().unwrap_or(NO_LEAD_TIME).to_owned()),
            ..self.update_of(&body)?
        };
        self.update(sku, warehouse, update)?;
        Ok(Answer::json(&json!(true)))
    }

    /// `PATCH …/quantity`: the lead time stays.
    pub(super) fn patch_quantity(&mut self, sku: &str, warehouse: &str, request: &Request) -> Result<Answer, Answer> {
        let body = request.json()?;
        let quantity = whole(&body, "quantity")?.ok_or_else(|| Answer::bad_request("quantity is required"))?;
        let update = Update { quantity: Some(quantity), ..self.update_of(&body)? };
        self.update(sku, warehouse, update)?;
        Ok(Answer::empty(204))
    }

    pub(super) fn patch_lead_time(&mut self, sku: &str, warehouse: &str, request: &Request) -> Result<Answer, Answer> {
        let body = request.json()?;
        let time = body["leadTime"].as_str().ok_or_else(|| Answer::bad_request("leadTime is required"))?;
        self.known(warehouse)?;
        self.stock_mut(sku, warehouse).lead_time = time.to_owned();
        let (sku, warehouse, lead_time) = (sku.to_owned(), warehouse.to_owned(), time.to_owned());
        self.effects.push(Effect::LeadTime { sku, warehouse, lead_time });
        Ok(Answer::empty(204))
    }

    /// A quantity from a batch's row.
    pub(super) fn batch_update(
        &mut self,
        sku: &str,
        warehouse: &str,
        quantity: i64,
        unlimited: bool,
    ) -> Result<(), Answer> {
        let balance_at = self.now();
        self.update(sku, warehouse, Update { quantity: Some(quantity), unlimited, lead_time: None, balance_at })
    }

    fn update_of(&self, body: &Value) -> Result<Update, Answer> {
        let unlimited = match &body["unlimitedQuantity"] {
            Value::Null => false,
            other => other.as_bool().ok_or_else(|| Answer::bad_request("unlimitedQuantity should be a bool"))?,
        };
        let balance_at = match body["dateUtcOnBalanceSystem"].as_str().filter(|date| !date.is_empty()) {
            None => self.now(),
            Some(date) => date.parse().map_err(|_| Answer::bad_request("dateUtcOnBalanceSystem is invalid"))?,
        };
        Ok(Update { quantity: None, unlimited, lead_time: None, balance_at })
    }

    fn update(&mut self, sku: &str, warehouse: &str, update: Update) -> Result<(), Answer> {
        self.known(warehouse)?;
        let (now, lock) = (self.now(), delta(self.stock_lock));
        let (total, date_counts) = (update.quantity.unwrap_or(0), self.balance_date_counts);
        let stock = self.stock_mut(sku, warehouse);
        // Of updates within milliseconds the first wins and the rest are discarded.
        if stock.updated.is_some_and(|last| now - last < lock) {
            let message = format!("Unable to acquire lock for key: loja_item_logistics_{sku}_{warehouse}.");
            return Err(Answer::typed(423, "text/plain", message));
        }
        stock.updated = Some(now);
        if let Some(lead_time) = update.lead_time {
            stock.lead_time = lead_time;
        }
        // Nothing new is ignored, unless there is something in handling to let go of.
        if (stock.quantity, stock.unlimited) == (total, update.unlimited) && stock.acknowledged() == 0 {
            return Ok(());
        }
        stock.before = Some((stock.total(), stock.unlimited));
        (stock.quantity, stock.unlimited) = (total, update.unlimited);
        // Only what was in handling when the balance was taken is in the balance; how VTEX uses that date is not sure.
        stock
            .reservations
            .retain(|_, hold| hold.state != Acknowledged || date_counts && hold.since > update.balance_at);
        let (sku, warehouse) = (sku.to_owned(), warehouse.to_owned());
        self.effects.push(Effect::Stock { sku, warehouse, quantity: total, unlimited: update.unlimited });
        Ok(())
    }

    /// A stock as a reader sees it: an update shows after a moment.
    fn seen(&self, sku: &str, warehouse: &str) -> Seen {
        let Some(stock) = self.inventory.stocks.get(&(sku.to_owned(), warehouse.to_owned())) else {
            return Seen { lead_time: NO_LEAD_TIME.into(), ..Seen::default() };
        };
        let now = self.now();
        let is_fresh = stock.updated.is_some_and(|at| now - at < delta(self.stock_visibility));
        let (total, unlimited) = match stock.before {
            Some(before) if is_fresh => before,
            _ => (stock.total(), stock.unlimited),
        };
        let (reserved, acknowledged) = (stock.reserved(now), stock.acknowledged());
        Seen {
            total,
            unlimited,
            reserved,
            acknowledged,
            holds: stock.reservations.len(),
            lead_time: stock.lead_time.clone(),
        }
    }

    /// Warehouse ids are case-sensitive (VTEX 6.1).
    fn known(&self, warehouse: &str) -> Result<(), Answer> {
        match self.warehouses.iter().any(|(id, _)| id == warehouse) {
            true => Ok(()),
            false => Err(Answer::bad_request(&format!("warehouse {warehouse} is not known"))),
        }
    }
}

/// Reservations by the id an order's lines name as `lockId` (VTEX 6.3).
impl Vtex {
    pub(super) fn reservation(&self, lock: &str) -> Result<Answer, Answer> {
        let id =
            lock.strip_prefix("00-").filter(|id| self.orders.contains_key(*id)).ok_or_else(|| Answer::empty(404))?;
        let order = self.order(id);
        let hold = self.inventory.stocks.values().find_map(|stock| stock.reservations.get(id));
        let status = match hold.map(|hold| (hold.state, self.now() - hold.since >= UNPAID_HOLD)) {
            Some((Authorized, true)) => 4,
            Some((Authorized, false)) => 1,
            Some(_) => 2,
            None => 5,
        };
        Ok(Answer::json(&json!({
            "LastUpdateDateUtc": precise(hold.map_or(order.last_change, |hold| hold.since)),
            "SalesChannel": order.seed.sales_channel,
            "LockId": lock,
            "ReservationDateUtc": precise(order.placed_at),
            "MaximumConfirmationDateUtc": precise(order.placed_at + UNPAID_HOLD),
            "Status": status,
            "SlaRequest": [],
        })))
    }

    pub(super) fn cancel_reservation(&mut self, lock: &str) -> Result<Answer, Answer> {
        let id =
            lock.strip_prefix("00-").filter(|id| self.orders.contains_key(*id)).ok_or_else(|| Answer::empty(404))?;
        self.release_reservations(id);
        Ok(Answer::empty(200))
    }
}

fn whole(body: &Value, key: &str) -> Result<Option<i64>, Answer> {
    match &body[key] {
        Value::Null => Ok(None),
        number => {
            let whole = number.as_i64().filter(|number| *number >= 0);
            whole.map(Some).ok_or_else(|| Answer::bad_request(&format!("{key} should be a whole number")))
        }
    }
}
