//! What orders claim of a product: what is in flight, what the channel subtracts itself, and which of that cannot move.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use chrono::TimeDelta;

use super::places::{Place, Terms};
use crate::channel::DEFAULT_WAREHOUSE;
use crate::config::StockConfig;
use crate::model::{ChannelName, ChannelSku, Instant, OrderId, Sku, Status, StockParts};
use crate::store::claims::Claim;

/// How long before the channel may let go of an unpaid order's units they are no longer added back.
const MARGIN: TimeDelta = TimeDelta::hours(1);

/// Orders that claim units, by product and place. A hundred thousand may have come in at once, so of each no more is kept than is
/// weighed.
#[derive(Debug, Default)]
pub struct Claims {
    #[expect(clippy::vec_box, reason = "in one piece they would take twice their room while it grows")]
    orders: Vec<Box<Order>>,
    /// Units sold on any channel and not in the ERP, or not until lately: by the place whose ERP warehouse they are taken from.
    in_flight: ByProduct,
    /// Units that the channel may subtract itself: by the place whose warehouse there they are taken from.
    own: ByProduct,
    /// The orders whose units do not count on top of a balance, whatever else is known of them, by their place.
    doubted: HashMap<usize, InErp>,
}

/// What is weighed of an order that claims units; its fields are those of a [`Claim`].
#[derive(Debug)]
pub struct Order {
    pub row: i64,
    pub id: OrderId,
    in_erp: bool,
    linked_at: Option<Instant>,
    status: Option<Status>,
    erp_status: Option<Status>,
    created_at: Option<Instant>,
    untaken_at: Option<Instant>,
    taken_over_at: Option<Instant>,
    open: bool,
}

/// Units of orders, sorted by product and place once all are there.
#[derive(Debug, Default)]
struct ByProduct(Vec<Units>);

impl ByProduct {
    fn sort(&mut self) {
        self.0.sort_by(|one, other| (&one.product.sku, &one.place).cmp(&(&other.product.sku, &other.place)));
    }

    /// The units of a product in a place.
    fn of(&self, sku: &Sku, place: &Place) -> &[Units] {
        let from = self.0.partition_point(|units| (&units.product.sku, &*units.place) < (sku, place));
        let rest = &self.0[from..];
        &rest[..rest.partition_point(|units| (&units.product.sku, &*units.place) == (sku, place))]
    }
}

/// What the ERP says of an order when its balances were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InErp {
    /// It is there, and has its units.
    Stands(Status),
    /// It is not there, or has left: none of a balance is its.
    Gone,
    /// It did not answer.
    Unheard,
}

/// Units of an order.
#[derive(Clone, Debug)]
struct Units {
    product: Rc<Product>,
    place: Rc<Place>,
    order: usize,
    quantity: i64,
}

/// A product by both its codes, of which many orders may claim units.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Product {
    sku: Sku,
    channel_sku: ChannelSku,
}

/// Where an order of the channel stands towards its reservation there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Reserved, and unpaid by the last reading: added back if a fresh one agrees.
    Unpaid,
    /// On its way into handling, or just there: nobody can tell what an update of the stock does to its reservation.
    Moving,
    /// Reserved no more, or not subtracted by us.
    Settled,
}

/// What a fresh reading of an unpaid order gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Still unpaid, with these units.
    Unpaid(BTreeMap<ChannelSku, i64>),
    /// No longer, or it cannot be told.
    Moving,
    /// None came: it counts as [`Verdict::Moving`] for now.
    Unheard,
    /// Cancelled: it claims nothing on the channel any more.
    Gone,
}

/// What orders claim of a product in a warehouse.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weighed {
    /// Units sold and not in the ERP.
    pub in_flight: i64,
    /// Whose; the first few.
    pub in_flight_orders: Vec<OrderId>,
    /// Units that are subtracted twice, and stay where they are meanwhile.
    pub added_back: i64,
    /// Whose; the first few.
    pub added_back_orders: Vec<OrderId>,
    /// Whose rows.
    pub added_back_rows: Vec<i64>,
    /// Units the channel surely still subtracts, of orders on their way into handling.
    pub moving: i64,
    /// When time alone may change any of it.
    pub recheck_at: Option<Instant>,
}

