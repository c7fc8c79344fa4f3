//! Prices, overrides, charges, ladders and tables.

use super::Lower;
use crate::ast::{
    BoundOf, BoundOfKind, Cell, CellKind, Charge, ChargeClamp, ChargeTerm, Clamp, ClampOver, ClampSide, ClampThen,
    ClampUsage, Docs, FlatWhen, Key, LadderRule, Name, Override, OverrideBody, OverrideTarget, PriceBody, PriceDecl,
    PriceFilter, PriceKind, PriceStmt, PriceStmtKind, PriceTarget, Table, TableEntry, TableHeader, TableRow, TermKind,
    Tier, TierEntry, TierMode, Tiers, UsageSide,
};
use crate::grammar::Rule;
use crate::tree::Node;
use price_diagnostics::{Code, Diagnostic, Fix};

impl Lower {
    pub(super) fn price(&mut self, node: Node<'_>) -> Option<PriceDecl> {
        let target = match node.part(Rule::price_target) {
            Some(target) if target.has(Rule::kw_each) => PriceTarget::Each(self.first_path(target)?),
            Some(target) => PriceTarget::Meter(self.first_path(target)?),
            None => PriceTarget::Lines,
        };
        let filter = match node.part(Rule::price_filter) {
            Some(filter) => Some(self.price_filter(filter)?),
            None => None,
        };
        let body = match node.part(Rule::price_block) {
            Some(block) => PriceBody::Block(self.price_block(block)),
            None => PriceBody::Charge(self.first_charge(node)?),
        };
        Some(PriceDecl {
            kind: if node.has(Rule::kw_price) { PriceKind::Price } else { PriceKind::Rebate },
            name: self.first_name(node)?,
            target,
            by: self.by_names(node),
            filter,
            window: self.window(node),
            body,
        })
    }

    fn price_filter(&mut self, node: Node<'_>) -> Option<PriceFilter> {
        Some(PriceFilter {
            condition: self.first_expr(node, Rule::expr)?,
            ladder: node
                .part(Rule::ladder_rule)
                .map(|rule| if rule.has(Rule::kw_counts) { LadderRule::Counts } else { LadderRule::NotCounted }),
            span: self.span(node),
        })
    }

    pub(super) fn override_price(&mut self, node: Node<'_>) -> Option<Override> {
        let body = if let Some(less) = node.part(Rule::less) {
            OverrideBody::Less { percent: self.first_percent(less)?, of: self.first_path(less) }
        } else if let Some(block) = node.part(Rule::price_block) {
            OverrideBody::Block(self.price_block(block))
        } else {
            OverrideBody::Charge(self.first_charge(node)?)
        };
        let filter = match node.part(Rule::price_filter) {
            Some(filter) => Some(self.price_filter(filter)?),
            None => None,
        };
        let target = match node.part(Rule::tagged) {
            Some(tagged) => OverrideTarget::Tagged(self.first_name(tagged)?),
            None => OverrideTarget::Price(self.first_path(node)?),
        };
        Some(Override { target, filter, validity: self.first_validity(node), body })
    }

    fn price_block(&mut self, node: Node<'_>) -> Vec<PriceStmt> {
        self.lines(
            node,
            |_| true,
            |this, docs, line| PriceStmt {
                docs,
                kind: this.price_line(line).unwrap_or_else(|| PriceStmtKind::Bad(this.bad(line))),
                span: this.span(line),
            },
        )
    }

