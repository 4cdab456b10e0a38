//! `why --sku CODE`: what each channel was told of a product's stock, when, what that number is made of, and what is in its way.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::naming::Names;
use super::{Failure, unreadable_state};
use crate::config::ChannelConfig;
use crate::erp::ledger::StockLevel;
use crate::exit::Exit;
use crate::model::{ChannelName, Claimant, Instant, Sku, Status};
use crate::reason::Actor;
use crate::report::Reporter;
use crate::store::Store;
use crate::store::claims::{Claim, ClaimLine};
use crate::store::timeline::{Block, Told};
use crate::words::{self, timeline};

/// Tells of the product with that code.
pub fn run(
    names: &Names<'_>,
    sku: &Sku,
    channels: &[ChannelConfig],
    reporter: &Reporter,
    now: Instant,
) -> Result<Exit, Failure> {
    let levels = names.ledger.as_ref().and_then(|ledger| ledger.stock_levels(std::slice::from_ref(sku), now).ok());
    let levels: Vec<StockLevel> = levels.map(|reading| reading.levels).unwrap_or_default();
    let claims = claimants(names.store, sku, channels).map_err(|error| unreadable_state(&error))?;
    let (in_erp, in_flight): (Vec<_>, Vec<_>) = claims.into_iter().partition(|one| one.1);
    let mut told: Vec<(&ChannelName, Vec<Told>, Option<Block>)> = Vec::new();
    for channel in names.channels {
        let of_channel = names.store.told(channel, sku).map_err(|error| unreadable_state(&error))?;
        let block = names.store.block_of_sku(channel, sku).map_err(|error| unreadable_state(&error))?;
        told.push((channel, of_channel, block));
    }
    let is_known = told.iter().any(|(_, told, block)| !told.is_empty() || block.is_some());
    if !is_known && levels.is_empty() && in_erp.is_empty() && in_flight.is_empty() {
        return Err(Failure::new(Exit::Usage, timeline::unknown_sku(sku.as_str())));
    }
    let claims: Vec<(&str, Vec<Claimant>)> = [("reserved", in_erp), ("in_flight", in_flight)]
        .into_iter()
        .map(|(what, claims)| (what, claims.into_iter().map(|(claimant, _)| claimant).collect()))
        .collect();
    if reporter.is_human() {
        show(reporter, sku, &levels, &claims, &told);
    } else {
        show_json(reporter, sku, &levels, &claims, &told);
    }
    Ok(Exit::Done)
}

/// Who claims units of the product, the latest first, and whether the ERP has the order.
fn claimants(store: &Store, sku: &Sku, channels: &[ChannelConfig]) -> rusqlite::Result<Vec<(Claimant, bool)>> {
    let code = |claim: &Claim, line: &ClaimLine| {
        let config = channels.iter().find(|channel| channel.name == claim.channel);
        let mapped = config.and_then(|config| config.skus.get(line.channel_sku.as_str()));
        mapped.or(line.sku.as_ref()) == Some(sku)
    };
    let mut found = BTreeMap::new();
    store.all_claims(|claim| {
        let units: i64 = claim.lines.iter().filter(|line| code(&claim, line)).map(|line| line.quantity).sum();
        let is_out = claim.erp_status.as_ref().is_some_and(Status::is_final_for_payment);
        if units > 0 && !is_out {
            let claimant = Claimant { channel: claim.channel, order: claim.id, units };
            found.insert((claim.created_at, claim.row), (claimant, claim.erp_id.is_some()));
        }
        Ok(())
    })?;
    Ok(found.into_values().rev().collect())
}

type OfChannel<'a> = (&'a ChannelName, Vec<Told>, Option<Block>);

fn show(
    reporter: &Reporter,
    sku: &Sku,
    levels: &[StockLevel],
    claims: &[(&str, Vec<Claimant>)],
    told: &[OfChannel<'_>],
) {
    reporter.line(&timeline::product(sku));
    for level in levels {
        reporter.line(&timeline::level(level));
    }
    for (what, claimants) in claims.iter().filter(|(_, claimants)| !claimants.is_empty()) {
        reporter.line(&timeline::claims(what, claimants));
    }
    for (channel, told, block) in told {
        reporter.line("");
        if told.is_empty() {
            reporter.line(&format!("{channel}: {}", timeline::NEVER_WORKED_OUT));
        }
        for one in told {
            reporter.line(&timeline::told(one, channel));
            if let Some(parts) = &one.parts {
                reporter.line(&format!("  {}", words::stock_sum(one.want, parts)));
                for line in timeline::whose(parts) {
                    reporter.line(&format!("  {line}"));
                }
            }
            reporter.line(&format!("  {}", timeline::from_reading(one.erp_read_at)));
            if let Some(sent) = one.write.as_ref().and_then(timeline::sent) {
                reporter.line(&format!("  {sent}"));
            }
        }
        if let Some(block) = block {
            reporter.line(&format!("  {}", timeline::block(block)));
            if let Some(hint) = words::hint_on(channel, &block.reason) {
                reporter.line(&timeline::what_to_do(&hint));
            }
            if let Some(actor) = block.reason.actor() {
                reporter.line(&timeline::who(actor));
            }
        }
        reporter.line(&format!("  {}", timeline::sends_at_once(channel, sku)));
    }
}

/// A balance of the ERP.
pub(super) fn level_json(sku: &Sku, level: &StockLevel) -> Value {
    json!({ "sku": sku, "warehouse": level.warehouse, "physical": level.physical, "reserved": level.reserved,
        "counted": level.counted, "changed_at": level.changed_at.to_rfc3339() })
}

/// What a channel's warehouse was told of a product.
pub(super) fn told_json(sku: &Sku, channel: &ChannelName, told: &Told) -> Value {
    json!({
        "sku": sku,
        "channel": channel,
        "channel_sku": told.channel_sku,
        "warehouse": told.warehouse,
        "want": told.want,
        "parts": told.parts,
        "erp_read_at": told.erp_read_at.to_rfc3339(),
        "told": told.pushed.map(|(number, _)| number),
        "told_at": told.pushed.map(|(_, at)| at.to_rfc3339()),
        "last_write": told.write.as_ref().map(|write| &write.state),
    })
}

fn show_json(
    reporter: &Reporter,
    sku: &Sku,
    levels: &[StockLevel],
    claims: &[(&str, Vec<Claimant>)],
    told: &[OfChannel<'_>],
) {
    for level in levels {
        reporter.json("level", level_json(sku, level));
    }
    for (what, claimants) in claims {
        for claimant in claimants {
            let Claimant { channel, order, units } = claimant;
            reporter
                .json("claim", json!({ "sku": sku, "kind": what, "channel": channel, "order": order, "units": units }));
        }
    }
    for (channel, told, block) in told {
        for one in told {
            reporter.json("why", told_json(sku, channel, one));
        }
        if let Some(Block { reason, since, .. }) = block {
            reporter.json(
                "in_the_way",
                json!({ "sku": sku, "channel": channel, "text": words::reason(reason), "reason": reason,
                    "since": since.to_rfc3339(), "hint": words::hint_on(channel, reason), "who": reason.actor().map(Actor::code) }),
            );
        }
    }
    let blocks = told.iter().filter(|(_, _, block)| block.is_some()).count();
    reporter.counted(json!({ "sku": sku, "in_the_way": blocks }));
}
