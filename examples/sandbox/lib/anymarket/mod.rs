//! ANYMARKET: its whole state, and what a call must bring to be heard.

mod amount;
mod callbacks;
mod catalog;
mod control;
mod copy;
mod effect;
mod feed;
mod inventory;
mod list;
mod moves;
mod nfe;
mod order;
mod page;
mod partner;
mod refusal;
mod render;
mod render_items;
mod routes;
mod seed_order;
mod seed_parts;
mod settings;
mod shop;
mod stocks;
mod workflow;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use chrono::{DateTime, Utc};

pub use self::amount::Amount;
pub use self::callbacks::Callback;
pub use self::catalog::{AnySku, Location};
pub use self::effect::AnyEffect;
pub use self::feed::AnyFeed;
pub use self::inventory::AnyStock;
pub use self::order::{AnyCancelledBy, AnyOrder, Cancellation, Transmission, XmlRefusal};
pub use self::refusal::business_refusal;
pub use self::seed_order::{AnyOrderSeed, Channel, Intermediary};
pub use self::seed_parts::{AnyAddress, AnyBuyer, AnyLine, AnyPayment, Discount};
pub use self::settings::{BatchAnswer, Settings};
pub use self::shop::marketplaces;
use super::call::{Answer, Outcome, Request};
use super::wire::{self, Platform, Quota, Wire};
use refusal::refuse;

/// The token that opens the sandbox.
pub const GUMGA_TOKEN: &str = "sandbox.GUMGATOKEN";

/// The platform. Everything in it may be looked at and changed between calls.
pub struct Anymarket {
    /// The sandbox's own address, without the version.
    pub base_url: String,
    pub orders: BTreeMap<i64, AnyOrder>,
    pub feed: AnyFeed,
    /// The statuses the seller ticked in the panel; only these are fed (ANYMARKET 3.1).
    pub ticked: Vec<String>,
    pub callbacks: Vec<Callback>,
    /// What callers really did.
    pub effects: Vec<AnyEffect>,
    /// What the reference calls open.
    pub settings: Settings,

    /// How far the order list is behind.
    pub list_lag: Duration,
    /// How long a change takes to its marketplace (ANYMARKET 4.3).
    pub transmission_delay: Duration,

    pub skus: BTreeMap<String, AnySku>,
    /// Where stock is kept; the first is the default.
    pub locations: Vec<Location>,
    /// By SKU code and location.
    pub stocks: BTreeMap<(String, i64), AnyStock>,

    /// Orders by creation, and by each change, for the list.
    by_creation: BTreeSet<(DateTime<Utc>, i64)>,
    by_change: BTreeSet<(DateTime<Utc>, i64)>,
    /// Changes that will reach their marketplace, or not: when, and of which order.
    transmissions: Vec<(DateTime<Utc>, i64)>,
    last_order: i64,
    random: fastrand::Rng,
    wire: Wire<Self>,
}

impl Anymarket {
    /// An empty account at this address.
    pub fn new(base_url: &str) -> Self {
        let ticked = ["PENDING", "PAID_WAITING_SHIP", "INVOICED", "PAID_WAITING_DELIVERY", "CONCLUDED", "CANCELED"];
        Self {
            base_url: base_url.into(),
            orders: BTreeMap::new(),
            feed: AnyFeed::default(),
            ticked: ticked.map(str::to_owned).to_vec(),
            callbacks: Vec::new(),
            effects: Vec::new(),
            settings: Settings::default(),
            list_lag: Duration::ZERO,
            transmission_delay: Duration::ZERO,
            skus: BTreeMap::new(),
            locations: vec![Location::new(1, "Principal")],
            stocks: BTreeMap::new(),
            by_creation: BTreeSet::new(),
            by_change: BTreeSet::new(),
            transmissions: Vec::new(),
            last_order: 7_000_000,
            random: fastrand::Rng::with_seed(7),
            wire: Wire::new(),
        }
    }

