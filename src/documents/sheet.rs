//! Stock and shipment sheets: CSV the way Brazilian spreadsheets write it, and the plain way.
//!
//! The first line names the columns, in Portuguese or English; from it follow the separator (`;`, `,`, tab or `|`) and
//! the kind of sheet. A sheet is taken whole or not at all: [`DocumentError::Lines`] lists what is wrong, line by line.

mod columns;
mod shipment;
mod stock;

pub use shipment::{ShipmentRow, ShipmentSheet};
pub use stock::{StockRow, StockSheet};

use std::borrow::Cow;
use std::io;
use std::ops::Range;

use crate::lang::word;
use crate::model::money::DecimalMark;

use columns::{Column, Header};

use super::error::{ColumnsError, LineError, LineErrors, LineProblem};
use super::text::{self, excerpt};
use super::{Document, DocumentError};

/// How a sheet is to be read where its text alone does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SheetOptions {
    /// The decimal mark of quantities. By default `1.234` is refused as ambiguous.
    pub decimal: DecimalMark,
}

impl Default for SheetOptions {
    fn default() -> Self {
        Self { decimal: DecimalMark::Either }
    }
}

/// Reads a sheet of either kind, told apart by its columns.
pub(super) fn recognise(text: Cow<'_, str>, options: SheetOptions) -> Result<Document<'_>, DocumentError> {
    let table = Table::open(text)?;
    let header = &table.header;
    if header.has(Column::Sku) && header.has(Column::Quantity) {
        StockSheet::of(table, options).map(Document::StockSheet)
    } else if header.is_shipments() {
        ShipmentSheet::of(&table).map(Document::ShipmentSheet)
    } else {
        Err(DocumentError::Columns(ColumnsError::Missing {
            line: header.line,
            sheet: "a sheet",
            needed: word!(
                "the columns sku and quantidade (stock), or pedido and rastreio or a date (shipments)"
                    | "as colunas sku e quantidade (estoque), ou pedido e rastreio ou uma data (envios)"
            ),
            found: header.found(),
        }))
    }
}

/// A sheet whose columns are known. Its lines are parsed when they are read, and none is kept: there may be a million.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Table<'a> {
    text: Cow<'a, str>,
    header: Header,
    /// Where in the text the lines under the header are.
    under: Range<usize>,
}

/// One line under the header, as trimmed cells.
struct Row<'a> {
    line: u64,
    cells: &'a csv::StringRecord,
}

impl Row<'_> {
    /// The cell under a column; blank cells and missing columns are `None`.
    fn cell(&self, header: &Header, column: Column) -> Option<&str> {
        self.cells.get(header.index(column)?).map(clean_cell).filter(|cell| !cell.is_empty())
    }

    /// A cell that is a code: what a spreadsheet does to codes is refused.
    fn code(&self, header: &Header, column: Column) -> Result<Option<String>, LineProblem> {
        let Some(cell) = self.cell(header, column) else { return Ok(None) };
        let (column, text) = (column.label(), excerpt(cell));
        if is_shortened(cell) {
            return Err(LineProblem::Shortened { column, text });
        }
        if is_formula_error(cell) {
            return Err(LineProblem::FormulaError { column, text });
        }
        Ok(Some(cell.to_owned()))
    }
}

impl<'a> Table<'a> {
    /// Finds the header; a text whose first line names no known column is no sheet.
    fn open(text: Cow<'a, str>) -> Result<Self, DocumentError> {
        let end = text.trim_end_matches(text::is_filler).len();
        let mut rest = text.get(..end).unwrap_or_default();
        let mut number = 0;
        loop {
            let (line, after) = split_line(rest);
            number += 1;
            // Excel writes and reads `sep=;` as a first line.
            let is_preamble = line.trim_matches(|c: char| c == '"' || text::is_filler(c)).is_empty()
                || line.to_ascii_lowercase().trim_matches('"').starts_with("sep=");
            if !is_preamble {
                let header = Header::read(line, number).ok_or(DocumentError::Unrecognised)?;
                let under = end - after.len()..end;
                return Ok(Self { text, header, under });
            }
            if after.is_empty() {
                return Err(DocumentError::Unrecognised);
            }
            rest = after;
        }
    }

