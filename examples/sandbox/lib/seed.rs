//! Orders of every kind, for whoever wants to look at a shop and not at one order.

use chrono::{Days, TimeDelta};
use serde_json::json;

use super::document::{cnpj, cpf};
use super::vtex::{Customer, Line, OrderSeed, Payment, Vtex};

/// A product of the shop; the price is in cents.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// VTEX's SKU id.
    pub id: &'static str,
    /// The shop's own code.
    pub ref_id: &'static str,
    pub name: &'static str,
    pub price: i64,
}

/// What the shop sells.
pub const PRODUCTS: [Product; 12] = [
    product("1", "CAMISETA-P", "Camiseta básica P", 4_990),
    product("2", "CAMISETA-M", "Camiseta básica M", 4_990),
    product("3", "CAMISETA-G", "Camiseta básica G", 5_290),
    product("4", "CANECA", "Caneca de cerâmica 300 ml", 2_990),
    product("5", "BONE", "Boné de algodão", 3_550),
    product("6", "MOCHILA", "Mochila de lona 20 L", 18_990),
    product("7", "CADERNO", "Caderno pautado A5", 2_150),
    product("8", "LUMINARIA", "Luminária de mesa", 12_900),
    product("9", "TOALHA", "Toalha de banho 70 × 140", 6_480),
    product("10", "CAFETEIRA", "Cafeteira italiana 6 xícaras", 14_999),
    product("11", "GARRAFA", "Garrafa térmica 1 L", 8_995),
    product("12", "MEIA-3", "Meias, trio", 3_333),
];

const fn product(id: &'static str, ref_id: &'static str, name: &'static str, price: i64) -> Product {
    Product { id, ref_id, name, price }
}

/// Places one order of every kind that matters, over the last ten days and a little more: 31 of them.
pub fn shop(v: &mut Vtex) {
    let today = v.now().date_naive();
    let due = today.checked_add_days(Days::new(3)).unwrap_or(today);
    // Beyond any chain of weekend, holidays and days to clear.
    let overdue = today.checked_sub_days(Days::new(14)).unwrap_or(today);
    let boleto = || Payment::boleto(due);
    let seeds = [
        // Paid and ready, in every form.
        of(1, "Ana", "Souza").line(units(0, 1)).freight(1_490),
        of(2, "Bruno", "Lima").line(units(1, 2)).line(units(3, 1)).freight(1_990),
        of(3, "Carla", "Mendes").line(units(5, 1)).pay(Payment::card(6)),
        of(4, "Diego", "Araújo").line(units(9, 1)).pay(Payment::pix()).freight(2_250).freight_discount(2_250),
        of(5, "Elisa", "Prado").line(units(4, 3)).pay(Payment::debit_card()),
        of(6, "Fábio", "Nunes").line(units(11, 4)).coupon("VOLTA10", 1_333),
        of(7, "Gabriela", "Rocha").line(units(2, 1)).line(Line { price: 4_490, ..units(2, 2) }).freight(990),
        of(8, "Heitor", "Dias").line(units(7, 1).discount(1_111)).coupon("LUZ", 789).freight(1_500),
        of(9, "Iara", "Campos").line(units(6, 5)).line(units(3, 1).gift()),
        of(10, "João", "Peixoto").line(units(8, 2)).pay(Payment::card(2).value(5_000)).pay(Payment::gift_card()),
        of(11, "Karin", "Müller").line(units(10, 1)).tax(899).freight(1_200),
        of(12, "Zoë", "Ñandú-O’Connor").line(units(0, 1)).note("Portão azul, interfone 3 – «cuidado» 🐕"),
        of(13, "Łukasz", "Dvořák").line(units(4, 1)).line(units(5, 1)).freight(2_790),
        company(14, "Papelaria São João Ltda", &cnpj(11_222_333), "110042490114").line(units(6, 40)).freight(4_500),
        company(15, "Café & Cia", "12ABC34501DE35", "ISENTO").line(units(9, 3)).pay(boleto()),
        of(16, "Otávio", "Reis").line(units(1, 1)).float_numbers(),
        formatted(17, "Paula", "Teles").line(units(2, 1)),
        // Sold by marketplaces.
        of(18, "Quésia", "Alves").line(units(5, 1)).marketplace("FRN", "Farinha", "1636850500005").freight(1_290),
        of(19, "Rui", "Barros").line(units(8, 1)).line(units(0, 2)).marketplace("MGZ", "Praça", "LU-1357902468"),
        // Not paid yet.
        of(20, "Sílvia", "Matos").line(units(3, 2)).pending(boleto()),
        of(21, "Tiago", "Vaz")
            .line(units(7, 1))
            .pending(Payment::boleto(overdue))
            .created(v.now() - TimeDelta::days(17)),
        of(22, "Úrsula", "Freire").line(units(1, 1)).pending(Payment::pix()),
        of(23, "Vitor", "Gil").line(units(9, 1)).pending(Payment::card(12)).in_review(),
        of(24, "Wanda", "Leal")
            .line(units(4, 1))
            .line(units(11, 1))
            .pending(boleto().value(3_000))
            .pending(Payment::pix()),
        of(25, "Ximena", "Ortiz")
            .line(units(10, 1))
            .status("window-to-cancel")
            .created(v.now() - TimeDelta::minutes(20)),
        // What cannot go on without a person.
        of(26, "Yara", "Brito").line(Line::new("99", "NOVIDADE", 7_700, 1).named("Produto recém-criado")),
        of(27, "Zeca", "Moura").line(units(0, 1)).carrier("Expresso Inédito", "77", "Expressa").freight(3_100),
        of(28, "Alice", "Couto").line(units(3, 1)).mismatch(1),
        // At their end.
        of(29, "Breno", "Sá").line(units(6, 2)).status("canceled"),
        of(30, "Célia", "Pires").line(units(2, 2)).freight(1_490).status("invoiced"),
        of(31, "Davi", "Rangel").line(units(5, 1)).status("cancellation-requested"),
    ];
    let first = v.now() - TimeDelta::days(10);
    for (hours, seed) in (0i32..).step_by(7).zip(seeds) {
        let created = seed.created.unwrap_or(first + TimeDelta::hours(hours.into()));
        v.place(seed.created(created));
    }
}

fn of(number: u64, first_name: &str, last_name: &str) -> OrderSeed {
    OrderSeed::new().customer(Customer::person(first_name, last_name, &cpf(100_000_000 + number)))
}

/// With the dots and the dash people type.
fn formatted(number: u64, first_name: &str, last_name: &str) -> OrderSeed {
    let cpf = cpf(100_000_000 + number);
    let cpf = format!("{}.{}.{}-{}", &cpf[..3], &cpf[3..6], &cpf[6..9], &cpf[9..]);
    let address = json!({"shippingData": {"address": {"postalCode": "01310100", "complement": "apto. 42"}}});
    OrderSeed::new().customer(Customer::person(first_name, last_name, &cpf)).patch(address)
}

fn company(number: u64, name: &str, cnpj: &str, state_registration: &str) -> OrderSeed {
    let buyer = Customer::person("Marina", "Queiroz", &cpf(100_000_000 + number));
    OrderSeed::new().customer(buyer.company(name, cnpj, state_registration))
}

/// A line of the product at this index.
fn units(index: usize, quantity: i64) -> Line {
    let Product { id, ref_id, name, price } = PRODUCTS[index];
    Line::new(id, ref_id, price, quantity).named(name)
}
