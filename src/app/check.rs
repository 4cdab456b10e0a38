//! `check`: looks around, asks both sides, and tells what it finds. What is found is judged in [`crate::check`].

mod local;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;

use super::{Failure, accounts, back_office, front_office, names, runtime, select};
use crate::channel::{Channel, Feed, Window};
use crate::check::{self, Access, Count, Finding, Kind, Level, assumptions, mappings, runs, twins, warehouses};
use crate::cli::CheckArgs;
use crate::clock::Clock;
use crate::config::{ChannelConfig, ChannelKind, Config, Credentials, ErpConfig, Limits, TokenScheme};
use crate::erp::{DEFAULT_WAREHOUSE, Erp, ErpError};
use crate::exit::Exit;
use crate::http::{CallError, Counts};
use crate::lang::{moment, say};
use crate::model::{ChannelName, Instant, OrderId, WarehouseId, calendar};
use crate::passes::push_stock::places;
use crate::report::Reporter;
use crate::stop::Stop;

/// A person waits for the answer, so no side is waited for longer than this.
const PATIENCE: Duration = Duration::from_secs(20);

/// Checks the set-up that `file` configures.
pub fn run(args: &CheckArgs, file: &Path, metrics_file: Option<&Path>, reporter: &Reporter) -> Result<Exit, Failure> {
    let begun = std::time::Instant::now();
    let mut check = Check {
        reporter,
        count: Count::default(),
        calls: Counts::default(),
        clock: Clock::system(),
        erp_kind: Kind::Ledger,
        kept_back: Vec::new(),
    };
    match Config::read(file) {
        Ok(mut config) => {
            if let Some(file) = metrics_file {
                config.monitoring.metrics_file = Some(file.to_owned());
            }
            let wanted = names(&select(&config, &args.channel)?);
            be_impatient(&mut config);
            runtime()?.block_on(check.all(&mut config, &wanted, args.fix));
        }
        Err(error) => {
            check.tell(Finding::ConfigWrong { problem: error.problem(), remedy: error.remedy().to_owned() });
        }
    }
    check.kept_back.sort_by_key(Finding::level);
    check.kept_back.iter().for_each(|finding| reporter.finding(finding));
    reporter.checked(&check.count, check.calls, begun.elapsed());
    reporter.finish();
    Ok(check.count.exit())
}

fn be_impatient(config: &mut Config) {
    let shorten = |limits: &mut Limits| {
        limits.timeout = limits.timeout.min(PATIENCE);
        limits.max_wait = limits.max_wait.min(PATIENCE);
    };
    config.channels.iter_mut().for_each(|channel| shorten(&mut channel.limits));
    if let ErpConfig::Eccosys { limits, .. } = &mut config.erp {
        shorten(limits);
    }
}

/// A check under way.
struct Check<'a> {
    reporter: &'a Reporter,
    count: Count,
    calls: Counts,
    clock: Clock,
    /// Who the ERP is asked as.
    erp_kind: Kind,
    /// What is not as it should be, for the end: the worst stands last, where a person looks first.
    kept_back: Vec<Finding>,
}

