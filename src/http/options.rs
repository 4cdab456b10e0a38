//! How a door is set up, and what is refused as a setting.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::clock::Clock;
use crate::lang::{say, word};
use crate::model::Instant;
use crate::stop::Stop;
use crate::store::budget::Budget;
use crate::store::joint::Together;

/// How to reach one host with one set of credentials.
#[derive(Debug)]
pub struct DoorOptions {
    /// Where the API is: `https://` and a host, perhaps with a port and a path; `http://` only for this machine itself.
    pub base_url: String,
    /// The clock.
    pub clock: Clock,
    /// What ends waits early.
    pub stop: Stop,
    /// Credentials by header name. Their values appear nowhere.
    pub secret_headers: Vec<(String, SecretString)>,
    /// A header whose value changes with the time; it appears nowhere either.
    pub signer: Option<Signer>,
    /// Further headers of every request, by name. `Accept: application/json` is sent anyway.
    pub headers: Vec<(String, String)>,
    /// Who the credentials belong to, in words that are no secret (a key's name, an account). Told when they are
    /// refused.
    pub identity: Option<String>,
    /// Longest wait for one answer, connecting and reading included.
    pub timeout: Duration,
    /// When and how often to repeat.
    pub retry: RetryPolicy,
    /// Requests at the same time; at least 1.
    pub in_flight: usize,
    /// Whether the host answers wrong credentials with a page for people to log in, or a redirect to one. VTEX does on
    /// some routes.
    pub html_is_login_page: bool,
    /// The pace, and pauses shared with other processes. Without it there is no pace, and pauses are this door's own.
    pub budget: Option<Budget>,
    /// What follows from answers is written down together.
    pub together: Together,
    /// Whether to go by the quota that the host tells with its answers.
    pub follow_quota: bool,
    /// Most bytes read of one answer, decompressed.
    pub max_body: usize,
}

/// A credential that changes with the time.
#[derive(Clone)]
pub struct Signer {
    /// The header's name.
    pub header: &'static str,
    /// Its value at an instant.
    pub sign: Arc<dyn Fn(Instant) -> SecretString>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.header)
    }
}

/// When and how often to repeat a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Most tries of one call. Those refused with 429 are not counted: they are bounded by `max_wait` alone.
    pub attempts: u32,
    /// Most time one call may take, its last try not included: tries, pauses between them, and pauses the host asked
    /// for. Waiting for its turn in the budget does not count.
    pub max_wait: Duration,
    /// How long to leave the host alone after a 429 that does not say. VTEX says one minute for its order API.
    pub limited_wait: Duration,
    /// Upper bound of the first pause; doubles with every further one.
    pub first_pause: Duration,
    /// Upper bound of any pause between tries.
    pub longest_pause: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            max_wait: Duration::from_secs(90),
            limited_wait: Duration::from_secs(60),
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(20),
        }
    }
}

impl DoorOptions {
    /// No credentials, four requests at the same time, 30 s for an answer, 20 MB at most, the default retry, no pace.
    pub fn new(base_url: &str, clock: Clock, stop: Stop) -> Self {
        Self {
            base_url: base_url.to_owned(),
            clock,
            stop,
            secret_headers: Vec::new(),
            signer: None,
            headers: Vec::new(),
            identity: None,
            timeout: Duration::from_secs(30),
            retry: RetryPolicy::default(),
            in_flight: 4,
            html_is_login_page: false,
            together: Together::default(),
            budget: None,
            follow_quota: false,
            max_body: 20_000_000,
        }
    }
}

/// Why a door was not made. All are errors of the configuration, and none repeats a secret.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// It is no address.
    #[error("{}", say!(
        "`{url}` is not an address like https://account.example.com: {problem}"
            | "`{url}` não é um endereço como https://conta.exemplo.com.br: {problem}"
    ))]
    Address {
        /// What was given, without what stood before an `@`.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Credentials would cross the network in the clear.
    #[error(
        "{}", say!(
            "{host} may only be reached by https://; http:// would send the credentials in the clear, and is for \
             this machine itself"
                | "{host} só pode ser acessado por https://; http:// enviaria as credenciais às claras, e é só para \
                   esta própria máquina"
        ))]
    PlainHttp {
        /// Which host.
        host: String,
    },
    /// A header cannot be sent.
    #[error("{}", say!("the value for the header {name} {problem}" | "o valor do cabeçalho {name} {problem}"))]
    Header {
        /// Its name.
        name: String,
        /// What is wrong, without the value.
        problem: &'static str,
    },
    /// The TLS library refused, for example because the system has no root certificates.
    #[error("{}", say!(
        "the HTTPS client cannot be set up ({_0}); is the package `ca-certificates` installed?"
            | "o cliente HTTPS não pode ser preparado ({_0}); o pacote `ca-certificates` está instalado?"
    ))]
    Client(String),
}

