//! Every order seen: what was heard of it, its facts as of the last reading, its counterpart in the ERP, and its one fate.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Store, claims, holds, instant, journal, kits, millis, outgoing, standing};
use crate::channel::Heard;
use crate::erp::ErpOrder;
use crate::model::{Cents, ChannelName, ErpOrderId, Instant, Order, OrderId, Readiness, Status};
use crate::reason::Reason;

/// What became of an order. Every order seen has exactly one, from the first time it was decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// In the ERP.
    Imported,
    /// Waiting for its payment, or for the channel to finish with it.
    Waiting,
    /// Held: see the hold for why.
    Held,
    /// Not to be imported, by policy.
    Skipped,
    /// Cancelled. For good: a tombstone that no late event can lift.
    Cancelled,
}

impl Fate {
    /// Every fate with its stable code.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Imported, "imported"),
        (Self::Waiting, "waiting"),
        (Self::Held, "held"),
        (Self::Skipped, "skipped"),
        (Self::Cancelled, "cancelled"),
    ];

    /// In place of a code, for an order that has no fate yet.
    pub const UNDECIDED: &'static str = "undecided";

    /// Stable code.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(fate, _)| *fate == self).map_or("", |(_, code)| code)
    }

    pub(super) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == code).map(|(fate, _)| *fate)
    }
}

/// An order's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    /// The row's own number.
    pub row: i64,
    /// The channel.
    pub channel: ChannelName,
    /// The order's number there.
    pub id: OrderId,
    /// Count of what was heard when the row was read; given back to [`Store::decide`].
    pub heard: i64,
    /// A cancellation was announced.
    pub cancel_heard: bool,
    /// When it was last read from the channel.
    pub read_at: Option<Instant>,
    /// What the channel said then.
    pub status: Option<Status>,
    /// When it was placed.
    pub created_at: Option<Instant>,
    /// What it is worth.
    pub total: Option<Cents>,
    /// Its counterpart in the ERP.
    pub erp_id: Option<ErpOrderId>,
    /// The number people see there.
    pub erp_number: Option<String>,
    /// When the channel handed it over.
    pub taken_over_at: Option<Instant>,
    /// Its fate, once decided.
    pub fate: Option<Fate>,
    /// Why, as JSON of a [`Reason`].
    pub fate_why: Option<Reason>,
}

impl OrderRow {
    /// Whether a person said that it is not to come into the ERP.
    pub fn is_left_out(&self) -> bool {
        self.erp_id.is_none()
            && self.fate == Some(Fate::Skipped)
            && matches!(self.fate_why, Some(Reason::SkippedByHand { .. }))
    }
}

pub(super) const COLUMNS: &str = "id, channel, order_id, heard, cancel_heard, read_at, status, created_at, total, erp_id, erp_number, \
                       taken_over_at, fate, fate_why, sound";

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<OrderRow> {
    let text = |at: usize| row.get::<_, Option<String>>(at);
    Ok(OrderRow {
        row: row.get(0)?,
        channel: ChannelName::new(row.get::<_, String>(1)?),
        id: OrderId::new(row.get::<_, String>(2)?),
        heard: row.get(3)?,
        cancel_heard: row.get(4)?,
        read_at: row.get::<_, Option<i64>>(5)?.map(instant),
        status: text(6)?.map(|code| Status::from_code(&code)),
        created_at: row.get::<_, Option<i64>>(7)?.map(instant),
        total: row.get::<_, Option<i64>>(8)?.map(Cents::new),
        erp_id: text(9)?.map(ErpOrderId::new),
        erp_number: text(10)?,
        taken_over_at: row.get::<_, Option<i64>>(11)?.map(instant),
        fate: text(12)?.as_deref().and_then(Fate::from_code),
        fate_why: text(13)?.and_then(|json| serde_json::from_str(&json).ok()),
    })
}

/// What the history says of an order that a person named before anything was heard of it.
pub(super) const NAMED: &str = "named by a person";

/// What it says first of an order that was forgotten: one that was heard of, and whose number is no slip of the hand.
pub(super) const FORGOTTEN: &str = "forgotten by a person";

/// Adds a line to an order's history; one that is there already is not doubled.
pub(super) fn note(tx: &Connection, order: i64, at: Instant, what: &str, detail: &str) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO history (order_row, at, what, detail) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![order, millis(at), what, detail])
        .map(|_| ())
}

