//! One allowance of one subject: this window's grant and what was carried into it.
//!
//! Lots that expire first are drawn first, the grant last: it is the one that may still be
//! carried on.

use price_ir::Rollover;
use price_value::Rational;
use serde::{Deserialize, Serialize};

/// What was carried from an earlier window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lot {
    left: Rational,
    /// Windows in which it may be used, this one included; above zero.
    windows: u32,
}

/// The lots of one window.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Lots {
    /// Rest of this window's grant.
    grant: Rational,
    /// Expiring first.
    carried: Vec<Lot>,
}

impl Lots {
    /// A first window.
    pub(crate) fn first(grant: Rational) -> Lots {
        Lots { grant, carried: Vec::new() }
    }

    /// What can still be drawn.
    pub(crate) fn left(&self) -> Rational {
        self.carried.iter().map(|lot| &lot.left).sum::<Rational>() + &self.grant
    }

    /// Takes an amount of at most [`Lots::left`].
    pub(crate) fn draw(&mut self, amount: &Rational) {
        let mut rest = amount.clone();
        for lot in &mut self.carried {
            let take = rest.clone().min(lot.left.clone());
            lot.left -= &take;
            rest -= &take;
        }
        self.grant -= &rest;
        debug_assert!(!self.grant.is_negative(), "never more than is left");
        self.carried.retain(|lot| !lot.left.is_zero());
    }

    /// The next window's lots: of the total that may be carried, what expires last is kept first.
    pub(crate) fn roll(&self, rollover: Option<&Rollover>, grant: Rational) -> Lots {
        let Some(rollover) = rollover else { return Lots::first(grant) };
        let mut room = rollover.at_most.clone();
        let mut keep = |left: &Rational, windows: u32| {
            let take = left.clone().min(room.clone());
            room -= &take;
            (windows > 0 && take.is_positive()).then_some(Lot { left: take, windows })
        };
        let mut carried: Vec<Lot> = keep(&self.grant, rollover.windows).into_iter().collect();
        for lot in self.carried.iter().rev().filter(|lot| lot.windows > 1) {
            carried.extend(keep(&lot.left, lot.windows - 1));
        }
        carried.reverse();
        Lots { grant, carried }
    }

    /// What a window's end would carry on.
    pub(crate) fn carries(&self, rollover: Option<&Rollover>) -> Rational {
        self.roll(rollover, Rational::ZERO).left()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(n: i128) -> Rational {
        Rational::int(n)
    }

    fn rollover(at_most: i128, windows: u32) -> Rollover {
        Rollover { at_most: int(at_most), windows }
    }

    #[test]
    fn an_unused_rest_is_carried_once_and_used_first() {
        let rule = rollover(100, 1);
        let mut january = Lots::first(int(500));
        january.draw(&int(450));
        let mut february = january.roll(Some(&rule), int(500));
        assert_eq!(february.left(), int(550));
        february.draw(&int(60));
        assert_eq!(february, Lots::first(int(490)));
        // The carried lot is gone; the grant's own rest is carried up to the limit.
        assert_eq!(february.roll(Some(&rule), int(500)).left(), int(600));
    }

    #[test]
    fn what_was_carried_expires_after_its_windows() {
        let rule = rollover(1000, 2);
        let mut lots = Lots::first(int(100));
        lots = lots.roll(Some(&rule), int(10));
        lots = lots.roll(Some(&rule), int(10));
        assert_eq!(lots.left(), int(120));
        lots = lots.roll(Some(&rule), int(10));
        assert_eq!(lots.left(), int(30), "the hundred are gone");
        assert_eq!(Lots::first(int(100)).roll(None, int(100)).left(), int(100));
    }

    #[test]
    fn the_limit_keeps_what_lives_longest() {
        let rule = rollover(15, 3);
        let mut lots = Lots::first(int(10)).roll(Some(&rule), int(10));
        lots = lots.roll(Some(&rule), int(10));
        assert_eq!(lots.left(), int(25));
        assert_eq!(
            lots.carried.iter().map(|l| (l.left.clone(), l.windows)).collect::<Vec<_>>(),
            [(int(5), 2), (int(10), 3)]
        );
    }
}
