//! The order feed (ANYMARKET 3.1): what changed and was not acknowledged, in any order, again and again.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::super::call::{Answer, Request};
use super::Anymarket;
use super::refusal::{body, not_found, refuse};

const RETENTION: TimeDelta = TimeDelta::days(30);
const LARGEST: usize = 100;

/// What is offered and not acknowledged yet.
#[derive(Clone, Default)]
pub struct AnyFeed {
    entries: Vec<Entry>,
    /// Every change is offered twice.
    pub duplicates: bool,
}

#[derive(Clone)]
struct Entry {
    order: i64,
    status: String,
    token: String,
    /// The change, or the last time it was read.
    at: DateTime<Utc>,
}

/// What a caller acknowledges; without a status, everything of the order.
struct Receipt {
    order: i64,
    token: String,
    status: Option<String>,
}

impl AnyFeed {
    /// Entries that are not acknowledged.
    pub fn depth(&self) -> usize {
        self.entries.len()
    }

    /// The statuses of an order's entries that are not acknowledged.
    pub fn of(&self, order: i64) -> Vec<&str> {
        self.entries.iter().filter(|entry| entry.order == order).map(|entry| entry.status.as_str()).collect()
    }

    /// Loses every entry.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    fn is_known(&self, receipt: &Receipt) -> bool {
        self.entries.iter().any(|entry| entry.order == receipt.order && entry.token == receipt.token)
    }
}

impl Anymarket {
    /// Offers a change of an order, if its status is ticked.
    pub(super) fn offer(&mut self, id: i64) {
        let status = self.order(id).status.clone();
        let is_taken = self.settings.callback_empties_feed && self.call_back();
        if is_taken || !self.ticked.contains(&status) || !self.is_imported(self.order(id)) {
            return;
        }
        let at = self.now();
        for _ in 0..1 + u8::from(self.feed.duplicates) {
            let random = self.random.u128(..);
            let token = uuid(if self.settings.feed_token_per_order { order_token(id) } else { random });
            self.feed.entries.push(Entry { order: id, status: status.clone(), token, at });
        }
    }

    /// A bare list. It has no offset, and what is not acknowledged comes again.
    pub(super) fn read_feed(&mut self, request: &Request) -> Result<Answer, Answer> {
        let limit = match request.query("limit") {
            None => self.settings.feed_default,
            Some(text) => text.parse().map_err(|_| refuse(400, "Parâmetro limit inválido."))?,
        };
        let now = self.now();
        self.feed.entries.retain(|entry| now - entry.at < RETENTION);
        self.random.shuffle(&mut self.feed.entries);
        let tells_status = self.settings.feed_tells_status;
        let shown = self.feed.entries.iter_mut().take(limit.min(LARGEST)).map(|entry| {
            entry.at = now;
            match tells_status {
                true => json!({
                    "id": entry.order, "token": entry.token, "status": entry.status, "type": "ORDER",
                }),
                false => json!({"id": entry.order, "token": entry.token}),
            }
        });
        Ok(Answer::json(&Value::Array(shown.collect())))
    }

    /// Of one order: the entries of a status, or all.
    pub(super) fn acknowledge(&mut self, id: &str, request: &Request) -> Result<Answer, Answer> {
        let order = self.known(id)?;
        let body = body(request)?;
        let token = body["token"].as_str().ok_or_else(|| refuse(400, "O token é obrigatório."))?.to_owned();
        let receipt = Receipt { order, token, status: request.query("status") };
        if !self.feed.is_known(&receipt) {
            return match self.settings.stale_token_is_404 {
                true => Err(not_found(&receipt.token)),
                false => Ok(Answer::empty(204)),
            };
        }
        self.forget(&[receipt]);
        Ok(Answer::empty(204))
    }

    pub(super) fn acknowledge_batch(&mut self, request: &Request) -> Result<Answer, Answer> {
        let body = body(request)?;
        let rows = body.as_array().ok_or_else(|| refuse(400, "Uma lista é esperada."))?;
        if rows.len() > self.settings.largest_ack {
            return Err(refuse(400, "Quantidade máxima de itens excedida."));
        }
        let receipts: Vec<Receipt> = rows.iter().map(receipt).collect::<Result<_, _>>()?;
        let (known, unknown): (Vec<_>, Vec<_>) = receipts.into_iter().partition(|one| self.feed.is_known(one));
        let refusal = unknown.first().filter(|_| self.settings.stale_token_is_404).map(|one| not_found(&one.token));
        if refusal.is_none() || !self.settings.ack_all_or_nothing {
            self.forget(&known);
        }
        refusal.map_or(Ok(Answer::empty(204)), Err)
    }

    fn forget(&mut self, receipts: &[Receipt]) {
        let whole: BTreeSet<i64> = receipts.iter().filter(|one| one.status.is_none()).map(|one| one.order).collect();
        let part: BTreeSet<(i64, &str)> =
            receipts.iter().filter_map(|one| Some((one.order, one.status.as_deref()?))).collect();
        self.feed
            .entries
            .retain(|entry| !whole.contains(&entry.order) && !part.contains(&(entry.order, entry.status.as_str())));
    }
}

/// `id`, `token` and `type` are required.
fn receipt(row: &Value) -> Result<Receipt, Answer> {
    let refuse = |field: &str| refuse(400, &format!("[O campo {field} é obrigatório]"));
    if row["type"] != "ORDER" {
        return Err(refuse("type"));
    }
    Ok(Receipt {
        order: row["id"].as_i64().ok_or_else(|| refuse("id"))?,
        token: row["token"].as_str().ok_or_else(|| refuse("token"))?.to_owned(),
        status: row["status"].as_str().map(str::to_owned),
    })
}

fn order_token(id: i64) -> u128 {
    u128::from(id.unsigned_abs()).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
}

fn uuid(number: u128) -> String {
    let hex = format!("{number:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
