//! A line's amount split over a dimension or the accounts of a pool, for information: whole steps by largest remainder,
//! ties by name.

use super::Settlement;
use super::item::Item;
use crate::rater::Rater;
use price_value::{Rational, largest_remainder};
use std::collections::BTreeMap;

impl Rater {
    pub(super) fn attribute(&mut self, s: &Settlement<'_>, items: &mut [Item]) {
        let plan = self.plan.clone();
        for attribution in &plan.attributions {
            let fold = &plan.sinks[attribution.by.ix()].fold;
            let mut weights: BTreeMap<String, Rational> = BTreeMap::new();
            if attribution.accounts {
                let period = self.time.index(&s.period);
                let slot = self.slots.find(s.billed, period);
                let whose = slot.and_then(|slot| self.whose.get(&(slot, attribution.by.0)));
                for (account, quantity) in whose.into_iter().flatten() {
                    let name = self.accounts.accounts[*account as usize].name.clone();
                    *weights.entry(name).or_default() += &quantity.clone().max(Rational::ZERO);
                }
            }
            let reads = if attribution.accounts { Vec::new() } else { self.read(attribution.by, s.billed, &s.period) };
            for read in reads {
                let raw = read.reading.raw(fold, s.period.seconds()).max(Rational::ZERO);
                let labels = self.labels_of(attribution.by, read.at, None);
                let name = labels.into_iter().map(|(_, label)| label).collect::<Vec<_>>().join(", ");
                *weights.entry(name).or_default() += &raw;
            }
            let along = |i: &&Item| i.line.is_some_and(|l| l == attribution.line || attribution.with.contains(&l));
            let total: Rational = items.iter().filter(along).map(|i| &i.amount).sum();
            let step = &plan.rounding.rounding.step;
            let Some(item) = items.iter_mut().find(|i| i.line == Some(attribution.line)) else { continue };
            let shares: Vec<Rational> = weights.values().cloned().collect();
            if (&total / step).is_integer() {
                let parts = largest_remainder(&total, &shares, step);
                item.attribution = weights.into_keys().zip(parts).collect();
            }
        }
    }
}
