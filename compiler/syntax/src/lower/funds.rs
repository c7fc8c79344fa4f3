//! Allowances, commitments, wallets and waterfalls.

use super::Lower;
use crate::ast::{
    Allowance, BalanceRollover, Commitment, CommitmentPayment, CommitmentStmt, CommitmentStmtKind, CountSharing, Docs,
    DrawOrder, Duration, ExcessRollover, Expiry, Grant, GrantCost, GrantWhen, Invoiced, PaySource, RampEntry, Rollover,
    Sharing, ShortfallRule, SpendOrder, StepPosition, TopUp, Wallet, WalletStmt, WalletStmtKind, Waterfall,
    WaterfallEntry,
};
use crate::grammar::Rule;
use crate::tree::Node;
use price_diagnostics::{Code, Diagnostic, Fix};

impl Lower {
    pub(super) fn allowance(&mut self, node: Node<'_>) -> Option<Allowance> {
        for rule in [Rule::rollover, Rule::sharing, Rule::draw, Rule::partial] {
            self.said_once(node, rule);
        }
        let rollover = match node.part(Rule::rollover) {
            Some(part) if part.has(Rule::kw_none) => Some(Rollover::None),
            Some(part) => {
                Some(Rollover::UpTo { limit: self.first_expr(part, Rule::literal)?, lasts: self.first_duration(part)? })
            }
            None => None,
        };
        let sharing = node
            .part(Rule::sharing)
            .map(|sharing| if sharing.has(Rule::kw_pooled) { Sharing::Pooled } else { Sharing::EachAccount });
        let draw = node.part(Rule::draw).map(|draw| {
            if draw.has(Rule::kw_pro) {
                DrawOrder::ProRata
            } else if draw.has(Rule::kw_cheapest) {
                DrawOrder::CheapestFirst
            } else if draw.has(Rule::kw_dearest) {
                DrawOrder::DearestFirst
            } else {
                DrawOrder::AsUsed
            }
        });
        Some(Allowance {
            name: self.first_name(node)?,
            amount: self.first_expr(node, Rule::amount)?,
            of: match node.part(Rule::amount_of) {
                Some(of) => Some(self.first_path(of)?),
                None => None,
            },
            window: self.window(node),
            on: self.first_path(node)?,
            each: node.has(Rule::kw_each),
            up_to: match node.part(Rule::free_amount) {
                Some(part) => Some(self.first_expr(part, Rule::literal)?),
                None => None,
            },
            filter: match node.part(Rule::where_expr) {
                Some(_) => Some(self.condition(node)?),
                None => None,
            },
            rollover,
            sharing,
            draw,
            partial: Self::partial(node),
        })
    }

    pub(super) fn commitment(&mut self, node: Node<'_>) -> Option<Commitment> {
        let payment = if node.has(Rule::kw_postpaid) {
            Some(CommitmentPayment::Postpaid)
        } else if node.has(Rule::kw_prepaid) {
            Some(CommitmentPayment::Prepaid)
        } else {
            None
        };
        let head = |rule| matches!(rule, Rule::name | Rule::kw_commitment);
        let is_line = move |rule| !head(rule) && !matches!(rule, Rule::kw_postpaid | Rule::kw_prepaid);
        let body = self.lines(node, is_line, |this, docs, line| CommitmentStmt {
            docs,
            kind: this.commitment_line(line).unwrap_or_else(|| CommitmentStmtKind::Bad(this.bad(line))),
            span: this.span(line),
        });
        Some(Commitment { name: self.first_name(node)?, payment, body })
    }

