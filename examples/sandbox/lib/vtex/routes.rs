//! Which path leads where.

use super::super::call::{Answer, Request};
use super::Vtex;

impl Vtex {
    pub(super) fn route(&mut self, request: &Request) -> Result<Answer, Answer> {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["api", "orders", "feed"]) => self.read_feed(request),
            ("POST", ["api", "orders", "feed"]) => self.acknowledge(request),
            ("GET", ["api", "orders", "feed", "config"]) => self.feed_config(),
            ("POST", ["api", "orders", "feed", "config"]) => self.set_feed_config(request),
            ("DELETE", ["api", "orders", "feed", "config"]) => self.delete_feed_config(),

            ("GET", ["api", "oms", "pvt", "orders"]) => self.list(request),
            ("GET", ["api", "oms", "pvt", "orders", "order-group", group]) => Ok(self.order_group(group)),
            ("GET", ["api", "oms", "pvt", "orders", id]) => self.read(id),
            ("GET", ["api", "oms", "pvt", "orders", id, "payment-transaction"]) => self.payment_transaction(id),
            ("POST", ["api", "oms", "pvt", "orders", id, "start-handling"]) => self.start_handling(id),
            ("POST", ["api", "oms", "pvt", "orders", id, "cancel"]) => self.cancel(id, request),
            ("POST", ["api", "orders", "pvt", "document", id, "deny-cancellation-request"]) => {
                self.deny_cancellation(id, request)
            }
            ("POST", ["api", "oms", "pvt", "orders", id, "invoice"]) => self.invoice(id, request),
            ("PATCH", ["api", "oms", "pvt", "orders", id, "invoice", number]) => self.track(id, number, request),
            ("PUT", ["api", "oms", "pvt", "orders", id, "invoice", number, "tracking"]) => {
                self.tracking_events(id, number, request)
            }

            ("GET", ["api", "logistics", "pvt", "configuration", "warehouses"]) => Ok(self.warehouse_list()),
            (method, ["api", "logistics", "pvt", "inventory", rest @ ..]) => {
                self.route_inventory(method, rest, request)
            }
            (method, ["availability", "v1", "inventory", "batch", rest @ ..]) => self.route_batch(method, rest),

            ("GET", ["api", "catalog_system", "pvt", "sku", "stockkeepingunitidbyrefid", code]) => {
                Ok(self.sku_id(code))
            }
            ("POST", ["api", "catalog_system", "pub", "sku", "stockkeepingunitidsbyrefids"]) => {
                self.sku_ids_of(request)
            }
            ("GET", ["api", "catalog_system", "pvt", "sku", "stockkeepingunitids"]) => self.all_sku_ids(request),
            ("GET", ["api", "catalog", "pvt", "stockkeepingunit"]) => self.sku(request),
            _ => Ok(nowhere()),
        }
    }

    fn route_inventory(&mut self, method: &str, path: &[&str], request: &Request) -> Result<Answer, Answer> {
        match (method, path) {
            ("GET", ["skus", sku]) => Ok(self.balances(sku)),
            ("GET", ["items", sku, "warehouses", warehouse]) => self.balance(sku, warehouse),
            ("GET", ["items", sku, "warehouses", warehouse, "dispatched"]) => self.dispatched(sku, warehouse),
            ("PUT", ["skus", sku, "warehouses", warehouse]) => self.put_stock(sku, warehouse, request),
            ("PATCH", ["skus", sku, "warehouses", warehouse, "quantity"]) => {
                self.patch_quantity(sku, warehouse, request)
            }
            ("PATCH", ["skus", sku, "warehouses", warehouse, "lead-time"]) => {
                self.patch_lead_time(sku, warehouse, request)
            }
            ("GET", ["reservations", id]) => self.reservation(id),
            ("POST", ["reservations", id, "cancel"]) => self.cancel_reservation(id),
            _ => Ok(nowhere()),
        }
    }

    fn route_batch(&mut self, method: &str, path: &[&str]) -> Result<Answer, Answer> {
        match (method, path) {
            ("POST", []) => self.open_batch(),
            // The release note calls it commit, the specification confirm (VTEX 6.2).
            ("POST", [id, "confirm"]) => self.confirm_batch(id),
            ("GET", [id, "status"]) => self.batch_status(id),
            ("GET", [id, "errors"]) => self.batch_errors(id),
            _ => Ok(nowhere()),
        }
    }
}

/// An IIS page for what does not exist (VTEX 0, error shape 4).
fn nowhere() -> Answer {
    Answer::typed(404, "text/html", "<html><body><h1>404 - File or directory not found.</h1></body></html>")
}
