//! Who is billed, and on which days they are served.

use price_value::{Date, Period, Span, Timestamp, Zone};
use serde::{Deserialize, Serialize};

/// One account on the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Account: the subject of its events.
    pub account: String,
    /// First day served; `None`: since always.
    pub from: Option<Date>,
    /// First day no longer served; `None`: until further notice.
    pub until: Option<Date>,
    /// Pool that is billed for the account instead of the account itself.
    pub pool: Option<String>,
}

impl Subscription {
    /// A subscription of one account without ends.
    pub fn of(account: &str) -> Subscription {
        Subscription { account: account.into(), from: None, until: None, pool: None }
    }

    /// Name on the invoice: the pool, or the account.
    pub fn billed(&self) -> &str {
        self.pool.as_deref().unwrap_or(&self.account)
    }

    /// Days served.
    pub fn span(&self) -> Span {
        Span { from: self.from, until: self.until }
    }
}

/// Days served, as disjoint spans in order; without a subscription one open span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Served {
    /// The days on which there is service.
    days: Vec<Span>,
    /// The days on which there is a customer: those and the pauses. Periods are settled and money
    /// moves on them.
    bound: Vec<Span>,
}

impl Served {
    /// Served without ends.
    pub(crate) fn always() -> Served {
        Served::of(vec![Span::default()])
    }

    fn of(days: Vec<Span>) -> Served {
        Served { bound: days.clone(), days }
    }

    /// The union of several spans.
    pub(crate) fn union(mut spans: Vec<Span>) -> Served {
        spans.sort_by_key(|s| (s.from.is_some(), s.from));
        let mut out: Vec<Span> = Vec::new();
        for span in spans {
            match out.last_mut() {
                // Spans that touch are one stretch of service.
                Some(last) if last.until.is_none() || span.from.is_none() || span.from <= last.until => {
                    last.until = match (last.until, span.until) {
                        (Some(a), Some(b)) => Some(a.max(b)),
                        _ => None,
                    };
                }
                _ => out.push(span),
            }
        }
        Served::of(out)
    }

    /// The same, within another span.
    pub(crate) fn within(&self, span: &Span) -> Served {
        let inside = |spans: &[Span]| spans.iter().filter_map(|s| intersect(s, span)).collect();
        Served { days: inside(&self.days), bound: inside(&self.bound) }
    }

    /// The same, without service on the days of pauses (in order and apart).
    pub(crate) fn without(mut self, pauses: &[Span]) -> Served {
        for pause in pauses {
            let around = [Span { from: None, until: pause.from }, Span { from: pause.until, until: None }];
            self.days = self.days.iter().flat_map(|s| around.iter().filter_map(|a| intersect(s, a))).collect();
        }
        self
    }

    /// First day of service, if it has one.
    pub(crate) fn from(&self) -> Option<Date> {
        self.bound.first().and_then(|s| s.from)
    }

    /// First day after all service, if it ends.
    pub(crate) fn until(&self) -> Option<Date> {
        self.bound.last().and_then(|s| s.until)
    }

    /// The served stretches of days inside `[from, until)`.
    pub(crate) fn days_in(&self, from: Date, until: Date) -> Vec<(Date, Date)> {
        stretches(&self.days, from, until)
    }

    /// Number of served days inside `[from, until)`.
    pub(crate) fn count(&self, from: Date, until: Date) -> i64 {
        self.days_in(from, until).iter().map(|(f, u)| f.days_until(*u)).sum()
    }

    /// First to last day of a period on which there is a customer.
    pub(crate) fn hull(&self, zone: &Zone, period: &Period) -> Option<Period> {
        let days = stretches(&self.bound, period.from, period.until);
        let (first, last) = (days.first()?, days.last()?);
        if first.0 == period.from && last.1 == period.until {
            return Some(*period);
        }
        Some(Period::between(zone, first.0, last.1))
    }

    /// The served stretches of a period as instants.
    pub(crate) fn instants(&self, zone: &Zone) -> Vec<(i64, i64)> {
        let at = |d: Option<Date>, none: i64| d.map_or(none, |d| zone.start_of(d).0);
        self.days.iter().map(|s| (at(s.from, i64::MIN), at(s.until, i64::MAX))).collect()
    }
}

/// What of disjoint spans lies inside `[from, until)`.
fn stretches(spans: &[Span], from: Date, until: Date) -> Vec<(Date, Date)> {
    let stretch = |s: &Span| (s.from.map_or(from, |f| f.max(from)), s.until.map_or(until, |u| u.min(until)));
    spans.iter().map(stretch).filter(|(f, u)| f < u).collect()
}

/// The days two spans share.
pub(crate) fn intersect(a: &Span, b: &Span) -> Option<Span> {
    let from = match (a.from, b.from) {
        (Some(x), Some(y)) => Some(x.max(y)),
        (x, y) => x.or(y),
    };
    let until = match (a.until, b.until) {
        (Some(x), Some(y)) => Some(x.min(y)),
        (x, y) => x.or(y),
    };
    let empty = matches!((from, until), (Some(f), Some(u)) if f >= u);
    (!empty).then_some(Span { from, until })
}

/// Whether the instant lies in one of the stretches.
pub(crate) fn holds(stretches: &[(i64, i64)], at: Timestamp) -> bool {
    stretches.iter().any(|(from, until)| *from <= at.0 && at.0 < *until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, until: &str) -> Span {
        let day = |t: &str| (!t.is_empty()).then(|| t.parse().unwrap());
        Span { from: day(from), until: day(until) }
    }

    #[test]
    fn a_pool_is_served_while_any_member_is() {
        let union = Served::union(vec![
            span("2026-03-10", "2026-03-20"),
            span("2026-03-01", "2026-03-05"),
            span("2026-03-18", "2026-03-25"),
        ]);
        assert_eq!(union.days, [span("2026-03-01", "2026-03-05"), span("2026-03-10", "2026-03-25")]);
        let day = |t: &str| t.parse().unwrap();
        assert_eq!(union.count(day("2026-03-04"), day("2026-03-12")), 3);
        assert_eq!(Served::union(vec![span("", "2026-01-01"), span("2025-01-01", "")]).days, [span("", "")]);
        assert_eq!(Served::always().count(day("2026-02-01"), day("2026-03-01")), 28);
    }

    #[test]
    fn a_pause_serves_nobody_and_ends_nothing() {
        let day = |t: &str| t.parse().unwrap();
        let term = Served::union(vec![span("2026-01-01", "2027-01-01")]);
        let paused = term.without(&[span("2026-02-10", "2026-04-01"), span("2026-05-01", "2026-05-02")]);
        assert_eq!(paused.count(day("2026-01-01"), day("2027-01-01")), 365 - 19 - 31 - 1);
        assert_eq!((paused.from(), paused.until()), (Some(day("2026-01-01")), Some(day("2027-01-01"))));
        let march = Period::between(&Zone::utc(), day("2026-03-01"), day("2026-04-01"));
        assert_eq!(paused.hull(&Zone::utc(), &march), Some(march));
        assert_eq!(paused.days_in(march.from, march.until), []);
    }
}
