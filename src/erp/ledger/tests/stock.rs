//! Stock: counts, readings, what changed.

use super::*;
use crate::model::WarehouseId;

fn count(sku: &str, warehouse: Option<&str>, quantity: i64) -> StockCount {
    StockCount { sku: Sku::new(sku), warehouse: warehouse.map(WarehouseId::new), quantity }
}

fn changed(ledger: &Ledger, seq: i64) -> Vec<(String, i64, i64)> {
    let part = ledger.stock_part(seq, None, 100, at(9)).unwrap();
    part.reading.levels.into_iter().map(|l| (format!("{}@{}", l.sku, l.warehouse), l.physical, l.reserved)).collect()
}

#[test]
fn a_count_sets_the_balance_once_and_touches_no_reservation() {
    let ledger = ledger();
    created(&ledger, "A-1", &[("A", 4)]);
    let seq = ledger.stock_part(0, None, 100, at(2)).unwrap().seq;
    assert_eq!(ledger.set_stocks(&[count("A", None, 3), count("B", None, 10)], at(5), "sheet 2").unwrap(), 1);
    assert_eq!(stock_of(&ledger, "A"), (3, 4));
    assert_eq!(changed(&ledger, seq), [("A@default".into(), 3, 4)]);
    let seq = ledger.stock_part(0, None, 100, at(2)).unwrap().seq;
    assert_eq!(ledger.set_stocks(&[count("A", None, 3)], at(6), "sheet 2 again").unwrap(), 0);
    let part = ledger.stock_part(seq, None, 100, at(7)).unwrap();
    assert_eq!((part.reading.levels.len(), part.seq, part.reading.read_at), (0, seq, at(7)));

    let movements = ledger.stock_movements(&Sku::new("A"), 10).unwrap();
    let told: Vec<_> = movements.iter().map(|m| (m.at, m.change, m.balance, m.why.as_str())).collect();
    assert_eq!(told, [(at(5), -7, 3, "sheet 2"), (at(0), 10, 10, "first count")]);
}

#[test]
fn what_was_sold_beyond_the_shelf_shows_as_less_than_nothing() {
    let ledger = ledger();
    created(&ledger, "A-1", &[("A", 12)]);
    let level = &ledger.stock_levels(&[Sku::new("A")], at(2)).unwrap().levels[0];
    assert_eq!((level.physical, level.reserved, level.available()), (10, 12, -2));
}

#[test]
fn a_count_of_unknown_products_or_places_takes_nothing() {
    let ledger = ledger();
    assert_eq!(refusal(ledger.set_stocks(&[count("A", None, 1), count("X", None, 1)], at(1), "")), "unknown_sku");
    let somewhere = count("B", Some("1_1"), 1);
    assert_eq!(refusal(ledger.set_stocks(&[count("A", None, 1), somewhere], at(1), "")), "unknown_warehouse");
    assert_eq!(stock_of(&ledger, "A"), (10, 0));
}

#[test]
fn a_product_that_was_never_counted_says_so() {
    let ledger = ledger();
    ledger.upsert_products(&[Product { sku: Sku::new("D"), name: None }], at(1)).unwrap();
    assert_eq!(ledger.stock_levels(&[Sku::new("D")], at(1)).unwrap().levels, []);
    created(&ledger, "A-1", &[("D", 1)]);
    let level = || ledger.stock_levels(&[Sku::new("D")], at(1)).unwrap().levels.remove(0);
    assert_eq!((level().counted, level().available()), (false, -1));
    let seq = level().changed_seq;
    // A count of zero is news, though the number is the same.
    assert_eq!(ledger.set_stocks(&[count("D", None, 0)], at(2), "").unwrap(), 1);
    assert_eq!((level().counted, level().available()), (true, -1));
    assert_eq!(changed(&ledger, seq), [("D@default".into(), 0, 1)]);
}

#[test]
fn each_warehouse_has_its_own_balance() {
    let ledger = ledger();
    ledger.upsert_warehouses(&[Warehouse { id: WarehouseId::new("1_1"), name: None }]).unwrap();
    ledger.set_stocks(&[count("A", Some("1_1"), 5)], at(1), "").unwrap();
    let mut new = order("A-1", &[("A", 1), ("A", 2)]);
    new.lines[1].warehouse = Some(WarehouseId::new("1_1"));
    ledger.create_order(&new, at(2)).unwrap();
    assert_eq!(changed(&ledger, 0)[..2], [("A@1_1".into(), 5, 2), ("A@default".into(), 10, 1)]);
}

