//! Writing and reading stock (ANYMARKET 6.1 to 6.4).

use serde_json::{Map, Value, json};

use super::super::call::{Answer, Request};
use super::amount::Amount;
use super::page::{self, Page};
use super::refusal::{body, refuse, text};
use super::settings::BatchAnswer;
use super::{AnyEffect, AnyStock, Anymarket};

const MOST_ROWS: usize = 200;

/// A row of an update that can be done.
struct Row {
    sku: String,
    location: i64,
    quantity: Amount,
    cost: Option<Amount>,
    additional_time: Option<i64>,
    description: Option<String>,
}

impl Anymarket {
    /// All rows, or none: only one message is known for them all.
    pub(super) fn put_stocks(&mut self, request: &Request) -> Result<Answer, Answer> {
        let rows = rows(request, 422)?;
        let read: Vec<Result<Row, String>> = rows.iter().map(|row| self.row(row)).collect();
        let refusal = read.iter().find_map(|row| row.as_ref().err()).map(|message| refuse(422, message));
        if refusal.is_none() || !self.settings.stocks_all_or_nothing {
            read.into_iter().flatten().for_each(|row| self.write(row));
        }
        refusal.map_or(Ok(Answer::empty(204)), Err)
    }

    /// Each row by itself, unless one bad row refuses them all.
    pub(super) fn put_stocks_batch(&mut self, request: &Request) -> Result<Answer, Answer> {
        let (mut success, mut errors) = (Vec::new(), Vec::new());
        let rows = rows(request, 400)?;
        let refusal = || rows.iter().find_map(|row| self.row(row).err());
        if let Some((status, message)) =
            self.settings.batch_all_or_nothing.and_then(|status| Some((status, refusal()?)))
        {
            return Err(refuse(status, &message));
        }
        for row in rows {
            let name = text(&row, "partnerId").unwrap_or_default().to_owned();
            match self.row(&row) {
                Ok(row) => {
                    self.write(row);
                    success.push((name, "Estoque atualizado com sucesso".to_owned()));
                }
                Err(message) => errors.push((name, format!("Erro ao processar: {message}"))),
            }
        }
        let list = |rows: &[(String, String)]| -> Value { rows.iter().map(|(sku, told)| json!({sku: told})).collect() };
        let object = |rows: &[(String, String)]| {
            Value::Object(rows.iter().map(|(sku, told)| (sku.clone(), json!(told))).collect::<Map<_, _>>())
        };
        let (status, body) = match self.settings.batch_answer {
            BatchAnswer::Lists(status) => (status, json!({"success": list(&success), "errors": list(&errors)})),
            BatchAnswer::Objects(status) => (status, json!({"success": object(&success), "errors": object(&errors)})),
            BatchAnswer::Nothing => return Ok(Answer::empty(204)),
        };
        Ok(Answer { status, ..Answer::json(&body) })
    }

    /// Puts SKUs and locations together, for which `cost` is mandatory.
    pub(super) fn post_stocks(&mut self, request: &Request) -> Result<Answer, Answer> {
        let rows = rows(request, 422)?;
        for row in &rows {
            let code = text(row, "partnerId").filter(|code| self.skus.contains_key(*code));
            let (Some(sku), Some(location)) = (code, row["stockLocalId"].as_i64()) else {
                return Err(refuse(422, "[partnerId e stockLocalId são obrigatórios]"));
            };
            if Amount::read(&row["cost"]).is_none() || self.location_name(location).is_empty() {
                return Err(refuse(422, "[cost e um local existente são obrigatórios]"));
            }
            self.stocks.entry((sku.to_owned(), location)).or_default();
        }
        self.put_stocks(request)
    }

    fn row(&self, row: &Value) -> Result<Row, String> {
        let sku = self.row_sku(row)?;
        let location = match row["stockLocalId"].as_i64() {
            Some(id) if self.locations.iter().any(|one| one.id == id) => id,
            Some(id) => return Err(format!("Local de estoque {id} não encontrado.")),
            None if !self.settings.default_location => return Err("[O campo stockLocalId é obrigatório]".into()),
            None => self.locations.first().map_or(0, |first| first.id),
        };
        let is_kit = !self.skus.get(&sku).is_none_or(|sku| sku.components.is_empty());
        if is_kit && !self.settings.takes_kit_stock {
            return Err(format!("O SKU {sku} é um kit."));
        }
        let is_paired = self.stocks.contains_key(&(sku.clone(), location));
        if !is_paired && !self.settings.creates_missing_pairs {
            return Err(format!("Estoque do SKU {sku} no local {location} não encontrado."));
        }
        let number = |field: &str| match &row[field] {
            Value::Null => Ok(None),
            value => Amount::read(value)
                .filter(|amount| *amount >= Amount::ZERO)
                .map(Some)
                .ok_or_else(|| format!("[O campo {field} deve ser maior ou igual a zero]")),
        };
        Ok(Row {
            quantity: number("quantity")?.ok_or("[O campo quantity é obrigatório]")?,
            cost: number("cost")?,
            additional_time: row["additionalTime"].as_i64(),
            description: text(row, "skuLocationDescription").map(str::to_owned),
            sku,
            location,
        })
    }

