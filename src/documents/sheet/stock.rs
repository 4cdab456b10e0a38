//! Stock sheets: how many whole units of each product lie in each warehouse.

use super::columns::{Column, Header};
use super::{Row, SheetOptions, Table};
use crate::documents::DocumentError;
use crate::documents::error::{ColumnsError, LineProblem};
use crate::documents::text::{decode, excerpt};
use crate::lang::word;
use crate::model::money::DecimalMark;
use crate::model::{Sku, WarehouseId};

/// A stock sheet. Its lines are parsed when they are read, one at a time: there may be a million.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockSheet<'a> {
    table: Table<'a>,
    options: SheetOptions,
}

/// One line of a stock sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockRow {
    /// Line in the file, from 1.
    pub line: u64,
    /// The product's code, with its leading zeros and its case.
    pub sku: Sku,
    /// The product's name, if the sheet has one.
    pub name: Option<String>,
    /// The warehouse, if the sheet has one.
    pub warehouse: Option<WarehouseId>,
    /// Whole units. May be negative: back offices count what they oversold.
    pub quantity: i64,
}

impl<'a> StockSheet<'a> {
    /// Reads a stock sheet's columns.
    ///
    /// # Errors
    /// No text, or columns missing or doubled.
    pub fn parse(bytes: &'a [u8], options: SheetOptions) -> Result<Self, DocumentError> {
        Self::of(Table::open(decode(bytes)?)?, options)
    }

    pub(super) fn of(table: Table<'a>, options: SheetOptions) -> Result<Self, DocumentError> {
        check_columns(&table.header).map_err(DocumentError::Columns)?;
        Ok(Self { table, options })
    }

    /// Names of columns that were not understood and are not read.
    pub fn ignored_columns(&self) -> Vec<String> {
        self.table.header.ignored()
    }

    /// Hands each line to `take`, in file order; what is wrong with one may also be found there, such as a
    /// [conflict](StockRow::conflict) with an earlier one.
    ///
    /// # Errors
    /// Any bad line: only at the end is it known that all are good. What `take` fails with ends it at once.
    pub fn each<E: From<DocumentError>>(
        &self,
        mut take: impl FnMut(StockRow) -> Result<Result<(), LineProblem>, E>,
    ) -> Result<(), E> {
        let header = &self.table.header;
        let grouping_is_dot = header.separator == ';';
        self.table.read(|row| match read_row(row, header, self.options.decimal, grouping_is_dot) {
            Ok(row) => take(row),
            Err(problem) => Ok(Err(problem)),
        })
    }
}

impl StockRow {
    /// That an earlier line has the same product in the same warehouse with another quantity.
    pub fn conflict(&self, first: u64, first_quantity: i64) -> LineProblem {
        LineProblem::Conflict { sku: excerpt(self.sku.as_str()), first, first_quantity, quantity: self.quantity }
    }
}

fn check_columns(header: &Header) -> Result<(), ColumnsError> {
    if !header.has(Column::Sku) || !header.has(Column::Quantity) {
        return Err(ColumnsError::Missing {
            line: header.line,
            sheet: word!("a stock sheet" | "uma planilha de estoque"),
            needed: word!(
                "the columns sku (or codigo, referencia) and quantidade (or estoque, saldo, qtd, quantity)"
                    | "as colunas sku (ou codigo, referencia) e quantidade (ou estoque, saldo, qtd, quantity)"
            ),
            found: header.found(),
        });
    }
    if header.has(Column::Order) || header.has(Column::Invoice) {
        return Err(ColumnsError::OrderLines { line: header.line });
    }
    header.check_unique()
}

fn read_row(row: &Row<'_>, header: &Header, mark: DecimalMark, grouping_is_dot: bool) -> Result<StockRow, LineProblem> {
    let sku = row.code(header, Column::Sku)?.ok_or(LineProblem::Missing { column: Column::Sku.label() })?;
    let quantity =
        row.code(header, Column::Quantity)?.ok_or(LineProblem::Missing { column: Column::Quantity.label() })?;
    Ok(StockRow {
        line: row.line,
        sku: Sku::new(sku),
        name: row.cell(header, Column::Name).map(|name| name.split_whitespace().collect::<Vec<_>>().join(" ")),
        warehouse: row.code(header, Column::Warehouse)?.map(WarehouseId::new),
        quantity: whole_units(&quantity, mark, grouping_is_dot)?,
    })
}

/// The largest balance that is believed, in units.
const LIMIT: i64 = 1_000_000_000_000;

