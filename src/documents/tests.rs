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