    fn commitment_line(&mut self, node: Node<'_>) -> Option<CommitmentStmtKind> {
        use CommitmentStmtKind as Kind;
        Some(match node.rule()? {
            Rule::commitment_amount => {
                Kind::Amount { amount: self.first_expr(node, Rule::amount)?, per: self.per_period(node) }
            }
            Rule::ramp => {
                let is_line = |rule| matches!(rule, Rule::ramp_step | Rule::bad);
                Kind::Ramp(self.lines(node, is_line, |this, _, line| {
                    this.ramp_step(line).unwrap_or_else(|| RampEntry::Bad(this.bad(line)))
                }))
            }
            Rule::commitment_counts => {
                let sharing = node.parts_of(Rule::count_sharing).map(|part| {
                    let how = if part.has(Rule::kw_not) { CountSharing::NotCounted } else { CountSharing::AlsoCounted };
                    Some((self.first_path(part)?, how))
                });
                let sharing = sharing.collect::<Option<Vec<_>>>()?;
                let except_paid_by = if node.has(Rule::kw_except) { self.names(node) } else { Vec::new() };
                Kind::Counts { scope: self.first_scope(node)?, except_paid_by, sharing }
            }
            Rule::true_up => Kind::TrueUp {
                every: self.frequency(node)?,
                to: self.first_percent(node)?,
                cumulative: node.has(Rule::kw_cumulative),
            },
            Rule::shortfall if node.has(Rule::kw_forfeited) => Kind::Shortfall(ShortfallRule::Forfeited),
            Rule::shortfall if node.has(Rule::kw_ignored) => Kind::Shortfall(ShortfallRule::Ignored),
            Rule::shortfall => Kind::Shortfall(ShortfallRule::CreditedTo(self.first_path(node)?)),
            Rule::excess if node.has(Rule::kw_ignored) => Kind::Excess { rolls_over: None },
            Rule::excess => Kind::Excess {
                rolls_over: Some(ExcessRollover {
                    up_to: self.first_percent(node)?,
                    lasts: self.first_duration(node)?,
                }),
            },
            Rule::overage => Kind::Overage(self.first_percent(node)?),
            Rule::invoiced if node.has(Rule::kw_start) => Kind::Invoiced(Invoiced::AtStart),
            Rule::invoiced => Kind::Invoiced(Invoiced::Every(self.frequency(node)?)),
            Rule::prepaid_cost if node.has(Rule::kw_free) => Kind::Invoiced(Invoiced::Free),
            Rule::prepaid_cost => Kind::Invoiced(Invoiced::AlreadyPaid),
            Rule::unused if node.has(Rule::kw_expires) => Kind::Unused { rolls_over: None },
            Rule::unused => Kind::Unused {
                rolls_over: Some(ExcessRollover {
                    up_to: self.first_percent(node)?,
                    lasts: self.first_duration(node)?,
                }),
            },
            Rule::covered_at => Kind::CoveredAt(self.first_percent(node)?),
            _ => return None,
        })
    }

    fn ramp_step(&mut self, node: Node<'_>) -> Option<RampEntry> {
        Some(RampEntry::Step {
            unit: self.name(node.part(Rule::word)?),
            index: self.first_number(node)?,
            amount: self.first_expr(node, Rule::amount)?,
            span: self.span(node),
        })
    }

    pub(super) fn wallet(&mut self, node: Node<'_>) -> Option<Wallet> {
        let is_line = |rule| !matches!(rule, Rule::name | Rule::kw_wallet);
        let body = self.lines(node, is_line, |this, docs, line| WalletStmt {
            docs,
            kind: this.wallet_line(line).unwrap_or_else(|| WalletStmtKind::Bad(this.bad(line))),
            span: this.span(line),
        });
        Some(Wallet { name: self.first_name(node)?, body })
    }

    fn wallet_line(&mut self, node: Node<'_>) -> Option<WalletStmtKind> {
        use WalletStmtKind as Kind;
        Some(match node.rule()? {
            Rule::holds => Kind::Holds(self.first_name(node)?),
            Rule::pays_for => Kind::PaysFor { scope: self.first_scope(node)?, minimums: node.has(Rule::kw_minimum) },
            Rule::grant => Kind::Grant(self.grant(node)?),
            Rule::top_up => Kind::TopUp(self.top_up(node)?),
            Rule::clawback => Kind::Clawback { grant: self.first_name(node)?, on: self.first_date(node)? },
            Rule::balance_rollover if node.has(Rule::kw_none) => Kind::Rollover { up_to: None },
            Rule::balance_rollover => {
                let at_least = match node.part(Rule::rollover_floor) {
                    Some(floor) => Some(self.first_expr(floor, Rule::literal)?),
                    None => None,
                };
                let up_to = self.first_expr(node, Rule::literal)?;
                Kind::Rollover { up_to: Some(BalanceRollover { up_to, at_least, lasts: self.first_duration(node)? }) }
            }
            Rule::overdraft => Kind::Overdraft {
                up_to: if node.has(Rule::kw_none) { None } else { Some(self.first_expr(node, Rule::amount)?) },
            },
            Rule::spend => Kind::Spend(if node.has(Rule::kw_expiring) {
                SpendOrder::ExpiringFirst
            } else {
                SpendOrder::OldestFirst
            }),
            Rule::shared => Kind::Shared { with: node.has(Rule::kw_with).then(|| self.names(node)) },
            Rule::precise => Kind::Precise { to: self.target(node)?, mode: self.mode(node)? },
            _ => return None,
        })
    }

