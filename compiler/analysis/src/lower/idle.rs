//! Statements about who pays that would do nothing, or that end nowhere.

use super::Lowering;
use super::layers::Layer;
use crate::codes;
use crate::declare::calendar::date_of;
use price_diagnostics::{Diagnostic, Span as SourceSpan};
use price_ir::{Balance, BalanceKind, Bound, CommitmentIx, Expiry, Finally, Funds, GrantAmount, GrantWhen, GroupClamp};
use price_ir::{OWN, Shortfall};
use price_syntax::ast::{self, CommitmentStmtKind, ItemKind, ShortfallRule, StmtKind, WalletStmtKind};

/// A statement that has no effect.
fn idle(span: SourceSpan, message: String) -> Diagnostic {
    Diagnostic::error(codes::NOT_HERE, message).at(span, "it would do nothing here")
}

impl Lowering<'_> {
    /// What is said in an item of the wrong kind.
    pub(super) fn idle_settings(&mut self, layers: &[Layer]) -> Option<()> {
        let mut sound = true;
        for layer in layers {
            let contract = match &layer.item.kind {
                ItemKind::Contract(_) => true,
                // What it may say is judged there.
                ItemKind::Amendment(_) => continue,
                _ => false,
            };
            for statement in layer.body() {
                let finding = match &statement.kind {
                    StmtKind::Effective(_) if contract => {
                        idle(statement.span, "a contract holds during its term".into())
                            .help("say its days with `term`, and those of a price with `override price … from`")
                    }
                    StmtKind::Seller(_) if !contract => {
                        idle(statement.span, "a seller belongs to a contract".into()).help("name it in the contract")
                    }
                    StmtKind::Buyer { .. } if !contract => idle(statement.span, "a buyer belongs to a contract".into())
                        .help("a plan has subscribers: write `contract NAME with \"…\"` and `based on plan`"),
                    _ => continue,
                };
                self.report(finding);
                sound = false;
            }
        }
        sound.then_some(())
    }

    /// What wallets and commitments say without effect.
    pub(super) fn idle_funds(&mut self, layers: &[Layer], funds: &Funds, clamps: &[GroupClamp]) -> Option<()> {
        let mut sound = true;
        for statement in layers.iter().flat_map(Layer::body) {
            match &statement.kind {
                StmtKind::Wallet(wallet) => {
                    let Some(made) = funds.balances.iter().find(|b| b.name == wallet.name.text) else { continue };
                    sound &= self.idle_wallet(wallet, made, clamps);
                    sound &= self.shortfalls_come(wallet, made, funds);
                }
                StmtKind::Commitment(decl) => {
                    sound &= self.overage_is_asked_for(layers, decl, funds);
                    sound &= self.shortfall_arrives(decl, funds);
                    sound &= self.exceptions_meet(decl, funds);
                    let rolls =
                        |s: &&ast::CommitmentStmt| matches!(s.kind, CommitmentStmtKind::Unused { rolls_over: Some(_) });
                    let made = funds.balances.iter().find(|b| b.name == decl.name.text);
                    if let (Some(statement), Some(made)) = (decl.body.iter().find(rolls), made) {
                        self.carried_to_no_day(made, statement.span);
                    }
                }
                _ => {}
            }
        }
        sound.then_some(())
    }

    /// `overage` where the waterfall ends otherwise.
    fn overage_is_asked_for(&mut self, layers: &[Layer], decl: &ast::Commitment, funds: &Funds) -> bool {
        let said = decl.body.iter().find(|s| matches!(s.kind, CommitmentStmtKind::Overage(_)));
        let Some(statement) = said else { return true };
        if funds.waterfall.is_empty() || funds.waterfall.iter().any(|w| w.finally == Finally::Overage) {
            return true;
        }
        let message = format!("the waterfall does not end with the overage of `{}`", decl.name.text);
        let mut finding =
            idle(statement.span, message).help("end the waterfall with `finally overage`, or leave the overage out");
        let is_waterfall = |s: &&ast::Stmt| matches!(s.kind, StmtKind::Waterfall(_));
        if let Some(waterfall) = layers.iter().rev().flat_map(Layer::body).find(is_waterfall) {
            finding = finding.also(waterfall.span, "ends otherwise");
        }
        self.report(finding);
        false
    }

    /// `except paid by` names what pays some of the lines that count.
    fn exceptions_meet(&mut self, decl: &ast::Commitment, funds: &Funds) -> bool {
        let Some(made) = funds.commitments.iter().find(|c| c.name == decl.name.text) else { return true };
        let mut sound = true;
        for statement in &decl.body {
            let CommitmentStmtKind::Counts { except_paid_by, .. } = &statement.kind else { continue };
            for path in except_paid_by {
                let by = path.last().and_then(|name| funds.balances.iter().find(|b| b.name == name.text));
                let Some(by) = by.filter(|by| !by.pays.iter().any(|line| made.counts.contains(line))) else { continue };
                let message = format!("`{}` pays nothing that `{}` counts", by.name, made.name);
                self.report(idle(path.span, message).help("leave it out"));
                sound = false;
            }
        }
        sound
    }

    /// A credited shortfall needs a wallet that takes it, and days on which it can be used.
    fn shortfall_arrives(&mut self, decl: &ast::Commitment, funds: &Funds) -> bool {
        let credited = decl.body.iter().find_map(|s| match &s.kind {
            CommitmentStmtKind::Shortfall(ShortfallRule::CreditedTo(path)) => Some((path, s.span)),
            _ => None,
        });
        let made = funds.commitments.iter().position(|c| c.name == decl.name.text);
        let (Some((path, span)), Some(at)) = (credited, made) else { return true };
        let Shortfall::Credited(into) = funds.commitments[at].shortfall else { return true };
        let (name, wallet) = (&decl.name.text, &funds.balances[into.ix()]);
        if wallet.kind == BalanceKind::Commitment {
            let message = format!("`{}` is a prepaid commitment; a shortfall is credited to a wallet", wallet.name);
            self.report(Diagnostic::error(codes::WRONG_KIND, message).at(path.span, ""));
            return false;
        }
        if wallet.holds != OWN {
            let code = self.foreign[wallet.holds.ix() - 1].0.code.clone();
            let message = format!("`{}` holds {code}, and a shortfall is in {}", wallet.name, self.own_currency.code);
            self.report(Diagnostic::error(codes::CURRENCY_MISMATCH, message).at(path.span, ""));
            return false;
        }
        let of = GrantAmount::Shortfall(CommitmentIx(at as u32));
        if !wallet.grants.iter().any(|g| g.amount == of) {
            let message = format!("`{}` does not say what becomes of the shortfall of `{name}`", wallet.name);
            let line = format!("grant {name}.shortfall from commitment {name} expires after 12 months");
            self.report(
                Diagnostic::error(codes::SAY_BALANCE, message)
                    .at(path.span, "charged, and credited nowhere")
                    .also(self.rule_spans[wallet.rule.ix()], "this wallet")
                    .help(format!("write for example `{line}` into `{}`", wallet.name)),
            );
            return false;
        }
        let made = &funds.commitments[at];
        let Some(over) = self.term.and_then(|term| term.over()) else { return true };
        let Some(term) = self.term else { return true };
        let first = made.during.from.map_or(term.from, |from| from.max(term.from));
        // The first day on which something can be charged, and the day after it.
        let lengths =
            made.true_up.as_ref().map(|t| t.every).into_iter().chain(made.steps.first().and_then(
                |step| match step.lasts {
                    price_ir::StepLength::Age(age) => Some(age),
                    price_ir::StepLength::Term => None,
                },
            ));
        let end = made.during.until.map_or(over, |until| until.min(over));
        let due = lengths.map(|age| age.after(first, 1)).min().map_or(end, |day| day.min(end));
        if due >= over {
            let last = over.add_days(-1);
            let message = format!("a shortfall of `{name}` could never be used: the contract ends when it is charged");
            self.report(
                Diagnostic::error(codes::DEAD_SOURCE, message)
                    .at(span, format!("charged on {last}"))
                    .help("write `shortfall forfeited`, true up earlier, or let the term renew"),
            );
            return false;
        }
        true
    }

    /// A grant of a shortfall is of a commitment that credits this wallet, once, and costs nothing.
    fn shortfalls_come(&mut self, wallet: &ast::Wallet, made: &Balance, funds: &Funds) -> bool {
        let mut sound = true;
        let mut known: Vec<&str> = Vec::new();
        for statement in &wallet.body {
            let WalletStmtKind::Grant(grant) = &statement.kind else { continue };
            let Some(ast::GrantWhen::FromCommitment(path)) = &grant.when else { continue };
            let Some(name) = path.last().map(|n| n.text.as_str()) else { continue };
            let credited = funds.commitments.iter().find(|c| c.name == name).is_some_and(|c| match c.shortfall {
                Shortfall::Credited(into) => funds.balances[into.ix()].name == made.name,
                _ => false,
            });
            let is_shortfall = match &grant.amount.kind {
                ast::ExprKind::Path(amount) => {
                    let words: Vec<&str> = amount.segments.iter().map(|n| n.text.as_str()).collect();
                    words == [name, "shortfall"]
                }
                _ => false,
            };
            let finding = if known.contains(&name) {
                let message = format!("the shortfall of `{name}` is granted twice");
                Diagnostic::error(codes::DECLARED_TWICE, message).at(statement.span, "again")
            } else if !is_shortfall {
                let message = format!("what comes from `{name}` is what it was short of");
                Diagnostic::error(codes::NOT_HERE, message)
                    .at(grant.amount.span, "")
                    .help(format!("write `grant {name}.shortfall from commitment {name}`"))
            } else if grant.cost.is_some() {
                let message = format!("the shortfall of `{name}` was charged by its true-up");
                idle(statement.span, message).help("leave what it costs out")
            } else if !credited {
                let message = format!("`{name}` does not credit its shortfall to `{}`", made.name);
                Diagnostic::error(codes::DEAD_SOURCE, message)
                    .at(statement.span, "nothing ever comes")
                    .help(format!("write `shortfall credited to {}` in `{name}`", made.name))
            } else {
                known.push(name);
                continue;
            };
            self.report(finding);
            sound = false;
        }
        sound
    }

    /// What is carried out of lots that all end with the contract is carried to no day.
    fn carried_to_no_day(&mut self, balance: &Balance, rollover: SourceSpan) {
        let Some((term, over)) = self.term.and_then(|term| Some((term, term.over()?))) else { return };
        let first = balance.during.from.map_or(term.from, |from| from.max(term.from));
        let ends = |grant: &price_ir::Grant| match (grant.expires, grant.when) {
            (Expiry::Never, _) => true,
            (Expiry::Gone(day), _) => day >= over,
            (Expiry::After(age), GrantWhen::On(day)) => age.after(day, 1) >= over,
            (Expiry::After(age), GrantWhen::Start | GrantWhen::Every(_)) => age.after(first, 1) >= over,
            (Expiry::After(age), GrantWhen::Step { every, index }) => age.after(every.after(first, index), 1) >= over,
            _ => false,
        };
        if balance.grants.iter().all(ends) {
            let last = over.add_days(-1);
            self.report(
                Diagnostic::warning(codes::DEAD_SOURCE, "what rolls over could never be used")
                    .at(rollover, format!("the contract ends on {last}, and so does what would roll over"))
                    .help("let the term renew or an amendment extend it, or say that the rest expires"),
            );
        }
    }

    /// A clawback, a rollover, the words `and minimum`, or a grant that cannot matter.
    fn idle_wallet(&mut self, wallet: &ast::Wallet, made: &Balance, clamps: &[GroupClamp]) -> bool {
        let mut sound = true;
        let term = self.term;
        for statement in &wallet.body {
            let finding = match &statement.kind {
                WalletStmtKind::PaysFor { minimums: true, .. } => {
                    let counted = |c: &&GroupClamp| {
                        c.clamp.bound == Bound::Floor && c.scope.iter().all(|line| made.pays.contains(line))
                    };
                    if clamps.iter().any(|c| counted(&c)) {
                        continue;
                    }
                    idle(statement.span, format!("no minimum counts only lines that `{}` pays", made.name))
                        .help("leave `and minimum` out")
                }
                WalletStmtKind::Rollover { up_to: Some(_) } => {
                    if made.grants.iter().any(|g| g.expires != Expiry::Never) {
                        self.carried_to_no_day(made, statement.span);
                        continue;
                    }
                    idle(statement.span, format!("no grant of `{}` expires, so nothing rolls over", made.name))
                        .help("leave the rollover out, or let the grant expire")
                }
                WalletStmtKind::Clawback { grant: name, on } => {
                    let Some(grant) = made.grants.iter().find(|g| g.name == name.text) else { continue };
                    let Some(day) = date_of(on) else { continue };
                    let comes = match grant.when {
                        GrantWhen::On(date) => Some(date),
                        _ => term.map(|term| term.from),
                    };
                    let goes = match grant.expires {
                        Expiry::Gone(gone) => Some(gone),
                        _ => None,
                    };
                    if comes.is_some_and(|comes| day <= comes) {
                        idle(statement.span, format!("`{}` is taken back before it comes", name.text))
                    } else if goes.is_some_and(|gone| gone <= day) {
                        idle(statement.span, format!("`{}` has expired when it is taken back", name.text))
                    } else {
                        continue;
                    }
                }
                WalletStmtKind::Grant(grant)
                    if grant.partial.is_some() && !matches!(grant.when, Some(ast::GrantWhen::Each(_))) =>
                {
                    idle(statement.span, "a grant that comes once is not cut by a partial period".into())
                        .help("leave `whole` or `prorated daily` out")
                }
                WalletStmtKind::Grant(grant) if grant.rounded.is_some() && grant.level.is_none() => {
                    idle(statement.span, "a fixed grant needs no rounding".into())
                        .help("leave `rounded …` out; a share of it is rounded as the wallet is")
                }
                WalletStmtKind::Grant(grant) => {
                    let (Some(ast::GrantWhen::OnDate(on)), Some(term)) = (&grant.when, term) else { continue };
                    let Some(day) = date_of(on) else { continue };
                    let first = made.during.from.map_or(term.from, |from| from.max(term.from));
                    if first <= day && term.over().is_none_or(|over| day < over) {
                        continue;
                    }
                    Diagnostic::error(codes::DEAD_SOURCE, "this grant never comes")
                        .at(statement.span, format!("{day} is not a day of this wallet"))
                        .note(match term.over() {
                            Some(over) => format!("it lasts from {first} through {}", over.add_days(-1)),
                            None => format!("it begins on {first}"),
                        })
                }
                _ => continue,
            };
            self.report(finding);
            sound = false;
        }
        sound
    }
}
