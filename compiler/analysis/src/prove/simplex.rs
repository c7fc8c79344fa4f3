//! The greatest value of a sum under bounds that are sums, exactly.
//!
//! The simplex method on dictionaries of rationals: the largest factor enters, and after a while
//! the first one, which ends always. No number is rounded.

use price_value::Rational;
use std::collections::BTreeMap;

/// `Σ factor · column ≤ bound`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Factors by column.
    pub(super) factors: BTreeMap<usize, Rational>,
    /// The bound.
    pub(super) most: Rational,
}

/// What became of a question.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Best {
    /// No values keep all bounds.
    Nothing,
    /// It grows for ever.
    Endless,
    /// The greatest value, and the values of the columns where it is reached.
    At(Rational, Vec<Rational>),
    /// The steps that were left are spent.
    Spent,
}

/// Steps after which the first factor enters instead of the largest.
const PATIENCE: usize = 60;

/// The greatest `Σ factor · column` with columns at or above zero that keep the bounds; `steps` is
/// what may be spent, in cells of the dictionary.
pub(super) fn greatest(columns: usize, goal: &BTreeMap<usize, Rational>, rows: &[Row], steps: &mut usize) -> Best {
    let mut d = Dictionary::new(columns, rows);
    if let Some(worst) = d.worst() {
        // One column more, at or above zero, that loosens all bounds: they can be kept if it can be zero.
        let extra = columns;
        d.factors.iter_mut().for_each(|row| row.push(Rational::int(-1)));
        d.free.push(extra);
        d.goal = vec![Rational::ZERO; columns + 1];
        d.goal[columns] = Rational::int(-1);
        if !d.pivot(worst, columns, steps) {
            return Best::Spent;
        }
        match d.climb(steps) {
            Some(true) => {}
            Some(false) => return Best::Nothing,
            None => return Best::Spent,
        }
        if d.value.is_negative() {
            return Best::Nothing;
        }
        if let Some(row) = d.basic.iter().position(|column| *column == extra) {
            // It is zero, and can leave for any other.
            let Some(other) = d.factors[row].iter().position(|factor| !factor.is_zero()) else {
                return Best::Spent;
            };
            if !d.pivot(row, other, steps) {
                return Best::Spent;
            }
        }
        let Some(at) = d.free.iter().position(|column| *column == extra) else { return Best::Spent };
        d.free.remove(at);
        d.factors.iter_mut().for_each(|row| {
            row.remove(at);
        });
    }
    d.aim(goal);
    match d.climb(steps) {
        None => Best::Spent,
        Some(false) => Best::Endless,
        Some(true) => {
            let mut at = vec![Rational::ZERO; columns];
            for (column, value) in d.basic.iter().zip(&d.values) {
                if *column < columns {
                    at[*column] = value.clone();
                }
            }
            Best::At(d.value, at)
        }
    }
}

/// `basic = value − Σ factor · free`, and the goal `value + Σ factor · free`.
struct Dictionary {
    basic: Vec<usize>,
    free: Vec<usize>,
    values: Vec<Rational>,
    factors: Vec<Vec<Rational>>,
    goal: Vec<Rational>,
    value: Rational,
}

impl Dictionary {
    fn new(columns: usize, rows: &[Row]) -> Dictionary {
        let dense = |row: &Row| {
            let mut factors = vec![Rational::ZERO; columns];
            for (column, factor) in &row.factors {
                factors[*column] = factor.clone();
            }
            factors
        };
        Dictionary {
            // The number behind the last column is the one that loosens.
            basic: (0..rows.len()).map(|row| columns + 1 + row).collect(),
            free: (0..columns).collect(),
            values: rows.iter().map(|row| row.most.clone()).collect(),
            factors: rows.iter().map(dense).collect(),
            goal: vec![Rational::ZERO; columns],
            value: Rational::ZERO,
        }
    }

    /// The row that is farthest below zero.
    fn worst(&self) -> Option<usize> {
        let below = (0..self.values.len()).filter(|row| self.values[*row].is_negative());
        below.min_by(|a, b| self.values[*a].cmp(&self.values[*b]))
    }

    /// Writes a goal in the columns that are free.
    fn aim(&mut self, goal: &BTreeMap<usize, Rational>) {
        self.value = Rational::ZERO;
        self.goal = vec![Rational::ZERO; self.free.len()];
        for (column, factor) in goal {
            if let Some(at) = self.free.iter().position(|free| free == column) {
                self.goal[at] += factor;
            } else if let Some(row) = self.basic.iter().position(|basic| basic == column) {
                self.value += &(factor * &self.values[row]);
                for (at, own) in self.factors[row].iter().enumerate().filter(|(_, own)| !own.is_zero()) {
                    self.goal[at] -= &(factor * own);
                }
            }
        }
    }

