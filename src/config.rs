//! The configuration: one TOML file, unknown keys refused, every error with file, line, key and remedy.

mod auto_cancel;
mod erp;
mod kind;
mod monitoring;
mod outgoing;
mod secret;
mod span;
mod stock;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;

use self::kind::Table;
use self::secret::Source;
use self::span::Patience;
use crate::channel::anymarket::PutRule;
use crate::channel::outgoing::XmlRule;
use crate::erp::DEFAULT_WAREHOUSE;
use crate::lang::{say, word};
use crate::model::{CarrierName, ChannelName, Instant, PaymentMethod, Sku, WarehouseId, calendar};
use crate::store::gathering;

pub use auto_cancel::AutoCancel;
pub use erp::{Credentials, ErpConfig, TokenScheme};
pub use kind::{ChannelKind, FeedRule, FulfillmentRule};
pub use monitoring::{Heartbeat, Monitoring};
pub use outgoing::{CollectionOrder, InvoiceRules, NumberFormat, TrackingRules};
pub use secret::Secret;
pub use span::Span;
pub use stock::{StockConfig, UnknownSkus};

/// The state file's name, where the configuration names none.
pub const STATE: &str = "vaivem.db";

/// The name of the embedded ERP's file, where the configuration names none.
pub const LEDGER: &str = "ledger.db";

/// What the file says, checked. Paths are absolute or relative to the working directory, no longer to the file.
#[derive(Debug)]
pub struct Config {
    /// The file it was read from.
    pub file: PathBuf,
    /// The state file.
    pub state: PathBuf,
    /// The back office.
    pub erp: ErpConfig,
    /// The channels, by name.
    pub channels: Vec<ChannelConfig>,
    /// What watches over the passes.
    pub monitoring: Monitoring,
}

/// One channel's part.
#[derive(Debug)]
pub struct ChannelConfig {
    /// The `NAME` of `[channels.NAME]`.
    pub name: ChannelName,
    /// What it is, and how to reach it.
    pub kind: ChannelKind,
    /// First instant of the cut-off date: orders created before it are never imported.
    pub since: Instant,
    /// Which orders to import.
    pub import: ImportRule,
    /// Exceptions from `import` by payment method.
    pub import_by_method: BTreeMap<PaymentMethod, ImportRule>,
    /// The ERP's carrier for a channel's carrier that `carriers` does not name.
    pub default_carrier: Option<CarrierName>,
    /// The channel's carrier names with the ERP's.
    pub carriers: BTreeMap<String, CarrierName>,
    /// The channel's product ids with the ERP's codes, where the channel's own reference is missing or differs.
    pub skus: BTreeMap<String, Sku>,
    /// The channel's warehouse ids with the ERP's. A line from any other is left to the ERP's default warehouse.
    pub warehouses: BTreeMap<WarehouseId, WarehouseId>,
    /// What to do about orders that a marketplace sends from a warehouse of its own; without a word they are held.
    pub fulfillment: Option<FulfillmentRule>,
    /// What push-stock may do.
    pub stock: StockConfig,
    /// Pacing and patience.
    pub limits: Limits,
    /// How far the sweep of the list reaches back behind its cursor, to catch what the list shows late.
    pub overlap: Duration,
    /// An order that waits for payment is read again when the last reading is older than this.
    pub reread_after: Duration,
    /// A paid order that is not finished is read again when the last reading is older than this, even if nothing was heard.
    pub reread_paid_after: Duration,
    /// Which orders are cancelled, when, and how many at most.
    pub auto_cancel: AutoCancel,
    /// How invoices go out.
    pub invoices: InvoiceRules,
    /// How deliveries go out.
    pub tracking: TrackingRules,
}

/// Which orders are imported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportRule {
    /// Once they are paid and ready.
    #[default]
    Paid,
    /// From the moment they wait for payment.
    All,
}

/// Pacing and patience toward one host.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Requests per minute, shared by every process of the state file; 0 is no limit.
    pub requests_per_minute: u32,
    /// Whether that is only where to begin: the channel tells its quota with its answers.
    pub follow_quota: bool,
    /// Calls at the same time.
    pub in_flight: usize,
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// Longest wait for the host to accept calls again before the run gives up and leaves the rest to the next.
    pub max_wait: Duration,
}

