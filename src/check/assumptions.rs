//! What vaivem takes for granted of the platforms without being able to see it: from one source alone, or from none. Each is a row
//! of a table: when it is in use, the setting that governs it, what is assumed, and how to find out on one's own account.
//!
//! What a check itself could prove is left out; see `proven`.

use std::collections::BTreeSet;

use super::Finding;
use crate::channel::DEFAULT_WAREHOUSE;
use crate::channel::anymarket::PutRule;
use crate::channel::outgoing::XmlRule;
use crate::config::{ChannelConfig, ChannelKind, Credentials, ErpConfig, TokenScheme};
use crate::erp::eccosys;

/// That an order of Eccosys is found by `numeroOC=` in the path.
pub const NUMBER_OC: &str = "number_oc";
/// That collection orders can be read.
pub const COLLECTION_ORDERS: &str = "collection_orders";
/// That the token is accepted as it is sent.
pub const TOKEN_SCHEME: &str = "token_scheme";

/// One assumption about what `T` configures.
struct Row<T> {
    code: &'static str,
    /// When it is in use.
    applies: fn(&T) -> bool,
    /// What governs it; empty where nothing does.
    setting: &'static str,
    /// What is assumed.
    says: &'static str,
    /// How to find out.
    how: &'static str,
}

/// Where Eccosys is the ERP.
const ECCOSYS: &[Row<ErpConfig>] = &[
    Row {
        code: TOKEN_SCHEME,
        applies: sends_bearer,
        setting: "[erp] token_scheme",
        says: "the token is sent as `Bearer TOKEN`; some accounts want it alone",
        how: "run vaivem check when Eccosys can be reached: it tries",
    },
    Row {
        code: NUMBER_OC,
        applies: |_| true,
        setting: "",
        says: "an order is found by the store's number with GET /pedidos/numeroOC=NUMBER, which keeps it from being created twice; one client does so",
        how: "import one order and run vaivem check again: it asks for that order",
    },
    Row {
        code: "order_body",
        applies: |_| true,
        setting: "",
        says: "a new order's customer, address, items and carrier are taken from _Cliente, _OutroEndereco, _Itens and _Transportadora",
        how: "import one order with a delivery address of its own and compare it in Eccosys with the channel's, field by field",
    },
    Row {
        code: "situations",
        applies: |_| true,
        setting: "[erp.situations]",
        says: "situations are -1 unpaid, 4 under review, 0 paid, 3 picking, 1 invoiced, 2 cancelled; any other holds the order until it is named",
        how: "move one order through every situation that your people use, and look at vaivem holds in between",
    },
    Row {
        code: "invoiced_list",
        applies: |_| true,
        setting: "",
        says: "orders invoiced since a day are listed with $dataConsiderada=dataFaturamento; one client does so",
        how: "invoice one order and run vaivem push-invoices --dry-run: it must be there within the next runs",
    },
    Row {
        code: "reserved",
        applies: |_| true,
        setting: "[channels.NAME.stock] buffer keeps units back meanwhile",
        says: "reserved units are estoqueReal − estoqueDisponivel, since Eccosys does not tell them",
        how: "for one product with open orders, compare Eccosys' page of reservations with vaivem push-stock --sku CODE --dry-run",
    },
    Row {
        code: "delivery_date",
        applies: |_| true,
        setting: "[channels.NAME.tracking]",
        says: "a dataEntrega that is not ahead of now is a delivery; a date that was first told ahead of time is a forecast and never one",
        how: "look at an order on its way: dataEntrega must be empty or still to come; ask who fills it in, and when",
    },
    Row {
        code: "payment_date",
        applies: |erp| on(erp, |options| options.payment_date),
        setting: "[erp] payment_date = true",
        says: "PUT /pedidos with dataPagamento writes the date of payment; no client was seen to do so",
        how: "import one unpaid order, pay it, run vaivem sync-payments, and look at its payment in Eccosys",
    },
    Row {
        code: "write_deliveries",
        applies: |erp| on(erp, |options| options.write_deliveries),
        setting: "[erp] write_deliveries = true",
        says: "PUT /pedidos with dataEntrega, and situation 1, tell Eccosys of a delivery; one client does so",
        how: "put a carrier's file with one delivery into [carriers] inbox, run any pass, and look at that order in Eccosys",
    },
    Row {
        code: "stock_queue",
        applies: |erp| on(erp, |options| options.stock_queue),
        setting: "[erp] stock_queue = true",
        says: "nobody else empties the queue of changed balances, which all programs of the account share",
        how: "switch every other connector's stock off, or set stock_queue = false: then all balances are compared",
    },
    Row {
        code: COLLECTION_ORDERS,
        applies: |erp| on(erp, |options| options.collection_orders),
        setting: "[erp] collection_orders",
        says: "collection orders can be read with these credentials; some accounts may let only a user_token",
        how: "run vaivem check when Eccosys can be reached: it tries",
    },
    Row {
        code: "erp_rate",
        applies: |_| true,
        setting: "[erp] requests_per_minute",
        says: "60 calls a minute are within the limit, which is published nowhere",
        how: "look in the summaries of busy runs: `limited` must stay 0 (vaivem --output jsonl sync)",
    },
];

