//! What can be wrong with a document, in sentences that name the place and the remedy.

use std::fmt;

/// Why a file could not be taken. Nothing of a refused file is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// No bytes, or only blanks.
    #[error("the file is empty; ask for it again")]
    Empty,
    /// Over the limit for its kind.
    #[error(
        "the file has {bytes} bytes, more than the {limit} that {what} may have; check that it is the right file, or split it"
    )]
    TooLarge {
        /// The kind of document, with its article.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// `.xlsx`, `.ods`, `.xls`, or any zip.
    #[error("this is a spreadsheet workbook or a zip file, not text; save the sheet as CSV and give that file")]
    Workbook,
    /// A PDF: the printed form of an invoice proves nothing.
    #[error("this is a PDF; a DANFE is no proof of an invoice, give the XML")]
    Pdf,
    /// gzip or rar.
    #[error("this is a compressed file; unpack it first")]
    Compressed,
    /// Zero bytes, or broken UTF-16.
    #[error("this is a binary file, not text; export it again as CSV, XML or EDI text")]
    Binary,
    /// A web page, usually an error or log-in page that was saved as a document.
    #[error("this is a web page, not a document; the download failed or needs a log-in, fetch the file again")]
    Html,
    /// JSON, usually the answer of an API that was saved as a document.
    #[error("this is JSON, not a document; give the XML, EDI or CSV file itself")]
    Json,
    /// Neither XML nor EDI, and no sheet either.
    #[error(
        "this is no document that is known: neither XML, nor OCOREN, nor a sheet whose first line names its columns"
    )]
    Unrecognised,

    /// `<!DOCTYPE`: never legitimate in a fiscal document, and a known way to attack a reader.
    #[error("the XML holds a DOCTYPE, which no fiscal document has; ask the sender for the original")]
    Doctype,
    /// Not well formed.
    #[error("the XML is broken at line {line}, column {column}: {detail}; it may have been cut short, fetch it again")]
    BrokenXml {
        /// Line, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
        /// What the XML reader says.
        detail: String,
    },
    /// Not the shape of a fiscal document: a document made to exhaust its reader.
    #[error("the XML has too many {what} for a fiscal document; check where the file comes from")]
    XmlShape {
        /// What there is too much of.
        what: &'static str,
    },
    /// Several documents, one behind the other.
    #[error("the file holds several XML documents one behind the other; give each in a file of its own")]
    SeveralDocuments,
    /// Another XML than the ones that are used.
    #[error("the XML is `{root}`: {what}")]
    OtherXml {
        /// Local name of the root element.
        root: String,
        /// What it is and what to give in its place.
        what: &'static str,
    },
    /// An element that must be there is not.
    #[error("the XML lacks `{element}`; ask the issuer for the complete file")]
    MissingElement {
        /// Path inside the document.
        element: &'static str,
    },
    /// An element's text is not what its type allows.
    #[error("`{element}` in the XML is wrong: {reason}; ask the issuer for the right file")]
    BadElement {
        /// Path inside the document.
        element: &'static str,
        /// What is wrong with it.
        reason: String,
    },

    /// An EDI file of another kind.
    #[error("this is an EDI file of another kind ({what}); only OCOREN tells deliveries")]
    OtherEdi {
        /// The kind, as far as its records tell.
        what: &'static str,
    },
    /// An OCOREN file without a single occurrence record that can be read.
    #[error(
        "the OCOREN file holds no occurrence that can be read ({bad_lines} bad lines); ask the carrier to send it again"
    )]
    NoOccurrences {
        /// Occurrence records that could not be read.
        bad_lines: usize,
    },

    /// The columns are not those of a sheet that is known.
    #[error("{0}")]
    Columns(ColumnsError),
    /// Some lines of a sheet are wrong. Nothing of the sheet is taken.
    #[error("{0}")]
    Lines(LineErrors),
}

impl DocumentError {
    /// Stable code, for scripts and for looking words up in another language.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "document_empty",
            Self::TooLarge { .. } => "document_too_large",
            Self::Workbook => "document_workbook",
            Self::Pdf => "document_pdf",
            Self::Compressed => "document_compressed",
            Self::Binary => "document_binary",
            Self::Html => "document_html",
            Self::Json => "document_json",
            Self::Unrecognised => "document_unrecognised",
            Self::Doctype => "xml_doctype",
            Self::BrokenXml { .. } => "xml_broken",
            Self::XmlShape { .. } => "xml_shape",
            Self::SeveralDocuments => "xml_several_documents",
            Self::OtherXml { .. } => "xml_other",
            Self::MissingElement { .. } => "xml_missing_element",
            Self::BadElement { .. } => "xml_bad_element",
            Self::OtherEdi { .. } => "edi_other",
            Self::NoOccurrences { .. } => "ocoren_no_occurrences",
            Self::Columns(_) => "sheet_columns",
            Self::Lines(_) => "sheet_lines",
        }
    }
}

