//! What orders claim of a product: what is in flight, what the channel subtracts itself, and which of that cannot move.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::TimeDelta;

use super::places::{Place, Terms};
use crate::channel::DEFAULT_WAREHOUSE;
use crate::config::StockConfig;
use crate::model::{ChannelName, ChannelSku, Instant, OrderId, Sku, Status, StockParts};
use crate::store::claimed::{By, Claimed, Claiming, Units};
use crate::store::claims::{Claim, ClaimLine};

/// How long before the channel may let go of an unpaid order's units they are no longer added back.
const MARGIN: TimeDelta = TimeDelta::hours(1);

/// Orders that claim units, by product and place.
#[derive(Debug)]
pub struct Claims {
    places: Vec<Place>,
    claimed: Claimed,
    /// The orders whose units do not count on top of a balance, whatever else is known of them, by their row.
    doubted: HashMap<i64, InErp>,
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
    /// Gathers what orders claim, which `each` gives one after another.
    ///
    /// An order that was linked before `linked_since` is in every balance that they are weighed with.
    ///
    /// # Errors
    /// Those of `each`, or that there is no room for them.
    pub fn gather(
        channel: &ChannelName,
        places: &[Place],
        terms: &Terms<'_>,
        linked_since: Instant,
        each: impl FnOnce(&mut dyn FnMut(Claim) -> rusqlite::Result<()>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<Self> {
        let mut claimed = Claimed::new()?;
        each(&mut |claim| {
            let is_ours = claim.erp_id.is_none() || claim.linked_at.is_some_and(|at| at >= linked_since);
            for (n, line) in claim.lines.iter().enumerate() {
                // Without a counterpart in the ERP nobody sells it from there.
                let Some(sku) = terms.sku(&claim.channel, line) else { continue };
                let reserved_in = (claim.channel == *channel).then(|| reserved_in(line, places)).flatten();
                let sold_from = (is_ours || line.beyond() > 0).then(|| terms.warehouse(&claim.channel, line));
                let sold_from = sold_from.and_then(|warehouse| places.iter().position(|place| place.erp == warehouse));
                for (by, place) in [(By::Channel, reserved_in), (By::Us, sold_from)] {
                    let Some(place) = place else { continue };
                    claimed.add_units((&sku, place), by, &claim, n)?;
                }
            }
            Ok(())
        })?;
        Ok(Self { places: places.to_vec(), claimed, doubted: HashMap::new() })
    }

    /// Gives the units of a product in a place.
    fn each(&self, sku: &Sku, place: &Place, by: By, take: impl FnMut(Units)) -> rusqlite::Result<()> {
        let place = self.places.iter().position(|one| one == place);
        place.map_or(Ok(()), |place| self.claimed.each((sku, place), by, take))
    }

    /// The unpaid orders whose units could be added back to a product's number.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn unpaid(
        &self,
        sku: &Sku,
        place: &Place,
        now: Instant,
        policy: &StockConfig,
    ) -> rusqlite::Result<Vec<Claiming>> {
        let mut unpaid = Vec::new();
        self.each(sku, place, By::Channel, |Units { order, .. }| {
            if !self.doubted.contains_key(&order.row) && standing(&order, now, policy) == Standing::Unpaid {
                unpaid.push(order);
            }
        })?;
        Ok(unpaid)
    }

    /// The rows of the orders in the ERP whose units may count on top of these products' balances.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn counting(&self, skus: &[Sku], now: Instant, policy: &StockConfig) -> rusqlite::Result<BTreeSet<i64>> {
        let mut counting = BTreeSet::new();
        for (sku, place) in skus.iter().flat_map(|sku| self.places.iter().map(move |place| (sku, place))) {
            self.each(sku, place, By::Channel, |Units { order, .. }| {
                if order.in_erp && standing(&order, now, policy) != Standing::Settled {
                    counting.insert(order.row);
                }
            })?;
        }
        Ok(counting)
    }