    fn price_line(&mut self, node: Node<'_>) -> Option<PriceStmtKind> {
        Some(match node.rule()? {
            Rule::measure => PriceStmtKind::Measure(self.first_path(node)?),
            Rule::tiers => PriceStmtKind::Tiers(self.tiers(node)?),
            Rule::table => PriceStmtKind::Table(self.table(node)),
            Rule::derive => PriceStmtKind::Derive { label: self.first_label(node)?, charge: self.first_charge(node)? },
            Rule::price_discount => PriceStmtKind::Discount {
                percent: self.first_percent(node)?,
                filter: match node.part(Rule::where_expr) {
                    Some(_) => Some(self.condition(node)?),
                    None => None,
                },
            },
            Rule::clamp => PriceStmtKind::Clamp(self.clamp(node)?),
            Rule::split if node.has(Rule::kw_split) => match self.first_path(node) {
                Some(path) => PriceStmtKind::SplitAt(path),
                None => PriceStmtKind::SplitPeriod,
            },
            Rule::split => match self.first_path(node) {
                Some(path) => PriceStmtKind::RateByStart(path),
                None => PriceStmtKind::RateOfPeriodEnd,
            },
            Rule::tiers_count if node.has(Rule::kw_cells) => PriceStmtKind::TiersCountCells,
            Rule::largest => PriceStmtKind::OnlyLargest,
            Rule::ratchet => {
                PriceStmtKind::Ratchet { share: self.first_percent(node)?, past: self.first_duration(node)? }
            }
            Rule::tiers_count => {
                PriceStmtKind::TiersCount(if node.has(Rule::kw_net) { UsageSide::Net } else { UsageSide::Gross })
            }
            Rule::round_each => {
                PriceStmtKind::RoundEach { event: self.first_path(node)?, rounding: self.rounding(node)? }
            }
            Rule::cliffs => PriceStmtKind::AllowCliffs,
            Rule::price_charge => PriceStmtKind::Charge(self.first_charge(node)?),
            _ => return None,
        })
    }

    fn clamp(&mut self, node: Node<'_>) -> Option<Clamp> {
        let over = if let Some(each) = node.part(Rule::clamp_each) {
            Some(ClampOver::Each(self.first_path(each)?))
        } else {
            self.per_period(node).map(ClampOver::Per)
        };
        Some(Clamp {
            side: Self::side(node),
            amount: self.first_expr(node, Rule::amount)?,
            over,
            usage: node
                .part(Rule::clamp_usage)
                .map(|usage| if usage.has(Rule::kw_if) { ClampUsage::IfUsed } else { ClampUsage::EvenAtZero }),
            partial: Self::partial(node),
            then: node
                .part(Rule::clamp_then)
                .map(|then| if then.has(Rule::kw_free) { ClampThen::Free } else { ClampThen::CutOff }),
        })
    }

    fn side(node: Node<'_>) -> ClampSide {
        if node.has(Rule::kw_least) { ClampSide::Least } else { ClampSide::Most }
    }

    fn first_charge(&mut self, node: Node<'_>) -> Option<Charge> {
        let charge = node.part(Rule::charge)?;
        self.charge(charge)
    }

    fn charge(&mut self, node: Node<'_>) -> Option<Charge> {
        let mut terms = Vec::new();
        let mut clamps = Vec::new();
        for part in node.parts() {
            match part.rule()? {
                Rule::term => terms.push(ChargeTerm { kind: self.term(part)?, span: self.span(part) }),
                Rule::charge_clamp => clamps.push(ChargeClamp {
                    total: part.has(Rule::kw_total),
                    side: Self::side(part),
                    amount: self.first_expr(part, Rule::amount)?,
                    span: self.span(part),
                }),
                _ => {}
            }
        }
        let rounded = match node.part(Rule::rounded) {
            Some(_) => Some(self.rounded(node)?),
            None => None,
        };
        Some(Charge { terms, clamps, rounded, span: self.span(node) })
    }

    fn term(&mut self, node: Node<'_>) -> Option<TermKind> {
        let part = node.parts().next()?;
        Some(match part.rule()? {
            Rule::free => TermKind::Free,
            Rule::flat => TermKind::Flat {
                amount: self.first_expr(part, Rule::amount)?,
                when: part.part(Rule::flat_when).map(|when| {
                    if when.has(Rule::kw_even) {
                        FlatWhen::EvenAtZero
                    } else if when.has(Rule::kw_only) {
                        FlatWhen::OnlyWhenCharged
                    } else {
                        FlatWhen::AlsoWhenFree
                    }
                }),
            },
            Rule::share => TermKind::Value(self.share(part)?),
            _ => TermKind::Value(self.expr(part)?),
        })
    }

