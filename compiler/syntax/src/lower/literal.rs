//! Names, numbers, money, dates.

use super::Lower;
use crate::ast::{
    Clock, Date, Duration, Label, Moment, Money, Name, Number, Path, Percent, PercentScale, Period, PeriodKind,
    PeriodWord, Quantity, RangeEnd, Text, Validity, Window, WindowKind,
};
use crate::grammar::Rule;
use crate::tree::Node;
use price_diagnostics::{Code, Diagnostic};

impl Lower {
    pub(super) fn name(&self, node: Node<'_>) -> Name {
        Name { text: node.read().to_owned(), span: self.span(node) }
    }

    pub(super) fn first_name(&self, node: Node<'_>) -> Option<Name> {
        node.part(Rule::name).map(|name| self.name(name))
    }

    pub(super) fn path(&self, node: Node<'_>) -> Path {
        Path { segments: node.parts().map(|part| self.name(part)).collect(), span: self.span(node) }
    }

    pub(super) fn first_path(&self, node: Node<'_>) -> Option<Path> {
        node.part(Rule::path).map(|path| self.path(path))
    }

    /// The paths of a `names` part; empty if there is none.
    pub(super) fn names(&self, node: Node<'_>) -> Vec<Path> {
        let paths = node.part(Rule::names);
        paths.map_or_else(Vec::new, |names| self.paths(names))
    }

    pub(super) fn paths(&self, node: Node<'_>) -> Vec<Path> {
        node.parts_of(Rule::path).map(|path| self.path(path)).collect()
    }

    pub(super) fn text(&self, node: Node<'_>) -> Text {
        Text { value: unquoted(node.read()), span: self.span(node) }
    }

    pub(super) fn first_text(&self, node: Node<'_>) -> Option<Text> {
        node.part(Rule::string).map(|text| self.text(text))
    }

    pub(super) fn label(&self, node: Node<'_>) -> Label {
        let quoted = node.has(Rule::string);
        Label {
            text: if quoted { unquoted(node.read()) } else { node.read().to_owned() },
            quoted,
            span: self.span(node),
        }
    }

    pub(super) fn first_label(&self, node: Node<'_>) -> Option<Label> {
        node.part(Rule::label).map(|label| self.label(label))
    }

    pub(super) fn labels(&self, node: Node<'_>) -> Vec<Label> {
        node.parts_of(Rule::label).map(|label| self.label(label)).collect()
    }

    pub(super) fn number(&self, node: Node<'_>) -> Number {
        Number { text: node.read().to_owned(), value: decimal(node.read()), span: self.span(node) }
    }

    pub(super) fn first_number(&self, node: Node<'_>) -> Option<Number> {
        node.part(Rule::number).map(|number| self.number(number))
    }

    pub(super) fn money(&self, node: Node<'_>) -> Money {
        let text = node.read();
        let symbol = text.chars().find(|c| "$€£¥".contains(*c)).unwrap_or('$');
        Money { text: text.to_owned(), symbol, value: decimal(&text.replacen(symbol, "", 1)), span: self.span(node) }
    }

    pub(super) fn percent(&self, node: Node<'_>) -> Percent {
        let text = node.read();
        let (number, scale) = match text.strip_suffix('%') {
            Some(number) => (number, PercentScale::Percent),
            None => (text.trim_end_matches("bps").trim_end(), PercentScale::BasisPoints),
        };
        Percent { text: text.to_owned(), value: decimal(number), scale, span: self.span(node) }
    }

    pub(super) fn first_percent(&self, node: Node<'_>) -> Option<Percent> {
        node.part(Rule::percent).map(|percent| self.percent(percent))
    }

    pub(super) fn quantity(&self, node: Node<'_>) -> Option<Quantity> {
        Some(Quantity { number: self.first_number(node)?, unit: self.first_name(node)?, span: self.span(node) })
    }

