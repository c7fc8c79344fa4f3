//! What an earlier revision says of the same plans, and what has changed since.
//!
//! A revision is loaded once, whole folders with everything they import. When the editor says that files
//! have changed, it is asked whether the revision is still the same one. A comparison is kept with the two plans it is of.

use crate::ide::Ide;
use crate::limits::{COMPARED_KEPT, COMPARED_WORK, REVISIONS};
use price_analysis::{lowered, subjects};
use price_diagnostics::{FileId, Span};
use price_driver::{Past, PlanDiff, Subject, Workspace, below, diff, folder};
use price_ir::Plan;
use price_ir::bill::{combinations, days};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// What became of a rate card, plan or contract since a revision.
#[derive(Debug, Clone, PartialEq)]
pub enum Since {
    /// The revision does not have it.
    New,
    /// One of the two has errors; which.
    Faulty(&'static str),
    /// It has changed, and comparing it takes longer than an editor waits.
    TooLarge,
    /// Both have it.
    Both(Arc<PlanDiff>),
}

/// A rate card, plan or contract with what became of it.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Its kind: `plan`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Version of a card.
    pub version: Option<u32>,
    /// The whole declaration; none where the revision has it and the file no longer.
    pub span: Option<Span>,
    /// The plan as it is now, or as it was where it is gone; none where it has errors.
    pub plan: Option<Arc<Plan>>,
    /// What became of it; none where it is gone.
    pub since: Option<Since>,
}

/// A workspace as it was, or why there is none.
type Loaded = Result<Rc<Workspace>, String>;

/// What is held of a revision.
struct Held {
    /// Whether the revision is still known to be this one.
    sure: bool,
    /// Which one it is.
    id: String,
    workspace: Loaded,
}

/// A comparison with the two plans that it is of, the earlier one first.
type Difference = (Arc<Plan>, Arc<Plan>, Since);

/// Revisions that were loaded, and comparisons with them.
#[derive(Default)]
pub(crate) struct Revisions {
    past: Option<Box<dyn Past + Send>>,
    /// By what was loaded (a folder, or a file outside of all) and revision.
    loaded: RefCell<BTreeMap<(String, String), Held>>,
    /// By path, kind and name of the subject.
    diffs: RefCell<BTreeMap<(String, String), Difference>>,
}

impl Ide {
    /// Says where earlier revisions come from.
    pub fn set_past(&mut self, past: Box<dyn Past + Send>) {
        self.revisions = Revisions { past: Some(past), ..Revisions::default() };
    }

    /// Revisions may be others now: whether they are is asked with the next question.
    pub fn doubt_past(&self) {
        self.revisions.loaded.borrow_mut().values_mut().for_each(|held| held.sure = false);
    }

    /// The rate cards, plans and contracts of a file, with what became of each since a revision, and
    /// those that the file no longer has.
    ///
    /// # Errors
    /// Why there is nothing to compare with; a sentence.
    pub fn compared(&self, file: FileId, revision: &str) -> Result<Vec<Compared>, String> {
        let before = self.before(file, revision)?;
        let Some(old_file) = before.find(self.path(file)) else {
            return Err(format!("{revision} does not have this file"));
        };
        let (old_db, old_source) = (before.db(), before.source(old_file));
        let old_plan = |subject: &Subject| {
            let input = before.input(old_source)?;
            lowered(old_db, input, subject.file, subject.item).plan.clone()
        };
        let workspace = self.workspace();
        let all_before = subjects(old_db, before.file(old_file));
        let tree = self.ast(file);
        let mut all = Vec::new();
        let mut met: BTreeSet<(&str, String)> = BTreeSet::new();
        for subject in subjects(workspace.db(), workspace.file(file)) {
            let Some(item) = tree.items.iter().find(|item| item.id == subject.item) else { continue };
            let Some(input) = workspace.input(workspace.source(file)) else { continue };
            met.insert((subject.kind, subject.name.clone()));
            let plan = lowered(workspace.db(), input, subject.file, subject.item).plan.clone();
            let since = match earlier(&all_before, &subject) {
                None => Since::New,
                Some(was) => match (old_plan(was), &plan) {
                    (_, None) => Since::Faulty("it has errors"),
                    (None, _) => Since::Faulty("it had errors then"),
                    (Some(old), Some(new)) => self.difference(file, &subject, old, new),
                },
            };
            let Subject { kind, name, version, .. } = subject;
            all.push(Compared { kind, name, version, span: Some(item.span), plan, since: Some(since) });
        }
        for gone in all_before.iter().filter(|was| !met.contains(&(was.kind, was.name.clone()))) {
            let (plan, name) = (old_plan(gone), gone.name.clone());
            all.push(Compared { kind: gone.kind, name, version: gone.version, span: None, plan, since: None });
        }
        Ok(all)
    }

