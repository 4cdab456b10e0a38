//! What an order's row says, kept for comparing, and what follows from it: its status in our words.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::wire;
use crate::erp::ErpOrder;
use crate::model::{Cents, ChannelName, ErpOrderId, Instant, OrderId, Status};

/// An order's facts, without anything about a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The number people see.
    pub number: String,
    /// The code of its situation.
    pub situation: String,
    /// `situacaoSecundaria`; 8 is dispatched.
    pub secondary: Option<String>,
    /// What the customer pays.
    pub total: Cents,
    /// The day it was placed, as `YYYY-MM-DD`.
    pub day: Option<String>,
    /// The day it was invoiced.
    pub invoiced_on: Option<String>,
    /// The internal id of its invoice, of whatever situation.
    pub invoice: Option<String>,
    /// Its carrier.
    pub carrier: Option<String>,
    /// Its tracking code.
    pub tracking_code: Option<String>,
    /// `pickingRealizado`.
    pub picking: Option<String>,
    /// When it left.
    pub shipped_at: Option<Instant>,
    /// Whether it was collected, by whatever sign.
    pub dispatched: bool,
    /// When the customer had it; a day that was still to come when it was told is none.
    pub delivered_at: Option<Instant>,
    /// The day of delivery that was told ahead of it: a forecast, which its coming does not turn into a delivery.
    pub forecast: Option<String>,
    /// What it was before it became what it is.
    pub before: Option<String>,
    /// When it was last seen before it was cancelled: it was cancelled after that.
    pub cancelled_after: Option<Instant>,
    /// Whether lists ever showed another order under the same store number.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub doubled: bool,
}

/// The present: by this machine's clock and by the ERP's, which may differ.
#[derive(Clone, Copy, Debug)]
pub struct Present {
    /// By the one that is behind.
    pub earliest: Instant,
    /// By the one that is ahead.
    pub latest: Instant,
}

impl From<Instant> for Present {
    fn from(now: Instant) -> Self {
        Self { earliest: now, latest: now }
    }
}

/// What a code means, beyond the codes that are known.
pub type Situations = BTreeMap<String, Status>;

impl Facts {
    /// Reads a row. `before` are the facts known until now, with the instant of their reading.
    pub fn of(row: &wire::Order, before: Option<(&Self, Instant)>, situations: &Situations, present: Present) -> Self {
        let date = |text: &Option<String>| text.as_deref().and_then(wire::moment);
        let told = row.data_entrega.clone().filter(|text| wire::moment(text).is_some());
        let delivered_at = date(&row.data_entrega);
        let earlier = before.and_then(|(facts, _)| facts.forecast.clone());
        // A bare day that was there when the order was first seen may be a forecast whose day has come.
        let is_bare_day = told.as_ref().is_some_and(|text| text.trim().len() <= 10 || text.ends_with(" 00:00:00"));
        let is_ahead = delivered_at.is_some_and(|at| at > present.latest);
        let forecast = if is_ahead || before.is_none() && is_bare_day { told.clone() } else { earlier };
        let is_concluded = row.rastreamento_concluido == Some(true);
        // Nor does a bare day tell of a delivery before it is over: it may have been told in the morning, of the evening.
        let whole = if is_bare_day { TimeDelta::days(1) } else { TimeDelta::zero() };
        let is_over = delivered_at.is_some_and(|at| at <= present.earliest - whole);
        let has_come = delivered_at.is_some_and(|at| at <= present.earliest);
        let is_delivered = has_come && is_concluded || is_over && forecast != told;
        let mut facts = Self {
            number: row.numero_pedido.clone().unwrap_or_default(),
            situation: row.situacao.as_deref().unwrap_or("null").trim().to_owned(),
            secondary: wire::some(row.situacao_secundaria.as_ref()),
            total: row.total_venda.unwrap_or_default(),
            day: row.data.as_ref().and_then(|text| text.get(..10)).map(str::to_owned),
            invoiced_on: row
                .data_faturamento
                .as_ref()
                .filter(|text| wire::moment(text).is_some())
                .and_then(|text| text.get(..10))
                .map(str::to_owned),
            invoice: wire::some(row.id_nota_fiscal_ref.as_ref()),
            carrier: row.transportador.clone(),
            tracking_code: row.codigo_rastreamento.clone(),
            picking: row.picking_realizado.clone(),
            shipped_at: date(&row.data_envio_logistica),
            dispatched: row.pedido_coletado == Some(true) || row.situacao_secundaria.as_deref() == Some("8"),
            delivered_at: delivered_at.filter(|_| is_delivered),
            forecast,
            before: before.and_then(|(facts, _)| facts.before.clone()),
            cancelled_after: before.and_then(|(facts, _)| facts.cancelled_after),
            doubled: before.is_some_and(|(facts, _)| facts.doubled),
        };
        if let Some((before, read_at)) = before {
            let (was, is) = (before.status(situations), facts.status(situations));
            if was != is {
                facts.before = Some(was.code());
                facts.cancelled_after = (is == Status::Cancelled).then_some(read_at);
            }
        }
        facts
    }

