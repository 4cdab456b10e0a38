//! The verbs. Each pass file reads the same way: what it promises, its policy and facts, a pure `plan`, and an `apply` that
//! journals around every side effect.
//!
//! What is common to them stands here: the pass itself, visiting orders a bounded number at a time, and sorting errors into
//! "this item waits for the next run" and "this channel's run ends".

pub mod account;
pub mod adopt;
pub mod auto_cancel;
pub mod cancel_desk;
mod few;
pub mod import_orders;
pub mod intake;
mod permit;
pub mod push_invoices;
pub mod push_stock;
pub mod push_tracking;
mod pushing;
pub mod reconcile;
pub mod sync_payments;
mod take_over;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use few::Few;
use intake::Backfill;
pub use permit::Plan;

use futures_util::{StreamExt, stream};

use crate::channel::{Channel, Reading};
use crate::clock::Clock;
use crate::config::ChannelConfig;
use crate::erp::{Erp, ErpError, ErpOrder};
use crate::exit::Exit;
use crate::http::{CallError, StopCause, Triage};
use crate::lang::{say, word};
use crate::lock::{Handover, LockError};
use crate::model::{ErpOrderId, Instant, Line, Order, OrderId, Sku, Status};
use crate::reason::Reason;
use crate::report::{Item, Outcome, Reporter, StockItem, Tally, Warning};
use crate::stop::{Stop, StopReason};
use crate::store::orders::{Decided, Fate, OrderRow};
use crate::store::visits::Visit;
use crate::store::{Store, sqlite};

/// How many rows are fetched from the state file at a time.
const CHUNK: usize = 200;

