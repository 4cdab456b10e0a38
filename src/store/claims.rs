//! Units that orders claim: what was bought, by whom it is subtracted, and which orders' part in the stock changed.

use rusqlite::{Connection, Row, params};

use super::visits::AT_REST;
use super::{Store, instant, millis, standing};
use crate::model::{ChannelName, ChannelSku, ErpOrderId, Instant, Line, OrderId, Sku, Status, WarehouseId};

/// A line of an order, as of its last reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimLine {
    /// The channel's id.
    pub channel_sku: ChannelSku,
    /// The ERP's code that the channel carries for it or, failing that, the one it was looked up by.
    pub sku: Option<Sku>,
    /// The channel's warehouse, if it says.
    pub warehouse: Option<WarehouseId>,
    /// Units.
    pub quantity: i64,
    /// How many of these came by an edit, and are not reserved on the channel.
    pub added: i64,
    /// Of a line that was edited since the order came into the ERP: the units that the ERP's order has. Else it has these.
    pub in_erp: Option<i64>,
}

impl ClaimLine {
    /// The line of which the order has no unit any more.
    fn gone(self) -> Self {
        Self { quantity: 0, added: 0, ..self }
    }

    fn is_of_the_product(&self, other: &Self) -> bool {
        self.channel_sku == other.channel_sku && self.sku == other.sku
    }

    /// How many units more than the ERP's order has; none where that is not there.
    pub fn beyond(&self) -> i64 {
        self.in_erp.map_or(0, |in_erp| self.quantity.saturating_sub(in_erp).max(0))
    }
}

/// An order that claims units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The order's row.
    pub row: i64,
    /// Its channel.
    pub channel: ChannelName,
    /// Its number there.
    pub id: OrderId,
    /// Its counterpart in the ERP; `None` while it is in flight.
    pub erp_id: Option<ErpOrderId>,
    /// When it was linked with it: balances that were read before may not know of it.
    pub linked_at: Option<Instant>,
    /// What the channel last said.
    pub status: Option<Status>,
    /// What the ERP last said.
    pub erp_status: Option<Status>,
    /// When it was placed.
    pub created_at: Option<Instant>,
    /// When it was last read and not handed over yet.
    pub untaken_at: Option<Instant>,
    /// When it was first seen handed over.
    pub taken_over_at: Option<Instant>,
    /// Whether anything is still expected of it.
    pub open: bool,
    /// What was bought.
    pub lines: Vec<ClaimLine>,
}

/// An order in flight: sold, and not in the ERP. Word for word as in the index `orders_in_flight`.
const IN_FLIGHT: &str = "erp_id IS NULL AND (fate IS NULL OR fate = 'waiting' OR fate = 'held')";

/// What is cancelled or came back takes nothing from the shelf.
const TAKES_UNITS: &str = "coalesce(o.status, '') NOT IN ('cancelled', 'returned')";

/// Nor does what is finished on its channel and was never in the ERP: it left the shelf without it, as import-orders says of it.
const NOT_FINISHED: &str = "coalesce(o.status, '') NOT IN
    ('cancelled', 'returned', 'invoiced', 'collection_order_created', 'shipped', 'delivered')";

/// When an order in the ERP came there or was handed over on its channel, whichever was later; word for word as in the index
/// `orders_moved`.
const MOVED: &str = "max(coalesce(linked_at, 0), coalesce(taken_over_at, 0))";

/// Migration: the orders in the ERP by when they last moved, so that finding those that did lately costs no more than those.
pub(super) const V15: &str = "
DROP INDEX orders_by_linked_at;
CREATE INDEX orders_moved ON orders (max(coalesce(linked_at, 0), coalesce(taken_over_at, 0))) WHERE erp_id IS NOT NULL;
";

/// Migration: what edits put into an order, and what of it the ERP does not have.
pub(super) const V20: &str = "
ALTER TABLE order_lines ADD COLUMN added INTEGER NOT NULL DEFAULT 0;
ALTER TABLE order_lines ADD COLUMN in_erp INTEGER;
CREATE INDEX order_lines_edited ON order_lines (order_row) WHERE in_erp IS NOT NULL;
";

