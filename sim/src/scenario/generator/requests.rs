//! Requests: one valid call of each of the 25 operations, and what it adds to what should exist.

use datasync::api::shapes::*;
use datasync::api::{Operation as Api, Options, Request};
use datasync::tree::RelPath;
use datasync::volume::StorageKind;

use super::model::{ExecutionModel, LocationModel, Model, TaskModel};
use super::options::{self, OptionsContext};
use super::spoil::spoil;
use super::{ACCOUNT, REGION, perturb};
use crate::prng::Prng;
use crate::scenario::{Call, LineBody, StorageSpec};

/// What a call changes if it is accepted.
#[derive(Clone, Debug)]
enum Effect {
    Nothing,
    Agent(u32),
    Location(LocationModel),
    Task(TaskModel),
    Execution(ExecutionModel),
    SetOptions(usize, Options),
    DeleteTask(usize),
}

/// Draws a call. `spoiled` makes it one that is most likely refused; the model then stays as it is.
pub(super) fn call(rng: &mut Prng, model: &mut Model<'_>, operation: Api, spoiled: bool) -> Call {
    let (mut request, bind, effect) = valid(rng, model, operation);
    if spoiled {
        spoil(rng, &mut request);
    } else {
        apply(model, effect);
    }
    Call { client: client(rng), request, bind }
}

fn client(rng: &mut Prng) -> u8 {
    u8::try_from(rng.range(0, 3)).expect("at most 3")
}

fn apply(model: &mut Model<'_>, effect: Effect) {
    match effect {
        Effect::Nothing => {}
        Effect::Agent(slot) => model.agents.push(slot),
        Effect::Location(location) => model.locations.push(location),
        Effect::Task(task) => model.tasks.push(task),
        Effect::Execution(execution) => model.executions.push(execution),
        Effect::SetOptions(task, options) => model.tasks[task].options = options,
        Effect::DeleteTask(task) => model.tasks[task].gone = true,
    }
}

/// A start of this task, with the slot of the execution.
pub(super) fn start(rng: &mut Prng, model: &mut Model<'_>, task: usize) -> (Call, u32) {
    let (request, slot) = start_request(rng, model, task);
    model.executions.push(ExecutionModel { slot, task });
    (Call { client: client(rng), request, bind: Some(slot) }, slot)
}

/// A location on this storage; the same directory as `like`, if the storage has it.
pub(super) fn location(
    rng: &mut Prng,
    model: &mut Model<'_>,
    storage: usize,
    like: Option<&RelPath>,
) -> Call {
    let (request, bind, effect) = location_request(rng, model, storage, like);
    apply(model, effect);
    Call { client: client(rng), request, bind }
}

/// A task between two locations, by their places in the model.
pub(super) fn task(rng: &mut Prng, model: &mut Model<'_>, source: usize, destination: usize) -> Call {
    let (request, bind, effect) = task_request(rng, model, source, destination);
    apply(model, effect);
    Call { client: client(rng), request, bind }
}

