//! An order as a channel tells it, after conversion: complete, exact to the cent, and free of any platform's shapes.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Cents, ChannelName, ChannelSku, Instant, OrderId, Sku, Status, TaxId, WarehouseId};

/// An order read fresh from its channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// The configured channel it was read from.
    pub channel: ChannelName,
    /// Its number there; also the store order number in the ERP.
    pub id: OrderId,
    /// The short number shown in the channel's panel, where there is one.
    pub sequence: Option<String>,
    /// The marketplace behind the channel, for orders that came through one.
    pub marketplace: Option<Marketplace>,
    /// The marketplace sends it from a warehouse of its own, or another seller does: the store ships nothing, and its stock does not
    /// move.
    pub fulfilled_by_marketplace: bool,
    /// When the customer placed it.
    pub created_at: Instant,
    /// When the channel last changed it.
    pub changed_at: Option<Instant>,
    /// Where it stands, in our words.
    pub status: Status,
    /// The channel's own word for it, for people and logs.
    pub raw_status: String,
    /// Whether the channel lets us take it over.
    pub readiness: Readiness,
    /// When the payment was approved, if it was.
    pub paid_at: Option<Instant>,
    /// What the customer pays in all.
    pub total: Cents,
    /// Freight charged to the customer, after freight discounts.
    pub freight: Cents,
    /// All discounts together, as a positive amount.
    pub discount: Cents,
    /// Taxes charged on top.
    pub tax: Cents,
    /// What was bought. The same SKU may stand on several lines.
    pub lines: Vec<Line>,
    /// Who buys.
    pub customer: Customer,
    /// Where it goes, and how.
    pub delivery: Delivery,
    /// How it is paid; several for split payments.
    pub payments: Vec<Payment>,
    /// What the customer wrote to the store.
    pub note: Option<String>,
    /// Why it was cancelled, when it was and the channel says so.
    pub cancel_reason: Option<String>,
    /// When it was cancelled, when it was and the channel says so.
    pub cancelled_at: Option<Instant>,
    /// Fiscal payment data a marketplace hands over for the NF-e (acquirer's CNPJ, authorisation code, brand), unnormalised.
    pub fiscal_payment: Vec<(String, String)>,
    /// The channel wants the invoice's XML for this order.
    pub needs_xml: bool,
    /// Whether the channel takes an invoice for it as it stands.
    pub invoicing: Invoicing,
    /// When the channel counted it as invoiced, if it did.
    pub invoiced_at: Option<Instant>,
    /// The sale's invoices that the channel has, each with its parcel; returns are left out.
    pub packages: Vec<Package>,
    /// Whether the last change reached the marketplace behind the channel.
    pub transmission: Transmission,
}

impl Order {
    /// Lines + freight + tax − discount, which must equal [`Order::total`]; `None` on overflow.
    pub fn sum_of_parts(&self) -> Option<Cents> {
        Cents::checked_sum(self.lines.iter().map(|line| line.total))?
            .checked_add(self.freight)?
            .checked_add(self.tax)?
            .checked_sub(self.discount)
    }

    /// The last of its payments' due dates, a local date in São Paulo, if the channel tells of any: until then it can still be paid.
    pub fn due_date(&self) -> Option<NaiveDate> {
        self.payments.iter().filter_map(|payment| payment.due_date).max()
    }
}

/// Whether the channel lets us take an order over for handling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// Still being built by the channel; its facts may be incomplete.
    BeingBuilt,
    /// Complete, but not to be handled yet (unpaid, in a grace period).
    NotYet,
    /// Waiting to be taken over.
    Ready,
    /// Taken over: the channel knows the ERP has it.
    TakenOver,
}

/// Whether the channel takes an invoice for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Invoicing {
    /// Not in its present status.
    NotYet,
    /// It does.
    Open,
    /// One for each of the packages the channel split it into, which is not done from here.
    ByPackage,
    /// It has all it wants: the order is invoiced, for good.
    Done,
}

/// Whether what a channel was told reached the marketplace behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Transmission {
    /// The channel says nothing of it, or there is nobody behind it.
    #[default]
    NotTold,
    /// It did.
    Done,
    /// Not yet.
    Pending,
    /// The marketplace refused it.
    Failed {
        /// Its words.
        message: String,
    },
}

/// A sale's invoice with its parcel, as the channel has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Package {
    /// The invoice's number as it was sent: its name in further calls.
    pub number: String,
    /// Its access key, if it was sent with one.
    pub key: Option<String>,
    /// What it is worth there.
    pub value: Cents,
    /// Whether the order counts as invoiced with it; where it does not, it is only shown.
    pub counts: bool,
    /// The parcel's tracking number.
    pub tracking_number: Option<String>,
    /// Where the customer can follow it.
    pub tracking_url: Option<String>,
    /// The carrier.
    pub courier: Option<String>,
    /// What the channel shows of its way.
    pub events: Vec<PackageEvent>,
    /// Whether the channel counts it as delivered.
    pub delivered: bool,
}

