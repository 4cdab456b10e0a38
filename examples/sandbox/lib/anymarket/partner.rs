//! Our own code for an order (ANYMARKET 2.4).

use super::super::call::{Answer, Request};
use super::refusal::{body, not_found, refuse, required};
use super::{AnyEffect, Anymarket};

impl Anymarket {
    /// Once it is set it cannot be changed; to the same again it can.
    pub(super) fn put_partner_id(&mut self, id: &str, request: &Request) -> Result<Answer, Answer> {
        if !self.settings.takes_partner_id {
            return Err(not_found(&request.path));
        }
        let id = self.known(id)?;
        let body = body(request)?;
        let partner_id = required(&body, "partnerId")?;
        if partner_id.chars().count() > 100 {
            return Err(refuse(422, "[partnerId deve ter no máximo 100 caracteres]"));
        }
        let known = &mut self.order_mut(id).partner_id;
        if known.as_ref().is_some_and(|known| known != partner_id) {
            return Err(refuse(422, "O partnerId do pedido não pode ser alterado."));
        }
        *known = Some(partner_id.to_owned());
        let partner_id = partner_id.to_owned();
        self.effects.push(AnyEffect::PartnerId { order: id, partner_id });
        Ok(Answer::json(&self.shown(self.order(id), false)))
    }
}
