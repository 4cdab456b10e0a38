//! What of import-orders only the ledger can tell: taxes on top, which Eccosys has no field for.

use crate::sandbox::{Customer, Line, OrderSeed, Payment, cpf};
use crate::shop::Shop;

#[test]
fn an_order_with_everything_special_is_exact_to_the_cent() {
    let shop = Shop::new();
    let id = shop.place(
        OrderSeed::new()
            .line(Line::new("1", "CAMISETA-P", 4_990, 2).discount(333))
            .line(Line::new("1", "CAMISETA-P", 4_500, 1))
            .line(Line::new("2", "CANECA", 2_990, 3).gift())
            .coupon("VOLTA", 777)
            .freight(1_990)
            .freight_discount(490)
            .tax(123)
            .float_numbers()
            .customer(Customer::person("Zoë", "Ñandú-O’Connor", &cpf(7)).company(
                "Padaria São João",
                "12ABC34501DE35",
                "ISENTO",
            ))
            .pay(Payment::card(3).value(5_000))
            .pay(Payment::gift_card())
            .marketplace("FRN", "Farinha", "1636850500005"),
    );
    let total = shop.vtex(|v| v.order(&id).value());
    let _ = shop.import().exits(0);
    let erp = &shop.erp()[&id];
    assert_eq!((erp.len(), erp[0].total, erp[0].units, erp[0].reserved), (1, total, 6, 6));
}
