//! sync-payments: what the channel says of a payment becomes true in the ERP, once, forward only. What is particular to no channel is
//! told of each.

use crate::office::Office;
use crate::sandbox::{Fault, Kind, OrderSeed, Payment};
use crate::shop::{Shop, paid};
use crate::side::Side;

/// A shop that imports everything early, with one order waiting for its boleto.
fn waiting(side: Side) -> (Shop, String) {
    let shop = side.shop("import = \"all\"");
    let id = side.unpaid(&shop);
    let _ = side.run(&shop, "import-orders").exits(0);
    (shop, id)
}

pub fn sync(side: Side, shop: &Shop) -> crate::shop::Ran {
    side.run(shop, "sync-payments")
}

pub fn status(shop: &Shop, id: &str) -> String {
    shop.erp()[id][0].status.clone()
}

#[test]
fn a_payment_reaches_the_erp_once() {
    for side in Side::BOTH {
        let (shop, id) = waiting(side);
        let _ = sync(side, &shop).exits(0);
        assert_eq!(status(&shop, &id), "awaiting_payment");
        side.pay(&shop, &id);
        let ran = sync(side, &shop).exits(0);
        assert_eq!((&ran.order(&id)["actions"][0], status(&shop, &id).as_str()), (&"mark_paid".into(), "paid"));
        assert_eq!(sync(side, &shop).exits(0).summary()["updated"], 0);
    }
}

#[test]
fn an_order_that_is_paid_is_taken_over() {
    let (shop, id) = waiting(Side::Vtex);
    shop.vtex(|v| v.approve_payment(&id));
    let ran = shop.sync().exits(0);
    assert_eq!(ran.order(&id)["actions"], serde_json::json!(["mark_paid", "take_over"]));
    let _ = shop.sync().exits(0);
    assert_eq!(shop.take_overs(&id), 1);
}

#[test]
fn it_does_not_depend_on_the_feed() {
    for side in Side::BOTH {
        let (shop, id) = waiting(side);
        side.pay(&shop, &id);
        side.lose_feed(&shop);
        let _ = sync(side, &shop).exits(0);
        assert_eq!(status(&shop, &id), "paid");
    }
}

#[test]
fn a_review_is_told_and_then_the_payment() {
    let shop = Shop::with("import = \"all\"");
    let id = shop.place(paid().pending(Payment::card(1)));
    let _ = shop.import().exits(0);
    assert_eq!(status(&shop, &id), "awaiting_payment");
    shop.vtex(|v| v.review_payment(&id));
    let _ = shop.sync().exits(0);
    assert_eq!(status(&shop, &id), "payment_under_review");
    shop.vtex(|v| v.approve_payment(&id));
    let _ = shop.sync().exits(0);
    assert_eq!(status(&shop, &id), "paid");
}

#[test]
fn a_denied_or_cancelled_order_is_cancelled_in_the_erp_and_its_stock_released() {
    for (side, deny) in [(Side::Vtex, true), (Side::Vtex, false), (Side::Hub, true), (Side::Hub, false)] {
        let (shop, id) = waiting(side);
        assert_eq!(shop.erp()[&id][0].reserved, 1);
        if deny {
            side.give_up(&shop, &id);
        } else {
            side.cancel(&shop, &id);
        }
        let ran = sync(side, &shop).exits(0);
        assert_eq!(ran.order(&id)["outcome"], "cancelled");
        assert_eq!((status(&shop, &id).as_str(), shop.erp()[&id][0].reserved), ("cancelled", 0));
        assert_eq!(shop.run(&["orders"]).exits(0).records()[0]["fate"], "cancelled");
        // For good: nobody looks at it again.
        assert_eq!(sync(side, &shop).exits(0).summary()["calls"], 0);
    }
}

#[test]
fn a_paid_order_that_is_cancelled_later_is_cancelled_too() {
    for side in Side::BOTH {
        let shop = side.shop("");
        let id = side.paid(&shop);
        let _ = side.run(&shop, "import-orders").exits(0);
        side.cancel(&shop, &id);
        let _ = side.run(&shop, "import-orders").exits(0); // hears of it
        let _ = sync(side, &shop).exits(0);
        assert_eq!(status(&shop, &id), "cancelled");
    }
}

