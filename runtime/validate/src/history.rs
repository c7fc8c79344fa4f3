//! Random histories of a plan: usage of several accounts over months, put through subscriptions, windows,
//! tiers, balances and rounding by both engines, to the last figure of every invoice.

use crate::rng::Rng;
use crate::rows::batch;
use price_ir::{DimIx, EventIx, Fault, Invoice, Kernel, Plan};
use price_rating::{Rater, RejectReason, SettleError};
use price_value::Date;
use std::sync::Arc;

/// Accounts of a history.
const ACCOUNTS: [&str; 3] = ["a", "b", "c"];
/// Rows of one event.
const ROWS: usize = 40;
/// Nanoseconds of a day.
const DAY: i64 = 86_400_000_000_000;
/// Days of a history.
const DAYS: u64 = 75;

/// What a history came to.
type Told = Vec<(String, Result<Invoice, SettleError>)>;

/// Where invoices of two engines differ, if they do. A history in which a number is too large for one of
/// them says nothing.
pub(crate) fn differs(
    plan: &Arc<Plan>,
    believed: &Arc<dyn Kernel>,
    other: &Arc<dyn Kernel>,
    rng: &mut Rng,
) -> Option<String> {
    let (Some(a), Some(b)) = (history(plan, believed, &mut rng.clone()), history(plan, other, rng)) else {
        return None;
    };
    let huge = |of: &Result<Invoice, SettleError>| matches!(of, Err(SettleError::Fault { fault: Fault::Overflow, .. }));
    let mut pairs = a.iter().zip(&b).filter(|(_, b)| !huge(&b.1));
    if let Some((a, b)) = pairs.find(|(a, b)| a != b) {
        return Some(format!("{}: {} and {}", a.0, shown(&a.1), shown(&b.1)));
    }
    (a.len() != b.len()).then(|| format!("{} and {} invoices", a.len(), b.len()))
}

/// What an invoice asks for, and its lines, or why there is none.
fn shown(of: &Result<Invoice, SettleError>) -> String {
    match of {
        Ok(invoice) => {
            let lines = invoice.lines.iter().map(|line| format!("{} {}", line.name, line.exact));
            format!("{} = {}", lines.collect::<Vec<_>>().join(" + "), invoice.total)
        }
        Err(problem) => problem.to_string(),
    }
}

fn history(plan: &Arc<Plan>, kernel: &Arc<dyn Kernel>, rng: &mut Rng) -> Option<Told> {
    let mut rater = Rater::new(kernel.clone()).ok()?;
    let named = plan.parties.as_ref().map(|parties| parties.accounts.clone()).filter(|all| !all.is_empty());
    let accounts = named.unwrap_or_else(|| ACCOUNTS.map(str::to_owned).to_vec());
    let subjects: Vec<u32> = accounts.iter().map(|account| rater.subject(account).0).collect();
    let starts = plan.effective.from.or_else(|| Date::new(2026, 1, 1))?;
    let start = price_value::Zone::utc().start_of(starts).0;
    for (dim, _) in plan.dimensions.iter().enumerate().filter(|(_, of)| of.size().is_none()) {
        for label in 0..crate::rows::OPEN {
            rater.labels().intern(DimIx(dim as u32), &label.to_string())?;
        }
    }
    for event in 0..plan.events.len() {
        let mut rows = batch(rng, plan, EventIx(event as u32), ROWS);
        let mut times: Vec<i64> = (0..ROWS).map(|_| start + (rng.below(DAYS * 24) as i64) * (DAY / 24)).collect();
        times.sort_unstable();
        rows.happened = times;
        let whose: Vec<u32> = (0..ROWS).map(|_| *rng.pick(&subjects)).collect();
        let faults = rater.push(&mut rows, &whose);
        if faults.iter().any(|fault| matches!(fault.reason, RejectReason::Fault { fault: Fault::Overflow, .. })) {
            return None;
        }
    }
    let until = starts.add_days(DAYS as i32);
    let due = rater.due(Some(starts), Some(until));
    Some(
        due.into_iter()
            .map(|(subject, period)| {
                let invoice = rater.close(&subject, &period);
                (format!("{subject} in {period}"), invoice)
            })
            .collect(),
    )
}
