//! Any story of creations, cancellations, invoices, returns and counts keeps stock and reservations in step with a
//! plain model.

use proptest::prelude::*;

use super::*;

const SKUS: [&str; 2] = ["A", "B"];

/// Units of each product.
type Units = [i64; 2];

#[derive(Clone, Debug)]
enum Step {
    /// Create the order of that number: one that exists must come back unchanged.
    Create(usize, Units),
    Cancel(usize),
    Return(usize),
    /// Post an invoice for these units, or for the rest; its key may have been used before.
    Invoice(usize, u32, Option<Units>),
    CancelInvoice(u32),
    Count(usize, i64),
}

fn step() -> impl Strategy<Value = Step> {
    let (order, key) = (0..4_usize, 0..5_u32);
    let units = [0..3_i64, 0..3_i64];
    prop_oneof![
        3 => (order.clone(), units.clone()).prop_map(|(order, units)| Step::Create(order, units)),
        1 => order.clone().prop_map(Step::Cancel),
        1 => order.clone().prop_map(Step::Return),
        4 => (order, key.clone(), proptest::option::of(units))
            .prop_map(|(order, key, units)| Step::Invoice(order, key, units)),
        2 => key.prop_map(Step::CancelInvoice),
        1 => (0..2_usize, -3..20_i64).prop_map(|(sku, units)| Step::Count(sku, units)),
    ]
}

/// What must be true, in a few lines and without a database.
#[derive(Default)]
struct Model {
    physical: Units,
    /// Ordered, reserved, ended.
    orders: [Option<(Units, Units, bool)>; 4],
    /// Order, units, cancelled.
    invoices: [Option<(usize, Units, bool)>; 5],
    /// Keys whose cancellation came first.
    void: [bool; 5],
}

impl Model {
    /// Carries a step out and says whether the ledger must accept it.
    fn take(&mut self, step: &Step) -> bool {
        match *step {
            Step::Create(n, units) => {
                let acceptable = units != [0, 0];
                if self.orders[n].is_none() && acceptable {
                    self.orders[n] = Some((units, units, false));
                }
                self.orders[n].is_some()
            }
            Step::Cancel(n) => {
                let invoiced = self.invoices.iter().flatten().any(|(order, _, cancelled)| *order == n && !cancelled);
                let Some((_, reserved, ended)) = &mut self.orders[n] else { return false };
                if !invoiced && !*ended {
                    (*reserved, *ended) = ([0, 0], true);
                }
                // A returned order refuses, a cancelled one says nothing new: told apart by the caller.
                !invoiced
            }
            Step::Return(n) => {
                let Some((_, reserved, ended)) = &mut self.orders[n] else { return false };
                let open = !*ended;
                if open {
                    (*reserved, *ended) = ([0, 0], true);
                }
                open
            }
            Step::Invoice(n, key, units) => {
                let key = key as usize;
                let Some((_, reserved, ended)) = &mut self.orders[n] else { return false };
                if let Some((order, ..)) = self.invoices[key] {
                    return order == n;
                }
                let units = units.unwrap_or(*reserved);
                let fits = units != [0, 0] && (0..2).all(|sku| units[sku] <= reserved[sku]);
                if *ended || self.void[key] || !fits {
                    return false;
                }
                for sku in 0..2 {
                    reserved[sku] -= units[sku];
                    self.physical[sku] -= units[sku];
                }
                self.invoices[key] = Some((n, units, false));
                true
            }
            Step::CancelInvoice(key) => {
                let key = key as usize;
                let Some((order, units, cancelled)) = &mut self.invoices[key] else {
                    self.void[key] = true;
                    return true;
                };
                if !std::mem::replace(cancelled, true) {
                    for sku in 0..2 {
                        self.physical[sku] += units[sku];
                        if let Some((_, reserved, false)) = &mut self.orders[*order] {
                            reserved[sku] += units[sku];
                        }
                    }
                }
                true
            }
            Step::Count(sku, units) => {
                self.physical[sku] = units;
                true
            }
        }
    }

    fn reserved(&self) -> Units {
        self.orders.iter().flatten().fold([0, 0], |sum, (_, reserved, _)| [sum[0] + reserved[0], sum[1] + reserved[1]])
    }
}

fn number(n: usize) -> String {
    format!("N-{n}")
}

fn lines(units: Units) -> Vec<(&'static str, i64)> {
    // Each unit a line of its own for A, all in one for B, so that both kinds of splitting happen.
    let singles = std::iter::repeat_n((SKUS[0], 1), usize::try_from(units[0]).unwrap());
    singles.chain((units[1] > 0).then_some((SKUS[1], units[1]))).collect()
}