impl Limits {
    /// How many orders, or levels, are in hand at the same time: more than there may be calls, so that none of these waits while the
    /// answers of others are [gathered](gathering::most) and what they said is written down. Fewer where calls wait for their turn
    /// anyway, so that what was read does not wait with them; and one where there may be but one call, so that all happens in order.
    pub fn at_once(&self) -> usize {
        let beside = match self.in_flight {
            0 | 1 => 0,
            in_flight if self.requests_per_minute > 0 => (in_flight - 1) / 2,
            in_flight => gathering::most(in_flight) * 2,
        };
        self.in_flight + beside
    }
}

/// What is wrong with the configuration, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.text())]
pub struct ConfigError {
    file: PathBuf,
    line: Option<usize>,
    key: Option<String>,
    problem: String,
    remedy: String,
}

impl ConfigError {
    /// Where it is, and what is wrong there.
    pub fn problem(&self) -> String {
        let place = match self.line {
            Some(line) => format!("{}:{line}", self.file.display()),
            None => self.file.display().to_string(),
        };
        let key = self.key.as_ref().map(|key| format!(" `{key}`:")).unwrap_or_default();
        format!("{place}:{key} {}", self.problem)
    }

    /// What to do about it.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }

    fn text(&self) -> String {
        say!("{}\n  what to do: {}" | "{}\n  o que fazer: {}", self.problem(), self.remedy)
    }
}

impl Config {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// [`ConfigError`] names file, line, key and remedy.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file).map_err(|error| ConfigError {
            file: file.to_owned(),
            line: None,
            key: None,
            problem: say!("cannot be read: {error}" | "não pode ser lido: {error}"),
            remedy: word!(
                "name the configuration with --config FILE or VAIVEM_CONFIG; vaivem init writes one to start from, and \
                 examples/vaivem.toml has every key with its comment"
                    | "indique a configuração com --config ARQUIVO ou VAIVEM_CONFIG; vaivem init escreve uma para \
                       começar, e examples/vaivem.toml tem cada chave comentada"
            )
            .into(),
        })?;
        let config = Self::parse(file, &text)?;
        config.keep_inboxes_apart()?;
        Ok(config)
    }

    /// Whatever lies in an inbox is taken for a document and moved away: none of the store's own files may lie there.
    fn keep_inboxes_apart(&self) -> Result<(), ConfigError> {
        let ledger = match &self.erp {
            ErpConfig::Ledger { file, .. } => Some(file.as_path()),
            ErpConfig::Eccosys { .. } => None,
        };
        let own = [self.file.as_path(), &self.state].into_iter().chain(ledger);
        let secrets = self.secrets();
        let mut files = own.chain(secrets.iter().filter_map(|secret| secret.file()));
        let inboxes: Vec<PathBuf> = self.erp.inboxes().iter().filter_map(|inbox| inbox.canonicalize().ok()).collect();
        let is_in_one = |file: &Path| {
            let name = file.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
            if crate::inbox::is_left_alone(&name) {
                return false;
            }
            // A link is moved by itself, and what it points to as well.
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let pointed_to = file.canonicalize().ok().and_then(|file| Some(file.parent()?.to_owned()));
            [folder.canonicalize().ok(), pointed_to].into_iter().flatten().any(|folder| inboxes.contains(&folder))
        };
        let Some(file) = files.find(|file| is_in_one(file)) else { return Ok(()) };
        Err(ConfigError {
            file: self.file.clone(),
            line: None,
            key: Some("inbox".into()),
            problem: say!(
                "is the folder of {}, which would be moved away as a document that cannot be read"
                    | "é a pasta de {}, que seria movido como um documento ilegível",
                file.display()
            ),
            remedy: word!(
                "give documents a folder of their own, such as inbox = \"inbox\""
                    | "use uma pasta só para documentos, como inbox = \"inbox\""
            )
            .into(),
        })
    }

    /// Checks the text of a configuration; `file` is for messages and for relative paths.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let at = Place { file, text };
        let mut raw: Raw = at.deserialize()?;
        let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let issuers = at.issuers(std::mem::take(&mut raw.erp.issuers))?;
        let erp = at.erp(folder, raw.erp, raw.carriers, &issuers)?;
        if raw.channels.is_empty() {
            return Err(ConfigError {
                file: file.to_owned(),
                line: None,
                key: Some("channels".into()),
                problem: word!("there is no channel" | "não há nenhum canal").into(),
                remedy: word!(
                    "add a table [channels.NAME] with kind = \"vtex\""
                        | "acrescente uma tabela [channels.NOME] com kind = \"vtex\""
                )
                .into(),
            });
        }
        let mut channels: Vec<ChannelConfig> = Vec::new();
        for (name, raw) in raw.channels {
            let table = Spanned::new(raw.span(), ());
            let mut channel = at.channel(folder, &name, raw, &erp)?;
            channel.invoices.issuers.get_or_insert_with(|| issuers.clone());
            if let Some(twin) = channels.iter().find(|one| one.kind.is_account_of(&channel.kind)) {
                return Err(at.error(
                    &table,
                    &format!("channels.{name}"),
                    say!(
                        "is the account of [channels.{}] once more; each of its orders would be imported twice"
                            | "é a mesma conta de [channels.{}]; cada pedido dela seria importado duas vezes",
                        twin.name
                    ),
                    word!(
                        "keep one table for each account, under the name that has its orders"
                            | "deixe uma só tabela por conta, com o nome que tem os pedidos dela"
                    ),
                ));
            }
            channels.push(channel);
        }
        let monitoring = at.monitoring(folder, raw.monitoring)?;
        Ok(Self {
            file: file.to_owned(),
            state: folder.join(raw.state.unwrap_or_else(|| STATE.into())),
            erp,
            channels,
            monitoring,
        })
    }
}

