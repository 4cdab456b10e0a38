//! What cannot go on, why, since when, and worth how much.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Store, instant, millis};
use crate::model::{Cents, ChannelName, Instant, OrderId, Sku};
use crate::reason::Reason;

/// In place of a pass: a person holds the order.
pub(super) const BY_HAND: &str = "by-hand";

/// An open hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The hold's row.
    pub row: i64,
    /// On which channel.
    pub channel: ChannelName,
    /// Which order, unless a SKU is held.
    pub order: Option<OrderId>,
    /// The order's row.
    pub order_row: Option<i64>,
    /// Whether other holds of the order are open, too.
    pub is_one_of_several: bool,
    /// The ERP's number for it, if it has one.
    pub erp_number: Option<String>,
    /// Which SKU, unless an order is held.
    pub sku: Option<String>,
    /// The order's fate, by code; a linked order keeps the fate `imported` while it is held.
    pub fate: Option<String>,
    /// The order's status on the channel, by code, and in the channel's word.
    pub status: [Option<String>; 2],
    /// The pass that holds it for itself; empty for the hold that the others share.
    pub pass: String,
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub since: Instant,
    /// When it was last tried.
    pub tried_at: Instant,
    /// How often it was tried.
    pub tries: i64,
    /// What the order is worth; `None` of one that could never be read.
    pub amount: Option<Cents>,
    /// The date promised to the customer.
    pub promised_at: Option<Instant>,
}

/// Opens a hold, or renews the one there is; its `since` stays while the reason's code does, and a hold outlives calls that fail.
pub(super) fn hold(tx: &Connection, order: i64, reason: &Reason, now: Instant) -> rusqlite::Result<()> {
    hold_in(tx, order, "", reason, now)
}

/// Releases the open hold of an order, if there is one.
pub(super) fn release(tx: &Connection, order: i64, why: &str, now: Instant) -> rusqlite::Result<()> {
    release_in(tx, order, "", why, now)
}

/// As [`hold`], for a pass that holds orders for itself.
pub(super) fn hold_in(tx: &Connection, order: i64, pass: &str, reason: &Reason, now: Instant) -> rusqlite::Result<()> {
    let json = to_json(reason);
    let code = reason.code();
    let open: Option<String> = tx
        .prepare_cached("SELECT code FROM holds WHERE order_row = ?1 AND pass = ?2 AND released_at IS NULL")?
        .query_row(params![order, pass], |row| row.get(0))
        .optional()?;
    let is_renewed = open.as_ref().is_some_and(|open| *open == code);
    // A call that failed tells nothing of what holds the order.
    let stays = open.is_some() && matches!(reason, Reason::CallFailed { .. });
    if is_renewed || stays {
        tx.prepare_cached(
            "UPDATE holds SET reason = iif(?5, ?3, reason), tried_at = ?4, tries = tries + 1,
                 amount = coalesce((SELECT total FROM orders WHERE id = ?1), 0)
             WHERE order_row = ?1 AND pass = ?2 AND released_at IS NULL",
        )?
        .execute(params![order, pass, json, millis(now), is_renewed])?;
        return Ok(());
    }
    release_in(tx, order, pass, "another reason took its place", now)?;
    tx.prepare_cached(
        "INSERT INTO holds (channel, order_row, pass, code, reason, since, tried_at, amount, promised_at)
         SELECT channel, id, ?2, ?3, ?4, ?5, ?5, coalesce(total, 0), promised_at FROM orders WHERE id = ?1",
    )?
    .execute(params![order, pass, code, json, millis(now)])?;
    super::orders::note(tx, order, now, "held", &json)
}

/// As [`release`], for a pass that holds orders for itself.
pub(super) fn release_in(tx: &Connection, order: i64, pass: &str, why: &str, now: Instant) -> rusqlite::Result<()> {
    let open: Option<i64> = tx
        .prepare_cached("SELECT id FROM holds WHERE order_row = ?1 AND pass = ?2 AND released_at IS NULL")?
        .query_row(params![order, pass], |row| row.get(0))
        .optional()?;
    let Some(hold) = open else { return Ok(()) };
    end(tx, hold, why, now)?;
    super::orders::note(tx, order, now, "released", why)
}

