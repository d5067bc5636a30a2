//! The story of a scenario: what it holds and what happens in it, for readers.
//!
//! One line a storage with small trees listed below it, one line an operation. `Debug` prints it, so a failing property
//! test shows the story and not the data structure.

use std::fmt::{self, Display, Formatter, Write};

use datasync::Settings;
use datasync::tree::entry::Escaped;
use serde_json::Value;

use super::{
    Act, AgentChange, Call, CostProfile, Edit, EditAct, Expectation, LineBody, ObjectBody, ObjectLine,
    Operation, Scenario, StepFault, StorageChange, StorageSpec, TreeLine, Trigger, When,
};

/// Trees up to this many entries are listed, larger ones counted.
const LISTED_ENTRIES_MAX: usize = 24;

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Display for Scenario {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("scenario")?;
        if let Some(seed) = self.seed {
            write!(f, " of seed {} of generator {}", seed.number, seed.generator)?;
        }
        if !self.about.is_empty() {
            write!(f, ": {}", self.about)?;
        }
        if let Expectation::Violates { invariant, bug } = &self.expect {
            write!(f, ", expected to violate {invariant} with bug {bug}")?;
        }
        if let Some(change) = &self.changed {
            write!(f, "\nlived twice, the second time changed: {}", change.about())?;
        }
        let world = &self.world;
        write!(
            f,
            "\nworld: starts at {}, {}, chunks of {} bytes, {} in flight, summaries {}",
            world.start,
            cost(world.cost),
            world.chunk_bytes,
            world.in_flight,
            if world.trust_summaries { "trusted" } else { "not trusted" },
        )?;
        if world.settings != Settings::default() {
            let json = serde_json::to_value(world).map_err(|_| fmt::Error)?;
            write!(f, "\nsettings: {}", json["settings"])?;
        }
        if let Some(picks) = &world.picks {
            write!(f, "\nwhat happens next is picked by hand, {} times", picks.len())?;
        }
        for (number, spec) in self.storages.iter().enumerate() {
            storage(f, number, spec)?;
        }
        for (number, operation) in self.operations.iter().enumerate() {
            write!(f, "\n{number:>3}  {}", OperationStory { operation, storages: &self.storages })?;
        }
        Ok(())
    }
}

const fn cost(profile: CostProfile) -> &'static str {
    match profile {
        CostProfile::Cheap => "1 ns an action",
        CostProfile::Default => "local latencies",
        CostProfile::SlowDestination => "slow destination",
        CostProfile::SlowSource => "slow source",
    }
}

fn storage(f: &mut Formatter<'_>, number: usize, spec: &StorageSpec) -> fmt::Result {
    let entries = spec.tree.len();
    write!(f, "\nstorage {number}: {} {}", spec.kind, spec.name)?;
    if !spec.encoded {
        f.write_str(", filled by others")?;
    }
    if let Some(capacity) = spec.capacity {
        write!(f, ", room for {capacity} bytes")?;
    }
    if spec.root_squash {
        f.write_str(", root squashed")?;
    }
    match spec.clock_skew_ms {
        0 => {}
        ahead @ 1.. => write!(f, ", clock {} ahead", span(ahead.unsigned_abs()))?,
        behind => write!(f, ", clock {} behind", span(behind.unsigned_abs()))?,
    }
    for object in &spec.objects {
        write!(f, "\n       object {}", ObjectStory(object))?;
    }
    match entries {
        0 if !spec.objects.is_empty() => return Ok(()),
        0 => return f.write_str(", empty"),
        1 => f.write_str(", 1 entry")?,
        _ => write!(f, ", {entries} entries")?,
    }
    if entries <= LISTED_ENTRIES_MAX {
        for line in &spec.tree {
            write!(f, "\n       {}", LineStory(line))?;
        }
        return Ok(());
    }
    let count = |wanted: fn(&LineBody) -> bool| spec.tree.iter().filter(|line| wanted(&line.body)).count();
    let files = count(|body| matches!(body, LineBody::Generated { .. } | LineBody::Literal(_)));
    let directories = count(|body| matches!(body, LineBody::Directory));
    let links = count(|body| matches!(body, LineBody::HardLink(_) | LineBody::Symlink(_)));
    let rest = entries - files - directories - links;
    write!(f, ": {files} files, {directories} directories, {links} links, {rest} others")
}

struct ObjectStory<'a>(&'a ObjectLine);

