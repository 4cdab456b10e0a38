//! The sandbox on a loopback port of its own: a thread, a runtime, and connections that can be hung up on.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use axum::serve::{IncomingStream, Listener};
use futures_util::{StreamExt, stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::call::{Answer, Request};
use super::vtex::Vtex;

/// A running sandbox; it stops when dropped.
pub struct Sandbox {
    state: Shared,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

type Shared = Arc<Mutex<Vtex>>;

impl Sandbox {
    /// Starts on a free port.
    pub fn start() -> Self {
        Self::start_at(0).unwrap_or_else(|error| panic!("the sandbox cannot listen on 127.0.0.1: {error}"))
    }

    /// Starts on a port; 0 is any free one.
    pub fn start_at(port: u16) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let state: Shared = Arc::new(Mutex::new(Vtex::new(&format!("http://{address}"))));
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&state);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("sandbox".into()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = serve(listener, served) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { state, address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A look at VTEX, or a change to it; calls wait meanwhile.
    pub fn vtex<R>(&self, work: impl FnOnce(&mut Vtex) -> R) -> R {
        work(&mut lock(&self.state))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The state stays usable when a test panicked while it had it.
fn lock(state: &Shared) -> MutexGuard<'_, Vtex> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: std::net::TcpListener, state: Shared) -> io::Result<()> {
    let listener = Door(TcpListener::from_std(listener)?);
    let router = Router::new().fallback(handle).with_state(state);
    axum::serve(listener, router.into_make_service_with_connect_info::<Caller>()).await
}

async fn handle(
    State(state): State<Shared>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: HttpRequest,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, 64 << 20).await else { return caller.hang_up() };
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let request = Request {
        method: parts.method.to_string(),
        path: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        app_key: header("x-vtex-api-appkey"),
        app_token: header("x-vtex-api-apptoken"),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let outcome = lock(&state).take(&request);
    if !outcome.wait.is_zero() {
        tokio::time::sleep(outcome.wait).await;
    }
    match outcome.answer {
        None => caller.hang_up(),
        // Without a body there is nothing to cut but the whole answer.
        Some(answer) if outcome.cut_short && answer.body.is_empty() => caller.hang_up(),
        Some(answer) => respond(answer, outcome.cut_short),
    }
}

fn respond(answer: Answer, cut_short: bool) -> Response<Body> {
    let length = answer.body.len();
    let mut response = match cut_short {
        false => Response::new(Body::from(answer.body)),
        true => {
            let half = Bytes::from(answer.body).slice(..length / 2);
            let broken = async {
                // The first half must have left before the connection breaks.
                tokio::time::sleep(Duration::from_millis(2)).await;
                Err(io::Error::from(io::ErrorKind::ConnectionReset))
            };
            let parts = stream::iter([Ok(half)]).chain(stream::once(broken));
            let mut response = Response::new(Body::from_stream(parts));
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
            response
        }
    };
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    response
}

/// A caller's connection, seen from the handler: it can be hung up on, which the HTTP server itself has no word for.
#[derive(Clone)]
struct Caller(Arc<AtomicBool>);

impl Caller {
    /// Nothing is written to the connection any more, so that this response never leaves and the connection closes.
    fn hang_up(&self) -> Response<Body> {
        self.0.store(true, Ordering::SeqCst);
        Response::new(Body::empty())
    }
}

impl Connected<IncomingStream<'_, Door>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        Self(Arc::clone(&stream.io().hung_up))
    }
}

struct Door(TcpListener);

impl Listener for Door {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        let _ = stream.set_nodelay(true);
        (Connection { stream, hung_up: Arc::default() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

struct Connection {
    stream: TcpStream,
    hung_up: Arc<AtomicBool>,
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.hung_up.load(Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
