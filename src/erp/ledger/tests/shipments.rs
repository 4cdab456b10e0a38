//! Shipments: parcels, dates, deliveries, and where they move the order.

use super::*;
use crate::model::CarrierName;

fn tracked(code: &str) -> Shipment {
    Shipment { tracking_code: Some(code.into()), ..Shipment::default() }
}

fn event(what: DeliveryOutcome, seconds: i64) -> DeliveryEvent {
    DeliveryEvent {
        code: "01".into(),
        what,
        at: at(seconds),
        source: "OCO1.txt".into(),
        access_key: None,
        tracking_code: None,
    }
}

fn status(ledger: &Ledger, id: &ErpOrderId) -> Status {
    ledger.read_order(id).unwrap().unwrap().status
}

fn invoiced(ledger: &Ledger) -> ErpOrderId {
    let id = created(ledger, "A-1", &[("A", 2)]);
    ledger.post_invoice(&id, &invoice(1, None), at(2)).unwrap();
    id
}

#[test]
fn what_is_told_in_parts_comes_together_and_moves_the_order() {
    let ledger = ledger();
    let id = invoiced(&ledger);
    let tell = |told: &Shipment| ledger.set_shipment(&id, told, at(5)).unwrap();
    let listed = Shipment {
        collection_order: Some("OC-9".into()),
        collection_order_at: Some(at(3)),
        carrier: Some(CarrierName::new("Correios")),
        ..Shipment::default()
    };
    assert_eq!(tell(&listed), Posted::New);
    assert_eq!(status(&ledger, &id), Status::CollectionOrderCreated);
    assert_eq!(tell(&listed), Posted::Again);
    assert_eq!(tell(&tracked("BE058714266BR")), Posted::New);
    assert_eq!(status(&ledger, &id), Status::CollectionOrderCreated);
    assert_eq!(tell(&Shipment { shipped_at: Some(at(4)), ..Shipment::default() }), Posted::New);
    assert_eq!(status(&ledger, &id), Status::Shipped);
    assert_eq!(tell(&Shipment { delivered_at: Some(at(5)), ..tracked("BE058714266BR") }), Posted::New);
    assert_eq!(status(&ledger, &id), Status::Delivered);
    let detail = ledger.order_detail(&id).unwrap().unwrap();
    let whole = Shipment {
        tracking_code: Some("BE058714266BR".into()),
        shipped_at: Some(at(4)),
        delivered_at: Some(at(5)),
        ..listed
    };
    assert_eq!(detail.shipment(), Some(&whole));
    assert_eq!(detail.shipments.len(), 1);
    let notes: Vec<_> = detail.history.iter().skip(2).map(|entry| entry.note.as_str()).collect();
    assert_eq!(
        notes,
        [
            "shipment: carrier Correios, collection order OC-9, listed for collection",
            "shipment: tracking code BE058714266BR",
            "shipment: shipped",
            "shipment: tracking code BE058714266BR, delivered",
        ]
    );
    assert_eq!(refusal(ledger.set_shipment(&ErpOrderId::new("9"), &whole, at(5))), "not_found");
}

/// A channel may take no tracking code without a carrier.
#[test]
fn a_parcel_goes_out_with_the_orders_carrier_unless_it_has_another() {
    let ledger = ledger();
    let carrier = |name: &str| Some(CarrierName::new(name));
    let new = NewOrder { carrier: carrier("Correios"), ..order("A-1", &[("A", 2)]) };
    let id = ledger.create_order(&new, at(1)).unwrap().id;
    ledger.set_shipment(&id, &tracked("P1"), at(5)).unwrap();
    ledger.set_shipment(&id, &Shipment { carrier: carrier("X"), ..tracked("P2") }, at(5)).unwrap();
    let parcels = ledger.outgoing(&id).unwrap().unwrap().parcels;
    let carriers: Vec<_> = parcels.into_iter().map(|parcel| parcel.carrier).collect();
    assert_eq!(carriers, [carrier("Correios"), carrier("X")]);
}

