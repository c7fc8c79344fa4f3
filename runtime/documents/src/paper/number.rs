//! Numbers for people. The exact ones are in the body.

use price_value::Rational;

/// Decimals of a quantity or a rate that does not end.
const DECIMALS: u32 = 6;

/// An amount as it stands, with its digits in groups.
pub(crate) fn amount(text: &str) -> String {
    if text.contains('/') { quantity(text) } else { grouped(text) }
}

/// A quantity or a rate; cut, and marked as cut, where its decimal does not end.
pub(super) fn quantity(text: &str) -> String {
    let Ok(value) = text.parse::<Rational>() else { return text.to_owned() };
    if let Some(exact) = value.to_decimal_string(0) {
        let decimals = exact.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        // Beyond what anybody reads, digits are noise.
        if decimals <= 2 * DECIMALS as usize {
            return grouped(&exact);
        }
    }
    let unit = Rational::int(10i128.pow(DECIMALS));
    let cut = (&value.abs() * &unit).floor().checked_div(&unit).unwrap_or_default();
    let shown = cut.to_decimal_string(DECIMALS).unwrap_or_default();
    let sign = if value.is_negative() { "-" } else { "" };
    format!("{}…", grouped(&format!("{sign}{shown}")))
}

/// The difference of two amounts, with the decimals of the first.
pub(super) fn less(one: &str, other: &str) -> Option<String> {
    let difference = one.parse::<Rational>().ok()? - other.parse::<Rational>().ok()?;
    let decimals = one.split_once('.').map_or(0, |(_, decimals)| decimals.len() as u32);
    difference.to_decimal_string(decimals)
}

/// `-1234567.50` as `−1,234,567.50`.
fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("−", digits));
    let (whole, decimals) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut out = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(decimals) = decimals {
        out.push('.');
        out.push_str(decimals);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_cut_only_where_they_do_not_end() {
        for (text, shown) in [
            ("0", "0"),
            ("1234567.50", "1,234,567.5"),
            ("-1000", "−1,000"),
            ("999", "999"),
            ("0.0184", "0.0184"),
            ("3567875/31", "115,092.741935…"),
            ("-1/3", "−0.333333…"),
            ("1709.826266664", "1,709.826266664"),
        ] {
            assert_eq!(quantity(text), shown);
        }
        assert_eq!(amount("1962.30"), "1,962.30");
        assert_eq!(less("10.00", "7.50").as_deref(), Some("2.50"));
        assert_eq!(less("10.00", "10").as_deref(), Some("0.00"));
    }
}
