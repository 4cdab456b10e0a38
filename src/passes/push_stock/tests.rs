//! The plan and what it rests on, without any I/O.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::claimants::Claimants;
use super::claims::{Claims, Verdict, Weighed};
use super::guard::{Meanwhile, Missing, Toll, short_answer};
use super::places::{self, Place, Terms};
use super::*;
use crate::config::Config;
use crate::model::{ErpOrderId, OrderId, Status, WarehouseId};
use crate::store::claims::{Claim, ClaimLine};
use crate::store::stock::StockTotals;

fn at(minutes: i64) -> Instant {
    "2026-11-24T12:00:00Z".parse::<Instant>().unwrap() + TimeDelta::minutes(minutes)
}

fn facts(physical: i64, reserved: i64, in_flight: i64, added_back: i64, moving: i64) -> Facts {
    Facts {
        parts: StockParts {
            erp_warehouse: WarehouseId::new("default"),
            physical,
            reserved,
            in_flight,
            buffer: 0,
            share: 100,
            added_back,
            moving,
            erp_read_at: at(0),
            in_flight_orders: Vec::new(),
            added_back_orders: Vec::new(),
        },
        last: None,
        resend: false,
    }
}

fn after(facts: Facts, quantity: i64) -> Facts {
    Facts { last: Some(quantity), ..facts }
}

#[test]
fn the_number_and_when_it_is_sent() {
    use Decision::{Keep, Send};
    let table = [
        ("never sent", facts(10, 0, 0, 0, 0), Send(10)),
        ("never sent, nothing there", facts(0, 0, 0, 0, 0), Send(0)),
        ("the same", after(facts(10, 0, 0, 0, 0), 10), Keep),
        ("sold in the shop", after(facts(9, 0, 0, 0, 0), 10), Send(9)),
        ("more came in", after(facts(12, 0, 0, 0, 0), 10), Send(12)),
        ("in flight elsewhere", after(facts(10, 0, 2, 0, 0), 10), Send(8)),
        ("unpaid, waiting to be imported", after(facts(10, 0, 2, 2, 0), 10), Keep),
        ("unpaid, imported", after(facts(10, 2, 0, 2, 0), 10), Keep),
        ("paid since, on its way: the channel subtracts it", after(facts(10, 2, 0, 0, 2), 10), Keep),
        ("paid since, and one more sold elsewhere", after(facts(10, 3, 0, 0, 2), 10), Send(7)),
        ("in handling for good", after(facts(10, 2, 0, 0, 0), 10), Send(8)),
        ("sent while it was on its way, still is", after(facts(10, 2, 0, 0, 0), 8), Keep),
        ("oversold", after(facts(3, 5, 1, 0, 0), 4), Send(0)),
        ("oversold, known", after(facts(3, 5, 1, 0, 0), 0), Keep),
        ("oversold, and units on their way", after(facts(3, 6, 0, 0, 1), 0), Keep),
    ];
    for (what, facts, decision) in table {
        assert_eq!(plan(&facts), decision, "{what}");
    }
    let asked = Facts { resend: true, ..after(facts(10, 0, 0, 0, 0), 10) };
    assert_eq!(plan(&asked), Send(10));
}

/// Rounded down, after the buffer, and before what the channel subtracts itself.
#[test]
fn a_channel_may_sell_a_share_of_the_stock() {
    let number = |share: i64, buffer: i64, facts: Facts| match plan(&Facts {
        parts: StockParts { share, buffer, ..facts.parts },
        ..facts
    }) {
        Decision::Send(quantity) => quantity,
        Decision::Keep => panic!("it was never sent"),
    };
    assert_eq!(number(50, 0, facts(10, 1, 2, 0, 0)), 3, "half of 7");
    assert_eq!(number(50, 2, facts(10, 1, 2, 0, 0)), 2, "half of 5");
    assert_eq!(number(50, 0, facts(10, 1, 2, 2, 0)), 5, "half of 7, and what is subtracted twice");
    assert_eq!((number(50, 0, facts(1, 0, 0, 0, 0)), number(99, 0, facts(1, 0, 0, 0, 0))), (0, 0), "the last unit");
    assert_eq!(number(1, 0, facts(0, 5, 0, 3, 0)), 0, "of what is missing there is no share");
    assert_eq!((number(100, 0, facts(7, 0, 0, 0, 0)), number(100, 9, facts(7, 0, 0, 0, 0))), (7, 0));
}

