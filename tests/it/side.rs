//! The two simulated platforms as tests see them that are told for either: which channel, how to watch it, what can be bought there.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::sandbox::{Anymarket, Call, Fault, HookAction, Phase, Platform, Vtex};
use crate::shop::Shop;

/// A kind of channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Vtex,
    Hub,
}

/// What a platform knows of a SKU, by VTEX's id or the hub's code.
pub trait Shelf {
    /// Units that customers can buy.
    fn can_be_bought(&self, sku: &str) -> i64;
    /// Units in orders that are alive, but for these.
    fn sold(&self, sku: &str, but: &BTreeSet<String>) -> i64;
}

impl Shelf for Vtex {
    fn can_be_bought(&self, sku: &str) -> i64 {
        self.available(sku)
    }

    fn sold(&self, sku: &str, but: &BTreeSet<String>) -> i64 {
        let live = self.orders.values().filter(|order| order.status != "canceled" && !but.contains(&order.id));
        let lines = live.flat_map(|order| order.seed.lines.iter()).filter(|line| line.id == sku);
        lines.map(|line| line.quantity).sum()
    }
}

impl Shelf for Anymarket {
    fn can_be_bought(&self, sku: &str) -> i64 {
        self.available(sku)
    }

    fn sold(&self, sku: &str, but: &BTreeSet<String>) -> i64 {
        // What a marketplace sends from its own warehouse is none of ours.
        let live = self.orders.values().filter(|order| order.status != "CANCELED" && !order.seed.fulfillment);
        let here = live.filter(|order| !but.contains(&order.id.to_string()));
        let lines = here.flat_map(|order| order.seed.lines.iter()).filter(|line| line.sku == sku);
        lines.map(|line| line.amount.whole()).sum()
    }
}

impl Side {
    /// The channel's name in a shop's configuration.
    pub fn channel(self) -> &'static str {
        match self {
            Self::Vtex => "loja",
            Self::Hub => "hub",
        }
    }

    /// Replaces the further keys of the channel's table.
    pub fn configure(self, shop: &mut Shop, settings: &str) {
        match self {
            Self::Vtex => shop.set(settings),
            Self::Hub => shop.set_hub(settings),
        }
    }

    /// The one warehouse it sells from.
    pub fn warehouse(self) -> &'static str {
        match self {
            Self::Vtex => "1_1",
            Self::Hub => "default",
        }
    }

    /// What it calls a product, of VTEX's id and the store's code.
    pub fn sku<'a>(self, id: &'a str, code: &'a str) -> &'a str {
        match self {
            Self::Vtex => id,
            Self::Hub => code,
        }
    }

    /// Puts a product on it, with no stock.
    pub fn offer(self, shop: &Shop, id: &str, code: &str) {
        match self {
            Self::Vtex => shop.vtex(|v| v.add_sku(id, code)),
            Self::Hub => shop.hub(|a| a.set_stock(code, 1, 0)),
        }
    }

    /// What the program is called with for a verb of this channel alone.
    pub fn args(self, verb: &str) -> [&str; 3] {
        [verb, "--channel", self.channel()]
    }

    /// How many calls it has taken.
    pub fn calls(self, shop: &Shop) -> u64 {
        match self {
            Self::Vtex => shop.vtex(|v| v.total_calls),
            Self::Hub => shop.hub(|a| a.total_calls),
        }
    }

    /// How many writes it has taken.
    pub fn effects(self, shop: &Shop) -> usize {
        match self {
            Self::Vtex => shop.vtex(|v| v.effects.len()),
            Self::Hub => shop.hub(|a| a.effects.len()),
        }
    }

    /// What goes wrong from here on, beside what still does.
    pub fn strike(self, shop: &Shop, faults: Vec<Fault>) {
        match self {
            Self::Vtex => shop.vtex(|v| v.faults.extend(faults)),
            Self::Hub => shop.hub(|a| a.faults.extend(faults)),
        }
    }

    /// Nothing goes wrong any more.
    pub fn calm(self, shop: &Shop) {
        match self {
            Self::Vtex => shop.vtex(|v| v.faults.clear()),
            Self::Hub => shop.hub(|a| a.faults.clear()),
        }
    }

    /// Looks at what it has to sell.
    pub fn look<R>(self, shop: &Shop, work: impl FnOnce(&dyn Shelf) -> R) -> R {
        match self {
            Self::Vtex => shop.vtex(|v| work(v)),
            Self::Hub => shop.hub(|a| work(a)),
        }
    }

    /// Asks before and after the effect of every call whether it goes on; where it does not, the connection is closed.
    pub fn on_call(self, shop: &Shop, goes_on: impl FnMut(&Call, Phase) -> bool + Send + 'static) {
        match self {
            Self::Vtex => shop.vtex(|v| hook(v, goes_on)),
            Self::Hub => shop.hub(|a| hook(a, goes_on)),
        }
    }

    /// Lets `look` see each SKU whose stock is updated, right after the update.
    pub fn on_stock(self, shop: &Shop, look: impl Fn(&dyn Shelf, &str) + Send + Sync + 'static) {
        match self {
            Self::Vtex => shop.vtex(|v| watch(v, vtex_skus, look)),
            Self::Hub => shop.hub(|a| watch(a, hub_skus, look)),
        }
    }

    /// Nobody watches any more.
    pub fn unwatched(self, shop: &Shop) {
        match self {
            Self::Vtex => shop.vtex(|v| v.on_call = None),
            Self::Hub => shop.hub(|a| a.on_call = None),
        }
    }
}

fn hook<P: Platform>(platform: &mut P, mut goes_on: impl FnMut(&Call, Phase) -> bool + Send + 'static) {
    platform.on_call = Some(Box::new(move |call, phase| match goes_on(call, phase) {
        true => HookAction::Go,
        false => HookAction::Drop,
    }));
}

fn watch<P: Platform + Shelf>(
    platform: &mut P,
    skus_of: fn(&Call) -> Vec<String>,
    look: impl Fn(&dyn Shelf, &str) + Send + Sync + 'static,
) {
    let look = Arc::new(look);
    platform.on_call = Some(Box::new(move |call, phase| match (phase, skus_of(call)) {
        (Phase::AfterEffect, skus) if !skus.is_empty() => {
            let look = Arc::clone(&look);
            HookAction::Meanwhile(Box::new(move |platform| skus.iter().for_each(|sku| look(platform, sku))))
        }
        _ => HookAction::Go,
    }));
}

/// The SKU whose stock a call to VTEX updates.
fn vtex_skus(call: &Call) -> Vec<String> {
    let rest = call.path.split_once("/skus/").filter(|_| call.method == "PATCH").map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split('/').next()).map(str::to_owned).into_iter().collect()
}

/// The SKUs whose stock a call to the hub updates.
fn hub_skus(call: &Call) -> Vec<String> {
    if call.method != "PUT" || !call.path.contains("/stocks") {
        return Vec::new();
    }
    let rows: Vec<serde_json::Value> = serde_json::from_str(&call.body).unwrap();
    rows.iter().map(|row| row["partnerId"].as_str().unwrap().to_owned()).collect()
}
