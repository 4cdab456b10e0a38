//! Invoices (NF-e) as Eccosys keeps and tells them (ECCOSYS 8).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::super::papers::{self, Nfe};
use super::Eccosys;
use super::create::document_of;
use super::loose;
use super::order::EccOrder;
use super::page::{Page, Window};

/// Situations in which an order counts as invoiced: authorised, and authorised with its DANFE (ECCOSYS 8).
pub const AUTHORISED: [i64; 2] = [6, 7];
const PENDING: i64 = 1;
const CANCELLED: i64 = 3;

/// An invoice.
#[derive(Clone, Debug)]
pub struct EccInvoice {
    pub id: i64,
    /// The id of its order.
    pub order: i64,
    pub situation: i64,
    pub paper: Nfe,
    pub cancelled: Option<DateTime<Utc>>,
    /// What SEFAZ said.
    pub words: String,
}

impl EccInvoice {
    pub fn is_authorised(&self) -> bool {
        AUTHORISED.contains(&self.situation)
    }

    /// The access key; a pending invoice has none.
    pub fn key(&self) -> String {
        if self.situation == PENDING { String::new() } else { self.paper.key() }
    }

    /// The signed file with its protocol; a cancelled invoice keeps it (BRAZIL 1.4).
    fn complete(&self) -> Option<String> {
        (self.is_authorised() || self.situation == CANCELLED).then(|| self.paper.xml())
    }
}

/// The part of a file that begins with `<NAME` and ends with `</NAME>`.
fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let end = format!("</{name}>");
    let range = xml.find(&format!("<{name}")).zip(xml.find(&end).map(|at| at + end.len()));
    range.and_then(|(from, to)| xml.get(from..to)).unwrap_or_default()
}

impl Eccosys {
    /// Whether an order has an invoice that counts.
    pub(super) fn is_invoiced(&self, order: &EccOrder) -> bool {
        self.invoices.values().any(|invoice| invoice.order == order.id && invoice.is_authorised())
    }

    /// The paper of an order: its recipient, lines and total are the order's.
    pub(super) fn paper(&self, order: &EccOrder, number: u32) -> Nfe {
        let lines: Vec<(String, i64, i64)> = order
            .lines
            .iter()
            .map(|line| (line.code.clone(), line.quantity.whole(), line.quantity.cost(line.price)))
            .collect();
        let (freight, discount) = (order.cents("frete"), order.cents("desconto"));
        let goods: i64 = lines.iter().map(|(_, _, total)| total).sum();
        let rest = order.total() - (goods + freight - discount);
        Nfe {
            number,
            order: order.store_number.clone(),
            recipient: self.contacts.get(&order.contact).map_or("", document_of).to_owned(),
            lines,
            freight,
            discount: discount + (-rest).max(0),
            other: rest.max(0),
            issued_at: self.now(),
        }
    }

    /// By id, or by number where a series or a kind is asked for (ECCOSYS 8).
    pub(super) fn read_invoice(&self, key: &str, request: &Request) -> Result<Answer, Answer> {
        let is_by_number = request.query("$serie").is_some() || request.query("$tipoNota").is_some();
        let found = match is_by_number {
            true => self.invoice_numbered(key, request.query("$serie").as_deref()),
            false => key.parse().ok().and_then(|id: i64| self.invoices.get(&id)),
        };
        let is_of_sales = request.query("$tipoNota").is_none_or(|kind| kind == "S");
        let invoice = found.filter(|_| is_of_sales).ok_or_else(|| self.nothing())?;
        Ok(self.one(self.shown_invoice(invoice)))
    }

    fn invoice_numbered(&self, number: &str, series: Option<&str>) -> Option<&EccInvoice> {
        let number: u32 = number.parse().ok()?;
        let mut all = self.invoices.values();
        all.find(|invoice| invoice.paper.number == number).filter(|_| series.is_none_or(|series| series == "1"))
    }

