//! Prices by labels, and amounts split over labels.

use super::super::data::{Case, list, need, number, slug, text};
use super::super::judge::{self, differs};
use super::super::run::{Rating, Translation};
use super::super::text::{Money, Sheet};
use super::{ACCOUNT, date, money, month, places, plain, used};
use crate::program::{Rated, Usage};
use price_rating::Subscription;
use price_value::Rational;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Rates by labels, told per label or per account.
pub fn translate(case: &Case) -> Result<Translation, String> {
    if case.model["type"].as_str() == Some("matrix_unit_cost") {
        return matrix(case);
    }
    let price = &case.model["price"];
    match (price["type"].as_str(), case.model.get("group_by")) {
        (Some("matrix"), _) => unpriced(case),
        (Some("unit"), Some(_)) => groups(case),
        (other, _) => Err(format!("a price by dimensions of the type {other:?} is not known here")),
    }
}

fn matrix(case: &Case) -> Result<Translation, String> {
    let model = &case.model;
    let dimensions: Vec<String> = list(&model["dimensions"]).iter().filter_map(text).collect();
    if dimensions.is_empty() {
        return Err("the case names no dimensions".into());
    }
    let prices = list(&model["prices"]);
    // Every label that is priced or used.
    let mut labels: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for name in &dimensions {
        let priced = prices.iter().filter_map(|p| text(&p["match"][name]));
        labels.entry(name).or_default().extend(priced.chain(case.usage.iter().filter_map(|u| text(&u[name]))));
    }
    let mut sheet = Sheet::new(Money { exact: true, ..Money::dollars() });
    sheet.item("unit item, items");
    let mut fields = Vec::new();
    for name in &dimensions {
        let quoted: Vec<String> = labels[name.as_str()].iter().map(|l| format!("\"{l}\"")).collect();
        sheet.item(format!("dimension {name} = {}", quoted.join(" | ")));
        fields.push(format!("{name}: {name}"));
    }
    let mut decimals = 0;
    for record in &case.usage {
        decimals = decimals.max(places(&need(&record["quantity"], "quantity")?));
    }
    sheet.item(format!("event use {{ {}, quantity: item decimals {decimals} }}", fields.join(", ")));
    sheet.item(format!("meter used = sum of use.quantity by {}", dimensions.join(", ")));
    let mut rows = vec![BTreeMap::new()];
    for name in &dimensions {
        let every = &labels[name.as_str()];
        rows = rows
            .iter()
            .flat_map(|r: &BTreeMap<&str, &str>| {
                every.iter().map(move |l| {
                    let mut row = r.clone();
                    row.insert(name.as_str(), l.as_str());
                    row
                })
            })
            .collect();
    }
    let mut table = format!(
        "price usage on used by {} {{\n  table per item {{\n    {} | rate\n",
        dimensions.join(", "),
        dimensions.join(" | ")
    );
    for row in &rows {
        let fits = |p: &&Value| row.iter().all(|(name, label)| text(&p["match"][*name]).is_none_or(|m| m == **label));
        // What has no price is said to be free.
        let rate = match prices.iter().find(fits) {
            Some(price) => sheet.money.of(&need(&price["unit"], "rate")?),
            None => "free".into(),
        };
        let cells: Vec<String> = dimensions.iter().map(|d| format!("\"{}\"", row[d.as_str()])).collect();
        table.push_str(&format!("    {} | {rate}\n", cells.join(" | ")));
    }
    table.push_str("  }\n}");
    sheet.plan("p", vec![table]);
    let mut accounts: BTreeSet<String> = BTreeSet::new();
    let mut usage = Vec::new();
    for record in &case.usage {
        let account = text(&record["subject"]).unwrap_or_else(|| ACCOUNT.into());
        let mut fields = vec![("quantity", plain(&need(&record["quantity"], "quantity")?))];
        for name in &dimensions {
            fields.push((name, record[name].clone()));
        }
        usage.push(Usage { account: account.clone(), ..used("use", "2025-01-02T00:00:00Z", &fields) });
        accounts.insert(account);
    }
    let subscriptions = accounts
        .iter()
        .map(|a| Subscription {
            account: a.clone(),
            from: Some(date(2025, 1, 1)),
            until: Some(date(2025, 2, 1)),
            pool: None,
        })
        .collect();
    let ratings = vec![Rating { subscriptions, ..month("p", 2025, 1, usage) }];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let mut wrong = Vec::new();
        let invoices = &rated[0].invoices;
        for row in list(&expected["rows"]) {
            let cells = invoices
                .iter()
                .filter(|i| text(&row["subject"]).is_none_or(|s| s == i.account))
                .flat_map(|i| &i.lines)
                .flat_map(|l| &l.cells)
                .filter(|c| {
                    dimensions.iter().all(|d| {
                        text(&row[d])
                            .is_none_or(|want| c.labels.iter().any(|(name, label)| name == d && *label == want))
                    })
                });
            let (mut quantity, mut cost) = (Rational::ZERO, Rational::ZERO);
            for cell in cells {
                quantity += &cell.quantity;
                cost += &cell.exact;
            }
            wrong.extend(judge::told(&format!("quantity of {row}"), &quantity, &row["quantity"]));
            wrong.extend(judge::told(&format!("cost of {row}"), &cost, &row["cost"]));
        }
        let sum: Rational = list(&expected["rows"]).iter().filter_map(|r| number(&r["cost"])).sum();
        wrong.extend(differs("all rows", &judge::exact_total(&rated[0]), &sum));
        wrong
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// One price for every label, told per label.
fn groups(case: &Case) -> Result<Translation, String> {
    let unit = need(&case.model["price"]["unit"], "unit price")?;
    let names: Vec<String> = list(&case.model["group_by"]).iter().filter_map(text).collect();
    let [name] = names.as_slice() else { return Err("groups of more than one dimension".into()) };
    let labels: BTreeSet<String> = case.usage.iter().filter_map(|u| text(&u[name])).collect();
    let quoted: Vec<String> = labels.iter().map(|l| format!("\"{l}\"")).collect();
    let mut sheet = Sheet::new(Money { exact: true, ..money(case)? });
    sheet.item("unit item, items");
    sheet.item(format!("dimension {name} = {}", quoted.join(" | ")));
    sheet.item(format!(
        "event use {{ {name}: {name}, quantity: item decimals 6 }}\nmeter used = sum of use.quantity by {name}"
    ));
    sheet.plan("p", vec![format!("price usage on used by {name} = {} per item", sheet.money.of(&unit))]);
    let mut usage = Vec::new();
    for record in &case.usage {
        let quantity = need(&record["quantity"], "quantity")?;
        usage.push(used(
            "use",
            "2025-01-02T00:00:00Z",
            &[(name, record[name].clone()), ("quantity", plain(&quantity))],
        ));
    }
    let (ratings, expected, name) = (vec![month("p", 2025, 1, usage)], case.expected.clone(), name.clone());
    let judge = move |rated: &[Rated]| {
        let mut wrong = Vec::new();
        let cells: Vec<_> = rated[0].invoices.iter().flat_map(|i| &i.lines).flat_map(|l| &l.cells).collect();
        for group in list(&expected["groups"]) {
            let label = text(&group[&name]).unwrap_or_default();
            let own = cells.iter().filter(|c| c.labels.iter().any(|(_, l)| *l == label));
            let got: Rational = own.map(|c| &c.exact).sum();
            wrong.extend(judge::told(&label, &got, &group["amount"]));
        }
        wrong
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// A quantity without the labels that its price needs: refused, not free.
fn unpriced(case: &Case) -> Result<Translation, String> {
    if !case.expected["total"].is_null() || !list(&case.model["price"]["rates"]).is_empty() {
        return Err("a matrix whose dimensions the case does not name".into());
    }
    let quantity = need(case.first("quantity"), "quantity")?;
    let mut sheet = Sheet::new(money(case)?);
    sheet.item("unit item, items");
    sheet.item("dimension cell = any text at most 100");
    sheet.item("event use { cell: cell, quantity: item }\nmeter used = sum of use.quantity by cell");
    sheet.plan("p", vec!["price usage on used by cell = $1 per item".into()]);
    let ratings =
        vec![month("p", 2025, 1, vec![used("use", "2025-01-02T00:00:00Z", &[("quantity", plain(&quantity))])])];
    let judge = |rated: &[Rated]| match rated[0].refused.as_slice() {
        [_] => Vec::new(),
        _ => vec!["the quantity is not refused".into()],
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// An amount split by weights, or a discount over lines.
pub fn allocation(case: &Case) -> Result<Translation, String> {
    if case.model["type"].as_str() == Some("distribute discount over lines") {
        return super::adjust::distributed(case);
    }
    let record = case.usage.first().ok_or("the case gives no usage")?;
    let amount = need(&record["amount"], "amount")?;
    let by_index = case.model["tie_break"].as_str() == Some("index");
    let mut money = money(case)?;
    if case.model["currency"].as_str().is_some_and(|c| c.starts_with("custom")) {
        money.code = "CREDITS".into();
    }
    money.exact = false;
    let digits = number(&case.model["digits"]).and_then(|d| d.to_i128()).unwrap_or(2);
    money.digits = digits as i32;
    let weights = list(&record["weights"]);
    // Ties go by name; where they go by place, the name begins with the place.
    let label = move |place: usize, key: &str| if by_index { format!("{place:03}-{key}") } else { key.to_owned() };
    let mut sheet = Sheet::new(money.clone());
    sheet.item("unit item, items");
    let keys: Vec<String> = weights.iter().map(|w| text(&w["key"]).unwrap_or_default()).collect();
    let labels: Vec<String> = keys.iter().enumerate().map(|(i, k)| label(i, k)).collect();
    let quoted: Vec<String> = labels.iter().map(|l| format!("\"{l}\"")).collect();
    sheet.item(format!("dimension key = {}", quoted.join(" | ")));
    sheet.item("event use { key: key, quantity: item decimals 6 }\nmeter used = sum of use.quantity by key");
    let shown = if amount.is_negative() { "rebate" } else { "price" };
    sheet.plan(
        "p",
        vec![
            format!("{shown} shared on used = flat {} even at zero", money.of(&amount.abs())),
            "attribute shared by key".into(),
        ],
    );
    let mut usage = Vec::new();
    for (weight, label) in weights.iter().zip(&labels) {
        let weight = need(&weight["weight"], "weight")?;
        usage.push(used(
            "use",
            "2025-01-02T00:00:00Z",
            &[("key", Value::String(label.clone())), ("quantity", plain(&weight))],
        ));
    }
    let ratings = vec![month("p", 2025, 1, usage)];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let shares = judge::line(&rated[0], "shared").map(|l| l.attribution.clone()).unwrap_or_default();
        let mut wrong = Vec::new();
        for (place, share) in list(&expected["shares"]).iter().enumerate() {
            let key = text(&share["key"]).unwrap_or_default();
            let want = label(place, &key);
            let got = shares.iter().find(|(l, _)| *l == want).map(|(_, a)| a.clone()).unwrap_or_default();
            wrong.extend(judge::told(&key, &got, &share["amount"]));
        }
        wrong
    };
    let _ = slug;
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}
