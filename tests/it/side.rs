//! The two simulated platforms as tests see them that are told for either: which channel, how to watch it, what can be bought there.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::sandbox::anymarket::{AnyCancelledBy, AnyPayment};
use crate::sandbox::{AnyEffect, AnyOrderSeed, Anymarket, Call, Fault, HookAction, Payment, Phase, Platform, Vtex};
use crate::shop::{Ran, Shop, paid};

/// A kind of channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Vtex,
    Hub,
}

/// What was really told of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The numbers of its invoices.
    pub invoices: Vec<String>,
    /// Its tracking codes.
    pub codes: Vec<String>,
    pub deliveries: usize,
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

/// What customers, marketplaces and people at the platform do; an order is of one shirt for 49.90.
impl Side {
    pub const BOTH: [Self; 2] = [Self::Vtex, Self::Hub];

    /// A shop that sells there, with these further keys in the channel's table.
    pub fn shop(self, settings: &str) -> Shop {
        match self {
            Self::Vtex => Shop::with(settings),
            Self::Hub => Shop::with_hub(settings),
        }
    }

    /// Runs a verb for this channel alone.
    pub fn run(self, shop: &Shop, verb: &str) -> Ran {
        shop.run(&self.args(verb))
    }

    /// Places an order that is paid and ready.
    pub fn paid(self, shop: &Shop) -> String {
        match self {
            Self::Vtex => shop.place(paid()),
            Self::Hub => shop.hub(|a| a.place(shirt())).to_string(),
        }
    }

    /// Places one that waits for its boleto.
    pub fn unpaid(self, shop: &Shop) -> String {
        match self {
            Self::Vtex => shop.place(paid().pending(Payment::boleto("2030-01-10".parse().unwrap()))),
            Self::Hub => shop.hub(|a| a.place(shirt().pending().pay(AnyPayment::boleto()))).to_string(),
        }
    }

    /// The payment arrives.
    pub fn pay(self, shop: &Shop, id: &str) {
        match self {
            Self::Vtex => shop.vtex(|v| v.approve_payment(id)),
            Self::Hub => shop.hub(|a| a.pay(number(id))),
        }
    }

    /// The customer cancels.
    pub fn cancel(self, shop: &Shop, id: &str) {
        match self {
            Self::Vtex => shop.vtex(|v| v.cancel_by_customer(id)),
            Self::Hub => shop.hub(|a| a.cancel(number(id), AnyCancelledBy::Buyer)),
        }
    }

    /// Nobody pays, and the bank or the marketplace gives the order up.
    pub fn give_up(self, shop: &Shop, id: &str) {
        match self {
            Self::Vtex => shop.vtex(|v| v.deny_payment(id)),
            Self::Hub => shop.hub(|a| a.cancel(number(id), AnyCancelledBy::Marketplace)),
        }
    }

    /// The order is in a status of this name.
    pub fn set_status(self, shop: &Shop, id: &str, word: &str) {
        match self {
            Self::Vtex => shop.vtex(|v| v.set_status(id, word)),
            Self::Hub => shop.hub(|a| a.set_status(number(id), word)),
        }
    }

    /// Its word for an order that nobody has paid.
    pub fn word_for_unpaid(self) -> &'static str {
        match self {
            Self::Vtex => "payment-pending",
            Self::Hub => "PENDING",
        }
    }

    /// What is in the feed is lost.
    pub fn lose_feed(self, shop: &Shop) {
        match self {
            Self::Vtex => shop.vtex(|v| v.feed.clear()),
            Self::Hub => shop.hub(|a| a.feed.clear()),
        }
    }

    /// Method and path by which it is told of an invoice.
    pub fn invoice_call(self) -> (&'static str, &'static str) {
        match self {
            Self::Vtex => ("POST", "/invoice"),
            Self::Hub => ("PUT", "/orders/7"),
        }
    }

    /// Method and path by which it is told of a stock.
    pub fn stock_call(self) -> (&'static str, &'static str) {
        match self {
            Self::Vtex => ("PATCH", "/quantity"),
            Self::Hub => ("PUT", "/stocks/batch"),
        }
    }

    /// How many calls like this it has taken.
    pub fn calls_of(self, shop: &Shop, (method, path): (&str, &str)) -> usize {
        match self {
            Self::Vtex => shop.vtex(|v| v.calls_of(method, path).len()),
            Self::Hub => shop.hub(|a| a.calls_of(method, path).len()),
        }
    }

    /// What it was really told of an order.
    pub fn told(self, shop: &Shop, id: &str) -> Told {
        let mut told = Told::default();
        match self {
            Self::Vtex => {
                told.invoices = shop.invoices(id).into_iter().map(|(number, _)| number).collect();
                let (codes, ways) = shop.tracked(id);
                (told.codes, told.deliveries) = (codes, ways.into_iter().filter(|delivered| *delivered).count());
            }
            Self::Hub => {
                for effect in shop.hub(|a| a.effects_of(number(id)).into_iter().cloned().collect::<Vec<_>>()) {
                    match effect {
                        AnyEffect::Invoiced { number, .. } => told.invoices.push(number),
                        AnyEffect::Shipped { number, .. } => told.codes.push(number),
                        AnyEffect::Delivered { .. } => told.deliveries += 1,
                        _ => {}
                    }
                }
            }
        }
        told
    }
}

fn number(id: &str) -> i64 {
    id.parse().unwrap()
}

fn shirt() -> AnyOrderSeed {
    AnyOrderSeed::new().sku("CAMISETA-P", 4_990, 1)
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

/// Asks `goes_on` before and after the effect of every call of a platform.
pub fn hook<P: Platform>(platform: &mut P, mut goes_on: impl FnMut(&Call, Phase) -> bool + Send + 'static) {
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
