//! The end of a session: at the word `exit`, whether or not the stream is closed as well.

use std::task::{Context, Poll};
use tokio::sync::oneshot::Sender;
use tower_lsp::jsonrpc::Request;
use tower_service::Service;

/// A service that says when it was told to end.
pub(crate) struct Ending<S> {
    service: S,
    told: Option<Sender<()>>,
}

impl<S> Ending<S> {
    pub(crate) fn new(service: S, told: Sender<()>) -> Ending<S> {
        Ending { service, told: Some(told) }
    }
}

impl<S: Service<Request>> Service<Request> for Ending<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> S::Future {
        if request.method() == "exit"
            && let Some(told) = self.told.take()
        {
            // Who is not there any longer has ended already.
            let _ = told.send(());
        }
        self.service.call(request)
    }
}
