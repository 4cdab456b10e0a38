//! Invoices: posted once, cancelled once, never more than the order has.

use super::*;
use crate::model::WarehouseId;

#[test]
fn an_invoice_takes_its_units_from_shelf_and_reservation_together() {
    let ledger = ledger();
    let id = created(&ledger, "A-1", &[("A", 2), ("B", 1), ("A", 1)]);
    assert_eq!(ledger.post_invoice(&id, &invoice(7, None), at(5)).unwrap(), Posted::New);
    assert_eq!((stock_of(&ledger, "A"), stock_of(&ledger, "B")), ((7, 0), (9, 0)));
    let detail = ledger.order_detail(&id).unwrap().unwrap();
    assert_eq!((detail.order.status.clone(), detail.order.invoiced), (Status::Invoiced, true));
    let last = detail.history.last().unwrap();
    assert_eq!((last.status.clone(), last.note.as_str()), (Status::Invoiced, "invoice 7 of series 1, R$ 100,00"));
    assert!(detail.reservations.iter().all(|r| r.released_why.as_deref() == Some("invoice 7 of order 1")));
    let posted = &detail.invoices[0];
    assert_eq!((posted.number, posted.access_key.as_str(), posted.value), (7, &*key(7), Cents::new(10_000)));
    assert_eq!((posted.issued_at, posted.posted_at, posted.cancelled_at), (at(50), at(5), None));
    let lines: Vec<_> = posted.lines.iter().map(|line| (line.sku.as_str(), line.quantity)).collect();
    assert_eq!(lines, [("A", 3), ("B", 1)]);
    assert_eq!(ledger.invoice_xml(&key(7)).unwrap().unwrap(), b"<nfeProc>7</nfeProc>");
    assert_eq!(ledger.invoice_xml(&key(8)).unwrap(), None);
}

#[test]
fn the_same_access_key_again_is_no_change() {
    let ledger = ledger();
    let id = created(&ledger, "A-1", &[("A", 2)]);
    let other = created(&ledger, "A-2", &[("A", 2)]);
    ledger.post_invoice(&id, &invoice(7, None), at(5)).unwrap();
    let before = ledger.order_detail(&id).unwrap();
    assert_eq!(ledger.post_invoice(&id, &invoice(7, Some(&[("B", 1)])), at(6)).unwrap(), Posted::Again);
    assert_eq!(ledger.order_detail(&id).unwrap(), before);
    assert_eq!(refusal(ledger.post_invoice(&other, &invoice(7, None), at(6))), "invoice_of_other_order");
    assert_eq!(stock_of(&ledger, "A"), (8, 2));
    // The file says "authorised" for ever.
    ledger.cancel_invoice(&key(7), at(7), "erro").unwrap();
    assert_eq!(ledger.post_invoice(&id, &invoice(7, None), at(8)).unwrap(), Posted::Again);
    assert_eq!(stock_of(&ledger, "A"), (10, 4));
}

#[test]
fn several_invoices_share_an_order_and_never_exceed_it() {
    let ledger = ledger();
    let id = created(&ledger, "A-1", &[("A", 2), ("A", 2), ("B", 1)]);
    let post = |number, lines: Option<&[(&str, i64)]>| ledger.post_invoice(&id, &invoice(number, lines), at(5));
    assert_eq!(post(1, Some(&[("A", 2), ("A", 1)])).unwrap(), Posted::New);
    assert_eq!((stock_of(&ledger, "A"), stock_of(&ledger, "B")), ((7, 1), (10, 1)));
    assert_eq!(refusal(post(2, Some(&[("A", 2)]))), "exceeds_order");
    assert_eq!(refusal(post(2, Some(&[("A", 1), ("C", 1)]))), "exceeds_order");
    assert_eq!(refusal(post(2, Some(&[("A", i64::MAX), ("A", i64::MAX)]))), "exceeds_order");
    assert_eq!(refusal(post(2, Some(&[("A", 1), ("X", 1)]))), "unknown_sku");
    assert_eq!(refusal(post(2, Some(&[("A", 1), ("B", 0)]))), "lines");
    assert_eq!(refusal(post(2, Some(&[]))), "lines");
    assert_eq!((stock_of(&ledger, "A"), stock_of(&ledger, "B")), ((7, 1), (10, 1)));
    assert_eq!(post(2, None).unwrap(), Posted::New);
    assert_eq!((stock_of(&ledger, "A"), stock_of(&ledger, "B")), ((6, 0), (9, 0)));
    assert_eq!(refusal(post(3, None)), "exceeds_order");
    let detail = ledger.order_detail(&id).unwrap().unwrap();
    assert_eq!(detail.invoices.len(), 2);
    assert_eq!(detail.reservations.iter().map(|r| r.quantity).sum::<i64>(), 5);
}

#[test]
fn what_an_order_waits_for_once_a_part_of_it_is_invoiced() {
    let ledger = ledger();
    let [in_part, whole, _open] = ["A-1", "A-2", "A-3"].map(|number| created(&ledger, number, &[("A", 2), ("A", 2)]));
    ledger.post_invoice(&in_part, &invoice(1, Some(&[("A", 1)])), at(5)).unwrap();
    ledger.post_invoice(&whole, &invoice(2, None), at(5)).unwrap();
    let rests = ledger.rests(&["A", "B"].map(Sku::new)).unwrap();
    assert_eq!(rests, [((in_part, Sku::new("A"), WarehouseId::new(DEFAULT_WAREHOUSE)), 3)].into());
}