impl Config {
    /// Every secret it names.
    pub fn secrets(&self) -> Vec<&Secret> {
        let channels = self.channels.iter().flat_map(ChannelConfig::secrets);
        let heartbeats = self.monitoring.heartbeat.addresses.values();
        self.erp.secrets().into_iter().chain(channels).chain(heartbeats).collect()
    }
}

impl ChannelConfig {
    /// Every secret it names.
    pub fn secrets(&self) -> Vec<&Secret> {
        match &self.kind {
            ChannelKind::Vtex { app_key, app_token, .. } => vec![app_key, app_token],
            ChannelKind::Anymarket { token, .. } => vec![token],
        }
    }
}

/// The text being checked, for errors that know their line.
struct Place<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Place<'_> {
    fn line(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
    }

    fn error<T>(
        &self,
        at: &Spanned<T>,
        key: &str,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> ConfigError {
        ConfigError {
            file: self.file.to_owned(),
            line: Some(self.line(at.span().start)),
            key: Some(key.to_owned()),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    fn deserialize(&self) -> Result<Raw, ConfigError> {
        let wrong = |error: &toml::de::Error, key: Option<String>| ConfigError {
            file: self.file.to_owned(),
            line: error.span().map(|span| self.line(span.start)),
            key,
            problem: error.message().trim_end().replace('\n', "; "),
            remedy: word!(
                "compare with examples/vaivem.toml, where every key stands commented with its default"
                    | "compare com examples/vaivem.toml, onde cada chave está comentada com seu valor padrão"
            )
            .into(),
        };
        let parsed = toml::Deserializer::parse(self.text).map_err(|error| {
            let key = error.span().and_then(|span| self.text.get(span)).filter(|_| error.message() == "duplicate key");
            let problem =
                key.map(|_| word!("is written twice in its table" | "está duas vezes na mesma tabela").into());
            let error = wrong(&error, key.map(str::to_owned));
            ConfigError { problem: problem.unwrap_or(error.problem), ..error }
        })?;
        serde_path_to_error::deserialize(parsed).map_err(|error| {
            // `Spanned` shows in the path as a level of its own.
            let path = error.path().to_string().replace(".$__serde_spanned_private_value", "");
            let key = Some(path).filter(|path| path != ".");
            wrong(error.inner(), key)
        })
    }

    fn channel(
        &self,
        folder: &Path,
        name: &str,
        spanned: Spanned<RawChannel>,
        erp: &ErpConfig,
    ) -> Result<ChannelConfig, ConfigError> {
        let key = |field: &str| format!("channels.{name}.{field}");
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
            return Err(self.error(
                &spanned,
                &format!("channels.{name}"),
                word!(
                    "a channel's name may hold only letters, digits, `-` and `_`"
                        | "o nome de um canal só pode ter letras, algarismos, `-` e `_`"
                ),
                word!(
                    "rename it; the name is used in commands and file names"
                        | "renomeie-o; o nome é usado em comandos e nomes de arquivos"
                ),
            ));
        }
        let place = Spanned::new(spanned.span(), ());
        let mut raw = spanned.into_inner();
        let missing =
            |field: &str, remedy: &str| self.error(&place, &key(field), word!("is missing" | "está faltando"), remedy);

        let kind = Table { at: self, folder, name, place: &place }.kind(&mut raw)?;
        let since = raw.since.ok_or_else(|| {
            missing(
                "since",
                word!(
                    "write the cut-off date, such as since = \"2026-11-01\": older orders are never imported"
                        | "escreva a data de corte, como since = \"2026-11-01\": pedidos mais antigos nunca são \
                       importados"
                ),
            )
        })?;
        let Ok(cutoff) = since.as_ref().parse::<NaiveDate>() else {
            return Err(self.error(
                &since,
                &key("since"),
                say!("`{}` is not a date" | "`{}` não é uma data", since.as_ref()),
                word!(
                    "write it as \"YYYY-MM-DD\", the day's start in São Paulo"
                        | "escreva como \"AAAA-MM-DD\", o início do dia em São Paulo"
                ),
            ));
        };
        let mut import_by_method = BTreeMap::new();
        for (method, rule) in raw.import_by_method {
            let code = method.as_ref();
            match PaymentMethod::ALL.iter().find(|(_, known)| known == code) {
                Some((known, _)) => import_by_method.insert(*known, rule),
                None => {
                    let known: Vec<&str> = PaymentMethod::ALL.iter().map(|(_, code)| *code).collect();
                    return Err(self.error(
                        &method,
                        &key(&format!("import_by_method.{code}")),
                        word!("is no payment method" | "não é uma forma de pagamento"),
                        say!("use one of {}" | "use uma destas: {}", known.join(", ")),
                    ));
                }
            };
        }
        for (theirs, ours) in &raw.warehouses {
            if matches!(erp, ErpConfig::Eccosys { .. }) && ours.as_ref() != DEFAULT_WAREHOUSE {
                return Err(self.error(
                    ours,
                    &key(&format!("warehouses.\"{theirs}\"")),
                    word!(
                        "Eccosys tells one balance for each product, whatever its warehouses"
                            | "o Eccosys informa um saldo por produto, seja qual for o depósito"
                    ),
                    say!("write \"{DEFAULT_WAREHOUSE}\"" | "escreva \"{DEFAULT_WAREHOUSE}\""),
                ));
            }
        }
        let (reserves, settle) = (kind.reserves(), kind.settle());
        let limits = Limits {
            requests_per_minute: raw.requests_per_minute.unwrap_or(kind.requests_per_minute()),
            follow_quota: raw.requests_per_minute.is_none() && kind.tells_quota(),
            in_flight: raw.in_flight.map_or(kind.in_flight(), |n| usize::from(n.max(1))),
            timeout: raw.timeout.map_or(Duration::from_secs(30), |patience| patience.0),
            max_wait: raw.max_wait.map_or(Duration::from_secs(90), |patience| patience.0),
        };
        Ok(ChannelConfig {
            name: ChannelName::new(name),
            kind,
            since: calendar::start_of_day(cutoff),
            import: raw.import.unwrap_or_default(),
            import_by_method,
            default_carrier: raw.default_carrier.map(CarrierName::new),
            carriers: raw.carriers.into_iter().map(|(theirs, ours)| (theirs, CarrierName::new(ours))).collect(),
            skus: raw.skus.into_iter().map(|(theirs, ours)| (theirs, Sku::new(ours))).collect(),
            warehouses: raw
                .warehouses
                .into_iter()
                .map(|(theirs, ours)| (WarehouseId::new(theirs), WarehouseId::new(ours.into_inner())))
                .collect(),
            fulfillment: raw.fulfillment,
            stock: raw.stock.or_default(reserves, settle),
            limits,
            overlap: raw.overlap.map_or(Duration::from_secs(30 * 60), |span| span.0),
            reread_after: raw.reread_after.map_or(Duration::ZERO, |span| span.0),
            reread_paid_after: raw.reread_paid_after.map_or(Duration::from_secs(3600), |span| span.0),
            auto_cancel: raw.auto_cancel.into(),
            invoices: raw.invoices,
            tracking: raw.tracking,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    state: Option<PathBuf>,
    erp: erp::RawErp,
    #[serde(default)]
    carriers: erp::RawCarriers,
    #[serde(default)]
    channels: BTreeMap<String, Spanned<RawChannel>>,
    #[serde(default)]
    monitoring: monitoring::RawMonitoring,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChannel {
    kind: Spanned<String>,
    account: Option<Spanned<String>>,
    token: Option<Spanned<Source>>,
    platform: Option<Spanned<String>>,
    oi: Option<Spanned<String>>,
    cancel: Option<Spanned<bool>>,
    cancel_code: Option<Spanned<String>>,
    xml: Option<Spanned<XmlRule>>,
    put: Option<Spanned<PutRule>>,
    fulfillment: Option<FulfillmentRule>,
    base_url: Option<Spanned<String>>,
    app_key: Option<Spanned<Source>>,
    app_token: Option<Spanned<Source>>,
    since: Option<Spanned<String>>,
    feed: Option<Spanned<FeedRule>>,
    import: Option<ImportRule>,
    #[serde(default)]
    import_by_method: BTreeMap<Spanned<String>, ImportRule>,
    default_carrier: Option<String>,
    #[serde(default)]
    carriers: BTreeMap<String, String>,
    #[serde(default)]
    skus: BTreeMap<String, String>,
    #[serde(default)]
    warehouses: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    stock: stock::RawStock,
    requests_per_minute: Option<u32>,
    in_flight: Option<u8>,
    timeout: Option<Patience>,
    max_wait: Option<Patience>,
    overlap: Option<Span>,
    reread_after: Option<Span>,
    reread_paid_after: Option<Span>,
    #[serde(default)]
    auto_cancel: auto_cancel::RawAutoCancel,
    #[serde(default)]
    invoices: InvoiceRules,
    #[serde(default)]
    tracking: TrackingRules,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::documents::ocoren::Outcome;
    use crate::model::TaxId;
    use crate::model::money::DecimalMark;

    const GOOD: &str = r#"
[erp]
kind = "ledger"

[channels.loja]
kind = "vtex"
account = "minhaloja"
app_key = { env = "K" }
app_token = { file = "token" }
since = "2026-11-01"
"#;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(Path::new("/etc/vaivem/vaivem.toml"), text)
    }

    fn error(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_short_file_is_enough() {
        let config = parse(GOOD).unwrap();
        assert_eq!(config.state, Path::new("/etc/vaivem/vaivem.db"));
        let channel = &config.channels[0];
        assert_eq!(channel.since, "2026-11-01T03:00:00Z".parse::<Instant>().unwrap());
        let ChannelKind::Vtex { base_url, app_token, feed, .. } = &channel.kind else { panic!("{channel:?}") };
        assert_eq!(base_url, "https://minhaloja.vtexcommercestable.com.br");
        assert_eq!(app_token.source, Source::File("/etc/vaivem/token".into()));
        assert_eq!(*feed, FeedRule::Create);
        assert_eq!(channel.import, ImportRule::Paid);
    }

    #[test]
    fn the_decimal_mark_of_sheets_is_declared() {
        let text = |mark: &str| {
            GOOD.replacen("kind = \"ledger\"", &format!("kind = \"ledger\"\nsheet_decimal = \"{mark}\""), 1)
        };
        let ErpConfig::Ledger { rules, .. } = parse(&text("comma")).unwrap().erp else { panic!() };
        assert_eq!(rules.sheets.decimal, DecimalMark::Comma);
        assert!(error(&text("virgula")).contains("`erp.sheet_decimal`: `virgula` is no decimal mark"));
    }

    #[test]
    fn a_code_may_mean_something_else_at_one_carrier() {
        let carriers = |codes: &str| format!("{GOOD}[carriers]\n{codes}\n");
        let text = carriers(
            "codes = { 203 = \"in_transit\" }\ncodes_by_carrier = { \"98.765.432/0001-98\" = { 203 = \"delivered\" } }",
        );
        let ErpConfig::Ledger { rules, .. } = parse(&text).unwrap().erp else { panic!() };
        let carrier = TaxId::parse("98765432000198").unwrap();
        assert_eq!(rules.codes.outcome(203, Some(&carrier)), Outcome::Delivered);
        assert_eq!(rules.codes.outcome(203, None), Outcome::InTransit);
        for (codes, key) in [
            ("codes = { x = \"lost\" }", "carriers.codes.x"),
            ("codes = { 203 = \"sumiu\" }", "carriers.codes.203"),
            ("codes_by_carrier = { \"1\" = { 203 = \"lost\" } }", "carriers.codes_by_carrier.\"1\""),
            (
                "codes_by_carrier = { \"98765432000198\" = { 203 = \"sumiu\" } }",
                "carriers.codes_by_carrier.\"98765432000198\".203",
            ),
        ] {
            let problem = error(&carriers(codes));
            assert!(problem.contains(&format!("`{key}`")), "{problem}");
        }
    }

    #[test]
    fn errors_name_file_line_key_and_remedy() {
        let unknown = error(&format!("{GOOD}importt = \"all\"\n"));
        assert!(unknown.starts_with("/etc/vaivem/vaivem.toml:11: `channels.loja.importt`: unknown field"), "{unknown}");
        assert!(unknown.contains("what to do:"), "{unknown}");

        let kind = error(&GOOD.replace("\"vtex\"", "\"shopify\""));
        assert!(
            kind.starts_with("/etc/vaivem/vaivem.toml:6: `channels.loja.kind`: `shopify` is no kind of channel"),
            "{kind}"
        );

        let since = error(&GOOD.replace("2026-11-01", "01/11/2026"));
        assert!(since.starts_with("/etc/vaivem/vaivem.toml:10: `channels.loja.since`:"), "{since}");

        let missing = error(&GOOD.replace("since = \"2026-11-01\"\n", ""));
        assert!(missing.contains("`channels.loja.since`: is missing"), "{missing}");

        let inline = error(&GOOD.replace("{ env = \"K\" }", "\"vtexappkey-x\""));
        assert!(inline.contains(":8: `channels.loja.app_key`: secrets do not belong in this file"), "{inline}");
        assert!(!inline.contains("vtexappkey-x"), "a secret must not be echoed: {inline}");

        let method = error(&format!("{GOOD}import_by_method = {{ boletto = \"all\" }}\n"));
        assert!(method.contains(":11: `channels.loja.import_by_method.boletto`: is no payment method"), "{method}");

        let span = error(&format!("{GOOD}overlap = \"30\"\n"));
        assert!(span.contains(":11: `channels.loja.overlap`: `30` is not a length of time"), "{span}");

        let patience = error(&format!("{GOOD}timeout = \"0s\"\n"));
        assert!(patience.contains(":11: `channels.loja.timeout`: no answer comes within 0s"), "{patience}");
        let long = error(&format!("{GOOD}overlap = \"100000000d\"\n"));
        assert!(long.contains(":11: `channels.loja.overlap`: `100000000d` is longer than ten years"), "{long}");
        let bare = error(&GOOD.replace("\"2026-11-01\"", "2026-11-01"));
        assert!(bare.contains(":10: `channels.loja.since`:") && !bare.contains("serde"), "{bare}");

        let http = error(&GOOD.replace("account = \"minhaloja\"", "base_url = \"http://example.com\""));
        assert!(http.contains("does not start with https://"), "{http}");

        let both = error(&format!("{GOOD}base_url = \"https://outra.example\"\n"));
        assert!(both.contains(":11: `channels.loja.base_url`: is given beside `account`"), "{both}");

        let twice = error(&GOOD.replace("kind = \"ledger\"", "kind = \"ledger\"\nkind = \"ledger\""));
        assert!(twice.contains(":4: `kind`: is written twice in its table"), "{twice}");

        let syntax = error("[erp\nkind = 1");
        assert!(syntax.starts_with("/etc/vaivem/vaivem.toml:1:"), "{syntax}");
    }

    #[test]
    fn an_account_of_anymarket_needs_a_token_and_a_cutoff() {
        let hub = "[erp]\nkind = \"ledger\"\n[channels.hub]\nkind = \"anymarket\"\ntoken = { env = \"T\" }\nsince = \"2026-11-01\"\n";
        let config = parse(hub).unwrap();
        let ChannelKind::Anymarket { base_url, platform, oi, options, .. } = &config.channels[0].kind else { panic!() };
        assert_eq!((base_url.as_str(), platform.as_str(), oi), ("https://api.anymarket.com.br/v2", "vaivem", &None));
        assert_eq!((options.feed, options.cancel, options.xml), (true, false, XmlRule::Needed));
        assert_eq!(options.put, PutRule::Part);
        assert_eq!(config.channels[0].fulfillment, None);
        assert!(error(&hub.replace("since = \"2026-11-01\"\n", "")).contains("`channels.hub.since`: is missing"));
        assert!(error(&hub.replace("token = { env = \"T\" }\n", "")).contains("`channels.hub.token`: is missing"));
        let mixed = error(&format!("{hub}account = \"minhaloja\"\n"));
        assert!(
            mixed.contains(":7: `channels.hub.account`: is a setting of channels of kind \"vtex\" alone"),
            "{mixed}"
        );
        assert!(error(&format!("{GOOD}cancel = true\n")).contains("kind \"anymarket\" alone"));
    }

    #[test]
    fn an_account_has_one_table() {
        let second = |table: &str| format!("{GOOD}[channels.site]\nsince = \"2026-11-01\"\n{table}");
        let keys = "kind = \"vtex\"\napp_key = { env = \"K2\" }\napp_token = { env = \"T2\" }\n";
        let twice = error(&second(&format!("{keys}base_url = \"https://MinhaLoja.vtexcommercestable.com.br/\"\n")));
        assert!(twice.contains(":11: `channels.site`: is the account of [channels.loja] once more"), "{twice}");
        parse(&second(&format!("{keys}account = \"outraloja\"\n"))).unwrap();
        let hubs = |one: &str, other: &str| {
            let hub = |name: &str, keys: &str| {
                format!("[channels.{name}]\nkind = \"anymarket\"\nsince = \"2026-11-01\"\n{keys}\n")
            };
            parse(&format!("{GOOD}{}{}", hub("hub", one), hub("hub2", other)))
        };
        let (a, b) = ("token = { env = \"A\" }", "token = { env = \"B\" }");
        hubs(a, b).unwrap();
        hubs(a, a).unwrap_err();
        hubs(&format!("{a}\noi = \"7\""), &format!("{a}\noi = \"8\"")).unwrap();
        hubs(&format!("{a}\noi = \"7\""), &format!("{b}\noi = \"7\"")).unwrap_err();
    }

    #[test]
    fn a_channel_issues_as_the_erp_does_unless_it_says_otherwise() {
        let issuers = |text: &str| parse(text).unwrap().channels[0].invoices.issuers.clone().unwrap();
        let two = GOOD
            .replace("kind = \"ledger\"", "kind = \"ledger\"\nissuers = [\"12.345.678/0001-95\", \"529.982.247-25\"]");
        assert_eq!(issuers(&two).len(), 2);
        assert_eq!(issuers(&format!("{two}invoices = {{ issuers = [\"52998224725\"] }}\n")).len(), 1);
        assert_eq!(issuers(&format!("{two}invoices = {{ issuers = [] }}\n")), []);
    }

    #[test]
    fn the_published_examples_are_valid() {
        for text in [include_str!("../examples/vaivem.toml"), include_str!("../examples/eccosys.toml")] {
            is_valid(text);
        }
    }

    /// What the program knows of each table, by its own word: no setting is a secret of the source.
    #[test]
    fn every_setting_stands_in_the_published_examples() {
        let published = [include_str!("../examples/vaivem.toml"), include_str!("../examples/eccosys.toml")].concat();
        let channel = "[erp]\nkind = \"ledger\"\n[channels.loja]\n";
        let mut settings = BTreeSet::new();
        for table in [
            String::new(),
            "[erp]\n".into(),
            "[carriers]\n".into(),
            "[monitoring]\n".into(),
            "[monitoring.heartbeat]\n".into(),
            channel.into(),
            format!("{channel}[channels.loja.stock]\n"),
            format!("{channel}[channels.loja.invoices]\n"),
            format!("{channel}[channels.loja.tracking]\n"),
            format!("{channel}[channels.loja.auto_cancel]\n"),
        ] {
            let told = error(&format!("{table}no_such_setting = 1\n"));
            let known = told.split("expected one of").nth(1).unwrap_or_else(|| panic!("{table}: {told}"));
            let known = known.lines().next().unwrap_or_default();
            settings.extend(known.split('`').skip(1).step_by(2).map(str::to_owned));
        }
        assert!(settings.len() > 70, "only {settings:?}");
        let stands = |name: &&String| {
            [format!("{name} ="), format!("{name}]"), format!("{name}.")].iter().any(|form| published.contains(form))
        };
        let missing: Vec<&String> = settings.iter().filter(|name| !stands(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    fn is_valid(text: &str) {
        parse(text).unwrap();
        // Every commented default must be a valid key with that value, too.
        let uncommented: String = text
            .lines()
            // The other way to say what `account` says.
            .filter(|line| !line.starts_with("#: base_url"))
            .map(|line| line.strip_prefix("#: ").unwrap_or(line))
            .fold(String::new(), |all, line| all + line + "\n");
        parse(&uncommented).unwrap();
    }
}
