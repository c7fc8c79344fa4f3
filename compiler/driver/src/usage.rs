//! Where the usage of a project lies: `usage` of `price.toml`.
//!
//! ```toml
//! usage = ["usage/{file}.ndjson", "usage/{name}/*.csv"]
//! ```
//!
//! Paths are counted from the folder of `price.toml`. `{file}` stands for the name of a source file without
//! its ending, `{name}` for that of a plan, contract or card; `*`, `?` and `[…]` match inside one name, `**`
//! any folders.

use crate::limits::{PROJECT_BYTES, USAGE_DEPTH, USAGE_ENTRIES, USAGE_FILES, USAGE_PATTERN_BYTES, USAGE_PATTERNS};
use crate::world::{World, WorldError, below, clean, join};
use glob::{MatchOptions, Pattern};
use std::collections::BTreeSet;

/// The name of a project file.
const FILE: &str = "price.toml";

/// Any name, while a pattern is made; no path has it.
const ANY: &str = "\u{1}";

/// Patterns of paths, as `price.toml` has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsagePaths(Vec<String>);

impl UsagePaths {
    /// Reads the value of the key `usage`.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub fn parse(value: &toml::Value) -> Result<UsagePaths, String> {
        let wrong = || "`usage` is a path or a list of paths, such as [\"usage/{file}.ndjson\"]".to_owned();
        let patterns = match value {
            toml::Value::String(one) => vec![one.clone()],
            toml::Value::Array(all) => {
                let texts = all.iter().map(|one| one.as_str().map(str::to_owned));
                texts.collect::<Option<Vec<String>>>().ok_or_else(wrong)?
            }
            _ => return Err(wrong()),
        };
        if patterns.len() > USAGE_PATTERNS {
            return Err(format!("`usage` has more than {USAGE_PATTERNS} paths; use patterns"));
        }
        for pattern in &patterns {
            checked(pattern)?;
        }
        Ok(UsagePaths(patterns))
    }

    /// Those of the project whose modules have a root; none where it has no such setting.
    ///
    /// # Errors
    /// What is wrong with `price.toml`, as a sentence.
    pub fn of(world: &dyn World, root: &str) -> Result<Option<UsagePaths>, String> {
        let path = join(root, FILE);
        if !world.is_file(&path) {
            return Ok(None);
        }
        if world.size(&path).is_ok_and(|bytes| bytes > PROJECT_BYTES) {
            return Err(format!("`{FILE}` is larger than {} kB", PROJECT_BYTES >> 10));
        }
        let bytes = world.read(&path).map_err(|error| format!("`{FILE}` cannot be read: {error}"))?;
        let text = String::from_utf8(bytes).map_err(|_| format!("`{FILE}` is not UTF-8"))?;
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| format!("`{FILE}` is not valid TOML: {}", error.message()))?;
        let paths = table.get("usage").map(UsagePaths::parse).transpose();
        paths.map_err(|why| format!("`{FILE}`: {why}"))
    }

    /// The patterns for a plan, contract or card of a source file, from the root of its modules.
    #[must_use]
    pub fn filled(&self, file: &str, name: &str) -> Vec<String> {
        let fill = |pattern: &String| {
            pattern.replace("{file}", &Pattern::escape(file)).replace("{name}", &Pattern::escape(name))
        };
        self.0.iter().map(fill).collect()
    }

    /// Whether all plans of a project have the same usage.
    #[must_use]
    pub fn shared(&self) -> bool {
        !self.0.iter().any(|pattern| pattern.contains('{'))
    }

    /// What has to be watched to notice that usage comes, goes or changes: patterns below any folder.
    pub fn watched(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(|pattern| {
            let mut inside = clean(&pattern.replace("{file}", ANY).replace("{name}", ANY));
            // Two stars side by side would mean folders.
            while let Some(doubled) = [[ANY, "*"], ["*", ANY], [ANY, ANY]]
                .map(|pair| pair.concat())
                .iter()
                .find(|pair| inside.contains(*pair))
            {
                inside = inside.replace(doubled, ANY);
            }
            format!("**/{}", inside.trim_start_matches("../").replace(ANY, "*"))
        })
    }
}

/// Whether a pattern is one that can be looked for.
fn checked(pattern: &str) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("`{pattern}` in `usage` {why}"));
    if pattern.is_empty() || pattern.len() > USAGE_PATTERN_BYTES {
        return wrong(&format!("has to have 1 to {USAGE_PATTERN_BYTES} bytes"));
    }
    if pattern.starts_with('/') || pattern.contains([':', '\\']) {
        return wrong("has to be a path from the folder of `price.toml`, with `/` between folders");
    }
    let plain = pattern.replace("{file}", "x").replace("{name}", "x");
    if plain.contains(['{', '}']) {
        return wrong("can hold `{file}`, for the source file, and `{name}`, for the plan; nothing else in braces");
    }
    for part in plain.split('/') {
        if let Err(error) = Pattern::new(part) {
            return wrong(&format!("is not a pattern: {}", error.msg));
        }
    }
    Ok(())
}

