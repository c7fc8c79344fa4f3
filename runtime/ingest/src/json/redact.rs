//! Leaves out of a record what nothing reads.

use super::scan::{self, Member, Value};
use crate::mapping::{ACCOUNT, ATTRIBUTES, ID, Mapping, SOURCE, TYPE};
use serde::{Deserialize, Serialize};

/// What becomes of a field of an event that is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It stays.
    Kept,
    /// It goes: it may be missing.
    Gone,
    /// An empty text, or zero where it was sent as a number.
    Text,
    /// Zero.
    Number,
    /// `true`.
    Flag,
    /// Numbers of no label.
    Family,
}

/// Whose a record says it is, and which.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Account.
    pub account: String,
    /// Source.
    pub source: String,
    /// Id.
    pub id: String,
}

/// What a record says of itself, as far as it says it; `None` for what is no JSON object.
pub fn named(text: &str) -> Option<Named> {
    let (mut top, mut data) = (Vec::new(), Vec::new());
    scan::object(text, &mut top, &mut data).ok()?;
    let usual = Mapping::default();
    let names = usual.names(is_cloud(&top));
    let said = |slot: usize| match top.iter().find(|member| member.key == names[slot])?.value {
        Value::Text(ref text) => Some(text.to_string()),
        Value::Number(text) => Some(text.to_owned()),
        _ => None,
    };
    let text = |slot: usize| said(slot).unwrap_or_default();
    Some(Named { account: text(ACCOUNT), source: text(SOURCE), id: text(ID) })
}

/// The record with its attributes and those fields that are kept, others as their fate says, which is
/// asked for by type and name of the field. Whatever is neither goes. Never longer than the text;
/// `None` for what cannot be read.
pub fn redact(text: &str, fate: impl Fn(&str, &str) -> Fate) -> Option<String> {
    let (mut top, mut data) = (Vec::new(), Vec::new());
    let has_data = scan::object(text, &mut top, &mut data).ok()?;
    let cloud = is_cloud(&top);
    let usual = Mapping::default();
    let names: [&str; ATTRIBUTES] = usual.names(cloud);
    let kind = match &top.iter().find(|member| member.key == names[TYPE])?.value {
        Value::Text(kind) => kind.to_string(),
        _ => return None,
    };
    let mut out = Object::begin(String::with_capacity(text.len()));
    for member in &top {
        let attribute = names.contains(&&*member.key) || cloud && member.key == "specversion";
        if attribute {
            out.member(member, Fate::Kept)?;
        } else if !cloud && !has_data {
            out.member(member, fate(&kind, &member.key))?;
        }
    }
    if has_data {
        out.key("data")?;
        let mut inner = Object::begin(out.text);
        for member in &data {
            inner.member(member, fate(&kind, &member.key))?;
        }
        out = Object { text: inner.end(), any: true };
    }
    Some(out.end()).filter(|out| out.len() <= text.len())
}

fn is_cloud(top: &[Member<'_>]) -> bool {
    top.iter().any(|member| member.key == "specversion")
}

/// An object that is written.
struct Object {
    text: String,
    any: bool,
}

impl Object {
    fn begin(mut text: String) -> Object {
        text.push('{');
        Object { text, any: false }
    }

    fn key(&mut self, key: &str) -> Option<()> {
        if std::mem::replace(&mut self.any, true) {
            self.text.push(',');
        }
        self.text.push_str(&serde_json::to_string(key).ok()?);
        self.text.push(':');
        Some(())
    }

    fn member(&mut self, Member { key, value }: &Member<'_>, fate: Fate) -> Option<()> {
        if fate == Fate::Gone {
            return Some(());
        }
        self.key(key)?;
        let quoted;
        self.text.push_str(match (fate, value) {
            (Fate::Kept, Value::Null) => "null",
            (Fate::Kept, Value::Flag(flag)) => {
                if *flag {
                    "true"
                } else {
                    "false"
                }
            }
            (Fate::Kept, Value::Number(text) | Value::Object(text)) => text,
            (Fate::Kept, Value::Text(text)) => {
                quoted = serde_json::to_string(text).ok()?;
                &quoted
            }
            // No field holds one, so no event that counts does.
            (Fate::Kept, Value::Array) => return None,
            (Fate::Text, Value::Number(_)) | (Fate::Number, _) => "0",
            (Fate::Text, _) => "\"\"",
            (Fate::Flag, _) => "true",
            (Fate::Family, _) => "{}",
            (Fate::Gone, _) => return Some(()),
        });
        Some(())
    }

    fn end(mut self) -> String {
        self.text.push('}');
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fates(kind: &str, field: &str) -> Fate {
        match (kind, field) {
            ("call", "minutes") => Fate::Kept,
            ("call", "number") => Fate::Text,
            ("call", "age") => Fate::Number,
            ("call", "minor") => Fate::Flag,
            _ => Fate::Gone,
        }
    }

    #[test]
    fn attributes_and_what_is_read_stay() {
        let cases = [
            (
                r#"{"type":"call","account":"a","time":"2026-03-01T00:00:00Z","id":"1","minutes":"3.50","number":"+49 170","age":41,"minor":false,"note":"Ada"}"#,
                r#"{"type":"call","account":"a","time":"2026-03-01T00:00:00Z","id":"1","minutes":"3.50","number":"","age":0,"minor":true}"#,
            ),
            (
                r#"{ "specversion": "1.0", "type": "call", "source": "s", "id": "1", "subject": "a", "time": "t", "traceparent": "x", "data": {"minutes": 3, "number": 49, "note": ["Ada"]} }"#,
                r#"{"specversion":"1.0","type":"call","source":"s","id":"1","subject":"a","time":"t","data":{"minutes":3,"number":0}}"#,
            ),
            (
                r#"{"type":"call","account":"\u0061","id":"1","beside":"x","data":{"minutes":1}}"#,
                r#"{"type":"call","account":"a","id":"1","data":{"minutes":1}}"#,
            ),
        ];
        for (text, expected) in cases {
            let once = redact(text, fates).expect("a record");
            assert_eq!(once, expected);
            assert_eq!(redact(&format!("{once}   "), fates).as_deref(), Some(expected), "a second time");
        }
        assert_eq!(redact("{", fates), None);
        assert_eq!(redact("{\"id\":1}", fates), None);
    }

    #[test]
    fn what_is_refused_says_whose_it_is() {
        let found = named(r#"{"account":"a","id":7,"nothing":[1]}"#);
        assert_eq!(found, Some(Named { account: "a".into(), source: String::new(), id: "7".into() }));
        assert_eq!(named(r#"{"specversion":"1.0","subject":"b"}"#).map(|named| named.account).as_deref(), Some("b"));
        assert_eq!(named("[]"), None);
    }

    proptest! {
        #[test]
        fn it_never_gets_longer(note in ".{0,20}", minutes in "[1-9][0-9]{0,8}", minor: bool, spaced: bool) {
            let space = if spaced { " " } else { "" };
            let quoted = serde_json::to_string(&note).expect("a text");
            let text = format!(
                r#"{{"type":{space}"call","account":{quoted},"id":"1","data":{{"minutes":{space}{minutes},"number":{quoted},"minor":{minor},"other":{quoted}}}}}"#
            );
            let redacted = redact(&text, fates).expect("a record");
            prop_assert!(redacted.len() <= text.len());
            prop_assert_eq!(named(&redacted), named(&text));
            let kept = format!(r#""minutes":{minutes}"#);
            prop_assert!(redacted.contains(&kept));
        }
    }
}
