//! The two back offices as tests see them that are told for either: what people in them do, and what an order looks like there.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::sandbox::papers::{self, Nfe};
use crate::sandbox::{EccEffect, EccOrder, Eccosys};
use crate::shop::{ErpSees, Shop};
use crate::truth::InErp;

/// A kind of back office.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Office {
    Ledger,
    Eccosys,
}

impl Office {
    /// The back office of the test that runs: its name says.
    pub fn of_this_test() -> Self {
        match std::thread::current().name() {
            Some(name) if name.starts_with("on_eccosys::") => Self::Eccosys,
            _ => Self::Ledger,
        }
    }
}

/// Code and units of each row of a stock sheet.
pub fn read_sheet(sheet: &str) -> Vec<(&str, i64)> {
    let mut rows = sheet.lines().map(|line| line.split(';').collect::<Vec<_>>());
    let head = rows.next().unwrap();
    let units = head.iter().position(|name| *name == "quantidade").unwrap();
    rows.map(|row| (row[0], row[units].parse().unwrap())).collect()
}

/// Eccosys' orders by store number, in the ledger's words.
pub fn orders(e: &Eccosys) -> BTreeMap<String, Vec<ErpSees>> {
    let mut orders: BTreeMap<String, Vec<ErpSees>> = BTreeMap::new();
    for order in e.orders.values() {
        let status = match order.situation {
            -1 => "awaiting_payment",
            4 => "payment_under_review",
            0 => "paid",
            3 => "picking",
            2 => "cancelled",
            _ => "invoiced",
        };
        let units = order.lines.iter().map(|line| line.quantity.whole()).sum();
        orders.entry(order.store_number.clone()).or_default().push(ErpSees {
            status: status.into(),
            total: order.cents("totalVenda"),
            units,
            reserved: if order.reserves() { units } else { 0 },
        });
    }
    orders
}

impl Shop {
    /// Sets what is on the shelves, and makes the products where they are not there.
    pub fn count_shelves(&self, units: &[(&str, i64)]) {
        match self.office() {
            Office::Ledger => {
                let rows: String = units.iter().map(|(code, units)| format!("{code};{code};{units}\n")).collect();
                self.stock(&format!("codigo;nome;quantidade\n{rows}"));
            }
            Office::Eccosys => self.eccosys(|e| {
                for (code, units) in units {
                    if !e.products.contains_key(*code) {
                        e.add_product(code, code, *units);
                    }
                    e.count(code, *units);
                }
            }),
        }
    }

    /// The back office knows nothing of its products any more.
    pub fn office_forgets_its_products(&self) {
        match self.office() {
            Office::Ledger => {
                for file in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
                    let _ = std::fs::remove_file(self.path(file));
                }
            }
            Office::Eccosys => self.eccosys(|e| e.products.clear()),
        }
    }

    /// A person takes an order off the shelf.
    pub fn pick(&self, order: &str) {
        match self.office() {
            Office::Ledger => drop(self.run(&["ledger", "set", order, "picking"]).exits(0)),
            Office::Eccosys => self.eccosys(|e| e.release_to_picking(order)),
        }
    }

    /// A person cancels an order.
    pub fn cancel_in_office(&self, order: &str, reason: &str) {
        match self.office() {
            Office::Ledger => drop(self.run(&["ledger", "cancel", order, "--reason", reason]).exits(0)),
            Office::Eccosys => self.eccosys(|e| e.cancel_order(order)),
        }
    }

    /// Invoices are issued: as files in the inbox, or in the ERP itself, which has one for each order.
    pub fn issue_all(&self, invoices: &[Nfe]) {
        match self.office() {
            Office::Ledger => {
                for nfe in invoices {
                    self.drop_into(&format!("in/{}.xml", nfe.number), &nfe.xml());
                }
            }
            Office::Eccosys => self.eccosys(|e| {
                for nfe in invoices {
                    if e.sale(&nfe.order).invoice.is_none() {
                        e.invoice(&nfe.order, nfe.number);
                        let invoice = e.sale(&nfe.order).invoice.unwrap();
                        e.invoices.get_mut(&invoice).unwrap().paper.issued_at = nfe.issued_at;
                    }
                }
            }),
        }
    }

    /// The carrier fetched the parcels of these invoices.
    pub fn fetch_parcels(&self, invoices: &[Nfe], at: DateTime<Utc>) {
        match self.office() {
            Office::Ledger => {
                let mut sheet = "nota;rastreio;url;transportadora;despachado\n".to_owned();
                let day = papers::local(at).format("%d/%m/%Y");
                for Nfe { number, .. } in invoices {
                    sheet += &format!("{number};BR{number};https://rastro.example/BR{number};Correios;{day}\n");
                }
                self.drop_into(&format!("carriers/romaneio-{}.csv", invoices[0].number), &sheet);
            }
            Office::Eccosys => self.eccosys(|e| {
                for Nfe { number, order, .. } in invoices {
                    let id = e.id_of(order);
                    let code = format!("BR{number}");
                    e.track(order, &code, &format!("https://rastro.example/{code}"), "Correios");
                    let local = at - TimeDelta::hours(3);
                    e.order_mut(id).set("dataEnvioLogistica", local.format("%Y-%m-%d %H:%M:%S").to_string());
                }
            }),
        }
    }

    /// How many calls the back office has taken; the ledger takes none.
    pub fn erp_calls(&self) -> u64 {
        self.eccosys(|e| e.total_calls)
    }
}

