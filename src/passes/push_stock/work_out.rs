//! Finding what may have changed, and what each number should be. What an ERP and orders tell is asked for by what changed since;
//! when the configuration says otherwise than the last time, everything is looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::claimants::Claimants;
use super::claims::{Claims, settle};
use super::guard::{self, Missing, Toll};
use super::places::Place;
use super::{Decision, Push, Worked, unread};
use crate::erp::{StockLevel, StockReading};
use crate::exit::Exit;
use crate::model::{ErpOrderId, Instant, Sku, WarehouseId};
use crate::passes::{Pass, Trouble};
use crate::plan::Subject;
use crate::reason::Reason;
use crate::report::{Outcome, Warning};
use crate::store::claims::Claim;
use crate::store::cursors::STOCK_TERMS;
use crate::store::stock::{Left, StockCursor, StockRow};

/// How many products are worked out, and stored, at a time.
const CHUNK: usize = 500;

/// What the numbers of one run rest on beside the balances.
struct Basis {
    claims: Claims,
    /// A person wants them sent again.
    resend: bool,
    /// They were last worked out by another configuration.
    are_terms_new: bool,
}

/// A part of what the channel was told of.
struct ToldPart {
    /// How many balances the ERP tells of it.
    levels: usize,
    /// The products of which it tells none.
    missing: Vec<Sku>,
}

/// Where products come from that may have to be told anew though their balance in the ERP did not change.
enum Source {
    /// Orders, and time.
    Touched(Option<Sku>),
    /// The channel did not have them.
    Missing(Option<(Instant, Sku)>),
    /// The channel has not confirmed their number.
    Dirty(Option<(Sku, WarehouseId)>),
}

