use proptest::prelude::*;

use super::*;
use crate::documents::{Document, Situation, recognise};

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/nfe/", $name, ".xml")).as_slice()
    };
}

const S01: &[u8] = sample!("s01-nfeproc-100-vtex-xped-marketplace");
const S02: &[u8] = sample!("s02-nfeproc-150-infcpl-only-boleto");
const S03: &[u8] = sample!("s03-nfeproc-100-alnum-cnpj-alnum-key");
const S04: &[u8] = sample!("s04-proceventonfe-110111-135-of-s01");
const S05: &[u8] = sample!("s05-proceventonfe-110111-155-late-of-s02");
const S06: &[u8] = sample!("s06-proceventonfe-110111-573-duplicate-rejected");
const S07: &[u8] = sample!("s07-nfeproc-devolucao-entrada-refnfe");
const S08: &[u8] = sample!("s08-nfceproc-65-no-dest");
const S09: &[u8] = sample!("s09-nfe-without-protocol");
const S10: &[u8] = sample!("s10-nfeproc-rejected-539");
const S11: &[u8] = sample!("s11-nfeproc-key-differs-from-protocol");
const S12: &[u8] = sample!("s12-truncated");
const S13: &[u8] = sample!("s13-utf8-bom");
const S14: &[u8] = sample!("s14-latin1-declared");
const S15: &[u8] = sample!("s15-utf8-declared-but-latin1-bytes");
const S16: &[u8] = sample!("s16-prefixed-namespace");
const S17: &[u8] = sample!("s17-nfeproc-emit-cpf-serie920");
const S18: &[u8] = sample!("s18-nfeproc-dest-alnum-cnpj");
const S19: &[u8] = sample!("s19-doctype-entity-attack");
const S20: &[u8] = sample!("s20-html-error-page");

const STORE: &str = "12345678000195";
const CUSTOMER: &str = "52998224725";

fn read(bytes: &[u8]) -> Nfe {
    match recognise(bytes) {
        Ok(Document::Nfe(nfe)) => *nfe,
        other => panic!("{other:?}"),
    }
}

/// Sample s01 with something changed; a change that changes nothing would prove nothing.
fn changed(changes: &[(&str, &str)]) -> Nfe {
    let mut text = std::str::from_utf8(S01).unwrap().to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    read(text.as_bytes())
}

fn tax_id(text: &str) -> TaxId {
    TaxId::parse(text).unwrap()
}

/// Judges an invoice of the store for its usual customer.
fn judge(nfe: &Nfe, events: &[crate::documents::Event]) -> Result<Vec<Notice>, Vec<Refusal>> {
    judge_for(nfe, STORE, CUSTOMER, events, None)
}

fn judge_for(
    nfe: &Nfe,
    store: &str,
    customer: &str,
    events: &[crate::documents::Event],
    situation: Option<&Situation>,
) -> Result<Vec<Notice>, Vec<Refusal>> {
    let customer = tax_id(customer);
    check(
        nfe,
        &Expectation {
            issuers: &[tax_id(store)],
            is_customer: &|document| *document == customer,
            events,
            situation,
            allow_test: false,
            allow_nfce: false,
            order_total: Some(Cents::new(14_990)),
            tolerance: Cents::new(1),
        },
    )
}

fn codes(judgement: Result<Vec<Notice>, Vec<Refusal>>) -> Vec<&'static str> {
    judgement.unwrap_err().iter().map(Refusal::code).collect()
}

fn events(bytes: &[u8]) -> Vec<crate::documents::Event> {
    match recognise(bytes) {
        Ok(Document::Events(events)) => events,
        other => panic!("{other:?}"),
    }
}

