//! Which module imports which, decided from the syntax alone so that cycles are known before
//! any name is resolved.

use crate::inputs::{File, Workspace};
use crate::items;
use price_syntax::ast::{ItemKind, Path, UseDecl};
use std::collections::{BTreeMap, BTreeSet};

/// Who imports whom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportGraph {
    /// Pairs of file numbers (importer, imported) that lie on a cycle.
    pub cyclic: BTreeSet<(u32, u32)>,
}

/// What the path of a `use` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A whole module.
    Module(File),
    /// One item of a module.
    Item(File, String),
}

/// The longest front of the path that is a module, and the item behind it.
pub fn target(db: &dyn salsa::Database, workspace: Workspace, path: &Path) -> Option<Target> {
    let parts: Vec<&str> = path.segments.iter().map(|s| s.text.as_str()).collect();
    if let Some(file) = workspace.module(db, &parts.join(".")) {
        return Some(Target::Module(file));
    }
    let (last, front) = parts.split_last()?;
    workspace.module(db, &front.join(".")).map(|file| Target::Item(file, (*last).to_string()))
}

/// The unit of the standard library that has a spelling, for whoever forgot to import it. From the
/// syntax alone: what is asked may be in the library itself.
pub fn standard_unit(db: &dyn salsa::Database, workspace: Workspace, spelling: &str) -> Option<String> {
    let file = workspace.module(db, "std.units")?;
    let outline = items::outline(db, file);
    let mut units = outline.iter().filter(|head| head.word == "unit");
    let unit = units.find(|head| head.names.iter().any(|name| name.text == spelling))?;
    unit.name().map(|name| name.text.to_string())
}

/// Builds the graph.
pub fn build(db: &dyn salsa::Database, workspace: Workspace) -> ImportGraph {
    let mut edges: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for file in workspace.files(db) {
        let targets = edges.entry(file.number(db)).or_default();
        for item in items::items(db, *file, "use") {
            if let ItemKind::Use(UseDecl::Module { path, .. }) = &item.kind
                && let Some(Target::Module(to) | Target::Item(to, _)) = target(db, workspace, path)
            {
                targets.insert(to.number(db));
            }
        }
    }
    // An edge is cyclic when its end reaches its start. Files are few; reach is found by search.
    let reaches = |from: u32, goal: u32| {
        let (mut seen, mut stack) = (BTreeSet::new(), vec![from]);
        while let Some(at) = stack.pop() {
            if at == goal {
                return true;
            }
            if seen.insert(at) {
                stack.extend(edges.get(&at).into_iter().flatten().copied());
            }
        }
        false
    };
    let mut cyclic = BTreeSet::new();
    for (from, targets) in &edges {
        for to in targets {
            if reaches(*to, *from) {
                cyclic.insert((*from, *to));
            }
        }
    }
    ImportGraph { cyclic }
}
