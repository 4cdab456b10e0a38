//! The door itself: a call goes in, an answer or a sorted error comes out.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Client, Method, Response, Url};
use secrecy::ExposeSecret;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::answer::{Answer, Told};
use super::call::{Call, Deadline, Effect};
use super::error::{CallError, Failure, Origin, Setback, Site};
use super::excerpt;
use super::health::{Health, Mark};
use super::options::{self, DoorError, DoorOptions, RetryPolicy, Signer};
use super::retry::{Next, Retry};
use crate::clock::{Clock, later};
use crate::lang::word;
use crate::stop::Stop;
use crate::store::budget::{Budget, Turn};
use crate::store::joint::Together;
use crate::store::sqlite;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection that was idle for longer is not used again: hosts close theirs after a minute or so, and a request that
/// meets the closing is lost without our knowing whether it arrived.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Most bytes read of an answer that is no success; it is only there to be told of.
const ERROR_BODY: usize = 64_000;

/// Room made for an answer at once, where it tells how long it is: an order fits.
const AT_FIRST: usize = 32_000;

/// The way to one host with one set of credentials. Calls may overlap; all belong to one task.
pub struct Door {
    client: Client,
    /// The base address, and its path without a slash at its end.
    base: (Url, String),
    site: Arc<Site>,
    signer: Option<Signer>,
    policy: RetryPolicy,
    timeout: Duration,
    max_body: usize,
    clock: Clock,
    stop: Stop,
    budget: Budget,
    follow_quota: bool,
    together: Together,
    in_flight: usize,
    slots: Semaphore,
    health: Health,
    counts: Cell<Counts>,
    skew: Cell<Option<TimeDelta>>,
}

/// What went through a door so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests sent, repetitions included.
    pub calls: u64,
    /// Those that were repetitions.
    pub retries: u64,
    /// Those that were refused with 429.
    pub limited: u64,
    /// Those that the host failed to answer: no connection, no complete answer, a redirect, or a server's error.
    pub failed: u64,
    /// Bytes of answers, decompressed.
    pub bytes: u64,
}

impl Counts {
    /// What came since earlier counts of the same door.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            calls: self.calls - earlier.calls,
            retries: self.retries - earlier.retries,
            limited: self.limited - earlier.limited,
            failed: self.failed - earlier.failed,
            bytes: self.bytes - earlier.bytes,
        }
    }

    /// The counts of another door on top.
    pub fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.retries += other.retries;
        self.limited += other.limited;
        self.failed += other.failed;
        self.bytes += other.bytes;
    }
}

/// A try that failed.
#[derive(Debug)]
pub(super) struct Miss {
    pub error: CallError,
    /// How long the host asked to be left alone.
    pub asked: Option<Duration>,
}

impl From<CallError> for Miss {
    fn from(error: CallError) -> Self {
        Self { error, asked: None }
    }
}

impl Door {
    /// Sets the client up. Nothing is sent yet.
    ///
    /// # Errors
    /// When the address or a header cannot be used; all are errors of the configuration.
    pub fn new(options: DoorOptions) -> Result<Self, DoorError> {
        // reqwest is built without a TLS provider, so that it is ring and not the larger default. A second time is no
        // harm.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (url, local) = options::base_url(&options.base_url)?;
        let in_flight = options.in_flight.max(1);
        let mut client = Client::builder()
            .default_headers(options::headers(&options)?)
            .user_agent(concat!("vaivem/", env!("CARGO_PKG_VERSION")))
            // A redirect would carry the credentials along: reqwest drops only the headers it knows.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(options.timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(options.timeout))
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(in_flight);
        if local {
            client = client.no_proxy();
        }
        if url.scheme() == "http" {
            // Reading the system's root certificates takes longer than a whole pass on loopback, which needs none.
            client = client.tls_certs_only([]);
        }
        let client = client.build().map_err(|error| DoorError::Client(root_cause(&error)))?;
        let host = url.host_str().unwrap_or_default();
        let site = Site {
            host: url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
            secret_headers: options.secret_headers,
            identity: options.identity,
            html_is_login_page: options.html_is_login_page,
        };
        Ok(Self {
            client,
            base: (url.clone(), url.path().trim_end_matches('/').to_owned()),
            site: Arc::new(site),
            signer: options.signer,
            policy: options.retry,
            timeout: options.timeout,
            max_body: options.max_body,
            budget: options.budget.unwrap_or_else(|| Budget::alone(None, options.clock.clone())),
            follow_quota: options.follow_quota,
            clock: options.clock,
            stop: options.stop,
            together: options.together,
            in_flight,
            slots: Semaphore::new(in_flight),
            health: Health::default(),
            counts: Cell::default(),
            skew: Cell::default(),
        })
    }

