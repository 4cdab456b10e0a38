//! Whether what was decided on may be carried out: a dry run notes it as its plan, and a plan that a person gave is carried out as long
//! as it is still true.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Pass;
use crate::erp::ErpOrder;
use crate::model::{Order, OrderId, Sku};
use crate::plan::{Entry, Planned, Subject, facts};
use crate::reason::Reason;
use crate::report::Outcome;
use crate::store::Store;
use crate::store::orders::OrderRow;

/// The plan that a run makes, or carries out.
#[derive(Debug, Default)]
pub struct Plan<'a> {
    /// What is to be carried out, and nothing else; `None` for whatever is due.
    given: Option<&'a BTreeMap<Subject, Planned>>,
    /// What of it a person hears of without being told that it is over: it came to be decided on, or something kept it from that.
    heard: RefCell<BTreeSet<Subject>>,
    /// What a dry run plans, until it is told.
    noted: RefCell<BTreeMap<OrderId, Planned>>,
}

impl<'a> Plan<'a> {
    /// The plan to carry out, if a person gave one.
    pub fn given(given: Option<&'a BTreeMap<Subject, Planned>>) -> Self {
        Self { given, ..Self::default() }
    }

    /// Whether a plan is carried out.
    pub(super) fn is_given(&self) -> bool {
        self.given.is_some()
    }

    /// Notes that a person hears what became of an order.
    pub(super) fn hears_of_order(&self, id: &OrderId) {
        self.heard.borrow_mut().insert(Subject::Order(id.clone()));
    }

    /// Notes that a person hears what became of a product, wherever it is.
    pub(super) fn hears_of_product(&self, sku: &Sku) {
        let planned = self.given.into_iter().flat_map(BTreeMap::keys);
        let of_it = planned.filter(|subject| matches!(subject, Subject::Stock(of, _) if of == sku));
        self.heard.borrow_mut().extend(of_it.cloned());
    }

    /// What a plan says of a subject; `None` when no plan was given.
    fn entry(&self, subject: &Subject) -> Option<Option<&Planned>> {
        self.given.map(|given| given.get(subject))
    }
}

/// Whether an action may be carried out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Permit {
    /// It may.
    Given,
    /// It is a dry run's, which tells of it.
    OnlyTold,
    /// It may not: the plan says otherwise.
    Refused(Reason),
}

impl Pass<'_> {
    /// Whether what was decided on for an order may be carried out. Called once both sides were read, and before anything is done.
    pub(super) fn permit(&self, id: &OrderId, planned: impl FnOnce() -> Planned) -> Permit {
        if self.dry_run {
            self.plan.noted.borrow_mut().insert(id.clone(), planned());
            return Permit::OnlyTold;
        }
        self.permit_given(&Subject::Order(id.clone()), planned)
    }

    /// As [`Pass::permit`], where no dry run comes.
    pub(super) fn permit_given(&self, subject: &Subject, planned: impl FnOnce() -> Planned) -> Permit {
        let Some(given) = self.plan.entry(subject) else { return Permit::Given };
        let now = planned();
        // With nothing to do nothing can go wrong; that the plan is over is told at the end.
        if now.actions.is_empty() {
            return Permit::Given;
        }
        self.plan.heard.borrow_mut().insert(subject.clone());
        match given.map(|given| given.changed_since(&now)) {
            Some(changed) if changed.is_empty() => Permit::Given,
            Some(changed) => Permit::Refused(Reason::PlanStale { changed }),
            None => Permit::Refused(Reason::PlanOver),
        }
    }

    /// Whether a plan that was given says anything of a subject; without one, whatever is due is.
    pub(super) fn is_planned(&self, subject: &Subject) -> bool {
        self.plan.entry(subject).is_none_or(|entry| entry.is_some())
    }

    /// Whether one more action of an order may be carried out after the first changed what was read: only what stands in the plan.
    pub(super) fn permits_next(&self, id: &OrderId, action: &Value) -> bool {
        match self.plan.entry(&Subject::Order(id.clone())) {
            None => true,
            Some(given) => given.is_some_and(|given| given.actions.contains(action)),
        }
    }

    /// What a dry run tells of an order beside its reason.
    pub(super) fn noted_plan(&self, id: &OrderId) -> Option<Entry> {
        let planned = self.plan.noted.borrow_mut().remove(id).filter(|planned| !planned.actions.is_empty())?;
        Some(self.entry(planned))
    }

    /// A plan as it is told.
    pub(super) fn entry(&self, planned: Planned) -> Entry {
        Entry { pass: self.verb.to_owned(), state: self.store.mark(), planned }
    }

    /// Leaves an order as it is, since its plan is not true any more.
    pub(super) fn refuse(&self, row: &OrderRow, reason: Reason) -> rusqlite::Result<()> {
        self.store.forget_if_only_named(row.row)?;
        self.failed(row, reason);
        Ok(())
    }

    /// Tells of the orders and products of which nothing that was planned came to be decided on.
    pub(super) fn tell_what_is_over(&self) -> rusqlite::Result<()> {
        for subject in self.plan.given.into_iter().flat_map(BTreeMap::keys) {
            if self.plan.heard.borrow().contains(subject) {
                continue;
            }
            match subject {
                Subject::Order(id) => {
                    let row = self.store.order_or_new(self.channel.name(), id, self.clock.now())?;
                    self.refuse(&row, Reason::PlanOver)?;
                }
                Subject::Stock(sku, _) => self.tell_product(sku, Outcome::Failed, Reason::PlanOver),
            }
        }
        Ok(())
    }
}

/// What every plan of an order rests on: how it stands on both sides.
pub(super) fn both_sides(store: &Store, order: &Order, erp: Option<&ErpOrder>) -> BTreeMap<String, Value> {
    // When the channel last touched it tells of no change by itself.
    let read = Order { changed_at: None, ..order.clone() };
    facts([
        ("channel_status", order.raw_status.clone().into()),
        ("channel_total_cents", order.total.get().into()),
        ("channel_order", seal(store, &read)),
        ("erp_number", erp.map(|erp| erp.number.clone()).into()),
        ("erp_status", erp.map_or(Value::Null, |erp| json!(erp.status.code()))),
        // Not every reading of the ERP counts units.
        ("erp_order", erp.map_or(Value::Null, |erp| seal(store, &ErpOrder { units: None, ..erp.clone() }))),
    ])
}

/// A digest in place of what may be personal data, or is too much to read.
pub(super) fn seal(store: &Store, value: &impl std::hash::Hash) -> Value {
    store.customer_key().seal(value).into()
}
