//! What a request is answered with that cannot be carried out: RFC 9457, with a code that has a
//! page.

use crate::limits;
use crate::node::Refused;
use crate::publishers::Unsigned;
use crate::records::Malformed;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    pub(crate) detail: String,
    /// One more header.
    header: Option<(&'static str, String)>,
    /// The rest of the request is not read.
    close: bool,
}

/// The code of a problem, beside its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Code(pub(crate) &'static str);

#[derive(Serialize)]
struct Body<'p> {
    r#type: String,
    title: &'p str,
    status: u16,
    detail: &'p str,
    code: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Problem {
        Problem { status, code, title, detail: detail.into(), header: None, close: false }
    }

    fn retry(mut self, seconds: u64) -> Problem {
        self.header = Some(("retry-after", seconds.to_string()));
        self
    }

    /// It was answered before.
    pub(crate) fn again(mut self) -> Problem {
        self.header = Some((super::once::REPLAYED, "true".to_owned()));
        self
    }

    fn closing(mut self) -> Problem {
        self.close = true;
        self
    }

    pub(crate) fn no_key() -> Problem {
        let detail = "send `Authorization: Bearer pk_…` with a key that `price keys add` made and that has not ended";
        let mut problem = Problem::new(StatusCode::UNAUTHORIZED, "S001", "an API key is needed", detail).closing();
        problem.header = Some(("www-authenticate", "Bearer".to_owned()));
        problem
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "S002", "this is not allowed", detail).closing()
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "S003", "there is no such thing", detail)
    }

    pub(crate) fn method() -> Problem {
        let detail = "this address exists, but not for this method; `/openapi.json` lists them";
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "S004", "the method does not fit the address", detail).closing()
    }

    pub(crate) fn too_large(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "S005", "the request is too large", detail).closing()
    }

    pub(crate) fn media(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "S006", "this form is not understood", detail).closing()
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "S007", "the body cannot be read", detail)
    }

    pub(crate) fn ambiguous() -> Problem {
        Problem::malformed("the head says twice where the body ends").closing()
    }

    pub(crate) fn large_head() -> Problem {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        let detail = format!("the address and the headers together hold at most {} bytes", limits::HEAD_BYTES);
        Problem::new(status, "S005", "the request is too large", detail).closing()
    }

    pub(crate) fn busy(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "S008", "the server has more to do than it takes on", detail)
            .retry(1)
    }

    pub(crate) fn not_ready(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "S009", "the server is not ready", detail).retry(1)
    }

    pub(crate) fn too_many_wrong_keys() -> Problem {
        let seconds = limits::WRONG_KEYS_TIME.as_secs();
        let detail = format!("{} wrong keys came from this address within {seconds} s", limits::WRONG_KEYS);
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "S022", "too many wrong keys", detail).retry(seconds).closing()
    }

    pub(crate) fn too_slow() -> Problem {
        let detail = format!("the body did not arrive within {} s; nothing was taken", limits::BODY_TIME.as_secs());
        Problem::new(StatusCode::REQUEST_TIMEOUT, "S023", "the request came too slowly", detail).closing()
    }

    pub(crate) fn parameter(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "S024", "a parameter does not fit", detail)
    }

    pub(crate) fn unsettled(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "S025", "the period cannot be settled", detail)
    }

    pub(crate) fn key() -> Problem {
        let most = price_core::limits::ONCE_KEY_BYTES;
        let detail = format!(
            "an `Idempotency-Key` is sent once and has 1 to {most} visible characters of ASCII, plain or in quotation marks"
        );
        Problem::new(StatusCode::BAD_REQUEST, "S027", "the key of the request is not understood", detail)
    }

    pub(crate) fn beyond(detail: impl Into<String>) -> Problem {
        let detail = format!("{}; what this reader has is of another log", detail.into());
        Problem::new(StatusCode::CONFLICT, "S030", "the log does not have this entry", detail)
    }

    /// So many seconds until it may ask again.
    pub(crate) fn quota(what: &str, seconds: u64) -> Problem {
        let detail = format!("the tenant has used up its {what} per second; nothing was taken");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "S031", "the quota of the tenant is used up", detail)
            .retry(seconds)
            .closing()
    }

    pub(crate) fn too_many_streams() -> Problem {
        let detail = "the tenant has as many streams of postings open as it may; close one of them";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "S032", "too many streams of the tenant", detail).retry(1)
    }

    pub(crate) fn unreadable(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "S033", "the log cannot be read", detail)
    }

    pub(crate) fn engines_differ(detail: impl std::fmt::Display) -> Problem {
        let detail =
            format!("the plan is not put into force, since the machine code does not do what it says: {detail}");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "S034", "the engines differ", detail)
    }

    pub(crate) fn unsigned(why: Unsigned) -> Problem {
        let (code, title) = match why {
            Unsigned::Missing => ("S035", "the plan is not signed"),
            Unsigned::Unknown { .. } | Unsigned::Altered => ("S036", "the signature of the plan does not count"),
        };
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, title, why.to_string())
    }

    /// What it says of `Retry-After`.
    #[cfg(test)]
    pub(crate) fn retry_after(&self) -> Option<String> {
        self.header.as_ref().filter(|(name, _)| *name == "retry-after").map(|(_, value)| value.clone())
    }

    /// What the machine refuses.
    pub(crate) fn refused(code: &'static str, detail: String) -> Problem {
        let (status, title) = match code {
            "S003" => return Problem::not_found(detail),
            "S010" => (StatusCode::PAYLOAD_TOO_LARGE, "a record is too large"),
            "S011" => (StatusCode::UNPROCESSABLE_ENTITY, "the plan cannot be used"),
            "S012" => (StatusCode::CONFLICT, "the plan does not go on from the one in force"),
            "S013" => (StatusCode::CONFLICT, "usage that counts does not fit the plan"),
            "S014" => (StatusCode::NOT_FOUND, "there is no event to replace"),
            "S015" => (StatusCode::CONFLICT, "the event was taken back"),
            "S016" => (StatusCode::NOT_FOUND, "there is no event to take back"),
            "S017" => (StatusCode::NOT_FOUND, "there is no such backfill"),
            "S018" => (StatusCode::UNPROCESSABLE_ENTITY, "a limit of the tenant is reached"),
            "S019" => (StatusCode::NOT_FOUND, "there is no such plan"),
            "S020" => (StatusCode::CONFLICT, "the account is taken on these days"),
            "S021" => (StatusCode::CONFLICT, "a contract names its accounts"),
            "S026" => (StatusCode::INTERNAL_SERVER_ERROR, "a fault of this program"),
            "S037" => (StatusCode::NOT_FOUND, "there is nothing to erase"),
            "S040" => (StatusCode::NOT_FOUND, "the plan has no such feature"),
            "S041" => (StatusCode::CONFLICT, "so much is not left"),
            "S042" => (StatusCode::CONFLICT, "the id is of another reservation"),
            "S043" => (StatusCode::NOT_FOUND, "the reservation is over"),
            "S044" => (StatusCode::UNPROCESSABLE_ENTITY, "the reservation does not fit"),
            "S045" => (StatusCode::SERVICE_UNAVAILABLE, "there are too many reservations"),
            "S046" => (StatusCode::UNPROCESSABLE_ENTITY, "the event of the commit was not taken"),
            "S025" => return Problem::unsettled(detail),
            "S050" => (StatusCode::UNPROCESSABLE_ENTITY, "these settings do not fit"),
            "S051" => (StatusCode::NOT_FOUND, "nothing like it was issued"),
            "S052" => (StatusCode::UNPROCESSABLE_ENTITY, "this credit does not fit"),
            "S053" => (StatusCode::NOT_FOUND, "the document has no such line"),
            "S054" => (StatusCode::CONFLICT, "the dispute is not where this begins"),
            "S055" => (StatusCode::CONFLICT, "the test clock cannot be set"),
            "S056" => (StatusCode::UNPROCESSABLE_ENTITY, "too many periods are closed"),
            "S057" => (StatusCode::NOT_FOUND, "the plan was published without its source"),
            "S070" => (StatusCode::UNPROCESSABLE_ENTITY, "this is said by a plan"),
            "S071" => (StatusCode::UNPROCESSABLE_ENTITY, "the meter has no value window by window"),
            "S072" => (StatusCode::CONFLICT, "plans mean different things by the meter"),
            "S060" => (StatusCode::UNPROCESSABLE_ENTITY, "the endpoint cannot be told"),
            "S061" => (StatusCode::NOT_FOUND, "there is no such endpoint"),
            "S062" => (StatusCode::UNPROCESSABLE_ENTITY, "this is not sent to the endpoint"),
            "S028" => (StatusCode::UNPROCESSABLE_ENTITY, "the key is of another request"),
            _ => (StatusCode::UNPROCESSABLE_ENTITY, "this cannot be carried out"),
        };
        Problem::new(status, code, title, detail)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        match refused {
            Refused::Busy => Problem::busy(refused.to_string()),
            Refused::Closing => Problem::not_ready(refused.to_string()),
        }
    }
}

