//! A small random source whose every stream is named by one number.

use price_value::Rational;

/// SplitMix64: the same seed gives the same plans on every machine.
#[derive(Debug, Clone)]
pub struct Rng {
    state: u64,
    /// Bounds of a plan, which values should meet.
    bounds: Vec<Rational>,
}

impl Rng {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Rng {
        // Neighbouring seeds are cases of one run and must not share a stretch of their streams.
        let state = seed.wrapping_mul(0xd134_2543_de82_ef95) ^ 0x5851_f42d_4c95_7f2d;
        Rng { state, bounds: Vec::new() }
    }

    /// The stream of a seed for rows of a plan whose tiers begin there.
    pub fn near(seed: u64, bounds: Vec<Rational>) -> Rng {
        Rng { bounds, ..Rng::new(seed) }
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is above zero.
    pub fn below(&mut self, end: u64) -> u64 {
        self.any() % end
    }

    /// A number of `from..=to`.
    pub fn within(&mut self, from: usize, to: usize) -> usize {
        from + self.below((to - from + 1) as u64) as usize
    }

    /// True `percent` times of a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of the items, of which there is at least one.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    /// A number of the trade: `0.002`, `49.99`, `7/3`, `1073741824`.
    pub fn literal(&mut self) -> Rational {
        match self.below(20) {
            0 => Rational::ZERO,
            1 => Rational::ONE,
            2 => Rational::new(self.below(100).into(), *self.pick(&[3, 7, 30, 3000])),
            3 => Rational::int(*self.pick(&[1 << 30, 1_000_000, 86_400])),
            4 => Rational::new(self.below(1000).into(), *self.pick(&[1 << 20, 1_000_000])),
            _ => Rational::new(self.below(1000).into(), *self.pick(&[1, 10, 100, 1000])),
        }
    }

    /// A bound of tiers and buckets, from a short list so that values meet it.
    pub fn bound(&mut self) -> Rational {
        if !self.bounds.is_empty() && self.chance(70) {
            let at = self.below(self.bounds.len() as u64) as usize;
            return self.bounds[at].clone();
        }
        Rational::new(*self.pick(&[1, 5, 10, 25, 100, 1000, 2500, 100_000]), *self.pick(&[1, 1, 1, 2, 10]))
    }

    /// A step above zero.
    pub fn step(&mut self) -> Rational {
        Rational::new(*self.pick(&[1, 1, 1, 5, 60, 3]), *self.pick(&[1, 1, 100, 10, 2]))
    }
}
