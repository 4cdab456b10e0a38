//! An order as Eccosys keeps it (ECCOSYS 2.3, 2.4).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::super::anymarket::Amount;
use super::loose::{self, Kind};

/// Fields callers may write, by what they hold.
pub const WRITABLE: [(&str, Kind); 44] = [
    ("data", Kind::Day),
    ("situacaoSecundaria", Kind::Code("0")),
    ("desconto", Kind::Discount),
    ("condicao", Kind::Text),
    ("observacoes", Kind::Text),
    ("observacaoInterna", Kind::Text),
    ("totalProdutos", Kind::Money),
    ("totalVenda", Kind::Money),
    ("frete", Kind::Money),
    ("idOrigem", Kind::Code("0")),
    ("idPedidoOrigem", Kind::Code("0")),
    ("dataPrevista", Kind::Day),
    ("dataPagamento", Kind::Day),
    ("dtCriacaoVenda", Kind::Time),
    ("paymentOrderID", Kind::Text),
    ("tipoPagamento", Kind::Text),
    ("transportador", Kind::Text),
    ("idTransportador", Kind::Code("0")),
    ("fretePorConta", Kind::Text),
    ("formaFrete", Kind::Text),
    ("opcEnderecoDiferente", Kind::Code("N")),
    ("codigoRastreamento", Kind::Text),
    ("rastreamentoConcluido", Kind::Code("N")),
    ("pickingRealizado", Kind::Code("N")),
    ("pesoLiquido", Kind::Code("0.000")),
    ("pesoBruto", Kind::Code("0.000")),
    ("pesoTransportadora", Kind::Code("0.000")),
    ("qtdVolumes", Kind::Code("0")),
    ("especieVolume", Kind::Text),
    ("dimensaoAltura", Kind::Code("0")),
    ("dimensaoLargura", Kind::Code("0")),
    ("dimensaoComprimento", Kind::Code("0")),
    ("servicePlatformOrigin", Kind::Text),
    ("canalDeVenda", Kind::Text),
    ("idCanalVenda", Kind::Code("0")),
    ("idMarketplaceIntegrado", Kind::Code("0")),
    ("idLojaVirtual", Kind::Code("0")),
    ("idVendedor", Kind::Code("0")),
    ("idCategoria", Kind::Code("0")),
    ("dataEnvioLogistica", Kind::Time),
    ("dataEntrega", Kind::Time),
    ("pedidoColetado", Kind::Truth),
    ("statusAlterado", Kind::Code("N")),
    ("primeiraCompra", Kind::Code("N")),
];

/// Fields the ERP writes itself.
pub const ITS_OWN: [(&str, Kind); 8] = [
    ("dataFaturamento", Kind::Day),
    ("numeroNotaFiscal", Kind::Text),
    ("dataCodigoRastreamento", Kind::Time),
    ("situacaoDescricao", Kind::Text),
    ("syncLogistica", Kind::Code("N")),
    ("confirmacaoLogistica", Kind::Code("N")),
    ("dataRecebimentoLogistica", Kind::Time),
    ("urlRastreio", Kind::Text),
];

/// An order. Times are UTC, money is in cents.
#[derive(Clone, Debug)]
pub struct EccOrder {
    pub id: i64,
    /// `numeroPedido`: the ERP's own number, unless a caller gave one.
    pub number: String,
    /// `numeroDaOrdemDeCompra`: the shop's number, which may stand on several orders.
    pub store_number: String,
    pub situation: i64,
    pub created: DateTime<Utc>,
    /// The customer's id.
    pub contact: i64,
    pub lines: Vec<EccLine>,
    /// As they were sent.
    pub parcels: Vec<Value>,
    pub delivery_address: Option<Value>,
    pub carrier: Option<Value>,
    /// Every other field that was written, as it is kept.
    pub fields: BTreeMap<&'static str, String>,
    /// The id of its last invoice.
    pub invoice: Option<i64>,
    /// Its units were taken off the physical stock, which ends its reservation (ECCOSYS 6).
    pub stock_posted: bool,
    /// A connector of the ERP's own brought it, and no caller.
    pub is_native: bool,
    pub history: Vec<Occurrence>,
}

/// A line of an order.
#[derive(Clone, Debug)]
pub struct EccLine {
    pub id: i64,
    /// The product's id.
    pub product: i64,
    pub code: String,
    pub description: String,
    pub quantity: Amount,
    /// Of one unit.
    pub price: i64,
    /// What else was sent.
    pub extra: Map<String, Value>,
}

/// A change of situation, as the history shows it.
#[derive(Clone, Debug)]
pub struct Occurrence {
    pub at: DateTime<Utc>,
    pub situation: i64,
    pub words: String,
    pub by: &'static str,
}

impl EccOrder {
    /// What a field holds; empty when nobody wrote it.
    pub fn text(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }

    /// What a field of money holds.
    pub fn cents(&self, field: &str) -> i64 {
        loose::cents(&json!(self.text(field))).unwrap_or(0)
    }

    /// `totalVenda`.
    pub fn total(&self) -> i64 {
        self.cents("totalVenda")
    }

    pub fn is_cancelled(&self) -> bool {
        self.situation == 2
    }

    /// It takes units off what can be sold: every order there is, until its stock is posted (ECCOSYS 6).
    pub fn reserves(&self) -> bool {
        !self.is_cancelled() && !self.stock_posted
    }

    /// Writes a field; `false` when there is none of that name, an error when it cannot hold that.
    pub fn write(&mut self, field: &str, value: &Value) -> Result<bool, String> {
        let Some((name, kind)) = WRITABLE.iter().find(|(name, _)| *name == field) else { return Ok(false) };
        let kept = kind.kept(value).ok_or_else(|| format!("Valor inválido para o campo {field}."))?;
        self.fields.insert(name, kept);
        Ok(true)
    }

    /// Sets a field as the ERP's own people do.
    pub fn set(&mut self, field: &'static str, kept: impl Into<String>) {
        self.fields.insert(field, kept.into());
    }
}

/// What the situations are called; `None` for a code there is not (ECCOSYS 3).
pub fn name(situation: i64) -> Option<&'static str> {
    Some(match situation {
        -1 => "Aguardando pagamento",
        0 => "Em aberto",
        1 => "Atendido",
        2 => "Cancelado",
        3 => "Pronto para picking",
        4 => "Pagamento em análise",
        _ => return None,
    })
}
