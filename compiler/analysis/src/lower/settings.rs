//! What a plan says of itself: currency, zone, billing, rounding, late usage.

use super::Lowering;
use super::layers::{Layer, span_of};
use crate::codes;
use crate::declare::calendar::unknown_zone;
use crate::env::Entity;
use crate::report;
use crate::types::{Names, Ty, Typer};
use price_diagnostics::{Diagnostic, Fix, Span};
use price_ir::{LatePolicy, LineRounding, RoundingScope};
use price_syntax::ast::{self, StmtKind};
use price_value::{Currency, Rounding, RoundingMode, Schedule, Window, Zone};

/// The settings, each from the highest layer that states it.
pub struct Settings {
    /// Currency of amounts.
    pub currency: Currency,
    /// IANA zone.
    pub zone: String,
    /// Billing periods.
    pub billing: Schedule,
    /// Days until due.
    pub net_days: Option<u32>,
    /// Dates of use.
    pub effective: price_value::Span,
    /// Rounding of lines.
    pub rounding: LineRounding,
    /// Late usage.
    pub late: Option<LatePolicy>,
    /// Whether all of them are the author's. Otherwise stand-ins fill the gaps, so that the rest
    /// of the plan is checked too; such a plan is never built.
    pub complete: bool,
}

/// "How is a partial period charged?"
pub fn say_proration(name: &str, span: Span, before: Option<Span>) -> Diagnostic {
    let finding = Diagnostic::error(codes::SAY_PRORATION, format!("`{name}` must say how a partial period is charged"))
        .at(span, "")
        .note("a subscription may begin or end inside a period")
        .help(format!("write `prorate {name} daily` or `prorate {name} never`"));
    let statements = [format!("prorate {name} daily"), format!("prorate {name} never")];
    report::choices(finding, before, 2, &statements)
}

impl Settings {
    /// Reads the settings of the layers; `None` without a currency. In an item with unreadable
    /// lines nothing is called missing, and nothing further is read: it may stand in such a line.
    pub fn read(lowering: &mut Lowering<'_>, layers: &[Layer], name: Span, recovered: bool) -> Option<Settings> {
        let currency = currency(lowering, layers, name, recovered);
        let zone = zone(lowering, layers, name, recovered);
        let billing = billing(lowering, layers, name, recovered);
        let late = late(lowering, layers, name, recovered);
        let own_effective = super::amend::own(layers).and_then(|own| {
            own.body().iter().rev().find_map(|s| match &s.kind {
                StmtKind::Effective(validity) => Some(span_of(Some(validity))),
                _ => None,
            })
        });
        let currency = currency?;
        let rounding = rounding(lowering, layers, &currency, name, recovered);
        let complete = zone.is_some() && billing.is_some() && rounding.is_some() && late.is_some();
        if recovered && !complete {
            return None;
        }
        let monthly = Schedule { every: Window::Month, day: 1, month: 1 };
        let (billing, net_days) = billing.unwrap_or((monthly, None));
        let to_quantum = || LineRounding {
            each: RoundingScope::Line,
            rounding: Rounding { mode: RoundingMode::HalfEven, step: currency.minor_unit() },
        };
        Some(Settings {
            zone: zone.unwrap_or_else(|| "UTC".into()),
            billing,
            net_days,
            effective: own_effective.unwrap_or_default(),
            rounding: rounding.unwrap_or_else(to_quantum),
            late: late.flatten(),
            complete,
            currency,
        })
    }
}

/// The statement of the highest layer that `pick` likes.
fn top<'l, T>(layers: &'l [Layer], pick: impl Fn(&'l StmtKind) -> Option<T>) -> Option<(T, &'l Layer, Span)> {
    layers
        .iter()
        .rev()
        .find_map(|layer| layer.body().iter().rev().find_map(|s| pick(&s.kind).map(|found| (found, layer, s.span))))
}