    pub(super) fn list_invoices(&self, request: &Request) -> Result<Answer, Answer> {
        let (page, window) = (Page::read(request, self.settings.default_count)?, Window::read(request)?);
        let situation = request.query("$situacao");
        let is_of_sales = request.query("$tipoNota").is_none_or(|kind| kind == "S");
        let found = self
            .invoices
            .values()
            .filter(|_| is_of_sales)
            .filter(|invoice| situation.as_ref().is_none_or(|wanted| *wanted == invoice.situation.to_string()))
            .filter(|invoice| window.has(&loose::day(invoice.paper.issued_at).to_string()));
        Ok(self.listed(page.of(found).map(|invoice| self.shown_invoice(invoice)).collect()))
    }

    /// The files of a number, in an object (ECCOSYS 8).
    pub(super) fn read_xml(&self, number: &str, request: &Request) -> Result<Answer, Answer> {
        let is_of_sales = request.query("$tipo").is_none_or(|kind| kind == "S");
        let found = self.invoice_numbered(number, request.query("$serie").as_deref()).filter(|_| is_of_sales);
        let xml = found.and_then(EccInvoice::complete).ok_or_else(|| self.nothing())?;
        Ok(Answer::json(&json!({"xmls": [xml]})))
    }

    fn shown_invoice(&self, invoice: &EccInvoice) -> Value {
        let EccInvoice { id, order, situation, paper, cancelled, words } = invoice;
        let order = self.order(*order);
        let (issued, is_sent) = (paper.issued_at, invoice.complete().is_some());
        let complete = invoice.complete().unwrap_or_default();
        let cancellation = cancelled.map(|at| paper.cancellation(at)).unwrap_or_default();
        let goods: i64 = paper.lines.iter().map(|(_, _, total)| total).sum();
        let collection = self.collection_of(*id).map_or(0, |collection| collection.id);
        let carrier = self.carriers.iter().find(|carrier| carrier.name == order.text("transportador"));
        json!({
            "id": self.read_id(*id),
            "idNotaFiscal": self.read_id(*id),
            "numero": format!("{:06}", paper.number),
            "serie": "1",
            "chave_acesso": invoice.key(),
            "numero_protocolo": if is_sent { "135260000000001" } else { "" },
            "dataEmissao": loose::day(issued).to_string(),
            "horaSaidaEntrada": papers::local(issued).format("%H:%M").to_string(),
            "dtEmissaoDANFE": if is_sent { loose::time(issued) } else { "0000-00-00 00:00:00".into() },
            "dataHoraEnvio": if is_sent { loose::time(issued) } else { "0000-00-00 00:00:00".into() },
            "situacao": self.read_id(*situation),
            "tipo": "S",
            "valorNota": loose::money(paper.value()),
            "totalFaturado": loose::money(paper.value()),
            "valorProdutos": loose::money(goods),
            "frete": loose::money(paper.freight),
            "desconto": loose::brazilian(paper.discount),
            "cfop": "5.102",
            "natureza": "Venda de mercadorias",
            "transportador": order.text("transportador"),
            "cnpjTransportador": carrier.map_or("", |carrier| &carrier.cnpj),
            "codigoRastreamento": order.text("codigoRastreamento"),
            "dataCodigoRastreamento": loose::Kind::Time.told(order.text("dataCodigoRastreamento")),
            "idOrdemColeta": self.read_id(collection),
            "idOrigem": self.read_id(order.id),
            "idDeposito": "0",
            "qtdVolumes": loose::Kind::Code("0").told(order.text("qtdVolumes")),
            "pesoBruto": loose::Kind::Code("0.000").told(order.text("pesoBruto")),
            "pesoLiquido": loose::Kind::Code("0.000").told(order.text("pesoLiquido")),
            "pedidos": order.number,
            "nfe_msg": words,
            "_LinkUrl": format!("{}/doc.view.php?id={:08x}", self.base_url, id * 2_654_435),
            "_OutroEndereco": order.delivery_address.iter().collect::<Vec<_>>(),
            "xml_nfe": element(&complete, "NFe"),
            "xml_prot_nfe": element(&complete, "protNFe"),
            "xml_nfe_completo": complete,
            "xml_cancelamento": element(&cancellation, "evento"),
            "xml_cancelamento_completo": cancellation,
        })
    }
}
