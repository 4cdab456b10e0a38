//! `[erp]` and `[carriers]`: the back office, and what carriers say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;
use toml::Spanned;

use super::secret::Source;
use super::span::{Patience, Span};
use super::{ConfigError, LEDGER, Limits, Place, Secret};
use crate::documents::SheetOptions;
use crate::documents::ocoren::{CodeTable, Outcome};
use crate::erp::eccosys::{self, Situations};
use crate::erp::ledger::Rules;
use crate::lang::{say, word};
use crate::model::money::DecimalMark;
use crate::model::{Status, TaxId};

/// Eccosys' address for accounts whose token tells which company they are of.
const ECCOSYS: &str = "https://empresa.eccosys.com.br/api";

/// The back office's part.
#[derive(Debug)]
pub enum ErpConfig {
    /// The embedded one.
    Ledger {
        /// Its file.
        file: PathBuf,
        /// Folders for documents: the ERP's own and the carriers'.
        inboxes: Vec<PathBuf>,
        /// What is said about documents.
        rules: Rules,
    },
    /// Eccosys.
    Eccosys {
        /// Where its API is.
        base_url: String,
        /// Who calls.
        credentials: Credentials,
        /// What may be done, and how.
        options: Box<eccosys::Options>,
        /// Pacing and patience.
        limits: Limits,
        /// The folder for carriers' files.
        inboxes: Vec<PathBuf>,
        /// What is said about documents.
        rules: Rules,
    },
}

impl ErpConfig {
    /// Folders for documents.
    pub fn inboxes(&self) -> &[PathBuf] {
        match self {
            Self::Ledger { inboxes, .. } | Self::Eccosys { inboxes, .. } => inboxes,
        }
    }

    /// Every secret it names.
    pub fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::Ledger { .. } => Vec::new(),
            Self::Eccosys { credentials, .. } => match credentials {
                Credentials::Token { token, .. } | Credentials::User(token) => vec![token],
                Credentials::Key { key, secret } => vec![key, secret],
            },
        }
    }

    /// What is said about documents.
    pub fn rules(&self) -> &Rules {
        match self {
            Self::Ledger { rules, .. } | Self::Eccosys { rules, .. } => rules,
        }
    }
}

/// How Eccosys is told who calls.
#[derive(Debug)]
pub enum Credentials {
    /// A token, which is what accounts get today.
    Token {
        /// The token.
        token: Secret,
        /// How it stands in the header.
        scheme: TokenScheme,
    },
    /// A key, and a secret that signs every call with the day.
    Key {
        /// `apikey`.
        key: Secret,
        /// What signs.
        secret: Secret,
    },
    /// A named user's token: some accounts let nobody else read collection orders.
    User(Secret),
}

