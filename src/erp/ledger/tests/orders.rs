//! Orders: created once and whole, moved forward, cancelled once.

use super::*;
use crate::model::{Address, CarrierName, Marketplace, Payment, PaymentMethod, WarehouseId};

#[test]
fn everything_about_an_order_is_kept() {
    let ledger = ledger();
    ledger.upsert_warehouses(&[Warehouse { id: WarehouseId::new("1_1"), name: None }]).unwrap();
    let mut new = order("1172452900788-01", &[("A", 2), ("B", 1), ("A", 3)]);
    new.lines[1].warehouse = Some(WarehouseId::new("1_1"));
    new.marketplace = Some(Marketplace {
        name: "MLB".into(),
        account: Some("loja-2".into()),
        order_id: Some("2000001".into()),
        internal_id: None,
        intermediary_tax_id: None,
    });
    new.address = Some(Address {
        receiver: Some("Ana".into()),
        postal_code: "01310100".into(),
        state: "SP".into(),
        city: "São Paulo".into(),
        district: None,
        street: "Avenida Paulista".into(),
        number: "S/N".into(),
        complement: Some("ap 1".into()),
        reference: None,
    });
    (new.customer.email, new.customer.phone) = (Some("ana@example.com".into()), Some("+5511999990000".into()));
    (new.carrier, new.service) = (Some(CarrierName::new("Correios")), Some("PAC".into()));
    (new.promised_at, new.note) = (Some(at(500)), Some("deixar na portaria".into()));
    let payment = |method, due_date| Payment {
        method,
        label: "Boleto Bancário".into(),
        amount: Cents::new(550),
        installments: 3,
        due_date,
        transaction: Some("T1".into()),
    };
    new.payments = vec![
        payment(PaymentMethod::Boleto, chrono::NaiveDate::from_ymd_opt(2026, 11, 20)),
        payment(PaymentMethod::Other, None),
    ];
    new.fiscal_payment = vec![("bandeira".into(), "99".into()), ("cAut".into(), "007".into())];

    let made = ledger.create_order(&new, at(1)).unwrap();
    let units = new.lines.iter().map(|line| line.quantity).sum();
    assert_eq!((made.id.as_str(), made.number.as_str(), made.units), ("1", "1", Some(units)));
    assert_eq!((made.status.clone(), made.total, made.invoiced), (Status::Paid, new.total, false));
    assert_eq!(ledger.find_order(&new.channel, &new.store_number).unwrap(), Some(made.clone()));
    assert_eq!(ledger.read_order(&made.id).unwrap(), Some(made.clone()));

    ledger.set_status(&made.id, &Status::Picking, "separado", at(2)).unwrap();
    let detail = ledger.order_detail(&made.id).unwrap().unwrap();
    assert_eq!(detail.content, new);
    assert_eq!((detail.imported_at, detail.changed_at), (at(1), at(2)));
    let history: Vec<_> = detail.history.iter().map(|h| (h.at, h.status.code(), h.note.as_str())).collect();
    assert_eq!(history, [(at(1), "paid".into(), "imported from loja"), (at(2), "picking".into(), "separado")]);
    let reserved: Vec<_> =
        detail.reservations.iter().map(|r| (r.sku.as_str(), r.warehouse.as_str(), r.quantity)).collect();
    assert_eq!(reserved, [("A", "default", 2), ("B", "1_1", 1), ("A", "default", 3)]);
}

#[test]
fn the_same_store_number_again_gives_the_first_order_back() {
    let ledger = ledger();
    let first = created(&ledger, "A-1", &[("A", 2)]);
    let mut again = order("A-1", &[("B", 5)]);
    assert_eq!(ledger.create_order(&again, at(9)).unwrap().id, first);
    assert_eq!((stock_of(&ledger, "A"), stock_of(&ledger, "B")), ((10, 2), (10, 0)));
    again.channel = ChannelName::new("outra");
    assert_eq!(ledger.create_order(&again, at(9)).unwrap().number, "2");
    assert_eq!(ledger.order_by_any("A-1").unwrap().len(), 2);
    // Cancelled is as good as there.
    ledger.cancel_order(&first, "x", at(9)).unwrap();
    assert_eq!(ledger.create_order(&order("A-1", &[("A", 2)]), at(9)).unwrap().status, Status::Cancelled);
    assert_eq!(stock_of(&ledger, "A"), (10, 0));
}

