//! Orders: found by the store's number, created, read, moved. An internal id and a number share one path, so what comes back is
//! compared with what was asked for before anything is done with it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::answer::{self, refused};
use super::facts::{Facts, Situations, situation_of};
use super::{Eccosys, body, outgoing, wire};
use crate::erp::{ErpError, ErpOrder, NewOrder, units_by_product};
use crate::http::{Call, CallError, Effect, segment};
use crate::lang::{say, word};
use crate::model::{ChannelName, ErpOrderId, Instant, OrderId, Sku, Status};
use crate::store::mirror::{MirrorOrder, OrderFacts};

/// So many orders are read one by one rather than all of them in lists.
const FEW: usize = 10;

impl Eccosys {
    /// See [`Erp::find_order`](crate::erp::Erp::find_order). Its items are read, too.
    pub async fn find_order(&self, channel: &ChannelName, number: &OrderId) -> Result<Option<ErpOrder>, ErpError> {
        let path = format!("/pedidos/numeroOC={}", segment(number.as_str()));
        let call = Call::read("find order", path).about(number.as_str());
        let asked_at = self.now();
        let Some(answer) = self.door.call_optional(call).await? else { return Ok(None) };
        let rows: Vec<wire::Order> = answer::all(&answer)?;
        let Some(row) = self.only(channel, number, rows)? else { return Ok(None) };
        let Some(id) = wire::some(row.id.as_ref()).map(ErpOrderId::new) else {
            return Err(refused(say!("its order {number} has no id" | "o pedido {number} de lá não tem id")));
        };
        let facts = self.note(&id, channel, number, &row, asked_at)?;
        let order = facts.order(&id, channel, number, &self.options.situations);
        Ok(Some(ErpOrder { units: Some(self.units(&id).await?), ..order }))
    }

    /// The one order among those found that is the channel's under that number: the filter is not trusted, nor is every number the
    /// channel's own.
    fn only(
        &self,
        channel: &ChannelName,
        number: &OrderId,
        rows: Vec<wire::Order>,
    ) -> Result<Option<wire::Order>, ErpError> {
        let is_any_without = rows.iter().any(|row| number_of(row).is_empty());
        let is_its = |row: &wire::Order| number_of(row) == number.as_str() && !self.is_anothers(channel, row);
        let mut found: Vec<wire::Order> = rows.into_iter().filter(is_its).collect();
        // It may be this order, told in part: to take it for none would make a second one.
        if found.is_empty() && is_any_without {
            return Err(refused(say!(
                "asked for the store number {number} it tells of an order without one; look whether order {number} is there"
                    | "perguntado pelo número da loja {number}, informa um pedido sem número; veja se o pedido {number} está lá"
            )));
        }
        // Made by hand anew after a cancellation: the one that lives is meant.
        let is_cancelled = |row: &wire::Order| is_cancelled(row, &self.options.situations);
        if found.len() > 1 && found.iter().any(|row| !is_cancelled(row)) {
            found.retain(|row| !is_cancelled(row));
        }
        if found.len() > 1 && found.iter().all(is_cancelled) {
            found.truncate(1);
        }
        if found.len() > 1 {
            let numbers: Vec<String> = found.iter().filter_map(|row| row.numero_pedido.clone()).collect();
            return Err(ErpError::Refused {
                code: "duplicate_order",
                message: say!(
                    "it has {} orders with the store number {number} ({}); cancel all but one of them there"
                        | "tem {} pedidos com o número da loja {number} ({}); cancele lá todos menos um",
                    found.len(),
                    numbers.join(", ")
                ),
            });
        }
        Ok(found.pop())
    }

    /// Whether an order says that it is another of the configured channels'.
    pub(super) fn is_anothers(&self, channel: &ChannelName, row: &wire::Order) -> bool {
        let of = row.service_platform_origin.as_deref().unwrap_or_default();
        of != channel.as_str() && self.channels.iter().any(|channel| channel.as_str() == of)
    }

