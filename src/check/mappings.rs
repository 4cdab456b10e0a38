//! Products and carriers: what orders needed and is not mapped, and what is mapped to nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::config::ChannelConfig;
use crate::model::{ChannelName, OrderId, Sku};
use crate::reason::{Reason, UnmappedSku};
use crate::store::holds::Hold;

/// Of so many mapped products of a channel the ERP is asked, and of so many that [its stock](stock_settings) names.
pub const ASKED: usize = 50;

/// What open holds of a channel's orders lack, each once, with how many orders wait for it.
#[derive(Debug)]
pub struct Lacking<'a> {
    channel: &'a ChannelName,
    /// By the channel's id.
    products: BTreeMap<String, (UnmappedSku, Waiting)>,
    carriers: BTreeMap<String, Waiting>,
}

/// Orders that wait for the same.
#[derive(Debug, Default)]
struct Waiting {
    orders: usize,
    /// The first of them by number.
    example: Option<OrderId>,
}

impl<'a> Lacking<'a> {
    /// Nothing yet.
    pub fn on(channel: &'a ChannelName) -> Self {
        Self { channel, products: BTreeMap::new(), carriers: BTreeMap::new() }
    }

    /// Counts what a hold's order lacks. No order is held twice for one reason.
    pub fn add(&mut self, hold: &Hold) {
        let Some(order) = hold.order.as_ref().filter(|_| hold.channel == *self.channel) else { return };
        match &hold.reason {
            Reason::SkusUnmapped { skus } => {
                for sku in skus {
                    let of_product = self.products.entry(sku.channel_sku.clone());
                    of_product.or_insert_with(|| (sku.clone(), Waiting::default())).1.add(order);
                }
            }
            Reason::CarrierUnmapped { carrier } => self.carriers.entry(carrier.clone()).or_default().add(order),
            _ => {}
        }
    }

    /// The products, then the carriers.
    pub fn findings(self) -> impl Iterator<Item = Finding> {
        let channel = self.channel;
        let products = self.products.into_iter().map(|(channel_sku, (sku, waiting))| Finding::ProductUnmapped {
            channel: channel.clone(),
            channel_sku,
            tried: sku.tried,
            name: sku.name,
            orders: waiting.orders,
            example: waiting.example(),
        });
        let carriers = self.carriers.into_iter().map(|(carrier, waiting)| Finding::CarrierUnmapped {
            channel: channel.clone(),
            carrier,
            orders: waiting.orders,
            example: waiting.example(),
        });
        products.chain(carriers)
    }
}

impl Waiting {
    fn add(&mut self, order: &OrderId) {
        self.orders += 1;
        if self.example.as_ref().is_none_or(|example| order < example) {
            self.example = Some(order.clone());
        }
    }

    fn example(self) -> OrderId {
        self.example.unwrap_or_else(|| OrderId::new(""))
    }
}

/// The products that the configuration maps to, and those that its stock names, of which the ERP is asked; each once.
pub fn asked(config: &ChannelConfig) -> Vec<Sku> {
    let mapped: BTreeSet<&Sku> = config.skus.values().collect();
    let of_stock: BTreeSet<&Sku> = stock_settings(config).map(|(_, sku)| sku).collect();
    let asked: BTreeSet<&Sku> = mapped.into_iter().take(ASKED).chain(of_stock.into_iter().take(ASKED)).collect();
    asked.into_iter().cloned().collect()
}

/// The products of which push-stock is told something of their own, each with the list it stands in.
fn stock_settings(config: &ChannelConfig) -> impl Iterator<Item = (&'static str, &Sku)> {
    let buffers = config.stock.buffers.keys().map(|sku| ("buffers", sku));
    buffers.chain(config.stock.exclude.iter().map(|sku| ("exclude", sku)))
}

/// Whether the ERP has what it was asked for.
pub fn known(config: &ChannelConfig, asked: &[Sku], known: &BTreeSet<Sku>) -> Vec<Finding> {
    let channel = &config.name;
    let is_unknown = |sku: &Sku| asked.contains(sku) && !known.contains(sku);
    let mut findings: Vec<Finding> = config
        .skus
        .iter()
        .filter(|(_, ours)| is_unknown(ours))
        .map(|(theirs, ours)| Finding::MappingUnknown {
            channel: channel.clone(),
            channel_sku: theirs.clone(),
            sku: ours.clone(),
        })
        .collect();
    let mapped: BTreeSet<&Sku> = config.skus.values().collect();
    if findings.is_empty() && !mapped.is_empty() {
        let products = mapped.iter().filter(|sku| asked.contains(sku)).count();
        findings.push(Finding::MappingsKnown { channel: channel.clone(), products, of: mapped.len() });
    }
    findings.extend(stock_settings(config).filter(|(_, sku)| is_unknown(sku)).map(|(list, sku)| {
        Finding::StockSkuUnknown { channel: channel.clone(), list: list.to_owned(), sku: sku.clone() }
    }));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Instant;

    fn hold(order: &str, reason: Reason) -> Hold {
        let at: Instant = "2026-11-25T12:00:00Z".parse().unwrap();
        Hold {
            row: 1,
            channel: ChannelName::new("loja"),
            order: Some(OrderId::new(order)),
            order_row: Some(1),
            is_one_of_several: false,
            erp_number: None,
            sku: None,
            reason,
            since: at,
            tried_at: at,
            tries: 1,
            amount: None,
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
            hold("2", Reason::SkusUnmapped { skus: vec![product("7"), product("8")] }),
            hold("1", Reason::SkusUnmapped { skus: vec![product("7")] }),
            hold("3", Reason::CarrierUnmapped { carrier: "Sedex".into() }),
            hold("4", Reason::NotOnChannel),
        ];
        let lacking = |channel: &str| -> Vec<(String, usize, String)> {
            let channel = ChannelName::new(channel);
            let mut lacking = Lacking::on(&channel);
            holds.iter().for_each(|hold| lacking.add(hold));
            let told = |one| match one {
                Finding::ProductUnmapped { channel_sku, orders, example, .. } => {
                    (channel_sku, orders, example.to_string())
                }
                Finding::CarrierUnmapped { carrier, orders, example, .. } => (carrier, orders, example.to_string()),
                other => panic!("{other:?}"),
            };
            lacking.findings().map(told).collect()
        };
        let told = [("7", 2, "1"), ("8", 1, "2"), ("Sedex", 1, "3")];
        assert_eq!(lacking("loja"), told.map(|(what, orders, example)| (what.into(), orders, example.into())));
        assert_eq!(lacking("hub"), []);
    }
}
