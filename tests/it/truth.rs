//! What the world looks like to somebody who sees everything: both sides and the state file, without anything that may differ between
//! two histories with the same end (times, the ERP's own numbers, how often something was asked).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use vaivem::erp::ledger::{Ledger, OrderDetail};

use crate::office::{Office, in_eccosys, shelf_of_eccosys};
use crate::sandbox::{AnyEffect, AnyOrder, Anymarket, Effect, Order, Package, Vtex};
use crate::shop::Shop;

/// Both sides and the state file as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// The channels' orders by id.
    pub channel: BTreeMap<String, OnChannel>,
    /// What a channel was told of each of its SKUs, by VTEX's id or the hub's code, and what customers can buy of it.
    pub inventory: BTreeMap<String, Inventory>,
    /// The ERP's orders by store number, all of them, doubles included.
    pub erp: BTreeMap<String, Vec<InErp>>,
    /// The ERP's products by code: units on the shelf, and those reserved.
    pub shelf: BTreeMap<String, (i64, i64)>,
    /// What the state file says became of each order.
    pub fates: BTreeMap<String, String>,
    /// What it holds, order or SKU, and the code of the reason.
    pub holds: Vec<(String, String)>,
    /// Side effects whose outcome it does not know.
    pub unsettled: Vec<String>,
    /// Where the documents lie, if there are inboxes.
    pub documents: Vec<String>,
}

/// An order on its channel, with how often it was written to. Money is in cents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnChannel {
    pub status: String,
    /// By whom and why.
    pub cancelled: Option<String>,
    pub packages: Vec<Parcel>,
    /// How often each thing was really done to it.
    pub effects: BTreeMap<String, usize>,
}

/// An invoice and its parcel on the channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    pub number: String,
    /// The hub keeps none.
    pub cents: Option<i64>,
    pub key: Option<String>,
    pub has_xml: bool,
    /// SKU id and units; the hub's is of the whole order.
    pub items: Vec<(String, i64)>,
    pub courier: Option<String>,
    pub tracking: Option<String>,
    pub url: Option<String>,
    pub way: Vec<String>,
    pub delivered: Option<String>,
}

/// A stock of the channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    pub told: i64,
    pub can_be_bought: i64,
}

/// An order in the ERP. Money is in cents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InErp {
    pub status: String,
    pub total: i64,
    /// Code, units, total.
    pub lines: Vec<(String, i64, i64)>,
    pub tax_id: Option<String>,
    pub carrier: Option<String>,
    /// Method and amount.
    pub payments: Vec<(String, i64)>,
    /// Units still reserved.
    pub reserved: i64,
    /// Access key and value.
    pub invoices: Vec<(String, i64)>,
    /// Tracking code, whether it left, whether it arrived.
    pub shipments: Vec<(Option<String>, bool, bool)>,
    /// What carriers said.
    pub events: Vec<String>,
}

impl Shop {
    /// What the world looks like now.
    pub fn truth(&self) -> Truth {
        let (erp, shelf) = match self.office() {
            Office::Ledger => {
                let ledger = Ledger::open_read_only(&self.path("ledger.db")).unwrap();
                (in_erp(&ledger), shelf(&ledger))
            }
            Office::Eccosys => self.eccosys(|e| (in_eccosys(e), shelf_of_eccosys(e))),
        };
        let state = self.database("vaivem.db");
        let (mut channel, mut inventory) = self.vtex(|v| {
            let orders = v.orders.values().map(|order| (order.id.clone(), on_channel(v, order)));
            let inventory = v.catalog.keys().map(|sku| (sku.clone(), inventory(v, sku)));
            (orders.collect::<BTreeMap<_, _>>(), inventory.collect::<BTreeMap<_, _>>())
        });
        self.hub(|a| {
            channel.extend(a.orders.values().map(|order| (order.id.to_string(), on_hub(a, order))));
            inventory.extend(a.skus.keys().map(|sku| (sku.clone(), hub_inventory(a, sku))));
        });
        if self.office() == Office::Eccosys {
            channel.values_mut().for_each(forget_the_way_to_a_delivery);
        }
        Truth {
            channel,
            inventory,
            erp,
            shelf,
            fates: pairs(&state, "SELECT order_id, coalesce(fate, 'undecided') FROM orders").into_iter().collect(),
            holds: pairs(
                &state,
                "SELECT coalesce(o.order_id, h.sku), h.code FROM holds h LEFT JOIN orders o ON o.id = h.order_row
                 WHERE h.released_at IS NULL ORDER BY 1, 2",
            ),
            unsettled: pairs(
                &state,
                "SELECT key, state FROM journal WHERE state IN ('intended', 'unknown') ORDER BY key",
            )
            .into_iter()
            .map(|(key, state)| format!("{key} is {state}"))
            .collect(),
            documents: self.documents(),
        }
    }

