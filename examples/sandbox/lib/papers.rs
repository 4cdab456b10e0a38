//! What a store's fiscal software and its carriers hand over: invoices (NF-e) authorised by an invented SEFAZ, their
//! cancellations, and delivery files (OCOREN 3.1). Written from the layouts (BRAZIL 1.2, 1.5, 1.6, 2.2).

use std::fs;
use std::path::Path;

use chrono::{DateTime, FixedOffset, Utc};

use super::Vtex;
use super::seed::PRODUCTS;

/// The store's CNPJ.
pub const ISSUER: &str = "12345678000195";
/// The carrier's CNPJ.
pub const CARRIER: &str = "98765432000198";

/// An invoice of a sale. Money is in cents.
#[derive(Clone, Debug)]
pub struct Nfe {
    /// `nNF`.
    pub number: u32,
    /// What the invoice gives as the buyer's order number; at most 60 characters.
    pub order: String,
    /// CPF or CNPJ of the customer, digits and letters only.
    pub recipient: String,
    /// The store's product code, units, and the total of the line.
    pub lines: Vec<(String, i64, i64)>,
    pub freight: i64,
    pub discount: i64,
    pub other: i64,
    pub issued_at: DateTime<Utc>,
}

impl Nfe {
    /// `vNF`.
    pub fn value(&self) -> i64 {
        self.goods() + self.freight + self.other - self.discount
    }

    fn goods(&self) -> i64 {
        self.lines.iter().map(|(_, _, total)| total).sum()
    }

    fn local(&self) -> DateTime<FixedOffset> {
        local(self.issued_at)
    }

    /// The access key (BRAZIL 1.6), with its check digit.
    pub fn key(&self) -> String {
        let random = self.number.wrapping_mul(2_654_435_761) % 89_999_999 + 10_000_000;
        let month = self.local().format("%y%m");
        let key = format!("35{month}{ISSUER}55001{:09}1{random:08}", self.number);
        let sum: u32 =
            key.bytes().rev().zip((2..=9).cycle()).map(|(byte, weight)| (u32::from(byte) - 48) * weight).sum();
        let digit = match 11 - sum % 11 {
            10 | 11 => 0,
            digit => digit,
        };
        format!("{key}{digit}")
    }

    /// The authorised file (`nfeProc`).
    pub fn xml(&self) -> String {
        let key = self.key();
        let document =
            |id: &str| if id.len() == 11 { format!("<CPF>{id}</CPF>") } else { format!("<CNPJ>{id}</CNPJ>") };
        let lines: String = self
            .lines
            .iter()
            .enumerate()
            .map(|(at, (sku, units, total))| {
                format!(
                    "<det nItem=\"{}\"><prod><cProd>{}</cProd><cEAN>SEM GTIN</cEAN><xProd>{}</xProd><NCM>61091000</NCM>\
                     <CFOP>5102</CFOP><uCom>UN</uCom><qCom>{units}.0000</qCom><vUnCom>{}</vUnCom><vProd>{}</vProd>\
                     <cEANTrib>SEM GTIN</cEANTrib><uTrib>UN</uTrib><qTrib>{units}.0000</qTrib><vUnTrib>{}</vUnTrib>\
                     <indTot>1</indTot></prod></det>",
                    at + 1,
                    escaped(sku),
                    escaped(sku),
                    reais(total / units.max(&1)),
                    reais(*total),
                    reais(total / units.max(&1)),
                )
            })
            .collect();
        let issued = self.local().to_rfc3339();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><nfeProc xmlns=\"http://www.portalfiscal.inf.br/nfe\" \
             versao=\"4.00\"><NFe><infNFe Id=\"NFe{key}\" versao=\"4.00\"><ide><cUF>35</cUF><cNF>{random}</cNF>\
             <natOp>VENDA DE MERCADORIA</natOp><mod>55</mod><serie>1</serie><nNF>{number}</nNF><dhEmi>{issued}</dhEmi>\
             <tpNF>1</tpNF><idDest>1</idDest><cMunFG>3550308</cMunFG><tpImp>1</tpImp><tpEmis>1</tpEmis><cDV>{digit}</cDV>\
             <tpAmb>1</tpAmb><finNFe>1</finNFe><indFinal>1</indFinal><indPres>2</indPres><procEmi>0</procEmi>\
             <verProc>SANDBOX</verProc></ide><emit><CNPJ>{ISSUER}</CNPJ><xNome>LOJA FICTICIA LTDA</xNome><enderEmit>\
             <xLgr>AV PAULISTA</xLgr><nro>1000</nro><xBairro>BELA VISTA</xBairro><cMun>3550308</cMun>\
             <xMun>SAO PAULO</xMun><UF>SP</UF><CEP>01310100</CEP></enderEmit><IE>111111111111</IE><CRT>1</CRT></emit>\
             <dest>{recipient}<xNome>CLIENTE</xNome><indIEDest>9</indIEDest></dest>{lines}<total><ICMSTot>\
             <vProd>{goods}</vProd><vFrete>{freight}</vFrete><vSeg>0.00</vSeg><vDesc>{discount}</vDesc>\
             <vOutro>{other}</vOutro><vNF>{value}</vNF></ICMSTot></total><transp><modFrete>0</modFrete></transp>\
             <pag><detPag><tPag>17</tPag><vPag>{value}</vPag></detPag></pag><compra><xPed>{order}</xPed></compra>\
             </infNFe></NFe><protNFe versao=\"4.00\"><infProt><tpAmb>1</tpAmb><verAplic>SANDBOX</verAplic>\
             <chNFe>{key}</chNFe><dhRecbto>{issued}</dhRecbto><nProt>135260000000001</nProt><cStat>100</cStat>\
             <xMotivo>Autorizado o uso da NF-e</xMotivo></infProt></protNFe></nfeProc>",
            random = &key[35..43],
            digit = &key[43..],
            number = self.number,
            recipient = document(&self.recipient),
            goods = reais(self.goods()),
            freight = reais(self.freight),
            discount = reais(self.discount),
            other = reais(self.other),
            value = reais(self.value()),
            order = escaped(&self.order),
        )
    }

    /// Its cancellation, registered by SEFAZ (BRAZIL 1.5).
    pub fn cancellation(&self, at: DateTime<Utc>) -> String {
        let (key, at) = (self.key(), local(at).to_rfc3339());
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><procEventoNFe xmlns=\"http://www.portalfiscal.inf.br/nfe\" \
             versao=\"1.00\"><evento versao=\"1.00\"><infEvento Id=\"ID110111{key}01\"><cOrgao>35</cOrgao><tpAmb>1</tpAmb>\
             <CNPJ>{ISSUER}</CNPJ><chNFe>{key}</chNFe><dhEvento>{at}</dhEvento><tpEvento>110111</tpEvento>\
             <nSeqEvento>1</nSeqEvento><verEvento>1.00</verEvento><detEvento versao=\"1.00\">\
             <descEvento>Cancelamento</descEvento><nProt>135260000000001</nProt><xJust>PEDIDO CANCELADO</xJust></detEvento>\
             </infEvento></evento><retEvento versao=\"1.00\"><infEvento><tpAmb>1</tpAmb><verAplic>SANDBOX</verAplic>\
             <cOrgao>35</cOrgao><cStat>135</cStat><xMotivo>Evento registrado e vinculado a NF-e</xMotivo>\
             <chNFe>{key}</chNFe><tpEvento>110111</tpEvento><nSeqEvento>1</nSeqEvento><dhRegEvento>{at}</dhRegEvento>\
             <nProt>135260000000002</nProt></infEvento></retEvento></procEventoNFe>"
        )
    }
}

