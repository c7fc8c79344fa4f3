//! How a body is written, by its content type. Parameters such as `charset=utf-8` are accepted.

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    /// An object, or an array of objects.
    Json,
    /// An object on each line.
    Lines,
    /// One CloudEvent.
    Event,
    /// An array of CloudEvents.
    Batch,
}

/// The media of a content type; `None` for one that is not understood.
pub(crate) fn media(content_type: &str) -> Option<Media> {
    let mut parts = content_type.split(';').map(str::trim);
    let media = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/json" => Media::Json,
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Media::Lines,
        "application/cloudevents+json" => Media::Event,
        "application/cloudevents-batch+json" => Media::Batch,
        _ => return None,
    };
    // JSON is UTF-8; another character set would be read wrongly.
    let charset = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("charset"));
    let utf8 = charset.is_none_or(|(_, set)| {
        let set = set.trim_matches('"');
        set.eq_ignore_ascii_case("utf-8") || set.eq_ignore_ascii_case("us-ascii")
    });
    utf8.then_some(media)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_accepted() {
        assert_eq!(media("application/json"), Some(Media::Json));
        assert_eq!(media("Application/CloudEvents-Batch+JSON; charset=UTF-8"), Some(Media::Batch));
        assert_eq!(media("application/x-ndjson;x=y; charset=\"utf-8\""), Some(Media::Lines));
        assert_eq!(media("application/json; charset=utf-16"), None);
        for other in ["", "text/plain", "application/cloudevents+avro", "application/jsonx"] {
            assert_eq!(media(other), None, "{other}");
        }
    }
}
