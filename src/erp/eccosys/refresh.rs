//! Hearing of changes: lists by situation and by the day of the invoice, compared with what they told the last time. Only what moved,
//! and what no list shows any more, is read by itself.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::facts::Facts;
use super::orders::{facts_of, is_cancelled, number_of};
use super::outgoing::awaits_invoice;
use super::{Eccosys, answer, body, wire};
use crate::erp::{ErpChanges, ErpError, ErpOrder};
use crate::http::{Call, Triage, segment};
use crate::model::{ErpOrderId, Instant, OrderId, Status};
use crate::store::mirror::{MirrorOrder, OrderFacts};

/// Situations of orders without an invoice. Cancelled ones are not listed: they grow without end, and an order of ours that no list
/// shows is read by itself.
const UNFINISHED: [&str; 4] = ["-1", "4", "0", "3"];

/// At most so many orders that no list shows are read in one run; the next goes on.
const MISSING_PER_RUN: usize = 120;
/// At most so many orders are read again in one run only because of their age.
const AGED_PER_RUN: usize = 40;
/// With more invoiced orders on their way than this, only those of the last days are listed each time, and all of them when the last
/// such list is older than details may be.
const LISTED_EACH_TIME: usize = 1_000;
/// Those days.
const LAST_DAYS: i64 = 3;
/// How old the reading of an invoice that is not authorised yet may be: less than from one run of cron's to the next, which may begin
/// a moment earlier in its minute.
pub(super) const PENDING_WITHIN: TimeDelta = TimeDelta::minutes(8);

/// The orders that something is still expected of, and what the lists have told of them so far.
struct Followed {
    /// Those that no list has shown yet.
    waiting: BTreeMap<ErpOrderId, MirrorOrder>,
    /// All of them by the store's number.
    numbers: BTreeMap<OrderId, ErpOrderId>,
    /// Those beside which the lists show another under the same number.
    doubled: BTreeSet<ErpOrderId>,
}

impl Eccosys {
    /// See [`Erp::orders_changed_since`](crate::erp::Erp::orders_changed_since).
    pub async fn orders_changed_since(&self, seq: i64, limit: usize) -> Result<ErpChanges, ErpError> {
        self.compare_orders().await?;
        let (orders, seq) = self.store.mirror_changes(seq, limit)?;
        let orders: Vec<ErpOrder> = orders.iter().map(|order| self.told(order)).collect();
        Ok(ErpChanges { orders, seq })
    }

    /// Compares the ERP's lists with the mirror, unless that was just done, by this process or another. Without an order to follow
    /// it makes no call.
    pub(super) async fn compare_orders(&self) -> Result<(), ErpError> {
        let _one_at_a_time = self.comparing.lock().await;
        let begun = self.now();
        let last = self.store.mirror_orders_end()?;
        if self.orders_compared.suffices(last, self.options.fresh_for, begun) {
            return Ok(());
        }
        self.compare_now(begun).await
    }

    /// Compares the lists unless that was begun at that instant or later.
    pub(super) async fn compare_orders_since(&self, at: Instant) -> Result<(), ErpError> {
        let _one_at_a_time = self.comparing.lock().await;
        let begun = self.now();
        if self.store.mirror_orders_compared_at()?.is_some_and(|last| last >= at && last <= begun) {
            return Ok(());
        }
        self.compare_now(begun).await
    }

