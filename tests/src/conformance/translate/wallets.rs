//! Wallets of money: what pays which line of an invoice, and what is left.

use super::super::data::{Case, list, need, number, slug, text};
use super::super::judge::told;
use super::super::run::{Rating, Translation};
use super::super::text::{Money, Sheet, decimal};
use super::{date, day, ladder, money, month, places, plain, used};
use crate::program::{Rated, Usage};
use price_ir::InvoiceLine;
use price_value::Rational;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Every form of the kind.
pub fn translate(case: &Case) -> Result<Translation, String> {
    match case.engine() {
        "fp" => lots(case),
        "lago" => limited(case),
        other => Err(format!("a wallet of the engine `{other}` is not known here")),
    }
}

/// A wallet with one lot.
fn wallet(name: &str, money: &Money, pays: &str, amount: &Rational) -> String {
    format!(
        "wallet {name} {{\n  holds     {}\n  pays for  {pays}\n  grant     {} already paid on start expires never\n  overdraft none\n}}",
        money.code,
        money.of(amount)
    )
}

/// Wallets that pay one after the other; the invoice asks for the rest.
fn waterfall(names: &[String]) -> String {
    let step =
        |(place, name): (usize, &String)| format!("  {} wallet {name}", if place == 0 { "first  " } else { "then   " });
    let steps: Vec<String> = names.iter().enumerate().map(step).collect();
    format!("waterfall {{\n{}\n  finally invoice\n}}", steps.join("\n"))
}

/// What each balance paid of a line, or of all.
fn paid<'r>(lines: impl Iterator<Item = &'r InvoiceLine>) -> BTreeMap<String, Rational> {
    let mut by = BTreeMap::new();
    for (name, amount) in lines.flat_map(|l| &l.paid) {
        *by.entry(name.clone()).or_default() += amount;
    }
    by
}

fn lines(rated: &Rated) -> impl Iterator<Item = &InvoiceLine> {
    rated.invoices.iter().flat_map(|i| &i.lines)
}

fn due(rated: &Rated) -> Rational {
    rated.invoices.iter().map(|i| &i.due).sum()
}

/// Compares what was paid by whom with a table of everyone who paid, by the names of the case.
fn payers(
    what: &str,
    got: &BTreeMap<String, Rational>,
    want: impl Iterator<Item = (String, Rational)>,
    factor: &Rational,
) -> Vec<String> {
    let got: BTreeMap<String, Rational> = got.iter().map(|(n, a)| (n.clone(), a * factor)).collect();
    let want: BTreeMap<String, Rational> = want.collect();
    if got == want { Vec::new() } else { vec![format!("{what} paid by {got:?}, expected {want:?}")] }
}

