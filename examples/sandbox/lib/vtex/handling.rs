//! Reading an order (VTEX 2) and start-handling, which hands it over to the ERP (VTEX 5.1).

use chrono::Months;
use serde_json::Value;

use super::super::call::Answer;
use super::{Effect, Order, Vtex, render};

impl Vtex {
    /// By id, or by `seq` and the sequence.
    pub(super) fn read(&self, id: &str) -> Result<Answer, Answer> {
        let order = match id.strip_prefix("seq").and_then(|sequence| sequence.parse::<u64>().ok()) {
            Some(sequence) => self.orders.values().find(|order| order.sequence == sequence),
            None => self.orders.get(id),
        };
        let order = order.filter(|order| self.is_recent(order)).ok_or_else(|| Answer::empty(404))?;
        Ok(Answer::json(&render::order(order)))
    }

    /// All orders of one purchase; here a purchase is its orders' id up to the last dash.
    pub(super) fn order_group(&self, group: &str) -> Answer {
        let orders = self.orders.range(group.to_owned()..).map(|(_, order)| order);
        let same = orders.take_while(|order| order.id.starts_with(group)).filter(|o| render::group_of(&o.id) == group);
        Answer::json(&Value::Array(same.map(render::order).collect()))
    }

    pub(super) fn is_recent(&self, order: &Order) -> bool {
        let two_years_ago = self.now().checked_sub_months(Months::new(24));
        !self.two_year_window || two_years_ago.is_none_or(|limit| order.created >= limit)
    }

    pub(super) fn start_handling(&mut self, id: &str) -> Result<Answer, Answer> {
        let order = self.orders.get(id).ok_or_else(|| Answer::empty(404))?;
        if order.status != "ready-for-handling" || order.null_status {
            let message = "Order status should be ready-for-handling to perform this action";
            return Err(Answer::error(self.start_handling_conflict, "OMS003", message));
        }
        self.effects.push(Effect::StartHandling { order: id.to_owned() });
        self.enter(id, "start-handling");
        self.later(self.handling_delay, id, "handling");
        Ok(Answer::empty(204))
    }
}
