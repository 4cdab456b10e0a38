//! The order list (VTEX 1): a search index that lags, in at most thirty pages.

use std::ops::Bound;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::{Order, Vtex, delta};

const LAST_PAGE: usize = 30;
const LARGEST_PAGE: usize = 100;
const USUAL_PAGE: usize = 15;

impl Vtex {
    pub(super) fn list(&self, request: &Request) -> Result<Answer, Answer> {
        let page = request.number("page")?.unwrap_or(1);
        let per_page = request.number("per_page")?.unwrap_or(USUAL_PAGE);
        // The limits are documented, what happens beyond them is not: a refusal shows a mistake soonest.
        if page == 0 || page > LAST_PAGE {
            return Err(Answer::bad_request("page should be between 1 and 30"));
        }
        if per_page == 0 || per_page > LARGEST_PAGE {
            return Err(Answer::bad_request("per_page should be between 1 and 100"));
        }
        let filter = Filter::read(request)?;
        // The index knows the orders as they were a while ago.
        let seen_at = self.now() - delta(self.list_lag);
        let window =
            self.by_creation.range((Bound::Included((filter.from, 0)), Bound::Included((filter.to, u64::MAX))));
        let found = window.filter_map(|(_, id)| self.orders.get(id));
        let mut found: Vec<&Order> = found
            .filter(|order| order.placed_at <= seen_at && self.is_recent(order))
            .filter(|order| filter.matches(order, seen_at))
            .collect();
        sort(&mut found, request.query("orderBy").as_deref())?;
        let shown = found.iter().skip((page - 1) * per_page).take(per_page);
        let list = shown.map(|order| entry(order, seen_at)).collect();
        let mut answer = json!({
            "facets": [],
            "paging": {
                "total": found.len(),
                "pages": found.len().div_ceil(per_page),
                "currentPage": page,
                "perPage": per_page,
            },
            "stats": {"stats": {}},
        });
        // Put in, not told once more: it is large.
        answer["list"] = Value::Array(list);
        Ok(Answer::json(&answer))
    }
}

/// The documented fields; the newest first, unless asked otherwise.
fn sort(orders: &mut [&Order], by: Option<&str>) -> Result<(), Answer> {
    let by = by.unwrap_or("creationDate,desc");
    let (field, direction) = by.split_once(',').unwrap_or((by, "asc"));
    match field {
        // They come in this order.
        "creationDate" => {}
        "orderId" => orders.sort_by(|a, b| a.id.cmp(&b.id)),
        "totalValue" => orders.sort_by_key(|order| order.value()),
        "items" => orders.sort_by_key(|order| order.seed.lines.len()),
        "origin" => orders.sort_by_key(|order| order.is_fulfillment()),
        _ => return Err(Answer::bad_request(&format!("orderBy {field} is not known"))),
    }
    if direction == "desc" {
        orders.reverse();
    }
    Ok(())
}

struct Filter {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    authorized: Option<(DateTime<Utc>, DateTime<Utc>)>,
    invoiced: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// A list with commas is undocumented, and used.
    statuses: Option<Vec<String>>,
    affiliate: Option<String>,
    sales_channel: Option<String>,
    with_incomplete: bool,
    text: Option<String>,
}

impl Filter {
    fn read(request: &Request) -> Result<Self, Answer> {
        let range = |name: &str, field: &str| match request.query(name) {
            None => Ok(None),
            Some(text) => {
                dates(&text, field).map(Some).ok_or_else(|| Answer::bad_request(&format!("{name} is invalid")))
            }
        };
        let created = range("f_creationDate", "creationDate")?;
        let (from, to) = created.unwrap_or((DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC));
        Ok(Self {
            from,
            to,
            authorized: range("f_authorizedDate", "authorizedDate")?,
            invoiced: range("f_invoicedDate", "invoicedDate")?,
            statuses: request.query("f_status").map(|list| list.split(',').map(str::to_owned).collect()),
            affiliate: request.query("f_affiliateId"),
            sales_channel: request.query("salesChannelId"),
            with_incomplete: request.query("incompleteOrders").as_deref() == Some("true"),
            text: request.query("q"),
        })
    }

    fn matches(&self, order: &Order, seen_at: DateTime<Utc>) -> bool {
        let within = |range: Option<(DateTime<Utc>, DateTime<Utc>)>, date: Option<DateTime<Utc>>| {
            range.is_none_or(|(from, to)| date.is_some_and(|date| (from..=to).contains(&date)))
        };
        let affiliate = order.seed.marketplace.as_ref().map_or("", |marketplace| &marketplace.affiliate);
        let status = order.status_at(seen_at);
        within(self.authorized, order.authorized)
            && within(self.invoiced, order.invoiced)
            && self.statuses.as_ref().is_none_or(|statuses| statuses.iter().any(|one| one == status))
            && self.affiliate.as_ref().is_none_or(|wanted| wanted == affiliate)
            && self.sales_channel.as_ref().is_none_or(|wanted| *wanted == order.seed.sales_channel)
            && (self.with_incomplete || order.seed.is_completed)
            && self.text.as_ref().is_none_or(|text| order.id.contains(text) || order.seed.customer.cpf == *text)
    }
}

/// `field:[FROM TO TO]`, both ends included.
fn dates(text: &str, field: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let inner = text.strip_prefix(field)?.strip_prefix(":[")?.strip_suffix(']')?;
    let (from, to) = inner.split_once(" TO ")?;
    // The plus of an offset that was not escaped comes as a blank.
    let date = |text: &str| text.replace(' ', "+").parse().ok();
    Some((date(from)?, date(to)?))
}

/// An order as the index shows it; dates without fractions here.
fn entry(order: &Order, seen_at: DateTime<Utc>) -> Value {
    let date = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let seed = &order.seed;
    let payments = seed.payments_with_values();
    let names: Vec<&str> = payments.iter().map(|(payment, _)| payment.name).collect();
    json!({
        "orderId": order.id,
        "creationDate": date(order.created),
        "clientName": format!("{} {}", seed.customer.first_name, seed.customer.last_name),
        "items": null,
        "totalValue": order.value(),
        "paymentNames": names.join(", "),
        "status": if order.null_status { Value::Null } else { json!(order.status_at(seen_at)) },
        "statusDescription": null,
        "marketPlaceOrderId": seed.marketplace.as_ref().map(|marketplace| &marketplace.order),
        "sequence": order.sequence.to_string(),
        "salesChannel": seed.sales_channel,
        "affiliateId": seed.marketplace.as_ref().map_or("", |marketplace| &marketplace.affiliate),
        "origin": if order.is_fulfillment() { "Fulfillment" } else { "Marketplace" },
        "workflowInErrorState": false,
        "workflowInRetry": false,
        "lastMessageUnread": null,
        "ShippingEstimatedDate": null,
        "ShippingEstimatedDateMax": null,
        "ShippingEstimatedDateMin": null,
        "orderIsComplete": seed.is_completed,
        "listId": null,
        "listType": null,
        "authorizedDate": order.authorized.map(date),
        "callCenterOperatorName": null,
        "totalItems": seed.lines.len(),
        "currencyCode": "BRL",
    })
}
