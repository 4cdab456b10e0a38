//! Everything the state file knows of one order or product, for the question why it is where it is.

use rusqlite::{OptionalExtension, Row, params};

use super::holds::{BY_HAND, from_json};
use super::{Store, instant};
use crate::model::{ChannelName, ChannelSku, Instant, Sku, StockParts, WarehouseId};
use crate::reason::Reason;

/// One line of an order's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Instant,
    /// What, in a word: `heard`, `read`, `decided`, `held`, `released`, `intended`, `done` …
    pub what: String,
    /// More about it, as it was noted.
    pub detail: String,
}

/// What holds an order or a product, with the pass that tries it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Why.
    pub reason: Reason,
    /// Which pass to run; `None` when only a person ends it.
    pub pass: Option<String>,
    /// Since when.
    pub since: Instant,
    /// When it was last tried.
    pub tried_at: Instant,
    /// How often.
    pub tries: i64,
}

/// What a pass that carries facts out waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Which pass.
    pub pass: String,
    /// The reason's code; `None` when it has news that it has not looked at.
    pub code: Option<String>,
    /// Since when.
    pub since: Option<Instant>,
}

/// A write to the outside, as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// What, in a word.
    pub action: String,
    /// What it was about, such as an invoice's number; may be empty.
    pub of: String,
    /// `intended`, `done`, `failed`, `unknown`.
    pub state: String,
    /// How often it was sent.
    pub attempts: i64,
    /// When it was last about to be sent.
    pub intended_at: Instant,
    /// When the outcome was known.
    pub settled_at: Option<Instant>,
    /// The answer.
    pub answer: Option<String>,
}

/// What one of a channel's warehouses was told of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The channel's warehouse.
    pub warehouse: WarehouseId,
    /// The channel's id, if it has the product.
    pub channel_sku: Option<ChannelSku>,
    /// The number it should have.
    pub want: i64,
    /// What that is made of; `None` when an older version noted it otherwise.
    pub parts: Option<StockParts>,
    /// When the ERP was read for it.
    pub erp_read_at: Instant,
    /// The number it last confirmed, and when.
    pub pushed: Option<(i64, Instant)>,
    /// The last number sent: where that stands.
    pub write: Option<Write>,
}

const WRITE: &str = "action, substr(key, length(action) + length(order_row) + 3), state, attempts, \
                     intended_at, settled_at, answer";

fn write(row: &Row<'_>) -> rusqlite::Result<Write> {
    Ok(Write {
        action: row.get(0)?,
        of: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
        state: row.get(2)?,
        attempts: row.get(3)?,
        intended_at: instant(row.get(4)?),
        settled_at: row.get::<_, Option<i64>>(5)?.map(instant),
        answer: row.get(6)?,
    })
}

fn block(row: &Row<'_>, in_erp: bool) -> rusqlite::Result<Block> {
    let (reason, pass): (String, String) = (row.get(0)?, row.get(1)?);
    let reason = from_json(reason);
    Ok(Block {
        pass: pass_to_run(&pass, &reason, in_erp).map(str::to_owned),
        reason,
        since: instant(row.get(2)?),
        tried_at: instant(row.get(3)?),
        tries: row.get(4)?,
    })
}

/// The pass that tries again what is held; `None` when only a person ends it.
pub(super) fn pass_to_run<'a>(pass: &'a str, reason: &Reason, in_erp: bool) -> Option<&'a str> {
    match (pass, reason) {
        (BY_HAND, _) => None,
        (
            "",
            Reason::CancelRefused { .. } | Reason::CancelledInErpOnly { .. } | Reason::MarketplaceMustCancel { .. },
        ) => Some("auto-cancel"),
        ("", Reason::TakeOverRefused { .. }) => Some("import-orders"),
        ("", _) if !in_erp => Some("import-orders"),
        ("", _) => Some("sync-payments"),
        (pass, _) => Some(pass),
    }
}

