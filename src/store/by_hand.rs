//! What a person does about an order: holds it, skips it, lets it go, has it tried again.

use rusqlite::{OptionalExtension, params};

use super::holds::{BY_HAND, from_json, hold_in, release_in};
use super::orders::{Fate, note};
use super::timeline::pass_to_run;
use super::{Store, millis, standing};
use crate::lang::keep;
use crate::model::Instant;
use crate::reason::Reason;

/// Why an order cannot be skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSkipped {
    /// It is in the ERP, under this number.
    InErp(String),
    /// It was cancelled, and has its fate for good.
    Cancelled,
    /// A run may have created it in the ERP, and nobody knows yet.
    Unsettled,
}

/// What a person's word ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// The hold of a person.
    Hold,
    /// The order was skipped by a person.
    Skip,
    /// Nothing: neither was so.
    Nothing,
}

impl Store {
    /// Holds an order by hand, beside whatever else holds it; no pass releases that.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn hold_by_hand(&self, order: i64, note: &str, by: &str, now: Instant) -> rusqlite::Result<()> {
        let reason = Reason::HeldByHand { note: note.to_owned(), by: Some(by.to_owned()) };
        self.write(|tx| hold_in(tx, order, BY_HAND, &reason, now))
    }

    /// Takes back what a person said of an order: that it is held, or that it is skipped. One that was skipped is decided on anew.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn release_by_hand(&self, order: i64, by: &str, now: Instant) -> rusqlite::Result<Released> {
        self.write(|tx| {
            let is_held = tx
                .prepare_cached("SELECT 1 FROM holds WHERE order_row = ?1 AND pass = ?2 AND released_at IS NULL")?
                .exists(params![order, BY_HAND])?;
            release_in(tx, order, BY_HAND, &keep!("released by {by}" | "liberado por {by}"), now)?;
            let was_skipped = standing::change(tx, order, |tx| {
                tx.prepare_cached(
                    "UPDATE orders SET fate = NULL, fate_why = NULL, fate_at = NULL, open = 1, heard = heard + 1
                     WHERE id = ?1 AND fate = 'skipped' AND fate_why ->> 'code' = 'skipped_by_hand' AND sound",
                )?
                .execute([order])
            })?;
            Ok(match (was_skipped, is_held) {
                (0, false) => Released::Nothing,
                (0, true) => Released::Hold,
                _ => {
                    note(tx, order, now, "reopened", &keep!("released by {by}" | "liberado por {by}"))?;
                    Released::Skip
                }
            })
        })
    }

    /// Gives an order that is not in the ERP the fate `skipped` for good, until a person releases it; whatever holds it lets go.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn skip_by_hand(
        &self,
        order: i64,
        why: &str,
        by: &str,
        now: Instant,
    ) -> rusqlite::Result<Result<(), NotSkipped>> {
        let reason = Reason::SkippedByHand { note: why.to_owned(), by: Some(by.to_owned()) };
        let json = serde_json::to_string(&reason).unwrap_or_default();
        self.write(|tx| {
            let (erp_number, is_cancelled, is_unsettled): (Option<String>, bool, bool) = tx
                .prepare_cached(
                    "SELECT iif(erp_id IS NULL, NULL, coalesce(erp_number, erp_id)), fate IS 'cancelled', EXISTS (
                         SELECT 1 FROM journal j WHERE j.order_row = o.id AND (j.state = 'intended' OR j.state = 'unknown'))
                     FROM orders o WHERE id = ?1",
                )?
                .query_row([order], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            if let Some(number) = erp_number {
                return Ok(Err(NotSkipped::InErp(number)));
            }
            if is_cancelled {
                return Ok(Err(NotSkipped::Cancelled));
            }
            if is_unsettled {
                return Ok(Err(NotSkipped::Unsettled));
            }
            let passes: Vec<String> = tx
                .prepare_cached("SELECT pass FROM holds WHERE order_row = ?1 AND released_at IS NULL")?
                .query_map([order], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for pass in passes {
                release_in(tx, order, &pass, &format!("skipped by {by}"), now)?;
            }
            note(tx, order, now, "decided", &format!("{}: {json}", Fate::Skipped.code()))?;
            standing::change(tx, order, |tx| {
                tx.prepare_cached(
                    "UPDATE orders SET fate = 'skipped', fate_why = ?2, fate_at = ?3, open = 0, visited = heard
                     WHERE id = ?1 AND sound",
                )?
                .execute(params![order, json, millis(now)])
            })?;
            Ok(Ok(()))
        })
    }

    /// Has whatever holds an order tried again by the next run, also what would wait for news. Gives the passes to run, none when
    /// nothing but a person holds it.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn retry_by_hand(&self, order: i64, by: &str, now: Instant) -> rusqlite::Result<Vec<String>> {
        self.write(|tx| {
            let in_erp: bool = tx
                .prepare_cached("SELECT erp_id IS NOT NULL FROM orders WHERE id = ?1")?
                .query_row([order], |row| row.get(0))?;
            let mut passes: Vec<String> = tx
                .prepare_cached("SELECT pass, reason FROM holds WHERE order_row = ?1 AND released_at IS NULL ORDER BY id")?
                .query_map([order], |row| {
                    let (pass, reason): (String, String) = (row.get(0)?, row.get(1)?);
                    Ok(pass_to_run(&pass, &from_json(reason), in_erp).map(str::to_owned))
                })?
                .filter_map(Result::transpose)
                .collect::<rusqlite::Result<_>>()?;
            passes.dedup();
            if passes.is_empty() {
                return Ok(passes);
            }
            note(tx, order, now, "retried", &keep!("by {by}" | "por {by}"))?;
            tx.prepare_cached("UPDATE orders SET heard = heard + 1, open = 1 WHERE id = ?1 AND sound")?.execute([order])?;
            tx.prepare_cached(
                "UPDATE outgoing SET news = news + 1 WHERE order_row = ?1 AND pass IN (
                     SELECT pass FROM holds WHERE order_row = ?1 AND released_at IS NULL) AND sound",
            )?
            .execute([order])?;
            // A refused cancellation is asked for again only once nothing says that it was refused.
            let refused: Option<i64> = tx
                .prepare_cached(
                    "SELECT id FROM holds WHERE order_row = ?1 AND pass = '' AND code = 'cancel_refused' AND released_at IS NULL",
                )?
                .query_row([order], |row| row.get(0))
                .optional()?;
            if refused.is_some() {
                release_in(tx, order, "", &format!("to be tried again, by {by}"), now)?;
            }
            Ok(passes)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChannelName, OrderId};
    use crate::store::journal::{Effect, State};
    use crate::store::orders::Decided;
    use crate::store::visits::Visit;

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp_millis(1_790_000_000_000 + seconds * 1_000).unwrap()
    }

    /// A state file with an order that is held.
    fn held() -> (tempfile::TempDir, Store, ChannelName) {
        let folder = tempfile::tempdir().unwrap();
        let (store, loja) = (Store::open(&folder.path().join("vaivem.db")).unwrap(), ChannelName::new("loja"));
        let row = store.order_or_new(&loja, &OrderId::new("1-01"), at(0)).unwrap();
        let reason = Reason::NotOnChannel;
        store
            .decide(&row, &Decided { fate: Fate::Held, reason: &reason, hold: Some(&reason), open: true }, at(1))
            .unwrap();
        (folder, store, loja)
    }

    fn to_import(store: &Store, channel: &ChannelName) -> Vec<i64> {
        store.to_visit(channel, Visit::ToImport { reread_before: at(1_000) }, at(1_000)).unwrap()
    }

    #[test]
    fn a_skipped_order_is_not_visited_until_it_is_released() {
        let (_folder, store, loja) = held();
        assert_eq!(to_import(&store, &loja), [1]);
        store.skip_by_hand(1, "test order", "ana", at(2)).unwrap().unwrap();
        let row = store.order(&loja, &OrderId::new("1-01")).unwrap().unwrap();
        assert_eq!(row.fate, Some(Fate::Skipped));
        assert_eq!(row.fate_why, Some(Reason::SkippedByHand { note: "test order".into(), by: Some("ana".into()) }));
        assert_eq!((to_import(&store, &loja), store.open_holds(1).unwrap()), (vec![], vec![]));
        assert_eq!(store.release_by_hand(1, "ana", at(3)).unwrap(), Released::Skip);
        assert_eq!(to_import(&store, &loja), [1]);
        assert_eq!(store.release_by_hand(1, "ana", at(4)).unwrap(), Released::Nothing);
    }

    #[test]
    fn what_is_in_the_erp_or_may_be_is_not_skipped() {
        let (_folder, store, loja) = held();
        let effect = Effect { channel: &loja, order: 1, action: "create_order", of: "" };
        store.note_intention(&effect, at(2)).unwrap();
        let skip = || store.skip_by_hand(1, "x", "ana", at(3)).unwrap();
        assert_eq!(skip(), Err(NotSkipped::Unsettled));
        store.settle(&effect, State::Failed, "refused", at(3)).unwrap();
        store.connection.execute("UPDATE orders SET erp_id = 'i7', erp_number = '7'", []).unwrap();
        assert_eq!(skip(), Err(NotSkipped::InErp("7".into())));
        store.connection.execute("UPDATE orders SET erp_id = NULL, fate = 'cancelled'", []).unwrap();
        assert_eq!(skip(), Err(NotSkipped::Cancelled));
    }

    #[test]
    fn a_retry_brings_back_what_would_wait_for_news() {
        let (_folder, store, loja) = held();
        let retry = || store.retry_by_hand(1, "ana", at(5)).unwrap();
        assert_eq!(retry(), ["import-orders"]);
        store.connection.execute("UPDATE orders SET erp_id = 'i7', erp_number = '7', open = 0", []).unwrap();
        store.write(|tx| release_in(tx, 1, "", "gone", at(2))).unwrap();
        let refused = Reason::RefusedByChannel { action: "send_invoice".into(), message: "no".into() };
        let due = store.due("push-invoices", 1).unwrap();
        let parked =
            crate::store::outgoing::Pushed { waits_for: None, hold: Some(&refused), open: false, done_with: None };
        store.conclude_push("push-invoices", 1, &due, &parked, at(3)).unwrap();
        let due = || store.to_push(&loja, "push-invoices").unwrap().news.len();
        assert_eq!(due(), 0, "it is parked");
        assert_eq!((retry(), due()), (vec!["push-invoices".to_owned()], 1));
        store.hold_by_hand(1, "x", "ana", at(4)).unwrap();
        assert_eq!(retry(), ["push-invoices"], "what a person holds is for a person to release");
    }
}
