//! Answers that are not what they should be, of either channel and either ERP, at any call of any verb.
//!
//! Some only break: what the platform says is cut, garbled, repeated, or not there. Clean runs later the world looks as if nothing had
//! happened. Others lie: one value of the answer is missing, of another type, or another. Nobody can know the truth then; but no
//! order comes twice into the ERP, no invoice is sent twice, nothing is cancelled that was not to be cancelled, what was told in the
//! wrong shape promises no unit twice, and in the end every order is as it would have been, or held with a reason.
//!
//! What is drawn depends on the case's number alone. Needs `sh` and `timeout`, which bound memory and time of each run.

use std::sync::atomic::{AtomicU64, Ordering};

use super::disturbed::{Case, ended_well, run_bounded, try_each};
use crate::day::Turn;
use crate::office::Office;
use crate::sandbox::{Fault, Kind, Mangle};
use crate::shop::Shop;
use crate::torture;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Breaks,
    /// Lies in the shape of what is told.
    Misshapes,
    /// Lies in its content.
    Lies,
}

/// What only breaks, wherever it strikes.
fn any_break(case: &mut Case) -> Mangle {
    let part = case.random.usize(..1000);
    match case.random.u8(..14) {
        0..3 => Mangle::Cut(part),
        3 => Mangle::SaysLess(part),
        4 => Mangle::SaysMore(1 + part),
        5 => Mangle::WebPage,
        6 => Mangle::Word,
        7 => Mangle::NoText(part),
        8 => Mangle::Padded(*case.any(&[10, 25])),
        9 => Mangle::Deep,
        10 => Mangle::MoreFields,
        11 => Mangle::FieldsTwice,
        _ => Mangle::SamePage,
    }
}

/// What breaks a list, which is only a hint: an order that is missing in it is in the next one.
pub const LISTS: [(&str, &str); 3] = [("GET", "/api/oms/pvt/orders?"), ("GET", "/feed"), ("GET", "/orders?")];

/// And the ERP's.
pub const ERP_LISTS: [(&str, &str); 3] = [("GET", "/pedidos/situacao"), ("GET", "/pedidos?"), ("GET", "/estoques?")];

fn any_list_break(case: &mut Case) -> Mangle {
    let seed = case.seed();
    *case.any(&[Mangle::Reversed, Mangle::RowsTwice, Mangle::RowMissing(seed), Mangle::SamePage, Mangle::Empty])
}

/// Whether a run is led to believe what is not so: that there is no more to do, where rows of a list are not there; or that its
/// credentials are not good, where it is shown a page.
fn misleads(fault: &Fault) -> bool {
    matches!(fault.kind(), Kind::Mangled(Mangle::RowMissing(_) | Mangle::SamePage | Mangle::Empty | Mangle::WebPage))
}

pub fn any_fault(case: &mut Case, class: Class, lists: &[(&'static str, &'static str)], calls: u32) -> Fault {
    let (mangle, place) = match class {
        Class::Breaks if case.random.u8(..4) == 0 => (any_list_break(case), *case.any(lists)),
        Class::Breaks => (any_break(case), ("", "")),
        Class::Misshapes => (Mangle::Shape(case.seed()), ("", "")),
        Class::Lies => (Mangle::Content(case.seed()), ("", "")),
    };
    let kind = Kind::Mangled(mangle);
    let fault = match case.random.u8(..8) {
        0 => Fault::always(kind),
        1 => Fault::share(20, case.seed(), kind),
        _ => Fault::next(case.random.u32(1..4), kind).after(case.random.u32(..calls.max(1))),
    };
    fault.on(place.0, place.1)
}

#[test]
fn whatever_an_answer_looks_like_nothing_is_done_twice_or_lost() {
    let cases = torture::cases(24, 3_600);
    let (answers, lies) = (AtomicU64::new(0), AtomicU64::new(0));
    try_each(cases, 6, |mut case| {
        let class = [Class::Breaks, Class::Misshapes, Class::Breaks, Class::Lies][case.number as usize % 4];
        let struck = mangled(&mut case, class);
        answers.fetch_add(struck, Ordering::SeqCst);
        if class != Class::Breaks {
            lies.fetch_add(struck, Ordering::SeqCst);
        }
    });
    let (answers, lies) = (answers.into_inner(), lies.into_inner());
    torture::held(
        "answers",
        usize::try_from(answers).unwrap(),
        format!("answers mangled in {cases} runs: {} that only broke, {lies} that lied", answers - lies),
    );
}

/// Gives how many answers were mangled.
fn mangled(case: &mut Case, class: Class) -> u64 {
    let turn = case.turn();
    let shop = turn.begin();
    let faults =
        |case: &mut Case, lists, calls| (0..2).map(|_| any_fault(case, class, lists, calls)).collect::<Vec<_>>();
    let (at_channel, in_erp) = (faults(case, &LISTS, turn.calls), faults(case, &ERP_LISTS, turn.erp_calls));
    let told = format!("{turn}, {class:?}: {at_channel:?}, {in_erp:?}");
    let is_misled = at_channel.iter().chain(&in_erp).any(misleads);
    // With either, or with both.
    match case.random.u8(..3) {
        0 if turn.office == Office::Eccosys => turn.strike_erp(&shop, in_erp),
        1 if turn.office == Office::Eccosys => {
            turn.strike_erp(&shop, in_erp);
            turn.strike_channel(&shop, at_channel);
        }
        _ => turn.strike_channel(&shop, at_channel),
    }
    let ran = run_bounded(&shop, &turn.side().args(turn.verb));
    let struck = shop.struck();
    if class == Class::Breaks && !is_misled {
        turn.tells_the_truth(&shop, &ran, &told);
    } else {
        turn.tells_what_it_left(&shop, &ran, &told);
    }
    match class {
        Class::Breaks => turn.recovers(&shop),
        Class::Misshapes | Class::Lies => {
            if class == Class::Misshapes {
                turn.promises_nothing_twice(&shop);
            }
            settles(turn, &shop, &told);
        }
    }
    struck
}

/// Clean runs later nothing dangerous has happened, and what is not as it would have been is held.
fn settles(turn: &Turn, shop: &Shop, told: &str) {
    turn.calm(shop);
    ended_well(&turn.side().run(shop, turn.verb), told);
    let is_whole = turn.goes_on(shop);
    for _ in 0..3 {
        ended_well(&turn.sync(shop), told);
    }
    let before = turn.effects(shop);
    ended_well(&turn.sync(shop), told);
    assert_eq!(turn.effects(shop), before, "a further run has no effect: {told}");
    let (truth, end) = (shop.truth(), &turn.end);
    for (id, orders) in &truth.erp {
        assert_eq!(orders.len(), 1, "order {id} in the ERP: {told}");
    }
    for (id, order) in &truth.channel {
        for (effect, times) in order.effects.iter().filter(|(effect, _)| effect.starts_with("invoice")) {
            assert_eq!(*times, 1, "{effect} of order {id}: {told}");
        }
        assert!(order.cancelled.is_none() || end.channel[id].cancelled.is_some(), "order {id} is cancelled: {told}");
    }
    let held = |id: &String| truth.holds.iter().any(|(what, _)| what == id);
    for (id, fate) in end.fates.iter().filter(|_| is_whole) {
        let now = truth.fates.get(id).map_or("lost", String::as_str);
        assert!(now == fate || held(id), "order {id} is {now} and not {fate}: {told}");
    }
}
