//! Where usage comes from: patterns, standard input, and how to read them.

use crate::args::UsageArgs;
use crate::trouble::Trouble;
use price_ingest::{Format, Mapping, Options, Source};

/// The names of all sources, patterns expanded, in order and without repeats.
pub fn names(events: &[String]) -> Result<Vec<String>, Trouble> {
    let mut names: Vec<String> = Vec::new();
    for given in events {
        if given == "-" || !given.contains(['*', '?', '[']) || std::path::Path::new(given).exists() {
            names.push(given.clone());
            continue;
        }
        let paths = glob::glob(given)
            .map_err(|error| Trouble::new("C042", format!("`{given}` is not a pattern")).cause(error.msg.to_owned()))?;
        let mut found = Vec::new();
        for path in paths {
            let path = path.map_err(|error| Trouble::read(&error.path().display().to_string(), error.into()))?;
            if path.is_file() {
                found.push(path.display().to_string());
            }
        }
        if found.is_empty() {
            let message = format!("no file matches `{given}`");
            return Err(Trouble::new("C043", message).help("quote the pattern, and check the folder"));
        }
        found.sort();
        names.extend(found);
    }
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    Ok(names)
}

/// The sources themselves.
pub fn sources(names: &[String]) -> Vec<Source> {
    names.iter().map(|name| Source::named(name)).collect()
}

/// How to read them, as far as the command line says.
pub fn options(args: &UsageArgs) -> Result<Options, Trouble> {
    let mut mapping = Mapping { only_type: args.event_type.clone(), assume_utc: args.assume_utc, ..Mapping::default() };
    for pair in &args.map {
        mapping.add(pair)?;
    }
    let mut options = Options {
        format: args.input_format.as_deref().and_then(Format::named),
        mapping,
        dedupe: !args.no_dedupe,
        strict: args.strict,
        passed_over: args.ignore.iter().cloned().collect(),
        ..Options::default()
    };
    if let Some(megabytes) = args.memory {
        options.memory_bytes = usize::try_from(megabytes << 20).unwrap_or(usize::MAX);
    }
    Ok(options)
}