/// The ERP's code of a line: the one that the channel carries for it, or the one that it was looked up by. Of one line one code, so that
/// its units count once.
const CODE: &str = "coalesce(l.sku, (SELECT max(c.sku) FROM channel_skus c INDEXED BY channel_skus_by_id
     WHERE c.channel = o.channel AND c.channel_sku = l.channel_sku AND c.channel_sku IS NOT NULL))";

/// What left an order stays on a line without units, which tells of its product with the order's news.
const LINES: &str = "SELECT channel_sku, sku, warehouse, quantity, added, in_erp, sound FROM order_lines
     WHERE order_row = ?1 ORDER BY position";

/// Replaces what was bought, if it is another now. Of an order that is in the ERP it is kept what that has of it.
pub(super) fn record_lines(tx: &Connection, order: i64, lines: &[Line]) -> rusqlite::Result<()> {
    let new: Vec<ClaimLine> = lines
        .iter()
        .map(|line| ClaimLine {
            channel_sku: line.channel_sku.clone(),
            sku: line.reference.clone(),
            warehouse: line.warehouse.clone(),
            quantity: line.quantity,
            added: line.added,
            in_erp: None,
        })
        .collect();
    let old = lines_of(tx, order)?;
    let is_there = |line: &ClaimLine| new.iter().any(|one| one.is_of_the_product(line));
    let gone: Vec<ClaimLine> = old.iter().filter(|line| !is_there(line)).cloned().map(ClaimLine::gone).collect();
    let as_told = |line: &ClaimLine| ClaimLine { in_erp: None, ..line.clone() };
    if old.iter().map(as_told).eq(new.iter().chain(&gone).map(as_told)) {
        return Ok(());
    }
    let mut new: Vec<ClaimLine> = new.into_iter().chain(gone).collect();
    if !old.is_empty() {
        if is_in_erp(tx, order)? {
            keep_in_erp(&old, &mut new);
        }
        tx.prepare_cached("DELETE FROM order_lines WHERE order_row = ?1")?.execute([order])?;
    }
    write_lines(tx, order, &new)
}

/// The lines of an order that is let go of: it claims nothing any more, and every channel works its products out anew.
pub(super) fn lines_gone(tx: &Connection, order: i64) -> rusqlite::Result<Vec<ClaimLine>> {
    Ok(lines_of(tx, order)?.into_iter().map(|line| ClaimLine { in_erp: None, ..line.gone() }).collect())
}

fn lines_of(tx: &Connection, order: i64) -> rusqlite::Result<Vec<ClaimLine>> {
    tx.prepare_cached(LINES)?.query_map([order], |row| line_from_row(row, 0))?.collect()
}

/// Writes the lines of an order that has none.
pub(super) fn write_lines(tx: &Connection, order: i64, lines: &[ClaimLine]) -> rusqlite::Result<()> {
    for (position, line) in (0i64..).zip(lines) {
        tx.prepare_cached(
            "INSERT INTO order_lines (order_row, position, channel_sku, sku, warehouse, quantity, added, in_erp)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            order,
            position,
            line.channel_sku.as_str(),
            line.sku.as_ref().map(Sku::as_str),
            line.warehouse.as_ref().map(WarehouseId::as_str),
            line.quantity,
            line.added,
            line.in_erp
        ])?;
    }
    standing::move_stock(tx, order)
}

fn is_in_erp(tx: &Connection, order: i64) -> rusqlite::Result<bool> {
    let query = "SELECT erp_id IS NOT NULL, sound FROM orders WHERE id = ?1";
    tx.prepare_cached(query)?.query_row([order], |row| row.get(0))
}

/// Gives the units that the ERP's order has of each product to the lines of that product: the first ones as many as they have, the last
/// one the rest.
fn keep_in_erp(old: &[ClaimLine], new: &mut [ClaimLine]) {
    for n in 0..new.len() {
        let (before, line, after) = (&new[..n], &new[n], &new[n + 1..]);
        let theirs = old.iter().filter(|one| one.is_of_the_product(line)).map(|one| one.in_erp.unwrap_or(one.quantity));
        let given = before.iter().filter(|one| one.is_of_the_product(line)).filter_map(|one| one.in_erp);
        let left = given.fold(theirs.fold(0, i64::saturating_add), i64::saturating_sub);
        let is_last = !after.iter().any(|one| one.is_of_the_product(line));
        new[n].in_erp = Some(if is_last { left } else { left.min(line.quantity) });
    }
    if new.iter().all(|line| line.in_erp == Some(line.quantity)) {
        new.iter_mut().for_each(|line| line.in_erp = None);
    }
}

