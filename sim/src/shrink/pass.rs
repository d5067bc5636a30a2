//! What a pass is, and the passes in their order.

use std::ops::Range;

use super::{
    calls, change, cuts, huge, lone, members, options, paths, slots, sorts, trades, trees, unify, whens,
    world, writers,
};
use crate::scenario::{Operation, Scenario, StorageSpec, TreeLine, WorldSpec};

/// One way to make a scenario smaller, at numbered places of it.
pub(super) enum Pass {
    /// Removes whole parts.
    Cut {
        /// How many places there are.
        places: fn(&Scenario) -> usize,
        /// Removes at these places.
        apply: fn(&mut Scenario, Range<usize>),
    },
    /// Trades a part for something plainer, at one place at a time.
    Trade {
        /// How many places there are.
        places: fn(&Scenario) -> usize,
        /// Trades at this place.
        apply: fn(&mut Scenario, usize),
    },
    /// Simplifies single operations; `None` from one that is simple already.
    Operations(fn(&Operation) -> Option<Operation>),
    /// Simplifies lines of trees.
    Lines(fn(&TreeLine) -> Option<TreeLine>),
    /// Simplifies storages, their trees apart.
    Storages(fn(&StorageSpec) -> Option<StorageSpec>),
    /// Simplifies the world, each change being a place.
    World(&'static [fn(&mut WorldSpec)]),
}

/// All passes, big cuts first.
pub(super) const PASSES: &[Pass] = &[
    Pass::Cut { places: huge::storages, apply: cuts::storages },
    Pass::Cut { places: huge::parts, apply: huge::without_parts },
    Pass::Cut { places: |scenario| scenario.operations.len(), apply: cuts::operations },
    Pass::Cut { places: cuts::operations_that_wait, apply: cuts::operations_keeping_time },
    Pass::Cut { places: |scenario| scenario.storages.len(), apply: cuts::storages },
    Pass::Cut { places: trees::storages_with_entries, apply: trees::emptied },
    Pass::Trade { places: lone::lone_files, apply: lone::one_file },
    Pass::Cut { places: trees::directories, apply: trees::without_directories },
    Pass::Cut { places: trees::entries, apply: trees::without_entries },
    Pass::Cut { places: cuts::objects, apply: cuts::without_objects },
    Pass::Cut { places: paths::levels, apply: paths::without_levels },
    Pass::Operations(calls::without_tags),
    Pass::Operations(calls::without_options),
    Pass::Operations(calls::without_texts),
    Pass::Operations(calls::without_paging),
    Pass::Operations(calls::smallest_page),
    Pass::Operations(calls::plain_location),
    Pass::Operations(calls::first_client),
    Pass::Cut { places: members::members, apply: members::without_members },
    Pass::Operations(members::unbound),
    Pass::Cut { places: members::object_members, apply: members::without_object_members },
    Pass::Cut { places: change::changes, apply: change::without_change },
    Pass::Cut { places: change::cancels, apply: change::without_cancels },
    Pass::Cut { places: change::trigger_members, apply: change::plainer_triggers },
    Pass::Cut { places: unify::pairs, apply: unify::unify },
    Pass::Operations(whens::at_once),
    Pass::Operations(whens::in_a_second),
    Pass::Operations(whens::in_a_minute),
    Pass::Operations(whens::in_ten_minutes),
    Pass::Operations(whens::in_half_the_time),
    Pass::Operations(whens::whole_seconds),
    Pass::Operations(whens::any_path),
    Pass::Operations(whens::any_phase),
    Pass::Operations(whens::any_action),
    Pass::Operations(whens::first_time),
    Pass::Operations(whens::before_its_steps),
    Pass::Operations(whens::milder_fault),
    Pass::Operations(whens::plainer_edit),
    Pass::Operations(whens::honest_write),
    Pass::World(world::CHANGES),
    Pass::Trade { places: world::earlier_interruptions, apply: world::interrupted_earlier },
    Pass::Cut { places: world::settings, apply: world::default_settings },
    Pass::Storages(world::plain_storage),
    Pass::Storages(world::endless_storage),
    Pass::Storages(world::encoded_storage),
    Pass::Storages(world::punctual_storage),
    Pass::Storages(world::trusting_storage),
    Pass::Lines(trees::no_contents),
    Pass::Lines(trees::one_byte),
    Pass::Lines(trees::smaller),
    Pass::Lines(trees::plain_attributes),
    Pass::Lines(trees::plain_times),
    Pass::Cut { places: paths::odd_names, apply: paths::plain_names },
    Pass::Cut { places: slots::renumbering, apply: slots::renumber },
    Pass::Cut { places: cuts::pairs, apply: cuts::operation_pairs },
    Pass::Trade { places: options::overriding_starts, apply: options::said_by_the_task },
    Pass::Trade { places: options::alike_tasks, apply: options::said_by_the_start },
    Pass::Trade { places: trades::paired_faults, apply: trades::one_burst },
    Pass::Trade { places: writers::puts, apply: writers::there_from_the_beginning },
    Pass::Trade { places: sorts::changeable_sorts, apply: sorts::plainer_sort },
    Pass::Trade { places: trades::deeds, apply: trades::time_instead },
    Pass::Trade { places: trades::tradeable_deeds, apply: trades::change_instead },
    Pass::Trade { places: cuts::pairs, apply: trades::later_instead },
    Pass::Trade { places: writers::executions_that_write, apply: writers::somebody_writes },
];

impl Pass {
    /// How many places of a scenario this pass could change.
    pub(super) fn places(&self, scenario: &Scenario) -> usize {
        match self {
            Self::Cut { places, .. } | Self::Trade { places, .. } => places(scenario),
            Self::Operations(simpler) => count(&scenario.operations, *simpler),
            Self::Lines(simpler) => {
                scenario.storages.iter().map(|storage| count(&storage.tree, *simpler)).sum()
            }
            Self::Storages(simpler) => count(&scenario.storages, *simpler),
            Self::World(changes) => changes.iter().filter(|change| changes_world(scenario, **change)).count(),
        }
    }