/// One step of a parcel's way, as the channel shows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PackageEvent {
    /// What happened.
    pub description: String,
    /// The days the channel gives for it, as `YYYY-MM-DD`.
    pub days: Vec<String>,
}

/// The marketplace an order came through, and its names there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Marketplace {
    /// The marketplace's name or the affiliate's code.
    pub name: String,
    /// Which of the store's accounts there, when there are several.
    pub account: Option<String>,
    /// The order's number there, as people see it.
    pub order_id: Option<String>,
    /// What the marketplace itself calls the order, where that is something else.
    #[serde(default)]
    pub internal_id: Option<String>,
    /// The intermediary's CNPJ for the NF-e, when the channel gives it.
    pub intermediary_tax_id: Option<String>,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    /// The channel's id of the product.
    pub channel_sku: ChannelSku,
    /// The ERP code the channel carries for it, if it carries one.
    pub reference: Option<Sku>,
    /// Its name, for the ERP and for people.
    pub name: String,
    /// How many units, at least 1.
    pub quantity: i64,
    /// How many of these came by an edit after the order was placed: the channel reserves none of them.
    pub added: i64,
    /// Price of one unit before discounts.
    pub unit_price: Cents,
    /// Exact total of the line before order discounts; need not be `unit_price × quantity` (goods by weight, split cents).
    pub total: Cents,
    /// The warehouse the channel promised it from, if it says.
    pub warehouse: Option<WarehouseId>,
    /// The channel's id of the kit it was bought in, if it was: the channel works out that one's stock from its parts.
    pub kit: Option<ChannelSku>,
}

impl Line {
    /// A line for each warehouse that serves some of it, as the channel tells of each: which, and how many units. One alone serves all.
    /// Where they do not come to the line's units, it stays as it is.
    pub fn by_warehouse(self, shares: &[(Option<&str>, Option<i64>)]) -> Vec<Self> {
        if let [(Some(warehouse), _)] = shares {
            return vec![Self { warehouse: Some(WarehouseId::new(*warehouse)), ..self }];
        }
        let mut served: BTreeMap<&str, i64> = BTreeMap::new();
        for share in shares {
            let (Some(warehouse), Some(units @ 0..)) = *share else { return vec![self] };
            let all = served.entry(warehouse).or_default();
            *all = all.saturating_add(units);
        }
        served.retain(|_, units| *units > 0);
        if served.values().fold(0, |all: i64, units| all.saturating_add(*units)) != self.quantity {
            return vec![self];
        }
        let units: Vec<i64> = served.values().copied().collect();
        let totals = self.total.split(&units);
        let mut added = self.added;
        let part = |((warehouse, quantity), total): ((&str, i64), Cents)| {
            let of_these = quantity.min(added);
            added -= of_these;
            let warehouse = Some(WarehouseId::new(warehouse));
            Self { quantity, added: of_these, total, warehouse, ..self.clone() }
        };
        served.into_iter().zip(totals).map(part).collect()
    }
}

/// Who buys. Personal data: goes to the ERP, never into the state file or a log.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Customer {
    /// Name of the person, or legal name of the company.
    pub name: String,
    /// CPF or CNPJ as the channel wrote it, when it wrote one.
    pub document: Option<String>,
    /// Trade name of a company.
    pub trade_name: Option<String>,
    /// State registration of a company (`IE`), as written; `ISENTO` and blanks are `None`.
    pub state_registration: Option<String>,
    /// E-mail; often a masked alias, so never a key.
    pub email: Option<String>,
    /// Phone as written.
    pub phone: Option<String>,
}

impl Customer {
    /// The document as a checked CPF or CNPJ, or `None` when it is missing or wrong.
    pub fn tax_id(&self) -> Option<TaxId> {
        self.document.as_deref().and_then(|text| TaxId::parse(text).ok())
    }
}

impl std::fmt::Debug for Customer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Customer(personal data)")
    }
}

/// Where an order goes, and how.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// The address, or the pickup point's.
    pub address: Option<Address>,
    /// The carrier as the channel names it.
    pub carrier: Option<String>,
    /// The shipping service the customer chose.
    pub service: Option<String>,
    /// The date promised to the customer.
    pub promised_at: Option<Instant>,
    /// Fetched at a store or pickup point instead of delivered.
    pub pickup: bool,
}

/// A Brazilian address. Personal data.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Address {
    /// Who receives.
    pub receiver: Option<String>,
    /// CEP: 8 digits, text.
    pub postal_code: String,
    /// Two-letter state (UF).
    pub state: String,
    /// City.
    pub city: String,
    /// District (bairro); some marketplaces leave it out.
    pub district: Option<String>,
    /// Street.
    pub street: String,
    /// Number, or `S/N`.
    pub number: String,
    /// Second address line.
    pub complement: Option<String>,
    /// Landmark.
    pub reference: Option<String>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Address(personal data)")
    }
}

