//! Orders of every kind from several marketplaces, for whoever wants to look at an account and not at one order.

use chrono::TimeDelta;
use serde_json::json;

use super::super::document::{cnpj, cpf};
use super::super::seed::PRODUCTS;
use super::{AnyAddress, AnyBuyer, AnyLine, AnyOrderSeed, AnyPayment, Anymarket, Channel, XmlRefusal};

const ML: &str = "MERCADO_LIVRE";
const MAGALU: &str = "MAGAZINE_LUIZA";
const SHOPEE: &str = "SHOPEE";
const AMAZON: &str = "AMAZON_GLOBAL_API";

/// Puts the shop's products into a second location and places one order of every kind that matters, over the last ten
/// days: 24 of them.
pub fn marketplaces(a: &mut Anymarket) {
    a.add_location(2, "Loja física");
    for product in PRODUCTS {
        a.set_stock(product.ref_id, 1, 20);
        a.set_stock(product.ref_id, 2, 5);
    }
    a.add_kit("KIT-CAFE", &[("CAFETEIRA", 1), ("CANECA", 2)]);
    let seeds = [
        // Paid and ready, in every form.
        of(1, "Ana Souza").line(units(0, 1)).freight(1_490).marketplace(MAGALU),
        of(2, "Bruno Lima").line(units(1, 2)).line(units(3, 1)).numbers("2000009114", "#2000009114").marketplace(ML),
        of(3, "Carla Mendes").line(units(5, 1)).marketplace(ML).account(2, "Loja 2").pay(AnyPayment::card(6)),
        of(4, "Diego Araújo").line(units(9, 1)).marketplace(SHOPEE).pay(AnyPayment::pix()).discount(500, 1_000),
        of(5, "Elisa Prado").line(units(4, 3).discount(300, 0)).marketplace(AMAZON).freight(990),
        of(6, "Fábio Nunes").line(units(11, 4)).discount_of_nobody(1_333).marketplace("CARREFOUR"),
        of(7, "Gabriela Rocha")
            .line(units(9, 1).of_kit("KIT-CAFE", 1))
            .line(units(3, 2).of_kit("KIT-CAFE", 1))
            .marketplace(MAGALU),
        of(8, "Heitor Dias").line(units(8, 1).thousandths(1_500)).marketplace("LEROY_MERLIN"),
        of(9, "Iara Campos").line(units(6, 5)).address(AnyAddress::default().without_neighborhood()),
        of(10, "João Peixoto").line(units(8, 2)).address(AnyAddress::default().state("Distrito Federal", None)),
        of(11, "Karin Müller").line(units(10, 1)).interest(899).pay(AnyPayment::card(10)).marketplace(ML),
        of(12, "Łukasz Dvořák").line(units(4, 1)).loose_types().marketplace("B2W_NEW_API"),
        of(13, "")
            .buyer(AnyBuyer::company("Papelaria São João Ltda", &cnpj(11_222_333), "110042490114"))
            .line(units(6, 40).at_location(1, 20).at_location(2, 20)),
        of(14, "").buyer(AnyBuyer::foreign("Zoë Ñandú", "DNI", "30.111.222")).line(units(0, 1)),
        of(15, "Otávio Reis").line(units(1, 1)).pay(AnyPayment::unknown("account_money")).marketplace(ML),
        of(16, "Paula Teles").line(units(2, 1)).collected().needs_xml(),
        of(17, "Quésia Alves").line(units(5, 1)).fulfillment().marketplace(ML),
        of(18, "Rui Barros").line(units(8, 1)).marketplace("ECOMMERCE").without_intermediary(),
        // Not paid yet.
        of(19, "Sílvia Matos").line(units(3, 2)).pending().pay(AnyPayment::boleto()),
        // What needs a person sooner or later.
        of(20, "Tiago Vaz").line(units(7, 1)).channel(Channel::Refuses("Pedido bloqueado no marketplace".into())),
        of(21, "Úrsula Freire").line(units(1, 1).without_code()),
        of(22, "Vitor Gil").line(units(9, 1)).mismatch(1).metadata("logistic_type", json!("drop_off")),
        // At their end.
        of(23, "Wanda Leal").line(units(4, 1)).status("CONCLUDED"),
        of(24, "Ximena Ortiz").line(units(10, 1)).status("CANCELED"),
    ];
    let first = a.now() - TimeDelta::days(10);
    for (hours, seed) in (0i32..).step_by(9).zip(seeds) {
        let wants_xml = seed.needs_xml;
        let id = a.place(seed.created(first + TimeDelta::hours(hours.into())));
        if wants_xml {
            a.refuse_xml(id, XmlRefusal::ShipmentStatus, 1);
        }
    }
}

fn of(number: u64, name: &str) -> AnyOrderSeed {
    AnyOrderSeed::new().buyer(AnyBuyer::person(name, &cpf(200_000_000 + number)))
}

/// A line of the product at this index.
fn units(index: usize, units: i64) -> AnyLine {
    let product = PRODUCTS[index];
    AnyLine::new(product.ref_id, product.price, units).named(product.name)
}
