//! Which cells can occur. Every rule that excludes cells says why, with the section of the service reference.

use datasync::api::{Operation, TaskExecutionStatus, TaskStatus};
use datasync::transfer::ActionKind;

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
        Table::new(
            "pair-entry",
            &[("pair", PAIRS.to_vec()), ("entry in the source", KINDS.to_vec())],
            ENTRIES,
        ),
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
        ("action", [&[NONE], ActionKind::NAMES].concat()),
    ];
    Table::judged("phase-fault-action", &axes, &[], |names| {
        let stage = Stage::ALL.into_iter().find(|stage| stage.as_str() == names[0])?;
        let fault = FaultKind::ALL.into_iter().find(|fault| fault.name() == names[1])?;
        let action = ActionKind::parse(names[2]);
        if fault.can_strike_action(stage, action) {
            None
        } else if !fault.can_strike(stage) {
            Some("the catalogue of faults: it does not strike in this phase")
        } else if action.is_some_and(|action| !stage.has(action)) {
            Some("there is no such action in this phase (2.5)")
        } else {
            Some("the catalogue of faults: it does not strike such an action")
        }
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
    never(
        "!StartTaskExecution|DeleteTask active-execution *",
        "asked of a start and a delete only (2.6, 3.4a)",
    ),
    never("* active-execution !RUNNING", "a task with an active execution is RUNNING (2.4a)"),
    never(
        "!StartTaskExecution|CancelTaskExecution wrong-status *",
        "asked of a start and a cancel only (3.4a)",
    ),
    never(
        "StartTaskExecution wrong-status -|AVAILABLE|RUNNING",
        "AVAILABLE may start, RUNNING has a text of its own (2.6b)",
    ),
    never(
        "CancelTaskExecution wrong-status -|CREATING",
        "a task that has an execution was mounted once (2.4a)",
    ),
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
    never(
        "* does-not-exist|not-found|arn-account !-",
        "an ARN that names a task that exists is none of these (3.4b)",
    ),
    never(
        "CreateAgent|CreateLocation*|ListAgents|ListLocations|ListTasks|DescribeAgent|UpdateAgent|DeleteAgent not-found *",
        "nothing that is found by such an ARN is named (1.5)",
    ),
    never(
        "CreateAgent|CreateLocationEfs|CreateLocationS3|ListAgents|ListLocations|ListTasks arn-account *",
        "no ARN of this service is named (3.4b)",
    ),
    never(
        "ListAgents|ListLocations|ListTasks|ListTaskExecutions missing-member *",
        "no member is required (1.5)",
    ),
    never(
        "CancelTaskExecution|*Task|DescribeTaskExecution|StartTaskExecution|ListTagsForResource missing-member !-",
        "the ARN is the only member that is required (1.5)",
    ),
    never("CancelTaskExecution|DescribeTask*|DeleteTask constraint !-", "the ARN is the only member (1.5)"),
    never("StartTaskExecution success !AVAILABLE", "only an AVAILABLE task may start (2.6b)"),
    never("DeleteTask success -|RUNNING", "it takes a task without an active execution (3.4a)"),
    never("DescribeTask|UpdateTask success -", "it takes a task"),
    never(
        "CancelTaskExecution success !RUNNING",
        "an execution that is not terminal makes its task RUNNING (2.4a)",
    ),
    never("DescribeTaskExecution success -|CREATING", "a task that has an execution was mounted once (2.4a)"),
];

/// A task from one status to another.
const TASK_EDGES: &[Never] = &[
    never("* -", "what is deleted is not looked at any more"),
    never("- !CREATING", "a task begins CREATING (2.4a)"),
    never("!- CREATING", "nothing leads back to CREATING (2.4a)"),
    never("AVAILABLE AVAILABLE", "that is no change"),
    never("RUNNING RUNNING", "that is no change"),
    never("UNAVAILABLE UNAVAILABLE", "that is no change"),
    never("CREATING|UNAVAILABLE RUNNING", "only an AVAILABLE task may start (2.6b)"),
];

/// An execution from one status to another.
const EXECUTION_EDGES: &[Never] = &[
    never("* -", "what is forgotten is not looked at any more"),
    never("- !LAUNCHING", "an execution begins LAUNCHING (2.5)"),
    never("!- LAUNCHING", "no phase comes again (2.5)"),
    never("SUCCESS|ERROR *", "the end is final (2.5)"),
    never("!LAUNCHING PREPARING", "no phase comes again, and LAUNCHING comes before (2.5)"),
    never("!PREPARING TRANSFERRING", "no phase comes again, and PREPARING comes before (2.5)"),
    never("!TRANSFERRING VERIFYING", "no phase comes again, and TRANSFERRING comes before (2.5)"),
    never("LAUNCHING|PREPARING SUCCESS", "every phase shows, however short (2.5)"),
];

/// Pair and an entry of the source that was decided about.
const ENTRIES: &[Never] = &[
    never(
        "S3-* block-device|char-device|fifo|socket",
        "a bucket holds files, directories and symlinks (2.12)",
    ),
    never("S3-S3 symlink", "between buckets an object is an object, whatever its metadata says (2.12e)"),
    never("EFS-* block-device|char-device", "EFS holds no devices (2.13)"),
];

/// Pair and a value of the options of an execution that reached PREPARING.
const PAIR_OPTIONS: &[Never] = &[
    never("* Uid=NAME|Uid=BOTH|Gid=NAME|Gid=BOTH", "refused: nothing says what they do (1.9)"),
    never("*-EFS PreserveDevices=PRESERVE", "refused: EFS holds no devices (2.13b)"),
    never(
        "S3-S3 Uid=INT_VALUE|Gid=INT_VALUE|PosixPermissions=BEST_EFFORT|PosixPermissions=PRESERVE",
        "refused: no POSIX attributes between buckets (3.2)",
    ),
];

/// An entry of the source that was decided about, and a value of the options under which it was.
const UNKNOWN_OPTIONS: &[Never] =
    &[never("* Uid=NAME|Uid=BOTH|Gid=NAME|Gid=BOTH", "refused: nothing says what they do (1.9)")];

/// A decision, and the kinds of entry on both sides.
const DECIDED: &[Never] = &[
    never("removed|kept:* !- *", "these are about what the source lacks (2.9a)"),
    never("removed|kept:* * -", "what is not there need not go (2.9a)"),
    never("!removed|kept:* - *", "these are about what the source has (2.8)"),
    never(
        "!not-carried|removed|kept:* fifo|socket *",
        "pipes and sockets are not carried under any option (2.13b)",
    ),
    never("not-carried file|directory|symlink *", "these are carried under every option (2.13)"),
    never("send|remake|metadata|replace|same * -", "the destination lacks it (2.8)"),
    never("make !directory !-", "the destination has it (2.8)"),
    never("make directory !-|directory", "only a bare prefix counts as a missing directory (2.12a)"),
    never("send !file *", "only files are sent over what is there (2.8)"),
    never("remake file|directory *", "only symlinks and devices are made anew (2.8)"),
    never("send|remake|metadata|same file !file", "of another kind: replaced (2.8c)"),
    never("remake|metadata|same directory !directory", "of another kind: replaced (2.8c)"),
    never("remake|metadata|same symlink !symlink", "of another kind: replaced (2.8c)"),
    never("remake|metadata|same block-device !block-device", "of another kind: replaced (2.8c)"),
    never("remake|metadata|same char-device !char-device", "of another kind: replaced (2.8c)"),
    never("replace file file", "of the same kind (2.8)"),
    never("replace directory directory", "of the same kind (2.8)"),
    never("replace symlink symlink", "of the same kind (2.8)"),
    never("replace block-device block-device", "of the same kind (2.8)"),
    never("replace char-device char-device", "of the same kind (2.8)"),
    never("device-to-object !block-device|char-device *", "no device (2.13b)"),
    never("device-to-object * block-device|char-device|fifo|socket", "a bucket holds none (2.12)"),
    never(
        "device-to-object * directory",
        "in a bucket the object and the prefix of a name do not meet (2.8c)",
    ),
    never(
        "forbidden-key|shadowed-by-prefix|bad-symlink|too-long block-device|char-device *",
        "only entries of a bucket have such problems, and a bucket holds none of these (2.12)",
    ),
    never("shadowed-by-prefix directory *", "it is the directory that has the place (2.12a)"),
    never("shadowed-by-prefix * !-", "the directory of its name meets what the destination has (2.12a)"),
    never("bad-symlink !symlink *", "no symlink (2.12b)"),
    never("forbidden-key file !-|file", "only buckets have such keys, and there a file meets files (2.8c)"),
    never(
        "forbidden-key directory !-|directory",
        "only buckets have such keys, and there a directory meets directories (2.8c)",
    ),
    never(
        "forbidden-key symlink !-",
        "only buckets have such keys, and between buckets nothing is a symlink (2.12e)",
    ),
    never("not-text * !-", "no bucket holds such a name (2.12a)"),
    never("too-long file|directory !-", "no file system holds such a name (2.14)"),
    never(
        "kept:other * !file|directory|symlink",
        "what else keeps an entry is a key, and a bucket holds none of these (2.12a)",
    ),
    never(
        "kept:other * directory",
        "a directory with a forbidden name is never listed, and that comes first (2.12a, 2.9a)",
    ),
];
