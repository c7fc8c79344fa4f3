//! Tiers: read in the forms in which the cases give them, written as a block of ours.

use super::super::data::{list, number};
use super::super::text::{Money, decimal, percent};
use price_value::Rational;
use serde_json::Value;

/// One tier.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// Inclusive upper bound.
    pub up_to: Option<Rational>,
    /// Rate of a unit.
    pub unit: Option<Rational>,
    /// Percentage of the money in the tier.
    pub percent: Option<Rational>,
    /// Charged once the tier is entered.
    pub flat: Option<Rational>,
    /// Most that the tier charges.
    pub cap: Option<Rational>,
}

/// The tiers of a price, given by upper bounds, by ranges or by first units.
pub fn tiers(price: &Value) -> Result<Vec<Tier>, String> {
    let ranges = list(&price["ranges"]);
    let given = if ranges.is_empty() { list(&price["tiers"]) } else { ranges };
    let mut out = Vec::new();
    for (place, tier) in given.iter().enumerate() {
        let next = given.get(place + 1);
        let up_to = if !ranges.is_empty() {
            number(&tier["to"])
        } else if tier.get("first_unit").is_some() {
            next.and_then(|n| number(&n["first_unit"]))
        } else {
            number(&tier["up_to"])
        };
        out.push(Tier {
            up_to,
            unit: number(&tier["unit"]).or_else(|| number(&tier["unit_amount"])),
            percent: number(&tier["rate_percent"]).or_else(|| number(&tier["percent"])),
            flat: number(&tier["flat"]),
            cap: number(&tier["cap"]),
        });
    }
    match out.last() {
        None => Err("the case gives no tiers".into()),
        Some(last) if last.up_to.is_some() => {
            Err("the last tier has a bound: usage above it has no price, which the language refuses".into())
        }
        Some(_) => Ok(out),
    }
}

/// The lower bounds.
pub fn bounds(tiers: &[Tier]) -> Vec<Rational> {
    let uppers = tiers.iter().filter_map(|t| t.up_to.clone());
    std::iter::once(Rational::ZERO).chain(uppers).collect()
}

/// The block of a ladder. `of_money`: bounds are amounts and rates percentages; `even_at_zero`:
/// the first tier's flat part is due without usage.
pub fn write(mode: &str, tiers: &[Tier], money: &Money, of_money: bool, even_at_zero: bool) -> String {
    let per = if of_money { "" } else { " per item" };
    let mut out = format!("{mode}{per} {{\n");
    for (place, tier) in tiers.iter().enumerate() {
        let bound = match &tier.up_to {
            Some(bound) if of_money => format!("up to {}", money.of(bound)),
            Some(bound) => format!("up to {} items", decimal(bound)),
            None => "beyond".into(),
        };
        let mut terms = Vec::new();
        if let Some(flat) = tier.flat.as_ref().filter(|f| !f.is_zero()) {
            let when = if place == 0 && even_at_zero { " even at zero" } else { "" };
            terms.push(format!("flat {}{when}", money.of(flat)));
        }
        if let Some(unit) = tier.unit.as_ref().filter(|u| !u.is_zero()) {
            terms.push(money.of(unit));
        }
        if let Some(share) = tier.percent.as_ref().filter(|p| !p.is_zero()) {
            terms.push(percent(share));
        }
        let mut charge = if terms.is_empty() { "free".to_owned() } else { terms.join(" plus ") };
        if let Some(cap) = &tier.cap {
            charge.push_str(&format!(" at most {}", money.of(cap)));
        }
        out.push_str(&format!("  {bound} {charge}\n"));
    }
    out.push('}');
    out
}