/// A carrier's file of occurrences (OCOREN 3.1): invoice number, code, time.
pub fn ocoren(occurrences: &[(u32, u8, DateTime<Utc>)], written_at: DateTime<Utc>) -> String {
    let stamp = local(written_at);
    let mut lines = vec![
        format!(
            "000{:<35}{:<35}{}{:<12}",
            "TRANSPORTADORA FICTICIA",
            "LOJA FICTICIA LTDA",
            stamp.format("%d%m%y%H%M"),
            stamp.format("OCO%d%m%H%M0")
        ),
        format!("340{:<14}", stamp.format("OCORR%d%m%H%M0")),
        format!("341{CARRIER}{:<40}", "TRANSPORTADORA FICTICIA"),
    ];
    for (invoice, code, at) in occurrences {
        let at = local(*at).format("%d%m%Y%H%M");
        lines.push(format!("342{ISSUER}001{invoice:08}{code:02}{at}00{:<70}", ""));
    }
    lines.iter().map(|line| format!("{line:<120}\r\n")).collect()
}

/// The time it is in São Paulo.
pub fn local(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    // São Paulo has had no summer time since 2019.
    FixedOffset::west_opt(3 * 3_600).map_or_else(|| at.fixed_offset(), |zone| at.with_timezone(&zone))
}

fn reais(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// So many orders get papers.
const WITH_PAPERS: usize = 3;

/// What a shop, a tax office and a carrier would write about the first orders, as the embedded ERP takes it in.
pub fn write(v: &Vtex, folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let stock: String = PRODUCTS.iter().map(|product| format!("{};{};100\n", product.ref_id, product.name)).collect();
    fs::write(folder.join("estoque.csv"), format!("codigo;nome;quantidade\n{stock}"))?;
    let mut shipped = String::from("nota;rastreio;url;transportadora;despachado\n");
    let mut delivered = Vec::new();
    for (number, order) in (1001..).zip(v.orders.values().take(WITH_PAPERS)) {
        let seed = &order.seed;
        let lines = seed.lines.iter().zip(seed.line_totals());
        let nfe = Nfe {
            number,
            order: order.id.clone(),
            recipient: seed.customer.cpf.clone(),
            lines: lines.map(|(line, total)| (line.ref_id.clone(), line.quantity, total)).collect(),
            freight: seed.freight - seed.freight_discount,
            discount: 0,
            other: seed.tax,
            issued_at: v.now(),
        };
        fs::write(folder.join(format!("nota-{number}.xml")), nfe.xml())?;
        let day = local(v.now()).format("%d/%m/%Y");
        shipped += &format!("{number};BR{number};https://rastro.example/BR{number};Correios;{day}\n");
        delivered.push((number, 1, v.now()));
    }
    fs::write(folder.join("expedicao.csv"), shipped)?;
    fs::write(folder.join("OCOREN.txt"), ocoren(&delivered, v.now()))
}