impl Check<'_> {
    fn tell(&mut self, finding: Finding) {
        self.count.add(&finding);
        if finding.level() == Level::Ok {
            self.reporter.finding(&finding);
        } else {
            self.kept_back.push(finding);
        }
    }

    fn tell_all(&mut self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.tell(finding));
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

    async fn all(&mut self, config: &mut Config, wanted: &BTreeSet<ChannelName>, fix: bool) {
        let now = self.now();
        self.tell(Finding::Config {
            file: config.file.clone(),
            erp: match config.erp {
                ErpConfig::Ledger { .. } => "ledger",
                ErpConfig::Eccosys { .. } => "eccosys",
            },
            channels: config.channels.iter().map(|channel| channel.name.clone()).collect(),
        });
        self.tell(Finding::LocalTime { local: moment(now) });
        self.tell_all(local::files(config));
        self.tell_all(local::folders(config));
        self.tell_all(local::disks(config));
        self.tell_all(local::monitoring(config));
        let store = self.state(config);
        if let Some(store) = &store {
            self.of_state(store.strangers(config, now), config);
        }
        let stop = Stop::new(self.clock.clone(), None);
        let mut proven = BTreeSet::new();
        let erp = self.erp(config, store.as_ref(), &stop, &mut proven).await;
        let channels: Vec<&ChannelConfig> = config.channels.iter().filter(|one| wanted.contains(&one.name)).collect();
        let mut listed = BTreeSet::new();
        for channel in &channels {
            self.channel(config, channel, fix, &stop, &mut listed).await;
            self.mappings(channel, erp.as_ref(), store.as_ref()).await;
            if let Some(store) = &store {
                self.of_state(store.runs(&channel.name, now), config);
            }
        }
        if let Some(erp @ Erp::Eccosys(_)) = &erp {
            self.look_up(erp, store.as_ref(), &mut proven).await;
            self.somebody_else(erp, config, store.as_ref(), &listed).await;
        }
        if let Some(erp) = &erp {
            if let Some(skew) = erp.clock_skew() {
                self.tell(check::clock(None, skew));
            }
            self.calls.add(erp.counts());
        }
        self.tell_all(assumptions::of_erp(&config.erp, &proven));
        for channel in channels {
            self.tell_all(assumptions::of_channel(channel));
        }
    }

    /// The state file, if it can be used.
    fn state(&mut self, config: &Config) -> Option<local::State> {
        let (finding, store) = local::state(config);
        self.tell(finding);
        store
    }

    /// What the state file tells; it may be damaged where nothing was read before.
    fn of_state(&mut self, told: rusqlite::Result<Vec<Finding>>, config: &Config) {
        match told {
            Ok(findings) => self.tell_all(findings),
            Err(error) => self.unreadable(&error, config),
        }
    }

    fn unreadable(&mut self, error: &rusqlite::Error, config: &Config) {
        let said = crate::store::sqlite::said(error);
        let problem = say!(
            "the state file {} cannot be read: {said}" | "o arquivo de estado {} não pode ser lido: {said}",
            config.state.display()
        );
        self.tell(Finding::StateUnusable { problem });
    }

    /// The ERP, if it can be asked.
    async fn erp(
        &mut self,
        config: &mut Config,
        store: Option<&local::State>,
        stop: &Stop,
        proven: &mut BTreeSet<&'static str>,
    ) -> Option<Erp> {
        if let ErpConfig::Ledger { file, .. } = &config.erp {
            if let Some(Err(gone)) = store.map(|state| accounts::look_for_ledger(&state.store, config)) {
                self.tell(Finding::LedgerUnusable { problem: gone.message() });
                return None;
            }
            let (findings, ledger) = local::ledger(file);
            self.tell_all(findings);
            return ledger.map(Erp::Ledger);
        }
        let erp = match back_office::look_into_eccosys(config, &self.clock, stop) {
            Ok(eccosys) => Erp::Eccosys(Box::new(eccosys?)),
            Err(failure) => {
                self.tell(Finding::KeyMissing { channel: None, problem: failure.message() });
                return None;
            }
        };
        let kind = erp_kind(&config.erp);
        self.erp_kind = kind;
        match erp.probe().await {
            Ok(()) => {
                proven.insert(assumptions::TOKEN_SCHEME);
                self.tell(Finding::Reached { channel: None, access: Access::Products });
            }
            Err(error) => {
                let from = whence(config, None);
                let finding = erp_failed(kind, Access::Products, &error, &from);
                self.calls.add(erp.counts());
                let other = match finding {
                    Finding::KeyRefused { .. } => self.other_scheme(config, stop).await,
                    _ => None,
                };
                self.tell(other.unwrap_or(finding));
                return None;
            }
        }
        let collects = matches!(&config.erp, ErpConfig::Eccosys { options, .. } if options.collection_orders);
        if let (true, Erp::Eccosys(eccosys)) = (collects, &erp) {
            match eccosys.probe_collections().await {
                Ok(()) => {
                    proven.insert(assumptions::COLLECTION_ORDERS);
                    self.tell(Finding::Reached { channel: None, access: Access::CollectionOrders });
                }
                Err(error) => self.tell(erp_failed(kind, Access::CollectionOrders, &error, &[])),
            }
        }
        Some(erp)
    }

    /// Tries a refused token the other way. It goes to the same host, which has it already.
    async fn other_scheme(&mut self, config: &mut Config, stop: &Stop) -> Option<Finding> {
        let ErpConfig::Eccosys { credentials: Credentials::Token { scheme, .. }, .. } = &mut config.erp else {
            return None;
        };
        let names = |scheme| match scheme {
            TokenScheme::Bearer => "bearer",
            TokenScheme::Raw => "raw",
        };
        let sent = *scheme;
        *scheme = match sent {
            TokenScheme::Bearer => TokenScheme::Raw,
            TokenScheme::Raw => TokenScheme::Bearer,
        };
        let accepted = *scheme;
        let other = back_office::look_into_eccosys(config, &self.clock, stop).ok().flatten();
        if let ErpConfig::Eccosys { credentials: Credentials::Token { scheme, .. }, .. } = &mut config.erp {
            *scheme = sent;
        }
        let other = other?;
        let let_in = other.probe().await.is_ok();
        self.calls.add(other.counts());
        let_in.then(|| Finding::SchemeWrong { sent: names(sent), accepted: names(accepted) })
    }

    /// A channel: its key, feed, warehouses and clock. What its list shows goes into `listed`.
    async fn channel(
        &mut self,
        config: &Config,
        one: &ChannelConfig,
        fix: bool,
        stop: &Stop,
        listed: &mut BTreeSet<String>,
    ) {
        let (name, kind) = (&one.name, channel_kind(one));
        self.reporter.begin("check", name);
        if one.since > self.now() {
            self.tell(Finding::CutoffAhead { channel: name.clone(), day: calendar::local_date(one.since) });
        }
        if one.default_carrier.is_none() && one.carriers.is_empty() {
            self.tell(Finding::NoCarrier { channel: name.clone() });
        }
        if one.invoices.issuers.as_ref().is_none_or(Vec::is_empty) {
            self.tell(Finding::AnyIssuer { channel: name.clone() });
        }
        if one.invoices.allow_test {
            self.tell(Finding::TestInvoices { channel: name.clone() });
        }
        if one.stock.enabled
            && let Err(problem) = places::of(one, &WarehouseId::new(DEFAULT_WAREHOUSE))
        {
            self.tell(Finding::SettingWrong { channel: name.clone(), problem });
        }
        let channel = match front_office::open(config, one, true, &self.clock, stop) {
            Ok(channel) => channel,
            Err(failure) => {
                return self.tell(Finding::KeyMissing { channel: Some(name.clone()), problem: failure.message() });
            }
        };
        let from = whence(config, Some(name));
        let failed = |access, error: &CallError| check::failed(Some(name), kind, access, error, &from);
        let window = Window::new(self.now() - TimeDelta::days(twins::DAYS), self.now());
        let mut goes_on = true;
        match channel.list(window, 1).await {
            Ok(page) => {
                listed.extend(page.orders.into_iter().map(|heard| heard.id.to_string()));
                self.tell(Finding::Reached { channel: Some(name.clone()), access: Access::Orders });
            }
            Err(error) => {
                let finding = failed(Access::Orders, &error);
                // Whom it does not let in, or who does not get through, need not ask further.
                goes_on = matches!(finding, Finding::RightMissing { .. } | Finding::AnswerOdd { .. });
                self.tell(finding);
            }
        }
        if goes_on {
            let finding = match self.feed(&channel, kind, fix).await {
                Ok(finding) => finding,
                Err((access, error)) => failed(access, &error),
            };
            self.tell(finding);
            let wanted = warehouses::named(one);
            if !wanted.is_empty() {
                match channel.warehouses().await {
                    Ok(there) => self.tell_all(warehouses::of_channel(name, &wanted, &there)),
                    Err(error) => self.tell(failed(Access::Warehouses, &error)),
                }
            }
        }
        if let Some(skew) = channel.clock_skew() {
            self.tell(check::clock(Some(name), skew));
        }
        self.calls.add(channel.counts());
    }

    /// The channel's feed; with `fix`, one that is missing is made. Making one overwrites what is there, so its absence is believed
    /// when it was told twice.
    async fn feed(&self, channel: &Channel, kind: Kind, fix: bool) -> Result<Finding, (Access, CallError)> {
        let read = async || channel.check_feed().await.map_err(|error| (Access::Feed, error));
        let is_missing = |feed: &Feed| matches!(feed, Feed::Wanted | Feed::Missing);
        let mut feed = read().await?;
        if fix && is_missing(&feed) {
            feed = read().await?;
        }
        if fix && is_missing(&feed) {
            channel.create_feed().await.map_err(|error| (Access::FeedCreation, error))?;
            return Ok(Finding::FeedCreated { channel: channel.name().clone() });
        }
        Ok(check::feed(channel.name(), kind, &feed))
    }

    /// What is mapped, and what orders lack.
    async fn mappings(&mut self, one: &ChannelConfig, erp: Option<&Erp>, store: Option<&local::State>) {
        if let Some(store) = store {
            let mut lacking = mappings::Lacking::on(&one.name);
            let add = |hold| {
                lacking.add(&hold);
                Ok(())
            };
            match store.store.each_hold(add) {
                Ok(()) => self.tell_all(lacking.findings()),
                Err(error) => log::debug!("the holds cannot be read: {error}"),
            }
        }
        let Some(erp) = erp else { return };
        match erp.warehouses() {
            Ok(Some(there)) => {
                let named = one.warehouses.values();
                self.tell_all(warehouses::of_erp(&one.name, named, &there));
            }
            Ok(None) => {}
            Err(error) => self.tell(Finding::LedgerUnusable { problem: error.to_string() }),
        }
        let asked = mappings::asked(one);
        if asked.is_empty() {
            return;
        }
        match erp.known_skus(&asked).await {
            Ok(known) => self.tell_all(mappings::known(one, &asked, &known)),
            Err(error) => self.tell(erp_failed(self.erp_kind, Access::Products, &error, &[])),
        }
    }

    /// Whether the ERP finds an order by the store's number, and only that one: all that keeps an order whose answer was lost from
    /// being created again.
    async fn look_up(&mut self, erp: &Erp, store: Option<&local::State>, proven: &mut BTreeSet<&'static str>) {
        let kind = self.erp_kind;
        let failed = |error: &ErpError| erp_failed(kind, Access::Orders, error, &[]);
        let nobodys = OrderId::new(format!("vaivem-check-{}-01", self.now().timestamp_millis()));
        match erp.answers_to(&nobodys).await {
            Ok(rows) if rows.is_empty() => self.tell(Finding::LookupEmptyProven),
            Ok(rows) => return self.tell(Finding::LookupLoose { rows: rows.len() }),
            Err(error) => return self.tell(failed(&error)),
        }
        let Some((channel, order, erp_id)) = store.and_then(|state| state.store.last_linked().ok().flatten()) else {
            return;
        };
        match erp.answers_to(&order).await {
            Ok(rows) if rows.is_empty() => {
                self.tell(Finding::LookupBlind { channel, order, erp_id: erp_id.to_string() });
            }
            Ok(rows) if rows.iter().any(|row| row.id == erp_id) => {
                proven.insert(assumptions::NUMBER_OC);
                self.tell(Finding::LookupProven { channel, order });
            }
            Ok(rows) => {
                let found = rows.iter().map(|row| row.id.to_string()).collect();
                self.tell(Finding::LookupOther { channel, order, erp_id: erp_id.to_string(), found });
            }
            Err(error) => self.tell(failed(&error)),
        }
    }

    /// Whether somebody else brings the same orders into the ERP.
    async fn somebody_else(
        &mut self,
        erp: &Erp,
        config: &Config,
        store: Option<&local::State>,
        listed: &BTreeSet<String>,
    ) {
        match erp.placed_since(self.now() - TimeDelta::days(twins::DAYS)).await {
            Ok((placed, all)) => {
                let channels = config.channels.iter().map(|channel| channel.name.clone()).collect();
                let known = |number: &str| {
                    let found = store.map(|state| state.store.orders_numbered(number));
                    found.and_then(Result::ok).unwrap_or_default()
                };
                self.tell_all(twins::judge(&placed, all, &channels, known, listed));
            }
            Err(error) => self.tell(erp_failed(self.erp_kind, Access::Orders, &error, &[])),
        }
    }
}

