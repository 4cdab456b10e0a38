//! Opening the configured back office.

use std::sync::Arc;

use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{Failure, budget};
use crate::clock::Clock;
use crate::config::{Config, Credentials, ErpConfig, Limits, TokenScheme};
use crate::erp::eccosys::{self, Eccosys, Written};
use crate::erp::ledger::Ledger;
use crate::erp::{Erp, ErpError};
use crate::exit::Exit;
use crate::http::{Door, DoorOptions, RetryPolicy, Signer};
use crate::lang::{say, word};
use crate::model::{Instant, calendar};
use crate::report::Reporter;
use crate::stop::Stop;
use crate::store::Store;
use crate::store::joint::Together;

/// How long Eccosys is left alone after a 429 that does not say: one client in production waits as long.
const LIMITED_WAIT: std::time::Duration = std::time::Duration::from_secs(65);

/// Opens the back office, once the state file is open. In a dry run what it keeps goes to a scratch copy.
pub(super) fn open(config: &Config, dry_run: bool, clock: &Clock, stop: &Stop) -> Result<Erp, Failure> {
    let failed = |message: String| Failure::new(Exit::Failed, message);
    match &config.erp {
        ErpConfig::Ledger { file, .. } => {
            let opened = if dry_run { Ledger::open_scratch(file) } else { Ledger::open(file) };
            Ok(Erp::Ledger(opened.map_err(|error| failed(error.to_string()))?))
        }
        ErpConfig::Eccosys { base_url, credentials, options, limits, .. } => {
            let store = if dry_run { Store::scratch(&config.state) } else { Store::open_again(&config.state) };
            let store = store.map_err(|error| failed(error.to_string()))?;
            let account = Account { base_url, credentials, options, limits };
            Ok(Erp::Eccosys(Box::new(account.open(config, store, dry_run, clock, stop)?)))
        }
    }
}

/// Opens Eccosys for looking: nothing of what it says is kept. `None` where the ERP is another.
pub(super) fn look_into_eccosys(config: &Config, clock: &Clock, stop: &Stop) -> Result<Option<Eccosys>, Failure> {
    let ErpConfig::Eccosys { base_url, credentials, options, limits, .. } = &config.erp else { return Ok(None) };
    let store = Store::alone().map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    Account { base_url, credentials, options, limits }.open(config, store, true, clock, stop).map(Some)
}

/// An account of Eccosys, as it is configured.
struct Account<'a> {
    base_url: &'a str,
    credentials: &'a Credentials,
    options: &'a eccosys::Options,
    limits: &'a Limits,
}

impl Account<'_> {
    fn open(
        &self,
        config: &Config,
        store: Store,
        dry_run: bool,
        clock: &Clock,
        stop: &Stop,
    ) -> Result<Eccosys, Failure> {
        let Self { base_url, credentials, options, limits } = *self;
        let door = DoorOptions {
            budget: Some(budget(config, base_url, limits, dry_run, clock, &Together::default())?),
            timeout: limits.timeout,
            retry: RetryPolicy { max_wait: limits.max_wait, limited_wait: LIMITED_WAIT, ..RetryPolicy::default() },
            in_flight: limits.in_flight,
            ..DoorOptions::new(base_url, clock.clone(), stop.clone())
        };
        let door = Door::new(with_credentials(door, credentials)?).map_err(|error| {
            Failure::new(Exit::Config, format!("{}: `erp.base_url`: {error}", config.file.display()))
        })?;
        let channels = config.channels.iter().map(|channel| channel.name.clone()).collect();
        Ok(Eccosys::new(door, clock.clone(), store, options.clone(), channels, dry_run))
    }
}

