//! Changes to an order: its situation, its fields, what the warehouse says (ECCOSYS 2.1, 2.6, 3).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::loose::{self, text};
use super::order::{self, Occurrence};
use super::report::{Report, body, documents};
use super::{EccEffect, Eccosys};

impl Eccosys {
    pub(super) fn post_situation(&mut self, key: &str, request: &Request) -> Result<Answer, Answer> {
        let id = self.known(key)?;
        let body = body(request)?;
        let situation = loose::whole(&body["situacao"]);
        self.situate(id, situation, &text(&body, "historico")).map_err(|why| self.refused(&why))?;
        let mut report = Report::default();
        let words = "Situação do pedido alterada com sucesso";
        match self.settings.situation_in_words {
            true => report.done_in_words(words),
            false => report.done(&self.written_id(id), &self.order(id).number, words),
        }
        Ok(self.reported(report, false))
    }

    /// The order goes to a situation a caller asks for, if it may.
    fn situate(&mut self, id: i64, situation: Option<i64>, history: &str) -> Result<(), String> {
        let to = self.open_situation(id, situation)?;
        let order = self.order(id);
        let (from, order) = (order.situation, order.store_number.clone());
        self.effects.push(EccEffect::Situation { id, order, from, to, history: history.to_owned() });
        self.enter(id, to, history, "API");
        Ok(())
    }

    /// The situation asked for, if the order may go there.
    fn open_situation(&self, id: i64, situation: Option<i64>) -> Result<i64, String> {
        let to = situation.filter(|code| order::name(*code).is_some()).ok_or("Situação do pedido inválida.")?;
        let order = self.order(id);
        if order.is_cancelled() && (to == 2 || !self.settings.reopens_cancelled) {
            return Err("O pedido já está cancelado.".into());
        }
        if to == 2 && self.is_invoiced(order) && !self.settings.cancels_invoiced {
            return Err("O pedido possui nota fiscal e não pode ser cancelado.".into());
        }
        Ok(to)
    }

    /// The order is now in this situation, whoever brought it there.
    pub(super) fn enter(&mut self, id: i64, situation: i64, words: &str, by: &'static str) {
        let was_reserving = self.order(id).reserves();
        self.order_mut(id).situation = situation;
        self.record(id, situation, words, by);
        if was_reserving != self.order(id).reserves() {
            self.flag_stock(id);
        }
    }

    /// A line of the history, which also becomes the order's description (ECCOSYS 2.4).
    pub(super) fn record(&mut self, id: i64, situation: i64, words: &str, by: &'static str) {
        let at = self.now();
        let order = self.order_mut(id);
        order.history.push(Occurrence { at, situation, words: words.to_owned(), by });
        order.set("situacaoDescricao", words);
    }

    pub(super) fn put_orders(&mut self, request: &Request) -> Result<Answer, Answer> {
        let mut report = Report::default();
        for body in documents(request)? {
            let named = self.named(&body);
            let changed = named.ok_or_else(|| "Pedido não encontrado.".to_owned()).and_then(|id| {
                self.change(id, &body)?;
                Ok(id)
            });
            match changed {
                Ok(id) => {
                    report.done(&self.written_id(id), &self.order(id).number, "Pedido atualizado com sucesso");
                }
                Err(why) => report.failed(&text(&body, "numeroPedido"), &why),
            }
        }
        Ok(self.reported(report, self.settings.updates_under_result))
    }

    /// The order a change names: by its number, or else by the shop's (ECCOSYS 2.1).
    fn named(&self, body: &Value) -> Option<i64> {
        let (number, store) = (text(body, "numeroPedido"), text(body, "numeroDaOrdemDeCompra"));
        let mut orders = self.orders.values();
        let found = match number.is_empty() {
            false => orders.find(|order| order.number == number),
            true => orders.find(|order| !store.is_empty() && order.store_number == store),
        };
        found.map(|order| order.id)
    }

    /// Writes what is given and leaves the rest; what is no field of an order is not heard.
    fn change(&mut self, id: i64, body: &Value) -> Result<(), String> {
        let mut changed = self.order(id).clone();
        let mut fields = BTreeMap::new();
        for (field, value) in body.as_object().into_iter().flatten() {
            let is_open = field != "dataPagamento" || self.settings.takes_payment_date;
            if is_open && changed.write(field, value)? {
                fields.insert(field.clone(), changed.text(field).to_owned());
            }
        }
        if fields.contains_key("codigoRastreamento") {
            changed.set("dataCodigoRastreamento", loose::time(self.now()));
        }
        let situation = Some(&body["situacao"]).filter(|value| !value.is_null()).map(loose::whole);
        if let Some(situation) = situation {
            self.open_situation(id, situation)?;
        }
        if !fields.is_empty() {
            self.effects.push(EccEffect::Changed { id, order: changed.store_number.clone(), fields });
        }
        self.orders.insert(id, changed);
        situation.map_or(Ok(()), |situation| self.situate(id, situation, &text(body, "observacaoInterna")))
    }

    /// The order is on its way to the warehouse.
    pub(super) fn send_to_warehouse(&mut self, id: &str) -> Result<Answer, Answer> {
        let id = self.known_id(id)?;
        let order = self.order_mut(id);
        order.set("syncLogistica", "S");
        let order = order.store_number.clone();
        self.effects.push(EccEffect::SentToWarehouse { id, order });
        Ok(self.warehouse_report(id))
    }

    /// The warehouse has weighed and packed it.
    pub(super) fn confirm_by_warehouse(&mut self, id: &str, request: &Request) -> Result<Answer, Answer> {
        let id = self.known_id(id)?;
        let body = body(request)?;
        let now = loose::time(self.now());
        let order = self.order_mut(id);
        order.set("confirmacaoLogistica", "S");
        order.set("dataRecebimentoLogistica", now);
        order.set("pesoBruto", text(&body, "pesoBruto"));
        order.set("qtdVolumes", text(&body, "quantidadeDeVolumes"));
        let order = order.store_number.clone();
        self.effects.push(EccEffect::ConfirmedByWarehouse { id, order });
        Ok(self.warehouse_report(id))
    }

    fn warehouse_report(&self, id: i64) -> Answer {
        let mut report = Report::default();
        report.done(&self.written_id(id), &self.order(id).number, "Pedido atualizado com sucesso");
        self.reported(report, false)
    }

    /// Where the parcel is (ECCOSYS 9.1): what is not known yet is empty.
    pub(super) fn tracking(&self, id: &str) -> Result<Answer, Answer> {
        let order = self.order(self.known_id(id)?);
        let collection = order.invoice.and_then(|id| self.collection_of(id));
        Ok(Answer::json(&json!({
            "urlRastreio": order.text("urlRastreio"),
            "rastreio": order.text("codigoRastreamento"),
            "transportador": order.text("transportador"),
            "numeroColeta": collection.map_or_else(String::new, |collection| collection.number.to_string()),
            "numeroDaOrdemDeCompra": order.store_number,
        })))
    }

    /// The order's carrier as a contact.
    pub(super) fn carrier_of(&self, id: &str) -> Result<Answer, Answer> {
        let order = self.order(self.known_id(id)?);
        let name = order.text("transportador");
        let sent = order.carrier.clone().unwrap_or(Value::Null);
        let known = self.carriers.iter().find(|carrier| carrier.name == name);
        let told = match (known, text(&sent, "nome") == name) {
            (Some(carrier), _) => self.shown_carrier(carrier),
            (None, true) if !name.is_empty() => sent,
            _ => return Err(self.nothing()),
        };
        Ok(Answer::json(&told))
    }
}
