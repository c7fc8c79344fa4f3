//! Wallets: what they hold, whom they pay for, what comes in.

use super::Lowering;
use super::layers::Layer;
use crate::codes;
use crate::declare::calendar::date_of;
use crate::declare::meter::Aggregation;
use crate::env::Entity;
use crate::report;
use crate::types::{Ty, Typer, mode, resolve};
use price_diagnostics::{Diagnostic, Fix, Span as SourceSpan};
use price_ir::{
    Age, AgeUnit, Balance, BalanceKind, BalanceRollover, Carry, CommitmentIx, Cost, CurrencyIx, Expiry, Grant,
    GrantAmount, GrantWhen, Line, LineIx, OWN, Proration, SinkIx, SpendOrder, TopUp, TopUpAmount,
};
use price_syntax::ast::{self, WalletStmtKind};
use price_value::{Currency, Rational, Rounding, Window};

/// A statement of a wallet that must be there, and its choices.
fn say(wallet: &ast::Wallet, what: &str, choices: &[&str]) -> Diagnostic {
    let written: Vec<String> = choices.iter().map(|c| format!("`{c}`")).collect();
    let finding = Diagnostic::error(codes::SAY_BALANCE, format!("`{}` must say {what}", wallet.name.text))
        .at(wallet.name.span, "")
        .help(format!("write {}", written.join(" or ")));
    let choices: Vec<String> = choices.iter().map(|c| (*c).to_owned()).collect();
    report::choices(finding, wallet.body.first().map(|s| s.span), 4, &choices)
}

/// A length of calendar time.
pub(super) fn age(lowering: &mut Lowering<'_>, duration: &ast::Duration) -> Option<Age> {
    let unit = match duration.unit.text.trim_end_matches('s') {
        "day" => Some((AgeUnit::Days, 1)),
        "week" => Some((AgeUnit::Days, 7)),
        "month" => Some((AgeUnit::Months, 1)),
        "quarter" => Some((AgeUnit::Months, 3)),
        "year" => Some((AgeUnit::Years, 1)),
        _ => None,
    };
    let count = duration.number.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0 && *n <= 5_000);
    match (unit, count) {
        (Some((unit, times)), Some(count)) => Some(Age { count: count * times, unit }),
        _ => {
            lowering.report(
                Diagnostic::error(codes::OUT_OF_RANGE, "this is a number of days, weeks, months or years")
                    .at(duration.span, "")
                    .help("write for example `12 months` or `90 days`"),
            );
            None
        }
    }
}

