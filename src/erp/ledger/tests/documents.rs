//! What documents do to orders, invoices and stock.

use super::*;
use crate::documents::ocoren::CodeTable;
use crate::erp::ledger::{DeliveryOutcome, Posted, Rules, Shipment, TakeError, Taken};
use crate::model::TaxId;

const S01: &str = "s01-nfeproc-100-vtex-xped-marketplace.xml";
const S02: &str = "s02-nfeproc-150-infcpl-only-boleto.xml";
const OF_S01: &str = "1543219876543-01";
const OF_S02: &str = "1543219876544-01";

/// Ten units of `SKU-001`, and an order of two for each of the numbers.
fn shop(numbers: &[&str]) -> Ledger {
    let ledger = ledger();
    let sku = Sku::new("SKU-001");
    ledger.upsert_products(&[Product { sku: sku.clone(), name: None }], at(0)).unwrap();
    ledger.set_stocks(&[StockCount { sku, warehouse: None, quantity: 10 }], at(0), "count").unwrap();
    for number in numbers {
        created(&ledger, number, &[("SKU-001", 2)]);
    }
    ledger
}

fn now() -> Instant {
    "2026-10-30T12:00:00Z".parse().unwrap()
}

fn take(ledger: &Ledger, file: &str) -> Result<Taken, TakeError> {
    take_by(ledger, file, &Rules::default())
}

fn take_by(ledger: &Ledger, file: &str, rules: &Rules) -> Result<Taken, TakeError> {
    let folder = if file.starts_with("ocoren") { "ocoren" } else { "nfe" };
    let path = format!("{}/tests/fixtures/{folder}/{file}", env!("CARGO_MANIFEST_DIR"));
    ledger.take(&std::fs::read(path).unwrap(), file, None, rules, now())
}

#[track_caller]
fn posted(result: Result<Taken, TakeError>) -> Posted {
    match result {
        Ok(Taken::Invoice { posted, .. }) => posted,
        other => panic!("no invoice was taken: {other:?}"),
    }
}

fn detail(ledger: &Ledger, number: &str) -> OrderDetail {
    let order = ledger.order_by_any(number).unwrap().remove(0);
    ledger.order_detail(&order.id).unwrap().unwrap()
}

#[test]
fn an_invoice_finds_its_order_posts_stock_and_releases_the_reservation() {
    let ledger = shop(&[OF_S01, "1543219876543-02"]);
    assert_eq!(stock_of(&ledger, "SKU-001"), (10, 4));
    assert_eq!(posted(take(&ledger, S01)), Posted::New);
    assert_eq!(stock_of(&ledger, "SKU-001"), (8, 2));
    let order = detail(&ledger, OF_S01);
    assert_eq!((order.order.status.clone(), order.order.invoiced), (Status::Invoiced, true));
    assert_eq!(order.invoices[0].access_key, "35261012345678000195550010000010011482139770");
    // The same invoice in other bytes is the same invoice.
    for again in [S01, "s13-utf8-bom.xml", "s14-latin1-declared.xml", "s16-prefixed-namespace.xml"] {
        assert_eq!(posted(take(&ledger, again)), Posted::Again, "{again}");
    }
    assert_eq!(stock_of(&ledger, "SKU-001"), (8, 2));
}

#[test]
fn a_number_in_the_free_text_counts_when_there_is_no_other() {
    let ledger = shop(&[OF_S01, OF_S02]);
    assert_eq!(posted(take(&ledger, S02)), Posted::New);
    assert_eq!(detail(&ledger, OF_S02).order.status, Status::Invoiced);
    assert_eq!(detail(&ledger, OF_S01).order.status, Status::Paid);
}

#[test]
fn what_is_no_sale_to_this_customer_is_refused_with_the_reason() {
    let cases = [
        ("s06-proceventonfe-110111-573-duplicate-rejected.xml", "repetition"),
        ("s07-nfeproc-devolucao-entrada-refnfe.xml", "not a sale"),
        ("s08-nfceproc-65-no-dest.xml", "no order"),
        ("s09-nfe-without-protocol.xml", "no protocol"),
        ("s10-nfeproc-rejected-539.xml", "539"),
        ("s11-nfeproc-key-differs-from-protocol.xml", "another invoice"),
        ("s12-truncated.xml", "cut short"),
        ("s18-nfeproc-dest-alnum-cnpj.xml", "recipient"),
        ("s19-doctype-entity-attack.xml", "DOCTYPE"),
        ("s20-html-error-page.xml", "web page"),
    ];
    for (file, why) in cases {
        let ledger = shop(&[OF_S01]);
        let error = take(&ledger, file).expect_err(file).to_string();
        assert!(error.contains(why), "{file}: {error}");
        assert_eq!(stock_of(&ledger, "SKU-001"), (10, 2), "{file}");
        assert_eq!(detail(&ledger, OF_S01).order.status, Status::Paid, "{file}");
    }
}

