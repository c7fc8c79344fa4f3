//! One event as it comes from their clients.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// What is looked at before anything is taken.
#[derive(Deserialize)]
struct Said<'e> {
    #[serde(borrow)]
    id: Option<&'e RawValue>,
    #[serde(borrow)]
    r#type: Option<&'e RawValue>,
    #[serde(borrow)]
    subject: Option<&'e RawValue>,
    #[serde(borrow)]
    account: Option<&'e RawValue>,
    #[serde(borrow)]
    source: Option<&'e RawValue>,
    #[serde(borrow)]
    specversion: Option<&'e RawValue>,
    /// Also where it is null, which has to be found.
    #[serde(borrow, default, deserialize_with = "given")]
    time: Option<&'e RawValue>,
}

fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

/// The record of an event; without a time it is that of now. The text stays as it is: what is read
/// and written again may be another number. An error where it is no event at all.
pub(super) fn event(text: &str, now: &str) -> Result<String, String> {
    let said: Said<'_> = serde_json::from_str(text).map_err(|wrong| wrong.to_string())?;
    let source = said.source.or(said.specversion.map_or(said.id, |_| None));
    let who = said.subject.or(said.account);
    for (name, member) in [("id", said.id), ("type", said.r#type), ("subject", who), ("source", source)] {
        let member = member.map_or("null", RawValue::get);
        if !member.starts_with('"') || member == "\"\"" {
            return Err(format!("an event has a `{name}`, which is text"));
        }
    }
    // An object with members, as was seen above.
    match said.time.map(RawValue::get) {
        Some("null") => {
            let at = text.len() - behind(text, said.time)?.len();
            Ok(format!("{}\"{now}\"{}", &text[..at - "null".len()], &text[at..]))
        }
        Some(_) => Ok(text.to_owned()),
        None => {
            let rest = text.trim_start().strip_prefix('{').ok_or("an event is an object")?;
            Ok(format!("{{\"time\":\"{now}\",{rest}"))
        }
    }
}

/// What stands behind a part of a text.
fn behind<'t>(text: &'t str, part: Option<&RawValue>) -> Result<&'t str, String> {
    let part = part.map(RawValue::get).unwrap_or_default();
    let at = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
    let rest = at.and_then(|at| text.get(at + part.len()..));
    rest.ok_or_else(|| "`time` cannot be found".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_as_they_are_and_a_time_is_put_in() {
        let rest = r#""id":"1","source":"s","specversion":"1.0","type":"t","subject":"a","data":{"x":0.1234567890123456789012,"y":"\u00e4"}}"#;
        let made = event(&format!("{{{rest}"), "NOW").expect("an event");
        assert_eq!(made, format!("{{\"time\":\"NOW\",{rest}"));
        let made = event(&format!("{{ \"time\" : null ,{rest}"), "NOW").expect("an event");
        assert_eq!(made, format!("{{ \"time\" : \"NOW\" ,{rest}"));
        let timed = format!("{{\"time\":\"2026-01-01T00:00:00Z\",{rest}");
        assert_eq!(event(&timed, "NOW"), Ok(timed));
        assert!(event(r#"{"id":"1","type":"t","account":"a","n":1}"#, "NOW").is_ok(), "a plain one");
    }

    #[test]
    fn what_is_no_event_is_told() {
        for (text, name) in [
            (r#"{"type":"t","subject":"a","source":"s"}"#, "id"),
            (r#"{"id":"","type":"t","subject":"a","source":"s"}"#, "id"),
            (r#"{"id":7,"type":"t","subject":"a","source":"s"}"#, "id"),
            (r#"{"id":"1","subject":"a","source":"s"}"#, "type"),
            (r#"{"id":"1","type":"t","source":"s"}"#, "subject"),
            (r#"{"id":"1","type":"t","subject":"a","specversion":"1.0"}"#, "source"),
        ] {
            let told = event(text, "NOW").expect_err(text);
            assert!(told.contains(&format!("`{name}`")), "{text}: {told}");
        }
    }
}