proptest! {
    /// Two channels whose shares make no more than the whole cannot sell a unit twice between two pushes.
    #[test]
    fn shares_promise_no_more_than_there_is(sellable in 0i64..1_000, share in 1i64..100) {
        let of = |share| StockParts { share, ..facts(sellable, 0, 0, 0, 0).parts }.balance();
        prop_assert!(of(share) + of(100 - share) <= sellable);
    }

    #[test]
    fn never_above_what_is_sellable(
        physical in -50i64..500, reserved in 0i64..100, in_flight in 0i64..50, buffer in 0i64..20,
        added_back in 0i64..50, moving in 0i64..50, last in proptest::option::of(0i64..500),
        resend in any::<bool>(),
    ) {
        let mut facts = facts(physical, reserved, in_flight, added_back, moving);
        facts.parts.buffer = buffer;
        facts.last = last;
        facts.resend = resend;
        let sellable = physical - reserved - in_flight - buffer;
        // What customers can buy, when the channel subtracts what is added back and, of a number that stands, what is on its way.
        let shown = match plan(&facts) {
            Decision::Send(quantity) => {
                prop_assert!(quantity >= 0);
                quantity - added_back
            }
            Decision::Keep => facts.last.unwrap() - added_back - moving,
        };
        prop_assert!(shown <= sellable.max(-added_back), "{shown} of {sellable}");
        if let Decision::Send(quantity) = plan(&facts) {
            prop_assert!(quantity == 0 || shown == sellable, "exactly what is sellable");
        }
    }

    #[test]
    fn more_sold_never_means_more_promised(
        physical in 0i64..100, reserved in 0i64..100, in_flight in 0i64..50, more in 0i64..50,
    ) {
        let number = |facts: &Facts| match plan(facts) {
            Decision::Send(quantity) => quantity,
            Decision::Keep => unreachable!(),
        };
        let before = number(&facts(physical, reserved, in_flight, 0, 0));
        prop_assert!(number(&facts(physical - more, reserved, in_flight, 0, 0)) <= before);
        prop_assert!(number(&facts(physical, reserved + more, in_flight, 0, 0)) <= before);
        prop_assert!(number(&facts(physical, reserved, in_flight + more, 0, 0)) <= before);
        prop_assert!(number(&facts(physical + more, reserved, in_flight, 0, 0)) >= before);
    }
}

/// Two VTEX accounts that sell from one ERP.
fn config() -> Config {
    let channel = |name: &str, more: &str| {
        format!(
            "[channels.{name}]\nkind = \"vtex\"\naccount = \"{name}\"\napp_key = {{ env = \"K\" }}\napp_token = {{ env = \"T\" }}\n\
             since = \"2026-11-01\"\n{more}\n"
        )
    };
    let text = format!(
        "[erp]\nkind = \"ledger\"\n{}{}",
        channel("loja", "warehouses = { \"1_1\" = \"central\" }\nstock = { settle = \"1m\", reserved_for = \"2d\" }"),
        channel("outlet", "warehouses = { \"9\" = \"central\" }\nskus = { \"500\" = \"CANECA\" }"),
    );
    Config::parse(std::path::Path::new("vaivem.toml"), &text).unwrap()
}

fn order(row: i64, channel: &str, status: Status, quantity: i64) -> Claim {
    Claim {
        row,
        channel: ChannelName::new(channel),
        id: OrderId::new(format!("{row}-01")),
        linked_at: None,
        erp_id: None,
        status: Some(status),
        erp_status: None,
        created_at: Some(at(-30)),
        untaken_at: Some(at(-1)),
        taken_over_at: None,
        open: true,
        lines: vec![ClaimLine {
            channel_sku: ChannelSku::new("1"),
            sku: Some(Sku::new("CANECA")),
            warehouse: Some(WarehouseId::new(if channel == "loja" { "1_1" } else { "9" })),
            quantity,
            added: 0,
            in_erp: None,
        }],
    }
}

