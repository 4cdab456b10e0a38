//! The door against servers on the loopback that misbehave, and its waits on the paused timer.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::door::{Miss, line};
use super::error::{Origin, Site};
use super::*;
use crate::clock::Clock;
use crate::model::Instant;
use crate::stop::{Stop, StopReason};
use crate::store::budget::{Budget, Rate};

/// What the server does with one request.
#[derive(Clone, Debug)]
enum Deed {
    /// Answers: status, further header lines each ended by `\r\n`, body.
    Answer(u16, String, Vec<u8>),
    /// Closes the connection without reading, or after having read the request.
    Drop { read: bool },
    /// Promises more than it sends.
    Cut,
    /// Reads the request and never answers.
    Silence,
}

fn answer(status: u16, headers: &str, body: &str) -> Deed {
    Deed::Answer(status, headers.into(), body.into())
}

fn good() -> Deed {
    answer(200, "Content-Type: application/json\r\n", r#"{"ok":true}"#)
}

/// A server that does the deeds in order, then is good. Keeps every request it has read.
struct Server {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn doing(deeds: impl IntoIterator<Item = Deed>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let deeds = Arc::new(Mutex::new(deeds.into_iter().collect::<VecDeque<_>>()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&deeds), Arc::clone(&seen)));
            }
        });
        Self { url, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    fn options(&self) -> DoorOptions {
        let clock = Clock::system();
        let stop = Stop::new(clock.clone(), None);
        DoorOptions {
            secret_headers: vec![
                ("X-Key".into(), SecretString::from("KEYSECRET")),
                ("X-Token".into(), SecretString::from("TOKENSECRET")),
            ],
            retry: RetryPolicy { first_pause: Duration::from_millis(2), ..RetryPolicy::default() },
            timeout: Duration::from_secs(5),
            ..DoorOptions::new(&self.url, clock, stop)
        }
    }

    fn door(&self) -> Door {
        Door::new(self.options()).unwrap()
    }
}

async fn serve(mut stream: TcpStream, deeds: Arc<Mutex<VecDeque<Deed>>>, seen: Arc<Mutex<Vec<String>>>) {
    loop {
        // Waits for a request before choosing the deed, since connections are kept open.
        let mut first = [0];
        if !matches!(stream.peek(&mut first).await, Ok(1)) {
            return;
        }
        let deed = deeds.lock().unwrap().pop_front().unwrap_or_else(good);
        if let Deed::Drop { read: false } = deed {
            return;
        }
        let Some(request) = read_request(&mut stream).await else { return };
        seen.lock().unwrap().push(request);
        match deed {
            Deed::Answer(status, headers, body) => {
                let head = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
                if stream.write_all(&[head.as_bytes(), &body].concat()).await.is_err() {
                    return;
                }
            }
            Deed::Drop { .. } => return,
            Deed::Cut => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ok\":").await;
                return;
            }
            Deed::Silence => tokio::time::sleep(Duration::from_secs(600)).await,
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = |line: &str| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned);
            let length: usize = head.lines().find_map(length).map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Some(text);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn read() -> Call {
    Call::read("read order", "/orders/17-01").about("17-01")
}

fn once() -> Call {
    Call::write("POST", "start handling", "/orders/17-01/start", Effect::Once).about("17-01")
}

fn repeatable() -> Call {
    Call::write("PUT", "set stock", "/stock/1", Effect::Repeatable).json(serde_json::json!({ "quantity": 3 }))
}

