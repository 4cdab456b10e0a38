//! The warehouses that the configuration names, beside those there are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Finding;
use crate::channel::{ChannelWarehouse, DEFAULT_WAREHOUSE};
use crate::config::ChannelConfig;
use crate::model::{ChannelName, WarehouseId};

/// Which setting names a warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// `[channels.NAME.stock] warehouse`.
    Stock,
    /// `[channels.NAME.warehouses]`.
    Warehouses,
}

/// The channel's warehouses that its configuration names, with the setting; of both settings the first.
pub fn named(config: &ChannelConfig) -> BTreeMap<WarehouseId, Setting> {
    let mapped = config.warehouses.keys().map(|id| (id.clone(), Setting::Warehouses));
    let pushed = config.stock.warehouse.iter().filter(|_| config.stock.enabled).map(|id| (id.clone(), Setting::Stock));
    mapped.chain(pushed).collect()
}

/// Whether the channel has them. A hub's "default" is whichever location it says is its default.
pub fn of_channel(
    channel: &ChannelName,
    named: &BTreeMap<WarehouseId, Setting>,
    there: &[ChannelWarehouse],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut found = Vec::new();
    for (id, setting) in named {
        let is_it = |one: &&ChannelWarehouse| match one.is_default {
            Some(is_default) if id.as_str() == DEFAULT_WAREHOUSE => is_default,
            _ => one.id == id.as_str(),
        };
        match there.iter().find(is_it) {
            Some(one) if one.is_active == Some(false) => {
                findings.push(Finding::WarehouseInactive { channel: channel.clone(), warehouse: one.id.clone() });
            }
            Some(one) => found.push(told(one)),
            None => findings.push(Finding::WarehouseMissing {
                channel: channel.clone(),
                warehouse: id.to_string(),
                setting: *setting,
                near: near(id.as_str(), there.iter().map(|one| (one.id.as_str(), one.name.as_str()))),
                there: there.iter().map(told).collect(),
            }),
        }
    }
    if !found.is_empty() {
        findings.insert(0, Finding::WarehousesThere { channel: channel.clone(), warehouses: found });
    }
    findings
}

/// Whether the ERP has the counterparts.
pub fn of_erp<'a>(
    channel: &ChannelName,
    named: impl IntoIterator<Item = &'a WarehouseId>,
    there: &[WarehouseId],
) -> Vec<Finding> {
    let mut missing: Vec<&WarehouseId> = named.into_iter().filter(|id| !there.contains(id)).collect();
    missing.sort();
    missing.dedup();
    let finding = |id: &WarehouseId| Finding::ErpWarehouseMissing {
        channel: channel.clone(),
        warehouse: id.clone(),
        near: near(id.as_str(), there.iter().map(|one| (one.as_str(), ""))),
        there: there.iter().map(ToString::to_string).collect(),
    };
    missing.into_iter().map(finding).collect()
}

fn told(one: &ChannelWarehouse) -> String {
    if one.name.is_empty() { one.id.clone() } else { format!("{} ({})", one.id, one.name) }
}

/// The id that was meant: the same but for its case and blanks, or what people call it.
fn near<'a>(wanted: &str, there: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let plain =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let wanted = plain(wanted);
    let is_it = |(id, name): &(&str, &str)| plain(id) == wanted || !name.is_empty() && plain(name) == wanted;
    let mut there = there.filter(is_it);
    there.next().map(|(id, _)| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Level;

    fn there(id: &str, name: &str, is_default: Option<bool>) -> ChannelWarehouse {
        ChannelWarehouse { id: id.into(), name: name.into(), is_default, is_active: None }
    }

    fn judge(wanted: &str, there: &[ChannelWarehouse]) -> Finding {
        let named = BTreeMap::from([(WarehouseId::new(wanted), Setting::Stock)]);
        of_channel(&ChannelName::new("loja"), &named, there).remove(0)
    }

    #[test]
    fn the_warehouse_that_was_meant_is_named() {
        let all = [there("1_1", "Estoque principal", None), there("lojaCentro", "Loja do Centro", None)];
        assert_eq!(judge("1_1", &all).level(), Level::Ok);
        let near = |wanted: &str| match judge(wanted, &all) {
            Finding::WarehouseMissing { near, .. } => near,
            other => panic!("{other:?}"),
        };
        assert_eq!(near("LOJACENTRO").as_deref(), Some("lojaCentro"), "only the case differs");
        assert_eq!(near("1_1 ").as_deref(), Some("1_1"));
        assert_eq!(near("estoque principal").as_deref(), Some("1_1"), "its name was taken for its id");
        assert_eq!(near("2_2"), None);
    }

    #[test]
    fn default_is_the_location_that_the_hub_says() {
        let all = [there("1", "Principal", Some(false)), there("2", "Outro", Some(true))];
        let Finding::WarehousesThere { warehouses, .. } = judge("default", &all) else { panic!() };
        assert_eq!(warehouses, ["2 (Outro)"]);
        assert_eq!(judge("default", &all[..1]).level(), Level::Problem);
        // VTEX has no such word.
        assert_eq!(judge("default", &[there("1_1", "", None)]).level(), Level::Problem);
    }

    #[test]
    fn the_erps_counterparts_are_looked_for_once() {
        let [central, loja] = ["central", "loja"].map(WarehouseId::new);
        let channel = ChannelName::new("loja");
        assert_eq!(of_erp(&channel, [&central], std::slice::from_ref(&central)), []);
        let found = of_erp(&channel, [&loja, &loja], &[central, WarehouseId::new("Loja")]);
        assert!(matches!(&found[..], [Finding::ErpWarehouseMissing { near: Some(near), .. }] if near == "Loja"));
    }
}
