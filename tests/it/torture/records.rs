//! What must be on the disk before it may be in the world: whatever was acknowledged or done has its record, at every moment.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;

use crate::office::Office;
use crate::sandbox::{AnyEffect, EccEffect, Effect};
use crate::shop::Shop;

/// A line of the journal: the order or the channel's SKU, what was done to it, and when it was last meant to be.
type Row = (String, String, i64);

/// What the two files of a shop have on record.
#[derive(Default)]
pub struct Records {
    seen: BTreeSet<String>,
    journal: BTreeSet<Row>,
    /// The orders of the ledger.
    in_ledger: BTreeSet<String>,
}

impl Records {
    /// Of these files, which must be sound. A state file that was never finished has nothing.
    pub fn of(state: &Path, ledger: &Path) -> Self {
        let (state, ledger) = (open(state), open(ledger));
        if !has_orders(&state) {
            return Self::default();
        }
        let rows = |sql| {
            let mut statement = state.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
            rows.map(Result::unwrap).collect::<BTreeSet<Row>>()
        };
        let names = |file: &Connection, sql| {
            let mut statement = file.prepare(sql).unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        let mut journal =
            rows("SELECT o.order_id, j.action, j.intended_at FROM journal j JOIN orders o ON o.id = j.order_row");
        journal.extend(rows(
            "SELECT s.channel_sku, j.action, j.intended_at FROM journal j
             JOIN stock s ON j.key = 'push_stock:' || s.channel || ':' || s.warehouse || ':' || s.sku",
        ));
        journal.extend(rows(
            "SELECT o.store_number, 'delivery', 0 FROM mirror_deliveries d
             JOIN mirror_invoices i ON i.access_key = d.access_key JOIN mirror_orders o ON o.id = i.order_id",
        ));
        Self {
            seen: names(&state, "SELECT order_id FROM orders"),
            journal,
            in_ledger: names(&ledger, "SELECT store_number FROM orders"),
        }
    }

    /// As they are in the shop's folder.
    pub fn of_shop(shop: &Shop) -> Self {
        Self::of(&shop.path("vaivem.db"), &shop.path("ledger.db"))
    }
}

fn open(file: &Path) -> Connection {
    let file = Connection::open(file).unwrap();
    let found: String = file.query_row("PRAGMA quick_check", [], |row| row.get(0)).unwrap();
    assert_eq!(found, "ok");
    file
}

fn has_orders(file: &Connection) -> bool {
    let found = "SELECT count(*) FROM sqlite_schema WHERE name = 'orders'";
    file.query_row(found, [], |row| row.get::<_, i64>(0)).unwrap() > 0
}

/// What happened in the world since `before` that these records do not know of.
pub fn unrecorded(before: &Shop, shop: &Shop, records: &Records) -> Vec<String> {
    let known = Records::of_shop(before);
    let fresh: BTreeSet<(&str, &str)> =
        records.journal.difference(&known.journal).map(|(of, action, _)| (of.as_str(), action.as_str())).collect();
    let mut missing = Vec::new();
    for (of, action) in done_since(before, shop) {
        let is_there = match action {
            "" => fresh.iter().any(|(one, _)| *one == of),
            _ => fresh.contains(&(of.as_str(), action)),
        };
        if !is_there {
            missing.push(format!("{of} was written to ({action}), and no record says so"));
        }
        if action == "take_over" && !is_in_erp(shop, records, &of) {
            missing.push(format!("order {of} was taken over, and the ERP does not have it"));
        }
    }
    for order in acknowledged_since(before, shop) {
        if !records.seen.contains(&order) {
            missing.push(format!("order {order} was acknowledged, and no record knows it"));
        }
    }
    missing
}

fn is_in_erp(shop: &Shop, records: &Records, order: &str) -> bool {
    match shop.office() {
        Office::Ledger => records.in_ledger.contains(order),
        Office::Eccosys => shop.eccosys(|e| e.orders.values().any(|one| one.store_number == order)),
    }
}

/// What was done on either side, by the sandbox's own account: to which order or SKU, and what the journal calls it, if it has one name
/// for it only.
fn done_since(before: &Shop, shop: &Shop) -> Vec<(String, &'static str)> {
    let old = (before.vtex(|v| v.effects.len()), before.hub(|a| a.effects.len()), before.eccosys(|e| e.effects.len()));
    let mut done: Vec<(String, &str)> = shop.vtex(|v| v.effects[old.0..].iter().filter_map(on_vtex).collect());
    done.extend(shop.hub(|a| a.effects[old.1..].iter().filter_map(on_hub).collect::<Vec<_>>()));
    done.extend(shop.eccosys(|e| e.effects[old.2..].iter().filter_map(in_eccosys).collect::<Vec<_>>()));
    done
}

fn on_vtex(effect: &Effect) -> Option<(String, &'static str)> {
    let action = match effect {
        Effect::StartHandling { .. } => "take_over",
        Effect::Cancel { .. } => "cancel_on_channel",
        Effect::DenyCancellation { .. } => "deny_cancellation",
        Effect::Invoice { .. } | Effect::InvoiceAgain { .. } => "send_invoice",
        Effect::Tracking { .. } => "send_tracking",
        Effect::TrackingEvents { .. } => "send_tracking_events",
        Effect::Stock { sku, .. } => return Some((sku.clone(), "push_stock")),
        Effect::FeedConfigured | Effect::LeadTime { .. } => return None,
    };
    Some((effect.order()?.to_owned(), action))
}

fn on_hub(effect: &AnyEffect) -> Option<(String, &'static str)> {
    let action = match effect {
        AnyEffect::Invoiced { .. } => "send_invoice",
        AnyEffect::Xml { .. } => "send_xml",
        AnyEffect::Canceled { .. } => "cancel_on_channel",
        AnyEffect::Shipped { .. } => "send_tracking",
        AnyEffect::Delivered { .. } => "send_tracking_events",
        AnyEffect::Stock { sku, .. } => return Some((sku.clone(), "push_stock")),
        _ => "",
    };
    Some((effect.order()?.to_string(), action))
}

fn in_eccosys(effect: &EccEffect) -> Option<(String, &'static str)> {
    let action = match effect {
        EccEffect::Created { .. } => "create_order",
        // What a carrier said is on record as that.
        EccEffect::Changed { fields, .. } if fields.contains_key("dataEntrega") => "delivery",
        _ => "",
    };
    Some((effect.order()?.to_owned(), action))
}

/// The orders that a feed told of before and does not any more.
fn acknowledged_since(before: &Shop, shop: &Shop) -> Vec<String> {
    let on_vtex = |shop: &Shop| -> Vec<(String, usize)> {
        shop.vtex(|v| v.orders.keys().map(|id| (id.clone(), v.feed.of(id))).collect())
    };
    let on_hub = |shop: &Shop| -> Vec<(String, usize)> {
        shop.hub(|a| a.orders.keys().map(|id| (id.to_string(), a.feed.of(*id).len())).collect())
    };
    let waiting = |shop: &Shop| on_vtex(shop).into_iter().chain(on_hub(shop));
    let now: BTreeSet<String> = waiting(shop).filter(|(_, events)| *events > 0).map(|(id, _)| id).collect();
    waiting(before).filter(|(id, events)| *events > 0 && !now.contains(id)).map(|(id, _)| id).collect()
}

/// That the records of an undisturbed day know of all of it, so that what is missing in another is missed.
#[test]
fn an_undisturbed_run_records_all_it_does() {
    for turn in crate::day::turns() {
        let shop = turn.begin();
        let _ = shop.run(&turn.side().args(turn.verb)).exits(turn.exit_of());
        let records = Records::of_shop(&shop);
        assert_eq!(unrecorded(turn.before(), &shop, &records), [""; 0], "{turn}");
        let done = done_since(turn.before(), &shop).len() + acknowledged_since(turn.before(), &shop).len();
        println!("{turn}: {done}");
    }
}
