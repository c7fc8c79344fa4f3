//! `price.lock`: what the cards that contracts lock mean, by hash.
//!
//! The file lies in the root of the modules, beside `price.toml`. It holds no prices: each entry
//! is the hash of the compiled meaning of one version of one card, so that a comment or a new
//! order of lines changes nothing and a changed amount does. The rules of time zones are pinned
//! beside it, since they decide where a month begins.

use crate::compile::SubjectError;
use crate::workspace::Workspace;
use price_analysis::{self as analysis, Locked, Subject, codes};
use price_diagnostics::{Diagnostic, FileId};
use price_ir::{HASH_FORM, MeaningHash};
use price_syntax::ast::{ItemKind, StmtKind};
use price_value::time_zone_rules;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Name of the file.
pub const LOCK_FILE: &str = "price.lock";

/// A version of a card: its module, its name, its version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CardKey {
    /// `acme.lists`.
    pub module: String,
    /// `cloud`.
    pub name: String,
    /// `4`.
    pub version: Option<u32>,
}

impl std::fmt::Display for CardKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.version {
            Some(version) => write!(f, "{}@{version}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// The content of a `price.lock`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Form of the hashes; those of another form say nothing.
    pub form: u32,
    /// Release of the time zone rules, such as `2026a`.
    pub time_zones: String,
    /// What each locked card means.
    pub cards: BTreeMap<CardKey, MeaningHash>,
}

/// Why a `price.lock` cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LockError(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    form: u32,
    time_zones: String,
    #[serde(default)]
    card: Vec<WrittenCard>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCard {
    module: String,
    name: String,
    version: Option<u32>,
    meaning: String,
}

impl Lock {
    /// Without cards, by the rules of this build.
    #[must_use]
    pub fn new() -> Lock {
        Lock { form: HASH_FORM, time_zones: time_zone_rules().to_owned(), cards: BTreeMap::new() }
    }

    /// Reads the text of the file.
    pub fn parse(text: &str) -> Result<Lock, LockError> {
        let written: Written = toml::from_str(text).map_err(|error| LockError(error.message().to_owned()))?;
        let mut cards = BTreeMap::new();
        for card in written.card {
            let meaning: MeaningHash =
                card.meaning.parse().map_err(|error| LockError(format!("card `{}`: {error}", card.name)))?;
            let key = CardKey { module: card.module, name: card.name, version: card.version };
            let title = key.to_string();
            if cards.insert(key, meaning).is_some() {
                return Err(LockError(format!("card `{title}` stands in it twice")));
            }
        }
        Ok(Lock { form: written.form, time_zones: written.time_zones, cards })
    }

    /// Reads the bytes of the file.
    pub(crate) fn read(bytes: &[u8]) -> Result<Lock, LockError> {
        let text = std::str::from_utf8(bytes).map_err(|_| LockError("it is not UTF-8".to_owned()))?;
        Lock::parse(text)
    }

    /// The text of the file.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = "# Written by `price lock`: what locked cards mean. Keep it under version control.\n".to_owned();
        let _ = writeln!(text, "form = {}\ntime-zones = {:?}", self.form, self.time_zones);
        for (card, meaning) in &self.cards {
            let _ = writeln!(text, "\n[[card]]\nmodule = {:?}\nname = {:?}", card.module, card.name);
            if let Some(version) = card.version {
                let _ = writeln!(text, "version = {version}");
            }
            let _ = writeln!(text, "meaning = \"{meaning}\"");
        }
        text
    }
}

impl Default for Lock {
    fn default() -> Lock {
        Lock::new()
    }
}

/// What `price lock` would do to the file of one root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relocked {
    /// The folder of the file.
    pub root: String,
    /// What it should hold.
    pub lock: Lock,
    /// Cards that come in.
    pub added: Vec<CardKey>,
    /// Cards that mean something else now and were not to be updated; the file keeps its hash.
    pub changed: Vec<CardKey>,
    /// Cards that mean something else now and were to be updated.
    pub updated: Vec<CardKey>,
    /// Cards that nothing locks any more.
    pub dropped: Vec<CardKey>,
    /// Whether the file differs from what it should hold.
    pub stale: bool,
}

