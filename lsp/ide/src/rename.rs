//! New names for things, in every file that uses them.

use crate::ide::{Ide, TextEdit};
use crate::limits::NAME_BYTES;
use crate::names::{Def, DefKind, Scope, occurrences};
use price_diagnostics::{FileId, Span};
use price_syntax::words::RESERVED;
use std::collections::BTreeMap;

/// Why something cannot be called otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenameError {
    /// There is no name at that place, or its declaration is not known.
    NoName,
    /// It is declared in the standard library.
    Standard(String),
    /// The new name is not a name, or a word of the language.
    NotAName(String),
    /// The new name is taken where it would be declared.
    Taken {
        /// The new name.
        name: String,
        /// What has it already.
        by: String,
    },
    /// Modules are called by their files.
    Module,
    /// With the new name, a name of the text would mean something else, or nothing.
    Captured {
        /// The name.
        name: String,
        /// Its file, as people know it.
        file: String,
        /// Its line, from 1.
        line: u32,
    },
}

impl std::fmt::Display for RenameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RenameError::NoName => f.write_str("there is nothing with a name here"),
            RenameError::Standard(name) => write!(f, "`{name}` is part of the standard library"),
            RenameError::NotAName(name) => write!(
                f,
                "`{name}` cannot be a name: names are letters, digits, `_` and inner `-`, and not a word like `per`"
            ),
            RenameError::Taken { name, by } => write!(f, "`{name}` is already the name of {by}"),
            RenameError::Captured { name, file, line } => {
                write!(f, "then `{name}` in {file}, line {line}, would mean something else")
            }
            RenameError::Module => f.write_str("a module is called by its file: rename the file instead"),
        }
    }
}

