//! Which order an invoice names. The ERP's own link between order and invoice is worth more than anything here.
//!
//! Never tie an invoice to an order by value, name or date, and always require the customer's document to agree
//! ([`super::check()`]).

use super::Nfe;
use crate::documents::text::plain_words;

/// A number that an invoice gives for an order: the store's or the ERP's, the invoice does not tell which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The number as written.
    pub number: String,
    /// Where it stands.
    pub source: Source,
}

/// Where a number stands, the most trustworthy first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// `compra/xPed`.
    Purchase,
    /// `det/prod/xPed`, at most 15 characters.
    Lines,
    /// `obsCont` with a field name such as *Pedido*.
    Observation,
    /// Behind a word such as *pedido* in `infCpl` or `infAdFisco`.
    Notes,
}

/// How a candidate and an order's number compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The same number.
    Same,
    /// The beginning of the order's number, cut by the field's length: a second proof is needed.
    Cut,
    /// Another number.
    None,
}

/// Characters that `det/prod/xPed` holds; a VTEX number such as `1543219876543-01` has 16.
const LINE_FIELD: usize = 15;

impl Candidate {
    /// Compares with an order's number. Case and blanks around do not count.
    pub fn agreement(&self, order_number: &str) -> Agreement {
        let order_number = order_number.trim();
        if self.number.eq_ignore_ascii_case(order_number) {
            return Agreement::Same;
        }
        let is_cut = self.source == Source::Lines
            && self.number.chars().count() == LINE_FIELD
            && order_number.get(..self.number.len()).is_some_and(|head| head.eq_ignore_ascii_case(&self.number));
        if is_cut { Agreement::Cut } else { Agreement::None }
    }
}

/// All numbers that the invoice gives for orders, the most trustworthy first, each once for each source.
pub fn named_orders(nfe: &Nfe) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut add = |number: &str, source| {
        let number = number.trim();
        if !number.is_empty() && seen.insert((source as u8, number.to_ascii_uppercase())) {
            candidates.push(Candidate { number: number.to_owned(), source });
        }
    };
    if let Some(number) = &nfe.purchase_order {
        add(number, Source::Purchase);
    }
    for number in nfe.lines.iter().filter_map(|line| line.order.as_deref()) {
        add(number, Source::Lines);
    }
    let of_orders = |name: &str| plain_words(name).split(' ').any(|word| ORDER_WORDS.contains(&word));
    for (_, text) in nfe.observations.iter().filter(|(name, _)| of_orders(name)) {
        add(text.as_str(), Source::Observation);
    }
    for text in [&nfe.notes, &nfe.fiscal_notes].into_iter().flatten() {
        for number in in_free_text(text.as_str()) {
            add(number, Source::Notes);
        }
    }
    candidates
}

/// The one order named by the most trustworthy source that names any; `None` when that source names several.
pub fn best_candidate(candidates: &[Candidate]) -> Option<&Candidate> {
    let best = candidates.iter().map(|candidate| candidate.source).min()?;
    let mut of_best = candidates.iter().filter(|candidate| candidate.source == best);
    let first = of_best.next();
    if of_best.next().is_some() { None } else { first }
}

/// Words that announce an order's number, without case and accents.
const ORDER_WORDS: [&str; 6] = ["pedido", "pedidos", "order", "orders", "compra", "ped"];
/// Words that may stand between the announcement and the number.
const FILLERS: [&str; 27] = [
    "s",
    "atendido",
    "atendidos",
    "loja",
    "da",
    "do",
    "de",
    "na",
    "no",
    "n",
    "nr",
    "num",
    "numero",
    "id",
    "cod",
    "codigo",
    "venda",
    "compra",
    "cliente",
    "site",
    "web",
    "online",
    "marketplace",
    "vtex",
    "anymarket",
    "ecommerce",
    "canal",
];
/// The shortest number that is believed.
const SHORTEST: usize = 4;