/// The channel took a SKU's number: unless there is another to take, that releases any hold but those for what no number mends.
pub(super) fn release_told_sku(
    tx: &Connection,
    channel: &ChannelName,
    sku: &Sku,
    now: Instant,
) -> rusqlite::Result<()> {
    match open_of_sku(tx, channel, sku)? {
        Some((hold, code))
            if code != OVERSOLD && code != UNCOUNTED && !super::stock::is_any_dirty(tx, channel, sku)? =>
        {
            end(tx, hold, "the channel took its stock", now)
        }
        _ => Ok(()),
    }
}

/// Of a hold `h`: a call failed, or nobody knows whether it did. A cancellation of ours is looked at by whoever made it.
const OF_A_CALL: &str = "(h.code = 'call_failed'
    OR h.code = 'outcome_unknown' AND json_extract(h.reason, '$.action') IS NOT 'cancel_on_channel')";

/// More was sold than there is.
const OVERSOLD: &str = "oversold";
/// The ERP has no count.
const UNCOUNTED: &str = "stock_not_in_erp";

/// Why a SKU is held no more of which the channel is not told.
pub(super) const UNTOLD: &str = "its stock is not told to the channel";

/// Whether a SKU is held for the reason with that code.
fn is_sku_held(tx: &Connection, channel: &ChannelName, sku: &Sku, code: &str) -> rusqlite::Result<bool> {
    Ok(open_of_sku(tx, channel, sku)?.is_some_and(|(_, open)| open == code))
}

/// Releases the open hold of a SKU, if there is one.
pub(super) fn release_sku(
    tx: &Connection,
    channel: &ChannelName,
    sku: &Sku,
    why: &str,
    now: Instant,
) -> rusqlite::Result<()> {
    open_of_sku(tx, channel, sku)?.map_or(Ok(()), |(hold, _)| end(tx, hold, why, now))
}

