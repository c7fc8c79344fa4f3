//! Sinks: keys, folds, charges on each event, and the rules of any price.

use super::Verifier;
use super::func::Reads;
use crate::func::Cond;
use crate::limits;
use crate::plan::{CellRule, DimensionKind, Event, EventCharge, FieldType, Fold, Key, KeySource, Post, Rules, Sink};

impl<'p> Verifier<'p> {
    pub(super) fn sinks(&mut self) {
        let plan = self.plan;
        self.count("plan", "sinks", plan.sinks.len(), limits::LIST);
        self.unique("sinks", plan.sinks.iter().map(|s| s.name.as_str()));
        for sink in &plan.sinks {
            let at = format!("sink {}", sink.name);
            if self.index(&at, "event", sink.event.0, plan.events.len()) {
                self.sink(&at, sink, &plan.events[sink.event.ix()]);
            }
        }
    }

    fn sink(&mut self, at: &str, sink: &'p Sink, event: &'p Event) {
        self.length(at, &sink.meter);
        self.length(at, &sink.unit);
        self.positive(at, "the quantum", &sink.quantum);
        if let Some(bound) = &sink.bound {
            self.not_negative(at, "the bound", bound);
        }
        self.count(at, "keys", sink.keys.len(), 64);
        let before = self.findings.len();
        for (index, key) in sink.keys.iter().enumerate() {
            if self.index(at, "dimension", key.dim.0, self.plan.dimensions.len()) {
                let earlier = Reads::Row { sink, event, keys: index, arg: false };
                self.key_source(at, key, event, earlier);
            }
        }
        if sink.keys.iter().filter(|key| matches!(key.source, KeySource::Family(_))).count() > 1 {
            self.say(at, "more than one key counts once per label");
        }
        if self.findings.len() > before {
            return;
        }
        if self.plan.cells(sink).is_none() {
            self.say(at, format_args!("more than {} cells", limits::CELLS));
            return;
        }
        let row = Reads::Row { sink, event, keys: sink.keys.len(), arg: false };
        self.condition(&format!("{at}, filter"), row, &sink.filter);
        self.condition(&format!("{at}, scope"), row, &sink.scope);
        if !labels_only(&sink.scope, 0) {
            self.say(at, "its scope reads more than labels");
        }
        self.fold(at, sink, event, row);
        if let Some(parts) = sink.parts
            && self.index(at, "parts", parts.0, self.plan.sinks.len())
        {
            self.parts(at, sink, &self.plan.sinks[parts.ix()]);
        }
    }