    fn top_up(&mut self, node: Node<'_>) -> Option<TopUp> {
        let amounts: Option<Vec<_>> = node.parts_of(Rule::amount).map(|part| self.expr(part)).collect();
        let mut amounts = amounts?.into_iter();
        let cost = match node.part(Rule::top_up_cost) {
            Some(cost) => Some((self.first_expr(cost, Rule::amount)?, cost.has(Rule::kw_each))),
            None => None,
        };
        let expires = match node.part(Rule::expiry) {
            Some(expiry) => Some(self.expiry(expiry)?),
            None => None,
        };
        Some(TopUp {
            amount: amounts.next()?,
            to_target: node.has(Rule::kw_to),
            cost,
            below: amounts.next()?,
            at_or_below: node.part(Rule::top_up_bound).is_some_and(|bound| bound.has(Rule::kw_or)),
            at_most: self.first_number(node).zip(self.per_period(node)),
            expires,
        })
    }

    fn grant(&mut self, node: Node<'_>) -> Option<Grant> {
        let cost = match node.part(Rule::grant_cost) {
            Some(cost) if cost.has(Rule::kw_free) => Some(GrantCost::Free),
            Some(cost) if cost.has(Rule::kw_already) => {
                let paid = match cost.part(Rule::amount) {
                    Some(amount) => Some(self.expr(amount)?),
                    None => None,
                };
                Some(GrantCost::AlreadyPaid(paid))
            }
            Some(cost) => Some(GrantCost::For(self.first_expr(cost, Rule::amount)?)),
            None => None,
        };
        let when = match node.part(Rule::grant_when) {
            Some(when) if when.has(Rule::kw_start) => Some(GrantWhen::OnStart),
            Some(when) if when.has(Rule::kw_each) => Some(GrantWhen::Each(self.period_word(when)?)),
            Some(when) if when.has(Rule::kw_from) => Some(GrantWhen::FromCommitment(self.first_path(when)?)),
            Some(when) => Some(GrantWhen::OnDate(self.first_date(when)?)),
            None => None,
        };
        let expires = match node.part(Rule::expiry) {
            Some(expiry) => Some(self.expiry(expiry)?),
            None => None,
        };
        let level = match node.part(Rule::grant_level) {
            Some(level) => Some(self.first_path(level)?),
            None => None,
        };
        let rounded = match node.part(Rule::grant_rounded) {
            Some(rounding) => Some(self.rounding(rounding)?),
            None => None,
        };
        Some(Grant {
            name: node.part(Rule::grant_name).and_then(|name| self.first_name(name)),
            amount: self.first_expr(node, Rule::amount)?,
            level,
            partial: Self::partial(node),
            rounded,
            cost,
            when,
            expires,
        })
    }

    fn expiry(&mut self, node: Node<'_>) -> Option<Expiry> {
        if node.has(Rule::kw_never) {
            return Some(Expiry::Never);
        }
        if let Some(late) = node.part(Rule::expiry_late) {
            return Some(Expiry::After(Duration {
                number: self.first_number(late)?,
                unit: self.first_name(late)?,
                or_last_day: late.has(Rule::or_last_day),
                span: self.span(late),
            }));
        }
        if let Some(duration) = self.first_duration(node) {
            return Some(Expiry::After(duration));
        }
        if let Some(date) = self.first_date(node) {
            return Some(Expiry::On(date));
        }
        self.period_word(node).map(Expiry::AtEndOf)
    }

    pub(super) fn waterfall(&mut self, node: Node<'_>) -> Waterfall {
        let is_line = |rule| matches!(rule, Rule::waterfall_step | Rule::bad);
        let steps = self.lines(node, is_line, |this, docs, line| {
            this.waterfall_step(docs, line).unwrap_or_else(|| WaterfallEntry::Bad(this.bad(line)))
        });
        let lines: Vec<Node<'_>> = node.parts().filter(|part| part.rule().is_some_and(is_line)).collect();
        self.check_waterfall(node, &steps, &lines);
        Waterfall { steps }
    }

