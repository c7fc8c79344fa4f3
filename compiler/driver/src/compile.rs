//! From a name to a plan and its artefact.

use crate::source_map::source_map;
use crate::workspace::Workspace;
use price_analysis::{Lowered, Subject, absolute, amended, lowered, lowered_before, signatures, subjects};
use price_diagnostics::Diagnostic;
use price_ir::{ArtefactError, MeaningHash, Plan, SourceMap};
use price_value::Date;
use std::sync::Arc;

/// A compiled rate card or plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    /// The plan, verified.
    pub plan: Arc<Plan>,
    /// Where its rules stand.
    pub source_map: SourceMap,
    /// Hash of its meaning.
    pub hash: MeaningHash,
}

/// A plan as it was known from a day on, until more came to be known.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The day; none for what was known from the start.
    pub since: Option<Date>,
    /// The plan.
    pub compiled: Compiled,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// The files declare no rate card and no plan.
    #[error("the file declares no rate card and no plan")]
    Nothing,
    /// Nothing has that name.
    #[error("there is no rate card or plan called `{name}`")]
    Unknown {
        /// As asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
        /// What was probably meant.
        near: Option<String>,
    },
    /// Several could be meant.
    #[error("the file declares {}; say which", known.join(", "))]
    Ambiguous {
        /// What there is.
        known: Vec<String>,
    },
    /// It has errors.
    #[error("`{name}` has errors")]
    Faulty {
        /// The name.
        name: String,
        /// All findings about it.
        diagnostics: Vec<Diagnostic>,
    },
    /// The compiler made a plan that its own verifier refuses.
    #[error("the compiled plan of `{name}` is not valid: {problem}")]
    Bug {
        /// The name.
        name: String,
        /// What the verifier says.
        problem: String,
    },
}

impl SubjectError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            SubjectError::Nothing => "L020",
            SubjectError::Unknown { .. } => "L021",
            SubjectError::Ambiguous { .. } => "L022",
            SubjectError::Faulty { .. } => "L023",
            SubjectError::Bug { .. } => "L024",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            SubjectError::Nothing => "declare one with `ratecard NAME { … }` or `plan NAME { … }`".into(),
            SubjectError::Unknown { near: Some(near), .. } => format!("did you mean `{near}`?"),
            SubjectError::Unknown { known, .. } => format!("there is {}", known.join(", ")),
            SubjectError::Ambiguous { known } => {
                format!("choose one with `--for`, for example `--for {}`", known.first().map_or("", String::as_str))
            }
            SubjectError::Faulty { .. } => "mend the errors first: `price check` shows them".into(),
            SubjectError::Bug { .. } => "this is a bug in price; please report it with the file".into(),
        }
    }
}

