//! Stock in batches (VTEX 6.2): open, upload a sheet, confirm, look. Early access: off unless switched on.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::super::call::{Answer, Request};
use super::{Vtex, precise};

const HEADER: &str = "item_id,account_name,container_id,quantity,unlimited,lead_time";
/// How long the address for the upload is good.
const UPLOAD_WINDOW: TimeDelta = TimeDelta::minutes(30);

/// A sheet on its way.
#[derive(Clone, Debug)]
pub struct Batch {
    opened: DateTime<Utc>,
    sheet: Option<String>,
    confirmed: Option<DateTime<Utc>>,
    rows: usize,
    errors: Vec<String>,
}

impl Vtex {
    pub(super) fn open_batch(&mut self) -> Result<Answer, Answer> {
        self.batches_are_on()?;
        let id = format!("{:08x}-0000-4000-8000-{:012x}", self.batches.len() + 1, self.random.u64(..1 << 48));
        let opened = self.now();
        let batch = Batch { opened, sheet: None, confirmed: None, rows: 0, errors: Vec::new() };
        self.batches.insert(id.clone(), batch);
        let body = json!({
            "batchId": id,
            "status": "AWAITING_UPLOAD",
            "upload": {
                "method": "PUT",
                "url": format!("{}/_upload/{id}.csv", self.base_url),
                "headers": {"Content-Type": "text/csv"},
                "expiresAt": precise(opened + UPLOAD_WINDOW),
            },
        });
        Ok(Answer { status: 201, ..Answer::json(&body) })
    }

    /// The address is its own permission; no keys are asked for.
    pub(super) fn upload_batch(&mut self, file: &str, request: &Request) -> Answer {
        let now = self.now();
        let batch = file.strip_suffix(".csv").and_then(|id| self.batches.get_mut(id));
        match batch {
            Some(batch) if now - batch.opened < UPLOAD_WINDOW => {
                batch.sheet = Some(request.body.clone());
                Answer::empty(200)
            }
            _ => Answer::typed(403, "application/xml", "<Error><Code>AccessDenied</Code></Error>"),
        }
    }

    pub(super) fn confirm_batch(&mut self, id: &str) -> Result<Answer, Answer> {
        self.batches_are_on()?;
        let now = self.now();
        let batch = self.batches.get_mut(id).ok_or_else(|| Answer::empty(404))?;
        if batch.confirmed.is_some() {
            return Err(Answer::bad_request("The batch is already being processed"));
        }
        let sheet = batch.sheet.take().ok_or_else(|| Answer::bad_request("The batch has no sheet"))?;
        batch.confirmed = Some(now);
        let (rows, errors) = self.process(&sheet);
        if let Some(batch) = self.batches.get_mut(id) {
            (batch.rows, batch.errors) = (rows, errors);
        }
        Ok(Answer::empty(202))
    }

    /// How many rows there are, and what is wrong with some of them.
    fn process(&mut self, sheet: &str) -> (usize, Vec<String>) {
        let mut lines = sheet.lines();
        if lines.next().map(str::trim) != Some(HEADER) {
            return (0, vec!["1,,,INVALID_FORMAT,\"wrong header\"".to_owned()]);
        }
        let rows: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        let applied = rows.iter().enumerate().map(|(index, row)| (index + 2, self.apply_row(row)));
        let errors = applied.filter_map(|(line, done)| done.err().map(|error| format!("{line},{error}"))).collect();
        (rows.len(), errors)
    }

    fn apply_row(&mut self, row: &str) -> Result<(), String> {
        let fields: Vec<&str> = row.split(',').map(str::trim).collect();
        let [sku, _, warehouse, quantity, unlimited, _] = fields.as_slice() else {
            return Err(",,INVALID_FORMAT,\"wrong number of columns\"".into());
        };
        let place = format!("{sku},{warehouse}");
        if sku.is_empty() || warehouse.is_empty() {
            return Err(format!("{place},MISSING_REQUIRED_FIELD,\"item_id and container_id are required\""));
        }
        let quantity: Option<i64> = quantity.parse().ok().filter(|quantity| *quantity >= 0);
        let quantity = quantity.ok_or_else(|| format!("{place},INVALID_QUANTITY,\"not a quantity\""))?;
        let done = self.batch_update(sku, warehouse, quantity, unlimited.eq_ignore_ascii_case("true"));
        done.map_err(|_| format!("{place},CONFLICT,\"not applied\""))
    }

    pub(super) fn batch_status(&self, id: &str) -> Result<Answer, Answer> {
        self.batches_are_on()?;
        let batch = self.batches.get(id).ok_or_else(|| Answer::empty(404))?;
        let status = match batch.confirmed {
            None if self.now() - batch.opened >= UPLOAD_WINDOW => "EXPIRED",
            None => "AWAITING_UPLOAD",
            Some(_) if batch.errors.is_empty() => "COMPLETED",
            Some(_) if batch.errors.len() >= batch.rows => "FAILED",
            Some(_) => "COMPLETED_WITH_ERRORS",
        };
        let is_done = batch.confirmed.is_some();
        Ok(Answer::json(&json!({
            "batchId": id,
            "status": status,
            "rowCount": batch.rows,
            "processedCount": batch.rows,
            "errorCount": batch.errors.len(),
            "amountCompleted": if is_done { 100 } else { 0 },
            "createdAt": precise(batch.opened),
            "startedAt": batch.confirmed.map(precise),
            "stages": null,
            "summary": null,
        })))
    }

    pub(super) fn batch_errors(&self, id: &str) -> Result<Answer, Answer> {
        self.batches_are_on()?;
        let batch = self.batches.get(id).ok_or_else(|| Answer::empty(404))?;
        if batch.errors.is_empty() {
            return Ok(Answer::empty(204));
        }
        let url = format!("{}/_errors/{id}.csv", self.base_url);
        Ok(Answer::json(&json!({"batchId": id, "downloadUrl": url, "errorCount": batch.errors.len()})))
    }

    pub(super) fn download_errors(&self, file: &str) -> Answer {
        match file.strip_suffix(".csv").and_then(|id| self.batches.get(id)) {
            Some(batch) => {
                let head = "line_number,item_id,container_id,error_code,error_message";
                Answer::typed(200, "text/csv", format!("{head}\n{}\n", batch.errors.join("\n")))
            }
            None => Answer::typed(403, "application/xml", "<Error><Code>AccessDenied</Code></Error>"),
        }
    }

    fn batches_are_on(&self) -> Result<(), Answer> {
        if self.batches_enabled { Ok(()) } else { Err(Answer::empty(403)) }
    }
}
