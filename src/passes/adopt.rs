//! adopt: every order of a range that both sides have is linked again, where the state file was lost or is older than the world.
//!
//! Nothing is written to either side. What import-orders finds by itself is decided as it would decide; beyond that, the ERP is asked
//! for orders that are over on the channel, too, so that what still happens to them is followed. An order that the ERP does not have
//! is left to import-orders.

use std::cell::Cell;

use super::import_orders::{self, LINK, Policy, differs, link, stays_out};
use super::push_invoices::{self, SEND_INVOICE};
use super::{Pass, Trouble, account, sync_payments};
use crate::channel::{Heard, Window};
use crate::erp::ErpOrder;
use crate::model::{ErpOrderId, Order, Status};
use crate::reason::Reason;
use crate::report::{Outcome, Warning};
use crate::store::journal::{Effect, State};
use crate::store::orders::{Decided, Fate, OrderRow};

/// What was read about an order on both sides.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The channel's side, with what else import-orders decides by.
    pub seen: import_orders::Facts,
    /// What a person cancels in the ERP is cancelled on the channel, by auto-cancel.
    pub channel_follows: bool,
}

/// What is to become of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The ERP has it: the two are linked.
    Link {
        /// Why.
        reason: Reason,
        /// With which fate it ends, if nothing is expected of it any more.
        ends: Option<Fate>,
        /// What a person must decide.
        hold: Option<Reason>,
    },
    /// The ERP does not have it, and is not to have it now.
    StaysOut {
        /// Its fate.
        fate: Fate,
        /// Why.
        reason: Reason,
    },
    /// The ERP does not have it, and import-orders brings it there.
    Left,
    /// What the ERP has under its number is another order, or what the channel says cannot be relied on.
    Hold(Reason),
}

/// How many orders came to what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Orders the list has.
    pub listed: usize,
    /// Linked anew.
    pub linked: Cell<usize>,
    /// Linked before.
    pub known: Cell<usize>,
    /// Not in the ERP: for import-orders.
    pub left: Cell<usize>,
    /// Invoices that the channel has.
    pub invoices: Cell<usize>,
    /// Parcels whose tracking code the channel has.
    pub parcels: Cell<usize>,
}

/// Decides on an order. Pure: the same facts and policy give the same decision.
pub fn plan(facts: &Facts, policy: &Policy) -> Decision {
    let order = &facts.seen.order;
    let Some(erp) = &facts.seen.erp else {
        return match stays_out(&facts.seen, policy) {
            Some(import_orders::Decision { hold: Some(reason), .. }) => Decision::Hold(reason),
            Some(import_orders::Decision { fate, reason, .. }) => Decision::StaysOut { fate, reason },
            None => Decision::Left,
        };
    };
    if let Some(reason) = differs(order, erp) {
        return Decision::Hold(reason);
    }
    let reason = match &order.status {
        Status::Cancelled => Reason::CancelledOnChannel { raw: order.raw_status.clone() },
        status if status.is_paid_or_beyond() => Reason::PaidOnChannel,
        _ => Reason::PolicyImportsUnpaid,
    };
    let (ends, hold) = standing(order, erp, facts.channel_follows);
    Decision::Link { reason, ends, hold }
}

/// Whether the two sides are at their end and in step; or what a person must decide first.
fn standing(order: &Order, erp: &ErpOrder, channel_follows: bool) -> (Option<Fate>, Option<Reason>) {
    let facts = sync_payments::Facts {
        order: order.clone(),
        erp: erp.clone(),
        requested_at: None,
        channel_follows,
        other_product: None,
    };
    let is_over = order.status.is_final_for_payment() && erp.status.is_final_for_payment();
    match sync_payments::plan(&facts) {
        sync_payments::Decision::Hold(reason) => (None, Some(reason)),
        sync_payments::Decision::Do { actions, .. } if is_over && actions.is_empty() => {
            let is_cancelled = order.status == Status::Cancelled && erp.status == Status::Cancelled;
            (Some(if is_cancelled { Fate::Cancelled } else { Fate::Imported }), None)
        }
        sync_payments::Decision::Do { .. } => (None, None),
    }
}

/// Lists the orders of a range and adopts each.
pub async fn run(pass: &Pass<'_>, range: Window) -> Adopted {
    let mut adopted = Adopted::default();
    if range.from < pass.clock.now() - pass.channel.list_reach() {
        pass.warn(&Warning::Expired { channel: pass.channel.name().clone() });
    }
    let listed = account::listed(pass.channel, range, pass.config.limits.in_flight, pass.stop).await;
    let (count, listed) = match listed.and_then(|listed| Ok((listed.count()?, listed))) {
        Ok(counted) => counted,
        Err(error) => {
            pass.end(error.exit(pass.stop), error.to_string());
            return adopted;
        }
    };
    adopted.listed = count;
    pass.report.expect(count);
    let policy = Policy::of(pass.config);
    let rows = listed.orders().map(|heard| row_of(pass, &heard?));
    pass.visit_rows(rows, &async |row: &OrderRow| visit(pass, &policy, row, &adopted).await).await;
    adopted
}