/// Where a channel is of kind `vtex`.
const VTEX: &[Row<ChannelConfig>] = &[
    Row {
        code: "own_account",
        applies: |_| true,
        setting: "[channels.NAME] account",
        says: "this account is the one that fulfils: an account that only sells has other numbers for the same orders, and takes no invoice",
        how: "open one order in this account's admin: its number there must be the one that vaivem shows",
    },
    Row {
        code: "handling_role",
        applies: |_| true,
        setting: "the key's role in VTEX Admin",
        says: "the key may also start handling, invoice and cancel, which no reading shows",
        how: "import one order and invoice it: a missing right ends that run with exit code 4 and its name",
    },
    Row {
        code: "tracking_events",
        applies: |_| true,
        setting: "[channels.NAME.tracking] collection_order",
        says: "tracking events replace those before; where they add up, the customer sees them twice",
        how: "let one parcel go its whole way and look at its events in the order's page in VTEX Admin",
    },
    Row {
        code: "balance_date",
        applies: |config| config.stock.enabled,
        setting: "[channels.NAME.stock] settle, buffer",
        says: "an update of a stock lets go of the reservations that were in handling when its balance was read (dateUtcOnBalanceSystem)",
        how: "import one order, run vaivem push-stock --sku CODE, and compare what VTEX says is available with the shelf",
    },
    Row {
        code: "sku_not_found",
        applies: |config| config.stock.enabled,
        setting: "[channels.NAME.stock] unknown_skus",
        says: "a reference code that VTEX does not have is answered with nothing and not with an error",
        how: "vaivem push-stock --sku A-CODE-THAT-IS-NOT-SOLD --dry-run must say that the channel has no such product",
    },
    Row {
        code: "invoice_value",
        applies: |config| config.invoices.value_tolerance.get() != 0,
        setting: "[channels.NAME.invoices] value_tolerance",
        says: "an invoice that differs by cents may be told with the order's value",
        how: "ask your accountant; without it, such invoices are held for a person",
    },
    Row {
        code: "vtex_rate",
        applies: |_| true,
        setting: "[channels.NAME] requests_per_minute, in_flight",
        says: "this pace is within the limits for orders and logistics, which VTEX does not publish",
        how: "look in the summaries of busy runs: `limited` must stay 0 (vaivem --output jsonl sync)",
    },
];

