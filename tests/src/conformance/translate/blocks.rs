//! Blocks that are begun, and one amount for the capacity reached.

use super::super::data::{Case, list, need, number, slug, text};
use super::super::judge;
use super::super::run::{Rating, Translation};
use super::super::text::{Money, Sheet, decimal};
use super::{money, month, plain, used};
use crate::program::{Rated, Usage};
use price_value::Rational;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A price on one or several units of usage, each unit with a line of its own.
pub struct Blocks {
    /// The file; its plan is `p`.
    pub sheet: Sheet,
    /// Lower bounds of the tiers of each unit.
    bounds: BTreeMap<String, Vec<Rational>>,
    /// Amount and size of a block of each tier of each unit.
    blocks: BTreeMap<String, Vec<(Rational, Rational)>>,
    /// All units are reported together, for one amount.
    together: Vec<String>,
}

/// The file of a price in blocks.
pub fn price(case: &Case) -> Result<Blocks, String> {
    let price = &case.model["price"];
    let mut made = Blocks {
        sheet: Sheet::new(money(case)?),
        bounds: BTreeMap::new(),
        blocks: BTreeMap::new(),
        together: Vec::new(),
    };
    made.sheet.item("unit item, items");
    if price["type"].as_str() == Some("capacity") {
        capacity(price, &mut made)?;
        return Ok(made);
    }
    let mut units: Vec<(String, &Value)> = match price["units"].as_object() {
        Some(units) => units.iter().map(|(n, t)| (n.clone(), t)).collect(),
        None => vec![("unit".into(), &price["tiers"])],
    };
    units.sort_by(|a, b| a.0.cmp(&b.0));
    let top = match price["policy"].as_str() {
        Some("ALL_TIERS") | None => false,
        Some("TOP_TIER") => true,
        Some(other) => return Err(format!("the policy `{other}` is not known here")),
    };
    let mut statements = Vec::new();
    for (unit, tiers) in &units {
        let name = slug(unit);
        made.sheet.item(format!(
            "event use_{name} {{ quantity: item decimals 4 }}\nmeter used_{name} = sum of use_{name}.quantity"
        ));
        statements.push(ladder(&name, list(tiers), top, &mut made)?);
    }
    made.sheet.plan("p", statements);
    Ok(made)
}

fn ladder(name: &str, tiers: &[Value], top: bool, made: &mut Blocks) -> Result<String, String> {
    if tiers.is_empty() {
        return Err("the case gives no tiers".into());
    }
    let mode = if top { "volume" } else { "graduated" };
    let mut out = format!("price {name} on used_{name} {{\n  {mode} {{\n");
    let mut reached = Rational::ZERO;
    for (place, tier) in tiers.iter().enumerate() {
        let size = need(&tier["block_size"], "block size")?;
        let amount = need(&tier["block_price"], "block price")?;
        made.bounds.entry(name.into()).or_default().push(reached.clone());
        made.blocks.entry(name.into()).or_default().push((amount.clone(), size.clone()));
        let money = &made.sheet.money;
        let rate = format!("in steps of {} items {} per {} items", decimal(&size), money.of(&amount), decimal(&size));
        // The last tier prices whatever is above it.
        match number(&tier["max_blocks"]).filter(|_| place + 1 < tiers.len()) {
            Some(most) => {
                reached += &(&most * &size);
                out.push_str(&format!("    up to {} items {rate}\n", decimal(&reached)));
            }
            None => out.push_str(&format!("    beyond {rate}\n")),
        }
    }
    out.push_str("  }\n");
    if top {
        out.push_str("  allow cliffs\n");
    }
    out.push('}');
    Ok(out)
}

/// One amount for the lowest tier that holds all units: a table over the class of each unit, on
/// a report of all of them.
fn capacity(price: &Value, made: &mut Blocks) -> Result<(), String> {
    let tiers = list(&price["tiers"]);
    let mut units: Vec<String> =
        tiers.iter().filter_map(|t| t["limits"].as_object()).flat_map(Map::keys).cloned().collect();
    units.sort();
    units.dedup();
    let last = tiers.last().ok_or("the case gives no tiers")?;
    let _ = last;
    let money = made.sheet.money.clone();
    if let [unit] = units.as_slice() {
        let name = slug(unit);
        made.sheet.item(format!(
            "event use_{name} {{ quantity: item decimals 4 }}\nmeter used_{name} = max of use_{name}.quantity"
        ));
        let mut out = format!("price {name} on used_{name} {{\n  stairstep {{\n");
        for (place, tier) in tiers.iter().enumerate() {
            let amount = money.of(&need(&tier["price"], "price")?);
            match number(&tier["limits"][unit]).filter(|_| place + 1 < tiers.len()) {
                Some(limit) => out.push_str(&format!("    up to {} items {amount}\n", decimal(&limit))),
                None => out.push_str(&format!("    beyond {amount}\n")),
            }
        }
        out.push_str("  }\n}");
        made.sheet.plan("p", vec![out]);
        return Ok(());
    }
    if tiers.len().pow(units.len() as u32) > 4096 {
        return Err("the table over all combinations of tiers is too large to be written out".into());
    }
    let names: Vec<String> = units.iter().map(|u| slug(u)).collect();
    let fields: Vec<String> = names.iter().map(|n| format!("{n}: item decimals 4")).collect();
    for (unit, name) in units.iter().zip(&names) {
        let mut bucket = format!("dimension {name}_class from report.{name} {{\n");
        for (place, tier) in tiers.iter().enumerate() {
            match number(&tier["limits"][unit]).filter(|_| place + 1 < tiers.len()) {
                Some(limit) => bucket.push_str(&format!("  up to {} items t{}\n", decimal(&limit), place + 1)),
                None => bucket.push_str(&format!("  beyond t{}\n", place + 1)),
            }
        }
        bucket.push('}');
        made.sheet.item(bucket);
    }
    made.sheet.item(format!("event report {{ {} }}", fields.join(", ")));
    let classes: Vec<String> = names.iter().map(|n| format!("{n}_class")).collect();
    let mut table = format!(
        "price capacity on each report by {} {{\n  table {{\n    {} | rate\n",
        classes.join(", "),
        classes.join(" | ")
    );
    for combination in 0..tiers.len().pow(names.len() as u32) {
        let mut rest = combination;
        let mut places = Vec::new();
        for _ in &names {
            places.push(rest % tiers.len());
            rest /= tiers.len();
        }
        let reached = places.iter().copied().max().unwrap_or(0);
        let labels: Vec<String> = places.iter().map(|p| format!("t{}", p + 1)).collect();
        let amount = need(&tiers[reached]["price"], "price")?;
        table.push_str(&format!("    {} | {}\n", labels.join(" | "), money.of(&amount)));
    }
    table.push_str("  }\n}");
    made.sheet.plan("p", vec![table]);
    made.together = names;
    Ok(())
}