    /// What went through so far.
    pub fn counts(&self) -> Counts {
        self.counts.get()
    }

    /// Another pass begins: it judges the host, and our clock by the host's, by its own calls.
    pub fn begin_pass(&self) {
        self.health.count_anew();
        self.skew.set(None);
    }

    /// Whether the host gave any good answer to this process.
    pub fn has_answered(&self) -> bool {
        self.health.has_answered()
    }

    /// What comes next failed before, and says little of the host: it is judged by its own calls.
    pub fn count_failures_anew(&self) {
        self.health.count_anew();
    }

    /// The largest difference seen in this pass between our clock and the host's (its `Date` header); positive when ours
    /// is ahead. `None` as long as the host has not told the time.
    pub fn clock_skew(&self) -> Option<TimeDelta> {
        self.skew.get()
    }

    /// That long from now, for [`Call::by`].
    pub fn within(&self, time: Duration) -> Deadline {
        Deadline { at: self.clock.elapsed().saturating_add(time), within: time }
    }

    /// Makes a call, as often as is safe and useful, and gives its answer if it is a success (2xx, no web page).
    ///
    /// # Errors
    /// Everything else; [`CallError::triage`] says what to do about it, [`CallError::outcome_unknown`] whether a change
    /// may have happened all the same.
    pub async fn call(&self, call: Call) -> Result<Answer, CallError> {
        let origin = Origin::new(&call, &self.site);
        let (method, url) = self.address(&call).map_err(|problem| origin.failed(Failure::Unsendable { problem }))?;
        let answer = self.carry_out(&origin, async || self.send(&origin, &call, &method, &url).await).await;
        self.together.gather(|| self.in_flight - self.slots.available_permits(), self.in_flight).await;
        answer
    }

    /// As [`Door::call`], with `None` when the API says that there is no such thing. A 404 that is a web page or plain text
    /// is an error: it says that host or path are wrong, not that an order is missing.
    ///
    /// # Errors
    /// As for [`Door::call`].
    pub async fn call_optional(&self, call: Call) -> Result<Option<Answer>, CallError> {
        match self.call(call).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tries until there is an answer, or a reason to give up.
    pub(super) async fn carry_out(
        &self,
        origin: &Origin,
        send: impl AsyncFn() -> Result<Answer, Miss>,
    ) -> Result<Answer, CallError> {
        let mut retry = Retry::new(self.policy, origin.effect);
        let mut mark = Mark::default();
        let mut may_be_done = false;
        let mut last: Option<CallError> = None;
        let (error, host_is_down) = loop {
            if self.health.is_down(self.clock.elapsed()) {
                let given_up = || origin.failed(Failure::GivenUp { last: self.health.last_problem() });
                break (last.unwrap_or_else(given_up), true);
            }
            let slot = match self.turn(origin, &mut retry).await {
                Ok(slot) => slot,
                Err(error) => break (error, false),
            };
            let begun = self.clock.elapsed();
            self.count(|counts| counts.retries += u64::from(retry.tries() > 0));
            let result = self.unless_stopped(origin, send()).await;
            drop(slot);
            let Miss { error, asked } = match result {
                Ok(answer) => {
                    self.health.answered();
                    return Ok(answer);
                }
                Err(miss) => miss,
            };
            may_be_done |= error.may_be_done();
            if error.blames_host() {
                self.count(|counts| counts.failed += 1);
                self.health.failed(&mut mark, self.clock.elapsed(), error.problem());
            } else if error.status().is_some() {
                self.health.answered();
            }
            let setback = error.setback();
            let host_pause = retry.host_pause(setback, asked);
            if let Some(pause) = host_pause
                && let Err(problem) = self.budget.pause_for(pause)
            {
                log::warn!("the pause {} asks for cannot be noted in the state file: {problem}", self.site.host);
            }
            match retry.after(setback, asked, self.clock.elapsed().saturating_sub(begun)) {
                Next::GiveUp if setback == Setback::Limited => {
                    let until = later(self.clock.now(), host_pause.unwrap_or_default());
                    break (error.limited(until), false);
                }
                Next::GiveUp => {
                    let host_is_down = error.blames_host() && self.health.is_down(self.clock.elapsed());
                    break (error, host_is_down);
                }
                Next::Again(pause) => {
                    last = Some(error);
                    if let Err(error) = self.wait(origin, pause).await {
                        break (error, false);
                    }
                }
            }
        };
        Err(error.concluded(retry.tries(), may_be_done, host_is_down))
    }

    /// Waits for a slot among the calls at the same time, then for the budget to let the call go.
    async fn turn(&self, origin: &Origin, retry: &mut Retry) -> Result<SemaphorePermit<'_>, CallError> {
        let budget = |problem: rusqlite::Error| origin.failed(Failure::Budget { detail: sqlite::said(&problem) });
        let slot = tokio::select! {
            biased;
            reason = self.stop.stopped() => return Err(origin.failed(Failure::Stopped(reason))),
            slot = self.slots.acquire() => slot,
        };
        // The slots are never closed.
        let Ok(slot) = slot else {
            return Err(
                origin.failed(Failure::Unsendable { problem: word!("the door is closed" | "a porta está fechada") })
            );
        };
        loop {
            match self.budget.take().map_err(budget)? {
                Turn::In(Duration::ZERO) => break,
                Turn::In(wait) => {
                    self.wait(origin, wait).await?;
                    // Somebody may have been told to pause meanwhile; then the turn is lost.
                    if self.budget.paused_until().map_err(budget)?.is_none() {
                        break;
                    }
                }
                Turn::AskAgain(wait) => self.wait(origin, wait).await?,
                Turn::Paused(until) => {
                    let pause = until.signed_duration_since(self.clock.now()).to_std().unwrap_or_default();
                    let Some(wait) = retry.sit_out(pause) else {
                        return Err(origin.failed(Failure::Limited { until }));
                    };
                    self.wait(origin, wait).await?;
                }
            }
        }
        self.in_time(origin, Duration::ZERO).map(|()| slot)
    }