/// The open hold of a SKU and its code, if there is one.
fn open_of_sku(tx: &Connection, channel: &ChannelName, sku: &Sku) -> rusqlite::Result<Option<(i64, String)>> {
    tx.prepare_cached(
        "SELECT id, code FROM holds INDEXED BY holds_open_sku
         WHERE channel = ?1 AND sku = ?2 AND sku IS NOT NULL AND released_at IS NULL",
    )?
    .query_row(params![channel.as_str(), sku.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
    .optional()
}

fn end(tx: &Connection, hold: i64, why: &str, now: Instant) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE holds SET released_at = ?2, released_why = ?3 WHERE id = ?1")?
        .execute(params![hold, millis(now), why])
        .map(|_| ())
}

fn to_json(reason: &Reason) -> String {
    serde_json::to_string(reason).unwrap_or_default()
}

/// The open hold that passes share of an order, if there is one.
fn shared_hold(tx: &Connection, order: i64) -> rusqlite::Result<Option<Reason>> {
    let open = "SELECT reason FROM holds WHERE order_row = ?1 AND pass = '' AND released_at IS NULL";
    tx.prepare_cached(open)?.query_row([order], |row| row.get(0).map(from_json)).optional()
}

/// A hold that this version cannot read is a hold all the same.
pub(super) fn from_json(json: String) -> Reason {
    serde_json::from_str(&json).unwrap_or(Reason::StatusUnknown { raw: json })
}

impl Store {
    /// Opens, renews or (without a reason) releases the hold of an order on which another pass concludes. A hold of that pass,
    /// one that is not of the kinds `is_ours` tells, stays; and what is held is open, so that the other pass comes by.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn hold_as_guest(
        &self,
        order: i64,
        reason: Option<&Reason>,
        is_ours: impl Fn(&Reason) -> bool,
        now: Instant,
    ) -> rusqlite::Result<()> {
        self.write(|tx| {
            let others = shared_hold(tx, order)?.filter(|open| !is_ours(open));
            match (others, reason) {
                (Some(others), reason) if reason.is_none_or(|reason| reason.code() != others.code()) => Ok(()),
                (_, None) => release(tx, order, "its cause is gone", now),
                (_, Some(reason)) => {
                    hold(tx, order, reason, now)?;
                    tx.prepare_cached("UPDATE orders SET open = 1 WHERE id = ?1 AND sound")?
                        .execute([order])
                        .map(|_| ())
                }
            }
        })
    }

    /// Opens a hold of a SKU, or renews the one there is; its `since` stays while the reason's code does. That more was sold than
    /// there is outlives calls that fail.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn hold_sku(&self, channel: &ChannelName, sku: &Sku, reason: &Reason, now: Instant) -> rusqlite::Result<()> {
        let (json, code) = (to_json(reason), reason.code());
        let is_of_a_call = matches!(reason, Reason::CallFailed { .. } | Reason::OutcomeUnknown { .. });
        self.write(|tx| {
            if is_of_a_call && is_sku_held(tx, channel, sku, OVERSOLD)? {
                return Ok(());
            }
            let renewed = tx
                .prepare_cached(
                    "UPDATE holds SET reason = ?4, tried_at = ?5, tries = tries + 1
                     WHERE channel = ?1 AND sku = ?2 AND released_at IS NULL AND code = ?3",
                )?
                .execute(params![channel.as_str(), sku.as_str(), code, json, millis(now)])?;
            if renewed > 0 {
                return Ok(());
            }
            release_sku(tx, channel, sku, "another reason took its place", now)?;
            tx.prepare_cached(
                "INSERT INTO holds (channel, sku, code, reason, since, tried_at, amount) VALUES (?1, ?2, ?3, ?4, ?5, ?5, 0)",
            )?
            .execute(params![channel.as_str(), sku.as_str(), code, json, millis(now)])
            .map(|_| ())
        })
    }

    /// Whether a SKU is held for the reason with that code.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn is_sku_held(&self, channel: &ChannelName, sku: &Sku, code: &str) -> rusqlite::Result<bool> {
        is_sku_held(&self.connection, channel, sku, code)
    }

    /// The rows of a channel's orders that a pass holds because calls for them failed, more than once; those first that were tried
    /// longest ago. Without a name, those that the passes hold together. What there is news of, or a person wants tried, is none.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn orders_whose_calls_fail(&self, channel: &ChannelName, pass: &str) -> rusqlite::Result<Vec<i64>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT h.order_row FROM holds h INDEXED BY holds_open
                 WHERE h.channel = ?1 AND h.released_at IS NULL AND h.order_row IS NOT NULL AND h.pass = ?2 AND h.tries > 1
                     AND {OF_A_CALL}
                     AND (?2 <> '' OR EXISTS (SELECT 1 FROM orders o WHERE o.id = h.order_row AND o.heard = o.visited))
                     AND NOT EXISTS (SELECT 1 FROM outgoing o
                         WHERE o.pass = ?2 AND o.order_row = h.order_row AND o.news <> o.visited)
                 ORDER BY h.tried_at, h.order_row"
            ))?
            .query_map([channel.as_str(), pass], |row| row.get(0))?
            .collect()
    }

    /// How many of these orders a pass holds because a call for them failed since then.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn calls_failed_since(&self, orders: &[i64], pass: &str, since: Instant) -> rusqlite::Result<usize> {
        let mut held = self.connection.prepare_cached(&format!(
            "SELECT EXISTS (SELECT 1 FROM holds h
                 WHERE h.order_row = ?1 AND h.pass = ?2 AND h.released_at IS NULL AND h.tried_at >= ?3 AND {OF_A_CALL})"
        ))?;
        let mut failed = 0;
        for order in orders {
            failed += usize::from(held.query_row(params![order, pass, millis(since)], |row| row.get::<_, bool>(0))?);
        }
        Ok(failed)
    }

    /// How many of these SKUs are held because a call for them failed since then.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn sku_calls_failed_since(
        &self,
        channel: &ChannelName,
        skus: &[Sku],
        since: Instant,
    ) -> rusqlite::Result<usize> {
        let mut held = self.connection.prepare_cached(&format!(
            "SELECT EXISTS (SELECT 1 FROM holds h INDEXED BY holds_open_sku
                 WHERE h.channel = ?1 AND h.sku = ?2 AND h.sku IS NOT NULL AND h.released_at IS NULL AND h.tried_at >= ?3
                     AND {OF_A_CALL})"
        ))?;
        let mut failed = 0;
        for sku in skus {
            let sought = params![channel.as_str(), sku.as_str(), millis(since)];
            failed += usize::from(held.query_row(sought, |row| row.get::<_, bool>(0))?);
        }
        Ok(failed)
    }

    /// The SKUs of a channel that are held because calls for them failed, more than once; those first that were tried longest ago.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn skus_whose_calls_fail(&self, channel: &ChannelName) -> rusqlite::Result<Vec<Sku>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT h.sku FROM holds h INDEXED BY holds_open
                 WHERE h.channel = ?1 AND h.released_at IS NULL AND h.sku IS NOT NULL AND h.tries > 1 AND {OF_A_CALL}
                 ORDER BY h.tried_at, h.sku"
            ))?
            .query_map([channel.as_str()], |row| row.get(0).map(|sku: String| Sku::new(sku)))?
            .collect()
    }

    /// Releases the holds of those of these SKUs of which more was sold than there is.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn release_oversold(&self, channel: &ChannelName, skus: &[&Sku], now: Instant) -> rusqlite::Result<()> {
        let why = "there are as many as were sold";
        self.write(|tx| {
            for sku in skus {
                if is_sku_held(tx, channel, sku, OVERSOLD)? {
                    release_sku(tx, channel, sku, why, now)?;
                }
            }
            Ok(())
        })
    }

    /// Releases what holds those of these SKUs, which the ERP counted, of which the channel has every number it should: but for that
    /// more was sold than there is.
    ///
    /// # Errors
    /// When the state file cannot be read or written.
    pub fn release_in_step<'a>(
        &self,
        channel: &ChannelName,
        skus: impl Iterator<Item = &'a Sku>,
        now: Instant,
    ) -> rusqlite::Result<()> {
        for sku in skus {
            let why = match open_of_sku(&self.connection, channel, sku)? {
                Some((hold, code)) if code == UNCOUNTED => Some((hold, "the ERP has a count of it")),
                Some((hold, code))
                    if code != OVERSOLD && !super::stock::is_any_dirty(&self.connection, channel, sku)? =>
                {
                    Some((hold, "its cause is gone"))
                }
                _ => None,
            };
            if let Some((hold, why)) = why {
                self.write(|tx| end(tx, hold, why, now))?;
            }
        }
        Ok(())
    }

    /// Releases whatever holds these SKUs, of which the channel is not told.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn release_untold(&self, channel: &ChannelName, skus: &[&Sku], now: Instant) -> rusqlite::Result<()> {
        self.write(|tx| skus.iter().try_for_each(|sku| release_sku(tx, channel, sku, UNTOLD, now)))
    }

    /// A channel's open holds by the code of their cause: how many there are, and what they are worth. An order that two passes hold for
    /// one cause is held once.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn held_by_cause(&self, channel: &ChannelName) -> rusqlite::Result<Vec<(String, i64, Cents)>> {
        self.connection
            .prepare_cached(
                "SELECT code, count(*), sum(amount) FROM (
                     SELECT code, max(amount) AS amount FROM holds INDEXED BY holds_open
                     WHERE channel = ?1 AND released_at IS NULL GROUP BY code, order_row, sku)
                 GROUP BY code",
            )?
            .query_map([channel.as_str()], |row| Ok((row.get(0)?, row.get(1)?, Cents::new(row.get(2)?))))?
            .collect()
    }

    /// What holds an order, the oldest first.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn open_holds(&self, order: i64) -> rusqlite::Result<Vec<Reason>> {
        self.connection
            .prepare_cached("SELECT reason FROM holds WHERE order_row = ?1 AND released_at IS NULL ORDER BY since, id")?
            .query_map([order], |row| row.get(0).map(from_json))?
            .collect()
    }

    /// Since when an order is held because the ERP has it no more.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn held_as_absent_since(&self, order: i64) -> rusqlite::Result<Option<Instant>> {
        self.connection
            .prepare_cached(
                "SELECT min(since) FROM holds WHERE order_row = ?1 AND pass = '' AND released_at IS NULL AND code = 'erp_refused'
                     AND reason ->> '$.refusal' = 'not_found'",
            )?
            .query_row([order], |row| Ok(row.get::<_, Option<i64>>(0)?.map(instant)))
    }

    /// Tells of every open hold, the oldest first.
    ///
    /// # Errors
    /// When the state file cannot be read, or `tell` fails.
    pub fn each_hold(&self, mut tell: impl FnMut(Hold) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
        let mut open = self.connection.prepare_cached(&format!(
            "{HOLDS} WHERE h.released_at IS NULL
                 -- What two passes say alike is said once.
                 AND NOT EXISTS (SELECT 1 FROM holds e WHERE e.order_row = h.order_row AND e.code = h.code
                     AND e.released_at IS NULL AND e.id < h.id)
             ORDER BY h.since, h.id"
        ))?;
        let mut rows = open.query([])?;
        while let Some(row) = rows.next()? {
            tell(from_row(row)?)?;
        }
        Ok(())
    }

    /// Those of these rows that are there, the oldest first, as they are now: they may be released.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn holds_in(&self, rows: &[i64]) -> rusqlite::Result<Vec<Hold>> {
        self.connection
            .prepare_cached(&format!("{HOLDS} WHERE h.id IN (SELECT value FROM json_each(?1)) ORDER BY h.since, h.id"))?
            .query_map([serde_json::to_string(rows).unwrap_or_default()], from_row)?
            .collect()
    }
}