    /// See [`Erp::doubled`](crate::erp::Erp::doubled). Only then is it asked for by its number.
    pub async fn doubled(&self, id: &ErpOrderId, is_known: bool) -> Result<Option<ErpError>, ErpError> {
        let known = self.store.mirror_order(id)?;
        let Some(order) = known.filter(|order| is_known || facts_of(order).doubled) else { return Ok(None) };
        match self.find_order(&order.channel, &order.store_number).await {
            Err(error @ ErpError::Refused { code: "duplicate_order", .. }) => Ok(Some(error)),
            found => found.map(|_| None),
        }
    }

    /// How many units an order has on all its lines; goods by weight count as one.
    async fn units(&self, id: &ErpOrderId) -> Result<i64, ErpError> {
        Ok(self.items(id).await?.iter().map(|(_, units)| units).copied().fold(0, i64::saturating_add))
    }

    /// See [`Erp::products_of`](crate::erp::Erp::products_of).
    pub async fn products_of(&self, id: &ErpOrderId) -> Result<BTreeMap<Sku, i64>, ErpError> {
        Ok(units_by_product(self.items(id).await?.into_iter().map(|(code, units)| (Sku::new(code), units))))
    }

    /// The codes and units of an order's lines; goods by weight count as one.
    async fn items(&self, id: &ErpOrderId) -> Result<Vec<(String, i64)>, ErpError> {
        let call = Call::read("read items", format!("/pedidos/{}/items", segment(id.as_str()))).about(id.as_str());
        let Some(answer) = self.door.call_optional(call).await? else { return Ok(Vec::new()) };
        let items: Vec<wire::Item> = answer::all(&answer)?;
        let units = |item: &wire::Item| item.quantidade.unwrap_or(0).div_euclid(10_000).max(1);
        Ok(items.iter().map(|item| (item.codigo.clone().unwrap_or_default().trim().to_owned(), units(item))).collect())
    }

    /// See [`Erp::read_order`](crate::erp::Erp::read_order).
    pub async fn read_order(&self, id: &ErpOrderId) -> Result<Option<ErpOrder>, ErpError> {
        Ok(self.read_row(id).await?.map(|(_, order)| order))
    }

    /// The same, with the row it was read from.
    pub(super) async fn read_row(&self, id: &ErpOrderId) -> Result<Option<(wire::Order, ErpOrder)>, ErpError> {
        let before = self.store.mirror_order(id)?;
        let Some((row, asked_at)) = self.row(id).await? else { return Ok(None) };
        let number = OrderId::new(number_of(&row));
        let channel = match &before {
            Some(before) => before.channel.clone(),
            None => ChannelName::new(row.service_platform_origin.as_deref().unwrap_or_default()),
        };
        let facts = match &before {
            Some(before) if before.store_number != number => {
                // Somebody changed the number: what is mirrored is no order of ours any more.
                self.store.mirror_lost(id, asked_at)?;
                Facts::of(&row, None, &self.options.situations, self.present())
            }
            _ => self.note(id, &channel, &number, &row, asked_at)?,
        };
        let order = self.as_order(&facts, id, &channel, &number);
        Ok(Some((row, order)))
    }

    /// The order with that internal id as it is now, with the instant of asking.
    async fn row(&self, id: &ErpOrderId) -> Result<Option<(wire::Order, Instant)>, ErpError> {
        let asked_at = self.now();
        let call = Call::read("read order", format!("/pedidos/{}", segment(id.as_str()))).about(id.as_str());
        let Some(answer) = self.door.call_optional(call).await? else { return Ok(None) };
        let row: Option<wire::Order> = answer::first(&answer)?;
        // Another order's number may be what was asked for.
        Ok(row.filter(|row| row.id.as_deref().map(str::trim) == Some(id.as_str())).map(|row| (row, asked_at)))
    }

    /// See [`Erp::last_known`](crate::erp::Erp::last_known).
    pub async fn last_known(&self, id: &ErpOrderId) -> Result<Option<ErpOrder>, ErpError> {
        if self.anew {
            return self.read_order(id).await;
        }
        self.compare_orders().await?;
        let known = self.store.mirror_order(id)?;
        // The last comparison saw it, or somebody read it since.
        let compared_at = self.store.mirror_orders_compared_at()?;
        let now = self.now();
        let is_fresh = |order: &MirrorOrder| {
            !order.lost && order.read_at <= now && compared_at.is_some_and(|at| order.read_at >= at)
        };
        match known.filter(is_fresh) {
            Some(order) => Ok(Some(self.told(&order))),
            None => self.read_order(id).await,
        }
    }

