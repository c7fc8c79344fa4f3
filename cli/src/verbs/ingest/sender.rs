//! One request after the other, again and again while the server is busy or away.

use crate::args::IngestArgs;
use crate::output::money::plain;
use crate::shell::Shell;
use crate::trouble::Trouble;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// The longest wait between two attempts.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Time for one request.
const REQUEST: Duration = Duration::from_secs(150);
/// Bytes of an answer.
const ANSWER_BYTES: u64 = 16 << 20;

/// What a server answers.
#[derive(Debug, Deserialize)]
pub struct Reply {
    /// What became of each event, in order.
    pub results: Vec<Result1>,
}

/// What became of one event.
#[derive(Debug, Deserialize)]
pub struct Result1 {
    /// `accepted`, `duplicate`, `conflict` or `rejected`.
    pub status: String,
    /// Why it was refused.
    pub code: Option<String>,
    /// In words.
    pub message: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
    detail: String,
}

/// See the module.
pub struct Sender {
    agent: ureq::Agent,
    url: String,
    key: Option<String>,
    set: Option<String>,
    patience: Duration,
}

enum Attempt {
    Done(Reply),
    /// To be sent again, after so long if it says so.
    Again(String, Option<Duration>),
    /// Sending it again changes nothing.
    Never(Trouble),
}

impl Sender {
    pub fn new(args: &IngestArgs) -> Result<Sender, Trouble> {
        if !args.url.starts_with("http://") {
            return Err(Trouble::new("C083", format!("`{}` does not begin with http://", plain(&args.url)))
                .help("this program speaks no TLS; send to a proxy on this machine that does"));
        }
        let key = match &args.key_file {
            Some(path) => {
                let shown = path.display().to_string();
                let text = std::fs::read_to_string(path).map_err(|error| Trouble::read(&shown, error))?;
                Some(text.trim().to_owned())
            }
            None => std::env::var("PRICE_API_KEY").ok().filter(|key| !key.is_empty()),
        };
        if key.as_ref().is_some_and(|key| !key.bytes().all(|b| b.is_ascii_graphic())) {
            return Err(Trouble::new("C083", "the API key holds a character that no key has"));
        }
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(REQUEST)).build();
        Ok(Sender {
            agent: config.into(),
            url: format!("{}/v1/events", args.url.trim_end_matches('/')),
            key,
            set: args.set.clone(),
            patience: Duration::from_secs(args.patience),
        })
    }

    /// Sends records until they are acknowledged. `lines` are where they stand.
    pub fn send(&self, records: &[u8], lines: &[u64], shell: &mut Shell) -> Result<Reply, Trouble> {
        let started = Instant::now();
        let mut wait = Duration::from_millis(250);
        loop {
            match self.attempt(records, lines) {
                Attempt::Done(reply) if reply.results.len() == lines.len() => return Ok(reply),
                Attempt::Done(reply) => {
                    let message = format!("{} answers came to {} events", reply.results.len(), lines.len());
                    return Err(Trouble::new("C084", message).help("is this a price server?"));
                }
                Attempt::Never(trouble) => return Err(trouble),
                Attempt::Again(why, asked) => {
                    if started.elapsed() >= self.patience {
                        return Err(Trouble::new("C084", format!("the server does not take usage: {}", plain(&why)))
                            .help("start again later: it goes on behind what was acknowledged"));
                    }
                    shell.detail(format!("trying again: {}", plain(&why)));
                    std::thread::sleep(asked.unwrap_or(wait).min(WAIT_MAX));
                    wait = (wait * 2).min(WAIT_MAX);
                }
            }
        }
    }

    fn attempt(&self, records: &[u8], lines: &[u64]) -> Attempt {
        let mut request = self.agent.post(&self.url).header("content-type", "application/x-ndjson");
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        if let Some(set) = &self.set {
            request = request.query("set", set);
        }
        let mut response = match request.send(records) {
            Ok(response) => response,
            Err(ureq::Error::BadUri(problem)) => return Attempt::Never(Trouble::new("C083", problem)),
            Err(error) => return Attempt::Again(error.to_string(), None),
        };
        let status = response.status().as_u16();
        let seconds = response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
        let text = match response.body_mut().with_config().limit(ANSWER_BYTES).read_to_string() {
            Ok(text) => text,
            Err(error) => return Attempt::Again(error.to_string(), None),
        };
        let said = serde_json::from_str::<Refusal>(&text).map(|said| format!("{} {}", said.code, said.detail));
        let said = said.unwrap_or_else(|_| format!("status {status}"));
        match status {
            200 => match serde_json::from_str(&text) {
                Ok(reply) => Attempt::Done(reply),
                Err(_) => {
                    let trouble = Trouble::new("C084", "the answer is not that of a price server");
                    Attempt::Never(trouble.help("check `--url`"))
                }
            },
            408 | 429 | 500 | 502 | 503 | 504 => Attempt::Again(said, seconds.map(Duration::from_secs)),
            _ => {
                let (first, last) = (lines.first().copied().unwrap_or(0), lines.last().copied().unwrap_or(0));
                let message = format!("lines {first} to {last} were not taken: {}", plain(&said));
                Attempt::Never(
                    Trouble::new("C085", message).help("mend the file and start again; it goes on from there"),
                )
            }
        }
    }
}