impl Claims {
    /// Sorts what orders claim, which `each` gives one after another.
    ///
    /// An order that was linked before `linked_since` is in every balance that they are weighed with.
    ///
    /// # Errors
    /// Those of `each`.
    pub fn gather<E>(
        channel: &ChannelName,
        places: &[Place],
        terms: &Terms<'_>,
        linked_since: Instant,
        each: impl FnOnce(&mut dyn FnMut(Claim)) -> Result<(), E>,
    ) -> Result<Self, E> {
        let places: Vec<Rc<Place>> = places.iter().cloned().map(Rc::new).collect();
        let mut claims = Self::default();
        let mut products = HashSet::new();
        each(&mut |claim| {
            let at = claims.orders.len();
            for line in &claim.lines {
                // Without a counterpart in the ERP nobody sells it from there.
                let Some(sku) = terms.sku(&claim.channel, line) else { continue };
                let product = Product { sku, channel_sku: line.channel_sku.clone() };
                let product = products.get(&product).cloned().unwrap_or_else(|| Rc::new(product));
                products.insert(Rc::clone(&product));
                let units = |place: &Rc<Place>| Units {
                    product: Rc::clone(&product),
                    place: Rc::clone(place),
                    order: at,
                    quantity: line.quantity,
                };
                if claim.channel == *channel {
                    let place = match (&line.warehouse, &*places) {
                        // Whatever the channel calls it, there is only this one.
                        (_, [only]) if only.channel.as_str() == DEFAULT_WAREHOUSE => Some(only),
                        // No two places have the same warehouse, on either side.
                        (Some(named), _) => places.iter().find(|place| place.channel == *named),
                        // It is reserved somewhere; which of several is not told.
                        (None, [only]) => Some(only),
                        (None, _) => None,
                    };
                    claims.own.0.extend(place.map(units));
                }
                if claim.erp_id.is_none() || claim.linked_at.is_some_and(|at| at >= linked_since) {
                    let warehouse = terms.warehouse(&claim.channel, line);
                    claims.in_flight.0.extend(places.iter().find(|place| place.erp == warehouse).map(units));
                }
            }
            claims.orders.push(Box::new(Order::from(claim)));
        })?;
        claims.in_flight.sort();
        claims.own.sort();
        Ok(claims)
    }

    /// The unpaid orders whose units could be added back to a product's number.
    pub fn unpaid<'a>(
        &'a self,
        sku: &Sku,
        place: &Place,
        now: Instant,
        policy: &'a StockConfig,
    ) -> impl Iterator<Item = &'a Order> {
        let own = self.own.of(sku, place);
        let orders = own.iter().filter(|units| !self.doubted.contains_key(&units.order));
        let orders = orders.map(|units| &*self.orders[units.order]);
        orders.filter(move |order| standing(order, now, policy) == Standing::Unpaid)
    }

    /// The orders in the ERP whose units may count on top of these products' balances, by their place.
    pub fn counting(&self, skus: &[Sku], places: &[Place], now: Instant, policy: &StockConfig) -> BTreeSet<usize> {
        let all = skus.iter().flat_map(|sku| places.iter().map(move |place| (sku, place)));
        let own = all.flat_map(|(sku, place)| self.own.of(sku, place)).map(|units| units.order);
        let counts = |at: &usize| {
            let order = &self.orders[*at];
            order.in_erp && standing(order, now, policy) != Standing::Settled
        };
        own.filter(counts).collect()
    }

    /// The order at a place.
    pub fn order(&self, at: usize) -> &Order {
        &self.orders[at]
    }

    /// Notes what the ERP says of the order at a place.
    pub fn heard(&mut self, at: usize, in_erp: InErp) {
        self.doubted.remove(&at);
        match in_erp {
            InErp::Stands(status) => self.orders[at].erp_status = Some(status),
            doubt => drop(self.doubted.insert(at, doubt)),
        }
    }

    /// Weighs what orders claim of a product. `verdicts` are fresh readings of the unpaid ones, by row; without them the last
    /// readings count. `balance_at` is when the ERP's balance was read, `pushed_at` when the channel last confirmed a number.
    pub fn weigh(
        &self,
        (sku, place): (&Sku, &Place),
        balance_at: Instant,
        pushed_at: Option<Instant>,
        verdicts: Option<&BTreeMap<i64, Verdict>>,
        now: Instant,
        policy: &StockConfig,
    ) -> Weighed {
        let mut weighed = Weighed::default();
        for units in self.in_flight.of(sku, place) {
            // What was in the ERP when its balance was read is subtracted there.
            let order = &self.orders[units.order];
            if order.in_erp && order.linked_at.is_none_or(|at| at < balance_at) {
                continue;
            }
            weighed.in_flight = weighed.in_flight.saturating_add(units.quantity);
            name(&mut weighed.in_flight_orders, &order.id);
            // A balance that is read later may have it in, and be the same number. What a clock that was ahead linked is in none until
            // then.
            weighed.recheck(order.linked_at.filter(|_| order.in_erp).map(|at| at.max(now)));
        }
        // What of a fresh reading's units is not given to a line yet: the same product may stand on several.
        let mut left: HashMap<(i64, &ChannelSku), i64> = HashMap::new();
        for units in self.own.of(sku, place) {
            let order = &self.orders[units.order];
            // Whatever becomes of it, what it had reserved the channel lets go of with one more number once it surely is in handling.
            weighed.recheck(settled_at(order, policy).filter(|at| policy.channel_reserves && *at > now));
            if let Some(doubt) = self.doubted.get(&units.order) {
                weighed.recheck((*doubt == InErp::Unheard).then_some(now));
                continue;
            }
            let verdict = verdicts.map(|verdicts| verdicts.get(&order.row).unwrap_or(&Verdict::Moving));
            let added_back = match (standing(order, now, policy), verdict) {
                (Standing::Settled, _) | (Standing::Unpaid, Some(Verdict::Gone)) => continue,
                (Standing::Unpaid, None) => units.quantity,
                (Standing::Unpaid, Some(Verdict::Unpaid(fresh))) => {
                    let channel_sku = &units.product.channel_sku;
                    let left = left
                        .entry((order.row, channel_sku))
                        .or_insert_with(|| fresh.get(channel_sku).copied().unwrap_or(0));
                    let taken = units.quantity.min(*left);
                    *left -= taken;
                    taken
                }
                (Standing::Unpaid, Some(Verdict::Moving | Verdict::Unheard)) | (Standing::Moving, _) => {
                    // Handed over only after the channel confirmed its last number, if at all: that did not let go of it.
                    if order.untaken_at.zip(pushed_at).is_some_and(|(untaken, pushed)| untaken >= pushed) {
                        weighed.moving = weighed.moving.saturating_add(units.quantity);
                    }
                    // What a failed call withholds is looked at again by the next run.
                    weighed.recheck(verdict.is_some_and(|verdict| *verdict == Verdict::Unheard).then_some(now));
                    continue;
                }
            };
            weighed.added_back = weighed.added_back.saturating_add(added_back);
            name(&mut weighed.added_back_orders, &order.id);
            weighed.added_back_rows.push(order.row);
            weighed.recheck(let_go_at(order, policy));
        }
        weighed
    }
}