    /// Lets time pass.
    pub fn advance(&mut self, time: Duration) {
        wire::advance(self, time);
    }

    /// Takes a call.
    pub fn take(&mut self, request: &Request) -> Outcome {
        wire::take(self, request)
    }

    /// An order; panics if there is none.
    pub fn order(&self, id: i64) -> &AnyOrder {
        self.orders.get(&id).unwrap_or_else(|| panic!("the sandbox has no order {id}"))
    }

    /// An order, to change it; panics if there is none.
    pub fn order_mut(&mut self, id: i64) -> &mut AnyOrder {
        self.orders.get_mut(&id).unwrap_or_else(|| panic!("the sandbox has no order {id}"))
    }

    /// What callers did to an order.
    pub fn effects_of(&self, id: i64) -> Vec<&AnyEffect> {
        self.effects.iter().filter(|effect| effect.order() == Some(id)).collect()
    }

    /// The order a path names; 404 also for what is not imported yet.
    fn known(&self, id: &str) -> Result<i64, Answer> {
        let order = id.parse().ok().and_then(|id: i64| self.orders.get(&id)).filter(|order| self.is_imported(order));
        order.map(|order| order.id).ok_or_else(|| refusal::not_found(id))
    }

    /// Whether the account parameter lets callers see it (ANYMARKET 4.1).
    fn is_imported(&self, order: &AnyOrder) -> bool {
        order.status != "PENDING" || self.settings.imports_pending
    }

    /// Credentials, then the route.
    fn answer_within_limits(&mut self, request: &Request) -> Answer {
        // The code and the words were seen on the panel's host, in a shape of their own (ANYMARKET 7.2).
        if self.settings.token_expired {
            return Answer::typed(403, "application/json", r#"{"response":"TOKEN_EXPIRED","operation":"geral"}"#);
        }
        // Neither `Authorization` nor the old parameter of the query opens anything (ANYMARKET 1).
        if request.header("gumgatoken") != Some(GUMGA_TOKEN) {
            return refuse(401, "User not registered");
        }
        if self.settings.needs_platform && request.header("platform").is_none() {
            return refuse(401, "Platform não informada.");
        }
        self.route(request).unwrap_or_else(|refusal| refusal)
    }

    fn rate_headers(&self, quota: Quota, answer: &mut Answer) {
        let limit = self.rate_limit.as_ref().map_or(0, |limit| limit.calls);
        if self.settings.rate_headers {
            answer.headers.extend([
                ("ratelimit-limit", limit.to_string()),
                ("ratelimit-remaining", quota.remaining.to_string()),
                ("ratelimit-reset", quota.reset.to_string()),
            ]);
        }
        if quota.is_exceeded && self.settings.rate_retry_after {
            answer.headers.push(("retry-after", quota.reset.to_string()));
        }
    }
}

impl Platform for Anymarket {
    fn at(base_url: &str) -> Self {
        Self::new(base_url)
    }

    fn settle(&mut self) {
        self.settle_transmissions();
    }

    fn control(&mut self, request: &Request) -> Option<Answer> {
        self.obey(request)
    }

    /// Limits first (ANYMARKET 7.1).
    fn answer(&mut self, request: &Request) -> Answer {
        let now = self.now();
        let quota = self.rate_limit.as_mut().map(|limit| limit.count(now));
        let mut answer = match quota {
            Some(quota) if quota.is_exceeded => refuse(429, "Limite de requisições excedido."),
            _ => self.answer_within_limits(request),
        };
        if let Some(quota) = quota {
            self.rate_headers(quota, &mut answer);
        }
        answer
    }

    fn breakdown() -> Answer {
        refuse(500, "Erro interno do servidor.")
    }
}

impl Deref for Anymarket {
    type Target = Wire<Self>;

    fn deref(&self) -> &Wire<Self> {
        &self.wire
    }
}

impl DerefMut for Anymarket {
    fn deref_mut(&mut self) -> &mut Wire<Self> {
        &mut self.wire
    }
}
