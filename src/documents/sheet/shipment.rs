//! Shipment sheets: tracking codes, carriers, and the days goods were fetched, sent and delivered.

use std::collections::HashSet;

use super::columns::{Column, Header};
use super::{Row, Table};
use crate::documents::DocumentError;
use crate::documents::error::{ColumnsError, LineProblem};
use crate::documents::moment::Moment;
use crate::documents::text::{decode, excerpt, series_text};
use crate::lang::word;
use crate::model::CarrierName;

/// A shipment sheet that was read whole: every line is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipmentSheet {
    /// The lines in file order. An order may stand on several (one for each package); lines that repeat an earlier one
    /// exactly are left out, and so are lines that tell nothing of a shipment yet.
    pub rows: Vec<ShipmentRow>,
    /// How many lines name an order and tell nothing of a shipment.
    pub without_facts: usize,
    /// Names of columns that were not understood and not read.
    pub ignored_columns: Vec<String>,
}

/// One line of a shipment sheet. It names an order, an invoice, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipmentRow {
    /// Line in the file, from 1.
    pub line: u64,
    /// The order's number as written: the store's or the ERP's, the sheet does not tell which.
    pub order: Option<String>,
    /// The invoice's number.
    pub invoice: Option<u32>,
    /// The invoice's series, without leading zeros.
    pub series: Option<String>,
    /// The number under which the carrier was asked to fetch it.
    pub collection_order: Option<String>,
    /// The tracking code.
    pub tracking_code: Option<String>,
    /// Where the customer can follow it.
    pub tracking_url: Option<String>,
    /// The carrier.
    pub carrier: Option<CarrierName>,
    /// When the carrier fetched it.
    pub collected_at: Option<Moment>,
    /// When it was sent off.
    pub dispatched_at: Option<Moment>,
    /// When it reached the customer. Whether that day has come is for the caller to check.
    pub delivered_at: Option<Moment>,
}

impl ShipmentRow {
    fn has_facts(&self) -> bool {
        self.collection_order.is_some()
            || self.tracking_code.is_some()
            || self.tracking_url.is_some()
            || self.collected_at.is_some()
            || self.dispatched_at.is_some()
            || self.delivered_at.is_some()
    }

    /// Everything but the line: what makes two lines the same.
    fn content(&self) -> String {
        format!("{:?}", Self { line: 0, ..self.clone() })
    }
}

impl ShipmentSheet {
    /// Reads a shipment sheet.
    ///
    /// # Errors
    /// No text, columns missing or doubled, or any bad line: then nothing is taken.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        Self::of(&Table::open(decode(bytes)?)?)
    }

    pub(super) fn of(table: &Table<'_>) -> Result<Self, DocumentError> {
        let header = &table.header;
        check_columns(header).map_err(DocumentError::Columns)?;
        let mut rows = Vec::new();
        let mut seen = HashSet::new();
        let mut without_facts = 0;
        let mut add = |row: ShipmentRow| {
            if !row.has_facts() {
                without_facts += 1;
            } else if seen.insert(row.content()) {
                rows.push(row);
            }
        };
        table.read(|row| Ok::<_, DocumentError>(read_row(row, header).map(&mut add)))?;
        Ok(Self { rows, without_facts, ignored_columns: header.ignored() })
    }
}

fn check_columns(header: &Header) -> Result<(), ColumnsError> {
    if !header.is_shipments() {
        return Err(ColumnsError::Missing {
            line: header.line,
            sheet: word!("a shipment sheet" | "uma planilha de envios"),
            needed: word!(
                "the column pedido or nota, and one of rastreio, url, ordem de coleta, coletado, despachado, entregue"
                    | "a coluna pedido ou nota, e uma entre rastreio, url, ordem de coleta, coletado, despachado, \
                       entregue"
            ),
            found: header.found(),
        });
    }
    header.check_unique()
}

fn read_row(row: &Row<'_>, header: &Header) -> Result<ShipmentRow, LineProblem> {
    let read = ShipmentRow {
        line: row.line,
        order: row.code(header, Column::Order)?,
        invoice: invoice_number(row, header)?,
        series: row.code(header, Column::Series)?.as_deref().and_then(series_text),
        collection_order: row.code(header, Column::CollectionOrder)?,
        tracking_code: row.code(header, Column::TrackingCode)?,
        tracking_url: url(row, header)?,
        carrier: row.code(header, Column::Carrier)?.map(CarrierName::new),
        collected_at: moment(row, header, Column::CollectedAt)?,
        dispatched_at: moment(row, header, Column::DispatchedAt)?,
        delivered_at: moment(row, header, Column::DeliveredAt)?,
    };
    if read.order.is_none() && read.invoice.is_none() {
        let column = if header.has(Column::Order) { Column::Order } else { Column::Invoice };
        return Err(LineProblem::Missing { column: column.label() });
    }
    Ok(read)
}