    /// How many of so many places are changed at first.
    pub(super) fn widest(&self, places: usize) -> usize {
        match self {
            Self::Trade { .. } => places.min(1),
            _ => places,
        }
    }

    /// Changes the places of this range; of a trade, the first of them.
    pub(super) fn apply(&self, scenario: &mut Scenario, range: Range<usize>) {
        match self {
            Self::Cut { apply, .. } => apply(scenario, range),
            // The trade before may have left no place.
            Self::Trade { .. } if range.is_empty() => {}
            Self::Trade { apply, .. } => apply(scenario, range.start),
            Self::Operations(simpler) => {
                replace(scenario.operations.iter_mut(), *simpler, &range);
            }
            Self::Lines(simpler) => {
                replace(scenario.storages.iter_mut().flat_map(|storage| &mut storage.tree), *simpler, &range);
                trees::mend(scenario);
            }
            Self::Storages(simpler) => {
                replace(scenario.storages.iter_mut(), *simpler, &range);
            }
            Self::World(changes) => {
                let open: Vec<_> =
                    changes.iter().filter(|change| changes_world(scenario, **change)).copied().collect();
                for change in &open[range] {
                    change(&mut scenario.world);
                }
            }
        }
    }
}

fn changes_world(scenario: &Scenario, change: fn(&mut WorldSpec)) -> bool {
    let mut world = scenario.world.clone();
    change(&mut world);
    world != scenario.world
}

fn count<T>(items: &[T], simpler: fn(&T) -> Option<T>) -> usize {
    items.iter().filter(|item| simpler(item).is_some()).count()
}

fn replace<'a, T: 'a>(
    items: impl Iterator<Item = &'a mut T>,
    simpler: fn(&T) -> Option<T>,
    range: &Range<usize>,
) {
    let changing = items.filter_map(|item| simpler(item).map(|simple| (item, simple)));
    for (place, (item, simple)) in changing.enumerate() {
        if range.contains(&place) {
            *item = simple;
        }
    }
}
