//! Finding what may have changed, and what each number should be. What an ERP and orders tell is asked for by what changed since;
//! when the configuration says otherwise than the last time, everything is looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::claims::{Claims, settle};
use super::guard::{self, Toll};
use super::{Decision, Push, Worked};
use crate::channel::Reading;
use crate::erp::{StockLevel, StockReading};
use crate::exit::Exit;
use crate::model::{Instant, Sku, WarehouseId};
use crate::passes::Trouble;
use crate::reason::Reason;
use crate::report::{Outcome, Warning};
use crate::store::cursors::STOCK_TERMS;
use crate::store::stock::{Left, StockCursor, StockRow};

/// No ERP's balance is worked with that is older: orders linked before are in it.
const BALANCE_AGE: chrono::TimeDelta = chrono::TimeDelta::hours(2);

/// How many products are worked out, and stored, at a time.
const CHUNK: usize = 500;

/// The ERP's balances of what may have changed.
struct Changed {
    /// Balances that were counted, in the warehouses that are pushed from, with the instant of their reading.
    levels: Vec<(StockLevel, Instant)>,
    /// Up to where this goes; `None` when only some products were asked for.
    cursor: Option<StockCursor>,
    /// Whether the ERP was asked for everything.
    complete: bool,
}

impl Push<'_> {
    /// Stores what each number that may have changed should be; a refusal of the guard ends the run. In a dry run the differences
    /// are reported instead.
    pub(super) async fn work_out(&mut self) -> Result<(), Trouble> {
        self.read_unread().await?;
        self.keep_out().await?;
        let Some(changed) = self.changed().await? else { return Ok(()) };
        if changed.complete {
            if !self.is_whole(&changed)? {
                return Ok(());
            }
            self.leave_places()?;
        }
        let claims = self.claims()?;
        let handed_over = self.handed_over()?;
        let mut toll = Toll::default();
        let resend = self.request.full || !self.request.skus.is_empty();
        for levels in changed.levels.chunks(CHUNK) {
            if self.pass.halted() {
                return Ok(());
            }
            self.work_out_chunk(levels, (&claims, &handed_over), resend, &mut toll).await?;
        }
        self.pass.store.want_stock(self.channel(), &[], changed.cursor)?;
        if changed.complete {
            self.pass.store.set_cursor(self.channel(), STOCK_TERMS, self.mark())?;
        }
        if !self.request.confirm && !toll.is_small(self.policy) {
            let totals = self.pass.store.stock_totals(self.channel())?;
            if let Some(refusal) = toll.refusal(totals, self.policy) {
                self.pass.end(Exit::Guard, refusal);
            }
        }
        Ok(())
    }

    async fn work_out_chunk(
        &self,
        levels: &[(StockLevel, Instant)],
        (claims, handed_over): (&Claims, &BTreeMap<Sku, Instant>),
        resend: bool,
        toll: &mut Toll,
    ) -> Result<(), Trouble> {
        let skus: BTreeSet<&Sku> = levels.iter().map(|(level, _)| &level.sku).collect();
        let skus: Vec<Sku> = skus.into_iter().cloned().collect();
        let resolved = self.resolve(&skus).await?;
        self.hold_unresolved(&resolved)?;
        let rows = by_place(self.pass.store.stock_rows(self.channel(), &skus)?);
        let mut wants = Vec::with_capacity(levels.len());
        // Of the products that the channel has, the worst case of each.
        let mut shortages: BTreeMap<&Sku, Option<Worked>> = BTreeMap::new();
        for (level, read_at) in levels {
            for place in self.places.iter().filter(|place| place.erp == level.warehouse) {
                let row = rows.get(&(level.sku.clone(), place.channel.clone()));
                let pushed_at = row.and_then(|row| row.pushed).map(|(_, at)| at);
                let mut weighed = claims.weigh((&level.sku, place), *read_at, pushed_at, None, self.now(), self.policy);
                let mut resend = resend || row.is_some_and(|row| row.recheck_at.is_some_and(|at| at <= self.now()));
                if let Some(settled) = handed_over.get(&level.sku) {
                    if *settled > self.now() {
                        weighed.recheck(Some(*settled));
                    } else if pushed_at.is_some_and(|pushed_at| pushed_at < *settled) {
                        resend = true;
                    }
                }
                let id = resolved.ids.get(&level.sku).cloned();
                let is_there = id.is_some();
                let worked = self.number(level, place, (row, id), weighed, (*read_at, resend));
                if let Decision::Send(quantity) = worked.decision
                    && is_there
                {
                    toll.count(&level.sku, worked.before, quantity);
                    if self.pass.dry_run {
                        self.report(&worked, Outcome::Updated, None);
                    }
                }
                wants.push(worked.want.clone());
                if is_there {
                    let worst = shortages.entry(&level.sku).or_default();
                    let units = |worked: &Option<Worked>| worked.as_ref().and_then(|one| one.want.parts.oversold());
                    let worked = Some(worked);
                    if units(&worked) > units(worst) {
                        *worst = worked;
                    }
                }
            }
        }
        self.pass.store.want_stock(self.channel(), &wants, None)?;
        self.tell_shortages(shortages)
    }

    /// Holds the products of which more was sold than there is, which no number undoes; the others are held for that no more.
    fn tell_shortages(&self, shortages: BTreeMap<&Sku, Option<Worked>>) -> Result<(), Trouble> {
        let fine: Vec<&Sku> = shortages.iter().filter(|(_, worked)| worked.is_none()).map(|(sku, _)| *sku).collect();
        self.pass.store.release_oversold(self.channel(), &fine, self.now())?;
        let short: Vec<(&Sku, Worked)> =
            shortages.into_iter().filter_map(|(sku, worked)| Some((sku, worked?))).collect();
        if short.is_empty() {
            return Ok(());
        }
        let claims = self.pass.store.all_claims()?;
        for (sku, worked) in short {
            let parts = &worked.want.parts;
            let reason = Reason::Oversold {
                warehouse: parts.erp_warehouse.clone(),
                units: parts.oversold().unwrap_or_default(),
                physical: parts.physical,
                reserved: parts.reserved,
                in_flight: parts.in_flight,
                orders: self.terms.claimants(&claims, sku, &parts.erp_warehouse),
            };
            self.hold(sku, Some(&worked), reason)?;
        }
        Ok(())
    }

    /// A mark of what the configuration adds to the numbers.
    fn mark(&self) -> Instant {
        self.terms.mark(&self.places, self.policy)
    }

    /// Forgets the warehouses that are not pushed to any more, and tells of what the channel still sells from there.
    fn leave_places(&self) -> Result<(), Trouble> {
        let places: Vec<&WarehouseId> = self.places.iter().map(|place| &place.channel).collect();
        for Left { warehouse, products, units } in self.pass.store.leave_warehouses(self.channel(), &places)? {
            let channel = self.channel().clone();
            self.pass.warn(&Warning::StockLeftBehind { channel, warehouse, products, units });
        }
        Ok(())
    }

    /// What orders claim now.
    pub(super) fn claims(&self) -> Result<Claims, Trouble> {
        let settled = self.now() - settle(self.policy);
        let linked_since = self.now() - BALANCE_AGE;
        let orders = self.pass.store.claims(self.channel(), settled, linked_since)?;
        Ok(Claims::new(orders, self.channel(), &self.places, &self.terms, linked_since))
    }

    /// Of the products of orders that were handed over since the last run, when the channel lets go of what it has reserved for
    /// the last of them: with the first number it is sent from then on.
    fn handed_over(&self) -> Result<BTreeMap<Sku, Instant>, Trouble> {
        let mut settled = BTreeMap::new();
        let Some(cursor) = self.pass.store.stock_cursor(self.channel())? else { return Ok(settled) };
        for (line, at) in self.pass.store.handed_over(self.channel(), cursor.news_seq)? {
            let at = at.checked_add_signed(settle(self.policy)).unwrap_or(Instant::MAX_UTC);
            if let Some(sku) = self.terms.sku(self.channel(), &line) {
                settled.entry(sku).and_modify(|last: &mut Instant| *last = at.max(*last)).or_insert(at);
            }
        }
        Ok(settled)
    }

    /// What may have changed since the last run, or what was asked for; `None` when nothing has.
    async fn changed(&self) -> Result<Option<Changed>, Trouble> {
        let store = self.pass.store;
        if !self.request.skus.is_empty() {
            let asked: Vec<Sku> =
                self.request.skus.iter().filter(|sku| !self.kept_out.contains_key(sku)).cloned().collect();
            if asked.is_empty() {
                return Ok(None);
            }
            let changed = self.sorted(self.pass.erp.stock_levels(Some(&asked), self.now()).await?, Vec::new());
            let told: BTreeSet<&Sku> = changed.iter().map(|(level, _)| &level.sku).collect();
            for sku in asked.iter().filter(|sku| !told.contains(sku)) {
                self.pass.tell_product(sku, Outcome::Failed, Reason::StockNotInErp);
            }
            return Ok(Some(Changed { levels: changed, cursor: None, complete: false }));
        }
        // First, so that what changes while the ERP is read is looked at again.
        let news_seq = store.stock_news_seq()?;
        let before = store.stock_cursor(self.channel())?;
        let incremental = match before {
            Some(cursor) if !self.request.full && store.cursor(self.channel(), STOCK_TERMS)? == Some(self.mark()) => {
                let reading = self.pass.erp.stock_changed_since(cursor.erp_seq, self.now()).await?;
                // Counting from an earlier number again: another ERP, or yesterday's copy of it.
                (reading.seq >= cursor.erp_seq).then_some((cursor, reading))
            }
            _ => None,
        };
        let Some((cursor, reading)) = incremental else {
            let reading = self.pass.erp.stock_levels(None, self.now()).await?;
            let cursor = Some(StockCursor { erp_seq: reading.seq, news_seq });
            return Ok(Some(Changed { levels: self.sorted(reading, Vec::new()), cursor, complete: true }));
        };
        // Those that the channel was told of, and that are not held for it yet.
        let known: BTreeSet<Sku> =
            store.stock_rows(self.channel(), &reading.missing)?.into_iter().map(|row| row.sku).collect();
        let held = store.skus_held(self.channel(), &Reason::StockNotInErp.code())?;
        let missing: Vec<Sku> = known.into_iter().filter(|sku| !held.contains(sku)).collect();
        if !self.accepts_missing(&missing, None)? {
            return Ok(None);
        }
        let told: BTreeSet<&Sku> = reading.levels.iter().map(|level| &level.sku).collect();
        let mut others = self.touched(cursor)?;
        others.retain(|sku| !told.contains(sku));
        let next = StockCursor { erp_seq: reading.seq, news_seq };
        if reading.levels.is_empty() && others.is_empty() {
            if next != cursor {
                store.want_stock(self.channel(), &[], Some(next))?;
            }
            return Ok(None);
        }
        let others: Vec<Sku> = others.into_iter().collect();
        let more = if others.is_empty() {
            Vec::new()
        } else {
            let read = self.pass.erp.stock_levels(Some(&others), self.now()).await?;
            self.sorted(read, Vec::new())
        };
        Ok(Some(Changed { levels: self.sorted(reading, more), cursor: Some(next), complete: false }))
    }

    /// Products whose number may have changed though their balance in the ERP did not.
    fn touched(&self, cursor: StockCursor) -> Result<BTreeSet<Sku>, Trouble> {
        let (store, channel, now) = (self.pass.store, self.channel(), self.now());
        let news = store.stock_news(cursor.news_seq)?;
        let mut touched: BTreeSet<Sku> =
            news.iter().filter_map(|(channel, line)| self.terms.sku(channel, line)).collect();
        touched.extend(store.stock_to_recheck(channel, now)?);
        touched.extend(store.channel_skus_missing(channel, now - self.unknown_for())?);
        touched.extend(store.stock_dirty(channel, None, usize::MAX)?.into_iter().map(|row| row.sku));
        Ok(touched)
    }

    /// The balances that matter: counted, for what was never counted is no statement about the shelf; of a product that the channel
    /// is told of; and in a warehouse that is pushed from.
    fn sorted(&self, reading: StockReading, mut levels: Vec<(StockLevel, Instant)>) -> Vec<(StockLevel, Instant)> {
        let matters = |level: &StockLevel| {
            level.counted
                && !self.kept_out.contains_key(&level.sku)
                && self.places.iter().any(|place| place.erp == level.warehouse)
        };
        let read_at = reading.read_at;
        levels.extend(reading.levels.into_iter().filter(matters).map(|level| (level, read_at)));
        levels
    }

    /// Whether an answer about everything is one: an ERP that forgot products has not sold them.
    fn is_whole(&self, changed: &Changed) -> Result<bool, Trouble> {
        let told: BTreeSet<&Sku> = changed.levels.iter().map(|(level, _)| &level.sku).collect();
        let told: Vec<Sku> = told.into_iter().cloned().collect();
        let missing = self.pass.store.stock_missing_from(self.channel(), &told)?;
        self.accepts_missing(&missing, Some(changed.levels.len()))
    }

    /// Whether products that an answer left out may be held one by one, or the answer itself is doubted. `told` is how many balances
    /// it had; `None` for all that are known but those.
    fn accepts_missing(&self, missing: &[Sku], told: Option<usize>) -> Result<bool, Trouble> {
        if missing.is_empty() {
            return Ok(true);
        }
        if !self.request.confirm {
            let totals = self.pass.store.stock_totals(self.channel())?;
            let count = |products: usize| i64::try_from(products).unwrap_or(i64::MAX);
            let told = told.map_or((totals.known - count(missing.len())).max(0), count);
            if let Some(refusal) = guard::short_answer(missing, told, totals, self.policy) {
                self.pass.end(Exit::Guard, refusal);
                return Ok(false);
            }
        }
        for sku in missing {
            self.hold(sku, None, Reason::StockNotInErp)?;
        }
        Ok(true)
    }

    /// Reads the channel's orders that were seen and never read: what they claim is not known until then. Those of other channels
    /// cannot be read from here.
    async fn read_unread(&self) -> Result<(), Trouble> {
        let store = self.pass.store;
        for (row, id) in store.never_read(self.channel())? {
            if self.pass.halted() {
                return Ok(());
            }
            let asked_at = self.now();
            match self.pass.channel.read_order(&id).await {
                Ok(Reading::Order(order)) => store.record_reading(row, &order, asked_at, self.now())?,
                // It is import-orders that says what is wrong with it; the channel subtracts its units itself.
                Ok(Reading::Absent | Reading::Unreadable(_)) => {}
                Err(error) => {
                    let trouble = Trouble::Channel(error);
                    if trouble.ends_run(self.pass.stop).is_some() {
                        return Err(trouble);
                    }
                }
            }
        }
        for config in self.request.channels.iter().filter(|config| config.name != *self.channel()) {
            let unread = store.never_read(&config.name)?.len();
            if unread > 0 {
                let warning = Warning::UnreadOrders { channel: config.name.clone(), orders: unread };
                self.pass.warn(&warning);
            }
        }
        Ok(())
    }
}

/// Rows by product and warehouse.
pub(super) fn by_place(rows: Vec<StockRow>) -> BTreeMap<(Sku, WarehouseId), StockRow> {
    rows.into_iter().map(|row| ((row.sku.clone(), row.warehouse.clone()), row)).collect()
}
