//! The shapes of Eccosys' JSON, lenient about all of it: most scalars are text in readings, the same field may be a number elsewhere,
//! every field may be missing.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::http::lenient;
use crate::lang::word;
use crate::model::{Cents, Instant, calendar};

/// An order as lists and readings tell it. Its items are asked for apart.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Order {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub numero_pedido: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub numero_da_ordem_de_compra: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub situacao: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub situacao_secundaria: Option<String>,
    #[serde(deserialize_with = "money")]
    pub total_venda: Option<Cents>,
    #[serde(deserialize_with = "lenient::text")]
    pub data: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub data_faturamento: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub id_nota_fiscal_ref: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub numero_nota_fiscal: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub transportador: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub codigo_rastreamento: Option<String>,
    #[serde(deserialize_with = "lenient::boolean")]
    pub rastreamento_concluido: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    pub picking_realizado: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub data_envio_logistica: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub data_entrega: Option<String>,
    #[serde(deserialize_with = "lenient::boolean")]
    pub pedido_coletado: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    pub service_platform_origin: Option<String>,
}

/// A line of an order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Item {
    #[serde(deserialize_with = "lenient::text")]
    pub codigo: Option<String>,
    #[serde(deserialize_with = "lenient::ten_thousandths")]
    pub quantidade: Option<i64>,
}

/// A product.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Product {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub codigo: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub situacao: Option<String>,
}

/// A balance.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Stock {
    #[serde(deserialize_with = "lenient::text")]
    pub id_produto: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub codigo: Option<String>,
    #[serde(deserialize_with = "whole_units")]
    pub estoque_real: Option<i64>,
    #[serde(deserialize_with = "whole_units")]
    pub estoque_disponivel: Option<i64>,
}

/// An invoice.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Nfe {
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub id_nota_fiscal: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub numero: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub serie: Option<String>,
    #[serde(rename = "chave_acesso", deserialize_with = "lenient::text")]
    chave_acesso: Option<String>,
    #[serde(rename = "chaveAcesso", deserialize_with = "lenient::text")]
    other_chave_acesso: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub situacao: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub data_emissao: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub hora_saida_entrada: Option<String>,
    #[serde(deserialize_with = "money")]
    pub valor_nota: Option<Cents>,
    #[serde(rename = "_LinkUrl", deserialize_with = "lenient::text")]
    pub link: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub codigo_rastreamento: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub id_ordem_coleta: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub transportador: Option<String>,
    #[serde(rename = "xml_nfe_completo", deserialize_with = "lenient::text")]
    pub xml: Option<String>,
}

impl Nfe {
    /// Its internal id, under either name.
    pub fn id(&self) -> Option<String> {
        some(self.id.as_ref()).or_else(|| some(self.id_nota_fiscal.as_ref()))
    }

    /// Its access key, under either name.
    pub fn key(&self) -> Option<&str> {
        self.chave_acesso.as_deref().or(self.other_chave_acesso.as_deref())
    }
}

/// What is known of an order's parcel.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tracking {
    #[serde(deserialize_with = "lenient::text")]
    pub url_rastreio: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub rastreio: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub transportador: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub numero_coleta: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub numero_da_ordem_de_compra: Option<String>,
}

/// A collection order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CollectionOrder {
    #[serde(deserialize_with = "lenient::text")]
    pub data: Option<String>,
}

/// The answer to asking for an invoice's XML by its number.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Xmls {
    #[serde(deserialize_with = "lenient::or_default")]
    pub xmls: Vec<String>,
}

/// An amount: with a comma it is written the Brazilian way (`1.234,56`, on `desconto`), otherwise with a dot.
pub fn money<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cents>, D::Error> {
    let value = match Option::<Value>::deserialize(deserializer)?.unwrap_or_default() {
        Value::String(text) if text.contains(',') => Value::String(text.replace('.', "").replace(',', ".")),
        other => other,
    };
    lenient::reais(value).map(|cents| cents.map(Cents::new)).map_err(serde::de::Error::custom)
}

/// Units of a product, rounded down: half a metre cannot be sold as one, whatever a sum in binary made of it.
fn whole_units<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let Some(text) = lenient::text(deserializer)? else { return Ok(None) };
    let text = if text.contains(',') { text.replace('.', "").replace(',', ".") } else { text };
    let text = without_exponent(text.trim());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let is_digits = fraction.bytes().all(|b| b.is_ascii_digit());
    let units: i64 = match whole {
        "" | "-" => 0,
        whole => whole.parse().map_err(|_| {
            serde::de::Error::custom(word!(
                "expected units, found what is no number" | "esperavam-se unidades, veio algo que não é número"
            ))
        })?,
    };
    if !is_digits || units.abs() > 1_000_000_000 {
        return Err(serde::de::Error::custom(word!(
            "expected units, found what is no number of them"
                | "esperavam-se unidades, veio um número que não é de unidades"
        )));
    }
    let is_more = fraction.bytes().any(|b| b != b'0');
    Ok(Some(if whole.starts_with('-') && is_more { units - 1 } else { units }))
}

/// A number that was written with an exponent, without it and to four decimals: PHP writes what sums in binary leave of
/// nothing as `5.5e-17`.
fn without_exponent(text: &str) -> Cow<'_, str> {
    match text.parse::<f64>() {
        // Beyond a text's own length no unit is lost or made by it.
        Ok(number) if text.contains(['e', 'E']) && number.abs() < 1e15 => {
            let number = format!("{number:.4}");
            Cow::Owned(if number.bytes().all(|b| matches!(b, b'-' | b'0' | b'.')) { "0".into() } else { number })
        }
        _ => Cow::Borrowed(text),
    }
}

/// A day, perhaps with a time, in São Paulo. Zeros are none.
pub fn moment(text: &str) -> Option<Instant> {
    let text = text.trim();
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S")
        .or_else(|_| text.parse::<NaiveDate>().map(|day| day.and_time(NaiveTime::MIN)));
    local.ok().map(calendar::from_local)
}

/// An id or a number, where 0 is none.
pub fn some(text: Option<&String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.trim_start_matches('0').is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_of_either_kind() {
        let total = |value: Value| serde_json::from_value::<Order>(json!({ "totalVenda": value })).unwrap().total_venda;
        assert_eq!(total(json!("1.234,56")), Some(Cents::new(123_456)));
        assert_eq!(total(json!("1234.56")), Some(Cents::new(123_456)));
        assert_eq!(total(json!(25.7)), Some(Cents::new(2_570)));
        assert_eq!(total(json!("0,00")), Some(Cents::ZERO));
        assert_eq!(total(Value::Null), None);
    }

    #[test]
    fn dates_of_zeros_are_none() {
        assert_eq!(moment("0000-00-00"), None);
        assert_eq!(moment("0000-00-00 00:00:00"), None);
        assert_eq!(moment(""), None);
        assert_eq!(moment("2026-11-25").unwrap().to_rfc3339(), "2026-11-25T03:00:00+00:00");
        assert_eq!(moment("2026-11-25 10:30:00").unwrap().to_rfc3339(), "2026-11-25T13:30:00+00:00");
    }

    #[test]
    fn zero_is_no_id() {
        assert_eq!(some(Some(&"0".into())), None);
        assert_eq!(some(Some(&"17".into())), Some("17".into()));
    }
}
