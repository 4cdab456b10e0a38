//! New orders (ECCOSYS 2.1 to 2.3). Nothing tells a second order for the same sale from the first one.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::anymarket::Amount;
use super::super::call::{Answer, Request};
use super::loose::{self, text};
use super::order::{self, EccLine, EccOrder};
use super::report::{Report, documents};
use super::{EccEffect, Eccosys};

/// A number a caller gives is cut here (ECCOSYS 2.2).
const NUMBER_LENGTH: usize = 10;

impl Eccosys {
    pub(super) fn post_orders(&mut self, request: &Request) -> Result<Answer, Answer> {
        let mut report = Report::default();
        for body in documents(request)? {
            match self.create(&body, "API") {
                Ok(id) => {
                    let order = self.order(id);
                    let (situation, total, number) = (order.situation, order.total(), order.number.clone());
                    let created = EccEffect::Created { id, order: order.store_number.clone(), situation, total };
                    report.done(&self.written_id(id), &number, "Pedido inserido com sucesso");
                    self.effects.push(created);
                }
                Err(why) => report.failed(&text(&body, "numeroDaOrdemDeCompra"), &why),
            }
        }
        Ok(self.reported(report, self.settings.creates_under_result))
    }

    /// Takes an order as it is sent, whoever sends it; gives its id.
    pub(super) fn create(&mut self, body: &Value, by: &'static str) -> Result<i64, String> {
        let mut draft = self.draft(body)?;
        draft.contact = self.contact_of(&body["_Cliente"])?;
        self.last_order += 1;
        draft.id = self.last_order;
        if draft.number.is_empty() {
            self.last_number += 1;
            draft.number = self.last_number.to_string();
        }
        for line in &mut draft.lines {
            self.last_line += 1;
            line.id = self.last_line;
        }
        let (id, situation) = (draft.id, draft.situation);
        self.orders.insert(id, draft);
        self.record(id, situation, "Pedido criado", by);
        self.flag_stock(id);
        Ok(id)
    }

    /// The order a body describes, without its ids.
    fn draft(&self, body: &Value) -> Result<EccOrder, String> {
        let situation = match &body["situacao"] {
            Value::Null => 0,
            value => {
                loose::whole(value).filter(|code| order::name(*code).is_some()).ok_or("Situação do pedido inválida.")?
            }
        };
        let list = |name: &str| body[name].as_array().cloned().unwrap_or_default();
        let lines: Vec<EccLine> = list("_Itens").iter().map(|item| self.line(item)).collect::<Result<_, _>>()?;
        if lines.is_empty() {
            return Err("O pedido deve possuir ao menos um item.".into());
        }
        let object = |name: &str| Some(&body[name]).filter(|value| value.is_object()).cloned();
        let mut order = EccOrder {
            id: 0,
            number: text(body, "numeroPedido").chars().take(NUMBER_LENGTH).collect(),
            store_number: text(body, "numeroDaOrdemDeCompra"),
            situation,
            created: self.now(),
            contact: 0,
            lines,
            parcels: list("_Parcelas"),
            delivery_address: object("_OutroEndereco").filter(|_| text(body, "opcEnderecoDiferente") == "S"),
            carrier: object("_Transportadora"),
            fields: BTreeMap::new(),
            invoice: None,
            stock_posted: false,
            is_native: false,
            history: Vec::new(),
        };
        for (field, value) in body.as_object().into_iter().flatten() {
            order.write(field, value)?;
        }
        self.fill_in(&mut order);
        Ok(order)
    }

    /// What a caller left out and the ERP works out.
    fn fill_in(&self, order: &mut EccOrder) {
        let goods: i64 = order.lines.iter().map(|line| line.quantity.cost(line.price)).sum();
        let total = goods + order.cents("frete") - order.cents("desconto");
        let carrier = order.carrier.as_ref().map_or_else(String::new, |carrier| text(carrier, "nome"));
        let worked_out = [
            ("data", loose::day(self.now()).to_string()),
            ("totalProdutos", loose::money(goods)),
            ("totalVenda", loose::money(total)),
            ("transportador", carrier),
        ];
        for (field, value) in worked_out {
            if order.text(field).is_empty() {
                order.set(field, value);
            }
        }
    }

    fn line(&self, item: &Value) -> Result<EccLine, String> {
        let code = match text(&item["_Produto"], "codigo") {
            code if code.is_empty() => text(item, "codigo"),
            code => code,
        };
        let by_id = loose::whole(&item["idProduto"]);
        let product = self.products.get(&code).or_else(|| self.products.values().find(|one| Some(one.id) == by_id));
        if product.is_none() && self.settings.refuses_unknown_skus {
            return Err(format!("Produto {code} não encontrado."));
        }
        let quantity = loose::quantity(&item["quantidade"]).filter(|quantity| *quantity > Amount::ZERO);
        let extra = ["gtin", "precoLista", "descontoItem", "valorFrete", "observacao", "itemBonificacao"];
        let extra = extra.iter().filter(|name| !item[**name].is_null());
        Ok(EccLine {
            id: 0,
            product: product.map_or(0, |product| product.id),
            code: product.map_or(code, |product| product.code.clone()),
            description: text(item, "descricao"),
            quantity: quantity.ok_or("Quantidade do item inválida.")?,
            price: loose::cents(&item["valor"]).ok_or("Valor do item inválido.")?,
            extra: extra.map(|name| ((*name).to_owned(), item[*name].clone())).collect(),
        })
    }

    /// The customer of this document, or a new one; what is sent is laid over what is known.
    fn contact_of(&mut self, customer: &Value) -> Result<i64, String> {
        let Some(sent) = customer.as_object().filter(|_| !text(customer, "nome").is_empty()) else {
            return Err("O cliente do pedido deve ser informado.".into());
        };
        let document = plain(&text(customer, "cnpj"));
        let known = self.contacts.iter().find(|(_, contact)| !document.is_empty() && document_of(contact) == document);
        let next = 3_000_001 + i64::try_from(self.contacts.len()).unwrap_or(0);
        let id = known.map_or(next, |(id, _)| *id);
        let contact = self.contacts.entry(id).or_default();
        contact.extend(sent.clone().into_iter().filter(|(field, _)| field != "id"));
        contact.insert("cnpj".into(), json!(document));
        Ok(id)
    }
}

/// The document of a customer, which is kept without dots and dashes.
pub fn document_of(contact: &Map<String, Value>) -> &str {
    contact.get("cnpj").and_then(Value::as_str).unwrap_or_default()
}

fn plain(document: &str) -> String {
    document.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase()
}
