//! What becomes of a call that failed: a sentence for people, and a kind for the program.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::call::{self, Call, Deadline, Effect};
use super::excerpt::{self, Said};
use crate::lang::{moment, say, word};
use crate::model::Instant;
use crate::stop::StopReason;

/// A call that failed. Its text is one sentence for people: what was attempted, about what, and what came back. It
/// holds no headers, no secrets and no personal data.
#[derive(Clone, Debug)]
pub struct CallError(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    origin: Origin,
    failure: Failure,
    status: Option<u16>,
    said: Said,
    tries: u32,
    host_is_down: bool,
    may_be_done: bool,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection: name not found, refused, TLS. Nothing was sent.
    Unreachable {
        /// What the operating system or the TLS library said.
        detail: String,
    },
    /// No answer, or not all of it, in time.
    Timeout {
        /// How long was waited.
        after: Duration,
    },
    /// The connection broke before the answer was complete.
    Broken {
        /// What the HTTP library said.
        detail: String,
    },
    /// An answer that is no success.
    Status,
    /// The host sends elsewhere, which is never followed: credentials would go along.
    Redirect {
        /// To which host.
        to: Option<String>,
    },
    /// A page for people where data was expected.
    WebPage,
    /// Nothing where JSON was expected.
    Empty,
    /// Something else where JSON was expected.
    NotJson,
    /// JSON of another form than expected.
    Unexpected {
        /// Where in it, as `items[3].price`.
        at: String,
        /// What is wrong there, without the value.
        problem: String,
    },
    /// More than is read of an answer.
    TooLarge {
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// The host, through this call or another process's, asked to be left alone for longer than a call waits.
    Limited {
        /// Until when.
        until: Instant,
    },
    /// The run is to stop.
    Stopped(StopReason),
    /// Not tried: too many different calls in a row have failed.
    GivenUp {
        /// How the last of them did, as the end of a sentence.
        last: String,
    },
    /// It would have been sent too long after what it rests on was read.
    TooLate {
        /// How long it might have waited.
        within: Duration,
    },
    /// The shared budget in the state file cannot be used. Nothing was sent.
    Budget {
        /// What SQLite said.
        detail: String,
    },
    /// No request can be made of the call: an id that cannot stand in an address, a body type that is none.
    Unsendable {
        /// What is wrong.
        problem: &'static str,
    },
}

/// What to do about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triage {
    /// A later run may succeed.
    RetryLater,
    /// The same call fails again until something about the item changes.
    SkipItem,
    /// Every further call to this host fails the same.
    StopRun(StopCause),
}

/// Why to make no further calls to a host in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopCause {
    /// Credentials are refused, or may not do this. For a person.
    Credentials,
    /// The host cannot be reached, or fails whatever it is asked.
    Down,
    /// The host asks for a pause longer than the run waits.
    Limited,
    /// The state file, which holds the shared budget, cannot be used.
    StateFile,
    /// The run was told to stop.
    Interrupted,
}

/// What repeating can do about a failed try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setback {
    /// The other side refused to hear of it for now (429): surely not carried out.
    Limited,
    /// It was not carried out, and may be the next time.
    NotDone,
    /// It may have been carried out.
    Unsure,
    /// The next try gives the same.
    Final,
}

/// What a call was about, kept for its answer and its error.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub what: &'static str,
    pub about: Option<String>,
    pub effect: Effect,
    pub by: Option<Deadline>,
    pub site: Arc<Site>,
}

/// What messages may tell of the other side, and the secrets they must not.
#[derive(Debug)]
pub(super) struct Site {
    /// Host, with its port if it is not the usual one.
    pub host: String,
    pub secret_headers: Vec<(String, SecretString)>,
    pub identity: Option<String>,
    pub html_is_login_page: bool,
}

impl Origin {
    pub fn new(call: &Call, site: &Arc<Site>) -> Self {
        Self { what: call.what, about: call.about.clone(), effect: call.effect, by: call.by, site: Arc::clone(site) }
    }

    /// A failure without an answer.
    pub fn failed(&self, failure: Failure) -> CallError {
        self.error(failure, None, Said::default())
    }

