//! Numbering slots anew, from 0 without gaps, so that a small case reads well.

use std::collections::BTreeMap;
use std::ops::Range;

use datasync::api::Operation as Api;
use datasync::api::shapes::Strings;

use crate::scenario::{Act, Call, Operation, Scenario, When};

const SORTS: [&str; 4] = ["agent", "location", "task", "execution"];

/// The sorts of slots, as indices into [`SORTS`].
pub(super) const AGENT: usize = 0;
pub(super) const LOCATION: usize = 1;
pub(super) const TASK: usize = 2;
pub(super) const EXECUTION: usize = 3;

/// How a request names a slot.
pub(super) fn text(sort: usize, slot: u32) -> String {
    format!("@{}:{slot}", SORTS[sort])
}

/// The sort of the slot that a call binds, and its number.
pub(super) fn bound(operation: &Operation) -> Option<(usize, u32)> {
    let Act::Call(call) = &operation.act else { return None };
    let sort = match call.request.operation() {
        Api::CreateAgent => AGENT,
        Api::CreateTask => TASK,
        Api::StartTaskExecution => EXECUTION,
        _ => LOCATION,
    };
    call.bind.map(|slot| (sort, slot))
}

/// Visits every slot of a scenario with its sort: those that calls bind first, then all others.
pub(super) fn visit(scenario: &mut Scenario, mut see: impl FnMut(usize, &mut u32)) {
    for operation in &mut scenario.operations {
        if let Some((sort, _)) = bound(operation)
            && let Act::Call(Call { bind: Some(slot), .. }) = &mut operation.act
        {
            see(sort, slot);
        }
    }
    for operation in &mut scenario.operations {
        match &mut operation.when {
            When::AfterMs(_) => {}
            When::AfterExecution(slot) => see(EXECUTION, slot),
            When::On(trigger) => see(EXECUTION, &mut trigger.execution),
        }
        match &mut operation.act {
            Act::Call(call) => call.request.strings_mut(&mut |text| {
                if let Some((sort, mut slot)) = parsed(text) {
                    see(sort, &mut slot);
                    *text = self::text(sort, slot);
                }
            }),
            Act::Agent { slot, .. } => see(AGENT, slot),
            Act::CrashWorker { execution } => see(EXECUTION, execution),
            Act::Edit(_)
            | Act::Rot { .. }
            | Act::Storage { .. }
            | Act::RestartService {}
            | Act::ClockJump { .. }
            | Act::Fault(_) => {}
        }
    }
}

fn parsed(text: &str) -> Option<(usize, u32)> {
    let (sort, slot) = text.strip_prefix('@')?.split_once(':')?;
    Some((SORTS.iter().position(|name| *name == sort)?, slot.parse().ok()?))
}

/// 1 if the slots are not numbered from 0 without gaps.
pub(super) fn renumbering(scenario: &Scenario) -> usize {
    let mut again = scenario.clone();
    renumber(&mut again, 0..1);
    usize::from(again != *scenario)
}

/// Numbers the slots anew: bound ones in the order of their calls, then those that nothing is bound to.
pub(super) fn renumber(scenario: &mut Scenario, _: Range<usize>) {
    let mut numbers: [BTreeMap<u32, u32>; 4] = Default::default();
    visit(scenario, |sort, slot| {
        let known = &mut numbers[sort];
        let next = u32::try_from(known.len()).expect("fewer slots than operations");
        *slot = *known.entry(*slot).or_insert(next);
    });
}
