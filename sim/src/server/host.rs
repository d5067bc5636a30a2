//! Everything that has state: a world for each region. Pure: the same inputs in the same order give the same answers.

use std::collections::BTreeMap;

use datasync::Settings;
use datasync::api::{ApiError, Request, Response};
use datasync::mix::{fold, fold_bytes};
use datasync::rules::Documented;
use datasync::time::{Instant, SECOND};
use datasync::tree::Xxh3;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::clock::Clock;
use super::control::{Act, Query, acts, views};
use super::volumes::Volumes;
use crate::scenario::{CostProfile, WorldSpec};
use crate::world::{LiveSpec, LiveState, Unmapped, World};

/// A world as the server has it.
pub type Live = World<Documented, Xxh3>;

/// Bytes of a chunk.
const CHUNK_BYTES: u64 = 8 << 20;
/// Actions of one execution in flight.
const IN_FLIGHT: u32 = 8;

/// What a host begins with.
#[derive(Clone, Debug)]
pub struct HostSpec {
    /// The account, 12 digits.
    pub account: String,
    /// The region of requests that name none.
    pub region: String,
    /// Seed of ids and of everything drawn.
    pub seed: u64,
    /// The virtual time at the beginning.
    pub start: Instant,
    /// What moves it.
    pub clock: Clock,
    /// What becomes of locations that nothing was said about.
    pub unmapped: Unmapped,
    /// What the others stand for.
    pub volumes: Volumes,
    /// The settings of the service.
    pub settings: Settings,
}

/// Something that may change the state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Input {
    /// An operation of the service.
    Call {
        /// In which region; `None` = the one of requests that name none.
        region: Option<String>,
        /// What.
        request: Request,
    },
    /// Something that only a simulator does.
    Act {
        /// In which region.
        region: Option<String>,
        /// What.
        act: Act,
    },
}

/// What an input is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The service's answer.
    Service(Result<Response, ApiError>),
    /// The control interface's answer.
    Done(Value),
    /// The control interface's refusal: HTTP status and what was expected.
    Refused(u16, String),
}

/// All regions.
#[derive(Clone)]
pub struct Host {
    spec: HostSpec,
    regions: BTreeMap<String, Live>,
    /// How far a manual clock has got.
    manual: Instant,
    snapshots: BTreeMap<String, (Instant, BTreeMap<String, Live>)>,
}

/// Everything that decides how a host goes on.
#[derive(Serialize, Deserialize)]
pub struct HostState {
    manual: Instant,
    regions: BTreeMap<String, LiveState>,
    snapshots: BTreeMap<String, (Instant, BTreeMap<String, LiveState>)>,
}

impl HostSpec {
    /// What must be the same when a state is taken up again.
    #[must_use]
    pub fn as_json(&self) -> Value {
        json!({
            "account": self.account,
            "region": self.region,
            "seed": self.seed,
            "start": self.start.0 / SECOND,
            "clock": self.clock.to_string(),
            "unmapped": format!("{:?}", self.unmapped),
            "volumes": self.volumes.said(),
            "settings": self.settings,
        })
    }
}

impl Host {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(spec: HostSpec) -> Self {
        Self { manual: spec.start, spec, regions: BTreeMap::new(), snapshots: BTreeMap::new() }
    }

    /// What it began with.
    #[must_use]
    pub const fn spec(&self) -> &HostSpec {
        &self.spec
    }

    /// Takes in what somebody asked, `wall_ns` nanoseconds of the wall clock after the beginning.
    pub fn handle(&mut self, input: &Input, wall_ns: u64) -> Answer {
        match input {
            Input::Call { region, request } => {
                let clock = self.spec.clock;
                let new = region.as_ref().filter(|region| !self.regions.contains_key(*region));
                let world = self.world(region.as_deref(), wall_ns);
                if let Clock::Request(step_ns) = clock {
                    world.pass_until_change(world.now().after_ns(step_ns));
                }
                let answer = world.serve(request);
                // A refusal changes nothing: it makes no region either.
                if let Some(region) = new.filter(|region| answer.is_err() && **region != self.spec.region) {
                    self.regions.remove(region);
                }
                Answer::Service(answer)
            }
            Input::Act { region, act } => match act {
                Act::Advance { by_ns } => {
                    let spec = self.spec.clock;
                    let now = self.world(region.as_deref(), wall_ns).now();
                    let target = now.after_ns(*by_ns);
                    if spec == Clock::Manual {
                        self.manual = self.manual.max(target);
                        self.regions.values_mut().for_each(|world| world.pass_until(target));
                    }
                    let world = self.world(region.as_deref(), wall_ns);
                    world.pass_until(target);
                    Answer::Done(views::time(world))
                }
                Act::UntilIdle { limit_ns } => {
                    let world = self.world(region.as_deref(), wall_ns);
                    let reached = world.pass_until_idle(world.now().after_ns(*limit_ns));
                    let (now, shown) = (world.now(), views::idle(world, reached));
                    self.manual = self.manual.max(now);
                    Answer::Done(shown)
                }
                Act::Snapshot { name } => {
                    self.world(region.as_deref(), wall_ns);
                    self.snapshots.insert(name.clone(), (self.manual, self.regions.clone()));
                    Answer::Done(views::names(self.snapshots.keys()))
                }
                Act::Restore { name } => match self.snapshots.get(name) {
                    Some((manual, regions)) => {
                        self.regions.values().for_each(World::await_directories);
                        (self.manual, self.regions) = (*manual, regions.clone());
                        Answer::Done(views::names(self.snapshots.keys()))
                    }
                    None => Answer::Refused(404, format!("no snapshot is called `{name}`")),
                },
                Act::Reset {} => {
                    self.await_directories();
                    self.regions.clear();
                    self.manual = self.spec.start;
                    Answer::Done(Value::Object(serde_json::Map::new()))
                }
                act => acts::perform(self.world(region.as_deref(), wall_ns), act),
            },
        }
    }

