//! `kind` of a channel, with what only that kind needs.

use std::time::Duration;

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::secret::Source;
use super::{ConfigError, Place, RawChannel, Secret};
use crate::channel::anymarket;
use crate::lang::{say, word};

/// ANYMARKET's production address. Source: V2 back-office description, servers.
const ANYMARKET: &str = "https://api.anymarket.com.br/v2";

/// What kind of channel, with what only that kind needs.
#[derive(Debug)]
pub enum ChannelKind {
    /// VTEX.
    Vtex {
        /// Where its API is.
        base_url: String,
        /// `X-VTEX-API-AppKey`.
        app_key: Secret,
        /// `X-VTEX-API-AppToken`.
        app_token: Secret,
        /// What to do about the order feed.
        feed: FeedRule,
    },
    /// ANYMARKET.
    Anymarket {
        /// Where its API is, version included.
        base_url: String,
        /// `gumgaToken`.
        token: Secret,
        /// Who calls, in the header `platform`.
        platform: String,
        /// The account's number, in the header `gumgaOi`, where it is wanted.
        oi: Option<String>,
        /// What may be done, and how.
        options: anymarket::Options,
    },
}

impl ChannelKind {
    /// Whether both are one account for certain: every order of it would come in under each name. Accounts of the hub share an address,
    /// and are told apart by their numbers, or else by where their tokens come from.
    pub(super) fn is_account_of(&self, other: &Self) -> bool {
        let place = |address: &str| address.trim_end_matches('/').to_ascii_lowercase();
        match (self, other) {
            (Self::Vtex { base_url: one, .. }, Self::Vtex { base_url: other, .. }) => place(one) == place(other),
            (
                Self::Anymarket { base_url: one, token, oi, .. },
                Self::Anymarket { base_url: other, token: other_token, oi: other_oi, .. },
            ) => {
                let is_same = || token.source == other_token.source;
                place(one) == place(other) && oi.as_ref().zip(other_oi.as_ref()).map_or_else(is_same, |(a, b)| a == b)
            }
            _ => false,
        }
    }

    /// Requests per minute where the configuration says nothing.
    pub(super) fn requests_per_minute(&self) -> u32 {
        match self {
            Self::Vtex { .. } => 300,
            // Until its answers tell more: sources disagree from 30 to 600.
            Self::Anymarket { .. } => 30,
        }
    }

    /// Whether it is known to subtract what its own open orders reserve from the stock it is told.
    pub(super) fn reserves(&self) -> bool {
        match self {
            Self::Vtex { .. } => true,
            // It has a count of reservations, and what goes into it is documented nowhere: to count on it could sell units twice.
            Self::Anymarket { .. } => false,
        }
    }

    /// How long an order that is the ERP's to handle may go on holding its units.
    pub(super) fn settle(&self) -> Duration {
        match self {
            Self::Vtex { .. } => Duration::from_secs(60),
            // Nothing is handed over there: an order is ours with its payment, and whether it holds units after that nobody knows.
            Self::Anymarket { .. } => Duration::ZERO,
        }
    }

    /// Whether its answers tell what is left of its quota.
    pub(super) fn tells_quota(&self) -> bool {
        matches!(self, Self::Anymarket { .. })
    }

    /// Calls at the same time where the configuration says nothing.
    pub(super) fn in_flight(&self) -> usize {
        match self {
            Self::Vtex { .. } => 4,
            Self::Anymarket { .. } => 1,
        }
    }
}

/// What to do about VTEX's order feed, of which there is one per key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedRule {
    /// Create it when the key has none; use it when it is as needed; never touch another's.
    #[default]
    Create,
    /// Use it when it is as needed; never create it.
    Use,
    /// Do without: the list alone finds new orders.
    Off,
}

/// What to do about orders that a marketplace sends from a warehouse of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FulfillmentRule {
    /// They are none of the ERP's business.
    Skip,
    /// They are imported like any other.
    Import,
}

/// A channel's table while its kind is read.
pub(super) struct Table<'a> {
    pub at: &'a Place<'a>,
    /// The configuration's folder.
    pub folder: &'a Path,
    /// The `NAME` of `[channels.NAME]`.
    pub name: &'a str,
    /// Where the table is.
    pub place: &'a Spanned<()>,
}