/// The base address, and whether it is this machine itself.
pub(super) fn base_url(text: &str) -> Result<(Url, bool), DoorError> {
    let refuse = |problem: &str| {
        // A password in the address must not get into a message.
        let url = text.rsplit_once('@').map_or(text, |(_, host)| host).to_owned();
        DoorError::Address { url, problem: problem.to_owned() }
    };
    let url = Url::parse(text.trim()).map_err(|error| refuse(&error.to_string()))?;
    let Some(host) = url.host_str() else { return Err(refuse(word!("it names no host" | "não indica um servidor"))) };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse(word!("credentials do not belong into it" | "credenciais não ficam no endereço")));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse(word!(
            "it must end with the host or a path" | "deve terminar no servidor ou em um caminho"
        )));
    }
    let local = is_local(host);
    match url.scheme() {
        "https" => {}
        "http" if local => {}
        "http" => return Err(DoorError::PlainHttp { host: host.to_owned() }),
        _ => return Err(refuse(word!("it must begin with https://" | "deve começar com https://"))),
    }
    Ok((url, local))
}

/// Whether a host is this machine itself.
pub(super) fn is_local(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The headers of every request.
pub(super) fn headers(options: &DoorOptions) -> Result<HeaderMap, DoorError> {
    let mut map = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    let plain = options.headers.iter().map(|(name, value)| (name, value.as_str(), false));
    let secret = options.secret_headers.iter().map(|(name, value)| (name, value.expose_secret(), true));
    for (name, value, sensitive) in plain.chain(secret) {
        let refuse = |problem| DoorError::Header { name: name.clone(), problem };
        let header = HeaderName::try_from(name)
            .map_err(|_| refuse(word!("has a name that is none" | "tem um nome inválido")))?;
        if sensitive && value.trim().is_empty() {
            return Err(refuse(word!("is empty" | "está vazio")));
        }
        let mut value = HeaderValue::try_from(value).map_err(|_| {
            refuse(word!(
                "has a line break or another character that cannot be sent"
                    | "tem uma quebra de linha ou outro caractere que não pode ser enviado"
            ))
        })?;
        value.set_sensitive(sensitive);
        map.insert(header, value);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        base_url(url).unwrap_err().to_string()
    }

    #[test]
    fn addresses() {
        let base = |url: &str| base_url(url).unwrap().0.to_string();
        assert_eq!(base("https://a.example.com"), "https://a.example.com/");
        assert_eq!(base(" https://a.example.com:8443/v2/ "), "https://a.example.com:8443/v2/");
        for local in ["http://127.0.0.1:80", "http://127.9.9.9", "http://[::1]:3000", "http://localhost:1"] {
            assert!(base_url(local).unwrap().1, "{local}");
        }
        assert!(refused("http://a.example.com").contains("https://"));
        assert!(refused("http://localhost.example.com").contains("https://"));
        assert!(refused("http://128.0.0.1").contains("https://"));
        assert!(refused("ftp://a.example.com").contains("https://"));
        assert!(refused("a.example.com").contains("is not an address"));
        assert!(refused("https://a.example.com/?x=1").contains("must end"));
        let with_password = refused("https://user:PASSWORD@a.example.com");
        assert!(with_password.contains("a.example.com") && !with_password.contains("PASSWORD"), "{with_password}");
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_named_and_not_shown() {
        let clock = Clock::system();
        let stop = Stop::new(clock.clone(), None);
        let with = |value: &str| DoorOptions {
            secret_headers: vec![("X-Token".into(), SecretString::from(value))],
            ..DoorOptions::new("https://a.example.com", clock.clone(), stop.clone())
        };
        let error = headers(&with("TOPSECRET\n")).unwrap_err().to_string();
        assert!(error.contains("X-Token") && error.contains("line break") && !error.contains("TOPSECRET"), "{error}");
        assert!(headers(&with(" ")).unwrap_err().to_string().contains("is empty"));
        let good = with("TOPSECRET");
        assert!(!format!("{:?} {good:?}", headers(&good).unwrap()).contains("TOPSECRET"));
    }
}