/// The ERP's order has what the channel's has; or nothing of it matters any more.
pub(super) fn agree(tx: &Connection, order: i64) -> rusqlite::Result<()> {
    let agreed = tx
        .prepare_cached("UPDATE order_lines SET in_erp = NULL WHERE order_row = ?1 AND in_erp IS NOT NULL AND sound")?
        .execute([order])?;
    if agreed > 0 { standing::move_stock(tx, order) } else { Ok(()) }
}

/// An order is found in the ERP: whether with what an edit put in, only a reading of it tells.
pub(super) fn doubt(tx: &Connection, order: i64) -> rusqlite::Result<()> {
    let doubtful = "UPDATE order_lines SET in_erp = quantity - added
         WHERE order_row = ?1 AND added > 0 AND in_erp IS NULL AND sound";
    tx.prepare_cached(doubtful)?.execute([order]).map(|_| ())
}

fn line_from_row(row: &Row<'_>, at: usize) -> rusqlite::Result<ClaimLine> {
    Ok(ClaimLine {
        channel_sku: ChannelSku::new(row.get::<_, String>(at)?),
        sku: row.get::<_, Option<String>>(at + 1)?.map(Sku::new),
        warehouse: row.get::<_, Option<String>>(at + 2)?.map(WarehouseId::new),
        quantity: row.get(at + 3)?,
        added: row.get(at + 4)?,
        in_erp: row.get(at + 5)?,
    })
}

