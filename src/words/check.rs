//! The words of every [`Finding`].

use std::path::Path;

use crate::check::files::What;
use crate::check::warehouses::Setting;
use crate::check::{Access, Finding, Kind, Level};
use crate::lang::word;
use crate::model::ChannelName;

/// How much a finding matters, in a word.
pub fn level(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Verify => word!("verify" | "verificar"),
        Level::Warning => word!("warning" | "atenção"),
        Level::Problem => word!("problem" | "problema"),
    }
}

/// What was found, as a clause without a full stop.
pub fn finding(finding: &Finding) -> String {
    super::on_one_line(&clause(finding))
}

fn clause(finding: &Finding) -> String {
    match finding {
        Finding::Config { file, erp, channels } => {
            let channels: Vec<&str> = channels.iter().map(ChannelName::as_str).collect();
            format!("{} can be read: ERP {erp}, channel{} {}", shown(file), s(channels.len()), channels.join(", "))
        }
        Finding::FilesPrivate { files } => {
            format!("secrets, state file and ledger are their owner's alone ({files} file{} looked at)", s(*files))
        }
        Finding::StateReady { file, version, orders } => {
            format!("state file {}: version {version}, undamaged, {orders} order{}", shown(file), s_of(*orders))
        }
        Finding::StateMissing { file } => {
            format!("state file {}: not there yet; the first run makes it", shown(file))
        }
        Finding::StateOlder { text } => text.clone(),
        Finding::LedgerReady { file, products } => {
            format!("ledger {}: {products} product{}", shown(file), s(*products))
        }
        Finding::LedgerMissing { file } => {
            format!("ledger {}: not there yet; the first run, or vaivem ledger import, makes it", shown(file))
        }
        Finding::FoldersReady { folders } => {
            let folders: Vec<String> = folders.iter().map(|folder| shown(folder)).collect();
            format!("documents are taken from {}", folders.join(" and "))
        }
        Finding::DiskFree { folder, free_mb, percent } | Finding::DiskLow { folder, free_mb, percent } => {
            format!("{} free ({percent} %) on the disk of {}", megabytes(*free_mb), shown(folder))
        }
        Finding::LocalTime { local } => format!("it is {local} in São Paulo by this machine's clock"),
        Finding::Reached { channel, access } => format!("{}: {} can be read", side(channel.as_ref()), things(*access)),
        Finding::ClockRight { channel, seconds } => {
            format!("{}: its clock and this machine's are {} s apart", side(channel.as_ref()), seconds.abs())
        }
        Finding::ClockOff { channel, seconds, stops_cancelling } => format!(
            "this machine's clock is {} {} that of {}{}",
            apart(*seconds),
            if *seconds > 0 { "ahead of" } else { "behind" },
            match channel {
                Some(channel) => format!("channel {channel}"),
                None => "the ERP".into(),
            },
            if *stops_cancelling { "; auto-cancel cancels nothing until it is right" } else { "" },
        ),
        Finding::FeedReady { channel, always: true } => format!("channel {channel}: the hub always has its order feed"),
        Finding::FeedReady { channel, always: false } => {
            format!("channel {channel}: the key's order feed is there and tells every status that is needed")
        }
        Finding::FeedOff { channel } => {
            format!("channel {channel}: the feed is off in the configuration; the list alone finds orders")
        }
        Finding::FeedCreated { channel } => {
            format!("channel {channel}: the order feed was created; the list finds what happened before")
        }
        Finding::WarehousesThere { channel, warehouses } => {
            format!("channel {channel}: it has warehouse{} {}", s(warehouses.len()), warehouses.join(", "))
        }
        Finding::MappingsKnown { channel, products, of } => {
            let asked = if products < of { format!("the first {products} of {of}") } else { format!("all {of}") };
            format!("channel {channel}: the ERP has {asked} products that [channels.{channel}.skus] maps to")
        }
        Finding::RunsFine { channel, runs } => {
            format!("channel {channel}: nothing to remark about its last {runs} run{}", s(*runs))
        }
        Finding::NoRunsYet { channel } => format!("channel {channel}: no run yet"),
        Finding::LookupProven { channel, order } => {
            format!("the ERP finds order {order} of channel {channel} by the store's number, and nothing else")
        }
        Finding::LookupEmptyProven => "the ERP finds nothing for a store number that does not exist".into(),
        Finding::NobodyElse { orders, days, all } => format!(
            "nobody else brings the channels' orders into the ERP ({}{orders} order{} of the last {days} days looked at)",
            if *all { "" } else { "the first " },
            s(*orders),
        ),
        Finding::ConfigWrong { problem, .. } => problem.clone(),
        Finding::SettingWrong { problem, .. } => problem.clone(),
        Finding::FileOpen { what, file, mode, .. } => {
            let may = if *what == What::Config { "written to" } else { "read" };
            format!("{} {} can be {may} by others (mode {mode})", the(*what), shown(file))
        }
        Finding::StateUnusable { problem } | Finding::LedgerUnusable { problem } => problem.clone(),
        Finding::FolderUnusable { what, folder, problem } => {
            format!("{} {} cannot be used: {problem}", the(*what), shown(folder))
        }
        Finding::EmptyLedger => "the ledger has no products, so every order is held".into(),
        Finding::AnyIssuer { channel } => format!("channel {channel}: invoices of any issuer are sent"),
        Finding::TestInvoices { channel } => {
            format!("channel {channel}: invoices of SEFAZ's test environment are sent (allow_test)")
        }
        Finding::KeyMissing { problem, .. } => problem.clone(),
        Finding::KeyRefused { channel, problem, .. } => format!("{}: {problem}", side(channel.as_ref())),
        Finding::SchemeWrong { sent, accepted } => {
            format!("the ERP refuses the token sent {sent} and accepts it sent {accepted}")
        }
        Finding::RightMissing { channel, access, problem, .. } => {
            format!("{}: {} cannot be read: {problem}", side(channel.as_ref()), things(*access))
        }
        Finding::Unreachable { channel, problem, .. } => {
            format!("{} cannot be reached: {problem}", side(channel.as_ref()))
        }
        Finding::AnswerOdd { channel, access, problem } => {
            format!("{}: asked for {}, it gave an answer of no use: {problem}", side(channel.as_ref()), things(*access))
        }
        Finding::FeedMissing { channel, .. } => {
            format!(
                "channel {channel}: the key has no order feed, so new orders are found by the list alone, minutes late"
            )
        }
        Finding::FeedForeign { channel, problem } => {
            format!(
                "channel {channel}: the key's order feed is not as vaivem needs it ({problem}); another program may use it"
            )
        }
        Finding::WarehouseMissing { channel, warehouse, there, .. } => {
            let there = if there.is_empty() { "none at all".to_owned() } else { there.join(", ") };
            format!("channel {channel}: it has no warehouse `{warehouse}`; it has {there}")
        }
        Finding::WarehouseInactive { channel, warehouse } => {
            format!("channel {channel}: its warehouse `{warehouse}` is switched off there, so nothing is sold from it")
        }
        Finding::ErpWarehouseMissing { channel, warehouse, there, .. } => format!(
            "channel {channel}: the ERP has no warehouse `{warehouse}`, so orders from there are held and its stock is told to nobody; it \
             has {}",
            there.join(", ")
        ),
        Finding::MappingUnknown { channel, channel_sku, sku } => {
            format!("channel {channel}: product {channel_sku} is mapped to `{sku}`, which the ERP does not have")
        }
        Finding::ProductUnmapped { channel, channel_sku, tried, name, orders, example } => {
            let code = match tried {
                Some(code) => format!("its code `{code}` is not in the ERP"),
                None => "it carries no reference code".into(),
            };
            format!("channel {channel}: {} for product {channel_sku} ({name}): {code}", wait(*orders, example.as_str()))
        }
        Finding::CarrierUnmapped { channel, carrier, orders, example } => {
            format!(
                "channel {channel}: {} for carrier `{carrier}`, which is not mapped",
                wait(*orders, example.as_str())
            )
        }
        Finding::NoCarrier { channel } => {
            format!(
                "channel {channel}: no carrier is mapped and there is no default_carrier, so orders with delivery are held"
            )
        }
        Finding::RunsTooLong { channel, pass, runs, seconds, apart: gap } => format!(
            "channel {channel}: the last {runs} runs of {pass} took {} on average and began {} after one another: they run into each other",
            apart(*seconds),
            apart(*gap),
        ),
        Finding::RunsEndEarly { channel, pass, exit, count, runs } => {
            format!("channel {channel}: {count} of the last {runs} runs of {pass} did not come to their end ({exit})")
        }
        Finding::NoCompleteRun { channel, since: Some(since) } => {
            format!("channel {channel}: import-orders last came to its end at {since}, more than a day ago")
        }
        Finding::NoCompleteRun { channel, since: None } => {
            format!("channel {channel}: import-orders has run for more than a day and never came to its end")
        }
        Finding::StrangerChannel { channel, orders, last } => format!(
            "the state file has {orders} order{} of a channel `{channel}` that this configuration does not name (last seen {last})",
            s_of(*orders)
        ),
        Finding::StrangerHost { host } => {
            format!("the state file was used with {host}, which this configuration does not name")
        }
        Finding::LookupBlind { channel, order, erp_id } => {
            format!(
                "the ERP finds nothing under the store number {order} of channel {channel}, though it has that order (id {erp_id})"
            )
        }
        Finding::LookupOther { order, erp_id, found, .. } => {
            format!("under the store number {order} the ERP finds order id {}, linked is id {erp_id}", found.join(", "))
        }
        Finding::LookupLoose { rows } => {
            format!("asked for a store number that does not exist, the ERP gave {rows} order{}", s(*rows))
        }
        Finding::OrderedTwice { orders, examples } => format!(
            "{orders} store number{} {} on several living orders of the ERP: {}",
            s(*orders),
            if *orders == 1 { "stands" } else { "stand" },
            named(examples, *orders),
        ),
        Finding::MadeElsewhere { orders, examples } => format!(
            "{orders} order{} of the channels {} put into the ERP by somebody else: {}",
            s(*orders),
            if *orders == 1 { "was" } else { "were" },
            named(examples, *orders),
        ),
        Finding::Assumed { channel, says, setting, .. } => {
            let setting = if setting.is_empty() { String::new() } else { format!(" ({setting})") };
            format!("{}: {says}{setting}", side(channel.as_ref()))
        }
    }
}