/// Why a sheet's first line does not tell what the sheet is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// Columns that a sheet of this kind must have are not there.
    #[error("line {line}: {sheet} needs {needed}; found the columns {found}")]
    Missing {
        /// Line of the header.
        line: u64,
        /// The kind of sheet, with its article.
        sheet: &'static str,
        /// What must be there, as names that would be understood.
        needed: &'static str,
        /// The header as it was read.
        found: String,
    },
    /// Two columns mean the same.
    #[error("line {line}: the columns `{first}` and `{second}` mean the same; remove or rename one")]
    Twice {
        /// Line of the header.
        line: u64,
        /// One name.
        first: String,
        /// The other.
        second: String,
    },
    /// Products with quantities *and* order numbers: lines of orders, which must not become stock balances.
    #[error(
        "line {line}: products and orders in one sheet; it lists the lines of orders, which is neither stock nor shipments"
    )]
    OrderLines {
        /// Line of the header.
        line: u64,
    },
}

/// The bad lines of a sheet: all are counted, the first ones are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineErrors {
    kept: Vec<LineError>,
    count: usize,
}

impl LineErrors {
    /// How many bad lines are kept with their reason.
    pub const KEPT: usize = 50;

    /// The first bad lines, in file order.
    pub fn iter(&self) -> impl Iterator<Item = &LineError> {
        self.kept.iter()
    }

    /// How many problems there are in all, kept or not.
    pub fn count(&self) -> usize {
        self.count
    }

    pub(super) fn push(&mut self, error: LineError) {
        self.count += 1;
        if self.kept.len() < Self::KEPT {
            self.kept.push(error);
        }
    }

    pub(super) fn into_result<T>(self, value: T) -> Result<T, DocumentError> {
        if self.count == 0 { Ok(value) } else { Err(DocumentError::Lines(self)) }
    }
}

impl fmt::Display for LineErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.kept.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            error.fmt(f)?;
        }
        match self.count - self.kept.len() {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// One bad line of a sheet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LineError {
    /// Line in the file, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub problem: LineProblem,
}

/// What is wrong with a line of a sheet. The texts shown are codes and numbers, never names of people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// A cell that must be filled is blank.
    #[error("no {column}; fill it in or remove the line")]
    Missing {
        /// The column's meaning.
        column: &'static str,
    },
    /// More cells than columns: a delimiter inside a cell without quotes, often a decimal comma.
    #[error("{cells} cells under {columns} columns; put cells that hold the separator (such as 1,5) in quotes")]
    TooManyCells {
        /// Filled cells on the line.
        cells: usize,
        /// Columns named by the header.
        columns: usize,
    },
    /// A quote that was opened swallowed the lines after it.
    #[error("a quote is opened and not closed, so the lines after it are swallowed; remove or double it")]
    OpenQuote,
    /// A code that a spreadsheet took for a number and shortened.
    #[error(
        "{column} `{text}` was shortened by a spreadsheet and its digits are lost; format the column as text and export again"
    )]
    Shortened {
        /// The column's meaning.
        column: &'static str,
        /// The cell.
        text: String,
    },
    /// `#N/D`, `#REF!` and the like.
    #[error("{column} `{text}` is a formula's error; correct the spreadsheet and export again")]
    FormulaError {
        /// The column's meaning.
        column: &'static str,
        /// The cell.
        text: String,
    },
    /// A quantity that is no number.
    #[error("the quantity `{text}` is not a whole number")]
    NotANumber {
        /// The cell.
        text: String,
    },
    /// A mark before exactly three digits.
    #[error(
        "the quantity `{text}` can be read as thousands or as decimals; write it without the mark, or declare the decimal mark (sheet_decimal \
         under [erp] in the configuration)"
    )]
    Ambiguous {
        /// The cell.
        text: String,
    },
    /// A part of a unit.
    #[error("the quantity `{text}` has a fraction; stock is counted in whole units")]
    Fraction {
        /// The cell.
        text: String,
    },
    /// The same product in the same warehouse, with another quantity.
    #[error("`{sku}` stands on line {first} with quantity {first_quantity} and here with {quantity}; keep one")]
    Conflict {
        /// The product's code.
        sku: String,
        /// Line of the first one.
        first: u64,
        /// Quantity there.
        first_quantity: i64,
        /// Quantity here.
        quantity: i64,
    },
    /// A cell that is no date or time.
    #[error("{column} `{text}` is no date; write 24/11/2026, 24/11/2026 16:05 or 2026-11-24T16:05:00-03:00")]
    NotADate {
        /// The column's meaning.
        column: &'static str,
        /// The cell.
        text: String,
    },
    /// A cell that is no web address.
    #[error("the tracking URL `{text}` is no web address; it must begin with https:// or http://")]
    NotAUrl {
        /// The cell.
        text: String,
    },
    /// A cell that is no invoice number.
    #[error("the invoice number `{text}` is not one of 1 to 999999999")]
    NotAnInvoiceNumber {
        /// The cell.
        text: String,
    },
}

impl LineProblem {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "line_missing_cell",
            Self::TooManyCells { .. } => "line_too_many_cells",
            Self::OpenQuote => "line_open_quote",
            Self::Shortened { .. } => "line_shortened_code",
            Self::FormulaError { .. } => "line_formula_error",
            Self::NotANumber { .. } => "line_not_a_number",
            Self::Ambiguous { .. } => "line_ambiguous_number",
            Self::Fraction { .. } => "line_fraction",
            Self::Conflict { .. } => "line_conflict",
            Self::NotADate { .. } => "line_not_a_date",
            Self::NotAUrl { .. } => "line_not_a_url",
            Self::NotAnInvoiceNumber { .. } => "line_not_an_invoice_number",
        }
    }
}
