//! Imports, constants, currencies, units, dimensions, calendars, events, meters, formulas.

use super::Lower;
use crate::ast::{
    Aggregate, Bounded, Bucket, CalendarDecl, CalendarRange, ClockRange, CurrencyDecl, DimensionDecl, DimensionSource,
    Docs, EventDecl, EventEntry, Expr, Field, FieldFormula, FieldType, FormulaDecl, Holiday, HolidaysDecl, Label,
    LetDecl, MeterDecl, Name, Param, Seed, Slot, SlotAggregate, UnitDecl, UnitDefinition, UnitOp, UseDecl, UseName,
};
use crate::grammar::Rule;
use crate::tree::Node;
use price_diagnostics::{Code, Diagnostic};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Lower {
    pub(super) fn use_item(&mut self, node: Node<'_>) -> Option<UseDecl> {
        if let Some(symbol) = node.part(Rule::symbol) {
            return Some(UseDecl::CurrencySymbol {
                code: self.first_name(node)?,
                symbol: symbol.read().chars().next()?,
                symbol_span: self.span(symbol),
            });
        }
        let alias = |part: Node<'_>| part.part(Rule::use_alias).and_then(|alias| self.first_name(alias));
        let one = |part: Node<'_>| Some(UseName { name: self.name(part.part(Rule::word)?), alias: alias(part) });
        Some(UseDecl::Module {
            path: self.first_path(node)?,
            version: node.part(Rule::use_version).and_then(|version| self.first_number(version)),
            names: node.part(Rule::use_names).map(|names| names.parts_of(Rule::use_name).filter_map(one).collect()),
            alias: alias(node),
        })
    }

    pub(super) fn let_item(&mut self, node: Node<'_>) -> Option<LetDecl> {
        Some(LetDecl { name: self.first_name(node)?, value: self.first_expr(node, Rule::expr)? })
    }

    pub(super) fn currency_item(&mut self, node: Node<'_>) -> Option<CurrencyDecl> {
        Some(CurrencyDecl {
            code: self.first_name(node)?,
            symbol: self.first_text(node),
            is_virtual: node.has(Rule::kw_virtual),
            decimals: self.first_number(node),
        })
    }

    pub(super) fn unit_item(&mut self, node: Node<'_>) -> Option<UnitDecl> {
        let mut names = node.parts_of(Rule::name).map(|name| self.name(name));
        Some(UnitDecl {
            name: names.next()?,
            aliases: names.collect(),
            definition: node.part(Rule::unit_definition).and_then(|part| self.unit_definition(part)),
        })
    }

    fn unit_definition(&self, node: Node<'_>) -> Option<UnitDefinition> {
        let mut first = None;
        let mut rest = Vec::new();
        let mut op = UnitOp::Times;
        for part in node.parts() {
            if part.is(Rule::mul_op) {
                op = if part.read() == "*" { UnitOp::Times } else { UnitOp::Over };
            } else if part.is(Rule::name) {
                let name = self.name(part);
                if first.is_none() {
                    first = Some(name);
                } else {
                    rest.push((op, name));
                }
            }
        }
        Some(UnitDefinition { factor: self.first_number(node), first: first?, rest, span: self.span(node) })
    }

    pub(super) fn dimension_item(&mut self, node: Node<'_>) -> Option<DimensionDecl> {
        let source = if let Some(open) = node.part(Rule::dimension_open) {
            DimensionSource::Open { at_most: self.first_number(open)? }
        } else if let Some(list) = node.part(Rule::dimension_list) {
            DimensionSource::Listed(self.labels(list))
        } else {
            let part = node.part(Rule::dimension_seed)?;
            let seed = Seed { file: self.first_text(part)?, column: part.part(Rule::word).map(|word| self.name(word)) };
            if part.has(Rule::kw_csv) { DimensionSource::Csv(seed) } else { DimensionSource::Prefixes(seed) }
        };
        Some(DimensionDecl {
            name: self.first_name(node)?,
            source,
            unknown: node.part(Rule::unknown).and_then(|unknown| self.first_label(unknown)),
        })
    }

    pub(super) fn bucket_item(&mut self, node: Node<'_>) -> Option<DimensionDecl> {
        let is_line = |rule| matches!(rule, Rule::bucket | Rule::bad);
        let buckets = self.lines(node, is_line, |this, docs, line| {
            this.bucket(docs, line).unwrap_or_else(|| Bucket::Bad(this.bad(line)))
        });
        let ends: Vec<Option<bool>> = buckets
            .iter()
            .map(|bucket| match bucket {
                Bucket::Range { up_to, .. } => Some(up_to.is_none()),
                Bucket::Bad(_) => None,
            })
            .collect();
        self.check_beyond(node, &ends, |rule| matches!(rule, Rule::bucket | Rule::bad));
        Some(DimensionDecl {
            name: self.first_name(node)?,
            source: DimensionSource::Buckets { field: self.first_path(node)?, buckets },
            unknown: None,
        })
    }

    fn bucket(&mut self, docs: Docs, node: Node<'_>) -> Option<Bucket> {
        let up_to = match node.part(Rule::literal) {
            Some(bound) => Some(self.expr(bound)?),
            None if node.has(Rule::kw_beyond) => None,
            None => return None,
        };
        Some(Bucket::Range { docs, up_to, label: self.first_label(node)?, span: self.span(node) })
    }

    pub(super) fn calendar_item(&mut self, node: Node<'_>) -> Option<CalendarDecl> {
        let is_line = |rule| matches!(rule, Rule::slot | Rule::bad);
        let slots = self.lines(node, is_line, |this, docs, line| {
            this.slot(docs, line).unwrap_or_else(|| Slot::Bad(this.bad(line)))
        });
        Some(CalendarDecl { name: self.first_name(node)?, zone: self.first_text(node)?, slots })
    }

    fn slot(&mut self, docs: Docs, node: Node<'_>) -> Option<Slot> {
        let label: Label = self.first_label(node)?;
        let span = self.span(node);
        if node.has(Rule::kw_otherwise) {
            return Some(Slot::Otherwise { docs, label, span });
        }
        let hours = node.part(Rule::slot_hours);
        let ranges: Vec<Node<'_>> = hours.map_or_else(Vec::new, |hours| hours.parts_of(Rule::clock_range).collect());
        let except = node.part(Rule::slot_except);
        Some(Slot::Rule {
            docs,
            label,
            months: self.calendar_ranges(node, Rule::slot_months, Rule::month_range, &MONTHS),
            days: self.calendar_ranges(node, Rule::slot_days, Rule::day_range, &DAYS),
            hours: ranges.into_iter().map(|range| self.clock_range(range)).collect::<Option<Vec<_>>>()?,
            except_holidays: except.map_or_else(Vec::new, |except| self.names(except)),
            span,
        })
    }

    fn calendar_ranges(&self, node: Node<'_>, group: Rule, each: Rule, words: &[&str]) -> Vec<CalendarRange> {
        let index = |part: Node<'_>| {
            let at = words.iter().position(|word| *word == part.read());
            at.and_then(|at| u8::try_from(at + 1).ok()).unwrap_or(1)
        };
        let range = |part: Node<'_>| {
            let mut ends = part.parts().map(index);
            let first = ends.next().unwrap_or(1);
            CalendarRange { first, last: ends.next().unwrap_or(first), span: self.span(part) }
        };
        node.part(group).map_or_else(Vec::new, |group| group.parts_of(each).map(range).collect())
    }

    fn clock_range(&mut self, node: Node<'_>) -> Option<ClockRange> {
        let mut ends = node.parts_of(Rule::clock);
        let (first, second) = (ends.next()?, ends.next()?);
        let range = ClockRange { from: self.clock(first), to: self.clock(second), span: self.span(node) };
        let key = |clock: &crate::ast::Clock| (clock.hour, clock.minute, clock.second);
        if key(&range.from) == key(&range.to) {
            let place = self.place(node);
            self.report(
                Diagnostic::error(Code("P128"), "a clock range starts and ends at one time")
                    .at(place, "holds no time")
                    .help("the whole day is `00:00..24:00`"),
            );
        }
        Some(range)
    }

    pub(super) fn holidays_item(&mut self, node: Node<'_>) -> Option<HolidaysDecl> {
        let is_line = |rule| matches!(rule, Rule::holiday | Rule::bad);
        let days = self.lines(node, is_line, |this, _, line| {
            let Some(date) = this.first_date(line) else {
                return Holiday::Bad(this.bad(line));
            };
            Holiday::Day { date, title: this.first_text(line), span: this.span(line) }
        });
        Some(HolidaysDecl { name: self.first_name(node)?, days })
    }

    pub(super) fn event_item(&mut self, node: Node<'_>) -> Option<EventDecl> {
        let is_line = |rule| matches!(rule, Rule::field | Rule::bad);
        let fields = self.lines(node, is_line, |this, docs, line| {
            this.field(docs, line).map_or_else(|| EventEntry::Bad(this.bad(line)), EventEntry::Field)
        });
        Some(EventDecl { name: self.first_name(node)?, fields })
    }

    fn field(&mut self, docs: Docs, node: Node<'_>) -> Option<Field> {
        let ty = node.part(Rule::field_type)?;
        let computed = match node.part(Rule::field_formula) {
            Some(formula) => Some(FieldFormula {
                value: self.first_expr(formula, Rule::expr)?,
                rounded: self.rounded(formula),
                then_each: formula.part(Rule::then_each).and_then(|each| self.first_quantity(each)),
            }),
            None => None,
        };
        Some(Field {
            docs,
            name: self.name(node.part(Rule::word)?),
            ty: self.field_type(ty)?,
            computed,
            optional: node.has(Rule::kw_optional),
            span: self.span(node),
        })
    }

    fn field_type(&mut self, node: Node<'_>) -> Option<FieldType> {
        let at_most = match node.part(Rule::field_bound) {
            Some(bound) => Some(self.first_expr(bound, Rule::literal)?),
            None => None,
        };
        Some(FieldType {
            level: node.has(Rule::kw_level),
            signed: node.has(Rule::kw_signed),
            name: self.name(node.part(Rule::word)?),
            per: self.first_per(node),
            by: node.part(Rule::field_by).map_or_else(Vec::new, |by| self.paths(by)),
            decimals: node.part(Rule::field_decimals).and_then(|decimals| self.first_number(decimals)),
            at_most,
            span: self.span(node),
        })
    }

    /// The paths of a `by_names` part; empty if there is none.
    pub(super) fn by_names(&self, node: Node<'_>) -> Vec<crate::ast::Path> {
        node.part(Rule::by_names).map_or_else(Vec::new, |by| self.names(by))
    }

    pub(super) fn meter_item(&mut self, node: Node<'_>) -> Option<MeterDecl> {
        for rule in [Rule::in_unit, Rule::by_names, Rule::where_expr, Rule::usage_bound] {
            self.said_once(node, rule);
        }
        let slots = match node.part(Rule::slot_aggregate) {
            Some(slots) => Some(SlotAggregate {
                aggregate: self.aggregate(slots)?,
                width: self.first_quantity(slots)?,
                span: self.span(slots),
            }),
            None => None,
        };
        let at_most = match node.part(Rule::usage_bound) {
            Some(bound) => Some(Bounded {
                amount: self.first_expr(bound, Rule::literal)?,
                per: self.per_period(bound),
                span: self.span(bound),
            }),
            None => None,
        };
        Some(MeterDecl {
            name: self.first_name(node)?,
            aggregate: self.aggregate(node)?,
            source: self.first_path(node)?,
            slots,
            unit: node.part(Rule::in_unit).and_then(|unit| self.first_name(unit)),
            by: self.by_names(node),
            filter: match node.part(Rule::where_expr) {
                Some(_) => Some(self.condition(node)?),
                None => None,
            },
            at_most,
        })
    }

    fn aggregate(&self, node: Node<'_>) -> Option<Aggregate> {
        let part = node.part(Rule::aggregate)?;
        Some(match part.parts().next()?.rule()? {
            Rule::kw_sum => Aggregate::Sum,
            Rule::kw_count => Aggregate::Count,
            Rule::kw_max => Aggregate::Max,
            Rule::kw_min => Aggregate::Min,
            Rule::kw_last => Aggregate::Last,
            Rule::kw_unique => Aggregate::Unique,
            Rule::kw_average => Aggregate::Average,
            _ => Aggregate::Percentile(self.first_number(part)?),
        })
    }

    pub(super) fn formula_item(&mut self, node: Node<'_>) -> Option<FormulaDecl> {
        let param =
            |part: Node<'_>| Some(Param { name: self.first_name(part)?, ty: self.name(part.part(Rule::word)?) });
        let params: Option<Vec<Param>> = node.parts_of(Rule::param).map(param).collect();
        let params = params?;
        let name: Name = self.first_name(node)?;
        let value: Expr = self.first_expr(node, Rule::expr)?;
        Some(FormulaDecl { name, params, value })
    }

    /// Reports the second of two options that the grammar lets come in any order.
    pub(super) fn said_once(&mut self, node: Node<'_>, rule: Rule) {
        let mut options = node.parts_of(rule);
        if let (Some(first), Some(second)) = (options.next(), options.next()) {
            let (first, second) = (self.place(first), self.place(second));
            self.report(
                Diagnostic::error(Code("P129"), "this is said twice")
                    .at(second, "a second time")
                    .also(first, "first here"),
            );
        }
    }
}
