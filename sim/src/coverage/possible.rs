//! Which cells can occur. Every rule that excludes cells says why, with the section of the service reference.

use datasync::api::{Operation, TaskExecutionStatus, TaskStatus};

use super::answer::Answer;
use super::axes::{DECISIONS, KINDS, NONE, OPTIONS, PAIRS};
use super::table::{Never, Table};
use crate::fault::{FaultKind, Stage};

/// The tables, each with its axes in the order in which its cells are counted.
pub(super) fn tables() -> Vec<Table> {
    let operations = Operation::NAMES.to_vec();
    let answers = Answer::ALL.iter().map(|(_, name)| *name).collect();
    let and_none = |names: &[&'static str]| [&[NONE], names].concat();
    let task = || and_none(TaskStatus::NAMES);
    let execution = || and_none(TaskExecutionStatus::NAMES);
    vec![
        Table::new(
            "operation-answer",
            &[("operation", operations), ("answer", answers), ("status of the task named", task())],
            ANSWERS,
        ),
        Table::new("task-status", &[("from", task()), ("to", task())], TASK_EDGES),
        Table::new("execution-status", &[("from", execution()), ("to", execution())], EXECUTION_EDGES),
        Table::new("pair-entry", &[("pair", PAIRS.to_vec()), ("entry in the source", KINDS.to_vec())], ENTRIES),
        Table::new("pair-option", &[("pair", PAIRS.to_vec()), ("option", OPTIONS.to_vec())], PAIR_OPTIONS),
        Table::new(
            "entry-option",
            &[("entry in the source", KINDS.to_vec()), ("option", OPTIONS.to_vec())],
            UNKNOWN_OPTIONS,
        ),
        faults(),
        Table::new(
            "decision-entry",
            &[
                ("decision", DECISIONS.to_vec()),
                ("entry in the source", and_none(KINDS)),
                ("entry in the destination", and_none(KINDS)),
            ],
            DECIDED,
        ),
    ]
}

/// The catalogue of faults says itself where each can strike.
fn faults() -> Table {
    let axes = [
        ("phase", Stage::ALL.map(Stage::as_str).to_vec()),
        ("fault", FaultKind::ALL.map(FaultKind::name).to_vec()),
    ];
    let of = |names: &[&'static str]| {
        let stage = Stage::ALL.into_iter().find(|stage| stage.as_str() == names[0])?;
        FaultKind::ALL.into_iter().find(|fault| fault.name() == names[1]).map(|fault| (stage, fault))
    };
    Table::judged("phase-fault", &axes, &[], |names| {
        let (stage, fault) = of(names).expect("the axes are made of these");
        (!fault.can_strike(stage)).then_some("the catalogue of faults says where each can strike, and why")
    })
}

const fn never(cells: &'static str, why: &'static str) -> Never {
    Never { cells, why }
}

/// Operation, answer, status of the task that the request names.
const ANSWERS: &[Never] = &[
    never("* protocol *", "a history hands over decoded requests; bodies are the codec's tests (1.3)"),
    never("* other *", "every refusal has a class"),
    never(
        "CreateAgent|CreateLocation*|CreateTask|DeleteAgent|DeleteLocation|DescribeAgent|DescribeLocation*|\
         ListAgents|ListLocations|ListTasks|UpdateAgent * !-",
        "the request names no task",
    ),
    never(
        "List*|CreateLocation*|CreateTask|DescribeAgent|DescribeLocation*|DescribeTask* in-use|active-execution *",
        "looking and making take nothing away (3.4a)",
    ),
    never("!DeleteAgent|DeleteLocation in-use *", "only agents and locations are held by others (3.4a)"),
    never("!StartTaskExecution|DeleteTask active-execution *", "asked of a start and a delete only (2.6, 3.4a)"),
    never("* active-execution !RUNNING", "a task with an active execution is RUNNING (2.4a)"),
    never("!StartTaskExecution|CancelTaskExecution wrong-status *", "asked of a start and a cancel only (3.4a)"),
    never("StartTaskExecution wrong-status -|AVAILABLE|RUNNING", "AVAILABLE may start, RUNNING has a text of its own (2.6b)"),
    never("CancelTaskExecution wrong-status -|CREATING", "a task that has an execution was mounted once (2.4a)"),
    never("!StartTaskExecution agent-busy *", "asked of a start only (2.6b)"),
    never("* agent-busy !AVAILABLE", "the status comes first (2.6b)"),
    never("!CreateTask pair|overlap *", "locations are joined by CreateTask only (2.3)"),
    never("!CreateTask|UpdateTask|StartTaskExecution options *", "no other request has options (1.5)"),
    never("UpdateTask|StartTaskExecution options -", "existence comes first (3.4b)"),
    never("StartTaskExecution options !AVAILABLE", "the status comes first (2.6b)"),
    never("!CreateTask|TagResource quota *", "only tasks and tags have a quota (2.14)"),
    never("!CreateAgent key-used *", "only CreateAgent takes an activation key (2.2a)"),
    never("!CreateLocationNfs repeated-agent *", "only NFS locations list agents (1.5)"),
    never("!CreateLocationEfs region *", "no other request names things of EC2 and EFS (2.1d)"),
    never("!CreateLocation* subdirectory *", "only locations have one (1.5)"),
    never("!DescribeLocation* location-type *", "only these ask for a location of a kind (3.2)"),
    never("!List* token *", "only lists have pages (2.1a)"),
    never("!Create*|TagResource tags *", "no other request has tags (2.1b)"),
    never(
        "!DescribeAgent|UpdateAgent|DeleteAgent|CreateLocationNfs|*Resource|ListTagsForResource does-not-exist *",
        "no other request names an agent (1.5)",
    ),
    never("* does-not-exist|not-found|arn-account !-", "an ARN that names a task that exists is none of these (3.4b)"),
    never(
        "Create*|ListAgents|ListLocations|ListTasks|DescribeAgent|UpdateAgent|DeleteAgent not-found *",
        "nothing that is found by such an ARN is named (1.5)",
    ),
    never("CreateAgent|CreateLocationEfs|CreateLocationS3|ListAgents|ListLocations|ListTasks arn-account *", "no ARN of this service is named (3.4b)"),
    never("ListAgents|ListLocations|ListTasks|ListTaskExecutions missing-member *", "no member is required (1.5)"),
    never("CancelTaskExecution|*Task|DescribeTaskExecution|StartTaskExecution|ListTagsForResource|UntagResource missing-member !-", "the ARN is the only member that is required, or the harness sends an empty list for the other"),
    never("CancelTaskExecution|DescribeTask*|DeleteTask constraint !-", "the ARN is the only member (1.5)"),
    never("StartTaskExecution success !AVAILABLE", "only an AVAILABLE task may start (2.6b)"),
    never("DeleteTask success -|RUNNING", "it takes a task without an active execution (3.4a)"),
    never("DescribeTask|UpdateTask success -", "it takes a task"),
    never("CancelTaskExecution success !RUNNING", "an execution that is not terminal makes its task RUNNING (2.4a)"),
    never("DescribeTaskExecution success -|CREATING", "a task that has an execution was mounted once (2.4a)"),
];

const TASK_EDGES: &[Never] = &[
    never("- !CREATING", "a task begins CREATING (2.4a)"),
    never("* CREATING", "nothing leads back to CREATING (2.4a)"),
];

const EXECUTION_EDGES: &[Never] = &[
    never("* -", "executions are remembered longer than histories last (2.18)"),
];

const ENTRIES: &[Never] = &[
    never("S3-* block-device|char-device|fifo|socket", "a bucket holds files, directories and symlinks (2.12)"),
    never("EFS-* block-device|char-device", "EFS holds no devices (2.13)"),
];

const PAIR_OPTIONS: &[Never] = &[
    never("* Uid=NAME|Uid=BOTH|Gid=NAME|Gid=BOTH", "refused: nothing says what they do (1.9)"),
    never("*-EFS PreserveDevices=PRESERVE", "refused: EFS holds no devices (2.13b)"),
    never(
        "S3-S3 Uid=INT_VALUE|Gid=INT_VALUE|PosixPermissions=BEST_EFFORT|PosixPermissions=PRESERVE",
        "refused: no POSIX attributes between buckets (3.2)",
    ),
];

const UNKNOWN_OPTIONS: &[Never] =
    &[never("* Uid=NAME|Uid=BOTH|Gid=NAME|Gid=BOTH", "refused: nothing says what they do (1.9)")];

const DECIDED: &[Never] = &[];
