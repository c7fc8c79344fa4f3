//! A statement as people see it.

use super::{Statement, Wallet};
use crate::paper::{BALANCES, Block, Envelope, Letterhead, NotABody, Paper, amount, words};

impl Statement {
    /// A page of the statement that belongs to a body, under the letterhead of its invoice.
    pub fn paper(&self, body: &str, envelope: &Envelope, letterhead: &Letterhead) -> Result<Paper, NotABody> {
        let mut paper = Paper::new(body, envelope, letterhead)?;
        paper.title = match &envelope.number {
            Some(number) => format!("Statement of {number}"),
            None => "Statement, not final".to_owned(),
        };
        (paper.lines, paper.totals) = (Vec::new(), Vec::new());
        paper.notes = Vec::new();
        let of_invoice = std::mem::take(&mut paper.blocks);
        paper.blocks = self.wallets.iter().filter(|of| of.moved()).map(movements).collect();
        paper.blocks.extend(self.wallets.iter().filter(|of| !of.lots.is_empty()).map(lots));
        paper.blocks.extend(of_invoice.into_iter().filter(|block| block.title != BALANCES));
        if let Some(revenue) = &self.revenue {
            let mut rows = vec![row("before", ["", "", &revenue.deferred_before])];
            rows.extend(revenue.days.iter().map(|of| row(&of.day, [&of.earned, &of.breakage, &of.deferred])));
            rows.push(row("all", [&revenue.earned, &revenue.breakage, &revenue.deferred]));
            paper.blocks.push(Block {
                title: format!("Revenue ({})", self.currency),
                head: heads(["Day", "Earned", "Lapsed", "Deferred"]),
                rows,
            });
        }
        Ok(paper)
    }
}

impl Wallet {
    fn moved(&self) -> bool {
        let some = |text: &String| text.contains(|digit: char| ('1'..='9').contains(&digit));
        !self.movements.is_empty() || some(&self.opened) || some(&self.closed)
    }
}

fn heads<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

fn row(name: &str, numbers: [&str; 3]) -> Vec<String> {
    let number = |text: &str| if text.is_empty() { String::new() } else { amount(text) };
    std::iter::once(name.to_owned()).chain(numbers.map(number)).collect()
}

/// What an entry of the ledger does, in words.
fn happened(kind: &str) -> &str {
    match kind {
        "grant" => "granted",
        "top-up" => "topped up",
        "use" => "used",
        "return" => "given back",
        "expire" => "expired",
        "rollover" => "carried over",
        "clawback" => "taken back",
        "restate" => "restated",
        other => other,
    }
}

fn movements(of: &Wallet) -> Block {
    let mut rows = vec![row("opened", ["", "", &of.opened])];
    for movement in &of.movements {
        let what = match &movement.line {
            Some(line) => format!("{} {}, {}", movement.day, words(line), movement.lot),
            None => format!("{} {}, {}", movement.day, happened(&movement.kind), movement.lot),
        };
        rows.push(match movement.amount.strip_prefix('-') {
            Some(out) => row(&what, ["", out, &movement.left]),
            None => row(&what, [&movement.amount, "", &movement.left]),
        });
    }
    rows.push(row("closed", ["", "", &of.closed]));
    let title = format!("{} ({})", words(&of.name), of.currency);
    Block { title, head: heads(["Day", "In", "Out", "Left"]), rows }
}

fn lots(of: &Wallet) -> Block {
    let rows = of.lots.iter().map(|lot| {
        let until = lot.gone.as_ref().map_or_else(String::new, |day| format!(", until {day}"));
        row(&format!("{}, since {}{until}", lot.name, lot.came), [&lot.cost, &lot.amount, &lot.left])
    });
    let title = format!("Lots of {} ({})", words(&of.name), of.currency);
    Block { title, head: heads(["Lot", "Paid", "Amount", "Left"]), rows: rows.collect() }
}
