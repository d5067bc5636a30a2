//! Where an execution is when a fault takes effect: the stage, and the kinds of action there are in it.

use datasync::report::Phase;
use datasync::transfer::ActionKind;
use serde::{Deserialize, Serialize};

/// Where an execution was when a fault took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Stage {
    /// LAUNCHING: mounts are tried.
    Launching,
    /// PREPARING: both sides are listed.
    Preparing,
    /// TRANSFERRING.
    Transferring,
    /// VERIFYING.
    Verifying,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 4] = [Self::Launching, Self::Preparing, Self::Transferring, Self::Verifying];

    /// AWS's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Launching => "LAUNCHING",
            Self::Preparing => "PREPARING",
            Self::Transferring => "TRANSFERRING",
            Self::Verifying => "VERIFYING",
        }
    }

    /// The kinds of action that an execution asks for in this stage. There are none in LAUNCHING.
    #[must_use]
    pub const fn actions(self) -> &'static [ActionKind] {
        match self {
            Self::Launching => &[],
            Self::Preparing => &[ActionKind::List, ActionKind::AbortUploads],
            Self::Transferring => &[
                ActionKind::MakeDirectory,
                ActionKind::MakeSymlink,
                ActionKind::MakeDevice,
                ActionKind::Copy,
                ActionKind::Begin,
                ActionKind::Chunk,
                ActionKind::Finish,
                ActionKind::Link,
                ActionKind::Metadata,
                ActionKind::Remove,
                ActionKind::DirectoryMetadata,
            ],
            Self::Verifying => &[ActionKind::List, ActionKind::Compare],
        }
    }

    /// Whether an execution asks for actions of this kind in this stage.
    #[must_use]
    pub const fn has(self, action: ActionKind) -> bool {
        let actions = self.actions();
        let mut at = 0;
        while at < actions.len() {
            if actions[at] as u8 == action as u8 {
                return true;
            }
            at += 1;
        }
        false
    }
}

impl From<Phase> for Stage {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Preparing => Self::Preparing,
            Phase::Transferring => Self::Transferring,
            Phase::Verifying => Self::Verifying,
        }
    }
}