fn gathered(orders: Vec<Claim>, channel: &ChannelName, places: &[Place], terms: &Terms<'_>) -> Claims {
    Claims::gather(channel, places, terms, at(-1_000_000), |take| orders.into_iter().try_for_each(take)).unwrap()
}

fn linked(order: Claim) -> Claim {
    Claim { erp_id: Some(ErpOrderId::new("7")), erp_status: Some(Status::AwaitingPayment), ..order }
}

fn weigh(orders: Vec<Claim>, pushed_at: Option<Instant>, verdicts: Option<&BTreeMap<i64, Verdict>>) -> Weighed {
    let config = config();
    let loja = &config.channels[0];
    let places = places::of(loja, &WarehouseId::new("default")).unwrap();
    let terms = Terms { channels: &config.channels, default_warehouse: WarehouseId::new("default") };
    let claims = gathered(orders, &loja.name, &places, &terms);
    claims.weigh((&Sku::new("CANECA"), &places[0]), at(0), pushed_at, verdicts, at(0), &loja.stock).unwrap()
}

/// In flight, added back, moving.
fn weights(orders: Vec<Claim>, pushed_at: Option<Instant>) -> [i64; 3] {
    let weighed = weigh(orders, pushed_at, None);
    [weighed.in_flight, weighed.added_back, weighed.moving]
}

#[test]
fn what_each_order_claims() {
    let (unpaid, paid) = (Status::AwaitingPayment, Status::Paid);
    let table: Vec<(&str, Claim, [i64; 3])> = vec![
        ("unpaid, in flight", order(1, "loja", unpaid.clone(), 3), [3, 3, 0]),
        ("unpaid, in the ERP", linked(order(1, "loja", unpaid.clone(), 3)), [0, 3, 0]),
        ("in review", order(1, "loja", Status::PaymentUnderReview, 3), [3, 3, 0]),
        ("unpaid elsewhere", order(1, "outlet", unpaid.clone(), 3), [3, 0, 0]),
        ("paid, held", order(1, "loja", paid.clone(), 3), [3, 0, 3]),
        ("paid, in the ERP, not taken over", linked(order(1, "loja", paid.clone(), 3)), [0, 0, 3]),
        (
            "paid, last read before the push: it may have been in handling then",
            Claim { untaken_at: Some(at(-20)), ..linked(order(1, "loja", paid.clone(), 3)) },
            [0, 0, 0],
        ),
        (
            "taken over just now",
            Claim { taken_over_at: Some(at(0) - TimeDelta::seconds(59)), ..linked(order(1, "loja", paid.clone(), 3)) },
            [0, 0, 3],
        ),
        (
            "taken over for good",
            Claim { taken_over_at: Some(at(-1)), ..linked(order(1, "loja", paid.clone(), 3)) },
            [0, 0, 0],
        ),
        (
            "unpaid for so long that the channel may have let go of it",
            Claim { created_at: Some(at(-2 * 24 * 60 + 59)), ..linked(order(1, "loja", unpaid.clone(), 3)) },
            [0, 0, 0],
        ),
        ("of unknown age", Claim { created_at: None, ..linked(order(1, "loja", unpaid.clone(), 3)) }, [0, 0, 0]),
        (
            "cancelled in the ERP, which subtracts it no more",
            Claim { erp_status: Some(Status::Cancelled), ..linked(order(1, "loja", unpaid, 3)) },
            [0, 0, 0],
        ),
        ("cancellation asked for", order(1, "loja", Status::CancellationRequested, 3), [3, 0, 3]),
        ("a word nobody knows", order(1, "loja", Status::Unknown("x".into()), 3), [3, 0, 3]),
    ];
    for (what, order, expected) in table {
        assert_eq!(weights(vec![order], Some(at(-10))), expected, "{what}");
    }
}

