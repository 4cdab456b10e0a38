//! What the passes that carry the ERP's facts out have in common: hearing of what changed there, reading both sides, looking for
//! what was sent, and concluding.
//!
//! They visit the orders of which the ERP says that something changed, and those they still wait for; without either they make
//! no call. Each holds orders for itself, so that neither lifts the other's holds.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use super::{CHUNK, Pass, Trouble};
use crate::channel::outgoing::Sent;
use crate::erp::outgoing::Outgoing;
use crate::exit::Exit;
use crate::http::CallError;
use crate::lang::say;
use crate::model::{Instant, Order, Status, Transmission};
use crate::reason::Reason;
use crate::report::{Item, Outcome};
use crate::store::journal::{Effect, State};
use crate::store::orders::OrderRow;
use crate::store::outgoing::{Due, Pushed, Record};

/// The pauses between readings that look for what was just sent; they go on as long as the configuration says. VTEX was seen
/// to take about six seconds.
const PAUSES: [u64; 7] = [0, 1, 2, 4, 8, 15, 30];

/// How long a pass waits for what comes by itself before a person is told of it; it goes on waiting.
pub(super) const PATIENCE: chrono::TimeDelta = chrono::TimeDelta::days(3);

/// What the journal notes of something that the channel does not take for now.
pub(super) const NOT_YET: &str = "not yet";

/// Hears what changed in the ERP, then visits every order with which the pass has something to do.
pub(super) async fn run(pass: &Pass<'_>, one: impl AsyncFn(Visit<'_>) -> Result<(), Trouble>) {
    if pass.orders.is_empty()
        && let Err(trouble) = hear(pass).await
    {
        let exit = trouble.ends_run(pass.stop).unwrap_or(Exit::Unavailable);
        return pass.end(exit, trouble.to_string());
    }
    let due = match pass.store.to_push(pass.channel.name(), pass.verb) {
        Ok(due) => due,
        Err(error) => return pass.end(Exit::Failed, Trouble::State(error).to_string()),
    };
    let is_news: BTreeSet<i64> = due.news.iter().copied().collect();
    let turn = Cell::new(None);
    // First what is new: those that wait may take all of a run's time.
    let queue = || Ok(due.news.into_iter().chain(due.waiting).collect());
    pass.visit_queue(queue, async |row| {
        if row.erp_id.is_none() {
            return Ok(pass.not_imported(row)?);
        }
        if !is_news.contains(&row.row) {
            turn.set(Some(row.row));
        }
        let due = pass.store.due(pass.verb, row.row)?;
        match one(Visit { pass, row, due: due.clone() }).await {
            Err(trouble) => {
                let ends_run = trouble.ends_run(pass.stop).is_some();
                if !ends_run || trouble.is_of_item() {
                    Visit { pass, row, due }.conclude(End::Hold(trouble.reason()), None, &[])?;
                }
                if ends_run { Err(trouble) } else { Ok(()) }
            }
            Ok(()) => Ok(()),
        }
    })
    .await;
    // Out of time among the new ones, the turn stands where it stood.
    if pass.orders.is_empty()
        && (turn.get().is_some() || !pass.halted())
        && let Err(error) = pass.store.note_turn(pass.channel.name(), pass.verb, turn.get().filter(|_| pass.halted()))
    {
        pass.end(Exit::Failed, Trouble::State(error).to_string());
    }
}

/// Marks the orders that changed in the ERP.
async fn hear(pass: &Pass<'_>) -> Result<(), Trouble> {
    let channel = pass.channel.name();
    let mut seq = pass.store.erp_heard(channel)?;
    while !pass.halted() {
        let changes = pass.erp.orders_changed_since(seq, CHUNK).await?;
        if changes.seq < seq {
            // An older copy of the ERP was put back: what it changes from here on has numbers that were heard before.
            pass.store.forget_erp_heard(channel)?;
            seq = 0;
            continue;
        }
        let was_all = changes.orders.len() < CHUNK;
        if changes.seq > seq {
            pass.store.hear_erp(channel, &changes)?;
            seq = changes.seq;
        }
        if was_all {
            break;
        }
    }
    Ok(())
}

/// How a plan ends once its actions are done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing is left to do until the ERP has news.
    Done(Reason),
    /// It waits; the next run looks again.
    Wait(Reason),
    /// A person must help; the next run looks again.
    Hold(Reason),
    /// A person must help, and trying again by itself would only repeat it: until the ERP has news, or a person names the order.
    Park(Reason),
}

impl End {
    /// Of two, the one that matters more; of equals, the first.
    #[must_use]
    pub fn or_worse(self, other: Self) -> Self {
        let rank = |end: &Self| match end {
            Self::Done(_) => 0,
            Self::Wait(_) => 1,
            Self::Hold(_) => 2,
            Self::Park(_) => 3,
        };
        if rank(&other) > rank(&self) { other } else { self }
    }
}

