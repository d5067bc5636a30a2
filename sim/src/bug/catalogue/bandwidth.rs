//! The limit of BytesPerSecond.

use super::rule;
use crate::bug::Happening::{Fault, OtherOptions};
use crate::bug::{Bug, Family, RuleChange, Site};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "budget-overrun",
        site: Site::Rules,
        family: Family::Bandwidth,
        conjunction: &[OtherOptions, Fault],
        modelled_on: Some("https://github.com/rclone/rclone/issues/796"),
        caught_by: &["bandwidth-ceiling"],
        bug: rule("what is sent again costs nothing of the limit", RuleChange::FreeRetries),
        benign: rule("a send keeps the link busy a microsecond longer", RuleChange::SlowLink),
    },
    Bug {
        name: "counts-in-kibibytes",
        site: Site::Rules,
        family: Family::Bandwidth,
        conjunction: &[OtherOptions],
        modelled_on: Some("https://github.com/rclone/rclone/issues/2711"),
        caught_by: &["bandwidth-ceiling"],
        bug: rule("a thousand bytes of the limit are taken for 1024", RuleChange::CountsInKibibytes),
        benign: rule("a send keeps the link busy a microsecond longer", RuleChange::SlowLink),
    },
];
