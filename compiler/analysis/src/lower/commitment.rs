//! Commitments: postpaid ones are counted and trued up, prepaid ones are balances.

use super::Lowering;
use super::layers::Layer;
use super::wallet::age;
use crate::codes;
use crate::report;
use price_diagnostics::{Diagnostic, Fix, Span as SourceSpan};
use price_ir::{
    Age, AgeUnit, Balance, BalanceIx, BalanceKind, Commitment, CommitmentStep, Cost, Excess, Expiry, Grant,
    GrantAmount, GrantWhen, Line, LineIx, OWN, Proration, Shortfall, SpendOrder, StepLength, TrueUp,
};
use price_syntax::ast::{self, CommitmentPayment, CommitmentStmtKind};
use price_value::{Date, Rational};

/// The amount of a commitment, read.
enum Amount {
    /// For the whole term.
    Term(Rational),
    /// Again and again.
    Every(Age, Rational),
    /// An hour's, used in the hour or lost.
    Hour(Rational),
    /// One after the other.
    Ramp(Age, Vec<Rational>),
}

/// What a commitment says of the spend beyond it and of who counts it.
struct Terms {
    amount: Amount,
    counts: Vec<LineIx>,
    overage: Option<Rational>,
}

fn months(count: u32) -> Age {
    Age { count, unit: AgeUnit::Months }
}

fn word_age(word: ast::PeriodWord) -> Option<Age> {
    Some(match word {
        ast::PeriodWord::Hour => return None,
        ast::PeriodWord::Day => Age { count: 1, unit: AgeUnit::Days },
        ast::PeriodWord::Week => Age { count: 7, unit: AgeUnit::Days },
        ast::PeriodWord::Month => months(1),
        ast::PeriodWord::Quarter => months(3),
        ast::PeriodWord::Year => Age { count: 1, unit: AgeUnit::Years },
    })
}

fn frequency_age(every: ast::Frequency) -> Option<Age> {
    Some(match every {
        ast::Frequency::Hourly => return None,
        ast::Frequency::Daily => Age { count: 1, unit: AgeUnit::Days },
        ast::Frequency::Weekly => Age { count: 7, unit: AgeUnit::Days },
        ast::Frequency::Monthly => months(1),
        ast::Frequency::Quarterly => months(3),
        ast::Frequency::Yearly => Age { count: 1, unit: AgeUnit::Years },
    })
}

