//! Any day in a shop: whatever happens in whatever order, no push lets customers buy what is sold, and once all is quiet they can
//! buy exactly what is not.

use proptest::prelude::*;

use crate::push_stock::{STOCK, all_passes, boleto, can_be_bought, shop};
use crate::sandbox::{Fault, Kind, OrderSeed, Payment};
use crate::shop::Shop;

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A customer buys so many, by card, boleto or Pix.
    Buy(u8, i64),
    /// The bank reports a payment of an order.
    Pay(usize),
    /// A payment is looked at.
    Review(usize),
    /// A customer cancels.
    Cancel(usize),
    /// A customer asks to cancel.
    AskToCancel(usize),
    /// Somebody starts handling an order in the panel.
    Handle(usize),
    /// Goods come in, or are counted out.
    Count(i64),
    Import,
    Sync,
    Push,
    /// A push whose calls fail here and there.
    BadPush(u8, u32),
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0u8..3, 1i64..4).prop_map(|(how, units)| Event::Buy(how, units)),
        2 => (0usize..8).prop_map(Event::Pay),
        1 => (0usize..8).prop_map(Event::Review),
        1 => (0usize..8).prop_map(Event::Cancel),
        1 => (0usize..8).prop_map(Event::AskToCancel),
        1 => (0usize..8).prop_map(Event::Handle),
        1 => (20i64..60).prop_map(Event::Count),
        3 => Just(Event::Import),
        2 => Just(Event::Sync),
        4 => Just(Event::Push),
        1 => (0u8..5, 0u32..3).prop_map(|(kind, skip)| Event::BadPush(kind, skip)),
    ]
}

/// The shop and what the test knows of it.
struct Day {
    shop: Shop,
    orders: Vec<String>,
    shelf: i64,
    /// How many of them import-orders has heard of.
    seen: usize,
}

impl Day {
    fn happens(&mut self, event: Event) {
        let pick = |at: usize| self.orders.get(at % self.orders.len().max(1)).cloned();
        let status = |id: &str| self.shop.vtex(|v| v.order(id).status.clone());
        match event {
            Event::Buy(how, units) => {
                let seed = OrderSeed::new().sku("1", "CAMISETA-P", 4_990, units);
                let seed = match how {
                    0 => seed,
                    1 => seed.pending(boleto()),
                    _ => seed.pending(Payment::pix()),
                };
                if let Ok(id) = self.shop.vtex(|v| v.sell(seed)) {
                    self.orders.push(id);
                }
            }
            Event::Pay(at) => {
                if let Some(id) = pick(at).filter(|id| ["payment-pending", "approve-payment"].contains(&&*status(id))) {
                    self.shop.vtex(|v| v.approve_payment(&id));
                }
            }
            Event::Review(at) => {
                if let Some(id) = pick(at).filter(|id| status(id) == "payment-pending") {
                    self.shop.vtex(|v| v.review_payment(&id));
                }
            }
            Event::Cancel(at) => {
                if let Some(id) = pick(at).filter(|id| status(id) != "canceled") {
                    self.shop.vtex(|v| v.cancel_by_customer(&id));
                }
            }
            Event::AskToCancel(at) => {
                if let Some(id) = pick(at).filter(|id| status(id) == "ready-for-handling") {
                    self.shop.vtex(|v| v.request_cancellation(&id));
                }
            }
            // Of an order that was never heard of nobody can know.
            Event::Handle(at) => {
                let is_known =
                    |id: &String| self.orders.iter().position(|one| one == id).is_some_and(|at| at < self.seen);
                if let Some(id) = pick(at).filter(|id| is_known(id) && status(id) == "ready-for-handling") {
                    self.shop.vtex(|v| v.set_status(&id, "handling"));
                }
            }
            Event::Count(shelf) => {
                self.shelf = shelf;
                self.shop.stock(&format!("codigo;quantidade\nCAMISETA-P;{shelf}\n"));
            }
            Event::Import => {
                let _ = self.shop.import();
                self.seen = self.orders.len();
            }
            Event::Sync => drop(self.shop.sync()),
            Event::Push => drop(self.shop.push()),
            Event::BadPush(kind, skip) => {
                let kinds = [
                    Kind::Applied500,
                    Kind::TimeoutAfterWrite,
                    Kind::DropBeforeWrite,
                    Kind::status(423),
                    Kind::status(500),
                ];
                let kind = kinds[usize::from(kind) % kinds.len()].clone();
                self.shop.vtex(|v| v.faults.push(Fault::next(1, kind).after(skip)));
                let _ = self.shop.push();
                self.shop.vtex(|v| v.faults.clear());
            }
        }
    }

    /// What is on the shelf and not sold. A count that finds less than was sold leaves nothing.
    fn sellable(&self) -> i64 {
        let sold: i64 = self.shop.vtex(|v| {
            let live = v.orders.values().filter(|order| order.status != "canceled");
            live.flat_map(|order| order.seed.lines.clone()).map(|line| line.quantity).sum()
        });
        self.shelf - sold
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn nobody_can_buy_what_is_sold(
        events in proptest::collection::vec(any_event(), 5..30),
        early in any::<bool>(),
        date_counts in any::<bool>(),
        settles in any::<bool>(),
    ) {
        let mut shop = shop(if early { "import = \"all\"" } else { "" });
        if !settles {
            // Nothing settles while the day lasts.
            shop.set(&format!("{}\n{}", STOCK.replace("0s", "1h"), if early { "import = \"all\"" } else { "" }));
        }
        shop.vtex(|v| v.balance_date_counts = date_counts);
        let mut day = Day { shop, orders: Vec::new(), shelf: 100, seen: 0 };
        day.happens(Event::Count(40));
        all_passes(&day.shop);
        for event in &events {
            let before = can_be_bought(&day.shop).max(0);
            day.happens(*event);
            let (buyable, sellable) = (can_be_bought(&day.shop), day.sellable());
            if matches!(event, Event::Push | Event::BadPush(..)) {
                // What was overtold before, by a smaller count, a failed push may not have corrected.
                let limit = if matches!(event, Event::Push) { sellable } else { sellable.max(before) };
                prop_assert!(buyable <= limit.max(0), "{buyable} can be bought of {sellable} after {event:?}");
            }
        }
        day.shop.set(&format!("{STOCK}\n{}\nreread_paid_after = \"0s\"", if early { "import = \"all\"" } else { "" }));
        // Hours later: all that waits for time alone is due.
        let state = day.shop.database("vaivem.db");
        state.execute("UPDATE stock SET recheck_at = 0 WHERE recheck_at IS NOT NULL", []).unwrap();
        for _ in 0..3 {
            all_passes(&day.shop);
        }
        let quiet = day.shop.vtex(|v| {
            v.orders.values().all(|order| ["handling", "payment-pending", "approve-payment", "canceled"].contains(&&*order.status))
        });
        let (buyable, sellable) = (can_be_bought(&day.shop), day.sellable());
        if quiet && sellable >= 0 {
            prop_assert_eq!(buyable, sellable, "once all is quiet");
        } else {
            prop_assert!(buyable <= sellable.max(0));
        }
        let calls = day.shop.vtex(|v| v.calls_of("PATCH", "/quantity").len());
        let _ = day.shop.push();
        prop_assert_eq!(day.shop.vtex(|v| v.calls_of("PATCH", "/quantity").len()), calls, "and nothing more is sent");
    }
}