/// Eccosys' orders by store number, all of them, doubles included.
pub fn in_eccosys(e: &Eccosys) -> BTreeMap<String, Vec<InErp>> {
    let mut orders: BTreeMap<String, Vec<InErp>> = BTreeMap::new();
    for order in e.orders.values() {
        orders.entry(order.store_number.clone()).or_default().push(sees(e, order));
    }
    orders
}

/// Its products by code: units on the shelf, and those reserved.
pub fn shelf_of_eccosys(e: &Eccosys) -> BTreeMap<String, (i64, i64)> {
    let of = |code: &String| (code.clone(), (e.physical(code), e.physical(code) - e.available(code)));
    e.products.keys().map(of).collect()
}

fn sees(e: &Eccosys, order: &EccOrder) -> InErp {
    let has = |field: &str| !matches!(order.text(field), "" | "0000-00-00" | "0000-00-00 00:00:00");
    let amount = |value: &serde_json::Value| value["valor"].to_string();
    let invoices = e.invoices.values().filter(|invoice| invoice.order == order.id && invoice.is_authorised());
    InErp {
        status: format!("{}{}", order.situation, if has("dataEntrega") { " delivered" } else { "" }),
        total: order.cents("totalVenda"),
        lines: order.lines.iter().map(|line| (line.code.clone(), line.quantity.whole(), line.price)).collect(),
        tax_id: e.contacts[&order.contact]["cnpj"].as_str().map(str::to_owned),
        carrier: Some(order.text("transportador").to_owned()),
        payments: order.parcels.iter().map(|one| (one["codigoFormaPagamento"].to_string(), 0)).collect(),
        reserved: if order.reserves() { order.lines.iter().map(|line| line.quantity.whole()).sum() } else { 0 },
        invoices: invoices.map(|invoice| (invoice.key(), 0)).collect(),
        shipments: vec![(
            Some(format!(
                "{} {:?}",
                order.text("codigoRastreamento"),
                order.parcels.iter().map(amount).collect::<Vec<_>>()
            )),
            has("dataEnvioLogistica"),
            has("dataEntrega"),
        )],
        events: e.effects_of(&order.store_number).into_iter().map(done).collect(),
    }
}

/// What was done to an order there, without what differs from one telling to another.
fn done(effect: &EccEffect) -> String {
    match effect {
        EccEffect::Created { situation, total, .. } => format!("created in {situation}, worth {total}"),
        // The reason is in the words of whichever pass came to it.
        EccEffect::Situation { from, to, .. } => format!("from {from} to {to}"),
        EccEffect::Changed { fields, .. } => format!("changed {:?}", fields.keys().collect::<Vec<_>>()),
        other => format!("{other:?}"),
    }
}