    /// A failure with an answer.
    pub fn answered(&self, failure: Failure, status: u16, body: &[u8], content_type: Option<&str>) -> CallError {
        // A header may say of what kind its secret is before it says it: `Bearer …`. An answer tells the secret alone.
        let bare = |value: &'_ SecretString| value.expose_secret().split_whitespace().last().map(str::to_owned);
        let secrets: Vec<String> = self.site.secret_headers.iter().filter_map(|(_, value)| bare(value)).collect();
        let scrub_text = |text: String| excerpt::scrub(text, secrets.iter().map(String::as_str));
        let scrub = |text: Option<String>| text.map(scrub_text);
        // Before it is made short, which may leave a part of one; and after it, since JSON has more ways to write it.
        let body = scrub_text(String::from_utf8_lossy(body).into_owned());
        let said = excerpt::said(body.as_bytes(), content_type);
        let said = Said {
            code: scrub(said.code),
            message: scrub(said.message),
            excerpt: scrub(said.excerpt),
            in_prose: said.in_prose,
        };
        self.error(failure, Some(status), said)
    }

    fn error(&self, failure: Failure, status: Option<u16>, said: Said) -> CallError {
        let origin = self.clone();
        let mut inner = Inner { origin, failure, status, said, tries: 1, host_is_down: false, may_be_done: false };
        inner.may_be_done = inner.setback() == Setback::Unsure || inner.is_unreadable_success();
        CallError(Box::new(inner))
    }
}

impl CallError {
    /// What went wrong.
    pub fn failure(&self) -> &Failure {
        &self.0.failure
    }

    /// The order or SKU it was about.
    pub fn about(&self) -> Option<&str> {
        self.0.origin.about.as_deref()
    }

    /// The HTTP status, when there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The API's own code for the error, such as VTEX's `OMS003`.
    pub fn error_code(&self) -> Option<&str> {
        self.0.said.code.as_deref()
    }

    /// The API's own words, short and masked.
    pub fn api_message(&self) -> Option<&str> {
        self.0.said.message.as_deref()
    }

    /// Whatever the answer's body tells, short and masked.
    pub fn excerpt(&self) -> Option<&str> {
        self.0.said.excerpt.as_deref()
    }

    /// Whether the API says that there is no such thing: with JSON, or without a word. A 404 that is a web page or plain text
    /// is a proxy's, and says that host or path are wrong.
    pub fn is_not_found(&self) -> bool {
        self.0.status == Some(404) && self.0.failure == Failure::Status && !self.0.said.in_prose
    }

    /// Whether this was a change that may have been carried out all the same; a reading of the other side tells.
    pub fn outcome_unknown(&self) -> bool {
        self.0.may_be_done && self.0.origin.effect != Effect::Read
    }

    /// Whether the host failed at this very call, in the end: it was neither out of reach nor left alone.
    pub fn is_of_itself(&self) -> bool {
        use Failure::{Broken, Status, Timeout, WebPage};
        matches!(self.0.failure, Status | WebPage | Timeout { .. } | Broken { .. })
    }

    /// Whether it was not sent because it would have left too late ([`Call::by`]).
    pub fn is_too_late(&self) -> bool {
        matches!(self.0.failure, Failure::TooLate { .. })
    }

    /// What to do about it.
    pub fn triage(&self) -> Triage {
        let inner = &*self.0;
        match inner.failure {
            _ if inner.refuses_credentials() => Triage::StopRun(StopCause::Credentials),
            Failure::Stopped(_) => Triage::StopRun(StopCause::Interrupted),
            Failure::Budget { .. } => Triage::StopRun(StopCause::StateFile),
            Failure::Limited { .. } => Triage::StopRun(StopCause::Limited),
            Failure::Unreachable { .. } | Failure::GivenUp { .. } => Triage::StopRun(StopCause::Down),
            _ if inner.host_is_down => Triage::StopRun(StopCause::Down),
            Failure::Unexpected { .. } | Failure::TooLarge { .. } | Failure::Unsendable { .. } => Triage::SkipItem,
            Failure::Status | Failure::WebPage if inner.setback() == Setback::Final => Triage::SkipItem,
            _ => Triage::RetryLater,
        }
    }

    pub(super) fn setback(&self) -> Setback {
        self.0.setback()
    }

    /// Whether it says that the host is in trouble, not the item.
    pub(super) fn blames_host(&self) -> bool {
        match self.0.failure {
            Failure::Unreachable { .. } | Failure::Timeout { .. } | Failure::Broken { .. } => true,
            Failure::Redirect { .. } => true,
            Failure::Status | Failure::WebPage => self.0.status.is_some_and(|status| !(300..500).contains(&status)),
            _ => false,
        }
    }

    /// What happened, without what was attempted.
    pub(super) fn problem(&self) -> String {
        Problem(&self.0).to_string()
    }

    pub(super) fn may_be_done(&self) -> bool {
        self.0.may_be_done
    }