    /// See [`Erp::known_since`](crate::erp::Erp::known_since). With a few orders each is read, with more the lists are compared.
    pub async fn known_since(&self, id: &ErpOrderId, at: Instant, among: usize) -> Result<Option<ErpOrder>, ErpError> {
        if among > FEW {
            self.compare_orders_since(at).await?;
        }
        match self.store.mirror_order(id)? {
            Some(order) if !order.lost && (at..=self.now()).contains(&order.read_at) => Ok(Some(self.told(&order))),
            _ => self.read_order(id).await,
        }
    }

    /// What the mirror tells of an order.
    pub(super) fn told(&self, order: &MirrorOrder) -> ErpOrder {
        self.as_order(&facts_of(order), &order.id, &order.channel, &order.store_number)
    }

    /// An order's facts as every ERP tells them. One that names no channel of ours may be of any.
    fn as_order(&self, facts: &Facts, id: &ErpOrderId, channel: &ChannelName, number: &OrderId) -> ErpOrder {
        let order = facts.order(id, channel, number, &self.options.situations);
        ErpOrder { channel: order.channel.filter(|channel| self.channels.contains(channel)), ..order }
    }

    /// See [`Erp::status_before`](crate::erp::Erp::status_before): as far as it was seen.
    pub fn status_before(&self, id: &ErpOrderId) -> Result<Option<Status>, ErpError> {
        let known = self.store.mirror_order(id)?;
        Ok(known.and_then(|order| facts_of(&order).before).map(|code| Status::from_code(&code)))
    }

    /// See [`Erp::known_skus`](crate::erp::Erp::known_skus). A product that was found once is not asked for again.
    pub async fn known_skus(&self, skus: &[Sku]) -> Result<BTreeSet<Sku>, ErpError> {
        let mut known = BTreeSet::new();
        for sku in skus {
            if known.contains(sku) {
                continue;
            }
            if self.store.mirror_product(sku)?.is_some() {
                known.insert(sku.clone());
                continue;
            }
            let call = Call::read("find product", format!("/produtos/{}", segment(sku.as_str()))).about(sku.as_str());
            let Some(answer) = self.door.call_optional(call).await? else { continue };
            let product: Option<wire::Product> = answer::first(&answer)?;
            // An id and a code share one path.
            let Some(product) = product.filter(|product| product.codigo.as_deref() == Some(sku.as_str())) else {
                continue;
            };
            let (Some(id), true) = (wire::some(product.id.as_ref()), product.situacao.as_deref() != Some("I")) else {
                continue;
            };
            self.store.mirror_products_read(&[(sku.clone(), id)])?;
            known.insert(sku.clone());
        }
        Ok(known)
    }

    /// Whether the order can be told to Eccosys at all.
    ///
    /// # Errors
    /// Refused, and why.
    pub fn check_order(new: &NewOrder) -> Result<(), ErpError> {
        body::order(new, |_| None).map(|_| ())
    }

    /// See [`Erp::create_order`](crate::erp::Erp::create_order). Eccosys makes a second one without a word, so whoever calls asked
    /// for the number right before.
    pub async fn create_order(&self, new: &NewOrder) -> Result<ErpOrder, ErpError> {
        let mut ids = BTreeMap::new();
        for line in &new.lines {
            ids.insert(line.sku.clone(), self.store.mirror_product(&line.sku)?);
        }
        let body = body::order(new, |line| ids.get(&line.sku).cloned().flatten())?;
        let call = Call::write("POST", "create order", "/pedidos", Effect::Once).about(new.store_number.as_str());
        let made = match self.written(call.json(body)).await {
            // Perhaps a product is gone: it is asked for again the next time.
            Err(error @ ErpError::Refused { .. }) => {
                let skus: Vec<Sku> = ids.into_keys().collect();
                self.store.mirror_products_drop(&skus)?;
                return Err(error);
            }
            other => other?,
        };
        let Some(id) = made.id.map(ErpOrderId::new) else {
            let unsure = |why: &str| ErpError::Refused {
                code: answer::UNSURE,
                message: say!(
                    "it took order {} without giving its id, and {why}" | "aceitou o pedido {} sem dar o id, e {why}",
                    new.store_number
                ),
            };
            return match self.find_order(&new.channel, &new.store_number).await {
                Ok(Some(order)) => Ok(order),
                Ok(None) => Err(unsure(word!("does not show it" | "não o mostra"))),
                Err(error) => Err(unsure(&error.to_string())),
            };
        };
        Ok(ErpOrder {
            id,
            number: made.number.unwrap_or_default(),
            channel: Some(new.channel.clone()),
            store_number: new.store_number.clone(),
            status: new.status.clone(),
            total: new.total,
            units: None,
            invoiced: false,
            cancelled_at: None,
            cancel_reason: None,
        })
    }