/// What to do about it; `None` where nothing is to be done.
pub fn remedy(finding: &Finding) -> Option<String> {
    remedy_clause(finding).map(|text| super::on_one_line(&text))
}

fn remedy_clause(finding: &Finding) -> Option<String> {
    Some(match finding {
        Finding::ConfigWrong { remedy, .. } => remedy.clone(),
        Finding::FileOpen { file, wanted, .. } => format!("chmod {wanted} {}", shown(file)),
        Finding::FolderUnusable { what: What::Inbox, .. } => {
            "make the folder, or correct `inbox` in the configuration, and let the user that cron runs vaivem as write there".into()
        }
        Finding::FolderUnusable { .. } => {
            "make the folder, and let the user that cron runs vaivem as write there: files are made beside the state file, too".into()
        }
        Finding::DiskLow { .. } => {
            "free space: on a full disk nothing can be noted any more, so every run ends before it does anything".into()
        }
        Finding::EmptyLedger => "bring in a stock sheet: vaivem ledger import FILE.csv".into(),
        Finding::AnyIssuer { .. } => "list the store's CNPJs: issuers = [\"…\"] in [erp]".into(),
        Finding::TestInvoices { channel } => {
            format!("remove allow_test from [channels.{channel}.invoices] before the first real sale")
        }
        Finding::KeyMissing { .. } => {
            "set it where vaivem runs: cron does not read your shell's files, so put the variable into the crontab or the secret into a \
             file of mode 0600"
                .into()
        }
        Finding::KeyRefused { kind, from, .. } => format!("{} ({})", refused_key(*kind), from.join(", ")),
        Finding::SchemeWrong { accepted, .. } => format!("write token_scheme = \"{accepted}\" in [erp]"),
        Finding::RightMissing { kind, access, .. } => missing_right(*kind, *access),
        Finding::Unreachable { limited: true, .. } => {
            "wait until then; who else calls with this key or account? requests_per_minute slows vaivem down".into()
        }
        Finding::Unreachable { .. } => {
            "check this machine's network and the address in the configuration; passes go on by themselves when it is back".into()
        }
        Finding::AnswerOdd { .. } => {
            "check the address in the configuration (account, base_url): it may lead to something else than the API".into()
        }
        Finding::ClockOff { .. } => "set the clock by NTP (timedatectl set-ntp true); due dates and the sweep of orders go by it".into(),
        Finding::FeedMissing { channel, to_be_created: true } => {
            format!("the next vaivem import-orders creates it, or now: vaivem check --channel {channel} --fix")
        }
        Finding::FeedMissing { channel, to_be_created: false } => {
            format!("set feed = \"create\" in [channels.{channel}], or once: vaivem check --channel {channel} --fix")
        }
        Finding::FeedForeign { .. } => {
            "give vaivem a key of its own in VTEX Admin: there is one feed for each key, and vaivem never changes another's".into()
        }
        Finding::WarehouseMissing { channel, setting, near, .. } => {
            let place = match setting {
                Setting::Stock => format!("`warehouse` in [channels.{channel}.stock]"),
                Setting::Warehouses => format!("[channels.{channel}.warehouses]"),
            };
            match near {
                Some(near) => format!("write `{near}` in {place}: case and blanks count"),
                None => format!("correct {place}: it takes the id, of which case counts, and not the name"),
            }
        }
        Finding::WarehouseInactive { channel, .. } => {
            format!("switch it on there, or take it out of [channels.{channel}.warehouses]")
        }
        Finding::ErpWarehouseMissing { channel, near, .. } => match near {
            Some(near) => format!("write `{near}` in [channels.{channel}.warehouses]: case counts"),
            None => format!(
                "correct [channels.{channel}.warehouses], or bring in a stock sheet that names it (column deposito): vaivem ledger import \
                 FILE.csv"
            ),
        },
        Finding::MappingUnknown { channel, .. } => {
            format!("correct the code in [channels.{channel}.skus], or create the product in the ERP; its orders are held until then")
        }
        Finding::ProductUnmapped { channel, channel_sku, .. } => format!(
            "create the product in the ERP under that code, or add \"{channel_sku}\" = \"the ERP's code\" to [channels.{channel}.skus]; the \
             next run goes on by itself"
        ),
        Finding::CarrierUnmapped { channel, carrier, .. } => {
            format!("add \"{carrier}\" = \"the ERP's name\" to [channels.{channel}.carriers], or set default_carrier")
        }
        Finding::NoCarrier { channel } => format!("set default_carrier in [channels.{channel}]"),
        Finding::RunsTooLong { .. } => {
            "let cron start it less often, or raise requests_per_minute and in_flight if the platform allows; a run that finds another \
             active ends with exit code 11 and does nothing"
                .into()
        }
        Finding::RunsEndEarly { exit, .. } => match exit.as_str() {
            "time_budget" => "give it more time (--max-duration), or let cron start it less often; the next run goes on where it stopped".into(),
            "guard" => "look at what the guard says (run it by hand) and confirm or correct it: until then that pass does nothing".into(),
            "locked" => "let cron start it less often".into(),
            _ => "look at the log: the platform was down, or limited the calls; requests_per_minute slows vaivem down".into(),
        },
        Finding::NoCompleteRun { channel, .. } => {
            format!("run it by hand and read how it ends: vaivem -v import-orders --channel {channel}; is it in the crontab?")
        }
        Finding::StrangerChannel { channel, .. } => format!(
            "was the channel renamed? Give it its name `{channel}` back, or its orders are looked after by nobody. If it is another \
             configuration's, give each a state file of its own (`state`)"
        ),
        Finding::StrangerHost { .. } => {
            "if that was a sandbox or another account, give this configuration a state file of its own (`state`): orders of two accounts \
             under one channel are taken for one another"
                .into()
        }
        Finding::LookupBlind { .. } | Finding::LookupOther { .. } | Finding::LookupLoose { .. } => {
            "stop vaivem's import-orders: without this look-up an order whose answer was lost is created again. Compare that order's \
             numeroDaOrdemDeCompra in Eccosys, and ask its support about GET /pedidos/numeroOC=NUMBER"
                .into()
        }
        Finding::OrderedTwice { .. } => {
            "cancel all but one of each in the ERP, before they are invoiced and sent twice; and find out who made the others".into()
        }
        Finding::MadeElsewhere { .. } => {
            "switch the order import of Eccosys' own connector for this channel off (and any other integration): two of them do \
             everything twice"
                .into()
        }
        Finding::Assumed { how, .. } => (*how).to_owned(),
        _ => return None,
    })
}