    /// The same, as a pause until then that is too long to sit out.
    pub(super) fn limited(mut self, until: Instant) -> Self {
        self.0.failure = Failure::Limited { until };
        self
    }

    /// The end of a call: how often it was tried, whether any try may have been carried out, whether the host is taken
    /// for down.
    pub(super) fn concluded(mut self, tries: u32, may_be_done: bool, host_is_down: bool) -> Self {
        self.0.tries = tries;
        self.0.may_be_done |= may_be_done;
        self.0.host_is_down = host_is_down;
        self
    }
}

impl Inner {
    fn setback(&self) -> Setback {
        match &self.failure {
            _ if self.refuses_credentials() => Setback::Final,
            Failure::Unreachable { .. } => Setback::NotDone,
            Failure::Timeout { .. } | Failure::Broken { .. } => Setback::Unsure,
            Failure::Status | Failure::WebPage => match self.status.unwrap_or_default() {
                429 => Setback::Limited,
                // Too early, and VTEX's "the SKU is locked by another update": refused for the moment.
                423 | 425 => Setback::NotDone,
                // Not implemented, HTTP version, and the like do not pass with time.
                501 | 505 | 506 | 508 | 510 | 511 => Setback::Final,
                // A page with a success may be a gateway's apology.
                200..300 | 408 | 500.. => Setback::Unsure,
                _ => Setback::Final,
            },
            _ => Setback::Final,
        }
    }

    /// A success whose answer cannot be used; what was asked for may well have happened. A redirect may follow a change
    /// as well.
    fn is_unreadable_success(&self) -> bool {
        self.failure != Failure::Status && self.status.is_some_and(|status| (200..400).contains(&status))
    }

    fn refuses_credentials(&self) -> bool {
        match self.failure {
            Failure::Status | Failure::WebPage if matches!(self.status, Some(401 | 403)) => true,
            Failure::WebPage => self.origin.site.html_is_login_page && self.status.is_some_and(|status| status < 300),
            Failure::Redirect { .. } => self.origin.site.html_is_login_page,
            _ => false,
        }
    }

