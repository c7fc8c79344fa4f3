//! What an editor may ask to be different.

use serde::Deserialize;
use serde_json::Value;

/// The settings, as they come in `initializationOptions` and in `workspace/didChangeConfiguration`
/// under `price`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Settings {
    /// Facts beside tiers.
    pub inlay_hints: bool,
    /// Lines above tests and prices.
    pub code_lenses: bool,
    /// Whether tests are run for their lenses.
    pub run_tests_in_lenses: bool,
    /// Whether usage of a file is rated for lines above its plans.
    pub invoices_in_lenses: bool,
    /// The revision that lines above prices compare them with; empty for no such lines.
    pub compare_with: String,
    /// Pictures of prices in hovers; where it is not said, as the editor is known to draw them.
    pub hover_pictures: Option<bool>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            inlay_hints: true,
            code_lenses: true,
            run_tests_in_lenses: true,
            invoices_in_lenses: true,
            compare_with: "HEAD".to_owned(),
            hover_pictures: None,
        }
    }
}

impl Settings {
    /// The revision to compare prices with.
    pub(crate) fn revision(&self) -> Option<String> {
        let name = self.compare_with.trim();
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// Reads settings; none where they cannot be read.
    pub(crate) fn read(value: &Value) -> Option<Settings> {
        let value = value.get("price").unwrap_or(value);
        if value.is_null() { None } else { serde_json::from_value(value.clone()).ok() }
    }
}
