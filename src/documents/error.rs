//! What can be wrong with a document, in sentences that name the place and the remedy.

use crate::lang::say;
use std::fmt;

/// Why a file could not be taken. Nothing of a refused file is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// No bytes, or only blanks.
    #[error("{}", say!("the file is empty; ask for it again" | "o arquivo está vazio; peça-o de novo"))]
    Empty,
    /// Over the limit for its kind.
    #[error(
        "{}", say!(
            "the file has {bytes} bytes, more than the {limit} that {what} may have; check that it is the right \
             file, or split it"
                | "o arquivo tem {bytes} bytes, mais do que os {limit} permitidos para {what}; confira se é o \
                   arquivo certo, ou divida-o"
        ))]
    TooLarge {
        /// The kind of document, with its article.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// `.xlsx`, `.ods`, `.xls`, or any zip.
    #[error("{}", say!(
        "this is a spreadsheet workbook or a zip file, not text; save the sheet as CSV and give that file"
            | "isto é uma pasta de trabalho de planilha ou um zip, não texto; salve a planilha como CSV e use esse \
               arquivo"
    ))]
    Workbook,
    /// A PDF: the printed form of an invoice proves nothing.
    #[error("{}", say!(
        "this is a PDF; a DANFE is no proof of an invoice, give the XML"
            | "isto é um PDF; o DANFE não comprova a nota, use o XML"
    ))]
    Pdf,
    /// gzip or rar.
    #[error("{}", say!(
        "this is a compressed file; unpack it first" | "isto é um arquivo compactado; descompacte-o antes"
    ))]
    Compressed,
    /// Zero bytes, or broken UTF-16.
    #[error("{}", say!(
        "this is a binary file, not text; export it again as CSV, XML or EDI text"
            | "isto é um arquivo binário, não texto; exporte de novo como CSV, XML ou texto EDI"
    ))]
    Binary,
    /// A web page, usually an error or log-in page that was saved as a document.
    #[error("{}", say!(
        "this is a web page, not a document; the download failed or needs a log-in, fetch the file again"
            | "isto é uma página web, não um documento; o download falhou ou exige login, baixe o arquivo de novo"
    ))]
    Html,
    /// JSON, usually the answer of an API that was saved as a document.
    #[error("{}", say!(
        "this is JSON, not a document; give the XML, EDI or CSV file itself"
            | "isto é JSON, não um documento; use o próprio arquivo XML, EDI ou CSV"
    ))]
    Json,
    /// Neither XML nor EDI, and no sheet either.
    #[error(
        "{}", say!(
            "this is no document that is known: neither XML, nor OCOREN, nor a sheet whose first line names its \
             columns"
                | "isto não é um documento conhecido: nem XML, nem OCOREN, nem planilha cuja primeira linha nomeie \
                   as colunas"
        ))]
    Unrecognised,

    /// `<!DOCTYPE`: never legitimate in a fiscal document, and a known way to attack a reader.
    #[error("{}", say!(
        "the XML holds a DOCTYPE, which no fiscal document has; ask the sender for the original"
            | "o XML tem um DOCTYPE, que nenhum documento fiscal tem; peça o original ao remetente"
    ))]
    Doctype,
    /// Not well formed.
    #[error("{}", say!(
        "the XML is broken at line {line}, column {column}: {detail}; it may have been cut short, fetch it again"
            | "o XML está quebrado na linha {line}, coluna {column}: {detail}; pode ter sido cortado, baixe-o de novo"
    ))]
    BrokenXml {
        /// Line, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
        /// What the XML reader says.
        detail: String,
    },
    /// Not the shape of a fiscal document: a document made to exhaust its reader.
    #[error("{}", say!(
        "the XML has too many {what} for a fiscal document; check where the file comes from"
            | "o XML tem {what} demais para um documento fiscal; confira de onde vem o arquivo"
    ))]
    XmlShape {
        /// What there is too much of.
        what: &'static str,
    },
    /// Several documents, one behind the other.
    #[error("{}", say!(
        "the file holds several XML documents one behind the other; give each in a file of its own"
            | "o arquivo tem vários documentos XML, um atrás do outro; ponha cada um em um arquivo próprio"
    ))]
    SeveralDocuments,
    /// Another XML than the ones that are used.
    #[error("{}", say!("the XML is `{root}`: {what}" | "o XML é `{root}`: {what}"))]
    OtherXml {
        /// Local name of the root element.
        root: String,
        /// What it is and what to give in its place.
        what: &'static str,
    },
    /// An element that must be there is not.
    #[error("{}", say!(
        "the XML lacks `{element}`; ask the issuer for the complete file"
            | "falta `{element}` no XML; peça o arquivo completo ao emitente"
    ))]
    MissingElement {
        /// Path inside the document.
        element: &'static str,
    },
    /// An element's text is not what its type allows.
    #[error("{}", say!(
        "`{element}` in the XML is wrong: {reason}; ask the issuer for the right file"
            | "`{element}` no XML está errado: {reason}; peça o arquivo certo ao emitente"
    ))]
    BadElement {
        /// Path inside the document.
        element: &'static str,
        /// What is wrong with it.
        reason: String,
    },

    /// An EDI file of another kind.
    #[error("{}", say!(
        "this is an EDI file of another kind ({what}); only OCOREN tells deliveries"
            | "isto é um arquivo EDI de outro tipo ({what}); só o OCOREN informa entregas"
    ))]
    OtherEdi {
        /// The kind, as far as its records tell.
        what: &'static str,
    },
    /// An OCOREN file without a single occurrence record that can be read.
    #[error(
        "{}", say!(
            "the OCOREN file holds no occurrence that can be read ({bad_lines} bad lines); ask the carrier to send \
             it again"
                | "o arquivo OCOREN não tem ocorrência que se possa ler ({bad_lines} linhas ruins); peça à \
                   transportadora para enviá-lo de novo"
        ))]
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
    #[error("{}", say!(
        "line {line}: {sheet} needs {needed}; found the columns {found}"
            | "linha {line}: {sheet} precisa de {needed}; colunas achadas: {found}"
    ))]
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
    #[error("{}", say!(
        "line {line}: the columns `{first}` and `{second}` mean the same; remove or rename one"
            | "linha {line}: as colunas `{first}` e `{second}` significam o mesmo; remova ou renomeie uma"
    ))]
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
        "{}", say!(
            "line {line}: products and orders in one sheet; it lists the lines of orders, which is neither stock nor \
             shipments"
                | "linha {line}: produtos e pedidos na mesma planilha; ela lista itens de pedidos, o que não é \
                   estoque nem envio"
        ))]
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
            more => f.write_str(&say!("; and {more} more" | "; e mais {more}")),
        }
    }
}

