//! What of sync-payments only the ledger can tell: a request to cancel, for which Eccosys has no situation.

use crate::shop::{Shop, paid};
use crate::sync_payments::status;

#[test]
fn a_request_that_was_denied_leaves_the_order_where_it_was() {
    let shop = Shop::with("reread_paid_after = \"0s\"");
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    shop.pick(&id);
    shop.vtex(|v| v.request_cancellation(&id));
    let _ = shop.sync().exits(3);
    assert_eq!(status(&shop, &id), "cancellation_requested");
    shop.vtex(|v| v.set_status(&id, "handling"));
    let ran = shop.sync().exits(0);
    assert_eq!(ran.order(&id)["actions"], serde_json::json!(["resume_status"]));
    assert_eq!(status(&shop, &id), "picking");
}

#[test]
fn a_request_to_cancel_is_a_status_of_its_own() {
    let shop = Shop::with("reread_paid_after = \"0s\"");
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    shop.vtex(|v| v.request_cancellation(&id));
    let ran = shop.sync().exits(3);
    let told = ran.order(&id);
    assert_eq!(told["actions"], serde_json::json!(["mark_cancellation_requested"]));
    assert_eq!(
        (&told["outcome"], &told["reason"]["code"]),
        (&"held".into(), &"cancellation_requested_on_channel".into()),
        "somebody must answer"
    );
    assert_eq!(status(&shop, &id), "cancellation_requested");
    assert_eq!(shop.erp()[&id][0].reserved, 1, "a request releases nothing");
}
