//! `calendar` and `holidays`.

use super::DimensionDef;
use crate::codes;
use crate::env::{Builder, Entity};
use crate::report;
use crate::types::{Names, resolve};
use price_diagnostics::Diagnostic;
use price_ir::{Calendar, CalendarIx, Dimension, DimensionKind, Slot};
use price_syntax::ast;
use price_value::{Date, Zone};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A calendar and the dimension it is.
#[derive(Debug, Clone, PartialEq)]
pub struct CalendarDef {
    /// Module and name.
    pub id: String,
    /// Slots.
    pub ir: Calendar,
    /// Its labels.
    pub dimension: Arc<DimensionDef>,
}

const DAY: u32 = 86_400;

/// The dates of a holiday list, sorted.
pub(crate) fn holidays(decl: &ast::HolidaysDecl) -> Vec<Date> {
    let days: BTreeSet<Date> = decl
        .days
        .iter()
        .filter_map(|day| match day {
            ast::Holiday::Day { date, .. } => date_of(date),
            ast::Holiday::Bad(_) => None,
        })
        .collect();
    days.into_iter().collect()
}

/// A date of the syntax as a value.
pub fn date_of(date: &ast::Date) -> Option<Date> {
    Date::new(date.year as i16, date.month as i8, date.day as i8)
}

/// First day of a period and the first one after it; `None` if there is no such day.
pub fn days_of(period: &ast::Period) -> Option<(Date, Date)> {
    use ast::PeriodKind::*;
    match &period.kind {
        Year { year } => Date::new(*year as i16, 1, 1).map(|d| (d, d.add_months(12, 1))),
        Quarter { year, quarter } => {
            Date::new(*year as i16, (quarter * 3 - 2) as i8, 1).map(|d| (d, d.add_months(3, 1)))
        }
        Month { year, month } => Date::new(*year as i16, *month as i8, 1).map(|d| (d, d.add_months(1, 1))),
        Day(date) => date_of(date).map(|d| (d, d.add_days(1))),
        Range { from, end } => {
            let (from, last) = (date_of(from)?, date_of(&end.date)?);
            let until = if end.inclusive { last.add_days(1) } else { last };
            (from < until).then_some((from, until))
        }
    }
}

/// A calendar; `None` after a finding.
pub(crate) fn build(builder: &mut Builder<'_>, decl: &ast::CalendarDecl) -> Option<CalendarDef> {
    let name = decl.name.text.clone();
    if Zone::get(&decl.zone.value).is_none() {
        builder.report(unknown_zone(&decl.zone));
        return None;
    }
    let mut labels: Vec<String> = Vec::new();
    let mut slots = Vec::new();
    let mut otherwise = None;
    for slot in &decl.slots {
        let (label, span) = match slot {
            ast::Slot::Rule { label, span, .. } | ast::Slot::Otherwise { label, span, .. } => (label, *span),
            ast::Slot::Bad(_) => return None,
        };
        if let Some(end) = otherwise {
            builder.report(
                Diagnostic::error(codes::CALENDAR_GAPS, "nothing can stand behind `otherwise`")
                    .at(span, "never holds")
                    .also(end, "this line takes everything that is left"),
            );
            return None;
        }
        let code = match labels.iter().position(|l| *l == label.text) {
            Some(at) => at as u32,
            None => {
                labels.push(label.text.clone());
                labels.len() as u32 - 1
            }
        };
        match slot {
            ast::Slot::Rule { months, days, hours, except_holidays, .. } => {
                let mut except: BTreeSet<Date> = BTreeSet::new();
                for path in except_holidays {
                    except.extend(holiday_list(builder, path)?);
                }
                let whole = [(0, DAY)];
                let ranges: Vec<(u32, u32)> = if hours.is_empty() {
                    whole.to_vec()
                } else {
                    hours.iter().map(|h| (seconds(&h.from), seconds(&h.to))).collect()
                };
                for (from, to) in ranges {
                    if from == to {
                        builder.report(
                            Diagnostic::error(codes::CALENDAR_GAPS, "this range of the clock is empty")
                                .at(span, "never holds"),
                        );
                        return None;
                    }
                    slots.push(Slot {
                        label: code,
                        months: mask(months, 12),
                        days: mask(days, 7) as u8,
                        from,
                        to,
                        except: except.iter().copied().collect(),
                    });
                }
            }
            _ => {
                otherwise = Some(span);
                slots.push(Slot { label: code, months: 0xfff, days: 0x7f, from: 0, to: DAY, except: Vec::new() });
            }
        }
    }
    if otherwise.is_none() {
        builder.report(
            Diagnostic::error(codes::CALENDAR_GAPS, format!("the calendar `{name}` does not cover all of the time"))
                .at(decl.name.span, "")
                .help("end it with a line such as `offpeak otherwise`"),
        );
        return None;
    }
    let id = format!("{}.{name}", builder.file.module(builder.db));
    let dimension = DimensionDef {
        id: id.clone(),
        ir: Dimension { name: name.clone(), labels, kind: DimensionKind::Calendar(CalendarIx(0)) },
        bucketed: None,
    };
    Some(CalendarDef {
        id,
        ir: Calendar { name, zone: decl.zone.value.clone(), slots },
        dimension: Arc::new(dimension),
    })
}

/// "There is no such zone."
pub fn unknown_zone(zone: &ast::Text) -> Diagnostic {
    let common = [
        "UTC",
        "Europe/Berlin",
        "Europe/Paris",
        "Europe/London",
        "America/New_York",
        "America/Los_Angeles",
        "America/Chicago",
        "America/Sao_Paulo",
        "Asia/Tokyo",
        "Asia/Singapore",
        "Asia/Kolkata",
        "Australia/Sydney",
    ];
    report::unknown(codes::OUT_OF_RANGE, "time zone", &zone.value, zone.span, common)
        .note("zones are named as in the IANA database, for example \"Europe/Berlin\"")
}

fn holiday_list(builder: &mut Builder<'_>, path: &ast::Path) -> Option<Vec<Date>> {
    // Lists of the standard library are in scope of `except holidays` without an import.
    if let Some(name) = path.as_name()
        && builder.entity(&name.text).is_none()
        && let Some(file) = builder.workspace.module(builder.db, "std.holidays")
        && file != builder.file
    {
        let env = crate::db::names(builder.db, builder.workspace, file).clone();
        if let Some(Entity::Holidays(days)) = env.names.get(&name.text) {
            return Some(days.to_vec());
        }
    }
    match resolve(builder, path) {
        Entity::Holidays(days) => Some(days.to_vec()),
        Entity::Error => None,
        other => {
            let message = format!("`{}` is {}, not a list of holidays", path.text(), other.kind());
            builder.report(Diagnostic::error(codes::WRONG_KIND, message).at(path.span, ""));
            None
        }
    }
}

fn seconds(clock: &ast::Clock) -> u32 {
    u32::from(clock.hour) * 3600 + u32::from(clock.minute) * 60 + u32::from(clock.second)
}

/// Bits of the values in the ranges, all of them when there are no ranges. Ranges may wrap.
fn mask(ranges: &[ast::CalendarRange], size: u8) -> u16 {
    if ranges.is_empty() {
        return (1 << size) - 1;
    }
    let mut bits = 0;
    for range in ranges {
        let mut at = range.first.clamp(1, size);
        loop {
            bits |= 1 << (at - 1);
            if at == range.last.clamp(1, size) {
                break;
            }
            at = at % size + 1;
        }
    }
    bits
}