impl From<Claim> for Order {
    fn from(claim: Claim) -> Self {
        let in_erp = claim.erp_id.is_some();
        let Claim { row, id, linked_at, status, erp_status, created_at, untaken_at, taken_over_at, open, .. } = claim;
        Self { row, id, in_erp, linked_at, status, erp_status, created_at, untaken_at, taken_over_at, open }
    }
}

impl Weighed {
    /// Time alone may change it at this instant, too.
    pub fn recheck(&mut self, at: Option<Instant>) {
        self.recheck_at = [self.recheck_at, at].into_iter().flatten().min();
    }
}

fn name(orders: &mut Vec<OrderId>, order: &OrderId) {
    if orders.len() < StockParts::SHOWN && orders.last() != Some(order) {
        orders.push(order.clone());
    }
}

fn standing(order: &Order, now: Instant, policy: &StockConfig) -> Standing {
    // What is not known to be reserved is not counted on, neither to add it back nor to let a number stand; nor what may have left.
    if !policy.channel_reserves || !order.open {
        return Standing::Settled;
    }
    if order.taken_over_at.is_some() && settled_at(order, policy).is_none_or(|at| at <= now) {
        return Standing::Settled;
    }
    // Its units are free in the ERP, and on the channel the moment it is cancelled there, too.
    if matches!(order.erp_status, Some(Status::Cancelled | Status::Returned)) {
        return Standing::Settled;
    }
    if !order.status.as_ref().is_some_and(Status::is_unpaid) || order.taken_over_at.is_some() {
        return Standing::Moving;
    }
    let ended_in_erp = order.erp_status.as_ref().is_some_and(Status::is_final_for_payment);
    // An order of unknown age may be reserved no more.
    if ended_in_erp || let_go_at(order, policy).is_none_or(|at| at <= now) {
        return Standing::Settled;
    }
    Standing::Unpaid
}

/// How long after an order was seen handed over its reservation may still count.
pub fn settle(policy: &StockConfig) -> TimeDelta {
    TimeDelta::from_std(policy.settle).unwrap_or(TimeDelta::MAX)
}

/// When an order that was handed over is surely in handling.
fn settled_at(order: &Order, policy: &StockConfig) -> Option<Instant> {
    order.taken_over_at?.checked_add_signed(settle(policy))
}

/// When the channel may let go of what an unpaid order has reserved.
fn let_go_at(order: &Order, policy: &StockConfig) -> Option<Instant> {
    let reserved_for = TimeDelta::from_std(policy.reserved_for).ok()?;
    order.created_at?.checked_add_signed(reserved_for)?.checked_sub_signed(MARGIN)
}
