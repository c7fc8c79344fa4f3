//! Discounts, in text order, folded into the lines they touch.

use super::Settlement;
use super::item::Item;
use crate::rater::Rater;
use crate::split::{by_name, by_weight};
use price_ir::{DiscountOff, Step};
use price_value::Rational;

impl Rater {
    /// Takes the discounts off the lines that `now` names. `spent` keeps how much of each amount
    /// is gone already, for lines that come later.
    pub(super) fn discount(
        &self,
        s: &Settlement<'_>,
        items: &mut [Option<Item>],
        now: &[bool],
        spent: &mut [Rational],
    ) {
        let plan = &self.plan;
        for (index, discount) in plan.discounts.iter().enumerate() {
            if !discount.during.contains(s.period.from) {
                continue;
            }
            let touched: Vec<(usize, Option<&[bool]>)> = discount
                .scope
                .iter()
                .enumerate()
                .filter(|(_, line)| now[line.ix()])
                .map(|(place, line)| (line.ix(), discount.cells.get(place).and_then(|c| c.as_deref())))
                .collect();
            let label = |off: String| format!("less {off} ({})", discount.name);
            match &discount.off {
                DiscountOff::Share(share) => {
                    for (line, mask) in touched {
                        let Some(item) = &mut items[line] else { continue };
                        let change = -(item.masked(mask) * share);
                        let percent = share * &Rational::int(100);
                        let step = Step { label: label(format!("{percent}%")), change, rule: Some(discount.rule) };
                        item.step(step, mask);
                    }
                }
                DiscountOff::Amount(amount) => {
                    let weight = |(line, mask): &(usize, Option<&[bool]>)| {
                        items[*line].as_ref().map_or(Rational::ZERO, |i| i.masked(*mask)).max(Rational::ZERO)
                    };
                    let weights: Vec<Rational> = touched.iter().map(weight).collect();
                    let left: Rational = weights.iter().sum();
                    let off = (amount - &spent[index]).min(left);
                    if !off.is_positive() {
                        continue;
                    }
                    spent[index] += &off;
                    let names: Vec<&str> = touched.iter().map(|(line, _)| plan.lines[*line].name.as_str()).collect();
                    let step = &plan.rounding.rounding.step;
                    let shares = by_name(&names, &weights, |weights| by_weight(&off, weights, step));
                    for ((line, mask), share) in touched.into_iter().zip(shares) {
                        let Some(item) = &mut items[line] else { continue };
                        let label = label(plan.currency.format(amount));
                        item.step(Step { label, change: -share, rule: Some(discount.rule) }, mask);
                    }
                }
            }
        }
    }
}
