//! What a message may tell of an answer's body: what the other side says of the error, without secrets and personal
//! data.

use serde_json::Value;

use crate::lang::{say, word};
use crate::model::TaxId;

/// Longest excerpt, in characters.
const LONGEST: usize = 200;

/// What stands in place of what is not shown.
const HIDDEN: &str = "•••";

/// Keys under which APIs put words for people, in the order of preference.
const MESSAGE_KEYS: [&str; 10] =
    ["message", "Message", "msg", "erro", "mensagem", "detail", "details", "description", "title", "response"];

/// What an answer says of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The API's own code.
    pub code: Option<String>,
    /// The API's own words, masked.
    pub message: Option<String>,
    /// Either of them, or whatever there is, short and masked.
    pub excerpt: Option<String>,
    /// It is text, and no JSON.
    pub in_prose: bool,
}

/// What a body says.
pub(super) fn said(body: &[u8], content_type: Option<&str>) -> Said {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Said::default();
    }
    if is_web_page(body, content_type) {
        let excerpt = match title(text) {
            Some(title) => say!("a web page titled \"{}\"" | "uma página web com o título \"{}\"", short(&title)),
            None => word!("a web page" | "uma página web").to_owned(),
        };
        return Said { excerpt: Some(excerpt), in_prose: true, ..Said::default() };
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        let excerpt = if is_data(text) {
            word!("data that is cut or garbled" | "dados cortados ou corrompidos").to_owned()
        } else {
            short(text)
        };
        return Said { excerpt: Some(excerpt), in_prose: true, ..Said::default() };
    };
    // VTEX: {"error":{"code","message"}}; ANYMARKET: {"code","message"}; Eccosys: {"error":[{"codigo","erro"}]},
    // perhaps in "result".
    let root = value.get("result").unwrap_or(&value);
    let error = root.get("error").or_else(|| root.get("errors")).filter(|error| !error.is_null()).unwrap_or(root);
    let error = error.get(0).unwrap_or(error);
    let code = ["code", "Code", "codigo"].iter().find_map(|key| scalar(error.get(key)?));
    let message = scalar(error).or_else(|| MESSAGE_KEYS.iter().find_map(|key| scalar(error.get(key)?)));
    let message = message.map(|message| short(&message));
    let excerpt = match (&code, &message) {
        (Some(code), Some(message)) => format!("{}: {message}", short(code)),
        (Some(code), None) => format!("code {}", short(code)),
        (None, Some(message)) => message.clone(),
        // Its values may be anybody's data; its keys tell its kind.
        (None, None) => kind(&value),
    };
    Said { code, message, excerpt: Some(excerpt), in_prose: false }
}

/// Whether a body is a page for people. Some APIs call their JSON `text/html`, so what is there counts before what it
/// is called.
pub(super) fn is_web_page(body: &[u8], content_type: Option<&str>) -> bool {
    let start = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body).trim_ascii_start();
    let begins = |with: &str| start.get(..with.len()).is_some_and(|s| s.eq_ignore_ascii_case(with.as_bytes()));
    let called_html = content_type.is_some_and(|it| it.to_ascii_lowercase().contains("html"));
    match start.first() {
        None => false,
        Some(b'<') => called_html || begins("<!doctype html") || begins("<html") || begins("<head") || begins("<!--"),
        Some(b'{' | b'[' | b'"') => false,
        Some(_) => called_html && serde_json::from_slice::<serde::de::IgnoredAny>(start).is_err(),
    }
}

/// Whether text that is no JSON is a piece of some, or other data for machines: nobody's words for people, and perhaps somebody's name
/// and address.
fn is_data(text: &str) -> bool {
    let is_key = |(at, _)| text[at + 1..].trim_start().starts_with(':');
    text.starts_with(['{', '[', '<']) || text.match_indices('"').any(is_key)
}

/// Text for a message: one line, short, and without what looks like a person's document, phone or e-mail.
pub(crate) fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    let mut masked = mask(&line);
    if let Some((end, _)) = masked.char_indices().nth(LONGEST) {
        masked.truncate(end);
        masked.push('…');
    }
    masked
}

