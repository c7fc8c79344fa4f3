//! Commands under a key: what they were answered is kept for a while and given again.
//!
//! The answers are an entry of their own in the group of the entries that they speak of: either
//! all of it is in the log, or nothing.

use crate::command::{Answer, Command, Once};
use crate::entry::{Answered, Entry};
use crate::group::{Given, Group, Made};
use crate::limits;
use crate::machine::{Machine, ReplayError, Tenant};
use crate::planted::{self, Bug};
use hashbrown::HashMap;
use price_ingest::Envelopes;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// What was answered under a key.
#[derive(Serialize, Deserialize)]
pub(crate) struct Memory {
    recorded_at: i64,
    print: [u8; 16],
    /// See [`crate::answers`].
    answers: Box<[u8]>,
}

/// Answers of one tenant by key. For looking up only: its order reaches nothing.
#[derive(Default)]
pub(crate) struct Memories {
    by_key: HashMap<Arc<str>, Memory>,
    /// Keys, the oldest first.
    order: VecDeque<Arc<str>>,
    bytes: usize,
}

/// Answers as a checkpoint keeps them.
pub(crate) type SavedMemories = (Vec<(Arc<str>, Memory)>, VecDeque<Arc<str>>, usize);

impl Memories {
    fn get(&self, key: &str, now: i64) -> Option<&Memory> {
        self.by_key.get(key).filter(|memory| !over(memory, now))
    }

    fn put(&mut self, key: &str, memory: Memory) {
        let now = memory.recorded_at;
        self.bytes += size(key, &memory);
        let key: Arc<str> = key.into();
        while let Some(oldest) = self.order.front().filter(|oldest| {
            let full = self.order.len() >= limits::ONCE_KEYS || self.bytes > limits::ONCE_BYTES;
            full || self.by_key.get(*oldest).is_none_or(|memory| over(memory, now))
        }) {
            if let Some(gone) = self.by_key.remove(oldest) {
                self.bytes -= size(oldest, &gone);
            }
            self.order.pop_front();
        }
        self.by_key.insert(key.clone(), memory);
        self.order.push_back(key);
    }

    /// Takes messages out of all answers: they may quote what was sent.
    pub(crate) fn erase(&mut self) {
        for memory in self.by_key.values_mut() {
            if let Some(answers) = crate::answers::without_messages(&memory.answers) {
                memory.answers = answers.into();
            }
        }
    }

    /// What a checkpoint keeps.
    pub(crate) fn save(&self) -> impl Serialize + '_ {
        (self.by_key.iter().collect::<Vec<_>>(), &self.order, self.bytes)
    }

    /// What a checkpoint kept.
    pub(crate) fn load((by_key, order, bytes): SavedMemories) -> Memories {
        Memories { by_key: by_key.into_iter().collect(), order, bytes }
    }

    /// All of it, in order.
    pub(crate) fn digest(&self, put: &mut impl FnMut(&[u8])) {
        for key in &self.order {
            put(key.as_bytes());
            let Some(memory) = self.by_key.get(key) else { continue };
            put(&memory.print);
            put(&memory.recorded_at.to_le_bytes());
            put(&memory.answers);
        }
    }
}

fn over(memory: &Memory, now: i64) -> bool {
    now.saturating_sub(memory.recorded_at) >= limits::ONCE_MICROS && !planted::is(Bug::KeyForEver)
}

fn size(key: &str, memory: &Memory) -> usize {
    2 * key.len() + memory.answers.len() + 128
}