    /// Looks, and changes nothing but for the time that a wall clock moves.
    pub fn look(&mut self, region: Option<&str>, query: &Query, wall_ns: u64) -> Answer {
        if let Query::Snapshots = query {
            return Answer::Done(views::names(self.snapshots.keys()));
        }
        if let Query::Routes = query {
            return Answer::Done(views::routes());
        }
        let clock = self.spec.clock;
        views::answer(self.world(region, wall_ns), clock, query)
    }

    /// The world of a region, made when it is first asked for, as late as the clock says.
    fn world(&mut self, region: Option<&str>, wall_ns: u64) -> &mut Live {
        let Self { spec, regions, manual, .. } = self;
        let region = region.unwrap_or(&spec.region);
        if !regions.contains_key(region) {
            let mut world = Live::live(&live_spec(spec, region), Documented, &Xxh3);
            if spec.clock == Clock::Manual {
                world.pass_until(*manual);
            }
            regions.insert(region.to_owned(), world);
        }
        let world = regions.get_mut(region).expect("made above");
        if let Clock::Wall(times) = spec.clock {
            world.pass_until(spec.start.after_ns(wall_ns.saturating_mul(times)));
        }
        world
    }

    /// What is needed to go on from here.
    #[must_use]
    pub fn state(&self) -> HostState {
        let states = |regions: &BTreeMap<String, Live>| {
            regions.iter().map(|(region, world)| (region.clone(), world.live_state())).collect()
        };
        let snapshots = self.snapshots.iter();
        HostState {
            manual: self.manual,
            regions: states(&self.regions),
            snapshots: snapshots
                .map(|(name, (manual, regions))| (name.clone(), (*manual, states(regions))))
                .collect(),
        }
    }

    /// A host that goes on where a state was taken; `spec` is what it began with.
    ///
    /// # Errors
    /// What is wrong with the state.
    pub fn from_state(spec: HostSpec, state: HostState) -> Result<Self, String> {
        let worlds = |regions: BTreeMap<String, LiveState>| {
            let world = |(region, state): (String, LiveState)| {
                let world = Live::from_live_state(&live_spec(&spec, &region), Documented, &Xxh3, state)?;
                Ok((region, world))
            };
            regions.into_iter().map(world).collect::<Result<BTreeMap<String, Live>, String>>()
        };
        let HostState { manual, regions, snapshots } = state;
        let regions = worlds(regions)?;
        let snapshots = snapshots.into_iter();
        let snapshots = snapshots
            .map(|(name, (manual, regions))| Ok((name, (manual, worlds(regions)?))))
            .collect::<Result<_, String>>()?;
        Ok(Self { spec, regions, manual, snapshots })
    }

    /// Executions over real directories end as if their workers had died. Whether there were any.
    pub fn crash_on_real_directories(&mut self) -> bool {
        let hit: Vec<bool> = self.regions.values_mut().map(World::crash_on_real_directories).collect();
        hit.contains(&true)
    }

    /// Waits until nothing that was begun on a real directory is under way any more.
    pub fn await_directories(&self) {
        self.regions.values().for_each(World::await_directories);
    }

    /// A digest of everything in all regions.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.regions.iter().fold(0, |sum, (region, world)| {
            fold([sum, fold_bytes(0, region.as_bytes()), world.now().0, world.closing_digest()])
        })
    }
}

fn live_spec(spec: &HostSpec, region: &str) -> LiveSpec {
    // Another region draws other ids, the same in every run.
    let key = |concern: u64| fold([spec.seed, concern, fold_bytes(0, region.as_bytes())]);
    LiveSpec {
        account: spec.account.clone(),
        region: region.to_owned(),
        world: WorldSpec {
            latency_key: key(1),
            order_key: key(2),
            crash_key: key(3),
            id_seed: key(4),
            start: spec.start,
            cost: CostProfile::Default,
            chunk_bytes: CHUNK_BYTES,
            in_flight: IN_FLIGHT,
            trust_summaries: false,
            listing_key: 0,
            settings: spec.settings.clone(),
            picks: None,
        },
        unmapped: spec.unmapped,
        storages: spec.volumes.storages(),
    }
}