/// `1234`, `000001234`, or as a DANFE prints it: `000.001.234`.
fn invoice_number(row: &Row<'_>, header: &Header) -> Result<Option<u32>, LineProblem> {
    let Some(cell) = row.code(header, Column::Invoice)? else { return Ok(None) };
    let is_printed_form = cell.len() == 11 && cell.split('.').all(|group| group.len() == 3);
    let plain = if is_printed_form { cell.replace('.', "") } else { cell.clone() };
    match super::super::moment::digits(&plain) {
        Some(number) if number > 0 => Ok(Some(number)),
        _ => Err(LineProblem::NotAnInvoiceNumber { text: excerpt(&cell) }),
    }
}

fn url(row: &Row<'_>, header: &Header) -> Result<Option<String>, LineProblem> {
    let Some(cell) = row.code(header, Column::TrackingUrl)? else { return Ok(None) };
    let lower = cell.to_ascii_lowercase();
    let host = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")).unwrap_or_default();
    let is_url = host.starts_with(|c: char| c.is_alphanumeric())
        && !cell.contains(|c: char| c.is_whitespace() || c.is_control());
    if is_url { Ok(Some(cell)) } else { Err(LineProblem::NotAUrl { text: excerpt(&cell) }) }
}

fn moment(row: &Row<'_>, header: &Header, column: Column) -> Result<Option<Moment>, LineProblem> {
    match row.code(header, column)? {
        // What back offices write for "no date".
        None => Ok(None),
        Some(cell) if cell.starts_with("0000-00-00") || cell.starts_with("00/00/0000") => Ok(None),
        Some(cell) => match Moment::parse(&cell) {
            Some(moment) => Ok(Some(moment)),
            None => Err(LineProblem::NotADate { column: column.label(), text: excerpt(&cell) }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_with_everything() {
        let bytes = include_bytes!("../../../tests/fixtures/sheets/expedicao-excel.csv");
        let sheet = ShipmentSheet::parse(bytes).unwrap();
        assert_eq!(sheet.without_facts, 1);
        assert_eq!(sheet.ignored_columns, ["Observação"]);
        let first = &sheet.rows[0];
        assert_eq!(first.order.as_deref(), Some("1172452900788-01"));
        assert_eq!((first.invoice, first.series.as_deref()), (Some(1001), Some("1")));
        assert_eq!(first.tracking_code.as_deref(), Some("BE058714266BR"));
        assert_eq!(first.tracking_url.as_deref(), Some("https://rastreio.example.com/?o=BE058714266BR"));
        assert_eq!(first.carrier, Some(CarrierName::new("Transportadora São João")));
        let delivered = first.delivered_at.unwrap();
        assert!(delivered.time_known);
        assert_eq!(delivered.at.to_string(), "2026-10-20 00:30:00 UTC");
        assert!(!first.dispatched_at.unwrap().time_known);
        assert_eq!(sheet.rows.iter().map(|r| r.line).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(sheet.rows[1].invoice, Some(1002));
        assert_eq!(sheet.rows[1].delivered_at, None);
    }

    #[test]
    fn all_bad_lines_are_listed() {
        let text = "order,invoice,tracking,url,delivered\n\
            1,1.234,T,,\n2,,1.2E+12,,\n3,,T,ftp://x,\n4,,T,,24/11/26\n,,T,,\n5,,T,https://,\n6,0,T,,\n7,1,T,,2026-11-24\n";
        let Err(DocumentError::Lines(lines)) = ShipmentSheet::parse(text.as_bytes()) else { panic!("accepted") };
        assert_eq!(
            lines.iter().map(|e| (e.line, e.problem.code())).collect::<Vec<_>>(),
            [
                (2, "line_not_an_invoice_number"),
                (3, "line_shortened_code"),
                (4, "line_not_a_url"),
                (5, "line_not_a_date"),
                (6, "line_missing_cell"),
                (7, "line_not_a_url"),
                (8, "line_not_an_invoice_number"),
            ]
        );
    }

    #[test]
    fn several_packages_and_repeated_lines() {
        let sheet = ShipmentSheet::parse(b"pedido;rastreio\n1;A\n1;B\n1;A\n2;\n").unwrap();
        assert_eq!(sheet.rows.len(), 2);
        assert_eq!(sheet.without_facts, 1);
    }

    #[test]
    fn columns_that_must_be_there() {
        let error = ShipmentSheet::parse(b"pedido;transportadora\n1;A\n").unwrap_err();
        assert_eq!(error.code(), "sheet_columns");
        assert!(error.to_string().contains("`pedido`, `transportadora`"), "{error}");
    }
}