    pub(super) fn first_quantity(&self, node: Node<'_>) -> Option<Quantity> {
        self.quantity(node.part(Rule::quantity)?)
    }

    pub(super) fn date(&mut self, node: Node<'_>) -> Date {
        let mut parts = node.read().split('-').map(|part| part.parse().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0_u16);
        let (year, month, day) = (next(), next(), next());
        let last = days_of_month(year, month);
        if last == 0 || day == 0 || day > last {
            let message = format!("`{}` is not a date of the calendar", node.read());
            let mut diagnostic = Diagnostic::error(Code("P122"), message).at(self.place(node), "");
            if last > 0 {
                diagnostic = diagnostic.help(format!("this month ends on day {last}"));
            }
            self.report(diagnostic);
        }
        let clip = |value: u16, most: u16| u8::try_from(value.clamp(1, most)).unwrap_or(1);
        Date { year, month: clip(month, 12), day: clip(day, last.max(1)), span: self.span(node) }
    }

    pub(super) fn first_date(&mut self, node: Node<'_>) -> Option<Date> {
        node.part(Rule::date).map(|date| self.date(date))
    }

    pub(super) fn clock(&mut self, node: Node<'_>) -> Clock {
        let mut parts = node.read().split(':').map(|part| part.parse().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0_u8);
        let clock = Clock { hour: next(), minute: next(), second: next(), span: self.span(node) };
        let end_of_day = clock.hour == 24 && clock.minute == 0 && clock.second == 0;
        if (clock.hour > 23 && !end_of_day) || clock.minute > 59 || clock.second > 59 {
            let message = format!("`{}` is not a time of day", node.read());
            self.report(
                Diagnostic::error(Code("P122"), message)
                    .at(self.place(node), "")
                    .help("times run from `00:00` to `24:00`"),
            );
        }
        clock
    }

    pub(super) fn moment(&mut self, node: Node<'_>) -> Option<Moment> {
        let date = self.first_date(node)?;
        let clock = node.part(Rule::clock).map(|clock| self.clock(clock));
        let offset = node.part(Rule::offset).map(|offset| {
            let text = offset.read();
            let sign = if text.starts_with('-') { -1 } else { 1 };
            let mut parts = text[1..].split(':').map(|part| part.parse().unwrap_or(0_i16));
            let hours = parts.next().unwrap_or(0);
            sign * (hours * 60 + parts.next().unwrap_or(0))
        });
        Some(Moment { date, clock, offset_minutes: offset, span: self.span(node) })
    }

    pub(super) fn period(&mut self, node: Node<'_>) -> Option<Period> {
        let first = node.parts().next()?;
        let text = first.read();
        let mut numbers =
            text.split(['-', 'Q']).filter(|part| !part.is_empty()).map(|part| part.parse().unwrap_or(0_u16));
        let year = numbers.next().unwrap_or(0);
        let second = numbers.next().unwrap_or(0);
        let small = u8::try_from(second).unwrap_or(0);
        let kind = match first.rule()? {
            Rule::quarter => PeriodKind::Quarter { year, quarter: small },
            Rule::month => {
                if !(1..=12).contains(&second) {
                    let message = format!("`{text}` is not a month");
                    let place = self.place(first);
                    self.report(Diagnostic::error(Code("P122"), message).at(place, ""));
                }
                PeriodKind::Month { year, month: small.clamp(1, 12) }
            }
            Rule::year => PeriodKind::Year { year },
            Rule::date => {
                let from = self.date(first);
                match node.part(Rule::range_end) {
                    Some(end) => {
                        let end = self.range_end(end)?;
                        self.check_range(node, &from, &end);
                        PeriodKind::Range { from, end }
                    }
                    None => PeriodKind::Day(from),
                }
            }
            _ => return None,
        };
        Some(Period { kind, span: self.span(node) })
    }

    pub(super) fn range_end(&mut self, node: Node<'_>) -> Option<RangeEnd> {
        Some(RangeEnd { date: self.first_date(node)?, inclusive: node.has(Rule::kw_through), span: self.span(node) })
    }

