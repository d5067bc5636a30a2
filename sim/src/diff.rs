//! Where two traces, or any two accounts of one history, part.

use crate::trace::TraceLine;

/// Index of the first item in which two accounts differ; where one ends early, the length of the shorter one. `None` if
/// they agree item for item.
#[must_use]
pub fn first_difference<T: PartialEq>(left: &[T], right: &[T]) -> Option<usize> {
    let common = left.iter().zip(right).take_while(|(left, right)| left == right).count();
    (common < left.len().max(right.len())).then_some(common)
}

/// A line of a trace, or that the trace is over.
#[must_use]
pub fn line_or_end(trace: &[TraceLine], index: usize) -> String {
    trace.get(index).map_or_else(|| "(the trace is over)".to_owned(), ToString::to_string)
}
