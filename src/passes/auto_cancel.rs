//! auto-cancel: an order that nobody paid by its deadline is cancelled on the channel and then in the ERP; one that a person
//! cancelled in the ERP is cancelled on the channel.
//!
//! Never one that is paid, under review, invoiced or in the warehouse's hands, held, from a marketplace, or of which anything is
//! unsure: whatever is missing errs to waiting. A run surveys first, announces what is due, and stops at the brake when it would
//! cancel too many; then it reads both sides and the payment once more right before each cancellation. Between that reading and
//! the cancellation a payment can still come, which nothing on this side can prevent: cancelled orders are [watched](watch) for it.

mod carry_out;
mod deadline;
mod watch;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use chrono::TimeDelta;

pub(super) use self::carry_out::{conclude, on_channel, refused_by_marketplace};
use self::deadline::Deadline;
use super::{CHUNK, Pass, Trouble, import_orders, sync_payments};
use crate::channel::{PaymentWord, Reading};
use crate::config::AutoCancel;
use crate::erp::ErpOrder;
use crate::exit::Exit;
use crate::lang::{say, word};
use crate::model::calendar::BankCalendar;
use crate::model::{ErpOrderId, Instant, Order, PaymentMethod, Readiness, Status};
use crate::plan::Planned;
use crate::reason::Reason;
use crate::report::Outcome;
use crate::store::cancels::{CANCEL_ON_CHANNEL, CancelNotes};
use crate::store::cursors::{ERP_HEARD, PAYMENTS_SYNCED};
use crate::store::journal::{Effect, State};
use crate::store::orders::{Decided, Fate, OrderRow};

/// How far this machine's clock may be off the channel's before no deadline is believed any more.
pub(crate) const CLOCK_TOLERANCE: TimeDelta = crate::clock::TOLERANCE;

/// What the configuration says about cancelling.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Whether unpaid orders are cancelled, or only told of.
    pub enabled: bool,
    /// Whether orders cancelled in the ERP are cancelled on the channel, or only told of.
    pub from_erp: bool,
    /// Whether what was sold through a marketplace may be cancelled through the channel.
    pub of_marketplaces: bool,
    /// Whether orders that are not in the ERP are looked at.
    pub not_imported: bool,
    /// The methods for which a deadline is known and counts.
    pub methods: BTreeSet<PaymentMethod>,
    /// Business days a boleto may take to clear after its due date.
    pub boleto_business_days: u32,
    /// Margin after the end of a Pix charge's last day.
    pub pix_margin: TimeDelta,
    /// Days from creation that stand in for a missing due date.
    pub days_without_due_date: u32,
    /// How long an order must have been announced.
    pub announce: TimeDelta,
    /// How old the last complete sync-payments may be.
    pub synced_within: TimeDelta,
    /// Days on which banks settle nothing.
    pub calendar: BankCalendar,
    /// Most orders cancelled in one run.
    pub brake_orders: usize,
    /// Largest share of the open orders that may be cancelled in one run, in percent.
    pub brake_percent: usize,
    /// What the channel is told about an unpaid order.
    pub reason: String,
}

impl Policy {
    /// The part of a channel's configuration that matters here.
    pub fn of(config: &AutoCancel, of_marketplaces: bool) -> Self {
        let span = |span| TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
        Self {
            enabled: config.enabled,
            from_erp: config.from_erp,
            of_marketplaces,
            not_imported: config.not_imported,
            methods: config.methods.clone(),
            boleto_business_days: config.boleto_business_days,
            pix_margin: span(config.pix_margin),
            days_without_due_date: config.days_without_due_date,
            announce: span(config.announce),
            synced_within: span(config.synced_within),
            calendar: BankCalendar::with_extra(config.extra_holidays.iter().copied()),
            brake_orders: config.brake_orders,
            brake_percent: config.brake_percent,
            reason: config.reason.clone(),
        }
    }
}