pub(super) fn currency(lowering: &mut Lowering<'_>, layers: &[Layer], name: Span, recovered: bool) -> Option<Currency> {
    let Some((code, layer, _)) = top(layers, |s| match s {
        StmtKind::Currency(code) => Some(code),
        _ => None,
    }) else {
        if !recovered {
            let finding = Diagnostic::error(codes::SAY_CURRENCY, "no currency is stated")
                .at(name, "")
                .help("write `currency USD` and import it with `use std.currencies (USD)`");
            let own = super::amend::own(layers).map(|own| own.env.clone());
            let imported = own.iter().flat_map(|env| &env.names);
            let choices: Vec<String> = imported
                .filter(|(_, entity)| matches!(entity, Entity::Currency(_)))
                .map(|(name, _)| format!("currency {name}"))
                .collect();
            lowering.report(report::choices(finding, first_statement(layers), 2, &choices));
        }
        return None;
    };
    let found = lowering.scoped(layer, |scope| scope.entity(&code.text));
    match found {
        Some(Entity::Currency(found)) => {
            // The symbol is the one the module reads.
            let symbols = &layer.env.symbols;
            let symbol = symbols.iter().find(|(_, c)| c.code == found.code).map(|(s, _)| s.to_string());
            Some(Currency { symbol: symbol.or(found.symbol.clone()), ..(*found).clone() })
        }
        Some(Entity::Error) => None,
        Some(other) => {
            let message = format!("`{}` is {}, not a currency", code.text, other.kind());
            lowering.report(Diagnostic::error(codes::WRONG_KIND, message).at(code.span, ""));
            None
        }
        None => {
            lowering.report(
                Diagnostic::error(codes::UNKNOWN_NAME, format!("there is no currency called `{}`", code.text))
                    .at(code.span, "")
                    .help(format!("import it: `use std.currencies ({})`", code.text)),
            );
            None
        }
    }
}

fn zone(lowering: &mut Lowering<'_>, layers: &[Layer], name: Span, recovered: bool) -> Option<String> {
    let found = top(layers, |s| match s {
        StmtKind::Timezone(zone) => Some(zone),
        _ => None,
    });
    match found {
        Some((zone, ..)) if Zone::get(&zone.value).is_some() => Some(zone.value.clone()),
        Some((zone, ..)) => {
            lowering.report(unknown_zone(zone));
            None
        }
        None if !lowering.is_plan => Some("UTC".into()),
        None => {
            if !recovered {
                let finding = Diagnostic::error(codes::SAY_TIMEZONE, "no time zone is stated")
                    .at(name, "in which zone do its periods begin?")
                    .help("write for example `timezone \"Europe/Berlin\"`");
                let first = first_statement(layers);
                lowering.report(report::choices(
                    finding,
                    first,
                    2,
                    &[
                        "timezone \"UTC\"".to_string(),
                        "timezone \"Europe/Berlin\"".to_string(),
                        "timezone \"America/New_York\"".to_string(),
                    ],
                ));
            }
            None
        }
    }
}

fn billing(
    lowering: &mut Lowering<'_>,
    layers: &[Layer],
    name: Span,
    recovered: bool,
) -> Option<(Schedule, Option<u32>)> {
    let Some((billing, _, span)) = top(layers, |s| match s {
        StmtKind::Billing(billing) => Some(billing),
        _ => None,
    }) else {
        if !lowering.is_plan {
            return Some((Schedule { every: Window::Month, day: 1, month: 1 }, None));
        }
        if !recovered {
            let finding = Diagnostic::error(codes::SAY_BILLING, "no billing period is stated")
                .at(name, "")
                .help("write for example `billing monthly on day 1`");
            let first = first_statement(layers);
            lowering.report(report::choices(
                finding,
                first,
                2,
                &["billing monthly on day 1".to_string(), "billing yearly on day 1".to_string()],
            ));
        }
        return None;
    };
    let every = match billing.every {
        ast::Frequency::Daily => Window::Day,
        ast::Frequency::Monthly => Window::Month,
        ast::Frequency::Quarterly => Window::Quarter,
        ast::Frequency::Yearly => Window::Year,
        ast::Frequency::Hourly | ast::Frequency::Weekly => {
            lowering.report(
                Diagnostic::error(
                    codes::NOT_YET,
                    "a plan is billed daily, monthly, quarterly or yearly in this version",
                )
                .at(span, ""),
            );
            return None;
        }
    };
    let day = match &billing.day {
        Some(day) => match day.as_u64() {
            Some(n @ 1..=31) => {
                if n > 28 && !billing.or_last_day {
                    let end = day.span.after();
                    lowering.report(
                        Diagnostic::error(codes::SAY_LAST_DAY, format!("some months have no day {n}"))
                            .at(day.span, "")
                            .help("say what happens then")
                            .fix(Fix::replace("use the last day of such a month", end, " or last day", false)),
                    );
                    return None;
                }
                n as u8
            }
            _ => {
                lowering.report(
                    Diagnostic::error(codes::OUT_OF_RANGE, "a billing day is a number from 1 to 31").at(day.span, ""),
                );
                return None;
            }
        },
        None if every == Window::Day => 1,
        None => {
            let finding = Diagnostic::error(codes::SAY_BILLING, "the day on which a period begins is not stated")
                .at(span, "")
                .help("write for example `billing monthly on day 1`");
            lowering.report(match billing.net {
                None => report::behind(finding, span, &["on day 1", "on day 31 or last day"]),
                Some(_) => finding,
            });
            return None;
        }
    };
    let net = match &billing.net {
        None => None,
        Some(net) => {
            let days = net.number.as_u64().filter(|_| matches!(net.unit.text.as_str(), "day" | "days"));
            let Some(days) = days.and_then(|d| u32::try_from(d).ok()) else {
                lowering.report(
                    Diagnostic::error(codes::OUT_OF_RANGE, "an invoice is due after a number of days")
                        .at(net.span, "")
                        .help("write for example `net 30 days`"),
                );
                return None;
            };
            Some(days)
        }
    };
    Some((Schedule { every, day, month: 1 }, net))
}

