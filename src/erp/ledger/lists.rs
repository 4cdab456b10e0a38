//! Finding orders: by what a person types, by what an invoice says, by what changed.

use std::collections::BTreeMap;

use rusqlite::{Connection, Params, Row, params};

use super::orders::{self, COLUMNS, WIDTH};
use super::{Ledger, last_seq};
use crate::erp::{ErpError, ErpOrder};
use crate::model::{ChannelName, ErpOrderId, Instant, Status, TaxId};
use crate::store::{instant, millis};

/// An order with its dates; otherwise it reads like the order itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderSummary {
    /// The order.
    pub order: ErpOrder,
    /// When the customer placed it.
    pub placed_at: Instant,
    /// When anything of it last changed in the ledger.
    pub changed_at: Instant,
    /// The change that did it.
    pub changed_seq: i64,
}

impl std::ops::Deref for OrderSummary {
    type Target = ErpOrder;

    fn deref(&self) -> &ErpOrder {
        &self.order
    }
}

/// Which orders to list. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only of this channel.
    pub channel: Option<ChannelName>,
    /// Only with this status.
    pub status: Option<Status>,
    /// Only with this number: the ledger's or the store's.
    pub number: Option<String>,
    /// Only placed at this instant or later.
    pub since: Option<Instant>,
    /// Only placed before this instant.
    pub until: Option<Instant>,
    /// Only so many.
    pub limit: Option<usize>,
}

/// Orders that changed, in the order of their changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderChanges {
    /// The orders, each once, as they are now.
    pub orders: Vec<OrderSummary>,
    /// What to ask with next time.
    pub seq: i64,
}

/// An order that an invoice may belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceCandidate {
    /// The order.
    pub order: OrderSummary,
    /// The customer's CPF or CNPJ, which must be the invoice's recipient; `None` when the order came without a valid
    /// one.
    pub document: Option<TaxId>,
    /// What the number matched.
    pub matched: MatchedBy,
}

/// What a number found on an invoice matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchedBy {
    /// The store order number, whole.
    StoreNumber,
    /// The ledger's own number.
    ErpNumber,
    /// The order's number on the marketplace behind the channel.
    MarketplaceNumber,
    /// The first 15 characters of a longer store order number: all that fits into an NF-e item's `xPed`. Needs a second
    /// proof.
    StoreNumberCut,
}

/// The longest `xPed` of an NF-e item, in characters (layout 4.00).
const LINE_XPED: usize = 15;