    /// See [`Erp::set_status`](crate::erp::Erp::set_status).
    pub async fn set_status(&self, id: &ErpOrderId, status: &Status, note: &str) -> Result<ErpOrder, ErpError> {
        let order = self.existing(id).await?;
        if order.status == *status {
            return Ok(order);
        }
        let Some(code) = situation_of(status).filter(|_| *status != Status::Cancelled) else {
            let message = say!(
                "it has no situation for {status}; decide about order {} there, and this hold ends by itself"
                    | "não tem situação para {status}; decida sobre o pedido {} lá, e esta pendência termina sozinha",
                order.number
            );
            return Err(ErpError::Refused { code: "no_situation", message });
        };
        if !order.status.may_become(status) {
            let message = say!(
                "its order {} is {} and cannot become {status}"
                    | "o pedido {} de lá está {} e não pode passar a {status}",
                order.number,
                order.status
            );
            return Err(ErpError::Refused { code: "transition", message });
        }
        self.set_situation(id, code, note).await?;
        if *status == Status::Paid && self.options.payment_date {
            let body = json!({ "numeroPedido": order.number, "dataPagamento": body::day(self.now()) });
            let call = Call::write("PUT", "write payment date", "/pedidos", Effect::Repeatable).about(id.as_str());
            // The situation is what counts; a tenant that refuses the date is told of it and nothing is undone.
            if let Err(error) = self.written(call.json(body)).await {
                log::warn!("Eccosys did not take the date of payment of order {}: {error}", order.number);
            }
        }
        self.moved(order, status, code)
    }

    /// See [`Erp::cancel_order`](crate::erp::Erp::cancel_order).
    pub async fn cancel_order(&self, id: &ErpOrderId, reason: &str) -> Result<ErpOrder, ErpError> {
        let order = self.existing(id).await?;
        if order.status == Status::Cancelled {
            return Ok(order);
        }
        if order.invoiced {
            let message = say!(
                "its order {} has an invoice; cancel the NF-e there first"
                    | "o pedido {} de lá tem nota; cancele antes a NF-e por lá",
                order.number
            );
            return Err(ErpError::Refused { code: "invoice_exists", message });
        }
        if !order.status.may_become(&Status::Cancelled) {
            let message = say!(
                "its order {} is {} and cannot be cancelled" | "o pedido {} de lá está {} e não pode ser cancelado",
                order.number,
                order.status
            );
            return Err(ErpError::Refused { code: "transition", message });
        }
        self.set_situation(id, 2, reason).await?;
        self.moved(order, &Status::Cancelled, 2)
    }

    /// How old its balances may be by the configuration, counted from the end of their comparison.
    pub fn stock_fresh_for(&self) -> chrono::TimeDelta {
        self.options.stock_fresh_for
    }

    /// See [`Erp::may_show_late`](crate::erp::Erp::may_show_late).
    pub fn settle_after(&self) -> chrono::TimeDelta {
        self.options.settle_after
    }

    pub(super) async fn existing(&self, id: &ErpOrderId) -> Result<ErpOrder, ErpError> {
        let before = self.store.mirror_order(id)?;
        let found = self.read_order(id).await?;
        let is_same = |order: &ErpOrder| before.as_ref().is_none_or(|before| before.store_number == order.store_number);
        found.filter(is_same).ok_or_else(|| {
            let number = before.as_ref().map_or_else(String::new, |before| format!(" ({})", before.store_number));
            ErpError::Refused {
                code: "not_found",
                message: say!("it has no order {id}{number} any more" | "não tem mais o pedido {id}{number}"),
            }
        })
    }