#[test]
fn an_order_in_two_parcels_is_delivered_when_both_are() {
    let ledger = ledger();
    let id = invoiced(&ledger);
    for _ in 0..2 {
        for code in ["P1", "P2"] {
            ledger.set_shipment(&id, &tracked(code), at(5)).unwrap();
        }
    }
    let parcels = || ledger.order_detail(&id).unwrap().unwrap().shipments;
    assert_eq!(parcels().len(), 2);
    let delivered =
        |code: &str| DeliveryEvent { tracking_code: Some(code.into()), ..event(DeliveryOutcome::Delivered, 7) };
    ledger.add_delivery_event(&id, &delivered("P1"), at(8)).unwrap();
    assert_eq!(status(&ledger, &id), Status::Shipped);
    ledger.add_delivery_event(&id, &delivered("P2"), at(9)).unwrap();
    assert_eq!(status(&ledger, &id), Status::Delivered);
    assert!(parcels().iter().all(|parcel| parcel.delivered_at == Some(at(7))));
}

#[test]
fn an_order_of_two_invoices_is_delivered_when_both_are() {
    let ledger = ledger();
    let id = created(&ledger, "A-1", &[("A", 2)]);
    let parcel = |number| Shipment { access_key: Some(key(number)), delivered_at: Some(at(5)), ..Shipment::default() };
    ledger.post_invoice(&id, &invoice(1, Some(&[("A", 1)])), at(2)).unwrap();
    ledger.set_shipment(&id, &parcel(1), at(5)).unwrap();
    assert_eq!(status(&ledger, &id), Status::Shipped, "a unit has no invoice yet");
    ledger.post_invoice(&id, &invoice(2, None), at(6)).unwrap();
    ledger.set_shipment(&id, &Shipment { carrier: Some(CarrierName::new("X")), ..parcel(1) }, at(7)).unwrap();
    assert_eq!(status(&ledger, &id), Status::Shipped, "an invoice has no parcel yet");
    ledger.set_shipment(&id, &parcel(2), at(8)).unwrap();
    assert_eq!(status(&ledger, &id), Status::Delivered);
    assert_eq!(ledger.order_detail(&id).unwrap().unwrap().shipments.len(), 2);
}

#[test]
fn a_delivery_event_counts_once_and_is_final() {
    let ledger = ledger();
    let id = invoiced(&ledger);
    let add = |event: &DeliveryEvent| ledger.add_delivery_event(&id, event, at(20)).unwrap();
    assert_eq!(add(&event(DeliveryOutcome::Other, 6)), Posted::New);
    assert_eq!(status(&ledger, &id), Status::Invoiced);
    assert_eq!(add(&event(DeliveryOutcome::DeliveredWithRemarks, 7)), Posted::New);
    assert_eq!(status(&ledger, &id), Status::Delivered);
    let before = ledger.order_detail(&id).unwrap();
    let resent = DeliveryEvent { source: "OCO2.txt".into(), ..event(DeliveryOutcome::DeliveredWithRemarks, 7) };
    assert_eq!(add(&resent), Posted::Again);
    assert_eq!(ledger.order_detail(&id).unwrap(), before);
    for late in [DeliveryOutcome::Refused, DeliveryOutcome::Returned, DeliveryOutcome::Delivered] {
        assert_eq!(add(&event(late, 8)), Posted::New);
        assert_eq!(status(&ledger, &id), Status::Delivered);
    }
    let detail = ledger.order_detail(&id).unwrap().unwrap();
    assert_eq!(detail.shipment().unwrap().delivered_at, Some(at(7)));
    assert_eq!(detail.events.len(), 5);
    assert_eq!(detail.events[1], event(DeliveryOutcome::DeliveredWithRemarks, 7));
    assert_eq!(refusal(ledger.add_delivery_event(&ErpOrderId::new("9"), &detail.events[0], at(9))), "not_found");
}

#[test]
fn goods_that_came_back_end_an_order_that_was_on_its_way() {
    let ledger = ledger();
    let id = invoiced(&ledger);
    let add = |event: &DeliveryEvent| ledger.add_delivery_event(&id, event, at(20)).unwrap();
    add(&event(DeliveryOutcome::Returned, 3));
    assert_eq!(status(&ledger, &id), Status::Invoiced);
    ledger.set_shipment(&id, &Shipment { shipped_at: Some(at(4)), ..Shipment::default() }, at(4)).unwrap();
    add(&event(DeliveryOutcome::Refused, 5));
    assert_eq!(status(&ledger, &id), Status::Shipped);
    add(&event(DeliveryOutcome::Returned, 6));
    assert_eq!(status(&ledger, &id), Status::Returned);
    // Goods that came back are counted by a person before they are sold again.
    assert_eq!(stock_of(&ledger, "A"), (8, 0));
}

