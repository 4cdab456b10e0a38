//! What people inside the ERP do: at the shelves, at the packing table, at the fiscal desk, at the gate.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Eccosys;
use super::invoices::EccInvoice;
use super::loose;
use super::order::EccOrder;
use super::products::EccProduct;
use super::render::Carrier;

const PERSON: &str = "Operação";

/// Products and stock.
impl Eccosys {
    /// A product, with its physical stock in whole units; gives its id.
    pub fn add_product(&mut self, code: &str, name: &str, physical: i64) -> i64 {
        let id = 4_000_001 + i64::try_from(self.products.len()).unwrap_or(0);
        let product = EccProduct {
            id,
            code: code.to_owned(),
            name: name.to_owned(),
            gtin: String::new(),
            parent: 0,
            is_active: true,
            is_sold_online: true,
            price: 0,
            cost: 0,
            physical: physical.into(),
            has_changed: true,
            stock_has_changed: true,
        };
        self.products.insert(code.to_owned(), product);
        id
    }

    /// Somebody counts what lies on the shelf.
    pub fn count(&mut self, code: &str, physical: i64) {
        self.set_physical(code, physical.into());
    }

    /// A carrier the ERP knows.
    pub fn add_carrier(&mut self, name: &str, cnpj: &str) {
        let id = 5_001 + i64::try_from(self.carriers.len()).unwrap_or(0);
        self.carriers.push(Carrier { id, name: name.to_owned(), cnpj: cnpj.to_owned() });
    }
}

/// Orders.
impl Eccosys {
    /// All orders of a sale, oldest first: one is right.
    pub fn find(&self, store_number: &str) -> Vec<&EccOrder> {
        self.orders.values().filter(|order| order.store_number == store_number).collect()
    }

    /// The id of a sale's first order; panics if there is none.
    pub fn id_of(&self, store_number: &str) -> i64 {
        let found = self.find(store_number);
        found.first().map_or_else(|| panic!("the ERP has no order {store_number}"), |order| order.id)
    }

    /// The first order of a sale; panics if there is none.
    pub fn sale(&self, store_number: &str) -> &EccOrder {
        self.order(self.id_of(store_number))
    }

    /// An order somebody types in, in the words of the wire; gives its id. Panics when the ERP refuses it.
    pub fn place(&mut self, body: &Value) -> i64 {
        self.create(body, PERSON).unwrap_or_else(|why| panic!("the ERP refuses {body}: {why}"))
    }

    /// The ERP's own connector brings a sale, paid, with these codes, prices and units; gives its id.
    pub fn native_connector_imports(&mut self, store_number: &str, lines: &[(&str, i64, i64)]) -> i64 {
        let items = lines.iter().map(|(code, price, units)| {
            json!({"_Produto": {"codigo": code}, "descricao": code, "quantidade": units, "valor": loose::money(*price)})
        });
        let id = self.place(&json!({
            "numeroDaOrdemDeCompra": store_number,
            "situacao": 0,
            "_Cliente": {"nome": "Cliente da plataforma", "tipo": "F", "cnpj": "52998224725"},
            "_Itens": items.collect::<Value>(),
        }));
        self.order_mut(id).is_native = true;
        id
    }

    /// The next order without a number of its own gets this one, which may be another order's id (ECCOSYS 2.1).
    pub fn number_next(&mut self, number: i64) {
        self.last_number = number - 1;
    }

    /// The bank or somebody at the desk confirms the payment.
    pub fn confirm_payment(&mut self, store_number: &str) {
        let id = self.id_of(store_number);
        let today = loose::day(self.now()).to_string();
        self.order_mut(id).set("dataPagamento", today);
        self.enter(id, 0, "Pagamento confirmado", PERSON);
    }

    /// Sends the order to the shelves.
    pub fn release_to_picking(&mut self, store_number: &str) {
        let id = self.id_of(store_number);
        self.enter(id, 3, "Enviado para picking", PERSON);
    }

    /// Moves the order into any situation, also one that the account has of its own.
    pub fn put_in(&mut self, store_number: &str, situation: i64) {
        let id = self.id_of(store_number);
        self.enter(id, situation, "Situação alterada", PERSON);
    }

    /// The order is picked and waits for its invoice (ECCOSYS 3).
    pub fn pick(&mut self, store_number: &str) {
        let id = self.id_of(store_number);
        self.order_mut(id).set("pickingRealizado", "A");
    }

    /// Somebody cancels the order, and nobody is asked.
    pub fn cancel_order(&mut self, store_number: &str) {
        let id = self.id_of(store_number);
        self.enter(id, 2, "Pedido cancelado", PERSON);
    }

    /// The same of one entry where a number has several.
    pub fn cancel_entry(&mut self, id: i64) {
        self.enter(id, 2, "Pedido cancelado", PERSON);
    }

    /// Somebody deletes the order.
    pub fn delete_order(&mut self, store_number: &str) {
        let id = self.id_of(store_number);
        self.orders.remove(&id);
    }
}

