//! Translates, compiles, rates on both engines and compares.

use super::data::{Case, load};
use super::report::{Report, Verdict};
use super::translate::translate;
use crate::program::{Program, Rated, Usage, rate_both};
use price_ir::Plan;
use price_rating::Subscription;
use price_value::Date;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One rating of some usage with one plan of the file.
#[derive(Debug, Clone)]
pub struct Rating {
    /// Plan.
    pub plan: String,
    /// Who is served when.
    pub subscriptions: Vec<Subscription>,
    /// Usage.
    pub usage: Vec<Usage>,
    /// First day asked for.
    pub from: Date,
    /// First day after.
    pub until: Date,
}

/// Compares what came out with what has to; an element per difference.
pub type Judge = Box<dyn Fn(&[Rated]) -> Vec<String>>;

/// A case in our language.
pub struct Translation {
    /// A whole file.
    pub source: String,
    /// What is rated with it.
    pub ratings: Vec<Rating>,
    /// What has to come out.
    pub judge: Judge,
}

/// The verdict on one case, and the file written for it.
pub fn judge(case: &Case) -> (Verdict, Option<String>) {
    match translate(case) {
        Err(reason) => (Verdict::Unsupported(reason), None),
        Ok(made) => {
            let verdict = match rated(&made) {
                Err(problem) => Verdict::Failed(vec![problem]),
                Ok(results) => {
                    let wrong = (made.judge)(&results);
                    if wrong.is_empty() { Verdict::Passed } else { Verdict::Failed(wrong) }
                }
            };
            (verdict, Some(made.source))
        }
    }
}

fn rated(made: &Translation) -> Result<Vec<Rated>, String> {
    let program = Program::new(&made.source)?;
    let mut plans: BTreeMap<&str, Arc<Plan>> = BTreeMap::new();
    let mut results = Vec::new();
    for rating in &made.ratings {
        let plan = match plans.get(rating.plan.as_str()) {
            Some(plan) => plan.clone(),
            None => {
                let plan = program.plan(&rating.plan)?;
                plans.insert(&rating.plan, plan.clone());
                plan
            }
        };
        let range = (Some(rating.from), Some(rating.until));
        results.push(rate_both(&plan, &rating.subscriptions, &rating.usage, range)?);
    }
    Ok(results)
}

/// Runs the cases of some files, optionally of one kind only; the files written go to `write`.
pub fn run_files(files: &[PathBuf], kind: Option<&str>, write: Option<&Path>) -> Result<Report, String> {
    let mut report = Report::default();
    if let Some(folder) = write {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    for path in files {
        let name = path.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
        for case in load(path)?.iter().filter(|c| kind.is_none_or(|k| c.kind == k)) {
            let (verdict, source) = judge(case);
            if let (Some(folder), Some(source)) = (write, source) {
                let path = folder.join(format!("{}.price", case.id));
                std::fs::write(&path, source).map_err(|e| format!("{}: {e}", path.display()))?;
            }
            report.add(&name, case, verdict);
        }
    }
    Ok(report)
}