/// Hides e-mail addresses, CPF, CNPJ, phone numbers and postal codes. A run of digits is one of these by its length: 11 or 14, or
/// with a `+` before it; an order id such as `1172452900788-01` has other lengths.
pub(crate) fn mask(text: &str) -> String {
    let belongs = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '/' | '+' | '@' | '_' | '%');
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(belongs) {
        masked.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        masked.push_str(&mask_word(&rest[..end]));
        rest = &rest[end..];
    }
    masked.push_str(rest);
    masked
}

fn mask_word(word: &str) -> String {
    let digits = |part: &str| part.bytes().filter(u8::is_ascii_digit).count();
    let numeric = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'/' | b'+'));
    let personal = |part: &str| {
        let core = part.trim_matches(['.', '-', '/']);
        (numeric(core) && (matches!(digits(core), 11 | 14) || core.starts_with('+') && digits(core) >= 10))
            || is_written(core, (5, 4))
            || is_written(core, (5, 3))
            || TaxId::parse(core).is_ok()
    };
    if word.contains('@') || word.contains("%40") || personal(word) {
        return HIDDEN.to_owned();
    }
    // Perhaps a path, or a number that a word runs into.
    word.split('/')
        .map(|part| if personal(part) { HIDDEN.to_owned() } else { mask_runs(part) })
        .collect::<Vec<_>>()
        .join("/")
}

/// Hides runs of 11 or 14 digits.
fn mask_runs(word: &str) -> String {
    let mut masked = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[start..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |length| start + length);
        masked.push_str(&rest[..start]);
        masked.push_str(if matches!(end - start, 11 | 14) { HIDDEN } else { &rest[start..end] });
        rest = &rest[end..];
    }
    masked + rest
}

/// Digits as people write a Brazilian mobile number, `99999-8888`, or a postal code, `53020-000`.
fn is_written(word: &str, lengths: (usize, usize)) -> bool {
    let only_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    word.split_once('-').is_some_and(|(a, b)| (a.len(), b.len()) == lengths && only_digits(a) && only_digits(b))
}

/// Hides the values in what serde says of a value it did not expect.
pub(crate) fn without_values(problem: &str) -> String {
    for (opening, closing) in
        [("string \"", "\", expected"), ("variant `", "`, expected"), ("variant `", "`, there are no")]
    {
        if let (Some(start), Some(end)) = (problem.find(opening), problem.rfind(closing)) {
            let start = start + opening.len();
            if start <= end {
                return short(&format!("{}…{}", &problem[..start], &problem[end..]));
            }
        }
    }
    short(problem)
}

