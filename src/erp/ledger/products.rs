//! What orders refer to: products by code, warehouses by id, customers by tax id.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Ledger, refused};
use crate::erp::ErpError;
use crate::lang::{say, word};
use crate::model::{Customer, ErpOrderId, Instant, Sku, TaxId, WarehouseId};
use crate::store::{instant, millis};

/// The id of the warehouse every ledger has from the start: where stock and orders are that name none.
pub const DEFAULT_WAREHOUSE: &str = "default";

/// Its row, made by the schema.
pub(super) const DEFAULT_WAREHOUSE_ROW: i64 = 1;

/// A product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its code, in the one spelling that counts.
    pub sku: Sku,
    /// Its name; `None` leaves the one it has.
    pub name: Option<String>,
}

/// A place where stock lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warehouse {
    /// Its id; the case counts.
    pub id: WarehouseId,
    /// Its name; `None` leaves the one it has.
    pub name: Option<String>,
}

/// A customer as of the latest order. Personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerRecord {
    /// Who it is; the document without punctuation.
    pub customer: Customer,
    /// When the first order was imported.
    pub since: Instant,
    /// When something about the customer last changed.
    pub changed_at: Instant,
    /// All orders, the oldest first.
    pub orders: Vec<ErpOrderId>,
}

impl Ledger {
    /// Which of these product codes exist.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn known_skus(&self, skus: &[Sku]) -> Result<BTreeSet<Sku>, ErpError> {
        let mut is_there = self.connection.prepare_cached("SELECT 1 FROM products WHERE sku = ?1")?;
        let mut known = BTreeSet::new();
        for sku in skus {
            if is_there.exists([sku.as_str()])? {
                known.insert(sku.clone());
            }
        }
        Ok(known)
    }

    /// Adds products, and renames those that exist under another name. Gives how many were added or renamed.
    ///
    /// # Errors
    /// Refused with `unknown_sku` when a code is empty; or the file cannot be written. Nothing is added then.
    pub fn upsert_products(&self, products: &[Product], at: Instant) -> Result<usize, ErpError> {
        self.write(|tx| products.iter().map(|product| upsert_product(tx, product, at)).sum())
    }

    /// The codes of all products, in their order: at most `size` at a time, at least one, each part read when it is asked for. So
    /// neither memory nor the file's log grows with how many there are, however long whoever asks takes over each.
    ///
    /// # Errors
    /// When the file cannot be read; nothing comes after that.
    pub fn sku_pages(&self, size: usize) -> impl Iterator<Item = Result<Vec<Sku>, ErpError>> {
        // No code is less than the empty one, which no product has.
        let mut after = Some(String::new());
        std::iter::from_fn(move || {
            let page = self.skus_after(&after.take()?, size);
            after = page.as_ref().ok().and_then(|page| page.last()).map(ToString::to_string);
            Some(page).filter(|page| page.as_ref().map_or(true, |page| !page.is_empty()))
        })
    }

    fn skus_after(&self, sku: &str, limit: usize) -> Result<Vec<Sku>, ErpError> {
        let skus = self
            .connection
            .prepare_cached("SELECT sku FROM products WHERE sku > ?1 ORDER BY sku LIMIT ?2")?
            .query_map(params![sku, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                Ok(Sku::new(row.get::<_, String>(0)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(skus)
    }

    /// How many products there are.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn products(&self) -> Result<usize, ErpError> {
        let count = self.connection.query_row("SELECT count(*) FROM products", [], |row| row.get::<_, i64>(0))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Adds warehouses, and renames those that exist under another name. Gives how many were added or renamed.
    ///
    /// # Errors
    /// Refused with `unknown_warehouse` when an id is empty; or the file cannot be written. Nothing is added then.
    pub fn upsert_warehouses(&self, warehouses: &[Warehouse]) -> Result<usize, ErpError> {
        self.write(|tx| warehouses.iter().map(|warehouse| upsert_warehouse(tx, warehouse)).sum())
    }

    /// Every warehouse, the default one first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn warehouses(&self) -> Result<Vec<Warehouse>, ErpError> {
        let warehouses = self
            .connection
            .prepare_cached("SELECT code, name FROM warehouses ORDER BY id")?
            .query_map([], |row| Ok(Warehouse { id: WarehouseId::new(row.get::<_, String>(0)?), name: row.get(1)? }))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(warehouses)
    }

    /// The customer with that tax id, and all orders.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn customer(&self, tax_id: &TaxId) -> Result<Option<CustomerRecord>, ErpError> {
        self.read(|tx| {
            let found = tx
                .prepare_cached(
                    "SELECT name, tax_id, trade_name, state_registration, email, phone, id, since, changed_at
                     FROM customers WHERE tax_id = ?1",
                )?
                .query_row([tax_id.as_str()], |row| {
                    Ok((customer_from_row(row)?, row.get::<_, i64>(6)?, row.get(7)?, row.get(8)?))
                })
                .optional()?;
            let Some((customer, row, since, changed_at)) = found else { return Ok(None) };
            let orders = tx
                .prepare_cached("SELECT id FROM orders WHERE customer = ?1 ORDER BY id")?
                .query_map([row], |row| Ok(ErpOrderId::new(row.get::<_, i64>(0)?.to_string())))?
                .collect::<rusqlite::Result<_>>()?;
            let (since, changed_at) = (instant(since), instant(changed_at));
            Ok(Some(CustomerRecord { customer, since, changed_at, orders }))
        })
    }
}

/// Adds a product, or renames it. Gives 1 when either was done.
pub(super) fn upsert_product(tx: &Connection, product: &Product, at: Instant) -> Result<usize, ErpError> {
    if product.sku.as_str().trim().is_empty() {
        return Err(refused("unknown_sku", word!("a product needs a code" | "um produto precisa de código").into()));
    }
    let changed = tx
        .prepare_cached(
            "INSERT INTO products (sku, name, changed_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (sku) DO UPDATE SET name = excluded.name, changed_at = excluded.changed_at
             WHERE excluded.name IS NOT NULL AND name IS NOT excluded.name",
        )?
        .execute(params![product.sku.as_str(), product.name, millis(at)])?;
    Ok(changed)
}

/// Adds a warehouse, or renames it. Gives 1 when either was done.
pub(super) fn upsert_warehouse(tx: &Connection, warehouse: &Warehouse) -> Result<usize, ErpError> {
    if warehouse.id.as_str().trim().is_empty() {
        return Err(refused(
            "unknown_warehouse",
            word!("a warehouse needs an id" | "um depósito precisa de id").into(),
        ));
    }
    let changed = tx
        .prepare_cached(
            "INSERT INTO warehouses (code, name) VALUES (?1, ?2)
             ON CONFLICT (code) DO UPDATE SET name = excluded.name
             WHERE excluded.name IS NOT NULL AND name IS NOT excluded.name",
        )?
        .execute(params![warehouse.id.as_str(), warehouse.name])?;
    Ok(changed)
}

/// A customer in the columns name, document, trade name, state registration, e-mail, phone.
pub(super) fn customer_from_row(row: &Row<'_>) -> rusqlite::Result<Customer> {
    Ok(Customer {
        name: row.get(0)?,
        document: row.get(1)?,
        trade_name: row.get(2)?,
        state_registration: row.get(3)?,
        email: row.get(4)?,
        phone: row.get(5)?,
    })
}

/// Notes who a customer is now. One without a valid CPF or CNPJ (a foreigner) has no row: nothing tells two of them
/// apart.
pub(super) fn keep_customer(tx: &Connection, customer: &Customer, now: Instant) -> rusqlite::Result<Option<i64>> {
    let Some(tax_id) = customer.tax_id() else { return Ok(None) };
    let Customer { name, trade_name, state_registration, email, phone, .. } = customer;
    let known: Option<(i64, bool)> = tx
        .prepare_cached(
            "SELECT id, sound AND name = ?2 AND (?3 IS NULL OR trade_name IS ?3) AND (?4 IS NULL OR state_registration IS ?4)
                 AND (?5 IS NULL OR email IS ?5) AND (?6 IS NULL OR phone IS ?6)
             FROM customers WHERE tax_id = ?1",
        )?
        .query_row(params![tax_id.as_str(), name, trade_name, state_registration, email, phone], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((row, is_same)) = known else {
        tx.prepare_cached(
            "INSERT INTO customers (tax_id, name, trade_name, state_registration, email, phone, since, changed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        )?
        .execute(params![tax_id.as_str(), name, trade_name, state_registration, email, phone, millis(now)])?;
        return Ok(Some(tx.last_insert_rowid()));
    };
    if is_same {
        return Ok(Some(row));
    }
    tx.prepare_cached(
        "UPDATE customers SET
             name = ?2,
             trade_name = coalesce(?3, trade_name),
             state_registration = coalesce(?4, state_registration),
             email = coalesce(?5, email),
             phone = coalesce(?6, phone),
             changed_at = ?7
         WHERE id = ?1",
    )?
    .execute(params![row, name, trade_name, state_registration, email, phone, millis(now)])?;
    Ok(Some(row))
}

/// The row of a product, or the refusal `unknown_sku`.
pub(super) fn product(tx: &Connection, sku: &Sku) -> Result<i64, ErpError> {
    row_of(tx, sku)?.ok_or_else(|| {
        refused("unknown_sku", say!("the ledger has no product {sku}" | "o ERP embutido não tem o produto {sku}"))
    })
}

/// The row of a product, if there is one.
pub(super) fn row_of(tx: &Connection, sku: &Sku) -> rusqlite::Result<Option<i64>> {
    tx.prepare_cached("SELECT id FROM products WHERE sku = ?1")?.query_row([sku.as_str()], |row| row.get(0)).optional()
}

/// The row of a warehouse, or the refusal `unknown_warehouse`.
pub(super) fn warehouse(tx: &Connection, id: &WarehouseId) -> Result<i64, ErpError> {
    tx.prepare_cached("SELECT id FROM warehouses WHERE code = ?1")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?
        .ok_or_else(|| {
            refused(
                "unknown_warehouse",
                say!("the ledger has no warehouse {id}" | "o ERP embutido não tem o depósito {id}"),
            )
        })
}

/// Codes as one parameter, so that a statement serves any number of them.
pub(super) fn sku_list(skus: &[Sku]) -> rusqlite::Result<String> {
    serde_json::to_string(skus).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, ledger, order, refusal};
    use super::*;

    #[test]
    fn products_are_added_and_renamed_but_never_lose_their_name() {
        let ledger = ledger();
        let before = ledger.products().unwrap();
        let product = |sku: &str, name: Option<&str>| Product { sku: Sku::new(sku), name: name.map(Into::into) };
        assert_eq!(ledger.upsert_products(&[product("X", Some("x")), product("x", None)], at(1)).unwrap(), 2);
        assert_eq!(ledger.upsert_products(&[product("X", None), product("x", None)], at(2)).unwrap(), 0);
        assert_eq!(ledger.upsert_products(&[product("X", Some("y"))], at(2)).unwrap(), 1);
        let known = ledger.known_skus(&["X", "x", "nope", "X"].map(Sku::new)).unwrap();
        assert_eq!(known, ["X", "x"].map(Sku::new).into());
        assert_eq!(ledger.upsert_products(&[product("X", Some("y"))], at(2)).unwrap(), 0, "it has that name");
        assert_eq!(ledger.products().unwrap(), before + 2);
        assert_eq!(refusal(ledger.upsert_products(&[product("Z", None), product(" ", None)], at(3))), "unknown_sku");
        assert!(ledger.known_skus(&[Sku::new("Z")]).unwrap().is_empty());
    }

    #[test]
    fn the_default_warehouse_is_there_from_the_start() {
        let ledger = ledger();
        let ids = || ledger.warehouses().unwrap().into_iter().map(|w| w.id.to_string()).collect::<Vec<_>>();
        assert_eq!(ids(), ["default"]);
        let more = Warehouse { id: WarehouseId::new("1_1"), name: Some("Barueri".into()) };
        assert_eq!(ledger.upsert_warehouses(std::slice::from_ref(&more)).unwrap(), 1);
        assert_eq!(ledger.upsert_warehouses(&[more]).unwrap(), 0);
        assert_eq!(ids(), ["default", "1_1"]);
    }

    #[test]
    fn a_customer_is_one_whatever_the_punctuation_and_keeps_what_a_later_order_leaves_out() {
        let ledger = ledger();
        let mut first = order("A-1", &[("A", 1)]);
        first.customer.email = Some("ana@example.com".into());
        let mut second = order("A-2", &[("A", 1)]);
        second.customer.document = Some("52998224725".into());
        second.customer.name = "Ana Souza Lima".into();
        ledger.create_order(&first, at(1)).unwrap();
        ledger.create_order(&second, at(2)).unwrap();
        let mut foreign = order("A-3", &[("A", 1)]);
        foreign.customer.document = Some("PASSPORT 1".into());
        ledger.create_order(&foreign, at(3)).unwrap();
        let mut same = order("A-4", &[("A", 1)]);
        same.customer.name = second.customer.name.clone();
        ledger.create_order(&same, at(4)).unwrap();

        let record = ledger.customer(&TaxId::parse("529.982.247-25").unwrap()).unwrap().unwrap();
        assert_eq!(record.customer.name, "Ana Souza Lima");
        assert_eq!(record.customer.email.as_deref(), Some("ana@example.com"));
        assert_eq!((record.since, record.changed_at), (at(1), at(2)));
        assert_eq!(record.orders, ["1", "2", "4"].map(ErpOrderId::new));
        assert_eq!(ledger.customer(&TaxId::parse("11144477735").unwrap()).unwrap(), None);
        // What an order was placed with stays with the order.
        let placed = ledger.order_detail(&ErpOrderId::new("1")).unwrap().unwrap().content.customer;
        assert_eq!(placed, first.customer);
    }
}