    /// Where the order stands, in our words. Codes: Eccosys' own clients; delivered is situation 1 with a date of delivery.
    pub fn status(&self, situations: &Situations) -> Status {
        match self.situation.as_str() {
            code if situations.contains_key(code) => situations.get(code).cloned().unwrap_or(Status::Paid),
            "-1" => Status::AwaitingPayment,
            "4" => Status::PaymentUnderReview,
            "0" => Status::Paid,
            "3" => Status::Picking,
            "1" if self.delivered_at.is_some() => Status::Delivered,
            "1" if self.shipped_at.is_some() || self.dispatched => Status::Shipped,
            "1" => Status::Invoiced,
            "2" => Status::Cancelled,
            // Not used any more; kept by old orders.
            "D" => Status::Delivered,
            code => Status::Unknown(code.to_owned()),
        }
    }

    /// Whether a cancellation must be refused: there is an invoice, or it was served.
    pub fn is_invoiced(&self) -> bool {
        self.invoice.is_some() || self.situation == "1"
    }

    /// Whether anything may still be expected of it. `follow_from`: invoiced before that day, it is not followed any more.
    /// `awaits_invoice`: its invoice is not authorised yet, which may come after the delivery.
    pub fn is_live(&self, situations: &Situations, follow_from: &str, awaits_invoice: bool) -> bool {
        match self.status(situations) {
            Status::Cancelled | Status::Returned => false,
            Status::Delivered if !awaits_invoice => false,
            status if status.is_final_for_payment() => {
                self.invoiced_on.as_ref().or(self.day.as_ref()).is_none_or(|day| day.as_str() >= follow_from)
            }
            _ => true,
        }
    }

    /// The order as every ERP tells it. Its units are not in the row.
    pub fn order(
        &self,
        id: &ErpOrderId,
        channel: &ChannelName,
        store_number: &OrderId,
        situations: &Situations,
    ) -> ErpOrder {
        ErpOrder {
            id: id.clone(),
            number: self.number.clone(),
            channel: Some(channel.clone()),
            store_number: store_number.clone(),
            status: self.status(situations),
            total: self.total,
            units: None,
            invoiced: self.is_invoiced(),
            cancelled_at: self.cancelled_after.filter(|_| self.status(situations) == Status::Cancelled),
            cancel_reason: None,
        }
    }
}

