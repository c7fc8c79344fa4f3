//! The one thread that owns the texts: jobs in order, findings in between.

use crate::state::State;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};

/// Work for the thread.
type Job = Box<dyn FnOnce(&mut State) + Send>;

/// The way to the thread.
#[derive(Clone)]
pub(crate) struct Thread {
    jobs: Sender<Job>,
}

impl Thread {
    /// Starts the thread; `state` is made on it.
    pub(crate) fn start(state: impl FnOnce() -> State + Send + 'static) -> Thread {
        let (jobs, waiting) = channel();
        let run = move || work(&mut state(), &waiting);
        // Trees of deeply nested expressions are walked by calls.
        let made = std::thread::Builder::new().name("price-lsp".into()).stack_size(64 << 20).spawn(run);
        if made.is_err() {
            // Nobody takes jobs then, and every request is answered with an error.
            return Thread { jobs };
        }
        Thread { jobs }
    }

    /// Hands over a change; jobs are done in the order in which they are handed over.
    pub(crate) fn tell(&self, job: impl FnOnce(&mut State) + Send + 'static) {
        // A thread that has ended answers nothing more; the editor notices at its next request.
        let _ = self.jobs.send(Box::new(job));
    }

    /// Asks a question. One that nobody waits for any longer is not worked on.
    pub(crate) async fn ask<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut State) -> T + Send + 'static,
    {
        let (answer, waiting) = oneshot::channel();
        self.tell(move |state| {
            if answer.is_closed() {
                return;
            }
            let done = catch_unwind(AssertUnwindSafe(|| job(state)));
            if done.is_err() {
                state.recover();
            }
            let _ = answer.send(done.map_err(|_| bug()));
        });
        waiting.await.unwrap_or_else(|_| Err(bug()))
    }
}

fn bug() -> Error {
    Error {
        code: ErrorCode::InternalError,
        message: "this request met a bug in price; please report it with the file".into(),
        data: None,
    }
}

fn work(state: &mut State, waiting: &Receiver<Job>) {
    loop {
        let job = if state.is_idle() {
            match waiting.recv() {
                Ok(job) => Some(job),
                Err(_) => return,
            }
        } else {
            match waiting.try_recv() {
                Ok(job) => Some(job),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => return,
            }
        };
        // A panic in one request must not end the others: what it computed is computed again.
        let done = match job {
            Some(job) => catch_unwind(AssertUnwindSafe(|| job(state))),
            None => catch_unwind(AssertUnwindSafe(|| state.look_at_next())),
        };
        if done.is_err() {
            state.recover();
        }
    }
}
