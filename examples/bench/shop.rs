//! The shop that is worked on: simulated platforms, a configuration, orders.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{Days, TimeDelta, Utc};

use super::measure::vaivem;
use super::sandbox::{APP_KEY, APP_TOKEN, AnyOrderSeed, OrderSeed, Sandbox, seed};

/// Which platform is the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Vtex,
    Anymarket,
}

impl Side {
    pub fn name(self) -> &'static str {
        match self {
            Self::Vtex => "VTEX",
            Self::Anymarket => "ANYMARKET",
        }
    }
}

/// A shop on one platform, with the ledger as its ERP.
pub struct Shop {
    pub folder: tempfile::TempDir,
    pub sandbox: Sandbox,
    pub side: Side,
}

impl Shop {
    pub fn new(side: Side) -> Self {
        let shop = Self { folder: tempfile::tempdir().expect("a folder"), sandbox: Sandbox::start(), side };
        shop.sandbox.vtex(|v| v.keep_call_log = false);
        shop.sandbox.anymarket(|a| a.keep_call_log = false);
        shop
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How long each answer takes.
    pub fn answer_after(&self, latency: Duration) {
        self.sandbox.vtex(|v| v.latency = latency);
        self.sandbox.anymarket(|a| a.latency = latency);
    }

    pub fn calls(&self) -> u64 {
        self.sandbox.vtex(|v| v.total_calls) + self.sandbox.anymarket(|a| a.total_calls)
    }

    /// Writes the configuration, with these keys of the channel further.
    pub fn configure(&self, more: &str) {
        let channel = match self.side {
            Side::Vtex => format!(
                "kind = \"vtex\"\nbase_url = \"{}\"\napp_key = {{ env = \"VTEX_APP_KEY\" }}\napp_token = {{ env = \"VTEX_APP_TOKEN\" }}",
                self.sandbox.url()
            ),
            Side::Anymarket => format!(
                "kind = \"anymarket\"\nbase_url = \"{}\"\ntoken = {{ env = \"ANYMARKET_TOKEN\" }}",
                self.sandbox.anymarket_url()
            ),
        };
        let since = Utc::now().date_naive() - Days::new(365);
        let configuration = format!(
            "[erp]\nkind = \"ledger\"\n[channels.loja]\n{channel}\nsince = \"{since}\"\ndefault_carrier = \"Correios\"\n{more}\n"
        );
        std::fs::write(self.folder().join("vaivem.toml"), configuration).expect("the configuration");
    }

    /// So many paid orders of one product over the last weeks, a minute apart, and its stock in the ERP.
    pub fn place(&self, orders: usize) {
        let product = seed::PRODUCTS[0];
        let first = Utc::now() - TimeDelta::minutes(i64::try_from(orders).unwrap_or(0));
        match self.side {
            Side::Vtex => self.sandbox.vtex(|v| {
                let paid = OrderSeed::new().sku(product.id, product.ref_id, product.price, 1);
                v.place_many(orders, paid, first, TimeDelta::minutes(1));
            }),
            Side::Anymarket => self.sandbox.anymarket(|a| {
                // The hub takes no number of a product that it has in no place.
                a.set_stock(product.ref_id, 1, 0);
                let paid = AnyOrderSeed::new().sku(product.ref_id, product.price, 1);
                a.place_many(orders, paid, first, TimeDelta::minutes(1));
            }),
        }
        let sheet = format!("sku;quantidade\n{};{orders}\n", product.ref_id);
        std::fs::write(self.folder().join("estoque.csv"), sheet).expect("the stock sheet");
        vaivem(self.folder(), &["ledger", "import", "estoque.csv", "-q"], &[0]);
    }

    /// How long one call really takes, from one connection: what is configured, and what timer and network add.
    pub fn latency(&self) -> Duration {
        let address = self.sandbox.url();
        let address = address.trim_start_matches("http://");
        let mut connection = TcpStream::connect(address).expect("a connection");
        connection.set_nodelay(true).expect("a connection");
        let request = format!(
            "GET /api/logistics/pvt/configuration/warehouses HTTP/1.1\r\nHost: {address}\r\n\
             X-VTEX-API-AppKey: {APP_KEY}\r\nX-VTEX-API-AppToken: {APP_TOKEN}\r\n\r\n"
        );
        let mut answer = [0; 4096];
        let mut took: Vec<Duration> = (0..51)
            .map(|_| {
                let begun = Instant::now();
                connection.write_all(request.as_bytes()).expect("a request");
                assert!(connection.read(&mut answer).expect("an answer") > 0);
                begun.elapsed()
            })
            .collect();
        took.sort();
        took[took.len() / 2]
    }
}