/// Invoices.
impl Eccosys {
    /// Invoices the order; gives the access key.
    pub fn invoice(&mut self, store_number: &str, number: u32) -> String {
        let authorised = self.settings.authorised;
        self.invoice_in(store_number, number, authorised)
    }

    /// Makes an invoice that has come so far (ECCOSYS 8); gives the access key, empty while it is pending.
    ///
    /// Only an authorised one moves the order and its stock, unless the settings say that making one does.
    pub fn invoice_in(&mut self, store_number: &str, number: u32, situation: i64) -> String {
        let order = self.id_of(store_number);
        self.last_invoice += 1;
        let id = self.last_invoice;
        let paper = self.paper(self.order(order), number);
        let words = if situation == 5 { "Rejeição: dados do destinatário" } else { "" };
        let invoice = EccInvoice { id, order, situation: 1, paper, cancelled: None, words: words.into() };
        self.invoices.insert(id, invoice);
        self.order_mut(order).invoice = Some(id);
        if !self.settings.authorising_moves_orders {
            self.serve(order, number);
        }
        self.settle_invoice(store_number, situation)
    }

    /// The order's last invoice comes so far: a rejected one is authorised at last.
    pub fn settle_invoice(&mut self, store_number: &str, situation: i64) -> String {
        let order = self.id_of(store_number);
        let invoice = self.last_invoice_mut(order);
        invoice.situation = situation;
        let (key, number, is_authorised) = (invoice.key(), invoice.paper.number, invoice.is_authorised());
        if is_authorised {
            invoice.words = "Autorizado o uso da NF-e".into();
            if self.settings.authorising_moves_orders {
                self.serve(order, number);
            }
        }
        key
    }

    /// The order is served, and its goods leave the shelf.
    fn serve(&mut self, order: i64, number: u32) {
        let today = loose::day(self.now()).to_string();
        let it = self.order_mut(order);
        it.set("dataFaturamento", today);
        it.set("numeroNotaFiscal", format!("{number:06}"));
        it.set("pickingRealizado", "S");
        self.post_stock(order);
        self.enter(order, 1, "Nota fiscal emitida", PERSON);
    }

    /// The order's last invoice is cancelled at SEFAZ. The goods come back to the shelf; the order stays as it is.
    pub fn cancel_invoice(&mut self, store_number: &str) {
        let (order, now) = (self.id_of(store_number), self.now());
        let invoice = self.last_invoice_mut(order);
        invoice.situation = 3;
        invoice.cancelled = Some(now);
        self.reverse_stock(order);
    }

    fn last_invoice_mut(&mut self, order: i64) -> &mut EccInvoice {
        let id = self.order(order).invoice.unwrap_or_default();
        self.invoices.get_mut(&id).unwrap_or_else(|| panic!("the order {order} has no invoice"))
    }
}

/// Shipping.
impl Eccosys {
    /// The carrier's code and page are known.
    pub fn track(&mut self, store_number: &str, code: &str, url: &str, carrier: &str) {
        let (id, now) = (self.id_of(store_number), loose::time(self.now()));
        let order = self.order_mut(id);
        order.set("codigoRastreamento", code);
        order.set("dataCodigoRastreamento", now);
        order.set("urlRastreio", url);
        order.set("transportador", carrier);
    }

    /// Puts the last invoices of these sales, which go with one carrier, into a collection order; gives its id.
    pub fn collection_order(&mut self, store_numbers: &[&str]) -> i64 {
        let ids: Vec<i64> = store_numbers.iter().map(|number| self.id_of(number)).collect();
        let carrier = ids.first().map_or_else(String::new, |id| self.order(*id).text("transportador").to_owned());
        let invoices = ids.iter().filter_map(|id| self.order(*id).invoice).collect();
        self.collect_together(&carrier, None, invoices)
    }

    /// The carrier takes a collection order along.
    pub fn collect(&mut self, collection: i64) {
        let Some(collected) = self.collections.get_mut(&collection) else { return };
        collected.situation = 2;
        if self.settings.collected_marks_orders {
            for invoice in collected.invoices.clone() {
                let Some(order) = self.invoices.get(&invoice).map(|invoice| invoice.order) else { continue };
                let order = self.order_mut(order);
                order.set("pedidoColetado", "true");
                order.set("situacaoSecundaria", "8");
            }
        }
    }

    /// The parcel leaves (ECCOSYS 3).
    pub fn dispatch(&mut self, store_number: &str) {
        let (id, now) = (self.id_of(store_number), loose::time(self.now()));
        let order = self.order_mut(id);
        order.set("dataEnvioLogistica", now);
        order.set("situacaoSecundaria", "8");
    }

    /// The parcel is delivered; a time to come is a forecast (ECCOSYS 9.4).
    pub fn deliver(&mut self, store_number: &str, when: DateTime<Utc>) {
        let is_done = when <= self.now();
        let id = self.id_of(store_number);
        let order = self.order_mut(id);
        order.set("dataEntrega", loose::time(when));
        if is_done {
            order.set("rastreamentoConcluido", "S");
        }
    }
}
