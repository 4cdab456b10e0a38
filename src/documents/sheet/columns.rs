//! What a sheet's first line says: the separator, and the meaning of each column.

use crate::documents::error::ColumnsError;
use crate::documents::text::{excerpt, plain_words};

/// The meaning of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Sku,
    Name,
    Warehouse,
    Quantity,
    Order,
    Invoice,
    Series,
    CollectionOrder,
    TrackingCode,
    TrackingUrl,
    Carrier,
    CollectedAt,
    DispatchedAt,
    DeliveredAt,
}

impl Column {
    /// The name used in messages: the one that people most likely wrote.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Sku => "sku",
            Self::Name => "nome",
            Self::Warehouse => "deposito",
            Self::Quantity => "quantidade",
            Self::Order => "pedido",
            Self::Invoice => "nota",
            Self::Series => "serie",
            Self::CollectionOrder => "ordem de coleta",
            Self::TrackingCode => "rastreio",
            Self::TrackingUrl => "url",
            Self::Carrier => "transportadora",
            Self::CollectedAt => "coletado",
            Self::DispatchedAt => "despachado",
            Self::DeliveredAt => "entregue",
        }
    }
}

/// Names of columns without case and accents. Of several columns for one meaning the one from the earlier group counts:
/// a sheet may have a `sku` beside the maker's `referencia`, and the store's order number beside the ERP's. Two of one
/// group are refused.
const NAMES: &[(Column, &[&[&str]])] = &[
    (
        Column::Sku,
        &[
            &["sku", "codigo sku", "cod sku", "id sku", "sku id"],
            &["codigo", "cod", "codigo do produto", "codigo produto", "cod produto", "code", "product code"],
            &["referencia", "ref", "reference"],
        ],
    ),
    (
        Column::Name,
        &[&["nome", "name", "nome do produto", "product name"], &["produto", "product"], &["descricao", "description"]],
    ),
    (Column::Warehouse, &[&["deposito", "warehouse", "local", "local de estoque", "armazem", "warehouse id"]]),
    (
        Column::Quantity,
        &[&[
            "quantidade",
            "qtd",
            "qtde",
            "quantity",
            "qty",
            "estoque",
            "stock",
            "saldo",
            "estoque atual",
            "saldo atual",
            "estoque fisico",
            "saldo fisico",
            "quantidade em estoque",
            "saldo em estoque",
        ]],
    ),
    (
        Column::Order,
        &[
            &["pedido da loja", "pedido loja", "ordem de compra", "numero da ordem de compra", "store order"],
            &[
                "pedido",
                "order",
                "numero do pedido",
                "numero pedido",
                "num pedido",
                "n pedido",
                "n do pedido",
                "no pedido",
                "id pedido",
                "id do pedido",
                "order id",
                "order number",
            ],
        ],
    ),
    (
        Column::Invoice,
        &[&[
            "nota",
            "invoice",
            "nota fiscal",
            "numero da nota",
            "numero nota",
            "numero da nota fiscal",
            "n nota",
            "n da nota",
            "nf",
            "nfe",
            "nf e",
            "numero nf",
            "invoice number",
        ]],
    ),
    (Column::Series, &[&["serie", "series", "serie da nota", "serie nf", "invoice series"]]),
    (
        Column::CollectionOrder,
        &[&["ordem de coleta", "numero da coleta", "coleta", "romaneio", "plp", "collection order", "collection"]],
    ),
    (
        Column::TrackingCode,
        &[&[
            "rastreio",
            "rastreamento",
            "codigo de rastreio",
            "codigo de rastreamento",
            "codigo rastreio",
            "codigo rastreamento",
            "cod rastreio",
            "cod rastreamento",
            "tracking",
            "tracking code",
            "tracking number",
            "objeto",
            "codigo do objeto",
        ]],
    ),
    (
        Column::TrackingUrl,
        &[&[
            "url",
            "link",
            "url de rastreio",
            "url de rastreamento",
            "url rastreio",
            "url rastreamento",
            "link de rastreio",
            "link de rastreamento",
            "link rastreio",
            "link rastreamento",
            "tracking url",
            "tracking link",
        ]],
    ),
    (Column::Carrier, &[&["transportadora", "carrier", "transportador"]]),
    (
        Column::CollectedAt,
        &[&[
            "coletado",
            "coletado em",
            "data coleta",
            "data da coleta",
            "data de coleta",
            "collected",
            "collected at",
            "collection date",
        ]],
    ),
    (
        Column::DispatchedAt,
        &[&[
            "despachado",
            "despachado em",
            "data despacho",
            "data do despacho",
            "data de despacho",
            "data postagem",
            "data da postagem",
            "data de postagem",
            "postado",
            "postado em",
            "enviado",
            "enviado em",
            "data envio",
            "data do envio",
            "data de envio",
            "dispatched",
            "dispatched at",
            "shipped",
            "shipped at",
            "shipping date",
        ]],
    ),
    (
        Column::DeliveredAt,
        &[&[
            "entregue",
            "entregue em",
            "data entrega",
            "data da entrega",
            "data de entrega",
            "delivered",
            "delivered at",
            "delivery date",
        ]],
    ),
];

/// The first line that is not blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) line: u64,
    pub(super) separator: char,
    names: Vec<String>,
    /// Meaning, group of the name, position.
    columns: Vec<(Column, usize, usize)>,
}

