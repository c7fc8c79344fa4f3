//! The language server: the protocol over `price-ide`.
//!
//! Requests come in on any task and go through one channel to one thread, which owns the texts
//! and the database and answers in order ([`thread`]); nothing is awaited before that, so that
//! edits are never seen out of order. Between requests the thread looks at files whose findings
//! may have changed.
//!
//! *Invariant:* this is the only crate that knows the protocol, and it knows nothing else.

mod backend;
mod commands;
mod convert;
mod diff;
mod ending;
mod invoices;
mod pictures;
mod places;
mod progress;
mod settings;
mod state;
mod thread;
mod tokens;
mod watches;

use backend::Backend;
use ending::Ending;
use price_driver::{Past, World};
use price_value::Date;
use tokio::io::{AsyncRead, AsyncWrite};
use tower_lsp::{LspService, Server};

/// Requests that are worked on at once; edits and cancellations are read while others wait.
const CONCURRENCY: usize = 128;

/// What a server is started with.
pub struct Start {
    /// Files that are not open.
    pub world: Box<dyn World + Send>,
    /// Files as they once were, to compare prices with; none where there is no repository.
    pub past: Option<Box<dyn Past + Send>>,
    /// The day by which sources of prices are fresh or stale.
    pub today: Option<Date>,
    /// Version of the program, told to the editor.
    pub version: &'static str,
}

/// Serves one editor over two streams until it says `exit`.
pub async fn serve<I, O>(start: Start, input: I, output: O)
where
    I: AsyncRead + Unpin,
    O: AsyncWrite,
{
    let (service, socket) = LspService::build(|client| Backend::new(client, start))
        .custom_method("price/curve", Backend::curve)
        .custom_method("price/runTests", Backend::run_tests)
        .custom_method("price/diff", Backend::diff)
        .custom_method("price/invoices", Backend::invoices)
        .custom_method("price/status", Backend::status)
        .finish();
    let (told, ended) = tokio::sync::oneshot::channel();
    let served = Server::new(input, output, socket).concurrency_level(CONCURRENCY).serve(Ending::new(service, told));
    let exit = async {
        // Without the word the stream ends, and the other future with it.
        if ended.await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = served => {}
        () = exit => {}
    }
}

/// Serves the editor at standard input and output until it says `exit`.
///
/// # Errors
/// When the system gives no threads.
pub fn serve_stdio(start: Start) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve(start, tokio::io::stdin(), tokio::io::stdout()));
    // A read of standard input that nobody waits for must not keep the process.
    runtime.shutdown_background();
    Ok(())
}
