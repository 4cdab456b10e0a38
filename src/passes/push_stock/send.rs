//! Sending what differs: a handful at a time, each worked out afresh right before.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::claims::{Claims, Verdict};
use super::guard::Meanwhile;
use super::places::Place;
use super::{Decision, Push, Worked};
use crate::channel::{Reading, StockAnswer, StockToSet};
use crate::exit::Exit;
use crate::http::{CallError, StopCause, Triage};
use crate::lock::{Alone, Handover};
use crate::model::{ChannelSku, Order, Readiness, Sku, Status, WarehouseId};
use crate::passes::Trouble;
use crate::passes::few::Few;
use crate::passes::permit::Permit;
use crate::reason::Reason;
use crate::report::Outcome;
use crate::store::claimed::Claiming;
use crate::store::stock::StockRow;

/// How many numbers are worked out at a time, right before they are sent; more where one call takes more, or more are in hand.
const HANDFUL: usize = 32;

/// How long orders that wait to be handed over do so while numbers are sent, beside what is under way then.
const STRETCH: Duration = Duration::from_secs(3);

/// VTEX shows an update about a second after it took it.
const UNTIL_VISIBLE: Duration = Duration::from_secs(1);

impl Push<'_> {
    /// Sends every number the channel has not confirmed. Products whose calls fail on each run come last, a few at a time as long as
    /// one of them gets through, as [orders](crate::passes::Pass::visit_all) do.
    pub(super) async fn send(&self) -> Result<(), Trouble> {
        let store = self.pass.store;
        let asked: BTreeSet<&Sku> = self.request.skus.iter().collect();
        let is_asked = |sku: &Sku| asked.is_empty() || asked.contains(sku);
        let failing: Vec<Sku> =
            store.skus_whose_calls_fail(self.channel())?.into_iter().filter(|sku| is_asked(sku)).collect();
        let mut way = Way {
            asked,
            after: None,
            put_off: failing.iter().collect(),
            few: None,
            claims: None,
            meanwhile: Meanwhile::default(),
            is_over: false,
        };
        self.send_along(&mut way).await?;
        let mut some = Some(Few::of(&failing, self.places.len()));
        while let Some((few, next)) = some.take().and_then(Few::next)
            && !self.pass.halted()
        {
            self.pass.channel.count_failures_anew();
            self.pass.erp.count_failures_anew();
            (way.few, way.is_over) = (Some(few), false);
            let begun = self.now();
            self.send_along(&mut way).await?;
            let failed = store.sku_calls_failed_since(self.channel(), few, begun)?;
            if failed == few.len() {
                self.pass.doubt_hosts();
            }
            some = next.after(failed);
        }
        // Says why, if it was told to stop.
        self.pass.halted();
        Ok(())
    }

    async fn send_along(&self, way: &mut Way<'_>) -> Result<(), Trouble> {
        while !self.pass.halted() && self.is_dirty(way)? {
            let alone = self.pass.handover()?.of_stock(self.pass.stop).await?;
            let sent = self.send_stretch(&alone, way).await;
            self.pass.store.committed().await?;
            drop(alone);
            sent?;
            self.pass.is_read().await;
            if way.is_over || Handover::give_way(self.pass.stop).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    fn is_dirty(&self, way: &Way<'_>) -> Result<bool, Trouble> {
        Ok(way.few.is_some() || !self.pass.store.stock_dirty(self.channel(), way.after.as_ref(), 1)?.is_empty())
    }

    /// Sends numbers until it is others' turn, as many calls at a time as there may be: while some are under way the next handful is
    /// worked out.
    async fn send_stretch(&self, alone: &Alone<'_>, way: &mut Way<'_>) -> Result<(), Trouble> {
        let until = self.pass.clock.elapsed().saturating_add(STRETCH);
        let trouble = RefCell::new(None);
        let is_over = || trouble.borrow().is_some() || self.pass.halted();
        let gives_way =
            || Ok(self.pass.report.is_behind() || self.pass.clock.elapsed() >= until && alone.is_awaited()?);
        let batch = self.pass.channel.stock_batch();
        stream::unfold(way, async |way| {
            if way.is_over || is_over() {
                return None;
            }
            let next = match gives_way() {
                Ok(true) => return None,
                Ok(false) => self.next_handful(way).await,
                Err(error) => Err(Trouble::Lock(error)),
            };
            match next {
                Ok(sends) => Some((sends, way)),
                Err(error) => {
                    trouble.borrow_mut().get_or_insert(error);
                    None
                }
            }
        })
        .flat_map(|sends| {
            let mut sends = sends.into_iter();
            let batches = std::iter::from_fn(move || {
                let next: Vec<Worked> = sends.by_ref().take(batch).collect();
                (!next.is_empty()).then_some(next)
            });
            stream::iter(batches)
        })
        .map(|batch: Vec<Worked>| {
            let (trouble, is_over) = (&trouble, &is_over);
            async move {
                if is_over() {
                    return;
                }
                if let Err(error) = self.send_batch(&batch).await {
                    trouble.borrow_mut().get_or_insert(error);
                }
                batch.iter().for_each(|_| self.pass.report.advance());
            }
        })
        .buffer_unordered(self.pass.config.limits.at_once())
        .for_each(|()| std::future::ready(()))
        .await;
        trouble.into_inner().map_or(Ok(()), Err)
    }

    /// Works out the next handful, and notes that it is about to be sent.
    async fn next_handful(&self, way: &mut Way<'_>) -> Result<Vec<Worked>, Trouble> {
        let store = self.pass.store;
        let handful = HANDFUL.max(self.pass.config.limits.at_once() / 2).max(self.pass.channel.stock_batch());
        let rows: Vec<StockRow> = match way.few.take() {
            Some(few) => store.stock_rows(self.channel(), few)?.into_iter().filter(StockRow::is_dirty).collect(),
            None => {
                let rows = store.stock_dirty(self.channel(), way.after.as_ref(), handful)?;
                let Some(last) = rows.last() else {
                    way.is_over = true;
                    return Ok(Vec::new());
                };
                way.after = Some((last.sku.clone(), last.warehouse.clone()));
                let is_next = |row: &StockRow| {
                    (way.asked.is_empty() || way.asked.contains(&row.sku)) && !way.put_off.contains(&row.sku)
                };
                rows.into_iter().filter(is_next).collect()
            }
        };
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        self.pass.report.expect(rows.len());
        // Before the ERP is read: an order created there in between is subtracted twice for a moment, not never.
        let news = store.stock_news_seq()?;
        let claims = match &mut way.claims {
            Some((seq, claims)) if *seq == news => claims,
            other => {
                // There may be many: not both at once.
                *other = None;
                &mut other.insert((news, self.claims()?)).1
            }
        };
        let sends = self.work_out_handful(&rows, claims).await?;
        if let Some(refusal) = self.refusal(&rows, &sends, &mut way.meanwhile) {
            self.pass.end(Exit::Guard, refusal);
            return Ok(Vec::new());
        }
        let at: BTreeMap<_, &StockRow> = rows.iter().map(|row| ((&row.sku, &row.warehouse), row)).collect();
        let wants = sends.iter().map(|Worked { want, .. }| (at[&(&want.sku, &want.warehouse)], want));
        store.intend_stock(self.channel(), &wants.collect::<Vec<_>>(), self.now()).await?;
        Ok(sends)
    }

    /// What of these is to be sent; the others are concluded.
    async fn work_out_handful(&self, rows: &[StockRow], claims: &mut Claims) -> Result<Vec<Worked>, Trouble> {
        let skus: BTreeSet<&Sku> = rows.iter().map(|row| &row.sku).collect();
        let skus: Vec<Sku> = skus.into_iter().cloned().collect();
        let reading = self.pass.erp.stock_levels(&skus, self.now()).await?;
        self.recall(claims, &skus, reading.until).await?;
        let levels: BTreeMap<_, _> = reading
            .levels
            .iter()
            .filter(|level| level.counted)
            .map(|level| ((&level.sku, &level.warehouse), level))
            .collect();
        let places: Vec<(&StockRow, &Place)> = rows
            .iter()
            .filter_map(|row| Some((row, self.places.iter().find(|place| place.channel == row.warehouse)?)))
            .collect();
        let verdicts = self.ask_again(&places, claims).await?;
        let mut sends = Vec::new();
        for (row, place) in places {
            let Some(level) = levels.get(&(&row.sku, &place.erp)) else { continue };
            let pushed_at = row.pushed.map(|(_, at)| at);
            let mut weighed = claims.weigh(
                (&row.sku, place),
                reading.read_at,
                pushed_at,
                Some(&verdicts),
                self.now(),
                self.policy,
            )?;
            weighed.recheck(row.recheck_at.filter(|at| *at > self.now()));
            let worked =
                self.number(level, place, (Some(row), row.channel_sku.clone()), weighed, (reading.read_at, false));
            match worked.decision {
                Decision::Keep => {
                    self.pass.store.want_stock(self.channel(), std::slice::from_ref(&worked.want), None)?;
                    self.report(&worked, Outcome::Unchanged, None);
                    self.pass.report.advance();
                }
                Decision::Send(_) if !self.pass.is_planned(&worked.subject()) => {}
                Decision::Send(_) => match self.pass.permit_given(&worked.subject(), || worked.planned()) {
                    Permit::Refused(reason) => self.report(&worked, Outcome::Failed, Some(reason)),
                    _ => sends.push(worked),
                },
            }
        }
        if self.pass.halted() {
            sends.clear();
        }
        Ok(sends)
    }

    /// What the guard says to a handful, in which numbers may be others than those that it let go.
    fn refusal(&self, rows: &[StockRow], sends: &[Worked], meanwhile: &mut Meanwhile) -> Option<String> {
        if self.request.confirm {
            return None;
        }
        let worked_out: BTreeMap<_, i64> = rows.iter().map(|row| ((&row.sku, &row.warehouse), row.want)).collect();
        // A product that the channel was never told of has nothing to lose.
        for Worked { want, .. } in sends.iter().filter(|worked| worked.before.is_some()) {
            meanwhile.count(&want.sku, worked_out[&(&want.sku, &want.warehouse)], want.quantity);
        }
        meanwhile.refusal(self.policy)
    }

    /// Sends numbers in one call, and notes what became of each.
    async fn send_batch(&self, batch: &[Worked]) -> Result<(), Trouble> {
        let to_set = |worked: &Worked| {
            let want = &worked.want;
            Some(StockToSet {
                sku: want.channel_sku.clone()?,
                warehouse: want.warehouse.clone(),
                quantity: want.quantity,
                balance_at: want.parts.erp_read_at,
            })
        };
        let (batch, wanted): (Vec<&Worked>, Vec<StockToSet>) =
            batch.iter().filter_map(|worked| Some((worked, to_set(worked)?))).unzip();
        match self.pass.channel.set_stock(&wanted).await {
            // Which answer is about which product would be a guess.
            Ok(answers) if answers.len() != batch.len() => {
                for worked in batch {
                    self.pass.store.stock_not_confirmed(self.channel(), &worked.want, true, "no answer", self.now())?;
                    let reason = Reason::OutcomeUnknown { action: "push_stock".into() };
                    self.hold(&worked.want.sku, Some(worked), reason)?;
                }
            }
            Ok(answers) => {
                for (worked, answer) in batch.into_iter().zip(answers) {
                    match answer {
                        StockAnswer::Taken => self.confirmed(worked, "accepted")?,
                        StockAnswer::Refused { message } => self.refused(worked, message).await?,
                    }
                }
            }
            Err(error) => {
                for worked in batch {
                    self.failed(worked, &error).await?;
                }
                if matches!(error.triage(), Triage::StopRun(_)) {
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }

    /// A number the channel would not have. Why is told in words alone, so the first time it is asked whether the product is a kit.
    async fn refused(&self, worked: &Worked, message: String) -> Result<(), Trouble> {
        let (store, want) = (self.pass.store, &worked.want);
        store.stock_not_confirmed(self.channel(), want, false, &message, self.now())?;
        if let Some(id) = &want.channel_sku
            && !store.is_sku_held(self.channel(), &want.sku, "stock_refused")?
            && self.is_kit(id).await? == Some(true)
        {
            return self.leave_kit(id, &want.sku);
        }
        self.hold(&want.sku, Some(worked), Reason::StockRefused { message })
    }

    /// A number whose call failed; it may have been taken all the same.
    async fn failed(&self, worked: &Worked, error: &CallError) -> Result<(), Trouble> {
        let (store, want, answer) = (self.pass.store, &worked.want, error.to_string());
        let unknown = error.outcome_unknown();
        store.stock_not_confirmed(self.channel(), want, unknown, &answer, self.now())?;
        if matches!(error.triage(), Triage::StopRun(_)) {
            // The run ends. Of the product it tells only where the host failed at its own call.
            return match error.triage() == Triage::StopRun(StopCause::Down) && error.is_of_itself() {
                true => self.hold(&want.sku, Some(worked), Reason::CallFailed { message: answer }),
                false => Ok(()),
            };
        }
        let Some(id) = &want.channel_sku else { return Ok(()) };
        if (unknown || is_locked(error)) && worked.reading_tells {
            match self.look_for(worked, id).await? {
                Found::Number => return self.confirmed(worked, "found by reading"),
                Found::Kit => return self.leave_kit(id, &want.sku),
                Found::Nothing => {}
            }
        }
        if error.triage() == Triage::SkipItem {
            store.forget_channel_sku(self.channel(), &want.sku)?;
        }
        let reason = if unknown {
            Reason::OutcomeUnknown { action: "push_stock".into() }
        } else {
            Reason::CallFailed { message: answer }
        };
        self.hold(&want.sku, Some(worked), reason)
    }

    fn confirmed(&self, worked: &Worked, answer: &str) -> Result<(), Trouble> {
        self.pass.store.confirm_stock(self.channel(), &worked.want, &worked.added_back, answer, self.now())?;
        self.report(worked, Outcome::Updated, None);
        Ok(())
    }

    /// What the channel shows of a number: at once, or when an update would show.
    async fn look_for(&self, worked: &Worked, id: &ChannelSku) -> Result<Found, Trouble> {
        for pause in [Duration::ZERO, UNTIL_VISIBLE] {
            if self.pass.stop.sleep(pause).await.is_err() {
                return Ok(Found::Nothing);
            }
            match self.pass.channel.read_stock(id, &worked.want.warehouse).await {
                Ok(shown) if shown.is_kit == Some(true) => return Ok(Found::Kit),
                Ok(shown) if shown.units == Some(worked.want.quantity) => return Ok(Found::Number),
                Ok(_) => {}
                Err(error) if matches!(error.triage(), Triage::StopRun(_)) => return Err(error.into()),
                Err(_) => return Ok(Found::Nothing),
            }
        }
        Ok(Found::Nothing)
    }

    /// Reads the unpaid orders of these products anew on the channel.
    async fn ask_again(
        &self,
        places: &[(&StockRow, &Place)],
        claims: &Claims,
    ) -> Result<BTreeMap<i64, Verdict>, Trouble> {
        let now = self.now();
        let mut unpaid: BTreeMap<i64, Claiming> = BTreeMap::new();
        for (row, place) in places {
            let claiming = claims.unpaid(&row.sku, place, now, self.policy)?;
            unpaid.extend(claiming.into_iter().map(|order| (order.row, order)));
        }
        stream::iter(unpaid.into_values())
            .map(|claim| async move { Ok((claim.row, self.verdict(&claim).await?)) })
            .buffer_unordered(self.pass.config.limits.at_once())
            .collect::<Vec<Result<(i64, Verdict), Trouble>>>()
            .await
            .into_iter()
            .collect()
    }

    async fn verdict(&self, claim: &Claiming) -> Result<Verdict, Trouble> {
        match self.pass.channel.read_order(&claim.id).await {
            Ok(Reading::Order(order)) if is_unpaid(&order) => {
                let mut units = BTreeMap::new();
                for line in &order.lines {
                    *units.entry(line.channel_sku.clone()).or_insert(0) += line.quantity - line.added;
                }
                Ok(Verdict::Unpaid(units))
            }
            Ok(Reading::Order(order)) if order.status == Status::Cancelled => Ok(Verdict::Gone),
            Ok(_) => Ok(Verdict::Moving),
            Err(error) if matches!(error.triage(), Triage::StopRun(_)) => Err(error.into()),
            Err(error) => {
                self.did_not_hear_of(claim, &error.to_string());
                Ok(Verdict::Unheard)
            }
        }
    }
}

/// How far the numbers that the channel has not confirmed were gone through.
struct Way<'a> {
    /// Only these; empty for all.
    asked: BTreeSet<&'a Sku>,
    after: Option<(Sku, WarehouseId)>,
    /// Those whose calls fail on each run: not these.
    put_off: BTreeSet<&'a Sku>,
    /// All of these and no others, once.
    few: Option<&'a [Sku]>,
    /// What orders claim, as of a change of theirs.
    claims: Option<(i64, Claims)>,
    /// What changed since the push was worked out.
    meanwhile: Meanwhile,
    is_over: bool,
}

/// What a reading shows of a number that may have been taken.
enum Found {
    /// The number.
    Number,
    /// That the channel works it out by itself.
    Kit,
    /// Something else, or nothing.
    Nothing,
}

/// Reserved, and days or hours from handling. What the channel is still building may not be reserved yet.
fn is_unpaid(order: &Order) -> bool {
    order.status.is_unpaid() && order.readiness == Readiness::NotYet
}

fn is_locked(error: &CallError) -> bool {
    error.status() == Some(423)
}
