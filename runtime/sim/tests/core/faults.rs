//! Faults for the simulator to find. None of them is in the product: they are in how the harness
//! uses it, or behind the switches of the store and of the core that only tests turn.

use crate::host::Stored;
use price_core::entry::{Entry, Named};
use price_core::planted::Bug as Core;
use price_store::planted::Bug as Store;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// An answer is given before the flush.
    AnswerBeforeSync,
    /// A group of commands becomes two groups of the log.
    SplitGroup,
    /// The last entry of each group is not replayed.
    DropLastOfGroup,
    /// The last group is applied a second time after a crash.
    ApplyTwice,
    /// Ids are forgotten when the log is opened again.
    ForgetIds,
    /// An event that is taken back still counts.
    KeepVoided,
    /// The first content counts after a replacement.
    IgnoreReplace,
    /// A revert takes half of the backfill back.
    HalfRevert,
    /// Late usage changes the invoice that is closed.
    LateInClosedPeriod,
    /// Another content under a known id takes the place of the first.
    AcceptOtherContent,
    /// A replay takes the time from the clock, not from the entry.
    ClockOnReplay,
    /// The state is kept although its entries did not fit on the disk.
    KeepAfterFullDisk,
    /// The last day of a subscription is not looked at.
    EndlessSubscription,
    /// An amended plan is logged and not put into force.
    IgnoreAmendment,
    /// Usage that does not come in the order in which it happened is lost.
    OrderOfArrival,
    /// Usage of one tenant is counted for another.
    WrongTenant,
    /// A group whose end was torn off is read.
    TornTail,
    /// The flush does nothing.
    SkipSync,
    /// Checksums are not compared.
    NoChecksum,
    /// In what the core decides and carries out.
    Core(Core),
}

impl Fault {
    pub const ALL: [Fault; 39] = [
        Fault::AnswerBeforeSync,
        Fault::SplitGroup,
        Fault::DropLastOfGroup,
        Fault::ApplyTwice,
        Fault::ForgetIds,
        Fault::KeepVoided,
        Fault::IgnoreReplace,
        Fault::HalfRevert,
        Fault::LateInClosedPeriod,
        Fault::AcceptOtherContent,
        Fault::ClockOnReplay,
        Fault::KeepAfterFullDisk,
        Fault::EndlessSubscription,
        Fault::IgnoreAmendment,
        Fault::OrderOfArrival,
        Fault::WrongTenant,
        Fault::TornTail,
        Fault::SkipSync,
        Fault::NoChecksum,
        Fault::Core(Core::HoldForever),
        Fault::Core(Core::GrantHeld),
        Fault::Core(Core::CommitBeyond),
        Fault::Core(Core::CloseEarly),
        Fault::Core(Core::NumberAgain),
        Fault::Core(Core::CreditBeyond),
        Fault::Core(Core::ApproveNothing),
        Fault::Core(Core::LoseNote),
        Fault::Core(Core::RestateNothing),
        Fault::Core(Core::CreditHidesChange),
        Fault::Core(Core::TellAgain),
        Fault::Core(Core::ForgetToLook),
        Fault::Core(Core::KeyTwice),
        Fault::Core(Core::KeyOfOther),
        Fault::Core(Core::KeyForEver),
        Fault::Core(Core::TokenStays),
        Fault::Core(Core::WorldClock),
        Fault::Core(Core::KeepText),
        Fault::Core(Core::CompareErased),
        Fault::Core(Core::EraseRead),
    ];

    /// As it is written.
    pub fn name(self) -> String {
        match self {
            Fault::Core(bug) => format!("{bug:?}"),
            other => format!("{other:?}"),
        }
    }

    /// Turns the switches, for faults that are behind one.
    pub fn switch(fault: Option<Fault>) {
        price_store::planted::choose(match fault {
            Some(Fault::TornTail) => Some(Store::KeepUncommitted),
            Some(Fault::SkipSync) => Some(Store::SkipSync),
            Some(Fault::NoChecksum) => Some(Store::NoChecksum),
            _ => None,
        });
        price_core::planted::choose(match fault {
            Some(Fault::Core(bug)) => Some(bug),
            _ => None,
        });
    }

    /// Whether it is in what entries do to the state.
    pub fn in_fold(self) -> bool {
        use Fault::*;
        matches!(
            self,
            KeepVoided
                | IgnoreReplace
                | HalfRevert
                | LateInClosedPeriod
                | AcceptOtherContent
                | EndlessSubscription
                | IgnoreAmendment
                | OrderOfArrival
                | WrongTenant
        )
    }

    /// The entries as a faulty machine takes them.
    pub fn bent(self, entries: &[Stored]) -> Vec<Stored> {
        let mut out = Vec::new();
        let mut sets: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut latest: BTreeMap<String, String> = BTreeMap::new();
        let mut published = false;
        for stored in entries {
            let entry = Entry::from_bytes(stored.kind, &stored.payload).expect("it was written a moment ago");
            let with = |entry: Entry| {
                let (kind, payload) = entry.to_bytes();
                Stored { kind, payload, ..stored.clone() }
            };
            match (self, entry) {
                (Fault::KeepVoided, Entry::Void(_)) | (Fault::IgnoreReplace, Entry::Replace(_)) => {}
                (Fault::HalfRevert, Entry::Usage(usage)) => {
                    let ids = sets.entry(usage.set.clone()).or_default();
                    ids.push(part(&usage.record, "id"));
                    out.push(stored.clone());
                }
                (Fault::HalfRevert, Entry::Revert(revert)) => {
                    let ids = sets.remove(&revert.set).unwrap_or_default();
                    for id in ids.iter().take(ids.len() / 2) {
                        let named = Named { tenant: revert.tenant.clone(), source: "s".into(), id: id.clone() };
                        out.push(with(Entry::Void(named)));
                    }
                }
                (Fault::LateInClosedPeriod, Entry::Usage(usage)) => {
                    // As if it had been recorded when it happened.
                    let time = price_value::Timestamp::parse_rfc3339(&part(&usage.record, "time"));
                    let at = time.map_or(stored.at, |time| time.0 / 1_000);
                    out.push(Stored { at, ..stored.clone() });
                }
                (Fault::AcceptOtherContent, Entry::Reject(reject)) if reject.code == "R024" => {
                    let (tenant, record) = (reject.tenant, reject.record);
                    out.push(with(Entry::Replace(price_core::entry::Usage { tenant, set: String::new(), record })));
                }
                (Fault::EndlessSubscription, Entry::Subscribe(mut placed)) => {
                    placed.subscription.until = None;
                    out.push(with(Entry::Subscribe(placed)));
                }
                (Fault::IgnoreAmendment, Entry::Publish(plan)) => {
                    if !published || plan.tenant == "u" {
                        out.push(stored.clone());
                    }
                    published = true;
                }
                (Fault::OrderOfArrival, Entry::Usage(usage)) => {
                    let time = part(&usage.record, "time");
                    let last = latest.entry(usage.tenant + &part(&usage.record, "account")).or_default();
                    if *last <= time {
                        *last = time;
                        out.push(stored.clone());
                    }
                }
                (Fault::WrongTenant, Entry::Usage(mut usage)) if stored.seq.is_multiple_of(10) => {
                    usage.tenant = if usage.tenant == "t" { "u".into() } else { "t".into() };
                    out.push(with(Entry::Usage(usage)));
                }
                _ => out.push(stored.clone()),
            }
        }
        out
    }
}

/// An attribute of a record as it was made here.
fn part(record: &str, name: &str) -> String {
    let mark = format!("\"{name}\":\"");
    let rest = record.split_once(&mark).map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or_default().to_owned()
}
