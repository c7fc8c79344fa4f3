//! What the usage beside a file comes to: the last invoices of a plan or contract, computed while
//! one types.
//!
//! Usage of `NAME.price` is `usage/NAME.ndjson` in the same folder. An answer is kept with the
//! plans and the bytes it was made of, and is computed again only when one of them changes.

use crate::ide::Ide;
use crate::limits::{USAGE_BYTES, USAGE_DAYS, USAGE_EVENTS, USAGE_INVOICES, USAGE_KEPT};
use crate::names::Scope;
use crate::usage;
use price_analysis::{lowered, lowered_before, signatures, subjects};
use price_diagnostics::FileId;
use price_driver::{Subject, World, WorldError, folder, join};
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
    /// The plan has errors.
    Faulty,
    /// The file holds more bytes or events than are rated while one types.
    TooMuch,
    /// The events are too far from each other.
    TooLong,
    /// There are more accounts than are rated while one types.
    TooManyAccounts,
    /// No event counts; with the number of those that were refused.
    Nothing(u64),
    /// Anything else, in the words of the reader or of the rating.
    Failed(String),
}

impl std::fmt::Display for NoInvoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoInvoice::NoUsage => f.write_str("there is no usage beside the file"),
            NoInvoice::Faulty => f.write_str("it has errors"),
            NoInvoice::TooMuch => write!(
                f,
                "the usage is more than {} MB or {USAGE_EVENTS} events; `price rate` takes any",
                USAGE_BYTES >> 20
            ),
            NoInvoice::TooLong => write!(f, "the usage is of more than {USAGE_DAYS} days; `price rate` takes any"),
            NoInvoice::TooManyAccounts => {
                write!(f, "the usage is of more than {USAGE_INVOICES} accounts; `price rate` takes any")
            }
            NoInvoice::Nothing(0) => f.write_str("no event counts"),
            NoInvoice::Nothing(refused) => write!(f, "no event counts, {} refused", records(*refused)),
            NoInvoice::Failed(why) => f.write_str(why),
        }
    }
}

/// A plan in every state of knowledge: since when, and what holds then.
pub(crate) type States = Vec<(Option<Date>, Arc<Plan>)>;

/// What was computed, by path of the file and name of the plan, with what it was made of.
pub(crate) type Kept = BTreeMap<(String, String), (States, Arc<[u8]>, Result<Arc<Invoiced>, NoInvoice>)>;

impl Ide {
    /// Where the usage of a file is looked for.
    fn usage_path(&self, file: FileId) -> String {
        let path = self.path(file);
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.strip_suffix(".price.md").or_else(|| name.strip_suffix(".price")).unwrap_or(name);
        join(folder(path), &format!("usage/{stem}.ndjson"))
    }

    /// The items of a file that usage beside it is rated for: its plans and contracts, and where it
    /// has none the last version of each card, as `price rate` chooses.
    pub(crate) fn billed(&self, file: FileId) -> Vec<usize> {
        if self.is_standard(file) || !self.overlay().is_file(&self.usage_path(file)) {
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
        let tree = self.ast(file);
        all.iter().filter_map(|subject| tree.items.iter().position(|item| item.id == subject.item)).collect()
    }

    /// The last invoices of the plan, contract or card at an offset, of the usage beside the file.
    ///
    /// # Errors
    /// Why there are none.
    pub fn invoices(&self, file: FileId, offset: u32) -> Result<Arc<Invoiced>, NoInvoice> {
        let item = self.item_at(file, offset).ok_or(NoInvoice::NoUsage)?;
        let path = self.usage_path(file);
        let bytes: Arc<[u8]> = match self.overlay().read(&path) {
            Ok(bytes) => bytes.into(),
            Err(WorldError::Missing) => return Err(NoInvoice::NoUsage),
            Err(WorldError::TooLarge(_)) => return Err(NoInvoice::TooMuch),
            Err(error) => return Err(NoInvoice::Failed(error.to_string())),
        };
        // One record a line: a bound that is known before anything is read.
        if bytes.len() > USAGE_BYTES || bytes.iter().filter(|byte| **byte == b'\n').count() > USAGE_EVENTS {
            return Err(NoInvoice::TooMuch);
        }
        let subject = self.subject_of(file, item).ok_or(NoInvoice::Faulty)?;
        let known = self.known(file, &subject).ok_or(NoInvoice::Faulty)?;
        let version = subject.version.map(|version| format!("@{version}")).unwrap_or_default();
        let key = (self.path(file).to_owned(), format!("{}{version}", subject.name));
        if let Some((plans, of, answer)) = self.invoiced.borrow().get(&key)
            && same(plans, &known)
            && *of == bytes
        {
            return answer.clone();
        }
        let answer = self.rated(file, &subject, &known, &path, &bytes).map(Arc::new);
        let mut kept = self.invoiced.borrow_mut();
        if kept.len() >= USAGE_KEPT {
            kept.clear();
        }
        kept.insert(key, (known, bytes, answer.clone()));
        answer
    }

    fn rated(
        &self,
        file: FileId,
        subject: &Subject,
        known: &States,
        path: &str,
        bytes: &[u8],
    ) -> Result<Invoiced, NoInvoice> {
        // Says what else keeps it from being billed: a card that changed after it was locked.
        self.workspace().compile_known(subject).map_err(|_| NoInvoice::Faulty)?;
        // Events that the file knows and this plan has no price for are another plan's.
        let own: BTreeSet<&str> =
            known.iter().flat_map(|(_, plan)| &plan.events).map(|event| event.name.as_str()).collect();
        let foreign = self
            .in_scope(file)
            .into_iter()
            .filter(|(scope, name)| *scope == Scope::Event && !own.contains(name.as_str()));
        let foreign = foreign.map(|(_, name)| name).collect();
        usage::rate(known, path, bytes, &foreign)
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
        match invoiced.refused {
            0 => said,
            refused => format!("{said} ({} refused)", records(refused)),
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

fn records(number: u64) -> String {
    if number == 1 { "1 record".to_owned() } else { format!("{number} records") }
}
