//! What a test says of an order before it is placed: where it was sold, lines, money, and what is to be odd about it.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::super::document::cnpj;
use super::amount::Amount;
use super::seed_parts::{AnyAddress, AnyBuyer, AnyLine, AnyPayment, Discount};

/// An order to be placed: paid and waiting to be shipped, unless it says otherwise. Money is in cents.
#[derive(Clone, Debug)]
pub struct AnyOrderSeed {
    pub status: String,
    pub created: Option<DateTime<Utc>>,
    /// The channel's code.
    pub marketplace: String,
    /// The seller's account there: id and name.
    pub account: (i64, String),
    /// The order's id inside the marketplace, and the number its buyer sees; otherwise they are made up.
    pub numbers: Option<(String, String)>,
    pub sub_channel: Option<String>,
    /// Served from the marketplace's own warehouse.
    pub fulfillment: bool,
    pub lines: Vec<AnyLine>,
    pub buyer: AnyBuyer,
    pub address: AnyAddress,
    pub payments: Vec<AnyPayment>,
    pub freight: i64,
    /// What the freight costs the seller.
    pub seller_freight: i64,
    pub interest: i64,
    /// Off the whole order.
    pub discount: Discount,
    pub intermediary: Option<Intermediary>,
    /// The shipping service the buyer chose: `shippingtype` and the normalised carrier.
    pub carrier: (String, String),
    /// Text, or a boolean with loose types.
    pub needs_xml: bool,
    /// The channel's own id of the shipment.
    pub shipping_id: Option<String>,
    /// Sent through Mercado Envios Coleta (ANYMARKET 4.3).
    pub collected: bool,
    /// Split into packages, each with an id of its own; what is invoiced or sent names one (ANYMARKET 4.4, 5.2).
    pub packages: Vec<String>,
    /// Without a tracking URL the channel is never told (ANYMARKET 4.3).
    pub needs_tracking_url: bool,
    pub channel: Channel,
    pub metadata: Map<String, Value>,
    /// Added to the total, so that it does not add up.
    pub mismatch: i64,
    /// Identifiers as texts, booleans as booleans, dates in UTC with milliseconds, `updatedAt` for `lastUpdate`.
    pub loose_types: bool,
    /// Laid over the rendered order: objects are merged, anything else replaced.
    pub patch: Option<Value>,
}

/// The intermediary of a marketplace's sale, for the NF-e (ANYMARKET 2.3).
#[derive(Clone, Debug)]
pub struct Intermediary {
    pub document: String,
    /// The seller's registration there.
    pub registration: String,
    pub payment_institution: String,
}

/// What the marketplace makes of a change ANYMARKET passes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    Takes,
    /// `transmissionStatus` turns `ERROR`, with this message.
    Refuses(String),
    /// It stays `WAITING`.
    Silent,
}

impl Default for AnyOrderSeed {
    fn default() -> Self {
        let intermediary = Intermediary {
            document: cnpj(10_020_030),
            registration: "LOJA-FICTICIA".into(),
            payment_institution: cnpj(10_020_031),
        };
        Self {
            status: "PAID_WAITING_SHIP".into(),
            created: None,
            marketplace: "MAGAZINE_LUIZA".into(),
            account: (1, "Loja".into()),
            numbers: None,
            sub_channel: None,
            fulfillment: false,
            lines: Vec::new(),
            buyer: AnyBuyer::default(),
            address: AnyAddress::default(),
            payments: Vec::new(),
            freight: 0,
            seller_freight: 0,
            interest: 0,
            discount: Discount::default(),
            intermediary: Some(intermediary),
            carrier: ("Normal".into(), "CORREIOS".into()),
            needs_xml: false,
            shipping_id: None,
            collected: false,
            packages: Vec::new(),
            needs_tracking_url: false,
            channel: Channel::Takes,
            metadata: Map::new(),
            mismatch: 0,
            loose_types: false,
            patch: None,
        }
    }
}

impl AnyOrderSeed {
    pub fn new() -> Self {
        Self::default()
    }

    /// A line of `units` of the seller's `sku` at `price` each.
    #[must_use]
    pub fn sku(self, sku: &str, price: i64, units: i64) -> Self {
        self.line(AnyLine::new(sku, price, units))
    }

    #[must_use]
    pub fn line(mut self, line: AnyLine) -> Self {
        self.lines.push(line);
        self
    }

    /// Any of ANYMARKET's words, or one nobody knows.
    #[must_use]
    pub fn status(mut self, status: &str) -> Self {
        self.status = status.into();
        self
    }

    /// Not paid yet.
    #[must_use]
    pub fn pending(self) -> Self {
        self.status("PENDING")
    }

    /// When the buyer placed it; now, otherwise.
    #[must_use]
    pub fn created(mut self, at: DateTime<Utc>) -> Self {
        self.created = Some(at);
        self
    }

    /// Where it was sold, by the channel's code.
    #[must_use]
    pub fn marketplace(mut self, code: &str) -> Self {
        self.marketplace = code.into();
        self
    }

    /// The seller's account there.
    #[must_use]
    pub fn account(mut self, id: i64, name: &str) -> Self {
        self.account = (id, name.into());
        self
    }

