//! A world as a flat list of words: what its plain data says, with the name of everything that a canonical form renames.
//!
//! A `serde` serializer, so that nothing new in a world can be forgotten: whatever is written down when a world is
//! stored is here too, but for the members that [`is_dropped`] names. `writer` writes numbers and texts, `compound` what
//! is made of parts.

mod compound;
mod writer;

pub(super) use writer::Words;

/// What a number names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Agent,
    Location,
    Task,
    Execution,
    /// An action, or bytes on their way: told apart by what they are of.
    Nameless,
    Inode,
    Storage,
    Instant,
}

/// One word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Means what it says.
    Plain(u64),
    /// Names something.
    Name(Family, u64),
    /// Time of a file, ns.
    Time(i64),
    /// A list begins. Each element begins with [`Word::Row`].
    List,
    /// A set or map begins: the order of its rows says nothing.
    Set,
    /// An element begins.
    Row,
    /// A list or set ends.
    End,
}

/// What a canonical form leaves out: constants of the small world, the clock, sequence numbers, digests, counters that
/// only count, what is said a second time elsewhere, and when past things happened.
fn is_dropped(owner: &str, member: &str) -> bool {
    match owner {
        "World" => matches!(
            member,
            "rules"
                | "now"
                | "queue"
                | "stamps"
                | "slots"
                | "script"
                | "triggers"
                | "mounts_tried"
                | "changes_seen"
                | "statuses"
                | "recorder"
        ),
        "Service" => member == "rules",
        "ServiceState" => matches!(
            member,
            "config" | "now" | "locations" | "used_keys" | "timers" | "commands" | "passings"
        ),
        "Table" => member != "rows",
        "Agent" => matches!(member, "arn" | "name" | "created" | "tags" | "locations"),
        "Task" => matches!(
            member,
            "arn" | "name" | "created" | "source" | "destination" | "log_group_arn" | "tags" | "executions"
        ),
        "Execution" => matches!(member, "arn" | "started" | "began" | "counters"),
        "Launch" => matches!(member, "elapsed_ns" | "running_since"),
        "Storage" => matches!(member, "name" | "power_losses" | "past" | "clock" | "objects" | "version"),
        "Tree" => matches!(member, "hash" | "next"),
        // In no digest, compared by nobody.
        "Attrs" | "AttrSet" => member == "atime",
        "Running" => matches!(member, "reported" | "wake" | "source" | "destination"),
        "Flight" => matches!(member, "leg_ns"),
        "Transfer" => matches!(member, "rules" | "config" | "now"),
        "Dispatch" => matches!(member, "next_action" | "next_payload" | "next_delayed" | "deadlines"),
        // No answer of a search takes the 30 s after which it counts as lost.
        "Flying" => member == "deadline",
        "Facts" => matches!(
            member,
            "slot"
                | "source"
                | "destination"
                | "engine_options"
                | "started"
                | "prepared_from"
                | "struck"
                | "phases"
                | "sends"
                | "bound_ns"
        ),
        _ => false,
    }
}

fn family_of(newtype: &str) -> Option<Family> {
    Some(match newtype {
        "AgentId" => Family::Agent,
        "LocationId" => Family::Location,
        "TaskId" => Family::Task,
        "ExecutionId" => Family::Execution,
        "ActionId" | "PayloadId" => Family::Nameless,
        "Instant" => Family::Instant,
        _ => return None,
    })
}