    async fn compare_now(&self, begun: Instant) -> Result<(), ErpError> {
        let live = self.store.mirror_live()?;
        let numbers = live.iter().map(|order| (order.store_number.clone(), order.id.clone())).collect();
        let waiting = live.into_iter().map(|order| (order.id.clone(), order)).collect();
        let mut followed = Followed { waiting, numbers, doubled: BTreeSet::new() };
        let mut is_whole = true;
        if !followed.waiting.is_empty() {
            let invoiced =
                |order: &MirrorOrder| facts_of(order).status(&self.options.situations).is_final_for_payment();
            let is_any_unfinished = followed.waiting.values().any(|order| !invoiced(order));
            let is_any_invoiced = followed.waiting.values().any(invoiced);
            if is_any_unfinished {
                self.compare_unfinished(&mut followed).await?;
            }
            // What was invoiced meanwhile is among what is missing now.
            if is_any_invoiced || !followed.waiting.is_empty() {
                let listed_at = self.store.mirror_all_invoiced_at()?;
                let is_due = listed_at.is_none_or(|at| at > begun || at < begun - self.options.details_within);
                let count = followed.waiting.values().filter(|order| invoiced(order)).count();
                is_whole = is_due || count <= LISTED_EACH_TIME;
                self.compare_invoiced(&mut followed, is_whole).await?;
            }
            self.read_missing(followed.waiting.into_values().collect()).await?;
            self.note_doubled(&followed.doubled)?;
        }
        let (aged, pending) = (begun - self.options.details_within, begun - PENDING_WITHIN);
        let old = self.store.mirror_wake(aged, pending, AGED_PER_RUN, begun)?;
        if old > AGED_PER_RUN {
            log::info!(
                "{old} orders in Eccosys were not read in full for longer than {} h; {AGED_PER_RUN} of them are, in this run",
                self.options.details_within.num_hours()
            );
        }
        let ended = self.now();
        self.orders_compared.now(ended);
        Ok(self.store.mirror_orders_compared(begun, ended, is_whole)?)
    }

    async fn compare_unfinished(&self, followed: &mut Followed) -> Result<(), ErpError> {
        let waiting = &followed.waiting;
        let oldest = waiting.values().filter_map(|order| facts_of(order).day).min();
        let from = oldest.and_then(|day| day_before(&day));
        let own = self.options.situations.iter().filter(|(_, status)| !status.is_final_for_payment());
        let codes = UNFINISHED.into_iter().chain(own.map(|(code, _)| code.as_str())).map(str::to_owned);
        // Also those that nobody knows, where an order of ours stands in one.
        let unknown = waiting.values().map(facts_of).filter(|facts| {
            matches!(facts.status(&self.options.situations), Status::Unknown(_)) && facts.situation != "null"
        });
        let codes: BTreeSet<String> = codes.chain(unknown.map(|facts| facts.situation)).collect();
        for code in codes {
            let list = |call: Call| match &from {
                Some(day) => {
                    call.query("$fromDate", day).query("$toDate", self.tomorrow()).query("$dataConsiderada", "data")
                }
                None => call,
            };
            let path = format!("/pedidos/situacao/{}", segment(&code));
            match self.compare(followed, &path, list).await {
                // Its orders are read one by one, as those of no list are.
                Err(error) if !UNFINISHED.contains(&code.as_str()) && error.is_of_one_item() => {
                    log::warn!("the orders in situation {code} cannot be listed in Eccosys: {error}");
                }
                listed => listed?,
            }
        }
        Ok(())
    }

    /// Lists the invoiced orders: all that are waited for, or those of the last days. The others are waited for no more then.
    async fn compare_invoiced(&self, followed: &mut Followed, whole: bool) -> Result<(), ErpError> {
        let waiting = &mut followed.waiting;
        let day = |days| body::day(self.now() - TimeDelta::days(days));
        let oldest = waiting.values().filter_map(|order| facts_of(order).invoiced_on).min();
        let from = match whole {
            true => oldest.unwrap_or_else(|| day(1)).min(day(1)).max(self.follow_from()),
            false => {
                let from = day(LAST_DAYS);
                waiting.retain(|_, order| facts_of(order).invoiced_on.is_none_or(|on| on >= from));
                from
            }
        };
        let list = |call: Call| {
            call.query("$fromDate", &from)
                .query("$toDate", self.tomorrow())
                .query("$dataConsiderada", "dataFaturamento")
        };
        self.compare(followed, "/pedidos", list).await
    }

    /// Days are the finest windows there are, and some clocks are ahead.
    fn tomorrow(&self) -> String {
        body::day(self.now() + TimeDelta::days(1))
    }