impl Store {
    /// Whether an order was edited since it came into the ERP, so that the ERP's may have other products.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn is_edited(&self, order: i64) -> rusqlite::Result<bool> {
        let query = "SELECT EXISTS (SELECT 1 FROM order_lines WHERE order_row = ?1 AND in_erp IS NOT NULL AND in_erp <> quantity)";
        self.connection.prepare_cached(query)?.query_row([order], |row| row.get(0))
    }

    /// Notes that the ERP's order has the products of the channel's by now. A balance that was read before knows nothing of that.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn agree(&self, order: i64, now: Instant) -> rusqlite::Result<()> {
        self.write(|tx| {
            agree(tx, order)?;
            standing::change(tx, order, |tx| {
                tx.prepare_cached("UPDATE orders SET linked_at = ?2 WHERE id = ?1 AND sound")?
                    .execute(params![order, millis(now)])
                    .map(|_| ())
            })
        })
    }

    /// What was bought in an order, as of its last reading.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn lines_of(&self, order: i64) -> rusqlite::Result<Vec<ClaimLine>> {
        let mut lines: Vec<ClaimLine> = self
            .connection
            .prepare_cached(LINES)?
            .query_map([order], |row| line_from_row(row, 0))?
            .collect::<rusqlite::Result<_>>()?;
        lines.retain(|line| line.quantity != 0);
        Ok(lines)
    }

    /// The last change of an order's part in the stock.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn stock_news_seq(&self) -> rusqlite::Result<i64> {
        self.connection.prepare_cached("SELECT coalesce(max(seq), 0) FROM stock_news")?.query_row([], |row| row.get(0))
    }

    /// Gives what was bought in the orders of any channel whose part in the stock changed after `seq`, within one transaction.
    ///
    /// # Errors
    /// When the state file cannot be read, or what `take` says.
    pub fn stock_news(
        &self,
        seq: i64,
        mut take: impl FnMut(&ChannelName, &ClaimLine) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        self.connection.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT DISTINCT o.channel, l.channel_sku, {CODE}, l.warehouse, l.quantity, l.added, l.in_erp
                 FROM stock_news n CROSS JOIN orders o ON o.id = n.order_row CROSS JOIN order_lines l ON l.order_row = o.id
                 WHERE n.seq > ?1"
            ))?;
            let mut rows = statement.query([seq])?;
            while let Some(row) = rows.next()? {
                take(&ChannelName::new(row.get::<_, String>(0)?), &line_from_row(row, 1)?)?;
            }
            Ok(())
        })
    }

    /// Gives what was bought in those of the channel's orders whose part in the stock changed after `seq` that were handed over, and
    /// when that was first seen, within one transaction.
    ///
    /// # Errors
    /// When the state file cannot be read, or what `take` says.
    pub fn handed_over(
        &self,
        channel: &ChannelName,
        seq: i64,
        mut take: impl FnMut(&ClaimLine, Instant) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        self.connection.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT o.taken_over_at, l.channel_sku, {CODE}, l.warehouse, l.quantity, l.added, l.in_erp
                 FROM stock_news n CROSS JOIN orders o ON o.id = n.order_row CROSS JOIN order_lines l ON l.order_row = o.id
                 WHERE n.seq > ?1 AND o.channel = ?2 AND o.taken_over_at IS NOT NULL"
            ))?;
            let mut rows = statement.query(params![seq, channel.as_str()])?;
            while let Some(row) = rows.next()? {
                take(&line_from_row(row, 1)?, instant(row.get(0)?))?;
            }
            Ok(())
        })
    }

    /// Gives, one after another, the orders of every channel that are in flight, or were until `linked_since`; and those of `channel`
    /// that are in the ERP and that it may subtract itself: open and not handed over, or handed over only after `settled`. Those that
    /// were edited since they came into the ERP may come twice.
    ///
    /// # Errors
    /// When the state file cannot be read, or what `take` says.
    pub fn claims(
        &self,
        channel: &ChannelName,
        settled: Instant,
        linked_since: Instant,
        mut take: impl FnMut(Claim) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let (channel, settled) = (channel.as_str(), millis(settled));
        // Of one moment, or an order that is handed over meanwhile would come twice.
        self.at_one_moment(|store| {
            store.in_flight(&mut take)?;
            store.each(&linked_lately(), params![millis(linked_since), channel, settled], &mut take)?;
            store.each(&own_untaken(), [channel], &mut take)?;
            store.each(&own_settling(), params![channel, settled], &mut take)?;
            store.each(&edited(), [], &mut take)
        })
    }

    /// Gives, one after another, the orders of every channel that are in flight, and those in the ERP that may still take units from
    /// the shelf.
    ///
    /// # Errors
    /// When the state file cannot be read; or what `take` says.
    pub fn all_claims(&self, mut take: impl FnMut(Claim) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
        let open = format!("{} WHERE o.open = 1 AND o.erp_id IS NOT NULL AND {TAKES_UNITS}", select("orders_open"));
        self.at_one_moment(|store| {
            store.in_flight(&mut take)?;
            store.each(&open, [], &mut take)
        })
    }

    /// Gives those of the orders with these counterparts in the ERP of which nothing is expected any more.
    ///
    /// # Errors
    /// When the state file cannot be read; or what `take` says.
    pub fn closed_claims<'a>(
        &self,
        mut ids: impl Iterator<Item = &'a ErpOrderId>,
        mut take: impl FnMut(Claim) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let closed = format!("{} WHERE o.erp_id = ?1 AND o.open = 0 AND {TAKES_UNITS}", select("orders_by_erp_id"));
        ids.try_for_each(|id| self.each(&closed, [id.as_str()], &mut take))
    }

    fn in_flight(&self, take: &mut impl FnMut(Claim) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
        let query = format!("{} WHERE {IN_FLIGHT} AND {NOT_FINISHED}", select("orders_in_flight"));
        self.each(&query, [], take)
    }

    /// Gives the orders that a query of [`select`] finds.
    fn each(
        &self,
        query: &str,
        params: impl rusqlite::Params,
        take: &mut impl FnMut(Claim) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(&format!("{query} ORDER BY o.id, l.position"))?;
        let mut rows = statement.query(params)?;
        let mut claim: Option<Claim> = None;
        while let Some(row) = rows.next()? {
            let line = line_from_row(row, 10)?;
            let id: i64 = row.get(0)?;
            match &mut claim {
                Some(claim) if claim.row == id => claim.lines.push(line),
                _ => claim.replace(claim_from_row(row, line)?).map_or(Ok(()), &mut *take)?,
            }
        }
        claim.map_or(Ok(()), take)
    }

    /// Orders of a channel that were seen but never read, so that nobody knows what was bought: not visited yet, or held since the
    /// call failed; these come last, since they may fail again. Those whose answer could not be used are not among them.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn never_read(&self, channel: &ChannelName) -> rusqlite::Result<Vec<(i64, OrderId)>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT id, order_id FROM orders INDEXED BY orders_in_flight
                 WHERE channel = ?1 AND {IN_FLIGHT} AND coalesce(status, '') <> 'cancelled'
                     AND (coalesce(fate, '') <> 'held' OR fate_why ->> '$.code' = 'call_failed')
                     AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_row = orders.id AND l.quantity > 0)
                 ORDER BY fate IS 'held', id"
            ))?
            .query_map([channel.as_str()], |row| Ok((row.get(0)?, OrderId::new(row.get::<_, String>(1)?))))?
            .collect()
    }
}