    /// Changes a situation. To make the same change again is no change.
    async fn set_situation(&self, id: &ErpOrderId, code: i64, note: &str) -> Result<(), ErpError> {
        let path = format!("/pedidos/{}/situacao", segment(id.as_str()));
        let call = Call::write("POST", "change situation", path, Effect::Once).about(id.as_str());
        self.written(call.json(json!({ "situacao": code, "historico": note }))).await.map(|_| ())
    }

    /// The order after its situation was changed, in the mirror too.
    fn moved(&self, order: ErpOrder, status: &Status, code: i64) -> Result<ErpOrder, ErpError> {
        if let Some(before) = self.store.mirror_order(&order.id)? {
            let mut facts = facts_of(&before);
            facts.before = Some(facts.status(&self.options.situations).code());
            facts.situation = code.to_string();
            if *status == Status::Cancelled {
                facts.cancelled_after = Some(before.read_at);
            }
            self.keep(&order.id, &before.channel, &before.store_number, &facts, self.now())?;
        }
        Ok(ErpOrder { status: status.clone(), ..order })
    }

    /// Makes a change. Refusals of the API are the ERP's refusals, whatever HTTP status they come under.
    pub(super) async fn written(&self, call: Call) -> Result<answer::Made, ErpError> {
        match self.door.call(call).await {
            Ok(answer) => answer::made(&answer),
            Err(error) if is_refusal(&error) => Err(refused(
                error.api_message().or(error.excerpt()).unwrap_or(word!("it gives no reason" | "não informa o motivo")),
            )),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps what a row says, and gives it as facts.
    pub(super) fn note(
        &self,
        id: &ErpOrderId,
        channel: &ChannelName,
        number: &OrderId,
        row: &wire::Order,
        asked_at: Instant,
    ) -> Result<Facts, ErpError> {
        let before = self.store.mirror_order(id)?.map(|order| (facts_of(&order), order.read_at));
        let known = before.as_ref().map(|(facts, at)| (facts, *at));
        let facts = Facts::of(row, known, &self.options.situations, self.present());
        self.keep(id, channel, number, &facts, asked_at)?;
        Ok(facts)
    }

    pub(super) fn keep(
        &self,
        id: &ErpOrderId,
        channel: &ChannelName,
        number: &OrderId,
        facts: &Facts,
        read_at: Instant,
    ) -> Result<(), ErpError> {
        let awaits_invoice = self.store.mirror_order(id)?.as_ref().is_some_and(outgoing::awaits_invoice);
        let live = facts.is_live(&self.options.situations, &self.follow_from(), awaits_invoice);
        let text = serde_json::to_string(facts).unwrap_or_default();
        let order = OrderFacts { id, channel, store_number: number, facts: &text, live };
        Ok(self.store.mirror_read(&[order], read_at, self.now())?)
    }

    /// Invoiced before that day, an order is not followed any more.
    pub(super) fn follow_from(&self) -> String {
        body::day(self.present().earliest.checked_sub_signed(self.options.follow_for).unwrap_or_default())
    }
}

/// The facts of a mirrored order. What cannot be read is another version's, and is nothing.
pub(super) fn facts_of(order: &MirrorOrder) -> Facts {
    serde_json::from_str(&order.facts).unwrap_or_default()
}

/// The store's number of an order.
pub(super) fn number_of(row: &wire::Order) -> &str {
    row.numero_da_ordem_de_compra.as_deref().unwrap_or_default().trim()
}

/// Whether an order is cancelled, by the configuration's word or by Eccosys' own code.
pub(super) fn is_cancelled(row: &wire::Order, situations: &Situations) -> bool {
    let code = row.situacao.as_deref().unwrap_or_default().trim();
    situations.get(code).map_or(code == "2", |status| *status == Status::Cancelled)
}

/// 400 is how it refuses what it understood; it carries the same list of errors.
fn is_refusal(error: &CallError) -> bool {
    matches!(error.status(), Some(400 | 404 | 409 | 422)) && !error.outcome_unknown()
}