fn valid(rng: &mut Prng, model: &mut Model<'_>, operation: Api) -> (Request, Option<u32>, Effect) {
    let request = match operation {
        Api::CreateAgent => return agent_request(rng, model),
        Api::CreateLocationEfs => return location_of_kind(rng, model, StorageKind::Efs),
        Api::CreateLocationNfs => return location_of_kind(rng, model, StorageKind::Nfs),
        Api::CreateLocationS3 => return location_of_kind(rng, model, StorageKind::S3),
        Api::CreateTask => {
            let (source, destination) = any_pair(rng, model);
            return task_request(rng, model, source, destination);
        }
        Api::StartTaskExecution => {
            let task = index(rng, model.tasks.len());
            let (request, slot) = start_request(rng, model, task);
            return (request, Some(slot), Effect::Execution(ExecutionModel { slot, task }));
        }
        Api::UpdateTask => return update_task(rng, model),
        Api::CancelTaskExecution => Request::CancelTaskExecution(CancelTaskExecutionRequest {
            task_execution_arn: Some(execution_arn(rng, model)),
        }),
        Api::DescribeTaskExecution => Request::DescribeTaskExecution(DescribeTaskExecutionRequest {
            task_execution_arn: Some(execution_arn(rng, model)),
        }),
        Api::DeleteAgent => {
            Request::DeleteAgent(DeleteAgentRequest { agent_arn: Some(agent_arn(rng, model)) })
        }
        Api::DescribeAgent => {
            Request::DescribeAgent(DescribeAgentRequest { agent_arn: Some(agent_arn(rng, model)) })
        }
        Api::UpdateAgent => Request::UpdateAgent(UpdateAgentRequest {
            agent_arn: Some(agent_arn(rng, model)),
            name: name(rng),
        }),
        Api::DeleteLocation => Request::DeleteLocation(DeleteLocationRequest {
            location_arn: Some(location_arn(rng, model, None)),
        }),
        Api::DescribeLocationEfs => Request::DescribeLocationEfs(DescribeLocationEfsRequest {
            location_arn: Some(location_arn(rng, model, Some(StorageKind::Efs))),
        }),
        Api::DescribeLocationNfs => Request::DescribeLocationNfs(DescribeLocationNfsRequest {
            location_arn: Some(location_arn(rng, model, Some(StorageKind::Nfs))),
        }),
        Api::DescribeLocationS3 => Request::DescribeLocationS3(DescribeLocationS3Request {
            location_arn: Some(location_arn(rng, model, Some(StorageKind::S3))),
        }),
        Api::DeleteTask => return delete_task(rng, model),
        Api::DescribeTask => {
            Request::DescribeTask(DescribeTaskRequest { task_arn: Some(task_arn(rng, model)) })
        }
        Api::ListAgents => {
            let (max_results, next_token) = page(rng);
            Request::ListAgents(ListAgentsRequest { max_results, next_token })
        }
        Api::ListLocations => {
            let (max_results, next_token) = page(rng);
            Request::ListLocations(ListLocationsRequest { max_results, next_token })
        }
        Api::ListTasks => {
            let (max_results, next_token) = page(rng);
            Request::ListTasks(ListTasksRequest { max_results, next_token })
        }
        Api::ListTaskExecutions => {
            let (max_results, next_token) = page(rng);
            let task_arn = rng.chance(1, 2).then(|| task_arn(rng, model));
            Request::ListTaskExecutions(ListTaskExecutionsRequest { task_arn, max_results, next_token })
        }
        Api::ListTagsForResource => {
            let (max_results, next_token) = page(rng);
            let resource_arn = Some(taggable_arn(rng, model));
            Request::ListTagsForResource(ListTagsForResourceRequest { resource_arn, max_results, next_token })
        }
        Api::TagResource => Request::TagResource(TagResourceRequest {
            resource_arn: Some(taggable_arn(rng, model)),
            tags: Some(some_tags(rng)),
        }),
        Api::UntagResource => Request::UntagResource(UntagResourceRequest {
            resource_arn: Some(taggable_arn(rng, model)),
            keys: Some(some_tags(rng).into_iter().filter_map(|tag| tag.key).collect()),
        }),
    };
    (request, None, Effect::Nothing)
}

fn index(rng: &mut Prng, length: usize) -> usize {
    let last = u64::try_from(length).expect("a list in memory").saturating_sub(1);
    usize::try_from(rng.range(0, last)).expect("below the length")
}

fn agent_arn(rng: &mut Prng, model: &Model<'_>) -> String {
    let slot = model.agents.get(index(rng, model.agents.len())).copied().unwrap_or(0);
    format!("@agent:{slot}")
}

fn location_arn(rng: &mut Prng, model: &Model<'_>, kind: Option<StorageKind>) -> String {
    let of_kind = |location: &&LocationModel| kind.is_none_or(|kind| location.kind == kind);
    let slots: Vec<u32> = model.locations.iter().filter(of_kind).map(|location| location.slot).collect();
    format!("@location:{}", slots.get(index(rng, slots.len())).copied().unwrap_or(0))
}

fn task_arn(rng: &mut Prng, model: &Model<'_>) -> String {
    let slot = model.tasks.get(index(rng, model.tasks.len())).map_or(0, |task| task.slot);
    format!("@task:{slot}")
}

/// Mostly one of the last two executions: older ones are long over.
fn execution_arn(rng: &mut Prng, model: &Model<'_>) -> String {
    let recent = &model.executions[model.executions.len().saturating_sub(2)..];
    let list = if rng.chance(3, 4) { recent } else { &model.executions[..] };
    let slot = list.get(index(rng, list.len())).map_or(0, |execution| execution.slot);
    format!("@execution:{slot}")
}