/// One bad line of a sheet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", say!("line {line}: {problem}" | "linha {line}: {problem}"))]
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
    #[error("{}", say!("no {column}; fill it in or remove the line" | "falta {column}; preencha ou remova a linha"))]
    Missing {
        /// The column's meaning.
        column: &'static str,
    },
    /// More cells than columns: a delimiter inside a cell without quotes, often a decimal comma.
    #[error("{}", say!(
        "{cells} cells under {columns} columns; put cells that hold the separator (such as 1,5) in quotes"
            | "{cells} células para {columns} colunas; ponha entre aspas as células que contêm o separador (como 1,5)"
    ))]
    TooManyCells {
        /// Filled cells on the line.
        cells: usize,
        /// Columns named by the header.
        columns: usize,
    },
    /// A quote that was opened swallowed the lines after it.
    #[error("{}", say!(
        "a quote is opened and not closed, so the lines after it are swallowed; remove or double it"
            | "há aspas abertas e não fechadas, que engolem as linhas seguintes; remova-as ou dobre-as"
    ))]
    OpenQuote,
    /// A code that a spreadsheet took for a number and shortened.
    #[error(
        "{}", say!(
            "{column} `{text}` was shortened by a spreadsheet and its digits are lost; format the column as text and \
             export again"
                | "{column} `{text}` foi encurtado por uma planilha e perdeu dígitos; formate a coluna como texto e \
                   exporte de novo"
        ))]
    Shortened {
        /// The column's meaning.
        column: &'static str,
        /// The cell.
        text: String,
    },
    /// `#N/D`, `#REF!` and the like.
    #[error("{}", say!(
        "{column} `{text}` is a formula's error; correct the spreadsheet and export again"
            | "{column} `{text}` é um erro de fórmula; corrija a planilha e exporte de novo"
    ))]
    FormulaError {
        /// The column's meaning.
        column: &'static str,
        /// The cell.
        text: String,
    },
    /// A quantity that is no number.
    #[error("{}", say!(
        "the quantity `{text}` is not a whole number" | "a quantidade `{text}` não é um número inteiro"
    ))]
    NotANumber {
        /// The cell.
        text: String,
    },
    /// A mark before exactly three digits.
    #[error(
        "{}", say!(
            "the quantity `{text}` can be read as thousands or as decimals; write it without the mark, or declare \
             the decimal mark (sheet_decimal under [erp] in the configuration)"
                | "a quantidade `{text}` pode ser lida como milhar ou como decimal; escreva sem o separador, ou \
                   declare o separador decimal (sheet_decimal em [erp] na configuração)"
        ))]
    Ambiguous {
        /// The cell.
        text: String,
    },
    /// A part of a unit.
    #[error("{}", say!(
        "the quantity `{text}` has a fraction; stock is counted in whole units"
            | "a quantidade `{text}` é fracionada; o estoque se conta em unidades inteiras"
    ))]
    Fraction {
        /// The cell.
        text: String,
    },
    /// The same product in the same warehouse, with another quantity.
    #[error("{}", say!(
        "`{sku}` stands on line {first} with quantity {first_quantity} and here with {quantity}; keep one"
            | "`{sku}` está na linha {first} com quantidade {first_quantity} e aqui com {quantity}; deixe uma só"
    ))]
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
    #[error("{}", say!(
        "{column} `{text}` is no date; write 24/11/2026, 24/11/2026 16:05 or 2026-11-24T16:05:00-03:00"
            | "{column} `{text}` não é uma data; escreva 24/11/2026, 24/11/2026 16:05 ou 2026-11-24T16:05:00-03:00"
    ))]
    NotADate {
        /// The column's meaning.
        column: &'static str,
        /// The cell.
        text: String,
    },
    /// A cell that is no web address.
    #[error("{}", say!(
        "the tracking URL `{text}` is no web address; it must begin with https:// or http://"
            | "o link de rastreio `{text}` não é um endereço web; deve começar com https:// ou http://"
    ))]
    NotAUrl {
        /// The cell.
        text: String,
    },
    /// A cell that is no invoice number.
    #[error("{}", say!(
        "the invoice number `{text}` is not one of 1 to 999999999"
            | "o número de nota `{text}` não está entre 1 e 999999999"
    ))]
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
