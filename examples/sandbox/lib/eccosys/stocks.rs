//! Balances and movements (ECCOSYS 6): what can be sold is what there is, less what living orders reserve.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::anymarket::Amount;
use super::super::call::{Answer, Request};
use super::loose::{self, text};
use super::page::Page;
use super::products::EccProduct;
use super::report::{Report, body};
use super::{EccEffect, Eccosys};

impl Eccosys {
    /// What living orders reserve of a product.
    pub fn reserved(&self, code: &str) -> Amount {
        let lines = self.orders.values().filter(|order| order.reserves()).flat_map(|order| &order.lines);
        lines.filter(|line| line.code == code).map(|line| line.quantity).sum()
    }

    /// The whole units that can be sold of a product; negative when more was sold than there is.
    pub fn available(&self, code: &str) -> i64 {
        (self.stock_of(code) - self.reserved(code)).whole()
    }

    /// The whole units there are of a product.
    pub fn physical(&self, code: &str) -> i64 {
        self.stock_of(code).whole()
    }

    fn stock_of(&self, code: &str) -> Amount {
        self.products.get(code).map_or(Amount::ZERO, |product| product.physical)
    }

    pub(super) fn list_stocks(&self, request: &Request) -> Result<Answer, Answer> {
        let page = Page::read(request, self.settings.default_count)?;
        let mut reserved: BTreeMap<&str, Amount> = BTreeMap::new();
        for line in self.orders.values().filter(|order| order.reserves()).flat_map(|order| &order.lines) {
            *reserved.entry(&line.code).or_default() += line.quantity;
        }
        let rows = page.of(self.products_by_id()).map(|product| {
            let held = reserved.get(product.code.as_str()).copied().unwrap_or_default();
            self.shown_stock(product, held)
        });
        Ok(self.listed(rows.collect()))
    }

    /// An array of the one (ECCOSYS 6).
    pub(super) fn read_stock(&self, code: &str) -> Result<Answer, Answer> {
        let product = self.products.get(code).ok_or_else(|| self.nothing())?;
        Ok(Answer::json(&json!([self.shown_stock(product, self.reserved(code))])))
    }

    fn shown_stock(&self, product: &EccProduct, reserved: Amount) -> Value {
        let available = product.physical - reserved;
        let (physical, available) = loose::balances(product.physical, available, self.settings.balances);
        json!({
            "idProduto": self.read_id(product.id),
            "codigo": product.code,
            "nome": product.name,
            "estoqueReal": physical,
            "estoqueDisponivel": available,
        })
    }

    pub(super) fn told_balances(&self, product: &EccProduct) -> (Value, Value) {
        let available = product.physical - self.reserved(&product.code);
        loose::balances(product.physical, available, self.settings.balances)
    }

    /// In, out, or the balance itself.
    pub(super) fn post_movement(&mut self, code: &str, request: &Request) -> Result<Answer, Answer> {
        let body = body(request)?;
        if text(&body, "codigo") != code {
            return Err(self.refused("O código do produto difere do informado no endereço."));
        }
        let quantity = loose::quantity(&body["quantidade"]).filter(|quantity| *quantity >= Amount::ZERO);
        let quantity = quantity.ok_or_else(|| self.refused("Quantidade inválida."))?;
        let before = self.products.get(code).ok_or_else(|| self.refused("Produto não encontrado."))?.physical;
        let movement = text(&body, "es");
        let after = match movement.as_str() {
            "E" => before + quantity,
            "S" => before - quantity,
            "B" => quantity,
            _ => return Err(self.refused("Tipo de lançamento inválido.")),
        };
        self.set_physical(code, after);
        self.reprice(code, &body);
        self.effects.push(EccEffect::Stock { code: code.to_owned(), movement, quantity });
        let mut report = Report::default();
        let id = self.products.get(code).map_or(0, |product| product.id);
        report.done(&self.written_id(id), code, "Estoque lançado com sucesso");
        Ok(self.reported(report, false))
    }

    /// A movement carries the product's prices, and what it leaves out may be lost (ECCOSYS 6).
    fn reprice(&mut self, code: &str, body: &Value) {
        let clears = self.settings.movement_clears_prices;
        let Some(product) = self.products.get_mut(code) else { return };
        for (price, field) in [(&mut product.price, "preco"), (&mut product.cost, "precoCusto")] {
            match loose::cents(&body[field]) {
                Some(sent) => *price = sent,
                None if clears => *price = 0,
                None => {}
            }
        }
    }

    /// The physical stock is now this.
    pub(super) fn set_physical(&mut self, code: &str, physical: Amount) {
        if let Some(product) = self.products.get_mut(code) {
            product.stock_has_changed |= product.physical != physical;
            product.physical = physical;
        }
    }

    /// The stock of everything on an order has changed.
    pub(super) fn flag_stock(&mut self, id: i64) {
        for line in self.order(id).lines.clone() {
            if let Some(product) = self.products.get_mut(&line.code) {
                product.stock_has_changed = true;
            }
        }
    }

    /// Takes an order's units off the physical stock, once, which ends its reservation.
    pub(super) fn post_stock(&mut self, id: i64) {
        self.move_stock(id, true);
    }

    /// Puts them back.
    pub(super) fn reverse_stock(&mut self, id: i64) {
        self.move_stock(id, false);
    }

    fn move_stock(&mut self, id: i64, is_posted: bool) {
        if self.order(id).stock_posted == is_posted {
            return;
        }
        self.order_mut(id).stock_posted = is_posted;
        for line in self.order(id).lines.clone() {
            let stock = self.stock_of(&line.code);
            let moved = if is_posted { stock - line.quantity } else { stock + line.quantity };
            self.set_physical(&line.code, moved);
        }
    }
}