/// The row of a listed order, made where it was never seen.
fn row_of(pass: &Pass<'_>, heard: &Heard) -> rusqlite::Result<OrderRow> {
    let (channel, now) = (pass.channel.name(), pass.clock.now());
    let new = pass.store.hear(channel, std::slice::from_ref(heard), "list", now)?;
    pass.tally.borrow_mut().heard(1, new);
    pass.store.order_or_new(channel, &heard.id, now)
}

/// Reads an order on both sides, decides, records.
async fn visit(pass: &Pass<'_>, policy: &Policy, row: &OrderRow, adopted: &Adopted) -> Result<(), Trouble> {
    let stays = |reason: &Reason, outcome| {
        pass.tell(row, outcome, false, reason, &[]);
        Ok(())
    };
    let in_step = || row.fate_why.clone().unwrap_or(Reason::NotImported);
    if pass.store.facts(row.row)?.purged_at.is_some() {
        add(&adopted.known, 1);
        return stays(&in_step(), Outcome::Unchanged);
    }
    if let (None, Some(why @ Reason::SkippedByHand { .. })) = (&row.erp_id, &row.fate_why) {
        return stays(why, Outcome::Skipped);
    }
    let order = match pass.read_channel(row).await? {
        Ok(order) => order,
        Err(reason) => return Ok(pass.hold(row, &reason)?),
    };
    if let Some(erp_id) = &row.erp_id {
        let erp = match pass.read_erp(row, erp_id).await? {
            Ok(erp) => erp,
            Err(reason) => return Ok(pass.hold(row, &reason)?),
        };
        // The state file may be older than what happened since.
        let is_over = standing(&order, &erp, pass.config.auto_cancel.from_erp).0.is_some();
        if row.fate == Some(Fate::Imported) && !is_over {
            pass.store.have_visited(row.row)?;
        }
        note_what_the_channel_has(pass, row, &order, erp_id, adopted).await?;
        add(&adopted.known, 1);
        return stays(&in_step(), Outcome::Unchanged);
    }
    let seen = import_orders::Facts {
        erp: pass.erp.find_order(&row.channel, &row.id).await?,
        order,
        cancel_heard: row.cancel_heard,
        linked: false,
        known_skus: Default::default(),
        let_in: import_orders::was_let_in(row),
    };
    let facts = Facts { seen, channel_follows: pass.config.auto_cancel.from_erp };
    match (plan(&facts, policy), &facts.seen.erp) {
        (Decision::Hold(reason), _) => pass.hold(row, &reason)?,
        (Decision::StaysOut { fate, reason }, _) => {
            let open = fate == Fate::Waiting;
            // Once it is closed nobody would look for it again, and an ERP may show late what it has.
            if !open
                && facts.seen.erp.is_none()
                && let Some(reason) = import_orders::may_be_there(pass, row)?
            {
                return Ok(pass.hold(row, &reason)?);
            }
            let outcome = if open { Outcome::Waiting } else { outcome_of(fate) };
            pass.conclude(row, Decided { fate, reason: &reason, hold: None, open }, outcome, &reason, &[])?;
        }
        (Decision::Link { reason, ends, hold }, Some(erp)) => {
            link(pass, row, erp, &reason, "found in the ERP")?;
            note_what_the_channel_has(pass, row, &facts.seen.order, &erp.id, adopted).await?;
            add(&adopted.linked, 1);
            let row = &pass.store.order(&row.channel, &row.id)?.unwrap_or_else(|| row.clone());
            match (hold, ends) {
                (Some(hold), _) => pass.hold(row, &hold)?,
                (None, Some(fate)) => {
                    let decided = Decided { fate, reason: &reason, hold: None, open: false };
                    pass.conclude(row, decided, outcome_of(fate), &reason, &[LINK])?;
                }
                (None, None) => {
                    // Whatever is not in step is for the next run of the passes.
                    pass.store.have_visited(row.row)?;
                    pass.tell(row, Outcome::Imported, true, &reason, &[LINK]);
                }
            }
        }
        (Decision::Left | Decision::Link { .. }, _) => {
            add(&adopted.left, 1);
            pass.store.have_visited(row.row)?;
            pass.tell(row, Outcome::Waiting, true, &Reason::NotImported, &[]);
        }
    }
    Ok(())
}

fn outcome_of(fate: Fate) -> Outcome {
    match fate {
        Fate::Cancelled => Outcome::Cancelled,
        Fate::Imported => Outcome::Imported,
        Fate::Waiting => Outcome::Waiting,
        Fate::Held => Outcome::Held,
        Fate::Skipped => Outcome::Skipped,
    }
}