#[test]
fn s01_is_a_sale_and_tells_everything() {
    let nfe = read(S01);
    assert_eq!(nfe.key.as_str(), "35261012345678000195550010000010011482139770");
    assert_eq!((nfe.layout.as_str(), nfe.model, nfe.series, nfe.number), ("4.00", 55, 1, 1001));
    assert_eq!(nfe.issued_at.to_rfc3339(), "2026-10-15T22:40:10-03:00");
    assert_eq!(nfe.issued_instant().to_rfc3339(), "2026-10-16T01:40:10+00:00");
    assert_eq!(
        (nfe.direction, nfe.purpose, nfe.environment),
        (Direction::Exit, Purpose::Normal, Environment::Production)
    );
    assert_eq!(nfe.operation, "VENDA DE MERCADORIA");
    assert_eq!(nfe.issuer.document, tax_id(STORE));
    assert_eq!(
        (nfe.issuer.state_registration.as_deref(), nfe.issuer.state.as_deref()),
        (Some("111111111111"), Some("SP"))
    );
    let recipient = nfe.recipient.as_ref().unwrap();
    assert_eq!(recipient.document, RecipientDocument::TaxId(tax_id(CUSTOMER)));
    assert_eq!(recipient.state.as_deref(), Some("MG"));
    let [line] = nfe.lines.as_slice() else { panic!("{:?}", nfe.lines) };
    assert_eq!((line.item, line.code.as_str(), line.name.as_str(), line.cfop), (1, "SKU-001", "CAMISETA AZUL M", 6108));
    assert_eq!((line.gtin.clone(), line.unit.as_str()), (None, "UN"));
    assert_eq!((line.quantity.whole(), line.unit_price.to_cents()), (Some(2), Some(Cents::new(6_495))));
    assert_eq!((line.total, line.freight, line.discount), (Cents::new(12_990), Cents::new(2_000), Cents::ZERO));
    let totals = nfe.totals;
    assert_eq!(
        (totals.invoice, totals.goods, totals.freight),
        (Cents::new(14_990), Cents::new(12_990), Cents::new(2_000))
    );
    assert_eq!(nfe.payments, [NfePayment { method: "17".into(), amount: Cents::new(14_990) }]);
    assert_eq!(nfe.transport.freight_mode, Some(0));
    assert_eq!(nfe.transport.carrier_document, Some(tax_id("98765432000198")));
    assert_eq!(nfe.transport.carrier_name.as_deref(), Some("TRANSPORTADORA FICTICIA"));
    assert_eq!(nfe.transport.volumes[0].count, Some(1));
    assert_eq!(nfe.transport.volumes[0].gross_weight.map(|kg| kg.to_string()).as_deref(), Some("0.45"));
    assert_eq!(nfe.intermediary.as_ref().and_then(|i| i.seller_id.as_deref()), Some("LOJA-FICTICIA"));
    let protocol = nfe.protocol.as_ref().unwrap();
    assert_eq!((protocol.status, protocol.number.as_deref()), (100, Some("135260000001001")));
    assert_eq!(protocol.received_at.unwrap().to_rfc3339(), "2026-10-16T01:40:31+00:00");
    assert_eq!(judge(&nfe, &[]), Ok(vec![]));
    let number = |number: &str, source| Candidate { number: number.into(), source };
    assert_eq!(
        named_orders(&nfe),
        [number("1543219876543-01", Source::Purchase), number("1543219876543-01", Source::Notes)]
    );
}

#[test]
fn s02_is_authorised_out_of_the_deadline_and_names_its_order_in_words_only() {
    let nfe = read(S02);
    assert_eq!(nfe.protocol.as_ref().unwrap().status, 150);
    assert_eq!(nfe.payments[0].method, "15");
    assert_eq!(judge(&nfe, &[]), Ok(vec![]));
    let candidates = named_orders(&nfe);
    let best = best_candidate(&candidates).unwrap();
    assert_eq!((best.number.as_str(), best.source), ("1543219876544-01", Source::Notes));
}

#[test]
fn s03_has_letters_in_issuer_and_key() {
    let nfe = read(S03);
    assert_eq!(nfe.issuer.document, tax_id("12ABC34501DE35"));
    assert_eq!(judge_for(&nfe, "12ABC34501DE35", CUSTOMER, &[], None), Ok(vec![]));
    assert_eq!(codes(judge(&nfe, &[])), ["nfe_issuer"]);
}

#[test]
fn s04_to_s06_cancel_or_not() {
    assert_eq!(codes(judge(&read(S01), &events(S04))), ["nfe_cancelled"]);
    assert_eq!(codes(judge(&read(S02), &events(S05))), ["nfe_cancelled"]);
    assert_eq!(judge(&read(S01), &events(S06)), Ok(vec![]), "a rejected event cancels nothing");
    assert_eq!(judge(&read(S01), &events(S05)), Ok(vec![]), "it cancels another invoice");
}

#[test]
fn s07_is_a_return_and_names_the_sale() {
    let nfe = read(S07);
    assert_eq!(nfe.references, [read(S01).key]);
    assert_eq!(codes(judge(&nfe, &[])), ["nfe_entry", "nfe_purpose", "nfe_operation"]);
}

#[test]
fn s08_is_a_consumers_receipt_for_nobody() {
    let nfe = read(S08);
    assert_eq!((nfe.model, nfe.recipient.clone()), (65, None));
    assert_eq!(codes(judge(&nfe, &[])), ["nfe_consumer_receipt", "nfe_no_recipient"]);
    assert_eq!(named_orders(&nfe), []);
}

