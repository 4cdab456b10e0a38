//! Stock: all balances page by page, compared with the last time; or, when that was just done, what it told. Eccosys tells one balance
//! for each product, whatever its warehouses.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::json;

use super::{Eccosys, answer, wire};
use crate::erp::{DEFAULT_WAREHOUSE, ErpError, StockLevel, StockMark, StockPart, StockReading};
use crate::http::{Call, Effect, segment};
use crate::lang::word;
use crate::model::{Instant, Sku, WarehouseId};
use crate::store::mirror::MirrorStock;

/// So many products are asked for one by one rather than all of them page by page.
const FEW: usize = 5;
/// So many products that the pages left out are asked for one by one: a row may slip between two pages while they are read.
const SLIPPED: usize = 20;
/// While the queue of changes is used, everything is compared this often all the same: it is shared with whoever else empties it.
const WHOLE_WITHIN: TimeDelta = TimeDelta::hours(6);

impl Eccosys {
    /// See [`Erp::stock_levels`](crate::erp::Erp::stock_levels).
    pub async fn stock_levels(&self, skus: &[Sku]) -> Result<StockReading, ErpError> {
        let mut told: Vec<Sku> = skus.to_vec();
        let (read_at, until) = if !self.stock_is_recent()? && skus.len() <= FEW {
            let read_at = self.now();
            told.clear();
            for sku in skus {
                if self.look_up(sku).await? == Balance::Told {
                    told.push(sku.clone());
                }
            }
            (read_at, self.now())
        } else {
            self.compare_stock().await?;
            self.compared()?
        };
        let levels = self.store.mirror_stock_of(&told)?.into_iter().map(level).collect();
        Ok(StockReading { read_at, until, levels })
    }

    /// See [`Erp::stock_part`](crate::erp::Erp::stock_part). All is compared before the first part.
    pub async fn stock_part(&self, since: i64, mark: Option<&StockMark>, limit: usize) -> Result<StockPart, ErpError> {
        if mark.is_none() {
            self.compare_stock().await?;
        }
        let (read_at, until) = self.compared()?;
        let (levels, seq) = self.store.mirror_stock_since(since, mark.map(|mark| (mark.seq, &mark.sku)), limit)?;
        let next = levels.last().filter(|_| levels.len() == limit);
        let next = next.map(|last| StockMark { seq: last.seq, sku: last.sku.clone() });
        let missing = self.store.mirror_stock_missing()?;
        let levels = levels.into_iter().map(level).collect();
        Ok(StockPart { reading: StockReading { read_at, until, levels }, seq, next, missing })
    }

    /// From when until when the mirrored balances were read.
    fn compared(&self) -> Result<(Instant, Instant), ErpError> {
        let read_at = self.store.mirror_stock_compared_at()?.unwrap_or_default();
        Ok((read_at, self.store.mirror_stock_end()?.unwrap_or_default().max(read_at)))
    }

    fn stock_is_recent(&self) -> Result<bool, ErpError> {
        let last = self.store.mirror_stock_end()?;
        Ok(self.stock_compared.suffices(last, self.options.stock_fresh_for, self.now()))
    }

