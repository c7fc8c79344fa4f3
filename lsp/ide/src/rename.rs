//! New names for things, in every file that uses them.

use crate::ide::{Ide, TextEdit};
use crate::names::{Def, DefKind, Scope};
use price_diagnostics::{FileId, Span};
use price_syntax::words::RESERVED;

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
    /// alias, the alias is changed, in that file alone.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn rename(&self, file: FileId, offset: u32, to: &str) -> Result<Vec<TextEdit>, RenameError> {
        let (def, span) = self.def_at(file, offset).ok_or(RenameError::NoName)?;
        self.may_be_renamed(&def)?;
        let quoted = def.kind == DefKind::Label && !is_word(to);
        let fits = match def.kind {
            DefKind::Label => !to.is_empty() && !to.contains(['"', '\\', '\n']),
            _ => is_word(to) && !RESERVED.contains(&to),
        };
        if !fits {
            return Err(RenameError::NotAName(to.to_owned()));
        }
        let written = self.text(file).get(span.start as usize..span.end as usize).unwrap_or_default();
        let bare = |text: &str| text.trim_matches('"').to_owned();
        let alias = bare(written) != def.name;
        if !alias {
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
        Ok(edits)
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
                let scope = match kind {
                    DefKind::Unit => Scope::Unit,
                    DefKind::Event => Scope::Event,
                    _ => Scope::Plain,
                };
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

/// Whether a text is one name.
pub(crate) fn is_word(text: &str) -> bool {
    let inner =
        text.split('-').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && inner
}
