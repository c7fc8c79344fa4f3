//! Rounding to a step, the only place where an exact value may change.

use crate::Rational;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a value between two steps is resolved (language reference, "Numbers").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum RoundingMode {
    /// To the nearest step, ties away from zero.
    HalfUp,
    /// To the nearest step, ties to the even multiple.
    HalfEven,
    /// Away from zero.
    Up,
    /// Toward zero.
    Down,
}

impl fmt::Display for RoundingMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            RoundingMode::HalfUp => "half-up",
            RoundingMode::HalfEven => "half-even",
            RoundingMode::Up => "up",
            RoundingMode::Down => "down",
        })
    }
}

/// A rounding point: the mode and the step (`$0.01`, `60 seconds`). The step is positive.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rounding {
    /// How ties and remainders are resolved.
    pub mode: RoundingMode,
    /// The multiple that results are brought to; above zero.
    pub step: Rational,
}

impl Rounding {
    /// `value` brought to a multiple of the step.
    pub fn apply(&self, value: &Rational) -> Rational {
        debug_assert!(self.step.is_positive());
        if let (Some((n, d)), Some((s, t))) = (value.as_small(), self.step.as_small())
            && let (Some(numer), Some(denom)) = (n.checked_mul(t), d.checked_mul(s))
            && numer != i128::MIN
        {
            return Rational::int(div_round(numer, denom, self.mode)) * &self.step;
        }
        let steps = value / &self.step;
        let down = if steps.is_negative() { steps.ceil() } else { steps.floor() };
        let rest = (&steps - &down).abs();
        let away = if value.is_negative() { Rational::int(-1) } else { Rational::ONE };
        let half = Rational::new(1, 2);
        let bump = match self.mode {
            RoundingMode::Down => false,
            RoundingMode::Up => !rest.is_zero(),
            RoundingMode::HalfUp => rest >= half,
            RoundingMode::HalfEven => rest > half || (rest == half && !(&down * &half).is_integer()),
        };
        let whole = if bump { down + away } else { down };
        whole * &self.step
    }
}

/// `numer / denom` rounded to an integer; `denom` above zero, `numer` above `i128::MIN`.
pub fn div_round(numer: i128, denom: i128, mode: RoundingMode) -> i128 {
    debug_assert!(denom > 0);
    let quotient = numer / denom;
    let rest = (numer % denom).unsigned_abs();
    if rest == 0 {
        return quotient;
    }
    let other = denom.unsigned_abs() - rest;
    let bump = match mode {
        RoundingMode::Down => false,
        RoundingMode::Up => true,
        RoundingMode::HalfUp => rest >= other,
        RoundingMode::HalfEven => rest > other || (rest == other && quotient % 2 != 0),
    };
    if bump { quotient + numer.signum() } else { quotient }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(value: &str, mode: RoundingMode, step: &str) -> String {
        Rounding { mode, step: step.parse().unwrap() }.apply(&value.parse().unwrap()).to_string()
    }

    #[test]
    fn ties_go_where_the_mode_says() {
        use RoundingMode::*;
        for (value, up, even, away, zero) in [
            ("1.025", "1.03", "1.02", "1.03", "1.02"),
            ("-1.025", "-1.03", "-1.02", "-1.03", "-1.02"),
            ("1.035", "1.04", "1.04", "1.04", "1.03"),
            ("1.0201", "1.02", "1.02", "1.03", "1.02"),
            ("1/3", "0.33", "0.33", "0.34", "0.33"),
        ] {
            assert_eq!(round(value, HalfUp, "0.01"), up, "half-up {value}");
            assert_eq!(round(value, HalfEven, "0.01"), even, "half-even {value}");
            assert_eq!(round(value, Up, "0.01"), away, "up {value}");
            assert_eq!(round(value, Down, "0.01"), zero, "down {value}");
        }
        assert_eq!(round("61", Up, "60"), "120");
        assert_eq!(round("0", Up, "60"), "0");
    }

    #[test]
    fn the_unbounded_path_agrees_with_the_128_bit_path() {
        use RoundingMode::*;
        let huge = Rational::pow10(50);
        for mode in [HalfUp, HalfEven, Up, Down] {
            for twentieth in -60..60 {
                let value = Rational::new(twentieth, 20);
                let small = Rounding { mode, step: Rational::ONE }.apply(&value);
                let scaled = Rounding { mode, step: huge.clone() }.apply(&(&value * &huge));
                assert_eq!(scaled / &huge, small, "{mode} {value}");
            }
        }
    }
}
