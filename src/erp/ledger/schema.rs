//! The ledger's schema: an append-only list of migrations. Never change one that was released; add another.

use crate::store::seal;
use crate::store::sqlite::{self, FileKind};

/// The ledger: `vaiL` in ASCII marks it as ours.
pub const LEDGER: FileKind = FileKind {
    application_id: 0x7661_694c,
    name: "ledger",
    migrations: &[V1, V2, sqlite::CHECKED, seal::READ_AFTER, seal::READ_BY_MORE, V6],
};

/// Instants are milliseconds since 1970 in UTC, amounts integer cents, quantities whole units, statuses stable codes.
///
/// What is reserved is not stored beside the balance but summed up from the open reservations, so that the two cannot
/// differ.
const V1: &str = "
-- Counts the changes of orders and balances. SQLite has one writer at a time, so a higher number was never committed
-- earlier than a lower one, and whoever remembers the last number it saw misses nothing.
CREATE TABLE sequence (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO sequence VALUES (1, 0);

CREATE TABLE warehouses (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT
) STRICT;
-- The first row is the default one: where stock is that names no warehouse.
INSERT INTO warehouses VALUES (1, 'default', NULL);

CREATE TABLE products (
    id INTEGER PRIMARY KEY,
    sku TEXT NOT NULL UNIQUE,
    name TEXT,
    changed_at INTEGER NOT NULL
) STRICT;

-- Physical balances. A row exists once the product was counted, reserved or invoiced there.
CREATE TABLE stock (
    product INTEGER NOT NULL REFERENCES products (id),
    warehouse INTEGER NOT NULL REFERENCES warehouses (id),
    physical INTEGER NOT NULL DEFAULT 0,
    counted INTEGER NOT NULL DEFAULT 0,
    changed_at INTEGER NOT NULL,
    changed_seq INTEGER NOT NULL,
    PRIMARY KEY (product, warehouse)
) STRICT, WITHOUT ROWID;
CREATE INDEX stock_by_change ON stock (changed_seq);

-- Counts that were taken from a file, so that none is taken twice: what was sold in between would be on the shelf again.
CREATE TABLE counts_taken (
    file TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Customers by tax id, as of their latest order.
CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    tax_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    trade_name TEXT,
    state_registration TEXT,
    email TEXT,
    phone TEXT,
    since INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

-- The id is the number that people see: 1, 2, 3 without gaps, since orders are never deleted.
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    store_number TEXT NOT NULL,
    marketplace TEXT,
    marketplace_order TEXT,
    placed_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    paid_at INTEGER,
    total INTEGER NOT NULL,
    freight INTEGER NOT NULL,
    discount INTEGER NOT NULL,
    tax INTEGER NOT NULL,
    line_count INTEGER NOT NULL,
    customer INTEGER REFERENCES customers (id),
    carrier TEXT,
    service TEXT,
    promised_at INTEGER,
    fiscal_payment TEXT NOT NULL,
    imported_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_seq INTEGER NOT NULL,
    cancelled_at INTEGER,
    cancel_reason TEXT,
    UNIQUE (channel, store_number)
) STRICT;
CREATE INDEX orders_by_store_number ON orders (store_number);
CREATE INDEX orders_by_marketplace ON orders (marketplace_order) WHERE marketplace_order IS NOT NULL;
CREATE INDEX orders_by_customer ON orders (customer) WHERE customer IS NOT NULL;
CREATE INDEX orders_by_status ON orders (status, placed_at);
CREATE INDEX orders_by_change ON orders (changed_seq);

-- The personal data of an order as it was placed, apart from its facts: lists do not read it, and it can be erased
-- alone.
CREATE TABLE recipients (
    order_id INTEGER PRIMARY KEY REFERENCES orders (id),
    name TEXT NOT NULL,
    document TEXT,
    trade_name TEXT,
    state_registration TEXT,
    email TEXT,
    phone TEXT,
    address TEXT,
    note TEXT
) STRICT;

CREATE TABLE order_lines (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    position INTEGER NOT NULL,
    product INTEGER NOT NULL REFERENCES products (id),
    name TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_price INTEGER NOT NULL,
    total INTEGER NOT NULL,
    -- NULL where the channel named none and the default one was taken.
    warehouse INTEGER REFERENCES warehouses (id),
    PRIMARY KEY (order_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_payments (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    position INTEGER NOT NULL,
    method TEXT NOT NULL,
    label TEXT NOT NULL,
    amount INTEGER NOT NULL,
    installments INTEGER NOT NULL,
    due_date TEXT,
    gateway_id TEXT,
    PRIMARY KEY (order_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_history (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    at INTEGER NOT NULL,
    status TEXT NOT NULL,
    note TEXT NOT NULL
) STRICT;
CREATE INDEX order_history_by_order ON order_history (order_id);
CREATE TRIGGER order_history_is_append_only BEFORE UPDATE OF order_id, at, status ON order_history
BEGIN SELECT raise(ABORT, 'an order''s history only grows'); END;

-- One row per order line; a part that is released becomes a row of its own, so a row is either wholly open or wholly
-- released.
CREATE TABLE reservations (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    product INTEGER NOT NULL REFERENCES products (id),
    warehouse INTEGER NOT NULL REFERENCES warehouses (id),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    made_at INTEGER NOT NULL,
    released_at INTEGER,
    released_why TEXT,
    CHECK ((released_at IS NULL) = (released_why IS NULL))
) STRICT;
CREATE INDEX reservations_by_order ON reservations (order_id);
CREATE INDEX reservations_open ON reservations (product, warehouse, quantity) WHERE released_at IS NULL;
CREATE TRIGGER reservations_are_released_once BEFORE UPDATE ON reservations WHEN old.released_at IS NOT NULL
BEGIN SELECT raise(ABORT, 'the reservation was released before'); END;

-- Why each physical balance is what it is.
CREATE TABLE stock_movements (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    product INTEGER NOT NULL REFERENCES products (id),
    warehouse INTEGER NOT NULL REFERENCES warehouses (id),
    change INTEGER NOT NULL,
    balance INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind = 'count' OR kind = 'invoice' OR kind = 'invoice_cancelled'),
    why TEXT NOT NULL
) STRICT;
CREATE INDEX stock_movements_by_product ON stock_movements (product);
CREATE TRIGGER stock_movements_stay BEFORE UPDATE ON stock_movements
BEGIN SELECT raise(ABORT, 'stock movements only grow'); END;

-- NF-e by access key.
CREATE TABLE invoices (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    access_key TEXT NOT NULL UNIQUE,
    number INTEGER NOT NULL,
    series TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    value INTEGER NOT NULL,
    url TEXT,
    posted_at INTEGER NOT NULL,
    cancelled_at INTEGER,
    cancel_reason TEXT
) STRICT;
CREATE INDEX invoices_by_order ON invoices (order_id);
CREATE INDEX invoices_by_number ON invoices (number);

-- Apart from the invoices, so that lists do not read over them.
CREATE TABLE invoice_documents (
    invoice INTEGER PRIMARY KEY REFERENCES invoices (id),
    xml BLOB NOT NULL
) STRICT;

-- What each invoice took from stock, and where: what its cancellation gives back.
CREATE TABLE invoice_lines (
    invoice INTEGER NOT NULL REFERENCES invoices (id),
    product INTEGER NOT NULL REFERENCES products (id),
    warehouse INTEGER NOT NULL REFERENCES warehouses (id),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (invoice, product, warehouse)
) STRICT, WITHOUT ROWID;

-- Cancellations heard of before their invoice: the invoice's own file still says \"authorised\" and must not be posted.
CREATE TABLE cancelled_ahead (
    access_key TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per parcel.
CREATE TABLE shipments (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    access_key TEXT,
    collection_order TEXT,
    collection_order_at INTEGER,
    carrier TEXT,
    tracking_code TEXT,
    tracking_url TEXT,
    shipped_at INTEGER,
    delivered_at INTEGER,
    changed_at INTEGER NOT NULL,
    UNIQUE (order_id, tracking_code)
) STRICT;

CREATE TABLE delivery_events (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    code TEXT NOT NULL,
    what TEXT NOT NULL,
    at INTEGER NOT NULL,
    source TEXT NOT NULL,
    tracking_code TEXT,
    heard_at INTEGER NOT NULL
) STRICT;
-- Not by source: carriers send whole days anew, in files of another name.
CREATE UNIQUE INDEX delivery_events_once ON delivery_events (order_id, at, code, what, coalesce(tracking_code, ''));
";

/// What a carrier says is about one invoice: an order may have several, of which one was delivered.
const V2: &str = "
ALTER TABLE delivery_events ADD COLUMN access_key TEXT;
DROP INDEX delivery_events_once;
CREATE UNIQUE INDEX delivery_events_once
    ON delivery_events (order_id, at, code, what, coalesce(access_key, ''), coalesce(tracking_code, ''));
";

/// One box may carry several invoices of an order: its tracking code then stands with each of them.
const V6: &str = "
CREATE TABLE parcels (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    access_key TEXT,
    collection_order TEXT,
    collection_order_at INTEGER,
    carrier TEXT,
    tracking_code TEXT,
    tracking_url TEXT,
    shipped_at INTEGER,
    delivered_at INTEGER,
    changed_at INTEGER NOT NULL
) STRICT;
INSERT INTO parcels SELECT id, order_id, access_key, collection_order, collection_order_at, carrier, tracking_code, tracking_url,
    shipped_at, delivered_at, changed_at FROM shipments;
DROP TABLE shipments;
ALTER TABLE parcels RENAME TO shipments;
CREATE UNIQUE INDEX shipments_once ON shipments (order_id, tracking_code, coalesce(access_key, ''));
";