impl From<Malformed> for Problem {
    fn from(malformed: Malformed) -> Problem {
        let detail = malformed.detail();
        match malformed {
            Malformed::TooMany => Problem::too_large(detail),
            Malformed::Form { .. } => Problem::malformed(format!("{detail}; nothing was taken")),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            r#type: format!("/problems/{}", self.code),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            trace: crate::asked::trace(),
        };
        // Exactly this type: some clients compare it whole.
        let body = serde_json::to_string(&body).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        response.extensions_mut().insert(Code(self.code));
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::try_from(value)
        {
            response.headers_mut().insert(name, value);
        }
        if self.close {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    /// All of them are said in these words. `PRICE_BLESS=1` takes over what is said.
    #[test]
    fn problems_are_said_as_they_were() {
        let s = String::from;
        let mut all = vec![
            Problem::no_key(),
            Problem::forbidden("the key does not have the role `read`"),
            Problem::not_found("nobody called `acme` is billed"),
            Problem::method(),
            Problem::too_large("a body holds at most 4194304 bytes"),
            Problem::large_head(),
            Problem::ambiguous(),
            Problem::media("the body is an object, sent as application/json"),
            Problem::from(Malformed::Form { record: 2, at: 9, problem: s("here is no value") }),
            Problem::from(Refused::Busy),
            Problem::from(Refused::Closing),
        ];
        let refusals = ["S010", "S011", "S012", "S013", "S014", "S015", "S016", "S017", "S018", "S019", "S020", "S021"];
        all.extend(refusals.map(|code| Problem::refused(code, s("…"))));
        all.extend([
            Problem::too_many_wrong_keys(),
            Problem::too_slow(),
            Problem::parameter("`limit` is 1 to 1000, not 0"),
            Problem::unsettled("the day is outside of the calendar"),
            Problem::refused("S026", s("…")),
            Problem::key(),
            Problem::refused("S028", s("another request came with this key before")),
            Problem::refused("S016", s("…")).again(),
        ]);
        let enforce = ["S037", "S040", "S041", "S042", "S043", "S044", "S045", "S046"];
        all.extend(enforce.map(|code| Problem::refused(code, s("…"))));
        let billing =
            ["S050", "S051", "S052", "S053", "S054", "S055", "S056", "S060", "S061", "S062", "S070", "S071", "S072"];
        all.extend(billing.map(|code| Problem::refused(code, s("…"))));
        all.push(Problem::refused("S057", s("…")));
        all.extend([
            Problem::beyond("the log ends with entry 7"),
            Problem::quota("events", 10),
            Problem::too_many_streams(),
            Problem::unreadable("…"),
            Problem::engines_differ("…"),
        ]);
        let (key, known) = (s("ed25519:…"), s("`release`"));
        let unsigned = [Unsigned::Missing, Unsigned::Unknown { key, known }, Unsigned::Altered];
        all.extend(unsigned.map(Problem::unsigned));
        let mut said = String::from("code status title: detail\n");
        for problem in all {
            let Problem { status, code, title, detail, header, close } = problem;
            let _ = write!(said, "{code} {} {title}: {detail}", status.as_u16());
            if let Some((name, value)) = header {
                let _ = write!(said, " [{name}: {value}]");
            }
            said.push_str(if close { " [closes]\n" } else { "\n" });
        }
        let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/problems.txt");
        if std::env::var_os("PRICE_BLESS").is_some() {
            std::fs::write(&golden, &said).expect("the golden is written");
        }
        let known = std::fs::read_to_string(&golden).unwrap_or_default();
        assert!(known == said, "run with PRICE_BLESS=1 if this is meant\n{said}");
    }
}
