//! Which of the channel's warehouses are pushed to, from which of the ERP's; and the ERP's words for what a channel's order says.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::config::{ChannelConfig, StockConfig};
use crate::lang::say;
use crate::model::{ChannelName, Instant, Sku, WarehouseId};
use crate::store::claims::ClaimLine;

/// A warehouse of the channel, and the ERP's whose stock it gets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The channel's.
    pub channel: WarehouseId,
    /// The ERP's.
    pub erp: WarehouseId,
}

/// The places of a channel, or what is wrong with its configuration. Units of one ERP warehouse go to one channel warehouse: told
/// to two, they would be promised twice.
pub fn of(config: &ChannelConfig, default: &WarehouseId) -> Result<Vec<Place>, String> {
    let name = &config.name;
    if let Some(channel) = &config.stock.warehouse {
        let erp = config.warehouses.get(channel).unwrap_or(default).clone();
        return Ok(vec![Place { channel: channel.clone(), erp }]);
    }
    if config.warehouses.is_empty() {
        return Err(say!(
            "`channels.{name}.stock.warehouse` is missing, so push-stock does not know where the stock goes: write \
             the channel's warehouse id, such as stock = {{ warehouse = \"1_1\" }}, or map warehouses in \
             [channels.{name}.warehouses]; stock = {{ enabled = false }} leaves this channel's stock alone"
                | "falta `channels.{name}.stock.warehouse`, então o push-stock não sabe para onde vai o estoque: \
                   escreva o id do depósito no canal, como stock = {{ warehouse = \"1_1\" }}, ou mapeie depósitos em \
                   [channels.{name}.warehouses]; stock = {{ enabled = false }} deixa o estoque deste canal em paz"
        ));
    }
    let mut by_erp: BTreeMap<&WarehouseId, &WarehouseId> = BTreeMap::new();
    for (channel, erp) in &config.warehouses {
        if let Some(other) = by_erp.insert(erp, channel) {
            return Err(say!(
                "`channels.{name}.warehouses` maps both `{other}` and `{channel}` to `{erp}`, whose units would be \
                 promised twice: say which of them gets the stock with `channels.{name}.stock.warehouse`"
                    | "`channels.{name}.warehouses` mapeia `{other}` e `{channel}` para `{erp}`, cujas unidades \
                       seriam prometidas duas vezes: diga qual deles recebe o estoque com \
                       `channels.{name}.stock.warehouse`"
            ));
        }
    }
    Ok(config.warehouses.iter().map(|(channel, erp)| Place { channel: channel.clone(), erp: erp.clone() }).collect())
}

/// What a channel's order means in the ERP's words: as import-orders reads it.
#[derive(Debug)]
pub struct Terms<'a> {
    /// Every configured channel.
    pub channels: &'a [ChannelConfig],
    /// The ERP's warehouse for lines that name none, or one that is not mapped.
    pub default_warehouse: WarehouseId,
}

impl Terms<'_> {
    fn config(&self, channel: &ChannelName) -> Option<&ChannelConfig> {
        self.channels.iter().find(|config| config.name == *channel)
    }

    /// A mark of all that the configuration adds to the numbers. Where it is another than before, any of them may be another; it
    /// looks like an instant only to be stored as one.
    pub fn mark(&self, places: &[Place], policy: &StockConfig) -> Instant {
        let StockConfig { exclude, buffer, buffers, share, settle, reserved_for, channel_reserves, .. } = policy;
        let channels: Vec<_> = self.channels.iter().map(|one| (&one.name, &one.skus, &one.warehouses)).collect();
        let kept_back = (exclude, buffer, buffers, share, settle, reserved_for, channel_reserves);
        let all = format!("{:?}", (places, &self.default_warehouse, kept_back, channels));
        let millis = Sha256::digest(all).iter().take(6).fold(0, |mark, byte| mark << 8 | i64::from(*byte));
        Instant::from_timestamp_millis(millis).unwrap_or_default()
    }

    /// The ERP's code.
    pub fn sku(&self, channel: &ChannelName, line: &ClaimLine) -> Option<Sku> {
        let mapped = self.config(channel).and_then(|config| config.skus.get(line.channel_sku.as_str()));
        mapped.or(line.sku.as_ref()).cloned()
    }

    /// The ERP's warehouse.
    pub fn warehouse(&self, channel: &ChannelName, line: &ClaimLine) -> WarehouseId {
        let config = self.config(channel);
        let mapped = line.warehouse.as_ref().and_then(|theirs| config.and_then(|config| config.warehouses.get(theirs)));
        mapped.unwrap_or(&self.default_warehouse).clone()
    }
}