impl Machine {
    /// Carries commands out under a key, or says again what they were answered.
    pub(crate) fn once(
        &mut self,
        reader: &mut Envelopes,
        group: &mut Group,
        once: &Once,
        commands: &[Command],
    ) -> Result<(), ReplayError> {
        self.flush(group)?;
        if once.key.len() > limits::ONCE_KEY_BYTES || commands.len() > limits::ONCE_COMMANDS {
            let (key, most) = (limits::ONCE_KEY_BYTES, limits::ONCE_COMMANDS);
            return group.refuse(("S010", format!("a key has at most {key} bytes, and is of {most} records")));
        }
        let known = self.tenants.get(&once.tenant).and_then(|tenant| tenant.once.get(&once.key, group.recorded_at));
        if let Some(memory) = known.filter(|_| !planted::is(Bug::KeyTwice)) {
            let same = memory.print == once.print || planted::is(Bug::KeyOfOther);
            return match crate::answers::read(&memory.answers).filter(|_| same) {
                Some(answers) => {
                    group.answers.push(Given::Now(Answer::Once { answers, again: true }));
                    Ok(())
                }
                None => group.refuse(("S028", "another request came with this key before".into())),
            };
        }
        let start = group.answers.len();
        for command in commands {
            match command {
                Command::Once { .. } | Command::Look | Command::Tick => {
                    group.refuse(("S010", "a key is of plain commands".into()))?
                }
                command => self.one(reader, group, command)?,
            }
        }
        self.flush(group)?;
        let mut answers = group.split_off(start);
        answers.iter_mut().for_each(cut);
        let answered = Answered {
            tenant: once.tenant.clone(),
            key: once.key.clone(),
            print: once.print,
            answers: crate::answers::bytes(&answers),
        };
        self.remember(group.recorded_at, &answered);
        group.entries.push(Made::Entry(Entry::Answered(answered)));
        group.answers.push(Given::Now(Answer::Once { answers, again: false }));
        Ok(())
    }

    /// Keeps what was answered under a key.
    pub(crate) fn remember(&mut self, recorded_at: i64, answered: &Answered) {
        let tenant = self.tenants.number_or(&answered.tenant, Tenant::default);
        let memory = Memory { recorded_at, print: answered.print, answers: answered.answers.clone().into() };
        self.tenants.at_mut(tenant).once.put(&answered.key, memory);
    }
}

/// Keeps a message short: the first answer says the same as those after it.
fn cut(answer: &mut Answer) {
    let (Answer::Rejected { message, .. } | Answer::Refused { message, .. }) = answer else { return };
    if message.len() > limits::ONCE_MESSAGE_BYTES {
        message.truncate(message.floor_char_boundary(limits::ONCE_MESSAGE_BYTES));
        message.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(memories: &mut Memories, key: &str, recorded_at: i64, bytes: usize) {
        memories.put(key, Memory { recorded_at, print: [0; 16], answers: vec![0; bytes].into() });
    }

    #[test]
    fn answers_are_kept_for_a_day() {
        let mut memories = Memories::default();
        put(&mut memories, "a", 0, 10);
        assert!(memories.get("a", limits::ONCE_MICROS - 1).is_some());
        assert!(memories.get("a", limits::ONCE_MICROS).is_none());
        put(&mut memories, "a", limits::ONCE_MICROS, 10);
        assert!(memories.get("a", limits::ONCE_MICROS).is_some());
        assert_eq!((memories.by_key.len(), memories.order.len()), (1, 1));
    }

    #[test]
    fn the_oldest_answers_make_room() {
        let mut memories = Memories::default();
        for n in 0..limits::ONCE_KEYS + 5 {
            put(&mut memories, &n.to_string(), n as i64, 10);
        }
        assert_eq!((memories.by_key.len(), memories.order.len()), (limits::ONCE_KEYS, limits::ONCE_KEYS));
        assert!(memories.get("4", 0).is_none() && memories.get("5", 0).is_some());
        for n in 0..20 {
            put(&mut memories, &format!("large{n}"), 0, limits::ONCE_BYTES / 10);
        }
        assert!(memories.bytes <= limits::ONCE_BYTES && memories.by_key.len() < 11, "{}", memories.bytes);
        assert!(memories.get("large19", 0).is_some());
    }
}