/// What [`Store::each`] reads of orders, found by that index, and their lines.
fn select(index: &str) -> String {
    select_by(&format!("INDEXED BY {index}"))
}

fn select_by(found: &str) -> String {
    format!(
        "SELECT o.id, o.channel, o.order_id, o.erp_id, o.status, o.erp_status, o.created_at, o.untaken_at, o.taken_over_at,
             o.linked_at, l.channel_sku, {CODE}, l.warehouse, l.quantity, l.added, l.in_erp, o.open,
             o.sound, l.sound
         FROM orders o {found} JOIN order_lines l ON l.order_row = o.id AND l.quantity <> 0"
    )
}

/// The orders that came into the ERP at an instant (1) or later, but those of a channel (2) that the next two find, the last of them by
/// another instant (3).
fn linked_lately() -> String {
    format!(
        "{} WHERE {MOVED} >= ?1 AND o.linked_at >= ?1 AND o.erp_id IS NOT NULL AND {TAKES_UNITS}
             AND NOT coalesce(o.channel = ?2 AND (o.open = 1 AND o.taken_over_at IS NULL OR o.taken_over_at > ?3), 0)",
        select("orders_moved")
    )
}

/// A channel's (1) orders in the ERP that were not handed over: none of them is at rest.
fn own_untaken() -> String {
    format!(
        "{} WHERE o.channel = ?1 AND o.open = 1 AND {AT_REST} = 0 AND o.taken_over_at IS NULL AND o.erp_id IS NOT NULL
             AND {TAKES_UNITS}",
        select("orders_open")
    )
}

/// Those that were handed over after an instant (2), open or not.
fn own_settling() -> String {
    format!(
        "{} WHERE o.channel = ?1 AND {MOVED} > ?2 AND o.taken_over_at > ?2 AND o.erp_id IS NOT NULL AND {TAKES_UNITS}",
        select("orders_moved")
    )
}

/// The orders of which the ERP may lack something that an edit put in.
fn edited() -> String {
    format!(
        "{} WHERE o.id IN (SELECT order_row FROM order_lines INDEXED BY order_lines_edited WHERE in_erp IS NOT NULL)
             AND o.open = 1 AND o.erp_id IS NOT NULL AND {TAKES_UNITS}",
        select_by("")
    )
}

