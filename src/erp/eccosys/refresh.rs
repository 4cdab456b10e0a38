//! Hearing of changes: lists by situation and by the day of the invoice, compared with what they told the last time. Only what moved,
//! and what no list shows any more, is read by itself.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::facts::Facts;
use super::orders::facts_of;
use super::{Eccosys, answer, body, wire};
use crate::erp::{ErpChanges, ErpError, ErpOrder};
use crate::http::{Call, segment};
use crate::model::ErpOrderId;
use crate::store::mirror::{MirrorOrder, OrderFacts};

/// Situations of orders without an invoice. Cancelled ones are not listed: they grow without end, and an order of ours that no list
/// shows is read by itself.
const UNFINISHED: [&str; 4] = ["-1", "4", "0", "3"];

/// At most so many orders that no list shows are read in one run; the next goes on.
const MISSING_PER_RUN: usize = 120;
/// At most so many orders are read again in one run only because of their age.
const AGED_PER_RUN: usize = 40;

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
        let last = self.store.mirror_orders_compared_at()?;
        if self.orders_compared.suffices(last, self.options.fresh_for, begun) {
            return Ok(());
        }
        let mut waiting: BTreeMap<ErpOrderId, MirrorOrder> =
            self.store.mirror_live()?.into_iter().map(|order| (order.id.clone(), order)).collect();
        if !waiting.is_empty() {
            let invoiced =
                |order: &MirrorOrder| facts_of(order).status(&self.options.situations).is_final_for_payment();
            let is_any_unfinished = waiting.values().any(|order| !invoiced(order));
            let is_any_invoiced = waiting.values().any(invoiced);
            if is_any_unfinished {
                self.compare_unfinished(&mut waiting).await?;
            }
            // What was invoiced meanwhile is among what is missing now.
            if is_any_invoiced || !waiting.is_empty() {
                self.compare_invoiced(&mut waiting).await?;
            }
            self.read_missing(waiting.into_values().collect()).await?;
        }
        let old = self.store.mirror_wake(begun - self.options.details_within, AGED_PER_RUN)?;
        if old > AGED_PER_RUN {
            log::info!(
                "{old} orders in Eccosys were not read in full for longer than {} h; {AGED_PER_RUN} of them are, in this run",
                self.options.details_within.num_hours()
            );
        }
        self.orders_compared.now(begun);
        Ok(self.store.mirror_orders_compared(begun)?)
    }

    async fn compare_unfinished(&self, waiting: &mut BTreeMap<ErpOrderId, MirrorOrder>) -> Result<(), ErpError> {
        let oldest = waiting.values().filter_map(|order| facts_of(order).day).min();
        let from = oldest.and_then(|day| day_before(&day));
        let own = self.options.situations.iter().filter(|(_, status)| !status.is_final_for_payment());
        let codes: BTreeSet<&str> = UNFINISHED.into_iter().chain(own.map(|(code, _)| code.as_str())).collect();
        for code in codes {
            let list = |call: Call| match &from {
                Some(day) => {
                    call.query("$fromDate", day).query("$toDate", self.tomorrow()).query("$dataConsiderada", "data")
                }
                None => call,
            };
            let path = format!("/pedidos/situacao/{}", segment(code));
            self.compare(waiting, &path, list).await?;
        }
        Ok(())
    }

    async fn compare_invoiced(&self, waiting: &mut BTreeMap<ErpOrderId, MirrorOrder>) -> Result<(), ErpError> {
        let oldest = waiting.values().filter_map(|order| facts_of(order).invoiced_on).min();
        let yesterday = body::day(self.now() - TimeDelta::days(1));
        let from = oldest.unwrap_or_else(|| yesterday.clone()).min(yesterday).max(self.follow_from());
        let list = |call: Call| {
            call.query("$fromDate", &from)
                .query("$toDate", self.tomorrow())
                .query("$dataConsiderada", "dataFaturamento")
        };
        self.compare(waiting, "/pedidos", list).await
    }

    /// Days are the finest windows there are, and some clocks are ahead.
    fn tomorrow(&self) -> String {
        body::day(self.now() + TimeDelta::days(1))
    }

    /// Reads a list to its end, and takes the orders that it shows from those that are waited for.
    async fn compare(
        &self,
        waiting: &mut BTreeMap<ErpOrderId, MirrorOrder>,
        path: &str,
        filter: impl Fn(Call) -> Call,
    ) -> Result<(), ErpError> {
        let mut offset = 0;
        loop {
            let asked_at = self.now();
            let call = filter(Call::read("list orders", path))
                .query("$orderBy", "data,ASC")
                .query("$offset", offset.to_string())
                .query("$count", self.options.page.to_string());
            // Past the end there is nothing, which it calls not found.
            let Some(answer) = self.door.call_optional(call).await? else { return Ok(()) };
            let rows: Vec<wire::Order> = answer::all(&answer)?;
            let told = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            let mut seen = Vec::new();
            for row in rows {
                let Some(id) = wire::some(row.id.as_ref()).map(ErpOrderId::new) else { continue };
                let is_its = |order: &MirrorOrder| {
                    row.numero_da_ordem_de_compra.as_deref().map(str::trim) == Some(order.store_number.as_str())
                };
                // A row that tells another number, or none, proves nothing about ours.
                if !waiting.get(&id).is_some_and(is_its) {
                    continue;
                }
                if let Some(order) = waiting.remove(&id) {
                    let before = facts_of(&order);
                    let facts = Facts::of(&row, Some((&before, order.read_at)), &self.options.situations, asked_at);
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
                    live: facts.is_live(&self.options.situations, &follow_from),
                })
                .collect();
            self.store.mirror_read(&read, asked_at)?;
            if told < self.options.page {
                return Ok(());
            }
            offset += told;
        }
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
            if self.read_order(&order.id).await?.is_none() {
                self.store.mirror_lost(&order.id, self.now())?;
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