    fn tiers(&mut self, node: Node<'_>) -> Option<Tiers> {
        let mode = if node.has(Rule::kw_graduated) {
            TierMode::Graduated
        } else if node.has(Rule::kw_volume) {
            TierMode::Volume
        } else {
            TierMode::Stairstep
        };
        let columns = node.part(Rule::grid_head).map(|head| self.labels(head));
        let is_line = |rule| matches!(rule, Rule::tier | Rule::grid_row | Rule::bad);
        let rows = self.lines(node, is_line, |this, docs, line| {
            this.tier(docs, line).map_or_else(|| TierEntry::Bad(this.bad(line)), TierEntry::Tier)
        });
        let ends: Vec<Option<bool>> = rows
            .iter()
            .map(|row| match row {
                TierEntry::Tier(tier) => Some(tier.up_to.is_none()),
                TierEntry::Bad(_) => None,
            })
            .collect();
        self.check_beyond(node, &ends, is_line);
        if let Some(columns) = &columns {
            let width = columns.len();
            for (row, line) in rows.iter().zip(node.parts().filter(|part| part.rule().is_some_and(is_line))) {
                if let TierEntry::Tier(tier) = row {
                    self.check_width(line, tier.cells.len() + 1, width + 1);
                }
            }
        }
        Some(Tiers { mode, per: self.first_per(node), columns, rows })
    }

    fn tier(&mut self, docs: Docs, node: Node<'_>) -> Option<Tier> {
        let bound = match node.rule()? {
            Rule::tier => node.part(Rule::tier_bound)?,
            Rule::grid_row => node,
            _ => return None,
        };
        let up_to = match bound.part(Rule::bound) {
            Some(bound) => Some(self.expr(bound)?),
            None => None,
        };
        let of = bound.part(Rule::bound_of).and_then(|part| {
            let kind = match part.has(Rule::kw_the) {
                true => BoundOfKind::Period(self.period_word(part)?),
                false => BoundOfKind::Meter(self.path(part.part(Rule::path)?)),
            };
            Some(BoundOf { kind, span: self.span(part) })
        });
        let steps = match node.part(Rule::steps) {
            Some(steps) => Some(self.first_quantity(steps)?),
            None => None,
        };
        let cells = match node.part(Rule::tier_charge) {
            Some(part) => {
                let charge = self.charge(part)?;
                vec![Cell { span: charge.span, kind: CellKind::Charge(charge) }]
            }
            None => self.cells(node)?,
        };
        Some(Tier { docs, up_to, of, steps, cells, span: self.span(node) })
    }

    fn cells(&mut self, node: Node<'_>) -> Option<Vec<Cell>> {
        node.parts_of(Rule::cell)
            .map(|part| {
                let kind = match part.part(Rule::charge) {
                    Some(charge) => CellKind::Charge(self.charge(charge)?),
                    None => CellKind::NotSold,
                };
                Some(Cell { kind, span: self.span(part) })
            })
            .collect()
    }

    fn table(&mut self, node: Node<'_>) -> Table {
        let header = self.table_header(node);
        let width = match &header {
            Some(TableHeader::Matrix { labels, .. }) => Some(labels.len() + 1),
            Some(TableHeader::List { dimensions, .. }) => Some(dimensions.len() + 1),
            Some(TableHeader::Bad(_)) | None => None,
        };
        let head_is_bad = width.is_none();
        let is_line =
            move |rule| matches!(rule, Rule::matrix_row | Rule::list_row) || (rule == Rule::bad && !head_is_bad);
        let rows = self.lines(node, is_line, |this, docs, line| {
            this.table_row(docs, line, width).map_or_else(|| TableEntry::Bad(this.bad(line)), TableEntry::Row)
        });
        Table { per: self.first_per(node), header: header.unwrap_or_else(|| TableHeader::Bad(self.bad(node))), rows }
    }