/// Where it is not known that the channel reserves, nothing is added back and no number stands because of it; and to say so
/// changes numbers.
#[test]
fn what_the_channel_is_not_known_to_reserve_is_not_counted_on() {
    let config = config();
    let loja = &config.channels[0];
    let unsure = StockConfig { channel_reserves: false, ..loja.stock.clone() };
    let places = places::of(loja, &WarehouseId::new("default")).unwrap();
    let terms = Terms { channels: &config.channels, default_warehouse: WarehouseId::new("default") };
    assert_ne!(terms.mark(&places, &loja.stock), terms.mark(&places, &unsure));
    let just_paid = Claim { taken_over_at: Some(at(0)), ..linked(order(1, "loja", Status::Paid, 3)) };
    for order in
        [order(1, "loja", Status::AwaitingPayment, 3), order(1, "loja", Status::Unknown("x".into()), 3), just_paid]
    {
        let in_flight = if order.erp_id.is_none() { 3 } else { 0 };
        let claims = gathered(vec![order], &loja.name, &places, &terms);
        let weighed =
            claims.weigh((&Sku::new("CANECA"), &places[0]), at(0), Some(at(-10)), None, at(0), &unsure).unwrap();
        assert_eq!([weighed.in_flight, weighed.added_back, weighed.moving], [in_flight, 0, 0]);
    }
}

/// The latest orders come first, of every channel, by the product and the warehouse their lines mean there.
#[test]
fn who_claims_a_product() {
    let config = config();
    let terms = Terms { channels: &config.channels, default_warehouse: WarehouseId::new("default") };
    let mut other = order(3, "outlet", Status::Paid, 9);
    other.lines[0].sku = Some(Sku::new("OUTRA"));
    let mut elsewhere = order(4, "loja", Status::Paid, 9);
    elsewhere.lines[0].warehouse = None;
    let out = Claim { erp_status: Some(Status::Invoiced), ..linked(order(5, "loja", Status::Paid, 9)) };
    let mut twice = linked(order(2, "outlet", Status::AwaitingPayment, 2));
    twice.lines.push(twice.lines[0].clone());
    let mut in_part = Claim { erp_id: Some(ErpOrderId::new("8")), row: 6, id: OrderId::new("6-01"), ..out.clone() };
    in_part.lines.push(in_part.lines[0].clone());
    let rests = [((ErpOrderId::new("8"), Sku::new("CANECA"), WarehouseId::new("central")), 10)];
    let mut claimants = Claimants::of([Sku::new("CANECA")], rests.into());
    for claim in [twice, other, elsewhere, out, in_part, order(1, "loja", Status::Paid, 1)] {
        claimants.add(&claim, &terms);
    }
    let named = claimants.take(&Sku::new("CANECA"), &WarehouseId::new("central"));
    let named: Vec<_> = named.iter().map(|one| (one.channel.as_str(), one.order.as_str(), one.units)).collect();
    assert_eq!(named, [("loja", "6-01", 10), ("outlet", "2-01", 4), ("loja", "1-01", 1)]);
}

#[test]
fn lines_are_read_by_their_own_channels_table() {
    let mut mapped = order(1, "outlet", Status::Paid, 2);
    mapped.lines[0].channel_sku = ChannelSku::new("500");
    mapped.lines[0].sku = Some(Sku::new("OUTRA"));
    let mut elsewhere = order(2, "outlet", Status::Paid, 5);
    elsewhere.lines[0].warehouse = Some(WarehouseId::new("unmapped"));
    assert_eq!(weights(vec![mapped, elsewhere], None), [2, 0, 0]);
}

#[test]
fn only_what_a_fresh_reading_shows_unpaid_is_added_back() {
    let mut two_lines = linked(order(1, "loja", Status::AwaitingPayment, 3));
    two_lines.lines.push(two_lines.lines[0].clone());
    let fresh = |verdict: Option<Verdict>| {
        let verdicts: BTreeMap<i64, Verdict> = verdict.into_iter().map(|verdict| (1, verdict)).collect();
        let weighed = weigh(vec![two_lines.clone()], Some(at(-10)), Some(&verdicts));
        [weighed.added_back, weighed.moving]
    };
    let units = |quantity| Some(Verdict::Unpaid(BTreeMap::from([(ChannelSku::new("1"), quantity)])));
    assert_eq!(fresh(units(6)), [6, 0]);
    assert_eq!(fresh(units(9)), [6, 0], "no more than was subtracted");
    assert_eq!(fresh(units(4)), [4, 0], "no more than is reserved");
    assert_eq!(fresh(Some(Verdict::Unpaid(BTreeMap::new()))), [0, 0]);
    assert_eq!(fresh(Some(Verdict::Moving)), [0, 6]);
    assert_eq!(fresh(Some(Verdict::Gone)), [0, 0]);
    assert_eq!(fresh(None), [0, 6], "one that was not read is not added back");
}

