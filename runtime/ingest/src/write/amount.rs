//! Exact numbers as text, fast for the common ones.

use price_value::Rational;

/// Whole steps of one unit as exact text, for many values of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct StepText {
    unit: Rational,
    /// A step is this many units of the last of so many decimals.
    plain: Option<(i64, usize)>,
}

impl StepText {
    /// Text of multiples of `unit`.
    pub fn new(unit: Rational) -> StepText {
        let plain = unit.as_small().and_then(|(numer, denom)| {
            // Decimals of an i64 are 18 at most: a step of more takes the slow form.
            let (decimals, power) = (0..=18).map(|d| (d, 10i128.pow(d))).find(|(_, power)| power % denom == 0)?;
            let factor = numer.checked_mul(power / denom)?;
            Some((i64::try_from(factor).ok()?, decimals as usize))
        });
        StepText { unit, plain }
    }

    /// Replaces `out` by the text of `steps` times the unit, as [`exact_text`] writes it.
    pub fn write(&self, steps: i64, out: &mut String) {
        out.clear();
        let Some((factor, decimals)) = self.plain else {
            out.push_str(&exact_text(&(Rational::from(steps) * &self.unit), 0));
            return;
        };
        let value = i128::from(steps) * i128::from(factor);
        if value < 0 {
            out.push('-');
        }
        let mut rest = value.unsigned_abs();
        // Least digit first; 128 bits have 39 digits.
        let mut digits = [b'0'; 40];
        let mut count = 0;
        while rest > u128::from(u64::MAX) {
            digits[count] += (rest % 10) as u8;
            rest /= 10;
            count += 1;
        }
        let mut rest = rest as u64;
        while rest > 0 {
            digits[count] += (rest % 10) as u8;
            rest /= 10;
            count += 1;
        }
        let last = digits[..decimals].iter().position(|digit| *digit != b'0').unwrap_or(decimals);
        for at in (last..count.max(decimals + 1)).rev() {
            if at + 1 == decimals {
                out.push('.');
            }
            out.push(char::from(digits[at]));
        }
    }
}

/// The exact decimal with at least `min_decimals` decimals, or `numerator/denominator` where the
/// decimal does not end.
pub fn exact_text(value: &Rational, min_decimals: u32) -> String {
    if let Some(text) = value.as_small().and_then(|(numer, denom)| small(numer, denom, min_decimals)) {
        return text;
    }
    value.to_decimal_string(min_decimals).unwrap_or_else(|| format!("{}/{}", value.numer(), value.denom()))
}

/// A fraction of small numbers whose decimal ends soon.
fn small(numer: i128, denom: i128, min_decimals: u32) -> Option<String> {
    let mut rest = denom;
    let (mut twos, mut fives) = (0u32, 0u32);
    while rest % 2 == 0 {
        rest /= 2;
        twos += 1;
    }
    while rest % 5 == 0 {
        rest /= 5;
        fives += 1;
    }
    if rest != 1 {
        return None;
    }
    let decimals = twos.max(fives).max(min_decimals);
    if decimals > 36 {
        return None;
    }
    let scaled = numer.checked_mul(10i128.pow(decimals).checked_div(denom)?)?;
    let digits = scaled.unsigned_abs().to_string();
    let sign = if scaled < 0 { "-" } else { "" };
    if decimals == 0 {
        return Some(format!("{sign}{digits}"));
    }
    let width = decimals as usize + 1;
    let padded = if digits.len() < width { format!("{digits:0>width$}") } else { digits };
    let (whole, fraction) = padded.split_at(padded.len() - decimals as usize);
    Some(format!("{sign}{whole}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_written_like_any_exact_number() {
        let units = ["1", "1/4", "1/1000000000", "3/125", "1/1000000000000000000", "1/3", "7", "1/1024", "-1/40"];
        for unit in units.map(|unit| unit.parse::<Rational>().unwrap()) {
            let text = StepText::new(unit.clone());
            let mut out = String::new();
            for steps in [0, 1, -1, 4, 10, 999, 1_000_000_000, 123_456_789_000, i64::MAX, i64::MIN] {
                text.write(steps, &mut out);
                assert_eq!(out, exact_text(&(Rational::from(steps) * &unit), 0), "{steps} of {unit}");
            }
        }
    }

    #[test]
    fn agrees_with_the_slow_form() {
        for text in ["0", "-0.05", "12", "1/3", "-7/3000", "0.000000000001", "123456789.25", "1/1024", "-1/7"] {
            let value: Rational = text.parse().unwrap();
            for decimals in [0, 2, 6] {
                let slow =
                    value.to_decimal_string(decimals).unwrap_or_else(|| format!("{}/{}", value.numer(), value.denom()));
                assert_eq!(exact_text(&value, decimals), slow, "{text}");
            }
        }
        assert_eq!(exact_text(&"-0.5".parse().unwrap(), 2), "-0.50");
        assert_eq!(exact_text(&"170141183460469231731687303715884105727".parse().unwrap(), 2).len(), 42);
    }
}
