//! Collection orders (ECCOSYS 9.3): invoices of one carrier that leave together.

use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::loose::{self, text};
use super::page::{Page, Window};
use super::report::{Report, body};
use super::{EccEffect, Eccosys};

/// A collection order.
#[derive(Clone, Debug)]
pub struct EccCollection {
    pub id: i64,
    /// `numeroColeta`.
    pub number: i64,
    pub carrier: String,
    /// The day, as it was sent.
    pub day: String,
    /// 0 until it is collected, then 2; what 1 means nobody says.
    pub situation: i64,
    /// The ids of its invoices.
    pub invoices: Vec<i64>,
}

impl Eccosys {
    /// The collection order an invoice is in.
    pub(super) fn collection_of(&self, invoice: i64) -> Option<&EccCollection> {
        self.collections.values().find(|collection| collection.invoices.contains(&invoice))
    }

    /// Options here have no dollar sign, but for the usual ones.
    pub(super) fn list_collections(&self, request: &Request) -> Result<Answer, Answer> {
        let (page, window) = (Page::read(request, self.settings.default_count)?, Window::read(request)?);
        let situations = request.query("situacao");
        let carrier = request.query("q_transportadora");
        let mut found: Vec<&EccCollection> = self
            .collections
            .values()
            .filter(|one| window.has(&one.day))
            .filter(|one| {
                situations.as_ref().is_none_or(|wanted| wanted.split(',').any(|code| code == one.situation.to_string()))
            })
            .filter(|one| carrier.as_ref().is_none_or(|wanted| one.carrier.contains(wanted)))
            .collect();
        if request.query("$order").as_deref() == Some("DESC") {
            found.reverse();
        }
        Ok(self.listed(page.of(found).map(|one| self.shown_collection(one)).collect()))
    }

    /// By id, or by `numero=`.
    pub(super) fn read_collection(&self, key: &str) -> Result<Answer, Answer> {
        let found = match key.strip_prefix("numero=") {
            Some(number) => self.collections.values().find(|one| one.number.to_string() == number),
            None => key.parse().ok().and_then(|id: i64| self.collections.get(&id)),
        };
        let shown = self.shown_collection(found.ok_or_else(|| self.nothing())?);
        Ok(Answer::json(&if self.settings.collection_in_array { json!([shown]) } else { shown }))
    }

    fn shown_collection(&self, collection: &EccCollection) -> Value {
        let invoices = collection.invoices.iter().filter_map(|id| self.invoices.get(id)).map(|invoice| {
            let order = self.order(invoice.order);
            json!({
                "id": self.read_id(invoice.id),
                "numero": format!("{:06}", invoice.paper.number),
                "numeroPedido": order.number,
                "numeroDaOrdemDeCompra": order.store_number,
                "transportador": order.text("transportador"),
            })
        });
        json!({
            "id": self.read_id(collection.id),
            "numeroColeta": collection.number.to_string(),
            "transportador": collection.carrier,
            "data": collection.day,
            "situacao": collection.situation.to_string(),
            "_NotasFiscais": invoices.collect::<Value>(),
        })
    }

    /// Invoices by their numbers; the answer is a text that names the new id.
    pub(super) fn post_collection(&mut self, request: &Request) -> Result<Answer, Answer> {
        self.admit_user(request)?;
        let body = body(request)?;
        let wanted: Vec<i64> =
            body["_NotasFiscais"].as_array().into_iter().flatten().filter_map(loose::whole).collect();
        let ids = wanted.iter().filter_map(|number| {
            self.invoices.values().find(|invoice| i64::from(invoice.paper.number) == *number).map(|invoice| invoice.id)
        });
        let ids: Vec<i64> = ids.collect();
        if ids.len() != wanted.len() {
            return Err(self.refused("Nota fiscal não encontrada."));
        }
        let carrier = text(&body, "transportador");
        self.check_collection(None, &carrier, &ids).map_err(|why| self.refused(&why))?;
        let day = loose::Kind::Day.kept(&body["data"]).filter(|day| !day.is_empty());
        let id = self.collect_together(&carrier, day, ids.clone());
        self.effects.push(EccEffect::CollectionCreated { collection: id, invoices: ids });
        Ok(Answer::json(&json!(format!("Ordem de coleta {id} criada com sucesso"))))
    }

    /// Invoices by their ids, in a bare array.
    pub(super) fn put_collection(&mut self, id: &str, request: &Request) -> Result<Answer, Answer> {
        self.admit_user(request)?;
        let id = self.known_collection(id)?;
        let body = body(request)?;
        let ids: Vec<i64> = body.as_array().into_iter().flatten().filter_map(loose::whole).collect();
        let carrier = self.collections.get(&id).map_or_else(String::new, |one| one.carrier.clone());
        self.check_collection(Some(id), &carrier, &ids).map_err(|why| self.refused(&why))?;
        if let Some(collection) = self.collections.get_mut(&id) {
            collection.invoices.clone_from(&ids);
        }
        self.effects.push(EccEffect::CollectionChanged { collection: id, invoices: ids });
        Ok(self.collection_report(id))
    }

    pub(super) fn post_collected(&mut self, id: &str, request: &Request) -> Result<Answer, Answer> {
        self.admit_user(request)?;
        let id = self.known_collection(id)?;
        self.collect(id);
        self.effects.push(EccEffect::Collected { collection: id });
        Ok(self.collection_report(id))
    }

    fn known_collection(&self, id: &str) -> Result<i64, Answer> {
        id.parse().ok().filter(|id| self.collections.contains_key(id)).ok_or_else(|| self.nothing())
    }

    fn collection_report(&self, id: i64) -> Answer {
        let mut report = Report::default();
        report.done(&self.written_id(id), &id.to_string(), "Ordem de coleta atualizada com sucesso");
        self.reported(report, false)
    }

    /// Invoices of one carrier, each in no other collection order (ECCOSYS 9.3).
    fn check_collection(&self, own: Option<i64>, carrier: &str, invoices: &[i64]) -> Result<(), String> {
        if carrier.is_empty() || invoices.is_empty() {
            return Err("Informe a transportadora e as notas fiscais.".into());
        }
        for id in invoices {
            let invoice = self.invoices.get(id).ok_or("Nota fiscal não encontrada.")?;
            if self.order(invoice.order).text("transportador") != carrier {
                return Err(format!("A nota fiscal {} é de outra transportadora.", invoice.paper.number));
            }
            if self.collection_of(*id).is_some_and(|other| Some(other.id) != own) {
                return Err(format!("A nota fiscal {} já possui ordem de coleta.", invoice.paper.number));
            }
        }
        Ok(())
    }

    /// Puts invoices into a new collection order.
    pub(super) fn collect_together(&mut self, carrier: &str, day: Option<String>, invoices: Vec<i64>) -> i64 {
        self.last_collection += 1;
        let id = self.last_collection;
        let day = day.unwrap_or_else(|| loose::day(self.now()).to_string());
        let collection =
            EccCollection { id, number: id + 8_000, carrier: carrier.to_owned(), day, situation: 0, invoices };
        self.collections.insert(id, collection);
        id
    }
}
