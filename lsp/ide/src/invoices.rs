//! What the usage of a file comes to: the last invoices of a plan or contract, computed while
//! one types.
//!
//! Where usage lies is said in [`crate::placed`]. An answer is kept with the plans and the bytes it
//! was made of, and is computed again only when one of them changes.

use crate::ide::Ide;
use crate::limits::{USAGE_BYTES, USAGE_DAYS, USAGE_EVENTS, USAGE_INVOICES, USAGE_KEPT, USAGE_MODULES};
use crate::names::Scope;
use crate::placed::UsageFile;
use crate::usage;
use price_analysis::{lowered, lowered_before, signatures, subjects};
use price_diagnostics::FileId;
use price_driver::{Subject, UsagePaths};
pub use price_ir::InvoiceLine;
use price_ir::{Invoice, Plan};
use price_value::{Currency, Date, Period, Rational};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The invoices of the last period that has usage.
#[derive(Debug, Clone, PartialEq)]
pub struct Invoiced {
    /// The period.
    pub period: Period,
    /// Currency of the plan.
    pub currency: Currency,
    /// One for each account, by name; at least one.
    pub invoices: Vec<Invoice>,
    /// Records that do not count.
    pub refused: u64,
    /// The first of them.
    pub refusals: Vec<Refusal>,
}

/// A record that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The file, from the root of the modules.
    pub file: String,
    /// Its line, from 1.
    pub line: u64,
    /// Why, as a sentence.
    pub why: String,
}

impl Invoiced {
    /// The sum of all invoices.
    #[must_use]
    pub fn total(&self) -> Rational {
        self.invoices.iter().map(|invoice| &invoice.total).sum()
    }
}

/// Why usage beside a file gives no invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoInvoice {
    /// There is no file of usage.
    NoUsage,
    /// No file is called as `price.toml` says; with what it says.
    NoMatch(String),
    /// The plan has errors.
    Faulty,
    /// With this file there are more bytes than are rated while one types; of so many files.
    TooLarge {
        /// The file.
        file: String,
        /// How many there are.
        files: usize,
    },
    /// There are more events than are rated while one types.
    TooMuch,
    /// A file whose number of events is not known before all of it is read.
    Parquet(String),
    /// The events are too far from each other.
    TooLong,
    /// There are more accounts than are rated while one types.
    TooManyAccounts,
    /// No event counts; with the number of those that were refused, and the first.
    Nothing(u64, Option<Refusal>),
    /// Anything else, in the words of the reader or of the rating.
    Failed(String),
}

impl std::fmt::Display for NoInvoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoInvoice::NoUsage => f.write_str("there is no usage beside the file"),
            NoInvoice::Faulty => f.write_str("it has errors"),
            NoInvoice::NoMatch(paths) => write!(f, "no file is called `{paths}`, as `price.toml` says"),
            NoInvoice::TooLarge { file, files: 1 } => write!(
                f,
                "`{file}` is larger than {} MB, too large to be rated while you type; `price rate` takes any",
                USAGE_BYTES >> 20
            ),
            NoInvoice::TooLarge { file, files } => write!(
                f,
                "with `{file}`, the {files} files of usage are larger than {} MB, too large to be rated while you type; `price rate` takes any",
                USAGE_BYTES >> 20
            ),
            NoInvoice::TooMuch => {
                write!(f, "the usage is more than {USAGE_EVENTS} events; `price rate` takes any")
            }
            NoInvoice::Parquet(file) => {
                write!(f, "`{file}` is Parquet, which is not rated while you type; `price rate` takes it")
            }
            NoInvoice::TooLong => write!(f, "the usage is of more than {USAGE_DAYS} days; `price rate` takes any"),
            NoInvoice::TooManyAccounts => {
                write!(f, "the usage is of more than {USAGE_INVOICES} accounts; `price rate` takes any")
            }
            NoInvoice::Nothing(0, _) => f.write_str("no event counts"),
            NoInvoice::Nothing(refused, None) => write!(f, "no event counts, {} refused", records(*refused)),
            NoInvoice::Nothing(refused, Some(first)) => {
                write!(f, "no event counts, {} refused: {first}", records(*refused))
            }
            NoInvoice::Failed(why) => f.write_str(why),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.why)
    }
}

