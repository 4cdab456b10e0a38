//! What documents do to orders, invoices and stock.

use super::*;
use crate::documents::SheetOptions;
use crate::erp::ledger::{DeliveryOutcome, Posted, Rules, Shipment, TakeError, Taken};
use crate::model::money::DecimalMark;
use crate::model::{TaxId, calendar};

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
        ("s08-nfceproc-65-no-dest.xml", "NFC-e"),
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
    let rules = Rules { issuers: vec![TaxId::parse("34028316000103").unwrap()], ..Rules::default() };
    let error = take_by(&ledger, S01, &rules).unwrap_err().to_string();
    assert!(error.contains("not configured as one of ours"), "{error}");
    let rules = Rules { issuers: vec![TaxId::parse("12.345.678/0001-95").unwrap()], ..Rules::default() };
    assert_eq!(posted(take_by(&ledger, S01, &rules)), Posted::New);
}

#[test]
fn a_cancelled_invoice_gives_its_units_back_whatever_comes_first() {
    let ledger = shop(&[OF_S01, OF_S02]);
    take(&ledger, S01).unwrap();
    let told = take(&ledger, "s04-proceventonfe-110111-135-of-s01.xml").unwrap();
    assert_eq!(told, Taken::Events { cancelled: 1, ahead: 0, kept: 0, left_out: vec![] });
    assert_eq!(stock_of(&ledger, "SKU-001"), (10, 4));
    let order = detail(&ledger, OF_S01);
    assert!(!order.order.invoiced);
    assert_eq!(order.invoices[0].cancel_reason.as_deref(), Some("Desistencia do cliente antes do envio"));
    // The cancellation came first: the file still says "authorised", and is refused.
    let told = take(&ledger, "s05-proceventonfe-110111-155-late-of-s02.xml").unwrap();
    assert_eq!(told, Taken::Events { cancelled: 0, ahead: 1, kept: 0, left_out: vec![] });
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
fn without_a_tracking_code_the_invoice_tells_which_parcel_was_delivered() {
    let ledger = shop(&[]);
    let id = created(&ledger, OF_S01, &[("SKU-001", 3)]);
    take(&ledger, S01).unwrap();
    ledger.post_invoice(&id, &LedgerInvoice { lines: None, ..invoice(4711, None) }, now()).unwrap();
    take(&ledger, "ocoren31-mixed.txt").unwrap();
    let order = detail(&ledger, OF_S01);
    let key = Some("35261012345678000195550010000010011482139770");
    assert_eq!(order.events[0].access_key.as_deref(), key);
    let delivered: Vec<_> =
        order.shipments.iter().map(|one| (one.access_key.as_deref(), one.delivered_at.is_some())).collect();
    assert_eq!(delivered, [(key, true)]);
    assert_ne!(order.order.status, Status::Delivered, "the other invoice's parcel is still to come");
}

/// A carrier names the invoice, never one of its parcels.
#[test]
fn an_invoice_in_several_parcels_is_delivered_with_all_of_them() {
    let ledger = shop(&[OF_S01]);
    take(&ledger, S01).unwrap();
    for code in ["BR1", "BR2"] {
        let parcel = Shipment {
            access_key: Some("35261012345678000195550010000010011482139770".into()),
            tracking_code: Some(code.into()),
            ..Shipment::default()
        };
        ledger.set_shipment(&detail(&ledger, OF_S01).order.id, &parcel, now()).unwrap();
    }
    take(&ledger, "ocoren31-mixed.txt").unwrap();
    let order = detail(&ledger, OF_S01);
    assert!(order.shipments.iter().all(|parcel| parcel.delivered_at.is_some()), "{:?}", order.shipments);
    assert_eq!((order.events[0].tracking_code.as_deref(), order.order.status), (None, Status::Delivered));
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
    let planned = sheet(&ledger, &format!("{head}\n{OF_S01};BR1;Correios;31/12/2026;\n"));
    assert!(planned.unwrap_err().to_string().contains("on a day that is still to come"));
    let good = format!("{head}\n{OF_S01};BR1;Correios;16/10/2026;\n{OF_S02};BR2;Correios;;\n");
    assert_eq!(sheet(&ledger, &good).unwrap(), Taken::Shipments { new: 2, again: 0 });
    assert_eq!(sheet(&ledger, &good).unwrap(), Taken::Shipments { new: 0, again: 2 });
    assert_eq!(detail(&ledger, OF_S01).shipments[0].tracking_code.as_deref(), Some("BR1"));
}

#[test]
fn a_day_to_come_waits_where_the_clock_is_behind_what_the_ledger_knows() {
    let ledger = shop(&[OF_S01]);
    let at = |day: &str, lines: &str| {
        let text = format!("Pedido;Código de Rastreio;Transportadora;Data Postagem;Entregue em\n{lines}");
        ledger.take(text.as_bytes(), "sheet.csv", None, &Rules::default(), day.parse().unwrap())
    };
    let sent = format!("{OF_S01};BR1;Correios;22/09/2026;\n");
    let delivered = format!("{OF_S01};BR1;Correios;20/09/2026;22/09/2026\n");
    // The order was placed on the 21st.
    assert!(at("2026-09-21T14:00:00Z", &sent).unwrap_err().to_string().contains("on a day that is still to come"));
    let waits = |lines: &str| match at("2026-09-18T12:00:00Z", lines) {
        Err(TakeError::Ahead(until)) => calendar::local_date(until).to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(waits(&sent), "2026-09-22");
    assert_eq!(waits(&delivered), "2026-09-22");
    // Later than that it is a plan by any clock.
    let planned = at("2026-09-18T12:00:00Z", &format!("{OF_S01};BR1;Correios;20/09/2026;24/09/2026\n"));
    assert_eq!(planned.unwrap_err().code(), "shipment_lines");
    let also_wrong = at("2026-09-18T12:00:00Z", &format!("{sent}999;BR2;Correios;;\n"));
    assert_eq!(also_wrong.unwrap_err().code(), "shipment_lines");
    assert!(detail(&ledger, OF_S01).shipments.is_empty());
    assert_eq!(at("2026-09-23T12:00:00Z", &delivered).unwrap(), Taken::Shipments { new: 1, again: 0 });
}

#[test]
fn a_collection_order_without_a_date_is_dated_once() {
    let ledger = shop(&[OF_S01]);
    let take = |text: &str, at| ledger.take(text.as_bytes(), "sheet.csv", None, &Rules::default(), at).unwrap();
    let later = now() + chrono::TimeDelta::days(1);
    let undated = format!("Pedido;Código de Rastreio;Ordem de Coleta\n{OF_S01};BR1;77\n");
    assert_eq!(take(&undated, now()), Taken::Shipments { new: 1, again: 0 });
    let before = detail(&ledger, OF_S01);
    assert_eq!(take(&undated, later), Taken::Shipments { new: 0, again: 1 });
    assert_eq!(detail(&ledger, OF_S01), before);
    // Another parcel of the same collection order; then another collection order.
    let dates =
        || detail(&ledger, OF_S01).shipments.iter().map(|one| one.collection_order_at.unwrap()).collect::<Vec<_>>();
    take(&undated.replace("BR1", "BR2"), later);
    assert_eq!(dates(), [now(), now()]);
    take(&undated.replace("77", "78"), later);
    assert_eq!(dates(), [later, now()]);
}

#[test]
fn what_is_wrong_with_an_invoice_is_told_though_its_order_is_not_there() {
    for (file, code) in [
        ("s07-nfeproc-devolucao-entrada-refnfe.xml", "nfe_entry"),
        ("s08-nfceproc-65-no-dest.xml", "nfe_consumer_receipt"),
        ("s09-nfe-without-protocol.xml", "nfe_no_protocol"),
        ("s10-nfeproc-rejected-539.xml", "nfe_not_authorised"),
        ("s11-nfeproc-key-differs-from-protocol.xml", "nfe_protocol_of_another"),
        (S01, "invoice_without_order"),
    ] {
        assert_eq!(take(&shop(&[]), file).unwrap_err().code(), code, "{file}");
    }
}

#[test]
fn an_invoice_for_another_customer_names_the_order_it_would_have_gone_to() {
    let refused = take(&shop(&[OF_S01]), "s18-nfeproc-dest-alnum-cnpj.xml").unwrap_err();
    assert_eq!(refused.code(), "nfe_recipient");
    assert!(refused.to_string().contains("the ledger's order 1,"), "{refused}");
}

#[test]
fn an_invoice_for_several_orders_is_not_posted_to_the_one_that_is_here() {
    let ledger = shop(&["4711"]);
    let text = fixture(&format!("nfe/{S01}"));
    let (start, end) = (text.find("<det ").unwrap(), text.find("</det>").unwrap() + 6);
    let line = |item: u32, order: &str| {
        let line = text[start..end].replace("nItem=\"1\"", &format!("nItem=\"{item}\""));
        line.replace("<indTot>1</indTot>", &format!("<indTot>1</indTot><xPed>{order}</xPed>"))
            .replace("2.0000", "1.0000")
    };
    let both = |first, second| {
        format!("{}{}{}{}", &text[..start], line(1, first), line(2, second), &text[end..])
            .replace("1543219876543-01", "0000")
    };
    assert_eq!(take_text(&ledger, &both("4711", "4712")).unwrap_err().code(), "invoice_ambiguous");
    assert_eq!(posted(take_text(&ledger, &both("4711", "4711"))), Posted::New);
    assert_eq!(stock_of(&ledger, "SKU-001"), (8, 0));
}

#[test]
fn thousands_are_read_where_the_decimal_mark_is_declared() {
    let ledger = shop(&[]);
    let sheet = "sku;qtd\nSKU-001;1.234\n";
    let refused = take_text(&ledger, sheet).unwrap_err().to_string();
    assert!(refused.contains("sheet_decimal"), "{refused}");
    let rules = Rules { sheets: SheetOptions { decimal: DecimalMark::Comma }, ..Rules::default() };
    ledger.take(sheet.as_bytes(), "sheet", None, &rules, now()).unwrap();
    assert_eq!(stock_of(&ledger, "SKU-001"), (1234, 0));
}

#[test]
fn a_stock_sheet_is_taken_whole_or_not_at_all_and_every_bad_line_is_named() {
    let ledger = shop(&[]);
    let before = (all(&ledger), ledger.products().unwrap(), ledger.warehouses().unwrap());
    let refused = |lines: &str| {
        let text = format!("sku;nome;local;qtd\n{lines}");
        // It may be put back once it is mended, so it does not count as taken.
        let take = || ledger.take(text.as_bytes(), "sheet", Some("sheet 1"), &Rules::default(), now());
        let (first, again) = (take().unwrap_err(), take().unwrap_err());
        assert_eq!((first.code(), first.to_string()), (again.code(), again.to_string()));
        let after = (all(&ledger), ledger.products().unwrap(), ledger.warehouses().unwrap());
        assert_eq!(after, before, "{text}");
        first.to_string()
    };
    let good: String = (0..3_000).map(|n| format!("NEW-{n};new;X;{n}\n")).collect();
    assert!(refused(&format!("{good}NEW;;X;1,5\n")).starts_with("line 3002: the quantity"));
    let conflict = refused("A;;X;1\n\nA;;X;2\n");
    assert_eq!(conflict, "line 4: `A` stands on line 2 with quantity 1 and here with 2; keep one");
    let same = refused("A;;default;4\nA;;;3\n");
    assert_eq!(same, "line 3: `A` stands on line 2 with quantity 4 and here with 3; keep one");
    let both = refused("A;;X;1\nB;;X;dois\nA;;X;1\nA;;X;2\nA;;Y;7\nA;;;3\nA;;;4\n");
    let lines: Vec<&str> = both.split("; ").filter_map(|part| part.strip_prefix("line ")?.split(':').next()).collect();
    assert_eq!(lines, ["3", "5", "8"], "{both}");
}

#[test]
fn a_line_that_stands_twice_counts_once_and_the_first_name_of_a_product_counts() {
    let ledger = shop(&[]);
    let sheet = "sku;nome;local;qtd\nN;Um;X;1\nN;Dois;A;2\nN;Um;X;1\nN;Tres;;3\nM;;Y;-4\n";
    let taken = |once| match ledger.take(sheet.as_bytes(), "sheet", once, &Rules::default(), now()).unwrap() {
        Taken::Stock { products, changed, .. } => (products, changed),
        other => panic!("{other:?}"),
    };
    assert_eq!(taken(Some("sheet 1")), (2, Some(4)));
    let named = |sku: &str| -> Option<String> {
        ledger.connection.query_row("SELECT name FROM products WHERE sku = ?1", [sku], |row| row.get(0)).unwrap()
    };
    assert_eq!((named("N").as_deref(), named("M")), (Some("Um"), None));
    let levels = ledger.stock_levels(&[Sku::new("N"), Sku::new("M")], now()).unwrap().levels;
    let told: Vec<_> =
        levels.iter().map(|level| (level.sku.as_str(), level.warehouse.as_str(), level.physical)).collect();
    assert_eq!(told, [("M", "Y", -4), ("N", "A", 2), ("N", "X", 1), ("N", "default", 3)]);
    assert_eq!((taken(None), taken(Some("sheet 1"))), ((2, Some(0)), (2, None)));
}

fn fixture(file: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/fixtures/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn take_text(ledger: &Ledger, text: &str) -> Result<Taken, TakeError> {
    ledger.take(text.as_bytes(), "given", None, &Rules::default(), now())
}

/// SEFAZ's answer to a batch with the answers of these event files.
fn batch(files: &[&str]) -> String {
    let answers: String = (files.iter())
        .map(|file| {
            let text = fixture(&format!("nfe/{file}"));
            text[text.find("<retEvento").unwrap()..text.find("</procEventoNFe>").unwrap()].to_owned()
        })
        .collect();
    format!(
        "<retEnvEvento xmlns='http://www.portalfiscal.inf.br/nfe'><tpAmb>1</tpAmb><cStat>128</cStat>{answers}</retEnvEvento>"
    )
}

#[test]
fn a_rejected_event_of_a_batch_keeps_no_cancellation_from_taking_effect() {
    let (rejected, cancelled) =
        ("s06-proceventonfe-110111-573-duplicate-rejected.xml", "s05-proceventonfe-110111-155-late-of-s02.xml");
    for files in [[rejected, cancelled], [cancelled, rejected]] {
        let ledger = shop(&[OF_S01, OF_S02]);
        take(&ledger, S02).unwrap();
        let told = take_text(&ledger, &batch(&files)).unwrap();
        assert!(matches!(told, Taken::Events { cancelled: 1, ahead: 0, kept: 0, .. }), "{told:?}");
        assert!(matches!(told.left_out(), [why] if why.contains("repetition")), "{told:?}");
        assert!(!detail(&ledger, OF_S02).order.invoiced);
    }
    let alone = take_text(&shop(&[]), &batch(&[rejected])).unwrap_err();
    assert_eq!(alone.code(), "event_repeated");
}

/// The cancellation of s01, made a proof of its delivery.
fn proof(kind: &str, at: &str) -> String {
    fixture("nfe/s04-proceventonfe-110111-135-of-s01.xml")
        .replace("110111", kind)
        .replace("<descEvento>", &format!("<dhEntrega>{at}</dhEntrega><descEvento>"))
}

#[test]
fn a_proof_of_delivery_delivers_and_is_never_lost_in_silence() {
    let ledger = shop(&[OF_S01]);
    let good = proof("610130", "2026-10-20T11:30:00-03:00");
    assert_eq!(take_text(&ledger, &good).unwrap_err().code(), "delivery_proof", "its invoice is not there yet");
    take(&ledger, S01).unwrap();
    // Before the invoice, and after today, when this machine's clock may be behind.
    for (day, code) in [("2026-10-01", "delivery_proof"), ("2026-11-20", "document_ahead")] {
        let odd = take_text(&ledger, &proof("110130", &format!("{day}T11:30:00-03:00")));
        assert_eq!(odd.unwrap_err().code(), code, "{day}");
    }
    assert_eq!(detail(&ledger, OF_S01).order.status, Status::Invoiced);
    take_text(&ledger, &good).unwrap();
    assert_eq!(detail(&ledger, OF_S01).order.status, Status::Delivered);
    let cancelled = take_text(&ledger, &proof("110131", "2026-10-21T11:30:00-03:00"));
    assert_eq!(cancelled.unwrap_err().code(), "delivery_proof_cancelled");
}

#[test]
fn a_proof_of_delivery_of_one_of_two_invoices_does_not_deliver_both() {
    let ledger = shop(&[]);
    let id = created(&ledger, OF_S01, &[("SKU-001", 3)]);
    take(&ledger, S01).unwrap();
    ledger.post_invoice(&id, &LedgerInvoice { lines: None, ..invoice(4711, None) }, now()).unwrap();
    take_text(&ledger, &proof("110130", "2026-10-20T11:30:00-03:00")).unwrap();
    let order = detail(&ledger, OF_S01);
    assert_eq!((order.shipments.len(), order.order.status), (1, Status::Shipped), "only the one it names");
}

#[test]
fn what_a_carrier_says_of_a_cancelled_invoice_delivers_nothing() {
    let ledger = shop(&[OF_S01]);
    take(&ledger, S01).unwrap();
    take(&ledger, "s04-proceventonfe-110111-135-of-s01.xml").unwrap();
    let told = take(&ledger, "ocoren31-shifted-3digit-code.txt").unwrap_err().to_string();
    assert!(told.contains("was cancelled"), "{told}");
    assert_eq!(detail(&ledger, OF_S01).events, []);
}

#[test]
fn an_occurrence_tells_the_last_eight_digits_and_finds_an_invoice_of_nine() {
    let ledger = shop(&[OF_S01]);
    let id = ledger.order_by_any(OF_S01).unwrap()[0].id.clone();
    let key = key_of(300_001_001);
    let long = LedgerInvoice { issued_at: now() - chrono::TimeDelta::days(14), ..invoice(300_001_001, None) };
    ledger.post_invoice(&id, &LedgerInvoice { access_key: key, ..long }, now()).unwrap();
    take(&ledger, "ocoren31-shifted-3digit-code.txt").unwrap();
    assert_eq!(detail(&ledger, OF_S01).order.status, Status::Delivered);
}

#[test]
fn an_invoice_of_last_year_is_not_meant() {
    let ledger = shop(&[OF_S01]);
    take(&ledger, S01).unwrap();
    let later: Instant = "2027-05-01T12:00:00Z".parse().unwrap();
    let text = fixture("ocoren/ocoren31-shifted-3digit-code.txt").replace("19102026", "30042027");
    let told = ledger.take(text.as_bytes(), "oco", None, &Rules::default(), later).unwrap_err().to_string();
    assert!(told.contains("180 days"), "{told}");
}

#[test]
fn a_file_is_judged_by_its_own_dates_and_waits_for_them_by_a_clock_that_is_behind() {
    let ledger = shop(&[OF_S01]);
    take(&ledger, S01).unwrap();
    let text = fixture("ocoren/ocoren31-shifted-3digit-code.txt");
    let take = |now: &str| ledger.take(text.as_bytes(), "oco", None, &Rules::default(), now.parse().unwrap());
    assert_eq!(take("2025-10-30T12:00:00Z").unwrap_err().code(), "document_ahead");
    assert_eq!(detail(&ledger, OF_S01).events, []);
    take("2027-10-30T12:00:00Z").unwrap();
    assert_eq!(detail(&ledger, OF_S01).order.status, Status::Delivered);
}

#[test]
fn what_a_carriers_file_may_lack_is_told() {
    let ledger = shop(&[OF_S01, OF_S02]);
    take(&ledger, S01).unwrap();
    let rules = |issuer: &str| Rules { issuers: vec![TaxId::parse(issuer).unwrap()], ..Rules::default() };
    let ours = take_by(&ledger, "ocoren50-wrong-total-549.txt", &rules("12345678000195")).unwrap();
    let left_out = ours.left_out();
    assert!(left_out.iter().any(|why| why.contains("says it has 9 occurrences and has 5")), "{left_out:?}");
    assert!(left_out.iter().any(|why| why.contains("no invoice 1002")), "{left_out:?}");
    // Of other companies nobody needs to hear, and a file of theirs alone is none of ours.
    let theirs = take_by(&ledger, "ocoren50-mixed.txt", &rules("34028316000103")).unwrap_err().to_string();
    assert!(theirs.contains("not configured as ours"), "{theirs}");
    // A day that cannot be is replaced by the file's, and a code with three digits read: both are told, and stop nothing.
    let latin = std::fs::read(format!(
        "{}/tests/fixtures/ocoren/ocoren31-latin1-trimmed-right.txt",
        env!("CARGO_MANIFEST_DIR")
    ));
    let text = encoding_rs::WINDOWS_1252.decode(&latin.unwrap()).0.replace("19102026", "00000000");
    assert!(remarks(take_text(&ledger, &text)).contains("the file's own was taken"));
    assert!(remarks(take(&ledger, "ocoren31-shifted-3digit-code.txt")).contains("three digits"));
}

/// What is told about a file of which nothing was left out.
#[track_caller]
fn remarks(result: Result<Taken, TakeError>) -> String {
    match result {
        Ok(Taken::Deliveries { remarks, left_out, .. }) if left_out.is_empty() => remarks.join("; "),
        other => panic!("{other:?}"),
    }
}

/// The access key of an invoice of the store of the samples.
fn key_of(number: u32) -> String {
    let head = format!("35261012345678000195550{:02}{number:09}148213977", 1);
    let sum: u32 = head.bytes().rev().zip((2..10).cycle()).map(|(b, weight)| u32::from(b - b'0') * weight).sum();
    format!("{head}{}", [0, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1][sum as usize % 11])
}

/// Every balance and every order, to see whether anything moved.
fn all(ledger: &Ledger) -> String {
    let levels = all_levels(ledger, now());
    let orders = ledger.orders(&OrderFilter::default()).unwrap();
    let details: Vec<_> = orders.iter().map(|order| ledger.order_detail(&order.id).unwrap()).collect();
    format!("{levels:?}{details:?}")
}

const SAMPLES: [&str; 9] = [
    "nfe/s01-nfeproc-100-vtex-xped-marketplace.xml",
    "nfe/s02-nfeproc-150-infcpl-only-boleto.xml",
    "nfe/s04-proceventonfe-110111-135-of-s01.xml",
    "nfe/s07-nfeproc-devolucao-entrada-refnfe.xml",
    "ocoren/ocoren31-mixed.txt",
    "ocoren/ocoren50-mixed.txt",
    "sheets/stock-plain.csv",
    "sheets/estoque-excel-latin1.csv",
    "sheets/expedicao-excel.csv",
];

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    #[test]
    fn a_damaged_document_is_taken_whole_or_changes_nothing(
        sample in 0..SAMPLES.len(),
        flips in proptest::collection::vec((proptest::prelude::any::<proptest::sample::Index>(), proptest::prelude::any::<u8>()), 0..4),
        cut in proptest::option::of(proptest::prelude::any::<proptest::sample::Index>()),
    ) {
        let ledger = shop(&[OF_S01]);
        take(&ledger, S01).unwrap();
        created(&ledger, OF_S02, &[("SKU-001", 2)]);
        let path = format!("{}/tests/fixtures/{}", env!("CARGO_MANIFEST_DIR"), SAMPLES[sample]);
        let mut bytes = std::fs::read(path).unwrap();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let before = all(&ledger);
        match ledger.take(&bytes, "damaged", Some("once"), &Rules::default(), now()) {
            Ok(_) => {
                let taken = all(&ledger);
                let again = ledger.take(&bytes, "damaged", Some("once"), &Rules::default(), now());
                proptest::prop_assert!(again.is_ok(), "{:?}", again);
                proptest::prop_assert_eq!(all(&ledger), taken);
            }
            Err(_) => proptest::prop_assert_eq!(all(&ledger), before),
        }
    }
}
