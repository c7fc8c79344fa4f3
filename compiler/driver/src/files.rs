//! The files that a subject is written in, to be carried beside its plan.

use crate::compile::Compiled;
use crate::workspace::Workspace;
use crate::world::join;
use price_analysis as analysis;
use price_analysis::Subject;
use price_diagnostics::FileId;
use price_ir::{SourceFile, limits};
use price_syntax::ast::{ItemKind, UseDecl};
use std::collections::BTreeSet;

/// Files of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Files {
    /// Those that fit into an artefact, by name.
    pub carried: Vec<SourceFile>,
    /// Names of those that do not.
    pub left_out: Vec<String>,
}

impl Workspace {
    /// The files that a compiled subject is written in: its own, those in which a rule of it stands, and
    /// what these import. Neither the standard library nor a file that only lies beside them: it may be
    /// the contract of somebody else. Where there is no room for all, what is farthest is left out.
    #[must_use]
    pub fn files_of(&self, subject: &Subject, compiled: &Compiled) -> Files {
        let places: BTreeSet<&str> = compiled.source_map.places.iter().flatten().map(|at| at.file.as_str()).collect();
        let own = FileId(subject.file.number(self.db()));
        let mut wanted = vec![own];
        wanted.extend(self.own().filter(|(id, of)| *id != own && places.contains(of.name.as_str())).map(|(id, _)| id));
        let mut seen: BTreeSet<u32> = wanted.iter().map(|id| id.0).collect();
        let mut next = 0;
        while next < wanted.len() {
            let imported = self.imported(wanted[next]);
            wanted.extend(imported.into_iter().filter(|id| seen.insert(id.0)));
            next += 1;
        }
        let (mut files, mut room) = (Files::default(), limits::SOURCE_BYTES);
        for source in wanted.into_iter().map(|id| self.source(id)) {
            let bytes = source.name.len() + source.text.len();
            let fits = bytes <= room && source.name.len() <= limits::TEXT_BYTES;
            if fits && files.carried.len() < limits::SOURCE_FILES {
                room -= bytes;
                files.carried.push(SourceFile { name: source.name.clone(), text: source.text.clone() });
            } else {
                files.left_out.push(source.name.clone());
            }
        }
        files.carried.sort_by(|a, b| a.name.cmp(&b.name));
        // Files of two roots may be shown under one name; which of them a place means is not known.
        files.carried.dedup_by(|a, b| a.name == b.name);
        files
    }

    /// The modules that a file names, in its order.
    fn imported(&self, id: FileId) -> Vec<FileId> {
        let (source, file) = (self.source(id), self.file(id));
        let heads = analysis::outline(self.db(), file).iter();
        let items = heads.filter_map(|head| analysis::item(self.db(), file, head.id).clone());
        let module = |item: &_| match item {
            ItemKind::Use(UseDecl::Module { path, .. }) => {
                let parts: Vec<&str> = path.segments.iter().map(|part| part.text.as_str()).collect();
                self.module(&source.root, &parts)
            }
            _ => None,
        };
        items.filter_map(|item| module(&item.kind)).collect()
    }

    /// The file of a module: named by all of a path, or by all but its last part.
    fn module(&self, root: &str, parts: &[&str]) -> Option<FileId> {
        let stems = [parts.len(), parts.len().saturating_sub(1)].into_iter().filter(|length| *length > 0);
        let mut paths = stems.flat_map(|length| {
            let stem = join(root, &parts[..length].join("/"));
            [format!("{stem}.price"), format!("{stem}.price.md")]
        });
        paths.find_map(|path| self.find(&path))
    }
}