impl local::State {
    /// Signs of another configuration on the same state file.
    fn strangers(&self, config: &Config, now: Instant) -> rusqlite::Result<Vec<Finding>> {
        let since = now - runs::STRANGE_FOR;
        let is_named = |channel: &ChannelName| config.channels.iter().any(|one| one.name == *channel);
        let seen = self.store.channels_seen()?.into_iter();
        let channels = seen.filter(|(channel, (_, last))| *last >= since && !is_named(channel));
        let mut findings: Vec<Finding> = channels
            .map(|(channel, (orders, last))| Finding::StrangerChannel { channel, orders, last: moment(last) })
            .collect();
        let hosts: BTreeSet<&str> = addresses(config).collect();
        let strange = self.store.hosts_seen(since)?.into_iter().filter(|host| !hosts.contains(host.as_str()));
        findings.extend(strange.map(|host| Finding::StrangerHost { host }));
        let others = accounts::all_others(&self.store, config)?;
        findings.extend(others.into_iter().map(|problem| Finding::StateUnusable { problem }));
        Ok(findings)
    }

    /// How the runs of a channel went.
    fn runs(&self, channel: &ChannelName, now: Instant) -> rusqlite::Result<Vec<Finding>> {
        let ended = self.store.ended_runs(channel, (now - runs::WITHIN, now), runs::LOOKED_AT)?;
        let mut findings: Vec<Finding> =
            ended.iter().flat_map(|(pass, runs)| runs::pass(channel, pass, runs)).collect();
        let (last, first) = self.store.last_complete("import-orders", channel, &runs::complete(), now)?;
        findings.extend(runs::lately(channel, last, first, now));
        if findings.is_empty() {
            let runs = ended.values().map(Vec::len).sum();
            findings.push(Finding::RunsFine { channel: channel.clone(), runs });
        }
        Ok(findings)
    }
}

