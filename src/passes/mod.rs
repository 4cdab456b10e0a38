//! The verbs. Each pass file reads the same way: what it promises, its policy and facts, a pure `plan`, and an `apply` that
//! journals around every side effect.
//!
//! What is common to them stands here: the pass itself, visiting orders a bounded number at a time, and sorting errors into
//! "this item waits for the next run" and "this channel's run ends".

pub mod auto_cancel;
pub mod import_orders;
pub mod intake;
pub mod push_invoices;
pub mod push_stock;
pub mod push_tracking;
mod pushing;
pub mod sync_payments;
mod take_over;

use std::cell::RefCell;
use std::collections::BTreeMap;

use intake::Backfill;

use futures_util::{StreamExt, stream};

use crate::channel::Channel;
use crate::clock::Clock;
use crate::config::ChannelConfig;
use crate::erp::{Erp, ErpError};
use crate::exit::Exit;
use crate::http::{CallError, StopCause, Triage};
use crate::lock::LockError;
use crate::model::{Line, OrderId, Sku, Status};
use crate::reason::Reason;
use crate::report::{Item, Outcome, Reporter, Tally};
use crate::stop::{Stop, StopReason};
use crate::store::Store;
use crate::store::orders::{Decided, Fate, OrderRow, Visit};

/// How many rows are fetched from the state file at a time.
const CHUNK: usize = 200;

/// The verbs, each with what only it takes.
#[derive(Clone, Copy, Debug)]
pub enum Verb<'a> {
    /// New orders into the ERP.
    ImportOrders(Option<Backfill>),
    /// Payments and cancellations into the ERP.
    SyncPayments,
    /// Unpaid orders cancelled on both sides.
    AutoCancel {
        /// A person has looked at what the brake stopped.
        confirm: bool,
    },
    /// Invoices to the channel.
    PushInvoices,
    /// Tracking and deliveries to the channel.
    PushTracking,
    /// Stock to the channel.
    PushStock(push_stock::Request<'a>),
}

impl Verb<'_> {
    /// Its name on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ImportOrders(_) => "import-orders",
            Self::SyncPayments => "sync-payments",
            Self::AutoCancel { .. } => "auto-cancel",
            Self::PushInvoices => "push-invoices",
            Self::PushTracking => "push-tracking",
            Self::PushStock(_) => "push-stock",
        }
    }

    /// Makes one pass.
    pub async fn run(&self, pass: &Pass<'_>) {
        match self {
            Self::ImportOrders(backfill) => import_orders::run(pass, *backfill).await,
            Self::SyncPayments => sync_payments::run(pass).await,
            Self::AutoCancel { confirm } => auto_cancel::run(pass, *confirm).await,
            Self::PushInvoices => push_invoices::run(pass).await,
            Self::PushTracking => push_tracking::run(pass).await,
            Self::PushStock(request) => push_stock::run(pass, *request).await,
        }
    }
}

/// One run of one verb for one channel.
pub struct Pass<'a> {
    /// The verb, as on the command line.
    pub verb: &'static str,
    /// The sales platform.
    pub channel: &'a Channel,
    /// Its part of the configuration.
    pub config: &'a ChannelConfig,
    /// The back office.
    pub erp: &'a Erp,
    /// The state file, or a scratch copy of it in a dry run.
    pub store: &'a Store,
    /// The clock.
    pub clock: &'a Clock,
    /// Whether to stop.
    pub stop: &'a Stop,
    /// Where results go.
    pub report: &'a Reporter,
    /// Stop after the plan: nothing is sent, acknowledged or kept.
    pub dry_run: bool,
    /// The orders a person asked for; empty for all that need a visit.
    pub orders: &'a [OrderId],
    /// Counts so far.
    pub tally: RefCell<Tally>,
    /// Why the run ends early, once it does.
    pub halt: RefCell<Option<(Exit, String)>>,
}

