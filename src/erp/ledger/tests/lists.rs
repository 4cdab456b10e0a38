//! Finding orders: lists, numbers people type, numbers on invoices, changes.

use super::*;
use crate::model::Marketplace;

fn numbers(orders: &[OrderSummary]) -> Vec<&str> {
    orders.iter().map(|order| order.number.as_str()).collect()
}

#[test]
fn a_number_on_a_paper_finds_its_order() {
    let ledger = ledger();
    let ids = ["A-1", "A-2"].map(|number| created(&ledger, number, &[("A", 1)]));
    ledger.post_invoice(&ids[1], &invoice(1001, None), at(5)).unwrap();
    let parcel =
        Shipment { tracking_code: Some("BR1".into()), collection_order: Some("77".into()), ..Shipment::default() };
    ledger.set_shipment(&ids[0], &parcel, at(5)).unwrap();
    let find = |text: &str| -> Vec<String> {
        numbers(&ledger.orders_by_paper(text).unwrap()).into_iter().map(Into::into).collect()
    };
    let spaced = format!("NFe{} {}", &key(1001)[..20], &key(1001)[20..]);
    for (text, order) in
        [("1001", "2"), ("000001001", "2"), (&key(1001), "2"), (&spaced, "2"), ("BR1", "1"), ("77", "1")]
    {
        assert_eq!(find(text), [order], "{text}");
    }
    assert_eq!((find("1"), find(""), find("BR")), (vec![], vec![], vec![]));
}

#[test]
fn a_list_is_what_its_filter_says() {
    let ledger = ledger();
    for (number, channel, placed) in [("A-1", "loja", 10), ("A-2", "loja", 20), ("1", "hub", 30)] {
        let (channel, created_at) = (ChannelName::new(channel), at(placed));
        ledger.create_order(&NewOrder { channel, created_at, ..order(number, &[("A", 1)]) }, at(100)).unwrap();
    }
    ledger.set_status(&ErpOrderId::new("2"), &Status::Picking, "", at(200)).unwrap();
    let list = |filter: OrderFilter| -> Vec<String> {
        let orders = ledger.orders(&filter).unwrap();
        numbers(&orders).into_iter().map(Into::into).collect()
    };
    let all = OrderFilter::default;
    assert_eq!(list(all()), ["3", "2", "1"]);
    assert_eq!(list(OrderFilter { limit: Some(2), ..all() }), ["3", "2"]);
    assert_eq!(list(OrderFilter { channel: Some(ChannelName::new("loja")), ..all() }), ["2", "1"]);
    assert_eq!(list(OrderFilter { status: Some(Status::Picking), ..all() }), ["2"]);
    assert_eq!(list(OrderFilter { number: Some("1".into()), ..all() }), ["3", "1"]);
    assert_eq!(list(OrderFilter { number: Some("A-1".into()), ..all() }), ["1"]);
    assert_eq!(list(OrderFilter { since: Some(at(10)), until: Some(at(20)), ..all() }), ["1"]);
    assert_eq!(list(OrderFilter { since: Some(at(20)), channel: Some(ChannelName::new("loja")), ..all() }), ["2"]);

    let second = &ledger.orders(&OrderFilter { limit: Some(2), ..all() }).unwrap()[1];
    assert_eq!((second.placed_at, second.changed_at), (at(20), at(200)));
    assert_eq!(numbers(&ledger.order_by_any(" 1 ").unwrap()), ["1", "3"]);
    assert_eq!(numbers(&ledger.order_by_any("A-2").unwrap()), ["2"]);
    assert_eq!(numbers(&ledger.order_by_any("01").unwrap()), [""; 0]);
    assert_eq!(numbers(&ledger.order_by_any("").unwrap()), [""; 0]);
}

#[test]
fn an_invoice_finds_its_order_by_every_number_it_may_carry() {
    let ledger = ledger();
    let mut marketplace = order("1543219876543-01", &[("A", 1)]);
    marketplace.marketplace = Some(Marketplace {
        name: "MLB".into(),
        account: None,
        order_id: Some("2000001".into()),
        internal_id: None,
        intermediary_tax_id: None,
    });
    ledger.create_order(&marketplace, at(1)).unwrap();
    let mut foreign = order("1543219876543-02", &[("A", 1)]);
    foreign.customer.document = None;
    ledger.create_order(&foreign, at(1)).unwrap();
    let found = |candidates: &[&str]| -> Vec<(String, MatchedBy, bool)> {
        let found = ledger.orders_for_invoice(candidates).unwrap();
        found.iter().map(|c| (c.order.number.clone(), c.matched, c.document.is_some())).collect()
    };
    use MatchedBy::{ErpNumber, MarketplaceNumber, StoreNumber, StoreNumberCut};
    assert_eq!(found(&["1543219876543-01"]), [("1".into(), StoreNumber, true)]);
    assert_eq!(found(&["2"]), [("2".into(), ErpNumber, false)]);
    assert_eq!(found(&[" 2000001 ", ""]), [("1".into(), MarketplaceNumber, true)]);
    assert_eq!(found(&["2000001", "1", "1"]), [("1".into(), ErpNumber, true)]);
    // Fifteen characters are all an item's xPed holds: both orders begin so.
    assert_eq!(found(&["1543219876543-0"]), [("1".into(), StoreNumberCut, true), ("2".into(), StoreNumberCut, false)]);
    assert_eq!(found(&["1543219876543-", "154321987654_-0", "nothing"]), []);
    let document = ledger.orders_for_invoice(&["1"]).unwrap().remove(0).document.unwrap();
    assert_eq!(document.as_str(), "52998224725");
    assert!(!format!("{document:?}").contains("52998224725"));
}

#[test]
fn whoever_follows_the_changes_sees_every_one_however_small_the_pages() {
    let ledger = ledger();
    let mut seen = std::collections::BTreeMap::new();
    let mut seq = 0;
    for round in 0..12_u32 {
        for n in 0..3 {
            created(&ledger, &format!("A-{round}-{n}"), &[("A", 1)]);
        }
        let earlier = ErpOrderId::new((round + 1).to_string());
        match round % 3 {
            0 => drop(ledger.cancel_order(&earlier, "", at(2)).unwrap()),
            1 => drop(ledger.post_invoice(&earlier, &invoice(round, None), at(2)).unwrap()),
            _ => drop(ledger.set_status(&earlier, &Status::Picking, "", at(2)).unwrap()),
        }
        loop {
            let changes = ledger.orders_changed_since(seq, 2).unwrap();
            seq = changes.seq;
            let done = changes.orders.is_empty();
            seen.extend(changes.orders.into_iter().map(|order| (order.id.as_str().parse::<i64>().unwrap(), order)));
            if done {
                break;
            }
        }
        let mut all = ledger.orders(&OrderFilter::default()).unwrap();
        all.reverse();
        assert_eq!(seen.values().cloned().collect::<Vec<_>>(), all);
    }
    // Counting stock changes no order.
    ledger.set_stocks(&[StockCount { sku: Sku::new("A"), warehouse: None, quantity: 1 }], at(3), "").unwrap();
    assert_eq!(ledger.orders_changed_since(seq, 2).unwrap().orders, []);
    assert_eq!(ledger.orders_changed_since(0, 0).unwrap().seq, 0);
}
