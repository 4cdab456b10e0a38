//! The guard: refuses a push that would empty the shop.

use crate::config::StockConfig;
use crate::lang::say;
use crate::model::Sku;
use crate::store::stock::StockTotals;

/// How many products a refusal names.
const EXAMPLES: usize = 5;

/// What a push would do to a channel, all in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toll {
    /// Numbers that go from stock to none.
    zeroed: i64,
    /// Numbers that get smaller, those included.
    shrunk: i64,
    /// Units more or, below zero, less.
    units: i64,
    /// Some that go to none.
    examples: Vec<Sku>,
}

impl Toll {
    /// Counts a number that is about to change. One that was never confirmed takes nothing away.
    pub fn count(&mut self, sku: &Sku, before: Option<i64>, after: i64) {
        let Some(before) = before else { return };
        self.units = self.units.saturating_add(after.saturating_sub(before));
        if after < before {
            self.shrunk += 1;
        }
        if after == 0 && before > 0 {
            self.zeroed += 1;
            if self.examples.len() < EXAMPLES {
                self.examples.push(sku.clone());
            }
        }
    }

    /// Whether it is too little for any question, whatever the channel has.
    pub fn is_small(&self, policy: &StockConfig) -> bool {
        self.shrunk < policy.guard_min.max(1)
    }

    /// What is refused, and why; `None` when the push may go.
    pub fn refusal(&self, totals: StockTotals, policy: &StockConfig) -> Option<String> {
        if self.is_small(policy) {
            return None;
        }
        let percent = policy.guard_percent;
        let is_more = |part: i64, whole: i64| part.saturating_mul(100) > whole.saturating_mul(percent);
        let what = if self.zeroed >= policy.guard_min && is_more(self.zeroed, totals.in_stock) {
            let names: Vec<&str> = self.examples.iter().map(Sku::as_str).collect();
            let more = if self.zeroed > self.examples.len() as i64 { ", …" } else { "" };
            say!(
                "{} of {} products in stock would go to zero ({}{more})"
                    | "{} de {} produtos com estoque iriam a zero ({}{more})",
                self.zeroed,
                totals.in_stock,
                names.join(", ")
            )
        } else if is_more(self.units.saturating_neg(), totals.units) {
            say!(
                "{} of {} units would go, of {} products" | "{} de {} unidades sairiam, de {} produtos",
                -self.units,
                totals.units,
                self.shrunk
            )
        } else {
            return None;
        };
        Some(refused(&what, policy))
    }
}

/// The products that an answer of the ERP lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// How many.
    pub products: usize,
    /// The first few.
    examples: Vec<Sku>,
}

impl Missing {
    /// More of them.
    pub fn add(&mut self, more: &[Sku]) {
        self.products += more.len();
        self.examples.extend(more.iter().take(EXAMPLES - self.examples.len()).cloned());
    }
}

/// Whether an answer of the ERP about everything lacks too many of the products the channel was told of.
pub fn short_answer(missing: &Missing, told: i64, totals: StockTotals, policy: &StockConfig) -> Option<String> {
    let gone = i64::try_from(missing.products).unwrap_or(i64::MAX);
    let is_empty = told == 0 && totals.known > 0;
    let is_short =
        gone >= policy.guard_min.max(1) && gone.saturating_mul(100) > totals.known.saturating_mul(policy.guard_percent);
    if !is_empty && !is_short {
        return None;
    }
    let names: Vec<&str> = missing.examples.iter().map(Sku::as_str).collect();
    let more = if missing.products > EXAMPLES { ", …" } else { "" };
    let what = say!(
        "the ERP told of {told} balances, and of none for {gone} of {} the channel knows ({}{more})"
            | "o ERP informou {told} saldos, e nenhum para {gone} de {} que o canal conhece ({}{more})",
        totals.known,
        names.join(", ")
    );
    Some(refused(&what, policy))
}

fn refused(what: &str, policy: &StockConfig) -> String {
    say!(
        "{what}; the guard stops at {} % and {} products, and nothing was sent. If it is right, run it again with \
         --confirm"
            | "{what}; a trava para em {} % e {} produtos, e nada foi enviado. Se estiver certo, execute de novo com \
               --confirm",
        policy.guard_percent,
        policy.guard_min
    )
}