impl Table<'_> {
    /// Takes what belongs to the kind, and refuses what belongs to another.
    pub fn kind(&self, raw: &mut RawChannel) -> Result<ChannelKind, ConfigError> {
        match raw.kind.as_ref().as_str() {
            "vtex" => {
                self.not_of_kind(raw.token.as_ref(), "token", "anymarket")?;
                self.not_of_kind(raw.platform.as_ref(), "platform", "anymarket")?;
                self.not_of_kind(raw.oi.as_ref(), "oi", "anymarket")?;
                self.not_of_kind(raw.cancel.as_ref(), "cancel", "anymarket")?;
                self.not_of_kind(raw.cancel_code.as_ref(), "cancel_code", "anymarket")?;
                self.not_of_kind(raw.xml.as_ref(), "xml", "anymarket")?;
                self.not_of_kind(raw.put.as_ref(), "put", "anymarket")?;
                Ok(ChannelKind::Vtex {
                    base_url: self.vtex_address(raw.base_url.take(), raw.account.take())?,
                    app_key: self.secret(raw.app_key.take(), "app_key", "VTEX_APP_KEY")?,
                    app_token: self.secret(raw.app_token.take(), "app_token", "VTEX_APP_TOKEN")?,
                    feed: raw.feed.take().map(Spanned::into_inner).unwrap_or_default(),
                })
            }
            "anymarket" => {
                self.not_of_kind(raw.account.as_ref(), "account", "vtex")?;
                self.not_of_kind(raw.app_key.as_ref(), "app_key", "vtex")?;
                self.not_of_kind(raw.app_token.as_ref(), "app_token", "vtex")?;
                let base_url = match raw.base_url.take() {
                    Some(url) => self.address(&url)?,
                    None => ANYMARKET.to_owned(),
                };
                let platform = raw.platform.take().map_or_else(|| "vaivem".to_owned(), Spanned::into_inner);
                Ok(ChannelKind::Anymarket {
                    base_url,
                    token: self.secret(raw.token.take(), "token", "ANYMARKET_TOKEN")?,
                    platform,
                    oi: raw.oi.take().map(Spanned::into_inner),
                    options: anymarket::Options {
                        feed: raw.feed.take().is_none_or(|rule| *rule.as_ref() != FeedRule::Off),
                        cancel: raw.cancel.take().is_some_and(Spanned::into_inner),
                        cancel_code: raw.cancel_code.take().map(Spanned::into_inner),
                        xml: raw.xml.take().map(Spanned::into_inner).unwrap_or_default(),
                        put: raw.put.take().map(Spanned::into_inner).unwrap_or_default(),
                    },
                })
            }
            other => Err(self.at.error(
                &raw.kind,
                &self.key("kind"),
                say!("`{other}` is no kind of channel" | "`{other}` não é um tipo de canal"),
                word!("write \"vtex\" or \"anymarket\"" | "escreva \"vtex\" ou \"anymarket\""),
            )),
        }
    }

    fn key(&self, field: &str) -> String {
        format!("channels.{}.{field}", self.name)
    }

    fn missing(&self, field: &str, remedy: &str) -> ConfigError {
        self.at.error(self.place, &self.key(field), word!("is missing" | "está faltando"), remedy)
    }

    fn not_of_kind<T>(&self, value: Option<&Spanned<T>>, field: &str, kind: &str) -> Result<(), ConfigError> {
        value.map_or(Ok(()), |value| {
            let problem = say!(
                "is a setting of channels of kind \"{kind}\" alone" | "é uma opção só de canais do tipo \"{kind}\""
            );
            Err(self.at.error(
                value,
                &self.key(field),
                problem,
                word!("remove it, or correct the kind" | "remova-a, ou corrija o tipo"),
            ))
        })
    }

    fn vtex_address(
        &self,
        base_url: Option<Spanned<String>>,
        account: Option<Spanned<String>>,
    ) -> Result<String, ConfigError> {
        match (base_url, account) {
            (Some(url), Some(_)) => Err(self.at.error(
                &url,
                &self.key("base_url"),
                word!(
                    "is given beside `account`, and they may name two stores"
                        | "foi dado junto com `account`, e os dois podem indicar lojas diferentes"
                ),
                word!(
                    "leave one of them: account is enough but for a sandbox"
                        | "deixe só um deles: account basta, exceto para um sandbox"
                ),
            )),
            (Some(url), None) => self.address(&url),
            (None, Some(account)) if !account.as_ref().is_empty() => {
                let name = account.as_ref();
                if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                    return Err(self.at.error(
                        &account,
                        &self.key("account"),
                        say!("`{name}` is no account name" | "`{name}` não é um nome de conta"),
                        word!(
                            "write the name alone: minhaloja for minhaloja.myvtex.com"
                                | "escreva só o nome: minhaloja para minhaloja.myvtex.com"
                        ),
                    ));
                }
                Ok(format!("https://{name}.vtexcommercestable.com.br"))
            }
            _ => Err(self.missing(
                "account",
                word!(
                    "write account = \"minhaloja\" for minhaloja.myvtex.com"
                        | "escreva account = \"minhaloja\" para minhaloja.myvtex.com"
                ),
            )),
        }
    }

    fn address(&self, url: &Spanned<String>) -> Result<String, ConfigError> {
        self.at.address(url, &self.key("base_url"))
    }

    fn secret(&self, source: Option<Spanned<Source>>, field: &str, env: &str) -> Result<Secret, ConfigError> {
        let remedy = say!(
            "write {field} = {{ env = \"{env}\" }} (or file = \"…\", or command = \"…\")"
                | "escreva {field} = {{ env = \"{env}\" }} (ou file = \"…\", ou command = \"…\")"
        );
        let source = source.ok_or_else(|| self.missing(field, &remedy))?;
        let line = self.at.line(source.span().start);
        let place = format!("{}:{line}: `{}`", self.at.file.display(), self.key(field));
        Ok(Secret::new(source.into_inner().resolve_in(self.folder), place))
    }
}
