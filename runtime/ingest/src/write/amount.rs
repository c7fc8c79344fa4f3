//! Exact numbers as text, fast for the common ones.

use price_value::Rational;

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
