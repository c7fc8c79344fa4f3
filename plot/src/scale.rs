//! Numbers as places, and places as labels.

use price_value::{Currency, Rational};

/// The nearest floating-point number: a place, never an amount.
pub(crate) fn number(value: &Rational) -> f64 {
    match value.as_small() {
        #[allow(clippy::cast_precision_loss)]
        Some((numerator, denominator)) => numerator as f64 / denominator as f64,
        None => {
            let digits = |text: String| text.parse::<f64>().unwrap_or(f64::MAX);
            digits(value.numer().to_string()) / digits(value.denom().to_string())
        }
    }
}

/// `12.5k`, `3M`: a quantity on an axis.
pub(crate) fn quantity(value: f64) -> String {
    let (scaled, suffix) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, "bn"),
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e3 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    format!("{}{suffix}", trimmed(scaled, 3))
}

/// `$12.5k`, `$0.002`: an amount on an axis.
pub(crate) fn amount(value: f64, currency: &Currency) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    let size = value.abs();
    let (scaled, suffix) = match size {
        _ if size >= 1e9 => (size / 1e9, "bn"),
        _ if size >= 1e6 => (size / 1e6, "M"),
        _ if size >= 1e4 => (size / 1e3, "k"),
        _ => (size, ""),
    };
    let shown = trimmed(scaled, if size < 1.0 { 6 } else { 2 });
    match &currency.symbol {
        Some(symbol) => format!("{sign}{symbol}{shown}{suffix}"),
        None => format!("{sign}{shown}{suffix} {}", currency.code),
    }
}

/// A number with at most so many decimals, without zeros at the end.
fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short() {
        let dollar = Currency { code: "USD".into(), decimals: 2, symbol: Some("$".into()), is_virtual: false };
        for (value, shown) in [(0.0, "0"), (12_500.0, "12.5k"), (3e6, "3M"), (0.25, "0.25")] {
            assert_eq!(quantity(value), shown);
        }
        for (value, shown) in [(0.0, "$0"), (0.002, "$0.002"), (1234.5, "$1234.5"), (25_000.0, "$25k"), (-5.0, "-$5")] {
            assert_eq!(amount(value, &dollar), shown);
        }
        let third = Rational::new(1, 3);
        assert!((number(&third) - 0.333_333).abs() < 1e-5);
    }
}