/// What was read about an order, on both sides and of the run.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The channel's side.
    pub order: Order,
    /// The ERP's side; `None` when it was never imported.
    pub erp: Option<ErpOrder>,
    /// The status it had in the ERP until it was cancelled there, if it was and the ERP tells.
    pub cancelled_from: Option<Status>,
    /// What the channel's gateway says of the payment; `None` while surveying, which asks for less and cancels nothing.
    pub payment: Option<PaymentWord>,
    /// What holds it, by any pass.
    pub holds: Vec<Reason>,
    /// When the last complete sync-payments of this channel began.
    pub synced_at: Option<Instant>,
    /// When an earlier run first announced that it would cancel this order.
    pub announced_at: Option<Instant>,
}

/// What is to become of an order, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Leave it.
    Keep(Reason),
    /// Leave it once more, and say that a later run cancels it.
    Announce(Reason),
    /// Cancel it on the channel, and then in the ERP unless it is cancelled there.
    Cancel(Reason),
    /// A person must decide.
    Hold(Reason),
}

/// Decides on an order. Pure: the same facts, policy and instant give the same decision.
pub fn plan(facts: &Facts, policy: &Policy, now: Instant) -> Decision {
    let order = &facts.order;
    if let Some(hold) = anothers(&facts.holds) {
        return Decision::Keep(Reason::OnHold { held: hold.code() });
    }
    // Asking again changes nothing while the order stands where it stood.
    let refused_here = |hold: &&Reason| matches!(hold, Reason::CancelRefused { raw, .. } if *raw == order.raw_status);
    if let Some(refused) = facts.holds.iter().find(refused_here) {
        return Decision::Hold(refused.clone());
    }
    if order.status == Status::Cancelled {
        return Decision::Keep(Reason::CancelledOnChannel { raw: order.raw_status.clone() });
    }
    match &facts.erp {
        Some(erp) if erp.status == Status::Cancelled => cancelled_in_erp(facts, erp, policy, now),
        _ => unpaid(facts, policy, now),
    }
}

/// A person cancelled it in the ERP. The channel follows, unless that person cannot have known that it was paid. A paid one is
/// announced first: people enter an order anew to change it, and a channel that has cancelled a sale does not take it back.
fn cancelled_in_erp(facts: &Facts, erp: &ErpOrder, policy: &Policy, now: Instant) -> Decision {
    let order = &facts.order;
    let raw = || order.raw_status.clone();
    let is_paid = order.paid_at.is_some() || order.status.is_paid_or_beyond();
    let was_known_paid = was_known_paid(facts.cancelled_from.as_ref());
    let paid_later = order.paid_at.zip(erp.cancelled_at).is_some_and(|(paid, cancelled)| paid > cancelled);
    match &order.status {
        Status::Unknown(raw) => Decision::Hold(Reason::StatusUnknown { raw: raw.clone() }),
        Status::PaymentUnderReview => Decision::Keep(Reason::UnderReview),
        _ if order.readiness == Readiness::BeingBuilt => Decision::Keep(Reason::BeingBuilt { raw: raw() }),
        status if status.is_final_for_payment() || erp.invoiced => {
            Decision::Hold(Reason::CancelledInErpOnly { raw: raw() })
        }
        _ if is_paid && (paid_later || !was_known_paid) => Decision::Hold(Reason::paid_after_cancellation(order)),
        // Nobody here tells the channel, and the customer has paid.
        _ if !policy.from_erp && is_paid => Decision::Hold(Reason::paid_after_cancellation(order)),
        _ if !policy.from_erp => Decision::Keep(Reason::AutoCancelOff { why: Box::new(Reason::CancelledInErp) }),
        _ => match (&order.marketplace, why_unsure(facts).filter(|_| !is_paid)) {
            (Some(marketplace), _) if !policy.of_marketplaces => {
                Decision::Hold(Reason::MarketplaceMustCancel { marketplace: marketplace.name.clone() })
            }
            // A gateway that says nothing today may never say anything.
            (_, Some(_)) => Decision::Hold(Reason::CancelledInErpOnly { raw: raw() }),
            // Whoever asked to cancel has it granted.
            (_, None) if is_paid && order.status != Status::CancellationRequested => {
                // Not what was announced of it before; when a clock that was ahead dates the cancellation says nothing.
                let since = erp.cancelled_at.filter(|cancelled| *cancelled <= now);
                match was_announced(facts, since, policy, now) {
                    true => Decision::Cancel(Reason::CancelledInErp),
                    false => Decision::Announce(Reason::CancelledInErp),
                }
            }
            (_, None) => Decision::Cancel(Reason::CancelledInErp),
        },
    }
}

