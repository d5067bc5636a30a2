//! The limit of BytesPerSecond.

use super::rule;
use crate::bug::{Bug, RuleChange, Site};

pub(super) static BUGS: &[Bug] = &[Bug {
    name: "budget-overrun",
    site: Site::Rules,
    caught_by: &["bandwidth-ceiling"],
    bug: rule("what is sent again costs nothing of the limit", RuleChange::FreeRetries),
    benign: rule("a send keeps the link busy a microsecond longer", RuleChange::SlowLink),
}];