    /// Compares all balances with the mirror, unless that was just done. Products that were known and are told no more are noted as
    /// gone: what became of them is not for a page to say by leaving them out.
    async fn compare_stock(&self) -> Result<(), ErpError> {
        let _one_at_a_time = self.comparing.lock().await;
        if self.stock_is_recent()? {
            return Ok(());
        }
        let begun = self.now();
        let whole_at = self.store.mirror_all_stock_compared_at()?;
        let is_recent = whole_at.is_some_and(|at| at <= begun && at > begun - WHOLE_WITHIN);
        // What a run took off the queue that did not come to its end is told by no queue again.
        let left = self.store.mirror_queue()?;
        if self.options.stock_queue && !self.anew && is_recent && left.is_none() {
            if self.empty_queue(begun).await? {
                self.store.mirror_queue_end(begun)?;
            }
            self.stock_is_compared(begun, false)?;
            return Ok(());
        }
        self.store.mirror_stock_begin()?;
        let mut pages = answer::Pages::of(self.options.stock_page);
        loop {
            let call = Call::read("list stock", "/estoques")
                .query("$offset", pages.offset.to_string())
                .query("$count", self.options.stock_page.to_string());
            let Some(answer) = self.door.call_optional(call).await? else { break };
            let (rows, told) = answer::readable::<wire::Stock>(&answer, "a balance")?;
            // Page by page into the file: a catalogue may be larger than the memory there is for it.
            let (mut levels, mut products) = (Vec::new(), Vec::new());
            for row in &rows {
                let Some(read) = balance(row) else { continue };
                products.extend(wire::some(row.id_produto.as_ref()).map(|id| (read.sku.clone(), id)));
                levels.push(read);
            }
            self.store.mirror_stock_read(&levels, &products, begun, true, self.now())?;
            if !pages.another(&answer, told)? {
                break;
            }
        }
        let mut gone = self.store.mirror_stock_not_told(begun, self.now())?;
        let mut is_whole = true;
        if gone.len() <= SLIPPED {
            let mut surely = Vec::new();
            for sku in gone {
                let balance = self.look_up(&sku).await?;
                is_whole &= balance != Balance::Unreadable;
                if balance != Balance::Told {
                    surely.push(sku);
                }
            }
            gone = surely;
        }
        self.store.mirror_stock_gone(&gone)?;
        left.map(|begun| self.store.mirror_queue_end(begun)).transpose()?;
        if !is_whole {
            self.store.mirror_queue_begin(begun)?;
        }
        self.stock_is_compared(begun, true)
    }

    /// See [`Erp::why_untold`](crate::erp::Erp::why_untold).
    pub fn why_untold(&self, sku: &Sku) -> Option<String> {
        self.unread_stock.borrow().get(sku).cloned()
    }

    fn stock_is_compared(&self, begun: Instant, whole: bool) -> Result<(), ErpError> {
        let ended = self.now();
        self.stock_compared.now(ended);
        Ok(self.store.mirror_stock_compared(begun, ended, whole)?)
    }