    /// Reads a list to its end, and takes the orders that it shows from those that are waited for.
    async fn compare(
        &self,
        followed: &mut Followed,
        path: &str,
        filter: impl Fn(Call) -> Call,
    ) -> Result<(), ErpError> {
        let mut pages = answer::Pages::of(self.options.page);
        loop {
            let asked_at = self.now();
            let call = filter(Call::read("list orders", path))
                .query("$orderBy", "data,ASC")
                .query("$offset", pages.offset.to_string())
                .query("$count", self.options.page.to_string());
            // Past the end there is nothing, which it calls not found.
            let Some(answer) = self.door.call_optional(call).await? else { return Ok(()) };
            let (rows, told) = answer::readable::<wire::Order>(&answer, "an order")?;
            let mut seen = Vec::new();
            for row in rows {
                let Some(id) = wire::some(row.id.as_ref()).map(ErpOrderId::new) else { continue };
                if let Some(ours) = followed.numbers.get(&OrderId::new(number_of(&row))).filter(|ours| **ours != id)
                    && self.is_double_of(ours, &id, &row)?
                {
                    followed.doubled.insert(ours.clone());
                }
                // A row that tells another number, or none, proves nothing about ours.
                let is_its = |order: &MirrorOrder| order.store_number.as_str() == number_of(&row);
                if !followed.waiting.get(&id).is_some_and(is_its) {
                    continue;
                }
                if let Some(order) = followed.waiting.remove(&id) {
                    let before = facts_of(&order);
                    let facts =
                        Facts::of(&row, Some((&before, order.read_at)), &self.options.situations, self.present());
                    seen.push((order, facts));
                }
            }
            let follow_from = self.follow_from();
            let texts: Vec<String> =
                seen.iter().map(|(_, facts)| serde_json::to_string(facts).unwrap_or_default()).collect();
            let read: Vec<OrderFacts<'_>> = seen
                .iter()
                .zip(&texts)
                .map(|((order, facts), text)| OrderFacts {
                    id: &order.id,
                    channel: &order.channel,
                    store_number: &order.store_number,
                    facts: text,
                    live: facts.is_live(&self.options.situations, &follow_from, awaits_invoice(order)),
                })
                .collect();
            self.store.mirror_read(&read, asked_at, self.now())?;
            if !pages.another(&answer, told)? {
                return Ok(());
            }
        }
    }

    /// Whether an order that has the store number of one of ours lives beside it, and is of the same channel as far as anybody tells.
    fn is_double_of(&self, ours: &ErpOrderId, id: &ErpOrderId, row: &wire::Order) -> Result<bool, ErpError> {
        let Some(ours) = self.store.mirror_order(ours)? else { return Ok(false) };
        let is_known_anothers = self.store.mirror_order(id)?.is_some_and(|known| known.channel != ours.channel);
        let lives = !is_cancelled(row, &self.options.situations);
        Ok(lives && !is_known_anothers && !self.is_anothers(&ours.channel, row))
    }

    fn note_doubled(&self, doubled: &BTreeSet<ErpOrderId>) -> Result<(), ErpError> {
        for id in doubled {
            let Some(order) = self.store.mirror_order(id)? else { continue };
            let facts = facts_of(&order);
            if !facts.doubled {
                let facts = Facts { doubled: true, ..facts };
                self.keep(id, &order.channel, &order.store_number, &facts, order.read_at)?;
                self.store.hear_of(&order.channel, id, "a second order under its number (ERP)", self.now())?;
            }
        }
        Ok(())
    }

    /// Reads the orders that no list shows: cancelled, of a situation nobody knows, or moved while the lists were read.
    async fn read_missing(&self, mut missing: Vec<MirrorOrder>) -> Result<(), ErpError> {
        missing.sort_by_key(|order| order.read_at);
        if missing.len() > MISSING_PER_RUN {
            log::warn!(
                "{} orders that are followed in Eccosys are in none of its lists; {MISSING_PER_RUN} of them are read one by one in \
                 this run",
                missing.len()
            );
        }
        for order in missing.iter().take(MISSING_PER_RUN) {
            match self.read_order(&order.id).await {
                Ok(Some(_)) => {}
                Ok(None) => self.store.mirror_lost(&order.id, self.now())?,
                // It is everybody's, or only this order's.
                Err(error) if error.is_of_one_item() => {
                    let is_silent = matches!(&error, ErpError::Call(error) if error.triage() == Triage::RetryLater);
                    self.unread.set(self.unread.get() + usize::from(is_silent));
                    log::warn!("order {} cannot be read in Eccosys: {error}", order.store_number);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The day before one written `YYYY-MM-DD`.
fn day_before(day: &str) -> Option<String> {
    let day: chrono::NaiveDate = day.parse().ok()?;
    Some(day.pred_opt()?.to_string())
}
