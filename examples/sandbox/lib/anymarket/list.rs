//! Reading orders: one, by either of its numbers, and the list with its windows (ANYMARKET 2.1, 2.2).

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::super::wire::delta;
use super::order::{AnyOrder, Transmission};
use super::page::{self, Page};
use super::refusal::{date, not_found, refuse};
use super::{Anymarket, render};

/// The longest window by creation, and what the server assumes where an end is missing.
const CREATED: TimeDelta = TimeDelta::days(120);
/// The longest window by change, if both ends are given.
const UPDATED: TimeDelta = TimeDelta::days(7);

const STATUSES: [&str; 7] =
    ["PENDING", "DELIVERY_ISSUE", "PAID_WAITING_SHIP", "INVOICED", "PAID_WAITING_DELIVERY", "CONCLUDED", "CANCELED"];

impl Anymarket {
    pub(super) fn read(&self, id: &str, request: &Request) -> Result<Answer, Answer> {
        let order = self.order(self.known(id)?);
        Ok(Answer::json(&self.shown(order, wants_new_pattern(request))))
    }

    pub(super) fn read_by_marketplace(&self, marketplace: &str, id: &str, request: &Request) -> Result<Answer, Answer> {
        let order = self.by_marketplace(marketplace, id)?;
        Ok(Answer::json(&self.shown(order, wants_new_pattern(request))))
    }

    /// A bare word.
    pub(super) fn status_by_marketplace(&self, marketplace: &str, id: &str) -> Result<Answer, Answer> {
        Ok(Answer::json(&json!(self.by_marketplace(marketplace, id)?.status)))
    }

    fn by_marketplace(&self, marketplace: &str, id: &str) -> Result<&AnyOrder, Answer> {
        let is_it = |order: &&AnyOrder| {
            order.seed.marketplace == marketplace && order.numbers().0 == id && self.is_imported(order)
        };
        self.orders.values().find(is_it).ok_or_else(|| not_found(id))
    }

    pub(super) fn list(&self, request: &Request) -> Result<Answer, Answer> {
        let page = Page::read(request)?;
        let filter = Filter::read(self, request)?;
        // The index knows the orders as they were a while ago.
        let seen_at = self.now() - delta(self.list_lag);
        let mut found: Vec<&AnyOrder> = self
            .within(&filter)
            .into_iter()
            .filter_map(|id| self.orders.get(&id))
            .filter(|order| order.placed_at <= seen_at && self.is_imported(order))
            .filter(|order| filter.matches(order, seen_at))
            .collect();
        found.sort_by_key(|order| (order.created, order.id));
        if filter.is_descending {
            found.reverse();
        }
        let shown: Vec<Value> = page.of(found.iter()).map(|order| self.indexed(order, seen_at, request)).collect();
        let total = page::total(found.len(), filter.is_empty, self.settings.exact_orders);
        let mut answer = page.answer(request, &self.base_url, &shown, found.len(), total);
        if found.is_empty() && !self.settings.empty_content {
            let mut body = answer.value();
            body.as_object_mut().map(|object| object.remove("content"));
            answer.body = body.to_string();
        }
        Ok(answer)
    }

    /// Those that may match, each once: by when they changed, where that is asked for, else by when they were placed.
    fn within(&self, filter: &Filter) -> BTreeSet<i64> {
        let (index, (from, to)) = match filter.updated.0 > DateTime::<Utc>::MIN_UTC {
            true => (&self.by_change, filter.updated),
            false => (&self.by_creation, filter.created),
        };
        if from > to {
            return BTreeSet::new();
        }
        index.range((from, i64::MIN)..=(to, i64::MAX)).map(|(_, id)| *id).collect()
    }

    fn indexed(&self, order: &AnyOrder, seen_at: DateTime<Utc>, request: &Request) -> Value {
        let mut document = self.shown(order, wants_new_pattern(request));
        let (status, updated) = order.as_of(seen_at);
        if status != order.status {
            document["status"] = json!(status);
        }
        if updated != order.last_update() {
            document[render::update_key(&order.seed)] = json!(render::date(updated, &order.seed));
        }
        document
    }
}

/// The header that adds `productGross` and `productNet` (ANYMARKET 1).
pub(super) fn wants_new_pattern(request: &Request) -> bool {
    request.header("ordernewpattern") == Some("true")
}

type Window = (DateTime<Utc>, DateTime<Utc>);

