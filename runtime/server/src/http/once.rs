//! `Idempotency-Key`: a write that is carried out once, however often it is sent.

use crate::http::App;
use crate::http::events::decide;
use crate::http::problem::Problem;
use crate::keys::Caller;
use crate::node::Node;
use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::response::Response;
use price_core::{Answer, Command, Once, limits};
use std::sync::Arc;

/// The header of a request.
const HEADER: &str = "idempotency-key";
/// The header of an answer that was given before.
pub(super) const REPLAYED: &str = "idempotency-replayed";

/// The key of a request, where it has one.
#[derive(Debug, Default)]
pub(super) struct Key(Option<String>);

impl FromRequestParts<Arc<App>> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Key, Problem> {
        let mut all = parts.headers.get_all(HEADER).iter();
        match (all.next(), all.next()) {
            (None, _) => Ok(Key(None)),
            (Some(value), None) => Ok(Key(Some(named(value.as_bytes()).ok_or_else(Problem::key)?))),
            _ => Err(Problem::key()),
        }
    }
}

/// The key that a header names: plain, or in quotation marks.
fn named(header: &[u8]) -> Option<String> {
    let key = match header {
        [b'"', inside @ .., b'"'] => inside,
        plain => plain,
    };
    let fits = (1..=limits::ONCE_KEY_BYTES).contains(&key.len());
    let fits = fits && key.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
    fits.then(|| String::from_utf8_lossy(key).into_owned())
}

/// What became of the commands of a request.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) answers: Vec<Answer>,
    /// They were carried out before, and this is what was answered then.
    pub(super) again: bool,
}

impl Decided {
    /// The entry of the only command; what the machine refused is a problem.
    pub(super) fn seq(mut self) -> Result<(u64, bool), Problem> {
        let problem = match self.answers.pop() {
            Some(Answer::Accepted { seq }) => return Ok((seq, self.again)),
            Some(Answer::Refused { code, message }) => Problem::refused(code, message),
            other => Problem::refused("S026", format!("an answer that does not fit the command: {other:?}")),
        };
        Err(if self.again { problem.again() } else { problem })
    }
}

/// An answer, and that it was given before.
pub(super) fn told(mut response: Response, again: bool) -> Response {
    if again {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

impl Key {
    /// Has the commands of a request decided. `asked` is its method and address.
    pub(super) async fn decide(
        self,
        node: &Node,
        caller: &Caller,
        asked: &str,
        commands: Vec<Command>,
    ) -> Result<Decided, Problem> {
        let Some(key) = self.0 else {
            return Ok(Decided { answers: decide(node, commands).await?, again: false });
        };
        if commands.len() > limits::ONCE_COMMANDS {
            let most = limits::ONCE_COMMANDS;
            return Err(Problem::too_large(format!(
                "a request with an `Idempotency-Key` holds at most {most} records"
            )));
        }
        let once = Once { tenant: caller.tenant.to_string(), key, print: print(asked, &commands) };
        match decide(node, vec![Command::Once { once, commands }]).await?.pop() {
            Some(Answer::Once { answers, again }) => Ok(Decided { answers, again }),
            Some(Answer::Refused { code, message }) => Err(Problem::refused(code, message)),
            other => Err(Problem::refused("S026", format!("an answer that does not fit the key: {other:?}"))),
        }
    }
}

/// What makes a request this one: where it goes, and what it holds.
fn print(asked: &str, commands: &[Command]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    let mut put = |part: &[u8]| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    put(asked.as_bytes());
    for command in commands {
        match command {
            Command::Usage { record, .. } | Command::Replace { record, .. } => put(record.as_bytes()),
            Command::Void { source, id, .. } => {
                put(source.as_bytes());
                put(id.as_bytes());
            }
            Command::Revert { set, .. } => put(set.as_bytes()),
            Command::Publish { artefact, .. } | Command::PublishSigned { artefact, .. } => put(artefact),
            Command::Subscribe { subscription, .. } => put(&serde_json::to_vec(subscription).unwrap_or_default()),
            Command::Retry { reject, record, .. } => {
                put(&reject.to_le_bytes());
                put(record.as_deref().unwrap_or_default().as_bytes());
            }
            Command::Erase { what, reason, .. } => {
                put(&serde_json::to_vec(what).unwrap_or_default());
                put(reason.as_bytes());
            }
            Command::Billing { ask, .. } => put(&serde_json::to_vec(ask).unwrap_or_default()),
            Command::Enforce { ask, .. } => put(&serde_json::to_vec(ask).unwrap_or_default()),
            Command::EndTokens { ended, .. } => put(&serde_json::to_vec(ended).unwrap_or_default()),
            Command::Notify { ask, .. } => put(&serde_json::to_vec(ask).unwrap_or_default()),
            Command::Look | Command::Tick | Command::Once { .. } => {}
        }
    }
    let mut print = [0; 16];
    print.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    print
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_plain_or_quoted_and_nothing_else() {
        assert_eq!(named(b"a-1").as_deref(), Some("a-1"));
        assert_eq!(named(b"\"8e03978e-40d5\"").as_deref(), Some("8e03978e-40d5"));
        let long = "k".repeat(limits::ONCE_KEY_BYTES + 1);
        for wrong in [&b""[..], b"\"\"", b"\"", b"a b", b"a\tb", b"a\"b", b"\xffa", b"\\a", long.as_bytes()] {
            assert_eq!(named(wrong), None, "{wrong:?}");
        }
        assert!(named(&long.as_bytes()[1..]).is_some());
    }

    #[test]
    fn what_goes_elsewhere_or_holds_something_else_is_another_request() {
        let void = |source: &str, id: &str| Command::Void { tenant: "t".into(), source: source.into(), id: id.into() };
        let first = print("a", &[void("s", "1")]);
        assert_eq!(first, print("a", &[void("s", "1")]));
        for other in [print("b", &[void("s", "1")]), print("a", &[void("s1", "")]), print("a", &[])] {
            assert_ne!(first, other);
        }
    }
}
