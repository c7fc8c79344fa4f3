//! Decimal text to the fixed-point integer of a field. No floating point, nothing cut.

use crate::limits::{NUMBER_DIGITS_MAX, NUMBER_EXPONENT_MAX};
use crate::reject::{RejectReason, excerpt};
use price_ir::NumberType;
use price_value::Rational;

/// `mantissa · 10^exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    mantissa: i128,
    exponent: i32,
}

/// Why a text is not a decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotDecimal {
    /// It is something else.
    Syntax,
    /// Too many digits or too large an exponent.
    Size,
}

impl Decimal {
    /// Reads `-12`, `0.005`, `1.5e-7` as JSON writes numbers (leading zeros and `+` accepted in
    /// neither).
    pub(crate) fn parse(text: &str) -> Result<Decimal, NotDecimal> {
        let bytes = text.as_bytes();
        let (negative, mut at) = match bytes.first() {
            Some(b'-') => (true, 1),
            _ => (false, 0),
        };
        let (mut mantissa, mut digits, mut decimals, mut point) = (0i128, 0usize, 0i32, false);
        let whole_at = at;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'0'..=b'9' => {
                    if mantissa != 0 || *byte != b'0' {
                        digits += 1;
                    }
                    if digits > NUMBER_DIGITS_MAX {
                        return Err(NotDecimal::Size);
                    }
                    mantissa = mantissa * 10 + i128::from(byte - b'0');
                    decimals += i32::from(point);
                    if decimals > NUMBER_EXPONENT_MAX {
                        return Err(NotDecimal::Size);
                    }
                }
                b'.' if !point && at > whole_at => point = true,
                _ => break,
            }
            at += 1;
        }
        if at == whole_at || bytes[at - 1] == b'.' {
            return Err(NotDecimal::Syntax);
        }
        let mut exponent = 0;
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            let rest = &text[at + 1..];
            let digits = rest.trim_start_matches(['+', '-']);
            if rest.len() - digits.len() > 1 || digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(NotDecimal::Syntax);
            }
            let size: i32 = digits.parse().map_err(|_| NotDecimal::Size)?;
            exponent = if rest.starts_with('-') { -size } else { size };
            at = bytes.len();
        }
        if at != bytes.len() {
            return Err(NotDecimal::Syntax);
        }
        if exponent.abs() > NUMBER_EXPONENT_MAX {
            return Err(NotDecimal::Size);
        }
        Ok(Decimal { mantissa: if negative { -mantissa } else { mantissa }, exponent: exponent - decimals })
    }

    fn rational(self) -> Rational {
        Rational::int(self.mantissa) * Rational::pow10(self.exponent)
    }

    /// In steps of `10^-decimals`: `Ok(None)` when it is not a whole number of them.
    fn steps(self, decimals: u8) -> Result<Option<i64>, NotDecimal> {
        let shift = self.exponent + i32::from(decimals);
        if self.mantissa == 0 {
            return Ok(Some(0));
        }
        let steps = if shift >= 0 {
            let power = 10i128.checked_pow(shift as u32).ok_or(NotDecimal::Size)?;
            self.mantissa.checked_mul(power).ok_or(NotDecimal::Size)?
        } else {
            match 10i128.checked_pow(shift.unsigned_abs()) {
                Some(power) if self.mantissa % power == 0 => self.mantissa / power,
                _ => return Ok(None),
            }
        };
        i64::try_from(steps).ok().filter(|s| *s != i64::MIN).map(Some).ok_or(NotDecimal::Size)
    }
}

/// A text or number to the integer of a field; `text` may end in a unit the field accepts.
pub(crate) fn fixed(field: &str, ty: &NumberType, text: &str) -> Result<i64, RejectReason> {
    let text = text.trim_matches(' ');
    let not_a_number = || RejectReason::NotANumber { field: field.into(), found: format!("`{}`", excerpt(text)) };
    let range = || RejectReason::OutOfRange { field: field.into(), found: excerpt(text), decimals: ty.decimals };
    let decimals =
        || RejectReason::TooManyDecimals { field: field.into(), found: excerpt(text), decimals: ty.decimals };
    let (number, unit) = match text.find(' ') {
        Some(gap) => (&text[..gap], text[gap..].trim_start_matches(' ')),
        None => (text, ""),
    };
    let decimal = Decimal::parse(number).map_err(|e| match e {
        NotDecimal::Syntax => not_a_number(),
        NotDecimal::Size => range(),
    })?;
    let value = if unit.is_empty() || unit == ty.unit {
        decimal.steps(ty.decimals).map_err(|_| range())?.ok_or_else(decimals)?
    } else {
        let factor = ty.accepts.iter().find(|(name, _)| name == unit).map(|(_, f)| f).ok_or_else(|| {
            let names = std::iter::once(ty.unit.as_str()).chain(ty.accepts.iter().map(|(n, _)| n.as_str()));
            RejectReason::UnknownUnit {
                field: field.into(),
                unit: excerpt(unit),
                accepted: names.take(12).collect::<Vec<_>>().join(", "),
            }
        })?;
        let steps = decimal.rational() * factor * Rational::pow10(i32::from(ty.decimals));
        if !steps.is_integer() {
            return Err(decimals());
        }
        steps.to_i128().and_then(|s| i64::try_from(s).ok()).filter(|s| *s != i64::MIN).ok_or_else(range)?
    };
    if value < 0 && !ty.signed {
        return Err(RejectReason::Negative { field: field.into(), found: excerpt(text) });
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gigabytes() -> NumberType {
        NumberType {
            unit: "byte".into(),
            decimals: 0,
            signed: false,
            level: false,
            accepts: vec![("GB".into(), Rational::int(1_000_000_000)), ("bit".into(), Rational::new(1, 8))],
        }
    }

    #[test]
    fn a_number_is_read_exactly_or_refused() {
        let ty = NumberType { decimals: 3, ..gigabytes() };
        for (text, value) in [("12", 12_000), ("0.005", 5), ("1.5e-2", 15), ("1.5000", 1500), ("2E3", 2_000_000)] {
            assert_eq!(fixed("f", &ty, text), Ok(value), "{text}");
        }
        for (text, code) in [
            ("0.0005", "R003"),
            ("1,000", "R002"),
            ("", "R002"),
            (".5", "R002"),
            ("5.", "R002"),
            ("+5", "R002"),
            ("0x10", "R002"),
            ("NaN", "R002"),
            ("-1", "R004"),
            ("1e30", "R005"),
            ("1e99999999999", "R005"),
            ("99999999999999999999999999999999999999999", "R005"),
            ("-9223372036854775.808", "R005"),
        ] {
            assert_eq!(fixed("f", &ty, text).unwrap_err().code(), code, "{text}");
        }
    }

    #[test]
    fn units_convert_exactly_or_are_refused() {
        assert_eq!(fixed("f", &gigabytes(), "1.5 GB"), Ok(1_500_000_000));
        assert_eq!(fixed("f", &gigabytes(), "7 byte"), Ok(7));
        assert_eq!(fixed("f", &gigabytes(), "16 bit"), Ok(2));
        assert_eq!(fixed("f", &gigabytes(), "15 bit").unwrap_err().code(), "R003");
        assert_eq!(fixed("f", &gigabytes(), "1 GiB").unwrap_err().code(), "R006");
    }
}
