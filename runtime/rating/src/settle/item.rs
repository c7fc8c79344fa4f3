//! A line of the invoice while it is being settled.

use crate::cells::CellAt;
use crate::split::apportion;
use price_ir::{About, CellDetail, Charge, CurrencyIx, InvoiceLine, Line, LineIx, LineKind, OWN, RuleIx, Step};
use price_value::{Rational, Rounding};

/// A line, its cells and what has happened to it so far.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// The plan's line; none for the line of a minimum.
    pub(crate) line: Option<LineIx>,
    pub(crate) name: String,
    pub(crate) kind: LineKind,
    pub(crate) order: u32,
    pub(crate) rule: RuleIx,
    pub(crate) quantity: Option<(Rational, String)>,
    pub(crate) gross: Rational,
    pub(crate) steps: Vec<Step>,
    pub(crate) cells: Vec<WorkCell>,
    /// The exact amount of a line without cells.
    pub(crate) rest: Rational,
    /// There was usage (or a fee is due).
    pub(crate) used: bool,
    /// Exact amount before discounts.
    pub(crate) before: Rational,
    /// For the line of a minimum: the lines it counts, and the total it lifts them to.
    pub(crate) lifts: Option<(Vec<LineIx>, Rational)>,
    pub(crate) amount: Rational,
    pub(crate) attribution: Vec<(String, Rational)>,
    pub(crate) currency: CurrencyIx,
    /// Due at the start of a day, before its usage.
    pub(crate) ahead: bool,
    /// Who paid.
    pub(crate) paid: Vec<(String, Rational)>,
    pub(crate) about: About,
}

/// A cell of a line.
#[derive(Debug, Clone)]
pub(crate) struct WorkCell {
    pub(crate) at: CellAt,
    /// First instant of the cell's window, where the line's windows are shorter than the period.
    pub(crate) window: Option<i64>,
    pub(crate) detail: CellDetail,
    /// Exact amount after the steps so far.
    pub(crate) exact: Rational,
}

impl WorkCell {
    /// What it goes by where an order is needed: its labels, then its window.
    pub(crate) fn name(&self) -> Vec<String> {
        self.detail.labels.iter().map(|(_, label)| label.clone()).collect()
    }
}

impl Item {
    pub(crate) fn new(kind: LineKind, index: LineIx, line: &Line) -> Item {
        Item {
            line: Some(index),
            name: line.name.clone(),
            kind,
            order: line.order,
            rule: line.rule,
            quantity: None,
            gross: Rational::ZERO,
            steps: Vec::new(),
            cells: Vec::new(),
            rest: Rational::ZERO,
            used: false,
            before: Rational::ZERO,
            lifts: None,
            amount: Rational::ZERO,
            attribution: Vec::new(),
            currency: line.currency,
            ahead: matches!(&line.charge, Charge::Fee(fee) if fee.in_advance),
            paid: Vec::new(),
            about: line.about.clone(),
        }
    }

    /// A line that no statement of the plan is: it stands for an amount.
    pub(crate) fn extra(kind: LineKind, name: &str, order: u32, rule: RuleIx, amount: Rational) -> Item {
        Item {
            line: None,
            name: name.into(),
            kind,
            order,
            rule,
            quantity: None,
            gross: amount.clone(),
            steps: Vec::new(),
            cells: Vec::new(),
            rest: amount.clone(),
            used: true,
            before: amount,
            lifts: None,
            amount: Rational::ZERO,
            attribution: Vec::new(),
            currency: OWN,
            ahead: false,
            paid: Vec::new(),
            about: About::default(),
        }
    }

    /// Exact amount after the steps so far.
    pub(crate) fn exact(&self) -> Rational {
        self.cells.iter().map(|c| &c.exact).sum::<Rational>() + &self.rest
    }

    /// Whether a cell is meant by a mask over closed cells.
    pub(crate) fn in_mask(cell: &WorkCell, mask: Option<&[bool]>) -> bool {
        mask.is_none_or(|m| m.get(cell.at.cell as usize).copied().unwrap_or(false))
    }

    /// The exact amount of the cells a mask means (the whole line without one).
    pub(crate) fn masked(&self, mask: Option<&[bool]>) -> Rational {
        match mask {
            None => self.exact(),
            Some(_) => self.cells.iter().filter(|c| Item::in_mask(c, mask)).map(|c| &c.exact).sum(),
        }
    }

    /// Records a change and spreads it over the cells that a mask means, in proportion to what
    /// they have. A change of zero is no step.
    pub(crate) fn step(&mut self, step: Step, mask: Option<&[bool]>) {
        if step.change.is_zero() {
            return;
        }
        let touched: Vec<usize> = (0..self.cells.len()).filter(|i| Item::in_mask(&self.cells[*i], mask)).collect();
        self.spread(&step.change, &touched);
        self.steps.push(step);
    }

    /// Spreads a change over some cells without recording it.
    pub(crate) fn spread(&mut self, change: &Rational, touched: &[usize]) {
        let sum: Rational = touched.iter().map(|i| &self.cells[*i].exact).sum();
        if touched.is_empty() {
            self.rest += change;
        } else if sum.is_zero() {
            let first = touched.iter().min_by_key(|i| self.cells[**i].name()).expect("not empty");
            self.cells[*first].exact += change;
        } else {
            for i in touched {
                let share = change * &self.cells[*i].exact / &sum;
                self.cells[*i].exact += &share;
            }
        }
    }

    /// The amount is another by what a finer rounding kept; the cells share the difference.
    pub(crate) fn settle_at(&mut self, amount: Rational, finer: Option<&Rounding>) {
        if let Some(finer) = finer.filter(|_| !self.cells.is_empty() && amount != self.amount) {
            let before: Rational = self.cells.iter().map(|c| &c.detail.amount).sum();
            let exact: Vec<Rational> = self.cells.iter().map(|c| c.exact.clone()).collect();
            let total = before + &amount - &self.amount;
            for (cell, share) in self.cells.iter_mut().zip(apportion(&total, &exact, &finer.step)) {
                cell.detail.amount = share;
            }
        }
        self.amount = amount;
    }

    /// A rebate: what was computed is given back.
    pub(crate) fn negate(&mut self) {
        self.gross = -&self.gross;
        self.rest = -&self.rest;
        for step in &mut self.steps {
            step.change = -&step.change;
        }
        for cell in &mut self.cells {
            cell.exact = -&cell.exact;
            cell.detail.exact = -&cell.detail.exact;
            for tier in &mut cell.detail.tiers {
                tier.exact = -&tier.exact;
                tier.amount = -&tier.amount;
                tier.rate = -&tier.rate;
            }
        }
    }

    /// Lines of zero without usage are left out.
    pub(crate) fn shows(&self) -> bool {
        self.used || !self.amount.is_zero() || !self.steps.is_empty() || !self.gross.is_zero()
    }

    pub(crate) fn into_line(self) -> InvoiceLine {
        InvoiceLine {
            exact: self.exact(),
            name: self.name,
            kind: self.kind,
            quantity: self.quantity,
            gross: self.gross,
            steps: self.steps,
            amount: self.amount,
            cells: self.cells.into_iter().map(|c| c.detail).collect(),
            attribution: self.attribution,
            rule: self.rule,
            currency: self.currency,
            paid: self.paid,
            about: self.about,
            corrects: None,
        }
    }
}
