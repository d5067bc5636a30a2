//! Answers of the service, sorted into a few classes: success, and what a refusal is about.

use datasync::api::{ApiError, ErrorKind};

/// What a call was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// Served.
    Success,
    /// A required member is absent.
    MissingMember,
    /// A member is too long, out of range, not in an enum, or does not match its pattern.
    Constraint,
    /// An ARN names another account (3.2 #1).
    ArnAccount,
    /// A tag key repeats, is reserved, or there are too many in the request.
    Tags,
    /// No such location, task, execution or resource.
    NotFound,
    /// No such agent.
    DoesNotExist,
    /// A location of another kind was asked for (3.2 #5).
    LocationType,
    /// An activation key that was used already (2.2a).
    KeyUsed,
    /// An agent twice in one location (2.2a).
    RepeatedAgent,
    /// An ARN of another Region (2.1d).
    Region,
    /// A component `..` (2.1c).
    Subdirectory,
    /// A NextToken that the list has not given out (2.1a).
    Token,
    /// An agent that a location lists, or a location that a task names, cannot be deleted (3.4a).
    InUse,
    /// The task has an active execution (2.6, 3.4a).
    ActiveExecution,
    /// The task or execution is in the wrong status (2.6b, 3.2 #6).
    WrongStatus,
    /// An agent is busy with another task (2.6b).
    AgentBusy,
    /// Kinds of location that no task may join (2.3).
    Pair,
    /// Source and destination overlap (2.3a).
    Overlap,
    /// The merged options contradict each other or the pair (1.7, 2.13b, 2.15a).
    Options,
    /// Too many tasks, or too many tags after an upsert (3.4b).
    Quota,
    /// SerializationException, UnknownOperationException: the body never became a request (1.3).
    Protocol,
    /// None of the above.
    Other,
}

impl Answer {
    /// All, with their names in tables, in the order of the enum.
    pub const ALL: [(Self, &'static str); 23] = [
        (Self::Success, "success"),
        (Self::MissingMember, "missing-member"),
        (Self::Constraint, "constraint"),
        (Self::ArnAccount, "arn-account"),
        (Self::Tags, "tags"),
        (Self::NotFound, "not-found"),
        (Self::DoesNotExist, "does-not-exist"),
        (Self::LocationType, "location-type"),
        (Self::KeyUsed, "key-used"),
        (Self::RepeatedAgent, "repeated-agent"),
        (Self::Region, "region"),
        (Self::Subdirectory, "subdirectory"),
        (Self::Token, "token"),
        (Self::InUse, "in-use"),
        (Self::ActiveExecution, "active-execution"),
        (Self::WrongStatus, "wrong-status"),
        (Self::AgentBusy, "agent-busy"),
        (Self::Pair, "pair"),
        (Self::Overlap, "overlap"),
        (Self::Options, "options"),
        (Self::Quota, "quota"),
        (Self::Protocol, "protocol"),
        (Self::Other, "other"),
    ];

    /// The class of an answer.
    #[must_use]
    pub fn of<T>(answer: &Result<T, ApiError>) -> Self {
        let Err(error) = answer else { return Self::Success };
        if error.kind != ErrorKind::InvalidRequest {
            return Self::Protocol;
        }
        let part = PARTS.iter().find(|(part, _)| error.message.contains(part));
        part.map_or(Self::Other, |(_, answer)| *answer)
    }
}

/// What a message says, and what it is about; the first that fits counts.
const PARTS: &[(&str, Answer)] = &[
    ("must match authenticated user", Answer::ArnAccount),
    ("Invalid SyncOption value", Answer::Options),
    ("must not repeat a key", Answer::Tags),
    ("must not begin with aws:", Answer::Tags),
    ("Tags must have 50 items or fewer", Answer::Tags),
    ("Tags must leave", Answer::Quota),
    ("the quota of", Answer::Quota),
    ("are not supported together", Answer::Pair),
    ("must not overlap", Answer::Overlap),
    ("is in-use by", Answer::InUse),
    ("is in use by", Answer::InUse),
    ("has an active execution", Answer::ActiveExecution),
    ("Another execution of", Answer::ActiveExecution),
    ("in its current status", Answer::WrongStatus),
    ("is busy with an execution", Answer::AgentBusy),
    ("Invalid Location type", Answer::LocationType),
    ("must not have been used", Answer::KeyUsed),
    ("must not repeat an agent", Answer::RepeatedAgent),
    ("must be of Region", Answer::Region),
    ("must not have a component", Answer::Subdirectory),
    ("NextToken must be one that", Answer::Token),
    ("does not exist.", Answer::DoesNotExist),
    ("not found.", Answer::NotFound),
    (" is required", Answer::MissingMember),
    ("Invalid parameter: ", Answer::Constraint),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_stand_in_the_order_of_the_enum() {
        for (at, (answer, name)) in Answer::ALL.into_iter().enumerate() {
            assert_eq!(answer as usize, at, "{name}");
        }
    }

    #[test]
    fn messages_have_classes() {
        let class = |message: &str| Answer::of::<()>(&Err(ApiError::invalid(message)));
        assert_eq!(Answer::of(&Ok(())), Answer::Success);
        assert_eq!(class("Invalid parameter: TaskArn is required"), Answer::MissingMember);
        assert_eq!(class("Invalid parameter: MaxResults must be 0 to 100, is -1"), Answer::Constraint);
        assert_eq!(class("Task t not found."), Answer::NotFound);
        assert_eq!(class("Nobody said this before"), Answer::Other);
        let malformed = ApiError { kind: ErrorKind::Serialization, message: "x".into(), error_code: None };
        assert_eq!(Answer::of::<()>(&Err(malformed)), Answer::Protocol);
    }
}
