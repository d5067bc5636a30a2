//! The NFS volume and a real directory: the same operations give the same answers and leave the same tree.
//!
//! The real directory is on tmpfs (`/dev/shm`) where there is one, else in the directory for temporary files. As root
//! owners and devices take part, otherwise everything belongs to whoever runs the test.
//!
//! Times: a time that an operation sets is compared exactly. Whatever an operation moves in passing shows as "moved" on
//! both sides; then both are set to one value, so that the next move is seen even if the clock of the machine stands
//! still meanwhile.

use std::collections::BTreeMap;
use std::path::PathBuf;

use datasync::time::FileTime;
use datasync::tree::{Kind, RelPath};
use datasync::volume::StepErrorKind;
use datasync_sim::prng::{Prng, Stream};

use super::conformance_model::{Difference, Model, differences, excuse};
use super::conformance_real::Real;

/// Bytes read, names listed, or nothing; or the class of the error.
pub(super) type Answer = Result<Vec<u8>, StepErrorKind>;

/// Something done to both.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Op {
    Make {
        path: RelPath,
        mode: u32,
        owner: (u32, u32),
    },
    MakeDirectory {
        path: RelPath,
        mode: u32,
        owner: (u32, u32),
    },
    MakeSymlink {
        path: RelPath,
        target: Vec<u8>,
        owner: (u32, u32),
    },
    MakeFifo {
        path: RelPath,
        mode: u32,
        owner: (u32, u32),
    },
    MakeDevice {
        path: RelPath,
        mode: u32,
        owner: (u32, u32),
    },
    /// `length` bytes of value `fill`.
    Write {
        path: RelPath,
        offset: u64,
        length: usize,
        fill: u8,
    },
    Truncate {
        path: RelPath,
        size: u64,
    },
    Flush {
        path: RelPath,
    },
    SyncDirectory {
        path: RelPath,
    },
    Link {
        leader: RelPath,
        path: RelPath,
    },
    Rename {
        from: RelPath,
        to: RelPath,
    },
    Unlink {
        path: RelPath,
    },
    RemoveDirectory {
        path: RelPath,
    },
    SetMode {
        path: RelPath,
        mode: u32,
    },
    SetOwner {
        path: RelPath,
        owner: (u32, u32),
    },
    SetTimes {
        path: RelPath,
        mtime: FileTime,
    },
    Read {
        path: RelPath,
        offset: u64,
        length: u64,
    },
    List {
        path: RelPath,
    },
}

/// An entry as both sides show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) owner: (u32, u32),
    pub(super) mode: u32,
    /// `None`: moved by the clock since it was set last.
    pub(super) mtime: Option<FileTime>,
    /// Contents of a file, target of a symlink, numbers of a device.
    pub(super) body: Vec<u8>,
    /// Of a file, the first of its names.
    pub(super) first_name: RelPath,
}

/// Times that are set lie before this, the clocks of both sides after it.
const SET_BEFORE_SECS: i64 = 1_500_000_000;

pub(super) fn shown_time(time: FileTime) -> Option<FileTime> {
    (time.secs < SET_BEFORE_SECS).then_some(time)
}

/// Names the inodes of files by their first name, so that two trees can be compared.
fn grouped(walk: BTreeMap<RelPath, (Entry, u64)>) -> BTreeMap<RelPath, Entry> {
    let mut first: BTreeMap<u64, RelPath> = BTreeMap::new();
    let name = |(path, (mut entry, number)): (RelPath, (Entry, u64))| {
        if entry.kind == Kind::File {
            entry.first_name = first.entry(number).or_insert_with(|| path.clone()).clone();
        }
        (path, entry)
    };
    walk.into_iter().map(name).collect()
}

/// Both, and the last value that moved times were set to.
struct Both {
    model: Model,
    real: Real,
    parked: i64,
    devices: bool,
    owner: (u32, u32),
    _directory: tempfile::TempDir,
}

