//! Tests and assertions.

use super::Lower;
use crate::ast::{
    Assert, AssertSubject, ColumnRole, Docs, Expect, ExpectSubject, FieldValue, GivenValue, GivenWhen, Label,
    Predicate, PredicateStmt, Quantifier, Subject, SubjectKind, Test, TestCell, TestColumn, TestStmt, TestStmtKind,
    TestTable, TestTableEntry,
};
use crate::grammar::Rule;
use crate::tree::Node;
use price_diagnostics::{Code, Diagnostic};

impl Lower {
    fn subject(&self, node: Node<'_>) -> Option<Subject> {
        let part = node.part(Rule::subject)?;
        Some(Subject {
            kind: match part.parts().next()?.rule()? {
                Rule::kw_plan => SubjectKind::Plan,
                Rule::kw_ratecard => SubjectKind::RateCard,
                _ => SubjectKind::Contract,
            },
            path: self.first_path(part)?,
            span: self.span(part),
        })
    }

    pub(super) fn test_item(&mut self, node: Node<'_>) -> Option<Test> {
        let period = node.part(Rule::period)?;
        let is_line = |rule| matches!(rule, Rule::given | Rule::given_event | Rule::expect | Rule::bad);
        let body = self.lines(node, is_line, |this, docs, line| TestStmt {
            docs,
            kind: this.test_line(line).unwrap_or_else(|| TestStmtKind::Bad(this.bad(line))),
            span: this.span(line),
        });
        Some(Test { title: self.first_text(node)?, subject: self.subject(node)?, period: self.period(period)?, body })
    }

    fn test_line(&mut self, node: Node<'_>) -> Option<TestStmtKind> {
        Some(match node.rule()? {
            Rule::given => {
                let when = match node.part(Rule::given_when) {
                    Some(when) => Some(match when.part(Rule::moment) {
                        Some(moment) => GivenWhen::On(self.moment(moment)?),
                        None => GivenWhen::Each(self.period_word(when)?),
                    }),
                    None => None,
                };
                TestStmtKind::Given {
                    meter: self.first_path(node)?,
                    amount: self.first_expr(node, Rule::literal)?,
                    filter: match node.part(Rule::where_expr) {
                        Some(_) => Some(self.condition(node)?),
                        None => None,
                    },
                    when,
                }
            }
            Rule::given_event => {
                let at = node.part(Rule::moment)?;
                let object = node.part(Rule::object)?;
                TestStmtKind::GivenEvent {
                    event: self.first_path(node)?,
                    at: self.moment(at)?,
                    recorded: match node.part(Rule::recorded_on) {
                        Some(part) => Some(self.moment(part.part(Rule::moment)?)?),
                        None => None,
                    },
                    fields: self.object(object)?,
                }
            }
            Rule::expect => TestStmtKind::Expect(self.expect(node)?),
            _ => return None,
        })
    }

    fn object(&mut self, node: Node<'_>) -> Option<Vec<FieldValue>> {
        node.parts_of(Rule::binding)
            .map(|binding| {
                let word = binding.part(Rule::word)?;
                let value = binding.part(Rule::value)?;
                Some(FieldValue {
                    name: Label { text: word.read().to_owned(), quoted: false, span: self.span(word) },
                    value: self.given_value(value)?,
                    span: self.span(binding),
                })
            })
            .collect()
    }

    fn given_value(&mut self, node: Node<'_>) -> Option<GivenValue> {
        let part = node.parts().next()?;
        Some(match part.rule()? {
            Rule::object => GivenValue::Object(self.object(part)?),
            Rule::moment => GivenValue::Moment(self.moment(part)?),
            Rule::literal | Rule::given_rate => GivenValue::Amount(self.expr(part)?),
            _ => GivenValue::Label(self.label(part)),
        })
    }

    fn expect(&mut self, node: Node<'_>) -> Option<Expect> {
        if node.has(Rule::kw_refused) {
            return Some(Expect::Refused);
        }
        let subject = node.part(Rule::expect_subject)?.parts().next()?;
        Some(Expect::Amount {
            subject: self.expect_subject(subject)?,
            filter: match node.part(Rule::where_expr) {
                Some(_) => Some(self.condition(node)?),
                None => None,
            },
            amount: match node.part(Rule::literal) {
                Some(amount) => Some(self.expr(amount)?),
                None => None,
            },
            on: self.first_date(node),
        })
    }

    fn expect_subject(&self, node: Node<'_>) -> Option<ExpectSubject> {
        Some(match node.rule()? {
            Rule::path => ExpectSubject::Line(self.path(node)),
            Rule::expect_minimum | Rule::expect_minimum_column => {
                ExpectSubject::Minimum { index: self.first_number(node), span: self.span(node) }
            }
            Rule::expect_invoice => ExpectSubject::Invoice(self.name(node.part(Rule::word)?)),
            Rule::expect_fund => {
                let path = self.first_path(node)?;
                let what = node.part(Rule::word).map(|word| self.name(word));
                match node.parts().next()?.rule()? {
                    Rule::kw_allowance => ExpectSubject::Allowance { path, what: what? },
                    Rule::kw_wallet => ExpectSubject::Wallet(path),
                    Rule::kw_entitlement => ExpectSubject::Entitlement { path, what: what? },
                    _ => ExpectSubject::Commitment { path, what: what? },
                }
            }
            _ => return None,
        })
    }