    /// Waits that long, unless the call would leave too late then.
    async fn wait(&self, origin: &Origin, time: Duration) -> Result<(), CallError> {
        self.in_time(origin, time)?;
        self.stop.sleep(time).await.map_err(|reason| origin.failed(Failure::Stopped(reason)))
    }

    /// Whether the call may still leave that long from now.
    fn in_time(&self, origin: &Origin, time: Duration) -> Result<(), CallError> {
        match origin.by {
            Some(Deadline { at, within }) if self.clock.elapsed().saturating_add(time) > at => {
                Err(origin.failed(Failure::TooLate { within }))
            }
            _ => Ok(()),
        }
    }

    /// A reading under way is dropped when the run is to stop. A change is not: knowing whether it was made is worth
    /// the wait.
    async fn unless_stopped(
        &self,
        origin: &Origin,
        request: impl Future<Output = Result<Answer, Miss>>,
    ) -> Result<Answer, Miss> {
        if origin.effect != Effect::Read {
            return request.await;
        }
        tokio::select! {
            biased;
            result = request => result,
            reason = self.stop.stopped() => Err(origin.failed(Failure::Stopped(reason)).into()),
        }
    }

    /// Method and address of a call. The path must stay what it is: an id of `..` would lead elsewhere.
    fn address(&self, call: &Call) -> Result<(Method, Url), &'static str> {
        let (base, base_path) = &self.base;
        let method = call.method.clone().map_err(|_| word!("the method is none" | "o método não existe"))?;
        let path = format!("{base_path}{}", call.path);
        let mut url = base.clone();
        url.set_path(&path);
        if !call.path.starts_with('/') || url.path() != path {
            return Err(word!("the id cannot be part of an address" | "o id não pode fazer parte de um endereço"));
        }
        url.set_query(call.query.strip_prefix('?'));
        Ok((method, url))
    }

    /// One request and its answer.
    async fn send(&self, origin: &Origin, call: &Call, method: &Method, url: &Url) -> Result<Answer, Miss> {
        let mut request = self.client.request(method.clone(), url.clone());
        if let Some(Signer { header, sign }) = &self.signer {
            request = request.header(*header, sign(self.clock.now()).expose_secret());
        }
        if let Some((content_type, body)) = &call.body {
            request = request.header(CONTENT_TYPE, content_type).body(body.clone());
        }
        self.count(|counts| counts.calls += 1);
        let begun = self.clock.elapsed();
        let result = match request.send().await {
            Ok(response) => self.receive(origin, response).await,
            Err(error) => Err(origin.failed(self.failure(&error)).into()),
        };
        if log::log_enabled!(log::Level::Debug) {
            log::debug!("{}", line(call, method, self.clock.elapsed().saturating_sub(begun), &result));
        }
        result
    }

    /// Reads an answer and sorts it.
    async fn receive(&self, origin: &Origin, response: Response) -> Result<Answer, Miss> {
        let status = response.status().as_u16();
        let now = self.clock.now();
        let told = Told::new(response.headers(), now);
        if let Some(date) = told.date {
            let (skew, largest) = (now - date, self.skew.get());
            self.skew.set(Some(largest.filter(|largest| largest.abs() >= skew.abs()).unwrap_or(skew)));
        }
        if self.follow_quota
            && let Some(quota) = told.quota
        {
            // What keeps it from being written down keeps the next turn from being taken, and is told there.
            let _ = quota.pace().map(|rate| self.budget.set_rate(rate));
            let _ = quota.pause().map(|pause| self.budget.pause_for(pause));
        }
        let content_type = told.content_type.as_deref();
        if (300..400).contains(&status) {
            let failure = Failure::Redirect { to: self.redirect_to(response.headers()) };
            return Err(origin.answered(failure, status, b"", content_type).into());
        }
        let success = (200..300).contains(&status);
        let (bytes, end) = self.read(response, if success { self.max_body } else { ERROR_BODY }).await;
        self.count(|counts| counts.bytes += u64::try_from(bytes.len()).unwrap_or_default());
        if success {
            end.map_err(|failure| origin.answered(failure, status, b"", None))?;
        }
        let is_web_page = excerpt::is_web_page(&bytes, content_type);
        // An error is what its status says, page or not; but a page is no word of the API on what it has.
        let failure = match status {
            200..300 if !is_web_page => {
                let Told { content_type, date, quota, .. } = told;
                return Ok(Answer { status, bytes, content_type, date, quota, origin: origin.clone() });
            }
            200..300 | 404 if is_web_page => Failure::WebPage,
            _ => Failure::Status,
        };
        self.count(|counts| counts.limited += u64::from(status == 429));
        let reset = || told.quota.and_then(|quota| quota.renewal()).filter(|_| status == 429);
        let asked = told.retry_after.or_else(reset);
        Err(Miss { error: origin.answered(failure, status, &bytes, content_type), asked })
    }

    /// The body up to a limit, and how reading ended.
    async fn read(&self, mut response: Response, limit: usize) -> (Vec<u8>, Result<(), Failure>) {
        let told = response.content_length().and_then(|length| usize::try_from(length).ok());
        let mut bytes = Vec::with_capacity(told.unwrap_or_default().min(limit).min(AT_FIRST));
        loop {
            match response.chunk().await {
                Ok(None) => return (bytes, Ok(())),
                Ok(Some(chunk)) if bytes.len() + chunk.len() > limit => {
                    bytes.extend_from_slice(&chunk[..limit - bytes.len()]);
                    return (bytes, Err(Failure::TooLarge { limit }));
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Err(error) => return (bytes, Err(self.failure(&error))),
            }
        }
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        let detail = excerpt::short(&root_cause(error));
        if error.is_connect() {
            Failure::Unreachable { detail }
        } else if error.is_timeout() {
            Failure::Timeout { after: self.timeout }
        } else if error.is_builder() {
            Failure::Unsendable {
                problem: word!("the request cannot be built" | "a requisição não pode ser montada")
            }
        } else {
            Failure::Broken { detail }
        }
    }

    /// The host a redirect points to; the rest of the address may hold anything.
    fn redirect_to(&self, headers: &HeaderMap) -> Option<String> {
        let location = headers.get(LOCATION)?.to_str().ok()?;
        let target = self.base.0.join(location).ok()?;
        target.host_str().map(str::to_owned)
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("host", &self.site.host).field("counts", &self.counts()).finish_non_exhaustive()
    }
}

/// The log line of one request: no header, no query, no body.
pub(super) fn line(call: &Call, method: &Method, took: Duration, result: &Result<Answer, Miss>) -> String {
    let about = call.about.as_ref().map(|about| format!(" {about}")).unwrap_or_default();
    let outcome = match result {
        Ok(answer) => format!("{}, {} bytes", answer.status, answer.bytes.len()),
        Err(miss) => match miss.error.status() {
            Some(status) => status.to_string(),
            None => miss.error.to_string(),
        },
    };
    let (what, path) = (call.what, excerpt::mask(&call.path));
    format!("{what}{about}: {method} {path} -> {outcome} in {} ms", took.as_millis())
}

/// The innermost of an error's causes, which is the one that says something. No address is in it.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if cause.is::<reqwest::Error>() { "request failed".to_owned() } else { cause.to_string() }
}