impl Both {
    fn new() -> Self {
        let shm = PathBuf::from("/dev/shm");
        let directory = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() };
        let directory = directory.unwrap();
        let real = Real::new(directory.path());
        let owner = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        let devices = real.can_make_devices();
        let mut both =
            Self { model: Model::new(owner), real, parked: 0, devices, owner, _directory: directory };
        both.park();
        both
    }

    /// Does it to both. Answers whether it was served; `Err` says how they differ.
    fn check(&mut self, op: &Op) -> Result<bool, String> {
        let (model, real) = (self.model.apply(op), self.real.apply(op));
        if model != real {
            return Err(format!("{op:?}\n  model: {model:?}\n  real:  {real:?}"));
        }
        let served = model.is_ok();
        let (model, real) = (grouped(self.model.walk()), grouped(self.real.walk()));
        for path in model.keys().chain(real.keys()) {
            if model.get(path) != real.get(path) {
                let (model, real) = (model.get(path), real.get(path));
                return Err(format!("{op:?}\n  {path} in the model: {model:?}\n  {path} really: {real:?}"));
            }
        }
        self.park();
        Ok(served)
    }

    /// Sets whatever time has moved to one value on both sides.
    fn park(&mut self) {
        self.parked += 1;
        let mtime = FileTime { secs: self.parked, nanos: 7 };
        let paths = [self.model.walk(), self.real.walk()];
        for (path, (entry, _)) in paths.iter().flatten() {
            if entry.mtime.is_none() {
                self.model.apply(&Op::SetTimes { path: path.clone(), mtime }).unwrap();
                self.real.set_times(path, mtime).unwrap();
            }
        }
    }
}

pub(super) fn at(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).unwrap()
}

/// Draws operations that mostly meet something.
struct Draw {
    rng: Prng,
    owner: (u32, u32),
    devices: bool,
}

impl Draw {
    fn name(&mut self) -> Vec<u8> {
        let names: [&[u8]; 8] =
            [b"a", b"b", b"c", b"d.txt", b"with blank", b"\xff\xfe", "\u{e4}".as_bytes(), b"z"];
        if self.rng.chance(1, 60) { vec![b'n'; 256] } else { self.rng.pick(&names).to_vec() }
    }

    /// A path that is there, one beside or below what is there, now and then one below nothing.
    fn path(&mut self, paths: &[RelPath]) -> RelPath {
        let there = self.rng.pick(paths).clone();
        let name = self.name();
        match self.rng.weighted(&[6, 4, 2]) {
            0 if !there.is_root() => there,
            2 => there.parent().unwrap_or_else(RelPath::root).join(&name),
            _ if there.components().count() < 4 => there.join(&name),
            _ => RelPath::root().join(&name),
        }
    }

    fn any(&mut self, paths: &[RelPath]) -> RelPath {
        if self.rng.chance(1, 8) { RelPath::root() } else { self.path(paths) }
    }

    fn mode(&mut self) -> u32 {
        // Without root, what is not open to its owner is closed to the test.
        let open = [0o755, 0o700, 0o777];
        let any = [0o644, 0o600, 0o755, 0o777, 0o4755, 0o2755, 0o6644, 0o1777, 0o0];
        if self.owner.0 == 0 { *self.rng.pick(&any) } else { *self.rng.pick(&open) }
    }

    /// Root gives files away, others cannot.
    fn owner(&mut self) -> (u32, u32) {
        let others = [(0, 0), (1_000, 1_000), (65_534, 65_534), (7, 8)];
        if self.owner.0 == 0 { *self.rng.pick(&others) } else { self.owner }
    }

    fn number(&mut self) -> u64 {
        self.rng.log_range(1, 5_000) - 1
    }

    fn op(&mut self, paths: &[RelPath]) -> Op {
        let path = self.path(paths);
        let (mode, owner) = (self.mode(), self.owner());
        match self.rng.weighted(&[6, 5, 3, 1, 1, 6, 4, 1, 1, 4, 5, 4, 2, 4, 4, 3, 4, 3]) {
            0 => Op::Make { path, mode, owner },
            1 => Op::MakeDirectory { path, mode, owner },
            2 => {
                let targets: [&[u8]; 4] = [b"a", b"../b", b"/nowhere", &[b't'; 4_096]];
                Op::MakeSymlink { path, target: self.rng.pick(&targets).to_vec(), owner }
            }
            3 => Op::MakeFifo { path, mode, owner },
            4 if self.devices => Op::MakeDevice { path, mode, owner },
            5 => {
                let fill = u8::try_from(self.rng.range(0, 255)).unwrap();
                let length = usize::try_from(self.number()).unwrap();
                Op::Write { path, offset: self.number(), length, fill }
            }
            6 => Op::Truncate { path, size: self.number() },
            7 => Op::Flush { path },
            8 => Op::SyncDirectory { path: self.any(paths) },
            9 => Op::Link { leader: self.path(paths), path },
            10 => Op::Rename { from: self.path(paths), to: path },
            11 => Op::Unlink { path },
            12 => Op::RemoveDirectory { path },
            13 => Op::SetMode { path: self.any(paths), mode },
            14 => Op::SetOwner { path: self.any(paths), owner },
            15 => {
                let nanos = u32::try_from(self.rng.range(0, 999_999_999)).unwrap();
                let secs = i64::try_from(self.rng.range(0, 1_400_000_000)).unwrap();
                Op::SetTimes { path: self.any(paths), mtime: FileTime { secs, nanos } }
            }
            16 => Op::Read { path, offset: self.number(), length: self.number() },
            _ => Op::List { path: self.any(paths) },
        }
    }
}