    /// Raises the goal as far as it goes; false where it goes on for ever, none where the steps are
    /// spent.
    fn climb(&mut self, steps: &mut usize) -> Option<bool> {
        for turn in 0.. {
            let rising = (0..self.goal.len()).filter(|at| self.goal[*at].is_positive());
            let enter = match turn < PATIENCE {
                true => rising.max_by(|a, b| self.goal[*a].cmp(&self.goal[*b])),
                false => rising.min_by_key(|at| self.free[*at]),
            };
            let Some(enter) = enter else { return Some(true) };
            let mut leave: Option<(usize, Rational)> = None;
            for row in 0..self.basic.len() {
                let factor = &self.factors[row][enter];
                if !factor.is_positive() {
                    continue;
                }
                let room = &self.values[row] / factor;
                let nearer = leave.as_ref().is_none_or(|(best, least)| {
                    room < *least || (room == *least && self.basic[row] < self.basic[*best])
                });
                if nearer {
                    leave = Some((row, room));
                }
            }
            let Some((leave, _)) = leave else { return Some(false) };
            if !self.pivot(leave, enter, steps) {
                return None;
            }
        }
        None
    }

    /// The basic column of a row and a free one change places; false where the steps are spent.
    fn pivot(&mut self, row: usize, at: usize, steps: &mut usize) -> bool {
        let size = self.free.len() * (self.basic.len() + 1);
        let Some(left) = steps.checked_sub(size) else { return false };
        *steps = left;
        let by = self.factors[row][at].clone();
        let mut own = std::mem::take(&mut self.factors[row]);
        own[at] = Rational::ONE;
        for factor in own.iter_mut().filter(|factor| !factor.is_zero()) {
            *factor = &*factor / &by;
        }
        let value = &self.values[row] / &by;
        for other in (0..self.basic.len()).filter(|other| *other != row) {
            let factor = std::mem::take(&mut self.factors[other][at]);
            if factor.is_zero() {
                continue;
            }
            self.values[other] -= &(&factor * &value);
            for (mine, theirs) in self.factors[other].iter_mut().zip(&own).filter(|(_, theirs)| !theirs.is_zero()) {
                *mine -= &(&factor * theirs);
            }
        }
        let factor = std::mem::take(&mut self.goal[at]);
        if !factor.is_zero() {
            self.value += &(&factor * &value);
            for (mine, theirs) in self.goal.iter_mut().zip(&own).filter(|(_, theirs)| !theirs.is_zero()) {
                *mine -= &(&factor * theirs);
            }
        }
        self.values[row] = value;
        self.factors[row] = own;
        std::mem::swap(&mut self.basic[row], &mut self.free[at]);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(text: &str) -> Rational {
        text.parse().unwrap()
    }

    fn sum(factors: &[(usize, &str)]) -> BTreeMap<usize, Rational> {
        factors.iter().map(|(column, factor)| (*column, r(factor))).collect()
    }

    fn row(factors: &[(usize, &str)], most: &str) -> Row {
        Row { factors: sum(factors), most: r(most) }
    }

    fn ask(columns: usize, goal: &[(usize, &str)], rows: &[Row]) -> Best {
        greatest(columns, &sum(goal), rows, &mut 1_000_000)
    }

    #[test]
    fn a_corner_is_found() {
        let rows = [row(&[(0, "1"), (1, "1")], "4"), row(&[(0, "1"), (1, "3")], "6"), row(&[(0, "1")], "3")];
        assert_eq!(ask(2, &[(0, "3"), (1, "2")], &rows), Best::At(r("11"), vec![r("3"), r("1")]));
        assert_eq!(ask(2, &[(0, "-1")], &rows), Best::At(r("0"), vec![r("0"), r("0")]));
    }

    #[test]
    fn bounds_from_below_are_kept_and_contradictions_found() {
        let least = row(&[(0, "-1"), (1, "-1")], "-5");
        let rows = [least.clone(), row(&[(0, "1")], "3"), row(&[(1, "1")], "7/3")];
        assert_eq!(ask(2, &[(0, "-1")], &rows), Best::At(r("-8/3"), vec![r("8/3"), r("7/3")]));
        assert_eq!(ask(2, &[(0, "1")], &[least.clone(), row(&[(0, "1"), (1, "1")], "4")]), Best::Nothing);
        assert_eq!(ask(2, &[(0, "1")], &[least]), Best::Endless);
    }

    #[test]
    fn a_question_that_turns_in_circles_ends() {
        // Beale's example.
        let rows = [
            row(&[(0, "1/4"), (1, "-60"), (2, "-1/25"), (3, "9")], "0"),
            row(&[(0, "1/2"), (1, "-90"), (2, "-1/50"), (3, "3")], "0"),
            row(&[(2, "1")], "1"),
        ];
        let Best::At(value, _) = ask(4, &[(0, "3/4"), (1, "-150"), (2, "1/50"), (3, "-6")], &rows) else {
            panic!("it has an end")
        };
        assert_eq!(value, r("1/20"));
        assert_eq!(greatest(1, &sum(&[(0, "1")]), &[row(&[(0, "1")], "1")], &mut 1), Best::Spent);
    }
}
