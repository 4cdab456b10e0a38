//! Products and carriers: what orders needed and is not mapped, and what is mapped to nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::config::ChannelConfig;
use crate::model::{ChannelName, OrderId, Sku};
use crate::reason::{Reason, UnmappedSku};
use crate::store::holds::Hold;

/// Of so many mapped products of a channel the ERP is asked.
pub const ASKED: usize = 50;

/// What open holds of a channel's orders lack, each once, with how many orders wait for it.
pub fn lacking(channel: &ChannelName, holds: &[Hold]) -> Vec<Finding> {
    let mut products: BTreeMap<&str, (&UnmappedSku, BTreeSet<&OrderId>)> = BTreeMap::new();
    let mut carriers: BTreeMap<&str, BTreeSet<&OrderId>> = BTreeMap::new();
    for (hold, order) in
        holds.iter().filter(|hold| hold.channel == *channel).filter_map(|hold| Some((hold, hold.order.as_ref()?)))
    {
        match &hold.reason {
            Reason::SkusUnmapped { skus } => {
                for sku in skus {
                    products.entry(&sku.channel_sku).or_insert_with(|| (sku, BTreeSet::new())).1.insert(order);
                }
            }
            Reason::CarrierUnmapped { carrier } => drop(carriers.entry(carrier).or_default().insert(order)),
            _ => {}
        }
    }
    let example =
        |orders: &BTreeSet<&OrderId>| orders.first().map_or_else(|| OrderId::new(""), |order| (*order).clone());
    let products = products.into_values().map(|(sku, orders)| Finding::ProductUnmapped {
        channel: channel.clone(),
        channel_sku: sku.channel_sku.clone(),
        tried: sku.tried.clone(),
        name: sku.name.clone(),
        orders: orders.len(),
        example: example(&orders),
    });
    let carriers = carriers.into_iter().map(|(carrier, orders)| Finding::CarrierUnmapped {
        channel: channel.clone(),
        carrier: carrier.to_owned(),
        orders: orders.len(),
        example: example(&orders),
    });
    products.chain(carriers).collect()
}

/// The products that the configuration maps to, of which the ERP is asked; each once.
pub fn asked(config: &ChannelConfig) -> Vec<Sku> {
    config.skus.values().collect::<BTreeSet<_>>().into_iter().take(ASKED).cloned().collect()
}

/// Whether the ERP has what it was asked for.
pub fn known(config: &ChannelConfig, asked: &[Sku], known: &BTreeSet<Sku>) -> Vec<Finding> {
    let channel = &config.name;
    let is_unknown = |(_, sku): &(&String, &Sku)| asked.contains(sku) && !known.contains(*sku);
    let unknown: Vec<Finding> = config
        .skus
        .iter()
        .filter(is_unknown)
        .map(|(theirs, ours)| Finding::MappingUnknown {
            channel: channel.clone(),
            channel_sku: theirs.clone(),
            sku: ours.clone(),
        })
        .collect();
    if unknown.is_empty() && !asked.is_empty() {
        let of = config.skus.values().collect::<BTreeSet<_>>().len();
        return vec![Finding::MappingsKnown { channel: channel.clone(), products: asked.len(), of }];
    }
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cents, Instant};

    fn hold(order: &str, reason: Reason) -> Hold {
        let at: Instant = "2026-11-25T12:00:00Z".parse().unwrap();
        Hold {
            channel: ChannelName::new("loja"),
            order: Some(OrderId::new(order)),
            erp_number: None,
            sku: None,
            reason,
            since: at,
            tried_at: at,
            tries: 1,
            amount: Cents::ZERO,
            promised_at: None,
            fate: None,
            status: [None, None],
            pass: String::new(),
        }
    }

    fn product(id: &str) -> UnmappedSku {
        UnmappedSku { channel_sku: id.into(), tried: None, name: "Caneca".into() }
    }

    #[test]
    fn what_is_lacking_is_told_once_with_its_orders() {
        let holds = [
            hold("1", Reason::SkusUnmapped { skus: vec![product("7"), product("8")] }),
            hold("2", Reason::SkusUnmapped { skus: vec![product("7")] }),
            hold("3", Reason::CarrierUnmapped { carrier: "Sedex".into() }),
            hold("4", Reason::NotOnChannel),
        ];
        let found = lacking(&ChannelName::new("loja"), &holds);
        let told: Vec<(String, usize)> = found
            .iter()
            .map(|one| match one {
                Finding::ProductUnmapped { channel_sku, orders, .. } => (channel_sku.clone(), *orders),
                Finding::CarrierUnmapped { carrier, orders, .. } => (carrier.clone(), *orders),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, [("7".into(), 2), ("8".into(), 1), ("Sedex".into(), 1)]);
        assert_eq!(lacking(&ChannelName::new("hub"), &holds), []);
    }
}
