//! How far long work has come, for editors that show it.
//!
//! A task of its own speaks with the editor: the thread hands over numbers and never waits for an
//! editor that thinks about whether it wants to see them.

use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower_lsp::Client;
use tower_lsp::lsp_types::notification::Progress as Told;
use tower_lsp::lsp_types::request::WorkDoneProgressCreate;
use tower_lsp::lsp_types::{
    ProgressParams, ProgressParamsValue, ProgressToken, WorkDoneProgress, WorkDoneProgressBegin,
    WorkDoneProgressCreateParams, WorkDoneProgressEnd, WorkDoneProgressReport,
};

/// Fewer files than these are looked at before anybody would read that they are.
const FILES: usize = 16;

/// Work on a number of files; it has ended when this is dropped.
pub(crate) struct Progress {
    steps: UnboundedSender<(u32, String)>,
    total: usize,
    /// The share that was told last, in percent; it never falls.
    percent: u32,
}

impl Progress {
    /// Begins to tell of work that the server does unasked; nothing for few files.
    pub(crate) fn begin(client: &Client, runtime: &Handle, number: u64, total: usize) -> Option<Progress> {
        if total < FILES {
            return None;
        }
        let (steps, taken) = unbounded_channel();
        let (client, token) = (client.clone(), ProgressToken::String(format!("price/{number}")));
        runtime.spawn(async move {
            let params = WorkDoneProgressCreateParams { token: token.clone() };
            // An editor that says no is left alone.
            if client.send_request::<WorkDoneProgressCreate>(params).await.is_ok() {
                tell(client, token, taken).await;
            }
        });
        Some(Progress { steps, total, percent: 0 })
    }

    /// Tells of work that the editor asked for, under its own token.
    pub(crate) fn asked(client: &Client, runtime: &Handle, token: ProgressToken, total: usize) -> Progress {
        let (steps, taken) = unbounded_channel();
        runtime.spawn(tell(client.clone(), token, taken));
        Progress { steps, total, percent: 0 }
    }

    /// So many files are left. At most a hundred numbers go to the editor.
    pub(crate) fn left(&mut self, left: usize) {
        let done = self.total.saturating_sub(left);
        let percent = u32::try_from(done.saturating_mul(100) / self.total.max(1)).unwrap_or(100);
        if percent > self.percent {
            self.percent = percent;
            // Nobody listens where the editor said no.
            let _ = self.steps.send((percent, format!("{done} of {} files", self.total)));
        }
    }
}

async fn tell(client: Client, token: ProgressToken, mut steps: UnboundedReceiver<(u32, String)>) {
    let say = |value: WorkDoneProgress| {
        let value = ProgressParamsValue::WorkDone(value);
        client.send_notification::<Told>(ProgressParams { token: token.clone(), value })
    };
    say(WorkDoneProgress::Begin(WorkDoneProgressBegin {
        title: "Checking prices".to_owned(),
        cancellable: Some(false),
        message: None,
        percentage: Some(0),
    }))
    .await;
    while let Some((percentage, message)) = steps.recv().await {
        say(WorkDoneProgress::Report(WorkDoneProgressReport {
            cancellable: Some(false),
            message: Some(message),
            percentage: Some(percentage),
        }))
        .await;
    }
    say(WorkDoneProgress::End(WorkDoneProgressEnd { message: None })).await;
}