    /// The files in the inboxes and in the folders they are moved to.
    pub fn documents(&self) -> Vec<String> {
        let mut found = Vec::new();
        for inbox in ["in", "carriers"] {
            for folder in [inbox.to_owned(), format!("{inbox}/done"), format!("{inbox}/rejected")] {
                let Ok(entries) = std::fs::read_dir(self.path(&folder)) else { continue };
                let files = entries.map(Result::unwrap).filter(|entry| entry.file_type().unwrap().is_file());
                found.extend(files.map(|file| format!("{folder}/{}", file.file_name().to_string_lossy())));
            }
        }
        found.sort();
        found
    }
}

impl Truth {
    /// Fails with what differs and nothing else.
    #[track_caller]
    pub fn is(&self, expected: &Self, told: &str) {
        let mut found = Vec::new();
        differ("channel", &self.channel, &expected.channel, &mut found);
        differ("inventory", &self.inventory, &expected.inventory, &mut found);
        differ("ERP", &self.erp, &expected.erp, &mut found);
        differ("shelf", &self.shelf, &expected.shelf, &mut found);
        differ("fates", &self.fates, &expected.fates, &mut found);
        let lists = |truth: &Self| {
            let lists = [("holds", format!("{:?}", truth.holds)), ("documents", format!("{:?}", truth.documents))];
            lists.into_iter().chain([("unsettled", format!("{:?}", truth.unsettled))]).collect()
        };
        differ("lists", &lists(self), &lists(expected), &mut found);
        assert!(found.is_empty() && self == expected, "{told}:\n{}", found.join("\n"));
    }

    /// As seen by whoever does not mind that a channel was told of a delivery in one step or in two.
    pub fn without_the_way_to_deliveries(mut self) -> Self {
        self.channel.values_mut().for_each(forget_the_way_to_a_delivery);
        self
    }

    /// No order is twice in the ERP, and nothing was done twice on the channel.
    #[track_caller]
    pub fn has_no_doubles(&self) {
        for (id, orders) in &self.erp {
            assert_eq!(orders.len(), 1, "order {id} in the ERP");
        }
        for (id, order) in &self.channel {
            for (effect, times) in &order.effects {
                assert_eq!(*times, 1, "{effect} of order {id}");
            }
        }
    }
}

fn differ<K: Ord + Debug, V: PartialEq + Debug>(
    what: &str,
    is: &BTreeMap<K, V>,
    should: &BTreeMap<K, V>,
    found: &mut Vec<String>,
) {
    let keys: BTreeSet<&K> = is.keys().chain(should.keys()).collect();
    for key in keys.into_iter().filter(|key| is.get(key) != should.get(key)) {
        found.push(format!("{what} {key:?}\n  is     {:?}\n  should {:?}", is.get(key), should.get(key)));
    }
}

fn on_channel(v: &Vtex, order: &Order) -> OnChannel {
    let mut effects: BTreeMap<String, usize> = BTreeMap::new();
    for effect in v.effects_of(&order.id) {
        *effects.entry(done(effect)).or_default() += 1;
    }
    OnChannel {
        status: order.status.clone(),
        cancelled: order.cancellation.as_ref().map(|why| format!("{:?}: {}", why.by, why.reason)),
        packages: sorted(order.packages.iter().map(parcel), |parcel| parcel.number.clone()),
        effects,
    }
}

/// Which of several comes first is a matter of history.
fn sorted<T, K: Ord>(all: impl Iterator<Item = T>, key: impl FnMut(&T) -> K) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    all.sort_by_key(key);
    all
}

/// A delivery is written into the ERP before the channel hears of it: where that fails at first, the channel is told of the way until
/// then.
fn forget_the_way_to_a_delivery(order: &mut OnChannel) {
    let whole: Vec<String> = order
        .effects
        .keys()
        .filter_map(|key| key.split_once(" events of "))
        .filter_map(|(_, rest)| {
            rest.strip_suffix(", delivered: true").map(|invoice| format!(" events of {invoice}, delivered: false"))
        })
        .collect();
    order.effects.retain(|effect, _| !whole.iter().any(|end| effect.ends_with(end.as_str())));
}

/// The same name for what must not be done twice.
fn done(effect: &Effect) -> String {
    match effect {
        Effect::StartHandling { .. } => "start-handling".into(),
        Effect::Cancel { .. } => "cancel".into(),
        Effect::Invoice { number, .. } | Effect::InvoiceAgain { number, .. } => format!("invoice {number}"),
        Effect::Tracking { invoice, number, .. } => format!("tracking {number} of invoice {invoice}"),
        Effect::TrackingEvents { invoice, events, delivered, .. } => {
            format!("{events} events of invoice {invoice}, delivered: {delivered}")
        }
        other => format!("{other:?}"),
    }
}

