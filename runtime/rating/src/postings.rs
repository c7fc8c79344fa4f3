//! What each row adds to a line: `F(after) − F(before)`, in folding order.
//!
//! For the streaming of many rows of one line. A poster keeps its own cells: it neither reads nor
//! feeds those that invoices are made of. The postings of a cell sum to `F(q) − F(0)`; line
//! clamps, discounts and rounding are no business of single rows.

use crate::calendar;
use crate::cells::{NONE, Shape};
use crate::layout::{cuts, regime_on};
use crate::period::Stretch;
use crate::rater::{Rater, RowFault};
use crate::reject::RejectReason;
use crate::slots::Slots;
use price_ir::kernel::TAKEN;
use price_ir::{Across, Batch, CellRule, Charge, Fault, Fold, LineIx, MapOut, SinkIx};
use price_value::{Rational, Timestamp};
use rustc_hash::FxHashMap;

/// Why a line has no postings by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPostings {
    /// A fee or a share of other lines.
    #[error("this line does not come from events")]
    NoEvents,
    /// The meter is no sum and no count.
    #[error("only sums, counts and prices on each event can be posted row by row")]
    Fold,
    /// Quantities are covered by allowances or usage discounts, or events are split.
    #[error("lines with allowances, usage discounts or split events are posted by their invoice")]
    Covered,
    /// The total of the window decides the rate of each row, and the rate changes by date.
    #[error("volume prices that change by date are posted by their invoice")]
    Dated,
    /// The total of another meter decides the rate of each row.
    #[error("prices whose tiers are scaled are posted by their invoice")]
    Scaled,
    /// What one label adds depends on the others.
    #[error("lines whose labels are priced together are posted by their invoice")]
    Across,
    /// Earlier periods decide what the first rows are charged for.
    #[error("prices with a ratchet are posted by their invoice")]
    Ratcheted,
    /// The line has cells by open labels.
    #[error("lines by open labels are posted by their invoice")]
    Open,
}

/// The postings of one line, row by row.
pub struct Poster {
    line: LineIx,
    sink: SinkIx,
    rebate: bool,
    usage: bool,
    width: usize,
    entries: usize,
    /// First instants of all regimes but the first.
    cuts: Vec<i64>,
    fused: Option<i128>,
    /// Sums in raw units: one run of cells per subject and window.
    cells: Vec<i64>,
    slots: Slots,
    windows: FxHashMap<i64, u32>,
    window: Option<(Stretch, u32)>,
    latest: Vec<i64>,
    base: Vec<u32>,
    out: MapOut,
    quantities: bool,
}

/// What one batch added. All columns have one entry per row (of a family: the row's sum).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Posted {
    /// Whether the row took part.
    pub taken: Vec<bool>,
    /// Exact amounts over [`Posted::denominator`], where there is one.
    pub steps: Vec<i64>,
    /// Denominator of `steps`; without it amounts are in `exact`.
    pub denominator: Option<i128>,
    /// Exact amounts, where they are not whole steps of one denominator.
    pub exact: Vec<Rational>,
    /// Quantities in raw steps of the sink's quantum (of a price on each event: its amount).
    /// Empty where the poster leaves them out.
    pub raw: Vec<i64>,
}

impl Posted {
    /// The exact amount of a row.
    pub fn amount(&self, row: usize) -> Rational {
        match self.denominator {
            Some(denominator) => Rational::new(self.steps[row].into(), denominator),
            None => self.exact[row].clone(),
        }
    }
}

