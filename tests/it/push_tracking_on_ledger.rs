//! What of push-tracking only the ledger can tell: several parcels, a person's word on a parcel, and dates ahead, which Eccosys means as forecasts.

use serde_json::json;
use vaivem::erp::ledger::Shipment;
use vaivem::model::calendar;

use crate::back_office::{Nfe, ago, parcel};
use crate::push_tracking::{codes, invoiced, invoiced_on, is_at_rest, push};
use crate::sandbox::{OrderSeed, papers};
use crate::shop::Shop;
use crate::side::Side;

#[test]
fn a_delivery_in_the_future_is_not_told() {
    for side in Side::BOTH {
        let (shop, id) = invoiced_on(side);
        shop.ship(&id, &Shipment { delivered_at: Some(ago(-2)), ..parcel("BR1") });
        let push = || side.run(&shop, "push-tracking").exits(0).order(&id);
        assert_eq!(push()["actions"], json!(["send_tracking"]));
        assert_eq!(push()["reason"]["code"], "delivery_ahead");
        assert_eq!(side.told(&shop, &id).deliveries, 0);
    }
}

/// The carrier's file tells of one of two invoices.
#[test]
fn of_two_invoices_the_one_that_the_carrier_names_is_delivered() {
    let shop = Shop::new();
    let id = shop.place(OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 1).sku("2", "CANECA", 2_990, 1));
    let _ = shop.import().exits(0);
    let (first, second) = (Nfe::new(1, 4_990).lines(&[("CAMISETA-P", 1)]), Nfe::new(2, 2_990).lines(&[("CANECA", 1)]));
    shop.issue(&id, &first);
    shop.issue(&id, &second);
    let _ = shop.run(&["push-invoices"]).exits(0);
    shop.ship(&id, &Shipment { access_key: Some(first.key()), ..parcel("BR1") });
    shop.ship(&id, &Shipment { access_key: Some(second.key()), ..parcel("BR2") });
    let delivered = ago(3);
    let _ = shop.run_with_input(&["ledger", "import", "-"], &papers::ocoren(&[(2, 1, delivered)], ago(1))).exits(0);
    let _ = push(&shop).exits(0);
    let shown: Vec<_> =
        shop.packages(&id).into_iter().map(|one| (one.tracking_number.unwrap(), one.delivered)).collect();
    let at = calendar::local_text(delivered);
    assert_eq!(shown, [("BR1".to_owned(), None), ("BR2".to_owned(), Some(at))]);
    is_at_rest(&shop);
}

#[test]
fn two_parcels_go_to_their_own_invoices() {
    let shop = Shop::new();
    let id = shop.place(OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 1).sku("2", "CANECA", 2_990, 1));
    let _ = shop.import().exits(0);
    let (first, second) = (Nfe::new(1, 4_990).lines(&[("CAMISETA-P", 1)]), Nfe::new(2, 2_990).lines(&[("CANECA", 1)]));
    shop.issue(&id, &first);
    shop.issue(&id, &second);
    let _ = shop.run(&["push-invoices"]).exits(0);
    shop.ship(&id, &Shipment { access_key: Some(second.key()), ..parcel("BR2") });
    shop.ship(&id, &Shipment { access_key: Some(first.key()), ..parcel("BR1") });
    let _ = push(&shop).exits(0);
    let tracking: Vec<_> =
        shop.packages(&id).into_iter().map(|one| (one.number, one.tracking_number.unwrap())).collect();
    assert_eq!(tracking, [("1".to_owned(), "BR1".to_owned()), ("2".to_owned(), "BR2".to_owned())]);
    is_at_rest(&shop);
}

#[test]
fn what_a_person_says_of_a_parcel_reaches_the_channel() {
    let (shop, id) = invoiced("");
    shop.ship(&id, &parcel("BR1"));
    let _ = shop.run(&["ledger", "set", &id, "shipped"]).exits(0);
    let _ = push(&shop).exits(0);
    assert_eq!(shop.tracked(&id), (codes(&["BR1"]), vec![false]));
    let _ = shop.run(&["ledger", "set", &id, "delivered"]).exits(0);
    let _ = push(&shop).exits(0);
    assert_eq!(shop.tracked(&id), (codes(&["BR1"]), vec![false, true]));
    is_at_rest(&shop);
}

/// A part of the order is delivered before its tracking code is known, and the rest is invoiced afterwards.
#[test]
fn what_was_delivered_is_not_the_rest_of_the_order() {
    let shop = Shop::new();
    let id = shop.place(OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 1).sku("2", "CANECA", 2_990, 1));
    let _ = shop.import().exits(0);
    let (first, rest) = (Nfe::new(1, 4_990).lines(&[("CAMISETA-P", 1)]), Nfe::new(2, 2_990).lines(&[("CANECA", 1)]));
    shop.issue(&id, &first);
    let _ = shop.run(&["push-invoices"]).exits(0);
    let _ = shop.run_with_input(&["ledger", "import", "-"], &papers::ocoren(&[(1, 1, ago(3))], ago(1))).exits(0);
    assert_eq!(push(&shop).exits(0).order(&id)["reason"]["fields"], json!(["tracking_code"]));
    shop.issue(&id, &rest);
    let _ = shop.run(&["push-invoices"]).exits(0);
    shop.ship(&id, &Shipment { access_key: Some(rest.key()), ..parcel("BR2") });
    shop.ship(&id, &Shipment { access_key: Some(first.key()), ..parcel("BR1") });
    let _ = push(&shop).exits(0);
    let delivered: Vec<_> =
        shop.packages(&id).into_iter().map(|one| (one.tracking_number.unwrap(), one.delivered.is_some())).collect();
    assert_eq!(delivered, [("BR1".to_owned(), true), ("BR2".to_owned(), false)]);
}
