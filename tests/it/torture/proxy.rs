//! A bad line: a proxy on loopback between the program and one platform of the sandbox.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// What the line does to every connection. Bytes are those of one connection in one direction.
#[derive(Clone, Copy, Debug)]
pub enum Line {
    /// Everything comes so many milliseconds later.
    Late(u64),
    /// So many bytes in a hundredth of a second.
    Narrow(usize),
    /// The connection breaks after so many bytes of what the program says.
    CutAsking(usize),
    /// It breaks after so many bytes of what the platform says.
    CutAnswering(usize),
    /// After so many bytes of what the platform says nothing comes any more, and nobody hangs up.
    Silent(usize),
    /// Each answer comes in whole, then the connection closes so many milliseconds later without being asked.
    SlowClose(u64),
    /// Connections are closed as soon as they are made.
    Refusing,
}

/// A running proxy. It stops when dropped.
pub struct Proxy {
    address: SocketAddr,
    passed: Arc<AtomicU64>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Between a free port and the platform at this port.
    pub fn start(to: u16, line: Line) -> Self {
        Self::serve(to, move |client, server, passed| Box::pin(carry(client, server, line, passed)))
    }

    /// The same over TLS: what the program says goes to the platform in the clear.
    pub fn tls(to: u16, config: Arc<ServerConfig>) -> Self {
        let acceptor = TlsAcceptor::from(config);
        Self::serve(to, move |client, mut server, passed| {
            let acceptor = acceptor.clone();
            Box::pin(async move {
                let mut client = acceptor.accept(client).await?;
                let (asked, _) = copy_bidirectional(&mut client, &mut server).await?;
                passed.fetch_add(asked, Ordering::SeqCst);
                Ok(())
            })
        })
    }

    fn serve<F>(to: u16, carry: F) -> Self
    where
        F: Fn(TcpStream, TcpStream, Arc<AtomicU64>) -> BoxFuture<'static, io::Result<()>> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (stop, stopped) = oneshot::channel();
        let passed = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&passed);
        let accept = async move {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await else { continue };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                tokio::spawn(carry(client, server, Arc::clone(&counted)));
            }
        };
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, passed, stop: Some(stop), thread: Some(thread) }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many bytes of what the program said came through.
    pub fn passed(&self) -> u64 {
        self.passed.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Carries both directions; the end of either is the end of the connection, with a reset if anything is left unread.
async fn carry(client: TcpStream, server: TcpStream, line: Line, passed: Arc<AtomicU64>) -> io::Result<()> {
    if matches!(line, Line::Refusing) {
        return Ok(());
    }
    let (from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let asking = async {
        let limit = if let Line::CutAsking(bytes) = line { bytes } else { usize::MAX };
        pour(from_client, &mut to_server, line, limit, Some(&*passed)).await
    };
    let answering = async {
        let limit = match line {
            Line::CutAnswering(bytes) | Line::Silent(bytes) => bytes,
            _ => usize::MAX,
        };
        pour(from_server, &mut to_client, line, limit, None).await?;
        match line {
            // Longer than anybody waits.
            Line::Silent(_) => tokio::time::sleep(Duration::from_secs(60)).await,
            Line::SlowClose(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            _ => {}
        }
        Ok(())
    };
    tokio::select! {
        end = asking => end,
        end = answering => end,
    }
}

async fn pour(
    mut from: impl AsyncRead + Unpin,
    to: &mut (impl AsyncWrite + Unpin),
    line: Line,
    limit: usize,
    count: Option<&AtomicU64>,
) -> io::Result<()> {
    let at_once = if let Line::Narrow(bytes) = line { bytes } else { 16_384 };
    let (mut buffer, mut left) = (vec![0; at_once.max(1)], limit);
    while left > 0 {
        let read = match line {
            // What came is an answer in whole when nothing follows it for a while.
            Line::SlowClose(ms) if count.is_none() && left < limit => {
                let pause = Duration::from_millis(ms.max(20));
                tokio::time::timeout(pause, from.read(&mut buffer)).await.unwrap_or(Ok(0))?
            }
            _ => from.read(&mut buffer).await?,
        };
        if read == 0 {
            return Ok(());
        }
        match line {
            Line::Late(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            Line::Narrow(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            _ => {}
        }
        let now = read.min(left);
        to.write_all(&buffer[..now]).await?;
        if let Some(count) = count {
            count.fetch_add(now as u64, Ordering::SeqCst);
        }
        left -= now;
    }
    Ok(())
}
