//! The platforms' own records, held against the ERP's.

use std::collections::BTreeMap;

use vaivem::erp::ledger::{Ledger, OrderFilter};
use vaivem::model::OrderId;

use super::sandbox::{Anymarket, Order, Vtex, seed};
use super::shop::{Shop, chapter};

/// What the ledger knows of an order.
#[derive(Debug)]
struct InErp {
    status: String,
    cents: i64,
    invoices: Vec<u32>,
    tracking: Option<String>,
}

/// Says whether both sides agree on every order and every product.
pub fn agree(shop: &Shop) -> bool {
    chapter("Do both sides agree? The platforms' own records against the ledger's.");
    let in_erp = ledger(shop);
    let hub_sold = |sku: &str| shop.sandbox.anymarket(|a| hub_units(a, sku));
    let mut differences: Vec<String> = shop.sandbox.vtex(|v| {
        let orders = v.orders.values().filter_map(|order| {
            let found = in_erp.get(&OrderId::new(&order.id)).map_or(&[][..], Vec::as_slice);
            let right = match found {
                [] => {
                    matches!(order.status.as_str(), "handling" | "invoiced").then_some(came_finished(order))
                        != Some(false)
                }
                [one] => same(order, one),
                _ => false,
            };
            (!right).then(|| format!("order {} is `{}` on VTEX, {found:?} in the ERP", order.id, order.status))
        });
        let products = seed::PRODUCTS.iter().filter_map(|product| {
            let is_undecided = |order: &Order| is_paid(order) && !in_erp.contains_key(&OrderId::new(&order.id));
            let (buyable, unsold) = (v.available(product.id), unsold(v, product.ref_id) - hub_sold(product.ref_id));
            // VTEX may let go of a paid order's units any moment, so they may be kept back twice until it is decided on.
            let least = unsold - units(v, product.ref_id, is_undecided);
            (!(least..=unsold).contains(&buyable))
                .then(|| format!("{}: {buyable} can be bought, {unsold} are unsold", product.ref_id))
        });
        orders.chain(products).collect()
    });
    differences.extend(shop.sandbox.anymarket(|a| hub_differences(a, &in_erp)));
    for difference in &differences {
        println!("{difference}");
    }
    if differences.is_empty() {
        let count = |status| in_erp.values().flatten().filter(|order| order.status == status).count();
        println!(
            "They do: {} orders in the ERP, none twice, each with its platform's status and total to the cent;",
            in_erp.len()
        );
        println!(
            "{} paid and in the shop's hands, {} invoiced, {} delivered, {} sent, {} cancelled on both sides;",
            count("paid") + count("picking"),
            count("invoiced"),
            count("delivered"),
            count("shipped"),
            count("cancelled"),
        );
        println!(
            "every invoice once; and of every product customers can buy what is not sold, but for what is in paid orders"
        );
        println!("that are not in the ERP yet: until these are decided on, their units may be kept back twice.");
    }
    differences.is_empty()
}

/// The hub's orders that the ERP has otherwise, and what it sells beyond what there is.
fn hub_differences(a: &Anymarket, in_erp: &BTreeMap<OrderId, Vec<InErp>>) -> Vec<String> {
    let orders = a.orders.values().filter_map(|order| {
        let found = in_erp.get(&OrderId::new(order.id.to_string())).map_or(&[][..], Vec::as_slice);
        let right = match found {
            [] => order.seed.fulfillment,
            [one] => {
                let status = match order.status.as_str() {
                    "PAID_WAITING_SHIP" => one.status == "paid",
                    "INVOICED" => one.status == "invoiced",
                    _ => false,
                };
                status && one.cents == order.seed.total()
            }
            _ => false,
        };
        (!right).then(|| format!("order {} is `{}` on the hub, {found:?} in the ERP", order.id, order.status))
    });
    orders.collect()
}

/// How many units of a product the hub sold of the shop's own.
fn hub_units(a: &Anymarket, sku: &str) -> i64 {
    let own = a.orders.values().filter(|order| order.status != "CANCELED" && !order.seed.fulfillment);
    own.flat_map(|order| order.seed.lines.iter()).filter(|line| line.sku == sku).map(|line| line.amount.whole()).sum()
}

/// Whether an order is the same on both sides.
fn same(order: &Order, erp: &InErp) -> bool {
    let status = match order.status.as_str() {
        "handling" => matches!(erp.status.as_str(), "paid" | "picking"),
        "payment-pending" => erp.status == "awaiting_payment",
        "canceled" => erp.status == "cancelled",
        "invoiced" => matches!(erp.status.as_str(), "shipped" | "delivered" | "returned"),
        _ => false,
    };
    let numbers: Vec<u32> = order.packages.iter().filter_map(|package| package.number.parse().ok()).collect();
    let tracking = order.packages.first().and_then(|package| package.tracking_number.clone());
    let delivered = order.packages.first().is_some_and(|package| package.delivered.is_some());
    status
        && erp.cents == order.value()
        && erp.invoices == numbers
        && erp.tracking == tracking
        && delivered == (erp.status == "delivered")
}

/// Invoiced before the shop began with vaivem: not for the ERP.
fn came_finished(order: &Order) -> bool {
    order.seed.status == "invoiced"
}

/// Shows what customers can buy of some products beside what is not sold.
pub fn show_stock(shop: &Shop, skus: &[&str]) {
    println!();
    for sku in skus {
        let Some(product) = seed::PRODUCTS.iter().find(|product| product.ref_id == *sku) else { continue };
        let hub_sold = shop.sandbox.anymarket(|a| hub_units(a, sku));
        let (buyable, unsold) = shop.sandbox.vtex(|v| (v.available(product.id), unsold(v, sku) - hub_sold));
        println!("{sku:<11} of {COUNTED} counted {unsold:>3} are not sold; customers can buy {buyable:>3} on VTEX");
    }
}

/// How many the shop counted of every product.
const COUNTED: i64 = 100;

/// Paid, and not finished before the shop began with vaivem.
fn is_paid(order: &Order) -> bool {
    !matches!(order.status.as_str(), "payment-pending" | "approve-payment" | "canceled") && !came_finished(order)
}

/// How many units of a product are in such orders.
fn units(v: &Vtex, sku: &str, which: impl Fn(&Order) -> bool) -> i64 {
    let lines = v.orders.values().filter(|order| which(order)).flat_map(|order| order.seed.lines.clone());
    lines.filter(|line| line.ref_id == sku).map(|line| line.quantity).sum()
}

/// How many of them are in no order that stands, by the simulated VTEX's own records. What was invoiced before the shop began with
/// vaivem had left before the count.
fn unsold(v: &Vtex, sku: &str) -> i64 {
    COUNTED - units(v, sku, |order| order.status != "canceled" && !came_finished(order))
}

fn ledger(shop: &Shop) -> BTreeMap<OrderId, Vec<InErp>> {
    let ledger = Ledger::open_read_only(&shop.folder.join("ledger.db")).expect("the ledger");
    let mut orders: BTreeMap<OrderId, Vec<InErp>> = BTreeMap::new();
    for order in ledger.orders(&OrderFilter::default()).expect("the ledger's orders") {
        let detail = ledger.order_detail(&order.id).expect("the ledger's order").expect("it was listed");
        let tracking = detail.shipment().and_then(|shipment| shipment.tracking_code.clone());
        orders.entry(order.store_number.clone()).or_default().push(InErp {
            status: order.status.code(),
            cents: order.total.get(),
            invoices: detail.invoices.iter().map(|invoice| invoice.number).collect(),
            tracking,
        });
    }
    orders
}
