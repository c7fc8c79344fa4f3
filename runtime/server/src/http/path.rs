//! The path of an event: what it is, whether it counts, and what it adds to the lines of its plan.

use crate::http::events::{Find, raw};
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::{App, json_of};
use crate::keys::{Caller, Role};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use price_core::{Content, PathView, Standing};
use price_ingest::write::exact_text;
use price_ir::{Plan, RuleIx, SourceMap, TierDetail};
use price_rating::{Traced, TracedCell};
use price_value::{Period, Rational, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;

#[derive(Serialize)]
struct PathOut<'p> {
    account: &'p str,
    allowances: Vec<DrawnOut<'p>>,
    as_of_entry: u64,
    billed: &'p str,
    /// Contents that were replaced, the latest first.
    earlier: Vec<EarlierOut<'p>>,
    event: &'p RawValue,
    happened: String,
    /// The period on whose invoice it stands.
    invoiced: Days,
    late: bool,
    lines: Vec<LineOut<'p>>,
    period: Days,
    plan: PlanOut<'p>,
    recorded: String,
    seq: u64,
    set: Option<&'p str>,
    state: StateOut,
}

#[derive(Serialize)]
struct PlanOut<'p> {
    hash: String,
    name: &'p str,
}

#[derive(Serialize)]
struct EarlierOut<'p> {
    account: &'p str,
    event: &'p RawValue,
    happened: String,
    recorded: String,
    seq: u64,
    state: StateOut,
}

#[derive(Serialize)]
struct StateOut {
    /// Entry that took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<u64>,
    status: &'static str,
}

#[derive(Serialize)]
struct Days {
    from: String,
    until: String,
}

#[derive(Serialize)]
struct DrawnOut<'p> {
    drawn: String,
    name: &'p str,
    rule: RuleOut<'p>,
    unit: &'p str,
}

#[derive(Serialize)]
struct LineOut<'p> {
    amount: Option<String>,
    attributed: bool,
    cells: Vec<CellOut<'p>>,
    currency: &'p str,
    /// None for a price on each event.
    meter: Option<&'p str>,
    name: &'p str,
    quantity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    rule: RuleOut<'p>,
    unit: &'p str,
}

#[derive(Serialize)]
struct CellOut<'p> {
    amount: Option<String>,
    covered: String,
    labels: Vec<LabelOut<'p>>,
    quantity: Option<String>,
    rules: Vec<RuleOut<'p>>,
    tiers: Vec<TierOut>,
}

#[derive(Serialize)]
struct LabelOut<'p> {
    dimension: &'p str,
    label: &'p str,
}

#[derive(Serialize)]
struct TierOut {
    amount: String,
    from: String,
    quantity: String,
    rate: String,
    to: Option<String>,
}

#[derive(Serialize)]
struct RuleOut<'p> {
    excerpt: Option<&'p str>,
    file: Option<&'p str>,
    line: Option<u32>,
    title: &'p str,
    within: &'p str,
}

pub(super) async fn path(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<Find>,
) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let Find { source, id } = asked;
    let tenant = caller.tenant.clone();
    let question = move |machine: &mut price_core::Machine| (machine.applied(), machine.path(&tenant, &source, &id));
    let (as_of_entry, found) = app.node()?.read(question).await?;
    let found = found.ok_or_else(|| Problem::not_found("no event with this source and id was accepted"))?;
    Ok(json_of(StatusCode::OK, &out(as_of_entry, &found)?))
}