#[test]
fn a_cancelled_order_keeps_what_is_told_and_stays_cancelled() {
    let ledger = ledger();
    let id = created(&ledger, "A-1", &[("A", 2)]);
    ledger.cancel_order(&id, "", at(2)).unwrap();
    ledger.set_shipment(&id, &Shipment { shipped_at: Some(at(4)), ..tracked("P1") }, at(4)).unwrap();
    ledger.add_delivery_event(&id, &event(DeliveryOutcome::Delivered, 5), at(5)).unwrap();
    assert_eq!(status(&ledger, &id), Status::Cancelled);
    assert_eq!(ledger.order_detail(&id).unwrap().unwrap().shipments.len(), 1);
}

/// An order of two units, one of which invoice 1 covers.
fn partly_invoiced(ledger: &Ledger) -> ErpOrderId {
    let id = created(ledger, "A-1", &[("A", 2)]);
    ledger.post_invoice(&id, &invoice(1, Some(&[("A", 1)])), at(2)).unwrap();
    id
}

fn delivery_of(number: u32) -> DeliveryEvent {
    DeliveryEvent { access_key: Some(key(number)), ..event(DeliveryOutcome::Delivered, 7) }
}

/// One part of the order is delivered before its tracking code is known; the rest is invoiced and sent later.
#[test]
fn what_was_delivered_before_is_not_taken_for_the_parcel_of_a_later_invoice() {
    let carrier = || Shipment { carrier: Some(CarrierName::new("X")), ..Shipment::default() };
    for known_before in [Vec::new(), vec![carrier()]] {
        let ledger = ledger();
        let id = partly_invoiced(&ledger);
        for told in &known_before {
            ledger.set_shipment(&id, told, at(5)).unwrap();
        }
        ledger.add_delivery_event(&id, &delivery_of(1), at(8)).unwrap();
        ledger.post_invoice(&id, &invoice(2, None), at(9)).unwrap();
        let of_invoice = |number, code| Shipment { access_key: Some(key(number)), ..tracked(code) };
        ledger.set_shipment(&id, &of_invoice(2, "P2"), at(10)).unwrap();
        ledger.set_shipment(&id, &of_invoice(1, "P1"), at(11)).unwrap();
        let parcels = ledger.order_detail(&id).unwrap().unwrap().shipments;
        let known: Vec<_> =
            parcels.iter().map(|one| (one.tracking_code.as_deref().unwrap(), one.delivered_at)).collect();
        assert_eq!(known, [("P1", Some(at(7))), ("P2", None)]);
        assert_eq!(status(&ledger, &id), Status::Shipped);
    }
}

/// What is told of the box by its code alone is told of both.
#[test]
fn a_box_with_two_invoices_is_the_parcel_of_each() {
    let ledger = ledger();
    let id = partly_invoiced(&ledger);
    ledger.post_invoice(&id, &invoice(2, None), at(3)).unwrap();
    let of_invoice = |number| Shipment { access_key: Some(key(number)), ..tracked("BR1") };
    let tell = |told: &Shipment| ledger.set_shipment(&id, told, at(5)).unwrap();
    let parcels = || ledger.order_detail(&id).unwrap().unwrap().shipments;
    assert_eq!(tell(&tracked("BR1")), Posted::New);
    for posted in [Posted::New, Posted::Again] {
        assert_eq!([1, 2].map(|number| tell(&of_invoice(number))), [posted, posted]);
        assert_eq!(parcels(), [of_invoice(1), of_invoice(2)]);
    }
    tell(&Shipment { delivered_at: Some(at(7)), ..tracked("BR1") });
    assert!(parcels().iter().all(|parcel| parcel.delivered_at == Some(at(7))));
    assert_eq!(status(&ledger, &id), Status::Delivered);
}

