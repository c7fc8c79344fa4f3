//! The log lines of a server, on standard error: one a request at `debug`, faults at `warn` and `error`.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;

/// How lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Which lines are written: those of this level and more serious ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Level {
    /// What ended, or was lost.
    Error,
    /// What should not be.
    Warn,
    /// What an operator wants to know once.
    #[default]
    Info,
    /// Every request.
    Debug,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 2] = [Format::Text, Format::Json];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
        }
    }

    /// The format called so.
    pub fn named(word: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.word() == word)
    }
}

impl Level {
    /// All of them, the most serious first.
    pub const ALL: [Level; 4] = [Level::Error, Level::Warn, Level::Info, Level::Debug];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }

    /// The level called so.
    pub fn named(word: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.word() == word)
    }

    fn filter(self) -> LevelFilter {
        match self {
            Level::Error => LevelFilter::ERROR,
            Level::Warn => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
            Level::Debug => LevelFilter::DEBUG,
        }
    }
}

/// Whether lines are written at all; the last words of a process are said in any case.
static WRITTEN: AtomicBool = AtomicBool::new(false);

/// Writes lines to standard error from here on. A second call changes nothing.
pub fn install(format: Format, level: Level) {
    // Lines of libraries say nothing that an operator could act on. Those of the program are its own.
    let own = Targets::new().with_target("price_server", level.filter()).with_target("price", level.filter());
    let registry = tracing_subscriber::registry().with(own);
    let to = std::io::stderr;
    let installed = match format {
        Format::Text => {
            let lines = tracing_subscriber::fmt::layer().with_writer(to).with_ansi(false).with_target(false);
            tracing::subscriber::set_global_default(registry.with(lines))
        }
        Format::Json => {
            let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_target(false);
            tracing::subscriber::set_global_default(registry.with(lines.with_writer(to)))
        }
    };
    if installed.is_ok() {
        WRITTEN.store(true, Relaxed);
    }
}

/// Says what an operator has to know, also where no lines are written.
pub(crate) fn fault(what: impl Display) {
    match WRITTEN.load(Relaxed) {
        true => tracing::error!("{what}"),
        false => eprintln!("price: {what}"),
    }
}
