//! From an address to connections, and back to silence when the process is told to stop.

use crate::config::Config;
use crate::home::Home;
use crate::http::openmeter::Tokens;
use crate::http::{App, router};
use crate::keys::{KeysError, Ring};
use crate::limits;
use crate::metrics::Metrics;
use crate::node::{Node, NodeError};
use crate::notify::Hooks;
use crate::otlp::Otlp;
use crate::quotas::Quotas;
use axum::Router;
use axum::extract::ConnectInfo;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use price_documents::paper::Letterhead;
use price_ir::KernelFactory;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, oneshot, watch};
use tower::ServiceExt as _;

/// Why a server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The data directory.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Nobody is kept out.
    #[error(
        "without API keys only this machine may be served, and {0} is reached from others; make a key with `price keys add`, or listen on 127.0.0.1"
    )]
    Open(SocketAddr),
    /// Keys are not looked at, and others can reach it.
    #[error("`--insecure-no-auth` is for this machine only, and {0} is reached from others")]
    Insecure(SocketAddr),
    /// The address.
    #[error("{address} cannot be listened on: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The letterhead.
    #[error("`{path}` is no letterhead: {problem}")]
    Letterhead {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// Threads or signals.
    #[error("the server cannot be started: {0}")]
    System(std::io::Error),
}

/// A server that listens; its log may still be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    /// Where it listens.
    pub address: SocketAddr,
    /// Whoever reaches it may do everything.
    pub open: bool,
}

/// Whether keys are asked for; an error where nobody would be kept out who should be.
pub(crate) fn guarded(config: &Config, ring: &Ring) -> Result<bool, ServeError> {
    let here = config.listen.ip().is_loopback();
    match (config.insecure_no_auth, ring.is_empty()) {
        (true, _) if here => Ok(false),
        (true, _) => Err(ServeError::Insecure(config.listen)),
        (false, false) => Ok(true),
        (false, true) if here => Ok(false),
        (false, true) => Err(ServeError::Open(config.listen)),
    }
}

/// What is known of deliveries.
fn hooks(config: &Config) -> Arc<Hooks> {
    Arc::new(Hooks::open(&config.data, config.webhooks_internal))
}

/// Who sends invoices, and to whom.
fn letterhead(path: &std::path::Path) -> Result<Letterhead, ServeError> {
    let wrong = |problem: String| ServeError::Letterhead { path: path.display().to_string(), problem };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    toml::from_str(&text).map_err(|error: toml::de::Error| wrong(error.message().to_owned()))
}

/// What computes.
pub struct Engines {
    /// What rates usage.
    pub rates: Arc<dyn KernelFactory>,
    /// The reference that it is compared with before a plan is put into force; none where it is the
    /// reference itself.
    pub reference: Option<Arc<dyn KernelFactory>>,
}

