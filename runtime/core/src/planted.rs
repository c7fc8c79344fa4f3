//! Faults for the simulator to find: one may be chosen for the current thread.
//!
//! They are in what is decided and carried out alike, so that a replay agrees with them: only a check of
//! what it means can find them. Without the feature `planted` every question is answered `false` at
//! compile time.

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// The time of a reservation is not looked at.
    HoldForever,
    /// What others hold is not taken off what is left.
    GrantHeld,
    /// More may be committed than is held.
    CommitBeyond,
    /// A period closes without its grace.
    CloseEarly,
    /// A note does not take its number.
    NumberAgain,
    /// Credit that was given before does not count.
    CreditBeyond,
    /// Nobody has to approve a period.
    ApproveNothing,
    /// Differences that belong on a note are not issued.
    LoseNote,
    /// What changes in closed periods is not looked at again.
    RestateNothing,
    /// Credit for a month keeps it from being looked at again.
    CreditHidesChange,
    /// What was told is not remembered.
    TellAgain,
    /// Usage is not looked at for what there is to tell.
    ForgetToLook,
    /// Whether a key is known is not looked up.
    KeyTwice,
    /// Another request under a key is taken for the same.
    KeyOfOther,
    /// Answers under a key are kept for ever.
    KeyForEver,
    /// A token that is made and ended at one instant stays good.
    TokenStays,
    /// A tenant with a test clock lives in the time of the world.
    WorldClock,
    /// Texts are given out as the log has them, whatever was erased.
    KeepText,
    /// What comes again is compared with what is left of an erased event.
    CompareErased,
    /// What plans read is erased too.
    EraseRead,
}

price_store::chosen!(Bug);
