//! One record per number sent, or product held.

use super::{Format, Outcome, Reporter};
use crate::lang::{self, say, word};
use crate::model::{ChannelName, ChannelSku, Sku, StockParts, WarehouseId};
use crate::plan::Entry;
use crate::reason::Reason;
use crate::words;

/// What a visit of a product came to.
#[derive(Clone, Debug)]
pub struct StockItem {
    /// The channel.
    pub channel: ChannelName,
    /// The ERP's code.
    pub sku: Sku,
    /// The channel's id, if it has the product.
    pub channel_sku: Option<ChannelSku>,
    /// The channel's warehouse.
    pub warehouse: Option<WarehouseId>,
    /// The number.
    pub quantity: Option<i64>,
    /// The one the channel confirmed before.
    pub before: Option<i64>,
    /// What it came to.
    pub outcome: Outcome,
    /// What the number is made of.
    pub parts: Option<StockParts>,
    /// What is in the way, if anything is.
    pub reason: Option<Reason>,
    /// Nothing was really done.
    pub dry_run: bool,
    /// What a dry run would do, and what that rests on.
    pub plan: Option<Entry>,
}

impl Reporter {
    /// One product's visit.
    pub fn stock(&self, item: &StockItem) {
        let _reader = lang::for_the_reader();
        let needs_person = matches!(item.outcome, Outcome::Held | Outcome::Failed);
        if self.quiet && !needs_person {
            return;
        }
        match self.format {
            Format::Jsonl => {
                let mut fields = serde_json::Map::new();
                fields.insert("channel".into(), item.channel.as_str().into());
                fields.insert("sku".into(), item.sku.as_str().into());
                fields.insert("channel_sku".into(), item.channel_sku.as_ref().map(ChannelSku::as_str).into());
                fields.insert("warehouse".into(), item.warehouse.as_ref().map(WarehouseId::as_str).into());
                fields.insert("quantity".into(), item.quantity.into());
                fields.insert("before".into(), item.before.into());
                fields.insert("outcome".into(), item.outcome.word().into());
                fields.insert("parts".into(), serde_json::to_value(&item.parts).unwrap_or_default());
                fields.insert("dry_run".into(), item.dry_run.into());
                if let Some(plan) = &item.plan {
                    fields.insert("plan".into(), serde_json::to_value(plan).unwrap_or_default());
                }
                if let Some(reason) = &item.reason {
                    fields.insert("reason".into(), serde_json::to_value(reason).unwrap_or_default());
                    fields.insert("text".into(), words::reason(reason).into());
                    fields.insert("hint".into(), words::hint_on(&item.channel, reason).into());
                }
                self.json("stock", fields.into());
            }
            Format::Human if item.outcome != Outcome::Unchanged || self.verbose => {
                let mark = self.paint.mark(item.outcome, words::terms::outcome(item.outcome.word()));
                let mut text = format!("{mark} {} {}", item.channel, item.sku);
                if let Some(quantity) = item.quantity {
                    let before =
                        item.before.map(|before| say!(", before {before}" | ", antes {before}")).unwrap_or_default();
                    text += &format!(": {quantity}{before}");
                }
                if let Some(parts) = &item.parts {
                    text += &format!(" ({})", words::stock_parts(parts));
                }
                if let Some(reason) = &item.reason {
                    text += &format!(": {}", words::reason(reason));
                }
                if item.dry_run && item.outcome == Outcome::Updated {
                    text += word!(" [would send]" | " [seria enviado]");
                }
                self.line(&text);
                if let Some(hint) = item
                    .reason
                    .as_ref()
                    .filter(|_| needs_person)
                    .and_then(|reason| words::hint_on(&item.channel, reason))
                {
                    self.hint(&hint);
                }
            }
            Format::Human => {}
        }
    }
}