impl Display for ObjectStory<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let ObjectLine { key, body, metadata } = self.0;
        match body {
            ObjectBody::Text(text) => write!(f, "{key:?} {text:?}")?,
            ObjectBody::Generated { size, key: pattern } => {
                write!(f, "{key:?} {size} bytes of {pattern:016x}")?;
            }
        }
        if metadata.is_empty() { Ok(()) } else { write!(f, " with {metadata:?}") }
    }
}

struct LineStory<'a>(&'a TreeLine);

impl Display for LineStory<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let line = self.0;
        match &line.body {
            LineBody::Directory => write!(f, "{}/", line.path)?,
            LineBody::Generated { size, key } => write!(f, "{} {size} bytes of {key:016x}", line.path)?,
            LineBody::Literal(bytes) => write!(f, "{} \"{}\"", line.path, Escaped(bytes))?,
            LineBody::HardLink(leader) => return write!(f, "{} = {leader}", line.path),
            LineBody::Symlink(target) => write!(f, "{} -> {}", line.path, Escaped(target))?,
            LineBody::Device { kind, major, minor } => write!(f, "{} {kind} {major}:{minor}", line.path)?,
            LineBody::Fifo => write!(f, "{} fifo", line.path)?,
            LineBody::Socket => write!(f, "{} socket", line.path)?,
        }
        write!(f, "  {:04o} {}:{} mtime {}", line.mode, line.uid, line.gid, line.mtime)
    }
}

/// One operation as a line: when, who, what. Storages are named as locations name them.
pub struct OperationStory<'a> {
    /// The operation.
    pub operation: &'a Operation,
    /// The storages of its scenario.
    pub storages: &'a [StorageSpec],
}

impl Display for OperationStory<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let when = match &self.operation.when {
            When::AfterMs(ms) => after(*ms),
            When::AfterExecution(slot) => format!("after execution:{slot}"),
            When::On(trigger) => place(trigger),
        };
        write!(f, "{when:<12}  ")?;
        let name = |index: u32| {
            let found = usize::try_from(index).ok().and_then(|index| self.storages.get(index));
            found.map_or_else(|| format!("storage {index}"), |spec| spec.name.clone())
        };
        match &self.operation.act {
            Act::Call(call) => call_story(f, call),
            Act::Edit(EditAct { storage, edit }) => {
                write!(f, "edit of {}  ", name(*storage))?;
                edit_story(f, edit)
            }
            Act::Agent { slot, change } => {
                let change = match change {
                    AgentChange::Lose => "loses contact",
                    AgentChange::Regain => "is in contact again",
                    AgentChange::Restart => "reboots",
                };
                write!(f, "agent:{slot} {change}")
            }
            Act::Storage { storage, change } => {
                let storage = name(*storage);
                match change {
                    StorageChange::RefuseMounts => write!(f, "{storage} refuses mounts"),
                    StorageChange::AllowMounts => write!(f, "{storage} allows mounts"),
                    StorageChange::Slow(1) => write!(f, "{storage} has its normal speed"),
                    StorageChange::Slow(factor) => write!(f, "{storage} is {factor} times as slow"),
                    StorageChange::Full => write!(f, "{storage} is full"),
                    StorageChange::Free => write!(f, "{storage} has room again"),
                    StorageChange::Quota(bytes) => write!(f, "{storage} allows {bytes} bytes more"),
                    StorageChange::NoQuota => write!(f, "{storage} has no quota any more"),
                    StorageChange::Unreachable => write!(f, "{storage} does not answer"),
                    StorageChange::Reachable => write!(f, "{storage} answers again"),
                    StorageChange::LosePower => write!(f, "{storage} loses power"),
                }
            }
            Act::CrashWorker { execution } => write!(f, "the worker of execution:{execution} crashes"),
            Act::RestartService {} => f.write_str("the service restarts from its snapshot"),
            Act::ClockJump { ms } => write!(f, "all clocks jump forward by {}", span(*ms)),
            Act::Rot { storage, path, byte } => {
                write!(f, "byte {byte} of {path} rots on {}", name(*storage))
            }
            Act::Fault(fault) => write!(f, "{fault}"),
        }
    }
}

