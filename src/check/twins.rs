//! Somebody else who brings the same orders into the ERP: its own connector above all. Two of them do everything twice.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::erp::Placed;
use crate::model::ChannelName;
use crate::store::survey::Numbered;

/// So many days of the ERP's orders are looked at.
pub const DAYS: i64 = 2;
/// So many orders are named.
const NAMED: usize = 5;

/// Compares the ERP's latest orders with the orders of the channels. `known` are the orders of the state file under a number;
/// `listed` are numbers that a channel's list shows, for when nothing was imported yet. `all`: whether these are all of them.
///
/// An order is vaivem's own when it is the one it is linked with, or says that it came from one of its channels: then the state
/// file was lost, perhaps, but nobody else made it.
pub fn judge(
    placed: &[Placed],
    all: bool,
    channels: &BTreeSet<ChannelName>,
    known: impl Fn(&str) -> Vec<Numbered>,
    listed: &BTreeSet<String>,
) -> Vec<Finding> {
    let is_own = |one: &Placed, of: &[Numbered]| {
        channels.iter().any(|channel| channel.as_str() == one.origin)
            || of.iter().any(|order| order.linked.as_ref() == Some(&one.id) || order.unsettled)
    };
    let mut by_number: BTreeMap<&str, Vec<&Placed>> = BTreeMap::new();
    for one in placed.iter().filter(|one| !one.store_number.is_empty()) {
        by_number.entry(&one.store_number).or_default().push(one);
    }
    let (mut twice, mut elsewhere) = (Vec::new(), Vec::new());
    for (number, orders) in by_number {
        let of = known(number);
        let ours = !of.is_empty() || listed.contains(number);
        if !ours {
            continue;
        }
        let alive: Vec<&str> = orders.iter().filter(|one| !one.cancelled).map(|one| one.number.as_str()).collect();
        if alive.len() > 1 {
            twice.push(format!("{number} ({})", alive.join(", ")));
        }
        // Whoever cancelled it has seen it.
        for one in orders.into_iter().filter(|one| !one.cancelled && !is_own(one, &of)) {
            elsewhere.push(format!("{number} ({})", one.number));
        }
    }
    let first = |list: &[String]| list.iter().take(NAMED).cloned().collect();
    let mut findings = Vec::new();
    if !elsewhere.is_empty() {
        findings.push(Finding::MadeElsewhere { orders: elsewhere.len(), examples: first(&elsewhere) });
    }
    if !twice.is_empty() {
        findings.push(Finding::OrderedTwice { orders: twice.len(), examples: first(&twice) });
    }
    if findings.is_empty() {
        findings.push(Finding::NobodyElse { orders: placed.len(), days: DAYS, all });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ErpOrderId, OrderId};

    fn placed(id: &str, store_number: &str, origin: &str) -> Placed {
        Placed {
            id: ErpOrderId::new(id),
            number: format!("N{id}"),
            store_number: store_number.into(),
            origin: origin.into(),
            cancelled: false,
        }
    }

    fn known(linked: Option<&str>) -> Vec<Numbered> {
        vec![Numbered {
            channel: ChannelName::new("loja"),
            order: OrderId::new("1-01"),
            linked: linked.map(ErpOrderId::new),
            unsettled: false,
        }]
    }

    fn codes(placed: &[Placed], found: &[Numbered], listed: &[&str]) -> Vec<&'static str> {
        let channels = BTreeSet::from([ChannelName::new("loja")]);
        let listed = listed.iter().map(ToString::to_string).collect();
        let found = judge(placed, true, &channels, |_| found.to_vec(), &listed);
        let code = |finding: &Finding| match finding {
            Finding::NobodyElse { .. } => "nobody",
            Finding::MadeElsewhere { .. } => "elsewhere",
            Finding::OrderedTwice { .. } => "twice",
            other => panic!("{other:?}"),
        };
        found.iter().map(code).collect()
    }

    #[test]
    fn an_order_is_somebody_elses_unless_it_is_the_linked_one_or_says_whose_it_is() {
        let native = [placed("7", "1-01", "")];
        assert_eq!(codes(&native, &known(Some("7")), &[]), ["nobody"]);
        assert_eq!(codes(&native, &known(None), &[]), ["elsewhere"]);
        assert_eq!(codes(&native, &known(Some("9")), &[]), ["elsewhere"]);
        assert_eq!(codes(&native, &[], &[]), ["nobody"], "sold over the counter");
        assert_eq!(codes(&native, &[], &["1-01"]), ["elsewhere"], "before the first run the channel's list tells");
        assert_eq!(codes(&[placed("7", "1-01", "loja")], &known(None), &[]), ["nobody"], "the state file was lost");
    }

    #[test]
    fn an_order_that_is_just_being_made_is_nobody_elses() {
        let mut under_way = known(None);
        under_way[0].unsettled = true;
        assert_eq!(codes(&[placed("7", "1-01", "")], &under_way, &[]), ["nobody"]);
    }

    #[test]
    fn several_that_live_under_one_number_are_too_many() {
        let two = [placed("7", "1-01", "loja"), placed("8", "1-01", "")];
        assert_eq!(codes(&two, &known(Some("7")), &[]), ["elsewhere", "twice"]);
        let mut one = two.clone();
        one[1].cancelled = true;
        assert_eq!(codes(&one, &known(Some("7")), &[]), ["nobody"]);
        assert_eq!(codes(&[placed("7", "", ""), placed("8", "", "")], &known(None), &[]), ["nobody"]);
    }
}
