use proptest::prelude::*;

use super::*;

fn code(bytes: &[u8]) -> &'static str {
    recognise(bytes).unwrap_err().code()
}

#[test]
fn what_is_no_document_is_named() {
    for (bytes, expected) in [
        (&b""[..], "document_empty"),
        (b" \r\n\x1a", "document_empty"),
        (b"%PDF-1.7 danfe", "document_pdf"),
        (b"PK\x03\x04...", "document_workbook"),
        (b"\x1F\x8B\x08", "document_compressed"),
        (b"\x89PNG\r\n\0\0", "document_binary"),
        (b"{\"error\":\"unauthorized\"}", "document_json"),
        (b"\xEF\xBB\xBF [1]", "document_json"),
        (b"<!DOCTYPE html><html></html>", "document_html"),
        (b"<?xml version='1.0'?><!DOCTYPE html PUBLIC 'x'><html xmlns='y'/>", "document_html"),
        (b"<HTML><body>502</body></HTML>", "document_html"),
        (b"Bom dia", "document_unrecognised"),
    ] {
        assert_eq!(code(bytes), expected, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn other_xml_is_named_with_what_to_give_instead() {
    let say = |root: &str| {
        recognise(format!("<{root} xmlns='http://www.portalfiscal.inf.br/nfe'/>").as_bytes()).unwrap_err().to_string()
    };
    assert!(say("enviNFe").contains("nfeProc"), "{}", say("enviNFe"));
    assert!(say("cteProc").contains("CT-e"));
    assert!(say("envEvento").contains("procEventoNFe"));
    assert!(say("resNFe").contains("summary"));
    assert!(say("procInutNFe").contains("no invoice"));
    assert!(say("x").contains("no document that is known"));
    let bare = recognise(b"<nfeProc/>").unwrap_err().to_string();
    assert!(bare.contains("namespace"), "{bare}");
}

/// What a file is, in a line: for the table below.
fn classified(bytes: &[u8]) -> String {
    match recognise(bytes) {
        Err(error) => format!("refused: {}", error.code()),
        Ok(Document::Nfe(nfe)) => {
            let anybody = [nfe.issuer.document.clone()];
            let expected = nfe::Expectation {
                issuers: &anybody,
                is_customer: &|_| true,
                events: &[],
                situation: None,
                allow_test: false,
                allow_nfce: false,
                order_total: None,
                tolerance: crate::model::Cents::ZERO,
            };
            match nfe::check(&nfe, &expected) {
                Ok(_) => {
                    let status = nfe.protocol.as_ref().map(|protocol| protocol.status).unwrap_or_default();
                    let order = nfe::best_candidate(&nfe::named_orders(&nfe)).map(|found| found.number.clone());
                    format!("sale {status} of {} {}", nfe.key.issuer_text(), order.unwrap_or_default())
                }
                Err(refusals) => refusals.iter().map(nfe::Refusal::code).collect::<Vec<_>>().join(" "),
            }
        }
        Ok(Document::Events(events)) => {
            let told = events
                .iter()
                .map(|event| format!("{:?} {} of {}", event.effect(), event.status, event.key.document_number()));
            told.collect::<Vec<_>>().join(", ")
        }
        Ok(Document::Situation(situation)) => format!("{:?}", situation.standing()),
        Ok(Document::Ocoren(file)) => {
            let table = ocoren::CodeTable::default();
            let told = file
                .occurrences
                .iter()
                .map(|each| format!("{} {:02} {}", each.invoice.number, each.code, each.outcome(&table).name()));
            let warnings: String = file.warnings.iter().map(|warning| format!("; {}", warning.code())).collect();
            told.collect::<Vec<_>>().join(", ") + &warnings
        }
        Ok(Document::StockSheet(sheet)) => {
            let mut lines = 0;
            match sheet.each(|_| {
                lines += 1;
                Ok::<_, DocumentError>(Ok(()))
            }) {
                Ok(()) => format!("stock, {lines} lines"),
                Err(error) => format!("refused: {}", error.code()),
            }
        }
        Ok(Document::ShipmentSheet(sheet)) => format!("shipments, {} lines", sheet.rows.len()),
    }
}

const OF_STORE: &str = "sale 100 of 12345678000195 1543219876543-01";

/// Every sample file with what its description says it is.
const SAMPLES: [(&str, &str); 29] = [
    ("nfe/s01-nfeproc-100-vtex-xped-marketplace.xml", OF_STORE),
    ("nfe/s02-nfeproc-150-infcpl-only-boleto.xml", "sale 150 of 12345678000195 1543219876544-01"),
    ("nfe/s03-nfeproc-100-alnum-cnpj-alnum-key.xml", "sale 100 of 12ABC34501DE35 1543219876543-01"),
    ("nfe/s04-proceventonfe-110111-135-of-s01.xml", "Cancels 135 of 1001"),
    ("nfe/s05-proceventonfe-110111-155-late-of-s02.xml", "Cancels 155 of 1002"),
    ("nfe/s06-proceventonfe-110111-573-duplicate-rejected.xml", "Nothing 573 of 1001"),
    ("nfe/s07-nfeproc-devolucao-entrada-refnfe.xml", "nfe_entry nfe_purpose nfe_operation"),
    ("nfe/s08-nfceproc-65-no-dest.xml", "nfe_consumer_receipt nfe_no_recipient"),
    ("nfe/s09-nfe-without-protocol.xml", "nfe_no_protocol"),
    ("nfe/s10-nfeproc-rejected-539.xml", "nfe_not_authorised"),
    ("nfe/s11-nfeproc-key-differs-from-protocol.xml", "nfe_protocol_of_another"),
    ("nfe/s12-truncated.xml", "refused: xml_broken"),
    ("nfe/s13-utf8-bom.xml", OF_STORE),
    ("nfe/s14-latin1-declared.xml", OF_STORE),
    ("nfe/s15-utf8-declared-but-latin1-bytes.xml", OF_STORE),
    ("nfe/s16-prefixed-namespace.xml", OF_STORE),
    ("nfe/s17-nfeproc-emit-cpf-serie920.xml", "sale 100 of 00052998224725 1543219876543-01"),
    ("nfe/s18-nfeproc-dest-alnum-cnpj.xml", OF_STORE),
    ("nfe/s19-doctype-entity-attack.xml", "refused: xml_doctype"),
    ("nfe/s20-html-error-page.xml", "refused: document_html"),
    (
        "ocoren/ocoren31-mixed.txt",
        "1001 01 delivered_with_remarks, 1002 21 attempt_failed, 1003 25 returned, 1004 02 delivered, 1004 99 other",
    ),
    ("ocoren/ocoren31-shifted-3digit-code.txt", "1001 01 delivered; ocoren_shifted"),
    ("ocoren/ocoren31-latin1-trimmed-right.txt", "1001 01 delivered"),
    (
        "ocoren/ocoren50-mixed.txt",
        "1001 01 delivered, 1002 104 in_transit, 1003 105 delivered, 1004 25 returned, 123456789 91 in_transit",
    ),
    (
        "ocoren/ocoren50-wrong-total-549.txt",
        "1001 01 delivered, 1002 104 in_transit, 1003 105 delivered, 1004 25 returned, 123456789 91 in_transit; \
         ocoren_wrong_total",
    ),
    ("ocoren/ocoren50-truncated-line.txt", "refused: ocoren_no_occurrences"),
    ("sheets/estoque-excel-latin1.csv", "stock, 3 lines"),
    ("sheets/stock-plain.csv", "stock, 3 lines"),
    ("sheets/expedicao-excel.csv", "shipments, 2 lines"),
];

#[test]
fn every_sample_is_what_its_description_says() {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut there: Vec<String> = Vec::new();
    for folder in ["nfe", "ocoren", "sheets"] {
        for entry in std::fs::read_dir(fixtures.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            there.extend((name != ".gitattributes").then(|| format!("{folder}/{name}")));
        }
    }
    there.sort();
    let mut known: Vec<&str> = SAMPLES.iter().map(|(file, _)| *file).collect();
    known.sort_unstable();
    assert_eq!(there, known, "a sample without an expectation, or an expectation without its sample");
    for (file, expected) in SAMPLES {
        assert_eq!(classified(&std::fs::read(fixtures.join(file)).unwrap()), expected, "{file}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_recognised_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = recognise(&bytes);
    }

    #[test]
    fn any_markup_is_recognised_or_refused(
        pieces in proptest::collection::vec(proptest::sample::select(MARKUP), 0..60),
    ) {
        let _ = recognise(pieces.concat().as_bytes());
    }
}

const MARKUP: &[&str] = &[
    "<nfeProc",
    "<NFe",
    "<infNFe",
    " xmlns='http://www.portalfiscal.inf.br/nfe'",
    ">",
    "</",
    "/>",
    "<",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "&",
    "&amp;",
    "'",
    "\"",
    "=",
    "a",
    "é",
];