/// Hides these values wherever they stand.
pub(super) fn scrub<'a>(text: String, values: impl Iterator<Item = &'a str>) -> String {
    values.filter(|value| value.len() >= 4).fold(text, |text, value| text.replace(value, HIDDEN))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn kind(value: &Value) -> String {
    match value {
        Value::Object(object) if object.is_empty() => "an empty JSON object".to_owned(),
        Value::Object(object) => {
            let keys: Vec<&str> = object.keys().map(String::as_str).take(8).collect();
            format!("a JSON object of {}", short(&keys.join(", ")))
        }
        Value::Array(array) => format!("a JSON list of {} entries", array.len()),
        other => short(&other.to_string()),
    }
}

fn title(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    Some(page[start..end].trim().to_owned()).filter(|title| !title.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(body: &str) -> (Option<String>, Option<String>, Option<String>) {
        let said = said(body.as_bytes(), None);
        (said.code, said.message, said.excerpt)
    }

    fn texts(
        code: Option<&str>,
        message: Option<&str>,
        excerpt: &str,
    ) -> (Option<String>, Option<String>, Option<String>) {
        (code.map(Into::into), message.map(Into::into), Some(excerpt.into()))
    }

    #[test]
    fn every_platforms_errors_are_read() {
        let vtex = r#"{"error":{"code":"OMS003","message":"Order status is wrong","exception":null}}"#;
        assert_eq!(of(vtex), texts(Some("OMS003"), Some("Order status is wrong"), "OMS003: Order status is wrong"));
        let anymarket = r#"{"code":"422","message":"Status inválido"}"#;
        assert_eq!(of(anymarket), texts(Some("422"), Some("Status inválido"), "422: Status inválido"));
        let eccosys = r#"{"result":{"success":[],"error":[{"id":1,"codigo":7,"erro":"Produto não encontrado"}]}}"#;
        assert_eq!(of(eccosys), texts(Some("7"), Some("Produto não encontrado"), "7: Produto não encontrado"));
        assert_eq!(of(r#""Nenhum registro""#), texts(None, Some("Nenhum registro"), "Nenhum registro"));
        assert_eq!(of("SKU is locked"), texts(None, None, "SKU is locked"));
        assert_eq!(of(""), (None, None, None));
    }

    #[test]
    fn an_unknown_shape_tells_its_keys_only() {
        assert_eq!(of(r#"{"firstName":"Ana","city":"Olinda"}"#), texts(None, None, "a JSON object of city, firstName"));
        assert_eq!(of(r#"[{"name":"Ana"}]"#), texts(None, None, "a JSON list of 1 entries"));
    }

    #[test]
    fn a_piece_of_data_is_told_by_that_alone() {
        let order = r#"{"situacao":"Pago","_OutroEndereco":{"bairro":"Carmo Velho","numero":"12"}}"#;
        for cut in
            [&order[..order.len() - 3], &order[1..], &order[25..], "<nfeProc><xNome>Ana</xNome>", r#"[{"a" : "Ana"},"#]
        {
            assert_eq!(of(cut), texts(None, None, "data that is cut or garbled"), "{cut}");
        }
        assert_eq!(of(r#"SKU "12" is locked: try again"#), texts(None, None, r#"SKU "12" is locked: try again"#));
    }

    #[test]
    fn pages_are_told_by_their_title() {
        let page = "<!DOCTYPE html>\n<html><head><TITLE>\n502 Bad Gateway</TITLE></head></html>";
        assert_eq!(of(page), texts(None, None, "a web page titled \"502 Bad Gateway\""));
        assert!(is_web_page(b"Please log in", Some("text/html; charset=utf-8")));
        assert!(!is_web_page(b" {\"a\":1}", Some("text/html")), "JSON that is called a page is JSON");
        assert!(!is_web_page(b"12", Some("text/html")));
        assert!(!is_web_page(b"<nfeProc/>", Some("application/xml")));
        assert!(!is_web_page(b"", Some("text/html")));
    }

    #[test]
    fn personal_data_is_hidden_and_ids_are_not() {
        for (text, masked) in [
            ("cliente 529.982.247-25 recusado", "cliente ••• recusado"),
            ("cpf=52998224725, ok", "cpf=•••, ok"),
            ("CEP 53020-000 não atendido", "CEP ••• não atendido"),
            ("CNPJ 11.222.333/0001-81.", "CNPJ •••"),
            ("ana.souza@example.com!", "•••!"),
            ("fone +5511999998888", "fone •••"),
            ("fone (11) 99999-8888 x", "fone (11) ••• x"),
            ("order 1172452900788-01 at 2026-11-25", "order 1172452900788-01 at 2026-11-25"),
            ("/clientes/52998224725/pedidos", "/clientes/•••/pedidos"),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn what_serde_says_keeps_the_form_and_loses_the_value() {
        #[derive(Debug, serde::Deserialize)]
        #[allow(dead_code)]
        struct Order {
            total: i64,
        }
        let error = serde_json::from_str::<Order>(r#"{"total":"Ana Souza"}"#).unwrap_err().to_string();
        assert_eq!(without_values(&error), "invalid type: string \"…\", expected i64 at line 1 column 20");
        let error = serde_json::from_str::<Order>("{}").unwrap_err().to_string();
        assert_eq!(without_values(&error), error);
    }

    proptest! {
        #[test]
        fn any_body_is_told_in_one_short_line(body in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Some(excerpt) = said(&body, Some("text/html")).excerpt {
                prop_assert!(excerpt.chars().count() <= LONGEST + 30);
                prop_assert!(!excerpt.chars().any(char::is_control));
            }
        }

        #[test]
        fn no_text_keeps_a_document(before in "(.{0,9}[^0-9])?", cpf in "[0-9]{11}", after in "([^0-9].{0,9})?") {
            let text = format!("{before}{cpf}{after}");
            prop_assert!(!mask(&text).contains(&cpf), "{}", text);
        }
    }
}