#[test]
fn s09_to_s11_prove_nothing() {
    let unproven = read(S09);
    assert_eq!(unproven.protocol, None);
    assert_eq!(codes(judge(&unproven, &[])), ["nfe_no_protocol"]);
    let rejected = read(S10);
    assert_eq!(rejected.protocol.as_ref().unwrap().number, None);
    assert_eq!(codes(judge(&rejected, &[])), ["nfe_not_authorised"]);
    assert_eq!(codes(judge(&read(S11), &[])), ["nfe_protocol_of_another"]);
}

#[test]
fn s12_was_cut() {
    let error = recognise(S12).unwrap_err();
    assert!(matches!(error, DocumentError::BrokenXml { line: 1, column: 1501, .. }), "{error:?}");
}

#[test]
fn s13_to_s16_are_s01_in_other_writings() {
    let plain = read(S01);
    for (bytes, name) in [(S13, "s13"), (S14, "s14"), (S15, "s15"), (S16, "s16")] {
        let nfe = read(bytes);
        assert_eq!(nfe, plain, "{name}");
        assert_eq!(judge(&nfe, &[]), Ok(vec![]), "{name}");
    }
}

#[test]
fn s17_is_issued_by_a_person() {
    let nfe = read(S17);
    assert_eq!((nfe.series, nfe.key.issuer()), (920, Some(tax_id(CUSTOMER))));
    assert_eq!(judge_for(&nfe, CUSTOMER, CUSTOMER, &[], None), Ok(vec![]));
}

#[test]
fn s18_is_for_a_company_with_letters_in_its_cnpj() {
    let nfe = read(S18);
    assert_eq!(judge_for(&nfe, STORE, "12.abc.345/01de-35", &[], None), Ok(vec![]));
    assert_eq!(codes(judge(&nfe, &[])), ["nfe_recipient"]);
}

#[test]
fn s19_and_s20_are_refused() {
    assert_eq!(recognise(S19), Err(DocumentError::Doctype));
    assert_eq!(recognise(S20), Err(DocumentError::Html));
}

#[test]
fn each_part_of_the_key_is_compared() {
    for (from, to, field) in [
        ("<cUF>35<", "<cUF>33<", "cUF"),
        ("<dhEmi>2026-10-15T", "<dhEmi>2026-09-15T", "dhEmi"),
        ("<mod>55<", "<mod>65<", "mod"),
        ("<serie>1<", "<serie>2<", "serie"),
        ("<nNF>1001<", "<nNF>1002<", "nNF"),
        ("<tpEmis>1<", "<tpEmis>6<", "tpEmis"),
        ("<cNF>48213977<", "<cNF>48213978<", "cNF"),
        ("<cDV>0<", "<cDV>1<", "cDV"),
    ] {
        let refusals = judge(&changed(&[(from, to)]), &[]).unwrap_err();
        assert!(refusals.contains(&Refusal::KeyDiffers { field }), "{field}: {refusals:?}");
    }
    let other_issuer = changed(&[("<emit><CNPJ>12345678000195<", "<emit><CNPJ>34028316000103<")]);
    assert_eq!(codes(judge(&other_issuer, &[])), ["nfe_key_differs", "nfe_issuer"]);
}

#[test]
fn the_month_of_the_key_is_the_issuers() {
    // 22:40 on the last of October in São Paulo is November in UTC.
    let evening = changed(&[("<dhEmi>2026-10-15T", "<dhEmi>2026-10-31T")]);
    assert_eq!(judge(&evening, &[]), Ok(vec![]));
}

#[test]
fn a_key_with_a_wrong_digit_makes_no_invoice() {
    let text = std::str::from_utf8(S01).unwrap().replace("Id=\"NFe35", "Id=\"NFe36");
    assert_eq!(recognise(text.as_bytes()).unwrap_err().code(), "xml_bad_element");
}

