//! The state file's schema: an append-only list of migrations. Never change one that was released; add another.

use super::sqlite::{self, FileKind};
use super::{
    accounts, cancels, claims, journal, kits, mirror, notes, outgoing, reminders, runs, seal, standing, stock, totals,
    visits,
};

/// The state file: `vaiv` in ASCII marks it as ours.
pub const STATE: FileKind = FileKind {
    application_id: 0x7661_6976,
    name: "state file",
    migrations: &[
        V1,
        stock::V2,
        outgoing::V3,
        cancels::V4,
        reminders::V5,
        kits::V6,
        mirror::V7,
        notes::V8,
        totals::V9,
        accounts::V10,
        sqlite::CHECKED,
        journal::V12,
        visits::V13,
        seal::READ_AFTER,
        claims::V15,
        stock::V16,
        totals::V17,
        standing::V18,
        runs::V19,
        claims::V20,
        cancels::V21,
    ],
};

/// Instants are milliseconds since 1970 in UTC, amounts integer cents, statuses and reasons stable codes. Of a customer there is
/// only a keyed hash of the document. What a column may hold is said without `IN`, for which SQLite makes a table whenever it looks.
const V1: &str = "
-- Every order seen: what was heard of it, what the channel said when last asked, its counterpart in the ERP, and its fate.
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    order_id TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    -- Counts what was heard; `visited` is the count as of the last visit, so that nothing heard meanwhile is missed.
    heard INTEGER NOT NULL DEFAULT 1,
    visited INTEGER NOT NULL DEFAULT 0,
    -- A cancellation was announced: a late \"created\" must not revive the order.
    cancel_heard INTEGER NOT NULL DEFAULT 0,
    read_at INTEGER,
    status TEXT,
    raw_status TEXT,
    created_at INTEGER,
    total INTEGER,
    sequence TEXT,
    marketplace TEXT,
    marketplace_order TEXT,
    method TEXT,
    due_date TEXT,
    promised_at INTEGER,
    customer BLOB,
    erp_id TEXT,
    erp_number TEXT,
    erp_status TEXT,
    linked_at INTEGER,
    taken_over_at INTEGER,
    fate TEXT CHECK (fate = 'imported' OR fate = 'waiting' OR fate = 'held' OR fate = 'skipped' OR fate = 'cancelled'),
    fate_why TEXT,
    fate_at INTEGER,
    -- 1 while something may still be expected of its payment.
    open INTEGER NOT NULL DEFAULT 1,
    UNIQUE (channel, order_id)
) STRICT;
CREATE INDEX orders_heard ON orders (channel, id) WHERE heard <> visited;
CREATE INDEX orders_open ON orders (channel, id) WHERE open = 1;
CREATE INDEX orders_by_sequence ON orders (sequence) WHERE sequence IS NOT NULL;
CREATE INDEX orders_by_marketplace ON orders (marketplace_order) WHERE marketplace_order IS NOT NULL;
CREATE INDEX orders_by_erp_number ON orders (erp_number) WHERE erp_number IS NOT NULL;

-- What happened to an order, in time: heard, read, decided, sent, answered. Equal rows are one, so that an event told twice is one.
CREATE TABLE history (
    order_row INTEGER NOT NULL REFERENCES orders (id),
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (order_row, at, what, detail)
) STRICT, WITHOUT ROWID;

-- One row per side effect on the outside. The key is unique for good: an effect is one effect, however often it is tried.
CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    order_row INTEGER REFERENCES orders (id),
    action TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state = 'intended' OR state = 'done' OR state = 'failed' OR state = 'unknown'),
    attempts INTEGER NOT NULL,
    intended_at INTEGER NOT NULL,
    settled_at INTEGER,
    answer TEXT
) STRICT;
CREATE INDEX journal_unsettled ON journal (channel, order_row) WHERE state IN ('intended', 'unknown');

CREATE TABLE cursors (
    channel TEXT NOT NULL,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (channel, name)
) STRICT, WITHOUT ROWID;

-- What cannot go on, and why. At most one open hold per order or SKU.
CREATE TABLE holds (
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    order_row INTEGER REFERENCES orders (id),
    sku TEXT,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    tried_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 1,
    amount INTEGER NOT NULL,
    promised_at INTEGER,
    released_at INTEGER,
    released_why TEXT
) STRICT;
CREATE UNIQUE INDEX holds_open_order ON holds (order_row) WHERE released_at IS NULL AND order_row IS NOT NULL;
CREATE UNIQUE INDEX holds_open_sku ON holds (channel, sku) WHERE released_at IS NULL AND sku IS NOT NULL;

-- What each pass did. A row without an end is a run that is under way or died; nothing is decided by it.
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    pass TEXT NOT NULL,
    channel TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    exit TEXT,
    counts TEXT
) STRICT;
CREATE INDEX runs_by_pass ON runs (pass, channel, started_at);

-- The shared API budget, one row per host.
CREATE TABLE budget (
    host TEXT PRIMARY KEY,
    next_at_us INTEGER NOT NULL,
    cooldown_until_ms INTEGER NOT NULL
) STRICT;
";
