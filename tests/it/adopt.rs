//! A state file that is lost at any moment of a day, and rebuilt from both sides: the day ends as if nothing had happened.

mod week;

use crate::day::{Turn, turns};
use crate::office::Office;
use crate::shop::{Shop, paid};
use crate::truth::Truth;

/// The state file is gone, as with the disk it was on.
pub fn lose_state(shop: &Shop) {
    for file in ["vaivem.db", "vaivem.db-wal", "vaivem.db-shm"] {
        let _ = std::fs::remove_file(shop.path(file));
    }
}

pub fn since() -> String {
    (chrono::Utc::now() - chrono::TimeDelta::days(60)).format("%Y-%m-%d").to_string()
}

/// Loses the state file and adopts, which writes to neither side.
fn lose_and_adopt(shop: &Shop, turn: &Turn) {
    let (before, effects) = (shop.truth(), turn.side().effects(shop));
    lose_state(shop);
    let ran = shop.run(&["adopt", "--since", &since(), "--channel", turn.side().channel()]);
    assert!(matches!(ran.code, Some(0 | 3)), "{turn}: {ran:?}");
    assert_eq!(turn.side().effects(shop), effects, "{turn}");
    let after = shop.truth();
    assert_eq!((after.channel, after.erp, after.shelf), (before.channel, before.erp, before.shelf), "{turn}");
}

/// Where an order stood before a person cancelled it, Eccosys does not tell: only the state file knew that the person saw it paid. The
/// channel does not follow then, and a person must say which of the two counts. Meanwhile the hub keeps its units for it.
pub fn set_conflict_aside(truth: &mut Truth, end: &mut Truth, order: &str) {
    let conflict = (order.to_owned(), "paid_after_cancellation".to_owned());
    if truth.holds.contains(&conflict) && !end.holds.contains(&conflict) {
        for (code, units, _) in &truth.erp[order][0].lines {
            if let Some(at_hub) = end.inventory.get_mut(code) {
                at_hub.can_be_bought -= units;
            }
        }
        for truth in [truth, end] {
            truth.holds.retain(|(held, _)| held != order);
            truth.channel.remove(order);
            truth.fates.remove(order);
        }
    }
}

#[test]
fn a_day_goes_on_as_if_the_state_file_had_not_been_lost() {
    for turn in turns() {
        let shop = turn.begin();
        lose_and_adopt(&shop, turn);
        turn.to_the_end(&shop);
        // What auto-cancel had announced is announced once more.
        let _ = turn.sync(&shop).exits(3);
        let (mut truth, mut end) = (shop.truth(), turn.end.clone());
        truth.has_no_doubles();
        if turn.office == Office::Eccosys {
            set_conflict_aside(&mut truth, &mut end, turn.person());
        }
        truth.is(&end, &format!("the state file was lost before {turn}"));
    }
}

#[test]
fn an_old_copy_of_the_state_file_catches_up() {
    for turn in turns() {
        let shop = turn.begin();
        // A pass may have left its log behind; the copy is of the file alone.
        let state = shop.database("vaivem.db");
        state.execute_batch(&format!("VACUUM INTO '{}'", shop.path("old.db").display())).unwrap();
        drop(state);
        let _ = shop.run(&turn.side().args(turn.verb));
        lose_state(&shop);
        std::fs::rename(shop.path("old.db"), shop.path("vaivem.db")).unwrap();
        let ran = shop.run(&["adopt", "--since", &since(), "--channel", turn.side().channel()]);
        assert!(matches!(ran.code, Some(0 | 3)), "{turn}: {ran:?}");
        turn.to_the_end(&shop);
        let _ = turn.sync(&shop).exits(3);
        let truth = shop.truth();
        truth.has_no_doubles();
        truth.is(&turn.end, &format!("the state file was as before {turn}"));
    }
}

#[test]
fn an_order_that_is_over_is_followed_again() {
    let shop = Shop::new();
    let (kept, cancelled, gone) = (shop.place(paid()), shop.place(paid()), shop.place(paid().status("invoiced")));
    let _ = shop.import().exits(0);
    let before = shop.erp();
    lose_state(&shop);
    shop.vtex(|v| {
        v.feed.clear();
        v.set_status(&kept, "invoiced");
        v.cancel_by_customer(&cancelled);
    });
    let dry = shop.run(&["adopt", "--since", &since(), "--dry-run"]).exits(0);
    assert_eq!((&dry.summary()["linked"], &dry.summary()["dry_run"]), (&2.into(), &true.into()));
    assert!(!shop.path("vaivem.db").exists(), "a dry run keeps nothing");
    let ran = shop.run(&["adopt", "--since", &since()]).exits(0);
    assert_eq!(ran.order(&kept)["outcome"], "imported");
    assert_eq!(ran.order(&gone)["outcome"], "skipped");
    let summary = ran.summary();
    assert_eq!((&summary["listed"], &summary["linked"], &summary["left"]), (&3.into(), &2.into(), &0.into()));
    assert_eq!(shop.erp(), before, "the ERP is not touched");
    let _ = shop.sync().exits(0);
    assert_eq!(shop.erp()[&cancelled][0].status, "cancelled", "the cancellation nobody heard of");
    let again = shop.run(&["adopt", "--since", &since()]).exits(0);
    assert_eq!((&again.summary()["linked"], &again.summary()["known"]), (&0.into(), &2.into()));
}

#[test]
fn another_order_under_the_number_is_held_until_it_fits() {
    let shop = Shop::new();
    let id = shop.place(paid());
    let _ = shop.import().exits(0);
    lose_state(&shop);
    let ledger = shop.database("ledger.db");
    ledger.execute("UPDATE orders SET total = total + 1", []).unwrap();
    shop.vtex(|v| v.set_status(&id, "invoiced"));
    let ran = shop.run(&["adopt", "--since", &since()]).exits(3);
    assert_eq!(ran.order(&id)["reason"]["code"], "erp_differs");
    // Over on the channel, it is not forgotten as an order that was never ours.
    let ran = shop.import().exits(3);
    assert_eq!(ran.order(&id)["reason"]["code"], "erp_differs");
    ledger.execute("UPDATE orders SET total = total - 1", []).unwrap();
    let ran = shop.import().exits(0);
    assert_eq!(ran.order(&id)["actions"], serde_json::json!(["link_order"]));
    assert_eq!(shop.erp()[&id].len(), 1);
}

#[test]
fn what_cannot_be_adopted_is_said() {
    let shop = Shop::new();
    let ran = shop.run(&["adopt", "--since", "2026-11-02", "--until", "2026-11-01"]).exits(2);
    assert!(ran.stderr.contains("--since"), "{}", ran.stderr);
    let _ = shop.run(&["adopt", "--since", "2999-01-01"]).exits(2);
}