/// Whether who cancelled an order in the ERP that stood there so could know that it was paid.
pub fn was_known_paid(cancelled_from: Option<&Status>) -> bool {
    cancelled_from.is_some_and(|status| {
        // A customer's wish to cancel was there to be granted, paid or not.
        status.is_paid_or_beyond() || *status == Status::CancellationRequested
    })
}

/// It waits for payment, if both sides clearly say so.
fn unpaid(facts: &Facts, policy: &Policy, now: Instant) -> Decision {
    if let Some(reason) = why_not_unpaid(facts, policy) {
        return Decision::Keep(reason);
    }
    let order = &facts.order;
    let payment = match order.payments.as_slice() {
        [payment] if policy.methods.contains(&payment.method) => payment,
        [payment] => return Decision::Keep(Reason::MethodNotCancelled { method: payment.method }),
        // One part may be paid already, and the order does not tell which.
        payments => return Decision::Keep(Reason::SeveralPayments { count: payments.len() }),
    };
    let deadline = Deadline::of(payment.method, payment.due_date, order.created_at, policy);
    if now < deadline.cancel_from {
        return Decision::Keep(Reason::DeadlineAhead { cancel_from: deadline.cancel_from });
    }
    let reason = Reason::DeadlinePassed { method: payment.method, due: deadline.due };
    if !policy.enabled {
        return Decision::Keep(Reason::AutoCancelOff { why: Box::new(reason) });
    }
    match facts.synced_at {
        Some(at) if deadline.over_at <= at && at <= now && now - at <= policy.synced_within => {}
        last => return Decision::Keep(Reason::PaymentsNotSynced { last }),
    }
    match was_announced(facts, None, policy, now) {
        true => Decision::Cancel(reason),
        false => Decision::Announce(reason),
    }
}

/// Whether an earlier run, and no earlier than `since`, announced the cancellation long enough ago.
fn was_announced(facts: &Facts, since: Option<Instant>, policy: &Policy, now: Instant) -> bool {
    facts.announced_at.is_some_and(|at| is_long_ago(at, policy, now) && since.is_none_or(|since| since <= at))
}

/// Whether what was announced then may be carried out.
fn is_long_ago(announced_at: Instant, policy: &Policy, now: Instant) -> bool {
    announced_at < now && now - announced_at >= policy.announce
}

/// The first sign that an order does not wait for payment, or not only for that; `None` when there is not a single one.
fn why_not_unpaid(facts: &Facts, policy: &Policy) -> Option<Reason> {
    let (order, erp) = (&facts.order, facts.erp.as_ref());
    let erp_status = erp.map(|erp| if erp.invoiced { Status::Invoiced } else { erp.status.clone() });
    let not_unpaid = || Reason::NotUnpaid { channel: order.status.clone(), erp: erp_status.clone() };
    match (&order.status, &erp_status) {
        (Status::PaymentUnderReview, _) | (_, Some(Status::PaymentUnderReview)) => return Some(Reason::UnderReview),
        (Status::AwaitingPayment, Some(Status::AwaitingPayment)) => {}
        (Status::AwaitingPayment, None) if policy.not_imported => {}
        (Status::AwaitingPayment, None) => return Some(Reason::NotImported),
        _ => return Some(not_unpaid()),
    }
    match order.readiness {
        Readiness::NotYet => {}
        Readiness::BeingBuilt => return Some(Reason::BeingBuilt { raw: order.raw_status.clone() }),
        Readiness::Ready | Readiness::TakenOver => return Some(not_unpaid()),
    }
    if order.paid_at.is_some() {
        return Some(not_unpaid());
    }
    if order.marketplace.is_some() {
        return Some(Reason::MarketplaceDecides);
    }
    why_unsure(facts)
}