/// The carrier names the box and one of its invoices, the other of which is cancelled: that one's row is no second row of the same.
#[test]
fn a_delivery_of_a_box_with_a_cancelled_invoice_is_taken() {
    let ledger = ledger();
    let id = partly_invoiced(&ledger);
    ledger.post_invoice(&id, &invoice(2, None), at(3)).unwrap();
    for number in [1, 2] {
        let told = Shipment { access_key: Some(key(number)), ..tracked("BR1") };
        ledger.set_shipment(&id, &told, at(5)).unwrap();
    }
    ledger.cancel_invoice(&key(1), at(6), "erro").unwrap();
    let delivered = DeliveryEvent { tracking_code: Some("BR1".into()), ..delivery_of(2) };
    assert_eq!(ledger.add_delivery_event(&id, &delivered, at(8)).unwrap(), Posted::New);
    let parcels = ledger.order_detail(&id).unwrap().unwrap().shipments;
    let told: Vec<_> = parcels.iter().map(|one| (one.access_key.clone(), one.delivered_at)).collect();
    assert_eq!(told, [(Some(key(1)), Some(at(7))), (Some(key(2)), Some(at(7)))]);
}

/// Which of two invoices is in a parcel that names none is not guessed; the event alone tells.
#[test]
fn a_delivery_of_one_of_two_invoices_delivers_its_own_parcels_only() {
    let ledger = ledger();
    let id = partly_invoiced(&ledger);
    ledger.post_invoice(&id, &invoice(2, None), at(3)).unwrap();
    ledger.set_shipment(&id, &tracked("P0"), at(5)).unwrap();
    ledger.add_delivery_event(&id, &delivery_of(1), at(8)).unwrap();
    let detail = || ledger.order_detail(&id).unwrap().unwrap();
    assert_eq!((detail().shipments, detail().events), (vec![tracked("P0")], vec![delivery_of(1)]));
    // The same words about the other are news.
    assert_eq!(ledger.add_delivery_event(&id, &delivery_of(2), at(9)).unwrap(), Posted::New);
    assert_eq!(ledger.add_delivery_event(&id, &delivery_of(2), at(9)).unwrap(), Posted::Again);
}

#[test]
fn an_order_of_which_a_part_came_back_is_not_over_and_keeps_what_is_still_owed() {
    let ledger = ledger();
    let id = partly_invoiced(&ledger);
    let sent = |number, code| Shipment { access_key: Some(key(number)), shipped_at: Some(at(4)), ..tracked(code) };
    let came_back = |number| DeliveryEvent { what: DeliveryOutcome::Returned, ..delivery_of(number) };
    ledger.set_shipment(&id, &sent(1, "P1"), at(5)).unwrap();
    ledger.add_delivery_event(&id, &came_back(1), at(8)).unwrap();
    assert_eq!((status(&ledger, &id), stock_of(&ledger, "A")), (Status::Shipped, (9, 1)));
    ledger.post_invoice(&id, &invoice(2, None), at(9)).unwrap();
    ledger.set_shipment(&id, &sent(2, "P2"), at(10)).unwrap();
    assert_eq!(status(&ledger, &id), Status::Shipped, "the other is on its way");
    // The first went out again, and arrived.
    let arrived = DeliveryEvent { at: at(9), ..delivery_of(1) };
    ledger.add_delivery_event(&id, &arrived, at(10)).unwrap();
    ledger.add_delivery_event(&id, &DeliveryEvent { at: at(10), ..came_back(2) }, at(10)).unwrap();
    assert_eq!(status(&ledger, &id), Status::Shipped, "by the last word on each");
    ledger.add_delivery_event(&id, &DeliveryEvent { at: at(11), ..came_back(1) }, at(11)).unwrap();
    ledger.add_delivery_event(&id, &DeliveryEvent { at: at(12), ..came_back(2) }, at(12)).unwrap();
    assert_eq!((status(&ledger, &id), stock_of(&ledger, "A")), (Status::Returned, (8, 0)));
}