impl Lowering<'_> {
    fn say_commitment(&mut self, decl: &ast::Commitment, what: &str, choices: &[&str]) {
        let written: Vec<String> = choices.iter().map(|c| format!("`{c}`")).collect();
        let finding = Diagnostic::error(codes::SAY_BALANCE, format!("`{}` must say {what}", decl.name.text))
            .at(decl.name.span, "")
            .help(format!("write {}", written.join(" or ")));
        let choices: Vec<String> = choices.iter().map(|c| (*c).to_owned()).collect();
        self.report(report::choices(finding, decl.body.first().map(|s| s.span), 4, &choices));
    }

    fn terms(&mut self, layer: &Layer, decl: &ast::Commitment, lines: &[Line]) -> Option<Terms> {
        let (mut amount, mut counts, mut overage, mut sound) = (None, None, None, true);
        for statement in &decl.body {
            match &statement.kind {
                CommitmentStmtKind::Amount { amount: said, per } => {
                    let value = self.whole_own_money(layer, said);
                    amount = match (value, per) {
                        (None, _) => return None,
                        (Some(value), None) => Some(self.for_the_term(layer, said.span, value)?),
                        (Some(value), Some(word)) => Some(match word_age(*word) {
                            Some(age) => Amount::Every(age, value),
                            None => Amount::Hour(value),
                        }),
                    };
                }
                CommitmentStmtKind::Ramp(entries) => amount = Some(self.ramp(layer, entries, &decl.name.text)?),
                CommitmentStmtKind::Counts { scope, .. } => counts = self.paid_lines(scope, lines, OWN),
                CommitmentStmtKind::Overage(percent) => {
                    overage = Some(self.scoped(layer, |scope| crate::types::Typer::new(scope).percent(percent)));
                }
                CommitmentStmtKind::Bad(_) => sound = false,
                _ => {}
            }
        }
        let says = |kind: fn(&CommitmentStmtKind) -> bool| decl.body.iter().any(|s| kind(&s.kind));
        let Some(amount) = amount else {
            if sound {
                self.say_commitment(decl, "its amount", &["amount $1k per month"]);
            }
            return None;
        };
        if !matches!(amount, Amount::Ramp(..))
            && let Some((_, step)) = self.step_changes(&decl.name.text).first()
        {
            let message = format!("`{}` has no steps to set or add", decl.name.text);
            self.report(Diagnostic::error(codes::NO_TARGET, message).at(step.path.span, ""));
            return None;
        }
        let Some(counts) = counts else {
            if sound && !says(|k| matches!(k, CommitmentStmtKind::Counts { .. })) {
                self.say_commitment(decl, "what counts towards it", &["counts all"]);
            }
            return None;
        };
        sound.then_some(Terms { amount, counts, overage })
    }

    /// An amount without a stretch is one for each run of the term; of one that renews the runs
    /// have to be alike, or nothing says what the later ones commit.
    fn for_the_term(&mut self, layer: &Layer, span: SourceSpan, amount: Rational) -> Option<Amount> {
        let Some((term, renews)) = self.term.and_then(|term| Some((term, term.renews?))) else {
            return Some(Amount::Term(amount));
        };
        let (age, word) = match renews {
            price_value::Window::Month => (months(1), "month"),
            price_value::Window::Quarter => (months(3), "quarter"),
            _ => (Age { count: 1, unit: AgeUnit::Years }, "year"),
        };
        if !term.extended && term.months() == in_months(age) && layer.during.from.is_none_or(|day| day == term.from) {
            return Some(Amount::Every(age, amount));
        }
        let last = term.until.add_days(-1);
        let end = span.after();
        self.report(
            Diagnostic::error(codes::SAY_BALANCE, "an amount for the term must say what each renewal commits")
                .at(span, "for how long?")
                .note(match layer.during.from {
                    Some(day) => format!("it begins on {day}, and the term that ends on {last} renews for a {word}"),
                    None => format!("the term of {} to {last} renews for a {word}", term.from),
                })
                .help(format!("write for example `per {word}` behind it, or a step for each {word}"))
                .fix(Fix::replace(format!("add `per {word}`"), end, format!(" per {word}"), false)),
        );
        None
    }

    /// `year 1 $240k`, `year 2 $360k`: they follow each other from the first.
    fn ramp(&mut self, layer: &Layer, entries: &[ast::RampEntry], name: &str) -> Option<Amount> {
        let mut unit: Option<(String, Age)> = None;
        let mut amounts = Vec::new();
        for entry in entries {
            let ast::RampEntry::Step { unit: word, index, amount, span } = entry else { return None };
            let length = match word.text.as_str() {
                "year" => Some(Age { count: 1, unit: AgeUnit::Years }),
                "quarter" => Some(months(3)),
                "month" => Some(months(1)),
                _ => None,
            };
            let known = unit.as_ref().is_none_or(|(first, _)| *first == word.text);
            let (Some(length), true) = (length, known) else {
                let message = "the steps of a ramp are years, quarters or months, all of one kind";
                self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(word.span, ""));
                return None;
            };
            if index.as_u64() != Some(amounts.len() as u64 + 1) {
                let message = format!("{} {} is missing: steps follow each other from 1", word.text, amounts.len() + 1);
                self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(*span, "a gap"));
                return None;
            }
            unit = Some((word.text.clone(), length));
            amounts.push(self.whole_own_money(layer, amount)?);
        }
        let (word, length) = unit?;
        for (layer, change) in self.step_changes(name) {
            let at = change.index.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
            if change.unit.text != word || at == 0 || at > amounts.len() + 1 {
                let message = format!("`{name}` has no {} {} to set or add", change.unit.text, change.index.text);
                self.report(Diagnostic::error(codes::NO_TARGET, message).at(change.index.span, ""));
                return None;
            }
            if let (Some(start), Some(effective)) = (self.step_start(length, at - 1), layer.during.from)
                && start < effective
            {
                let what = "an amendment of a step that has begun";
                self.report(crate::not_yet(what, change.index.span).note(format!("it began on {start}")));
                return None;
            }
            let amount = self.whole_own_money(&layer, &change.amount)?;
            match amounts.get_mut(at - 1) {
                Some(step) => *step = amount,
                None => amounts.push(amount),
            }
        }
        Some(Amount::Ramp(length, amounts))
    }

    /// The first day of a step, counted from 0.
    fn step_start(&self, length: Age, index: usize) -> Option<Date> {
        let months = match length.unit {
            AgeUnit::Years => length.count * 12,
            AgeUnit::Months => length.count,
            AgeUnit::Days => return None,
        };
        let start = self.term?.from;
        let after = i32::try_from(index).ok()?.checked_mul(i32::try_from(months).ok()?)?;
        Some(start.add_months(after, start.day()))
    }

    /// A postpaid commitment. `balances` are those declared so far, by name.
    pub(super) fn postpaid(
        &mut self,
        layer: &Layer,
        decl: &ast::Commitment,
        lines: &[Line],
        balances: &[String],
        order: u32,
    ) -> Option<Commitment> {
        self.of_one_kind(decl, CommitmentPayment::Postpaid)?;
        let terms = self.terms(layer, decl, lines)?;
        let mut made = Commitment {
            name: decl.name.text.clone(),
            steps: Vec::new(),
            repeats: false,
            counts: terms.counts,
            except_paid_by: Vec::new(),
            beyond: Vec::new(),
            true_up: None,
            shortfall: Shortfall::Forfeited,
            excess: Excess::Ignored,
            overage: terms.overage,
            during: self.lasting(layer, decl.name.span),
            rule: self.rule(format!("commitment {}", decl.name.text), layer, decl.name.span),
            order,
        };
        let step = |lasts, amount| CommitmentStep { lasts, amount };
        match terms.amount {
            Amount::Term(amount) => made.steps.push(step(StepLength::Term, amount)),
            Amount::Every(age, amount) => {
                made.steps.push(step(StepLength::Age(age), amount));
                made.repeats = true;
            }
            Amount::Ramp(age, amounts) => {
                made.steps.extend(amounts.into_iter().map(|amount| step(StepLength::Age(age), amount)));
            }
            Amount::Hour(_) => {
                let message = "an hourly commitment is prepaid: what an hour does not use is lost";
                self.report(Diagnostic::error(codes::NOT_HERE, message).at(decl.name.span, "").help("write `prepaid`"));
                return None;
            }
        }
        let (mut shortfall, mut excess) = (false, false);
        for statement in &decl.body {
            match &statement.kind {
                CommitmentStmtKind::Counts { except_paid_by, .. } => {
                    for path in except_paid_by {
                        made.except_paid_by.push(self.balance_named(path, balances)?);
                    }
                }
                CommitmentStmtKind::TrueUp { every, to, cumulative } => {
                    let Some(every) = frequency_age(*every) else {
                        let message = "a true-up is daily at the most";
                        self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(statement.span, ""));
                        return None;
                    };
                    let share = self.scoped(layer, |scope| crate::types::Typer::new(scope).percent(to));
                    if share.is_negative() || share > Rational::ONE {
                        let message = "a true-up is to 0% to 100% of the amount";
                        self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(to.span, ""));
                        return None;
                    }
                    made.true_up = Some(TrueUp { every, share, cumulative: *cumulative });
                }
                CommitmentStmtKind::Shortfall(rule) => {
                    shortfall = true;
                    made.shortfall = match rule {
                        ast::ShortfallRule::Forfeited => Shortfall::Forfeited,
                        ast::ShortfallRule::Ignored => Shortfall::Ignored,
                        ast::ShortfallRule::CreditedTo(path) => {
                            let into = self.balance_named(path, balances)?;
                            // What a credited shortfall pays was counted when it was charged.
                            if !made.except_paid_by.contains(&into) {
                                made.except_paid_by.push(into);
                            }
                            Shortfall::Credited(into)
                        }
                    };
                }
                CommitmentStmtKind::Excess { rolls_over } => {
                    excess = true;
                    if let Some(rule) = rolls_over {
                        let up_to = self.scoped(layer, |scope| crate::types::Typer::new(scope).percent(&rule.up_to));
                        made.excess = Excess::RollsOver { up_to, lasts: age(self, &rule.lasts)? };
                    }
                }
                _ => {}
            }
        }
        if !shortfall {
            self.say_commitment(decl, "what happens to a shortfall", &["shortfall forfeited", "shortfall ignored"]);
            return None;
        }
        let trues_up = |s: &&ast::CommitmentStmt| matches!(s.kind, CommitmentStmtKind::TrueUp { .. });
        if made.shortfall == Shortfall::Ignored
            && let Some(statement) = decl.body.iter().find(trues_up)
        {
            let message = "a shortfall that is ignored is never trued up";
            let finding = Diagnostic::error(codes::NOT_HERE, message).at(statement.span, "");
            self.report(finding.help("leave the true-up out, or write `shortfall forfeited` to charge it"));
            return None;
        }
        if !excess {
            self.say_commitment(decl, "what happens to an excess", &["excess ignored"]);
            return None;
        }
        Some(made)
    }

    /// A prepaid commitment: a balance with an invoice schedule.
    pub(super) fn prepaid(
        &mut self,
        layer: &Layer,
        decl: &ast::Commitment,
        lines: &[Line],
        order: u32,
    ) -> Option<Balance> {
        self.of_one_kind(decl, CommitmentPayment::Prepaid)?;
        let terms = self.terms(layer, decl, lines)?;
        let rule = self.rule(format!("commitment {}", decl.name.text), layer, decl.name.span);
        let mut invoiced: Option<(ast::Invoiced, SourceSpan)> = None;
        let (mut unused, mut rate, mut rollover) = (false, Rational::ONE, None);
        for statement in &decl.body {
            match &statement.kind {
                CommitmentStmtKind::Invoiced(how) => invoiced = Some((*how, statement.span)),
                CommitmentStmtKind::Unused { rolls_over } => {
                    unused = true;
                    if let Some(rule) = rolls_over {
                        if matches!(terms.amount, Amount::Hour(_)) {
                            let message = "what an hour does not use is lost";
                            let finding = Diagnostic::error(codes::NOT_HERE, message).at(statement.span, "");
                            self.report(finding.help("leave it out, or write an amount per month"));
                            return None;
                        }
                        let share = self.scoped(layer, |scope| crate::types::Typer::new(scope).percent(&rule.up_to));
                        self.share_of_rest(&share, rule.up_to.span)?;
                        rollover = Some(price_ir::BalanceRollover {
                            at_most: price_ir::Carry::ShareOfRest(share),
                            at_least: Rational::ZERO,
                            lasts: age(self, &rule.lasts)?,
                        });
                    }
                }
                CommitmentStmtKind::CoveredAt(percent) => {
                    rate = self.scoped(layer, |scope| crate::types::Typer::new(scope).percent(percent));
                    if !rate.is_positive() {
                        let message = "what it covers costs something";
                        self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(percent.span, ""));
                        return None;
                    }
                }
                _ => {}
            }
        }
        let Some((invoiced, _)) = invoiced else {
            let choices = ["invoiced at start", "invoiced quarterly", "already paid", "free"];
            self.say_commitment(decl, "how it is invoiced", &choices);
            return None;
        };
        if !unused && !matches!(terms.amount, Amount::Hour(_)) {
            self.say_commitment(decl, "what happens to what is unused", &["unused expires"]);
            return None;
        }
        let grant = |name: String, amount: Rational, when, expires, cost| Grant {
            name,
            amount: GrantAmount::Fixed(amount),
            when,
            expires,
            cost,
            prorate: Proration::Never,
            clawback: None,
            rule,
        };
        let mut grants = Vec::new();
        let name = decl.name.text.clone();
        match terms.amount {
            Amount::Term(amount) => {
                let expires = self.term.and_then(|term| term.over()).map_or(Expiry::Never, Expiry::Gone);
                let months_in = self.term.and_then(|term| term.months());
                let cost = self.prepaid_cost(invoiced, &amount, months_in, decl)?;
                grants.push(grant(name, amount, GrantWhen::Start, expires, cost));
            }
            Amount::Every(age, amount) => {
                let cost = self.prepaid_cost(invoiced, &amount, in_months(age), decl)?;
                grants.push(grant(name, amount, GrantWhen::Every(age), Expiry::After(age), cost));
            }
            Amount::Hour(amount) => {
                let hour = price_value::Window::Hour;
                let cost = match invoiced {
                    ast::Invoiced::Free => Cost::Free,
                    ast::Invoiced::AlreadyPaid => Cost::AlreadyPaid(amount.clone()),
                    _ => Cost::Invoiced(amount.clone()),
                };
                grants.push(grant(name, amount, GrantWhen::Each(hour), Expiry::EndOf(hour), cost));
            }
            Amount::Ramp(age, amounts) => {
                for (index, amount) in amounts.into_iter().enumerate() {
                    let cost = self.prepaid_cost(invoiced, &amount, in_months(age), decl)?;
                    let when = GrantWhen::Step { every: age, index: index as u32 };
                    grants.push(grant(format!("{name} {}", index + 1), amount, when, Expiry::After(age), cost));
                }
            }
        }
        Some(Balance {
            name: decl.name.text.clone(),
            kind: BalanceKind::Commitment,
            holds: OWN,
            pays: terms.counts,
            minimums: false,
            grants,
            top_up: None,
            overdraft: Rational::ZERO,
            spend: SpendOrder::ExpiringFirst,
            precise: None,
            rate,
            overage: terms.overage,
            rollover,
            during: self.lasting(layer, decl.name.span),
            rule,
            order,
        })
    }

    /// What a grant of a prepaid commitment costs, in instalments that share it equally.
    fn prepaid_cost(
        &mut self,
        invoiced: ast::Invoiced,
        amount: &Rational,
        months_in: Option<u32>,
        decl: &ast::Commitment,
    ) -> Option<Cost> {
        let every = match invoiced {
            ast::Invoiced::Free => return Some(Cost::Free),
            ast::Invoiced::AlreadyPaid => return Some(Cost::AlreadyPaid(amount.clone())),
            ast::Invoiced::AtStart => return Some(Cost::Invoiced(amount.clone())),
            ast::Invoiced::Every(every) => frequency_age(every).and_then(in_months),
        };
        match (every, months_in) {
            (Some(every), Some(whole)) if every > 0 && whole % every == 0 => {
                let count = whole / every;
                let each = amount / &Rational::int(i128::from(count));
                let step = self.own_currency.minor_unit();
                if !(&each / &step).is_integer() {
                    let message =
                        format!("{} cannot be split into {count} equal instalments", self.own_currency.format(amount));
                    self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(decl.name.span, ""));
                    return None;
                }
                Some(Cost::Instalments { every: months(every), count, amount: each })
            }
            _ => {
                let message = "its instalments do not fill its stretch";
                self.report(
                    Diagnostic::error(codes::OUT_OF_RANGE, message)
                        .at(decl.name.span, "")
                        .help("invoice it monthly, quarterly or yearly over a stretch of whole such lengths"),
                );
                None
            }
        }
    }

    /// A wallet or prepaid commitment by name.
    pub(super) fn balance_named(&mut self, path: &ast::Path, balances: &[String]) -> Option<BalanceIx> {
        let name = path.last()?;
        match balances.iter().position(|b| *b == name.text) {
            Some(at) => Some(BalanceIx(at as u32)),
            None => {
                let finding = report::unknown(
                    codes::UNKNOWN_NAME,
                    "wallet or prepaid commitment",
                    &name.text,
                    name.span,
                    balances.iter().map(String::as_str),
                );
                self.report(finding);
                None
            }
        }
    }
}

/// Whole months of a length, if it has them.
fn in_months(age: Age) -> Option<u32> {
    match age.unit {
        AgeUnit::Days => None,
        AgeUnit::Months => Some(age.count),
        AgeUnit::Years => Some(age.count * 12),
    }
}