/// The payment's own word, when it was asked for and is not one of waiting.
fn why_unsure(facts: &Facts) -> Option<Reason> {
    match &facts.payment {
        None | Some(PaymentWord::Waiting) => None,
        Some(PaymentWord::Untold) => Some(Reason::PaymentUnsure { raw: String::new() }),
        Some(PaymentWord::Other { raw, .. }) => Some(Reason::PaymentUnsure { raw: raw.clone() }),
    }
}

/// Whether so many cancellations look like a mistake rather than like a day's business.
///
/// The share counts only from some orders on: of three open orders, one is a third.
pub fn brake(cancel: usize, open: usize, policy: &Policy) -> bool {
    const SHARE_COUNTS_FROM: usize = 4;
    cancel > policy.brake_orders
        || cancel >= SHARE_COUNTS_FROM && cancel.saturating_mul(100) > open.saturating_mul(policy.brake_percent)
}

/// Whether a hold is one that this pass opened, and tries again by itself.
pub fn is_ours(hold: &Reason) -> bool {
    match hold {
        Reason::CancelRefused { .. } | Reason::CancelledInErpOnly { .. } | Reason::MarketplaceMustCancel { .. } => true,
        Reason::OutcomeUnknown { action } => action == CANCEL_ON_CHANNEL,
        _ => false,
    }
}

/// Whether a hold is for this pass to end or to open again, so that no other ends it meanwhile.
pub fn holds_for(hold: &Reason) -> bool {
    is_ours(hold) || matches!(hold, Reason::PaidAfterCancellation { .. })
}

/// Whether this pass still looks at an order that it held, standing where it does on the channel and in the ERP, or with a cancellation
/// of which nobody knows whether it went through; as [`crate::store::Store::to_cancel`] finds them.
pub fn is_due(channel: &Status, erp: &Status, is_unsettled: bool) -> bool {
    let is_unpaid = *channel == Status::AwaitingPayment && *erp == Status::AwaitingPayment;
    is_unpaid || *erp == Status::Cancelled || is_unsettled
}

/// The first hold that is not for this pass to try again.
fn anothers(holds: &[Reason]) -> Option<&Reason> {
    holds.iter().find(|hold| !is_ours(hold))
}

/// What the survey found.
#[derive(Default)]
struct Survey {
    /// Orders to cancel.
    cancel: RefCell<Vec<Due>>,
    /// How many are past their deadline, but payments were not asked after.
    unsynced: Cell<usize>,
}

/// An order to cancel.
struct Due {
    row: OrderRow,
    why: Reason,
    actions: Vec<&'static str>,
    planned: Planned,
}

/// Runs the pass. With `confirm` the brake does not count.
pub async fn run(pass: &Pass<'_>, confirm: bool) {
    let policy = Policy::of(&pass.config.auto_cancel, pass.channel.cancels_of_marketplaces());
    if let Err(trouble) = hear_erp(pass).await {
        return pass.end(trouble.ends_run(pass.stop).unwrap_or(Exit::Unavailable), trouble.to_string());
    }
    let survey = Survey::default();
    pass.visit_each(
        |after| pass.store.to_cancel(pass.channel.name(), policy.not_imported, after, CHUNK),
        async |row| look_at(pass, &policy, row, &survey).await,
    )
    .await;
    if pass.halted() {
        return;
    }
    let mut cancel = survey.cancel.into_inner();
    cancel.sort_by_key(|due| due.row.row);
    let stopped = match stopped_by_brake(pass, &policy, cancel.len()) {
        Err(error) => return pass.end(Exit::Failed, Trouble::State(error).to_string()),
        Ok(message) => message.filter(|_| !confirm),
    };
    if stopped.is_some() {
        for Due { row, why, .. } in cancel {
            pass.tell(&row, Outcome::Waiting, true, &Reason::CancelPlanned { why: Box::new(why) }, &[]);
        }
    } else if pass.dry_run {
        for Due { row, why, actions, planned } in cancel {
            pass.permit(&row.id, || planned);
            pass.tell(&row, Outcome::Cancelled, true, &why, &actions);
        }
    } else {
        let rows = cancel.into_iter().map(|due| Ok(due.row));
        pass.visit_rows(rows, &async |row: &OrderRow| carry_out::visit(pass, &policy, row).await).await;
    }
    if pass.orders.is_empty() {
        watch::run(pass).await;
    }
    if let Some(message) = stopped {
        pass.end(Exit::Guard, message);
    } else if survey.unsynced.get() > 0 {
        let orders = survey.unsynced.get();
        pass.end(
            Exit::Guard,
            say!(
                "{orders} unpaid order(s) past the deadline were left alone, since no complete sync-payments of \
                 channel {} began within the last {} minutes; see why it does not end well, then run this again"
                    | "{orders} pedido(s) não pago(s) e vencido(s) não foram tocados, pois nenhum sync-payments \
                       completo do canal {} começou nos últimos {} minutos; veja por que ele não termina bem e \
                       execute de novo",
                pass.channel.name(),
                policy.synced_within.num_minutes()
            ),
        );
    }
}

