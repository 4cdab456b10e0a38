//! Units that orders claim: what was bought, by whom it is subtracted, and which orders' part in the stock changed.

use rusqlite::{Connection, Row, params};

use super::{Store, instant, millis};
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
    /// What was bought.
    pub lines: Vec<ClaimLine>,
}

/// An order in flight: sold, and not in the ERP. Word for word as in the index `orders_in_flight`.
const IN_FLIGHT: &str = "erp_id IS NULL AND (fate IS NULL OR fate = 'waiting' OR fate = 'held')";

const LINES: &str =
    "SELECT channel_sku, sku, warehouse, quantity, sound FROM order_lines WHERE order_row = ?1 ORDER BY position";

/// Replaces what was bought, if it is another now.
pub(super) fn record_lines(tx: &Connection, order: i64, lines: &[Line]) -> rusqlite::Result<()> {
    let new: Vec<ClaimLine> = lines
        .iter()
        .map(|line| ClaimLine {
            channel_sku: line.channel_sku.clone(),
            sku: line.reference.clone(),
            warehouse: line.warehouse.clone(),
            quantity: line.quantity,
        })
        .collect();
    let old: Vec<ClaimLine> =
        tx.prepare_cached(LINES)?.query_map([order], |row| line_from_row(row, 0))?.collect::<rusqlite::Result<_>>()?;
    if old == new {
        return Ok(());
    }
    if !old.is_empty() {
        tx.prepare_cached("DELETE FROM order_lines WHERE order_row = ?1")?.execute([order])?;
    }
    for (position, line) in (0i64..).zip(&new) {
        tx.prepare_cached(
            "INSERT INTO order_lines (order_row, position, channel_sku, sku, warehouse, quantity)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            order,
            position,
            line.channel_sku.as_str(),
            line.sku.as_ref().map(Sku::as_str),
            line.warehouse.as_ref().map(WarehouseId::as_str),
            line.quantity
        ])?;
    }
    Ok(())
}

fn line_from_row(row: &Row<'_>, at: usize) -> rusqlite::Result<ClaimLine> {
    Ok(ClaimLine {
        channel_sku: ChannelSku::new(row.get::<_, String>(at)?),
        sku: row.get::<_, Option<String>>(at + 1)?.map(Sku::new),
        warehouse: row.get::<_, Option<String>>(at + 2)?.map(WarehouseId::new),
        quantity: row.get(at + 3)?,
    })
}

