//! The guard: refuses a push that would empty the shop.

use crate::config::StockConfig;
use crate::lang::{say, word};
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
        Some(refused(&self.much(totals, policy.guard_min, policy)?, policy))
    }

    /// What of these goes, if it is too large a part of them to be a day's business: from so many on that go to zero.
    fn much(&self, totals: StockTotals, least: i64, policy: &StockConfig) -> Option<String> {
        let percent = policy.guard_percent;
        let is_more = |part: i64, whole: i64| part.saturating_mul(100) > whole.saturating_mul(percent);
        if self.zeroed >= least && is_more(self.zeroed, totals.in_stock) {
            let names: Vec<&str> = self.examples.iter().map(Sku::as_str).collect();
            let more = if self.zeroed > self.examples.len() as i64 { ", …" } else { "" };
            Some(say!(
                "{} of {} products in stock would go to zero ({}{more})"
                    | "{} de {} produtos com estoque iriam a zero ({}{more})",
                self.zeroed,
                totals.in_stock,
                names.join(", ")
            ))
        } else if is_more(self.units.saturating_neg(), totals.units) {
            Some(say!(
                "{} of {} units would go, of {} products" | "{} de {} unidades sairiam, de {} produtos",
                -self.units,
                totals.units,
                self.shrunk
            ))
        } else {
            None
        }
    }
}

/// What the numbers come to right before they are sent, against what they were when the push was let go. What came over the ERP
/// meanwhile nobody has looked at, so it is weighed in the handfuls in which it shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meanwhile {
    /// What changed.
    toll: Toll,
    /// Of these numbers, as they were worked out.
    worked_out: StockTotals,
}

impl Meanwhile {
    /// Counts a number as it was worked out and as it is to be sent.
    pub fn count(&mut self, sku: &Sku, worked_out: i64, now: i64) {
        self.worked_out.known += 1;
        self.worked_out.in_stock += i64::from(worked_out > 0);
        self.worked_out.units = self.worked_out.units.saturating_add(worked_out);
        self.toll.count(sku, Some(worked_out), now);
    }

    /// What is refused of a handful that was counted, and why; `None` when it may go. One in which little changed ends what the
    /// handfuls before it came to.
    pub fn refusal(&mut self, policy: &StockConfig) -> Option<String> {
        if self.toll.much(self.worked_out, 1, policy).is_none() {
            *self = Self::default();
        }
        if self.toll.is_small(policy) {
            return None;
        }
        let what = self.toll.much(self.worked_out, policy.guard_min, policy)?;
        Some(say!(
            "{what}, which they did not when the push was worked out; the guard stops at {} % and {} products, and the \
             rest is not sent. The next run looks at all of it anew"
                | "{what}, o que não ocorria quando o envio foi calculado; a trava para em {} % e {} produtos, e o resto \
                   não é enviado. A próxima execução avalia tudo de novo",
            policy.guard_percent,
            policy.guard_min
        ))
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

/// What is said of an ERP that has not counted as far as it had when the channel was told last.
pub fn older_erp() -> String {
    word!(
        "the ERP's stock is an older one than the channel was told last: a copy of the ERP was put back, or it is another one. It \
         knows nothing of what was sold since, and nothing was sent. Bring in what it lacks, as under \"Copies\" in the README: the \
         orders, the documents, a fresh stock sheet; then run `vaivem push-stock --full` once"
            | "o estoque do ERP é mais antigo do que o último informado ao canal: uma cópia do ERP foi restaurada, ou é outro ERP. \
               Ele não sabe o que foi vendido desde então, e nada foi enviado. Traga o que falta, como em \"Copies\" no README: os \
               pedidos, os documentos, uma planilha de estoque atual; depois execute uma vez `vaivem push-stock --full`"
    )
    .to_owned()
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