/// Reads a number of whole units.
///
/// With no mark declared, the later of two different marks is the decimal one, a mark that repeats groups thousands,
/// and a single mark is the decimal one unless it stands where thousands are grouped: `1.234` is ambiguous, and so is
/// `1,234` except in a sheet separated by `;`, whose comma is the decimal mark.
fn whole_units(cell: &str, mark: DecimalMark, comma_is_decimal: bool) -> Result<i64, LineProblem> {
    let text = || excerpt(cell);
    let not_a_number = || LineProblem::NotANumber { text: text() };
    let (negative, digits) = match cell.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, cell),
    };
    let decimal = match mark {
        DecimalMark::Dot => '.',
        DecimalMark::Comma => ',',
        DecimalMark::Either => match (digits.matches('.').count(), digits.matches(',').count()) {
            (0, 0) => ',',
            (1, 0) if looks_grouped(digits, '.') => return Err(LineProblem::Ambiguous { text: text() }),
            (0, 1) if looks_grouped(digits, ',') && !comma_is_decimal => {
                return Err(LineProblem::Ambiguous { text: text() });
            }
            (1, 0) => '.',
            (0, 1) => ',',
            (_, 0) => ',',
            (0, _) => '.',
            _ if digits.rfind('.') > digits.rfind(',') => '.',
            _ => ',',
        },
    };
    let (whole, fraction) = digits.split_once(decimal).unwrap_or((digits, "0"));
    let whole = ungrouped(whole, if decimal == ',' { '.' } else { ',' }).ok_or_else(not_a_number)?;
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(not_a_number());
    }
    if fraction.bytes().any(|b| b != b'0') {
        return Err(LineProblem::Fraction { text: text() });
    }
    let units: i64 = whole.parse().ok().filter(|units| *units <= LIMIT).ok_or_else(not_a_number)?;
    Ok(if negative { -units } else { units })
}

/// One to three digits that do not begin with zero, the mark, and exactly three digits.
fn looks_grouped(digits: &str, mark: char) -> bool {
    digits
        .split_once(mark)
        .is_some_and(|(whole, rest)| matches!(whole.len(), 1..=3) && !whole.starts_with('0') && rest.len() == 3)
}

/// The digits of a whole number, whose thousands may be grouped.
fn ungrouped(whole: &str, group: char) -> Option<String> {
    let mut groups = whole.split(group);
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let well_grouped = rest.is_empty() || first.len() <= 3;
    (is_digits(first) && well_grouped && rest.iter().all(|g| g.len() == 3 && is_digits(g)))
        .then(|| format!("{first}{}", rest.concat()))
}

