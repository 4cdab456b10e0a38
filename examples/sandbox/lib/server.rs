//! The sandbox on loopback ports of its own: a thread, a runtime, and connections that can be hung up on.

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

use super::anymarket::Anymarket;
use super::call::{Answer, Request};
use super::eccosys::Eccosys;
use super::vtex::Vtex;
use super::wire::{self, Platform};

/// A running sandbox: each platform on a port of its own. It stops when dropped.
pub struct Sandbox {
    vtex: Site<Vtex>,
    anymarket: Site<Anymarket>,
    eccosys: Site<Eccosys>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

type Shared<P> = Arc<Mutex<P>>;

/// A platform and where it listens.
struct Site<P> {
    state: Shared<P>,
    address: SocketAddr,
}

impl<P: Platform> Site<P> {
    fn open(port: u16) -> io::Result<(Self, std::net::TcpListener)> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(P::at(&format!("http://{address}"))));
        Ok((Self { state, address }, listener))
    }
}

impl Sandbox {
    /// Starts on free ports.
    pub fn start() -> Self {
        Self::start_at(0, 0, 0).unwrap_or_else(|error| panic!("the sandbox cannot listen on 127.0.0.1: {error}"))
    }

    /// Starts with VTEX, ANYMARKET and Eccosys on these ports; 0 is any free one.
    pub fn start_at(vtex: u16, anymarket: u16, eccosys: u16) -> io::Result<Self> {
        let (vtex, at_vtex) = Site::<Vtex>::open(vtex)?;
        let (anymarket, at_anymarket) = Site::<Anymarket>::open(anymarket)?;
        let (eccosys, at_eccosys) = Site::<Eccosys>::open(eccosys)?;
        let (stop, stopped) = oneshot::channel();
        let served = (Arc::clone(&vtex.state), Arc::clone(&anymarket.state), Arc::clone(&eccosys.state));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("sandbox".into()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = serve(at_vtex, served.0) => {}
                    _ = serve(at_anymarket, served.1) => {}
                    _ = serve(at_eccosys, served.2) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { vtex, anymarket, eccosys, stop: Some(stop), thread: Some(thread) })
    }

    /// Where VTEX listens, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.vtex.address)
    }

    /// Where ANYMARKET listens, with the version, as in the address of the real one (ANYMARKET 1).
    pub fn anymarket_url(&self) -> String {
        format!("http://{}/v2", self.anymarket.address)
    }

    /// Where Eccosys listens, with `/api`, as in the address of the real one (ECCOSYS 1.1).
    pub fn eccosys_url(&self) -> String {
        format!("http://{}/api", self.eccosys.address)
    }

    /// A look at VTEX, or a change to it; calls wait meanwhile.
    pub fn vtex<R>(&self, work: impl FnOnce(&mut Vtex) -> R) -> R {
        work(&mut lock(&self.vtex.state))
    }

    /// A look at ANYMARKET, or a change to it; calls wait meanwhile.
    pub fn anymarket<R>(&self, work: impl FnOnce(&mut Anymarket) -> R) -> R {
        work(&mut lock(&self.anymarket.state))
    }

    /// A look at Eccosys, or a change to it; calls wait meanwhile.
    pub fn eccosys<R>(&self, work: impl FnOnce(&mut Eccosys) -> R) -> R {
        work(&mut lock(&self.eccosys.state))
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
fn lock<P>(state: &Shared<P>) -> MutexGuard<'_, P> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve<P: Platform>(listener: std::net::TcpListener, state: Shared<P>) -> io::Result<()> {
    let listener = Door(TcpListener::from_std(listener)?);
    let router = Router::new().fallback(handle::<P>).with_state(state);
    axum::serve(listener, router.into_make_service_with_connect_info::<Caller>()).await
}

async fn handle<P: Platform>(
    State(state): State<Shared<P>>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: HttpRequest,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, 64 << 20).await else { return caller.hang_up() };
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let request = Request {
        method: parts.method.to_string(),
        path: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        headers: parts.headers.iter().filter_map(|(name, value)| Some((name.to_string(), text(value)?))).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let outcome = wire::take(&mut *lock(&state), &request);
    if !outcome.wait.is_zero() {
        tokio::time::sleep(outcome.wait).await;
    }
    match outcome.answer {
        None => caller.hang_up(),
        // Without a body there is nothing to cut but the whole answer.
        Some(answer) if outcome.said_length == Some(0) && answer.body.is_empty() => caller.hang_up(),
        Some(answer) => {
            let bytes = outcome.bytes.unwrap_or_else(|| answer.body.clone().into_bytes());
            respond(answer, bytes, outcome.said_length)
        }
    }
}

fn respond(answer: Answer, bytes: Vec<u8>, said_length: Option<usize>) -> Response<Body> {
    let mut response = match said_length {
        None => Response::new(Body::from(bytes)),
        Some(said) => {
            let is_all = bytes.len() >= said;
            let broken = async {
                // What there is must have left before the connection breaks.
                tokio::time::sleep(Duration::from_millis(2)).await;
                Err(io::Error::from(io::ErrorKind::ConnectionReset))
            };
            let end = stream::once(broken).filter(move |_| std::future::ready(!is_all));
            let mut response = Response::new(Body::from_stream(stream::iter([Ok(Bytes::from(bytes))]).chain(end)));
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(said));
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