    fn check_range(&mut self, node: Node<'_>, from: &Date, end: &RangeEnd) {
        let key = |date: &Date| (date.year, date.month, date.day);
        let empty = if end.inclusive { key(&end.date) < key(from) } else { key(&end.date) <= key(from) };
        if empty {
            let place = self.place(node);
            self.report(
                Diagnostic::error(Code("P128"), "a range of dates ends before it starts")
                    .at(place, "holds no day")
                    .help("`through` includes its day, `until` does not"),
            );
        }
    }

    pub(super) fn validity(&mut self, node: Node<'_>) -> Option<Validity> {
        let from = self.first_date(node);
        let end = match node.part(Rule::range_end) {
            Some(end) => Some(self.range_end(end)?),
            None => None,
        };
        if let (Some(from), Some(end)) = (&from, &end) {
            self.check_range(node, from, end);
        }
        Some(Validity { from, end, span: self.span(node) })
    }

    pub(super) fn first_validity(&mut self, node: Node<'_>) -> Option<Validity> {
        let part = node.part(Rule::validity)?;
        self.validity(part)
    }

    pub(super) fn duration(&self, node: Node<'_>) -> Option<Duration> {
        Some(Duration {
            number: self.first_number(node)?,
            unit: self.first_name(node)?,
            or_last_day: node.has(Rule::or_last_day),
            span: self.span(node),
        })
    }

    pub(super) fn first_duration(&self, node: Node<'_>) -> Option<Duration> {
        self.duration(node.part(Rule::duration)?)
    }

    /// The word of a `period_word` part.
    pub(super) fn period_word(&self, node: Node<'_>) -> Option<PeriodWord> {
        PeriodWord::from_word(node.part(Rule::period_word)?.read())
    }

    /// The word of a `per_period` part.
    pub(super) fn per_period(&self, node: Node<'_>) -> Option<PeriodWord> {
        self.period_word(node.part(Rule::per_period)?)
    }

    /// A `window` or `per_window` part.
    pub(super) fn window(&self, node: Node<'_>) -> Option<Window> {
        let part = node.part(Rule::window).or_else(|| node.part(Rule::per_window))?;
        let kind = if part.has(Rule::kw_over) {
            WindowKind::OverTerm
        } else if part.has(Rule::kw_without) {
            WindowKind::WithoutReset
        } else {
            WindowKind::Each(self.period_word(part)?)
        };
        Some(Window { kind, span: self.span(part) })
    }
}

/// Days of a month of the Gregorian calendar; zero if there is no such month.
fn days_of_month(year: u16, month: u16) -> u16 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let mut out = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => out.extend(characters.next()),
            c => out.push(c),
        }
    }
    out
}

/// `-1_250.50`, `2.5M` as a plain decimal string without needless zeros.
pub(super) fn decimal(text: &str) -> String {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (text, power) = if let Some(rest) = text.strip_suffix("bn") {
        (rest, 9)
    } else if let Some(rest) = text.strip_suffix('M') {
        (rest, 6)
    } else if let Some(rest) = text.strip_suffix('k') {
        (rest, 3)
    } else {
        (text, 0)
    };
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut whole = whole.to_owned();
    let mut fraction = fraction.to_owned();
    for _ in 0..power {
        whole.push(if fraction.is_empty() { '0' } else { fraction.remove(0) });
    }
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if negative && (whole != "0" || !fraction.is_empty()) { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn numbers_become_plain_decimals() {
        for (written, plain) in [
            ("0", "0"),
            ("-0.00", "0"),
            ("1_000", "1000"),
            ("2.5M", "2500000"),
            ("1.2bn", "1200000000"),
            ("0.0005k", "0.5"),
            ("-5_050k", "-5050000"),
            ("00.10", "0.1"),
        ] {
            assert_eq!(decimal(written), plain, "{written}");
        }
    }
}