impl Rater {
    /// A poster for a line, with fresh cells.
    pub fn poster(&self, line: LineIx) -> Result<Poster, NoPostings> {
        let plan = &self.plan;
        let rule = &plan.lines[line.ix()];
        let (sink, rules) = match &rule.charge {
            Charge::Usage(usage) => {
                if !matches!(plan.sinks[usage.sink.ix()].fold, Fold::Sum(_) | Fold::Count) {
                    return Err(NoPostings::Fold);
                }
                if !usage.covered_by.is_empty() || !usage.less.is_empty() {
                    return Err(NoPostings::Covered);
                }
                if usage.scale.is_some() {
                    return Err(NoPostings::Scaled);
                }
                if usage.across != Across::Each {
                    return Err(NoPostings::Across);
                }
                if usage.ratchet.is_some() {
                    return Err(NoPostings::Ratcheted);
                }
                if usage.rules.regimes.len() > 1 && usage.rules.functions.iter().any(|f| f.amount.selects()) {
                    return Err(NoPostings::Dated);
                }
                (usage.sink, &usage.rules)
            }
            Charge::Events(sink) => match &plan.sinks[sink.ix()].fold {
                Fold::Charge(charge) if charge.priced_by_host() => return Err(NoPostings::Covered),
                Fold::Charge(charge) => (*sink, &charge.rules),
                _ => return Err(NoPostings::Fold),
            },
            Charge::Fee(_) | Charge::Share { .. } => return Err(NoPostings::NoEvents),
        };
        let shape = Shape::new(plan, &plan.sinks[sink.ix()]);
        if !shape.open.is_empty() {
            return Err(NoPostings::Open);
        }
        let usage = matches!(rule.charge, Charge::Usage(_));
        let sold = rules.regimes.iter().flat_map(|r| &r.cells).all(|c| *c != CellRule::NotSold);
        let simple = usage && sold && rules.regimes.len() == 1 && shape.family.is_none();
        Ok(Poster {
            line,
            sink,
            rebate: rule.rebate,
            usage,
            width: shape.width as usize,
            entries: shape.entries.max(1),
            cuts: cuts(rules, &self.time),
            fused: simple.then(|| self.kernel.posting_denominator(line)).flatten(),
            cells: Vec::new(),
            slots: Slots::default(),
            windows: FxHashMap::default(),
            window: None,
            latest: Vec::new(),
            base: Vec::new(),
            out: MapOut::default(),
            quantities: true,
        })
    }

    /// Posts rows of the line's event type, sorted by time within each billed subject. Fills the
    /// batch's calendars. Refused rows post nothing.
    ///
    /// # Panics
    /// When the batch is of another event type, or `subjects` has another length.
    pub fn rate_batch(
        &mut self,
        poster: &mut Poster,
        batch: &mut Batch,
        subjects: &[u32],
        posted: &mut Posted,
    ) -> Vec<RowFault> {
        assert_eq!(subjects.len(), batch.rows, "every row has a subject");
        calendar::fill(&mut self.clocks, &self.layout.events[batch.event.ix()].calendars, batch);
        let mut faults = Vec::new();
        self.place_postings(poster, batch, subjects, &mut faults);
        *posted = Posted { denominator: poster.fused, ..Posted::default() };
        let done = poster.fused.is_some() && faults.is_empty() && {
            posted.steps.resize(batch.rows, 0);
            poster.out.status.resize(batch.rows, 0);
            let status = &mut poster.out.status[..batch.rows];
            self.kernel.rate(poster.line, batch, &poster.base, &mut poster.cells, &mut posted.steps, status)
        };
        if done {
            for (row, status) in poster.out.status[..batch.rows].iter().enumerate() {
                posted.taken.push(*status == TAKEN);
                if *status > TAKEN {
                    faults.push(RowFault { row: row as u32, reason: self.fault(*status, poster.sink) });
                }
            }
            if poster.rebate {
                posted.steps.iter_mut().for_each(|s| *s = -*s);
            }
            if poster.quantities {
                self.kernel.map(poster.sink, batch, &[], &mut poster.out);
                std::mem::swap(&mut posted.raw, &mut poster.out.value);
                for (raw, taken) in posted.raw.iter_mut().zip(&posted.taken) {
                    if !taken {
                        *raw = 0;
                    }
                }
            }
            return faults;
        }
        posted.steps.clear();
        posted.denominator = None;
        self.post_entries(poster, batch, posted, &mut faults);
        faults.sort_by_key(|f| f.row);
        faults
    }

    /// The first cell of every row's subject and window.
    fn place_postings(&mut self, poster: &mut Poster, batch: &Batch, subjects: &[u32], faults: &mut Vec<RowFault>) {
        let window_length = match &self.plan.lines[poster.line.ix()].charge {
            Charge::Usage(usage) => usage.window,
            _ => self.time.billing.every,
        };
        poster.base.clear();
        for (row, (at, subject)) in batch.happened.iter().zip(subjects).enumerate() {
            let (billed, admitted) = match self.accounts.admit(*subject, *at) {
                Ok(billed) => (billed as usize, true),
                Err(billed) => (billed as usize, false),
            };
            if poster.latest.len() <= billed {
                poster.latest.resize((billed + 1).next_power_of_two(), i64::MIN);
            }
            let reason = match (admitted, poster.latest[billed] > *at) {
                (false, _) => Some(self.not_admitted(*subject, *at)),
                (_, true) => Some(RejectReason::OutOfOrder),
                _ => None,
            };
            if let Some(reason) = reason {
                faults.push(RowFault { row: row as u32, reason });
                poster.base.push(NONE);
                continue;
            }
            poster.latest[billed] = *at;
            let window = match poster.window {
                Some((stretch, index)) if stretch.holds(*at) => index,
                _ => {
                    let stretch = self.time.window_at(window_length, *at);
                    let next = poster.windows.len() as u32;
                    let index = *poster.windows.entry(stretch.from).or_insert(next);
                    poster.window = Some((stretch, index));
                    index
                }
            };
            let slot = poster.slots.slot(billed as u32, window) as usize;
            if poster.cells.len() <= slot * poster.width {
                poster.cells.resize((slot + 1) * poster.width, 0);
            }
            poster.base.push((slot * poster.width) as u32);
        }
    }

