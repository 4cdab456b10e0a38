//! Writes that happen and then do not look as if they had: a 500 after the effect, no answer, half an answer, an answer that comes when
//! nobody waits any more. At 1, 5, 20 and 50 % of all calls, in every verb, on both channels and both ERPs, clean runs later the
//! world looks as if nothing had happened.

use std::sync::atomic::{AtomicU64, Ordering};

use super::disturbed::{Case, ended_well, try_each};
use crate::sandbox::{Fault, Kind};
use crate::torture;

const VERBS: [&str; 6] =
    ["import-orders", "sync-payments", "auto-cancel", "push-invoices", "push-tracking", "push-stock"];

const PERCENT: [u8; 4] = [1, 5, 20, 50];

/// Longer than the shop waits for an answer.
const TOO_LATE: Kind = Kind::SlowMs(2_200);

const KINDS: [Kind; 4] = [Kind::Applied500, Kind::TimeoutAfterWrite, Kind::Truncated, TOO_LATE];

#[test]
fn what_is_done_without_a_clear_answer_is_looked_up_and_not_done_again() {
    let cases = torture::cases(24, 2_400);
    let struck = AtomicU64::new(0);
    try_each(cases, 8, |mut case| {
        let number = case.number as usize - 1;
        let (verb, percent) = (VERBS[number % 6], PERCENT[number / 6 % 4]);
        // Waiting for what comes too late takes long, so it is not the most frequent.
        let kind = KINDS[[0, 1, 2, 0, 1, 3][(number + number / 6 + number / 24) % 6]].clone();
        strikes(&mut case, verb, percent, &kind, &struck);
    });
    let struck = struck.into_inner();
    torture::held("half_done", cases as usize, format!("{struck} calls took effect and did not look like it"));
}

fn strikes(case: &mut Case, verb: &str, percent: u8, kind: &Kind, struck: &AtomicU64) {
    let turn = case.turn_of(verb);
    let told = format!("{turn}, {kind:?} at {percent} %");
    let shop = turn.begin();
    turn.strike_channel(&shop, vec![Fault::share(percent, case.seed(), kind.clone())]);
    turn.strike_erp(&shop, vec![Fault::share(percent, case.seed(), kind.clone())]);
    turn.tells_the_truth(&shop, &shop.run(&turn.side().args(verb)), &told);
    // The next cron runs may meet the same.
    if case.random.u8(..3) == 0 {
        ended_well(&turn.sync(&shop), &told);
    }
    struck.fetch_add(shop.struck(), Ordering::SeqCst);
    turn.recovers(&shop);
}