fn parcel(package: &Package) -> Parcel {
    Parcel {
        number: package.number.clone(),
        cents: Some(package.value),
        key: package.key.clone(),
        has_xml: package.xml.is_some(),
        items: package.items.iter().map(|(sku, _, units)| (sku.clone(), *units)).collect(),
        courier: package.courier.clone(),
        tracking: package.tracking_number.clone(),
        url: package.tracking_url.clone(),
        way: package.events.iter().map(|event| event.description.clone()).collect(),
        delivered: package.delivered.clone(),
    }
}

/// An order of the hub, where each thing can be done once, whatever it says.
fn on_hub(a: &Anymarket, order: &AnyOrder) -> OnChannel {
    let mut effects: BTreeMap<String, usize> = BTreeMap::new();
    for effect in a.effects_of(order.id) {
        let done = match effect {
            AnyEffect::Invoiced { .. } => "invoiced".into(),
            AnyEffect::Xml { .. } => "XML".into(),
            AnyEffect::Shipped { .. } => "shipped".into(),
            AnyEffect::Delivered { .. } => "delivered".into(),
            other => format!("{other:?}"),
        };
        *effects.entry(done).or_default() += 1;
    }
    OnChannel {
        status: order.status.clone(),
        cancelled: order.cancellation.as_ref().map(|why| format!("{:?}: {:?}", why.by, why.details)),
        packages: order.invoice.iter().map(|invoice| hub_parcel(order, invoice)).collect(),
        effects,
    }
}

fn hub_parcel(order: &AnyOrder, invoice: &serde_json::Value) -> Parcel {
    let tracking = |field: &str| order.tracking.as_ref().and_then(|one| one[field].as_str()).map(str::to_owned);
    Parcel {
        number: invoice["number"].as_str().unwrap_or_default().to_owned(),
        cents: None,
        key: invoice["accessKey"].as_str().map(str::to_owned),
        has_xml: order.xml.is_some(),
        items: Vec::new(),
        courier: tracking("carrier"),
        tracking: tracking("number"),
        url: tracking("url"),
        way: tracking("shippedDate").into_iter().collect(),
        delivered: tracking("deliveredDate"),
    }
}

fn hub_inventory(a: &Anymarket, sku: &str) -> Inventory {
    let told = a.locations.iter().map(|location| a.stock(sku, location.id).amount.whole()).sum();
    Inventory { told, can_be_bought: a.available(sku) }
}

fn inventory(v: &Vtex, sku: &str) -> Inventory {
    let told = v.warehouses.iter().map(|(id, _)| v.stock(sku, id).quantity).sum();
    Inventory { told, can_be_bought: v.available(sku) }
}

fn in_erp(ledger: &Ledger) -> BTreeMap<String, Vec<InErp>> {
    let mut orders: BTreeMap<String, Vec<InErp>> = BTreeMap::new();
    for order in ledger.orders(&Default::default()).unwrap() {
        let detail = ledger.order_detail(&order.id).unwrap().unwrap();
        orders.entry(order.store_number.to_string()).or_default().push(sees(&detail));
    }
    orders
}

fn sees(detail: &OrderDetail) -> InErp {
    let content = &detail.content;
    InErp {
        status: detail.order.status.code(),
        total: detail.order.total.get(),
        lines: content.lines.iter().map(|line| (line.sku.to_string(), line.quantity, line.total.get())).collect(),
        tax_id: content.customer.document.clone(),
        carrier: content.carrier.as_ref().map(ToString::to_string),
        payments: content.payments.iter().map(|one| (one.method.code().to_owned(), one.amount.get())).collect(),
        reserved: detail.reservations.iter().filter(|one| one.released_at.is_none()).map(|one| one.quantity).sum(),
        invoices: sorted(detail.invoices.iter().map(|one| (one.access_key.clone(), one.value.get())), Clone::clone),
        shipments: detail
            .shipments
            .iter()
            .map(|one| (one.tracking_code.clone(), one.shipped_at.is_some(), one.delivered_at.is_some()))
            .collect(),
        events: detail.events.iter().map(|event| format!("{:?} {}", event.what, event.code)).collect(),
    }
}

fn shelf(ledger: &Ledger) -> BTreeMap<String, (i64, i64)> {
    let levels = |skus: &[_]| ledger.stock_levels(skus, chrono::Utc::now()).unwrap().levels;
    let all = ledger.sku_pages(1_000).flat_map(|skus| levels(&skus.unwrap()));
    all.map(|level| (level.sku.to_string(), (level.physical, level.reserved))).collect()
}

fn pairs(state: &rusqlite::Connection, sql: &str) -> Vec<(String, String)> {
    let mut statement = state.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}
