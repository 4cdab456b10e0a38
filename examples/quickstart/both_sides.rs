//! The simulated VTEX's own records, held against the ERP's.

use std::collections::BTreeMap;

use vaivem::erp::ledger::{Ledger, OrderFilter};
use vaivem::model::OrderId;

use super::sandbox::{Order, Vtex, seed};
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
    chapter("Do both sides agree? The simulated VTEX's own records against the ledger's.");
    let in_erp = ledger(shop);
    let differences: Vec<String> = shop.sandbox.vtex(|v| {
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
            let (buyable, unsold) = (v.available(product.id), unsold(v, product.ref_id));
            // VTEX may let go of a paid order's units any moment, so they are kept back on both sides until it is decided on.
            let expected = unsold - units(v, product.ref_id, is_undecided);
            (buyable != expected).then(|| format!("{}: {buyable} can be bought, {unsold} are unsold", product.ref_id))
        });
        orders.chain(products).collect()
    });
    for difference in &differences {
        println!("{difference}");
    }
    if differences.is_empty() {
        let count = |status| in_erp.values().flatten().filter(|order| order.status == status).count();
        println!(
            "They do: {} orders in the ERP, none twice, each with VTEX's status and total to the cent;",
            in_erp.len()
        );
        println!(
            "{} paid and in the shop's hands, {} delivered, {} sent, {} cancelled on both sides;",
            count("paid") + count("picking"),
            count("delivered"),
            count("shipped"),
            count("cancelled"),
        );
        println!(
            "every invoice once; and of every product customers can buy what is not sold, less what is in paid orders"
        );
        println!("that are not in the ERP yet: until these are decided on, their units are kept back for sure.");
    }
    differences.is_empty()
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
        let (buyable, unsold) = shop.sandbox.vtex(|v| (v.available(product.id), unsold(v, sku)));
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