    pub(super) fn test_table_item(&mut self, node: Node<'_>) -> Option<TestTable> {
        let period = node.part(Rule::period)?;
        let head = node.part(Rule::case_head);
        if head.is_none() && !node.has(Rule::bad) {
            let place = self.place(node);
            self.report(
                Diagnostic::error(Code("P131"), "a test table has no header")
                    .at(place, "")
                    .help("the first line names meters and lines: `api_calls | total`"),
            );
        }
        let columns: Vec<TestColumn> = match head {
            Some(head) => head.parts_of(Rule::case_column).filter_map(|column| self.column(column)).collect(),
            None => Vec::new(),
        };
        let width = columns.len();
        let is_line = |rule| matches!(rule, Rule::case_row | Rule::bad);
        let rows = self.lines(node, is_line, |this, docs, line| {
            this.case_row(docs, line, width).unwrap_or_else(|| TestTableEntry::Bad(this.bad(line)))
        });
        Some(TestTable {
            title: self.first_text(node)?,
            subject: self.subject(node)?,
            period: self.period(period)?,
            columns,
            rows,
        })
    }

    fn column(&self, node: Node<'_>) -> Option<TestColumn> {
        let role = if node.has(Rule::kw_given) {
            Some(ColumnRole::Given)
        } else if node.has(Rule::kw_expect) {
            Some(ColumnRole::Expect)
        } else {
            None
        };
        let is_role = |part: &Node<'_>| matches!(part.rule(), Some(Rule::kw_given | Rule::kw_expect));
        let subject = node.parts().find(|part| !is_role(part))?;
        Some(TestColumn { role, subject: self.expect_subject(subject)?, span: self.span(node) })
    }

    fn case_row(&mut self, docs: Docs, node: Node<'_>, width: usize) -> Option<TestTableEntry> {
        if node.is(Rule::bad) {
            return None;
        }
        let cells: Option<Vec<TestCell>> = node
            .parts_of(Rule::case_cell)
            .map(|cell| {
                let part = cell.parts().next()?;
                Some(match part.rule()? {
                    Rule::todo => TestCell::Unknown(self.span(part)),
                    Rule::literal => TestCell::Amount(self.expr(part)?),
                    _ => TestCell::Label(self.label(part)),
                })
            })
            .collect();
        let cells = cells?;
        self.check_width(node, cells.len(), width);
        Some(TestTableEntry::Row { docs, cells, span: self.span(node) })
    }

    pub(super) fn assert_item(&mut self, node: Node<'_>) -> Option<Assert> {
        let subject = match node.part(Rule::comparing) {
            Some(comparing) => {
                let mut paths = self.paths(comparing).into_iter();
                AssertSubject::Comparing { new: paths.next()?, old: paths.next()? }
            }
            None => AssertSubject::One(self.subject(node)?),
        };
        let quantifiers: Option<Vec<Quantifier>> =
            node.parts_of(Rule::quantifier).map(|part| self.quantifier(part)).collect();
        let is_line = |rule| matches!(rule, Rule::predicate | Rule::bad);
        let predicates = self.lines(node, is_line, |this, docs, line| PredicateStmt {
            docs,
            kind: this.predicate(line).unwrap_or_else(|| Predicate::Bad(this.bad(line))),
            span: this.span(line),
        });
        Some(Assert { title: self.first_text(node)?, subject, quantifiers: quantifiers?, predicates })
    }

    fn quantifier(&mut self, node: Node<'_>) -> Option<Quantifier> {
        let span = self.span(node);
        if node.has(Rule::kw_usage) {
            return Some(Quantifier::Usage(span));
        }
        if node.has(Rule::kw_cells) {
            return Some(Quantifier::Cells(span));
        }
        let mut bounds = node.parts_of(Rule::literal);
        let (from, to) = (bounds.next()?, bounds.next()?);
        Some(Quantifier::Meter { meter: self.first_path(node)?, from: self.expr(from)?, to: self.expr(to)?, span })
    }

    fn predicate(&mut self, node: Node<'_>) -> Option<Predicate> {
        let part = node.parts().next()?;
        Some(match (node.rule()?, part.rule()?) {
            (Rule::predicate, Rule::never_decreases) => Predicate::NeverDecreases(self.first_path(part)?),
            (Rule::predicate, Rule::never_jumps) => {
                Predicate::NeverJumps { line: self.first_path(part)?, more_than: self.first_expr(part, Rule::amount)? }
            }
            (Rule::predicate, Rule::rises_or_falls) => {
                let line = self.first_path(part)?;
                let at_most = self.first_expr(part, Rule::amount)?;
                if part.has(Rule::kw_rises) {
                    Predicate::RisesAtMost { line, at_most }
                } else {
                    Predicate::FallsAtMost { line, at_most }
                }
            }
            (Rule::predicate, Rule::expr) => Predicate::Holds(self.expr(part)?),
            _ => return None,
        })
    }
}
