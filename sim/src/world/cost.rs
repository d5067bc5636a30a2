//! How long things take: documented integers per kind of step, never drawn in turn.

use datasync::mix::{at_most, fold, fold_bytes};
use datasync::time::{MILLISECOND, SECOND};
use datasync::transfer::Action;
use datasync::volume::{Side, Step};

use crate::scenario::{CostProfile, WorldSpec};

/// The price list of a history.
#[derive(Clone, Copy, Debug, Default)]
pub struct Costs {
    key: u64,
    profile: CostProfile,
}

/// Nanoseconds a step takes on a quiet link, before the drawn part: a round trip.
const STEP_NS: u64 = MILLISECOND / 2;
/// Nanoseconds a byte takes: 1 GB/s.
const BYTE_NS: u64 = 1;
/// How many times slower a slow side is.
const SLOW_SIDE: u64 = 20;
/// No action takes longer unless a fault slows its storage: well below the 30 s after which it is asked again, half as
/// much again included.
const ACTION_NS_MAX: u64 = 15 * SECOND;
/// A mount takes up to this long.
const MOUNT_NS_MAX: u64 = SECOND;

impl Costs {
    /// The price list that a scenario's world asks for.
    #[must_use]
    pub const fn new(world: &WorldSpec) -> Self {
        Self { key: world.latency_key, profile: world.cost }
    }

    /// How long an action takes, ns, at least 1: a pure function of the execution's slot, the path, the kind of
    /// action and the attempt. `slow` is how many times slower a fault makes each side at the moment; the slower counts.
    #[must_use]
    pub fn action_ns(&self, execution: u64, action: &Action, slow: [u32; 2]) -> u64 {
        let slowest = u64::from(slow[0].max(slow[1]).max(1));
        if self.profile == CostProfile::Cheap {
            return 1;
        }
        let quiet: u64 = action.steps.iter().map(|step| self.step_ns(action, step)).sum();
        let quiet = quiet.min(ACTION_NS_MAX);
        let word = fold([
            self.key,
            execution,
            fold_bytes(0, action.path.as_bytes()),
            action.kind as u64,
            u64::from(action.attempt),
            offset_of(action),
        ]);
        // Between half and one and a half of the quiet figure, so that actions overtake each other.
        (quiet / 2 + at_most(word, quiet)).max(1).saturating_mul(slowest)
    }

    fn step_ns(&self, action: &Action, step: &Step) -> u64 {
        let (side, bytes) = match step {
            Step::List { side } => (*side, 0),
            Step::ReadBack { side, length, .. } => (*side, *length),
            Step::Read { length, .. } => (Side::Source, *length),
            _ => (action.side, 0),
        };
        let slow_side = match self.profile {
            CostProfile::SlowSource => side == Side::Source,
            CostProfile::SlowDestination => side == Side::Destination,
            CostProfile::Cheap | CostProfile::Default => false,
        };
        (STEP_NS + bytes.min(SECOND) * BYTE_NS) * if slow_side { SLOW_SIDE } else { 1 }
    }

    /// How long a mount try takes, ns.
    #[must_use]
    pub fn mount_ns(&self, what: u64, attempt: u64) -> u64 {
        if self.profile == CostProfile::Cheap {
            return 1;
        }
        1 + at_most(fold([self.key, 1, what, attempt]), MOUNT_NS_MAX)
    }

    /// The longest an action of these many steps and bytes can take, ns, when no side is slowed by a fault.
    #[must_use]
    pub const fn worst_ns(steps: u64, bytes: u64) -> u64 {
        let quiet = steps.saturating_mul(STEP_NS).saturating_add(bytes.saturating_mul(BYTE_NS));
        let slow = quiet.saturating_mul(SLOW_SIDE * 2);
        if slow < 2 * ACTION_NS_MAX { slow } else { 2 * ACTION_NS_MAX }
    }
}

/// The first byte that an action touches: tells the chunks of one file apart.
#[must_use]
pub fn offset_of(action: &Action) -> u64 {
    action
        .steps
        .iter()
        .find_map(|step| match step {
            Step::Read { offset, .. } | Step::ReadBack { offset, .. } => Some(*offset),
            _ => None,
        })
        .unwrap_or(0)
}