fn taggable_arn(rng: &mut Prng, model: &Model<'_>) -> String {
    match rng.range(0, 2) {
        0 => agent_arn(rng, model),
        1 => location_arn(rng, model, None),
        _ => task_arn(rng, model),
    }
}

fn name(rng: &mut Prng) -> Option<String> {
    const NAMES: &[&str] = &["nightly", "Prod/EU: 2=3", "a", "x.y_z+w", "with blanks"];
    rng.chance(2, 3).then(|| (*rng.pick(NAMES)).to_owned())
}

fn tags(rng: &mut Prng) -> Option<Vec<TagListEntry>> {
    rng.chance(1, 3).then(|| some_tags(rng))
}

fn some_tags(rng: &mut Prng) -> Vec<TagListEntry> {
    const KEYS: &[&str] = &["owner", "Owner", "env", "cost center", "mail@home", "k"];
    let count = if rng.chance(1, 10) { rng.range(40, 50) } else { rng.range(1, 4) };
    let mut tags: Vec<TagListEntry> = Vec::new();
    for number in 0..count {
        let key = if count > 4 { format!("k{number}") } else { (*rng.pick(KEYS)).to_owned() };
        if tags.iter().all(|tag| tag.key.as_ref() != Some(&key)) {
            let value = rng.chance(7, 8).then(|| (*rng.pick(&["", "v", "w", "2019"])).to_owned());
            tags.push(TagListEntry { key: Some(key), value });
        }
    }
    tags
}

fn page(rng: &mut Prng) -> (Option<i64>, Option<String>) {
    let max_results = rng.chance(2, 3).then(|| *rng.pick(&[1, 1, 2, 3, 100, 0]));
    let token = match rng.weighted(&[5, 4, 1]) {
        0 => None,
        1 => Some("@token"),
        _ => Some(*rng.pick(&["", "forged-token", "not/a+token"])),
    };
    (max_results, token.map(str::to_owned))
}

fn agent_request(rng: &mut Prng, model: &mut Model<'_>) -> (Request, Option<u32>, Effect) {
    let slot = model.agent_slot();
    // Now and then a key that was used already.
    let reused = model.keys > 0 && rng.chance(1, 12) && !model.agents.is_empty() && slot > 3;
    let number = if reused { 0 } else { model.keys };
    model.keys += u64::from(!reused);
    let request = Request::CreateAgent(CreateAgentRequest {
        activation_key: Some(format!("AAAAA-BBBBB-CCCCC-DDDDD-{number:05}")),
        agent_name: name(rng),
        tags: tags(rng),
    });
    (request, Some(slot), if reused { Effect::Nothing } else { Effect::Agent(slot) })
}

fn location_of_kind(
    rng: &mut Prng,
    model: &mut Model<'_>,
    kind: StorageKind,
) -> (Request, Option<u32>, Effect) {
    let of_kind: Vec<usize> =
        (0..model.storages.len()).filter(|at| model.storages[*at].kind == kind).collect();
    match of_kind.get(index(rng, of_kind.len())) {
        Some(storage) => location_request(rng, model, *storage, None),
        None => {
            // No storage of this kind: the location is accepted all the same, mounts of it fail (2.5b).
            let slot = model.location_slot();
            let nowhere = match kind {
                StorageKind::Nfs => "nowhere.example.com",
                StorageKind::Efs => "fs-0000dead",
                StorageKind::S3 => "nowhere",
            };
            (raw_location(rng, kind, nowhere, "/".to_owned(), &[0]), Some(slot), Effect::Nothing)
        }
    }
}

fn location_request(
    rng: &mut Prng,
    model: &mut Model<'_>,
    storage: usize,
    like: Option<&RelPath>,
) -> (Request, Option<u32>, Effect) {
    let spec = &model.storages[storage];
    let directory = directory(rng, model, storage, like);
    let agents = if spec.kind == StorageKind::Nfs { some_agents(rng, model) } else { Vec::new() };
    let subdirectory = spelled(rng, &directory);
    let request = raw_location(rng, spec.kind, &spec.name, subdirectory, &agents);
    let slot = model.location_slot();
    let location = LocationModel { slot, storage, kind: model.storages[storage].kind, directory, agents };
    (request, Some(slot), Effect::Location(location))
}