#[test]
fn what_is_no_sale() {
    let test_invoice = changed(&[("</cDV><tpAmb>1<", "</cDV><tpAmb>2<")]);
    assert_eq!(codes(judge(&test_invoice, &[])), ["nfe_test_environment"]);
    let test_protocol = changed(&[("<infProt><tpAmb>1<", "<infProt><tpAmb>2<")]);
    assert_eq!(codes(judge(&test_protocol, &[])), ["nfe_test_environment"]);
    for purpose in ["2", "3", "4", "5", "6", "7"] {
        let nfe = changed(&[("<finNFe>1<", &format!("<finNFe>{purpose}<"))]);
        assert_eq!(codes(judge(&nfe, &[])), ["nfe_purpose"], "{purpose}");
    }
    for cfop in ["1202", "2411", "3102", "8000"] {
        assert_eq!(
            codes(judge(&changed(&[("<CFOP>6108<", &format!("<CFOP>{cfop}<"))]), &[])),
            ["nfe_operation"],
            "{cfop}"
        );
    }
    for status in ["110", "301", "204", "103", "104", "101", "1"] {
        let nfe = changed(&[("<cStat>100<", &format!("<cStat>{status}<"))]);
        assert_eq!(codes(judge(&nfe, &[])), ["nfe_not_authorised"], "{status}");
    }
}

#[test]
fn whom_it_is_for() {
    let dest = "<dest><CPF>52998224725</CPF>";
    for (id, shown) in [("<idEstrangeiro/>", 0), ("<idEstrangeiro>AB12345</idEstrangeiro>", 7)] {
        let foreign = changed(&[(dest, &format!("<dest>{id}"))]);
        assert!(format!("{:?}", foreign.recipient).contains(&format!("PrivateText({shown} bytes)")));
        assert_eq!(codes(judge(&foreign, &[])), ["nfe_no_recipient"]);
    }
    assert_eq!(codes(judge_for(&read(S01), STORE, "11144477735", &[], None)), ["nfe_recipient"]);
}

#[test]
fn nothing_personal_shows_in_debug() {
    let shown = format!("{:?}", read(S01));
    for secret in [CUSTOMER, "CLIENTE", "FLORES", "PEDIDO LOJA"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

#[test]
fn a_digest_that_differs() {
    let signature = |digest: &str| {
        format!(
            "</infNFe><Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">\
             <SignedInfo><Reference><DigestValue>{digest}\
             </DigestValue></Reference></SignedInfo></Signature>"
        )
    };
    let good = changed(&[("</infNFe>", &signature("AAAAAAAAAAAAAAAAAAAAAAAAAAA="))]);
    assert_eq!(judge(&good, &[]), Ok(vec![]));
    let other = changed(&[("</infNFe>", &signature("BAAAAAAAAAAAAAAAAAAAAAAAAAA="))]);
    assert_eq!(codes(judge(&other, &[])), ["nfe_digest_differs"]);
}

#[test]
fn sefaz_has_the_last_word() {
    let nfe = read(S01);
    for (status, code) in
        [("100", None), ("101", Some("nfe_cancelled")), ("217", Some("nfe_situation")), ("110", Some("nfe_situation"))]
    {
        let answer = format!(
            "<retConsSitNFe xmlns='http://www.portalfiscal.inf.br/nfe'>\
             <tpAmb>1</tpAmb><cStat>{status}</cStat><chNFe>{}</chNFe></retConsSitNFe>",
            nfe.key
        );
        let Ok(Document::Situation(situation)) = recognise(answer.as_bytes()) else { panic!("{answer}") };
        let refusal = judge_for(&nfe, STORE, CUSTOMER, &[], Some(&situation)).err().map(|refusals| refusals[0].code());
        assert_eq!(refusal, code, "{status}");
    }
}

#[test]
fn notices_stop_nothing() {
    let nfe = changed(&[
        ("versao=\"4.00\"><ide>", "versao=\"3.10\"><ide>"),
        ("<modFrete>0<", "<modFrete>9<"),
        ("<vNF>149.90<", "<vNF>139.90<"),
    ]);
    let notices: Vec<&str> = judge(&nfe, &[]).unwrap().iter().map(Notice::code).collect();
    assert_eq!(notices, ["nfe_old_layout", "nfe_no_transport", "nfe_total_differs"]);
    assert_eq!(judge(&changed(&[("<vNF>149.90<", "<vNF>149.91<")]), &[]), Ok(vec![]), "a cent goes without saying");
}

#[test]
fn payments_of_layout_310_stand_without_details() {
    let nfe = changed(&[
        ("versao=\"4.00\"><ide>", "versao=\"3.10\"><ide>"),
        ("<detPag><indPag>0</indPag>", ""),
        ("</detPag></pag>", "</pag><pag><tPag>01</tPag><vPag>1.00</vPag></pag>"),
    ]);
    let payments: Vec<(&str, i64)> = nfe.payments.iter().map(|p| (p.method.as_str(), p.amount.get())).collect();
    assert_eq!(payments, [("17", 14_990), ("01", 100)]);
}

#[test]
fn utf16_is_read_too() {
    let text = std::str::from_utf8(S01).unwrap();
    let bytes: Vec<u8> = std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&bytes), read(S01));
}