/// The code of a situation that can be written, if there is one for that status.
pub fn situation_of(status: &Status) -> Option<i64> {
    match status {
        Status::AwaitingPayment => Some(-1),
        Status::PaymentUnderReview => Some(4),
        Status::Paid => Some(0),
        Status::Picking => Some(3),
        Status::Cancelled => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: &str = "2026-11-25T15:00:00Z";

    fn read(told: Value, before: Option<(&Facts, &str)>, now: &str) -> Facts {
        let row: wire::Order = serde_json::from_value(told).unwrap();
        let before = before.map(|(facts, at)| (facts, at.parse().unwrap()));
        Facts::of(&row, before, &Situations::new(), now.parse::<Instant>().unwrap().into())
    }

    fn status(told: Value) -> String {
        read(told, None, NOW).status(&Situations::new()).code()
    }

    #[test]
    fn situations_are_the_table() {
        for (told, expected) in [
            (json!({ "situacao": "-1" }), "awaiting_payment"),
            (json!({ "situacao": -1 }), "awaiting_payment"),
            (json!({ "situacao": "4" }), "payment_under_review"),
            (json!({ "situacao": "0" }), "paid"),
            (json!({ "situacao": "3" }), "picking"),
            (json!({ "situacao": "3", "pickingRealizado": "A" }), "picking"),
            (json!({ "situacao": "1" }), "invoiced"),
            (json!({ "situacao": "1", "situacaoSecundaria": "8" }), "shipped"),
            (json!({ "situacao": "1", "pedidoColetado": "S" }), "shipped"),
            (json!({ "situacao": "1", "dataEnvioLogistica": "2026-11-24 10:00:00" }), "shipped"),
            (json!({ "situacao": "1", "dataEnvioLogistica": "0000-00-00 00:00:00" }), "invoiced"),
            (json!({ "situacao": "1", "dataEntrega": "2026-11-24 10:00:00" }), "delivered"),
            (json!({ "situacao": "1", "dataEntrega": "2026-11-29" }), "invoiced"),
            (json!({ "situacao": "1", "dataEntrega": "0000-00-00" }), "invoiced"),
            (json!({ "situacao": "2" }), "cancelled"),
            (json!({ "situacao": "D" }), "delivered"),
            (json!({ "situacao": "7" }), "unknown(7)"),
            (json!({}), "unknown(null)"),
        ] {
            assert_eq!(status(told.clone()), expected, "{told}");
        }
    }

    #[test]
    fn the_configuration_adds_codes() {
        let facts = read(json!({ "situacao": "7" }), None, NOW);
        let table = Situations::from([("7".to_owned(), Status::InProduction)]);
        assert_eq!(facts.status(&table), Status::InProduction);
    }

    #[test]
    fn a_forecast_that_comes_is_no_delivery() {
        let told = json!({ "situacao": "1", "dataEntrega": "2026-11-29" });
        let ahead = read(told.clone(), None, NOW);
        assert_eq!(ahead.delivered_at, None);
        let later = "2026-12-02T15:00:00Z";
        let come = read(told, Some((&ahead, NOW)), later);
        assert_eq!(come.delivered_at, None);
        let concluded = json!({ "situacao": "1", "dataEntrega": "2026-11-29", "rastreamentoConcluido": "S" });
        assert!(read(concluded, Some((&ahead, NOW)), later).delivered_at.is_some());
        let other_day = json!({ "situacao": "1", "dataEntrega": "2026-12-01" });
        assert!(read(other_day, Some((&ahead, NOW)), later).delivered_at.is_some());
    }

    #[test]
    fn a_bare_day_is_a_delivery_once_it_is_over() {
        let before = read(json!({ "situacao": "1" }), None, "2026-11-24T15:00:00Z");
        let before = Some((&before, "2026-11-24T15:00:00Z"));
        for day in ["2026-11-25", "2026-11-25 00:00:00"] {
            let told = json!({ "situacao": "1", "dataEntrega": day });
            let today = read(told.clone(), before, NOW);
            assert_eq!((today.delivered_at, &today.forecast), (None, &None));
            assert_eq!(read(told.clone(), Some((&today, NOW)), "2026-11-26T02:59:59Z").delivered_at, None);
            assert!(read(told, Some((&today, NOW)), "2026-11-26T03:00:00Z").delivered_at.is_some());
            let concluded = json!({ "situacao": "1", "dataEntrega": day, "rastreamentoConcluido": "S" });
            assert!(read(concluded, before, NOW).delivered_at.is_some());
        }
        assert!(
            read(json!({ "situacao": "1", "dataEntrega": "2026-11-25 11:00:00" }), before, NOW).delivered_at.is_some()
        );
    }

    #[test]
    fn while_the_clocks_differ_a_delivery_is_neither_told_nor_taken_for_a_forecast() {
        let before = read(json!({ "situacao": "1" }), None, NOW);
        let row: wire::Order =
            serde_json::from_value(json!({ "situacao": "1", "dataEntrega": "2026-11-24 10:00:00" })).unwrap();
        let (behind, now): (Instant, Instant) = ("2026-10-25T15:00:00Z".parse().unwrap(), NOW.parse().unwrap());
        let of = |before: &Facts, present| Facts::of(&row, Some((before, now)), &Situations::new(), present);
        let meanwhile = of(&before, Present { earliest: behind, latest: now });
        assert_eq!((meanwhile.delivered_at, &meanwhile.forecast), (None, &None));
        assert!(of(&meanwhile, now.into()).delivered_at.is_some());
    }

    #[test]
    fn a_bare_day_of_an_order_first_seen_with_it_may_be_a_forecast_that_came() {
        let told = json!({ "situacao": "1", "dataEntrega": "2026-11-20" });
        assert_eq!(read(told, None, NOW).delivered_at, None);
        let concluded = json!({ "situacao": "1", "dataEntrega": "2026-11-20", "rastreamentoConcluido": "S" });
        assert!(read(concluded, None, NOW).delivered_at.is_some());
    }

    #[test]
    fn a_cancellation_came_after_the_order_was_last_seen_alive() {
        let alive = read(json!({ "situacao": "0" }), None, NOW);
        let later = "2026-11-26T15:00:00Z";
        let cancelled = read(json!({ "situacao": "2" }), Some((&alive, NOW)), later);
        assert_eq!(
            (cancelled.cancelled_after, cancelled.before.as_deref()),
            (Some(NOW.parse().unwrap()), Some("paid"))
        );
        let again = read(json!({ "situacao": "2" }), Some((&cancelled, later)), "2026-11-27T15:00:00Z");
        assert_eq!(again, cancelled);
        // Nobody saw it alive: nobody knows when it was cancelled.
        assert_eq!(read(json!({ "situacao": "2" }), None, NOW).cancelled_after, None);
    }

    #[test]
    fn what_is_over_is_not_followed() {
        let none = Situations::new();
        let live = |told: Value| read(told, None, NOW).is_live(&none, "2026-10-01", false);
        assert!(live(json!({ "situacao": "0", "data": "2026-01-01" })));
        assert!(live(json!({ "situacao": "1", "dataFaturamento": "2026-10-01" })));
        assert!(!live(json!({ "situacao": "1", "dataFaturamento": "2026-09-30" })));
        assert!(!live(json!({ "situacao": "2" })));
        assert!(!live(json!({ "situacao": "1", "dataEntrega": "2026-11-24 10:00:00" })));
        assert!(live(json!({ "situacao": "1", "dataEntrega": "2026-11-29", "dataFaturamento": "2026-11-20" })));
        let awaits = |invoiced_on: &str| {
            let told = json!({ "situacao": "1", "dataEntrega": "2026-11-24 10:00:00", "dataFaturamento": invoiced_on });
            read(told, None, NOW).is_live(&none, "2026-10-01", true)
        };
        assert!(awaits("2026-11-20") && !awaits("2026-09-30"));
    }
}