impl Header {
    /// Reads the line with the separator under which most columns are known; `None` when none is.
    pub(super) fn read(line: &str, number: u64) -> Option<Self> {
        [';', ',', '\t', '|']
            .into_iter()
            .map(|separator| Self::split(line, number, separator))
            .filter(|header| !header.columns.is_empty())
            // `max_by_key` keeps the last of equals; the more columns in all, the surer the separator.
            .max_by_key(|header| (header.columns.len(), header.names.len()))
    }

    fn split(line: &str, number: u64, separator: char) -> Self {
        let names: Vec<String> = split_quoted(line, separator);
        let columns = names
            .iter()
            .enumerate()
            .filter_map(|(at, name)| meaning(name).map(|(column, group)| (column, group, at)))
            .collect();
        Self { line: number, separator, names, columns }
    }

    pub(super) fn has(&self, column: Column) -> bool {
        self.index(column).is_some()
    }

    /// Position of the column; of several, the one whose name is the most telling.
    pub(super) fn index(&self, column: Column) -> Option<usize> {
        let (.., at) = self.columns.iter().filter(|(c, ..)| *c == column).min_by_key(|(_, group, at)| (*group, *at))?;
        Some(*at)
    }

    /// Whether the sheet tells something of shipments.
    pub(super) fn is_shipments(&self) -> bool {
        const FACTS: [Column; 6] = [
            Column::CollectionOrder,
            Column::TrackingCode,
            Column::TrackingUrl,
            Column::CollectedAt,
            Column::DispatchedAt,
            Column::DeliveredAt,
        ];
        (self.has(Column::Order) || self.has(Column::Invoice)) && FACTS.into_iter().any(|fact| self.has(fact))
    }

    /// How many columns have a name.
    pub(super) fn width(&self) -> usize {
        self.names.iter().rposition(|name| !name.trim().is_empty()).map_or(0, |last| last + 1)
    }

    /// Two columns of the same meaning and the same group of names, which cannot be chosen between.
    pub(super) fn check_unique(&self) -> Result<(), ColumnsError> {
        for (i, (column, group, at)) in self.columns.iter().enumerate() {
            let best = self.index(*column).and_then(|best| self.columns.iter().find(|(.., at)| *at == best));
            let is_best_group = best.is_some_and(|(_, best_group, _)| best_group == group);
            let other = self.columns.iter().skip(i + 1).find(|(c, g, _)| c == column && g == group);
            if let (true, Some((.., other))) = (is_best_group, other) {
                return Err(ColumnsError::Twice { line: self.line, first: self.name(*at), second: self.name(*other) });
            }
        }
        Ok(())
    }

    /// The names of columns whose meaning is not known; their cells are not read.
    pub(super) fn ignored(&self) -> Vec<String> {
        (0..self.width())
            .filter(|at| !self.columns.iter().any(|(c, _, known)| known == at && self.index(*c) == Some(*at)))
            .map(|at| self.name(at))
            .filter(|name| !name.is_empty())
            .collect()
    }

    /// The names as read, for messages.
    pub(super) fn found(&self) -> String {
        const SHOWN: usize = 20;
        let shown: Vec<String> = (0..self.width().min(SHOWN)).map(|at| format!("`{}`", self.name(at))).collect();
        shown.join(", ")
    }

    fn name(&self, at: usize) -> String {
        self.names.get(at).map(|name| excerpt(name.trim())).unwrap_or_default()
    }
}

fn meaning(name: &str) -> Option<(Column, usize)> {
    let name = plain_words(name);
    NAMES.iter().find_map(|(column, groups)| {
        groups.iter().position(|names| names.contains(&name.as_str())).map(|group| (*column, group))
    })
}

/// One line of CSV; quotes may stand around a name.
fn split_quoted(line: &str, separator: char) -> Vec<String> {
    let mut names = Vec::new();
    let mut name = String::new();
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c == separator && !quoted => names.push(std::mem::take(&mut name)),
            c => name.push(c),
        }
    }
    names.push(name);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_one_meaning_and_is_plain() {
        let mut seen = std::collections::BTreeSet::new();
        for name in NAMES.iter().flat_map(|(_, groups)| groups.iter()).flat_map(|names| names.iter()) {
            assert!(seen.insert(name), "{name} stands twice");
            assert_eq!(plain_words(name), *name);
        }
    }

    #[test]
    fn the_separator_follows_from_the_names() {
        for (line, separator) in [
            ("SKU;Quantidade", ';'),
            ("sku,quantity,name", ','),
            ("código\tsaldo", '\t'),
            ("codigo|qtd|depósito", '|'),
            ("\"SKU\",\"Descrição; cor\",\"Qtd\"", ','),
        ] {
            assert_eq!(Header::read(line, 1).unwrap().separator, separator, "{line}");
        }
        assert!(Header::read("nada;disso", 1).is_none());
    }

    #[test]
    fn the_most_telling_name_counts() {
        let header = Header::read("referencia;sku;codigo;qtd;cor", 1).unwrap();
        assert_eq!(header.index(Column::Sku), Some(1));
        assert_eq!(header.ignored(), ["referencia", "codigo", "cor"]);
        assert!(header.check_unique().is_ok());
        let header = Header::read("sku;estoque;saldo", 3).unwrap();
        assert_eq!(
            header.check_unique().unwrap_err().to_string(),
            "line 3: the columns `estoque` and `saldo` mean the same; remove or rename one"
        );
    }
}