/// A plan in every state of knowledge: since when, and what holds then.
pub(crate) type States = Vec<(Option<Date>, Arc<Plan>)>;

/// What was computed, by path of the file and name of the plan, with what it was made of.
pub(crate) type Kept = BTreeMap<(String, String), (Made, Result<Arc<Invoiced>, NoInvoice>)>;

/// What invoices are made of.
pub(crate) struct Made {
    known: States,
    usage: Vec<UsageFile>,
    /// Types of events that are another plan's.
    foreign: BTreeSet<String>,
}

impl PartialEq for Made {
    fn eq(&self, other: &Made) -> bool {
        same(&self.known, &other.known) && self.usage == other.usage && self.foreign == other.foreign
    }
}

impl Ide {
    /// The items of a file that its usage is rated for: its plans and contracts, and where it
    /// has none the last version of each card, as `price rate` chooses.
    pub(crate) fn billed(&self, file: FileId) -> Vec<usize> {
        if self.is_standard(file) {
            return Vec::new();
        }
        let workspace = self.workspace();
        let mut all = subjects(workspace.db(), workspace.file(file));
        if all.iter().any(|subject| subject.kind != "ratecard") {
            all.retain(|subject| subject.kind != "ratecard");
        } else {
            all.sort_by(|a, b| (&a.name, b.version).cmp(&(&b.name, a.version)));
            all.dedup_by(|a, b| a.name == b.name);
        }
        // A setting that cannot be obeyed is told above each.
        if let Ok(paths) = self.usage_paths(file) {
            // Usage of a whole project is that of its plans, not of the cards that they are built on.
            let cards = all.iter().any(|subject| subject.kind == "ratecard");
            let shared = paths.as_ref().is_some_and(UsagePaths::shared);
            let built = if cards && shared { self.builders(file) } else { BTreeMap::new() };
            let tree = self.ast(file);
            all.retain(|subject| {
                let at = tree.items.iter().position(|item| item.id == subject.item);
                let below = at.is_some_and(|item| built.contains_key(&item));
                !below && self.usage_of(file, &subject.name, paths.as_ref()) != Err(NoInvoice::NoUsage)
            });
        }
        let tree = self.ast(file);
        all.iter().filter_map(|subject| tree.items.iter().position(|item| item.id == subject.item)).collect()
    }

    /// The last invoices of the plan, contract or card at an offset, of its usage.
    ///
    /// # Errors
    /// Why there are none.
    pub fn invoices(&self, file: FileId, offset: u32) -> Result<Arc<Invoiced>, NoInvoice> {
        let item = self.item_at(file, offset).ok_or(NoInvoice::NoUsage)?;
        let paths = self.usage_paths(file)?;
        let subject = self.subject_of(file, item);
        let name = subject.as_ref().map(|subject| subject.name.as_str()).unwrap_or_default();
        let usage = self.usage_read(file, &self.usage_of(file, name, paths.as_ref())?)?;
        let subject = subject.ok_or(NoInvoice::Faulty)?;
        let known = self.known(file, &subject).ok_or(NoInvoice::Faulty)?;
        let foreign = self.foreign(file, &known, paths.as_ref());
        let version = subject.version.map(|version| format!("@{version}")).unwrap_or_default();
        let key = (self.path(file).to_owned(), format!("{}{version}", subject.name));
        let made = Made { known, usage, foreign };
        if let Some((of, answer)) = self.invoiced.borrow().get(&key)
            && *of == made
        {
            return answer.clone();
        }
        let answer = self.rated(&subject, &made).map(Arc::new);
        let mut kept = self.invoiced.borrow_mut();
        if kept.len() >= USAGE_KEPT {
            kept.clear();
        }
        kept.insert(key, (made, answer.clone()));
        answer
    }

