//! Which path leads where.

use super::super::call::{Answer, Request};
use super::Anymarket;
use super::refusal::{not_found, refuse};

impl Anymarket {
    pub(super) fn route(&mut self, request: &Request) -> Result<Answer, Answer> {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["v2", "orders", rest @ ..] => self.route_orders(rest, request),
            ["v2", "stocks", rest @ ..] => self.route_stocks(rest, request),
            ["v2", "skus", rest @ ..] => self.route_skus(rest, request),
            ["v2", "callbacks", rest @ ..] => self.route_callbacks(rest, request),
            ["v2", "monitorings"] if request.method == "POST" => self.monitor(request),
            _ => Err(not_found(&request.path)),
        }
    }

    fn route_orders(&mut self, path: &[&str], request: &Request) -> Result<Answer, Answer> {
        match (request.method.as_str(), path) {
            ("GET", []) => self.list(request),
            ("GET", ["feeds"]) => self.read_feed(request),
            ("PUT", ["feeds", "batch"]) => self.acknowledge_batch(request),
            ("PUT", ["feeds", id]) => self.acknowledge(id, request),
            ("PUT", ["partnerid", id]) => self.put_partner_id(id, request),
            ("GET", [id]) => self.read(id, request),
            ("PUT", [id]) => self.put_order(id, request),
            ("PUT", [id, "nfe"]) => self.put_nfe(id, request),
            // A path of the connectors and not of an ERP (ANYMARKET 4.5).
            ("PUT", [id, "transmissionStatus" | "updatePrices"]) => {
                self.known(id)?;
                Err(refuse(500, "Método restrito para uso do ANYMARKET."))
            }
            ("GET", [id, "nfe", "type", "sale"]) => self.read_nfe(id),
            ("GET", [marketplace, order]) => self.read_by_marketplace(marketplace, order, request),
            ("GET", [marketplace, order, "status"]) => self.status_by_marketplace(marketplace, order),
            _ => Err(not_found(&request.path)),
        }
    }

    fn route_stocks(&mut self, path: &[&str], request: &Request) -> Result<Answer, Answer> {
        match (request.method.as_str(), path) {
            ("GET", []) => self.list_stocks(request),
            ("PUT", []) => self.put_stocks(request),
            ("POST", []) => self.post_stocks(request),
            ("PUT", ["batch"]) => self.put_stocks_batch(request),
            ("GET", ["locals"]) => Ok(self.list_locations()),
            ("GET", ["locals", id]) => self.read_location(id),
            _ => Err(not_found(&request.path)),
        }
    }

    fn route_skus(&mut self, path: &[&str], request: &Request) -> Result<Answer, Answer> {
        match (request.method.as_str(), path) {
            ("GET", []) => self.list_skus(request),
            ("GET", ["partnerId", code]) => self.sku_by_code(code, request),
            ("GET", [id]) => self.sku_by_id(id, request),
            _ => Err(not_found(&request.path)),
        }
    }
}
