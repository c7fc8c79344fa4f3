//! What a price reads: the sink of a meter's cells, or of each event's amount.

use super::statements::{PriceSettings, Split};
use crate::codes;
use crate::declare::meter::{Aggregation, MeterDef, grain, names_in};
use crate::declare::{DimUse, EventDef, UseSource};
use crate::fold;
use crate::lower::Lowering;
use crate::lower::charge::Quantity;
use crate::lower::layers::Layer;
use crate::report;
use crate::types::{KeyRef, Ty, Typer};
use crate::unit::Dims;
use price_diagnostics::Diagnostic;
use price_ir::{Cond, Counting, EventCharge, Expr, Fold, Key, KeyIx, Post, Rules, Sink, SinkIx, SplitAt};
use price_syntax::ast::{self};
use price_value::Rational;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Lowering<'_> {
    /// Keys of a sink from the dimensions of its cells.
    pub(super) fn keys(&mut self, dims: &[DimUse]) -> Vec<Key> {
        // Closed dimensions first: open ones are kept apart by the host.
        let (closed, open): (Vec<&DimUse>, Vec<&DimUse>) = dims.iter().partition(|d| d.dimension.ir.size().is_some());
        closed.into_iter().chain(open).map(|d| self.tables.key(d, true)).collect()
    }

    /// The sink of a meter with these cells and this further condition.
    pub fn meter_sink(
        &mut self,
        layer: &Layer,
        meter: &Arc<MeterDef>,
        mut keys: Vec<Key>,
        filter: Option<&ast::PriceFilter>,
    ) -> Option<price_ir::SinkIx> {
        let event = self.tables.event(&meter.event);
        // The meter's own condition speaks of `meter.keys`; find or add them.
        let mut place = Vec::new();
        for used in &meter.keys {
            let key = self.tables.key(used, false);
            let at = match keys.iter().position(|k| k.dim == key.dim && k.source == key.source) {
                Some(at) => at,
                None if reads_key(&meter.filter, place.len() as u32) || matches!(used.source, UseSource::Family(_)) => {
                    keys.push(key);
                    keys.len() - 1
                }
                None => usize::MAX,
            };
            place.push(at);
        }
        let own = remap(&meter.filter, &place);
        let scope = match filter {
            None => Cond::Always,
            Some(filter) => {
                let uses = meter.keys[..meter.by].to_vec();
                let mut wanted: BTreeMap<String, usize> = BTreeMap::new();
                for name in names_in(&filter.condition) {
                    if let Some(used) = uses.iter().find(|u| u.name == name) {
                        let key = self.tables.key(used, false);
                        let at = match keys.iter().position(|k| k.dim == key.dim && k.source == key.source) {
                            Some(at) => at,
                            None => {
                                keys.push(key);
                                keys.len() - 1
                            }
                        };
                        wanted.insert(name, at);
                    }
                }
                self.scoped(layer, |scope| {
                    Typer::new(scope).cond(&filter.condition, &mut |name| {
                        let at = *wanted.get(name)?;
                        let used = uses.iter().find(|u| u.name == name)?;
                        Some(KeyRef { key: KeyIx(at as u32), dimension: used.dimension.clone() })
                    })
                })?
            }
        };
        let parts = self.parts(meter, &keys);
        let per = |e: &Expr| fold::scale(&(Rational::ONE / &meter.factor), e.clone());
        let quantum_of = |e: &Expr| grain(&meter.event, e) / &meter.factor;
        let (fold, quantum) = match &meter.aggregation {
            Aggregation::Sum(e) => (Fold::Sum(per(e)), quantum_of(e)),
            Aggregation::Count => (Fold::Count, Rational::ONE),
            Aggregation::Max(e, held) => (Fold::Max(per(e), *held), quantum_of(e)),
            Aggregation::Min(e, held) => (Fold::Min(per(e), *held), quantum_of(e)),
            Aggregation::Last(e) => (Fold::Last(per(e)), quantum_of(e)),
            Aggregation::Unique(ix) => (Fold::Unique(*ix), Rational::ONE),
            Aggregation::Average(e) => (Fold::Average(per(e)), quantum_of(e)),
            Aggregation::Mean(e) => (Fold::Mean(per(e)), quantum_of(e)),
            Aggregation::Percentile(p, e) => (Fold::Percentile(*p, per(e)), quantum_of(e)),
            Aggregation::Slotted(outer, inner, seconds, e) => {
                (Fold::Slotted { outer: *outer, inner: *inner, seconds: *seconds, value: per(e) }, quantum_of(e))
            }
        };
        let name = match keys.iter().filter(|k| k.in_cell).count() {
            0 => meter.name.clone(),
            _ => {
                let names: Vec<String> = keys
                    .iter()
                    .filter(|k| k.in_cell)
                    .map(|k| self.tables.dimensions[k.dim.ix()].name.clone())
                    .collect();
                format!("{}/{}", meter.name, names.join(","))
            }
        };
        Some(self.tables.sink(Sink {
            name,
            meter: meter.name.clone(),
            event,
            keys,
            filter: own,
            scope,
            fold,
            unit: meter.unit.clone(),
            quantum,
            bound: meter.bound.clone(),
            parts,
        }))
    }

    /// The sink that holds the levels of a meter for all its labels, where these cells are coarser.
    /// Without it a level of one label would replace that of another.
    fn parts(&mut self, meter: &Arc<MeterDef>, cells: &[Key]) -> Option<SinkIx> {
        if !meter.holds_levels() {
            return None;
        }
        let by = meter.keys[..meter.by].to_vec();
        let mut keys = self.keys(&by);
        let kept = |key: &Key| cells.iter().any(|k| k.in_cell && k.dim == key.dim && k.source == key.source);
        if keys.iter().all(kept) {
            return None;
        }
        let names: Vec<String> = by.iter().map(|used| used.name.clone()).collect();
        let mut place = Vec::new();
        for used in &meter.keys {
            let key = self.tables.key(used, false);
            let at = match keys.iter().position(|k| k.dim == key.dim && k.source == key.source) {
                Some(at) => at,
                None => {
                    keys.push(key);
                    keys.len() - 1
                }
            };
            place.push(at);
        }
        let (Aggregation::Average(value)
        | Aggregation::Max(value, _)
        | Aggregation::Min(value, _)
        | Aggregation::Last(value)) = &meter.aggregation
        else {
            return None;
        };
        let event = self.tables.event(&meter.event);
        Some(self.tables.sink(Sink {
            name: format!("{} by {}", meter.name, names.join(",")),
            meter: String::new(),
            event,
            keys,
            filter: remap(&meter.filter, &place),
            scope: Cond::Always,
            fold: Fold::Last(fold::scale(&(Rational::ONE / &meter.factor), value.clone())),
            unit: meter.unit.clone(),
            quantum: grain(&meter.event, value) / &meter.factor,
            bound: None,
            parts: None,
        }))
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn event_sink(
        &mut self,
        layer: &Layer,
        decl: &ast::PriceDecl,
        event: &Arc<EventDef>,
        dims: &[DimUse],
        mut keys: Vec<Key>,
        rules: Rules,
        quantity: &Quantity,
        settings: &PriceSettings,
    ) -> Option<price_ir::SinkIx> {
        let event_ix = self.tables.event(event);
        let filter = match &decl.filter {
            None => Cond::Always,
            Some(filter) => {
                let mut wanted: BTreeMap<String, (usize, DimUse)> = BTreeMap::new();
                for name in names_in(&filter.condition) {
                    let found = self.scoped(layer, |scope| crate::declare::dimension::lookup(scope, event, &name));
                    if let Some(used) = found {
                        let key = self.tables.key(&used, false);
                        let at = match keys.iter().position(|k| k.dim == key.dim && k.source == key.source) {
                            Some(at) => at,
                            None => {
                                keys.push(key);
                                keys.len() - 1
                            }
                        };
                        wanted.insert(name, (at, used));
                    }
                }
                let event = event.clone();
                self.scoped(layer, |scope| {
                    Typer::on_event(scope, event).cond(&filter.condition, &mut |name| {
                        let (at, used) = wanted.get(name)?;
                        Some(KeyRef { key: KeyIx(*at as u32), dimension: used.dimension.clone() })
                    })
                })?
            }
        };
        let measure = quantity.measure.as_ref().map(|m| fold::scale(&(Rational::ONE / &quantity.factor), m.clone()));
        let calendars: Vec<(usize, &DimUse)> =
            dims.iter().enumerate().filter(|(_, d)| matches!(d.source, UseSource::Calendar(_))).collect();
        let seconds = Dims::base("std.units.second".into());
        let timed = matches!(&quantity.ty, Ty::Quantity(d) if *d == seconds);
        let split = match (&settings.split, calendars.first()) {
            (Some(Split::At(path)), _) => {
                let name = path.last()?;
                let Some((at, _)) = calendars.iter().find(|(_, d)| d.name == name.text) else {
                    let message = format!("`{}` is not a calendar of this price", name.text);
                    self.report(
                        Diagnostic::error(codes::DIMENSION_UNAVAILABLE, message)
                            .at(name.span, "")
                            .help("name the calendar behind `by` in the head of the price"),
                    );
                    return None;
                };
                if !timed {
                    let message = "only an event that is measured in time can be split";
                    self.report(Diagnostic::error(codes::NOT_HERE, message).at(path.span, ""));
                    return None;
                }
                Some(SplitAt { key: KeyIx(*at as u32), seconds_per_unit: quantity.factor.clone() })
            }
            (Some(Split::Start), _) => None,
            (None, Some((_, calendar))) if timed => {
                let name = &calendar.name;
                let finding = Diagnostic::error(
                    codes::SAY_SPLIT,
                    format!("a timed `{}` can cross a boundary of `{name}`", event.name),
                )
                .at(decl.name.span, "which price holds on the other side?")
                .help(format!("write `split at {name}` or `rate by start of {}` into the price", event.name));
                let choices = [format!("split at {name}"), format!("rate by start of {}", event.name)];
                let first = match &decl.body {
                    ast::PriceBody::Block(block) => block.first().map(|s| s.span),
                    ast::PriceBody::Charge(_) => None,
                };
                self.report(report::choices(finding, first, 4, &choices));
                return None;
            }
            (None, _) => None,
        };
        // The finest amount one event can have.
        let fields = |ix| event.grain(ix);
        let arg = measure.as_ref().map(|m| fold::granularity(m, &fields, &Rational::ONE)).unwrap_or(Rational::ONE);
        let mut quantum = Rational::ZERO;
        for function in &rules.functions {
            quantum = fold::gcd(&quantum, &fold::granularity(&function.amount, &fields, &arg));
        }
        for post in &settings.post {
            quantum = match post {
                Post::Round(rounding) => rounding.step.clone(),
                Post::AtLeast(bound) | Post::AtMost(bound) => fold::gcd(&quantum, bound),
            };
        }
        if quantum.is_zero() {
            quantum = self.currency.minor_unit();
        }
        let charge = EventCharge {
            measure,
            measure_unit: quantity.unit.clone(),
            rules,
            split,
            post: settings.post.clone(),
            covered_by: Vec::new(),
            counting: settings.counting.unwrap_or(Counting::Net),
        };
        Some(self.tables.sink(Sink {
            name: decl.name.text.clone(),
            meter: String::new(),
            event: event_ix,
            keys,
            filter,
            scope: Cond::Always,
            fold: Fold::Charge(charge),
            unit: self.currency.code.clone(),
            quantum,
            bound: None,
            parts: None,
        }))
    }
}

pub(super) fn reads_key(cond: &Cond, key: u32) -> bool {
    match cond {
        Cond::Label(k, _) => k.0 == key,
        Cond::All(parts) | Cond::Any(parts) => parts.iter().any(|p| reads_key(p, key)),
        Cond::Not(inner) => reads_key(inner, key),
        _ => false,
    }
}

pub(super) fn remap(cond: &Cond, place: &[usize]) -> Cond {
    match cond {
        Cond::Label(k, labels) => Cond::Label(KeyIx(place[k.ix()] as u32), labels.clone()),
        Cond::All(parts) => Cond::All(parts.iter().map(|p| remap(p, place)).collect()),
        Cond::Any(parts) => Cond::Any(parts.iter().map(|p| remap(p, place)).collect()),
        Cond::Not(inner) => Cond::Not(Box::new(remap(inner, place))),
        other => other.clone(),
    }
}