/// What [`from_row`] reads.
const HOLDS: &str =
    "SELECT h.id, h.channel, o.order_id, o.id, o.erp_number, h.sku, o.fate, o.status, o.raw_status, h.pass, h.reason,
         h.since, h.tried_at, h.tries, iif(h.order_row IS NULL, h.amount, o.total), coalesce(o.promised_at, h.promised_at),
         (SELECT count(*) FROM holds e WHERE e.order_row = h.order_row AND e.released_at IS NULL) > 1
     FROM holds h LEFT JOIN orders o ON o.id = h.order_row";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Hold> {
    let reason: String = row.get(10)?;
    Ok(Hold {
        row: row.get(0)?,
        channel: ChannelName::new(row.get::<_, String>(1)?),
        order: row.get::<_, Option<String>>(2)?.map(OrderId::new),
        order_row: row.get(3)?,
        erp_number: row.get(4)?,
        sku: row.get(5)?,
        fate: row.get(6)?,
        status: [row.get(7)?, row.get(8)?],
        pass: row.get(9)?,
        // A reason that this version does not know is shown as it stands.
        reason: serde_json::from_str(&reason).unwrap_or(Reason::CallFailed { message: reason }),
        since: instant(row.get(11)?),
        tried_at: instant(row.get(12)?),
        tries: row.get(13)?,
        amount: row.get::<_, Option<i64>>(14)?.map(Cents::new),
        promised_at: row.get::<_, Option<i64>>(15)?.map(instant),
        is_one_of_several: row.get(16)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp_millis(1_790_000_000_000 + seconds * 1_000).unwrap()
    }

    /// A state file with one order, in row 1, that nobody expects anything of.
    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("vaivem.db")).unwrap();
        store.order_or_new(&ChannelName::new("loja"), &OrderId::new("1-01"), at(0)).unwrap();
        store.connection.execute("UPDATE orders SET open = 0", []).unwrap();
        (folder, store)
    }

    fn call_failed(message: &str) -> Reason {
        Reason::CallFailed { message: message.into() }
    }

    fn holds(store: &Store) -> Vec<Hold> {
        let mut holds = Vec::new();
        store
            .each_hold(|hold| {
                holds.push(hold);
                Ok(())
            })
            .unwrap();
        holds
    }

    /// Code, since, tries of the open hold.
    fn open(store: &Store) -> Option<(String, Instant, i64)> {
        let holds = holds(store);
        assert!(holds.len() < 2);
        holds.first().map(|hold| (hold.reason.code(), hold.since, hold.tries))
    }

    #[test]
    fn a_call_that_fails_again_is_the_same_hold() {
        let (_folder, store) = store();
        store.write(|tx| hold(tx, 1, &call_failed("first"), at(1))).unwrap();
        store.write(|tx| hold(tx, 1, &call_failed("second"), at(2))).unwrap();
        assert_eq!(open(&store), Some(("call_failed".into(), at(1), 2)));
        assert_eq!(holds(&store)[0].reason, call_failed("second"));
    }

    #[test]
    fn a_call_that_fails_does_not_displace_what_holds_the_order() {
        let (_folder, store) = store();
        store.write(|tx| hold(tx, 1, &Reason::CancelledAfterInvoice, at(1))).unwrap();
        store.write(|tx| hold(tx, 1, &call_failed("then"), at(2))).unwrap();
        assert_eq!(open(&store), Some(("cancelled_after_invoice".into(), at(1), 2)));
        store.write(|tx| hold(tx, 1, &Reason::NotOnChannel, at(3))).unwrap();
        assert_eq!(open(&store), Some(("not_on_channel".into(), at(3), 1)));
    }

    #[test]
    fn a_guest_touches_only_its_own_holds() {
        let is_ours = |hold: &Reason| *hold == Reason::NotOnChannel;
        let (_folder, store) = store();
        let guest = |reason: Option<&Reason>, seconds| store.hold_as_guest(1, reason, is_ours, at(seconds)).unwrap();
        let is_open = || -> bool {
            store.connection.query_row("SELECT open FROM orders WHERE id = 1", [], |row| row.get(0)).unwrap()
        };
        guest(None, 1);
        assert_eq!((open(&store), is_open()), (None, false));
        guest(Some(&Reason::NotOnChannel), 2);
        assert_eq!((open(&store), is_open()), (Some(("not_on_channel".into(), at(2), 1)), true));
        guest(None, 3);
        assert_eq!(open(&store), None);

        store.write(|tx| hold(tx, 1, &Reason::CancelledAfterInvoice, at(4))).unwrap();
        guest(None, 5);
        guest(Some(&Reason::NotOnChannel), 6);
        assert_eq!(open(&store), Some(("cancelled_after_invoice".into(), at(4), 1)), "another pass's");
        guest(Some(&Reason::CancelledAfterInvoice), 7);
        assert_eq!(open(&store), Some(("cancelled_after_invoice".into(), at(4), 2)), "they say the same");
    }

    #[test]
    fn open_holds_come_by_age_and_what_two_passes_say_alike_comes_once() {
        let (_folder, store) = store();
        store.write(|tx| hold(tx, 1, &Reason::NotOnChannel, at(2))).unwrap();
        store.write(|tx| hold_in(tx, 1, "push-invoices", &call_failed("no"), at(1))).unwrap();
        store.write(|tx| hold_in(tx, 1, "push-tracking", &call_failed("neither"), at(3))).unwrap();
        store.hold_sku(&ChannelName::new("loja"), &Sku::new("A"), &Reason::SkuIsKit, at(2)).unwrap();
        let held = holds(&store);
        let told: Vec<_> =
            held.iter().map(|hold| (hold.reason.code(), hold.order_row, hold.is_one_of_several)).collect();
        assert_eq!(
            told,
            [
                ("call_failed".into(), Some(1), true),
                ("not_on_channel".into(), Some(1), true),
                ("sku_is_kit".into(), None, false)
            ]
        );
        let rows: Vec<i64> = held.iter().map(|hold| hold.row).rev().chain([77]).collect();
        assert_eq!(store.holds_in(&rows).unwrap(), held);
    }

    #[test]
    fn an_order_is_held_alone_once_the_other_holds_are_released() {
        let (_folder, store) = store();
        store.write(|tx| hold(tx, 1, &Reason::NotOnChannel, at(1))).unwrap();
        store.write(|tx| hold_in(tx, 1, "push-invoices", &call_failed("no"), at(2))).unwrap();
        let released = holds(&store).pop().unwrap();
        store.write(|tx| release_in(tx, 1, "push-invoices", "gone", at(3))).unwrap();
        assert_eq!(holds(&store).iter().map(|hold| hold.is_one_of_several).collect::<Vec<_>>(), [false]);
        let told = store.holds_in(&[released.row]).unwrap();
        assert_eq!(told[0].reason, released.reason, "whoever counted it can still tell it");
    }
}