    /// What happened, as the end of the sentence.
    fn problem(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.origin.site.host;
        let status = self.status.unwrap_or_default();
        match &self.failure {
            Failure::Unreachable { detail } => {
                f.write_str(&say!("no connection to {host} ({detail})" | "sem conexão com {host} ({detail})"))
            }
            Failure::Timeout { after } => f.write_str(&say!(
                "no complete answer of {host} within {}" | "{host} não respondeu por completo em {}",
                span(*after)
            )),
            Failure::Broken { detail } => f.write_str(&say!(
                "the connection to {host} broke before the answer was complete ({detail})"
                    | "a conexão com {host} caiu antes de a resposta estar completa ({detail})"
            )),
            Failure::Status => f.write_str(&say!("{host} answered {}" | "{host} respondeu {}", named(status))),
            Failure::Redirect { to } => f.write_str(&say!(
                "{host} answered {status}, a redirect to {}" | "{host} respondeu {status}, um redirecionamento para {}",
                to.as_deref().unwrap_or("elsewhere")
            )),
            Failure::WebPage => f.write_str(&say!(
                "{host} answered {} where data was expected" | "{host} respondeu {} onde se esperavam dados",
                named(status)
            )),
            Failure::Empty => f.write_str(&say!(
                "{host} answered {status} with an empty body where JSON was expected"
                    | "{host} respondeu {status} com corpo vazio onde se esperava JSON"
            )),
            Failure::NotJson => f.write_str(&say!(
                "{host} answered {status} with a body that is no JSON"
                    | "{host} respondeu {status} com um corpo que não é JSON"
            )),
            Failure::Unexpected { at, problem } => f.write_str(&say!(
                "the answer of {host} is not as expected at `{at}`: {problem}"
                    | "a resposta de {host} não é a esperada em `{at}`: {problem}"
            )),
            Failure::TooLarge { limit } => f.write_str(&say!(
                "{host} answered with more than {} MB" | "{host} respondeu com mais de {} MB",
                limit / 1_000_000
            )),
            Failure::Limited { until } => f.write_str(&say!(
                "{host} asked for a pause until {}, longer than a run waits"
                    | "{host} pediu uma pausa até {}, mais do que uma execução espera",
                moment(*until)
            )),
            Failure::Stopped(reason) => write!(f, "{reason}"),
            Failure::GivenUp { last } => f.write_str(&say!(
                "not tried, since one call after another failed; the last one: {last}"
                    | "não tentado, pois uma chamada após outra falhou; a última: {last}"
            )),
            Failure::TooLate { within } => f.write_str(&say!(
                "not sent: {host} or its turn would have kept it for more than {}, and what it rests on may change \
                 meanwhile; the next run reads that again"
                    | "não enviado: {host} ou a sua vez o reteriam por mais de {}, e aquilo em que se baseia pode mudar \
                       nesse tempo; a próxima execução lê tudo de novo",
                span(*within)
            )),
            Failure::Budget { detail } => f.write_str(&say!(
                "the shared budget in the state file cannot be used ({detail})"
                    | "o orçamento compartilhado no arquivo de estado não pode ser usado ({detail})"
            )),
            Failure::Unsendable { problem } => f.write_str(problem),
        }?;
        match &self.said.excerpt {
            Some(excerpt) if !matches!(self.failure, Failure::Unexpected { .. } | Failure::TooLarge { .. }) => {
                write!(f, " ({excerpt})")
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let mut what = call::told(inner.origin.what).to_owned();
        if let Some(about) = &inner.origin.about {
            what += &format!(" {about}");
        }
        let mut problem = self.problem();
        if inner.refuses_credentials() {
            let names: Vec<&str> = inner.origin.site.secret_headers.iter().map(|(name, _)| name.as_str()).collect();
            let sent_as = names.join(word!(" and " | " e "));
            problem = match &inner.origin.site.identity {
                Some(identity) => say!(
                    "{problem}; check the credentials sent as {sent_as} for {identity}, and what they permit (vaivem check \
                     tells which and where)"
                        | "{problem}; confira as credenciais enviadas como {sent_as} de {identity}, e o que elas permitem \
                           (vaivem check diz quais e onde)"
                ),
                None => say!(
                    "{problem}; check the credentials sent as {sent_as}, and what they permit (vaivem check tells which \
                     and where)"
                        | "{problem}; confira as credenciais enviadas como {sent_as}, e o que elas permitem (vaivem \
                           check diz quais e onde)"
                ),
            };
        }
        if inner.tries > 1 {
            problem = say!("{problem}; tried {} times" | "{problem}; tentado {} vezes", inner.tries);
        }
        if matches!(inner.failure, Failure::Unreachable { .. }) {
            problem = say!(
                "{problem}; is the network up, and `base_url` right (https or http, host, port)?"
                    | "{problem}; a rede funciona, e `base_url` está certo (https ou http, host, porta)?"
            );
        }
        if self.outcome_unknown() {
            problem = say!(
                "{problem}; it may have been carried out all the same"
                    | "{problem}; pode ter sido concluído mesmo assim"
            );
        }
        f.write_str(&say!("{what} failed: {problem}" | "falha ao {what}: {problem}"))
    }
}

/// What happened, as the end of the sentence.
struct Problem<'a>(&'a Inner);

impl fmt::Display for Problem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.problem(f)
    }
}

impl std::error::Error for CallError {}

/// A status with its usual name.
fn named(status: u16) -> String {
    let reason = reqwest::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    reason.map_or_else(|| status.to_string(), |reason| format!("{status} {reason}"))
}

