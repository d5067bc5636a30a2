//! What one undisturbed execution over quiet volumes must make of the destination (2.5, the main invariant).

use std::collections::{BTreeMap, BTreeSet};

use datasync::api::{Mtime, Options, PreserveDeletedFiles, VerifyMode};
use datasync::report::ErrorCode;
use datasync::settings::Settings;
use datasync::tree::Kind;
use datasync::volume::StorageKind;

use super::buckets::ObjectPins;
use super::change::OracleChange;
use super::delta::{Carried, Fate, Given, Plan, delta};
use super::flat::{Flat, FlatEntry, is_directory, other_form, path_of};
use super::pins::Pins;
use super::scope::{is_below, is_excluded};

/// What must be at one form of the destination afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected<'a> {
    /// What was there, to the byte.
    Untouched(&'a FlatEntry),
    /// What the source has.
    Copied(Pins<'a>),
    /// The source's object, between two buckets.
    Object(ObjectPins<'a>),
    /// A directory whose attributes do not matter: things were removed from it.
    Kept,
    /// Something or nothing: the reference does not say.
    Free,
}

/// A figure that the reference leaves open between two values, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Between {
    /// Least.
    pub least: u64,
    /// Most.
    pub most: u64,
}

impl Between {
    /// Whether a figure lies between.
    #[must_use]
    pub const fn holds(self, figure: u64) -> bool {
        self.least <= figure && figure <= self.most
    }

    fn add(&mut self, figure: u64) {
        self.least += figure;
        self.most += figure;
    }
}

/// The outcome of one undisturbed execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction<'a> {
    /// `false`: the reference promises nothing for this pair, these settings or these times; nothing else here means
    /// anything then.
    pub claimed: bool,
    /// The destination's root, where its attributes are copied (2.11b).
    pub root: Option<Pins<'a>>,
    /// Everything that must or may be there, by form. What is not here must be gone.
    pub entries: BTreeMap<&'a [u8], Expected<'a>>,
    /// What the destination had and must lose, by form.
    pub removed: BTreeSet<&'a [u8]>,
    /// Keys that are neither touched nor removed (2.12a).
    pub forbidden: &'a BTreeMap<Vec<u8>, FlatEntry>,
    /// Forms of the source entries that are item errors by themselves.
    pub item_errors: BTreeSet<&'a [u8]>,
    /// Keys of the source that are item errors and have no path to name (2.12a).
    pub unnameable_errors: usize,
    /// Paths that compare equal and have other contents (2.5 b).
    pub look_alikes: BTreeSet<&'a [u8]>,
    /// Those of them whose source has no mtime to compare, so that nobody need have made them: what the setting
    /// `plain_object_mtime = ignored` costs (2.8d).
    pub alike_by_size: BTreeSet<&'a [u8]>,
    /// Files that agree as far as listings tell and cannot be read: item errors of VERIFYING (2.11c, 3.3a).
    pub unverifiable: BTreeSet<&'a [u8]>,
    /// EstimatedFilesToTransfer. Open only where a place is taken: whether such an item was ever planned.
    pub estimated_files: Between,
    /// EstimatedBytesToTransfer, likewise.
    pub estimated_bytes: Between,
    /// How it ends: SUCCESS (`None`) or ERROR with this code.
    pub failure: Option<ErrorCode>,
}

/// Predicts from both sides as they are before the execution.
#[must_use]
pub fn predict<'a>(
    source: &'a Flat,
    destination: &'a Flat,
    options: &'a Options,
    settings: &'a Settings,
) -> Prediction<'a> {
    predict_with(source, destination, options, settings, OracleChange::None)
}

/// The same, with a rule forgotten.
#[must_use]
pub fn predict_with<'a>(
    source: &'a Flat,
    destination: &'a Flat,
    options: &'a Options,
    settings: &'a Settings,
    change: OracleChange,
) -> Prediction<'a> {
    let given = Given { source, destination, options, settings, change };
    let mut prediction = Prediction {
        claimed: given.is_claimed(),
        root: None,
        entries: BTreeMap::new(),
        removed: BTreeSet::new(),
        forbidden: &destination.forbidden,
        item_errors: BTreeSet::new(),
        unnameable_errors: 0,
        look_alikes: BTreeSet::new(),
        alike_by_size: BTreeSet::new(),
        unverifiable: BTreeSet::new(),
        estimated_files: Between::default(),
        estimated_bytes: Between::default(),
        failure: None,
    };
    if !prediction.claimed {
        return prediction;
    }
    if source.root.as_ref().is_some_and(|root| given.is_closed(root)) {
        prediction.nothing_happens(destination, ErrorCode::ListFailed);
        return prediction;
    }
    if given.listed_entries() > settings.items_max {
        prediction.nothing_happens(destination, ErrorCode::TooManyItems);
        return prediction;
    }
    let in_scope = |form: &[u8]| !is_excluded(path_of(form), settings);
    let fates = delta(&given);
    prediction.unnameable_errors = source.forbidden.keys().filter(|key| in_scope(key)).count();
    prediction.carry(&given, &fates);
    prediction.leave_or_remove(&given, &fates);
    prediction.root = given.root();
    if given.root_is_refused() {
        prediction.root = None;
        prediction.item_errors.insert(b"");
    }
    if options.verify_mode == VerifyMode::None {
        prediction.unverifiable.clear();
    }
    prediction.failure = if !prediction.item_errors.is_empty() || prediction.unnameable_errors > 0 {
        Some(ErrorCode::ItemsSkipped)
    } else if !prediction.unverifiable.is_empty()
        || (!prediction.look_alikes.is_empty() && options.verify_mode != VerifyMode::None)
    {
        Some(ErrorCode::VerificationFailed)
    } else {
        None
    };
    prediction
}