/// What to say when so many orders are too many.
fn stopped_by_brake(pass: &Pass<'_>, policy: &Policy, cancel: usize) -> rusqlite::Result<Option<String>> {
    if cancel == 0 {
        return Ok(None);
    }
    let open = pass.store.open_orders(pass.channel.name(), policy.not_imported)?;
    Ok(brake(cancel, open, policy).then(|| {
        say!(
            "{cancel} of {open} open orders would be cancelled, more than brake_orders = {} or brake_percent = {} \
             allow; none was. Look at them with --dry-run; if that is right, run this again with --confirm"
                | "{cancel} de {open} pedidos abertos seriam cancelados, mais do que brake_orders = {} ou \
                   brake_percent = {} permitem; nenhum foi. Veja-os com --dry-run; se estiver certo, execute de novo \
                   com --confirm",
            policy.brake_orders,
            policy.brake_percent
        )
    }))
}

/// Marks the orders that were cancelled in the ERP since the last run.
async fn hear_erp(pass: &Pass<'_>) -> Result<(), Trouble> {
    let channel = pass.channel.name();
    let mut seq = pass.store.cursor(channel, ERP_HEARD)?.map_or(0, |at| at.timestamp_millis());
    while !pass.halted() {
        let changes = pass.erp.orders_changed_since(seq, CHUNK).await?;
        if changes.seq < seq {
            // The ERP counts from an earlier point than it did: it was restored from a copy. All of it is heard again.
            seq = 0;
            continue;
        }
        let is_cancelled = |order: &&ErpOrder| order.status == Status::Cancelled;
        let is_of_channel = |order: &&ErpOrder| order.channel.as_ref().is_none_or(|of| of == channel);
        let cancelled: Vec<ErpOrderId> =
            changes.orders.iter().filter(is_cancelled).filter(is_of_channel).map(|order| order.id.clone()).collect();
        pass.store.hear_cancelled_in_erp(channel, &cancelled, (ERP_HEARD, changes.seq), pass.clock.now())?;
        if changes.orders.len() < CHUNK {
            break;
        }
        seq = changes.seq;
    }
    Ok(())
}

/// Surveys one order: decides on it, and leaves the cancelling for later.
async fn look_at(pass: &Pass<'_>, policy: &Policy, row: &OrderRow, survey: &Survey) -> Result<(), Trouble> {
    if row.erp_id.is_none() && !policy.not_imported && !pass.orders.is_empty() {
        return Ok(pass.not_imported(row)?);
    }
    let notes = pass.store.cancel_notes(row.row)?;
    if pass.orders.is_empty()
        && let Some(reason) = known_reason_to_wait(row, &notes, policy, pass.clock.now())
    {
        return Ok(keep(pass, row, &notes, &reason)?);
    }
    let facts = match read(pass, row, None).await? {
        Ok(facts) => facts,
        Err(reason) => return Ok(pass.hold(row, &reason)?),
    };
    if !clock_is_right(pass) {
        return Ok(());
    }
    if notes.unsettled {
        let effect = Effect { channel: &row.channel, order: row.row, action: CANCEL_ON_CHANNEL, of: "" };
        let (state, answer) = match facts.order.status {
            Status::Cancelled => (State::Done, "found done"),
            _ => (State::Failed, "found not done"),
        };
        pass.store.settle(&effect, state, answer, pass.clock.now())?;
    }
    match plan(&facts, policy, pass.clock.now()) {
        Decision::Cancel(why) => survey.cancel.borrow_mut().push(Due {
            row: row.clone(),
            why,
            actions: carry_out::actions(&facts),
            planned: carry_out::planned(&facts, policy, pass.store),
        }),
        other => {
            if matches!(other, Decision::Keep(Reason::PaymentsNotSynced { .. })) {
                survey.unsynced.set(survey.unsynced.get() + 1);
            }
            leave(pass, row, (&notes, policy), &other)?;
        }
    }
    Ok(())
}