#[test]
fn blanks_around_the_xml_are_no_part_of_it() {
    for (before, after) in [("\r\n", ""), ("\u{feff}\n ", "\n\n"), ("", "\r\n\u{1a}")] {
        let text = format!("{before}{}{after}", std::str::from_utf8(S01).unwrap());
        assert_eq!(read(text.as_bytes()), read(S01), "{before:?} {after:?}");
    }
}

#[test]
fn old_layouts_are_not_read() {
    for version in ["2.00", "1.10", "", "x"] {
        let text =
            std::str::from_utf8(S01).unwrap().replace("versao=\"4.00\"><ide>", &format!("versao=\"{version}\"><ide>"));
        assert_eq!(recognise(text.as_bytes()).unwrap_err().code(), "xml_bad_element", "{version}");
    }
}

#[test]
fn orders_on_the_lines_are_cut_at_fifteen() {
    let nfe = changed(&[
        ("<compra><xPed>1543219876543-01</xPed></compra>", ""),
        ("<indTot>1</indTot>", "<indTot>1</indTot><xPed>1543219876543-0</xPed><nItemPed>000001</nItemPed>"),
        ("PEDIDO LOJA: 1543219876543-01", "OBRIGADO"),
    ]);
    assert_eq!(nfe.lines[0].order_item, Some(1));
    let candidates = named_orders(&nfe);
    assert_eq!(best_candidate(&candidates).unwrap().agreement("1543219876543-01"), Agreement::Cut);
}

#[test]
fn the_issuers_own_fields_may_name_the_order() {
    let nfe = changed(&[(
        "</infCpl>",
        "</infCpl><obsCont xCampo=\"Vendedor\"><xTexto>1234</xTexto></obsCont>\
         <obsCont xCampo=\"Nº Pedido\"><xTexto>777-1</xTexto></obsCont>",
    )]);
    assert!(named_orders(&nfe).contains(&Candidate { number: "777-1".into(), source: Source::Observation }));
    assert!(!named_orders(&nfe).iter().any(|candidate| candidate.number == "1234"));
}

#[test]
fn lots_are_no_shipment_tracking() {
    let with_lot = changed(&[("</prod>", "<rastro><nLote>BR123456789BR</nLote><qLote>2</qLote></rastro></prod>")]);
    assert_eq!(with_lot, read(S01));
}

#[test]
fn what_must_be_one_may_not_be_two() {
    let text = std::str::from_utf8(S01).unwrap();
    for (from, to) in [
        ("<nNF>1001</nNF>", "<nNF>1001</nNF><nNF>1001</nNF>"),
        ("</infProt>", "</infProt><infProt/>"),
        ("</emit>", "</emit><emit/>"),
        ("<CPF>52998224725</CPF>", "<CPF>52998224725</CPF><CNPJ>12345678000195</CNPJ>"),
    ] {
        assert_eq!(recognise(text.replace(from, to).as_bytes()).unwrap_err().code(), "xml_bad_element", "{to}");
    }
    assert_eq!(recognise(format!("{text}{text}").as_bytes()), Err(DocumentError::SeveralDocuments));
}

#[test]
fn elements_that_must_be_there() {
    let text = std::str::from_utf8(S01).unwrap();
    for element in ["nNF", "dhEmi", "tpAmb", "finNFe", "vNF", "qCom", "CFOP", "chNFe", "cStat"] {
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let start = text.rfind(&open).unwrap();
        let end = start + text[start..].find(&close).unwrap() + close.len();
        let without = format!("{}{}", &text[..start], &text[end..]);
        let error = recognise(without.as_bytes()).unwrap_err();
        assert!(
            matches!(error, DocumentError::MissingElement { element: path } if path.ends_with(element)),
            "{error:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_samples_are_read_or_refused(
        sample in 0usize..8,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        inserted in proptest::option::of((any::<prop::sample::Index>(), "\\PC{0,8}")),
    ) {
        let mut bytes = [S01, S03, S04, S07, S08, S14, S16, S17][sample].to_vec();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some((at, text)) = inserted {
            let at = at.index(bytes.len());
            bytes.splice(at..at, text.into_bytes());
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(Document::Nfe(nfe)) = recognise(&bytes) {
            let _ = (judge(&nfe, &[]), named_orders(&nfe));
        }
    }
}