fn refused_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Vtex => {
            "compare key and token with VTEX Admin, Account settings, Application keys: the token is shown once, when it is made; is the \
             account the right one?"
        }
        Kind::Anymarket => {
            "compare the token with the one that the hub's support gave for this environment: the sandbox has another than production"
        }
        Kind::EccosysBearer => {
            "the token was sent as Bearer, and without it was refused as well: ask Eccosys for a token of this company, or use user_token, \
             or api_key with api_secret"
        }
        Kind::EccosysRaw => {
            "the token was sent raw, and as Bearer was refused as well: ask Eccosys for a token of this company, or use user_token, or \
             api_key with api_secret"
        }
        Kind::EccosysKey => {
            "compare api_key and api_secret; the signature goes by today's date in São Paulo, so the machine's clock must be right; newer \
             accounts have a token instead"
        }
        Kind::EccosysUser => "the user's token may have run out: log in as that user and take a new one; or use token",
        Kind::Ledger => "the embedded ERP asks nobody",
    }
}

fn missing_right(kind: Kind, access: Access) -> String {
    let right = match (kind, access) {
        (Kind::Vtex, Access::Orders) => "View order and List orders",
        (Kind::Vtex, Access::Feed | Access::FeedCreation) => "Feed v3 and Hook Admin",
        (Kind::Vtex, Access::Warehouses) => "Logistics full access",
        (Kind::Vtex, _) => "reading access to the catalogue",
        (_, Access::CollectionOrders) => {
            return "use user_token in [erp], a named user's token; or set collection_orders = false: then they are not told to the channels"
                .into();
        }
        _ => return "ask the ERP's support which rights this token has".into(),
    };
    format!("give the key's role {right} (VTEX Admin, Account settings, Roles)")
}

