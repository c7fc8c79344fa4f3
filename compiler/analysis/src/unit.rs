//! Units: an abelian group over declared base units with exact factors.

use price_value::Rational;
use std::collections::BTreeMap;
use std::fmt;

/// Exponents of base units. Base units are named `module.name`, so that two modules may each
/// declare a `call` of their own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Dims(BTreeMap<String, i32>);

impl Dims {
    /// No unit at all.
    pub fn none() -> Dims {
        Dims::default()
    }

    /// One base unit.
    pub fn base(name: String) -> Dims {
        Dims(BTreeMap::from([(name, 1)]))
    }

    /// Whether there is no unit.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Product (`sign` 1) or quotient (`sign` −1).
    pub fn times(&self, other: &Dims, sign: i32) -> Dims {
        let mut all = self.0.clone();
        for (base, power) in &other.0 {
            let entry = all.entry(base.clone()).or_insert(0);
            *entry = entry.saturating_add(power.saturating_mul(sign));
            if *entry == 0 {
                all.remove(base);
            }
        }
        Dims(all)
    }

    /// Number of base units, for limits.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// Largest exponent, for limits.
    pub fn max_power(&self) -> u32 {
        self.0.values().map(|p| p.unsigned_abs()).max().unwrap_or(0)
    }
}

impl fmt::Display for Dims {
    /// `byte x month`, `second / call`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |base: &str| base.rsplit('.').next().unwrap_or(base).to_string();
        let part = |(base, power): (&String, i32)| match power {
            1 => short(base),
            n => format!("{}^{n}", short(base)),
        };
        let over: Vec<String> = self.0.iter().filter(|(_, p)| **p > 0).map(|(b, p)| part((b, *p))).collect();
        let under: Vec<String> = self.0.iter().filter(|(_, p)| **p < 0).map(|(b, p)| part((b, -p))).collect();
        let top = if over.is_empty() { "1".to_string() } else { over.join(" x ") };
        if under.is_empty() { f.write_str(&top) } else { write!(f, "{top} / {}", under.join(" / ")) }
    }
}

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Unit {
    /// Declared name, singular.
    pub name: String,
    /// Spelling for more than one, if declared.
    pub plural: Option<String>,
    /// What it measures.
    pub dims: Dims,
    /// Base units in one of it.
    pub factor: Rational,
}