    /// What holds the levels that a sink's cells are the sums of.
    fn parts(&mut self, at: &str, sink: &Sink, parts: &Sink) {
        let levels = sink.is_level() && matches!(parts.fold, Fold::Last(_)) && parts.parts.is_none();
        if !levels || parts.event != sink.event || parts.quantum != sink.quantum {
            self.say(at, "its parts are not levels of the same events in the same steps");
        }
        let cell = |sink: &'_ Sink| {
            let keys = sink.keys.iter().filter(|key| key.in_cell);
            keys.map(|key| (key.dim, key.source.clone())).collect::<Vec<_>>()
        };
        let finer = cell(parts);
        if !cell(sink).iter().all(|key| finer.contains(key)) {
            self.say(at, "a part belongs to more than one of its cells");
        }
        let family = |sink: &'_ Sink| {
            let key = sink.keys.iter().find(|key| matches!(key.source, KeySource::Family(_)));
            key.map(|key| (key.dim, key.source.clone()))
        };
        if family(sink) != family(parts) {
            self.say(at, "its parts do not count once per label as it does");
        }
        if sink.keys.iter().any(|key| matches!(key.source, KeySource::Calendar(_)) && key.in_cell) {
            self.say(at, "a level that is a sum of parts is not kept apart by time");
        }
    }

    fn key_source(&mut self, at: &str, key: &Key, event: &'p Event, earlier: Reads<'p>) {
        let dimension = &self.plan.dimensions[key.dim.ix()];
        let fits = match &key.source {
            KeySource::Field(field) => {
                matches!(event.fields.get(field.ix()).map(|f| &f.ty),
                    Some(FieldType::Label(dim) | FieldType::LabelFrom(dim, _)) if *dim == key.dim)
            }
            KeySource::Bucket(value) => {
                self.function(&format!("{at}, bucket"), earlier, value);
                matches!(dimension.kind, DimensionKind::Buckets { .. })
            }
            KeySource::Calendar(calendar) => dimension.kind == DimensionKind::Calendar(*calendar),
            KeySource::Family(field) => {
                matches!(event.fields.get(field.ix()).map(|f| &f.ty),
                    Some(FieldType::Family(dim, _)) if *dim == key.dim)
            }
        };
        if !fits {
            self.say(at, format_args!("a key of `{}` has another source of labels", dimension.name));
        }
    }

    fn fold(&mut self, at: &str, sink: &'p Sink, event: &'p Event, row: Reads<'p>) {
        match &sink.fold {
            Fold::Count => {}
            Fold::Sum(value)
            | Fold::Max(value, _)
            | Fold::Min(value, _)
            | Fold::Last(value)
            | Fold::Average(value)
            | Fold::Mean(value) => self.function(at, row, value),
            Fold::Unique(field) => {
                if self.index(at, "field", field.0, event.fields.len())
                    && !matches!(
                        event.fields[field.ix()].ty,
                        FieldType::Text | FieldType::Label(_) | FieldType::LabelFrom(..)
                    )
                {
                    self.say(at, "what is counted once is a text or a label");
                }
            }
            Fold::Percentile(percentile, value) => {
                if !(1..=100).contains(percentile) {
                    self.say(at, "a percentile is 1 to 100");
                }
                self.function(at, row, value);
            }
            Fold::Slotted { seconds, value, .. } => {
                if !(1..=limits::SLOT_SECONDS).contains(seconds) {
                    self.say(at, format_args!("a slot has 1 to {} seconds", limits::SLOT_SECONDS));
                }
                self.function(at, row, value);
            }
            Fold::Charge(charge) => self.event_charge(at, sink, event, charge),
        }
    }

    fn event_charge(&mut self, at: &str, sink: &'p Sink, event: &'p Event, charge: &'p EventCharge) {
        let row = |arg| Reads::Row { sink, event, keys: sink.keys.len(), arg };
        self.length(at, &charge.measure_unit);
        match &charge.measure {
            Some(measure) => {
                let before = self.findings.len();
                self.function(&format!("{at}, measure"), row(false), measure);
                if self.findings.len() == before && measure.denominator(event, 1).is_none() {
                    self.say(at, "steps of the measure need more than 126 bits");
                }
            }
            None if charge.priced_by_host() => self.say(at, "what is split or covered has a measure"),
            None => {}
        }
        if let Some(split) = &charge.split {
            self.positive(at, "the length of a unit", &split.seconds_per_unit);
            if self.index(at, "key", split.key.0, sink.keys.len())
                && !matches!(sink.keys[split.key.ix()].source, KeySource::Calendar(_))
            {
                self.say(at, "an event is split at the labels of a calendar");
            }
        }
        for post in &charge.post {
            match post {
                Post::AtLeast(amount) | Post::AtMost(amount) => self.literal(at, amount),
                Post::Round(rounding) => self.rounding(at, rounding),
            }
        }
        self.count(at, "steps after the amount", charge.post.len(), 64);
        self.rules(at, &charge.rules, row(charge.measure.is_some()), sink);
    }

    /// Functions and regimes of a price over the cells of `sink`.
    pub(super) fn rules(&mut self, at: &str, rules: &'p Rules, reads: Reads<'p>, sink: &Sink) {
        self.count(at, "functions", rules.functions.len(), limits::CELLS);
        self.count(at, "regimes", rules.regimes.len(), limits::LIST);
        for (index, function) in rules.functions.iter().enumerate() {
            self.function(&format!("{at}, function {index}"), reads, &function.amount);
            self.count(at, "rules of a function", function.rules.len(), limits::LIST);
            function.rules.iter().for_each(|rule| self.rule(at, *rule));
        }
        if rules.regimes.first().is_none_or(|regime| regime.from.is_some()) {
            self.say(at, "the first regime has no start");
        }
        if !rules.regimes.is_sorted_by(|a, b| a.from < b.from) {
            self.say(at, "starts of regimes increase");
        }
        let cells = self.plan.cells(sink).unwrap_or_default();
        for regime in &rules.regimes {
            self.spend_cells(regime.cells.len());
            if regime.cells.len() != cells {
                self.say(at, format_args!("a regime has {} cells and not {cells}", regime.cells.len()));
            }
            for cell in &regime.cells {
                if let CellRule::Function(function) = cell {
                    self.index(at, "function", *function, rules.functions.len());
                }
            }
        }
    }
}

fn labels_only(cond: &Cond, depth: usize) -> bool {
    match cond {
        Cond::Always | Cond::Label(..) => true,
        Cond::Text(..) | Cond::Flag(_) | Cond::Compare(..) | Cond::Present(_) => false,
        // Too deep was said already.
        _ if depth > limits::EXPR_DEPTH => true,
        Cond::All(parts) | Cond::Any(parts) => parts.iter().all(|part| labels_only(part, depth + 1)),
        Cond::Not(part) => labels_only(part, depth + 1),
    }
}
