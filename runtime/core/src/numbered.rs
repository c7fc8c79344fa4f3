//! Things with a name and a number.
//!
//! A name is looked up once; whatever an event touches afterwards is found by its number. Numbers
//! depend on the order of arrival and reach no output: what is listed is listed by name. Names
//! are put in order when they are listed, which is seldom, not when they come.

use hashbrown::HashMap;
use std::sync::Arc;

/// See the module. Nothing is ever taken out, so that a number stays what it is.
pub(crate) struct Numbered<T> {
    all: Vec<(Arc<str>, T)>,
    /// For looking up only. The hash is seeded, for names are what anybody sends.
    numbers: HashMap<Arc<str>, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Numbered<T> {
        Numbered { all: Vec::new(), numbers: HashMap::default() }
    }
}

impl<T> Numbered<T> {
    /// The number of a name.
    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// The number of a name; a new one gets what `make` makes.
    pub(crate) fn number_or(&mut self, name: &str, make: impl FnOnce() -> T) -> u32 {
        match self.number(name) {
            Some(number) => number,
            None => self.add(name.into(), make()),
        }
    }

    fn add(&mut self, name: Arc<str>, thing: T) -> u32 {
        let number = u32::try_from(self.all.len()).expect("limits keep numbers small");
        self.numbers.insert(name.clone(), number);
        self.all.push((name, thing));
        number
    }

    /// What has a name.
    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        self.number(name).map(|number| self.at(number))
    }

    /// What has a name, to be changed.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        self.number(name).map(|number| self.at_mut(number))
    }

    /// What has a number.
    pub(crate) fn at(&self, number: u32) -> &T {
        &self.all[number as usize].1
    }

    /// What has a number, to be changed.
    pub(crate) fn at_mut(&mut self, number: u32) -> &mut T {
        &mut self.all[number as usize].1
    }

    /// What has a number, if anything has, to be changed.
    pub(crate) fn get_at_mut(&mut self, number: u32) -> Option<&mut T> {
        self.all.get_mut(number as usize).map(|(_, thing)| thing)
    }

    /// The name of a number.
    pub(crate) fn name(&self, number: u32) -> &Arc<str> {
        &self.all[number as usize].0
    }

    /// Everything, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &T)> {
        let mut listed: Vec<&(Arc<str>, T)> = self.all.iter().collect();
        listed.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        listed.into_iter().map(|(name, thing)| (name, thing))
    }

    /// Everything, by number.
    pub(crate) fn by_number(&self) -> impl Iterator<Item = (&str, &T)> {
        self.all.iter().map(|(name, thing)| (&**name, thing))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_and_lists_go_by_name() {
        let mut things: Numbered<u8> = Numbered::default();
        let (b, a) = (things.number_or("b", || 2), things.number_or("a", || 1));
        assert_eq!((things.number_or("b", || 9), *things.at(b), *things.at(a)), (b, 2, 1));
        let listed: Vec<(&str, u8)> = things.iter().map(|(name, thing)| (&**name, *thing)).collect();
        assert_eq!(listed, [("a", 1), ("b", 2)]);
        assert_eq!((things.get("c"), things.len()), (None, 2));
    }
}