    /// The order of a row.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn order(&self, row: i64) -> rusqlite::Result<Claiming> {
        self.claimed.order(row)
    }

    /// Notes what the ERP says of the order of a row.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn heard(&mut self, row: i64, in_erp: InErp) -> rusqlite::Result<()> {
        self.doubted.remove(&row);
        match in_erp {
            InErp::Stands(status) => self.claimed.note(row, &status)?,
            doubt => drop(self.doubted.insert(row, doubt)),
        }
        Ok(())
    }

    /// Weighs what orders claim of a product. `verdicts` are fresh readings of the unpaid ones, by row; without them the last
    /// readings count. `balance_at` is when the ERP's balance was read, `pushed_at` when the channel last confirmed a number.
    ///
    /// # Errors
    /// When the claims cannot be read.
    pub fn weigh(
        &self,
        (sku, place): (&Sku, &Place),
        balance_at: Instant,
        pushed_at: Option<Instant>,
        verdicts: Option<&BTreeMap<i64, Verdict>>,
        now: Instant,
        policy: &StockConfig,
    ) -> rusqlite::Result<Weighed> {
        let mut weighed = Weighed::default();
        self.each(sku, place, By::Us, |Units { order, quantity, beyond, .. }| {
            // What was in the ERP when its balance was read is subtracted there, but for what an edit put in since.
            let is_in_balance = order.in_erp && order.linked_at.is_none_or(|at| at < balance_at);
            let units = if is_in_balance { beyond } else { quantity };
            if units == 0 {
                return;
            }
            weighed.in_flight = weighed.in_flight.saturating_add(units);
            name(&mut weighed.in_flight_orders, &order.id);
            // A balance that is read later may have it in, and be the same number. What a clock that was ahead linked is in none until
            // then.
            weighed.recheck(order.linked_at.filter(|_| order.in_erp && !is_in_balance).map(|at| at.max(now)));
        })?;
        // What of a fresh reading's units is not given to a line yet: the same product may stand on several.
        let mut left: HashMap<(i64, ChannelSku), i64> = HashMap::new();
        self.each(sku, place, By::Channel, |Units { order, channel_sku, quantity, .. }| {
            // Whatever becomes of it, what it had reserved the channel lets go of with one more number once it surely is in handling: one
            // whose balance was read after that, for the channel goes by its date.
            let settled = settled_at(&order, policy).filter(|at| policy.channel_reserves && *at > balance_at);
            weighed.recheck(settled.map(|at| at.max(now)));
            if let Some(doubt) = self.doubted.get(&order.row) {
                return weighed.recheck((*doubt == InErp::Unheard).then_some(now));
            }
            let verdict = verdicts.map(|verdicts| verdicts.get(&order.row).unwrap_or(&Verdict::Moving));
            let added_back = match (standing(&order, now, policy), verdict) {
                (Standing::Settled, _) | (Standing::Unpaid, Some(Verdict::Gone)) => return,
                (Standing::Unpaid, None) => quantity,
                (Standing::Unpaid, Some(Verdict::Unpaid(fresh))) => {
                    let reserved = fresh.get(&channel_sku).copied().unwrap_or(0);
                    let left = left.entry((order.row, channel_sku)).or_insert(reserved);
                    let taken = quantity.min(*left);
                    *left -= taken;
                    taken
                }
                (Standing::Unpaid, Some(Verdict::Moving | Verdict::Unheard)) | (Standing::Moving, _) => {
                    // Handed over only after the channel confirmed its last number, if at all: that did not let go of it.
                    if order.untaken_at.zip(pushed_at).is_some_and(|(untaken, pushed)| untaken >= pushed) {
                        weighed.moving = weighed.moving.saturating_add(quantity);
                    }
                    // What a failed call withholds is looked at again by the next run.
                    return weighed.recheck(verdict.is_some_and(|verdict| *verdict == Verdict::Unheard).then_some(now));
                }
            };
            weighed.added_back = weighed.added_back.saturating_add(added_back);
            name(&mut weighed.added_back_orders, &order.id);
            weighed.added_back_rows.push(order.row);
            weighed.recheck(let_go_at(&order, policy));
        })?;
        Ok(weighed)
    }
}

/// The number of the place where the channel subtracts a line's units, if that is known.
fn reserved_in(line: &ClaimLine, places: &[Place]) -> Option<usize> {
    match (&line.warehouse, places) {
        // Whatever the channel calls it, there is only this one.
        (_, [only]) if only.channel.as_str() == DEFAULT_WAREHOUSE => Some(0),
        // No two places have the same warehouse, on either side.
        (Some(named), _) => places.iter().position(|place| place.channel == *named),
        // It is reserved somewhere; which of several is not told.
        (None, [_]) => Some(0),
        (None, _) => None,
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

fn standing(order: &Claiming, now: Instant, policy: &StockConfig) -> Standing {
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
fn settled_at(order: &Claiming, policy: &StockConfig) -> Option<Instant> {
    order.taken_over_at?.checked_add_signed(settle(policy))
}

/// When the channel may let go of what an unpaid order has reserved.
fn let_go_at(order: &Claiming, policy: &StockConfig) -> Option<Instant> {
    let reserved_for = TimeDelta::from_std(policy.reserved_for).ok()?;
    order.created_at?.checked_add_signed(reserved_for)?.checked_sub_signed(MARGIN)
}