fn some_agents(rng: &mut Prng, model: &Model<'_>) -> Vec<u32> {
    // In turn, so that tasks mostly have agents of their own; sometimes a second one.
    let turn = model.locations.iter().filter(|location| location.kind == StorageKind::Nfs).count();
    let Some(first) = model.agents.get(turn % model.agents.len().max(1)).copied() else { return vec![0] };
    let mut agents = vec![first];
    let second = *rng.pick(&model.agents);
    if second != first && rng.chance(1, 5) {
        agents.push(second);
    }
    agents
}

/// The request for a location on a storage of this kind and name.
pub(super) fn raw_location(
    rng: &mut Prng,
    kind: StorageKind,
    storage: &str,
    subdirectory: String,
    agents: &[u32],
) -> Request {
    let subdirectory = Some(subdirectory);
    match kind {
        StorageKind::Nfs => Request::CreateLocationNfs(CreateLocationNfsRequest {
            subdirectory,
            server_hostname: Some(storage.to_owned()),
            on_prem_config: Some(OnPremConfig {
                agent_arns: Some(agents.iter().map(|slot| format!("@agent:{slot}")).collect()),
            }),
            tags: tags(rng),
        }),
        StorageKind::Efs => Request::CreateLocationEfs(CreateLocationEfsRequest {
            subdirectory,
            efs_filesystem_arn: Some(format!(
                "arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:file-system/{storage}"
            )),
            ec2_config: Some(Ec2Config {
                subnet_arn: Some(format!("arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/subnet-0a")),
                security_group_arns: Some(vec![format!(
                    "arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-0a"
                )]),
            }),
            tags: tags(rng),
        }),
        StorageKind::S3 => Request::CreateLocationS3(CreateLocationS3Request {
            subdirectory,
            s3_bucket_arn: Some(format!("arn:aws:s3:::{storage}")),
            s3_config: Some(S3Config {
                bucket_access_role_arn: Some(format!("arn:aws:iam::{ACCOUNT}:role/datasync")),
            }),
            tags: tags(rng),
        }),
    }
}

/// Mostly the root, if nothing else of the storage is taken; else a directory apart from those taken; rarely a missing
/// one.
fn directory(rng: &mut Prng, model: &Model<'_>, storage: usize, like: Option<&RelPath>) -> RelPath {
    let spec = &model.storages[storage];
    if let Some(like) = like.filter(|like| exists(spec, like)) {
        return like.clone();
    }
    let taken: Vec<&RelPath> = model
        .locations
        .iter()
        .filter(|location| location.storage == storage)
        .map(|location| &location.directory)
        .collect();
    if rng.chance(1, 25) {
        return RelPath::root().join(b"missing");
    }
    if taken.is_empty() && rng.chance(3, 4) {
        return RelPath::root();
    }
    let apart = |path: &RelPath| taken.iter().all(|other| !path.is_within(other) && !other.is_within(path));
    let tries = (0..4).map(|_| perturb::directory(rng, &spec.tree));
    tries.into_iter().find(|path| plain(path) && apart(path)).unwrap_or_else(RelPath::root)
}

fn exists(spec: &StorageSpec, path: &RelPath) -> bool {
    path.is_root()
        || super::lines::find(&spec.tree, path).is_some_and(|line| matches!(line.body, LineBody::Directory))
}

/// Whether a path can be spelled as a `Subdirectory` of the seed's model (1.5).
fn plain(path: &RelPath) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./".contains(byte);
    path.as_bytes().len() < 1_000 && path.as_bytes().iter().all(fits)
}

/// A spelling of a directory, sometimes one that needs normalising (2.1c).
fn spelled(rng: &mut Prng, directory: &RelPath) -> String {
    let path = directory.to_string();
    let path = if directory.is_root() { "" } else { &path };
    match rng.weighted(&[7, 1, 1, 1]) {
        0 => format!("/{path}"),
        1 => format!("/{path}/"),
        2 => format!("//{path}/./"),
        _ => format!("./{path}"),
    }
}