impl Store {
    /// What happened to an order, the oldest first.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn history(&self, order: i64) -> rusqlite::Result<Vec<Step>> {
        self.connection
            .prepare_cached(
                "SELECT at, what, detail FROM history WHERE order_row = ?1
                 UNION SELECT intended_at, 'intended', action FROM journal WHERE order_row = ?1 AND attempts > 0
                 UNION SELECT settled_at, state, action || ': ' || coalesce(answer, '') FROM journal
                     WHERE order_row = ?1 AND settled_at IS NOT NULL
                 ORDER BY at, what, detail",
            )?
            .query_map([order], |row| Ok(Step { at: instant(row.get(0)?), what: row.get(1)?, detail: row.get(2)? }))?
            .collect()
    }

    /// What was sent to either side for an order.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn writes(&self, order: i64) -> rusqlite::Result<Vec<Write>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT {WRITE} FROM journal WHERE order_row = ?1 AND order_row IS NOT NULL ORDER BY intended_at, id"
            ))?
            .query_map([order], write)?
            .collect()
    }

    /// What holds an order now, the oldest first.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn blocks(&self, order: i64, in_erp: bool) -> rusqlite::Result<Vec<Block>> {
        self.connection
            .prepare_cached(
                "SELECT reason, pass, since, tried_at, tries FROM holds WHERE order_row = ?1 AND released_at IS NULL
                 ORDER BY since, id",
            )?
            .query_map([order], |row| block(row, in_erp))?
            .collect()
    }

    /// What the passes that carry facts out still have to do with an order, beside what they hold it for.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn waits(&self, order: i64) -> rusqlite::Result<Vec<Wait>> {
        self.connection
            .prepare_cached(
                "SELECT pass, waits_for, waits_since FROM outgoing
                 WHERE pass IN ('push-invoices', 'push-tracking') AND order_row = ?1
                     AND (waits_for IS NOT NULL OR news <> visited)
                     AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.order_row = outgoing.order_row AND h.pass = outgoing.pass
                         AND h.code = waits_for AND h.released_at IS NULL) ORDER BY pass",
            )?
            .query_map([order], |row| {
                Ok(Wait { pass: row.get(0)?, code: row.get(1)?, since: row.get::<_, Option<i64>>(2)?.map(instant) })
            })?
            .collect()
    }

    /// What a channel's warehouses were told of a product.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn told(&self, channel: &ChannelName, sku: &Sku) -> rusqlite::Result<Vec<Told>> {
        let mut told: Vec<Told> = self
            .connection
            .prepare_cached(
                "SELECT warehouse, channel_sku, want, want_why, erp_read_at, pushed, pushed_at FROM stock
                 WHERE channel = ?1 AND sku = ?2 ORDER BY warehouse",
            )?
            .query_map(params![channel.as_str(), sku.as_str()], |row| {
                let (pushed, at): (Option<i64>, Option<i64>) = (row.get(5)?, row.get(6)?);
                Ok(Told {
                    warehouse: WarehouseId::new(row.get::<_, String>(0)?),
                    channel_sku: row.get::<_, Option<String>>(1)?.map(ChannelSku::new),
                    want: row.get(2)?,
                    parts: serde_json::from_str(row.get_ref(3)?.as_str()?).ok(),
                    erp_read_at: instant(row.get(4)?),
                    pushed: pushed.zip(at.map(instant)),
                    write: None,
                })
            })?
            .collect::<rusqlite::Result<_>>()?;
        for one in &mut told {
            one.write = self
                .connection
                .prepare_cached(&format!("SELECT {WRITE} FROM journal WHERE key = ?1"))?
                .query_row([format!("push_stock:{channel}:{}:{sku}", one.warehouse)], write)
                .optional()?;
        }
        Ok(told)
    }

    /// What holds a product on a channel now.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn block_of_sku(&self, channel: &ChannelName, sku: &Sku) -> rusqlite::Result<Option<Block>> {
        self.connection
            .prepare_cached(
                "SELECT reason, 'push-stock', since, tried_at, tries FROM holds INDEXED BY holds_open_sku
                 WHERE channel = ?1 AND sku = ?2 AND sku IS NOT NULL AND released_at IS NULL",
            )?
            .query_row(params![channel.as_str(), sku.as_str()], |row| block(row, false))
            .optional()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hold_names_the_pass_that_tries_it() {
        let refused = Reason::CancelRefused { raw: String::new(), message: String::new() };
        let by_hand = Reason::HeldByHand { note: String::new(), by: None };
        for (pass, reason, in_erp, run) in [
            ("", &Reason::NotOnChannel, false, Some("import-orders")),
            ("", &Reason::NotOnChannel, true, Some("sync-payments")),
            ("", &refused, true, Some("auto-cancel")),
            ("push-tracking", &Reason::NotOnChannel, true, Some("push-tracking")),
            (BY_HAND, &by_hand, true, None),
        ] {
            assert_eq!(pass_to_run(pass, reason, in_erp), run, "{pass} {reason:?}");
        }
    }
}