#[test]
fn a_cancelled_invoice_gives_its_units_back_to_its_order() {
    let ledger = ledger();
    let id = created(&ledger, "A-1", &[("A", 3)]);
    ledger.post_invoice(&id, &invoice(1, Some(&[("A", 2)])), at(5)).unwrap();
    assert_eq!(ledger.cancel_invoice(&key(1), at(6), "valor errado").unwrap(), InvoiceCancelled::Now(id.clone()));
    assert_eq!(stock_of(&ledger, "A"), (10, 3));
    let detail = ledger.order_detail(&id).unwrap().unwrap();
    // The status stays; what the order is worth of is for a person or the next invoice to say.
    assert_eq!((detail.order.status.clone(), detail.order.invoiced), (Status::Invoiced, false));
    assert_eq!(detail.history.last().unwrap().note, "invoice 1 cancelled: valor errado");
    let cancelled = &detail.invoices[0];
    assert_eq!((cancelled.cancelled_at, cancelled.cancel_reason.as_deref()), (Some(at(6)), Some("valor errado")));

    assert_eq!(ledger.cancel_invoice(&key(1), at(7), "outra vez").unwrap(), InvoiceCancelled::Again(id.clone()));
    assert_eq!(ledger.order_detail(&id).unwrap().unwrap(), detail);
    assert_eq!(ledger.post_invoice(&id, &invoice(2, None), at(8)).unwrap(), Posted::New);
    assert_eq!(stock_of(&ledger, "A"), (7, 0));
    let kinds: Vec<_> = ledger.stock_movements(&Sku::new("A"), 9).unwrap().iter().map(|m| (m.kind, m.change)).collect();
    use MovementKind::{Count, Invoice, InvoiceCancelled as Back};
    assert_eq!(kinds, [(Invoice, -3), (Back, 2), (Invoice, -2), (Count, 10)]);
}

#[test]
fn a_cancellation_that_comes_before_its_invoice_is_remembered() {
    let ledger = ledger();
    let id = created(&ledger, "A-1", &[("A", 3)]);
    assert_eq!(ledger.cancel_invoice(&key(1), at(2), "erro").unwrap(), InvoiceCancelled::Ahead);
    assert_eq!(ledger.cancel_invoice(&key(1), at(3), "erro").unwrap(), InvoiceCancelled::Ahead);
    assert_eq!(refusal(ledger.post_invoice(&id, &invoice(1, None), at(5))), "invoice_cancelled");
    assert_eq!(stock_of(&ledger, "A"), (10, 3));
}

#[test]
fn an_order_that_has_ended_is_not_invoiced() {
    let ledger = ledger();
    let id = created(&ledger, "A-1", &[("A", 3)]);
    ledger.cancel_order(&id, "", at(2)).unwrap();
    assert_eq!(refusal(ledger.post_invoice(&id, &invoice(1, None), at(5))), "order_closed");
    assert_eq!(refusal(ledger.post_invoice(&ErpOrderId::new("9"), &invoice(1, None), at(5))), "not_found");
    assert_eq!(stock_of(&ledger, "A"), (10, 0));
}

#[test]
fn a_returned_order_reserves_nothing_when_its_invoice_is_cancelled() {
    let ledger = ledger();
    let id = created(&ledger, "A-1", &[("A", 3)]);
    ledger.post_invoice(&id, &invoice(1, None), at(5)).unwrap();
    for status in [Status::Shipped, Status::Returned] {
        ledger.set_status(&id, &status, "", at(6)).unwrap();
    }
    assert_eq!(stock_of(&ledger, "A"), (7, 0));
    ledger.cancel_invoice(&key(1), at(7), "").unwrap();
    assert_eq!(stock_of(&ledger, "A"), (10, 0));
}

#[test]
fn an_order_that_is_further_on_is_not_moved_back_by_its_invoice() {
    let ledger = ledger();
    let id = created(&ledger, "A-1", &[("A", 3)]);
    ledger.set_status(&id, &Status::Shipped, "", at(4)).unwrap();
    assert_eq!(ledger.post_invoice(&id, &invoice(1, None), at(5)).unwrap(), Posted::New);
    let detail = ledger.order_detail(&id).unwrap().unwrap();
    assert_eq!((detail.order.status, detail.order.invoiced), (Status::Shipped, true));
    assert_eq!(detail.history.last().unwrap().note, "invoice 1 of series 1, R$ 100,00");
}

#[test]
fn an_invoice_is_found_by_its_number() {
    let ledger = ledger();
    let first = created(&ledger, "A-1", &[("A", 1)]);
    let second = created(&ledger, "A-2", &[("A", 1)]);
    ledger.post_invoice(&first, &invoice(7, None), at(5)).unwrap();
    let other_series = LedgerInvoice { series: "2".into(), access_key: key(8), ..invoice(7, None) };
    ledger.post_invoice(&second, &other_series, at(5)).unwrap();
    let found = ledger.invoices_numbered(7).unwrap();
    let told: Vec<_> = found.iter().map(|(order, invoice)| (order, invoice.series.as_str())).collect();
    assert_eq!(told, [(&first, "1"), (&second, "2")]);
    assert_eq!(ledger.invoices_numbered(8).unwrap(), []);
}