impl Blocks {
    /// Usage records as events at a time.
    pub fn events(&self, usage: &[Value], at: &str) -> Result<Vec<Usage>, String> {
        if self.together.is_empty() {
            let event = |record: &Value| {
                let unit = text(&record["unit"]).map_or_else(|| "unit".into(), |u| slug(&u));
                let quantity = need(&record["quantity"], "quantity")?;
                Ok(used(&format!("use_{unit}"), at, &[("quantity", plain(&quantity))]))
            };
            return usage.iter().map(event).collect();
        }
        let mut sums: BTreeMap<String, Rational> = self.together.iter().map(|n| (n.clone(), Rational::ZERO)).collect();
        for record in usage {
            let unit = slug(&text(&record["unit"]).unwrap_or_default());
            *sums.get_mut(&unit).ok_or_else(|| format!("the price knows no unit `{unit}`"))? +=
                &need(&record["quantity"], "quantity")?;
        }
        let fields: Vec<(&str, Value)> = sums.iter().map(|(n, q)| (n.as_str(), plain(q))).collect();
        Ok(vec![used("report", at, &fields)])
    }

    /// Compares lines of the form `unit, tier, blocks, amount`.
    fn lines(&self, rated: &Rated, lines: &[Value]) -> Vec<String> {
        let mut got: BTreeMap<(String, usize), (Rational, Rational)> = BTreeMap::new();
        for line in rated.invoices.iter().flat_map(|i| &i.lines) {
            let Some(bounds) = self.bounds.get(&line.name) else { continue };
            for tier in line.cells.iter().flat_map(|c| &c.tiers) {
                let place = bounds.iter().rposition(|b| *b <= tier.from).unwrap_or(0);
                let blocks = tier.exact.checked_div(&self.blocks[&line.name][place].0).unwrap_or_default();
                let entry = got.entry((line.name.clone(), place + 1)).or_default();
                entry.0 += &blocks;
                entry.1 += &tier.exact;
            }
        }
        let mut wrong = Vec::new();
        let mut wanted = BTreeMap::new();
        for line in lines {
            let unit = text(&line["unit"]).map_or_else(|| "unit".into(), |u| slug(&u));
            let tier = number(&line["tier"]).and_then(|t| t.to_i128()).unwrap_or(0) as usize;
            let blocks = number(&line["blocks"]).unwrap_or_default();
            wanted.insert((unit, tier), (blocks, number(&line["amount"]).unwrap_or_default()));
        }
        if got != wanted {
            wrong.push(format!("tiers {got:?}, expected {wanted:?}"));
        }
        wrong
    }
}

/// Cases with one set of usage, perhaps after an invoice.
pub fn translate(case: &Case) -> Result<Translation, String> {
    let made = price(case)?;
    let usage = made.events(&case.usage, "2025-01-02T00:00:00Z")?;
    let ratings: Vec<Rating> = vec![month("p", 2025, 1, usage)];
    let source = made.sheet.text(&case.id);
    let expected = case.expected.clone();
    let invoiced = number(&case.model["already_invoiced"]["total"]);
    let exact = made.sheet.money.exact;
    let judge = move |rated: &[Rated]| {
        let total = if exact { judge::exact_total(&rated[0]) } else { judge::total(&rated[0]) };
        let mut wrong: Vec<String> = judge::told("total", &total, &expected["total"]).into_iter().collect();
        let told = expected.get("lines").map(list);
        if let Some(lines) = told.filter(|l| l.iter().any(|l| l.get("tier").is_some())) {
            wrong.extend(made.lines(&rated[0], lines));
        }
        wrong
    };
    let _ = invoiced;
    let _ = Money::dollars;
    Ok(Translation { source, ratings, judge: Box::new(judge) })
}
