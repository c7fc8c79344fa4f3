//! Bodies of requests as records: JSON texts, each of one line, whose form is right.
//!
//! Whether a record fits a plan is for the machine. Here is what makes a whole request wrong: no
//! JSON, too deep, a name twice, a number without end. One such record, and nothing is taken.

mod binary;
mod media;
mod scan;

pub(crate) use binary::event as binary_event;
pub(crate) use media::{Media, media};

use crate::limits;
use scan::Scanner;

/// What is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// Its form: which record (from 1; 0 for all of them), which byte, what.
    Form { record: usize, at: usize, problem: String },
    /// More records than a request may have.
    TooMany,
}

impl Malformed {
    fn of(problem: &str) -> Malformed {
        Malformed::Form { record: 0, at: 0, problem: problem.to_owned() }
    }

    /// In one sentence.
    pub(crate) fn detail(&self) -> String {
        match self {
            Malformed::TooMany => {
                format!("a request holds at most {} records; send less at once", limits::BATCH_RECORDS)
            }
            Malformed::Form { record: 0, at, problem } => format!("byte {at} of the body: {problem}"),
            Malformed::Form { record, at, problem } => format!("record {record}, byte {at} of the body: {problem}"),
        }
    }
}

/// The records of a body.
pub(crate) fn records(body: &[u8], media: Media) -> Result<Vec<&str>, Malformed> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let problem = "this is not UTF-8".to_owned();
        Malformed::Form { record: 0, at: error.valid_up_to(), problem }
    })?;
    match media {
        Media::Lines => lines(text),
        Media::Json => Scanner::new(text).document(true, true),
        Media::Event => Scanner::new(text).document(true, false),
        Media::Batch => Scanner::new(text).document(false, true),
    }
}

