//! push-stock: each channel is told how much of each product it may sell: never more than was truly sellable when the ERP was
//! read, and exactly that once everything is quiet. Only what changed is sent, and finding it costs what changed.
//!
//! The number is worked out *for the channel*. What is sold and not in the ERP yet, on any channel, is subtracted. What the channel
//! subtracts itself, its own open reservations, must not be subtracted twice: it is added back, but only for orders that cannot go
//! into handling meanwhile. For VTEX lets go of the reservations of orders in handling whenever a SKU is updated, and units added
//! back for such an order would be promised twice. So only orders that a fresh reading shows unpaid are added back, and while
//! numbers are worked out and sent, no pass of ours hands an order over ([`crate::lock::Handover`]).
//!
//! An order that was paid since the last push is neither: it may go into handling any moment, yet the channel surely still
//! subtracts it. A number that is right as long as it does may stand, see [`plan`]. Once the order is in handling the product is
//! sent anew, even the same number: until then the channel goes on subtracting what it had reserved for it.
//!
//! In two steps. [`work out`](work_out) finds what may have changed, stores what each number should be, and asks the
//! [guard]. [`send`] then takes what differs, a handful at a time, reads everything afresh, and sends it.

mod claimants;
mod claims;
mod guard;
mod kept_out;
pub(crate) mod places;
mod send;
mod skus;
#[cfg(test)]
mod tests;
pub(crate) mod unread;
mod work_out;

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::json;

use crate::config::{ChannelConfig, StockConfig};
use crate::exit::Exit;
use crate::lang::say;
use crate::model::{ChannelName, ChannelSku, Instant, Sku, StockParts};
use crate::plan::{Planned, Subject, act, facts};
use crate::reason::Reason;
use crate::report::{Outcome, StockItem};
use crate::store::claimed::Claiming;
use crate::store::stock::{StockRow, Want};

use self::claims::{Claims, InErp, Weighed};
use self::places::{Place, Terms};
use super::{Pass, Trouble};

/// The action's name in plans.
const SET_STOCK: &str = "set_stock";

/// What a person asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Every configured channel: what is in flight anywhere is subtracted everywhere.
    pub channels: &'a [ChannelConfig],
    /// Send everything again, also what the channel has confirmed.
    pub full: bool,
    /// A person has looked at what the guard refuses.
    pub confirm: bool,
    /// Send only these, again; empty for all that changed.
    pub skus: &'a [Sku],
}

/// What is known about a product in a warehouse when its number is decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What the number is made of.
    pub parts: StockParts,
    /// The number the channel last confirmed.
    pub last: Option<i64>,
    /// The number must be sent even if it is the same.
    pub resend: bool,
}

/// What is to be done about a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The number the channel has may stand.
    Keep,
    /// Send this one.
    Send(i64),
}

/// Decides on a number. Pure: the same facts give the same decision.
///
/// What is sent is always the floor: what is sellable, and what is added back. A number between the floor and the floor plus the
/// units that are surely still reserved may stand: with these the channel promises no more than is sellable, and any update could
/// only make it promise less, or let go of them.
pub fn plan(facts: &Facts) -> Decision {
    let balance = facts.parts.balance();
    let floor = balance.max(0);
    let ceiling = balance.saturating_add(facts.parts.moving).max(0);
    match facts.last {
        Some(last) if !facts.resend && (floor..=ceiling).contains(&last) => Decision::Keep,
        _ => Decision::Send(floor),
    }
}

