//! A currency and how its amounts are written.

use crate::Rational;
use serde::{Deserialize, Serialize};

/// A currency: ISO 4217 or virtual.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, PartialOrd, Ord)]
pub struct Currency {
    /// ISO 4217 code or the declared name of a virtual currency.
    pub code: String,
    /// Decimals of the minor unit (ISO 4217): 2 for USD, 0 for JPY, 3 for KWD.
    pub decimals: u8,
    /// Symbol written before an amount, if the currency has one of its own.
    pub symbol: Option<String>,
    /// Declared with `virtual`: credits, tokens, points.
    pub is_virtual: bool,
}

impl Currency {
    /// One minor unit: 0.01 for USD, 1 for JPY.
    pub fn minor_unit(&self) -> Rational {
        Rational::pow10(-i32::from(self.decimals))
    }

    /// `amount` for people: symbol or code, thousands in groups by `_`, at least the minor digits.
    ///
    /// The form is the language's own literal, so a printed amount can be pasted into a test.
    pub fn format(&self, amount: &Rational) -> String {
        let digits = match amount.abs().to_decimal_string(u32::from(self.decimals)) {
            Some(text) => group(&text),
            None => format!("{}/{}", amount.abs().numer(), amount.denom()),
        };
        let sign = if amount.is_negative() { "-" } else { "" };
        match &self.symbol {
            Some(symbol) => format!("{sign}{symbol}{digits}"),
            None => format!("{sign}{digits} {}", self.code),
        }
    }
}

/// `1234567.5` as `1_234_567.5`.
pub fn group(digits: &str) -> String {
    let (whole, rest) = match digits.find('.') {
        Some(dot) => digits.split_at(dot),
        None => (digits, ""),
    };
    let mut out = String::with_capacity(digits.len() + whole.len() / 3);
    for (index, c) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && c.is_ascii_digit() && !out.ends_with('-') {
            out.push('_');
        }
        out.push(c);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_print_as_literals() {
        let usd = Currency { code: "USD".into(), decimals: 2, symbol: Some("$".into()), is_virtual: false };
        assert_eq!(usd.format(&"-2000".parse().unwrap()), "-$2_000.00");
        assert_eq!(usd.format(&"0.002".parse().unwrap()), "$0.002");
        let jpy = Currency { code: "JPY".into(), decimals: 0, symbol: None, is_virtual: false };
        assert_eq!(jpy.format(&"123456".parse().unwrap()), "123_456 JPY");
        assert_eq!(group("-100"), "-100");
        assert_eq!(group("-1000.25"), "-1_000.25");
    }
}