/// How often it is looked whether what was told is read.
const UNREAD: Duration = Duration::from_millis(20);

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
    /// All names, in the safe order.
    pub const NAMES: [&'static str; 6] =
        ["import-orders", "sync-payments", "auto-cancel", "push-invoices", "push-tracking", "push-stock"];

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

    /// Whether it is not about everything, since a person named what it is about.
    pub fn is_narrowed(&self) -> bool {
        match self {
            Self::ImportOrders(backfill) => backfill.is_some(),
            Self::PushStock(request) => !request.skus.is_empty(),
            _ => false,
        }
    }

    /// Whether it goes by nothing that earlier runs were told.
    pub fn is_from_scratch(&self) -> bool {
        matches!(self, Self::PushStock(request) if request.full || !request.skus.is_empty())
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
        let unread = pass.erp.take_unread();
        if unread > 0 {
            pass.fall_short(
                Exit::Unavailable,
                say!(
                    "the ERP did not answer for {unread} of its orders, so what became of them is not known; the next run asks again"
                        | "o ERP não respondeu sobre {unread} dos seus pedidos, e não se sabe o que foi deles; a próxima execução \
                           pergunta de novo"
                ),
            );
        }
        if !pass.halted()
            && let Err(error) = pass.tell_what_is_over()
        {
            pass.end(Exit::Failed, Trouble::State(error).to_string());
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
    /// The plan that is made, or carried out.
    pub plan: Plan<'a>,
    /// Counts so far.
    pub tally: RefCell<Tally>,
    /// Why the run ends early, once it does.
    pub halt: RefCell<Option<(Exit, String)>>,
    /// What it lacks although it goes on to its end.
    pub shortfall: RefCell<Option<(Exit, String)>>,
    /// What keeps orders that are handed over apart from stock that is pushed, once it is needed.
    pub handover: OnceCell<Handover>,
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
    #[error("{}", say!(
        "the state file cannot be used: {}" | "o arquivo de estado não pode ser usado: {}",
        sqlite::said(_0)
    ))]
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

    /// Whether the host failed at this item's own call, whatever follows from that for the run.
    fn is_of_item(&self) -> bool {
        matches!(self, Self::Channel(call) | Self::Erp(ErpError::Call(call))
            if call.triage() == Triage::StopRun(StopCause::Down) && call.is_of_itself())
    }

    /// Whether the run ends, and how; `None` when only this item is affected.
    pub fn ends_run(&self, stop: &Stop) -> Option<Exit> {
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
            Triage::StopRun(StopCause::StateFile) => Some(Exit::Failed),
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
    /// Ends the run; the first reason stays. A run that was told to stop says so in the words of what told it, however the
    /// request came to light.
    pub fn end(&self, exit: Exit, message: impl Into<String>) {
        let mut halt = self.halt.borrow_mut();
        if halt.is_none() {
            let told = self.stop.reason().filter(|reason| exit == exit_of(Some(*reason)));
            *halt = Some((exit, told.map_or_else(|| message.into(), |reason| reason.to_string())));
        }
    }

    /// Notes what the run could not do, and goes on: its exit code tells. The first reason stays.
    pub fn fall_short(&self, exit: Exit, message: impl Into<String>) {
        self.shortfall.borrow_mut().get_or_insert_with(|| (exit, message.into()));
    }

    /// What keeps orders that are handed over apart from stock that is pushed.
    fn handover(&self) -> Result<&Handover, LockError> {
        if let Some(handover) = self.handover.get() {
            return Ok(handover);
        }
        let opened = Handover::of(self.store.path(), self.channel.name())?;
        Ok(self.handover.get_or_init(|| opened))
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

    /// Visits every order that needs it, a bounded number at a time; each is done with as it comes, so that a slow one keeps
    /// nobody waiting. One that fails does not stop the others, unless its failure is everybody's.
    pub async fn visit_all(&self, visit: Visit, one: impl AsyncFn(&OrderRow) -> Result<(), Trouble>) {
        self.visit_queue(|| self.store.to_visit(self.channel.name(), visit, self.clock.now()), one).await;
    }

    /// As [`Pass::visit_all`], with the rows of a queue.
    async fn visit_queue(
        &self,
        queue: impl FnOnce() -> rusqlite::Result<Vec<i64>>,
        one: impl AsyncFn(&OrderRow) -> Result<(), Trouble>,
    ) {
        let queue = if self.orders.is_empty() { queue() } else { Ok(Vec::new()) };
        match queue {
            Err(error) => self.end(Exit::Failed, Trouble::State(error).to_string()),
            Ok(queue) => {
                let mut chunks = queue.chunks(CHUNK);
                self.visit_each(|_| chunks.next().map_or(Ok(Vec::new()), |rows| self.store.orders_at(rows)), one).await;
            }
        }
    }

    /// As [`Pass::visit_all`], with the rows that `next` gives after a row, until it gives none.
    async fn visit_each(
        &self,
        mut next: impl FnMut(i64) -> rusqlite::Result<Vec<OrderRow>>,
        one: impl AsyncFn(&OrderRow) -> Result<(), Trouble>,
    ) {
        if !self.orders.is_empty() {
            self.report.expect(self.orders.len());
            let now = self.clock.now();
            let named = self.orders.iter().map(|id| self.store.order_or_new(self.channel.name(), id, now));
            return self.visit_rows(named, &one).await;
        }
        let (mut chunk, mut after) = (Vec::new().into_iter(), 0);
        let rows = std::iter::from_fn(|| {
            if chunk.len() == 0 {
                match next(after) {
                    Ok(rows) => chunk = rows.into_iter(),
                    Err(error) => return Some(Err(error)),
                }
                self.report.expect(chunk.len());
            }
            let row: OrderRow = chunk.next()?;
            after = row.row;
            Some(Ok(row))
        });
        self.visit_rows(rows, &one).await;
    }

    /// Visits these rows, each taken from the iterator only when its turn comes. Those whose calls fail on each run come last, a
    /// [few](Few) at a time as long as one of them gets through: so many in a row would count as a host that is down, end the run, and
    /// keep back all others every time.
    async fn visit_rows(
        &self,
        rows: impl Iterator<Item = rusqlite::Result<OrderRow>>,
        one: &impl AsyncFn(&OrderRow) -> Result<(), Trouble>,
    ) {
        let failing = match self.orders {
            // Each is looked at, or it is not accounted for.
            _ if self.verb == "adopt" => Ok(Vec::new()),
            [] => self.store.orders_whose_calls_fail(self.channel.name(), self.holds_as()),
            _ => Ok(Vec::new()),
        };
        let places: HashMap<i64, usize> = match failing {
            Ok(failing) => failing.into_iter().enumerate().map(|(place, row)| (row, place)).collect(),
            Err(error) => return self.end(Exit::Failed, Trouble::State(error).to_string()),
        };
        let (mut rows, mut put_off) = (rows, BTreeMap::new());
        let others = std::iter::from_fn(|| {
            loop {
                let row = rows.next()?;
                match row.as_ref().ok().and_then(|row| Some((*places.get(&row.row)?, row.row))) {
                    Some((place, row)) => drop(put_off.insert(place, row)),
                    None => return Some(row),
                }
            }
        });
        self.visit_some(others, self.config.limits.at_once(), one).await;
        let put_off: Vec<i64> = put_off.into_values().collect();
        let mut some = Some(Few::of(&put_off, 1));
        while let Some((few, next)) = some.take().and_then(Few::next)
            && !self.halted()
        {
            match self.visit_few(few, one).await {
                Ok(failed) => {
                    if failed == few.len() {
                        self.doubt_hosts();
                    }
                    some = next.after(failed);
                }
                Err(error) => self.end(Exit::Failed, Trouble::State(error).to_string()),
            }
        }
    }

    /// Visits so few orders that nothing follows for the host if each of them fails. Gives how many did.
    async fn visit_few(
        &self,
        few: &[i64],
        one: &impl AsyncFn(&OrderRow) -> Result<(), Trouble>,
    ) -> rusqlite::Result<usize> {
        let begun = self.clock.now();
        self.channel.count_failures_anew();
        self.erp.count_failures_anew();
        let rows = self.store.orders_at(few)?.into_iter().map(Ok);
        self.visit_some(rows, self.config.limits.at_once().min(few.len()), one).await;
        self.store.calls_failed_since(few, self.holds_as(), begun)
    }

    /// Where nothing else got an answer either, what failed again may be the host's failure after all.
    pub(crate) fn doubt_hosts(&self) {
        if !(self.channel.has_answered() && self.erp.has_answered()) {
            let message = word!(
                "what failed before failed again, and nothing else was answered: the host may be down"
                    | "o que já havia falhado falhou de novo, e nada mais foi respondido: o servidor pode estar fora do ar"
            );
            self.fall_short(Exit::Unavailable, message);
        }
    }

    /// Under which name the pass holds orders: its own, where it holds them for itself.
    fn holds_as(&self) -> &'static str {
        if matches!(self.verb, "push-invoices" | "push-tracking") { self.verb } else { "" }
    }

    async fn visit_some(
        &self,
        rows: impl Iterator<Item = rusqlite::Result<OrderRow>>,
        at_once: usize,
        one: &impl AsyncFn(&OrderRow) -> Result<(), Trouble>,
    ) {
        let mut rows = rows;
        let begun = std::iter::from_fn(|| match (!self.halted()).then(|| rows.next())?? {
            Ok(row) => Some(row),
            Err(error) => {
                self.end(Exit::Failed, Trouble::State(error).to_string());
                None
            }
        });
        stream::iter(begun)
            .map(|row| async move {
                self.is_read().await;
                let begun = self.clock.now();
                if let Err(trouble) = one(&row).await {
                    self.fail(&row, &trouble, begun);
                }
                if let Err(error) = self.store.pause().await {
                    self.end(Exit::Failed, Trouble::State(error).to_string());
                }
                self.report.advance();
            })
            .buffer_unordered(at_once)
            .for_each(|()| std::future::ready(()))
            .await;
    }

    /// Waits while too much of what was told is not read yet. Called where no lock is held that others wait for.
    async fn is_read(&self) {
        while self.report.is_behind() && !self.halted() && self.stop.sleep(UNREAD).await.is_ok() {}
    }

    /// Reads an order fresh from its channel and records what it says; or gives the reason to hold it.
    async fn read_channel(&self, row: &OrderRow) -> Result<Result<Order, Reason>, Trouble> {
        let asked_at = self.clock.now();
        match self.channel.read_order(&row.id).await? {
            Reading::Order(order) => {
                self.store.record_reading(row.row, &order, asked_at, self.clock.now())?;
                Ok(Ok(*order))
            }
            Reading::Absent => Ok(Err(Reason::NotOnChannel)),
            Reading::Unreadable(problem) => Ok(Err(Reason::Unreadable { at: problem.at, problem: problem.problem })),
        }
    }

    /// Reads a linked order fresh from the ERP and records its status; or gives the reason to hold it.
    async fn read_erp(&self, row: &OrderRow, id: &ErpOrderId) -> Result<Result<ErpOrder, Reason>, Trouble> {
        let read = self.erp.read_order(id).await?;
        self.as_read(row, id, read)
    }

    /// The same, as the ERP told it a moment ago: enough to see that there is nothing to do, and the ERP itself looks again before it
    /// changes an order.
    async fn recall_erp(&self, row: &OrderRow, id: &ErpOrderId) -> Result<Result<ErpOrder, Reason>, Trouble> {
        let known = self.erp.last_known(id).await?;
        self.as_read(row, id, known)
    }

    fn as_read(
        &self,
        row: &OrderRow,
        id: &ErpOrderId,
        read: Option<ErpOrder>,
    ) -> Result<Result<ErpOrder, Reason>, Trouble> {
        let Some(erp) = read.filter(|erp| erp.store_number == row.id) else {
            let number = row.erp_number.clone().unwrap_or_else(|| id.to_string());
            let message = say!(
                "it has no order {number} with store number {} any more"
                    | "não tem mais o pedido {number} com o número da loja {}",
                row.id
            );
            return Ok(Err(Reason::ErpRefused { refusal: "not_found".into(), message }));
        };
        self.store.record_erp_status(row.row, &erp.status)?;
        Ok(Ok(erp))
    }

    /// An item that failed is held and tried again by the next run; trouble that is everybody's ends the run.
    fn fail(&self, row: &OrderRow, trouble: &Trouble, begun: Instant) {
        let noted = match trouble.ends_run(self.stop) {
            Some(exit) => {
                self.end(exit, trouble.to_string());
                self.hold_if_it_failed(row, trouble, begun)
            }
            None => self.hold(row, &trouble.reason()),
        };
        if let Err(error) = noted {
            self.end(Exit::Failed, Trouble::State(error).to_string());
        }
    }

    /// Holds an order whose own call failed, though that counts as the host's failure, unless the visit that began then has done so.
    /// Else it would be the first again on the next run, and never known for what it is.
    fn hold_if_it_failed(&self, row: &OrderRow, trouble: &Trouble, begun: Instant) -> rusqlite::Result<()> {
        // A pass that holds orders for itself has done so.
        if self.store.forget_if_only_named(row.row)? || !trouble.is_of_item() || !self.holds_as().is_empty() {
            return Ok(());
        }
        // What is over is looked at again in its time.
        if row.fate == Some(Fate::Cancelled) {
            return Ok(());
        }
        match self.store.calls_failed_since(&[row.row], self.holds_as(), begun)? {
            0 => self.hold(row, &trouble.reason()),
            _ => Ok(()),
        }
    }

    /// Holds an order. What is in the ERP or cancelled keeps its fate, and so does any for which only a call failed, or that waits and
    /// could not be cancelled.
    ///
    /// An order of which nothing is known but that a person named it is reported and forgotten: a slip of the hand is no hold. One that
    /// a person left out is reported and stays out.
    fn hold(&self, row: &OrderRow, reason: &Reason) -> rusqlite::Result<()> {
        if self.store.forget_if_only_named(row.row)? {
            self.failed(row, reason.clone());
            return Ok(());
        }
        let current = self.store.order(&row.channel, &row.id)?.unwrap_or_else(|| row.clone());
        if current.is_left_out() {
            self.failed(row, reason.clone());
            return Ok(());
        }
        let is_settled = current.erp_id.is_some() || current.fate == Some(Fate::Cancelled);
        let keeps_fate = is_settled || matches!(reason, Reason::CallFailed { .. }) || auto_cancel::is_ours(reason);
        let kept = current.fate.filter(|_| keeps_fate);
        let fate = kept.unwrap_or(Fate::Held);
        let why = current.fate_why.clone().filter(|_| kept.is_some()).unwrap_or_else(|| reason.clone());
        self.conclude(
            &OrderRow { heard: row.heard, ..current },
            Decided { fate, reason: &why, hold: Some(reason), open: true },
            Outcome::Held,
            reason,
            &[],
        )
    }

    /// A person named an order that is not in the ERP, to a pass that follows orders in the ERP.
    fn not_imported(&self, row: &OrderRow) -> rusqlite::Result<()> {
        self.failed(row, row.fate_why.clone().unwrap_or(Reason::NotImported));
        self.store.forget_if_only_named(row.row).map(|_| ())
    }

    /// Whether a quiet run has told this lately. When in doubt it is told, and so is all that became of a plan that a person gave.
    fn is_echo(&self, is_due: impl FnOnce(Instant) -> rusqlite::Result<bool>) -> bool {
        self.report.is_quiet() && !self.plan.is_given() && matches!(is_due(self.clock.now()), Ok(false))
    }

    /// Warns a person.
    fn warn(&self, warning: &Warning) {
        let words = serde_json::to_string(warning).unwrap_or_default();
        if !self.is_echo(|now| self.store.remind(&words, now)) {
            self.report.warning(warning);
        }
    }

    /// What a person asked for cannot be done; nothing of it is kept.
    fn failed(&self, row: &OrderRow, reason: Reason) {
        self.plan.hears_of_order(&row.id);
        self.tally.borrow_mut().order(Outcome::Failed, row.row, None);
        self.report.item(&Item {
            channel: row.channel.clone(),
            order: row.id.clone(),
            outcome: Outcome::Failed,
            changed: true,
            erp_number: None,
            reason,
            actions: Vec::new(),
            dry_run: self.dry_run,
            plan: None,
        });
    }

    /// Counts and reports a product for which there is no number.
    fn tell_product(&self, sku: &Sku, outcome: Outcome, reason: Reason) {
        self.plan.hears_of_product(sku);
        self.tally.borrow_mut().product(outcome);
        self.report.stock(&StockItem {
            channel: self.channel.name().clone(),
            sku: sku.clone(),
            channel_sku: None,
            warehouse: None,
            quantity: None,
            before: None,
            outcome,
            parts: None,
            reason: Some(reason),
            dry_run: self.dry_run,
            plan: None,
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
        // What a dry run would only bring into the ERP is not there, and so still in flight for the stock it plans next.
        let is_only_planned = self.dry_run && decided.fate == Fate::Imported && row.erp_id.is_none();
        if !is_only_planned {
            self.store.decide(row, &decided, self.clock.now())?;
        }
        let is_news = row.fate != Some(decided.fate) || !actions.is_empty() || outcome == Outcome::Held;
        let (erp_number, total) = self.store.to_tell(row.row)?;
        self.tell(&OrderRow { erp_number, total, ..row.clone() }, outcome, is_news, reason, actions);
        Ok(())
    }

    /// Counts and reports what a visit came to.
    fn tell(&self, row: &OrderRow, outcome: Outcome, is_news: bool, reason: &Reason, actions: &[&'static str]) {
        self.tally.borrow_mut().order(outcome, row.row, row.total);
        if outcome == Outcome::Held {
            self.plan.hears_of_order(&row.id);
        }
        if outcome == Outcome::Held && self.is_echo(|now| self.store.remind_of_hold(row.row, "", now)) {
            return;
        }
        self.report.item(&Item {
            channel: row.channel.clone(),
            order: row.id.clone(),
            outcome,
            changed: is_news,
            erp_number: row.erp_number.clone(),
            reason: reason.clone(),
            actions: actions.iter().map(|name| (*name).to_owned()).collect(),
            dry_run: self.dry_run,
            plan: self.noted_plan(&row.id),
        });
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
