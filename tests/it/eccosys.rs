//! Eccosys as the back office: every verb against it, and what only it does.

use chrono::Utc;

use crate::sandbox::OrderSeed;
use crate::shop::{Shop, paid};

fn situation(shop: &Shop, id: &str) -> String {
    shop.eccosys(|e| e.find(id).iter().map(|order| order.situation.to_string()).collect::<Vec<_>>().join(","))
}

#[test]
fn an_order_goes_all_the_way() {
    let shop = Shop::on_eccosys(
        "invoices = { confirm_within = \"0s\", settle_after = \"0s\", issuers = [\"12345678000195\"] }",
    );
    shop.vtex(|v| {
        v.add_sku("1", "CAMISETA-P");
        v.configure_needed_feed();
    });
    let id = shop.place(paid().id("way-01"));
    let _ = shop.run(&["import-orders"]).exits(0);
    assert_eq!(situation(&shop, &id), "0");
    assert_eq!(shop.take_overs(&id), 1);
    shop.eccosys(|e| e.release_to_picking(&id));
    shop.eccosys(|e| e.invoice(&id, 101));
    let _ = shop.run(&["push-invoices"]).exits(0);
    assert_eq!(shop.vtex(|v| v.orders[&id].status.clone()), "invoiced");
    shop.eccosys(|e| {
        e.track(&id, "BR101", "https://rastro.example/BR101", "Correios");
        e.collection_order(&[&id]);
        e.dispatch(&id);
        e.deliver(&id, Utc::now());
    });
    let _ = shop.run(&["push-tracking"]).exits(0);
    let package = shop.vtex(|v| v.orders[&id].packages[0].clone());
    assert_eq!(package.tracking_number.as_deref(), Some("BR101"));
    let _ = shop.run(&["push-stock"]).exits(0);
    let _ = OrderSeed::new();
    let _ = shop.run(&["sync"]).exits(0);
}