/// Where a channel is of kind `anymarket`.
const ANYMARKET: &[Row<ChannelConfig>] = &[
    Row {
        code: "feed_statuses",
        applies: |config| options(config).is_some_and(|options| options.feed),
        setting: "the hub's panel, order settings",
        says: "every status is ticked for the feed, PENDING and CANCELED included; what is not is found by the list alone, later",
        how: "look in the panel; nothing in the API tells",
    },
    Row {
        code: "callbacks",
        applies: |config| options(config).is_some_and(|options| options.feed),
        setting: "the hub's panel, callbacks",
        says: "no order callback is registered: what a callback takes is missing from the feed",
        how: "look in the panel",
    },
    Row {
        code: "put_part",
        applies: |config| options(config).is_some_and(|options| options.put == PutRule::Part),
        setting: "[channels.NAME] put = \"part\"",
        says: "what a change of an order leaves out stays as it is",
        how: "invoice one order: its buyer and items must still be there in the panel; if not, set put = \"whole\"",
    },
    Row {
        code: "xml_before_invoiced",
        applies: |config| options(config).is_some_and(|options| options.xml != XmlRule::Never),
        setting: "[channels.NAME] xml",
        says: "the XML of an invoice is taken before the order counts as invoiced, and does not make it so by itself",
        how: "invoice one order of a marketplace that asks for the XML, and look at its status and its XML in the panel",
    },
    Row {
        code: "cancel_through_hub",
        applies: |config| options(config).is_some_and(|options| options.cancel),
        setting: "[channels.NAME] cancel = true",
        says: "every marketplace behind the hub takes a cancellation with this reason and code",
        how: "cancel one order of each marketplace and look at it in the marketplace's own panel",
    },
    Row {
        code: "channel_reserves",
        applies: |config| config.stock.enabled,
        setting: "[channels.NAME.stock] channel_reserves",
        says: "whether the hub subtracts its own open orders from what it is told is documented nowhere; wrongly set, units are kept back twice, or sold twice",
        how: "with one open order, compare amount, reservationAmount and availableAmount of its product in the hub (GET /stocks?sku=CODE)",
    },
    Row {
        code: "default_location",
        applies: |config| {
            config.stock.enabled && config.stock.warehouse.as_ref().is_some_and(|id| id.as_str() == DEFAULT_WAREHOUSE)
        },
        setting: "[channels.NAME.stock] warehouse = \"default\"",
        says: "a stock that names no location goes to the hub's default one",
        how: "run vaivem push-stock --sku CODE and look at that product's locations in the panel; or write the location's id",
    },
    Row {
        code: "stock_batch",
        applies: |config| config.stock.enabled,
        setting: "",
        says: "PUT /stocks/batch says of each product it refuses that it does; one it leaves out counts as taken",
        how: "run vaivem push-stock --sku CODE for a product that the hub does not have: it must be held",
    },
    Row {
        code: "stock_movements",
        applies: |config| config.stock.enabled,
        setting: "the hub's panel, stock settings",
        says: "the hub moves no stock by itself when an order goes out",
        how: "look in the panel; such movements must be off where the ERP keeps the stock",
    },
    Row {
        code: "platform",
        applies: |_| true,
        setting: "[channels.NAME] platform",
        says: "any name is taken in the header `platform`",
        how: "ask the hub's support whether your name is to be registered",
    },
    Row {
        code: "hub_rate",
        applies: |config| config.limits.follow_quota,
        setting: "[channels.NAME] requests_per_minute, in_flight",
        says: "the hub tells its limit with its answers; until it does, 30 calls a minute are made",
        how: "look in the summaries of busy runs: `limited` must stay near 0 (vaivem --output jsonl sync)",
    },
];

fn options(config: &ChannelConfig) -> Option<&crate::channel::anymarket::Options> {
    match &config.kind {
        ChannelKind::Anymarket { options, .. } => Some(options),
        ChannelKind::Vtex { .. } => None,
    }
}

fn sends_bearer(erp: &ErpConfig) -> bool {
    let scheme = TokenScheme::Bearer;
    matches!(erp, ErpConfig::Eccosys { credentials: Credentials::Token { scheme: told, .. }, .. } if *told == scheme)
}

fn on(erp: &ErpConfig, option: impl Fn(&eccosys::Options) -> bool) -> bool {
    matches!(erp, ErpConfig::Eccosys { options, .. } if option(options))
}

