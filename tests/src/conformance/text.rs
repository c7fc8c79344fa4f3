//! Writes a `.price` file from its parts.

use price_value::{Rational, Rounding, RoundingMode};

/// A currency of a file and its money literals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// Code.
    pub code: String,
    /// Digits of the smallest amount that lines are rounded to.
    pub digits: i32,
    /// Rounding mode.
    pub mode: &'static str,
    /// Whether amounts are compared before that rounding.
    pub exact: bool,
}

impl Money {
    /// US dollars to cents, half away from zero.
    pub fn dollars() -> Money {
        Money { code: "USD".into(), digits: 2, mode: "half-up", exact: false }
    }

    /// A literal.
    pub fn of(&self, amount: &Rational) -> String {
        let sign = if amount.is_negative() { "-" } else { "" };
        let digits = decimal(&amount.abs());
        match self.code.as_str() {
            "USD" => format!("{sign}${digits}"),
            code => format!("{sign}{digits} {code}"),
        }
    }

    /// The smallest amount of a line.
    pub fn step(&self) -> Rational {
        Rational::pow10(-self.digits)
    }

    /// An amount as a line has it.
    pub fn rounded(&self, amount: &Rational) -> Rational {
        Rounding { mode: RoundingMode::HalfUp, step: self.step() }.apply(amount)
    }

    /// The lines of the file that bring the currency in.
    fn import(&self) -> String {
        match self.code.as_str() {
            "USD" | "EUR" | "JPY" | "GBP" | "CHF" | "NOK" | "CAD" | "AUD" | "SEK" => {
                format!("use std.currencies ({})", self.code)
            }
            code => format!("currency {code} decimals {}", self.digits.max(0)),
        }
    }
}

/// A number with groups of three.
pub fn decimal(value: &Rational) -> String {
    let plain = value.to_decimal_string(0).unwrap_or_else(|| value.to_string());
    let (whole, rest) = plain.split_once('.').map_or((plain.as_str(), None), |(w, r)| (w, Some(r)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |d| ("-", d));
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            grouped.push('_');
        }
        grouped.push(digit);
    }
    match rest {
        Some(rest) => format!("{sign}{grouped}.{rest}"),
        None => format!("{sign}{grouped}"),
    }
}

/// A share as a percentage.
pub fn percent(value: &Rational) -> String {
    format!("{}%", decimal(value))
}

/// A file with one or more plans.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Its currency.
    pub money: Money,
    /// What is rounded: `line`, `tier`, `cell`.
    pub each: &'static str,
    /// Time zone.
    pub zone: String,
    /// `monthly on day 1`.
    pub billing: String,
    /// `3 days then next period`.
    pub late: String,
    /// Items in front of the plans.
    pub items: Vec<String>,
    /// Name and statements of each plan.
    pub plans: Vec<(String, Vec<String>)>,
}

impl Sheet {
    /// A file without items, billed monthly on day 1 in UTC.
    pub fn new(money: Money) -> Sheet {
        Sheet {
            money,
            each: "line",
            zone: "UTC".into(),
            billing: "monthly on day 1".into(),
            late: "3 days then next period".into(),
            items: Vec::new(),
            plans: Vec::new(),
        }
    }

    /// Adds an item.
    pub fn item(&mut self, text: impl Into<String>) {
        self.items.push(text.into());
    }

    /// Adds a plan.
    pub fn plan(&mut self, name: &str, statements: Vec<String>) {
        self.plans.push((name.into(), statements));
    }

    /// The text of the file.
    pub fn text(&self, title: &str) -> String {
        let mut out = format!("# {title}\n{}\n", self.money.import());
        for item in &self.items {
            out.push_str(&format!("\n{item}\n"));
        }
        let step = self.money.of(&self.money.step());
        for (name, statements) in &self.plans {
            out.push_str(&format!(
                "\nplan {name} {{\n  currency  {}\n  timezone  \"{}\"\n  billing   {}\n  rounding  each {} {} to {step}\n",
                self.money.code, self.zone, self.billing, self.each, self.money.mode
            ));
            for statement in statements {
                for line in statement.lines() {
                    out.push_str(&format!("  {line}\n"));
                }
            }
            out.push_str(&format!("  late events accepted for {}\n}}\n", self.late));
        }
        out
    }
}
