//! What people did to the state file itself. A note outlives the order it is about.

use rusqlite::{Connection, Row, params};

use super::{Store, instant, millis};
use crate::model::{ChannelName, Instant, OrderId};

/// Migration: what people look things up by, and what they did.
pub(super) const V8: &str = "
-- The last run that came to its end is found at once, however long every run since has failed.
CREATE INDEX runs_complete ON runs (pass, channel, started_at) WHERE exit IN ('done', 'held');
CREATE INDEX holds_open ON holds (channel, order_row) WHERE released_at IS NULL;
-- People ask by the ERP's id, and by what an effect was about: an invoice's access key, or its number on the channel. That is the
-- part of the key behind its third colon.
CREATE INDEX orders_by_erp_id ON orders (erp_id) WHERE erp_id IS NOT NULL;
CREATE INDEX journal_by_order ON journal (order_row) WHERE order_row IS NOT NULL;
CREATE INDEX journal_by_object ON journal (substr(key, length(action) + length(channel) + length(order_row) + 4))
    WHERE order_row IS NOT NULL;
-- When what happened to a closed order was let go of. Its row stays: it is what keeps the order from being imported again.
ALTER TABLE orders ADD COLUMN purged_at INTEGER;

-- What people did by hand that no order's own history can keep.
CREATE TABLE notes (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    channel TEXT,
    order_id TEXT,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX notes_by_order ON notes (order_id) WHERE order_id IS NOT NULL;
";

/// What a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// When.
    pub at: Instant,
    /// Who, as the operating system calls that user.
    pub who: String,
    /// What, in a word: `forget`, `purge`.
    pub what: String,
    /// On which channel, if on one.
    pub channel: Option<ChannelName>,
    /// To which order, if to one.
    pub order: Option<OrderId>,
    /// More about it.
    pub detail: String,
}

/// Keeps a note, inside the transaction that does what it tells.
pub(super) fn keep(tx: &Connection, note: &Note) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT INTO notes (at, who, what, channel, order_id, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![
            millis(note.at),
            note.who,
            note.what,
            note.channel.as_ref().map(ChannelName::as_str),
            note.order.as_ref().map(OrderId::as_str),
            note.detail
        ])
        .map(|_| ())
}

impl Store {
    /// Keeps what a person decided.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn keep_note(&self, note: &Note) -> rusqlite::Result<()> {
        self.write(|tx| keep(tx, note))
    }

    /// What people did to an order by that number, on any channel, the oldest first.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn notes_of(&self, order: &OrderId) -> rusqlite::Result<Vec<Note>> {
        self.connection
            .prepare_cached(
                "SELECT at, who, what, channel, order_id, detail FROM notes WHERE order_id = ?1 AND order_id IS NOT NULL
                 ORDER BY at, id",
            )?
            .query_map([order.as_str()], from_row)?
            .collect()
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Note> {
    Ok(Note {
        at: instant(row.get(0)?),
        who: row.get(1)?,
        what: row.get(2)?,
        channel: row.get::<_, Option<String>>(3)?.map(ChannelName::new),
        order: row.get::<_, Option<String>>(4)?.map(OrderId::new),
        detail: row.get(5)?,
    })
}