/// The assumptions in use about a channel.
pub fn of_channel(config: &ChannelConfig) -> Vec<Finding> {
    let rows = match config.kind {
        ChannelKind::Vtex { .. } => VTEX,
        ChannelKind::Anymarket { .. } => ANYMARKET,
    };
    rows.iter().filter(|row| (row.applies)(config)).map(|row| assumed(row, Some(config))).collect()
}

/// The assumptions in use about the ERP, without those `proven` to be right.
pub fn of_erp(config: &ErpConfig, proven: &BTreeSet<&'static str>) -> Vec<Finding> {
    if matches!(config, ErpConfig::Ledger { .. }) {
        return Vec::new();
    }
    let rows = ECCOSYS.iter().filter(|row| !proven.contains(row.code) && (row.applies)(config));
    rows.map(|row| assumed(row, None)).collect()
}

fn assumed<T>(row: &Row<T>, channel: Option<&ChannelConfig>) -> Finding {
    Finding::Assumed {
        channel: channel.map(|config| config.name.clone()),
        assumption: row.code,
        setting: channel.map_or_else(|| row.setting.to_owned(), |one| row.setting.replace("NAME", one.name.as_str())),
        says: row.says,
        how: row.how,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn config(erp: &str, hub: &str) -> Config {
        let text = format!(
            "[erp]\n{erp}\n[channels.hub]\nkind = \"anymarket\"\ntoken = {{ env = \"T\" }}\nsince = \"2026-11-01\"\n{hub}\n\
             [channels.loja]\nkind = \"vtex\"\naccount = \"a\"\napp_key = {{ env = \"K\" }}\napp_token = {{ env = \"T\" }}\n\
             since = \"2026-11-01\"\n"
        );
        Config::parse(std::path::Path::new("vaivem.toml"), &text).unwrap()
    }

    fn codes(findings: &[Finding]) -> Vec<&'static str> {
        let code = |finding: &Finding| match finding {
            Finding::Assumed { assumption, .. } => *assumption,
            other => panic!("{other:?}"),
        };
        findings.iter().map(code).collect()
    }

    const ECCOSYS_TOKEN: &str = "kind = \"eccosys\"\ntoken = { env = \"E\" }";

    #[test]
    fn an_assumption_is_told_while_it_is_in_use_and_not_proven() {
        let plain = config(ECCOSYS_TOKEN, "");
        let of =
            |config: &Config, proven: &[&'static str]| codes(&of_erp(&config.erp, &proven.iter().copied().collect()));
        assert!(of(&plain, &[]).contains(&TOKEN_SCHEME) && of(&plain, &[]).contains(&NUMBER_OC));
        assert!(!of(&plain, &[TOKEN_SCHEME]).contains(&TOKEN_SCHEME));
        assert!(!of(&plain, &[]).contains(&"payment_date") && !of(&plain, &[]).contains(&"stock_queue"));
        let all =
            config(&format!("{ECCOSYS_TOKEN}\npayment_date = true\nwrite_deliveries = true\nstock_queue = true"), "");
        for code in ["payment_date", "write_deliveries", "stock_queue"] {
            assert!(of(&all, &[]).contains(&code), "{code}");
        }
        assert_eq!(of(&config("kind = \"ledger\"", ""), &[]), Vec::<&str>::new());
    }

    #[test]
    fn a_hubs_settings_change_what_is_assumed() {
        let of = |hub: &str| codes(&of_channel(&config("kind = \"ledger\"", hub).channels[0]));
        let plain = of("stock = { warehouse = \"default\" }");
        for code in ["put_part", "default_location", "channel_reserves", "platform", "hub_rate"] {
            assert!(plain.contains(&code), "{code}");
        }
        let other = of(
            "put = \"whole\"\nxml = \"never\"\nfeed = \"off\"\nrequests_per_minute = 60\nstock = { enabled = false }",
        );
        assert_eq!(other, ["platform"]);
    }

    #[test]
    fn codes_are_told_apart() {
        let all = ECCOSYS.iter().map(|row| row.code).chain(VTEX.iter().chain(ANYMARKET).map(|row| row.code));
        let unique: BTreeSet<&str> = all.clone().collect();
        assert_eq!(unique.len(), all.count());
    }
}
