//! What a test says of an order before it is placed: lines, money, customer, payments, and what is to be odd about it.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::super::document::cpf;

/// An order to be placed: paid and ready for handling, unless it says otherwise. Money is in cents.
#[derive(Clone, Debug)]
pub struct OrderSeed {
    pub id: Option<String>,
    pub status: String,
    /// Says `null` for the status (VTEX 4).
    pub null_status: bool,
    pub created: Option<DateTime<Utc>>,
    pub lines: Vec<Line>,
    pub customer: Customer,
    pub payments: Vec<Payment>,
    pub freight: i64,
    pub freight_discount: i64,
    pub tax: i64,
    pub coupon: Option<(String, i64)>,
    pub carrier: Carrier,
    pub marketplace: Option<Marketplace>,
    pub note: Option<String>,
    pub sales_channel: String,
    pub is_completed: bool,
    /// Added to the order's value, so that it does not add up.
    pub mismatch: i64,
    /// No reference code on the lines.
    pub null_ref_ids: bool,
    /// Every number with a decimal point (VTEX 0).
    pub float_numbers: bool,
    /// Laid over the rendered order: objects are merged, anything else replaced.
    pub patch: Option<Value>,
}

impl Default for OrderSeed {
    fn default() -> Self {
        Self {
            id: None,
            status: "ready-for-handling".into(),
            null_status: false,
            created: None,
            lines: Vec::new(),
            customer: Customer::person("Ana", "Souza", &cpf(529_982_247)),
            payments: Vec::new(),
            freight: 0,
            freight_discount: 0,
            tax: 0,
            coupon: None,
            carrier: Carrier { name: "Correios PAC".into(), courier_id: "1".into(), sla: "Normal".into() },
            marketplace: None,
            note: None,
            sales_channel: "1".into(),
            is_completed: true,
            mismatch: 0,
            null_ref_ids: false,
            float_numbers: false,
            patch: None,
        }
    }
}

impl OrderSeed {
    pub fn new() -> Self {
        Self::default()
    }

