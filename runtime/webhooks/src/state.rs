//! What is known of deliveries: enough to go on after a restart.
//!
//! An endpoint takes notices in their order, up to one; those of them that failed wait beside that to be
//! tried again. What is lost of this is sent again, under the same id.

use crate::client::Outcome;
use crate::{limits, schedule};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// All endpoints by tenant and id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints(pub BTreeMap<String, BTreeMap<String, Endpoint>>);

/// What is known of one endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Endpoint {
    /// Notices up to this entry were taken up.
    pub after: u64,
    /// Those to be tried, by id.
    pub waiting: BTreeMap<String, Waiting>,
    /// The last attempts, the oldest first.
    pub recent: VecDeque<Delivery>,
    /// It said that it is gone.
    pub disabled: bool,
}

/// A notice to be tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// JSON.
    pub body: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When it is tried next, seconds since 1970.
    pub at: i64,
}

/// An attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Id of the notice.
    pub id: String,
    /// When, seconds since 1970.
    pub at: i64,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// Why it failed; none: it was taken.
    pub failed: Option<String>,
    /// When it is tried again, seconds since 1970.
    pub next: Option<i64>,
}

impl Endpoint {
    /// Whether it takes more notices.
    pub fn has_room(&self) -> bool {
        !self.disabled && self.waiting.len() < limits::WAITING
    }

    /// Takes a single notice up beside the others, to be tried at once, also where it said that it is gone;
    /// not where too many wait.
    pub fn put_beside(&mut self, id: String, body: String, now: i64) -> bool {
        let room = self.waiting.len() < limits::WAITING + limits::BESIDE || self.waiting.contains_key(&id);
        if room {
            self.disabled = false;
            self.put(id, body, now);
        }
        room
    }

    /// Takes a notice up, to be tried at once.
    pub fn put(&mut self, id: String, body: String, now: i64) {
        self.waiting.insert(id, Waiting { body, attempts: 0, at: now });
    }

    /// What is due at a time, the longest due first.
    pub fn due(&self, now: i64) -> Vec<(&String, &Waiting)> {
        if self.disabled {
            return Vec::new();
        }
        let mut due: Vec<_> = self.waiting.iter().filter(|(_, of)| of.at <= now).collect();
        due.sort_by_key(|(id, of)| (of.at, *id));
        due
    }

    /// Remembers what became of an attempt; whether the notice was given up.
    pub fn tried(&mut self, id: &str, outcome: &Outcome, now: i64) -> bool {
        let Some(of) = self.waiting.get_mut(id) else { return false };
        of.attempts += 1;
        let attempt = of.attempts;
        let mut delivery = Delivery { id: id.to_owned(), at: now, attempt, failed: None, next: None };
        let mut given_up = false;
        match outcome {
            Outcome::Delivered => {
                self.waiting.remove(id);
            }
            Outcome::Gone => {
                delivery.failed = Some("answered with 410: it is not asked again".into());
                self.disabled = true;
                self.waiting.clear();
            }
            Outcome::Failed { why, pause } => {
                delivery.failed = Some(why.clone());
                match schedule::after(attempt) {
                    Some(wait) => {
                        let wait = wait.max(pause.unwrap_or_default()).as_secs();
                        of.at = now.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX));
                        delivery.next = Some(of.at);
                    }
                    None => {
                        self.waiting.remove(id);
                        given_up = true;
                    }
                }
            }
        }
        self.recent.push_back(delivery);
        while self.recent.len() > limits::REMEMBERED {
            self.recent.pop_front();
        }
        given_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn failed(pause: Option<u64>) -> Outcome {
        Outcome::Failed { why: "answered with 500".into(), pause: pause.map(Duration::from_secs) }
    }

    #[test]
    fn what_fails_is_tried_again_and_given_up_in_the_end() {
        let mut endpoint = Endpoint::default();
        endpoint.put("a".into(), "{}".into(), 100);
        assert_eq!(endpoint.due(99).len(), 0);
        assert_eq!(endpoint.due(100).len(), 1);
        assert!(!endpoint.tried("a", &failed(None), 100));
        assert_eq!((endpoint.due(104).len(), endpoint.due(105).len()), (0, 1));
        // It asks for a longer pause.
        endpoint.tried("a", &failed(Some(3_000)), 105);
        assert_eq!(endpoint.recent[1].next, Some(3_105));
        let mut now = 3_105;
        let mut given_up = false;
        while let Some((_, of)) = endpoint.waiting.first_key_value() {
            now = now.max(of.at);
            given_up = endpoint.tried("a", &failed(None), now);
        }
        assert!(given_up && endpoint.recent.len() == 10);
        endpoint.put("b".into(), "{}".into(), now);
        endpoint.tried("b", &Outcome::Delivered, now);
        assert!(endpoint.waiting.is_empty() && endpoint.recent.back().is_some_and(|d| d.failed.is_none()));
        endpoint.put("c".into(), "{}".into(), now);
        endpoint.tried("c", &Outcome::Gone, now);
        assert!(endpoint.disabled && !endpoint.has_room() && endpoint.due(i64::MAX).is_empty());
        // Asked to, it is tried once more.
        assert!(endpoint.put_beside("d".into(), "{}".into(), now) && endpoint.due(now).len() == 1);
        let text = serde_json::to_string(&endpoint).expect("written");
        assert_eq!(serde_json::from_str::<Endpoint>(&text).expect("read"), endpoint);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut endpoint = Endpoint::default();
        let most = limits::WAITING + limits::BESIDE;
        for id in 0..most {
            assert!(endpoint.put_beside(format!("{id}"), "{}".into(), 0), "{id}");
        }
        assert!(!endpoint.has_room() && !endpoint.put_beside("more".into(), "{}".into(), 0));
        assert!(endpoint.put_beside("0".into(), "{}".into(), 0), "it is there already");
        assert_eq!(endpoint.waiting.len(), most);
    }
}