/// How many instalments a channel told of: one where it told of none, or of a number that makes no sense.
pub fn installments(told: Option<i64>) -> u32 {
    const MOST: u32 = 120;
    told.and_then(|told| u32::try_from(told).ok()).filter(|told| (1..=MOST).contains(told)).unwrap_or(1)
}

/// One payment of an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Payment {
    /// How it is paid.
    pub method: PaymentMethod,
    /// The channel's own name for it, for people.
    pub label: String,
    /// How much of the order it pays.
    pub amount: Cents,
    /// Number of instalments, at least 1.
    pub installments: u32,
    /// Due date of a boleto or Pix charge: a local date in São Paulo.
    pub due_date: Option<NaiveDate>,
    /// The gateway's transaction id.
    pub transaction: Option<String>,
}

/// How an order is paid. Open: what is not known is [`PaymentMethod::Other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// Bank slip.
    Boleto,
    /// Instant payment.
    Pix,
    /// Credit card.
    CreditCard,
    /// Debit card.
    DebitCard,
    /// Gift card or voucher.
    GiftCard,
    /// Store credit, invoice for companies.
    Promissory,
    /// Paid to the marketplace.
    Marketplace,
    /// Anything else.
    Other,
}

impl PaymentMethod {
    /// Every method with its stable code, as used in the configuration.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Boleto, "boleto"),
        (Self::Pix, "pix"),
        (Self::CreditCard, "credit_card"),
        (Self::DebitCard, "debit_card"),
        (Self::GiftCard, "gift_card"),
        (Self::Promissory, "promissory"),
        (Self::Marketplace, "marketplace"),
        (Self::Other, "other"),
    ];

    /// Stable code.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(method, _)| *method == self).map_or("other", |(_, code)| code)
    }

    /// Reads a stable code.
    pub fn from_code(code: &str) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == code).map_or(Self::Other, |(method, _)| *method)
    }
}

#[cfg(test)]
pub(crate) mod sample {
    //! An order for the tests of plans: paid and ready, one line, adds up.

    use super::*;

    pub fn order() -> Order {
        Order {
            channel: ChannelName::new("loja"),
            id: OrderId::new("1172452900788-01"),
            sequence: Some("502556".into()),
            marketplace: None,
            fulfilled_by_marketplace: false,
            created_at: "2026-11-20T12:00:00Z".parse().unwrap(),
            changed_at: None,
            status: Status::Paid,
            raw_status: "ready-for-handling".into(),
            readiness: Readiness::Ready,
            paid_at: Some("2026-11-20T12:05:00Z".parse().unwrap()),
            total: Cents::new(11_000),
            freight: Cents::new(1_500),
            discount: Cents::new(500),
            tax: Cents::ZERO,
            lines: vec![line("1", "CAMISETA-P", 2, 5_000)],
            customer: Customer {
                name: "Ana Souza".into(),
                document: Some("529.982.247-25".into()),
                trade_name: None,
                state_registration: None,
                email: None,
                phone: None,
            },
            delivery: Delivery {
                address: Some(Address {
                    receiver: Some("Ana Souza".into()),
                    postal_code: "01310100".into(),
                    state: "SP".into(),
                    city: "São Paulo".into(),
                    district: Some("Bela Vista".into()),
                    street: "Avenida Paulista".into(),
                    number: "1000".into(),
                    complement: None,
                    reference: None,
                }),
                carrier: Some("Correios PAC".into()),
                service: Some("Normal".into()),
                promised_at: None,
                pickup: false,
            },
            payments: vec![payment(PaymentMethod::CreditCard, 11_000)],
            note: None,
            cancel_reason: None,
            cancelled_at: None,
            fiscal_payment: Vec::new(),
            needs_xml: false,
            invoicing: Invoicing::NotYet,
            invoiced_at: None,
            packages: Vec::new(),
            transmission: Transmission::NotTold,
        }
    }

    pub fn package(number: &str, key: &str, value: i64) -> Package {
        Package {
            number: number.into(),
            key: Some(key.into()),
            value: Cents::new(value),
            counts: true,
            tracking_number: None,
            tracking_url: None,
            courier: None,
            events: Vec::new(),
            delivered: false,
        }
    }

    pub fn line(channel_sku: &str, reference: &str, quantity: i64, unit_price: i64) -> Line {
        Line {
            channel_sku: ChannelSku::new(channel_sku),
            reference: Some(Sku::new(reference)),
            name: reference.to_lowercase(),
            quantity,
            added: 0,
            unit_price: Cents::new(unit_price),
            total: Cents::new(quantity * unit_price),
            warehouse: None,
            kit: None,
        }
    }

    pub fn payment(method: PaymentMethod, amount: i64) -> Payment {
        Payment {
            method,
            label: method.code().into(),
            amount: Cents::new(amount),
            installments: 1,
            due_date: None,
            transaction: None,
        }
    }
}
