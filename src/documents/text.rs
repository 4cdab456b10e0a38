//! From bytes to text: byte order marks, UTF-8, the Windows encoding of Brazilian back offices, and size limits.

use crate::lang::word;
use std::borrow::Cow;
use std::fmt;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::DocumentError;

/// The largest XML that is read, in bytes. A batch of NF-e may have about 500 kB (NF-e manual 4.00).
pub const MAX_XML_BYTES: usize = 4 * 1024 * 1024;
/// The largest sheet or EDI file that is read, in bytes.
pub const MAX_TEXT_BYTES: usize = 16 * 1024 * 1024;

/// Beginnings of formats that are no text, with what to tell the person who sent one.
const BINARY_FORMATS: [(&[u8], DocumentError); 5] = [
    (b"PK\x03\x04", DocumentError::Workbook),
    (b"\xD0\xCF\x11\xE0", DocumentError::Workbook),
    (b"%PDF", DocumentError::Pdf),
    (b"\x1F\x8B", DocumentError::Compressed),
    (b"Rar!", DocumentError::Compressed),
];

/// Decodes a sheet or an EDI file: by its byte order mark, else UTF-8 when every byte agrees, else CP1252.
///
/// # Errors
/// Empty, too large, or no text at all.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, DocumentError> {
    check_size(bytes, MAX_TEXT_BYTES, word!("a sheet or an EDI file" | "uma planilha ou um arquivo EDI"))?;
    decode_as(bytes, WINDOWS_1252)
}

/// Decodes XML. UTF-8 wins when every byte agrees, whatever is declared: ERPs convert files and forget the declaration.
/// Bytes that are not UTF-8 are read as declared, or as CP1252 when UTF-8 or nothing is declared.
///
/// # Errors
/// Empty, too large, or no text at all.
pub fn decode_xml(bytes: &[u8]) -> Result<Cow<'_, str>, DocumentError> {
    check_size(bytes, MAX_XML_BYTES, word!("an XML document" | "um documento XML"))?;
    let declared = declared_encoding(bytes).filter(|encoding| encoding.is_single_byte());
    decode_as(bytes, declared.unwrap_or(WINDOWS_1252))
}

fn check_size(bytes: &[u8], limit: usize, what: &'static str) -> Result<(), DocumentError> {
    if bytes.len() > limit {
        return Err(DocumentError::TooLarge { what, bytes: bytes.len(), limit });
    }
    match BINARY_FORMATS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        Some((_, error)) => Err(error.clone()),
        None => Ok(()),
    }
}

fn decode_as<'a>(bytes: &'a [u8], fallback: &'static Encoding) -> Result<Cow<'a, str>, DocumentError> {
    let (marked, mark_length) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    let content = bytes.get(mark_length..).unwrap_or_default();
    let text = if marked == UTF_16LE || marked == UTF_16BE {
        match decode_in_pieces(content, marked) {
            (text, false) => Cow::Owned(text),
            (_, true) => return Err(DocumentError::Binary),
        }
    } else {
        match std::str::from_utf8(content) {
            Ok(text) => Cow::Borrowed(text),
            // A file with the mark of UTF-8 and other bytes was glued together by some tool: still CP1252.
            Err(_) => Cow::Owned(decode_in_pieces(content, fallback).0),
        }
    };
    if text.contains('\0') {
        return Err(DocumentError::Binary);
    }
    if text.trim_matches(is_filler).is_empty() {
        return Err(DocumentError::Empty);
    }
    Ok(text)
}

/// Decodes, and says whether some of it means nothing in that encoding. In one piece it would take three times the file's size, for
/// each of its bytes may become three.
fn decode_in_pieces(content: &[u8], encoding: &'static Encoding) -> (String, bool) {
    const PIECE: usize = 64 * 1024;
    let mut decoder = encoding.new_decoder_without_bom_handling();
    // What is not ASCII takes two bytes, nearly always; a text that must grow is there twice meanwhile.
    let room = content.len() + content.iter().filter(|byte| !byte.is_ascii()).count();
    let (mut text, mut piece, mut is_broken) = (String::with_capacity(room), String::new(), false);
    let mut chunks = content.chunks(PIECE).peekable();
    while let Some(chunk) = chunks.next() {
        piece.clear();
        piece.reserve(decoder.max_utf8_buffer_length(chunk.len()).unwrap_or_default());
        let (_, _, has_errors) = decoder.decode_to_string(chunk, &mut piece, chunks.peek().is_none());
        is_broken |= has_errors;
        text.push_str(&piece);
    }
    (text, is_broken)
}

/// White space, and the end-of-file mark of DOS, which EDI programs still write.
pub(super) fn is_filler(c: char) -> bool {
    c.is_whitespace() || c == '\u{1a}' || c == '\u{feff}'
}