/// A sheet by orders alone: its code goes with the invoice that has no parcel yet, or with none.
#[test]
fn a_code_that_names_no_invoice_is_not_given_to_one_of_several() {
    let ledger = ledger();
    let id = partly_invoiced(&ledger);
    ledger.add_delivery_event(&id, &delivery_of(1), at(8)).unwrap();
    ledger.post_invoice(&id, &invoice(2, None), at(9)).unwrap();
    ledger.set_shipment(&id, &tracked("P2"), at(10)).unwrap();
    let parcels = || ledger.order_detail(&id).unwrap().unwrap().shipments;
    let delivered = Shipment { access_key: Some(key(1)), delivered_at: Some(at(7)), ..Shipment::default() };
    assert_eq!(parcels(), [delivered.clone(), tracked("P2")]);
    // Where one invoice is left it is that one's.
    ledger.cancel_invoice(&key(2), at(11), "").unwrap();
    ledger.set_shipment(&id, &tracked("P1"), at(12)).unwrap();
    assert_eq!(parcels()[0], Shipment { tracking_code: Some("P1".into()), ..delivered });
}

/// What is told by the invoice, without a code, is told of the parcel that was told of by the order.
#[test]
fn the_parcel_of_an_order_is_that_of_its_only_invoice() {
    let ledger = ledger();
    let id = invoiced(&ledger);
    ledger.set_shipment(&id, &tracked("P1"), at(5)).unwrap();
    let sent = Shipment { access_key: Some(key(1)), shipped_at: Some(at(4)), ..Shipment::default() };
    assert_eq!(ledger.set_shipment(&id, &sent, at(5)).unwrap(), Posted::New);
    assert_eq!(ledger.set_shipment(&id, &sent, at(6)).unwrap(), Posted::Again);
    let parcels = ledger.order_detail(&id).unwrap().unwrap().shipments;
    assert_eq!(parcels, [Shipment { tracking_code: Some("P1".into()), ..sent }]);
}

/// An invoice is cancelled and another takes its place; the box, and what is told of it, stay the same.
#[test]
fn what_a_cancelled_invoice_carried_goes_with_the_one_in_its_place() {
    for is_told_by_carrier in [false, true] {
        let ledger = ledger();
        let id = invoiced(&ledger);
        ledger.set_shipment(&id, &Shipment { access_key: Some(key(1)), ..tracked("P1") }, at(5)).unwrap();
        ledger.cancel_invoice(&key(1), at(6), "valor errado").unwrap();
        ledger.post_invoice(&id, &invoice(2, None), at(7)).unwrap();
        let parcels = || ledger.order_detail(&id).unwrap().unwrap().shipments;
        if is_told_by_carrier {
            ledger.add_delivery_event(&id, &delivery_of(2), at(8)).unwrap();
            let of_the_second = Shipment { access_key: Some(key(2)), delivered_at: Some(at(7)), ..tracked("P1") };
            assert_eq!(parcels(), [of_the_second]);
        } else {
            ledger.set_shipment(&id, &Shipment { delivered_at: Some(at(8)), ..tracked("P1") }, at(8)).unwrap();
            assert_eq!(parcels().len(), 1);
        }
        assert_eq!(status(&ledger, &id), Status::Delivered);
    }
}

/// Its goods were packed anew: nobody will ever tell of the first box.
#[test]
fn a_parcel_of_a_cancelled_invoice_keeps_no_order_from_being_delivered() {
    let ledger = ledger();
    let id = invoiced(&ledger);
    ledger.set_shipment(&id, &Shipment { access_key: Some(key(1)), ..tracked("P1") }, at(5)).unwrap();
    ledger.cancel_invoice(&key(1), at(6), "valor errado").unwrap();
    ledger.post_invoice(&id, &invoice(2, None), at(7)).unwrap();
    let listed = Shipment { access_key: Some(key(2)), collection_order: Some("OC-1".into()), ..Shipment::default() };
    ledger.set_shipment(&id, &listed, at(7)).unwrap();
    let second = Shipment { access_key: Some(key(2)), ..tracked("P2") };
    ledger.set_shipment(&id, &second, at(8)).unwrap();
    assert_eq!(status(&ledger, &id), Status::Invoiced);
    ledger.add_delivery_event(&id, &delivery_of(2), at(9)).unwrap();
    assert_eq!(status(&ledger, &id), Status::Delivered);
    let parcels = ledger.order_detail(&id).unwrap().unwrap().shipments;
    let told: Vec<_> = parcels.iter().map(|one| (one.tracking_code.as_deref(), one.delivered_at)).collect();
    assert_eq!(told, [(Some("P1"), None), (Some("P2"), Some(at(7)))]);
    assert_eq!(parcels[0].access_key, Some(key(1)));
}
