//! What the shop's back office does in the ledger: invoices, parcels, deliveries; and what the sandbox knows of them.

use chrono::{DateTime, TimeDelta, Utc};
use vaivem::erp::ledger::{DeliveryEvent, DeliveryOutcome, InvoiceLine, Ledger, LedgerInvoice, Shipment};
use vaivem::model::{CarrierName, Cents, ErpOrderId, Sku};
use vaivem::store::Store;
use vaivem::store::mirror::MirrorDelivery;

use crate::office::Office;
use crate::sandbox::{Effect, Package};
use crate::shop::Shop;

/// So many hours before now.
pub fn ago(hours: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::hours(hours)
}

/// An authorised NF-e to the sandbox's usual customer.
#[derive(Clone)]
pub struct Nfe {
    number: u32,
    cents: i64,
    cpf: String,
    lines: Option<Vec<InvoiceLine>>,
    xml: bool,
    url: Option<String>,
    is_return: bool,
}

impl Nfe {
    pub fn new(number: u32, cents: i64) -> Self {
        Self { number, cents, cpf: "52998224725".into(), lines: None, xml: true, url: None, is_return: false }
    }

    /// Covers these products only.
    pub fn lines(mut self, lines: &[(&str, i64)]) -> Self {
        let lines = lines.iter().map(|(sku, quantity)| InvoiceLine { sku: Sku::new(*sku), quantity: *quantity });
        self.lines = Some(lines.collect());
        self
    }

    /// To somebody else.
    pub fn to(mut self, cpf: &str) -> Self {
        self.cpf = cpf.into();
        self
    }

    pub fn without_xml(mut self) -> Self {
        self.xml = false;
        self
    }

    /// Takes goods back: a return, authorised like any other.
    pub fn returning(mut self) -> Self {
        self.is_return = true;
        self
    }

    pub fn key(&self) -> String {
        let head = format!("35261012345678000195550{:02}{:09}148213977", 1, self.number);
        let sum: u32 = head.bytes().rev().zip((2..10).cycle()).map(|(b, weight)| u32::from(b - b'0') * weight).sum();
        format!("{head}{}", [0, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1][sum as usize % 11])
    }

    /// The first sample with other numbers in it.
    pub fn xml(&self) -> String {
        let sample = include_str!("../fixtures/nfe/s01-nfeproc-100-vtex-xped-marketplace.xml");
        let key = self.key();
        let amount = format!("{}.{:02}", self.cents / 100, self.cents % 100);
        let (direction, purpose) = if self.is_return { (0, 4) } else { (1, 1) };
        sample
            .replace("<tpNF>1<", &format!("<tpNF>{direction}<"))
            .replace("<finNFe>1<", &format!("<finNFe>{purpose}<"))
            .replace("35261012345678000195550010000010011482139770", &key)
            .replace("<nNF>1001<", &format!("<nNF>{}<", self.number))
            .replace("<cDV>0<", &format!("<cDV>{}<", &key[43..]))
            .replace("<CPF>52998224725<", &format!("<CPF>{}<", self.cpf))
            .replace("<vNF>149.90<", &format!("<vNF>{amount}<"))
    }
}

impl Shop {
    fn ledger(&self) -> Ledger {
        Ledger::open(&self.path("ledger.db")).unwrap()
    }

    fn erp_id(&self, order: &str) -> ErpOrderId {
        self.ledger().order_by_any(order).unwrap()[0].id.clone()
    }

    /// The back office issues an invoice for an order.
    pub fn issue(&self, order: &str, nfe: &Nfe) {
        if self.office() == Office::Eccosys {
            return self.eccosys(|e| {
                e.invoice(order, nfe.number);
                let id = e.sale(order).invoice.unwrap();
                let paper = &mut e.invoices.get_mut(&id).unwrap().paper;
                paper.issued_at = ago(72);
                paper.recipient = nfe.cpf.clone();
            });
        }
        let invoice = LedgerInvoice {
            number: nfe.number,
            series: "1".into(),
            access_key: nfe.key(),
            issued_at: ago(72),
            value: Cents::new(nfe.cents),
            url: nfe.url.clone(),
            xml: if nfe.xml { nfe.xml().into_bytes() } else { Vec::new() },
            lines: nfe.lines.clone(),
        };
        self.ledger().post_invoice(&self.erp_id(order), &invoice, Utc::now()).unwrap();
    }

    /// It cancels one.
    pub fn cancel_invoice(&self, nfe: &Nfe) {
        if self.office() == Office::Eccosys {
            return self.eccosys(|e| {
                let found = e.invoices.values().find(|invoice| invoice.paper.number == nfe.number).unwrap();
                let order = e.order(found.order).store_number.clone();
                e.cancel_invoice(&order);
            });
        }
        self.ledger().cancel_invoice(&nfe.key(), Utc::now(), "erro").unwrap();
    }

