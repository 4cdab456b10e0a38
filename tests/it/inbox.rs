//! Documents dropped into folders, through the real program.

use crate::sandbox::papers::{self, Nfe};
use crate::shop::{Shop, paid};

/// The invoice of an order of one shirt.
fn invoice(order: &str, number: u32) -> Nfe {
    Nfe {
        number,
        order: order.into(),
        recipient: crate::sandbox::OrderSeed::new().customer.cpf,
        lines: vec![("CAMISETA-P".into(), 1, 4_990)],
        freight: 0,
        discount: 0,
        other: 0,
        issued_at: chrono::Utc::now() - chrono::TimeDelta::hours(1),
    }
}

fn with_inboxes() -> Shop {
    let mut shop = Shop::new();
    shop.open_inboxes();
    shop
}

#[test]
fn every_pass_empties_the_inboxes_first() {
    let shop = with_inboxes();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let nfe = invoice(&id, 501);
    shop.drop_into("in/nfe.xml", &nfe.xml());
    let day = chrono::Utc::now() - chrono::TimeDelta::minutes(30);
    shop.drop_into("carriers/oco.txt", &papers::ocoren(&[(501, 1, day)], day));
    // A dry run tells, and moves nothing.
    let dry = shop.run(&["sync-payments", "--dry-run"]).exits(0);
    assert!(dry.records().iter().any(|record| record["type"] == "document" && record["kind"] == "invoice"));
    assert!(shop.path("in/nfe.xml").exists());
    assert_eq!(shop.erp()[&id][0].status, "paid");
    let _ = shop.sync().exits(0);
    let sees = shop.erp()[&id][0].clone();
    assert_eq!((sees.status.as_str(), sees.reserved), ("delivered", 0));
    assert!(shop.path("in/done/nfe.xml").exists() && shop.path("carriers/done/oco.txt").exists());
}

#[test]
fn a_refused_document_lies_beside_its_reason_and_ends_with_3() {
    let shop = with_inboxes();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let stranger = Nfe { recipient: crate::sandbox::cpf(999), ..invoice(&id, 502) };
    shop.drop_into("in/nfe.xml", &stranger.xml());
    let _ = shop.sync().exits(3);
    let reason = std::fs::read_to_string(shop.path("in/rejected/nfe.xml.txt")).unwrap();
    assert!(reason.contains("recipient"), "{reason}");
    assert_eq!(shop.erp()[&id][0].status, "paid");
    let _ = shop.sync().exits(0);
}

#[test]
fn a_cancelled_invoice_is_undone_whatever_lies_first_in_the_folder() {
    let shop = with_inboxes();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    let nfe = invoice(&id, 503);
    shop.drop_into("in/b-nfe.xml", &nfe.xml());
    shop.drop_into("in/a-cancelled.xml", &nfe.cancellation(chrono::Utc::now()));
    let _ = shop.sync().exits(0);
    assert_eq!(shop.erp()[&id][0].reserved, 1, "its unit is on the shelf again, and still promised");
}

#[test]
fn the_folder_is_named_when_it_is_not_there() {
    let shop = with_inboxes();
    std::fs::remove_dir(shop.path("in")).unwrap();
    let id = shop.place(paid());
    let ran = shop.import().exits(4);
    assert!(ran.stderr.contains("in cannot be used"), "{}", ran.stderr);
    assert_eq!(ran.order(&id)["outcome"], "imported", "orders go on coming in");
}
