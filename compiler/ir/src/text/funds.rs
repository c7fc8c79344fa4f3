//! Parties, other currencies and payment, as text.
//!
//! No engine reads them, so the textual form shows them as data: one word and one JSON text per
//! line, in the form of the artefact.

use super::lex::{Read, Reader, quoted};
use crate::funds::Funds;
use crate::plan::Plan;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Write;

pub(super) fn print_funds(out: &mut String, plan: &Plan) {
    let mut say = |word: &str, text: String| {
        let _ = writeln!(out, "{word} {}", quoted(&text));
    };
    if let Some(parties) = &plan.parties {
        say("parties", json(parties));
    }
    plan.foreign.iter().for_each(|f| say("foreign", json(f)));
    let Funds { balances, commitments, waterfall, entitlements, conversions, interim } = &plan.funds;
    balances.iter().for_each(|b| say("balance", json(b)));
    commitments.iter().for_each(|c| say("commitment", json(c)));
    waterfall.iter().for_each(|w| say("waterfall", json(w)));
    entitlements.iter().for_each(|e| say("entitlement", json(e)));
    conversions.iter().for_each(|c| say("conversion", json(c)));
    interim.iter().for_each(|i| say("interim", json(i)));
}

/// One of these lines, if the next word begins one.
pub(super) fn funds_item(reader: &mut Reader, plan: &mut Plan) -> Read<bool> {
    let funds = &mut plan.funds;
    if reader.eat("parties") {
        plan.parties = Some(read(reader)?);
    } else if reader.eat("foreign") {
        plan.foreign.push(read(reader)?);
    } else if reader.eat("balance") {
        funds.balances.push(read(reader)?);
    } else if reader.eat("commitment") {
        funds.commitments.push(read(reader)?);
    } else if reader.eat("waterfall") {
        funds.waterfall.push(read(reader)?);
    } else if reader.eat("entitlement") {
        funds.entitlements.push(read(reader)?);
    } else if reader.eat("conversion") {
        funds.conversions.push(read(reader)?);
    } else if reader.eat("interim") {
        funds.interim = Some(read(reader)?);
    } else {
        return Ok(false);
    }
    Ok(true)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data with text keys")
}

fn read<T: DeserializeOwned>(reader: &mut Reader) -> Read<T> {
    let text = reader.text()?;
    serde_json::from_str(&text).or_else(|error| reader.error(format!("before this: {error}")))
}