    /// Row by row, with exact amounts.
    fn post_entries(&mut self, poster: &mut Poster, batch: &Batch, posted: &mut Posted, faults: &mut Vec<RowFault>) {
        let plan = self.plan.clone();
        let sink = &plan.sinks[poster.sink.ix()];
        let regimes: Vec<u32> = match poster.usage || poster.cuts.is_empty() {
            true => Vec::new(),
            false => batch.happened.iter().map(|at| poster.cuts.partition_point(|cut| cut <= at) as u32).collect(),
        };
        let mut out = std::mem::take(&mut poster.out);
        self.kernel.map(poster.sink, batch, &regimes, &mut out);
        for row in 0..batch.rows {
            let (mut taken, mut amount, mut raw) = (false, Rational::ZERO, 0i64);
            let mut bad = None;
            if poster.base[row] != NONE {
                for at in row * poster.entries..(row + 1) * poster.entries {
                    match out.status[at] {
                        TAKEN => {}
                        0 => continue,
                        status => {
                            bad = Some(status);
                            break;
                        }
                    }
                    let value = out.value[at];
                    let step = if poster.usage {
                        self.post_step(poster, batch.happened[row], row, out.cell[at], value)
                    } else {
                        Ok(Rational::from(value) * &sink.quantum)
                    };
                    match step.and_then(|step| Ok((step, raw.checked_add(value).ok_or(Fault::Overflow)?))) {
                        Ok((step, sum)) => {
                            taken = true;
                            amount += &step;
                            raw = sum;
                        }
                        Err(fault) => {
                            bad = Some(fault as u8);
                            break;
                        }
                    }
                }
            }
            if let Some(status) = bad {
                faults.push(RowFault { row: row as u32, reason: self.fault(status, poster.sink) });
            }
            posted.taken.push(taken && bad.is_none());
            posted.exact.push(if poster.rebate { -amount } else { amount });
            posted.raw.push(raw);
        }
        poster.out = out;
    }

    /// One entry of a usage line.
    fn post_step(&self, poster: &mut Poster, when: i64, row: usize, cell: u32, value: i64) -> Result<Rational, Fault> {
        let Charge::Usage(usage) = &self.plan.lines[poster.line.ix()].charge else { return Err(Fault::Missing) };
        let date = if usage.split_period || poster.cuts.is_empty() {
            self.time.date(when)
        } else {
            self.time.billing.period_at(&self.time.zone, Timestamp(when)).until.add_days(-1)
        };
        let CellRule::Function(function) = regime_on(&usage.rules, date).cells[cell as usize] else {
            return if value == 0 { Ok(Rational::ZERO) } else { Err(Fault::NotSold) };
        };
        let place = poster.base[row] as usize + cell as usize;
        let before = poster.cells[place];
        let after = before.checked_add(value).ok_or(Fault::Overflow)?;
        let at = |raw: i64| match self.kernel.charge(poster.line, function, raw.into(), 1) {
            Err(Fault::Overflow) => {
                let quantity = Rational::from(raw) * &self.plan.sinks[poster.sink.ix()].quantum;
                usage.rules.functions[function as usize].amount.at(&quantity)
            }
            answer => answer,
        };
        let step = at(after)? - at(before)?;
        poster.cells[place] = after;
        Ok(step)
    }
}

impl Poster {
    /// Leaves [`Posted::raw`] out on the fused path, which then reads every row only once.
    pub fn without_quantities(self) -> Poster {
        Poster { quantities: false, ..self }
    }

    /// Whether rows take the engine's fused path.
    pub fn is_fused(&self) -> bool {
        self.fused.is_some()
    }
}
