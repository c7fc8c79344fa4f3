//! Quantities as numbers of JSON.

use price_value::Rational;
use serde_json::value::RawValue;

/// A number of JSON, exact where its decimal ends, else cut behind twelve decimals. It is text that
/// never was a floating-point number.
pub(super) fn number(value: &Rational) -> String {
    value.to_decimal_string(0).unwrap_or_else(|| {
        let unit = Rational::int(1_000_000_000_000);
        let cut = (value.abs() * &unit).floor().checked_div(&unit).unwrap_or_default();
        let cut = if value.is_negative() { -&cut } else { cut };
        cut.to_decimal_string(0).unwrap_or_default()
    })
}

/// The same, to be put into what is written.
pub(super) fn raw(value: &Rational) -> Option<Box<RawValue>> {
    RawValue::from_string(number(value)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_where_they_end() {
        let of = |numer, denom| number(&Rational::new(numer, denom));
        assert_eq!(of(12_345_678_901_234_567_890_123, 10_000), "1234567890123456789.0123");
        assert_eq!((of(5, 1), of(-1, 4), of(0, 1)), ("5".into(), "-0.25".into(), "0".into()));
        assert_eq!((of(1, 3), of(-1, 3)), ("0.333333333333".into(), "-0.333333333333".into()));
        assert_eq!(raw(&Rational::new(1, 8)).map(|raw| raw.get().to_owned()).as_deref(), Some("0.125"));
    }
}
