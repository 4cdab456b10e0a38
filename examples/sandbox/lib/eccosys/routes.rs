//! Which path leads where.

use super::super::call::{Answer, Request};
use super::Eccosys;
use super::products::Queue;
use super::report::refusal;

impl Eccosys {
    pub(super) fn route(&mut self, request: &Request) -> Result<Answer, Answer> {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let method = request.method.as_str();
        match path.as_slice() {
            ["api", "pedidos", rest @ ..] => self.route_orders(rest, request),
            ["api", "produtos", rest @ ..] => self.route_products(rest, request),
            ["api", "estoques", rest @ ..] => match (method, rest) {
                ("GET", []) => self.list_stocks(request),
                ("GET", [code]) => self.read_stock(code),
                ("POST", [code]) => self.post_movement(code, request),
                _ => Err(no_route()),
            },
            ["api", "nfes" | "notasfiscais", rest @ ..] => match (method, rest) {
                ("GET", []) => self.list_invoices(request),
                ("GET", [key]) => self.read_invoice(key, request),
                _ => Err(no_route()),
            },
            ["api", "xml-nfes", number] if method == "GET" => self.read_xml(number, request),
            ["api", "ordem-de-coleta", rest @ ..] => match (method, rest) {
                ("GET", []) => self.list_collections(request),
                ("POST", []) => self.post_collection(request),
                ("GET", [key]) => self.read_collection(key),
                ("PUT", [id]) => self.put_collection(id, request),
                ("POST", [id, "coletada"]) => self.post_collected(id, request),
                _ => Err(no_route()),
            },
            ["api", "clientes"] if method == "GET" => self.list_contacts(request),
            ["api", "clientes", id] if method == "GET" => self.read_contact(id),
            ["api", "transportadoras"] if method == "GET" => Ok(self.list_carriers()),
            _ => Err(no_route()),
        }
    }

    fn route_orders(&mut self, path: &[&str], request: &Request) -> Result<Answer, Answer> {
        match (request.method.as_str(), path) {
            ("POST", []) => self.post_orders(request),
            ("PUT", []) => self.put_orders(request),
            ("GET", []) => self.list_orders(request, |_| true),
            ("GET", ["situacao", code]) => self.orders_in_situation(code, request),
            ("GET", ["documento", document]) => self.orders_of_document(document, request),
            ("GET", [key]) => match key.strip_prefix("numeroOC=") {
                Some(number) => self.orders_of_sale(number, request),
                None => self.read_order(key),
            },
            ("GET", [key, "items"]) => self.read_items(key),
            ("GET", [id, "transportadora"]) => self.carrier_of(id),
            ("GET", [id, "rastreamento"]) => self.tracking(id),
            ("POST", [key, "situacao"]) => self.post_situation(key, request),
            ("PUT", [id, "picking", "envioLogistica"]) => self.send_to_warehouse(id),
            ("PUT", [id, "picking", "confirmacaoLogistica"]) => self.confirm_by_warehouse(id, request),
            _ => Err(no_route()),
        }
    }

    fn route_products(&mut self, path: &[&str], request: &Request) -> Result<Answer, Answer> {
        match (request.method.as_str(), path) {
            ("GET", []) => self.list_products(request),
            ("GET", ["produtosPai"]) => self.list_parents(request),
            ("GET", ["produtosAlterados"]) => self.read_queue(Queue::Products, request),
            ("PUT", ["produtosAlterados"]) => self.acknowledge(Queue::Products, request),
            ("GET", ["produtosComEstoqueAlterado"]) => self.read_queue(Queue::Stock, request),
            ("PUT", ["produtosComEstoqueAlterado"]) => self.acknowledge(Queue::Stock, request),
            ("GET", [key]) => self.read_products(key),
            _ => Err(no_route()),
        }
    }
}

/// A path nobody was seen to call.
fn no_route() -> Answer {
    refusal(404, "Recurso não encontrado.")
}