#[test]
fn a_payment_for_an_order_the_erp_cancelled_is_held_for_a_person() {
    for side in Side::BOTH {
        let (shop, id) = waiting(side);
        shop.cancel_in_office(&id, "a pedido");
        let _ = sync(side, &shop).exits(0);
        side.pay(&shop, &id);
        let before = side.effects(&shop);
        let ran = sync(side, &shop).exits(3);
        assert_eq!(ran.order(&id)["reason"]["code"], "paid_after_cancellation");
        assert_eq!(status(&shop, &id), "cancelled", "nothing is revived");
        assert_eq!(side.effects(&shop), before);
    }
}

#[test]
fn an_unknown_status_changes_nothing_and_is_released_by_a_known_one() {
    for side in Side::BOTH {
        let (shop, id) = waiting(side);
        side.set_status(&shop, &id, "quarantined");
        let ran = sync(side, &shop).exits(3);
        assert_eq!(ran.order(&id)["reason"]["code"], "status_unknown");
        assert_eq!(status(&shop, &id), "awaiting_payment");
        side.set_status(&shop, &id, side.word_for_unpaid());
        let _ = sync(side, &shop).exits(0);
        let _ = shop.run(&["holds"]).exits(0);
    }
}

#[test]
fn one_poison_order_does_not_stop_the_others() {
    for side in Side::BOTH {
        let (shop, first) = waiting(side);
        let second = side.unpaid(&shop);
        let _ = side.run(&shop, "import-orders").exits(0);
        side.pay(&shop, &first);
        side.pay(&shop, &second);
        side.strike(&shop, vec![Fault::always(Kind::status(400)).on("GET", &format!("/orders/{first}"))]);
        let ran = sync(side, &shop).exits(3);
        assert_eq!(ran.order(&first)["reason"]["code"], "call_failed");
        assert_eq!((status(&shop, &first).as_str(), status(&shop, &second).as_str()), ("awaiting_payment", "paid"));
        side.calm(&shop);
        let _ = sync(side, &shop).exits(0);
        assert_eq!(status(&shop, &first), "paid");
    }
}

#[test]
fn an_order_that_is_not_in_the_erp_is_named() {
    for side in Side::BOTH {
        let shop = side.shop("");
        let id = side.unpaid(&shop);
        let _ = side.run(&shop, "import-orders").exits(0);
        let ran = shop.run(&[&side.args("sync-payments")[..], &["--order", &id]].concat()).exits(3);
        assert_eq!(ran.order(&id)["outcome"], "failed");
    }
}

/// An edit on VTEX moves no status. Told only by the first invoice it would be told too late.
#[test]
fn an_order_that_was_edited_since_is_told_before_it_is_invoiced() {
    let shop = Shop::with("reread_paid_after = \"0s\"");
    let id = shop.place(OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 3));
    let _ = shop.import().exits(0);
    let _ = shop.sync().exits(0);
    for (units, field) in [(2, "total"), (4, "total")] {
        shop.vtex(|v| v.change_units(&id, units));
        let ran = shop.sync().exits(3);
        let reason = &ran.order(&id)["reason"];
        assert_eq!((&reason["code"], &reason["field"]), (&"changed_since".into(), &field.into()), "{units}");
        shop.vtex(|v| v.change_units(&id, 3));
        let _ = shop.sync().exits(0);
    }
    assert_eq!(shop.run(&["holds"]).exits(0).summary()["holds"], 0);
    // One product in another's place, where neither total nor units tell.
    shop.vtex(|v| v.change_product(&id, "2", "CANECA"));
    let reason = shop.sync().exits(3).order(&id)["reason"].clone();
    let told = ["code", "field", "channel", "erp"].map(|field| reason[field].as_str().unwrap().to_owned());
    assert_eq!(told, ["changed_since", "products", "3 CANECA", "0 CANECA"]);
    let _ = shop.sync();
    assert_eq!(shop.run(&["holds"]).exits(3).summary()["holds"], 1, "until it is mended");
    if shop.office() == Office::Eccosys {
        shop.eccosys(|e| {
            let id = e.id_of(&id);
            e.orders.get_mut(&id).unwrap().lines[0].code = "CANECA".into();
        });
        let _ = shop.sync().exits(0);
        assert_eq!(shop.run(&["holds"]).exits(0).summary()["holds"], 0);
    }
    // One that comes in edited comes in as it is now.
    let edited = shop.place(OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 3));
    shop.vtex(|v| v.change_units(&edited, 1));
    let _ = shop.import().exits(0);
    assert_eq!(shop.erp()[&edited][0].units, 1);
}