    /// The channel's id; otherwise one is made up.
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        self.id = Some(id.into());
        self
    }

    /// A line of `quantity` units at `price` each.
    #[must_use]
    pub fn sku(self, id: &str, ref_id: &str, price: i64, quantity: i64) -> Self {
        self.line(Line::new(id, ref_id, price, quantity))
    }

    #[must_use]
    pub fn line(mut self, line: Line) -> Self {
        self.lines.push(line);
        self
    }

    /// Any of VTEX's words, or one nobody knows.
    #[must_use]
    pub fn status(mut self, status: &str) -> Self {
        self.status = status.into();
        self
    }

    #[must_use]
    pub fn null_status(mut self) -> Self {
        self.null_status = true;
        self
    }

    /// One more payment; those without a value share what the others leave.
    #[must_use]
    pub fn pay(mut self, payment: Payment) -> Self {
        self.payments.push(payment);
        self
    }

    /// One more payment, and the order waits for it.
    #[must_use]
    pub fn pending(self, payment: Payment) -> Self {
        self.pay(payment).status("payment-pending")
    }

    /// The payment is being looked at.
    #[must_use]
    pub fn in_review(self) -> Self {
        self.status("approve-payment")
    }

    /// When the customer placed it; now, otherwise.
    #[must_use]
    pub fn created(mut self, at: DateTime<Utc>) -> Self {
        self.created = Some(at);
        self
    }

    #[must_use]
    pub fn customer(mut self, customer: Customer) -> Self {
        self.customer = customer;
        self
    }

    #[must_use]
    pub fn freight(mut self, cents: i64) -> Self {
        self.freight = cents;
        self
    }

    /// Taken off the freight.
    #[must_use]
    pub fn freight_discount(mut self, cents: i64) -> Self {
        self.freight_discount = cents;
        self
    }

    #[must_use]
    pub fn tax(mut self, cents: i64) -> Self {
        self.tax = cents;
        self
    }

    /// A coupon that takes so much off the lines.
    #[must_use]
    pub fn coupon(mut self, code: &str, cents: i64) -> Self {
        self.coupon = Some((code.into(), cents));
        self
    }

    /// The carrier's name, its id on VTEX, and the shipping service the customer chose.
    #[must_use]
    pub fn carrier(mut self, name: &str, courier_id: &str, sla: &str) -> Self {
        self.carrier = Carrier { name: name.into(), courier_id: courier_id.into(), sla: sla.into() };
        self
    }

    /// A sale of a marketplace: its affiliate id of three letters, its name, its own order id.
    #[must_use]
    pub fn marketplace(mut self, affiliate: &str, name: &str, order: &str) -> Self {
        self.marketplace = Some(Marketplace { affiliate: affiliate.into(), name: name.into(), order: order.into() });
        self
    }

    /// What the customer wrote.
    #[must_use]
    pub fn note(mut self, text: &str) -> Self {
        self.note = Some(text.into());
        self
    }

    /// An order that was begun and not finished (VTEX 2.1).
    #[must_use]
    pub fn incomplete(mut self) -> Self {
        self.is_completed = false;
        self
    }

    /// Makes the value differ from the sum by so much.
    #[must_use]
    pub fn mismatch(mut self, cents: i64) -> Self {
        self.mismatch = cents;
        self
    }

    #[must_use]
    pub fn null_ref_ids(mut self) -> Self {
        self.null_ref_ids = true;
        self
    }

    #[must_use]
    pub fn float_numbers(mut self) -> Self {
        self.float_numbers = true;
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
impl OrderSeed {
    /// What the customer pays.
    pub fn value(&self) -> i64 {
        self.line_totals().iter().sum::<i64>() + self.freight - self.freight_discount + self.tax + self.mismatch
    }

    /// Each line after its discounts, to the cent.
    pub fn line_totals(&self) -> Vec<i64> {
        let mut totals: Vec<i64> = self.lines.iter().map(Line::total).collect();
        let sum: i64 = totals.iter().sum();
        let coupon = self.coupon.as_ref().map_or(0, |(_, cents)| (*cents).min(sum));
        if coupon == 0 {
            return totals;
        }
        let mut left = coupon;
        for total in &mut totals {
            let share = coupon * *total / sum;
            *total -= share;
            left -= share;
        }
        // What rounding leaves, off the first lines that can bear it.
        for total in &mut totals {
            let share = left.min(*total);
            *total -= share;
            left -= share;
        }
        totals
    }

    /// Each payment's value; there is always a payment.
    pub fn payments_with_values(&self) -> Vec<(Payment, i64)> {
        let mut payments = self.payments.clone();
        if payments.is_empty() {
            payments.push(if self.marketplace.is_some() { Payment::marketplace() } else { Payment::card(1) });
        }
        let open = payments.iter().filter(|payment| payment.value.is_none()).count();
        let mut left = self.value() - payments.iter().filter_map(|payment| payment.value).sum::<i64>();
        let mut open = i64::try_from(open).unwrap_or(1);
        payments
            .into_iter()
            .map(|payment| {
                let value = payment.value.unwrap_or_else(|| {
                    let share = left / open;
                    (left, open) = (left - share, open - 1);
                    share
                });
                (payment, value)
            })
            .collect()
    }
}

/// An order's line. Money is in cents.
#[derive(Clone, Debug)]
pub struct Line {
    pub id: String,
    pub ref_id: String,
    pub name: String,
    pub price: i64,
    pub quantity: i64,
    pub discount: i64,
    pub is_gift: bool,
    /// The warehouses that serve it, with their units; when empty the shop's first does.
    pub from: Vec<(String, i64)>,
}

impl Line {
    /// `quantity` units of VTEX's SKU `id`, the shop's `ref_id`, at `price` each.
    pub fn new(id: &str, ref_id: &str, price: i64, quantity: i64) -> Self {
        let name = format!("Produto {ref_id}");
        Self {
            id: id.into(),
            ref_id: ref_id.into(),
            name,
            price,
            quantity,
            discount: 0,
            is_gift: false,
            from: Vec::new(),
        }
    }

    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    /// Taken off the whole line.
    #[must_use]
    pub fn discount(mut self, cents: i64) -> Self {
        self.discount = cents;
        self
    }

    /// So many units from each of several warehouses.
    #[must_use]
    pub fn from(mut self, served: &[(&str, i64)]) -> Self {
        self.from = served.iter().map(|(warehouse, units)| ((*warehouse).to_owned(), *units)).collect();
        self
    }

    /// Costs nothing.
    #[must_use]
    pub fn gift(mut self) -> Self {
        self.is_gift = true;
        self
    }

    fn total(&self) -> i64 {
        if self.is_gift { 0 } else { self.price * self.quantity - self.discount }
    }
}

/// Who buys.
#[derive(Clone, Debug)]
pub struct Customer {
    pub first_name: String,
    pub last_name: String,
    pub cpf: String,
    pub company: Option<Company>,
}

/// A company that buys through a person.
#[derive(Clone, Debug)]
pub struct Company {
    pub name: String,
    pub cnpj: String,
    pub state_registration: String,
}

impl Customer {
    /// A person with a CPF, as it is to appear.
    pub fn person(first_name: &str, last_name: &str, cpf: &str) -> Self {
        Self { first_name: first_name.into(), last_name: last_name.into(), cpf: cpf.into(), company: None }
    }

    /// Buys for a company: corporate name, CNPJ, state registration.
    #[must_use]
    pub fn company(mut self, name: &str, cnpj: &str, state_registration: &str) -> Self {
        let (name, cnpj) = (name.into(), cnpj.into());
        self.company = Some(Company { name, cnpj, state_registration: state_registration.into() });
        self
    }
}

/// Who carries.
#[derive(Clone, Debug)]
pub struct Carrier {
    pub name: String,
    pub courier_id: String,
    pub sla: String,
}

/// Where it was sold.
#[derive(Clone, Debug)]
pub struct Marketplace {
    pub affiliate: String,
    pub name: String,
    pub order: String,
}

/// How it is paid.
#[derive(Clone, Debug)]
pub struct Payment {
    pub system: &'static str,
    pub name: &'static str,
    /// VTEX's word for the method (VTEX 2.6).
    pub group: &'static str,
    pub installments: u32,
    pub value: Option<i64>,
    pub due: Option<NaiveDate>,
}

impl Payment {
    fn of(system: &'static str, name: &'static str, group: &'static str) -> Self {
        Self { system, name, group, installments: 1, value: None, due: None }
    }

    /// A credit card in so many installments.
    pub fn card(installments: u32) -> Self {
        Self { installments, ..Self::of("2", "Visa", "creditCard") }
    }

    pub fn debit_card() -> Self {
        Self::of("44", "Visa Electron", "debitCard")
    }

    pub fn pix() -> Self {
        Self::of("125", "Pix", "instantPayment")
    }

    /// A boleto and the day it is due.
    pub fn boleto(due: NaiveDate) -> Self {
        Self { due: Some(due), ..Self::of("6", "Boleto Bancário", "bankInvoice") }
    }

    pub fn gift_card() -> Self {
        Self::of("16", "Vale", "giftCard")
    }

    /// The marketplace has the customer's money.
    pub fn marketplace() -> Self {
        Self::of("201", "Marketplace", "promissory")
    }

    /// How much of the order it pays, in cents.
    #[must_use]
    pub fn value(mut self, cents: i64) -> Self {
        self.value = Some(cents);
        self
    }
}