/// Carries a step out; `None` when the order does not exist.
fn carry_out(ledger: &Ledger, step: &Step) -> Option<Result<(), ErpError>> {
    let id = |n: usize| {
        let found = ledger.find_order(&ChannelName::new("loja"), &OrderId::new(number(n))).unwrap();
        found.map(|order| order.id)
    };
    Some(match *step {
        Step::Create(n, units) => ledger.create_order(&order(&number(n), &lines(units)), at(1)).map(drop),
        Step::Cancel(n) => ledger.cancel_order(&id(n)?, "no", at(2)).map(drop),
        Step::Return(n) => {
            let id = id(n)?;
            let _ = ledger.set_status(&id, &Status::Shipped, "", at(2));
            ledger.set_status(&id, &Status::Returned, "", at(2)).map(drop)
        }
        Step::Invoice(n, key, units) => {
            let lines = units.map(lines);
            ledger.post_invoice(&id(n)?, &invoice(key, lines.as_deref()), at(3)).map(drop)
        }
        Step::CancelInvoice(number) => ledger.cancel_invoice(&key(number), at(4), "no").map(drop),
        Step::Count(sku, quantity) => {
            let count = StockCount { sku: Sku::new(SKUS[sku]), warehouse: None, quantity };
            ledger.set_stocks(&[count], at(5), "count").map(drop)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn stock_and_reservations_are_what_the_model_says(story in proptest::collection::vec(step(), 1..40)) {
        let ledger = ledger();
        let mut model = Model { physical: [10, 10], ..Model::default() };
        for step in &story {
            let already_ended = match step {
                Step::Cancel(n) | Step::Return(n) => matches!(model.orders[*n], Some((_, _, true))),
                _ => false,
            };
            let expected = model.take(step);
            match carry_out(&ledger, step) {
                // Ending what has ended is refused or no change, by how it ended; neither may change anything.
                Some(_) if already_ended => {}
                Some(result) => {
                    let accepted = result.is_ok();
                    prop_assert!(matches!(result, Ok(()) | Err(ErpError::Refused { .. })), "{:?}: {:?}", step, result);
                    prop_assert_eq!(accepted, expected, "{:?}: {:?}", step, result);
                }
                None => prop_assert!(!expected, "{:?}", step),
            }
            let reserved = model.reserved();
            for (sku, name) in SKUS.iter().enumerate() {
                let expected = (model.physical[sku], reserved[sku]);
                prop_assert_eq!(stock_of(&ledger, name), expected, "{} after {:?}", name, step);
                prop_assert!(reserved[sku] >= 0);
                let movements = ledger.stock_movements(&Sku::new(*name), usize::MAX).unwrap();
                prop_assert_eq!(movements[0].balance, model.physical[sku]);
                prop_assert_eq!(movements.iter().map(|m| m.change).sum::<i64>(), model.physical[sku]);
            }
        }
        for (n, known) in model.orders.iter().enumerate() {
            let Some((ordered, reserved, ended)) = known else { continue };
            let found = ledger.find_order(&ChannelName::new("loja"), &OrderId::new(number(n))).unwrap().unwrap();
            let detail = ledger.order_detail(&found.id).unwrap().unwrap();
            for (sku, name) in SKUS.iter().enumerate() {
                let of = |open: bool| -> i64 {
                    let rows = detail.reservations.iter().filter(|r| r.sku.as_str() == *name);
                    rows.filter(|r| r.released_at.is_none() == open).map(|r| r.quantity).sum()
                };
                let invoiced: i64 = detail.invoices.iter().filter(|i| i.cancelled_at.is_none())
                    .flat_map(|i| &i.lines).filter(|l| l.sku.as_str() == *name).map(|l| l.quantity).sum();
                prop_assert_eq!(of(true), reserved[sku]);
                // Every unit of an order that stands is either reserved or invoiced; never both, never neither.
                if !ended {
                    prop_assert_eq!(of(true) + invoiced, ordered[sku]);
                }
                // What was ever reserved is the order's units and what cancelled invoices gave back, each released at
                // most once.
                let given_back: i64 = detail.invoices.iter().filter(|i| i.cancelled_at.is_some())
                    .flat_map(|i| &i.lines).filter(|l| l.sku.as_str() == *name).map(|l| l.quantity).sum();
                let ever = of(true) + of(false);
                prop_assert!(ever <= ordered[sku] + given_back && ever >= ordered[sku]);
            }
        }
    }
}