impl Workspace {
    /// The rate cards and plans of the given files, in text order.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject> {
        let own = self.given().flat_map(|(id, _)| subjects(self.db(), self.file(id)));
        // An amendment stands for the contract it changes.
        let amended =
            self.given().flat_map(|(id, source)| amended(self.db(), self.input_of_own(source), self.file(id)));
        let mut all: Vec<Subject> = Vec::new();
        own.chain(amended).for_each(|subject| {
            if !all.contains(&subject) {
                all.push(subject);
            }
        });
        all
    }

    /// The subject called `name` (`plan_a`, `card@4`); without a name the only one there is, or
    /// the only plan among rate cards. Of several versions of a card the latest.
    pub fn subject(&self, name: Option<&str>) -> Result<Subject, SubjectError> {
        let mut all = self.subjects();
        if all.is_empty() {
            return Err(SubjectError::Nothing);
        }
        let known: Vec<String> = all.iter().map(title).collect();
        if let Some(asked) = name {
            let (bare, version) = match asked.split_once('@') {
                Some((bare, version)) => (bare, version.parse::<u32>().ok()),
                None => (asked, None),
            };
            let fits = |s: &Subject| s.name == bare && (version.is_none() || s.version == version);
            let found = all.iter().filter(|s| fits(s)).max_by_key(|s| s.version).cloned();
            return found.ok_or_else(|| SubjectError::Unknown {
                name: asked.to_owned(),
                near: nearest(bare, all.iter().map(|s| s.name.as_str())),
                known,
            });
        }
        // A card of several versions is one thing to choose.
        all.sort_by(|a, b| (a.kind, &a.name, b.version).cmp(&(b.kind, &b.name, a.version)));
        all.dedup_by(|a, b| a.kind == b.kind && a.name == b.name);
        let plans: Vec<&Subject> = all.iter().filter(|s| s.kind != "ratecard").collect();
        match (all.as_slice(), plans.as_slice()) {
            ([only], _) => Ok(only.clone()),
            (_, [only]) => Ok((*only).clone()),
            _ => Err(SubjectError::Ambiguous { known }),
        }
    }

    /// Compiles a subject, with everything that is known of it.
    pub fn compile(&self, subject: &Subject) -> Result<Compiled, SubjectError> {
        let input = self.input_of_own(self.source(price_diagnostics::FileId(subject.file.number(self.db()))));
        self.finished(subject, lowered(self.db(), input, subject.file, subject.item))
    }

    /// Compiles a subject as it was known at first, and once more for each day on which a
    /// retroactive amendment was signed; the last is what [`Workspace::compile`] gives.
    pub fn compile_known(&self, subject: &Subject) -> Result<Vec<Known>, SubjectError> {
        let input = self.input_of_own(self.source(price_diagnostics::FileId(subject.file.number(self.db()))));
        let mut all = Vec::new();
        let mut since = None;
        for day in signatures(self.db(), input, subject) {
            let before = lowered_before(self.db(), input, subject.file, subject.item, day);
            all.push(Known { since, compiled: self.finished(subject, before)? });
            since = Some(day);
        }
        all.push(Known { since, compiled: self.compile(subject)? });
        Ok(all)
    }

    /// The meaning of a version of a card, whatever `price.lock` says of it.
    pub(crate) fn compile_card(&self, card: &Subject) -> Result<MeaningHash, SubjectError> {
        let input = self.input_of_own(self.source(price_diagnostics::FileId(card.file.number(self.db()))));
        match &lowered(self.db(), input, card.file, card.item).plan {
            Some(plan) => Ok(MeaningHash::of(plan)),
            None => Err(self.faulty(card.name.clone())),
        }
    }

    fn faulty(&self, name: String) -> SubjectError {
        let mut diagnostics = self.check();
        diagnostics.retain(Diagnostic::is_error);
        SubjectError::Faulty { name, diagnostics }
    }

    fn finished(&self, subject: &Subject, made: &Lowered) -> Result<Compiled, SubjectError> {
        let name = subject.name.clone();
        let Some(plan) = made.plan.clone() else { return Err(self.faulty(name)) };
        // Who is locked is not billed by a card that has changed.
        if subject.kind != "ratecard" {
            let broken = |(file, _)| self.check_locks(file).iter().any(Diagnostic::is_error);
            if self.own().any(broken) {
                return Err(self.faulty(name));
            }
        }
        price_ir::verify(&plan).map_err(|problems| SubjectError::Bug { name, problem: problems.join("; ") })?;
        let input = self.input_of_own(self.source(price_diagnostics::FileId(subject.file.number(self.db()))));
        let rules: Vec<_> = made.rule_spans.iter().map(|span| absolute(self.db(), input, *span)).collect();
        let source_map = source_map(self, &rules);
        let hash = MeaningHash::of(&plan);
        Ok(Compiled { plan, source_map, hash })
    }
}

/// The bytes of a `.pricec` file.
pub fn artefact(compiled: &Compiled) -> Result<Vec<u8>, ArtefactError> {
    price_ir::artefact::encode(&compiled.plan, &compiled.source_map)
}

/// `plan starter`, `cloud@4`: as it can be asked for.
fn title(subject: &Subject) -> String {
    match subject.version {
        Some(version) => format!("{}@{version}", subject.name),
        None => subject.name.clone(),
    }
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|k| (strsim::damerau_levenshtein(name, k), k))
        .filter(|(distance, k)| *distance <= 1 + k.chars().count() / 4)
        .min()
        .map(|(_, k)| k.to_owned())
}