    /// Hands every line that is not blank to `take`, and collects what is wrong. What `take` fails with ends it.
    fn read<E: From<DocumentError>>(
        &self,
        mut take: impl FnMut(&Row<'_>) -> Result<Result<(), LineProblem>, E>,
    ) -> Result<(), E> {
        let header = &self.header;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(u8::try_from(header.separator).unwrap_or(b';'))
            .has_headers(false)
            .flexible(true)
            .from_reader(Lines::of(self.text.get(self.under.clone()).unwrap_or_default()));
        let mut errors = LineErrors::default();
        let mut cells = csv::StringRecord::new();
        // Reading from memory, of text that is UTF-8, into lines of any length cannot fail; an error would end the
        // sheet.
        while reader.read_record(&mut cells).map_err(|_| DocumentError::Unrecognised)? {
            let breaks: usize = cells.iter().map(|cell| cell.matches('\n').count()).sum();
            // The reader stands behind the record and its line end. Only a quote open to the end of the file takes that in, and
            // has the reader ask for more.
            let lines = u64::try_from(breaks + usize::from(!reader.get_ref().is_asked_for_more)).unwrap_or(0);
            let line = (header.line + reader.position().line()).saturating_sub(lines);
            let row = Row { line, cells: &cells };
            if cells.iter().all(|cell| clean_cell(cell).is_empty()) {
                continue;
            }
            let taken = match check_shape(&row, header) {
                Ok(()) => take(&row)?,
                problem => problem,
            };
            if let Err(problem) = taken {
                errors.push(LineError { line, problem });
            }
        }
        Ok(errors.into_result(())?)
    }
}

/// A text's first line, and what comes after it.
fn split_line(text: &str) -> (&str, &str) {
    let (line, rest) = text.split_at(text.find(['\n', '\r']).unwrap_or(text.len()));
    (line, rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\n', '\r'])).unwrap_or_default())
}

/// Lines that all end alike, the last one, too. That makes line numbers certain: the reader counts `\n` only, and a quoted cell may
/// hold any line end.
struct Lines<'a> {
    rest: &'a [u8],
    is_ended: bool,
    is_asked_for_more: bool,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self { rest: text.as_bytes(), is_ended: false, is_asked_for_more: false }
    }

    fn next(&mut self) -> Option<u8> {
        let Some((byte, rest)) = self.rest.split_first() else {
            return (!std::mem::replace(&mut self.is_ended, true)).then_some(b'\n');
        };
        let is_return = *byte == b'\r';
        self.rest = rest.strip_prefix(b"\n").filter(|_| is_return).unwrap_or(rest);
        Some(if is_return { b'\n' } else { *byte })
    }
}

impl io::Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = std::iter::from_fn(|| self.next());
        let filled = buffer.iter_mut().zip(bytes).map(|(place, byte)| *place = byte).count();
        self.is_asked_for_more = filled == 0;
        Ok(filled)
    }
}

fn check_shape(row: &Row<'_>, header: &Header) -> Result<(), LineProblem> {
    // A cell may hold a line break, but one that also holds the separator is a line that an open quote swallowed.
    if row.cells.iter().any(|cell| cell.contains('\n') && cell.contains(header.separator)) {
        return Err(LineProblem::OpenQuote);
    }
    let filled = row
        .cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| !clean_cell(cell).is_empty())
        .last()
        .map_or(0, |(at, _)| at + 1);
    if filled > header.width() {
        return Err(LineProblem::TooManyCells { cells: filled, columns: header.width() });
    }
    Ok(())
}

