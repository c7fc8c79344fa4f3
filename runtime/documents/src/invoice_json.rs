//! Invoices as JSON, one at a time: money and quantities are text, keys are sorted.

use crate::payment_json;
use price_ingest::write::exact_text;
use price_ir::{
    AllowanceUse, CellDetail, EntitlementUse, Invoice, InvoiceLine, MeaningHash, OWN, Plan, RuleIx, SourceMap, Step,
    TierDetail,
};
use price_value::{Period, Rational};
use serde::Serialize;

/// Version of the format: additions raise the second number, other changes the first.
pub const FORMAT_VERSION: &str = "1.0";

/// The plan an invoice comes from.
#[derive(Serialize)]
pub struct PlanHead<'p> {
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    accounts: &'p [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer: Option<&'p str>,
    currency: &'p str,
    hash: String,
    name: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    net_days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seller: Option<&'p str>,
    timezone: &'p str,
    version: Option<u32>,
}

/// What stands once for all invoices of a plan.
pub fn head<'p>(plan: &'p Plan, hash: &MeaningHash) -> PlanHead<'p> {
    let parties = plan.parties.as_ref();
    PlanHead {
        accounts: parties.map_or(&[], |p| &p.accounts),
        buyer: parties.and_then(|p| p.buyer.as_deref()),
        currency: &plan.currency.code,
        hash: hash.to_string(),
        name: &plan.name,
        net_days: plan.net_days,
        seller: parties.and_then(|p| p.seller.as_deref()),
        timezone: &plan.zone,
        version: plan.version,
    }
}

#[derive(Serialize)]
struct InvoiceOut<'i> {
    account: &'i str,
    allowances: Vec<AllowanceOut<'i>>,
    currency: &'i str,
    due: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entitlements: Vec<EntitlementOut<'i>>,
    lines: Vec<LineOut<'i>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<payment_json::PaymentOut<'i>>,
    period: Days,
    plan: &'i str,
    served: Days,
    total: String,
}

#[derive(Serialize)]
struct EntitlementOut<'i> {
    allowed: bool,
    hard: bool,
    limit: Option<String>,
    name: &'i str,
    text: Option<&'i str>,
    unit: &'i str,
    used: String,
}

#[derive(Serialize)]
struct Days {
    from: String,
    until: String,
}

#[derive(Serialize)]
struct AllowanceOut<'i> {
    carried_in: String,
    carried_out: String,
    forfeited: String,
    granted: String,
    name: &'i str,
    unit: &'i str,
    used: String,
}

#[derive(Serialize)]
struct LineOut<'i> {
    amount: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attribution: Vec<ShareOut<'i>>,
    cells: Vec<CellOut<'i>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    corrects: Option<Days>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'i str>,
    exact: String,
    gross: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ledger: Option<&'i str>,
    name: &'i str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    paid: Vec<PaidOut<'i>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<&'i str>,
    quantity: Option<QuantityOut<'i>>,
    rule: RuleOut<'i>,
    steps: Vec<StepOut<'i>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'i [String],
}

#[derive(Serialize)]
struct PaidOut<'i> {
    amount: String,
    by: &'i str,
}

#[derive(Serialize)]
struct ShareOut<'i> {
    amount: String,
    label: &'i str,
}

#[derive(Serialize)]
struct QuantityOut<'i> {
    unit: &'i str,
    value: String,
}

#[derive(Serialize)]
struct RuleOut<'i> {
    file: Option<&'i str>,
    line: Option<u32>,
    title: &'i str,
    within: &'i str,
}

#[derive(Serialize)]
struct StepOut<'i> {
    change: String,
    label: &'i str,
    rule: Option<RuleOut<'i>>,
}

#[derive(Serialize)]
struct CellOut<'i> {
    amount: String,
    covered: String,
    events: u64,
    exact: String,
    labels: Vec<LabelOut<'i>>,
    quantity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratchet: Option<RatchetOut>,
    rules: Vec<RuleOut<'i>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scale: Option<String>,
    tiers: Vec<TierOut>,
}

#[derive(Serialize)]
struct RatchetOut {
    measured: String,
    peak: String,
    since: String,
}

#[derive(Serialize)]
struct LabelOut<'i> {
    dimension: &'i str,
    label: &'i str,
}

#[derive(Serialize)]
struct TierOut {
    amount: String,
    exact: String,
    from: String,
    quantity: String,
    rate: String,
    to: Option<String>,
}

/// An amount in the currency of a plan, as an invoice writes it.
pub fn money(value: &Rational, plan: &Plan) -> String {
    exact_text(value, plan.currency.decimals.into())
}