fn addresses(config: &Config) -> impl Iterator<Item = &str> {
    let erp = match &config.erp {
        ErpConfig::Ledger { .. } => None,
        ErpConfig::Eccosys { base_url, .. } => Some(base_url.as_str()),
    };
    let channels = config.channels.iter().map(|channel| match &channel.kind {
        ChannelKind::Vtex { base_url, .. } | ChannelKind::Anymarket { base_url, .. } => base_url.as_str(),
    });
    channels.chain(erp)
}

fn channel_kind(channel: &ChannelConfig) -> Kind {
    match channel.kind {
        ChannelKind::Vtex { .. } => Kind::Vtex,
        ChannelKind::Anymarket { .. } => Kind::Anymarket,
    }
}

fn erp_kind(erp: &ErpConfig) -> Kind {
    match erp {
        ErpConfig::Ledger { .. } => Kind::Ledger,
        ErpConfig::Eccosys { credentials, .. } => match credentials {
            Credentials::Token { scheme: TokenScheme::Bearer, .. } => Kind::EccosysBearer,
            Credentials::Token { scheme: TokenScheme::Raw, .. } => Kind::EccosysRaw,
            Credentials::Key { .. } => Kind::EccosysKey,
            Credentials::User(_) => Kind::EccosysUser,
        },
    }
}

/// Where the credentials of a channel, or of the ERP, come from.
fn whence(config: &Config, channel: Option<&ChannelName>) -> Vec<String> {
    let secrets = match channel {
        None => config.erp.secrets(),
        Some(name) => config.channels.iter().filter(|one| one.name == *name).flat_map(ChannelConfig::secrets).collect(),
    };
    secrets.iter().map(|secret| secret.whence()).collect()
}

/// A failed reading of the ERP.
fn erp_failed(kind: Kind, access: Access, error: &ErpError, from: &[String]) -> Finding {
    match error {
        ErpError::Call(error) => check::failed(None, kind, access, error, from),
        ErpError::Refused { .. } => Finding::AnswerOdd { channel: None, access, problem: error.to_string() },
        ErpError::File(_) => Finding::LedgerUnusable { problem: error.to_string() },
    }
}
