//! A CloudEvent in binary mode: attributes in `ce-` headers, data in the body.

use crate::records::{Malformed, Media, media};

/// The event as one JSON text.
pub(crate) fn event<'h>(
    headers: impl Iterator<Item = (&'h str, &'h [u8])>,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<String, Malformed> {
    let wrong = |problem: String| Malformed::Form { record: 1, at: 0, problem };
    let mut out = String::from("{");
    for (name, value) in headers {
        let Some(attribute) = name.strip_prefix("ce-") else { continue };
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if attribute.is_empty() || !attribute.chars().all(fits) || ["data", "datacontenttype"].contains(&attribute) {
            return Err(wrong(format!("the header `{name}` names no attribute")));
        }
        let value = decoded(value).ok_or_else(|| wrong(format!("the header `{name}` is not percent-encoded UTF-8")))?;
        let value = serde_json::to_string(&value).unwrap_or_default();
        out.push_str(&format!("\"{attribute}\":{value},"));
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        out.pop();
        out.push('}');
        return Ok(out);
    }
    let json = content_type.is_none_or(|content| media(content) == Some(Media::Json));
    let data = std::str::from_utf8(body).ok().filter(|_| json);
    let data = data.ok_or_else(|| wrong("the data of an event is JSON".into()))?;
    // On its own: as a part of the text below it could end the member it stands in.
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(data) {
        return Err(wrong(format!("the data of an event is JSON: {error}")));
    }
    out.push_str(&format!("\"datacontenttype\":\"application/json\",\"data\":{}}}", data.trim()));
    Ok(out)
}

/// Text without its percent signs.
fn decoded(value: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        if *first == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            if !digits.bytes().all(|d| d.is_ascii_hexdigit()) {
                return None;
            }
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_become_attributes() {
        let headers: [(&str, &[u8]); 4] = [
            ("host", b"x"),
            ("ce-id", b"7%20%22x%22"),
            ("ce-specversion", b"1.0"),
            ("ce-subject", b"Euro%20%E2%82%AC"),
        ];
        let made = event(headers.into_iter(), Some("application/json; charset=utf-8"), b" {\"n\":1} ").expect("made");
        let data = r#""datacontenttype":"application/json","data":{"n":1}}"#;
        assert_eq!(made, format!(r#"{{"id":"7 \"x\"","specversion":"1.0","subject":"Euro €",{data}"#));
        let none = event([("ce-id", &b"7"[..])].into_iter(), None, b"").expect("made");
        assert_eq!(none, r#"{"id":"7"}"#);
    }

    #[test]
    fn what_is_no_attribute_is_refused() {
        let one = |name: &'static str, value: &'static [u8]| event([(name, value)].into_iter(), None, b"");
        for (name, value) in
            [("ce-id", &b"%4"[..]), ("ce-id", b"%+1"), ("ce-id", b"%ff"), ("ce-", b"x"), ("ce-data", b"{}")]
        {
            assert!(one(name, value).is_err(), "{name} {value:?}");
        }
        assert!(event([("ce-id", &b"7"[..])].into_iter(), Some("text/plain"), b"x").is_err());
        let more = b"1,\"extension\":2";
        assert!(event([("ce-id", &b"7"[..])].into_iter(), None, more).is_err(), "data is one value");
    }
}
