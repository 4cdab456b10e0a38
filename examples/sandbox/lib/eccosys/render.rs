//! Orders, customers and carriers as Eccosys tells them (ECCOSYS 2.4, 2.5, 4, 7).

use serde_json::{Map, Value, json};

use super::super::call::{Answer, Request};
use super::Eccosys;
use super::loose;
use super::order::{self, EccLine, EccOrder};
use super::page::Page;

/// Whoever carries the parcels.
#[derive(Clone, Debug)]
pub struct Carrier {
    pub id: i64,
    pub name: String,
    pub cnpj: String,
}

const CONTACT_FIELDS: [&str; 22] = [
    "codigo",
    "nome",
    "fantasia",
    "tipo",
    "cnpj",
    "ie",
    "rg",
    "identificadorIE",
    "email",
    "email_nfe",
    "fone",
    "celular",
    "endereco",
    "enderecoNro",
    "complemento",
    "bairro",
    "cep",
    "cidade",
    "uf",
    "nomePais",
    "situacao",
    "ecommerceClientID",
];

impl Eccosys {
    /// An order without its lines, which nobody was seen to rely on here (ECCOSYS 2.1).
    pub(super) fn shown(&self, order: &EccOrder) -> Value {
        let known = order::WRITABLE.iter().chain(&order::ITS_OWN).filter(|(name, _)| *name != "urlRastreio");
        let mut told: Map<String, Value> =
            known.map(|(name, kind)| ((*name).to_owned(), kind.told(order.text(name)))).collect();
        let history = order.history.iter().map(|one| {
            json!({
                "descricao": one.words,
                "data": loose::time(one.at),
                "situacao": order::name(one.situation),
                "codigoSituacao": one.situation.to_string(),
                "nomeProprietario": one.by,
            })
        });
        let whole = [
            ("id", self.read_id(order.id)),
            ("idContato", self.read_id(order.contact)),
            ("numeroPedido", json!(order.number)),
            ("numeroDaOrdemDeCompra", json!(order.store_number)),
            ("situacao", self.read_id(order.situation)),
            ("idNotaFiscalRef", self.read_id(order.invoice.unwrap_or(0))),
            ("_Ocorrencias", history.collect()),
            ("_Parcelas", json!(order.parcels)),
            ("_OutroEndereco", json!(order.delivery_address)),
            ("_Transportadora", json!(order.carrier)),
        ];
        told.extend(whole.map(|(name, value)| (name.to_owned(), value)));
        if !self.settings.delivery_has_time
            && let Some(day) = told["dataEntrega"].as_str().and_then(|time| time.get(..10)).map(str::to_owned)
        {
            told["dataEntrega"] = json!(day);
        }
        Value::Object(told)
    }

    pub(super) fn shown_items(&self, order: &EccOrder) -> Value {
        order.lines.iter().map(|line| self.shown_item(order.id, line)).collect()
    }

    fn shown_item(&self, order: i64, line: &EccLine) -> Value {
        let extra = |name: &str, usual: &str| line.extra.get(name).and_then(loose::scalar).unwrap_or(usual.to_owned());
        let total = line.quantity.cost(line.price);
        json!({
            "id": self.read_id(line.id),
            "idVenda": self.read_id(order),
            "idProduto": self.read_id(line.product),
            "codigo": line.code,
            "gtin": extra("gtin", ""),
            "descricao": line.description,
            "quantidade": loose::units(line.quantity),
            "valor": loose::money(line.price),
            "precoLista": extra("precoLista", &loose::money(line.price)),
            "valorComImpostos": loose::money(total),
            "valorFrete": extra("valorFrete", "0.00"),
            "descontoItem": extra("descontoItem", "0.00"),
            "observacao": extra("observacao", ""),
            "itemBonificacao": extra("itemBonificacao", "N"),
        })
    }

    pub(super) fn read_contact(&self, id: &str) -> Result<Answer, Answer> {
        let id: i64 = id.parse().map_err(|_| self.nothing())?;
        let contact = self.contacts.get(&id).ok_or_else(|| self.nothing())?;
        Ok(self.one(self.shown_contact(id, contact)))
    }

    pub(super) fn list_contacts(&self, request: &Request) -> Result<Answer, Answer> {
        let page = Page::read(request, self.settings.default_count)?;
        Ok(self.listed(page.of(&self.contacts).map(|(id, contact)| self.shown_contact(*id, contact)).collect()))
    }

    /// All its fields are texts (ECCOSYS 4).
    fn shown_contact(&self, id: i64, contact: &Map<String, Value>) -> Value {
        let told = |name: &str| json!(contact.get(name).and_then(loose::scalar).unwrap_or_default());
        let mut shown: Map<String, Value> =
            CONTACT_FIELDS.iter().map(|name| ((*name).to_owned(), told(name))).collect();
        shown.insert("id".into(), self.read_id(id));
        Value::Object(shown)
    }

    pub(super) fn list_carriers(&self) -> Answer {
        self.listed(self.carriers.iter().map(|carrier| self.shown_carrier(carrier)).collect())
    }

    pub(super) fn shown_carrier(&self, carrier: &Carrier) -> Value {
        json!({
            "id": self.read_id(carrier.id),
            "nome": carrier.name,
            "codigo": carrier.id.to_string(),
            "cnpj": carrier.cnpj,
            "situacao": "A",
            "_FormasDeEnvio": [{"id": self.read_id(carrier.id * 10), "ativa": "S"}],
        })
    }
}
