//! Laws: whatever goes wrong on the way, clean runs later the world looks as if nothing had; and a further run has no effect.
//!
//! `VAIVEM_CASES=200` tries so many schedules of faults at each verb's turn, and not just a few.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::day::{Turn, cases, turns};
use crate::office::Office;
use crate::sandbox::{Fault, Kind, RetryAfter};
use crate::side::Side;

/// What may happen to any call.
fn any_kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::TimeoutAfterWrite),
        Just(Kind::DropBeforeWrite),
        Just(Kind::Applied500),
        Just(Kind::Html200),
        Just(Kind::Truncated),
        Just(Kind::Redirect),
        Just(Kind::status(500)),
        Just(Kind::status(503)),
        Just(Kind::status(403)),
        Just(Kind::too_many(0)),
        Just(Kind::Status { code: 429, retry_after: RetryAfter::Absent, body: String::new() }),
    ]
}

/// Any call to Eccosys, and each kind of them.
const IN_ECCOSYS: [(&str, &str); 12] = [
    ("", "/"),
    ("GET", "/pedidos/numeroOC"),
    ("GET", "/pedidos/situacao"),
    ("GET", "/pedidos?"),
    ("GET", "/items"),
    ("POST", "/pedidos"),
    ("POST", "/situacao"),
    ("PUT", "/pedidos"),
    ("GET", "/nfes"),
    ("GET", "/rastreamento"),
    ("GET", "/produtos"),
    ("GET", "/estoques"),
];

/// Any call to a channel, and each kind of them.
fn anywhere(side: Side) -> Vec<(&'static str, &'static str)> {
    match side {
        Side::Vtex => vec![
            ("", "/"),
            ("GET", "/api/orders/feed"),
            ("POST", "/api/orders/feed"),
            ("GET", "/api/oms/pvt/orders"),
            ("GET", "/api/oms/pvt/orders/"),
            ("GET", "/payment-transaction"),
            ("POST", "/start-handling"),
            ("POST", "/cancel"),
            ("POST", "/invoice"),
            ("PATCH", "/invoice/"),
            ("PUT", "/tracking"),
            ("PATCH", "/quantity"),
            ("GET", "/inventory/skus/"),
        ],
        Side::Hub => vec![
            ("", "/"),
            ("GET", "/orders/feeds"),
            ("PUT", "/orders/feeds"),
            ("GET", "/orders?"),
            ("GET", "/orders/7"),
            ("PUT", "/orders/7"),
            ("PUT", "/nfe"),
            ("PUT", "/stocks"),
            ("GET", "/stocks"),
        ],
    }
}

/// Where an empty yes is no yes. Of an invoice or a tracking code it is one, and what then does not show is held for a person.
fn no_yes(side: Side) -> Vec<(&'static str, &'static str)> {
    match side {
        Side::Vtex => vec![("GET", "/"), ("POST", "/start-handling"), ("POST", "/cancel"), ("PATCH", "/quantity")],
        Side::Hub => vec![("GET", "/")],
    }
}

/// Faults of the channel with the ledger, which has none; of Eccosys where it is the ERP.
fn any_fault_of(turn: &Turn) -> BoxedStrategy<Fault> {
    match turn.office {
        Office::Ledger => any_fault(turn.side()).boxed(),
        Office::Eccosys => any_fault_of_eccosys().boxed(),
    }
}

/// "Not found" is how it says that there is nothing, which nobody can tell from a fault.
fn any_fault_of_eccosys() -> impl Strategy<Value = Fault> {
    let anywhere = (any_kind(), proptest::sample::select(IN_ECCOSYS.to_vec()));
    let empty = (Just(Kind::Empty200), Just(("GET", "/")));
    (prop_oneof![8 => anywhere, 1 => empty], 0u32..6, 1u32..4)
        .prop_map(|((kind, (method, path)), skip, count)| Fault::next(count, kind).on(method, path).after(skip))
}

fn any_fault(side: Side) -> impl Strategy<Value = Fault> {
    let anywhere = (any_kind(), proptest::sample::select(anywhere(side)));
    let empty = (Just(Kind::Empty200), proptest::sample::select(no_yes(side)));
    // Whatever is written, "not found" is a refusal for a person to look at, and so no fault that goes away.
    let absent = (Just(Kind::status(404)), Just(("GET", "/")));
    (prop_oneof![8 => anywhere, 1 => empty, 1 => absent], 0u32..6, 1u32..4)
        .prop_map(|((kind, (method, path)), skip, count)| Fault::next(count, kind).on(method, path).after(skip))
}

/// Faults strike the verb, and then all passes; after that nothing is wrong any more.
fn is_as_if_nothing_happened(turn: &Turn, first: Vec<Fault>, second: Vec<Fault>) {
    let shop = turn.begin();
    let strike = |faults| match turn.office {
        Office::Ledger => turn.strike_channel(&shop, faults),
        Office::Eccosys => turn.strike_erp(&shop, faults),
    };
    strike(first);
    let _ = shop.run(&turn.side().args(turn.verb));
    strike(second);
    let _ = turn.sync(&shop);
    turn.recovers(&shop);
}

#[test]
fn any_schedule_of_faults_then_clean_runs_is_as_if_nothing_happened() {
    // Most of the time they wait for the next try of a call, so all at the same time.
    std::thread::scope(|scope| {
        for turn in turns() {
            scope.spawn(move || {
                let config =
                    Config { cases: cases(6), max_shrink_iters: 20, failure_persistence: None, ..Config::default() };
                let any = |count| proptest::collection::vec(any_fault_of(turn), count);
                let faults = (any(1..5), any(0..4));
                let law = |(first, second)| {
                    is_as_if_nothing_happened(turn, first, second);
                    Ok(())
                };
                if let Err(error) = TestRunner::new(config).run(&faults, law) {
                    panic!("{turn}: {error}");
                }
            });
        }
    });
}