#[test]
fn what_a_failed_reading_withholds_is_looked_at_again_by_the_next_run() {
    let unpaid = linked(order(1, "loja", Status::AwaitingPayment, 3));
    let weighed = |verdict| {
        let verdicts = BTreeMap::from([(1, verdict)]);
        let weighed = weigh(vec![unpaid.clone()], Some(at(-10)), Some(&verdicts));
        (weighed.added_back, weighed.moving, weighed.recheck_at)
    };
    assert_eq!(weighed(Verdict::Unheard), (0, 3, Some(at(0))));
    assert_eq!(weighed(Verdict::Moving), (0, 3, None), "what it says stands until there is news");
}

#[test]
fn time_alone_may_change_a_number() {
    let taken = Claim { taken_over_at: Some(at(0)), ..linked(order(1, "loja", Status::Paid, 1)) };
    let unpaid = order(2, "loja", Status::AwaitingPayment, 1);
    assert_eq!(weigh(vec![unpaid.clone()], None, None).recheck_at, Some(at(-30 + 47 * 60)));
    assert_eq!(weigh(vec![unpaid, taken], None, None).recheck_at, Some(at(1)));
    // A balance that is read later may have it in, and be the same number.
    let just_linked = Claim { linked_at: Some(at(0)), ..linked(order(3, "outlet", Status::Paid, 1)) };
    let weighed = weigh(vec![just_linked], None, None);
    assert_eq!((weighed.in_flight, weighed.recheck_at), (1, Some(at(0))));
    // What a clock that was ahead linked is in no balance until then.
    let ahead = Claim { linked_at: Some(at(9)), ..linked(order(3, "outlet", Status::Paid, 1)) };
    let weighed = weigh(vec![ahead], None, None);
    assert_eq!((weighed.in_flight, weighed.recheck_at), (1, Some(at(9))));
    assert_eq!(weigh(Vec::new(), None, None).recheck_at, None);
}

/// Invoiced or gone before it surely is in handling: it counts for nothing but the number that the channel lets go of its units with.
#[test]
fn an_order_that_has_left_is_looked_at_once_more() {
    let taken = Claim { taken_over_at: Some(at(0)), ..linked(order(1, "loja", Status::Paid, 1)) };
    let closed = weigh(vec![Claim { open: false, ..taken.clone() }], Some(at(-10)), None);
    let config = config();
    let loja = &config.channels[0];
    let places = places::of(loja, &WarehouseId::new("default")).unwrap();
    let terms = Terms { channels: &config.channels, default_warehouse: WarehouseId::new("default") };
    let mut claims = gathered(vec![taken], &loja.name, &places, &terms);
    claims.heard(1, InErp::Gone).unwrap();
    let product = (&Sku::new("CANECA"), &places[0]);
    let gone = claims.weigh(product, at(0), Some(at(-10)), None, at(0), &loja.stock).unwrap();
    for weighed in [closed, gone] {
        assert_eq!(weighed, Weighed { recheck_at: Some(at(1)), ..Weighed::default() });
    }
}

/// The channel goes by the date of the balance, and one that was read before that lets go of nothing.
#[test]
fn an_order_in_handling_is_looked_at_until_a_balance_was_read_since() {
    let config = config();
    let loja = &config.channels[0];
    let places = places::of(loja, &WarehouseId::new("default")).unwrap();
    let terms = Terms { channels: &config.channels, default_warehouse: WarehouseId::new("default") };
    let taken = Claim { taken_over_at: Some(at(-3)), ..linked(order(1, "loja", Status::Paid, 1)) };
    let claims = gathered(vec![taken], &loja.name, &places, &terms);
    let product = (&Sku::new("CANECA"), &places[0]);
    for (balance_at, recheck_at) in [(-4, Some(at(0))), (-2, None), (0, None)] {
        let weighed = claims.weigh(product, at(balance_at), Some(at(-1)), None, at(0), &loja.stock).unwrap();
        assert_eq!(weighed, Weighed { recheck_at, ..Weighed::default() }, "{balance_at}");
    }
}