/// Numbers of orders in free text, as in `PEDIDO(S) ATENDIDO(S): 230772` or `Pedido n. 1543219876544-01 | Obrigado`.
///
/// `;`, `|` and line breaks end a statement. A number holds a digit and at least 4 characters of letters, digits and
/// hyphens; further ones count when a comma or *e* joins them.
fn in_free_text(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for statement in text.split([';', '|', '\n', '\r']) {
        let mut expecting = false;
        let mut joined = false;
        for Word { text: word, before } in words(statement) {
            let plain = plain_words(word);
            let is_number = is_order_number(word);
            if ORDER_WORDS.contains(&plain.as_str()) {
                (expecting, joined) = (true, false);
            } else if is_number && (expecting || joined && before.contains(',') || joined && before == " e ") {
                found.push(word);
                (expecting, joined) = (false, true);
            } else if joined && plain == "e" {
                expecting = true;
            } else if expecting && FILLERS.contains(&plain.as_str()) {
                joined = false;
            } else {
                (expecting, joined) = (false, false);
            }
        }
    }
    found
}

/// A run of letters, digits and hyphens, and what stands between it and the one before.
struct Word<'a> {
    text: &'a str,
    before: &'a str,
}

fn words(statement: &str) -> impl Iterator<Item = Word<'_>> {
    let mut rest = statement;
    std::iter::from_fn(move || {
        let start = rest.find(char::is_alphanumeric)?;
        let (before, from_word) = rest.split_at(start);
        let end = from_word.find(|c: char| !c.is_alphanumeric() && c != '-').unwrap_or(from_word.len());
        let text = from_word[..end].trim_end_matches('-');
        rest = &from_word[text.len()..];
        Some(Word { text, before })
    })
}

fn is_order_number(word: &str) -> bool {
    word.len() >= SHORTEST
        && word.bytes().any(|b| b.is_ascii_digit())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn free_text_as_it_is_written() {
        for (text, numbers) in [
            ("PEDIDO(S) ATENDIDO(S): 230772", &["230772"][..]),
            ("PEDIDO 13303793 - OBSERVACAO 4455", &["13303793"]),
            ("PEDIDO 02024 - FO0000010329 | VENDEDOR 12345", &["02024"]),
            ("PEDIDO LOJA: 1543219876543-01", &["1543219876543-01"]),
            ("Pedido n. 1543219876544-01 | Obrigado", &["1543219876544-01"]),
            ("Pedido nº 701-1234567-7654321; trib. aprox. R$ 1234,56", &["701-1234567-7654321"]),
            ("Ordem de compra: MGZ-99887766-01", &["MGZ-99887766-01"]),
            ("PEDIDO(S) ATENDIDO(S): 230772, 230773", &["230772", "230773"]),
            ("Pedidos 230772 e 230773", &["230772", "230773"]),
            ("pedido:4455", &["4455"]),
            ("PEDIDO DE 15/10", &[]),
            ("Pedido urgente, ligar 99990000", &[]),
            ("Sem pedido. Fone 31999990000", &[]),
            ("Obrigado pela compra. Lei 12741", &[]),
            ("VENDA BALCAO", &[]),
            ("", &[]),
        ] {
            assert_eq!(in_free_text(text), numbers, "{text}");
        }
    }

    #[test]
    fn a_number_that_was_cut_needs_a_second_proof() {
        let candidate = |number: &str, source| Candidate { number: number.into(), source };
        let cut = candidate("1543219876543-0", Source::Lines);
        assert_eq!(cut.agreement("1543219876543-01"), Agreement::Cut);
        assert_eq!(cut.agreement("1543219876544-01"), Agreement::None);
        assert_eq!(candidate("1543219876543-0", Source::Purchase).agreement("1543219876543-01"), Agreement::None);
        assert_eq!(candidate("154321", Source::Lines).agreement("1543219876543-01"), Agreement::None);
        assert_eq!(candidate("mgz-1", Source::Purchase).agreement(" MGZ-1 "), Agreement::Same);
    }

    #[test]
    fn the_best_source_decides_and_must_be_of_one_mind() {
        let candidate = |number: &str, source| Candidate { number: number.into(), source };
        let two_notes = [candidate("1111", Source::Notes), candidate("2222", Source::Notes)];
        assert_eq!(best_candidate(&two_notes), None);
        let purchase_too = [candidate("3333", Source::Purchase), two_notes[0].clone(), two_notes[1].clone()];
        assert_eq!(best_candidate(&purchase_too), Some(&purchase_too[0]));
        assert_eq!(best_candidate(&[]), None);
    }

    proptest! {
        #[test]
        fn any_text_gives_numbers_or_nothing(text in "(pedido|é| |,|;|[0-9]{1,6}|-|\\PC){0,40}") {
            for number in in_free_text(&text) {
                prop_assert!(is_order_number(number));
            }
        }
    }
}
