//! Products, their two queues of changes, and their stock (ECCOSYS 5, 6).

use serde_json::{Value, json};

use super::super::anymarket::Amount;
use super::super::call::{Answer, Request};
use super::loose::{self, text};
use super::page::Page;
use super::report::{Report, documents};
use super::{EccEffect, Eccosys};

/// A product. Its SKU is `codigo`. Money is in cents.
#[derive(Clone, Debug)]
pub struct EccProduct {
    pub id: i64,
    pub code: String,
    pub name: String,
    pub gtin: String,
    /// The id of the product it is a variation of; 0 is none.
    pub parent: i64,
    pub is_active: bool,
    pub is_sold_online: bool,
    pub price: i64,
    pub cost: i64,
    pub physical: Amount,
    /// One flag each, shared by everybody who reads the queue (ECCOSYS 6).
    pub has_changed: bool,
    pub stock_has_changed: bool,
}

/// One of the two queues of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    Products,
    Stock,
}

impl Queue {
    fn name(self) -> &'static str {
        match self {
            Self::Products => "produtosAlterados",
            Self::Stock => "produtosComEstoqueAlterado",
        }
    }

    /// What an acknowledgement sets to `N`.
    fn field(self) -> &'static str {
        match self {
            Self::Products => "produtoAlterado",
            Self::Stock => "opcEstoqueEcommerce",
        }
    }

    fn flag(self, product: &mut EccProduct) -> &mut bool {
        match self {
            Self::Products => &mut product.has_changed,
            Self::Stock => &mut product.stock_has_changed,
        }
    }
}

impl Eccosys {
    pub(super) fn list_products(&self, request: &Request) -> Result<Answer, Answer> {
        let filter = request.query("$filter").unwrap_or_default();
        let asked = |name: &str| {
            let in_filter = [format!("{name} eq "), format!("{name}=")];
            let filtered = in_filter.iter().find_map(|start| filter.strip_prefix(start)).map(str::to_owned);
            request.query(&format!("${name}")).or(filtered)
        };
        let (situation, online) = (asked("situacao"), asked("opcEcommerce"));
        self.listed_products(request, |product| {
            situation.as_ref().is_none_or(|wanted| wanted == active(product))
                && online.as_ref().is_none_or(|wanted| wanted == sold_online(product))
        })
    }

    /// Products that are no variation of another.
    pub(super) fn list_parents(&self, request: &Request) -> Result<Answer, Answer> {
        self.listed_products(request, |product| product.parent == 0)
    }

    fn listed_products(&self, request: &Request, is_wanted: impl Fn(&EccProduct) -> bool) -> Result<Answer, Answer> {
        let page = Page::read(request, self.settings.default_count)?;
        let found = self.products_by_id().into_iter().filter(|product| is_wanted(product));
        Ok(self.listed(page.of(found).map(|product| self.shown_product(product)).collect()))
    }

    /// One by id or code, several by code, or one by EAN.
    pub(super) fn read_products(&self, key: &str) -> Result<Answer, Answer> {
        if key.contains(';') {
            let found = key.split(';').filter_map(|code| self.products.get(code));
            return Ok(self.listed(found.map(|product| self.shown_product(product)).collect()));
        }
        let found = match key.strip_prefix("gtin=") {
            Some(gtin) => self.products.values().find(|product| !gtin.is_empty() && product.gtin == gtin),
            None => self.product_of(key),
        };
        let product = found.ok_or_else(|| self.nothing())?;
        let mut shown = self.shown_product(product);
        let (physical, available) = self.told_balances(product);
        shown["_Estoque"] = json!({"estoqueReal": physical, "estoqueDisponivel": available});
        Ok(Answer::json(&shown))
    }

    fn product_of(&self, key: &str) -> Option<&EccProduct> {
        let by_code = self.products.get(key);
        let id: Option<i64> = key.parse().ok();
        let by_id = || self.products.values().find(|product| Some(product.id) == id);
        if self.settings.code_before_id { by_code.or_else(by_id) } else { by_id().or(by_code) }
    }

    pub(super) fn products_by_id(&self) -> Vec<&EccProduct> {
        let mut all: Vec<&EccProduct> = self.products.values().collect();
        all.sort_by_key(|product| product.id);
        all
    }

    pub(super) fn read_queue(&self, queue: Queue, request: &Request) -> Result<Answer, Answer> {
        self.listed_products(request, |product| *queue.flag(&mut product.clone()))
    }

    /// Takes products off a queue, for everybody who reads it.
    pub(super) fn acknowledge(&mut self, queue: Queue, request: &Request) -> Result<Answer, Answer> {
        let mut report = Report::default();
        for body in documents(request)? {
            let code = text(&body, "codigo");
            let is_asked = text(&body, queue.field()) == "N";
            match self.products.get_mut(&code).filter(|_| is_asked) {
                Some(product) => {
                    *queue.flag(product) = false;
                    let id = product.id;
                    report.done(&self.written_id(id), &code, "Produto atualizado com sucesso");
                    self.effects.push(EccEffect::Acknowledged { queue: queue.name(), code });
                }
                None => report.failed(&code, "Produto não encontrado."),
            }
        }
        Ok(self.reported(report, self.settings.updates_under_result))
    }

    fn shown_product(&self, product: &EccProduct) -> Value {
        let flag = |is_set: bool| if is_set { "S" } else { "N" };
        json!({
            "id": self.read_id(product.id),
            "codigo": product.code,
            "nome": product.name,
            "gtin": product.gtin,
            "idProdutoMaster": self.read_id(product.parent),
            "situacao": active(product),
            "opcEcommerce": sold_online(product),
            "unidade": "un",
            "preco": loose::money(product.price),
            "precoCusto": loose::money(product.cost),
            "opcEstoqueEcommerce": flag(product.stock_has_changed),
            "produtoAlterado": flag(product.has_changed),
        })
    }
}

fn active(product: &EccProduct) -> &'static str {
    if product.is_active { "A" } else { "I" }
}

fn sold_online(product: &EccProduct) -> &'static str {
    if product.is_sold_online { "S" } else { "N" }
}