/// A cell without blanks around it and without the ways to mark text: `="00123"` and `'00123`.
fn clean_cell(cell: &str) -> &str {
    let cell = cell.trim();
    let cell = cell.strip_prefix("=\"").and_then(|inner| inner.strip_suffix('"')).unwrap_or(cell);
    cell.strip_prefix('\'').unwrap_or(cell).trim()
}

/// `1,23E+12`: digits, at most one mark, `E`, a sign, digits.
fn is_shortened(cell: &str) -> bool {
    let Some((mantissa, exponent)) = cell.split_once(['E', 'e']) else { return false };
    let Some(power) = exponent.strip_prefix(['+', '-']) else { return false };
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once([',', '.']).unwrap_or((mantissa, "0"));
    all_digits(power) && all_digits(whole.strip_prefix('-').unwrap_or(whole)) && all_digits(fraction)
}

/// The error values of Excel and Calc in Portuguese and English.
fn is_formula_error(cell: &str) -> bool {
    cell.starts_with('#')
        && ["#N/D", "#N/A", "#REF!", "#VALOR!", "#VALUE!", "#NOME?", "#NAME?", "#DIV/0!", "#NUM!", "#NÚM!", "#NULO!"]
            .contains(&cell.to_uppercase().as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sheet(bytes: &[u8]) -> Result<Document<'_>, DocumentError> {
        super::super::recognise(bytes)
    }

    #[test]
    fn the_columns_tell_the_kind() {
        assert!(matches!(sheet(b"sku;quantidade\nA;1\n"), Ok(Document::StockSheet(_))));
        assert!(matches!(sheet(b"pedido,rastreio\n1,BR\n"), Ok(Document::ShipmentSheet(_))));
        assert_eq!(sheet(b"sku;preco\nA;1\n").unwrap_err().code(), "sheet_columns");
        assert_eq!(sheet(b"Bom dia, segue a planilha\n").unwrap_err().code(), "document_unrecognised");
        let lines_of_orders = sheet(b"pedido;sku;quantidade\n1;A;1\n").unwrap_err();
        assert_eq!(lines_of_orders, DocumentError::Columns(ColumnsError::OrderLines { line: 1 }));
    }

    #[test]
    fn shortened_codes_are_told_from_real_ones() {
        for text in ["1,23E+12", "7.89123E+12", "1E+12", "1e-05", "-1,5E+10"] {
            assert!(is_shortened(text), "{text}");
        }
        for text in ["12E10", "E+12", "A1E+12", "1E+", "1E+1A", "1,2,3E+4", "", "CAFÉ+1"] {
            assert!(!is_shortened(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = stock::rows(&bytes);
            let _ = ShipmentSheet::parse(&bytes);
        }

        #[test]
        fn any_cells_are_read_or_refused(cells in "[;,\"\n\r0-9A-E+.=#' /:-]{0,200}") {
            let stock = format!("sku;quantidade;nome\n{cells}");
            let _ = stock::rows(stock.as_bytes());
            let shipments = format!("pedido,nota,serie,rastreio,url,entregue\n{cells}");
            let _ = ShipmentSheet::parse(shipments.as_bytes());
        }

        #[test]
        fn every_line_is_accounted_for(
            quantities in proptest::collection::vec(0i64..1_000_000, 1..40),
            end in proptest::sample::select(vec!["\n", "\r\n", "\r"]),
            blank: bool,
        ) {
            let gap = if blank { end } else { "" };
            let mut text = format!("SKU;Estoque{end}");
            for (i, quantity) in quantities.iter().enumerate() {
                text.push_str(&format!("{gap}{i:05};{quantity}{end}"));
            }
            let rows = stock::rows(text.as_bytes()).unwrap();
            let step = if blank { 2 } else { 1 };
            for (i, row) in rows.iter().enumerate() {
                prop_assert_eq!(row.line, u64::try_from(1 + (i + 1) * step).unwrap());
                prop_assert_eq!(row.quantity, quantities[i]);
            }
            prop_assert_eq!(rows.len(), quantities.len());
        }
    }
}
