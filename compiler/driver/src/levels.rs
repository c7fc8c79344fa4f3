//! How much findings weigh in a project: `[lints]` of `price.toml`.
//!
//! ```toml
//! [lints]
//! P504 = "deny"
//! P509 = { level = "allow", reason = "our list has a cliff since 2019" }
//! ```
//!
//! Only warnings and notes can be weighed: an error means that there is no price. What a comment in the
//! source allows is left out before.

use crate::world::{World, join};
use price_diagnostics::codes::CODES;
use price_diagnostics::{Diagnostic, Severity};
use std::collections::BTreeMap;

/// What becomes of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Allow,
    Warn,
    Deny,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<&'static str, Level>);

impl Levels {
    /// Reads the value of the key `lints`.
    ///
    /// # Errors
    /// Where a code is unknown or an error, a level is none, or something is allowed without a reason.
    pub fn parse(value: &toml::Value) -> Result<Levels, String> {
        let table = value.as_table().ok_or("`lints` is a table of codes, such as P504 = \"deny\"")?;
        let mut levels = BTreeMap::new();
        for (code, value) in table {
            let known = CODES.iter().find(|info| info.code == code);
            let info =
                known.ok_or_else(|| format!("`{code}` in `lints` is no code; `price explain P504` shows one"))?;
            if info.severity == Severity::Error {
                return Err(format!("`{code}` in `lints` is an error, and errors stay errors"));
            }
            let (level, reason) = match value {
                toml::Value::Table(more) => {
                    if let Some(other) = more.keys().find(|key| !matches!(key.as_str(), "level" | "reason")) {
                        return Err(format!("`{code}` in `lints` has `level` and `reason`, not `{other}`"));
                    }
                    let text = |name: &str| more.get(name).and_then(toml::Value::as_str);
                    (text("level"), text("reason").filter(|reason| !reason.trim().is_empty()))
                }
                value => (value.as_str(), None),
            };
            let level = match level {
                Some("allow") if reason.is_none() => {
                    return Err(format!(
                        "`{code}` is allowed without a reason; write {code} = {{ level = \"allow\", reason = \"…\" }}"
                    ));
                }
                Some("allow") => Level::Allow,
                Some("warn") => Level::Warn,
                Some("deny") => Level::Deny,
                _ => return Err(format!("`{code}` in `lints` is \"allow\", \"warn\" or \"deny\"")),
            };
            levels.insert(info.code, level);
        }
        Ok(Levels(levels))
    }

    /// Those of the project whose modules have a root. A file that cannot be understood changes nothing
    /// here: the command line says what is wrong with it.
    pub(crate) fn of(world: &dyn World, root: &str) -> Levels {
        let text = world.read(&join(root, "price.toml")).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let table: Option<toml::Table> = text.and_then(|text| text.parse().ok());
        table.and_then(|table| Levels::parse(table.get("lints")?).ok()).unwrap_or_default()
    }

    /// Findings as they weigh here.
    pub(crate) fn apply(&self, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        if self.0.is_empty() {
            return found;
        }
        let weighed = |mut finding: Diagnostic| {
            if finding.severity == Severity::Error {
                return Some(finding);
            }
            match self.0.get(finding.code.0) {
                Some(Level::Allow) => return None,
                Some(Level::Warn) => finding.severity = Severity::Warning,
                Some(Level::Deny) => finding.severity = Severity::Error,
                None => {}
            }
            Some(finding)
        };
        found.into_iter().filter_map(weighed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Levels, String> {
        let table: toml::Table = text.parse().expect("TOML");
        Levels::parse(&table["lints"])
    }

    #[test]
    fn what_cannot_be_weighed_is_an_error() {
        assert!(parse("[lints]\nP504 = \"deny\"\nP508 = { level = \"allow\", reason = \"since 2019\" }\n").is_ok());
        for (text, said) in [
            ("lints = 1", "a table"),
            ("[lints]\nP999 = \"deny\"", "is no code"),
            ("[lints]\nP101 = \"allow\"", "errors stay errors"),
            ("[lints]\nP504 = \"off\"", "\"allow\", \"warn\" or \"deny\""),
            ("[lints]\nP504 = \"allow\"", "without a reason"),
            ("[lints]\nP504 = { level = \"allow\", reason = \" \" }", "without a reason"),
            ("[lints]\nP504 = { level = \"warn\", why = \"\" }", "not `why`"),
        ] {
            let problem = parse(text).expect_err(text);
            assert!(problem.contains(said), "{text}: {problem}");
        }
    }
}