    fn waterfall_step(&mut self, docs: Docs, node: Node<'_>) -> Option<WaterfallEntry> {
        let source = node.part(Rule::source)?;
        let path = self.first_path(source);
        let source = match source.parts().next()?.rule()? {
            Rule::kw_allowance => PaySource::Allowance(path?),
            Rule::kw_wallet => PaySource::Wallet(path?),
            Rule::kw_commitment => PaySource::Commitment(path?),
            Rule::kw_overage => PaySource::Overage,
            Rule::kw_invoice => PaySource::Invoice,
            _ => PaySource::Block,
        };
        let position = match node.parts().next()?.rule()? {
            Rule::kw_first => StepPosition::First,
            Rule::kw_then => StepPosition::Then,
            _ => StepPosition::Finally,
        };
        Some(WaterfallEntry::Step { docs, position, source, span: self.span(node) })
    }

    fn check_waterfall(&mut self, node: Node<'_>, steps: &[WaterfallEntry], lines: &[Node<'_>]) {
        let position = |entry: &WaterfallEntry| match entry {
            WaterfallEntry::Step { position, .. } => Some(*position),
            WaterfallEntry::Bad(_) => None,
        };
        let last = steps.len().saturating_sub(1);
        for (at, (step, line)) in steps.iter().zip(lines).enumerate() {
            let end = match step {
                WaterfallEntry::Step { source: PaySource::Overage, .. } => Some("overage"),
                WaterfallEntry::Step { source: PaySource::Invoice, .. } => Some("invoice"),
                WaterfallEntry::Step { source: PaySource::Block, .. } => Some("block"),
                _ => None,
            };
            let word = match (position(step), end) {
                (Some(StepPosition::First | StepPosition::Then), Some(word)) => {
                    format!("`{word}` is an end, and stands behind `finally`")
                }
                (Some(StepPosition::First), None) if at > 0 => "`first` stands only on the first line".into(),
                (Some(StepPosition::Then), None) if at == 0 => "the first line starts with `first`".into(),
                (Some(StepPosition::Finally), _) if at < last => "nothing follows `finally`".into(),
                (Some(StepPosition::Finally), None) => "`finally` stands before `invoice`, `overage` or `block`".into(),
                _ => continue,
            };
            let place = line.parts().next().map_or(*line, |word| word);
            let place = self.place(place);
            let mut diagnostic = Diagnostic::error(Code("P120"), word).at(place, "");
            match position(step) {
                Some(StepPosition::First | StepPosition::Then) if end.is_some() && at == last => {
                    diagnostic = diagnostic.fix(Fix::replace("write `finally`", place, "finally", true));
                }
                Some(StepPosition::First | StepPosition::Then) if end.is_some() => {}
                Some(StepPosition::Finally) if end.is_none() && at == last => {
                    let help = "this source may be empty: a line behind it says what happens to the rest";
                    diagnostic = diagnostic.help(help);
                }
                Some(StepPosition::First) => {
                    diagnostic = diagnostic.fix(Fix::replace("write `then`", place, "then", true));
                }
                Some(StepPosition::Then) => {
                    diagnostic = diagnostic.fix(Fix::replace("write `first`", place, "first", true));
                }
                _ => {}
            }
            self.report(diagnostic);
            return;
        }
        let ends = steps.last().map(position);
        if matches!(ends, Some(Some(StepPosition::Finally) | None)) {
            return;
        }
        let end = lines.last().copied();
        let place = end.map_or_else(|| self.place(node), |line| self.place(line));
        let mut diagnostic = Diagnostic::error(Code("P121"), "the waterfall does not end")
            .at(place, "what this does not pay is paid by nobody")
            .help("end with `finally invoice`, `finally overage` or `finally block`");
        if end.is_some() {
            for source in ["invoice", "overage", "block"] {
                diagnostic = diagnostic.fix(Fix::replace(
                    format!("add `finally {source}`"),
                    place.after(),
                    format!("\n    finally {source}"),
                    false,
                ));
            }
        }
        self.report(diagnostic);
    }
}