    /// By the seller's code, or as older clients do.
    fn row_sku(&self, row: &Value) -> Result<String, String> {
        match (text(row, "partnerId"), row["id"].as_i64()) {
            (Some(code), _) if self.skus.contains_key(code) => Ok(code.to_owned()),
            (Some(code), _) => Err(format!("SKU {code} não encontrado.")),
            (None, Some(id)) if self.settings.stock_by_id => {
                let found = self.skus.iter().find(|(_, sku)| sku.id == id);
                found.map(|(code, _)| code.clone()).ok_or_else(|| format!("SKU {id} não encontrado."))
            }
            (None, _) => Err("[O campo partnerId é obrigatório]".into()),
        }
    }

    fn write(&mut self, row: Row) {
        let now = self.now();
        let Row { sku, location, quantity, cost, additional_time, description } = row;
        let stock = self.stocks.entry((sku.clone(), location)).or_default();
        // What is left out stays.
        *stock = AnyStock {
            amount: quantity,
            cost: cost.or(stock.cost),
            additional_time: additional_time.unwrap_or(stock.additional_time),
            description: description.or(stock.description.take()),
            updated: Some(now),
        };
        self.effects.push(AnyEffect::Stock { sku, location, quantity, cost, additional_time });
    }

    pub(super) fn list_stocks(&self, request: &Request) -> Result<Answer, Answer> {
        let page = Page::read(request)?;
        let (sku, id, location) = (request.query("sku"), request.query("idSku"), request.query("idStockLocal"));
        let reserved = request.query("hasReservation");
        let found: Vec<_> = self
            .stocks
            .iter()
            .filter(|((code, _), _)| sku.as_ref().is_none_or(|wanted| wanted == code))
            .filter(|((code, _), _)| id.as_ref().is_none_or(|wanted| *wanted == self.sku_id(code).to_string()))
            .filter(|((_, one), _)| location.as_ref().is_none_or(|wanted| *wanted == one.to_string()))
            .filter(|((code, one), _)| {
                let has = || (self.reserved(code, *one) > Amount::ZERO).to_string();
                reserved.as_ref().is_none_or(|wanted| *wanted == has())
            })
            .collect();
        let shown: Vec<Value> =
            page.of(found.iter()).map(|((code, one), stock)| self.shown_stock(code, *one, stock)).collect();
        let is_unfiltered = sku.is_none() && id.is_none() && location.is_none() && reserved.is_none();
        let total = page::total(found.len(), is_unfiltered, self.settings.exact_stocks);
        Ok(page.answer(request, &self.base_url, &shown, found.len(), total))
    }

    fn shown_stock(&self, code: &str, location: i64, stock: &AnyStock) -> Value {
        let components = self.skus.get(code).map_or(0, |sku| sku.components.len());
        let (amount, reserved, free) = match components {
            0 => (stock.amount, self.reserved(code, location), self.free(code, location)),
            _ => (self.available_amount(code), Amount::ZERO, self.available_amount(code)),
        };
        json!({
            "stockKeepingUnit": {"id": self.sku_id(code), "title": self.title(code), "partnerId": code},
            "stockLocal": {
                "id": location,
                "name": self.location_name(location),
                "virtual": false,
                "defaultLocal": self.locations.first().is_some_and(|first| first.id == location),
                "priorityPoints": 0,
                "oi": {"value": "1000001."},
            },
            "amount": amount,
            "reservationAmount": reserved,
            "availableAmount": free,
            "price": stock.cost,
            "active": true,
            "additionalTime": stock.additional_time,
            "lastStockUpdate": stock.updated.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
            "skuLocationDescription": stock.description,
            "isKit": components > 0,
        })
    }
}

/// The rows of an update: at most 200.
fn rows(request: &Request, refusal: u16) -> Result<Vec<Value>, Answer> {
    match body(request)? {
        Value::Array(rows) if rows.len() <= MOST_ROWS => Ok(rows),
        Value::Array(_) => Err(refuse(refusal, "A quantidade máxima de itens por requisição é 200.")),
        _ => Err(refuse(400, "Uma lista é esperada.")),
    }
}