/// Why files of usage were not found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// It leads out of everything that is open.
    #[error("`{0}` in `usage` leads out of the folders that are open")]
    Outside(String),
    /// More than anybody would want to wait for.
    #[error("the paths in `usage` lead to more than {USAGE_FILES} files; name fewer")]
    TooMany,
    /// More to look at than anybody would want to wait for.
    #[error("the paths in `usage` make more than {USAGE_ENTRIES} files and folders to look at; name a folder first")]
    TooWide,
    /// A folder cannot be read.
    #[error("`{folder}` cannot be read: {cause}")]
    Read {
        /// The folder.
        folder: String,
        /// Why.
        cause: WorldError,
    },
}

/// The files that filled patterns lead to, sorted, each once. Only what lies below one of the folders is
/// looked at.
///
/// # Errors
/// Where too much would have to be looked at, or a folder cannot be read.
pub fn usage_files(
    world: &dyn World,
    root: &str,
    patterns: &[String],
    folders: &[String],
) -> Result<Vec<String>, UsageError> {
    let mut search = Search { world, left: USAGE_ENTRIES, found: BTreeSet::new() };
    for pattern in patterns {
        let whole = clean(&join(root, pattern));
        let parts: Vec<&str> = whole.split('/').collect();
        let fixed = parts.iter().take_while(|part| !part.contains(['*', '?', '['])).count().min(parts.len() - 1);
        let (start, rest) = parts.split_at(fixed);
        let start = if whole.starts_with('/') && fixed == 1 { "/".to_owned() } else { start.join("/") };
        let inside = |folder: &String| below(folder, &join(&start, "x")).is_some();
        if !inside(&root.to_owned()) && !folders.iter().any(inside) {
            return Err(UsageError::Outside(pattern.clone()));
        }
        search.follow(&start, rest, 0)?;
    }
    Ok(search.found.into_iter().collect())
}

/// A look through folders with an end to it.
struct Search<'w> {
    world: &'w dyn World,
    left: usize,
    found: BTreeSet<String>,
}

