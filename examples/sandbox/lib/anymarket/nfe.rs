//! The XML of an invoice (ANYMARKET 5.1): stored, and passed on to a marketplace that may refuse it.

use roxmltree::Document;
use serde_json::json;

use super::super::call::{Answer, Request};
use super::order::{Transmission, XmlRefusal};
use super::refusal::{not_found, refuse};
use super::{AnyEffect, Anymarket};

impl Anymarket {
    /// The marketplace refuses an order's XML so many times.
    pub fn refuse_xml(&mut self, id: i64, why: XmlRefusal, times: u32) {
        self.order_mut(id).xml_refusal = Some((why, times));
    }

    pub(super) fn put_nfe(&mut self, id: &str, request: &Request) -> Result<Answer, Answer> {
        let id = self.known(id)?;
        if !request.header("content-type").is_some_and(|kind| kind.starts_with("application/xml")) {
            return Err(refuse(400, "Content-Type deve ser application/xml;charset=utf-8."));
        }
        let key = access_key(&request.body).ok_or_else(|| refuse(422, "XML da nota fiscal inválido."))?;
        self.check_xml(id)?;
        let order = self.order_mut(id);
        if let Some((why, left)) = order.xml_refusal.filter(|(_, left)| *left > 0) {
            order.xml_refusal = Some((why, left - 1));
            return Err(refuse(500, why.message()));
        }
        order.xml = Some(request.body.clone());
        let is_behind = order.transmission != Transmission::Ok;
        self.effects.push(AnyEffect::Xml { order: id, key: key.clone() });
        if self.settings.xml_shows_invoice {
            self.order_mut(id).invoice = Some(json!({ "accessKey": key }));
        }
        if self.settings.xml_moves_to_invoiced && self.order(id).status == "PAID_WAITING_SHIP" {
            self.enter(id, "INVOICED");
        }
        if is_behind {
            self.transmit(id);
        }
        Ok(Answer::empty(200))
    }

    /// Before `INVOICED`, after it, or both: not sure.
    fn check_xml(&self, id: i64) -> Result<(), Answer> {
        let status = self.order(id).status.as_str();
        let is_taken = match status {
            "PAID_WAITING_SHIP" => self.settings.xml_before_invoiced,
            "INVOICED" | "PAID_WAITING_DELIVERY" | "CONCLUDED" => self.settings.xml_after_invoiced,
            _ => false,
        };
        match is_taken {
            true => Ok(()),
            false => Err(refuse(422, &format!("Status {status} não permite o envio do XML."))),
        }
    }

    /// What was sent, back.
    pub(super) fn read_nfe(&self, id: &str) -> Result<Answer, Answer> {
        let order = self.order(self.known(id)?);
        let xml = order.xml.as_ref().ok_or_else(|| not_found(id))?;
        Ok(Answer::typed(200, "application/xml;charset=utf-8", xml.clone()))
    }
}

/// The key of an authorised file, `nfeProc` with `protNFe`; a bare `NFe` is none.
fn access_key(xml: &str) -> Option<String> {
    let document = Document::parse(xml).ok()?;
    let root = document.root_element();
    let child =
        |name: &str| root.children().find(|node| node.has_tag_name(("http://www.portalfiscal.inf.br/nfe", name)));
    child("NFe").filter(|_| root.tag_name().name() == "nfeProc")?;
    let key = child("protNFe")?.descendants().find(|node| node.tag_name().name() == "chNFe")?;
    key.text().map(str::to_owned)
}

impl XmlRefusal {
    fn message(self) -> &'static str {
        match self {
            Self::ShipmentStatus => {
                "Erro ao atualizar o documento fiscal para o marketplace. Erro: invoice data not allowed for \
                 shipment status pending, substatus buffered"
            }
            Self::TooManyInvoices => {
                "Erro ao atualizar o documento fiscal para o marketplace. Erro: limit of invoices saved on the sale \
                 reached"
            }
            Self::EmissionDate => {
                "Erro ao atualizar o documento fiscal para o marketplace. Erro: invalid_invoice_emission_date"
            }
            Self::NotTaken => {
                "Erro ao atualizar o documento fiscal para o marketplace. Erro: marketplace não suporta envio de XML"
            }
        }
    }
}
