//! Planted bugs: what the invariants must catch, each with a benign variant that they must let pass.
//!
//! A bug is planted at one of five places (none of them an edit of the core): around the service; around the transfer
//! and the volumes; in [`Rules`](datasync::rules::Rules); in [`EntryHash`](datasync::tree::EntryHash); by state
//! surgery. A harness that does not find them all proves nothing.

mod afterlives;
mod answers;
mod cached;
mod catalogue;
mod contact;
mod copying;
pub mod hash;
mod interrupted;
mod launching;
mod leftovers;
pub mod plant;
mod records;
mod resume;
pub mod rules;
mod service;
mod surgery;
mod torn;
mod transfer;

pub use catalogue::catalogue;
pub use hash::{HashChange, PlantedHash};
pub use plant::Plant;
pub use rules::{PlantedRules, RuleChange};

/// Where a bug is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// Around `Service`: requests, answers, events, commands.
    Service,
    /// Around `Transfer` or a volume: actions, steps, outcomes.
    Transfer,
    /// One method of `Rules`.
    Rules,
    /// `EntryHash`.
    Hash,
    /// A value of the serialised service.
    Surgery,
}

impl Site {
    /// Whether what is planted there is a cause (a rule, a hash, a value of the state) and not a symptom on the way.
    #[must_use]
    pub const fn is_cause(self) -> bool {
        matches!(self, Self::Rules | Self::Hash | Self::Surgery)
    }

    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Transfer => "transfer",
            Self::Rules => "rules",
            Self::Hash => "hash",
            Self::Surgery => "surgery",
        }
    }
}

/// What a bug is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Statuses, options, names, tags, pages, what refers to what.
    Control,
    /// What is taken for equal.
    Delta,
    /// What is removed.
    Deletion,
    /// Bytes.
    Contents,
    /// Attributes and links.
    Metadata,
    /// The order of actions, and trying again.
    Order,
    /// VERIFYING.
    Verification,
    /// Counters and durations.
    Counters,
    /// BytesPerSecond.
    Bandwidth,
    /// What entries become in a bucket.
    Objects,
    /// What is written down and read back.
    Resume,
    /// What other people do meanwhile.
    Others,
}

impl Family {
    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Control => "control plane",
            Self::Delta => "delta",
            Self::Deletion => "deletion",
            Self::Contents => "contents",
            Self::Metadata => "metadata",
            Self::Order => "order",
            Self::Verification => "verification",
            Self::Counters => "counters",
            Self::Bandwidth => "bandwidth",
            Self::Objects => "objects",
            Self::Resume => "resume",
            Self::Others => "edits by others",
        }
    }
}

/// Something that must happen for a bug to show, beside the making of a task and its first plain execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// An execution with other options than those before: an override, an update of the task, another task.
    OtherOptions,
    /// An update of the task.
    Update,
    /// An execution ends early: a cancel, a crash, a loss of contact.
    CutShort,
    /// One more execution of the task.
    Rerun,
    /// A start while an execution is active.
    SecondStart,
    /// Somebody else changes one of the two sides: a person, or an execution of another task.
    Edit,
    /// A step fails, arrives damaged, or is answered late or twice.
    Fault,
    /// An agent loses contact.
    Loss,
    /// An agent comes back.
    Return,
    /// A storage takes no mounts.
    NoMount,
    /// Minutes pass.
    Time,
    /// The service restarts.
    Restart,
    /// Something is deleted.
    Delete,
    /// Something is made after that.
    Create,
    /// An agent gets another name.
    Rename,
    /// Tags are set.
    Tag,
    /// A page of a list is read.
    Page,
    /// Something is described or listed.
    Look,
}

impl Happening {
    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OtherOptions => "other options",
            Self::Update => "update",
            Self::CutShort => "cut short",
            Self::Rerun => "rerun",
            Self::SecondStart => "second start",
            Self::Edit => "edit",
            Self::Fault => "fault",
            Self::Loss => "agent lost",
            Self::Return => "agent back",
            Self::NoMount => "no mount",
            Self::Time => "time",
            Self::Restart => "restart",
            Self::Delete => "delete",
            Self::Create => "create",
            Self::Rename => "rename",
            Self::Tag => "tag",
            Self::Page => "page",
            Self::Look => "look",
        }
    }
}

/// One way in which a world may differ from the documented one.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// What it does, one line.
    pub about: &'static str,
    /// The rule that is changed.
    pub rules: RuleChange,
    /// The change of the entry hash.
    pub hash: HashChange,
    /// What is planted around the parts.
    pub plant: Option<fn() -> Box<dyn Plant>>,
}

/// A planted bug and its benign variant.
#[derive(Clone, Copy, Debug)]
pub struct Bug {
    /// Stable, kebab-case.
    pub name: &'static str,
    /// Where.
    pub site: Site,
    /// What it is about.
    pub family: Family,
    /// What must happen for it to show, beside the making of a task and its first plain execution. Empty: that alone
    /// shows it, on some trees.
    pub conjunction: &'static [Happening],
    /// The public report of a bug like it, as a URL; `None` where it is of our own making.
    pub modelled_on: Option<&'static str>,
    /// The invariants that may claim it.
    pub caught_by: &'static [&'static str],
    /// The bug.
    pub bug: Variant,
    /// Something else in the same place that every invariant must let pass.
    pub benign: Variant,
}