    /// Compares two plans, once.
    fn difference(&self, file: FileId, subject: &Subject, old: Arc<Plan>, new: &Arc<Plan>) -> Since {
        let version = subject.version.map(|version| version.to_string()).unwrap_or_default();
        let key = (self.path(file).to_owned(), format!("{} {} {version}", subject.kind, subject.name));
        let same = |a: &Arc<Plan>, b: &Arc<Plan>| Arc::ptr_eq(a, b) || a == b;
        if let Some((from, to, known)) = self.revisions.diffs.borrow().get(&key)
            && same(from, &old)
            && same(to, new)
        {
            return known.clone();
        }
        let since = if same(&old, new) {
            Since::Both(Arc::new(PlanDiff { same: true, lines: Vec::new(), others: Vec::new() }))
        } else if work(&old, new).is_some_and(|work| work <= COMPARED_WORK) {
            Since::Both(Arc::new(diff(&old, new)))
        } else {
            Since::TooLarge
        };
        let mut diffs = self.revisions.diffs.borrow_mut();
        if diffs.len() >= COMPARED_KEPT {
            diffs.clear();
        }
        diffs.insert(key, (old, new.clone(), since.clone()));
        since
    }

    /// The workspace of a file as it was.
    fn before(&self, file: FileId, revision: &str) -> Loaded {
        let path = self.path(file);
        let Some(past) = self.revisions.past.as_ref().filter(|_| !self.is_standard(file)) else {
            return Err("there is no repository here".to_owned());
        };
        let around = self.folders().iter().filter(|around| below(around, path).is_some());
        let whole = around.max_by_key(|around| around.len()).map_or(path, String::as_str).to_owned();
        let key = (whole.clone(), revision.to_owned());
        let mut all = self.revisions.loaded.borrow_mut();
        if let Some(held) = all.get(&key).filter(|held| held.sure) {
            return held.workspace.clone();
        }
        let id = past.id(folder(path), revision);
        if let (Some(held), Ok(id)) = (all.get_mut(&key), &id)
            && held.workspace.is_ok()
            && held.id == *id
        {
            held.sure = true;
            return held.workspace.clone();
        }
        let load = |_: &String| {
            let world = past.at(folder(path), revision)?;
            Workspace::load(&*world, &[whole]).map(Rc::new).map_err(|error| error.to_string())
        };
        let workspace = id.as_ref().map_err(String::clone).and_then(load);
        if all.len() >= REVISIONS {
            all.clear();
        }
        all.insert(key, Held { sure: true, id: id.unwrap_or_default(), workspace: workspace.clone() });
        workspace
    }
}

/// What a subject is compared with: of a card the same version, or the last one before it.
fn earlier<'s>(all: &'s [Subject], of: &Subject) -> Option<&'s Subject> {
    let alike = all.iter().filter(|was| (was.kind, &was.name) == (of.kind, &of.name));
    alike.filter(|was| was.version <= of.version).max_by_key(|was| was.version)
}

/// How many lines are computed to compare two plans; none where that cannot be counted.
fn work(old: &Plan, new: &Plan) -> Option<usize> {
    let meters: BTreeSet<&str> = old.sinks.iter().chain(&new.sinks).map(|sink| sink.meter.as_str()).collect();
    let days = days(old).len().saturating_add(days(new).len());
    let lines = old.lines.len().saturating_add(new.lines.len());
    let mut work = 0usize;
    for meter in meters.into_iter().filter(|meter| !meter.is_empty()) {
        let cells = combinations(&[new, old], meter)?.len();
        // Each line on the meter, and the total, needs the whole bill of either side.
        let on = new.sinks.iter().filter(|sink| sink.meter == meter).count() + 1;
        work = work.saturating_add(cells.saturating_mul(days).saturating_mul(lines).saturating_mul(on));
    }
    Some(work)
}