/// Why an order need not even be read: what the last reading told puts its deadline ahead. A deadline only ever moves back, so this
/// errs to waiting.
fn known_reason_to_wait(row: &OrderRow, notes: &CancelNotes, policy: &Policy, now: Instant) -> Option<Reason> {
    if notes.unsettled {
        return None;
    }
    if let Some(hold) = anothers(&notes.holds) {
        return Some(Reason::OnHold { held: hold.code() });
    }
    let method = notes.method.filter(|_| !notes.cancelled_in_erp)?;
    if !policy.methods.contains(&method) {
        return Some(Reason::MethodNotCancelled { method });
    }
    let cancel_from = Deadline::of(method, notes.due, row.created_at?, policy).cancel_from;
    (now < cancel_from).then_some(Reason::DeadlineAhead { cancel_from })
}

/// Reads both sides; gives the reason to hold the order when one of them cannot be read.
async fn read(pass: &Pass<'_>, row: &OrderRow, payment: Option<PaymentWord>) -> Result<Result<Facts, Reason>, Trouble> {
    let erp = match &row.erp_id {
        Some(id) => {
            let Some(erp) = pass.erp.read_order(id).await?.filter(|erp| erp.store_number == row.id) else {
                let message = say!(
                    "it has no order {id} with store number {} any more"
                        | "não tem mais o pedido {id} com o número da loja {}",
                    row.id
                );
                return Ok(Err(Reason::ErpRefused { refusal: "not_found".into(), message }));
            };
            // Nothing follows from what became of the first.
            match sync_payments::entered_anew(pass, row, &erp).await? {
                None => Some(erp),
                Some(anew) => {
                    let order = match on_channel_now(pass, row).await? {
                        Ok(order) => order,
                        Err(reason) => return Ok(Err(reason)),
                    };
                    match sync_payments::take_up(pass, row, &order, (&erp, anew))? {
                        Ok(anew) => Some(anew),
                        Err(reason) => return Ok(Err(reason)),
                    }
                }
            }
        }
        // It may have been imported meanwhile, or may show late: then nobody would cancel it there.
        None => match pass.erp.find_order(&row.channel, &row.id).await? {
            None if let Some(reason) = import_orders::may_be_there(pass, row)? => return Ok(Err(reason)),
            found => found,
        },
    };
    let cancelled_from = match &erp {
        Some(erp) if erp.status == Status::Cancelled => pass.erp.status_before(&erp.id).await?,
        _ => None,
    };
    // After the ERP, which may be slow: what the order says is the freshest word there is.
    let order = match on_channel_now(pass, row).await? {
        Ok(order) => order,
        Err(reason) => return Ok(Err(reason)),
    };
    // Last, so that whoever holds the order meanwhile, a person or another pass, is heard.
    let notes = pass.store.cancel_notes(row.row)?;
    Ok(Ok(Facts {
        order,
        erp,
        cancelled_from,
        payment,
        holds: notes.holds,
        synced_at: pass.store.cursor(&row.channel, PAYMENTS_SYNCED)?,
        announced_at: notes.announced_at,
    }))
}