fn out(as_of_entry: u64, view: &PathView) -> Result<PathOut<'_>, Problem> {
    let writer = Writer { plan: &view.plan, source_map: &view.source_map };
    let trace = view.trace.as_ref().map_err(|reason| Problem::unsettled(reason.to_string()))?;
    let (latest, earlier) = view.contents.split_first().ok_or_else(|| Problem::not_found("nothing"))?;
    let drawn = trace.drawn.iter().map(|(allowance, drawn)| {
        let allowance = &view.plan.allowances[allowance.ix()];
        DrawnOut { drawn: text(drawn), name: &allowance.name, rule: writer.rule(allowance.rule), unit: &allowance.unit }
    });
    let earlier: Result<Vec<EarlierOut<'_>>, Problem> = earlier.iter().map(before).collect();
    Ok(PathOut {
        account: &latest.account,
        allowances: drawn.collect(),
        as_of_entry,
        billed: &latest.billed,
        earlier: earlier?,
        event: raw(&latest.record)?,
        happened: Timestamp(latest.happened).to_string(),
        invoiced: days(&view.invoiced),
        late: view.invoiced != view.period,
        lines: trace.lines.iter().map(|line| writer.line(line)).collect(),
        period: days(&view.period),
        plan: PlanOut { hash: view.hash.to_string(), name: &latest.plan },
        recorded: Timestamp(latest.recorded).to_string(),
        seq: latest.seq,
        set: view.set.as_deref(),
        state: state(latest.standing),
    })
}

fn before(content: &Content) -> Result<EarlierOut<'_>, Problem> {
    Ok(EarlierOut {
        account: &content.account,
        event: raw(&content.record)?,
        happened: Timestamp(content.happened).to_string(),
        recorded: Timestamp(content.recorded).to_string(),
        seq: content.seq,
        state: state(content.standing),
    })
}

fn state(standing: Standing) -> StateOut {
    let (status, by) = match standing {
        Standing::Current => ("current", None),
        Standing::Voided(by) => ("voided", Some(by)),
        Standing::Reverted(by) => ("reverted", Some(by)),
        Standing::Replaced(by) => ("replaced", Some(by)),
    };
    StateOut { by, status }
}

fn days(period: &Period) -> Days {
    Days { from: period.from.to_string(), until: period.until.to_string() }
}

/// Exactly, as text: a fraction where no decimal says it.
fn text(value: &Rational) -> String {
    exact_text(value, 0)
}

struct Writer<'p> {
    plan: &'p Plan,
    source_map: &'p SourceMap,
}

impl<'p> Writer<'p> {
    fn line(&self, traced: &'p Traced) -> LineOut<'p> {
        let line = &self.plan.lines[traced.line.ix()];
        let meter = self.plan.sinks[traced.sink.ix()].meter.as_str();
        LineOut {
            amount: traced.amount.as_ref().ok().map(text),
            attributed: traced.amount.is_ok(),
            cells: traced.cells.iter().map(|cell| self.cell(cell)).collect(),
            currency: &self.plan.currency_at(line.currency).0.code,
            meter: (!meter.is_empty()).then_some(meter),
            name: &line.name,
            quantity: traced.quantity().as_ref().map(text),
            reason: traced.amount.as_ref().err().map(ToString::to_string),
            rule: self.rule(line.rule),
            unit: &traced.unit,
        }
    }

    fn cell(&self, cell: &'p TracedCell) -> CellOut<'p> {
        CellOut {
            amount: cell.amount.as_ref().map(text),
            covered: text(&cell.covered),
            labels: cell.labels.iter().map(|(dimension, label)| LabelOut { dimension, label }).collect(),
            quantity: cell.quantity.as_ref().map(text),
            rules: cell.rules.iter().map(|rule| self.rule(*rule)).collect(),
            tiers: cell.tiers.iter().map(tier).collect(),
        }
    }

    fn rule(&self, rule: RuleIx) -> RuleOut<'p> {
        let (place, named) = (self.source_map.get(rule), self.plan.rules.get(rule.ix()));
        RuleOut {
            excerpt: place.map(|place| place.excerpt.as_str()),
            file: place.map(|place| place.file.as_str()),
            line: place.map(|place| place.line),
            title: named.map_or("", |rule| &rule.title),
            within: named.map_or("", |rule| &rule.within),
        }
    }
}

fn tier(tier: &TierDetail) -> TierOut {
    TierOut {
        amount: text(&tier.exact),
        from: text(&tier.from),
        quantity: text(&tier.quantity),
        rate: text(&tier.rate),
        to: tier.to.as_ref().map(text),
    }
}