fn lines(text: &str) -> Result<Vec<&str>, Malformed> {
    let (mut records, mut at) = (Vec::new(), 0);
    for line in text.split('\n') {
        let record = line.trim_matches([' ', '\t', '\r']);
        if !record.is_empty() {
            if records.len() == limits::BATCH_RECORDS {
                return Err(Malformed::TooMany);
            }
            let before = at + (line.len() - line.trim_start_matches([' ', '\t', '\r']).len());
            let number = records.len() + 1;
            let one = Scanner::new(record).document(true, false).map_err(|wrong| match wrong {
                Malformed::Form { at, problem, .. } => Malformed::Form { record: number, at: before + at, problem },
                other => other,
            })?;
            records.extend(one);
        }
        at += line.len() + 1;
    }
    if records.is_empty() {
        return Err(Malformed::of("there is no record"));
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str, media: Media) -> Result<Vec<&str>, String> {
        records(body.as_bytes(), media).map_err(|wrong| wrong.detail())
    }

    #[test]
    fn records_are_found_as_they_stand() {
        assert_eq!(found(r#" {"a": [1, {"b":null}]} "#, Media::Json), Ok(vec![r#"{"a": [1, {"b":null}]}"#]));
        assert_eq!(found(r#"[{"a":1} , {"a":-0.5e+3}]"#, Media::Json), Ok(vec![r#"{"a":1}"#, r#"{"a":-0.5e+3}"#]));
        assert_eq!(found("{\"a\":1}\r\n\n  {\"b\":true}", Media::Lines), Ok(vec![r#"{"a":1}"#, r#"{"b":true}"#]));
        assert_eq!(found(r#"{"a":"\ud83d\ude00 ä \\ \""}"#, Media::Event).map(|r| r.len()), Ok(1));
        assert_eq!(found("[]", Media::Batch), Ok(vec![]));
        assert_eq!(found(r#"{"x":{"id":1,"x":{"id":2}},"id":"3"}"#, Media::Json).map(|r| r.len()), Ok(1));
    }

    #[test]
    fn what_is_not_right_is_found() {
        let deep = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert!(found(&deep(63), Media::Json).is_ok());
        let many: String = (0..1_100).map(|n| format!("\"k{n}\":1,")).collect();
        let twice: String = (0..100).map(|n| format!("\"k{n}\":1,")).collect();
        for (body, says) in [
            (deep(64).as_str(), "nested deeper than 64"),
            ("", "there is no record"),
            ("  ", "there is no record"),
            ("{", "ends"),
            ("{\"a\":1}x", "nothing may follow"),
            ("7", "an object"),
            ("[7]", "an object"),
            ("[{},]", "an object"),
            ("{\"a\":1,}", "a name"),
            ("{\"a\" 1}", "`:`"),
            ("{\"a\":01}", "`,` or `}`"),
            ("{\"a\":-}", "half of a number"),
            ("{\"a\":1.}", "half of a number"),
            ("{\"a\":1e}", "half of a number"),
            ("{\"a\":1e400}", "exponent"),
            ("{\"a\":1e-309}", "exponent"),
            (&format!("{{\"a\":{}}}", "9".repeat(100_000)), "longer than 128"),
            ("{\"a\":nul}", "no value"),
            ("{\"a\":\"\u{1}\"}", "control character"),
            ("{\"a\":\"\\x\"}", "escape"),
            ("{\"a\":\"\\ud800\"}", "half of a character"),
            ("{\"a\":\"\\ud800\\u0041\"}", "half of a character"),
            ("{\"a\":\"\\udc00\"}", "half of a character"),
            ("{\"a\":\"x", "ends"),
            ("{\"a\":1,\"a\":2}", "`a` is there twice"),
            ("{\"a\":1,\"\\u0061\":2}", "`a` is there twice"),
            ("{\"a\":{\"b\":1,\"b\":2}}", "`b` is there twice"),
            (&format!("{{{twice}\"k7\":2}}"), "`k7` is there twice"),
            (&format!("{{{many}\"z\":2}}"), "more than 1024 members"),
            ("{\"id\":\"a\\u0000b\"}", "holds a NUL"),
            (&format!("{{\"id\":\"{}\"}}", "x".repeat(513)), "longer than 512"),
            (&format!("{{\"subject\":\"{}\"}}", "ä".repeat(257)), "longer than 512"),
        ] {
            let short: String = body.chars().take(60).collect();
            match found(body, Media::Json) {
                Err(detail) => assert!(detail.contains(says), "{short}: {detail}"),
                Ok(records) => panic!("{short}: {} records", records.len()),
            }
        }
        assert!(found("[{}]", Media::Event).is_err(), "an event is an object");
        assert!(found("{}", Media::Batch).is_err(), "a batch is an array");
        assert_eq!(
            found("{}\n\n{\"a\":tru}", Media::Lines),
            Err("record 2, byte 9 of the body: here is no value".to_owned())
        );
        assert!(records(b"{\"a\":\"\xff\"}", Media::Json).is_err());
        let many = format!("[{}{{}}]", "{},".repeat(limits::BATCH_RECORDS));
        assert_eq!(records(many.as_bytes(), Media::Json), Err(Malformed::TooMany));
        assert_eq!(records("{}\n".repeat(10_001).as_bytes(), Media::Lines), Err(Malformed::TooMany));
    }

    #[test]
    fn any_bytes_are_no_panic() {
        // A small generator: what matters is that every branch sees what it does not expect.
        let alphabet = b"{}[]\",:\\u0019deE+-. \n\xc3tn";
        let mut state = 1u64;
        for _ in 0..20_000 {
            let mut body = Vec::new();
            for _ in 0..state % 40 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                body.push(alphabet[(state >> 33) as usize % alphabet.len()]);
            }
            state = state.wrapping_add(1);
            for media in [Media::Json, Media::Lines, Media::Batch, Media::Event] {
                if let Ok(found) = records(&body, media) {
                    for record in found {
                        serde_json::from_str::<serde_json::Value>(record).expect("what is taken is JSON");
                    }
                }
            }
        }
    }
}