async fn on_channel_now(pass: &Pass<'_>, row: &OrderRow) -> Result<Result<Order, Reason>, Trouble> {
    Ok(match pass.channel.read_order(&row.id).await? {
        Reading::Order(order) => Ok(*order),
        Reading::Absent => Err(Reason::NotOnChannel),
        Reading::Unreadable(problem) => Err(Reason::Unreadable { at: problem.at, problem: problem.problem }),
    })
}

/// Whether this machine's clock may be believed; ends the run when it may not.
fn clock_is_right(pass: &Pass<'_>) -> bool {
    let name = pass.channel.name();
    let message = match pass.channel.clock_skew() {
        Some(skew) if skew.abs() <= CLOCK_TOLERANCE => return true,
        Some(skew) => {
            let (minutes, side) = (
                skew.num_minutes().abs(),
                if skew > TimeDelta::zero() {
                    word!("ahead of" | "adiantado em")
                } else {
                    word!("behind" | "atrasado em")
                },
            );
            say!(
                "this machine's clock is {minutes} minutes {side} that of channel {name}, so no deadline can be \
                 trusted and nothing is cancelled; set the clock (NTP) and run this again"
                    | "o relógio desta máquina está {minutes} minutos {side} relação ao do canal {name}, então \
                       nenhum prazo é confiável e nada é cancelado; acerte o relógio (NTP) e execute de novo"
            )
        }
        None => say!(
            "channel {name} tells no time to check this machine's clock by, so nothing is cancelled"
                | "o canal {name} não informa a hora para conferir o relógio desta máquina, então nada é cancelado"
        ),
    };
    pass.end(Exit::Guard, message);
    false
}

/// Records and reports every decision but to cancel.
fn leave(
    pass: &Pass<'_>,
    row: &OrderRow,
    (notes, policy): (&CancelNotes, &Policy),
    decision: &Decision,
) -> rusqlite::Result<()> {
    match decision {
        Decision::Keep(reason) => keep(pass, row, notes, reason),
        Decision::Hold(reason) => {
            pass.store.withdraw_cancel(row.row)?;
            pass.hold(row, reason)
        }
        Decision::Announce(reason) | Decision::Cancel(reason) => {
            // Old enough to be carried out, and it is not: it was announced of something else that became of the order.
            let is_of_another = matches!(decision, Decision::Announce(_))
                && notes.announced_at.is_some_and(|at| is_long_ago(at, policy, pass.clock.now()));
            if is_of_another {
                pass.store.withdraw_cancel(row.row)?;
            }
            pass.store.announce_cancel(row.row, reason, pass.clock.now())?;
            let planned = Reason::CancelPlanned { why: Box::new(reason.clone()) };
            pass.tell(row, Outcome::Waiting, notes.announced_at.is_none(), &planned, &[]);
            Ok(())
        }
    }
}

/// Leaves an order alone. What was announced of it is withdrawn, unless only the run was not fit to cancel.
fn keep(pass: &Pass<'_>, row: &OrderRow, notes: &CancelNotes, reason: &Reason) -> rusqlite::Result<()> {
    if notes.announced_at.is_some() && !matches!(reason, Reason::PaymentsNotSynced { .. }) {
        pass.store.withdraw_cancel(row.row)?;
    }
    let outcome = match reason {
        Reason::DeadlineAhead { .. } | Reason::AutoCancelOff { .. } | Reason::PaymentsNotSynced { .. } => {
            Outcome::Waiting
        }
        _ => Outcome::Unchanged,
    };
    if row.erp_id.is_some() && notes.holds.iter().any(is_ours) {
        // Nothing heard of it counts as dealt with: that is for the pass that follows payments.
        let row = OrderRow { heard: 0, ..row.clone() };
        let why = row.fate_why.clone().unwrap_or_else(|| reason.clone());
        let decided = Decided { fate: Fate::Imported, reason: &why, hold: None, open: true };
        return pass.conclude(&row, decided, outcome, reason, &[]);
    }
    let is_news = matches!(reason, Reason::AutoCancelOff { .. } | Reason::PaymentsNotSynced { .. });
    pass.tell(row, outcome, is_news, reason, &[]);
    Ok(())
}

#[cfg(test)]
mod tests;
