//! Tells a watcher that a run began or ended, in the convention of healthchecks.io: the address itself for success, `/start`, `/log`
//! and `/fail` behind it for the rest. One try, a short wait, and no word of the address anywhere: whoever knows it can speak for us.

use std::fmt;
use std::time::Duration;

use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};

use super::{door, excerpt, options};
use crate::lang::say;

/// Most that is looked at of an answer.
const BODY: usize = 1_000;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A run begins.
    Start,
    /// It ended well.
    Success,
    /// It is neither good nor bad; noted, and no alarm.
    Log,
    /// It failed.
    Fail,
}

/// Why nobody heard. Never says where.
#[derive(Debug, thiserror::Error)]
pub enum PingError {
    /// It is no address, or none that may be called.
    #[error("{}", say!(
        "what stands there is no address that begins with https:// (http:// is for this machine itself)"
            | "o que está lá não é um endereço que comece com https:// (http:// é para esta própria máquina)"
    ))]
    Address,
    /// The TLS library refused.
    #[error("{}", say!(
        "the HTTPS client cannot be set up ({_0}); is the package `ca-certificates` installed?"
            | "o cliente HTTPS não pode ser preparado ({_0}); o pacote `ca-certificates` está instalado?"
    ))]
    Client(String),
    /// Nobody answered in time.
    #[error("{}", say!("no answer within {} s" | "sem resposta em {} s", _0.as_secs()))]
    Timeout(Duration),
    /// There was no connection, or it broke.
    #[error("{}", say!("no answer ({_0})" | "sem resposta ({_0})"))]
    Unreachable(String),
    /// The answer is none of success.
    #[error("{}", say!("the answer was {_0}" | "a resposta foi {_0}"))]
    Refused(String),
}

/// Where a watcher listens.
pub struct Address {
    client: Client,
    url: Url,
    timeout: Duration,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address")
    }
}

impl Address {
    /// Sets the client up. Nothing is sent yet.
    ///
    /// # Errors
    /// When it is no address, or one that would be called in the clear over the network.
    pub fn new(text: &SecretString, timeout: Duration) -> Result<Self, PingError> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = Url::parse(text.expose_secret()).map_err(|_| PingError::Address)?;
        let local = url.host_str().is_some_and(options::is_local);
        if url.host_str().is_none() || !(url.scheme() == "https" || url.scheme() == "http" && local) {
            return Err(PingError::Address);
        }
        let mut client = Client::builder()
            .user_agent(concat!("vaivem/", env!("CARGO_PKG_VERSION")))
            // It would carry the address to another host.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(timeout);
        if local {
            client = client.no_proxy();
        }
        if url.scheme() == "http" {
            client = client.tls_certs_only([]);
        }
        let client = client.build().map_err(|error| PingError::Client(door::root_cause(&error)))?;
        Ok(Self { client, url, timeout })
    }

    /// Tells it, with a line for whoever looks there.
    ///
    /// # Errors
    /// When it was not heard.
    pub async fn ping(&self, signal: Signal, line: &str) -> Result<(), PingError> {
        let request = self.client.post(self.of(signal)).body(line.to_owned());
        let heard = async {
            let mut response = request.send().await?;
            let mut body = Vec::new();
            while body.len() < BODY
                && let Some(chunk) = response.chunk().await?
            {
                body.extend_from_slice(&chunk);
            }
            Ok::<_, reqwest::Error>((response.status(), String::from_utf8_lossy(&body).into_owned()))
        };
        // The client's own timeout begins anew with every part of the answer.
        let (status, body) = match tokio::time::timeout(self.timeout, heard).await {
            Err(_) => return Err(PingError::Timeout(self.timeout)),
            Ok(Err(error)) if error.is_timeout() => return Err(PingError::Timeout(self.timeout)),
            Ok(Err(error)) => return Err(PingError::Unreachable(excerpt::short(&door::root_cause(&error)))),
            Ok(Ok(told)) => told,
        };
        if !status.is_success() {
            return Err(PingError::Refused(status.to_string()));
        }
        // healthchecks.io says `OK (not found)` and `OK (rate limited)` with a success.
        let refusal = ["not found", "rate limited"].into_iter().find(|words| body.contains(&format!("({words})")));
        refusal.map_or(Ok(()), |words| {
            Err(PingError::Refused(say!("{status}, but \"{words}\"" | "{status}, mas \"{words}\"")))
        })
    }

    /// The address for a signal. What stands behind a question mark stays there.
    fn of(&self, signal: Signal) -> Url {
        let segment = match signal {
            Signal::Success => return self.url.clone(),
            Signal::Start => "start",
            Signal::Log => "log",
            Signal::Fail => "fail",
        };
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(segment);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Result<Address, PingError> {
        Address::new(&SecretString::from(text), Duration::from_secs(1))
    }

    #[test]
    fn the_signal_goes_behind_the_path() {
        let at = |text, signal| address(text).unwrap().of(signal).to_string();
        assert_eq!(at("https://hc.example/UUID", Signal::Success), "https://hc.example/UUID");
        assert_eq!(at("https://hc.example/UUID", Signal::Start), "https://hc.example/UUID/start");
        assert_eq!(at("https://hc.example/UUID/", Signal::Fail), "https://hc.example/UUID/fail");
        assert_eq!(at("https://hc.example/key/slug?create=1", Signal::Log), "https://hc.example/key/slug/log?create=1");
    }

    #[test]
    fn an_address_that_may_not_be_called_is_not_repeated() {
        for text in ["http://hc.example/UUID", "UUID", "ftp://127.0.0.1/UUID", "https://", "file:///UUID"] {
            let error = address(text).unwrap_err();
            assert!(matches!(error, PingError::Address) && !error.to_string().contains("UUID"), "{text}");
        }
        let good = address("http://127.0.0.1:1/UUID").unwrap();
        assert!(!format!("{good:?}").contains("UUID"));
    }

    #[tokio::test]
    async fn nobody_there_is_told_without_the_address() {
        let error = address("http://127.0.0.1:9/UUID").unwrap().ping(Signal::Start, "").await.unwrap_err().to_string();
        assert!(error.starts_with("no answer (") && !error.contains("UUID") && !error.contains("127.0"), "{error}");
    }
}
