//! The numbers of items: made of how an item is called, not of where it stands.

use price_diagnostics::ItemId;
use std::collections::{BTreeMap, BTreeSet};

/// Gives out the numbers of one file, in the order of its items.
#[derive(Default)]
pub(crate) struct Identities {
    /// How many items were called so before.
    met: BTreeMap<String, u32>,
    given: BTreeSet<ItemId>,
}

impl Identities {
    /// The number of the next item. Items that are called alike are told apart by their order.
    pub(crate) fn of(&mut self, text: &str) -> ItemId {
        let head = head(text);
        let before = self.met.entry(head.clone()).or_default();
        let mut id = number(&head, *before);
        *before += 1;
        // Two heads may have one number: whoever comes later takes the next that is free.
        while id == ItemId::FILE || !self.given.insert(id) {
            id = ItemId(id.0.wrapping_add(1));
        }
        id
    }
}

/// The words of an item in front of what it holds: `plan starter`, `ratecard cloud version 4`.
fn head(text: &str) -> String {
    let mut quoted = false;
    let end = text.find(|c: char| {
        quoted ^= c == '"';
        c == '\n' || !quoted && matches!(c, '{' | '=' | '(' | '#')
    });
    let words: Vec<&str> = text[..end.unwrap_or(text.len())].split_whitespace().collect();
    words.join(" ")
}

/// FNV-1a, folded: the same in every run, since items are found again by it.
fn number(head: &str, before: u32) -> ItemId {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in head.bytes().chain(before.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }
    let [a, b, c, d, e, f, g, h] = hash.to_le_bytes();
    ItemId(u32::from_le_bytes([a ^ e, b ^ f, c ^ g, d ^ h]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_item_holds_is_no_part_of_its_number() {
        let one = |text: &str| Identities::default().of(text);
        assert_eq!(one("plan a {\n  currency USD\n}"), one("plan  a { }"));
        assert_eq!(one("let x = 3"), one("let x = 4 # why"));
        assert_ne!(
            one("test \"a (b) = c\" for plan p in 2026-01 {"),
            one("test \"a (b) = d\" for plan p in 2026-01 {")
        );
        assert_ne!(one("ratecard a version 1 {"), one("ratecard a version 2 {"));
    }

    #[test]
    fn items_that_are_called_alike_have_numbers_of_their_own() {
        let mut ids = Identities::default();
        let all: BTreeSet<ItemId> = (0..1_000).map(|_| ids.of("plan a {")).collect();
        assert_eq!(all.len(), 1_000);
        assert!(!all.contains(&ItemId::FILE));
    }
}