fn any_pair(rng: &mut Prng, model: &Model<'_>) -> (usize, usize) {
    let some = |rng: &mut Prng| index(rng, model.locations.len());
    // Rarely a pair that the service refuses.
    for _ in 0..if rng.chance(12, 13) { 8 } else { 0 } {
        let (source, destination) = (some(rng), some(rng));
        if source != destination && model.pair(source, destination).is_some_and(|pair| model.allows(pair)) {
            return (source, destination);
        }
    }
    (some(rng), some(rng))
}

fn context(model: &Model<'_>, source: usize, destination: usize) -> OptionsContext {
    OptionsContext {
        pair: model.pair(source, destination).unwrap_or((StorageKind::Nfs, StorageKind::Nfs)),
        largest_bytes: model.largest_bytes.max(model.chunk_bytes.saturating_mul(8)),
    }
}

fn task_request(
    rng: &mut Prng,
    model: &mut Model<'_>,
    source: usize,
    destination: usize,
) -> (Request, Option<u32>, Effect) {
    let context = context(model, source, destination);
    let defaults = Model::default_options(context.pair);
    let (raw, options) = options::valid(rng, &defaults, &context);
    let named = rng.chance(3, 4);
    let arn =
        |at: usize| Some(format!("@location:{}", model.locations.get(at).map_or(0, |found| found.slot)));
    let request = Request::CreateTask(CreateTaskRequest {
        source_location_arn: arn(source),
        destination_location_arn: arn(destination),
        cloud_watch_log_group_arn: rng
            .chance(1, 4)
            .then(|| format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/datasync")),
        name: name(rng),
        options: named.then_some(raw),
        tags: tags(rng),
    });
    let options = if named { options } else { defaults };
    let slot = model.task_slot();
    let fits =
        source != destination && model.pair(source, destination).is_some_and(|pair| model.allows(pair));
    let effect = if fits {
        Effect::Task(TaskModel { slot, source, destination, options, gone: false })
    } else {
        Effect::Nothing
    };
    (request, Some(slot), effect)
}

fn start_request(rng: &mut Prng, model: &mut Model<'_>, task: usize) -> (Request, u32) {
    let slot = model.execution_slot();
    let (arn, overrides) = match model.tasks.get(task) {
        Some(task) => {
            let overrides = rng.chance(2, 5).then(|| {
                options::valid(rng, &task.options, &context(model, task.source, task.destination)).0
            });
            (format!("@task:{}", task.slot), overrides)
        }
        None => ("@task:0".to_owned(), None),
    };
    let request = StartTaskExecutionRequest { task_arn: Some(arn), override_options: overrides };
    (Request::StartTaskExecution(request), slot)
}

/// Mostly the task that is running, which is refused, or one of several; the last one stays.
fn delete_task(rng: &mut Prng, model: &Model<'_>) -> (Request, Option<u32>, Effect) {
    let live = model.live_tasks();
    let (arn, effect) = match model.running {
        Some(task) if rng.chance(2, 3) => (format!("@task:{}", model.tasks[task].slot), Effect::Nothing),
        None if live.len() >= 2 => {
            let task = *rng.pick(&live);
            (format!("@task:{}", model.tasks[task].slot), Effect::DeleteTask(task))
        }
        _ => {
            let gone = model.tasks.iter().find(|task| task.gone);
            (format!("@task:{}", gone.map_or(9_999, |task| task.slot)), Effect::Nothing)
        }
    };
    (Request::DeleteTask(DeleteTaskRequest { task_arn: Some(arn) }), None, effect)
}

fn update_task(rng: &mut Prng, model: &Model<'_>) -> (Request, Option<u32>, Effect) {
    let at = index(rng, model.tasks.len());
    let Some(task) = model.tasks.get(at) else {
        let request =
            UpdateTaskRequest { task_arn: Some("@task:0".to_owned()), ..UpdateTaskRequest::default() };
        return (Request::UpdateTask(request), None, Effect::Nothing);
    };
    let (raw, options) = options::valid(rng, &task.options, &context(model, task.source, task.destination));
    let changes = rng.chance(4, 5);
    let request = Request::UpdateTask(UpdateTaskRequest {
        task_arn: Some(format!("@task:{}", task.slot)),
        options: changes.then_some(raw),
        name: name(rng),
    });
    (request, None, if changes { Effect::SetOptions(at, options) } else { Effect::Nothing })
}
