//! Sending.

use crate::guard::is_internal;
use crate::limits;
use std::io::Read as _;
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<'r> {
    /// Where to.
    pub url: &'r str,
    /// The id of the notice: the same in every attempt.
    pub id: &'r str,
    /// Seconds since 1970, of this attempt.
    pub seconds: i64,
    /// Its signatures.
    pub signatures: &'r str,
    /// JSON.
    pub body: &'r str,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Delivered,
    /// The endpoint is gone for good (410).
    Gone,
    /// It was not taken.
    Failed {
        /// Status, or what went wrong before there was one.
        why: String,
        /// How long the endpoint asks to be left alone.
        pause: Option<Duration>,
    },
}

/// Sends notices. Follows no redirects, keeps nothing of an answer, uses no proxy.
#[derive(Debug, Clone)]
pub struct Client(Agent);

impl Client {
    /// `internal` is for development: it lets internal addresses be.
    pub fn new(internal: bool) -> Client {
        let config = Config::builder()
            .timeout_global(Some(limits::REQUEST_TIME))
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent("price-webhooks/1.0")
            .build();
        Client(Agent::with_parts(
            config,
            DefaultConnector::default(),
            Guarded { internal, names: DefaultResolver::default() },
        ))
    }

    /// One attempt. Takes as long as [`limits::REQUEST_TIME`] at most.
    pub fn send(&self, request: &Request<'_>) -> Outcome {
        let sent = self
            .0
            .post(request.url)
            .header("content-type", "application/json")
            .header("webhook-id", request.id)
            .header("webhook-timestamp", request.seconds.to_string())
            .header("webhook-signature", request.signatures)
            .send(request.body);
        let mut response = match sent {
            Ok(response) => response,
            Err(error) => return Outcome::Failed { why: short(&error.to_string()), pause: None },
        };
        let status = response.status().as_u16();
        let asked = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        // The connection can be used again once the answer is read.
        let mut sink = Vec::new();
        let _ = response.body_mut().as_reader().take(limits::ANSWER_BYTES).read_to_end(&mut sink);
        match status {
            200..=299 => Outcome::Delivered,
            410 => Outcome::Gone,
            _ => {
                let pause = asked
                    .filter(|_| matches!(status, 429 | 502 | 503 | 504))
                    .map(|s| Duration::from_secs(s.min(86_400)));
                Outcome::Failed { why: format!("answered with {status}"), pause }
            }
        }
    }
}

fn short(text: &str) -> String {
    let mut end = text.len().min(limits::REASON_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// Looks names up, and gives only addresses that may be asked: what is connected to is what was looked at.
#[derive(Debug)]
struct Guarded {
    internal: bool,
    names: DefaultResolver,
}

impl Resolver for Guarded {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        let mut kept = self.empty();
        for address in found.iter().filter(|address| self.internal || !is_internal(address.ip())) {
            kept.push(*address);
        }
        if kept.is_empty() {
            return Err(Error::Other("the name leads to no address on the public internet".into()));
        }
        Ok(kept)
    }
}
