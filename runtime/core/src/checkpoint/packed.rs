//! Facts as few bytes: what is near the one before is written as the difference.

use crate::facts::{Fact, Facts};

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// The difference, small numbers for small ones of either sign.
fn apart(of: i64, before: i64) -> u64 {
    let by = of.wrapping_sub(before);
    (by.wrapping_shl(1) ^ (by >> 63)) as u64
}

fn behind(apart: u64, before: i64) -> i64 {
    before.wrapping_add((apart >> 1) as i64 ^ -((apart & 1) as i64))
}

/// Instant, entry and time of recording of the fact before.
type Before = (i64, i64, i64);

/// The facts of one billed subject that came after an entry, if there are any.
pub(super) fn write(billed: u32, facts: &Facts, since: u64, out: &mut Vec<u8>) {
    let count = facts.since(since).count();
    if count == 0 {
        return;
    }
    put(out, u64::from(billed));
    put(out, count as u64);
    let mut before: Before = (0, 0, 0);
    for Fact { happened, seq, recorded, member, .. } in facts.since(since) {
        let now = (*happened, *seq as i64, *recorded);
        put(out, apart(now.0, before.0));
        put(out, apart(now.1, before.1));
        put(out, apart(now.2, before.2));
        put(out, u64::from(*member));
        before = now;
    }
}

/// Hands what [`write`] wrote to `each`, with who is billed; `None` where it is cut off.
pub(super) fn read(mut bytes: &[u8], mut each: impl FnMut(u32, Fact)) -> Option<()> {
    while !bytes.is_empty() {
        let billed = take(&mut bytes)? as u32;
        let mut before: Before = (0, 0, 0);
        for _ in 0..take(&mut bytes)? {
            let mut next = |before| Some(behind(take(&mut bytes)?, before));
            before = (next(before.0)?, next(before.1)?, next(before.2)?);
            let (happened, seq, recorded) = (before.0, before.1 as u64, before.2);
            let member = take(&mut bytes)? as u32;
            each(billed, Fact { happened, seq, recorded, member, counts: true });
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_come_back_and_damage_is_noticed() {
        let fact = |happened, seq, recorded, member| Fact { happened, seq, recorded, member, counts: true };
        let mut facts = Facts::default();
        let all = [
            fact(i64::MIN, 7, -5, u32::MAX),
            fact(-1, 3, 1, 0),
            fact(1_768_867_200_000_000_000, 9, 1_768_867_200_000_000_001, 4),
            fact(i64::MAX, 1 << 60, i64::MAX, 1),
        ];
        all.iter().for_each(|fact| facts.insert(*fact));
        let mut bytes = Vec::new();
        write(0, &Facts::default(), 0, &mut bytes);
        write(5, &facts, 0, &mut bytes);
        let mut found = Vec::new();
        assert_eq!(read(&bytes, |billed, fact| found.push((billed, fact))), Some(()));
        assert_eq!(found, all.map(|fact| (5, fact)));
        for cut in 1..bytes.len() {
            assert_eq!(read(&bytes[..cut], |_, _| {}), None, "{cut}");
        }
        bytes.clear();
        write(5, &facts, 7, &mut bytes);
        let mut later = Vec::new();
        assert_eq!(read(&bytes, |_, fact| later.push(fact.seq)), Some(()));
        assert_eq!(later, [9, 1 << 60]);
    }
}