#[test]
fn what_cannot_be_right_is_refused_and_leaves_nothing() {
    let ledger = ledger();
    let reserved_before = stock_of(&ledger, "A");
    let refused = |change: &dyn Fn(&mut NewOrder)| {
        let mut new = order("A-1", &[("A", 1), ("B", 2)]);
        change(&mut new);
        refusal(ledger.create_order(&new, at(1)))
    };
    assert_eq!(refused(&|new| new.lines[1].sku = Sku::new("b")), "unknown_sku");
    assert_eq!(refused(&|new| new.lines[1].warehouse = Some(WarehouseId::new("DEFAULT"))), "unknown_warehouse");
    assert_eq!(refused(&|new| new.total = Cents::new(801)), "total");
    assert_eq!(refused(&|new| new.lines[0].total = Cents::new(i64::MAX)), "total");
    assert_eq!(refused(&|new| new.lines[0].quantity = 0), "lines");
    assert_eq!(refused(&|new| new.lines[0].quantity = i64::MAX), "lines");
    assert_eq!(refused(&|new| new.lines.clear()), "lines");
    assert_eq!(refused(&|new| new.status = Status::Picking), "status");
    assert_eq!(refused(&|new| new.status = Status::Unknown("x".into())), "status");
    assert_eq!(ledger.orders(&OrderFilter::default()).unwrap(), []);
    assert_eq!(stock_of(&ledger, "A"), reserved_before);
    // Refusals use up no number.
    assert_eq!(created(&ledger, "A-1", &[("A", 1)]).as_str(), "1");
}

#[test]
fn statuses_move_as_the_model_allows_and_no_further() {
    for from in Status::known() {
        for to in Status::known() {
            let ledger = ledger();
            let mut new = order("A-1", &[("A", 1)]);
            new.status = Status::AwaitingPayment;
            let id = ledger.create_order(&new, at(1)).unwrap().id;
            let steps: &[Status] = if from == Status::Returned {
                &[Status::Shipped, Status::Returned]
            } else {
                std::slice::from_ref(&from)
            };
            for step in steps {
                ledger.set_status(&id, step, "", at(2)).unwrap();
            }
            let before = ledger.order_detail(&id).unwrap().unwrap();
            let result = ledger.set_status(&id, &to, "why", at(3));
            let after = ledger.order_detail(&id).unwrap().unwrap();
            if from == to {
                assert_eq!((result.unwrap(), &after), (before.order.clone(), &before), "{from} again");
            } else if from.may_become(&to) {
                assert_eq!(result.unwrap().status, to);
                assert_eq!(after.history.len(), before.history.len() + 1);
            } else {
                assert_eq!(refusal(result), "transition", "{from} -> {to}");
                assert_eq!(after, before);
            }
        }
    }
}

#[test]
fn unknown_orders_and_unknown_words_are_refused() {
    let ledger = ledger();
    let id = created(&ledger, "A-1", &[("A", 1)]);
    for nobody in ["2", "01", "+1", "A-1", "", "99999999999999999999"] {
        let nobody = ErpOrderId::new(nobody);
        assert_eq!(ledger.read_order(&nobody).unwrap(), None);
        assert_eq!(ledger.order_detail(&nobody).unwrap(), None);
        assert_eq!(refusal(ledger.set_status(&nobody, &Status::Picking, "", at(2))), "not_found");
        assert_eq!(refusal(ledger.cancel_order(&nobody, "", at(2))), "not_found");
    }
    assert_eq!(refusal(ledger.set_status(&id, &Status::Unknown("x".into()), "", at(2))), "transition");
}

