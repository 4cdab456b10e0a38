//! Fixed-width records: positions count characters, not bytes, and lines may have lost the blanks at their end.

use crate::documents::text::is_filler;

/// One line that is not blank.
pub(super) struct Record<'a> {
    /// Line in the file, from 1.
    pub(super) line: u64,
    text: &'a str,
    /// Whether a line break follows: a last line without one may have been cut.
    is_ended: bool,
}

impl<'a> Record<'a> {
    /// The records of a file.
    pub(super) fn all(text: &'a str) -> impl Iterator<Item = Self> {
        let text = text.trim_start_matches('\u{feff}');
        (1..)
            .zip(text.split_inclusive('\n'))
            .map(|(line, raw)| {
                let text = raw.trim_end_matches(['\n', '\r', '\u{1a}']);
                Self { line, text, is_ended: text.len() < raw.len() }
            })
            .filter(|record| !record.text.trim_matches(is_filler).is_empty())
    }

    /// The first three characters, which name the kind of record.
    pub(super) fn kind(&self) -> &'a str {
        self.field(1, 3)
    }

    /// Characters `from` to `to`, counted from 1 as the manuals do; shorter or empty when the line ends before.
    pub(super) fn field(&self, from: usize, to: usize) -> &'a str {
        let rest = skip(self.text, from - 1);
        let behind = skip(rest, to + 1 - from);
        &rest[..rest.len() - behind.len()]
    }

    /// A field's trimmed text; blank is `None`.
    pub(super) fn text(&self, from: usize, to: usize) -> Option<&'a str> {
        Some(self.field(from, to).trim_matches(is_filler)).filter(|text| !text.is_empty())
    }

    /// Whether the file ends within the first `length` characters of this record, without a line break.
    pub(super) fn ends_before(&self, length: usize) -> bool {
        !self.is_ended && self.field(length, length).is_empty()
    }
}

/// The text behind its first `count` characters.
fn skip(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or("", |(at, _)| &text[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_in_characters() {
        let records: Vec<Record<'_>> = Record::all("\u{feff}342AÇÃO   01\r\n\r\n \n343\u{1a}").collect();
        assert_eq!(records.len(), 2);
        let first = &records[0];
        assert_eq!((first.kind(), first.field(4, 7), first.text(4, 10)), ("342", "AÇÃO", Some("AÇÃO")));
        assert_eq!((first.field(11, 12), first.field(12, 20), first.field(13, 14)), ("01", "1", ""));
        assert!(!first.ends_before(50));
        assert_eq!((records[1].line, records[1].kind()), (4, "343"));
        let last = Record::all("342AB").next();
        assert!(last.is_some_and(|record| record.ends_before(6) && !record.ends_before(5)));
    }
}