/// An order with the first of its lines.
fn claim_from_row(row: &Row<'_>, line: ClaimLine) -> rusqlite::Result<Claim> {
    let status = |at| row.get::<_, Option<String>>(at).map(|code| code.map(|code| Status::from_code(&code)));
    let at = |at| row.get::<_, Option<i64>>(at).map(|millis| millis.map(instant));
    Ok(Claim {
        row: row.get(0)?,
        channel: ChannelName::new(row.get::<_, String>(1)?),
        id: OrderId::new(row.get::<_, String>(2)?),
        erp_id: row.get::<_, Option<String>>(3)?.map(ErpOrderId::new),
        status: status(4)?,
        erp_status: status(5)?,
        created_at: at(6)?,
        untaken_at: at(7)?,
        taken_over_at: at(8)?,
        linked_at: at(9)?,
        open: row.get(16)?,
        lines: vec![line],
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::order::sample::line;

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    /// A state file with an order for each of these: its channel, and what else its row says.
    fn store(orders: &[(&str, &str)]) -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        for (id, (channel, says)) in (1..).zip(orders) {
            let order = "INSERT INTO orders (id, channel, order_id, seen_at) VALUES (?1, ?2, ?1, 0)";
            store.connection.execute(order, params![id, channel]).unwrap();
            store.connection.execute(&format!("UPDATE orders SET {says} WHERE id = ?1"), [id]).unwrap();
            for position in 0..2 {
                let line = "INSERT INTO order_lines (order_row, position, channel_sku, sku, quantity) VALUES (?1, ?2, '1', 'A', 3)";
                store.connection.execute(line, [id, position]).unwrap();
            }
        }
        (folder, store)
    }

    #[test]
    fn who_claims_units_is_who_has_not_let_go_of_them() {
        let taken = |seconds| {
            format!("erp_id = '7', status = 'paid', erp_status = 'paid', taken_over_at = {}", millis(at(seconds)))
        };
        let linked = |seconds| format!("erp_id = '7', linked_at = {}", millis(at(seconds)));
        let (lately, long_ago, just_closed) = (taken(60), taken(40), format!("{}, open = 0", taken(60)));
        let (_folder, store) = store(&[
            ("loja", "fate = 'waiting'"),
            ("outlet", "fate = 'held'"),
            ("loja", "fate = 'skipped'"),
            ("loja", "erp_id = '7'"),
            ("loja", &lately),
            ("loja", &long_ago),
            ("outlet", &linked(95)),
            ("outlet", &linked(85)),
            ("loja", "erp_id = '7', status = 'cancelled'"),
            ("loja", "erp_id = '7', open = 0"),
            ("loja", &just_closed),
        ]);
        // Gathers what it is given.
        fn into<T>(all: &mut Vec<T>) -> impl FnMut(T) -> rusqlite::Result<()> {
            |one| {
                all.push(one);
                Ok(())
            }
        }
        let mut claims = Vec::new();
        store.claims(&ChannelName::new("loja"), at(50), at(90), into(&mut claims)).unwrap();
        let rows = |claims: &[Claim]| claims.iter().map(|claim| claim.row).collect::<Vec<_>>();
        assert_eq!(rows(&claims), [1, 2, 7, 4, 5, 11]);
        assert!(claims.iter().all(|claim| claim.lines.len() == 2), "{claims:?}");
        let mut all = Vec::new();
        store.all_claims(into(&mut all)).unwrap();
        assert_eq!(rows(&all).into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([1, 2, 4, 5, 6, 7, 8]));
        let mut closed = Vec::new();
        store.closed_claims([ErpOrderId::new("7")].iter(), into(&mut closed)).unwrap();
        assert_eq!(rows(&closed), [10, 11]);
    }

    #[test]
    fn what_is_finished_elsewhere_is_not_in_flight() {
        for status in Status::known() {
            let says = format!("status = '{}'", status.code());
            let (_folder, store) = store(&[("loja", &says), ("loja", &format!("{says}, fate = 'held'"))]);
            let mut found = 0;
            let mut count = |_| {
                found += 1;
                Ok(())
            };
            store.in_flight(&mut count).unwrap();
            assert_eq!(found, if status.is_final_for_payment() { 0 } else { 2 }, "{status:?}");
        }
    }

    #[test]
    fn a_line_counts_once_however_many_codes_its_product_was_looked_up_by() {
        let (_folder, store) = store(&[("loja", "fate = 'waiting'")]);
        store.connection.execute_batch("UPDATE order_lines SET sku = NULL WHERE position = 0").unwrap();
        for code in ["OLD", "NEW"] {
            let looked_up =
                "INSERT INTO channel_skus (channel, sku, channel_sku, looked_up_at) VALUES ('loja', ?1, '1', 0)";
            store.connection.execute(looked_up, [code]).unwrap();
        }
        let mut lines = Vec::new();
        let mut take = |claim: Claim| {
            lines.extend(claim.lines.into_iter().map(|line| line.sku.unwrap().to_string()));
            Ok(())
        };
        store.in_flight(&mut take).unwrap();
        assert_eq!(lines, ["OLD", "A"]);
    }

    fn news(store: &Store) -> Vec<(i64, i64)> {
        let mut all = store.connection.prepare("SELECT seq, order_row FROM stock_news ORDER BY seq").unwrap();
        all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<rusqlite::Result<_>>().unwrap()
    }

    #[test]
    fn an_order_tells_of_its_stock_by_its_lines_and_then_by_what_becomes_of_it() {
        let (_folder, store) = store(&[("loja", "heard = 1")]);
        let becomes = |what: &str| {
            store.write(|tx| {
                standing::change(tx, 1, |tx| tx.execute(&format!("UPDATE orders SET {what} WHERE id = 1"), []))
            })
        };
        let reads = |quantities: [i64; 2]| {
            let lines = quantities.map(|quantity| line("1", "A", quantity, 100));
            store.write(|tx| record_lines(tx, 1, &lines))
        };
        becomes("status = 'paid', raw_status = 'handling'").unwrap();
        assert_eq!(news(&store), [], "it was never read before");
        for (quantities, seq) in [([4, 3], 1), ([4, 3], 1), ([3, 4], 2)] {
            reads(quantities).unwrap();
            assert_eq!(news(&store), [(seq, 1)], "its two lines alone: {quantities:?}");
        }
        let steps = [
            ("status = 'paid'", 2),
            ("total = 7", 2),
            ("erp_id = '7'", 3),
            ("erp_status = 'paid'", 4),
            ("fate = 'imported'", 5),
            ("taken_over_at = 9", 6),
            ("status = 'cancelled'", 7),
        ];
        for (what, seq) in steps {
            becomes(what).unwrap();
            assert_eq!(news(&store), [(seq, 1)], "{what}");
        }
    }

    #[test]
    fn what_an_edit_puts_in_is_beyond_what_the_erp_has_until_that_is_mended() {
        let (_folder, store) = store(&[("loja", "status = 'paid'")]);
        let reads = |lines: &[(&str, i64)]| {
            let lines: Vec<Line> = lines.iter().map(|(code, units)| line(code, code, *units, 0)).collect();
            store.write(|tx| record_lines(tx, 1, &lines)).unwrap();
            let mut beyond = Vec::new();
            let mut take = |claim: Claim| {
                beyond.extend(claim.lines.iter().map(|line| (line.channel_sku.to_string(), line.beyond())));
                Ok(())
            };
            store.all_claims(&mut take).unwrap();
            beyond.retain(|(_, units)| *units > 0);
            (beyond, store.is_edited(1).unwrap())
        };
        let of = |sku: &str, units| (vec![(sku.to_owned(), units)], true);
        assert_eq!(reads(&[("A", 2)]), (vec![], false), "not in the ERP");
        store.connection.execute("UPDATE orders SET erp_id = '7'", []).unwrap();
        assert_eq!(reads(&[("B", 2)]), of("B", 2), "another product");
        assert_eq!(reads(&[("A", 1), ("A", 3)]), of("A", 2), "the same product on two lines");
        assert_eq!(reads(&[("A", 1)]), (vec![], true), "fewer");
        assert_eq!(reads(&[("A", 2)]), (vec![], false), "as it came in");
        assert_eq!(reads(&[("A", 5)]), of("A", 3));
        store.agree(1, at(0)).unwrap();
        assert_eq!(reads(&[("A", 5)]), (vec![], false), "mended in the ERP");
        assert_eq!(reads(&[("A", 6)]), of("A", 1));
        reads(&[("A", i64::MAX), ("A", i64::MAX)]);
        reads(&[("A", 6)]);
        let known = "SELECT count(*) FROM order_lines WHERE in_erp IS NOT NULL";
        let known = || store.connection.query_row(known, [], |row| row.get::<_, i64>(0)).unwrap();
        assert!(known() > 0);
        assert_eq!((reads(&[("A", 5)]), known()), ((vec![], false), 0), "nothing is left of it");
    }

    #[test]
    fn what_left_an_order_is_told_with_its_news_and_claims_nothing() {
        let (_folder, store) = store(&[("loja", "status = 'paid'")]);
        let reads = |codes: &[&str]| {
            let lines: Vec<Line> = codes.iter().map(|code| line(code, code, 2, 100)).collect();
            store.write(|tx| record_lines(tx, 1, &lines)).unwrap();
            let mut told = Vec::new();
            let mut tell = |_: &ChannelName, line: &ClaimLine| {
                told.push((line.channel_sku.to_string(), line.quantity));
                Ok(())
            };
            store.stock_news(0, &mut tell).unwrap();
            told.sort();
            let mut claims = Vec::new();
            let mut take = |claim: Claim| {
                claims.extend(claim.lines.into_iter().map(|line| line.channel_sku.to_string()));
                Ok(())
            };
            store.all_claims(&mut take).unwrap();
            (told, claims, store.stock_news_seq().unwrap())
        };
        let told =
            |lines: &[(&str, i64)]| lines.iter().map(|(sku, units)| ((*sku).to_owned(), *units)).collect::<Vec<_>>();
        let owned = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
        assert_eq!(reads(&["X", "Y"]).0, told(&[("1", 0), ("X", 2), ("Y", 2)]));
        let seq = store.stock_news_seq().unwrap();
        assert_eq!(reads(&["X"]), (told(&[("1", 0), ("X", 2), ("Y", 0)]), owned(&["X"]), seq + 1));
        assert_eq!(reads(&["X"]).2, seq + 1, "nothing new");
        assert_eq!(reads(&["Y"]), (told(&[("1", 0), ("X", 0), ("Y", 2)]), owned(&["Y"]), seq + 2));
        assert_eq!(store.lines_of(1).unwrap().len(), 1);
    }

    #[test]
    fn a_line_of_an_order_that_is_not_there_is_not_kept() {
        let (_folder, store) = store(&[("loja", "status = 'paid'")]);
        let orphan = "INSERT INTO order_lines (order_row, position, channel_sku, quantity) VALUES (9, 0, '1', 3)";
        assert!(store.write(|tx| tx.execute(orphan, [])).is_err());
        assert!(store.write(|tx| tx.execute(&orphan.replace("(9, 0", "(1, 0"), [])).is_err(), "it has that line");
        assert!(store.write(|tx| standing::move_stock(tx, 9)).is_err());
        assert_eq!(store.lines_of(1).unwrap().len(), 2);
        assert_eq!(news(&store), []);
    }

    #[test]
    fn lines_and_news_of_an_older_file_stay_and_no_number_is_given_again() {
        use crate::store::schema::STATE;
        use crate::store::sqlite::{self, FileKind};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let old = sqlite::open(&path, &FileKind { migrations: &STATE.migrations[..15], ..STATE }).unwrap();
        for id in 1..4 {
            old.execute("INSERT INTO orders (id, channel, order_id, seen_at) VALUES (?1, 'loja', ?1, 0)", [id])
                .unwrap();
            let line =
                "INSERT INTO order_lines (order_row, position, channel_sku, sku, quantity) VALUES (?1, 0, '1', 'A', 3)";
            old.execute(line, [id]).unwrap();
        }
        old.execute_batch("DELETE FROM stock_news WHERE seq = 3").unwrap();
        drop(old);
        let store = Store::open(&path).unwrap();
        assert_eq!((news(&store), store.lines_of(2).unwrap().len()), (vec![(1, 1), (2, 2)], 1));
        store.write(|tx| standing::move_stock(tx, 1)).unwrap();
        assert_eq!(news(&store), [(2, 2), (4, 1)]);
    }

    /// However many moved long ago, and are open.
    #[test]
    fn who_was_handed_over_lately_is_found_without_the_others() {
        let (_folder, store) = store(&[]);
        for (sql, found_by) in [
            (linked_lately(), "(<expr>>?)"),
            (own_untaken(), "(channel=? AND <expr>=?)"),
            (own_settling(), "(<expr>>?)"),
            (edited(), "USING INDEX order_lines_edited"),
            (edited(), "SEARCH o USING INTEGER PRIMARY KEY (rowid=?)"),
        ] {
            let mut plan = store.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let params = vec![0; plan.parameter_count()];
            let steps = plan.query_map(rusqlite::params_from_iter(params), |row| row.get::<_, String>(3)).unwrap();
            let steps: Vec<String> = steps.map(Result::unwrap).collect();
            assert!(steps.iter().any(|step| step.ends_with(found_by)), "{steps:#?}");
        }
    }
}