impl Display for StepFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fails(error) => write!(f, "the step fails: {error}"),
            Self::KeepsFailing(error) => write!(f, "the step fails from now on: {error}"),
            Self::Burst { error, actions: 1 } => write!(f, "the action fails: {error}"),
            Self::Burst { error, actions } => write!(f, "{actions} actions in a row fail: {error}"),
            Self::CorruptInFlight => f.write_str("a bit changes on the way"),
            Self::CorruptOnRead => f.write_str("a bit is read wrongly"),
            Self::Torn(bytes) => write!(f, "the write breaks off after {bytes} bytes"),
            Self::ShortRead(bytes) => write!(f, "the read ends after {bytes} bytes"),
            Self::StaleListing(changes) => write!(f, "the listing is {changes} changes old"),
            Self::DelayMs(ms) => write!(f, "the answer is late by {}", span(*ms)),
            Self::LoseAnswer => f.write_str("the answer is lost"),
            Self::AnswerAgainMs(ms) => write!(f, "the answer comes again after {}", span(*ms)),
        }
    }
}

fn after(ms: u64) -> String {
    if ms == 0 { "at once".to_owned() } else { format!("after {}", span(ms)) }
}

fn span(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms}ms"),
        _ if ms.is_multiple_of(1_000) => format!("{}s", ms / 1_000),
        _ => format!("{}.{:03}s", ms / 1_000, ms % 1_000),
    }
}

fn place(trigger: &Trigger) -> String {
    let mut text = format!("in execution:{}", trigger.execution);
    let mut add = |part: fmt::Arguments<'_>| text.write_fmt(part).expect("a string takes everything");
    if let Some(phase) = trigger.phase {
        add(format_args!(" {phase}"));
    }
    match trigger.action {
        Some(action) => add(format_args!(" {action} #{}", trigger.nth)),
        None => add(format_args!(" action #{}", trigger.nth)),
    }
    if let Some(path) = &trigger.path {
        add(format_args!(" on {path}"));
    }
    if trigger.step > 0 {
        add(format_args!(" step {}", trigger.step));
    }
    text
}

/// The call as `client 1  StartTaskExecution task:0 -> execution:2 {PreserveDeletedFiles REMOVE}`.
fn call_story(f: &mut Formatter<'_>, call: &Call) -> fmt::Result {
    let operation = call.request.operation();
    write!(f, "client {}  {operation}", call.client)?;
    let value = serde_json::to_value(&call.request).map_err(|_| fmt::Error)?;
    let members = value.get(operation.as_str()).and_then(Value::as_object);
    let (mut texts, mut groups) = (String::new(), String::new());
    for (name, member) in members.into_iter().flatten() {
        match member {
            // Which of two locations is which: members come in the order of their names.
            Value::String(text) if text.starts_with('@') && operation.as_str() == "CreateTask" => {
                write!(texts, " {} {}", name.trim_end_matches("LocationArn"), &text[1..])?;
            }
            Value::String(text) if text.starts_with('@') => write!(texts, " {}", &text[1..])?,
            Value::Object(_) => write!(groups, " {{{}}}", flat(member))?,
            _ => write!(groups, " {name} {}", flat(member))?,
        }
    }
    f.write_str(&texts)?;
    if let Some(bound) = call.bind {
        let sort = match operation.as_str() {
            "CreateAgent" => "agent",
            "CreateTask" => "task",
            "StartTaskExecution" => "execution",
            _ => "location",
        };
        write!(f, " -> {sort}:{bound}")?;
    }
    f.write_str(&groups)
}

fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => match text.strip_prefix('@') {
            Some(slot) => slot.to_owned(),
            None if text.is_empty() || text.contains(' ') => format!("{text:?}"),
            None => text.clone(),
        },
        Value::Array(list) => format!("[{}]", list.iter().map(flat).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let pair = |(name, member): (&String, &Value)| format!("{name} {}", flat(member));
            members.iter().map(pair).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn edit_story(f: &mut Formatter<'_>, edit: &Edit) -> fmt::Result {
    match edit {
        Edit::Put(line) => write!(f, "put {}", LineStory(line)),
        Edit::PutObject(object) => {
            write!(f, "put object {}", ObjectStory(object))
        }
        Edit::Write { path, offset, length, key, keep_mtime } => {
            write!(f, "write {path} at {offset}, {length} bytes of {key:016x}")?;
            f.write_str(if *keep_mtime { ", mtime kept" } else { "" })
        }
        Edit::Truncate { path, size } => write!(f, "truncate {path} to {size} bytes"),
        Edit::SetMode { path, mode } => write!(f, "chmod {mode:04o} {path}"),
        Edit::SetOwner { path, uid, gid } => write!(f, "chown {uid}:{gid} {path}"),
        Edit::Remove { path } => write!(f, "remove {path}"),
        Edit::Rename { from, to } => write!(f, "rename {from} to {to}"),
    }
}