struct Filter {
    created: Window,
    updated: Window,
    status: Option<String>,
    /// What must be equal: each as the caller gave it.
    marketplace: Option<String>,
    marketplace_id: Option<String>,
    shipping_id: Option<String>,
    marketplace_number: Option<String>,
    partner_id: Option<String>,
    transmission: Option<String>,
    is_descending: bool,
    /// The caller gave none.
    is_empty: bool,
}

impl Filter {
    fn read(anymarket: &Anymarket, request: &Request) -> Result<Self, Answer> {
        let given = |name: &str| {
            let is_ignored = anymarket.settings.ignored_filters.iter().any(|ignored| ignored == name);
            request.query(name).filter(|_| !is_ignored)
        };
        let at = |name: &str| given(name).map(|text| date(&text, name)).transpose();
        let now = anymarket.now();
        let (after, before) = (at("createdAfter")?, at("createdBefore")?);
        let updated = (at("updatedAfter")?, at("updatedBefore")?);
        if let (Some(from), Some(to)) = updated {
            within(from, to, UPDATED, "updatedAfter/updatedBefore", 7)?;
        }
        let created = match (after, before) {
            (Some(from), Some(to)) => {
                within(from, to, CREATED, "createdAfter/createdBefore", 120)?;
                (from, to)
            }
            (Some(from), None) => (from, from + CREATED),
            (None, Some(to)) => (to - CREATED, to),
            (None, None) if updated != (None, None) && !anymarket.settings.updated_within_creation_limit => {
                (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC)
            }
            (None, None) => (now - CREATED, DateTime::<Utc>::MAX_UTC),
        };
        let status = given("status");
        if let Some(status) = status.as_ref().filter(|status| !STATUSES.contains(&status.as_str())) {
            return Err(refuse(422, &format!("Parâmetro status inválido: '{status}'.")));
        }
        // Other keys are not verified.
        if given("sort").is_some_and(|sort| sort != "createdAt") {
            return Err(refuse(422, "Parâmetro sort inválido."));
        }
        let direction = given("sortDirection").unwrap_or_else(|| "DESC".into());
        let mut filter = Self {
            created,
            updated: (updated.0.unwrap_or(DateTime::<Utc>::MIN_UTC), updated.1.unwrap_or(DateTime::<Utc>::MAX_UTC)),
            status,
            marketplace: given("marketplace"),
            marketplace_id: given("marketplaceId"),
            shipping_id: given("shippingId"),
            marketplace_number: given("orderNumberInMarketPlace"),
            partner_id: given("partnerId"),
            transmission: given("transmissionStatus"),
            is_descending: direction == "DESC",
            is_empty: after.is_none() && before.is_none() && updated == (None, None),
        };
        let words = [&filter.status, &filter.marketplace, &filter.marketplace_id, &filter.partner_id];
        filter.is_empty &= words.iter().all(|word| word.is_none());
        Ok(filter)
    }

    fn matches(&self, order: &AnyOrder, seen_at: DateTime<Utc>) -> bool {
        let is = |wanted: &Option<String>, known: &str| wanted.as_ref().is_none_or(|wanted| wanted == known);
        let inside = |window: Window, at: DateTime<Utc>| window.0 <= at && at <= window.1;
        if !inside(self.created, order.created) {
            return false;
        }
        let (status, updated) = order.as_of(seen_at);
        if !inside(self.updated, updated) {
            return false;
        }
        // Of orders by the hundred thousand, most end before anything is spelt out for them.
        let (internal, public) = order.numbers();
        let transmission = match order.transmission {
            Transmission::Ok => "OK",
            Transmission::Waiting => "WAITING",
            Transmission::Error(_) => "ERROR",
        };
        let has_status = match self.status.as_deref() {
            Some("DELIVERY_ISSUE") => order.delivery_issue,
            _ => is(&self.status, status),
        };
        has_status
            && is(&self.marketplace, &order.seed.marketplace)
            && is(&self.marketplace_id, &internal)
            && is(&self.marketplace_number, &public)
            && is(&self.shipping_id, order.seed.shipping_id.as_deref().unwrap_or_default())
            && is(&self.partner_id, order.partner_id.as_deref().unwrap_or_default())
            && is(&self.transmission, transmission)
    }
}

fn within(from: DateTime<Utc>, to: DateTime<Utc>, most: TimeDelta, name: &str, days: u32) -> Result<(), Answer> {
    match to - from > most {
        true => Err(refuse(422, &format!("O intervalo entre {name} deve ser de no máximo {days} dias."))),
        false => Ok(()),
    }
}