fn side(channel: Option<&ChannelName>) -> String {
    channel.map_or_else(|| "the ERP".to_owned(), |channel| format!("channel {channel}"))
}

/// A path without the dot that it may begin with.
fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

fn things(access: Access) -> &'static str {
    match access {
        Access::Orders => "orders",
        Access::Feed => "the order feed's configuration",
        Access::FeedCreation => "the new order feed",
        Access::Warehouses => "warehouses",
        Access::Products => "products",
        Access::CollectionOrders => "collection orders",
    }
}

fn the(what: What) -> &'static str {
    match what {
        What::Config => "the configuration",
        What::Secret => "the secret",
        What::State => "the state file",
        What::Ledger => "the ledger",
        What::Folder => "the folder",
        What::Inbox => "the folder for documents",
    }
}

fn wait(orders: usize, example: &str) -> String {
    match orders {
        1 => format!("order {example} waits"),
        more => format!("{more} orders wait (such as {example})"),
    }
}

fn named(examples: &[String], of: usize) -> String {
    let more = if examples.len() < of { ", …" } else { "" };
    format!("{}{more}", examples.join(", "))
}

fn apart(seconds: i64) -> String {
    match seconds.abs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds => format!("{} min", (seconds + 30) / 60),
    }
}

fn megabytes(mb: u64) -> String {
    if mb < 10_000 { format!("{mb} MB") } else { format!("{} GB", mb / 1_000) }
}

fn s(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn s_of(count: i64) -> &'static str {
    if count == 1 { "" } else { "s" }
}
