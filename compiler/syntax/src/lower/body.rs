//! Rate cards, plans, contracts, amendments, and the plain statements inside.

use super::Lower;
use crate::ast::{
    AboutWhat, Amendment, Billing, Change, ChangeKind, Contract, Discount, Entitlement, EntitlementValue, Fee,
    FeeTiming, Frequency, LateRule, Limit, PartialRule, Plan, PricesFrom, ProrateRule, RateCard, RoundingPoint,
    StepChange, Stmt, StmtKind, Tracking,
};
use crate::grammar::Rule;
use crate::tree::Node;

impl Lower {
    pub(super) fn ratecard_item(&mut self, node: Node<'_>) -> Option<RateCard> {
        Some(RateCard { name: self.first_name(node)?, version: self.first_number(node), body: self.body(node)? })
    }

    pub(super) fn plan_item(&mut self, node: Node<'_>) -> Option<Plan> {
        Some(Plan { name: self.first_name(node)?, version: self.first_number(node), body: self.body(node)? })
    }

    pub(super) fn contract_item(&mut self, node: Node<'_>) -> Option<Contract> {
        Some(Contract { name: self.first_name(node)?, with: self.first_text(node), body: self.body(node)? })
    }

    fn body(&mut self, node: Node<'_>) -> Option<Vec<Stmt>> {
        let body = node.part(Rule::body)?;
        Some(self.lines(body, |_| true, |this, docs, line| Stmt { docs, kind: this.stmt(line), span: this.span(line) }))
    }

    fn stmt(&mut self, node: Node<'_>) -> StmtKind {
        self.known_stmt(node).unwrap_or_else(|| StmtKind::Bad(self.bad(node)))
    }

    fn known_stmt(&mut self, node: Node<'_>) -> Option<StmtKind> {
        Some(match node.rule()? {
            Rule::seller_stmt => StmtKind::Seller(self.first_text(node)?),
            Rule::buyer_stmt => StmtKind::Buyer { name: self.first_text(node)?, accounts: self.names(node) },
            Rule::term_stmt => {
                let period = node.part(Rule::period)?;
                StmtKind::Term { period: self.period(period)?, renews: self.frequency(node) }
            }
            Rule::pause_stmt => StmtKind::Pause(self.period(node.part(Rule::period)?)?),
            Rule::source_stmt => StmtKind::Source {
                text: self.first_text(node)?,
                checked: self.first_date(node)?,
                good_for: self.first_duration(node),
            },
            Rule::timezone_stmt => StmtKind::Timezone(self.first_text(node)?),
            Rule::currency_stmt => StmtKind::Currency(self.first_name(node)?),
            Rule::billing_stmt => StmtKind::Billing(self.billing(node)?),
            Rule::effective_stmt => StmtKind::Effective(self.first_validity(node)?),
            Rule::rounding_stmt => {
                let point = node.part(Rule::rounding_point)?;
                StmtKind::Rounding {
                    point: match point.parts().next()?.rule()? {
                        Rule::kw_line => RoundingPoint::Line,
                        Rule::kw_tier => RoundingPoint::Tier,
                        _ => RoundingPoint::Cell,
                    },
                    rounding: self.rounding(node)?,
                }
            }
            Rule::prices_stmt => StmtKind::PricesFrom(PricesFrom {
                card: self.first_path(node)?,
                version: self.first_number(node),
                tracking: if node.has(Rule::kw_locked) { Tracking::Locked } else { Tracking::Following },
            }),
            Rule::based_stmt => StmtKind::BasedOn(self.first_path(node)?),
            Rule::let_item => StmtKind::Let(self.let_item(node)?),
            Rule::fee_stmt => StmtKind::Fee(self.fee(node)?),
            Rule::price_stmt => StmtKind::Price(self.price(node)?),
            Rule::override_stmt => StmtKind::Override(self.override_price(node)?),
            Rule::allowance_stmt => StmtKind::Allowance(self.allowance(node)?),
            Rule::discount_stmt => StmtKind::Discount(Discount {
                name: self.first_name(node)?,
                value: self.first_expr(node, Rule::amount)?,
                scope: self.first_scope(node)?,
                filter: match node.part(Rule::where_expr) {
                    Some(_) => Some(self.condition(node)?),
                    None => None,
                },
                validity: self.first_validity(node),
            }),
            Rule::cap_stmt => StmtKind::Cap(self.limit(node)?),
            Rule::minimum_stmt => StmtKind::Minimum(self.limit(node)?),
            Rule::attribute_stmt => StmtKind::Attribute { line: self.first_path(node)?, by: self.by_names(node) },
            Rule::tag_stmt => StmtKind::About { lines: self.names(node), what: AboutWhat::Tag(self.first_name(node)?) },
            Rule::product_stmt => {
                StmtKind::About { lines: self.names(node), what: AboutWhat::Product(self.first_text(node)?) }
            }
            Rule::ledger_stmt => {
                StmtKind::About { lines: self.names(node), what: AboutWhat::Ledger(self.first_text(node)?) }
            }
            Rule::commitment_stmt => StmtKind::Commitment(self.commitment(node)?),
            Rule::wallet_stmt => StmtKind::Wallet(self.wallet(node)?),
            Rule::waterfall_stmt => StmtKind::Waterfall(self.waterfall(node)),
            Rule::entitlement_stmt => StmtKind::Entitlement(Entitlement {
                name: self.first_name(node)?,
                value: self.entitlement_value(node)?,
            }),
            Rule::interim_stmt => StmtKind::Interim(self.first_expr(node, Rule::amount)?),
            Rule::conversion_stmt => {
                StmtKind::Conversion { currency: self.first_name(node)?, rate: self.first_expr(node, Rule::amount)? }
            }
            Rule::prorate_stmt => StmtKind::Prorate {
                names: self.names(node),
                how: if node.has(Rule::months_alike) {
                    ProrateRule::DailyInMonthsOf30
                } else if node.has(Rule::kw_daily) {
                    ProrateRule::Daily
                } else {
                    ProrateRule::Never
                },
            },
            Rule::late_stmt => StmtKind::LateEvents {
                grace: self.first_duration(node)?,
                then: if node.has(Rule::kw_rejected) { LateRule::Rejected } else { LateRule::NextPeriod },
            },
            _ => return None,
        })
    }