/// Runs the pass.
pub async fn run(pass: &Pass<'_>, request: Request<'_>) {
    let policy = &pass.config.stock;
    if !policy.enabled {
        // Whoever sets it meanwhile does not tell us.
        return conclude(pass, pass.store.leave_stock(pass.channel.name()).map_err(Trouble::from));
    }
    let places = match places::of(pass.config, &pass.erp.default_warehouse()) {
        Ok(places) => places,
        Err(problem) => return pass.end(Exit::Config, problem),
    };
    let terms = Terms { channels: request.channels, default_warehouse: pass.erp.default_warehouse() };
    let mut push =
        Push { pass, policy, request, places, terms, kept_out: BTreeMap::new(), left_ids: RefCell::default() };
    let done = match push.work_out().await {
        Ok(()) if !pass.dry_run => push.send().await,
        other => other,
    };
    conclude(pass, done);
}

fn conclude(pass: &Pass<'_>, done: Result<(), Trouble>) {
    if let Err(trouble) = done {
        let exit = trouble.ends_run(pass.stop).unwrap_or(Exit::Unavailable);
        pass.end(exit, trouble.to_string());
    }
}

/// One run of the pass.
struct Push<'a> {
    pass: &'a Pass<'a>,
    policy: &'a StockConfig,
    request: Request<'a>,
    /// The channel's warehouses that are pushed to, each with the ERP's.
    places: Vec<Place>,
    terms: Terms<'a>,
    /// What the channel is never told of, and why.
    kept_out: BTreeMap<Sku, Reason>,
    /// Ids that were a product's and are not any more, with what they were told.
    left_ids: RefCell<BTreeMap<ChannelSku, (Sku, i64)>>,
}

/// A number worked out, with what it replaces.
struct Worked {
    want: Want,
    decision: Decision,
    /// What the channel confirmed before.
    before: Option<i64>,
    /// Rows of the orders added back.
    added_back: Vec<i64>,
    /// The channel was last told another number, and it is known that it was: so a reading that shows this one tells that it was
    /// taken.
    reading_tells: bool,
}

impl Worked {
    fn subject(&self) -> Subject {
        Subject::Stock(self.want.sku.clone(), self.want.warehouse.clone())
    }

    /// As a dry run tells it. An order that comes into the ERP meanwhile goes from one part to another and changes nothing.
    fn planned(&self) -> Planned {
        let Want { parts, channel_sku, quantity, .. } = &self.want;
        Planned {
            actions: vec![act(SET_STOCK, json!({ "quantity": quantity }))],
            facts: facts([
                ("before", self.before.into()),
                ("channel_sku", json!(channel_sku)),
                ("erp_warehouse", json!(parts.erp_warehouse)),
                ("physical", parts.physical.into()),
                ("reserved_or_in_flight", parts.reserved.saturating_add(parts.in_flight).into()),
                ("added_back", parts.added_back.into()),
            ]),
        }
    }
}

