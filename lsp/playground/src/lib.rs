//! The playground: a page with an editor that speaks with the language server.
//!
//! Everything it serves is in the program: the page, its script (bundled from `web/`), the
//! examples. Each page has a language server of its own over a world in memory, so that nothing on
//! disk can be read or written through it.

mod examples;
pub mod limits;
mod pages;
mod session;

use axum::Router;
use axum::routing::get;
use price_value::Date;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// What the playground is started with.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The day by which sources of prices are fresh or stale.
    pub today: Option<Date>,
    /// Version of the program.
    pub version: &'static str,
}

/// What requests share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) start: Start,
    pub(crate) sessions: Arc<Semaphore>,
}

/// Serves until the process is told to stop; `ready` is told where.
///
/// # Errors
/// When the address cannot be listened on.
pub fn serve(start: Start, ready: impl FnOnce(SocketAddr)) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(start.listen).await?;
        ready(listener.local_addr()?);
        let stop = async {
            // Without signals it serves until it is ended.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        axum::serve(listener, router(start)).with_graceful_shutdown(stop).await
    })?;
    runtime.shutdown_background();
    Ok(())
}

fn router(start: Start) -> Router {
    let shared = Shared { start, sessions: Arc::new(Semaphore::new(limits::SESSIONS)) };
    Router::new()
        .route("/", get(pages::index))
        .route("/app.js", get(pages::script))
        .route("/app.css", get(pages::style))
        .route("/words.json", get(pages::words))
        .route("/examples.json", get(pages::examples))
        .route("/lsp", get(session::connect))
        .with_state(shared)
}
