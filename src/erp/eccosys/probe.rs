//! Looking around in an account without deciding anything: who may call, whether a look-up by the store's number finds that number
//! and nothing else, and which orders somebody else put there.

use super::{Eccosys, Situations, answer, body, orders, wire};
use crate::erp::{ErpError, Placed};
use crate::http::{Call, segment};
use crate::model::{ErpOrderId, Instant, OrderId};

/// So many pages of orders are looked at.
const PAGES: u32 = 10;

impl Eccosys {
    /// See [`Erp::probe`](crate::erp::Erp::probe). One client asks the same to see whether it is let in.
    pub async fn probe(&self) -> Result<(), ErpError> {
        self.door.call_optional(Call::read("read a product", "/produtos").query("$count", "1")).await?;
        Ok(())
    }

    /// Whether the caller may read collection orders: some accounts let only a named user.
    pub async fn probe_collections(&self) -> Result<(), ErpError> {
        let call = Call::read("read collection orders", "/ordem-de-coleta").query("$count", "1");
        self.door.call_optional(call).await?;
        Ok(())
    }

    /// See [`Erp::answers_to`](crate::erp::Erp::answers_to).
    pub async fn answers_to(&self, number: &OrderId) -> Result<Vec<Placed>, ErpError> {
        let path = format!("/pedidos/numeroOC={}", segment(number.as_str()));
        let call = Call::read("find order", path).about(number.as_str());
        let Some(answer) = self.door.call_optional(call).await? else { return Ok(Vec::new()) };
        let rows: Vec<wire::Order> = answer::all(&answer)?;
        Ok(rows.iter().filter_map(|row| placed(row, &self.options.situations)).collect())
    }

    /// See [`Erp::placed_since`](crate::erp::Erp::placed_since).
    pub async fn placed_since(&self, from: Instant) -> Result<(Vec<Placed>, bool), ErpError> {
        let mut found = Vec::new();
        let mut offset = 0;
        for _ in 0..PAGES {
            let call = Call::read("list orders", "/pedidos")
                .query("$fromDate", body::day(from))
                .query("$toDate", body::day(self.now() + chrono::TimeDelta::days(1)))
                .query("$dataConsiderada", "data")
                .query("$orderBy", "data,ASC")
                .query("$offset", offset.to_string())
                .query("$count", self.options.page.to_string());
            let Some(answer) = self.door.call_optional(call).await? else { return Ok((found, true)) };
            let rows: Vec<wire::Order> = answer::all(&answer)?;
            found.extend(rows.iter().filter_map(|row| placed(row, &self.options.situations)));
            let told = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            if told < self.options.page {
                return Ok((found, true));
            }
            offset += told;
        }
        Ok((found, false))
    }
}

fn placed(row: &wire::Order, situations: &Situations) -> Option<Placed> {
    let text = |field: &Option<String>| field.as_deref().unwrap_or_default().trim().to_owned();
    Some(Placed {
        id: wire::some(row.id.as_ref()).map(ErpOrderId::new)?,
        number: text(&row.numero_pedido),
        store_number: text(&row.numero_da_ordem_de_compra),
        origin: text(&row.service_platform_origin),
        cancelled: orders::is_cancelled(row, situations),
    })
}