    fn table_header(&mut self, node: Node<'_>) -> Option<TableHeader> {
        if let Some(head) = node.part(Rule::matrix_head) {
            let mut dimensions = head.parts_of(Rule::path).map(|path| self.path(path));
            return Some(TableHeader::Matrix {
                rows: dimensions.next()?,
                columns: dimensions.next()?,
                labels: self.labels(head),
                span: self.span(head),
            });
        }
        if let Some(head) = node.part(Rule::list_head) {
            let mut dimensions = self.paths(head);
            let rate = dimensions.pop()?;
            let rate = Name { text: rate.text(), span: rate.span };
            return Some(TableHeader::List { dimensions, rate, span: self.span(head) });
        }
        if let Some(bad) = node.part(Rule::bad) {
            return Some(TableHeader::Bad(self.bad(bad)));
        }
        let place = self.place(node);
        self.report(
            Diagnostic::error(Code("P131"), "a table has no header")
                .at(place, "")
                .help("the first line names the dimensions: `model \\ kind | input | output`"),
        );
        None
    }

    fn table_row(&mut self, docs: Docs, node: Node<'_>, width: Option<usize>) -> Option<TableRow> {
        if node.is(Rule::bad) {
            return None;
        }
        let keys: Vec<Key> = node
            .parts_of(Rule::key)
            .filter_map(|key| match self.first_label(key) {
                Some(label) => Some(Key::Label(label)),
                None => key.part(Rule::star).map(|star| Key::Rest(self.span(star))),
            })
            .collect();
        let cells = self.cells(node)?;
        if let Some(width) = width {
            self.check_width(node, keys.len() + cells.len(), width);
        }
        Some(TableRow { docs, keys, cells, span: self.span(node) })
    }

    pub(super) fn check_width(&mut self, row: Node<'_>, found: usize, expected: usize) {
        if found == expected {
            return;
        }
        let place = self.place(row);
        let columns = |n: usize| if n == 1 { "column" } else { "columns" };
        self.report(
            Diagnostic::error(
                Code("P119"),
                format!("this row has {found} {}, the header has {expected}", columns(found)),
            )
            .at(place, "")
            .help("write `n/a` where something is not sold"),
        );
    }

    /// A ladder ends with `beyond`, and nothing follows it. `ends` says for each line whether it
    /// is that line, or nothing if the line could not be read.
    pub(super) fn check_beyond(&mut self, node: Node<'_>, ends: &[Option<bool>], is_line: impl Fn(Rule) -> bool) {
        let lines: Vec<Node<'_>> = node.parts().filter(|part| part.rule().is_some_and(&is_line)).collect();
        if let Some(at) = ends.iter().position(|end| *end == Some(true)) {
            if let (Some(beyond), Some(after)) = (lines.get(at), lines.get(at + 1)) {
                let (beyond, after) = (self.place(*beyond), self.place(*after));
                self.report(
                    Diagnostic::error(Code("P118"), "a line follows `beyond`")
                        .at(after, "never reached")
                        .also(beyond, "holds everything above the last bound")
                        .help("move `beyond` to the end"),
                );
            }
            return;
        }
        // An unreadable last line may have been the one.
        if ends.last() == Some(&None) {
            return;
        }
        let last = lines.last().copied();
        let place = last.map_or_else(|| self.place(node), |line| self.place(line));
        let mut diagnostic = Diagnostic::error(Code("P117"), "the ladder has no last tier")
            .at(place, "what is above this bound has no price")
            .help("end with `beyond` and a price");
        if let Some(line) = last {
            let bar = if line.is(Rule::grid_row) { " | " } else { " " };
            let cells: Vec<&str> = line
                .parts()
                .filter(|part| matches!(part.rule(), Some(Rule::tier_charge | Rule::cell | Rule::label)))
                .map(Node::text)
                .collect();
            let indent = " ".repeat(6);
            let insert = self.place(line).after();
            diagnostic = diagnostic.fix(Fix::replace(
                "add a last tier at the price of this one",
                insert,
                format!("\n{indent}beyond{bar}{}", cells.join(" | ")),
                false,
            ));
        }
        self.report(diagnostic);
    }
}