    /// Reads one product's balance into the mirror. That it cannot be read says nothing of any other's: it counts as not told.
    async fn look_up(&self, sku: &Sku) -> Result<Balance, ErpError> {
        let read = self.read_balance(sku).await;
        self.unread_stock.borrow_mut().remove(sku);
        match read {
            Ok(true) => Ok(Balance::Told),
            Ok(false) => Ok(Balance::Absent),
            Err(error) if error.is_of_one_item() => {
                log::warn!("the balance of {sku} in Eccosys cannot be read: {error}");
                self.unread_stock.borrow_mut().insert(sku.clone(), error.to_string());
                Ok(Balance::Unreadable)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads one product's balance into the mirror. Gives whether there is one.
    async fn read_balance(&self, sku: &Sku) -> Result<bool, ErpError> {
        let read_at = self.now();
        let call = Call::read("read stock", format!("/estoques/{}", segment(sku.as_str()))).about(sku.as_str());
        let Some(answer) = self.door.call_optional(call).await? else { return Ok(false) };
        let rows: Vec<wire::Stock> = answer::all(&answer)?;
        let Some(row) = rows.iter().find(|row| code(row.codigo.as_deref()).as_ref() == Some(sku)) else {
            return Ok(false);
        };
        let read = balance(row)
            .ok_or_else(|| answer::refused(word!("it tells no balance of it" | "não informa o saldo dele")))?;
        self.store.mirror_stock_read(&[read], &[], read_at, false, self.now())?;
        Ok(true)
    }

    /// Takes what the queue of changed balances tells, until it tells nothing new. It is emptied only of what was read, and that is
    /// read again afterwards: it may have changed in between. Gives whether that was so of all of it. A dry run takes nothing off it.
    async fn empty_queue(&self, begun: Instant) -> Result<bool, ErpError> {
        let path = "/produtos/produtosComEstoqueAlterado";
        let (mut seen, mut is_read) = (BTreeSet::new(), true);
        loop {
            let Some(answer) = self.door.call_optional(Call::read("read changed stock", path)).await? else {
                return Ok(is_read);
            };
            let (changed, _) = answer::readable::<wire::Product>(&answer, "a changed product")?;
            let news = changed.iter().filter_map(|product| code(product.codigo.as_deref()));
            let news: Vec<Sku> = news.filter(|sku| seen.insert(sku.clone())).collect();
            if news.is_empty() {
                return Ok(is_read);
            }
            for sku in news {
                let balance = self.look_up(&sku).await?;
                if balance != Balance::Told {
                    self.store.mirror_stock_gone(std::slice::from_ref(&sku))?;
                }
                if self.dry_run || balance == Balance::Unreadable {
                    continue;
                }
                self.store.mirror_queue_begin(begun)?;
                let body = json!({ "codigo": sku, "opcEstoqueEcommerce": "N" });
                let call =
                    Call::write("PUT", "acknowledge changed stock", path, Effect::Repeatable).about(sku.as_str());
                match self.written(call.json(body)).await {
                    Ok(_) => {}
                    // It comes again, and is read again.
                    Err(error @ ErpError::Refused { .. }) => {
                        log::warn!("Eccosys keeps product {sku} in its queue of changed stock: {error}");
                    }
                    Err(error) => return Err(error),
                }
                is_read &= self.look_up(&sku).await? != Balance::Unreadable;
            }
        }
    }
}

/// What came of asking for a product's balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Balance {
    /// It is in the mirror.
    Told,
    /// There is none.
    Absent,
    /// There may be one.
    Unreadable,
}

/// A product's code, if there is one.
fn code(told: Option<&str>) -> Option<Sku> {
    told.map(str::trim).filter(|code| !code.is_empty()).map(Sku::new)
}

fn level(stock: MirrorStock) -> StockLevel {
    StockLevel {
        sku: stock.sku,
        warehouse: WarehouseId::new(DEFAULT_WAREHOUSE),
        physical: stock.physical,
        reserved: stock.reserved,
        counted: true,
        changed_at: stock.changed_at,
        changed_seq: stock.seq,
    }
}

/// A balance in whole units. What is reserved is not told: it is what is there and not available. More available than there is cannot
/// be sold.
fn balance(row: &wire::Stock) -> Option<MirrorStock> {
    let sku = code(row.codigo.as_deref())?;
    let (physical, available) = (row.estoque_real?, row.estoque_disponivel?);
    let reserved = physical.saturating_sub(available).max(0);
    Some(MirrorStock { sku, physical, reserved, changed_at: Instant::default(), seq: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_is_never_more_than_there_is() {
        let told = |real: &str, available: &str| {
            let row = json!({ "codigo": "A", "estoqueReal": real, "estoqueDisponivel": available });
            balance(&serde_json::from_value(row).unwrap()).map(|read| read.physical - read.reserved)
        };
        assert_eq!(told("10", "7"), Some(7));
        assert_eq!(told("10.0000", "7.9"), Some(7));
        assert_eq!(told("10", "12"), Some(10));
        assert_eq!(told("-3", "-5"), Some(-5));
        assert_eq!(told("10", ""), None);
        assert_eq!(told("7.300000000000001", "6.999999"), Some(6));
        assert_eq!(told("-0.5", "-0.5"), Some(-1));
        assert_eq!(told("1.2e1", "5.5e-17"), Some(0));
        assert_eq!(told("-2.7E-17", "-2.7E-17"), Some(0));
        let row = json!({ "codigo": "A", "estoqueReal": "1e30", "estoqueDisponivel": "1" });
        assert!(serde_json::from_value::<wire::Stock>(row).is_err());
    }
}