impl Workspace {
    /// What the `price.lock` of each root should hold. `update` says which changed cards are
    /// meant, by name (`cloud`) or name and version (`cloud@4`).
    pub fn relock(&self, update: &dyn Fn(&CardKey) -> bool) -> Result<Vec<Relocked>, SubjectError> {
        let mut roots: BTreeMap<&str, BTreeMap<CardKey, Subject>> = BTreeMap::new();
        for (file, source) in self.own() {
            let cards = roots.entry(&source.root).or_default();
            for Locked { card, .. } in self.locked_in(file) {
                cards.insert(self.key(&card), card);
            }
        }
        let mut all = Vec::new();
        for (root, cards) in roots {
            let old = self.lock(root);
            if cards.is_empty() && old.is_none() {
                continue;
            }
            let comparable = old.is_some_and(|old| old.form == HASH_FORM);
            let (mut lock, mut added, mut changed, mut updated) = (Lock::new(), Vec::new(), Vec::new(), Vec::new());
            for (key, subject) in cards {
                let meaning = self.compile_card(&subject)?;
                let before = old.and_then(|old| old.cards.get(&key)).copied();
                let keeps = match before {
                    None => {
                        added.push(key.clone());
                        meaning
                    }
                    Some(before) if before == meaning || !comparable => meaning,
                    Some(_) if update(&key) => {
                        updated.push(key.clone());
                        meaning
                    }
                    Some(before) => {
                        changed.push(key.clone());
                        before
                    }
                };
                lock.cards.insert(key, keeps);
            }
            let gone = |key: &&CardKey| !lock.cards.contains_key(*key);
            let dropped = old.map(|old| old.cards.keys().filter(gone).cloned().collect()).unwrap_or_default();
            let stale = old != Some(&lock);
            all.push(Relocked { root: root.to_owned(), lock, added, changed, updated, dropped, stale });
        }
        Ok(all)
    }

    /// What is found about the locked cards of a file. Without a `price.lock` nothing is.
    pub(crate) fn check_locks(&self, file: FileId) -> Vec<Diagnostic> {
        let source = self.source(file);
        let Some(lock) = self.lock(&source.root) else { return Vec::new() };
        let mut found = Vec::new();
        for Locked { at, card } in self.locked_in(file) {
            let key = self.key(&card);
            // A card with errors has findings of its own.
            let Ok(meaning) = self.compile_card(&card) else { continue };
            let title = match key.version {
                Some(version) => format!("`{}` version {version}", key.name),
                None => format!("`{}`", key.name),
            };
            match lock.cards.get(&key) {
                Some(_) if lock.form != HASH_FORM => found.push(
                    Diagnostic::warning(
                        codes::LOCK_MISSING,
                        format!("{title} is locked in the form of another release"),
                    )
                    .at(at, "")
                    .help("write it anew with `price lock`"),
                ),
                Some(pinned) if *pinned == meaning => {}
                Some(_) => found.push(
                    Diagnostic::error(codes::LOCK_CHANGED, format!("{title} no longer means what was locked"))
                        .at(at, "locked here")
                        .also(self.place_of(&card), "changed since")
                        .help(format!(
                            "give the change a new version; if it was meant for those who are locked, too, \
                             `price lock --update {key}`"
                        )),
                ),
                None => found.push(
                    Diagnostic::warning(codes::LOCK_MISSING, format!("{title} is locked, but not in `{LOCK_FILE}`"))
                        .at(at, "")
                        .help("`price lock` adds it"),
                ),
            }
        }
        if lock.time_zones != time_zone_rules()
            && let Some(at) = self.zone_stated_in(file)
        {
            let message = format!(
                "`{LOCK_FILE}` was written with the time zone rules {}; these are {}",
                lock.time_zones,
                time_zone_rules()
            );
            found.push(
                Diagnostic::warning(codes::LOCK_ZONES, message)
                    .at(at, "read by these rules")
                    .help("`price lock` takes them over; `price test` shows whether a period moved"),
            );
        }
        found
    }

    fn locked_in(&self, file: FileId) -> Vec<Locked> {
        let source = self.source(file);
        analysis::locked(self.db(), self.input_of_own(source), self.file(file))
    }

    fn key(&self, card: &Subject) -> CardKey {
        CardKey { module: card.file.module(self.db()), name: card.name.clone(), version: card.version }
    }

    fn place_of(&self, card: &Subject) -> price_diagnostics::Span {
        let item = analysis::parsed(self.db(), card.file).item(card.item);
        item.map(|item| item.name().map_or(item.span, |name| name.span)).unwrap_or_default()
    }

    /// Where a file first says a zone whose rules can change.
    fn zone_stated_in(&self, file: FileId) -> Option<price_diagnostics::Span> {
        let ast = &analysis::parsed(self.db(), self.file(file));
        let bodies = ast.items.iter().filter_map(|item| match &item.kind {
            ItemKind::RateCard(card) => Some(&card.body),
            ItemKind::Plan(plan) => Some(&plan.body),
            ItemKind::Contract(contract) => Some(&contract.body),
            _ => None,
        });
        bodies.flatten().find_map(|statement| match &statement.kind {
            StmtKind::Timezone(zone) if zone.value != "UTC" => Some(statement.span),
            _ => None,
        })
    }
}