/// Whether the reference promises convergence for these two sides, options and settings.
#[must_use]
pub fn is_claimed(source: &Flat, destination: &Flat, options: &Options, settings: &Settings) -> bool {
    Given { source, destination, options, settings, change: OracleChange::None }.is_claimed()
}

impl<'a> Given<'a> {
    /// A time that object metadata cannot hold cannot be carried to S3 (2.12b).
    fn is_claimed(&self) -> bool {
        let times_fit = || {
            self.source
                .entries
                .values()
                .all(|entry| self.source_mtime(entry).is_none_or(|mtime| mtime.as_ns().is_some()))
        };
        !self.to_objects() || self.between_buckets() || self.options.mtime == Mtime::None || times_fit()
    }

    fn root(&self) -> Option<Pins<'a>> {
        let (source, destination) = (self.source.root.as_ref()?, self.destination.root.as_ref()?);
        let carried = Carried { source, destination: Some(destination), plan: Plan::Metadata, leader: b"" };
        (!self.to_objects()).then(|| self.pins(&carried))
    }

    /// Whether the root's own attributes fail at the owner (2.11b, 2.11c).
    fn root_is_refused(&self) -> bool {
        let (Some(source), Some(destination)) = (&self.source.root, &self.destination.root) else {
            return false;
        };
        let carried = Carried { source, destination: Some(destination), plan: Plan::Metadata, leader: b"" };
        !self.to_objects() && self.owner_is_refused(&carried)
    }

    /// How many entries PREPARING lists in the source, the root included (2.5a): those in scope, but nothing below a
    /// directory that is closed or whose name no file system could hold. A key that cannot be transferred is no entry.
    fn listed_entries(&self) -> u64 {
        let long = |form: &[u8]| {
            !self.to_objects()
                && self.source.kind == StorageKind::S3
                && path_of(form).split(|byte| *byte == b'/').any(|part| part.len() > 255)
        };
        let mut closed: Option<&[u8]> = None;
        let listed = self.source.entries.iter().filter(|(form, entry)| {
            if is_excluded(path_of(form), self.settings)
                || closed.is_some_and(|above| form.starts_with(above))
            {
                return false;
            }
            if is_directory(form) && (self.is_closed(entry) || long(form)) {
                closed = Some(form);
            }
            true
        });
        1 + listed.count() as u64
    }
}

impl<'a> Prediction<'a> {
    fn nothing_happens(&mut self, destination: &'a Flat, why: ErrorCode) {
        self.failure = Some(why);
        self.entries = destination
            .entries
            .iter()
            .map(|(form, entry)| (form.as_slice(), Expected::Untouched(entry)))
            .collect();
    }

    /// Everything that the source has and the destination gets.
    fn carry(&mut self, given: &Given<'a>, fates: &BTreeMap<&'a [u8], Fate<'a>>) {
        for (form, fate) in fates {
            let carried = match fate {
                Fate::Carried(carried) => carried,
                Fate::NotCarried => continue,
                Fate::PlaceTaken(entry) => {
                    self.item_errors.insert(form);
                    self.estimated_files.most += 1;
                    self.estimated_bytes.most += entry.size;
                    continue;
                }
                Fate::TooLong(entry) => {
                    self.item_errors.insert(form);
                    self.perhaps_planned(entry);
                    continue;
                }
                Fate::BelowTooLong(entry) => {
                    self.perhaps_planned(entry);
                    continue;
                }
                Fate::LeaderFailed | Fate::LeaderRefused => {
                    self.item_errors.insert(form);
                    self.estimated_files.most += 1;
                    continue;
                }
                Fate::Unreadable(carried) => {
                    self.item_errors.insert(form);
                    self.count(given, form, carried.plan, carried.source.size);
                    continue;
                }
                Fate::Refused(carried) => {
                    self.item_errors.insert(form);
                    self.entries.insert(form, given.refused(carried));
                    self.count(given, form, carried.plan, carried.source.size);
                    continue;
                }
                Fate::Error | Fate::Shadowed => {
                    self.item_errors.insert(form);
                    continue;
                }
            };
            if given.between_buckets() {
                self.entries.insert(form, given.object(form, carried));
                self.count(given, form, carried.plan, carried.source.body.0);
                continue;
            }
            let leader = if carried.leader == *form { None } else { fates.get(carried.leader) };
            let pins = match leader {
                Some(Fate::Carried(leader)) => given.pins(leader),
                _ => given.pins(carried),
            };
            if given.is_unreadable(carried.source) && carried.source.size > 0 {
                self.unverifiable.insert(form);
            }
            if pins.kind == Kind::File && pins.contents != carried.source.contents {
                self.look_alikes.insert(form);
                if given.source_mtime(carried.source).is_none() {
                    self.alike_by_size.insert(form);
                }
            }
            self.entries.insert(form, Expected::Copied(pins));
            self.count(given, form, carried.plan, carried.source.size);
        }
    }