#[test]
fn whoever_follows_the_changes_ends_with_the_whole_picture() {
    let ledger = ledger();
    let mut known = std::collections::BTreeMap::new();
    let mut seq = 0;
    for round in 0..20_u32 {
        let id = created(&ledger, &format!("A-{round}"), &[(["A", "B", "C"][round as usize % 3], 1)]);
        match round % 4 {
            0 => drop(ledger.cancel_order(&id, "", at(2)).unwrap()),
            1 => drop(ledger.post_invoice(&id, &invoice(round, None), at(2)).unwrap()),
            2 => drop(ledger.set_stocks(&[count("B", None, i64::from(round))], at(2), "").unwrap()),
            _ => {}
        }
        // In parts of one product each.
        let (since, mut mark) = (seq, None);
        loop {
            let part = ledger.stock_part(since, mark.as_ref(), 1, at(3)).unwrap();
            seq = part.seq;
            let levels = part.reading.levels.into_iter();
            known.extend(levels.map(|level| ((level.sku.clone(), level.warehouse.clone()), level)));
            mark = part.next;
            if mark.is_none() {
                break;
            }
        }
        assert_eq!(known.values().cloned().collect::<Vec<_>>(), all_levels(&ledger, at(3)));
    }
}

#[test]
fn all_codes_come_once_and_in_order_whatever_the_size_of_a_page() {
    let ledger = ledger();
    let more = ["a", "AB", "\u{e9}", "10", "9"].map(|sku| Product { sku: Sku::new(sku), name: None });
    ledger.upsert_products(&more, at(1)).unwrap();
    for size in 1..10 {
        let pages: Vec<Vec<Sku>> = ledger.sku_pages(size).map(Result::unwrap).collect();
        assert!(pages.iter().all(|page| (1..=size).contains(&page.len())), "{pages:?}");
        assert_eq!(pages.concat(), ["10", "9", "A", "AB", "B", "C", "a", "\u{e9}"].map(Sku::new));
    }
}

/// More than a statement of SQLite takes values (32,766). How long it takes, `examples/bench` measures.
#[test]
fn tens_of_thousands_of_products_are_no_matter() {
    const MANY: usize = 40_000;
    let ledger = ledger();
    let skus: Vec<Sku> = (0..MANY).map(|n| Sku::new(format!("SKU-{n:06}"))).collect();
    let products: Vec<_> = skus.iter().map(|sku| Product { sku: sku.clone(), name: None }).collect();
    let counts: Vec<_> = skus.iter().map(|sku| count(sku.as_str(), None, 7)).collect();
    assert_eq!(ledger.upsert_products(&products, at(1)).unwrap(), MANY);
    assert_eq!(ledger.set_stocks(&counts, at(1), "sheet").unwrap(), MANY);
    assert_eq!(ledger.set_stocks(&counts, at(2), "sheet").unwrap(), 0, "counted the same");
    assert_eq!(ledger.stock_levels(&skus, at(3)).unwrap().levels.len(), MANY);
    assert_eq!(ledger.known_skus(&skus).unwrap().len(), MANY);
    let seq = ledger.stock_part(0, None, 1, at(3)).unwrap().seq;
    created(&ledger, "A-1", &[("SKU-000077", 1)]);
    assert_eq!(changed(&ledger, seq), [("SKU-000077@default".into(), 7, 1)]);
}

#[test]
fn no_balance_is_changed_on_the_word_of_a_damaged_row() {
    for damage in ["UPDATE stock SET physical = 99", "UPDATE sequence SET seq = 9", "UPDATE sequence SET only = 3"] {
        let ledger = ledger();
        if damage.contains("only") {
            ledger.connection.execute_batch("PRAGMA ignore_check_constraints = 1").unwrap();
        }
        crate::store::seal::damage(&ledger.connection, damage);
        let counted = ledger.set_stocks(&[count("A", None, 7)], at(1), "second count");
        assert!(counted.is_err(), "{damage}: {counted:?}");
        let sold = ledger.create_order(&order("A-1", &[("A", 2)]), at(2));
        assert!(sold.is_err(), "{damage}: {sold:?}");
    }
}