/// All lines of a sheet, read as they are by default.
#[cfg(test)]
pub(super) fn rows(bytes: &[u8]) -> Result<Vec<StockRow>, DocumentError> {
    let mut rows = Vec::new();
    StockSheet::parse(bytes, SheetOptions::default())?.each(|row| {
        rows.push(row);
        Ok::<_, DocumentError>(Ok(()))
    })?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<StockRow>, DocumentError> {
        rows(text.as_bytes())
    }

    fn problems(text: &str) -> Vec<(u64, &'static str)> {
        match parse(text) {
            Err(DocumentError::Lines(lines)) => lines.iter().map(|e| (e.line, e.problem.code())).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn row(line: u64, sku: &str, warehouse: Option<&str>, quantity: i64) -> StockRow {
        StockRow { line, sku: Sku::new(sku), name: None, warehouse: warehouse.map(WarehouseId::new), quantity }
    }

    #[test]
    fn the_way_of_brazilian_spreadsheets() {
        let bytes = include_bytes!("../../../tests/fixtures/sheets/estoque-excel-latin1.csv");
        let sheet = StockSheet::parse(bytes, SheetOptions::default()).unwrap();
        assert_eq!(sheet.ignored_columns(), ["Preço"]);
        let mut camiseta = row(2, "00123", Some("Principal"), 1234);
        camiseta.name = Some("Camiseta Ação P/B 1/2\"".into());
        let mut calca = row(4, "SKU-002", Some("Principal"), 10);
        calca.name = Some("Calça; jeans".into());
        let mut oversold = row(5, "SKU-002", Some("Loja"), -2);
        oversold.name = Some("Calça; jeans".into());
        assert_eq!(rows(bytes).unwrap(), [camiseta, calca, oversold]);
    }

    #[test]
    fn the_plain_way() {
        let bytes = include_bytes!("../../../tests/fixtures/sheets/stock-plain.csv");
        assert_eq!(
            rows(bytes).unwrap(),
            [row(2, "SKU-001", None, 5), row(3, "SKU-002", None, 0), row(4, "SKU-003", None, 12)]
        );
    }

    #[test]
    fn a_header_alone_is_an_empty_sheet() {
        assert_eq!(parse("sku;qtd").unwrap(), []);
        assert_eq!(parse("sep=;\r\nsku;qtd\r\n;\r\n\r\nA;1").unwrap(), [row(5, "A", None, 1)]);
    }

    #[test]
    fn all_bad_lines_are_listed_and_nothing_is_taken() {
        let text = "sku;qtd;nome\n7,89E+12;1;x\nA;1,5;x\nB;;x\n;3;x\nC;dois;x\nD;1.234;x\n#N/D;1;x\nE;1;x;y\nF;1;x\n";
        assert_eq!(
            problems(text),
            [
                (2, "line_shortened_code"),
                (3, "line_fraction"),
                (4, "line_missing_cell"),
                (5, "line_missing_cell"),
                (6, "line_not_a_number"),
                (7, "line_ambiguous_number"),
                (8, "line_formula_error"),
                (9, "line_too_many_cells"),
            ]
        );
        let many = format!("sku;qtd\n{}", "A;x\n".repeat(80));
        let error = parse(&many).unwrap_err();
        assert!(error.to_string().ends_with("; and 30 more"), "{error}");
    }

    #[test]
    fn a_decimal_comma_without_quotes_is_noticed() {
        assert_eq!(problems("sku,qtd\nA,10,00\n"), [(2, "line_too_many_cells")]);
    }

    #[test]
    fn an_open_quote_does_not_swallow_lines() {
        assert_eq!(problems("sku;nome;qtd\nA;\"Tubo 3;10\nB;Cano;5\nC;Luva;1\n"), [(2, "line_open_quote")]);
        // The last line's end is in the cell where its quote is open, and only there.
        for last in ["\"a\n\"", "\"a\n", "\"a\"\"", "\"a\"", "\"a\n\n\"\"\n\n"] {
            assert_eq!(problems(&format!("sku;qtd;nome\nA;x;{last}")), [(2, "line_not_a_number")], "{last:?}");
            assert_eq!(problems(&format!("sku;qtd;nome\rA;x;{last}\r\n ")), [(2, "line_not_a_number")], "{last:?}");
        }
        let text = "sku;nome;qtd\nA;\"Tubo\nlongo\";10\nB;Cano;5\n";
        assert_eq!(
            parse(text).unwrap().iter().map(|r| (r.line, r.name.as_deref().unwrap())).collect::<Vec<_>>(),
            [(2, "Tubo longo"), (4, "Cano")]
        );
    }

    #[test]
    fn text_marks_of_spreadsheets_are_taken_off() {
        assert_eq!(
            parse("sku;qtd\n=\"00123\";1\n'0045;2\n").unwrap(),
            [row(2, "00123", None, 1), row(3, "0045", None, 2)]
        );
    }

    #[test]
    fn quantities() {
        let units = |text: &str, mark, comma| whole_units(text, mark, comma).map_err(|p| p.code());
        use DecimalMark::{Comma, Dot, Either};
        for (text, mark, comma_is_decimal, expected) in [
            ("10", Either, true, Ok(10)),
            ("-3", Either, true, Ok(-3)),
            ("10,00", Either, false, Ok(10)),
            ("10.0000", Either, false, Ok(10)),
            ("10,000", Either, true, Ok(10)),
            ("10,000", Either, false, Err("line_ambiguous_number")),
            ("1.000", Either, true, Err("line_ambiguous_number")),
            ("0.000", Either, true, Ok(0)),
            ("1234.000", Either, true, Ok(1234)),
            ("1.234,00", Either, true, Ok(1234)),
            ("1,234.00", Either, false, Ok(1234)),
            ("1.234.567", Either, true, Ok(1_234_567)),
            ("1.234", Comma, true, Ok(1234)),
            ("1.000", Dot, true, Ok(1)),
            ("1.234", Dot, true, Err("line_fraction")),
            ("0,5", Either, true, Err("line_fraction")),
            ("1.23.456", Either, true, Err("line_not_a_number")),
            ("1,2,3.0", Either, true, Err("line_not_a_number")),
            ("1,", Either, true, Err("line_not_a_number")),
            ("--1", Either, true, Err("line_not_a_number")),
            ("1 000", Either, true, Err("line_not_a_number")),
            ("99999999999999999999", Either, true, Err("line_not_a_number")),
            ("1E+05", Either, true, Err("line_not_a_number")),
        ] {
            assert_eq!(units(text, mark, comma_is_decimal), expected, "{text} {mark:?}");
        }
    }
}