/// The encoding named in `<?xml … encoding="…"?>`.
fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..bytes.len().min(200))?;
    let head = head.split(|b| *b == b'>').next()?;
    let at = head.windows(9).position(|window| window == b"encoding=")?;
    let value = head.get(at + 9..)?;
    let quote = value.first().filter(|b| matches!(b, b'"' | b'\''))?;
    let label = value.get(1..)?.split(|b| b == quote).next()?;
    Encoding::for_label(label)
}

/// For comparing words as people write them: lower case, without accents, everything that is no letter or digit as one
/// blank.
///
/// `Cód. Rastreio` and `COD RASTREIO` both become `cod rastreio`.
pub(super) fn plain_words(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars().flat_map(char::to_lowercase) {
        // Decomposed accents stand after their letter; ordinal marks belong to `Nº`.
        if matches!(c, '\u{300}'..='\u{36f}' | 'º' | 'ª' | '°') {
            continue;
        }
        let c = unaccented(c);
        if c.is_alphanumeric() {
            if gap && !words.is_empty() {
                words.push(' ');
            }
            gap = false;
            words.push(c);
        } else {
            gap = true;
        }
    }
    words
}

fn unaccented(c: char) -> char {
    match c {
        'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        other => other,
    }
}

/// A series as it is compared: numbers without leading zeros, anything else trimmed. `001` and `1` are one series.
pub(super) fn series_text(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        let number = text.trim_start_matches('0');
        return Some(if number.is_empty() { "0" } else { number }.to_owned());
    }
    Some(text.to_owned())
}

/// Free text that may tell names, addresses or documents of people: `{:?}` does not show it, so it reaches no log by
/// accident.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PrivateText(String);

impl PrivateText {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivateText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateText({} bytes)", self.0.len())
    }
}

/// The beginning of a text that is safe to show in a message: one line, bounded.
pub(super) fn excerpt(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut short: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_encodings() {
        assert_eq!(decode(b"\xEF\xBB\xBFsku;qtd").unwrap(), "sku;qtd");
        assert_eq!(decode("código".as_bytes()).unwrap(), "código");
        assert_eq!(decode(b"c\xF3digo").unwrap(), "código");
        assert_eq!(decode(b"pre\xE7o \x80").unwrap(), "preço €");
        assert_eq!(decode(b"\xFF\xFEs\0k\0u\0").unwrap(), "sku");
        assert_eq!(decode(b"\xFE\xFF\0s\0k\0u").unwrap(), "sku");
    }

    #[test]
    fn a_large_file_is_decoded_in_pieces_as_in_one() {
        let text = "açúcar €;12\r\n".repeat(20_000);
        let (latin, ..) = WINDOWS_1252.encode(&text);
        assert!(decode(&latin).unwrap() == text);
        // A character of two units lies across every border there may be.
        for shift in 0..4 {
            let text = format!("{}{}", "a".repeat(shift), "𝄞".repeat(70_000));
            let mut bytes = b"\xFF\xFE".to_vec();
            bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
            assert!(decode(&bytes).unwrap() == text);
            bytes.truncate(bytes.len() - 2);
            assert_eq!(decode(&bytes), Err(DocumentError::Binary), "half a character");
        }
    }

    #[test]
    fn what_is_no_text_is_named() {
        assert_eq!(decode(b""), Err(DocumentError::Empty));
        assert_eq!(decode(b" \r\n\x1a"), Err(DocumentError::Empty));
        assert_eq!(decode(b"PK\x03\x04 rest"), Err(DocumentError::Workbook));
        assert_eq!(decode(b"%PDF-1.7"), Err(DocumentError::Pdf));
        assert_eq!(decode(b"sku\0;1"), Err(DocumentError::Binary));
        let large = vec![b'a'; MAX_XML_BYTES + 1];
        assert_eq!(decode_xml(&large).unwrap_err().code(), "document_too_large");
        assert!(decode(&large).is_ok());
    }

    #[test]
    fn xml_declarations_give_way_to_the_bytes() {
        let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xE9</a>";
        assert!(decode_xml(latin).unwrap().ends_with("<a>é</a>"));
        let wrongly_utf8 = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>\xE9</a>";
        assert!(decode_xml(wrongly_utf8).unwrap().ends_with("<a>é</a>"));
        let wrongly_latin = "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>";
        assert!(decode_xml(wrongly_latin.as_bytes()).unwrap().ends_with("<a>é</a>"));
    }

    #[test]
    fn words_without_case_and_accents() {
        assert_eq!(plain_words("  Cód.  Rastreio "), "cod rastreio");
        assert_eq!(plain_words("Nº do PEDIDO"), "n do pedido");
        assert_eq!(plain_words("depo\u{301}sito"), "deposito");
    }
}