/// How it ends while what a channel was told has not reached the marketplace behind it; `None` when it has, or nobody says.
pub(super) fn transmitted(order: &Order) -> Option<End> {
    match &order.transmission {
        Transmission::NotTold | Transmission::Done => None,
        // Whatever it did not hear of on the way: it is at its end.
        Transmission::Pending if order.status == Status::Delivered => None,
        Transmission::Pending => Some(End::Wait(Reason::TransmissionPending)),
        Transmission::Failed { message } => Some(End::Hold(Reason::TransmissionFailed { message: message.clone() })),
    }
}

/// One order's visit by one of these passes.
pub(super) struct Visit<'a> {
    pub pass: &'a Pass<'a>,
    pub row: &'a OrderRow,
    pub due: Due,
}

impl Visit<'_> {
    /// Reads what the ERP has to tell, or concludes the visit.
    pub async fn read_erp(&self) -> Result<Option<Outgoing>, Trouble> {
        let (pass, row) = (self.pass, self.row);
        let Some(erp_id) = &row.erp_id else { return Ok(None) };
        if let Some(outgoing) = pass.erp.outgoing(erp_id).await?.filter(|told| told.order.store_number == row.id) {
            pass.store.record_erp_status(row.row, &outgoing.order.status)?;
            return Ok(Some(outgoing));
        }
        let number = row.erp_number.clone().unwrap_or_else(|| erp_id.to_string());
        let message = say!(
            "it has no order {number} with store number {} any more"
                | "não tem mais o pedido {number} com o número da loja {}",
            row.id
        );
        self.conclude(End::Hold(Reason::ErpRefused { refusal: "not_found".into(), message }), None, &[])?;
        Ok(None)
    }

    /// Whether the facts are those the pass was last done with, so that nothing can be left to do. An order that a person named is
    /// always looked at.
    pub fn was_done_with(&self, digest: &str) -> bool {
        self.pass.orders.is_empty() && self.due.done_with.as_deref() == Some(digest)
    }

    /// Reads the order fresh from its channel, or concludes the visit.
    pub async fn read_channel(&self) -> Result<Option<Order>, Trouble> {
        match self.pass.read_channel(self.row).await? {
            Ok(order) => Ok(Some(order)),
            Err(reason) => {
                self.conclude(End::Hold(reason), None, &[])?;
                Ok(None)
            }
        }
    }

    /// What the journal says of something sent for this order.
    pub fn journal(&self, action: &'static str, of: &str) -> rusqlite::Result<Option<Record>> {
        self.pass.store.effect(&self.effect(action, of))
    }

    /// Notes in the journal that a reading showed what was sent.
    pub fn found(&self, action: &'static str, of: &str) -> rusqlite::Result<()> {
        self.pass.store.settle(&self.effect(action, of), State::Done, "found on the channel", self.pass.clock.now())
    }

    fn effect<'e>(&'e self, action: &'e str, of: &'e str) -> Effect<'e> {
        Effect { channel: &self.row.channel, order: self.row.row, action, of }
    }

    /// Sends something, with the journal around it. `content` is what a later run compares with what it would send.
    pub async fn send(
        &self,
        action: &'static str,
        of: &str,
        content: &str,
        call: impl Future<Output = Result<Sent, CallError>>,
    ) -> Result<Taken, Trouble> {
        let (store, clock) = (self.pass.store, self.pass.clock);
        let effect = self.effect(action, of);
        store.intend(&effect, clock.now()).await?;
        match call.await {
            Ok(Sent::Accepted) => {
                store.settle(&effect, State::Done, content, clock.now())?;
                Ok(Taken::Accepted)
            }
            Ok(Sent::Enough) => {
                store.settle(&effect, State::Done, "enough of them there", clock.now())?;
                Ok(Taken::Enough)
            }
            Ok(Sent::NotYet { message }) => {
                store.settle(&effect, State::Failed, NOT_YET, clock.now())?;
                Ok(Taken::NotYet(Reason::RefusedByChannel { action: action.to_owned(), message }))
            }
            Ok(Sent::Refused { message }) => {
                store.settle(&effect, State::Failed, "refused", clock.now())?;
                Ok(Taken::Refused(Reason::RefusedByChannel { action: action.to_owned(), message }))
            }
            Ok(Sent::InPackages { message }) => {
                store.settle(&effect, State::Failed, "refused", clock.now())?;
                Ok(Taken::Refused(Reason::OrderInPackages { said: Some(message) }))
            }
            Err(error) if error.outcome_unknown() => {
                store.settle(&effect, State::Unknown, "no answer", clock.now())?;
                let trouble = Trouble::Channel(error);
                match trouble.ends_run(self.pass.stop) {
                    Some(_) => Err(trouble),
                    None => Ok(Taken::Unknown),
                }
            }
            Err(error) => {
                store.settle(&effect, State::Failed, "not carried out", clock.now())?;
                Err(error.into())
            }
        }
    }

    /// Reads the order again until it shows what was sent, for as long as the configuration says. Gives the last reading.
    pub async fn look_for(&self, is_there: impl Fn(&Order) -> bool) -> Result<Option<Order>, Trouble> {
        let mut left = self.pass.config.invoices.confirm_within.0;
        for pause in PAUSES.map(Duration::from_secs) {
            let pause = pause.min(left);
            left = left.saturating_sub(pause);
            if !pause.is_zero() && self.pass.stop.sleep(pause).await.is_err() {
                break;
            }
            let Some(order) = self.read_channel().await? else { return Ok(None) };
            if is_there(&order) || left.is_zero() {
                return Ok(Some(order));
            }
        }
        self.read_channel().await
    }

    /// Records and reports how the visit ended. `told` is what to report in place of an end that needs nobody, when something
    /// was sent.
    pub fn conclude(&self, end: End, told: Option<Reason>, actions: &[&'static str]) -> rusqlite::Result<()> {
        self.conclude_with(end, told, actions, None)
    }

    /// As [`Visit::conclude`], with the digest of the facts that need no further visit when the end is [`End::Done`].
    pub fn conclude_with(
        &self,
        end: End,
        told: Option<Reason>,
        actions: &[&'static str],
        digest: Option<&str>,
    ) -> rusqlite::Result<()> {
        let pass = self.pass;
        let is_late = matches!(&end, End::Wait(reason) if actions.is_empty() && self.waits_too_long_for(reason));
        let (waits_for, hold, open) = match &end {
            End::Done(_) => (None, None, false),
            End::Wait(reason) => (Some(reason), Some(reason).filter(|_| is_late), true),
            End::Hold(reason) => (None, Some(reason), true),
            End::Park(reason) => (None, Some(reason), false),
        };
        let done_with = digest.filter(|_| matches!(end, End::Done(_)));
        let pushed = Pushed { waits_for, hold, open, done_with };
        pass.store.conclude_push(pass.verb, self.row.row, &self.due, &pushed, pass.clock.now())?;
        let is_news = waits_for.map(Reason::code) != self.due.waits_for || self.due.held;
        let (outcome, reason) = match end {
            End::Hold(reason) | End::Park(reason) => (Outcome::Held, reason),
            End::Wait(reason) if is_late => (Outcome::Held, reason),
            End::Done(reason) | End::Wait(reason) if !actions.is_empty() => (Outcome::Updated, told.unwrap_or(reason)),
            End::Wait(reason) => (Outcome::Waiting, reason),
            End::Done(reason) => (Outcome::Unchanged, reason),
        };
        let current = pass.store.order(&self.row.channel, &self.row.id)?;
        let worth = current.as_ref().and_then(|row| row.total);
        pass.tally.borrow_mut().order(outcome, self.row.row, worth);
        let row = self.row.row;
        if outcome == Outcome::Held {
            pass.plan.hears_of_order(&self.row.id);
        }
        if outcome == Outcome::Held && pass.is_echo(|now| pass.store.remind_of_hold(row, pass.verb, now)) {
            return Ok(());
        }
        pass.report.item(&Item {
            channel: self.row.channel.clone(),
            order: self.row.id.clone(),
            outcome,
            changed: outcome == Outcome::Held || !actions.is_empty() || is_news,
            erp_number: current.and_then(|row| row.erp_number),
            reason,
            actions: actions.iter().map(|name| (*name).to_owned()).collect(),
            dry_run: pass.dry_run,
            plan: pass.noted_plan(&self.row.id),
        });
        Ok(())
    }

    /// Whether this very thing has been waited for so long that it does not come by itself. Other waits may last: for goods that are not
    /// sent yet, for a file that somebody attaches.
    fn waits_too_long_for(&self, reason: &Reason) -> bool {
        let comes_by_itself = match reason {
            Reason::TransmissionPending
            | Reason::NotReadyForInvoice { .. }
            | Reason::HandOverPending { .. }
            | Reason::BeingVerified { .. } => true,
            // Whoever has a parcel has a carrier.
            Reason::MissingField { fields, .. } => *fields == ["carrier"],
            _ => false,
        };
        let since = self.due.waits_since.filter(|_| self.due.waits_for == Some(reason.code()));
        comes_by_itself && since.is_some_and(|since| self.pass.clock.now() - since > PATIENCE)
    }
}

/// What came of sending.
pub(super) enum Taken {
    /// Accepted; a reading shows when it took effect.
    Accepted,
    /// The channel has as many as it takes, of which this counts as one.
    Enough,
    /// It may have been taken.
    Unknown,
    /// It was not, and will be later.
    NotYet(Reason),
    /// It was not.
    Refused(Reason),
}

/// Whether something sent may still show: so long after it was sent.
pub(super) fn may_still_show(record: &Record, patience: Duration, now: Instant) -> bool {
    let patience = chrono::TimeDelta::from_std(patience).unwrap_or(chrono::TimeDelta::MAX);
    record.may_still_show(patience, now)
}
