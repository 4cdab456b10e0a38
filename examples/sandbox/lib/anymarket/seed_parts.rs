//! The parts of an order a test seeds: lines, discounts, buyer, address, payments.

use super::super::document::cpf;
use super::amount::Amount;

/// Money taken off, by who bears it (ANYMARKET 2.3); in cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discount {
    pub seller: i64,
    pub marketplace: i64,
    /// The order says who bears it, which only newer ones do.
    pub is_told: bool,
}

impl Discount {
    pub fn sum(self) -> i64 {
        self.seller + self.marketplace
    }
}

/// An order's line. Money is in cents.
#[derive(Clone, Debug)]
pub struct AnyLine {
    /// The seller's code, `partnerId`.
    pub sku: String,
    pub title: String,
    pub price: i64,
    pub amount: Amount,
    pub discount: Discount,
    /// The kit this is a component of, and how many of it were sold.
    pub kit: Option<(String, Amount)>,
    /// The locations that serve it; otherwise whichever have it.
    pub locations: Option<Vec<(i64, Amount)>>,
    /// The SKU has no `partnerId`.
    pub without_code: bool,
}

impl AnyLine {
    /// `units` of the seller's `sku` at `price` each.
    pub fn new(sku: &str, price: i64, units: i64) -> Self {
        Self {
            sku: sku.into(),
            title: format!("Produto {sku}"),
            price,
            amount: units.into(),
            discount: Discount::default(),
            kit: None,
            locations: None,
            without_code: false,
        }
    }

    #[must_use]
    pub fn named(mut self, title: &str) -> Self {
        self.title = title.into();
        self
    }

    /// So many thousandths instead of whole units.
    #[must_use]
    pub fn thousandths(mut self, amount: i64) -> Self {
        self.amount = Amount::thousandths(amount);
        self
    }

    /// Off the whole line: what the seller pays, and what the marketplace does.
    #[must_use]
    pub fn discount(mut self, seller: i64, marketplace: i64) -> Self {
        self.discount = Discount { seller, marketplace, is_told: true };
        self
    }

    /// Off the whole line, and nobody says who pays it.
    #[must_use]
    pub fn discount_of_nobody(mut self, cents: i64) -> Self {
        self.discount = Discount { seller: cents, marketplace: 0, is_told: false };
        self
    }

    /// A component of `kits` kits of that code.
    #[must_use]
    pub fn of_kit(mut self, kit: &str, kits: i64) -> Self {
        self.kit = Some((kit.into(), kits.into()));
        self
    }

    /// Units from a location; more of them may serve a line.
    #[must_use]
    pub fn at_location(mut self, location: i64, units: i64) -> Self {
        self.locations.get_or_insert_default().push((location, units.into()));
        self
    }

    #[must_use]
    pub fn without_code(mut self) -> Self {
        self.without_code = true;
        self
    }

    pub fn gross(&self) -> i64 {
        self.amount.cost(self.price)
    }
}

/// Who buys.
#[derive(Clone, Debug)]
pub struct AnyBuyer {
    pub name: String,
    /// As the channel gives it, with or without signs.
    pub document: String,
    /// `CPF`, `CNPJ`, `DNI`, `OTHER`.
    pub document_type: String,
    pub state_registration: Option<String>,
}

impl Default for AnyBuyer {
    fn default() -> Self {
        Self::person("Ana Souza", &cpf(529_982_247))
    }
}

impl AnyBuyer {
    /// A person with a CPF, as it is to appear.
    pub fn person(name: &str, cpf: &str) -> Self {
        Self { name: name.into(), document: cpf.into(), document_type: "CPF".into(), state_registration: None }
    }

    /// A company: CNPJ, state registration.
    pub fn company(name: &str, cnpj: &str, state_registration: &str) -> Self {
        let state_registration = Some(state_registration.into());
        Self { document_type: "CNPJ".into(), state_registration, ..Self::person(name, cnpj) }
    }

    /// Somebody with another document, or none.
    pub fn foreign(name: &str, kind: &str, document: &str) -> Self {
        Self { document_type: kind.into(), ..Self::person(name, document) }
    }
}

/// Where it goes.
#[derive(Clone, Debug)]
pub struct AnyAddress {
    pub street: String,
    pub number: String,
    /// Not every channel has one.
    pub neighborhood: Option<String>,
    pub comment: Option<String>,
    pub city: String,
    /// As the channel gives it.
    pub state: String,
    /// The two letters, if ANYMARKET made them out.
    pub state_acronym: Option<String>,
    pub zip: String,
}

impl Default for AnyAddress {
    fn default() -> Self {
        Self {
            street: "Avenida Paulista".into(),
            number: "1000".into(),
            neighborhood: Some("Bela Vista".into()),
            comment: Some("apto. 42".into()),
            city: "São Paulo".into(),
            state: "São Paulo".into(),
            state_acronym: Some("SP".into()),
            zip: "01310100".into(),
        }
    }
}

impl AnyAddress {
    #[must_use]
    pub fn without_neighborhood(mut self) -> Self {
        self.neighborhood = None;
        self
    }

    /// The state as the channel gives it, and its two letters, if ANYMARKET made them out.
    #[must_use]
    pub fn state(mut self, raw: &str, acronym: Option<&str>) -> Self {
        (self.state, self.state_acronym) = (raw.into(), acronym.map(str::to_owned));
        self
    }

    /// The whole line, `address`.
    pub fn line(&self) -> String {
        format!("{}, {}", self.street, self.number)
    }
}

/// How it is paid. The reference lists no methods but `UNKNOWN`; the others here are invented.
#[derive(Clone, Debug)]
pub struct AnyPayment {
    /// The channel's word.
    pub method: String,
    pub normalized: String,
    pub detail: String,
    pub installments: u32,
    /// In cents; it may include interest.
    pub value: Option<i64>,
    /// The CNPJ of who takes the money, for the NF-e.
    pub institution: Option<String>,
    /// `tBand` and `cAut` of the NF-e.
    pub card: Option<(String, String)>,
}

impl AnyPayment {
    fn of(method: &str, normalized: &str) -> Self {
        Self {
            method: method.into(),
            normalized: normalized.into(),
            detail: "UNKNOWN".into(),
            installments: 1,
            value: None,
            institution: None,
            card: None,
        }
    }

    /// A credit card in so many installments.
    pub fn card(installments: u32) -> Self {
        let card = Some(("01".into(), "170852".into()));
        Self { installments, card, detail: "VISA".into(), ..Self::of("credit_card", "CREDIT_CARD") }
    }

    pub fn pix() -> Self {
        Self::of("pix", "PIX")
    }

    pub fn boleto() -> Self {
        Self::of("ticket", "BOLETO")
    }

    /// A method ANYMARKET knows nothing of.
    pub fn unknown(method: &str) -> Self {
        Self::of(method, "UNKNOWN")
    }

    /// How much of the order it pays, in cents.
    #[must_use]
    pub fn value(mut self, cents: i64) -> Self {
        self.value = Some(cents);
        self
    }

    /// The CNPJ of who takes the money.
    #[must_use]
    pub fn institution(mut self, cnpj: &str) -> Self {
        self.institution = Some(cnpj.into());
        self
    }
}
