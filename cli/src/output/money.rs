//! Numbers for people: amounts and quantities in columns.

use price_value::{Currency, Rational, Rounding, RoundingMode};

/// An exact amount: all of its decimals while they are few, else cut with `…`.
pub fn exact(value: &Rational, currency: &Currency) -> String {
    let most = u32::from(currency.decimals) + 4;
    match value.decimals() {
        Some(decimals) if decimals <= most => currency.format(value),
        _ => cut(&currency.format(&shorten(value, most))),
    }
}

/// An exact amount with its fraction where it does not end.
pub fn exact_in_full(value: &Rational, currency: &Currency) -> String {
    match value.decimals() {
        Some(decimals) if decimals <= 18 => currency.format(value),
        _ => format!("{} ({value})", exact(value, currency)),
    }
}

/// A quantity, cut after six decimals.
pub fn quantity(value: &Rational) -> String {
    let text = match value.decimals() {
        Some(decimals) if decimals <= 6 => value.to_decimal_string(0).unwrap_or_default(),
        _ => cut(&shorten(value, 6).to_decimal_string(0).unwrap_or_default()),
    };
    price_value::currency::group(&text)
}

fn shorten(value: &Rational, decimals: u32) -> Rational {
    let step = Rational::pow10(-i32::try_from(decimals).unwrap_or(0));
    Rounding { mode: RoundingMode::Down, step }.apply(value)
}

/// Marks a number as cut: behind its digits, in front of a currency code.
fn cut(text: &str) -> String {
    match text.split_once(' ') {
        Some((number, code)) => format!("{number}… {code}"),
        None => format!("{text}…"),
    }
}

/// Text in a column of so many characters, flush right; longer text keeps its length.
pub fn right(text: &str, width: usize) -> String {
    let have = text.chars().count();
    format!("{}{text}", " ".repeat(width.saturating_sub(have)))
}

/// Text of others without what would steer a terminal.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Text in a column of so many characters, flush left; longer text is cut with `…`. Text of
/// others cannot steer the terminal.
pub fn left(text: &str, width: usize) -> String {
    let text = &plain(text);
    let have = text.chars().count();
    if have <= width {
        return format!("{text}{}", " ".repeat(width - have));
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_marked() {
        let usd = Currency { code: "USD".into(), decimals: 2, symbol: Some("$".into()), is_virtual: false };
        let sek = Currency { code: "SEK".into(), decimals: 2, symbol: None, is_virtual: false };
        assert_eq!(exact(&Rational::new(1, 3), &usd), "$0.333333…");
        assert_eq!(exact(&Rational::new(-1, 3), &sek), "-0.333333… SEK");
        assert_eq!(exact_in_full(&Rational::new(1, 3), &usd), "$0.333333… (1/3)");
        assert_eq!(exact(&Rational::new(5, 2), &usd), "$2.50");
        assert_eq!(quantity(&Rational::new(2_000_000, 3)), "666_666.666666…");
        assert_eq!(left("storage_eu", 6), "stora…");
        assert_eq!(left("a\u{1b}[2Jb", 9), "a\u{fffd}[2Jb   ");
        assert_eq!(right("1", 3), "  1");
    }
}
