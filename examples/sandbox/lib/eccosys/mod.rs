//! Eccosys, the ERP: its whole state, and the way of a call into it.

mod access;
mod change;
mod collections;
mod control;
mod copy;
mod create;
mod effect;
mod find;
mod invoices;
mod loose;
mod office;
mod order;
mod page;
mod products;
mod render;
mod report;
mod routes;
mod settings;
mod stocks;

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use serde_json::{Map, Value};

pub use self::access::{ECCOSYS_KEY, ECCOSYS_SECRET, ECCOSYS_TOKEN, ECCOSYS_USER_TOKEN, signature_on};
pub use self::collections::EccCollection;
pub use self::effect::EccEffect;
pub use self::invoices::EccInvoice;
pub use self::order::{EccLine, EccOrder, Occurrence};
pub use self::products::EccProduct;
pub use self::render::Carrier;
pub use self::report::gateway_trouble;
pub use self::settings::{Loose, Settings};
use super::call::{Answer, Outcome, Request};
use super::seed::PRODUCTS;
use super::wire::{self, Platform, Wire};
use super::{document, papers};
use report::refusal;

/// The ERP. Everything in it may be looked at and changed between calls.
pub struct Eccosys {
    /// The sandbox's own address, without `/api`.
    pub base_url: String,
    /// By id.
    pub orders: BTreeMap<i64, EccOrder>,
    /// Customers by id, as they were sent.
    pub contacts: BTreeMap<i64, Map<String, Value>>,
    /// By code.
    pub products: BTreeMap<String, EccProduct>,
    /// By id.
    pub invoices: BTreeMap<i64, EccInvoice>,
    /// By id.
    pub collections: BTreeMap<i64, EccCollection>,
    pub carriers: Vec<Carrier>,
    /// What callers really did.
    pub effects: Vec<EccEffect>,
    /// What the reference calls open.
    pub settings: Settings,

    last_order: i64,
    last_number: i64,
    last_line: i64,
    last_invoice: i64,
    last_collection: i64,
    wire: Wire<Self>,
}

impl Eccosys {
    /// An empty ERP at this address.
    pub fn new(base_url: &str) -> Self {
        Self {
            base_url: base_url.into(),
            orders: BTreeMap::new(),
            contacts: BTreeMap::new(),
            products: BTreeMap::new(),
            invoices: BTreeMap::new(),
            collections: BTreeMap::new(),
            carriers: Vec::new(),
            effects: Vec::new(),
            settings: Settings::default(),
            // Numbers run a little ahead of ids, so that an order's number is soon a later order's id: whoever takes one
            // for the other gets the wrong order, and not nothing (ECCOSYS 2.1).
            last_order: 148_700_000,
            last_number: 148_700_002,
            last_line: 900_000,
            last_invoice: 600_000,
            last_collection: 300,
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

    /// An order by its id; panics if there is none.
    pub fn order(&self, id: i64) -> &EccOrder {
        self.orders.get(&id).unwrap_or_else(|| panic!("the sandbox has no order {id}"))
    }

    /// An order by its id, to change it; panics if there is none.
    pub fn order_mut(&mut self, id: i64) -> &mut EccOrder {
        self.orders.get_mut(&id).unwrap_or_else(|| panic!("the sandbox has no order {id}"))
    }

    /// What callers did to the orders of a sale.
    pub fn effects_of(&self, store_number: &str) -> Vec<&EccEffect> {
        self.effects.iter().filter(|effect| effect.order() == Some(store_number)).collect()
    }
}

/// Puts the shop's products, twenty of each, and two carriers into an ERP.
pub fn back_office(e: &mut Eccosys) {
    for product in PRODUCTS {
        e.add_product(product.ref_id, product.name, 20);
        if let Some(added) = e.products.get_mut(product.ref_id) {
            (added.price, added.cost) = (product.price, product.price / 2);
        }
    }
    e.add_carrier("Correios", &document::cnpj(34_028_316));
    e.add_carrier("Transportadora Fictícia", papers::CARRIER);
}

impl Platform for Eccosys {
    fn at(base_url: &str) -> Self {
        Self::new(base_url)
    }

    /// Nothing in it moves by itself.
    fn settle(&mut self) {}

    fn control(&mut self, request: &Request) -> Option<Answer> {
        self.obey(request)
    }

    /// Limits first, then credentials, then the route.
    fn answer(&mut self, request: &Request) -> Answer {
        let now = self.now();
        let quota = self.rate_limit.as_mut().map(|limit| limit.count(now));
        if let Some(quota) = quota.filter(|quota| quota.is_exceeded) {
            let mut answer = refusal(429, "Limite de requisições excedido.");
            if self.settings.rate_retry_after {
                answer.headers.push(("retry-after", quota.reset.to_string()));
            }
            return answer;
        }
        match self.admit(request) {
            Ok(()) => self.route(request).unwrap_or_else(|refusal| refusal),
            Err(refusal) => refusal,
        }
    }

    fn breakdown() -> Answer {
        refusal(500, "Erro interno do servidor.")
    }
}

impl Deref for Eccosys {
    type Target = Wire<Self>;

    fn deref(&self) -> &Wire<Self> {
        &self.wire
    }
}

impl DerefMut for Eccosys {
    fn deref_mut(&mut self) -> &mut Wire<Self> {
        &mut self.wire
    }
}