/// How a token stands in the header `Authorization`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenScheme {
    /// `Bearer TOKEN`.
    #[default]
    Bearer,
    /// The token alone.
    Raw,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawErp {
    kind: Spanned<String>,
    #[serde(default)]
    pub(super) issuers: Vec<Spanned<String>>,
    // The ledger's.
    file: Option<Spanned<PathBuf>>,
    inbox: Option<Spanned<PathBuf>>,
    sheet_decimal: Option<Spanned<String>>,
    // Eccosys'.
    base_url: Option<Spanned<String>>,
    token: Option<Spanned<Source>>,
    token_scheme: Option<Spanned<TokenScheme>>,
    api_key: Option<Spanned<Source>>,
    api_secret: Option<Spanned<Source>>,
    user_token: Option<Spanned<Source>>,
    situations: Option<Spanned<BTreeMap<Spanned<String>, Spanned<String>>>>,
    page: Option<Spanned<u32>>,
    stock_page: Option<Spanned<u32>>,
    fresh_for: Option<Spanned<Span>>,
    stock_fresh_for: Option<Spanned<Span>>,
    details_within: Option<Spanned<Span>>,
    follow_for: Option<Spanned<Span>>,
    collection_orders: Option<Spanned<bool>>,
    payment_date: Option<Spanned<bool>>,
    write_deliveries: Option<Spanned<bool>>,
    stock_queue: Option<Spanned<bool>>,
    settle_after: Option<Spanned<Span>>,
    requests_per_minute: Option<Spanned<u32>>,
    in_flight: Option<Spanned<u8>>,
    timeout: Option<Spanned<Patience>>,
    max_wait: Option<Spanned<Patience>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCarriers {
    inbox: Option<PathBuf>,
    #[serde(default)]
    codes: RawCodes,
    #[serde(default)]
    codes_by_carrier: BTreeMap<Spanned<String>, RawCodes>,
}

/// Occurrence codes with their meanings.
type RawCodes = BTreeMap<Spanned<String>, Spanned<String>>;

impl Place<'_> {
    /// The back office.
    pub(super) fn erp(
        &self,
        folder: &Path,
        raw: RawErp,
        carriers: RawCarriers,
        issuers: &[TaxId],
    ) -> Result<ErpConfig, ConfigError> {
        let codes = self.code_table(carriers.codes, carriers.codes_by_carrier)?;
        let carriers_inbox = carriers.inbox.map(|inbox| folder.join(inbox));
        match raw.kind.as_ref().as_str() {
            "ledger" => {
                self.only_eccosys(&raw)?;
                let inboxes = [raw.inbox.map(|inbox| folder.join(inbox.into_inner())), carriers_inbox];
                let file = raw.file.map_or_else(|| LEDGER.into(), Spanned::into_inner);
                Ok(ErpConfig::Ledger {
                    file: folder.join(file),
                    inboxes: inboxes.into_iter().flatten().collect(),
                    rules: Rules { issuers: issuers.to_vec(), codes, sheets: self.sheets(raw.sheet_decimal)? },
                })
            }
            "eccosys" => {
                let rules = Rules { issuers: issuers.to_vec(), codes, sheets: SheetOptions::default() };
                self.eccosys(folder, raw, carriers_inbox, rules)
            }
            other => Err(self.error(
                &raw.kind,
                "erp.kind",
                say!("`{other}` is no kind of ERP" | "`{other}` não é um tipo de ERP"),
                word!("write \"ledger\" or \"eccosys\"" | "escreva \"ledger\" ou \"eccosys\""),
            )),
        }
    }

    fn eccosys(
        &self,
        folder: &Path,
        raw: RawErp,
        carriers_inbox: Option<PathBuf>,
        rules: Rules,
    ) -> Result<ErpConfig, ConfigError> {
        self.only_ledger(&raw)?;
        let credentials = self.credentials(folder, &raw)?;
        let standard = eccosys::Options::default();
        let span = |told: Option<Spanned<Span>>, standard: TimeDelta| {
            told.map_or(standard, |span| TimeDelta::from_std(span.into_inner().0).unwrap_or(standard))
        };
        let page = |told: Option<Spanned<u32>>, key: &str, standard: u32| match told {
            Some(rows) if *rows.as_ref() == 0 => Err(self.error(
                &rows,
                key,
                word!("a page has rows" | "uma página tem linhas"),
                word!("write 100, or leave it out" | "escreva 100, ou deixe de fora"),
            )),
            told => Ok(told.map_or(standard, Spanned::into_inner)),
        };
        let flag = |told: Option<Spanned<bool>>, standard: bool| told.map_or(standard, Spanned::into_inner);
        let options = eccosys::Options {
            situations: self.situations(raw.situations)?,
            page: page(raw.page, "erp.page", standard.page)?,
            stock_page: page(raw.stock_page, "erp.stock_page", standard.stock_page)?,
            fresh_for: span(raw.fresh_for, standard.fresh_for),
            stock_fresh_for: span(raw.stock_fresh_for, standard.stock_fresh_for),
            details_within: span(raw.details_within, standard.details_within),
            follow_for: span(raw.follow_for, standard.follow_for),
            collection_orders: flag(raw.collection_orders, standard.collection_orders),
            payment_date: flag(raw.payment_date, standard.payment_date),
            write_deliveries: flag(raw.write_deliveries, standard.write_deliveries),
            stock_queue: flag(raw.stock_queue, standard.stock_queue),
            settle_after: span(raw.settle_after, standard.settle_after),
        };
        let patience = |told: Option<Spanned<Patience>>, standard| told.map_or(standard, |told| told.into_inner().0);
        let limits = Limits {
            // One client limits itself to one a second; nobody publishes a figure.
            requests_per_minute: raw.requests_per_minute.map_or(60, Spanned::into_inner),
            follow_quota: false,
            in_flight: raw.in_flight.map_or(1, |n| usize::from(n.into_inner().max(1))),
            timeout: patience(raw.timeout, Duration::from_secs(60)),
            max_wait: patience(raw.max_wait, Duration::from_secs(150)),
        };
        let base_url = match raw.base_url {
            Some(url) => self.address(&url, "erp.base_url")?,
            None => ECCOSYS.to_owned(),
        };
        let inboxes = carriers_inbox.into_iter().collect();
        Ok(ErpConfig::Eccosys { base_url, credentials, options: Box::new(options), limits, inboxes, rules })
    }

    fn credentials(&self, folder: &Path, raw: &RawErp) -> Result<Credentials, ConfigError> {
        let secret = |source: &Spanned<Source>, key: &str| {
            let line = self.line(source.span().start);
            let place = format!("{}:{line}: `{key}`", self.file.display());
            Secret::new(source.as_ref().clone().resolve_in(folder), place)
        };
        if let (None, Some(scheme)) = (&raw.token, &raw.token_scheme) {
            let problem =
                word!("says how `token` is sent, and there is none" | "diz como `token` é enviado, e não há token");
            let mend = word!("remove it, or write token" | "remova-a, ou escreva token");
            return Err(self.error(scheme, "erp.token_scheme", problem, mend));
        }
        match (&raw.token, &raw.api_key, &raw.api_secret, &raw.user_token) {
            (Some(token), None, None, None) => Ok(Credentials::Token {
                token: secret(token, "erp.token"),
                scheme: raw.token_scheme.as_ref().map(|scheme| *scheme.as_ref()).unwrap_or_default(),
            }),
            (None, Some(key), Some(own), None) => {
                Ok(Credentials::Key { key: secret(key, "erp.api_key"), secret: secret(own, "erp.api_secret") })
            }
            (None, None, None, Some(token)) => Ok(Credentials::User(secret(token, "erp.user_token"))),
            _ => Err(self.error(
                &raw.kind,
                "erp.token",
                word!(
                    "Eccosys is to be told who calls in exactly one way"
                        | "o Eccosys deve saber quem chama de exatamente uma forma"
                ),
                word!(
                    "write token = { env = \"ECCOSYS_TOKEN\" }; or api_key and api_secret; or user_token alone"
                        | "escreva token = { env = \"ECCOSYS_TOKEN\" }; ou api_key e api_secret; ou só user_token"
                ),
            )),
        }
    }

    fn situations(
        &self,
        raw: Option<Spanned<BTreeMap<Spanned<String>, Spanned<String>>>>,
    ) -> Result<Situations, ConfigError> {
        let mut table = Situations::new();
        for (code, meaning) in raw.map(Spanned::into_inner).unwrap_or_default() {
            let key = format!("erp.situations.\"{}\"", code.as_ref());
            let status = Status::from_code(meaning.as_ref());
            if matches!(status, Status::Unknown(_)) {
                let known: Vec<String> = Status::known().map(|status| status.code()).collect();
                let said = say!("`{}` is no status" | "`{}` não é uma situação", meaning.as_ref());
                return Err(self.error(
                    &meaning,
                    &key,
                    said,
                    say!("write one of {}" | "escreva uma destas: {}", known.join(", ")),
                ));
            }
            table.insert(code.into_inner(), status);
        }
        Ok(table)
    }

    fn only_ledger(&self, raw: &RawErp) -> Result<(), ConfigError> {
        self.not_of_erp(raw.file.as_ref(), "file", "ledger")?;
        self.not_of_erp(raw.inbox.as_ref(), "inbox", "ledger")?;
        self.not_of_erp(raw.sheet_decimal.as_ref(), "sheet_decimal", "ledger")
    }

    fn only_eccosys(&self, raw: &RawErp) -> Result<(), ConfigError> {
        let kind = "eccosys";
        self.not_of_erp(raw.base_url.as_ref(), "base_url", kind)?;
        self.not_of_erp(raw.token.as_ref(), "token", kind)?;
        self.not_of_erp(raw.token_scheme.as_ref(), "token_scheme", kind)?;
        self.not_of_erp(raw.api_key.as_ref(), "api_key", kind)?;
        self.not_of_erp(raw.api_secret.as_ref(), "api_secret", kind)?;
        self.not_of_erp(raw.user_token.as_ref(), "user_token", kind)?;
        self.not_of_erp(raw.situations.as_ref(), "situations", kind)?;
        self.not_of_erp(raw.page.as_ref(), "page", kind)?;
        self.not_of_erp(raw.stock_page.as_ref(), "stock_page", kind)?;
        self.not_of_erp(raw.fresh_for.as_ref(), "fresh_for", kind)?;
        self.not_of_erp(raw.stock_fresh_for.as_ref(), "stock_fresh_for", kind)?;
        self.not_of_erp(raw.details_within.as_ref(), "details_within", kind)?;
        self.not_of_erp(raw.follow_for.as_ref(), "follow_for", kind)?;
        self.not_of_erp(raw.collection_orders.as_ref(), "collection_orders", kind)?;
        self.not_of_erp(raw.payment_date.as_ref(), "payment_date", kind)?;
        self.not_of_erp(raw.write_deliveries.as_ref(), "write_deliveries", kind)?;
        self.not_of_erp(raw.stock_queue.as_ref(), "stock_queue", kind)?;
        self.not_of_erp(raw.settle_after.as_ref(), "settle_after", kind)?;
        self.not_of_erp(raw.requests_per_minute.as_ref(), "requests_per_minute", kind)?;
        self.not_of_erp(raw.in_flight.as_ref(), "in_flight", kind)?;
        self.not_of_erp(raw.timeout.as_ref(), "timeout", kind)?;
        self.not_of_erp(raw.max_wait.as_ref(), "max_wait", kind)
    }

    fn not_of_erp<T>(&self, value: Option<&Spanned<T>>, field: &str, kind: &str) -> Result<(), ConfigError> {
        value.map_or(Ok(()), |value| {
            let problem =
                say!("is a setting of the ERP of kind \"{kind}\" alone" | "é uma opção só do ERP do tipo \"{kind}\"");
            Err(self.error(
                value,
                &format!("erp.{field}"),
                problem,
                word!("remove it, or correct the kind" | "remova-a, ou corrija o tipo"),
            ))
        })
    }

    /// An address that keys may travel to.
    pub(super) fn address(&self, url: &Spanned<String>, key: &str) -> Result<String, ConfigError> {
        let plain = url.as_ref().trim_end_matches('/').to_owned();
        let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
        if plain.starts_with("https://") || loopback.iter().any(|prefix| plain.starts_with(prefix)) {
            return Ok(plain);
        }
        Err(self.error(
            url,
            key,
            word!("does not start with https://" | "não começa com https://"),
            word!(
                "keys must not travel unencrypted; plain http is for a sandbox on 127.0.0.1 only"
                    | "chaves não podem trafegar sem criptografia; http simples é só para um sandbox em 127.0.0.1"
            ),
        ))
    }

    /// The CNPJs and CPFs that the store issues under.
    pub(super) fn issuers(&self, issuers: Vec<Spanned<String>>) -> Result<Vec<TaxId>, ConfigError> {
        let issuer = |text: Spanned<String>| {
            TaxId::parse(text.as_ref()).map_err(|problem| {
                let said =
                    say!("`{}` is no CNPJ or CPF: {problem}" | "`{}` não é CNPJ nem CPF: {problem}", text.as_ref());
                self.error(
                    &text,
                    "erp.issuers",
                    said,
                    word!(
                        "write the CNPJs under which the store issues its NF-e"
                            | "escreva os CNPJs com que a loja emite suas NF-e"
                    ),
                )
            })
        };
        issuers.into_iter().map(issuer).collect()
    }

    fn sheets(&self, decimal: Option<Spanned<String>>) -> Result<SheetOptions, ConfigError> {
        let Some(mark) = decimal else { return Ok(SheetOptions::default()) };
        let decimal = match mark.as_ref().as_str() {
            "comma" => DecimalMark::Comma,
            "dot" => DecimalMark::Dot,
            other => {
                let said = say!("`{other}` is no decimal mark" | "`{other}` não é um separador decimal");
                return Err(self.error(
                    &mark,
                    "erp.sheet_decimal",
                    said,
                    word!("write comma (1.234,00) or dot (1,234.00)" | "escreva comma (1.234,00) ou dot (1,234.00)"),
                ));
            }
        };
        Ok(SheetOptions { decimal })
    }

    fn code_table(
        &self,
        of_all: RawCodes,
        by_carrier: BTreeMap<Spanned<String>, RawCodes>,
    ) -> Result<CodeTable, ConfigError> {
        let mut table = CodeTable::with(self.codes("carriers.codes", of_all)?);
        for (carrier, codes) in by_carrier {
            let key = format!("carriers.codes_by_carrier.\"{}\"", carrier.as_ref());
            let cnpj = TaxId::parse(carrier.as_ref()).map_err(|problem| {
                self.error(
                    &carrier,
                    &key,
                    say!("is no CNPJ: {problem}" | "não é um CNPJ: {problem}"),
                    word!(
                        "write the CNPJ that stands in the carrier's files"
                            | "escreva o CNPJ que consta nos arquivos da transportadora"
                    ),
                )
            })?;
            table = table.at(cnpj, self.codes(&key, codes)?);
        }
        Ok(table)
    }

    fn codes(&self, table: &str, codes: RawCodes) -> Result<Vec<(u16, Outcome)>, ConfigError> {
        let mut own = Vec::with_capacity(codes.len());
        for (code, meaning) in codes {
            let key = format!("{table}.{}", code.as_ref());
            let number = code.as_ref().parse().map_err(|_| {
                self.error(
                    &code,
                    &key,
                    word!("is no occurrence code" | "não é um código de ocorrência"),
                    word!(
                        "write the number the carrier uses, such as 203"
                            | "escreva o número que a transportadora usa, como 203"
                    ),
                )
            })?;
            let outcome = Outcome::from_name(meaning.as_ref()).ok_or_else(|| {
                let said =
                    say!("`{}` is no meaning of a code" | "`{}` não é um significado de código", meaning.as_ref());
                let remedy = word!(
                    "write delivered, delivered_with_remarks, in_transit, attempt_failed, refused, returned, \
                         lost …"
                        | "escreva delivered, delivered_with_remarks, in_transit, attempt_failed, refused, \
                               returned, lost …"
                );
                self.error(&meaning, &key, said, remedy)
            })?;
            own.push((number, outcome));
        }
        Ok(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const CHANNEL: &str = "\n[channels.loja]\nkind = \"vtex\"\naccount = \"a\"\napp_key = { env = \"K\" }\napp_token = { env = \"T\" }\n\
                           since = \"2026-11-01\"\n";

    fn parse(erp: &str) -> Result<Config, String> {
        let text = format!("[erp]\nkind = \"eccosys\"\n{erp}\n{CHANNEL}");
        Config::parse(Path::new("vaivem.toml"), &text).map_err(|error| error.to_string())
    }

    fn eccosys(erp: &str) -> (Credentials, eccosys::Options, Limits) {
        let ErpConfig::Eccosys { credentials, options, limits, .. } = parse(erp).unwrap().erp else { panic!() };
        (credentials, *options, limits)
    }

    #[test]
    fn eccosys_is_told_who_calls_in_one_of_three_ways() {
        let token = "token = { env = \"T\" }";
        assert!(matches!(eccosys(token).0, Credentials::Token { scheme: TokenScheme::Bearer, .. }));
        let raw = eccosys(&format!("{token}\ntoken_scheme = \"raw\"")).0;
        assert!(matches!(raw, Credentials::Token { scheme: TokenScheme::Raw, .. }));
        let key = "api_key = { env = \"K\" }\napi_secret = { env = \"S\" }";
        assert!(matches!(eccosys(key).0, Credentials::Key { .. }));
        assert!(matches!(eccosys("user_token = { env = \"U\" }").0, Credentials::User(_)));
        for wrong in ["", "api_key = { env = \"K\" }", &format!("{token}\n{key}")] {
            assert!(parse(wrong).unwrap_err().contains("exactly one way"), "{wrong}");
        }
        let wrong = parse(&format!("{key}\ntoken_scheme = \"raw\"")).unwrap_err();
        assert!(wrong.contains("`erp.token_scheme`: says how `token` is sent"), "{wrong}");
    }

    #[test]
    fn eccosys_is_asked_once_a_second_unless_told_otherwise() {
        let (_, options, limits) = eccosys("token = { env = \"T\" }\nsituations = { \"7\" = \"in_production\" }");
        assert_eq!((limits.requests_per_minute, limits.in_flight), (60, 1));
        assert_eq!(options.situations.get("7"), Some(&Status::InProduction));
        assert!(!options.payment_date && !options.write_deliveries && !options.stock_queue);
        let wrong = parse("token = { env = \"T\" }\nsituations = { \"7\" = \"produzindo\" }").unwrap_err();
        assert!(wrong.contains("`erp.situations.\"7\"`: `produzindo` is no status"), "{wrong}");
    }

    #[test]
    fn settings_of_the_other_kind_are_refused() {
        let wrong = parse("token = { env = \"T\" }\ninbox = \"in\"").unwrap_err();
        assert!(wrong.contains("`erp.inbox`: is a setting of the ERP of kind \"ledger\" alone"), "{wrong}");
        let text = format!("[erp]\nkind = \"ledger\"\npage = 50\n{CHANNEL}");
        let wrong = Config::parse(Path::new("vaivem.toml"), &text).unwrap_err().to_string();
        assert!(wrong.contains("`erp.page`: is a setting of the ERP of kind \"eccosys\" alone"), "{wrong}");
    }

    #[test]
    fn warehouses_are_one_to_eccosys() {
        let text = format!("[erp]\nkind = \"eccosys\"\ntoken = {{ env = \"T\" }}\n{CHANNEL}");
        let with = |ours: &str| {
            let text = format!("{text}warehouses = {{ \"1_1\" = \"{ours}\" }}\n");
            Config::parse(Path::new("vaivem.toml"), &text).map_err(|error| error.to_string())
        };
        assert!(with("central").unwrap_err().contains("one balance for each product"));
        with("default").unwrap();
    }
}
