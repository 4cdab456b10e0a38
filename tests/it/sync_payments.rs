//! sync-payments: what the channel says of a payment becomes true in the ERP, once, forward only.

use crate::sandbox::{Fault, Kind, Payment};
use crate::shop::{Shop, paid};

fn boleto() -> Payment {
    Payment::boleto("2030-01-10".parse().unwrap())
}

/// A shop that imports everything early, with one order waiting for its boleto.
fn waiting() -> (Shop, String) {
    let shop = Shop::with("import = \"all\"");
    let id = shop.place(paid().pending(boleto()));
    let _ = shop.import().exits(0);
    (shop, id)
}

fn status(shop: &Shop, id: &str) -> String {
    shop.erp()[id][0].status.clone()
}

#[test]
fn a_payment_reaches_the_erp_and_the_order_is_taken_over() {
    let (shop, id) = waiting();
    let _ = shop.sync().exits(0);
    assert_eq!(status(&shop, &id), "awaiting_payment");
    shop.vtex(|v| v.approve_payment(&id));
    let ran = shop.sync().exits(0);
    assert_eq!(ran.order(&id)["actions"], serde_json::json!(["mark_paid", "take_over"]));
    assert_eq!((status(&shop, &id).as_str(), shop.take_overs(&id)), ("paid", 1));
    let again = shop.sync().exits(0);
    assert_eq!(again.summary()["updated"], 0);
    assert_eq!(shop.take_overs(&id), 1);
}

#[test]
fn it_does_not_depend_on_the_feed() {
    let (shop, id) = waiting();
    shop.vtex(|v| {
        v.approve_payment(&id);
        v.feed.clear();
    });
    let _ = shop.sync().exits(0);
    assert_eq!(status(&shop, &id), "paid");
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
    for deny in [true, false] {
        let (shop, id) = waiting();
        assert_eq!(shop.erp()[&id][0].reserved, 1);
        shop.vtex(|v| if deny { v.deny_payment(&id) } else { v.cancel_by_customer(&id) });
        let ran = shop.sync().exits(0);
        assert_eq!(ran.order(&id)["outcome"], "cancelled");
        assert_eq!((status(&shop, &id).as_str(), shop.erp()[&id][0].reserved), ("cancelled", 0));
        assert_eq!(shop.run(&["orders"]).exits(0).records()[0]["fate"], "cancelled");
        // For good: nobody looks at it again.
        assert_eq!(shop.sync().exits(0).summary()["calls"], 0);
    }
}

#[test]
fn a_paid_order_that_is_cancelled_later_is_cancelled_too() {
    let shop = Shop::new();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    shop.vtex(|v| v.cancel_by_customer(&id));
    let _ = shop.import().exits(0); // hears of it
    let _ = shop.sync().exits(0);
    assert_eq!(status(&shop, &id), "cancelled");
}

#[test]
fn a_request_to_cancel_is_a_status_of_its_own() {
    let shop = Shop::with("reread_paid_after = \"0s\"");
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    shop.vtex(|v| v.request_cancellation(&id));
    let ran = shop.sync().exits(0);
    assert_eq!(ran.order(&id)["actions"], serde_json::json!(["mark_cancellation_requested"]));
    assert_eq!(status(&shop, &id), "cancellation_requested");
    assert_eq!(shop.erp()[&id][0].reserved, 1, "a request releases nothing");
}

#[test]
fn a_request_that_was_denied_leaves_the_order_where_it_was() {
    let shop = Shop::with("reread_paid_after = \"0s\"");
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let _ = shop.run(&["ledger", "set", &id, "picking"]).exits(0);
    shop.vtex(|v| v.request_cancellation(&id));
    let _ = shop.sync().exits(0);
    assert_eq!(status(&shop, &id), "cancellation_requested");
    shop.vtex(|v| v.set_status(&id, "handling"));
    let ran = shop.sync().exits(0);
    assert_eq!(ran.order(&id)["actions"], serde_json::json!(["resume_status"]));
    assert_eq!(status(&shop, &id), "picking");
}

#[test]
fn a_payment_for_an_order_the_erp_cancelled_is_held_for_a_person() {
    let (shop, id) = waiting();
    let _ = shop.run(&["ledger", "cancel", &id, "--reason", "a pedido"]).exits(0);
    let _ = shop.sync().exits(0);
    shop.vtex(|v| v.approve_payment(&id));
    let ran = shop.sync().exits(3);
    assert_eq!(ran.order(&id)["reason"]["code"], "paid_after_cancellation");
    assert_eq!(status(&shop, &id), "cancelled", "nothing is revived");
    assert_eq!(shop.take_overs(&id), 0);
}

#[test]
fn an_unknown_status_changes_nothing_and_is_released_by_a_known_one() {
    let (shop, id) = waiting();
    shop.vtex(|v| v.set_status(&id, "quarantined"));
    let ran = shop.sync().exits(3);
    assert_eq!(ran.order(&id)["reason"]["code"], "status_unknown");
    assert_eq!(status(&shop, &id), "awaiting_payment");
    shop.vtex(|v| v.set_status(&id, "payment-pending"));
    let _ = shop.sync().exits(0);
    let _ = shop.run(&["holds"]).exits(0);
}

#[test]
fn one_poison_order_does_not_stop_the_others() {
    let (shop, first) = waiting();
    let second = shop.place(paid().pending(boleto()));
    let _ = shop.import().exits(0);
    shop.vtex(|v| {
        v.approve_payment(&first);
        v.approve_payment(&second);
        v.faults.push(Fault::always(Kind::status(400)).on("GET", &format!("/orders/{first}")));
    });
    let ran = shop.sync().exits(3);
    assert_eq!(ran.order(&first)["reason"]["code"], "call_failed");
    assert_eq!((status(&shop, &first).as_str(), status(&shop, &second).as_str()), ("awaiting_payment", "paid"));
    shop.vtex(|v| v.faults.clear());
    let _ = shop.sync().exits(0);
    assert_eq!(status(&shop, &first), "paid");
}

#[test]
fn an_order_that_is_not_in_the_erp_is_named() {
    let shop = Shop::new();
    let id = shop.place(paid().pending(Payment::pix()));
    let _ = shop.import().exits(0);
    let ran = shop.run(&["sync-payments", "--order", &id]).exits(3);
    assert_eq!(ran.order(&id)["outcome"], "failed");
}
