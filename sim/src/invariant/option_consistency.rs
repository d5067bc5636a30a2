//! Effective options (1.7, 1.7a): a naive model of every task's set, built from the requests that were accepted.

use std::collections::BTreeMap;

use datasync::api::shapes::RawOptions;
use datasync::api::{
    Atime, Gid, Mtime, Options, PosixPermissions, PreserveDeletedFiles, PreserveDevices, Request, Response,
    Uid, VerifyMode,
};
use datasync::volume::StorageKind;

use super::{Called, Ended, Invariant, Observation, Violation};

pub(super) const NAME: &str = "option-consistency";

#[derive(Clone, Debug)]
struct Task {
    options: Options,
    source: Option<StorageKind>,
    destination: Option<StorageKind>,
}

/// What every task and execution must have, by ARN.
#[derive(Clone, Debug, Default)]
pub(super) struct OptionConsistency {
    locations: BTreeMap<String, StorageKind>,
    tasks: BTreeMap<String, Task>,
    executions: BTreeMap<String, Options>,
}

impl Invariant for OptionConsistency {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let outcome = match observation {
            Observation::Called(called) => self.called(called, checks),
            Observation::Ended(ended) => self.ended(ended, checks),
            Observation::Probed(_)
            | Observation::Stopped(_)
            | Observation::Healed(_)
            | Observation::Resumed(_)
            | Observation::Over(_) => Ok(()),
        };
        outcome.map_err(|why| Violation::new(NAME, why))
    }
}

impl OptionConsistency {
    fn called(&mut self, called: &Called<'_>, checks: &mut u64) -> Result<(), String> {
        let Ok(answer) = called.answer else { return Ok(()) };
        match (called.request, answer) {
            (Request::CreateLocationNfs(_), Response::CreateLocation(made)) => {
                self.locations.insert(made.location_arn.clone(), StorageKind::Nfs);
            }
            (Request::CreateLocationEfs(_), Response::CreateLocation(made)) => {
                self.locations.insert(made.location_arn.clone(), StorageKind::Efs);
            }
            (Request::CreateLocationS3(_), Response::CreateLocation(made)) => {
                self.locations.insert(made.location_arn.clone(), StorageKind::S3);
            }
            (Request::CreateTask(create), Response::CreateTask(made)) => {
                *checks += 1;
                let kind_of =
                    |arn: &Option<String>| arn.as_ref().and_then(|arn| self.locations.get(arn)).copied();
                let mut task = Task {
                    options: Options::default(),
                    source: kind_of(&create.source_location_arn),
                    destination: kind_of(&create.destination_location_arn),
                };
                if task.source == Some(StorageKind::S3) && task.destination == Some(StorageKind::S3) {
                    task.options.uid = Uid::None;
                    task.options.gid = Gid::None;
                    task.options.posix_permissions = PosixPermissions::None;
                }
                task.options = merged(&task, create.options.as_ref())?;
                self.tasks.insert(made.task_arn.clone(), task);
            }
            (Request::UpdateTask(update), _) => {
                if let Some(task) = update.task_arn.as_ref().and_then(|arn| self.tasks.get_mut(arn)) {
                    *checks += 1;
                    task.options = merged(task, update.options.as_ref())?;
                }
            }
            (Request::StartTaskExecution(start), Response::StartTaskExecution(started)) => {
                if let Some(task) = start.task_arn.as_ref().and_then(|arn| self.tasks.get(arn)) {
                    *checks += 1;
                    let options = merged(task, start.override_options.as_ref())?;
                    self.executions.insert(started.task_execution_arn.clone(), options);
                }
            }
            (Request::DescribeTask(_), Response::DescribeTask(shown)) => {
                if let Some(task) = self.tasks.get(&shown.task_arn) {
                    *checks += 1;
                    same("DescribeTask shows", &shown.options, &task.options)?;
                }
            }
            (Request::DescribeTaskExecution(_), Response::DescribeTaskExecution(shown)) => {
                if let Some(options) = self.executions.get(&shown.task_execution_arn) {
                    *checks += 1;
                    same("DescribeTaskExecution shows", &shown.options, options)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn ended(&mut self, ended: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
        let Some(options) = self.executions.get(ended.execution_arn) else { return Ok(()) };
        *checks += 1;
        same("the execution shows", ended.options, options)?;
        ended.engine_options.map_or(Ok(()), |given| same("the engine was given", given, options))
    }
}

fn same(who: &str, found: &Options, wanted: &Options) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{who} {found:?}, expected {wanted:?}")) }
}

/// The task's set with what was sent laid over it, member by member. An accepted request must give a valid set.
fn merged(task: &Task, sent: Option<&RawOptions>) -> Result<Options, String> {
    let mut options = task.options.clone();
    let Some(sent) = sent else { return Ok(options) };
    macro_rules! lay_over {
        ($($member:ident: $enumeration:ident),+) => {$(
            if let Some(text) = &sent.$member {
                options.$member = $enumeration::parse(text)
                    .ok_or_else(|| format!("{} `{text}` was accepted", stringify!($enumeration)))?;
            }
        )+};
    }
    lay_over!(
        verify_mode: VerifyMode, atime: Atime, mtime: Mtime, uid: Uid, gid: Gid,
        preserve_deleted_files: PreserveDeletedFiles, preserve_devices: PreserveDevices,
        posix_permissions: PosixPermissions
    );
    options.bytes_per_second = sent.bytes_per_second.unwrap_or(options.bytes_per_second);
    match conflict(&options, task) {
        Some(why) => Err(format!("a set was accepted although {why}: {options:?}")),
        None => Ok(options),
    }
}

fn conflict(options: &Options, task: &Task) -> Option<&'static str> {
    let keeps_atime = options.atime == Atime::BestEffort;
    let keeps_mtime = options.mtime == Mtime::Preserve;
    let between_buckets = task.source == Some(StorageKind::S3) && task.destination == Some(StorageKind::S3);
    let posix = options.uid != Uid::None
        || options.gid != Gid::None
        || options.posix_permissions != PosixPermissions::None;
    if keeps_atime != keeps_mtime {
        Some("Atime and Mtime contradict each other")
    } else if matches!(options.uid, Uid::Name | Uid::Both) || matches!(options.gid, Gid::Name | Gid::Both) {
        Some("nothing says what NAME and BOTH do")
    } else if options.preserve_devices == PreserveDevices::Preserve
        && task.destination == Some(StorageKind::Efs)
    {
        Some("EFS holds no devices")
    } else if between_buckets && posix {
        Some("there are no POSIX attributes between buckets")
    } else if options.bytes_per_second == 0 || options.bytes_per_second < -1 {
        Some("BytesPerSecond is neither -1 nor positive")
    } else {
        None
    }
}
