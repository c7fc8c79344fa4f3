//! `price.toml`: the project file. Its folder is the root of the project's modules.
//!
//! Flags win over the environment, the environment over the file, the file over defaults.

use crate::args::{ColorChoice, ReportFormat};
use crate::trouble::Trouble;
use clap::ValueEnum as _;
use std::path::{Path, PathBuf};

/// Everything a project file may say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Config {
    /// `output-format = "concise"`.
    pub output_format: Option<ReportFormat>,
    /// `color = "never"`.
    pub color: Option<ColorChoice>,
    /// `error-on-warning = true`.
    pub error_on_warning: bool,
}

const KEYS: [&str; 5] = ["color", "error-on-warning", "lints", "output-format", "usage"];

/// Reads the nearest `price.toml` at or above the current folder.
pub fn find() -> Result<Config, Trouble> {
    let Ok(here) = std::env::current_dir() else { return Ok(Config::default()) };
    let found: Option<PathBuf> = here.ancestors().map(|folder| folder.join("price.toml")).find(|path| path.is_file());
    match found {
        None => Ok(Config::default()),
        Some(path) => {
            let shown = path.strip_prefix(&here).unwrap_or(&path).display().to_string();
            let text = std::fs::read_to_string(&path).map_err(|error| Trouble::read(&shown, error))?;
            parse(Path::new(&shown), &text)
        }
    }
}

fn parse(path: &Path, text: &str) -> Result<Config, Trouble> {
    let shown = path.display();
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        Trouble::new("C010", format!("`{shown}` is not valid TOML")).cause(error.message().to_owned())
    })?;
    let mut config = Config::default();
    for (key, value) in &table {
        let wrong = |needed: String| Trouble::new("C012", format!("`{key}` in `{shown}` must be {needed}"));
        let choice = |known: Vec<String>| wrong(format!("one of {}", known.join(", ")));
        match key.as_str() {
            "output-format" => {
                let known = || choice(names::<ReportFormat>());
                let name = value.as_str().ok_or_else(known)?;
                config.output_format = Some(ReportFormat::from_str(name, false).map_err(|_| known())?);
            }
            "color" => {
                let known = || choice(names::<ColorChoice>());
                let name = value.as_str().ok_or_else(known)?;
                config.color = Some(ColorChoice::from_str(name, false).map_err(|_| known())?);
            }
            "error-on-warning" => {
                config.error_on_warning = value.as_bool().ok_or_else(|| wrong("true or false".into()))?;
            }
            // Obeyed where findings are made, for editors too; here it is only looked at.
            "lints" => {
                price_driver::Levels::parse(value)
                    .map_err(|problem| Trouble::new("C014", format!("`{shown}`: {problem}")))?;
            }
            // Looked for by editors.
            "usage" => {
                price_driver::UsagePaths::parse(value)
                    .map_err(|problem| Trouble::new("C014", format!("`{shown}`: {problem}")))?;
            }
            unknown => {
                let near = KEYS.iter().map(|k| (strsim::damerau_levenshtein(unknown, k), *k)).min();
                let help = match near {
                    Some((distance, near)) if distance <= 4 => format!("did you mean `{near}`?"),
                    _ => format!("known are {}", KEYS.join(", ")),
                };
                let message = format!("`{shown}` has an unknown key `{unknown}`");
                return Err(Trouble::new("C011", message).help(help));
            }
        }
    }
    Ok(config)
}

fn names<T: clap::ValueEnum>() -> Vec<String> {
    let possible = T::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value);
    possible.map(|value| value.get_name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_errors_with_a_suggestion() {
        let read = |text| parse(Path::new("price.toml"), text);
        let config = read("output-format = \"concise\"\ncolor = \"never\"\nerror-on-warning = true\n").unwrap();
        assert_eq!(config.output_format, Some(ReportFormat::Concise));
        assert!(config.error_on_warning);
        let trouble = read("output-fromat = \"full\"\n").unwrap_err();
        assert!(trouble.render(false).contains("did you mean `output-format`?"), "{}", trouble.render(false));
        assert!(read("output-format = \"ful\"\n").unwrap_err().to_string().contains("one of full, concise"));
        assert!(read("color = 1\n").is_err());
        assert!(read("usage = [\"usage/{file}*.csv\"]\n").is_ok());
        assert!(read("usage = \"/var/usage\"\n").unwrap_err().to_string().contains("from the folder of `price.toml`"));
        assert!(read("x = \n").is_err());
    }
}