impl Ide {
    /// The name that can be changed at an offset.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn prepare_rename(&self, file: FileId, offset: u32) -> Result<(Span, String), RenameError> {
        let (def, span) = self.def_at(file, offset).ok_or(RenameError::NoName)?;
        self.may_be_renamed(&def)?;
        let written = self.text(file).get(span.start as usize..span.end as usize).unwrap_or_default();
        Ok((span, written.to_owned()))
    }

    /// The edits that give what is named at an offset another name. Where it is used under an
    /// alias, the alias is changed, in that file alone. The edits are tried: each name that is like the old
    /// or the new one has to mean what it meant.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn rename(&mut self, file: FileId, offset: u32, to: &str) -> Result<Vec<TextEdit>, RenameError> {
        let (edits, names) = self.renamed(file, offset, to)?;
        self.tried(file, &edits, &names)?;
        Ok(edits)
    }

    /// The edits, and the texts that the old and the new name are written as.
    fn renamed(&self, file: FileId, offset: u32, to: &str) -> Result<(Vec<TextEdit>, [String; 2]), RenameError> {
        let (def, span) = self.def_at(file, offset).ok_or(RenameError::NoName)?;
        self.may_be_renamed(&def)?;
        let quoted = def.kind == DefKind::Label && !is_word(to);
        let fits = match def.kind {
            _ if to.len() > NAME_BYTES => return Err(RenameError::NotAName(format!("{}…", head(to)))),
            DefKind::Label => !to.is_empty() && !to.contains(['"', '\\', '\n']),
            _ => is_word(to) && !RESERVED.contains(&to),
        };
        if !fits {
            return Err(RenameError::NotAName(to.to_owned()));
        }
        let written = self.text(file).get(span.start as usize..span.end as usize).unwrap_or_default();
        let bare = |text: &str| text.trim_matches('"').to_owned();
        let alias = bare(written) != def.name;
        if alias {
            let scope = scope_of(def.kind);
            if let Some(other) = self.named(file, scope, to) {
                return Err(RenameError::Taken { name: to.to_owned(), by: format!("a {}", other.kind.word()) });
            }
        } else {
            self.is_free(&def, to)?;
        }
        let files = if alias { vec![file] } else { self.together(file) };
        let text = if quoted { format!("\"{to}\"") } else { to.to_owned() };
        let mut edits = Vec::new();
        for other in files {
            for reference in self.references_in(other, &def) {
                let span = reference.span;
                let here = self.text(other).get(span.start as usize..span.end as usize).unwrap_or_default();
                if bare(here) == bare(written) {
                    edits.push(TextEdit { span, text: text.clone() });
                }
            }
            // Further versions of a card are declared by the same name.
            if def.kind == DefKind::RateCard && other == def.file {
                for (_, version) in self.declared(other) {
                    let known = edits.iter().any(|edit| edit.span == version.span);
                    if version.kind == DefKind::RateCard && version.name == def.name && !known {
                        edits.push(TextEdit { span: version.span, text: text.clone() });
                    }
                }
            }
        }
        edits.sort_by_key(|edit| (edit.span.file, edit.span.start));
        edits.dedup();
        Ok((edits, [bare(written), to.to_owned()]))
    }

    /// Makes edits, looks whether names mean what they meant, and takes the edits back.
    fn tried(&mut self, file: FileId, edits: &[TextEdit], names: &[String]) -> Result<(), RenameError> {
        let files = self.together(file);
        let before: Vec<Vec<Meant>> =
            files.iter().map(|file| self.meant(*file, |_, text| named(text, names))).collect();
        let mut texts: BTreeMap<FileId, String> = BTreeMap::new();
        for edit in edits.iter().rev() {
            let text = texts.entry(edit.span.file).or_insert_with(|| self.text(edit.span.file).to_owned());
            text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        }
        let old: Vec<(FileId, String)> = texts.keys().map(|file| (*file, self.text(*file).to_owned())).collect();
        for (file, text) in &texts {
            self.try_text(*file, text);
        }
        let moved = |def: &Def| Def { span: shifted(def.span, edits), name: String::new(), ..def.clone() };
        let mut captured = None;
        for (file, before) in files.iter().zip(&before) {
            let numbers: Vec<usize> = before.iter().map(|one| one.number).collect();
            let after = self.meant(*file, |number, text| numbers.binary_search(&number).is_ok() || named(text, names));
            let differs = |(was, is): (&Meant, &Meant)| {
                let is_def = is.def.as_ref().map(|def| Def { name: String::new(), ..def.clone() });
                was.number != is.number || was.def.as_ref().map(moved) != is_def
            };
            let first = before.iter().zip(&after).position(differs);
            let first = first.or_else(|| (before.len() != after.len()).then_some(before.len().min(after.len())));
            if let Some(one) = first.and_then(|at| after.get(at).or(after.last())) {
                captured = Some((*file, one.span));
                break;
            }
        }
        // The line is that of both: a name is written on one.
        let captured = captured.map(|(file, span)| RenameError::Captured {
            name: self.text(file).get(span.start as usize..span.end as usize).unwrap_or_default().to_owned(),
            file: self.workspace().source(file).name.clone(),
            line: self.lines(file).line(span.start) + 1,
        });
        for (file, text) in &old {
            self.try_text(*file, text);
        }
        captured.map_or(Ok(()), Err)
    }

    /// The names of a file that are wanted, by their number among all of it and their text.
    fn meant(&self, file: FileId, wanted: impl Fn(usize, &str) -> bool) -> Vec<Meant> {
        let mut found = Vec::new();
        let mut number = 0;
        self.with_tree(file, |tree| {
            occurrences(tree, &mut |chain, occurrence| {
                if wanted(number, occurrence.leaf.read()) {
                    let def = self.resolve(file, chain, occurrence);
                    let span = Span::new(file, occurrence.leaf.start(), occurrence.leaf.end());
                    found.push(Meant { number, span, def });
                }
                number += 1;
            });
        });
        found
    }

    fn may_be_renamed(&self, def: &Def) -> Result<(), RenameError> {
        if def.kind == DefKind::Module {
            return Err(RenameError::Module);
        }
        if self.is_standard(def.file) {
            return Err(RenameError::Standard(def.name.clone()));
        }
        Ok(())
    }

    /// Whether a name can be given without meeting another thing of that name.
    fn is_free(&self, def: &Def, to: &str) -> Result<(), RenameError> {
        let article = |other: &Def| RenameError::Taken { name: to.to_owned(), by: format!("a {}", other.kind.word()) };
        let rivals: Vec<Def> = match def.kind {
            DefKind::Label => {
                let dimension = self.declared(def.file).into_iter().find(|(_, other)| other.item == def.item);
                dimension.map(|(_, dimension)| self.labels(&dimension)).unwrap_or_default()
            }
            DefKind::Field => {
                let event = self.declared(def.file).into_iter().find(|(_, other)| other.item == def.item);
                event.map(|(_, event)| self.fields(&event)).unwrap_or_default()
            }
            kind if kind.is_statement() => {
                let mut all = self.statements(def.file, def.item);
                // Whoever builds on this body has names of its own.
                for file in self.together(def.file) {
                    for (_, other) in self.declared(file) {
                        let under = self.layers(file, other.item);
                        if under.iter().any(|layer| layer.file == def.file && layer.item == def.item) {
                            all.extend(self.own_statements(file, other.item));
                        }
                    }
                }
                all
            }
            DefKind::Parameter | DefKind::Grant => Vec::new(),
            kind => {
                let scope = scope_of(kind);
                // In every module that sees it by this name.
                let sees = |file: &price_diagnostics::FileId| self.named(*file, scope, &def.name).as_ref() == Some(def);
                let files = self.together(def.file).into_iter().filter(sees);
                return match files.filter_map(|file| self.named(file, scope, to)).next() {
                    Some(other) => Err(article(&other)),
                    None => Ok(()),
                };
            }
        };
        match rivals.iter().find(|other| other.name == to && *other != def) {
            Some(other) => Err(article(other)),
            None => Ok(()),
        }
    }
}

/// A name in a text with what it means.
struct Meant {
    number: usize,
    span: Span,
    def: Option<Def>,
}

fn named(text: &str, names: &[String]) -> bool {
    let bare = text.trim_matches('"');
    names.iter().any(|name| name == bare)
}

/// A span after edits in front of it and in it.
fn shifted(span: Span, edits: &[TextEdit]) -> Span {
    let (mut start, mut end) = (i64::from(span.start), i64::from(span.end));
    for edit in edits.iter().filter(|edit| edit.span.file == span.file && edit.span.start < span.end) {
        let more = i64::try_from(edit.text.len()).unwrap_or(0) - i64::from(edit.span.end - edit.span.start);
        end += more;
        if edit.span.start < span.start {
            start += more;
        }
    }
    let whole = |at: i64| u32::try_from(at).unwrap_or(0);
    Span { start: whole(start), end: whole(end), ..span }
}

fn scope_of(kind: DefKind) -> Scope {
    match kind {
        DefKind::Unit => Scope::Unit,
        DefKind::Event => Scope::Event,
        _ => Scope::Plain,
    }
}

/// The start of a text that is too long to be shown.
fn head(text: &str) -> String {
    text.chars().take(20).collect()
}

/// Whether a text is one name.
pub(crate) fn is_word(text: &str) -> bool {
    let inner =
        text.split('-').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && inner
}