#[test]
fn without_a_warehouse_a_line_is_only_added_back_where_there_is_only_one() {
    let mut unnamed = linked(order(1, "loja", Status::AwaitingPayment, 3));
    unnamed.lines[0].warehouse = None;
    let config = config();
    let terms = Terms { channels: &config.channels, default_warehouse: WarehouseId::new("default") };
    let place = |channel: &str| Place { channel: WarehouseId::new(channel), erp: WarehouseId::new(channel) };
    let added_back = |places: &[Place]| {
        let claims = gathered(vec![unnamed.clone()], &config.channels[0].name, places, &terms);
        let policy = &config.channels[0].stock;
        claims.weigh((&Sku::new("CANECA"), &places[0]), at(0), None, None, at(0), policy).unwrap().added_back
    };
    assert_eq!(added_back(&[place("1_1")]), 3);
    assert_eq!(added_back(&[place("1_1"), place("1_2")]), 0);
}

#[test]
fn the_guard() {
    let policy =
        StockConfig { guard_percent: 30, guard_min: 10, settle: Duration::ZERO, ..config().channels[0].stock.clone() };
    let totals = StockTotals { known: 100, in_stock: 50, units: 1_000 };
    let toll = |changes: &[(i64, i64, i64)]| {
        let mut toll = Toll::default();
        for (many, before, after) in changes {
            (0..*many).for_each(|n| toll.count(&Sku::new(format!("P{n}")), Some(*before), *after));
        }
        toll
    };
    assert_eq!(toll(&[(15, 10, 0)]).refusal(totals, &policy), None, "30 % of what is in stock");
    assert!(toll(&[(16, 10, 0)]).refusal(totals, &policy).unwrap().contains("16 of 50"));
    assert_eq!(toll(&[(9, 100, 0)]).refusal(totals, &policy), None, "fewer than ten products");
    assert_eq!(toll(&[(10, 40, 10)]).refusal(totals, &policy), None, "30 % of the units");
    assert!(toll(&[(10, 41, 10)]).refusal(totals, &policy).unwrap().contains("310 of 1000 units"));
    assert_eq!(toll(&[(10, 41, 10), (1, 10, 30)]).refusal(totals, &policy), None, "what comes in counts against it");
    assert_eq!(toll(&[(50, 0, 0)]).refusal(totals, &policy), None, "nothing changes");
    let mut first = Toll::default();
    (0..50).for_each(|_| first.count(&Sku::new("A"), None, 0));
    assert_eq!(first.refusal(totals, &policy), None, "never told, nothing taken away");

    let mut meanwhile = Meanwhile::default();
    let mut handful = |changes: &[(i64, i64, i64)]| {
        for (many, before, after) in changes {
            (0..*many).for_each(|n| meanwhile.count(&Sku::new(format!("P{n}")), *before, *after));
        }
        meanwhile.refusal(&policy)
    };
    assert_eq!(handful(&[(1_000, 10, 10)]), None, "much that is as it was");
    assert_eq!(handful(&[(9, 10, 0), (1, 10, 10)]), None, "too few");
    assert!(handful(&[(1, 10, 0)]).unwrap().contains("10 of 11 products"), "not thinned by what went before");
    assert_eq!(handful(&[(30, 10, 10)]), None, "little of it all");
    assert_eq!(handful(&[(9, 10, 0)]), None, "begun anew");
    assert_eq!(handful(&[(40, 10, 9)]), None, "a sale here and there");
    assert!(handful(&[(20, 10, 5)]).unwrap().contains("100 of 200 units"));

    let missing = |products: usize| {
        let mut missing = Missing::default();
        (0..products).for_each(|n| missing.add(&[Sku::new(format!("P{n}"))]));
        missing
    };
    assert!(short_answer(&missing(31), 69, totals, &policy).unwrap().contains("31 of 100"));
    assert_eq!(short_answer(&missing(30), 70, totals, &policy), None);
    let few = StockTotals { known: 3, ..totals };
    assert!(short_answer(&missing(3), 0, few, &policy).is_some(), "an empty answer is refused whatever the size");
    assert_eq!(short_answer(&missing(2), 1, few, &policy), None);
}