#[test]
fn an_invoice_without_an_order_or_of_a_stranger_company_is_refused() {
    let error = take(&shop(&["1"]), S01).unwrap_err().to_string();
    assert!(error.contains(OF_S01), "{error}");
    let ledger = shop(&[OF_S01]);
    let rules = Rules { issuers: vec![TaxId::parse("34028316000103").unwrap()], codes: CodeTable::default() };
    let error = take_by(&ledger, S01, &rules).unwrap_err().to_string();
    assert!(error.contains("not configured as one of ours"), "{error}");
    let rules = Rules { issuers: vec![TaxId::parse("12.345.678/0001-95").unwrap()], codes: CodeTable::default() };
    assert_eq!(posted(take_by(&ledger, S01, &rules)), Posted::New);
}

#[test]
fn a_cancelled_invoice_gives_its_units_back_whatever_comes_first() {
    let ledger = shop(&[OF_S01, OF_S02]);
    take(&ledger, S01).unwrap();
    let told = take(&ledger, "s04-proceventonfe-110111-135-of-s01.xml").unwrap();
    assert_eq!(told, Taken::Events { cancelled: 1, ahead: 0, kept: 0 });
    assert_eq!(stock_of(&ledger, "SKU-001"), (10, 4));
    assert!(!detail(&ledger, OF_S01).order.invoiced);
    // The cancellation came first: the file still says "authorised", and is refused.
    let told = take(&ledger, "s05-proceventonfe-110111-155-late-of-s02.xml").unwrap();
    assert_eq!(told, Taken::Events { cancelled: 0, ahead: 1, kept: 0 });
    assert!(take(&ledger, S02).unwrap_err().to_string().contains("was cancelled"));
    assert_eq!(stock_of(&ledger, "SKU-001"), (10, 4));
}

#[test]
fn a_carriers_file_delivers_the_order_at_the_carriers_time() {
    let ledger = shop(&[OF_S01, OF_S02]);
    assert!(take(&ledger, "ocoren31-mixed.txt").unwrap_err().to_string().contains("none of its"));
    take(&ledger, S01).unwrap();
    take(&ledger, S02).unwrap();
    for file in ["ocoren31-mixed.txt", "ocoren50-mixed.txt"] {
        let told = take(&ledger, file).unwrap();
        assert!(matches!(told, Taken::Deliveries { new: 1.., .. }), "{file}: {told:?}");
        let again = take(&ledger, file).unwrap();
        assert!(matches!(again, Taken::Deliveries { new: 0, again: 2, .. }), "{file}: {again:?}");
    }
    let order = detail(&ledger, OF_S01);
    let delivered = order.events.iter().find(|event| event.what == DeliveryOutcome::Delivered).unwrap();
    assert_eq!(delivered.at.to_rfc3339(), "2026-10-19T17:32:00+00:00");
    assert_eq!(order.order.status, Status::Delivered);
    // Closed, 104 and 21 are no deliveries.
    assert_eq!(detail(&ledger, OF_S02).order.status, Status::Invoiced);
}

#[test]
fn which_of_two_invoices_was_delivered_is_not_guessed() {
    let ledger = shop(&[]);
    let id = created(&ledger, OF_S01, &[("SKU-001", 3)]);
    take(&ledger, S01).unwrap();
    let rest = LedgerInvoice { lines: None, ..invoice(4711, None) };
    ledger.post_invoice(&id, &rest, now()).unwrap();
    let told = take(&ledger, "ocoren31-mixed.txt").unwrap_err().to_string();
    assert!(told.contains("tracking code"), "{told}");
    let parcel = Shipment {
        access_key: Some("35261012345678000195550010000010011482139770".into()),
        tracking_code: Some("BR1".into()),
        ..Shipment::default()
    };
    ledger.set_shipment(&id, &parcel, now()).unwrap();
    take(&ledger, "ocoren31-mixed.txt").unwrap();
    let order = detail(&ledger, OF_S01);
    assert_eq!(order.events[0].tracking_code.as_deref(), Some("BR1"));
    assert_ne!(order.order.status, Status::Delivered, "the other parcel is still on its way");
}

#[test]
fn a_shipment_sheet_is_taken_whole_or_not_at_all() {
    let sheet = |ledger: &Ledger, text: &str| ledger.take(text.as_bytes(), "sheet.csv", None, &Rules::default(), now());
    let ledger = shop(&[OF_S01, OF_S02]);
    let head = "Pedido;Código de Rastreio;Transportadora;Data Postagem;Entregue em";
    let wrong = sheet(&ledger, &format!("{head}\n{OF_S01};BR1;Correios;16/10/2026;\n999;BR2;Correios;;\n"));
    assert!(wrong.unwrap_err().to_string().contains("line 3: the ledger has no order 999"));
    assert!(detail(&ledger, OF_S01).shipments.is_empty());
    let forecast = sheet(&ledger, &format!("{head}\n{OF_S01};BR1;Correios;16/10/2026;31/12/2026\n"));
    assert!(forecast.unwrap_err().to_string().contains("forecast"));
    let good = format!("{head}\n{OF_S01};BR1;Correios;16/10/2026;\n{OF_S02};BR2;Correios;;\n");
    assert_eq!(sheet(&ledger, &good).unwrap(), Taken::Shipments { new: 2, again: 0 });
    assert_eq!(sheet(&ledger, &good).unwrap(), Taken::Shipments { new: 0, again: 2 });
    assert_eq!(detail(&ledger, OF_S01).shipments[0].tracking_code.as_deref(), Some("BR1"));
}