/// Writes the deliveries that carriers told into the back office, where it is configured to be told.
pub(super) async fn write_deliveries(eccosys: &Eccosys, reporter: &Reporter) -> Result<Exit, ErpError> {
    let mut exit = Exit::Done;
    for Written { order, at, result } in eccosys.write_deliveries().await? {
        let when = calendar::local_text(at);
        let text = match &result {
            Ok(()) => say!(
                "order {order}: its delivery at {when} was written into Eccosys"
                    | "pedido {order}: a entrega em {when} foi gravada no Eccosys"
            ),
            Err(error) => say!(
                "order {order}: its delivery at {when} is not in Eccosys yet, so the channel is not told of it \
                 either: {error}; the next run tries again"
                    | "pedido {order}: a entrega em {when} ainda não está no Eccosys, então o canal também não foi \
                       avisado: {error}; a próxima execução tenta de novo"
            ),
        };
        if !reporter.is_human() {
            let written = result.is_ok();
            reporter.json("delivery", json!({ "order": order, "delivered_at": at, "written": written, "text": text }));
        } else if result.is_ok() {
            reporter.news(&text);
        }
        if let Err(error) = result {
            log::error!("{text}");
            exit = exit.worst(if matches!(error, ErpError::Call(_)) { Exit::Unavailable } else { Exit::Held });
        }
    }
    Ok(exit)
}

fn with_credentials(door: DoorOptions, credentials: &Credentials) -> Result<DoorOptions, Failure> {
    let wrong = |problem: String| Failure::new(Exit::Config, problem);
    let headers = |identity: &str, headers: Vec<(String, SecretString)>| (Some(identity.to_owned()), headers);
    let (identity, secret_headers) = match credentials {
        Credentials::Token { token, scheme } => {
            let token = token.fetch().map_err(wrong)?;
            match scheme {
                TokenScheme::Bearer => {
                    let value = SecretString::from(format!("Bearer {}", token.expose_secret()));
                    headers(
                        word!(
                            "the token of [erp], sent as Bearer (some accounts want token_scheme = \"raw\")"
                                | "o token de [erp], enviado como Bearer (algumas contas querem token_scheme = \
                                   \"raw\")"
                        ),
                        vec![("Authorization".into(), value)],
                    )
                }
                TokenScheme::Raw => headers(
                    word!("the token of [erp], sent raw" | "o token de [erp], enviado puro"),
                    vec![("Authorization".into(), token)],
                ),
            }
        }
        Credentials::User(token) => {
            let token = token.fetch().map_err(wrong)?;
            headers(word!("the user_token of [erp]" | "o user_token de [erp]"), vec![("x-access-token".into(), token)])
        }
        Credentials::Key { key, secret } => {
            let (key, secret) = (key.fetch().map_err(wrong)?, secret.fetch().map_err(wrong)?);
            let sign = Arc::new(move |at| signature(&secret, at));
            let (identity, secret_headers) =
                headers(word!("the api_key of [erp]" | "a api_key de [erp]"), vec![("apikey".into(), key)]);
            return Ok(DoorOptions {
                identity,
                secret_headers,
                signer: Some(Signer { header: "signature", sign }),
                ..door
            });
        }
    };
    Ok(DoorOptions { identity, secret_headers, ..door })
}

/// Signs with the day in São Paulo: the MD5 of `secret:dd-MM-yyyy` in lower-case hexadecimal digits. Source: two clients.
fn signature(secret: &SecretString, at: Instant) -> SecretString {
    let day = calendar::local_date(at).format("%d-%m-%Y");
    let digest = Md5::digest(format!("{}:{day}", secret.expose_secret()));
    SecretString::from(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_changes_at_midnight_in_sao_paulo() {
        let sign = |at: &str| signature(&"SECRET".into(), at.parse().unwrap()).expose_secret().to_owned();
        // printf 'SECRET:25-11-2026' | md5sum
        assert_eq!(sign("2026-11-25T12:00:00Z"), "f7e82167efed9f26a33c18fae3ec996d");
        assert_eq!(sign("2026-11-26T02:59:59Z"), sign("2026-11-25T12:00:00Z"));
        assert_ne!(sign("2026-11-26T03:00:00Z"), sign("2026-11-25T12:00:00Z"));
    }
}
