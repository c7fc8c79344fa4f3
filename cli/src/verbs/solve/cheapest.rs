//! The least value of a function of one amount that is made of straight pieces.
//!
//! Where the pieces meet is known for most commitments and said by the caller. Between two
//! neighbours the function is looked at in the middle: if that lies on the straight line between
//! them, up to what rounding moves, it is taken for straight there; else both halves are looked at.

use crate::trouble::Trouble;
use price_value::Rational;
use std::collections::BTreeMap;

/// What is asked.
pub struct Question<'a> {
    /// Where pieces meet, and what is to be known besides.
    pub corners: Vec<Rational>,
    /// Amounts are multiples of this.
    pub step: Rational,
    /// How far rounding may move a value.
    pub blur: Rational,
    /// Most amounts that are looked at.
    pub most: usize,
    /// The function.
    pub value: &'a mut dyn FnMut(&Rational) -> Result<Rational, Trouble>,
}

/// The answer.
pub struct Cheapest {
    /// Every amount that was looked at, and its value.
    pub known: BTreeMap<Rational, Rational>,
    /// Whether nothing between them can be less.
    pub whole: bool,
}

impl Cheapest {
    /// The amount with the least value; of equals the least.
    pub fn best(&self) -> Option<(&Rational, &Rational)> {
        self.known.iter().min_by(|a, b| a.1.cmp(b.1).then_with(|| a.0.cmp(b.0)))
    }
}

/// Looks at a function from the least to the greatest of its corners.
pub fn cheapest(question: Question<'_>) -> Result<Cheapest, Trouble> {
    let Question { corners, step, blur, most, value } = question;
    let on_grid = |q: &Rational| [(q / &step).floor() * &step, (q / &step).ceil() * &step];
    let mut known: BTreeMap<Rational, Rational> = BTreeMap::new();
    for at in corners.iter().flat_map(on_grid) {
        if !known.contains_key(&at) {
            if known.len() >= most {
                return Ok(Cheapest { known, whole: false });
            }
            let amount = value(&at)?;
            known.insert(at, amount);
        }
    }
    let at: Vec<Rational> = known.keys().cloned().collect();
    let mut open: Vec<(Rational, Rational)> = at.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    while let Some((from, until)) = open.pop() {
        let width = (&until - &from) / &step;
        if width <= Rational::ONE {
            continue;
        }
        if known.len() >= most {
            return Ok(Cheapest { known, whole: false });
        }
        let middle = &from + &((&width / &Rational::int(2)).floor() * &step);
        let amount = value(&middle)?;
        let slope = (&known[&until] - &known[&from]) / (&until - &from);
        let straight = &known[&from] + &(slope * (&middle - &from));
        let bent = (&amount - &straight).abs() > blur;
        known.insert(middle.clone(), amount);
        if bent {
            open.extend([(middle.clone(), until), (from, middle)]);
        }
    }
    let mut found = Cheapest { known, whole: true };
    // What rounding moves may hide a corner: from the least that is known it is gone down to the end.
    let (least, greatest) = (found.known.first_key_value(), found.known.last_key_value());
    let Some((least, greatest)) = least.zip(greatest).map(|(a, b)| (a.0.clone(), b.0.clone())) else {
        return Ok(found);
    };
    let mut looked = found.known.len();
    while let Some((best, cost)) = found.best().map(|(at, cost)| (at.clone(), cost.clone())) {
        let beside = [&best - &step, &best + &step];
        let mut better = None;
        for at in beside.into_iter().filter(|at| *at >= least && *at <= greatest && !found.known.contains_key(at)) {
            if looked >= most {
                return Ok(Cheapest { whole: false, ..found });
            }
            looked += 1;
            let amount = value(&at)?;
            if amount < cost {
                better = Some((at, amount));
                break;
            }
        }
        let Some((at, amount)) = better else { break };
        found.known.insert(at, amount);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(text: &str) -> Rational {
        text.parse().unwrap()
    }

    fn ask(corners: &[&str], most: usize, value: impl Fn(&Rational) -> Rational) -> Cheapest {
        let question = Question {
            corners: corners.iter().map(|q| r(q)).collect(),
            step: r("0.01"),
            blur: r("0.02"),
            most,
            value: &mut |at| Ok(value(at)),
        };
        cheapest(question).unwrap()
    }

    #[test]
    fn a_corner_that_nobody_named_is_found() {
        // It falls to 700 and rises behind it.
        let valley = |at: &Rational| (at - &r("700")).abs() + r("50");
        let found = ask(&["0", "1000"], 400, valley);
        assert_eq!((found.best(), found.whole), (Some((&r("700"), &r("50"))), true));
        assert!(!ask(&["0", "1000"], 5, valley).whole);
        // Named corners need one look between each two.
        assert_eq!(ask(&["0", "700", "1000"], 400, valley).known.len(), 5);
    }

    #[test]
    fn of_equals_the_least_is_told() {
        let found = ask(&["0", "10"], 400, |_| r("3"));
        assert_eq!(found.best(), Some((&r("0"), &r("3"))));
    }
}