impl Push<'_> {
    fn channel(&self) -> &ChannelName {
        self.pass.channel.name()
    }

    fn now(&self) -> Instant {
        self.pass.clock.now()
    }

    /// Asks the ERP where the orders stand whose units may count on top of the balances of these products. One that still stands there
    /// once the last balance was read stood there when each was, and was subtracted; the units of any other are free in them, whether
    /// or not a pass has heard of it.
    async fn recall(&self, claims: &mut Claims, skus: &[Sku], balances_at: Instant) -> Result<(), Trouble> {
        let counting = claims.counting(skus, self.now(), self.policy)?;
        for counted in &counting {
            let order = &claims.order(*counted)?;
            let row = self.pass.store.orders_at(&[order.row])?.pop();
            let Some(id) = row.and_then(|row| row.erp_id) else { continue };
            let known = self.pass.erp.known_since(&id, balances_at, counting.len()).await.map_err(Trouble::from);
            let in_erp = match known {
                Ok(known) => match known.filter(|erp| erp.store_number == order.id) {
                    Some(erp) => {
                        self.pass.store.record_erp_status(order.row, &erp.status)?;
                        if erp.invoiced { InErp::Gone } else { InErp::Stands(erp.status) }
                    }
                    None => InErp::Gone,
                },
                // It keeps nothing but its own units back.
                Err(trouble) if trouble.ends_run(self.pass.stop).is_none() => {
                    self.did_not_hear_of(order, &trouble.to_string());
                    InErp::Unheard
                }
                Err(trouble) => return Err(trouble),
            };
            claims.heard(order.row, in_erp)?;
        }
        Ok(())
    }

    /// What an order's units would add to a number is kept back until the next run, and this one says so.
    fn did_not_hear_of(&self, order: &Claiming, problem: &str) {
        self.pass.fall_short(
            Exit::Unavailable,
            say!(
                "order {} could not be looked at, so its units are kept back until the next run: {problem}"
                    | "o pedido {} não pôde ser consultado, e suas unidades ficam retidas até a próxima execução: {problem}",
                order.id
            ),
        );
    }

    /// Works a number out.
    fn number(
        &self,
        level: &crate::erp::StockLevel,
        place: &Place,
        (row, channel_sku): (Option<&StockRow>, Option<ChannelSku>),
        weighed: Weighed,
        (read_at, resend): (Instant, bool),
    ) -> Worked {
        // A product that is another one on the channel now was never told its stock.
        let same = row.filter(|row| row.channel_sku == channel_sku);
        let before = same.and_then(|row| row.pushed).map(|(quantity, _)| quantity);
        let resend = resend || same.is_some_and(|row| row.resend);
        let facts = Facts {
            parts: StockParts {
                erp_warehouse: place.erp.clone(),
                physical: level.physical,
                reserved: level.reserved,
                in_flight: weighed.in_flight,
                buffer: self.policy.buffers.get(&level.sku).copied().unwrap_or(self.policy.buffer),
                share: self.policy.share,
                added_back: weighed.added_back,
                moving: weighed.moving,
                erp_read_at: read_at,
                in_flight_orders: weighed.in_flight_orders,
                added_back_orders: weighed.added_back_orders,
            },
            last: before,
            resend,
        };
        let decision = plan(&facts);
        let quantity = match decision {
            Decision::Keep => before.unwrap_or_default(),
            Decision::Send(quantity) => quantity,
        };
        Worked {
            want: Want {
                sku: level.sku.clone(),
                warehouse: place.channel.clone(),
                channel_sku,
                quantity,
                parts: facts.parts,
                resend: matches!(decision, Decision::Send(same) if before == Some(same)) || resend,
                recheck_at: weighed.recheck_at,
            },
            reading_tells: !resend && before != Some(quantity),
            decision,
            before,
            added_back: weighed.added_back_rows,
        }
    }

    /// Reports a number.
    fn report(&self, worked: &Worked, outcome: Outcome, reason: Option<Reason>) {
        self.pass.tally.borrow_mut().product(outcome);
        self.pass.report.stock(&StockItem {
            channel: self.channel().clone(),
            sku: worked.want.sku.clone(),
            channel_sku: worked.want.channel_sku.clone(),
            warehouse: Some(worked.want.warehouse.clone()),
            quantity: Some(worked.want.quantity),
            before: worked.before,
            outcome,
            parts: Some(worked.want.parts.clone()),
            reason,
            dry_run: self.pass.dry_run,
            plan: (self.pass.dry_run && outcome == Outcome::Updated).then(|| self.pass.entry(worked.planned())),
        });
    }

    /// Holds a product, and reports it.
    fn hold(&self, sku: &Sku, worked: Option<&Worked>, reason: Reason) -> Result<(), Trouble> {
        self.pass.store.hold_sku(self.channel(), sku, &reason, self.now())?;
        if self.pass.is_echo(|now| self.pass.store.remind_of_sku_hold(self.channel(), sku, now)) {
            self.pass.tally.borrow_mut().product(Outcome::Held);
            return Ok(());
        }
        match worked {
            Some(worked) => self.report(worked, Outcome::Held, Some(reason)),
            None => self.pass.tell_product(sku, Outcome::Held, reason),
        }
        Ok(())
    }
}