fn span(time: Duration) -> String {
    if time < Duration::from_secs(2) { format!("{} ms", time.as_millis()) } else { format!("{} s", time.as_secs()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(effect: Effect, html_is_login_page: bool) -> Origin {
        let site = Arc::new(Site {
            host: "a.example.com".into(),
            secret_headers: vec![("X-Key".into(), "TOPSECRET".into()), ("X-Token".into(), "OTHERSECRET".into())],
            identity: Some("key 7".into()),
            html_is_login_page,
        });
        Origin { what: "read order", about: Some("17-01".into()), effect, by: None, site }
    }

    #[test]
    fn a_secret_that_an_answer_repeats_is_hidden_whole() {
        let secret_headers = vec![("Authorization".into(), "Bearer TOPSECRET".into())];
        let site = Site { host: "a.example.com".into(), secret_headers, identity: None, html_is_login_page: false };
        let origin = Origin { what: "read order", about: None, effect: Effect::Read, by: None, site: Arc::new(site) };
        let at_the_cut = format!("{} TOPSECRET", "x".repeat(194));
        for body in ["the token TOPSECRET is not valid", r#"{"message":"TOP\u0053ECRET"}"#, &at_the_cut] {
            let told = origin.answered(Failure::Status, 400, body.as_bytes(), None).to_string();
            assert!(told.contains("•••") && !told.contains("TOPS"), "{told}");
        }
    }

    fn status(status: u16, effect: Effect) -> CallError {
        origin(effect, false).answered(Failure::Status, status, b"", None)
    }

    #[test]
    fn errors_are_sorted() {
        use StopCause::{Credentials, Down, Limited};
        let cases = [
            (400, Triage::SkipItem),
            (401, Triage::StopRun(Credentials)),
            (403, Triage::StopRun(Credentials)),
            (404, Triage::SkipItem),
            (409, Triage::SkipItem),
            (422, Triage::SkipItem),
            (423, Triage::RetryLater),
            (408, Triage::RetryLater),
            (500, Triage::RetryLater),
            (501, Triage::SkipItem),
            (502, Triage::RetryLater),
            (503, Triage::RetryLater),
        ];
        for (code, triage) in cases {
            assert_eq!(status(code, Effect::Read).triage(), triage, "{code}");
        }
        let failed = |failure| origin(Effect::Read, false).failed(failure).triage();
        assert_eq!(failed(Failure::Unreachable { detail: String::new() }), Triage::StopRun(Down));
        assert_eq!(failed(Failure::Timeout { after: Duration::ZERO }), Triage::RetryLater);
        assert_eq!(failed(Failure::Limited { until: Instant::default() }), Triage::StopRun(Limited));
        assert_eq!(status(500, Effect::Read).concluded(1, false, true).triage(), Triage::StopRun(Down));
        assert_eq!(status(404, Effect::Read).concluded(1, false, true).triage(), Triage::StopRun(Down));
    }

    #[test]
    fn only_the_api_can_say_that_there_is_no_such_thing() {
        let not_found =
            |body: &[u8]| origin(Effect::Read, false).answered(Failure::Status, 404, body, None).is_not_found();
        assert!(not_found(b" ") && not_found(br#"{"message":"no such order"}"#) && not_found(br#""none""#));
        assert!(!not_found(b"404 page not found") && !not_found(b"{cut"));
    }

    #[test]
    fn an_unknown_outcome_is_a_write_without_a_clear_refusal() {
        for code in [400, 401, 404, 409, 423, 429] {
            assert!(!status(code, Effect::Once).outcome_unknown(), "{code}");
        }
        for code in [408, 500, 502, 503, 504, 524] {
            assert!(status(code, Effect::Once).outcome_unknown(), "{code}");
            assert!(status(code, Effect::Repeatable).outcome_unknown(), "{code}");
            assert!(!status(code, Effect::Read).outcome_unknown(), "{code}");
        }
        let once = origin(Effect::Once, true);
        assert!(once.answered(Failure::WebPage, 200, b"<html>", None).outcome_unknown());
        assert!(once.answered(Failure::Empty, 200, b"", None).outcome_unknown());
        assert!(once.answered(Failure::Redirect { to: None }, 302, b"", None).outcome_unknown());
        assert!(once.failed(Failure::Broken { detail: String::new() }).outcome_unknown());
        assert!(!once.failed(Failure::Unreachable { detail: String::new() }).outcome_unknown());
        assert!(status(409, Effect::Repeatable).concluded(2, true, false).outcome_unknown(), "an earlier try may have");
    }

    #[test]
    fn sentences() {
        let body = br#"{"error":{"code":"OMS003","message":"wrong status for 529.982.247-25 TOPSECRET"}}"#;
        let error = origin(Effect::Read, false).answered(Failure::Status, 409, body, None);
        assert_eq!(
            error.to_string(),
            "read order 17-01 failed: a.example.com answered 409 Conflict (OMS003: wrong status for ••• •••)"
        );
        assert_eq!((error.error_code(), error.about()), (Some("OMS003"), Some("17-01")));
        assert_eq!(
            status(403, Effect::Read).to_string(),
            "read order 17-01 failed: a.example.com answered 403 Forbidden; check the credentials sent as X-Key and \
             X-Token for key 7, and what they permit (vaivem check tells which and where)"
        );
        assert_eq!(
            status(502, Effect::Once).concluded(3, true, false).to_string(),
            "read order 17-01 failed: a.example.com answered 502 Bad Gateway; tried 3 times; it may have been \
             carried out all the same"
        );
        let page = b"<html><title>Log in</title></html>";
        let login = origin(Effect::Read, true).answered(Failure::WebPage, 200, page, None);
        assert!(
            login.to_string().contains("where data was expected (a web page titled \"Log in\"); check the credentials")
        );
        assert!(!format!("{login:?} {error:?}").contains("SECRET"));
    }
}