    fn rated(&self, subject: &Subject, made: &Made) -> Result<Invoiced, NoInvoice> {
        // Says what else keeps it from being billed: a card that changed after it was locked.
        self.workspace().compile_known(subject).map_err(|_| NoInvoice::Faulty)?;
        usage::rate(&made.known, &made.usage, &made.foreign)
    }

    /// Types of events that the file knows and the plan has no price for: they are another plan's. Where
    /// all plans of a project have the same usage, so are those of its other files.
    fn foreign(&self, file: FileId, known: &States, paths: Option<&UsagePaths>) -> BTreeSet<String> {
        let event = |(scope, name): (Scope, String)| (scope == Scope::Event).then_some(name);
        let mut foreign: BTreeSet<String> = self.in_scope(file).into_iter().filter_map(event).collect();
        if paths.is_some_and(UsagePaths::shared) {
            let files = self.together(file).into_iter().filter(|other| !self.is_standard(*other)).take(USAGE_MODULES);
            let declared = files.flat_map(|other| self.declared(other));
            foreign.extend(declared.filter_map(|(scope, def)| event((scope, def.name))));
        }
        for event in known.iter().flat_map(|(_, plan)| &plan.events) {
            foreign.remove(event.name.as_str());
        }
        foreign
    }

    fn subject_of(&self, file: FileId, item: usize) -> Option<Subject> {
        let id = self.ast(file).items.get(item)?.id;
        let workspace = self.workspace();
        subjects(workspace.db(), workspace.file(file)).into_iter().find(|subject| subject.item == id)
    }

    /// The plan in every state of knowledge, earliest first.
    fn known(&self, file: FileId, subject: &Subject) -> Option<States> {
        let workspace = self.workspace();
        let (db, input) = (workspace.db(), workspace.input(workspace.source(file))?);
        let mut all = States::new();
        let mut since = None;
        for day in signatures(db, input, subject) {
            all.push((since, lowered_before(db, input, subject.file, subject.item, day).plan.clone()?));
            since = Some(day);
        }
        all.push((since, lowered(db, input, subject.file, subject.item).plan.clone()?));
        Some(all)
    }

    /// The line above a plan: what the last period comes to.
    pub(crate) fn invoice_title(&self, file: FileId, offset: u32) -> String {
        let invoiced = match self.invoices(file, offset) {
            Ok(invoiced) => invoiced,
            Err(why) => return format!("no invoice: {why}"),
        };
        let (period, total) = (invoiced.period, invoiced.currency.format(&invoiced.total()));
        let said = match invoiced.invoices.len() {
            1 => format!("invoice of {period}: {total}"),
            more => format!("{more} invoices of {period}: {total}"),
        };
        match (invoiced.refused, invoiced.refusals.first()) {
            (0, _) => said,
            (refused, None) => format!("{said} ({} refused)", records(refused)),
            // Why is said where there is room: in the answer to a click.
            (refused, Some(first)) => {
                format!("{said} ({} refused: {}:{})", records(refused), first.file, first.line)
            }
        }
    }
}

/// Whether both are the same plans; mostly it is the same place in memory.
fn same(a: &States, b: &States) -> bool {
    let alike = |((since, plan), (until, other)): (&(_, Arc<Plan>), &(_, Arc<Plan>))| {
        let same: bool = Option::<Date>::eq(since, until) && (Arc::ptr_eq(plan, other) || plan == other);
        same
    };
    a.len() == b.len() && a.iter().zip(b).all(alike)
}

pub(crate) fn records(number: u64) -> String {
    if number == 1 { "1 record".to_owned() } else { format!("{number} records") }
}