/// One invoice on one line, without a newline.
pub fn invoice(invoice: &Invoice, plan: &Plan, source_map: &SourceMap) -> String {
    let writer = Writer { plan, source_map };
    let out = InvoiceOut {
        account: &invoice.account,
        allowances: invoice.allowances.iter().map(allowance).collect(),
        currency: &plan.currency.code,
        due: writer.money(&invoice.due),
        entitlements: invoice.entitlements.iter().map(entitlement).collect(),
        payment: invoice.payment.as_ref().map(|payment| payment_json::payment(payment, plan)),
        lines: invoice.lines.iter().map(|line| writer.line(line)).collect(),
        period: days(&invoice.period),
        plan: &plan.name,
        served: days(&invoice.served),
        total: writer.money(&invoice.total),
    };
    // Texts and numbers only: always serialises.
    serde_json::to_string(&out).unwrap_or_default()
}

/// One invoice as a line of a stream.
pub fn line(of: &Invoice, plan: &Plan, source_map: &SourceMap) -> String {
    let body = invoice(of, plan, source_map);
    format!("{{\"type\":\"invoice\",{}", &body[1..])
}

fn days(period: &Period) -> Days {
    Days { from: period.from.to_string(), until: period.until.to_string() }
}

fn plain(value: &Rational) -> String {
    exact_text(value, 0)
}

fn entitlement(of: &EntitlementUse) -> EntitlementOut<'_> {
    EntitlementOut {
        allowed: of.allowed,
        hard: of.hard,
        limit: of.limit.as_ref().map(plain),
        name: &of.name,
        text: of.text.as_deref(),
        unit: &of.unit,
        used: plain(&of.used),
    }
}

fn allowance(of: &AllowanceUse) -> AllowanceOut<'_> {
    AllowanceOut {
        carried_in: plain(&of.carried_in),
        carried_out: plain(&of.carried_out),
        forfeited: plain(&of.forfeited),
        granted: plain(&of.granted),
        name: &of.name,
        unit: &of.unit,
        used: plain(&of.used),
    }
}

struct Writer<'p> {
    plan: &'p Plan,
    source_map: &'p SourceMap,
}

impl<'p> Writer<'p> {
    fn money(&self, value: &Rational) -> String {
        money(value, self.plan)
    }

    fn rule(&self, rule: RuleIx) -> RuleOut<'p> {
        let place = self.source_map.get(rule);
        let named = self.plan.rules.get(rule.ix());
        RuleOut {
            file: place.map(|place| place.file.as_str()),
            line: place.map(|place| place.line),
            title: named.map_or("", |rule| &rule.title),
            within: named.map_or("", |rule| &rule.within),
        }
    }

    fn line<'i>(&self, line: &'i InvoiceLine) -> LineOut<'i>
    where
        'p: 'i,
    {
        let attribution = line.attribution.iter();
        let paid = line.paid.iter().map(|(by, amount)| PaidOut { amount: self.money(amount), by });
        let foreign = (line.currency != OWN).then(|| self.plan.currency_at(line.currency).0.code.as_str());
        LineOut {
            corrects: line.corrects.as_ref().map(days),
            currency: foreign,
            ledger: line.about.ledger.as_deref(),
            paid: paid.collect(),
            product: line.about.product.as_deref(),
            tags: &line.about.tags,
            amount: self.money(&line.amount),
            attribution: attribution.map(|(label, amount)| ShareOut { amount: self.money(amount), label }).collect(),
            cells: line.cells.iter().map(|cell| self.cell(cell)).collect(),
            exact: plain(&line.exact),
            gross: plain(&line.gross),
            kind: line.kind.word(),
            name: &line.name,
            quantity: line.quantity.as_ref().map(|(value, unit)| QuantityOut { unit, value: plain(value) }),
            rule: self.rule(line.rule),
            steps: line.steps.iter().map(|step| self.step(step)).collect(),
        }
    }

    fn step<'i>(&self, step: &'i Step) -> StepOut<'i>
    where
        'p: 'i,
    {
        StepOut { change: plain(&step.change), label: &step.label, rule: step.rule.map(|rule| self.rule(rule)) }
    }

    fn cell<'i>(&self, cell: &'i CellDetail) -> CellOut<'i>
    where
        'p: 'i,
    {
        CellOut {
            amount: self.money(&cell.amount),
            covered: plain(&cell.covered),
            events: cell.events,
            exact: plain(&cell.exact),
            labels: cell.labels.iter().map(|(dimension, label)| LabelOut { dimension, label }).collect(),
            quantity: plain(&cell.quantity),
            ratchet: cell.ratchet.as_ref().map(|ratchet| RatchetOut {
                measured: plain(&ratchet.measured),
                peak: plain(&ratchet.peak),
                since: ratchet.since.to_string(),
            }),
            rules: cell.rules.iter().map(|rule| self.rule(*rule)).collect(),
            scale: cell.scale.as_ref().map(plain),
            tiers: cell.tiers.iter().map(tier).collect(),
        }
    }
}

fn tier(tier: &TierDetail) -> TierOut {
    TierOut {
        amount: plain(&tier.amount),
        exact: plain(&tier.exact),
        from: plain(&tier.from),
        quantity: plain(&tier.quantity),
        rate: plain(&tier.rate),
        to: tier.to.as_ref().map(plain),
    }
}