impl Ledger {
    /// The orders that a filter lets through, the latest imported first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn orders(&self, filter: &OrderFilter) -> Result<Vec<OrderSummary>, ErpError> {
        self.read(|tx| {
            summaries(
                tx,
                "(?1 IS NULL OR o.channel = ?1) AND (?2 IS NULL OR o.status = ?2)
                 AND (?3 IS NULL OR o.store_number = ?3 OR CAST(o.id AS TEXT) = ?3)
                 AND (?4 IS NULL OR o.placed_at >= ?4) AND (?5 IS NULL OR o.placed_at < ?5)
                 ORDER BY o.id DESC LIMIT ?6",
                params![
                    filter.channel.as_ref().map(ChannelName::as_str),
                    filter.status.as_ref().map(Status::code),
                    filter.number,
                    filter.since.map(millis),
                    filter.until.map(millis),
                    filter.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX)),
                ],
            )
        })
    }

    /// The orders a text may mean: the ledger's number (which is also the id), or the store order number on any
    /// channel.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn order_by_any(&self, text: &str) -> Result<Vec<OrderSummary>, ErpError> {
        let text = text.trim();
        let row = orders::row_of(&ErpOrderId::new(text));
        self.read(|tx| summaries(tx, "o.store_number = ?1 OR o.id = ?2 ORDER BY o.id", params![text, row]))
    }

    /// The orders that a number on a paper may mean: an invoice's number or access key, a tracking code, a collection order, the
    /// number of the marketplace.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn orders_by_paper(&self, text: &str) -> Result<Vec<OrderSummary>, ErpError> {
        let text: String = text.split_whitespace().collect();
        let text = text.strip_prefix("NFe").unwrap_or(&text);
        let number: Option<u32> = text.parse().ok();
        self.read(|tx| {
            summaries(
                tx,
                "o.id IN (SELECT order_id FROM invoices WHERE access_key = ?1 UNION SELECT order_id FROM invoices WHERE number = ?2
                     UNION SELECT order_id FROM shipments WHERE tracking_code = ?1 OR collection_order = ?1
                     UNION SELECT id FROM orders WHERE marketplace_order = ?1 AND marketplace_order IS NOT NULL)
                 ORDER BY o.id",
                params![text, number],
            )
        })
    }

    /// When the latest order was placed, by its channel's clock; `None` where there is no order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_placed_at(&self) -> Result<Option<Instant>, ErpError> {
        let last = self.read(|tx| summaries(tx, "true ORDER BY o.placed_at DESC LIMIT 1", []))?;
        Ok(last.first().map(|order| order.placed_at))
    }

    /// Up to `limit` orders that changed after a reading whose `seq` is given; 0 begins with the first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn orders_changed_since(&self, seq: i64, limit: usize) -> Result<OrderChanges, ErpError> {
        self.read(|tx| {
            let bound = i64::try_from(limit).unwrap_or(i64::MAX);
            let orders = summaries(tx, "o.changed_seq > ?1 ORDER BY o.changed_seq LIMIT ?2", params![seq, bound])?;
            // Every change of an order has a number of its own, so a full page can end between any two.
            let seq = match orders.last() {
                Some(last) if orders.len() >= limit => last.changed_seq,
                None if limit == 0 => seq,
                _ => last_seq(tx)?,
            };
            Ok(OrderChanges { orders, seq })
        })
    }

    /// The orders that the numbers found on an invoice may mean (`xPed`, `infCpl`), each once with its strongest match,
    /// the strongest first. A match is a candidate, not a proof: the recipient's document must agree too.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn orders_for_invoice(&self, candidates: &[&str]) -> Result<Vec<InvoiceCandidate>, ErpError> {
        self.read(|tx| {
            let mut found: BTreeMap<String, (MatchedBy, OrderSummary)> = BTreeMap::new();
            for number in candidates.iter().map(|number| number.trim()).filter(|number| !number.is_empty()) {
                for (matched, order) in matches(tx, number)? {
                    let known = found.entry(order.id.to_string()).or_insert((matched, order));
                    known.0 = known.0.min(matched);
                }
            }
            let mut found = found
                .into_values()
                .map(|(matched, order)| Ok(InvoiceCandidate { document: document(tx, &order.id)?, order, matched }))
                .collect::<Result<Vec<_>, ErpError>>()?;
            found.sort_by(|a, b| a.matched.cmp(&b.matched).then_with(|| a.order.changed_seq.cmp(&b.order.changed_seq)));
            Ok(found)
        })
    }
}

fn matches(tx: &Connection, number: &str) -> Result<Vec<(MatchedBy, OrderSummary)>, ErpError> {
    let mut found = Vec::new();
    let mut add = |matched, orders: Vec<OrderSummary>| found.extend(orders.into_iter().map(|order| (matched, order)));
    add(MatchedBy::StoreNumber, summaries(tx, "o.store_number = ?1", [number])?);
    add(MatchedBy::MarketplaceNumber, summaries(tx, "o.marketplace_order = ?1", [number])?);
    if let Some(row) = orders::row_of(&ErpOrderId::new(number)) {
        add(MatchedBy::ErpNumber, summaries(tx, "o.id = ?1", [row])?);
    }
    if number.chars().count() == LINE_XPED {
        // A range that the index serves; U+10FFFF sorts after every character there is.
        let longer = "o.store_number > ?1 AND o.store_number < ?1 || char(0x10ffff)";
        add(MatchedBy::StoreNumberCut, summaries(tx, longer, [number])?);
    }
    Ok(found)
}

fn document(tx: &Connection, order: &ErpOrderId) -> Result<Option<TaxId>, ErpError> {
    let text: Option<String> = tx
        .prepare_cached("SELECT document, sound FROM recipients WHERE order_id = ?1")?
        .query_row([orders::row_of(order)], |row| row.get(0))?;
    Ok(text.and_then(|text| TaxId::parse(&text).ok()))
}

fn summaries(tx: &Connection, condition: &str, params: impl Params) -> Result<Vec<OrderSummary>, ErpError> {
    let found = tx
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, o.placed_at, o.changed_at, o.changed_seq FROM orders o WHERE {condition}"
        ))?
        .query_map(params, summary)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

fn summary(row: &Row<'_>) -> rusqlite::Result<OrderSummary> {
    Ok(OrderSummary {
        order: orders::from_row(row)?,
        placed_at: instant(row.get(WIDTH)?),
        changed_at: instant(row.get(WIDTH + 1)?),
        changed_seq: row.get(WIDTH + 2)?,
    })
}