impl Push<'_> {
    /// Stores what each number that may have changed should be; a refusal of the guard ends the run. In a dry run the differences
    /// are reported instead. Whatever it is, it is taken in parts: a catalogue may be larger than the memory there is for it.
    pub(super) async fn work_out(&mut self) -> Result<(), Trouble> {
        self.read_unread().await?;
        self.keep_out().await?;
        let mut toll = Toll::default();
        self.pass.store.begin_working_out()?;
        let worked_out = self.work_out_due(&mut toll).await;
        // However that ended: no later run knows of them.
        self.tell_left_ids()?;
        worked_out?;
        if self.pass.halted() {
            return Ok(());
        }
        if !self.request.confirm && !toll.is_small(self.policy) {
            let totals = self.pass.store.stock_totals(self.channel())?;
            if let Some(refusal) = toll.refusal(totals, self.policy) {
                self.pass.end(Exit::Guard, refusal);
            }
        }
        Ok(())
    }

    /// What a person asked for, or what may have changed, which is noted as done with.
    async fn work_out_due(&self, toll: &mut Toll) -> Result<(), Trouble> {
        if !self.request.skus.is_empty() {
            return self.work_out_asked(toll).await;
        }
        if let Some(cursor) = self.work_out_changes(toll).await?
            && !self.pass.halted()
        {
            self.pass.store.want_stock(self.channel(), &[], Some(cursor))?;
            if !self.has_same_terms()? {
                self.pass.store.set_cursor(self.channel(), STOCK_TERMS, self.mark())?;
            }
        }
        Ok(())
    }

    /// The products that a person asked for.
    async fn work_out_asked(&self, toll: &mut Toll) -> Result<(), Trouble> {
        // Found older when it was opened, or by a run before; see `work_out_changes`.
        let cursor = self.pass.store.stock_cursor(self.channel())?;
        if cursor.is_some_and(|cursor| cursor.erp_seq == i64::MAX) {
            self.pass.end(Exit::Guard, guard::older_erp());
            return Ok(());
        }
        let asked: Vec<Sku> =
            self.request.skus.iter().filter(|sku| !self.kept_out.contains_key(sku)).cloned().collect();
        let mut basis = self.basis()?;
        for skus in asked.chunks(CHUNK) {
            let reading = self.pass.erp.stock_levels(skus, self.now()).await?;
            let reading = self.those_that_matter(reading);
            let told: BTreeSet<&Sku> = reading.levels.iter().map(|level| &level.sku).collect();
            for sku in skus.iter().filter(|sku| !told.contains(sku)) {
                self.pass.tell_product(sku, Outcome::Failed, self.why_untold(sku));
            }
            self.work_out_part(&reading, &mut basis, toll).await?;
        }
        Ok(())
    }

    /// Everything that changed since the last run; or simply everything. Gives how far that goes, if it is further than before.
    async fn work_out_changes(&self, toll: &mut Toll) -> Result<Option<StockCursor>, Trouble> {
        let (store, erp) = (self.pass.store, self.pass.erp);
        // First, so that what changes while the ERP is read is looked at again.
        let news_seq = store.stock_news_seq()?;
        let before = store.stock_cursor(self.channel())?;
        let is_incremental = !self.request.full && self.has_same_terms()?;
        let mut since = before.filter(|_| is_incremental).map(|cursor| cursor.erp_seq);
        let mut part = erp.stock_part(since.unwrap_or(0), None, CHUNK, self.now()).await?;
        // Counting from an earlier number again: another ERP, or yesterday's copy of it, which knows nothing of what was sold since.
        let older = before.filter(|cursor| part.seq < cursor.erp_seq);
        if older.is_some() && since.take().is_some() {
            part = erp.stock_part(0, None, CHUNK, self.now()).await?;
        }
        let next = StockCursor { erp_seq: part.seq, news_seq };
        let mut sources = Vec::new();
        match before.filter(|_| since.is_some()) {
            None => {
                let older = older.filter(|_| !self.request.full);
                if let Some(cursor) = older {
                    // Nor is it better once it has counted that far again: no number of its own is enough, until a person says so.
                    store.want_stock(self.channel(), &[], Some(StockCursor { erp_seq: i64::MAX, ..cursor }))?;
                }
                if !self.is_whole().await? {
                    return Ok(None);
                }
                if older.is_some() {
                    self.pass.end(Exit::Guard, guard::older_erp());
                    return Ok(None);
                }
                self.leave_places()?;
            }
            Some(cursor) => {
                if !self.accepts_gone(&part.missing)? {
                    return Ok(None);
                }
                self.touch(cursor)?;
                // The last comes first.
                sources = vec![Source::Dirty(None), Source::Missing(None), Source::Touched(None)];
                if part.reading.levels.is_empty() && self.is_nothing_due(&sources)? {
                    return Ok((next != cursor).then_some(next));
                }
            }
        }
        let mut basis = self.basis()?;
        loop {
            let mark = part.next.take();
            let told: BTreeSet<Sku> = part.reading.levels.iter().map(|level| level.sku.clone()).collect();
            let due: BTreeSet<Sku> = store.to_work_out(told.into_iter().collect())?.into_iter().collect();
            part.reading.levels.retain(|level| due.contains(&level.sku));
            self.work_out_part(&self.those_that_matter(part.reading), &mut basis, toll).await?;
            if mark.is_none() || self.pass.halted() {
                break;
            }
            part = erp.stock_part(since.unwrap_or(0), mark.as_ref(), CHUNK, self.now()).await?;
        }
        while let Some(source) = sources.pop() {
            let (skus, rest) = self.take(source)?;
            sources.extend(rest);
            let skus = store.to_work_out(skus)?;
            if skus.is_empty() {
                continue;
            }
            if self.pass.halted() {
                break;
            }
            let reading = erp.stock_levels(&skus, self.now()).await?;
            self.work_out_part(&self.those_that_matter(reading), &mut basis, toll).await?;
        }
        Ok(Some(next))
    }

    /// Whether the configuration adds to the numbers what it did the last time.
    fn has_same_terms(&self) -> Result<bool, Trouble> {
        Ok(self.pass.store.cursor(self.channel(), STOCK_TERMS)? == Some(self.mark()))
    }

    fn basis(&self) -> Result<Basis, Trouble> {
        let resend = self.request.full || !self.request.skus.is_empty();
        self.touch_handed_over()?;
        Ok(Basis { claims: self.claims()?, resend, are_terms_new: !self.has_same_terms()? })
    }

    /// The next products of a source, and what is left of it.
    fn take(&self, source: Source) -> Result<(Vec<Sku>, Option<Source>), Trouble> {
        let store = self.pass.store;
        Ok(match source {
            Source::Touched(after) => {
                let skus = store.touched(after.as_ref(), CHUNK)?;
                let rest = skus.last().map(|last| Source::Touched(Some(last.clone())));
                (skus, rest)
            }
            Source::Missing(after) => {
                let now = self.now();
                let span = (now - self.unknown_for(), now);
                let found = store.channel_skus_missing(self.channel(), span, after.as_ref(), CHUNK)?;
                let rest = found.last().map(|last| Source::Missing(Some(last.clone())));
                (found.into_iter().map(|(_, sku)| sku).collect(), rest)
            }
            Source::Dirty(after) => {
                let rows = store.stock_dirty(self.channel(), after.as_ref(), CHUNK)?;
                let rest = rows.last().map(|last| Source::Dirty(Some((last.sku.clone(), last.warehouse.clone()))));
                (rows.into_iter().map(|row| row.sku).collect(), rest)
            }
        })
    }

    /// Whether none of these has any product.
    fn is_nothing_due(&self, sources: &[Source]) -> Result<bool, Trouble> {
        let store = self.pass.store;
        for source in sources {
            let is_empty = match source {
                Source::Touched(_) => store.touched(None, 1)?.is_empty(),
                Source::Missing(_) => {
                    let now = self.now();
                    store.channel_skus_missing(self.channel(), (now - self.unknown_for(), now), None, 1)?.is_empty()
                }
                Source::Dirty(_) => store.stock_dirty(self.channel(), None, 1)?.is_empty(),
            };
            if !is_empty {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn work_out_part(
        &self,
        StockReading { levels, read_at, until }: &StockReading,
        basis: &mut Basis,
        toll: &mut Toll,
    ) -> Result<(), Trouble> {
        let Basis { claims, resend, are_terms_new } = basis;
        let skus: BTreeSet<&Sku> = levels.iter().map(|level| &level.sku).collect();
        let skus: Vec<Sku> = skus.into_iter().cloned().collect();
        self.recall(claims, &skus, *until).await?;
        let resolved = self.resolve(&skus).await?;
        self.hold_unresolved(&resolved)?;
        let rows = by_place(self.pass.store.stock_rows(self.channel(), &skus)?);
        let settled = self.pass.store.settled(&skus)?;
        let mut wants = Vec::with_capacity(levels.len());
        // Of the products that the channel has, the worst case of each.
        let mut shortages: BTreeMap<&Sku, Option<Worked>> = BTreeMap::new();
        // Of those the channel did not answer for, what it was told stands.
        for level in levels.iter().filter(|level| !resolved.is_unheard(&level.sku)) {
            for place in self.places.iter().filter(|place| place.erp == level.warehouse) {
                let row = rows.get(&(level.sku.clone(), place.channel.clone()));
                let pushed_at = row.and_then(|row| row.pushed).map(|(_, at)| at);
                let mut weighed =
                    claims.weigh((&level.sku, place), *read_at, pushed_at, None, self.now(), self.policy)?;
                let is_planned = self.pass.is_planned(&Subject::Stock(level.sku.clone(), place.channel.clone()));
                let mut resend = *resend && is_planned;
                if let Some(settled) = settled.get(&level.sku) {
                    if *settled > self.now() {
                        weighed.recheck(Some(*settled));
                    } else if pushed_at.is_some_and(|pushed_at| pushed_at < *settled) {
                        resend = true;
                    }
                }
                // What was waited for is over: in time, or since `settle` is shorter now.
                let is_over =
                    |at| at <= self.now() || *are_terms_new && weighed.recheck_at.is_none_or(|next| next > at);
                resend |= row.and_then(|row| row.recheck_at).is_some_and(is_over);
                let id = resolved.ids.get(&level.sku).cloned();
                let is_there = id.is_some();
                // The configuration says so: an id that the channel gives anew has left its row already.
                if let Some(StockRow { channel_sku: Some(old), pushed: Some((units, _)), .. }) = row
                    && *units > 0
                    && id.as_ref().is_some_and(|id| id != old)
                {
                    self.leave_id(level.sku.clone(), old.clone(), *units);
                }
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
        let uncounted = uncounted(levels, &rows, &self.places);
        for (sku, warehouse) in &uncounted {
            // A product is held once, and for what is worse.
            if shortages.get(*sku).is_none_or(Option::is_none) {
                self.hold(sku, None, Reason::StockNotInErp { warehouse: Some((*warehouse).clone()) })?;
            }
        }
        // A number that may stand is not sent, so that nothing else ends what held it.
        let counted = shortages.keys().copied().filter(|sku| !uncounted.contains_key(sku));
        self.pass.store.release_in_step(self.channel(), counted, self.now())?;
        self.tell_shortages(shortages).await?;
        Ok(self.pass.store.committed().await?)
    }

    /// Holds the products of which more was sold than there is, which no number undoes; the others are held for that no more.
    async fn tell_shortages(&self, shortages: BTreeMap<&Sku, Option<Worked>>) -> Result<(), Trouble> {
        let fine: Vec<&Sku> = shortages.iter().filter(|(_, worked)| worked.is_none()).map(|(sku, _)| *sku).collect();
        self.pass.store.release_oversold(self.channel(), &fine, self.now())?;
        let short: Vec<(&Sku, Worked)> =
            shortages.into_iter().filter_map(|(sku, worked)| Some((sku, worked?))).collect();
        if short.is_empty() {
            return Ok(());
        }
        let skus: Vec<Sku> = short.iter().map(|(sku, _)| (*sku).clone()).collect();
        let rests = self.pass.erp.rests(&skus).await?;
        let in_part: BTreeSet<ErpOrderId> = rests.keys().map(|(order, ..)| order.clone()).collect();
        let mut claimants = Claimants::of(skus, rests);
        let mut add = |claim| {
            claimants.add(&claim, &self.terms);
            Ok(())
        };
        self.pass.store.all_claims(&mut add)?;
        // On a channel that counts what was invoiced a part may be the end of it.
        self.pass.store.closed_claims(in_part.iter(), &mut add)?;
        for (sku, worked) in short {
            let parts = &worked.want.parts;
            let reason = Reason::Oversold {
                warehouse: parts.erp_warehouse.clone(),
                units: parts.oversold().unwrap_or_default(),
                physical: parts.physical,
                reserved: parts.reserved,
                in_flight: parts.in_flight,
                orders: claimants.take(sku, &parts.erp_warehouse),
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
        let linked_since = self.now() - self.pass.erp.oldest_balance();
        let settled = linked_since - settle(self.policy);
        let each = |take: &mut dyn FnMut(Claim) -> rusqlite::Result<()>| {
            self.pass.store.claims(self.channel(), settled, linked_since, take)
        };
        Ok(Claims::gather(self.channel(), &self.places, &self.terms, linked_since, each)?)
    }

    /// Notes of the products of orders that were handed over since the last run when the channel lets go of what it has reserved for
    /// the last of them: with the first number it is sent from then on.
    fn touch_handed_over(&self) -> Result<(), Trouble> {
        let store = self.pass.store;
        let Some(cursor) = store.stock_cursor(self.channel())? else { return Ok(()) };
        Ok(store.handed_over(self.channel(), cursor.news_seq, |line, at| {
            let at = at.checked_add_signed(settle(self.policy)).unwrap_or(Instant::MAX_UTC);
            self.terms.sku(self.channel(), line).map_or(Ok(()), |sku| store.touch(&sku, Some(at)))
        })?)
    }

    /// Notes the products whose number may have changed though their balance in the ERP did not, and that the channel has: by orders
    /// and by time.
    fn touch(&self, cursor: StockCursor) -> Result<(), Trouble> {
        let store = self.pass.store;
        store.stock_news(cursor.news_seq, |channel, line| {
            self.terms.sku(channel, line).map_or(Ok(()), |sku| store.touch(&sku, None))
        })?;
        Ok(store.touch_due(self.channel(), self.now())?)
    }

    /// The balances that matter: counted, for what was never counted is no statement about the shelf; of a product that the channel
    /// is told of; and in a warehouse that is pushed from.
    fn those_that_matter(&self, mut reading: StockReading) -> StockReading {
        let matters = |level: &StockLevel| {
            level.counted
                && !self.kept_out.contains_key(&level.sku)
                && self.places.iter().any(|place| place.erp == level.warehouse)
        };
        reading.levels.retain(matters);
        reading
    }

    /// Whether the ERP tells of everything that the channel was told of: one that forgot products has not sold them. Those that are
    /// missing are held, unless it is the answer that must be doubted.
    async fn is_whole(&self) -> Result<bool, Trouble> {
        let (mut missing, mut told, mut after) = (Missing::default(), 0, None);
        while let Some(part) = self.told_part(&mut after).await? {
            told += part.levels;
            missing.add(&part.missing);
        }
        if missing.products == 0 {
            return Ok(true);
        }
        if !self.may_be_missing(&missing, Some(told))? {
            return Ok(false);
        }
        let mut after = None;
        while let Some(part) = self.told_part(&mut after).await? {
            self.hold_missing(&part.missing)?;
        }
        Ok(true)
    }

    /// Some of the products that the channel was told of, those after a product, and which of them the ERP tells nothing of.
    async fn told_part(&self, after: &mut Option<Sku>) -> Result<Option<ToldPart>, Trouble> {
        let known = self.pass.store.stock_told(self.channel(), after.as_ref(), CHUNK)?;
        let Some(last) = known.last() else { return Ok(None) };
        *after = Some(last.clone());
        let levels = self.those_that_matter(self.pass.erp.stock_levels(&known, self.now()).await?).levels;
        let there: BTreeSet<&Sku> = levels.iter().map(|level| &level.sku).collect();
        let missing = known.iter().filter(|sku| !there.contains(sku)).cloned().collect();
        Ok(Some(ToldPart { levels: levels.len(), missing }))
    }

    /// Whether what the ERP left out, of all it told of before, may be held.
    fn accepts_gone(&self, gone: &[Sku]) -> Result<bool, Trouble> {
        let store = self.pass.store;
        // Those that the channel was told of, and that are not held for it yet.
        let known: BTreeSet<Sku> = store.stock_rows(self.channel(), gone)?.into_iter().map(|row| row.sku).collect();
        let code = Reason::StockNotInErp { warehouse: None }.code();
        let mut missing = Vec::new();
        for sku in known {
            if !store.is_sku_held(self.channel(), &sku, &code)? {
                missing.push(sku);
            }
        }
        let mut all = Missing::default();
        all.add(&missing);
        if missing.is_empty() {
            return Ok(true);
        }
        if !self.may_be_missing(&all, None)? {
            return Ok(false);
        }
        self.hold_missing(&missing)?;
        Ok(true)
    }

    /// Whether products that an answer left out may be held one by one, or the answer itself is doubted. `told` is how many balances
    /// it had; `None` for all that are known but those.
    fn may_be_missing(&self, missing: &Missing, told: Option<usize>) -> Result<bool, Trouble> {
        if self.request.confirm {
            return Ok(true);
        }
        let totals = self.pass.store.stock_totals(self.channel())?;
        let count = |products: usize| i64::try_from(products).unwrap_or(i64::MAX);
        let told = told.map_or((totals.known - count(missing.products)).max(0), count);
        let refusal = guard::short_answer(missing, told, totals, self.policy);
        let is_refused = refusal.is_some();
        if let Some(refusal) = refusal {
            self.pass.end(Exit::Guard, refusal);
        }
        Ok(!is_refused)
    }

    fn hold_missing(&self, missing: &[Sku]) -> Result<(), Trouble> {
        missing.iter().try_for_each(|sku| self.hold(sku, None, self.why_untold(sku)))
    }

    /// Why the ERP tells no balance of a product.
    fn why_untold(&self, sku: &Sku) -> Reason {
        match self.pass.erp.why_untold(sku) {
            Some(message) => Reason::CallFailed { message },
            None => Reason::StockNotInErp { warehouse: None },
        }
    }

    /// What the orders that were seen and never read claim is not known. The channel's own are read; those of others cannot be from
    /// here, and whoever reads the output learns of them.
    async fn read_unread(&self) -> Result<(), Trouble> {
        let Pass { channel, store, clock, stop, .. } = self.pass;
        unread::read(channel, store, clock, stop).await?;
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

/// The products of which the channel was told units, or is to be, for a warehouse in which the ERP counts none of them: the number stands
/// there whatever is sold.
fn uncounted<'a>(
    levels: &[StockLevel],
    rows: &'a BTreeMap<(Sku, WarehouseId), StockRow>,
    places: &'a [Place],
) -> BTreeMap<&'a Sku, &'a WarehouseId> {
    let counted: BTreeSet<_> = levels.iter().map(|level| (&level.sku, &level.warehouse)).collect();
    let sells = |row: &&StockRow| row.want > 0 || row.pushed.is_some_and(|(units, _)| units > 0);
    let rows = rows.values().filter(|row| row.channel_sku.is_some()).filter(sells);
    rows.filter_map(|row| {
        let place = places.iter().find(|place| place.channel == row.warehouse)?;
        (!counted.contains(&(&row.sku, &place.erp))).then_some((&row.sku, &place.erp))
    })
    .collect()
}

/// Rows by product and warehouse.
pub(super) fn by_place(rows: Vec<StockRow>) -> BTreeMap<(Sku, WarehouseId), StockRow> {
    rows.into_iter().map(|row| ((row.sku.clone(), row.warehouse.clone()), row)).collect()
}