impl Store {
    /// Stores what was heard, committed when this returns. Gives how many orders were new.
    ///
    /// Something heard again changes nothing: neither the order nor its history.
    ///
    /// # Errors
    /// When the state file cannot be written; nothing may be acknowledged then.
    pub fn hear(&self, channel: &ChannelName, heard: &[Heard], source: &str, now: Instant) -> rusqlite::Result<usize> {
        self.write(|tx| {
            let mut new = 0;
            for item in heard {
                let known: Option<i64> = tx
                    .prepare_cached("SELECT id FROM orders WHERE channel = ?1 AND order_id = ?2")?
                    .query_row(params![channel.as_str(), item.id.as_str()], |row| row.get(0))
                    .optional()?;
                let told = format!("{} ({source})", item.state);
                let Some(row) = known else {
                    new += 1;
                    tx.prepare_cached(
                        "INSERT INTO orders (channel, order_id, seen_at, heard, cancel_heard) VALUES (?1, ?2, ?3, 1, ?4)",
                    )?
                    .execute(params![
                        channel.as_str(),
                        item.id.as_str(),
                        millis(now),
                        item.is_cancellation()
                    ])?;
                    note(tx, tx.last_insert_rowid(), item.at.unwrap_or(now), "heard", &told)?;
                    continue;
                };
                // The list tells where an order stands, not when it came there: only a word that is new counts as heard.
                let is_news = match item.at {
                    Some(at) => tx
                        .prepare_cached(
                            "INSERT OR IGNORE INTO history (order_row, at, what, detail) VALUES (?1, ?2, 'heard', ?3)",
                        )?
                        .execute(params![row, millis(at), told])?,
                    None => {
                        let was_told: bool = tx
                            .prepare_cached(
                                "SELECT EXISTS (SELECT 1 FROM history WHERE order_row = ?1 AND what = 'heard'
                                     AND substr(detail, 1, length(?2) + 2) = ?2 || ' (')",
                            )?
                            .query_row(params![row, item.state], |row| row.get(0))?;
                        let read: bool = tx
                            .prepare_cached("SELECT raw_status IS ?2 FROM orders WHERE id = ?1")?
                            .query_row(params![row, item.state], |row| row.get(0))?;
                        if was_told || read {
                            0
                        } else {
                            note(tx, row, now, "heard", &told)?;
                            1
                        }
                    }
                };
                if is_news > 0 {
                    // Of an order in the ERP that nobody follows any more, a cancellation, or the wish for one, is the one word to
                    // come back for.
                    tx.prepare_cached(
                        "UPDATE orders SET heard = heard + 1, cancel_heard = max(cancel_heard, ?2),
                             open = max(open, ?3 AND erp_id IS NOT NULL AND fate IS NOT 'cancelled')
                         WHERE id = ?1 AND sound",
                    )?
                    .execute(params![row, item.is_cancellation(), item.asks_for_somebody()])?;
                    if !item.is_cancellation() {
                        super::cancels::watch_soon(tx, row)?;
                    }
                }
            }
            standing::come(tx, channel.as_str(), new)?;
            Ok(new)
        })
    }

    /// The order with that number on a channel, if it was ever seen.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn order(&self, channel: &ChannelName, id: &OrderId) -> rusqlite::Result<Option<OrderRow>> {
        self.connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM orders WHERE channel = ?1 AND order_id = ?2"))?
            .query_row(params![channel.as_str(), id.as_str()], from_row)
            .optional()
    }

    /// What reports tell of an order beside its number and fate: its number in the ERP, and what it is worth.
    ///
    /// # Errors
    /// When the state file cannot be read, or has no such order.
    pub fn to_tell(&self, row: i64) -> rusqlite::Result<(Option<String>, Option<Cents>)> {
        self.connection
            .prepare_cached("SELECT erp_number, total FROM orders WHERE id = ?1")?
            .query_row([row], |row| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(Cents::new))))
    }

    /// The order's row, making one when the order was never seen: a person named it.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn order_or_new(&self, channel: &ChannelName, id: &OrderId, now: Instant) -> rusqlite::Result<OrderRow> {
        self.write(|tx| {
            let inserted = tx
                .prepare_cached("INSERT OR IGNORE INTO orders (channel, order_id, seen_at) VALUES (?1, ?2, ?3)")?
                .execute(params![channel.as_str(), id.as_str(), millis(now)])?;
            if inserted > 0 {
                note(tx, tx.last_insert_rowid(), now, "heard", NAMED)?;
                standing::come(tx, channel.as_str(), 1)?;
            }
            tx.prepare_cached(&format!("SELECT {COLUMNS} FROM orders WHERE channel = ?1 AND order_id = ?2"))?
                .query_row(params![channel.as_str(), id.as_str()], from_row)
        })
    }

    /// Forgets an order of which nothing is known but that a person named it. Says whether it did. One that was purged has no more of
    /// a history, and its row is all that keeps it from being imported once more.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn forget_if_only_named(&self, row: i64) -> rusqlite::Result<bool> {
        self.write(|tx| {
            let more_is_known: bool = tx
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM history WHERE order_row = ?1 AND detail <> ?2)
                         OR EXISTS (SELECT 1 FROM journal WHERE order_row = ?1)
                         OR EXISTS (SELECT 1 FROM outgoing WHERE order_row = ?1)
                         OR EXISTS (SELECT 1 FROM holds WHERE order_row = ?1)
                         OR EXISTS (SELECT 1 FROM orders WHERE id = ?1
                             AND (fate IS NOT NULL OR erp_id IS NOT NULL OR purged_at IS NOT NULL))",
                )?
                .query_row(params![row, NAMED], |found| found.get(0))?;
            if !more_is_known {
                tx.prepare_cached("DELETE FROM history WHERE order_row = ?1")?.execute([row])?;
                tx.prepare_cached("DELETE FROM orders WHERE id = ?1")?.execute([row])?;
            }
            Ok(!more_is_known)
        })
    }

    /// Records the facts of a fresh reading. Only ids, statuses, cents, dates and the keyed hash of the document are kept. What the
    /// order was not when it was read is known as of `asked_at`, before the answer was on its way.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn record_reading(&self, row: i64, order: &Order, asked_at: Instant, now: Instant) -> rusqlite::Result<()> {
        let customer = order.customer.tax_id().map(|tax_id| self.customer_key().hash(&tax_id));
        let status = order.status.code();
        self.write(|tx| {
            let is_new: bool = tx
                .prepare_cached("SELECT raw_status IS NOT ?2 FROM orders WHERE id = ?1")?
                .query_row(params![row, order.raw_status], |row| row.get(0))?;
            if is_new {
                note(tx, row, now, "read", &order.raw_status)?;
            }
            standing::change(tx, row, |tx| {
                tx.prepare_cached(
                    "UPDATE orders SET read_at = ?2, status = ?3, raw_status = ?4, created_at = ?5, total = ?6, sequence = ?7,
                         marketplace = ?8, marketplace_order = ?9, method = ?10, due_date = ?11, promised_at = ?12, customer = ?13,
                         taken_over_at = CASE WHEN ?14 THEN coalesce(taken_over_at, ?2) ELSE taken_over_at END,
                         untaken_at = CASE WHEN ?14 THEN untaken_at ELSE ?15 END
                     WHERE id = ?1 AND sound",
                )?
                .execute(params![
                    row,
                    millis(now),
                    status,
                    order.raw_status,
                    millis(order.created_at),
                    order.total.get(),
                    order.sequence,
                    order.marketplace.as_ref().map(|marketplace| &marketplace.name),
                    order.marketplace.as_ref().and_then(|marketplace| marketplace.order_id.as_ref()),
                    order.payments.first().map(|payment| payment.method.code()),
                    order.due_date().map(|date| date.to_string()),
                    order.delivery.promised_at.map(millis),
                    customer,
                    order.readiness == Readiness::TakenOver,
                    millis(asked_at),
                ])
            })?;
            claims::record_lines(tx, row, &order.lines)?;
            kits::record(tx, &order.channel, &order.lines)?;
            if order.readiness == Readiness::TakenOver {
                journal::settle_found(tx, row, journal::TAKE_OVER, now)?;
            }
            Ok(())
        })
    }

    /// Records the order's counterpart in the ERP, its fate, and the outcome of the effect that made or found it, in one.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn link(
        &self,
        effect: &journal::Effect<'_>,
        erp: &ErpOrder,
        link: Link<'_>,
        now: Instant,
    ) -> rusqlite::Result<()> {
        let why = serde_json::to_string(link.reason).unwrap_or_default();
        self.write(|tx| {
            journal::settle(tx, effect, journal::State::Done, link.answer, now)?;
            note(tx, effect.order, now, "decided", &format!("{}: {why}", Fate::Imported.code()))?;
            standing::change(tx, effect.order, |tx| {
                tx.prepare_cached(
                    "UPDATE orders SET erp_id = ?2, erp_number = ?3, erp_status = ?4,
                         linked_at = CASE WHEN erp_id IS ?2 THEN coalesce(linked_at, ?5) ELSE ?5 END,
                         fate = 'imported', fate_why = ?6, fate_at = ?5, open = 1
                     WHERE id = ?1 AND sound",
                )?
                .execute(params![
                    effect.order,
                    erp.id.as_str(),
                    erp.number,
                    erp.status.code(),
                    millis(now),
                    why
                ])
            })?;
            if link.is_as_sent {
                super::claims::agree(tx, effect.order)?;
            } else {
                super::claims::doubt(tx, effect.order)?;
            }
            // What the ERP has of it already may have been told before the two were linked.
            outgoing::mark(tx, effect.order)
        })
    }

    /// Records what the ERP says the order's status is.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn record_erp_status(&self, row: i64, status: &Status) -> rusqlite::Result<()> {
        self.write(|tx| {
            standing::change(tx, row, |tx| {
                tx.prepare_cached("UPDATE orders SET erp_status = ?2 WHERE id = ?1 AND erp_status IS NOT ?2 AND sound")?
                    .execute(params![row, status.code()])
                    .map(|_| ())
            })
        })
    }

    /// Records that the channel handed the order over, together with the outcome of the effect.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn record_take_over(
        &self,
        row: i64,
        effect: &journal::Effect<'_>,
        answer: &str,
        now: Instant,
    ) -> rusqlite::Result<()> {
        self.write(|tx| {
            journal::settle(tx, effect, journal::State::Done, answer, now)?;
            standing::change(tx, row, |tx| {
                tx.prepare_cached(
                    "UPDATE orders SET taken_over_at = coalesce(taken_over_at, ?2) WHERE id = ?1 AND sound",
                )?
                .execute(params![row, millis(now)])
                .map(|_| ())
            })
        })
    }

    /// Has the order visited by the next run of whatever pass it is for, also where nothing new was heard of it.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn have_visited(&self, row: i64) -> rusqlite::Result<()> {
        self.write(|tx| {
            tx.prepare_cached("UPDATE orders SET visited = min(visited, heard - 1), open = 1 WHERE id = ?1 AND sound")?
                .execute([row])
                .map(|_| ())
        })
    }

    /// Concludes a visit: the order's fate and why, its hold opened or released, and that what was heard up to `heard` is dealt with.
    ///
    /// `open` says whether anything may still be expected of its payment.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn decide(&self, row: &OrderRow, decided: &Decided<'_>, now: Instant) -> rusqlite::Result<()> {
        let json = serde_json::to_string(decided.reason).unwrap_or_default();
        self.write(|tx| {
            match decided.hold {
                Some(reason) => holds::hold(tx, row.row, reason, now)?,
                None => holds::release(tx, row.row, "its cause is gone", now)?,
            }
            // As it stands now: what linked the order in this visit has decided on it already.
            let is_same: bool = tx
                .prepare_cached("SELECT fate IS ?2 AND fate_why IS ?3 FROM orders WHERE id = ?1")?
                .query_row(params![row.row, decided.fate.code(), json], |row| row.get(0))?;
            if !is_same {
                note(tx, row.row, now, "decided", &format!("{}: {json}", decided.fate.code()))?;
                standing::change(tx, row.row, |tx| {
                    tx.prepare_cached("UPDATE orders SET fate = ?2, fate_why = ?3, fate_at = ?4 WHERE id = ?1 AND sound")?
                        .execute(params![row.row, decided.fate.code(), json, millis(now)])
                })?;
            }
            if !decided.open {
                super::claims::agree(tx, row.row)?;
            }
            // A tombstone is one for good, whatever fate anybody finds for the order later.
            tx.prepare_cached(
                // What was heard while it was visited, which may be that it is cancelled after all, has it visited once more.
                "UPDATE orders SET visited = max(visited, ?2), open = max(?3, heard > ?2), cancel_heard = max(cancel_heard, ?4)
                 WHERE id = ?1 AND sound",
            )?
            .execute(params![row.row, row.heard, decided.open, decided.fate == Fate::Cancelled])
            .map(|_| ())
        })
    }
}

/// How many of a channel's orders have a fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FateCount {
    /// The channel.
    pub channel: ChannelName,
    /// The fate; `None` for orders not decided on yet.
    pub fate: Option<Fate>,
    /// How many.
    pub orders: i64,
    /// What they are worth together.
    pub worth: Cents,
}

/// How an order came to be linked.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// Why it was imported.
    pub reason: &'a Reason,
    /// What the ERP answered, for people.
    pub answer: &'a str,
    /// The order there is the one that was sent just now; else it was found.
    pub is_as_sent: bool,
}

/// What a visit concluded.
#[derive(Clone, Copy, Debug)]
pub struct Decided<'a> {
    /// The order's fate.
    pub fate: Fate,
    /// Why.
    pub reason: &'a Reason,
    /// What holds it, if anything does; a linked order keeps the fate `imported` while it is held.
    pub hold: Option<&'a Reason>,
    /// Whether anything may still be expected of its payment.
    pub open: bool,
}