#[tokio::test]
async fn a_call_arrives_as_it_was_made() {
    let server =
        Server::doing([answer(201, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRateLimit-Remaining: 7\r\n", "[1]")]).await;
    let door =
        Door::new(DoorOptions { headers: vec![("Platform".into(), "VAIVEM".into())], ..server.options() }).unwrap();
    let got = door.call(repeatable().query("q", "a b")).await.unwrap();
    assert_eq!((got.status, got.json::<Vec<i64>>().unwrap(), got.text().as_str()), (201, vec![1], "[1]"));
    assert_eq!(got.date, Some("1994-11-06T08:49:37Z".parse().unwrap()));
    assert_eq!(got.quota.unwrap().remaining, Some(7));
    let request = server.requests().remove(0).to_lowercase();
    for part in [
        "put /stock/1?q=a%20b http/1.1\r\n",
        "x-key: keysecret\r\n",
        "x-token: tokensecret\r\n",
        "platform: vaivem\r\n",
        "accept: application/json\r\n",
        "accept-encoding: gzip\r\n",
        "content-type: application/json\r\n",
        "user-agent: vaivem/",
        "\r\n\r\n{\"quantity\":3}",
    ] {
        assert!(request.contains(part), "{part} is not in {request}");
    }
    assert_eq!(door.counts(), Counts { calls: 1, retries: 0, limited: 0, failed: 0, bytes: 3 });
}

#[tokio::test]
async fn compressed_answers_are_read_and_bounded_as_what_they_are() {
    let small = gzip(&[b' '; 40]);
    let large = gzip(&vec![b' '; 3_000_000]);
    let zipped = |body: &[u8]| Deed::Answer(200, "Content-Encoding: gzip\r\n".into(), body.to_vec());
    let server = Server::doing([zipped(&small), zipped(&large)]).await;
    let door = Door::new(DoorOptions { max_body: 1_000_000, ..server.options() }).unwrap();
    assert_eq!(door.call(read()).await.unwrap().bytes.len(), 40);
    let error = door.call(read()).await.unwrap_err();
    assert_eq!(error.failure(), &Failure::TooLarge { limit: 1_000_000 });
    assert_eq!(
        error.to_string(),
        format!("read order 17-01 failed: {} answered with more than 1 MB", &server.url[7..])
    );
}

/// gzip with stored blocks only (RFC 1951, 3.2.4), so that no library is needed.
fn gzip(content: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = content.chunks(60_000).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap();
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let mut crc = u32::MAX;
    for byte in content {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    out.extend((!crc).to_le_bytes());
    out.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
    out
}

#[tokio::test]
async fn a_reading_survives_what_passes() {
    let unsteady = [
        answer(500, "", ""),
        answer(502, "", "<html><title>Bad Gateway</title></html>"),
        Deed::Drop { read: false },
        Deed::Drop { read: true },
        Deed::Cut,
        answer(200, "Content-Type: text/html\r\n", "<html>Service Temporarily Unavailable</html>"),
        answer(429, "Retry-After: 0\r\n", ""),
    ];
    for deed in unsteady {
        let server = Server::doing([deed.clone()]).await;
        let door = server.door();
        let answer = door.call(read()).await.unwrap_or_else(|error| panic!("{deed:?}: {error}"));
        assert_eq!(answer.text(), r#"{"ok":true}"#);
        assert_eq!((door.counts().calls, door.counts().retries), (2, 1), "{deed:?}");
    }
}

#[tokio::test]
async fn a_repeatable_change_is_repeated() {
    let server = Server::doing([answer(500, "", ""), Deed::Drop { read: true }, answer(423, "", "locked")]).await;
    server.door().call(repeatable()).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    assert!(requests.iter().all(|request| request.ends_with(r#"{"quantity":3}"#)), "the body goes along each time");
}

#[tokio::test]
async fn what_must_not_be_done_twice_is_sent_once() {
    let unclear = [
        answer(500, "", ""),
        answer(502, "", ""),
        answer(503, "Retry-After: 0\r\n", ""),
        answer(504, "", ""),
        answer(408, "", ""),
        Deed::Drop { read: true },
        Deed::Cut,
        Deed::Silence,
        answer(200, "Content-Type: text/html\r\n", "<html>"),
        answer(302, "Location: https://elsewhere.example.com/login?secret=1\r\n", ""),
    ];
    for deed in unclear {
        let server = Server::doing([deed.clone()]).await;
        let door = Door::new(DoorOptions { timeout: Duration::from_millis(300), ..server.options() }).unwrap();
        let error = door.call(once()).await.unwrap_err();
        assert!(error.outcome_unknown(), "{deed:?}: {error}");
        assert!(error.to_string().ends_with("; it may have been carried out all the same"), "{error}");
        assert_eq!(server.requests().len(), 1, "{deed:?}");
    }
}

#[tokio::test]
async fn what_was_surely_not_done_is_sent_again() {
    for deed in [answer(429, "Retry-After: 0\r\n", ""), answer(423, "", "")] {
        let server = Server::doing([deed]).await;
        server.door().call(once()).await.unwrap();
        assert_eq!(server.requests().len(), 2);
    }
    for status in [400, 401, 403, 404, 409, 422] {
        let server = Server::doing([answer(status, "", "")]).await;
        let error = server.door().call(once()).await.unwrap_err();
        assert!(!error.outcome_unknown(), "{error}");
        assert_eq!((error.status(), server.requests().len()), (Some(status), 1));
    }
}

#[tokio::test]
async fn a_host_nobody_listens_on_is_down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let server = Server { url: url.clone(), requests: Arc::default() };
    let door = server.door();
    let error = door.call(once()).await.unwrap_err();
    assert!(matches!(error.failure(), Failure::Unreachable { .. }), "{error:?}");
    assert_eq!((error.triage(), error.outcome_unknown()), (Triage::StopRun(StopCause::Down), false));
    assert!(error.to_string().contains(&url[7..]) && error.to_string().contains("tried 4 times"), "{error}");
}

#[tokio::test]
async fn no_answer_in_time_says_so() {
    let server = Server::doing([Deed::Silence, Deed::Silence]).await;
    let retry = RetryPolicy { attempts: 2, ..server.options().retry };
    let door = Door::new(DoorOptions { timeout: Duration::from_millis(100), retry, ..server.options() }).unwrap();
    let error = door.call(read()).await.unwrap_err();
    assert_eq!(error.failure(), &Failure::Timeout { after: Duration::from_millis(100) });
    assert_eq!((error.triage(), server.requests().len()), (Triage::RetryLater, 2));
}

#[tokio::test]
async fn redirects_are_not_followed_and_told_by_host() {
    let target = Server::doing([]).await;
    let to_target = answer(302, &format!("Location: {}/login?token=x\r\n", target.url), "");
    let server = Server::doing([to_target.clone(), to_target]).await;
    let error = server.door().call(read()).await.unwrap_err();
    assert!(error.to_string().contains("answered 302, a redirect to 127.0.0.1"), "{error}");
    assert!(!error.to_string().contains("token"), "{error}");
    assert_eq!(error.triage(), Triage::RetryLater);
    let door = Door::new(DoorOptions { html_is_login_page: true, ..server.options() }).unwrap();
    assert_eq!(door.call(read()).await.unwrap_err().triage(), Triage::StopRun(StopCause::Credentials));
    assert!(target.requests().is_empty(), "credentials went nowhere else");
}

#[tokio::test]
async fn a_page_where_data_was_expected_is_an_error() {
    let page = || answer(200, "Content-Type: text/html\r\n", "<!DOCTYPE html><title>Log in</title>");
    let server = Server::doing([page()]).await;
    let login = Door::new(DoorOptions { html_is_login_page: true, ..server.options() }).unwrap();
    let error = login.call(read()).await.unwrap_err();
    assert_eq!((error.triage(), server.requests().len()), (Triage::StopRun(StopCause::Credentials), 1));
    assert!(error.to_string().contains("X-Key and X-Token") && !error.to_string().contains("SECRET"), "{error}");

    let server = Server::doing([page(), page(), page(), page()]).await;
    let error = server.door().call(read()).await.unwrap_err();
    assert_eq!((error.failure(), error.triage()), (&Failure::WebPage, Triage::RetryLater));
    assert!(error.to_string().contains("a web page titled \"Log in\""), "{error}");
}

#[tokio::test]
async fn nothing_where_json_was_expected_is_an_error_that_says_so() {
    let server = Server::doing([answer(200, "", ""), answer(200, "", "")]).await;
    let answer = server.door().call(read()).await.unwrap();
    assert!(answer.is_empty());
    let error = answer.json::<serde_json::Value>().unwrap_err();
    assert!(error.to_string().contains("an empty body where JSON was expected"), "{error}");
    let change = server.door().call(once()).await.unwrap();
    assert!(change.expect_json().unwrap_err().outcome_unknown(), "a success that says nothing may be one");
}

#[tokio::test]
async fn what_is_not_there_is_none_and_a_wrong_address_is_an_error() {
    let page = answer(404, "Content-Type: text/html\r\n", "<html><title>404 - File not found</title>");
    let missing = answer(404, "", r#"{"error":{"code":"OMS001","message":"Order not found"}}"#);
    let server = Server::doing([answer(404, "", ""), missing, page]).await;
    let door = server.door();
    assert!(door.call_optional(read()).await.unwrap().is_none());
    assert!(door.call_optional(read()).await.unwrap().is_none());
    let error = door.call_optional(read()).await.unwrap_err();
    assert!(!error.is_not_found());
    assert_eq!(error.triage(), Triage::SkipItem);
    assert!(door.call_optional(read()).await.unwrap().is_some());
}

#[tokio::test]
async fn an_id_cannot_lead_elsewhere() {
    let server = Server::doing([]).await;
    let door = server.door();
    for id in ["..", ".", "../../admin", "a?b=c", "a#b", "%2e%2e/a"] {
        let path = format!("/orders/{}", if id.len() > 2 { id.to_owned() } else { segment(id) });
        let error = door.call(Call::read("read order", path).about(id)).await.unwrap_err();
        assert_eq!((error.triage(), error.status()), (Triage::SkipItem, None), "{id}");
    }
    assert!(server.requests().is_empty());
    door.call(Call::read("read order", format!("/orders/{}", segment("a/../b?c#d")))).await.unwrap();
    assert!(server.requests()[0].starts_with("GET /orders/a%2F..%2Fb%3Fc%23d HTTP/1.1"), "{}", server.requests()[0]);
}

#[tokio::test]
async fn a_path_of_the_base_address_comes_first_with_or_without_a_slash_at_its_end() {
    let server = Server::doing([]).await;
    for base in ["", "/", "/v2", "/v2/"] {
        let door = Door::new(DoorOptions { base_url: format!("{}{base}", server.url), ..server.options() }).unwrap();
        door.call(Call::read("read order", "/orders/1").query("of", "a b&c#d")).await.unwrap();
    }
    let lines: Vec<String> = server.requests().iter().map(|one| one.lines().next().unwrap().to_owned()).collect();
    let [plain, deep] = ["", "/v2"].map(|base| format!("GET {base}/orders/1?of=a%20b%26c%23d HTTP/1.1"));
    assert_eq!(lines, [plain.clone(), plain, deep.clone(), deep]);
}

#[tokio::test]
async fn a_host_that_fails_for_everyone_ends_the_run_and_one_item_does_not() {
    let server = Server::doing(std::iter::repeat_n(answer(500, "", ""), 4)).await;
    let door = server.door();
    assert_eq!(door.call(read()).await.unwrap_err().triage(), Triage::RetryLater, "one item's persistent failure");
    door.call(read()).await.unwrap();

    let server = Server::doing(std::iter::repeat_n(answer(503, "", ""), 100)).await;
    let door = server.door();
    let mut triages = Vec::new();
    for _ in 0..6 {
        triages.push(door.call(read()).await.unwrap_err().triage());
    }
    let (later, down) = (Triage::RetryLater, Triage::StopRun(StopCause::Down));
    assert_eq!(triages, [later, later, later, later, down, down]);
    assert_eq!(server.requests().len(), 4 * 4 + 1, "the fifth is not repeated, the sixth not tried");
    let error = door.call(once()).await.unwrap_err();
    let host = server.url.trim_start_matches("http://");
    assert_eq!(error.failure(), &Failure::GivenUp { last: format!("{host} answered 503 Service Unavailable") });
    assert!(!error.outcome_unknown());
}

#[tokio::test]
async fn a_long_pause_ends_the_run_and_keeps_others_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    drop(crate::store::Store::open(&path).unwrap());
    let in_an_hour = (chrono::Utc::now() + chrono::TimeDelta::hours(1)).format("%a, %d %b %Y %H:%M:%S GMT");
    for pause in ["3600".to_owned(), in_an_hour.to_string()] {
        let server = Server::doing([answer(429, &format!("Retry-After: {pause}\r\n"), "")]).await;
        let door = || {
            let budget = Budget::open(&path, &server.url, None, Clock::system()).unwrap();
            Door::new(DoorOptions { budget: Some(budget), ..server.options() }).unwrap()
        };
        let (first, second) = (door(), door());
        let error = first.call(once()).await.unwrap_err();
        assert_eq!((error.triage(), error.status()), (Triage::StopRun(StopCause::Limited), Some(429)), "{error}");
        assert_eq!((first.counts().limited, error.outcome_unknown()), (1, false));
        let error = second.call(read()).await.unwrap_err();
        assert_eq!((error.triage(), error.status()), (Triage::StopRun(StopCause::Limited), None), "{error}");
        assert_eq!(server.requests().len(), 1, "the other process keeps away");
    }
}

#[tokio::test]
async fn secrets_and_personal_data_are_told_nowhere() {
    let body = r#"{"error":{"code":"X1","message":"token TOKENSECRET of ana@example.com, CPF 529.982.247-25"}}"#;
    let server = Server::doing([answer(401, "", body)]).await;
    let options = server.options();
    assert!(!format!("{options:?}").contains("SECRET"));
    let door = Door::new(options).unwrap();
    let call = Call::read("find customer", "/customers/52998224725").query("email", "ana@example.com");
    let error = door.call(call.clone()).await.unwrap_err();
    let shown = format!("{error} {error:?} {door:?} {call:?}");
    for hidden in ["SECRET", "ana@example.com", "529.982", "52998224725"] {
        assert!(!shown.contains(hidden), "{hidden} is in {shown}");
    }
    assert_eq!(error.triage(), Triage::StopRun(StopCause::Credentials));
    assert!(error.to_string().contains("X1: token ••• of •••, CPF •••"), "{error}");

    let took = Duration::from_millis(12);
    let logged = line(&call, &reqwest::Method::GET, took, &Err(error.into()));
    assert_eq!(logged, "find customer: GET /customers/••• -> 401 in 12 ms");
    let answer = door.call(read()).await;
    let logged = line(&read(), &reqwest::Method::GET, took, &answer.map_err(Into::into));
    assert_eq!(logged, "read order 17-01: GET /orders/17-01 -> 200, 11 bytes in 12 ms");
}

#[tokio::test]
async fn a_stop_drops_readings_and_waits_for_changes() {
    let server = Server::doing([Deed::Silence]).await;
    let stop = Stop::new(Clock::system(), None);
    let door = Door::new(DoorOptions { stop: stop.clone(), ..server.options() }).unwrap();
    let (error, ()) = tokio::join!(door.call(read()), async {
        while server.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.request(StopReason::Terminated);
    });
    let error = error.unwrap_err();
    assert_eq!(error.failure(), &Failure::Stopped(StopReason::Terminated));
    assert_eq!(error.triage(), Triage::StopRun(StopCause::Interrupted));
    assert_eq!(door.call(read()).await.unwrap_err().triage(), Triage::StopRun(StopCause::Interrupted));
    assert_eq!(server.requests().len(), 1, "nothing new is begun");

    let server = Server::doing([]).await;
    let stop = Stop::new(Clock::system(), None);
    let door = Door::new(DoorOptions { stop: stop.clone(), ..server.options() }).unwrap();
    let (answer, ()) = tokio::join!(door.call(once()), async {
        // The call has its slot by now and is on its way.
        tokio::task::yield_now().await;
        stop.request(StopReason::Terminated);
    });
    answer.unwrap();
}

// The waits, on the paused timer: tries are told instead of sent, since the timer does not wait for sockets.

fn noon() -> Instant {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

struct Script {
    door: Door,
    clock: Clock,
    stop: Stop,
    origin: Origin,
    /// When each try was made, since the start.
    tries: RefCell<Vec<Duration>>,
}

impl Script {
    fn new(effect: Effect, change: impl FnOnce(DoorOptions) -> DoorOptions) -> Self {
        let clock = Clock::started(noon());
        let stop = Stop::new(clock.clone(), Some(Duration::from_secs(3_600)));
        let options = change(DoorOptions::new("https://a.example.com", clock.clone(), stop.clone()));
        let site =
            Site { host: "a.example.com".into(), secret_headers: vec![], identity: None, html_is_login_page: false };
        let origin = Origin { what: "read order", about: None, effect, by: None, site: Arc::new(site) };
        Self { door: Door::new(options).unwrap(), clock, stop, origin, tries: RefCell::default() }
    }

    /// The call is to leave within that time.
    fn within(mut self, seconds: u64) -> Self {
        self.origin.by = Some(self.door.within(Duration::from_secs(seconds)));
        self
    }

    fn miss(&self, status: u16, asked: Option<u64>) -> Miss {
        let error = self.origin.answered(Failure::Status, status, b"", None);
        Miss { error, asked: asked.map(Duration::from_secs) }
    }

    fn success(&self) -> Answer {
        let origin = self.origin.clone();
        Answer { status: 200, bytes: vec![], content_type: None, date: None, quota: None, origin }
    }

    /// A call whose tries fail like this, one after the other, and then succeed.
    async fn call(&self, failures: &[(u16, Option<u64>)]) -> Result<Answer, CallError> {
        let next = Cell::new(0);
        self.door
            .carry_out(&self.origin, async || {
                self.tries.borrow_mut().push(self.clock.elapsed());
                match failures.get(next.replace(next.get() + 1)) {
                    Some((status, asked)) => Err(self.miss(*status, *asked)),
                    None => Ok(self.success()),
                }
            })
            .await
    }

    fn seconds(&self) -> Vec<u64> {
        self.tries.borrow().iter().map(Duration::as_secs).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_asked_for_are_kept() {
    let script = Script::new(Effect::Once, |options| options);
    script.call(&[(429, Some(20)), (429, None)]).await.unwrap();
    let tries = script.seconds();
    assert!(tries[1] == 20 || tries[1] == 21, "{tries:?}");
    assert!(tries[2] >= 80 && tries[2] <= 83, "a minute when the host does not say: {tries:?}");
}

#[tokio::test(start_paused = true)]
async fn calls_at_the_same_time_share_a_pause() {
    let script = Script::new(Effect::Read, |options| options);
    let late = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        script.call(&[]).await
    };
    let (first, second) = tokio::join!(script.call(&[(503, Some(30))]), late);
    first.and(second).unwrap();
    assert!(script.seconds()[1..].iter().all(|second| (30..=32).contains(second)), "{:?}", script.seconds());
}

#[tokio::test(start_paused = true)]
async fn what_would_leave_too_late_is_not_sent() {
    let given_up = |result: Result<Answer, CallError>| {
        let error = result.unwrap_err();
        assert_eq!(error.failure(), &Failure::TooLate { within: Duration::from_secs(15) });
        assert_eq!((error.triage(), error.outcome_unknown()), (Triage::RetryLater, false), "{error}");
    };
    let script = Script::new(Effect::Once, |options| options).within(15);
    script.call(&[(429, Some(10))]).await.unwrap();
    given_up(script.call(&[(429, Some(20))]).await);
    assert_eq!(script.tries.borrow().len(), 3);
    given_up(script.call(&[]).await);
    assert_eq!((script.tries.borrow().len(), script.clock.elapsed().as_secs()), (3, 10), "it does not even wait");

    let script = Script::new(Effect::Once, |options| {
        let budget = Budget::alone(Rate::per_minute(6), options.clock.clone());
        DoorOptions { budget: Some(budget), ..options }
    });
    let script = script.within(15);
    let mut results = futures_util::future::join_all((0..3).map(|_| script.call(&[]))).await;
    given_up(results.pop().unwrap());
    assert!(results.iter().all(Result::is_ok), "{:?}", script.seconds());

    let script = Script::new(Effect::Once, |options| DoorOptions { in_flight: 1, ..options }).within(15);
    let slow = script.door.carry_out(&script.origin, async || {
        tokio::time::sleep(Duration::from_secs(20)).await;
        Ok(script.success())
    });
    let (first, second) = tokio::join!(slow, script.call(&[]));
    first.unwrap();
    given_up(second);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_pause() {
    let script = Script::new(Effect::Once, |options| options);
    let (result, ()) = tokio::join!(script.call(&[(429, Some(60))]), async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        script.stop.request(StopReason::Interrupted);
    });
    let error = result.unwrap_err();
    assert_eq!(error.triage(), Triage::StopRun(StopCause::Interrupted));
    assert!(!error.outcome_unknown());
    assert_eq!(script.clock.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_may_have_been_made_stays_unknown_whatever_ends_the_call() {
    let script = Script::new(Effect::Repeatable, |options| options);
    let error = script.call(&[(500, None), (404, None)]).await.unwrap_err();
    assert_eq!((error.status(), error.outcome_unknown()), (Some(404), true));
}

#[tokio::test(start_paused = true)]
async fn calls_go_at_the_pace_of_the_budget() {
    let script = Script::new(Effect::Read, |options| {
        let budget = Budget::alone(Rate::per_minute(60), options.clock.clone());
        DoorOptions { budget: Some(budget), in_flight: 8, ..options }
    });
    futures_util::future::join_all((0..30).map(|_| script.call(&[]))).await;
    let tries = script.tries.borrow();
    assert_eq!(tries[..3], [0, 1_020, 2_040].map(Duration::from_millis), "evenly from the first");
    let last = tries.last().unwrap().as_millis();
    assert!((29 * 1_020..29 * 1_020 + 50).contains(&last), "{last} ms");
}
