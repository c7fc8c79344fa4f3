//! Cases as they stand in the data files, and safe ways into their loosely typed fields.

use price_value::Rational;
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

/// A case.
#[derive(Debug, Clone, Deserialize)]
pub struct Case {
    /// Identifier; the part before the first `-` is the engine it comes from.
    pub id: String,
    /// Kind of price or rule.
    pub kind: String,
    /// Description of the price.
    pub model: Value,
    /// Usage.
    #[serde(default)]
    pub usage: Vec<Value>,
    /// Result.
    pub expected: Value,
}

impl Case {
    /// The engine it comes from: `om`, `lago`, `fp`, `mt`, `kb`.
    pub fn engine(&self) -> &str {
        self.id.split('-').next().unwrap_or_default()
    }

    /// A field of the first usage record.
    pub fn first(&self, key: &str) -> &Value {
        self.usage.first().map_or(&Value::Null, |u| &u[key])
    }
}

/// Reads a file of cases. The error says what is wrong with it.
pub fn load(path: &Path) -> Result<Vec<Case>, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

/// The text of a value: of a string, or of a whole number.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A number, where there is one.
pub fn number(value: &Value) -> Option<Rational> {
    let text = text(value)?;
    match text.split_once('/') {
        Some((n, d)) => {
            let (n, d): (Rational, Rational) = (n.trim().parse().ok()?, d.trim().parse().ok()?);
            n.checked_div(&d)
        }
        None => text.parse().ok(),
    }
}

/// A number that has to be there.
pub fn need(value: &Value, what: &str) -> Result<Rational, String> {
    number(value).ok_or_else(|| format!("the case gives no {what}"))
}

/// The elements of a list; none where there is no list.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A name made of words: letters, digits and `_`.
pub fn slug(text: &str) -> String {
    let mut out: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if !out.starts_with(|c: char| c.is_ascii_alphabetic()) {
        out.insert(0, 'x');
    }
    out.to_lowercase()
}
