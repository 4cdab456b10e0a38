//! The campaign: everything that may happen to the program, its machine, its network and its files, and what must hold whatever does.
//!
//! The judge is the sandbox's own ledger of effects, never our state file. Each test here runs in a short form with all others;
//! `VAIVEM_TORTURE=long` makes it as long as trust needs. `cargo run --example torture` runs the long forms and prints one table,
//! and takes away one guard of the program after another to see that the campaign turns red.

mod answers;
mod clock;
mod disk_full;
pub mod disturbed;
mod good_day;
mod half_done;
mod io_errors;
mod kills;
mod life;
mod network;
mod overlap;
mod power;
mod proxy;
mod records;
mod secrets;
mod soak;
mod state_file;
mod storms;
mod strace;
mod watched;

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::sandbox::{AnyEffect, Effect};
use crate::shop::Shop;

/// How many cases to try: the first number, and the second with `VAIVEM_TORTURE=long`. `VAIVEM_CASES` overrides both.
pub fn cases(short: u32, long: u32) -> u32 {
    crate::day::cases(if is_long() { long } else { short })
}

/// Whether the long form was asked for.
pub fn is_long() -> bool {
    std::env::var("VAIVEM_TORTURE").is_ok_and(|form| form == "long")
}

/// Says what a test tried, once all of it held: a line that `examples/torture` makes a row of its table of.
pub fn held(test: &str, cases: usize, what_happened: impl Display) {
    println!("torture\t{test}\t{cases}\t{what_happened}");
}

/// By the platforms' own ledgers of effects: no order was cancelled there once its payment was authorized, but those that somebody
/// wanted cancelled; and none at the hub where the configuration does not allow it.
pub fn no_paid_order_was_cancelled(shop: &Shop, wanted: &BTreeSet<String>) {
    shop.vtex(|v| {
        for effect in &v.effects {
            if let Effect::Cancel { order, .. } = effect {
                let is_unpaid = v.order(order).authorized.is_none();
                assert!(is_unpaid || wanted.contains(order), "{order} was paid and cancelled");
            }
        }
    });
    shop.hub(|a| {
        for effect in &a.effects {
            if let AnyEffect::Canceled { order, .. } = effect {
                let is_unpaid = a.order(*order).paid.is_none();
                assert!(shop.may_cancel_at_hub(), "{order} was cancelled at the hub");
                assert!(is_unpaid || wanted.contains(&order.to_string()), "{order} was paid and cancelled");
            }
        }
    });
}

/// Both files are sound, down to the checksum of each row.
pub fn files_are_sound(shop: &Shop) {
    for file in ["vaivem.db", "ledger.db"].map(|file| shop.path(file)).into_iter().filter(|file| file.exists()) {
        let opened = rusqlite::Connection::open(&file).unwrap();
        assert_eq!(vaivem::store::sqlite::damage(&opened).unwrap(), None, "{}", file.display());
    }
}

/// Tries the cases, two at a time. The first that fails is named and ends it: one is enough.
pub fn each<T: Debug + Sync>(cases: &[T], try_it: impl Fn(&T) + Sync) {
    each_of(cases, 2, try_it);
}

/// The same, so many at a time: more where they mostly wait.
pub fn each_of<T: Debug + Sync>(cases: &[T], at_once: usize, try_it: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if let Err(failure) = catch_unwind(AssertUnwindSafe(|| try_it(case))) {
                        next.store(cases.len(), Ordering::SeqCst);
                        eprintln!("the case that failed: {case:?}");
                        resume_unwind(failure);
                    }
                }
            });
        }
    });
}

/// A number like any other, the same for the same seed.
pub fn any(seed: u64) -> u64 {
    fastrand::Rng::with_seed(seed).u64(..)
}