/// Notes which of the ERP's invoices the channel has: they were sent, whoever remembers it.
async fn note_what_the_channel_has(
    pass: &Pass<'_>,
    row: &OrderRow,
    order: &Order,
    erp: &ErpOrderId,
    adopted: &Adopted,
) -> Result<(), Trouble> {
    if order.packages.is_empty() {
        return Ok(());
    }
    add(&adopted.parcels, order.packages.iter().filter(|package| package.tracking_number.is_some()).count());
    let Some(outgoing) = pass.erp.outgoing(erp).await? else { return Ok(()) };
    for invoice in &outgoing.invoices {
        let number = push_invoices::number(invoice, pass.config.invoices.number_format);
        if push_invoices::counted(order, &invoice.key, &number).is_none() {
            continue;
        }
        add(&adopted.invoices, 1);
        let effect = Effect { channel: &row.channel, order: row.row, action: SEND_INVOICE, of: &invoice.key };
        if pass.store.effect(&effect)?.is_none_or(|known| known.state != State::Done) {
            pass.store.settle(&effect, State::Done, "found on the channel", pass.clock.now())?;
        }
    }
    Ok(())
}

fn add(count: &Cell<usize>, more: usize) {
    count.set(count.get() + more);
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::channel::vtex::convert;
    use crate::config::ImportRule;
    use crate::model::order::sample;
    use crate::model::{Cents, OrderId};

    fn facts(raw: &str, erp: Option<Status>) -> Facts {
        let mut order = sample::order();
        (order.status, order.readiness) = convert::status(Some(raw));
        order.raw_status = raw.into();
        let erp = erp.map(|status| ErpOrder {
            id: ErpOrderId::new("7"),
            number: "7".into(),
            channel: None,
            store_number: OrderId::new(order.id.as_str()),
            invoiced: status.rank() >= Status::Invoiced.rank() && status.rank().is_some(),
            status,
            total: order.total,
            units: None,
            cancelled_at: None,
            cancel_reason: None,
        });
        let seen = import_orders::Facts {
            order,
            cancel_heard: false,
            erp,
            linked: false,
            known_skus: BTreeSet::new(),
            let_in: false,
        };
        Facts { seen, channel_follows: false }
    }

    fn policy() -> Policy {
        Policy {
            since: "2026-11-01T03:00:00Z".parse().unwrap(),
            import: ImportRule::Paid,
            by_method: BTreeMap::new(),
            fulfillment: None,
            carriers: BTreeMap::new(),
            default_carrier: None,
            skus: BTreeMap::new(),
            warehouses: BTreeMap::new(),
            channel_follows: false,
        }
    }

    /// What is decided, in a word or two.
    fn decided(facts: &Facts) -> String {
        match plan(facts, &policy()) {
            Decision::Link { ends, hold, .. } => match (ends, hold) {
                (_, Some(hold)) => format!("link, hold {}", hold.code()),
                (Some(fate), None) => format!("link, {} for good", fate.code()),
                (None, None) => "link".into(),
            },
            Decision::StaysOut { fate, reason } => format!("{} {}", fate.code(), reason.code()),
            Decision::Left => "left".into(),
            Decision::Hold(reason) => format!("hold {}", reason.code()),
        }
    }

    #[test]
    fn what_both_sides_have_is_linked_wherever_it_stands() {
        use Status::{AwaitingPayment, Cancelled, Delivered, Invoiced, Paid};
        for (raw, erp, expected) in [
            ("ready-for-handling", None, "left"),
            ("ready-for-handling", Some(Paid), "link"),
            ("ready-for-handling", Some(Cancelled), "link, hold paid_after_cancellation"),
            ("payment-pending", Some(AwaitingPayment), "link"),
            ("handling", Some(Invoiced), "link"),
            ("invoiced", Some(Paid), "link"),
            ("invoiced", Some(Delivered), "link, imported for good"),
            ("invoiced", None, "skipped finished_elsewhere"),
            ("canceled", None, "cancelled cancelled_on_channel"),
            ("canceled", Some(Paid), "link"),
            ("canceled", Some(Cancelled), "link, cancelled for good"),
            ("canceled", Some(Invoiced), "link, hold cancelled_after_invoice"),
            ("quarantined", None, "hold status_unknown"),
        ] {
            assert_eq!(decided(&facts(raw, erp.clone())), expected, "{raw} against {erp:?}");
        }
    }

    #[test]
    fn another_order_under_the_number_is_held() {
        let mut other = facts("invoiced", Some(Status::Invoiced));
        if let Some(erp) = &mut other.seen.erp {
            erp.total = Cents::new(1);
        }
        assert_eq!(decided(&other), "hold erp_differs");
    }
}