/// Does all of it to two fresh sides. `Err`: how far it came, and how they differ.
fn replay(ops: &[Op]) -> Result<(), (usize, String)> {
    let mut both = Both::new();
    for (at, op) in ops.iter().enumerate() {
        if excuse(&both.model, op).is_none() {
            both.check(op).map_err(|why| (at, why))?;
        }
    }
    Ok(())
}

/// Leaves out what is not needed for a difference.
fn shrunk(mut ops: Vec<Op>) -> (Vec<Op>, String) {
    let mut why = String::new();
    let mut length = ops.len();
    while length > 0 {
        let mut from = 0;
        while from < ops.len() {
            let mut fewer = ops.clone();
            fewer.drain(from..ops.len().min(from + length));
            match replay(&fewer) {
                Err((at, told)) => {
                    fewer.truncate(at + 1);
                    (ops, why) = (fewer, told);
                }
                Ok(()) => from += length,
            }
        }
        length /= 2;
    }
    (ops, why)
}

const SEEDS: u64 = 100;
const OPERATIONS: usize = 100;

#[test]
fn a_volume_does_what_a_directory_does() {
    let (mut done, mut refused, mut excused) = (0_u64, 0_u64, BTreeMap::new());
    for seed in 0..SEEDS {
        let mut both = Both::new();
        let mut draw =
            Draw { rng: Prng::new(seed, Stream::Workload), owner: both.owner, devices: both.devices };
        let mut ops = Vec::new();
        for _ in 0..OPERATIONS {
            let paths: Vec<RelPath> = both.model.walk().into_keys().collect();
            let op = draw.op(&paths);
            ops.push(op.clone());
            if let Some(name) = excuse(&both.model, &op) {
                *excused.entry(name).or_insert(0_u64) += 1;
                continue;
            }
            match both.check(&op) {
                Ok(served) => {
                    done += 1;
                    refused += u64::from(!served);
                }
                Err(_) => {
                    let (ops, why) = shrunk(ops);
                    panic!("seed {seed}: model and directory differ after {ops:?}\n{why}");
                }
            }
        }
    }
    println!(
        "{done} operations, {refused} of them refused on both sides; known differences met: {excused:?}"
    );
    assert!(done > 8_000 && refused > done / 10 && refused < done * 9 / 10, "{done} done, {refused} refused");
}

#[test]
fn the_known_differences_are_real() {
    for Difference { name, why, setup, op, model, real } in differences(Both::new().owner) {
        let mut both = Both::new();
        for op in &setup {
            assert_eq!(both.check(op), Ok(true), "{name}: {op:?}");
        }
        assert_eq!(excuse(&both.model, &op), Some(name));
        assert_eq!(both.model.apply(&op), model, "{name}, in the model: {why}");
        assert_eq!(both.real.apply(&op), real, "{name}, really: {why}");
        assert_ne!(model, real, "{name} is no difference");
    }
}

/// Times of access are left out of the comparison: reading moves them, but never in the model (2.11a), and not on every
/// mount.
#[test]
fn reading_moves_times_of_access_in_a_directory_only() {
    let mut both = Both::new();
    let path = at("a");
    let mtime = FileTime { secs: 5, nanos: 0 };
    let read = Op::Read { path: path.clone(), offset: 0, length: 1 };
    let ops = [
        Op::Make { path: path.clone(), mode: 0o644, owner: both.owner },
        Op::Write { path: path.clone(), offset: 0, length: 1, fill: 1 },
        Op::SetTimes { path: path.clone(), mtime },
        read,
    ];
    for op in &ops {
        both.check(op).unwrap();
    }
    assert_eq!(both.model.volume.tree().get(&path).unwrap().attrs.atime, mtime);
    assert!(
        both.real.moves_access_times() == (both.real.accessed(&path) != mtime),
        "{}",
        both.real.accessed(&path).secs
    );
}
