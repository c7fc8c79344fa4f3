//! The usage of a test.

use super::{Builder, FieldInput, Given, Seen};
use crate::codes;
use crate::db;
use crate::declare::{FieldKind, MeterDef};
use crate::env::{Entity, event_key};
use crate::report;
use crate::types::{Ty, Typer};
use price_diagnostics::{Diagnostic, Span};
use price_syntax::ast::{self, GivenValue};
use price_value::{Rational, Window};

impl Builder<'_> {
    pub(super) fn given(
        &mut self,
        seen: &Seen,
        path: &ast::Path,
        amount: &ast::Expr,
        filter: Option<&ast::Expr>,
        when: Option<&ast::GivenWhen>,
        span: Span,
    ) -> Option<Given> {
        let meter = self.meter(seen, path)?;
        let quantity = self.meter_quantity(&meter, amount)?;
        let mut labels = match filter {
            None => Vec::new(),
            Some(filter) => self.labels(&meter, filter)?,
        };
        self.all_dimensions(seen, &meter, &labels, path.span)?;
        // A label that no price of the subject asks for tells nothing apart.
        let plan = seen.lowered.plan.clone()?;
        let sinks = plan.sinks.iter().filter(|s| s.meter == meter.name);
        let asked: Vec<&str> = sinks.flat_map(|s| &s.keys).map(|k| plan.dimensions[k.dim.ix()].name.as_str()).collect();
        labels.retain(|(dimension, _)| asked.contains(&dimension.as_str()));
        let (mut on, mut each) = (None, None);
        match when {
            None => {}
            Some(ast::GivenWhen::On(moment)) => on = Some(self.moment(moment)?),
            Some(ast::GivenWhen::Each(word)) => {
                each = Some(match word {
                    ast::PeriodWord::Hour => Window::Hour,
                    ast::PeriodWord::Day => Window::Day,
                    ast::PeriodWord::Week => {
                        self.report(crate::not_yet("usage given each week", span));
                        return None;
                    }
                    ast::PeriodWord::Month => Window::Month,
                    ast::PeriodWord::Quarter => Window::Quarter,
                    ast::PeriodWord::Year => Window::Year,
                });
            }
        }
        Some(Given::Meter { meter: meter.name.clone(), quantity, labels, on, each, span })
    }

    /// The labels a `given` names: a conjunction of `is`.
    pub(super) fn labels(&mut self, meter: &MeterDef, filter: &ast::Expr) -> Option<Vec<(String, String)>> {
        let mut found = Vec::new();
        let mut stack = vec![filter];
        while let Some(e) = stack.pop() {
            match &e.kind {
                ast::ExprKind::And(a, b) => stack.extend([&**b, &**a]),
                ast::ExprKind::Is { subject, negated: false, label } => {
                    let ast::ExprKind::Path(path) = &subject.kind else { return None };
                    let used = meter.keys[..meter.by].iter().find(|k| path.last().is_some_and(|n| n.text == k.name));
                    let Some(used) = used else {
                        let names: Vec<String> = meter.keys[..meter.by].iter().map(|k| k.name.clone()).collect();
                        let finding = report::unknown(
                            codes::TEST_NAME,
                            &format!("dimension of the meter `{}`", meter.name),
                            &path.text(),
                            path.span,
                            names.iter().map(String::as_str),
                        );
                        self.report(finding);
                        return None;
                    };
                    if used.dimension.ir.size().is_some() {
                        self.scoped(|scope| Typer::new(scope).label(&used.dimension, label))?;
                    }
                    found.push((used.dimension.ir.name.clone(), label.text.clone()));
                }
                _ => {
                    let message = "given usage has one label per dimension: `where region is eu and tier is plus`";
                    self.report(Diagnostic::error(codes::TEST_DIMENSIONS, message).at(e.span, ""));
                    return None;
                }
            }
        }
        Some(found)
    }

    pub(super) fn all_dimensions(
        &mut self,
        seen: &Seen,
        meter: &MeterDef,
        labels: &[(String, String)],
        span: Span,
    ) -> Option<()> {
        let plan = seen.lowered.plan.as_ref()?;
        let mut needed: Vec<String> = Vec::new();
        for sink in plan.sinks.iter().filter(|s| s.meter == meter.name) {
            for (ix, key) in sink.keys.iter().enumerate() {
                let read = key.in_cell || reads(&sink.scope, ix as u32);
                let name = &plan.dimensions[key.dim.ix()].name;
                if read && !labels.iter().any(|(d, _)| d == name) && !needed.contains(name) {
                    needed.push(name.clone());
                }
            }
        }
        if needed.is_empty() {
            return Some(());
        }
        self.report(
            Diagnostic::error(
                codes::TEST_DIMENSIONS,
                format!("prices of `{}` depend on {}", meter.name, report::list(&needed)),
            )
            .at(span, "which label has this usage?")
            .help(format!("add for example `where {} is ...`", needed[0])),
        );
        None
    }

    pub(super) fn given_event(
        &mut self,
        seen: &Seen,
        path: &ast::Path,
        (at, recorded): (&ast::Moment, Option<&ast::Moment>),
        fields: &[ast::FieldValue],
        span: Span,
    ) -> Option<Given> {
        let name = path.last()?;
        let plan = seen.lowered.plan.clone()?;
        if !plan.events.iter().any(|e| e.name == name.text) {
            let finding = report::unknown(
                codes::TEST_NAME,
                &format!("event that `{}` reads", seen.name),
                &name.text,
                name.span,
                plan.events.iter().map(|e| e.name.as_str()),
            );
            self.report(finding);
            return None;
        }
        let event = match self.event(path, seen)? {
            Entity::Event(event) => event,
            _ => return None,
        };
        let on = self.moment(at)?;
        if let (Some(moment), None) = (recorded, &plan.late) {
            let message = format!("`{}` does not say what late usage becomes", seen.name);
            self.report(
                Diagnostic::error(codes::TEST_NAME, message)
                    .at(moment.span, "when it was recorded changes nothing")
                    .help("leave it out, or test a plan with `late events accepted for …`"),
            );
            return None;
        }
        let recorded = match recorded {
            Some(moment) => Some(self.moment(moment)?),
            None => None,
        };
        let mut given = Vec::new();
        let mut sound = true;
        for field in fields {
            let Some(def) = event.field(&field.name.text) else {
                let names = event.field_names();
                let finding = report::unknown(
                    codes::TEST_NAME,
                    &format!("field of `{}`", event.name),
                    &field.name.text,
                    field.name.span,
                    names.iter().map(String::as_str),
                );
                self.report(finding);
                sound = false;
                continue;
            };
            if matches!(def.kind, FieldKind::Computed(..)) {
                let message = format!("`{}` is computed; it cannot be given", def.name);
                self.report(Diagnostic::error(codes::TEST_NAME, message).at(field.span, ""));
                sound = false;
                continue;
            }
            match self.field_input(&def.kind, &field.value, field.span) {
                Some(input) => given.push((def.name.clone(), input)),
                None => sound = false,
            }
        }
        sound.then_some(Given::Event { event: event.name.clone(), on, recorded, fields: given, span })
    }

    /// The event by name: in scope here, or in the module of the subject.
    pub(super) fn event(&mut self, path: &ast::Path, seen: &Seen) -> Option<Entity> {
        let name = path.last()?;
        if let Some(entity) = self.env.names.get(&event_key(&name.text)) {
            return Some(entity.clone());
        }
        for meter in seen.lowered.meters.values() {
            if meter.event.name == name.text {
                return Some(Entity::Event(meter.event.clone()));
            }
        }
        let env = db::names(self.db, self.workspace, seen.file).clone();
        env.names.get(&event_key(&name.text)).cloned()
    }

    pub(super) fn field_input(&mut self, kind: &FieldKind, value: &GivenValue, span: Span) -> Option<FieldInput> {
        let wrong = |builder: &mut Self, needed: &str| {
            let message = format!("this field is {needed}");
            builder.report(Diagnostic::error(codes::TYPE_MISMATCH, message).at(span, ""));
            None
        };
        match (kind, value) {
            (FieldKind::Number(number), GivenValue::Amount(e)) => {
                let text = self.number_text(number.ty(), number.factor(), e)?;
                Some(FieldInput::Number(text))
            }
            (FieldKind::Number(number), _) => wrong(self, &number.ty().to_string()),
            (FieldKind::Family(_, number), GivenValue::Object(entries)) => {
                let mut made = Vec::new();
                for entry in entries {
                    let GivenValue::Amount(e) = &entry.value else {
                        return wrong(self, "an object of quantities by label");
                    };
                    made.push((entry.name.text.clone(), self.number_text(number.ty(), number.factor(), e)?));
                }
                Some(FieldInput::Object(made))
            }
            (FieldKind::Family(..), _) => wrong(self, "an object of quantities by label"),
            (FieldKind::Label(_) | FieldKind::LabelFrom(..) | FieldKind::Text, GivenValue::Label(label)) => {
                Some(FieldInput::Text(label.text.clone()))
            }
            (FieldKind::Text, GivenValue::Amount(ast::Expr { kind: ast::ExprKind::Text(text), .. })) => {
                Some(FieldInput::Text(text.value.clone()))
            }
            (
                FieldKind::Label(_) | FieldKind::LabelFrom(..),
                GivenValue::Amount(ast::Expr { kind: ast::ExprKind::Text(text), .. }),
            ) => Some(FieldInput::Text(text.value.clone())),
            (FieldKind::Label(_) | FieldKind::LabelFrom(..), _) => wrong(self, "a label"),
            (FieldKind::Text, _) => wrong(self, "a text"),
            (FieldKind::Flag, GivenValue::Label(label)) => match label.text.as_str() {
                "yes" | "true" => Some(FieldInput::Flag(true)),
                "no" | "false" => Some(FieldInput::Flag(false)),
                _ => wrong(self, "`yes` or `no`"),
            },
            (FieldKind::Flag, _) => wrong(self, "`yes` or `no`"),
            (FieldKind::Computed(..), _) => None,
        }
    }

    pub(super) fn number_text(&mut self, ty: &Ty, factor: &Rational, e: &ast::Expr) -> Option<String> {
        let value = self.scoped(|scope| Typer::new(scope).constant(e));
        if value.is_error() {
            return None;
        }
        if value.ty != *ty {
            let code = if value.ty == Ty::Number { codes::UNIT_MISSING } else { codes::UNIT_MISMATCH };
            let message = format!("this field is {ty}, given is {}", value.ty);
            self.report(Diagnostic::error(code, message).at(e.span, ""));
            return None;
        }
        let number = value.expr.as_const().cloned()? / factor;
        match number.to_decimal_string(0) {
            Some(text) => Some(text),
            None => {
                let message = "this value has no exact decimal form in the field's unit";
                self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(e.span, ""));
                None
            }
        }
    }
}

fn reads(cond: &price_ir::Cond, key: u32) -> bool {
    use price_ir::Cond::*;
    match cond {
        Label(k, _) => k.0 == key,
        All(parts) | Any(parts) => parts.iter().any(|p| reads(p, key)),
        Not(inner) => reads(inner, key),
        _ => false,
    }
}
