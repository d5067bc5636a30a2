//! Planted bugs of the oracle itself: an oracle that forgets a rule must disagree with the core.

/// Which rule the oracle forgets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OracleChange {
    /// None.
    #[default]
    None,
    /// Excluded paths are looked at like any other (2.12c).
    ForgetsExcluded,
    /// Mtime=NONE does not send all files again (2.8).
    ForgetsMtimeNone,
    /// Mtimes of one second are equal (2.8).
    RoundsMtime,
    /// A bare prefix at a destination passes for its marker (2.12a).
    ForgetsMarkers,
    /// Names of one file are files of their own (2.13a).
    ForgetsLinks,
    /// What is skipped or an item error protects nothing below it (2.9a).
    ForgetsProtection,
    /// A new entry without an owner of its own belongs to root (2.11a).
    ForgetsDefaultOwner,
}

impl OracleChange {
    /// Every rule that can be forgotten.
    pub const ALL: [Self; 7] = [
        Self::ForgetsExcluded,
        Self::ForgetsMtimeNone,
        Self::RoundsMtime,
        Self::ForgetsMarkers,
        Self::ForgetsLinks,
        Self::ForgetsProtection,
        Self::ForgetsDefaultOwner,
    ];
}