impl Lowering<'_> {
    /// A wallet; `commitments` are the names of those that are counted.
    pub(super) fn wallet(
        &mut self,
        layer: &Layer,
        wallet: &ast::Wallet,
        lines: &[Line],
        commitments: &[String],
        order: u32,
    ) -> Option<Balance> {
        let mut holds: Option<(CurrencyIx, Currency)> = None;
        for statement in &wallet.body {
            if let WalletStmtKind::Holds(name) = &statement.kind {
                holds = Some(self.held_currency(layer, name)?);
            }
        }
        let Some((at, currency)) = holds else {
            let own = format!("holds {}", self.currency.code);
            self.report(say(wallet, "what it holds", &[&own]));
            return None;
        };
        let rule = self.rule(format!("wallet {}", wallet.name.text), layer, wallet.name.span);
        let mut made = Balance {
            name: wallet.name.text.clone(),
            kind: BalanceKind::Wallet,
            holds: at,
            pays: Vec::new(),
            minimums: false,
            grants: Vec::new(),
            top_up: None,
            overdraft: Rational::ZERO,
            spend: SpendOrder::ExpiringFirst,
            precise: None,
            rate: Rational::ONE,
            overage: None,
            rollover: None,
            during: self.lasting(layer, wallet.name.span),
            rule,
            order,
        };
        let (mut pays, mut overdraft, mut sound) = (None, false, true);
        for statement in &wallet.body {
            if let WalletStmtKind::Precise { to, mode: how } = &statement.kind {
                let step = match to {
                    ast::RoundTarget::Cents(_) => Some(currency.minor_unit()),
                    ast::RoundTarget::Amount(amount) => self.balance_money(layer, amount, &currency),
                };
                match step.filter(Rational::is_positive) {
                    Some(step) => made.precise = Some(Rounding { mode: mode(*how), step }),
                    None => sound = false,
                }
            }
        }
        let precise = made.precise.clone();
        let precise = precise.as_ref();
        for statement in &wallet.body {
            match &statement.kind {
                // Accounts of one customer share what it has, and `pool` makes those of a plan one.
                WalletStmtKind::Holds(_) | WalletStmtKind::Shared { with: None } => {}
                WalletStmtKind::Shared { with: Some(names) } => {
                    sound &= self.shared_with(names, statement.span).is_some();
                }
                WalletStmtKind::PaysFor { scope, minimums } => {
                    made.minimums = *minimums;
                    match self.paid_lines(scope, lines, at) {
                        Some(found) => pays = Some(found),
                        None => sound = false,
                    }
                }
                WalletStmtKind::Grant(grant) => {
                    let number = made.grants.len() + 1;
                    match self.grant(layer, grant, statement.span, number, (at, &currency, precise), commitments) {
                        Some(grant) => made.grants.push(grant),
                        None => sound = false,
                    }
                }
                WalletStmtKind::TopUp(top_up) => {
                    match self.top_up(layer, top_up, statement.span, (at, &currency, precise)) {
                        Some(top_up) => made.top_up = Some(top_up),
                        None => sound = false,
                    }
                }
                WalletStmtKind::Rollover { up_to: None } => {}
                WalletStmtKind::Rollover { up_to: Some(rollover) } => {
                    match self.balance_rollover(layer, rollover, (&currency, precise)) {
                        Some(rollover) => made.rollover = Some(rollover),
                        None => sound = false,
                    }
                }
                // Grants are known by then: see below.
                WalletStmtKind::Clawback { .. } => {}
                WalletStmtKind::Overdraft { up_to } => {
                    overdraft = true;
                    if let Some(limit) = up_to {
                        match self.whole_money(layer, limit, &currency, precise) {
                            Some(limit) => made.overdraft = limit,
                            None => sound = false,
                        }
                    }
                }
                WalletStmtKind::Spend(order) => {
                    made.spend = match order {
                        ast::SpendOrder::ExpiringFirst => SpendOrder::ExpiringFirst,
                        ast::SpendOrder::OldestFirst => SpendOrder::OldestFirst,
                    };
                }
                WalletStmtKind::Precise { .. } => {}
                WalletStmtKind::Bad(_) => sound = false,
            }
        }
        for statement in &wallet.body {
            if let WalletStmtKind::Clawback { grant: name, on } = &statement.kind {
                let names: Vec<String> = made.grants.iter().map(|g| g.name.clone()).collect();
                match made.grants.iter_mut().find(|g| g.name == name.text) {
                    Some(grant) => grant.clawback = date_of(on),
                    None => {
                        let finding = report::unknown(
                            codes::UNKNOWN_NAME,
                            "grant",
                            &name.text,
                            name.span,
                            names.iter().map(String::as_str),
                        );
                        self.report(finding.note("a grant is named with `as NAME` behind it"));
                        sound = false;
                    }
                }
            }
        }
        let Some(pays) = pays else {
            if sound {
                self.report(say(wallet, "what it pays for", &["pays for all"]));
            }
            return None;
        };
        if sound && pays.is_empty() {
            self.report(
                Diagnostic::error(codes::DEAD_SOURCE, format!("no line can be paid by `{}`", wallet.name.text))
                    .at(wallet.name.span, format!("it holds {}", currency.code))
                    .help("a wallet pays lines in its own currency only; take prices from a card in that currency"),
            );
            sound = false;
        }
        if sound && !overdraft {
            self.report(say(wallet, "whether it may be overdrawn", &["overdraft none"]));
            sound = false;
        }
        made.pays = pays;
        sound.then_some(made)
    }

    /// `shared with a, b`: which account used what is not kept apart, so it names them all.
    fn shared_with(&mut self, names: &[ast::Path], span: SourceSpan) -> Option<()> {
        let Some(accounts) = self.accounts.clone() else {
            let finding = crate::not_yet("a wallet for some accounts of a plan", span);
            self.report(finding.help("accounts that are put into one `pool` by the subscriptions share a wallet"));
            return None;
        };
        let mut sound = true;
        for path in names.iter().filter(|path| !accounts.contains(&path.text())) {
            let known = accounts.iter().map(String::as_str);
            self.report(report::unknown(codes::UNKNOWN_NAME, "account", &path.text(), path.span, known));
            sound = false;
        }
        let others: Vec<String> =
            accounts.iter().filter(|a| !names.iter().any(|n| n.text() == **a)).map(|a| format!("`{a}`")).collect();
        if sound && !others.is_empty() {
            self.report(
                crate::not_yet("a wallet that pays for some accounts of a contract", span)
                    .note(format!("the contract is also that of {}", others.join(", ")))
                    .help("write `shared by all accounts`, or a contract for the others"),
            );
            return None;
        }
        sound.then_some(())
    }

    /// A currency that lines of the plan are in.
    fn held_currency(&mut self, layer: &Layer, name: &ast::Name) -> Option<(CurrencyIx, Currency)> {
        match self.scoped(layer, |scope| crate::types::Names::entity(scope, &name.text)) {
            Some(Entity::Currency(currency)) => {
                let known = std::iter::once(&self.own_currency).chain(self.foreign.iter().map(|(c, _)| c));
                let at = known.into_iter().position(|c| c.code == currency.code);
                match at {
                    Some(0) => Some((OWN, self.own_currency.clone())),
                    Some(at) => Some((CurrencyIx(at as u32), self.foreign[at - 1].0.clone())),
                    None => {
                        let message = format!("nothing is priced in {} here", currency.code);
                        self.report(
                            Diagnostic::error(codes::DEAD_SOURCE, message)
                                .at(name.span, "no line can be paid from it")
                                .help("take prices from a rate card in that currency with `prices from`"),
                        );
                        None
                    }
                }
            }
            Some(Entity::Error) => None,
            Some(other) => {
                let message = format!("`{}` is {}, not a currency", name.text, other.kind());
                self.report(Diagnostic::error(codes::WRONG_KIND, message).at(name.span, ""));
                None
            }
            None => {
                let message = format!("there is no currency called `{}`", name.text);
                self.report(Diagnostic::error(codes::UNKNOWN_NAME, message).at(name.span, ""));
                None
            }
        }
    }

    /// The lines of a scope that are in a currency; a line named that is not is an error.
    pub(super) fn paid_lines(&mut self, scope: &ast::Scope, lines: &[Line], at: CurrencyIx) -> Option<Vec<LineIx>> {
        let found = self.scope_lines(scope, lines)?;
        let other = found.iter().find(|line| lines[line.ix()].currency != at).copied();
        if let (Some(other), ast::ScopeKind::Names(_)) = (other, &scope.kind) {
            let message = format!("`{}` is in another currency", lines[other.ix()].name);
            self.report(Diagnostic::error(codes::CURRENCY_MISMATCH, message).at(scope.span, ""));
            return None;
        }
        Some(found.into_iter().filter(|line| lines[line.ix()].currency == at).collect())
    }

    /// An amount of a balance; not below zero.
    pub(super) fn balance_money(&mut self, layer: &Layer, e: &ast::Expr, currency: &Currency) -> Option<Rational> {
        let amount = self.scoped(layer, |scope| Typer::new(scope).money(e, &currency.code))?;
        if amount.is_negative() {
            self.report(Diagnostic::error(codes::NEGATIVE, "an amount here is not below zero").at(e.span, ""));
            return None;
        }
        Some(amount)
    }

    fn grant(
        &mut self,
        layer: &Layer,
        grant: &ast::Grant,
        span: SourceSpan,
        number: usize,
        (at, currency, precise): (CurrencyIx, &Currency, Option<&Rounding>),
        commitments: &[String],
    ) -> Option<Grant> {
        // Where words can be added: behind the amount, or behind everything.
        let amount_end = grant.level.as_ref().map_or(grant.amount.span, |level| level.span).end;
        let behind = |at: u32, free: bool| free.then_some(SourceSpan { start: at, end: at, ..span });
        let mut ask = |what: &str, place: Option<SourceSpan>, choices: &[&str]| {
            let mut finding = Diagnostic::error(codes::SAY_BALANCE, format!("a grant must say {what}")).at(span, "");
            let written: Vec<String> = choices.iter().map(|c| format!("`{c}`")).collect();
            finding = finding.help(format!("write {} behind it", written.join(" or ")));
            for (choice, at) in choices.iter().zip(std::iter::repeat(place)) {
                if let Some(at) = at {
                    finding = finding.fix(Fix::replace(format!("add `{choice}`"), at, format!(" {choice}"), false));
                }
            }
            self.diagnostics.push(finding);
        };
        let Some(when) = &grant.when else {
            let bare = grant.partial.is_none() && grant.rounded.is_none() && grant.expires.is_none();
            ask("when it comes", behind(span.end, bare && grant.name.is_none()), &["on start", "each month"]);
            return None;
        };
        let shortfall = matches!(when, ast::GrantWhen::FromCommitment(_));
        if matches!(grant.cost, Some(ast::GrantCost::AlreadyPaid(None))) && at != OWN {
            let own = &self.own_currency.code;
            let finding = Diagnostic::error(codes::SAY_BALANCE, "a grant must say what was paid for it").at(span, "");
            self.report(finding.help(format!("write an amount in {own} behind `already paid`")));
            return None;
        }
        if grant.level.is_some() && grant.partial.is_none() {
            let place = behind(span.end, grant.expires.is_none() && grant.rounded.is_none() && grant.name.is_none());
            ask("what a rise inside its period brings", place, &["prorated daily", "whole"]);
            return None;
        }
        if grant.cost.is_none() && !shortfall {
            ask("what it costs", behind(amount_end, true), &["free", "already paid"]);
            return None;
        }
        let Some(expires) = &grant.expires else {
            let place = behind(span.end, grant.name.is_none());
            ask("when it expires", place, &["expires never", "expires after 12 months"]);
            return None;
        };
        let when = match when {
            ast::GrantWhen::OnStart => GrantWhen::Start,
            ast::GrantWhen::OnDate(date) => GrantWhen::On(date_of(date)?),
            ast::GrantWhen::Each(word) => match self.period_word(*word, span)? {
                Window::Hour => {
                    self.report(
                        Diagnostic::error(codes::OUT_OF_RANGE, "a wallet is granted daily at the most")
                            .at(span, "")
                            .help("write `each day`; an amount per hour is a commitment: `amount $5.00 per hour`"),
                    );
                    return None;
                }
                window => GrantWhen::Each(window),
            },
            ast::GrantWhen::FromCommitment(_) => GrantWhen::TrueUp,
        };
        let rounded = match &grant.rounded {
            Some(rounding) => {
                let ty = Ty::Money(currency.code.clone());
                Some(self.scoped(layer, |scope| Typer::new(scope).rounding(rounding, &ty, Some(currency)))?)
            }
            None => None,
        };
        let amount = match (&grant.when, &grant.level) {
            (Some(ast::GrantWhen::FromCommitment(path)), _) => {
                let name = path.last()?;
                let Some(of) = commitments.iter().position(|c| *c == name.text) else {
                    let finding = report::unknown(
                        codes::UNKNOWN_NAME,
                        "commitment",
                        &name.text,
                        name.span,
                        commitments.iter().map(String::as_str),
                    );
                    self.report(finding);
                    return None;
                };
                GrantAmount::Shortfall(CommitmentIx(of as u32))
            }
            (when, Some(path)) => {
                if !matches!(when, Some(ast::GrantWhen::Each(_))) {
                    let message = format!("a grant for each of `{}` comes with each window", path.text());
                    self.report(
                        Diagnostic::error(codes::NOT_HERE, message)
                            .at(span, "what is held changes from day to day")
                            .help("write for example `each month`, or an amount that is not per unit"),
                    );
                    return None;
                }
                let (level, amount) = self.per_level(layer, path, &grant.amount, &currency.code)?;
                GrantAmount::PerUnit { level, amount, round: rounded }
            }
            (_, None) => GrantAmount::Fixed(self.whole_money(layer, &grant.amount, currency, precise)?),
        };
        let own = self.own_currency.clone();
        let mut paid = |price: &ast::Expr| match &grant.level {
            // For each unit of the level, as the grant is.
            Some(level) => self.per_level(layer, level, price, &own.code).map(|(_, each)| each),
            None => self.whole_own_money(layer, price),
        };
        let cost = match &grant.cost {
            None | Some(ast::GrantCost::Free) => Cost::Free,
            Some(ast::GrantCost::For(price)) => Cost::Invoiced(paid(price)?),
            Some(ast::GrantCost::AlreadyPaid(Some(price))) => Cost::AlreadyPaid(paid(price)?),
            // In the plan's own currency what was paid is what is granted.
            Some(ast::GrantCost::AlreadyPaid(None)) => Cost::AlreadyPaid(match &amount {
                GrantAmount::Fixed(units) | GrantAmount::PerUnit { amount: units, .. } => units.clone(),
                GrantAmount::Shortfall(_) => Rational::ZERO,
            }),
        };
        let expires = self.expiry(expires, span)?;
        if let (GrantWhen::On(came), Expiry::Gone(gone)) = (when, expires)
            && gone <= came
        {
            self.report(
                Diagnostic::error(codes::DEAD_SOURCE, "this grant expires before it comes").at(span, "never usable"),
            );
            return None;
        }
        let name = grant.name.as_ref().map_or_else(|| format!("grant {number}"), |name| name.text.clone());
        let rule = self.rule(format!("grant {name}"), layer, span);
        let prorate = match grant.partial {
            Some(ast::PartialRule::ProratedDaily) => Proration::Daily,
            _ => Proration::Never,
        };
        Some(Grant { name, amount, when, expires, cost, prorate, clawback: None, rule })
    }

    /// A level that is counted, and an amount per unit of it.
    pub(super) fn per_level(
        &mut self,
        layer: &Layer,
        path: &ast::Path,
        amount: &ast::Expr,
        currency: &str,
    ) -> Option<(SinkIx, Rational)> {
        let meter = match self.scoped(layer, |scope| resolve(scope, path)) {
            Entity::Meter(meter) => meter,
            Entity::Error => return None,
            other => {
                let message = format!("`{}` is {}, not a meter", path.text(), other.kind());
                self.report(Diagnostic::error(codes::WRONG_KIND, message).at(path.span, ""));
                return None;
            }
        };
        if !matches!(meter.aggregation, Aggregation::Last(_)) {
            let message = format!("`{}` is not the last value of a level", meter.name);
            self.report(
                Diagnostic::error(codes::WRONG_KIND, message)
                    .at(path.span, "")
                    .help("declare it as `last of EVENT.FIELD` of a field that is a `level`"),
            );
            return None;
        }
        let value = self.scoped(layer, |scope| Typer::new(scope).constant(amount));
        let amount_at = amount.span;
        match (&value.ty, &meter.ty) {
            (Ty::Error, _) => None,
            (Ty::Rate(code, per), Ty::Quantity(dims)) if code == currency && per == dims => {
                let each = value.expr.as_const().cloned()? * &meter.factor;
                let level = self.meter_sink(layer, &meter, Vec::new(), None)?;
                Some((level, each))
            }
            (found, _) => {
                let message = format!("this is {found}; it has to be in {currency} per unit of `{}`", meter.name);
                self.report(Diagnostic::error(codes::UNIT_MISMATCH, message).at(amount_at, ""));
                None
            }
        }
    }

    /// A share of what is left: not below nothing, not above all of it.
    pub(super) fn share_of_rest(&mut self, share: &Rational, span: SourceSpan) -> Option<()> {
        if share.is_negative() || *share > Rational::ONE {
            let message = "0% to 100% of what is left can be carried";
            self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(span, ""));
            return None;
        }
        Some(())
    }

    fn balance_rollover(
        &mut self,
        layer: &Layer,
        rollover: &ast::BalanceRollover,
        (currency, precise): (&Currency, Option<&Rounding>),
    ) -> Option<BalanceRollover> {
        let value = self.scoped(layer, |scope| Typer::new(scope).constant(&rollover.up_to));
        let at_most = match &value.ty {
            Ty::Error => return None,
            Ty::Ratio => {
                let share = value.expr.as_const().cloned()?;
                self.share_of_rest(&share, rollover.up_to.span)?;
                Carry::ShareOfRest(share)
            }
            _ => Carry::Amount(self.whole_money(layer, &rollover.up_to, currency, precise)?),
        };
        let at_least = match &rollover.at_least {
            Some(least) => self.whole_money(layer, least, currency, precise)?,
            None => Rational::ZERO,
        };
        if let (Carry::Amount(most), Some(said)) = (&at_most, &rollover.at_least)
            && at_least > *most
        {
            let message = "at least more is carried than at most";
            self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(said.span, ""));
            return None;
        }
        Some(BalanceRollover { at_most, at_least, lasts: age(self, &rollover.lasts)? })
    }

    fn top_up(
        &mut self,
        layer: &Layer,
        top_up: &ast::TopUp,
        span: SourceSpan,
        (at, currency, precise): (CurrencyIx, &Currency, Option<&Rounding>),
    ) -> Option<TopUp> {
        let Some((number, word)) = &top_up.at_most else {
            self.report(
                Diagnostic::error(codes::UNBOUNDED_TOP_UPS, "a top-up must say how often it may happen")
                    .at(span, "without a limit one month could buy any number of lots")
                    .help("write for example `at most 3 per month` behind it"),
            );
            return None;
        };
        let window: Window = self.period_word(*word, span)?;
        if window == Window::Hour {
            let message = "top-ups are counted by the day at least";
            let finding = Diagnostic::error(codes::OUT_OF_RANGE, message).at(span, "");
            self.report(finding.help("write for example `at most 24 per day`"));
            return None;
        }
        let Some(most) = number.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=1_000).contains(n)) else {
            let message = "top-ups are 1 to 1_000 in a window";
            self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(number.span, ""));
            return None;
        };
        let units = self.whole_money(layer, &top_up.amount, currency, precise)?;
        let below = self.whole_money(layer, &top_up.below, currency, precise)?;
        if !units.is_positive() || (top_up.to_target && units <= below) {
            let message = "a top-up adds something: its target is above the balance that asks for it";
            self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(top_up.amount.span, ""));
            return None;
        }
        let own = self.own_currency.clone();
        let unit_cost = match &top_up.cost {
            Some((cost, true)) => self.balance_money(layer, cost, &own)?,
            Some((cost, false)) if !top_up.to_target => self.whole_own_money(layer, cost)? / &units,
            None if at == OWN => Rational::ONE,
            _ => {
                self.report(
                    Diagnostic::error(codes::SAY_BALANCE, "this top-up must say what a unit of it costs")
                        .at(top_up.amount.span, "")
                        .help("write for example `for $0.04 each` behind the amount"),
                );
                return None;
            }
        };
        let expires = match &top_up.expires {
            Some(expires) => self.expiry(expires, span)?,
            None => Expiry::Never,
        };
        let amount = if top_up.to_target { TopUpAmount::Target(units) } else { TopUpAmount::Fixed(units) };
        let rule = self.rule("top-up".to_owned(), layer, span);
        let at_bound = top_up.at_or_below;
        Some(TopUp { amount, unit_cost, below, at_bound, at_most: (most, window), expires, rule })
    }

    fn expiry(&mut self, expires: &ast::Expiry, span: SourceSpan) -> Option<Expiry> {
        Some(match expires {
            ast::Expiry::Never => Expiry::Never,
            ast::Expiry::After(duration) => Expiry::After(age(self, duration)?),
            // The day that is written is the last one.
            ast::Expiry::On(date) => Expiry::Gone(date_of(date)?.add_days(1)),
            ast::Expiry::AtEndOf(word) => match self.period_word(*word, span)? {
                Window::Hour => {
                    self.report(
                        Diagnostic::error(codes::OUT_OF_RANGE, "what is in a wallet lives for a day at least")
                            .at(span, "")
                            .help("write `expires at day end`"),
                    );
                    return None;
                }
                window => Expiry::EndOf(window),
            },
        })
    }
}
