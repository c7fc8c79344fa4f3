//! Expressions and rounding.

use super::Lower;
use crate::ast::{
    BinaryOp, CompareOp, DiscountStage, Expr, ExprKind, Per, RoundTarget, Rounding, RoundingMode, Scope, ScopeKind,
};
use crate::grammar::Rule;
use crate::limits;
use crate::tree::Node;
use price_diagnostics::{Code, Diagnostic, Fix, Span};

impl Lower {
    /// The first part that is an expression of the given rule.
    pub(super) fn first_expr(&mut self, node: Node<'_>, rule: Rule) -> Option<Expr> {
        let part = node.part(rule)?;
        self.expr(part)
    }

    /// The condition behind `where`.
    pub(super) fn condition(&mut self, node: Node<'_>) -> Option<Expr> {
        let part = node.part(Rule::where_expr)?;
        self.first_expr(part, Rule::expr)
    }

    /// A whole expression, with its size checked.
    pub(super) fn expr(&mut self, node: Node<'_>) -> Option<Expr> {
        let operator = |part: &Node<'_>| {
            matches!(
                part.rule(),
                Some(
                    Rule::add_op
                        | Rule::mul_op
                        | Rule::minus
                        | Rule::compare_op
                        | Rule::kw_and
                        | Rule::kw_or
                        | Rule::kw_not
                        | Rule::per
                        | Rule::call
                )
            )
        };
        let count = node.descendants().filter(operator).count();
        if count > limits::EXPRESSION_OPERATORS {
            let place = self.place(node);
            let most = limits::EXPRESSION_OPERATORS;
            self.report(
                Diagnostic::error(Code("P014"), "an expression is too long to be read")
                    .at(place, format!("{count} operators"))
                    .help(format!("name parts of it with `let`; {most} operators can be read")),
            );
            return None;
        }
        self.sub(node)
    }

    fn make(&self, node: Node<'_>, kind: ExprKind) -> Expr {
        Expr { kind, span: self.span(node) }
    }

    fn joined(kind: ExprKind, left: Span, right: Span) -> Expr {
        Expr { kind, span: left.to(right) }
    }

    fn sub(&mut self, node: Node<'_>) -> Option<Expr> {
        let kind = match node.rule()? {
            Rule::expr => return self.chain(node, Rule::conjunction, ExprKind::Or),
            Rule::conjunction => return self.chain(node, Rule::negation, ExprKind::And),
            Rule::negation => return self.prefixed(node, Rule::kw_not, ExprKind::Not),
            Rule::unary => return self.prefixed(node, Rule::minus, ExprKind::Neg),
            Rule::comparison => return self.comparison(node),
            Rule::fallback => return self.fallback(node),
            Rule::sum => return self.arithmetic(node, Rule::product, Rule::add_op),
            Rule::product => return self.arithmetic(node, Rule::rate, Rule::mul_op),
            Rule::rate | Rule::amount | Rule::given_rate => return self.rate(node),
            Rule::paren => {
                let inner = node.part(Rule::expr)?;
                return self.sub(inner);
            }
            Rule::literal | Rule::bound => {
                let inner = node.parts().next()?;
                return self.sub(inner);
            }
            Rule::number => ExprKind::Number(self.number(node)),
            Rule::money => ExprKind::Money(self.money(node)),
            Rule::percent => ExprKind::Percent(self.percent(node)),
            Rule::quantity => ExprKind::Quantity(self.quantity(node)?),
            Rule::moment => ExprKind::Moment(self.moment(node)?),
            Rule::string => ExprKind::Text(self.text(node)),
            Rule::path => ExprKind::Path(self.path(node)),
            Rule::rate_of => ExprKind::RateOf(self.first_path(node)?),
            Rule::call => {
                let function = self.first_name(node)?;
                let args: Option<Vec<Expr>> = node.parts_of(Rule::expr).map(|arg| self.sub(arg)).collect();
                ExprKind::Call { function, args: args? }
            }
            Rule::percent_of => {
                let base = match node.part(Rule::path) {
                    Some(path) => Scope { kind: ScopeKind::Names(vec![self.path(path)]), span: self.span(path) },
                    None => Scope { kind: ScopeKind::All, span: self.span(node.part(Rule::kw_all)?) },
                };
                ExprKind::PercentOf { percent: self.first_percent(node)?, base, stage: None }
            }
            Rule::share => ExprKind::PercentOf {
                percent: self.first_percent(node)?,
                base: self.first_scope(node)?,
                stage: node
                    .part(Rule::stage)
                    .map(|stage| if stage.has(Rule::kw_before) { DiscountStage::Before } else { DiscountStage::After }),
            },
            _ => return None,
        };
        Some(self.make(node, kind))
    }

    pub(super) fn share(&mut self, node: Node<'_>) -> Option<Expr> {
        self.sub(node)
    }

    fn chain(&mut self, node: Node<'_>, rule: Rule, join: fn(Box<Expr>, Box<Expr>) -> ExprKind) -> Option<Expr> {
        let mut parts = node.parts_of(rule);
        let first = parts.next()?;
        let mut left = self.sub(first)?;
        for part in parts {
            let right = self.sub(part)?;
            let (from, to) = (left.span, right.span);
            left = Self::joined(join(Box::new(left), Box::new(right)), from, to);
        }
        Some(left)
    }

    fn prefixed(&mut self, node: Node<'_>, prefix: Rule, wrap: fn(Box<Expr>) -> ExprKind) -> Option<Expr> {
        let count = node.parts_of(prefix).count();
        let inner = node.parts().find(|part| !part.is(prefix))?;
        let mut value = self.sub(inner)?;
        for _ in 0..count {
            value = self.make(node, wrap(Box::new(value)));
        }
        Some(value)
    }

    fn comparison(&mut self, node: Node<'_>) -> Option<Expr> {
        let mut sides = node.parts_of(Rule::fallback);
        let first = sides.next()?;
        let left = self.sub(first)?;
        if let Some(test) = node.part(Rule::is_label) {
            let kind = ExprKind::Is {
                subject: Box::new(left),
                negated: test.has(Rule::kw_not),
                label: self.first_label(test)?,
            };
            return Some(self.make(node, kind));
        }
        if let Some(test) = node.part(Rule::in_labels) {
            let kind =
                ExprKind::In { subject: Box::new(left), negated: test.has(Rule::kw_not), labels: self.labels(test) };
            return Some(self.make(node, kind));
        }
        let Some(second) = sides.next() else {
            return Some(left);
        };
        let right = self.sub(second)?;
        let op = match node.part(Rule::compare_op)?.read() {
            "=" => CompareOp::Eq,
            "!=" => CompareOp::Ne,
            "<" => CompareOp::Lt,
            "<=" => CompareOp::Le,
            ">" => CompareOp::Gt,
            _ => CompareOp::Ge,
        };
        let (left, right) = (Box::new(left), Box::new(right));
        Some(self.make(node, ExprKind::Compare { op, left, right }))
    }

    fn fallback(&mut self, node: Node<'_>) -> Option<Expr> {
        let mut sides = node.parts_of(Rule::sum);
        let first = sides.next()?;
        let value = self.sub(first)?;
        let Some(second) = sides.next() else {
            return Some(value);
        };
        let kind = ExprKind::OrElse { value: Box::new(value), fallback: Box::new(self.sub(second)?) };
        Some(self.make(node, kind))
    }

    fn arithmetic(&mut self, node: Node<'_>, operand: Rule, operator: Rule) -> Option<Expr> {
        let mut left: Option<Expr> = None;
        let mut op = BinaryOp::Add;
        let mut before = node.start();
        for part in node.parts() {
            if part.is(operator) {
                op = match part.read() {
                    "+" => BinaryOp::Add,
                    "-" => BinaryOp::Sub,
                    "*" => BinaryOp::Mul,
                    _ => BinaryOp::Div,
                };
                if op == BinaryOp::Sub && part.start() == before {
                    self.minus_without_space(part);
                }
            } else if part.is(operand) {
                let right = self.sub(part)?;
                left = Some(match left {
                    None => right,
                    Some(left) => {
                        let (from, to) = (left.span, right.span);
                        let kind = ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) };
                        Self::joined(kind, from, to)
                    }
                });
                before = part.end();
            }
        }
        left
    }

    fn minus_without_space(&mut self, part: Node<'_>) {
        let place = self.place(part);
        self.report(
            Diagnostic::error(Code("P124"), "a minus between two values needs spaces around it")
                .at(place, "")
                .note("names may hold `-`, so `a-b` is one name")
                .fix(Fix::replace("put a space before it", place, " -", true)),
        );
    }

    fn rate(&mut self, node: Node<'_>) -> Option<Expr> {
        let inner = node.parts().find(|part| !matches!(part.rule(), Some(Rule::minus | Rule::per)))?;
        let mut value = self.sub(inner)?;
        for _ in node.parts_of(Rule::minus) {
            value = self.make(node, ExprKind::Neg(Box::new(value)));
        }
        for part in node.parts_of(Rule::per) {
            let per = self.per(part)?;
            let (from, to) = (value.span, per.span);
            let kind = ExprKind::Per { value: Box::new(value), per };
            value = Self::joined(kind, from, to);
        }
        Some(value)
    }

    pub(super) fn per(&self, node: Node<'_>) -> Option<Per> {
        Some(Per {
            started: node.has(Rule::kw_started),
            count: self.first_number(node),
            unit: self.first_name(node)?,
            span: self.span(node),
        })
    }

    pub(super) fn first_per(&self, node: Node<'_>) -> Option<Per> {
        self.per(node.part(Rule::per)?)
    }

    pub(super) fn scope(&self, node: Node<'_>) -> Option<Scope> {
        let kind = match node.part(Rule::tagged) {
            Some(tagged) => ScopeKind::Tagged(self.first_name(tagged)?),
            None if node.has(Rule::kw_all) => ScopeKind::All,
            None => ScopeKind::Names(self.paths(node.part(Rule::names)?)),
        };
        Some(Scope { kind, span: self.span(node) })
    }

    pub(super) fn first_scope(&self, node: Node<'_>) -> Option<Scope> {
        self.scope(node.part(Rule::scope)?)
    }

    pub(super) fn mode(&self, node: Node<'_>) -> Option<RoundingMode> {
        let mode = node.part(Rule::mode)?;
        Some(match mode.parts().next()?.rule()? {
            Rule::kw_half_up => RoundingMode::HalfUp,
            Rule::kw_half_even => RoundingMode::HalfEven,
            Rule::kw_up => RoundingMode::Up,
            _ => RoundingMode::Down,
        })
    }

    pub(super) fn target(&mut self, node: Node<'_>) -> Option<RoundTarget> {
        let target = node.part(Rule::target)?;
        if target.has(Rule::kw_cents) {
            return Some(RoundTarget::Cents(self.span(target)));
        }
        self.first_expr(target, Rule::literal).map(RoundTarget::Amount)
    }

    /// A `rounding` part, or the one inside a `rounded` part.
    pub(super) fn rounding(&mut self, node: Node<'_>) -> Option<Rounding> {
        let part = node.part(Rule::rounding)?;
        Some(Rounding { mode: self.mode(part)?, to: self.target(part)?, span: self.span(part) })
    }

    pub(super) fn rounded(&mut self, node: Node<'_>) -> Option<Rounding> {
        let part = node.part(Rule::rounded)?;
        self.rounding(part)
    }
}