impl Search<'_> {
    fn follow(&mut self, folder: &str, parts: &[&str], depth: usize) -> Result<(), UsageError> {
        let Some((part, rest)) = parts.split_first() else { return Ok(()) };
        if *part == "**" {
            self.follow(folder, if rest.is_empty() { &["*"] } else { rest }, depth)?;
            if depth < USAGE_DEPTH {
                for name in self.names(folder, true)?.into_iter().filter(|name| !name.starts_with('.')) {
                    self.follow(&join(folder, &name), parts, depth + 1)?;
                }
            }
            return Ok(());
        }
        // A name needs no list of its folder.
        let pattern = Pattern::new(part).ok().filter(|_| part.contains(['*', '?', '[']));
        let names = match pattern {
            Some(pattern) => {
                let hidden = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
                let mut names = self.names(folder, !rest.is_empty())?;
                names.retain(|name| pattern.matches_with(name, hidden));
                names
            }
            None => vec![(*part).to_owned()],
        };
        for name in names {
            let path = join(folder, &name);
            if !rest.is_empty() {
                self.follow(&path, rest, depth)?;
            } else if self.world.is_file(&path) {
                self.found.insert(path);
                if self.found.len() > USAGE_FILES {
                    return Err(UsageError::TooMany);
                }
            }
        }
        Ok(())
    }

    /// The names of the folders, or of everything, in a folder.
    fn names(&mut self, folder: &str, folders: bool) -> Result<Vec<String>, UsageError> {
        let read = |cause| UsageError::Read { folder: self.world.display(folder), cause };
        let all = match self.world.list(folder, self.left) {
            Ok(all) => all,
            Err(WorldError::Missing) => return Ok(Vec::new()),
            Err(WorldError::TooMany) => return Err(UsageError::TooWide),
            Err(error) => return Err(read(error)),
        };
        self.left = self.left.checked_sub(all.len() + 1).ok_or(UsageError::TooWide)?;
        Ok(all.into_iter().filter(|(_, is_folder)| *is_folder == folders).map(|(name, _)| name).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::MemoryWorld;

    fn paths(text: &str) -> Result<UsagePaths, String> {
        UsagePaths::parse(&text.parse::<toml::Table>().expect("TOML")["usage"])
    }

    fn found(patterns: &[&str], files: &[&str]) -> Result<Vec<String>, UsageError> {
        let world = files.iter().fold(MemoryWorld::new(), |world, path| world.with(path, ""));
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        usage_files(&world, "/w/p", &patterns, &["/w".to_owned()])
    }

    #[test]
    fn what_cannot_be_looked_for_is_told() {
        for (text, told) in [
            ("usage = 1", "is a path or a list of paths"),
            ("usage = [1]", "is a path or a list of paths"),
            ("usage = \"\"", "1 to 512 bytes"),
            ("usage = \"/etc/*\"", "from the folder of `price.toml`"),
            ("usage = \"C:/usage\"", "from the folder of `price.toml`"),
            ("usage = 'usage\\x'", "from the folder of `price.toml`"),
            ("usage = \"usage/{plan}.csv\"", "`{name}`, for the plan"),
            ("usage = \"usage/[a\"", "is not a pattern"),
            ("usage = \"a/***\"", "is not a pattern"),
        ] {
            let why = paths(text).expect_err(text);
            assert!(why.contains(told), "{text}: {why}");
        }
        assert!(paths("usage = \"usage/{file}-{name}-*.csv\"").is_ok_and(|paths| !paths.shared()));
        assert!(paths("usage = [\"a.csv\", \"usage/**/*.ndjson\"]").is_ok_and(|paths| paths.shared()));
    }

    #[test]
    fn names_are_filled_in_as_they_are() {
        let paths = paths("usage = [\"usage/{file}.ndjson\", \"../{name}/*.csv\"]").expect("it reads");
        assert_eq!(paths.filled("a[1]", "team"), ["usage/a[[]1[]].ndjson", "../team/*.csv"]);
        assert_eq!(paths.watched().collect::<Vec<_>>(), ["**/usage/*.ndjson", "**/*/*.csv"]);
        let doubled = UsagePaths(vec!["**/a/{file}*-{name}{file}.csv".to_owned()]);
        assert_eq!(doubled.watched().collect::<Vec<_>>(), ["**/**/a/*-*.csv"]);
        assert_eq!(found(&["usage/a[[]1[]].ndjson"], &["/w/p/usage/a[1].ndjson"]).unwrap(), ["/w/p/usage/a[1].ndjson"]);
    }

    #[test]
    fn patterns_lead_to_files_and_no_further() {
        let files = ["/w/p/u/a.csv", "/w/p/u/b.csv", "/w/p/u/x/c.csv", "/w/p/u/.d.csv", "/w/q/e.csv", "/v/f.csv"];
        for (patterns, wanted) in [
            (&["u/*.csv"][..], &["/w/p/u/a.csv", "/w/p/u/b.csv"][..]),
            (&["u/*.csv", "u/a.csv", "./u//a.csv"], &["/w/p/u/a.csv", "/w/p/u/b.csv"]),
            (&["u/**/*.csv"], &["/w/p/u/a.csv", "/w/p/u/b.csv", "/w/p/u/x/c.csv"]),
            (&["u/x/**", "q/**"], &["/w/p/u/x/c.csv"]),
            (&["*/x/?.csv"], &["/w/p/u/x/c.csv"]),
            (&["u/x", "none/*.csv", "u/*/*/*"], &[]),
            (&["../q/*.csv"], &["/w/q/e.csv"]),
        ] {
            assert_eq!(found(patterns, &files).expect("it ends"), wanted, "{patterns:?}");
        }
        for outside in ["../../v/f.csv", "../../v/*.csv", "../../*/f.csv"] {
            assert_eq!(found(&[outside], &files), Err(UsageError::Outside(outside.to_owned())));
        }
    }

    #[test]
    fn a_search_has_an_end() {
        let many: Vec<String> = (0..=USAGE_FILES).map(|number| format!("/w/p/u/{number}.csv")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(found(&["u/*.csv"], &many), Err(UsageError::TooMany));
        let wide: Vec<String> = (0..=USAGE_ENTRIES).map(|number| format!("/w/p/u/{number}.txt")).collect();
        let wide: Vec<&str> = wide.iter().map(String::as_str).collect();
        assert_eq!(found(&["u/*.csv"], &wide), Err(UsageError::TooWide));
        let deep = format!("/w/p/{}x.csv", "d/".repeat(USAGE_DEPTH + 2));
        assert_eq!(found(&["**/x.csv"], &[&deep]), Ok(Vec::new()));
        // Many stars ask for the same folders again and again.
        let stars = "**/".repeat(20) + "*.csv";
        assert_eq!(found(&[&stars], &[&format!("/w/p/{}x.txt", "d/".repeat(16))]), Err(UsageError::TooWide));
    }
}
