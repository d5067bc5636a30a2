//! The limit of BytesPerSecond.

use super::{plant, rule};
use crate::bug::Happening::{CutShort, Fault, Loss, OtherOptions, Rerun, Return};
use crate::bug::{Bug, Family, RuleChange, Site, contact, leftovers, service};

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
    Bug {
        name: "limit-outlives-its-execution",
        site: Site::Service,
        family: Family::Bandwidth,
        conjunction: &[OtherOptions, CutShort, Rerun],
        modelled_on: None,
        caught_by: &["option-consistency"],
        bug: plant(
            "after one that was cut short its limit stays where there is none",
            leftovers::limit_stays,
        ),
        benign: plant("an end is told in other words", service::other_detail),
    },
    Bug {
        name: "resends-beside-the-limit",
        site: Site::Transfer,
        family: Family::Bandwidth,
        conjunction: &[OtherOptions, Loss, Return],
        modelled_on: None,
        caught_by: &["bandwidth-ceiling"],
        bug: plant("when an agent is back everything goes out over two connections", contact::sends_twice),
        benign: rule("a send keeps the link busy a microsecond longer", RuleChange::SlowLink),
    },
];
