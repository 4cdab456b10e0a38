//! What of push-stock only the ledger can tell: several warehouses.

use crate::push_stock::{boleto, can_be_bought, shop};
use crate::shop::paid;

#[test]
fn warehouses_are_kept_apart() {
    let mut shop = shop("");
    shop.vtex(|v| v.warehouses.push(("1_2".into(), "Loja".into())));
    shop.set("warehouses = { \"1_1\" = \"central\", \"1_2\" = \"loja\" }\nstock = { settle = \"0s\" }");
    shop.stock("codigo;quantidade;deposito\nCAMISETA-P;10;central\nCAMISETA-P;4;loja\n");
    shop.place(paid().pending(boleto()));
    let _ = shop.import().exits(0);
    let _ = shop.push().exits(0);
    let quantity = |warehouse: &str| shop.vtex(|v| v.stock("1", warehouse).quantity);
    assert_eq!([quantity("1_1"), quantity("1_2")], [10, 4]);
    assert_eq!(can_be_bought(&shop), 13);
}