/// Serves until the process is told to stop (SIGTERM, or Ctrl-C). `started` is called when it
/// listens, `ready` when the log is replayed.
pub fn serve(
    config: &Config,
    Engines { rates: factory, reference }: Engines,
    started: impl FnOnce(Started),
    ready: impl FnOnce(&Arc<Node>) + Send + 'static,
) -> Result<(), ServeError> {
    let home = Home::new(&config.data);
    let ring = Ring::open(&home)?;
    let guarded = guarded(config, &ring)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(config.workers).enable_all().build();
    let runtime = runtime.map_err(ServeError::System)?;
    let metrics = Arc::new(Metrics::default());
    let (close, closing) = watch::channel(false);
    let letterhead = config.letterhead.as_deref().map(letterhead).transpose()?.unwrap_or_default();
    let quotas = Quotas::new(config.quotas.clone(), metrics.clone());
    let portal = Tokens::new(&home.secrets().map_err(NodeError::from)?.pepper);
    let engines = reference.map(|reference| (reference, factory.clone()));
    let publishers = config.publishers.clone();
    let app = App::new(guarded.then_some(ring), metrics.clone(), closing);
    let app = App { letterhead, quotas, portal, engines, publishers, ..app };
    let app = Arc::new(app);
    // Before anything can be asked about them.
    app.hooks.get_or_init(|| hooks(config));
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(config.listen).await;
        let listener = listener.map_err(|cause| ServeError::Listen { address: config.listen, cause })?;
        let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::System)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::System)?;
        started(Started { address: listener.local_addr().map_err(ServeError::System)?, open: !guarded });
        if let Some(collector) = &config.otlp {
            let otlp = Otlp::start(collector, &metrics, Handle::current());
            let _ = app.otlp.set(otlp.map_err(|error| ServeError::System(std::io::Error::other(error)))?);
        }
        let mut opened = open(app.clone(), home, config.node, factory, ready)?;
        let accepting = accept(listener, router(app.clone()), metrics, app.closing.clone());
        let mut accepting = tokio::spawn(accepting);
        let mut opening = true;
        let mut sending = None;
        loop {
            tokio::select! {
                done = &mut opened, if opening => match done {
                    Ok(Err(error)) => return Err(error.into()),
                    _ => {
                        opening = false;
                        if let Some(node) = app.node.get() {
                            let hooks = app.hooks.get_or_init(|| hooks(config)).clone();
                            let run = hooks.run(node.clone(), app.metrics.clone(), app.closing.clone());
                            sending = Some(tokio::spawn(run));
                        }
                    }
                },
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
            }
        }
        app.stopping.store(true, Relaxed);
        // The other end is held by `app`.
        let _ = close.send(true);
        let _ = (&mut accepting).await;
        if let Some(sending) = sending {
            let _ = sending.await;
        }
        Ok(())
    });
    // What waits in the queue is decided and flushed, and the log is marked.
    if let Some(node) = app.node.get() {
        node.close();
    }
    if let Some(otlp) = app.otlp.get() {
        otlp.close();
    }
    runtime.shutdown_background();
    served
}

/// Opens the node on a thread of its own; requests are turned away until it is there.
fn open(
    app: Arc<App>,
    home: Home,
    options: crate::node::Options,
    factory: Arc<dyn KernelFactory>,
    ready: impl FnOnce(&Arc<Node>) + Send + 'static,
) -> Result<oneshot::Receiver<Result<(), NodeError>>, ServeError> {
    let (done, opened) = oneshot::channel();
    let work = move || {
        let node = Node::open_counted(&home, options, factory, app.metrics.clone());
        let result = node.map(|node| {
            let node = app.node.get_or_init(|| Arc::new(node)).clone();
            ready(&node);
        });
        // The server may have been told to stop meanwhile.
        let _ = done.send(result);
    };
    std::thread::Builder::new().name("opening".into()).spawn(work).map_err(ServeError::System)?;
    Ok(opened)
}

/// Connections at a time: as many as the limit says, and never so many that the system has no open
/// file left for the log.
fn seats() -> usize {
    let text = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok());
    // Where it is unlimited or unknown, the limit is ours.
    soft.map_or(limits::CONNECTIONS, |soft| soft.saturating_sub(limits::OWN_FILES).clamp(16, limits::CONNECTIONS))
}

async fn accept(listener: TcpListener, app: Router, metrics: Arc<Metrics>, mut closing: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    let seats = Arc::new(Semaphore::new(seats()));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = closing.changed() => break,
        };
        let Ok((stream, peer)) = accepted else {
            // No file left for it, or it is gone again: others are still served.
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            continue;
        };
        // Beyond the limit a connection is closed at once, which costs nothing.
        let Ok(seat) = seats.clone().try_acquire_owned() else { continue };
        let connection = graceful.watch(connection(stream, peer, app.clone()));
        let metrics = metrics.clone();
        metrics.connections.fetch_add(1, Relaxed);
        tokio::spawn(async move {
            // How a connection ends is the business of the other side.
            let _ = connection.await;
            metrics.connections.fetch_sub(1, Relaxed);
            drop(seat);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(limits::DRAIN_TIME, graceful.shutdown()).await;
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> {
    // Answers are short and complete; waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let service = app.map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD_TIME)
        .max_buf_size(limits::HEAD_BYTES)
        .max_headers(limits::HEADERS);
    http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
}