/// What kept a visit from its conclusion.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A call to the channel failed.
    #[error(transparent)]
    Channel(#[from] CallError),
    /// The ERP did not do what was asked.
    #[error(transparent)]
    Erp(#[from] ErpError),
    /// Stock and orders of the channel cannot be kept apart.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The state file cannot be used.
    #[error("the state file cannot be used: {0}")]
    State(#[from] rusqlite::Error),
}

impl Trouble {
    /// Why the item it affects is held.
    fn reason(&self) -> Reason {
        match self {
            Self::Erp(ErpError::Refused { code, message }) => {
                Reason::ErpRefused { refusal: (*code).to_owned(), message: message.clone() }
            }
            other => Reason::CallFailed { message: other.to_string() },
        }
    }

    /// Whether the run ends, and how; `None` when only this item is affected.
    fn ends_run(&self, stop: &Stop) -> Option<Exit> {
        let call = match self {
            Self::Channel(call) | Self::Erp(ErpError::Call(call)) => call,
            Self::Erp(ErpError::Refused { .. }) => return None,
            Self::Lock(LockError::Stopped(reason)) => return Some(exit_of(Some(*reason))),
            Self::Erp(ErpError::File(_)) | Self::Lock(_) | Self::State(_) => return Some(Exit::Failed),
        };
        match call.triage() {
            Triage::RetryLater | Triage::SkipItem => None,
            Triage::StopRun(StopCause::Credentials) => Some(Exit::Config),
            Triage::StopRun(StopCause::Down | StopCause::Limited) => Some(Exit::Unavailable),
            Triage::StopRun(StopCause::Interrupted) => Some(exit_of(stop.reason())),
        }
    }
}

/// The exit code for having been asked to stop.
pub fn exit_of(reason: Option<StopReason>) -> Exit {
    match reason {
        Some(StopReason::Interrupted) => Exit::Interrupted,
        Some(StopReason::Terminated) => Exit::Terminated,
        Some(StopReason::TimeBudget) | None => Exit::TimeBudget,
    }
}

impl Pass<'_> {
    /// Ends the run; the first reason stays.
    pub fn end(&self, exit: Exit, message: impl Into<String>) {
        let mut halt = self.halt.borrow_mut();
        if halt.is_none() {
            *halt = Some((exit, message.into()));
        }
    }

    /// Whether to begin nothing further.
    pub fn halted(&self) -> bool {
        if self.halt.borrow().is_some() {
            return true;
        }
        match self.stop.reason() {
            None => false,
            Some(reason) => {
                self.end(exit_of(Some(reason)), reason.to_string());
                true
            }
        }
    }

    /// Visits every order that needs it, a bounded number at a time, in a stable order. One that fails does not stop the others,
    /// unless its failure is everybody's.
    pub async fn visit_all(&self, visit: Visit, one: impl AsyncFn(&OrderRow) -> Result<(), Trouble>) {
        self.visit_each(|after| self.store.to_visit(self.channel.name(), visit, after, CHUNK), one).await;
    }

    /// As [`Pass::visit_all`], with the rows that `next` gives after a row.
    async fn visit_each(
        &self,
        next: impl Fn(i64) -> rusqlite::Result<Vec<OrderRow>>,
        one: impl AsyncFn(&OrderRow) -> Result<(), Trouble>,
    ) {
        if !self.orders.is_empty() {
            let now = self.clock.now();
            let rows = self.orders.iter().map(|id| self.store.order_or_new(self.channel.name(), id, now)).collect();
            self.visit_rows(rows, &one).await;
            return;
        }
        let mut after = 0;
        while !self.halted() {
            let rows = next(after);
            match rows.as_deref().map(|rows| rows.last().map(|row| row.row)) {
                Ok(None) => return,
                Ok(Some(last)) => after = last,
                Err(_) => {}
            }
            self.visit_rows(rows, &one).await;
        }
    }

    async fn visit_rows(
        &self,
        rows: rusqlite::Result<Vec<OrderRow>>,
        one: &impl AsyncFn(&OrderRow) -> Result<(), Trouble>,
    ) {
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => return self.end(Exit::Failed, Trouble::State(error).to_string()),
        };
        self.report.expect(rows.len());
        stream::iter(&rows)
            .map(|row| async move {
                if !self.halted() {
                    if let Err(trouble) = one(row).await {
                        self.fail(row, &trouble);
                    }
                    self.report.advance();
                }
            })
            .buffered(self.config.limits.in_flight)
            .for_each(|()| std::future::ready(()))
            .await;
    }

    /// An item that failed is held and tried again by the next run; trouble that is everybody's ends the run.
    fn fail(&self, row: &OrderRow, trouble: &Trouble) {
        if let Some(exit) = trouble.ends_run(self.stop) {
            return self.end(exit, trouble.to_string());
        }
        if let Err(error) = self.hold(row, &trouble.reason()) {
            self.end(Exit::Failed, Trouble::State(error).to_string());
        }
    }

    /// Holds an order: it keeps the fate `imported` if it is in the ERP.
    fn hold(&self, row: &OrderRow, reason: &Reason) -> rusqlite::Result<()> {
        let current = self.store.order(&row.channel, &row.id)?.unwrap_or_else(|| row.clone());
        let linked = current.erp_id.is_some();
        let why = if linked { current.fate_why.clone() } else { None }.unwrap_or_else(|| reason.clone());
        let fate = if linked { Fate::Imported } else { Fate::Held };
        self.conclude(
            &OrderRow { heard: row.heard, ..current.clone() },
            Decided { fate, reason: &why, hold: Some(reason), open: true },
            Outcome::Held,
            reason,
            &[],
        )
    }

    /// The channel does not have the order. One that only a person named is reported and forgotten: a slip of the hand is no hold.
    fn not_on_channel(&self, row: &OrderRow) -> rusqlite::Result<()> {
        if self.store.forget_if_only_named(row.row)? {
            self.failed(row, Reason::NotOnChannel);
            Ok(())
        } else {
            self.hold(row, &Reason::NotOnChannel)
        }
    }

    /// A person named an order that is not in the ERP, to a pass that follows orders in the ERP.
    fn not_imported(&self, row: &OrderRow) -> rusqlite::Result<()> {
        self.failed(row, row.fate_why.clone().unwrap_or(Reason::NotImported));
        self.store.forget_if_only_named(row.row).map(|_| ())
    }

    /// What a person asked for cannot be done; nothing of it is kept.
    fn failed(&self, row: &OrderRow, reason: Reason) {
        self.tally.borrow_mut().count(Outcome::Failed, None);
        self.report.item(&Item {
            channel: row.channel.clone(),
            order: row.id.clone(),
            outcome: Outcome::Failed,
            changed: true,
            erp_number: None,
            reason,
            actions: Vec::new(),
            dry_run: self.dry_run,
        });
    }

    /// Records and reports what a visit concluded.
    fn conclude(
        &self,
        row: &OrderRow,
        decided: Decided<'_>,
        outcome: Outcome,
        reason: &Reason,
        actions: &[&'static str],
    ) -> rusqlite::Result<()> {
        self.store.decide(row, &decided, self.clock.now())?;
        let current = self.store.order(&row.channel, &row.id)?;
        self.tally.borrow_mut().count(outcome, current.as_ref().and_then(|row| row.total));
        self.report.item(&Item {
            channel: row.channel.clone(),
            order: row.id.clone(),
            outcome,
            changed: row.fate != Some(decided.fate) || !actions.is_empty() || outcome == Outcome::Held,
            erp_number: current.and_then(|row| row.erp_number),
            reason: reason.clone(),
            actions: actions.to_vec(),
            dry_run: self.dry_run,
        });
        Ok(())
    }
}

/// The ERP's code for a line, whether or not the ERP knows it: the configured one before the channel's own reference.
fn erp_code(skus: &BTreeMap<String, Sku>, line: &Line) -> Option<Sku> {
    skus.get(line.channel_sku.as_str()).or(line.reference.as_ref()).cloned()
}

/// Whether a status is one of those for which an order that was never imported stays out for good.
fn finished(status: &Status) -> bool {
    matches!(status, Status::Returned) || status.rank() >= Status::Invoiced.rank() && status.rank().is_some()
}