fn late(lowering: &mut Lowering<'_>, layers: &[Layer], name: Span, recovered: bool) -> Option<Option<LatePolicy>> {
    let found = top(layers, |s| match s {
        StmtKind::LateEvents { grace, then } => Some((grace, then)),
        _ => None,
    });
    match found {
        Some(((grace, then), _, _)) => {
            let days = grace.number.as_u64().filter(|_| matches!(grace.unit.text.as_str(), "day" | "days"));
            let Some(days) = days.and_then(|d| u32::try_from(d).ok()).filter(|d| *d <= 3660) else {
                lowering.report(
                    Diagnostic::error(codes::OUT_OF_RANGE, "late usage is accepted for a number of days")
                        .at(grace.span, "")
                        .help("write for example `late events accepted for 3 days then next period`"),
                );
                return None;
            };
            Some(Some(LatePolicy { grace_days: days, then_rejected: *then == ast::LateRule::Rejected }))
        }
        None => {
            let has_usage = layers.iter().any(|l| l.body().iter().any(|s| matches!(s.kind, StmtKind::Price(_))));
            if lowering.is_plan && has_usage && !recovered {
                let finding = Diagnostic::error(codes::SAY_LATE, "what happens to late usage is not stated")
                    .at(name, "")
                    .help("write `late events accepted for 3 days then next period`, or `then rejected`");
                let first = first_statement(layers);
                lowering.report(report::choices(
                    finding,
                    first,
                    2,
                    &[
                        "late events accepted for 3 days then next period".to_string(),
                        "late events accepted for 3 days then rejected".to_string(),
                    ],
                ));
                return None;
            }
            Some(None)
        }
    }
}

pub(super) fn rounding(
    lowering: &mut Lowering<'_>,
    layers: &[Layer],
    currency: &Currency,
    name: Span,
    recovered: bool,
) -> Option<LineRounding> {
    let Some((stated, layer, _)) = top(layers, |s| match s {
        StmtKind::Rounding { point, rounding } => Some((point, rounding)),
        _ => None,
    }) else {
        if !recovered {
            let step = match currency.decimals {
                2 => "cents".to_string(),
                0 => format!("1 {}", currency.code),
                n => format!("0.{}1 {}", "0".repeat(usize::from(n) - 1), currency.code),
            };
            let finding = Diagnostic::error(codes::SAY_ROUNDING, "no rounding is stated")
                .at(name, "where and how are amounts rounded?")
                .help(format!("write for example `rounding each line half-up to {step}`"));
            let choices = ["half-up", "half-even"].map(|mode| format!("rounding each line {mode} to {step}"));
            lowering.report(report::choices(finding, first_statement(layers), 2, &choices));
        }
        return None;
    };
    let (point, rounding) = stated;
    let each = match point {
        ast::RoundingPoint::Line => RoundingScope::Line,
        ast::RoundingPoint::Tier => RoundingScope::Tier,
        ast::RoundingPoint::Cell => RoundingScope::Cell,
    };
    let ty = Ty::Money(currency.code.clone());
    let rounding = lowering.scoped(layer, |scope| Typer::new(scope).rounding(rounding, &ty, Some(currency)))?;
    Some(LineRounding { each, rounding })
}

/// Where the first statement of the item stands, to write another in front of it.
pub fn first_statement(layers: &[Layer]) -> Option<Span> {
    super::amend::own(layers).and_then(|l| l.body().first()).map(|s| s.span)
}