#[test]
fn a_cancellation_happens_once_and_releases_what_was_reserved() {
    let ledger = ledger();
    let mut new = order("A-1", &[("A", 2), ("A", 1)]);
    new.status = Status::AwaitingPayment;
    let id = ledger.create_order(&new, at(1)).unwrap().id;
    assert_eq!(stock_of(&ledger, "A"), (10, 3));
    let cancelled = ledger.cancel_order(&id, "não pago", at(5)).unwrap();
    assert_eq!(cancelled.status, Status::Cancelled);
    assert_eq!((cancelled.cancelled_at, cancelled.cancel_reason.as_deref()), (Some(at(5)), Some("não pago")));
    assert_eq!(stock_of(&ledger, "A"), (10, 0));
    let before = ledger.order_detail(&id).unwrap();
    assert_eq!(ledger.cancel_order(&id, "outra vez", at(6)).unwrap(), cancelled);
    assert_eq!(ledger.set_status(&id, &Status::Cancelled, "e outra", at(7)).unwrap(), cancelled);
    assert_eq!(ledger.order_detail(&id).unwrap(), before);
    assert!(
        before
            .unwrap()
            .reservations
            .iter()
            .all(|r| { (r.released_at, r.released_why.as_deref()) == (Some(at(5)), Some("cancelled")) })
    );
}

#[test]
fn setting_the_status_to_cancelled_is_a_cancellation() {
    let ledger = ledger();
    let id = created(&ledger, "A-1", &[("A", 2)]);
    let order = ledger.set_status(&id, &Status::Cancelled, "a pedido", at(5)).unwrap();
    assert_eq!(order.cancel_reason.as_deref(), Some("a pedido"));
    assert_eq!(stock_of(&ledger, "A"), (10, 0));
}

#[test]
fn an_order_that_came_back_holds_nothing() {
    let ledger = ledger();
    let id = created(&ledger, "A-1", &[("A", 2)]);
    for status in [Status::Shipped, Status::Returned] {
        ledger.set_status(&id, &status, "", at(5)).unwrap();
    }
    assert_eq!(stock_of(&ledger, "A"), (10, 0));
    assert_eq!(refusal(ledger.cancel_order(&id, "", at(6))), "transition");
}

#[test]
fn an_invoice_stops_a_cancellation_until_it_is_cancelled_itself() {
    let ledger = ledger();
    let id = created(&ledger, "A-1", &[("A", 2)]);
    ledger.post_invoice(&id, &invoice(1, None), at(2)).unwrap();
    assert_eq!(refusal(ledger.cancel_order(&id, "", at(3))), "invoice_exists");
    assert_eq!(refusal(ledger.set_status(&id, &Status::Cancelled, "", at(3))), "invoice_exists");
    ledger.cancel_invoice(&key(1), at(4), "erro").unwrap();
    assert_eq!(ledger.cancel_order(&id, "", at(5)).unwrap().status, Status::Cancelled);
    assert_eq!(stock_of(&ledger, "A"), (10, 0));
}

#[test]
fn history_and_released_reservations_cannot_be_rewritten() {
    let ledger = ledger();
    let id = created(&ledger, "A-1", &[("A", 2)]);
    ledger.cancel_order(&id, "", at(2)).unwrap();
    for sql in [
        "UPDATE order_history SET status = 'paid'",
        "UPDATE reservations SET released_at = NULL, released_why = NULL",
        "UPDATE stock_movements SET balance = 0",
        "INSERT INTO orders SELECT 99, channel, store_number, NULL, NULL, 0, 'paid', NULL, 0, 0, 0, 0, 0, NULL, \
         NULL, NULL, NULL, '', 0, 0, 0, NULL, NULL FROM orders",
    ] {
        let error = ledger.connection.execute_batch(sql).unwrap_err();
        assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::ConstraintViolation), "{sql}: {error}");
    }
}