    /// The word of a `frequency` part.
    pub(super) fn frequency(&self, node: Node<'_>) -> Option<Frequency> {
        Some(match node.part(Rule::frequency)?.read() {
            "hourly" => Frequency::Hourly,
            "daily" => Frequency::Daily,
            "weekly" => Frequency::Weekly,
            "monthly" => Frequency::Monthly,
            "quarterly" => Frequency::Quarterly,
            _ => Frequency::Yearly,
        })
    }

    fn billing(&mut self, node: Node<'_>) -> Option<Billing> {
        let day = node.part(Rule::billing_day);
        Some(Billing {
            every: self.frequency(node)?,
            day: day.and_then(|day| self.first_number(day)),
            or_last_day: day.is_some_and(|day| day.has(Rule::or_last_day)),
            net: node.part(Rule::billing_net).and_then(|net| self.first_duration(net)),
        })
    }

    fn fee(&mut self, node: Node<'_>) -> Option<Fee> {
        let timing = node.part(Rule::fee_timing).map(|timing| {
            if timing.has(Rule::kw_once) {
                FeeTiming::Once
            } else if timing.has(Rule::kw_advance) {
                FeeTiming::InAdvance
            } else {
                FeeTiming::InArrears
            }
        });
        Some(Fee {
            name: self.first_name(node)?,
            level: self.first_path(node),
            amount: self.first_expr(node, Rule::amount)?,
            per: self.per_period(node),
            timing,
            validity: self.first_validity(node),
        })
    }

    fn limit(&mut self, node: Node<'_>) -> Option<Limit> {
        let part = node.part(Rule::limit)?;
        Some(Limit {
            scope: self.first_scope(part)?,
            amount: self.first_expr(part, Rule::amount)?,
            window: self.window(part),
            partial: Self::partial(part),
            validity: self.first_validity(part),
        })
    }

    /// The rule of a `partial` part.
    pub(super) fn partial(node: Node<'_>) -> Option<PartialRule> {
        Some(if node.part(Rule::partial)?.has(Rule::kw_whole) {
            PartialRule::Whole
        } else {
            PartialRule::ProratedDaily
        })
    }

    fn entitlement_value(&mut self, node: Node<'_>) -> Option<EntitlementValue> {
        if node.has(Rule::kw_yes) {
            return Some(EntitlementValue::Flag(true));
        }
        if node.has(Rule::kw_no) {
            return Some(EntitlementValue::Flag(false));
        }
        if let Some(text) = self.first_text(node) {
            return Some(EntitlementValue::Text(text));
        }
        let limit = node.part(Rule::entitlement_limit)?;
        Some(EntitlementValue::Limit {
            amount: self.first_expr(limit, Rule::amount)?,
            per: self.per_period(limit),
            then: limit.part(Rule::word).map(|word| self.name(word)),
            rollover: match limit.part(Rule::literal) {
                Some(_) => Some(self.first_expr(limit, Rule::literal)?),
                None => None,
            },
        })
    }

    pub(super) fn amendment_item(&mut self, node: Node<'_>) -> Option<Amendment> {
        let is_line = |rule| matches!(rule, Rule::change | Rule::bad);
        let changes = self.lines(node, is_line, |this, docs, line| Change {
            docs,
            kind: this.change(line).unwrap_or_else(|| ChangeKind::Bad(this.bad(line))),
            span: this.span(line),
        });
        let signed = node.part(Rule::signed_on);
        Some(Amendment {
            number: self.first_number(node)?,
            target: self.first_path(node)?,
            effective: self.first_date(node)?,
            signed: signed.and_then(|signed| self.first_date(signed)),
            retroactive: node.has(Rule::kw_retroactive),
            changes,
        })
    }

    fn change(&mut self, node: Node<'_>) -> Option<ChangeKind> {
        if node.has(Rule::kw_remove) {
            return Some(ChangeKind::Remove { kind: self.name(node.part(Rule::word)?), path: self.first_path(node)? });
        }
        if node.has(Rule::kw_extend) {
            let end = node.part(Rule::range_end)?;
            return Some(ChangeKind::ExtendTerm { end: self.range_end(end)? });
        }
        let adds = node.has(Rule::kw_add);
        if !adds && !node.has(Rule::kw_set) {
            return None;
        }
        if let Some(step) = node.part(Rule::step_change) {
            let change = StepChange {
                kind: self.name(step.part(Rule::kw_commitment)?),
                path: self.first_path(step)?,
                unit: self.name(step.part(Rule::word)?),
                index: self.first_number(step)?,
                amount: self.first_expr(step, Rule::amount)?,
            };
            return Some(if adds { ChangeKind::AddStep(change) } else { ChangeKind::SetStep(change) });
        }
        let line = node.parts().find(|part| !matches!(part.rule(), Some(Rule::kw_set | Rule::kw_add)))?;
        let stmt = Box::new(Stmt { docs: crate::ast::Docs::default(), kind: self.stmt(line), span: self.span(line) });
        Some(if adds { ChangeKind::Add(stmt) } else { ChangeKind::Set(stmt) })
    }
}