    /// It learns of a parcel.
    pub fn ship(&self, order: &str, told: &Shipment) {
        if self.office() == Office::Eccosys {
            return self.eccosys(|e| {
                if let Some(code) = &told.tracking_code {
                    let carrier = told.carrier.as_ref().map_or("", CarrierName::as_str);
                    e.track(order, code, told.tracking_url.as_deref().unwrap_or_default(), carrier);
                }
                let id = e.id_of(order);
                let stamp = |at: DateTime<Utc>| (at - TimeDelta::hours(3)).format("%Y-%m-%d %H:%M:%S").to_string();
                if let Some(at) = told.shipped_at {
                    e.order_mut(id).set("dataEnvioLogistica", stamp(at));
                }
                if let Some(at) = told.delivered_at {
                    e.order_mut(id).set("dataEntrega", stamp(at));
                }
                if let (None, Some(url)) = (&told.tracking_code, &told.tracking_url) {
                    e.order_mut(id).set("urlRastreio", url.as_str());
                }
                if told.collection_order_at.is_some() || told.collection_order.is_some() {
                    let collection = e.collection_order(&[order]);
                    if let Some(at) = told.collection_order_at {
                        let day = (at - TimeDelta::hours(3)).date_naive().to_string();
                        e.collections.get_mut(&collection).unwrap().day = day;
                    }
                }
            });
        }
        self.ledger().set_shipment(&self.erp_id(order), told, Utc::now()).unwrap();
    }

    /// A carrier says something.
    pub fn carrier_says(&self, order: &str, what: DeliveryOutcome, code: &str, at: DateTime<Utc>) {
        let (code, source) = (code.into(), "ocoren.txt".into());
        if self.office() == Office::Eccosys {
            let store = Store::open(&self.path("vaivem.db")).unwrap();
            let (id, access_key) = self.eccosys(|e| {
                let sale = e.sale(order);
                (sale.id.to_string(), e.invoices[&sale.invoice.unwrap()].key())
            });
            let what = what.code().to_owned();
            let heard = MirrorDelivery { access_key, code, what, at, source, written_at: None };
            store.mirror_delivery_heard(&ErpOrderId::new(id), &heard).unwrap();
            return;
        }
        let event = DeliveryEvent { code, what, at, source, access_key: None, tracking_code: None };
        self.ledger().add_delivery_event(&self.erp_id(order), &event, Utc::now()).unwrap();
    }

    /// What the sandbox really took as invoices of an order: number and cents.
    pub fn invoices(&self, order: &str) -> Vec<(String, i64)> {
        self.effects(order, |effect| match effect {
            Effect::Invoice { number, kind, value, .. } => {
                assert_eq!(kind, "Output");
                Some((number.clone(), *value))
            }
            _ => None,
        })
    }

    /// What it really took as tracking, and how often it was told of a parcel's way: with a delivery or without.
    pub fn tracked(&self, order: &str) -> (Vec<String>, Vec<bool>) {
        let numbers = self.effects(order, |effect| match effect {
            Effect::Tracking { number, .. } => Some(number.clone()),
            _ => None,
        });
        let ways = self.effects(order, |effect| match effect {
            Effect::TrackingEvents { delivered, .. } => Some(*delivered),
            _ => None,
        });
        (numbers, ways)
    }

    fn effects<T>(&self, order: &str, pick: impl Fn(&Effect) -> Option<T>) -> Vec<T> {
        self.vtex(|v| v.effects_of(order).into_iter().filter_map(&pick).collect())
    }

    /// The sandbox's packages of an order.
    pub fn packages(&self, order: &str) -> Vec<Package> {
        self.vtex(|v| v.order(order).packages.clone())
    }

    pub fn channel_status(&self, order: &str) -> String {
        self.vtex(|v| v.order(order).status.clone())
    }

    /// The reasons of what is held.
    pub fn held(&self) -> Vec<String> {
        let records = self.run(&["holds"]).records();
        let holds = records.iter().filter(|record| record["type"] == "hold");
        holds.map(|hold| hold["reason"]["code"].as_str().unwrap().to_owned()).collect()
    }
}

/// A parcel with a tracking code.
pub fn parcel(code: &str) -> Shipment {
    Shipment {
        carrier: Some(CarrierName::new("Correios")),
        tracking_code: Some(code.into()),
        tracking_url: Some(format!("https://rastro.example/{code}")),
        ..Shipment::default()
    }
}