    /// An entry that the estimates may or may not hold.
    fn perhaps_planned(&mut self, entry: &FlatEntry) {
        self.estimated_files.most += 1;
        self.estimated_bytes.most += entry.size.max(entry.body.0);
    }

    /// What an entry adds to the estimates (2.16a).
    fn count(&mut self, given: &Given<'_>, form: &[u8], plan: Plan, size: u64) {
        if plan != Plan::Same && (given.settings.count_directories || !is_directory(form)) {
            self.estimated_files.add(1);
        }
        if matches!(plan, Plan::Make | Plan::Send | Plan::Fresh) && !is_directory(form) {
            self.estimated_bytes.add(size);
        }
    }

    /// Everything else that the destination has (2.9a), children before parents.
    fn leave_or_remove(&mut self, given: &Given<'a>, fates: &BTreeMap<&'a [u8], Fate<'a>>) {
        let protected: BTreeSet<Vec<u8>> = fates
            .iter()
            .filter(|_| given.change != OracleChange::ForgetsProtection)
            .filter(|(_, fate)| !matches!(fate, Fate::Carried(_) | Fate::Refused(_) | Fate::Shadowed))
            .map(|(form, _)| [path_of(form), b"/"].concat())
            .collect();
        // What a file that turns out to be unreadable would have replaced may have been emptied before (2.8c).
        let emptied: BTreeSet<Vec<u8>> = fates
            .iter()
            .filter(|(_, fate)| matches!(fate, Fate::Unreadable(_)))
            .map(|(form, _)| [form, &b"/"[..]].concat())
            .collect();
        let objects = given.to_objects();
        let removing = given.options.preserve_deleted_files == PreserveDeletedFiles::Remove;
        for (form, entry) in given.destination.entries.iter().rev() {
            let form = form.as_slice();
            if entry.implied {
                continue;
            }
            let expected = if given.is_excluded(form) {
                Expected::Untouched(entry)
            } else if emptied.contains(form) || is_below(form, &emptied) {
                Expected::Free
            } else if let Some(fate) = fates.get(form) {
                match fate {
                    Fate::Carried(_) | Fate::Refused(_) => continue,
                    Fate::LeaderRefused => Expected::Free,
                    // The prefix of the same name wins the place (2.12a).
                    Fate::Shadowed => {
                        self.removed.insert(form);
                        continue;
                    }
                    _ => Expected::Untouched(entry),
                }
            } else {
                let other = fates.get(other_form(form).as_slice());
                let namesake = other.is_some_and(|fate| !matches!(fate, Fate::Carried(_) | Fate::Refused(_)));
                let sheltered = namesake || is_below(form, &protected);
                match (other, sheltered) {
                    // Replaced by an entry of another kind.
                    (Some(Fate::Carried(_) | Fate::Refused(_)), _) if !objects => {
                        self.removed.insert(form);
                        continue;
                    }
                    (_, true) if !objects || !removing => Expected::Untouched(entry),
                    // 2.9a both protects what is below a namesake and lists its other form.
                    (_, true) => Expected::Free,
                    _ if !removing => Expected::Untouched(entry),
                    _ if is_directory(form) && self.holds_something(given, form) => {
                        if objects {
                            Expected::Free
                        } else {
                            Expected::Kept
                        }
                    }
                    _ => {
                        self.removed.insert(form);
                        continue;
                    }
                }
            };
            self.entries.insert(form, expected);
        }
    }

    fn holds_something(&self, given: &Given<'a>, directory: &[u8]) -> bool {
        let below = |form: &[u8]| form.len() > directory.len() && form.starts_with(directory);
        let next = self
            .entries
            .range::<[u8], _>((std::ops::Bound::Excluded(directory), std::ops::Bound::Unbounded))
            .next();
        next.is_some_and(|(form, _)| below(form)) || given.destination.forbidden.keys().any(|key| below(key))
    }
}