    /// The order's id inside the marketplace, and the number its buyer sees.
    #[must_use]
    pub fn numbers(mut self, internal: &str, public: &str) -> Self {
        self.numbers = Some((internal.into(), public.into()));
        self
    }

    /// The site inside the marketplace.
    #[must_use]
    pub fn sub_channel(mut self, name: &str) -> Self {
        self.sub_channel = Some(name.into());
        self
    }

    /// Served from the marketplace's own warehouse.
    #[must_use]
    pub fn fulfillment(mut self) -> Self {
        self.fulfillment = true;
        self
    }

    #[must_use]
    pub fn buyer(mut self, buyer: AnyBuyer) -> Self {
        self.buyer = buyer;
        self
    }

    #[must_use]
    pub fn address(mut self, address: AnyAddress) -> Self {
        self.address = address;
        self
    }

    /// One more payment; those without a value share what the others leave.
    #[must_use]
    pub fn pay(mut self, payment: AnyPayment) -> Self {
        self.payments.push(payment);
        self
    }

    #[must_use]
    pub fn freight(mut self, cents: i64) -> Self {
        self.freight = cents;
        self
    }

    #[must_use]
    pub fn interest(mut self, cents: i64) -> Self {
        self.interest = cents;
        self
    }

    /// Off the whole order: what the seller pays, and what the marketplace does.
    #[must_use]
    pub fn discount(mut self, seller: i64, marketplace: i64) -> Self {
        self.discount = Discount { seller, marketplace, is_told: true };
        self
    }

    /// Off the whole order, and nobody says who pays it, as in older orders.
    #[must_use]
    pub fn discount_of_nobody(mut self, cents: i64) -> Self {
        self.discount = Discount { seller: cents, marketplace: 0, is_told: false };
        self
    }

    #[must_use]
    pub fn without_intermediary(mut self) -> Self {
        self.intermediary = None;
        self
    }

    /// The shipping service and the normalised carrier.
    #[must_use]
    pub fn carrier(mut self, service: &str, normalized: &str) -> Self {
        self.carrier = (service.into(), normalized.into());
        self
    }

    /// The channel's own id of the shipment.
    #[must_use]
    pub fn shipping_id(mut self, id: &str) -> Self {
        self.shipping_id = Some(id.into());
        self
    }

    /// The channel demands the XML of the invoice.
    #[must_use]
    pub fn needs_xml(mut self) -> Self {
        self.needs_xml = true;
        self
    }

    /// A sale of Mercado Livre that is collected at the seller's.
    #[must_use]
    pub fn collected(mut self) -> Self {
        self.collected = true;
        self.marketplace("MERCADO_LIVRE").metadata("logistic_type", json!("cross_docking"))
    }

    /// Split into so many packages.
    #[must_use]
    pub fn in_packages(mut self, count: usize) -> Self {
        self.packages = (1..=count).map(|n| format!("00000000-0000-4000-8000-{n:012}")).collect();
        self
    }

    #[must_use]
    pub fn needs_tracking_url(mut self) -> Self {
        self.needs_tracking_url = true;
        self
    }

    #[must_use]
    pub fn channel(mut self, channel: Channel) -> Self {
        self.channel = channel;
        self
    }

    #[must_use]
    pub fn metadata(mut self, key: &str, value: Value) -> Self {
        self.metadata.insert(key.into(), value);
        self
    }

    /// Makes the total differ from the sum by so much.
    #[must_use]
    pub fn mismatch(mut self, cents: i64) -> Self {
        self.mismatch = cents;
        self
    }

    #[must_use]
    pub fn loose_types(mut self) -> Self {
        self.loose_types = true;
        self
    }

    /// Laid over the rendered order: objects are merged, anything else replaced.
    #[must_use]
    pub fn patch(mut self, patch: Value) -> Self {
        self.patch = Some(patch);
        self
    }
}

/// The sums.
impl AnyOrderSeed {
    /// All lines before any discount.
    pub fn gross(&self) -> i64 {
        self.lines.iter().map(AnyLine::gross).sum()
    }

    /// What the lines' own discounts come to.
    pub fn line_discounts(&self) -> i64 {
        self.lines.iter().map(|line| line.discount.sum()).sum()
    }

    /// What the buyer pays.
    pub fn total(&self) -> i64 {
        let goods = self.gross() - self.line_discounts() - self.discount.sum();
        goods + self.freight + self.interest + self.mismatch
    }

    /// Each payment's value; there is always a payment.
    pub fn payments_with_values(&self) -> Vec<(AnyPayment, i64)> {
        let mut payments = self.payments.clone();
        if payments.is_empty() {
            payments.push(AnyPayment::card(1));
        }
        let open = payments.iter().filter(|payment| payment.value.is_none()).count();
        let mut open = i64::try_from(open).unwrap_or(1);
        let mut left = self.total() - payments.iter().filter_map(|payment| payment.value).sum::<i64>();
        let with_value = |payment: AnyPayment| {
            let value = payment.value.unwrap_or_else(|| {
                let share = left / open;
                (left, open) = (left - share, open - 1);
                share
            });
            (payment, value)
        };
        payments.into_iter().map(with_value).collect()
    }

    /// How much of a SKU the lines want.
    pub fn wanted(&self, sku: &str) -> Amount {
        self.lines.iter().filter(|line| line.sku == sku).map(|line| line.amount).sum()
    }
}