impl Store {
    /// What was bought in an order, as of its last reading.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn lines_of(&self, order: i64) -> rusqlite::Result<Vec<ClaimLine>> {
        self.connection.prepare_cached(LINES)?.query_map([order], |row| line_from_row(row, 0))?.collect()
    }

    /// The last change of an order's part in the stock.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn stock_news_seq(&self) -> rusqlite::Result<i64> {
        self.connection.prepare_cached("SELECT coalesce(max(seq), 0) FROM stock_news")?.query_row([], |row| row.get(0))
    }

    /// What was bought in the orders of any channel whose part in the stock changed after `seq`.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn stock_news(&self, seq: i64) -> rusqlite::Result<Vec<(ChannelName, ClaimLine)>> {
        self.connection
            .prepare_cached(
                "SELECT DISTINCT o.channel, l.channel_sku, coalesce(l.sku, c.sku), l.warehouse, l.quantity
                 FROM stock_news n CROSS JOIN orders o ON o.id = n.order_row CROSS JOIN order_lines l ON l.order_row = o.id
                     LEFT JOIN channel_skus c INDEXED BY channel_skus_by_id
                         ON c.channel = o.channel AND c.channel_sku = l.channel_sku AND c.channel_sku IS NOT NULL
                 WHERE n.seq > ?1",
            )?
            .query_map([seq], |row| Ok((ChannelName::new(row.get::<_, String>(0)?), line_from_row(row, 1)?)))?
            .collect()
    }

    /// What was bought in those of the channel's orders whose part in the stock changed after `seq` that were handed over, and when
    /// that was first seen.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn handed_over(&self, channel: &ChannelName, seq: i64) -> rusqlite::Result<Vec<(ClaimLine, Instant)>> {
        self.connection
            .prepare_cached(
                "SELECT o.taken_over_at, l.channel_sku, coalesce(l.sku, c.sku), l.warehouse, l.quantity
                 FROM stock_news n CROSS JOIN orders o ON o.id = n.order_row CROSS JOIN order_lines l ON l.order_row = o.id
                     LEFT JOIN channel_skus c INDEXED BY channel_skus_by_id
                         ON c.channel = o.channel AND c.channel_sku = l.channel_sku AND c.channel_sku IS NOT NULL
                 WHERE n.seq > ?1 AND o.channel = ?2 AND o.taken_over_at IS NOT NULL",
            )?
            .query_map(params![seq, channel.as_str()], |row| Ok((line_from_row(row, 1)?, instant(row.get(0)?))))?
            .collect()
    }

    /// The orders of every channel that are in flight, or were until `linked_since`; and those of `channel` that are in the ERP and
    /// that it may subtract itself: not handed over, or only after `settled`.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn claims(
        &self,
        channel: &ChannelName,
        settled: Instant,
        linked_since: Instant,
    ) -> rusqlite::Result<Vec<Claim>> {
        let mut claims = self.in_flight()?;
        self.connection
            .prepare_cached(&format!(
                "{} WHERE o.linked_at >= ?1 AND o.erp_id IS NOT NULL AND coalesce(o.status, '') NOT IN ('cancelled', 'returned')
                     AND NOT (o.channel = ?2 AND o.open = 1 AND (o.taken_over_at IS NULL OR o.taken_over_at > ?3))
                 ORDER BY o.id, l.position",
                select("orders o INDEXED BY orders_by_linked_at")
            ))?
            .query_map(params![millis(linked_since), channel.as_str(), millis(settled)], |row| gather(&mut claims, row))?
            .collect::<rusqlite::Result<()>>()?;
        self.connection
            .prepare_cached(&format!(
                "{} WHERE o.channel = ?1 AND o.open = 1 AND o.erp_id IS NOT NULL
                     AND coalesce(o.status, '') NOT IN ('cancelled', 'returned')
                     AND (o.taken_over_at IS NULL OR o.taken_over_at > ?2) ORDER BY o.id, l.position",
                select("orders o INDEXED BY orders_open")
            ))?
            .query_map(params![channel.as_str(), millis(settled)], |row| gather(&mut claims, row))?
            .collect::<rusqlite::Result<()>>()?;
        Ok(claims)
    }

    /// The orders of every channel that are in flight, and those in the ERP that may still take units from the shelf. The latest
    /// come last.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn all_claims(&self) -> rusqlite::Result<Vec<Claim>> {
        let mut claims = self.in_flight()?;
        self.connection
            .prepare_cached(&format!(
                "{} WHERE o.open = 1 AND o.erp_id IS NOT NULL
                     AND coalesce(o.status, '') NOT IN ('cancelled', 'returned') ORDER BY o.id, l.position",
                select("orders o INDEXED BY orders_open")
            ))?
            .query_map([], |row| gather(&mut claims, row))?
            .collect::<rusqlite::Result<()>>()?;
        claims.sort_by_key(|claim| (claim.created_at, claim.row));
        Ok(claims)
    }

    fn in_flight(&self) -> rusqlite::Result<Vec<Claim>> {
        let mut claims = Vec::new();
        self.connection
            .prepare_cached(&format!(
                "{} WHERE o.erp_id IS NULL AND (o.fate IS NULL OR o.fate = 'waiting' OR o.fate = 'held')
                     AND coalesce(o.status, '') NOT IN ('cancelled', 'returned') ORDER BY o.id, l.position",
                select("orders o INDEXED BY orders_in_flight")
            ))?
            .query_map([], |row| gather(&mut claims, row))?
            .collect::<rusqlite::Result<()>>()?;
        Ok(claims)
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
                     AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_row = orders.id)
                 ORDER BY fate IS 'held', id"
            ))?
            .query_map([channel.as_str()], |row| Ok((row.get(0)?, OrderId::new(row.get::<_, String>(1)?))))?
            .collect()
    }
}

/// What [`gather`] reads of orders and their lines.
fn select(from: &str) -> String {
    format!(
        "SELECT o.id, o.channel, o.order_id, o.erp_id, o.status, o.erp_status, o.created_at, o.untaken_at, o.taken_over_at,
             o.linked_at, l.channel_sku, coalesce(l.sku, c.sku), l.warehouse, l.quantity,
             o.sound, l.sound
         FROM {from} JOIN order_lines l ON l.order_row = o.id
             LEFT JOIN channel_skus c INDEXED BY channel_skus_by_id
                 ON c.channel = o.channel AND c.channel_sku = l.channel_sku AND c.channel_sku IS NOT NULL"
    )
}

/// Adds a row to the claim it belongs to, which is the last one or a new one.
fn gather(claims: &mut Vec<Claim>, row: &Row<'_>) -> rusqlite::Result<()> {
    let line = line_from_row(row, 10)?;
    let id: i64 = row.get(0)?;
    if let Some(last) = claims.last_mut().filter(|last| last.row == id) {
        last.lines.push(line);
        return Ok(());
    }
    let status = |at| row.get::<_, Option<String>>(at).map(|code| code.map(|code| Status::from_code(&code)));
    let at = |at| row.get::<_, Option<i64>>(at).map(|millis| millis.map(instant));
    claims.push(Claim {
        row: id,
        channel: ChannelName::new(row.get::<_, String>(1)?),
        id: OrderId::new(row.get::<_, String>(2)?),
        erp_id: row.get::<_, Option<String>>(3)?.map(ErpOrderId::new),
        status: status(4)?,
        erp_status: status(5)?,
        created_at: at(6)?,
        untaken_at: at(7)?,
        taken_over_at: at(8)?,
        linked_at: at(9)?,
        lines: vec![line],
    });
    Ok(())
}