/// Usage lines with discounts, paid by wallets before the invoice.
pub fn invoice(case: &Case) -> Result<Translation, String> {
    let money = Money { exact: false, ..money(case)? };
    let mut sheet = Sheet::new(money.clone());
    let (mut statements, mut names, mut usage): (Vec<String>, Vec<String>, Vec<Usage>) = Default::default();
    for record in &case.usage {
        let place = number(&record["line"]).ok_or("a line without a number")?;
        if record["type"].as_str() != Some("usage") {
            return Err("a line that is no usage is not paid by a prepaid credit".into());
        }
        let amount = need(&record["amount"], "amount")?;
        sheet.item(format!("event use{place} {{ cost: {} decimals {} }}", money.code, places(&amount).max(2)));
        statements.push(format!("price line{place} on each use{place} = 100% of cost"));
        names.push(format!("line{place}"));
        usage.push(used(&format!("use{place}"), "2025-01-02T00:00:00Z", &[("cost", plain(&amount))]));
    }
    for (place, discount) in list(&case.model["line_discounts"]).iter().enumerate() {
        let line = number(&discount["line"]).ok_or("a discount without a line")?;
        statements.push(format!("discount l{} = {} on line{line}", place + 1, super::adjust::off(discount, &money)?));
    }
    for (place, discount) in list(&case.model["invoice_discounts"]).iter().enumerate() {
        statements.push(format!("discount d{} = {} on all", place + 1, super::adjust::off(discount, &money)?));
    }
    let mut steps = Vec::new();
    for record in list(&case.model["wallets"]) {
        let name = slug(record["id"].as_str().ok_or("a wallet without a name")?);
        statements.push(wallet(&name, &money, &names.join(", "), &need(&record["balance"], "balance")?));
        steps.push(name);
    }
    if !steps.is_empty() {
        statements.push(waterfall(&steps));
    }
    sheet.plan("p", statements);
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let rated = &rated[0];
        let gross: Rational = lines(rated).map(|l| &l.gross).sum();
        let total: Rational = lines(rated).map(|l| &l.amount).sum();
        let credit: Rational = paid(lines(rated)).values().sum();
        let all = [
            told("subtotal", &gross, &expected["subtotal"]),
            told("discount", &(&gross - &total), &expected["discount"]),
            told("credit", &credit, &expected["credit"]),
            told("total", &due(rated), &expected["total"]),
        ];
        all.into_iter().flatten().collect()
    };
    let ratings = vec![month("p", 2025, 1, usage)];
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// A price whose parts are lines, paid by credits in their order.
pub fn credits(case: &Case) -> Result<Translation, String> {
    let model = &case.model;
    let price = &model["price"];
    if (price["type"].as_str(), price["mode"].as_str()) != (Some("tiered"), Some("graduated")) {
        return Err("credits on a price without graduated tiers are not known here".into());
    }
    let money = money(case)?;
    let quantity = need(case.first("quantity"), "quantity")?;
    let mut sheet = Sheet::new(money.clone());
    sheet.item("unit item, items");
    sheet.item(format!(
        "event use {{ quantity: item decimals {} }}\nmeter used = sum of use.quantity",
        places(&quantity)
    ));
    let mut statements = Vec::new();
    let tiers = ladder::tiers(price)?;
    for (place, tier) in tiers.iter().enumerate() {
        let from = place.checked_sub(1).and_then(|before| tiers[before].up_to.clone());
        // A line of its own for each part of each tier: the others are free in it.
        let mut part = |name: &str, charge: String| {
            let mut block = String::new();
            from.iter().for_each(|from| block.push_str(&format!("    up to {} items free\n", decimal(from))));
            match &tier.up_to {
                Some(up_to) => {
                    block.push_str(&format!("    up to {} items {charge}\n    beyond free\n", decimal(up_to)));
                }
                None => block.push_str(&format!("    beyond {charge}\n")),
            }
            let name = format!("tier{}_{name}", place + 1);
            statements.push(format!("price {name} on used {{\n  graduated per item {{\n{block}  }}\n}}"));
        };
        if let Some(flat) = &tier.flat {
            let even = if place == 0 { " even at zero" } else { "" };
            part("flat", format!("flat {}{even}", money.of(flat)));
        }
        if let Some(unit) = &tier.unit {
            part("unit", money.of(unit));
        }
    }
    let mut pays = "all";
    if let Some(least) = number(&model["minimum_spend"]) {
        statements.push(format!("minimum all at {} per month whole", money.of(&least)));
        pays = "all and minimum";
    }
    let mut steps = Vec::new();
    for record in list(&model["credits"]) {
        let name = slug(record["id"].as_str().ok_or("a credit without a name")?);
        statements.push(wallet(&name, &money, pays, &need(&record["amount"], "amount")?));
        steps.push(name);
    }
    statements.push(waterfall(&steps));
    sheet.plan("p", statements);
    let usage = vec![used("use", "2025-01-02T00:00:00Z", &[("quantity", plain(&quantity))])];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let mut wrong: Vec<String> = told("total", &due(&rated[0]), &expected["total"]).into_iter().collect();
        let mut seen = Vec::new();
        for want in list(&expected["lines"]) {
            let component = text(&want["component"]).unwrap_or_default();
            let name = if component == "minimum_spend" { "minimum".into() } else { component.replace('.', "_") };
            let own: Vec<&InvoiceLine> = lines(&rated[0]).filter(|l| l.name == name).collect();
            let amount: Rational = own.iter().map(|l| &l.amount).sum();
            let by = paid(own.into_iter());
            let credits = list(&want["credits"]).iter().map(|c| {
                let amount = number(&c["amount"]).unwrap_or_default();
                (slug(c["id"].as_str().unwrap_or_default()), amount)
            });
            wrong.extend(told(&format!("{component} before credits"), &amount, &want["before_credits"]));
            let rest = &amount - &by.values().sum::<Rational>();
            wrong.extend(told(&component, &rest, &want["total"]));
            wrong.extend(payers(&component, &by, credits, &Rational::ONE));
            seen.push(name);
        }
        for other in lines(&rated[0]).filter(|l| !seen.contains(&l.name)) {
            wrong.extend(told(&other.name, &other.amount, &Value::from(0)));
        }
        wrong
    };
    let ratings = vec![month("p", 2025, 1, usage)];
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// Credits of one wallet with an end of their own.
fn lots(case: &Case) -> Result<Translation, String> {
    let money = Money::dollars();
    let debit = need(case.first("debit"), "debit")?;
    let mut grants = String::new();
    for credit in list(&case.model["wallet_credits"]) {
        if !credit["priority"].is_null() {
            return Err("credits with priorities are wallets of their own".into());
        }
        let name = slug(credit["id"].as_str().ok_or("a credit without a name")?);
        let until = match credit["expires"].as_str() {
            Some(expires) => format!("expires on {}", day(expires)?.add_days(-1)),
            None => "expires never".into(),
        };
        let amount = money.of(&need(&credit["amount"], "amount")?);
        grants.push_str(&format!("  grant     {amount} already paid on start {until} as {name}\n"));
    }
    let mut sheet = Sheet::new(money.clone());
    sheet.item(format!("event use {{ cost: USD decimals {} }}", places(&debit).max(2)));
    sheet.plan(
        "p",
        vec![
            "price usage on each use = 100% of cost".into(),
            format!("wallet w {{\n  holds     USD\n  pays for  usage\n{grants}  overdraft none\n}}"),
            waterfall(&["w".to_owned()]),
        ],
    );
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let balances = rated[0].invoices.iter().filter_map(|i| i.payment.as_deref()).flat_map(|p| &p.balances);
        let Some(end) = balances.last() else { return vec!["no wallet".into()] };
        let mut wrong: Vec<String> = told("balance", &end.closed, &expected["balance"]).into_iter().collect();
        let none = Map::new();
        for (id, want) in expected["credits_left"].as_object().unwrap_or(&none) {
            let left: Rational = end.lots.iter().filter(|l| l.name == slug(id)).map(|l| &l.left).sum();
            wrong.extend(told(&format!("left of {id}"), &left, want));
        }
        wrong
    };
    let usage = vec![used("use", "2025-01-02T00:00:00Z", &[("cost", plain(&debit))])];
    let ratings = vec![month("p", 2025, 1, usage)];
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// Wallets that are limited to fees of a type or a metric and stand in an order. A tax is a line
/// that is a share of its fee, and is paid by whoever pays the fee.
fn limited(case: &Case) -> Result<Translation, String> {
    let cent = Rational::pow10(-2);
    let money = Money::dollars();
    let record = case.usage.first().ok_or("the case gives no usage")?;
    let mut fees: Vec<(String, String, Option<String>, bool)> = Vec::new();
    let mut statements = Vec::new();
    for fee in list(&record["fees"]) {
        let kind = fee["type"].as_str().ok_or("a fee without a type")?;
        let metric = text(&fee["metric"]);
        let name = slug(metric.as_deref().unwrap_or(kind));
        let amount = need(&fee["cents"], "amount")?;
        statements.push(format!("fee {name} = {} once", money.of(&(&amount * &cent))));
        let tax = number(&fee["tax_cents"]);
        if let Some(tax) = &tax {
            let share = (tax * &Rational::int(100)).checked_div(&amount).ok_or("a tax on nothing")?;
            statements.push(format!("price {name}_tax = {}% of {name} after discounts", decimal(&share)));
        }
        fees.push((name, kind.to_owned(), metric, tax.is_some()));
    }
    let mut wallets: Vec<&Value> = list(&case.model["wallets"]).iter().collect();
    wallets.sort_by_key(|w| number(&w["priority"]));
    let mut steps = Vec::new();
    for record in wallets {
        let has = |key: &str, value: &str| list(&record[key]).iter().any(|v| v.as_str() == Some(value));
        let free = list(&record["fee_types"]).is_empty() && list(&record["metrics"]).is_empty();
        let meant = |kind: &str, metric: &Option<String>| {
            free || has("fee_types", kind) || metric.as_deref().is_some_and(|m| has("metrics", m))
        };
        let pays = fees.iter().filter(|(_, kind, metric, _)| meant(kind, metric));
        let pays: Vec<String> = pays
            .flat_map(|(name, .., taxed)| [Some(name.clone()), taxed.then(|| format!("{name}_tax"))])
            .flatten()
            .collect();
        // A wallet for fees that this invoice does not have is not written.
        if pays.is_empty() {
            continue;
        }
        let name = slug(record["id"].as_str().ok_or("a wallet without a name")?);
        let balance = &need(&record["balance_cents"], "balance")? * &cent;
        statements.push(wallet(&name, &money, &pays.join(", "), &balance));
        steps.push(name);
    }
    statements.push(waterfall(&steps));
    let mut sheet = Sheet::new(money);
    sheet.plan("p", statements);
    let expected = case.expected.clone();
    let total = number(&record["invoice_total_cents"]).unwrap_or_default();
    let judge = move |rated: &[Rated]| {
        let hundred = Rational::int(100);
        let by = paid(lines(&rated[0]));
        let drawn = expected["drawn_cents"].as_object().cloned().unwrap_or_default();
        let want = drawn.iter().map(|(n, v)| (slug(n), number(v).unwrap_or_default()));
        let mut wrong = payers("the invoice", &by, want, &hundred);
        let credited = by.values().sum::<Rational>() * &hundred;
        wrong.extend(told("credited", &credited, &expected["credited_cents"]));
        let asked = &due(&rated[0]) * &hundred + credited;
        if asked != total {
            wrong.push(format!("the invoice is {asked}, not {total}"));
        }
        wrong
    };
    let from = date(2025, 1, 1);
    let ratings = vec![Rating { from, ..month("p", 2025, 1, Vec::new()) }];
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}
